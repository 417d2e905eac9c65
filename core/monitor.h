/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * monitor.h - the monitor: a physical device (pdev), its virtual devices (vdevs), and what moves
 * between them. This is the whole interface between core/ and the world that embeds it.
 *
 * Locks. The embedder holds two kinds of mutex:
 *  - the vdev's, around every vpio_vdev_*() call but those marked otherwise. It guards the vdev's
 *    variables. Guest memory is touched only under it, so a guest whose memory is slow (or whose
 *    owner stalls it) delays itself and nobody else.
 *  - the pdev's, taken by the core through vpio_ops.lock and by the embedder around every
 *    vpio_pdev_*() call that says so. It guards the hardware, the queues between vdevs and the
 *    device, and the list of vdevs. No guest memory is touched under it.
 * Order: vdev, then pdev.
 *
 * Work. Two kinds of worker belong to the embedder: one for the pdev, which calls vpio_pdev_run()
 * after vpio_ops.wake_pdev, a physical interrupt, and each VPIO_TICK_MS; one for each vdev, which
 * calls vpio_vdev_run() after vpio_ops.wake_vdev. What a guest's access starts it starts itself, where
 * the hardware has room; a worker is woken for what is left.
 */
#ifndef VPIO_CORE_MONITOR_H
#define VPIO_CORE_MONITOR_H

#include "model.h"

struct vpio_pdev;
struct vpio_vdev;

enum {
	VPIO_TICK_MS = 100,   /* the pdev's worker runs at least this often while vdevs are open */
	VPIO_TX_SLOTS = 64,   /* frames of one vdev that wait for the hardware */
	VPIO_INBOX = 1 << 18, /* bytes of frames that wait for one vdev */
	VPIO_MAX_VDEVS = 64,  /* vdevs of one pdev */
	VPIO_WAIT = 1,	      /* an access must wait for an engine and be made again */
	VPIO_WEIGHT = 100,    /* of a vdev, unless somebody changes it: 1 to VPIO_WEIGHT_MOST */
	VPIO_WEIGHT_MOST = 1000,
	VPIO_QUANTUM_US = 2000, /* of a pdev, unless somebody changes it */
	VPIO_QUANTUM_MOST_US = 1000000,
	VPIO_RATE_MOST_BYTES = 1000000000, /* a second, to the wire */
	VPIO_RATE_MOST_FRAMES = 10000000,
	VPIO_POLL_US = 200, /* of a pdev, unless somebody changes it */
	VPIO_POLL_MOST_US = 10000,
	VPIO_INTERRUPT_US = 250, /* that a vdev's interrupts are gathered, unless ... */
	VPIO_INTERRUPT_MOST_US = 100000,
	VPIO_INTERRUPT_EVENTS = 8,
	VPIO_INTERRUPT_MOST_EVENTS = 1000,
};

/*
 * The state of a physical device. But for VPIO_WORKING it is out of service: none of its registers
 * is touched, what was under way has ended with an error, and what guests ask for ends so at once.
 * Their other registers are answered as ever.
 */
enum vpio_health {
	VPIO_WORKING,
	VPIO_BROKEN, /* three recoveries in a row did not help: see vpio_pdev_revive() */
	VPIO_GONE,   /* it does not answer */
};

/* Why a vdev is not attached. */
enum vpio_attach_error {
	VPIO_TOO_MANY = -1, /* the pdev has VPIO_MAX_VDEVS already */
	VPIO_SAME_MAC = -2, /* another vdev of the pdev has the same MAC address */
	VPIO_NO_INSTANCE =
		-3, /* a partition engine has no instance left that is nobody's, and idle */
};

/*
 * Why a guest's request was refused. The order is that of vpio_refusal_name().
 *
 * A refusal is a violation if the guest programmed the device for what no driver has a reason to
 * do, and the device would have done it: VPIO_REFUSE_MEMORY, VPIO_REFUSE_DENY,
 * VPIO_REFUSE_MODEL_REQUEST. But a frame that arrives for memory that is gone is none: a kernel
 * that is started from a crashed one (kdump) has not stopped the device yet.
 */
enum vpio_refusal {
	VPIO_REFUSE_MEMORY, /* an address that is not (or no longer) the guest's memory, or wraps */
	VPIO_REFUSE_MASTER, /* DMA while bus mastering is off in the command register */
	VPIO_REFUSE_SHORT,  /* a frame too short to have addresses and a type */
	VPIO_REFUSE_LONG,   /* a frame over the maximum */
	VPIO_REFUSE_SOURCE, /* a frame with another's source address */
	VPIO_REFUSE_DENY,   /* a register write that the model denies */
	VPIO_REFUSE_BUSY,   /* a request beyond the vdev's share of a queue */
	VPIO_REFUSE_MODEL,  /* the model's handler went wrong (index past an array's end) */
	VPIO_REFUSE_MODEL_REQUEST, /* the model itself found the request wrong */
	VPIO_REFUSALS
};

/* Counters of a vdev. VPIO_VDEV_STATS(X): X(name, what it counts). */
#define VPIO_VDEV_STATS(X)                                                              \
	X(reads, "register reads")                                                      \
	X(writes, "register writes")                                                    \
	X(hooks, "accesses for which a handler of the model ran")                       \
	X(answered, "accesses answered by the monitor from the vdev's state")           \
	X(direct, "accesses that went straight to the hardware")                        \
	X(jobs, "jobs taken")                                                           \
	X(jobs_done, "jobs that the hardware finished")                                 \
	X(jobs_aborted, "jobs that the hardware did not finish")                        \
	X(interrupts, "times the interrupt line went up, or a message was sent")        \
	X(tx_frames, "frames sent")                                                     \
	X(tx_bytes, "bytes of frames sent")                                             \
	X(wait_ns, "ns that requests waited for an engine's turn, the sum")             \
	X(wait_most_ns, "the longest of these waits")                                   \
	X(rx_frames, "frames received")                                                 \
	X(rx_bytes, "bytes of frames received")                                         \
	X(rx_dropped, "frames dropped: no room in the guest's ring, or the inbox full") \
	X(local_frames, "frames received from another guest")                           \
	X(local_bytes, "bytes of frames received from another guest")                   \
	X(refusals, "requests refused, all reasons")                                    \
	X(violations, "refusals that are violations: see enum vpio_refusal")

#define VPIO_STAT_MEMBER(name, what) u64 name;

struct vpio_vdev_stats {
	VPIO_VDEV_STATS(VPIO_STAT_MEMBER)
	u64 refused[VPIO_REFUSALS];
};

/* Counters of a pdev. */
#define VPIO_PDEV_STATS(X)                                                                   \
	X(interrupts, "physical interrupts with a cause")                                    \
	X(spurious, "physical interrupts without one")                                       \
	X(lost, "causes that came without an interrupt")                                     \
	X(tx_frames, "frames given to the hardware")                                         \
	X(tx_bytes, "bytes of frames given to the hardware")                                 \
	X(rx_frames, "frames taken from the hardware")                                       \
	X(rx_bytes, "bytes of frames taken from the hardware")                               \
	X(rx_unclaimed, "frames that no vdev wanted")                                        \
	X(local_frames, "frames delivered from one vdev to another")                         \
	X(polls, "looks without an interrupt, in busy times, that found one or more causes") \
	X(runs, "times the worker ran")                                                      \
	X(recoveries, "times an engine was reset because a job took too long")               \
	X(storms, "times that interrupts had no end, and were masked")                       \
	X(hand_offs, "times a slice engine went to another owner")                           \
	X(hand_off_most_ns, "the longest that one took, of saving and restoring")            \
	X(hw_reads, "hardware register reads")                                               \
	X(hw_writes, "hardware register writes")                                             \
	X(model_errors, "handlers of the hardware side that went wrong")

struct vpio_pdev_stats {
	VPIO_PDEV_STATS(VPIO_STAT_MEMBER)
};

/**
 * struct vpio_ops - what the embedder gives to the core
 *
 * @hw_read: read @width (1, 2, 4, 8) bytes at @offset of the physical BAR @bar; pdev lock held
 * @hw_write: write them; pdev lock held
 * @guest_read: copy from guest memory; vdev lock held, pdev lock not held; 0 or negative if any
 *	byte is not the guest's to use as DMA memory now
 * @guest_write: copy to guest memory; the same
 * @irq: the vdev's interrupt line is now @level (INTx) or went up (MSI); vdev lock held
 * @now: monotonic time in ns
 * @wake_pdev: let the pdev's worker run soon; any context
 * @wake_vdev: let the vdev's worker run soon; pdev lock held
 * @wake_vdev_at: let it run at a time, as @now has it, or soon after, if vpio_vdev_holds() then;
 *	vdev lock held
 * @lock, @unlock: the pdev's mutex
 * @report: a refusal, for the log; called at every refusal, so the embedder limits the rate.
 *	vdev lock held. @what: vpio_refusal_name(). @address: the guest address or the register
 * @violation: what was just reported is a violation; vdev lock held; may be NULL
 * @mem_barrier: order DMA memory against registers (dma_rmb/dma_wmb); may be NULL
 * @is_present: whether the device answers on its bus (its vendor ID is not all ones, say); asked
 *	each VPIO_TICK_MS, and when something is suspicious: a register read as all ones, work that
 *	does not end; pdev lock held; NULL: always
 * @health: the device's health has changed; pdev lock held; may be NULL
 */
struct vpio_ops {
	u64 (*hw_read)(struct vpio_pdev *pdev, unsigned int bar, u32 offset, unsigned int width);
	void (*hw_write)(struct vpio_pdev *pdev, unsigned int bar, u32 offset, unsigned int width,
			 u64 value);
	int (*guest_read)(struct vpio_vdev *vdev, u64 address, void *data, size_t size);
	int (*guest_write)(struct vpio_vdev *vdev, u64 address, const void *data, size_t size);
	void (*irq)(struct vpio_vdev *vdev, bool level);
	u64 (*now)(struct vpio_pdev *pdev);
	void (*wake_pdev)(struct vpio_pdev *pdev);
	void (*wake_vdev)(struct vpio_vdev *vdev);
	void (*wake_vdev_at)(struct vpio_vdev *vdev, u64 time);
	void (*lock)(struct vpio_pdev *pdev);
	void (*unlock)(struct vpio_pdev *pdev);
	void (*report)(struct vpio_vdev *vdev, enum vpio_refusal refusal, u64 address, u64 size);
	void (*violation)(struct vpio_vdev *vdev, enum vpio_refusal refusal, u64 address, u64 size);
	void (*mem_barrier)(void);
	bool (*is_present)(struct vpio_pdev *pdev);
	void (*health)(struct vpio_pdev *pdev, enum vpio_health health);
};

/* A DMA memory of the physical device: allocated, zeroed and freed by the embedder. */
struct vpio_dma {
	void *memory;
	u64 bus; /* the address by which the device reaches it */
};

/* --- The physical device ----------------------------------------------------------------- */

/**
 * vpio_pdev_size() - bytes of a struct vpio_pdev for a model
 * @model: verified model
 */
size_t vpio_pdev_size(const struct vpio_model *model);

/**
 * vpio_pdev_init() - make a pdev
 * @pdev: zeroed memory of vpio_pdev_size() bytes, aligned to 8
 * @model: verified model, kept by the caller as long as the pdev
 * @ops: the embedder's functions
 * @dma: one for each of the model's DMA memories, kept by the caller
 * @priv: for the embedder, see vpio_pdev_priv()
 *
 * Does not touch the hardware.
 */
void vpio_pdev_init(struct vpio_pdev *pdev, const struct vpio_model *model,
		    const struct vpio_ops *ops, const struct vpio_dma *dma, void *priv);

/**
 * vpio_pdev_start() - bring the hardware up; vpio_pdev_stop() - quiesce it: no DMA, no interrupt
 * @pdev: the pdev; the caller holds its lock
 */
void vpio_pdev_start(struct vpio_pdev *pdev);
void vpio_pdev_stop(struct vpio_pdev *pdev);

/**
 * vpio_pdev_run() - do what is to be done on the hardware now
 * @pdev: the pdev; the caller holds its lock
 *
 * Handles causes of interrupts, harvests frames, starts jobs, looks for jobs that take too long,
 * and each VPIO_TICK_MS lets the model look at the device. Call it after a physical interrupt,
 * after ops->wake_pdev, and when vpio_pdev_due() says.
 *
 * Return: true if an interrupt's cause was found (else the interrupt, if there was one, was
 * spurious or somebody else's).
 */
bool vpio_pdev_run(struct vpio_pdev *pdev, bool interrupt);

/**
 * vpio_pdev_mutes() - whether the device's interrupt is to be masked
 * @pdev: the pdev; the caller holds its lock
 *
 * Looked at after each vpio_pdev_run(). It is so while there is so much to do that the worker looks
 * for causes by itself, when interrupts have no end, and when the device is out of service.
 */
bool vpio_pdev_mutes(struct vpio_pdev *pdev);

/**
 * vpio_pdev_health() - the device's health
 * @pdev: the pdev; no lock is needed for a look
 */
enum vpio_health vpio_pdev_health(struct vpio_pdev *pdev);
/* Its name: working, broken, gone. */
const char *vpio_health_name(enum vpio_health health);

/**
 * vpio_pdev_revive() - bring a device that is out of service up again
 * @pdev: the pdev; the caller holds its lock
 *
 * Slice engines are nobody's then, and get their owners' state when it is needed; each instance of
 * a partition engine is reset, and holds what its vdev wrote to it last. Does nothing if it works.
 *
 * Return: 0, or -1 if the device does not answer.
 */
int vpio_pdev_revive(struct vpio_pdev *pdev);

/**
 * vpio_pdev_due() - when vpio_pdev_run() is to be called at the latest, though nobody asks for it
 * @pdev: the pdev; the caller holds its lock, and has just called vpio_pdev_run()
 *
 * The answer holds until vpio_pdev_run() is called again, for whatever reason.
 *
 * Return: a time as ops->now has it, or 0: not before there is another reason.
 */
u64 vpio_pdev_due(struct vpio_pdev *pdev);

/**
 * vpio_pdev_set_quantum() - set how long an owner may keep a slice engine while others wait
 * @pdev: the pdev; the caller does not hold its lock
 * @us: 0 to VPIO_QUANTUM_MOST_US; VPIO_QUANTUM_US after vpio_pdev_init()
 *
 * An owner that asks again before its work has ended, or at once, goes on without a hand-off until
 * it has had the engine for so long. Work that has begun is not interrupted.
 *
 * Return: 0, or -1 if it is too long.
 */
int vpio_pdev_set_quantum(struct vpio_pdev *pdev, u64 us);
u64 vpio_pdev_quantum(struct vpio_pdev *pdev);

/**
 * vpio_pdev_set_poll() - set when causes are looked for by the clock in busy times
 * @pdev: the pdev; the caller does not hold its lock
 * @us: at most VPIO_POLL_MOST_US; VPIO_POLL_US after vpio_pdev_init()
 *
 * While each look finds something, or the hardware is given work, the next look is made at once and
 * no interrupt is taken, whatever @us is; then after this time, and if it finds nothing, interrupts
 * are taken again. 0: they are at once.
 *
 * Return: 0, or -1 if it is too long.
 */
int vpio_pdev_set_poll(struct vpio_pdev *pdev, u64 us);
u64 vpio_pdev_poll(struct vpio_pdev *pdev);

/**
 * struct vpio_engine_look - an engine, for a person to look at
 * @name: the model's name of it
 * @discipline: host, slice or partition
 * @phase: of a slice engine: free, restoring, granted, owned, draining, stuck or saving; of others:
 *	idle or working
 * @owner: the vdev that has it, or whose job is the oldest on it; NULL: nobody
 * @waiting: requests that wait for it
 * @running: jobs on the hardware, instances at work; of a slice engine: 1 if it has an owner
 * @depth: how many can run at a time
 */
struct vpio_engine_look {
	const char *name;
	const char *discipline;
	const char *phase;
	struct vpio_vdev *owner;
	u32 waiting, running, depth;
};

/**
 * vpio_pdev_look() - look at an engine
 * @pdev: the pdev; the caller holds its lock, and @look->owner is there as long as it does
 * @engine: its number
 * @look: filled in
 *
 * Return: false if the model has no such engine.
 */
bool vpio_pdev_look(struct vpio_pdev *pdev, u32 engine, struct vpio_engine_look *look);

void *vpio_pdev_priv(struct vpio_pdev *pdev);
const struct vpio_model *vpio_pdev_model(struct vpio_pdev *pdev);
const struct vpio_pdev_stats *vpio_pdev_stats(struct vpio_pdev *pdev);

/**
 * vpio_model_vdevs() - vdevs that a pdev of this model can have at a time
 * @model: verified model
 *
 * Each vdev has an instance of each partition engine.
 */
unsigned int vpio_model_vdevs(const struct vpio_model *model);

/* --- A virtual device -------------------------------------------------------------------- */

/**
 * vpio_vdev_size() - bytes of a struct vpio_vdev for a model
 * @model: verified model
 */
size_t vpio_vdev_size(const struct vpio_model *model);

/**
 * vpio_vdev_init() - make a vdev that is not attached to its pdev yet
 * @vdev: zeroed memory of vpio_vdev_size() bytes, aligned to 8
 * @pdev: the pdev
 * @mac: its MAC address (unicast, not zero); for models that are no NIC, ignored
 * @priv: for the embedder, see vpio_vdev_priv()
 */
void vpio_vdev_init(struct vpio_vdev *vdev, struct vpio_pdev *pdev, const u8 mac[6], void *priv);

/**
 * vpio_vdev_attach() - let the vdev take part: resets it and adds it to its pdev
 * @vdev: the vdev; the caller holds its lock, not the pdev's
 *
 * Return: 0, or enum vpio_attach_error.
 */
int vpio_vdev_attach(struct vpio_vdev *vdev);

/**
 * vpio_vdev_detach() - take the vdev out: its waiting jobs and frames are forgotten
 * @vdev: the vdev; the caller holds its lock, not the pdev's
 *
 * After it returns the core does not call ops->wake_vdev for this vdev any more. Its jobs that are
 * on the hardware finish there for nobody.
 */
void vpio_vdev_detach(struct vpio_vdev *vdev);

/**
 * vpio_vdev_reset() - as the device's reset by its bus: registers, waiting jobs, interrupt line
 * @vdev: the vdev; the caller holds its lock, not the pdev's
 */
void vpio_vdev_reset(struct vpio_vdev *vdev);

/**
 * vpio_vdev_read() - a guest reads registers
 * @vdev: the vdev; the caller holds its lock, not the pdev's
 * @bar: BAR index
 * @offset: bytes into the BAR
 * @data: filled in; all ones where there is nothing
 * @size: 1, 2, 4 or 8 bytes, any alignment
 *
 * Return: 0; -1 if there is no such BAR or the access runs past its end; VPIO_WAIT if it touches a
 * slice engine that the guest has asked for and that is not its yet: give the lock back, wait until
 * vpio_vdev_waits() is false (look again after each ops->wake_vdev), make the access again.
 */
int vpio_vdev_read(struct vpio_vdev *vdev, unsigned int bar, u64 offset, void *data, size_t size);

/**
 * vpio_vdev_write() - a guest writes registers; as vpio_vdev_read()
 */
int vpio_vdev_write(struct vpio_vdev *vdev, unsigned int bar, u64 offset, const void *data,
		    size_t size);

/* Whether the vdev waits for a slice engine; no lock needed. */
bool vpio_vdev_waits(struct vpio_vdev *vdev);

/**
 * vpio_vdev_config_read() - a guest reads PCI configuration space
 * @vdev: the vdev; the caller holds its lock
 * @offset: 0..255
 * @data: filled in
 * @size: bytes, any; @offset + @size at most 256
 *
 * Return: 0, or -1 past the end.
 */
int vpio_vdev_config_read(struct vpio_vdev *vdev, u64 offset, void *data, size_t size);

/**
 * vpio_vdev_config_write() - a guest writes PCI configuration space; as the read
 *
 * BARs hold what is written (with the size mask) and are not otherwise used: where the guest's
 * accesses go is the embedder's matter; see vpio_vdev_decodes(). INTx disable in the command
 * register is honoured.
 */
int vpio_vdev_config_write(struct vpio_vdev *vdev, u64 offset, const void *data, size_t size);

/**
 * vpio_vdev_decodes() - whether a BAR is enabled, and where the guest has put it
 * @vdev: the vdev; the caller holds its lock
 * @bar: its number, one that the model has
 * @address: set to the BAR's address, in memory or I/O space, as the model has it
 *
 * A BAR at address 0 is not enabled: that is where it is before anybody has put it anywhere. Nor is one
 * at the end of 32 bits, where it is while it is measured. QEMU has it like that, too.
 *
 * Source: PCI Local Bus Specification 3.0, sections 6.2.2 and 6.2.5.1.
 */
bool vpio_vdev_decodes(const struct vpio_vdev *vdev, u32 bar, u64 *address);

/**
 * vpio_vdev_run() - deliver what waits for the vdev: ends of jobs, frames, notifications
 * @vdev: the vdev; the caller holds its lock, not the pdev's
 *
 * Return: true if more waits (it does a bounded amount of work at a time).
 */
bool vpio_vdev_run(struct vpio_vdev *vdev);

/**
 * vpio_vdev_set_param() - set a parameter of the model, before the vdev is attached
 * @vdev: the vdev, not attached
 * @name: the parameter's name, @length bytes
 * @value: its value
 *
 * Return: 0, -1 if there is no such parameter, -2 if it does not take the value.
 */
int vpio_vdev_set_param(struct vpio_vdev *vdev, const char *name, size_t length, u64 value);
u64 vpio_vdev_param(struct vpio_vdev *vdev, unsigned int param);

/**
 * vpio_vdev_set_mac() - set the MAC address, before the vdev is attached
 *
 * Return: 0, or -1 if it is multicast or zero.
 */
int vpio_vdev_set_mac(struct vpio_vdev *vdev, const u8 mac[6]);
const u8 *vpio_vdev_mac(struct vpio_vdev *vdev);

/* Whether frames with another's source address are refused; on after vpio_vdev_init(). */
void vpio_vdev_set_source_check(struct vpio_vdev *vdev, bool on);
bool vpio_vdev_source_check(struct vpio_vdev *vdev);

/**
 * vpio_vdev_set_weight() - set the vdev's share of engines that others want, too
 * @vdev: the vdev, attached or not; the caller does not hold the pdev's lock
 * @weight: 1 to VPIO_WEIGHT_MOST; VPIO_WEIGHT after vpio_vdev_init()
 *
 * While several vdevs want an engine, it is divided among them in proportion to their weights: what
 * they send by its bytes, what else they do by its time.
 *
 * Return: 0, or -1 if there is no such weight.
 */
int vpio_vdev_set_weight(struct vpio_vdev *vdev, u64 weight);
u64 vpio_vdev_weight(struct vpio_vdev *vdev);

/**
 * vpio_vdev_set_rate_bytes() - limit what the vdev sends to the wire
 * @vdev: the vdev, attached or not; the caller does not hold the pdev's lock
 * @rate: bytes a second, without FCS, at most VPIO_RATE_MOST_BYTES; 0: no limit, as after
 *	vpio_vdev_init()
 *
 * After a pause up to 10 ms of the rate may go at once. Frames for other guests of the pdev, which
 * do not go to the wire, are neither counted nor kept back.
 *
 * Return: 0, or -1 if it is too much.
 */
int vpio_vdev_set_rate_bytes(struct vpio_vdev *vdev, u64 rate);
u64 vpio_vdev_rate_bytes(struct vpio_vdev *vdev);

/**
 * vpio_vdev_set_rate_frames() - the same in frames a second, at most VPIO_RATE_MOST_FRAMES
 *
 * If both are set, both hold.
 */
int vpio_vdev_set_rate_frames(struct vpio_vdev *vdev, u64 rate);
u64 vpio_vdev_rate_frames(struct vpio_vdev *vdev);

/**
 * vpio_vdev_set_interrupt_us() - set how long a vdev's interrupts may be gathered
 * @vdev: the vdev, attached or not; no lock is needed
 * @us: up to VPIO_INTERRUPT_MOST_US; VPIO_INTERRUPT_US after vpio_vdev_init(); 0: each is delivered
 *	at once
 *
 * What is gathered, and what is delivered at once in any case, is said in pace.c.
 *
 * Return: 0, or -1 if it is too long.
 */
int vpio_vdev_set_interrupt_us(struct vpio_vdev *vdev, u64 us);
u64 vpio_vdev_interrupt_us(struct vpio_vdev *vdev);

/**
 * vpio_vdev_holds() - whether an interrupt of the vdev waits: for this vpio_ops.wake_vdev_at() asks
 * @vdev: the vdev
 *
 * Locking: none, and any context.
 */
bool vpio_vdev_holds(const struct vpio_vdev *vdev);

/**
 * vpio_vdev_set_interrupt_events() - ... and after how much news it does not wait any longer
 * @vdev: the vdev, attached or not; no lock is needed
 * @events: causes raised (frames received, jobs ended), 1 to VPIO_INTERRUPT_MOST_EVENTS;
 *	VPIO_INTERRUPT_EVENTS after vpio_vdev_init()
 *
 * Return: 0, or -1 if there is no such number.
 */
int vpio_vdev_set_interrupt_events(struct vpio_vdev *vdev, u64 events);
u64 vpio_vdev_interrupt_events(struct vpio_vdev *vdev);

/* The level of the vdev's interrupt line now (cause, mask and INTx disable considered). */
bool vpio_vdev_irq_level(struct vpio_vdev *vdev);

void *vpio_vdev_priv(struct vpio_vdev *vdev);
struct vpio_pdev *vpio_vdev_pdev(struct vpio_vdev *vdev);
const struct vpio_vdev_stats *vpio_vdev_stats(struct vpio_vdev *vdev);

/* A refusal's name as the statistics and the log show it, and one line of what it means. */
const char *vpio_refusal_name(enum vpio_refusal refusal);
const char *vpio_refusal_meaning(enum vpio_refusal refusal);

#endif /* VPIO_CORE_MONITOR_H */
