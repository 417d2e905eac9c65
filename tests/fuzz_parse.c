// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * libFuzzer: the compiler. Any bytes are a model's text: they are refused with one error, or become
 * a model that the verifier accepts.
 */
#include <stdlib.h>

#include "../core/model.h"
#include "../lang/lang.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void check_model(const struct vpl_output *output)
{
	struct vpio_error error;
	struct vpio_model model;

	if (!vpio_model_load(&model, output->block, output->size, &error))
		return;
	fprintf(stderr, "fuzz_parse: the verifier refuses what was compiled: %u: %s\n",
		error.offset, error.reason);
	abort();
}

/* What is said of the text; a model is refused with a word, and accepted without. */
static size_t compile(const char *text, size_t size, struct vpl_output *output, int *result)
{
	char *said = NULL;
	size_t length = 0;
	FILE *diagnostics = open_memstream(&said, &length);

	if (!diagnostics)
		exit(1);
	*result = vpl_compile("model.vpm", text, size, output, diagnostics);
	fclose(diagnostics);
	free(said);
	return length;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct vpl_output output = { NULL, 0 };
	int result;
	size_t said = compile((const char *)data, size, &output, &result);

	if (!result != !said)
		abort();
	if (result)
		return 0;
	check_model(&output);
	free(output.block);
	if (vpl_compile("model.vpm", (const char *)data, size, NULL, NULL))
		abort();
	return 0;
}
