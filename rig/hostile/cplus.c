// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The same in C+ mode, where frames come in pieces and the descriptors are in the guest's memory; and
 * TCP segmentation.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <string.h>

#define MSS(mss) (D_LGSEN | (u32)(mss) << D_MSS)

static void off_cplus(struct vdev *v, const struct test *t)
{
	struct stats before;

	(void)t;
	make_frame(v, memory(TX_FRAME), 64, KIND_POISON);
	stats_read(v->uuid, &before);
	reg_write(v, CR, 1, CR_RE);
	put_cplus(v, D_FS | D_LS, TX_FRAME, 64);
	poll_cplus(v);
	reg_write(v, CPCR, 2, CPCR_RXEN);
	reg_write(v, CR, 1, CR_TE | CR_RE);
	poll_cplus(v);
	check_silent(v, &before);
}

/* Ethernet, IPv4, TCP; 54 bytes of headers. */
static void prepare_tcp(struct vdev *v, const struct test *t)
{
	static const u8 headers[40] = {
		0x45, 0,    [8] = 64, 6, [12] = 10,   81,   39,	  77, 10, 81, 39, 1, /* IPv4 */
		0x13, 0x88, 0,	      9, [32] = 0x50, 0x10, 0x20, 0,		     /* TCP: ACK */
	};
	u8 *frame = memory(TX_FRAME);
	const u32 length = t->size - 14;

	make_frame(v, frame, t->size, KIND_POISON);
	frame[12] = 8;
	frame[13] = 0;
	memcpy(frame + 14, headers, sizeof(headers));
	frame[16] = (u8)(length >> 8);
	frame[17] = (u8)length;
}

static void prepare_foreign_tcp(struct vdev *v, const struct test *t)
{
	prepare_tcp(v, t);
	prepare_foreign(v, t);
}

static void refuse_cplus(struct vdev *v, const struct test *t)
{
	struct stats before;
	u32 index, flags;

	make_frame(v, memory(TX_FRAME), t->size > 64 ? t->size : 64, KIND_POISON);
	if (t->prepare)
		t->prepare(v, t);
	stats_read(v->uuid, &before);
	index = put_cplus(v, D_FS | D_LS | t->flags, t->address, t->size);
	poll_cplus(v);
	flags = wait_cplus(index);
	expect((flags & (D_OWN | D_TES)) == D_TES, "expected TES and not OWN, found flags %#x",
	       flags);
	check_aborted(v, &before, t->reason);
	check_wire(v, 0);
}

/* TCP segmentation that is in order: so many frames. */
static void accept_tso(struct vdev *v, const struct test *t)
{
	struct stats before;
	u32 flags;

	prepare_tcp(v, t);
	stats_read(v->uuid, &before);
	flags = put_cplus(v, D_FS | D_LS | t->flags, t->address, t->size);
	poll_cplus(v);
	flags = wait_cplus(flags);
	expect(!(flags & (D_OWN | D_TES)), "expected neither OWN nor TES, found flags %#x", flags);
	check_refused(v, &before, NULL, 0);
	expect_value("tx_frames", t->frames, stat_since(v, &before, "tx_frames"));
	check_wire(v, t->frames);
}

static void refuse_ring(struct vdev *v, const struct test *t)
{
	struct stats before;

	if (t->prepare)
		t->prepare(v, t);
	reg_write(v, TSAD, 4, t->address);
	reg_write(v, TSAD + 4, 4, t->address >> 32);
	stats_read(v->uuid, &before);
	poll_cplus(v);
	check_aborted(v, &before, t->reason);
	restart(v);
	check_wire(v, 0);
}

/* A ring that is sent from once, and then taken away. */
static void prepare_ring_passed(struct vdev *v, const struct test *t)
{
	struct descriptor *ring = (struct descriptor *)memory(PASSING);

	expect_value("map", 0, (u64)dma_map(v, PASSING, AREA, 0));
	make_frame(v, memory(TX_FRAME), 64, KIND_CASE);
	ring[0] = (struct descriptor){ D_OWN | D_FS | D_LS | 64, 0, TX_FRAME };
	ring[1] = ring[0];
	ring[1].flags = 0;
	reg_write(v, TSAD, 4, t->address);
	poll_cplus(v);
	expect(WAIT(!(*(volatile u32 *)&ring[0].flags & D_OWN)),
	       "a ring that is still mapped: expected its frame sent");
	expect_value("unmap", 0, (u64)dma_unmap(v, PASSING, AREA));
	wire_forget();
	make_frame(v, memory(TX_FRAME), 64, KIND_POISON);
	ring[1].flags = D_OWN | D_FS | D_LS | 64;
}

/* A ring that the device may read and not write: the frame goes, its end can't be told. */
static void refuse_ring_read_only(struct vdev *v, const struct test *t)
{
	struct descriptor *ring = (struct descriptor *)memory(READ_ONLY);
	struct stats before;

	memset(ring, 0, AREA);
	make_frame(v, memory(TX_FRAME), 64, KIND_CASE);
	ring[0] = (struct descriptor){ D_OWN | D_FS | D_LS | 64, 0, TX_FRAME };
	stats_read(v->uuid, &before);
	reg_write(v, TSAD, 4, t->address);
	poll_cplus(v);
	expect(WAIT(stat_since(v, &before, "refusals")), "expected a refusal, found none");
	expect_value("jobs_done", 1, stat_since(v, &before, "jobs_done"));
	check_refused(v, &before, t->reason, 1);
	expect_value("the descriptor", D_OWN | D_FS | D_LS | 64, ring[0].flags);
	restart(v);
	check_wire(v, 1);
}

/* The last descriptor of the memory is good, the one after it is in no memory. */
static void refuse_ring_end(struct vdev *v, const struct test *t)
{
	struct descriptor *ring = (struct descriptor *)memory(HOME_END - 256);
	struct stats before;
	u32 i;

	make_frame(v, memory(TX_FRAME), 64, KIND_CASE);
	for (i = 0; i < 16; i++)
		ring[i] = (struct descriptor){ D_OWN | D_FS | D_LS | 64, 0, TX_FRAME };
	stats_read(v->uuid, &before);
	reg_write(v, TSAD, 4, HOME_END - 256);
	poll_cplus(v);
	check_refused(v, &before, t->reason, 1);
	expect(WAIT(!(*(volatile u32 *)&ring[15].flags & D_OWN)),
	       "the last descriptor of the memory: expected its frame sent");
	expect_value("jobs", 16, stat_since(v, &before, "jobs"));
	restart(v);
	check_wire(v, 16);
}

/* Frames of several descriptors, one of which is bad: the whole frame is refused, once. */
static void refuse_chain(struct vdev *v, const struct test *t)
{
	const u32 pieces = t->frames ? t->frames : 2;
	struct stats before;
	u32 i;

	make_frame(v, memory(TX_FRAME), 64, KIND_POISON);
	stats_read(v->uuid, &before);
	for (i = 0; i < pieces; i++) {
		const bool bad = i == t->flags;
		const u32 ends = (i ? 0 : D_FS) | (i == pieces - 1 ? D_LS : 0);

		put_cplus(v, ends, bad ? t->address : TX_FRAME, bad ? t->size : 64);
	}
	poll_cplus(v);
	wait_cplus(pieces - 1);
	for (i = 0; i < pieces; i++)
		expect(!(tx_descriptor(i)->flags & D_OWN),
		       "descriptor %u of %u: expected it given back, found flags %#x", i, pieces,
		       tx_descriptor(i)->flags);
	expect(tx_descriptor(0)->flags & D_TES,
	       "the frame's first descriptor: expected TES, found "
	       "flags %#x",
	       tx_descriptor(0)->flags);
	check_aborted(v, &before, t->reason);
	check_wire(v, 0);
}

/* 64 pieces of 65535 bytes each. */
static void refuse_giant(struct vdev *v, const struct test *t)
{
	struct stats before;
	u32 i;

	make_frame(v, memory(TX_FRAME), 0x10000, KIND_POISON);
	stats_read(v->uuid, &before);
	for (i = 0; i < DESCRIPTORS; i++)
		put_cplus(v, (i ? 0 : D_FS) | (i == DESCRIPTORS - 1 ? D_LS | D_EOR : 0), TX_FRAME,
			  0xffff);
	poll_cplus(v);
	expect(tx_descriptor(0)->flags & D_TES, "expected TES, found flags %#x",
	       tx_descriptor(0)->flags);
	check_aborted(v, &before, t->reason);
	for (i = 0; i < DESCRIPTORS; i++)
		expect(!(tx_descriptor(i)->flags & D_OWN),
		       "descriptor %u: expected it given back, found flags %#x", i,
		       tx_descriptor(i)->flags);
	check_wire(v, 0);
}

/* A frame that never ends: no descriptor has LS. @size: descriptors in the ring. */
static void refuse_endless(struct vdev *v, const struct test *t)
{
	struct stats before;
	u32 i;

	make_frame(v, memory(TX_FRAME), 64, KIND_POISON);
	stats_read(v->uuid, &before);
	for (i = 0; i < t->size; i++)
		put_cplus(v, (i ? 0 : D_FS) | (i == t->size - 1 ? D_EOR : 0), TX_FRAME, 64);
	poll_cplus(v);
	check_aborted(v, &before, t->reason);
	expect(!(tx_descriptor(0)->flags & D_OWN), "expected the ring given back, found flags %#x",
	       tx_descriptor(0)->flags);
	restart(v);
	check_wire(v, 0);
}

/* A frame whose last piece is not there yet is neither sent nor refused until it is. */
static void wait_for_last(struct vdev *v, const struct test *t)
{
	struct stats before;
	u32 last;

	(void)t;
	make_frame(v, memory(TX_FRAME), 128, KIND_CASE);
	stats_read(v->uuid, &before);
	put_cplus(v, D_FS, TX_FRAME, 64);
	poll_cplus(v);
	poll_cplus(v);
	check_refused(v, &before, NULL, 0);
	expect_value("jobs of half a frame", 0, stat_since(v, &before, "jobs"));
	last = put_cplus(v, D_LS, TX_FRAME + 64, 64);
	poll_cplus(v);
	expect(!(wait_cplus(last) & (D_OWN | D_TES)), "expected the frame sent, found flags %#x",
	       tx_descriptor(last)->flags);
	expect_value("tx_bytes", 128, stat_since(v, &before, "tx_bytes"));
	check_wire(v, 1);
}

/* The counters' dump (DTCCR) writes 64 bytes. */
static void refuse_dump(struct vdev *v, const struct test *t)
{
	struct stats before;
	u64 sent;

	memset(memory(TX_FRAME), 0xa5, 128);
	reg_write(v, TSD + 4, 4, 0);
	reg_write(v, TSD, 4, TX_FRAME | 8);
	expect_value("DTCCR after a dump", TX_FRAME, reg_read(v, TSD, 4));
	memcpy(&sent, memory(TX_FRAME), 8);
	expect_value("frames sent, dumped", 0, sent);
	expect_value("the byte after the dump", 0xa5, memory(TX_FRAME)[64]);
	stats_read(v->uuid, &before);
	reg_write(v, TSD + 4, 4, t->address >> 32);
	reg_write(v, TSD, 4, (u32)t->address | 8);
	check_refused(v, &before, t->reason, 1);
	expect_value("DTCCR after a refused dump", (u32)t->address, reg_read(v, TSD, 4));
	check_wire(v, 0);
}

const struct test cplus_cases[] = {
	CASE("cplus-outside", "a buffer outside of memory", refuse_cplus, true, 0xdead000000000000,
	     64, "memory"),
	CASE("cplus-hole", "a buffer at a hole", refuse_cplus, true, HOLE, 64, "memory"),
	CASE("cplus-end", "a buffer across the end of memory", refuse_cplus, true, HOME_END - 32,
	     64, "memory"),
	CASE("cplus-wrap", "a buffer across 2^64", refuse_cplus, true, WRAPS, 64, "memory"),
	CASE("cplus-wrap-end", "a buffer up to 2^64", refuse_cplus, true, WRAPS, 16, "memory"),
	CASE("cplus-wrap-32", "a buffer across 4 GiB", refuse_cplus, true, 0xfffffff0, 64,
	     "memory"),
	CASE("cplus-size-0", "a frame of 0 bytes", refuse_cplus, true, TX_FRAME, 0, "short"),
	CASE("cplus-size-13", "a frame of 13 bytes", refuse_cplus, true, TX_FRAME, 13, "short"),
	CASE("cplus-size-1519", "a frame of 1519 bytes", refuse_cplus, true, TX_FRAME, 1519,
	     "long"),
	CASE("cplus-size-65535", "a frame of 65535 bytes", refuse_cplus, true, TX_FRAME, 65535,
	     "long"),
	CASE("cplus-foreign", "another vdev's source address", refuse_cplus, true, TX_FRAME, 64,
	     "source", prepare_foreign),
	CASE("cplus-off", "the transmitter or C+ mode off", off_cplus, true),
	CASE("cplus-chain-first", "a frame in pieces, the first at a hole", refuse_chain, true,
	     HOLE, 64, "memory", NULL, 0, 3),
	CASE("cplus-chain-middle", "a frame in pieces, the second at a hole", refuse_chain, true,
	     HOLE, 64, "memory", NULL, 1, 3),
	CASE("cplus-chain-last", "a frame in pieces, the last at a hole", refuse_chain, true, HOLE,
	     64, "memory", NULL, 2, 3),
	CASE("cplus-chain-long", "a frame in pieces, over the maximum", refuse_chain, true,
	     TX_FRAME, 1500, "long", NULL, 1, 3),
	CASE("cplus-chain-giant", "a frame in pieces of over 64 KiB", refuse_giant, true, 0, 0,
	     "long"),
	CASE("cplus-chain-endless", "a ring full of pieces, none the last", refuse_endless, true, 0,
	     DESCRIPTORS, "request"),
	CASE("cplus-chain-endless-3", "the same with a ring of three", refuse_endless, true, 0, 3,
	     "request"),
	CASE("cplus-chain-wait", "a frame whose last piece comes later", wait_for_last, true),
	CASE("cplus-ring-outside", "the ring outside of memory", refuse_ring, true,
	     0xdead000000000000, 0, "memory"),
	CASE("cplus-ring-hole", "the ring at a hole", refuse_ring, true, HOLE, 0, "memory"),
	CASE("cplus-ring-top", "the ring at the end of 2^64", refuse_ring, true, 0xffffffffffffff00,
	     0, "memory"),
	CASE("cplus-ring-unmapped", "the ring not mapped any more", refuse_ring, true, PASSING, 0,
	     "memory", prepare_ring_passed),
	CASE("cplus-ring-no-master", "bus master off", refuse_ring, true, TX_RING, 0, "master",
	     prepare_no_master),
	CASE("cplus-ring-read-only", "the ring in memory that the device may not write",
	     refuse_ring_read_only, true, READ_ONLY, 0, "memory"),
	CASE("cplus-ring-end", "the ring across the end of memory", refuse_ring_end, true, 0, 0,
	     "memory"),
	CASE("cplus-dump-hole", "the counters' dump at a hole", refuse_dump, true, HOLE, 0,
	     "memory"),
	CASE("cplus-dump-read-only", "the counters' dump in memory that the device may not write",
	     refuse_dump, true, READ_ONLY, 0, "memory"),
	CASE("tso", "TCP in segments of 1000 bytes", accept_tso, true, TX_FRAME, 54 + 3500, NULL,
	     NULL, MSS(1000), 4),
	CASE("tso-most", "TCP in the longest segments that can be sent", accept_tso, true, TX_FRAME,
	     54 + 2 * 1464, NULL, NULL, MSS(1464), 2),
	CASE("tso-mss-0", "TCP in segments of 0 bytes", refuse_cplus, true, TX_FRAME, 54 + 2000,
	     "long", prepare_tcp, MSS(0)),
	CASE("tso-mss-1", "TCP in segments of 1 byte: too many", refuse_cplus, true, TX_FRAME,
	     54 + 2000, "long", prepare_tcp, MSS(1)),
	CASE("tso-mss-1465", "TCP in segments a byte too long", refuse_cplus, true, TX_FRAME,
	     54 + 2 * 1465, "long", prepare_tcp, MSS(1465)),
	CASE("tso-mss-1466", "TCP in segments two bytes too long", refuse_cplus, true, TX_FRAME,
	     54 + 2 * 1466, "long", prepare_tcp, MSS(1466)),
	CASE("tso-mss-2047", "TCP in the longest segments that can be asked for", refuse_cplus,
	     true, TX_FRAME, 54 + 60000, "long", prepare_tcp, MSS(2047)),
	CASE("tso-no-tcp", "segmentation of what is no TCP", refuse_cplus, true, TX_FRAME, 2000,
	     "long", NULL, MSS(1000)),
	CASE("tso-foreign", "segmentation with another's source address", refuse_cplus, true,
	     TX_FRAME, 54 + 2000, "source", prepare_foreign_tcp, MSS(1000)),
	{ .name = NULL },
};
