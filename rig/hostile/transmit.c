// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Frames that must not leave, classic mode: from memory that is not the guest's, of wrong sizes, with
 * another's address. Each is refused and counted once, the guest is told, the wire stays silent.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

void check_aborted(struct vdev *v, const struct stats *before, const char *reason)
{
	expect(reg_read(v, ISR, 2) & ISR_TER, "expected ISR.TER, found ISR %#llx",
	       (unsigned long long)reg_read(v, ISR, 2));
	check_refused(v, before, reason, 1);
	expect_value("jobs", 0, stat_since(v, before, "jobs"));
	expect_value("tx_frames", 0, stat_since(v, before, "tx_frames"));
}

static void refuse_classic(struct vdev *v, const struct test *t)
{
	struct stats before;
	u32 status;

	make_frame(v, memory(TX_FRAME), t->size > 64 ? t->size : 64, KIND_POISON);
	if (t->prepare)
		t->prepare(v, t);
	stats_read(v->uuid, &before);
	status = send_classic(v, t->address, t->size);
	expect((status & (TSD_TABT | TSD_OWN | TSD_TOK)) == (TSD_TABT | TSD_OWN),
	       "expected TSD.TABT and OWN, found TSD %#x", status);
	check_aborted(v, &before, t->reason);
	if (t->prepare)
		restart(v);
	check_wire(v, 0);
}

static void prepare_passed(struct vdev *v, const struct test *t)
{
	expect_value("map", 0, (u64)dma_map(v, PASSING, AREA, 0));
	make_frame(v, memory(PASSING), 64, KIND_CASE);
	expect(send_classic(v, t->address, t->size) & TSD_TOK,
	       "a frame in memory that is still mapped: expected it sent");
	expect_value("unmap", 0, (u64)dma_unmap(v, PASSING, AREA));
	wire_forget();
	memcpy(memory(PASSING), memory(TX_FRAME), 64);
}

void change_passing(int protection)
{
	if (mmap(memory(PASSING), AREA, protection, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1,
		 0) == MAP_FAILED)
		die("mmap: %s", strerror(errno));
}

/* DMA memory behind which the process has no memory any more. */
static void refuse_vanished(struct vdev *v, const struct test *t)
{
	expect_value("map", 0, (u64)dma_map(v, PASSING, AREA, 0));
	change_passing(PROT_NONE);
	refuse_classic(v, t);
	change_passing(PROT_READ | PROT_WRITE);
}

void prepare_no_master(struct vdev *v, const struct test *t)
{
	(void)t;
	config_write(v, COMMAND, 2, COMMAND_MEMORY);
}

/* Another vdev's address if there is another vdev. */
static void get_foreign(struct vdev *v, u8 mac[6])
{
	u8 macs[8][6] = { { 0x02, 0x66, 0x6f, 0x6f, 0x00, 0x01 } };

	other_macs(v->uuid, macs, 8);
	memcpy(mac, macs[0], 6);
}

void prepare_foreign(struct vdev *v, const struct test *t)
{
	(void)t;
	get_foreign(v, memory(TX_FRAME) + 6);
}

/* To another guest, and not from here. */
static void prepare_foreign_local(struct vdev *v, const struct test *t)
{
	prepare_foreign(v, t);
	memcpy(memory(TX_FRAME), memory(TX_FRAME) + 6, 6);
	memory(TX_FRAME)[11] ^= 1;
}

/* The chip's own address is the guest's to write; that it may send with it does not follow. */
static void prepare_foreign_idr(struct vdev *v, const struct test *t)
{
	u32 i;

	prepare_foreign(v, t);
	for (i = 0; i < 6; i++)
		reg_write(v, IDR + i, 1, memory(TX_FRAME)[6 + i]);
}

static void refuse_foreign_idr(struct vdev *v, const struct test *t)
{
	struct stats before;
	u8 foreign[6];

	refuse_classic(v, t);
	get_foreign(v, foreign);
	stats_read(v->uuid, &before);
	wire_send(foreign, 64);
	check_control(v); /* the frame would have come before the reply */
	expect_value("frames received, one for another's address and one reply", 1,
		     stat_since(v, &before, "rx_frames"));
}

void check_silent(struct vdev *v, const struct stats *before)
{
	check_refused(v, before, NULL, 0);
	expect_value("jobs", 0, stat_since(v, before, "jobs"));
	restart(v);
	check_wire(v, 0);
}

/* A transmitter that is off: nothing is sent, at once or later; and nothing needs to be refused. */
static void off_classic(struct vdev *v, const struct test *t)
{
	struct stats before;
	u32 i;

	(void)t;
	make_frame(v, memory(TX_FRAME), 64, KIND_POISON);
	stats_read(v->uuid, &before);
	reg_write(v, CR, 1, CR_RE);
	for (i = 0; i < 8; i++)
		begin_classic(v, i & 1 ? TX_FRAME : HOLE, 64);
	reg_write(v, CR, 1, CR_TE | CR_RE);
	vdev_reset(v);
	config_write(v, COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
	for (i = 0; i < 8; i++)
		begin_classic(v, i & 1 ? TX_FRAME : HOLE, 64);
	check_silent(v, &before);
}

const struct test transmit_cases[] = {
	CASE("tx-outside", "TSAD outside of memory", refuse_classic, false, 0xdead0000, 64,
	     "memory"),
	CASE("tx-hole", "TSAD at a hole", refuse_classic, false, HOLE, 64, "memory"),
	CASE("tx-end", "a frame across the end of memory", refuse_classic, false, HOME_END - 32, 64,
	     "memory"),
	CASE("tx-begin", "a frame across the beginning of memory", refuse_classic, false, HOME - 32,
	     64, "memory"),
	CASE("tx-wrap", "a frame across 4 GiB", refuse_classic, false, 0xfffffff0, 64, "memory"),
	CASE("tx-write-only", "a frame in memory that the device may not read", refuse_classic,
	     false, WRITE_ONLY, 64, "memory"),
	CASE("tx-unmapped", "a frame in memory that is not mapped any more", refuse_classic, false,
	     PASSING, 64, "memory", prepare_passed),
	CASE("tx-vanished", "a frame in memory that the VMM itself does not have any more",
	     refuse_vanished, false, PASSING, 64, "memory"),
	CASE("tx-size-0", "a frame of 0 bytes", refuse_classic, false, TX_FRAME, 0, "short"),
	CASE("tx-size-13", "a frame of 13 bytes", refuse_classic, false, TX_FRAME, 13, "short"),
	CASE("tx-size-1519", "a frame of 1519 bytes", refuse_classic, false, TX_FRAME, 1519,
	     "long"),
	CASE("tx-size-8191", "a frame of 8191 bytes", refuse_classic, false, TX_FRAME, 8191,
	     "long"),
	CASE("tx-foreign", "another vdev's source address", refuse_classic, false, TX_FRAME, 64,
	     "source", prepare_foreign),
	CASE("tx-foreign-local", "the same to another vdev", refuse_classic, false, TX_FRAME, 64,
	     "source", prepare_foreign_local),
	CASE("tx-foreign-idr", "the same, with IDR set to it", refuse_foreign_idr, false, TX_FRAME,
	     64, "source", prepare_foreign_idr),
	CASE("tx-no-master", "bus master off", refuse_classic, false, TX_FRAME, 64, "master",
	     prepare_no_master),
	CASE("tx-off", "the transmitter off, before and after reset", off_classic),
	{ .name = NULL },
};
