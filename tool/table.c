// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Tables on a terminal: cells are aligned to the left, and the last column is as long as it is.
 */
#define _GNU_SOURCE /* asprintf */
#include <stdarg.h>
#include <stdlib.h>

#include "tool.h"

enum {
	COLUMNS = 12,
	GAP = 2,    /* blanks between columns */
	INDENT = 2, /* blanks before a row */
};

struct tool_table {
	char **rows;
	size_t count;
	int widths[COLUMNS];
};

static void *need(void *memory)
{
	if (!memory) {
		fputs("vpio: out of memory\n", stderr);
		abort();
	}
	return memory;
}

struct tool_table *tool_table_new(void)
{
	return need(calloc(1, sizeof(struct tool_table)));
}

void tool_table_add(struct tool_table *table, const char *format, ...)
{
	const char *cell, *end;
	va_list list;
	int column;
	char *row;

	va_start(list, format);
	if (vasprintf(&row, format, list) < 0)
		row = need(NULL);
	va_end(list);
	table->rows = need(realloc(table->rows, (table->count + 1) * sizeof(*table->rows)));
	table->rows[table->count++] = row;
	for (cell = row, column = 0; column < COLUMNS; cell = end + 1, column++) {
		end = strchr(cell, '\t');
		if (!end)
			break; /* nothing is aligned to the last cell */
		if (end - cell > table->widths[column])
			table->widths[column] = (int)(end - cell);
	}
}

static void print_row(const struct tool_table *table, char *row, FILE *file)
{
	int column = 0, blanks = INDENT;
	char *cell;

	while ((cell = strsep(&row, "\t"))) {
		if (*cell) {
			fprintf(file, "%*s%s", blanks, "", cell);
			blanks = 0;
		}
		if (column < COLUMNS)
			blanks += table->widths[column++] - (int)strlen(cell) + GAP;
	}
	fputc('\n', file);
}

void tool_table_print(struct tool_table *table, FILE *file)
{
	size_t i;

	for (i = 0; i < table->count; i++) {
		print_row(table, table->rows[i], file);
		free(table->rows[i]);
	}
	free(table->rows);
	free(table);
}
