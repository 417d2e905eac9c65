// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The soak on edu: factorials, and transfers between a tenant's memory and the buffer in the device,
 * which each tenant believes to be its own. It keeps a copy of what the buffer must hold; all that
 * comes back is compared with that, and what lies around it in memory must stay as it was.
 */
#define _GNU_SOURCE
#include "soak.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "../../tests/edu.h"

enum {
	WINDOW = 0x100000,	  /* bytes of the registers' BAR */
	OUT = TX_FRAME,		  /* what goes to the device */
	BACK = TX_FRAME + 0x4000, /* what comes back, with SIZE bytes of soil on either side */
	MOST_FACT = 33,		  /* beyond that all results are 0 */
};

/* What is under way, and what must be in the device. */
static struct {
	bool computing, moving, to_memory;
	u32 argument;
	u64 computing_since, moving_since;
	u32 offset, length;
	u64 number; /* of the last pattern */
	bool known; /* the copy is what the device has */
	u8 copy[SIZE];
} work;

static void edu_start(struct tenant *t, struct vdev *v)
{
	const u64 number = work.number;

	(void)t;
	memset(&work, 0, sizeof(work));
	work.number = number;
	config_write(v, COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
	reg_write(v, ACK, 4, 0xffffffff);
}

static void begin_factorial(struct tenant *t, struct vdev *v)
{
	work.argument = dice(t, MOST_FACT + 1);
	work.computing = true;
	work.computing_since = now_ns();
	reg_write(v, FACT, 4, work.argument);
}

/* A whole buffer first, as nobody says what is in a device at the beginning; then any part. */
static void begin_transfer(struct tenant *t, struct vdev *v)
{
	u32 i;

	work.to_memory = work.known && dice(t, 2);
	work.offset = work.known ? dice(t, SIZE) : 0;
	work.length = work.known ? 1 + dice(t, SIZE - work.offset) : SIZE;
	work.moving = true;
	work.moving_since = now_ns();
	if (work.to_memory) {
		memset(memory(BACK), SOIL, 3 * SIZE);
	} else {
		u8 *out = memory(OUT);

		work.number++;
		for (i = 0; i < work.length; i++)
			out[i] = marked_byte(SOAK_MARK + t->index, work.number, i);
		memcpy(work.copy + work.offset, out, work.length);
		work.known = true;
	}
	reg_write(v, SRC, 8, work.to_memory ? BUFFER + work.offset : OUT);
	reg_write(v, DST, 8, work.to_memory ? BACK + SIZE : BUFFER + work.offset);
	reg_write(v, COUNT, 8, work.length);
	reg_write(v, CMD, 8, RUN | IRQ | (work.to_memory ? TO_MEMORY : 0));
}

static void be_woken(int signal)
{
	(void)signal;
}

/*
 * Touches the engine before it is its turn, which lets a vCPU wait, and wants to be interrupted by a
 * signal: the access has not been made then, and the work goes on.
 */
static void wait_impatiently(struct tenant *t, struct vdev *v)
{
	const struct sigaction action = { .sa_handler = be_woken }; /* without SA_RESTART */
	const struct itimerval soon = { .it_value = { .tv_usec = 50 } }, never = { 0 };
	u32 value;

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	if (pread(v->device, &value, 4, (off_t)(v->regs + FACT)) < 0)
		t->interrupted += expect(errno == EINTR,
					 "a wait: expected a signal or the turn, found %s",
					 strerror(errno));
	setitimer(ITIMER_REAL, &never, NULL);
}

static void end_factorial(struct tenant *t, struct vdev *v)
{
	const u32 found = (u32)reg_read(v, FACT, 4);

	work.computing = false;
	took(t, work.computing_since);
	t->checked += 4;
	expect(found == factorial(work.argument), "%u!: expected %#x, found %#x", work.argument,
	       factorial(work.argument), found);
}

static void end_transfer(struct tenant *t, struct vdev *v)
{
	const u8 *back = memory(BACK);
	u32 i;

	reg_write(v, ACK, 4, CAUSE_DMA);
	work.moving = false;
	took(t, work.moving_since);
	t->shared++;
	t->bytes += work.length;
	if (!work.to_memory)
		return;
	t->checked += work.length;
	for (i = 0; i < 3 * SIZE; i++) {
		const u32 at = i - SIZE;
		const u8 wanted = at < work.length ? work.copy[work.offset + at] : SOIL;

		if (!expect(back[i] == wanted,
			    "byte %d of %u from the device's buffer at %#x: expected %#x, found %#x",
			    (int)at, work.length, work.offset, wanted, back[i]))
			return;
	}
}

/* A light one only computes. */
static bool edu_work(struct tenant *t, struct vdev *v, bool more)
{
	if (work.computing && !(reg_read(v, STATUS, 4) & COMPUTING))
		end_factorial(t, v);
	if (work.moving && reg_read(v, CAUSES, 4) & CAUSE_DMA)
		end_transfer(t, v);
	if (more && !work.moving && !t->light)
		begin_transfer(t, v);
	if (more && !work.computing) {
		begin_factorial(t, v);
		if (t->light)
			wait_impatiently(t, v);
	} else {
		pause_us(500);
	}
	return work.computing || work.moving;
}

static void edu_load(struct tenant *t, struct vdev *v)
{
	edu_start(t, v);
	begin_transfer(t, v);
	begin_factorial(t, v);
}

static void edu_access(struct tenant *t, struct vdev *v)
{
	static const u32 hot[] = { 0, 4, FACT, STATUS, CAUSES, RAISE, ACK, SRC, DST, COUNT, CMD };
	static const u64 places[] = { OUT,	     BACK,    HOLE,  READ_ONLY,
				      WRITE_ONLY,    PASSING, ~0ull, BUFFER,
				      BUFFER + 4095, 1,	      4096,  0x0ffffff0 };
	const u32 size = 1u << dice(t, 4);
	const u32 offset = (dice(t, 8) ? hot[dice(t, ARRAY_SIZE(hot))] : dice(t, WINDOW)) &
			   ~(size - 1);

	if (dice(t, 3))
		reg_write(v, offset, size,
			  dice(t, 2) ? places[dice(t, ARRAY_SIZE(places))] : chance(&t->chance));
	else
		reg_read(v, offset, size);
}

static void edu_misaddress(struct tenant *t, struct vdev *v)
{
	static const u64 places[] = { HOLE, PASSING, WRITE_ONLY, HOME_END - 32, HIGH, WRAPS };
	static const u64 buffers[] = { 0, BUFFER, BUFFER + 4095, BUFFER - 1, WRAPS };
	static const u64 counts[] = { 0, 1, 4096, 4097, ~0ull };
	const bool out = dice(t, 2);
	const u64 there = dice(t, 4) ? places[dice(t, ARRAY_SIZE(places))] : OUT;
	const u64 here = dice(t, 2) ? BUFFER : buffers[dice(t, ARRAY_SIZE(buffers))];

	reg_write(v, SRC, 8, out ? here : there);
	reg_write(v, DST, 8, out ? there : here);
	reg_write(v, COUNT, 8, dice(t, 2) ? 64 : counts[dice(t, ARRAY_SIZE(counts))]);
	reg_write(v, CMD, 8, RUN | (out ? TO_MEMORY : 0));
}

static void edu_finish(struct tenant *t, struct vdev *v)
{
	(void)t;
	expect_value("pieces of work that were not done", 0, stat_now(v, "jobs_aborted"));
}

static bool edu_outside(void)
{
	pause_us(5000);
	return false;
}

static u32 edu_kind(const struct tenant *t)
{
	(void)t;
	return 0;
}

static void edu_report(void)
{
	u64 done = 0, checked = 0, interrupted = 0;
	u32 i;

	for (i = 0; i < soak->count; i++) {
		if (soak->tenants[i].hostile)
			continue;
		done += soak->tenants[i].shared;
		checked += soak->tenants[i].checked;
		interrupted += soak->tenants[i].interrupted;
	}
	verdict_of(done && checked,
		   "honest tenants: %llu transfers; all %llu bytes right that came back",
		   (unsigned long long)done, (unsigned long long)checked);
	verdict_of(interrupted != 0, "waits for an engine that a signal ended: %llu",
		   (unsigned long long)interrupted);
}

const struct soak_device soak_edu = {
	.name = "edu",
	.kinds = { "transfers" },
	.kind_of = edu_kind,
	.wait_most_ms = 30000, /* QEMU takes 100 ms for each transfer, and a hand-off is two */
	.start = edu_start,
	.work = edu_work,
	.load = edu_load,
	.access = edu_access,
	.misaddress = edu_misaddress,
	.finish = edu_finish,
	.outside = edu_outside,
	.report = edu_report,
};
