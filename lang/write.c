// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * From the tree and the handlers' code to the compiled model: one block of tables (core/vpb.h).
 */
#include <stdlib.h>

#include "ast.h"

/* A table that grows. */
#define TABLE(type)              \
	struct {                 \
		type *records;   \
		u32 count, room; \
	}

struct writer {
	struct vpl *vpl;
	struct vpb_header header;
#define WRITER_TABLE(name, type) TABLE(type) name;
	VPB_TABLES(WRITER_TABLE)
#undef WRITER_TABLE
};

static void check_size(struct writer *w, u32 count)
{
	if (count > VPB_MAX_TABLE)
		vpl_error(w->vpl, w->vpl->model.name.at, CHECK_MODEL_SIZE,
			  "the model needs more than %u records of one kind", VPB_MAX_TABLE);
}

/* A new record at a table's end. */
#define ADD(w, table)                                                                  \
	((w)->table.records = vpl_grow((w)->vpl, (w)->table.records, (w)->table.count, \
				       &(w)->table.room, sizeof(*(w)->table.records)), \
	 check_size(w, (w)->table.count + 1), &(w)->table.records[(w)->table.count++])

/* --- Strings ----------------------------------------------------------------------------- */

/* A string's offset; the empty string is at 0. */
static u32 string(struct writer *w, const char *text)
{
	const u32 start = w->strings.count;
	u32 i;

	if (w->strings.count && (!text || !*text))
		return 0;
	for (i = 0; !i || text[i - 1]; i++) {
		w->strings.records =
			vpl_grow(w->vpl, w->strings.records, w->strings.count, &w->strings.room, 1);
		w->strings.records[w->strings.count++] = text[i];
	}
	return start;
}

/* --- Variables --------------------------------------------------------------------------- */

static struct vpb_var *add_var(struct writer *w, const char *name, struct at at, u64 count,
			       unsigned int width, enum vpb_space space)
{
	struct vpb_var *var = ADD(w, vars);
	u32 *size = &w->header.state_size[space];

	if (w->vars.count > VPB_NONE)
		vpl_error(w->vpl, at, CHECK_MODEL_SIZE, "expected fewer than %u variables",
			  VPB_NONE);
	*size = (*size + width - 1) & ~(width - 1);
	if (count * width > VPB_MAX_STATE - *size)
		vpl_error(w->vpl, at, CHECK_MODEL_SIZE,
			  "the model's variables need more than %u bytes", VPB_MAX_STATE);
	*var = (struct vpb_var){
		.name = string(w, name),
		.offset = *size,
		.count = (u32)count,
		.width = (u8)width,
		.space = (u8)space,
		.reg = VPB_NONE,
		.engine = VPB_NONE,
	};
	*size += (u32)count * width;
	return var;
}

/* Wide ones first would save a few bytes; the order of the source is easier to follow. */
static void layout_variables(struct writer *w)
{
	struct model *model = &w->vpl->model;
	struct vpb_var *record;
	struct param *param;
	struct reg *reg;
	struct var *var;
	u16 number = 0;

	for (reg = model->regs.first; reg; reg = reg->next) {
		if (!reg->symbol.name)
			continue;
		reg->number = number++;
		reg->var = (u16)w->vars.count;
		record = add_var(w, reg->symbol.name, reg->symbol.at, vpl_count(reg), reg->width,
				 vpl_is_direct(reg) ? VPB_SLICE : VPB_VDEV);
		record->reg = reg->number;
		record->engine = vpl_is_direct(reg) ? reg->engine->number : VPB_NONE;
		record->reset = reg->reset;
	}
	for (param = model->params.first; param; param = param->next) {
		param->var = (u16)w->vars.count;
		add_var(w, param->symbol.name, param->symbol.at, 1, 8, VPB_VDEV);
	}
	for (var = model->vars.first; var; var = var->next) {
		const bool sliced = var->engine && var->engine->discipline != VPB_HOSTED;

		var->number = (u16)w->vars.count;
		record = add_var(w, var->symbol.name, var->symbol.at,
				 var->count.given ? var->count.value : 1, var->width,
				 var->hardware ? VPB_HOST
				 : sliced      ? VPB_SLICE
					       : VPB_VDEV);
		record->engine = sliced ? var->engine->number : VPB_NONE;
		record->reset = var->reset;
	}
}

/* --- Windows ----------------------------------------------------------------------------- */

static void write_bars(struct writer *w)
{
	const struct bar *bar;

	for (bar = w->vpl->model.bars.first; bar; bar = bar->next) {
		struct vpb_bar *record = ADD(w, bars);

		record->index = (u8)bar->index.value;
		record->io = bar->io;
		record->window = bar->window->number;
		record->size = (u32)bar->size.value;
	}
}

static void write_map(struct writer *w, const struct window *window, unsigned int bank, bool write)
{
	struct vpb_map *map = ADD(w, maps);
	struct vpb_span *span = NULL;
	unsigned int count, i;
	const struct piece *pieces = vpl_map(w->vpl, window, bank, write, &count);

	map->span = w->spans.count;
	for (i = 0; i < count; i++) {
		const bool reserved = !pieces[i].reg->symbol.name;

		if (reserved && span && span->reg == VPB_NONE && span->end == pieces[i].start) {
			span->end = pieces[i].end;
			continue;
		}
		span = ADD(w, spans);
		span->start = pieces[i].start;
		span->end = pieces[i].end;
		span->reg = reserved ? VPB_NONE : pieces[i].reg->number;
	}
	map->count = w->spans.count - map->span;
}

static void write_windows(struct writer *w)
{
	const struct window *window;
	unsigned int bank;

	for (window = w->vpl->model.windows.first; window; window = window->next) {
		struct vpb_window *record = ADD(w, windows);

		record->name = string(w, window->symbol.name);
		record->size = (u32)window->size.value;
		record->map = (u16)w->maps.count;
		record->bank_var = VPB_NONE;
		if (window->selector) {
			record->bank_var = window->selector->var;
			record->bank_shift = (u8)window->selector_bits->low.value;
			record->bank_bits = (u8)window->bank_bits;
		}
		record->hw_bar = (u8)window->bar->index.value;
		for (bank = 0; bank < 1u << window->bank_bits; bank++) {
			write_map(w, window, bank, false);
			write_map(w, window, bank, true);
		}
	}
}

/* --- Registers --------------------------------------------------------------------------- */

static void write_fields(struct writer *w, const struct reg *reg)
{
	const struct field *field;

	for (field = reg->fields; field; field = field->next) {
		struct vpb_field *record = ADD(w, fields);

		record->name = string(w, field->name.text);
		record->low = (u8)field->low.value;
		record->width = (u8)vpl_field_width(field);
		record->access = (u8)(field->access < 0 ? reg->access : field->access);
	}
}

static u16 write_handler_of(const struct reg *reg)
{
	if (reg->on_write)
		return reg->on_write->number;
	return reg->denies ? reg->deny_number : VPB_NONE;
}

static void write_reg(struct writer *w, const struct reg *reg)
{
	struct vpb_reg *record = ADD(w, regs);

	record->name = string(w, reg->symbol.name);
	record->doc = string(w, reg->doc);
	record->offset = (u32)reg->offset.value;
	record->window = reg->window->number;
	record->count = (u16)vpl_count(reg);
	record->stride = (u16)vpl_step(reg);
	record->width = (u8)reg->width;
	record->access = (u8)reg->access;
	record->flags = reg->flags | (reg->whole ? VPB_REG_FIXED : 0) |
			(vpl_is_direct(reg) ? VPB_REG_DIRECT : 0);
	record->var = reg->var;
	record->writable = vpl_writable(reg);
	record->clear = vpl_clearable(reg);
	record->set = vpl_settable(reg);
	record->when = reg->on_write ? reg->on_write->when : 0;
	record->changes = reg->on_write ? reg->on_write->changes : 0;
	record->on_read = reg->on_read ? reg->on_read->number : VPB_NONE;
	record->on_write = write_handler_of(reg);
	record->engine = reg->engine ? reg->engine->number : VPB_NONE;
	record->field = (u16)w->fields.count;
	record->bank = reg->bank_count ? (u16)reg->banks[0].value : VPB_NONE;
	record->port = reg->port ? reg->port->number : VPB_NONE;
	record->line = reg->symbol.at.line;
	write_fields(w, reg);
	if (w->fields.count > VPB_NONE)
		vpl_error(w->vpl, reg->symbol.at, CHECK_MODEL_SIZE, "expected fewer than %u fields",
			  VPB_NONE);
	w->regs.records[w->regs.count - 1].fields = (u16)(w->fields.count - record->field);
}

static void write_regs(struct writer *w)
{
	const struct reg *reg;

	for (reg = w->vpl->model.regs.first; reg; reg = reg->next) {
		if (reg->symbol.name)
			write_reg(w, reg);
	}
}

/* --- The rest ---------------------------------------------------------------------------- */

static u16 number_of(const struct handler *handler)
{
	return handler ? handler->number : VPB_NONE;
}

static void write_engines(struct writer *w)
{
	const struct engine *engine;
	unsigned int i;

	for (engine = w->vpl->model.engines.first; engine; engine = engine->next) {
		struct vpb_engine *record = ADD(w, engines);

		record->name = string(w, engine->symbol.name);
		record->discipline = (u8)engine->discipline;
		record->depth = (u16)(engine->discipline == VPB_PARTITIONED
					      ? engine->instances.value
					      : engine->depth.value);
		record->timeout_ms = (u32)engine->timeout.value;
		record->max_frame = (u32)engine->max.value;
		record->step = (u32)engine->step.value;
		for (i = 0; i < ARRAY_SIZE(record->on); i++)
			record->on[i] = i < VPB_ENGINE_EVENTS ? number_of(engine->on[i]) : VPB_NONE;
	}
}

static struct vpb_way way_of(const struct way *way)
{
	struct vpb_way record;
	u16 numbers[6];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		numbers[i] = way->variables[i] ? way->variables[i]->number : VPB_NONE;
	record = (struct vpb_way){
		.memory = way->given ? way->array->number : VPB_NONE,
		.at = numbers[0],
		.left = numbers[1],
		.top = numbers[2],
		.bottom = numbers[3],
		.unit = numbers[4],
		.when = numbers[5],
		.engine = way->engine ? way->engine->number : VPB_NONE,
		.on_end = way->number,
	};
	return record;
}

static void write_ports(struct writer *w)
{
	const struct port *port;

	for (port = w->vpl->model.ports.first; port; port = port->next) {
		struct vpb_port *record = ADD(w, ports);

		record->reg = port->reg->number;
		record->read = way_of(&port->ways[0]);
		record->write = way_of(&port->ways[1]);
	}
}

static void write_irqs(struct writer *w)
{
	const struct irq *irq;

	for (irq = w->vpl->model.irqs.first; irq; irq = irq->next) {
		struct vpb_irq *record = ADD(w, irqs);

		record->cause = irq->cause->number;
		record->mask = irq->mask ? irq->mask->number : VPB_NONE;
	}
}

static void write_dmas(struct writer *w)
{
	const struct dma *dma;

	for (dma = w->vpl->model.dmas.first; dma; dma = dma->next) {
		struct vpb_dma *record = ADD(w, dmas);

		record->name = string(w, dma->symbol.name);
		record->size = (u32)dma->size.value;
		record->align = dma->align.given ? (u32)dma->align.value : 8;
	}
}

static void write_params(struct writer *w)
{
	struct param *param;
	unsigned int i;

	for (param = w->vpl->model.params.first; param; param = param->next) {
		struct vpb_param *record = ADD(w, params);

		param->number = (u16)(w->params.count - 1);
		record->name = string(w, param->symbol.name);
		record->doc = string(w, param->doc);
		record->var = param->var;
		record->value = w->values.count;
		record->count = param->count;
		for (i = 0; i < param->count; i++)
			*ADD(w, values) = param->values[i].value;
	}
}

static void write_handlers(struct writer *w)
{
	const struct unit *unit;
	u32 i;

	for (i = 0; i < w->vpl->unit_count; i++) {
		struct vpb_handler *record = ADD(w, handlers);

		unit = &w->vpl->units[i];
		record->name = string(w, unit->name);
		record->start = unit->start;
		record->count = unit->count;
		record->line = unit->line;
		record->kind = unit->kind;
		record->nregs = unit->nregs;
	}
	w->code.records = w->vpl->code;
	w->code.count = w->vpl->code_count;
}

static void write_header(struct writer *w)
{
	const struct model *model = &w->vpl->model;
	const struct pci *pci = &model->pci;
	struct vpb_header *header = &w->header;
	const struct engine *engine;
	unsigned int i;

	header->magic = VPB_MAGIC;
	header->version = VPB_VERSION;
	header->header_size = sizeof(*header);
	header->name = string(w, model->name.text);
	header->title = string(w, model->title);
	header->vendor = (u16)pci->vendor.value;
	header->device = (u16)pci->device.value;
	header->subvendor = (u16)pci->subvendor.value;
	header->subdevice = (u16)pci->subdevice.value;
	header->class_code = (u32)pci->class_code.value;
	header->revision = (u8)pci->revision.value;
	header->irq_pin = pci->pin;
	header->msi = (u8)pci->msi.value;
	header->revision_param = pci->param ? pci->param->number : VPB_NONE;
	header->dma_bits = pci->dma.given ? (u16)pci->dma.value : 32;
	header->rx_engine = VPB_NONE;
	for (engine = model->engines.first; engine; engine = engine->next) {
		if (engine->on[VPB_ON_FRAME])
			header->rx_engine = engine->number;
		if (engine->on[VPB_ON_FRAME] || engine->on[VPB_ON_TRANSMIT])
			header->flags |= VPB_NIC;
	}
	for (i = 0; i < ARRAY_SIZE(header->on); i++)
		header->on[i] = i < VPB_EVENTS ? number_of(model->on[i]) : VPB_NONE;
	if (model->has_filter)
		header->on[VPB_ON_FILTER] = model->filter_number;
}

/* Gives the tables their places in the block. */
static u64 place_tables(struct writer *w)
{
	u64 size = sizeof(w->header);

	size = (size + 7) & ~7ull;
#define PLACE_TABLE(name, type)               \
	w->header.name.offset = (u32)size;    \
	w->header.name.count = w->name.count; \
	size = (size + (u64)w->name.count * sizeof(type) + 7) & ~7ull;
	VPB_TABLES(PLACE_TABLE)
#undef PLACE_TABLE
	return size;
}

static void write_block(struct writer *w, struct vpl_output *out)
{
	const size_t after_crc = offsetof(struct vpb_header, crc) + sizeof(w->header.crc);
	const u64 size = place_tables(w);
	struct vpb_header *header;
	char *block;

	if (size > VPB_MAX_SIZE)
		vpl_error(w->vpl, w->vpl->model.name.at, CHECK_MODEL_SIZE,
			  "the compiled model has %llu bytes; expected at most %u",
			  (unsigned long long)size, VPB_MAX_SIZE);
	if (!out)
		return;
	w->header.size = (u32)size;
	block = calloc(1, size);
	if (!block)
		vpl_error(w->vpl, w->vpl->model.name.at, CHECK_MODEL_SIZE, "out of memory");
	memcpy(block, &w->header, sizeof(w->header));
#define WRITE_TABLE(name, type)                                        \
	if (w->name.count)                                             \
		memcpy(block + w->header.name.offset, w->name.records, \
		       w->name.count * sizeof(type));
	VPB_TABLES(WRITE_TABLE)
#undef WRITE_TABLE
	header = (struct vpb_header *)block;
	header->crc = vpio_crc32(0, block + after_crc, size - after_crc);
	out->block = block;
	out->size = size;
}

void vpl_write(struct vpl *vpl, struct vpl_output *out)
{
	struct writer *w = vpl->writer;

	write_bars(w);
	write_windows(w);
	write_regs(w);
	write_engines(w);
	write_ports(w);
	write_irqs(w);
	write_dmas(w);
	write_params(w);
	write_handlers(w);
	write_header(w);
	write_block(w, out);
}

void vpl_layout(struct vpl *vpl)
{
	struct writer *w = vpl_alloc(vpl, sizeof(*w));

	w->vpl = vpl;
	vpl->writer = w;
	string(w, "");
	layout_variables(w);
}
