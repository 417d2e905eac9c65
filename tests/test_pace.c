// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * core/pace.c: when the worker runs and when guests are interrupted, on a simulated RTL8139 and on a
 * simulated edu. Time is a number here, and jumps from one thing that is due to the next.
 */
#include <stdio.h>

#include "expect.h"

enum {
	US = 1000,
	MS = 1000000,
	QUIET_MS = 2000, /* after which the clock has stopped, whatever was before */
	FRAME = 200,
	EVENTS = 8,
	GAP_US = 100,
	LATER_US = 10000, /* that a cause that may wait does so */
};

struct scene {
	struct world *world;
	struct nic nics[NIC_GUESTS];
};

/* Lets time pass, and happen what is due meanwhile. */
static void pass(struct world *world, u64 ns)
{
	const u64 end = world->now + ns;

	world_run(world);
	while (world_due(world) && world_due(world) <= end)
		world_jump(world);
	world->now = end;
	world_run(world);
}

static void open_scene(struct scene *scene, void **state)
{
	scene->world = *state;
	open_all(scene->world, scene->nics);
	pass(scene->world, QUIET_MS * (u64)MS);
}

static void arrive_at(struct scene *scene, unsigned int guest, unsigned int seed)
{
	u8 frame[FRAME];

	wire_make(frame, FRAME, nic_mac(&scene->world->guests[guest]), seed);
	arrive(scene->world, frame, FRAME);
}

static unsigned int receive_all(struct scene *scene, unsigned int guest)
{
	u8 frame[NIC_BUFFER];
	unsigned int count = 0;

	while (nic_receive(&scene->nics[guest], frame))
		count++;
	return count;
}

static u64 runs(const struct scene *scene)
{
	return pdev_stats(scene->world)->runs;
}

/* --- The clock --------------------------------------------------------------------------- */

/* With nothing to do, nothing runs; and it goes on by itself when something begins. */
static void test_idle(void **state)
{
	struct scene scene;
	u64 before;

	open_scene(&scene, state);
	before = runs(&scene);
	pass(scene.world, 3600ull * 1000 * MS);
	assert_int_equal(runs(&scene), before);
	assert_int_equal(world_due(scene.world), 0);

	arrive_at(&scene, 0, 1);
	assert_int_equal(receive_all(&scene, 0), 1);
	assert_true(world_due(scene.world) != 0);
	pass(scene.world, QUIET_MS * (u64)MS);
	before = runs(&scene);
	pass(scene.world, 3600ull * 1000 * MS);
	assert_int_equal(runs(&scene), before);
}

/* What hangs, and what nobody is told of, is found after any time of quiet. */
static void test_watch(void **state)
{
	struct scene scene;
	unsigned int descriptor;
	u8 frame[FRAME];

	open_scene(&scene, state);
	frame_make(frame, FRAME, frame_stranger, nic_mac(&scene.world->guests[0]), 1);
	sim_fault(scene.world->device, SIM_FAULT_TX_HANG, 1);
	descriptor = nic_send(&scene.nics[0], frame, FRAME);
	pass(scene.world, 1000ull * MS + 2 * VPIO_TICK_MS * (u64)MS);
	assert_int_equal(pdev_stats(scene.world)->recoveries, 1);
	assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_ABORTED);

	pass(scene.world, QUIET_MS * (u64)MS);
	assert_int_equal(world_due(scene.world), 0);
	descriptor = nic_send(&scene.nics[0], frame, FRAME); /* its clock goes again */
	world_run(scene.world);
	assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_SENT);
	sim_fault(scene.world->device, SIM_FAULT_LOST_IRQ, 1);
	descriptor = nic_send(&scene.nics[0], frame, FRAME);
	world_run(scene.world);
	assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_PENDING);
	pass(scene.world, 2 * VPIO_TICK_MS * (u64)MS);
	assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_SENT);
	assert_int_equal(pdev_stats(scene.world)->lost, 1);

	pass(scene.world, QUIET_MS * (u64)MS);
	sim_fault(scene.world->device, SIM_FAULT_GONE, SIM_FOREVER);
	descriptor = nic_send(&scene.nics[0], frame, FRAME);
	pass(scene.world, 2 * VPIO_TICK_MS * (u64)MS);
	assert_int_equal(vpio_pdev_health(scene.world->pdev), VPIO_GONE);
	assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_ABORTED);
	assert_int_equal(world_due(scene.world), 0);
	sim_fault(scene.world->device, SIM_FAULT_GONE, 0);
	assert_int_equal(world_revive(scene.world), 0);
	arrive_at(&scene, 0, 2);
	assert_int_equal(receive_all(&scene, 0), 1);
}

/* --- Polling ----------------------------------------------------------------------------- */

/*
 * With some patience, frames one after the other need hardly any interrupt, and each is there in time;
 * then there are interrupts again.
 */
static void test_poll(void **state)
{
	const unsigned int frames = 1000, patience_us = 250;
	struct scene scene;
	unsigned int i, received = 0;
	u64 before, polls;

	open_scene(&scene, state);
	assert_int_equal(vpio_pdev_set_poll(scene.world->pdev, patience_us), 0);
	before = pdev_stats(scene.world)->interrupts;
	for (i = 0; i < frames; i++) {
		arrive_at(&scene, 0, i);
		pass(scene.world, 100 * US);
		received += receive_all(&scene, 0);
		assert_true(received + 3 > i); /* what comes in that time */
		assert_true(i < 2 || vpio_pdev_mutes(scene.world->pdev));
	}
	pass(scene.world, patience_us * US);
	assert_int_equal(received + receive_all(&scene, 0), frames);
	polls = pdev_stats(scene.world)->polls;
	printf("%u frames, one in 100 us: %llu interrupts, %llu looks that found some\n", frames,
	       (unsigned long long)(pdev_stats(scene.world)->interrupts - before),
	       (unsigned long long)polls);
	assert_true(pdev_stats(scene.world)->interrupts - before <= 3);
	assert_true(polls <= frames / 2);
	pass(scene.world, 2 * patience_us * US);
	assert_false(vpio_pdev_mutes(scene.world->pdev));
	arrive_at(&scene, 0, i);
	assert_int_equal(receive_all(&scene, 0), 1);
	assert_int_equal(pdev_stats(scene.world)->spurious, 0);
	assert_int_equal(pdev_stats(scene.world)->lost, 0);
	assert_int_equal(pdev_stats(scene.world)->storms, 0);
}

/* Without, what comes when all is done that there was is delivered by its interrupt, at once. */
static void test_sparse(void **state)
{
	struct scene scene;
	unsigned int i, round;
	u64 before;

	open_scene(&scene, state);
	for (round = 0; round < 2; round++) {
		assert_int_equal(vpio_pdev_set_poll(scene.world->pdev, 0), 0);
		before = pdev_stats(scene.world)->interrupts;
		for (i = 0; i < 100; i++) {
			arrive_at(&scene, 0, i);
			assert_int_equal(receive_all(&scene, 0), 1);
			pass(scene.world, round ? 10 * US : 10 * MS);
		}
		assert_int_equal(pdev_stats(scene.world)->interrupts - before, 100);
	}
	assert_int_equal(pdev_stats(scene.world)->polls, 0);
	assert_int_equal(vpio_pdev_set_poll(scene.world->pdev, VPIO_POLL_MOST_US + 1), -1);
	assert_int_equal(vpio_pdev_poll(scene.world->pdev), 0);
}

/* As long as the hardware is given work and does it, no interrupt is taken; and it never waits for long. */
static void test_poll_busy(void **state)
{
	const unsigned int frames = 2000, size = 60, byte_ns = 80;
	struct scene scene;
	struct nic *nic;
	unsigned int sent = 0;
	u8 frame[60];
	u64 start, wire, interrupts;

	open_scene(&scene, state);
	nic = &scene.nics[0];
	cp_open(nic, &scene.world->guests[0], RCR_USUAL);
	pass(scene.world, MS);
	scene.world->byte_ns = byte_ns;
	frame_make(frame, size, frame_stranger, nic_mac(&scene.world->guests[0]), 1);
	start = scene.world->now;
	interrupts = pdev_stats(scene.world)->interrupts;
	while (scene.world->frames < frames) {
		while (sent < frames && sent - scene.world->frames < 40) {
			cp_send(nic, frame, size, 0, 0);
			sent++;
		}
		/* what the wire takes passes in sim_run(); the rest until something is due */
		world_run(scene.world);
		if (scene.world->frames < frames &&
		    (sent == frames || sent - scene.world->frames >= 40))
			assert_true(world_jump(scene.world));
	}
	interrupts = pdev_stats(scene.world)->interrupts - interrupts;
	wire = frames * (u64)size * byte_ns;
	printf("%u frames of %u bytes: %.2f times as long as the wire takes, %llu interrupts\n",
	       frames, size, (double)(scene.world->now - start) / (double)wire,
	       (unsigned long long)interrupts);
	assert_true(scene.world->now - start < 2 * wire);
	assert_true(interrupts < frames / 20);
}

/* Causes without end are a storm, polled or not. */
static void test_poll_storm(void **state)
{
	struct scene scene;
	unsigned int i;
	u64 before;

	open_scene(&scene, state);
	assert_int_equal(vpio_pdev_set_poll(scene.world->pdev, 1000), 0);
	for (i = 0; i < 20; i++) {
		arrive_at(&scene, 0, i);
		pass(scene.world, 100 * US);
	}
	assert_true(vpio_pdev_mutes(scene.world->pdev));
	sim_fault(scene.world->device, SIM_FAULT_STORM, SIM_FOREVER);
	arrive_at(&scene, 0, i);
	pass(scene.world, 1000ull * MS);
	assert_int_equal(pdev_stats(scene.world)->storms, 1);
	before = runs(&scene);
	pass(scene.world, 1000ull * MS);
	assert_true(runs(&scene) - before <= 11);
	sim_fault(scene.world->device, SIM_FAULT_STORM, 0);
	pass(scene.world, 1000ull * MS);
	assert_false(vpio_pdev_mutes(scene.world->pdev));
	receive_all(&scene, 0);
	arrive_at(&scene, 0, i);
	assert_int_equal(receive_all(&scene, 0), 1);
}

/* --- Moderation -------------------------------------------------------------------------- */

/* The guest acknowledges, as a handler of its interrupt does. */
static void acknowledge(struct nic *nic)
{
	nic_causes(nic);
	assert_false(nic->guest->line);
}

static struct nic *moderate(struct scene *scene, void **state)
{
	struct nic *nic = &scene->nics[0];

	open_scene(scene, state);
	assert_int_equal(vpio_pdev_set_poll(scene->world->pdev, 0), 0);
	assert_int_equal(vpio_vdev_set_interrupt_us(nic->guest->vdev, GAP_US), 0);
	assert_int_equal(vpio_vdev_set_interrupt_events(nic->guest->vdev, EVENTS), 0);
	acknowledge(nic);
	pass(scene->world, QUIET_MS * (u64)MS);
	return nic;
}

/* The first at once, the second when the time is over, and the cause is there meanwhile. */
static void test_hold(void **state)
{
	struct scene scene;
	struct nic *nic = moderate(&scene, state);

	arrive_at(&scene, 0, 1);
	assert_true(nic->guest->line);
	acknowledge(nic);
	pass(scene.world, GAP_US / 2 * US);
	arrive_at(&scene, 0, 2);
	assert_false(nic->guest->line);
	pass(scene.world, (GAP_US / 2 - 1) * US);
	assert_false(nic->guest->line);
	assert_true(vpio_vdev_holds(nic->guest->vdev));
	assert_int_equal(guest_in(nic->guest, NIC_ISR, 2), ISR_ROK);
	pass(scene.world, 1 * US);
	assert_true(nic->guest->line);
	assert_false(vpio_vdev_holds(nic->guest->vdev)); /* no alarm is to wake the worker any more */
	acknowledge(nic);
	assert_int_equal(receive_all(&scene, 0), 2);
	pass(scene.world, 2 * GAP_US * US);
	arrive_at(&scene, 0, 3); /* it has been quiet */
	assert_true(nic->guest->line);
}

/* A guest that has looked by itself is not interrupted for it. */
static void test_seen(void **state)
{
	struct scene scene;
	struct nic *nic = moderate(&scene, state);
	u64 edges;

	arrive_at(&scene, 0, 1);
	acknowledge(nic);
	edges = nic->guest->edges;
	arrive_at(&scene, 0, 2);
	acknowledge(nic);
	pass(scene.world, 10 * GAP_US * US);
	assert_int_equal(nic->guest->edges, edges);
	arrive_at(&scene, 0, 3);
	assert_int_equal(nic->guest->edges, edges + 1);
}

static void test_burst(void **state)
{
	struct scene scene;
	struct nic *nic = moderate(&scene, state);
	unsigned int i;

	arrive_at(&scene, 0, 0);
	acknowledge(nic);
	for (i = 1; i <= EVENTS; i++) {
		assert_false(nic->guest->line);
		arrive_at(&scene, 0, i);
	}
	assert_true(nic->guest->line);
	acknowledge(nic);
	arrive_at(&scene, 0, i);
	assert_false(nic->guest->line);
	guest_out(nic->guest, NIC_RBSTART, 4, 0xfffffff0); /* no memory: the next one is lost */
	arrive_at(&scene, 0, i);
	assert_true(nic->guest->line);
}

static void send_one(struct nic *nic)
{
	u8 frame[FRAME];

	frame_make(frame, FRAME, frame_stranger, nic_mac(nic->guest), 1);
	nic_send(nic, frame, FRAME);
	world_run(nic->guest->world);
}

static struct nic *moderate_cplus(struct scene *scene, void **state)
{
	struct nic *nic = moderate(scene, state);

	cp_open(nic, nic->guest, RCR_USUAL);
	acknowledge(nic);
	pass(scene->world, QUIET_MS * (u64)MS);
	return nic;
}

/* Ends wait for more, as long as these come, and until there are many. */
static void test_ends(void **state)
{
	struct scene scene;
	struct nic *nic = moderate_cplus(&scene, state);
	unsigned int i;

	for (i = 0; i < EVENTS - 1; i++) {
		send_one(nic);
		pass(scene.world, (GAP_US - 1) * US);
		assert_false(nic->guest->line);
		assert_int_equal(nic_end(nic, i), NIC_SENT); /* who looks sees it */
	}
	pass(scene.world, 1 * US);
	assert_true(nic->guest->line);
	acknowledge(nic);
	for (i = 0; i < EVENTS; i++) {
		assert_false(nic->guest->line);
		send_one(nic);
	}
	assert_true(nic->guest->line);
	assert_int_equal(stats_of(nic->guest)->jobs_done, 2 * EVENTS - 1);
}

/* An aborted one is an end like others. */
static void test_aborted(void **state)
{
	struct scene scene;
	struct nic *nic = moderate(&scene, state);

	nic->guest->hole = NIC_TX_BUFFERS;
	nic->guest->hole_size = NIC_BUFFER;
	send_one(nic);
	assert_int_equal(nic_end(nic, 0), NIC_ABORTED);
	pass(scene.world, GAP_US * US);
	assert_true(nic->guest->line);
}

/*
 * What the model raises `later` waits: until nothing has come for a while, as the guest may wait for just
 * this, or until it is urgent: no descriptor is left.
 */
static void test_later(void **state)
{
	struct scene scene;
	struct nic *nic = moderate(&scene, state);
	unsigned int i, round;

	send_one(nic);
	pass(scene.world, (GAP_US - 1) * US);
	send_one(nic);
	pass(scene.world, (2 * GAP_US - 1) * US);
	assert_false(nic->guest->line);
	pass(scene.world, 1 * US);
	assert_true(nic->guest->line);
	acknowledge(nic);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 4; i++) {
			assert_false(nic->guest->line);
			send_one(nic);
		}
		assert_true(nic->guest->line);
		assert_int_equal(guest_in(nic->guest, NIC_ISR, 2), ISR_TOK);
		acknowledge(nic);
	}
}

/* It goes along with other news. */
static void test_along(void **state)
{
	struct scene scene;
	struct nic *nic = moderate(&scene, state);
	u64 edges;

	arrive_at(&scene, 0, 1);
	acknowledge(nic);
	edges = nic->guest->edges;
	send_one(nic);
	assert_false(nic->guest->line);
	arrive_at(&scene, 0, 1);
	assert_true(nic->guest->line);
	assert_int_equal(guest_in(nic->guest, NIC_ISR, 2), ISR_TOK | ISR_ROK);
	acknowledge(nic);
	pass(scene.world, 2 * LATER_US * US);
	assert_int_equal(nic->guest->edges, edges + 1);
}

/* What was masked is not forgotten beside what may wait. */
static void test_masked(void **state)
{
	struct scene scene;
	struct nic *nic = moderate(&scene, state);
	const u16 all = (u16)guest_in(nic->guest, NIC_IMR, 2);

	arrive_at(&scene, 0, 1);
	guest_out(nic->guest, NIC_IMR, 2, all & ~ISR_ROK); /* NAPI */
	acknowledge(nic);
	assert_int_equal(receive_all(&scene, 0), 1);
	arrive_at(&scene, 0, 2); /* when it has just looked */
	guest_out(nic->guest, NIC_IMR, 2, 0);
	guest_out(nic->guest, NIC_IMR, 2, all);
	send_one(nic);
	pass(scene.world, GAP_US * US);
	assert_true(nic->guest->line);
}

/*
 * Who asks and is answered, one at a time, waits for nothing, however soon the answer comes; and is not told
 * of the end of what it has sent, though it has been quiet.
 */
static void test_request(void **state)
{
	struct scene scene;
	struct nic *nic = moderate(&scene, state);
	unsigned int i;

	for (i = 0; i < 10; i++) {
		send_one(nic);
		pass(scene.world, 1 * US);
		assert_false(nic->guest->line);
		arrive_at(&scene, 0, i);
		assert_true(nic->guest->line);
		acknowledge(nic);
		assert_int_equal(receive_all(&scene, 0), 1);
	}
}

/* It sees what there is, sends two frames and gets one: us that it waits for its interrupt. */
static unsigned int stream_once(struct scene *scene, struct nic *nic, unsigned int seed)
{
	unsigned int waited = 0;

	acknowledge(nic);
	send_one(nic);
	send_one(nic);
	arrive_at(scene, 0, seed);
	for (; !nic->guest->line && waited < LATER_US; waited += 10)
		pass(scene->world, 10 * US);
	receive_all(scene, 0);
	return waited;
}

/* Who sends more waits for the gap from when all was dealt with; and longer if it answers slowly. */
static void test_stream(void **state)
{
	struct scene scene;
	struct nic *nic = moderate(&scene, state);
	unsigned int i, waited = 0;

	pass(scene.world, GAP_US * US);
	send_one(nic);
	send_one(nic);
	arrive_at(&scene, 0, 1);
	pass(scene.world, (GAP_US - 1) * US);
	assert_false(nic->guest->line);
	pass(scene.world, 1 * US);
	assert_true(nic->guest->line);

	for (i = 0; i < 20; i++) { /* it takes a gap to answer */
		pass(scene.world, GAP_US * US);
		waited = stream_once(&scene, nic, i);
		assert_in_range(waited, GAP_US, 3 * GAP_US + 60);
	}
	assert_in_range(waited, 2 * GAP_US, 3 * GAP_US + 60);
	for (i = 0; i < 20; i++) { /* and now a second: it has its bounds */
		pass(scene.world, 1000ull * MS);
		waited = stream_once(&scene, nic, i);
		assert_in_range(waited, GAP_US, 20 * GAP_US);
	}
}

/* Sends a frame, and lets some time pass; whether it had ended before anything but the access was done. */
static bool send_and_look(struct scene *scene, struct nic *nic)
{
	unsigned int descriptor;
	u8 frame[FRAME];
	bool ended;

	frame_make(frame, FRAME, frame_stranger, nic_mac(nic->guest), 1);
	descriptor = nic_send(nic, frame, FRAME);
	ended = nic_end(nic, descriptor) == NIC_SENT;
	pass(scene->world, 10 * US);
	assert_int_equal(nic_end(nic, descriptor), NIC_SENT);
	return ended;
}

static u64 hardware_mask(struct scene *scene)
{
	return sim_read(scene->world->device, 1, NIC_IMR, 2);
}

/*
 * Hardware that has ended a frame before it has answered the access is found out. Then an end is known with the
 * access: no interrupt, no run of the worker. Hardware that has become slow interrupts again, and nothing is lost.
 */
static void test_prompt(void **state)
{
	enum { LEARNT = 40, FRAMES = 1000, CAUSES_TX = 0x0c };
	const struct vpio_pdev_stats *stats;
	struct scene scene;
	struct nic *nic;
	unsigned int i, round;
	u64 runs;

	open_scene(&scene, state);
	nic = &scene.nics[0];
	stats = pdev_stats(scene.world);
	for (round = 0; round < 3; round++) {
		sim_set_immediate(scene.world->device, false);
		for (i = 0; i < LEARNT; i++)
			send_and_look(&scene, nic);
		assert_false(send_and_look(&scene, nic));
		assert_int_equal(hardware_mask(&scene) & CAUSES_TX, CAUSES_TX);

		sim_set_immediate(scene.world->device, true);
		for (i = 0; i < LEARNT; i++)
			send_and_look(&scene, nic);
		assert_int_equal(hardware_mask(&scene) & CAUSES_TX, 0);
		runs = stats->runs;
		for (i = 0; i < FRAMES; i++)
			assert_true(send_and_look(&scene, nic));
		assert_in_range(stats->runs - runs, 0, 2); /* its clock */
		arrive_at(&scene, 0, round); /* what arrives interrupts all the same */
		assert_int_equal(receive_all(&scene, 0), 1);
	}
	assert_int_equal(stats->lost, 0);
	assert_int_equal(stats->recoveries, 0);
}

/* Interrupts without end begin while ends need not interrupt: what is sent meanwhile is sent once, and its end is found. */
static void test_prompt_storm(void **state)
{
	const struct vpio_pdev_stats *stats;
	unsigned int descriptor, i;
	struct scene scene;
	struct nic *nic;
	u8 frame[FRAME];
	u32 frames;

	open_scene(&scene, state);
	nic = &scene.nics[0];
	stats = pdev_stats(scene.world);
	sim_set_immediate(scene.world->device, true);
	for (i = 0; i < 40; i++)
		send_and_look(&scene, nic);
	scene.world->rounds = 1000;
	sim_fault(scene.world->device, SIM_FAULT_STORM, SIM_FOREVER);
	arrive_at(&scene, 0, 1);
	pass(scene.world, 10 * MS);
	assert_true(stats->storms);
	frames = scene.world->frames;
	frame_make(frame, FRAME, frame_stranger, nic_mac(nic->guest), 1);
	descriptor = nic_send(nic, frame, FRAME);
	pass(scene.world, 2000ull * MS);
	assert_int_equal(nic_end(nic, descriptor), NIC_SENT);
	assert_int_equal(scene.world->frames - frames, 1);
	assert_int_equal(stats->recoveries, 0);
	sim_fault(scene.world->device, SIM_FAULT_STORM, 0);
}

static void test_reset(void **state)
{
	struct scene scene;
	struct nic *nic = moderate(&scene, state);
	u64 edges;

	arrive_at(&scene, 0, 1);
	acknowledge(nic);
	arrive_at(&scene, 0, 2);
	edges = nic->guest->edges;
	nic->guest->locked = true;
	vpio_vdev_reset(nic->guest->vdev);
	nic->guest->locked = false;
	pass(scene.world, 10 * GAP_US * US);
	assert_int_equal(nic->guest->edges, edges);
}

static void test_settings(void **state)
{
	struct world *world = *state;
	struct vpio_vdev *vdev = world->guests[0].vdev;

	assert_int_equal(vpio_vdev_set_interrupt_us(vdev, VPIO_INTERRUPT_MOST_US), 0);
	assert_int_equal(vpio_vdev_set_interrupt_us(vdev, VPIO_INTERRUPT_MOST_US + 1), -1);
	assert_int_equal(vpio_vdev_interrupt_us(vdev), VPIO_INTERRUPT_MOST_US);
	assert_int_equal(vpio_vdev_set_interrupt_events(vdev, 0), -1);
	assert_int_equal(vpio_vdev_set_interrupt_events(vdev, VPIO_INTERRUPT_MOST_EVENTS + 1), -1);
	assert_int_equal(vpio_vdev_set_interrupt_events(vdev, 1), 0);
	assert_int_equal(vpio_vdev_interrupt_events(vdev), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(idle),	  TEST(watch),	TEST(poll),	    TEST(sparse), TEST(poll_busy),
		TEST(poll_storm), TEST(hold),	TEST(seen),	    TEST(burst),  TEST(ends),
		TEST(aborted),	  TEST(later),	TEST(along),	    TEST(masked), TEST(request),
		TEST(stream),	  TEST(prompt), TEST(prompt_storm), TEST(reset),  TEST(settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
