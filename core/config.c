// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * PCI configuration space of a vdev: a type 0 header (PCI Local Bus Specification 3.0, section
 * 6.1) and, if the model has it, an MSI capability (section 6.8.1). What a guest may write is a
 * mask beside it.
 */
#include "state.h"

enum {
	CONFIG_VENDOR = 0x00,
	CONFIG_DEVICE = 0x02,
	CONFIG_COMMAND = 0x04,
	CONFIG_STATUS = 0x06,
	CONFIG_REVISION = 0x08,
	CONFIG_CLASS = 0x09, /* 3 bytes */
	CONFIG_CACHE_LINE = 0x0c,
	CONFIG_LATENCY = 0x0d,
	CONFIG_BAR = 0x10,
	CONFIG_SUBVENDOR = 0x2c,
	CONFIG_SUBDEVICE = 0x2e,
	CONFIG_CAPABILITIES = 0x34,
	CONFIG_LINE = 0x3c,
	CONFIG_PIN = 0x3d,
	CONFIG_MSI = 0x40, /* 14 bytes: 64-bit address, one vector */

	COMMAND_IO = 0x0001,
	COMMAND_MEMORY = 0x0002,
	COMMAND_MASTER = 0x0004,
	COMMAND_WRITABLE = 0x0557, /* and invalidate, parity, SERR, INTx disable */
	COMMAND_INTX_DISABLE = 0x0400,

	BAR_IO = 0x1,

	STATUS_INTERRUPT = 0x0008,
	STATUS_CAPABILITIES = 0x0010,
	MSI_ID = 0x05,
	MSI_64BIT = 0x0080,
	MSI_ENABLE = 0x0001,
};

static void put(u8 *config, unsigned int offset, unsigned int size, u32 value)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		config[offset + i] = (u8)(value >> 8 * i);
}

static u16 get16(const u8 *config, unsigned int offset)
{
	return (u16)(config[offset] | config[offset + 1] << 8);
}

static u32 get32(const u8 *config, unsigned int offset)
{
	return get16(config, offset) | (u32)get16(config, offset + 2) << 16;
}

/* What is the same in all vdevs of a model, and what a guest may write. */
void vpio_config_init(struct vpio_vdev *vdev)
{
	const struct vpio_model *model = &vdev->pdev->model;
	u8 *writable = vdev->writable;
	unsigned int i;

	memset(writable, 0, VPIO_CONFIG);
	put(writable, CONFIG_COMMAND, 2, COMMAND_WRITABLE);
	put(writable, CONFIG_CACHE_LINE, 1, 0xff);
	put(writable, CONFIG_LATENCY, 1, 0xff);
	put(writable, CONFIG_LINE, 1, 0xff);
	for (i = 0; i < model->header->bars.count; i++)
		put(writable, CONFIG_BAR + 4 * model->bars[i].index, 4, ~(model->bars[i].size - 1));
	if (model->header->msi) {
		put(writable, CONFIG_MSI + 2, 2, MSI_ENABLE);
		put(writable, CONFIG_MSI + 4, 4, 0xfffffffc);
		put(writable, CONFIG_MSI + 8, 4, 0xffffffff);
		put(writable, CONFIG_MSI + 12, 2, 0xffff);
	}
	vpio_config_reset(vdev);
}

void vpio_config_reset(struct vpio_vdev *vdev)
{
	const struct vpio_model *model = &vdev->pdev->model;
	const struct vpb_header *header = model->header;
	u8 revision = header->revision;
	u8 *config = vdev->config;
	unsigned int i;

	if (header->revision_param != VPB_NONE)
		revision = (u8)vpio_vdev_param(vdev, header->revision_param);
	memset(config, 0, VPIO_CONFIG);
	put(config, CONFIG_VENDOR, 2, header->vendor);
	put(config, CONFIG_DEVICE, 2, header->device);
	put(config, CONFIG_REVISION, 1, revision);
	put(config, CONFIG_CLASS, 3, header->class_code);
	put(config, CONFIG_SUBVENDOR, 2, header->subvendor);
	put(config, CONFIG_SUBDEVICE, 2, header->subdevice);
	put(config, CONFIG_PIN, 1, header->irq_pin);
	for (i = 0; i < header->bars.count; i++)
		put(config, CONFIG_BAR + 4 * model->bars[i].index, 4, model->bars[i].io);
	if (header->msi) {
		put(config, CONFIG_STATUS, 2, STATUS_CAPABILITIES);
		put(config, CONFIG_CAPABILITIES, 1, CONFIG_MSI);
		put(config, CONFIG_MSI, 1, MSI_ID);
		put(config, CONFIG_MSI + 2, 2, MSI_64BIT);
	}
}

bool vpio_is_master(const struct vpio_vdev *vdev)
{
	return get16(vdev->config, CONFIG_COMMAND) & COMMAND_MASTER;
}

bool vpio_config_intx_disabled(const struct vpio_vdev *vdev)
{
	return get16(vdev->config, CONFIG_COMMAND) & COMMAND_INTX_DISABLE;
}

bool vpio_config_msi_enabled(const struct vpio_vdev *vdev)
{
	return vdev->pdev->model.header->msi && (get16(vdev->config, CONFIG_MSI + 2) & MSI_ENABLE);
}

/* A cause of INTx, whether the line is disabled or not: drivers that share the line look there. */
static bool is_interrupting(const struct vpio_vdev *vdev)
{
	u64 causes = 0;
	u32 i;

	for (i = 0; i < vdev->pdev->model.header->irqs.count; i++)
		causes |= vdev->causes[i];
	return causes && !vpio_config_msi_enabled(vdev);
}

bool vpio_vdev_decodes(const struct vpio_vdev *vdev, u32 bar, u64 *address)
{
	const unsigned int offset = CONFIG_BAR + 4 * bar;
	const bool io = vdev->config[offset] & BAR_IO;
	const u32 mask = get32(vdev->writable, offset), place = get32(vdev->config, offset) & mask;

	*address = place;
	return place && place != mask &&
	       get16(vdev->config, CONFIG_COMMAND) & (io ? COMMAND_IO : COMMAND_MEMORY);
}

int vpio_vdev_config_read(struct vpio_vdev *vdev, u64 offset, void *data, size_t size)
{
	if (offset > VPIO_CONFIG || size > VPIO_CONFIG - offset)
		return -1;
	put(vdev->config, CONFIG_STATUS, 1,
	    (vdev->config[CONFIG_STATUS] & ~STATUS_INTERRUPT) |
		    (is_interrupting(vdev) ? STATUS_INTERRUPT : 0));
	memcpy(data, vdev->config + offset, size);
	return 0;
}

int vpio_vdev_config_write(struct vpio_vdev *vdev, u64 offset, const void *data, size_t size)
{
	const u8 *bytes = data;
	size_t i;

	if (offset > VPIO_CONFIG || size > VPIO_CONFIG - offset)
		return -1;
	for (i = 0; i < size; i++) {
		u8 mask = vdev->writable[offset + i];
		u8 *byte = &vdev->config[offset + i];

		*byte = (u8)((*byte & ~mask) | (bytes[i] & mask));
	}
	vpio_update_line(vdev);
	return 0;
}
