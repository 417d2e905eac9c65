// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio model record: a stock QEMU passes the physical device through to a guest, with every access
 * of its driver trapped and logged; the log becomes a trace while QEMU runs.
 */
#define _GNU_SOURCE /* asprintf, pipe2 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"
#include "trace.h"

enum {
	CHUNK = 1 << 16,  /* bytes that are read from QEMU at a time */
	ADDED = 16,	  /* arguments that are added to QEMU's, at most, beside those of events */
	NOT_THERE = 127,  /* exit code of a child without program, as a shell's */
	FULL_PATH = 1024, /* bytes of what a device's properties become */
};

static const char *const usage_text =
	"usage: vpio model record [-o TRACE] [-p PROPERTY=VALUE]... ADDRESS -- QEMU [ARGUMENT]...\n"
	"\n"
	"Starts QEMU with the PCI device ADDRESS passed through (vfio-pci must have it), traps every\n"
	"access of the guest's driver to its BARs, and writes accesses, configuration accesses,\n"
	"interrupts and resets to TRACE as JSON lines (standard output if there is no -o). Ends when\n"
	"QEMU ends. -p gives vfio-pci a property: a slot (addr=10), or other PCI ids for a driver that\n"
	"looks at them.\n"
	"\n"
	"Example: what Linux's 8139cp does to a card at 0000:03:00.0\n"
	"    vpio model record -o 8139cp.jsonl 0000:03:00.0 -- \\\n"
	"        qemu-system-x86_64 -accel kvm -m 512 -nographic -nic none -hda guest.img\n"
	"    vpio model coverage models/rtl8139.vpm 8139cp.jsonl\n";

/* One recording. */
struct recording {
	const char *output; /* NULL: standard output */
	char properties[FULL_PATH];
	char **command; /* QEMU and its arguments */
	int count;	/* of them */
	struct trace_header header;
	FILE *file;
	u64 start, last; /* ns since 1970, and of the last event since the start */
	u64 accesses, others, strange;
	char line[TRACE_MAX_LINE]; /* of QEMU's log, as far as it has come */
	size_t length;
};

/* QEMU, for the handler of signals. */
static volatile sig_atomic_t child;

static void pass_on(int number)
{
	if (child)
		kill(child, number);
}

static int usage(void)
{
	fputs(usage_text, stderr);
	return TOOL_USAGE;
}

/* --- Arguments --------------------------------------------------------------------------- */

static bool add_property(struct recording *recording, const char *property)
{
	const size_t used = strlen(recording->properties);
	const size_t room = sizeof(recording->properties) - used;

	return strchr(property, '=') &&
	       snprintf(recording->properties + used, room, ",%s", property) < (int)room;
}

/* 0, or an exit code. */
static int read_arguments(struct recording *recording, int count, char **arguments,
			  const char **address)
{
	int i;

	*address = NULL;
	for (i = 0; i < count && strcmp(arguments[i], "--"); i++) {
		if (!strcmp(arguments[i], "-o") && i + 1 < count)
			recording->output = arguments[++i];
		else if (!strcmp(arguments[i], "-p") && i + 1 < count) {
			if (!add_property(recording, arguments[++i]))
				return usage();
		} else if (arguments[i][0] == '-' || *address)
			return usage();
		else
			*address = arguments[i];
	}
	if (!*address || i + 1 >= count)
		return usage();
	recording->command = arguments + i + 1;
	recording->count = count - i - 1;
	return TOOL_OK;
}

/* QEMU's arguments with those that pass the device through and log what happens to it. */
static char **qemu_arguments(const struct recording *recording, int log)
{
	char **all = calloc((size_t)recording->count + ADDED + 2 * 16, sizeof(*all));
	int i, count;

	if (!all)
		return NULL;
	for (count = 0; count < recording->count; count++)
		all[count] = recording->command[count];
	all[count++] = "-device";
	if (asprintf(&all[count],
		     "vfio-pci,host=%s,x-no-mmap=on,x-no-kvm-intx=on,x-no-kvm-msi=on,"
		     "x-no-kvm-msix=on%s",
		     recording->header.address, recording->properties) < 0)
		return NULL;
	count++;
	for (i = 0; qemu_log_events[i]; i++) {
		all[count++] = "-trace";
		all[count++] = (char *)qemu_log_events[i];
	}
	all[count++] = "-msg";
	all[count++] = "timestamp=on";
	all[count++] = "-D";
	if (asprintf(&all[count], "/dev/fd/%d", log) < 0)
		return NULL;
	return all;
}

/* --- QEMU -------------------------------------------------------------------------------- */

static void __attribute__((noreturn)) run_qemu(const struct recording *recording, int log)
{
	char **arguments = qemu_arguments(recording, log);

	/* QEMU ends with us, and does not write among the lines of the trace */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (arguments && (recording->output || dup2(STDERR_FILENO, STDOUT_FILENO) >= 0))
		execvp(arguments[0], arguments);
	fprintf(stderr, "vpio: cannot run %s: %s\n", recording->command[0], strerror(errno));
	_exit(NOT_THERE);
}

/* Starts QEMU; the handle from which its log is read, or -1. */
static int start_qemu(const struct recording *recording)
{
	struct sigaction action = { .sa_handler = pass_on };
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		return -1;
	fflush(NULL);
	pid = fork();
	if (!pid) {
		close(ends[0]);
		run_qemu(recording, ends[1]);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return -1;
	}
	child = pid;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGINT, SIG_IGN); /* the terminal sends it to QEMU, too */
	return ends[0];
}

/* --- Its log ----------------------------------------------------------------------------- */

static bool write_event(struct recording *recording, struct trace_event *event)
{
	/* the clock may have been set back: time does not run backwards in a trace */
	event->time = event->time > recording->start ? event->time - recording->start : 0;
	if (event->time < recording->last)
		event->time = recording->last;
	recording->last = event->time;
	if ((event->kind == TRACE_READ || event->kind == TRACE_WRITE) &&
	    event->region < TRACE_MAX_BARS)
		recording->accesses++;
	else
		recording->others++;
	return trace_write_event(recording->file, event);
}

static bool take_line(struct recording *recording)
{
	struct trace_event event;

	switch (qemu_log_parse(recording->line, recording->header.address, &event)) {
	case QEMU_LOG_EVENT:
		return write_event(recording, &event);
	case QEMU_LOG_TEXT:
		fprintf(stderr, "%s\n", recording->line);
		return true;
	case QEMU_LOG_STRANGE:
		if (!recording->strange++)
			fprintf(stderr, "vpio: a line of QEMU's log is not as expected: %s\n",
				recording->line);
		return true;
	default:
		return true;
	}
}

/* Takes the lines out of what QEMU has logged. */
static bool take(struct recording *recording, const char *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (data[i] == '\n') {
			recording->line[recording->length] = '\0';
			recording->length = 0;
			if (!take_line(recording))
				return false;
		} else if (recording->length + 1 < sizeof(recording->line)) {
			recording->line[recording->length++] = data[i];
		}
	}
	return true;
}

/* Until QEMU has closed its log. What has come is on the disk whenever QEMU has no more to say. */
static bool convert(struct recording *recording, int log)
{
	static char data[CHUNK];
	struct pollfd more = { .fd = log, .events = POLLIN };
	ssize_t got;

	for (;;) {
		got = read(log, data, sizeof(data));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return !got && !fflush(recording->file);
		if (!take(recording, data, (size_t)got))
			return false;
		if (poll(&more, 1, 0) == 0 && fflush(recording->file))
			return false;
	}
}

static u64 now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (u64)time.tv_sec * 1000000000 + (u64)time.tv_nsec;
}

/* What QEMU's end says: 0, or an exit code. */
static int wait_for_qemu(void)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return TOOL_BAD_INPUT;
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return TOOL_OK;
	if (WIFEXITED(status) && WEXITSTATUS(status) != NOT_THERE)
		fprintf(stderr, "vpio: QEMU ended with exit code %d\n", WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		fprintf(stderr, "vpio: QEMU was ended by signal %d\n", WTERMSIG(status));
	return TOOL_BAD_INPUT;
}

static int summarize(const struct recording *recording)
{
	fprintf(stderr, "vpio: %s: %llu accesses to BARs, %llu other events, %.1f s\n",
		recording->output ? recording->output : "trace",
		(unsigned long long)recording->accesses, (unsigned long long)recording->others,
		(double)recording->last / 1e9);
	if (recording->strange) {
		fprintf(stderr, "vpio: %llu lines of QEMU's log are missing in the trace\n",
			(unsigned long long)recording->strange);
		return TOOL_BAD_INPUT;
	}
	if (recording->accesses)
		return TOOL_OK;
	fputs(recording->others
		      ? "vpio: nobody accessed the device: is its driver in the guest?\n"
		      : "vpio: QEMU logged nothing: has it the `log` backend for trace events?\n",
	      stderr);
	return TOOL_BAD_INPUT;
}

static int record(struct recording *recording)
{
	int log, result;
	bool written;

	recording->start = now();
	written = trace_write_header(recording->file, &recording->header);
	log = start_qemu(recording);
	if (log < 0) {
		fprintf(stderr, "vpio: cannot start a process: %s\n", strerror(errno));
		return TOOL_BAD_INPUT;
	}
	written = written && convert(recording, log);
	if (!written) {
		fprintf(stderr, "vpio: cannot write the trace: %s; QEMU is ended\n",
			strerror(errno));
		kill(child, SIGTERM);
	}
	close(log);
	result = wait_for_qemu();
	if (!written)
		return TOOL_BAD_INPUT;
	return result ? result : summarize(recording);
}

int tool_record(int count, char **arguments)
{
	static struct recording recording;
	const char *address;
	char whole[16];
	int result;

	if (count && (!strcmp(arguments[0], "--help") || !strcmp(arguments[0], "-h"))) {
		fputs(usage_text, stdout);
		return TOOL_OK;
	}
	result = read_arguments(&recording, count, arguments, &address);
	if (result)
		return result;
	if (!device_address(address, whole)) {
		fprintf(stderr, "vpio: '%s' is no PCI address, expected one as 0000:03:00.0\n",
			address);
		return TOOL_USAGE;
	}
	if (!device_read("/sys", whole, &recording.header, stderr) ||
	    !device_is_ready("/sys", whole, stderr))
		return TOOL_BAD_INPUT;
	recording.file = recording.output ? fopen(recording.output, "we") : stdout;
	if (!recording.file) {
		fprintf(stderr, "vpio: %s: cannot write it: %s\n", recording.output,
			strerror(errno));
		return TOOL_BAD_INPUT;
	}
	result = record(&recording);
	if (recording.output && fclose(recording.file) && !result) {
		fprintf(stderr, "vpio: %s: cannot write it: %s\n", recording.output,
			strerror(errno));
		result = TOOL_BAD_INPUT;
	}
	return result;
}
