/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * client.h - a vdev opened through VFIO by a program that plays guest and VMM at once: its
 * registers, its memory at chosen bus addresses, its RTL8139 driven by hand, and a socket on the
 * wire that sees what really left the device. For the cases.
 */
#ifndef VPIO_RIG_CLIENT_H
#define VPIO_RIG_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/vfio.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

/* Where this guest has memory; between these areas it has none. */
enum {
	AREA = 0x10000, /* bytes of each of them, but for HOME and PAGE */
	PAGE = 0x1000,
	HOME = 0x01000000, /* rings and buffers; two mappings that meet in the middle */
	HOME_SIZE = 0x100000,
	HOME_END = HOME + HOME_SIZE,
	HOLE = 0x02000000,	/* nothing is here */
	READ_ONLY = 0x03000000, /* that is: for the device */
	WRITE_ONLY = 0x04000000,
	PASSING = 0x05000000, /* nothing at first: cases map and unmap it */
};
#define TOP   0xfffff000ull	/* the last page below 4 GiB */
#define ZERO  0ull		/* the first page: what wraps at 4 GiB, or at 2^64, gets there */
#define HIGH  0x123400000000ull /* above 4 GiB */
#define WRAPS 0xfffffffffffffff0ull /* 16 bytes before the end of all addresses */

/* What is where in HOME. */
enum {
	RX_BUFFER = HOME,	    /* classic: 8 KiB and a frame past the end */
	TX_RING = HOME + 0x4000,    /* C+: 64 descriptors */
	RX_RING = HOME + 0x5000,    /* C+: 64 descriptors */
	TX_MARKER = HOME + 0x6000,  /* the frame of check_wire() */
	RX_FRAMES = HOME + 0x10000, /* C+: 2 KiB for each descriptor */
	TX_FRAME = HOME + 0x40000,  /* the frame of a case: 64 KiB and more */
};

/* Registers and bits of the RTL8139 (datasheets: see models/rtl8139.vpm). */
enum {
	IDR = 0x00,
	MAR = 0x08,
	TSD = 0x10,
	TSAD = 0x20,
	RBSTART = 0x30,
	CR = 0x37,
	CAPR = 0x38,
	CBR = 0x3a,
	IMR = 0x3c,
	ISR = 0x3e,
	TCR = 0x40,
	RCR = 0x44,
	TCTR = 0x48,
	CFG9346 = 0x50,
	TPPOLL = 0xd9,
	CPCR = 0xe0,
	RDSAR = 0xe4,
	REGISTERS = 0x100,

	TSD_OWN = 1 << 13,
	TSD_TOK = 1 << 15,
	TSD_TABT = 1 << 30,
	CR_BUFE = 1,
	CR_TE = 4,
	CR_RE = 8,
	CR_RST = 0x10,
	ISR_ROK = 1,
	ISR_TOK = 4,
	ISR_TER = 8,
	RCR_APM = 2,
	RCR_WRAP = 0x80,
	CPCR_TXEN = 1,
	CPCR_RXEN = 2,
	TPPOLL_NPQ = 0x40,
};
#define D_OWN	(1u << 31)
#define D_EOR	(1u << 30)
#define D_FS	(1u << 29)
#define D_LS	(1u << 28)
#define D_LGSEN (1u << 27)
#define D_MSS	16 /* shift */
#define D_TES	(1u << 23)

/* PCI configuration space. */
enum {
	COMMAND = 4,
	COMMAND_MEMORY = 3, /* and I/O */
	COMMAND_MASTER = 4,
	BAR = 0x10,
	COMMAND_INTX_DISABLE = 0x400,
};

/* C+ descriptor. */
struct descriptor {
	u32 flags, tag;
	u64 address;
};

enum {
	DESCRIPTORS = 64,
	FRAME_TYPE = 0x88b5, /* of the frames here: IEEE 802, local experiments */
	FRAME_MOST = 1518,
	PATIENCE = 5000, /* ms: longer than anything here takes that comes at all */
};

struct vdev {
	char uuid[40];
	int container, group, device;
	u64 regs, config; /* offsets of BAR 1 (edu: 0) and configuration space in @device */
	u8 mac[6];
	bool cplus;
	u32 tx_next; /* descriptor */
	u32 rx_next; /* C+: descriptor */
	u32 number;  /* of the last frame made */
};

/* --- Verdicts ---------------------------------------------------------------------------- */

/* The case that runs now. */
struct verdict {
	const char *name;
	unsigned int failures;
	char first[256];
};
extern struct verdict verdict;

/* Says what is wrong and fails the case if it isn't good; returns @good. */
bool expect(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a number. */
bool expect_value(const char *what, u64 wanted, u64 found);
/* Ends the program: what is needed to test anything at all isn't there. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

u64 now_ms(void);
/* Waits for a condition; its value at the end. */
#define WAIT(condition)                                           \
	({                                                        \
		const u64 end_ = now_ms() + PATIENCE;             \
		bool good_;                                       \
		while (!(good_ = (condition)) && now_ms() < end_) \
			pause_us(100);                            \
		good_;                                            \
	})
void pause_us(unsigned int us);

/* --- The VMM's side ---------------------------------------------------------------------- */

/* Opens container, group and device; maps the areas. 0, or an errno with what failed on stderr. */
int vdev_open(struct vdev *v, const char *uuid);
/* The same for a KVM guest: @vm is KVM's VFIO device (KVM_DEV_TYPE_VFIO) of its VM. */
int vdev_open_for(struct vdev *v, const char *uuid, int vm);
void vdev_close(struct vdev *v);
/* The group's file in /dev/vfio, e.g. to open it a second time. */
void vdev_group_path(const char *uuid, char *path, size_t size);

/* The process's memory behind an address; valid for all areas, mapped or not. */
u8 *memory(u64 iova);
/* 0 or an errno. @flags: VFIO_DMA_MAP_FLAG_..., 0 for read and write. */
int dma_map(struct vdev *v, u64 iova, u64 size, u32 flags);
int dma_unmap(struct vdev *v, u64 iova, u64 size);
int dma_unmap_all(struct vdev *v);
/* Maps the areas, as vdev_open() does. 0 or the first errno. */
int vdev_map(struct vdev *v);

/* VFIO_DEVICE_SET_IRQS; 0 or an errno. */
int set_irqs(struct vdev *v, u32 flags, u32 index, u32 start, u32 count, const void *data,
	     size_t size);
void vdev_reset(struct vdev *v);
/* Where a region is in the device's file; if there is none, where vfio-pci would have it. */
u64 region_offset(struct vdev *v, u32 index);
/* Its bytes; 0: there is none. */
u64 region_size(struct vdev *v, u32 index);

/* --- The guest's side -------------------------------------------------------------------- */

u64 reg_read(struct vdev *v, u32 offset, u32 size);
void reg_write(struct vdev *v, u32 offset, u32 size, u64 value);
u32 config_read(struct vdev *v, u32 offset, u32 size);
void config_write(struct vdev *v, u32 offset, u32 size, u32 value);

/*
 * Resets the chip and starts transmitter and receiver, as a driver does; but broadcasts are not
 * received: what the other vdevs and the peer have to say to all would disturb the counts.
 */
void start_classic(struct vdev *v);
void start_cplus(struct vdev *v);
/* The one that was started last. */
void restart(struct vdev *v);

/* Classic: sends; returns the descriptor's status when it has ended (0: it hasn't). */
u32 send_classic(struct vdev *v, u64 address, u32 size);
/* The same for a frame of which it isn't awaited that it ends. */
void begin_classic(struct vdev *v, u64 address, u32 size);

struct descriptor *tx_descriptor(u32 index);
struct descriptor *rx_descriptor(u32 index);
/* C+: fills in the next descriptor (D_OWN | @flags), returns its index. */
u32 put_cplus(struct vdev *v, u32 flags, u64 address, u32 size);
void poll_cplus(struct vdev *v);
/* C+: waits until the descriptor isn't the device's; its flags (with D_OWN: it never was). */
u32 wait_cplus(u32 index);

/* Takes a received frame, if there is one: its length, else 0. */
u32 receive(struct vdev *v, u8 *frame, u32 size);

/* --- Frames and the wire ------------------------------------------------------------------ */

/* What a frame of FRAME_TYPE is for. */
enum kind {
	KIND_MARKER = 'M', /* well-behaved: all before it has left when this is seen */
	KIND_CASE = 'C',   /* a case's: may or may not be sent */
	KIND_POISON = 'P', /* must never leave */
	KIND_WIRE = 'W',   /* from the peer */
};

/* A frame from the vdev to the peer; fills in as much of it as fits into @size. */
void make_frame(struct vdev *v, u8 *to, u32 size, enum kind kind);
void make_arp(struct vdev *v, u8 *to, u8 last); /* from 10.81.39.@last; 60 bytes */
/* Is this the answer to it? */
bool is_arp_reply(const u8 *frame, u32 length, u8 last);

/* A socket in the peer's place; /run/netns/peer is rig/run's. */
void wire_open(void);
/* Only wire_mac, for those who send and do not look: a socket gets a copy of each frame. */
void wire_find(void);
/* A frame from the peer, any; and one of KIND_WIRE. */
void wire_put(const u8 *frame, u32 size);
void wire_send(const u8 to[6], u32 size);
extern u8 wire_mac[6];

/* A frame that has arrived at the peer; 0: none within the time. Longer than @size: its head. */
u32 wire_next(u8 *frame, u32 size, int ms);
/* Frames that arrived there and were lost, as this program was too slow to take them. */
u64 wire_overrun(void);
/* What has arrived at the peer, frame by frame; forgets all before. */
void wire_forget(void);
struct wire_count {
	u32 total; /* frames, without the marker and other vdevs' ARP */
	u32 cases; /* of these, of KIND_CASE */
	u32 poison;
	u32 longest;
	u8 first[16]; /* the head of the first */
};
/* Sends a marker and waits for it. False: it did not come. */
bool wire_settle(struct vdev *v, struct wire_count *count);
/* The same, and the number of other frames must be this. */
void check_wire(struct vdev *v, u32 wanted);
/* Asks the peer for its address and gets the answer into the receive ring. */
void check_control(struct vdev *v);

/* MAC addresses of the other vdevs; their number. */
u32 other_macs(const char *uuid, u8 (*macs)[6], u32 most);

/* --- Statistics --------------------------------------------------------------------------- */

struct stats {
	u32 count;
	struct {
		char name[32];
		u64 value;
	} row[64];
};

void stats_read(const char *uuid, struct stats *stats);
u64 stats_get(const struct stats *stats, const char *name);
/* One of them, now. */
u64 stat_now(const struct vdev *v, const char *name);
/* By how much it has grown since. */
u64 stat_since(const struct vdev *v, const struct stats *before, const char *name);
/* Refusals since: so many for this reason ("memory"), none for others. NULL: none at all. */
void check_refused(const struct vdev *v, const struct stats *before, const char *reason,
		   u64 wanted);

#endif /* VPIO_RIG_CLIENT_H */
