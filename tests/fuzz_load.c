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
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t most, unsigned int seed);

/* The bytes of one record of some table; NULL if the table is not within the model. */
static u8 *pick_record(u8 *data, size_t size, unsigned int seed, size_t *record)
{
	static const struct {
		size_t table, record;
	} tables[] = {
#define TABLE(name, type) { offsetof(struct vpb_header, name), sizeof(type) },
		VPB_TABLES(TABLE)
#undef TABLE
	};
	unsigned int which = seed % ARRAY_SIZE(tables);
	struct vpb_table table;
	u64 place;

	memcpy(&table, data + tables[which].table, sizeof(table));
	*record = tables[which].record;
	if (!table.count)
		return NULL;
	place = table.offset + (u64)(seed >> 4) % table.count * *record;
	return place + *record <= size ? data + place : NULL;
}

/* Half of the time a number in a record becomes another that might be right there. */
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t most, unsigned int seed)
{
	u8 random[8], *number = NULL;
	unsigned int width;
	size_t record;
	u32 value;

	storm_fill(random, sizeof(random), seed * 0x9e3779b97f4a7c15ull);
	memcpy(&value, random, sizeof(value));
	if (random[4] & 1 && size >= sizeof(struct vpb_header) + STORM)
		number = pick_record(data, size - STORM, value, &record);
	if (!number)
		return LLVMFuzzerMutate(data, size, most);
	width = record >= 4 ? 1u << random[5] % 3 : 1;
	number += random[6] % (record / width) * width;
	memcpy(&value, number, width);
	switch (random[4] >> 1 & 3) {
	case 0:
		value = random[7] & 15;
		break;
	case 1:
		value = random[7];
		break;
	case 2:
		value += random[7] & 1 ? 1 : ~0u;
		break;
	case 3:
		value = ~0u >> (random[7] & 31);
		break;
	}
	memcpy(number, &value, width);
	return size;
}

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
		storm_over(copy, size, &storm, storm_device);
	free(copy);
	return 0;
}
