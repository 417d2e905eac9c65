// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A compilation: its passes, one after the other, and its end at the first error.
 */
#include "ast.h"

static void compile(struct vpl *vpl, struct vpl_output *out)
{
	const struct at start = { 0, 1 };

	if (vpl->size > VPL_MAX_TEXT)
		vpl_error(vpl, start, CHECK_MODEL_SIZE, "expected a file of at most %u bytes",
			  VPL_MAX_TEXT);
	vpl_parse(vpl);
	vpl_resolve(vpl);
	vpl_run_checks(vpl);
	vpl_mark_filter(vpl);
	vpl_layout(vpl);
	vpl_generate(vpl);
	vpl_write(vpl, out);
}

int vpl_compile(const char *name, const char *text, size_t size, struct vpl_output *out,
		FILE *diagnostics)
{
	struct vpl vpl = {
		.file = name,
		.text = text,
		.size = size <= VPL_MAX_TEXT ? (u32)size : VPL_MAX_TEXT + 1,
		.diagnostics = diagnostics,
	};

	if (out)
		*out = (struct vpl_output){ 0 };
	if (setjmp(vpl.stop)) {
		vpl_free(&vpl);
		return -1;
	}
	compile(&vpl, out);
	vpl_free(&vpl);
	return 0;
}
