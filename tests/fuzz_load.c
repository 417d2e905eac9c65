// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * libFuzzer: the loader of compiled models. The input is a model and, in its last bytes, a storm
 * over what that model does if it is accepted. The model's checksum and sizes are made right, so
 * that the fuzzer gets past them.
 */
#include <stdlib.h>

#include "builder.h"
#include "storm.h"

enum { STORM = 48 }; /* bytes */

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void seal(u8 *data, size_t size)
{
	struct block block = { .data = data, .size = size };

	if (size < sizeof(struct vpb_header))
		return;
	block.header->magic = VPB_MAGIC;
	block.header->version = VPB_VERSION;
	block.header->header_size = sizeof(struct vpb_header);
	block_seal(&block);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const size_t tail = size < STORM ? size : STORM;
	struct storm storm = { data + size - tail, tail, 0 };
	struct vpio_model model;
	struct vpio_error error = { 0, NULL };
	u8 *copy;

	size -= tail;
	copy = malloc(size ? size : 1);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (vpio_model_load(&model, copy, size, &error) &&
	    (!error.reason || (size && error.offset >= size && error.offset)))
		abort(); /* a refusal has a reason, and an offset within the model */
	seal(copy, size);
	if (!vpio_model_load(&model, copy, size, NULL))
		storm_over(copy, size, &storm);
	free(copy);
	return 0;
}
