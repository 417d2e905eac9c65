// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * models/rtl8139.vpm in C+ mode, in the monitor over the simulated RTL8139: what a guest with
 * 8139cp meets. Descriptor rings, checksums, segmentation, VLAN tags, counters.
 */
#include "expect.h"

enum {
	IP = 14, /* offsets in a frame without VLAN tag */
	TRANSPORT = 34,
	TCP_DATA = 54,
	TCP = 6,
	UDP = 17,
	VLAN_TAG = 0x0123,
};

static void open_cplus(struct world *world, struct nic nics[NIC_GUESTS])
{
	unsigned int i;

	for (i = 0; i < NIC_GUESTS; i++)
		cp_open(&nics[i], &world->guests[i], RCR_USUAL);
	world_run(world);
}

static u32 get16(const u8 *p)
{
	return (u32)p[0] << 8 | p[1];
}

static void put16(u8 *p, u32 value)
{
	p[0] = (u8)(value >> 8);
	p[1] = (u8)value;
}

/* --- Rings ------------------------------------------------------------------------------- */

/* Twice round the ring of 64, its end marked. */
static void test_transmit(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[FRAME_MAX];
	unsigned int i, descriptor;

	open_cplus(world, nics);
	for (i = 0; i < 2 * NIC_DESCRIPTORS + 3; i++) {
		frame_make(frame, FRAME_MIN + i * 11, frame_stranger, nic_mac(guest), i);
		descriptor = nic_send(nics, frame, FRAME_MIN + i * 11);
		assert_int_equal(descriptor, i % NIC_DESCRIPTORS);
		world_run(world);
		assert_int_equal(wire_frame(world, i + 1)->length, FRAME_MIN + i * 11);
		assert_memory_equal(wire_frame(world, i + 1)->data, frame, FRAME_MIN + i * 11);
		assert_int_equal(nic_end(nics, descriptor), NIC_SENT);
		assert_int_equal(cp_status(nics, descriptor) & DESC_EOR,
				 descriptor == NIC_DESCRIPTORS - 1 ? DESC_EOR : 0);
		assert_int_equal(nic_causes(nics), ISR_TOK);
	}
	assert_int_equal(stats_of(guest)->jobs_done, i);
	assert_int_equal(stats_of(guest)->refusals, 0);
	assert_alive(world, nics, NIC_GUESTS);
}

/* A ring of three descriptors: EOR is where the guest says. */
static void test_short_ring(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[100];
	unsigned int i;

	open_cplus(world, nics);
	guest_put(guest, NIC_TX_RING + 32, 4, DESC_EOR);
	guest_put(guest, NIC_RX_RING + 32, 4, DESC_OWN | DESC_EOR | 0x600);
	for (i = 0; i < 10; i++) {
		frame_make(frame, 100, frame_stranger, nic_mac(guest), i);
		assert_int_equal(nic_send(nics, frame, 100), i % 3);
		world_run(world);
		assert_memory_equal(wire_frame(world, i + 1)->data, frame, 100);
		wire_make(frame, 100, nic_mac(guest), i);
		arrive(world, frame, 100);
		assert_received(nics, frame, 100);
	}
	assert_int_equal(nics->rx, 1);
}

/* Queued first, told once: all of them leave, in order, with one interrupt. */
static void test_burst(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[100];
	unsigned int i;

	open_cplus(world, nics);
	for (i = 0; i < NIC_DESCRIPTORS; i++) {
		frame_make(guest->memory + NIC_CP_TX + i * NIC_BUFFER, 100, frame_stranger,
			   nic_mac(guest), i);
		cp_queue(nics, NIC_CP_TX + i * NIC_BUFFER, 100, DESC_FS | DESC_LS, 0);
	}
	cp_poll(nics);
	cp_poll(nics); /* the whole ring is on its way: nothing is sent twice */
	world_run(world);
	cp_poll(nics);
	world_run(world);
	wire_frame(world, NIC_DESCRIPTORS);
	for (i = 0; i < NIC_DESCRIPTORS; i++) {
		frame_make(frame, 100, frame_stranger, nic_mac(guest), i);
		assert_memory_equal(world->wire[i].data, frame, 100);
		assert_int_equal(nic_end(nics, i), NIC_SENT);
	}
	assert_int_equal(stats_of(guest)->jobs, NIC_DESCRIPTORS);
	assert_alive(world, nics, NIC_GUESTS);
}

/* All of a ring is on its way and the hardware holds still: a poll starts nothing twice. */
static void check_all_in_flight(struct world *world, unsigned int length)
{
	struct world_guest *guest = world->guests;
	const u32 before = world->frames;
	struct nic nics[NIC_GUESTS];
	unsigned int i, round;

	open_cplus(world, nics);
	guest_put(guest, NIC_TX_RING + 16 * (length - 1), 4, DESC_EOR);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 1);
	for (i = 0; i < length; i++) {
		frame_make(guest->memory + NIC_CP_TX, 100, frame_stranger, nic_mac(guest), 1);
		cp_queue(nics, NIC_CP_TX, 100, DESC_FS | DESC_LS, 0);
		cp_poll(nics);
	}
	for (round = 0; round < 5; round++) {
		world_run(world);
		cp_poll(nics);
	}
	for (i = 0; i < length; i++)
		assert_int_equal(nic_end(nics, i), NIC_PENDING);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 0);
	world_run(world);
	assert_int_equal(world->frames - before, length);
	for (i = 0; i < length; i++)
		assert_int_equal(nic_end(nics, i), NIC_SENT);
	nic_causes(nics);
	assert_alive(world, nics, NIC_GUESTS);
}

static void test_all_in_flight(void **state)
{
	check_all_in_flight(*state, 1);
	check_all_in_flight(*state, 3);
	check_all_in_flight(*state, NIC_DESCRIPTORS);
}

/* A frame in parts, of which one is empty, and a part that comes later. */
static void test_parts(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[300];

	open_cplus(world, nics);
	frame_make(frame, 300, frame_stranger, nic_mac(guest), 1);
	memcpy(guest->memory + NIC_CP_TX, frame, 20);
	memcpy(guest->memory + NIC_LARGE + 1, frame + 20, 200);
	memcpy(guest->memory + NIC_LARGE + 0x1003, frame + 220, 80);
	cp_queue(nics, NIC_CP_TX, 20, DESC_FS, 0);
	cp_queue(nics, NIC_LARGE + 1, 200, 0, 0);
	cp_queue(nics, NIC_LARGE, 0, 0, 0);
	cp_poll(nics);
	world_run(world);
	assert_int_equal(world->frames, 0);
	assert_int_equal(nic_end(nics, 0), NIC_PENDING);
	cp_queue(nics, NIC_LARGE + 0x1003, 80, DESC_LS, 0);
	cp_poll(nics);
	world_run(world);
	assert_int_equal(wire_frame(world, 1)->length, 300);
	assert_memory_equal(world->wire[0].data, frame, 300);
	assert_int_equal(nic_end(nics, 0), NIC_SENT);
	assert_int_equal(nic_end(nics, 3), NIC_SENT);
}

static void test_padding(void **state)
{
	struct world *world = *state;
	struct nic nics[NIC_GUESTS];
	u8 frame[FRAME_MIN] = { 0 };

	open_cplus(world, nics);
	frame_make(frame, 30, frame_stranger, nic_mac(world->guests), 1);
	nic_send(nics, frame, 30);
	world_run(world);
	assert_int_equal(wire_frame(world, 1)->length, FRAME_MIN);
	assert_memory_equal(world->wire[0].data, frame, FRAME_MIN);
}

/* --- Receiver ---------------------------------------------------------------------------- */

static void test_receive(void **state)
{
	static const u8 group[6] = { 0x01, 0x00, 0x5e, 1, 2, 3 };
	struct world *world = *state;
	struct nic nics[NIC_GUESTS];
	const u8 *to[3] = { nic_mac(world->guests), frame_broadcast, group };
	const u32 kinds[3] = { 0x02000000, 0x05000000, 0x04000000 };
	u8 frame[FRAME_MAX];
	unsigned int i, length;

	open_cplus(world, nics);
	guest_out(world->guests, NIC_RCR, 4, RCR_USUAL | RCR_AM);
	guest_out(world->guests, NIC_MAR, 8, ~0ull);
	for (i = 0; i < 2 * NIC_DESCRIPTORS + 5; i++) {
		length = FRAME_MIN + i * 11;
		wire_make(frame, length, to[i % 3], i);
		arrive(world, frame, length);
		assert_int_equal(nics->rx, i % NIC_DESCRIPTORS);
		assert_received(nics, frame, length);
		assert_int_equal(nics->status & ~DESC_EOR,
				 (DESC_FS | DESC_LS | kinds[i % 3]) + length + 4);
		assert_nothing(nics);
		assert_int_equal(nic_causes(nics), ISR_ROK);
	}
}

/* A ring that is full loses its guest's frames; given back, it goes on where it was. */
static void test_receive_full(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[100];
	unsigned int i;

	open_cplus(world, nics);
	for (i = 0; i < NIC_DESCRIPTORS + 10; i++) {
		wire_make(frame, 100, nic_mac(guest), i);
		arrive(world, frame, 100);
	}
	assert_int_equal(stats_of(guest)->rx_dropped, 10);
	assert_int_equal(guest_in(guest, NIC_MPC, 4), 10);
	assert_int_equal(nic_causes(nics), ISR_ROK | ISR_RXOVW);
	for (i = 0; i < NIC_DESCRIPTORS; i++) {
		wire_make(frame, 100, nic_mac(guest), i);
		assert_received(nics, frame, 100);
	}
	assert_nothing(nics);
	assert_alive(world, nics, NIC_GUESTS);
}

static void test_guest_to_guest(void **state)
{
	struct world *world = *state;
	struct nic nics[NIC_GUESTS];
	unsigned int i, descriptor;
	u8 frame[1400];

	open_cplus(world, nics);
	too_open(&nics[2], &world->guests[2], RCR_USUAL); /* one in classic mode */
	for (i = 0; i < 70; i++) {
		unsigned int from = i % 3, to = (i + 1) % 3;

		frame_make(frame, 1400, nic_mac(&world->guests[to]), nic_mac(&world->guests[from]),
			   i);
		descriptor = nic_send(&nics[from], frame, 1400);
		world_run(world);
		assert_received(&nics[to], frame, 1400);
		assert_int_equal(nic_end(&nics[from], descriptor), NIC_SENT);
	}
	assert_int_equal(world->frames, 0);
}

/* --- Checksums and segments -------------------------------------------------------------- */

/* An IPv4 packet with headers that have no checksums yet. */
static void make_packet(u8 *frame, u32 length, const struct world_guest *guest,
			unsigned int protocol)
{
	frame_make(frame, length, frame_stranger, nic_mac(guest), 5);
	put16(frame + 12, 0x0800);
	memset(frame + IP, 0, 20);
	frame[IP] = 0x45;
	put16(frame + IP + 2, length - IP);
	put16(frame + IP + 4, 0x7ffe);
	frame[IP + 8] = 64;
	frame[IP + 9] = (u8)protocol;
	memcpy(frame + IP + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
	memset(frame + TRANSPORT, 0, protocol == TCP ? 20 : 8);
	put16(frame + TRANSPORT, 1234);
	put16(frame + TRANSPORT + 2, 80);
	if (protocol == TCP) {
		memcpy(frame + TRANSPORT + 4, "\xff\xff\xfe\x00", 4);
		put16(frame + TRANSPORT + 12, 0x5099); /* CWR, ACK, PSH, FIN */
	} else {
		put16(frame + TRANSPORT + 4, length - TRANSPORT);
	}
}

static u32 sum(const u8 *p, u32 size, u32 start)
{
	u32 i;

	for (i = 0; i < size; i++)
		start += i & 1 ? p[i] : (u32)p[i] << 8;
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return start;
}

/* Over a header with its checksum, the sum is all ones. */
static void assert_ip_sum(const u8 *ip)
{
	assert_int_equal(sum(ip, 20, 0), 0xffff);
}

static void assert_transport_sum(const u8 *ip)
{
	u32 size = get16(ip + 2) - 20;

	assert_int_equal(sum(ip + 20, size, sum(ip + 12, 8, ip[9] + size)), 0xffff);
}

static void check_sums(struct world *world, struct nic *nic, unsigned int protocol, u32 length)
{
	u8 frame[FRAME_MAX];
	const u8 *sent;
	u32 flags;

	for (flags = 0; flags < 8; flags++) {
		make_packet(frame, length, nic->guest, protocol);
		cp_send(nic, frame, length, flags * TXD_TCP, 0);
		world_run(world);
		sent = wire_frame(world, world->frames)->data;
		if (flags & 4)
			assert_ip_sum(sent + IP);
		else
			assert_int_equal(get16(sent + IP + 10), 0);
		if (flags & (protocol == TCP ? 1 : 2))
			assert_transport_sum(sent + IP);
		else
			assert_memory_equal(sent + TRANSPORT, frame + TRANSPORT, 20);
		assert_memory_equal(sent + TCP_DATA, frame + TCP_DATA, length - TCP_DATA);
	}
}

static void test_checksums(void **state)
{
	struct world *world = *state;
	struct nic nics[NIC_GUESTS];
	u32 length;

	open_cplus(world, nics);
	for (length = 60; length < FRAME_MAX; length += 243) {
		check_sums(world, nics, TCP, length);
		check_sums(world, nics, UDP, length);
	}
	assert_int_equal(stats_of(world->guests)->refusals, 0);
}

/* What is no such packet goes out as it is: a fragment, headers that lie about lengths, IPv6. */
static void test_checksum_not(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[100];
	unsigned int i;

	open_cplus(world, nics);
	for (i = 0; i < 8; i++) {
		make_packet(frame, 100, guest, i & 1 ? TCP : UDP);
		put16(frame + TRANSPORT + 16, 0xbeef);
		switch (i / 2) {
		case 0:
			put16(frame + IP + 6, 0x2000);
			break;
		case 1:
			frame[IP] = 0x4f;
			put16(frame + IP + 2, 59);
			break;
		case 2:
			put16(frame + IP + 2, 87);
			break;
		case 3:
			put16(frame + 12, 0x86dd);
			break;
		}
		cp_send(nics, frame, 100, TXD_TCP | TXD_UDP, 0);
		world_run(world);
		assert_memory_equal(wire_frame(world, i + 1)->data, frame, 100);
	}
}

/* Each segment has the headers, its part of the data, and what distinguishes it. */
static void check_segments(struct world *world, struct nic *nic, u32 data, u32 mss)
{
	const u32 length = TCP_DATA + data, count = data ? (data + mss - 1) / mss : 1;
	const u32 before = world->frames;
	struct world_guest *guest = nic->guest;
	u8 *frame = guest->memory + NIC_LARGE;
	unsigned int i, descriptor;

	make_packet(frame, length, guest, TCP);
	descriptor = cp_queue(nic, NIC_LARGE, length, DESC_FS | DESC_LS | TXD_LARGE | mss << 16, 0);
	cp_poll(nic);
	world_run(world);
	assert_int_equal(world->frames - before, count);
	assert_int_equal(nic_end(nic, descriptor), NIC_SENT);
	for (i = 0; i < count; i++) {
		const struct world_frame *sent = &world->wire[(before + i) % WORLD_CAPTURE];
		u32 part = i < count - 1 ? mss : data - i * mss;

		assert_int_equal(sent->length, TCP_DATA + part < 60 ? 60 : TCP_DATA + part);
		assert_memory_equal(sent->data, frame, 16);
		assert_int_equal(get16(sent->data + IP + 2), part + 40);
		assert_int_equal(get16(sent->data + IP + 4), (0x7ffe + i) & 0xffff);
		assert_int_equal(get16(sent->data + TRANSPORT + 4) << 16 |
					 get16(sent->data + TRANSPORT + 6),
				 0xfffffe00 + i * mss);
		assert_int_equal(sent->data[TRANSPORT + 13],
				 0x10 | (i ? 0 : 0x80) | (i == count - 1 ? 0x09 : 0));
		assert_memory_equal(sent->data + TCP_DATA, frame + TCP_DATA + i * mss, part);
		assert_ip_sum(sent->data + IP);
		assert_transport_sum(sent->data + IP);
	}
}

static void test_segments(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];

	open_cplus(world, nics);
	check_segments(world, nics, 5000, 1460);
	check_segments(world, nics, 4380, 1460);
	check_segments(world, nics, 1460, 1460);
	check_segments(world, nics, 3, 1460);
	check_segments(world, nics, 0, 1460);
	check_segments(world, nics, 64, 1);
	check_segments(world, nics, 60000, 1464);
	assert_int_equal(stats_of(guest)->refusals, 0);
	assert_int_equal(stats_of(guest)->jobs_done, 7);
	assert_int_equal(stats_of(guest)->tx_frames, 4 + 3 + 1 + 1 + 1 + 64 + 41);
	nic_causes(nics);
	assert_alive(world, nics, NIC_GUESTS);
}

/* Segments for which there is no room yet wait until there is. */
static void test_segments_wait(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	unsigned int i;

	open_cplus(world, nics);
	make_packet(guest->memory + NIC_LARGE, TCP_DATA + 40000, guest, TCP);
	for (i = 0; i < 3; i++)
		cp_queue(nics, NIC_LARGE, TCP_DATA + 40000,
			 DESC_FS | DESC_LS | TXD_LARGE | 1000 << 16, 0);
	cp_poll(nics);
	world_run(world);
	wire_frame(world, 120);
	for (i = 0; i < 3; i++)
		assert_int_equal(nic_end(nics, i), NIC_SENT);
	assert_int_equal(stats_of(guest)->refusals, 0);
}

/* --- VLAN -------------------------------------------------------------------------------- */

static void test_vlan_insert(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	const u8 *sent;
	u8 frame[FRAME_MAX];

	open_cplus(world, nics);
	make_packet(frame, 1514, guest, TCP);
	cp_send(nics, frame, 1514, TXD_IP | TXD_TCP,
		TXD_TAG | (VLAN_TAG & 0xff) << 8 | VLAN_TAG >> 8);
	world_run(world);
	assert_int_equal(wire_frame(world, 1)->length, 1518);
	sent = world->wire[0].data;
	assert_memory_equal(sent, frame, 12);
	assert_int_equal(get16(sent + 12), 0x8100);
	assert_int_equal(get16(sent + 14), VLAN_TAG);
	assert_memory_equal(sent + 16, frame + 12, 10);
	assert_ip_sum(sent + IP + 4);
	assert_transport_sum(sent + IP + 4);
	assert_memory_equal(sent + TCP_DATA + 4, frame + TCP_DATA, 1514 - TCP_DATA);
}

static void test_vlan_remove(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[200], plain[196];

	open_cplus(world, nics);
	wire_make(frame, 200, nic_mac(guest), 1);
	put16(frame + 12, 0x8100);
	put16(frame + 14, VLAN_TAG);
	memcpy(plain, frame, 12);
	memcpy(plain + 12, frame + 16, 184);
	arrive(world, frame, 200);
	assert_received(nics, frame, 200);
	assert_int_equal(nics->tag, 0);
	guest_out(guest, NIC_CPCR, 2, CPCR_TXEN | CPCR_RXEN | CPCR_RXVLAN);
	arrive(world, frame, 200);
	assert_received(nics, plain, 196);
	assert_int_equal(nics->tag, 0x10000 | (VLAN_TAG & 0xff) << 8 | VLAN_TAG >> 8);
	wire_make(frame, 200, nic_mac(guest), 2);
	arrive(world, frame, 200);
	assert_received(nics, frame, 200);
	assert_int_equal(nics->tag, 0);
	/* the other guests' copies of a tagged broadcast are not touched */
	wire_make(frame, 200, frame_broadcast, 3);
	put16(frame + 12, 0x8100);
	arrive(world, frame, 200);
	assert_received(&nics[1], frame, 200);
	assert_received(&nics[2], frame, 200);
}

/* --- Counters ---------------------------------------------------------------------------- */

/* As 8139cp's cp_get_ethtool_stats(). */
static void test_counters(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[100];
	unsigned int i;

	open_cplus(world, nics);
	wire_make(frame, 100, nic_mac(guest), 1);
	for (i = 0; i < NIC_DESCRIPTORS + 2; i++)
		arrive(world, frame, 100);
	frame_make(frame, 100, frame_stranger, nic_mac(guest), 1);
	for (i = 0; i < 5; i++)
		nic_send(nics, frame, i < 3 ? 100 : 10);
	world_run(world);
	memset(guest->memory + NIC_COUNTERS, 0xee, 72);
	guest_out(guest, NIC_TSD + 4, 4, 0);
	guest_out(guest, NIC_TSD, 4, NIC_COUNTERS | 8);
	assert_int_equal(guest_in(guest, NIC_TSD, 4), NIC_COUNTERS);
	assert_int_equal(guest_get(guest, NIC_COUNTERS, 8), 3);
	assert_int_equal(guest_get(guest, NIC_COUNTERS + 8, 8), NIC_DESCRIPTORS);
	assert_int_equal(guest_get(guest, NIC_COUNTERS + 16, 8), 2);
	assert_int_equal(guest_get(guest, NIC_COUNTERS + 24, 4), 0);
	assert_int_equal(guest_get(guest, NIC_COUNTERS + 28, 2), 2);
	assert_int_equal(guest_get(guest, NIC_COUNTERS + 60, 2), 2);
	assert_int_equal(guest_get(guest, NIC_COUNTERS + 64, 8), 0xeeeeeeeeeeeeeeee);
}

/* A stop of the transmitter with frames on their way, and a start: the ring is there anew. */
static void test_stop_and_start(void **state)
{
	struct world *world = *state;
	struct world_guest *guest = world->guests;
	struct nic nics[NIC_GUESTS];
	u8 frame[100];

	open_cplus(world, nics);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 1);
	frame_make(frame, 100, frame_stranger, nic_mac(guest), 1);
	nic_send(nics, frame, 100);
	nic_send(nics, frame, 100);
	world_run(world);
	guest_out(guest, NIC_CR, 1, 0);
	guest_out(guest, NIC_CPCR, 2, 0);
	cp_open(nics, guest, RCR_USUAL);
	sim_fault(world->device, SIM_FAULT_TX_HANG, 0);
	world_run(world);
	assert_int_equal(nic_causes(nics), 0);
	assert_int_equal(cp_status(nics, 0), 0);
	assert_alive(world, nics, NIC_GUESTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(transmit),	      TEST(short_ring),	 TEST(burst),	     TEST(all_in_flight),
		TEST(parts),	      TEST(padding),	 TEST(receive),	     TEST(receive_full),
		TEST(guest_to_guest), TEST(checksums),	 TEST(checksum_not), TEST(segments),
		TEST(segments_wait),  TEST(vlan_insert), TEST(vlan_remove),  TEST(counters),
		TEST(stop_and_start),
	};

	return cmocka_run_group_tests_name("cplus", tests, NULL, NULL);
}
