// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The life of a slice engine (the picture is in docs/architecture.md), one step after the other: edu's
 * DMA, whose state takes the hardware some time to save and to restore. Nothing happens here between
 * two steps, and time is a number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "../core/state.h"
#include "edu.h"
#include "world.h"

enum {
	GUESTS = 3,
	A = 0,
	B = 1,
	C = 2,
	NOBODY = -1,

	OUT = 0x10000, /* a guest's memory: what it sends */
};

#define TIMEOUT	   (5000ull * 1000000) /* ns: of the model's engine */
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

static struct world *world;
static u32 engine; /* edu's DMA */

static struct vpio_engine_look look(void)
{
	struct vpio_engine_look found;

	world->locked = true;
	assert_true(vpio_pdev_look(world->pdev, engine, &found));
	world->locked = false;
	return found;
}

static int setup(void **state)
{
	struct vpio_engine_look found;
	unsigned int i;
	u16 master = 6;

	(void)state;
	world = world_load("build/models/edu.vpb", GUESTS, sim_edu_create);
	if (!world)
		return -1;
	for (i = 0; i < GUESTS; i++) {
		world->guests[i].locked = true;
		assert_int_equal(vpio_vdev_config_write(world->guests[i].vdev, 4, &master, 2), 0);
		world->guests[i].locked = false;
	}
	world_run(world);
	for (engine = 0; vpio_pdev_look(world->pdev, engine, &found); engine++) {
		if (!strcmp(found.name, "dma"))
			return 0;
	}
	return -1;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(vpio_pdev_stats(world->pdev)->model_errors, 0);
	world_destroy(world);
	return 0;
}

/* --- Steps ------------------------------------------------------------------------------- */

static void expect(const char *phase, int owner, u32 waiting)
{
	const struct vpio_engine_look found = look();

	assert_string_equal(found.phase, phase);
	assert_ptr_equal(found.owner, owner == NOBODY ? NULL : world->guests[owner].vdev);
	assert_int_equal(found.waiting, waiting);
}

/* A guest asks for a transfer of its whole buffer. */
static void ask(int guest)
{
	guest_out(&world->guests[guest], SRC, 8, OUT);
	guest_out(&world->guests[guest], DST, 8, BUFFER);
	guest_out(&world->guests[guest], COUNT, 8, SIZE);
	guest_out(&world->guests[guest], CMD, 8, RUN);
}

static bool is_told(int guest)
{
	return !(guest_in(&world->guests[guest], CMD, 8) & RUN);
}

/* The hardware does what it has to do, and interrupts; the pdev's worker runs. */
static void hardware(void)
{
	sim_run(world->device);
	world->locked = true;
	vpio_pdev_run(world->pdev, world->interrupt || world->message);
	world->message = false;
	world->locked = false;
}

/* A vdev's worker runs. */
static void worker(int guest)
{
	world->guests[guest].locked = true;
	vpio_vdev_run(world->guests[guest].vdev);
	world->guests[guest].locked = false;
}

static void hang(unsigned int count)
{
	sim_fault(world->device, SIM_FAULT_TX_HANG, count);
}

static u64 aborted(int guest)
{
	return vpio_vdev_stats(world->guests[guest].vdev)->jobs_aborted;
}

/* From free, or from an idle owner, to a guest's work that has ended. */
static void serve(int guest)
{
	unsigned int i;

	ask(guest);
	for (i = 0; i < 3 && strcmp(look().phase, "granted"); i++)
		hardware();
	worker(guest);
	hardware();
	worker(guest);
	assert_true(is_told(guest));
	expect("owned", guest, 0);
}

/* --- Tests ------------------------------------------------------------------------------- */

static void test_hand_off(void **state)
{
	(void)state;
	expect("free", NOBODY, 0);
	ask(A);
	expect("restoring", A, 1);
	hardware();
	expect("granted", A, 0);
	worker(A);
	expect("owned", A, 0);
	assert_false(is_told(A));
	ask(B);
	expect("draining", A, 1);
	ask(C);
	expect("draining", A, 2);
	hardware(); /* A's work ends */
	expect("saving", A, 2);
	worker(A);
	assert_true(is_told(A));
	hardware();
	expect("restoring", B, 2);
	hardware();
	expect("granted", B, 1);
	worker(B);
	expect("draining", B, 1);
	hardware();
	expect("saving", B, 1);
	worker(B);
	hardware();
	hardware();
	expect("granted", C, 0);
	worker(C);
	hardware();
	worker(C);
	expect("owned", C, 0); /* as long as nobody else asks */
	world->now += 1000 * TIMEOUT;
	hardware();
	expect("owned", C, 0);
	assert_true(is_told(A) && is_told(B) && is_told(C));
	assert_int_equal(vpio_pdev_stats(world->pdev)->hand_offs, 3);
	assert_int_equal(vpio_pdev_stats(world->pdev)->recoveries, 0);
}

/* An owner that asks again while nobody waits goes on without a hand-off, at once. */
static void test_again(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		serve(A);
		world->now += 10ull * VPIO_QUANTUM_US * 1000; /* nobody waits: it costs nothing */
	}
	assert_int_equal(vpio_pdev_stats(world->pdev)->hand_offs, 1);
	ask(A);
	expect("owned", A, 0);
	ask(B);
	expect("draining", A, 1);
	hardware(); /* its work has ended, and it has not asked again: it is B's turn */
	expect("saving", A, 1);
	worker(A);
	ask(A);
	expect("saving", A, 2);
	hardware();
	hardware();
	worker(B);
	expect("draining", B, 1);
	hardware();
	hardware();
	hardware();
	worker(A);
	hardware();
	worker(A);
	worker(B);
	assert_true(is_told(A) && is_told(B));
}

/*
 * An owner that asks again while its work goes on, as registers of other devices allow, keeps the engine
 * although somebody waits, until it has had it for a quantum of such time. It pays for that time.
 */
static void test_quantum(void **state)
{
	const u64 work = VPIO_QUANTUM_US * 1000 / 4;
	unsigned int i;

	(void)state;
	serve(A);
	world->now += 10ull * VPIO_QUANTUM_US * 1000; /* nobody waits: it does not count */
	ask(A);
	ask(B);
	for (i = 1; i <= 4; i++) {
		assert_true(vpio_slice_start(world->guests[A].vdev, engine, 0, 0));
		world->now += work;
		hardware(); /* what it did ends, and what it has asked for since is next */
		if (i == 4)
			break;
		expect("granted", A, 1);
		worker(A);
		expect("draining", A, 1);
	}
	expect("saving", A, 2); /* the quantum is over */
	assert_int_equal(vpio_pdev_stats(world->pdev)->hand_offs, 1);
	hardware();
	hardware();
	worker(B);
	assert_int_equal(vpio_pdev_set_quantum(world->pdev, 0), 0);
	assert_true(vpio_slice_start(world->guests[B].vdev, engine, 0, 0));
	world->now += work;
	hardware();
	expect("granted", B, 1); /* without one it is a turn of its own: A has had more by now */
	worker(B);
	assert_true(vpio_slice_start(world->guests[B].vdev, engine, 0, 0));
	world->now += 4 * work;
	hardware();
	expect("saving", B, 2);
}

/* Work that does not end: not before the deadline, whoever waits and asks meanwhile; then by a reset. */
static void test_stuck(void **state)
{
	(void)state;
	serve(B);
	hang(1);
	ask(B);
	worker(B);
	hardware();
	expect("owned", B, 0);
	world->now += TIMEOUT / 2;
	hardware();
	ask(A);
	expect("draining", B, 1);
	world->now += TIMEOUT / 2 - 1;
	hardware();
	expect("draining", B, 1);
	assert_int_equal(vpio_pdev_stats(world->pdev)->recoveries, 0);
	world->now += 1;
	expect("stuck", B, 1);
	hardware(); /* edu can't be reset: B is told, and A waits for the end */
	assert_int_equal(vpio_pdev_stats(world->pdev)->recoveries, 1);
	expect("draining", NOBODY, 1);
	worker(B);
	assert_true(is_told(B));
	assert_int_equal(aborted(B), 1);
	hang(0);
	hardware(); /* late */
	expect("restoring", A, 1);
	hardware();
	worker(A);
	hardware();
	worker(A);
	assert_true(is_told(A));
	assert_int_equal(aborted(A), 0);
	serve(B);
}

/* A lone owner's work has the same deadline. */
static void test_stuck_alone(void **state)
{
	(void)state;
	serve(A);
	hang(1);
	ask(A);
	worker(A);
	world->now += TIMEOUT - 1;
	hardware();
	expect("owned", A, 0);
	world->now += 1;
	expect("stuck", A, 0);
	hardware();
	worker(A);
	assert_true(is_told(A));
	assert_int_equal(aborted(A), 1);
}

/* A hand-off may hang, too: what is saved is lost then, and the next one keeps its turn. */
static void test_stuck_saving(void **state)
{
	(void)state;
	serve(A);
	hang(1);
	ask(B);
	expect("saving", A, 1);
	world->now += TIMEOUT;
	expect("stuck", A, 1);
	hardware();
	expect("draining", NOBODY, 1);
	hang(0);
	hardware();
	expect("restoring", B, 1);
	hardware();
	worker(B);
	hardware();
	worker(B);
	assert_true(is_told(B));
	assert_int_equal(aborted(A) + aborted(B), 0);
}

/* An owner that does not begin loses it, and is told so if it ever comes. */
static void test_late(void **state)
{
	(void)state;
	ask(A);
	hardware();
	expect("granted", A, 0);
	ask(B);
	world->now += TIMEOUT - 1;
	hardware();
	expect("granted", A, 1);
	world->now += 1;
	hardware();
	expect("restoring", B, 1);
	hardware();
	worker(B);
	expect("owned", B, 0);
	worker(A);
	assert_true(is_told(A));
	assert_int_equal(aborted(A), 1);
	expect("owned", B, 0);
}

/* Who goes away leaves nothing to be saved; who waited, nothing to be served. */
static void test_leave(void **state)
{
	int guest;

	(void)state;
	for (guest = A; guest <= B; guest++) {
		serve(A);
		ask(A);
		worker(A);
		ask(B);
		expect("draining", A, 1);
		world->guests[guest].locked = true;
		vpio_vdev_reset(world->guests[guest].vdev);
		world->guests[guest].locked = false;
		if (guest == A) {
			expect("draining", NOBODY, 1);
			hardware();
			expect("restoring", B, 1);
			hardware();
			worker(B);
			hardware();
			worker(B);
			assert_true(is_told(B));
			world->guests[A].locked = true;
			assert_int_equal(vpio_vdev_config_write(world->guests[A].vdev, 4, "\6", 2),
					 0);
			world->guests[A].locked = false;
		} else {
			expect("owned", A, 0);
			hardware();
			worker(A);
			assert_true(is_told(A));
			world->guests[A].locked = true;
			vpio_vdev_detach(world->guests[A].vdev);
			world->guests[A].locked = false;
			expect("free", NOBODY, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hand_off),	   TEST(again),	       TEST(quantum), TEST(stuck),
		TEST(stuck_alone), TEST(stuck_saving), TEST(late),    TEST(leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
