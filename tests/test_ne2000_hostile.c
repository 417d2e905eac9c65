// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * models/ne2000.vpm against guests that are root and mean harm: whatever one of them does, a frame
 * on the wire is byte for byte what the monitor has vetted, and the others go on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/state.h"
#include "ne2000.h"

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, ne_setup, ne_teardown)

enum {
	TX = TX_PAGE << 8,
	TX2 = TX_PAGE2 << 8,
	RING = RX_PAGE << 8,
	SIZE = 64, /* bytes of most frames */
	CARD = 0xc000,
};

/* A variable of the model as the vdev has it: of the state that the monitor vets. */
static const u8 *peek(const struct world_guest *guest, const char *name)
{
	const struct vpio_model *model = &guest->world->model;
	const struct vpb_var *var = model->vars;
	u32 i;

	for (i = 0; i < model->header->vars.count; i++, var++) {
		if (var->space != VPB_HOST && !strcmp(vpio_model_string(model, var->name), name))
			return (var->space == VPB_VDEV ? guest->vdev->state
						       : guest->vdev->slice_state) +
			       var->offset;
	}
	fail_msg("the model has no variable %s", name);
	return NULL;
}

static void open_all(struct world *world, struct ne drivers[NE_GUESTS])
{
	unsigned int i;

	for (i = 0; i < NE_GUESTS; i++)
		ne_open(&drivers[i], &world->guests[i], RCR_BROADCAST);
	world_run(world);
}

/* A frame of one guest that says it is another's. */
static void forge(u8 *frame, u32 length, const struct world_guest *as)
{
	frame_make(frame, length, frame_stranger, nic_mac(as), 666);
}

static void assert_wire(const struct world *world, u32 number, const u8 *frame, u32 length)
{
	assert_true(world->frames > number);
	assert_int_equal(world->wire[number].length, length);
	assert_memory_equal(world->wire[number].data, frame, length);
}

/* Everybody sends to the wire, and hears from it and from the others. */
static void assert_alive(struct world *world)
{
	struct ne drivers[NE_GUESTS];
	u8 frame[400], got[2048];
	unsigned int i, j;
	u32 frames;

	open_all(world, drivers);
	for (i = 0; i < NE_GUESTS; i++) {
		frames = world->frames;
		ne_frame(frame, 300 + i, &world->guests[i], i);
		assert_true(ne_send(&drivers[i], frame, 300 + i));
		world_run(world);
		assert_int_equal(world->frames, frames + 1);
		assert_int_equal(world->wire[frames % WORLD_CAPTURE].length, 300 + i);
		assert_memory_equal(world->wire[frames % WORLD_CAPTURE].data, frame, 300 + i);
		assert_true(world->guests[i].line);
		ne_interrupt(&drivers[i]);
		assert_int_equal(drivers[i].sent, 1);
		assert_int_equal(drivers[i].errors, 0);
		frame_make(frame, 200 + i, nic_mac(&world->guests[i]), frame_stranger, i);
		sim_receive(world->device, frame, 200 + i);
		world_run(world);
		for (j = 0; j < NE_GUESTS; j++)
			assert_int_equal(ne_receive(&drivers[j], got), i == j ? 204 + i : 0);
		assert_int_equal(ne_receive(&drivers[i], got), 0);
	}
}

/* --- The hardware's memory is what was vetted -------------------------------------------- */

/* The unit changes in the middle of a remote write: the hardware, in words, would count otherwise. */
static void test_unit_changes(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[SIZE];

	open_all(world, drivers);
	ne_frame(frame, SIZE, a->guest, 1);
	ne_remote(a, CR_WRITE, TX, SIZE);
	ne_put(a, frame, 2);
	ne_out(a, NE_DCR, 1, DCR_BYTES);
	a->width = 1;
	ne_put(a, frame + 2, SIZE - 2);
	ne_trigger(a, TX_PAGE, SIZE);
	world_run(world);
	assert_wire(world, 0, frame, SIZE);
	assert_int_equal(world->frames, 1);
}

/* Reads while a remote write goes on move nothing: not what is vetted, not where it goes. */
static void test_read_in_write(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[SIZE];

	open_all(world, drivers);
	ne_frame(frame, SIZE, a->guest, 1);
	ne_remote(a, CR_WRITE, TX, SIZE);
	ne_put(a, frame, 4);
	ne_in(a, NE_DATA, 4);
	ne_in(a, NE_DATA, 2);
	ne_put(a, frame + 4, SIZE - 4);
	assert_int_equal(ne_in(a, NE_ISR, 1) & NE_RDC, NE_RDC);
	ne_trigger(a, TX_PAGE, SIZE);
	world_run(world);
	assert_wire(world, 0, frame, SIZE);
}

/* A read that wraps moves no write into the hardware's ring, where others' frames are. */
static void test_wrap_into_ring(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	u8 frame[200], forged[512] = { 0x01, RX_PAGE + 3, 204, 0 }, got[2048];
	unsigned int i;

	open_all(world, drivers);
	frame_make(frame, 200, nic_mac(b->guest), frame_stranger, 1);
	frame_make(forged + 4, 200, nic_mac(b->guest), nic_mac(&world->guests[2]), 666);
	ne_out(a, NE_PSTOP, 1, TX_PAGE + 1);
	ne_remote(a, CR_WRITE, TX + 0xf0, 0x300);
	ne_put(a, forged, 4);
	for (i = 0; i < 3; i++)
		ne_in(a, NE_DATA, 4);
	sim_receive(world->device, frame, 200); /* it makes the monitor set up the DMA again */
	world_run(world);
	assert_int_equal(ne_receive(b, got), 204);
	assert_memory_equal(got, frame, 200);
	sim_receive(world->device, frame, 200);
	ne_put(a, forged, 256); /* into page 0x4c, */
	ne_put(a, forged, 256); /* and over the frame in 0x4d */
	world_run(world);
	assert_int_equal(ne_receive(b, got), 204);
	assert_memory_equal(got, frame, 200);
	assert_int_equal(ne_receive(b, got), 0);
	assert_alive(world);
}

/* A receive ring over the transmit buffers changes what is vetted while the write goes on. */
static void test_ring_over_buffers(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 arrives[600], good[SIZE], forged[SIZE];

	open_all(world, drivers);
	ne_frame(good, SIZE, a->guest, 1);
	forge(forged, SIZE, &world->guests[1]);
	frame_make(arrives, 600, nic_mac(a->guest), frame_stranger, 2);
	memcpy(arrives + 256 - 4, good, SIZE);
	ne_remote(a, CR_WRITE, TX + 256, SIZE);
	ne_put(a, forged, SIZE - 4);
	ne_out(a, NE_PSTART, 1, TX_PAGE);
	ne_out(a, NE_BNRY, 1, STOP_PAGE - 1);
	ne_out(a, NE_CR, 1, CR_PAGE1);
	ne_out(a, NE_CURR, 1, TX_PAGE);
	ne_out(a, NE_CR, 1, CR_START);
	sim_receive(world->device, arrives, 600);
	world_run(world);
	assert_memory_equal(peek(a->guest, "card") + TX + 256, good, SIZE);
	ne_put(a, good + SIZE - 4, 4);
	ne_trigger(a, TX_PAGE + 1, SIZE);
	world_run(world);
	assert_wire(world, 0, good, SIZE);
	/* and one that comes when the write has ended */
	ne_interrupt(a);
	ne_write(a, TX + 256, forged, SIZE);
	ne_out(a, NE_CR, 1, CR_PAGE1);
	ne_out(a, NE_CURR, 1, TX_PAGE);
	ne_out(a, NE_CR, 1, CR_START);
	sim_receive(world->device, arrives, 600);
	world_run(world);
	ne_trigger(a, TX_PAGE + 1, SIZE);
	world_run(world);
	assert_int_equal(world->frames, 2);
	assert_wire(world, 1, good, SIZE);
}

/* A frame that is sent while it is written over, at each place. */
static void test_send_in_write(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 first[SIZE], second[SIZE], mixed[SIZE];
	unsigned int at;
	u32 frames = 0;

	open_all(world, drivers);
	ne_frame(first, SIZE, a->guest, 1);
	ne_frame(second, SIZE, a->guest, 2);
	for (at = 0; at < SIZE; at += 4) {
		ne_write(a, TX, first, SIZE);
		ne_remote(a, CR_WRITE, TX, SIZE);
		ne_put(a, second, at);
		ne_trigger(a, TX_PAGE, SIZE);
		ne_put(a, second + at, SIZE - at);
		world_run(world);
		memcpy(mixed, second, at);
		memcpy(mixed + at, first + at, SIZE - at);
		assert_wire(world, frames++, mixed, SIZE);
		ne_interrupt(a);
		ne_trigger(a, TX_PAGE, SIZE);
		world_run(world);
		assert_wire(world, frames++, second, SIZE);
		ne_interrupt(a);
	}
	assert_int_equal(world->frames, frames);
}

/* A write that runs out of the transmit pages leaves alone what the hardware has behind them. */
static void test_behind_the_buffers(void **state)
{
	static const u16 writes[][2] = { { 0x4b00, 0x200 }, { 0x4bf0, 16 },    { 0x4bfc, 4 },
					 { 0x4bf8, 4 },	    { 0x4bfa, 6 },     { 0x4bfe, 2 },
					 { 0x4bfc, 1 },	    { 0x4bfb, 1 },     { 0x4c00, 512 },
					 { 0x4000, 0xc01 }, { 0x4000, 0xfff }, { 0x7f00, 512 } };
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	u8 junk[0x1000], frame[300], got[2048];
	unsigned int i, width;

	memset(junk, 0xee, sizeof(junk));
	for (width = 1; width <= 8; width *= 2) {
		for (i = 0; i < ARRAY_SIZE(writes); i++) {
			world->locked = true; /* the hardware's ring begins at its first page */
			vpio_pdev_stop(world->pdev);
			vpio_pdev_start(world->pdev);
			world->locked = false;
			open_all(world, drivers);
			wire_make(frame, 300, nic_mac(b->guest), i);
			sim_receive(world->device, frame, 300);
			a->width = width;
			ne_remote(a, CR_WRITE, writes[i][0], writes[i][1]);
			ne_put(a, junk, (writes[i][1] + 7) & ~7);
			world_run(world);
			assert_int_equal(ne_receive(b, got), 304);
			assert_memory_equal(got, frame, 300);
		}
	}
	assert_alive(world);
}

/* A frame that the hardware sends now is not written over, whatever its owner says has stopped. */
static void test_write_over_flight(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 first[SIZE], second[SIZE], forged[SIZE];

	open_all(world, drivers);
	ne_frame(first, SIZE, a->guest, 1);
	ne_frame(second, SIZE, a->guest, 2);
	forge(forged, SIZE, &world->guests[1]);
	ne_write(a, TX, first, SIZE);
	ne_write(a, TX2, second, SIZE);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 1); /* the wire is busy */
	ne_trigger(a, TX_PAGE, SIZE);
	ne_out(a, NE_CR, 1, CR_STOP);
	ne_out(a, NE_CR, 1, CR_START);
	ne_trigger(a, TX_PAGE2, SIZE);
	ne_out(a, NE_CR, 1, CR_STOP);
	ne_out(a, NE_CR, 1, CR_START);
	ne_write(a, TX, forged, SIZE);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 0);
	world_run(world);
	assert_int_equal(world->frames, 1);
	assert_wire(world, 0, first, SIZE);
}

/* A frame is not put onto the hardware beside one that it sends. */
static void test_send_beside_flight(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 first[SIZE], second[SIZE];

	open_all(world, drivers);
	ne_frame(first, SIZE, a->guest, 1);
	ne_frame(second, SIZE, a->guest, 2);
	ne_write(a, TX, first, SIZE);
	ne_write(a, TX2, second, SIZE);
	ne_trigger(a, TX_PAGE, SIZE);
	ne_out(a, NE_CR, 1, CR_STOP);
	ne_out(a, NE_CR, 1, CR_START);
	ne_out(a, NE_TPSR, 1, TX_PAGE2);
	ne_out(a, NE_RBCR, 1, 16);
	ne_out(a, NE_RSAR, 1, 0);
	ne_out(a, NE_RSAR + 1, 1, 0x49);
	ne_out(a, NE_CR, 1, CR_WRITE | CR_TXP);
	world_run(world);
	assert_int_equal(world->frames, 2);
	assert_wire(world, 0, first, SIZE);
	assert_wire(world, 1, second, SIZE);
	assert_false(ne_in(a, NE_CR, 1) & CR_TXP);
}

/* What is padded is padded with zeros, not with what the guest has behind the frame. */
static void test_padding(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[SIZE];

	open_all(world, drivers);
	ne_frame(frame, SIZE, a->guest, 1);
	ne_write(a, TX, frame, SIZE);
	ne_trigger(a, TX_PAGE, 30);
	world_run(world);
	memset(frame + 30, 0, SIZE - 30);
	assert_wire(world, 0, frame, 60);
}

/* A frame from outside of the transmit pages is not sent as what lies in them. */
static void test_from_elsewhere(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 good[SIZE], forged[SIZE];

	open_all(world, drivers);
	ne_frame(good, SIZE, a->guest, 1);
	forge(forged, SIZE, &world->guests[1]);
	ne_write(a, 0x9000, good, SIZE);
	ne_write(a, TX, forged, SIZE);
	ne_trigger(a, 0x90, SIZE);
	world_run(world);
	assert_int_equal(world->frames, 1);
	assert_wire(world, 0, good, SIZE);
}

/* Accesses that only end in the data port, of three, five, six and seven bytes of it. */
static void test_odd_accesses(void **state)
{
	static const u32 accesses[][2] = { { 0x0f, 4 }, { 0x0d, 8 }, { 0x0c, 8 }, { 0x0b, 8 },
					   { 0x0f, 2 }, { 0x11, 4 }, { 0x13, 1 }, { 0x10, 8 } };
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[SIZE];
	unsigned int i;

	open_all(world, drivers);
	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		ne_frame(frame, SIZE, a->guest, i);
		ne_remote(a, CR_WRITE, TX, SIZE);
		ne_put(a, frame, 16);
		assert_true(ne_out(a, accesses[i][0], accesses[i][1], 0x0101010101010101));
		a->width = 2;
		ne_put(a, frame, 48);
		ne_out(a, NE_TCR, 1, 0);
		memcpy(frame, peek(a->guest, "card") + TX, SIZE);
		ne_trigger(a, TX_PAGE, SIZE);
		world_run(world);
		assert_wire(world, i, frame, SIZE);
		ne_init(a, RCR_BROADCAST);
	}
}

/* The PROM can't be written, by a write that wraps either. */
static void test_prom(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 zeros[64] = { 0 }, before[32], after[32];

	open_all(world, drivers);
	ne_read(a, 0, before, 32);
	assert_int_equal(before[2], nic_mac(a->guest)[1]);
	ne_remote(a, CR_WRITE, 0, 32);
	ne_put(a, zeros, 32);
	ne_remote(a, CR_WRITE, 0xfff0, 64);
	ne_put(a, zeros, 64);
	ne_read(a, 0, after, 32);
	assert_memory_equal(before, after, 32);
}

/* A source address that is not the guest's, a frame out of the card's memory, lengths that are none. */
static void test_refused(void **state)
{
	static const u16 requests[][2] = { { 0x40, 0 },	     { 0x40, 13 },  { 0x40, 1519 },
					   { 0x40, 0xffff }, { 0xbf, 300 }, { 0xc0, 64 },
					   { 0xff, 0xffff }, { 0x00, 64 },  { 0x4c, 64 } };
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 frame[SIZE];
	unsigned int i;

	open_all(world, drivers);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		ne_trigger(a, (u8)requests[i][0], requests[i][1]);
		world_run(world);
		assert_int_equal(ne_in(a, NE_CR, 1) & CR_TXP, 0);
		assert_int_equal(ne_in(a, NE_TSR, 1), 0x08);
		assert_int_equal(ne_in(a, NE_ISR, 1) & (NE_PTX | NE_TXE), NE_TXE);
		ne_out(a, NE_ISR, 1, 0xff);
		assert_int_equal(stats_of(a->guest)->refusals, i + 1);
	}
	for (i = 1; i < NE_GUESTS; i++) {
		forge(frame, SIZE, &world->guests[i]);
		ne_write(a, TX, frame, SIZE);
		ne_trigger(a, TX_PAGE, SIZE);
		world_run(world);
		assert_int_equal(stats_of(a->guest)->refused[VPIO_REFUSE_SOURCE], 2 + i);
	}
	assert_int_equal(world->frames, 0);
	assert_int_equal(pdev_stats(world)->local_frames, 0);
	assert_alive(world);
}

/* --- Time -------------------------------------------------------------------------------- */

/* An access that only ends in the data port waits for the engine, too. */
static void test_wait_by_the_way(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	u8 frame[SIZE];
	u64 value = 0x1234;

	open_all(world, drivers);
	ne_frame(frame, SIZE, b->guest, 1);
	ne_write(b, TX, frame, SIZE);
	ne_trigger(b, TX_PAGE, SIZE); /* is on the hardware until the world runs */
	ne_remote(a, CR_WRITE, TX, SIZE);
	assert_int_equal(ne_try(a->guest, true, NE_DATA, 4, &value), VPIO_WAIT);
	assert_int_equal(ne_try(a->guest, true, NE_IMR, 2, &value), VPIO_WAIT);
	assert_int_equal(ne_try(a->guest, true, NE_TCR, 4, &value), VPIO_WAIT);
	assert_int_equal(ne_in(a, NE_CRDA + 1, 1), TX_PAGE);
	assert_int_equal(ne_in(a, NE_CRDA, 1), 0);
}

/* The end of a frame that its guest has given up is not that of the next. */
static void test_stale_end(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers;
	u8 first[SIZE], second[SIZE];

	open_all(world, drivers);
	ne_frame(first, SIZE, a->guest, 1);
	ne_frame(second, SIZE, a->guest, 2);
	ne_write(a, TX, first, SIZE);
	ne_write(a, TX2, second, SIZE);
	ne_trigger(a, TX_PAGE, SIZE);
	sim_run(world->device);
	world->locked = true;
	vpio_pdev_run(world->pdev, true); /* it ends; nobody has told the guest yet */
	world->locked = false;
	ne_out(a, NE_CR, 1, CR_STOP);
	ne_out(a, NE_CR, 1, CR_START);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 1);
	ne_trigger(a, TX_PAGE2, SIZE);
	world_run(world);
	assert_int_equal(ne_in(a, NE_CR, 1) & CR_TXP, CR_TXP);
	assert_int_equal(ne_in(a, NE_ISR, 1) & (NE_PTX | NE_TXE), 0);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 0);
	world_run(world);
	assert_int_equal(ne_in(a, NE_CR, 1) & CR_TXP, 0);
	assert_int_equal(ne_in(a, NE_ISR, 1) & (NE_PTX | NE_TXE), NE_PTX);
	assert_int_equal(world->frames, 2);
	assert_wire(world, 1, second, SIZE);
}

/* A guest that begins remote writes and never ends them does not slow the others down. */
static void test_stall(void **state)
{
	struct world *world = *state;
	struct ne drivers[NE_GUESTS], *a = drivers, *b = drivers + 1;
	u8 frame[SIZE], other[SIZE];
	unsigned int i;

	open_all(world, drivers);
	ne_frame(other, SIZE, a->guest, 1);
	for (i = 0; i < 10; i++) {
		ne_remote(a, CR_WRITE, TX, SIZE);
		ne_put(a, other, 8);
		ne_frame(frame, SIZE, b->guest, i);
		assert_true(ne_send(b, frame, SIZE));
		ne_settle(world, b, 1);
		assert_int_equal(b->sent, i + 1);
		assert_wire(world, i, frame, SIZE);
	}
	assert_int_equal(world->now, 0); /* no time had to pass */
	assert_int_equal(b->errors, 0);
	ne_put(a, other + 8, SIZE - 8);
	ne_trigger(a, TX_PAGE, SIZE);
	world_run(world);
	assert_wire(world, 10, other, SIZE);
	assert_int_equal(stats_of(a->guest)->jobs_aborted, 0);
}

/* --- A storm ----------------------------------------------------------------------------- */

enum {
	STORM_STEPS = 30000,
	CANDIDATES = 16, /* frames of a guest that may still come onto the wire */
	FIRST_MARK = 0x60,
	MARKS = 0x30,
	LAST_MARK = FIRST_MARK + NE_GUESTS * MARKS - 1,
};

struct candidate {
	u32 length;
	u8 data[NE_MOST];
};

struct attacker {
	struct ne ne;
	u8 low; /* its own bytes are from here on, MARKS of them */
	u8 seed;
	u32 foreign; /* bytes of another in a row */
	u32 starts;  /* frames that it has started */
	struct candidate candidates[CANDIDATES];
};

struct hostile_storm {
	struct world *world;
	u64 random;
	struct attacker attackers[NE_GUESTS];
	u32 checked; /* frames of the wire */
};

static u32 dice(struct hostile_storm *storm, u32 sides)
{
	storm->random ^= storm->random << 13;
	storm->random ^= storm->random >> 7;
	storm->random ^= storm->random << 17;
	return (u32)(storm->random >> 33) % sides;
}

static u8 mark(struct attacker *attacker)
{
	return attacker->low + attacker->seed++ % MARKS;
}

/* Bytes that a guest writes: a header, its own or forged, and its own mark. */
static void compose(struct hostile_storm *storm, struct attacker *attacker, u8 *frame, u32 length)
{
	static const u8 outside[6] = { 0x52, 0x54, 0x00, 0x01, 0x02, 0x03 };
	const struct world_guest *as = attacker->ne.guest;
	u32 i;

	for (i = 0; i < length; i++)
		frame[i] = mark(attacker);
	if (length < 14)
		return;
	if (!dice(storm, 3))
		as = &storm->world->guests[dice(storm, NE_GUESTS)];
	memcpy(frame, outside, 6);
	memcpy(frame + 6, nic_mac(as), 6);
	frame[12] = 0x08;
	frame[13] = 0x00;
}

/* What is vetted is what the guest's card holds when TXP is written. */
static void note_start(struct attacker *attacker)
{
	const struct world_guest *guest = attacker->ne.guest;
	struct candidate *candidate = &attacker->candidates[attacker->starts % CANDIDATES];
	const u8 *count = peek(guest, "TBCR");
	const u32 length = count[0] | count[1] << 8, from = (u32)*peek(guest, "TPSR") << 8;
	const u8 *frame = peek(guest, "card") + from;

	if (*peek(guest, "CR") & CR_TXP || length < 14 || length > NE_MOST ||
	    from + length > CARD || memcmp(frame + 6, nic_mac(guest), 6))
		return;
	attacker->starts++;
	memset(candidate->data, 0, sizeof(candidate->data));
	memcpy(candidate->data, frame, length);
	candidate->length = length < 60 ? 60 : length;
}

static void poke(struct attacker *attacker, u32 offset, unsigned int size, u64 value)
{
	if (offset == NE_CR && value & CR_TXP)
		note_start(attacker);
	(void)!ne_out(&attacker->ne, offset, size, value);
}

static bool was_vetted(const struct attacker *attacker, const struct world_frame *frame)
{
	unsigned int i;

	for (i = 0; i < CANDIDATES && i < attacker->starts; i++) {
		if (attacker->candidates[i].length == frame->length &&
		    !memcmp(attacker->candidates[i].data, frame->data, frame->length))
			return true;
	}
	return false;
}

/*
 * Bytes that are neither the guest's own nor of a header or from outside. A ring header and a frame
 * check sequence, which a guest may send on, have eight of any value.
 */
static void check_bytes(struct attacker *attacker, const u8 *data, u32 size)
{
	u32 i;

	for (i = 0; i < size; i++) {
		if (data[i] < FIRST_MARK || data[i] > LAST_MARK ||
		    (data[i] >= attacker->low && data[i] < attacker->low + MARKS))
			attacker->foreign = 0;
		else if (++attacker->foreign > 8)
			fail_msg("another's bytes, the last of them %02x at %u", data[i], i);
	}
}

static void check_wire(struct hostile_storm *storm)
{
	const struct world_frame *frame;
	unsigned int guest;

	for (; storm->checked < storm->world->frames; storm->checked++) {
		frame = &storm->world->wire[storm->checked % WORLD_CAPTURE];
		for (guest = 0; guest < NE_GUESTS; guest++) {
			if (!memcmp(frame->data + 6, nic_mac(&storm->world->guests[guest]), 6))
				break;
		}
		if (guest == NE_GUESTS)
			fail_msg("frame %u has nobody's source", storm->checked);
		if (!was_vetted(&storm->attackers[guest], frame))
			fail_msg("frame %u, of guest %u, was not vetted", storm->checked, guest);
		storm->attackers[guest].foreign = 0;
		check_bytes(&storm->attackers[guest], frame->data, frame->length);
	}
}

static void set_up_remote(struct hostile_storm *storm, struct attacker *attacker, u8 command)
{
	static const u16 places[] = { 0x4000, 0x4000, 0x4600, 0x4100, 0x40f0, 0x4bf0, 0x4bfc,
				      0x4c00, 0x7ff0, 0x8000, 0xbff0, 0xfff0, 0x0000, 0x4001 };
	static const u16 counts[] = { 64, 64, 64, 60, 61, 200, 1514, 1518, 4, 1, 0, 0x700, 0xffff };

	if (command & CR_TXP)
		note_start(attacker);
	ne_remote(&attacker->ne, command, places[dice(storm, ARRAY_SIZE(places))],
		  counts[dice(storm, ARRAY_SIZE(counts))]);
}

/* So many bytes to the data port, in accesses of any width, some of which only end there. */
static void write_some(struct hostile_storm *storm, struct attacker *attacker, const u8 *data,
		       u32 length)
{
	unsigned int width;
	u64 value;
	u32 done;

	attacker->ne.width = 1u << dice(storm, 4);
	if (dice(storm, 2))
		attacker->ne.width = 4;
	for (done = 0; done < length; done += width) {
		width = attacker->ne.width;
		while (width > length - done)
			width /= 2;
		value = 0;
		memcpy(&value, data + done, width);
		if (width < 8 && !dice(storm, 200))
			poke(attacker, NE_IMR, 2 * width, value << 8 | NE_ALL);
		poke(attacker, NE_DATA + (dice(storm, 100) ? 0 : dice(storm, 4)), width, value);
		if (!dice(storm, 60))
			ne_in(&attacker->ne, NE_DATA, 1u << dice(storm, 4));
		if (!dice(storm, 100))
			return;
		if (!dice(storm, 100))
			world_run(storm->world);
	}
}

static void send_something(struct hostile_storm *storm, struct attacker *attacker)
{
	static const u8 pages[] = { 0x40, 0x40, 0x46, 0x46, 0x41, 0x4b, 0x4c, 0x80, 0xbf, 0x00 };
	static const u16 lengths[] = { 60, 61, 64, 64, 200, 1514, 1518, 20, 13, 0, 0xffff };
	static const u8 commands[] = { CR_SEND, CR_SEND, CR_SEND, CR_WRITE | CR_TXP, 0x04, 0x0e };
	const u16 length = lengths[dice(storm, ARRAY_SIZE(lengths))];

	poke(attacker, NE_CR, 1, CR_PAGE0);
	poke(attacker, NE_TBCR, 1, length & 0xff);
	poke(attacker, NE_TBCR + 1, 1, length >> 8);
	poke(attacker, NE_TPSR, 1, pages[dice(storm, ARRAY_SIZE(pages))]);
	poke(attacker, NE_CR, 1, commands[dice(storm, ARRAY_SIZE(commands))]);
}

/* As a driver does it; it may not be told that it worked, as the card is not as it left it. */
static void send_properly(struct hostile_storm *storm, struct attacker *attacker)
{
	const u8 page = dice(storm, 2) ? TX_PAGE : TX_PAGE2;
	const u32 length = 60 + dice(storm, NE_LONGEST - 59);
	u8 frame[NE_MOST];

	compose(storm, attacker, frame, length);
	ne_remote(&attacker->ne, CR_WRITE, (u16)(page << 8), (u16)length);
	write_some(storm, attacker, frame, length);
	poke(attacker, NE_CR, 1, CR_PAGE0);
	poke(attacker, NE_TBCR, 1, length & 0xff);
	poke(attacker, NE_TBCR + 1, 1, length >> 8);
	poke(attacker, NE_TPSR, 1, page);
	poke(attacker, NE_CR, 1, CR_SEND);
}

static void move_ring(struct hostile_storm *storm, struct attacker *attacker)
{
	static const u8 starts[] = { 0x4c, 0x4c, 0x4c, 0x40, 0x46, 0x00, 0x60 };
	static const u8 stops[] = { 0x80, 0x80, 0xc0, 0x41, 0x4c, 0xff, 0x00 };
	const u8 start = starts[dice(storm, ARRAY_SIZE(starts))];

	poke(attacker, NE_CR, 1, CR_START);
	poke(attacker, NE_PSTART, 1, start);
	poke(attacker, NE_PSTOP, 1, stops[dice(storm, ARRAY_SIZE(stops))]);
	poke(attacker, NE_BNRY, 1, start - dice(storm, 2));
	poke(attacker, NE_CR, 1, CR_PAGE1);
	poke(attacker, NE_CURR, 1, start + dice(storm, 2));
	poke(attacker, NE_CR, 1, CR_START);
}

static void arrive(struct hostile_storm *storm, struct attacker *attacker)
{
	u8 frame[NE_MOST];
	u32 length = 60 + dice(storm, NE_MOST - 59), i;

	for (i = 0; i < length; i++)
		frame[i] = 0xf0 + i % 0x0f;
	memcpy(frame, nic_mac(attacker->ne.guest), 6);
	if (dice(storm, 2)) /* it holds what the guest might be allowed to send */
		memcpy(frame + 252 % length, "\x52\x54\x00\x01\x02\x03", 6);
	if (length > 300)
		memcpy(frame + 258, nic_mac(attacker->ne.guest), 6);
	sim_receive(storm->world->device, frame, length);
}

static void read_some(struct hostile_storm *storm, struct attacker *attacker)
{
	unsigned int i, size;
	u64 value;

	set_up_remote(storm, attacker, CR_READ);
	attacker->foreign = 0;
	for (i = 0; i < 40; i++) {
		size = 1u << dice(storm, 4);
		value = ne_in(&attacker->ne, NE_DATA, size);
		check_bytes(attacker, (const u8 *)&value, size);
		if (!dice(storm, 20))
			poke(attacker, NE_DATA, 1, mark(attacker));
	}
}

static void misbehave(struct hostile_storm *storm)
{
	static const enum sim_fault faults[] = { SIM_FAULT_TX_HANG,   SIM_FAULT_SPURIOUS_IRQ,
						 SIM_FAULT_LOST_IRQ,  SIM_FAULT_RX_OVERFLOW,
						 SIM_FAULT_RX_HEADER, SIM_FAULT_RESET_STUCK };

	sim_fault(storm->world->device, faults[dice(storm, ARRAY_SIZE(faults))], dice(storm, 2));
}

static void storm_once(struct hostile_storm *storm)
{
	struct attacker *attacker = &storm->attackers[dice(storm, NE_GUESTS)];
	const u32 what = dice(storm, 100);
	u8 data[NE_MOST];
	u32 length;

	if (what < 25) {
		send_properly(storm, attacker);
	} else if (what < 40) {
		set_up_remote(storm, attacker, dice(storm, 8) ? CR_WRITE : CR_WRITE | CR_TXP);
	} else if (what < 55) {
		length = 1 + dice(storm, 100);
		compose(storm, attacker, data, length);
		write_some(storm, attacker, data, length);
	} else if (what < 68) {
		send_something(storm, attacker);
	} else if (what < 72) {
		poke(attacker, NE_CR, 1, CR_STOP);
		poke(attacker, NE_CR, 1, CR_START);
	} else if (what < 74) {
		ne_in(&attacker->ne, NE_RESET - dice(storm, 8), 1);
		poke(attacker, NE_CR, 1, CR_START);
	} else if (what < 77) {
		poke(attacker, NE_CR, 1, CR_START);
		poke(attacker, NE_DCR, 1, dice(storm, 3) ? DCR_WORDS : DCR_BYTES);
	} else if (what < 80) {
		move_ring(storm, attacker);
	} else if (what < 85) {
		arrive(storm, attacker);
	} else if (what < 88) {
		read_some(storm, attacker);
	} else if (what < 89) {
		poke(attacker, dice(storm, 0x10), 1u << dice(storm, 3), dice(storm, 65536) & ~4u);
		poke(attacker, NE_CR, 1, CR_START);
		poke(attacker, NE_TCR, 1, 0);
		poke(attacker, NE_RCR, 1, RCR_BROADCAST);
	} else if (what < 90) {
		misbehave(storm);
	} else if (what < 92) {
		world_pass(storm->world, 10 * dice(storm, 60));
	} else {
		world_run(storm->world);
	}
	check_wire(storm);
}

static void test_storm(void **state)
{
	struct hostile_storm *storm = calloc(1, sizeof(*storm));
	struct world *world = *state;
	const char *seed = getenv("VPIO_SEED");
	u32 sent = 0;
	unsigned int i;

	storm->world = world;
	storm->random = seed ? strtoull(seed, NULL, 0) : 0x8029;
	print_message("VPIO_SEED=%#llx\n", (unsigned long long)storm->random);
	for (i = 0; i < NE_GUESTS; i++) {
		storm->attackers[i].low = (u8)(FIRST_MARK + MARKS * i);
		ne_open(&storm->attackers[i].ne, &world->guests[i], RCR_BROADCAST);
	}
	for (i = 0; i < STORM_STEPS; i++)
		storm_once(storm);
	for (i = 0; i < SIM_FAULTS; i++)
		sim_fault(world->device, i, 0);
	world_pass(world, 2000);
	check_wire(storm);
	sent = world->frames;
	assert_true(sent > STORM_STEPS / 20);
	assert_alive(world);
	free(storm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unit_changes),
		TEST(read_in_write),
		TEST(wrap_into_ring),
		TEST(ring_over_buffers),
		TEST(write_over_flight),
		TEST(send_beside_flight),
		TEST(padding),
		TEST(from_elsewhere),
		TEST(send_in_write),
		TEST(behind_the_buffers),
		TEST(odd_accesses),
		TEST(prom),
		TEST(refused),
		TEST(wait_by_the_way),
		TEST(stale_end),
		TEST(stall),
		TEST(storm),
	};

	return cmocka_run_group_tests_name("ne2000_hostile", tests, NULL, NULL);
}
