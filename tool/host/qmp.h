/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * qmp.h - a client of QEMU's machine protocol: lines of JSON over a Unix socket. The peer is
 * whatever listens there: all that it says is checked, and it has a limited time to say it.
 */
#ifndef VPIO_TOOL_HOST_QMP_H
#define VPIO_TOOL_HOST_QMP_H

#include <json-c/json.h>

#include "../../core/types.h"

enum {
	QMP_MAX_LINE = 1 << 16,	 /* bytes of a message */
	QMP_PATIENCE_MS = 30000, /* for an answer, whatever else arrives meanwhile */
};

enum qmp_state {
	QMP_FINE,
	QMP_NONE,   /* there is no QMP monitor to talk to: the user named something else */
	QMP_CLOSED, /* the VM has ended */
	QMP_BROKEN, /* the peer does not keep to the protocol, or does not answer */
};

/**
 * struct qmp - a connection
 * @socket: non-blocking; -1: none
 * @state: enum qmp_state; but for QMP_FINE it is over
 * @why: for a person, if it is over
 * @patience_ms: how long an answer may take
 * @id: of the last command
 * @length: bytes in @buffer
 * @buffer: what has been received and is not a whole message yet
 */
struct qmp {
	int socket;
	enum qmp_state state;
	char why[512];
	int patience_ms;
	u64 id;
	size_t length;
	char buffer[QMP_MAX_LINE];
};

/* Connects to the monitor at a path and gets ready for commands. */
enum qmp_state qmp_open(struct qmp *qmp, const char *path, int patience_ms);
/* The same over a stream socket that is connected already, and which it owns from now on. */
enum qmp_state qmp_start(struct qmp *qmp, int socket, int patience_ms);
void qmp_close(struct qmp *qmp);

/* Takes what has arrived, without waiting: events, or the connection's end. */
enum qmp_state qmp_look(struct qmp *qmp);

/*
 * Runs a command. @arguments is released; NULL: none. The answer's "return", which the caller
 * releases; or NULL and, in @error, what QEMU says is wrong with the command; or NULL: it is over.
 */
struct json_object *qmp_execute(struct qmp *qmp, const char *command, struct json_object *arguments,
				char error[256]);

/* Runs a command of the human monitor, whose answer, a text made printable, goes to @answer. */
bool qmp_human(struct qmp *qmp, const char *command, char *answer, size_t size);

/* Whether one of the VM's devices has this property with this value (its last part, of a path). */
bool qmp_has_device(struct qmp *qmp, const char *property, const char *value);

/* A peer's text made fit for a terminal and a line: cut, and without control characters. */
void qmp_printable(char *to, size_t size, const char *from, size_t length);

#endif /* VPIO_TOOL_HOST_QMP_H */
