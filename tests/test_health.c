// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Each way in which a device misbehaves, for each model: the one job that hung fails, all others are
 * done, nobody waits for ever, nothing goes to a wrong guest; and what is out of service is left
 * alone until it is revived.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "ne2000.h"
#include "storm.h"

enum {
	GUESTS = 3,
	SEEDS = 20,	  /* of random storms, each model */
	LENGTH = 200,	  /* bytes of a frame */
	LATER = 20000,	  /* ms: after that nothing hangs any more, whatever the model */
	MOST_READS = 500, /* of registers in a tick, however the device interrupts */

	/* edu */
	FACT = 0x08,
	STATUS = 0x20,
	COMPUTING = 0x01,

	/* the engine with queues */
	ENABLE = 0x08,
	BASE = 0x100,
	SIZE = 0x108,
	TAIL = 0x10c,
	CTRL = 0x110,
	CAUSE = 0x118,
	MASK = 0x11a,
	KEY = 0x11c,
	RING = 0x1000,
	DATA = 0x10000,
	BYTES = 64,
};

enum end { PENDING, DONE, FAILED };

struct scene;

/* What a guest does with a device, whichever it is. */
struct kind {
	const char *model;
	unsigned int timeout_ms;
	void (*open)(struct scene *scene, unsigned int guest);
	/* one piece of work, with a result that only this guest's has */
	void (*begin)(struct scene *scene, unsigned int guest);
	/* how it ended; DONE is only what is right. Acknowledges its end. */
	enum end (*end)(struct scene *scene, unsigned int guest);
};

struct scene {
	const struct kind *kind;
	struct world *world;
	struct world_guest *guests;
	unsigned int seed[GUESTS]; /* of the work at hand */
	unsigned int slot[GUESTS];
	struct nic nics[GUESTS];
	struct ne nes[GUESTS];
	bool vanishing; /* the device goes at any time */
};

static const struct vpio_pdev_stats *stats(const struct scene *scene)
{
	return vpio_pdev_stats(scene->world->pdev);
}

static enum vpio_health health(const struct scene *scene)
{
	return vpio_pdev_health(scene->world->pdev);
}

static void fault(struct scene *scene, enum sim_fault which, unsigned int count)
{
	sim_fault(scene->world->device, which, count);
}

/* The frame of a guest's work is on the wire once, or not at all if it was not sent. */
static void check_wire(struct scene *scene, unsigned int guest, bool sent)
{
	u8 frame[LENGTH];
	unsigned int count = 0;
	u32 i;

	frame_make(frame, LENGTH, frame_stranger, nic_mac(&scene->guests[guest]),
		   scene->seed[guest]);
	for (i = 0; i < scene->world->frames && i < WORLD_CAPTURE; i++) {
		const struct world_frame *there = &scene->world->wire[i];

		count += there->length == LENGTH && !memcmp(there->data, frame, LENGTH);
	}
	if (!sent && scene->vanishing) /* nobody can know */
		assert_in_range(count, 0, 1);
	else
		assert_int_equal(count, sent);
}

/* --- rtl8139 ----------------------------------------------------------------------------- */

static void rtl_open(struct scene *scene, unsigned int guest)
{
	too_open(&scene->nics[guest], &scene->guests[guest], RCR_USUAL);
}

static void rtl_begin(struct scene *scene, unsigned int guest)
{
	u8 frame[LENGTH];

	frame_make(frame, LENGTH, frame_stranger, nic_mac(&scene->guests[guest]),
		   scene->seed[guest]);
	scene->slot[guest] = nic_send(&scene->nics[guest], frame, LENGTH);
}

static enum end rtl_end(struct scene *scene, unsigned int guest)
{
	const enum nic_end end = nic_end(&scene->nics[guest], scene->slot[guest]);

	if (end == NIC_PENDING)
		return PENDING;
	check_wire(scene, guest, end == NIC_SENT);
	nic_causes(&scene->nics[guest]);
	return end == NIC_SENT ? DONE : FAILED;
}

/* --- ne2000 ------------------------------------------------------------------------------ */

static void ne2000_open(struct scene *scene, unsigned int guest)
{
	ne_open(&scene->nes[guest], &scene->guests[guest], RCR_BROADCAST);
}

static void ne2000_begin(struct scene *scene, unsigned int guest)
{
	u8 frame[LENGTH];

	ne_frame(frame, LENGTH, &scene->guests[guest], scene->seed[guest]);
	assert_true(ne_send(&scene->nes[guest], frame, LENGTH));
}

static enum end ne2000_end(struct scene *scene, unsigned int guest)
{
	const u8 causes = ne_interrupt(&scene->nes[guest]);

	if (!(causes & (NE_PTX | NE_TXE)))
		return PENDING;
	check_wire(scene, guest, !(causes & NE_TXE));
	return causes & NE_TXE ? FAILED : DONE;
}

/* --- edu --------------------------------------------------------------------------------- */

static u32 argument(struct scene *scene, unsigned int guest)
{
	return 2 + (guest + GUESTS * scene->seed[guest]) % 9;
}

static void edu_open(struct scene *scene, unsigned int guest)
{
	nic_command(&scene->guests[guest], 6);
}

static void edu_begin(struct scene *scene, unsigned int guest)
{
	guest_out(&scene->guests[guest], FACT, 4, argument(scene, guest));
}

static enum end edu_end(struct scene *scene, unsigned int guest)
{
	u32 product = 1, n, fact = 0;

	if (guest_in(&scene->guests[guest], STATUS, 4) & COMPUTING)
		return PENDING;
	assert_int_equal(storm_access(&scene->guests[guest], false, 0, FACT, 4, 0), 0);
	fact = (u32)guest_in(&scene->guests[guest], FACT, 4);
	if (!fact)
		return FAILED;
	for (n = argument(scene, guest); n > 1; n--)
		product *= n;
	assert_int_equal(fact, product);
	return DONE;
}

/* --- queues ------------------------------------------------------------------------------ */

static u8 queue_byte(struct scene *scene, unsigned int guest, unsigned int at)
{
	return (u8)(0x40 * (guest + 1) + (scene->seed[guest] * 5 + at) % 0x3f);
}

static u32 queue_key(unsigned int guest)
{
	return 0x01020304 * (guest + 1);
}

static void queues_open(struct scene *scene, unsigned int guest)
{
	struct world_guest *at = &scene->guests[guest];

	nic_command(at, 6);
	guest_out(at, CTRL, 4, 2);
	world_run(scene->world);
	guest_out(at, ENABLE, 4, 1);
	guest_out(at, BASE, 8, RING);
	guest_out(at, SIZE, 2, 8);
	guest_out(at, MASK, 2, 3);
	guest_out(at, KEY, 4, queue_key(guest));
	guest_out(at, CTRL, 4, 1);
}

static void queues_begin(struct scene *scene, unsigned int guest)
{
	struct world_guest *at = &scene->guests[guest];
	unsigned int slot, i;

	if (!guest_in(at, CTRL, 4)) /* it stops at an error */
		queues_open(scene, guest);
	slot = (unsigned int)guest_in(at, TAIL, 2);
	scene->slot[guest] = slot;
	for (i = 0; i < BYTES; i++)
		at->memory[DATA + i] = queue_byte(scene, guest, i);
	guest_put(at, RING + 16 * slot, 8, DATA);
	guest_put(at, RING + 16 * slot + 8, 4, BYTES);
	guest_put(at, RING + 16 * slot + 12, 4, 0);
	guest_out(at, TAIL, 2, (slot + 1) % 8);
}

static enum end queues_end(struct scene *scene, unsigned int guest)
{
	struct world_guest *at = &scene->guests[guest];
	const u16 causes = (u16)guest_in(at, CAUSE, 2);
	const bool done = guest_get(at, RING + 16 * scene->slot[guest] + 12, 4) == 1u << 31;
	const u32 key = queue_key(guest);
	unsigned int i;

	if (!causes)
		return PENDING;
	guest_out(at, CAUSE, 2, causes);
	assert_int_equal(done, !(causes & 2));
	for (i = 0; i < BYTES; i++)
		assert_int_equal(
			at->memory[DATA + i],
			(u8)(done ? queue_byte(scene, guest, i) ^ ((key >> 8 * (i & 3)) + i)
				  : queue_byte(scene, guest, i)));
	return done ? DONE : FAILED;
}

/* --- What all have in common ------------------------------------------------------------- */

static const struct kind kinds[] = {
	{ "rtl8139", 1000, rtl_open, rtl_begin, rtl_end },
	{ "ne2000", 1000, ne2000_open, ne2000_begin, ne2000_end },
	{ "edu", 5000, edu_open, edu_begin, edu_end },
	{ "queues", 100, queues_open, queues_begin, queues_end },
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds), QUEUES = KINDS - 1 };

static void begin(struct scene *scene, unsigned int guest)
{
	scene->seed[guest]++;
	scene->kind->begin(scene, guest);
	world_run(scene->world);
}

static enum end end(struct scene *scene, unsigned int guest)
{
	return scene->kind->end(scene, guest);
}

static void open_all(struct scene *scene)
{
	unsigned int i;

	for (i = 0; i < GUESTS; i++)
		scene->kind->open(scene, i);
	world_run(scene->world);
}

static void open_scene(struct scene *scene, unsigned int kind)
{
	char path[64];

	memset(scene, 0, sizeof(*scene));
	scene->kind = &kinds[kind];
	snprintf(path, sizeof(path), "build/%s/%s.vpb", kind == QUEUES ? "test-models" : "models",
		 scene->kind->model);
	scene->world = world_load(path, GUESTS, storm_device_for(scene->kind->model));
	assert_non_null(scene->world);
	scene->guests = scene->world->guests;
	open_all(scene);
}

static void close_scene(struct scene *scene)
{
	assert_int_equal(stats(scene)->model_errors, 0);
	assert_int_equal(scene->world->stray, 0);
	world_destroy(scene->world);
}

/* All guests get their work done. */
static void assert_alive(struct scene *scene)
{
	unsigned int i;

	assert_int_equal(health(scene), VPIO_WORKING);
	for (i = 0; i < GUESTS; i++) {
		begin(scene, i);
		assert_int_equal(end(scene, i), DONE);
	}
}

static u64 accesses(const struct scene *scene)
{
	const struct sim_stats *done = sim_stats(scene->world->device);

	return done->reg_reads + done->reg_writes;
}

/* Out of service: all is refused at once, and the device is left alone. */
static void assert_out_of_service(struct scene *scene)
{
	const u64 before = accesses(scene);
	unsigned int i;

	for (i = 0; i < GUESTS; i++) {
		begin(scene, i);
		assert_int_equal(end(scene, i), FAILED);
		assert_false(vpio_vdev_waits(scene->guests[i].vdev));
	}
	storm_reset(&scene->guests[1]);
	storm_plug(&scene->guests[2], false);
	storm_plug(&scene->guests[2], true);
	world_ticks(scene->world, 1000);
	assert_int_equal(accesses(scene), before);
}

/* --- The tests --------------------------------------------------------------------------- */

/* One job never completes: it fails when its time is up, the others are done. */
static void check_hang(struct scene *scene)
{
	unsigned int i;

	fault(scene, SIM_FAULT_TX_HANG, 1);
	begin(scene, 0);
	if (scene->kind->model[0] != 'n') /* there who sends waits for the one who hangs */
		begin(scene, 1);
	world_ticks(scene->world, scene->kind->timeout_ms);
	assert_int_equal(end(scene, 0), FAILED);
	fault(scene, SIM_FAULT_TX_HANG, 0); /* edu's engine can't be stopped, and ends late */
	world_run(scene->world);
	assert_int_equal(stats(scene)->recoveries, 1);
	if (scene->kind->model[0] != 'n')
		assert_int_equal(end(scene, 1), DONE);
	for (i = 0; i < GUESTS; i++)
		assert_int_equal(vpio_vdev_stats(scene->guests[i].vdev)->jobs_aborted, !i);
	assert_alive(scene);
}

/* Nothing ever completes: three times it is tried to help, then it is out of service. */
static void check_never_idle(struct scene *scene)
{
	unsigned int i;

	fault(scene, SIM_FAULT_TX_HANG, SIM_FOREVER);
	if (scene->kind == &kinds[QUEUES]) /* one that can be reset is not broken */
		fault(scene, SIM_FAULT_RESET_STUCK, SIM_FOREVER);
	for (i = 0; i < GUESTS; i++)
		begin(scene, i);
	world_ticks(scene->world, LATER);
	for (i = 0; i < GUESTS; i++)
		assert_int_equal(end(scene, i), FAILED);
	assert_int_equal(health(scene), VPIO_BROKEN);
	assert_int_equal(scene->world->turns, 1);
	assert_in_range(stats(scene)->recoveries, 3, 2 * GUESTS);
	assert_out_of_service(scene);
	assert_int_equal(world_revive(scene->world), 0); /* it is no better */
	assert_true(scene->world->woken); /* so that the clock goes on, whoever asks for nothing */
	open_all(scene);
	for (i = 0; i < GUESTS; i++)
		begin(scene, i);
	world_ticks(scene->world, LATER);
	for (i = 0; i < GUESTS; i++)
		assert_int_equal(end(scene, i), FAILED);
	assert_int_equal(health(scene), VPIO_BROKEN);
	fault(scene, SIM_FAULT_TX_HANG, 0);
	fault(scene, SIM_FAULT_RESET_STUCK, 0);
	world_run(scene->world);
	assert_int_equal(world_revive(scene->world), 0);
	assert_int_equal(scene->world->turns, 4);
	open_all(scene);
	assert_alive(scene);
}

/* Recoveries with work done between them are no reason to give up. */
static void check_hang_again(struct scene *scene)
{
	unsigned int i;

	for (i = 1; i <= 6; i++) {
		fault(scene, SIM_FAULT_TX_HANG, 1);
		begin(scene, i % GUESTS);
		world_ticks(scene->world, scene->kind->timeout_ms);
		assert_int_equal(end(scene, i % GUESTS), FAILED);
		fault(scene, SIM_FAULT_TX_HANG, 0);
		world_run(scene->world);
		assert_int_equal(stats(scene)->recoveries, i);
		assert_alive(scene);
	}
}

static void check_lost(struct scene *scene)
{
	unsigned int i;

	for (i = 0; i < GUESTS; i++) {
		fault(scene, SIM_FAULT_LOST_IRQ, SIM_FOREVER);
		begin(scene, i);
		fault(scene, SIM_FAULT_LOST_IRQ, 0);
		assert_int_equal(end(scene, i), PENDING);
		world_ticks(scene->world, VPIO_TICK_MS);
		assert_int_equal(end(scene, i), DONE);
		assert_int_equal(stats(scene)->lost, i + 1);
	}
	assert_int_equal(stats(scene)->recoveries, 0);
	assert_alive(scene);
}

/* All interrupts are lost, and a deadline passes between two ticks: what has ended has not hung. */
static void check_lost_late(struct scene *scene)
{
	world_pass(scene->world, VPIO_TICK_MS);
	fault(scene, SIM_FAULT_LOST_IRQ, SIM_FOREVER);
	begin(scene, 0);
	fault(scene, SIM_FAULT_LOST_IRQ, 0);
	assert_int_equal(end(scene, 0), PENDING);
	world_pass(scene->world, scene->kind->timeout_ms);
	assert_int_equal(end(scene, 0), DONE);
	assert_int_equal(stats(scene)->recoveries, 0);
	assert_alive(scene);
}

/* A line that never goes down: it is masked, polled, and let in again when it is quiet. */
static void check_storm(struct scene *scene, enum sim_fault which)
{
	unsigned int i, round;
	u64 reads;

	fault(scene, which, SIM_FOREVER);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < GUESTS; i++) {
			begin(scene, i);
			world_ticks(scene->world, VPIO_TICK_MS);
			assert_int_equal(end(scene, i), DONE);
		}
	}
	assert_int_equal(stats(scene)->storms, 1);
	assert_int_equal(health(scene), VPIO_WORKING);
	reads = sim_stats(scene->world->device)->reg_reads;
	world_ticks(scene->world, 10 * VPIO_TICK_MS);
	assert_in_range(sim_stats(scene->world->device)->reg_reads - reads, 1, 10 * MOST_READS);
	assert_int_equal(stats(scene)->storms, 1);
	fault(scene, which, 0);
	world_ticks(scene->world, 2 * VPIO_TICK_MS);
	assert_false(vpio_pdev_mutes(scene->world->pdev));
	assert_alive(scene); /* by interrupts: no time passes */
	assert_alive(scene);
	fault(scene, which, SIM_FOREVER);
	begin(scene, 0);
	world_ticks(scene->world, VPIO_TICK_MS);
	assert_int_equal(end(scene, 0), DONE);
	assert_int_equal(stats(scene)->storms, 2);
}

static void check_endless(struct scene *scene)
{
	check_storm(scene, SIM_FAULT_STORM);
}

static void check_spurious(struct scene *scene)
{
	check_storm(scene, SIM_FAULT_SPURIOUS_IRQ);
}

/* It is gone, with work of all guests on it; comes back, and is brought up again. */
static void check_gone(struct scene *scene)
{
	unsigned int i;

	fault(scene, SIM_FAULT_TX_HANG, SIM_FOREVER);
	begin(scene, 0);
	for (i = 1; i < GUESTS && scene->kind->model[0] != 'n'; i++)
		begin(scene, i);
	fault(scene, SIM_FAULT_GONE, SIM_FOREVER);
	world_ticks(scene->world, VPIO_TICK_MS);
	assert_int_equal(health(scene), VPIO_GONE);
	assert_int_equal(stats(scene)->recoveries, 0);
	for (i = 0; i < GUESTS; i++) {
		if (i && scene->kind->model[0] == 'n')
			begin(scene, i);
		assert_int_equal(end(scene, i), FAILED);
	}
	assert_out_of_service(scene);
	assert_int_equal(world_revive(scene->world), -1);
	assert_int_equal(health(scene), VPIO_GONE);
	assert_int_equal(scene->world->turns, 1);
	fault(scene, SIM_FAULT_TX_HANG, 0);
	fault(scene, SIM_FAULT_GONE, 0);
	assert_int_equal(world_revive(scene->world), 0);
	open_all(scene);
	assert_alive(scene);
}

/* All of it at once: work of each guest, and for NICs a frame for one of them. */
static void do_everything(struct scene *scene)
{
	u8 frame[LENGTH];
	unsigned int i;

	for (i = 0; i < GUESTS; i++) {
		wire_make(frame, LENGTH, nic_mac(&scene->guests[i]), i);
		sim_receive(scene->world->device, frame, LENGTH);
		begin(scene, i);
	}
}

/* What came from the wire is a guest's own, whole. */
static void check_received(struct scene *scene, unsigned int guest)
{
	u8 got[NIC_BUFFER], frame[LENGTH];
	unsigned int count = 0;

	wire_make(frame, LENGTH, nic_mac(&scene->guests[guest]), guest);
	while (scene->kind == &kinds[0] ? nic_receive(&scene->nics[guest], got)
					: ne_receive(&scene->nes[guest], got)) {
		assert_memory_equal(got, frame, LENGTH);
		count++;
	}
	assert_in_range(count, 0, 1);
}

/* The device vanishes at each register access of all that, one after the other. */
static void check_vanish(unsigned int kind)
{
	struct scene scene;
	unsigned int n, i;
	bool gone;

	for (n = 1, gone = true; gone; n++) {
		open_scene(&scene, kind);
		scene.world->vanishes = n;
		scene.vanishing = true;
		do_everything(&scene);
		world_ticks(scene.world, VPIO_TICK_MS);
		gone = !scene.world->vanishes;
		scene.world->vanishes = 0;
		world_ticks(scene.world, VPIO_TICK_MS);
		for (i = 0; i < GUESTS; i++) {
			/* an end that says `done` is checked there: once on the wire, or the result */
			if (scene.kind->model[0] == 'n')
				(void)end(&scene, i); /* its driver may have heard of it before */
			else
				assert_int_not_equal(end(&scene, i), PENDING);
			if (kind < 2)
				check_received(&scene, i);
		}
		if (gone) {
			assert_int_equal(health(&scene), VPIO_GONE);
			fault(&scene, SIM_FAULT_GONE, 0);
			assert_int_equal(world_revive(scene.world), 0);
		}
		scene.vanishing = false;
		open_all(&scene);
		assert_alive(&scene);
		close_scene(&scene);
	}
	print_message("%u accesses\n", n - 1);
	assert_in_range(n, 20, 100000);
}

/* Guests, the wire and the device do anything; then all is well again. */
static void check_weather(unsigned int kind)
{
	static u8 weather[4096];
	struct storm storm;
	struct scene scene;
	unsigned int seed, i;

	for (seed = 1; seed <= SEEDS; seed++) {
		open_scene(&scene, kind);
		scene.world->rounds = 20;
		storm_fill(weather, sizeof(weather), seed * 0x9e3779b97f4a7c15ull);
		storm = (struct storm){ weather, sizeof(weather), GUESTS };
		while (storm.size)
			storm_step(&storm, scene.world);
		scene.world->rounds = 1000;
		for (i = 0; i < SIM_FAULTS; i++)
			fault(&scene, i, 0);
		world_ticks(scene.world, LATER);
		assert_int_equal(world_revive(scene.world), 0);
		for (i = 0; i < GUESTS; i++) {
			scene.guests[i].hole_size = 0;
			storm_plug(&scene.guests[i], false);
		}
		world_ticks(scene.world, LATER);
		for (i = 0; i < GUESTS; i++)
			storm_plug(&scene.guests[i], true);
		memset(scene.seed, 0, sizeof(scene.seed));
		scene.world->frames = 0;
		memset(scene.world->wire, 0, sizeof(scene.world->wire));
		open_all(&scene);
		assert_alive(&scene);
		world_destroy(scene.world);
	}
}

static void check_all(void (*check)(struct scene *scene))
{
	struct scene scene;
	unsigned int i;

	for (i = 0; i < KINDS; i++) {
		print_message("%s\n", kinds[i].model);
		open_scene(&scene, i);
		check(&scene);
		close_scene(&scene);
	}
}

#define CHECK(name)                           \
	static void test_##name(void **state) \
	{                                     \
		(void)state;                  \
		check_all(check_##name);      \
	}
CHECK(hang)
CHECK(hang_again)
CHECK(never_idle)
CHECK(lost)
CHECK(lost_late)
CHECK(endless)
CHECK(spurious)
CHECK(gone)

static void test_vanish(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < KINDS; i++) {
		print_message("%s\n", kinds[i].model);
		check_vanish(i);
	}
}

static void test_weather(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < KINDS; i++) {
		print_message("%s\n", kinds[i].model);
		check_weather(i);
	}
}

/* A NIC that is out of service has no link. */
static void test_link(void **state)
{
	struct scene scene;
	unsigned int i, round;

	(void)state;
	open_scene(&scene, 0);
	world_pass(scene.world, VPIO_TICK_MS);
	for (round = 0; round < 2; round++) {
		fault(&scene, SIM_FAULT_GONE, round ? 0 : SIM_FOREVER);
		if (round)
			assert_int_equal(world_revive(scene.world), 0);
		world_ticks(scene.world, VPIO_TICK_MS);
		for (i = 0; i < GUESTS; i++) {
			assert_true(scene.guests[i].line);
			assert_int_equal(nic_causes(&scene.nics[i]), ISR_LINK);
			assert_int_equal(guest_in(&scene.guests[i], NIC_BMSR, 2) & 4, 4 * round);
			assert_int_equal(guest_in(&scene.guests[i], NIC_MSR, 1) & 4, 4 * !round);
		}
	}
	assert_alive(&scene); /* without being opened again */
	close_scene(&scene);
}

/* What guests send each other is not handed out when it is said to have failed. */
static void test_local(void **state)
{
	struct scene scene;
	u8 frame[LENGTH], got[NIC_BUFFER];

	(void)state;
	open_scene(&scene, 0);
	fault(&scene, SIM_FAULT_GONE, SIM_FOREVER);
	world_ticks(scene.world, VPIO_TICK_MS);
	frame_make(frame, LENGTH, frame_broadcast, nic_mac(&scene.guests[0]), 1);
	scene.slot[0] = nic_send(&scene.nics[0], frame, LENGTH);
	world_run(scene.world);
	assert_int_equal(nic_end(&scene.nics[0], scene.slot[0]), NIC_ABORTED);
	assert_int_equal(nic_receive(&scene.nics[1], got), 0);
	close_scene(&scene);
	open_scene(&scene, 1);
	fault(&scene, SIM_FAULT_GONE, SIM_FOREVER);
	world_ticks(scene.world, VPIO_TICK_MS);
	assert_true(ne_send(&scene.nes[0], frame, LENGTH));
	world_run(scene.world);
	assert_int_equal(ne_receive(&scene.nes[1], got), 0);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hang),	   cmocka_unit_test(test_hang_again),
		cmocka_unit_test(test_never_idle), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_lost_late),  cmocka_unit_test(test_endless),
		cmocka_unit_test(test_spurious),   cmocka_unit_test(test_gone),
		cmocka_unit_test(test_vanish),	   cmocka_unit_test(test_weather),
		cmocka_unit_test(test_link),	   cmocka_unit_test(test_local),
	};

	return cmocka_run_group_tests_name("health", tests, NULL, NULL);
}
