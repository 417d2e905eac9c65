/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * host.h - a host made up in a directory, for the commands that look at /sys: two NICs, one with a model,
 * and a kernel that does what is written to its files, or refuses it.
 */
#ifndef VPIO_TESTS_HOST_H
#define VPIO_TESTS_HOST_H

#include "commands.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "../tool/host/host.h"

#define CARD   "0000:03:00.0" /* has a model; 8139cp has it at first */
#define OTHER  "0000:04:00.0" /* has none */
#define UUID_A "a0000000-0000-4000-8000-000000000001"
#define UUID_B "b0000000-0000-4000-8000-000000000002"

/* What the kernel refuses: a write to a path with this end, with this error. */
struct made_up {
	char root[128];
	const char *refuses;
	int error;
	const char *log;    /* what it logs when it refuses */
	bool probe_fails;   /* vpio does not take the card */
	bool has_no_driver; /* nor is there another driver for it */
};

static struct made_up host;

static inline const char *made_path(const char *format, va_list list)
{
	static char paths[8][512];
	static unsigned int next;
	char *path = paths[next++ % ARRAY_SIZE(paths)];
	int length = snprintf(path, sizeof(paths[0]), "%s", host.root);

	vsnprintf(path + length, sizeof(paths[0]) - (size_t)length, format, list);
	return path;
}

static inline const char *in_host(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline const char *in_host(const char *format, ...)
{
	const char *path;
	va_list list;

	va_start(list, format);
	path = made_path(format, list);
	va_end(list);
	return path;
}

/* Makes a file with its directories. */
static inline void make_file(const char *path, const char *text)
{
	char copy[512], *slash;

	snprintf(copy, sizeof(copy), "%s", path);
	for (slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(copy, 0755);
		*slash = '/';
	}
	write_text(path, text);
}

static inline void make_link(const char *target, const char *path)
{
	make_file(path, "");
	unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

static inline bool is_in_host(const char *path)
{
	struct stat status;

	return !lstat(in_host("%s", path), &status);
}

static inline char *text_in(const char *path)
{
	static char text[4096];

	*text = 0;
	host_read(text, sizeof(text), "%s", path);
	return text;
}

static inline void remove_all(const char *path)
{
	char command[640];

	snprintf(command, sizeof(command), "rm -rf '%s'", path);
	assert_int_equal(system(command), 0);
}

static inline bool ends_with(const char *text, const char *end)
{
	const size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

/* A vdev of the card, as the module makes it. */
static inline void make_vdev(const char *uuid)
{
	static const char *const files[][2] = {
		{ "name", "\n" },
		{ "open", "0\n" },
		{ "mac", "" },
		{ "params", "chip=0x10\n" },
		{ "source_check", "1\n" },
		{ "weight", "100\n" },
		{ "rate_bytes", "0\n" },
		{ "rate_frames", "0\n" },
		{ "interrupt_us", "100\n" },
		{ "interrupt_events", "8\n" },
		{ "policy", "deny\n" },
		{ "stats",
		  "reads 10\nwrites 20\nhooks 5\njobs 4\ntx_frames 4\ntx_bytes 400\nwait_ns 2000000000\nwait_most_ns 1500000000\nrefusals 2\nrefused.memory 2\nrefused.deny 0\n" },
	};
	char mac[32];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		make_file(in_host("/sys/bus/pci/devices/" CARD "/%s/vpio/%s", uuid, files[i][0]),
			  files[i][1]);
	snprintf(mac, sizeof(mac), "02:00:00:00:00:%.2s\n", uuid);
	write_text(in_host("/sys/bus/pci/devices/" CARD "/%s/vpio/mac", uuid), mac);
	make_link("../mdev_supported_types/rtl8139",
		  in_host("/sys/bus/pci/devices/" CARD "/%s/mdev_type", uuid));
	make_link("../../../../kernel/iommu_groups/7",
		  in_host("/sys/bus/pci/devices/" CARD "/%s/iommu_group", uuid));
	make_file(in_host("/sys/bus/mdev/devices/x"), "");
	unlink(in_host("/sys/bus/mdev/devices/x"));
	assert_int_equal(symlink(in_host("/sys/bus/pci/devices/" CARD "/%s", uuid),
				 in_host("/sys/bus/mdev/devices/%s", uuid)),
			 0);
}

static inline void bind_card(const char *driver)
{
	const char *link = in_host("/sys/bus/pci/devices/" CARD "/driver");

	unlink(link);
	if (driver)
		make_link(in_host("/sys/bus/pci/drivers/%s", driver), link);
	if (!driver || strcmp(driver, "vpio")) {
		remove_all(in_host("/sys/bus/pci/devices/" CARD "/mdev_supported_types"));
		remove_all(in_host("/sys/bus/pci/devices/" CARD "/vpio"));
		return;
	}
	make_file(in_host("/sys/bus/pci/devices/" CARD
			  "/mdev_supported_types/rtl8139/available_instances"),
		  "16\n");
	make_file(in_host("/sys/bus/pci/devices/" CARD "/vpio/state"), "working\n");
	make_file(in_host("/sys/bus/pci/devices/" CARD "/vpio/stats"),
		  "interrupts 100\ntx_frames 4\nrecoveries 1\n");
	make_file(in_host("/sys/bus/pci/devices/" CARD "/vpio/engines"),
		  "transmitter host phase=working owner=" UUID_A " waiting=3 running=2 depth=4\n"
		  "receiver host phase=idle owner=- waiting=0 running=0 depth=1\n");
}

static inline void probe_card(void)
{
	const bool is_ours =
		!strcmp(text_in("/sys/bus/pci/devices/" CARD "/driver_override"), "vpio");

	if (is_in_host("/sys/bus/pci/devices/" CARD "/driver"))
		return;
	if (is_ours && host.probe_fails)
		make_file(in_host("/dev/kmsg"),
			  "6,1,1,-;something before\n"
			  "6,2,2,-;vpio " CARD ": firmware: direct-loading\n"
			  "3,3,2,-;vpio " CARD ": its BAR 0 is too small\n"
			  "6,4,2,-;vpio " CARD ": MDEV: Unregistering\n"
			  "4,5,2,-;vpio: probe of " CARD " failed with error -22\n");
	else if (is_ours)
		bind_card("vpio");
	else if (!host.has_no_driver)
		bind_card("8139cp");
}

/* What a write does. */
static inline int made_up_kernel(const char *path, const char *value)
{
	char target[512];

	if (host.refuses && ends_with(path, host.refuses)) {
		if (host.log)
			make_file(in_host("/dev/kmsg"), host.log);
		return -host.error;
	}
	if (!value) {
		make_file(in_host("%s/events/vpio/enable", path), "0\n");
		make_file(in_host("%s/events/vpio/filter", path), "none\n");
		make_file(in_host("%s/trace_pipe", path), host.log ? host.log : "");
	} else if (ends_with(path, "/create")) {
		make_vdev(value);
	} else if (ends_with(path, "/remove")) {
		snprintf(target, sizeof(target), "%.*s", (int)(strlen(path) - 7), path);
		remove_all(in_host("/sys/bus/pci/devices/" CARD "%s", strrchr(target, '/')));
		unlink(in_host("%s", target));
	} else if (ends_with(path, "/unbind")) {
		bind_card(NULL);
	} else if (ends_with(path, "/8139cp/bind")) {
		bind_card("8139cp");
	} else if (ends_with(path, "/drivers_probe")) {
		probe_card();
	} else {
		if (!is_in_host(path))
			return -ENOENT;
		write_text(in_host("%s", path), strcmp(value, "\n") ? value : "(null)\n");
	}
	return 0;
}

static inline int run_command(int count, char **arguments)
{
	unsigned int i;

	for (i = 0; host_commands[i]; i++) {
		if (!strcmp(host_commands[i]->name, arguments[0]))
			return host_run(host_commands[i], count - 1, arguments + 1);
	}
	fail_msg("there is no command %s", arguments[0]);
	return -1;
}

/* Runs `vpio ARGUMENT...`, which ends with NULL. */
static inline struct said vpio(const char *name, ...)
{
	char *arguments[SAID_ARGUMENTS + 1] = { (char *)name };
	va_list list;
	int count;

	va_start(list, name);
	count = said_arguments(arguments + 1, list);
	va_end(list);
	return said_of(run_command, count + 1, arguments);
}

/* The same, of words in a text, and what becomes of it. */
static inline struct said vpio_words(const char *words)
{
	char *arguments[SAID_ARGUMENTS + 1] = { NULL }, text[512], *rest = text, *word;
	int count = 0;

	snprintf(text, sizeof(text), "%s", words);
	while ((word = strsep(&rest, " ")))
		arguments[count++] = word;
	return said_of(run_command, count, arguments);
}

/* It ends so, and says so: on stdout if it is fine, else in one line on stderr. */
static inline void assert_vpio(const char *words, int code, const char *part)
{
	struct said said = vpio_words(words);
	const char *newline = strchr(said.errors, '\n');

	if (said.code != code)
		fail_msg("vpio %s: status %d, expected %d: %s%s", words, said.code, code, said.out,
			 said.errors);
	if (part)
		assert_says(code ? said.errors : said.out, part);
	if (code && (!newline || newline[1]))
		fail_msg("vpio %s: expected one line on stderr: %s", words, said.errors);
	said_free(&said);
}

static inline int host_setup(void **state)
{
	static const char modprobe[] =
		"#!/bin/sh\n"
		"if [ -e \"$VPIO_SYSROOT/modprobe-fails\" ]; then\n"
		"	echo \"modprobe: FATAL: Module $1 not found in directory /lib/modules/6.1\" >&2\n"
		"	exit 1\n"
		"fi\n"
		"mkdir -p \"$VPIO_SYSROOT/sys/module/$1\"\n";
	/* mdevctl start --uuid UUID --parent PARENT */
	static const char mdevctl[] =
		"#!/bin/sh\n"
		"echo \"$*\" >>\"$VPIO_SYSROOT/mdevctl-was-run\"\n"
		"if [ -e \"$VPIO_SYSROOT/mdevctl-fails\" ]; then\n"
		"	echo 'Warning: Failed to create mdev' >&2\n"
		"	exit 0\n"
		"fi\n"
		"[ -e \"$VPIO_SYSROOT/etc/mdevctl.d/$5/$3\" ] &&\n"
		"	mkdir -p \"$VPIO_SYSROOT/sys/bus/mdev/devices/$3\"\n";
	char path[512];
	struct said said;

	if (directory_setup(state))
		return -1;
	memset(&host, 0, sizeof(host));
	snprintf(host.root, sizeof(host.root), "%s", (const char *)*state);
	setenv("VPIO_SYSROOT", host.root, 1);
	unsetenv("SSH_CONNECTION");
	snprintf(path, sizeof(path), "%s/bin:/usr/bin:/bin", host.root);
	setenv("PATH", path, 1);
	make_file(in_host("/bin/modprobe"), modprobe);
	chmod(in_host("/bin/modprobe"), 0755);
	make_file(in_host("/bin/mdevctl"), mdevctl);
	chmod(in_host("/bin/mdevctl"), 0755);
	make_file(in_host("/sys/bus/pci/devices/" CARD "/vendor"), "0x10ec\n");
	make_file(in_host("/sys/bus/pci/devices/" CARD "/device"), "0x8139\n");
	make_file(in_host("/sys/bus/pci/devices/" CARD "/class"), "0x020000\n");
	make_file(in_host("/sys/bus/pci/devices/" CARD "/driver_override"), "(null)\n");
	make_file(in_host("/sys/bus/pci/devices/" OTHER "/vendor"), "0x8086\n");
	make_file(in_host("/sys/bus/pci/devices/" OTHER "/device"), "0x10d3\n");
	make_file(in_host("/sys/bus/pci/devices/" OTHER "/class"), "0x020000\n");
	make_file(in_host("/etc/machine-id"), "0123456789abcdef0123456789abcdef\n");
	make_file(in_host("/dev/kmsg"), "6,1,1,-;something before\n");
	make_file(in_host("/run/x"), "");
	make_file(in_host("/lib/firmware/vpio/none"), "");
	unlink(in_host("/lib/firmware/vpio/none"));
	bind_card("8139cp");
	host_kernel = made_up_kernel;
	said = said_by("compile", "models/rtl8139.vpm", "-o",
		       in_host("/lib/firmware/vpio/10ec-8139.vpb"), NULL);
	assert_int_equal(said.code, 0);
	said_free(&said);
	return 0;
}

/* The same, with the card bound. */
static inline int bound_setup(void **state)
{
	const int failed = host_setup(state);

	mkdir(in_host("/sys/module"), 0755);
	bind_card("vpio");
	return failed;
}

/* The same, with the vdevs web (A) and db (B). */
static inline int vdevs_setup(void **state)
{
	const int failed = bound_setup(state);

	make_vdev(UUID_A);
	make_vdev(UUID_B);
	write_text(in_host("/sys/bus/mdev/devices/" UUID_A "/vpio/name"), "web\n");
	write_text(in_host("/sys/bus/mdev/devices/" UUID_B "/vpio/name"), "db\n");
	return failed;
}

static inline int host_teardown(void **state)
{
	host_kernel = NULL;
	unsetenv("VPIO_SYSROOT");
	return directory_teardown(state);
}

/* A VM has web. */
static inline void open_web(void)
{
	write_text(in_host("/sys/bus/mdev/devices/" UUID_A "/vpio/open"), "1\n");
	make_file(in_host("/proc/4242/comm"), "qemu-system-x86\n");
	make_file(in_host("/proc/4242/cmdline"), "");
	{
		static const char line[] = "qemu\0-name\0guest=shop,debug-threads=on\0-m\0001";
		FILE *file = fopen(in_host("/proc/4242/cmdline"), "w");

		assert_non_null(file);
		fwrite(line, 1, sizeof(line), file);
		fclose(file);
	}
	make_link("/dev/vfio/7", in_host("/proc/4242/fd/12"));
	make_link("/dev/null", in_host("/proc/17/fd/0"));
}

#endif /* VPIO_TESTS_HOST_H */
