// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What a guest's register accesses cost in the user-space library, for every model that has a
 * simulated device: each register is read and written, in each state that a stock driver brings the
 * device into, with the values that make a difference: time here, instructions under callgrind.
 *
 * access: times, "kind, model, access, ns, least, most" in a line each: the median, and between
 * what the middle nine tenths of the samples are. access count: the same without the times, each
 * access once, followed by a dump of callgrind's that has the line's number.
 *
 * The kinds: "hooked" is an access for which a handler of the model ran, "answered" one that the
 * monitor answered from the vdev's state, "direct" one that reached the hardware, "starting" one by
 * which an engine was given work, "refused" one that the model denies or finds wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "../tests/nic.h"

enum {
	SAMPLES = 101,
	MOST_VALUES = 128,
	FRAME = 60, /* bytes of the frame that is sent: the smallest, as its copying does not count */
	NE_CR = 0x00,
	NE_RSAR = 0x08,
	NE_RBCR = 0x0a,
	NE_DCR = 0x0e,
	EDU_MEMORY = 0x1000,
	EDU_SRC = 0x80,
	EDU_DST = 0x88,
	EDU_COUNT = 0x90,
	EDU_CMD = 0x98,
	EDU_FACT = 0x08,
	EDU_BUFFER = 0x40000,
};

/* --- What the devices do before the access that counts ------------------------------------ */

static void after_reset(struct world_guest *guest)
{
	nic_command(guest, 7);
}

static void classic(struct world_guest *guest)
{
	struct nic nic;
	unsigned int i;

	too_open(&nic, guest, RCR_USUAL);
	for (i = 0; i < 4; i++)
		frame_make(guest->memory + NIC_TX_BUFFERS + NIC_BUFFER * i, FRAME, frame_stranger,
			   nic_mac(guest), i);
}

/* A frame is on its way: what a reset of the device must forget. */
static void sending(struct world_guest *guest)
{
	classic(guest);
	guest_out(guest, NIC_TSD, 4, FRAME);
}

static void cplus(struct world_guest *guest)
{
	struct nic nic;

	cp_open(&nic, guest, RCR_USUAL);
	frame_make(guest->memory + NIC_CP_TX, FRAME, frame_stranger, nic_mac(guest), 0);
	cp_queue(&nic, NIC_CP_TX, FRAME, DESC_FS | DESC_LS, 0);
}

/* In the midst of reading the EEPROM: the command is in, the data are to come. */
static void reading_eeprom(struct world_guest *guest)
{
	const unsigned int command = 0x180; /* start, read, address 0 */
	unsigned int i, bit;

	after_reset(guest);
	for (i = 9; i--;) {
		bit = 0x88 | (command >> i & 1) << 1;
		guest_out(guest, NIC_CFG9346, 1, bit);
		guest_out(guest, NIC_CFG9346, 1, bit | 4);
	}
	guest_out(guest, NIC_CFG9346, 1, 0x88);
}

/* A remote DMA of the NE2000 is under way: words go through the data port. */
static void remote_dma(struct world_guest *guest, u8 command)
{
	after_reset(guest);
	guest_out(guest, NE_CR, 1, 0x22);
	guest_out(guest, NE_DCR, 1, 0x49);
	guest_out(guest, NE_RSAR, 1, 0x00);
	guest_out(guest, NE_RSAR + 1, 1, 0x40);
	guest_out(guest, NE_RBCR, 1, FRAME);
	guest_out(guest, NE_RBCR + 1, 1, 0);
	guest_out(guest, NE_CR, 1, command);
	world_run(guest->world);
}

static void remote_read(struct world_guest *guest)
{
	remote_dma(guest, 0x0a);
}

static void remote_write(struct world_guest *guest)
{
	remote_dma(guest, 0x12);
}

static void transfer(struct world_guest *guest)
{
	after_reset(guest);
	guest_out(guest, EDU_SRC, 8, EDU_MEMORY);
	guest_out(guest, EDU_DST, 8, EDU_BUFFER);
	guest_out(guest, EDU_COUNT, 8, FRAME);
}

/* The guest has the engines, from work that it has done before. */
static void owner(struct world_guest *guest)
{
	transfer(guest);
	guest_out(guest, EDU_FACT, 4, 5);
	guest_out(guest, EDU_CMD, 8, 1);
	world_run(guest->world);
}

/* A model is measured if it is named here: its device, and what a guest has done before. */
static const struct subject {
	const char *model;
	struct sim_device *(*device)(const struct sim_bus *bus);
	struct sim_device *(*nic)(const struct sim_bus *bus, const uint8_t mac[6]);
	bool wide; /* it has wide accesses: drivers take arrays of bytes by fours */
	struct {
		const char *name;
		void (*enter)(struct world_guest *guest);
	} states[6];
} subjects[] = {
	{ "rtl8139",
	  NULL,
	  sim_rtl8139_create,
	  true,
	  { { "after reset", after_reset },
	    { "classic", classic },
	    { "sending", sending },
	    { "C+", cplus },
	    { "EEPROM", reading_eeprom } } },
	{ "ne2000",
	  NULL,
	  sim_ne2000_create,
	  false,
	  { { "after reset", after_reset },
	    { "remote read", remote_read },
	    { "remote write", remote_write } } },
	{ "edu",
	  sim_edu_create,
	  NULL,
	  true,
	  { { "after reset", after_reset }, { "idle", transfer }, { "owner", owner } } },
};

static const struct subject *subject; /* that is measured now */

static struct sim_device *create_device(const struct sim_bus *bus)
{
	static const u8 mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

	return subject->nic ? subject->nic(bus, mac) : subject->device(bus);
}

/* --- One access --------------------------------------------------------------------------- */

struct access {
	const struct vpb_reg *reg;
	u32 index, offset, size;
	bool write;
	u64 value;
};

/* A model under measurement. */
struct bench {
	struct world *world;
	struct world_guest *guest;
	unsigned int bar;
	u32 bank;
	const char *state;
	void (*enter)(struct world_guest *guest);
};

static unsigned int lines;
static bool counting;
static unsigned int guests = 1; /* that the device has; the first one is measured */

/* Not static and not inlined, so that callgrind finds it by its name. */
int counted_access(struct vpio_vdev *vdev, unsigned int bar, const struct access *access);

noinline int counted_access(struct vpio_vdev *vdev, unsigned int bar, const struct access *access)
{
	u64 value = access->value;

	if (access->write)
		return vpio_vdev_write(vdev, bar, access->offset, &value, access->size);
	return vpio_vdev_read(vdev, bar, access->offset, &value, access->size);
}

static void select_bank(struct bench *bench, const struct vpb_window *window)
{
	const struct vpio_model *model = &bench->world->model;
	const struct vpb_reg *reg;
	u64 mask;

	if (window->bank_var == VPB_NONE || model->vars[window->bank_var].reg == VPB_NONE)
		return;
	reg = &model->regs[model->vars[window->bank_var].reg];
	mask = ((1ull << window->bank_bits) - 1) << window->bank_shift;
	guest_out(bench->guest, reg->offset, reg->width,
		  (guest_in(bench->guest, reg->offset, reg->width) & ~mask) |
			  (u64)bench->bank << window->bank_shift);
}

/* The state that the access is to meet, from wherever the last one left the device. */
static void restart(struct bench *bench, const struct access *access)
{
	struct world_guest *guest = bench->guest;

	world_pass(bench->world, 1);
	guest->locked = true;
	vpio_vdev_reset(guest->vdev);
	guest->locked = false;
	world_run(bench->world);
	bench->enter(guest);
	select_bank(bench, &bench->world->model.windows[access->reg->window]);
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The times, sorted; of nothing if there is no access: what looking at the clock takes. */
static void take_times(struct bench *bench, const struct access *access, double times[SAMPLES])
{
	unsigned int i;

	for (i = 0; i < SAMPLES; i++) {
		if (access)
			restart(bench, access);
		if (access)
			bench->guest->locked = true;
		times[i] = now_ns();
		if (access)
			counted_access(bench->guest->vdev, bench->bar, access);
		times[i] = now_ns() - times[i];
		bench->guest->locked = false;
	}
	qsort(times, SAMPLES, sizeof(*times), compare);
}

/* Makes the access once, for callgrind, and says of what kind it was; NULL if it has to wait. */
static const char *count(struct bench *bench, const struct access *access)
{
	const struct vpio_vdev_stats *stats = vpio_vdev_stats(bench->guest->vdev);
	struct vpio_vdev_stats before;
	int result;

	restart(bench, access);
	before = *stats;
	bench->guest->locked = true;
	CALLGRIND_ZERO_STATS;
	result = counted_access(bench->guest->vdev, bench->bar, access);
	bench->guest->locked = false;
	if (result)
		return NULL;
	if (stats->jobs != before.jobs)
		return "starting";
	if (stats->refusals != before.refusals)
		return "refused";
	if (stats->hooks != before.hooks)
		return "hooked";
	return stats->direct != before.direct ? "direct" : "answered";
}

static void measure(struct bench *bench, const struct access *access)
{
	const char *name = vpio_model_string(&bench->world->model, access->reg->name);
	const char *kind = count(bench, access);
	char element[8] = "", value[32] = "", number[16];
	double times[SAMPLES], idle[SAMPLES], clock;

	if (!kind)
		return;
	if (access->reg->count > 1)
		snprintf(element, sizeof(element), "[%u]", access->index);
	if (access->write)
		snprintf(value, sizeof(value), " = 0x%llx", (unsigned long long)access->value);
	printf("%s\t%s\t%s: %s %s%s%s\t", kind, subject->model, bench->state,
	       access->write ? "write" : "read", name, element, value);
	snprintf(number, sizeof(number), "line %u", ++lines);
	if (counting) {
		CALLGRIND_DUMP_STATS_AT(number);
		printf("-\n");
	} else {
		take_times(bench, access, times);
		take_times(bench, NULL, idle);
		clock = idle[SAMPLES / 2];
		printf("%.0f\t%.0f\t%.0f\n", times[SAMPLES / 2] - clock,
		       times[SAMPLES / 20] - clock, times[SAMPLES - 1 - SAMPLES / 20] - clock);
	}
}

/* --- All of them -------------------------------------------------------------------------- */

static void add(u64 *values, unsigned int *many, const struct access *access, u64 value)
{
	unsigned int i;

	value &= ~0ull >> (64 - 8 * access->size);
	for (i = 0; i < *many && values[i] != value; i++)
		;
	if (i == *many && *many < MOST_VALUES)
		values[(*many)++] = value;
}

/* Zeros, ones, a frame's length; each field on its own, set and cleared in what is there. */
static unsigned int choose_values(struct bench *bench, const struct access *access, u64 *values)
{
	const struct vpb_field *field = &bench->world->model.fields[access->reg->field];
	unsigned int many = 0, i;
	u64 before, mask;

	restart(bench, access);
	before = guest_in(bench->guest, access->offset, access->size);
	add(values, &many, access, 0);
	add(values, &many, access, ~0ull);
	add(values, &many, access, FRAME);
	for (i = 0; i < access->reg->fields; i++, field++) {
		mask = (~0ull >> (64 - field->width)) << field->low;
		add(values, &many, access, mask);
		add(values, &many, access, before | mask);
		add(values, &many, access, before & ~mask);
	}
	return many;
}

static void measure_element(struct bench *bench, const struct vpb_reg *reg, u32 index, u32 size)
{
	struct access access = { reg, index, reg->offset + index * reg->stride, size, false, 0 };
	u64 values[MOST_VALUES];
	unsigned int many, i;

	if (reg->access != VPB_WO && reg->access != VPB_STROBE)
		measure(bench, &access);
	many = choose_values(bench, &access, values);
	access.write = true;
	for (i = 0; i < many; i++) {
		access.value = values[i];
		measure(bench, &access);
	}
}

static void measure_state(struct bench *bench)
{
	const struct vpio_model *model = &bench->world->model;
	u32 i;

	for (i = 0; i < model->header->regs.count; i++) {
		const struct vpb_reg *reg = &model->regs[i];

		bench->bank = reg->bank == VPB_NONE ? 0 : reg->bank;
		measure_element(bench, reg, 0, reg->width);
		if (reg->count > 1)
			measure_element(bench, reg, reg->count - 1u, reg->width);
		if (subject->wide && reg->count >= 4 && reg->width == 1 && reg->stride == 1)
			measure_element(bench, reg, 0, 4);
	}
}

static int measure_model(void)
{
	struct bench bench = { .state = NULL };
	const struct vpb_header *header;
	char path[64];
	size_t size = 0;
	void *block;
	unsigned int i;

	snprintf(path, sizeof(path), "build/models/%s.vpb", subject->model);
	block = world_file(path, &size);
	bench.world = block ? world_create(block, size, guests, create_device) : NULL;
	free(block);
	if (!bench.world) {
		fprintf(stderr, "access: %s: no compiled model: make models\n", path);
		return 1;
	}
	header = bench.world->model.header;
	bench.bar = bench.world->model.bars[header->bars.count - 1].index;
	bench.guest = &bench.world->guests[0];
	for (i = 0; i < ARRAY_SIZE(subject->states) && subject->states[i].name; i++) {
		bench.state = subject->states[i].name;
		bench.enter = subject->states[i].enter;
		measure_state(&bench);
	}
	world_destroy(bench.world);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;

	counting = argc >= 2 && !strcmp(argv[1], "count");
	if (argc == 3)
		guests = (unsigned int)atoi(argv[2]);
	for (subject = subjects; subject < subjects + ARRAY_SIZE(subjects); subject++)
		failed |= measure_model();
	return failed;
}
