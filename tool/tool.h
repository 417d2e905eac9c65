/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * tool.h - what the files of the `vpio` command share; each family of commands has one.
 */
#ifndef VPIO_TOOL_H
#define VPIO_TOOL_H

#include <stdio.h>

#include "../core/model.h"

/* Exit codes. */
enum { TOOL_OK, TOOL_BAD_INPUT, TOOL_USAGE };

/* A command. Its arguments are those behind its name. */
struct tool_command {
	const char *name;
	const char *arguments;
	const char *what;
	int (*run)(int count, char **arguments);
};

/* model.c */
extern const struct tool_command tool_model_commands[];

/* show.c: a model as tables for a person; with its code, if that is asked for */
void tool_show(const struct vpio_model *model, FILE *file, bool code);
/* Accesses that run a handler of the model. */
u32 tool_hooks(const struct vpio_model *model);

/* table.c: aligned columns. A row is text with tabs between its cells. */
struct tool_table;
struct tool_table *tool_table_new(void);
void tool_table_add(struct tool_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints the table, indented, the first row as its head, and frees it. */
void tool_table_print(struct tool_table *table, FILE *file);

#endif /* VPIO_TOOL_H */
