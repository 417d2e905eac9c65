// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A tenant of the benchmarks: a user of an RTL8139's vdev that sends full frames and sleeps until
 * the card interrupts, as a guest in C+ mode does, and says how many went and how long each took
 * from asking for it to its end.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	SIZE = 1514,		 /* bytes of a frame */
	BATCH = DESCRIPTORS / 4, /* frames asked for at a time */
	MOST_OWED = DESCRIPTORS - BATCH,
	MOST_WAITS = 1 << 20,	    /* that are kept */
	WARM_UP = 500,		    /* ms before the time that counts */
	CAUSES = ISR_TOK | ISR_TER, /* of interrupts */
};

struct tenant {
	struct vdev v;
	int interrupt;
	u32 first;		/* descriptor of the frame that was asked for first */
	u64 asked[DESCRIPTORS]; /* when, in ns */
	u64 start, end;		/* of the time that counts; ns */
	u64 frames, waited;	/* that ended in it; of these, with a place in waits */
	u64 waits[MOST_WAITS];	/* ns */
};

static u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

static void take_ended(struct tenant *t)
{
	const u64 now = now_ns();

	for (; t->first != t->v.tx_next; t->first++) {
		const u32 flags =
			__atomic_load_n(&tx_descriptor(t->first)->flags, __ATOMIC_ACQUIRE);

		if (flags & D_OWN)
			return;
		if (flags & D_TES)
			die("a frame was not sent: its descriptor ended with %#x", flags);
		if (now < t->start || now >= t->end)
			continue;
		t->frames++;
		if (t->waited < MOST_WAITS)
			t->waits[t->waited++] = now - t->asked[t->first % DESCRIPTORS];
	}
}

static void ask(struct tenant *t)
{
	u32 i;

	for (i = 0; i < BATCH; i++) {
		t->asked[t->v.tx_next % DESCRIPTORS] = now_ns();
		put_cplus(&t->v,
			  (t->v.tx_next % DESCRIPTORS == DESCRIPTORS - 1 ? D_EOR : 0) | D_FS | D_LS,
			  TX_FRAME, SIZE);
	}
	poll_cplus(&t->v);
}

/* Until there was an interrupt; what has ended by then was acknowledged, and is yet to be taken. */
static void sleep_until_interrupted(struct tenant *t)
{
	if (!signals(t->interrupt, PATIENCE))
		die("no interrupt within %u ms, and %u frames have not ended", PATIENCE,
		    t->v.tx_next - t->first);
	reg_write(&t->v, ISR, 2, reg_read(&t->v, ISR, 2));
	if (set_irqs(&t->v, NONE | UNMASK, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, NULL, 0))
		die("the interrupt cannot be unmasked");
}

static int compare(const void *a, const void *b)
{
	const u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

static void say(struct tenant *t, u64 ms)
{
	const u64 count = t->waited;

	if (!count)
		die("no frame was sent in %llu ms", (unsigned long long)ms);
	qsort(t->waits, count, sizeof(*t->waits), compare);
	printf("frames %llu\nns %llu\nmedian_ns %llu\np99_ns %llu\nmost_ns %llu\n",
	       (unsigned long long)t->frames, (unsigned long long)(t->end - t->start),
	       (unsigned long long)t->waits[count / 2],
	       (unsigned long long)t->waits[count * 99 / 100],
	       (unsigned long long)t->waits[count - 1]);
}

int tenant(const char *uuid, const char *milliseconds)
{
	static struct tenant t;
	const u64 ms = strtoull(milliseconds, NULL, 0);
	char byte;
	int error = vdev_open(&t.v, uuid);

	if (error)
		die("vdev %s: %s", uuid, strerror(error));
	wire_find();
	start_cplus(&t.v);
	t.interrupt = new_eventfd();
	connect_eventfd(&t.v, TRIGGER, t.interrupt);
	reg_write(&t.v, IMR, 2, CAUSES);
	make_frame(&t.v, memory(TX_FRAME), SIZE, KIND_CASE);
	printf("ready\n");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	t.start = now_ns() + WARM_UP * 1000000ull;
	t.end = t.start + ms * 1000000;
	while (now_ns() < t.end) {
		take_ended(&t);
		if (t.v.tx_next - t.first <= MOST_OWED)
			ask(&t);
		else
			sleep_until_interrupted(&t);
	}
	say(&t, ms);
	vdev_close(&t.v);
	return 0;
}
