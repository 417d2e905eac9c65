/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * soak.h - many tenants of one device at once, each a process with its own container and memory: most
 * work honestly and check every byte that they get, some misbehave. What the kinds of device share.
 */
#ifndef VPIO_RIG_SOAK_H
#define VPIO_RIG_SOAK_H

#include "cases.h"

enum {
	SOAK_TENANTS = 32, /* at most */
	SOAK_MARK = 1,	   /* that of tenant 0; the wire has the one after the last */
	GUARD = HOME +
		0x80000, /* memory that no device was told of: nothing is ever written here */
	GUARD_SIZE = HOME_SIZE - 0x80000,
};

/* What a hostile tenant does in the midst of work. */
#define SOAK_ACTS(X)                                 \
	X(REGISTERS, "random register accesses")     \
	X(ADDRESSES, "bad addresses and sizes")      \
	X(UNMAP, "unmapping in flight")              \
	X(RESET, "resets in flight")                 \
	X(CLOSE, "closing in flight, opening again") \
	X(STOPPED, "being stopped for a moment")     \
	X(KILLED, "being killed in flight")

#define SOAK_ACT_NUMBER(name, what) ACT_##name,
enum act { SOAK_ACTS(SOAK_ACT_NUMBER) ACTS };

enum phase {
	OPENING, /* until all are open */
	WORKING,
	ENDING, /* nothing new is begun; what is under way ends, and is still received */
	OVER,
};

/* What a tenant tells the others and the referee. Written by its own process but where it says so. */
struct tenant {
	char uuid[40];
	u8 mac[6];
	u32 index;
	bool hostile,
		light; /* as the seed has it; light: works now and then, and should not wait */
	u64 chance;    /* its pseudo-random numbers; goes on in the next life */
	u32 lives;     /* processes that it has been; by the referee */
	bool is_open, is_drained;
	u64 sent[SOAK_TENANTS + 1];	/* frames, by destination; the last: the wire */
	u64 received[SOAK_TENANTS + 1]; /* frames that were right, by source */
	u64 last[SOAK_TENANTS + 1];	/* number of the last of these */
	u64 came;			/* frames of it that came to the wire; by the referee */
	u64 strangers;			/* frames of hostile tenants */
	u64 done, aborted;		/* pieces of work */
	u64 bytes;			/* of the work that counts for its share */
	u64 shared;			/* pieces of that */
	u64 checked;			/* bytes compared */
	u64 interrupted;		/* waits that a signal ended */
	u64 longest;			/* ns that a piece of its work took */
	u64 acts[ACTS], accesses;	/* by a hostile one */
	u64 at_open;			/* frames that the vdev had received then */
	u32 failures;
	char first[256];
};

struct soak {
	const struct soak_device *device;
	u32 count;
	enum phase phase; /* by the referee */
	struct tenant tenants[SOAK_TENANTS];
};

/* Shared by all processes. */
extern struct soak *soak;

/* A device. Its functions are called in the tenant's process, with the vdev open, but for those of the referee. */
struct soak_device {
	const char *name;
	const char *kinds[3]; /* of tenants that ask for the same, to NULL */
	u32 (*kind_of)(const struct tenant *t);
	u32 wait_most_ms; /* that an honest one waits for its turn at most */
	/* readies the device for honest work, after whatever was done to it */
	void (*start)(struct tenant *t, struct vdev *v);
	/* some honest work, begun or ended; begins nothing unless @more. False: nothing is under way */
	bool (*work)(struct tenant *t, struct vdev *v, bool more);
	/* puts as much on its way as can be, whose end nobody looks at */
	void (*load)(struct tenant *t, struct vdev *v);
	/* an access that no driver would make */
	void (*access)(struct tenant *t, struct vdev *v);
	/* work with a bad address or size */
	void (*misaddress)(struct tenant *t, struct vdev *v);
	/* the last checks of an honest one, when all is over */
	void (*finish)(struct tenant *t, struct vdev *v);
	/* the referee's: a moment of what is outside of the device. False: nothing has come */
	bool (*outside)(void);
	/* the referee's: verdicts and figures that only this device has */
	void (*report)(void);
};

extern const struct soak_device soak_rtl8139, soak_edu;

u64 now_ns(void);
/* A pseudo-random number below @below of the tenant's. */
u32 dice(struct tenant *t, u32 below);
/* A piece of work has ended that began then. */
void took(struct tenant *t, u64 since);
/* The byte @at of what has a mark and a number. */
static inline u8 marked_byte(u32 mark, u64 number, u32 at)
{
	return (u8)(mark * 0x3d + number * 0x1f + at * 7 + (at >> 8) * 0x55 + (number >> 8));
}
/* A verdict of the referee's: TAP. */
void verdict_of(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Of all tenants, or the honest ones only: the sum of a counter of their vdevs. */
u64 sum_of(const char *name, bool honest);

/* Plays all tenants on these vdevs. Exit status. */
int soak_run(const char *device, char **uuids, u32 count);

#endif /* VPIO_RIG_SOAK_H */
