// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What NICs do to frames, whatever the NIC: the frame check sequence, Internet checksums, VLAN tags,
 * and TCP segmentation. A frame comes from a guest: every length in it is checked.
 */
#include "state.h"

enum {
	ETHER_TYPE = 12,
	TYPE_IPV4 = 0x0800,
	TYPE_VLAN = 0x8100,
	IPV4_MIN = 20,
	IPV4_TOTAL = 2, /* offsets in an IPv4 header, RFC 791 */
	IPV4_ID = 4,
	IPV4_FRAGMENT = 6,
	IPV4_PROTOCOL = 9,
	IPV4_SUM = 10,
	IPV4_ADDRESSES = 12,
	FRAGMENT_BITS = 0x3fff, /* more fragments, offset */
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	TCP_MIN = 20,
	TCP_SEQUENCE = 4, /* offsets in a TCP header, RFC 9293 */
	TCP_OFFSET = 12,
	TCP_FLAGS = 13,
	TCP_SUM = 16,
	TCP_FIN_PSH = 0x09,
	TCP_CWR = 0x80,
	UDP_HEADER = 8,
	UDP_SUM = 6, /* offset in a UDP header, RFC 768 */
};

/* Where the headers of an IPv4 packet lie, all within the frame. */
struct packet {
	u32 ip, ip_header;
	u32 transport; /* offset of the TCP or UDP header */
	u32 end;       /* of the IP packet */
	u8 protocol;
};

static u32 get16(const u8 *p)
{
	return (u32)(p[0] << 8 | p[1]);
}

static u32 get32(const u8 *p)
{
	return get16(p) << 16 | get16(p + 2);
}

static void put16(u8 *p, u32 value)
{
	p[0] = (u8)(value >> 8);
	p[1] = (u8)value;
}

static void put32(u8 *p, u32 value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

/*
 * The CRC's tables, for eight bytes at a time ("slicing by 8"): entry i of table k is the CRC,
 * without its inversions, of the byte i with k zeros behind it. That is linear: each entry is the
 * sum of those of its bits, which ENTRY() is given.
 */
#define CRC_BIT(i, bit, value) ((i) >> (bit)&1 ? (value) : 0)
#define ENTRY(i, a, b, c, d, e, f, g, h)                                             \
	(CRC_BIT(i, 0, a) ^ CRC_BIT(i, 1, b) ^ CRC_BIT(i, 2, c) ^ CRC_BIT(i, 3, d) ^ \
	 CRC_BIT(i, 4, e) ^ CRC_BIT(i, 5, f) ^ CRC_BIT(i, 6, g) ^ CRC_BIT(i, 7, h))
#define ENTRIES4(i, ...)                                                             \
	ENTRY(i, __VA_ARGS__), ENTRY(i + 1, __VA_ARGS__), ENTRY(i + 2, __VA_ARGS__), \
		ENTRY(i + 3, __VA_ARGS__)
#define ENTRIES16(i, ...)                                                                     \
	ENTRIES4(i, __VA_ARGS__), ENTRIES4(i + 4, __VA_ARGS__), ENTRIES4(i + 8, __VA_ARGS__), \
		ENTRIES4(i + 12, __VA_ARGS__)
#define ENTRIES64(i, ...)                                                                          \
	ENTRIES16(i, __VA_ARGS__), ENTRIES16(i + 16, __VA_ARGS__), ENTRIES16(i + 32, __VA_ARGS__), \
		ENTRIES16(i + 48, __VA_ARGS__)
#define ENTRIES(...)                                                             \
	{                                                                        \
		ENTRIES64(0, __VA_ARGS__), ENTRIES64(64, __VA_ARGS__),           \
			ENTRIES64(128, __VA_ARGS__), ENTRIES64(192, __VA_ARGS__) \
	}

/* the polynomial 0xedb88320 (reflected) */
static const u32 crc_tables[8][256] = {
	ENTRIES(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190,
		0xedb88320),
	ENTRIES(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05,
		0x3b83984b),
	ENTRIES(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0,
		0xe1351b80),
	ENTRIES(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d,
		0xed59b63b),
	ENTRIES(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1, 0x60e09782, 0xc1c12f04, 0x58f35849,
		0xb1e6b092),
	ENTRIES(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d, 0x03d6029b, 0x07ac0536, 0x0f580a6c,
		0x1eb014d8),
	ENTRIES(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67, 0x67de9cce, 0xcfbd399c, 0x440b7579,
		0x8816eaf2),
	ENTRIES(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5, 0x7cbb312b, 0xf9766256, 0x299dc2ed,
		0x533b85da),
};

static u32 get_little32(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

u32 vpio_crc32(u32 crc, const void *data, size_t size)
{
	const u32(*t)[256] = crc_tables;
	const u8 *p = data;

	crc = ~crc;
	for (; size >= 8; size -= 8, p += 8) {
		const u32 low = crc ^ get_little32(p), high = get_little32(p + 4);

		crc = t[7][low & 255] ^ t[6][low >> 8 & 255] ^ t[5][low >> 16 & 255] ^
		      t[4][low >> 24] ^ t[3][high & 255] ^ t[2][high >> 8 & 255] ^
		      t[1][high >> 16 & 255] ^ t[0][high >> 24];
	}
	while (size--)
		crc = crc >> 8 ^ t[0][(crc ^ *p++) & 255];
	return ~crc;
}

/* The Internet checksum (RFC 1071), not folded: add more, then fold. */
static u64 sum(u64 start, const u8 *p, u32 size)
{
	u64 words = 0;

	/* by fours: two sums side by side, which are one when they are folded */
	for (; size >= 4; size -= 4, p += 4)
		words += (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
	start += (words >> 32) + (words & 0xffffffff);
	for (; size > 1; size -= 2, p += 2)
		start += get16(p);
	return size ? start + ((u32)*p << 8) : start;
}

static u32 fold(u64 total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (u32)(~total & 0xffff);
}

static bool parse(const struct vpio_frame *frame, struct packet *packet)
{
	const u8 *data = frame->data;
	u32 at = ETHER_TYPE, total;

	if (frame->length < VPIO_ETHER_HEADER + IPV4_MIN)
		return false;
	if (get16(data + at) == TYPE_VLAN)
		at += VPIO_VLAN;
	packet->ip = at + 2;
	if (frame->length < packet->ip + IPV4_MIN || get16(data + at) != TYPE_IPV4 ||
	    data[packet->ip] >> 4 != 4)
		return false;
	packet->ip_header = (data[packet->ip] & 15) * 4;
	total = get16(data + packet->ip + IPV4_TOTAL);
	if (packet->ip_header < IPV4_MIN || total < packet->ip_header ||
	    total > frame->length - packet->ip)
		return false;
	packet->transport = packet->ip + packet->ip_header;
	packet->end = packet->ip + total;
	packet->protocol = data[packet->ip + IPV4_PROTOCOL];
	return true;
}

static void ip_checksum(u8 *data, const struct packet *packet)
{
	u8 *ip = data + packet->ip;

	put16(ip + IPV4_SUM, 0);
	put16(ip + IPV4_SUM, fold(sum(0, ip, packet->ip_header)));
}

static bool transport_checksum(u8 *data, const struct packet *packet, u32 at, u32 header)
{
	u8 *transport = data + packet->transport;
	u32 size = packet->end - packet->transport;
	u32 result;

	if (size < header || (get16(data + packet->ip + IPV4_FRAGMENT) & FRAGMENT_BITS))
		return false;
	put16(transport + at, 0);
	result = fold(sum(sum(packet->protocol + (u64)size, data + packet->ip + IPV4_ADDRESSES, 8),
			  transport, size));
	put16(transport + at, result || packet->protocol == PROTOCOL_TCP ? result : 0xffff);
	return true;
}

bool vpio_frame_checksum(struct vpio_frame *frame, u32 what)
{
	struct packet packet;

	if (!parse(frame, &packet))
		return false;
	frame->fcs = false;
	if (what & 1)
		ip_checksum(frame->data, &packet);
	if ((what & 2) && packet.protocol == PROTOCOL_TCP)
		return transport_checksum(frame->data, &packet, TCP_SUM, TCP_MIN);
	if ((what & 4) && packet.protocol == PROTOCOL_UDP)
		return transport_checksum(frame->data, &packet, UDP_SUM, UDP_HEADER);
	return (what & 1) != 0;
}

void vpio_frame_pad(struct vpio_frame *frame)
{
	if (frame->length >= VPIO_ETHER_MIN)
		return;
	memset(frame->data + frame->length, 0, VPIO_ETHER_MIN - frame->length);
	frame->length = VPIO_ETHER_MIN;
}

bool vpio_frame_tag(struct vpio_frame *frame, u16 tag)
{
	u8 *type = frame->data + ETHER_TYPE;

	if (frame->length < ETHER_TYPE || frame->capacity - frame->length < VPIO_VLAN)
		return false;
	memmove(type + VPIO_VLAN, type, frame->length - ETHER_TYPE);
	put16(type, TYPE_VLAN);
	put16(type + 2, tag);
	frame->length += VPIO_VLAN;
	frame->fcs = false;
	return true;
}

u32 vpio_frame_untag(struct vpio_frame *frame)
{
	u8 *type = frame->data + ETHER_TYPE;
	u32 tag;

	if (frame->length < VPIO_ETHER_HEADER + VPIO_VLAN || get16(type) != TYPE_VLAN)
		return 0;
	tag = get16(type + 2);
	frame->length -= VPIO_VLAN;
	frame->fcs = false;
	memmove(type, type + VPIO_VLAN, frame->length - ETHER_TYPE);
	return tag | 1 << 16;
}

/* Bytes of headers before the payload of a TCP packet; 0 if it is none. */
static u32 tcp_headers(const struct vpio_frame *frame, struct packet *packet)
{
	u32 header;

	if (!parse(frame, packet) || packet->protocol != PROTOCOL_TCP ||
	    packet->end - packet->transport < TCP_MIN)
		return 0;
	header = (u32)(frame->data[packet->transport + TCP_OFFSET] >> 4) * 4;
	if (header < TCP_MIN || header > packet->end - packet->transport)
		return 0;
	return packet->transport + header;
}

u32 vpio_frame_segments(const struct vpio_frame *frame, u32 mss)
{
	struct packet packet;
	u32 headers = tcp_headers(frame, &packet);

	if (!headers || !mss)
		return 0;
	if (packet.end == headers)
		return 1;
	return (packet.end - headers - 1) / mss + 1;
}

bool vpio_frame_segment(const struct vpio_frame *frame, u32 mss, u32 index,
			struct vpio_frame *segment)
{
	struct packet packet;
	u32 headers = tcp_headers(frame, &packet);
	u32 offset = headers + index * mss;
	u32 size = packet.end - offset;
	bool last = size <= mss;
	u8 *data = segment->data;
	u8 *flags;

	if (!last)
		size = mss;
	if (size > segment->capacity || headers > segment->capacity - size)
		return false;
	memcpy(data, frame->data, headers);
	memcpy(data + headers, frame->data + offset, size);
	segment->length = headers + size;

	put16(data + packet.ip + IPV4_TOTAL, segment->length - packet.ip);
	put16(data + packet.ip + IPV4_ID, get16(frame->data + packet.ip + IPV4_ID) + index);
	put32(data + packet.transport + TCP_SEQUENCE,
	      get32(frame->data + packet.transport + TCP_SEQUENCE) + index * mss);
	flags = data + packet.transport + TCP_FLAGS;
	if (!last)
		*flags &= (u8)~TCP_FIN_PSH;
	if (index)
		*flags &= (u8)~TCP_CWR;
	return vpio_frame_checksum(segment, 1 | 2);
}
