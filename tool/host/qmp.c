// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * QEMU's machine protocol (QMP): connects, sends commands, takes answers, passes over events. What
 * the peer sends is hostile until it is parsed.
 */
#define _GNU_SOURCE /* asprintf */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "qmp.h"

enum {
	SHOWN = 80,	     /* bytes of the peer's that a message shows */
	MOST_DEVICES = 4096, /* that are looked at */
	MOST_READS = 16,     /* of one look */
	GREETING = 3, /* the greeting has this part of an answer's time: it is sent at once */
};

static const char *const containers[] = { "/machine/peripheral", "/machine/peripheral-anon" };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/* It is over. */
static enum qmp_state __attribute__((format(printf, 3, 4)))
end(struct qmp *qmp, enum qmp_state state, const char *format, ...)
{
	va_list list;

	if (qmp->state != QMP_FINE)
		return qmp->state;
	qmp->state = state;
	va_start(list, format);
	vsnprintf(qmp->why, sizeof(qmp->why), format, list);
	va_end(list);
	return state;
}

void qmp_printable(char *to, size_t size, const char *from, size_t length)
{
	size_t i;

	while (length && strchr("\r\n", from[length - 1]))
		length--;
	for (i = 0; i < length && i + 1 < size; i++)
		to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
	to[i] = '\0';
}

/* --- Messages ---------------------------------------------------------------------------- */

/* Waits until the socket can be read or written. */
static bool await(struct qmp *qmp, short events, int64_t deadline)
{
	struct pollfd poller = { qmp->socket, events, 0 };
	int64_t left;
	int ret;

	do {
		left = deadline - now_ms();
		ret = poll(&poller, 1, left > 0 ? (int)left : 0);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		end(qmp, QMP_BROKEN, "cannot wait for QEMU: %s", strerror(errno));
	else if (!ret)
		end(qmp, QMP_BROKEN, "QEMU does not answer");
	return qmp->state == QMP_FINE;
}

static bool is_closing(int error)
{
	return error == EPIPE || error == ECONNRESET;
}

/* Receives more. True: something has come, or it is over. False: there is nothing at the moment. */
static bool receive(struct qmp *qmp)
{
	ssize_t got;

	if (qmp->length == sizeof(qmp->buffer)) {
		end(qmp, QMP_BROKEN, "a message of over %d bytes", QMP_MAX_LINE);
		return true;
	}
	do {
		got = recv(qmp->socket, qmp->buffer + qmp->length,
			   sizeof(qmp->buffer) - qmp->length, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (!got || (got < 0 && is_closing(errno)))
		end(qmp, QMP_CLOSED, "the VM has ended");
	else if (got < 0)
		end(qmp, QMP_BROKEN, "cannot read from QEMU: %s", strerror(errno));
	else
		qmp->length += (size_t)got;
	return true;
}

static struct json_object *parse(struct qmp *qmp, const char *line, size_t length)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *object;
	char shown[SHOWN];

	if (!tokener) {
		end(qmp, QMP_BROKEN, "out of memory");
		return NULL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, line, (int)length);
	if (object && (!json_object_is_type(object, json_type_object) ||
		       json_tokener_get_parse_end(tokener) != length)) {
		json_object_put(object);
		object = NULL;
	}
	json_tokener_free(tokener);
	if (object)
		return object;
	qmp_printable(shown, sizeof(shown), line, length);
	end(qmp, QMP_BROKEN, "expected a message of QMP, found \"%s\"", shown);
	return NULL;
}

/* The next message of those received; NULL if there is no whole one. */
static struct json_object *take(struct qmp *qmp)
{
	const char *feed = memchr(qmp->buffer, '\n', qmp->length);
	struct json_object *object;
	size_t length;

	if (!feed || qmp->state != QMP_FINE)
		return NULL;
	length = (size_t)(feed - qmp->buffer);
	object = parse(qmp, qmp->buffer, length && feed[-1] == '\r' ? length - 1 : length);
	qmp->length -= length + 1;
	memmove(qmp->buffer, feed + 1, qmp->length);
	return object;
}

/* The next message that is no event; NULL: it is over. */
static struct json_object *await_message(struct qmp *qmp, int64_t deadline)
{
	struct json_object *object;

	while (qmp->state == QMP_FINE) {
		object = take(qmp);
		if (object && !json_object_object_get_ex(object, "event", NULL))
			return object;
		if (object)
			json_object_put(object);
		else if (qmp->state == QMP_FINE && !receive(qmp))
			await(qmp, POLLIN, deadline);
		if (now_ms() > deadline) /* a peer that has always something else to say */
			end(qmp, QMP_BROKEN, "QEMU does not answer");
	}
	return NULL;
}

static void transmit(struct qmp *qmp, const char *text, int64_t deadline)
{
	size_t left = strlen(text);
	ssize_t sent;

	while (left && qmp->state == QMP_FINE) {
		sent = send(qmp->socket, text, left, MSG_NOSIGNAL);
		if (sent >= 0) {
			text += sent;
			left -= (size_t)sent;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			await(qmp, POLLOUT, deadline);
		} else if (is_closing(errno)) {
			end(qmp, QMP_CLOSED, "the VM has ended");
		} else if (errno != EINTR) {
			end(qmp, QMP_BROKEN, "cannot write to QEMU: %s", strerror(errno));
		}
	}
}

enum qmp_state qmp_look(struct qmp *qmp)
{
	struct json_object *object;
	unsigned int reads = 0;

	while (qmp->state == QMP_FINE) {
		object = take(qmp);
		if (object && !json_object_object_get_ex(object, "event", NULL))
			end(qmp, QMP_BROKEN, "an answer to no command");
		if (object)
			json_object_put(object);
		else if (qmp->state == QMP_FINE && (reads++ == MOST_READS || !receive(qmp)))
			break;
	}
	return qmp->state;
}

/* --- Commands ---------------------------------------------------------------------------- */

static bool has_id(const struct json_object *answer, u64 id)
{
	struct json_object *member;

	return json_object_object_get_ex(answer, "id", &member) &&
	       json_object_is_type(member, json_type_int) && json_object_get_uint64(member) == id;
}

/* What an answer that is an error says. */
static bool take_error(const struct json_object *answer, char error[256])
{
	struct json_object *member, *text = NULL;

	if (!json_object_object_get_ex(answer, "error", &member) ||
	    !json_object_is_type(member, json_type_object) ||
	    !json_object_object_get_ex(member, "desc", &text) ||
	    !json_object_is_type(text, json_type_string))
		return false;
	qmp_printable(error, 256, json_object_get_string(text),
		      (size_t)json_object_get_string_len(text));
	return true;
}

struct json_object *qmp_execute(struct qmp *qmp, const char *command, struct json_object *arguments,
				char error[256])
{
	const int64_t deadline = now_ms() + qmp->patience_ms;
	struct json_object *message = json_object_new_object(), *answer, *result = NULL;
	char *line = NULL;

	*error = '\0';
	json_object_object_add(message, "execute", json_object_new_string(command));
	if (arguments)
		json_object_object_add(message, "arguments", arguments);
	json_object_object_add(message, "id", json_object_new_uint64(++qmp->id));
	if (asprintf(&line, "%s\n",
		     json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN)) < 0)
		end(qmp, QMP_BROKEN, "out of memory");
	else
		transmit(qmp, line, deadline);
	free(line);
	json_object_put(message);
	answer = await_message(qmp, deadline);
	if (!answer)
		return NULL;
	if (!has_id(answer, qmp->id))
		end(qmp, QMP_BROKEN, "an answer to another command than %s", command);
	else if (json_object_object_get_ex(answer, "return", &result))
		json_object_get(result);
	else if (!take_error(answer, error))
		end(qmp, QMP_BROKEN, "an answer to %s that is neither a result nor an error",
		    command);
	json_object_put(answer);
	return result;
}

bool qmp_human(struct qmp *qmp, const char *command, char *answer, size_t size)
{
	struct json_object *arguments = json_object_new_object(), *text;
	char error[256];

	*answer = '\0';
	json_object_object_add(arguments, "command-line", json_object_new_string(command));
	text = qmp_execute(qmp, "human-monitor-command", arguments, error);
	if (json_object_is_type(text, json_type_string))
		qmp_printable(answer, size, json_object_get_string(text),
			      (size_t)json_object_get_string_len(text));
	else if (*error)
		snprintf(answer, size, "%s", error);
	else
		end(qmp, QMP_BROKEN, "an answer to human-monitor-command that is no text");
	json_object_put(text);
	return qmp->state == QMP_FINE;
}

/* A property of an object of the VM; NULL: it has none, or it is over. */
static struct json_object *get_property(struct qmp *qmp, const char *path, const char *property)
{
	struct json_object *arguments = json_object_new_object();
	char error[256];

	json_object_object_add(arguments, "path", json_object_new_string(path));
	json_object_object_add(arguments, "property", json_object_new_string(property));
	return qmp_execute(qmp, "qom-get", arguments, error);
}

static bool has_value(struct qmp *qmp, const char *container, const struct json_object *device,
		      const char *property, const char *value)
{
	struct json_object *name, *found = NULL;
	const char *text, *slash;
	char *path = NULL;
	bool same;

	if (!json_object_object_get_ex(device, "name", &name) ||
	    !json_object_is_type(name, json_type_string) ||
	    asprintf(&path, "%s/%s", container, json_object_get_string(name)) < 0)
		return false;
	found = get_property(qmp, path, property);
	free(path);
	text = json_object_is_type(found, json_type_string) ? json_object_get_string(found) : "";
	slash = strrchr(text, '/');
	same = !strcasecmp(slash ? slash + 1 : text, value);
	json_object_put(found);
	return same;
}

bool qmp_has_device(struct qmp *qmp, const char *property, const char *value)
{
	struct json_object *arguments, *devices;
	char error[256];
	bool found = false;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(containers) && !found && qmp->state == QMP_FINE; i++) {
		arguments = json_object_new_object();
		json_object_object_add(arguments, "path", json_object_new_string(containers[i]));
		devices = qmp_execute(qmp, "qom-list", arguments, error);
		if (json_object_is_type(devices, json_type_array)) {
			for (j = 0; j < json_object_array_length(devices) && j < MOST_DEVICES &&
				    !found && qmp->state == QMP_FINE;
			     j++)
				found = has_value(qmp, containers[i],
						  json_object_array_get_idx(devices, j), property,
						  value);
		}
		json_object_put(devices);
	}
	return found && qmp->state == QMP_FINE;
}

/* --- The connection ---------------------------------------------------------------------- */

static void begin(struct qmp *qmp, int patience_ms)
{
	*qmp = (struct qmp){ .socket = -1, .patience_ms = patience_ms };
}

/* What a peer says that is no QMP monitor: it is the user who named it. */
static enum qmp_state no_monitor(struct qmp *qmp)
{
	char why[sizeof(qmp->why) / 2];

	if (qmp->state == QMP_CLOSED)
		return qmp->state;
	snprintf(why, sizeof(why), "%.255s", qmp->why);
	qmp->state = QMP_FINE;
	return end(
		qmp, QMP_NONE,
		"no QMP monitor of its own: %s. QMP serves one program at a time: start QEMU with "
		"-qmp unix:PATH,server=on,wait=off for this one",
		why);
}

enum qmp_state qmp_start(struct qmp *qmp, int socket, int patience_ms)
{
	struct json_object *greeting, *result;
	char error[256];

	begin(qmp, patience_ms);
	qmp->socket = socket;
	greeting = await_message(qmp, now_ms() + patience_ms / GREETING);
	if (!greeting)
		return no_monitor(qmp);
	if (!json_object_object_get_ex(greeting, "QMP", NULL)) {
		json_object_put(greeting);
		end(qmp, QMP_BROKEN, "it does not greet");
		return no_monitor(qmp);
	}
	json_object_put(greeting);
	result = qmp_execute(qmp, "qmp_capabilities", NULL, error);
	json_object_put(result);
	if (*error)
		end(qmp, QMP_BROKEN, "QEMU refuses qmp_capabilities: %s", error);
	return qmp->state;
}

enum qmp_state qmp_open(struct qmp *qmp, const char *path, int patience_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int handle, error;

	begin(qmp, patience_ms);
	if (strlen(path) >= sizeof(address.sun_path))
		return end(qmp, QMP_NONE, "a socket's path has less than %zu bytes",
			   sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (handle < 0)
		return end(qmp, QMP_BROKEN, "no socket to be had: %s", strerror(errno));
	if (connect(handle, (struct sockaddr *)&address, sizeof(address))) {
		error = errno;
		close(handle);
		return end(qmp, QMP_NONE,
			   "%s: start QEMU with -qmp unix:%.100s,server=on,wait=off, and this as a "
			   "user who may use it",
			   strerror(error), path);
	}
	return qmp_start(qmp, handle, patience_ms);
}

void qmp_close(struct qmp *qmp)
{
	if (qmp->socket >= 0)
		close(qmp->socket);
	qmp->socket = -1;
}
