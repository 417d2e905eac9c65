// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The soak on a simulated edu: factorials, and transfers between a tenant's memory and the buffer in
 * the device that each tenant believes to be its own. It keeps a copy of what the buffer must hold, and
 * all that comes back is compared with that. When the device has failed meanwhile, the buffer may hold
 * what it held before, but never a byte of another's: each byte has its tenant's mark.
 */
#include "edu.h"
#include "soak.h"

#include <stdio.h>

enum {
	OUT = 0x10000,	/* in the guest's memory: what goes to the device, */
	BACK = 0x20000, /* and what comes back, with as much on either side that must not change */
	SOIL = 0xfd,	/* what that holds; no mark */
};

/* What a tenant has under way, and what must be in the device. */
static struct work {
	bool computing, moving, to_memory;
	u32 argument, offset, length;
	u64 computing_since, moving_since;
	u64 computing_failed, moving_failed; /* jobs of this vdev that had failed before */
	u64 computing_trouble;
	u64 number;  /* of the last pattern */
	bool known;  /* the copy is what is there, */
	u64 trouble; /* as long as the device has had no more trouble */
	u8 copy[SIZE];
} works[WORLD_GUESTS];

static u64 transfers, excused;

/* The upper 5 bits are the mark, from 1 on: 0 is what a buffer holds at first. */
static u8 marked_byte(const struct tenant *t, u64 number, u32 at)
{
	return (u8)((t->index + 1) << 3 | ((number * 5 + at * 3 + (at >> 6)) & 7));
}

static u32 edu_kind(const struct tenant *t)
{
	(void)t;
	return 0;
}

static void edu_start(struct tenant *t)
{
	struct work *work = &works[t->index];
	const u64 number = work->number;

	memset(work, 0, sizeof(*work));
	work->number = number;
	nic_command(t->guest, 6);
	soak_out(t, ACK, 4, 0xffffffff);
}

/* Two for each tenant, so that a result says whose it is. */
static u32 own_argument(const struct tenant *t, u32 which)
{
	return 2 + 2 * t->index + which;
}

static void begin_factorial(struct tenant *t, struct work *work)
{
	work->argument = own_argument(t, dice(t, 2));
	work->computing = true;
	work->computing_failed = STAT(t, jobs_aborted);
	work->computing_trouble = troubles();
	work->computing_since = soak_now();
	soak_out(t, FACT, 4, work->argument);
}

static void end_factorial(struct tenant *t, struct work *work)
{
	const u32 found = (u32)soak_in(t, FACT, 4), wanted = factorial(work->argument);
	bool excuse;

	work->computing = false;
	took(t, work->computing_since);
	t->checked += 4;
	if (found == wanted)
		return;
	/*
	 * What the device had when it failed is gone: then the vdev has what was saved before. And one
	 * that has just vanished reads as all ones.
	 */
	excuse = is_gone() || STAT(t, jobs_aborted) != work->computing_failed ||
		 work->computing_trouble != troubles();
	t->aborted += excuse;
	if (!excuse || (found && ~found && found != factorial(own_argument(t, 0)) &&
			found != factorial(own_argument(t, 1))))
		wrong("tenant %u: %u!: expected %#x, found %#x%s", t->index, work->argument, wanted,
		      found, excuse ? ", which is another tenant's" : ", and nothing has failed");
}

/* A whole buffer first, as nobody says what is in a device at the beginning; then any part. */
static void begin_transfer(struct tenant *t, struct work *work)
{
	u8 bytes[3 * SIZE];
	u32 i;

	if (work->known && work->trouble != troubles())
		work->known = false;
	work->to_memory = work->known && dice(t, 2);
	work->offset = work->known ? dice(t, SIZE) : 0;
	work->length = work->known ? 1 + dice(t, SIZE - work->offset) : SIZE;
	work->moving = true;
	work->moving_failed = STAT(t, jobs_aborted);
	work->moving_since = soak_now();
	if (work->to_memory) {
		memset(bytes, SOIL, sizeof(bytes));
		guest_store(t->guest, BACK, bytes, sizeof(bytes));
	} else {
		work->number++;
		for (i = 0; i < work->length; i++)
			bytes[i] = marked_byte(t, work->number, i);
		guest_store(t->guest, OUT, bytes, work->length);
		memcpy(work->copy + work->offset, bytes, work->length);
		if (!work->known)
			work->trouble = troubles();
		work->known = true;
	}
	soak_out(t, SRC, 8, work->to_memory ? BUFFER + work->offset : OUT);
	soak_out(t, DST, 8, work->to_memory ? BACK + SIZE : BUFFER + work->offset);
	soak_out(t, COUNT, 8, work->length);
	soak_out(t, CMD, 8, RUN | IRQ | (work->to_memory ? TO_MEMORY : 0));
}

static bool is_own(const struct tenant *t, u8 byte)
{
	return !byte || byte == SOIL || byte >> 3 == t->index + 1;
}

static void check_back(struct tenant *t, const struct work *work, bool excuse)
{
	u8 back[3 * SIZE];
	u32 i;

	guest_load(t->guest, BACK, back, sizeof(back));
	t->checked += work->length;
	for (i = 0; i < sizeof(back); i++) {
		const u32 at = i - SIZE;
		const bool inside = at < work->length;
		const u8 wanted = inside ? work->copy[work->offset + at] : SOIL;

		if (back[i] == wanted || (inside && excuse && is_own(t, back[i])))
			continue;
		wrong("tenant %u: byte %d of %u from the device's buffer at %#x: expected %#x, found %#x%s",
		      t->index, (int)at, work->length, work->offset, wanted, back[i],
		      inside && !is_own(t, back[i]) ? ", which is another tenant's" : "");
		return;
	}
}

static void end_transfer(struct tenant *t, struct work *work)
{
	const bool failed = STAT(t, jobs_aborted) != work->moving_failed;
	const bool excuse = failed || work->trouble != troubles();

	soak_out(t, ACK, 4, CAUSE_DMA);
	work->moving = false;
	took(t, work->moving_since);
	t->shared++;
	__atomic_fetch_add(excuse ? &excused : &transfers, 1, __ATOMIC_RELAXED);
	t->aborted += failed;
	if (work->to_memory)
		check_back(t, work, excuse);
	if (excuse)
		work->known = false;
}

/* A light one only computes. */
static void edu_work(struct tenant *t, bool more)
{
	struct work *work = &works[t->index];

	if (work->computing && !(soak_in(t, STATUS, 4) & COMPUTING))
		end_factorial(t, work);
	if (work->moving && soak_in(t, CAUSES, 4) & CAUSE_DMA)
		end_transfer(t, work);
	if (more && !work->moving && !t->light)
		begin_transfer(t, work);
	if (more && !work->computing)
		begin_factorial(t, work);
	t->is_busy = work->computing || work->moving;
}

static void edu_load(struct tenant *t)
{
	edu_start(t);
	begin_transfer(t, &works[t->index]);
	begin_factorial(t, &works[t->index]);
}

static void edu_access(struct tenant *t)
{
	static const u32 hot[] = { 0, 4, FACT, STATUS, CAUSES, RAISE, ACK, SRC, DST, COUNT, CMD };
	static const u64 places[] = { OUT,   BACK,	WORLD_MEMORY - 8,  WORLD_MEMORY,
				      ~0ull, BUFFER,	BUFFER + SIZE - 1, 1,
				      SIZE,  0x0ffffff0 };
	const u32 size = 1u << dice(t, 4);
	const u32 offset = dice(t, 8) ? hot[dice(t, sizeof(hot) / 4)] : dice(t, 0x100000);
	const u64 value = dice(t, 2) ? places[dice(t, sizeof(places) / 8)]
				     : soak_chance(&t->chance);

	if (dice(t, 3))
		soak_out(t, offset & ~(size - 1), size, value);
	else
		soak_in(t, offset & ~(size - 1), size);
}

static void edu_misaddress(struct tenant *t)
{
	static const u64 places[] = { WORLD_MEMORY - 32, WORLD_MEMORY, 1ull << 40, ~0ull - 15,
				      0x0ffffff0 };
	static const u64 buffers[] = { 0, BUFFER + SIZE - 1, BUFFER - 1, ~0ull - 15 };
	static const u64 counts[] = { 0, 1, SIZE, SIZE + 1, ~0ull };
	const bool out = dice(t, 2);
	const u64 there = dice(t, 4) ? places[dice(t, sizeof(places) / 8)] : OUT;
	const u64 here = dice(t, 2) ? BUFFER : buffers[dice(t, sizeof(buffers) / 8)];

	soak_out(t, SRC, 8, out ? here : there);
	soak_out(t, DST, 8, out ? there : here);
	soak_out(t, COUNT, 8, dice(t, 2) ? 64 : counts[dice(t, sizeof(counts) / 8)]);
	soak_out(t, CMD, 8, RUN | (out ? TO_MEMORY : 0));
}

static void edu_judge(void)
{
	soak_verdict(
		transfers > 0,
		"%llu transfers right to the last byte, %llu more while the device failed, without a byte of another's",
		(unsigned long long)transfers, (unsigned long long)excused);
}

const struct soak_device soak_edu = {
	.name = "edu",
	.kinds = { "transfers" },
	.kind_of = edu_kind,
	.bar = 0,
	.wait_most_ms = 60000,
	.faults = { SIM_FAULT_TX_HANG, SIM_FAULT_SPURIOUS_IRQ, SIM_FAULT_LOST_IRQ,
		    SIM_FAULT_STORM },
	.fault_count = 4,
	.start = edu_start,
	.work = edu_work,
	.load = edu_load,
	.access = edu_access,
	.misaddress = edu_misaddress,
	.judge = edu_judge,
};
