/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * vpb.h - the format of a compiled model (*.vpb), the one thing that lang/ and core/ share.
 *
 * A compiled model is one block of little-endian data: a header, tables of fixed-size records, code
 * and strings. It is read in place and never written. Everything in it is checked once, at load
 * (core/verify.c); after that the monitor follows its numbers without looking again. Each number
 * that names a record is an index into that record's table; VPB_NONE is "none".
 */
#ifndef VPIO_CORE_VPB_H
#define VPIO_CORE_VPB_H

#include "types.h"

#define VPB_MAGIC   0x31425056u /* "VPB1" */
#define VPB_VERSION 4
#define VPB_NONE    0xffffu

/* What a verified model keeps within. */
enum vpb_limit {
	VPB_MAX_SIZE = 1 << 20,	    /* bytes of a compiled model */
	VPB_MAX_STATE = 1 << 20,    /* bytes of variables, in each space */
	VPB_MAX_DMA = 1 << 20,	    /* bytes of one DMA memory */
	VPB_MAX_DMAS = 8,	    /* DMA memories */
	VPB_MAX_ENGINES = 16,	    /* engines */
	VPB_MAX_DEPTH = 64,	    /* jobs of one engine on the hardware at a time */
	VPB_MAX_INSTANCES = 256,    /* of all partition engines together */
	VPB_MAX_IRQS = 4,	    /* pairs of cause and mask */
	VPB_MAX_BARS = 6,	    /* PCI base address registers */
	VPB_MAX_WINDOWS = 8,	    /* register windows */
	VPB_MAX_BANK_BITS = 4,	    /* bits of a bank selector */
	VPB_MAX_HANDLER = 4096,	    /* instructions of a handler */
	VPB_MAX_NREGS = 64,	    /* VM registers of a handler */
	VPB_MAX_LOOPS = 8,	    /* loop counters of a handler */
	VPB_MAX_COST = 1 << 20,	    /* worst-case cost of a handler, see vpb_ops[].cost */
	VPB_MAX_ONE_COST = 1 << 14, /* the same of a VPB_H_INSTANCE: up to 64 run one by one */
	VPB_MAX_FRAME = 1 << 16,    /* bytes of a frame that is being gathered */
	VPB_MAX_BURST = 512,	    /* accesses of one FREAD or FWRITE */
	VPB_MAX_WIRE = 1 << 14,	    /* bytes of a frame on the wire */
	VPB_MAX_TABLE = 1 << 16,    /* records of a table */
	VPB_MAX_PARAMS = 16,	    /* parameters */
	VPB_MAX_PARAM_VALUES = 16,  /* allowed values of a parameter */
};

struct vpb_table {
	u32 offset; /* from the block's start, a multiple of 8 */
	u32 count;  /* records (strings: bytes) */
};

/* The tables, in the order in which they lie in the block. X(name, record type). */
#define VPB_TABLES(X)                   \
	X(bars, struct vpb_bar)         \
	X(windows, struct vpb_window)   \
	X(maps, struct vpb_map)         \
	X(spans, struct vpb_span)       \
	X(regs, struct vpb_reg)         \
	X(fields, struct vpb_field)     \
	X(vars, struct vpb_var)         \
	X(engines, struct vpb_engine)   \
	X(ports, struct vpb_port)       \
	X(irqs, struct vpb_irq)         \
	X(dmas, struct vpb_dma)         \
	X(params, struct vpb_param)     \
	X(values, u64)                  \
	X(handlers, struct vpb_handler) \
	X(code, struct vpb_insn)        \
	X(strings, char)

struct vpb_header {
	u32 magic;
	u16 version;
	u16 header_size; /* sizeof(struct vpb_header) */
	u32 size;	 /* of the whole block */
	u32 crc;	 /* CRC-32 (IEEE 802.3) of all bytes after this field */
	u32 name;	 /* string: "rtl8139" */
	u32 title;	 /* string: "Realtek RTL8139 Fast Ethernet" */
	u16 vendor, device;
	u16 subvendor, subdevice;
	u32 class_code;	    /* 24 bits */
	u8 revision;	    /* when revision_param is VPB_NONE */
	u8 irq_pin;	    /* 0 none, 1 INTA */
	u8 msi;		    /* number of MSI vectors, 0 or 1 */
	u8 flags;	    /* VPB_NIC ... */
	u16 revision_param; /* the parameter that the revision ID shows */
	u16 rx_engine;	    /* the engine that receives frames, NICs only */
	u16 dma_bits;	    /* of the bus addresses that the device can use, 24 to 64 */
	u16 reserved;
	u32 state_size[3]; /* bytes of each enum vpb_space */
	u16 on[16];	   /* handlers by enum vpb_event */
	struct vpb_table bars, windows, maps, spans, regs, fields, vars, engines, ports, irqs, dmas,
		params, values, handlers, code, strings;
};

enum vpb_header_flag {
	VPB_NIC = 1, /* has a MAC address and frames: the switch serves it */
};

/* Where a variable lives, and by which lock it is guarded (core/monitor.h). */
enum vpb_space {
	VPB_VDEV,  /* one for each vdev; the vdev's lock */
	VPB_HOST,  /* one for the physical device; the pdev's lock */
	VPB_SLICE, /* one for each vdev, what a slice engine saves; the pdev's lock */
};

/* Handlers that belong to the whole device: vpb_header.on[]. */
enum vpb_event {
	VPB_ON_START,	  /* hardware: bring the device up */
	VPB_ON_STOP,	  /* hardware: quiesce it */
	VPB_ON_INTERRUPT, /* hardware: result: nonzero if it had a cause */
	VPB_ON_TICK,	  /* hardware: now and then (VPIO_TICK_MS) */
	VPB_ON_RESET,	  /* vdev: after all variables have their reset values */
	VPB_ON_FILTER,	  /* vdev: after a write to a register with VPB_REG_FILTER */
	VPB_ON_NOTIFY,	  /* vdev: the hardware side said `notify`; r0 event */
	VPB_EVENTS
};

struct vpb_bar {
	u8 index; /* 0..5 */
	u8 io;	  /* 1: I/O ports, 0: memory */
	u16 window;
	u32 size; /* a power of two, >= the window's size */
};

/*
 * A register window. Which registers it shows may depend on a bank selector: some bits of a
 * variable. maps[map + 2 * bank + write] lists what a read or a write of that bank meets.
 */
struct vpb_window {
	u32 name;
	u32 size; /* bytes */
	u16 map;
	u16 bank_var; /* or VPB_NONE: one bank */
	u8 bank_shift, bank_bits;
	u8 hw_bar; /* the bar by which the hardware side reaches it */
	u8 reserved;
};

struct vpb_map {
	u32 span, count; /* sorted by start, not overlapping */
};

/* A stretch of a window: a register (or register array), or reserved bytes. */
struct vpb_span {
	u32 start, end; /* bytes, end exclusive */
	u16 reg;	/* or VPB_NONE: reads 0, writes do nothing */
	u16 reserved;
};

enum vpb_access {
	VPB_RW,	    /* reads what was written */
	VPB_RO,	    /* writes do nothing */
	VPB_WO,	    /* reads 0 */
	VPB_W1C,    /* writing 1 clears */
	VPB_RC,	    /* reading clears */
	VPB_STROBE, /* writing acts, nothing is kept, reads 0 */
	VPB_W1S,    /* writing 1 sets, writing 0 leaves (fields only) */
};

enum vpb_reg_flag {
	VPB_REG_FILTER =
		1 << 0,		/* what the receive filter reads: run VPB_ON_FILTER after a write */
	VPB_REG_IRQ = 1 << 1,	/* a cause or mask register: the line may change */
	VPB_REG_DENY = 1 << 2,	/* has a deny rule (in its write handler) */
	VPB_REG_FIXED = 1 << 3, /* its handlers take each access whole, not byte by byte */
	VPB_REG_DIRECT = 1 << 4, /* the owner of its slice engine reaches the hardware's register */
};

struct vpb_reg {
	u32 name;
	u32 doc;    /* string */
	u32 offset; /* in the window */
	u16 window;
	u16 count;  /* elements, 1 for a plain register */
	u16 stride; /* bytes from one element to the next */
	u8 width;   /* 1, 2, 4 or 8 bytes */
	u8 access;  /* enum vpb_access */
	u16 flags;
	u16 var;      /* its storage */
	u64 writable; /* bits that take what is written */
	u64 clear;    /* bits that a written 1 clears */
	u64 set;      /* bits that a written 1 sets, and a written 0 leaves */
	u64 when;     /* on_write runs if any of these bits is written as 1, */
	u64 changes;  /* or any of these bits changes; both 0: always */
	u16 on_read, on_write;
	u16 engine; /* or VPB_NONE */
	u16 field;  /* first of its fields */
	u16 fields;
	u16 bank; /* VPB_NONE: in all banks */
	u16 port; /* a data port, or VPB_NONE */
	u16 reserved;
	u32 line; /* in the source */
};

struct vpb_field {
	u32 name;
	u8 low, width;
	u8 access; /* enum vpb_access */
	u8 reserved;
};

struct vpb_var {
	u32 name;
	u32 offset; /* in its space, aligned to width */
	u32 count;  /* elements */
	u8 width;   /* 1, 2, 4 or 8 bytes */
	u8 space;   /* enum vpb_space */
	u16 reg;    /* the register whose storage it is, or VPB_NONE */
	u16 engine; /* VPB_SLICE: the engine that saves it */
	u16 reserved[3];
	u64 reset; /* value of each element at reset */
};

enum vpb_discipline {
	VPB_SLICED,	 /* one owner at a time */
	VPB_HOSTED,	 /* the monitor runs it for all */
	VPB_PARTITIONED, /* each vdev has instances of its own */
};

/*
 * Handlers that an engine may have. Of a host engine: transmit, recover, poll, mask, done, frame,
 * run. Of a slice engine: start, idle, ready, save, saved, restore, restored, recover, done. Of a
 * partition engine: reset, interrupt, start, idle, recover, done; where it says hardware, these are of one
 * instance (VPB_H_INSTANCE).
 */
enum vpb_engine_event {
	VPB_ON_TRANSMIT, /* hardware: r0 length; result: nonzero if the hardware took the frame */
	VPB_ON_RECOVER,	 /* hardware: reset the engine; what it did is aborted */
	VPB_ON_DONE,	 /* vdev: r0 tag, r1 status (0 good) */
	VPB_ON_FRAME,	 /* vdev: r0 length; a frame for this guest */
	VPB_ON_RUN,	 /* vdev: asked for by `run`, and again when there is room for jobs */
	VPB_ON_BEGIN,	 /* start: r0, r1 what `start` said; the engine is the vdev's now */
	VPB_ON_IDLE,	 /* hardware: result: nonzero if the engine can be handed on */
	VPB_ON_READY, /* hardware: r0, r1 what `start` said: its owner can begin this; none: idle */
	VPB_ON_SAVE,  /* hardware: begin to save the owner's state; done when idle again */
	VPB_ON_SAVED, /* hardware: the rest of it */
	VPB_ON_RESTORE,	 /* hardware: begin to restore the new owner's; done when idle again */
	VPB_ON_RESTORED, /* hardware: the rest of it */
	VPB_ON_INSTANCE_RESET,	   /* instance: as nobody had it before */
	VPB_ON_INSTANCE_INTERRUPT, /* instance: after VPB_ON_INTERRUPT; result: as that one's */
	VPB_ON_POLL, /* hardware: finish what has ended, whether it interrupts or not */
	VPB_ON_MASK, /* hardware: r0: an end of a job need not interrupt, VPB_ON_POLL finds it */
	VPB_ENGINE_EVENTS
};

struct vpb_engine {
	u32 name;
	u8 discipline;
	u8 reserved;
	u16 depth;	/* host: jobs that the hardware holds at a time; partition: instances */
	u32 timeout_ms; /* work that takes longer is aborted by VPB_ON_RECOVER */
	u32 max_frame;	/* host: bytes of the largest frame it sends, without FCS */
	u32 step;	/* partition: bytes from one instance's registers to the next's */
	u16 on[16];	/* handlers by enum vpb_engine_event */
};

/*
 * One way through a data port: bytes go between the port and a memory of the vdev at a moving
 * address, without a handler, until the count is used up.
 */
struct vpb_way {
	u16 memory; /* an array of bytes, or VPB_NONE: this way leads nowhere */
	u16 at;	    /* the address in it, */
	u16 left;   /* and bytes that are left */
	u16 top;    /* when the address gets here, it goes on at bottom; or VPB_NONE */
	u16 bottom;
	u16 unit;   /* an access moves at least as many bytes, up to 8; or VPB_NONE */
	u16 engine; /* writes also go to the hardware, whose owner the vdev must be; or VPB_NONE */
	u16 when;   /* not while this is 0: they go to the memory alone; or VPB_NONE */
	u16 on_end; /* vdev: the count has been used up */
	u16 reserved[3];
};

struct vpb_port {
	u16 reg;
	u16 reserved[3];
	struct vpb_way read, write;
};

/* The line is up while any (cause & mask) is not zero. */
struct vpb_irq {
	u16 cause; /* register */
	u16 mask;  /* register, or VPB_NONE: all causes */
};

/* A memory of the host that the physical device reaches by DMA. */
struct vpb_dma {
	u32 name;
	u32 size;
	u32 align; /* a power of two */
	u32 reserved;
};

struct vpb_param {
	u32 name;
	u32 doc;
	u16 var; /* in VPB_VDEV; not changed by a reset */
	u16 reserved;
	u32 value, count; /* allowed values, the first is the default; 0: any */
};

enum vpb_handler_kind {
	VPB_H_READ,	/* r0 value, r1 index, r2 bytes; result r0 */
	VPB_H_WRITE,	/* r0 new value, r1 index, r2 bytes */
	VPB_H_VDEV,	/* other handlers of a vdev */
	VPB_H_HARDWARE, /* handlers of the physical device; result r0 */
	VPB_H_START,	/* VPB_ON_BEGIN: of a vdev that has the hardware */
	VPB_H_INSTANCE, /* of an instance of a partition engine, whether a vdev has it or not */
	VPB_H_KINDS
};

struct vpb_handler {
	u32 name;  /* string: "on write TSD" */
	u32 start; /* first instruction */
	u32 count;
	u32 line; /* in the source */
	u8 kind;
	u8 nregs; /* VM registers it uses, >= 4; 0 at first, but for the arguments */
	u16 reserved;
};

/* One instruction: d is written, a and b are read (VM registers r0..r63). */
struct vpb_insn {
	u8 op;
	u8 d, a, b;
	u32 imm;
};

/* The element of a variable that an LDV or STV names. */
static inline u32 vpb_element(const struct vpb_insn *insn, bool store)
{
	return (store ? insn->d : insn->a) | (u32)insn->b << 8;
}

/* Contexts in which an instruction may stand. */
enum vpb_context {
	VPB_C_VDEV = 1, /* handlers of a vdev */
	VPB_C_HW = 2,	/* handlers of the hardware, and VPB_ON_BEGIN */
	VPB_C_ALL = 3,
};

/* What `imm` is. */
enum vpb_operand {
	VPB_I_NONE,    /* zero */
	VPB_I_NUMBER,  /* any */
	VPB_I_NONZERO, /* any but 0 */
	VPB_I_SHIFT,   /* 0..63 */
	VPB_I_FIELD,   /* low bit | width << 8 */
	VPB_I_VAR,     /* a variable with one element */
	VPB_I_ELEMENT, /* a variable; its element is a number in place of VM registers */
	VPB_I_ARRAY,   /* a variable; the index is in a (load) or b (store) */
	VPB_I_TARGET,  /* an instruction of this handler, further on */
	VPB_I_COUNTER, /* a loop counter */
	VPB_I_LOOP,   /* first instruction of the loop, further back; d counter, a | b << 8 bound */
	VPB_I_REG,    /* a register of the hardware with one element */
	VPB_I_REGS,   /* a register of the hardware; the index is in a (read) or b (write) */
	VPB_I_WIDTH,  /* 1, 2, 4 or 8 bytes */
	VPB_I_DMA,    /* a DMA memory */
	VPB_I_DMAW,   /* a DMA memory | width << 16 */
	VPB_I_THIRD,  /* a third VM register that is read */
	VPB_I_ENGINE, /* an engine */
	VPB_I_MEMORY, /* an array of bytes */
	VPB_I_MEMDMA, /* an array of bytes | a DMA memory << 16 */
	VPB_I_MEM3,   /* an array of bytes | a third VM register that is read << 16 */
};

/*
 * The instructions. OP(name, uses, imm, context, cost, meaning): `uses` names the VM registers that
 * matter, "d" written, "a" and "b" read. All arithmetic is on unsigned 64 bits; a comparison yields
 * 0 or 1; dividing by 0 yields 0. Guest memory: an access that fails yields 0, refuses the request
 * once (counted, reported) and sets the fault flag, which FAULT reads and clears.
 */
#define VPB_OPS(OP)                                                                                 \
	OP(LDI, "d", NUMBER, ALL, 1, "d = imm")                                                     \
	OP(LDH, "d", NUMBER, ALL, 1, "d |= imm << 32")                                              \
	OP(MOV, "da", NONE, ALL, 1, "d = a")                                                        \
	OP(ADD, "dab", NONE, ALL, 1, "d = a + b")                                                   \
	OP(SUB, "dab", NONE, ALL, 1, "d = a - b")                                                   \
	OP(MUL, "dab", NONE, ALL, 1, "d = a * b")                                                   \
	OP(DIV, "dab", NONE, ALL, 1, "d = a / b")                                                   \
	OP(MOD, "dab", NONE, ALL, 1, "d = a % b")                                                   \
	OP(AND, "dab", NONE, ALL, 1, "d = a & b")                                                   \
	OP(OR, "dab", NONE, ALL, 1, "d = a | b")                                                    \
	OP(XOR, "dab", NONE, ALL, 1, "d = a ^ b")                                                   \
	OP(SHL, "dab", NONE, ALL, 1, "d = b < 64 ? a << b : 0")                                     \
	OP(SHR, "dab", NONE, ALL, 1, "d = b < 64 ? a >> b : 0")                                     \
	OP(EQ, "dab", NONE, ALL, 1, "d = a == b")                                                   \
	OP(NE, "dab", NONE, ALL, 1, "d = a != b")                                                   \
	OP(LT, "dab", NONE, ALL, 1, "d = a < b")                                                    \
	OP(LE, "dab", NONE, ALL, 1, "d = a <= b")                                                   \
	OP(ADDI, "da", NUMBER, ALL, 1, "d = a + imm")                                               \
	OP(SUBI, "da", NUMBER, ALL, 1, "d = a - imm")                                               \
	OP(MULI, "da", NUMBER, ALL, 1, "d = a * imm")                                               \
	OP(DIVI, "da", NONZERO, ALL, 1, "d = a / imm")                                              \
	OP(MODI, "da", NONZERO, ALL, 1, "d = a % imm")                                              \
	OP(ANDI, "da", NUMBER, ALL, 1, "d = a & imm")                                               \
	OP(ORI, "da", NUMBER, ALL, 1, "d = a | imm")                                                \
	OP(XORI, "da", NUMBER, ALL, 1, "d = a ^ imm")                                               \
	OP(SHLI, "da", SHIFT, ALL, 1, "d = a << imm")                                               \
	OP(SHRI, "da", SHIFT, ALL, 1, "d = a >> imm")                                               \
	OP(EQI, "da", NUMBER, ALL, 1, "d = a == imm")                                               \
	OP(NEI, "da", NUMBER, ALL, 1, "d = a != imm")                                               \
	OP(LTI, "da", NUMBER, ALL, 1, "d = a < imm")                                                \
	OP(LEI, "da", NUMBER, ALL, 1, "d = a <= imm")                                               \
	OP(GTI, "da", NUMBER, ALL, 1, "d = a > imm")                                                \
	OP(GEI, "da", NUMBER, ALL, 1, "d = a >= imm")                                               \
	OP(NOT, "da", NONE, ALL, 1, "d = !a")                                                       \
	OP(INV, "da", NONE, ALL, 1, "d = ~a")                                                       \
	OP(EXT, "da", FIELD, ALL, 1, "d = the field of a")                                          \
	OP(INS, "dab", FIELD, ALL, 1, "d = a with its field set to b")                              \
	OP(LDV, "d", ELEMENT, ALL, 1, "d = element a | b << 8 of a variable")                       \
	OP(STV, "a", ELEMENT, ALL, 1, "element d | b << 8 of a variable = a")                       \
	OP(LDX, "da", ARRAY, ALL, 2, "d = array[a]; an index past the end ends the handler")        \
	OP(STX, "ab", ARRAY, ALL, 2, "array[b] = a; the same")                                      \
	OP(RAISE, "a", VAR, VDEV, 2, "variable |= a, and the guest is told of these bits")          \
	OP(URGE, "a", VAR, VDEV, 2, "the same, and the guest is told at once")                      \
	OP(LATER, "a", VAR, VDEV, 2, "the same, and the guest may be told later, with other news")  \
	OP(JMP, "", TARGET, ALL, 1, "go on at imm")                                                 \
	OP(JZ, "a", TARGET, ALL, 1, "go on at imm if a == 0")                                       \
	OP(JNZ, "a", TARGET, ALL, 1, "go on at imm if a != 0")                                      \
	OP(CLR, "", COUNTER, ALL, 1, "loop counter imm = 0")                                        \
	OP(CNT, "d", COUNTER, ALL, 1, "d = loop counter imm")                                       \
	OP(LOOP, "", LOOP, ALL, 1, "++counter d; back to imm while it is below the bound")          \
	OP(RET, "", NONE, ALL, 1, "end; a handler with a result has it in r0")                      \
	OP(NOW, "d", NONE, ALL, 8, "d = monotonic time in ns")                                      \
	OP(MAC, "d", NONE, VDEV, 1, "d = the vdev's own MAC address, first byte lowest")            \
	OP(GLD, "da", WIDTH, VDEV, 64, "d = guest memory at a")                                     \
	OP(GST, "ab", WIDTH, VDEV, 64, "guest memory at a = b")                                     \
	OP(FAULT, "d", NONE, VDEV, 1, "d = the fault flag, which is cleared")                       \
	OP(REFUSE, "a", NONE, VDEV, 8, "refuse the request at address a: counted, reported")        \
	OP(DENY, "", NONE, VDEV, 8, "deny the access: counted, reported")                           \
	OP(DROP, "", NONE, VDEV, 1, "count the frame as dropped, not received")                     \
	OP(FNEW, "", NONE, ALL, 1, "an empty frame")                                                \
	OP(FADD, "dab", NONE, VDEV, 512,                                                            \
	   "append b bytes of guest memory at a to the frame; d = done")                            \
	OP(FDMA, "dab", DMA, HW, 256, "append b bytes at offset a of a DMA memory; d = done")       \
	OP(FLEN, "d", NONE, ALL, 1, "d = the frame's length")                                       \
	OP(FLD, "da", WIDTH, ALL, 2, "d = the frame at offset a; 0 past its end")                   \
	OP(FCRC, "d", NONE, VDEV, 2048, "d = the frame's check sequence (FCS)")                     \
	OP(FSUM, "da", NONE, VDEV, 2048,                                                            \
	   "fill in checksums: a bit 0 IPv4, 1 TCP, 2 UDP; d = done")                               \
	OP(FTAG, "a", NONE, VDEV, 64, "insert the VLAN tag a after the addresses")                  \
	OP(FUNTAG, "d", NONE, VDEV, 64, "take a VLAN tag out; d = tag | 1 << 16, or 0 if none")     \
	OP(FPUT, "dab", THIRD, VDEV, 256,                                                           \
	   "guest memory at a = imm bytes of the frame from b; d = done")                           \
	OP(SEND, "dab", ENGINE, VDEV, 512,                                                          \
	   "send the frame as job with tag a, segments of b bytes of TCP (0: whole); d = taken")    \
	OP(ROOM, "d", ENGINE, VDEV, 1, "d = frames for which there is room")                        \
	OP(RUN, "", ENGINE, VDEV, 1, "run the engine's on_run after this handler")                  \
	OP(FILTER, "ab", NONE, VDEV, 8,                                                             \
	   "receive filter: a bits of enum vpb_filter, b multicast hash")                           \
	OP(HRD, "d", REG, HW, 128, "d = hardware register")                                         \
	OP(HWR, "a", REG, HW, 128, "hardware register = a")                                         \
	OP(HRX, "da", REGS, HW, 128, "d = hardware register[a]")                                    \
	OP(HWX, "ab", REGS, HW, 128, "hardware register[b] = a")                                    \
	OP(DLD, "da", DMAW, HW, 2, "d = DMA memory at offset a; past the end ends the handler")     \
	OP(DST, "ab", DMAW, HW, 2, "DMA memory at offset a = b; the same")                          \
	OP(DADDR, "d", DMA, HW, 1, "d = bus address of the DMA memory")                             \
	OP(FOUT, "da", DMA, HW, 256, "the frame to offset a of a DMA memory; d = done")             \
	OP(EMIT, "", NONE, HW, 512, "the frame came from the wire: hand it to the switch")          \
	OP(DONE, "a", ENGINE, HW, 8,                                                                \
	   "the engine's (or the instance's) oldest job ended with status a (0: good)")             \
	OP(CANCEL, "", ENGINE, VDEV, 64,                                                            \
	   "forget the vdev's jobs of the engine that have not ended")                              \
	OP(START, "dab", ENGINE, VDEV, 256,                                                         \
	   "ask for a slice engine; VPB_ON_BEGIN(a, b) when it is the vdev's; d = taken")           \
	OP(STARTED, "d", ENGINE, VDEV, 8, "d = what START asked for has not begun yet")             \
	OP(OWNED, "d", ENGINE, HW, 1, "d = the slice engine has an owner")                          \
	OP(INSTANCE, "d", ENGINE, HW, 1, "d = the number of the instance at hand, from 0")          \
	OP(GGET, "dab", MEMORY, VDEV, 512, "array = b bytes of guest memory at a; d = done")        \
	OP(GPUT, "dab", MEMORY, VDEV, 512,                                                          \
	   "guest memory at a = first b bytes of the array; d = done")                              \
	OP(DGET, "ab", MEMDMA, HW, 256,                                                             \
	   "array = b bytes of DMA memory from offset a; past the end ends the handler")            \
	OP(DPUT, "ab", MEMDMA, HW, 256,                                                             \
	   "DMA memory from offset a = first b bytes of the array; the same")                       \
	OP(FMEM, "dab", MEMORY, ALL, 256,                                                           \
	   "append b bytes of an array from offset a to the frame; d = done")                       \
	OP(FMPUT, "dab", MEM3, VDEV, 256,                                                           \
	   "array from offset a = imm bytes of the frame from b; d = done")                         \
	OP(LOCAL, "d", NONE, VDEV, 512,                                                             \
	   "the frame to the other guests that want it; d = 1 if it belongs on the wire too")       \
	OP(FAPP, "a", WIDTH, ALL, 8, "append imm bytes of a to the frame")                          \
	OP(FREAD, "da", REG, HW, 65535,                                                             \
	   "append a bytes to the frame that the hardware register yields; d = done")               \
	OP(FWRITE, "dab", REG, HW, 65535,                                                           \
	   "write b bytes of the frame from a, 0 past its end, to the hardware register; d = done") \
	OP(NOTIFY, "a", NONE, HW, 64, "run VPB_ON_NOTIFY with r0 = a in each vdev")                 \
	OP(FSTRIP, "", NONE, HW, 1, "the frame's last 4 bytes are its FCS: take them off, and keep them")

#define VPB_OP_ENUM(name, uses, imm, context, cost, meaning) VPB_##name,
enum vpb_op { VPB_OPS(VPB_OP_ENUM) VPB_OP_COUNT };

/* What the receive filter takes (FILTER's a). */
enum vpb_filter {
	VPB_F_UNICAST = 1, /* frames to the vdev's own address */
	VPB_F_BROADCAST = 2,
	VPB_F_MULTICAST = 4,   /* multicast frames whose hash bit is set */
	VPB_F_PROMISCUOUS = 8, /* every frame */
};

#endif /* VPIO_CORE_VPB_H */
