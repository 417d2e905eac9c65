// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The part that all simulated devices share: bounds of accesses, DMA, the interrupt line, faults,
 * counters, and the two checksums that Ethernet devices know.
 */
#include <stdlib.h>
#include <string.h>

#include "device.h"

/* Allocate @size bytes of zeroes that begin with a struct sim_device. */
struct sim_device *sim_device_create(size_t size, const struct sim_ops *ops,
				     const struct sim_bus *bus)
{
	struct sim_device *dev = calloc(1, size);

	if (!dev)
		return NULL;
	dev->ops = ops;
	dev->bus = *bus;
	return dev;
}

void sim_destroy(struct sim_device *dev)
{
	free(dev);
}

static bool decodes(struct sim_device *dev, unsigned int bar, uint64_t off, unsigned int size)
{
	const struct sim_ops *ops = dev->ops;

	if (bar < SIM_BARS && size && size <= 8 && !(size & (size - 1)) && (ops->sizes & size) &&
	    size <= ops->bar_size[bar] && off <= ops->bar_size[bar] - size)
		return true;
	dev->stats.refused++;
	return false;
}

static uint64_t mask_to_size(uint64_t value, unsigned int size)
{
	return size < 8 ? value & ((1ull << (8 * size)) - 1) : value;
}

uint64_t sim_read(struct sim_device *dev, unsigned int bar, uint64_t off, unsigned int size)
{
	uint64_t value = ~0ull;

	dev->stats.reg_reads++;
	if (decodes(dev, bar, off, size) && !sim_fault_happens(dev, SIM_FAULT_GONE))
		value = dev->ops->read(dev, bar, off, size);
	return mask_to_size(value, size);
}

void sim_write(struct sim_device *dev, unsigned int bar, uint64_t off, unsigned int size,
	       uint64_t value)
{
	dev->stats.reg_writes++;
	if (!decodes(dev, bar, off, size) || sim_fault_happens(dev, SIM_FAULT_GONE))
		return;
	dev->ops->write(dev, bar, off, size, mask_to_size(value, size));
	if (dev->immediate)
		sim_run(dev);
}

/* Count a frame that was offered to the receiver. */
bool sim_count_receive(struct sim_device *dev, bool taken)
{
	if (taken)
		dev->stats.frames_in++;
	else
		dev->stats.drops++;
	return taken;
}

bool sim_receive(struct sim_device *dev, const void *frame, size_t len)
{
	if (!dev->ops->receive)
		return sim_count_receive(dev, false);
	return dev->ops->receive(dev, frame, len);
}

/*
 * A callback of the bus may come back here. In immediate mode what it started must be done before
 * the outer run ends; otherwise it waits for the next run, as all else does.
 */
void sim_run(struct sim_device *dev)
{
	dev->stats.runs++;
	if (dev->running) {
		dev->run_again = dev->immediate;
		return;
	}
	dev->running = true;
	do {
		dev->run_again = false;
		if (!dev->armed[SIM_FAULT_GONE])
			dev->ops->run(dev);
	} while (dev->run_again);
	dev->running = false;
}

void sim_set_immediate(struct sim_device *dev, bool immediate)
{
	dev->immediate = immediate;
}

void sim_fault(struct sim_device *dev, enum sim_fault fault, unsigned int count)
{
	if ((unsigned int)fault >= SIM_FAULTS)
		return;
	dev->armed[fault] = count;
	if (dev->ops->armed)
		dev->ops->armed(dev, fault);
}

/* An occasion for @fault: does it happen? */
bool sim_fault_happens(struct sim_device *dev, enum sim_fault fault)
{
	if (!dev->armed[fault])
		return false;
	if (dev->armed[fault] != SIM_FOREVER)
		dev->armed[fault]--;
	dev->stats.faults[fault]++;
	return true;
}

bool sim_is_present(const struct sim_device *dev)
{
	return !dev->armed[SIM_FAULT_GONE];
}

const struct sim_stats *sim_stats(const struct sim_device *dev)
{
	return &dev->stats;
}

bool sim_irq_level(const struct sim_device *dev)
{
	return dev->irq_level;
}

static uint64_t dma_address(struct sim_device *dev, uint64_t addr)
{
	return sim_fault_happens(dev, SIM_FAULT_DMA_ADDR) ? addr ^ SIM_DMA_ADDR_FLIP : addr;
}

/* Read @len bytes of memory. Return: 0, or -1 with @buf undefined. */
int sim_dma_read(struct sim_device *dev, uint64_t addr, void *buf, size_t len)
{
	dev->stats.dma_reads++;
	addr = dma_address(dev, addr);
	if (dev->bus.dma_read && !dev->bus.dma_read(dev->bus.priv, addr, buf, len))
		return 0;
	dev->stats.dma_errors++;
	return -1;
}

/* Write @len bytes of memory. Return: 0 or -1. */
int sim_dma_write(struct sim_device *dev, uint64_t addr, const void *buf, size_t len)
{
	dev->stats.dma_writes++;
	addr = dma_address(dev, addr);
	if (dev->bus.dma_write && !dev->bus.dma_write(dev->bus.priv, addr, buf, len))
		return 0;
	dev->stats.dma_errors++;
	return -1;
}

/* Set the interrupt line to what it ought to be. The bus may come back from within. */
static void update_irq(struct sim_device *dev)
{
	bool level = dev->spurious || (dev->causes & dev->enabled & ~dev->lost);

	if (level == dev->irq_level)
		return;
	dev->irq_level = level;
	if (level)
		dev->stats.irq_raised++;
	else
		dev->stats.irq_lowered++;
	if (dev->bus.irq)
		dev->bus.irq(dev->bus.priv, level);
}

/* Forget all causes and enable none. */
void sim_reset_causes(struct sim_device *dev)
{
	dev->causes = dev->enabled = dev->lost = 0;
	dev->spurious = false;
	update_irq(dev);
}

/* Set causes of interrupts. */
void sim_raise_cause(struct sim_device *dev, uint16_t causes)
{
	dev->causes |= causes;
	dev->lost &= ~causes;
	if (sim_fault_happens(dev, SIM_FAULT_LOST_IRQ))
		dev->lost |= causes;
	update_irq(dev);
}

/* The driver acknowledges causes. */
void sim_clear_causes(struct sim_device *dev, uint16_t causes)
{
	if (!(dev->causes & causes) || !sim_fault_happens(dev, SIM_FAULT_STORM))
		dev->causes &= ~causes;
	dev->lost &= dev->causes;
	dev->spurious = false;
	update_irq(dev);
}

/* The driver sets the mask. */
void sim_enable_causes(struct sim_device *dev, uint16_t enabled)
{
	dev->enabled = enabled;
	update_irq(dev);
}

/* The driver reads the causes. */
uint16_t sim_read_causes(struct sim_device *dev)
{
	uint16_t causes = dev->causes;

	dev->spurious = false;
	update_irq(dev);
	return causes;
}

/* The last thing in a run: an interrupt without cause, if one is due. */
void sim_run_spurious(struct sim_device *dev)
{
	dev->spurious = !(dev->causes & dev->enabled) &&
			sim_fault_happens(dev, SIM_FAULT_SPURIOUS_IRQ);
	update_irq(dev);
}

/* Send a message-signalled interrupt: a pulse that leaves no level behind. */
void sim_send_message(struct sim_device *dev)
{
	dev->stats.irq_raised++;
	dev->stats.irq_lowered++;
	if (!dev->bus.irq)
		return;
	dev->bus.irq(dev->bus.priv, true);
	dev->bus.irq(dev->bus.priv, false);
}

/* Put a frame onto the wire. */
void sim_transmit(struct sim_device *dev, const void *frame, size_t len)
{
	dev->stats.frames_out++;
	if (dev->bus.wire)
		dev->bus.wire(dev->bus.priv, frame, len);
}

/* CRC-32 by half bytes: the table is the polynomial 0xedb88320 applied to each of them. */
uint32_t sim_frame_check(const void *frame, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *byte = frame;
	uint32_t crc = ~0u;

	for (size_t i = 0; i < len; i++) {
		crc ^= byte[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/* The devices take the top six bits of the CRC in the other bit order: the low six, mirrored. */
unsigned int sim_multicast_hash(const uint8_t addr[6])
{
	uint32_t crc = ~sim_frame_check(addr, 6);
	unsigned int hash = 0;

	for (int i = 0; i < 6; i++)
		hash = hash << 1 | (crc >> i & 1);
	return hash;
}
