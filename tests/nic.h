/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A mini driver for the RTL8139, in a guest of a world: the classic mode as Linux's 8139too uses it
 * and C+ mode as 8139cp does, and the frames to try them with.
 */
#ifndef VPIO_TESTS_NIC_H
#define VPIO_TESTS_NIC_H

#include "world.h"

enum nic_register {
	NIC_IDR = 0x00,
	NIC_MAR = 0x08,
	NIC_TSD = 0x10,
	NIC_TSAD = 0x20,
	NIC_RBSTART = 0x30,
	NIC_CR = 0x37,
	NIC_CAPR = 0x38,
	NIC_CBR = 0x3a,
	NIC_IMR = 0x3c,
	NIC_ISR = 0x3e,
	NIC_TCR = 0x40,
	NIC_RCR = 0x44,
	NIC_TCTR = 0x48,
	NIC_MPC = 0x4c,
	NIC_CFG9346 = 0x50,
	NIC_CONFIG1 = 0x52,
	NIC_MSR = 0x58,
	NIC_TSAS = 0x60,
	NIC_BMCR = 0x62,
	NIC_BMSR = 0x64,
	NIC_TPPOLL = 0xd9,
	NIC_CPCR = 0xe0,
	NIC_RDSAR = 0xe4,
};

enum nic_bit {
	CR_BUFE = 0x01,
	CR_TE = 0x04,
	CR_RE = 0x08,
	CR_RST = 0x10,
	ISR_ROK = 0x01,
	ISR_TOK = 0x04,
	ISR_TER = 0x08,
	ISR_RXOVW = 0x10,
	ISR_LINK = 0x20,
	RCR_AAP = 0x01,
	RCR_APM = 0x02,
	RCR_AM = 0x04,
	RCR_AB = 0x08,
	RCR_WRAP = 0x80,
	RCR_RBLEN = 0x1800,
	RCR_32K = 0x1000,
	RCR_USUAL = RCR_APM | RCR_AB | RCR_WRAP | RCR_32K, /* what 8139too sets at first */
	TSD_OWN = 0x2000,
	TSD_TOK = 0x8000,
	TSD_TABT = 0x40000000,
	CPCR_TXEN = 0x01,
	CPCR_RXEN = 0x02,
	CPCR_RXVLAN = 0x40,
	POLL_NORMAL = 0x40,
	TXD_TCP = 0x10000,
	TXD_UDP = 0x20000,
	TXD_IP = 0x40000,
	TXD_ERROR = 0x00800000,
	TXD_LARGE = 0x08000000,
	TXD_TAG = 0x20000,
	DESC_LS = 0x10000000,
	DESC_FS = 0x20000000,
	DESC_EOR = 0x40000000,
};

#define DESC_OWN 0x80000000u

/* Where the driver has its things in the guest's memory. */
enum nic_place {
	NIC_TX_BUFFERS = 0x08000, /* classic: 4 of 2 KiB */
	NIC_TX_RING = 0x10000,	  /* C+: 64 descriptors */
	NIC_RX_RING = 0x11000,
	NIC_COUNTERS = 0x12000, /* DTCCR */
	NIC_CP_TX = 0x20000,	/* C+: a buffer of 2 KiB for each descriptor */
	NIC_CP_RX = 0x40000,
	NIC_LARGE = 0x60000, /* C+: 64 KiB for frames that are cut into segments */
	NIC_RING = 0x80000,  /* classic receive ring, 64 KiB and padding */
	NIC_BUFFER = 0x800,  /* bytes of a buffer */
	NIC_DESCRIPTORS = 64,
};

/* The driver of one guest. */
struct nic {
	struct world_guest *guest;
	bool cplus;
	u32 rcr;
	u32 ring;	 /* guest address of the classic receive ring */
	u32 read;	 /* where the next frame begins in it */
	unsigned int tx; /* the next descriptor to send by, both modes */
	unsigned int rx; /* C+: the next to be filled */
	u32 length;	 /* of the last received frame, with FCS as it was in memory */
	u32 status;	 /* the last received frame's: the header's, or the descriptor's flags */
	u32 tag;	 /* C+: its descriptor's second word */
};

/* A world of NIC_GUESTS guests that share a simulated RTL8139, for cmocka; and its end. */
enum { NIC_GUESTS = 3 };
int nic_setup(void **state);
int nic_teardown(void **state);

/* Sets a guest's command register: I/O, memory, bus master. */
void nic_command(struct world_guest *guest, u16 value);
/* The station address that a guest has. */
const u8 *nic_mac(const struct world_guest *guest);

/* As 8139too opens the device: reset, ring, transmitter, receiver with these bits of RCR. */
void too_open(struct nic *nic, struct world_guest *guest, u32 rcr);
/* Puts a frame into the next descriptor's buffer and starts it; the descriptor. */
unsigned int too_send(struct nic *nic, const void *frame, u32 length);
/* Starts the next descriptor on what is at an address; the descriptor. */
unsigned int too_start(struct nic *nic, u32 address, u32 length);
/* Takes the next frame out of the ring: its length without FCS, or 0 if there is none. */
u32 too_receive(struct nic *nic, u8 *frame);
u32 too_status(const struct nic *nic, unsigned int descriptor);

/* As 8139cp opens the device. */
void cp_open(struct nic *nic, struct world_guest *guest, u32 rcr);
/* Gives a descriptor to the device, without telling it. Flags: TXD_*, DESC_* but OWN, EOR. */
unsigned int cp_queue(struct nic *nic, u64 address, u32 size, u32 flags, u32 tag);
void cp_poll(struct nic *nic);
/* Sends one frame in one descriptor; the descriptor. */
unsigned int cp_send(struct nic *nic, const void *frame, u32 length, u32 flags, u32 tag);
u32 cp_receive(struct nic *nic, u8 *frame);
u32 cp_status(const struct nic *nic, unsigned int descriptor);

/* In the mode that the driver is in: send, receive, and whether a frame has ended. */
enum nic_end { NIC_PENDING, NIC_SENT, NIC_ABORTED };
unsigned int nic_send(struct nic *nic, const void *frame, u32 length);
u32 nic_receive(struct nic *nic, u8 *frame);
enum nic_end nic_end(const struct nic *nic, unsigned int descriptor);
/* The causes of interrupts that are set; they are acknowledged. */
u32 nic_causes(struct nic *nic);

/* Fills in a frame from a source to a destination with a body that follows from a seed. */
void frame_make(u8 *frame, u32 length, const u8 *to, const u8 *from, unsigned int seed);
/* A frame from nowhere on the wire, to an address. */
void wire_make(u8 *frame, u32 length, const u8 *to, unsigned int seed);
extern const u8 frame_broadcast[6];
extern const u8 frame_stranger[6];

#endif /* VPIO_TESTS_NIC_H */
