// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Loading a compiled model: every number in it is checked here, once, whoever wrote it. After
 * that the virtual machine and the monitor index by those numbers without looking again.
 */
#include "model.h"

#define VPB_OP_INFO(name, uses, imm, context, cost, meaning) \
	{ #name, uses, VPB_I_##imm, VPB_C_##context, cost, meaning },
const struct vpb_op_info vpb_ops[VPB_OP_COUNT] = { VPB_OPS(VPB_OP_INFO) };

enum {
	MAX_HANDLER_LOOPS = 64,
	MAX_BAR_SIZE = 1 << 30,
	MAX_DMA_ALIGN = 1 << 16,
	MIN_NREGS = 4, /* the arguments of a handler, always there */
};

const char *vpb_insn_name(unsigned int op)
{
	return op < VPB_OP_COUNT ? vpb_ops[op].name : NULL;
}

/* The check under way: what is checked, and where the record at hand lies in the block. */
struct check {
	struct vpio_model *model;
	const struct vpb_header *header;
	struct vpio_error *error;
	const void *record;
	u64 variables[3]; /* bytes of those seen so far, in each space */
	u32 instances;	  /* of partition engines seen so far */
};

static int refuse(struct check *check, const void *where, const char *reason)
{
	if (check->error) {
		check->error->offset = (u32)((const char *)where - (const char *)check->header);
		check->error->reason = reason;
	}
	return -1;
}

/* Ends the calling check with a refusal unless the condition holds for the record at hand. */
#define REQUIRE(condition, reason)                                   \
	do {                                                         \
		if (!(condition))                                    \
			return refuse(check, check->record, reason); \
	} while (0)

static bool is_width(unsigned int width)
{
	return width == 1 || width == 2 || width == 4 || width == 8;
}

static bool is_power_of_two(u32 value)
{
	return value && !(value & (value - 1));
}

static bool is_string(const struct check *check, u32 offset)
{
	return offset < check->header->strings.count;
}

static bool is_optional(u32 index, u32 count)
{
	return index == VPB_NONE || index < count;
}

/* A handler's index that is none, or of this kind. */
static bool is_handler(const struct check *check, u16 index, enum vpb_handler_kind kind)
{
	if (index == VPB_NONE)
		return true;
	return index < check->header->handlers.count && check->model->handlers[index].kind == kind;
}

static int check_table(struct check *check, const struct vpb_table *table, size_t record,
		       const void **place)
{
	const struct vpb_header *header = check->header;
	bool bytes = record == 1;

	check->record = table;
	REQUIRE(table->offset % 8 == 0 && table->offset >= sizeof(*header) &&
			table->offset <= header->size,
		"a table's offset must be a multiple of 8 within the model, after the header");
	REQUIRE(table->count <= (header->size - table->offset) / record,
		"the table runs past the model's end");
	REQUIRE(bytes || table->count <= VPB_MAX_TABLE, "the table has too many records");
	*place = (const char *)header + table->offset;
	return 0;
}

static int check_header(struct check *check, size_t size)
{
	const struct vpb_header *header = check->header;
	const size_t after_crc = offsetof(struct vpb_header, crc) + sizeof(header->crc);

	check->record = header;
	REQUIRE(size >= sizeof(*header), "truncated: shorter than a model's header");
	REQUIRE(header->magic == VPB_MAGIC, "not a compiled model (no \"VPB1\" at its start)");
	REQUIRE(header->version == VPB_VERSION,
		"made by a compiler of another version: compile the model again");
	REQUIRE(header->header_size == sizeof(*header), "the header has another size");
	check->record = &header->size;
	REQUIRE(header->size == size, "truncated, or bytes follow: its size is not the file's");
	REQUIRE(size <= VPB_MAX_SIZE, "larger than a model may be");
	check->record = &header->crc;
	REQUIRE(vpio_crc32(0, (const char *)header + after_crc, size - after_crc) == header->crc,
		"altered: the checksum does not match");
	return 0;
}

static int check_identity(struct check *check)
{
	const struct vpb_header *header = check->header;
	unsigned int i;

	check->record = &header->name;
	REQUIRE(header->strings.count > 0 &&
			check->model->strings[header->strings.count - 1] == '\0',
		"the strings must end with a NUL");
	REQUIRE(is_string(check, header->name) && check->model->strings[header->name],
		"the model has no name");
	REQUIRE(is_string(check, header->title), "no such string");
	check->record = &header->class_code;
	REQUIRE(header->class_code <= 0xffffff, "a class code has 24 bits");
	REQUIRE(header->irq_pin <= 1, "the interrupt pin must be 0 or 1");
	REQUIRE(header->msi <= 1, "at most one MSI vector");
	REQUIRE(header->dma_bits >= 24 && header->dma_bits <= 64,
		"bus addresses have 24 to 64 bits");
	REQUIRE(is_optional(header->revision_param, header->params.count), "no such parameter");
	REQUIRE(is_optional(header->rx_engine, header->engines.count), "no such engine");
	REQUIRE(header->rx_engine == VPB_NONE || (header->flags & VPB_NIC),
		"only a NIC receives frames");
	for (i = 0; i < 3; i++)
		REQUIRE(header->state_size[i] <= VPB_MAX_STATE, "too many bytes of variables");
	check->record = header->on;
	for (i = 0; i < ARRAY_SIZE(header->on); i++) {
		if (i >= VPB_EVENTS)
			REQUIRE(header->on[i] == VPB_NONE, "an event that does not exist");
		else
			REQUIRE(is_handler(check, header->on[i],
					   i <= VPB_ON_TICK ? VPB_H_HARDWARE : VPB_H_VDEV),
				"an event's handler is missing or of the wrong kind");
	}
	return 0;
}

static int check_bar(struct check *check, const struct vpb_bar *bar)
{
	const struct vpb_bar *other;

	REQUIRE(bar->index < VPB_MAX_BARS, "a BAR's index is 0 to 5");
	REQUIRE(bar->io <= 1, "a BAR is memory (0) or I/O (1)");
	REQUIRE(bar->window < check->header->windows.count, "no such window");
	REQUIRE(is_power_of_two(bar->size) && bar->size >= 16 && bar->size <= MAX_BAR_SIZE,
		"a BAR's size is a power of two from 16 bytes to 1 GiB");
	REQUIRE(bar->size >= check->model->windows[bar->window].size,
		"the BAR is smaller than its window");
	for (other = check->model->bars; other < bar; other++)
		REQUIRE(other->index != bar->index, "two BARs have the same index");
	return 0;
}

static int check_span(struct check *check, const struct vpb_span *span, u16 window, u32 *at)
{
	const struct vpb_reg *reg;

	check->record = span;
	REQUIRE(span->start >= *at && span->start < span->end &&
			span->end <= check->model->windows[window].size,
		"spans must be sorted, not overlap, and lie in the window");
	*at = span->end;
	if (span->reg == VPB_NONE)
		return 0;
	REQUIRE(span->reg < check->header->regs.count, "no such register");
	reg = &check->model->regs[span->reg];
	/* check_reg() has not seen it yet: what is divided by is checked here too */
	REQUIRE(reg->stride && span->start >= reg->offset, "a span before its register");
	REQUIRE((span->start - reg->offset) % reg->stride == 0,
		"a span that does not begin with an element of its register");
	REQUIRE((span->end - 1 - reg->offset) / reg->stride < reg->count,
		"a span longer than its register");
	REQUIRE(reg->stride == reg->width || span->end - span->start <= reg->width,
		"a span over the gap between a register's elements");
	return 0;
}

static int check_window(struct check *check, const struct vpb_window *window)
{
	const struct vpio_model *model = check->model;
	const u16 index = (u16)(window - model->windows);
	u32 maps, i, j, at;

	REQUIRE(is_string(check, window->name), "no such string");
	REQUIRE(window->size > 0, "an empty window");
	REQUIRE(window->bank_bits <= VPB_MAX_BANK_BITS, "too many banks");
	REQUIRE((window->bank_var == VPB_NONE) == (window->bank_bits == 0),
		"banks need a selector, and a selector banks");
	if (window->bank_var != VPB_NONE) {
		REQUIRE(window->bank_var < check->header->vars.count &&
				model->vars[window->bank_var].space == VPB_VDEV,
			"the bank selector must be a variable of the vdev");
		REQUIRE(window->bank_shift + window->bank_bits <= 64, "no such bits");
	}
	maps = 2u << window->bank_bits;
	REQUIRE((u32)window->map + maps <= check->header->maps.count, "no such maps");
	for (i = 0; i < check->header->bars.count; i++) {
		if (model->bars[i].index == window->hw_bar && model->bars[i].window == index)
			break;
	}
	REQUIRE(i < check->header->bars.count, "the window's BAR does not show it");
	for (i = 0; i < maps; i++) {
		const struct vpb_map *map = &model->maps[window->map + i];

		check->record = map;
		REQUIRE(map->span <= check->header->spans.count &&
				map->count <= check->header->spans.count - map->span,
			"no such spans");
		for (j = 0, at = 0; j < map->count; j++) {
			if (check_span(check, &model->spans[map->span + j], index, &at))
				return -1;
		}
	}
	return 0;
}

static int check_reg(struct check *check, const struct vpb_reg *reg)
{
	const struct vpb_header *header = check->header;
	const struct vpb_var *var;

	REQUIRE(is_string(check, reg->name) && is_string(check, reg->doc), "no such string");
	REQUIRE(reg->window < header->windows.count, "no such window");
	REQUIRE(is_width(reg->width), "a register has 1, 2, 4 or 8 bytes");
	REQUIRE(reg->count > 0 && reg->stride >= reg->width, "a register array without elements");
	REQUIRE(reg->offset <= check->model->windows[reg->window].size &&
			(u64)reg->offset + (u64)(reg->count - 1) * reg->stride + reg->width <=
				check->model->windows[reg->window].size,
		"the register is not in its window");
	REQUIRE(reg->access <= VPB_STROBE, "no such access");
	REQUIRE(reg->var < header->vars.count, "no such variable");
	var = &check->model->vars[reg->var];
	REQUIRE(var->width == reg->width && var->count >= reg->count &&
			var->space == ((reg->flags & VPB_REG_DIRECT) ? VPB_SLICE : VPB_VDEV),
		"the register's variable does not fit it");
	REQUIRE(!(reg->flags & VPB_REG_DIRECT) || reg->engine < header->engines.count,
		"a direct register belongs to an engine");
	REQUIRE(is_optional(reg->port, header->ports.count), "no such port");
	REQUIRE(is_handler(check, reg->on_read, VPB_H_READ) &&
			is_handler(check, reg->on_write, VPB_H_WRITE),
		"a register's handler is missing or of the wrong kind");
	REQUIRE(is_optional(reg->engine, header->engines.count), "no such engine");
	if (reg->engine != VPB_NONE) {
		const struct vpb_engine *engine = &check->model->engines[reg->engine];

		REQUIRE(reg->offset + (u64)reg->count * reg->stride +
					(u64)VPB_MAX_DEPTH * engine->step <=
				MAX_BAR_SIZE,
			"an instance's registers are beyond any BAR");
	}
	REQUIRE((u32)reg->field + reg->fields <= header->fields.count, "no such fields");
	return 0;
}

static int check_field(struct check *check, const struct vpb_field *field)
{
	REQUIRE(is_string(check, field->name), "no such string");
	REQUIRE(field->width > 0 && field->low + field->width <= 64, "no such bits");
	REQUIRE(field->access <= VPB_W1S, "no such access");
	return 0;
}

static int check_var(struct check *check, const struct vpb_var *var)
{
	const u64 bytes = (u64)var->count * var->width;

	REQUIRE(is_string(check, var->name), "no such string");
	REQUIRE(is_width(var->width) && var->count > 0, "a variable has elements of 1 to 8 bytes");
	REQUIRE(var->space <= VPB_SLICE, "no such space");
	REQUIRE(var->offset % var->width == 0, "a variable that is not aligned");
	REQUIRE(var->offset + bytes <= check->header->state_size[var->space],
		"the variable is not in its space");
	/* so that setting all of them to their reset values takes bounded time */
	check->variables[var->space] += bytes;
	REQUIRE(check->variables[var->space] <= check->header->state_size[var->space],
		"variables that overlap");
	REQUIRE(var->reg == VPB_NONE ||
			(var->reg < check->header->regs.count && var->space != VPB_HOST),
		"a variable of no register of a vdev");
	REQUIRE(var->space != VPB_SLICE || var->engine < check->header->engines.count,
		"no such engine");
	return 0;
}

/* The kinds of an engine's handlers, by enum vpb_engine_event; of a partition: see below. */
static const u8 engine_handler_kinds[VPB_ENGINE_EVENTS] = {
	[VPB_ON_TRANSMIT] = VPB_H_HARDWARE,
	[VPB_ON_RECOVER] = VPB_H_HARDWARE,
	[VPB_ON_DONE] = VPB_H_VDEV,
	[VPB_ON_FRAME] = VPB_H_VDEV,
	[VPB_ON_RUN] = VPB_H_VDEV,
	[VPB_ON_BEGIN] = VPB_H_START,
	[VPB_ON_IDLE] = VPB_H_HARDWARE,
	[VPB_ON_READY] = VPB_H_HARDWARE,
	[VPB_ON_SAVE] = VPB_H_HARDWARE,
	[VPB_ON_SAVED] = VPB_H_HARDWARE,
	[VPB_ON_RESTORE] = VPB_H_HARDWARE,
	[VPB_ON_RESTORED] = VPB_H_HARDWARE,
	[VPB_ON_INSTANCE_RESET] = VPB_H_INSTANCE,
	[VPB_ON_INSTANCE_INTERRUPT] = VPB_H_INSTANCE,
	[VPB_ON_POLL] = VPB_H_HARDWARE,
	[VPB_ON_MASK] = VPB_H_HARDWARE,
};

static enum vpb_handler_kind engine_handler_kind(const struct vpb_engine *engine,
						 unsigned int event)
{
	if (engine->discipline == VPB_PARTITIONED && engine_handler_kinds[event] == VPB_H_HARDWARE)
		return VPB_H_INSTANCE;
	return engine_handler_kinds[event];
}

static int check_engine(struct check *check, const struct vpb_engine *engine)
{
	unsigned int i;

	REQUIRE(is_string(check, engine->name), "no such string");
	REQUIRE(engine->discipline <= VPB_PARTITIONED, "no such discipline");
	REQUIRE(engine->depth <= VPB_MAX_DEPTH, "too many jobs at a time");
	REQUIRE(engine->max_frame <= VPB_MAX_WIRE, "frames that are too large");
	for (i = 0; i < ARRAY_SIZE(engine->on); i++) {
		if (i >= VPB_ENGINE_EVENTS)
			REQUIRE(engine->on[i] == VPB_NONE, "an event that does not exist");
		else
			REQUIRE(is_handler(check, engine->on[i], engine_handler_kind(engine, i)),
				"an engine's handler is missing or of the wrong kind");
	}
	REQUIRE(engine->on[VPB_ON_TRANSMIT] == VPB_NONE ||
			(engine->discipline == VPB_HOSTED && engine->depth && engine->timeout_ms &&
			 engine->max_frame && engine->on[VPB_ON_RECOVER] != VPB_NONE &&
			 engine->on[VPB_ON_DONE] != VPB_NONE),
		"an engine that transmits needs depth, timeout, max, recover and done");
	REQUIRE((engine->on[VPB_ON_POLL] == VPB_NONE || engine->on[VPB_ON_TRANSMIT] != VPB_NONE) &&
			(engine->on[VPB_ON_MASK] == VPB_NONE ||
			 engine->on[VPB_ON_POLL] != VPB_NONE),
		"an engine that is polled must transmit, and one whose ends are masked must be polled");
	REQUIRE(engine->discipline != VPB_SLICED ||
			(engine->timeout_ms && engine->on[VPB_ON_BEGIN] != VPB_NONE &&
			 engine->on[VPB_ON_IDLE] != VPB_NONE &&
			 engine->on[VPB_ON_RECOVER] != VPB_NONE),
		"a slice engine needs timeout, start, idle and recover");
	/* so that running the handlers of all of them takes bounded time */
	check->instances += engine->discipline == VPB_PARTITIONED ? engine->depth : 0;
	REQUIRE(check->instances <= VPB_MAX_INSTANCES, "too many instances of engines");
	REQUIRE(engine->discipline != VPB_PARTITIONED ||
			(engine->depth && engine->on[VPB_ON_INSTANCE_RESET] != VPB_NONE),
		"a partition engine needs instances and their reset");
	REQUIRE(engine->discipline != VPB_PARTITIONED ||
			(engine->on[VPB_ON_BEGIN] == VPB_NONE &&
			 engine->on[VPB_ON_IDLE] == VPB_NONE) ||
			(engine->timeout_ms && engine->on[VPB_ON_RECOVER] != VPB_NONE),
		"a partition engine that works needs timeout and recover");
	return 0;
}

/* A number that a data port changes. */
static bool is_port_number(const struct check *check, u16 number)
{
	return number < check->header->vars.count && check->model->vars[number].space != VPB_HOST;
}

static int check_way(struct check *check, const struct vpb_way *way)
{
	const u16 optional[] = { way->top, way->bottom, way->unit, way->when };
	const struct vpb_var *memory;
	unsigned int i;

	if (way->memory == VPB_NONE)
		return 0;
	REQUIRE(way->memory < check->header->vars.count, "no such memory");
	memory = &check->model->vars[way->memory];
	REQUIRE(memory->width == 1 && memory->space != VPB_HOST, "no memory of a vdev");
	REQUIRE(is_port_number(check, way->at) && is_port_number(check, way->left),
		"a port needs an address and a count");
	REQUIRE((way->top == VPB_NONE) == (way->bottom == VPB_NONE),
		"an address that goes on has a top and a bottom");
	for (i = 0; i < ARRAY_SIZE(optional); i++)
		REQUIRE(optional[i] == VPB_NONE || is_port_number(check, optional[i]),
			"no such variable");
	REQUIRE(way->engine == VPB_NONE ||
			(way->engine < check->header->engines.count &&
			 check->model->engines[way->engine].discipline == VPB_SLICED),
		"a port's engine must be a slice");
	REQUIRE(is_handler(check, way->on_end, VPB_H_VDEV),
		"a port's handler is of the wrong kind");
	return 0;
}

static int check_port(struct check *check, const struct vpb_port *port)
{
	REQUIRE(port->reg < check->header->regs.count, "no such register");
	REQUIRE(port->read.engine == VPB_NONE, "reads of a port come from its memory");
	if (check_way(check, &port->read))
		return -1;
	return check_way(check, &port->write);
}

static int check_irq(struct check *check, const struct vpb_irq *irq)
{
	const u16 registers[] = { irq->cause, irq->mask };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		if (i && registers[i] == VPB_NONE)
			continue;
		REQUIRE(registers[i] < check->header->regs.count, "no such register");
		REQUIRE(!(check->model->regs[registers[i]].flags & VPB_REG_DIRECT),
			"causes and masks are the vdev's own");
	}
	return 0;
}

static int check_dma(struct check *check, const struct vpb_dma *dma)
{
	REQUIRE(is_string(check, dma->name), "no such string");
	REQUIRE(dma->size > 0 && dma->size <= VPB_MAX_DMA, "a DMA memory of 1 byte to 1 MiB");
	REQUIRE(is_power_of_two(dma->align) && dma->align <= MAX_DMA_ALIGN,
		"an alignment is a power of two up to 64 KiB");
	return 0;
}

static int check_param(struct check *check, const struct vpb_param *param)
{
	REQUIRE(is_string(check, param->name) && is_string(check, param->doc), "no such string");
	REQUIRE(param->var < check->header->vars.count &&
			check->model->vars[param->var].space == VPB_VDEV,
		"a parameter needs a variable of the vdev");
	REQUIRE(param->count <= VPB_MAX_PARAM_VALUES &&
			param->value <= check->header->values.count &&
			param->count <= check->header->values.count - param->value,
		"no such values");
	return 0;
}

static int check_handler(struct check *check, const struct vpb_handler *handler)
{
	u32 start = 0;

	/* handlers lie one behind the other, so that checking all of them takes bounded time */
	if (handler > check->model->handlers)
		start = handler[-1].start + handler[-1].count;
	REQUIRE(is_string(check, handler->name), "no such string");
	REQUIRE(handler->start == start, "a handler must begin where the one before ends");
	REQUIRE(handler->count > 0 && handler->count <= VPB_MAX_HANDLER &&
			handler->count <= check->header->code.count - start,
		"the handler's code is missing or too long");
	REQUIRE(handler->kind < VPB_H_KINDS, "no such kind of handler");
	REQUIRE(handler->nregs >= MIN_NREGS && handler->nregs <= VPB_MAX_NREGS,
		"a handler has 4 to 64 VM registers");
	return 0;
}

/* A loop of a handler: instructions first..last, the latter being its LOOP. */
struct loop {
	u32 first, last;
	u32 bound;
	u8 counter;
};

static int check_variable_use(struct check *check, const struct vpb_handler *handler,
			      const struct vpb_insn *insn, u32 number)
{
	const struct vpb_var *var;
	const bool store = insn->op == VPB_STV || insn->op == VPB_STX || insn->op == VPB_GGET ||
			   insn->op == VPB_RAISE || insn->op == VPB_URGE || insn->op == VPB_LATER ||
			   insn->op == VPB_FMPUT || insn->op == VPB_DGET;

	REQUIRE(number < check->header->vars.count, "no such variable");
	var = &check->model->vars[number];
	if (handler->kind == VPB_H_HARDWARE || handler->kind == VPB_H_INSTANCE)
		REQUIRE(var->space != VPB_VDEV, "a handler of the hardware has no vdev");
	else if (handler->kind != VPB_H_START && var->space != VPB_SLICE)
		REQUIRE(var->space == VPB_VDEV || (var->space == VPB_HOST && !store),
			"a handler of a vdev does not change the hardware side's variables");
	return 0;
}

/* Whether a handler has an instance of an engine at hand, if the engine is a partition. */
static bool has_instance(const struct check *check, const struct vpb_handler *handler, u16 engine)
{
	return handler->kind != VPB_H_HARDWARE || engine == VPB_NONE ||
	       check->model->engines[engine].discipline != VPB_PARTITIONED;
}

static int check_engine_use(struct check *check, const struct vpb_handler *handler,
			    const struct vpb_insn *insn)
{
	const struct vpb_engine *engine = &check->model->engines[insn->imm];

	switch ((enum vpb_op)insn->op) {
	case VPB_RUN:
		break;
	case VPB_START:
	case VPB_STARTED:
		REQUIRE(engine->discipline != VPB_HOSTED && engine->on[VPB_ON_BEGIN] != VPB_NONE,
			"an engine that is not started");
		break;
	case VPB_OWNED:
		REQUIRE(engine->discipline == VPB_SLICED, "not a slice engine");
		break;
	case VPB_INSTANCE:
		REQUIRE(engine->discipline == VPB_PARTITIONED, "not a partition engine");
		REQUIRE(has_instance(check, handler, (u16)insn->imm),
			"a handler of the hardware has no instance");
		break;
	default:
		if (insn->op == VPB_DONE && engine->discipline != VPB_HOSTED)
			REQUIRE(has_instance(check, handler, (u16)insn->imm),
				"a handler of the hardware has no instance");
		else
			REQUIRE(engine->on[VPB_ON_TRANSMIT] != VPB_NONE,
				"an engine that takes no jobs");
		break;
	}
	return 0;
}

static bool has_no_dma(u8 op)
{
	return op == VPB_GGET || op == VPB_GPUT || op == VPB_FMEM;
}

static int check_operand(struct check *check, const struct vpb_handler *handler, u32 pc,
			 const struct vpb_insn *insn)
{
	const struct vpb_header *header = check->header;
	const u32 imm = insn->imm;

	switch ((enum vpb_operand)vpb_ops[insn->op].imm) {
	case VPB_I_NONE:
		REQUIRE(imm == 0, "an operand that the instruction does not have");
		break;
	case VPB_I_NUMBER:
		break;
	case VPB_I_NONZERO:
		REQUIRE(imm != 0, "a division by zero");
		break;
	case VPB_I_SHIFT:
		REQUIRE(imm < 64, "a shift by more than 63");
		break;
	case VPB_I_FIELD:
		REQUIRE((imm & 0xff) + (imm >> 8) <= 64 && imm >> 8 > 0 && imm >> 16 == 0,
			"no such field");
		break;
	case VPB_I_ELEMENT:
		if (check_variable_use(check, handler, insn, imm))
			return -1;
		REQUIRE(vpb_element(insn, insn->op == VPB_STV) < check->model->vars[imm].count,
			"no such element");
		break;
	case VPB_I_VAR:
	case VPB_I_ARRAY:
		return check_variable_use(check, handler, insn, imm);
	case VPB_I_MEMORY:
	case VPB_I_MEMDMA:
		if (check_variable_use(check, handler, insn, imm & 0xffff))
			return -1;
		REQUIRE(check->model->vars[imm & 0xffff].width == 1, "not an array of bytes");
		REQUIRE(imm >> 16 < header->dmas.count || has_no_dma(insn->op),
			"no such DMA memory");
		REQUIRE(imm >> 16 == 0 || !has_no_dma(insn->op), "no such memory");
		break;
	case VPB_I_TARGET:
		REQUIRE(imm > pc && imm < handler->count, "a jump must go forward, in its handler");
		break;
	case VPB_I_COUNTER:
		REQUIRE(imm < VPB_MAX_LOOPS, "no such loop counter");
		break;
	case VPB_I_LOOP:
		REQUIRE(imm <= pc, "a loop must go back");
		REQUIRE(insn->d < VPB_MAX_LOOPS, "no such loop counter");
		REQUIRE(insn->a || insn->b, "a loop without a bound");
		break;
	case VPB_I_REG:
	case VPB_I_REGS:
		REQUIRE(imm < header->regs.count, "no such register");
		REQUIRE(has_instance(check, handler, check->model->regs[imm].engine),
			"a handler of the hardware has no instance");
		break;
	case VPB_I_MEM3:
		if (check_variable_use(check, handler, insn, imm & 0xffff))
			return -1;
		REQUIRE(check->model->vars[imm & 0xffff].width == 1, "not an array of bytes");
		REQUIRE(imm >> 16 < handler->nregs, "no such VM register");
		break;
	case VPB_I_WIDTH:
		REQUIRE(is_width(imm), "an access has 1, 2, 4 or 8 bytes");
		break;
	case VPB_I_DMA:
		REQUIRE(imm < header->dmas.count, "no such DMA memory");
		break;
	case VPB_I_DMAW:
		REQUIRE((imm & 0xffff) < header->dmas.count, "no such DMA memory");
		REQUIRE(is_width(imm >> 16), "an access has 1, 2, 4 or 8 bytes");
		break;
	case VPB_I_THIRD:
		REQUIRE(imm < handler->nregs, "no such VM register");
		break;
	case VPB_I_ENGINE:
		REQUIRE(imm < header->engines.count, "no such engine");
		return check_engine_use(check, handler, insn);
	}
	return 0;
}

static int check_insn(struct check *check, const struct vpb_handler *handler, u32 pc)
{
	const struct vpb_insn *insn = &check->model->code[handler->start + pc];
	const u8 registers[] = { insn->d, insn->a, insn->b };
	const struct vpb_op_info *op;
	const char *use;
	unsigned int i;

	check->record = insn;
	REQUIRE(insn->op < VPB_OP_COUNT, "no such instruction");
	op = &vpb_ops[insn->op];
	REQUIRE(op->context & (handler->kind >= VPB_H_HARDWARE ? VPB_C_HW : VPB_C_VDEV),
		"an instruction that this kind of handler may not use");
	REQUIRE((insn->op != VPB_EMIT && insn->op != VPB_FILTER && insn->op != VPB_SEND &&
		 insn->op != VPB_LOCAL) ||
			(check->header->flags & VPB_NIC),
		"an instruction that only a NIC's model may use");
	for (i = 0; op->imm != VPB_I_LOOP && i < 3; i++) {
		for (use = op->uses; *use && *use != "dab"[i]; use++)
			;
		if (!*use && op->imm == VPB_I_ELEMENT)
			continue; /* the element */
		REQUIRE(*use ? registers[i] < handler->nregs : registers[i] == 0,
			"no such VM register, or one that the instruction does not have");
	}
	return check_operand(check, handler, pc, insn);
}

/* Finds the loops and sees that they nest and that nothing in a loop restarts it. */
static int check_loops(struct check *check, const struct vpb_handler *handler, struct loop *loops,
		       unsigned int *count)
{
	const struct vpb_insn *code = &check->model->code[handler->start];
	unsigned int n = 0, i, j;
	u32 pc;

	for (pc = 0; pc < handler->count; pc++) {
		if (code[pc].op != VPB_LOOP)
			continue;
		check->record = &code[pc];
		REQUIRE(n < MAX_HANDLER_LOOPS, "too many loops in one handler");
		loops[n++] =
			(struct loop){ code[pc].imm, pc, code[pc].a | code[pc].b << 8, code[pc].d };
	}
	for (i = 0; i < n; i++) {
		check->record = &code[loops[i].last];
		for (j = 0; j < i; j++)
			REQUIRE(loops[j].last < loops[i].first || loops[j].first >= loops[i].first,
				"loops must nest");
		for (pc = loops[i].first; pc < loops[i].last; pc++)
			REQUIRE(code[pc].op != VPB_CLR || code[pc].imm != loops[i].counter,
				"a loop that restarts itself");
	}
	*count = n;
	return 0;
}

static int check_code(struct check *check, const struct vpb_handler *handler)
{
	const struct vpb_insn *code = &check->model->code[handler->start];
	const u32 most = handler->kind == VPB_H_INSTANCE ? VPB_MAX_ONE_COST : VPB_MAX_COST;
	struct loop loops[MAX_HANDLER_LOOPS];
	unsigned int count, i;
	u64 total = 0;
	u32 pc;

	for (pc = 0; pc < handler->count; pc++) {
		if (check_insn(check, handler, pc))
			return -1;
	}
	check->record = &code[handler->count - 1];
	REQUIRE(code[handler->count - 1].op == VPB_RET, "a handler must end with RET");
	if (check_loops(check, handler, loops, &count))
		return -1;
	for (pc = 0; pc < handler->count; pc++) {
		u64 cost = vpb_ops[code[pc].op].cost;

		for (i = 0; i < count && cost <= VPB_MAX_COST; i++) {
			if (pc >= loops[i].first && pc <= loops[i].last)
				cost *= loops[i].bound;
		}
		total += cost;
		check->record = &code[pc];
		REQUIRE(total <= most, "the handler may run too long");
	}
	return 0;
}

/* Runs check_NAME over all records of a table. */
#define CHECK_ALL(check, table, function)                                              \
	do {                                                                           \
		u32 record_;                                                           \
		for (record_ = 0; record_ < (check)->header->table.count; record_++) { \
			(check)->record = &(check)->model->table[record_];             \
			if (function(check, &(check)->model->table[record_]))          \
				return -1;                                             \
		}                                                                      \
	} while (0)

static int check_all(struct check *check, size_t size)
{
	const struct vpb_header *header = check->header;

	if (check_header(check, size))
		return -1;
#define CHECK_TABLE(name, type)                                                                  \
	if (check_table(check, &header->name, sizeof(type), (const void **)&check->model->name)) \
		return -1;
	VPB_TABLES(CHECK_TABLE)
#undef CHECK_TABLE
	check->record = &header->windows;
	REQUIRE(header->windows.count <= VPB_MAX_WINDOWS, "too many windows");
	REQUIRE(header->bars.count <= VPB_MAX_BARS, "too many BARs");
	REQUIRE(header->irqs.count <= VPB_MAX_IRQS, "too many interrupt causes");
	REQUIRE(header->engines.count <= VPB_MAX_ENGINES, "too many engines");
	REQUIRE(header->dmas.count <= VPB_MAX_DMAS, "too many DMA memories");
	REQUIRE(header->params.count <= VPB_MAX_PARAMS, "too many parameters");
	if (check_identity(check))
		return -1;
	CHECK_ALL(check, handlers, check_handler);
	CHECK_ALL(check, vars, check_var);
	CHECK_ALL(check, bars, check_bar);
	CHECK_ALL(check, windows, check_window);
	CHECK_ALL(check, regs, check_reg);
	CHECK_ALL(check, fields, check_field);
	CHECK_ALL(check, engines, check_engine);
	CHECK_ALL(check, ports, check_port);
	CHECK_ALL(check, irqs, check_irq);
	CHECK_ALL(check, dmas, check_dma);
	CHECK_ALL(check, params, check_param);
	CHECK_ALL(check, handlers, check_code);
	return 0;
}

int vpio_model_load(struct vpio_model *model, const void *block, size_t size,
		    struct vpio_error *error)
{
	struct check check = { .model = model, .header = block, .error = error };

	memset(model, 0, sizeof(*model));
	model->header = block;
	return check_all(&check, size);
}
