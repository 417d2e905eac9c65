/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * tool.h - what the files of the `vpio` command share; each family of commands has one.
 */
#ifndef VPIO_TOOL_H
#define VPIO_TOOL_H

#include <stdio.h>

#include "../core/model.h"

/* Exit codes. */
enum { TOOL_OK, TOOL_BAD_INPUT, TOOL_USAGE, TOOL_SYSTEM };

/* A command. Its arguments are those behind its name. */
struct tool_command {
	const char *name;
	const char *arguments;
	const char *what;
	int (*run)(int count, char **arguments);
};

/* Commands that are called by a word before their own, as `vpio model check`. */
struct tool_family {
	const char *name;
	const char *what;
	const struct tool_command *commands; /* ends with an entry without name */
};

/* commands.c: ends with an entry without name */
extern const struct tool_family tool_families[];

/*
 * complete.c: prints what the last word could be, a line each; "@files" is any file. What
 * tool/completion asks.
 */
int tool_complete(int count, char **words);

/* model.c */
extern const struct tool_command tool_model_commands[];

/* derive.c: what follows from a model, in words */

/* A text of a line or two, cut if it is longer. */
struct tool_text {
	char text[512];
	size_t length;
};

const char *tool_name(const struct vpio_model *model, u32 string);
const char *tool_access_name(unsigned int access);
const char *tool_discipline_name(unsigned int discipline);
const char *tool_handler_kind(unsigned int kind);
/* Accesses that run a handler of the model. */
u32 tool_hooks(const struct vpio_model *model);
/* What a guest's read, or write, of a register meets. */
struct tool_text tool_read_of(const struct vpio_model *model, const struct vpb_reg *reg);
struct tool_text tool_write_of(const struct vpio_model *model, const struct vpb_reg *reg);
/* The registers that a hand-off of a slice engine saves, or restores, in this order. */
struct tool_text tool_copied(const struct vpio_model *model, const struct vpb_engine *engine,
			     bool save);
/* The registers of the engine that reach the hardware and are not restored, and why. */
struct tool_text tool_unrestored(const struct vpio_model *model, u32 engine);
/* The variables that are saved with an engine. */
struct tool_text tool_kept(const struct vpio_model *model, u32 engine);
/* The handlers in which an instruction names an engine, and how many they are. */
u32 tool_users(const struct vpio_model *model, u8 op, u32 engine, struct tool_text *text);
/* Whether a guest could have a page of a window mapped; if not, why. */
bool tool_page(const struct vpio_model *model, const struct vpb_window *window, u32 page,
	       struct tool_text *why);
u32 tool_pages(const struct vpb_window *window);

/* show.c: a model as tables for a person; with its code, if that is asked for */
void tool_show(const struct vpio_model *model, FILE *file, bool code);

/* graph.c: the engines' states, in graphviz's language; and as it draws them; 0 or an exit code */
void tool_graph(const struct vpio_model *model, FILE *file);
int tool_draw(const char *source, size_t size, char **drawing, size_t *drawn);

/* doc.c: the register chapter, as HTML */
void tool_doc(const struct vpio_model *model, FILE *file);

/* record.c: a command; runs QEMU with a device passed through and writes what its driver does */
int tool_record(int count, char **arguments);

/* table.c: aligned columns. A row is text with tabs between its cells. */
struct tool_table;
struct tool_table *tool_table_new(void);
void tool_table_add(struct tool_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints the table, indented, the first row as its head, and frees it. */
void tool_table_print(struct tool_table *table, FILE *file);

#endif /* VPIO_TOOL_H */
