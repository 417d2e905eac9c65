/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * commands.h - commands run within a test, with what they said; files for them.
 */
#ifndef VPIO_TESTS_COMMANDS_H
#define VPIO_TESTS_COMMANDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "../tool/tool.h"

enum {
	SAID_MOST = 1 << 20, /* bytes that a command may say */
	SAID_ARGUMENTS = 24,
};

/* What a command said. */
struct said {
	int code;
	char *out, *errors;
};

/* All of a file, from its start; the caller frees it. */
static inline char *said_text(FILE *file)
{
	char *text = calloc(1, SAID_MOST + 1);

	assert_non_null(text);
	rewind(file);
	assert_true(fread(text, 1, SAID_MOST, file) < SAID_MOST);
	fclose(file);
	return text;
}

/* Makes a stream go to a temporary file; returns the handle that it had. */
static inline int said_divert(FILE *stream, FILE *file)
{
	int handle;

	fflush(stream);
	handle = dup(fileno(stream));
	assert_true(handle >= 0);
	assert_true(dup2(fileno(file), fileno(stream)) >= 0);
	return handle;
}

static inline void said_return(FILE *stream, int handle)
{
	fflush(stream);
	assert_true(dup2(handle, fileno(stream)) >= 0);
	close(handle);
}

/* Runs something that takes arguments as a command does. */
static inline struct said said_of(int (*run)(int count, char **arguments), int count,
				  char **arguments)
{
	FILE *out = tmpfile(), *errors = tmpfile();
	struct said said;
	int handles[2];

	assert_non_null(out);
	assert_non_null(errors);
	handles[0] = said_divert(stdout, out);
	handles[1] = said_divert(stderr, errors);
	said.code = run(count, arguments);
	said_return(stdout, handles[0]);
	said_return(stderr, handles[1]);
	said.out = said_text(out);
	said.errors = said_text(errors);
	return said;
}

/* Arguments that end with NULL. */
static inline int said_arguments(char *arguments[SAID_ARGUMENTS], va_list list)
{
	int count = 0;

	while (count < SAID_ARGUMENTS && (arguments[count] = va_arg(list, char *)))
		count++;
	assert_true(count < SAID_ARGUMENTS);
	return count;
}

/* Runs `vpio model NAME ARGUMENT...`, which ends with NULL. */
static inline struct said said_by(const char *name, ...)
{
	const struct tool_command *command = tool_model_commands;
	char *arguments[SAID_ARGUMENTS] = { NULL };
	va_list list;
	int count;

	va_start(list, name);
	count = said_arguments(arguments, list);
	va_end(list);
	while (command->name && strcmp(command->name, name))
		command++;
	assert_non_null(command->name);
	return said_of(command->run, count, arguments);
}

static inline void said_free(struct said *said)
{
	free(said->out);
	free(said->errors);
}

/* That a text is there; shows where it should be, if not. */
static inline void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("expected \"%s\" in:\n%s", part, text);
}

static inline void assert_silent_of(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("expected no \"%s\" in:\n%s", part, text);
}

/* Makes a file of a text. */
static inline void write_text(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* A temporary directory for a test; *state is its path. */
static inline int directory_setup(void **state)
{
	char template[] = "/tmp/vpio-test.XXXXXX";

	if (!mkdtemp(template))
		return -1;
	*state = strdup(template);
	return *state ? 0 : -1;
}

static inline int directory_teardown(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", (const char *)*state);
	free(*state);
	return system(command);
}

/* The path of a file in the test's directory. */
static inline const char *path_in(void **state, const char *name)
{
	static char paths[4][256];
	static unsigned int next;
	char *path = paths[next++ % ARRAY_SIZE(paths)];

	snprintf(path, sizeof(paths[0]), "%s/%s", (const char *)*state, name);
	return path;
}

#endif /* VPIO_TESTS_COMMANDS_H */
