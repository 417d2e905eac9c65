// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * QEMU's log: the lines of its trace events of VFIO (hw/vfio/trace-events), with time stamps
 * ("PID@SECONDS.MICROSECONDS:EVENT  (DEVICE...") as -msg timestamp=on asks for them.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>

#include "trace.h"

const char *const qemu_log_events[] = {
	"vfio_region_read",	"vfio_region_write",
	"vfio_pci_read_config", "vfio_pci_write_config",
	"vfio_intx_interrupt",	"vfio_msi_interrupt",
	"vfio_pci_reset",	NULL,
};

/* What is left of a line, and whether all so far was as expected. */
struct rest {
	const char *at;
	bool good;
};

static void expect(struct rest *rest, const char *text)
{
	const size_t length = strlen(text);

	if (rest->good && !strncmp(rest->at, text, length))
		rest->at += length;
	else
		rest->good = false;
}

static u64 number(struct rest *rest, int base)
{
	u64 value;
	char *end;

	if (!rest->good || !isxdigit((unsigned char)*rest->at)) {
		rest->good = false;
		return 0;
	}
	value = strtoull(rest->at, &end, base);
	rest->at = end;
	return value;
}

static u64 hexadecimal(struct rest *rest)
{
	expect(rest, "0x");
	return number(rest, 16);
}

/* "123@1700000000.123456:" */
static u64 read_time(struct rest *rest)
{
	u64 seconds, microseconds;

	number(rest, 10);
	expect(rest, "@");
	seconds = number(rest, 10);
	expect(rest, ".");
	microseconds = number(rest, 10);
	expect(rest, ":");
	return (seconds * 1000000 + microseconds) * 1000;
}

static u64 cut(u64 value, u64 size)
{
	return size < 8 ? value & ((1ull << 8 * size) - 1) : value;
}

/* The region's number: VFIO (linux/vfio.h) counts them as enum trace_region does. */
static u8 read_region(struct rest *rest)
{
	u64 index;

	expect(rest, ":region");
	index = number(rest, 10);
	if (index >= TRACE_REGIONS)
		rest->good = false;
	return (u8)index;
}

/* "region0+0x10, 4) = 0x12" */
static void region_read(struct rest *rest, struct trace_event *event)
{
	event->kind = TRACE_READ;
	event->region = read_region(rest);
	expect(rest, "+");
	event->offset = hexadecimal(rest);
	expect(rest, ", ");
	event->size = (u8)number(rest, 10);
	expect(rest, ") = ");
	event->value = hexadecimal(rest);
}

/* "region0+0x10, 0x12, 4)" */
static void region_write(struct rest *rest, struct trace_event *event)
{
	event->kind = TRACE_WRITE;
	event->region = read_region(rest);
	expect(rest, "+");
	event->offset = hexadecimal(rest);
	expect(rest, ", ");
	event->value = hexadecimal(rest);
	expect(rest, ", ");
	event->size = (u8)number(rest, 10);
	expect(rest, ")");
}

/* ", @0x4, len=0x2) 0x103" */
static void config_read(struct rest *rest, struct trace_event *event)
{
	event->kind = TRACE_READ;
	event->region = TRACE_CONFIG;
	expect(rest, ", @");
	event->offset = hexadecimal(rest);
	expect(rest, ", len=");
	event->size = (u8)hexadecimal(rest);
	expect(rest, ") ");
	event->value = hexadecimal(rest);
}

/* ", @0x4, 0x103, len=0x2)" */
static void config_write(struct rest *rest, struct trace_event *event)
{
	event->kind = TRACE_WRITE;
	event->region = TRACE_CONFIG;
	expect(rest, ", @");
	event->offset = hexadecimal(rest);
	expect(rest, ", ");
	event->value = hexadecimal(rest);
	expect(rest, ", len=");
	event->size = (u8)hexadecimal(rest);
	expect(rest, ")");
}

/* ") Pin A" */
static void intx_interrupt(struct rest *rest, struct trace_event *event)
{
	event->kind = TRACE_INTX;
	expect(rest, ") Pin ");
	if (rest->good && *rest->at)
		rest->at++;
}

/* ") vector 0 0xfee01004/0x4021" */
static void msi_interrupt(struct rest *rest, struct trace_event *event)
{
	event->kind = TRACE_MSI;
	expect(rest, ") vector ");
	event->vector = (u32)number(rest, 10);
	expect(rest, " ");
	hexadecimal(rest);
	expect(rest, "/");
	hexadecimal(rest);
}

static void reset(struct rest *rest, struct trace_event *event)
{
	event->kind = TRACE_RESET;
	expect(rest, ")");
}

/* In the order of qemu_log_events. */
static void (*const readers[])(struct rest *rest, struct trace_event *event) = {
	region_read, region_write, config_read, config_write, intx_interrupt, msi_interrupt, reset,
};

/* The number of the event that a line says; -1: none of ours. */
static int event_of(const char *name)
{
	const size_t length = strcspn(name, " ");
	int i;

	for (i = 0; qemu_log_events[i]; i++) {
		if (strlen(qemu_log_events[i]) == length &&
		    !strncmp(name, qemu_log_events[i], length))
			return i;
	}
	return -1;
}

/* An access has 1, 2, 4 or 8 bytes; what is none has no size. */
static bool is_size(const struct trace_event *event)
{
	if (event->kind != TRACE_READ && event->kind != TRACE_WRITE)
		return true;
	return event->size && event->size <= 8 && !(event->size & (event->size - 1));
}

enum qemu_log qemu_log_parse(const char *line, const char *address, struct trace_event *event)
{
	struct rest rest = { line, true };
	const u64 time = read_time(&rest);
	size_t length;
	int number;

	if (!rest.good || strncmp(rest.at, "vfio_", 5))
		return QEMU_LOG_TEXT;
	number = event_of(rest.at);
	if (number < 0)
		return QEMU_LOG_OTHER;
	expect(&rest, qemu_log_events[number]);
	while (*rest.at == ' ')
		rest.at++;
	expect(&rest, "(");
	if (!rest.good)
		return QEMU_LOG_STRANGE;
	length = strlen(address);
	if (strncmp(rest.at, address, length) || isalnum((unsigned char)rest.at[length]))
		return QEMU_LOG_OTHER;
	rest.at += length;
	*event = (struct trace_event){ .time = time };
	readers[number](&rest, event);
	if (!rest.good || *rest.at || !is_size(event))
		return QEMU_LOG_STRANGE;
	event->value = cut(event->value, event->size);
	return QEMU_LOG_EVENT;
}
