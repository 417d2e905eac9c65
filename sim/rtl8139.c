// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A simulated Realtek RTL8139C+: registers, EEPROM, PHY, and both programming interfaces, classic
 * (four transmit descriptors, one receive ring of bytes) and C+ (descriptor rings in memory).
 *
 * It follows the datasheet, and so is stricter than QEMU's:
 * - IDR, MAR, TSD, TSAD, RBSTART, TNPDS, THPDS, DTCCR and RDSAR take writes of all four bytes only;
 * - writing TSD starts a transmission only while TE is set and if SIZE is at most 1792; descriptors
 *   are sent in turn, TSD0 first after a reset, however they are written;
 * - CR.RST leaves IDR, MAR, the configuration registers and the PHY alone;
 * - AAP accepts foreign unicast addresses, and neither broadcast nor multicast;
 * - a frame below 60 bytes is a runt, for AR to accept; only C+ mode pads what it sends;
 * - the ring pointers restart when RE goes up, when RBSTART is written and when RBLEN changes, not
 *   with every write of RCR; C+ indices when TE or RE goes up and when a ring's address is written.
 * Where the datasheet says nothing: a failed DMA read ends a transmission with TUN and ISR.SERR.
 */
#include <string.h>

#include "device.h"

enum {
	IDR0 = 0x00, IDR4 = 0x04, MAR0 = 0x08, MAR4 = 0x0c,
	TSD0 = 0x10, TSD3 = 0x1c, TSAD0 = 0x20, TSAD3 = 0x2c,
	RBSTART = 0x30, ERBCR = 0x34, ERSR = 0x36, CR = 0x37, CAPR = 0x38, CBR = 0x3a,
	IMR = 0x3c, ISR = 0x3e, TCR = 0x40, RCR = 0x44, TCTR = 0x48, MPC = 0x4c,
	CR9346 = 0x50, CONFIG0 = 0x51, CONFIG1 = 0x52, TIMERINT = 0x54, MSR = 0x58,
	CONFIG3 = 0x59, CONFIG4 = 0x5a, HLTCLK = 0x5b, MULINT = 0x5c, RERID = 0x5e,
	TSAD = 0x60, BMCR = 0x62, BMSR = 0x64, ANAR = 0x66, ANLPAR = 0x68, ANER = 0x6a,
	CSCR = 0x74, PHY1_PARM = 0x78, TW_PARM = 0x7c, PHY2_PARM = 0x80,
	CONFIG5 = 0xd8, TPPOLL = 0xd9, CPCR = 0xe0, RDSAR0 = 0xe4, RDSAR4 = 0xe8, ETTHR = 0xec,
	WINDOW = 0x100,
};

/* What a write does that does not cover a whole register. */
enum partial { KEEP, ZERO, REFUSE };	/* keep the other bytes, take them for 0, refuse */

static const struct reg {
	uint8_t offset;
	uint8_t width;
	enum partial partial;
} registers[] = {
	{ IDR0, 4, REFUSE }, { IDR4, 4, REFUSE }, { MAR0, 4, REFUSE }, { MAR4, 4, REFUSE },
	{ TSD0, 4, REFUSE }, { TSD0 + 4, 4, REFUSE }, { TSD0 + 8, 4, REFUSE },
	{ TSD3, 4, REFUSE }, { TSAD0, 4, REFUSE }, { TSAD0 + 4, 4, REFUSE },
	{ TSAD0 + 8, 4, REFUSE }, { TSAD3, 4, REFUSE }, { RBSTART, 4, REFUSE },
	{ ERBCR, 2, KEEP }, { ERSR, 1, KEEP }, { CR, 1, KEEP }, { CAPR, 2, KEEP },
	{ CBR, 2, KEEP }, { IMR, 2, KEEP }, { ISR, 2, ZERO }, { TCR, 4, KEEP }, { RCR, 4, KEEP },
	{ TCTR, 4, KEEP }, { MPC, 4, ZERO }, { CR9346, 1, KEEP }, { CONFIG0, 1, KEEP },
	{ CONFIG1, 1, KEEP }, { TIMERINT, 4, KEEP }, { MSR, 1, KEEP }, { CONFIG3, 1, KEEP },
	{ CONFIG4, 1, KEEP }, { HLTCLK, 1, KEEP }, { MULINT, 2, KEEP }, { RERID, 1, KEEP },
	{ TSAD, 2, KEEP }, { BMCR, 2, KEEP }, { BMSR, 2, KEEP }, { ANAR, 2, KEEP },
	{ ANLPAR, 2, KEEP }, { ANER, 2, KEEP }, { CSCR, 2, KEEP }, { PHY1_PARM, 4, KEEP },
	{ TW_PARM, 4, KEEP }, { PHY2_PARM, 1, KEEP }, { CONFIG5, 1, KEEP }, { TPPOLL, 1, ZERO },
	{ CPCR, 2, KEEP }, { RDSAR0, 4, REFUSE }, { RDSAR4, 4, REFUSE }, { ETTHR, 1, KEEP },
};

enum {
	TSD_SIZE = 0x1fff, TSD_OWN = BIT(13), TSD_TUN = BIT(14), TSD_TOK = BIT(15),
	TSD_WRITABLE = 0x003f0000 | TSD_OWN | TSD_SIZE,
	TSD_SIZE_MAX = 1792,

	CR_BUFE = BIT(0), CR_TE = BIT(2), CR_RE = BIT(3), CR_RST = BIT(4),

	ISR_ROK = BIT(0), ISR_RER = BIT(1), ISR_TOK = BIT(2), ISR_TER = BIT(3), ISR_RXOVW = BIT(4),
	ISR_LINK = BIT(5), ISR_TDU = BIT(7), ISR_SWINT = BIT(8), ISR_TIMEOUT = BIT(14),
	ISR_SERR = BIT(15), ISR_ALL = 0xe1ff,

	TCR_NOCRC = BIT(16), TCR_LOOPBACK = BIT(17) | BIT(18),
	TCR_WRITABLE = 0x030f07f0, TCR_VERSION = 0x74800000,

	RCR_AAP = BIT(0), RCR_APM = BIT(1), RCR_AM = BIT(2), RCR_AB = BIT(3), RCR_AR = BIT(4),
	RCR_AER = BIT(5), RCR_WRAP = BIT(7), RCR_RBLEN = BIT(11) | BIT(12),
	RCR_WRITABLE = 0x0f03ffbf,

	RX_ROK = BIT(0), RX_FAE = BIT(1), RX_CRC = BIT(2), RX_LONG = BIT(3), RX_RUNT = BIT(4),
	RX_BAR = BIT(13), RX_PAM = BIT(14), RX_MAR = BIT(15),
	RX_LONG_OVER = 4096, RX_MAX = 0x1fff,	/* lengths with the check sequence */

	EEM = 0xc0, EEM_AUTOLOAD = 0x40, EEM_PROGRAM = 0x80, EEM_UNLOCK = 0xc0,

	BMCR_RESET = BIT(15), BMCR_AUTO = BIT(12), BMCR_RESTART = BIT(9), BMCR_DUPLEX = BIT(8),
	BMCR_LOCKED = 0x3100, BMCR_WRITABLE = 0x3300, BMCR_DEFAULT = BMCR_AUTO | BMCR_DUPLEX,
	BMSR_ABLE = 0x7809, BMSR_LINK = BIT(2), BMSR_AUTO_DONE = BIT(5),
	PHY_MODES = 0x05e1,

	CPCR_TXEN = BIT(0), CPCR_RXEN = BIT(1), CPCR_RXCHK = BIT(5), CPCR_RXVLAN = BIT(6),
	CPCR_WRITABLE = 0x007b,
	POLL_SWINT = BIT(0), POLL_NORMAL = BIT(6), POLL_HIGH = BIT(7),
	DTCCR_DUMP = BIT(3), DTCCR_ADDR = ~0x3f,

	DESC_SIZE = 16, RING_MAX = 64,
	DESC_EOR = BIT(30), DESC_FS = BIT(29), DESC_LS = BIT(28),
	TXD_LARGE = BIT(27), TXD_IPCS = BIT(18), TXD_UDPCS = BIT(17), TXD_TCPCS = BIT(16),
	TXD_UNF = BIT(25), TXD_TES = BIT(23), TXD_ERRORS = 0x02f00000, TXD_TAG = BIT(17),
	RXD_MAR = BIT(26), RXD_PAM = BIT(25), RXD_BAR = BIT(24), RXD_FAE = BIT(27),
	RXD_LONG = BIT(21), RXD_RES = BIT(20), RXD_RUNT = BIT(19), RXD_CRC = BIT(18),
	RXD_PROTOCOL_SHIFT = 16, RXD_IP_BAD = BIT(15), RXD_UDP_BAD = BIT(14),
	RXD_TCP_BAD = BIT(13), RXD_SIZE = 0x1fff, RXD_TAG = BIT(16),

	TICKS_A_RUN = 33000,			/* a millisecond of the PCI clock */
};

#define TSD_CRS		BIT(31)
#define DESC_OWN	BIT(31)

/*
 * SIM_FAULT_RX_HEADER: how a receive status is spoilt, in turn. @length replaces the length, unless
 * it is 0. In C+ mode the length has 13 bits, and the errors that the status has there.
 */
static const struct {
	uint16_t set;
	uint16_t clear;
	uint16_t length;
} corrupt_ways[] = {
	{ 0, 0, 0xffff },			/* longer than the ring */
	{ RX_CRC, RX_ROK, 0 },			/* not good */
	{ 0, 0, 4 },				/* nothing but a check sequence */
	{ 0, RX_ROK, 0xfff0 },			/* "still being received", for ever */
	{ RX_FAE | RX_LONG, 0, RX_MAX },	/* good and bad at once, and too long */
};

struct tally {
	uint64_t tx_ok, rx_ok, tx_error;
	uint32_t rx_error;
	uint16_t missed;
	uint64_t rx_unicast, rx_broadcast;
	uint32_t rx_multicast;
	uint16_t tx_underrun;
};

enum { NORMAL, HIGH };

struct rtl8139 {
	struct sim_device dev;			/* first */
	const struct reg *decode[WINDOW];	/* the register of each byte, or NULL */
	struct sim_eeprom eeprom;
	struct tally tally;

	uint8_t idr[8], mar[8];
	uint32_t tsd[4], tsad[4], dtccr[2];	/* C+: tsad holds TNPDS and THPDS */
	uint32_t rbstart, tcr, rcr, tctr, timerint, mpc;
	uint16_t capr, cbr, mulint, bmcr, anar, cpcr, erbcr;
	uint8_t cr, cr9346, config0, config1, config3, config4, config5, msr, ersr, etthr;
	uint32_t phy1_parm, tw_parm;
	uint8_t phy2_parm;
	uint64_t rdsar;

	/* What no register shows. */
	unsigned int tx_next;			/* descriptor whose turn it is */
	unsigned int tx_started;		/* bit for each descriptor given to the device */
	bool tx_hung;
	bool resetting;				/* reset was asked for, and not yet seen done */
	bool clock_stopped;
	bool link;
	bool timer_fired;
	unsigned int corrupt_way;
	uint8_t poll;				/* TPPOLL bits not yet served */
	unsigned int tx_index[2], rx_index;	/* of the C+ rings */
	size_t tx_len;				/* of the frame in tx_frame, whose end is to come */
	bool tx_bad;
	uint8_t tx_frame[0x10000];
};

static struct rtl8139 *to_rtl8139(struct sim_device *dev)
{
	return (struct rtl8139 *)dev;
}

/* Reset */

static void restart_receive_ring(struct rtl8139 *nic)
{
	nic->capr = 0xfff0;
	nic->cbr = 0;
}

static void reset(struct rtl8139 *nic)
{
	nic->cr = 0;
	for (int i = 0; i < 4; i++) {
		nic->tsd[i] = TSD_OWN;
		nic->tsad[i] = 0;
	}
	nic->dtccr[0] = nic->dtccr[1] = 0;
	nic->rbstart = nic->rcr = nic->tctr = nic->timerint = nic->mpc = 0;
	nic->tcr = TCR_VERSION;
	nic->mulint = nic->cpcr = nic->erbcr = 0;
	nic->ersr = nic->etthr = 0;
	nic->rdsar = 0;
	nic->tx_next = nic->tx_started = 0;
	nic->tx_hung = nic->tx_bad = nic->timer_fired = nic->clock_stopped = false;
	nic->tx_len = 0;
	nic->tx_index[NORMAL] = nic->tx_index[HIGH] = nic->rx_index = 0;
	nic->poll = 0;
	memset(&nic->tally, 0, sizeof(nic->tally));
	restart_receive_ring(nic);
	sim_reset_causes(&nic->dev);
}

/* What the chip takes from its EEPROM: after power-on, and when 9346CR asks for it. */
static void autoload(struct rtl8139 *nic)
{
	for (int i = 0; i < 3; i++)
		put_le(nic->idr + 2 * i, 2, nic->eeprom.word[7 + i]);
	nic->config0 = 0;
	nic->config1 = 0x0c;			/* memory and port access */
	nic->config3 = 0x01;			/* fast back-to-back */
	nic->config4 = nic->config5 = 0;
}

static void write_9346(struct rtl8139 *nic, uint8_t value)
{
	bool program = (value & EEM) == EEM_PROGRAM;

	nic->cr9346 = value & (EEM | EEPROM_CS | EEPROM_SK | EEPROM_DI);
	sim_eeprom_lines(&nic->eeprom, program ? value : 0);
	if ((value & EEM) == EEM_AUTOLOAD) {
		autoload(nic);
		nic->cr9346 = 0;
	}
}

static uint8_t read_9346(struct rtl8139 *nic)
{
	bool out = (nic->cr9346 & EEM) == EEM_PROGRAM && nic->eeprom.out;

	return nic->cr9346 | (out ? EEPROM_DO : 0);
}

/* Receiving */

static uint32_t ring_size(struct rtl8139 *nic)
{
	return 8192u << ((nic->rcr & RCR_RBLEN) >> 11);
}

static bool ring_empty(struct rtl8139 *nic)
{
	return !((nic->capr + 16u - nic->cbr) & (ring_size(nic) - 1));
}

/* The address part of the receive status of a frame; 0 if the filter rejects it. */
static uint16_t match_address(struct rtl8139 *nic, const uint8_t *frame)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	unsigned int hash;

	if (!memcmp(frame, broadcast, 6))
		return nic->rcr & RCR_AB ? RX_BAR : 0;
	if (frame[0] & 1) {
		hash = sim_multicast_hash(frame);
		if (!(nic->rcr & RCR_AM) || !(nic->mar[hash / 8] & BIT(hash % 8)))
			return 0;
		return RX_MAR;
	}
	if (!memcmp(frame, nic->idr, 6) && nic->rcr & (RCR_APM | RCR_AAP))
		return RX_PAM;
	/* A foreign address has no bit of its own: ROK, set later anyway, stands in. */
	return nic->rcr & RCR_AAP ? RX_ROK : 0;
}

/* The receive status of a frame, 0 if it is not for us. */
static uint16_t classify(struct rtl8139 *nic, const uint8_t *frame, size_t len)
{
	uint16_t status;

	if (len < ETH_HEADER || len + ETH_FCS > RX_MAX)
		return 0;
	if (len < ETH_MIN && !(nic->rcr & RCR_AR))
		return 0;
	if (len + ETH_FCS > RX_LONG_OVER && !(nic->rcr & RCR_AER))
		return 0;
	status = match_address(nic, frame);
	if (!status)
		return 0;
	if (len + ETH_FCS > RX_LONG_OVER)
		return (status & ~RX_ROK) | RX_LONG;
	return status | RX_ROK | (len < ETH_MIN ? RX_RUNT : 0);
}

/* SIM_FAULT_RX_HEADER: spoil what the driver will read of a frame. */
static void corrupt(struct rtl8139 *nic, uint16_t *status, uint16_t *length)
{
	unsigned int way;

	if (!sim_fault_happens(&nic->dev, SIM_FAULT_RX_HEADER))
		return;
	way = nic->corrupt_way++ % (sizeof(corrupt_ways) / sizeof(corrupt_ways[0]));
	*status = (*status | corrupt_ways[way].set) & ~corrupt_ways[way].clear;
	if (corrupt_ways[way].length)
		*length = corrupt_ways[way].length;
}

static bool receive_missed(struct rtl8139 *nic)
{
	nic->mpc = (nic->mpc + 1) & 0xffffff;
	nic->tally.missed++;
	sim_raise_cause(&nic->dev, ISR_RXOVW);
	return false;
}

static bool receive_bus_error(struct rtl8139 *nic)
{
	nic->tally.rx_error++;
	sim_raise_cause(&nic->dev, ISR_SERR | ISR_RER);
	return false;
}

static bool receive_done(struct rtl8139 *nic, uint16_t status)
{
	if (status & RX_ROK)
		nic->tally.rx_ok++;
	else
		nic->tally.rx_error++;
	nic->tally.rx_unicast += !!(status & RX_PAM);
	nic->tally.rx_broadcast += !!(status & RX_BAR);
	nic->tally.rx_multicast += !!(status & RX_MAR);
	sim_raise_cause(&nic->dev, status & RX_ROK ? ISR_ROK : ISR_RER);
	return true;
}

static int ring_write(struct rtl8139 *nic, const uint8_t *data, uint32_t len)
{
	uint32_t size = ring_size(nic), head = len;
	bool linear = (nic->rcr & RCR_WRAP) && size < 0x10000;

	if (!linear && nic->cbr + len > size)
		head = size - nic->cbr;
	if (sim_dma_write(&nic->dev, (uint64_t)nic->rbstart + nic->cbr, data, head))
		return -1;
	return len > head ? sim_dma_write(&nic->dev, nic->rbstart, data + head, len - head) : 0;
}

/* Classic: header, frame and check sequence into the ring of bytes. */
static bool receive_ring(struct rtl8139 *nic, const uint8_t *frame, size_t len, uint16_t status)
{
	uint8_t record[4 + RX_MAX];
	uint32_t size = ring_size(nic), room, used = 4 + len + ETH_FCS;
	uint16_t shown = status, length = len + ETH_FCS;

	room = (nic->capr + 16u - nic->cbr) & (size - 1);
	if (((used + 3) & ~3u) >= (room ? room : size))
		return receive_missed(nic);
	corrupt(nic, &shown, &length);
	put_le(record, 2, shown);
	put_le(record + 2, 2, length);
	memcpy(record + 4, frame, len);
	put_le(record + 4 + len, ETH_FCS, sim_frame_check(frame, len));
	if (ring_write(nic, record, used))
		return receive_bus_error(nic);
	nic->cbr = (nic->cbr + ((used + 3) & ~3u)) & (size - 1);
	nic->erbcr = len + ETH_FCS;
	nic->ersr = status & RX_ROK ? 0x09 : 0x04;
	return receive_done(nic, status);
}

/* A descriptor of a C+ ring, as it is in memory. */
struct descriptor {
	uint64_t at;
	uint32_t flags;
	uint32_t tag;
	uint64_t addr;
};

static int fetch(struct rtl8139 *nic, uint64_t ring, unsigned int index, struct descriptor *desc)
{
	uint8_t raw[DESC_SIZE];

	desc->at = ring + DESC_SIZE * index;
	if (sim_dma_read(&nic->dev, desc->at, raw, DESC_SIZE))
		return -1;
	desc->flags = get_le32(raw);
	desc->tag = get_le32(raw + 4);
	desc->addr = get_le64(raw + 8);
	return 0;
}

static int write_back(struct rtl8139 *nic, const struct descriptor *desc)
{
	uint8_t raw[8];

	put_le(raw, 4, desc->flags);
	put_le(raw + 4, 4, desc->tag);
	return sim_dma_write(&nic->dev, desc->at, raw, sizeof(raw));
}

static unsigned int next_index(const struct descriptor *desc, unsigned int index)
{
	return desc->flags & DESC_EOR ? 0 : (index + 1) % RING_MAX;
}

/* The receive status in the form that C+ descriptors have. */
static uint32_t descriptor_status(uint16_t status)
{
	return (status & RX_MAR ? RXD_MAR : 0) | (status & RX_PAM ? RXD_PAM : 0) |
	       (status & RX_BAR ? RXD_BAR : 0) | (status & RX_FAE ? RXD_FAE : 0) |
	       (status & RX_LONG ? RXD_LONG : 0) | (status & RX_RUNT ? RXD_RUNT : 0) |
	       (status & RX_CRC ? RXD_CRC : 0) | (status & RX_ROK ? 0 : RXD_RES);
}

/* What a C+ descriptor says of the protocols in a frame. */
static uint32_t descriptor_protocols(const uint8_t *frame, size_t len)
{
	unsigned int found = sim_offload_inspect(frame, len);
	uint32_t protocol = found & OFFLOAD_TCP ? 1 : found & OFFLOAD_UDP ? 2 : found ? 3 : 0;

	return protocol << RXD_PROTOCOL_SHIFT | (found & OFFLOAD_IP_BAD ? RXD_IP_BAD : 0) |
	       (found & OFFLOAD_TCP_BAD ? RXD_TCP_BAD : 0) |
	       (found & OFFLOAD_UDP_BAD ? RXD_UDP_BAD : 0);
}

/* Collect descriptors for @len bytes. Return: how many; 0: not enough of them; -1: bus error. */
static int collect_descriptors(struct rtl8139 *nic, size_t len, struct descriptor *desc)
{
	unsigned int index = nic->rx_index;
	size_t room = 0;
	int n = 0;

	while (room < len) {
		if (n == RING_MAX)
			return 0;
		if (fetch(nic, nic->rdsar, index, &desc[n]))
			return -1;
		if (!(desc[n].flags & DESC_OWN))
			return 0;
		room += desc[n].flags & RXD_SIZE;
		index = next_index(&desc[n], index);
		n++;
	}
	return n;
}

/* C+: frame and check sequence into as many descriptors of the ring as they need. */
static bool receive_descriptors(struct rtl8139 *nic, const uint8_t *frame, size_t len,
				uint16_t status)
{
	struct descriptor desc[RING_MAX];
	uint8_t data[RX_MAX];
	uint32_t shown = 0, tag = 0;
	uint16_t spoilt = status, length;
	size_t done = 0, part;
	int n;

	if (nic->cpcr & CPCR_RXCHK)
		shown = descriptor_protocols(frame, len);
	memcpy(data, frame, len);
	put_le(data + len, ETH_FCS, sim_frame_check(frame, len));
	len += ETH_FCS;
	if ((nic->cpcr & CPCR_RXVLAN) && get_be16(frame + 12) == 0x8100 && len >= 18 + ETH_FCS) {
		tag = RXD_TAG | get_le16(frame + 14);
		len -= 4;
		memmove(data + 12, data + 16, len - 12);
	}
	n = collect_descriptors(nic, len, desc);
	if (n < 0)
		return receive_bus_error(nic);
	if (!n)
		return receive_missed(nic);

	length = len;
	corrupt(nic, &spoilt, &length);
	shown |= descriptor_status(spoilt);
	for (int i = 0; i < n; i++, done += part) {
		part = desc[i].flags & RXD_SIZE;
		if (part > len - done)
			part = len - done;
		if (part && sim_dma_write(&nic->dev, desc[i].addr, data + done, part))
			return receive_bus_error(nic);
		desc[i].flags = (desc[i].flags & DESC_EOR) | shown | (length & RXD_SIZE) |
				(i ? 0 : DESC_FS) | (i + 1 == n ? DESC_LS : 0);
		desc[i].tag = tag;
	}
	for (int i = 0; i < n; i++) {
		if (write_back(nic, &desc[i]))
			return receive_bus_error(nic);
		nic->rx_index = next_index(&desc[i], nic->rx_index);
	}
	return receive_done(nic, status);
}

static bool take_frame(struct rtl8139 *nic, const uint8_t *frame, size_t len)
{
	uint16_t status;

	if (!(nic->cr & CR_RE) || nic->clock_stopped)
		return false;
	status = classify(nic, frame, len);
	if (!status)
		return false;
	if (sim_fault_happens(&nic->dev, SIM_FAULT_RX_OVERFLOW))
		return receive_missed(nic);
	if (nic->cpcr & CPCR_RXEN)
		return receive_descriptors(nic, frame, len, status);
	return receive_ring(nic, frame, len, status);
}

static bool rtl8139_receive(struct sim_device *dev, const uint8_t *frame, size_t len)
{
	struct rtl8139 *nic = to_rtl8139(dev);

	return sim_count_receive(dev, nic->link && take_frame(nic, frame, len));
}

/* Transmitting */

/* Give a whole frame to the wire, or to our own receiver. */
static void emit(struct rtl8139 *nic, const uint8_t *frame, size_t len)
{
	bool good = len;

	if (nic->tcr & TCR_NOCRC) {		/* the driver appended the check sequence */
		good = len > ETH_FCS;
		len -= good ? ETH_FCS : 0;
		good = good && get_le32(frame + len) == sim_frame_check(frame, len);
	}
	if (!good)
		nic->dev.stats.drops += !!len;
	else if ((nic->tcr & TCR_LOOPBACK) == TCR_LOOPBACK)
		sim_count_receive(&nic->dev, take_frame(nic, frame, len));
	else if (nic->link)
		sim_transmit(&nic->dev, frame, len);
	else
		nic->dev.stats.drops++;
}

static bool transmitter_stuck(struct rtl8139 *nic)
{
	if (!nic->tx_hung)
		nic->tx_hung = sim_fault_happens(&nic->dev, SIM_FAULT_TX_HANG);
	return nic->tx_hung;
}

/* Classic: send the descriptor whose turn it is. */
static void send_next(struct rtl8139 *nic)
{
	unsigned int turn = nic->tx_next;
	size_t len = nic->tsd[turn] & TSD_SIZE;
	uint8_t frame[TSD_SIZE_MAX];

	nic->tx_started &= ~BIT(turn);
	nic->tx_next = (turn + 1) % 4;
	if (len && sim_dma_read(&nic->dev, nic->tsad[turn], frame, len)) {
		nic->tally.tx_error++;
		nic->tally.tx_underrun++;
		nic->tsd[turn] |= TSD_OWN | TSD_TUN;
		sim_raise_cause(&nic->dev, ISR_TER | ISR_SERR);
		return;
	}
	nic->tally.tx_ok++;
	nic->tsd[turn] |= TSD_OWN | TSD_TOK | (nic->link ? 0 : TSD_CRS);
	emit(nic, frame, len);
	sim_raise_cause(&nic->dev, ISR_TOK);
}

static void transmit_classic(struct rtl8139 *nic)
{
	for (int i = 0; i < 4; i++) {
		if (!(nic->cr & CR_TE) || !(nic->tx_started & BIT(nic->tx_next)) ||
		    transmitter_stuck(nic))
			return;
		send_next(nic);
	}
}

/* C+: send a frame with a VLAN tag if its descriptor has one, and at its least length. */
static void emit_tagged(struct rtl8139 *nic, const uint8_t *frame, size_t len, uint32_t tag)
{
	uint8_t tagged[sizeof(nic->tx_frame) + 4];
	size_t head = tag & TXD_TAG && len >= ETH_HEADER ? 12 : 0;

	if (head) {
		memcpy(tagged, frame, head);
		put_be16(tagged + 12, 0x8100);
		put_le(tagged + 14, 2, tag);
	}
	memcpy(tagged + (head ? 16 : 0), frame + head, len - head);
	len += head ? 4 : 0;
	if (len < ETH_MIN && !(nic->tcr & TCR_NOCRC)) {
		memset(tagged + len, 0, ETH_MIN - len);
		len = ETH_MIN;
	}
	emit(nic, tagged, len);
}

/* C+: all parts of a frame are here; @desc is its last. */
static void finish_frame(struct rtl8139 *nic, const struct descriptor *desc)
{
	unsigned int which = (desc->flags & TXD_IPCS ? OFFLOAD_IP : 0) |
			     (desc->flags & TXD_TCPCS ? OFFLOAD_TCP : 0) |
			     (desc->flags & TXD_UDPCS ? OFFLOAD_UDP : 0);
	size_t len = nic->tx_len, mss = desc->flags >> 16 & 0x7ff, n;
	uint8_t segment[0x1000];

	nic->tx_len = 0;
	if (nic->tx_bad) {
		nic->tx_bad = false;
		nic->tally.tx_error++;
		nic->dev.stats.drops++;
		sim_raise_cause(&nic->dev, ISR_TER);
		return;
	}
	nic->tally.tx_ok++;
	if (desc->flags & TXD_LARGE) {
		for (size_t at = 0; ; at += mss) {
			n = sim_offload_segment(nic->tx_frame, len, mss, at, segment,
						sizeof(segment));
			if (!n)
				break;
			emit_tagged(nic, segment, n, desc->tag);
		}
	} else {
		sim_offload_checksum(nic->tx_frame, len, which);
		emit_tagged(nic, nic->tx_frame, len, desc->tag);
	}
	sim_raise_cause(&nic->dev, ISR_TOK);
}

/* C+: add a descriptor's part to the frame. */
static void append_part(struct rtl8139 *nic, const struct descriptor *desc)
{
	size_t part = desc->flags & 0xffff;

	if (desc->flags & DESC_FS) {
		nic->tx_len = 0;
		nic->tx_bad = false;
	}
	if (part > sizeof(nic->tx_frame) - nic->tx_len)
		nic->tx_bad = true;
	if (!nic->tx_bad && part &&
	    sim_dma_read(&nic->dev, desc->addr, nic->tx_frame + nic->tx_len, part)) {
		nic->tx_bad = true;
		nic->tally.tx_underrun++;
		sim_raise_cause(&nic->dev, ISR_SERR);
	}
	if (!nic->tx_bad)
		nic->tx_len += part;
}

static bool cplus_transmitter_on(struct rtl8139 *nic)
{
	return (nic->cr & CR_TE) && (nic->cpcr & CPCR_TXEN);
}

/* C+: serve one descriptor of a ring. Return: false when there is nothing more to do now. */
static bool send_descriptor(struct rtl8139 *nic, int ring, uint8_t poll)
{
	uint64_t base = nic->tsad[2 * ring] | (uint64_t)nic->tsad[2 * ring + 1] << 32;
	struct descriptor desc, given_back;

	if (!cplus_transmitter_on(nic))
		return false;
	if (fetch(nic, base, nic->tx_index[ring], &desc)) {
		nic->poll &= ~poll;
		sim_raise_cause(&nic->dev, ISR_SERR);
		return false;
	}
	if (!(desc.flags & DESC_OWN)) {
		nic->poll &= ~poll;
		sim_raise_cause(&nic->dev, ISR_TDU);
		return false;
	}
	if (transmitter_stuck(nic))
		return false;
	append_part(nic, &desc);
	nic->tx_index[ring] = next_index(&desc, nic->tx_index[ring]);
	given_back = desc;
	given_back.flags &= ~(DESC_OWN | (desc.flags & TXD_LARGE ? 0 : TXD_ERRORS));
	if (nic->tx_bad)
		given_back.flags |= TXD_UNF | TXD_TES;
	if (write_back(nic, &given_back)) {
		nic->poll &= ~poll;
		nic->tx_bad = true;
		sim_raise_cause(&nic->dev, ISR_SERR);
	}
	if (desc.flags & DESC_LS)
		finish_frame(nic, &desc);
	return nic->poll & poll;
}

/* What TPPOLL asked for; a run serves at most one round of each ring. */
static void transmit_cplus(struct rtl8139 *nic)
{
	if (nic->poll & POLL_SWINT) {
		nic->poll &= ~POLL_SWINT;
		sim_raise_cause(&nic->dev, ISR_SWINT);
	}
	for (int ring = HIGH; ring >= NORMAL; ring--) {
		uint8_t poll = ring == HIGH ? POLL_HIGH : POLL_NORMAL;

		for (int i = 0; i < RING_MAX && (nic->poll & poll); i++)
			if (!send_descriptor(nic, ring, poll))
				break;
	}
}

/* DTCCR: write the counters to memory. */
static void dump_tally(struct rtl8139 *nic)
{
	const struct tally *tally = &nic->tally;
	uint8_t raw[64] = { 0 };

	put_le(raw, 8, tally->tx_ok);
	put_le(raw + 8, 8, tally->rx_ok);
	put_le(raw + 16, 8, tally->tx_error);
	put_le(raw + 24, 4, tally->rx_error);
	put_le(raw + 28, 2, tally->missed);
	put_le(raw + 40, 8, tally->rx_unicast);
	put_le(raw + 48, 8, tally->rx_broadcast);
	put_le(raw + 56, 4, tally->rx_multicast);
	put_le(raw + 62, 2, tally->tx_underrun);
	nic->dtccr[0] &= ~DTCCR_DUMP;
	if (sim_dma_write(&nic->dev, (nic->dtccr[0] & DTCCR_ADDR) | (uint64_t)nic->dtccr[1] << 32,
			  raw, sizeof(raw)))
		sim_raise_cause(&nic->dev, ISR_SERR);
}

/* Time */

static void set_link(struct rtl8139 *nic, bool up)
{
	if (nic->link == up)
		return;
	nic->link = up;
	sim_raise_cause(&nic->dev, ISR_LINK);
}

static void run_timer(struct rtl8139 *nic)
{
	nic->tctr += TICKS_A_RUN;
	if (nic->timerint && !nic->timer_fired && nic->tctr >= nic->timerint) {
		nic->timer_fired = true;
		sim_raise_cause(&nic->dev, ISR_TIMEOUT);
	}
}

static void rtl8139_run(struct sim_device *dev)
{
	struct rtl8139 *nic = to_rtl8139(dev);

	if (!nic->link && !sim_fault_happens(dev, SIM_FAULT_LINK_DOWN))
		set_link(nic, true);
	if (nic->bmcr & BMCR_RESET)
		nic->bmcr = BMCR_DEFAULT;
	nic->bmcr &= ~BMCR_RESTART;
	if (!nic->clock_stopped) {
		run_timer(nic);
		if (nic->dtccr[0] & DTCCR_DUMP)
			dump_tally(nic);
		if (nic->cpcr & CPCR_TXEN)
			transmit_cplus(nic);
		else
			transmit_classic(nic);
	}
	sim_run_spurious(dev);
}

static void rtl8139_armed(struct sim_device *dev, enum sim_fault fault)
{
	struct rtl8139 *nic = to_rtl8139(dev);

	if (fault == SIM_FAULT_LINK_DOWN)
		set_link(nic, !dev->armed[fault]);
	else if (fault == SIM_FAULT_TX_HANG && !dev->armed[fault])
		nic->tx_hung = false;
}

/* Registers */

static bool in_cplus_mode(struct rtl8139 *nic)
{
	return nic->cpcr & (CPCR_TXEN | CPCR_RXEN);
}

static uint8_t read_cr(struct rtl8139 *nic)
{
	if (nic->resetting)
		nic->resetting = sim_fault_happens(&nic->dev, SIM_FAULT_RESET_STUCK);
	return nic->cr | (nic->resetting ? CR_RST : 0) | (ring_empty(nic) ? CR_BUFE : 0);
}

static void write_cr(struct rtl8139 *nic, uint8_t value)
{
	uint8_t rises = value & ~nic->cr;

	if (value & CR_RST) {
		nic->resetting = true;
		reset(nic);
		return;
	}
	if (nic->resetting && nic->dev.armed[SIM_FAULT_RESET_STUCK])
		return;
	nic->resetting = false;
	nic->cr = value & (CR_RE | CR_TE);
	if (rises & CR_RE) {
		restart_receive_ring(nic);
		nic->rx_index = 0;
	}
	if (rises & CR_TE)
		nic->tx_index[NORMAL] = nic->tx_index[HIGH] = 0;
}

static void write_tsd(struct rtl8139 *nic, unsigned int i, uint32_t value)
{
	if (in_cplus_mode(nic)) {
		if (i < 2)
			nic->dtccr[i] = value;
		return;
	}
	nic->tsd[i] = value & TSD_WRITABLE;
	nic->tx_started &= ~BIT(i);
	if (!(value & TSD_OWN) && (nic->cr & CR_TE) && (value & TSD_SIZE) <= TSD_SIZE_MAX)
		nic->tx_started |= BIT(i);
}

static uint32_t read_tsd(struct rtl8139 *nic, unsigned int i)
{
	if (in_cplus_mode(nic))
		return i < 2 ? nic->dtccr[i] : 0;
	return nic->tsd[i];
}

/* The summary of all TSDs: OWN of each in the lowest four bits, then TABT, TUN, TOK. */
static uint16_t read_tsad_summary(struct rtl8139 *nic)
{
	uint16_t summary = 0;

	for (int i = 0; i < 4; i++) {
		summary |= nic->tsd[i] & TSD_OWN ? BIT(i) : 0;
		summary |= nic->tsd[i] & TSD_TUN ? BIT(8 + i) : 0;
		summary |= nic->tsd[i] & TSD_TOK ? BIT(12 + i) : 0;
	}
	return summary;
}

static void write_tsad(struct rtl8139 *nic, unsigned int i, uint32_t value)
{
	nic->tsad[i] = value;
	if (in_cplus_mode(nic) && !(i & 1))
		nic->tx_index[i / 2] = 0;
}

static void write_rcr(struct rtl8139 *nic, uint32_t value)
{
	uint32_t changes = nic->rcr ^ value;

	nic->rcr = value & RCR_WRITABLE;
	if (changes & RCR_RBLEN)
		restart_receive_ring(nic);
}

static void write_bmcr(struct rtl8139 *nic, uint16_t value)
{
	uint16_t locked = (nic->cr9346 & EEM) == EEM_UNLOCK ? 0 : BMCR_LOCKED;

	if (value & BMCR_RESET) {
		nic->bmcr |= BMCR_RESET;	/* done by the next run */
		return;
	}
	nic->bmcr = (value & BMCR_WRITABLE & ~locked) | (nic->bmcr & locked);
}

static uint16_t read_bmsr(struct rtl8139 *nic)
{
	uint16_t busy = nic->bmcr & (BMCR_RESET | BMCR_RESTART);

	return BMSR_ABLE | (nic->link && !busy ? BMSR_LINK | BMSR_AUTO_DONE : 0);
}

static void write_config(struct rtl8139 *nic, uint8_t *config, uint8_t writable, uint8_t value)
{
	if ((nic->cr9346 & EEM) == EEM_UNLOCK)
		*config = (*config & ~writable) | (value & writable);
}

static uint32_t read_register(struct rtl8139 *nic, const struct reg *reg)
{
	switch (reg->offset) {
	case IDR0: case IDR4: return get_le32(nic->idr + (reg->offset - IDR0));
	case MAR0: case MAR4: return get_le32(nic->mar + (reg->offset - MAR0));
	case TSD0 ... TSD3: return read_tsd(nic, (reg->offset - TSD0) / 4);
	case TSAD0 ... TSAD3: return nic->tsad[(reg->offset - TSAD0) / 4];
	case RBSTART: return nic->rbstart;
	case ERBCR: return nic->erbcr;
	case ERSR: return nic->ersr;
	case CR: return read_cr(nic);
	case CAPR: return nic->capr;
	case CBR: return nic->cbr;
	case IMR: return nic->dev.enabled;
	case ISR: return sim_read_causes(&nic->dev);
	case TCR: return nic->tcr;
	case RCR: return nic->rcr;
	case TCTR: return nic->tctr;
	case MPC: return nic->mpc;
	case CR9346: return read_9346(nic);
	case CONFIG0: return nic->config0;
	case CONFIG1: return nic->config1;
	case TIMERINT: return nic->timerint;
	case MSR: return nic->msr | (nic->link ? 0 : BIT(2));
	case CONFIG3: return nic->config3;
	case CONFIG4: return nic->config4;
	case MULINT: return nic->mulint;
	case RERID: return 0x10;
	case TSAD: return read_tsad_summary(nic);
	case BMCR: return nic->bmcr;
	case BMSR: return read_bmsr(nic);
	case ANAR: return nic->anar;
	case ANLPAR: return nic->link ? PHY_MODES : 0;
	case ANER: return nic->link ? 1 : 0;	/* the partner negotiates too */
	case CSCR: return 0x03c0 | (nic->link ? BIT(3) : 0);
	case PHY1_PARM: return nic->phy1_parm;
	case TW_PARM: return nic->tw_parm;
	case PHY2_PARM: return nic->phy2_parm;
	case CONFIG5: return nic->config5;
	case CPCR: return nic->cpcr;
	case RDSAR0: return nic->rdsar;
	case RDSAR4: return nic->rdsar >> 32;
	case ETTHR: return nic->etthr;
	default: return 0;			/* HLTCLK, TPPOLL: write only */
	}
}

static void write_register(struct rtl8139 *nic, const struct reg *reg, uint32_t value)
{
	switch (reg->offset) {
	case IDR0: put_le(nic->idr, 4, value); break;
	case IDR4: put_le(nic->idr + 4, 2, value); break;
	case MAR0: case MAR4: put_le(nic->mar + (reg->offset - MAR0), 4, value); break;
	case TSD0 ... TSD3: write_tsd(nic, (reg->offset - TSD0) / 4, value); break;
	case TSAD0 ... TSAD3: write_tsad(nic, (reg->offset - TSAD0) / 4, value); break;
	case RBSTART:
		nic->rbstart = value;
		restart_receive_ring(nic);
		break;
	case CR: write_cr(nic, value); break;
	case CAPR: nic->capr = value; break;
	case IMR: sim_enable_causes(&nic->dev, value & ISR_ALL); break;
	case ISR: sim_clear_causes(&nic->dev, value); break;
	case TCR:
		if (nic->cr & CR_TE)
			nic->tcr = TCR_VERSION | (value & TCR_WRITABLE);
		break;
	case RCR: write_rcr(nic, value); break;
	case TCTR:
		nic->tctr = 0;
		nic->timer_fired = false;
		break;
	case MPC: nic->mpc = 0; break;
	case CR9346: write_9346(nic, value); break;
	case CONFIG1: write_config(nic, &nic->config1, 0xf3, value); break;
	case TIMERINT:
		nic->timerint = value;
		nic->timer_fired = false;
		break;
	case MSR: nic->msr = (nic->msr & 0x3f) | (value & 0xc0); break;
	case CONFIG3: write_config(nic, &nic->config3, 0x74, value); break;
	case CONFIG4: write_config(nic, &nic->config4, 0xf5, value); break;
	case HLTCLK:
		if (value == 'R' || value == 'H')
			nic->clock_stopped = value == 'H';
		break;
	case MULINT: nic->mulint = value & 0x0fff; break;
	case BMCR: write_bmcr(nic, value); break;
	case ANAR: nic->anar = (nic->anar & ~PHY_MODES) | (value & PHY_MODES); break;
	case PHY1_PARM: nic->phy1_parm = value; break;
	case TW_PARM: nic->tw_parm = value; break;
	case PHY2_PARM: nic->phy2_parm = value; break;
	case CONFIG5: nic->config5 = value & 0x7f; break;
	case TPPOLL: nic->poll |= value & (POLL_HIGH | POLL_NORMAL | POLL_SWINT); break;
	case CPCR: nic->cpcr = value & CPCR_WRITABLE; break;
	case RDSAR0:
		nic->rdsar = (nic->rdsar & ~0xffffffffull) | (value & ~0xffu);
		nic->rx_index = 0;
		break;
	case RDSAR4: nic->rdsar = (uint32_t)nic->rdsar | (uint64_t)value << 32; break;
	case ETTHR: nic->etthr = value & 0x3f; break;
	}
}

static uint32_t byte_mask(unsigned int bytes)
{
	return bytes < 4 ? BIT(8 * bytes) - 1 : ~0u;
}

/* The part of a register that an access covers: @first its first byte. Return: how many bytes. */
static unsigned int covered(const struct reg *reg, uint64_t at, uint64_t end, unsigned int *first)
{
	uint64_t stop = reg->offset + reg->width;

	*first = at - reg->offset;
	return (stop < end ? stop : end) - at;
}

static uint64_t rtl8139_read(struct sim_device *dev, unsigned int bar, uint64_t off,
			     unsigned int size)
{
	struct rtl8139 *nic = to_rtl8139(dev);
	unsigned int first, bytes;
	uint64_t value = 0, part;

	(void)bar;
	for (uint64_t at = off; at < off + size; at += bytes) {
		bytes = 1;
		if (!nic->decode[at])
			continue;
		bytes = covered(nic->decode[at], at, off + size, &first);
		part = read_register(nic, nic->decode[at]) >> (8 * first) & byte_mask(bytes);
		value |= part << (8 * (at - off));
	}
	return value;
}

static void write_part(struct rtl8139 *nic, const struct reg *reg, unsigned int first,
		       unsigned int bytes, uint32_t value)
{
	uint32_t mask = byte_mask(bytes) << (8 * first);

	value = value << (8 * first) & mask;
	if (bytes < reg->width && reg->partial == REFUSE) {
		nic->dev.stats.refused++;
		return;
	}
	if (bytes < reg->width && reg->partial == KEEP)
		value |= read_register(nic, reg) & ~mask;
	write_register(nic, reg, value);
}

static void rtl8139_write(struct sim_device *dev, unsigned int bar, uint64_t off,
			  unsigned int size, uint64_t value)
{
	struct rtl8139 *nic = to_rtl8139(dev);
	unsigned int first, bytes;

	(void)bar;
	for (uint64_t at = off; at < off + size; at += bytes) {
		bytes = 1;
		if (!nic->decode[at])
			continue;
		bytes = covered(nic->decode[at], at, off + size, &first);
		write_part(nic, nic->decode[at], first, bytes, value >> (8 * (at - off)));
	}
}

static const struct sim_ops rtl8139_ops = {
	.bar_size = { WINDOW, WINDOW },
	.sizes = 1 | 2 | 4,
	.read = rtl8139_read,
	.write = rtl8139_write,
	.receive = rtl8139_receive,
	.run = rtl8139_run,
	.armed = rtl8139_armed,
};

static void fill_eeprom(struct sim_eeprom *ee, const uint8_t mac[6])
{
	ee->word[0] = 0x8129;
	ee->word[1] = ee->word[3] = 0x10ec;
	ee->word[2] = ee->word[4] = 0x8139;
	ee->word[5] = 0x4020;			/* largest latency, least grant */
	for (int i = 0; i < 3; i++)
		ee->word[7 + i] = get_le16(mac + 2 * i);
}

struct sim_device *sim_rtl8139_create(const struct sim_bus *bus, const uint8_t mac[6])
{
	struct rtl8139 *nic;

	nic = (struct rtl8139 *)sim_device_create(sizeof(*nic), &rtl8139_ops, bus);
	if (!nic)
		return NULL;
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		for (int byte = 0; byte < registers[i].width; byte++)
			nic->decode[registers[i].offset + byte] = &registers[i];
	fill_eeprom(&nic->eeprom, mac);
	nic->link = true;
	nic->bmcr = BMCR_DEFAULT;
	nic->anar = PHY_MODES;
	nic->msr = 0xd0;
	autoload(nic);
	reset(nic);
	return &nic->dev;
}
