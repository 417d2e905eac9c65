// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The soak in user space: many tenants share a simulated device that misbehaves in every way it knows.
 * Most are honest and check every byte that they get; the others misbehave, too.
 *
 *   soak rtl8139 | edu [--threads] [--seed N] [--steps N | --seconds N] [--tenants N]
 *
 * In one thread, time is a number, and the seed (with the number of steps) says all that happens: the
 * same seed does the same again, to the last byte. With --threads each tenant is a thread, the workers
 * and the device are others, and the locks are real: the seed says what each thread tries, in its order,
 * but not who comes first. Prints TAP and figures; exit status 0 if all is well.
 */
#include "jain.h"
#include "soak.h"

#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	STEPS = 200000, /* unless somebody says otherwise */
	SPEED = 50,	/* threads: of the world's clock, so that deadlines pass in a short run */
	LATER = 100000, /* ms of the world: nothing that is under way takes longer, whatever failed */
	REVIVE = 100,	/* steps of the device after which somebody revives it, in the mean */
	FAULT = 600,	/* likewise: until the next fault */
	STALLED = 128, /* steps without an end of any work after which time passes faster */
	FATAL = 32,    /* times as rare: a fault that puts it out of service */
	PEACE = 3,     /* pieces of honest work of a hostile tenant, between two acts */
	BYTE_NS = 80,  /* on a wire of 100 Mbit/s */
};

/* An odd number with bits everywhere: makes small seeds unlike each other. */
#define SPREAD 0x9e3779b97f4a7c15ull

/* Of the honest tenants that ask for as much as there is: 1 is all the same. */
static const double JAIN_LEAST = 0.95;

struct soak soak;
static unsigned int bad;
static u64 wall_end; /* ms; 0: there is a number of steps */

static const char *const act_names[ACTS] = {
#define NAME(name, what) what,
	SOAK_ACTS(NAME)
};

static const char *const fault_names[SIM_FAULTS] = {
	[SIM_FAULT_TX_HANG] = "a job that never ends",
	[SIM_FAULT_SPURIOUS_IRQ] = "an interrupt without a cause",
	[SIM_FAULT_LOST_IRQ] = "a lost interrupt",
	[SIM_FAULT_RX_OVERFLOW] = "no room for a frame",
	[SIM_FAULT_RX_HEADER] = "a corrupt header",
	[SIM_FAULT_DMA_ADDR] = "DMA to a wrong address",
	[SIM_FAULT_RESET_STUCK] = "a reset that takes too long",
	[SIM_FAULT_LINK_DOWN] = "a link that is down",
	[SIM_FAULT_GONE] = "a device that does not answer",
	[SIM_FAULT_STORM] = "an interrupt that comes back at once",
};

/* --- What devices use -------------------------------------------------------------------- */

u64 soak_chance(u64 *state)
{
	*state ^= *state << 13; /* xorshift64 */
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

u32 dice(struct tenant *t, u32 below)
{
	return (u32)(soak_chance(&t->chance) >> 16) % below;
}

void wrong(const char *format, ...)
{
	va_list args;

	if (__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED) >= 10)
		return;
	printf("not ok - soak %s: ", soak.device->name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

bool is_wrong(void)
{
	return __atomic_load_n(&bad, __ATOMIC_RELAXED) != 0;
}

void soak_verdict(bool good, const char *format, ...)
{
	va_list args;

	bad += !good;
	printf("%s - soak %s%s: ", good ? "ok" : "not ok", soak.device->name,
	       soak.threads ? " with threads" : "");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

u64 soak_now(void)
{
	struct timespec time;

	if (!soak.world->threaded)
		return soak.world->now;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return ((u64)time.tv_sec * 1000000000 + (u64)time.tv_nsec) * soak.world->speed;
}

void took(struct tenant *t, u64 since)
{
	const u64 time = soak_now() - since;

	t->done++;
	if (time > t->longest)
		t->longest = time;
}

u64 stat_of(struct tenant *t, size_t offset)
{
	u64 value;

	guest_lock(t->guest);
	memcpy(&value, (const u8 *)vpio_vdev_stats(t->guest->vdev) + offset, sizeof(value));
	guest_unlock(t->guest);
	return value;
}

u64 troubles(void)
{
	const struct vpio_pdev_stats *stats = vpio_pdev_stats(soak.world->pdev);
	u64 sum;

	world_lock(soak.world);
	sum = stats->recoveries + soak.world->turns;
	world_unlock(soak.world);
	return sum;
}

bool is_gone(void)
{
	bool gone;

	world_lock(soak.world);
	gone = !sim_is_present(soak.world->device);
	world_unlock(soak.world);
	return gone;
}

/* --- Time, in one thread ----------------------------------------------------------------- */

static void pass(struct world *world, u64 ns)
{
	unsigned int i;

	world->now += ns;
	world->woken |= world->due && world->due <= world->now;
	for (i = 0; i < world->count; i++) {
		struct world_guest *guest = &world->guests[i];

		if (!guest->due || guest->due > world->now)
			continue;
		guest->due = 0;
		guest->woken = true;
	}
	world_run(world);
}

/* --- Registers --------------------------------------------------------------------------- */

/* An access that must wait for an engine is made again when it is there, as an embedder does. */
static int access_waiting(struct tenant *t, bool write, u64 offset, unsigned int size, u64 *value)
{
	const u64 end = soak_now() + LATER * 1000000ull;
	int result;

	for (;;) {
		guest_lock(t->guest);
		if (write)
			result = vpio_vdev_write(t->guest->vdev, soak.device->bar, offset, value,
						 size);
		else
			result = vpio_vdev_read(t->guest->vdev, soak.device->bar, offset, value,
						size);
		guest_unlock(t->guest);
		if (result != VPIO_WAIT)
			return result;
		t->waits++;
		while (vpio_vdev_waits(t->guest->vdev)) {
			if (soak_now() > end) {
				wrong("tenant %u: a register access waits for ever", t->index);
				return -1;
			}
			if (soak.threads)
				sched_yield();
			else
				pass(soak.world, 1000000);
		}
	}
}

u64 soak_in(struct tenant *t, u64 offset, unsigned int size)
{
	u64 value = 0;

	t->accesses++;
	access_waiting(t, false, offset, size, &value);
	return value;
}

void soak_out(struct tenant *t, u64 offset, unsigned int size, u64 value)
{
	t->accesses++;
	access_waiting(t, true, offset, size, &value);
}

/* --- Tenants ----------------------------------------------------------------------------- */

static void set_hole(struct tenant *t, u64 hole, u64 size)
{
	guest_lock(t->guest);
	t->guest->hole = hole;
	t->guest->hole_size = size;
	guest_unlock(t->guest);
}

static void do_act(struct tenant *t, enum act act)
{
	u32 i;

	t->acts[act]++;
	switch (act) {
	case ACT_REGISTERS:
		for (i = dice(t, 200); i; i--)
			soak.device->access(t);
		break;
	case ACT_ADDRESSES:
		for (i = 0; i < 5; i++)
			soak.device->misaddress(t);
		break;
	case ACT_UNMAP:
		soak.device->load(t);
		set_hole(t, (u64)dice(t, WORLD_MEMORY / 4096) * 4096, (u64)dice(t, 64) * 4096);
		break;
	case ACT_RESET:
		soak.device->load(t);
		storm_reset(t->guest);
		break;
	case ACT_CLOSE:
		soak.device->load(t);
		storm_plug(t->guest, false);
		storm_plug(t->guest, true);
		break;
	case ACT_REMOVED:
		soak.device->load(t);
		storm_replace(t->guest);
		break;
	case ACT_STOPPED:
		soak.device->load(t);
		t->stopped = 20 + dice(t, 200); /* of its steps, nothing is done */
		break;
	case ACTS:
		break;
	}
	t->trial = PEACE;
	t->wild = true;
}

/* A hostile one, after what it did: its device is as new, and it works like everybody. */
static void work_again(struct tenant *t)
{
	set_hole(t, 0, 0);
	storm_reset(t->guest);
	soak.device->start(t);
	t->wild = false;
}

static void step(struct tenant *t, bool more)
{
	const u64 before = t->done;

	if (t->stopped) {
		t->stopped--;
		return;
	}
	if (!t->hostile) {
		if (t->index % 2 && more && !dice(t, 4000)) /* its ring fills */
			t->stopped = dice(t, 400);
		soak.device->work(t, more && (!t->light || !dice(t, 8)));
		return;
	}
	if (t->wild && !dice(t, 4))
		work_again(t);
	else if (!t->wild && (t->trial || !more))
		soak.device->work(t, more);
	else if (!t->wild)
		do_act(t, dice(t, ACTS));
	if (t->trial && t->done != before)
		t->trial--;
}

/* --- The device -------------------------------------------------------------------------- */

static void revive(void)
{
	if (vpio_pdev_health(soak.world->pdev) == VPIO_WORKING)
		return;
	if (!vpio_pdev_revive(soak.world->pdev))
		soak.revivals++;
	__atomic_store_n(&soak.world->woken, true, __ATOMIC_RELEASE);
}

/* What the device does wrong, and who helps it up. With the pdev's lock. */
static void misbehave(u64 *chance)
{
	const u64 value = soak_chance(chance);
	const enum sim_fault fault = soak.device->faults[(value >> 32) % soak.device->fault_count];

	if (value % FAULT == 0)
		sim_fault(soak.world->device, fault, 1 + (u32)(value >> 16) % 3);
	if (value % (FAULT * FATAL) == 1)
		sim_fault(soak.world->device, SIM_FAULT_GONE, SIM_FOREVER);
	if (value % (FAULT * FATAL) == 2)
		sim_fault(soak.world->device, SIM_FAULT_TX_HANG, SIM_FOREVER);
	if (value % (FAULT * FATAL) == 4)
		sim_fault(soak.world->device, SIM_FAULT_STORM, SIM_FOREVER);
	if (value % (FAULT * FATAL) == 5)
		sim_fault(soak.world->device, SIM_FAULT_SPURIOUS_IRQ, SIM_FOREVER);
	if (value % FAULT == 6) {
		sim_fault(soak.world->device, SIM_FAULT_STORM, 0);
		sim_fault(soak.world->device, SIM_FAULT_SPURIOUS_IRQ, 0);
	}
	if (value % FAULT == 7) /* is through with what it is told at once, or takes its time again */
		sim_set_immediate(soak.world->device, value >> 40 & 1);
	if (value % REVIVE == 3 && vpio_pdev_health(soak.world->pdev) != VPIO_WORKING) {
		sim_fault(soak.world->device, SIM_FAULT_GONE, 0);
		sim_fault(soak.world->device, SIM_FAULT_TX_HANG, 0);
		revive();
	}
}

/* No fault is left, and it works. With the pdev's lock. */
static void mend(void)
{
	unsigned int fault;

	for (fault = 0; fault < SIM_FAULTS; fault++)
		sim_fault(soak.world->device, fault, 0);
	revive();
}

/* --- One thread -------------------------------------------------------------------------- */

static u64 wall_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (u64)time.tv_sec * 1000 + (u64)time.tv_nsec / 1000000;
}

/* Pieces of work that have ended, of all. */
static u64 done(void)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < soak.count; i++)
		sum += soak.tenants[i].done;
	return sum;
}

static void one_step(u64 *chance)
{
	struct world *world = soak.world;
	const u64 value = soak_chance(chance);

	step(&soak.tenants[value % soak.count], true);
	world_lock(world);
	misbehave(chance);
	if (soak.device->outside)
		soak.device->outside(chance);
	world_unlock(world);
	world->rounds = 1 + (value >> 16) % 2;
	if ((value >> 20) % 4 == 0)
		world_run(world);
	if ((value >> 24) % 64 == 0)
		pass(world, (value >> 32) % 2000000);
	if (soak.steps % STALLED)
		return;
	if (done() == soak.stalled_at) /* all wait for something that only time brings */
		pass(world, VPIO_TICK_MS * 1000000ull);
	soak.stalled_at = done();
}

static bool is_drained(void)
{
	u32 i;

	for (i = 0; i < soak.count && !soak.tenants[i].is_busy && !soak.tenants[i].wild; i++)
		;
	return i == soak.count;
}

/* What is under way ends, and what is in inboxes is taken. */
static void drain(void)
{
	const u64 end = soak.world->now + LATER * 1000000ull;
	u32 i, quiet = 0;

	while (soak.world->now < end && quiet < 100) {
		for (i = 0; i < soak.count; i++)
			step(&soak.tenants[i], false);
		pass(soak.world, 10000000);
		quiet = is_drained() ? quiet + 1 : 0;
	}
}

/* Everybody gets work done in the end, whatever was done to the device, and by whom. */
static void work_once_more(void)
{
	const u64 end = soak.world->now + LATER * 1000000ull;
	u64 before[WORLD_GUESTS], failed[WORLD_GUESTS];
	u32 i, served = 0;

	for (i = 0; i < soak.count; i++) {
		before[i] = soak.tenants[i].done;
		failed[i] = soak.tenants[i].aborted;
	}
	while (served < soak.count && soak.world->now < end) {
		for (i = 0, served = 0; i < soak.count; i++) {
			struct tenant *t = &soak.tenants[i];

			soak.device->work(t, t->done < before[i] + PEACE);
			served += t->done >= before[i] + PEACE && t->aborted == failed[i];
		}
		pass(soak.world, 1000000);
	}
	if (served < soak.count)
		wrong("when all is over, only %u of %u tenants get their work done", served,
		      soak.count);
}

static void run_steps(u64 seed, u64 steps)
{
	u64 chance = ~seed * SPREAD | 1;

	for (; wall_end ? wall_ms() < wall_end : soak.steps < steps; soak.steps++)
		one_step(&chance);
	world_lock(soak.world);
	mend();
	world_unlock(soak.world);
	soak.world->rounds = 1000;
	drain();
	work_once_more();
	drain();
}

/* --- Threads ----------------------------------------------------------------------------- */

enum { WORKING, ENDING, OVER };

static int phase(void)
{
	return __atomic_load_n(&soak.phase, __ATOMIC_ACQUIRE);
}

static void nap(unsigned int us)
{
	const struct timespec time = { .tv_nsec = us * 1000 };

	nanosleep(&time, NULL);
}

static void *live(void *argument)
{
	struct tenant *t = argument;

	while (phase() != OVER) {
		step(t, phase() == WORKING);
		if (phase() == ENDING)
			__atomic_store_n(&t->is_drained, !t->is_busy && !t->wild, __ATOMIC_RELEASE);
		if (!dice(t, 4))
			nap(dice(t, 100));
	}
	return NULL;
}

/* Whoever looks without a lock, as monitor.h lets everybody, and as often as can be. */
static void *look(void *argument)
{
	u64 *seen = argument;
	u32 i;

	while (phase() != OVER) {
		*seen += vpio_pdev_health(soak.world->pdev) != VPIO_WORKING;
		for (i = 0; i < soak.count; i++) {
			const struct tenant *t = &soak.tenants[i];

			if (t->hostile) /* whose vdev may be gone any moment */
				continue;
			*seen += vpio_vdev_waits(t->guest->vdev) + vpio_vdev_holds(t->guest->vdev);
		}
		sched_yield();
	}
	return NULL;
}

static void *work_pdev(void *argument)
{
	(void)argument;
	while (phase() != OVER) {
		if (!world_run_pdev(soak.world))
			nap(20);
	}
	return NULL;
}

static void *work_vdevs(void *argument)
{
	bool ran;
	u32 i;

	(void)argument;
	while (phase() != OVER) {
		ran = false;
		for (i = 0; i < soak.count; i++)
			ran |= world_run_guest(&soak.world->guests[i]);
		if (!ran)
			nap(20);
	}
	return NULL;
}

static void *be_device(void *argument)
{
	u64 chance = ~*(u64 *)argument * SPREAD | 1;
	bool mended = false;

	while (phase() != OVER) {
		world_lock(soak.world);
		if (phase() == WORKING) {
			misbehave(&chance);
			if (soak.device->outside)
				soak.device->outside(&chance);
		} else if (!mended) {
			mend();
			mended = true;
		}
		world_unlock(soak.world);
		world_run_device(soak.world);
		soak.steps++;
		if (soak_chance(&chance) % 4 == 0)
			nap(50);
	}
	return NULL;
}

static bool all_drained(void)
{
	u32 i;

	for (i = 0; i < soak.count; i++) {
		if (!__atomic_load_n(&soak.tenants[i].is_drained, __ATOMIC_ACQUIRE))
			return false;
	}
	return true;
}

/* What an administrator may do at any time. */
static void change_settings(u64 *chance)
{
	const u64 value = soak_chance(chance);
	struct tenant *t = &soak.tenants[value % soak.count];

	vpio_pdev_set_quantum(soak.world->pdev, (value >> 8) % 4000);
	vpio_pdev_set_poll(soak.world->pdev, (value >> 20) % 2 * 200);
	if (t->hostile) /* whose vdev may be gone any moment */
		return;
	vpio_vdev_set_weight(t->guest->vdev, 50 + (value >> 24) % 100);
	vpio_vdev_set_interrupt_us(t->guest->vdev, (value >> 32) % 2 * 100);
	vpio_vdev_set_interrupt_events(t->guest->vdev, 1 + (value >> 36) % 100);
}

static void run_threads(u64 seed)
{
	pthread_t threads[WORLD_GUESTS + 4];
	u64 end, seen = 0, chance = (seed + 1) * SPREAD | 1;
	u32 i;

	for (i = 0; i < soak.count; i++)
		pthread_create(&threads[i], NULL, live, &soak.tenants[i]);
	pthread_create(&threads[i++], NULL, work_pdev, NULL);
	pthread_create(&threads[i++], NULL, work_vdevs, NULL);
	pthread_create(&threads[i++], NULL, be_device, &seed);
	pthread_create(&threads[i++], NULL, look, &seen);
	while (wall_ms() < wall_end) {
		change_settings(&chance);
		nap(20000);
	}
	__atomic_store_n(&soak.phase, ENDING, __ATOMIC_RELEASE);
	for (end = wall_ms() + 60000; wall_ms() < end && !all_drained();)
		nap(10000);
	nap(500000); /* what is in inboxes is taken */
	__atomic_store_n(&soak.phase, OVER, __ATOMIC_RELEASE);
	while (i)
		pthread_join(threads[--i], NULL);
	soak.world->threaded = false;
}

/* --- The verdict ------------------------------------------------------------------------- */

/* How even the shares of the honest tenants of a kind are, and how many there are. */
static double evenness(u32 kind, u32 *count)
{
	double shares[ARRAY_SIZE(soak.tenants)];
	u32 i;

	*count = 0;
	for (i = 0; i < soak.count; i++) {
		const struct tenant *t = &soak.tenants[i];

		if (!t->hostile && !t->light && soak.device->kind_of(t) == kind)
			shares[(*count)++] = (double)t->shared;
	}
	return jain(shares, *count);
}

static void report_tenants(void)
{
	u64 done = 0, aborted = 0, checked = 0, accesses = 0, waits = 0, acts[ACTS] = { 0 };
	u64 longest = 0;
	u32 i, j;

	for (i = 0; i < soak.count; i++) {
		const struct tenant *t = &soak.tenants[i];

		done += t->done;
		aborted += t->aborted;
		checked += t->checked;
		accesses += t->accesses;
		waits += t->waits;
		for (j = 0; j < ACTS; j++)
			acts[j] += t->acts[j];
		if (!t->hostile && t->longest > longest)
			longest = t->longest;
	}
	printf("# done: %llu pieces of work, %llu failed; %llu bytes checked; %llu register accesses, %llu waits; "
	       "the longest piece of work %.3f ms\n",
	       (unsigned long long)done, (unsigned long long)aborted, (unsigned long long)checked,
	       (unsigned long long)accesses, (unsigned long long)waits, (double)longest / 1e6);
	for (j = 0; j < ACTS; j++)
		printf("# survived: %s, %llu times\n", act_names[j], (unsigned long long)acts[j]);
}

static void report_device(void)
{
	const struct vpio_pdev_stats *stats = vpio_pdev_stats(soak.world->pdev);
	unsigned int i, j;

	for (i = 0; i < SIM_FAULTS; i++) {
		const u64 count = sim_stats(soak.world->device)->faults[i];

		if (count)
			printf("# survived: %s, %llu times\n", fault_names[i],
			       (unsigned long long)count);
	}
	for (j = 0; j < VPIO_REFUSALS; j++) {
		u64 sum = 0;

		for (i = 0; i < soak.count; i++)
			sum += soak.tenants[i].guest->refused[j];
		if (sum)
			printf("# refused: %s, %llu times\n", vpio_refusal_name(j),
			       (unsigned long long)sum);
	}
	printf("# device: %llu hand-offs, the longest %.3f ms; %llu recoveries, %llu storms, %llu lost interrupts, "
	       "%llu times out of service or back, %llu revivals\n",
	       (unsigned long long)stats->hand_offs, (double)stats->hand_off_most_ns / 1e6,
	       (unsigned long long)stats->recoveries, (unsigned long long)stats->storms,
	       (unsigned long long)stats->lost, (unsigned long long)soak.world->turns,
	       (unsigned long long)soak.revivals);
}

/* With threads, who comes when is for the host's scheduler to say: then these are figures only. */
static void judge_shares(u64 wait)
{
	u32 kind, count;

	for (kind = 0; soak.device->kinds[kind]; kind++) {
		const double index = evenness(kind, &count);

		if (!count)
			continue;
		if (soak.threads)
			printf("# shares of %u honest tenants, %s: Jain index %.4f\n", count,
			       soak.device->kinds[kind], index);
		else
			soak_verdict(
				index >= JAIN_LEAST,
				"shares of %u honest tenants, %s: expected a Jain index of at least %.2f, found %.4f",
				count, soak.device->kinds[kind], JAIN_LEAST, index);
	}
	if (soak.threads)
		printf("# longest that an honest tenant waited for its turn: %.3f ms\n",
		       (double)wait / 1e6);
	else
		soak_verdict(
			wait < soak.device->wait_most_ms * 1000000ull,
			"longest that an honest tenant waited for its turn: expected less than %u ms, found %.3f ms",
			soak.device->wait_most_ms, (double)wait / 1e6);
}

static void judge(void)
{
	const struct vpio_pdev_stats *stats = vpio_pdev_stats(soak.world->pdev);
	u64 wait = 0, refusals = 0;
	u32 i;

	for (i = 0; i < soak.count; i++) {
		struct tenant *t = &soak.tenants[i];
		const struct vpio_vdev_stats *of = vpio_vdev_stats(t->guest->vdev);

		if (t->is_busy)
			wrong("tenant %u: what it has begun never ends", i);
		if (t->hostile)
			continue;
		refusals += of->refusals;
		wait = of->wait_most_ns > wait ? of->wait_most_ns : wait;
	}
	soak_verdict(!bad,
		     "all that honest tenants began has ended, every byte that they got was right");
	soak_verdict(!refusals, "honest tenants were refused nothing, found %llu",
		     (unsigned long long)refusals);
	soak_verdict(!stats->model_errors, "no handler of the model went wrong, found %llu",
		     (unsigned long long)stats->model_errors);
	soak_verdict(!soak.world->stray, "no DMA outside of the memories for it, found %llu",
		     (unsigned long long)soak.world->stray);
	judge_shares(wait);
	soak.device->judge();
	report_tenants();
	report_device();
}

/* --- The program ------------------------------------------------------------------------- */

/* Every fourth tenant is hostile, and some more, by the seed; of the honest ones, two are light. */
static void choose_roles(u64 seed)
{
	u64 chance = seed * SPREAD;
	u32 i, light = 0;

	for (i = 0; i < soak.count; i++) {
		struct tenant *t = &soak.tenants[i];

		t->index = i;
		t->guest = &soak.world->guests[i];
		t->chance = (soak_chance(&chance) ^ (i + 1) * SPREAD) | 1;
		t->hostile = i % 4 == seed / 2 % 4 || soak_chance(&chance) % 12 == 0;
		t->light = !t->hostile && light < 2 && ++light;
		if (t->hostile) { /* which is nothing to the others */
			vpio_vdev_set_weight(t->guest->vdev, 1 + soak_chance(&chance) % 100);
			vpio_vdev_set_rate_frames(t->guest->vdev,
						  500 + soak_chance(&chance) % 10000);
			vpio_vdev_set_rate_bytes(t->guest->vdev,
						 100000 + soak_chance(&chance) % 10000000);
		}
		guest_lock(t->guest);
		vpio_vdev_set_interrupt_us(t->guest->vdev, soak_chance(&chance) % 2 * 100);
		guest_unlock(t->guest);
	}
	vpio_pdev_set_poll(soak.world->pdev, soak_chance(&chance) % 2 * 200);
}

static void make_world(const char *model)
{
	char path[64];
	size_t size = 0;
	void *block;

	snprintf(path, sizeof(path), "build/models/%s.vpb", model);
	block = world_file(path, &size);
	if (!block) {
		fprintf(stderr, "soak: %s: no compiled model: make it first (make models)\n", path);
		exit(2);
	}
	soak.world = world_create(block, size, soak.count, storm_device_for(model));
	free(block);
	world_require(soak.world != NULL, "the model is refused");
	soak.world->byte_ns = BYTE_NS;
	soak.world->peer = soak.device->peer;
	soak.world->peer_priv = soak.world;
}

static int usage(void)
{
	fputs("usage: soak rtl8139 | edu [--threads] [--seed N] [--steps N | --seconds N] [--tenants N]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	u64 seed = wall_ms(), steps = STEPS, seconds = 0;
	u32 i;

	soak.count = WORLD_GUESTS;
	if (argc < 2)
		return usage();
	soak.device = !strcmp(argv[1], "edu") ? &soak_edu : &soak_rtl8139;
	if (strcmp(argv[1], soak.device->name))
		return usage();
	for (i = 2; i < (u32)argc; i++) {
		u64 *number = !strcmp(argv[i], "--seed")      ? &seed
			      : !strcmp(argv[i], "--steps")   ? &steps
			      : !strcmp(argv[i], "--seconds") ? &seconds
							      : NULL;

		if (!strcmp(argv[i], "--threads"))
			soak.threads = true;
		else if (!strcmp(argv[i], "--tenants") && i + 1 < (u32)argc)
			soak.count = (u32)strtoul(argv[++i], NULL, 0);
		else if (number && i + 1 < (u32)argc)
			*number = strtoull(argv[++i], NULL, 0);
		else
			return usage();
	}
	if (soak.count < 4 || soak.count > WORLD_GUESTS)
		return usage();
	if (soak.threads && !seconds)
		seconds = 5;
	seed = seed ? seed : 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_world(argv[1]);
	choose_roles(seed);
	for (i = 0; i < soak.count; i++)
		soak.device->start(&soak.tenants[i]);
	world_run(soak.world);
	wall_end = seconds ? wall_ms() + seconds * 1000 : 0;
	printf("# soak %s: %u tenants, seed %llu\n", argv[1], soak.count, (unsigned long long)seed);
	if (soak.threads) {
		soak.world->speed = SPEED;
		soak.world->threaded = true;
		run_threads(seed);
	} else {
		run_steps(seed, steps);
	}
	judge();
	printf("# %s: soak %s --seed %llu --tenants %u %s %llu\n",
	       soak.threads ? "to try the same again" : "to do the same again", argv[1],
	       (unsigned long long)seed, soak.count,
	       soak.threads ? "--threads --seconds" : "--steps",
	       (unsigned long long)(soak.threads ? seconds : soak.steps));
	world_destroy(soak.world);
	return bad != 0;
}
