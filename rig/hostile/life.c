// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Ends in the middle of things: closing, exiting, being killed; and memory whose owner stalls it.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

void load(struct vdev *v)
{
	u32 i;

	make_frame(v, memory(TX_FRAME), 64, KIND_CASE);
	for (i = 0; i < 32; i++) {
		if (v->cplus)
			put_cplus(v, D_FS | D_LS, TX_FRAME, 64);
		else
			begin_classic(v, TX_FRAME, 64);
		if (i % 4 == 0)
			wire_send(v->mac, 64);
	}
	if (v->cplus)
		poll_cplus(v);
}

static bool reopen(struct vdev *v, bool cplus)
{
	const int error = vdev_open(v, v->uuid);

	if (!expect(!error, "opening the vdev again: expected that it works, found %s",
		    strerror(error)))
		return false;
	if (cplus)
		start_cplus(v);
	else
		start_classic(v);
	return true;
}

static void close_orders(struct vdev *v, const struct test *t)
{
	static const u8 orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					 { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	u32 i, j;

	(void)t;
	for (i = 0; i < 60; i++) {
		int *const fds[3] = { &v->container, &v->group, &v->device };
		const int trigger = new_eventfd(), resample = new_eventfd();

		connect_eventfd(v, TRIGGER, trigger);
		connect_eventfd(v, UNMASK, resample);
		reg_write(v, IMR, 2, 0xffff);
		load(v);
		for (j = 0; j < 3; j++) {
			close(*fds[orders[i % 6][j]]);
			*fds[orders[i % 6][j]] = -1;
		}
		close(trigger);
		close(resample);
		if (!reopen(v, i & 1))
			return;
	}
	wire_forget();
	check_control(v);
}

void *flood(void *argument)
{
	for (;;)
		load(argument);
	return NULL;
}

/* A process that ends with all open, in mid-flight, from several threads. */
static void exit_open(struct vdev *v, const struct test *t)
{
	u32 i;

	(void)t;
	for (i = 0; i < 10; i++) {
		int status;
		pid_t child;

		vdev_close(v);
		child = fork();
		if (!child) {
			if (vdev_open(v, v->uuid))
				_exit(1);
			start_classic(v);
			start_thread(flood, v);
			pause_us(20000);
			if (i & 1)
				raise(SIGKILL);
			_exit(0);
		}
		waitpid(child, &status, 0);
		expect(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : !WEXITSTATUS(status),
		       "a child: expected it to end as told, found status %#x", status);
		if (!reopen(v, false))
			return;
	}
	wire_forget();
	check_control(v);
}

/* A child that uses the descriptors it inherited: the memory is the parent's, or nobody's. */
static void inherit(struct vdev *v, const struct test *t)
{
	struct wire_count count;
	pid_t child;
	int status;

	(void)t;
	wire_forget();
	make_frame(v, memory(TX_FRAME), 64, KIND_CASE);
	child = fork();
	if (!child) {
		u32 i;

		make_frame(v, memory(TX_FRAME), 64, KIND_POISON);
		for (i = 0; i < 50; i++)
			send_classic(v, TX_FRAME, 64);
		_exit(0);
	}
	waitpid(child, &status, 0);
	restart(v);
	if (wire_settle(v, &count))
		expect_value("frames from a child's memory", 0, count.poison);
	check_control(v);
}

enum {
	STALLED_RX = 1,	   /* it is the receiver that waits */
	STALLED_EARLY = 2, /* stalled before the vdev is opened, so that it is closed after it */
	STALLED_BUSY = 4,  /* meanwhile a register is written */
	STALLED_GUEST = 8, /* it is a KVM guest's vCPU that waits */
};

int stall(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)memory(PASSING), AREA },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	const int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	change_passing(PROT_READ | PROT_WRITE);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range))
		die("userfaultfd: %s", strerror(errno));
	return fd;
}

bool is_waited_for(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, PATIENCE) > 0;
}

static void *send_stalled(void *argument)
{
	begin_classic(argument, PASSING, 64);
	return NULL;
}

/* Delays itself and nobody else: the bystander tells. */
static void stalled_tx(struct vdev *v, const struct test *t)
{
	const int fd = stall();
	pthread_t thread;

	(void)t;
	expect_value("map", 0, (u64)dma_map(v, PASSING, AREA, 0));
	thread = start_thread(send_stalled, v);
	expect(is_waited_for(fd), "expected that the device waits for the memory");
	pause_us(500000);
	close(fd);
	pthread_join(thread, NULL);
	restart(v);
	check_control(v);
}

/* Meanwhile more frames come than are kept for it. */
static void stalled_rx(struct vdev *v, const struct test *t)
{
	const int fd = stall();
	struct stats before;
	u32 i;

	(void)t;
	expect_value("map", 0, (u64)dma_map(v, PASSING, AREA, 0));
	stats_read(v->uuid, &before);
	reg_write(v, RBSTART, 4, PASSING);
	wire_send(v->mac, 64);
	expect(is_waited_for(fd), "expected that the device waits for the memory");
	for (i = 0; i < 400; i++) {
		wire_send(v->mac, FRAME_MOST - 4);
		pause_us(1000);
	}
	close(fd);
	expect(is_quiet(v, &before, 401), "401 frames: expected all received or dropped");
	expect(stat_since(v, &before, "rx_dropped") > 100,
	       "expected over 100 frames dropped, found %llu",
	       (unsigned long long)stat_since(v, &before, "rx_dropped"));
	restart(v);
	check_control(v);
}

/* In a child: opens the vdev and lets it wait for memory; says through @fd that it does. */
static void wait_stalled(struct vdev *v, const struct test *t, int fd)
{
	const int early = t->flags & STALLED_EARLY ? stall() : -1;
	int stalled;
	char byte;

	if (vdev_open(v, v->uuid))
		_exit(1);
	start_classic(v);
	stalled = early < 0 ? stall() : early;
	if (dma_map(v, PASSING, AREA, 0))
		_exit(1);
	if (t->flags & STALLED_RX) {
		reg_write(v, RBSTART, 4, PASSING);
		wire_send(v->mac, 64);
	} else {
		start_thread(send_stalled, v);
	}
	byte = (char)is_waited_for(stalled);
	if (t->flags & STALLED_BUSY) {
		start_thread(send_stalled, v);
		pause_us(100000);
	}
	write(fd, &byte, 1);
	for (;;)
		pause();
}

/* The owner is killed while the device waits for its memory. */
static void stalled_kill(struct vdev *v, const struct test *t)
{
	int status, pipes[2];
	pid_t child;
	char byte;

	if (pipe(pipes))
		die("pipe: %s", strerror(errno));
	vdev_close(v);
	child = fork();
	if (!child && t->flags & STALLED_GUEST)
		wait_in_guest(v, pipes[1]);
	if (!child)
		wait_stalled(v, t, pipes[1]);
	close(pipes[1]);
	expect(read(pipes[0], &byte, 1) == 1 && byte,
	       "expected that the device waits for the memory");
	close(pipes[0]);
	kill(child, SIGKILL);
	expect(WAIT(waitpid(child, &status, WNOHANG) == child),
	       "expected that the killed owner ends, found it waiting");
	if (verdict.failures || !reopen(v, false))
		return;
	check_control(v);
}

const struct test life_cases[] = {
	CASE("close", "closing in mid-flight, in every order", close_orders),
	CASE("exit", "ending without closing, in mid-flight", exit_open),
	CASE("inherit", "a child uses what it inherited", inherit),
	CASE("stalled-tx", "frames sent from memory that its owner stalls", stalled_tx),
	CASE("stalled-rx", "frames received into memory that its owner stalls", stalled_rx),
	CASE("stalled-tx-kill", "the owner killed meanwhile", stalled_kill),
	CASE("stalled-tx-kill-early", "the same, the memory stalled before the vdev was opened",
	     stalled_kill, .flags = STALLED_EARLY),
	CASE("stalled-rx-kill", "the owner killed meanwhile, receiving", stalled_kill,
	     .flags = STALLED_RX),
	CASE("stalled-rx-kill-early", "the same, the memory stalled before the vdev was opened",
	     stalled_kill, .flags = STALLED_RX | STALLED_EARLY),
	CASE("stalled-rx-kill-busy", "the same, and a register write waits too", stalled_kill,
	     .flags = STALLED_RX | STALLED_EARLY | STALLED_BUSY),
	CASE("stalled-guest-kill", "a VM killed whose guest waits, and moves its BARs",
	     stalled_kill, .flags = STALLED_GUEST),
	{ .name = NULL },
};
