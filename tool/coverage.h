/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * coverage.h - which of a model's registers, fields and handlers a driver's accesses reach, and
 * which accesses the model does not describe.
 */
#ifndef VPIO_TOOL_COVERAGE_H
#define VPIO_TOOL_COVERAGE_H

#include "tool.h"
#include "trace.h"

/* Why a model does not describe an access. X(ID, "what is wrong") */
#define COVERAGE_GAPS(X)                                                     \
	X(NO_BAR, "the model has no such BAR")                               \
	X(OUTSIDE, "beyond the window's end")                                \
	X(HOLE, "no register and nothing reserved")                          \
	X(RESERVED, "reserved bytes only")                                   \
	X(RESERVED_BITS, "1s in reserved bytes beside a register")           \
	X(NO_WRITE, "a register that is not written")                        \
	X(NO_READ, "a register that reads 0, and the device says otherwise") \
	X(BITS, "1s in bits that no field names")                            \
	X(NO_INTERRUPT, "an interrupt of a kind that the model has not")

enum coverage_gap_kind {
#define COVERAGE_GAP_ENUM(id, text) GAP_##id,
	COVERAGE_GAPS(COVERAGE_GAP_ENUM)
#undef COVERAGE_GAP_ENUM
		GAP_KINDS
};

enum {
	COVERAGE_MAX_GAPS = 1000, /* that are listed */
};

/* Accesses of one kind that are not described. */
struct coverage_gap {
	enum coverage_gap_kind kind;
	bool write;
	u8 bar, size;
	int bank; /* -1: the window has none */
	u16 reg;  /* or VPB_NONE */
	u64 offset;
	u64 bits; /* the 1s that have no place, of all these accesses; in the register */
	u64 count, time, value;
	const char *trace; /* of the first of them */
	u32 line;
};

struct coverage_register {
	u64 reads, writes;
	u64 odd;     /* accesses of another width than its own, or beside its start */
	u64 differs; /* reads that gave another value than the constant that the model has */
	u64 answer;  /* the first of those values */
};

/* What traces have exercised. The arrays are by the model's own numbers. */
struct coverage {
	const struct vpio_model *model;
	u64 traces, accesses, described;
	u64 others; /* accesses of what is no BAR: configuration space, ROM */
	u64 interrupts, resets;
	u64 beyond; /* accesses not described whose gaps had no place in the list */
	struct coverage_register *registers;
	u64 *fields, *handlers;
	struct coverage_gap *gaps;
	u32 gap_count;
	/* while a trace is replayed: what the registers hold, as far as it is known */
	u64 *values;
	u32 *first; /* of a variable's elements, in values */
	u32 value_count;
	bool *is_stored; /* by variables: a handler of the model stores to it */
	const char *trace;
};

/* Prepares for a model, which must outlive it; false: out of memory. */
bool coverage_init(struct coverage *coverage, const struct vpio_model *model);
void coverage_free(struct coverage *coverage);

/* A trace begins: the device is as after a reset. */
void coverage_begin(struct coverage *coverage, const char *trace);
void coverage_event(struct coverage *coverage, const struct trace_event *event, u32 line);
/* Replays all of a trace; false, and a message, if it is malformed or of another device. */
bool coverage_replay(struct coverage *coverage, const char *name, FILE *errors);

const char *coverage_gap_text(enum coverage_gap_kind kind);
/* Accesses run this handler: it is a register's, or the receive filter. */
bool coverage_is_reached(const struct coverage *coverage, u32 handler);
/* Whether every access is described, and there was one. */
bool coverage_is_complete(const struct coverage *coverage);

/* coverage.c: the report, for people and as JSON */
void coverage_print(const struct coverage *coverage, FILE *file);
bool coverage_print_json(const struct coverage *coverage, FILE *file);

#endif /* VPIO_TOOL_COVERAGE_H */
