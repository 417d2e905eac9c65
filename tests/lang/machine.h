/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0 */
/*
 * machine.h - a compiled model on hardware that is just memory, with one vdev or two, for the tests
 * of the language.
 */
#ifndef VPIO_TESTS_LANG_MACHINE_H
#define VPIO_TESTS_LANG_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../core/monitor.h"
#include "../../lang/lang.h"

enum {
	MEMORY = 4096, /* bytes of guest memory, of the hardware's registers, of a DMA memory */
	TEXT = 1 << 16,
};

/* A compiled model, and vdevs of it on hardware that is just memory. */
struct machine {
	struct vpl_output output;
	struct vpio_model model;
	struct vpio_pdev *pdev;
	struct vpio_vdev *vdev;	 /* the first, */
	struct vpio_vdev *other; /* and the second, if it was asked for */
	struct vpio_dma dma[VPB_MAX_DMAS];
	u8 memory[MEMORY], hardware[MEMORY];
	unsigned int refusals;
	u64 passed; /* ns of time */
};

static inline u64 hw_read(struct vpio_pdev *pdev, unsigned int bar, u32 offset, unsigned int width)
{
	struct machine *machine = vpio_pdev_priv(pdev);
	u64 value = 0;

	(void)bar;
	memcpy(&value, machine->hardware + offset, width);
	return value;
}

static inline void hw_write(struct vpio_pdev *pdev, unsigned int bar, u32 offset,
			    unsigned int width, u64 value)
{
	struct machine *machine = vpio_pdev_priv(pdev);

	(void)bar;
	memcpy(machine->hardware + offset, &value, width);
}

static inline int guest_read(struct vpio_vdev *vdev, u64 address, void *data, size_t size)
{
	struct machine *machine = vpio_vdev_priv(vdev);

	if (address > MEMORY || size > MEMORY - address)
		return -1;
	memcpy(data, machine->memory + address, size);
	return 0;
}

static inline int guest_write(struct vpio_vdev *vdev, u64 address, const void *data, size_t size)
{
	struct machine *machine = vpio_vdev_priv(vdev);

	if (address > MEMORY || size > MEMORY - address)
		return -1;
	memcpy(machine->memory + address, data, size);
	return 0;
}

static inline void irq(struct vpio_vdev *vdev, bool level)
{
	(void)vdev;
	(void)level;
}

static inline u64 now(struct vpio_pdev *pdev)
{
	return 0x123456789aull + ((struct machine *)vpio_pdev_priv(pdev))->passed;
}

static inline void with_pdev(struct vpio_pdev *pdev)
{
	(void)pdev;
}

static inline void with_vdev(struct vpio_vdev *vdev)
{
	(void)vdev;
}

static inline void report(struct vpio_vdev *vdev, enum vpio_refusal refusal, u64 address, u64 size)
{
	struct machine *machine = vpio_vdev_priv(vdev);

	(void)refusal;
	(void)address;
	(void)size;
	machine->refusals++;
}

static const struct vpio_ops ops = {
	.hw_read = hw_read,
	.hw_write = hw_write,
	.guest_read = guest_read,
	.guest_write = guest_write,
	.irq = irq,
	.now = now,
	.wake_pdev = with_pdev,
	.wake_vdev = with_vdev,
	.lock = with_pdev,
	.unlock = with_pdev,
	.report = report,
};

/* Compiles a model; a test that comes with a wrong one fails with the compiler's message. */
static inline void compile(const char *text, struct vpl_output *output, struct vpio_model *model)
{
	struct vpio_error error;

	if (vpl_compile("test", text, strlen(text), output, stderr))
		fail_msg("refused by the compiler: %s", text);
	if (vpio_model_load(model, output->block, output->size, &error))
		fail_msg("refused by the monitor: %s: %s", error.reason, text);
}

/* A new vdev; the last byte of its MAC address. */
static inline struct vpio_vdev *plug(struct machine *machine, u8 last)
{
	const u8 mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, last };
	struct vpio_vdev *vdev = calloc(1, vpio_vdev_size(&machine->model));
	u16 command = 0x0006; /* memory and bus mastering */

	vpio_vdev_init(vdev, machine->pdev, mac, machine);
	vpio_vdev_set_interrupt_us(vdev, 0); /* no time passes by itself */
	assert_int_equal(vpio_vdev_attach(vdev), 0);
	vpio_vdev_config_write(vdev, 4, &command, sizeof(command));
	return vdev;
}

static inline struct machine *start(const char *text)
{
	struct machine *machine = calloc(1, sizeof(*machine));
	unsigned int i;

	compile(text, &machine->output, &machine->model);
	for (i = 0; i < machine->model.header->dmas.count; i++) {
		machine->dma[i].memory = calloc(1, machine->model.dmas[i].size);
		machine->dma[i].bus = 0x10000 * (i + 1);
	}
	machine->pdev = calloc(1, vpio_pdev_size(&machine->model));
	vpio_pdev_init(machine->pdev, &machine->model, &ops, machine->dma, machine);
	vpio_pdev_start(machine->pdev);
	machine->vdev = plug(machine, 0x56);
	return machine;
}

static inline void stop(struct machine *machine)
{
	unsigned int i;

	vpio_vdev_detach(machine->vdev);
	if (machine->other)
		vpio_vdev_detach(machine->other);
	for (i = 0; i < machine->model.header->dmas.count; i++)
		free(machine->dma[i].memory);
	free(machine->vdev);
	free(machine->other);
	free(machine->pdev);
	free(machine->output.block);
	free(machine);
}

static inline u64 in(struct machine *machine, u32 offset, unsigned int size)
{
	u64 value = 0;

	assert_int_equal(vpio_vdev_read(machine->vdev, 0, offset, &value, size), 0);
	return value;
}

static inline void out(struct machine *machine, u32 offset, unsigned int size, u64 value)
{
	assert_int_equal(vpio_vdev_write(machine->vdev, 0, offset, &value, size), 0);
}

static inline const struct vpb_reg *find_reg(const struct vpio_model *model, const char *name)
{
	u32 i;

	for (i = 0; i < model->header->regs.count; i++) {
		if (!strcmp(vpio_model_string(model, model->regs[i].name), name))
			return &model->regs[i];
	}
	fail_msg("no register %s", name);
	return NULL;
}

#endif /* VPIO_TESTS_LANG_MACHINE_H */
