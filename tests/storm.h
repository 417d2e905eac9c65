/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A storm: what guests, the wire, the device and time do to a world, as bytes say. It knows nothing
 * of the model; tests feed it pseudo-random bytes, fuzzers theirs.
 */
#ifndef VPIO_TESTS_STORM_H
#define VPIO_TESTS_STORM_H

#include "world.h"

/* The bytes that are still to be used. */
struct storm {
	const u8 *data;
	size_t size;
	unsigned int guests; /* that take part: the first ones of the world */
};

/* Takes a number of 1 to 8 bytes; the missing ones are 0. */
u64 storm_take(struct storm *storm, unsigned int bytes);
/* Does one thing. */
void storm_step(struct storm *storm, struct world *world);

/* A guest's register access of any kind, which may be refused; with its lock. */
int storm_access(struct world_guest *guest, bool write, unsigned int bar, u64 offset,
		 unsigned int size, u64 value);
/* Takes a guest out of the world, or puts it in again. */
void storm_plug(struct world_guest *guest, bool in);
/* Takes a guest's vdev away for good, and gives it another of the same address. */
void storm_replace(struct world_guest *guest);
/* Resets a guest's device as its bus does. */
void storm_reset(struct world_guest *guest);

/* Pseudo-random bytes that follow from a seed. */
void storm_fill(u8 *data, size_t size, u64 seed);
/* What makes a device, for world_create(): the simulated RTL8139. */
typedef struct sim_device *storm_device_maker(const struct sim_bus *bus);
struct sim_device *storm_device(const struct sim_bus *bus);
/* The device of a model, by its name; the simulated RTL8139 if there is none. */
storm_device_maker *storm_device_for(const char *model);
/* A world of two guests for a model that loads, on a device; a storm in it. */
void storm_over(const void *block, size_t size, struct storm *storm, storm_device_maker *device);

#endif /* VPIO_TESTS_STORM_H */
