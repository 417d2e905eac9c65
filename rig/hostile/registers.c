// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Accesses of every width at every place: registers, configuration space, regions that there are not;
 * and the EEPROM, which no guest may program.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* What may come of an access of @size bytes of which @room are there. */
static void check_access(const char *what, u64 offset, size_t size, u64 room, ssize_t moved)
{
	const bool whole = size == 1 || size == 2 || size == 4 || size == 8;

	if (whole && size <= room)
		expect(moved == (ssize_t)size,
		       "%s of %zu bytes at %#llx: expected it to work, found %zd (%s)", what, size,
		       (unsigned long long)offset, moved, strerror(errno));
	else
		expect(moved <= (ssize_t)(size < room ? size : room),
		       "%s of %zu bytes at %#llx: expected at most %llu of them, found %zd", what,
		       size, (unsigned long long)offset,
		       (unsigned long long)(size < room ? size : room), moved);
}

static const size_t widths[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 64, 255, 256, 257, 4096, 65536 };

/* Reads or writes everywhere in a region and past its end. */
static void sweep(struct vdev *v, u32 region, u32 size, bool write, u64 *state)
{
	static u8 data[65536 + 16];
	const u64 base = region_offset(v, region);
	const char *what = write ? "write" : "read";
	u32 offset, i;

	for (offset = 0; offset < size + 16; offset++) {
		for (i = 0; i < ARRAY_SIZE(widths); i++) {
			ssize_t moved;
			size_t j;

			for (j = 0; j < 16; j++)
				data[j] = write ? (u8)chance(state) : SOIL;
			data[widths[i]] = SOIL;
			moved = write ? pwrite(v->device, data, widths[i], (off_t)(base + offset))
				      : pread(v->device, data, widths[i], (off_t)(base + offset));
			check_access(what, offset, widths[i], offset < size ? size - offset : 0,
				     moved);
			expect(data[widths[i]] == SOIL,
			       "%s of %zu bytes at %#x: expected nothing past them, found a byte written",
			       what, widths[i], offset);
		}
	}
}

/* A wide read sees what narrow ones see. */
static void check_widths(struct vdev *v)
{
	u32 offset, size, i;

	for (size = 2; size <= 8; size *= 2) {
		for (offset = 0; offset + size <= REGISTERS; offset++) {
			u64 narrow = 0;

			if (offset + size > TCTR && offset < TCTR + 4)
				continue;
			for (i = 0; i < size; i++)
				narrow |= reg_read(v, offset + i, 1) << 8 * i;
			if (!expect(reg_read(v, offset, size) == narrow,
				    "%u bytes at %#x: expected %#llx as byte by byte, found %#llx",
				    size, offset, (unsigned long long)narrow,
				    (unsigned long long)reg_read(v, offset, size)))
				return;
		}
	}
}

static void read_registers(struct vdev *v, const struct test *t)
{
	u64 state = 4;

	(void)t;
	sweep(v, VFIO_PCI_BAR0_REGION_INDEX, REGISTERS, false, &state);
	sweep(v, VFIO_PCI_BAR1_REGION_INDEX, REGISTERS, false, &state);
	check_widths(v);
	check_control(v);
}

static void write_registers(struct vdev *v, const struct test *t)
{
	u64 state = seed;

	(void)t;
	sweep(v, VFIO_PCI_BAR0_REGION_INDEX, REGISTERS, true, &state);
	sweep(v, VFIO_PCI_BAR1_REGION_INDEX, REGISTERS, true, &state);
	vdev_reset(v);
	restart(v);
	wire_forget();
	check_control(v);
}

/* Regions that there are not, and offsets outside of those that there are. */
static void other_regions(struct vdev *v, const struct test *t)
{
	static const u64 offsets[] = {
		0,	1,	    0xff,	 0x100,	       0xfff,
		0x1000, 0xffffffff, 0x100000000, 0xfffffffff8, 0xffffffffff
	};
	static u8 data[4096];
	u32 region, i, j;

	(void)t;
	for (region = 0; region < 300; region++) {
		const u64 base = region < 16 ? region_offset(v, region) : (u64)region << 40;
		const bool real = region <= VFIO_PCI_BAR1_REGION_INDEX ||
				  region == VFIO_PCI_CONFIG_REGION_INDEX;

		for (i = 0; i < ARRAY_SIZE(offsets); i++) {
			for (j = 0; j < ARRAY_SIZE(widths); j++) {
				size_t size = widths[j] < 4096 ? widths[j] : 4096;
				off_t at = (off_t)(base + offsets[i]);

				if (real && offsets[i] < 0x100)
					continue;
				expect(pread(v->device, data, size, at) <= 0,
				       "read of region %u at %#llx: expected nothing", region,
				       (unsigned long long)offsets[i]);
				expect(pwrite(v->device, data, size, at) <= 0,
				       "write of region %u at %#llx: expected nothing", region,
				       (unsigned long long)offsets[i]);
			}
		}
	}
	for (i = 1; i < 64; i++) {
		const off_t at = (off_t)(1ull << i);

		if (at >= 0x100 || at < 0) {
			expect(pread(v->device, data, 4, at) <= 0 || (u64)at == v->regs ||
				       (u64)at == v->config,
			       "read at 2^%u: expected nothing", i);
		}
		expect(pread(v->device, data, 4, -(off_t)i) < 0, "read at -%u: expected an error",
		       i);
		expect(pwrite(v->device, data, 4, -(off_t)i) < 0, "write at -%u: expected an error",
		       i);
	}
	check_control(v);
}

/* Buffers that the caller does not have. */
static void bad_buffers(struct vdev *v, const struct test *t)
{
	void *const bad[] = { NULL, (void *)8, (void *)-4096L, (void *)-1L, (void *)(1l << 46) };
	u8 *edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const off_t at[] = { (off_t)v->regs, (off_t)v->config };
	struct iovec pieces[3] = { { edge, 3 }, { edge + 3, 0 }, { edge + 3, 5 } };
	u32 i, j;

	(void)t;
	munmap(edge + PAGE, PAGE);
	for (i = 0; i < 2; i++) {
		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			expect(pread(v->device, bad[j], 4, at[i]) <= 0,
			       "read to %p: expected an error", bad[j]);
			expect(pwrite(v->device, bad[j], 4, at[i]) <= 0,
			       "write from %p: expected an error", bad[j]);
		}
		expect(pread(v->device, edge + PAGE - 2, 4, at[i]) <= 2,
		       "read across the end of a buffer: expected at most what fits");
		expect(pwrite(v->device, edge + PAGE - 2, 4, at[i]) <= 2,
		       "write across the end of a buffer: expected at most what is there");
		preadv(v->device, pieces, 3, at[i]);
		pwritev(v->device, pieces, 3, at[i]);
	}
	vdev_reset(v);
	restart(v);
	check_control(v);
}

/* What a guest can change in configuration space; all the rest is the same whatever it writes. */
static void config_space(struct vdev *v, const struct test *t)
{
	u8 before[256], after[256], writable[256] = { 0 };
	u64 state = 5;
	u32 i;

	(void)t;
	sweep(v, VFIO_PCI_CONFIG_REGION_INDEX, 256, false, &state);
	vdev_reset(v);
	for (i = 0; i < 256; i++)
		before[i] = (u8)config_read(v, i, 1);
	writable[4] = 0x57;
	writable[5] = 0x05;
	writable[0x0c] = writable[0x0d] = writable[0x3c] = 0xff;
	memset(writable + 0x11, 0xff, 3); /* two BARs of 256 bytes */
	memset(writable + 0x15, 0xff, 3);
	for (i = 0; i < 256; i++)
		config_write(v, i, 1, 0xff);
	for (i = 0; i < 256; i++) {
		after[i] = (u8)config_read(v, i, 1);
		expect(after[i] == (before[i] | writable[i]),
		       "configuration byte %#x after 0xff was written: expected %#x, found %#x", i,
		       before[i] | writable[i], after[i]);
	}
	for (i = 0; i < 256; i++)
		config_write(v, i, 1, 0);
	for (i = 0; i < 256; i++)
		expect((u8)config_read(v, i, 1) == (before[i] & ~writable[i]),
		       "configuration byte %#x after 0 was written: expected %#x", i,
		       before[i] & ~writable[i]);
	sweep(v, VFIO_PCI_CONFIG_REGION_INDEX, 256, true, &state);
	vdev_reset(v);
	for (i = 0; i < 256; i++)
		expect((u8)config_read(v, i, 1) == before[i],
		       "configuration byte %#x after a reset: expected %#x", i, before[i]);
	restart(v);
	check_control(v);
}

enum { EE_ENABLE = 0x88, EE_CLOCK = 4, EE_IN = 2, EE_OUT = 1 };

static void ee_shift(struct vdev *v, u32 value, u32 bits)
{
	while (bits--) {
		const u32 bit = EE_ENABLE | (value >> bits & 1 ? EE_IN : 0);

		reg_write(v, CFG9346, 1, bit);
		reg_write(v, CFG9346, 1, bit | EE_CLOCK);
	}
}

static void ee_end(struct vdev *v)
{
	reg_write(v, CFG9346, 1, EE_ENABLE);
	reg_write(v, CFG9346, 1, 0);
}

static u32 ee_read(struct vdev *v, u32 address)
{
	u32 value = 0, i;

	reg_write(v, CFG9346, 1, EE_ENABLE);
	ee_shift(v, 6 << 6 | address, 9);
	for (i = 0; i < 16; i++) {
		reg_write(v, CFG9346, 1, EE_ENABLE);
		reg_write(v, CFG9346, 1, EE_ENABLE | EE_CLOCK);
		value = value << 1 | (reg_read(v, CFG9346, 1) & EE_OUT);
	}
	ee_end(v);
	return value;
}

/* Commands of the 93C46: write enable, write a word, erase one, write all, erase all. */
static void program_eeprom(struct vdev *v, const struct test *t)
{
	static const struct {
		u32 command, bits, denied;
	} commands[] = {
		{ 0x130, 9, 0 },      { 5 << 22 | 7 << 16 | 0xdead, 25, 22 },
		{ 7 << 6 | 7, 9, 0 }, { 0x110 << 16 | 0xdead, 25, 0 },
		{ 0x120, 9, 0 },      { 5 << 22 | 0xdead, 25, 22 },
	};
	struct stats before;
	u32 words[64], i;

	for (i = 0; i < 64; i++)
		words[i] = ee_read(v, i);
	expect_value("the EEPROM's word 0", 0x8129, words[0]);
	expect_value("the EEPROM's word 7", (u32)(v->mac[0] | v->mac[1] << 8), words[7]);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		stats_read(v->uuid, &before);
		reg_write(v, CFG9346, 1, EE_ENABLE);
		ee_shift(v, commands[i].command, commands[i].bits);
		ee_end(v);
		check_refused(v, &before, t->reason, commands[i].denied);
	}
	for (i = 0; i < 64; i++)
		expect(ee_read(v, i) == words[i], "the EEPROM's word %u: expected it unchanged", i);
	restart(v);
	check_control(v);
}

const struct test register_cases[] = {
	CASE("registers-read", "reads of every width at every offset", read_registers),
	CASE("registers-write", "writes of every width at every offset", write_registers),
	CASE("registers-write-cplus", "the same in C+ mode", write_registers, true),
	CASE("regions", "regions and offsets that there are not", other_regions),
	CASE("buffers", "buffers that the caller does not have", bad_buffers),
	CASE("config", "configuration space", config_space),
	CASE("eeprom", "programming the EEPROM", program_eeprom, false, 0, 0, "deny"),
	{ .name = NULL },
};
