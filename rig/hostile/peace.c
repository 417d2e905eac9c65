// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What a vdev must do for a peaceful user, so that the refusals elsewhere are not for nothing:
 * well-behaved frames go, and get their answers.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <string.h>

void control(struct vdev *v, const struct test *t)
{
	(void)t;
	wire_forget();
	check_control(v);
	check_wire(v, 0);
}

/* What is just within the limits is sent, so that the refusals below are not for nothing. */
static void accept_classic(struct vdev *v, const struct test *t)
{
	static const struct {
		u64 address;
		u32 size;
	} good[] = {
		{ TX_FRAME, 14 },
		{ TX_FRAME, 60 },
		{ TX_FRAME + 3, 77 },
		{ TX_FRAME, FRAME_MOST },
		{ HOME, 64 },
		{ HOME_END - 64, 64 },
		{ READ_ONLY, 64 },
		{ HOME + HOME_SIZE / 2 - 32, 64 },
		{ TOP + PAGE - 64, 64 },
		{ ZERO, 64 },
	};
	struct stats before;
	u32 i, status;

	(void)t;
	stats_read(v->uuid, &before);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		u8 frame[FRAME_MOST];

		make_frame(v, frame, good[i].size, KIND_CASE);
		if (good[i].address == HOME + HOME_SIZE / 2 - 32) {
			memcpy(memory(good[i].address), frame, 64);
		} else {
			memcpy(memory(good[i].address), frame, good[i].size);
		}
		status = send_classic(v, good[i].address, good[i].size);
		expect(status & TSD_TOK, "%u bytes at %#llx: expected TSD.TOK, found %#x",
		       good[i].size, (unsigned long long)good[i].address, status);
	}
	check_refused(v, &before, NULL, 0);
	check_wire(v, ARRAY_SIZE(good));
}

static void accept_cplus(struct vdev *v, const struct test *t)
{
	struct stats before;
	u32 first, last;

	(void)t;
	stats_read(v->uuid, &before);
	make_frame(v, memory(HIGH), 64, KIND_CASE);
	first = put_cplus(v, D_FS | D_LS, HIGH, 64);
	make_frame(v, memory(TX_FRAME), FRAME_MOST, KIND_CASE);
	put_cplus(v, D_FS, TX_FRAME, 14);
	put_cplus(v, 0, HOLE, 0);
	last = put_cplus(v, D_LS, TX_FRAME + 14, FRAME_MOST - 14);
	poll_cplus(v);
	expect(!(wait_cplus(last) & (D_OWN | D_TES)),
	       "a frame in pieces: expected it sent, found %#x", tx_descriptor(last)->flags);
	expect(!(tx_descriptor(first)->flags & (D_OWN | D_TES)),
	       "a frame above 4 GiB: expected it sent, found %#x", tx_descriptor(first)->flags);
	check_refused(v, &before, NULL, 0);
	check_wire(v, 2);
}

const struct test peace_cases[] = {
	CASE("control", "a well-behaved frame gets its answer", control),
	CASE("control-cplus", "the same in C+ mode", control, true),
	CASE("accept", "what is just within the limits is sent", accept_classic),
	CASE("accept-cplus", "the same in C+ mode", accept_cplus, true),
	{ .name = NULL },
};
