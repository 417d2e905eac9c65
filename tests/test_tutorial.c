// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The model that docs/models.md writes, cut out of that page, on a simulated edu: it is right, guests share
 * the device, and one that hangs is one guest's misfortune.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lang/lang.h"
#include "edu.h"
#include "world.h"

#define DOCUMENT "docs/models.md"
#define FENCE	 "\n```vpm factorial.vpm\n"

enum {
	GUESTS = 3,
	TIMEOUT_MS = 5000,
};

/* The model, compiled; the caller frees it. */
static void *compile(size_t *size)
{
	static char document[1 << 16];
	FILE *file = fopen(DOCUMENT, "rb");
	struct vpl_output output;
	char *start, *end;

	if (!file)
		fail_msg("cannot open %s; run the tests from the tree's top", DOCUMENT);
	document[fread(document, 1, sizeof(document) - 1, file)] = '\0';
	fclose(file);
	start = strstr(document, FENCE);
	if (!start)
		fail_msg("%s has no block factorial.vpm", DOCUMENT);
	start += strlen(FENCE);
	end = strstr(start, "\n```");
	assert_non_null(end);
	if (vpl_compile("factorial.vpm", start, (size_t)(end + 1 - start), &output, stderr))
		fail_msg("%s: its model is refused", DOCUMENT);
	*size = output.size;
	return output.block;
}

static int setup(void **state)
{
	size_t size;
	void *block = compile(&size);

	*state = world_create(block, size, GUESTS, sim_edu_create);
	free(block);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct world *world = *state;

	assert_int_equal(sim_stats(world->device)->refused, 0);
	assert_int_equal(vpio_pdev_stats(world->pdev)->model_errors, 0);
	world_destroy(world);
	return 0;
}

static void test_compute(void **state)
{
	struct world_guest *guest = &((struct world *)*state)->guests[0];

	guest_out(guest, STATUS, 4, IRQ_FACT);
	guest_out(guest, FACT, 4, 5);
	assert_int_equal(guest_in(guest, STATUS, 4), IRQ_FACT | COMPUTING);
	world_run(guest->world);
	assert_int_equal(guest_in(guest, STATUS, 4), IRQ_FACT);
	assert_int_equal(guest_in(guest, FACT, 4), 120);
	assert_true(guest->line);
	assert_int_equal(guest_in(guest, CAUSES, 4), 1);
	guest_out(guest, ACK, 4, 1);
	assert_false(guest->line);
}

/* All ask before any has its result; nobody reads another's, then or later. */
static void test_share(void **state)
{
	static const u32 numbers[GUESTS] = { 5, 6, 7 }, results[GUESTS] = { 120, 720, 5040 };
	struct world *world = *state;
	unsigned int i;

	for (i = 0; i < GUESTS; i++)
		guest_out(&world->guests[i], FACT, 4, numbers[i]);
	for (i = 1; i < GUESTS; i++)
		assert_int_equal(guest_in(&world->guests[i], STATUS, 4), COMPUTING);
	world_run(world);
	for (i = 0; i < GUESTS; i++) {
		assert_int_equal(guest_in(&world->guests[i], STATUS, 4), 0);
		assert_int_equal(guest_in(&world->guests[i], FACT, 4), results[i]);
		assert_false(world->guests[i].line); /* none asked for it */
	}
	assert_true(vpio_pdev_stats(world->pdev)->hand_offs >= GUESTS - 1);
}

/* The one whose work hung is told so at the deadline; the next one has its result when the device is idle. */
static void test_hang(void **state)
{
	struct world *world = *state;
	unsigned int ms;

	sim_fault(world->device, SIM_FAULT_TX_HANG, 1);
	guest_out(&world->guests[0], FACT, 4, 5);
	guest_out(&world->guests[1], FACT, 4, 6);
	for (ms = 0; ms < TIMEOUT_MS; ms += VPIO_TICK_MS) {
		assert_int_equal(guest_in(&world->guests[0], STATUS, 4), COMPUTING);
		world_pass(world, VPIO_TICK_MS);
	}
	assert_int_equal(vpio_pdev_stats(world->pdev)->recoveries, 1);
	assert_int_equal(guest_in(&world->guests[0], STATUS, 4), 0);
	assert_int_equal(guest_in(&world->guests[0], FACT, 4), 0);
	assert_int_equal(guest_in(&world->guests[1], STATUS, 4), COMPUTING);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 0);
	world_run(world);
	assert_int_equal(guest_in(&world->guests[1], STATUS, 4), 0);
	assert_int_equal(guest_in(&world->guests[1], FACT, 4), 720);
	assert_int_equal(guest_in(&world->guests[0], FACT, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_compute, setup, teardown),
		cmocka_unit_test_setup_teardown(test_share, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hang, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
