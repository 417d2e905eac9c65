// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Decoding: what the virtual machine runs is the model's verified code in which loads and stores
 * say where a variable lies and how wide it is, instead of which it is.
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
		if (var->reg != VPB_NONE)
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

static struct vpb_insn decode(const struct vpio_model *model, struct vpb_insn insn)
{
	switch (insn.op) {
	case VPB_EXT:
		return decode_field(insn);
	case VPB_LDV:
	case VPB_STV:
		/* whose state a slice engine's is, is not known yet */
		return model->vars[insn.imm].space == VPB_SLICE ? insn
								: decode_variable(model, insn);
	case VPB_LDX:
	case VPB_STX:
		return model->vars[insn.imm].space == VPB_SLICE ? insn : decode_array(model, insn);
	default:
		return insn;
	}
}

void vpio_decode(const struct vpio_model *model, struct vpb_insn *code)
{
	const u32 handlers = model->header->handlers.count;
	const struct vpb_handler *last = &model->handlers[handlers - 1];
	u32 i;

	/* handlers lie one behind the other; what follows the last was not verified */
	for (i = 0; handlers && i < last->start + last->count; i++)
		code[i] = decode(model, model->code[i]);
}
