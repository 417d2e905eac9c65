// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * PCI devices of this host, and the compiled models that the kernel would find for them.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "../trace.h"
#include "host.h"

#define DEVICES "/sys/bus/pci/devices"

/* --- Models ------------------------------------------------------------------------------ */

bool host_model_load(struct host_model *model, const char *path)
{
	struct stat status;
	FILE *file = fopen(path, "rbe");
	bool good = false;

	model->block = NULL;
	if (!file)
		return false;
	if (!fstat(fileno(file), &status) && status.st_size > 0 && status.st_size < 1 << 24)
		model->block = malloc((size_t)status.st_size);
	if (model->block)
		good = fread(model->block, 1, (size_t)status.st_size, file) ==
			       (size_t)status.st_size &&
		       !vpio_model_load(&model->model, model->block, (size_t)status.st_size, NULL);
	fclose(file);
	if (!good)
		host_model_free(model);
	return good;
}

void host_model_free(struct host_model *model)
{
	free(model->block);
	model->block = NULL;
}

/* In the order in which the kernel looks (drivers/base/firmware_loader). */
void host_firmware_places(char places[HOST_FIRMWARE_PLACES][256])
{
	struct utsname kernel;
	unsigned int count = 0;

	uname(&kernel);
	if (!host_read(places[0], 256, "/sys/module/firmware_class/parameters/path") && *places[0])
		count++;
	snprintf(places[count++], 256, "/lib/firmware/updates/%s", kernel.release);
	snprintf(places[count++], 256, "/lib/firmware/updates");
	snprintf(places[count++], 256, "/lib/firmware/%s", kernel.release);
	snprintf(places[count++], 256, "/lib/firmware");
	*places[count] = 0;
}

bool host_model_find(char *path, size_t size, u32 vendor, u32 device)
{
	char places[HOST_FIRMWARE_PLACES][256];
	unsigned int i;

	host_firmware_places(places);
	for (i = 0; *places[i]; i++) {
		if (!host_exists("%s/vpio/%04x-%04x.vpb", places[i], vendor, device))
			continue;
		snprintf(path, size, "%s%s/vpio/%04x-%04x.vpb", host_root(), places[i], vendor,
			 device);
		return true;
	}
	return false;
}

/* --- Devices ----------------------------------------------------------------------------- */

static void find_model(struct host_device *device)
{
	struct host_model model;

	if (!host_model_find(device->file, sizeof(device->file), device->vendor, device->device) ||
	    !host_model_load(&model, device->file))
		return;
	device->is_known = true;
	snprintf(device->model, sizeof(device->model), "%s",
		 tool_name(&model.model, model.model.header->name));
	snprintf(device->title, sizeof(device->title), "%s",
		 tool_name(&model.model, model.model.header->title));
	host_model_free(&model);
}

bool host_device_read(struct host_device *device, const char *address)
{
	*device = (struct host_device){ .vendor = 0 };
	snprintf(device->address, sizeof(device->address), "%s", address);
	if (!host_exists(DEVICES "/%s", address))
		return false;
	device->vendor = (u32)host_read_number(0xffff, DEVICES "/%s/vendor", address);
	device->device = (u32)host_read_number(0xffff, DEVICES "/%s/device", address);
	device->class_code = (u32)host_read_number(0, DEVICES "/%s/class", address);
	host_link(device->driver, sizeof(device->driver), DEVICES "/%s/driver", address);
	device->is_bound = !strcmp(device->driver, "vpio");
	find_model(device);
	return true;
}

struct host_device *host_devices(size_t *count)
{
	char **names = host_names(DEVICES);
	struct host_device *devices;
	size_t i, total = 0;

	while (names[total])
		total++;
	devices = calloc(total + 1, sizeof(*devices));
	if (!devices)
		abort();
	for (*count = i = 0; i < total; i++)
		*count += host_device_read(&devices[*count], names[i]);
	host_names_free(names);
	return devices;
}

int host_device_find(struct host_device *device, const char *word)
{
	char address[16];

	if (!device_address(word, address))
		return host_fail(TOOL_BAD_INPUT,
				 "'%s' is no PCI address, which looks like 03:00.0 or "
				 "0000:03:00.0; `vpio list` and `lspci -D` show them",
				 word);
	if (!host_device_read(device, address))
		return host_fail(TOOL_BAD_INPUT,
				 "there is no PCI device %s; `vpio list` and `lspci -D` show "
				 "those that there are",
				 address);
	return TOOL_OK;
}

unsigned int host_device_vdevs(const char *address)
{
	unsigned int count = 0;
	struct host_vdev *vdevs;
	size_t total, i;

	vdevs = host_vdevs(&total);
	for (i = 0; i < total; i++)
		count += !strcmp(vdevs[i].parent, address);
	free(vdevs);
	return count;
}
