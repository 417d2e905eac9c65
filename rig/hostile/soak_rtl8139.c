// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The soak on an RTL8139: frames between tenants, to the peer on the wire, and from it. Each has the
 * marks of its source and its destination, a number, and bytes that follow from these. In a life, each
 * number goes to one destination once: what is missing is a loss, which must have been counted by the
 * vdev that was to receive. Between tenants they arrive in order.
 */
#define _GNU_SOURCE
#include "soak.h"

#include <stdio.h>
#include <string.h>

enum {
	AT_TYPE = 12,
	AT_MAGIC = 14,
	AT_FROM = 18,
	AT_TO = 19,
	AT_LENGTH = 20,
	AT_NUMBER = 22,
	HEAD = 30,
	SHORTEST = 64,
	LONGEST = 1514,
	BUFFER = 2048,	   /* bytes for a frame, at TX_FRAME */
	WINDOW = 3,	   /* frames of the peer on their way to one tenant, */
	WINDOWS = 16,	   /* and to all: the card has room for so many */
	WIRE_WINDOW = 200, /* frames of an honest tenant on their way to the peer */
	NUMBERS = 1 << 20, /* of frames on the wire that are known to have come, each tenant */
	GIVE_UP = 3000,	   /* ms: a frame from the peer that has not come by then is lost */
};

static const u8 magic[4] = "SOAK";

/* What a tenant has on its way. */
static struct {
	u32 first, next; /* descriptors, counted without end */
	u64 since[DESCRIPTORS];
	u32 size[DESCRIPTORS];
	u32 to[DESCRIPTORS];
} way;

/* They have as many frames on their way as the mode lets them. */
static u32 rtl_kind(const struct tenant *t)
{
	return t->index & 1;
}

static u32 depth(const struct vdev *v)
{
	return v->cplus ? DESCRIPTORS - 1 : 4;
}

/* --- Frames ------------------------------------------------------------------------------ */

static void make(u8 *frame, u32 from, u32 to, const u8 *from_mac, const u8 *to_mac, u64 number,
		 u32 size)
{
	u32 i;

	memcpy(frame, to_mac, 6);
	memcpy(frame + 6, from_mac, 6);
	frame[AT_TYPE] = FRAME_TYPE >> 8;
	frame[AT_TYPE + 1] = FRAME_TYPE & 0xff;
	memcpy(frame + AT_MAGIC, magic, sizeof(magic));
	frame[AT_FROM] = (u8)(SOAK_MARK + from);
	frame[AT_TO] = (u8)(SOAK_MARK + to);
	frame[AT_LENGTH] = (u8)size;
	frame[AT_LENGTH + 1] = (u8)(size >> 8);
	memcpy(frame + AT_NUMBER, &number, 8);
	for (i = HEAD; i < size; i++)
		frame[i] = marked_byte(SOAK_MARK + from, number, i);
}

/* Whose address it is; the wire's: the count; nobody's: one more. */
static u32 owner_of(const u8 *mac)
{
	u32 i;

	for (i = 0; i < soak->count; i++) {
		if (!memcmp(soak->tenants[i].mac, mac, 6))
			return i;
	}
	return memcmp(wire_mac, mac, 6) ? soak->count + 1 : soak->count;
}

/*
 * A frame has come to where @to is; its number, 0: none. One of an honest source must be right to its
 * last byte, one of a hostile source only must be from where it says.
 */
static u64 check(const u8 *frame, u32 length, u32 to, u32 *from)
{
	static u8 wanted[2048];
	u64 number;
	u32 size;

	*from = owner_of(frame + 6);
	if (!expect(*from <= soak->count,
		    "a frame of no tenant's address: %02x:%02x:%02x:%02x:%02x:%02x", frame[6],
		    frame[7], frame[8], frame[9], frame[10], frame[11]))
		return 0;
	if (*from < soak->count && soak->tenants[*from].hostile)
		return 0;
	memcpy(&number, frame + AT_NUMBER, 8);
	size = (u32)(frame[AT_LENGTH] | frame[AT_LENGTH + 1] << 8);
	if (*from == soak->count && memcmp(frame + AT_MAGIC, magic, 4))
		return 0; /* of the peer's own kernel */
	if (!expect(size == length && size >= SHORTEST && size <= LONGEST,
		    "a frame of tenant %u: expected it as long as it says, %u bytes, found %u",
		    *from, size, length))
		return 0;
	make(wanted, *from, to, *from == soak->count ? wire_mac : soak->tenants[*from].mac,
	     to == soak->count ? wire_mac : soak->tenants[to].mac, number, size);
	if (!expect(!memcmp(frame, wanted, size),
		    "frame %llu of tenant %u (its mark: %u, for %u): expected every byte right at tenant %u",
		    (unsigned long long)number, *from, frame[AT_FROM] - SOAK_MARK,
		    frame[AT_TO] - SOAK_MARK, to))
		return 0;
	return number;
}

/* --- A tenant ---------------------------------------------------------------------------- */

/* False: there is nothing. */
static bool take(struct tenant *t, struct vdev *v)
{
	u8 frame[2048];
	u32 length, from, count;
	u64 number;

	for (count = 0; count < 64 && (length = receive(v, frame, sizeof(frame))); count++) {
		if (!t->hostile)
			expect(!memcmp(frame, t->mac, 6),
			       "a frame for another address was received");
		number = check(frame, length, t->index, &from);
		if (!number) {
			t->strangers++;
			continue;
		}
		if (!t->hostile)
			expect(number > t->last[from],
			       "frames of tenant %u: expected them in order and once, found %llu after %llu",
			       from, (unsigned long long)number, (unsigned long long)t->last[from]);
		__atomic_store_n(&t->last[from], number, __ATOMIC_RELEASE);
		t->received[from]++;
		t->checked += length;
	}
	return count != 0;
}

/* How the oldest frame on its way ended: 0 not yet, 1 sent, 2 not sent. */
static int end_of(struct vdev *v, u32 index)
{
	const u32 status = v->cplus
				   ? __atomic_load_n(&tx_descriptor(index)->flags, __ATOMIC_ACQUIRE)
				   : (u32)reg_read(v, TSD + 4 * (index % 4), 4);

	if (v->cplus)
		return status & D_OWN ? 0 : status & D_TES ? 2 : 1;
	return !(status & TSD_OWN) ? 0 : status & TSD_TOK ? 1 : 2;
}

static void reap(struct tenant *t, struct vdev *v)
{
	int end;

	while (way.first != way.next && (end = end_of(v, way.first))) {
		const u32 slot = way.first++ % DESCRIPTORS;

		took(t, way.since[slot]);
		if (end == 2) {
			t->aborted++;
			expect(t->hostile, "a frame of an honest tenant: expected it sent");
			continue;
		}
		if (way.to[slot] != soak->count)
			continue;
		t->shared++;
		t->bytes += way.size[slot];
	}
}

/* To the peer two times of three, else to any other tenant. */
static u32 destination(struct tenant *t)
{
	const u32 other = (t->index + 1 + dice(t, soak->count - 1)) % soak->count;

	return dice(t, 3) ? soak->count : other;
}

/* The peer is not to be overrun: QEMU keeps 10000 frames for it, and loses what comes then. */
static bool may_send(const struct tenant *t)
{
	return t->hostile ||
	       t->sent[soak->count] - __atomic_load_n(&t->came, __ATOMIC_RELAXED) < WIRE_WINDOW;
}

static void send_one(struct tenant *t, struct vdev *v)
{
	const u32 slot = way.next++ % DESCRIPTORS, to = destination(t);
	const u32 size = t->light ? SHORTEST : SHORTEST + dice(t, LONGEST - SHORTEST + 1);
	const u64 place = TX_FRAME + slot * BUFFER;

	make(memory(place), t->index, to, t->mac,
	     to == soak->count ? wire_mac : soak->tenants[to].mac, t->sent[to] + 1, size);
	way.since[slot] = now_ns();
	way.size[slot] = size;
	way.to[slot] = to;
	t->sent[to]++;
	if (v->cplus)
		put_cplus(v,
			  D_FS | D_LS | (v->tx_next % DESCRIPTORS == DESCRIPTORS - 1 ? D_EOR : 0),
			  place, size);
	else
		begin_classic(v, place, size);
}

static void rtl_start(struct tenant *t, struct vdev *v)
{
	memset(&way, 0, sizeof(way));
	v->cplus = rtl_kind(t);
	restart(v);
}

static bool rtl_work(struct tenant *t, struct vdev *v, bool more)
{
	const u32 before = way.first;
	bool sent = false;

	take(t, v);
	reap(t, v);
	while (more && may_send(t) && way.next - way.first < (t->light ? 1 : depth(v))) {
		send_one(t, v);
		sent = true;
	}
	if (sent && v->cplus)
		poll_cplus(v);
	if (way.first == before)
		pause_us(200);
	return way.first != way.next;
}

static void rtl_load(struct tenant *t, struct vdev *v)
{
	u32 i;

	for (i = 0; i < depth(v); i++) {
		const u32 to = destination(t), size = SHORTEST + dice(t, LONGEST - SHORTEST + 1);

		make(memory(TX_FRAME + i * BUFFER), t->index, to, t->mac,
		     to == soak->count ? wire_mac : soak->tenants[to].mac, ++t->sent[to], size);
		if (v->cplus)
			put_cplus(v, D_FS | D_LS, TX_FRAME + i * BUFFER, size);
		else
			begin_classic(v, TX_FRAME + i * BUFFER, size);
	}
	if (v->cplus)
		poll_cplus(v);
}

static void rtl_access(struct tenant *t, struct vdev *v)
{
	static const u8 hot[] = { TSD, TSD + 4, TSAD, TSAD + 4, RBSTART, CR,	  CAPR, IMR,
				  ISR, RCR,	CPCR, TPPOLL,	RDSAR,	 CFG9346, TCTR, 0x62 };
	static const u64 places[] = { TX_FRAME,	  TX_RING, RX_RING, HOLE,  READ_ONLY,
				      WRITE_ONLY, PASSING, TOP,	    ~0ull, HOME_END - 20,
				      64,	  1514,	   0xff };
	const u32 offset = dice(t, 4) ? hot[dice(t, ARRAY_SIZE(hot))] : dice(t, REGISTERS);
	const u32 size = 1u << dice(t, 3);

	if (dice(t, 3))
		reg_write(v, offset & ~(size - 1), size,
			  dice(t, 2) ? places[dice(t, ARRAY_SIZE(places))] : chance(&t->chance));
	else
		reg_read(v, offset & ~(size - 1), size);
}

static void rtl_misaddress(struct tenant *t, struct vdev *v)
{
	static const u64 places[] = { HOLE, PASSING, WRITE_ONLY, HOME_END - 32,
				      HIGH, WRAPS,   0xfffffff0 };
	static const u32 sizes[] = { 0, 13, 64, 1514, 1519, 8191 };
	const u64 place = dice(t, 4) ? places[dice(t, ARRAY_SIZE(places))] : TX_FRAME;
	const u32 size = sizes[dice(t, ARRAY_SIZE(sizes))];
	const u32 another = (t->index + 1) % soak->count;

	make(memory(TX_FRAME), t->index, soak->count, soak->tenants[another].mac, wire_mac, 1, 64);
	if (v->cplus) {
		const u32 index = put_cplus(v, D_FS | D_LS, place, size);

		poll_cplus(v);
		wait_cplus(index);
		return;
	}
	send_classic(v, place, size);
}

static void rtl_finish(struct tenant *t, struct vdev *v)
{
	u64 taken;
	u32 i;

	while (take(t, v))
		;
	for (i = 0, taken = t->strangers; i <= soak->count; i++)
		taken += t->received[i];
	expect_value("frames received, as the vdev counts them", taken,
		     stat_now(v, "rx_frames") - t->at_open);
	expect_value("frames that were not sent", 0, stat_now(v, "jobs_aborted"));
}

/* --- The wire ---------------------------------------------------------------------------- */

static u64 wire_overtaken;
static u64 wire_last[SOAK_TENANTS], wire_bytes, wire_strangers;
static u64 wire_sent[SOAK_TENANTS], wire_since[SOAK_TENANTS], wire_given_up[SOAK_TENANTS];
static u64 wire_seen[SOAK_TENANTS]; /* of wire_sent, as far as it is known to have come */

/* What is for a tenant that is not there leaves the card, as what is for a stranger. */
static bool is_absent(u32 owner)
{
	return owner < soak->count && soak->tenants[owner].hostile;
}

/*
 * Frames may come in another order than they left, by hundreds, which is far more than a tenant has in
 * its vdev: QEMU's queue before the peer's NIC lets the next frame overtake those that wait in it, when
 * the NIC had no buffer for a moment.
 */
static bool is_new(u32 from, u64 number)
{
	static u8 seen[SOAK_TENANTS][NUMBERS / 8];
	u8 *byte = &seen[from][number % NUMBERS / 8];
	const u8 bit = (u8)(1 << number % 8);
	const bool new = !(*byte & bit);

	*byte |= bit;
	seen[from][(number + NUMBERS / 2) % NUMBERS / 8] = 0; /* for the next time around */
	return new;
}

static u32 take_from_wire(void)
{
	u8 frame[2048];
	u32 length, from, to, count;
	u64 number;

	for (count = 0; count < 256 && (length = wire_next(frame, sizeof(frame), 1)); count++) {
		to = owner_of(frame);
		number = check(frame, length, is_absent(to) ? to : soak->count, &from);
		if (!number || from >= soak->count || is_absent(to)) {
			wire_strangers++;
			continue;
		}
		expect(is_new(from, number), "frame %llu of tenant %u came to the wire twice",
		       (unsigned long long)number, from);
		wire_overtaken += number < wire_last[from];
		if (number > wire_last[from])
			wire_last[from] = number;
		__atomic_fetch_add(&soak->tenants[from].came, 1, __ATOMIC_RELAXED);
		wire_bytes += length;
	}
	return count;
}

/* Frames on their way to a tenant. */
static u64 on_way_to(u32 i)
{
	const u64 last = __atomic_load_n(&soak->tenants[i].last[soak->count], __ATOMIC_ACQUIRE);

	if (last > wire_seen[i]) {
		wire_seen[i] = last;
		wire_since[i] = now_ms();
	} else if (wire_sent[i] > wire_seen[i] && now_ms() - wire_since[i] > GIVE_UP) {
		wire_given_up[i] += wire_sent[i] - wire_seen[i];
		wire_seen[i] = wire_sent[i];
	}
	return wire_sent[i] - wire_seen[i];
}

static void send_from_wire(void)
{
	static u32 turn;
	u64 all = 0;
	u8 frame[LONGEST];
	u32 i, size;

	for (i = 0; i < soak->count; i++)
		all += on_way_to(i);
	for (; all < WINDOWS; all++) {
		for (i = 0; i < soak->count; i++) {
			turn = (turn + 1) % soak->count;
			if (on_way_to(turn) < (soak->tenants[turn].hostile ? 1 : WINDOW))
				break;
		}
		if (i == soak->count)
			return;
		size = SHORTEST + (u32)(wire_sent[turn] * 0x51 % (LONGEST - SHORTEST + 1));
		if (wire_sent[turn] == wire_seen[turn])
			wire_since[turn] = now_ms();
		make(frame, soak->count, turn, wire_mac, soak->tenants[turn].mac, ++wire_sent[turn],
		     size);
		wire_put(frame, size);
	}
}

static bool rtl_outside(void)
{
	if (soak->phase == WORKING)
		send_from_wire();
	return take_from_wire() != 0;
}

static void judge_wire(void)
{
	u64 sent = 0, received = 0;
	const u64 overrun = wire_overrun();
	u32 i;

	for (i = 0; i < soak->count; i++) {
		const struct tenant *t = &soak->tenants[i];

		if (t->hostile)
			continue;
		sent += t->sent[soak->count];
		received += t->came;
	}
	verdict_of(
		sent - received <= overrun && received,
		"wire: %llu frames of honest tenants, all %llu right at the peer but for %llu, which had no room for %llu",
		(unsigned long long)sent, (unsigned long long)received,
		(unsigned long long)(sent - received), (unsigned long long)overrun);
	printf("# wire: %llu bytes checked; %llu frames of hostile tenants and others; %llu were overtaken on their way to the peer\n",
	       (unsigned long long)wire_bytes, (unsigned long long)wire_strangers,
	       (unsigned long long)wire_overtaken);
}

/* Everything that an honest one sent to this one has come, or was counted as dropped. */
static u64 judge_tenant(u32 to, u64 *arrived)
{
	const struct tenant *t = &soak->tenants[to];
	struct stats stats;
	u64 sent = wire_sent[to], received = t->received[soak->count], dropped;
	u32 from;

	for (from = 0; from < soak->count; from++) {
		if (soak->tenants[from].hostile)
			continue;
		sent += soak->tenants[from].sent[to];
		received += t->received[from];
	}
	stats_read(t->uuid, &stats);
	dropped = stats_get(&stats, "rx_dropped");
	*arrived += received;
	if (sent - received > dropped)
		verdict_of(
			false,
			"tenant %u: %llu frames to it are lost of which its vdev counts %llu as dropped "
			"(of %llu; %llu from the wire given up)",
			to, (unsigned long long)(sent - received), (unsigned long long)dropped,
			(unsigned long long)sent, (unsigned long long)wire_given_up[to]);
	return sent - received;
}

static void rtl_report(void)
{
	u64 lost = 0, arrived = 0;
	u32 i;

	judge_wire();
	for (i = 0; i < soak->count; i++) {
		if (!soak->tenants[i].hostile)
			lost += judge_tenant(i, &arrived);
	}
	verdict_of(arrived > 0,
		   "honest tenants received %llu frames, all right; %llu were dropped, all counted",
		   (unsigned long long)arrived, (unsigned long long)lost);
	printf("# rx_dropped of honest tenants: %llu\n",
	       (unsigned long long)sum_of("rx_dropped", true));
}

const struct soak_device soak_rtl8139 = {
	.name = "rtl8139",
	.kinds = { "classic", "C+" },
	.kind_of = rtl_kind,
	.wait_most_ms =
		5000, /* a frame of each other takes 1 ms; but the virtual host may be slow */
	.start = rtl_start,
	.work = rtl_work,
	.load = rtl_load,
	.access = rtl_access,
	.misaddress = rtl_misaddress,
	.finish = rtl_finish,
	.outside = rtl_outside,
	.report = rtl_report,
};
