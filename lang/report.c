// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The one error of a compilation, shown with its line of the source, and the memory that lives as
 * long as a compilation does.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "ast.h"

enum {
	CHUNK = 1 << 16,    /* bytes of memory that are taken at a time */
	SHOWN_BEFORE = 100, /* columns of a long line before the error that are shown */
	SHOWN = 160,	    /* columns of a long line that are shown */
};

struct chunk {
	struct chunk *next;
	size_t used, room;
	max_align_t memory[];
};

static void __attribute__((noreturn)) out_of_memory(struct vpl *vpl)
{
	if (vpl->diagnostics)
		fprintf(vpl->diagnostics, "%s: error: out of memory\n", vpl->file);
	longjmp(vpl->stop, 1);
}

void *vpl_alloc(struct vpl *vpl, size_t size)
{
	struct chunk *chunk = vpl->memory;
	void *place;

	size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (!chunk || size > chunk->room - chunk->used) {
		const size_t room = size > CHUNK ? size : CHUNK;

		chunk = calloc(1, sizeof(*chunk) + room);
		if (!chunk)
			out_of_memory(vpl);
		chunk->room = room;
		chunk->next = vpl->memory;
		vpl->memory = chunk;
	}
	place = (char *)chunk->memory + chunk->used;
	chunk->used += size;
	return place;
}

char *vpl_format(struct vpl *vpl, const char *format, ...)
{
	va_list list;
	char *text;
	int length;

	va_start(list, format);
	length = vsnprintf(NULL, 0, format, list);
	va_end(list);
	if (length < 0)
		out_of_memory(vpl);
	text = vpl_alloc(vpl, (size_t)length + 1);
	va_start(list, format);
	vsnprintf(text, (size_t)length + 1, format, list);
	va_end(list);
	return text;
}

/* Makes room for one element more; the old array stays where it was until the end. */
void *vpl_grow(struct vpl *vpl, void *array, u32 count, u32 *room, size_t element)
{
	void *larger;

	if (count < *room)
		return array;
	*room = *room ? 2 * *room : 64;
	larger = vpl_alloc(vpl, *room * element);
	if (count)
		memcpy(larger, array, count * element);
	return larger;
}

void vpl_free(struct vpl *vpl)
{
	while (vpl->memory) {
		struct chunk *next = vpl->memory->next;

		free(vpl->memory);
		vpl->memory = next;
	}
}

static void show_byte(FILE *file, char byte)
{
	const unsigned char value = (unsigned char)byte;

	fputc(value == '\t' || (value >= ' ' && value != 0x7f) ? value : '.', file);
}

/* The line of the source, and a caret below the column. */
static void show_line(struct vpl *vpl, u32 start, u32 column)
{
	FILE *file = vpl->diagnostics;
	u32 from = start, i;

	if (column > SHOWN_BEFORE)
		from = start + column - SHOWN_BEFORE;
	for (i = from; i < vpl->size && vpl->text[i] != '\n' && i < from + SHOWN; i++)
		show_byte(file, vpl->text[i]);
	fputc('\n', file);
	for (i = from; i < start + column; i++)
		fputc(vpl->text[i] == '\t' ? '\t' : ' ', file);
	fputs("^\n", file);
}

void vpl_error(struct vpl *vpl, struct at at, enum vpl_check_id check, const char *format, ...)
{
	u32 start = at.offset < vpl->size ? at.offset : vpl->size;
	const u32 offset = start;
	va_list list;

	while (start > 0 && vpl->text[start - 1] != '\n')
		start--;
	if (vpl->diagnostics) {
		fprintf(vpl->diagnostics, "%s:%u:%u: error: ", vpl->file, at.line,
			offset - start + 1);
		va_start(list, format);
		vfprintf(vpl->diagnostics, format, list);
		va_end(list);
		fprintf(vpl->diagnostics, " [%s]\n", vpl_check(check)->name);
		show_line(vpl, start, offset - start);
	}
	longjmp(vpl->stop, 1);
}
