/* SPDX-License-Identifier: GPL-2.0 */
/*
 * trace.h - trace points: /sys/kernel/tracing/events/vpio
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vpio

#if !defined(VPIO_KERNEL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define VPIO_KERNEL_TRACE_H

#include <linux/tracepoint.h>
#include <linux/uuid.h>

/*
 * A user's access to a region of a vdev: a BAR by its number, or configuration space (7). @how:
 * "hook": a handler of the model ran; "direct": it reached the hardware; "state": the monitor
 * answered from the vdev's state; "config". @refused: why it was refused, or "-". @ns: how long it
 * took, waiting included.
 */
TRACE_EVENT(vpio_access,
	TP_PROTO(const char *vdev, unsigned int region, u64 offset, const void *data, size_t size,
		 bool write, const char *how, const char *refused, u64 ns),
	TP_ARGS(vdev, region, offset, data, size, write, how, refused, ns),
	TP_STRUCT__entry(
		__array(char, vdev, UUID_STRING_LEN + 1)
		__array(char, how, 8)
		__array(char, refused, 12)
		__field(u64, offset)
		__field(u64, value)
		__field(u64, ns)
		__field(u8, region)
		__field(u8, size)
		__field(bool, write)
	),
	TP_fast_assign(
		strscpy(__entry->vdev, vdev, UUID_STRING_LEN + 1);
		strscpy(__entry->how, how, 8);
		strscpy(__entry->refused, refused, 12);
		__entry->offset = offset;
		__entry->value = 0;
		memcpy(&__entry->value, data, size);
		__entry->ns = ns;
		__entry->region = region;
		__entry->size = size;
		__entry->write = write;
	),
	TP_printk("%s %s region=%u offset=%#llx size=%u value=%#llx how=%s refused=%s ns=%llu",
		  __entry->vdev, __entry->write ? "write" : "read", __entry->region,
		  __entry->offset, __entry->size, __entry->value, __entry->how, __entry->refused,
		  __entry->ns)
);

/* A request of a guest that is refused, in an access or later. */
TRACE_EVENT(vpio_refusal,
	TP_PROTO(const char *vdev, const char *refused, u64 address, u64 size),
	TP_ARGS(vdev, refused, address, size),
	TP_STRUCT__entry(
		__array(char, vdev, UUID_STRING_LEN + 1)
		__array(char, refused, 12)
		__field(u64, address)
		__field(u64, size)
	),
	TP_fast_assign(
		strscpy(__entry->vdev, vdev, UUID_STRING_LEN + 1);
		strscpy(__entry->refused, refused, 12);
		__entry->address = address;
		__entry->size = size;
	),
	TP_printk("%s %s address=%#llx size=%llu", __entry->vdev, __entry->refused,
		  __entry->address, __entry->size)
);

/* A vdev's interrupt line, as the core sets it. */
TRACE_EVENT(vpio_line,
	TP_PROTO(const char *vdev, bool level),
	TP_ARGS(vdev, level),
	TP_STRUCT__entry(
		__array(char, vdev, UUID_STRING_LEN + 1)
		__field(bool, level)
	),
	TP_fast_assign(
		strscpy(__entry->vdev, vdev, UUID_STRING_LEN + 1);
		__entry->level = level;
	),
	TP_printk("%s %s", __entry->vdev, __entry->level ? "up" : "down")
);

#endif /* VPIO_KERNEL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
