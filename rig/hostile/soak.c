// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The soak: one process for each tenant, and the referee, who starts them, kills and wakes those that
 * are to be, plays what is outside of the device, and judges when all is over.
 */
#define _GNU_SOURCE
#include "soak.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../tests/jain.h"

enum {
	OPENING_MS = 60000,
	ENDING_MS = 120000, /* what was under way has ended by then, whoever else works */
	QUIET_MS = 1000,    /* after that nothing comes any more */
	STOP_MS = 50,	    /* that a tenant is stopped */
};

/* Of honest tenants that ask for as much as there is, in the same way: 1 is all the same. */
static const double JAIN_LEAST = 0.9;

struct soak *soak;
static unsigned int bad;
static pid_t pids[SOAK_TENANTS];
static const char *const act_names[ACTS] = {
#define NAME(name, what) what,
	SOAK_ACTS(NAME)
};

u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

u32 dice(struct tenant *t, u32 below)
{
	return (u32)(chance(&t->chance) >> 16) % below;
}

void took(struct tenant *t, u64 since)
{
	const u64 time = now_ns() - since;

	t->done++;
	if (time > t->longest)
		t->longest = time;
}

static enum phase phase(void)
{
	return __atomic_load_n(&soak->phase, __ATOMIC_ACQUIRE);
}

/* --- A tenant ---------------------------------------------------------------------------- */

static void open_again(struct tenant *t, struct vdev *v)
{
	const int error = vdev_open(v, t->uuid);

	if (error)
		die("opening vdev %s: %s", t->uuid, strerror(error));
}

/* Takes and gives memory while the device is at work in it. */
static void unmap_in_flight(struct tenant *t, struct vdev *v)
{
	u32 i;

	for (i = 0; i < 20; i++) {
		soak->device->load(t, v);
		pause_us(dice(t, 500));
		expect_value("unmap", 0, (u64)dma_unmap_all(v));
		pause_us(dice(t, 500));
		expect_value("map", 0, (u64)vdev_map(v));
	}
}

static void do_act(struct tenant *t, struct vdev *v, enum act act)
{
	u32 i;

	t->acts[act]++;
	switch (act) {
	case ACT_REGISTERS:
		for (i = dice(t, 400); i; i--, t->accesses++)
			soak->device->access(t, v);
		break;
	case ACT_ADDRESSES:
		for (i = 0; i < 10; i++)
			soak->device->misaddress(t, v);
		break;
	case ACT_UNMAP:
		unmap_in_flight(t, v);
		break;
	case ACT_RESET:
		for (i = 0; i < 5; i++) {
			soak->device->load(t, v);
			vdev_reset(v);
			if (dice(t, 2))
				soak->device->start(t, v);
		}
		break;
	case ACT_CLOSE:
		soak->device->load(t, v);
		vdev_close(v);
		open_again(t, v);
		break;
	case ACT_STOPPED:
		soak->device->load(t, v);
		raise(SIGSTOP); /* until the referee has seen it, and for a moment longer */
		break;
	case ACT_KILLED:
		soak->device->load(t, v);
		raise(SIGKILL);
		break;
	case ACTS:
		break;
	}
}

/* Whatever it has done: its device and its memory are as new, and it works like everybody. */
static void work_again(struct tenant *t, struct vdev *v)
{
	const u64 end = now_ms() + PATIENCE * 4, before = t->done;
	bool busy;

	vdev_reset(v);
	expect_value("unmap", 0, (u64)dma_unmap_all(v));
	expect_value("map", 0, (u64)vdev_map(v));
	soak->device->start(t, v);
	do {
		busy = soak->device->work(t, v, t->done < before + 3);
	} while ((busy || t->done < before + 3) && now_ms() < end && phase() <= WORKING);
	expect(t->done > before || phase() > WORKING,
	       "work after something hostile: expected it done, found nothing done");
}

static void be_hostile(struct tenant *t, struct vdev *v)
{
	while (phase() == WORKING) {
		do_act(t, v, dice(t, ACTS));
		work_again(t, v);
	}
}

static void be_honest(struct tenant *t, struct vdev *v)
{
	u64 next = 0;
	bool more;

	while (phase() == WORKING) {
		more = !t->light || now_ms() >= next;
		if (more && t->light)
			next = now_ms() + 20;
		soak->device->work(t, v, more);
	}
}

/* kB of memory that is pinned or locked for this process. */
static u64 pinned(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[128];
	unsigned long long value;
	u64 sum = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "VmLck: %llu", &value) == 1 ||
		    sscanf(line, "VmPin: %llu", &value) == 1)
			sum += value;
	}
	if (file)
		fclose(file);
	return sum;
}

static void fill_guard(const struct tenant *t)
{
	u8 *bytes = memory(GUARD);
	u32 i;

	for (i = 0; i < GUARD_SIZE; i++)
		bytes[i] = marked_byte(SOAK_MARK + t->index, 0, i);
}

static void check_guard(const struct tenant *t)
{
	const u8 *bytes = memory(GUARD);
	u32 i;

	for (i = 0; i < GUARD_SIZE; i++) {
		if (!expect(bytes[i] == marked_byte(SOAK_MARK + t->index, 0, i),
			    "memory that was never given to the device: it was written at %#x",
			    GUARD + i))
			return;
	}
}

static void live(struct tenant *t)
{
	static char name[48];
	struct vdev v;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(name, sizeof(name), "%s tenant %u", t->hostile ? "hostile" : "honest", t->index);
	verdict = (struct verdict){ .name = name };
	open_again(t, &v);
	memcpy(t->mac, v.mac, sizeof(t->mac));
	if (!t->hostile) /* a hostile one gives all that it has to the device */
		fill_guard(t);
	soak->device->start(t, &v);
	t->at_open = stat_now(&v, "rx_frames");
	__atomic_store_n(&t->is_open, true, __ATOMIC_RELEASE);
	while (phase() == OPENING)
		pause_us(1000);
	if (t->hostile)
		be_hostile(t, &v);
	else
		be_honest(t, &v);
	while (phase() == ENDING) {
		if (!soak->device->work(t, &v, false))
			__atomic_store_n(&t->is_drained, true, __ATOMIC_RELEASE);
	}
	if (!t->hostile) {
		soak->device->finish(t, &v);
		check_guard(t);
	}
	vdev_reset(&v); /* some others may still send to it */
	expect_value("unmap", 0, (u64)dma_unmap_all(&v));
	vdev_close(&v);
	expect_value("kB pinned or locked at the end", 0, pinned());
	t->failures += verdict.failures;
	memcpy(t->first, verdict.first, sizeof(t->first));
	fflush(stdout);
	_exit(0);
}

/* --- The referee ------------------------------------------------------------------------- */

void verdict_of(bool good, const char *format, ...)
{
	va_list args;

	bad += !good;
	printf("%s - soak %s: ", good ? "ok" : "not ok", soak->device->name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

u64 sum_of(const char *name, bool honest)
{
	struct stats stats;
	u64 sum = 0;
	u32 i;

	for (i = 0; i < soak->count; i++) {
		if (honest && soak->tenants[i].hostile)
			continue;
		stats_read(soak->tenants[i].uuid, &stats);
		sum += stats_get(&stats, name);
	}
	return sum;
}

static void give_birth(u32 i)
{
	struct tenant *t = &soak->tenants[i];

	fflush(stdout);
	t->lives++;
	pids[i] = fork();
	if (!pids[i])
		live(t);
	if (pids[i] < 0)
		die("fork: %s", strerror(errno));
}

/* What the kernel says of a tenant's process: its state, and where in the kernel it waits. */
static void where_is(pid_t pid, char text[96])
{
	char path[40], state = '?', where[64] = "?";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
			state = '?';
		fclose(file);
	}
	snprintf(path, sizeof(path), "/proc/%d/wchan", (int)pid);
	file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%63s", where) != 1)
			strcpy(where, "?");
		fclose(file);
	}
	snprintf(text, 96, "pid %d, state %c, in %s", (int)pid, state, where);
}

static u32 tenant_of(pid_t pid)
{
	u32 i;

	for (i = 0; i < soak->count && pids[i] != pid; i++)
		;
	return i;
}

/*
 * Tenants that were killed live again, and those that have stopped go on after a while, counted from
 * when they have really stopped: no signal wakes one that is still on its way there. No other ends
 * before all is over.
 */
static void look_after_tenants(void)
{
	static u64 stopped[SOAK_TENANTS];
	int status;
	pid_t pid;
	u32 i;

	while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
		i = tenant_of(pid);
		if (i == soak->count)
			continue;
		if (WIFSTOPPED(status)) {
			stopped[i] = now_ms();
			continue;
		}
		pids[i] = 0;
		stopped[i] = 0;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && soak->tenants[i].hostile)
			give_birth(i);
		else if (!WIFEXITED(status) || WEXITSTATUS(status) || phase() != OVER)
			verdict_of(false, "tenant %u ended with status %#x", i, status);
	}
	for (i = 0; i < soak->count; i++) {
		if (!stopped[i] || now_ms() - stopped[i] < STOP_MS)
			continue;
		stopped[i] = 0;
		kill(pids[i], SIGCONT);
	}
}

static bool all_open(void)
{
	u32 i;

	for (i = 0; i < soak->count; i++) {
		if (!__atomic_load_n(&soak->tenants[i].is_open, __ATOMIC_ACQUIRE))
			return false;
	}
	return true;
}

static bool all_drained(void)
{
	u32 i;

	for (i = 0; i < soak->count; i++) {
		if (!__atomic_load_n(&soak->tenants[i].is_drained, __ATOMIC_ACQUIRE))
			return false;
	}
	return true;
}

static bool all_gone(void)
{
	u32 i;

	for (i = 0; i < soak->count && !pids[i]; i++)
		;
	return i == soak->count;
}

static bool is_quiet_outside(void)
{
	static u64 since;

	if (soak->device->outside())
		since = now_ms();
	return now_ms() - since > QUIET_MS;
}

/* The referee does little, and must not be late: what comes from outside is not kept for ever. */
static void take_precedence(void)
{
	const struct sched_param priority = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority))
		die("real-time priority: %s", strerror(errno));
}

/* Lets a phase go on until something holds, or for so long. */
static bool go_on(enum phase now, bool (*until)(void), u64 ms)
{
	const u64 end = now_ms() + ms;

	__atomic_store_n(&soak->phase, now, __ATOMIC_RELEASE);
	while (now_ms() < end && !(until && until()) && !bad) {
		look_after_tenants();
		soak->device->outside();
	}
	return until && until();
}

/* Every third or fourth tenant is hostile, by the seed; of the honest ones, two are light. */
static void choose_roles(void)
{
	u64 dice = seed;
	u32 i, light = 0;

	for (i = 0; i < soak->count; i++) {
		struct tenant *t = &soak->tenants[i];

		t->index = i;
		t->chance = (chance(&dice) ^ (i + 1) * 0x9e3779b97f4a7c15ull) | 1;
		t->hostile = i % 4 == seed / 2 % 4 || chance(&dice) % 12 == 0;
		t->light = !t->hostile && light < 2 && ++light;
	}
}

/* How even the shares of the honest tenants of a kind are, and how many there are. */
static double evenness(u32 kind, u32 *count)
{
	double shares[SOAK_TENANTS];
	u32 i;

	*count = 0;
	for (i = 0; i < soak->count; i++) {
		const struct tenant *t = &soak->tenants[i];

		if (!t->hostile && !t->light && soak->device->kind_of(t) == kind)
			shares[(*count)++] = (double)t->shared;
	}
	return jain(shares, *count);
}

static void judge_shares(void)
{
	u32 kind, saturating;

	for (kind = 0; soak->device->kinds[kind]; kind++) {
		const double index = evenness(kind, &saturating);

		if (!saturating)
			continue;
		verdict_of(
			index >= JAIN_LEAST,
			"shares of %u honest tenants, %s: expected a Jain index of at least %.2f, found %.4f",
			saturating, soak->device->kinds[kind], JAIN_LEAST, index);
	}
}

static void judge_waits(void)
{
	struct stats stats;
	u64 most = 0, wait;
	u32 i, whose = 0;

	for (i = 0; i < soak->count; i++) {
		stats_read(soak->tenants[i].uuid, &stats);
		wait = stats_get(&stats, "wait_most_ns");
		if (soak->tenants[i].hostile || wait < most)
			continue;
		most = wait;
		whose = i;
	}
	verdict_of(
		most < soak->device->wait_most_ms * 1000000ull,
		"longest that an honest tenant waited for its turn: expected less than %u ms, found %.3f ms (tenant %u)",
		soak->device->wait_most_ms, (double)most / 1e6, whose);
}

static void report_tenants(void)
{
	u64 done = 0, aborted = 0, checked = 0, accesses = 0, acts[ACTS] = { 0 };
	u32 i, j, lives = 0;

	for (i = 0; i < soak->count; i++) {
		const struct tenant *t = &soak->tenants[i];

		done += t->done;
		aborted += t->aborted;
		checked += t->checked;
		accesses += t->accesses;
		lives += t->lives - 1;
		for (j = 0; j < ACTS; j++)
			acts[j] += t->acts[j];
		printf("# tenant %2u, %s: %llu pieces of work, %llu shared, %llu bytes, longest %.3f ms\n",
		       i,
		       t->hostile ? "hostile"
		       : t->light ? "light"
				  : "honest",
		       (unsigned long long)t->done, (unsigned long long)t->shared,
		       (unsigned long long)t->bytes, (double)t->longest / 1e6);
	}
	printf("# done: %llu pieces of work, %llu failed; %llu bytes checked; %llu hostile accesses; "
	       "%u tenants killed and born again\n",
	       (unsigned long long)done, (unsigned long long)aborted, (unsigned long long)checked,
	       (unsigned long long)accesses, lives);
	for (j = 0; j < ACTS; j++)
		printf("# survived: %s, %llu times\n", act_names[j], (unsigned long long)acts[j]);
}

static void report_refusals(void)
{
	struct stats stats;
	u32 j;

	stats_read(soak->tenants[0].uuid, &stats);
	for (j = 0; j < stats.count; j++) {
		if (!strncmp(stats.row[j].name, "refused.", 8))
			printf("# refused: %s, %llu times\n", stats.row[j].name + 8,
			       (unsigned long long)sum_of(stats.row[j].name, false));
	}
}

static void judge(bool ended)
{
	const struct tenant *t;
	char where[96];
	u32 i;

	verdict_of(ended, "all that was under way ended");
	for (i = 0; i < soak->count; i++) {
		t = &soak->tenants[i];
		if (t->is_drained)
			continue;
		where_is(pids[i], where);
		verdict_of(false, "tenant %u still waits for the device (%s)", i, where);
	}
	for (i = 0; i < soak->count; i++) {
		t = &soak->tenants[i];
		if (t->failures)
			verdict_of(false, "%s tenant %u: %u failures, the first: %s",
				   t->hostile ? "hostile" : "honest", i, t->failures, t->first);
	}
	for (i = 0; i < soak->count && !soak->tenants[i].failures; i++)
		;
	verdict_of(i == soak->count, "no tenant found anything wrong");
	verdict_of(!sum_of("refusals", true), "honest tenants were refused nothing, found %llu",
		   (unsigned long long)sum_of("refusals", true));
	verdict_of(sum_of("refusals", false) > 0, "hostile tenants were refused %llu times",
		   (unsigned long long)sum_of("refusals", false));
	judge_shares();
	judge_waits();
	soak->device->report();
	report_tenants();
	report_refusals();
}

int soak_run(const char *device, char **uuids, u32 count)
{
	bool ended;
	u32 i;

	soak = mmap(NULL, sizeof(*soak), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (soak == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	soak->device = !strcmp(device, "edu") ? &soak_edu : &soak_rtl8139;
	if (strcmp(device, soak->device->name))
		die("no soak for %s: rtl8139 or edu", device);
	if (count < 4 || count > SOAK_TENANTS)
		die("a soak takes 4 to %d vdevs, not %u", SOAK_TENANTS, count);
	soak->count = count;
	verdict = (struct verdict){ .name = "referee" };
	for (i = 0; i < count; i++)
		snprintf(soak->tenants[i].uuid, sizeof(soak->tenants[i].uuid), "%s", uuids[i]);
	choose_roles();
	printf("# soak %s: %u tenants, --seed %llu --seconds %u\n", device, count,
	       (unsigned long long)seed, seconds);
	if (soak->device == &soak_rtl8139)
		wire_open();
	take_precedence();
	for (i = 0; i < count; i++)
		give_birth(i);
	if (!go_on(OPENING, all_open, OPENING_MS))
		die("not all tenants could open their vdevs");
	go_on(WORKING, NULL, (u64)seconds * 1000);
	ended = go_on(ENDING, all_drained, ENDING_MS);
	ended &= go_on(ENDING, is_quiet_outside, ENDING_MS);
	go_on(OVER, all_gone, ENDING_MS);
	verdict_of(all_gone(), "all tenants ended");
	judge(ended);
	verdict_of(!verdict.failures, "all was right outside of the device%s%s",
		   verdict.failures ? ": " : "", verdict.first);
	for (i = 0; i < count; i++) {
		if (pids[i])
			kill(pids[i], SIGKILL);
	}
	return bad != 0;
}
