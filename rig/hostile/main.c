// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A hostile user of a vdev: with no guest and no VMM, it tries whatever a guest's root or a VMM
 * could try to get at memory, frames or the host that are not its own, and checks what comes of it.
 *
 *   hostile UUID [CASE...]    tries all cases (or those: a name, or how some begin), prints TAP
 *           --classic, --cplus     only those in this mode
 *           --seed N --seconds N   of the storm (a random seed, 5 s)
 *   hostile UUID --bystander  a peaceful user: asks the peer for its address 20 times a second
 *                             until SIGTERM, and says whether it got all answers
 *   hostile UUID --flood      frames and memory come and go until it is killed
 *   hostile UUID --send MS    a tenant of the benchmarks: says "ready", waits for the end of its
 *                             standard input, then sends full frames for MS milliseconds (and half
 *                             a second before)
 *   hostile UUID --hold       opens the vdev, closes it when asked to release it (or killed)
 *   hostile --soak DEVICE [--seed N] [--seconds N] UUID...
 *                             many tenants at once, most of them honest, on the vdevs of one
 *                             rtl8139 or edu: see soak.h
 *   hostile --list            all cases
 *
 * Exit status: 0 all good, 1 a case failed, 2 it could not be tried. Needs root, rig/run's peer,
 * and a vdev of the RTL8139's model.
 */
#define _GNU_SOURCE
#include "soak.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

u64 seed;
unsigned int seconds = 5;

static enum { ALL, CLASSIC, CPLUS } only;

static const struct test after[] = {
	CASE("control-after", "a well-behaved frame still gets its answer", control),
	CASE("control-after-cplus", "the same in C+ mode", control, true),
	{ .name = NULL },
};

static const struct test *const groups[] = {
	peace_cases, transmit_cases,  cplus_cases, receive_cases, flight_cases, register_cases,
	vfio_cases,  interrupt_cases, life_cases,  guest_cases,	  storm_cases,	after,
	NULL,
};

u64 chance(u64 *state)
{
	*state ^= *state << 13; /* xorshift64 */
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

pthread_t start_thread(void *(*function)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, argument))
		die("cannot start a thread");
	return thread;
}

static bool is_chosen(const struct test *t, char **names, int count)
{
	int i;

	if (only != ALL && t->cplus != (only == CPLUS))
		return false;
	for (i = 0; i < count; i++) {
		if (!strncmp(t->name, names[i], strlen(names[i])))
			return true;
	}
	return !count;
}

static bool run(const char *uuid, const struct test *t)
{
	struct vdev v;
	int error;

	verdict = (struct verdict){ .name = t->name };
	error = vdev_open(&v, uuid);
	if (expect(!error, "opening the vdev: expected that it works, found %s", strerror(error))) {
		if (t->cplus)
			start_cplus(&v);
		else
			start_classic(&v);
		wire_forget();
		t->run(&v, t);
		vdev_close(&v);
	}
	if (verdict.failures)
		printf("not ok - %s: %s\n", t->name, verdict.first);
	else
		printf("ok - %s\n", t->name);
	return !verdict.failures;
}

static int run_all(const char *uuid, char **names, int count)
{
	const struct test *const *group, *t;
	unsigned int tried = 0, failed = 0;

	for (group = groups; *group; group++) {
		for (t = *group; t->name; t++) {
			if (!is_chosen(t, names, count))
				continue;
			tried++;
			failed += !run(uuid, t);
		}
	}
	if (!tried)
		die("no such case: hostile --list");
	printf("# %u cases, %u failed\n", tried, failed);
	return failed != 0;
}

static int list(void)
{
	const struct test *const *group, *t;

	for (group = groups; *group; group++) {
		for (t = *group; t->name; t++)
			printf("%-28s%s\n", t->name, t->about);
	}
	return 0;
}

static int usage(void)
{
	fputs("usage: hostile UUID [--classic | --cplus] [--seed N] [--seconds N] [CASE...]\n"
	      "       hostile UUID --bystander | --flood | --send MS | --hold\n"
	      "       hostile --soak rtl8139 | edu [--seed N] [--seconds N] UUID...\n"
	      "       hostile --list\n",
	      stderr);
	return 2;
}

/* Takes out the options; the number of names that are left in @argv, or -1. */
static int parse(int argc, char **argv)
{
	struct timespec now;
	int i, count = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	seed = (u64)now.tv_nsec | 1;
	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--seed") && i + 1 < argc)
			seed = strtoull(argv[++i], NULL, 0) | 1;
		else if (!strcmp(argv[i], "--seconds") && i + 1 < argc)
			seconds = (unsigned int)strtoul(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--classic"))
			only = CLASSIC;
		else if (!strcmp(argv[i], "--cplus"))
			only = CPLUS;
		else if (argv[i][0] == '-')
			return -1;
		else
			argv[count++] = argv[i];
	}
	return count;
}

int main(int argc, char **argv)
{
	int count;

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	if (argc > 3 && !strcmp(argv[1], "--soak")) {
		count = parse(argc - 3, argv + 3);
		return count < 0 ? usage() : soak_run(argv[2], argv + 3, (u32)count);
	}
	if (argc < 2 || argv[1][0] == '-')
		return usage();
	if (argc == 3 && !strcmp(argv[2], "--hold"))
		return hold(argv[1]);
	if (argc == 3 && !strcmp(argv[2], "--bystander"))
		return bystander(argv[1]);
	if (argc == 3 && !strcmp(argv[2], "--flood"))
		return flood_until_killed(argv[1]);
	if (argc == 4 && !strcmp(argv[2], "--send"))
		return tenant(argv[1], argv[3]);
	count = parse(argc - 2, argv + 2);
	if (count < 0)
		return usage();
	wire_open();
	return run_all(argv[1], argv + 2, count);
}
