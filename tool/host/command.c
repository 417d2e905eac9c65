// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What a command for the host takes: options and words, its --help, and what is said of wrong ones.
 */
#include <errno.h>
#include <stdlib.h>

#include "host.h"

extern const struct host_command host_doctor, host_list, host_bind, host_unbind, host_restore,
	host_add, host_remove, host_set, host_attach, host_status, host_top, host_trace, host_stats,
	host_guard;

const struct host_command *const host_commands[] = {
	&host_doctor, &host_list,   &host_bind,	 &host_unbind, &host_restore,
	&host_add,    &host_remove, &host_set,	 &host_attach, &host_status,
	&host_top,    &host_trace,  &host_stats, &host_guard,  NULL,
};

static int usage(const struct host_command *command, const char *what, const char *word)
{
	return host_fail(TOOL_USAGE, "%s%s%s; usage: vpio %s %s (vpio %s --help says more)", what,
			 word ? " " : "", word ? word : "", command->name, command->arguments,
			 command->name);
}

static void print_help(const struct host_command *command)
{
	const struct host_option *option;
	char left[64];

	printf("usage: vpio %s %s\n\n%s\n", command->name, command->arguments, command->what);
	if (command->more)
		printf("\n%s\n", command->more);
	puts("\nOptions");
	for (option = command->options; option->name; option++) {
		snprintf(left, sizeof(left), "--%s%s%s", option->name, option->value ? " " : "",
			 option->value ? option->value : "");
		printf("  %-22s %s\n", left, option->what);
	}
	printf("  %-22s %s\n", "--help", "this text");
	printf("\nExample\n%s\n", command->example);
	if (!strcmp(command->name, "doctor"))
		puts("\nExit status: 0 nothing is in the way, 1 there are warnings, 2 wrong usage, 3 something is in the way.");
	else
		puts("\nExit status: 0 done, 1 what was asked for cannot be, 2 wrong usage, 3 the system failed.");
}

static const struct host_option *find_option(const struct host_command *command, const char *word,
					     size_t length)
{
	const struct host_option *option;

	for (option = command->options; option->name; option++) {
		if (strlen(option->name) == length && !memcmp(option->name, word, length))
			return option;
	}
	return NULL;
}

/* Takes one option: how many arguments it was, or a negative exit status. */
static int take_option(struct host_request *request, int left, char **arguments)
{
	const struct host_command *command = request->command;
	const char *word = arguments[0] + 2, *equals = strchr(word, '=');
	const struct host_option *option =
		find_option(command, word, equals ? (size_t)(equals - word) : strlen(word));
	const char *value = equals ? equals + 1 : NULL;
	int used = 1;

	if (!option)
		return -usage(command, "there is no option", arguments[0]);
	if (!option->value && value)
		return -usage(command, "nothing is to follow the option", arguments[0]);
	if (option->value && !value) {
		if (left < 2)
			return -usage(command, "a value is missing behind", arguments[0]);
		value = arguments[1];
		used = 2;
	}
	if (request->options == HOST_MOST_OPTIONS)
		return -usage(command, "too many options", NULL);
	request->given[request->options].name = option->name;
	request->given[request->options++].value = value ? value : "";
	return used;
}

int host_run(const struct host_command *command, int count, char **arguments)
{
	struct host_request request = { .command = command };
	bool only_words = false;
	int i, used, status;

	host_say_as(command->name);
	for (i = 0; i < count; i += used) {
		used = 1;
		if (!only_words &&
		    (!strcmp(arguments[i], "--help") || !strcmp(arguments[i], "-h"))) {
			print_help(command);
			return host_flushed();
		}
		if (!only_words && !strcmp(arguments[i], "--")) {
			only_words = true;
		} else if (!only_words && arguments[i][0] == '-' && arguments[i][1] == '-') {
			used = take_option(&request, count - i, arguments + i);
			if (used < 0)
				return -used;
		} else if (!only_words && arguments[i][0] == '-' && arguments[i][1]) {
			return usage(command, "there is no option", arguments[i]);
		} else if (request.count == command->most || request.count == HOST_MOST_WORDS) {
			return usage(command, "there is too much:", arguments[i]);
		} else {
			request.words[request.count++] = arguments[i];
		}
	}
	if (request.count < command->least)
		return usage(command, "something is missing", NULL);
	if (!command->changes)
		return command->run(&request);
	host_lock();
	status = command->run(&request);
	host_unlock();
	return status;
}

bool host_has(const struct host_request *request, const char *option)
{
	return host_value(request, option) != NULL;
}

const char *host_value(const struct host_request *request, const char *option)
{
	const char *value = NULL;
	unsigned int i;

	for (i = 0; i < request->options; i++) {
		if (!strcmp(request->given[i].name, option))
			value = request->given[i].value;
	}
	return value;
}

int host_number(const struct host_request *request, const char *option, unsigned long most,
		unsigned long *number)
{
	const char *value = host_value(request, option);
	char *end;

	if (!value)
		return TOOL_OK;
	errno = 0;
	*number = strtoul(value, &end, 10);
	if (!*value || *value == '-' || *end || errno || !*number || *number > most)
		return host_fail(TOOL_BAD_INPUT, "--%s takes a number from 1 to %lu, not '%s'",
				 option, most, value);
	return TOOL_OK;
}
