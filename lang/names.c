// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Names: declaring them, looking them up, and guessing which one was meant.
 */
#include "ast.h"

enum {
	FAR = 4, /* a distance at which names are not alike */
};

const char *vpl_kind_name(enum symbol_kind kind)
{
	static const char *const names[] = {
		[S_CONST] = "a constant", [S_PARAM] = "a parameter of the model",
		[S_VAR] = "a variable",	  [S_REGISTER] = "a register",
		[S_WINDOW] = "a window",  [S_ENGINE] = "an engine",
		[S_DMA] = "a DMA memory", [S_LAYOUT] = "a layout",
		[S_PROC] = "a proc",	  [S_LOCAL] = "a local name",
	};

	return names[kind];
}

static struct symbol **bucket(struct scope *scope, const char *name)
{
	u32 hash = 5381;

	while (*name)
		hash = hash * 33 + (unsigned char)*name++;
	return &scope->buckets[hash % VPL_MAX_BUCKETS];
}

struct symbol *vpl_look_up(const struct scope *scope, const char *name)
{
	struct symbol *symbol = *bucket((struct scope *)scope, name);

	while (symbol && strcmp(symbol->name, name))
		symbol = symbol->chain;
	return symbol;
}

void vpl_declare(struct vpl *vpl, struct scope *scope, struct symbol *symbol, enum symbol_kind kind,
		 struct name name)
{
	struct symbol *other = vpl_look_up(scope, name.text), **first = bucket(scope, name.text);

	if (vpl_is_argument(name.text))
		vpl_error(vpl, name.at, CHECK_DUPLICATE_NAME,
			  "'%s' is the name of a handler's argument already", name.text);
	if (other)
		vpl_error(vpl, name.at, CHECK_DUPLICATE_NAME, "'%s' is declared in line %u already",
			  name.text, other->at.line);
	symbol->kind = kind;
	symbol->name = name.text;
	symbol->at = name.at;
	symbol->chain = *first;
	*first = symbol;
}

const struct field *vpl_field(const struct field *fields, const char *name)
{
	while (fields && strcmp(fields->name.text, name))
		fields = fields->next;
	return fields;
}

static int lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Letters to insert, take out or change to come from one name to the other, whatever their case. */
static unsigned int distance(const char *a, const char *b)
{
	const size_t length = strlen(b);
	unsigned int row[VPL_MAX_NAME + 1], i, j, before, above;

	if (length > VPL_MAX_NAME)
		return FAR;
	for (j = 0; j <= length; j++)
		row[j] = j;
	for (i = 0; a[i]; i++) {
		before = row[0];
		row[0] = i + 1;
		for (j = 0; j < length; j++) {
			above = row[j + 1];
			row[j + 1] = least(least(row[j], above) + 1,
					   before + (lower(a[i]) != lower(b[j])));
			before = above;
		}
	}
	return row[length];
}

void vpl_offer(const char *wanted, const char *offer, const char **best, unsigned int *nearest)
{
	const unsigned int length = (unsigned int)strlen(wanted);
	unsigned int found;

	if (strlen(offer) + FAR < length || length + FAR < strlen(offer))
		return;
	found = distance(wanted, offer);
	if (found < FAR && 2 * found < length + (length < 3) && found < *nearest) {
		*best = offer;
		*nearest = found;
	}
}

const char *vpl_similar(const struct scope *scope, const char *name)
{
	unsigned int i, nearest = FAR;
	const char *best = NULL;
	struct symbol *symbol;

	for (i = 0; i < VPL_MAX_BUCKETS; i++) {
		for (symbol = scope->buckets[i]; symbol; symbol = symbol->chain)
			vpl_offer(name, symbol->name, &best, &nearest);
	}
	return best;
}

void vpl_unknown(struct vpl *vpl, struct name name, const char *what, const char *similar)
{
	if (similar)
		vpl_error(vpl, name.at, CHECK_UNKNOWN_NAME,
			  "expected %s, found the unknown name '%s'; did you mean '%s'?", what,
			  name.text, similar);
	vpl_error(vpl, name.at, CHECK_UNKNOWN_NAME, "expected %s, found the unknown name '%s'",
		  what, name.text);
}
