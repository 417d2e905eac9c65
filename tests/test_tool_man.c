// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The manual page vpio(1): groff has nothing to say of it, it names each command and option that there is,
 * and none that there is not.
 */
#include "commands.h"

#include "../tool/host/host.h"

#define PAGE "man/vpio.1"

/* The section of a command, cut out; the caller frees it. */
static char *section(const char *page, const char *command)
{
	char head[64];
	const char *start, *end;

	snprintf(head, sizeof(head), ".SS vpio %s ", command);
	start = strstr(page, head);
	if (!start)
		fail_msg("%s has no section for vpio %s", PAGE, command);
	end = strstr(start, "\n.S");
	return strndup(start, end ? (size_t)(end - start) : strlen(start));
}

/* "source-check" as it is written there. */
static void escape(const char *name, char text[64])
{
	size_t at = (size_t)snprintf(text, 64, "\\-\\-");

	for (; *name && at < 60; name++) {
		if (*name == '-')
			text[at++] = '\\';
		text[at++] = *name;
	}
	text[at] = 0;
}

static char *page_text(void)
{
	FILE *file = fopen(PAGE, "r");

	assert_non_null(file);
	return said_text(file);
}

static void test_names_all(void **state)
{
	char *page = page_text(), *text, escaped[64];
	const struct host_option *option;
	const struct tool_command *model;
	unsigned int i;

	(void)state;
	for (i = 0; host_commands[i]; i++) {
		text = section(page, host_commands[i]->name);
		for (option = host_commands[i]->options; option->name; option++) {
			escape(option->name, escaped);
			assert_says(text, escaped);
		}
		free(text);
	}
	text = section(page, "model");
	for (model = tool_model_commands; model->name; model++)
		assert_says(text, model->name);
	free(text);
	free(page);
}

/* Each that is described by a paragraph of its own is one that there is. */
static void test_names_no_other(void **state)
{
	char *page = page_text(), *text, *at, name[64];
	const struct host_option *option;
	unsigned int i, length;

	(void)state;
	for (i = 0; host_commands[i]; i++) {
		text = section(page, host_commands[i]->name);
		for (at = text; (at = strstr(at, ".TP\n")); at += 4) {
			at = strstr(at, "\\-\\-");
			assert_non_null(at);
			for (length = 0, at += 4; *at && !strchr(" \n", *at); at++) {
				if (*at != '\\' && length < sizeof(name) - 1)
					name[length++] = *at;
			}
			name[length] = 0;
			option = host_commands[i]->options;
			while (option->name && strcmp(option->name, name))
				option++;
			if (!option->name)
				fail_msg("vpio %s has no option --%s", host_commands[i]->name,
					 name);
		}
		free(text);
	}
	free(page);
}

static void test_groff(void **state)
{
	FILE *groff = popen("LC_ALL=C groff -man -ww -Tutf8 -z " PAGE " 2>&1", "r");
	char said[512] = "";

	(void)state;
	assert_non_null(groff);
	if (fgets(said, sizeof(said), groff))
		fail_msg("groff: %s", said);
	assert_int_equal(pclose(groff), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_all),
		cmocka_unit_test(test_names_no_other),
		cmocka_unit_test(test_groff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
