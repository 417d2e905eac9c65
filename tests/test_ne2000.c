// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * models/ne2000.vpm: guests with ne2k-pci that share a simulated NE2000. What each sends and
 * receives is right, whoever has the transmitter, and when the device misbehaves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ne2000.h"
#include "storm.h"

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, ne_setup, ne_teardown)

enum {
	TX = TX_PAGE << 8,
	TX2 = TX_PAGE2 << 8,
	RING = RX_PAGE << 8,
	PAGES = STOP_PAGE - RX_PAGE,
	TIMEOUT_MS = 1000, /* of the model's engine */
};

static void open_all(struct world *world, struct ne drivers[NE_GUESTS])
{
	unsigned int i;

	for (i = 0; i < NE_GUESTS; i++)
		ne_open(&drivers[i], &world->guests[i], RCR_BROADCAST);
	world_run(world);
}

static void arrive(struct world *world, const void *frame, u32 length)
{
	sim_receive(world->device, frame, length);
	world_run(world);
}

/* The frame on the wire of this number, from 0, is this one. */
static void assert_wire(const struct world *world, u32 number, const u8 *frame, u32 length)
{
	assert_true(number < world->frames && world->frames <= number + WORLD_CAPTURE);
	assert_int_equal(world->wire[number % WORLD_CAPTURE].length, length);
	assert_memory_equal(world->wire[number % WORLD_CAPTURE].data, frame, length);
}

/* The guest's next frame is this one, with its frame check sequence; without a frame: there is none. */
static void assert_received(struct ne *ne, const u8 *frame, u32 length)
{
	u32 fcs = frame ? sim_frame_check(frame, length) : 0;
	u8 got[2048];

	assert_int_equal(ne_receive(ne, got), frame ? length + 4 : 0);
	if (!frame)
		return;
	assert_memory_equal(got, frame, length);
	assert_memory_equal(got + length, &fcs, 4);
}

/* All guests but one (or NE_GUESTS: none) send and receive, as always. */
static void assert_alive(struct world *world, struct ne *drivers, unsigned int but)
{
	u8 frame[200];
	unsigned int i, sent, errors;
	u32 frames;

	for (i = 0; i < NE_GUESTS; i++) {
		if (i == but)
			continue;
		frames = world->frames;
		sent = drivers[i].sent;
		errors = drivers[i].errors;
		ne_frame(frame, 200, drivers[i].guest, i);
		assert_true(ne_send(&drivers[i], frame, 200));
		ne_settle(world, &drivers[i], 1);
		assert_wire(world, frames, frame, 200);
		assert_int_equal(drivers[i].sent, sent + 1);
		assert_int_equal(drivers[i].errors, errors);
		wire_make(frame, 150, nic_mac(drivers[i].guest), i);
		arrive(world, frame, 150);
		assert_true(drivers[i].guest->line);
		assert_int_equal(ne_interrupt(&drivers[i]), NE_PRX);
		assert_received(&drivers[i], frame, 150);
		assert_received(&drivers[i], NULL, 0);
	}
}

/* --- Identity ---------------------------------------------------------------------------- */

static void test_config(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = &world->guests[0];
	u32 value = ~0u;

	vpio_vdev_config_read(guest->vdev, 0, &value, 4);
	assert_int_equal(value, 0x802910ec);
	vpio_vdev_config_read(guest->vdev, 8, &value, 4);
	assert_int_equal(value, 0x02000000);
	vpio_vdev_config_read(guest->vdev, 0x2c, &value, 4);
	assert_int_equal(value, 0x802910ec);
	value = ~0u;
	guest->locked = true;
	vpio_vdev_config_write(guest->vdev, 0x10, &value, 4);
	guest->locked = false;
	vpio_vdev_config_read(guest->vdev, 0x10, &value, 4);
	assert_int_equal(value, 0xffffff01);
}

static void test_probe(void **state)
{
	struct world *world = *state;
	unsigned int i, j;

	for (i = 0; i < NE_GUESTS; i++) {
		struct ne ne = { .guest = &world->guests[i], .width = 4 };
		u8 prom[32];

		assert_int_equal(ne_in(&ne, NE_CR, 1), CR_STOP);
		assert_true(ne_probe(&ne, prom));
		assert_memory_equal(prom, nic_mac(ne.guest), 6);
		assert_int_equal(prom[14] << 8 | prom[15], 0x5757);
		/* by bytes each is there twice */
		ne_out(&ne, NE_DCR, 1, DCR_BYTES);
		ne_remote(&ne, CR_READ, 0, 32);
		for (j = 0; j < 32; j++)
			prom[j] = (u8)ne_in(&ne, NE_DATA, 1);
		for (j = 0; j < 12; j++)
			assert_int_equal(prom[j], nic_mac(ne.guest)[j / 2]);
		for (j = 28; j < 32; j++)
			assert_int_equal(prom[j], 0x57);
		assert_int_equal(ne_in(&ne, NE_ISR, 1) & NE_RDC, NE_RDC);
		/* by the widest accesses */
		ne.width = 8;
		ne_out(&ne, NE_DCR, 1, DCR_WORDS);
		ne_read(&ne, 0, prom, 32);
		for (j = 0; j < 12; j++)
			assert_int_equal(prom[j], nic_mac(ne.guest)[j / 2]);
		assert_int_equal(ne_in(&ne, NE_DATA, 4), 0); /* nothing is left */
	}
}

/* --- Registers --------------------------------------------------------------------------- */

/* What is written in one page is read in another. */
static void test_pages(void **state)
{
	static const struct {
		u8 write_page, write, read_page, read, mask;
	} registers[] = {
		{ 0, NE_PSTART, 2, 0x01, 0xff },  { 0, NE_PSTOP, 2, 0x02, 0xff },
		{ 0, NE_TPSR, 2, 0x04, 0xff },	  { 0, NE_BNRY, 0, NE_BNRY, 0xff },
		{ 0, NE_RCR, 2, 0x0c, 0x3f },	  { 0, NE_TCR, 2, 0x0d, 0x1f },
		{ 0, NE_DCR, 2, 0x0e, 0x7f },	  { 0, NE_IMR, 2, 0x0f, 0x7f },
		{ 1, 0x01, 1, 0x01, 0xff },	  { 1, 0x06, 1, 0x06, 0xff },
		{ 1, NE_CURR, 1, NE_CURR, 0xff }, { 1, NE_CURR, 0, 0x02, 0xff },
		{ 1, 0x08, 1, 0x08, 0xff },	  { 1, 0x0f, 1, 0x0f, 0xff },
		{ 2, 0x03, 2, 0x03, 0xff },	  { 2, 0x05, 2, 0x05, 0xff },
		{ 2, 0x07, 2, 0x07, 0xff },	  { 3, 0x01, 3, 0x01, 0xce },
		{ 3, 0x02, 3, 0x02, 0xff },
	};
	struct world *world = *state;
	struct ne drivers[2] = { { .guest = &world->guests[0] }, { .guest = &world->guests[1] } };
	unsigned int i, value;
	u64 others;

	for (i = 0; i < ARRAY_SIZE(registers); i++) {
		ne_out(&drivers[1], NE_CR, 1, CR_STOP | registers[i].read_page << 6);
		others = ne_in(&drivers[1], registers[i].read, 1);
		for (value = 0; value < 0x100; value += 0x33) {
			ne_out(drivers, NE_CR, 1, CR_STOP | registers[i].write_page << 6);
			ne_out(drivers, registers[i].write, 1, value);
			ne_out(drivers, NE_CR, 1, CR_STOP | registers[i].read_page << 6);
			assert_int_equal(ne_in(drivers, registers[i].read, 1),
					 value & registers[i].mask);
		}
		assert_int_equal(ne_in(&drivers[1], registers[i].read, 1), others);
	}
}

static void test_read_only(void **state)
{
	static const u8 values[][3] = { { 0, 0x0a, 0x50 }, { 0, 0x0b, 0x43 }, { 0, NE_RSR, 0 },
					{ 0, NE_TSR, 0 },  { 0, 0x05, 0 },    { 0, 0x06, 0 },
					{ 3, 0x03, 0 },	   { 3, 0x05, 0x40 }, { 3, 0x06, 0x40 },
					{ 3, 0x09, 0 } };
	struct world *world = *state;
	struct ne ne = { .guest = &world->guests[0] };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		ne_out(&ne, NE_CR, 1, CR_STOP | values[i][0] << 6);
		assert_int_equal(ne_in(&ne, values[i][1], 1), values[i][2]);
	}
	assert_int_equal(ne_in(&ne, 0x20, 4), 0);
	assert_int_equal(ne_in(&ne, 0xf8, 8), 0);
	assert_int_equal(sim_stats(world->device)->frames_out, 0);
}

/* An access of two or four bytes gives what its bytes give. */
static void test_wide(void **state)
{
	struct world *world = *state;
	struct ne ne = { .guest = &world->guests[0] };

	ne_out(&ne, NE_CR, 1, 0x61);
	ne_out(&ne, NE_PAR, 4, 0x44332211);
	ne_out(&ne, NE_PAR + 4, 2, 0x6655);
	ne_out(&ne, NE_MAR, 8, 0x1122334455667788);
	assert_int_equal(ne_in(&ne, NE_PAR + 2, 4), 0x66554433);
	assert_int_equal(ne_in(&ne, NE_MAR + 3, 2), 0x4455);
	assert_int_equal(ne_in(&ne, NE_CR, 2), 0x1161);
}

/* RST is there while the card is stopped: no write clears it, as START does. */
static void test_reset_status(void **state)
{
	struct world *world = *state;
	struct ne ne = { .guest = &world->guests[0] };

	assert_int_equal(ne_in(&ne, NE_ISR, 1), NE_RST);
	ne_out(&ne, NE_ISR, 1, 0xff);
	assert_int_equal(ne_in(&ne, NE_ISR, 1), NE_RST);
	ne_out(&ne, NE_CR, 1, CR_START);
	assert_int_equal(ne_in(&ne, NE_ISR, 1), 0);
	ne_out(&ne, NE_CR, 1, CR_STOP);
	assert_int_equal(ne_in(&ne, NE_ISR, 1), NE_RST);
	ne_out(&ne, NE_CR, 1, CR_START);
	ne_remote(&ne, CR_READ, 0, 0);
	assert_int_equal(ne_in(&ne, NE_ISR, 1), NE_RDC);
	ne_in(&ne, NE_RESET, 1);
	assert_int_equal(ne_in(&ne, NE_ISR, 1), NE_RST);
	assert_int_equal(ne_in(&ne, NE_CR, 1), CR_STOP);
}

static void test_interrupt(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[100];

	open_all(world, drivers);
	ne_out(a, NE_IMR, 1, NE_PTX);
	wire_make(frame, 100, nic_mac(a->guest), 1);
	arrive(world, frame, 100);
	assert_int_equal(ne_in(a, NE_ISR, 1), NE_PRX);
	assert_false(a->guest->line);
	ne_out(a, NE_IMR, 1, NE_PRX);
	assert_true(a->guest->line);
	assert_false(world->guests[1].line);
	ne_out(a, NE_ISR, 1, NE_PTX);
	assert_true(a->guest->line);
	ne_out(a, NE_ISR, 1, NE_PRX);
	assert_false(a->guest->line);
	ne_remote(a, CR_READ, RING, 2);
	ne_out(a, NE_IMR, 1, 0xff); /* RDC and the others, not RST */
	assert_false(a->guest->line);
	ne_in(a, NE_DATA, 2);
	assert_true(a->guest->line);
	ne_out(a, NE_ISR, 1, NE_RDC);
	assert_false(a->guest->line);
	ne_out(a, NE_CR, 1, CR_STOP);
	assert_int_equal(ne_in(a, NE_ISR, 1), NE_RST);
	assert_false(a->guest->line);
	assert_int_equal(a->guest->edges, 2);
}

/* --- Sending ----------------------------------------------------------------------------- */

static void test_lengths(void **state)
{
	static const u16 lengths[] = {
		60, 61, 62, 63, 64, 65, 100, 255, 256, 257, 1513, 1514, 1518
	};
	struct world *world = *state;
	struct ne drivers[NE_GUESTS];
	u8 frame[NE_MOST];
	unsigned int i, width;
	u32 frames = 0;

	open_all(world, drivers);
	for (width = 2; width <= 8; width *= 2) {
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			struct ne *ne = &drivers[i % NE_GUESTS];

			ne->width = width;
			ne_frame(frame, lengths[i], ne->guest, i);
			assert_true(ne_send(ne, frame, lengths[i]));
			ne_settle(world, ne, 1);
			assert_wire(world, frames++, frame, lengths[i]);
			assert_int_equal(ne->errors, 0);
		}
	}
	assert_int_equal(world->frames, frames);
	assert_int_equal(stats_of(&world->guests[0])->refusals, 0);
}

/* Below the least length the frame is padded with zeros. */
static void test_short(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS];
	u8 frame[60] = { 0 };

	open_all(world, drivers);
	ne_frame(frame, 14, drivers[0].guest, 1);
	assert_true(ne_send(&drivers[0], frame, 14));
	ne_settle(world, drivers, 1);
	assert_wire(world, 0, frame, 60);
}

/* One buffer is filled while the other is sent, as lib8390 does it. */
static void test_ping_pong(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[1000];
	unsigned int i;

	open_all(world, drivers);
	for (i = 0; i < 40; i += 2) {
		ne_frame(frame, 900 + i, a->guest, i);
		assert_true(ne_send(a, frame, 900 + i));
		ne_frame(frame, 901 + i, a->guest, i + 1);
		assert_true(ne_send(a, frame, 901 + i)); /* the first is on the hardware */
		assert_int_equal(world->frames, i);
		assert_false(ne_send(a, frame, 60));
		ne_settle(world, a, 1);
		assert_wire(world, i + 1, frame, 901 + i);
		ne_frame(frame, 900 + i, a->guest, i);
		assert_wire(world, i, frame, 900 + i);
	}
	assert_int_equal(a->sent, 40);
	assert_int_equal(stats_of(a->guest)->jobs_aborted, 0);
}

/* An owner's words go straight to the hardware, and little of the model's code runs. */
static void test_direct(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	const struct vpio_vdev_stats *stats;
	u64 direct, hooks, writes;
	u8 frame[1514];
	unsigned int i;

	open_all(world, drivers);
	stats = stats_of(a->guest);
	direct = stats->direct;
	hooks = stats->hooks;
	writes = pdev_stats(world)->hw_writes;
	for (i = 0; i < 20; i++) {
		ne_frame(frame, 1514, a->guest, i);
		assert_true(ne_send(a, frame, 1514));
		ne_settle(world, a, 1);
		assert_wire(world, i, frame, 1514);
	}
	assert_true(stats->direct - direct >= 20 * 375);
	assert_in_range(stats->hooks - hooks, 1, 20 * 4);
	/* no frame was written twice */
	assert_in_range(pdev_stats(world)->hw_writes - writes, 20 * 379, 20 * 440);
	assert_int_equal(pdev_stats(world)->hand_offs, 1);
}

/*
 * Guest a writes a frame and sends it, while guest b does something after a's step number `when`;
 * then b does the rest. Whoever has the engine, each frame is what its guest wrote.
 */
static void one_order(struct world *world, struct ne *a, struct ne *b, unsigned int when,
		      unsigned int half)
{
	u8 first[200], second[200];
	const u32 frames = world->frames;
	unsigned int step;

	ne_frame(first, 200, a->guest, when);
	ne_frame(second, 200, b->guest, 100 + when);
	for (step = 0; step < 5; step++) {
		switch (step) {
		case 0:
			ne_remote(a, CR_WRITE, TX, 200);
			break;
		case 1:
			ne_put(a, first, 100);
			break;
		case 2:
			ne_put(a, first + 100, 100);
			break;
		case 3:
			ne_trigger(a, TX_PAGE, 200);
			break;
		case 4:
			world_run(world);
			break;
		}
		if (step != when)
			continue;
		ne_remote(b, CR_WRITE, half & 1 ? TX : TX2, 200);
		ne_put(b, second, 60);
		if (half & 2)
			world_run(world);
		if (half & 4) {
			ne_put(b, second + 60, 140);
			ne_trigger(b, half & 1 ? TX_PAGE : TX_PAGE2, 200);
		}
	}
	if (!(half & 4)) {
		ne_put(b, second + 60, 140);
		ne_trigger(b, half & 1 ? TX_PAGE : TX_PAGE2, 200);
	}
	world_run(world);
	assert_int_equal(world->frames, frames + 2);
	if (!memcmp(world->wire[frames % WORLD_CAPTURE].data, first, 200)) {
		assert_wire(world, frames + 1, second, 200);
	} else {
		assert_wire(world, frames, second, 200);
		assert_wire(world, frames + 1, first, 200);
	}
	assert_int_equal(ne_interrupt(a) & (NE_PTX | NE_TXE), NE_PTX);
	assert_int_equal(ne_interrupt(b) & (NE_PTX | NE_TXE), NE_PTX);
}

static void test_hand_off(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS];
	unsigned int when, half;

	open_all(world, drivers);
	for (when = 0; when < 5; when++) {
		for (half = 0; half < 8; half++) {
			one_order(world, &drivers[0], &drivers[1], when, half);
			one_order(world, &drivers[2], &drivers[1], when, half);
		}
	}
	assert_int_equal(stats_of(&world->guests[0])->jobs_aborted, 0);
	assert_int_equal(pdev_stats(world)->recoveries, 0);
}

/* A frame that was written before a hand-off, and one that is sent twice. */
static void test_kept(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	u8 frame[300], other[300];
	u64 writes;

	open_all(world, drivers);
	ne_frame(frame, 300, a->guest, 1);
	ne_frame(other, 300, b->guest, 2);
	ne_write(a, TX, frame, 300);
	ne_write(b, TX, other, 300);
	ne_trigger(b, TX_PAGE, 300);
	world_run(world);
	ne_trigger(a, TX_PAGE, 300);
	world_run(world);
	writes = pdev_stats(world)->hw_writes;
	ne_trigger(b, TX_PAGE, 300);
	world_run(world);
	assert_true(pdev_stats(world)->hw_writes - writes >= 75);
	ne_write(b, TX2, other, 300);
	writes = pdev_stats(world)->hw_writes;
	ne_trigger(b, TX_PAGE2, 300);
	world_run(world);
	assert_in_range(pdev_stats(world)->hw_writes - writes, 1, 30); /* it is there still */
	assert_wire(world, 0, other, 300);
	assert_wire(world, 1, frame, 300);
	assert_wire(world, 2, other, 300);
	assert_wire(world, 3, other, 300);
}

/* In loopback nothing leaves the card. */
static void test_loopback(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[60];

	open_all(world, drivers);
	ne_out(a, NE_TCR, 1, 0x02);
	frame_make(frame, 60, frame_broadcast, nic_mac(a->guest), 1);
	assert_true(ne_send(a, frame, 60));
	ne_settle(world, a, 1);
	assert_int_equal(a->sent, 1);
	assert_int_equal(world->frames, 0);
	assert_received(&drivers[1], NULL, 0);
}

/* --- Receiving, and the switch ----------------------------------------------------------- */

static void test_local(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1, *c = drivers + 2;
	u8 frame[500];

	open_all(world, drivers);
	frame_make(frame, 500, nic_mac(b->guest), nic_mac(a->guest), 1);
	assert_true(ne_send(a, frame, 500));
	ne_settle(world, a, 1);
	assert_int_equal(a->sent, 1);
	assert_int_equal(world->frames, 0); /* the wire does not see it */
	assert_received(b, frame, 500);
	assert_received(c, NULL, 0);
	frame_make(frame, 500, frame_broadcast, nic_mac(a->guest), 2);
	assert_true(ne_send(a, frame, 500));
	ne_settle(world, a, 1);
	assert_wire(world, 0, frame, 500);
	assert_received(b, frame, 500);
	assert_received(c, frame, 500);
	assert_received(a, NULL, 0);
	assert_int_equal(stats_of(b->guest)->local_frames, 2);
}

static void set_filter(struct ne *ne, u8 rcr, u64 hash)
{
	ne_out(ne, NE_CR, 1, 0x60);
	ne_out(ne, NE_MAR, 8, hash);
	ne_out(ne, NE_CR, 1, CR_START);
	ne_out(ne, NE_RCR, 1, rcr);
}

static void test_filter(void **state)
{
	static const u8 group[6] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 };
	const unsigned int bit = sim_multicast_hash(group);
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	u8 frame[100];

	open_all(world, drivers);
	frame_make(frame, 100, group, frame_stranger, 1);
	arrive(world, frame, 100);
	assert_received(a, NULL, 0);
	set_filter(a, RCR_MULTICAST, 1ull << bit);
	set_filter(b, RCR_MULTICAST, ~(1ull << bit));
	arrive(world, frame, 100);
	assert_received(a, frame, 100);
	assert_int_equal(ne_in(a, NE_RSR, 1), 0x21);
	assert_received(b, NULL, 0);
	frame_make(frame, 100, group, nic_mac(b->guest), 2); /* from the other: both */
	assert_true(ne_send(b, frame, 100));
	ne_settle(world, b, 1);
	assert_wire(world, 0, frame, 100);
	assert_received(a, frame, 100);
	frame_make(frame, 100, frame_broadcast, frame_stranger, 3);
	arrive(world, frame, 100);
	assert_received(a, NULL, 0);
	frame_make(frame, 100, frame_stranger, frame_broadcast, 4);
	frame[6] = 0x52;
	set_filter(b, RCR_PROMISCUOUS, 0);
	arrive(world, frame, 100);
	assert_received(b, frame, 100);
	assert_int_equal(ne_in(b, NE_RSR, 1), 0x01);
	assert_received(a, NULL, 0);
	set_filter(b, RCR_PROMISCUOUS | RCR_MONITOR, 0);
	arrive(world, frame, 100);
	wire_make(frame, 100, nic_mac(b->guest), 5);
	arrive(world, frame, 100);
	assert_received(b, NULL, 0);
	set_filter(b, 0, 0);
	arrive(world, frame, 100);
	assert_received(b, frame, 100);
}

/* Frames of all lengths, round and round the ring. */
static void test_ring(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[NE_MOST];
	unsigned int i, j;
	u32 length;

	open_all(world, drivers);
	for (i = 0; i < 400; i++) {
		length = 60 + i * 97 % (NE_MOST - 59);
		a->width = 2u << i % 3;
		wire_make(frame, length, nic_mac(a->guest), i);
		arrive(world, frame, length);
		if (i % 3)
			continue;
		for (j = i ? i - 2 : 0; j <= i; j++) {
			length = 60 + j * 97 % (NE_MOST - 59);
			wire_make(frame, length, nic_mac(a->guest), j);
			assert_received(a, frame, length);
		}
		assert_received(a, NULL, 0);
	}
	assert_int_equal(a->bad, 0);
	assert_int_equal(stats_of(a->guest)->rx_dropped, 0);
	assert_int_equal(ne_in(a, NE_CNTR + 2, 1), 0);
}

/* The header: status, next page, length with FCS; what is behind the frame stays. */
static void test_header(void **state)
{
	static const struct {
		u16 length;
		u8 pages;
	} lengths[] = { { 60, 1 }, { 248, 1 }, { 249, 2 }, { 504, 2 }, { 505, 3 }, { 1514, 6 } };
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[1514], header[4], page = RX_PAGE;
	unsigned int i;

	open_all(world, drivers);
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		wire_make(frame, lengths[i].length, nic_mac(a->guest), i);
		arrive(world, frame, lengths[i].length);
		ne_read(a, (u16)(page << 8), header, 4);
		page += lengths[i].pages;
		assert_int_equal(header[0], 0x01);
		assert_int_equal(header[1], page);
		assert_int_equal(header[2] | header[3] << 8, lengths[i].length + 4);
		assert_int_equal(ne_in(a, 0x02, 1), page); /* CLDA1 */
		assert_int_equal(ne_in(a, NE_ISR, 1) & NE_OVW, 0);
	}
}

/* A full ring: what is lost is counted, what is there stays, and it goes on. */
static void test_ring_full(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[600];
	unsigned int i, fits = (PAGES - 2) / 3; /* one page stays free */

	open_all(world, drivers);
	for (i = 0; i < fits + 10; i++) {
		wire_make(frame, 600, nic_mac(a->guest), i);
		arrive(world, frame, 600);
	}
	assert_int_equal(stats_of(a->guest)->rx_dropped, 10);
	assert_int_equal(ne_in(a, NE_CNTR + 2, 1), 10);
	assert_int_equal(ne_in(a, NE_CNTR + 2, 1), 0);
	for (i = 0; i < fits; i++) {
		wire_make(frame, 600, nic_mac(a->guest), i);
		assert_received(a, frame, 600);
	}
	assert_received(a, NULL, 0);
	ne_interrupt(a);
	for (i = 0; i < fits + 130; i++)
		arrive(world, frame, 600);
	assert_int_equal(ne_in(a, NE_ISR, 1) & NE_CNT, NE_CNT);
	assert_int_equal(ne_in(a, NE_CNTR + 2, 1), 130);
	for (i = 0; i < 400; i++)
		arrive(world, frame, 600);
	assert_int_equal(ne_in(a, NE_CNTR + 2, 1), 255);
	for (i = 0; i < fits; i++)
		assert_received(a, frame, 600);
	ne_interrupt(a);
	assert_alive(world, drivers, NE_GUESTS);
}

/* A ring that is none takes nothing. */
static void test_no_ring(void **state)
{
	static const u8 rings[][4] = { { 0x80, 0x4c, 0x4c, 0x7f }, { 0x4c, 0x4c, 0x4c, 0x4b },
				       { 0x00, 0x80, 0x00, 0x7f }, { 0x4c, 0xc1, 0x4c, 0xc0 },
				       { 0x4c, 0x80, 0x80, 0x7f }, { 0x4c, 0x80, 0x4b, 0x7f },
				       { 0x4c, 0x4d, 0x4c, 0x00 }, { 0xff, 0xff, 0xff, 0xff } };
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[600];
	unsigned int i;

	open_all(world, drivers);
	wire_make(frame, 600, nic_mac(a->guest), 1);
	for (i = 0; i < ARRAY_SIZE(rings); i++) {
		ne_out(a, NE_PSTART, 1, rings[i][0]);
		ne_out(a, NE_PSTOP, 1, rings[i][1]);
		ne_out(a, NE_BNRY, 1, rings[i][3]);
		ne_out(a, NE_CR, 1, CR_PAGE1);
		ne_out(a, NE_CURR, 1, rings[i][2]);
		ne_out(a, NE_CR, 1, CR_START);
		arrive(world, frame, 600);
		assert_int_equal(ne_in(a, NE_ISR, 1) & NE_PRX, 0);
		assert_int_equal(stats_of(a->guest)->rx_dropped, i + 1);
	}
	ne_init(a, RCR_BROADCAST);
	assert_alive(world, drivers, NE_GUESTS);
}

/* --- Both at a time ---------------------------------------------------------------------- */

/* A frame comes while an owner writes: the monitor reads it by the same remote DMA. */
static void test_receive_in_write(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	u8 frame[301], in[400];
	unsigned int at;
	u64 writes;

	open_all(world, drivers);
	for (at = 0; at <= 300; at += 20) {
		ne_frame(frame, 300, a->guest, at);
		wire_make(in, 400, nic_mac(b->guest), at);
		ne_remote(a, CR_WRITE, TX, 300);
		ne_put(a, frame, at);
		arrive(world, in, 400);
		ne_put(a, frame + at, 300 - at);
		assert_int_equal(ne_in(a, NE_ISR, 1) & NE_RDC, NE_RDC);
		writes = pdev_stats(world)->hw_writes;
		ne_trigger(a, TX_PAGE, 300);
		assert_in_range(pdev_stats(world)->hw_writes - writes, 1, 20); /* it was there */
		world_run(world);
		assert_wire(world, at / 20, frame, 300);
		assert_received(b, in, 400);
		ne_interrupt(a);
	}
}

static void test_receive_in_read(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	u8 frame[300], other[300], got[300];
	unsigned int at;

	open_all(world, drivers);
	for (at = 4; at < 300; at += 40) {
		wire_make(frame, 300, nic_mac(a->guest), at);
		wire_make(other, 300, nic_mac(b->guest), at);
		ne_write(a, 0x9000, frame, 300);
		ne_remote(a, CR_READ, 0x9000, 300);
		ne_get(a, got, at);
		arrive(world, other, 300);
		arrive(world, frame, 300);
		ne_get(a, got + at, 300 - at);
		assert_memory_equal(got, frame, 300);
		assert_received(a, frame, 300);
		assert_received(b, other, 300);
	}
}

/* Everybody sends and receives, from and to everybody; nothing is lost. */
static void test_traffic(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS];
	u8 frame[1514], got[2048];
	unsigned int round, i, received[NE_GUESTS] = { 0 }, sent[NE_GUESTS] = { 0 };

	open_all(world, drivers);
	for (round = 0; round < 300; round++) {
		for (i = 0; i < NE_GUESTS; i++) {
			const u8 *to = round % 3 ? nic_mac(drivers[(i + 1) % NE_GUESTS].guest)
						 : frame_stranger;

			frame_make(frame, 60 + round * 4, to, nic_mac(drivers[i].guest), round);
			sent[i] += ne_send(&drivers[i], frame, 60 + round * 4);
			wire_make(frame, 60 + round * 3, nic_mac(drivers[i].guest), round);
			sim_receive(world->device, frame, 60 + round * 3);
		}
		ne_settle(world, drivers, NE_GUESTS);
		for (i = 0; i < NE_GUESTS; i++) {
			while (ne_receive(&drivers[i], got))
				received[i]++;
		}
	}
	for (i = 0; i < NE_GUESTS; i++) {
		assert_int_equal(sent[i], 300);
		assert_int_equal(drivers[i].sent, 300);
		assert_int_equal(drivers[i].errors, 0);
		assert_int_equal(drivers[i].bad, 0);
		assert_int_equal(received[i], 300 + 200);
	}
	assert_int_equal(world->frames, 300);
}

/* --- Stop and reset ---------------------------------------------------------------------- */

/* Wherever a guest stops or resets the card and opens it again, it goes on, and the others do. */
static void test_stop(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	unsigned int step, how;
	u8 frame[200], in[100];

	open_all(world, drivers);
	for (how = 0; how < 3; how++) {
		for (step = 0; step < 8; step++) {
			ne_frame(frame, 200, a->guest, step);
			wire_make(in, 100, nic_mac(b->guest), step);
			if (step >= 1)
				ne_remote(a, step == 7 ? CR_READ : CR_WRITE, TX, 200);
			if (step >= 2)
				ne_put(a, frame, 100);
			if (step >= 3)
				ne_put(a, frame + 100, 100);
			if (step == 4)
				sim_receive(world->device, in, 100);
			if (step >= 5)
				ne_trigger(a, TX_PAGE, 200);
			if (step >= 6)
				world_run(world);
			if (how == 0)
				ne_out(a, NE_CR, 1, CR_STOP);
			else if (how == 1)
				ne_in(a, NE_RESET, 1);
			else
				storm_reset(a->guest);
			assert_int_equal(ne_in(a, NE_ISR, 1) & NE_RST, NE_RST);
			assert_int_equal(ne_in(a, NE_CR, 1), CR_STOP);
			assert_int_equal(ne_in(a, NE_DATA, 4), 0);
			world_run(world);
			if (step == 4)
				assert_received(b, in, 100);
			ne_interrupt(b);
			b->sent = 0;
			ne_open(a, a->guest, RCR_BROADCAST);
			assert_alive(world, drivers, NE_GUESTS);
		}
	}
}

/* Stopped, it hears and says nothing. */
static void test_stopped(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[100];

	open_all(world, drivers);
	ne_frame(frame, 100, a->guest, 1);
	ne_write(a, TX, frame, 100);
	ne_out(a, NE_CR, 1, CR_STOP);
	ne_out(a, NE_TBCR, 1, 100);
	ne_out(a, NE_CR, 1, CR_STOP | CR_TXP);
	wire_make(frame, 100, nic_mac(a->guest), 1);
	arrive(world, frame, 100);
	assert_int_equal(world->frames, 0);
	assert_int_equal(ne_in(a, NE_CR, 1) & CR_TXP, 0);
	assert_int_equal(ne_in(a, NE_ISR, 1), NE_RST);
	ne_out(a, NE_CR, 1, CR_START);
	assert_received(a, NULL, 0);
	arrive(world, frame, 100);
	assert_received(a, frame, 100);
}

/* --- Odd DMA ----------------------------------------------------------------------------- */

/* Bytes written anywhere and by any access are read again; only the memory takes them. */
static void test_memory(void **state)
{
	static const u16 places[] = { 0x4000, 0x4600, 0x4bf0, 0x4bfa, 0x4bfc,
				      0x4bfe, 0x4c00, 0x7ff0, 0x8000, 0xbfc0 };
	struct world *world = *state;
	struct ne drivers[NE_GUESTS];
	u8 data[64], got[64];
	unsigned int i, j, width, reads;

	open_all(world, drivers);
	for (i = 0; i < NE_GUESTS; i++)
		ne_out(&drivers[i], NE_PSTOP, 1, 0xc0); /* reads wrap there */
	for (width = 1; width <= 8; width *= 2) {
		for (i = 0; i < ARRAY_SIZE(places); i++) {
			struct ne *a = &drivers[i % NE_GUESTS];

			ne_out(a, NE_DCR, 1, width == 1 ? DCR_BYTES : DCR_WORDS);
			for (j = 0; j < 64; j++)
				data[j] = (u8)(width * 50 + i * 7 + j);
			a->width = width;
			ne_remote(a, CR_WRITE, places[i], 64);
			ne_put(a, data, 64);
			assert_int_equal(ne_in(a, NE_ISR, 1) & NE_RDC, NE_RDC);
			ne_put(a, data, 8); /* nothing is left: nothing happens */
			for (reads = width == 1 ? 1 : 2; reads <= 8; reads *= 2) {
				a->width = reads;
				memset(got, 0, 64);
				ne_read(a, places[i], got, 64);
				assert_memory_equal(got, data, 64);
			}
		}
	}
}

/* Outside of the memory, across its end, around the end of the address space; a count of 0. */
static void test_nowhere(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 data[256], got[256];
	unsigned int i;

	open_all(world, drivers);
	for (i = 0; i < 256; i++)
		data[i] = (u8)(i + 1);
	ne_remote(a, CR_WRITE, 0x3f80, 256);
	assert_int_equal(ne_in(a, NE_ISR, 1) & NE_RDC, NE_RDC);
	ne_put(a, data, 256);
	ne_read(a, 0x3f80, got, 256);
	for (i = 0; i < 256; i++)
		assert_int_equal(got[i], 0);
	ne_remote(a, CR_WRITE, 0xbff0, 256);
	ne_put(a, data, 256);
	assert_int_equal(ne_in(a, NE_ISR, 1) & NE_RDC, NE_RDC);
	ne_read(a, 0xbff0, got, 256);
	for (i = 0; i < 256; i++)
		assert_int_equal(got[i], i < 16 ? i + 1 : 0);
	ne_read(a, 0xffe0, got, 64);
	for (i = 0; i < 32; i++)
		assert_int_equal(got[i], 0);
	assert_int_equal(got[32], nic_mac(a->guest)[0]); /* around the end */
	assert_int_equal(got[34], nic_mac(a->guest)[1]);
	ne_remote(a, CR_WRITE, TX, 0);
	assert_int_equal(ne_in(a, NE_ISR, 1) & NE_RDC, NE_RDC);
	ne_remote(a, CR_READ, TX, 0);
	assert_int_equal(ne_in(a, NE_ISR, 1) & NE_RDC, NE_RDC);
	assert_int_equal(ne_in(a, NE_DATA, 4), 0);
	assert_alive(world, drivers, NE_GUESTS);
}

/* In words the lowest bit of an address does not count; a read wraps at the ring's end. */
static void test_addresses(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 data[64], got[64];
	unsigned int i;

	open_all(world, drivers);
	for (i = 0; i < 64; i++)
		data[i] = (u8)(i + 1);
	ne_remote(a, CR_WRITE, TX + 1, 64);
	ne_put(a, data, 64);
	ne_read(a, TX, got, 64);
	assert_memory_equal(got, data, 64);
	ne_remote(a, CR_READ, TX + 4, 32);
	ne_get(a, got, 12);
	assert_int_equal(ne_in(a, NE_CRDA, 1), 16);
	assert_int_equal(ne_in(a, NE_CRDA + 1, 1), TX_PAGE);
	ne_write(a, (STOP_PAGE << 8) - 32, data, 32);
	ne_write(a, RING, data + 32, 32);
	ne_read(a, (STOP_PAGE << 8) - 32, got, 64);
	assert_memory_equal(got, data, 64);
	ne_out(a, NE_DCR, 1, DCR_BYTES);
	a->width = 1;
	ne_remote(a, CR_WRITE, TX + 1, 3);
	ne_put(a, data, 3);
	ne_remote(a, CR_READ, TX, 6);
	ne_get(a, got, 6);
	assert_memory_equal(got, "\x01\x01\x02\x03\x05\x06", 6);
}

/* A frame that is written by bytes, in two parts, not in order, across the end of the buffers. */
static void test_odd_frames(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[200];
	u32 frames = 0;

	open_all(world, drivers);
	ne_frame(frame, 200, a->guest, 1);
	ne_out(a, NE_DCR, 1, DCR_BYTES);
	a->width = 1;
	ne_remote(a, CR_WRITE, TX, 200);
	ne_put(a, frame, 200);
	ne_trigger(a, TX_PAGE, 200);
	world_run(world);
	assert_wire(world, frames++, frame, 200);
	ne_interrupt(a);
	ne_out(a, NE_DCR, 1, DCR_WORDS);
	a->width = 4;
	ne_frame(frame, 200, a->guest, 2);
	ne_write(a, TX + 100, frame + 100, 100);
	ne_write(a, TX, frame, 100);
	ne_trigger(a, TX_PAGE, 200);
	world_run(world);
	assert_wire(world, frames++, frame, 200);
	ne_interrupt(a);
	ne_frame(frame, 200, a->guest, 3);
	ne_write(a, 0x4b00, frame, 200);
	ne_trigger(a, 0x4b, 200);
	world_run(world);
	assert_wire(world, frames++, frame, 200);
	ne_interrupt(a);
	ne_frame(frame, 200, a->guest, 4);
	ne_write(a, 0xbf00, frame, 200);
	ne_trigger(a, 0xbf, 200);
	world_run(world);
	assert_wire(world, frames++, frame, 200);
	assert_int_equal(world->frames, frames);
}

/* --- The device misbehaves --------------------------------------------------------------- */

/* A frame hangs: its guest is told so, and the others, who wait meanwhile, go on. */
static void test_hang(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	u8 frame[100], other[100];

	open_all(world, drivers);
	ne_frame(frame, 100, a->guest, 1);
	ne_frame(other, 100, b->guest, 2);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 1);
	assert_true(ne_send(a, frame, 100));
	world_ticks(world, TIMEOUT_MS / 2);
	assert_false(a->guest->line);
	ne_write(b, TX, other, 100); /* waits for the engine until a's time is over */
	ne_trigger(b, TX_PAGE, 100);
	world_run(world);
	assert_true(a->guest->line);
	assert_int_equal(ne_interrupt(a), NE_TXE);
	assert_int_equal(a->errors, 1);
	assert_int_equal(ne_in(a, NE_TSR, 1), 0x08);
	assert_wire(world, 0, other, 100);
	ne_interrupt(b);
	assert_int_equal(pdev_stats(world)->recoveries, 1);
	assert_int_equal(stats_of(a->guest)->jobs_aborted, 1);
	assert_alive(world, drivers, NE_GUESTS);
}

/* It hangs and its driver resets the card, as lib8390 when its watchdog barks. */
static void test_hang_alone(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[100];

	open_all(world, drivers);
	ne_frame(frame, 100, a->guest, 1);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 1);
	assert_true(ne_send(a, frame, 100));
	world_ticks(world, TIMEOUT_MS / 2);
	ne_in(a, NE_RESET, 1);
	ne_init(a, RCR_BROADCAST);
	ne_frame(frame, 100, a->guest, 2);
	assert_true(ne_send(a, frame, 100));
	world_ticks(world, TIMEOUT_MS);
	assert_int_equal(world->frames, 1);
	assert_wire(world, 0, frame, 100);
	ne_interrupt(a);
	assert_int_equal(a->sent, 1);
	assert_int_equal(a->errors, 0);
	assert_alive(world, drivers, NE_GUESTS);
}

/* Each frame hangs for good: all are told so, none waits for ever. */
static void test_hang_for_good(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS];
	unsigned int i;
	u8 frame[100];

	open_all(world, drivers);
	sim_fault(world->device, SIM_FAULT_TX_HANG, SIM_FOREVER);
	for (i = 0; i < NE_GUESTS; i++) {
		ne_frame(frame, 100, drivers[i].guest, i);
		ne_write(&drivers[i], TX, frame, 100);
		ne_trigger(&drivers[i], TX_PAGE, 100);
	}
	world_ticks(world, NE_GUESTS * TIMEOUT_MS);
	for (i = 0; i < NE_GUESTS; i++) {
		assert_int_equal(ne_in(&drivers[i], NE_ISR, 1) & NE_TXE, NE_TXE);
		assert_int_equal(ne_in(&drivers[i], NE_CR, 1) & CR_TXP, 0);
	}
	sim_fault(world->device, SIM_FAULT_TX_HANG, 0);
	world_run(world);
	assert_int_equal(world->frames, 0);
	assert_int_equal(vpio_pdev_health(world->pdev), VPIO_BROKEN);
	assert_int_equal(world_revive(world), 0);
	open_all(world, drivers);
	assert_alive(world, drivers, NE_GUESTS);
}

static void test_lost(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[100];

	open_all(world, drivers);
	ne_frame(frame, 100, a->guest, 1);
	ne_write(a, TX, frame, 100);
	sim_fault(world->device, SIM_FAULT_LOST_IRQ, 1);
	ne_trigger(a, TX_PAGE, 100);
	world_run(world);
	assert_false(a->guest->line);
	world_ticks(world, VPIO_TICK_MS);
	assert_true(a->guest->line);
	assert_int_equal(ne_interrupt(a) & NE_PTX, NE_PTX);
	wire_make(frame, 100, nic_mac(a->guest), 1);
	sim_fault(world->device, SIM_FAULT_LOST_IRQ, 1);
	arrive(world, frame, 100);
	assert_received(a, NULL, 0);
	world_ticks(world, VPIO_TICK_MS);
	assert_received(a, frame, 100);
	assert_int_equal(pdev_stats(world)->lost, 2);
	ne_interrupt(a);
	assert_alive(world, drivers, NE_GUESTS);
}

static void test_spurious(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[100];

	open_all(world, drivers);
	ne_frame(frame, 100, a->guest, 1);
	ne_remote(a, CR_WRITE, TX, 100);
	ne_put(a, frame, 40);
	sim_fault(world->device, SIM_FAULT_SPURIOUS_IRQ, 3);
	world_run(world);
	ne_put(a, frame + 40, 60);
	ne_trigger(a, TX_PAGE, 100);
	world_run(world);
	assert_wire(world, 0, frame, 100);
	assert_true(pdev_stats(world)->spurious > 0);
	ne_interrupt(a);
	assert_alive(world, drivers, NE_GUESTS);
}

/* The hardware's ring overflows, while a guest writes and another's frame is on the hardware. */
static void test_overflow(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	u8 frame[100], second[100], in[100];

	open_all(world, drivers);
	ne_frame(frame, 100, a->guest, 1);
	ne_frame(second, 100, a->guest, 2);
	wire_make(in, 100, nic_mac(b->guest), 3);
	ne_write(a, TX, frame, 100);
	ne_trigger(a, TX_PAGE, 100);
	ne_remote(a, CR_WRITE, TX2, 100);
	ne_put(a, second, 40);
	sim_receive(world->device, in, 100);
	sim_fault(world->device, SIM_FAULT_RX_OVERFLOW, 1);
	sim_receive(world->device, in, 100);
	world->locked = true;
	vpio_pdev_run(world->pdev, true); /* before the frame is out */
	world->locked = false;
	world_run(world);
	ne_put(a, second + 40, 60);
	assert_int_equal(world->frames, 1);
	assert_wire(world, 0, frame, 100);
	assert_int_equal(ne_interrupt(a) & (NE_PTX | NE_TXE), NE_PTX);
	ne_trigger(a, TX_PAGE2, 100);
	world_run(world);
	assert_wire(world, 1, second, 100);
	assert_received(b, in, 100); /* what was there before is not lost */
	assert_received(b, NULL, 0);
	ne_interrupt(a);
	ne_interrupt(b);
	assert_alive(world, drivers, NE_GUESTS);
}

/* Headers that can't be: what they stand for is lost, what comes after it is not. */
static void test_corrupt(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[200];
	unsigned int i;

	open_all(world, drivers);
	for (i = 0; i < 8; i++) {
		wire_make(frame, 200, nic_mac(a->guest), i);
		sim_fault(world->device, SIM_FAULT_RX_HEADER, 1);
		arrive(world, frame, 200);
		assert_received(a, NULL, 0);
		arrive(world, frame, 200);
		assert_received(a, frame, 200);
		ne_interrupt(a);
	}
	assert_alive(world, drivers, NE_GUESTS);
}

/* The card does not say that its reset is done; the monitor does not wait for ever. */
static void test_reset_stuck(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS];

	sim_fault(world->device, SIM_FAULT_RESET_STUCK, SIM_FOREVER);
	world->locked = true;
	vpio_pdev_stop(world->pdev);
	vpio_pdev_start(world->pdev);
	world->locked = false;
	open_all(world, drivers);
	assert_alive(world, drivers, NE_GUESTS);
	sim_fault(world->device, SIM_FAULT_RESET_STUCK, 0);
	assert_alive(world, drivers, NE_GUESTS);
}

/* A guest goes away in the middle of anything. */
static void test_detach(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	unsigned int step;
	u8 frame[200];

	open_all(world, drivers);
	for (step = 0; step < 5; step++) {
		ne_frame(frame, 200, a->guest, step);
		ne_remote(a, CR_WRITE, TX, 200);
		ne_put(a, frame, step ? 200 : 100);
		if (step > 1)
			ne_trigger(a, TX_PAGE, 200);
		if (step == 3)
			sim_run(world->device);
		if (step == 4)
			world_run(world);
		storm_plug(a->guest, false);
		a->guest->woken = false;
		world_run(world);
		assert_alive(world, drivers, 0);
		storm_plug(a->guest, true);
		ne_open(a, a->guest, RCR_BROADCAST);
		ne_read(a, TX, frame, 200);
		assert_int_equal(frame[0] | frame[100] | frame[199], 0);
		assert_alive(world, drivers, NE_GUESTS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(config),
		TEST(probe),
		TEST(pages),
		TEST(read_only),
		TEST(wide),
		TEST(reset_status),
		TEST(interrupt),
		TEST(lengths),
		TEST(short),
		TEST(ping_pong),
		TEST(direct),
		TEST(hand_off),
		TEST(kept),
		TEST(loopback),
		TEST(local),
		TEST(filter),
		TEST(ring),
		TEST(header),
		TEST(ring_full),
		TEST(no_ring),
		TEST(receive_in_write),
		TEST(receive_in_read),
		TEST(traffic),
		TEST(stop),
		TEST(stopped),
		TEST(memory),
		TEST(nowhere),
		TEST(addresses),
		TEST(odd_frames),
		TEST(hang),
		TEST(hang_alone),
		TEST(hang_for_good),
		TEST(lost),
		TEST(spurious),
		TEST(overflow),
		TEST(corrupt),
		TEST(reset_stuck),
		TEST(detach),
	};

	return cmocka_run_group_tests_name("ne2000", tests, NULL, NULL);
}
