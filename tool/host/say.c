// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What the commands for the host say: one line on stderr with what happened, why, and what to do
 * next; and JSON on stdout.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"

static const char *command_name = "";

void host_say_as(const char *command)
{
	command_name = command;
}

static void say(const char *format, va_list list)
{
	fflush(stdout);
	fprintf(stderr, "vpio %s: ", command_name);
	vfprintf(stderr, format, list);
	fputc('\n', stderr);
}

int host_fail(int status, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(format, list);
	va_end(list);
	return status;
}

void host_note(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(format, list);
	va_end(list);
}

int host_fail_errno(int error, const char *next, const char *format, ...)
{
	const char *why = strerror(error);
	int status = TOOL_SYSTEM;
	char what[512];
	va_list list;

	va_start(list, format);
	vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	if ((error == EACCES || error == EPERM) && geteuid()) {
		status = TOOL_BAD_INPUT;
		next = "it needs root: put sudo before it";
	} else if (error == EACCES || error == EPERM) {
		next = "root may not do that here: is this a container, or is the kernel locked "
		       "down (vpio doctor)?";
	} else if (error == ENODEV || error == ENOENT || error == ENXIO) {
		why = "it has vanished";
		next = next ? next : "see whether the card is still there: vpio list";
	} else if (error == EBUSY) {
		status = TOOL_BAD_INPUT;
		why = "it is in use";
		next = next ? next : "shut the VM down that has it (vpio status), and try again";
	} else if (error == EINVAL) {
		status = TOOL_BAD_INPUT;
		next = next ? next : "the kernel's log (dmesg) says what is allowed";
	}
	return host_fail(status, "cannot %s: %s; %s", what, why,
			 next ? next : "the kernel's log (dmesg) may say more");
}

/* --- JSON -------------------------------------------------------------------------------- */

void host_json_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value && *value ? json_object_new_string(value) : NULL);
}

void host_json_number(struct json_object *object, const char *key, u64 value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

int host_print_json(struct json_object *object, bool pretty)
{
	const int flags = JSON_C_TO_STRING_NOSLASHESCAPE |
			  (pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED : 0);

	puts(json_object_to_json_string_ext(object, flags));
	json_object_put(object);
	return host_flushed();
}

void host_clean(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

int host_flushed(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return TOOL_OK;
	if (errno == EPIPE)
		return TOOL_SYSTEM; /* whoever read it knows */
	return host_fail(
		TOOL_SYSTEM,
		"cannot write to standard output: %s; is the disk full, or the reader gone?",
		strerror(errno));
}
