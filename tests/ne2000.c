// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A mini driver for the NE2000: see ne2000.h. It does what ne2k-pci and lib8390 do, in their order.
 */
#include <string.h>

#include "ne2000.h"

#define MODEL "build/models/ne2000.vpb"

enum {
	WAIT_MS = 3000, /* for an access, until it counts as one that never ends */
};

static struct sim_device *card(const struct sim_bus *bus)
{
	static const u8 mac[6] = { 0x52, 0x54, 0x00, 0x80, 0x29, 0x01 };

	return sim_ne2000_create(bus, mac);
}

int ne_setup(void **state)
{
	*state = world_load(MODEL, NE_GUESTS, card);
	return *state ? 0 : -1;
}

int ne_teardown(void **state)
{
	struct world *world = *state;
	unsigned int i;

	world_require(!sim_stats(world->device)->refused,
		      "an access that the device does not decode");
	world_require(!vpio_pdev_stats(world->pdev)->model_errors, "a handler that went wrong");
	for (i = 0; i < world->count; i++)
		world_require(!vpio_vdev_stats(world->guests[i].vdev)->refused[VPIO_REFUSE_MODEL],
			      "a handler that went past an array's end");
	world_destroy(world);
	return 0;
}

/* --- Accesses ---------------------------------------------------------------------------- */

int ne_try(struct world_guest *guest, bool write, u32 offset, unsigned int size, u64 *value)
{
	int result;

	guest->locked = true;
	result = write ? vpio_vdev_write(guest->vdev, 0, offset, value, size)
		       : vpio_vdev_read(guest->vdev, 0, offset, value, size);
	guest->locked = false;
	return result;
}

static bool access_card(struct ne *ne, bool write, u32 offset, unsigned int size, u64 *value)
{
	unsigned int waited;

	for (waited = 0; waited <= WAIT_MS; waited += VPIO_TICK_MS) {
		if (ne_try(ne->guest, write, offset, size, value) != VPIO_WAIT)
			return true;
		world_run(ne->guest->world);
		if (vpio_vdev_waits(ne->guest->vdev))
			world_pass(ne->guest->world, VPIO_TICK_MS);
	}
	return false;
}

u64 ne_in(struct ne *ne, u32 offset, unsigned int size)
{
	u64 value = 0;

	return access_card(ne, false, offset, size, &value) ? value : ~0ull;
}

bool ne_out(struct ne *ne, u32 offset, unsigned int size, u64 value)
{
	return access_card(ne, true, offset, size, &value);
}

static void out(struct ne *ne, u32 offset, u8 value)
{
	world_require(ne_out(ne, offset, 1, value), "a register's write that waits");
}

/* --- The card is found and opened -------------------------------------------------------- */

bool ne_probe(struct ne *ne, u8 prom[32])
{
	static const u8 program[][2] = {
		{ NE_CR, CR_STOP }, { NE_DCR, DCR_WORDS }, { NE_RBCR, 0 },   { NE_RBCR + 1, 0 },
		{ NE_IMR, 0 },	    { NE_ISR, 0xff },	   { NE_RCR, 0x20 }, { NE_TCR, 0x02 },
		{ NE_RBCR, 32 },    { NE_RBCR + 1, 0 },	   { NE_RSAR, 0 },   { NE_RSAR + 1, 0 },
		{ NE_CR, CR_READ },
	};
	u8 reg0 = (u8)ne_in(ne, NE_CR, 1);
	unsigned int i;

	if (reg0 == 0xff)
		return false;
	out(ne, NE_CR, 0x61);
	ne_in(ne, NE_CNTR, 1);
	out(ne, NE_CNTR, 0xff);
	out(ne, NE_CR, CR_PAGE0);
	ne_in(ne, NE_CNTR, 1);
	if (ne_in(ne, NE_CNTR, 1))
		return false;
	out(ne, NE_RESET, (u8)ne_in(ne, NE_RESET, 1));
	if (!(ne_in(ne, NE_ISR, 1) & NE_RST))
		return false;
	out(ne, NE_ISR, 0xff);
	for (i = 0; i < ARRAY_SIZE(program); i++)
		out(ne, program[i][0], program[i][1]);
	for (i = 0; i < 32; i++)
		prom[i] = (u8)ne_in(ne, NE_DATA, 1);
	out(ne, NE_DCR, DCR_WORDS);
	return true;
}

void ne_init(struct ne *ne, u8 rcr)
{
	unsigned int i;

	out(ne, NE_CR, CR_STOP);
	out(ne, NE_DCR, DCR_WORDS);
	out(ne, NE_RBCR, 0);
	out(ne, NE_RBCR + 1, 0);
	out(ne, NE_RCR, 0x20);
	out(ne, NE_TCR, 0x02);
	out(ne, NE_TPSR, TX_PAGE);
	ne->length[0] = 0;
	ne->length[1] = 0;
	ne->txing = false;
	out(ne, NE_PSTART, RX_PAGE);
	out(ne, NE_BNRY, STOP_PAGE - 1);
	out(ne, NE_PSTOP, STOP_PAGE);
	out(ne, NE_ISR, 0xff);
	out(ne, NE_IMR, 0);
	out(ne, NE_CR, 0x61);
	for (i = 0; i < 6; i++) {
		out(ne, NE_PAR + i, nic_mac(ne->guest)[i]);
		world_require(ne_in(ne, NE_PAR + i, 1) == nic_mac(ne->guest)[i],
			      "a station address that is not kept");
	}
	out(ne, NE_CURR, RX_PAGE);
	out(ne, NE_CR, CR_STOP);
	out(ne, NE_ISR, 0xff);
	out(ne, NE_IMR, NE_ALL);
	out(ne, NE_CR, CR_START);
	out(ne, NE_TCR, 0);
	out(ne, NE_RCR, rcr);
	out(ne, NE_CR, 0x60);
	for (i = 0; i < 8; i++)
		out(ne, NE_MAR + i, 0xff);
	out(ne, NE_CR, CR_START);
	out(ne, NE_RCR, rcr);
}

void ne_open(struct ne *ne, struct world_guest *guest, u8 rcr)
{
	*ne = (struct ne){ .guest = guest, .width = 4 };
	ne_init(ne, rcr);
}

/* --- Remote DMA -------------------------------------------------------------------------- */

void ne_remote(struct ne *ne, u8 command, u16 address, u16 count)
{
	out(ne, NE_CR, CR_START);
	out(ne, NE_ISR, NE_RDC);
	out(ne, NE_RBCR, (u8)count);
	out(ne, NE_RBCR + 1, count >> 8);
	out(ne, NE_RSAR, (u8)address);
	out(ne, NE_RSAR + 1, address >> 8);
	out(ne, NE_CR, command);
}

/* The width of the next access: as wide as the driver likes, and no wider than what is left. */
static unsigned int next_width(const struct ne *ne, u32 left)
{
	unsigned int width = ne->width;

	while (width > left)
		width /= 2;
	return width;
}

void ne_put(struct ne *ne, const void *data, u32 count)
{
	unsigned int width;
	u32 done;
	u64 value;

	for (done = 0; done < count; done += width) {
		width = next_width(ne, count - done);
		value = 0;
		memcpy(&value, (const u8 *)data + done, width);
		world_require(ne_out(ne, NE_DATA, width, value), "a word that waits");
	}
}

void ne_get(struct ne *ne, void *data, u32 count)
{
	unsigned int width;
	u32 done;
	u64 value;

	for (done = 0; done < count; done += width) {
		width = next_width(ne, count - done);
		value = ne_in(ne, NE_DATA, width);
		memcpy((u8 *)data + done, &value, width);
	}
}

void ne_write(struct ne *ne, u16 address, const void *data, u16 count)
{
	ne_remote(ne, CR_WRITE, address, (count + 1) & ~1);
	ne_put(ne, data, count & ~1u);
	if (count & 1)
		world_require(ne_out(ne, NE_DATA, 2, ((const u8 *)data)[count - 1]),
			      "a word that waits");
	world_require(ne_in(ne, NE_ISR, 1) & NE_RDC, "a remote DMA that does not end");
	out(ne, NE_ISR, NE_RDC);
}

void ne_read(struct ne *ne, u16 address, void *data, u16 count)
{
	ne_remote(ne, CR_READ, address, count);
	ne_get(ne, data, count);
	out(ne, NE_ISR, NE_RDC);
}

/* --- Sending ----------------------------------------------------------------------------- */

void ne_trigger(struct ne *ne, u8 page, u16 length)
{
	out(ne, NE_CR, CR_PAGE0);
	world_require(!(ne_in(ne, NE_CR, 1) & CR_TXP), "a transmitter that is busy still");
	out(ne, NE_TBCR, (u8)length);
	out(ne, NE_TBCR + 1, length >> 8);
	out(ne, NE_TPSR, page);
	out(ne, NE_CR, CR_SEND);
}

static void trigger(struct ne *ne, unsigned int buffer)
{
	ne_trigger(ne, buffer ? TX_PAGE2 : TX_PAGE, (u16)ne->length[buffer]);
	ne->length[buffer] = -1;
	ne->txing = true;
}

bool ne_send(struct ne *ne, const void *frame, u32 length)
{
	const unsigned int buffer = ne->length[0] != 0;

	if (ne->length[buffer])
		return false;
	out(ne, NE_IMR, 0);
	ne->length[buffer] = (int)length;
	ne_write(ne, (u16)(buffer ? TX_PAGE2 : TX_PAGE) << 8, frame, (u16)length);
	if (!ne->txing)
		trigger(ne, buffer);
	out(ne, NE_IMR, NE_ALL);
	return true;
}

/* ei_tx_intr(): the buffer that was sent is free, the other one is next. */
static void sent(struct ne *ne)
{
	const unsigned int buffer = ne->length[0] >= 0;

	ne_in(ne, NE_TSR, 1);
	out(ne, NE_ISR, NE_PTX | NE_TXE);
	ne->sent++;
	ne->txing = false;
	if (ne->length[buffer] >= 0)
		return; /* spurious: lib8390 says so in its log */
	ne->length[buffer] = 0;
	if (ne->length[!buffer] > 0)
		trigger(ne, !buffer);
}

u8 ne_interrupt(struct ne *ne)
{
	u8 causes;

	out(ne, NE_CR, CR_PAGE0);
	causes = (u8)ne_in(ne, NE_ISR, 1);
	if (causes & NE_TXE)
		ne->errors++;
	if (causes & (NE_PTX | NE_TXE))
		sent(ne);
	out(ne, NE_ISR, causes & (NE_PRX | NE_CNT | NE_RDC));
	out(ne, NE_CR, CR_START);
	return causes;
}

/* --- Receiving --------------------------------------------------------------------------- */

u32 ne_receive(struct ne *ne, u8 *frame)
{
	u8 header[4], current, page;
	u32 count, pages;

	out(ne, NE_CR, CR_PAGE1);
	current = (u8)ne_in(ne, NE_CURR, 1);
	out(ne, NE_CR, CR_PAGE0);
	page = (u8)ne_in(ne, NE_BNRY, 1) + 1;
	if (page >= STOP_PAGE)
		page = RX_PAGE;
	if (page == current)
		return 0;
	ne_read(ne, (u16)page << 8, header, 4);
	count = header[2] | header[3] << 8;
	pages = (count + 4 + 255) / 256;
	if (!(header[0] & 1) ||
	    header[1] != RX_PAGE + (page - RX_PAGE + pages) % (STOP_PAGE - RX_PAGE)) {
		ne->bad++;
		header[1] = current;
		count = 0;
	} else {
		ne_read(ne, (u16)(page << 8) + 4, frame, (u16)count);
	}
	out(ne, NE_BNRY, header[1] - 1);
	return count;
}

void ne_settle(struct world *world, struct ne *drivers, unsigned int count)
{
	unsigned int rounds, i;
	bool more = true;

	for (rounds = 0; more && rounds < 100; rounds++) {
		world_run(world);
		more = false;
		for (i = 0; i < count; i++) {
			if (drivers[i].guest->line)
				more |= ne_interrupt(&drivers[i]) & (NE_PTX | NE_TXE);
		}
	}
}

void ne_frame(u8 *frame, u32 length, const struct world_guest *guest, unsigned int seed)
{
	frame_make(frame, length, frame_stranger, nic_mac(guest), seed);
}
