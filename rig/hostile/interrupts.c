// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * INTx and its eventfds: levels, masking and unmasking as VFIO has them; and users that swap, remove
 * and storm.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

u64 signals(int fd, int ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	u64 count = 0;

	if (poll(&ready, 1, ms) > 0 && read(fd, &count, sizeof(count)) != sizeof(count))
		die("eventfd: %s", strerror(errno));
	return count;
}

static void expect_signals(const char *when, int fd, u64 wanted)
{
	const u64 found = signals(fd, wanted ? PATIENCE : 20);

	expect(found == wanted, "%s: expected %llu signals, found %llu", when,
	       (unsigned long long)wanted, (unsigned long long)found);
}

int new_eventfd(void)
{
	const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		die("eventfd: %s", strerror(errno));
	return fd;
}

void connect_eventfd(struct vdev *v, u32 action, int fd)
{
	const int error = set_irqs(v, EVENTFD | action, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, &fd, 4);

	expect(!error, "eventfd for INTx: expected that it is taken, found %s", strerror(error));
}

static void intx(struct vdev *v, u32 action)
{
	const int error = set_irqs(v, NONE | action, VFIO_PCI_INTX_IRQ_INDEX, 0, 1, NULL, 0);

	expect(!error, "INTx, action %#x: expected that it works, found %s", action,
	       strerror(error));
}

/* A cause of interrupt, there when this returns: an empty frame is refused. */
static void cause(struct vdev *v)
{
	begin_classic(v, TX_FRAME, 0);
}

static void acknowledge(struct vdev *v)
{
	reg_write(v, ISR, 2, 0xffff);
}

void start_interrupts(struct vdev *v, int *trigger)
{
	*trigger = new_eventfd();
	connect_eventfd(v, TRIGGER, *trigger);
	reg_write(v, IMR, 2, ISR_TER);
	expect_signals("no cause yet", *trigger, 0);
}

static void intx_levels(struct vdev *v, const struct test *t)
{
	const u8 yes = 1, no = 0;
	int fd;

	(void)t;
	start_interrupts(v, &fd);
	cause(v);
	expect_signals("a cause", fd, 1);
	cause(v);
	expect_signals("a second cause before unmask", fd, 0);
	intx(v, UNMASK);
	expect_signals("unmask with the cause still set", fd, 1);
	acknowledge(v);
	intx(v, UNMASK);
	expect_signals("unmask after acknowledge", fd, 0);
	cause(v);
	expect_signals("a cause after unmask", fd, 1);
	acknowledge(v);
	cause(v);
	expect_signals("acknowledge and a cause before unmask", fd, 0);
	intx(v, UNMASK);
	expect_signals("unmask with the new cause set", fd, 1);
	acknowledge(v);
	intx(v, UNMASK);
	expect_signals("unmask after that", fd, 0);

	intx(v, MASK);
	cause(v);
	expect_signals("a cause while masked", fd, 0);
	intx(v, UNMASK);
	expect_signals("unmask after a cause while masked", fd, 1);
	acknowledge(v);
	intx(v, UNMASK);

	reg_write(v, IMR, 2, 0);
	cause(v);
	expect_signals("a cause that IMR masks", fd, 0);
	reg_write(v, IMR, 2, ISR_TER);
	expect_signals("IMR set with the cause set", fd, 1);
	acknowledge(v);
	intx(v, UNMASK);

	config_write(v, COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER | COMMAND_INTX_DISABLE);
	cause(v);
	expect_signals("a cause while INTx is disabled", fd, 0);
	config_write(v, COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
	expect_signals("INTx enabled with the cause set", fd, 1);
	acknowledge(v);
	intx(v, UNMASK);
	expect_signals("at rest", fd, 0);

	intx(v, TRIGGER);
	expect_signals("trigger by ioctl", fd, 1);
	set_irqs(v, BOOL | TRIGGER, 0, 0, 1, &yes, 1);
	expect_signals("trigger by ioctl, true", fd, 1);
	set_irqs(v, BOOL | TRIGGER, 0, 0, 1, &no, 1);
	expect_signals("trigger by ioctl, false", fd, 0);
	intx(v, UNMASK);
	set_irqs(v, BOOL | MASK, 0, 0, 1, &no, 1);
	cause(v);
	expect_signals("a cause after mask, false", fd, 1);
	acknowledge(v);
	intx(v, UNMASK);

	set_irqs(v, NONE | TRIGGER, 0, 0, 0, NULL, 0);
	cause(v);
	expect_signals("a cause after the eventfd was taken away", fd, 0);
	connect_eventfd(v, TRIGGER, fd);
	expect_signals("an eventfd given while the cause is set", fd, 1);
	vdev_reset(v);
	intx(v, UNMASK);
	expect_signals("unmask after a reset", fd, 0);
	close(fd);
	restart(v);
	check_control(v);
}

/* The same by the unmask eventfd: KVM's resampling. */
static void intx_resample(struct vdev *v, const struct test *t)
{
	const u64 one = 1;
	u32 i;
	int fd, resample = new_eventfd();

	(void)t;
	start_interrupts(v, &fd);
	connect_eventfd(v, UNMASK, resample);
	for (i = 0; i < 50 && !verdict.failures; i++) {
		cause(v);
		expect_signals("a cause", fd, 1);
		cause(v);
		expect(signals(fd, 1) == 0, "a cause before unmask: expected no signal");
		write(resample, &one, sizeof(one));
		expect_signals("unmask eventfd with the cause still set", fd, 1);
		acknowledge(v);
		write(resample, &one, sizeof(one));
		expect(signals(fd, 2) == 0, "unmask eventfd after acknowledge: expected no signal");
	}
	close(resample);
	close(fd);
	reg_write(v, IMR, 2, 0);
	check_control(v);
}

/*
 * Who is interrupted, acknowledges nothing and unmasks is interrupted again: each time, but after
 * some times no longer at once, or it would get no further. Whoever acknowledges begins anew.
 */
static void intx_insists(struct vdev *v, const struct test *t)
{
	u64 begun;
	u32 i;
	int fd;

	(void)t;
	start_interrupts(v, &fd);
	cause(v);
	begun = now_ms();
	for (i = 0; i < 100 && !verdict.failures; i++) {
		expect_signals("unmask with the cause still set", fd, 1);
		intx(v, UNMASK);
	}
	expect(now_ms() - begun > 80,
	       "a hundred signals for one cause: expected more than 80 ms, found %llu",
	       (unsigned long long)(now_ms() - begun));
	acknowledge(v);
	signals(fd, 20); /* it may have come before that */
	intx(v, UNMASK);
	expect_signals("unmask after acknowledge", fd, 0);
	cause(v);
	expect_signals("a cause after that", fd, 1);
	intx(v, UNMASK);
	expect(signals(fd, PATIENCE) == 1, "unmask with that cause still set: expected a signal");
	close(fd);
	reg_write(v, IMR, 2, 0);
	acknowledge(v);
	intx(v, UNMASK);
	check_control(v);
}

/* Causes and acknowledgements without end, for the cases below. */
struct firing {
	struct vdev *v;
	bool stop;
};

static void *fire(void *argument)
{
	struct firing *firing = argument;
	struct vdev v = *firing->v;

	while (!__atomic_load_n(&firing->stop, __ATOMIC_RELAXED)) {
		cause(&v);
		acknowledge(&v);
	}
	return NULL;
}

static void stop_firing(struct firing *firing, pthread_t thread)
{
	__atomic_store_n(&firing->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

void check_intx(struct vdev *v)
{
	int fd;

	set_irqs(v, NONE | TRIGGER, VFIO_PCI_INTX_IRQ_INDEX, 0, 0, NULL, 0);
	start_classic(v);
	start_interrupts(v, &fd);
	intx(v, UNMASK);
	cause(v);
	expect_signals("a cause after all that", fd, 1);
	close(fd);
	reg_write(v, IMR, 2, 0);
	acknowledge(v);
	check_control(v);
}

static void intx_swap(struct vdev *v, const struct test *t)
{
	struct firing firing = { .v = v };
	pthread_t thread;
	u64 state = 6;
	u32 i;

	(void)t;
	reg_write(v, IMR, 2, ISR_TER);
	thread = start_thread(fire, &firing);
	for (i = 0; i < 1500; i++) {
		const int trigger = new_eventfd(), resample = new_eventfd();
		const u64 one = 1;

		connect_eventfd(v, TRIGGER, trigger);
		if (chance(&state) & 1)
			connect_eventfd(v, UNMASK, resample);
		write(resample, &one, sizeof(one));
		if (chance(&state) & 1)
			intx(v, UNMASK);
		if (chance(&state) & 1)
			set_irqs(v, NONE | TRIGGER, 0, 0, 0, NULL, 0);
		close(trigger);
		if (chance(&state) & 1)
			write(resample, &one, sizeof(one));
		close(resample);
		if (!(chance(&state) & 3))
			connect_eventfd(v, TRIGGER, -1);
		if (!(chance(&state) & 3))
			set_irqs(v, NONE | TRIGGER, 0, 0, 0, NULL, 0);
	}
	stop_firing(&firing, thread);
	check_intx(v);
}

static void *unmask_storm(void *argument)
{
	const u64 one = 1;
	u32 i;

	for (i = 0; i < 20000; i++)
		write(*(int *)argument, &one, sizeof(one));
	return NULL;
}

static void intx_unmask_storm(struct vdev *v, const struct test *t)
{
	int fd, resample = new_eventfd();
	struct firing firing = { .v = v };
	pthread_t threads[3];
	u32 i;

	(void)t;
	start_interrupts(v, &fd);
	connect_eventfd(v, UNMASK, resample);
	cause(v);
	threads[0] = start_thread(fire, &firing);
	threads[1] = start_thread(unmask_storm, &resample);
	threads[2] = start_thread(unmask_storm, &resample);
	for (i = 0; i < 5000; i++)
		intx(v, UNMASK);
	pthread_join(threads[1], NULL);
	pthread_join(threads[2], NULL);
	stop_firing(&firing, threads[0]);
	expect(signals(fd, PATIENCE), "expected signals, found none");
	close(fd);
	close(resample);
	check_intx(v);
}

/* One eventfd for both ways, also one that signals itself for ever. */
static void intx_same_eventfd(struct vdev *v, const struct test *t)
{
	int fd;

	(void)t;
	start_interrupts(v, &fd);
	connect_eventfd(v, UNMASK, fd);
	cause(v);
	pause_us(100000);
	acknowledge(v);
	pause_us(20000);
	cause(v);
	pause_us(100000);
	set_irqs(v, NONE | TRIGGER, 0, 0, 0, NULL, 0);
	close(fd);
	check_intx(v);
	start_interrupts(v, &fd);
	connect_eventfd(v, UNMASK, fd);
	cause(v);
	pause_us(20000);
	close(fd);
	vdev_close(v); /* with the loop going round */
	if (expect_value("reopen", 0, (u64)vdev_open(v, v->uuid))) {
		start_classic(v);
		check_intx(v);
	}
}

static void set_policy(struct vdev *v, const char *policy)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/mdev/devices/%s/vpio/policy", v->uuid);
	file = fopen(path, "w");
	if (!file || fputs(policy, file) < 0 || fclose(file))
		die("%s: %s", path, strerror(errno));
}

static void error_interrupt(struct vdev *v, u32 flags, u32 count, const void *data, u32 size)
{
	const int error =
		set_irqs(v, flags | TRIGGER, VFIO_PCI_ERR_IRQ_INDEX, 0, count, data, size);

	expect(!error, "the error interrupt, flags %#x: expected that it works, found %s", flags,
	       strerror(error));
}

/* The error interrupt: as asked for, and for violations when the policy is to stop. */
static void error_for_violations(struct vdev *v, const struct test *t)
{
	const u8 yes = 1, no = 0;
	const int fd = new_eventfd(), none = -1;

	(void)t;
	set_policy(v, "stop");
	send_classic(v, HOLE, 100); /* nobody listens */
	error_interrupt(v, EVENTFD, 1, &fd, 4);
	expect_signals("an error eventfd is new", fd, 0);
	error_interrupt(v, NONE, 1, NULL, 0);
	expect_signals("asked for", fd, 1);
	error_interrupt(v, BOOL, 1, &no, 1);
	expect_signals("asked for with false", fd, 0);
	error_interrupt(v, BOOL, 1, &yes, 1);
	expect_signals("asked for with true", fd, 1);
	send_classic(v, HOLE, 100);
	expect_signals("policy stop, a violation", fd, 1);
	send_classic(v, TX_FRAME, 0);
	expect_signals("policy stop, a refusal that is none", fd, 0);
	set_policy(v, "mce");
	send_classic(v, HOLE, 100);
	expect_signals("policy mce, a violation", fd, 0);
	set_policy(v, "deny");
	send_classic(v, HOLE, 100);
	expect_signals("policy deny, a violation", fd, 0);
	set_policy(v, "stop");
	error_interrupt(v, EVENTFD, 1, &none, 4);
	send_classic(v, HOLE, 100);
	expect_signals("the eventfd removed by -1", fd, 0);
	error_interrupt(v, EVENTFD, 1, &fd, 4);
	error_interrupt(v, NONE, 0, NULL, 0);
	send_classic(v, HOLE, 100);
	expect_signals("the eventfd removed by a count of 0", fd, 0);
	set_policy(v, "deny");
	close(fd);
}

const struct test interrupt_cases[] = {
	CASE("intx", "the interrupt's level, masking and unmasking", intx_levels),
	CASE("intx-insists", "a cause that is never acknowledged interrupts, with pauses",
	     intx_insists),
	CASE("intx-resample", "unmasking by eventfd", intx_resample),
	CASE("intx-swap", "eventfds replaced and removed while interrupts fire", intx_swap),
	CASE("intx-unmask-storm", "unmasking from all sides", intx_unmask_storm),
	CASE("intx-same", "one eventfd for both ways", intx_same_eventfd),
	CASE("error", "the error interrupt, and which violations it is for", error_for_violations),
	{ .name = NULL },
};
