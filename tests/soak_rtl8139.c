// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The soak on a simulated RTL8139: frames between tenants, to the wire and from it. Each has the marks
 * of its source and its destination, a number, and bytes that follow from these. What its sender is
 * told was sent has been on the wire, or came to whom it was for, or was counted as dropped there.
 */
#include "soak.h"

#include <stdio.h>

enum {
	AT_MAGIC = 14,
	AT_FROM = 18,
	AT_TO = 19,
	AT_LENGTH = 20,
	AT_NUMBER = 22,
	HEAD = 30,
	SHORTEST = 64,
	LONGEST = 1514,
	KEPT = 4096, /* numbers of frames on the wire of which it is known, each tenant */
	DEPTH = 16,  /* frames of a tenant on their way in C+ mode */
};

static const u8 magic[4] = "SOAK";

/* What a tenant has on its way. */
static struct way {
	struct nic nic;
	u32 first, next; /* counted without end */
	struct sent {
		u64 since, number;
		u64 cut; /* times that the link was down, before */
		u32 to, size;
		unsigned int descriptor;
	} sent[NIC_DESCRIPTORS];
	u64 numbers[WORLD_GUESTS + 1]; /* of the last frame to each */
} ways[WORLD_GUESTS];

/* Guarded by the pdev's lock. */
static bool arrived[WORLD_GUESTS][KEPT]; /* frames of each, by number */
static u64 wire_last[WORLD_GUESTS];
static u64 wire_frames, wire_bytes, wire_cut;
static u64 wire_sent[WORLD_GUESTS];  /* number of the last frame to each */
static u64 wire_taken[WORLD_GUESTS]; /* frames that the device has taken for it */

static const u8 *mac_of(u32 owner)
{
	static const u8 macs[WORLD_GUESTS + 1][6] = {
#define MAC(n) { 0x02, 0x56, 0x50, 0x49, 0x4f, 0x10 + (n) }
		MAC(0), MAC(1), MAC(2),	 MAC(3),  MAC(4),  MAC(5),  MAC(6),  MAC(7),
		MAC(8), MAC(9), MAC(10), MAC(11), MAC(12), MAC(13), MAC(14), MAC(15),
	};

	return owner == soak.count ? frame_stranger : macs[owner];
}

/* Whose address it is; the wire's: the count; nobody's: one more. */
static u32 owner_of(const u8 *mac)
{
	u32 i;

	for (i = 0; i <= soak.count && memcmp(mac_of(i), mac, 6); i++)
		;
	return i;
}

static u8 frame_byte(u32 from, u64 number, u32 at)
{
	return (u8)(from * 0x3d + number * 0x1f + at * 7 + (at >> 8) * 0x55 + (number >> 8));
}

static void make(u8 *frame, u32 from, u32 to, u64 number, u32 size)
{
	u32 i;

	memcpy(frame, mac_of(to), 6);
	memcpy(frame + 6, mac_of(from), 6);
	frame[12] = 0x88;
	frame[13] = 0xb5; /* IEEE 802: local experiments */
	memcpy(frame + AT_MAGIC, magic, sizeof(magic));
	frame[AT_FROM] = (u8)from;
	frame[AT_TO] = (u8)to;
	frame[AT_LENGTH] = (u8)size;
	frame[AT_LENGTH + 1] = (u8)(size >> 8);
	memcpy(frame + AT_NUMBER, &number, 8);
	for (i = HEAD; i < size; i++)
		frame[i] = frame_byte(from, number, i);
}

/*
 * A frame has come to where @to is: its number, or 0. One of an honest source must be right to its last
 * byte, one of a hostile source only must be from where it says.
 */
static u64 check(const u8 *frame, u32 length, u32 to, u32 *from)
{
	u8 wanted[NIC_BUFFER];
	u64 number;
	u32 size;

	*from = length < 14 ? soak.count + 1 : owner_of(frame + 6);
	if (*from > soak.count) {
		wrong("a frame with a source address of nobody came to tenant %u", to);
		return 0;
	}
	if (*from < soak.count && soak.tenants[*from].hostile)
		return 0;
	memcpy(&number, frame + AT_NUMBER, 8);
	size = (u32)(frame[AT_LENGTH] | frame[AT_LENGTH + 1] << 8);
	if (size == length && size >= SHORTEST && size <= LONGEST) {
		make(wanted, *from, to, number, size);
		if (!memcmp(wanted, frame, size))
			return number;
	}
	wrong("%u bytes of tenant %u came to tenant %u: expected frame %llu, mark %u, for %u, of %u bytes, right to the last",
	      length, *from, to, (unsigned long long)number, frame[AT_FROM], frame[AT_TO], size);
	return 0;
}

/* --- The wire ---------------------------------------------------------------------------- */

static void rtl_peer(void *priv, const u8 *frame, u32 length)
{
	u32 from, to = owner_of(frame);
	u64 number;

	(void)priv;
	/* what is for a tenant that is not there leaves the card, as what is for a stranger */
	if (to > soak.count || (to < soak.count && !soak.tenants[to].hostile))
		to = soak.count;
	number = check(frame, length, to, &from);
	if (!number || to != soak.count)
		return;
	if (number <= wire_last[from])
		wrong("frame %llu of tenant %u came to the wire after %llu",
		      (unsigned long long)number, from, (unsigned long long)wire_last[from]);
	wire_last[from] = number;
	arrived[from][number % KEPT] = true;
	wire_frames++;
	wire_bytes += length;
}

static void rtl_outside(u64 *chance)
{
	const u64 value = soak_chance(chance);
	const u32 to = (u32)(value >> 8) % soak.count;
	u8 frame[LONGEST];
	u32 size = SHORTEST + (u32)(value >> 16) % (LONGEST - SHORTEST + 1);

	if (value & 7)
		return;
	make(frame, soak.count, to, ++wire_sent[to], size);
	if (sim_receive(soak.world->device, frame, size))
		wire_taken[to]++;
}

/* --- A tenant ---------------------------------------------------------------------------- */

/* They have as many frames on their way as the mode lets them. */
static u32 rtl_kind(const struct tenant *t)
{
	return t->index & 1;
}

static void rtl_start(struct tenant *t)
{
	struct way *way = &ways[t->index];

	way->first = way->next;
	if (rtl_kind(t))
		cp_open(&way->nic, t->guest, RCR_APM);
	else
		too_open(&way->nic, t->guest, RCR_APM | RCR_WRAP | RCR_32K);
}

static void take(struct tenant *t)
{
	u8 frame[NIC_BUFFER];
	u32 length, from, most = 32;
	u64 number;

	while (most-- && (length = nic_receive(&ways[t->index].nic, frame))) {
		if (t->hostile)
			continue; /* it may be in promiscuous mode */
		if (memcmp(frame, mac_of(t->index), 6))
			wrong("a frame for another address came to tenant %u", t->index);
		number = check(frame, length, t->index, &from);
		if (!number)
			continue;
		if (number <= t->last[from])
			wrong("frame %llu of %u came to tenant %u after %llu",
			      (unsigned long long)number, from, t->index,
			      (unsigned long long)t->last[from]);
		t->last[from] = number;
		t->received[from]++;
		t->checked += length;
	}
}

/* Times that the link was down; and whether a frame has been on the wire. */
static u64 cuts(struct tenant *t, u64 number, bool *seen)
{
	u64 count;

	world_lock(soak.world);
	count = sim_stats(soak.world->device)->faults[SIM_FAULT_LINK_DOWN];
	if (seen)
		*seen = arrived[t->index][number % KEPT];
	else
		arrived[t->index][number % KEPT] = false;
	world_unlock(soak.world);
	return count;
}

static void end(struct tenant *t, const struct sent *sent, bool aborted)
{
	bool seen;

	took(t, sent->since);
	if (aborted) {
		t->aborted++;
		return;
	}
	t->sent[sent->to]++;
	if (sent->to != soak.count)
		return;
	t->shared += sent->size;
	if (cuts(t, sent->number, &seen) != sent->cut && !seen)
		__atomic_fetch_add(&wire_cut, 1, __ATOMIC_RELAXED);
	else if (!seen && !t->hostile)
		wrong("frame %llu of tenant %u is said to be sent, and was not on the wire",
		      (unsigned long long)sent->number, t->index);
}

static void reap(struct tenant *t, struct way *way)
{
	while (way->first != way->next) {
		const struct sent *sent = &way->sent[way->first % NIC_DESCRIPTORS];
		const enum nic_end how = nic_end(&way->nic, sent->descriptor);

		if (how == NIC_PENDING)
			return;
		way->first++;
		end(t, sent, how == NIC_ABORTED);
	}
}

/* To the wire two times of three, else to any other tenant. */
static u32 destination(struct tenant *t)
{
	const u32 other = (t->index + 1 + dice(t, soak.count - 1)) % soak.count;

	return dice(t, 3) ? soak.count : other;
}

static void send_one(struct tenant *t, struct way *way)
{
	struct sent *sent = &way->sent[way->next++ % NIC_DESCRIPTORS];
	const u32 to = destination(t);
	const u32 size = t->light ? SHORTEST : SHORTEST + dice(t, LONGEST - SHORTEST + 1);
	u8 frame[LONGEST];

	*sent = (struct sent){
		.since = soak_now(), .number = ++way->numbers[to], .to = to, .size = size
	};
	if (to == soak.count)
		sent->cut = cuts(t, sent->number, NULL);
	make(frame, t->index, to, sent->number, size);
	sent->descriptor = nic_send(&way->nic, frame, size);
}

static void rtl_work(struct tenant *t, bool more)
{
	struct way *way = &ways[t->index];
	const u32 depth = t->light ? 1 : rtl_kind(t) ? DEPTH : 4;

	take(t);
	reap(t, way);
	while (more && way->next - way->first < depth)
		send_one(t, way);
	t->is_busy = way->next != way->first;
}

static void rtl_load(struct tenant *t)
{
	struct way *way = &ways[t->index];
	u32 i;

	rtl_start(t);
	for (i = 0; i < 4; i++)
		send_one(t, way);
}

static void rtl_access(struct tenant *t)
{
	static const u8 hot[] = { NIC_TSD,     NIC_TSD + 4, NIC_TSAD, NIC_TSAD + 4,
				  NIC_RBSTART, NIC_CR,	    NIC_CAPR, NIC_IMR,
				  NIC_ISR,     NIC_RCR,	    NIC_CPCR, NIC_TPPOLL,
				  NIC_RDSAR,   NIC_CFG9346, NIC_TCTR, NIC_BMCR };
	static const u64 places[] = { NIC_TX_BUFFERS, NIC_TX_RING, NIC_RX_RING, WORLD_MEMORY - 20,
				      WORLD_MEMORY,   ~0ull,	   64,		1514,
				      0xff,	      0x1fff };
	const u32 size = 1u << dice(t, 3);
	const u32 offset = dice(t, 4) ? hot[dice(t, sizeof(hot))] : dice(t, 256);

	t->accesses++;
	storm_access(t->guest, dice(t, 3), 1, offset & ~(size - 1), size,
		     dice(t, 2) ? places[dice(t, sizeof(places) / 8)] : soak_chance(&t->chance));
}

static void rtl_misaddress(struct tenant *t)
{
	static const u64 places[] = { WORLD_MEMORY - 32, WORLD_MEMORY, 0xfffffff0, ~0ull - 15,
				      1ull << 40 };
	static const u32 sizes[] = { 0, 13, 64, 1514, 1519, 8191 };
	struct nic *nic = &ways[t->index].nic;
	const u64 place = dice(t, 4) ? places[dice(t, sizeof(places) / 8)] : NIC_TX_BUFFERS;
	const u32 size = sizes[dice(t, sizeof(sizes) / 4)];
	u8 foreign[64];

	make(foreign, (t->index + 1) % soak.count, soak.count, 1, sizeof(foreign));
	guest_store(t->guest, NIC_TX_BUFFERS, foreign, sizeof(foreign));
	if (rtl_kind(t)) {
		cp_queue(nic, place, size, DESC_FS | DESC_LS, 0);
		cp_poll(nic);
	} else {
		too_start(nic, (u32)place, size);
	}
}

/* --- The verdict ------------------------------------------------------------------------- */

/*
 * What was for an honest tenant came to it, or its vdev counts it as dropped; or it was in the device
 * when that misbehaved: no more than the device has taken, and the monitor has not got.
 */
static void rtl_judge(void)
{
	const u64 in_device = sim_stats(soak.world->device)->frames_in -
			      vpio_pdev_stats(soak.world->pdev)->rx_frames;
	u64 wanted, came, local, all = 0, lost = 0, dropped = 0;
	u32 from, to;

	for (to = 0; to < soak.count; to++) {
		const struct tenant *t = &soak.tenants[to];
		const u64 counted = vpio_vdev_stats(t->guest->vdev)->rx_dropped;

		if (t->hostile)
			continue;
		local = 0; /* of these, none can be lost in the device */
		wanted = wire_taken[to];
		came = t->received[soak.count];
		for (from = 0; from < soak.count; from++) {
			if (soak.tenants[from].hostile)
				continue;
			wanted += soak.tenants[from].sent[to];
			came += t->received[from];
			local += soak.tenants[from].sent[to] - t->received[from];
		}
		all += came;
		lost += wanted - came;
		dropped += counted;
		if (wanted < came || wanted - came > counted + in_device || local > counted)
			wrong("%llu frames were for tenant %u: %llu came, %llu were dropped there, %llu of other tenants are lost",
			      (unsigned long long)wanted, to, (unsigned long long)came,
			      (unsigned long long)counted, (unsigned long long)local);
	}
	soak_verdict(
		!is_wrong() && lost <= dropped + in_device && all,
		"%llu frames came to honest tenants; %llu did not, of which %llu were dropped by their vdevs (of all), %llu lost in the device",
		(unsigned long long)all, (unsigned long long)lost, (unsigned long long)dropped,
		(unsigned long long)in_device);
	soak_verdict(
		wire_frames > 0,
		"%llu frames of honest tenants on the wire, %llu bytes checked; %llu were cut off by the link",
		(unsigned long long)wire_frames, (unsigned long long)wire_bytes,
		(unsigned long long)wire_cut);
}

const struct soak_device soak_rtl8139 = {
	.name = "rtl8139",
	.kinds = { "classic", "C+" },
	.kind_of = rtl_kind,
	.bar = 1,
	.wait_most_ms = 6000,
	.faults = { SIM_FAULT_TX_HANG, SIM_FAULT_SPURIOUS_IRQ, SIM_FAULT_LOST_IRQ,
		    SIM_FAULT_RX_OVERFLOW, SIM_FAULT_RX_HEADER, SIM_FAULT_RESET_STUCK,
		    SIM_FAULT_LINK_DOWN, SIM_FAULT_STORM },
	.fault_count = 8,
	.start = rtl_start,
	.work = rtl_work,
	.load = rtl_load,
	.access = rtl_access,
	.misaddress = rtl_misaddress,
	.outside = rtl_outside,
	.peer = rtl_peer,
	.judge = rtl_judge,
};
