/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * guard.h - what `vpio guard` is made of, for its tests: where it looks, and how long it waits.
 */
#ifndef VPIO_TOOL_HOST_GUARD_H
#define VPIO_TOOL_HOST_GUARD_H

#include "../../core/types.h"

/**
 * struct guard - what to guard
 * @vdev: its UUID
 * @monitor: path of the VM's QMP socket
 * @json: reports are JSON lines
 * @fatal: the machine check says that the processor's context is corrupt
 * @sys: where sysfs is
 * @patience_ms: for QEMU's answers
 * @look_ms: at most one look at the vdev's violations in this time
 * @pause_ms: at most one machine check in this time
 * @idle_ms: whether the vdev is still there is looked at after this time
 */
struct guard {
	const char *vdev;
	const char *monitor;
	bool json;
	bool fatal;
	const char *sys;
	int patience_ms;
	int look_ms;
	int pause_ms;
	int idle_ms;
};

/* Guards until the VM or the vdev is gone; an exit code. */
int guard_run(const struct guard *guard);

#endif /* VPIO_TOOL_HOST_GUARD_H */
