// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Decoding: what the virtual machine runs is the model's verified code in which loads and stores
 * say where a variable lies and how wide it is, instead of which it is.
 *
 * What a slice engine saves is at hand in a vdev's handlers: it is the vdev's own. Such an access
 * is one aligned load or store, as whole without the pdev's lock as with it. A handler of the
 * hardware means the owner's, who is known when it runs.
 */
#include "state.h"

/* The instruction for a variable of this width, of those for 1, 2, 4 and 8 bytes. */
static u8 op_of_width(u8 op, u8 width)
{
	return (u8)(op + (width == 1 ? 0 : width == 2 ? 1 : width == 4 ? 2 : 3));
}

static struct vpb_insn decode_variable(const struct vpio_model *model, struct vpb_insn insn)
{
	const struct vpb_var *var = &model->vars[insn.imm];
	const bool is_store = insn.op == VPB_STV;
	const u32 element = vpb_element(&insn, is_store);

	insn.b = 0;
	insn.op = op_of_width(is_store ? VPIO_STORE : VPIO_LOAD, var->width);
	insn.imm = var->offset + element * var->width;
	if (is_store) {
		insn.d = var->space;
		if (var->reg != VPB_NONE && var->space == VPB_VDEV)
			insn.b = vpio_stale(&model->regs[var->reg]);
		if (insn.b)
			insn.op = op_of_width(VPIO_CHANGE, var->width);
	} else {
		insn.a = var->space;
	}
	return insn;
}

static struct vpb_insn decode_array(const struct vpio_model *model, struct vpb_insn insn)
{
	const struct vpb_var *var = &model->vars[insn.imm];
	const bool is_store = insn.op == VPB_STX;

	insn.op = op_of_width(is_store ? VPIO_STOREX : VPIO_LOADX, var->width);
	if (is_store)
		insn.d = var->space;
	else
		insn.b = var->space;
	return insn;
}

static struct vpb_insn decode_field(struct vpb_insn insn)
{
	const u32 low = insn.imm & 0xff, width = insn.imm >> 8;

	insn.op = VPIO_FIELD;
	insn.imm = (64 - low - width) | (64 - width) << 8;
	return insn;
}

/* Whether it is not known yet whose variable is meant. */
static bool is_unknown(const struct vpio_model *model, struct vpb_insn insn, bool hardware)
{
	return hardware && model->vars[insn.imm].space == VPB_SLICE;
}

static struct vpb_insn decode(const struct vpio_model *model, struct vpb_insn insn, bool hardware)
{
	switch (insn.op) {
	case VPB_EXT:
		return decode_field(insn);
	case VPB_LDV:
	case VPB_STV:
		return is_unknown(model, insn, hardware) ? insn : decode_variable(model, insn);
	case VPB_LDX:
	case VPB_STX:
		return is_unknown(model, insn, hardware) ? insn : decode_array(model, insn);
	default:
		return insn;
	}
}

void vpio_decode(const struct vpio_model *model, struct vpb_insn *code)
{
	const struct vpb_handler *handler = model->handlers;
	u32 i, pc;

	for (i = 0; i < model->header->handlers.count; i++, handler++) {
		const bool hardware = handler->kind >= VPB_H_HARDWARE &&
				      handler->kind != VPB_H_START;

		for (pc = handler->start; pc < handler->start + handler->count; pc++)
			code[pc] = decode(model, model->code[pc], hardware);
	}
}

static u32 place_of(const struct vpio_model *model, const struct vpb_var *var)
{
	const u32 own = (u32)vpio_align(model->header->state_size[VPB_VDEV]);

	return var->offset + (var->space == VPB_SLICE ? own : 0);
}

static struct vpio_number decode_number(const struct vpio_model *model, u16 number)
{
	const struct vpb_var *var;
	struct vpio_number result = { .mask = 0 };

	if (number == VPB_NONE)
		return result;
	var = &model->vars[number];
	result.mask = ~0ull >> (64 - 8 * var->width);
	result.place = place_of(model, var);
	if (var->reg != VPB_NONE && var->space == VPB_VDEV)
		result.stale = vpio_stale(&model->regs[var->reg]);
	return result;
}

static struct vpio_way decode_way(const struct vpio_model *model, const struct vpb_way *way)
{
	if (way->memory == VPB_NONE)
		return (struct vpio_way){ .engine = VPB_NONE, .on_end = VPB_NONE };
	return (struct vpio_way){
		.memory = place_of(model, &model->vars[way->memory]),
		.count = model->vars[way->memory].count,
		.engine = way->engine,
		.on_end = way->on_end,
		.has_when = way->when != VPB_NONE,
		.at = decode_number(model, way->at),
		.left = decode_number(model, way->left),
		.top = decode_number(model, way->top),
		.bottom = decode_number(model, way->bottom),
		.unit = decode_number(model, way->unit),
		.when = decode_number(model, way->when),
	};
}

void vpio_decode_ports(const struct vpio_model *model, struct vpio_way *ways)
{
	u32 i;

	for (i = 0; i < model->header->ports.count; i++) {
		ways[2 * i] = decode_way(model, &model->ports[i].read);
		ways[2 * i + 1] = decode_way(model, &model->ports[i].write);
	}
}
