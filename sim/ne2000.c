// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A simulated Realtek RTL8029: a PCI NE2000, that is a DP8390 with 32 KiB of its own memory, which
 * the driver reaches through a data port ("remote DMA"). It does no DMA on the bus.
 *
 * It follows the datasheet, and so is stricter than QEMU's: the station address is what PAR holds,
 * the PROM cannot be written, the data port works only in the direction that CR asked for, PRO
 * accepts foreign unicast addresses only, and a frame below 60 bytes is a runt, for AR to accept.
 */
#include <string.h>

#include "device.h"

enum {
	WINDOW = 0x100,
	CR = 0x00, DATA_PORT = 0x10, RESET_PORT = 0x18, PORTS_END = 0x20,

	CR_STP = BIT(0), CR_STA = BIT(1), CR_TXP = BIT(2), CR_READ = BIT(3), CR_WRITE = BIT(4),
	CR_NO_DMA = BIT(5), CR_DMA = CR_READ | CR_WRITE | CR_NO_DMA, CR_PAGE_SHIFT = 6,

	ISR_PRX = BIT(0), ISR_PTX = BIT(1), ISR_TXE = BIT(3), ISR_OVW = BIT(4), ISR_CNT = BIT(5),
	ISR_RDC = BIT(6), ISR_RST = BIT(7), ISR_MASK = 0x7f,

	DCR_WORD = BIT(0),
	RCR_AR = BIT(1), RCR_AB = BIT(2), RCR_AM = BIT(3), RCR_PRO = BIT(4), RCR_MON = BIT(5),
	TCR_LOOPBACK = BIT(1) | BIT(2),
	TSR_PTX = BIT(0), TSR_ABT = BIT(3), TSR_CRS = BIT(4),
	RSR_PRX = BIT(0), RSR_MPA = BIT(4), RSR_PHY = BIT(5), RSR_DIS = BIT(6),

	PROM_SIZE = 32,
	RAM_START = 0x4000, RAM_END = 0xc000,
	RING_HEADER = 4,
	FRAME_MAX = 0x2000,
};

/* What offset 1 to 15 hold in each page; the page is in the high half. */
enum {
	CLDA0 = 0x01, CLDA1, BNRY, TSR, NCR, FIFO, ISR, CRDA0, CRDA1, ID0, ID1, RSR, CNTR0, CNTR1,
	CNTR2,							/* page 0 as it is read */
	PSTART = 0x01, PSTOP, TPSR = 0x04, TBCR0, TBCR1, RSAR0 = 0x08, RSAR1, RBCR0, RBCR1, RCR,
	TCR, DCR, IMR,						/* and as it is written */
	PAR0 = 0x11, PAR5 = 0x16, CURR, MAR0 = 0x18, MAR7 = 0x1f,
	PSTART_READ = 0x21, PSTOP_READ, TPSR_READ = 0x24, RCR_READ = 0x2c, TCR_READ, DCR_READ,
	IMR_READ,
	CONFIG2 = 0x35, CONFIG3,
};

/*
 * SIM_FAULT_RX_HEADER: how the header of a frame in the ring is spoilt, in turn. @next and @length
 * replace what is there, unless they are 0.
 */
static const struct {
	uint8_t clear;				/* of the status */
	uint8_t next;
	uint16_t length;
} corrupt_ways[] = {
	{ 0, 0xff, 0 },				/* the next frame lies outside the ring */
	{ 0, 0, 0xffff },			/* longer than the memory */
	{ RSR_PRX, 0, 0 },			/* not good */
	{ 0, 0, 3 },				/* shorter than its own header */
};

struct ne2000 {
	struct sim_device dev;			/* first */
	uint8_t mac[6];
	uint8_t cr, pstart, pstop, bnry, curr, tpsr, tsr, rsr, rcr, tcr, dcr;
	uint8_t par[6], mar[8];
	uint8_t counter[3];
	uint16_t tbcr, rsar, rbcr;
	bool tx_hung;
	bool resetting;				/* and the driver has not yet seen it done */
	bool link;
	unsigned int corrupt_way;
	uint8_t ram[RAM_END - RAM_START];
};

static struct ne2000 *to_ne2000(struct sim_device *dev)
{
	return (struct ne2000 *)dev;
}

static void reset(struct ne2000 *nic)
{
	nic->cr = CR_STP | CR_NO_DMA;
	nic->rbcr = 0;
	nic->tx_hung = false;
	nic->resetting = true;
	sim_reset_causes(&nic->dev);
	nic->dev.causes = ISR_RST;		/* has no interrupt */
}

/* The card's memory. The PROM has each byte twice: the address, then what tells an NE2000. */

static uint8_t card_get(struct ne2000 *nic, uint16_t addr)
{
	if (addr >= RAM_START && addr < RAM_END)
		return nic->ram[addr - RAM_START];
	if (addr < 2 * sizeof(nic->mac))
		return nic->mac[addr / 2];
	if (addr < PROM_SIZE)
		return addr >= 28 ? 0x57 : 0;
	return 0xff;
}

static void card_put(struct ne2000 *nic, uint16_t addr, uint8_t value)
{
	if (addr >= RAM_START && addr < RAM_END)
		nic->ram[addr - RAM_START] = value;
}

/* The data port */

/* How many bytes an access moves: as many as DCR says, or four. */
static unsigned int port_width(struct ne2000 *nic, unsigned int size)
{
	return size == 4 ? 4 : nic->dcr & DCR_WORD ? 2 : 1;
}

static uint16_t port_address(struct ne2000 *nic, unsigned int width)
{
	return width > 1 ? nic->rsar & ~1 : nic->rsar;
}

static void port_advance(struct ne2000 *nic, unsigned int width)
{
	nic->rsar += width;
	if (nic->rsar == nic->pstop << 8)
		nic->rsar = nic->pstart << 8;
	if (nic->rbcr > width) {
		nic->rbcr -= width;
		return;
	}
	nic->rbcr = 0;
	sim_raise_cause(&nic->dev, ISR_RDC);
}

static bool port_open(struct ne2000 *nic, uint8_t direction)
{
	return (nic->cr & CR_DMA) == direction && nic->rbcr;
}

static uint64_t read_port(struct ne2000 *nic, unsigned int size)
{
	unsigned int width = port_width(nic, size);
	uint64_t value = 0;

	if (!port_open(nic, CR_READ))
		return ~0ull;
	for (unsigned int i = 0; i < width; i++)
		value |= (uint64_t)card_get(nic, port_address(nic, width) + i) << (8 * i);
	port_advance(nic, width);
	return value;
}

static void write_port(struct ne2000 *nic, unsigned int size, uint64_t value)
{
	unsigned int width = port_width(nic, size);

	if (!port_open(nic, CR_WRITE))
		return;
	for (unsigned int i = 0; i < width; i++)
		card_put(nic, port_address(nic, width) + i, value >> (8 * i));
	port_advance(nic, width);
}

/* Receiving */

static bool matches(struct ne2000 *nic, const uint8_t *frame)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	unsigned int hash;

	if (!memcmp(frame, broadcast, 6))
		return nic->rcr & RCR_AB;
	if (frame[0] & 1) {
		hash = sim_multicast_hash(frame);
		return (nic->rcr & RCR_AM) && (nic->mar[hash / 8] & BIT(hash % 8));
	}
	return (nic->rcr & RCR_PRO) || !memcmp(frame, nic->par, 6);
}

/* The frame is for us, and is lost. */
static bool receive_missed(struct ne2000 *nic, uint16_t causes)
{
	if (nic->counter[2] < 0xff)
		nic->counter[2]++;
	nic->rsr = RSR_MPA;
	sim_raise_cause(&nic->dev, causes | (nic->counter[2] & 0x80 ? ISR_CNT : 0));
	return false;
}

static void ring_put(struct ne2000 *nic, uint16_t *addr, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		card_put(nic, (*addr)++, data[i]);
		if (*addr == nic->pstop << 8)
			*addr = nic->pstart << 8;
	}
}

/* SIM_FAULT_RX_HEADER: spoil what the driver will read of a frame. */
static void corrupt(struct ne2000 *nic, uint8_t header[RING_HEADER])
{
	unsigned int way;

	if (!sim_fault_happens(&nic->dev, SIM_FAULT_RX_HEADER))
		return;
	way = nic->corrupt_way++ % (sizeof(corrupt_ways) / sizeof(corrupt_ways[0]));
	header[0] &= ~corrupt_ways[way].clear;
	if (corrupt_ways[way].next)
		header[1] = corrupt_ways[way].next;
	if (corrupt_ways[way].length)
		put_le(header + 2, 2, corrupt_ways[way].length);
}

/* Header, frame and check sequence into whole pages of the ring, from CURR on. */
static bool receive_ring(struct ne2000 *nic, const uint8_t *frame, size_t len)
{
	unsigned int pages = (RING_HEADER + len + ETH_FCS + 0xff) >> 8;
	unsigned int ring = nic->pstop - nic->pstart, used, next;
	uint8_t header[RING_HEADER], check[ETH_FCS];
	uint16_t addr = nic->curr << 8;

	used = (nic->curr + ring - nic->bnry) % ring;
	if (pages >= ring - used || sim_fault_happens(&nic->dev, SIM_FAULT_RX_OVERFLOW))
		return receive_missed(nic, ISR_OVW);
	next = nic->curr + pages;
	if (next >= nic->pstop)
		next -= ring;
	nic->rsr = RSR_PRX | (frame[0] & 1 ? RSR_PHY : 0);
	header[0] = nic->rsr;
	header[1] = next;
	put_le(header + 2, 2, len + ETH_FCS);
	corrupt(nic, header);
	put_le(check, ETH_FCS, sim_frame_check(frame, len));
	ring_put(nic, &addr, header, sizeof(header));
	ring_put(nic, &addr, frame, len);
	ring_put(nic, &addr, check, sizeof(check));
	nic->curr = next;
	sim_raise_cause(&nic->dev, ISR_PRX);
	return true;
}

static bool ring_is_sane(struct ne2000 *nic)
{
	return nic->pstart < nic->pstop && nic->curr >= nic->pstart && nic->curr < nic->pstop &&
	       nic->bnry >= nic->pstart && nic->bnry < nic->pstop;
}

static bool take_frame(struct ne2000 *nic, const uint8_t *frame, size_t len)
{
	if ((nic->cr & CR_STP) || !nic->link || !ring_is_sane(nic))
		return false;
	if (len < ETH_HEADER || len > FRAME_MAX || (len < ETH_MIN && !(nic->rcr & RCR_AR)))
		return false;
	if (!matches(nic, frame))
		return false;
	if (nic->rcr & RCR_MON)
		return receive_missed(nic, 0);
	return receive_ring(nic, frame, len);
}

static bool ne2000_receive(struct sim_device *dev, const uint8_t *frame, size_t len)
{
	return sim_count_receive(dev, take_frame(to_ne2000(dev), frame, len));
}

/* Transmitting */

static void transmit(struct ne2000 *nic)
{
	uint8_t frame[FRAME_MAX];
	size_t len = nic->tbcr;

	if (!(nic->cr & CR_TXP))
		return;
	if (!nic->tx_hung)
		nic->tx_hung = sim_fault_happens(&nic->dev, SIM_FAULT_TX_HANG);
	if (nic->tx_hung)
		return;
	nic->cr &= ~CR_TXP;
	if (len > FRAME_MAX) {
		nic->tsr = TSR_ABT;
		sim_raise_cause(&nic->dev, ISR_TXE);
		return;
	}
	for (size_t i = 0; i < len; i++)
		frame[i] = card_get(nic, (nic->tpsr << 8) + i);
	nic->tsr = TSR_PTX | (nic->link ? 0 : TSR_CRS);
	if (nic->tcr & TCR_LOOPBACK || !nic->link)
		nic->dev.stats.drops++;
	else if (len)
		sim_transmit(&nic->dev, frame, len);
	sim_raise_cause(&nic->dev, ISR_PTX);
}

static void ne2000_run(struct sim_device *dev)
{
	struct ne2000 *nic = to_ne2000(dev);

	if (!nic->link)
		nic->link = !sim_fault_happens(dev, SIM_FAULT_LINK_DOWN);
	transmit(nic);
	sim_run_spurious(dev);
}

static void ne2000_armed(struct sim_device *dev, enum sim_fault fault)
{
	struct ne2000 *nic = to_ne2000(dev);

	if (fault == SIM_FAULT_LINK_DOWN)
		nic->link = !dev->armed[fault];
	else if (fault == SIM_FAULT_TX_HANG && !dev->armed[fault])
		nic->tx_hung = false;
}

/* Registers */

static void write_command(struct ne2000 *nic, uint8_t value)
{
	uint8_t sending = nic->cr & CR_TXP;

	if (value & CR_STP) {
		nic->cr = value & ~CR_TXP;
		nic->tx_hung = false;
		nic->dev.causes |= ISR_RST;
		return;
	}
	nic->cr = value | sending;
	if (value & CR_STA)
		nic->dev.causes &= ~ISR_RST;
	if (value & (CR_READ | CR_WRITE) && !(value & CR_NO_DMA) && !nic->rbcr)
		sim_raise_cause(&nic->dev, ISR_RDC);
}

static uint8_t read_isr(struct ne2000 *nic)
{
	uint8_t isr = sim_read_causes(&nic->dev);

	if (nic->resetting)
		nic->resetting = sim_fault_happens(&nic->dev, SIM_FAULT_RESET_STUCK);
	return nic->resetting ? isr & ~ISR_RST : isr;
}

static uint8_t read_counter(struct ne2000 *nic, unsigned int i)
{
	uint8_t count = nic->counter[i];

	nic->counter[i] = 0;
	return count;
}

static uint8_t read_register(struct ne2000 *nic, unsigned int reg)
{
	switch (reg) {
	case CLDA0: return 0;
	case CLDA1: return nic->curr;
	case BNRY: return nic->bnry;
	case TSR: return nic->tsr;
	case ISR: return read_isr(nic);
	case CRDA0: return nic->rsar;
	case CRDA1: return nic->rsar >> 8;
	case ID0: return 0x50;
	case ID1: return 0x43;
	case RSR: return nic->rsr | (nic->rcr & RCR_MON ? RSR_DIS : 0);
	case CNTR0: case CNTR1: case CNTR2: return read_counter(nic, reg - CNTR0);
	case PAR0 ... PAR5: return nic->par[reg - PAR0];
	case CURR: return nic->curr;
	case MAR0 ... MAR7: return nic->mar[reg - MAR0];
	case PSTART_READ: return nic->pstart;
	case PSTOP_READ: return nic->pstop;
	case TPSR_READ: return nic->tpsr;
	case RCR_READ: return nic->rcr;
	case TCR_READ: return nic->tcr;
	case DCR_READ: return nic->dcr;
	case IMR_READ: return nic->dev.enabled;
	case CONFIG2: case CONFIG3: return 0x40;	/* 10BASE-T in use, full duplex */
	default: return 0;				/* no collisions, an empty FIFO */
	}
}

static void write_register(struct ne2000 *nic, unsigned int reg, uint8_t value)
{
	switch (reg) {
	case PSTART: nic->pstart = value; break;
	case PSTOP: nic->pstop = value; break;
	case BNRY: nic->bnry = value; break;
	case TPSR: nic->tpsr = value; break;
	case TBCR0: nic->tbcr = (nic->tbcr & 0xff00) | value; break;
	case TBCR1: nic->tbcr = (nic->tbcr & 0x00ff) | value << 8; break;
	case ISR: sim_clear_causes(&nic->dev, value & ISR_MASK); break;
	case RSAR0: nic->rsar = (nic->rsar & 0xff00) | value; break;
	case RSAR1: nic->rsar = (nic->rsar & 0x00ff) | value << 8; break;
	case RBCR0: nic->rbcr = (nic->rbcr & 0xff00) | value; break;
	case RBCR1: nic->rbcr = (nic->rbcr & 0x00ff) | value << 8; break;
	case RCR: nic->rcr = value & 0x3f; break;
	case TCR: nic->tcr = value & 0x1f; break;
	case DCR: nic->dcr = value & 0x7f; break;
	case IMR: sim_enable_causes(&nic->dev, value & ISR_MASK); break;
	case PAR0 ... PAR5: nic->par[reg - PAR0] = value; break;
	case CURR: nic->curr = value; break;
	case MAR0 ... MAR7: nic->mar[reg - MAR0] = value; break;
	}
}

/* Whether an access is one that the card decodes: registers and the reset port are bytes. */
static bool accepts(struct ne2000 *nic, uint64_t off, unsigned int size)
{
	if (off < PORTS_END && (size == 1 || (off >= DATA_PORT && off < RESET_PORT)))
		return true;
	nic->dev.stats.refused++;
	return false;
}

static uint64_t ne2000_read(struct sim_device *dev, unsigned int bar, uint64_t off,
			    unsigned int size)
{
	struct ne2000 *nic = to_ne2000(dev);

	(void)bar;
	if (!accepts(nic, off, size))
		return ~0ull;
	if (off >= RESET_PORT) {
		reset(nic);
		return 0;
	}
	if (off >= DATA_PORT)
		return read_port(nic, size);
	if (off == CR)
		return nic->cr;
	return read_register(nic, off | nic->cr >> CR_PAGE_SHIFT << 4);
}

static void ne2000_write(struct sim_device *dev, unsigned int bar, uint64_t off,
			 unsigned int size, uint64_t value)
{
	struct ne2000 *nic = to_ne2000(dev);

	(void)bar;
	if (!accepts(nic, off, size) || off >= RESET_PORT)
		return;					/* a write ends the reset pulse */
	if (off >= DATA_PORT)
		write_port(nic, size, value);
	else if (off == CR)
		write_command(nic, value);
	else
		write_register(nic, off | nic->cr >> CR_PAGE_SHIFT << 4, value);
}

static const struct sim_ops ne2000_ops = {
	.bar_size = { WINDOW },
	.sizes = 1 | 2 | 4,
	.read = ne2000_read,
	.write = ne2000_write,
	.receive = ne2000_receive,
	.run = ne2000_run,
	.armed = ne2000_armed,
};

struct sim_device *sim_ne2000_create(const struct sim_bus *bus, const uint8_t mac[6])
{
	struct ne2000 *nic;

	nic = (struct ne2000 *)sim_device_create(sizeof(*nic), &ne2000_ops, bus);
	if (!nic)
		return NULL;
	memcpy(nic->mac, mac, sizeof(nic->mac));
	nic->link = true;
	reset(nic);
	nic->resetting = false;
	return &nic->dev;
}
