/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * soak.h - many tenants of one simulated device, honest and hostile ones: what the soak and its kinds
 * of device share.
 */
#ifndef VPIO_TESTS_SOAK_H
#define VPIO_TESTS_SOAK_H

#include "nic.h"
#include "storm.h"

/* What a hostile tenant does in the midst of work. */
#define SOAK_ACTS(X)                                    \
	X(REGISTERS, "random register accesses")        \
	X(ADDRESSES, "bad addresses and sizes")         \
	X(UNMAP, "unmapping in flight")                 \
	X(RESET, "resets in flight")                    \
	X(CLOSE, "closing in flight, opening again")    \
	X(REMOVED, "being removed in flight, and made") \
	X(STOPPED, "being stopped for a moment")

#define SOAK_ACT_NUMBER(name, what) ACT_##name,
enum act { SOAK_ACTS(SOAK_ACT_NUMBER) ACTS };

/* Used by its own thread, but where it says so. */
struct tenant {
	struct world_guest *guest;
	u32 index;
	bool hostile, light;		/* as the seed has it; light: works now and then */
	u64 chance;			/* its pseudo-random numbers */
	bool wild;			/* hostile: its device is not as it should be */
	bool is_busy;			/* something that it has begun has not ended */
	bool is_drained;		/* and is known to the others not to */
	u32 trial, stopped;		/* hostile: pieces of work to come; steps without any */
	u64 sent[WORLD_GUESTS + 1];	/* frames that were, by destination; the last: the wire */
	u64 received[WORLD_GUESTS + 1]; /* that were right, by source */
	u64 last[WORLD_GUESTS + 1];	/* number of the last of these */
	u64 done, aborted;		/* pieces of work */
	u64 shared;			/* what counts for its share: bytes, pieces of work */
	u64 checked;			/* bytes */
	u64 accesses, waits;		/* of registers */
	u64 longest;			/* ns that a piece of its work took */
	u64 acts[ACTS];
};

struct soak {
	const struct soak_device *device;
	struct world *world;
	u32 count;
	bool threads;
	int phase;
	u64 steps, revivals;
	u64 stalled_at; /* pieces of work that had ended when it was looked last */
	struct tenant tenants[WORLD_GUESTS];
};

extern struct soak soak;

/* A kind of device. The tenant's functions are called by its thread, without any lock. */
struct soak_device {
	const char *name;
	const char *kinds[3]; /* of tenants that ask for the same, to NULL */
	u32 (*kind_of)(const struct tenant *t);
	unsigned int bar;
	u32 wait_most_ms;		   /* of an honest one for its turn */
	enum sim_fault faults[SIM_FAULTS]; /* that do not put it out of service */
	unsigned int fault_count;
	/* readies the device for honest work, after whatever was done to it */
	void (*start)(struct tenant *t);
	/* some honest work, begun or ended; begins nothing unless @more. Sets is_busy */
	void (*work)(struct tenant *t, bool more);
	/* puts as much on its way as can be, whose end nobody looks at */
	void (*load)(struct tenant *t);
	/* an access that no driver would make */
	void (*access)(struct tenant *t);
	/* work with a bad address or size */
	void (*misaddress)(struct tenant *t);
	/* what comes to the device from outside now and then, with the pdev's lock; may be NULL */
	void (*outside)(u64 *chance);
	/* see struct world; may be NULL */
	void (*peer)(void *priv, const u8 *frame, u32 length);
	/* verdicts that only this device has */
	void (*judge)(void);
};

extern const struct soak_device soak_rtl8139, soak_edu;

u64 soak_chance(u64 *state);
/* A pseudo-random number below @below of the tenant's. */
u32 dice(struct tenant *t, u32 below);
/* The world's time, ns. */
u64 soak_now(void);
/* A piece of work has ended that began then. */
void took(struct tenant *t, u64 since);
/* Something is not as it must be: it fails, and the first few are shown. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Whether something was. */
bool is_wrong(void);
/* A verdict: TAP. */
void soak_verdict(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A counter of struct vpio_vdev_stats, with its lock. */
u64 stat_of(struct tenant *t, size_t offset);
#define STAT(t, name) stat_of(t, offsetof(struct vpio_vdev_stats, name))
/* Recoveries, and times that it went out of service or came back. */
u64 troubles(void);
/* The device does not answer now, whoever knows. */
bool is_gone(void);
/* Register accesses that wait for an engine, if they must. */
u64 soak_in(struct tenant *t, u64 offset, unsigned int size);
void soak_out(struct tenant *t, u64 offset, unsigned int size, u64 value);

#endif /* VPIO_TESTS_SOAK_H */
