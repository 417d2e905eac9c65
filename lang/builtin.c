// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What the language offers by name: values, calls and statements that are one instruction each,
 * the events, and the words that are no names.
 */
#include "ast.h"

static const struct builtin builtins[] = {
	{ NULL, "mac", "", FORM_VALUE, VPB_MAC },
	{ NULL, "now", "", FORM_VALUE, VPB_NOW },
	{ NULL, "fault", "", FORM_VALUE, VPB_FAULT },
	{ "frame", "length", "", FORM_VALUE, VPB_FLEN },
	{ "frame", "new", "", FORM_CALL, VPB_FNEW },
	{ "frame", "add", "ee", FORM_CALL, VPB_FADD },
	{ "frame", "checksum", "e", FORM_CALL, VPB_FSUM },
	{ "frame", "tag", "e", FORM_CALL, VPB_FTAG },
	{ "frame", "untag", "", FORM_CALL, VPB_FUNTAG },
	{ "frame", "fcs", "", FORM_CALL, VPB_FCRC },
	{ "frame", "strip_fcs", "", FORM_CALL, VPB_FSTRIP },
	{ "frame", "put", "eee", FORM_CALL, VPB_FPUT },
	{ "frame", "copy", "Dee", FORM_CALL, VPB_FDMA },
	{ "frame", "store", "De", FORM_CALL, VPB_FOUT },
	{ "frame", "append", "ew", FORM_CALL, VPB_FAPP },
	{ "frame", "read", "Re", FORM_CALL, VPB_FREAD },
	{ "frame", "write", "Ree", FORM_CALL, VPB_FWRITE },
	{ "frame", "load", "Mee", FORM_CALL, VPB_FMEM },
	{ "frame", "save", "Meee", FORM_CALL, VPB_FMPUT },
	{ "guest", "get", "Mee", FORM_CALL, VPB_GGET },
	{ "guest", "put", "Mee", FORM_CALL, VPB_GPUT },
	{ VPL_DMA_METHOD, "get", "Mee", FORM_CALL, VPB_DGET },
	{ VPL_DMA_METHOD, "put", "Mee", FORM_CALL, VPB_DPUT },
	{ NULL, "send", "Eee", FORM_CALL, VPB_SEND },
	{ NULL, "local", "", FORM_CALL, VPB_LOCAL },
	{ NULL, "room", "E", FORM_CALL, VPB_ROOM },
	{ NULL, "start", "Eee", FORM_CALL, VPB_START },
	{ NULL, "started", "E", FORM_CALL, VPB_STARTED },
	{ NULL, "owned", "E", FORM_CALL, VPB_OWNED },
	{ NULL, "instance", "E", FORM_CALL, VPB_INSTANCE },
	{ NULL, "address", "D", FORM_CALL, VPB_DADDR },
	{ NULL, "bits", "ecc", FORM_CALL, VPB_EXT },
	{ NULL, "run", "E", FORM_STATEMENT, VPB_RUN },
	{ NULL, "refuse", "e", FORM_STATEMENT, VPB_REFUSE },
	{ NULL, "deny", "", FORM_STATEMENT, VPB_DENY },
	{ NULL, "drop", "", FORM_STATEMENT, VPB_DROP },
	{ NULL, "notify", "e", FORM_STATEMENT, VPB_NOTIFY },
	{ NULL, "finish", "Ee", FORM_STATEMENT, VPB_DONE },
	{ NULL, "cancel", "E", FORM_STATEMENT, VPB_CANCEL },
	{ NULL, "emit", "", FORM_STATEMENT, VPB_EMIT },
};

const struct event_info vpl_events[EVENTS] = {
	[EV_READ] = { "read", 'r', HOME_VDEV, VPB_H_READ, true, { NULL } },
	[EV_WRITE] = { "write", 'r', HOME_VDEV, VPB_H_WRITE, false, { NULL } },
	[EV_RESET] = { "reset", 0, HOME_MODEL, VPB_H_VDEV, false, { NULL } },
	[EV_NOTIFY] = { "notify", 0, HOME_MODEL, VPB_H_VDEV, false, { "event" } },
	[EV_DONE] = { "done", 0, HOME_ENGINE, VPB_H_VDEV, false, { "tag", "status" } },
	[EV_FRAME] = { "frame", 0, HOME_HOST, VPB_H_VDEV, false, { NULL } },
	[EV_RUN] = { "run", 0, HOME_HOST, VPB_H_VDEV, false, { NULL } },
	[EV_BEGIN] = { "start", 0, HOME_SLICE | HOME_PARTITION, VPB_H_START, false, { "a", "b" } },
	[EV_IDLE] = { "idle", 0, HOME_SLICE, VPB_H_HARDWARE, true, { NULL } },
	[EV_READY] = { "ready", 0, HOME_SLICE, VPB_H_HARDWARE, true, { "a", "b" } },
	[EV_SAVE] = { "save", 0, HOME_SLICE, VPB_H_HARDWARE, false, { NULL } },
	[EV_SAVED] = { "saved", 0, HOME_SLICE, VPB_H_HARDWARE, false, { NULL } },
	[EV_RESTORE] = { "restore", 0, HOME_SLICE, VPB_H_HARDWARE, false, { NULL } },
	[EV_RESTORED] = { "restored", 0, HOME_SLICE, VPB_H_HARDWARE, false, { NULL } },
	[EV_ABORT] = { "recover", 0, HOME_SLICE, VPB_H_HARDWARE, false, { NULL } },
	[EV_RESET_ONE] = { "reset", 0, HOME_PARTITION, VPB_H_INSTANCE, false, { NULL } },
	[EV_INTERRUPT_ONE] = { "interrupt", 0, HOME_PARTITION, VPB_H_INSTANCE, true, { NULL } },
	[EV_IDLE_ONE] = { "idle", 0, HOME_PARTITION, VPB_H_INSTANCE, true, { NULL } },
	[EV_ABORT_ONE] = { "recover", 0, HOME_PARTITION, VPB_H_INSTANCE, false, { NULL } },
	[EV_START] = { "start", 0, HOME_HARDWARE, VPB_H_HARDWARE, false, { NULL } },
	[EV_STOP] = { "stop", 0, HOME_HARDWARE, VPB_H_HARDWARE, false, { NULL } },
	[EV_INTERRUPT] = { "interrupt", 0, HOME_HARDWARE, VPB_H_HARDWARE, true, { NULL } },
	[EV_TICK] = { "tick", 0, HOME_HARDWARE, VPB_H_HARDWARE, false, { NULL } },
	[EV_TRANSMIT] = { "transmit", 'e', HOME_HARDWARE, VPB_H_HARDWARE, true, { NULL } },
	[EV_RECOVER] = { "recover", 'e', HOME_HARDWARE, VPB_H_HARDWARE, false, { NULL } },
	[EV_POLL] = { "poll", 'e', HOME_HARDWARE, VPB_H_HARDWARE, false, { NULL } },
	[EV_MASK] = { "mask", 'e', HOME_HARDWARE, VPB_H_HARDWARE, false, { "masked" } },
	[EV_FILTER] = { "filter", 0, HOME_MODEL, VPB_H_VDEV, false, { NULL } },
};

/* Words that begin something, and so name nothing. */
static const char *const reserved[] = {
	"model",    "pci",    "param",	"bar",	    "window", "engine", "interrupt", "filter",
	"hardware", "const",  "layout", "var",	    "proc",   "on",	"let",	     "if",
	"else",	    "repeat", "break",	"continue", "return", "cause",	"reserved",  "guest",
	"frame",    "u8",     "u16",	"u32",	    "u64",    "own",	"port",
};

static bool is_same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

const struct builtin *vpl_builtin(const char *object, const char *name, int form)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(builtins); i++) {
		if ((int)builtins[i].form == form && is_same(object, builtins[i].object) &&
		    is_same(name, builtins[i].name))
			return &builtins[i];
	}
	return NULL;
}

const struct builtin *vpl_builtin_at(unsigned int index)
{
	return index < ARRAY_SIZE(builtins) ? &builtins[index] : NULL;
}

bool vpl_builtin_has_result(const struct builtin *builtin)
{
	return strchr(vpb_ops[builtin->op].uses, 'd') != NULL;
}

bool vpl_is_argument(const char *name)
{
	unsigned int i;

	for (i = 0; i < EVENTS; i++) {
		if (i == EV_BEGIN || i == EV_READY)
			continue; /* a and b are too short to be kept from everybody else */
		if (is_same(name, vpl_events[i].arguments[0]) ||
		    is_same(name, vpl_events[i].arguments[1]))
			return true;
	}
	return !strcmp(name, "value") || !strcmp(name, "size");
}

bool vpl_is_reserved(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(reserved); i++) {
		if (!strcmp(reserved[i], name))
			return true;
	}
	for (i = 0; i < ARRAY_SIZE(builtins); i++) {
		/* `start` is a good name for a proc, too: resolve_call() */
		if (!builtins[i].object && builtins[i].op != VPB_START &&
		    !strcmp(builtins[i].name, name))
			return true;
	}
	return false;
}
