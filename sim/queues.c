// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A simulated engine with queues, as storage and crypto cards have them: each queue takes
 * descriptors from a ring in memory, mixes the data that they point to with the queue's key, and
 * raises a cause of its own. It is no real device; it does what makes real ones hard to share: a
 * queue that is reset leaves work under way that still writes to memory, until it is aborted.
 */
#include "device.h"

enum {
	WINDOW = 0x400,
	QUEUES = 8,
	ID = 0x00,
	CAUSES = 0x04,
	ENABLE = 0x08,
	COUNT_QUEUES = 0x0c,
	ERRORS = 0x10,
	FIRMWARE = 0x14,
	CONTROL = 0x100,
	STEP = 0x40, /* bytes: of the control area; from queue to queue */
	Q_BASE = 0x00,
	Q_BASE_HIGH = 0x04,
	Q_SIZE = 0x08,
	Q_HEAD = 0x0a,
	Q_TAIL = 0x0c,
	Q_CTRL = 0x10,
	Q_STATUS = 0x14,
	Q_CAUSE = 0x18,
	Q_MASK = 0x1a,
	Q_KEY = 0x1c,
	Q_SUM = 0x20,
	Q_DONE = 0x24,

	ID_VALUE = 0x51c0de01,
	CTRL_ENABLE = BIT(0),
	CTRL_RESET = BIT(1),
	CTRL_ABORT = BIT(2),
	STATUS_BUSY = BIT(0),
	CAUSE_DONE = BIT(0),
	CAUSE_ERROR = BIT(1),

	DESCRIPTOR = 16,
	D_LENGTH = 8,
	D_STATUS = 12,
	MOST_DATA = 4096,
	WORK_DONE = 1u << 31,
	WORK_FAILED = 3u << 30,
};

/* A descriptor that was fetched; it keeps what it needs of its queue, which may be reset. */
struct work {
	bool under_way, hung;
	bool orphaned; /* its queue was reset meanwhile */
	uint64_t descriptor, address;
	uint32_t length, key;
};

struct queue {
	uint64_t base;
	uint16_t size, head, tail;
	uint32_t ctrl, key, sum, done;
	uint16_t cause, mask;
	struct work work;
};

struct queues {
	struct sim_device dev; /* first */
	uint32_t enable, errors, firmware;
	struct queue queue[QUEUES];
};

static struct queues *to_queues(struct sim_device *dev)
{
	return (struct queues *)dev;
}

static uint16_t bit_of(struct queues *queues, struct queue *queue)
{
	return BIT(queue - queues->queue);
}

static void update_cause(struct queues *queues, struct queue *queue)
{
	sim_clear_causes(&queues->dev, queue->cause & queue->mask ? 0 : bit_of(queues, queue));
}

static void raise_cause(struct queues *queues, struct queue *queue, uint16_t cause)
{
	queue->cause |= cause;
	if (queue->cause & queue->mask)
		sim_raise_cause(&queues->dev, bit_of(queues, queue));
}

static void fetch(struct queues *queues, struct queue *queue)
{
	struct work *work = &queue->work;
	uint8_t descriptor[DESCRIPTOR] = { 0 };

	*work = (struct work){ .under_way = true, .key = queue->key };
	work->descriptor = queue->base + queue->head * (uint64_t)DESCRIPTOR;
	if (sim_dma_read(&queues->dev, work->descriptor, descriptor, DESCRIPTOR))
		return;
	work->address = get_le64(descriptor);
	work->length = get_le32(descriptor + D_LENGTH);
}

static bool mix(struct queues *queues, const struct work *work, uint32_t *sum)
{
	uint8_t data[MOST_DATA];

	if (!work->length || work->length > MOST_DATA ||
	    sim_dma_read(&queues->dev, work->address, data, work->length))
		return false;
	*sum = 0;
	for (uint32_t i = 0; i < work->length; i++) {
		*sum += data[i] * (i + 1);
		data[i] ^= (work->key >> 8 * (i & 3)) + i;
	}
	return !sim_dma_write(&queues->dev, work->address, data, work->length);
}

static void complete(struct queues *queues, struct queue *queue)
{
	struct work *work = &queue->work;
	const bool good = mix(queues, work, &queue->sum);
	uint8_t status[4];

	put_le(status, 4, good ? WORK_DONE : WORK_FAILED);
	sim_dma_write(&queues->dev, work->descriptor + D_STATUS, status, 4);
	work->under_way = false;
	queue->done++;
	if (!good)
		queues->errors++;
	if (!work->orphaned && queue->size)
		queue->head = (queue->head + 1) % queue->size;
	raise_cause(queues, queue, good ? CAUSE_DONE : CAUSE_ERROR);
}

static void run_queue(struct queues *queues, struct queue *queue)
{
	struct work *work = &queue->work;

	if (!work->under_way && queues->enable && (queue->ctrl & CTRL_ENABLE) &&
	    queue->head != queue->tail)
		fetch(queues, queue);
	if (!work->under_way)
		return;
	if (!work->hung)
		work->hung = sim_fault_happens(&queues->dev, SIM_FAULT_TX_HANG);
	if (!work->hung)
		complete(queues, queue);
}

static void queues_run(struct sim_device *dev)
{
	struct queues *queues = to_queues(dev);

	for (unsigned int i = 0; i < QUEUES; i++)
		run_queue(queues, &queues->queue[i]);
	sim_run_spurious(dev);
}

static void queues_armed(struct sim_device *dev, enum sim_fault fault)
{
	struct queues *queues = to_queues(dev);

	for (unsigned int i = 0; fault == SIM_FAULT_TX_HANG && !dev->armed[fault] && i < QUEUES;
	     i++)
		queues->queue[i].work.hung = false;
}

/* The registers as after power-on; what is under way goes on, unless it is to be aborted. */
static void control_queue(struct queues *queues, struct queue *queue, uint32_t value)
{
	struct work work = queue->work;

	if (value & CTRL_ABORT && !sim_fault_happens(&queues->dev, SIM_FAULT_RESET_STUCK))
		work.under_way = false;
	if (value & CTRL_RESET) {
		work.orphaned = true;
		*queue = (struct queue){ .ctrl = 0 };
	}
	queue->work = work;
	queue->ctrl = value & CTRL_ENABLE;
	update_cause(queues, queue);
}

static uint64_t read_queue(const struct queue *queue, uint64_t off, unsigned int size)
{
	switch (off) {
	case Q_BASE:
		return queue->base;
	case Q_BASE_HIGH:
		return queue->base >> 32;
	case Q_SIZE:
		return queue->size | (size > 2 ? (uint32_t)queue->head << 16 : 0);
	case Q_HEAD:
		return queue->head;
	case Q_TAIL:
		return queue->tail;
	case Q_CTRL:
		return queue->ctrl;
	case Q_STATUS:
		return queue->work.under_way || queue->head != queue->tail ? STATUS_BUSY : 0;
	case Q_CAUSE:
		return queue->cause;
	case Q_MASK:
		return queue->mask;
	case Q_KEY:
		return queue->key;
	case Q_SUM:
		return queue->sum;
	case Q_DONE:
		return queue->done;
	default:
		return 0;
	}
}

static void write_queue(struct queues *queues, struct queue *queue, uint64_t off, unsigned int size,
			uint64_t value)
{
	switch (off) {
	case Q_BASE:
		queue->base = size == 8 ? value : (queue->base & ~0xffffffffull) | value;
		break;
	case Q_BASE_HIGH:
		queue->base = (uint32_t)queue->base | value << 32;
		break;
	case Q_SIZE:
		queue->size = value;
		break;
	case Q_TAIL:
		queue->tail = queue->size ? value % queue->size : 0;
		break;
	case Q_CTRL:
		control_queue(queues, queue, value);
		break;
	case Q_CAUSE:
		queue->cause &= ~value;
		update_cause(queues, queue);
		break;
	case Q_MASK:
		queue->mask = value;
		update_cause(queues, queue);
		raise_cause(queues, queue, 0);
		break;
	case Q_KEY:
		queue->key = value;
		break;
	}
}

static struct queue *queue_at(struct queues *queues, uint64_t off)
{
	const uint64_t index = (off - CONTROL) / STEP;

	return off >= CONTROL && index < QUEUES ? &queues->queue[index] : NULL;
}

static uint64_t queues_read(struct sim_device *dev, unsigned int bar, uint64_t off,
			    unsigned int size)
{
	struct queues *queues = to_queues(dev);
	struct queue *queue = queue_at(queues, off);

	(void)bar;
	if (queue)
		return read_queue(queue, (off - CONTROL) % STEP, size);
	switch (off) {
	case ID:
		return ID_VALUE;
	case CAUSES:
		return sim_read_causes(dev);
	case ENABLE:
		return queues->enable;
	case COUNT_QUEUES:
		return QUEUES;
	case ERRORS:
		return queues->errors;
	case FIRMWARE:
		return queues->firmware;
	default:
		return 0;
	}
}

static void queues_write(struct sim_device *dev, unsigned int bar, uint64_t off, unsigned int size,
			 uint64_t value)
{
	struct queues *queues = to_queues(dev);
	struct queue *queue = queue_at(queues, off);

	(void)bar;
	if (queue)
		write_queue(queues, queue, (off - CONTROL) % STEP, size, value);
	else if (off == ENABLE)
		queues->enable = value & 1;
	else if (off == FIRMWARE)
		queues->firmware = value;
}

static const struct sim_ops queues_ops = {
	.bar_size = { WINDOW },
	.sizes = 2 | 4 | 8,
	.read = queues_read,
	.write = queues_write,
	.run = queues_run,
	.armed = queues_armed,
};

struct sim_device *sim_queues_create(const struct sim_bus *bus)
{
	struct sim_device *dev = sim_device_create(sizeof(struct queues), &queues_ops, bus);

	if (dev)
		sim_enable_causes(dev, BIT(QUEUES) - 1);
	return dev;
}
