// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Checksums and segmentation of IPv4 frames: the work that a sender leaves to a device (RTL8139C+
 * "task offload"), and the reverse, what a device says of a received frame's checksums.
 */
#include <string.h>

#include "device.h"

enum {
	IP_HEADER_MIN = 20,
	TCP_HEADER_MIN = 20,
	UDP_HEADER = 8,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	TCP_FIN_PSH = 0x09,
};

/* Where things are in a frame; all of it checked against the frame's length. */
struct ipv4 {
	size_t header;			/* length of the IP header */
	size_t payload;			/* length of what follows it */
	unsigned int protocol;		/* 0 for a fragment: nothing above IP can be checked */
};

static bool parse(const uint8_t *frame, size_t len, struct ipv4 *ip)
{
	const uint8_t *header;
	size_t total, least;

	if (len < ETH_HEADER + IP_HEADER_MIN || get_be16(frame + 12) != 0x0800)
		return false;
	header = frame + ETH_HEADER;
	if (header[0] >> 4 != 4)
		return false;
	ip->header = (header[0] & 15) * 4;
	total = get_be16(header + 2);
	if (ip->header < IP_HEADER_MIN || total < ip->header || total > len - ETH_HEADER)
		return false;
	ip->payload = total - ip->header;
	ip->protocol = get_be16(header + 6) & 0x3fff ? 0 : header[9];
	least = ip->protocol == PROTOCOL_TCP ? TCP_HEADER_MIN : UDP_HEADER;
	if (ip->payload < least)
		ip->protocol = 0;
	return true;
}

static uint32_t sum_words(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get_be16(data + i);
	if (len & 1)
		sum += data[len - 1] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Checksum over the pseudo header and what follows the IP header; 0 over correct data. */
static uint16_t transport_sum(const uint8_t *frame, const struct ipv4 *ip)
{
	const uint8_t *header = frame + ETH_HEADER;
	uint32_t sum = sum_words(header + 12, 8, ip->protocol + (uint32_t)ip->payload);

	return fold(sum_words(header + ip->header, ip->payload, sum));
}

/* Which protocols a frame carries, and which of their checksums are wrong: OFFLOAD_ bits. */
unsigned int sim_offload_inspect(const uint8_t *frame, size_t len)
{
	unsigned int found = OFFLOAD_IP;
	struct ipv4 ip;
	bool bad;

	if (!parse(frame, len, &ip))
		return 0;
	if (fold(sum_words(frame + ETH_HEADER, ip.header, 0)))
		found |= OFFLOAD_IP_BAD;
	bad = transport_sum(frame, &ip);
	if (ip.protocol == PROTOCOL_TCP)
		found |= OFFLOAD_TCP | (bad ? OFFLOAD_TCP_BAD : 0);
	else if (ip.protocol == PROTOCOL_UDP) {
		bad = bad && get_be16(frame + ETH_HEADER + ip.header + 6);	/* 0: has none */
		found |= OFFLOAD_UDP | (bad ? OFFLOAD_UDP_BAD : 0);
	}
	return found;
}

/* Fill in the checksums that @which names (OFFLOAD_IP, _TCP, _UDP) where the frame has them. */
void sim_offload_checksum(uint8_t *frame, size_t len, unsigned int which)
{
	uint8_t *header = frame + ETH_HEADER;
	struct ipv4 ip;
	uint8_t *field;
	uint16_t sum;

	if (!parse(frame, len, &ip))
		return;
	if (which & OFFLOAD_IP) {
		put_be16(header + 10, 0);
		put_be16(header + 10, fold(sum_words(header, ip.header, 0)));
	}
	if ((which & OFFLOAD_TCP) && ip.protocol == PROTOCOL_TCP)
		field = header + ip.header + 16;
	else if ((which & OFFLOAD_UDP) && ip.protocol == PROTOCOL_UDP)
		field = header + ip.header + 6;
	else
		return;
	put_be16(field, 0);
	sum = transport_sum(frame, &ip);
	if (!sum && ip.protocol == PROTOCOL_UDP)
		sum = 0xffff;			/* 0 would say that there is no checksum */
	put_be16(field, sum);
}

/*
 * Cut one segment out of a large TCP frame: the one whose data begins @offset into the frame's.
 * Return: its length in @segment, 0 when there is none (left, or none to be had from this frame).
 */
size_t sim_offload_segment(const uint8_t *frame, size_t len, size_t mss, size_t offset,
			   uint8_t *segment, size_t room)
{
	size_t headers, tcp_header, data, chunk;
	uint8_t *header = segment + ETH_HEADER;
	struct ipv4 ip;
	uint8_t *tcp;

	if (!mss || !parse(frame, len, &ip) || ip.protocol != PROTOCOL_TCP)
		return 0;
	tcp_header = (frame[ETH_HEADER + ip.header + 12] >> 4) * 4;
	if (tcp_header < TCP_HEADER_MIN || tcp_header > ip.payload)
		return 0;
	headers = ETH_HEADER + ip.header + tcp_header;
	data = ip.payload - tcp_header;
	if (offset >= data)
		return 0;
	chunk = data - offset < mss ? data - offset : mss;
	if (headers + chunk > room)
		return 0;
	memcpy(segment, frame, headers);
	memcpy(segment + headers, frame + headers + offset, chunk);

	put_be16(header + 2, headers - ETH_HEADER + chunk);
	put_be16(header + 4, get_be16(header + 4) + offset / mss);
	tcp = header + ip.header;
	put_be32(tcp + 4, get_be32(tcp + 4) + offset);
	if (offset + chunk < data)
		tcp[13] &= ~TCP_FIN_PSH;
	sim_offload_checksum(segment, headers + chunk, OFFLOAD_IP | OFFLOAD_TCP);
	return headers + chunk;
}
