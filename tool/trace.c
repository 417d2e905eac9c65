// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Traces as JSON lines. A trace is somebody's file: whatever is in it, reading it ends with an
 * event or with a message that names the file and the line.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdlib.h>

#include "trace.h"

/* --- Writing ----------------------------------------------------------------------------- */

static void add_hexadecimal(struct json_object *object, const char *key, u64 value, int digits)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%0*llx", digits, (unsigned long long)value);
	json_object_object_add(object, key, json_object_new_string(text));
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *key, u64 value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

/* Writes an object as a line, and frees it. */
static bool write_line(FILE *file, struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN);
	const bool done = text && fputs(text, file) >= 0 && fputc('\n', file) >= 0;

	json_object_put(object);
	return done;
}

bool trace_write_header(FILE *file, const struct trace_header *header)
{
	struct json_object *object = json_object_new_object();
	struct json_object *bars = json_object_new_array();
	unsigned int i;

	add_number(object, "vpio-trace", TRACE_VERSION);
	add_text(object, "address", header->address);
	add_hexadecimal(object, "vendor", header->vendor, 4);
	add_hexadecimal(object, "device", header->device, 4);
	add_hexadecimal(object, "subvendor", header->subvendor, 4);
	add_hexadecimal(object, "subdevice", header->subdevice, 4);
	add_hexadecimal(object, "class", header->class_code, 6);
	add_hexadecimal(object, "revision", header->revision, 2);
	for (i = 0; i < TRACE_MAX_BARS; i++) {
		struct json_object *bar;

		if (!header->bars[i].size)
			continue;
		bar = json_object_new_object();
		add_number(bar, "bar", i);
		add_text(bar, "kind", header->bars[i].io ? "io" : "mem");
		add_number(bar, "size", header->bars[i].size);
		json_object_array_add(bars, bar);
	}
	json_object_object_add(object, "bars", bars);
	return write_line(file, object);
}

static const char *const region_names[TRACE_REGIONS] = { "bar0", "bar1", "bar2",   "bar3", "bar4",
							 "bar5", "rom",	 "config", "vga" };

bool trace_write_event(FILE *file, const struct trace_event *event)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "time", event->time);
	switch (event->kind) {
	case TRACE_READ:
	case TRACE_WRITE:
		add_text(object, "event", event->kind == TRACE_READ ? "read" : "write");
		add_text(object, "region", region_names[event->region]);
		add_hexadecimal(object, "offset", event->offset, 2);
		add_number(object, "size", event->size);
		add_hexadecimal(object, "value", event->value, 2 * event->size);
		break;
	case TRACE_INTX:
		add_text(object, "event", "interrupt");
		add_text(object, "kind", "intx");
		break;
	case TRACE_MSI:
		add_text(object, "event", "interrupt");
		add_text(object, "kind", "msi");
		add_number(object, "vector", event->vector);
		break;
	case TRACE_RESET:
		add_text(object, "event", "reset");
		break;
	}
	return write_line(file, object);
}

/* --- Reading ----------------------------------------------------------------------------- */

/* Says what is wrong with the line at hand; false. */
static bool __attribute__((format(printf, 2, 3)))
wrong(const struct trace_reader *reader, const char *format, ...)
{
	va_list list;

	fprintf(reader->errors, "vpio: %s:%u: ", reader->name, reader->line);
	va_start(list, format);
	vfprintf(reader->errors, format, list);
	va_end(list);
	fputc('\n', reader->errors);
	return false;
}

/* The next line as an object, which the caller releases. TRACE_EVENT if there is one. */
static enum trace_next read_line(struct trace_reader *reader, struct json_object **object)
{
	char line[TRACE_MAX_LINE];
	struct json_tokener *tokener;
	enum json_tokener_error error;
	size_t length;

	*object = NULL;
	if (!fgets(line, sizeof(line), reader->file)) {
		if (!ferror(reader->file))
			return TRACE_END;
		reader->line++;
		wrong(reader, "cannot read it: %s", strerror(errno));
		return TRACE_BAD;
	}
	reader->line++;
	length = strlen(line);
	if (length + 1 == sizeof(line) && line[length - 1] != '\n') {
		wrong(reader, "expected lines of less than %d bytes", TRACE_MAX_LINE);
		return TRACE_BAD;
	}
	if (!length || line[length - 1] != '\n') {
		wrong(reader, "the file ends within a line");
		return TRACE_BAD;
	}
	tokener = json_tokener_new();
	if (!tokener) {
		wrong(reader, "out of memory");
		return TRACE_BAD;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	*object = json_tokener_parse_ex(tokener, line, (int)length);
	error = json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_success && json_object_is_type(*object, json_type_object))
		return TRACE_EVENT;
	if (error == json_tokener_success)
		wrong(reader, "expected a JSON object");
	else
		wrong(reader, "expected a JSON object: %s", json_tokener_error_desc(error));
	json_object_put(*object);
	*object = NULL;
	return TRACE_BAD;
}

/* A member of an object that is a number, or one in a string, from 0 to @most. */
static bool read_number(const struct trace_reader *reader, const struct json_object *object,
			const char *key, u64 most, u64 *value)
{
	struct json_object *member;
	const char *text;
	char *end;

	if (!json_object_object_get_ex(object, key, &member))
		return wrong(reader, "expected \"%s\"", key);
	text = json_object_get_string(member);
	if (!json_object_is_type(member, json_type_int) &&
	    !json_object_is_type(member, json_type_string))
		return wrong(reader, "expected a number as \"%s\", found %s", key, text);
	errno = 0;
	*value = strtoull(text, &end, 0);
	if (errno || *end || *text < '0' || *text > '9')
		return wrong(reader, "expected a number as \"%s\", found \"%s\"", key, text);
	if (*value > most)
		return wrong(reader, "\"%s\" is %s, expected at most 0x%llx", key, text,
			     (unsigned long long)most);
	return true;
}

/* The index of a member's text among names; -1, and a message. */
static int read_word(const struct trace_reader *reader, const struct json_object *object,
		     const char *key, const char *const *names, int count)
{
	struct json_object *member;
	int i;

	if (!json_object_object_get_ex(object, key, &member)) {
		wrong(reader, "expected \"%s\"", key);
		return -1;
	}
	for (i = 0; i < count; i++) {
		if (json_object_is_type(member, json_type_string) &&
		    !strcmp(json_object_get_string(member), names[i]))
			return i;
	}
	wrong(reader, "\"%s\" is %s, which is not known", key, json_object_to_json_string(member));
	return -1;
}

static bool read_bar(struct trace_reader *reader, const struct json_object *object)
{
	static const char *const kinds[] = { "mem", "io" };
	u64 index, size;
	int kind;

	if (!json_object_is_type(object, json_type_object))
		return wrong(reader, "expected objects in \"bars\"");
	if (!read_number(reader, object, "bar", TRACE_MAX_BARS - 1, &index) ||
	    !read_number(reader, object, "size", ~0ull, &size))
		return false;
	kind = read_word(reader, object, "kind", kinds, ARRAY_SIZE(kinds));
	reader->header.bars[index].size = size;
	reader->header.bars[index].io = kind == 1;
	return kind >= 0;
}

static bool read_header(struct trace_reader *reader, const struct json_object *object)
{
	struct trace_header *header = &reader->header;
	u64 version, vendor, device, revision;
	struct json_object *bars;
	size_t i;

	if (!json_object_object_get_ex(object, "vpio-trace", NULL))
		return wrong(reader, "not a trace: expected a first line with \"vpio-trace\", as "
				     "`vpio model record` writes it");
	if (!read_number(reader, object, "vpio-trace", ~0ull, &version))
		return false;
	if (version != TRACE_VERSION)
		return wrong(reader, "expected a trace of version %d, found %llu", TRACE_VERSION,
			     (unsigned long long)version);
	if (!read_number(reader, object, "vendor", 0xffff, &vendor) ||
	    !read_number(reader, object, "device", 0xffff, &device) ||
	    !read_number(reader, object, "revision", 0xff, &revision))
		return false;
	header->vendor = (u16)vendor;
	header->device = (u16)device;
	header->revision = (u8)revision;
	if (!json_object_object_get_ex(object, "bars", &bars) ||
	    !json_object_is_type(bars, json_type_array))
		return wrong(reader, "expected an array as \"bars\"");
	for (i = 0; i < json_object_array_length(bars); i++) {
		if (!read_bar(reader, json_object_array_get_idx(bars, i)))
			return false;
	}
	return true;
}

bool trace_open(struct trace_reader *reader, const char *name, FILE *errors)
{
	struct json_object *object;
	enum trace_next next;
	bool good;

	*reader = (struct trace_reader){ .name = name, .errors = errors };
	reader->file = fopen(name, "r");
	if (!reader->file) {
		fprintf(errors, "vpio: %s: cannot open it: %s\n", name, strerror(errno));
		return false;
	}
	next = read_line(reader, &object);
	if (next == TRACE_END) {
		reader->line = 1;
		wrong(reader, "the file is empty, expected a trace");
	}
	good = next == TRACE_EVENT && read_header(reader, object);
	json_object_put(object);
	if (!good)
		trace_close(reader);
	return good;
}

void trace_close(struct trace_reader *reader)
{
	if (reader->file)
		fclose(reader->file);
	reader->file = NULL;
}

static bool read_access(const struct trace_reader *reader, const struct json_object *object,
			struct trace_event *event)
{
	const int region = read_word(reader, object, "region", region_names, TRACE_REGIONS);
	u64 size, most;

	if (region < 0 || !read_number(reader, object, "offset", ~0ull, &event->offset) ||
	    !read_number(reader, object, "size", 8, &size))
		return false;
	if (!size || (size & (size - 1)))
		return wrong(reader, "\"size\" is %llu, expected 1, 2, 4 or 8",
			     (unsigned long long)size);
	if (event->offset > ~0ull - size)
		return wrong(reader, "the access goes beyond the end of all addresses");
	event->region = (u8)region;
	event->size = (u8)size;
	most = size < 8 ? (1ull << 8 * size) - 1 : ~0ull;
	return read_number(reader, object, "value", most, &event->value);
}

static bool read_interrupt(const struct trace_reader *reader, const struct json_object *object,
			   struct trace_event *event)
{
	static const char *const kinds[] = { "intx", "msi" };
	const int kind = read_word(reader, object, "kind", kinds, ARRAY_SIZE(kinds));
	u64 vector;

	event->kind = kind ? TRACE_MSI : TRACE_INTX;
	if (kind < 1)
		return !kind;
	if (!read_number(reader, object, "vector", 2047, &vector))
		return false;
	event->vector = (u32)vector;
	return true;
}

static bool read_event(const struct trace_reader *reader, const struct json_object *object,
		       struct trace_event *event)
{
	static const char *const names[] = { "read", "write", "interrupt", "reset" };

	*event = (struct trace_event){ .time = 0 };
	if (!read_number(reader, object, "time", ~0ull, &event->time))
		return false;
	switch (read_word(reader, object, "event", names, ARRAY_SIZE(names))) {
	case 0:
		event->kind = TRACE_READ;
		return read_access(reader, object, event);
	case 1:
		event->kind = TRACE_WRITE;
		return read_access(reader, object, event);
	case 2:
		return read_interrupt(reader, object, event);
	case 3:
		event->kind = TRACE_RESET;
		return true;
	default:
		return false;
	}
}

enum trace_next trace_read(struct trace_reader *reader, struct trace_event *event)
{
	struct json_object *object;
	enum trace_next next = read_line(reader, &object);

	if (next == TRACE_EVENT && !read_event(reader, object, event))
		next = TRACE_BAD;
	json_object_put(object);
	return next;
}
