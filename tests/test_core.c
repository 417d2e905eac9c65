// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The virtual machine and the monitor (core/) by themselves: each instruction, each access of a
 * register, banks, MSI, and what the RTL8139's model has no use for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "builder.h"
#include "storm.h"

#define INSN(...)    ((struct vpb_insn){ __VA_ARGS__ })
#define LOW(number)  ((u32)(number))
#define HIGH(number) ((u32)((number) >> 32))

/* A model of one register of 8 bytes, at 0 of BAR 0; reading it runs the code. A NIC, or not. */
static struct world *make_world(const struct vpb_insn *code, u32 count, bool nic)
{
	struct builder builder;
	struct world *world;
	struct block block;
	u32 name;
	u16 var;

	builder_init(&builder, "one");
	name = builder.header.name;
	builder.header.flags = nic ? VPB_NIC : 0;
	var = builder_var(&builder, "VALUE", VPB_VDEV, 8, 1);
	builder_var(&builder, "table", VPB_VDEV, 2, 4);
	builder_handler(&builder, "on read", VPB_H_READ, code, count);
	builder_add(&builder, regs,
		    { .name = name,
		      .count = 1,
		      .stride = 8,
		      .width = 8,
		      .var = var,
		      .writable = ~0ull,
		      .on_read = 0,
		      .on_write = VPB_NONE,
		      .engine = VPB_NONE,
		      .port = VPB_NONE });
	builder_add(&builder, spans, { .start = 0, .end = 8, .reg = 0 });
	builder_add(&builder, maps, { 0, 1 });
	builder_add(&builder, maps, { 0, 1 });
	builder_add(&builder, windows, { .name = name, .size = 16, .bank_var = VPB_NONE });
	builder_add(&builder, bars, { .size = 16 });
	builder_finish(&builder, &block);
	world = world_create(block.data, block.size, 1, storm_device);
	free(block.data);
	assert_non_null(world);
	return world;
}

static u64 read_bar(struct world *world, unsigned int bar, u32 offset, unsigned int size)
{
	u64 value = 0;

	world->guests[0].locked = true;
	assert_int_equal(vpio_vdev_read(world->guests[0].vdev, bar, offset, &value, size), 0);
	world->guests[0].locked = false;
	return value;
}

static void write_bar(struct world *world, unsigned int bar, u32 offset, unsigned int size,
		      u64 value)
{
	assert_int_equal(storm_access(&world->guests[0], true, bar, offset, size, value), 0);
}

/* What code makes of two numbers, in r4 and r5. */
static u64 compute(u64 a, u64 b, const struct vpb_insn *code, u32 count)
{
	struct vpb_insn all[16] = {
		{ VPB_LDI, 4, 0, 0, LOW(a) },
		{ VPB_LDH, 4, 0, 0, HIGH(a) },
		{ VPB_LDI, 5, 0, 0, LOW(b) },
		{ VPB_LDH, 5, 0, 0, HIGH(b) },
	};
	struct world *world;
	u64 value;

	memcpy(all + 4, code, count * sizeof(*code));
	all[4 + count].op = VPB_RET;
	world = make_world(all, count + 5, true);
	value = read_bar(world, 0, 0, 8);
	world_destroy(world);
	return value;
}

/* --- Instructions ------------------------------------------------------------------------ */

static void test_arithmetic(void **state)
{
	static const u64 a = 0xfedcba9876543210, b = 0x1234;
	const struct {
		u8 op;
		u64 a, b;
		u32 imm;
		u64 result;
	} cases[] = {
		{ VPB_MOV, a, 0, 0, a },
		{ VPB_ADD, a, b, 0, a + b },
		{ VPB_ADD, ~0ull, 2, 0, 1 },
		{ VPB_SUB, b, a, 0, b - a },
		{ VPB_MUL, a, b, 0, a * b },
		{ VPB_DIV, a, b, 0, a / b },
		{ VPB_DIV, a, 0, 0, 0 },
		{ VPB_MOD, a, b, 0, a % b },
		{ VPB_MOD, a, 0, 0, 0 },
		{ VPB_AND, a, b, 0, a & b },
		{ VPB_OR, a, b, 0, a | b },
		{ VPB_XOR, a, b, 0, a ^ b },
		{ VPB_SHL, a, 8, 0, a << 8 },
		{ VPB_SHL, a, 64, 0, 0 },
		{ VPB_SHL, a, ~0ull, 0, 0 },
		{ VPB_SHR, a, 63, 0, 1 },
		{ VPB_SHR, a, 64, 0, 0 },
		{ VPB_EQ, a, a, 0, 1 },
		{ VPB_EQ, a, b, 0, 0 },
		{ VPB_NE, a, b, 0, 1 },
		{ VPB_NE, a, a, 0, 0 },
		{ VPB_LT, b, a, 0, 1 },
		{ VPB_LT, a, a, 0, 0 },
		{ VPB_LE, a, a, 0, 1 },
		{ VPB_LE, a, b, 0, 0 },
		{ VPB_ADDI, a, 0, ~0u, a + 0xffffffff },
		{ VPB_SUBI, b, 0, ~0u, b - 0xffffffff },
		{ VPB_MULI, a, 0, 3, a * 3 },
		{ VPB_DIVI, a, 0, 7, a / 7 },
		{ VPB_MODI, a, 0, 7, a % 7 },
		{ VPB_ANDI, a, 0, ~0u, a & 0xffffffff },
		{ VPB_ORI, a, 0, 0xff, a | 0xff },
		{ VPB_XORI, a, 0, ~0u, a ^ 0xffffffff },
		{ VPB_SHLI, a, 0, 63, a << 63 },
		{ VPB_SHRI, a, 0, 63, a >> 63 },
		{ VPB_EQI, 5, 0, 5, 1 },
		{ VPB_NEI, 5, 0, 5, 0 },
		{ VPB_LTI, 5, 0, 5, 0 },
		{ VPB_LEI, 5, 0, 5, 1 },
		{ VPB_GTI, a, 0, 5, 1 },
		{ VPB_GEI, 4, 0, 5, 0 },
		{ VPB_NOT, 0, 0, 0, 1 },
		{ VPB_NOT, a, 0, 0, 0 },
		{ VPB_INV, a, 0, 0, ~a },
		{ VPB_EXT, a, 0, 4 | 8 << 8, 0x21 },
		{ VPB_EXT, a, 0, 0 | 64 << 8, a },
		{ VPB_EXT, a, 0, 63 | 1 << 8, 1 },
		{ VPB_INS, a, 0x1ff, 4 | 8 << 8, 0xfedcba9876543ff0 },
		{ VPB_INS, a, b, 0 | 64 << 8, b },
		{ VPB_INS, 0, 1, 63 | 1 << 8, 1ull << 63 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct vpb_op_info *op = &vpb_ops[cases[i].op];
		struct vpb_insn insn = { cases[i].op, 0, 4, 0, cases[i].imm };
		u64 result;

		if (strchr(op->uses, 'b'))
			insn.b = 5;
		result = compute(cases[i].a, cases[i].b, &insn, 1);
		if (result != cases[i].result)
			fail_msg("%s: case %u: 0x%llx", op->name, i, (unsigned long long)result);
	}
}

static void test_jumps(void **state)
{
	struct vpb_insn code[] = {
		{ VPB_JZ, 0, 4, 0, 7 },
		{ VPB_LDI, 0, 0, 0, 1 },
		{ VPB_RET, 0, 0, 0, 0 },
		{ VPB_LDI, 0, 0, 0, 2 },
	};

	(void)state;
	assert_int_equal(compute(1, 0, code, 4), 1);
	assert_int_equal(compute(0, 0, code, 4), 2);
	code[0].op = VPB_JNZ;
	assert_int_equal(compute(1, 0, code, 4), 2);
	assert_int_equal(compute(0, 0, code, 4), 1);
	code[0] = INSN(VPB_JMP, 0, 0, 0, 7);
	assert_int_equal(compute(1, 0, code, 4), 2);
}

/* 3 times 300 rounds, and what the counters say in the last of them. */
static void test_loops(void **state)
{
	const struct vpb_insn code[] = {
		{ VPB_CLR, 0, 0, 0, 0 },
		{ VPB_CLR, 0, 0, 0, 7 },
		{ VPB_ADDI, 4, 4, 0, 1 },
		{ VPB_CNT, 5, 0, 0, 7 },
		{ VPB_LOOP, 7, 300 & 0xff, 300 >> 8, 6 },
		{ VPB_CNT, 6, 0, 0, 0 },
		{ VPB_LOOP, 0, 3, 0, 5 },
		{ VPB_SHLI, 5, 5, 0, 16 },
		{ VPB_OR, 0, 4, 5, 0 },
		{ VPB_SHLI, 6, 6, 0, 32 },
		{ VPB_OR, 0, 0, 6, 0 },
	};

	(void)state;
	assert_int_equal(compute(0, 0, code, ARRAY_SIZE(code)), 900 | 299 << 16 | 2ull << 32);
}

static void test_variables(void **state)
{
	const struct vpb_insn code[] = {
		{ VPB_STX, 0, 5, 4, 1 }, /* table[r4] = r5 */
		{ VPB_LDV, 1, 0, 0, 1 },   { VPB_LDX, 2, 4, 0, 1 },
		{ VPB_SHLI, 1, 1, 0, 32 }, { VPB_OR, 0, 1, 2, 0 },
	};

	(void)state;
	assert_int_equal(compute(3, 0x12345, code, ARRAY_SIZE(code)), 0x2345);
	assert_int_equal(compute(0, 0x12345, code, ARRAY_SIZE(code)), 0x234500002345);
	assert_int_equal(compute(4, 0x12345, code, ARRAY_SIZE(code)), 0); /* past the end */
	assert_int_equal(compute(1ull << 32, 0x12345, code, ARRAY_SIZE(code)), 0);
}

/* The arguments of a read's handler: value, index, size. A reader sees its part of the result. */
static void test_arguments(void **state)
{
	const struct vpb_insn code[] = {
		{ VPB_SHLI, 2, 2, 0, 56 },
		{ VPB_OR, 0, 0, 2, 0 },
		{ VPB_RET, 0, 0, 0, 0 },
	};
	struct world *world = make_world(code, ARRAY_SIZE(code), false);

	(void)state;
	write_bar(world, 0, 0, 8, 0x0011223344556677);
	assert_int_equal(read_bar(world, 0, 0, 8), 0x0811223344556677);
	assert_int_equal(read_bar(world, 0, 4, 4), 0x04112233);
	assert_int_equal(read_bar(world, 0, 6, 2), 0x0211);
	assert_int_equal(read_bar(world, 0, 7, 1), 0x01);
	assert_int_equal(read_bar(world, 0, 8, 8), ~0ull); /* there is nothing */
	assert_int_equal(read_bar(world, 0, 5, 8), 0xffffffffff031122);
	world_destroy(world);
}

static void test_guest_memory(void **state)
{
	const struct vpb_insn code[] = {
		{ VPB_GLD, 1, 0, 0, 2 },   { VPB_ADDI, 0, 0, 0, 8 },  { VPB_GST, 0, 0, 1, 4 },
		{ VPB_FAULT, 2, 0, 0, 0 }, { VPB_FAULT, 3, 0, 0, 0 }, { VPB_SHLI, 2, 2, 0, 32 },
		{ VPB_SHLI, 3, 3, 0, 33 }, { VPB_OR, 0, 1, 2, 0 },    { VPB_OR, 0, 0, 3, 0 },
		{ VPB_RET, 0, 0, 0, 0 },
	};
	struct world *world = make_world(code, ARRAY_SIZE(code), false);
	struct world_guest *guest = world->guests;
	u16 command = 4;

	(void)state;
	write_bar(world, 0, 0, 8, 0x1000);
	assert_int_equal(read_bar(world, 0, 0, 8), 1ull << 32); /* no bus master */
	assert_int_equal(guest->refusal, VPIO_REFUSE_MASTER);
	guest->locked = true;
	vpio_vdev_config_write(guest->vdev, 4, &command, 2);
	guest->locked = false;
	guest_put(guest, 0x1000, 4, 0x11223344);
	assert_int_equal(read_bar(world, 0, 0, 8), 0x3344);
	assert_int_equal(guest_get(guest, 0x1008, 8), 0x3344);
	write_bar(world, 0, 0, 8, WORLD_MEMORY - 8);
	assert_int_equal(read_bar(world, 0, 0, 8), 1ull << 32);
	assert_int_equal(guest->refusal, VPIO_REFUSE_MEMORY);
	assert_int_equal(guest->address, WORLD_MEMORY);
	world_destroy(world);
}

/* What a model that is no NIC gathers goes nowhere; nothing of it is reached without bus mastering. */
static void test_frame_without_nic(void **state)
{
	const struct vpb_insn code[] = {
		{ VPB_FNEW, 0, 0, 0, 0 }, { VPB_FADD, 4, 0, 2, 0 }, { VPB_FLEN, 5, 0, 0, 0 },
		{ VPB_FLD, 6, 0, 0, 8 },  { VPB_FTAG, 0, 2, 0, 0 }, { VPB_FUNTAG, 7, 0, 0, 0 },
		{ VPB_FSUM, 7, 2, 0, 0 }, { VPB_FCRC, 7, 0, 0, 0 }, { VPB_FPUT, 7, 0, 3, 2 },
		{ VPB_OR, 0, 4, 5, 0 },	  { VPB_OR, 0, 0, 6, 0 },   { VPB_RET, 0, 0, 0, 0 },
	};
	struct world *world = make_world(code, ARRAY_SIZE(code), false);

	(void)state;
	assert_int_equal(read_bar(world, 0, 0, 8), 0);
	assert_int_equal(world->guests[0].refusal, VPIO_REFUSE_MASTER);
	world_destroy(world);
}

/* --- Handlers of the hardware ------------------------------------------------------------ */

/* The toy with other code in on start; the errors that it makes. */
static u64 start_errors(const struct vpb_insn *code, u32 count)
{
	struct world *world;
	struct block block;
	u64 errors;
	u32 i;

	toy_make(&block);
	block.header->on[VPB_ON_STOP] = VPB_NONE;
	for (i = 0; i < TOY_HARDWARE_INSNS - 1; i++)
		block.code[block.handlers[TOY_ON_HARDWARE].start + i] =
			i < count ? code[i] : INSN(VPB_LDI, 0, 0, 0, 0);
	block_seal(&block);
	world = world_create(block.data, block.size, 0, storm_device);
	assert_non_null(world);
	errors = vpio_pdev_stats(world->pdev)->model_errors;
	world_destroy(world);
	free(block.data);
	return errors;
}

/* Indexes and offsets past the end end the handler, and are counted. */
static void test_hardware_ends(void **state)
{
	static const struct {
		struct vpb_insn insn;
		u64 last; /* the last index or offset that is right */
	} cases[] = {
		{ { VPB_HRX, 0, 4, 0, TOY_ARRAY }, 2 },
		{ { VPB_HWX, 0, 5, 4, TOY_ARRAY }, 2 },
		{ { VPB_DLD, 0, 4, 0, 8 << 16 }, 0x1000 - 8 },
		{ { VPB_DST, 0, 4, 5, 2 << 16 }, 0x1000 - 2 },
		{ { VPB_LDX, 0, 4, 0, TOY_HOSTS }, 3 },
		{ { VPB_STX, 0, 5, 4, TOY_HOSTS }, 3 },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vpb_insn code[] = {
			{ VPB_LDI, 4, 0, 0, LOW(cases[i].last) },
			cases[i].insn,
		};

		assert_int_equal(start_errors(code, 2), 0);
		code[0].imm++;
		assert_int_equal(start_errors(code, 2), 1);
		code[0] = INSN(VPB_SUBI, 4, 4, 0, 1); /* 0 - 1 */
		assert_int_equal(start_errors(code, 2), 1);
	}
}

/* Frames to and from a DMA memory, past its end: not done, and no error. */
static void test_hardware_frames(void **state)
{
	const struct vpb_insn code[] = {
		{ VPB_LDI, 4, 0, 0, 0xfff }, { VPB_FNEW, 0, 0, 0, 0 }, { VPB_FDMA, 5, 4, 4, 0 },
		{ VPB_LDI, 6, 0, 0, 16 },    { VPB_FDMA, 5, 0, 6, 0 }, { VPB_FOUT, 5, 4, 0, 0 },
		{ VPB_EMIT, 0, 0, 0, 0 },
	};

	(void)state;
	assert_int_equal(start_errors(code, ARRAY_SIZE(code)), 0);
}

/* --- Registers --------------------------------------------------------------------------- */

static struct world *toy_world(void (*change)(struct block *block))
{
	struct world *world;
	struct block block;

	toy_make(&block);
	if (change)
		change(&block);
	block_seal(&block);
	world = world_create(block.data, block.size, 1, storm_device);
	free(block.data);
	assert_non_null(world);
	return world;
}

static u64 access_mask(struct world *world)
{
	write_bar(world, 0, 34, 2, 0x1234);
	return read_bar(world, 0, 34, 2) | read_bar(world, 0, 34, 2) << 16;
}

static void change_ro(struct block *block)
{
	block->regs[TOY_MASK].writable = 0;
}

static void change_wo(struct block *block)
{
	block->regs[TOY_MASK].access = VPB_WO;
}

static void change_rc(struct block *block)
{
	block->regs[TOY_MASK].access = VPB_RC;
}

static void change_strobe(struct block *block)
{
	block->regs[TOY_MASK].access = VPB_STROBE;
}

static void check_access(void (*change)(struct block *block), u64 expected)
{
	struct world *world = toy_world(change);

	assert_int_equal(access_mask(world), expected);
	world_destroy(world);
}

static void test_accesses(void **state)
{
	(void)state;
	check_access(NULL, 0x12341234);
	check_access(change_ro, 0);
	check_access(change_wo, 0);
	check_access(change_rc, 0x1234);
	check_access(change_strobe, 0);
}

/* The bank that a register selects is what the other window shows. */
static void test_banks(void **state)
{
	struct world *world = toy_world(NULL);

	(void)state;
	write_bar(world, 1, 0, 1, 0x5a);
	assert_int_equal(read_bar(world, 1, 0, 1), 0x5a);
	assert_int_equal(read_bar(world, 1, 4, 4), ~0u);
	write_bar(world, 0, 36, 1, 0xff); /* bank 1: only the lowest bit selects */
	assert_int_equal(read_bar(world, 1, 0, 1), 0xff);
	assert_int_equal(read_bar(world, 1, 4, 4), 0);
	write_bar(world, 1, 0, 1, 0x33);
	write_bar(world, 0, 36, 1, 0xfe);
	assert_int_equal(read_bar(world, 1, 0, 1), 0x5a);
	world_destroy(world);
}

static void change_port(struct block *block)
{
	block->regs[TOY_PORT].on_read = TOY_ON_READ;
	block->code[block->handlers[TOY_ON_READ].start] = INSN(VPB_MULI, 0, 2, 0, 0x01010101);
}

/* A register that takes each access whole: its handler runs once, and sees the size. */
static void test_whole(void **state)
{
	struct world *world = toy_world(change_port);
	const struct vpio_vdev_stats *stats = vpio_vdev_stats(world->guests[0].vdev);

	(void)state;
	assert_int_equal(read_bar(world, 1, 0, 4), 0x04040404);
	assert_int_equal(read_bar(world, 1, 0, 2), 0x0202);
	assert_int_equal(read_bar(world, 1, 0, 1), 0x01);
	assert_int_equal(stats->hooks, 3);
	write_bar(world, 1, 0, 4, 0x11223344);
	world_destroy(world);
}

/* An array with gaps between its elements. */
static void test_gaps(void **state)
{
	struct world *world = toy_world(NULL);
	u32 offset;

	(void)state;
	for (offset = 8; offset < 32; offset += 4)
		write_bar(world, 0, offset, 4, offset);
	for (offset = 8; offset < 32; offset += 4)
		assert_int_equal(read_bar(world, 0, offset, 4), offset & 4 ? ~0u : offset);
	assert_int_equal(read_bar(world, 0, 8, 8), 0xffffffff00000008);
	assert_int_equal(read_bar(world, 0, 26, 4), 0xffff0000);
	world_destroy(world);
}

/* --- MSI --------------------------------------------------------------------------------- */

static void change_msi(struct block *block)
{
	block->header->msi = 1;
}

static u32 config(struct world *world, u32 offset, u32 value)
{
	struct world_guest *guest = world->guests;

	guest->locked = true;
	vpio_vdev_config_write(guest->vdev, offset, &value, 4);
	vpio_vdev_config_read(guest->vdev, offset, &value, 4);
	guest->locked = false;
	return value;
}

/* Each new cause is a message; what was there already is none. */
static void test_msi(void **state)
{
	struct world *world = toy_world(change_msi);
	struct world_guest *guest = world->guests;

	(void)state;
	assert_int_equal(config(world, 0x04, 0xffff0557), 0x00100557);
	assert_int_equal(config(world, 0x34, ~0u), 0x40);
	assert_int_equal(config(world, 0x44, ~0u), ~0u - 3);
	assert_int_equal(config(world, 0x48, ~0u), ~0u);
	assert_int_equal(config(world, 0x4c, ~0u), 0xffff);
	assert_int_equal(config(world, 0x40, 0xffffffff), 0x00810005);
	write_bar(world, 0, 34, 2, 0xffff);
	world_pass(world, VPIO_TICK_MS); /* notifies: CAUSE = 1 */
	assert_int_equal(guest->edges, 1);
	assert_false(vpio_vdev_irq_level(guest->vdev));
	world_pass(world, VPIO_TICK_MS);
	assert_int_equal(guest->edges, 1);
	write_bar(world, 0, 32, 2, 1);
	world_pass(world, VPIO_TICK_MS);
	assert_int_equal(guest->edges, 2);
	assert_int_equal(vpio_vdev_stats(guest->vdev)->interrupts, 2);
	world_destroy(world);
}

/* --- Vdevs ------------------------------------------------------------------------------- */

static void test_many_vdevs(void **state)
{
	struct world *world = toy_world(NULL);
	struct vpio_vdev *vdevs[VPIO_MAX_VDEVS];
	struct world_guest guest = { .world = world };
	u8 mac[6] = { 0x02 };
	unsigned int i;

	(void)state;
	guest.locked = true;
	for (i = 0; i < VPIO_MAX_VDEVS; i++) {
		vdevs[i] = test_calloc(1, vpio_vdev_size(&world->model));
		mac[5] = (u8)i;
		vpio_vdev_init(vdevs[i], world->pdev, mac, &guest);
		assert_ptr_equal(vpio_vdev_pdev(vdevs[i]), world->pdev);
		assert_int_equal(vpio_vdev_attach(vdevs[i]), i < VPIO_MAX_VDEVS - 1 ? 0 : -1);
	}
	vpio_vdev_detach(vdevs[0]);
	assert_int_equal(vpio_vdev_attach(vdevs[VPIO_MAX_VDEVS - 1]), 0);
	for (i = 0; i < VPIO_MAX_VDEVS; i++) {
		vpio_vdev_detach(vdevs[i]);
		test_free(vdevs[i]);
	}
	assert_int_equal(vpio_pdev_model(world->pdev)->header->device, 0x5678);
	world_destroy(world);
}

static void change_run(struct block *block)
{
	u32 run = block->handlers[TOY_ON_VDEV].start + TOY_LDI;

	block->code[run] = INSN(VPB_RUN, 0, 0, 0, TOY_TX);
}

/* on_run that asks for itself runs once now, and again when the worker comes; it does not hang. */
static void test_run_again(void **state)
{
	struct world *world = toy_world(change_run);

	(void)state;
	world->guests[0].woken = false;
	write_bar(world, 0, 0, 4, 1);
	assert_true(world->guests[0].woken);
	world->rounds = 10;
	world_run(world);
	world_destroy(world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_loops),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_guest_memory),
		cmocka_unit_test(test_frame_without_nic),
		cmocka_unit_test(test_hardware_ends),
		cmocka_unit_test(test_hardware_frames),
		cmocka_unit_test(test_accesses),
		cmocka_unit_test(test_banks),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_msi),
		cmocka_unit_test(test_many_vdevs),
		cmocka_unit_test(test_run_again),
	};

	return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
