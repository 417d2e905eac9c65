// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio guard, without QEMU and the module: a peer that speaks QMP, one that does not, and one that
 * stops in between; and what the guard does about violations, by the vdev's policy.
 */
#include "host.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../tool/host/guard.h"
#include "../tool/host/qmp.h"

#define VDEV	 "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n"
#define READY	 GREETING "{\"return\": {}, \"id\": 1}\r\n"
#define EVENT \
	"{\"timestamp\": {\"seconds\": 1}, \"event\": \"RTC_CHANGE\", \"data\": {\"id\": 2}}\r\n"

enum {
	PATIENCE_MS = 300, /* for a peer that never answers */
	LENIENT_MS = 20000,
	MOST_COMMANDS = 16,
};

/* --- The protocol ------------------------------------------------------------------------ */

/* A connection to a peer that has said all that it will say. */
struct talk {
	struct qmp *qmp;
	int peer;
};

static void say(int peer, const char *text, size_t length)
{
	assert_int_equal(write(peer, text, length), length);
}

static void say_text(int peer, const char *text)
{
	say(peer, text, strlen(text));
}

static enum qmp_state begin(struct talk *talk, const char *text, bool closes)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	talk->qmp = malloc(sizeof(*talk->qmp));
	assert_non_null(talk->qmp);
	talk->peer = pair[1];
	say_text(talk->peer, text);
	if (closes)
		shutdown(talk->peer, SHUT_WR);
	return qmp_start(talk->qmp, pair[0], PATIENCE_MS);
}

static void finish(struct talk *talk)
{
	qmp_close(talk->qmp);
	close(talk->peer);
	free(talk->qmp);
}

static void test_greeting(void **state)
{
	char sent[256] = "";
	struct talk talk;

	(void)state;
	assert_int_equal(begin(&talk, READY, false), QMP_FINE);
	assert_true(read(talk.peer, sent, sizeof(sent) - 1) > 0);
	assert_string_equal(sent, "{\"execute\":\"qmp_capabilities\",\"id\":1}\n");
	finish(&talk);
}

/* Something else listens there: the user named the wrong socket. */
static void test_no_monitor(void **state)
{
	static const char *const greetings[] = {
		"",
		"QEMU 7.2.22 monitor - type 'help' for more information\r\n(qemu) ",
		"{\"return\": {}, \"id\": 1}\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"{\"QMP\": ",
		"\n",
	};
	struct talk talk;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(greetings); i++) {
		assert_int_equal(begin(&talk, greetings[i], false), QMP_NONE);
		assert_says(talk.qmp->why, "-qmp unix:");
		finish(&talk);
	}
}

static void test_closed(void **state)
{
	struct talk talk;
	char answer[64];

	(void)state;
	assert_int_equal(begin(&talk, "", true), QMP_CLOSED);
	finish(&talk);
	assert_int_equal(begin(&talk, "{\"QMP\"", true), QMP_CLOSED);
	finish(&talk);
	assert_int_equal(begin(&talk, GREETING, true), QMP_CLOSED);
	finish(&talk);
	assert_int_equal(begin(&talk, READY EVENT "{\"return\": \"", true), QMP_FINE);
	assert_false(qmp_human(talk.qmp, "mce", answer, sizeof(answer)));
	assert_int_equal(talk.qmp->state, QMP_CLOSED);
	finish(&talk);
	assert_int_equal(begin(&talk, READY EVENT, true), QMP_FINE);
	assert_int_equal(qmp_look(talk.qmp), QMP_CLOSED);
	finish(&talk);
}

/* What comes instead of an answer, and ends the connection. */
static void test_garbage(void **state)
{
	static const struct {
		const char *text;
		size_t length; /* if it has a 0 */
	} garbage[] = {
		{ "nonsense\n", 0 },
		{ "\n", 0 },
		{ "{}\n", 0 },
		{ "{\n", 0 },
		{ "[1, 2]\n", 0 },
		{ "null\n", 0 },
		{ "7\n", 0 },
		{ "\"event\"\n", 0 },
		{ "\0\0\0\0\n", 5 },
		{ "{\"return\": \"\", \"id\": 2}\0\n", 24 },
		{ "{\"return\": \"\", \"id\": 2} {\"return\": \"\", \"id\": 2}\n", 0 },
		{ "{\"return\": \"\xff\xfe\", \"id\": 2}\n", 0 },
		{ "{\"return\": \"\", \"id\": 3}\n", 0 },
		{ "{\"return\": \"\", \"id\": -2}\n", 0 },
		{ "{\"return\": \"\", \"id\": 18446744073709551618}\n", 0 },
		{ "{\"return\": \"\", \"id\": \"2\"}\n", 0 },
		{ "{\"return\": \"\"}\n", 0 },
		{ "{\"return\": null, \"id\": 2}\n", 0 },
		{ "{\"return\": {}, \"id\": 2}\n", 0 },
		{ "{\"return\": 5, \"id\": 2}\n", 0 },
		{ "{\"id\": 2}\n", 0 },
		{ "{\"error\": \"no\", \"id\": 2}\n", 0 },
		{ "{\"error\": {}, \"id\": 2}\n", 0 },
		{ "{\"error\": {\"desc\": 1}, \"id\": 2}\n", 0 },
		{ "{\"QMP\": {}}\n", 0 },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n", 0 },
	};
	struct talk talk;
	char answer[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(garbage); i++) {
		assert_int_equal(begin(&talk, READY, false), QMP_FINE);
		say(talk.peer, garbage[i].text,
		    garbage[i].length ? garbage[i].length : strlen(garbage[i].text));
		assert_false(qmp_human(talk.qmp, "mce", answer, sizeof(answer)));
		assert_int_equal(talk.qmp->state, QMP_BROKEN);
		assert_true(*talk.qmp->why);
		assert_false(qmp_human(talk.qmp, "mce", answer, sizeof(answer)));
		finish(&talk);
	}
}

/* An answer that nobody asked for. */
static void test_unasked(void **state)
{
	struct talk talk;

	(void)state;
	assert_int_equal(begin(&talk, READY "{\"return\": {}, \"id\": 2}\r\n", false), QMP_FINE);
	assert_int_equal(qmp_look(talk.qmp), QMP_BROKEN);
	finish(&talk);
}

static void test_line_too_long(void **state)
{
	struct talk talk;
	char *line = malloc(QMP_MAX_LINE);

	(void)state;
	assert_non_null(line);
	memset(line, ' ', QMP_MAX_LINE);
	assert_int_equal(begin(&talk, READY, false), QMP_FINE);
	say(talk.peer, line, QMP_MAX_LINE);
	assert_int_equal(qmp_look(talk.qmp), QMP_BROKEN);
	assert_says(talk.qmp->why, "65536 bytes");
	finish(&talk);
	free(line);
}

/* A peer as a process: says a text for ever, or a byte at a time. */
static pid_t start_peer(int peer, const char *text, bool forever)
{
	const size_t length = strlen(text);
	const pid_t child = fork();
	size_t i = 0;

	assert_true(child >= 0);
	if (child)
		return child;
	fcntl(peer, F_SETFL, 0);
	signal(SIGPIPE, SIG_DFL);
	for (; forever || i < length; i++) {
		if (write(peer, forever ? text : text + i, forever ? length : 1) < 0)
			break;
		if (!forever)
			usleep(1000);
	}
	_exit(0);
}

static void end_peer(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void test_pieces(void **state)
{
	char answer[64];
	struct talk talk;
	pid_t child;

	(void)state;
	assert_int_equal(begin(&talk, READY, false), QMP_FINE);
	talk.qmp->patience_ms = LENIENT_MS;
	child = start_peer(talk.peer, EVENT "{\"return\": \"all of it\", \"id\": 2}\r\n" EVENT,
			   false);
	assert_true(qmp_human(talk.qmp, "mce", answer, sizeof(answer)));
	assert_string_equal(answer, "all of it");
	waitpid(child, NULL, 0);
	assert_int_equal(qmp_look(talk.qmp), QMP_FINE);
	finish(&talk);
}

/* Neither silence nor events without an end keep it from giving up; nor from looking. */
static void test_no_answer(void **state)
{
	char answer[64];
	struct talk talk;
	pid_t child;

	(void)state;
	assert_int_equal(begin(&talk, READY, false), QMP_FINE);
	assert_false(qmp_human(talk.qmp, "mce", answer, sizeof(answer)));
	assert_int_equal(talk.qmp->state, QMP_BROKEN);
	finish(&talk);
	assert_int_equal(begin(&talk, READY, false), QMP_FINE);
	child = start_peer(talk.peer, EVENT, true);
	assert_int_equal(qmp_look(talk.qmp), QMP_FINE);
	assert_false(qmp_human(talk.qmp, "mce", answer, sizeof(answer)));
	assert_int_equal(talk.qmp->state, QMP_BROKEN);
	end_peer(child);
	finish(&talk);
}

static void test_human(void **state)
{
	char answer[16];
	struct talk talk;

	(void)state;
	assert_int_equal(begin(&talk,
			       READY EVENT
			       "{\"return\": \"\", \"id\": 2}\n" EVENT
			       "{\"return\": \"\\u001b[31mred\\r\\n\", \"id\": 3}\r\n"
			       "{\"id\": 4, \"error\": {\"class\": \"GenericError\", \"desc\": "
			       "\"no such\\ncommand\"}}\r\n"
			       "{\"return\": \"a text that is longer\", \"id\": 5}\n",
			       false),
			 QMP_FINE);
	assert_true(qmp_human(talk.qmp, "mce", answer, sizeof(answer)));
	assert_string_equal(answer, "");
	assert_true(qmp_human(talk.qmp, "mce", answer, sizeof(answer)));
	assert_string_equal(answer, "?[31mred");
	assert_true(qmp_human(talk.qmp, "mce", answer, sizeof(answer)));
	assert_string_equal(answer, "no such?command");
	assert_true(qmp_human(talk.qmp, "mce", answer, sizeof(answer)));
	assert_string_equal(answer, "a text that is ");
	finish(&talk);
}

/* Devices with and without the property, in both of QEMU's places for them. */
static bool has_device(const char *last, enum qmp_state end)
{
	struct talk talk;
	bool found;

	assert_int_equal(begin(&talk, READY, false), QMP_FINE);
	say_text(talk.peer, "{\"return\": [{\"name\": \"nic\"}, 5, null, {}, {\"name\": 7}, "
			    "{\"name\": \"disk\"}], \"id\": 2}\n"
			    "{\"return\": \"/sys/bus/mdev/devices/other\", \"id\": 3}\n"
			    "{\"error\": {\"desc\": \"no such property\"}, \"id\": 4}\n"
			    "{\"return\": [{\"name\": \"device[0]\"}], \"id\": 5}\n");
	say_text(talk.peer, last);
	found = qmp_has_device(talk.qmp, "sysfsdev", VDEV);
	assert_int_equal(talk.qmp->state, end);
	finish(&talk);
	return found;
}

static void test_devices(void **state)
{
	(void)state;
	assert_true(has_device("{\"return\": \"/sys/x/" VDEV "\", \"id\": 6}\n", QMP_FINE));
	assert_false(has_device("{\"return\": \"/sys/x/" VDEV "0\", \"id\": 6}\n", QMP_FINE));
	assert_false(has_device("{\"return\": \"/sys/x/" VDEV "/\", \"id\": 6}\n", QMP_FINE));
	assert_false(has_device("{\"return\": \"\", \"id\": 6}\n", QMP_FINE));
	assert_false(has_device("{\"return\": 7, \"id\": 6}\n", QMP_FINE));
	assert_false(has_device("", QMP_BROKEN)); /* no answer any more */
}

/* --- A guard at work --------------------------------------------------------------------- */

/* A VM that answers as QEMU does; and its vdev, which it lets violate until it is over. */
struct vm {
	void **state;
	const char *device;   /* what its device's sysfsdev is */
	const char *answer;   /* to mce */
	const char *policy;   /* of its vdev */
	const char *record;   /* of the violations, with a place for their count */
	const char *farewell; /* what it says at the end */
	unsigned int rounds;  /* of violations that it causes, at least */
	bool has_broadcast;
	char commands[MOST_COMMANDS][128]; /* mce, as it was asked for */
	unsigned int count;
	int listener;
	pthread_t thread;
};

static void vdev_file(void **state, const char *name, const char *text)
{
	char path[256];
	int file;

	snprintf(path, sizeof(path), "%s/bus/mdev/devices/" VDEV "/vpio/%s", (const char *)*state,
		 name);
	file = open(path, O_WRONLY | O_CREAT, 0600); /* in place: the guard has it open */
	if (file < 0 || write(file, text, strlen(text)) < 0)
		abort();
	close(file);
}

/* The answer to a command of the human monitor. */
static const char *obey(struct vm *vm, const char *line)
{
	const char *command = strstr(line, "\"command-line\":\"");

	if (!command || vm->count == MOST_COMMANDS)
		abort();
	command += strlen("\"command-line\":\"");
	snprintf(vm->commands[vm->count++], sizeof(vm->commands[0]), "%.*s",
		 (int)strcspn(command, "\""), command);
	if (strstr(command, "mce -b") == command && !vm->has_broadcast)
		return "Guest CPU does not support MCA broadcast\\r\\n";
	return vm->answer;
}

static void answer_line(struct vm *vm, int peer, const char *line)
{
	const char *id = strstr(line, "\"id\":");
	char text[1024];

	if (!id)
		abort();
	if (strstr(line, "\"qom-list\""))
		snprintf(text, sizeof(text),
			 "{\"return\": [{\"name\": \"device[0]\"}], \"id\": %d}\r\n", atoi(id + 5));
	else if (strstr(line, "\"qom-get\""))
		snprintf(text, sizeof(text),
			 "{\"return\": \"/sys/bus/mdev/devices/%s\", \"id\": %d}\r\n", vm->device,
			 atoi(id + 5));
	else if (strstr(line, "\"human-monitor-command\""))
		snprintf(text, sizeof(text), EVENT "{\"return\": \"%s\", \"id\": %d}\r\n",
			 obey(vm, line), atoi(id + 5));
	else
		snprintf(text, sizeof(text), "{\"return\": {}, \"id\": %d}\r\n", atoi(id + 5));
	if (send(peer, text, strlen(text), MSG_NOSIGNAL) < 0)
		abort();
}

/* Answers what is asked within some ms. */
static void answer_for(struct vm *vm, int peer, FILE *lines, int ms)
{
	struct timeval limit = { ms / 1000, ms % 1000 * 1000 };
	char line[1024];

	setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	while (fgets(line, sizeof(line), lines))
		answer_line(vm, peer, line);
	clearerr(lines);
}

static void *play(void *opaque)
{
	struct vm *vm = opaque;
	const int peer = accept(vm->listener, NULL, NULL);
	FILE *lines = fdopen(peer, "r");
	char record[256];
	unsigned int round;

	if (!lines || send(peer, GREETING, strlen(GREETING), MSG_NOSIGNAL) < 0)
		abort();
	for (round = 0; round < vm->rounds; round++) {
		answer_for(vm, peer, lines, 200);
		snprintf(record, sizeof(record), vm->record, 100 + round, 200 + round);
		vdev_file(vm->state, "violations", record);
	}
	answer_for(vm, peer, lines, 500);
	if (*vm->farewell)
		send(peer, vm->farewell, strlen(vm->farewell), MSG_NOSIGNAL);
	fclose(lines);
	return NULL;
}

/* Guards a vdev of a VM until that ends. */
static struct said guard_with(struct vm *vm, bool json, bool fatal)
{
	const struct guard guard = {
		.vdev = VDEV,
		.monitor = path_in(vm->state, "qmp"),
		.json = json,
		.fatal = fatal,
		.sys = *vm->state,
		.patience_ms = LENIENT_MS,
		.look_ms = 10,
		.pause_ms = 1000000,
		.idle_ms = 20, /* files that are not sysfs's wake nobody */
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	FILE *out = tmpfile(), *errors = tmpfile();
	struct said said;
	int handles[2];
	char command[512];

	snprintf(command, sizeof(command), "mkdir -p '%s/bus/mdev/devices/" VDEV "/vpio'",
		 (const char *)*vm->state);
	assert_int_equal(system(command), 0);
	vdev_file(vm->state, "violations", "count 7\nstops 0\nkind deny\naddress 0x50\nsize 0\n");
	vdev_file(vm->state, "policy", vm->policy);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", guard.monitor);
	vm->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(vm->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(vm->listener, 1), 0);
	assert_int_equal(pthread_create(&vm->thread, NULL, play, vm), 0);
	handles[0] = said_divert(stdout, out);
	handles[1] = said_divert(stderr, errors);
	said.code = guard_run(&guard);
	said_return(stdout, handles[0]);
	said_return(stderr, handles[1]);
	said.out = said_text(out);
	said.errors = said_text(errors);
	pthread_join(vm->thread, NULL);
	close(vm->listener);
	return said;
}

#define MEMORY_RECORD "count %u\nstops 0\nkind memory\naddress 0x40001000\nsize 100\nnews 5\n"

static struct vm new_vm(void **state)
{
	return (struct vm){ .state = state,
			    .device = VDEV,
			    .answer = "",
			    .policy = "mce\n",
			    .record = MEMORY_RECORD,
			    .farewell = "",
			    .rounds = 3,
			    .has_broadcast = true };
}

static void test_mce(void **state)
{
	struct vm vm = new_vm(state);
	struct said said = guard_with(&vm, false, false);

	assert_int_equal(said.code, TOOL_OK);
	assert_int_equal(vm.count, 1); /* a storm of violations is one machine check */
	assert_string_equal(vm.commands[0], "mce -b 0 5 0xbd00000000000e0b 0x5 0x40001000 0x8c");
	assert_says(said.errors, "guards " VDEV ", violations so far: ");
	assert_says(said.out,
		    "memory at 0x40001000 size 100; policy mce: a machine check is injected\n");
	assert_says(said.out, "no further machine check yet");
	assert_says(said.errors, "the VM has ended");
	said_free(&said);
}

/* A register that is denied has no address of memory; and the machine check may be fatal. */
static void test_mce_register(void **state)
{
	struct vm vm = new_vm(state);
	struct said said;

	vm.record = "count %u\nstops 0\nkind deny\naddress 0x50\nsize 0\n";
	vm.has_broadcast = false;
	said = guard_with(&vm, true, true);
	assert_int_equal(said.code, TOOL_OK);
	assert_int_equal(vm.count, 2);
	assert_string_equal(vm.commands[0], "mce -b 0 5 0xb300000000000e0b 0x5 0x0 0x0");
	assert_string_equal(vm.commands[1], "mce 0 5 0xb300000000000e0b 0x5 0x0 0x0");
	assert_says(said.out,
		    "\"kind\":\"deny\",\"address\":\"0x50\",\"size\":0,\"policy\":\"mce\","
		    "\"action\":\"injected\"}\n");
	said_free(&said);
}

static void test_mce_refused(void **state)
{
	struct vm vm = new_vm(state);
	struct said said;

	vm.answer = "Invalid MCE bank number\\r\\n";
	said = guard_with(&vm, true, false);
	assert_int_equal(said.code, TOOL_OK);
	assert_says(said.out, "\"action\":\"failed\",\"answer\":\"Invalid MCE bank number\"}\n");
	said_free(&said);
}

static void test_deny(void **state)
{
	struct vm vm = new_vm(state);
	struct said said;

	vm.policy = "deny\n";
	said = guard_with(&vm, false, false);
	assert_int_equal(said.code, TOOL_OK);
	assert_int_equal(vm.count, 0);
	assert_says(said.out, "memory at 0x40001000 size 100; policy deny: refused\n");
	said_free(&said);
}

static void test_stop(void **state)
{
	struct vm vm = new_vm(state);
	struct said said;

	vm.policy = "stop\n";
	vm.record = "count %u\nstops %u\nkind memory\naddress 0x1\nsize 1\n";
	said = guard_with(&vm, true, false);
	assert_int_equal(said.code, TOOL_OK);
	assert_int_equal(vm.count, 0);
	assert_says(said.out, "\"action\":\"stopped\"");
	assert_silent_of(said.out, "not-stopped");
	said_free(&said);
}

static void test_stop_unheard(void **state)
{
	struct vm vm = new_vm(state);
	struct said said;

	vm.policy = "stop\n";
	said = guard_with(&vm, true, false);
	assert_int_equal(said.code, TOOL_OK);
	assert_says(said.out, "\"action\":\"not-stopped\"");
	said_free(&said);
}

static void test_other_vm(void **state)
{
	struct vm vm = new_vm(state);
	struct said said;

	vm.device = UUID_B;
	vm.rounds = 0;
	said = guard_with(&vm, false, false);
	assert_int_equal(said.code, TOOL_BAD_INPUT);
	assert_says(said.errors, "does not have the vdev " VDEV);
	said_free(&said);
}

static void test_vm_speaks_garbage(void **state)
{
	struct vm vm = new_vm(state);
	struct said said;

	vm.farewell = "\x1b]0;owned\a{]\n";
	said = guard_with(&vm, false, false);
	assert_int_equal(said.code, TOOL_SYSTEM);
	assert_says(said.errors, "found \"?]0;owned?{]\"; " VDEV " is not guarded until");
	said_free(&said);
}

static void test_strange_record(void **state)
{
	struct vm vm = new_vm(state);
	struct said said;

	vm.record = "count many %u\nstops 0\nkind memory\naddress 0x40001000\nsize 100\n";
	said = guard_with(&vm, false, false);
	assert_int_equal(said.code, TOOL_SYSTEM);
	assert_int_equal(vm.count, 0);
	assert_says(said.errors, "expected lines as \"count 0\"");
	said_free(&said);
}

static void test_wrong_words(void **state)
{
	(void)state;
	assert_vpio("guard", TOOL_USAGE, "something is missing");
	assert_vpio("guard web", TOOL_USAGE, "--qmp");
	assert_vpio("guard --qmp", TOOL_USAGE, "a value is missing");
	assert_vpio("guard --qmp /x", TOOL_USAGE, "something is missing");
	assert_vpio("guard --loud --qmp /x web", TOOL_USAGE, "there is no option");
	assert_vpio("guard --help", TOOL_OK, "Example\n");
	assert_vpio("guard --qmp /x nobody", TOOL_BAD_INPUT, "there is no vdev");
	assert_vpio("guard --qmp /x ../../../../etc", TOOL_BAD_INPUT, "there is no vdev");
	assert_vpio("guard --qmp /x web", TOOL_BAD_INPUT, UUID_A "/vpio/violations: No such file");
	write_text(in_host("/sys/bus/mdev/devices/" UUID_A "/vpio/violations"), "count 0\n");
	assert_vpio("guard --qmp /no/such/socket web", TOOL_BAD_INPUT,
		    "/no/such/socket: No such file or directory: start QEMU with -qmp unix:");
	assert_vpio("guard --qmp /dev/null web", TOOL_BAD_INPUT, "Connection refused");
	assert_vpio("guard --qmp /123456789012345678901234567890123456789012345678901234567890"
		    "12345678901234567890123456789012345678901234567890 web",
		    TOOL_BAD_INPUT, "less than 108 bytes");
}

#define WITH_DIRECTORY(name) \
	cmocka_unit_test_setup_teardown(test_##name, directory_setup, directory_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_no_monitor),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_line_too_long),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_human),
		cmocka_unit_test(test_devices),
		WITH_DIRECTORY(mce),
		WITH_DIRECTORY(mce_register),
		WITH_DIRECTORY(mce_refused),
		WITH_DIRECTORY(deny),
		WITH_DIRECTORY(stop),
		WITH_DIRECTORY(stop_unheard),
		WITH_DIRECTORY(other_vm),
		WITH_DIRECTORY(vm_speaks_garbage),
		WITH_DIRECTORY(strange_record),
		cmocka_unit_test_setup_teardown(test_wrong_words, vdevs_setup, host_teardown),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
