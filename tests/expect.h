/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * What the cmocka tests of the RTL8139's model share: a world for each test, and what they expect
 * of guests and of the wire.
 */
#ifndef VPIO_TESTS_EXPECT_H
#define VPIO_TESTS_EXPECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "nic.h"
#include "storm.h"

/* A test of a world of its own. */
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, nic_setup, nic_teardown)

enum { FRAME_MAX = 1518, FRAME_MIN = 60 };

static inline void open_all(struct world *world, struct nic nics[NIC_GUESTS])
{
	unsigned int i;

	for (i = 0; i < NIC_GUESTS; i++)
		too_open(&nics[i], &world->guests[i], RCR_USUAL);
	world_run(world);
}

/* The frame that left on the wire last; there must have been so many in all. */
static inline const struct world_frame *wire_frame(const struct world *world, u32 frames)
{
	assert_int_equal(world->frames, frames);
	return &world->wire[(frames - 1) % WORLD_CAPTURE];
}

static inline void arrive(struct world *world, const void *frame, u32 length)
{
	sim_receive(world->device, frame, length);
	world_run(world);
}

/* A guest receives just this frame. */
static inline void assert_received(struct nic *nic, const u8 *frame, u32 length)
{
	u8 got[NIC_BUFFER];
	u32 fcs = sim_frame_check(frame, length);

	assert_int_equal(nic_receive(nic, got), length);
	assert_memory_equal(got, frame, length);
	assert_memory_equal(got + length, &fcs, 4);
}

/* All guests but one (or NIC_GUESTS: none) send to the wire and receive from it, as always. */
static inline void assert_alive(struct world *world, struct nic *nics, unsigned int but)
{
	unsigned int i, descriptor;
	u8 frame[200];
	u32 frames;

	for (i = 0; i < NIC_GUESTS; i++) {
		if (i == but)
			continue;
		frames = world->frames;
		frame_make(frame, 200, frame_stranger, nic_mac(&world->guests[i]), i);
		descriptor = nic_send(&nics[i], frame, 200);
		world_run(world);
		assert_memory_equal(wire_frame(world, frames + 1)->data, frame, 200);
		assert_int_equal(nic_end(&nics[i], descriptor), NIC_SENT);
		wire_make(frame, 150, nic_mac(&world->guests[i]), i);
		arrive(world, frame, 150);
		assert_received(&nics[i], frame, 150);
		assert_true(world->guests[i].line);
		assert_int_equal(nic_causes(&nics[i]), ISR_ROK | ISR_TOK);
		assert_false(world->guests[i].line);
	}
}

static inline void assert_nothing(struct nic *nic)
{
	u8 got[NIC_BUFFER];

	assert_int_equal(nic_receive(nic, got), 0);
}

#endif /* VPIO_TESTS_EXPECT_H */
