// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A simulated "edu", QEMU's device for teaching: two engines, one that computes factorials and one
 * that moves data between memory and a buffer of its own. Interrupts are MSI.
 */
#include "device.h"

enum {
	WINDOW = 0x100000,
	ID = 0x00, LIVENESS = 0x04, FACTORIAL = 0x08, STATUS = 0x20, IRQ_STATUS = 0x24,
	IRQ_RAISE = 0x60, IRQ_ACK = 0x64,
	DMA_SRC = 0x80, DMA_DST = 0x88, DMA_COUNT = 0x90, DMA_COMMAND = 0x98,

	ID_VALUE = 0x010000ed,
	STATUS_COMPUTING = BIT(0), STATUS_IRQ = BIT(7),
	COMMAND_RUN = BIT(0), COMMAND_TO_MEMORY = BIT(1), COMMAND_IRQ = BIT(2),
	IRQ_FACTORIAL = BIT(0), IRQ_DMA = BIT(8),

	BUFFER_START = 0x40000, BUFFER_SIZE = 4096,
	DMA_MASK = 0x0fffffff,
};

struct edu {
	struct sim_device dev;			/* first */
	uint32_t liveness, factorial, status, irq_status;
	uint64_t src, dst, count, command;
	bool computation_hung, transfer_hung;
	uint8_t buffer[BUFFER_SIZE];
};

static struct edu *to_edu(struct sim_device *dev)
{
	return (struct edu *)dev;
}

static void raise_irq(struct edu *edu, uint32_t causes)
{
	edu->irq_status |= causes;
	if (edu->irq_status && !sim_fault_happens(&edu->dev, SIM_FAULT_LOST_IRQ))
		sim_send_message(&edu->dev);
}

static void acknowledge(struct edu *edu, uint32_t causes)
{
	if (!(edu->irq_status & causes) || !sim_fault_happens(&edu->dev, SIM_FAULT_STORM))
		edu->irq_status &= ~causes;
	else
		sim_send_message(&edu->dev);
}

/* An engine is about to finish: does it hang instead? */
static bool hangs(struct edu *edu, bool *hung)
{
	if (!*hung)
		*hung = sim_fault_happens(&edu->dev, SIM_FAULT_TX_HANG);
	return *hung;
}

/* Modulo 2^32, which divides the factorial of 34 and so of everything above. */
static uint32_t factorial(uint32_t n)
{
	uint32_t product = 1;

	if (n >= 34)
		return 0;
	for (; n > 1; n--)
		product *= n;
	return product;
}

static void run_computation(struct edu *edu)
{
	if (!(edu->status & STATUS_COMPUTING) || hangs(edu, &edu->computation_hung))
		return;
	edu->factorial = factorial(edu->factorial);
	edu->status &= ~STATUS_COMPUTING;
	if (edu->status & STATUS_IRQ)
		raise_irq(edu, IRQ_FACTORIAL);
}

/*
 * Move the data, if all of it lies in the buffer, and short of its last byte: QEMU before 8.1 ends
 * at once when a transfer does not. Here it moves nothing, and is counted.
 */
static void transfer(struct edu *edu)
{
	bool out = edu->command & COMMAND_TO_MEMORY;
	uint64_t at = (out ? edu->src : edu->dst) - BUFFER_START;
	uint64_t memory = (out ? edu->dst : edu->src) & DMA_MASK;

	if (at >= BUFFER_SIZE - 1 || edu->count > BUFFER_SIZE - 1 - at || !edu->count) {
		edu->dev.stats.refused++;
		return;
	}
	if (out)
		sim_dma_write(&edu->dev, memory, edu->buffer + at, edu->count);
	else
		sim_dma_read(&edu->dev, memory, edu->buffer + at, edu->count);
}

static void run_transfer(struct edu *edu)
{
	if (!(edu->command & COMMAND_RUN) || hangs(edu, &edu->transfer_hung))
		return;
	transfer(edu);
	edu->command &= ~(uint64_t)COMMAND_RUN;
	if (edu->command & COMMAND_IRQ)
		raise_irq(edu, IRQ_DMA);
}

static void edu_run(struct sim_device *dev)
{
	struct edu *edu = to_edu(dev);

	run_computation(edu);
	run_transfer(edu);
	if (!edu->irq_status && sim_fault_happens(dev, SIM_FAULT_SPURIOUS_IRQ))
		sim_send_message(dev);
}

static void edu_armed(struct sim_device *dev, enum sim_fault fault)
{
	struct edu *edu = to_edu(dev);

	if (fault == SIM_FAULT_TX_HANG && !dev->armed[fault])
		edu->computation_hung = edu->transfer_hung = false;
}

/* Whether an access is one that the device decodes: 8 bytes wide only from DMA_SRC on. */
static bool accepts(struct edu *edu, uint64_t off, unsigned int size)
{
	if (size == 4 || off >= DMA_SRC)
		return true;
	edu->dev.stats.refused++;
	return false;
}

static uint64_t edu_read(struct sim_device *dev, unsigned int bar, uint64_t off,
			 unsigned int size)
{
	struct edu *edu = to_edu(dev);

	(void)bar;
	if (!accepts(edu, off, size))
		return ~0ull;
	switch (off) {
	case ID: return ID_VALUE;
	case LIVENESS: return edu->liveness;
	case FACTORIAL: return edu->factorial;
	case STATUS: return edu->status;
	case IRQ_STATUS: return edu->irq_status;
	case DMA_SRC: return edu->src;
	case DMA_DST: return edu->dst;
	case DMA_COUNT: return edu->count;
	case DMA_COMMAND: return edu->command;
	default: return ~0ull;
	}
}

static void write_dma(struct edu *edu, uint64_t off, uint64_t value)
{
	if (edu->command & COMMAND_RUN)
		return;
	switch (off) {
	case DMA_SRC: edu->src = value; break;
	case DMA_DST: edu->dst = value; break;
	case DMA_COUNT: edu->count = value; break;
	case DMA_COMMAND:
		if (value & COMMAND_RUN)
			edu->command = value;
		break;
	}
}

static void edu_write(struct sim_device *dev, unsigned int bar, uint64_t off, unsigned int size,
		      uint64_t value)
{
	struct edu *edu = to_edu(dev);

	(void)bar;
	if (!accepts(edu, off, size))
		return;
	switch (off) {
	case LIVENESS: edu->liveness = ~value; break;
	case FACTORIAL:
		if (edu->status & STATUS_COMPUTING)
			break;
		edu->factorial = value;
		edu->status |= STATUS_COMPUTING;
		break;
	case STATUS: edu->status = (edu->status & STATUS_COMPUTING) | (value & STATUS_IRQ); break;
	case IRQ_RAISE: raise_irq(edu, value); break;
	case IRQ_ACK: acknowledge(edu, value); break;
	default: write_dma(edu, off, value); break;
	}
}

static const struct sim_ops edu_ops = {
	.bar_size = { WINDOW },
	.sizes = 4 | 8,
	.read = edu_read,
	.write = edu_write,
	.run = edu_run,
	.armed = edu_armed,
};

struct sim_device *sim_edu_create(const struct sim_bus *bus)
{
	return sim_device_create(sizeof(struct edu), &edu_ops, bus);
}
