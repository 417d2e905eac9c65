// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * core/share.c: who gets how much of an engine that several vdevs want, and how long they wait; on a
 * simulated RTL8139, whose wire takes time here, and on a simulated edu, whose computations do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>

#include "edu.h"
#include "jain.h"
#include "ne2000.h"
#include "nic.h"
#include "storm.h"

enum {
	TENANTS = 4,
	SMALL = 60,
	LARGE = 1514,
	BACKLOG = 40, /* frames that a saturating tenant keeps waiting */
	BYTE_NS = 80, /* on a wire of 100 Mbit/s */
	MS = 1000000,
};

/* --- Tenants on a wire ------------------------------------------------------------------- */

/* A tenant, and what has left for it. */
struct tenant {
	struct nic nic;
	u64 length; /* edu: ns that its computations take; 0: it does none */
	u64 time;   /* that they have had */
	u32 size;   /* of the frames that it keeps waiting; 0: none */
	unsigned int seed;
	u64 lost; /* that were forgotten when it was reset */
	u64 frames, bytes;
};

struct scene {
	struct world *world;
	struct tenant tenants[TENANTS];
	u32 seen;	   /* frames on the wire that have been counted */
	unsigned int runs; /* of the pdev's worker */
};

static struct scene scene;

static void open_tenant(unsigned int index)
{
	cp_open(&scene.tenants[index].nic, &scene.world->guests[index], RCR_USUAL);
}

static int setup(void **state)
{
	unsigned int i;

	memset(&scene, 0, sizeof(scene));
	scene.world = world_load(world_model_path(), TENANTS, storm_device);
	if (!scene.world)
		return -1;
	*state = scene.world;
	for (i = 0; i < TENANTS; i++)
		open_tenant(i);
	world_run(scene.world);
	scene.world->byte_ns = BYTE_NS;
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(vpio_pdev_stats(scene.world->pdev)->model_errors, 0);
	assert_int_equal(vpio_pdev_stats(scene.world->pdev)->recoveries, 0);
	world_destroy(*state);
	return 0;
}

static struct vpio_vdev *vdev_of(unsigned int index)
{
	return scene.world->guests[index].vdev;
}

static const struct vpio_vdev_stats *tenant_stats(unsigned int index)
{
	return vpio_vdev_stats(vdev_of(index));
}

static u64 now_ms(void)
{
	return scene.world->now / MS;
}

static void send_one(unsigned int index, u32 size)
{
	struct tenant *tenant = &scene.tenants[index];
	u8 frame[LARGE];

	frame_make(frame, size, frame_stranger, nic_mac(&scene.world->guests[index]),
		   tenant->seed++);
	cp_send(&tenant->nic, frame, size, 0, 0);
}

/* Frames of a tenant that have not ended. */
static u64 backlog(unsigned int index)
{
	const struct vpio_vdev_stats *stats = tenant_stats(index);

	return stats->jobs - stats->jobs_done - stats->jobs_aborted - scene.tenants[index].lost;
}

static void saturate(unsigned int index)
{
	while (backlog(index) < BACKLOG)
		send_one(index, scene.tenants[index].size);
}

static void plug(unsigned int index, bool in)
{
	scene.world->guests[index].woken = false;
	storm_plug(&scene.world->guests[index], in);
	scene.tenants[index].lost += backlog(index);
}

static unsigned int sender(const struct world_frame *frame)
{
	unsigned int index = frame->data[11] - 0x10u;

	assert_true(index < TENANTS);
	return index;
}

/* What has left on the wire since is counted. */
static void count_frames(void)
{
	for (; scene.seen != scene.world->frames; scene.seen++) {
		const struct world_frame *frame = &scene.world->wire[scene.seen % WORLD_CAPTURE];
		struct tenant *tenant = &scene.tenants[sender(frame)];

		tenant->frames++;
		tenant->bytes += frame->length;
	}
}

static void run_pdev(void)
{
	struct world *world = scene.world;

	if (!world->woken && !world->interrupt && (!world->due || world->now < world->due))
		return;
	world->woken = false;
	world->locked = true;
	vpio_pdev_run(world->pdev, world->interrupt);
	world->due = vpio_pdev_due(world->pdev);
	world->locked = false;
	scene.runs++;
}

static void run_guests(void)
{
	struct world_guest *guest;

	for (guest = scene.world->guests; guest < scene.world->guests + TENANTS; guest++) {
		if (!guest->woken)
			continue;
		guest->woken = false;
		guest->locked = true;
		if (vpio_vdev_run(guest->vdev))
			guest->woken = true;
		guest->locked = false;
	}
}

/*
 * The hardware sends what it has, which takes its time, and gets more, which it has not begun to send
 * when this ends. If there is nothing to send, time passes all the same.
 */
static void step(void)
{
	const u64 before = scene.world->now;
	unsigned int i;

	for (i = 0; i < TENANTS; i++) {
		if (scene.tenants[i].size)
			saturate(i);
	}
	sim_run(scene.world->device);
	count_frames();
	run_pdev();
	run_guests();
	if (scene.world->now == before)
		scene.world->now += MS / 100;
}

static void run_for(unsigned int ms)
{
	const u64 end = now_ms() + ms;

	while (now_ms() < end)
		step();
}

static void start_counting(void)
{
	unsigned int i;

	for (i = 0; i < TENANTS; i++) {
		scene.tenants[i].frames = 0;
		scene.tenants[i].bytes = 0;
	}
}

static void set_weight(unsigned int index, u64 weight)
{
	assert_int_equal(vpio_vdev_set_weight(vdev_of(index), weight), 0);
}

/* Prints what each of the first tenants got; returns Jain's index of it by weight. */
static double report(const char *what, unsigned int count)
{
	double shares[TENANTS], index, all = 0;
	unsigned int i;

	for (i = 0; i < count; i++)
		all += (double)scene.tenants[i].bytes;
	printf("%s: shares", what);
	for (i = 0; i < count; i++) {
		shares[i] = (double)scene.tenants[i].bytes / vpio_vdev_weight(vdev_of(i));
		printf(" %.4f", (double)scene.tenants[i].bytes / all);
	}
	index = jain(shares, count);
	printf(", Jain index %.5f\n", index);
	return index;
}

static double share_of(unsigned int index)
{
	double all = 0;
	unsigned int i;

	for (i = 0; i < TENANTS; i++)
		all += (double)scene.tenants[i].bytes;
	return (double)scene.tenants[index].bytes / all;
}

static void test_equal(void **state)
{
	unsigned int i;

	(void)state;
	scene.tenants[0].size = SMALL;
	for (i = 1; i < TENANTS; i++)
		scene.tenants[i].size = LARGE;
	run_for(1000);
	assert_true(report("one sends 60 bytes, three 1514", TENANTS) >= 0.98);
	start_counting();
	scene.tenants[1].size = 700;
	scene.tenants[2].size = 1000;
	run_for(1000);
	assert_true(report("60, 700, 1000, 1514 bytes", TENANTS) >= 0.98);
}

static void test_weights(void **state)
{
	static const u64 weights[] = { 1, 2, 4 };
	static const u32 sizes[][3] = { { LARGE, LARGE, LARGE },
					{ SMALL, LARGE, 300 },
					{ LARGE, 300, SMALL } };
	unsigned int i, j, factor;

	(void)state;
	for (factor = 1; factor <= 250; factor *= 250) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			for (i = 0; i < 3; i++) {
				scene.tenants[i].size = sizes[j][i];
				set_weight(i, weights[i] * factor);
			}
			step();
			start_counting();
			run_for(1000);
			report("weights 1:2:4", 3);
			for (i = 0; i < 3; i++) {
				const double fair = (double)weights[i] / 7;

				assert_true(share_of(i) > fair * 0.95 && share_of(i) < fair * 1.05);
			}
		}
	}
	assert_int_equal(vpio_vdev_set_weight(vdev_of(0), 0), -1);
	assert_int_equal(vpio_vdev_set_weight(vdev_of(0), VPIO_WEIGHT_MOST + 1), -1);
	assert_int_equal(vpio_vdev_set_weight(vdev_of(0), 1ull << 32 | 5), -1);
	assert_int_equal(vpio_vdev_weight(vdev_of(0)), 250);
}

/* Frames of each tenant that go before tenant 3's, from when it was ready on. */
static void send_sparse(u32 size, unsigned int most[TENANTS])
{
	const u32 ready = (u32)vpio_pdev_stats(scene.world->pdev)->tx_frames;
	unsigned int before[TENANTS] = { 0 }, i;
	u32 at = ready;

	send_one(3, size);
	for (;; at++) {
		while (scene.seen <= at)
			step();
		i = sender(&scene.world->wire[at % WORLD_CAPTURE]);
		if (i == 3)
			break;
		before[i]++;
	}
	for (i = 0; i < 3; i++) {
		if (before[i] > most[i])
			most[i] = before[i];
	}
}

/* One that sends a frame a millisecond waits for one frame of each of the others, at most. */
static void test_sparse(void **state)
{
	static const u32 sizes[] = { SMALL, 300, LARGE };
	unsigned int most[TENANTS] = { 0 }, i, j, n;
	u64 next;

	(void)state;
	for (i = 0; i < 27; i++) {
		scene.tenants[0].size = sizes[i % 3];
		scene.tenants[1].size = sizes[i / 3 % 3];
		scene.tenants[2].size = sizes[i / 9];
		for (j = 0; j < 3; j++) {
			for (n = 0; n < 100; n++) {
				next = now_ms() + 1;
				send_sparse(sizes[j], most);
				while (now_ms() < next)
					step();
			}
		}
	}
	printf("a frame a millisecond: after %u, %u, %u frames of the others at most, %.0f us at most\n",
	       most[0], most[1], most[2], (double)tenant_stats(3)->wait_most_ns / 1000);
	for (i = 0; i < 3; i++)
		assert_in_range(most[i], 0, 1);
	/* three frames of others, and what the hardware had, a frame for each of its descriptors */
	assert_true(tenant_stats(3)->wait_most_ns <= (3 + 4) * LARGE * BYTE_NS);
	assert_true(tenant_stats(3)->wait_ns / tenant_stats(3)->jobs <
		    tenant_stats(3)->wait_most_ns);
	assert_true(tenant_stats(0)->wait_ns / tenant_stats(0)->jobs >
		    tenant_stats(3)->wait_ns / tenant_stats(3)->jobs);
}

/* Who sends nothing for a while has saved up nothing. */
static void test_no_saving(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < TENANTS - 1; i++)
		scene.tenants[i].size = LARGE;
	run_for(1000);
	scene.tenants[3].size = LARGE;
	step();
	start_counting();
	run_for(20);
	assert_true(report("the fourth comes late, 20 ms", TENANTS) >= 0.98);
}

/* --- Tenants that do not play along ------------------------------------------------------ */

static void reset_tenant(unsigned int index)
{
	storm_reset(&scene.world->guests[index]);
	scene.tenants[index].lost += backlog(index);
	open_tenant(index);
}

static void reopen_tenant(unsigned int index)
{
	plug(index, false);
	plug(index, true);
	open_tenant(index);
}

static void clear_queue(unsigned int index)
{
	open_tenant(index); /* the guest's own reset of its transmitter */
}

/* Whoever begins again all the time gets no more than its share; the others share evenly. */
static void test_restless(void **state)
{
	static void (*const ways[])(unsigned int) = { clear_queue, reset_tenant, reopen_tenant };
	static const char *const names[] = { "cancels", "is reset", "is closed and opened" };
	unsigned int i, every;
	char what[64];

	(void)state;
	for (i = 0; i < TENANTS; i++)
		scene.tenants[i].size = LARGE;
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		for (every = 1; every <= 4; every *= 2) {
			const u64 end = now_ms() + 300;
			unsigned int n = 0;
			double others;

			start_counting();
			while (now_ms() < end) {
				step();
				if (++n % every == 0)
					ways[i](3);
			}
			snprintf(what, sizeof(what), "the last %s every %u steps", names[i], every);
			others = report(what, 3);
			printf("\t... and its own share is %.4f\n", share_of(3));
			assert_true(others >= 0.98);
			assert_true(share_of(3) < 0.26);
		}
	}
}

/* The round goes on without those who leave, wherever it stands. */
static void test_leave(void **state)
{
	unsigned int i, n;

	(void)state;
	for (i = 0; i < TENANTS; i++)
		scene.tenants[i].size = LARGE;
	for (n = 0; n < 60; n++) {
		i = n % TENANTS;
		run_for(1 + n % 5);
		scene.tenants[i].size = 0;
		plug(i, false);
		step();
		start_counting();
		run_for(10);
		assert_int_equal(scene.tenants[i].frames, 0);
		assert_true(scene.tenants[(i + 1) % TENANTS].frames > 20);
		plug(i, true);
		open_tenant(i);
		scene.tenants[i].size = LARGE;
	}
	start_counting();
	run_for(200);
	assert_true(report("all are back", TENANTS) >= 0.98);
}

/* --- Rates ------------------------------------------------------------------------------- */

static void set_rates(unsigned int index, u64 bytes, u64 frames)
{
	assert_int_equal(vpio_vdev_set_rate_bytes(vdev_of(index), bytes), 0);
	assert_int_equal(vpio_vdev_set_rate_frames(vdev_of(index), frames), 0);
	assert_int_equal(vpio_vdev_rate_bytes(vdev_of(index)), bytes);
	assert_int_equal(vpio_vdev_rate_frames(vdev_of(index)), frames);
}

static void assert_near(double got, double wanted)
{
	assert_true(got > wanted * 0.98 && got < wanted * 1.02);
}

/* A limit holds from its first second on, whatever the frames, and the rest is the others'. */
static void test_rates(void **state)
{
	static const struct {
		u32 size;
		u64 bytes, frames;
	} limits[] = {
		{ LARGE, 1000000, 0 },	{ 300, 1000000, 0 }, { SMALL, 200000, 0 },
		{ LARGE, 0, 1000 },	{ SMALL, 0, 5000 },  { LARGE, 1000000, 500 },
		{ LARGE, 500000, 500 },
	};
	unsigned int i, j, second;

	(void)state;
	for (j = 1; j < TENANTS; j++)
		scene.tenants[j].size = LARGE;
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		double wanted = (double)limits[i].bytes, others = 0, all = 0;

		if (limits[i].frames &&
		    (!limits[i].bytes || (double)limits[i].frames * limits[i].size < wanted))
			wanted = (double)limits[i].frames * limits[i].size;
		scene.tenants[0].size = limits[i].size;
		reset_tenant(0); /* no frames of the last size are left */
		set_rates(0, limits[i].bytes, limits[i].frames);
		for (second = 0; second < 2; second++) {
			start_counting();
			run_for(1000);
			for (j = 1, others = 0; j < TENANTS; j++)
				others += (double)scene.tenants[j].bytes;
			all = others + (double)scene.tenants[0].bytes;
			printf("%4u bytes a frame, %7llu bytes/s, %4llu frames/s: %.0f bytes/s\n",
			       limits[i].size, (unsigned long long)limits[i].bytes,
			       (unsigned long long)limits[i].frames,
			       (double)scene.tenants[0].bytes);
			assert_near((double)scene.tenants[0].bytes, wanted);
			assert_near(all, 1e9 / BYTE_NS);
			for (j = 1; j < TENANTS; j++)
				assert_near((double)scene.tenants[j].bytes, others / 3);
		}
	}
	set_rates(0, 0, 0);
	scene.tenants[0].size = LARGE;
	run_for(10);
	start_counting();
	run_for(500);
	assert_true(report("no limit any more", TENANTS) >= 0.98);
	assert_int_equal(vpio_vdev_set_rate_bytes(vdev_of(0), VPIO_RATE_MOST_BYTES + 1ull), -1);
	assert_int_equal(vpio_vdev_set_rate_frames(vdev_of(0), VPIO_RATE_MOST_FRAMES + 1ull), -1);
	set_rates(0, VPIO_RATE_MOST_BYTES, VPIO_RATE_MOST_FRAMES);
	set_rates(0, 1, 1);
	set_rates(0, 0, 0);
}

/* One that is alone is limited, too; the worker is not woken more often than there is something to do. */
static void test_rate_alone(void **state)
{
	unsigned int runs;

	(void)state;
	scene.tenants[0].size = LARGE;
	set_rates(0, 300000, 0);
	runs = scene.runs;
	run_for(1000);
	runs = scene.runs - runs;
	printf("alone, at 300000 bytes/s: %.0f, the worker ran %u times for %u frames\n",
	       (double)scene.tenants[0].bytes, runs, (unsigned int)scene.tenants[0].frames);
	assert_near((double)scene.tenants[0].bytes, 300000);
	/* a frame's start, its end, and the guest's next one */
	assert_true(runs <= 3 * scene.tenants[0].frames + 2 * BACKLOG);
	scene.tenants[0].size = 0;
	run_for(3000); /* what is left, and the clock stops */
	assert_int_equal(backlog(0), 0);
	assert_int_equal(scene.world->due, 0);
	runs = scene.runs;
	run_for(1000);
	assert_int_equal(scene.runs, runs); /* nobody is woken for nothing */
	scene.tenants[0].frames = 0;
	send_one(0, LARGE); /* the bucket is full: at once */
	step();
	step();
	assert_int_equal(scene.tenants[0].frames, 1);
}

/* A limit is not got round by a reset, or by opening again; and no pause is made up for. */
static void test_rate_restless(void **state)
{
	unsigned int n, i;

	(void)state;
	for (i = 0; i < 2; i++) {
		scene.tenants[0].size = LARGE;
		set_rates(0, 1000000, 0);
		start_counting();
		for (n = 0; n < 500; n++) {
			run_for(2);
			if (i)
				reopen_tenant(0);
			else
				reset_tenant(0);
		}
		printf("begins again all the time: %.0f bytes/s\n", (double)scene.tenants[0].bytes);
		assert_near((double)scene.tenants[0].bytes, 1000000);
	}
	scene.tenants[0].size = 0;
	run_for(1000);
	start_counting();
	scene.tenants[0].size = LARGE;
	run_for(100);
	assert_true(scene.tenants[0].bytes < 100000 + 10000 + 2 * LARGE);
}

/* Frames for other guests don't go to the wire, and are not held back. */
static void test_rate_local(void **state)
{
	struct tenant *tenant = &scene.tenants[0];
	u8 frame[NIC_BUFFER];
	unsigned int i;

	(void)state;
	set_rates(0, 1, 1);
	for (i = 0; i < 50; i++) {
		frame_make(frame, LARGE, nic_mac(&scene.world->guests[1]),
			   nic_mac(&scene.world->guests[0]), i);
		cp_send(&tenant->nic, frame, LARGE, 0, 0);
		step();
		assert_int_equal(backlog(0), 0);
		while (nic_receive(&scene.tenants[1].nic, frame))
			;
	}
	assert_int_equal(tenant_stats(1)->local_frames, 50);
	assert_int_equal(scene.world->frames, 0);
}

/* --- Tenants that compute ---------------------------------------------------------------- */

enum { TIMEOUT_MS = 5000 }; /* of the model's engine */

static int setup_edu(void **state)
{
	unsigned int i;

	memset(&scene, 0, sizeof(scene));
	scene.world = world_load("build/models/edu.vpb", TENANTS, sim_edu_create);
	if (!scene.world)
		return -1;
	*state = scene.world;
	for (i = 0; i < TENANTS; i++)
		nic_command(&scene.world->guests[i], 6);
	return 0;
}

/* A tenant computes again as soon as it has been told of the end. Its operand says whose it is. */
static void ask(unsigned int index)
{
	struct world_guest *guest = &scene.world->guests[index];

	if (scene.tenants[index].length && !(guest_in(guest, STATUS, 4) & COMPUTING))
		guest_out(guest, FACT, 4, index + 1);
}

static void settle(void)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		run_pdev();
		run_guests();
	}
}

/* One computation, which ends after its time; the others ask meanwhile. */
static void compute_one(void)
{
	unsigned int i;

	for (i = 0; i < TENANTS; i++)
		ask(i);
	settle();
	if (sim_read(scene.world->device, 0, STATUS, 4) & COMPUTING) {
		i = (unsigned int)sim_read(scene.world->device, 0, FACT, 4) - 1;
		assert_true(i < TENANTS);
		scene.world->now += scene.tenants[i].length;
		scene.tenants[i].time += scene.tenants[i].length;
	} else {
		scene.world->now += MS / 100;
	}
	sim_run(scene.world->device);
	scene.world->locked = true;
	vpio_pdev_run(scene.world->pdev, true);
	scene.world->locked = false;
	run_guests();
}

static void compute_for(unsigned int ms)
{
	const u64 end = now_ms() + ms;

	while (now_ms() < end)
		compute_one();
}

static void set_lengths(u64 a, u64 b, u64 c, u64 d)
{
	const u64 lengths[TENANTS] = { a, b, c, d };
	unsigned int i;

	for (i = 0; i < TENANTS; i++) {
		scene.tenants[i].length = lengths[i] * (MS / 10);
		scene.tenants[i].time = 0;
	}
}

static double time_of(unsigned int index)
{
	double all = 0;
	unsigned int i;

	for (i = 0; i < TENANTS; i++)
		all += (double)scene.tenants[i].time;
	return (double)scene.tenants[index].time / all;
}

static double report_times(const char *what, unsigned int count)
{
	double shares[TENANTS], index;
	unsigned int i;

	printf("%s: shares", what);
	for (i = 0; i < count; i++) {
		shares[i] = time_of(i) / vpio_vdev_weight(vdev_of(i));
		printf(" %.4f", time_of(i));
	}
	index = jain(shares, count);
	printf(", Jain index %.5f\n", index);
	return index;
}

static void test_times(void **state)
{
	(void)state;
	set_lengths(5, 5, 5, 5);
	compute_for(2000);
	assert_true(report_times("0.5 ms each", TENANTS) >= 0.98);
	set_lengths(100, 5, 10, 10);
	compute_for(5000);
	assert_true(report_times("10, 0.5, 1, 1 ms", TENANTS) >= 0.98);
	set_lengths(10, 20, 30, 40);
	compute_for(5000);
	assert_true(report_times("1, 2, 3, 4 ms", TENANTS) >= 0.98);
	set_lengths(10, 20, 40, 80);
	compute_for(10000);
	assert_true(report_times("1, 2, 4, 8 ms", TENANTS) >= 0.98);
}

/* None of them needs more than every other turn, as it can't ask before its last work has ended. */
static void test_time_weights(void **state)
{
	static const u64 lengths[][3] = { { 10, 10, 30 }, { 30, 10, 20 }, { 50, 20, 40 } };
	unsigned int i, j;

	(void)state;
	for (i = 0; i < 3; i++)
		set_weight(i, 50u << i);
	for (j = 0; j < ARRAY_SIZE(lengths); j++) {
		set_lengths(lengths[j][0], lengths[j][1], lengths[j][2], 0);
		compute_for(5000);
		report_times("weights 1:2:4", 3);
		for (i = 0; i < 3; i++) {
			const double fair = (double)(1 << i) / 7;

			assert_true(time_of(i) > fair * 0.95 && time_of(i) < fair * 1.05);
		}
	}
}

/* One that computes now and then waits for one piece of work of each of the others, at most. */
static void test_time_sparse(void **state)
{
	u64 longest;
	unsigned int n;

	(void)state;
	set_lengths(10, 30, 50, 0);
	for (n = 0; n < 200; n++) {
		compute_for(20);
		scene.tenants[3].length = MS / 10;
		ask(3);
		scene.tenants[3].length = 0;
	}
	compute_for(20);
	longest = tenant_stats(3)->wait_most_ns;
	printf("now and then: waits for %.1f ms at most beside work of 1, 3, 5 ms\n",
	       (double)longest / MS);
	assert_int_equal(tenant_stats(3)->jobs_done, 200);
	assert_true(longest <= 9 * MS + MS / 10);
}

/* Work that is left behind is paid for: by who is reset as it takes, by who leaves all it may take. */
static void test_time_restless(void **state)
{
	unsigned int way, n, i;
	double others;

	(void)state;
	for (way = 0; way < 2; way++) {
		set_lengths(10, 10, 10, 100);
		for (n = 0; n < 2000; n++) {
			for (i = 0; i < TENANTS; i++)
				ask(i);
			settle();
			if (sim_read(scene.world->device, 0, FACT, 4) == TENANTS &&
			    sim_read(scene.world->device, 0, STATUS, 4) & COMPUTING) {
				if (way)
					storm_plug(&scene.world->guests[3], false);
				if (way)
					storm_plug(&scene.world->guests[3], true);
				else
					storm_reset(&scene.world->guests[3]);
				nic_command(&scene.world->guests[3], 6);
			}
			compute_one();
		}
		others = report_times(way ? "the last leaves its work of 10 ms"
					  : "the last is reset during its work of 10 ms",
				      3);
		printf("\t... and its own share is %.4f\n", time_of(3));
		assert_true(others >= 0.98);
		assert_true(time_of(3) < 0.27);
		assert_true(scene.tenants[3].time > 0);
	}
}

/* A limit holds for the frames of a slice engine: the NE2000's. Who has none does not wait for it. */
static void test_rate_slices(void **state)
{
	struct ne drivers[NE_GUESTS];
	struct world *world;
	u8 frame[NE_LONGEST];
	unsigned int i, n;
	u64 start;

	(void)state;
	assert_int_equal(ne_setup((void **)&world), 0);
	for (i = 0; i < NE_GUESTS; i++)
		ne_open(&drivers[i], &world->guests[i], 0);
	assert_int_equal(vpio_vdev_set_rate_frames(world->guests[0].vdev, 100), 0);
	for (i = 0; i < NE_GUESTS; i++) {
		start = world->now;
		for (n = 0; n < 100; n++) {
			ne_frame(frame, 600, &world->guests[i], n);
			assert_true(ne_send(&drivers[i], frame, 600));
			ne_settle(world, drivers, NE_GUESTS);
			while (drivers[i].sent <= n && world_jump(world))
				ne_settle(world, drivers, NE_GUESTS);
		}
		printf("NE2000, tenant %u%s: 100 frames take %.3f s\n", i,
		       i ? "" : ", 100 frames/s", (double)(world->now - start) / 1e9);
		assert_int_equal(drivers[i].sent, 100);
		if (i)
			assert_true(world->now - start < 20 * MS); /* the first one's last frame */
		else
			assert_true(world->now - start > 960 * MS &&
				    world->now - start < 1020 * MS);
	}
	assert_int_equal(world->frames, 300);
	ne_teardown((void **)&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_equal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_weights, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sparse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_saving, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leave, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rate_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rate_restless, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rate_local, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rate_slices, NULL, NULL),
		cmocka_unit_test_setup_teardown(test_times, setup_edu, teardown),
		cmocka_unit_test_setup_teardown(test_time_weights, setup_edu, teardown),
		cmocka_unit_test_setup_teardown(test_time_sparse, setup_edu, teardown),
		cmocka_unit_test_setup_teardown(test_time_restless, setup_edu, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
