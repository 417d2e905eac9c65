// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The `vpio` command: finds the command that is asked for and runs it.
 */
#include "host/host.h"

#ifndef VPIO_VERSION
#define VPIO_VERSION "0.1"
#endif

static void print_family(FILE *file, unsigned int family)
{
	const struct tool_command *command;

	for (command = tool_families[family].commands; command->name; command++)
		fprintf(file, "  vpio %s %s %s\n      %s\n", tool_families[family].name,
			command->name, command->arguments, command->what);
}

static void print_help(FILE *file)
{
	unsigned int i;

	fputs("VPIO: virtual machines share an ordinary PCI device, each with its own driver.\n\n"
	      "On a host (vpio COMMAND --help says more, with an example)\n",
	      file);
	for (i = 0; host_commands[i]; i++)
		fprintf(file, "  vpio %s %s\n      %s\n", host_commands[i]->name,
			host_commands[i]->arguments, host_commands[i]->what);
	fputs("\nFor who writes models\n", file);
	for (i = 0; tool_families[i].name; i++)
		print_family(file, i);
	fputs("\n  vpio --help | --version\n\n"
	      "Exit status: 0 done, 1 bad input, 2 wrong usage, 3 the system failed.\n",
	      file);
}

static int run_family(unsigned int family, int count, char **arguments)
{
	const struct tool_command *command;

	for (command = tool_families[family].commands; count && command->name; command++) {
		if (!strcmp(command->name, arguments[0]))
			return command->run(count - 1, arguments + 1);
	}
	if (count && (!strcmp(arguments[0], "--help") || !strcmp(arguments[0], "-h"))) {
		print_family(stdout, family);
		return TOOL_OK;
	}
	fprintf(stderr, "vpio %s: expected a command%s%s; there are:\n", tool_families[family].name,
		count ? ", found " : "", count ? arguments[0] : "");
	print_family(stderr, family);
	return TOOL_USAGE;
}

int main(int count, char **arguments)
{
	unsigned int i;

	if (count < 2) {
		print_help(stderr);
		return TOOL_USAGE;
	}
	if (!strcmp(arguments[1], "--help") || !strcmp(arguments[1], "-h")) {
		print_help(stdout);
		return TOOL_OK;
	}
	if (!strcmp(arguments[1], "--version")) {
		printf("vpio %s, compiled models of version %u\n", VPIO_VERSION, VPB_VERSION);
		return TOOL_OK;
	}
	if (!strcmp(arguments[1], "--complete"))
		return tool_complete(count - 2, arguments + 2);
	for (i = 0; tool_families[i].name; i++) {
		if (!strcmp(tool_families[i].name, arguments[1]))
			return run_family(i, count - 2, arguments + 2);
	}
	for (i = 0; host_commands[i]; i++) {
		if (!strcmp(host_commands[i]->name, arguments[1]))
			return host_run(host_commands[i], count - 2, arguments + 2);
	}
	fprintf(stderr, "vpio: there is no '%s'; `vpio --help` lists the commands\n", arguments[1]);
	return TOOL_USAGE;
}
