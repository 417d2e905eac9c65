// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Memory that goes, and resets that come, while the device is at work.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <string.h>

enum {
	ROUNDS = 4000,	   /* frames, at least */
	UNMAPPINGS = 1000, /* at least, but for at most */
	LONGEST = 10000,   /* ms */
};

static bool is_filled(const u8 *bytes, size_t size, u8 with)
{
	return bytes[0] == with && !memcmp(bytes, bytes + 1, size - 1);
}

/* A time of no certain length: mostly short, a millisecond at most. */
static void dawdle(u64 *state)
{
	volatile u64 turns = chance(state) % (16u << chance(state) % 14);

	while (turns)
		turns--;
}

/* What it puts there while it is unmapped must neither leave nor be overwritten. */
static void toggle_passing(struct toggler *t)
{
	u8 *bytes = memory(PASSING);

	memcpy(bytes, t->good, 64);
	t->errors += dma_map(t->v, PASSING, AREA, 0) != 0;
	dawdle(&t->chance);
	t->errors += dma_unmap(t->v, PASSING, AREA) != 0;
	memcpy(bytes, t->poison, 64);
	memset(bytes + 64, SOIL, 0x4000);
	dawdle(&t->chance);
	t->touched += memcmp(bytes, t->poison, 64) || !is_filled(bytes + 64, 0x4000, SOIL);
}

static void toggle_all(struct toggler *t)
{
	t->errors += dma_unmap_all(t->v) != 0;
	dawdle(&t->chance);
	t->errors += vdev_map(t->v) != 0;
	dawdle(&t->chance);
}

void *toggle(void *argument)
{
	struct toggler *t = argument;

	while (!__atomic_load_n(&t->stop, __ATOMIC_RELAXED)) {
		if (t->all)
			toggle_all(t);
		else
			toggle_passing(t);
		__atomic_fetch_add(&t->rounds, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static bool is_enough(const struct toggler *t, u32 frames, u64 start)
{
	return now_ms() - start > LONGEST ||
	       (frames >= ROUNDS && __atomic_load_n(&t->rounds, __ATOMIC_RELAXED) >= UNMAPPINGS);
}

static void stop_toggling(struct toggler *t, pthread_t thread)
{
	__atomic_store_n(&t->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	expect_value("map or unmap that failed", 0, t->errors);
	expect_value("memory overwritten after it was unmapped", 0, t->touched);
	expect(t->rounds > 100, "expected over 100 unmappings, found %llu",
	       (unsigned long long)t->rounds);
}

static void fly_tx(struct vdev *v, const struct test *t)
{
	struct toggler toggler = { .v = v, .chance = 1 };
	struct stats before;
	struct wire_count count;
	const u64 start = now_ms();
	u32 i, sent = 0, refused = 0;
	pthread_t thread;

	(void)t;
	make_frame(v, toggler.good, 64, KIND_CASE);
	make_frame(v, toggler.poison, 64, KIND_POISON);
	stats_read(v->uuid, &before);
	thread = start_thread(toggle, &toggler);
	for (i = 0; !is_enough(&toggler, i, start); i++) {
		const u32 status = send_classic(v, PASSING, 64);

		sent += (status & TSD_TOK) != 0;
		refused += (status & TSD_TABT) != 0;
	}
	stop_toggling(&toggler, thread);
	expect_value("frames that ended", i, sent + refused);
	expect(sent > 20 && refused > 20, "expected some sent and some refused, found %u and %u",
	       sent, refused);
	check_refused(v, &before, "memory", refused);
	if (wire_settle(v, &count)) {
		expect_value("frames on the wire", sent, count.cases);
		expect_value("frames on the wire from memory that was unmapped", 0, count.poison);
	}
}

bool is_quiet(struct vdev *v, const struct stats *before, u64 frames)
{
	return WAIT(stat_since(v, before, "rx_frames") + stat_since(v, before, "rx_dropped") >=
		    frames);
}

static void fly_rx(struct vdev *v, const struct test *t)
{
	struct toggler toggler = { .v = v, .chance = 2 };
	const u64 start = now_ms();
	struct stats before;
	pthread_t thread;
	u32 i;

	(void)t;
	stats_read(v->uuid, &before);
	reg_write(v, RBSTART, 4, PASSING + 64);
	thread = start_thread(toggle, &toggler);
	for (i = 0; !is_enough(&toggler, i, start); i++) {
		wire_send(v->mac, 64);
		if (i % 8 == 7 && !expect(is_quiet(v, &before, i + 1),
					  "%u frames: expected all received or dropped", i + 1))
			break;
		reg_write(v, CAPR, 2, reg_read(v, CBR, 2) - 16);
	}
	stop_toggling(&toggler, thread);
	expect_value("refusals that aren't drops", stat_since(v, &before, "rx_dropped"),
		     stat_since(v, &before, "refused.memory"));
	expect(stat_since(v, &before, "rx_dropped") > 20 &&
		       stat_since(v, &before, "rx_frames") > 20,
	       "expected some received and some refused, found %llu and %llu",
	       (unsigned long long)stat_since(v, &before, "rx_frames"),
	       (unsigned long long)stat_since(v, &before, "rx_dropped"));
	restart(v);
	check_control(v);
}

static void fly_all(struct vdev *v, const struct test *t)
{
	struct toggler toggler = { .v = v, .chance = 3, .all = true };
	const u64 start = now_ms();
	pthread_t thread;
	u32 i;

	(void)t;
	make_frame(v, memory(TX_FRAME), 64, KIND_CASE);
	thread = start_thread(toggle, &toggler);
	for (i = 0; !is_enough(&toggler, i, start); i++) {
		if (v->cplus) {
			put_cplus(v, D_FS | D_LS, TX_FRAME, 64);
			poll_cplus(v);
		} else {
			begin_classic(v, TX_FRAME, 64);
		}
		if (i % 4 == 0)
			wire_send(v->mac, 64);
		if (i % 256 == 255)
			restart(v);
	}
	stop_toggling(&toggler, thread);
	restart(v);
	wire_forget();
	check_control(v);
}

static void send_four(struct vdev *v)
{
	u32 i;

	for (i = 0; i < 4; i++) {
		if (v->cplus)
			put_cplus(v, D_FS | D_LS, TX_FRAME, 64);
		else
			begin_classic(v, TX_FRAME, 64);
	}
	if (v->cplus)
		poll_cplus(v);
}

static bool is_over(struct vdev *v, const struct stats *before)
{
	return WAIT(stat_since(v, before, "jobs_done") + stat_since(v, before, "jobs_aborted") ==
		    stat_since(v, before, "jobs"));
}

/* Resets in mid-flight; the ends of jobs from before must not count for those after. */
static void fly_reset(struct vdev *v, const struct test *t)
{
	struct stats before;
	u32 i;

	(void)t;
	make_frame(v, memory(TX_FRAME), 64, KIND_CASE);
	stats_read(v->uuid, &before);
	for (i = 0; i < 600 && !verdict.failures; i++) { /* by the guest */
		send_four(v);
		restart(v);
		if (i % 3)
			continue;
		expect(is_over(v, &before), "frames from before a reset: expected them to end");
		expect_value("ISR.TOK and TER for frames from before a reset", 0,
			     reg_read(v, ISR, 2) & (ISR_TOK | ISR_TER));
	}
	for (i = 0; i < 100; i++) { /* by the VMM */
		send_four(v);
		vdev_reset(v);
		restart(v);
	}
	pause_us(100000);
	check_control(v);
}

const struct test flight_cases[] = {
	CASE("flight-tx", "memory unmapped while frames are sent from it", fly_tx),
	CASE("flight-rx", "memory unmapped while frames are received into it", fly_rx),
	CASE("flight-all", "all memory unmapped in mid-flight", fly_all),
	CASE("flight-all-cplus", "the same in C+ mode", fly_all, true),
	CASE("flight-reset", "resets in mid-flight", fly_reset),
	CASE("flight-reset-cplus", "the same in C+ mode", fly_reset, true),
	{ .name = NULL },
};
