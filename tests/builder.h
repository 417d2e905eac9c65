/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * Compiled models without a compiler: a builder that lays tables out as a .vpb, a small valid model
 * made with it (the toy), and access to the tables of any block, to spoil them.
 */
#ifndef VPIO_TESTS_BUILDER_H
#define VPIO_TESTS_BUILDER_H

#include "../core/model.h"

/* A model under construction. The header's tables, sizes and checksum are filled in at the end. */
struct builder {
	struct vpb_header header;
#define BUILDER_TABLE(name, type) type *name;
	VPB_TABLES(BUILDER_TABLE)
#undef BUILDER_TABLE
};

/* A finished model that may be changed; the tables point into it. */
struct block {
	union {
		void *data;
		struct vpb_header *header;
	};
	size_t size;
#define BLOCK_TABLE(name, type) type *name;
	VPB_TABLES(BLOCK_TABLE)
#undef BLOCK_TABLE
};

/* An empty model that loads, but for its name: no BARs, no registers, no handlers. */
void builder_init(struct builder *builder, const char *name);

/* Appends a record to a table; its index. */
#define builder_add(builder, table, ...)                                     \
	builder_append((void **)&(builder)->table, &(builder)->header.table, \
		       &(__typeof__(*(builder)->table))__VA_ARGS__, sizeof(*(builder)->table))
u16 builder_append(void **table, struct vpb_table *info, const void *record, size_t size);
u32 builder_string(struct builder *builder, const char *string);
/* A variable of its own in a space. */
u16 builder_var(struct builder *builder, const char *name, enum vpb_space space, unsigned int width,
		u32 count);
/* A handler with this code (count instructions, the last RET). */
u16 builder_handler(struct builder *builder, const char *name, enum vpb_handler_kind kind,
		    const struct vpb_insn *code, u32 count);
/* Makes the block and frees the builder's tables. */
void builder_finish(struct builder *builder, struct block *block);

/* A block's tables, from its header, unchecked; the data is kept by the caller. */
void block_open(struct block *block, void *data, size_t size);
/* Makes size and checksum right again. */
void block_seal(struct block *block);

/* The records of the toy, by table. */
enum { TOY_MAIN, TOY_BANKED };
enum { TOY_DATA, TOY_ARRAY, TOY_CAUSE, TOY_MASK, TOY_BANK, TOY_PORT, TOY_HASH, TOY_REGS };
enum { TOY_CHIP = TOY_REGS, TOY_TABLE, TOY_HOST, TOY_HOSTS, TOY_SLICE };
enum { TOY_TX, TOY_RX };
enum {
	TOY_ON_READ,
	TOY_ON_WRITE,
	TOY_ON_VDEV,
	TOY_ON_FRAME,
	TOY_ON_HARDWARE,
	TOY_ON_TRANSMIT,
	TOY_ON_INTERRUPT,
};

/* Instructions of TOY_ON_VDEV and TOY_ON_HARDWARE, by what they are good for. */
enum {
	TOY_LDI,
	TOY_CLR,
	TOY_BODY,
	TOY_LOOP,
	TOY_OUTER_CLR,
	TOY_INNER_CLR,
	TOY_INNER_BODY,
	TOY_INNER_LOOP,
	TOY_OUTER_LOOP,
	TOY_LDV,
	TOY_STV,
	TOY_LDX,
	TOY_SHLI,
	TOY_EXT,
	TOY_JMP,
	TOY_DIVI,
	TOY_GLD,
	TOY_FPUT,
	TOY_SEND,
	TOY_FILTER,
	TOY_RET,
	TOY_VDEV_INSNS,
};
enum {
	TOY_HRD,
	TOY_HRX,
	TOY_DLD,
	TOY_FDMA,
	TOY_HLDV,
	TOY_DONE,
	TOY_HSTV,
	TOY_HRET,
	TOY_HARDWARE_INSNS,
};

/* The toy: a NIC that has every kind of record. */
void toy_make(struct block *block);

#endif /* VPIO_TESTS_BUILDER_H */
