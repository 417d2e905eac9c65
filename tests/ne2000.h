/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A mini driver for models/ne2000.vpm: what Linux's ne2k-pci and lib8390 do to the card, in their
 * order. Used by the tests of that model.
 */
#ifndef VPIO_TESTS_NE2000_H
#define VPIO_TESTS_NE2000_H

#include "nic.h"

enum {
	NE_CR = 0x00,
	NE_DATA = 0x10,
	NE_RESET = 0x1f,

	/* page 0 */
	NE_PSTART = 0x01,
	NE_PSTOP = 0x02,
	NE_BNRY = 0x03,
	NE_TSR = 0x04, /* read */
	NE_TPSR = 0x04,
	NE_TBCR = 0x05,
	NE_ISR = 0x07,
	NE_CRDA = 0x08, /* read */
	NE_RSAR = 0x08,
	NE_RBCR = 0x0a,
	NE_RSR = 0x0c, /* read */
	NE_RCR = 0x0c,
	NE_TCR = 0x0d,
	NE_CNTR = 0x0d, /* read */
	NE_DCR = 0x0e,
	NE_IMR = 0x0f,
	/* page 1 */
	NE_PAR = 0x01,
	NE_CURR = 0x07,
	NE_MAR = 0x08,

	CR_STP = 0x01,
	CR_STA = 0x02,
	CR_TXP = 0x04,
	CR_READ = 0x0a, /* and start */
	CR_WRITE = 0x12,
	CR_NODMA = 0x20,
	CR_PAGE0 = 0x20, /* of lib8390 when it only selects a page */
	CR_PAGE1 = 0x60,
	CR_START = 0x22,
	CR_STOP = 0x21,
	CR_SEND = 0x26,

	NE_PRX = 0x01,
	NE_PTX = 0x02,
	NE_TXE = 0x08,
	NE_OVW = 0x10,
	NE_CNT = 0x20,
	NE_RDC = 0x40,
	NE_RST = 0x80,
	NE_ALL = 0x3f, /* lib8390's ENISR_ALL */

	DCR_WORDS = 0x49,
	DCR_BYTES = 0x48,
	RCR_BROADCAST = 0x04,
	RCR_MULTICAST = 0x08,
	RCR_PROMISCUOUS = 0x10,
	RCR_MONITOR = 0x20,

	TX_PAGE = 0x40,	 /* lib8390's two transmit buffers, */
	TX_PAGE2 = 0x46, /* TX_PAGES / 2 behind it, */
	RX_PAGE = 0x4c,	 /* and its ring */
	STOP_PAGE = 0x80,

	NE_GUESTS = 3,
	NE_LONGEST = 1514,
	NE_MOST = 1518, /* that the card sends: with a VLAN tag */
};

/* The driver of one guest. */
struct ne {
	struct world_guest *guest;
	unsigned int width; /* of accesses to the data port: 4 as ne2k-pci, or 1, 2, 8 */
	int length[2];	    /* lib8390's tx1 and tx2: 0 free, > 0 is full and waits, < 0 is sent */
	unsigned int sent, errors; /* frames that ended, and those of them that were aborted */
	unsigned int bad;	   /* frames in the ring whose header is not right */
	bool txing;
};

/* A world of guests that share a simulated NE2000, for cmocka. The end looks for what never may be. */
int ne_setup(void **state);
int ne_teardown(void **state);

/* An access as QEMU makes it: 0, or VPIO_WAIT. */
int ne_try(struct world_guest *guest, bool write, u32 offset, unsigned int size, u64 *value);
/* Accesses that wait, while the world goes on; false and all ones if they would for ever. */
u64 ne_in(struct ne *ne, u32 offset, unsigned int size);
bool ne_out(struct ne *ne, u32 offset, unsigned int size, u64 value);

/* As ne2k_pci_init_one() looks for the card; what it takes from the PROM. False: not found. */
bool ne_probe(struct ne *ne, u8 prom[32]);
/* As NS8390_init() opens it: words, and these bits of RCR. */
void ne_init(struct ne *ne, u8 rcr);
void ne_open(struct ne *ne, struct world_guest *guest, u8 rcr);

/* Sets up the remote DMA; and as block_output and block_input do. */
void ne_remote(struct ne *ne, u8 command, u16 address, u16 count);
void ne_put(struct ne *ne, const void *data, u32 count);
void ne_get(struct ne *ne, void *data, u32 count);
void ne_write(struct ne *ne, u16 address, const void *data, u16 count);
void ne_read(struct ne *ne, u16 address, void *data, u16 count);
/* As NS8390_trigger_send(). */
void ne_trigger(struct ne *ne, u8 page, u16 length);

/* As ei_start_xmit(): false if both buffers are full. */
bool ne_send(struct ne *ne, const void *frame, u32 length);
/* As ei_interrupt(), without the frames: the causes. */
u8 ne_interrupt(struct ne *ne);
/* The next frame of the ring as ei_receive(), its length with FCS, or 0. */
u32 ne_receive(struct ne *ne, u8 *frame);
/* Lets the world and all drivers go on until nothing waits. */
void ne_settle(struct world *world, struct ne *drivers, unsigned int count);

/* A frame that only this guest sends; the nth. */
void ne_frame(u8 *frame, u32 length, const struct world_guest *guest, unsigned int seed);

#endif /* VPIO_TESTS_NE2000_H */
