// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * models/rtl8139.vpm on a device that misbehaves, and vdevs that come and go: what is lost is
 * counted and told to whom it concerns; then it goes on for all.
 */
#include "expect.h"

enum {
	TIMEOUT_MS = 1000,  /* of the model's transmitter */
	HARDWARE_DEPTH = 4, /* frames that are on it at a time */
	MSR_LINKB = 0x04,
	BMSR_LINK = 0x04,
};

struct scene {
	struct world *world;
	struct world_guest *guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[FRAME_MAX];
};

static void open_scene(struct scene *scene, void **state)
{
	scene->world = *state;
	scene->guests = scene->world->guests;
	open_all(scene->world, scene->nics);
}

static void fault(struct scene *scene, enum sim_fault which, unsigned int count)
{
	sim_fault(scene->world->device, which, count);
}

/* A guest sends a frame to the wire; its descriptor. */
static unsigned int send_frame(struct scene *scene, unsigned int guest, unsigned int seed)
{
	frame_make(scene->frame, 200, frame_stranger, nic_mac(&scene->guests[guest]), seed);
	return nic_send(&scene->nics[guest], scene->frame, 200);
}

/* A frame from the wire for a guest. */
static void arrive_frame(struct scene *scene, unsigned int guest, unsigned int seed)
{
	wire_make(scene->frame, 200, nic_mac(&scene->guests[guest]), seed);
	arrive(scene->world, scene->frame, 200);
}

static void assert_all_alive(struct scene *scene)
{
	unsigned int i;

	for (i = 0; i < NIC_GUESTS; i++)
		nic_causes(&scene->nics[i]);
	assert_alive(scene->world, scene->nics, NIC_GUESTS);
	assert_int_equal(pdev_stats(scene->world)->model_errors, 0);
}

/* --- The transmitter hangs --------------------------------------------------------------- */

static void test_hang(void **state)
{
	struct scene scene;
	unsigned int a, b;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_TX_HANG, 1);
	a = send_frame(&scene, 0, 1);
	world_run(scene.world);
	b = send_frame(&scene, 1, 2);
	world_run(scene.world);
	world_ticks(scene.world, TIMEOUT_MS - VPIO_TICK_MS);
	assert_int_equal(pdev_stats(scene.world)->recoveries, 0);
	assert_int_equal(nic_end(&scene.nics[0], a), NIC_PENDING);
	world_ticks(scene.world, VPIO_TICK_MS);
	assert_int_equal(pdev_stats(scene.world)->recoveries, 1);
	assert_int_equal(nic_end(&scene.nics[0], a), NIC_ABORTED);
	assert_int_equal(nic_end(&scene.nics[1], b), NIC_SENT); /* the device had not come to it */
	assert_true(scene.guests[0].line);
	assert_int_equal(nic_causes(&scene.nics[0]), ISR_TER);
	assert_int_equal(stats_of(&scene.guests[0])->jobs_aborted, 1);
	assert_int_equal(stats_of(&scene.guests[0])->refusals, 0);
	assert_int_equal(stats_of(&scene.guests[1])->jobs_aborted, 0);
	assert_int_equal(scene.world->frames, 1);
	assert_all_alive(&scene);
	world_ticks(scene.world, 3 * TIMEOUT_MS);
	assert_int_equal(pdev_stats(scene.world)->recoveries, 1);
}

/* Frames on the device behind the one that hangs, and those that wait, are sent after all, in order. */
static void test_hang_many(void **state)
{
	struct scene scene;
	unsigned int i;

	open_scene(&scene, state);
	cp_open(&scene.nics[0], &scene.guests[0], RCR_USUAL);
	fault(&scene, SIM_FAULT_TX_HANG, 1);
	for (i = 0; i < 20; i++)
		send_frame(&scene, 0, i);
	world_run(scene.world);
	world_ticks(scene.world, TIMEOUT_MS);
	for (i = 0; i < 20; i++)
		assert_int_equal(nic_end(&scene.nics[0], i), i ? NIC_SENT : NIC_ABORTED);
	assert_int_equal(scene.world->frames, 20 - 1);
	for (i = 1; i < 20; i++) {
		frame_make(scene.frame, 200, frame_stranger, nic_mac(&scene.guests[0]), i);
		assert_memory_equal(scene.world->wire[i - 1].data, scene.frame, 200);
	}
	assert_int_equal(nic_causes(&scene.nics[0]), ISR_TER | ISR_TOK);
	assert_all_alive(&scene);
}

/* It hangs again and again: each time only what is on the device is lost. */
static void test_hang_again(void **state)
{
	struct scene scene;
	unsigned int i, descriptor;

	open_scene(&scene, state);
	for (i = 1; i <= 5; i++) {
		fault(&scene, SIM_FAULT_TX_HANG, 1);
		descriptor = send_frame(&scene, i % 3, i);
		world_run(scene.world);
		world_ticks(scene.world, TIMEOUT_MS);
		assert_int_equal(nic_end(&scene.nics[i % 3], descriptor), NIC_ABORTED);
		assert_int_equal(pdev_stats(scene.world)->recoveries, i);
		assert_all_alive(&scene);
	}
}

/* Frames between guests do not need the transmitter, nor does the receiver. */
static void test_hang_local(void **state)
{
	struct scene scene;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_TX_HANG, 1);
	send_frame(&scene, 0, 1);
	world_run(scene.world);
	frame_make(scene.frame, 300, nic_mac(&scene.guests[2]), nic_mac(&scene.guests[1]), 1);
	nic_send(&scene.nics[1], scene.frame, 300);
	world_run(scene.world);
	assert_received(&scene.nics[2], scene.frame, 300);
	arrive_frame(&scene, 0, 1);
	assert_received(&scene.nics[0], scene.frame, 200);
}

/* --- Interrupts -------------------------------------------------------------------------- */

static void test_spurious(void **state)
{
	struct scene scene;
	unsigned int i;

	open_scene(&scene, state);
	for (i = 1; i <= 3; i++) {
		fault(&scene, SIM_FAULT_SPURIOUS_IRQ, 1);
		world_run(scene.world);
		assert_int_equal(pdev_stats(scene.world)->spurious, i);
		assert_int_equal(pdev_stats(scene.world)->interrupts, 0);
	}
	assert_int_equal(scene.guests[0].edges, 0);
	assert_all_alive(&scene);
}

/* A cause whose interrupt is lost is found by the next tick. */
static void test_lost_receive(void **state)
{
	struct scene scene;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_LOST_IRQ, 1);
	arrive_frame(&scene, 0, 1);
	assert_nothing(&scene.nics[0]);
	world_pass(scene.world, VPIO_TICK_MS);
	assert_received(&scene.nics[0], scene.frame, 200);
	assert_int_equal(pdev_stats(scene.world)->lost, 1);
	assert_all_alive(&scene);
}

static void test_lost_transmit(void **state)
{
	struct scene scene;
	unsigned int descriptor;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_LOST_IRQ, 1);
	descriptor = send_frame(&scene, 0, 1);
	world_run(scene.world);
	assert_int_equal(scene.world->frames, 1);
	assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_PENDING);
	world_pass(scene.world, VPIO_TICK_MS);
	assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_SENT);
	assert_int_equal(pdev_stats(scene.world)->recoveries, 0);
	assert_all_alive(&scene);
}

/* --- The receiver ------------------------------------------------------------------------ */

static void test_overflow(void **state)
{
	struct scene scene;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_RX_OVERFLOW, 2);
	arrive_frame(&scene, 0, 1);
	arrive_frame(&scene, 1, 2);
	assert_nothing(&scene.nics[0]);
	assert_nothing(&scene.nics[1]);
	assert_int_equal(sim_stats(scene.world->device)->faults[SIM_FAULT_RX_OVERFLOW], 2);
	assert_all_alive(&scene);
}

static unsigned int count_received(struct nic *nic)
{
	u8 frame[NIC_BUFFER];
	unsigned int count = 0;

	while (nic_receive(nic, frame))
		count++;
	return count;
}

/* Each way in which a header can be corrupt, alone and between good frames. */
static void test_corrupt_header(void **state)
{
	struct scene scene;
	unsigned int way;

	open_scene(&scene, state);
	for (way = 0; way < 15; way++) {
		if (way % 3)
			arrive_frame(&scene, 0, 1);
		fault(&scene, SIM_FAULT_RX_HEADER, 1);
		wire_make(scene.frame, 200, nic_mac(&scene.guests[0]), way);
		sim_receive(scene.world->device, scene.frame, 200);
		if (way & 1)
			sim_receive(scene.world->device, scene.frame, 200);
		world_run(scene.world);
		assert_int_equal(count_received(&scene.nics[0]), way % 3 ? 1 : 0);
		assert_all_alive(&scene);
	}
	assert_int_equal(sim_stats(scene.world->device)->faults[SIM_FAULT_RX_HEADER], 15);
	assert_int_equal(scene.world->stray, 0);
}

/* A frame in which there lies what looks like a header, and a frame for guest 0 behind it. */
static void arrive_smuggler(struct scene *scene, unsigned int at)
{
	wire_make(scene->frame, 300, frame_stranger, 0);
	memcpy(scene->frame + at, "\x01\x40\x68\x00", 4);
	wire_make(scene->frame + at + 4, 100, nic_mac(&scene->guests[0]), 0);
	fault(scene, SIM_FAULT_RX_HEADER, 1);
	arrive(scene->world, scene->frame, 300);
}

/* Lengths that are not true must not make the monitor take what is in a frame for a frame. */
static void test_smuggled_frame(void **state)
{
	struct scene scene;

	open_scene(&scene, state);
	guest_out(&scene.guests[1], NIC_RCR, 4, RCR_USUAL | RCR_AAP);
	arrive_smuggler(&scene, 0); /* its length is 0xffff */
	assert_int_equal(count_received(&scene.nics[0]), 0);
	arrive_smuggler(&scene, 0);
	assert_int_equal(count_received(&scene.nics[0]), 0);
	arrive_smuggler(&scene, 4); /* its length is 4 */
	assert_int_equal(count_received(&scene.nics[0]), 0);
	assert_int_equal(count_received(&scene.nics[1]), 0);
	assert_int_equal(sim_stats(scene.world->device)->faults[SIM_FAULT_RX_HEADER], 3);
	guest_out(&scene.guests[1], NIC_RCR, 4, RCR_USUAL);
	assert_all_alive(&scene);
}

/* --- Wrong addresses --------------------------------------------------------------------- */

static void test_dma_transmit(void **state)
{
	struct scene scene;
	unsigned int descriptor;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_DMA_ADDR, 1);
	descriptor = send_frame(&scene, 0, 1);
	world_run(scene.world);
	assert_int_equal(scene.world->stray, 1);
	assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_ABORTED);
	assert_int_equal(nic_causes(&scene.nics[0]), ISR_TER);
	assert_int_equal(scene.world->frames, 0);
	assert_all_alive(&scene);
}

static void test_dma_receive(void **state)
{
	struct scene scene;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_DMA_ADDR, 1);
	arrive_frame(&scene, 0, 1);
	assert_int_equal(scene.world->stray, 1);
	assert_nothing(&scene.nics[0]);
	assert_all_alive(&scene);
}

/* --- Reset and link ---------------------------------------------------------------------- */

/* A reset that takes its time; one that never ends; and the device comes back. */
static void test_reset_stuck(void **state)
{
	struct scene scene;
	unsigned int descriptor;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_RESET_STUCK, 20);
	fault(&scene, SIM_FAULT_TX_HANG, 1);
	send_frame(&scene, 0, 1);
	world_run(scene.world);
	world_ticks(scene.world, TIMEOUT_MS);
	assert_int_equal(pdev_stats(scene.world)->recoveries, 1);
	assert_all_alive(&scene);

	fault(&scene, SIM_FAULT_RESET_STUCK, SIM_FOREVER);
	fault(&scene, SIM_FAULT_TX_HANG, 1);
	send_frame(&scene, 0, 1);
	world_run(scene.world);
	world_ticks(scene.world, TIMEOUT_MS);
	descriptor = send_frame(&scene, 1, 2);
	world_run(scene.world);
	world_ticks(scene.world, 3 * TIMEOUT_MS);
	assert_int_equal(nic_end(&scene.nics[1], descriptor), NIC_ABORTED);
	fault(&scene, SIM_FAULT_RESET_STUCK, 0);
	send_frame(&scene, 0, 1);
	world_run(scene.world);
	world_ticks(scene.world, TIMEOUT_MS);
	assert_all_alive(&scene);
}

/* The same with nobody sending: who only receives is not forgotten. */
static void test_reset_stuck_receive(void **state)
{
	struct scene scene;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_RESET_STUCK, SIM_FOREVER);
	fault(&scene, SIM_FAULT_TX_HANG, 1);
	send_frame(&scene, 0, 1);
	world_run(scene.world);
	world_ticks(scene.world, TIMEOUT_MS);
	fault(&scene, SIM_FAULT_RESET_STUCK, 0);
	world_ticks(scene.world, TIMEOUT_MS);
	arrive_frame(&scene, 1, 1);
	assert_received(&scene.nics[1], scene.frame, 200);
	assert_all_alive(&scene);
}

static void assert_link(struct scene *scene, bool up)
{
	unsigned int i;

	for (i = 0; i < NIC_GUESTS; i++) {
		assert_int_equal(guest_in(&scene->guests[i], NIC_MSR, 1) & MSR_LINKB,
				 up ? 0 : MSR_LINKB);
		assert_int_equal(guest_in(&scene->guests[i], NIC_BMSR, 2) & BMSR_LINK,
				 up ? BMSR_LINK : 0);
	}
}

static void test_link(void **state)
{
	struct scene scene;
	unsigned int i, round;

	open_scene(&scene, state);
	assert_link(&scene, true);
	for (round = 0; round < 4; round++) {
		fault(&scene, SIM_FAULT_LINK_DOWN, round & 1 ? 0 : SIM_FOREVER);
		world_pass(scene.world, VPIO_TICK_MS);
		assert_link(&scene, round & 1);
		for (i = 0; i < NIC_GUESTS; i++) {
			assert_true(scene.guests[i].line);
			assert_int_equal(nic_causes(&scene.nics[i]), ISR_LINK);
		}
		arrive_frame(&scene, 1, round);
		if (round & 1)
			assert_received(&scene.nics[1], scene.frame, 200);
		nic_causes(&scene.nics[1]);
	}
	assert_all_alive(&scene);
}

/* --- Vdevs that come and go -------------------------------------------------------------- */

enum way { BY_REGISTER, BY_BUS, BY_DETACHING };

/* Guest 0 begins a new life; the way decides how. Its registers are as after power-on. */
static void end_life(struct scene *scene, enum way way)
{
	switch (way) {
	case BY_REGISTER:
		guest_out(&scene->guests[0], NIC_CR, 1, CR_RST);
		break;
	case BY_BUS:
		storm_reset(&scene->guests[0]);
		break;
	case BY_DETACHING:
		storm_plug(&scene->guests[0], false);
		break;
	}
}

static void begin_life(struct scene *scene, enum way way, bool cplus)
{
	if (way == BY_DETACHING)
		storm_plug(&scene->guests[0], true);
	if (cplus)
		cp_open(&scene->nics[0], &scene->guests[0], RCR_USUAL);
	else
		too_open(&scene->nics[0], &scene->guests[0], RCR_USUAL);
}

/* Jobs are on the hardware and wait for it when the life ends: their ends mean nothing later. */
static void check_life(void **state, enum way way, bool cplus, unsigned int jobs, bool recover)
{
	struct scene scene;
	unsigned int i;

	open_scene(&scene, state);
	begin_life(&scene, BY_REGISTER, cplus);
	fault(&scene, SIM_FAULT_TX_HANG, 1);
	for (i = 0; i < jobs; i++)
		send_frame(&scene, 0, i);
	world_run(scene.world);
	send_frame(&scene, 1, 1);
	world_run(scene.world);
	end_life(&scene, way);
	assert_false(scene.guests[0].line);
	begin_life(&scene, way, cplus);
	if (recover)
		world_ticks(scene.world, TIMEOUT_MS);
	else
		fault(&scene, SIM_FAULT_TX_HANG, 0);
	world_run(scene.world);
	assert_int_equal(guest_in(&scene.guests[0], NIC_ISR, 2), 0);
	assert_false(scene.guests[0].line);
	for (i = 0; i < 4 && !cplus; i++)
		assert_int_equal(too_status(&scene.nics[0], i), TSD_OWN);
	for (i = 0; i < NIC_DESCRIPTORS && cplus; i++)
		assert_int_equal(cp_status(&scene.nics[0], i) & ~DESC_EOR, 0);
	assert_int_equal(nic_end(&scene.nics[1], 0), NIC_SENT);
	assert_all_alive(&scene);
}

static void check_lives(void **state, enum way way)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		check_life(state, way, i & 1, i & 2 ? (i & 1 ? 30 : 4) : 1, i & 4);
		nic_teardown(state);
		nic_setup(state);
	}
}

static void test_life_register(void **state)
{
	check_lives(state, BY_REGISTER);
}

static void test_life_bus(void **state)
{
	check_lives(state, BY_BUS);
}

static void test_life_detached(void **state)
{
	check_lives(state, BY_DETACHING);
}

/* Reset by its register more often than its generations go, with a frame that hangs. */
static void test_many_lives(void **state)
{
	struct scene scene;
	unsigned int i;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_TX_HANG, 1);
	send_frame(&scene, 0, 0);
	world_run(scene.world);
	for (i = 0; i < 100; i++)
		too_open(&scene.nics[0], &scene.guests[0], RCR_USUAL);
	fault(&scene, SIM_FAULT_TX_HANG, 0);
	world_run(scene.world);
	assert_int_equal(too_status(&scene.nics[0], 0), TSD_OWN);
	assert_all_alive(&scene);
}

/* The transmitter off and on again, without a reset: frames on their way end as they would. */
static void test_transmitter_off_and_on(void **state)
{
	struct scene scene;
	unsigned int descriptor;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_TX_HANG, 1);
	descriptor = send_frame(&scene, 0, 0);
	world_run(scene.world);
	guest_out(&scene.guests[0], NIC_CR, 1, CR_RE);
	guest_out(&scene.guests[0], NIC_CR, 1, CR_RE | CR_TE);
	fault(&scene, SIM_FAULT_TX_HANG, 0);
	world_run(scene.world);
	assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_SENT);
	assert_all_alive(&scene);
}

/* A vdev that is not attached gets nothing, does nothing, and is not woken. */
static void test_detached(void **state)
{
	struct scene scene;

	open_scene(&scene, state);
	storm_plug(&scene.guests[0], false);
	scene.guests[0].woken = false;
	arrive_frame(&scene, 0, 1);
	frame_make(scene.frame, 200, nic_mac(&scene.guests[1]), nic_mac(&scene.guests[0]), 1);
	nic_send(&scene.nics[0], scene.frame, 200);
	assert_false(scene.guests[0].woken);
	frame_make(scene.frame, 200, frame_broadcast, nic_mac(&scene.guests[0]), 1);
	nic_send(&scene.nics[0], scene.frame, 200);
	world_run(scene.world);
	assert_false(scene.guests[0].woken);
	assert_nothing(&scene.nics[1]);
	assert_int_equal(scene.world->frames, 0);
	assert_alive(scene.world, scene.nics, 0);
	storm_plug(&scene.guests[0], true);
	too_open(&scene.nics[0], &scene.guests[0], RCR_USUAL);
	world_run(scene.world);
	assert_nothing(&scene.nics[0]);
	assert_all_alive(&scene);
}

/* Frames that wait for a guest when it is reset are not for its next life. */
static void test_inbox_reset(void **state)
{
	struct scene scene;

	open_scene(&scene, state);
	wire_make(scene.frame, 200, nic_mac(&scene.guests[0]), 1);
	sim_receive(scene.world->device, scene.frame, 200);
	scene.world->locked = true;
	vpio_pdev_run(scene.world->pdev, true);
	scene.world->locked = false;
	storm_reset(&scene.guests[0]);
	too_open(&scene.nics[0], &scene.guests[0], RCR_USUAL);
	world_run(scene.world);
	assert_nothing(&scene.nics[0]);
	assert_all_alive(&scene);
}

/* The pdev is stopped with jobs on the hardware: they are aborted, and those that wait stay. */
static void test_stop(void **state)
{
	struct scene scene;
	unsigned int descriptor;

	open_scene(&scene, state);
	fault(&scene, SIM_FAULT_TX_HANG, 1);
	descriptor = send_frame(&scene, 0, 0);
	world_run(scene.world);
	scene.world->locked = true;
	vpio_pdev_stop(scene.world->pdev);
	assert_false(vpio_pdev_run(scene.world->pdev, true));
	scene.world->locked = false;
	world_run(scene.world);
	assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_ABORTED);
	scene.world->locked = true;
	vpio_pdev_start(scene.world->pdev);
	scene.world->locked = false;
	world_run(scene.world);
	assert_all_alive(&scene);
}

/* A card that has forgotten where its buffers are sends what it is given all the same. */
static void test_forgetful(void **state)
{
	enum { TSAD = 0x20 };
	struct scene scene;
	unsigned int i;

	open_scene(&scene, state);
	for (i = 0; i < HARDWARE_DEPTH; i++)
		sim_write(scene.world->device, 1, TSAD + 4 * i, 4, 0);
	for (i = 0; i < 2 * HARDWARE_DEPTH; i++) {
		const u32 before = scene.world->frames;
		const unsigned int descriptor = send_frame(&scene, 0, i);

		world_run(scene.world);
		assert_int_equal(nic_end(&scene.nics[0], descriptor), NIC_SENT);
		assert_int_equal(scene.world->frames - before, 1);
		assert_memory_equal(scene.world->wire[before % WORLD_CAPTURE].data, scene.frame,
				    60);
	}
	assert_all_alive(&scene);
}

/* --- Fairness ---------------------------------------------------------------------------- */

/* One guest floods; a frame of another is sent in its turn: behind what is on the hardware, not behind all that waits. */
static void test_fair(void **state)
{
	struct scene scene;
	unsigned int i, round, place;
	u32 before;

	open_scene(&scene, state);
	cp_open(&scene.nics[0], &scene.guests[0], RCR_USUAL);
	for (round = 0; round < 10; round++) {
		before = scene.world->frames;
		for (i = 0; i < NIC_DESCRIPTORS; i++)
			send_frame(&scene, 0, i);
		send_frame(&scene, 1, round);
		world_run(scene.world);
		assert_int_equal(scene.world->frames - before, NIC_DESCRIPTORS + 1);
		for (place = 0; place < NIC_DESCRIPTORS; place++) {
			const u8 *sent = scene.world->wire[(before + place) % WORLD_CAPTURE].data;

			if (!memcmp(sent + 6, nic_mac(&scene.guests[1]), 6))
				break;
		}
		assert_in_range(place, 0, HARDWARE_DEPTH);
	}
	assert_all_alive(&scene);
}

/* One guest floods another; frames from the wire for a third arrive all the same. */
static void test_fair_local(void **state)
{
	struct scene scene;
	unsigned int i, round;

	open_scene(&scene, state);
	cp_open(&scene.nics[0], &scene.guests[0], RCR_USUAL);
	frame_make(scene.frame, 1500, nic_mac(&scene.guests[1]), nic_mac(&scene.guests[0]), 1);
	for (round = 0; round < 20; round++) {
		for (i = 0; i < NIC_DESCRIPTORS; i++) {
			frame_make(scene.frame, 1500, nic_mac(&scene.guests[1]),
				   nic_mac(&scene.guests[0]), 1);
			nic_send(&scene.nics[0], scene.frame, 1500);
		}
		arrive_frame(&scene, 2, round);
		assert_received(&scene.nics[2], scene.frame, 200);
	}
	assert_int_equal(stats_of(&scene.guests[2])->rx_dropped, 0);
	assert_true(stats_of(&scene.guests[1])->rx_dropped > 0);
	while (nic_receive(&scene.nics[1], scene.frame))
		;
	assert_all_alive(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hang),	      TEST(hang_many),
		TEST(hang_again),     TEST(hang_local),
		TEST(spurious),	      TEST(lost_receive),
		TEST(lost_transmit),  TEST(overflow),
		TEST(corrupt_header), TEST(smuggled_frame),
		TEST(dma_transmit),   TEST(dma_receive),
		TEST(reset_stuck),    TEST(reset_stuck_receive),
		TEST(link),	      TEST(life_register),
		TEST(life_bus),	      TEST(life_detached),
		TEST(many_lives),     TEST(transmitter_off_and_on),
		TEST(detached),	      TEST(inbox_reset),
		TEST(stop),	      TEST(forgetful),
		TEST(fair),	      TEST(fair_local),
	};

	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
