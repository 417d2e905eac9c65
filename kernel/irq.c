// SPDX-License-Identifier: GPL-2.0
/*
 * A vdev's interrupts on their way to its user: INTx, MSI, the error interrupt, and the request to
 * release the device, each an eventfd of the user's, set up by VFIO_DEVICE_SET_IRQS as vfio-pci's.
 *
 * INTx is a level. When it is up and not masked, the user is signalled once and it is masked
 * (automasked); when the user unmasks it, by ioctl or by the unmask eventfd (which KVM signals when
 * the guest has acknowledged the interrupt), and it is still up, the user is signalled again.
 * After some times of that, without the level ever down, only after a pause: a guest that is
 * interrupted again before it has executed anything gets nowhere. (Linux's 8139cp may unmask
 * reception while its poll waits for its turn; between interrupts in a row that turn never comes.)
 *
 * The user chooses the eventfds and may give one for two purposes. Signalling one runs its waiters
 * with its wait queue locked, and handle_unmask() is such a waiter: so nothing is signalled under
 * vpio_irq.lock, nor by handle_unmask(). What is signalled lives until no RCU reader sees it.
 */
#include <linux/eventfd.h>
#include <linux/rcupdate.h>

#include "compat.h"
#include "vpio.h"

enum {
	NO_INDEX = VFIO_PCI_NUM_IRQS,

	/* signals in a row for one and the same level, before there are pauses between them */
	MOST_REPEATS = 16,
	PAUSE_NS = NSEC_PER_MSEC,
};

/* The eventfd to be signalled now, or NULL; INTx is masked then. @paused: a pause is just over. */
static struct eventfd_ctx *take_due(struct vpio_irq *irq, bool paused)
{
	struct eventfd_ctx *trigger;

	trigger = rcu_dereference_protected(irq->trigger, lockdep_is_held(&irq->lock));
	if (!trigger || !irq->level)
		return NULL;
	if (irq->index == VFIO_PCI_INTX_IRQ_INDEX) {
		if (irq->masked)
			return NULL;
		if (irq->repeats >= MOST_REPEATS && !paused) {
			if (!hrtimer_is_queued(&irq->resume))
				hrtimer_start(&irq->resume, PAUSE_NS, HRTIMER_MODE_REL);
			return NULL;
		}
		irq->masked = true;
		irq->repeats++;
	} else {
		irq->level = false; /* a message: it is sent, and nothing stays up */
	}
	return trigger;
}

enum change { RAISE, LOWER, MASK, UNMASK, LOOK, RESUME };

/* Make a change, and signal the user if that makes an interrupt due. */
static void apply(struct vpio_irq *irq, enum change change)
{
	struct eventfd_ctx *due;
	unsigned long flags;

	rcu_read_lock();
	spin_lock_irqsave(&irq->lock, flags);
	if (change == RAISE || change == LOWER)
		irq->level = change == RAISE;
	if (change == LOWER)
		irq->repeats = 0;
	if (change == MASK || change == UNMASK)
		irq->masked = change == MASK;
	due = take_due(irq, change == RESUME);
	spin_unlock_irqrestore(&irq->lock, flags);
	if (due)
		vpio_eventfd_signal(due);
	rcu_read_unlock();
}

/* A pause is over. */
static enum hrtimer_restart resume(struct hrtimer *timer)
{
	apply(container_of(timer, struct vpio_irq, resume), RESUME);
	return HRTIMER_NORESTART;
}

/* The unmask eventfd has been signalled; its wait queue is locked. */
static int handle_unmask(void *opaque, void *unused)
{
	struct vpio_irq *irq = opaque;
	unsigned long flags;
	bool due;

	spin_lock_irqsave(&irq->lock, flags);
	irq->masked = false;
	due = take_due(irq, false);
	spin_unlock_irqrestore(&irq->lock, flags);
	return due;
}

/* What handle_unmask() found due, in a worker. */
static void signal_unmasked(void *opaque, void *unused)
{
	struct vpio_irq *irq = opaque;
	struct eventfd_ctx *trigger;

	rcu_read_lock();
	trigger = rcu_dereference(irq->trigger);
	if (trigger)
		vpio_eventfd_signal(trigger);
	rcu_read_unlock();
}

/* Let go of an eventfd that new readers no longer find. */
static void drop(struct eventfd_ctx *eventfd)
{
	if (!eventfd)
		return;
	synchronize_rcu();
	eventfd_ctx_put(eventfd);
}

/* Interrupts go to another eventfd from now on, or as another kind of interrupt. */
static void connect(struct vpio_irq *irq, unsigned int index, struct eventfd_ctx *trigger)
{
	struct eventfd_ctx *old;
	unsigned long flags;

	spin_lock_irqsave(&irq->lock, flags);
	old = rcu_replace_pointer(irq->trigger, trigger, lockdep_is_held(&irq->lock));
	if (irq->index != index) {
		irq->index = index;
		irq->masked = false;
		irq->repeats = 0;
	}
	spin_unlock_irqrestore(&irq->lock, flags);
	drop(old);
	apply(irq, LOOK);
}

static void disconnect(struct vpio_irq *irq)
{
	vfio_virqfd_disable(&irq->unmask);
	connect(irq, NO_INDEX, NULL);
}

/* Where the eventfd of a message from the module itself is kept. */
static struct eventfd_ctx __rcu **message_of(struct vpio_irq *irq, unsigned int index)
{
	return index == VFIO_PCI_ERR_IRQ_INDEX ? &irq->error : &irq->request;
}

static void set_message(struct vpio_irq *irq, unsigned int index, struct eventfd_ctx *eventfd)
{
	drop(rcu_replace_pointer(*message_of(irq, index), eventfd, lockdep_is_held(&irq->gate)));
}

/**
 * vpio_irq_init() - make it, with no eventfd
 * @irq: zeroed
 */
void vpio_irq_init(struct vpio_irq *irq)
{
	mutex_init(&irq->gate);
	spin_lock_init(&irq->lock);
	vpio_hrtimer_setup(&irq->resume, resume);
	irq->index = NO_INDEX;
}

/**
 * vpio_irq_close() - the user has gone: let go of all eventfds
 * @irq: of a vdev that is detached
 */
void vpio_irq_close(struct vpio_irq *irq)
{
	mutex_lock(&irq->gate);
	disconnect(irq);
	set_message(irq, VFIO_PCI_ERR_IRQ_INDEX, NULL);
	set_message(irq, VFIO_PCI_REQ_IRQ_INDEX, NULL);
	mutex_unlock(&irq->gate);
	apply(irq, LOWER);
	hrtimer_cancel(&irq->resume);
}

/**
 * vpio_irq_set_level() - the vdev's interrupt line is up or down; or a message is due (MSI)
 * @irq: of the vdev
 * @level: true: up. With MSI, each call that says so is a message.
 */
void vpio_irq_set_level(struct vpio_irq *irq, bool level)
{
	apply(irq, level ? RAISE : LOWER);
}

/**
 * vpio_irq_user_unmasks() - whether the user, not KVM, unmasks INTx when the guest has acknowledged it
 * @irq: of the vdev
 *
 * Such a user takes an access to the device for the acknowledgement, and so must see them all: QEMU
 * is one where it can't, or is not to, connect INTx with KVM (x-no-kvm-intx=on).
 */
bool vpio_irq_user_unmasks(const struct vpio_irq *irq)
{
	return READ_ONCE(irq->index) == VFIO_PCI_INTX_IRQ_INDEX && !READ_ONCE(irq->unmask);
}

/**
 * vpio_irq_tell() - tell the user something that is not the device's
 * @irq: of the vdev
 * @index: VFIO_PCI_REQ_IRQ_INDEX: release the vdev; VFIO_PCI_ERR_IRQ_INDEX: stop the VM
 *
 * Return: false if there is no user, or none that listens.
 */
bool vpio_irq_tell(struct vpio_irq *irq, unsigned int index)
{
	struct eventfd_ctx *eventfd;

	rcu_read_lock();
	eventfd = rcu_dereference(*message_of(irq, index));
	if (eventfd)
		vpio_eventfd_signal(eventfd);
	rcu_read_unlock();
	return eventfd;
}

/**
 * vpio_irq_count() - how many interrupts of a kind a vdev has
 * @model: its model
 * @index: VFIO_PCI_..._IRQ_INDEX
 */
unsigned int vpio_irq_count(const struct vpio_model *model, unsigned int index)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return model->header->irq_pin ? 1 : 0;
	case VFIO_PCI_MSI_IRQ_INDEX:
		return model->header->msi;
	case VFIO_PCI_ERR_IRQ_INDEX:
	case VFIO_PCI_REQ_IRQ_INDEX:
		return 1;
	default:
		return 0;
	}
}

/**
 * vpio_irq_flags() - VFIO_IRQ_INFO_... of a kind of interrupt
 * @index: VFIO_PCI_..._IRQ_INDEX
 */
u32 vpio_irq_flags(unsigned int index)
{
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		return VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	return VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
}

/* The eventfd that a user names: NULL for -1. */
static struct eventfd_ctx *get_eventfd(const void *data)
{
	const s32 fd = *(const s32 *)data;

	return fd < 0 ? NULL : eventfd_ctx_fdget(fd);
}

/* Is the change meant? DATA_NONE always means it; DATA_BOOL says so. */
static bool is_meant(const struct vfio_irq_set *set, const void *data)
{
	return set->flags & VFIO_IRQ_SET_DATA_NONE || *(const u8 *)data;
}

static int set_trigger(struct vpio_irq *irq, const struct vfio_irq_set *set, const void *data)
{
	struct eventfd_ctx *trigger;

	if (irq->index == set->index && !set->count && set->flags & VFIO_IRQ_SET_DATA_NONE) {
		disconnect(irq);
		return 0;
	}
	if (set->count != 1 || (irq->index != set->index && irq->index != NO_INDEX))
		return -EINVAL;
	if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
		trigger = get_eventfd(data);
		if (IS_ERR(trigger))
			return PTR_ERR(trigger);
		connect(irq, set->index, trigger);
		return 0;
	}
	if (irq->index != set->index)
		return -EINVAL;
	if (is_meant(set, data)) /* as if an interrupt had come: the user tries its eventfd */
		signal_unmasked(irq, NULL);
	return 0;
}

static int set_mask(struct vpio_irq *irq, const struct vfio_irq_set *set, const void *data)
{
	if (irq->index != VFIO_PCI_INTX_IRQ_INDEX || set->count != 1)
		return -EINVAL;
	if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return -ENOTTY;
	if (is_meant(set, data))
		apply(irq, MASK);
	return 0;
}

static int set_unmask(struct vpio_irq *irq, const struct vfio_irq_set *set, const void *data)
{
	if (irq->index != VFIO_PCI_INTX_IRQ_INDEX || set->count != 1)
		return -EINVAL;
	if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
		const s32 fd = *(const s32 *)data;

		if (fd >= 0)
			return vfio_virqfd_enable(irq, handle_unmask, signal_unmasked, NULL,
						  &irq->unmask, fd);
		vfio_virqfd_disable(&irq->unmask);
		return 0;
	}
	if (is_meant(set, data))
		apply(irq, UNMASK);
	return 0;
}

static int set_message_trigger(struct vpio_irq *irq, const struct vfio_irq_set *set,
			       const void *data)
{
	struct eventfd_ctx *eventfd;

	if (!set->count) {
		if (!(set->flags & VFIO_IRQ_SET_DATA_NONE))
			return -EINVAL;
		set_message(irq, set->index, NULL);
	} else if (set->flags & VFIO_IRQ_SET_DATA_EVENTFD) {
		eventfd = get_eventfd(data);
		if (IS_ERR(eventfd))
			return PTR_ERR(eventfd);
		set_message(irq, set->index, eventfd);
	} else if (is_meant(set, data)) {
		vpio_irq_tell(irq, set->index);
	}
	return 0;
}

/* What each kind of interrupt can do; NULL: nothing of the sort. */
static int (*const actions[VFIO_PCI_NUM_IRQS][3])(struct vpio_irq *irq,
						  const struct vfio_irq_set *set,
						  const void *data) = {
	[VFIO_PCI_INTX_IRQ_INDEX] = { set_trigger, set_mask, set_unmask },
	[VFIO_PCI_MSI_IRQ_INDEX] = { set_trigger },
	[VFIO_PCI_ERR_IRQ_INDEX] = { set_message_trigger },
	[VFIO_PCI_REQ_IRQ_INDEX] = { set_message_trigger },
};

/**
 * vpio_irq_set() - VFIO_DEVICE_SET_IRQS
 * @irq: of the vdev
 * @set: what the user wants, checked by vfio_set_irqs_validate_and_prepare() against
 *	vpio_irq_count(), which is at most 1
 * @data: the user's data, of the length that goes with @set; NULL if that is 0
 *
 * Return: 0 or a negative error.
 */
int vpio_irq_set(struct vpio_irq *irq, const struct vfio_irq_set *set, const void *data)
{
	int (*action)(struct vpio_irq *irq, const struct vfio_irq_set *set, const void *data) = NULL;
	int ret;

	switch (set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK) {
	case VFIO_IRQ_SET_ACTION_TRIGGER:
		action = actions[set->index][0];
		break;
	case VFIO_IRQ_SET_ACTION_MASK:
		action = actions[set->index][1];
		break;
	case VFIO_IRQ_SET_ACTION_UNMASK:
		action = actions[set->index][2];
		break;
	}
	if (!action)
		return -ENOTTY;
	mutex_lock(&irq->gate);
	ret = action(irq, set, data);
	mutex_unlock(&irq->gate);
	return ret;
}
