// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Receivers that are given memory which is not the guest's, or never emptied: frames are dropped and
 * counted, nothing is written, nobody else is disturbed.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <string.h>

static void check_clean(u64 address, u64 size, const char *what)
{
	const u8 *bytes = memory(address);
	u64 i;

	for (i = 0; i < size && bytes[i] == SOIL; i++)
		;
	expect(i == size, "%s: expected it untouched, found byte %#llx written", what,
	       (unsigned long long)i);
}

/* A frame comes for a receiver whose memory is bad. */
static void refuse_rx(struct vdev *v, const struct test *t)
{
	struct stats before;

	memset(memory(READ_ONLY), SOIL, AREA);
	memset(memory(PASSING), SOIL, AREA);
	memset(memory(ZERO), SOIL, PAGE);
	t->prepare(v, t);
	stats_read(v->uuid, &before);
	wire_send(v->mac, 64);
	expect(WAIT(stat_since(v, &before, "rx_dropped")), "expected the frame dropped");
	expect_value("rx_dropped", 1, stat_since(v, &before, "rx_dropped"));
	check_refused(v, &before, t->reason, 1);
	expect_value("rx_frames", 0, stat_since(v, &before, "rx_frames"));
	expect_value("ISR.ROK", 0, reg_read(v, ISR, 2) & ISR_ROK);
	check_clean(READ_ONLY + (t->prepare == NULL), AREA - PAGE, "memory that is read-only");
	check_clean(PASSING + PAGE, AREA - PAGE, "memory that is not mapped any more");
	check_clean(ZERO, PAGE, "memory at 0");
	restart(v);
	check_control(v);
	check_wire(v, 0);
}

static void prepare_rbstart(struct vdev *v, const struct test *t)
{
	reg_write(v, RBSTART, 4, t->address);
}

static void prepare_rbstart_passed(struct vdev *v, const struct test *t)
{
	struct stats before;

	stats_read(v->uuid, &before);
	expect_value("map", 0, (u64)dma_map(v, PASSING, AREA, 0));
	prepare_rbstart(v, t);
	wire_send(v->mac, 64);
	expect(WAIT(stat_since(v, &before, "rx_frames") == 1),
	       "a ring that is still mapped: expected a frame in it");
	expect_value("unmap", 0, (u64)dma_unmap(v, PASSING, AREA));
	reg_write(v, ISR, 2, 0xffff);
	memset(memory(PASSING), SOIL, AREA);
}

static void prepare_rdsar(struct vdev *v, const struct test *t)
{
	reg_write(v, RDSAR, 4, t->address);
	reg_write(v, RDSAR + 4, 4, t->address >> 32);
}

static void prepare_rdsar_read_only(struct vdev *v, const struct test *t)
{
	struct descriptor *ring = (struct descriptor *)memory(READ_ONLY + AREA - PAGE);

	ring[0] = (struct descriptor){ D_OWN | 2044, 0, RX_FRAMES };
	prepare_rdsar(v, t);
}

static void prepare_rdsar_passed(struct vdev *v, const struct test *t)
{
	struct descriptor *ring = (struct descriptor *)memory(PASSING);
	struct stats before;

	stats_read(v->uuid, &before);
	expect_value("map", 0, (u64)dma_map(v, PASSING, AREA, 0));
	ring[0] = (struct descriptor){ D_OWN | 2044, 0, RX_FRAMES };
	ring[1] = ring[0];
	prepare_rdsar(v, t);
	wire_send(v->mac, 64);
	expect(WAIT(stat_since(v, &before, "rx_frames") == 1),
	       "a ring that is still mapped: expected a frame in it");
	expect_value("unmap", 0, (u64)dma_unmap(v, PASSING, AREA));
	reg_write(v, ISR, 2, 0xffff);
}

static void prepare_rx_buffer(struct vdev *v, const struct test *t)
{
	(void)v;
	rx_descriptor(0)->address = t->address;
}

/* Ring positions that make no sense: its own receiver may go wrong, nobody else's. */
static void move_ring(struct vdev *v, const struct test *t)
{
	static const u32 sizes[] = { 3, 0, 2, 1, 0, 3 };
	u32 i, j;

	(void)t;
	memset(memory(READ_ONLY), SOIL, AREA);
	memset(memory(ZERO), SOIL, PAGE);
	for (i = 0; i < 60; i++) {
		reg_write(v, RCR, 4, RCR_APM | (i & 1 ? RCR_WRAP : 0) | sizes[i % 6] << 11);
		reg_write(v, CAPR, 2, i * 0x1357);
		reg_write(v, RBSTART, 4, RX_BUFFER + i % 7);
		for (j = 0; j < 8; j++)
			wire_send(v->mac, 60 + (i * 8 + j) * 3 % 1400);
	}
	check_clean(READ_ONLY, AREA, "memory that is read-only");
	check_clean(ZERO, PAGE, "memory at 0");
	pause_us(200000);
	restart(v);
	check_control(v);
}

/* A ring that is never read: its own frames are dropped and counted. */
static void fill_ring(struct vdev *v, const struct test *t)
{
	struct stats before;
	u32 i;

	(void)t;
	stats_read(v->uuid, &before);
	for (i = 1; i <= 200; i++) {
		wire_send(v->mac, FRAME_MOST - 4);
		expect(WAIT(stat_since(v, &before, "rx_frames") +
				    stat_since(v, &before, "rx_dropped") ==
			    i),
		       "frame %u: expected it received or dropped, found neither", i);
	}
	expect(stat_since(v, &before, "rx_dropped") >= 100, "expected over 100 frames dropped");
	check_refused(v, &before, NULL, 0);
	restart(v);
	check_control(v);
}

const struct test receive_cases[] = {
	CASE("rx-outside", "RBSTART outside of memory", refuse_rx, false, 0xdead0000, 0, "memory",
	     prepare_rbstart),
	CASE("rx-hole", "RBSTART at a hole", refuse_rx, false, HOLE, 0, "memory", prepare_rbstart),
	CASE("rx-end", "a received frame across the end of memory", refuse_rx, false, HOME_END - 32,
	     0, "memory", prepare_rbstart),
	CASE("rx-wrap", "a received frame across 4 GiB", refuse_rx, false, 0xfffffff0, 0, "memory",
	     prepare_rbstart),
	CASE("rx-read-only", "RBSTART in memory that the device may not write", refuse_rx, false,
	     READ_ONLY, 0, "memory", prepare_rbstart),
	CASE("rx-unmapped", "RBSTART not mapped any more", refuse_rx, false, PASSING, 0, "memory",
	     prepare_rbstart_passed),
	CASE("rx-no-master", "a received frame with bus master off", refuse_rx, false, 0, 0,
	     "master", prepare_no_master),
	CASE("rx-full", "a ring that is never read", fill_ring),
	CASE("rx-moved", "a ring that is moved and resized all the time", move_ring),
	CASE("cplus-rx-outside", "RDSAR outside of memory", refuse_rx, true, 0xdead000000000000, 0,
	     "memory", prepare_rdsar),
	CASE("cplus-rx-hole", "RDSAR at a hole", refuse_rx, true, HOLE, 0, "memory", prepare_rdsar),
	CASE("cplus-rx-read-only", "RDSAR in memory that the device may not write", refuse_rx, true,
	     READ_ONLY + AREA - PAGE, 0, "memory", prepare_rdsar_read_only),
	CASE("cplus-rx-unmapped", "RDSAR not mapped any more", refuse_rx, true, PASSING, 0,
	     "memory", prepare_rdsar_passed),
	CASE("cplus-rx-buffer-outside", "a receive buffer outside of memory", refuse_rx, true,
	     0xdead000000000000, 0, "memory", prepare_rx_buffer),
	CASE("cplus-rx-buffer-hole", "a receive buffer at a hole", refuse_rx, true, HOLE, 0,
	     "memory", prepare_rx_buffer),
	CASE("cplus-rx-buffer-end", "a receive buffer across the end of memory", refuse_rx, true,
	     HOME_END - 32, 0, "memory", prepare_rx_buffer),
	CASE("cplus-rx-buffer-wrap", "a receive buffer across 2^64", refuse_rx, true, WRAPS, 0,
	     "memory", prepare_rx_buffer),
	CASE("cplus-rx-buffer-read-only", "a receive buffer that the device may not write",
	     refuse_rx, true, READ_ONLY, 0, "memory", prepare_rx_buffer),
	{ .name = NULL },
};
