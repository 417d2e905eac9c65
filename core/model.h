/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * model.h - a compiled model that has been verified, and how to reach its tables.
 */
#ifndef VPIO_CORE_MODEL_H
#define VPIO_CORE_MODEL_H

#include "vpb.h"

/* Why a model was refused, for vpio_model_load()'s caller to print. */
struct vpio_error {
	u32 offset;	    /* byte of the block at which the fault lies */
	const char *reason; /* a constant string: what was expected there */
};

/**
 * struct vpio_model - a verified model
 * @header: the block, kept by the caller as long as the model is used, unchanged
 *
 * The other members point into the block, one for each table. Immutable after load: needs no lock.
 */
struct vpio_model {
	const struct vpb_header *header;
#define VPIO_MODEL_TABLE(name, type) const type *name;
	VPB_TABLES(VPIO_MODEL_TABLE)
#undef VPIO_MODEL_TABLE
};

/**
 * vpio_model_load() - verify a compiled model
 * @model: filled in on success
 * @block: the model, aligned to 8 bytes
 * @size: its bytes
 * @error: filled in on failure; may be NULL
 *
 * Checks every number of the block: after it, running the model's handlers stays within the tables,
 * within its variables and within VPB_MAX_COST, whoever wrote it.
 *
 * Return: 0, or -1 if the model is refused.
 */
int vpio_model_load(struct vpio_model *model, const void *block, size_t size,
		    struct vpio_error *error);

/**
 * vpio_crc32() - CRC-32 of IEEE 802.3, clause 3.2.9 (as Ethernet's FCS)
 * @crc: 0, or the result for the bytes before
 * @data: bytes
 * @size: their number
 */
u32 vpio_crc32(u32 crc, const void *data, size_t size);

/**
 * vpio_model_string() - a string of the model
 * @model: the model
 * @offset: a string's offset from a verified record
 */
static inline const char *vpio_model_string(const struct vpio_model *model, u32 offset)
{
	return model->strings + offset;
}

/**
 * vpb_insn_name() - an instruction's name, as in VPB_OPS; NULL if there is none
 * @op: enum vpb_op
 */
const char *vpb_insn_name(unsigned int op);

/* One line of the table of instructions. */
struct vpb_op_info {
	const char *name;
	const char *uses;
	u8 imm;	    /* enum vpb_operand */
	u8 context; /* enum vpb_context bits */
	u16 cost;
	const char *meaning;
};

extern const struct vpb_op_info vpb_ops[VPB_OP_COUNT];

#endif /* VPIO_CORE_MODEL_H */
