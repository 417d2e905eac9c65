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

/* A user's access to a region of a vdev: a BAR by its number, or configuration space (7). */
TRACE_EVENT(vpio_access,
	TP_PROTO(const char *vdev, unsigned int region, u64 offset, const void *data, size_t size,
		 bool write),
	TP_ARGS(vdev, region, offset, data, size, write),
	TP_STRUCT__entry(
		__array(char, vdev, UUID_STRING_LEN + 1)
		__field(u64, offset)
		__field(u64, value)
		__field(u8, region)
		__field(u8, size)
		__field(bool, write)
	),
	TP_fast_assign(
		strscpy(__entry->vdev, vdev, UUID_STRING_LEN + 1);
		__entry->offset = offset;
		__entry->value = 0;
		memcpy(&__entry->value, data, size);
		__entry->region = region;
		__entry->size = size;
		__entry->write = write;
	),
	TP_printk("%s %s region=%u offset=%#llx size=%u value=%#llx", __entry->vdev,
		  __entry->write ? "write" : "read", __entry->region, __entry->offset,
		  __entry->size, __entry->value)
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
