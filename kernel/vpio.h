/* SPDX-License-Identifier: GPL-2.0 */
/*
 * vpio.h - what the files of the kernel module share: the physical device and the virtual device
 * as Linux sees them. Each embeds the core's (struct vpio_pdev, struct vpio_vdev: core/monitor.h).
 *
 * Locks, outermost first. The VFIO core's own (device set, group) are outside of all of them; the
 * lock of a VFIO container (in vfio_dma_rw()) and the mm's are taken inside of a vdev's.
 *
 *	vpio_kvm.gate    one caller tells KVM where BARs are at a time
 *	kvm.slots_lock   KVM's: the VM's buses are replaced under it, and who is on its way by them waited
 *	                 for (kvm.srcu): they take vpio_mdev.lock, so none of these three is taken under it
 *	vpio_irq.gate    one change of a vdev's interrupt set-up at a time; takes vpio_irq.lock only
 *	vpio_mdev.lock   the vdev's mutex of core/monitor.h
 *	vpio_pci.lock    the pdev's mutex of core/monitor.h
 *	vpio_policy.lock spinlock, innermost
 *	vpio_irq.lock    spinlock, innermost; taken with the wait queue of a user's eventfd locked,
 *	                 so that no eventfd may be signalled under it
 */
#ifndef VPIO_KERNEL_VPIO_H
#define VPIO_KERNEL_VPIO_H

#include <linux/kref.h>
#include <linux/kthread.h>
#include <linux/mdev.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <linux/vfio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "monitor.h"

/* How the physical device's interrupt reaches us, and how it is silenced until it is handled. */
enum vpio_pci_irq {
	VPIO_PCI_IRQ_NONE,	/* not at all: the tick finds what there is to do */
	VPIO_PCI_IRQ_MSI,	/* by message: nothing to silence */
	VPIO_PCI_IRQ_INTX,	/* by line, silenced by the device's INTx disable bit */
	VPIO_PCI_IRQ_EXCLUSIVE, /* by line, silenced at the interrupt controller */
};

/* Bits of vpio_pci.flags. */
enum vpio_pci_flag {
	VPIO_PCI_INTERRUPTED, /* an interrupt has come that the worker has not seen */
	VPIO_PCI_SILENCED,    /* the line is silenced until the worker has handled it */
};

enum {
	/* How late what is due may be: those of a moment are served by one interrupt. */
	VPIO_PCI_SLACK_NS = 10000,
};

enum { VPIO_MDEV_NAME = 32 }; /* bytes of a vdev's name, with its end */

/* A part of a BAR of the physical device, mapped. */
struct vpio_pci_bar {
	void __iomem *map;
	u32 size;
};

/**
 * struct vpio_pci - a physical device: a PCI function that the driver is bound to
 * @kref: the binding, and each vdev that there is; guards the memory of this struct only
 * @pdev: the PCI function
 * @model: its verified model, in @block; constant after probe
 * @block: the compiled model
 * @lock: the pdev's mutex
 * @core: the monitor's part; guarded by @lock, but for its statistics, which are read without
 * @live: the hardware may be touched and @core runs; guarded by @lock
 * @bars: registers of the hardware; constant after probe
 * @dmas: the model's DMA memories; constant after probe
 * @irq_kind: enum vpio_pci_irq; constant after probe
 * @irq: the interrupt's number
 * @flags: enum vpio_pci_flag; atomic
 * @muted: no interrupt is let in: see vpio_pdev_mutes(); the worker's own
 * @storms: that the log has heard of; the worker's own
 * @workers: runs @run, before other work of this host
 * @run: handles an interrupt, or what the core asks to be done
 * @due: when @run is to run though nobody asks for it; armed under @lock
 * @vdevs: vdevs that there are; atomic
 * @parent: as a parent of mediated devices
 * @type: their one type
 * @types: the list of types that mdev wants
 */
struct vpio_pci {
	struct kref kref;
	struct pci_dev *pdev;
	struct vpio_model model;
	void *block;

	struct mutex lock;
	struct vpio_pdev *core;
	bool live;

	struct vpio_pci_bar bars[PCI_STD_NUM_BARS];
	struct vpio_dma dmas[VPB_MAX_DMAS];

	enum vpio_pci_irq irq_kind;
	unsigned int irq;
	unsigned long flags;
	bool muted;
	u64 storms;

	struct workqueue_struct *workers;
	struct work_struct run;
	struct hrtimer due;

	atomic_t vdevs;
	struct mdev_parent parent;
	struct mdev_type type;
	struct mdev_type *types[1];
};

/**
 * struct vpio_irq - how a vdev's interrupts reach its user
 * @gate: one caller changes the set-up at a time
 * @lock: guards @index, @level, @masked, @repeats, and changes of @trigger
 * @index: VFIO_PCI_INTX_IRQ_INDEX, VFIO_PCI_MSI_IRQ_INDEX, or VFIO_PCI_NUM_IRQS for none
 * @level: the vdev's interrupt line, as the core said last
 * @masked: INTx is masked: by the user, or because it has been signalled (automasked)
 * @repeats: signals since INTx was down last
 * @resume: runs when a pause between such signals is over; queued under @lock
 * @trigger: signalled when an interrupt is due; read under RCU, changed under @gate and @lock
 * @error: signalled when the user is to stop the VM; read under RCU, changed under @gate
 * @request: signalled when the user is to release the vdev; read under RCU, changed under @gate
 * @unmask: the eventfd by which the user unmasks INTx; VFIO's
 */
struct vpio_irq {
	struct mutex gate;
	spinlock_t lock;
	unsigned int index;
	bool level;
	bool masked;
	unsigned int repeats;
	struct hrtimer resume;
	struct eventfd_ctx __rcu *trigger;
	struct eventfd_ctx __rcu *error;
	struct eventfd_ctx __rcu *request;
	struct virqfd *unmask;
};

/* What follows a violation, beside its refusal. */
enum vpio_verdict {
	VPIO_VERDICT_DENY, /* nothing */
	VPIO_VERDICT_STOP, /* the user is told to stop the VM */
	VPIO_VERDICT_MCE,  /* `vpio guard` injects a machine check */
	VPIO_VERDICTS
};

/**
 * struct vpio_policy - what becomes of a vdev whose guest violates, and what its guest has done
 * @verdict: enum vpio_verdict; read and written without a lock
 * @lock: guards @count, @stops, @refusal, @address, @size
 * @count: violations
 * @stops: times the user was told to stop the VM
 * @refusal: what the last violation was
 * @address: its guest address or register
 * @size: its bytes
 * @reports: at most one report of a stop a second
 */
struct vpio_policy {
	enum vpio_verdict verdict;
	spinlock_t lock;
	u64 count;
	u64 stops;
	enum vpio_refusal refusal;
	u64 address;
	u64 size;
	struct ratelimit_state reports;
};

/**
 * struct vpio_mdev - a virtual device: a mediated device that a user may open
 * @vfio: as VFIO sees it; must be first
 * @pci: its physical device, kept by a reference
 * @lock: the vdev's mutex
 * @core: the monitor's part; guarded by @lock, but for its statistics, which are read without
 * @open: attached to the pdev; guarded by @lock
 * @name: what people call it, or empty; guarded by @lock
 * @worker: the thread that runs @run; there is one while the vdev is open
 * @run: delivers what waits for the vdev
 * @due: when @run is to run though nothing new has come; armed under @lock
 * @irq: its interrupts
 * @kvm: where its registers are in the user's VM; NULL if that is none
 * @policy: what becomes of its user when the guest violates
 * @reports: at most one report of a refusal a second
 * @waiting: accesses that wait for an engine
 */
struct vpio_mdev {
	struct vfio_device vfio;
	struct vpio_pci *pci;
	struct mutex lock;
	struct vpio_vdev *core;
	bool open;
	char name[VPIO_MDEV_NAME];
	struct kthread_worker *worker;
	struct kthread_work run;
	struct hrtimer due;
	struct vpio_irq irq;
	struct vpio_kvm *kvm;
	struct vpio_policy policy;
	struct ratelimit_state reports;
	wait_queue_head_t waiting;
};

/* main.c */
unsigned int vpio_max_vdevs(void);

/* pdev.c */
extern struct pci_driver vpio_pci_driver;
unsigned int vpio_pci_vdevs(const struct vpio_pci *pci);
int vpio_pci_get(struct vpio_pci *pci);
void vpio_pci_put(struct vpio_pci *pci);
int vpio_pci_revive(struct vpio_pci *pci);

/* vdev.c */
extern struct mdev_driver vpio_mdev_driver;
int vpio_mdev_guest_read(struct vpio_vdev *core, u64 address, void *data, size_t size);
int vpio_mdev_guest_write(struct vpio_vdev *core, u64 address, const void *data, size_t size);
void vpio_mdev_set_level(struct vpio_vdev *core, bool level);
void vpio_mdev_wake(struct vpio_vdev *core);
const char *vpio_mdev_name(struct vpio_vdev *core);
void vpio_mdev_wake_at(struct vpio_vdev *core, u64 time);
void vpio_mdev_report(struct vpio_vdev *core, enum vpio_refusal refusal, u64 address, u64 size);
int vpio_mdev_access(struct vpio_mdev *vdev, u32 bar, u64 address, void *data, size_t size,
		     bool write);

/* kvm.c */
#if IS_ENABLED(CONFIG_KVM)
void vpio_kvm_open(struct vpio_mdev *vdev);
void vpio_kvm_close(struct vpio_mdev *vdev);
void vpio_kvm_update(struct vpio_mdev *vdev);
#else
static inline void vpio_kvm_open(struct vpio_mdev *vdev)
{
}

static inline void vpio_kvm_close(struct vpio_mdev *vdev)
{
}

static inline void vpio_kvm_update(struct vpio_mdev *vdev)
{
}
#endif

/* irq.c */
void vpio_irq_init(struct vpio_irq *irq);
void vpio_irq_close(struct vpio_irq *irq);
void vpio_irq_set_level(struct vpio_irq *irq, bool level);
bool vpio_irq_user_unmasks(const struct vpio_irq *irq);
bool vpio_irq_tell(struct vpio_irq *irq, unsigned int index);
unsigned int vpio_irq_count(const struct vpio_model *model, unsigned int index);
u32 vpio_irq_flags(unsigned int index);
int vpio_irq_set(struct vpio_irq *irq, const struct vfio_irq_set *set, const void *data);

/* policy.c */
void vpio_policy_init(struct vpio_policy *policy);
void vpio_policy_violation(struct vpio_vdev *core, enum vpio_refusal refusal, u64 address,
			   u64 size);
const char *vpio_verdict_name(enum vpio_verdict verdict);
int vpio_policy_show(struct vpio_policy *policy, char *buffer);

/* sysfs.c */
extern const struct attribute_group *vpio_pci_groups[];
extern const struct attribute_group *vpio_mdev_groups[];

#endif /* VPIO_KERNEL_VPIO_H */
