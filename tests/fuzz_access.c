// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * libFuzzer: the monitor's access path with the compiled RTL8139. Guests 0 and 1 do anything to
 * their devices and memory, the wire and the device do anything too; guest 2 stands by. It must not
 * notice: no frame of another reaches it (nor of guest 2 another), it is never refused anything,
 * and when the device is well again it sends and receives as before.
 */
#include <stdio.h>
#include <stdlib.h>

#include "nic.h"
#include "storm.h"

enum {
	BYSTANDER = 2,
	BODY = 64, /* bytes of a marked frame that are its mark */
	MOST_STEPS = 2000,
	RECOVERY_MS = 3000, /* the longest that the device takes to be well again */
};

static void *block;
static size_t block_size;
static bool promiscuous[BYSTANDER + 1]; /* has been, at any time */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "fuzz_access: %s\n", what);
	abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	block = world_file(world_model_path(), &block_size);
	if (!block) {
		fprintf(stderr, "%s: no compiled model: make it, or say where in VPIO_MODEL\n",
			world_model_path());
		exit(1);
	}
	return 0;
}

/* The mark of frames that the wire sends to a guest: nothing that an input is likely to have. */
static u8 mark(unsigned int guest, unsigned int at)
{
	return (u8)(0x80 | ((guest + 3) * 29 + at * 47));
}

static void make_marked(u8 *frame, struct world *world, unsigned int guest)
{
	unsigned int i;

	wire_make(frame, 14, nic_mac(&world->guests[guest]), 0);
	for (i = 0; i < BODY; i++)
		frame[14 + i] = mark(guest, i);
}

/* A marked frame is written whole or in two parts; the first begins with its addresses. */
static void watch(struct world_guest *guest, const u8 *data, size_t size)
{
	struct world *world = guest->world;
	unsigned int self = (unsigned int)(guest - world->guests), i;
	u8 frame[14 + BODY];

	for (i = 0; i < world->count; i++) {
		if (i == self || promiscuous[self] || size < 24)
			continue;
		make_marked(frame, world, i);
		require(memcmp(data, frame, size < sizeof(frame) ? size : sizeof(frame)) != 0,
			"a guest got a frame that was addressed to another");
	}
}

static void note_promiscuous(struct world *world)
{
	unsigned int i;

	for (i = 0; i < BYSTANDER; i++)
		promiscuous[i] |= guest_in(&world->guests[i], NIC_RCR, 4) & RCR_AAP;
}

/* An address around 0: in the guest's memory, or a little below 2^64. */
static u64 near_address(struct storm *storm)
{
	return (u64)(int16_t)storm_take(storm, 2) << 4;
}

/* What drivers do, so that an input need not find out how a device is brought up. */
static void drive(struct storm *storm, struct world *world, struct nic *nics, u8 what)
{
	struct nic *nic = &nics[what & 1];
	u8 frame[NIC_BUFFER];
	unsigned int other = what >> 1 & 3;
	u64 size;

	switch (what >> 3 & 7) {
	case 0:
		too_open(nic, nic->guest, (u32)storm_take(storm, 2) | RCR_APM);
		break;
	case 1:
		cp_open(nic, nic->guest, RCR_USUAL | (u32)storm_take(storm, 1));
		break;
	case 2:
		size = 14 + storm_take(storm, 2) % 1510;
		frame_make(frame, (u32)size,
			   other > BYSTANDER ? frame_broadcast : nic_mac(&world->guests[other]),
			   nic_mac(nic->guest), what);
		nic_send(nic, frame, (u32)size);
		break;
	case 3:
		make_marked(frame, world, other % (BYSTANDER + 1));
		sim_receive(world->device, frame, 14 + BODY);
		break;
	case 4:
		size = storm_take(storm, 2);
		too_start(nic, (u32)storm_take(storm, 2) << 4, (u32)size);
		break;
	case 5:
		size = storm_take(storm, 4);
		cp_queue(nic, near_address(storm), size & 0xffff, (u32)size & 0x3fff0000,
			 (u32)storm_take(storm, 1) << 12);
		if (what & 2)
			cp_poll(nic);
		break;
	case 6:
		nic_receive(nic, frame);
		nic_causes(nic);
		break;
	case 7:
		world_run(world);
		break;
	}
}

static void drain(struct nic *nic)
{
	u8 frame[NIC_BUFFER];
	u32 length;

	while ((length = too_receive(nic, frame))) {
		require((nic->status & 0x1f) == 1, "a frame with a wrong status");
		require(length >= 60 && length <= 1518, "a frame of a wrong length");
	}
}

static void check_bystander(struct world *world, struct nic *nic)
{
	const struct vpio_vdev_stats *stats = vpio_vdev_stats(nic->guest->vdev);
	u8 frame[200], got[NIC_BUFFER];
	unsigned int i, ms;
	u32 frames;

	for (i = 0, ms = 0; i < SIM_FAULTS; i++) {
		if (sim_stats(world->device)->faults[i])
			ms = RECOVERY_MS;
		sim_fault(world->device, i, 0);
	}
	world->rounds = 100;
	for (i = 0; i <= ms / VPIO_TICK_MS; i++) {
		world_pass(world, VPIO_TICK_MS);
		drain(nic);
	}
	if (vpio_pdev_health(world->pdev) != VPIO_WORKING) {
		require(ms, "the device is out of service for no fault of its");
		require(!world_revive(world), "the device can't be revived");
		world_pass(world, VPIO_TICK_MS);
		drain(nic);
	}
	frames = world->frames;
	frame_make(frame, 200, frame_stranger, nic_mac(nic->guest), 1);
	i = nic_send(nic, frame, 200);
	world_run(world);
	require(world->frames > frames, "the bystander's frame was not sent");
	require(nic_end(nic, i) == NIC_SENT, "the bystander's frame has not ended");
	wire_make(frame, 200, nic_mac(nic->guest), 1);
	require(sim_receive(world->device, frame, 200), "the device does not receive");
	world_run(world);
	require(nic_receive(nic, got) == 200 && !memcmp(frame, got, 200),
		"the bystander does not receive");
	require(!stats->refusals, "the bystander was refused something");
}

static void check_wire(const struct world *world)
{
	const struct world_frame *frame;
	unsigned int i, j;

	for (i = 0; i < world->frames && i < WORLD_CAPTURE; i++) {
		frame = &world->wire[i];
		require(frame->length >= 60 && frame->length <= 1518,
			"a frame on the wire of a wrong length");
		for (j = 0; j <= BYSTANDER; j++) {
			if (!memcmp(frame->data + 6, nic_mac(&world->guests[j]), 6))
				break;
		}
		require(j <= BYSTANDER, "a frame on the wire with a foreign source address");
	}
}

static void check_world(struct world *world)
{
	unsigned int i;

	/* one that was gone for a write does not know where to */
	require(world->stray <= sim_stats(world->device)->faults[SIM_FAULT_DMA_ADDR] ||
			sim_stats(world->device)->faults[SIM_FAULT_GONE],
		"the device reached memory that is not its");
	require(!vpio_pdev_stats(world->pdev)->model_errors, "the model went wrong");
	for (i = 0; i < world->count; i++)
		require(!vpio_vdev_stats(world->guests[i].vdev)->refused[VPIO_REFUSE_MODEL],
			"the model went wrong for a guest");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct world *world = world_create(block, block_size, BYSTANDER + 1, storm_device);
	struct storm storm = { data, size, BYSTANDER };
	struct nic nics[BYSTANDER + 1];
	unsigned int i, steps = 0;
	u8 what;

	require(world != NULL, "the model does not load");
	world->rounds = 10;
	world->watch = watch;
	memset(promiscuous, 0, sizeof(promiscuous));
	for (i = 0; i <= BYSTANDER; i++)
		too_open(&nics[i], &world->guests[i], RCR_USUAL);
	while (storm.size && steps++ < MOST_STEPS) {
		what = (u8)storm_take(&storm, 1);
		if (what & 0x80)
			storm_step(&storm, world);
		else
			drive(&storm, world, nics, what);
		note_promiscuous(world);
	}
	world_run(world);
	check_world(world);
	check_bystander(world, &nics[BYSTANDER]);
	check_wire(world);
	world_destroy(world);
	return 0;
}
