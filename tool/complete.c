// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What a word of a command line could be, for the shell: commands, options, devices, vdevs. All of
 * it is what --help says, and what this host has; a command that is added is completed without a
 * line here.
 */
#include <ctype.h>
#include <stdlib.h>

#include "host/host.h"

enum { WORD = 32 };

/* A command of any kind. */
struct command {
	const char *name, *arguments;
	const struct host_command *host; /* or NULL: the options are in the arguments */
};

static void offer(const char *word, const char *begin)
{
	if (!strncmp(word, begin, strlen(begin)))
		puts(word);
}

/* The words of "a|b" or "[--a | --b]", one after the other; false at the end. */
static bool next_word(const char **text, char word[WORD])
{
	size_t length;

	*text += strspn(*text, " []|");
	length = strcspn(*text, " []|");
	if (!length)
		return false;
	snprintf(word, WORD, "%.*s", (int)length, *text);
	*text += length;
	return true;
}

/* Whether an option takes a value, by what follows: "[-o OUT]" does, "[--json] FILE" does not. */
static bool takes_value(const char *rest)
{
	return rest[0] == ' ' && isupper((unsigned char)rest[1]);
}

/* The words that are no options, in their order; the last one for all that follow. */
static void positional(const struct command *command, unsigned int index, char kind[WORD])
{
	const char *text = command->arguments;
	bool is_value = false;
	char word[WORD];

	*kind = 0;
	while (next_word(&text, word)) {
		if (!strcmp(word, "--"))
			return;
		if (*word == '-') {
			is_value = takes_value(text);
			continue;
		}
		if (is_value) {
			is_value = false;
			continue;
		}
		snprintf(kind, WORD, "%s", word);
		if (!index--)
			return;
	}
}

static void offer_device(const struct host_device *device, const char *command, const char *begin)
{
	const bool is_short = *begin && strncmp(device->address, begin, strlen(begin));
	const bool fits = !strcmp(command, "bind") ? device->is_known && !device->is_bound
			  : !strcmp(command, "add") || !strcmp(command, "unbind")
				  ? device->is_bound
				  : device->is_known || device->is_bound;

	if (fits)
		offer(device->address + (is_short && !strncmp(device->address, "0000:", 5) ? 5 : 0),
		      begin);
}

static void offer_devices(const char *command, const char *begin)
{
	struct host_device *devices;
	size_t count, i;

	devices = host_devices(&count);
	for (i = 0; i < count; i++)
		offer_device(&devices[i], command, begin);
	free(devices);
}

static void offer_vdevs(const char *begin)
{
	struct host_vdev *vdevs;
	size_t count, i;

	vdevs = host_vdevs(&count);
	for (i = 0; i < count; i++)
		offer(vdevs[i].name, begin);
	free(vdevs);
}

static const struct host_option *find(const struct command *command, const char *name)
{
	const struct host_option *option = command->host ? command->host->options : NULL;

	while (option && option->name && strcmp(option->name, name))
		option++;
	return option && option->name ? option : NULL;
}

/* KEY=VALUE of `vpio set`, as its options have it. */
static void offer_keys(const struct command *command, const char *begin)
{
	const struct host_option *option;
	char word[WORD];

	for (option = command->host->options; option->name; option++) {
		snprintf(word, sizeof(word), "%s=", option->name);
		if (option->value && strcmp(option->name, "param"))
			offer(word, begin);
	}
}

static void offer_kind(const struct command *command, const char *kind, const char *begin)
{
	if (!strcmp(kind, "ADDRESS"))
		offer_devices(command->name, begin);
	else if (!strcmp(kind, "NAME") || !strcmp(kind, "NAME..."))
		offer_vdevs(begin);
	else if (!strncmp(kind, "KEY=", 4) && command->host)
		offer_keys(command, begin);
	else if (!strcmp(kind, "FILE") || !strcmp(kind, "TRACE") || !strcmp(kind, "TRACE...") ||
		 !strncmp(kind, "OUT", 3))
		puts("@files");
}

static void offer_value(const struct host_option *option, const char *begin)
{
	static const char *const policies[] = { "deny", "stop", "mce" };
	const char *text = option->value;
	char word[WORD];
	unsigned int i;

	if (!strcmp(option->value, "POLICY")) {
		for (i = 0; i < ARRAY_SIZE(policies); i++)
			offer(policies[i], begin);
	} else if (!strcmp(option->value, "SOCKET")) {
		puts("@files");
	} else if (strchr(text, '|')) {
		while (next_word(&text, word))
			offer(word, begin);
	}
}

static void offer_options(const struct command *command, const char *begin)
{
	const struct host_option *option;
	const char *text = command->arguments;
	char word[WORD];

	for (option = command->host ? command->host->options : NULL; option && option->name;
	     option++) {
		snprintf(word, sizeof(word), "--%s", option->name);
		offer(word, begin);
	}
	while (!command->host && next_word(&text, word)) {
		if (*word == '-' && strcmp(word, "--"))
			offer(word, begin);
	}
	if (command->host)
		offer("--help", begin);
}

/* What the option in the last word but one is to be followed by; false: nothing. */
static bool offer_behind(const struct command *command, const char *before, const char *begin)
{
	const struct host_option *option;
	const char *text = command->arguments;
	char word[WORD];

	if (*before != '-')
		return false;
	if (command->host) {
		option = strncmp(before, "--", 2) ? NULL : find(command, before + 2);
		if (!option || !option->value)
			return false;
		offer_value(option, begin);
		return true;
	}
	while (next_word(&text, word)) {
		if (strcmp(word, before))
			continue;
		if (!takes_value(text))
			return false;
		next_word(&text, word);
		offer_kind(command, word, begin);
		return true;
	}
	return false;
}

static void complete(const struct command *command, int count, char **words)
{
	const char *begin = words[count - 1];
	unsigned int index = 0;
	char kind[WORD];
	int i;

	for (i = 0; i < count - 1; i++) {
		const struct host_option *option =
			strncmp(words[i], "--", 2) ? NULL : find(command, words[i] + 2);

		if (option && option->value)
			i++;
		else
			index += *words[i] != '-';
	}
	if (count > 1 && offer_behind(command, words[count - 2], begin))
		return;
	if (*begin == '-') {
		offer_options(command, begin);
		return;
	}
	if (command->host && index >= command->host->most)
		return;
	positional(command, index, kind);
	offer_kind(command, kind, begin);
}

static void complete_of(const struct tool_command *list, int count, char **words)
{
	for (; list->name; list++) {
		const struct command command = { list->name, list->arguments, NULL };

		if (count == 1)
			offer(list->name, words[0]);
		else if (!strcmp(list->name, words[0]))
			complete(&command, count - 1, words + 1);
	}
}

int tool_complete(int count, char **words)
{
	unsigned int i;

	if (count < 1)
		return TOOL_USAGE;
	for (i = 0; host_commands[i]; i++) {
		const struct host_command *host = host_commands[i];
		const struct command command = { host->name, host->arguments, host };

		if (count == 1)
			offer(host->name, words[0]);
		else if (!strcmp(host->name, words[0]))
			complete(&command, count - 1, words + 1);
	}
	for (i = 0; tool_families[i].name; i++) {
		if (count == 1)
			offer(tool_families[i].name, words[0]);
		else if (!strcmp(tool_families[i].name, words[0]))
			complete_of(tool_families[i].commands, count - 1, words + 1);
	}
	if (count == 1 && *words[0] == '-') {
		offer("--help", words[0]);
		offer("--version", words[0]);
	}
	return TOOL_OK;
}
