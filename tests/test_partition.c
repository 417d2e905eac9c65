// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Partition engines on a device (tests/models/queues.vpm on sim/queues.c): each guest has a queue of
 * its own and sees it where the first one is. What one does never shows in another's, nor in what
 * the next one gets; a queue that hangs, or a device that is gone, ends work, not guests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "storm.h"

#define MODEL	   "build/test-models/queues.vpb"
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

enum {
	GUESTS = 3, /* as many as the engine has instances in the model */
	CAUSES = 0x04,
	ENABLE = 0x08,
	ERRORS = 0x10,
	FIRMWARE = 0x14,
	BASE = 0x100,
	SIZE = 0x108,
	HEAD = 0x10a,
	TAIL = 0x10c,
	CTRL = 0x110,
	STATUS = 0x114,
	CAUSE = 0x118,
	MASK = 0x11a,
	KEY = 0x11c,
	SUM = 0x120,
	COUNT = 0x124,
	WINDOW = 0x140,
	BAR = 0x400,
	STEP = 0x40,

	CTRL_ENABLE = 1,
	CTRL_RESET = 2,
	CAUSE_DONE = 1,
	CAUSE_ERROR = 2,
	MOST = 4096, /* bytes of a descriptor's data */

	RING = 0x1000, /* a guest's memory */
	ENTRIES = 8,
	DATA = 0x10000, /* of descriptor i: i * MOST further on */
	SHARE = 0x2000, /* of the monitor's DMA memory, see the model */

	COMMAND = 0x04,
	MASTER = 0x06,
	TIMEOUT_MS = 100,
};

/* --- The world --------------------------------------------------------------------------- */

static void config(struct world_guest *guest, u16 command)
{
	guest->locked = true;
	assert_int_equal(vpio_vdev_config_write(guest->vdev, COMMAND, &command, 2), 0);
	guest->locked = false;
}

static int setup(void **state)
{
	struct world *world = world_load(MODEL, GUESTS, sim_queues_create);
	unsigned int i;

	if (!world)
		return -1;
	for (i = 0; i < GUESTS; i++)
		config(&world->guests[i], MASTER);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	assert_int_equal(sim_stats(world->device)->refused, 0);
	assert_int_equal(pdev_stats(world)->model_errors, 0);
	world_destroy(world);
	return 0;
}

static void hang(struct world *world, unsigned int count)
{
	sim_fault(world->device, SIM_FAULT_TX_HANG, count);
}

static void detach(struct world_guest *guest)
{
	guest->locked = true;
	vpio_vdev_detach(guest->vdev);
	guest->locked = false;
	guest->woken = false;
}

static int try_attach(struct world_guest *guest)
{
	int result;

	guest->locked = true;
	result = vpio_vdev_attach(guest->vdev);
	guest->locked = false;
	return result;
}

static void attach(struct world_guest *guest)
{
	assert_int_equal(try_attach(guest), 0);
	config(guest, MASTER);
}

static void reset(struct world_guest *guest)
{
	storm_reset(guest);
	config(guest, MASTER);
}

/* --- What guests do ---------------------------------------------------------------------- */

/* A byte that no other guest has. */
static u8 pattern(unsigned int guest, unsigned int seed, unsigned int at)
{
	return (u8)(0x40 * (guest + 1) + (seed * 5 + at) % 0x3f);
}

static void open_queue(struct world_guest *guest, u32 key)
{
	guest_out(guest, ENABLE, 4, 1);
	guest_out(guest, BASE, 8, RING);
	guest_out(guest, SIZE, 2, ENTRIES);
	guest_out(guest, MASK, 2, CAUSE_DONE | CAUSE_ERROR);
	guest_out(guest, KEY, 4, key);
	guest_out(guest, CTRL, 4, CTRL_ENABLE);
}

static void put_descriptor(struct world_guest *guest, unsigned int slot, u64 address, u32 length)
{
	guest_put(guest, RING + 16 * slot, 8, address);
	guest_put(guest, RING + 16 * slot + 8, 4, length);
	guest_put(guest, RING + 16 * slot + 12, 4, 0);
}

static u8 *data_of(struct world_guest *guest, unsigned int slot)
{
	return guest->memory + DATA + slot * MOST;
}

/* One more descriptor; returns its slot. */
static unsigned int submit(struct world_guest *guest, unsigned int index, unsigned int seed,
			   u32 length)
{
	const unsigned int slot = (unsigned int)guest_in(guest, TAIL, 2);
	u32 i;

	for (i = 0; i < MOST; i++)
		data_of(guest, slot)[i] = pattern(index, seed, i);
	put_descriptor(guest, slot, DATA + slot * MOST, length);
	guest_out(guest, TAIL, 2, (slot + 1) % ENTRIES);
	return slot;
}

static bool is_worked_on(struct world_guest *guest, unsigned int slot)
{
	return guest_get(guest, RING + 16 * slot + 12, 4) == 1u << 31;
}

static void assert_mixed(struct world_guest *guest, unsigned int slot, unsigned int index,
			 unsigned int seed, u32 length, u32 key)
{
	u32 i;

	assert_true(is_worked_on(guest, slot));
	for (i = 0; i < length; i++)
		assert_int_equal(data_of(guest, slot)[i],
				 (u8)(pattern(index, seed, i) ^ ((key >> 8 * (i & 3)) + i)));
	for (; i < MOST; i++)
		assert_int_equal(data_of(guest, slot)[i], pattern(index, seed, i));
}

static void assert_untouched(struct world_guest *guest, unsigned int slot, unsigned int index,
			     unsigned int seed)
{
	u32 i;

	assert_false(is_worked_on(guest, slot));
	for (i = 0; i < MOST; i++)
		assert_int_equal(data_of(guest, slot)[i], pattern(index, seed, i));
}

static u32 sum_of(unsigned int index, unsigned int seed, u32 length)
{
	u32 sum = 0, i;

	for (i = 0; i < length; i++)
		sum += pattern(index, seed, i) * (i + 1);
	return sum;
}

static void acknowledge(struct world_guest *guest, u16 causes)
{
	assert_true(guest->line);
	assert_int_equal(guest_in(guest, CAUSE, 2), causes);
	assert_int_equal(guest_in(guest, CAUSES, 4), 1);
	guest_out(guest, CAUSE, 2, causes);
	assert_false(guest->line);
	assert_int_equal(guest_in(guest, CAUSES, 4), 0);
}

static u32 key_of(unsigned int index)
{
	return 0x11111111 * (index + 1);
}

static void open_all(struct world *world)
{
	unsigned int i;

	for (i = 0; i < GUESTS; i++)
		open_queue(&world->guests[i], key_of(i));
}

/* A descriptor's whole life, with nothing in the way. */
static void do_work(struct world_guest *guest, unsigned int index, unsigned int seed, u32 length)
{
	const u32 count = (u32)guest_in(guest, COUNT, 4);
	const unsigned int slot = submit(guest, index, seed, length);

	world_run(guest->world);
	assert_mixed(guest, slot, index, seed, length, key_of(index));
	assert_int_equal(guest_in(guest, SUM, 4), sum_of(index, seed, length));
	assert_int_equal(guest_in(guest, COUNT, 4), count + 1);
	assert_int_equal(guest_in(guest, HEAD, 2), guest_in(guest, TAIL, 2));
	acknowledge(guest, CAUSE_DONE);
}

static void assert_all_alive(struct world *world)
{
	unsigned int i;

	for (i = 0; i < GUESTS; i++) {
		guest_out(&world->guests[i], CTRL, 4, CTRL_RESET);
		world_run(world);
		open_queue(&world->guests[i], key_of(i));
		do_work(&world->guests[i], i, 77 + i, 500);
	}
}

/* --- An instance each -------------------------------------------------------------------- */

static void test_same_place(void **state)
{
	struct world *world = *state;
	unsigned int i;

	for (i = 0; i < GUESTS; i++) {
		assert_int_equal(guest_in(&world->guests[i], 0, 4), 0x51c0de01);
		assert_int_equal(guest_in(&world->guests[i], 0x0c, 4), 1);
		assert_int_equal(guest_in(&world->guests[i], KEY, 4), 0);
		guest_out(&world->guests[i], KEY, 4, key_of(i));
		guest_out(&world->guests[i], BASE, 8, 0x1000 * i);
	}
	for (i = 0; i < GUESTS; i++) {
		assert_int_equal(guest_in(&world->guests[i], KEY, 4), key_of(i));
		assert_int_equal(guest_in(&world->guests[i], BASE, 8), 0x1000 * i);
		/* the hardware's: the key is the guest's, the ring the monitor's */
		assert_int_equal(sim_read(world->device, 0, KEY + STEP * i, 4), key_of(i));
		assert_int_equal(sim_read(world->device, 0, BASE + STEP * i, 8),
				 world->dma[0].bus + SHARE * i);
	}
	/* a part of a register, and its other bytes */
	guest_out(&world->guests[1], KEY + 2, 1, 0xab);
	assert_int_equal(guest_in(&world->guests[1], KEY, 4), 0x22ab2222);
	assert_int_equal(guest_in(&world->guests[0], KEY, 4), key_of(0));
	assert_int_equal(guest_in(&world->guests[2], KEY, 4), key_of(2));
}

static void test_work(void **state)
{
	static const u32 lengths[] = { 1, 2, 16, 63, 1500, 4095, 4096 };
	struct world *world = *state;
	unsigned int round, i;

	open_all(world);
	for (round = 0; round < 3 * sizeof(lengths) / sizeof(*lengths); round++) {
		for (i = 0; i < GUESTS; i++)
			do_work(&world->guests[i], i, round,
				lengths[(round + i) % (sizeof(lengths) / sizeof(*lengths))]);
	}
	assert_int_equal(world->stray, 0);
	assert_int_equal(pdev_stats(world)->recoveries, 0);
}

/* All rings full at the same time: each gets its own results, in order, and its own interrupts. */
static void test_at_once(void **state)
{
	struct world *world = *state;
	unsigned int i, n;

	open_all(world);
	for (i = 0; i < GUESTS; i++) {
		for (n = 0; n < ENTRIES - 1 - i; n++)
			submit(&world->guests[i], i, n, 100 + 30 * n);
		assert_int_equal(guest_in(&world->guests[i], STATUS, 4), 1);
	}
	world_run(world);
	for (i = 0; i < GUESTS; i++) {
		for (n = 0; n < ENTRIES - 1 - i; n++)
			assert_mixed(&world->guests[i], n, i, n, 100 + 30 * n, key_of(i));
		assert_int_equal(guest_in(&world->guests[i], COUNT, 4), ENTRIES - 1 - i);
		assert_int_equal(guest_in(&world->guests[i], STATUS, 4), 0);
		assert_int_equal(stats_of(&world->guests[i])->jobs_done, ENTRIES - 1 - i);
		acknowledge(&world->guests[i], CAUSE_DONE);
	}
}

static void test_interrupts(void **state)
{
	struct world *world = *state;
	unsigned int i, n;

	open_all(world);
	guest_out(&world->guests[2], MASK, 2, 0);
	for (i = 0; i < GUESTS; i++) {
		submit(&world->guests[i], i, 1, 64);
		world_run(world);
		for (n = 0; n < GUESTS; n++)
			assert_int_equal(world->guests[n].line, n == i && i != 2);
		if (i != 2)
			acknowledge(&world->guests[i], CAUSE_DONE);
	}
	assert_int_equal(guest_in(&world->guests[2], CAUSE, 2), CAUSE_DONE);
	assert_int_equal(guest_in(&world->guests[2], CAUSES, 4), 0);
	guest_out(&world->guests[2], MASK, 2, CAUSE_DONE);
	acknowledge(&world->guests[2], CAUSE_DONE);
	for (i = 0; i < GUESTS; i++)
		assert_int_equal(world->guests[i].edges, 1);
	assert_int_equal(pdev_stats(world)->spurious, 0);
}

/* The shared registers are each guest's own: none switches the device off for others. */
static void test_control(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	open_all(world);
	guest_out(a, ENABLE, 4, 0);
	submit(a, 0, 1, 64);
	world_run(world);
	assert_untouched(a, 0, 0, 1);
	do_work(&world->guests[1], 1, 1, 64);
	guest_out(a, ENABLE, 4, 1);
	world_run(world);
	assert_mixed(a, 0, 0, 1, 64, key_of(0));
	guest_out(a, FIRMWARE, 4, 0xbad);
	assert_int_equal(stats_of(a)->refused[VPIO_REFUSE_DENY], 1);
	assert_int_equal(sim_read(world->device, 0, FIRMWARE, 4), 0);
	assert_int_equal(guest_in(a, FIRMWARE, 4), 0);
}

/* Whatever the offset and the width: the other queues are not there. */
static void test_out_of_reach(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];
	const u64 reads = sim_stats(world->device)->reg_reads;
	const u64 writes = sim_stats(world->device)->reg_writes;
	unsigned int size, i;
	u64 value, offset;

	for (size = 1; size <= 8; size *= 2) {
		for (offset = WINDOW; offset <= BAR - size; offset++) {
			guest_out(a, (u32)offset, size, 0x5a5a5a5a5a5a5a5a);
			assert_int_equal(guest_in(a, (u32)offset, size), ~0ull >> (64 - 8 * size));
		}
		for (; offset < 0x3000; offset += 3)
			assert_int_equal(storm_access(a, offset & 1, 0, offset, size, ~0ull), -1);
		for (i = 0; i < 64; i++) {
			value = 1ull << i;
			assert_int_equal(
				storm_access(a, i & 1, 0, value | 0x100000000, size, ~0ull), -1);
			assert_int_equal(storm_access(a, i & 1, 0, ~value, size, ~0ull), -1);
		}
		for (i = 1; i < 8; i++)
			assert_int_equal(storm_access(a, true, i, KEY, size, ~0ull), -1);
	}
	assert_int_equal(sim_stats(world->device)->reg_reads, reads);
	assert_int_equal(sim_stats(world->device)->reg_writes, writes);
	/* an access over the window's end reaches what is within it, and no more */
	guest_out(a, WINDOW - 4, 8, ~0ull);
	for (i = 0; i < GUESTS; i++)
		assert_int_equal(sim_read(world->device, 0, KEY + STEP * i, 4), 0);
	assert_all_alive(world);
}

/* --- Given out and returned -------------------------------------------------------------- */

static void test_too_many(void **state)
{
	const u8 mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct world *world = *state;
	struct world_guest *fourth = &world->guests[GUESTS];
	unsigned int i;

	assert_int_equal(vpio_model_vdevs(&world->model), GUESTS);
	fourth->world = world;
	fourth->memory = calloc(1, WORLD_MEMORY);
	fourth->vdev = calloc(1, vpio_vdev_size(&world->model));
	vpio_vdev_init(fourth->vdev, world->pdev, mac, fourth);
	vpio_vdev_set_interrupt_us(fourth->vdev, 0);
	world->count++; /* its worker runs, too */
	open_all(world);
	do_work(&world->guests[1], 1, 1, 64);
	for (i = 0; i < 3; i++)
		assert_int_equal(try_attach(fourth), VPIO_NO_INSTANCE);
	config(fourth, MASTER);
	open_queue(fourth, ~0u); /* not attached: it reaches nothing */
	submit(fourth, 3, 1, 64);
	world_run(world);
	assert_untouched(fourth, 0, 3, 1);
	for (i = 0; i < GUESTS; i++)
		assert_int_equal(sim_read(world->device, 0, KEY + STEP * i, 4), key_of(i));
	detach(&world->guests[1]);
	attach(fourth);
	assert_int_equal(try_attach(&world->guests[1]), VPIO_NO_INSTANCE);
	open_queue(fourth, key_of(3));
	do_work(fourth, 3, 2, 64);
	do_work(&world->guests[0], 0, 2, 64);
	detach(fourth);
	attach(&world->guests[1]);
	assert_all_alive(world);
}

static bool is_zero(const u8 *bytes, size_t size)
{
	while (size && !*bytes) {
		bytes++;
		size--;
	}
	return !size;
}

/* Nothing of the last vdev is left for the next one, who gets the same queue. */
static void test_fresh(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];
	unsigned int round;
	u32 offset;

	for (round = 0; round < 5; round++) {
		open_queue(a, key_of(0));
		do_work(a, 0, round, MOST);
		submit(a, 0, round + 1, MOST);
		if (round & 1)
			world_run(world);
		if (round & 2)
			reset(a);
		detach(a);
		assert_int_equal(sim_read(world->device, 0, KEY, 4), 0);
		world_run(world);
		attach(a);
		for (offset = BASE; offset < WINDOW; offset += 2)
			assert_int_equal(guest_in(a, offset, 2), 0);
		assert_true(is_zero((u8 *)world->dma[0].memory + MOST, MOST));
		assert_int_equal(guest_in(a, ERRORS, 4), 0);
		assert_false(a->line);
		world_run(world);
		assert_int_equal(guest_in(a, COUNT, 4), 0);
	}
	/* work that fails brings nothing of anybody back */
	open_queue(a, 0);
	sim_fault(world->device, SIM_FAULT_DMA_ADDR, 1);
	submit(a, 0, 1, MOST);
	world_run(world);
	assert_untouched(a, 0, 0, 1);
	acknowledge(a, CAUSE_ERROR);
	assert_all_alive(world);
}

/* A guest that is reset keeps its instance, as new. */
static void test_reset(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	open_all(world);
	do_work(a, 0, 1, 64);
	hang(world, 1);
	submit(a, 0, 2, 64);
	world_run(world);
	reset(a);
	assert_int_equal(guest_in(a, KEY, 4), 0);
	assert_int_equal(guest_in(a, COUNT, 4), 0);
	assert_int_equal(guest_in(a, STATUS, 4), 0);
	open_queue(a, key_of(0));
	submit(a, 0, 3, 64); /* waits for the old work to end; no access does */
	assert_false(vpio_vdev_waits(a->vdev));
	assert_int_equal(guest_in(a, KEY, 4), key_of(0));
	do_work(&world->guests[1], 1, 1, 64);
	assert_untouched(a, 0, 0, 3);
	hang(world, 0);
	world_run(world);
	assert_mixed(a, 0, 0, 3, 64, key_of(0));
	acknowledge(a, CAUSE_DONE);
	assert_int_equal(stats_of(a)->jobs_aborted, 0);
	do_work(&world->guests[1], 1, 2, 64);
	assert_all_alive(world);
}

/* The old work does not end: it is aborted, and what the guest has written since then is there. */
static void test_reset_late(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	open_all(world);
	hang(world, 1);
	submit(a, 0, 2, 64);
	world_run(world);
	reset(a);
	open_queue(a, key_of(0));
	submit(a, 0, 3, 64);
	assert_int_equal(pdev_stats(world)->recoveries, 0);
	world_ticks(world, TIMEOUT_MS);
	assert_int_equal(pdev_stats(world)->recoveries, 1);
	assert_int_equal(guest_in(a, KEY, 4), key_of(0));
	assert_mixed(a, 0, 0, 3, 64, key_of(0));
	acknowledge(a, CAUSE_DONE);
	assert_int_equal(stats_of(a)->jobs_aborted, 0);
	assert_all_alive(world);
}

/* The guest resets its queue itself, whether it works or not. */
static void test_queue_reset(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	open_all(world);
	do_work(a, 0, 1, 64);
	guest_out(a, CTRL, 4, CTRL_RESET);
	world_run(world);
	assert_int_equal(guest_in(a, COUNT, 4), 0);
	assert_int_equal(guest_in(a, TAIL, 2), 0);
	open_queue(a, key_of(0));
	submit(a, 0, 2, 64);
	guest_out(a, CTRL, 4, CTRL_RESET);
	world_run(world);
	assert_int_equal(guest_in(a, STATUS, 4), 0);
	assert_int_equal(guest_in(a, HEAD, 2), 0);
	assert_false(a->line);
	assert_all_alive(world);
}

/* --- Refusals ---------------------------------------------------------------------------- */

static void refuse(struct world_guest *guest, u64 address, u32 length, enum vpio_refusal reason)
{
	const u64 before = stats_of(guest)->refused[reason];
	const u64 errors = guest_in(guest, ERRORS, 4);
	u8 *memory = malloc(WORLD_MEMORY);

	open_queue(guest, 0);
	put_descriptor(guest, 0, address, length);
	memcpy(memory, guest->memory, WORLD_MEMORY);
	guest_out(guest, TAIL, 2, 1);
	world_run(guest->world);
	assert_int_equal(stats_of(guest)->refused[reason], before + 1);
	assert_int_equal(guest_in(guest, ERRORS, 4), errors + 1);
	assert_int_equal(guest_in(guest, CTRL, 4), 0);
	assert_memory_equal(memory, guest->memory, WORLD_MEMORY);
	acknowledge(guest, CAUSE_ERROR);
	guest_out(guest, CTRL, 4, CTRL_RESET);
	world_run(guest->world);
	free(memory);
}

static void test_refuse(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	refuse(a, DATA, 0, VPIO_REFUSE_MODEL_REQUEST);
	refuse(a, DATA, MOST + 1, VPIO_REFUSE_MODEL_REQUEST);
	refuse(a, DATA, ~0u, VPIO_REFUSE_MODEL_REQUEST);
	refuse(a, WORLD_MEMORY, 1, VPIO_REFUSE_MEMORY);
	refuse(a, WORLD_MEMORY - 8, 9, VPIO_REFUSE_MEMORY);
	refuse(a, ~0ull - 7, 64, VPIO_REFUSE_MEMORY);
	refuse(a, ~0ull, 1, VPIO_REFUSE_MEMORY);
	refuse(a, world->dma[0].bus, 64, VPIO_REFUSE_MEMORY); /* the monitor's own is nobody's */
	refuse(a, world->dma[0].bus + SHARE, 64, VPIO_REFUSE_MEMORY);
	a->hole = DATA + 32;
	a->hole_size = 1;
	refuse(a, DATA, 64, VPIO_REFUSE_MEMORY);
	a->hole = RING + 8;
	refuse(a, DATA, 64, VPIO_REFUSE_MEMORY);
	a->hole_size = 0;
	config(a, 0x02);
	refuse(a, DATA, 64, VPIO_REFUSE_MASTER);
	config(a, MASTER);
	open_queue(a, 0);
	guest_out(a, TAIL, 2, ENTRIES);
	assert_int_equal(guest_in(a, TAIL, 2), 0);
	assert_int_equal(stats_of(a)->refused[VPIO_REFUSE_MODEL_REQUEST], 4);
	assert_int_equal(sim_stats(world->device)->dma_reads, 0);
	assert_int_equal(world->stray, 0);
	assert_all_alive(world);
}

/* Memory that is taken away while the queue works: nothing is written there. */
static void test_refuse_late(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	open_all(world);
	submit(a, 0, 1, 64);
	a->hole = DATA;
	a->hole_size = 1;
	world_run(world);
	a->hole_size = 0;
	assert_untouched(a, 0, 0, 1);
	acknowledge(a, CAUSE_ERROR);
	assert_int_equal(stats_of(a)->refused[VPIO_REFUSE_MEMORY], 1);
	assert_all_alive(world);
}

/* --- The device misbehaves --------------------------------------------------------------- */

/* A queue hangs: its guest is told so when its time is up, and the others never notice. */
static void test_hung(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	open_all(world);
	hang(world, 1);
	submit(&world->guests[1], 1, 9, 64);
	world_run(world);
	assert_int_equal(guest_in(&world->guests[1], STATUS, 4), 1);
	do_work(a, 0, 2, 64);
	assert_int_equal(pdev_stats(world)->recoveries, 0);
	world_ticks(world, TIMEOUT_MS);
	assert_int_equal(pdev_stats(world)->recoveries, 1);
	assert_untouched(&world->guests[1], 0, 1, 9);
	acknowledge(&world->guests[1], CAUSE_ERROR);
	assert_int_equal(guest_in(&world->guests[1], KEY, 4), key_of(1));
	assert_int_equal(stats_of(&world->guests[1])->jobs_aborted, 1);
	assert_int_equal(guest_in(a, KEY, 4), key_of(0));
	do_work(a, 0, 3, 64);
	hang(world, 0);
	assert_all_alive(world);
	assert_int_equal(stats_of(a)->jobs_aborted, 0);
}

/* It hangs and can't be aborted: nobody waits for ever, and the queue goes to nobody else. */
static void test_stuck(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];
	unsigned int i;

	open_all(world);
	hang(world, 1);
	submit(a, 0, 1, MOST);
	world_run(world);
	sim_fault(world->device, SIM_FAULT_RESET_STUCK, SIM_FOREVER);
	world_ticks(world, TIMEOUT_MS);
	acknowledge(a, CAUSE_ERROR);
	guest_out(a, CTRL, 4, CTRL_RESET);
	for (i = 0; i < 3; i++) { /* he tries again, and is told so each time */
		open_queue(a, key_of(0));
		submit(a, 0, 2 + i, 64);
		world_ticks(world, 2 * TIMEOUT_MS);
		acknowledge(a, CAUSE_ERROR);
	}
	detach(a);
	for (i = 0; i < 5; i++) {
		assert_int_equal(try_attach(a), VPIO_NO_INSTANCE);
		world_ticks(world, TIMEOUT_MS);
	}
	do_work(&world->guests[1], 1, 1, 64);
	sim_fault(world->device, SIM_FAULT_RESET_STUCK, 0);
	world_ticks(world, TIMEOUT_MS);
	attach(a);
	assert_true(is_zero((u8 *)world->dma[0].memory + MOST, MOST));
	assert_int_equal(guest_in(a, SUM, 4), 0);
	hang(world, 0);
	assert_all_alive(world);
}

/* A vdev goes while its queue works: late data meets nobody. */
static void test_gone_guest(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];
	unsigned int round;

	for (round = 0; round < 20; round++) {
		open_all(world);
		hang(world, 1);
		submit(a, 0, round, MOST);
		world_run(world);
		detach(a);
		assert_int_equal(try_attach(a), VPIO_NO_INSTANCE);
		hang(world, 0); /* now it writes to the monitor's memory, and interrupts */
		sim_run(world->device);
		assert_true(sim_irq_level(world->device));
		if (round & 1) {
			world_run(world);
			assert_false(sim_irq_level(world->device));
		}
		attach(a);
		assert_true(is_zero((u8 *)world->dma[0].memory + MOST, MOST));
		assert_int_equal(guest_in(a, SUM, 4), 0);
		world_run(world);
		assert_false(a->line);
		assert_int_equal(guest_in(a, CAUSE, 2), 0);
		do_work(&world->guests[1], 1, round, 64);
		guest_out(&world->guests[1], CTRL, 4, CTRL_RESET);
		guest_out(&world->guests[2], CTRL, 4, CTRL_RESET);
		world_run(world);
	}
	assert_all_alive(world);
}

/* The device is gone: all work ends with an error. It is back and brought up again: all go on. */
static void test_gone_device(void **state)
{
	struct world *world = *state;
	unsigned int i;
	u64 accesses;

	open_all(world);
	for (i = 0; i < GUESTS; i++)
		submit(&world->guests[i], i, 1, 64);
	sim_fault(world->device, SIM_FAULT_GONE, SIM_FOREVER);
	world_ticks(world, VPIO_TICK_MS);
	assert_int_equal(vpio_pdev_health(world->pdev), VPIO_GONE);
	for (i = 0; i < GUESTS; i++) {
		assert_untouched(&world->guests[i], 0, i, 1);
		assert_int_equal(guest_in(&world->guests[i], KEY, 4),
				 key_of(i)); /* as it was written */
		acknowledge(&world->guests[i], CAUSE_ERROR);
		assert_int_equal(stats_of(&world->guests[i])->jobs_aborted, 1);
	}
	open_queue(&world->guests[0], 1);
	guest_out(&world->guests[0], TAIL, 2, 1); /* asked for in vain */
	world_run(world);
	acknowledge(&world->guests[0], CAUSE_ERROR);
	accesses = sim_stats(world->device)->reg_reads + sim_stats(world->device)->reg_writes;
	detach(&world->guests[1]);
	attach(&world->guests[1]); /* who comes is answered as well */
	guest_out(&world->guests[2], KEY, 4, 77);
	world_ticks(world, 3 * TIMEOUT_MS);
	assert_int_equal(guest_in(&world->guests[2], KEY, 4), 77);
	assert_int_equal(world_revive(world), -1);
	assert_int_equal(sim_stats(world->device)->reg_reads + sim_stats(world->device)->reg_writes,
			 accesses);
	sim_fault(world->device, SIM_FAULT_GONE, 0);
	assert_int_equal(world_revive(world), 0);
	assert_int_equal(guest_in(&world->guests[0], KEY, 4), 1); /* in the hardware, again */
	assert_int_equal(guest_in(&world->guests[1], KEY, 4), 0);
	assert_int_equal(guest_in(&world->guests[2], KEY, 4), 77);
	for (i = 0; i < GUESTS; i++)
		reset(&world->guests[i]);
	assert_all_alive(world);
}

static void test_lost(void **state)
{
	struct world *world = *state;
	unsigned int i;

	open_all(world);
	for (i = 0; i < GUESTS; i++) {
		sim_fault(world->device, SIM_FAULT_LOST_IRQ, SIM_FOREVER);
		submit(&world->guests[i], i, i, 64);
		world_run(world);
		assert_untouched(&world->guests[i], 0, i, i);
		world_ticks(world, VPIO_TICK_MS);
		assert_mixed(&world->guests[i], 0, i, i, 64, key_of(i));
		acknowledge(&world->guests[i], CAUSE_DONE);
		sim_fault(world->device, SIM_FAULT_LOST_IRQ, 0);
	}
	assert_int_equal(pdev_stats(world)->recoveries, 0);
	assert_true(pdev_stats(world)->lost > 0);
	assert_all_alive(world);
}

static void test_spurious(void **state)
{
	struct world *world = *state;
	unsigned int i;

	sim_fault(world->device, SIM_FAULT_SPURIOUS_IRQ, 5);
	world_run(world);
	assert_true(pdev_stats(world)->spurious > 0);
	for (i = 0; i < GUESTS; i++)
		assert_int_equal(world->guests[i].edges, 0);
	sim_fault(world->device, SIM_FAULT_SPURIOUS_IRQ, 20);
	assert_all_alive(world);
}

/* --- A storm ----------------------------------------------------------------------------- */

enum { STEPS = 60000, HOSTILE = 0 };

/* What an honest guest has asked for. */
struct asked {
	bool open, is_out;
	unsigned int slot, seed;
	u32 length, key;
	u64 answers, errors;
};

static u64 random_of(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 16;
}

/* Mostly at registers that are there, with values that are dangerous. */
static void be_hostile(struct world_guest *guest, u64 *seed)
{
	static const u64 values[] = { 0,    1,	       2, 3, 7, RING, DATA, ~0ull, WORLD_MEMORY - 1,
				      4096, 1ull << 63 };
	const u64 what = random_of(seed), value = random_of(seed);
	const u64 offset = what & 1 ? BASE + value % 0x28 : value % BAR;

	switch (what >> 1 & 15) {
	case 0:
		storm_reset(guest);
		break;
	case 1:
		storm_plug(guest, value & 1);
		break;
	case 2:
		storm_plug(guest, true);
		config(guest, value & 7 ? MASTER : 0);
		break;
	case 3:
		guest->hole = value % WORLD_MEMORY;
		guest->hole_size = value >> 32 & 0x1fff;
		break;
	case 4:
		put_descriptor(guest, value & 7, value & 8 ? values[value >> 8 & 7] : DATA,
			       (u32)(value >> 40 & (value & 16 ? 0xffffff : 0x1fff)));
		break;
	case 5:
		open_queue(guest, 0x0badbad0);
		break;
	case 6:
	case 7:
		guest_out(guest, TAIL, 2, value % (ENTRIES + 1));
		break;
	default:
		storm_access(guest, what & 0x20, 0, offset, 1u << (what >> 6 & 3),
			     value & 1 ? random_of(seed)
				       : values[value % (sizeof(values) / sizeof(*values))]);
		break;
	}
}

/* An honest guest's next step: asks, or looks what became of it. */
static void be_honest(struct world_guest *guest, unsigned int index, struct asked *asked, u64 *seed)
{
	u16 causes;

	if (!asked->open) {
		if (guest_in(guest, STATUS, 4)) /* its reset is not done */
			return;
		if (guest_in(guest, CAUSE, 2)) { /* or has failed */
			guest_out(guest, CAUSE, 2, CAUSE_DONE | CAUSE_ERROR);
			guest_out(guest, CTRL, 4, CTRL_RESET);
			return;
		}
		asked->key = (u32)random_of(seed);
		open_queue(guest, asked->key);
		asked->open = true;
	}
	if (!asked->is_out) {
		asked->seed = (unsigned int)random_of(seed) & 0xff;
		asked->length = 1 + (u32)random_of(seed) % MOST;
		asked->slot = submit(guest, index, asked->seed, asked->length);
		asked->is_out = true;
		return;
	}
	causes = (u16)guest_in(guest, CAUSE, 2);
	assert_int_equal(guest->line, causes != 0);
	assert_int_equal(guest_in(guest, KEY, 4), asked->key);
	if (!causes)
		return;
	guest_out(guest, CAUSE, 2, causes);
	asked->is_out = false;
	if (causes & CAUSE_DONE) {
		assert_int_equal(causes, CAUSE_DONE);
		assert_mixed(guest, asked->slot, index, asked->seed, asked->length, asked->key);
		assert_int_equal(guest_in(guest, SUM, 4),
				 sum_of(index, asked->seed, asked->length));
		asked->answers++;
		return;
	}
	asked->errors++;
	assert_untouched(guest, asked->slot, index, asked->seed);
	guest_out(guest, CTRL, 4, CTRL_RESET);
	asked->open = false;
}

static void be_faulty(struct world *world, u64 *seed)
{
	static const enum sim_fault faults[] = { SIM_FAULT_TX_HANG, SIM_FAULT_SPURIOUS_IRQ,
						 SIM_FAULT_LOST_IRQ, SIM_FAULT_DMA_ADDR,
						 SIM_FAULT_RESET_STUCK };

	sim_fault(world->device, faults[random_of(seed) % 5], (unsigned int)random_of(seed) % 3);
}

/* A guest of ill will, a device that fails now and then, and two guests that get their due. */
static void test_storm(void **state)
{
	const char *text = getenv("VPIO_SEED");
	u64 seed = text ? strtoull(text, NULL, 0) : 0x9e3779b97f4a7c15;
	struct world *world = *state;
	struct asked asked[GUESTS] = { { .open = false } };
	unsigned int step, i;
	u64 dice;

	print_message("storm: VPIO_SEED=%#llx\n", (unsigned long long)seed);
	seed |= 1;
	for (step = 0; step < STEPS; step++) {
		dice = random_of(&seed);
		for (i = 0; i < GUESTS; i++) {
			if (!(dice >> i & 1))
				continue;
			if (i == HOSTILE)
				be_hostile(&world->guests[i], &seed);
			else
				be_honest(&world->guests[i], i, &asked[i], &seed);
		}
		if (!(dice >> 8 & 63))
			be_faulty(world, &seed);
		if (!(dice >> 16 & 3))
			world_run(world);
		if (!(dice >> 24 & 15))
			world_pass(world, VPIO_TICK_MS / 2);
	}
	for (i = 0; i < SIM_FAULTS; i++)
		sim_fault(world->device, i, 0);
	world_ticks(world, 10 * TIMEOUT_MS);
	assert_int_equal(pdev_stats(world)->model_errors, 0);
	for (i = 0; i < GUESTS; i++) {
		if (i == HOSTILE)
			continue;
		assert_true(asked[i].answers > STEPS / 40);
		assert_true(asked[i].errors > 0);
		assert_true(asked[i].answers > asked[i].errors);
	}
	world->guests[HOSTILE].hole_size = 0;
	storm_plug(&world->guests[HOSTILE], true);
	for (i = 0; i < GUESTS; i++)
		reset(&world->guests[i]);
	assert_all_alive(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(same_place),  TEST(work),	       TEST(at_once),	  TEST(interrupts),
		TEST(control),	   TEST(out_of_reach), TEST(too_many),	  TEST(fresh),
		TEST(reset),	   TEST(reset_late),   TEST(queue_reset), TEST(refuse),
		TEST(refuse_late), TEST(hung),	       TEST(stuck),	  TEST(gone_guest),
		TEST(gone_device), TEST(lost),	       TEST(spurious),	  TEST(storm),
	};

	return cmocka_run_group_tests_name("partition", tests, NULL, NULL);
}
