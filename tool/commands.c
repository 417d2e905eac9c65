// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The commands that are called by a word before their own, as `vpio model check`.
 */
#include "tool.h"

const struct tool_family tool_families[] = {
	{ "model", "models of devices", tool_model_commands },
	{ NULL },
};
