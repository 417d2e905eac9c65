// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio unbind: gives a device back to its own driver.
 */
#include <stdlib.h>

#include "host.h"

#define DEVICE "/sys/bus/pci/devices/%s"

static int refuse_vdevs(const char *address)
{
	char names[512] = "";
	struct host_vdev *vdevs;
	size_t count, i, found = 0;

	vdevs = host_vdevs(&count);
	for (i = 0; i < count; i++) {
		if (strcmp(vdevs[i].parent, address))
			continue;
		found++;
		if (strlen(names) + sizeof(vdevs[i].name) < sizeof(names))
			snprintf(names + strlen(names), sizeof(names) - strlen(names), " %s",
				 vdevs[i].name);
	}
	free(vdevs);
	if (!found)
		return TOOL_OK;
	return host_fail(
		TOOL_BAD_INPUT,
		"%s has %zu vdev%s still; shut down the VMs that have them (vpio status), then "
		"remove them: vpio remove%s",
		address, found, found == 1 ? "" : "s", names);
}

/* The device's own driver may be a module that is not loaded. What modprobe says matters not. */
static void load_driver(const char *address)
{
	char alias[256], said[128];

	if (!host_read(alias, sizeof(alias), DEVICE "/modalias", address) && *alias)
		host_program(said, sizeof(said),
			     (const char *const[]){ "modprobe", "-q", alias, NULL });
}

static int release(const char *address)
{
	int error = host_write(address, "/sys/bus/pci/drivers/vpio/unbind");

	if (error)
		return host_fail_errno(-error, NULL, "unbind %s from vpio", address);
	/* whatever happens from here on, vpio does not get it back by itself */
	error = host_write("\n", DEVICE "/driver_override", address);
	if (error)
		return host_fail_errno(-error, NULL, "clear driver_override of %s", address);
	load_driver(address);
	host_write(address, "/sys/bus/pci/drivers_probe"); /* fails if there is no driver */
	return TOOL_OK;
}

/* What the next boot is to leave alone. */
static int forget(const struct host_device *device)
{
	const int status = host_boot_remove(device->address);

	if (status)
		return status;
	printf("%s is no longer bound at boot\n", device->address);
	return host_flushed();
}

static int run(const struct host_request *request)
{
	struct host_device device;
	char driver[64];
	bool at_boot;
	int status;

	status = host_device_find(&device, request->words[0]);
	if (status)
		return status;
	at_boot = host_boot_has(device.address);
	if (!device.is_bound && at_boot)
		return forget(&device);
	if (!device.is_bound)
		return host_fail(TOOL_BAD_INPUT,
				 "%s is not bound to vpio but to %s; there is nothing to do",
				 device.address, *device.driver ? device.driver : "no driver");
	status = refuse_vdevs(device.address);
	if (status)
		return status;
	host_begin_change();
	status = release(device.address);
	host_end_change();
	if (status)
		return status;
	host_link(driver, sizeof(driver), DEVICE "/driver", device.address);
	if (*driver)
		printf("%s is back with its driver %s\n", device.address, driver);
	else
		printf("%s is unbound; this kernel has no other driver for it\n", device.address);
	return at_boot ? forget(&device) : host_flushed();
}

const struct host_command host_unbind = {
	.name = "unbind",
	.arguments = "ADDRESS",
	.what = "gives a PCI device back to its own driver",
	.more = "Refused while it has vdevs. What `vpio bind --persist` did ends, too: it is not bound at boot.",
	.example = "    vpio unbind 03:00.0",
	.options = (const struct host_option[]){ { NULL } },
	.least = 1,
	.most = 1,
	.changes = true,
	.run = run,
};
