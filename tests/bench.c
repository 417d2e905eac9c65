// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What a guest's register access costs in the user-space library, with the compiled RTL8139: time
 * here, instructions by tests/bench, which runs it under callgrind. "Hooked" is an access for which
 * a handler of the model runs, "unhooked" one that the monitor answers from the vdev's state.
 *
 * bench: "what value unit", a line each. bench list: the names. bench count NAME: ACCESSES times.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "world.h"

enum {
	ACCESSES = 10000, /* in a batch */
	BATCHES = 101,
	BAR = 1,
	CR = 0x37,
	CAPR = 0x38,
	IMR = 0x3c,
	BMCR = 0x62,
};

/* Not static and not inlined, so that callgrind finds them by name. */
void unhooked_read(struct vpio_vdev *vdev);
void hooked_read(struct vpio_vdev *vdev);
void unhooked_write(struct vpio_vdev *vdev);
void hooked_write(struct vpio_vdev *vdev);

#define BENCH(name, function, offset, size)                         \
	__attribute__((noinline)) void name(struct vpio_vdev *vdev) \
	{                                                           \
		u32 value = 0x1000;                                 \
		unsigned int i;                                     \
                                                                    \
		for (i = 0; i < ACCESSES; i++)                      \
			function(vdev, BAR, offset, &value, size);  \
	}

BENCH(unhooked_read, vpio_vdev_read, IMR, 2)
BENCH(hooked_read, vpio_vdev_read, CR, 1)
BENCH(unhooked_write, vpio_vdev_write, CAPR, 2)
BENCH(hooked_write, vpio_vdev_write, BMCR, 2)

static const struct {
	const char *name;
	void (*run)(struct vpio_vdev *vdev);
	bool hooked;
} benches[] = {
	{ "unhooked_read", unhooked_read, false },
	{ "hooked_read", hooked_read, true },
	{ "unhooked_write", unhooked_write, false },
	{ "hooked_write", hooked_write, true },
};

static struct sim_device *device(const struct sim_bus *bus)
{
	static const u8 mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

	return sim_rtl8139_create(bus, mac);
}

static struct world *make_world(void)
{
	size_t size = 0;
	void *block = world_file(world_model_path(), &size);
	struct world *world = block ? world_create(block, size, 1, device) : NULL;

	free(block);
	if (!world) {
		fprintf(stderr, "%s: no compiled model: make it, or say where in VPIO_MODEL\n",
			world_model_path());
		exit(1);
	}
	world->guests[0].locked = true;
	return world;
}

/* ns of one access in a batch. */
static double batch(struct vpio_vdev *vdev, unsigned int bench)
{
	struct timespec start, end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	benches[bench].run(vdev);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
	       ACCESSES;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Batches in turn, so that what disturbs the machine disturbs all alike. */
static void measure(struct vpio_vdev *vdev)
{
	static double times[ARRAY_SIZE(benches)][BATCHES];
	unsigned int i, j;

	for (j = 0; j < BATCHES; j++) {
		for (i = 0; i < ARRAY_SIZE(benches); i++)
			times[i][j] = batch(vdev, i);
	}
	for (i = 0; i < ARRAY_SIZE(benches); i++) {
		qsort(times[i], BATCHES, sizeof(double), compare);
		printf("%s %.1f ns\n", benches[i].name, times[i][BATCHES / 2]);
	}
	for (i = 0; i < ARRAY_SIZE(benches); i += 2)
		printf("%s/%s %.2f times\n", benches[i + 1].name, benches[i].name,
		       times[i + 1][BATCHES / 2] / times[i][BATCHES / 2]);
	printf("batches %d of %d accesses\n", BATCHES, ACCESSES);
}

/* A bench must measure what it says: either all of its accesses run a handler or none. */
static void check(struct vpio_vdev *vdev)
{
	const struct vpio_vdev_stats *stats = vpio_vdev_stats(vdev);
	unsigned int i;
	u64 before;

	for (i = 0; i < ARRAY_SIZE(benches); i++) {
		before = stats->hooks;
		benches[i].run(vdev);
		if (stats->hooks - before == (benches[i].hooked ? ACCESSES : 0))
			continue;
		fprintf(stderr, "bench: %s: hooked %llu times of %d\n", benches[i].name,
			(unsigned long long)(stats->hooks - before), ACCESSES);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct world *world = make_world();
	struct vpio_vdev *vdev = world->guests[0].vdev;
	unsigned int i;

	if (argc == 3 && !strcmp(argv[1], "count")) {
		for (i = 0; i < ARRAY_SIZE(benches); i++) {
			if (!strcmp(benches[i].name, argv[2]))
				benches[i].run(vdev);
		}
		printf("%d\n", ACCESSES);
	} else if (argc == 2 && !strcmp(argv[1], "list")) {
		for (i = 0; i < ARRAY_SIZE(benches); i++)
			printf("%s\n", benches[i].name);
	} else {
		check(vdev);
		measure(vdev);
	}
	world->guests[0].locked = false;
	world_destroy(world);
	return 0;
}
