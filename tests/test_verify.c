// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The verifier (core/verify.c): a model that is cut, altered or hostile is refused, with the offset
 * and the reason; what is accepted runs within its bounds, whatever a guest does.
 */
#define _GNU_SOURCE
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../lang/lang.h"
#include "builder.h"
#include "storm.h"

enum {
	STORM = 400, /* bytes of a storm over an altered model */
	MODELS = 32, /* compiled models, at most */
};

static void open_rtl8139(struct block *block)
{
	size_t size = 0;
	void *data = world_file(world_model_path(), &size);

	if (!data)
		fail_msg("%s: no compiled model: make it, or say where in VPIO_MODEL",
			 world_model_path());
	block_open(block, data, size);
}

static int load(const void *data, size_t size, struct vpio_error *error)
{
	struct vpio_model model;

	*error = (struct vpio_error){ ~0u, "" };
	return vpio_model_load(&model, data, size, error);
}

/* --- Each check of the verifier, tripped ------------------------------------------------- */

static struct vpb_insn *code_of(struct block *b, unsigned int handler, unsigned int insn)
{
	return &b->code[b->handlers[handler].start + insn];
}

#define VDEV(insn)     code_of(b, TOY_ON_VDEV, insn)
#define HARDWARE(insn) code_of(b, TOY_ON_HARDWARE, insn)
#define INSN(...)      ((struct vpb_insn){ __VA_ARGS__ })

/*
 * X(name, where the fault is, the reason, what spoils the toy...)
 * window_bank_var: what lies behind the variables then looks like one of the vdev.
 */
#define HEADER_FAULTS(X)                                                                       \
	X(header_magic, b->header, "not a compiled model (no \"VPB1\" at its start)",          \
	  b->header->magic = 0)                                                                \
	X(header_version, b->header,                                                           \
	  "made by a compiler of another version: compile the model again",                    \
	  b->header->version = VPB_VERSION + 1)                                                \
	X(header_size, b->header, "the header has another size", b->header->header_size -= 8)  \
	X(table_align, &b->header->regs,                                                       \
	  "a table's offset must be a multiple of 8 within the model, after the header",       \
	  b->header->regs.offset += 4)                                                         \
	X(table_in_header, &b->header->bars,                                                   \
	  "a table's offset must be a multiple of 8 within the model, after the header",       \
	  b->header->bars.offset = 8)                                                          \
	X(table_behind_end, &b->header->code,                                                  \
	  "a table's offset must be a multiple of 8 within the model, after the header",       \
	  b->header->code.offset = (u32)(b->size + 8) & ~7u)                                   \
	X(table_too_long, &b->header->vars, "the table runs past the model's end",             \
	  b->header->vars.count = 0x10000000)                                                  \
	X(table_strings_too_long, &b->header->strings, "the table runs past the model's end",  \
	  b->header->strings.count++)                                                          \
	X(windows_count, &b->header->windows, "too many windows",                              \
	  b->header->windows.count = VPB_MAX_WINDOWS + 1)                                      \
	X(bars_count, &b->header->windows, "too many BARs",                                    \
	  b->header->bars.count = VPB_MAX_BARS + 1)                                            \
	X(irqs_count, &b->header->windows, "too many interrupt causes",                        \
	  b->header->irqs.count = VPB_MAX_IRQS + 1)                                            \
	X(engines_count, &b->header->windows, "too many engines",                              \
	  (b->header->engines.count = VPB_MAX_ENGINES + 1,                                     \
	   b->header->engines.offset = b->header->bars.offset))                                \
	X(dmas_count, &b->header->windows, "too many DMA memories",                            \
	  b->header->dmas.count = VPB_MAX_DMAS + 1)                                            \
	X(params_count, &b->header->windows, "too many parameters",                            \
	  b->header->params.count = VPB_MAX_PARAMS + 1)                                        \
	X(strings_none, &b->header->name, "the strings must end with a NUL",                   \
	  b->header->strings.count = 0)                                                        \
	X(strings_end, &b->header->name, "the strings must end with a NUL",                    \
	  b->strings[b->header->strings.count - 1] = 'x')                                      \
	X(name_string, &b->header->name, "the model has no name",                              \
	  b->header->name = b->header->strings.count)                                          \
	X(name_empty, &b->header->name, "the model has no name",                               \
	  b->header->name = b->header->strings.count - 1)                                      \
	X(title_string, &b->header->name, "no such string",                                    \
	  b->header->title = b->header->strings.count)                                         \
	X(class_code, &b->header->class_code, "a class code has 24 bits",                      \
	  b->header->class_code = 0x1000000)                                                   \
	X(irq_pin, &b->header->class_code, "the interrupt pin must be 0 or 1",                 \
	  b->header->irq_pin = 2)                                                              \
	X(msi, &b->header->class_code, "at most one MSI vector", b->header->msi = 2)           \
	X(revision_param, &b->header->class_code, "no such parameter",                         \
	  b->header->revision_param = 1)                                                       \
	X(rx_engine, &b->header->class_code, "no such engine", b->header->rx_engine = 2)       \
	X(rx_engine_no_nic, &b->header->class_code, "only a NIC receives frames",              \
	  b->header->flags = 0)                                                                \
	X(state_size, &b->header->class_code, "too many bytes of variables",                   \
	  b->header->state_size[VPB_SLICE] = VPB_MAX_STATE + 1)                                \
	X(event_unknown, b->header->on, "an event that does not exist",                        \
	  b->header->on[VPB_EVENTS] = TOY_ON_VDEV)                                             \
	X(event_handler, b->header->on, "an event's handler is missing or of the wrong kind",  \
	  b->header->on[VPB_ON_RESET] = 99)                                                    \
	X(event_hardware, b->header->on, "an event's handler is missing or of the wrong kind", \
	  b->header->on[VPB_ON_TICK] = TOY_ON_VDEV)                                            \
	X(event_vdev, b->header->on, "an event's handler is missing or of the wrong kind",     \
	  b->header->on[VPB_ON_RESET] = TOY_ON_HARDWARE)

#define RECORD_FAULTS(X)                                                                           \
	X(bar_index, &b->bars[0], "a BAR's index is 0 to 5", b->bars[0].index = 6)                 \
	X(bar_kind, &b->bars[1], "a BAR is memory (0) or I/O (1)", b->bars[1].io = 2)              \
	X(bar_window, &b->bars[1], "no such window", b->bars[1].window = 2)                        \
	X(bar_size, &b->bars[0], "a BAR's size is a power of two from 16 bytes to 1 GiB",          \
	  b->bars[0].size = 96)                                                                    \
	X(bar_size_zero, &b->bars[0], "a BAR's size is a power of two from 16 bytes to 1 GiB",     \
	  b->bars[0].size = 0)                                                                     \
	X(bar_size_small, &b->bars[0], "a BAR's size is a power of two from 16 bytes to 1 GiB",    \
	  b->bars[0].size = 8)                                                                     \
	X(bar_size_large, &b->bars[0], "a BAR's size is a power of two from 16 bytes to 1 GiB",    \
	  b->bars[0].size = 1u << 31)                                                              \
	X(bar_smaller, &b->bars[0], "the BAR is smaller than its window", b->bars[0].size = 32)    \
	X(bar_twice, &b->bars[1], "two BARs have the same index", b->bars[1].index = 0)            \
	X(window_string, &b->windows[0], "no such string", b->windows[0].name = ~0u)               \
	X(window_empty, &b->windows[0], "an empty window", b->windows[0].size = 0)                 \
	X(window_banks, &b->windows[1], "too many banks",                                          \
	  b->windows[1].bank_bits = VPB_MAX_BANK_BITS + 1)                                         \
	X(window_selector, &b->windows[1], "banks need a selector, and a selector banks",          \
	  b->windows[1].bank_bits = 0)                                                             \
	X(window_no_selector, &b->windows[0], "banks need a selector, and a selector banks",       \
	  b->windows[0].bank_bits = 1)                                                             \
	X(window_bank_var, &b->windows[1], "the bank selector must be a variable of the vdev",     \
	  (b->windows[1].bank_var = (u16)b->header->vars.count, b->engines[0].max_frame = 0xea))   \
	X(window_bank_space, &b->windows[1], "the bank selector must be a variable of the vdev",   \
	  b->windows[1].bank_var = TOY_HOST)                                                       \
	X(window_bank_shift, &b->windows[1], "no such bits", b->windows[1].bank_shift = 64)        \
	X(window_maps, &b->windows[1], "no such maps", b->windows[1].map = 3)                      \
	X(window_bar, &b->windows[1], "the window's BAR does not show it",                         \
	  b->windows[1].hw_bar = 0)                                                                \
	X(map_span, &b->maps[0], "no such spans", b->maps[0].span = 12)                            \
	X(map_count, &b->maps[1], "no such spans", b->maps[1].count = 12)                          \
	X(span_overlap, &b->spans[1], "spans must be sorted, not overlap, and lie in the window",  \
	  b->spans[1].start = 3)                                                                   \
	X(span_empty, &b->spans[1], "spans must be sorted, not overlap, and lie in the window",    \
	  b->spans[1].end = 4)                                                                     \
	X(span_outside, &b->spans[8], "spans must be sorted, not overlap, and lie in the window",  \
	  b->spans[8].end = 65)                                                                    \
	X(span_register, &b->spans[0], "no such register", b->spans[0].reg = TOY_REGS)             \
	X(span_stride, &b->spans[0], "a span before its register", b->regs[TOY_DATA].stride = 0)   \
	X(span_before, &b->spans[2], "a span before its register", b->regs[TOY_ARRAY].offset = 12) \
	X(span_element, &b->spans[3],                                                              \
	  "a span that does not begin with an element of its register", b->spans[3].start = 18)    \
	X(span_long, &b->spans[4], "a span longer than its register",                              \
	  b->regs[TOY_ARRAY].count = 2)                                                            \
	X(span_gap, &b->spans[2], "a span over the gap between a register's elements",             \
	  b->spans[2].end = 14)                                                                    \
	X(reg_string, &b->regs[0], "no such string", b->regs[0].name = ~0u)                        \
	X(reg_doc, &b->regs[0], "no such string", b->regs[0].doc = ~0u)                            \
	X(reg_window, &b->regs[1], "no such window", b->regs[1].window = 2)                        \
	X(reg_width, &b->regs[TOY_HASH], "a register has 1, 2, 4 or 8 bytes",                      \
	  b->regs[TOY_HASH].width = 9)                                                             \
	X(reg_stride, &b->regs[1], "a register array without elements",                            \
	  (b->regs[1].stride = 2, b->header->maps.count = 6, b->maps[0].count = 2,                 \
	   b->maps[1].count = 2))                                                                  \
	X(reg_no_elements, &b->regs[TOY_HASH], "a register array without elements",                \
	  (b->regs[TOY_HASH].count = 0, b->maps[0].count = 8, b->maps[1].count = 8))               \
	X(reg_outside, &b->regs[TOY_HASH], "the register is not in its window",                    \
	  (b->regs[TOY_HASH].offset = 60, b->maps[0].count = 8, b->maps[1].count = 8))             \
	X(reg_far_outside, &b->regs[TOY_HASH], "the register is not in its window",                \
	  (b->regs[TOY_HASH].offset = ~0u - 3, b->maps[0].count = 8, b->maps[1].count = 8))        \
	X(reg_access, &b->regs[2], "no such access", b->regs[2].access = VPB_STROBE + 1)           \
	X(reg_var, &b->regs[2], "no such variable", b->regs[2].var = (u16)b->header->vars.count)   \
	X(reg_var_width, &b->regs[0], "the register's variable does not fit it",                   \
	  b->regs[0].var = TOY_HASH)                                                               \
	X(reg_var_count, &b->regs[1], "the register's variable does not fit it",                   \
	  b->regs[1].var = TOY_DATA)                                                               \
	X(reg_var_space, &b->regs[0], "the register's variable does not fit it",                   \
	  b->regs[0].var = TOY_HOST)                                                               \
	X(reg_on_read, &b->regs[0], "a register's handler is missing or of the wrong kind",        \
	  b->regs[0].on_read = TOY_ON_WRITE)                                                       \
	X(reg_on_write, &b->regs[0], "a register's handler is missing or of the wrong kind",       \
	  b->regs[0].on_write = 7)                                                                 \
	X(reg_engine, &b->regs[0], "no such engine", b->regs[0].engine = 2)                        \
	X(reg_fields, &b->regs[0], "no such fields", b->regs[0].fields = 2)                        \
	X(field_string, &b->fields[0], "no such string", b->fields[0].name = ~0u)                  \
	X(field_empty, &b->fields[0], "no such bits", b->fields[0].width = 0)                      \
	X(field_wide, &b->fields[0], "no such bits", b->fields[0].low = 61)                        \
	X(field_access, &b->fields[0], "no such access", b->fields[0].access = 7)                  \
	X(var_string, &b->vars[3], "no such string", b->vars[3].name = ~0u)                        \
	X(var_width, &b->vars[3], "a variable has elements of 1 to 8 bytes", b->vars[3].width = 5) \
	X(var_count, &b->vars[3], "a variable has elements of 1 to 8 bytes", b->vars[3].count = 0) \
	X(var_space, &b->vars[TOY_SLICE], "no such space", b->vars[TOY_SLICE].space = 3)           \
	X(var_align, &b->vars[TOY_CHIP], "a variable that is not aligned",                         \
	  b->vars[TOY_CHIP].offset += 2)                                                           \
	X(var_outside, &b->vars[TOY_TABLE], "the variable is not in its space",                    \
	  b->vars[TOY_TABLE].count = 9)                                                            \
	X(var_far_outside, &b->vars[TOY_HASH], "the variable is not in its space",                 \
	  b->vars[TOY_HASH].count = 0x20000000)                                                    \
	X(var_overlap, &b->vars[TOY_TABLE], "variables that overlap",                              \
	  (b->vars[TOY_TABLE].offset = 0, b->vars[TOY_TABLE].count = 10))                          \
	X(var_reg, &b->vars[TOY_TABLE], "a variable of no register of a vdev",                     \
	  b->vars[TOY_TABLE].reg = TOY_REGS)                                                       \
	X(var_reg_space, &b->vars[TOY_HOST], "a variable of no register of a vdev",                \
	  b->vars[TOY_HOST].reg = TOY_DATA)                                                        \
	X(engine_string, &b->engines[1], "no such string", b->engines[1].name = ~0u)               \
	X(engine_slice, &b->engines[1], "a slice engine needs timeout, start, idle and recover",   \
	  b->engines[1].discipline = VPB_SLICED)                                                   \
	X(engine_depth, &b->engines[0], "too many jobs at a time",                                 \
	  b->engines[0].depth = VPB_MAX_DEPTH + 1)                                                 \
	X(engine_frame, &b->engines[0], "frames that are too large",                               \
	  b->engines[0].max_frame = VPB_MAX_WIRE + 1)                                              \
	X(engine_transmit, &b->engines[0], "an engine's handler is missing or of the wrong kind",  \
	  b->engines[0].on[VPB_ON_TRANSMIT] = TOY_ON_VDEV)                                         \
	X(engine_recover, &b->engines[0], "an engine's handler is missing or of the wrong kind",   \
	  b->engines[0].on[VPB_ON_RECOVER] = 7)                                                    \
	X(engine_done, &b->engines[0], "an engine's handler is missing or of the wrong kind",      \
	  b->engines[0].on[VPB_ON_DONE] = TOY_ON_HARDWARE)                                         \
	X(engine_on_frame, &b->engines[1], "an engine's handler is missing or of the wrong kind",  \
	  b->engines[1].on[VPB_ON_FRAME] = TOY_ON_READ)                                            \
	X(engine_on_run, &b->engines[1], "an engine's handler is missing or of the wrong kind",    \
	  b->engines[1].on[VPB_ON_RUN] = TOY_ON_TRANSMIT)                                          \
	X(engine_no_depth, &b->engines[0],                                                         \
	  "an engine that transmits needs depth, timeout, max, recover and done",                  \
	  b->engines[0].depth = 0)                                                                 \
	X(engine_no_timeout, &b->engines[0],                                                       \
	  "an engine that transmits needs depth, timeout, max, recover and done",                  \
	  b->engines[0].timeout_ms = 0)                                                            \
	X(engine_no_max, &b->engines[0],                                                           \
	  "an engine that transmits needs depth, timeout, max, recover and done",                  \
	  b->engines[0].max_frame = 0)                                                             \
	X(engine_no_recover, &b->engines[0],                                                       \
	  "an engine that transmits needs depth, timeout, max, recover and done",                  \
	  b->engines[0].on[VPB_ON_RECOVER] = VPB_NONE)                                             \
	X(engine_poll, &b->engines[1],                                                             \
	  "an engine that is polled must transmit, and one whose ends are masked must be polled",  \
	  b->engines[1].on[VPB_ON_POLL] = TOY_ON_HARDWARE)                                         \
	X(engine_poll_kind, &b->engines[0],                                                        \
	  "an engine's handler is missing or of the wrong kind",                                   \
	  b->engines[0].on[VPB_ON_POLL] = TOY_ON_VDEV)                                             \
	X(engine_mask, &b->engines[0],                                                             \
	  "an engine that is polled must transmit, and one whose ends are masked must be polled",  \
	  b->engines[0].on[VPB_ON_MASK] = TOY_ON_HARDWARE)                                         \
	X(engine_no_done, &b->engines[0],                                                          \
	  "an engine that transmits needs depth, timeout, max, recover and done",                  \
	  b->engines[0].on[VPB_ON_DONE] = VPB_NONE)                                                \
	X(irq_cause, &b->irqs[0], "no such register", b->irqs[0].cause = TOY_REGS)                 \
	X(irq_cause_none, &b->irqs[0], "no such register", b->irqs[0].cause = VPB_NONE)            \
	X(irq_mask, &b->irqs[0], "no such register", b->irqs[0].mask = TOY_REGS)                   \
	X(dma_string, &b->dmas[0], "no such string", b->dmas[0].name = ~0u)                        \
	X(dma_empty, &b->dmas[0], "a DMA memory of 1 byte to 1 MiB", b->dmas[0].size = 0)          \
	X(dma_large, &b->dmas[0], "a DMA memory of 1 byte to 1 MiB",                               \
	  b->dmas[0].size = VPB_MAX_DMA + 1)                                                       \
	X(dma_align, &b->dmas[0], "an alignment is a power of two up to 64 KiB",                   \
	  b->dmas[0].align = 48)                                                                   \
	X(dma_align_large, &b->dmas[0], "an alignment is a power of two up to 64 KiB",             \
	  b->dmas[0].align = 1 << 17)                                                              \
	X(param_string, &b->params[0], "no such string", b->params[0].name = ~0u)                  \
	X(param_doc, &b->params[0], "no such string", b->params[0].doc = ~0u)                      \
	X(param_var, &b->params[0], "a parameter needs a variable of the vdev",                    \
	  b->params[0].var = VPB_NONE)                                                             \
	X(param_space, &b->params[0], "a parameter needs a variable of the vdev",                  \
	  b->params[0].var = TOY_HOST)                                                             \
	X(param_count, &b->params[0], "no such values",                                            \
	  (b->header->values = b->header->code, b->params[0].count = VPB_MAX_PARAM_VALUES + 1))    \
	X(param_value, &b->params[0], "no such values", b->params[0].value = 3)                    \
	X(param_values, &b->params[0], "no such values", b->params[0].value = 1)

#define HANDLER_FAULTS(X)                                                                          \
	X(handler_string, &b->handlers[0], "no such string", b->handlers[0].name = ~0u)            \
	X(handler_start, &b->handlers[1], "a handler must begin where the one before ends",        \
	  b->handlers[1].start--)                                                                  \
	X(handler_first_start, &b->handlers[0], "a handler must begin where the one before ends",  \
	  b->handlers[0].start = 1)                                                                \
	X(handler_empty, &b->handlers[0], "the handler's code is missing or too long",             \
	  b->handlers[0].count = 0)                                                                \
	X(handler_long, &b->handlers[6], "the handler's code is missing or too long",              \
	  b->handlers[6].count++)                                                                  \
	X(handler_kind, &b->handlers[0], "no such kind of handler",                                \
	  b->handlers[0].kind = VPB_H_KINDS)                                                       \
	X(handler_nregs_few, &b->handlers[0], "a handler has 4 to 64 VM registers",                \
	  b->handlers[0].nregs = 3)                                                                \
	X(handler_nregs_many, &b->handlers[0], "a handler has 4 to 64 VM registers",               \
	  b->handlers[0].nregs = VPB_MAX_NREGS + 1)                                                \
	X(insn_op, VDEV(TOY_LDI), "no such instruction", VDEV(TOY_LDI)->op = VPB_OP_COUNT)         \
	X(insn_hardware, VDEV(TOY_LDI), "an instruction that this kind of handler may not use",    \
	  *VDEV(TOY_LDI) = INSN(VPB_HRD, 0, 0, 0, 0))                                              \
	X(insn_vdev, HARDWARE(TOY_HRD), "an instruction that this kind of handler may not use",    \
	  *HARDWARE(TOY_HRD) = INSN(VPB_GLD, 0, 0, 0, 4))                                          \
	X(insn_nic_send, VDEV(TOY_SEND), "an instruction that only a NIC's model may use",         \
	  (b->header->flags = 0, b->header->rx_engine = VPB_NONE))                                 \
	X(insn_nic_filter, VDEV(TOY_FILTER), "an instruction that only a NIC's model may use",     \
	  (b->header->flags = 0, b->header->rx_engine = VPB_NONE,                                  \
	   *VDEV(TOY_SEND) = INSN(VPB_LDI, 0, 0, 0, 0)))                                           \
	X(insn_nic_emit, code_of(b, TOY_ON_INTERRUPT, 2),                                          \
	  "an instruction that only a NIC's model may use",                                        \
	  (b->header->flags = 0, b->header->rx_engine = VPB_NONE,                                  \
	   *VDEV(TOY_SEND) = *VDEV(TOY_FILTER) = INSN(VPB_LDI, 0, 0, 0, 0)))                       \
	X(insn_d, VDEV(TOY_LDI), "no such VM register, or one that the instruction does not have", \
	  VDEV(TOY_LDI)->d = 8)                                                                    \
	X(insn_a, VDEV(TOY_BODY),                                                                  \
	  "no such VM register, or one that the instruction does not have", VDEV(TOY_BODY)->a = 8) \
	X(insn_b, VDEV(TOY_SEND),                                                                  \
	  "no such VM register, or one that the instruction does not have",                        \
	  VDEV(TOY_SEND)->b = 255)                                                                 \
	X(insn_no_a, VDEV(TOY_LDI),                                                                \
	  "no such VM register, or one that the instruction does not have", VDEV(TOY_LDI)->a = 1)  \
	X(insn_imm, VDEV(TOY_RET), "an operand that the instruction does not have",                \
	  VDEV(TOY_RET)->imm = 1)                                                                  \
	X(insn_divide, VDEV(TOY_DIVI), "a division by zero", VDEV(TOY_DIVI)->imm = 0)              \
	X(insn_modulo, VDEV(TOY_DIVI), "a division by zero",                                       \
	  *VDEV(TOY_DIVI) = INSN(VPB_MODI, 0, 0, 0, 0))                                            \
	X(insn_shift, VDEV(TOY_SHLI), "a shift by more than 63", VDEV(TOY_SHLI)->imm = 64)         \
	X(insn_field_empty, VDEV(TOY_EXT), "no such field", VDEV(TOY_EXT)->imm = 4)                \
	X(insn_field_wide, VDEV(TOY_EXT), "no such field", VDEV(TOY_EXT)->imm = 4 | 61 << 8)       \
	X(insn_field_high, VDEV(TOY_EXT), "no such field", VDEV(TOY_EXT)->imm |= 1 << 16)          \
	X(insn_variable, VDEV(TOY_LDV), "no such variable",                                        \
	  VDEV(TOY_LDV)->imm = b->header->vars.count)                                              \
	X(insn_array, VDEV(TOY_LDX), "no such variable", VDEV(TOY_LDX)->imm = ~0u)                 \
	X(insn_hardware_vdev, HARDWARE(TOY_HLDV), "a handler of the hardware has no vdev",         \
	  HARDWARE(TOY_HLDV)->imm = TOY_TABLE)                                                     \
	X(engine_discipline, &b->engines[1], "no such discipline", b->engines[1].discipline = 3)   \
	X(insn_element, VDEV(TOY_LDV), "no such element", VDEV(TOY_LDV)->a = 1)                    \
	X(insn_element_high, VDEV(TOY_LDV), "no such element", VDEV(TOY_LDV)->b = 1)               \
	X(insn_element_store, VDEV(TOY_STV), "no such element", VDEV(TOY_STV)->d = 64)             \
	X(insn_store_host, VDEV(TOY_STV),                                                          \
	  "a handler of a vdev does not change the hardware side's variables",                     \
	  VDEV(TOY_STV)->imm = TOY_HOST)                                                           \
	X(insn_store_host_array, VDEV(TOY_LDX),                                                    \
	  "a handler of a vdev does not change the hardware side's variables",                     \
	  *VDEV(TOY_LDX) = INSN(VPB_STX, 0, 2, 3, TOY_HOSTS))                                      \
	X(jump_self, VDEV(TOY_JMP), "a jump must go forward, in its handler",                      \
	  VDEV(TOY_JMP)->imm = TOY_JMP)                                                            \
	X(jump_back, VDEV(TOY_JMP), "a jump must go forward, in its handler",                      \
	  VDEV(TOY_JMP)->imm = 0)                                                                  \
	X(jump_out, VDEV(TOY_JMP), "a jump must go forward, in its handler",                       \
	  VDEV(TOY_JMP)->imm = TOY_VDEV_INSNS)                                                     \
	X(jump_if_out, VDEV(TOY_JMP), "a jump must go forward, in its handler",                    \
	  *VDEV(TOY_JMP) = INSN(VPB_JZ, 0, 0, 0, ~0u))                                             \
	X(counter_clear, VDEV(TOY_CLR), "no such loop counter",                                    \
	  VDEV(TOY_CLR)->imm = VPB_MAX_LOOPS)                                                      \
	X(counter_read, VDEV(TOY_BODY), "no such loop counter",                                    \
	  *VDEV(TOY_BODY) = INSN(VPB_CNT, 0, 0, 0, 8))                                             \
	X(loop_forward, VDEV(TOY_LOOP), "a loop must go back", VDEV(TOY_LOOP)->imm = TOY_LOOP + 1) \
	X(loop_counter, VDEV(TOY_LOOP), "no such loop counter", VDEV(TOY_LOOP)->d = VPB_MAX_LOOPS) \
	X(loop_bound, VDEV(TOY_LOOP), "a loop without a bound", VDEV(TOY_LOOP)->a = 0)             \
	X(loop_crossed, VDEV(TOY_INNER_LOOP), "loops must nest",                                   \
	  VDEV(TOY_INNER_LOOP)->imm = TOY_BODY + 1)                                                \
	X(loop_crossed_outer, VDEV(TOY_OUTER_LOOP), "loops must nest",                             \
	  VDEV(TOY_OUTER_LOOP)->imm = TOY_INNER_LOOP)                                              \
	X(loop_restarted, VDEV(TOY_LOOP), "a loop that restarts itself",                           \
	  VDEV(TOY_LOOP)->imm = TOY_CLR)                                                           \
	X(loop_restarted_inside, VDEV(TOY_OUTER_LOOP), "a loop that restarts itself",              \
	  VDEV(TOY_INNER_CLR)->imm = 1)                                                            \
	X(register_hardware, HARDWARE(TOY_HRD), "no such register",                                \
	  HARDWARE(TOY_HRD)->imm = TOY_REGS)                                                       \
	X(register_hardware_array, HARDWARE(TOY_HRX), "no such register",                          \
	  HARDWARE(TOY_HRX)->imm = ~0u)                                                            \
	X(guest_width, VDEV(TOY_GLD), "an access has 1, 2, 4 or 8 bytes", VDEV(TOY_GLD)->imm = 16) \
	X(dma_memory, HARDWARE(TOY_FDMA), "no such DMA memory", HARDWARE(TOY_FDMA)->imm = 1)       \
	X(dma_load_memory, HARDWARE(TOY_DLD), "no such DMA memory", HARDWARE(TOY_DLD)->imm |= 1)   \
	X(dma_load_width, HARDWARE(TOY_DLD), "an access has 1, 2, 4 or 8 bytes",                   \
	  HARDWARE(TOY_DLD)->imm = 9 << 16)                                                        \
	X(third_register, VDEV(TOY_FPUT), "no such VM register", VDEV(TOY_FPUT)->imm = 8)          \
	X(send_engine, VDEV(TOY_SEND), "no such engine", VDEV(TOY_SEND)->imm = 2)                  \
	X(send_receiver, VDEV(TOY_SEND), "an engine that takes no jobs",                           \
	  VDEV(TOY_SEND)->imm = TOY_RX)                                                            \
	X(done_receiver, HARDWARE(TOY_DONE), "an engine that takes no jobs",                       \
	  HARDWARE(TOY_DONE)->imm = TOY_RX)                                                        \
	X(handler_end, VDEV(TOY_RET), "a handler must end with RET",                               \
	  *VDEV(TOY_RET) = INSN(VPB_LDI, 0, 0, 0, 0))                                              \
	X(cost_loop, VDEV(TOY_INNER_BODY), "the handler may run too long",                         \
	  (VDEV(TOY_INNER_LOOP)->b = 0xff, VDEV(TOY_OUTER_LOOP)->b = 0xff))                        \
	X(cost_body, VDEV(TOY_BODY), "the handler may run too long",                               \
	  (*VDEV(TOY_BODY) = INSN(VPB_FCRC, 0, 0, 0, 0), VDEV(TOY_LOOP)->b = 2))

#define FAULTS(X)        \
	HEADER_FAULTS(X) \
	RECORD_FAULTS(X) \
	HANDLER_FAULTS(X)

struct fault {
	const char *name;
	const void *(*spoil)(struct block *b);
	const char *reason;
};

#define FAULT_FUNCTION(name, where, reason, ...)         \
	static const void *spoil_##name(struct block *b) \
	{                                                \
		__VA_ARGS__;                             \
		return where;                            \
	}
FAULTS(FAULT_FUNCTION)

#define FAULT_ENTRY(name, where, reason, ...) { #name, spoil_##name, reason },
static const struct fault faults[] = { FAULTS(FAULT_ENTRY) };

static void test_fault(void **state)
{
	const struct fault *fault = *state;
	struct vpio_error error;
	struct block block;
	const void *where;
	int result;

	toy_make(&block);
	assert_int_equal(load(block.data, block.size, &error), 0);
	where = fault->spoil(&block);
	block_seal(&block);
	result = load(block.data, block.size, &error);
	assert_string_equal(error.reason, fault->reason);
	assert_int_equal(error.offset, (const u8 *)where - (const u8 *)block.data);
	assert_int_equal(result, -1);
	free(block.data);
}

/* --- Too large --------------------------------------------------------------------------- */

static void test_toy_runs(void **state)
{
	u8 bytes[STORM * 4];
	struct storm storm = { bytes, sizeof(bytes), 0 };
	struct block block;

	(void)state;
	toy_make(&block);
	storm_fill(bytes, sizeof(bytes), 1);
	storm_over(block.data, block.size, &storm, storm_device);
	assert_int_equal(storm.size, 0);
	free(block.data);
}

static void test_error_may_be_null(void **state)
{
	struct vpio_model model;
	struct block block;

	(void)state;
	toy_make(&block);
	assert_int_equal(vpio_model_load(&model, block.data, block.size - 1, NULL), -1);
	free(block.data);
}

/* A block that is larger than a model may be, and a table with too many records. */
static void test_too_large(void **state)
{
	struct vpio_error error;
	struct block toy;
	u8 *large;

	(void)state;
	toy_make(&toy);
	large = test_calloc(1, VPB_MAX_SIZE + 8);
	memcpy(large, toy.data, toy.size);
	free(toy.data);

	block_open(&toy, large, VPB_MAX_SIZE + 8);
	block_seal(&toy);
	assert_int_equal(load(toy.data, toy.size, &error), -1);
	assert_string_equal(error.reason, "larger than a model may be");
	assert_int_equal(error.offset, offsetof(struct vpb_header, size));

	toy.size = VPB_MAX_SIZE;
	toy.header->maps.count = VPB_MAX_TABLE + 1;
	block_seal(&toy);
	assert_int_equal(load(toy.data, toy.size, &error), -1);
	assert_string_equal(error.reason, "the table has too many records");
	assert_int_equal(error.offset, offsetof(struct vpb_header, maps));
	test_free(large);
}

/* Loads a model that has but this handler. */
static int load_handler(const struct vpb_insn *code, u32 count, struct vpio_error *error,
			u32 *offset)
{
	struct builder builder;
	struct block block;
	int result;

	builder_init(&builder, "handler");
	builder_handler(&builder, "on reset", VPB_H_VDEV, code, count);
	builder_finish(&builder, &block);
	result = load(block.data, block.size, error);
	*offset = block.header->code.offset;
	free(block.data);
	return result;
}

static void test_long_handler(void **state)
{
	static struct vpb_insn code[4097];
	const u32 count = ARRAY_SIZE(code);
	struct vpio_error error;
	u32 offset;

	(void)state;
	code[count - 1].op = VPB_RET;
	assert_int_equal(load_handler(code, count, &error, &offset), -1);
	assert_string_equal(error.reason, "the handler's code is missing or too long");
	assert_int_equal(load_handler(code + 1, count - 1, &error, &offset), 0);
}

static void test_many_loops(void **state)
{
	struct vpb_insn code[66] = { 0 };
	struct vpio_error error;
	u32 offset, i;

	(void)state;
	for (i = 0; i < 65; i++)
		code[i] = INSN(VPB_LOOP, 0, 1, 0, i);
	code[65].op = VPB_RET;
	assert_int_equal(load_handler(code, ARRAY_SIZE(code), &error, &offset), -1);
	assert_string_equal(error.reason, "too many loops in one handler");
	assert_int_equal(error.offset, offset + 64 * sizeof(*code));
	code[64] = INSN(VPB_LDI, 0, 0, 0, 0);
	assert_int_equal(load_handler(code, ARRAY_SIZE(code), &error, &offset), 0);
}

/* --- Partition engines, of which the toy has none ---------------------------------------- */

enum { HOST_ENGINE, QUEUE, PLAIN, REG_CONTROL = 0, REG_QUEUE = 1 };

static const char partitions[] = "model p \"Partitions\" {\n"
				 "	pci 1:2 { }\n"
				 "	bar 0 mem 256 = w\n"
				 "	window w 32 { 0x00 C u32 strobe\n 0x04 reserved 12 }\n"
				 "	on write C { start(q, value, 0) }\n"
				 "	engine h host { 0x18 reserved 4 }\n"
				 "	engine q partition 4 step 16 timeout 9 ms {\n"
				 "		0x10 X u32 rw\n"
				 "		0x1c reserved 4\n"
				 "		on reset { repeat 100 { X = 0 } }\n"
				 "		on start { X = instance(q) }\n"
				 "		on interrupt { finish q 0; return X }\n"
				 "		on recover { X = 1 }\n"
				 "	}\n"
				 "	engine r partition 4 step 16 {\n"
				 "		0x14 Y u32 rw\n"
				 "		on reset { Y = 0 }\n"
				 "	}\n"
				 "	hardware {\n"
				 "		on start { C = 1 }\n"
				 "		on stop { C = 0 }\n"
				 "		on interrupt { return 0 }\n"
				 "	}\n"
				 "}\n";

/* The first instruction of this kind in a handler. */
static struct vpb_insn *insn_of(const struct block *block, u16 handler, u8 op)
{
	struct vpb_insn *insn = &block->code[block->handlers[handler].start];

	while (insn->op != op)
		insn++;
	return insn;
}

static struct vpb_insn *of_queue(const struct block *block, unsigned int event, u8 op)
{
	return insn_of(block, block->engines[QUEUE].on[event], op);
}

static struct vpb_insn *of_start(const struct block *block, u8 op)
{
	return insn_of(block, block->header->on[VPB_ON_START], op);
}

static const void *no_reset(struct block *b)
{
	b->engines[PLAIN].on[VPB_ON_INSTANCE_RESET] = VPB_NONE;
	return &b->engines[PLAIN];
}

static const void *no_instances(struct block *b)
{
	b->engines[QUEUE].depth = 0;
	return &b->engines[QUEUE];
}

static const void *no_timeout(struct block *b)
{
	b->engines[QUEUE].timeout_ms = 0;
	return &b->engines[QUEUE];
}

static const void *no_recover(struct block *b)
{
	b->engines[QUEUE].on[VPB_ON_RECOVER] = VPB_NONE;
	return &b->engines[QUEUE];
}

static const void *reset_of_hardware(struct block *b)
{
	b->engines[PLAIN].on[VPB_ON_INSTANCE_RESET] = b->header->on[VPB_ON_STOP];
	return &b->engines[PLAIN];
}

static const void *far_away(struct block *b)
{
	b->engines[PLAIN].step = 1u << 30;
	return &b->regs[b->header->regs.count - 1];
}

static const void *register_of_none(struct block *b)
{
	of_start(b, VPB_HWR)->imm = REG_QUEUE;
	return of_start(b, VPB_HWR);
}

static const void *number_of_none(struct block *b)
{
	*of_start(b, VPB_LDI) = INSN(VPB_INSTANCE, 0, 0, 0, QUEUE);
	return of_start(b, VPB_INSTANCE);
}

static const void *finish_of_none(struct block *b)
{
	*of_start(b, VPB_HWR) = INSN(VPB_DONE, 0, 0, 0, QUEUE);
	return of_start(b, VPB_DONE);
}

static const void *number_of_host(struct block *b)
{
	of_queue(b, VPB_ON_BEGIN, VPB_INSTANCE)->imm = HOST_ENGINE;
	return of_queue(b, VPB_ON_BEGIN, VPB_INSTANCE);
}

static const void *start_of_plain(struct block *b)
{
	struct vpb_insn *start = insn_of(b, b->regs[REG_CONTROL].on_write, VPB_START);

	start->imm = PLAIN;
	return start;
}

static const void *long_reset(struct block *b)
{
	of_queue(b, VPB_ON_INSTANCE_RESET, VPB_LOOP)->a = 200;
	return of_queue(b, VPB_ON_INSTANCE_RESET, VPB_HWR);
}

static void test_partition_rules(void **state)
{
	static const struct fault rules[] = {
		{ "no_reset", no_reset, "a partition engine needs instances and their reset" },
		{ "no_instances", no_instances,
		  "a partition engine needs instances and their reset" },
		{ "no_timeout", no_timeout,
		  "a partition engine that works needs timeout and recover" },
		{ "no_recover", no_recover,
		  "a partition engine that works needs timeout and recover" },
		{ "reset_of_hardware", reset_of_hardware,
		  "an engine's handler is missing or of the wrong kind" },
		{ "far_away", far_away, "an instance's registers are beyond any BAR" },
		{ "register_of_none", register_of_none,
		  "a handler of the hardware has no instance" },
		{ "number_of_none", number_of_none, "a handler of the hardware has no instance" },
		{ "finish_of_none", finish_of_none, "a handler of the hardware has no instance" },
		{ "number_of_host", number_of_host, "not a partition engine" },
		{ "start_of_plain", start_of_plain, "an engine that is not started" },
		{ "long_reset", long_reset, "the handler may run too long" },
	};
	struct vpl_output output;
	struct vpio_error error;
	struct block block;
	const void *where;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		assert_int_equal(
			vpl_compile("p", partitions, sizeof(partitions) - 1, &output, stderr), 0);
		block_open(&block, output.block, output.size);
		assert_int_equal(load(block.data, block.size, &error), 0);
		where = rules[i].spoil(&block);
		block_seal(&block);
		assert_int_equal(load(block.data, block.size, &error), -1);
		assert_string_equal(error.reason, rules[i].reason);
		assert_int_equal(error.offset, (const u8 *)where - (const u8 *)block.data);
		free(output.block);
	}
}

/* Partition engines that have as many instances as they may, together; and one more. */
static void test_many_instances(void **state)
{
	static const char head[] = "model m \"Many\" {\n pci 1:2 { }\n"
				   " hardware { on start { }\n on stop { }\n"
				   " on interrupt { return 0 } }\n";
	static const unsigned int instances[] = { 64, 64, 64, 63, 1 };
	struct vpl_output output;
	struct vpio_error error;
	struct block block;
	char text[4096];
	size_t used, i;

	(void)state;
	used = (size_t)snprintf(text, sizeof(text), "%s", head);
	for (i = 0; i < ARRAY_SIZE(instances); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 " bar %zu mem 256 = w%zu\n window w%zu 4 { }\n"
					 " engine e%zu partition %u step 4 in w%zu {\n"
					 "  0x00 R%zu u32 rw\n  on reset { R%zu = 0 }\n }\n",
					 i, i, i, i, instances[i], i, i, i);
	snprintf(text + used, sizeof(text) - used, "}\n");
	assert_int_equal(vpl_compile("many", text, strlen(text), &output, stderr), 0);
	block_open(&block, output.block, output.size);
	assert_int_equal(load(block.data, block.size, &error), 0);
	block.engines[4].depth++;
	block_seal(&block);
	assert_int_equal(load(block.data, block.size, &error), -1);
	assert_string_equal(error.reason, "too many instances of engines");
	assert_int_equal(error.offset, (u8 *)&block.engines[4] - (u8 *)block.data);
	free(output.block);
}

/* --- Tables over each other, what is cut or altered -------------------------------------- */

/* Tables are only read, so that one may lie over another: what counts is what each record says. */
static void test_overlapping_tables(void **state)
{
	u8 bytes[STORM];
	struct storm storm = { bytes, sizeof(bytes), 0 };
	struct vpio_error error;
	struct block block;

	(void)state;
	toy_make(&block);
	block.header->values.offset = block.header->code.offset;
	block.header->fields.offset = block.header->strings.offset;
	block_seal(&block);
	if (!load(block.data, block.size, &error)) {
		storm_fill(bytes, sizeof(bytes), 2);
		storm_over(block.data, block.size, &storm, storm_device);
	}
	block.header->regs.offset = block.header->vars.offset;
	block_seal(&block);
	assert_int_equal(load(block.data, block.size, &error), -1);
	free(block.data);
}

/* A copy of the first bytes of a block, with nothing behind them that could be read unnoticed. */
static void *cut(const struct block *block, size_t size)
{
	void *copy = test_malloc(size ? size : 1);

	memcpy(copy, block->data, size);
	return copy;
}

static void check_truncated(const struct block *block)
{
	struct vpio_error error;
	size_t size;
	void *copy;

	for (size = 0; size < block->size; size++) {
		copy = cut(block, size);
		assert_int_equal(load(copy, size, &error), -1);
		if (size < sizeof(struct vpb_header)) {
			assert_string_equal(error.reason,
					    "truncated: shorter than a model's header");
			assert_int_equal(error.offset, 0);
		} else {
			assert_string_equal(
				error.reason,
				"truncated, or bytes follow: its size is not the file's");
			assert_int_equal(error.offset, offsetof(struct vpb_header, size));
		}
		test_free(copy);
	}
}

static void test_bytes_follow(void **state)
{
	struct vpio_error error;
	struct block block;
	u8 *longer;

	(void)state;
	open_rtl8139(&block);
	longer = test_calloc(1, block.size + 8);
	memcpy(longer, block.data, block.size);
	assert_int_equal(load(longer, block.size + 8, &error), -1);
	assert_int_equal(error.offset, offsetof(struct vpb_header, size));
	test_free(longer);
	free(block.data);
}

/* Cut, and size and checksum made right: a table then runs past the end. */
static void test_truncated_and_sealed(void **state)
{
	struct block block, toy;
	struct vpio_error error;
	size_t size;

	(void)state;
	toy_make(&block);
	for (size = sizeof(struct vpb_header); size < block.size; size++) {
		toy.data = cut(&block, size);
		toy.size = size;
		block_seal(&toy);
		assert_int_equal(load(toy.data, size, &error), -1);
		test_free(toy.data);
	}
	free(block.data);
}

static void check_altered(struct block *block, u8 flip, size_t step)
{
	const size_t crc = offsetof(struct vpb_header, crc);
	struct vpio_error error;
	u8 *bytes = block->data;
	size_t i;

	for (i = 0; i < block->size; i += step) {
		bytes[i] ^= flip;
		assert_int_equal(load(block->data, block->size, &error), -1);
		if (i >= crc) {
			assert_string_equal(error.reason, "altered: the checksum does not match");
			assert_int_equal(error.offset, crc);
		}
		bytes[i] ^= flip;
	}
	assert_int_equal(load(block->data, block->size, &error), 0);
}

static void test_altered(void **state)
{
	struct block block;
	unsigned int bit;

	(void)state;
	toy_make(&block);
	for (bit = 0; bit < 8; bit++)
		check_altered(&block, (u8)(1u << bit), 1);
	free(block.data);
}

/* What a changed byte does to a checksum, if no more bytes follow; and if one more follows. */
static u32 changed(u8 change)
{
	return ~vpio_crc32(~0u, &change, 1);
}

static u32 further(u32 change)
{
	return ~vpio_crc32(~change, "", 1);
}

/* One way to alter a byte; 0 if it leaves the byte as it is. */
typedef u8 alteration(u8 byte, size_t at);

static u8 flip_bit(u8 byte, size_t at)
{
	(void)byte;
	return (u8)(1u << at % 8);
}

static u8 to_zero(u8 byte, size_t at)
{
	(void)at;
	return byte;
}

static u8 to_ones(u8 byte, size_t at)
{
	(void)at;
	return (u8)~byte;
}

static alteration *const alterations[] = { flip_bit, to_zero, to_ones };

struct outcome {
	unsigned int refused, accepted;
};

/*
 * Makes the checksum right for a byte that was altered. Refused, for another reason than that; or it
 * runs within its bounds: AddressSanitizer, the world's own rules and the test's time see to that.
 */
static void check_alteration(struct block *block, size_t at, u32 checksum, struct outcome *outcome,
			     storm_device_maker *device)
{
	struct vpio_error error;
	struct storm storm;
	u8 weather[STORM];

	block->header->crc ^= checksum;
	if (load(block->data, block->size, &error)) {
		assert_string_not_equal(error.reason, "altered: the checksum does not match");
		outcome->refused++;
	} else {
		storm_fill(weather, sizeof(weather), (at + 1) * 0x9e3779b97f4a7c15ull);
		storm = (struct storm){ weather, sizeof(weather), 0 };
		storm_over(block->data, block->size, &storm, device);
		outcome->accepted++;
	}
	block->header->crc ^= checksum;
}

/*
 * Alters each byte behind the checksum, one at a time, in three ways: one bit flipped (bit 0 of byte
 * 0, bit 1 of byte 1 and so on), 0x00, 0xff. The bytes before it are check_altered()'s.
 */
static struct outcome check_each_byte(struct block *block, storm_device_maker *device)
{
	const size_t after = offsetof(struct vpb_header, crc) + sizeof(u32);
	struct outcome outcome = { 0, 0 };
	struct vpio_error error;
	u8 *bytes = block->data, change;
	u32 bits[8], checksum;
	unsigned int way, bit;
	size_t i;

	for (bit = 0; bit < 8; bit++)
		bits[bit] = changed((u8)(1u << bit));
	for (i = block->size; i-- > after;) {
		for (way = 0; way < ARRAY_SIZE(alterations); way++) {
			change = alterations[way](bytes[i], i);
			for (bit = 0, checksum = 0; bit < 8; bit++)
				checksum ^= change >> bit & 1 ? bits[bit] : 0;
			bytes[i] ^= change;
			if (change)
				check_alteration(block, i, checksum, &outcome, device);
			bytes[i] ^= change;
		}
		for (bit = 0; bit < 8; bit++)
			bits[bit] = further(bits[bit]);
	}
	assert_int_equal(load(block->data, block->size, &error), 0);
	return outcome;
}

/* A model's name, as its file has it. */
static void model_name(const char *path, char name[64])
{
	const char *slash = strrchr(path, '/');

	snprintf(name, 64, "%s", slash ? slash + 1 : path);
	name[strcspn(name, ".")] = '\0';
}

/* The compiled model of a file, each byte of it, with and without its checksum made right. */
static void test_each_byte(void **state)
{
	const char *path = *state;
	struct outcome outcome;
	struct block block;
	size_t size = 0;
	char name[64];
	void *data = world_file(path, &size);

	assert_non_null(data);
	model_name(path, name);
	block_open(&block, data, size);
	check_altered(&block, 0x55, 1);
	check_truncated(&block);
	outcome = check_each_byte(&block, storm_device_for(name));
	print_message("%s: %zu bytes, %u alterations refused, %u ran\n", name, size,
		      outcome.refused, outcome.accepted);
	assert_true(outcome.refused > size / 4 && outcome.accepted > 0);
	free(block.data);
}

static void test_altered_and_sealed(void **state)
{
	struct outcome outcome;
	struct block block;

	(void)state;
	toy_make(&block);
	outcome = check_each_byte(&block, storm_device);
	assert_true(outcome.refused > 0 && outcome.accepted > 0);
	free(block.data);
}

/* --- What a model that is accepted may do ------------------------------------------------ */

/* Event 31 is the last bit of the events that wait. */
static void test_notify_31(void **state)
{
	struct world *world;
	struct block block;
	u16 cause = 0;

	(void)state;
	toy_make(&block);
	code_of(&block, TOY_ON_INTERRUPT, 0)->imm = 31;
	block_seal(&block);
	world = world_create(block.data, block.size, 1, storm_device);
	world_pass(world, VPIO_TICK_MS);
	vpio_vdev_read(world->guests[0].vdev, 0, block.regs[TOY_CAUSE].offset, &cause, 2);
	assert_int_equal(cause, 1); /* the handler ran, and came back */
	world_destroy(world);
	free(block.data);
}

/* An index that is past an array's end ends the handler, and is counted. */
static void test_array_end(void **state)
{
	struct world *world;
	struct block block;

	(void)state;
	toy_make(&block);
	code_of(&block, TOY_ON_READ, 0)[0] = INSN(VPB_LDI, 1, 0, 0, 8);
	code_of(&block, TOY_ON_VDEV, TOY_LDI)[0] = INSN(VPB_LDI, 3, 0, 0, 8);
	block_seal(&block);
	world = world_create(block.data, block.size, 1, storm_device);
	assert_int_equal(vpio_vdev_stats(world->guests[0].vdev)->refused[VPIO_REFUSE_MODEL], 2);
	assert_int_equal(world->guests[0].address, 8);
	world_destroy(world);

	code_of(&block, TOY_ON_VDEV, TOY_LDX)[0] = INSN(VPB_STX, 0, 0, 3, TOY_TABLE);
	block_seal(&block);
	world = world_create(block.data, block.size, 1, storm_device);
	assert_int_equal(vpio_vdev_stats(world->guests[0].vdev)->refused[VPIO_REFUSE_MODEL], 2);
	world_destroy(world);

	code_of(&block, TOY_ON_HARDWARE, TOY_HRD)[0] = INSN(VPB_LDI, 3, 0, 0, 4);
	code_of(&block, TOY_ON_HARDWARE, TOY_HRX)[0] = INSN(VPB_LDI, 0, 0, 0, 0);
	block_seal(&block);
	world = world_create(block.data, block.size, 1, storm_device);
	assert_int_equal(vpio_pdev_stats(world->pdev)->model_errors, 1);
	world_destroy(world);
	free(block.data);
}

static void test_insn_names(void **state)
{
	(void)state;
	assert_string_equal(vpb_insn_name(VPB_LDI), "LDI");
	assert_string_equal(vpb_insn_name(VPB_NOTIFY), "NOTIFY");
	assert_null(vpb_insn_name(VPB_OP_COUNT));
}

/* What the test of a model is called. */
static char *test_name(const char *path)
{
	char *name, model[64];

	model_name(path, model);
	if (asprintf(&name, "each_byte_of_%s", model) < 0)
		abort();
	return name;
}

/* All compiled models, those that only tests use included. */
static size_t find_models(char *paths[MODELS])
{
	glob_t found;
	size_t i, count;

	if (glob("build/models/*.vpb", 0, NULL, &found) ||
	    glob("build/test-models/*.vpb", GLOB_APPEND, NULL, &found) || found.gl_pathc > MODELS) {
		fprintf(stderr,
			"expected 1 to %d compiled models in build/models and in "
			"build/test-models: run the tests from the tree's top\n",
			MODELS);
		exit(1);
	}
	count = found.gl_pathc;
	for (i = 0; i < count; i++)
		paths[i] = strdup(found.gl_pathv[i]);
	globfree(&found);
	return count;
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(test_toy_runs),	cmocka_unit_test(test_error_may_be_null),
		cmocka_unit_test(test_too_large),	cmocka_unit_test(test_long_handler),
		cmocka_unit_test(test_many_loops),	cmocka_unit_test(test_many_instances),
		cmocka_unit_test(test_partition_rules), cmocka_unit_test(test_overlapping_tables),
		cmocka_unit_test(test_bytes_follow),	cmocka_unit_test(test_truncated_and_sealed),
		cmocka_unit_test(test_altered),		cmocka_unit_test(test_altered_and_sealed),
		cmocka_unit_test(test_notify_31),	cmocka_unit_test(test_array_end),
		cmocka_unit_test(test_insn_names),
	};
	static struct CMUnitTest tests[ARRAY_SIZE(faults) + ARRAY_SIZE(others) + MODELS];
	char *paths[MODELS];
	size_t i, models;

	models = find_models(paths);
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		tests[i].name = faults[i].name;
		tests[i].test_func = test_fault;
		tests[i].initial_state = (void *)&faults[i];
	}
	memcpy(tests + i, others, sizeof(others));
	i += ARRAY_SIZE(others);
	for (; models; models--, i++) {
		tests[i].name = test_name(paths[models - 1]);
		tests[i].test_func = test_each_byte;
		tests[i].initial_state = paths[models - 1];
	}
	return _cmocka_run_group_tests("verify", tests, i, NULL, NULL);
}
