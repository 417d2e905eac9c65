/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * trace.h - what a stock driver did to a device, as `vpio model record` writes it: JSON lines, a
 * header and then one event a line (docs/recording.md). And where it comes from: QEMU's own log.
 */
#ifndef VPIO_TOOL_TRACE_H
#define VPIO_TOOL_TRACE_H

#include <stdio.h>

#include "../core/types.h"

enum {
	TRACE_VERSION = 1,
	TRACE_MAX_LINE = 4096, /* bytes of a line: no event comes near it */
	TRACE_MAX_BARS = 6,
};

/* The device that was recorded. */
struct trace_header {
	char address[16]; /* 0000:00:03.0 */
	u16 vendor, device, subvendor, subdevice;
	u32 class_code;
	u8 revision;
	struct {
		u64 size; /* 0: none */
		bool io;
	} bars[TRACE_MAX_BARS];
};

enum trace_kind { TRACE_READ, TRACE_WRITE, TRACE_INTX, TRACE_MSI, TRACE_RESET };

/* What is accessed: one of the BARs, 0 to 5, or one of these. */
enum trace_region { TRACE_ROM = 6, TRACE_CONFIG, TRACE_VGA, TRACE_REGIONS };

struct trace_event {
	u64 time; /* ns since the recording began */
	enum trace_kind kind;
	u8 region; /* TRACE_READ, TRACE_WRITE, and so on */
	u8 size;
	u64 offset;
	u64 value;  /* no bits beyond size */
	u32 vector; /* TRACE_MSI */
};

/* Writes a line; false if that cannot be done. */
bool trace_write_header(FILE *file, const struct trace_header *header);
bool trace_write_event(FILE *file, const struct trace_event *event);

/* A trace that is being read. */
struct trace_reader {
	const char *name; /* for messages */
	FILE *file;
	FILE *errors; /* where messages go */
	u32 line;
	struct trace_header header;
};

/* Opens a trace and reads its header; false, and a message, if it is none. */
bool trace_open(struct trace_reader *reader, const char *name, FILE *errors);
void trace_close(struct trace_reader *reader);

/* TRACE_BAD: a message, with file and line, has been written. */
enum trace_next { TRACE_EVENT, TRACE_END, TRACE_BAD };
enum trace_next trace_read(struct trace_reader *reader, struct trace_event *event);

/* qemu_log.c: the lines that QEMU's trace events of VFIO leave in its log */
enum qemu_log {
	QEMU_LOG_EVENT,
	QEMU_LOG_OTHER,	  /* another device's, or an event that tells nothing of the device */
	QEMU_LOG_TEXT,	  /* no event of VFIO: QEMU logs other things, too */
	QEMU_LOG_STRANGE, /* the event is known, but does not look as it should */
};

/* The events that QEMU is asked for; ends with NULL. */
extern const char *const qemu_log_events[];

/**
 * qemu_log_parse() - one line of QEMU's log, without its end
 * @line: the line
 * @address: the device that is recorded
 * @event: filled in for QEMU_LOG_EVENT, its time in ns since 1970
 */
enum qemu_log qemu_log_parse(const char *line, const char *address, struct trace_event *event);

/* device.c: the physical device, as /sys shows it */

/* A PCI address as /sys writes it; false if it is none. */
bool device_address(const char *text, char address[16]);
/* What the header says of a device below @sys ("/sys"); false, and a message, if there is none. */
bool device_read(const char *sys, const char *address, struct trace_header *header, FILE *errors);
/* Whether QEMU can pass it through; false, and a message that says what to type, if not. */
bool device_is_ready(const char *sys, const char *address, FILE *errors);

#endif /* VPIO_TOOL_TRACE_H */
