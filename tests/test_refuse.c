// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What bad input from a guest gets: each refusal is counted and reported once, the guest sees its
 * transmission aborted, nothing of it reaches the wire, and the other guests do not notice. Each of
 * these tests fails when the check that it is about is taken out of the core (or the model). Which
 * refusals are violations, too.
 */
#include "expect.h"

enum { HOLE = 0x30000, ANY = 0x7fffffff };

/* Guest 0 misbehaves; the others are as they should be. Which mode it is in, the test says. */
struct bad {
	struct world *world;
	struct world_guest *guest;
	struct nic nics[NIC_GUESTS];
	struct nic *nic; /* of guest 0 */
};

static void open_bad(struct bad *bad, void **state, bool cplus)
{
	bad->world = *state;
	bad->guest = bad->world->guests;
	bad->nic = bad->nics;
	open_all(bad->world, bad->nics);
	if (cplus)
		cp_open(bad->nic, bad->guest, RCR_USUAL);
}

/* Guest 0 had one request refused, for this reason, at this address; nobody else had any. */
static void assert_refused(const struct bad *bad, enum vpio_refusal refusal, u64 address)
{
	unsigned int i;

	assert_int_equal(stats_of(bad->guest)->refusals, 1);
	assert_int_equal(stats_of(bad->guest)->refused[refusal], 1);
	assert_int_equal(bad->guest->reports, 1);
	assert_int_equal(bad->guest->refusal, refusal);
	if (address != ANY)
		assert_int_equal(bad->guest->address, address);
	for (i = 1; i < NIC_GUESTS; i++) {
		assert_int_equal(stats_of(&bad->world->guests[i])->refusals, 0);
		assert_int_equal(stats_of(&bad->world->guests[i])->interrupts, 0);
	}
}

static void assert_violations(const struct bad *bad, u64 count)
{
	assert_int_equal(stats_of(bad->guest)->violations, count);
	assert_int_equal(bad->guest->violations, count);
}

/* Its transmission was refused: it sees that it was aborted, and can go on. */
static void assert_aborted(struct bad *bad, unsigned int descriptor, enum vpio_refusal refusal,
			   u64 address)
{
	world_run(bad->world);
	assert_refused(bad, refusal, address);
	assert_violations(bad,
			  refusal == VPIO_REFUSE_MEMORY || refusal == VPIO_REFUSE_MODEL_REQUEST);
	assert_int_equal(nic_end(bad->nic, descriptor), NIC_ABORTED);
	assert_int_equal(bad->world->frames, 0);
	assert_int_equal(stats_of(bad->guest)->jobs, 0);
	assert_true(bad->guest->line);
	assert_int_equal(nic_causes(bad->nic), ISR_TER);
	bad->guest->hole_size = 0;
	nic_command(bad->guest, 7);
	assert_alive(bad->world, bad->nics, NIC_GUESTS);
}

static void put_frame(struct bad *bad, u32 address, u32 length)
{
	frame_make(bad->guest->memory + address, length, frame_stranger, nic_mac(bad->guest), 1);
}

static void make_hole(struct bad *bad, u64 address, u64 size)
{
	bad->guest->hole = address;
	bad->guest->hole_size = size;
}

/* Sends what lies at an address, as one frame; the descriptor. */
static unsigned int start(struct bad *bad, u64 address, u32 length)
{
	unsigned int descriptor;

	if (!bad->nic->cplus)
		return too_start(bad->nic, (u32)address, length);
	descriptor = cp_queue(bad->nic, address, length, DESC_FS | DESC_LS, 0);
	cp_poll(bad->nic);
	return descriptor;
}

/* --- Addresses --------------------------------------------------------------------------- */

static void check_address(void **state, bool cplus, u64 address, u32 length)
{
	struct bad bad;

	open_bad(&bad, state, cplus);
	assert_aborted(&bad, start(&bad, address, length), VPIO_REFUSE_MEMORY, address);
}

static void test_outside(void **state)
{
	check_address(state, false, WORLD_MEMORY + 0x1000, 100);
}

static void test_outside_cplus(void **state)
{
	check_address(state, true, 0x123456789000, 100);
}

static void test_end(void **state)
{
	check_address(state, false, WORLD_MEMORY - 99, 100);
}

static void test_wrap_32(void **state)
{
	check_address(state, false, 0xfffffff0, 100);
}

static void test_wrap_64(void **state)
{
	check_address(state, true, 0xfffffffffffffff0, 100);
}

/* A sum of address and length that wraps round to the guest's own memory. */
static void test_wrap_length(void **state)
{
	check_address(state, true, 0ull - 0x4000, 0xffff);
}

static void check_hole(void **state, bool cplus, u32 address)
{
	struct bad bad;

	open_bad(&bad, state, cplus);
	put_frame(&bad, address, 100);
	make_hole(&bad, HOLE, 0x1000);
	assert_aborted(&bad, start(&bad, address, 100), VPIO_REFUSE_MEMORY, address);
}

static void test_hole(void **state)
{
	check_hole(state, false, HOLE + 0x800);
}

static void test_hole_begins(void **state)
{
	check_hole(state, false, HOLE - 99);
}

static void test_hole_ends(void **state)
{
	check_hole(state, true, HOLE + 0xfff);
}

/* Memory that the guest gives away between telling the address and starting the frame. */
static void test_gone_before(void **state)
{
	struct bad bad;

	open_bad(&bad, state, false);
	put_frame(&bad, HOLE, 100);
	guest_out(bad.guest, NIC_TSAD, 4, HOLE);
	make_hole(&bad, HOLE, 0x1000);
	bad.nic->tx++;
	guest_out(bad.guest, NIC_TSD, 4, 100);
	assert_aborted(&bad, 0, VPIO_REFUSE_MEMORY, HOLE);
}

/* C+: the second part of a frame is out of reach; the first part is not sent either. */
static void test_part_outside(void **state)
{
	unsigned int first;
	struct bad bad;

	open_bad(&bad, state, true);
	put_frame(&bad, NIC_CP_TX, 100);
	first = cp_queue(bad.nic, NIC_CP_TX, 60, DESC_FS, 0);
	cp_queue(bad.nic, WORLD_MEMORY - 10, 40, DESC_LS, 0);
	cp_poll(bad.nic);
	world_run(bad.world);
	assert_int_equal(nic_end(bad.nic, 1), NIC_ABORTED);
	assert_aborted(&bad, first, VPIO_REFUSE_MEMORY, WORLD_MEMORY - 10);
}

/* C+: the part that was missing when the first was refused: it is not sent as a frame of its own. */
static void test_part_later(void **state)
{
	unsigned int first, last;
	struct bad bad;

	open_bad(&bad, state, true);
	put_frame(&bad, NIC_LARGE, 100);
	first = cp_queue(bad.nic, WORLD_MEMORY, 40, DESC_FS, 0);
	cp_poll(bad.nic);
	world_run(bad.world);
	assert_int_equal(nic_end(bad.nic, first), NIC_ABORTED);
	last = cp_queue(bad.nic, NIC_LARGE, 100, DESC_LS, 0);
	cp_poll(bad.nic);
	world_run(bad.world);
	assert_int_equal(nic_end(bad.nic, last), NIC_ABORTED);
	assert_aborted(&bad, first, VPIO_REFUSE_MEMORY, WORLD_MEMORY);
}

/* C+: a frame that goes round the whole ring and has no end. */
static void test_no_end(void **state)
{
	struct bad bad;
	unsigned int i;

	open_bad(&bad, state, true);
	guest_put(bad.guest, NIC_TX_RING + 16 * 2, 4, DESC_EOR);
	put_frame(&bad, NIC_LARGE, 100);
	for (i = 0; i < 3; i++)
		cp_queue(bad.nic, NIC_LARGE, 100, i ? 0 : DESC_FS, 0);
	cp_poll(bad.nic);
	world_run(bad.world);
	assert_int_equal(nic_end(bad.nic, 1), NIC_ABORTED);
	assert_int_equal(nic_end(bad.nic, 2), NIC_ABORTED);
	assert_aborted(&bad, 0, VPIO_REFUSE_MODEL_REQUEST, NIC_TX_RING);
}

/* C+: the ring itself is out of reach: only the interrupt can say so. */
static void check_tx_ring(struct bad *bad, u64 ring)
{
	guest_out(bad->guest, NIC_TSAD, 8, ring);
	cp_poll(bad->nic);
	world_run(bad->world);
	assert_refused(bad, VPIO_REFUSE_MEMORY, ring);
	assert_violations(bad, 1);
	assert_int_equal(bad->world->frames, 0);
	assert_int_equal(nic_causes(bad->nic), ISR_TER);
	assert_alive(bad->world, bad->nics, 0);
}

static void test_tx_ring_outside(void **state)
{
	struct bad bad;

	open_bad(&bad, state, true);
	check_tx_ring(&bad, WORLD_MEMORY);
}

static void test_tx_ring_wraps(void **state)
{
	struct bad bad;

	open_bad(&bad, state, true);
	check_tx_ring(&bad, 0xffffffffffffff00);
}

static void test_counters_outside(void **state)
{
	struct bad bad;

	open_bad(&bad, state, true);
	guest_out(bad.guest, NIC_TSD + 4, 4, 0x7fff0000);
	guest_out(bad.guest, NIC_TSD, 4, 0x12340008);
	assert_refused(&bad, VPIO_REFUSE_MEMORY, 0x7fff000012340000);
	assert_int_equal(guest_in(bad.guest, NIC_TSD, 4), 0x12340000); /* it does not hang */
	assert_alive(bad.world, bad.nics, NIC_GUESTS);
}

/* --- Bus master -------------------------------------------------------------------------- */

static void test_master(void **state)
{
	struct bad bad;

	open_bad(&bad, state, false);
	put_frame(&bad, NIC_TX_BUFFERS, 100);
	nic_command(bad.guest, 3);
	assert_aborted(&bad, start(&bad, NIC_TX_BUFFERS, 100), VPIO_REFUSE_MASTER, NIC_TX_BUFFERS);
}

static void test_master_receive(void **state)
{
	u8 frame[100], before[WORLD_MEMORY];
	struct bad bad;

	open_bad(&bad, state, false);
	nic_command(bad.guest, 3);
	memcpy(before, bad.guest->memory, sizeof(before));
	wire_make(frame, 100, nic_mac(bad.guest), 1);
	arrive(bad.world, frame, 100);
	assert_refused(&bad, VPIO_REFUSE_MASTER, NIC_RING);
	assert_violations(&bad, 0);
	assert_memory_equal(before, bad.guest->memory, sizeof(before));
	assert_int_equal(stats_of(bad.guest)->rx_dropped, 1);
	assert_nothing(bad.nic);
	nic_command(bad.guest, 7);
	assert_alive(bad.world, bad.nics, NIC_GUESTS);
}

/* --- Lengths ----------------------------------------------------------------------------- */

static void check_length(void **state, bool cplus, u32 length, enum vpio_refusal refusal)
{
	struct bad bad;

	open_bad(&bad, state, cplus);
	put_frame(&bad, NIC_LARGE, 20);
	assert_aborted(&bad, start(&bad, NIC_LARGE, length), refusal, ANY);
}

static void test_short(void **state)
{
	check_length(state, false, 13, VPIO_REFUSE_SHORT);
}

static void test_empty(void **state)
{
	check_length(state, false, 0, VPIO_REFUSE_SHORT);
}

static void test_short_cplus(void **state)
{
	check_length(state, true, 1, VPIO_REFUSE_SHORT);
}

static void test_long(void **state)
{
	check_length(state, false, FRAME_MAX + 1, VPIO_REFUSE_LONG);
}

static void test_longest(void **state)
{
	check_length(state, false, 0x1fff, VPIO_REFUSE_LONG);
}

static void test_long_cplus(void **state)
{
	check_length(state, true, 0xffff, VPIO_REFUSE_LONG);
}

/* C+: parts that together are more than any frame. */
static void test_long_parts(void **state)
{
	struct bad bad;
	unsigned int first;

	open_bad(&bad, state, true);
	put_frame(&bad, NIC_LARGE, 100);
	first = cp_queue(bad.nic, NIC_LARGE, 0x8000, DESC_FS, 0);
	cp_queue(bad.nic, NIC_LARGE, 0x7fff, 0, 0);
	cp_queue(bad.nic, NIC_LARGE, 2, DESC_LS, 0);
	cp_poll(bad.nic);
	world_run(bad.world);
	assert_int_equal(nic_end(bad.nic, 1), NIC_ABORTED);
	assert_int_equal(nic_end(bad.nic, 2), NIC_ABORTED);
	assert_aborted(&bad, first, VPIO_REFUSE_LONG, NIC_LARGE);
}

/* A TCP packet, in NIC_LARGE, of so many bytes in all. */
static void put_tcp(struct bad *bad, u32 length)
{
	u8 *frame = bad->guest->memory + NIC_LARGE;

	put_frame(bad, NIC_LARGE, length);
	frame[12] = 0x08;
	frame[13] = 0x00;
	memset(frame + 14, 0, 40);
	frame[14] = 0x45;
	frame[16] = (u8)((length - 14) >> 8);
	frame[17] = (u8)(length - 14);
	frame[23] = 6;
	frame[14 + 20 + 12] = 0x50;
}

static void check_segments(void **state, u32 length, u32 mss, bool tcp)
{
	unsigned int descriptor;
	struct bad bad;

	open_bad(&bad, state, true);
	put_tcp(&bad, length);
	if (!tcp)
		bad.guest->memory[NIC_LARGE + 23] = 17;
	descriptor =
		cp_queue(bad.nic, NIC_LARGE, length, DESC_FS | DESC_LS | TXD_LARGE | mss << 16, 0);
	cp_poll(bad.nic);
	assert_aborted(&bad, descriptor, VPIO_REFUSE_LONG, ANY);
}

/* Segments that are longer than a frame may be: by their data alone, and by headers and data. */
static void test_segment_long(void **state)
{
	check_segments(state, 5000, 1600, true);
}

static void test_segment_one_long(void **state)
{
	check_segments(state, 5000, FRAME_MAX - 54 + 1, true);
}

static void test_segment_many(void **state)
{
	check_segments(state, 54 + 65 * 100, 100, true);
}

static void test_segment_no_tcp(void **state)
{
	check_segments(state, 5000, 1000, false);
}

/* --- Source address ---------------------------------------------------------------------- */

static void check_source(void **state, bool cplus, const u8 *from)
{
	u8 *frame;
	struct bad bad;

	open_bad(&bad, state, cplus);
	frame = bad.guest->memory + NIC_LARGE;
	frame_make(frame, 100, nic_mac(&bad.world->guests[1]), from, 1);
	assert_aborted(&bad, start(&bad, NIC_LARGE, 100), VPIO_REFUSE_SOURCE, ANY);
	assert_nothing(&bad.nics[1]);
}

static void test_source(void **state)
{
	check_source(state, false, frame_stranger);
}

static void test_source_other_guest(void **state)
{
	check_source(state, true, nic_mac(&((struct world *)*state)->guests[2]));
}

/* The address that counts is the vdev's, not the one that the guest has written into IDR. */
static void test_source_idr(void **state)
{
	unsigned int i;
	struct bad bad;

	open_bad(&bad, state, false);
	for (i = 0; i < 6; i++)
		guest_out(bad.guest, NIC_IDR + i, 1, frame_stranger[i]);
	frame_make(bad.guest->memory + NIC_LARGE, 100, frame_broadcast, frame_stranger, 1);
	assert_aborted(&bad, start(&bad, NIC_LARGE, 100), VPIO_REFUSE_SOURCE, ANY);
}

static void test_source_check_off(void **state)
{
	u8 frame[100];
	struct bad bad;

	open_bad(&bad, state, false);
	assert_true(vpio_vdev_source_check(bad.guest->vdev));
	vpio_vdev_set_source_check(bad.guest->vdev, false);
	frame_make(frame, 100, frame_broadcast, frame_stranger, 1);
	too_send(bad.nic, frame, 100);
	world_run(bad.world);
	assert_memory_equal(wire_frame(bad.world, 1)->data, frame, 100);
	assert_received(&bad.nics[1], frame, 100);
	assert_int_equal(stats_of(bad.guest)->refusals, 0);
}

/* --- The EEPROM -------------------------------------------------------------------------- */

static void shift_in(struct world_guest *guest, unsigned int bits, unsigned int count)
{
	while (count--) {
		unsigned int data = bits >> count & 1 ? 2 : 0;

		guest_out(guest, NIC_CFG9346, 1, 0x88 | data);
		guest_out(guest, NIC_CFG9346, 1, 0x8c | data);
	}
}

/* A WRITE command is denied at its opcode. */
static void test_eeprom_write(void **state)
{
	struct bad bad;

	open_bad(&bad, state, false);
	guest_out(bad.guest, NIC_CFG9346, 1, 0x80);
	guest_out(bad.guest, NIC_CFG9346, 1, 0x88);
	shift_in(bad.guest, 5, 3);
	assert_int_equal(stats_of(bad.guest)->refusals, 0);
	guest_out(bad.guest, NIC_CFG9346, 1, 0x88);
	guest_out(bad.guest, NIC_CFG9346, 1, 0x8c);
	assert_refused(&bad, VPIO_REFUSE_DENY, NIC_CFG9346);
	assert_violations(&bad, 1);
	assert_int_equal(guest_in(bad.guest, NIC_CFG9346, 1) & 4, 0); /* nothing was written */
	guest_out(bad.guest, NIC_CFG9346, 1, 0);
	assert_alive(bad.world, bad.nics, NIC_GUESTS);
}

/* --- Receiving --------------------------------------------------------------------------- */

/* A frame for guest 0 that can't be written there: dropped, refused; the others receive on. */
static void check_receive(struct bad *bad, u64 address, u32 length, u32 causes)
{
	u8 frame[FRAME_MAX];
	unsigned int i;

	wire_make(frame, length, nic_mac(bad->guest), 1);
	arrive(bad->world, frame, length);
	assert_refused(bad, VPIO_REFUSE_MEMORY, address);
	assert_violations(bad, 0); /* it is no request of the guest's */
	assert_int_equal(stats_of(bad->guest)->rx_dropped, 1);
	assert_int_equal(stats_of(bad->guest)->rx_frames, 0);
	assert_int_equal(nic_causes(bad->nic), causes);
	wire_make(frame, 100, frame_broadcast, 1);
	arrive(bad->world, frame, 100);
	for (i = 1; i < NIC_GUESTS; i++) {
		assert_received(&bad->nics[i], frame, 100);
		nic_causes(&bad->nics[i]);
	}
	assert_alive(bad->world, bad->nics, 0);
}

static void test_ring_outside(void **state)
{
	struct bad bad;

	open_bad(&bad, state, false);
	guest_out(bad.guest, NIC_RBSTART, 4, 0x40000000);
	check_receive(&bad, 0x40000000, 100, 0);
}

/* The header fits into the guest's memory, the frame does not. */
static void test_ring_end(void **state)
{
	struct bad bad;

	open_bad(&bad, state, false);
	guest_out(bad.guest, NIC_RBSTART, 4, WORLD_MEMORY - 64);
	check_receive(&bad, WORLD_MEMORY - 60, 100, 0);
}

/* The ring's end cuts the frame, and its beginning has gone meanwhile. */
static void test_ring_gone(void **state)
{
	u8 frame[1000];
	unsigned int i;
	struct bad bad;

	open_bad(&bad, state, false);
	too_open(bad.nic, bad.guest, RCR_APM | RCR_AB);
	wire_make(frame, 1000, nic_mac(bad.guest), 1);
	for (i = 0; i < 8; i++) {
		arrive(bad.world, frame, 1000);
		assert_received(bad.nic, frame, 1000);
	}
	make_hole(&bad, NIC_RING, 512);
	arrive(bad.world, frame, 1000);
	assert_refused(&bad, VPIO_REFUSE_MEMORY, NIC_RING);
	assert_nothing(bad.nic);
	assert_int_equal(stats_of(bad.guest)->rx_frames, 8);
	bad.guest->hole_size = 0;
	arrive(bad.world, frame, 1000);
	assert_received(bad.nic, frame, 1000);
	assert_alive(bad.world, bad.nics, 0);
}

static void test_rx_ring_outside(void **state)
{
	struct bad bad;

	open_bad(&bad, state, true);
	guest_out(bad.guest, NIC_RDSAR, 8, 0x4000000000);
	check_receive(&bad, 0x4000000000, 100, ISR_RXOVW);
}

static void test_rx_buffer_outside(void **state)
{
	struct bad bad;

	open_bad(&bad, state, true);
	guest_put(bad.guest, NIC_RX_RING + 8, 8, WORLD_MEMORY - 50);
	check_receive(&bad, WORLD_MEMORY - 50, 100, 0);
}

static void test_rx_buffer_wraps(void **state)
{
	struct bad bad;

	open_bad(&bad, state, true);
	guest_put(bad.guest, NIC_RX_RING + 8, 8, 0ull - 50);
	check_receive(&bad, 0ull - 50, 100, 0);
}

/* C+: a frame longer than its buffer is not written at all. */
static void test_rx_buffer_short(void **state)
{
	u8 frame[100], zero[100] = { 0 };
	struct bad bad;

	open_bad(&bad, state, true);
	guest_put(bad.guest, NIC_RX_RING, 4, DESC_OWN | 103);
	wire_make(frame, 100, nic_mac(bad.guest), 1);
	arrive(bad.world, frame, 100);
	assert_memory_equal(bad.guest->memory + NIC_CP_RX, zero, 100);
	assert_int_equal(stats_of(bad.guest)->rx_dropped, 1);
	assert_int_equal(nic_causes(bad.nic), ISR_RXOVW);
	guest_put(bad.guest, NIC_RX_RING, 4, DESC_OWN | 104);
	arrive(bad.world, frame, 100);
	assert_received(bad.nic, frame, 100);
	nic_causes(bad.nic);
	assert_alive(bad.world, bad.nics, NIC_GUESTS);
}

/* --- How often it is said ---------------------------------------------------------------- */

/* Each request that is refused counts; the embedder is told of each and limits the rate. */
static void test_each_counts(void **state)
{
	unsigned int i;
	struct bad bad;

	open_bad(&bad, state, false);
	for (i = 0; i < 50; i++) {
		start(&bad, WORLD_MEMORY, 100);
		world_run(bad.world);
	}
	assert_int_equal(stats_of(bad.guest)->refusals, 50);
	assert_int_equal(stats_of(bad.guest)->refused[VPIO_REFUSE_MEMORY], 50);
	assert_int_equal(bad.guest->reports, 50);
	assert_violations(&bad, 50);
	nic_causes(bad.nic);
	assert_alive(bad.world, bad.nics, NIC_GUESTS);
}

/* C+: frames with a wrong source address around one from outside of memory, all of one run of the handler. */
static void test_hidden(void **state)
{
	struct bad bad;
	unsigned int i;

	open_bad(&bad, state, true);
	frame_make(bad.guest->memory + NIC_LARGE, 100, frame_stranger, frame_stranger, 1);
	for (i = 0; i < 5; i++)
		cp_queue(bad.nic, i % 2 ? WORLD_MEMORY : NIC_LARGE, 100, DESC_FS | DESC_LS, 0);
	cp_poll(bad.nic);
	world_run(bad.world);
	assert_int_equal(stats_of(bad.guest)->refused[VPIO_REFUSE_SOURCE], 1);
	assert_int_equal(stats_of(bad.guest)->refused[VPIO_REFUSE_MEMORY], 1);
	assert_int_equal(stats_of(bad.guest)->refusals, 2);
	assert_violations(&bad, 1);
	assert_int_equal(bad.world->frames, 0);
	nic_causes(bad.nic);
	assert_alive(bad.world, bad.nics, NIC_GUESTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(outside),
		TEST(outside_cplus),
		TEST(end),
		TEST(wrap_32),
		TEST(wrap_64),
		TEST(wrap_length),
		TEST(hole),
		TEST(hole_begins),
		TEST(hole_ends),
		TEST(gone_before),
		TEST(part_outside),
		TEST(part_later),
		TEST(no_end),
		TEST(tx_ring_outside),
		TEST(tx_ring_wraps),
		TEST(counters_outside),
		TEST(master),
		TEST(master_receive),
		TEST(short),
		TEST(empty),
		TEST(short_cplus),
		TEST(long),
		TEST(longest),
		TEST(long_cplus),
		TEST(long_parts),
		TEST(segment_long),
		TEST(segment_one_long),
		TEST(segment_many),
		TEST(segment_no_tcp),
		TEST(source),
		TEST(source_other_guest),
		TEST(source_idr),
		TEST(source_check_off),
		TEST(eeprom_write),
		TEST(ring_outside),
		TEST(ring_end),
		TEST(ring_gone),
		TEST(rx_ring_outside),
		TEST(rx_buffer_outside),
		TEST(rx_buffer_wraps),
		TEST(rx_buffer_short),
		TEST(each_counts),
		TEST(hidden),
	};

	return cmocka_run_group_tests_name("refuse", tests, NULL, NULL);
}
