// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A storm: see storm.h. Each step is a byte that says what, and the bytes that it needs.
 */
#include <stdlib.h>

#include "storm.h"

enum {
	MOST_STEPS = 4096,	/* of a storm */
	SMALL_MEMORY = 1 << 16, /* bytes of a guest: worlds are made by the thousand */
	FEW_ROUNDS = 3,		/* of world_run(): a hostile model may make each of them long */
	LONG_FRAME = 0x1100,	/* bytes of the longest frame on the wire */
};

u64 storm_take(struct storm *storm, unsigned int bytes)
{
	u64 value = 0;

	if (bytes > sizeof(value))
		bytes = sizeof(value);
	if (bytes > storm->size)
		bytes = (unsigned int)storm->size;
	memcpy(&value, storm->data, bytes);
	storm->data += bytes;
	storm->size -= bytes;
	return value;
}

int storm_access(struct world_guest *guest, bool write, unsigned int bar, u64 offset,
		 unsigned int size, u64 value)
{
	int result;

	guest_lock(guest);
	if (write)
		result = vpio_vdev_write(guest->vdev, bar, offset, &value, size);
	else
		result = vpio_vdev_read(guest->vdev, bar, offset, &value, size);
	guest_unlock(guest);
	return result;
}

void storm_plug(struct world_guest *guest, bool in)
{
	guest_lock(guest);
	vpio_vdev_detach(guest->vdev);
	if (in)
		(void)!vpio_vdev_attach(guest->vdev);
	guest_unlock(guest);
}

void storm_replace(struct world_guest *guest)
{
	struct vpio_vdev *old = guest->vdev, *new = calloc(1, vpio_vdev_size(&guest->world->model));

	if (!new)
		abort();
	guest_lock(guest);
	vpio_vdev_detach(old);
	vpio_vdev_init(new, guest->world->pdev, vpio_vdev_mac(old), guest);
	guest->vdev = new;
	guest->line = false;
	(void)!vpio_vdev_attach(new);
	guest_unlock(guest);
	free(old);
}

void storm_reset(struct world_guest *guest)
{
	guest_lock(guest);
	vpio_vdev_reset(guest->vdev);
	guest_unlock(guest);
}

static void configure(struct storm *storm, struct world_guest *guest)
{
	u64 offset = storm_take(storm, 1), value;
	unsigned int size = 1u << (storm_take(storm, 1) & 3);

	guest_lock(guest);
	value = storm_take(storm, size);
	vpio_vdev_config_write(guest->vdev, offset, &value, size);
	vpio_vdev_config_read(guest->vdev, offset, &value, size);
	guest_unlock(guest);
}

static void fill_memory(struct storm *storm, struct world_guest *guest)
{
	u64 address = (storm_take(storm, 2) << 4) % guest->world->memory;
	unsigned int size = storm_take(storm, 1) & 7;

	if (address + size <= guest->world->memory)
		guest_put(guest, address, size, storm_take(storm, size));
}

static void move_hole(struct storm *storm, struct world_guest *guest)
{
	guest->hole = storm_take(storm, 2) << 4;
	guest->hole_size = storm_take(storm, 1) << 8;
}

static void arrive(struct storm *storm, struct world *world, const struct world_guest *guest)
{
	u8 frame[LONG_FRAME];
	size_t size = storm_take(storm, 2) % sizeof(frame);
	u8 kind = (u8)storm_take(storm, 1);

	memset(frame, kind, sizeof(frame));
	if (kind < 0x80)
		memcpy(frame, vpio_vdev_mac(guest->vdev), 6);
	sim_receive(world->device, frame, size);
}

/* Bytes of a BAR, a power of two; 1 if there is no such BAR. */
static u64 bar_size(const struct vpio_model *model, unsigned int bar)
{
	u32 i;

	for (i = 0; i < model->header->bars.count; i++) {
		if (model->bars[i].index == bar)
			return model->bars[i].size;
	}
	return 1;
}

/*
 * An access: mostly to registers, which are in the first KiB, sometimes to where there are none, of
 * widths that there are not.
 */
static void access_any(struct storm *storm, struct world_guest *guest, bool write)
{
	u64 how = storm_take(storm, 1), offset = storm_take(storm, how & 0x80 ? 8 : 1);
	unsigned int size = how & 0x40 ? how & 15 : 1u << (how & 3), bar = how >> 4 & 3;

	if (!(how & 0x80))
		offset = (offset | (how & 12) << 6) & (bar_size(&guest->world->model, bar) - 1);
	storm_access(guest, write, bar, offset, size, storm_take(storm, size & 15));
}

void storm_step(struct storm *storm, struct world *world)
{
	u8 what = (u8)storm_take(storm, 1);
	struct world_guest *guest = &world->guests[(what >> 4) % storm->guests];
	u64 size;

	switch (what & 15) {
	case 0 ... 6:
		access_any(storm, guest, what & 1);
		break;
	case 7:
	case 8:
		fill_memory(storm, guest);
		break;
	case 9:
		world_run(world);
		break;
	case 10:
		world_pass(world, 8 * (unsigned int)storm_take(storm, 1));
		break;
	case 11:
		arrive(storm, world, guest);
		break;
	case 12:
		move_hole(storm, guest);
		break;
	case 13:
		configure(storm, guest);
		break;
	case 14:
		size = storm_take(storm, 1);
		if (size & 0x40)
			storm_replace(guest);
		else if (size & 0x80)
			storm_plug(guest, size & 1);
		else
			storm_reset(guest);
		break;
	case 15:
		size = storm_take(storm, 1);
		sim_fault(world->device, size % SIM_FAULTS, (unsigned int)size / SIM_FAULTS & 3);
		sim_set_immediate(world->device, size & 1);
		if (size & 0x80) /* it may have been put out of service by what was before */
			(void)!world_revive(world);
		break;
	}
}

void storm_fill(u8 *data, size_t size, u64 seed)
{
	size_t i;

	seed |= 1;
	for (i = 0; i < size; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		data[i] = (u8)(seed >> 32);
	}
}

static const u8 station[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

struct sim_device *storm_device(const struct sim_bus *bus)
{
	return sim_rtl8139_create(bus, station);
}

static struct sim_device *ne2000_device(const struct sim_bus *bus)
{
	return sim_ne2000_create(bus, station);
}

storm_device_maker *storm_device_for(const char *model)
{
	static const struct {
		const char *model;
		storm_device_maker *device;
	} devices[] = {
		{ "edu", sim_edu_create },
		{ "ne2000", ne2000_device },
		{ "queues", sim_queues_create },
	};
	unsigned int i;

	for (i = 0; i < sizeof(devices) / sizeof(*devices); i++) {
		if (!strcmp(model, devices[i].model))
			return devices[i].device;
	}
	return storm_device;
}

void storm_over(const void *block, size_t size, struct storm *storm, storm_device_maker *device)
{
	struct world *world = world_create_small(block, size, 2, device, SMALL_MEMORY);
	unsigned int i, steps = 0;
	u16 command = 7;

	if (!world)
		return;
	world->rounds = FEW_ROUNDS;
	storm->guests = world->count;
	for (i = 0; i < world->count; i++) {
		world->guests[i].locked = true;
		vpio_vdev_config_write(world->guests[i].vdev, 4, &command, sizeof(command));
		world->guests[i].locked = false;
	}
	while (storm->size && steps++ < MOST_STEPS)
		storm_step(storm, world);
	world_run(world);
	world_destroy(world);
}
