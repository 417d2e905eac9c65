// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * models/edu.vpm: guests that share two slice engines. What each computes and moves is right, it
 * goes on for all when the device misbehaves, and nobody ever sees what is another's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "edu.h"
#include "world.h"

#define MODEL	   "build/models/edu.vpb"
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
/* On a device that is at work already. */
#define TEST_BUSY(name) cmocka_unit_test_setup_teardown(test_##name, setup_busy, teardown)

enum {
	GUESTS = 3,
	OUT = 0x10000, /* a guest's memory: what it sends, and what comes back */
	BACK = 0x20000,

	COMMAND = 0x04, /* configuration space */
	MASTER = 0x06,
	INTX_DISABLE = 0x0400,
	INTERRUPT_NONE = 0x00100000, /* its upper half: capabilities, and an interrupt is due */
	INTERRUPT = 0x00180000,
	MSI = 0x40,

	TIMEOUT_MS = 5000, /* of the model's engines */
};

/* --- The world --------------------------------------------------------------------------- */

static void config(struct world_guest *guest, u32 offset, u16 value)
{
	guest->locked = true;
	assert_int_equal(vpio_vdev_config_write(guest->vdev, offset, &value, 2), 0);
	guest->locked = false;
}

static int setup_on(void **state, struct sim_device *(*device)(const struct sim_bus *))
{
	struct world *world = world_load(MODEL, GUESTS, device);
	unsigned int i;

	if (!world)
		return -1;
	for (i = 0; i < GUESTS; i++)
		config(&world->guests[i], COMMAND, MASTER);
	*state = world;
	return 0;
}

static int setup(void **state)
{
	return setup_on(state, sim_edu_create);
}

/* A device that was left at work by somebody else, for as long as it is hung. */
static struct sim_device *busy_device(const struct sim_bus *bus)
{
	struct sim_device *device = sim_edu_create(bus);

	sim_fault(device, SIM_FAULT_TX_HANG, 2);
	sim_write(device, 0, FACT, 4, 7);
	sim_write(device, 0, SRC, 8, BUFFER);
	sim_write(device, 0, DST, 8, WORLD_DMA);
	sim_write(device, 0, COUNT, 8, SIZE - 1);
	sim_write(device, 0, CMD, 8, RUN | TO_MEMORY);
	sim_run(device);
	return device;
}

static int setup_busy(void **state)
{
	return setup_on(state, busy_device);
}

/* Whatever a test did: the device was asked for nothing that breaks it, and the model is right. */
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

static void reset(struct world_guest *guest)
{
	guest->locked = true;
	vpio_vdev_reset(guest->vdev);
	guest->locked = false;
	config(guest, COMMAND, MASTER);
}

static void detach(struct world_guest *guest)
{
	guest->locked = true;
	vpio_vdev_detach(guest->vdev);
	guest->locked = false;
	guest->woken = false;
}

static void attach(struct world_guest *guest)
{
	guest->locked = true;
	assert_int_equal(vpio_vdev_attach(guest->vdev), 0);
	guest->locked = false;
	config(guest, COMMAND, MASTER);
}

static u32 config_word(struct world_guest *guest, u32 offset)
{
	u32 value;

	guest->locked = true;
	assert_int_equal(vpio_vdev_config_read(guest->vdev, offset, &value, 4), 0);
	guest->locked = false;
	return value;
}

/* An access as QEMU makes it: 0, or VPIO_WAIT. */
static int try_in(struct world_guest *guest, u32 offset, u32 *value)
{
	int result;

	guest->locked = true;
	result = vpio_vdev_read(guest->vdev, 0, offset, value, 4);
	guest->locked = false;
	return result;
}

/* --- What guests do ---------------------------------------------------------------------- */

/* A byte that no other guest has, and few other transfers of this one at this place. */
static u8 pattern(unsigned int guest, unsigned int seed, unsigned int at)
{
	return (u8)(0x40 * (guest + 1) + (seed * 7 + at) % 0x3f);
}

static void fill(struct world_guest *guest, unsigned int index, unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < SIZE; i++)
		guest->memory[OUT + i] = pattern(index, seed, i);
}

static void begin_dma(struct world_guest *guest, u64 src, u64 dst, u64 count, u64 command)
{
	guest_out(guest, SRC, 8, src);
	guest_out(guest, DST, 8, dst);
	guest_out(guest, COUNT, 8, count);
	guest_out(guest, CMD, 8, command | RUN);
}

static void begin_write(struct world_guest *guest, u32 offset, u32 count)
{
	begin_dma(guest, OUT + offset, BUFFER + offset, count, 0);
}

static void begin_read(struct world_guest *guest, u32 offset, u32 count)
{
	memset(guest->memory + BACK, 0, SIZE);
	begin_dma(guest, BUFFER + offset, BACK + offset, count, TO_MEMORY);
}

static bool is_moving(struct world_guest *guest)
{
	return guest_in(guest, CMD, 8) & RUN;
}

static bool is_computing(struct world_guest *guest)
{
	return guest_in(guest, STATUS, 4) & COMPUTING;
}

static void write_buffer(struct world_guest *guest, unsigned int index, unsigned int seed)
{
	fill(guest, index, seed);
	begin_write(guest, 0, SIZE);
	world_run(guest->world);
	assert_false(is_moving(guest));
}

static void assert_pattern(struct world_guest *guest, unsigned int index, unsigned int seed)
{
	unsigned int i;

	for (i = 0; i < SIZE; i++)
		assert_int_equal(guest->memory[BACK + i], pattern(index, seed, i));
}

static void assert_zeros(struct world_guest *guest)
{
	unsigned int i;

	for (i = 0; i < SIZE; i++)
		assert_int_equal(guest->memory[BACK + i], 0);
}

/* What is left of a buffer that was lost: nothing, or what is the guest's own. */
static void assert_own(struct world_guest *guest, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < SIZE; i++) {
		if (guest->memory[BACK + i])
			assert_int_equal(guest->memory[BACK + i] / 0x40, index + 1);
	}
}

static void read_buffer(struct world_guest *guest)
{
	begin_read(guest, 0, SIZE);
	world_run(guest->world);
	assert_false(is_moving(guest));
}

static void assert_buffer(struct world_guest *guest, unsigned int index, unsigned int seed)
{
	read_buffer(guest);
	assert_pattern(guest, index, seed);
}

static void compute(struct world_guest *guest, u32 n)
{
	guest_out(guest, FACT, 4, n);
	world_run(guest->world);
	assert_false(is_computing(guest));
	assert_int_equal(guest_in(guest, FACT, 4), factorial(n));
}

static void assert_all_alive(struct world *world)
{
	unsigned int i;

	for (i = 0; i < GUESTS; i++) {
		compute(&world->guests[i], 5 + i);
		write_buffer(&world->guests[i], i, 99);
	}
	for (i = 0; i < GUESTS; i++)
		assert_buffer(&world->guests[i], i, 99);
}

/* --- Registers --------------------------------------------------------------------------- */

static void test_registers(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];
	const u64 before = sim_stats(world->device)->reg_writes;

	assert_int_equal(guest_in(a, ID, 4), 0x010000ed);
	guest_out(a, ID, 4, 0);
	assert_int_equal(guest_in(a, ID, 4), 0x010000ed);
	guest_out(a, LIVE, 4, 0x12345678);
	assert_int_equal(guest_in(a, LIVE, 4), ~0x12345678u);
	assert_int_equal(guest_in(b, LIVE, 4), 0);
	guest_out(a, STATUS, 4, 0xffffffff);
	assert_int_equal(guest_in(a, STATUS, 4), IRQ_FACT);
	assert_int_equal(guest_in(b, STATUS, 4), 0);
	guest_out(a, SRC, 8, 0x123456789abcdef0);
	assert_int_equal(guest_in(a, SRC, 8), 0x123456789abcdef0);
	assert_int_equal(guest_in(a, SRC, 4), 0x9abcdef0);
	assert_int_equal(guest_in(b, SRC, 8), 0);
	assert_int_equal(guest_in(a, 0x30, 4), 0);
	assert_int_equal(guest_in(a, BUFFER, 8), 0);
	guest_out(a, BUFFER, 8, ~0ull);
	assert_int_equal(guest_in(a, 0xffff8, 8), 0);
	assert_int_equal(sim_stats(world->device)->reg_writes, before);
}

static void test_raise(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];

	guest_out(a, RAISE, 4, 0x30);
	assert_true(a->line);
	assert_false(b->line);
	assert_int_equal(guest_in(a, CAUSES, 4), 0x30);
	assert_int_equal(guest_in(b, CAUSES, 4), 0);
	guest_out(b, ACK, 4, ~0u);
	guest_out(a, ACK, 4, 0x10);
	assert_true(a->line);
	assert_int_equal(config_word(a, COMMAND), INTERRUPT | MASTER);
	config(a, COMMAND, MASTER | INTX_DISABLE);
	assert_false(a->line);
	assert_int_equal(config_word(a, COMMAND), INTERRUPT | MASTER | INTX_DISABLE);
	config(a, COMMAND, MASTER);
	assert_true(a->line);
	guest_out(a, ACK, 4, 0x20);
	assert_false(a->line);
	assert_int_equal(config_word(a, COMMAND), INTERRUPT_NONE | MASTER);
	assert_int_equal(a->edges, 2);
}

/* --- Work -------------------------------------------------------------------------------- */

static void test_factorial(void **state)
{
	struct world *world = *state;
	unsigned int n, i;

	for (n = 0; n < 40; n++) {
		for (i = 0; i < GUESTS; i++)
			compute(&world->guests[i], (n + 11 * i) % 40);
	}
	hang(world, 1);
	guest_out(&world->guests[0], FACT, 4, 0xffffffff);
	world_run(world);
	assert_int_equal(guest_in(&world->guests[0], FACT, 4), 34); /* not seconds of work */
	hang(world, 0);
	world_run(world);
	assert_int_equal(guest_in(&world->guests[0], FACT, 4), 0);
	assert_int_equal(pdev_stats(world)->hand_offs, 40 * GUESTS + 1);
}

/* All at the same time: each gets its own result, whenever it looks. */
static void test_factorials_at_once(void **state)
{
	struct world *world = *state;
	unsigned int n, i;

	for (n = 1; n < 30; n++) {
		for (i = 0; i < GUESTS; i++)
			guest_out(&world->guests[i], FACT, 4, n + i);
		for (i = 0; i < GUESTS; i++)
			assert_true(is_computing(&world->guests[i]));
		world_run(world);
		for (i = 0; i < GUESTS; i++) {
			assert_false(is_computing(&world->guests[i]));
			assert_int_equal(guest_in(&world->guests[i], FACT, 4), factorial(n + i));
		}
	}
}

static void test_dma(void **state)
{
	struct world *world = *state;
	unsigned int round, i;

	for (round = 0; round < 10; round++) {
		for (i = 0; i < GUESTS; i++)
			write_buffer(&world->guests[i], i, round);
		for (i = 0; i < GUESTS; i++)
			assert_buffer(&world->guests[i], i, round);
	}
	assert_true(pdev_stats(world)->hand_offs >= 2 * 10 * GUESTS);
	assert_int_equal(world->stray, 0);
}

/* From when the engine is found to go to another, until his state is there. */
static void test_hand_off_time(void **state)
{
	struct world *world = *state;

	write_buffer(&world->guests[0], 0, 1);
	assert_int_equal(pdev_stats(world)->hand_off_most_ns, 0); /* no time passed */
	world->now += 1000000;
	fill(&world->guests[1], 1, 1);
	begin_write(&world->guests[1], 0, SIZE); /* the first one's state begins to be saved */
	world->now += 3000000;
	world_run(world);
	assert_false(is_moving(&world->guests[1]));
	assert_int_equal(pdev_stats(world)->hand_off_most_ns, 3000000);
	begin_write(&world->guests[0], 0, SIZE);
	world->now += 2000000;
	world_run(world);
	assert_int_equal(pdev_stats(world)->hand_off_most_ns,
			 3000000); /* not the last, the longest */
}

/* Parts of the buffer, the last byte (which the device can't reach) among them. */
static void test_dma_parts(void **state)
{
	static const u32 parts[][2] = { { 0, 1 },	{ 1, 4094 }, { 4095, 1 }, { 4094, 2 },
					{ 4094, 1 },	{ 0, 4095 }, { 100, 77 }, { 2048, 2048 },
					{ 1000, 3096 }, { 4095, 1 }, { 0, 4096 } };
	struct world *world = *state;
	u8 wanted[GUESTS][SIZE] = { { 0 } };
	unsigned int round, i, offset, count;

	for (round = 0; round < sizeof(parts) / sizeof(parts[0]); round++) {
		offset = parts[round][0];
		count = parts[round][1];
		for (i = 0; i < GUESTS; i++) {
			fill(&world->guests[i], i, round);
			begin_write(&world->guests[i], offset, count);
			memcpy(wanted[i] + offset, world->guests[i].memory + OUT + offset, count);
		}
		world_run(world);
		for (i = 0; i < GUESTS; i++) {
			begin_read(&world->guests[i], offset, count);
			world_run(world);
			assert_memory_equal(world->guests[i].memory + BACK + offset,
					    wanted[i] + offset, count);
			read_buffer(&world->guests[i]);
			assert_memory_equal(world->guests[i].memory + BACK, wanted[i], SIZE);
		}
	}
}

/* A guest that never wrote reads zeros, whatever others have left in the device. */
static void test_dma_fresh(void **state)
{
	struct world *world = *state;

	write_buffer(&world->guests[0], 0, 1);
	compute(&world->guests[0], 9);
	read_buffer(&world->guests[1]);
	assert_zeros(&world->guests[1]);
	assert_int_equal(guest_in(&world->guests[1], FACT, 4), 0);
	assert_buffer(&world->guests[0], 0, 1);
}

/* The registers of a transfer that runs are the device's: what is written then changes nothing. */
static void test_dma_running(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	write_buffer(a, 0, 1);
	begin_read(a, 0, 16);
	guest_out(a, DST, 8, 0x30000);
	guest_out(a, COUNT, 8, SIZE);
	guest_out(a, CMD, 8, RUN);
	world_run(world);
	assert_false(is_moving(a));
	assert_int_equal(guest_get(a, BACK, 1), pattern(0, 1, 0));
	assert_int_equal(guest_get(a, BACK + 16, 8), 0);
	assert_int_equal(guest_get(a, 0x30000, 8), 0);
	assert_int_equal(stats_of(a)->jobs, 2);
	assert_int_equal(stats_of(a)->refusals, 0);
}

static void test_narrow(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	fill(a, 0, 3);
	guest_out(a, SRC, 4, OUT);
	guest_out(a, DST, 4, BUFFER);
	guest_out(a, COUNT, 4, SIZE);
	guest_out(a, CMD, 4, RUN);
	guest_out(a, CMD + 4, 4, 0);
	world_run(world);
	assert_int_equal(guest_in(a, CMD, 4), 0);
	assert_buffer(a, 0, 3);
}

/* --- Refusals ---------------------------------------------------------------------------- */

struct refusal {
	u64 src, dst, count, command;
	enum vpio_refusal reason;
};

/* Refused once, for that reason; the guest sees a transfer that ended, and that moved nothing. */
static void assert_refused(struct world_guest *guest, const struct refusal *refusal)
{
	const u64 refusals = stats_of(guest)->refusals;
	const u64 reason = stats_of(guest)->refused[refusal->reason];
	u8 *before = malloc(WORLD_MEMORY);

	memcpy(before, guest->memory, WORLD_MEMORY);
	begin_dma(guest, refusal->src, refusal->dst, refusal->count, refusal->command | IRQ);
	world_run(guest->world);
	assert_false(is_moving(guest));
	assert_int_equal(stats_of(guest)->refusals, refusals + 1);
	assert_int_equal(stats_of(guest)->refused[refusal->reason], reason + 1);
	assert_memory_equal(before, guest->memory, WORLD_MEMORY);
	assert_int_equal(guest_in(guest, CAUSES, 4), CAUSE_DMA);
	guest_out(guest, ACK, 4, CAUSE_DMA);
	free(before);
}

static void test_refuse(void **state)
{
	static const struct refusal refusals[] = {
		{ OUT, BUFFER, 0, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, BUFFER, SIZE + 1, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, BUFFER, 0x10001, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, BUFFER, ~0ull, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, BUFFER, 1ull << 32 | 16, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, BUFFER, 1ull << 63, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, BUFFER - 1, 16, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, BUFFER + SIZE, 1, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, BUFFER + 1, SIZE, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, BUFFER + SIZE - 1, 2, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, 0, 16, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, ~0ull - 7, 16, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ OUT, 1ull << 32 | BUFFER, 16, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ BUFFER + SIZE, BACK, 1, TO_MEMORY, VPIO_REFUSE_MODEL_REQUEST },
		{ BUFFER, BACK, 0, TO_MEMORY, VPIO_REFUSE_MODEL_REQUEST },
		{ BUFFER - 4096, BACK, 4097, TO_MEMORY, VPIO_REFUSE_MODEL_REQUEST },
		{ 1ull << 28 | OUT, BUFFER, 16, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ ~0ull - 7, BUFFER, 16, 0, VPIO_REFUSE_MODEL_REQUEST },
		{ BUFFER, 1ull << 28, 16, TO_MEMORY, VPIO_REFUSE_MODEL_REQUEST },
		{ BUFFER, ~0ull - 7, 16, TO_MEMORY, VPIO_REFUSE_MODEL_REQUEST },
		{ WORLD_MEMORY, BUFFER, 1, 0, VPIO_REFUSE_MEMORY },
		{ WORLD_MEMORY - 8, BUFFER, 9, 0, VPIO_REFUSE_MEMORY },
		{ WORLD_DMA, BUFFER, 16, 0, VPIO_REFUSE_MEMORY },
		{ 0x0ffffff0, BUFFER, 32, 0, VPIO_REFUSE_MEMORY },
		{ BUFFER, WORLD_MEMORY, 1, TO_MEMORY, VPIO_REFUSE_MEMORY },
		{ BUFFER, WORLD_MEMORY - 8, 9, TO_MEMORY, VPIO_REFUSE_MEMORY },
		{ BUFFER, WORLD_DMA, SIZE, TO_MEMORY, VPIO_REFUSE_MEMORY },
	};
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];
	unsigned int i;

	write_buffer(b, 1, 5);
	write_buffer(a, 0, 5);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		assert_refused(a, &refusals[i]);
		assert_buffer(a, 0, 5);
	}
	assert_buffer(b, 1, 5);
	assert_int_equal(stats_of(b)->refusals, 0);
	assert_all_alive(world);
}

static void test_refuse_hole(void **state)
{
	static const struct refusal refusals[] = {
		{ 0x3fff0, BUFFER, 17, 0, VPIO_REFUSE_MEMORY },
		{ 0x41fff, BUFFER, 1, 0, VPIO_REFUSE_MEMORY },
		{ BUFFER, 0x3fff0, 17, TO_MEMORY, VPIO_REFUSE_MEMORY },
		{ BUFFER, 0x40000, SIZE, TO_MEMORY, VPIO_REFUSE_MEMORY },
	};
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];
	unsigned int i;

	write_buffer(a, 0, 5);
	a->hole = 0x40000;
	a->hole_size = 0x2000;
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		assert_refused(a, &refusals[i]);
	assert_buffer(a, 0, 5);
}

static void test_refuse_master(void **state)
{
	static const struct refusal refusals[] = {
		{ OUT, BUFFER, 16, 0, VPIO_REFUSE_MASTER },
		{ BUFFER, BACK, 16, TO_MEMORY, VPIO_REFUSE_MASTER },
	};
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	write_buffer(a, 0, 5);
	config(a, COMMAND, 2);
	assert_refused(a, &refusals[0]);
	assert_refused(a, &refusals[1]);
	compute(a, 7); /* which is no DMA */
	config(a, COMMAND, MASTER);
	assert_buffer(a, 0, 5);
}

/* Memory that goes away while the transfer waits for the engine. */
static void test_refuse_late(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	write_buffer(a, 0, 5);
	begin_read(a, 0, SIZE);
	a->hole = BACK;
	a->hole_size = SIZE;
	world_run(world);
	assert_false(is_moving(a));
	assert_int_equal(a->refusal, VPIO_REFUSE_MEMORY);
	assert_zeros(a);
	a->hole_size = 0;
	assert_buffer(a, 0, 5);
}

/* --- Sharing ----------------------------------------------------------------------------- */

static void test_busy(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];

	guest_out(a, FACT, 4, 6);
	guest_out(a, FACT, 4, 7); /* as the device: what computes is not disturbed */
	world_run(world);
	assert_int_equal(guest_in(a, FACT, 4), 720);
	assert_int_equal(stats_of(a)->jobs, 1);
	hang(world, SIM_FOREVER);
	begin_write(a, 0, 64);
	begin_read(b, 0, SIZE);
	world_run(world);
	assert_true(is_moving(a) && is_moving(b));
	begin_read(b, 0, SIZE);
	guest_out(b, CMD, 8, 0);
	assert_true(is_moving(b));
	assert_int_equal(stats_of(b)->jobs, 1);
	hang(world, 0);
	world_run(world);
	assert_all_alive(world);
}

/* Its own result and its own buffer are a guest's at every moment of the others' work. */
static void test_spy(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *spy = &world->guests[1];
	unsigned int step;
	u32 value;

	compute(spy, 4);
	write_buffer(spy, 1, 1);
	fill(a, 0, 1);
	guest_out(a, FACT, 4, 12);
	begin_write(a, 0, SIZE);
	for (step = 0; step < 50; step++) {
		assert_int_equal(try_in(spy, FACT, &value), 0);
		assert_int_equal(value, 24);
		world->rounds = 0; /* one step of the world */
		world_run(world);
	}
	world->rounds = 1000;
	assert_int_equal(guest_in(a, FACT, 4), factorial(12));
	assert_int_equal(guest_in(spy, FACT, 4), 24);
	assert_buffer(spy, 1, 1);
	assert_buffer(a, 0, 1);
	assert_int_equal(guest_in(spy, FACT, 4), 24);
}

/* Random work of all, and every byte that anybody ever sees is its own. */
static void test_storm(void **state)
{
	struct world *world = *state;
	u32 wanted[GUESTS] = { 0 }, seeds[GUESTS] = { 0 }, value;
	bool writes[GUESTS] = { false }, reads[GUESTS] = { false };
	unsigned int round, i;

	srand(1);
	world->rounds = 0;
	for (i = 0; i < GUESTS; i++)
		fill(&world->guests[i], i, 0);
	for (round = 0; round < 20000; round++) {
		struct world_guest *guest;

		i = (unsigned int)rand() % GUESTS;
		guest = &world->guests[i];
		if (rand() % 8 == 0 && !is_computing(guest)) {
			const u32 n = (u32)rand() % 34;

			guest_out(guest, FACT, 4, n);
			wanted[i] = factorial(n);
		}
		if (!is_computing(guest))
			assert_int_equal(guest_in(guest, FACT, 4), wanted[i]);
		else if (!try_in(guest, FACT, &value) && !is_computing(guest))
			assert_int_equal(value, wanted[i]);
		if (!is_moving(guest)) {
			if (reads[i] && writes[i])
				assert_pattern(guest, i, seeds[i]);
			else if (reads[i])
				assert_zeros(guest);
			reads[i] = false;
			if (rand() % 3 == 0) {
				fill(guest, i, ++seeds[i]);
				begin_write(guest, 0, SIZE);
				writes[i] = true;
			} else if (rand() % 2) {
				begin_read(guest, 0, SIZE);
				reads[i] = true;
			}
		}
		if (rand() % 2)
			world_run(world);
	}
	world->rounds = 1000;
	world_run(world);
	assert_all_alive(world);
	assert_int_equal(world->stray, 0);
	for (i = 0; i < GUESTS; i++)
		assert_int_equal(stats_of(&world->guests[i])->jobs_aborted, 0);
}

static struct {
	struct world_guest *guests[2 * GUESTS];
	unsigned int count;
} ends;

static void note_end(struct world_guest *guest, const u8 *data, size_t size)
{
	(void)data;
	(void)size;
	ends.guests[ends.count++ % (2 * GUESTS)] = guest;
}

/* An engine that is free is the first asker's; then it goes round, whoever asked before whom. */
static void test_order(void **state)
{
	static const unsigned int orders[][GUESTS] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct world *world = *state;
	unsigned int round, i;

	world->watch = note_end;
	for (round = 0; round < 6; round++) {
		ends.count = 0;
		hang(world, 1);
		for (i = 0; i < GUESTS; i++) {
			begin_read(&world->guests[orders[round][i]], 0, SIZE);
			world_run(world);
		}
		assert_int_equal(ends.count, 0);
		hang(world, 0);
		world_run(world);
		assert_int_equal(ends.count, GUESTS);
		for (i = 0; i < GUESTS; i++)
			assert_ptr_equal(ends.guests[i],
					 &world->guests[(orders[round][0] + i) % GUESTS]);
	}
}

/* An access to a result that is asked for and not begun waits; no other access does. */
static void test_wait(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];
	u32 value;

	compute(b, 3);
	hang(world, 1);
	guest_out(a, FACT, 4, 10);
	world_run(world);
	assert_int_equal(try_in(a, FACT, &value), 0); /* his already: as the device, the operand */
	assert_int_equal(value, 10);
	assert_int_equal(try_in(b, FACT, &value), 0); /* asks for nothing: his last result */
	assert_int_equal(value, 6);
	guest_out(b, FACT, 4, 5);
	world_run(world);
	assert_int_equal(try_in(b, FACT, &value), VPIO_WAIT);
	assert_true(vpio_vdev_waits(b->vdev));
	assert_int_equal(try_in(b, STATUS, &value), 0);
	assert_int_equal(value, COMPUTING);
	assert_int_equal(try_in(b, CMD, &value), 0);
	hang(world, 0);
	world_run(world);
	assert_false(vpio_vdev_waits(b->vdev));
	assert_int_equal(guest_in(a, FACT, 4), factorial(10));
	assert_int_equal(guest_in(b, FACT, 4), 120);
}

/* --- Interrupts -------------------------------------------------------------------------- */

static void test_intx(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];

	compute(a, 5);
	assert_false(a->line);
	guest_out(a, STATUS, 4, IRQ_FACT);
	compute(a, 6);
	assert_true(a->line);
	begin_dma(a, OUT, BUFFER, 16, IRQ);
	begin_dma(b, OUT, BUFFER, 16, 0);
	world_run(world);
	assert_int_equal(guest_in(a, CAUSES, 4), CAUSE_FACT | CAUSE_DMA);
	assert_int_equal(guest_in(b, CAUSES, 4), 0);
	guest_out(a, ACK, 4, CAUSE_FACT);
	assert_true(a->line);
	guest_out(a, ACK, 4, CAUSE_DMA);
	assert_false(a->line);
	assert_false(b->line || b->edges);
	assert_int_equal(a->edges, 1);
	assert_int_equal(stats_of(a)->interrupts, 1);
}

/* Each new cause is one message, and nothing stays up. */
static void test_msi(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];
	u32 i;

	assert_int_equal(config_word(a, MSI), 0x00800005);
	guest_out(a, RAISE, 4, 2); /* the line is up when messages take over */
	assert_true(a->line);
	config(a, MSI + 2, 1);
	assert_false(a->line);
	assert_int_equal(a->edges, 1);
	guest_out(a, ACK, 4, 2);
	guest_out(a, STATUS, 4, IRQ_FACT);
	for (i = 0; i < 10; i++) {
		compute(a, i);
		assert_int_equal(a->edges, 2 + 2 * i);
		begin_dma(a, OUT, BUFFER, 16, IRQ);
		begin_dma(b, OUT, BUFFER, 16, IRQ);
		world_run(world);
		assert_int_equal(a->edges, 3 + 2 * i);
		assert_int_equal(guest_in(a, CAUSES, 4), CAUSE_FACT | CAUSE_DMA);
		guest_out(a, ACK, 4, ~0u);
		guest_out(b, ACK, 4, ~0u);
	}
	assert_int_equal(a->edges, 21);
	assert_int_equal(b->edges, 10);
	guest_out(a, RAISE, 4, 4); /* a cause that is still there when the line takes over again */
	assert_int_equal(a->edges, 22);
	config(a, MSI + 2, 0);
	assert_true(a->line);
	guest_out(a, ACK, 4, 4);
	assert_false(a->line);
	config(a, MSI + 2, 1);
	guest_out(a, RAISE, 4, 4);
	reset(a);
	assert_false(a->line);
	assert_int_equal(guest_in(a, CAUSES, 4), 0);
}

/* A cause that is raised again before it is acknowledged is a message each time, as on the device. */
static void test_msi_again(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];
	unsigned int i;

	config(a, MSI + 2, 1);
	for (i = 1; i <= 5; i++) {
		guest_out(a, RAISE, 4, 4);
		assert_int_equal(a->edges, i);
	}
	guest_out(a, RAISE, 4, 0); /* raises what is there again */
	assert_int_equal(a->edges, 6);
	guest_out(a, STATUS, 4, IRQ_FACT);
	for (i = 7; i <= 10; i++) {
		compute(a, i);
		assert_int_equal(a->edges, i);
	}
	for (; i <= 14; i++) {
		begin_dma(a, OUT, BUFFER, 16, IRQ);
		world_run(world);
		assert_int_equal(a->edges, i);
	}
	guest_out(a, ACK, 4, 4); /* what is left is no news */
	assert_int_equal(a->edges, 14);
	guest_in(a, CAUSES, 4);
	compute(b, 3);
	guest_out(a, LIVE, 4, 1);
	assert_int_equal(a->edges, 14);
	guest_out(a, ACK, 4, ~0u);
	guest_out(a, RAISE, 4, 0);
	assert_int_equal(a->edges, 14);
	assert_int_equal(stats_of(a)->interrupts, 14);
	config(a, MSI + 2, 0); /* a line goes up once */
	guest_out(a, RAISE, 4, 1);
	guest_out(a, RAISE, 4, 1);
	assert_int_equal(a->edges, 15);
	assert_int_equal(b->edges, 0);
}

/* One that comes soon after the last waits, and is sent unless the guest has seen to it. */
static void test_msi_held(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	world->now += 1000000000;
	assert_int_equal(vpio_vdev_set_interrupt_us(a->vdev, 100), 0);
	config(a, MSI + 2, 1);
	guest_out(a, RAISE, 4, 1);
	assert_int_equal(a->edges, 1);
	guest_out(a, RAISE, 4, 2);
	guest_out(a, RAISE, 4, 4);
	assert_int_equal(a->edges, 1);
	while (a->edges == 1)
		assert_true(world_jump(world));
	assert_int_equal(a->edges, 2); /* both in one */
	guest_out(a, RAISE, 4, 8);
	guest_out(a, ACK, 4, ~0u);
	while (world_due(world))
		world_jump(world);
	assert_int_equal(a->edges, 2);
	guest_out(a, RAISE, 4, 16);
	assert_int_equal(a->edges, 3);
}

/*
 * The end of a piece of work is told at once, however soon after the last interrupt: a guest has one at a
 * time, and can't go on before it has heard of it.
 */
static void test_end_at_once(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];
	unsigned int i;

	world->now += 1000000000;
	assert_int_equal(vpio_vdev_set_interrupt_us(a->vdev, 100), 0);
	guest_out(a, STATUS, 4, IRQ_FACT);
	for (i = 1; i <= 5; i++) {
		compute(a, i);
		assert_int_equal(a->edges, 2 * i - 1);
		guest_out(a, ACK, 4, ~0u);
		begin_dma(a, OUT, BUFFER, 16, IRQ);
		world_run(world);
		assert_int_equal(a->edges, 2 * i);
		guest_out(a, ACK, 4, ~0u);
	}
}

static void test_lost(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];
	unsigned int round;

	for (round = 0; round < 3; round++) {
		sim_fault(world->device, SIM_FAULT_LOST_IRQ, 1);
		guest_out(a, FACT, 4, 5);
		world_run(world);
		assert_true(is_computing(a));
		world_ticks(world, VPIO_TICK_MS);
		assert_false(is_computing(a));
		assert_int_equal(guest_in(a, FACT, 4), 120);
		sim_fault(world->device, SIM_FAULT_LOST_IRQ, SIM_FOREVER);
		fill(a, 0, round);
		begin_write(a, 0, SIZE);
		world_ticks(world, 10 * VPIO_TICK_MS);
		assert_false(is_moving(a));
		begin_read(&world->guests[1], 0, SIZE);
		world_ticks(world, 10 * VPIO_TICK_MS);
		assert_zeros(&world->guests[1]);
		begin_read(a, 0, SIZE);
		world_ticks(world, 10 * VPIO_TICK_MS);
		assert_pattern(a, 0, round);
		sim_fault(world->device, SIM_FAULT_LOST_IRQ, 0);
	}
	assert_true(pdev_stats(world)->lost > 0);
	assert_int_equal(pdev_stats(world)->recoveries, 0);
	assert_all_alive(world);
}

static void test_spurious(void **state)
{
	struct world *world = *state;
	unsigned int i;

	sim_fault(world->device, SIM_FAULT_SPURIOUS_IRQ, 5);
	world_run(world);
	assert_in_range(pdev_stats(world)->spurious, 1, 5);
	for (i = 0; i < GUESTS; i++)
		assert_int_equal(world->guests[i].edges, 0);
	sim_fault(world->device, SIM_FAULT_SPURIOUS_IRQ, 20);
	assert_all_alive(world);
	for (i = 0; i < GUESTS; i++)
		assert_int_equal(world->guests[i].edges, 0);
}

/* --- The device misbehaves --------------------------------------------------------------- */

/* A computation hangs: its owner is told so, and the next one waits until the device is idle. */
static void test_hung_factorial(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];

	compute(a, 3);
	compute(b, 4);
	hang(world, 1);
	guest_out(a, STATUS, 4, IRQ_FACT);
	guest_out(a, FACT, 4, 10);
	world_ticks(world, TIMEOUT_MS - VPIO_TICK_MS);
	guest_out(b, FACT, 4, 5);
	assert_int_equal(pdev_stats(world)->recoveries, 0);
	assert_true(is_computing(a));
	world_ticks(world, VPIO_TICK_MS);
	assert_int_equal(pdev_stats(world)->recoveries, 1);
	assert_false(is_computing(a));
	assert_true(a->line);
	assert_int_equal(guest_in(a, FACT, 4), 0);
	assert_int_equal(stats_of(a)->jobs_aborted, 1);
	assert_true(is_computing(b));
	world_ticks(world, TIMEOUT_MS - VPIO_TICK_MS);
	assert_int_equal(pdev_stats(world)->recoveries, 1);
	hang(world, 0); /* it completes, late, for nobody */
	world_run(world);
	assert_int_equal(guest_in(a, FACT, 4), 0);
	assert_int_equal(guest_in(b, FACT, 4), 120);
	assert_int_equal(stats_of(b)->jobs_aborted, 0);
	assert_all_alive(world);
}

/* Nobody else asks: the time of one who is alone is up as well. */
static void test_hung_alone(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	write_buffer(a, 0, 1);
	compute(a, 3);
	world_ticks(world, 3 * TIMEOUT_MS); /* what has ended is never late */
	assert_int_equal(pdev_stats(world)->recoveries, 0);
	hang(world, 2);
	guest_out(a, STATUS, 4, IRQ_FACT);
	guest_out(a, FACT, 4, 10);
	begin_dma(a, BUFFER, BACK, SIZE, TO_MEMORY | IRQ);
	world_ticks(world, TIMEOUT_MS - VPIO_TICK_MS);
	assert_true(is_computing(a) && is_moving(a));
	assert_int_equal(pdev_stats(world)->recoveries, 0);
	world_ticks(world, VPIO_TICK_MS);
	assert_int_equal(pdev_stats(world)->recoveries, 2);
	assert_false(is_computing(a) || is_moving(a));
	assert_int_equal(guest_in(a, CAUSES, 4), CAUSE_FACT | CAUSE_DMA);
	assert_int_equal(guest_in(a, FACT, 4), 0);
	assert_zeros(a);
	assert_int_equal(stats_of(a)->jobs_aborted, 2);
	world_ticks(world, 3 * TIMEOUT_MS); /* and once only */
	assert_int_equal(pdev_stats(world)->recoveries, 2);
	hang(world, 0);
	world_run(world);
	assert_int_equal(guest_in(a, FACT, 4), 0);
	assert_zeros(a);
	assert_int_equal(stats_of(a)->jobs_aborted, 2);
	assert_all_alive(world);
}

/* Work that was there before the monitor was: nobody's begins before it ends, nor gets its result. */
static void test_busy_at_start(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];

	guest_out(a, FACT, 4, 5);
	fill(b, 1, 1);
	begin_write(b, 0, SIZE);
	world_run(world);
	assert_true(is_computing(a));
	assert_true(is_moving(b));
	assert_int_equal(sim_read(world->device, 0, FACT, 4), 7);
	hang(world, 0);
	world_ticks(world, VPIO_TICK_MS); /* that work interrupts nobody */
	assert_false(is_computing(a));
	assert_int_equal(guest_in(a, FACT, 4), 120);
	assert_false(is_moving(b));
	assert_buffer(b, 1, 1);
	assert_int_equal(stats_of(a)->jobs_aborted + stats_of(b)->jobs_aborted, 0);
	assert_all_alive(world);
}

/* That work never ends: who asks is told so, after the time of two deadlines at most. */
static void test_busy_for_good(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];

	guest_out(a, FACT, 4, 5);
	begin_write(b, 0, SIZE);
	world_ticks(world, 2 * TIMEOUT_MS);
	assert_false(is_computing(a) || is_moving(b));
	assert_int_equal(guest_in(a, FACT, 4), 0);
	assert_int_equal(stats_of(a)->jobs_aborted, 1);
	assert_int_equal(stats_of(b)->jobs_aborted, 1);
	hang(world, 0);
	world_ticks(world, VPIO_TICK_MS);
	assert_int_equal(guest_in(a, FACT, 4), 0);
	assert_all_alive(world);
}

/* It hangs for good: nobody waits for ever, and at the third time it is out of service. */
static void test_hung_for_good(void **state)
{
	struct world *world = *state;
	struct world_guest *guests = world->guests;
	u32 value;

	hang(world, SIM_FOREVER);
	guest_out(&guests[0], FACT, 4, 10);
	guest_out(&guests[1], FACT, 4, 5);
	guest_out(&guests[2], FACT, 4, 6);
	world_ticks(world, TIMEOUT_MS);
	assert_false(is_computing(&guests[0]));
	assert_int_equal(try_in(&guests[1], FACT, &value), VPIO_WAIT);
	world_ticks(world, TIMEOUT_MS);
	assert_false(is_computing(&guests[1]));
	assert_int_equal(try_in(&guests[1], FACT, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(try_in(&guests[2], FACT, &value), VPIO_WAIT);
	world_ticks(world, TIMEOUT_MS);
	assert_false(is_computing(&guests[2]));
	assert_int_equal(try_in(&guests[2], FACT, &value), 0);
	assert_int_equal(pdev_stats(world)->recoveries, 3);
	assert_int_equal(vpio_pdev_health(world->pdev), VPIO_BROKEN);
	guest_out(&guests[0], FACT, 4, 7); /* refused at once */
	world_run(world);
	assert_false(is_computing(&guests[0]));
	assert_int_equal(try_in(&guests[0], FACT, &value), 0);
	assert_int_equal(value, 0);
	hang(world, 0);
	world_run(world);
	assert_int_equal(world_revive(world), 0);
	assert_all_alive(world);
}

/* The transfer of the guest hangs. */
static void test_hung_transfer(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];

	write_buffer(b, 1, 1);
	write_buffer(a, 0, 1);
	hang(world, 1);
	begin_dma(a, BUFFER, BACK, SIZE, TO_MEMORY | IRQ);
	world_run(world);
	begin_read(b, 0, SIZE);
	world_ticks(world, TIMEOUT_MS);
	assert_false(is_moving(a));
	assert_true(a->line);
	assert_zeros(a);
	assert_true(is_moving(b));
	hang(world, 0);
	world_run(world);
	assert_false(is_moving(b));
	assert_pattern(b, 1, 1);
	assert_zeros(a);
	/* his buffer was lost with the engine: he reads what was saved of it before, or nothing */
	read_buffer(a);
	assert_own(a, 0);
	assert_int_equal(stats_of(a)->jobs_aborted, 1);
	assert_all_alive(world);
}

/* Saving or restoring hangs: what is in the device is nobody's until it is somebody's own. */
static void test_hung_save(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];

	write_buffer(b, 1, 1);
	write_buffer(a, 0, 1);
	hang(world, 1);
	begin_read(b, 0, SIZE);
	world_run(world);
	assert_int_equal(sim_stats(world->device)->faults[SIM_FAULT_TX_HANG], 1);
	world_ticks(world, TIMEOUT_MS);
	assert_int_equal(pdev_stats(world)->recoveries, 1);
	assert_true(is_moving(b));
	hang(world, 0);
	world_run(world);
	assert_false(is_moving(b));
	assert_pattern(b, 1, 1);
	read_buffer(a);
	assert_own(a, 0);
	assert_all_alive(world);
}

static void test_hung_restore(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];

	write_buffer(b, 1, 1);
	write_buffer(a, 0, 1);
	begin_read(b, 0, SIZE);
	sim_run(world->device); /* that saves */
	hang(world, 1);
	world_run(world);
	assert_int_equal(sim_stats(world->device)->faults[SIM_FAULT_TX_HANG], 1);
	world_ticks(world, TIMEOUT_MS);
	assert_int_equal(pdev_stats(world)->recoveries, 1);
	assert_false(is_moving(b)); /* told so */
	assert_zeros(b);
	assert_int_equal(stats_of(b)->jobs_aborted, 1);
	begin_read(b, 0, SIZE);
	world_run(world);
	assert_true(is_moving(b));
	hang(world, 0);
	world_run(world);
	assert_pattern(b, 1, 1);
	assert_buffer(a, 0, 1);
	assert_all_alive(world);
}

/* All but one guest's worker run. */
static void run_but(struct world *world, const struct world_guest *but)
{
	unsigned int round, i;

	for (round = 0; round < 10; round++) {
		sim_run(world->device);
		world->locked = true;
		vpio_pdev_run(world->pdev, world->message);
		world->message = false;
		world->locked = false;
		for (i = 0; i < GUESTS; i++) {
			struct world_guest *guest = &world->guests[i];

			if (guest == but)
				continue;
			guest->locked = true;
			vpio_vdev_run(guest->vdev);
			guest->locked = false;
		}
	}
}

/* Who was next when a hand-off hung is next after it, not behind all who came meanwhile. */
static void test_turn_kept(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1], *c = &world->guests[2];

	write_buffer(a, 0, 1);
	write_buffer(b, 1, 1);
	hang(world, 1);
	begin_read(a, 0, SIZE); /* b's state does not get out */
	world_run(world);
	begin_read(c, 0, SIZE);
	world_run(world);
	world_ticks(world, TIMEOUT_MS);
	assert_int_equal(pdev_stats(world)->recoveries, 1);
	ends.count = 0;
	world->watch = note_end;
	hang(world, 0);
	world_run(world);
	assert_int_equal(ends.count, 2);
	assert_ptr_equal(ends.guests[0], a);
	assert_ptr_equal(ends.guests[1], c);
	assert_pattern(a, 0, 1);
	assert_zeros(c);
}

/* A guest that is given the engine and does not begin, as its worker waits for its memory. */
static void test_stalled(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[2], *b = &world->guests[1], *c = &world->guests[0];
	unsigned int i;

	write_buffer(c, 0, 1);
	write_buffer(a, 2, 1);
	write_buffer(b, 1, 1);
	hang(world, 1);
	begin_read(b, 0, SIZE);
	world_run(world);
	begin_read(a, 0, SIZE);
	begin_read(c, 0, SIZE);
	hang(world, 0);
	run_but(world, a);
	assert_false(is_moving(b));
	assert_true(is_moving(c));
	for (i = 0; i < TIMEOUT_MS / VPIO_TICK_MS; i++) {
		world->now += VPIO_TICK_MS * 1000000ull;
		run_but(world, a);
	}
	assert_false(is_moving(b));
	assert_pattern(b, 1, 1);
	assert_false(is_moving(c));
	assert_pattern(c, 0, 1);
	a->woken = true;
	world_run(world);
	assert_false(is_moving(a));
	assert_int_equal(stats_of(a)->jobs_aborted, 1);
	assert_buffer(a, 2, 1);
}

/* DMA of the device that goes astray moves nobody else's data to a guest. */
static void test_stray(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];
	unsigned int i;

	write_buffer(b, 1, 1);
	write_buffer(a, 0, 1);
	fill(a, 0, 2);
	sim_fault(world->device, SIM_FAULT_DMA_ADDR, 1);
	read_buffer(a);
	assert_int_equal(world->stray, 1);
	for (i = 0; i < SIZE; i++)
		assert_in_range(guest_get(a, BACK + i, 1), 0x40, 0x7f);
	assert_buffer(a, 0, 1);
	assert_buffer(b, 1, 1);
}

/* --- Guests come and go ------------------------------------------------------------------ */

static void test_reset(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];

	compute(a, 9);
	write_buffer(a, 0, 1);
	hang(world, 2);
	guest_out(a, FACT, 4, 11);
	begin_write(a, 0, SIZE);
	world_run(world);
	reset(a);
	assert_false(is_computing(a) || is_moving(a));
	assert_int_equal(guest_in(a, FACT, 4), 0);
	guest_out(a, FACT, 4, 5);
	begin_read(a, 0, SIZE);
	guest_out(b, FACT, 4, 6);
	world_run(world);
	assert_true(is_computing(a) && is_moving(a) && is_computing(b));
	hang(world, 0);
	world_run(world);
	assert_int_equal(guest_in(a, FACT, 4), 120);
	assert_int_equal(guest_in(b, FACT, 4), 720);
	assert_zeros(a);
	assert_int_equal(stats_of(a)->jobs_aborted, 0);
	assert_all_alive(world);
}

static void test_detach(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];
	unsigned int round, steps;

	for (round = 0; round < 40; round++) {
		compute(a, 9);
		write_buffer(a, 0, round);
		write_buffer(b, 1, round);
		guest_out(a, FACT, 4, 11);
		guest_out(b, FACT, 4, 8);
		begin_read(a, 0, SIZE);
		begin_read(b, 0, SIZE);
		world->rounds = 0;
		for (steps = round % 10; steps; steps--)
			world_run(world);
		world->rounds = 1000;
		detach(a); /* in whichever phase it is */
		world_run(world);
		assert_int_equal(guest_in(b, FACT, 4), factorial(8));
		assert_pattern(b, 1, round);
		attach(a); /* another guest's: it finds nothing */
		assert_int_equal(guest_in(a, FACT, 4), 0);
		read_buffer(a);
		assert_zeros(a);
	}
	assert_all_alive(world);
}

/* What is asked for while detached, and the engine of one who has gone for good. */
static void test_gone(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0];

	hang(world, 2);
	guest_out(a, FACT, 4, 11);
	begin_write(a, 0, SIZE);
	world_run(world);
	detach(a);
	world_ticks(world, TIMEOUT_MS);
	assert_int_equal(pdev_stats(world)->recoveries, 0); /* nobody minds */
	guest_out(&world->guests[1], FACT, 4, 5);
	hang(world, 0);
	world_run(world);
	compute(&world->guests[1], 4);
	attach(a);
	assert_all_alive(world);
}

/* --- What it costs ----------------------------------------------------------------------- */

static void test_counters(void **state)
{
	struct world *world = *state;
	struct world_guest *a = &world->guests[0], *b = &world->guests[1];
	const struct vpio_vdev_stats *stats = stats_of(a);

	guest_out(a, FACT, 4, 5); /* hooked */
	assert_int_equal(stats->hooks, 1);
	guest_in(a, STATUS, 4);
	assert_int_equal(stats->answered, 1);
	world_run(world);
	guest_in(a, FACT, 4); /* his: from the device */
	assert_int_equal(stats->direct, 1);
	compute(b, 4);
	guest_in(a, FACT, 4); /* not his any more: as saved */
	assert_int_equal(stats->direct, 1);
	assert_int_equal(stats->answered, 2);
	begin_write(a, 0, 16); /* three registers and a command */
	assert_int_equal(stats->answered, 5);
	assert_int_equal(stats->hooks, 2);
	world_run(world);
	guest_in(a, CMD, 8);
	assert_int_equal(stats->answered, 6);
	assert_int_equal(stats->hooks + stats->answered + stats->direct,
			 stats->reads + stats->writes);
	assert_int_equal(stats->jobs, 2);
	assert_int_equal(stats->jobs_done, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(registers),
		TEST(raise),
		TEST(factorial),
		TEST(factorials_at_once),
		TEST(dma),
		TEST(hand_off_time),
		TEST(dma_parts),
		TEST(dma_fresh),
		TEST(dma_running),
		TEST(narrow),
		TEST(refuse),
		TEST(refuse_hole),
		TEST(refuse_master),
		TEST(refuse_late),
		TEST(busy),
		TEST(spy),
		TEST(storm),
		TEST(order),
		TEST(wait),
		TEST(intx),
		TEST(msi),
		TEST(msi_again),
		TEST(msi_held),
		TEST(end_at_once),
		TEST(lost),
		TEST(spurious),
		TEST(hung_factorial),
		TEST(hung_alone),
		TEST_BUSY(busy_at_start),
		TEST_BUSY(busy_for_good),
		TEST(hung_for_good),
		TEST(hung_transfer),
		TEST(hung_save),
		TEST(hung_restore),
		TEST(stalled),
		TEST(turn_kept),
		TEST(stray),
		TEST(reset),
		TEST(detach),
		TEST(gone),
		TEST(counters),
	};

	return cmocka_run_group_tests_name("edu", tests, NULL, NULL);
}
