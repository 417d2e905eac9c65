// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A trace replayed against a model: each access is taken apart into registers as the monitor does
 * (core/vdev.c), but nothing is executed. What a register holds is known from what was written to
 * it and read from it.
 */
#include <stdlib.h>

#include "coverage.h"

static const struct vpb_var *var_of(const struct coverage *coverage, const struct vpb_reg *reg)
{
	return &coverage->model->vars[reg->var];
}

static u64 *value_of(struct coverage *coverage, const struct vpb_reg *reg, u32 index)
{
	return &coverage->values[coverage->first[reg->var] + index];
}

static u32 number_of(const struct coverage *coverage, const struct vpb_reg *reg)
{
	return (u32)(reg - coverage->model->regs);
}

static u64 mask_of(unsigned int bytes)
{
	return bytes < 8 ? (1ull << 8 * bytes) - 1 : ~0ull;
}

/* --- Set-up ------------------------------------------------------------------------------ */

static void mark_stores(struct coverage *coverage)
{
	const struct vpio_model *model = coverage->model;
	u32 i;

	for (i = 0; i < model->header->code.count; i++) {
		const struct vpb_insn *insn = &model->code[i];

		if (insn->op == VPB_STV || insn->op == VPB_STX)
			coverage->is_stored[insn->imm] = true;
	}
}

/* Gives the elements of the registers' variables their places. */
static void place_values(struct coverage *coverage)
{
	const struct vpio_model *model = coverage->model;
	u32 i;

	for (i = 0; i < model->header->vars.count; i++) {
		coverage->first[i] = coverage->value_count;
		coverage->value_count += model->vars[i].count;
	}
}

/* An array of @count elements, and one for a model that has none. */
static void *array(u32 count, size_t size)
{
	return calloc((size_t)count + 1, size);
}

bool coverage_init(struct coverage *coverage, const struct vpio_model *model)
{
	const struct vpb_header *header = model->header;

	*coverage = (struct coverage){ .model = model };
	coverage->registers = array(header->regs.count, sizeof(*coverage->registers));
	coverage->fields = array(header->fields.count, sizeof(*coverage->fields));
	coverage->handlers = array(header->handlers.count, sizeof(*coverage->handlers));
	coverage->gaps = array(COVERAGE_MAX_GAPS, sizeof(*coverage->gaps));
	coverage->first = array(header->vars.count, sizeof(*coverage->first));
	coverage->is_stored = array(header->vars.count, sizeof(*coverage->is_stored));
	if (coverage->first)
		place_values(coverage);
	coverage->values = array(coverage->value_count, sizeof(*coverage->values));
	if (coverage->registers && coverage->fields && coverage->handlers && coverage->gaps &&
	    coverage->first && coverage->is_stored && coverage->values) {
		mark_stores(coverage);
		return true;
	}
	coverage_free(coverage);
	return false;
}

void coverage_free(struct coverage *coverage)
{
	free(coverage->registers);
	free(coverage->fields);
	free(coverage->handlers);
	free(coverage->gaps);
	free(coverage->first);
	free(coverage->is_stored);
	free(coverage->values);
	*coverage = (struct coverage){ .model = NULL };
}

static void reset_values(struct coverage *coverage)
{
	const struct vpio_model *model = coverage->model;
	u32 i, j;

	for (i = 0; i < model->header->vars.count; i++) {
		for (j = 0; j < model->vars[i].count; j++)
			coverage->values[coverage->first[i] + j] = model->vars[i].reset;
	}
}

void coverage_begin(struct coverage *coverage, const char *trace)
{
	coverage->traces++;
	coverage->trace = trace;
	reset_values(coverage);
}

/* --- What is not described --------------------------------------------------------------- */

const char *coverage_gap_text(enum coverage_gap_kind kind)
{
	static const char *const texts[] = {
#define COVERAGE_GAP_TEXT(id, text) text,
		COVERAGE_GAPS(COVERAGE_GAP_TEXT)
#undef COVERAGE_GAP_TEXT
	};

	return texts[kind];
}

static bool is_same(const struct coverage_gap *a, const struct coverage_gap *b)
{
	return a->kind == b->kind && a->write == b->write && a->bar == b->bar &&
	       a->bank == b->bank && a->reg == b->reg && a->offset == b->offset &&
	       a->size == b->size;
}

static void add_gap(struct coverage *coverage, const struct coverage_gap *gap)
{
	struct coverage_gap *other;
	u32 i;

	for (i = 0; i < coverage->gap_count; i++) {
		other = &coverage->gaps[i];
		if (!is_same(other, gap))
			continue;
		other->count++;
		other->bits |= gap->bits;
		return;
	}
	if (coverage->gap_count == COVERAGE_MAX_GAPS) {
		coverage->beyond++;
		return;
	}
	other = &coverage->gaps[coverage->gap_count++];
	*other = *gap;
	other->count = 1;
	other->trace = coverage->trace;
}

/* An access, and what is wrong with it so far. */
struct access {
	struct coverage *coverage;
	const struct trace_event *event;
	bool write;
	bool is_wrong;
	bool met;		 /* a register */
	u64 reserved;		 /* 1s in reserved bytes, in the access */
	struct coverage_gap gap; /* the first */
};

/* Of an access that has several faults the first is told. */
static void blame(struct access *access, enum coverage_gap_kind kind, u32 reg, u64 bits)
{
	if (access->is_wrong)
		return;
	access->is_wrong = true;
	access->gap.kind = kind;
	access->gap.reg = (u16)reg;
	access->gap.bits = bits;
}

/* --- Handlers and fields ----------------------------------------------------------------- */

static void run(struct coverage *coverage, u16 handler)
{
	if (handler != VPB_NONE)
		coverage->handlers[handler]++;
}

/* The bits of a register that a field names; all, if it has no fields. */
static u64 named_bits(const struct coverage *coverage, const struct vpb_reg *reg)
{
	const struct vpb_field *field = &coverage->model->fields[reg->field];
	u64 bits = 0;
	u32 i;

	for (i = 0; i < reg->fields; i++, field++)
		bits |= (field->width < 64 ? (1ull << field->width) - 1 : ~0ull) << field->low;
	return reg->fields ? bits : ~0ull;
}

/* A field is exercised if a bit of it is 1, or is not what it was. */
static void count_fields(struct coverage *coverage, const struct vpb_reg *reg, u64 bits)
{
	const struct vpb_field *field = &coverage->model->fields[reg->field];
	u32 i;

	for (i = 0; i < reg->fields; i++, field++) {
		const u64 all = field->width < 64 ? (1ull << field->width) - 1 : ~0ull;

		if (bits & all << field->low)
			coverage->fields[reg->field + i]++;
	}
}

/* --- Registers --------------------------------------------------------------------------- */

/* A register that an access touches, and which of its bits. */
struct part {
	const struct vpb_reg *reg;
	u32 index;
	u64 value, mask; /* in the register's own positions */
};

/* Whether the model says once and for all what the register reads. */
static bool is_constant(const struct coverage *coverage, const struct vpb_reg *reg)
{
	return reg->access == VPB_RO && reg->on_read == VPB_NONE && reg->port == VPB_NONE &&
	       !(reg->flags & VPB_REG_DIRECT) && !coverage->is_stored[reg->var];
}

static void read_part(struct access *access, const struct part *part)
{
	struct coverage *coverage = access->coverage;
	const struct vpb_reg *reg = part->reg;
	struct coverage_register *use = &coverage->registers[number_of(coverage, reg)];
	u64 *value = value_of(coverage, reg, part->index), strange;

	use->reads++;
	count_fields(coverage, reg, part->value);
	if (reg->port != VPB_NONE)
		return;
	run(coverage, reg->on_read);
	if (reg->on_read == VPB_NONE && (reg->access == VPB_WO || reg->access == VPB_STROBE)) {
		if (part->value)
			blame(access, GAP_NO_READ, number_of(coverage, reg), part->value);
		return;
	}
	if (is_constant(coverage, reg) &&
	    (part->value ^ var_of(coverage, reg)->reset) & part->mask) {
		if (!use->differs++)
			use->answer = part->value;
	}
	strange = part->value & ~named_bits(coverage, reg) & ~var_of(coverage, reg)->reset;
	if (strange && reg->on_read == VPB_NONE)
		blame(access, GAP_BITS, number_of(coverage, reg), strange);
	*value = (*value & ~part->mask) | part->value;
}

/* What the register holds then, if the model says no more about it. */
static u64 written(const struct vpb_reg *reg, u64 old, const struct part *part)
{
	const u64 kept = part->mask & reg->writable;

	old = (old & ~kept) | (part->value & kept);
	old &= ~(part->value & reg->clear);
	return old | (part->value & reg->set);
}

/* Whether a write runs the register's handler: its guards. */
static bool is_hooked(const struct vpb_reg *reg, u64 old, const struct part *part)
{
	if (reg->on_write == VPB_NONE)
		return false;
	return !(reg->when | reg->changes) || part->value & reg->when ||
	       (written(reg, old, part) ^ old) & reg->changes;
}

static void write_part(struct access *access, const struct part *part)
{
	struct coverage *coverage = access->coverage;
	const struct vpb_reg *reg = part->reg;
	const u32 number = number_of(coverage, reg);
	u64 *value = value_of(coverage, reg, part->index), strange;

	coverage->registers[number].writes++;
	count_fields(coverage, reg, part->value | ((part->value ^ *value) & part->mask));
	if (reg->flags & VPB_REG_FILTER)
		run(coverage, coverage->model->header->on[VPB_ON_FILTER]);
	if (reg->port != VPB_NONE)
		return;
	if (is_hooked(reg, *value, part))
		run(coverage, reg->on_write);
	if (reg->on_write == VPB_NONE && !reg->writable && !reg->clear && !reg->set) {
		blame(access, GAP_NO_WRITE, number, part->value);
		return;
	}
	/* all causes may be cleared at once, those that there are not, too */
	strange = part->value & ~named_bits(coverage, reg) & ~var_of(coverage, reg)->reset;
	if (strange && reg->access != VPB_W1C)
		blame(access, GAP_BITS, number, strange);
	if (reg->access != VPB_STROBE)
		*value = written(reg, *value, part);
}

/* A port that leads nowhere in this direction: as what has no reading, or no writing. */
static void check_port(struct access *access, const struct part *part)
{
	const struct coverage *coverage = access->coverage;
	const struct vpb_port *port;

	if (part->reg->port == VPB_NONE)
		return;
	port = &coverage->model->ports[part->reg->port];
	if ((access->write ? &port->write : &port->read)->memory == VPB_NONE &&
	    (access->write || part->value))
		blame(access, access->write ? GAP_NO_WRITE : GAP_NO_READ,
		      number_of(coverage, part->reg), part->value);
}

/* --- Accesses ---------------------------------------------------------------------------- */

static const struct vpb_bar *bar_of(const struct vpio_model *model, u8 index)
{
	u32 i;

	for (i = 0; i < model->header->bars.count; i++) {
		if (model->bars[i].index == index)
			return &model->bars[i];
	}
	return NULL;
}

/* The bank that the window shows, as far as is known. */
static u32 bank_of(const struct coverage *coverage, const struct vpb_window *window)
{
	if (window->bank_var == VPB_NONE)
		return 0;
	return (u32)(coverage->values[coverage->first[window->bank_var]] >> window->bank_shift) &
	       ((1u << window->bank_bits) - 1);
}

static const struct vpb_span *span_at(const struct vpio_model *model, const struct vpb_map *map,
				      u64 offset)
{
	u32 i;

	for (i = 0; i < map->count; i++) {
		const struct vpb_span *span = &model->spans[map->span + i];

		if (offset >= span->start && offset < span->end)
			return span;
	}
	return NULL;
}

static bool is_whole(const struct vpb_reg *reg)
{
	return reg->flags & VPB_REG_FIXED || reg->port != VPB_NONE;
}

/* The register at @offset takes its bytes of the access; returns how many. */
static u32 take_register(struct access *access, const struct vpb_reg *reg, u64 offset, u64 value,
			 u32 rest)
{
	struct coverage *coverage = access->coverage;
	const u32 inside = (u32)(offset - reg->offset) % reg->stride;
	const u32 most = reg->width - inside;
	const u32 size = is_whole(reg) || rest < most ? rest : most;
	const u32 shift = is_whole(reg) ? 0 : 8 * inside;
	const struct part part = {
		.reg = reg,
		.index = (u32)(offset - reg->offset) / reg->stride,
		.value = (value & mask_of(size)) << shift,
		.mask = mask_of(size) << shift,
	};

	access->met = true;
	if (!is_whole(reg) && (access->event->size != reg->width || inside))
		coverage->registers[number_of(coverage, reg)].odd++;
	check_port(access, &part);
	if (access->write)
		write_part(access, &part);
	else
		read_part(access, &part);
	return size;
}

/* Takes an access apart: each register, and each stretch of reserved bytes, has its bytes of it. */
static void take_apart(struct access *access, const struct vpb_map *map, u64 offset)
{
	const struct vpio_model *model = access->coverage->model;
	const struct trace_event *event = access->event;
	u32 done, size;

	for (done = 0; done < event->size; done += size) {
		const struct vpb_span *span = span_at(model, map, offset + done);
		const u64 value = event->value >> 8 * done;

		size = 1;
		if (!span)
			blame(access, GAP_HOLE, VPB_NONE, 0);
		else if (span->reg == VPB_NONE)
			access->reserved |= (value & 0xff) << 8 * done;
		else
			size = take_register(access, &model->regs[span->reg], offset + done, value,
					     event->size - done);
	}
	if (!access->met)
		blame(access, GAP_RESERVED, VPB_NONE, access->reserved);
	else if (access->reserved)
		blame(access, GAP_RESERVED_BITS, VPB_NONE, access->reserved);
}

/* Where the registers of a partition engine lie in a window. */
struct place {
	u64 start, end;
};

static struct place place_of(const struct vpio_model *model, u32 window, u32 engine)
{
	struct place place = { .start = ~0ull };
	u32 i;

	for (i = 0; i < model->header->regs.count; i++) {
		const struct vpb_reg *reg = &model->regs[i];
		const u64 end = reg->offset + (u64)(reg->count - 1) * reg->stride + reg->width;

		if (reg->window != window || reg->engine != engine)
			continue;
		if (reg->offset < place.start)
			place.start = reg->offset;
		if (end > place.end)
			place.end = end;
	}
	return place;
}

/* The physical device shows all instances of a partition engine, a window the first of them. */
static u64 first_instance(const struct vpio_model *model, u32 window, u64 offset)
{
	u32 i;

	for (i = 0; i < model->header->engines.count; i++) {
		const struct vpb_engine *engine = &model->engines[i];
		const struct place place = place_of(model, window, i);

		if (engine->discipline != VPB_PARTITIONED || offset < place.start ||
		    offset >= place.start + (u64)engine->depth * engine->step)
			continue;
		if (place.start + (offset - place.start) % engine->step < place.end)
			return place.start + (offset - place.start) % engine->step;
	}
	return offset;
}

static void look_up(struct access *access)
{
	const struct vpio_model *model = access->coverage->model;
	const struct trace_event *event = access->event;
	const struct vpb_bar *bar = bar_of(model, event->region);
	const struct vpb_window *window;
	u64 offset = event->offset;
	u32 bank;

	if (!bar) {
		blame(access, GAP_NO_BAR, VPB_NONE, 0);
		return;
	}
	window = &model->windows[bar->window];
	if (offset >= window->size)
		offset = first_instance(model, bar->window, offset);
	if (offset >= window->size || event->size > window->size - offset) {
		blame(access, GAP_OUTSIDE, VPB_NONE, 0);
		return;
	}
	bank = bank_of(access->coverage, window);
	if (window->bank_bits)
		access->gap.bank = (int)bank;
	take_apart(access, &model->maps[window->map + 2 * bank + access->write], offset);
}

static void interrupt(struct coverage *coverage, const struct trace_event *event, u32 line)
{
	const struct vpb_header *header = coverage->model->header;
	const struct coverage_gap gap = {
		.kind = GAP_NO_INTERRUPT,
		.bank = -1,
		.reg = VPB_NONE,
		.offset = event->kind == TRACE_MSI ? event->vector + 1 : 0,
		.time = event->time,
		.line = line,
	};

	coverage->interrupts++;
	if (event->kind == TRACE_INTX ? !header->irq_pin : event->vector >= header->msi)
		add_gap(coverage, &gap);
}

static void access_bar(struct coverage *coverage, const struct trace_event *event, u32 line)
{
	struct access access = {
		.coverage = coverage,
		.event = event,
		.write = event->kind == TRACE_WRITE,
		.gap = { .bar = event->region,
			 .bank = -1,
			 .size = event->size,
			 .offset = event->offset,
			 .time = event->time,
			 .value = event->value,
			 .line = line },
	};

	access.gap.write = access.write;
	coverage->accesses++;
	look_up(&access);
	if (access.is_wrong)
		add_gap(coverage, &access.gap);
	else
		coverage->described++;
}

void coverage_event(struct coverage *coverage, const struct trace_event *event, u32 line)
{
	switch (event->kind) {
	case TRACE_READ:
	case TRACE_WRITE:
		if (event->region < TRACE_MAX_BARS)
			access_bar(coverage, event, line);
		else
			coverage->others++;
		break;
	case TRACE_INTX:
	case TRACE_MSI:
		interrupt(coverage, event, line);
		break;
	case TRACE_RESET:
		coverage->resets++;
		reset_values(coverage);
		break;
	}
}

bool coverage_replay(struct coverage *coverage, const char *name, FILE *errors)
{
	const struct vpb_header *header = coverage->model->header;
	struct trace_reader reader;
	struct trace_event event;
	enum trace_next next;

	if (!trace_open(&reader, name, errors))
		return false;
	if (reader.header.vendor != header->vendor || reader.header.device != header->device) {
		fprintf(errors,
			"vpio: %s: a trace of device %04x:%04x, but the model is of %04x:%04x\n",
			name, reader.header.vendor, reader.header.device, header->vendor,
			header->device);
		trace_close(&reader);
		return false;
	}
	coverage_begin(coverage, name);
	while ((next = trace_read(&reader, &event)) == TRACE_EVENT)
		coverage_event(coverage, &event, reader.line);
	trace_close(&reader);
	return next == TRACE_END;
}

bool coverage_is_reached(const struct coverage *coverage, u32 handler)
{
	const struct vpio_model *model = coverage->model;
	u32 i;

	if (handler == model->header->on[VPB_ON_FILTER])
		return true;
	for (i = 0; i < model->header->regs.count; i++) {
		if (model->regs[i].on_read == handler || model->regs[i].on_write == handler)
			return true;
	}
	return false;
}

bool coverage_is_complete(const struct coverage *coverage)
{
	return coverage->accesses && coverage->described == coverage->accesses &&
	       !coverage->gap_count;
}
