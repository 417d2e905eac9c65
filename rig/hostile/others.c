// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Users of a vdev that are not hostile, or only until somebody kills them: what the script
 * tests/rig/hostile starts beside the cases.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

/* Requests and answers of a bystander; each has its own number of 1 to 99. */
struct asking {
	u64 asked[100]; /* when; 0: answered */
	u64 requests, replies, slowest, strangers;
};

static void take_replies(struct vdev *v, struct asking *a)
{
	u8 frame[FRAME_MOST + 4];
	u32 length, i;

	while ((length = receive(v, frame, sizeof(frame)))) {
		const u32 type = (u32)(frame[12] << 8 | frame[13]);

		/* of the frames of FRAME_TYPE only those from the peer are for it */
		a->strangers += memcmp(frame, v->mac, 6) ||
				(type == FRAME_TYPE && frame[18] != KIND_WIRE);
		for (i = 1; i < 100; i++) {
			if (!a->asked[i] || !is_arp_reply(frame, length, (u8)(100 + i)))
				continue;
			if (now_ms() - a->asked[i] > a->slowest)
				a->slowest = now_ms() - a->asked[i];
			a->asked[i] = 0;
			a->replies++;
		}
	}
}

int bystander(const char *uuid)
{
	struct asking a = { .requests = 0 };
	struct vdev v;
	u64 next, last;
	int error = vdev_open(&v, uuid);

	wire_open();
	verdict = (struct verdict){ .name = "bystander" };
	if (error)
		die("vdev %s: %s", uuid, strerror(error));
	signal(SIGTERM, end);
	start_classic(&v);
	next = now_ms();
	while (!ended) {
		const u32 number = (u32)(1 + a.requests % 99);

		if (now_ms() >= next) {
			next += 50;
			make_arp(&v, memory(TX_MARKER), (u8)(100 + number));
			a.asked[number] = now_ms();
			a.requests++;
			expect(send_classic(&v, TX_MARKER, 60) & TSD_TOK,
			       "a request: expected it sent");
		}
		take_replies(&v, &a);
		pause_us(2000);
	}
	for (last = now_ms() + PATIENCE; a.replies < a.requests && now_ms() < last; pause_us(1000))
		take_replies(&v, &a);
	expect(a.replies == a.requests, "%llu requests: expected as many replies, found %llu",
	       (unsigned long long)a.requests, (unsigned long long)a.replies);
	expect(!a.strangers, "expected nobody else's frames, found %llu",
	       (unsigned long long)a.strangers);
	expect_value("refusals", 0, stat_now(&v, "refusals"));
	vdev_close(&v);
	printf("%s - bystander: %llu requests, %llu replies, slowest %llu ms%s%s\n",
	       verdict.failures ? "not ok" : "ok", (unsigned long long)a.requests,
	       (unsigned long long)a.replies, (unsigned long long)a.slowest,
	       verdict.failures ? ": " : "", verdict.first);
	return verdict.failures != 0;
}

int flood_until_killed(const char *uuid)
{
	struct toggler toggler = { .chance = 7, .all = true };
	struct vdev v;
	int fd, error = vdev_open(&v, uuid);

	if (error)
		die("vdev %s: %s", uuid, strerror(error));
	wire_open();
	start_classic(&v);
	start_interrupts(&v, &fd);
	connect_eventfd(&v, UNMASK, new_eventfd());
	toggler.v = &v;
	start_thread(toggle, &toggler);
	printf("flooding\n");
	flood(&v);
	return 0;
}

int hold(const char *uuid)
{
	struct vdev v;
	int error = vdev_open(&v, uuid);
	const int request = new_eventfd();

	if (error)
		die("vdev %s: %s", uuid, strerror(error));
	error = set_irqs(&v, EVENTFD | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, &request, 4);
	if (error)
		die("request eventfd: %s", strerror(error));
	start_classic(&v);
	printf("holding\n");
	while (!signals(request, 1000))
		;
	vdev_close(&v);
	printf("released\n");
	return 0;
}
