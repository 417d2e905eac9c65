// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio guard: waits for a vdev's violations, says what they were, and injects a machine check into
 * the VM if the vdev's policy is mce.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"
#include "host.h"
#include "qmp.h"

enum {
	LOOK_MS = 1000,
	PAUSE_MS = 5000,
	IDLE_MS = 10000,
	/* of machine check registers: QEMU's own errors of memory are in 9, AMD's GART's in 4 */
	BANK = 5,
};

/*
 * The machine check: an uncorrected error of an I/O transaction, by a program that can go on:
 * IA32_MCi_STATUS with the compound error code "bus and interconnect: generic participant, no
 * time-out, generic error, I/O, level generic".
 */
static const u64 status_valid = 1ull << 63, status_uncorrected = 1ull << 61,
		 status_enabled = 1ull << 60, status_misc = 1ull << 59, status_address = 1ull << 58,
		 status_corrupt = 1ull << 57, status_signalled = 1ull << 56, status_io = 0x0e0b;
static const u64 restartable = 1, in_progress = 4; /* IA32_MCG_STATUS */
static const u64 physical_page = 2 << 6 | 12;	   /* IA32_MCi_MISC: what the address is */

/* What the vdev's file "violations" says. */
struct record {
	u64 count, stops, address, size;
	char kind[16];
};

/* A guard at work. */
struct watch {
	const struct guard *guard;
	struct qmp qmp;
	int violations;	     /* handle of the file */
	struct record last;  /* that was reported */
	int64_t next_look;   /* ms */
	int64_t next_inject; /* ms */
	const char *action;  /* what followed the violations at hand */
	char answer[256];    /* QEMU's, if it refused */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* --- The vdev's files -------------------------------------------------------------------- */

static void path_of(const struct watch *watch, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/bus/mdev/devices/%s/vpio/%s", watch->guard->sys,
		 watch->guard->vdev, name);
}

/* A line "NAME VALUE" of the record. Names that are not known are of a newer module. */
static bool take_line(struct record *record, const char *line, bool *counted)
{
	char name[16], value[32], *end;
	u64 number;

	if (sscanf(line, "%15s %31s", name, value) != 2)
		return false;
	if (!strcmp(name, "kind")) {
		qmp_printable(record->kind, sizeof(record->kind), value, strlen(value));
		return true;
	}
	number = strtoull(value, &end, 0);
	if (!strcmp(name, "count"))
		record->count = number;
	else if (!strcmp(name, "stops"))
		record->stops = number;
	else if (!strcmp(name, "address"))
		record->address = number;
	else if (!strcmp(name, "size"))
		record->size = number;
	else
		return true;
	*counted |= !strcmp(name, "count");
	return !*end;
}

/* 0, or an exit code; TOOL_OK and *gone: the vdev is not there any more. */
static int read_record(const struct watch *watch, struct record *record, bool *gone)
{
	char text[512], *line, *rest;
	bool good = true, counted = false;
	ssize_t got = pread(watch->violations, text, sizeof(text) - 1, 0);

	*record = (struct record){ .kind = "?" };
	*gone = got < 0 && (errno == ENODEV || errno == ENOENT);
	if (*gone)
		return TOOL_OK;
	if (got < 0)
		return host_fail(TOOL_SYSTEM, "cannot read the violations of %s: %s",
				 watch->guard->vdev, strerror(errno));
	text[got] = '\0';
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		good &= take_line(record, line, &counted);
	if (good && counted)
		return TOOL_OK;
	return host_fail(
		TOOL_SYSTEM,
		"expected lines as \"count 0\" in the file violations of %s: are the module and "
		"this command of one version?",
		watch->guard->vdev);
}

/* The vdev's policy; "?" if it can't be read. */
static void read_policy(const struct watch *watch, char policy[16])
{
	char path[PATH_MAX];
	FILE *file;

	strcpy(policy, "?");
	path_of(watch, "policy", path);
	file = fopen(path, "r");
	if (!file)
		return;
	if (fgets(policy, 16, file))
		policy[strcspn(policy, "\n")] = '\0';
	fclose(file);
}

static int open_violations(struct watch *watch)
{
	char path[PATH_MAX];

	path_of(watch, "violations", path);
	watch->violations = open(path, O_RDONLY | O_CLOEXEC);
	if (watch->violations >= 0)
		return TOOL_OK;
	return host_fail(TOOL_BAD_INPUT,
			 "cannot read %s: %s; is the module of this command's version?", path,
			 strerror(errno));
}

/* --- The VM ------------------------------------------------------------------------------ */

/* What the connection's end means; says it. */
static int ended(const struct watch *watch)
{
	const struct qmp *qmp = &watch->qmp;

	switch (qmp->state) {
	case QMP_CLOSED:
		host_note("%s: it guards %s no more", qmp->why, watch->guard->vdev);
		return TOOL_OK;
	case QMP_NONE:
		return host_fail(TOOL_BAD_INPUT, "%s: %s", watch->guard->monitor, qmp->why);
	default:
		return host_fail(TOOL_SYSTEM,
				 "%s: %s; %s is not guarded until vpio guard is started again",
				 watch->guard->monitor, qmp->why, watch->guard->vdev);
	}
}

static int connect_vm(struct watch *watch)
{
	const struct guard *guard = watch->guard;

	if (qmp_open(&watch->qmp, guard->monitor, guard->patience_ms) != QMP_FINE)
		return ended(watch);
	if (qmp_has_device(&watch->qmp, "sysfsdev", watch->guard->vdev))
		return TOOL_OK;
	if (watch->qmp.state != QMP_FINE)
		return ended(watch);
	return host_fail(TOOL_BAD_INPUT,
			 "the VM at %s does not have the vdev %s: name the monitor of the VM that "
			 "has it",
			 guard->monitor, watch->guard->vdev);
}

/* Injects once; QEMU answers nothing if it did. False: it is over. */
static bool inject_so(struct watch *watch, const struct record *record, const char *option)
{
	const bool has_address = !strcmp(record->kind, "memory");
	const u64 status = status_valid | status_uncorrected | status_enabled | status_signalled |
			   status_io | (has_address ? status_address | status_misc : 0) |
			   (watch->guard->fatal ? status_corrupt : 0);
	char command[128];

	snprintf(command, sizeof(command),
		 "mce %s0 %d 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64 " 0x%" PRIx64, option, BANK,
		 status, restartable | in_progress, has_address ? record->address : 0,
		 has_address ? physical_page : 0);
	return qmp_human(&watch->qmp, command, watch->answer, sizeof(watch->answer));
}

/* All processors take part in a machine check, where they do in hardware (Intel). */
static bool inject(struct watch *watch, const struct record *record)
{
	if (!inject_so(watch, record, "-b "))
		return false;
	if (strstr(watch->answer, "does not support MCA broadcast") &&
	    !inject_so(watch, record, ""))
		return false;
	watch->action = *watch->answer ? "failed" : "injected";
	return true;
}

/* --- Reports ----------------------------------------------------------------------------- */

static const char *in_words(const char *action)
{
	static const char *const words[][2] = {
		{ "refused", "refused" },
		{ "stopped", "the VM is stopped: reset it and let it go on, or end it" },
		{ "not-stopped", "the VM is not stopped: its VMM does not listen; end it" },
		{ "injected", "a machine check is injected" },
		{ "coalesced", "no further machine check yet" },
		{ "failed", "no machine check is injected" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(words[i][0], action))
			return words[i][1];
	}
	return action;
}

static void report(const struct watch *watch, const struct record *record, const char *policy)
{
	const u64 fresh = record->count - watch->last.count;
	const time_t now = time(NULL);
	struct json_object *object;
	char stamp[32], address[32];

	strftime(stamp, sizeof(stamp), "%FT%TZ", gmtime(&now));
	snprintf(address, sizeof(address), "0x%" PRIx64, record->address);
	if (!watch->guard->json) {
		printf("%s %s: %" PRIu64 " violation%s, the last: %s at %s size %" PRIu64
		       "; policy %s: %s%s%s\n",
		       stamp, watch->guard->vdev, fresh, fresh == 1 ? "" : "s", record->kind,
		       address, record->size, policy, in_words(watch->action),
		       *watch->answer ? ": QEMU says: " : "", watch->answer);
		fflush(stdout);
		return;
	}
	object = json_object_new_object();
	json_object_object_add(object, "time", json_object_new_string(stamp));
	json_object_object_add(object, "vdev", json_object_new_string(watch->guard->vdev));
	json_object_object_add(object, "violations", json_object_new_uint64(record->count));
	json_object_object_add(object, "new", json_object_new_uint64(fresh));
	json_object_object_add(object, "kind", json_object_new_string(record->kind));
	json_object_object_add(object, "address", json_object_new_string(address));
	json_object_object_add(object, "size", json_object_new_uint64(record->size));
	json_object_object_add(object, "policy", json_object_new_string(policy));
	json_object_object_add(object, "action", json_object_new_string(watch->action));
	if (*watch->answer)
		json_object_object_add(object, "answer", json_object_new_string(watch->answer));
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
	fflush(stdout);
	json_object_put(object);
}

/* --- At work ----------------------------------------------------------------------------- */

/* There are new violations. False: the connection is over. */
static bool act(struct watch *watch, const struct record *record)
{
	char policy[16];
	bool good = true;

	read_policy(watch, policy);
	*watch->answer = '\0';
	watch->action = "refused";
	if (!strcmp(policy, "stop")) {
		watch->action = record->stops != watch->last.stops ? "stopped" : "not-stopped";
	} else if (!strcmp(policy, "mce") && now_ms() < watch->next_inject) {
		watch->action = "coalesced";
	} else if (!strcmp(policy, "mce")) {
		good = inject(watch, record);
		watch->next_inject = now_ms() + watch->guard->pause_ms;
		if (!good)
			watch->action = "failed";
	}
	report(watch, record, policy);
	return good;
}

/* Looks whether there are violations. 0, or an exit code; *over: it ends. */
static int look(struct watch *watch, bool *over)
{
	struct record record;
	int code = read_record(watch, &record, over);

	watch->next_look = now_ms() + watch->guard->look_ms;
	if (*over)
		host_note("the vdev %s is gone", watch->guard->vdev);
	if (code || *over || record.count == watch->last.count)
		return code;
	if (!act(watch, &record)) {
		*over = true;
		return ended(watch);
	}
	watch->last = record;
	return TOOL_OK;
}

/* Waits for violations, for QEMU, or until it is time to look whether all is still there. */
static void wait_for_more(struct watch *watch)
{
	const int64_t left = watch->next_look - now_ms();
	struct pollfd pollers[] = {
		{ watch->qmp.socket, POLLIN, 0 },
		{ left > 0 ? -1 : watch->violations, POLLPRI | POLLERR, 0 },
	};

	poll(pollers, 2, left > 0 ? (int)left : watch->guard->idle_ms);
}

static int work(struct watch *watch)
{
	bool over = false;
	int code = read_record(watch, &watch->last, &over);

	if (over)
		host_note("the vdev %s is gone", watch->guard->vdev);
	else if (!code)
		host_note("guards %s, violations so far: %" PRIu64, watch->guard->vdev,
			  watch->last.count);
	while (!code && !over) {
		wait_for_more(watch);
		if (now_ms() >= watch->next_look)
			code = look(watch, &over);
		if (!code && !over && qmp_look(&watch->qmp) != QMP_FINE)
			return ended(watch);
	}
	return code;
}

int guard_run(const struct guard *guard)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int code;

	if (!watch) {
		fputs("vpio guard: out of memory", stderr);
		return TOOL_SYSTEM;
	}
	watch->guard = guard;
	watch->violations = -1;
	watch->qmp.socket = -1;
	code = open_violations(watch);
	if (!code)
		code = connect_vm(watch);
	if (!code && watch->qmp.state == QMP_FINE)
		code = work(watch);
	qmp_close(&watch->qmp);
	if (watch->violations >= 0)
		close(watch->violations);
	free(watch);
	return code;
}

static int run(const struct host_request *request)
{
	struct host_vdev vdev;
	char sys[PATH_MAX];
	const struct guard guard = {
		.vdev = vdev.uuid,
		.monitor = host_value(request, "qmp"),
		.json = host_has(request, "json"),
		.fatal = host_has(request, "fatal"),
		.sys = sys,
		.patience_ms = QMP_PATIENCE_MS,
		.look_ms = LOOK_MS,
		.pause_ms = PAUSE_MS,
		.idle_ms = IDLE_MS,
	};
	int status;

	if (!guard.monitor)
		return host_fail(
			TOOL_USAGE,
			"--qmp and the path of the VM's QMP socket are missing; vpio guard --help "
			"says more");
	snprintf(sys, sizeof(sys), "%s/sys", host_root());
	status = host_vdev_find(&vdev, request->words[0]);
	return status ? status : guard_run(&guard);
}

const struct host_command host_guard = {
	.name = "guard",
	.arguments = "--qmp SOCKET [--json] [--fatal] NAME",
	.what = "watches a vdev for violations; injects a machine check if that is its policy",
	.more = "Writes a line for each violation of the vdev's guest (for those of a second together). If\n"
		"the vdev's policy is mce, a machine check is injected into the VM, at most one in 5 s. Ends\n"
		"when the VM has ended. Needs no other right than that to use SOCKET.",
	.example = "    vpio set web policy=mce\n"
		   "    qemu-system-x86_64 ... -qmp unix:/run/web-guard.qmp,server=on,wait=off &\n"
		   "    vpio guard --qmp /run/web-guard.qmp web",
	.options =
		(const struct host_option[]){
			{ "qmp", "SOCKET", "a QMP monitor of the VM which no other program uses" },
			{ "json", NULL, "JSON lines" },
			{ "fatal", NULL,
			  "the machine check leaves the guest no choice (processor context corrupt)" },
			{ NULL } },
	.least = 1,
	.most = 1,
	.run = run,
};
