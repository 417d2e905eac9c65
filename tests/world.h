/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * A world in user space for tests, fuzzers and benchmarks: a simulated device, the monitor on it
 * with a compiled model, and guests with memory. One thread, and time is a number; or, in a world that
 * is threaded, any number of them, and the time that passes.
 */
#ifndef VPIO_TESTS_WORLD_H
#define VPIO_TESTS_WORLD_H

#include <pthread.h>

#include "../core/monitor.h"
#include "../sim/sim.h"

enum {
	WORLD_GUESTS = 16,
	WORLD_MEMORY = 1 << 20,	   /* bytes of a guest, from its address 0 */
	WORLD_CAPTURE = 256,	   /* frames on the wire that are kept */
	WORLD_FRAME = 2048,	   /* bytes kept of each */
	WORLD_DMA = 0x08000000,	   /* bus address of the first DMA memory; in reach of 28 bits */
	WORLD_DMA_STEP = 0x200000, /* from one to the next */
};

struct world;

struct world_guest {
	struct world *world;
	struct vpio_vdev *vdev;
	u8 *memory;
	u64 hole, hole_size; /* addresses that are not the guest's */
	bool line;	     /* interrupt line */
	u64 edges;	     /* times it went up */
	bool woken;
	u64 due;     /* when its worker is to run in any case; 0: it need not */
	bool locked; /* in a threaded world: the mutex is */
	pthread_mutex_t mutex;
	u64 reports;
	u64 refused[VPIO_REFUSALS]; /* of them, for each reason */
	enum vpio_refusal refusal;  /* the last */
	u64 address;		    /* of the last refusal */
	u64 violations;
};

struct world_frame {
	u32 length;
	u8 data[WORLD_FRAME];
};

struct world {
	void *block; /* the compiled model */
	struct vpio_model model;
	struct sim_device *device;
	struct vpio_pdev *pdev;
	struct vpio_dma dma[VPB_MAX_DMAS];
	struct world_guest guests[WORLD_GUESTS];
	unsigned int count;
	bool woken, locked; /* in a threaded world: the mutex is */
	bool threaded;	    /* set after it is made; then its locks are real */
	pthread_mutex_t mutex;
	u64 speed;	/* threaded: its ns in a ns */
	u64 due;	/* when the pdev's worker is to run in any case; 0: it need not */
	bool interrupt; /* the physical line */
	bool message;	/* one has come, from a device that has MSI */
	u64 now;	/* ns */
	u64 vanishes;	/* register accesses after which the device is gone; 0: it stays */
	u64 turns;	/* of the device's health */
	u64 stray;	/* DMA of the device outside of its memories */
	/* told of what the monitor writes into guests' memory; may be NULL */
	void (*watch)(struct world_guest *guest, const u8 *data, size_t size);
	/* told of each frame that leaves on the wire, with the pdev's lock held; may be NULL */
	void (*peer)(void *priv, const u8 *frame, u32 length);
	void *peer_priv;
	unsigned int rounds;  /* of world_run() at most; 1000 unless somebody changes it */
	size_t memory;	      /* bytes of each guest */
	u32 frames;	      /* that left on the wire */
	unsigned int byte_ns; /* time that each of their bytes takes; 0: none */
	struct world_frame wire[WORLD_CAPTURE];
};

/* Where the compiled RTL8139 is: VPIO_MODEL says, or build/models/rtl8139.vpb. */
const char *world_model_path(void);
/* Ends the program, and says what, if a condition does not hold. */
void world_require(bool condition, const char *what);
/* Reads a whole file into malloc'd memory; NULL if it can't be read. */
void *world_file(const char *path, size_t *size);

/*
 * A world for a compiled model, with this many guests; NULL if it is refused. All are attached, but
 * for those to whom the model gives no instance of an engine.
 */
struct world *world_create(const void *block, size_t size, unsigned int guests,
			   struct sim_device *(*device)(const struct sim_bus *));
/* The same, with guests that have this much memory. */
struct world *world_create_small(const void *block, size_t size, unsigned int guests,
				 struct sim_device *(*device)(const struct sim_bus *),
				 size_t memory);
/* As world_create(), of the compiled model in a file; if it can't be read, standard error says so. */
struct world *world_load(const char *path, unsigned int guests,
			 struct sim_device *(*device)(const struct sim_bus *));
void world_destroy(struct world *world);

/* The locks that an embedder holds: a guest's vdev's, and the pdev's. */
void guest_lock(struct world_guest *guest);
void guest_unlock(struct world_guest *guest);
void world_lock(struct world *world);
void world_unlock(struct world *world);

/*
 * For the threads of a threaded world: the pdev's worker does what is to be done now, a vdev's worker
 * likewise, and the device, that time passes for it. True: something was.
 */
bool world_run_pdev(struct world *world);
bool world_run_guest(struct world_guest *guest);
void world_run_device(struct world *world);

/* Lets everything happen that is to happen now. */
void world_run(struct world *world);
/* The same after some time. */
void world_pass(struct world *world, unsigned int ms);
/* Likewise, and the pdev's worker sees that time pass: a tick after the other. */
void world_ticks(struct world *world, unsigned int ms);
/* When something is due though nobody asks for it; 0: nothing is. */
u64 world_due(const struct world *world);
/* Goes on to when something is due, and lets it happen; false: nothing is. */
bool world_jump(struct world *world);
/* Brings a device up again that is out of service; 0 or -1. */
int world_revive(struct world *world);

/* What the monitor has counted of a guest's vdev, and of the device. */
static inline const struct vpio_vdev_stats *stats_of(const struct world_guest *guest)
{
	return vpio_vdev_stats(guest->vdev);
}

static inline const struct vpio_pdev_stats *pdev_stats(const struct world *world)
{
	return vpio_pdev_stats(world->pdev);
}

/* A guest's register accesses, BAR 1 where there is one; with the locks that an embedder holds. */
u64 guest_in(struct world_guest *guest, u32 offset, unsigned int size);
void guest_out(struct world_guest *guest, u32 offset, unsigned int size, u64 value);
/* A guest's memory, as its processor uses it. */
void guest_store(struct world_guest *guest, u64 address, const void *data, size_t size);
void guest_load(const struct world_guest *guest, u64 address, void *data, size_t size);
void guest_put(struct world_guest *guest, u64 address, unsigned int size, u64 value);
u64 guest_get(const struct world_guest *guest, u64 address, unsigned int size);

#endif /* VPIO_TESTS_WORLD_H */
