// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A mini driver for the RTL8139: see nic.h. It does what the stock drivers do, in their order, and
 * believes what the device tells it.
 */
#include "nic.h"
#include "storm.h"

const u8 frame_broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
const u8 frame_stranger[6] = { 0x52, 0x54, 0x00, 0xaa, 0xbb, 0xcc };

enum {
	DRIVER_CAUSES = 0xc07f | 0x2000, /* all that 8139too enables */
};

int nic_setup(void **state)
{
	*state = world_load(world_model_path(), NIC_GUESTS, storm_device);
	return *state ? 0 : -1;
}

int nic_teardown(void **state)
{
	world_destroy(*state);
	return 0;
}

void nic_command(struct world_guest *guest, u16 value)
{
	guest_lock(guest);
	vpio_vdev_config_write(guest->vdev, 4, &value, sizeof(value));
	guest_unlock(guest);
}

const u8 *nic_mac(const struct world_guest *guest)
{
	return vpio_vdev_mac(guest->vdev);
}

/* --- The classic mode, as 8139too ------------------------------------------------------- */

static void open_any(struct nic *nic, struct world_guest *guest, u32 rcr)
{
	unsigned int i;

	*nic = (struct nic){ .guest = guest, .rcr = rcr, .ring = NIC_RING };
	nic_command(guest, 7);
	guest_out(guest, NIC_CR, 1, CR_RST);
	for (i = 0; i < 1000 && guest_in(guest, NIC_CR, 1) & CR_RST; i++)
		;
}

void too_open(struct nic *nic, struct world_guest *guest, u32 rcr)
{
	unsigned int i;

	open_any(nic, guest, rcr);
	guest_out(guest, NIC_CFG9346, 1, 0xc0);
	guest_out(guest, NIC_CR, 1, CR_RE | CR_TE);
	guest_out(guest, NIC_RCR, 4, rcr | 0xe700);
	guest_out(guest, NIC_TCR, 4, 0x03000600);
	guest_out(guest, NIC_CFG9346, 1, 0);
	guest_out(guest, NIC_RBSTART, 4, nic->ring);
	for (i = 0; i < 4; i++)
		guest_out(guest, NIC_TSAD + 4 * i, 4, NIC_TX_BUFFERS + NIC_BUFFER * i);
	guest_out(guest, NIC_MPC, 4, 0);
	guest_out(guest, NIC_RCR, 4, rcr | 0xe700);
	guest_out(guest, NIC_MAR, 4, 0);
	guest_out(guest, NIC_MAR + 4, 4, 0);
	guest_out(guest, NIC_ISR, 2, 0xffff);
	guest_out(guest, NIC_IMR, 2, DRIVER_CAUSES);
}

unsigned int too_start(struct nic *nic, u32 address, u32 length)
{
	unsigned int descriptor = nic->tx++ % 4;

	guest_out(nic->guest, NIC_TSAD + 4 * descriptor, 4, address);
	guest_out(nic->guest, NIC_TSD + 4 * descriptor, 4, length);
	return descriptor;
}

unsigned int too_send(struct nic *nic, const void *frame, u32 length)
{
	u32 address = NIC_TX_BUFFERS + NIC_BUFFER * (nic->tx % 4);

	guest_store(nic->guest, address, frame, length);
	return too_start(nic, address, length);
}

static u32 ring_size(const struct nic *nic)
{
	return 0x2000u << (nic->rcr >> 11 & 3);
}

/* Byte of the receive ring; behind its end only if the device may write there. */
static u8 ring_byte(const struct nic *nic, u32 offset)
{
	bool linear = (nic->rcr & RCR_WRAP) && ring_size(nic) < 0x10000;

	return (u8)guest_get(nic->guest, nic->ring + (linear ? offset : offset % ring_size(nic)),
			     1);
}

u32 too_receive(struct nic *nic, u8 *frame)
{
	struct world_guest *guest = nic->guest;
	u32 header, length, i;

	if (guest_in(guest, NIC_CR, 1) & CR_BUFE)
		return 0;
	header = (u32)guest_get(guest, nic->ring + nic->read, 4);
	nic->status = header & 0xffff;
	nic->length = header >> 16;
	length = nic->length < 4 ? 0 : nic->length - 4;
	for (i = 0; i < nic->length && i < NIC_BUFFER; i++)
		frame[i] = ring_byte(nic, nic->read + 4 + i);
	nic->read = (nic->read + nic->length + 4 + 3) / 4 * 4 % ring_size(nic);
	guest_out(guest, NIC_CAPR, 2, nic->read - 16);
	return length;
}

u32 too_status(const struct nic *nic, unsigned int descriptor)
{
	return (u32)guest_in(nic->guest, NIC_TSD + 4 * descriptor, 4);
}

/* --- C+ mode, as 8139cp ------------------------------------------------------------------ */

void cp_open(struct nic *nic, struct world_guest *guest, u32 rcr)
{
	unsigned int i;
	u32 end;

	open_any(nic, guest, rcr);
	nic->cplus = true;
	for (i = 0; i < NIC_DESCRIPTORS; i++) {
		end = i == NIC_DESCRIPTORS - 1 ? DESC_EOR : 0;
		guest_put(guest, NIC_TX_RING + 16 * i, 8, end);
		guest_put(guest, NIC_TX_RING + 16 * i + 8, 8, 0);
		guest_put(guest, NIC_RX_RING + 16 * i, 8, DESC_OWN | end | (NIC_BUFFER - 512));
		guest_put(guest, NIC_RX_RING + 16 * i + 8, 8, NIC_CP_RX + NIC_BUFFER * i);
	}
	guest_out(guest, NIC_CFG9346, 1, 0xc0);
	guest_out(guest, NIC_CPCR, 2, CPCR_TXEN | CPCR_RXEN | 0x28);
	guest_out(guest, NIC_TSAD + 8, 4, 0);
	guest_out(guest, NIC_TSAD + 12, 4, 0);
	guest_out(guest, NIC_RDSAR, 4, NIC_RX_RING);
	guest_out(guest, NIC_RDSAR + 4, 4, 0);
	guest_out(guest, NIC_TSAD, 4, NIC_TX_RING);
	guest_out(guest, NIC_TSAD + 4, 4, 0);
	guest_out(guest, NIC_CR, 1, CR_RE | CR_TE);
	guest_out(guest, NIC_RCR, 4, rcr | 0xe700);
	guest_out(guest, NIC_MAR, 4, 0);
	guest_out(guest, NIC_MAR + 4, 4, 0);
	guest_out(guest, NIC_TCR, 4, 0x03000700);
	guest_out(guest, NIC_CFG9346, 1, 0);
	guest_out(guest, NIC_ISR, 2, 0xffff);
	guest_out(guest, NIC_IMR, 2, DRIVER_CAUSES);
}

static u32 ring_end(const struct world_guest *guest, u32 ring, unsigned int index)
{
	return (u32)guest_get(guest, ring + 16 * index, 4) & DESC_EOR;
}

unsigned int cp_queue(struct nic *nic, u64 address, u32 size, u32 flags, u32 tag)
{
	struct world_guest *guest = nic->guest;
	unsigned int index = nic->tx;
	u32 end = ring_end(guest, NIC_TX_RING, index);

	guest_put(guest, NIC_TX_RING + 16 * index + 4, 4, tag);
	guest_put(guest, NIC_TX_RING + 16 * index + 8, 8, address);
	guest_put(guest, NIC_TX_RING + 16 * index, 4, DESC_OWN | end | flags | size);
	nic->tx = end ? 0 : index + 1;
	return index;
}

void cp_poll(struct nic *nic)
{
	guest_out(nic->guest, NIC_TPPOLL, 1, POLL_NORMAL);
}

unsigned int cp_send(struct nic *nic, const void *frame, u32 length, u32 flags, u32 tag)
{
	u32 address = NIC_CP_TX + NIC_BUFFER * nic->tx;
	unsigned int index;

	guest_store(nic->guest, address, frame, length);
	index = cp_queue(nic, address, length, DESC_FS | DESC_LS | flags, tag);
	cp_poll(nic);
	return index;
}

u32 cp_receive(struct nic *nic, u8 *frame)
{
	struct world_guest *guest = nic->guest;
	u32 place = NIC_RX_RING + 16 * nic->rx, end = ring_end(guest, NIC_RX_RING, nic->rx);
	u64 address = guest_get(guest, place + 8, 8);

	nic->status = (u32)guest_get(guest, place, 4);
	if (nic->status & DESC_OWN)
		return 0;
	nic->tag = (u32)guest_get(guest, place + 4, 4);
	nic->length = nic->status & 0x1fff;
	if (nic->length > NIC_BUFFER || address > WORLD_MEMORY - NIC_BUFFER)
		return 0; /* somebody has been at the ring */
	guest_load(guest, address, frame, nic->length);
	guest_put(guest, place + 4, 4, 0);
	guest_put(guest, place, 4, DESC_OWN | end | (NIC_BUFFER - 512));
	nic->rx = end ? 0 : nic->rx + 1;
	return nic->length < 4 ? 0 : nic->length - 4;
}

u32 cp_status(const struct nic *nic, unsigned int descriptor)
{
	return (u32)guest_get(nic->guest, NIC_TX_RING + 16 * descriptor, 4);
}

/* --- Either mode ------------------------------------------------------------------------- */

unsigned int nic_send(struct nic *nic, const void *frame, u32 length)
{
	return nic->cplus ? cp_send(nic, frame, length, 0, 0) : too_send(nic, frame, length);
}

u32 nic_receive(struct nic *nic, u8 *frame)
{
	return nic->cplus ? cp_receive(nic, frame) : too_receive(nic, frame);
}

enum nic_end nic_end(const struct nic *nic, unsigned int descriptor)
{
	u32 status;

	if (nic->cplus) {
		status = cp_status(nic, descriptor);
		if (status & DESC_OWN)
			return NIC_PENDING;
		return status & TXD_ERROR ? NIC_ABORTED : NIC_SENT;
	}
	status = too_status(nic, descriptor);
	if (status & TSD_TABT && status & TSD_OWN && !(status & TSD_TOK))
		return NIC_ABORTED;
	return status & TSD_TOK && status & TSD_OWN ? NIC_SENT : NIC_PENDING;
}

u32 nic_causes(struct nic *nic)
{
	u32 causes = (u32)guest_in(nic->guest, NIC_ISR, 2);

	guest_out(nic->guest, NIC_ISR, 2, causes);
	return causes;
}

/* --- Frames ------------------------------------------------------------------------------ */

void frame_make(u8 *frame, u32 length, const u8 *to, const u8 *from, unsigned int seed)
{
	u32 i;

	memcpy(frame, to, 6);
	memcpy(frame + 6, from, 6);
	frame[12] = 0x88;
	frame[13] = 0xb5; /* IEEE 802: local experiments */
	for (i = 14; i < length; i++)
		frame[i] = (u8)(seed * 37 + i * 11 + (i >> 8));
}

void wire_make(u8 *frame, u32 length, const u8 *to, unsigned int seed)
{
	frame_make(frame, length, to, frame_stranger, seed);
}
