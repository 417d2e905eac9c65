// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What frames cost in the user-space library, from the guest's access to the last frame's end:
 * bursts of 1 to 8 frames, sent and received, on a simulated RTL8139 that has 1 to 16 vdevs. For
 * callgrind (see bench/instructions): "what, driver, frames, bytes of each, vdevs" in a line each,
 * and each is followed by a dump of callgrind's that has the line's number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

#include "../tests/nic.h"
#include "../tests/storm.h"

enum {
	SMALL = 60,
	LARGE = 1514,
	CLASSIC_DESCRIPTORS = 4,
};

struct burst {
	struct world *world;
	struct nic nic;
	bool receive, cplus;
	unsigned int frames;
	u32 length;
};

static unsigned int lines;

/* Not static and not inlined, so that callgrind finds it by its name. */
void counted_burst(struct burst *burst);

noinline void counted_burst(struct burst *burst)
{
	unsigned int i;

	if (!burst->receive && burst->cplus)
		cp_poll(&burst->nic);
	for (i = 0; !burst->receive && !burst->cplus && i < burst->frames; i++)
		guest_out(burst->nic.guest, NIC_TSD + 4 * i, 4, burst->length);
	world_run(burst->world);
}

/* What is there before: frames in the guest's memory, or in the card's receive ring. */
static void prepare(struct burst *burst)
{
	struct nic *nic = &burst->nic;
	u8 frame[LARGE];
	unsigned int i;

	for (i = 0; i < burst->frames; i++) {
		const u32 buffers = burst->cplus ? NIC_CP_TX : NIC_TX_BUFFERS;

		if (burst->receive) {
			wire_make(frame, burst->length, nic_mac(nic->guest), i);
			world_require(sim_receive(burst->world->device, frame, burst->length),
				      "the card has no room");
			continue;
		}
		frame_make(nic->guest->memory + buffers + NIC_BUFFER * i, burst->length,
			   frame_stranger, nic_mac(nic->guest), i);
		if (burst->cplus)
			cp_queue(nic, buffers + NIC_BUFFER * i, burst->length, DESC_FS | DESC_LS,
				 0);
	}
}

static u64 moved(const struct burst *burst)
{
	const struct vpio_vdev_stats *stats = vpio_vdev_stats(burst->nic.guest->vdev);

	return burst->receive ? stats->rx_frames : burst->world->frames;
}

/* One burst, and that all of it was done. */
static void run(const void *block, size_t size, unsigned int guests, const struct burst *wanted)
{
	struct burst burst = *wanted;
	u64 before;

	burst.world = world_create(block, size, guests, storm_device);
	world_require(burst.world != NULL, "the model is refused");
	if (burst.cplus)
		cp_open(&burst.nic, &burst.world->guests[0], RCR_USUAL);
	else
		too_open(&burst.nic, &burst.world->guests[0], RCR_USUAL);
	world_pass(burst.world, 1000);
	prepare(&burst);
	before = moved(&burst);
	CALLGRIND_ZERO_STATS;
	counted_burst(&burst);
	world_require(moved(&burst) == before + burst.frames, "not all of a burst was done");
	world_destroy(burst.world);
}

static void measure(const void *block, size_t size, unsigned int guests, const struct burst *burst)
{
	char number[16];

	printf("%s\t%s\t%u\t%u\t%u\n", burst->receive ? "receive" : "send",
	       burst->cplus ? "8139cp" : "8139too", burst->frames, burst->length, guests);
	snprintf(number, sizeof(number), "line %u", ++lines);
	run(block, size, guests, burst);
	CALLGRIND_DUMP_STATS_AT(number);
}

int main(void)
{
	static const unsigned int guests[] = { 1, 4, 16 };
	size_t size = 0;
	void *block = world_file(world_model_path(), &size);
	unsigned int way, i;
	struct burst burst;

	if (!block) {
		fprintf(stderr, "frames: no %s: make models\n", world_model_path());
		return 1;
	}
	for (way = 0; way < 8; way++) {
		burst = (struct burst){ .receive = way & 4,
					.cplus = way & 2,
					.length = way & 1 ? LARGE : SMALL };
		for (burst.frames = 1; burst.frames <= 8; burst.frames *= 2) {
			if (!burst.receive && !burst.cplus && burst.frames > CLASSIC_DESCRIPTORS)
				continue;
			for (i = 0; i < ARRAY_SIZE(guests); i++)
				measure(block, size, guests[i], &burst);
		}
	}
	free(block);
	return 0;
}
