/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * cases.h - what hostile tries: a case, the tables of cases, and what they share.
 */
#ifndef VPIO_RIG_CASES_H
#define VPIO_RIG_CASES_H

#include <pthread.h>

#include "client.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

enum {
	SOIL = 0x5a, /* what memory is filled with that must stay untouched */
};

/*
 * A case. It gets the vdev open and started (@cplus: in C+ mode), and may leave it as it likes. The
 * members from @address on are for functions that make several cases.
 */
struct test {
	const char *name, *about;
	void (*run)(struct vdev *v, const struct test *t);
	bool cplus;
	u64 address;
	u32 size;
	const char *reason; /* for which it is refused */
	void (*prepare)(struct vdev *v, const struct test *t);
	u32 flags;  /* of the descriptor, say */
	u32 frames; /* that are sent nevertheless, or pieces */
};

#define CASE(case_name, ...)                   \
	{                                      \
		.name = case_name, __VA_ARGS__ \
	}

/* Each ends with a case that has no name. */
extern const struct test peace_cases[], transmit_cases[], cplus_cases[], receive_cases[],
	flight_cases[], register_cases[], vfio_cases[], interrupt_cases[], life_cases[],
	guest_cases[], storm_cases[];

/* Of the storm. */
extern u64 seed;
extern unsigned int seconds;

/* main.c */
u64 chance(u64 *state); /* a pseudo-random number; @state not 0 */
pthread_t start_thread(void *(*function)(void *), void *argument);

/* peace.c: what is so before and after all others */
void control(struct vdev *v, const struct test *t);

/* transmit.c: a request was refused: counted once, for this reason, and the guest was told */
void check_aborted(struct vdev *v, const struct stats *before, const char *reason);
/* Nothing was done that could be refused, nothing was sent, nothing is. */
void check_silent(struct vdev *v, const struct stats *before);
/* The frame gets another vdev's source address. */
void prepare_foreign(struct vdev *v, const struct test *t);
void prepare_no_master(struct vdev *v, const struct test *t);
/* Puts other memory behind PASSING: empty, with this protection. */
void change_passing(int protection);

/* flight.c: unmaps and maps, in a thread */
struct toggler {
	struct vdev *v;
	bool stop;
	bool all;      /* of the memory, not just PASSING */
	u8 good[64];   /* what is in PASSING while it is mapped, */
	u8 poison[64]; /* and while it isn't */
	u64 rounds, errors, touched;
	u64 chance;
};
void *toggle(void *toggler);
/* Waits until the receiver has done with so many frames, one way or the other. */
bool is_quiet(struct vdev *v, const struct stats *before, u64 frames);

/* interrupts.c */
#define NONE	VFIO_IRQ_SET_DATA_NONE
#define BOOL	VFIO_IRQ_SET_DATA_BOOL
#define EVENTFD VFIO_IRQ_SET_DATA_EVENTFD
#define TRIGGER VFIO_IRQ_SET_ACTION_TRIGGER
#define MASK	VFIO_IRQ_SET_ACTION_MASK
#define UNMASK	VFIO_IRQ_SET_ACTION_UNMASK

int new_eventfd(void);
/* How often an eventfd has been signalled since it was looked at last; waits for the first. */
u64 signals(int fd, int ms);
/* Gives an eventfd for INTx. */
void connect_eventfd(struct vdev *v, u32 action, int fd);
/* The same as the trigger, with an interrupt that cause() makes. */
void start_interrupts(struct vdev *v, int *trigger);
/* After whatever was done to it, INTx works as ever. */
void check_intx(struct vdev *v);

/* life.c: puts as much on its way as can be; for ever */
void load(struct vdev *v);
void *flood(void *vdev);

/* Makes PASSING memory that whoever touches it waits for, as long as the file is open. */
int stall(void);
/* Somebody waits, or comes to wait before long. */
bool is_waited_for(int fd);

/* guest.c: in a child: a VM whose vCPU waits for such memory, and so does the vdev's worker, while BARs are moved; says
 * through @fd that it is so; for ever */
void wait_in_guest(struct vdev *v, int fd);

/* others.c: users that are not hostile, or only until they are killed; exit status */
int bystander(const char *uuid);
int flood_until_killed(const char *uuid);
int hold(const char *uuid);

/* tenant.c: full frames to the wire for so long; exit status */
int tenant(const char *uuid, const char *milliseconds);

#endif /* VPIO_RIG_CASES_H */
