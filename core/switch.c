// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The switch: which vdev gets a frame, from the wire or from another vdev. Hardware does not send
 * a frame back to itself, so what is for another guest of the same NIC never needs the wire.
 * All of it runs under the pdev's lock and touches no guest memory: a frame is put into the inboxes
 * of those who want it.
 */
#include "state.h"

static bool is_multicast(const u8 *address)
{
	return address[0] & 1;
}

static bool is_broadcast(const u8 *address)
{
	static const u8 broadcast[VPIO_ADDRESS] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return !memcmp(address, broadcast, VPIO_ADDRESS);
}

/*
 * The bit of a 64-bit multicast hash table: the six high bits of the address's CRC, as in the
 * AMD LANCE and nearly all since. vpio_crc32() works reflected and inverted.
 */
static unsigned int multicast_bit(const u8 *address)
{
	u32 crc = ~vpio_crc32(0, address, VPIO_ADDRESS);
	unsigned int bit = 0, i;

	for (i = 0; i < 6; i++)
		bit |= (crc >> i & 1) << (5 - i);
	return bit;
}

static bool wants(const struct vpio_vdev *vdev, const u8 *to)
{
	if (vdev->filter & VPB_F_PROMISCUOUS)
		return true;
	if (is_broadcast(to))
		return vdev->filter & VPB_F_BROADCAST;
	if (is_multicast(to))
		return (vdev->filter & VPB_F_MULTICAST) &&
		       (vdev->multicast_hash >> multicast_bit(to) & 1);
	return (vdev->filter & VPB_F_UNICAST) && !memcmp(to, vdev->mac, VPIO_ADDRESS);
}

struct vpio_letter *vpio_inbox_first(struct vpio_inbox *inbox)
{
	struct vpio_letter *letter;

	if (inbox->head == inbox->tail)
		return NULL;
	letter = (struct vpio_letter *)(inbox->data + inbox->head % VPIO_INBOX);
	if (letter->length != VPIO_LETTER_WRAP)
		return letter;
	inbox->head += VPIO_INBOX - inbox->head % VPIO_INBOX;
	return vpio_inbox_first(inbox);
}

static u32 letter_size(u32 length)
{
	return (u32)(sizeof(struct vpio_letter) + length + VPIO_FCS + 7) & ~7u;
}

void vpio_inbox_take(struct vpio_inbox *inbox)
{
	struct vpio_letter *letter = vpio_inbox_first(inbox);

	if (letter)
		inbox->head += letter_size(letter->length);
}

static bool inbox_put(struct vpio_inbox *inbox, const struct vpio_frame *frame, bool local)
{
	u32 size = letter_size(frame->length);
	u32 to_end = VPIO_INBOX - inbox->tail % VPIO_INBOX;
	u32 room = VPIO_INBOX - (inbox->tail - inbox->head);
	struct vpio_letter *letter;

	if (to_end < size) {
		if (room < to_end + size)
			return false;
		letter = (struct vpio_letter *)(inbox->data + inbox->tail % VPIO_INBOX);
		letter->length = VPIO_LETTER_WRAP;
		inbox->tail += to_end;
	} else if (room < size) {
		return false;
	}
	letter = (struct vpio_letter *)(inbox->data + inbox->tail % VPIO_INBOX);
	letter->length = frame->length;
	letter->local = local;
	letter->fcs = frame->fcs;
	memcpy(letter + 1, frame->data, frame->length + (frame->fcs ? VPIO_FCS : 0));
	inbox->tail += size;
	return true;
}

static void deliver(struct vpio_vdev *vdev, const struct vpio_frame *frame, bool local)
{
	struct vpio_pdev *pdev = vdev->pdev;

	if (!inbox_put(&vdev->inbox, frame, local)) {
		vdev->inbox_dropped++;
		return;
	}
	if (local)
		pdev->stats.local_frames++;
	pdev->ops->wake_vdev(vdev);
}

/* --- Who has an address ------------------------------------------------------------------ */

static u32 first_place(const struct vpio_pdev *pdev, const u8 *address)
{
	u32 low;
	u16 high;

	memcpy(&low, address, sizeof(low));
	memcpy(&high, address + sizeof(low), sizeof(high));
	return ((low ^ (u32)high << 8) * 0x9e3779b1u >> 16) % ARRAY_SIZE(pdev->addresses);
}

/* Where an address is in the table, or where it would be: a quarter of it is taken, at most. */
static u8 *find_place(struct vpio_pdev *pdev, const u8 *address)
{
	u32 place = first_place(pdev, address);

	while (pdev->addresses[place] &&
	       memcmp(pdev->seated[pdev->addresses[place] - 1]->mac, address, VPIO_ADDRESS))
		place = (place + 1) % ARRAY_SIZE(pdev->addresses);
	return &pdev->addresses[place];
}

void vpio_switch_learn(struct vpio_pdev *pdev)
{
	u32 i;

	if (!(pdev->model.header->flags & VPB_NIC))
		return;
	memset(pdev->addresses, 0, sizeof(pdev->addresses));
	pdev->promiscuous = 0;
	for (i = 0; i < pdev->count; i++) {
		*find_place(pdev, pdev->vdevs[i]->mac) = (u8)(pdev->vdevs[i]->seat + 1);
		vpio_switch_listen(pdev->vdevs[i]);
	}
}

void vpio_switch_listen(struct vpio_vdev *vdev)
{
	if (!vdev->attached)
		return;
	vdev->pdev->promiscuous &= ~vpio_share_bit(vdev);
	if (vdev->filter & VPB_F_PROMISCUOUS)
		vdev->pdev->promiscuous |= vpio_share_bit(vdev);
}

bool vpio_switch(struct vpio_pdev *pdev, struct vpio_vdev *from, const struct vpio_frame *frame)
{
	const u8 *data = frame->data;
	u64 set = pdev->promiscuous, self = from ? vpio_share_bit(from) : 0, owner = 0;
	bool claimed = false;
	struct vpio_vdev *vdev;
	u8 seat;

	if (is_multicast(data)) {
		set = pdev->seats;
	} else {
		seat = *find_place(pdev, data);
		owner = seat ? 1ull << (seat - 1) & ~self : 0;
	}
	set = (set | owner) & ~self;
	while (set) {
		vdev = vpio_share_next(pdev, &set);
		if (wants(vdev, data)) {
			claimed = true;
			deliver(vdev, frame, from != NULL);
		}
	}
	if (!from && !claimed)
		pdev->stats.rx_unclaimed++;
	return !owner;
}
