/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * state.h - what the monitor remembers: of the physical device, of each vdev, and of what waits
 * between them. Internal to core/; the locks are those of monitor.h.
 */
#ifndef VPIO_CORE_STATE_H
#define VPIO_CORE_STATE_H

#include "monitor.h"

enum {
	VPIO_ADDRESS = 6,	/* bytes of a MAC address */
	VPIO_ETHER_HEADER = 14, /* bytes of an Ethernet header */
	VPIO_ETHER_MIN = 60,	/* bytes of the smallest frame on the wire, without FCS */
	VPIO_VLAN = 4,		/* bytes of an 802.1Q tag */
	VPIO_FCS = 4,		/* bytes of a frame check sequence */
	VPIO_ETHER_MOST = 1518, /* bytes of the largest frame with a tag, without FCS */
	VPIO_CONFIG = 256,	/* bytes of PCI configuration space */
};

/* Whatever lies behind a struct in one block of memory is aligned to 8. */
static inline size_t vpio_align(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

/* A frame in the hands of a handler. */
struct vpio_frame {
	u8 *data;
	u32 length;
	u32 capacity;
	bool fcs; /* as it was received, it stands behind the frame */
};

enum vpio_slot_state {
	VPIO_SLOT_FREE,
	VPIO_SLOT_QUEUED,   /* waits for the hardware */
	VPIO_SLOT_HARDWARE, /* is on the hardware */
	VPIO_SLOT_ENDED,    /* on_done has not run yet */
};

/*
 * A job of a vdev: one frame to be sent. The slots are a ring: head..next are on the hardware or
 * have ended, next..tail wait. Guarded by the pdev's lock, but for the data, which the vdev writes
 * before the slot is queued.
 */
struct vpio_slot {
	u8 state;
	u8 status;    /* VPIO_SLOT_ENDED: 0 sent */
	u8 last;      /* the job's last frame: its end is the job's end */
	u8 cancelled; /* its end means nothing to the guest */
	u8 again;     /* it was on the hardware before: paid for, and counted */
	u8 engine;
	u32 length;
	u64 tag;
	u64 queued; /* ns */
};

/* A frame that waits for a vdev: this, its bytes, room for an FCS, in a multiple of 8 in all. */
struct vpio_letter {
	u32 length; /* VPIO_LETTER_WRAP: the rest of the inbox is not used */
	u16 local;  /* from another vdev */
	u16 fcs;    /* the FCS stands behind the bytes */
};

#define VPIO_LETTER_WRAP 0xffffffffu

/*
 * What waits for a vdev. Written under the pdev's lock; a letter's bytes are read under the vdev's
 * lock before it is taken out. Offsets run freely, modulo VPIO_INBOX.
 */
struct vpio_inbox {
	u32 head, tail;
	u8 *data;
};

/* What a vdev asked of a slice or partition engine with START. */
struct vpio_start {
	bool pending; /* waits for the engine */
	bool ended;   /* `finish` was said; VPB_ON_DONE is to run */
	u8 status;
	u64 asked; /* ns */
	u64 a, b;
};

/* A limit of a rate: a token bucket, see share.c. */
struct vpio_limit {
	u64 rate;  /* a second; 0: none */
	u64 empty; /* ns: when it was or will be empty */
};

/* Of vpio_vdev.run: a job has ended in the course of what started it. */
#define VPIO_RUN_ENDS (1u << 31)

enum { VPIO_LIMIT_BYTES, VPIO_LIMIT_FRAMES, VPIO_LIMITS };

/* What has passed on an engine since it was started: rounds, and turns that somebody had. */
struct vpio_rounds {
	u64 rounds, turns;
};

struct vpio_vdev {
	struct vpio_pdev *pdev;
	void *priv;
	bool attached;	   /* pdev's lock */
	bool source_check; /* not changed while attached */
	u8 mac[VPIO_ADDRESS];

	/* Guarded by the vdev's lock. */
	u8 *state;		  /* VPB_VDEV */
	u8 config[VPIO_CONFIG];	  /* PCI configuration space */
	u8 writable[VPIO_CONFIG]; /* which of its bits a guest may change */
	struct vpio_frame gather; /* the frame that a handler gathers */
	u64 causes[VPB_MAX_IRQS]; /* not masked, when the line was looked at last */
	u64 raised[VPB_MAX_IRQS]; /* by RAISE since then, whether they were set already or not */
	bool line;		  /* the interrupt line, as ops->irq was told */
	bool msi;		  /* interrupts are messages, as the line was looked at last */
	bool fault;		  /* a guest memory access failed */
	bool refused;		  /* this request is refused and counted already */
	bool violated;		  /* and as a violation */
	bool arriving;		  /* a frame arrives: that is not the guest's doing */
	bool held;		  /* an interrupt waits: see pace.c */
	u64 since, alarm;	  /* ns: since when, and when the worker runs for it */
	bool urgent;		  /* it is not to wait: no room is left, say */
	bool later;		  /* some of it was raised as what may wait long */
	bool ending;		  /* a job's end is told: what is raised now is of that */
	bool arrived;		  /* something else was raised, which the guest has not seen, */
	u32 news;		  /* and so many causes in all */
	u32 arrivals;		  /* since the last interrupt: such, whether seen or not, */
	u32 begun;		  /* and jobs that the guest began */
	bool streamed;		  /* ... and before that: see pace.c */
	u64 interrupted;	  /* ns: when that was, */
	u64 rested;		  /* when no cause was left, */
	u64 ended;		  /* and when a job ended last */
	u64 began;		  /* ns: when the guest began a job last */
	u64 heard, before;	  /* when a cause was raised last, and the last before what waits */
	u64 answer;		  /* ns: that the guest takes to answer an interrupt */
	u64 gap;		  /* ns: from one interrupt to the next, at least */
	u32 burst;		  /* ... unless there is so much news */
	u8 stale;		  /* VPB_REG_FILTER, VPB_REG_IRQ: such a register has changed */
	bool hooked;		  /* a handler ran in this access */
	bool direct;		  /* this access reached the hardware */
	u32 written;		  /* where the guest wrote last, bytes into the BAR */
	u32 run;		  /* engines that asked for on_run, a bit each; VPIO_RUN_ENDS */
	struct vpio_vdev_stats stats; /* waits: by the pdev's lock */

	/* Guarded by the pdev's lock. */
	u8 *slice_state; /* VPB_SLICE: what slice engines save of it */
	struct vpio_start starts[VPB_MAX_ENGINES];
	u32 granted; /* engines that it has been granted and has not begun on */
	u16 instances
		[VPB_MAX_ENGINES]; /* partition engines: which is its; both locks to change it */
	u32 filter;		   /* enum vpb_filter */
	u64 multicast_hash;
	u32 notify;		      /* events that wait, a bit each */
	u64 inbox_dropped;	      /* frames for which the inbox had no room, not in stats yet */
	s64 credits[VPB_MAX_ENGINES]; /* see share.c, */
	struct vpio_rounds settled[VPB_MAX_ENGINES]; /* up to when they are reckoned */
	u32 weight;
	struct vpio_limit limits[VPIO_LIMITS];
	u32 seat;  /* attached: below VPIO_MAX_VDEVS, no other's, and always the same */
	u8 awaits; /* the engine of its next frame, if pdev->waiting says that one waits */
	u32 head, next, tail;
	struct vpio_slot slots[VPIO_TX_SLOTS];
	u8 *frames; /* of the slots, pdev->slot_size bytes each */
	struct vpio_inbox inbox;
};

/* A job on the hardware. */
struct vpio_flight {
	struct vpio_vdev *vdev; /* NULL: its vdev has gone */
	u32 slot;
	u64 started; /* ns */
};

/* An engine's jobs on the hardware, oldest first. Guarded by the pdev's lock. */
struct vpio_queue {
	u32 first, count;
	struct vpio_flight flights[VPB_MAX_DEPTH];
};

enum vpio_phase {
	VPIO_OWNED,	/* by owner, or by nobody */
	VPIO_SAVING,	/* the owner's state is on its way out */
	VPIO_RESTORING, /* the new owner's state is on its way in */
	VPIO_GRANTED,	/* the owner has not begun yet */
};

/* A slice engine. Guarded by the pdev's lock. */
struct vpio_slice {
	u8 phase;
	struct vpio_vdev *owner; /* NULL: nobody, and nothing is to be saved */
	struct vpio_vdev *next;	 /* to whom it goes when the owner's state is saved, or lost */
	u64 askers;		 /* who waits for it: a bit each, see share.c */
	bool overlaps;		 /* GRANTED: beside the owner's work, whose deadline stays */
	u64 since;		 /* ns: when the phase began, work ended, or the owner was idle */
	u64 handing;		 /* ns: when it was found that it goes to another */
	/*
	 * Who pays for its time: the owner, or one who was reset and left it at work. NULL: nobody.
	 */
	struct vpio_vdev *payer;
	bool contended; /* others wait, so that time is paid for, */
	u64 paid;	/* ns: until then it is, */
	u64 used;	/* and so much by the payer since it got the engine, ns */
};

/* One instance of a partition engine. Guarded by the pdev's lock. */
struct vpio_instance {
	struct vpio_vdev *vdev; /* whose it is; NULL: nobody's */
	bool working;		/* on its vdev's request, which has not ended */
	bool settling;		/* was reset and is not idle since: nothing begins on it */
	u64 since;		/* ns: when that began */
};

/* What a byte of a window is, in one of its maps. */
struct vpio_place {
	u32 state; /* whole, plain: where in the vdev's variables */
	u16 reg;   /* or VPB_NONE: reserved or nothing */
	u16 index; /* of the register's element */
	u8 at;	   /* the byte of the element */
	u8 left;   /* bytes from here to its end, or of what is reserved; 0: nothing is there */
	u8 plain; /* bytes from here on whose accesses are of the vdev's memory, and nothing else */
	u8 whole; /* bytes of a register of the vdev's own that begins here */
	u8 port;  /* a data port: it takes each access whole */
};

#define VPIO_NOWHERE ((struct vpio_place){ .reg = VPB_NONE })

/* What a BAR shows, and the places of the window's first bytes, map after map. */
struct vpio_bar {
	const struct vpb_window *window; /* NULL: there is no such BAR */
	const struct vpio_place *places;
	u32 length; /* bytes of the window that each map has there */
	u32 size;
};

/* Where a vdev has a cause register and its mask. */
struct vpio_irq {
	const struct vpb_var *cause;
	const struct vpb_var *mask; /* NULL: all causes */
};

struct vpio_pdev {
	struct vpio_model model;
	const struct vpio_ops *ops;
	const struct vpio_dma *dma;
	void *priv;
	struct vpio_bar bars[VPB_MAX_BARS]; /* by BAR index */
	struct vpb_insn *code;		    /* of the handlers, decoded */
	struct vpio_irq irqs[VPB_MAX_IRQS];
	struct vpio_way *ways; /* see vpio_decode_ports() */
	u32 slot_size;	       /* bytes of the largest frame of any engine, rounded up */

	/* Guarded by the pdev's lock. */
	bool started;
	u8 health;		  /* enum vpio_health */
	u8 failures;		  /* recoveries since any work has ended */
	bool closed;		  /* no register is touched any more */
	bool suspicious;	  /* it may be gone: look before anything is believed */
	bool again;		  /* causes may be left over from the run before */
	bool late;		  /* a deadline has passed: look for causes before a recovery */
	bool looked;		  /* that has been done in this run */
	bool storm;		  /* interrupts have no end: look at each tick only */
	bool trial;		  /* the last storm may not be over */
	u32 futile;		  /* rounds of interrupts for nothing, in a row */
	bool prompt;		  /* what is started has ended when it is looked for at once */
	u32 starts;		  /* of which one in so many tries it, otherwise */
	struct vpio_vdev *caller; /* who is sending now, NULL: nobody */
	u64 progress;		  /* ends of work, and frames */
	u64 seen;		  /* of these, at the last tick */
	u32 quiet;		  /* ticks in a row without anything under way */
	bool polling;		  /* the interrupt is masked: see pace.c */
	bool polled_for;	  /* an interrupt that is on its way may have no cause any more */
	u64 polled, found;	  /* ns: when causes were looked for last, and were found */
	u64 patience;		  /* ns: without causes, before interrupts are let in again */
	u8 *state;		  /* VPB_HOST */
	struct vpio_frame gather; /* the frame that a handler gathers */
	u32 count;		  /* vdevs */
	u64 ticked;		  /* ns: when the model last looked at the device */
	struct vpio_vdev *vdevs[VPIO_MAX_VDEVS];
	struct vpio_queue queues[VPB_MAX_ENGINES];
	struct vpio_slice slices[VPB_MAX_ENGINES];
	u64 quantum;				  /* ns */
	bool limited;				  /* a vdev has had a limit of its rate */
	u64 seats;				  /* that are taken, */
	struct vpio_vdev *seated[VPIO_MAX_VDEVS]; /* by whom */
	u64 waiting[VPB_MAX_ENGINES];		  /* whose next frame is for a host engine */
	struct vpio_rounds rounds[VPB_MAX_ENGINES];
	u64 promiscuous;		      /* who wants all frames */
	u8 addresses[2 * 2 * VPIO_MAX_VDEVS]; /* seats + 1, by what is made of the vdev's address */
	u32 turns[VPB_MAX_ENGINES];	      /* shared engines: the seat that comes first */
	struct vpio_instance instances[VPB_MAX_ENGINES][VPB_MAX_DEPTH]; /* partition engines */
	struct vpio_pdev_stats stats;
};

/* places.c: what an access meets at each byte of a window */

/* Bytes of the tables that make it one look-up. */
size_t vpio_places_size(const struct vpio_model *model);
/* Fills them in; the memory is aligned to 8. */
void vpio_places_init(struct vpio_pdev *pdev, void *memory);
/* The place of a byte that has no table. */
const struct vpio_place *vpio_place_search(const struct vpio_model *model,
					   const struct vpb_window *window, u32 map, u32 offset,
					   struct vpio_place *found);

/* The place of a byte that an access meets in a map of a BAR; in @found if it is searched. */
static inline const struct vpio_place *vpio_place(const struct vpio_model *model,
						  const struct vpio_bar *bar, u32 map, u32 offset,
						  struct vpio_place *found)
{
	if (offset < bar->length)
		return &bar->places[map * bar->length + offset];
	return vpio_place_search(model, bar->window, map, offset, found);
}

/*
 * health.c: is the device there, and does it work? Pdev's lock.
 */

/* Whether it is still there; looks only if there is a reason. If not, the registers are closed. */
bool vpio_health_answers(struct vpio_pdev *pdev);
/* Whether it is out of service; if it has just become so, everybody's work ends. */
bool vpio_health_is_down(struct vpio_pdev *pdev);
/*
 * A deadline has passed: whether the engine may be reset now. Not before causes were looked at in
 * this run, and not if the device is gone. Counts the recovery.
 */
bool vpio_health_may_recover(struct vpio_pdev *pdev);

static inline u64 vpio_hardware_read(struct vpio_pdev *pdev, u32 bar, u32 offset, u32 width)
{
	const u64 ones = ~0ull >> (64 - 8 * width);
	u64 value;

	if (pdev->closed)
		return ones;
	pdev->stats.hw_reads++;
	value = pdev->ops->hw_read(pdev, bar, offset, width);
	if (value == ones)
		pdev->suspicious = true;
	return value;
}

static inline void vpio_hardware_write(struct vpio_pdev *pdev, u32 bar, u32 offset, u32 width,
				       u64 value)
{
	if (pdev->closed)
		return;
	pdev->stats.hw_writes++;
	pdev->ops->hw_write(pdev, bar, offset, width, value);
}

/* pdev.c: lets the hardware rest; what is on it ends with status 1. */
void vpio_pdev_quiesce(struct vpio_pdev *pdev);
/*
 * Starts what waits for host engines here and now, if all is well; else lets the worker see to it.
 * Pdev's lock.
 */
void vpio_pdev_start_jobs(struct vpio_pdev *pdev);

/* decode.c: the code that the virtual machine runs */

/* The instructions that it has beside those of enum vpb_op, most for 1, 2, 4 and 8 bytes each. */
enum vpio_op {
	VPIO_LOAD = VPB_OP_COUNT,     /* d = what lies at imm in the space a */
	VPIO_STORE = VPIO_LOAD + 4,   /* what lies at imm in the space d = a */
	VPIO_CHANGE = VPIO_STORE + 4, /* the same, by which b becomes stale in the vdev */
	VPIO_LOADX = VPIO_CHANGE + 4, /* d = array[a], which is in the space b */
	VPIO_STOREX = VPIO_LOADX + 4, /* array[b] = a, in the space d */
	VPIO_FIELD = VPIO_STOREX + 4, /* (one) d = a << low byte of imm >> the rest of it */
	VPIO_OP_COUNT,
};

/* Makes it from the model's; as many instructions. */
void vpio_decode(const struct vpio_model *model, struct vpb_insn *code);

/*
 * A variable that counts a data port's bytes: loaded with the seven bytes behind it, which mean
 * nothing. Mask 0: there is none, and it reads 0.
 */
struct vpio_number {
	u64 mask;
	u32 place; /* bytes from vdev->state: a vdev's slice state lies behind it */
	u8 stale;  /* see vpio_stale() */
};

/* A data port's way as its accesses need it: struct vpb_way says what is what. */
struct vpio_way {
	u32 memory; /* as vpio_number.place */
	u32 count;  /* bytes of it; 0: the way leads nowhere */
	u16 engine, on_end;
	bool has_when;
	struct vpio_number at, left, top, bottom, unit, when;
};

/* Fills in two for each port, reading and writing. */
void vpio_decode_ports(const struct vpio_model *model, struct vpio_way *ways);

/* vm.c */

/**
 * vpio_vm_run() - run a handler
 * @pdev: the pdev
 * @vdev: the vdev, or NULL for a handler of the hardware
 * @index: the handler, or VPB_NONE: does nothing
 * @frame: the frame at hand, or NULL: the gathering one
 * @r0, @r1, @r2: arguments
 *
 * Locking: for a vdev its lock, not the pdev's; for the hardware the pdev's.
 *
 * Return: r0 at the handler's end; @r0 if there is no handler.
 */
u64 vpio_vm_run(struct vpio_pdev *pdev, struct vpio_vdev *vdev, u16 index, struct vpio_frame *frame,
		u64 r0, u64 r1, u64 r2);

/**
 * vpio_vm_run_instance() - run a handler of an instance of a partition engine
 * @pdev: the pdev
 * @engine: the engine
 * @number: of the instance
 * @event: enum vpb_engine_event
 * @r0: argument
 *
 * Locking: the pdev's lock.
 *
 * Return: r0 at the handler's end; @r0 if there is no handler.
 */
u64 vpio_vm_run_instance(struct vpio_pdev *pdev, u32 engine, u32 number, u32 event, u64 r0);

/* A number of 1, 2, 4 or 8 bytes, at any place. */
static inline u64 vpio_get_bytes(const void *place, u32 width)
{
	u64 value = 0;

	switch (width) {
	case 1:
		return *(const u8 *)place;
	case 2:
		memcpy(&value, place, 2);
		break;
	case 4:
		memcpy(&value, place, 4);
		break;
	case 8:
		memcpy(&value, place, 8);
		break;
	}
	return value;
}

static inline void vpio_put_bytes(void *place, u32 width, u64 value)
{
	switch (width) {
	case 1:
		*(u8 *)place = (u8)value;
		break;
	case 2:
		memcpy(place, &value, 2);
		break;
	case 4:
		memcpy(place, &value, 4);
		break;
	case 8:
		memcpy(place, &value, 8);
		break;
	}
}

/* A few bytes: 1, 2, 4, 8, or any. */
static inline void vpio_copy_bytes(void *to, const void *from, u32 size)
{
	if (size == 1 || size == 2 || size == 4 || size == 8)
		vpio_put_bytes(to, size, vpio_get_bytes(from, size));
	else
		memcpy(to, from, size);
}

/* What follows from a change of a register: see vpio_vdev.stale. */
static inline u8 vpio_stale(const struct vpb_reg *reg)
{
	return reg->flags & (VPB_REG_FILTER | VPB_REG_IRQ);
}

/* Load and store one element of a variable; the index is within it. */
static inline u64 vpio_load(const u8 *state, const struct vpb_var *var, u32 index)
{
	return vpio_get_bytes(state + var->offset + index * var->width, var->width);
}

static inline void vpio_store(u8 *state, const struct vpb_var *var, u32 index, u64 value)
{
	vpio_put_bytes(state + var->offset + index * var->width, var->width, value);
}

/* A variable of one element, whole: somebody may read it meanwhile. */
static inline void vpio_store_once(u8 *state, const struct vpb_var *var, u64 value)
{
	void *place = state + var->offset;

	switch (var->width) {
	case 1:
		WRITE_ONCE(*(u8 *)place, (u8)value);
		break;
	case 2:
		WRITE_ONCE(*(u16 *)place, (u16)value);
		break;
	case 4:
		WRITE_ONCE(*(u32 *)place, (u32)value);
		break;
	case 8:
		WRITE_ONCE(*(u64 *)place, value);
		break;
	}
}

/* Gives all elements of a variable its value after a reset. */
static inline void vpio_reset_variable(u8 *state, const struct vpb_var *var)
{
	u32 i;

	if (var->count == 1) {
		vpio_store_once(state, var, var->reset);
		return;
	}
	if (!var->reset)
		memset(state + var->offset, 0, (size_t)var->count * var->width);
	for (i = 0; var->reset && i < var->count; i++)
		vpio_store(state, var, i, var->reset);
}

/* vdev.c: all under the vdev's lock */

/* Counts and reports a refusal, once for each request. */
void vpio_refuse(struct vpio_vdev *vdev, enum vpio_refusal refusal, u64 address, u64 size);
/* Copies from and to guest memory; false (and refused) if any byte is out of reach. */
bool vpio_guest_read(struct vpio_vdev *vdev, u64 address, void *data, u32 size);
bool vpio_guest_write(struct vpio_vdev *vdev, u64 address, const void *data, u32 size);
/* Recomputes the interrupt line from causes and masks. */
void vpio_update_line(struct vpio_vdev *vdev);
/* True if the guest lets the device be a bus master. */
bool vpio_is_master(const struct vpio_vdev *vdev);

/* config.c */
void vpio_config_init(struct vpio_vdev *vdev);
void vpio_config_reset(struct vpio_vdev *vdev);
bool vpio_config_intx_disabled(const struct vpio_vdev *vdev);
bool vpio_config_msi_enabled(const struct vpio_vdev *vdev);

/* frame.c: operations on a frame, whatever the NIC */

/* Fills in checksums: bit 0 the IPv4 header's, 1 TCP's, 2 UDP's. False if it is no such packet. */
bool vpio_frame_checksum(struct vpio_frame *frame, u32 what);
/* Makes it as long as the wire wants it; the capacity is no less than that. */
void vpio_frame_pad(struct vpio_frame *frame);
/* Inserts an 802.1Q tag behind the addresses; false if it does not fit. */
bool vpio_frame_tag(struct vpio_frame *frame, u16 tag);
/* Takes the tag out: the tag | 1 << 16, or 0 if there is none. */
u32 vpio_frame_untag(struct vpio_frame *frame);
/* The number of segments into which a TCP packet falls; 0 if it is no TCP packet. */
u32 vpio_frame_segments(const struct vpio_frame *frame, u32 mss);
/* Makes segment number @index; @segment has the capacity. Checksums are filled in. */
bool vpio_frame_segment(const struct vpio_frame *frame, u32 mss, u32 index,
			struct vpio_frame *segment);

/* job.c: jobs of vdevs on their way to the hardware */

/* Bytes of a job's frame, at most. */
u32 vpio_job_slot_size(const struct vpio_model *model);
/* Hands the vdev's gathered frame to an engine. False: no room, or refused. Vdev's lock. */
bool vpio_job_send(struct vpio_vdev *vdev, u32 engine, u64 tag, u32 mss);
/* Hands it to the other vdevs only; true if it belongs on the wire, too. Vdev's lock. */
bool vpio_job_local(struct vpio_vdev *vdev);
/* Frames for which the vdev has room. */
u32 vpio_job_room(const struct vpio_vdev *vdev);
/* Ends the oldest job of an engine. Pdev's lock. */
void vpio_job_finish(struct vpio_pdev *pdev, u32 engine, u8 status);
/* Starts what can be started; resets engines whose jobs take too long. Pdev's lock. */
void vpio_job_start(struct vpio_pdev *pdev);
void vpio_job_expire(struct vpio_pdev *pdev, u64 now);
/* Ends all jobs, also those that wait, with status 1. Pdev's lock. */
void vpio_job_abort(struct vpio_pdev *pdev);
/* Whether more waits than the hardware takes. Pdev's lock. */
bool vpio_job_is_full(struct vpio_pdev *pdev);
/* Whether the vdev has a frame that waits. */
bool vpio_job_waits(const struct vpio_vdev *vdev);
/* Runs on_done for jobs that have ended. Vdev's lock. */
bool vpio_job_deliver(struct vpio_vdev *vdev, u32 most);
/* Whether any job is on the hardware. */
bool vpio_job_is_running(struct vpio_pdev *pdev);
/* Forgets those of one engine; takes the pdev's lock. Vdev's lock. */
void vpio_job_cancel(struct vpio_vdev *vdev, u32 engine);
/* Forgets a vdev's jobs. Both locks. */
void vpio_job_forget(struct vpio_vdev *vdev);

/*
 * slice.c: engines with one owner at a time, and what is asked of partition engines. Pdev's lock,
 * but where it says otherwise.
 */

/* Asks for the engine. False: the vdev's last request has not begun yet. Vdev's lock only. */
bool vpio_slice_start(struct vpio_vdev *vdev, u32 engine, u64 a, u64 b);
/* Begins the vdev's work on engines that it has been granted. Vdev's lock only. */
void vpio_slice_begin_all(struct vpio_vdev *vdev);
static inline void vpio_slice_begin(struct vpio_vdev *vdev)
{
	if (READ_ONCE(vdev->granted))
		vpio_slice_begin_all(vdev);
}
/* Runs VPB_ON_DONE for what has ended. Vdev's lock only. */
void vpio_slice_deliver(struct vpio_vdev *vdev);
/* Where the engine is in its life: see docs/architecture.md. */
const char *vpio_slice_life(struct vpio_pdev *pdev, u32 engine);
/* Whether anything is asked of the engine, or goes on there. */
bool vpio_slice_is_busy(struct vpio_pdev *pdev, u32 engine);
/* Whether the vdev waits for a slice engine. */
bool vpio_slice_waits(const struct vpio_vdev *vdev);
/* The owner's work has ended. */
void vpio_slice_finish(struct vpio_pdev *pdev, u32 engine, u8 status);
/* Hands engines on, lets what waits begin, resets engines whose owners take too long. */
void vpio_slice_advance(struct vpio_pdev *pdev);
/* Ends all that was asked of engines, and all that owners do there, with status 1. */
void vpio_slice_abort(struct vpio_pdev *pdev);
/* Takes the vdev out of all slice engines. */
void vpio_slice_forget(struct vpio_vdev *vdev);
/* After that: it goes away, and pays now for what it leaves at work. */
void vpio_slice_leave(struct vpio_vdev *vdev);
/* The vdev's accesses reach the hardware: the engine is its, and its work has begun. */
static inline bool vpio_slice_is_owner(const struct vpio_vdev *vdev, u32 engine)
{
	const struct vpio_slice *slice = &vdev->pdev->slices[engine];

	return slice->owner == vdev && slice->phase == VPIO_OWNED;
}

/* Ends what a vdev asked of an engine: VPB_ON_DONE is to run. Pdev's lock. */
void vpio_start_end(struct vpio_vdev *vdev, u32 engine, u8 status);
/* Ends it before it has begun: it is not served. */
void vpio_start_refuse(struct vpio_vdev *vdev, u32 engine);
/* Lets it begin: the vdev's worker is to call vpio_slice_begin(). */
void vpio_start_grant(struct vpio_vdev *vdev, u32 engine);

/* pace.c: the clock, polling, moderation. Pdev's lock, but where it says otherwise. */

/* A tick: goes the clock on? */
void vpio_pace_tick(struct vpio_pdev *pdev);
/* Something begins: the clock is to go on. */
void vpio_pace_stir(struct vpio_pdev *pdev);
/* Causes have been looked for. */
void vpio_pace_looked(struct vpio_pdev *pdev, bool interrupt, bool found);
/* The hardware has been given work. */
void vpio_pace_started(struct vpio_pdev *pdev);
/* The guest is to be interrupted: whether that is put off; else it is to be now. Vdev's lock. */
bool vpio_pace_holds(struct vpio_vdev *vdev);
/* A cause was raised: when, and what was heard of before. */
static inline void vpio_pace_hear(struct vpio_vdev *vdev)
{
	if (!READ_ONCE(vdev->gap))
		return;
	if (!vdev->news && !vdev->later)
		vdev->before = vdev->heard;
	vdev->heard = vdev->pdev->ops->now(vdev->pdev);
	if (vdev->ending)
		vdev->ended = vdev->heard;
}
/* ... which may not wait, */
static inline void vpio_pace_news(struct vpio_vdev *vdev)
{
	vpio_pace_hear(vdev);
	vdev->news++;
	if (!vdev->ending) {
		vdev->arrived = true;
		vdev->arrivals++;
	}
}
/* or may. */
static inline void vpio_pace_later(struct vpio_vdev *vdev)
{
	vpio_pace_hear(vdev);
	vdev->later = true;
}
/* Nothing is left of which it is to hear; @seen: nor is a cause masked. */
void vpio_pace_rests(struct vpio_vdev *vdev, bool seen);
/* It has been interrupted, or is reset. */
static inline void vpio_pace_forget(struct vpio_vdev *vdev)
{
	WRITE_ONCE(vdev->held, false);
	vdev->urgent = false;
	vdev->later = false;
	vdev->arrived = false;
	vdev->news = 0;
	vdev->arrivals = 0;
	vdev->begun = 0;
}

/* partition.c: engines that exist many times. Pdev's lock, but where it says otherwise. */

/* Gives the vdev an instance of each, reset; false if one has none left. Both locks. */
bool vpio_partition_take(struct vpio_vdev *vdev);
/* Resets the vdev's instances, and in the second case takes them back. Both locks. */
void vpio_partition_reset(struct vpio_vdev *vdev);
void vpio_partition_release(struct vpio_vdev *vdev);
/* Resets all instances of all; their work ends with status 1. */
void vpio_partition_reset_all(struct vpio_pdev *pdev);
/* Gives the instances that vdevs have what these have written to them: after a reset of all. */
void vpio_partition_restore_all(struct vpio_pdev *pdev);
/* Runs VPB_ON_INSTANCE_INTERRUPT of those that may have a cause; true if one had. */
bool vpio_partition_interrupt(struct vpio_pdev *pdev);
/* Lets what waits begin, and resets instances whose work takes too long. */
void vpio_partition_advance(struct vpio_pdev *pdev, u32 engine);
/* Whether anything is asked of an instance, or goes on there. */
bool vpio_partition_is_busy(struct vpio_pdev *pdev, u32 engine);
/* The vdev's work begins now. */
void vpio_partition_begin(struct vpio_vdev *vdev, u32 engine);
/* The work of an instance has ended. */
void vpio_partition_finish(struct vpio_pdev *pdev, u32 engine, u32 number, u8 status);

/*
 * share.c: whose turn it is on an engine. Pdev's lock. A set of vdevs has a bit for each.
 */

static inline u64 vpio_share_bit(const struct vpio_vdev *vdev)
{
	return 1ull << vdev->seat;
}

/* Takes a vdev out of a set that is not empty. */
static inline struct vpio_vdev *vpio_share_next(const struct vpio_pdev *pdev, u64 *set)
{
	struct vpio_vdev *vdev = pdev->seated[__builtin_ctzll(*set)];

	*set &= *set - 1;
	return vdev;
}

/* Of those that wait for an engine, the one whose turn it is; NULL: nobody waits. */
struct vpio_vdev *vpio_share_first(const struct vpio_pdev *pdev, u32 engine, u64 waiting);
/*
 * It has its turn, and all the rounds pass that it takes. Cost: what is known of it, in bytes or
 * ns, 1 at least. Keeping: those that wait, itself among them, and others that are to keep what
 * credit the rounds bring them.
 */
void vpio_share_serve(struct vpio_vdev *vdev, u32 engine, u64 keeping, u64 cost);
/* It is attached: no rounds have passed for it before. */
void vpio_share_join(struct vpio_vdev *vdev);
/* It leaves, or its weight changes: all that have passed are reckoned. */
void vpio_share_settle(struct vpio_vdev *vdev);
/* What a turn turned out to cost beyond that. */
void vpio_share_charge(struct vpio_vdev *vdev, u32 engine, u64 cost);

/* Of a set of vdevs, those that their rates don't keep back now. */
u64 vpio_share_allowed(struct vpio_pdev *pdev, u64 set);
/* When what rates keep back may go on; 0: nothing is kept back. */
u64 vpio_share_due(struct vpio_pdev *pdev);
/* A frame of a vdev goes to the wire. */
void vpio_share_sent(struct vpio_vdev *vdev, u32 length, u64 now);
/* A vdev's request has waited so long for its turn. */
void vpio_share_waited(struct vpio_vdev *vdev, u64 time);

/* switch.c: frames between the wire and the vdevs. Pdev's lock. */

/* Vdevs have come or gone. */
void vpio_switch_learn(struct vpio_pdev *pdev);
/* What a vdev wants has changed. */
void vpio_switch_listen(struct vpio_vdev *vdev);

/* Hands a frame to the vdevs that want it. True if it belongs on the wire (too). */
bool vpio_switch(struct vpio_pdev *pdev, struct vpio_vdev *from, const struct vpio_frame *frame);
/* The oldest letter, NULL if there is none; and taking it out. */
struct vpio_letter *vpio_inbox_first(struct vpio_inbox *inbox);
void vpio_inbox_take(struct vpio_inbox *inbox);

#endif /* VPIO_CORE_STATE_H */
