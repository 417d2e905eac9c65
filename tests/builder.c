// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Compiled models without a compiler: see builder.h. What is built here is not checked here; that
 * is the verifier's work.
 */
#include <stdio.h>
#include <stdlib.h>

#include "builder.h"

static void *need(void *memory)
{
	if (memory)
		return memory;
	fprintf(stderr, "builder: out of memory\n");
	abort();
}

u16 builder_append(void **table, struct vpb_table *info, const void *record, size_t size)
{
	*table = need(realloc(*table, (info->count + 1) * size));
	memcpy((u8 *)*table + info->count * size, record, size);
	return (u16)info->count++;
}

u32 builder_string(struct builder *builder, const char *string)
{
	u32 offset = builder->header.strings.count;

	do
		builder_append((void **)&builder->strings, &builder->header.strings, string, 1);
	while (*string++);
	return offset;
}

void builder_init(struct builder *builder, const char *name)
{
	unsigned int i;

	*builder = (struct builder){
		.header = {
			.magic = VPB_MAGIC,
			.version = VPB_VERSION,
			.header_size = sizeof(struct vpb_header),
			.vendor = 0x1234,
			.device = 0x5678,
			.class_code = 0x020000,
			.irq_pin = 1,
			.revision_param = VPB_NONE,
			.dma_bits = 32,
			.rx_engine = VPB_NONE,
		},
	};
	for (i = 0; i < ARRAY_SIZE(builder->header.on); i++)
		builder->header.on[i] = VPB_NONE;
	builder->header.name = builder_string(builder, name);
	builder->header.title = builder->header.name;
}

u16 builder_var(struct builder *builder, const char *name, enum vpb_space space, unsigned int width,
		u32 count)
{
	u32 *size = &builder->header.state_size[space];
	u32 offset = (*size + width - 1) / width * width;

	*size = offset + width * count;
	return builder_add(builder, vars,
			   { .name = builder_string(builder, name),
			     .offset = offset,
			     .count = count,
			     .width = (u8)width,
			     .space = (u8)space,
			     .reg = VPB_NONE });
}

u16 builder_handler(struct builder *builder, const char *name, enum vpb_handler_kind kind,
		    const struct vpb_insn *code, u32 count)
{
	struct vpb_handler handler = { .name = builder_string(builder, name),
				       .count = count,
				       .start = builder->header.code.count,
				       .kind = (u8)kind,
				       .nregs = 8 };
	u32 i;

	for (i = 0; i < count; i++)
		builder_append((void **)&builder->code, &builder->header.code, &code[i],
			       sizeof(code[i]));
	return builder_append((void **)&builder->handlers, &builder->header.handlers, &handler,
			      sizeof(handler));
}

void builder_finish(struct builder *builder, struct block *block)
{
	size_t size = sizeof(builder->header);
	u8 *data;

#define LAY_OUT(table, type)                      \
	size = (size + 7) & ~(size_t)7;           \
	builder->header.table.offset = (u32)size; \
	size += builder->header.table.count * sizeof(type);
	VPB_TABLES(LAY_OUT)
#undef LAY_OUT
	builder->header.size = (u32)size;
	data = need(calloc(1, size));
	memcpy(data, &builder->header, sizeof(builder->header));
#define COPY(table, type)                                                   \
	if (builder->header.table.count)                                    \
		memcpy(data + builder->header.table.offset, builder->table, \
		       builder->header.table.count * sizeof(type));         \
	free(builder->table);
	VPB_TABLES(COPY)
#undef COPY
	block_open(block, data, size);
	block_seal(block);
}

void block_open(struct block *block, void *data, size_t size)
{
	block->data = data;
	block->size = size;
#define OPEN(table, type) block->table = (type *)((u8 *)data + block->header->table.offset);
	VPB_TABLES(OPEN)
#undef OPEN
}

void block_seal(struct block *block)
{
	const size_t after = offsetof(struct vpb_header, crc) + sizeof(block->header->crc);

	block->header->size = (u32)block->size;
	block->header->crc = vpio_crc32(0, (u8 *)block->data + after, block->size - after);
}

/* --- The toy ----------------------------------------------------------------------------- */

static void add_reg(struct builder *builder, struct vpb_reg reg, const char *name)
{
	reg.name = builder_string(builder, name);
	reg.var = builder_var(builder, name, VPB_VDEV, reg.width, reg.count);
	reg.stride = reg.stride ? reg.stride : reg.width;
	reg.engine = VPB_NONE;
	reg.bank = VPB_NONE;
	reg.port = VPB_NONE;
	reg.writable = ~0ull;
	builder->vars[reg.var].reg =
		builder_append((void **)&builder->regs, &builder->header.regs, &reg, sizeof(reg));
}

static void add_regs(struct builder *builder)
{
	add_reg(builder,
		(struct vpb_reg){ .offset = 0,
				  .width = 4,
				  .count = 1,
				  .fields = 1,
				  .on_read = TOY_ON_READ,
				  .on_write = TOY_ON_WRITE },
		"DATA");
	add_reg(builder,
		(struct vpb_reg){ .offset = 8,
				  .width = 4,
				  .count = 3,
				  .stride = 8,
				  .on_read = VPB_NONE,
				  .on_write = VPB_NONE },
		"ARRAY");
	add_reg(builder,
		(struct vpb_reg){ .offset = 32,
				  .width = 2,
				  .count = 1,
				  .access = VPB_W1C,
				  .clear = 0xffff,
				  .flags = VPB_REG_IRQ,
				  .on_read = VPB_NONE,
				  .on_write = VPB_NONE },
		"CAUSE");
	add_reg(builder,
		(struct vpb_reg){ .offset = 34,
				  .width = 2,
				  .count = 1,
				  .flags = VPB_REG_IRQ,
				  .on_read = VPB_NONE,
				  .on_write = VPB_NONE },
		"MASK");
	add_reg(builder,
		(struct vpb_reg){ .offset = 36,
				  .width = 1,
				  .count = 1,
				  .on_read = VPB_NONE,
				  .on_write = VPB_NONE },
		"BANK");
	add_reg(builder,
		(struct vpb_reg){ .window = TOY_BANKED,
				  .width = 1,
				  .count = 1,
				  .flags = VPB_REG_FIXED,
				  .on_read = VPB_NONE,
				  .on_write = VPB_NONE },
		"PORT");
	add_reg(builder,
		(struct vpb_reg){ .offset = 40,
				  .width = 8,
				  .count = 1,
				  .flags = VPB_REG_FILTER,
				  .on_read = VPB_NONE,
				  .on_write = VPB_NONE },
		"HASH");
	builder_add(builder, fields, { .name = builder_string(builder, "LOW"), .width = 4 });
}

static void add_vars(struct builder *builder)
{
	builder_var(builder, "chip", VPB_VDEV, 4, 1);
	builder_var(builder, "table", VPB_VDEV, 2, 8);
	builder_var(builder, "host", VPB_HOST, 4, 1);
	builder_var(builder, "hosts", VPB_HOST, 1, 4);
	builder_var(builder, "slice", VPB_SLICE, 4, 1);
}

static void add_windows(struct builder *builder)
{
	static const struct vpb_span spans[] = {
		{ 0, 4, TOY_DATA, 0 },	  { 4, 8, VPB_NONE, 0 },    { 8, 12, TOY_ARRAY, 0 },
		{ 16, 20, TOY_ARRAY, 0 }, { 24, 28, TOY_ARRAY, 0 }, { 32, 34, TOY_CAUSE, 0 },
		{ 34, 36, TOY_MASK, 0 },  { 36, 37, TOY_BANK, 0 },  { 40, 48, TOY_HASH, 0 },
		{ 0, 1, TOY_PORT, 0 },	  { 4, 16, VPB_NONE, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(spans); i++)
		builder_append((void **)&builder->spans, &builder->header.spans, &spans[i],
			       sizeof(spans[i]));
	for (i = 0; i < 2; i++)
		builder_add(builder, maps, { 0, 9 });
	for (i = 0; i < 4; i++)
		builder_add(builder, maps, { 9 + i / 2, 1 });
	builder_add(builder, windows,
		    { .name = builder_string(builder, "main"), .size = 64, .bank_var = VPB_NONE });
	builder_add(builder, windows,
		    { .name = builder_string(builder, "banked"),
		      .size = 16,
		      .map = 2,
		      .bank_var = TOY_BANK,
		      .bank_bits = 1,
		      .hw_bar = 1 });
	builder_add(builder, bars, { .index = 0, .io = 1, .window = TOY_MAIN, .size = 64 });
	builder_add(builder, bars, { .index = 1, .window = TOY_BANKED, .size = 16 });
}

static void add_handlers(struct builder *builder)
{
	static const struct vpb_insn on_read[] = {
		{ VPB_ADDI, 0, 0, 0, 1 },
		{ VPB_RET, 0, 0, 0, 0 },
	};
	static const struct vpb_insn on_write[] = {
		{ VPB_STV, 0, 0, 0, TOY_DATA },
		{ VPB_RUN, 0, 0, 0, TOY_TX },
		{ VPB_RET, 0, 0, 0, 0 },
	};
	static const struct vpb_insn on_vdev[TOY_VDEV_INSNS] = {
		[TOY_LDI] = { VPB_LDI, 0, 0, 0, 0x1000 },
		[TOY_CLR] = { VPB_CLR, 0, 0, 0, 0 },
		[TOY_BODY] = { VPB_ADDI, 0, 0, 0, 1 },
		[TOY_LOOP] = { VPB_LOOP, 0, 3, 0, TOY_BODY },
		[TOY_OUTER_CLR] = { VPB_CLR, 0, 0, 0, 1 },
		[TOY_INNER_CLR] = { VPB_CLR, 0, 0, 0, 2 },
		[TOY_INNER_BODY] = { VPB_ADDI, 1, 1, 0, 1 },
		[TOY_INNER_LOOP] = { VPB_LOOP, 2, 4, 0, TOY_INNER_BODY },
		[TOY_OUTER_LOOP] = { VPB_LOOP, 1, 2, 0, TOY_INNER_CLR },
		[TOY_LDV] = { VPB_LDV, 2, 0, 0, TOY_HOST },
		[TOY_STV] = { VPB_STV, 0, 2, 0, TOY_DATA },
		[TOY_LDX] = { VPB_LDX, 2, 3, 0, TOY_TABLE },
		[TOY_SHLI] = { VPB_SHLI, 0, 0, 0, 3 },
		[TOY_EXT] = { VPB_EXT, 0, 0, 0, 4 | 60 << 8 },
		[TOY_JMP] = { VPB_JMP, 0, 0, 0, TOY_DIVI },
		[TOY_DIVI] = { VPB_DIVI, 0, 0, 0, 3 },
		[TOY_GLD] = { VPB_GLD, 0, 0, 0, 4 },
		[TOY_FPUT] = { VPB_FPUT, 0, 1, 3, 3 },
		[TOY_SEND] = { VPB_SEND, 0, 1, 3, TOY_TX },
		[TOY_FILTER] = { VPB_FILTER, 0, 0, 1, 0 },
		[TOY_RET] = { VPB_RET, 0, 0, 0, 0 },
	};
	static const struct vpb_insn on_frame[] = {
		{ VPB_LDI, 0, 0, 0, 1 },
		{ VPB_STV, 0, 0, 0, TOY_CAUSE },
		{ VPB_RET, 0, 0, 0, 0 },
	};
	static const struct vpb_insn on_hardware[TOY_HARDWARE_INSNS] = {
		[TOY_HRD] = { VPB_HRD, 0, 0, 0, TOY_DATA },
		[TOY_HRX] = { VPB_HRX, 0, 3, 0, TOY_ARRAY },
		[TOY_DLD] = { VPB_DLD, 0, 3, 0, 0 | 4 << 16 },
		[TOY_FDMA] = { VPB_FDMA, 1, 3, 3, 0 },
		[TOY_HLDV] = { VPB_LDX, 1, 3, 0, TOY_HOSTS },
		[TOY_DONE] = { VPB_DONE, 0, 3, 0, TOY_TX },
		[TOY_HSTV] = { VPB_STV, 0, 3, 0, TOY_HOST },
		[TOY_HRET] = { VPB_RET, 0, 0, 0, 0 },
	};
	static const struct vpb_insn on_transmit[] = {
		{ VPB_LDI, 0, 0, 0, 0 },
		{ VPB_FOUT, 0, 0, 0, 0 },
		{ VPB_RET, 0, 0, 0, 0 },
	};
	static const struct vpb_insn on_interrupt[] = {
		{ VPB_LDI, 0, 0, 0, 0 },
		{ VPB_NOTIFY, 0, 0, 0, 0 },
		{ VPB_EMIT, 0, 0, 0, 0 },
		{ VPB_RET, 0, 0, 0, 0 },
	};

	builder_handler(builder, "on read", VPB_H_READ, on_read, ARRAY_SIZE(on_read));
	builder_handler(builder, "on write", VPB_H_WRITE, on_write, ARRAY_SIZE(on_write));
	builder_handler(builder, "on vdev", VPB_H_VDEV, on_vdev, ARRAY_SIZE(on_vdev));
	builder_handler(builder, "on frame", VPB_H_VDEV, on_frame, ARRAY_SIZE(on_frame));
	builder_handler(builder, "on hardware", VPB_H_HARDWARE, on_hardware,
			ARRAY_SIZE(on_hardware));
	builder_handler(builder, "on transmit", VPB_H_HARDWARE, on_transmit,
			ARRAY_SIZE(on_transmit));
	builder_handler(builder, "on interrupt", VPB_H_HARDWARE, on_interrupt,
			ARRAY_SIZE(on_interrupt));
}

/* An engine without handlers. */
static struct vpb_engine *add_engine(struct builder *builder, const char *name)
{
	u16 index = builder_add(builder, engines,
				{ .name = builder_string(builder, name), .discipline = VPB_HOSTED });
	struct vpb_engine *engine = &builder->engines[index];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(engine->on); i++)
		engine->on[i] = VPB_NONE;
	return engine;
}

static void add_engines(struct builder *builder)
{
	struct vpb_engine *engine = add_engine(builder, "tx");

	engine->depth = 4;
	engine->timeout_ms = 100;
	engine->max_frame = 1514;
	engine->on[VPB_ON_TRANSMIT] = TOY_ON_TRANSMIT;
	engine->on[VPB_ON_RECOVER] = TOY_ON_HARDWARE;
	engine->on[VPB_ON_DONE] = TOY_ON_FRAME;
	engine->on[VPB_ON_RUN] = TOY_ON_VDEV;
	engine = add_engine(builder, "rx");
	engine->on[VPB_ON_FRAME] = TOY_ON_FRAME;
}

void toy_make(struct block *block)
{
	static const u64 values[] = { 1, 2 };
	struct builder builder;
	u32 i;

	builder_init(&builder, "toy");
	builder.header.flags = VPB_NIC;
	builder.header.revision_param = 0;
	builder.header.rx_engine = TOY_RX;
	add_regs(&builder);
	add_vars(&builder);
	add_windows(&builder);
	add_handlers(&builder);
	add_engines(&builder);
	builder_add(&builder, irqs, { TOY_CAUSE, TOY_MASK });
	builder_add(&builder, dmas,
		    { .name = builder_string(&builder, "ring"), .size = 0x1000, .align = 256 });
	builder_add(&builder, params,
		    { .name = builder_string(&builder, "chip"),
		      .var = TOY_CHIP,
		      .value = 0,
		      .count = 2 });
	for (i = 0; i < ARRAY_SIZE(values); i++)
		builder_append((void **)&builder.values, &builder.header.values, &values[i],
			       sizeof(values[i]));
	builder.header.on[VPB_ON_START] = TOY_ON_HARDWARE;
	builder.header.on[VPB_ON_STOP] = TOY_ON_HARDWARE;
	builder.header.on[VPB_ON_INTERRUPT] = TOY_ON_INTERRUPT;
	builder.header.on[VPB_ON_TICK] = TOY_ON_INTERRUPT;
	builder.header.on[VPB_ON_RESET] = TOY_ON_VDEV;
	builder.header.on[VPB_ON_FILTER] = TOY_ON_VDEV;
	builder.header.on[VPB_ON_NOTIFY] = TOY_ON_FRAME;
	builder_finish(&builder, block);
}
