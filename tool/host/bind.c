// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio bind: takes a device from its driver and gives it to VPIO; if that fails, gives it back.
 */
#include <errno.h>

#include "host.h"

#define DEVICE "/sys/bus/pci/devices/%s"

static int refuse_unknown(const struct host_device *device)
{
	if (*device->file)
		return host_fail(TOOL_SYSTEM,
				 "%s is no model that this version reads; install the models that "
				 "belong to it, or see what is wrong: vpio model check %s",
				 device->file, device->file);
	return host_fail(
		TOOL_BAD_INPUT,
		"there is no model of %04x:%04x, which %s is; `vpio list` shows the devices "
		"that have one, docs/language.md how to write one",
		device->vendor, device->device, device->address);
}

/* Does the host use it itself? */
static int refuse_held(const struct host_device *device)
{
	struct host_hold holds[HOST_MOST_HOLDS];
	const unsigned int count = host_holds(device->address, holds);
	char text[512] = "", one[160];
	unsigned int i;

	for (i = 0; i < count; i++) {
		host_hold_text(&holds[i], one, sizeof(one));
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? ", " : "",
			 one);
	}
	if (!count)
		return TOOL_OK;
	return host_fail(
		TOOL_BAD_INPUT,
		"the host itself uses %s: %s; move that to another device, or insist: vpio "
		"bind --force %s",
		device->address, text, device->address);
}

static int load_modules(void)
{
	static const char *const modules[] = { "mdev", "vfio_iommu_type1", "vpio" };
	char said[512];
	unsigned int i;
	int ended;

	for (i = 0; i < ARRAY_SIZE(modules); i++) {
		if (host_exists("/sys/module/%s", modules[i]))
			continue;
		ended = host_program(said, sizeof(said),
				     (const char *const[]){ "modprobe", modules[i], NULL });
		if (!ended)
			continue;
		return host_fail(
			TOOL_SYSTEM,
			"the kernel's module %s is not loaded, and modprobe fails: %s; see "
			"what is missing: vpio doctor",
			modules[i], ended < 0 ? "it cannot be run" : said);
	}
	return TOOL_OK;
}

/* Everything as it was before: the override, and the driver. */
static int give_back(const struct host_device *device, const char *override)
{
	char driver[64];

	host_write(*override && strcmp(override, "(null)") ? override : "\n",
		   DEVICE "/driver_override", device->address);
	host_link(driver, sizeof(driver), DEVICE "/driver", device->address);
	if (!strcmp(driver, device->driver))
		return TOOL_OK;
	if (!strcmp(driver, "vpio"))
		host_write(device->address, "/sys/bus/pci/drivers/vpio/unbind");
	if (!*device->driver)
		return TOOL_OK;
	return host_write(device->address, "/sys/bus/pci/drivers/%s/bind", device->driver);
}

static int fail_and_give_back(const struct host_device *device, const char *override, int error,
			      const char *said)
{
	const bool had = *device->driver;
	const int lost = give_back(device, override);

	if (lost)
		return host_fail(
			TOOL_SYSTEM,
			"cannot bind %s (%s), and its driver %s does not take it back: %s; "
			"try `echo %s > /sys/bus/pci/drivers_probe`",
			device->address, said, device->driver, strerror(-lost), device->address);
	if (error == -EACCES || error == -EPERM || error == -ENODEV || error == -ENOENT)
		return host_fail_errno(-error, NULL, "bind %s", device->address);
	return host_fail(TOOL_SYSTEM, "cannot bind %s: %s; %s%s%s", device->address,
			 *said ? said : strerror(-error),
			 had ? "it is back with its driver " : "it has no driver, as before",
			 device->driver, "; vpio doctor says what is missing");
}

static int hand_over(struct host_device *device)
{
	char override[64], driver[64], said[512] = "";
	struct host_log log;
	int error;

	host_read(override, sizeof(override), DEVICE "/driver_override", device->address);
	host_log_begin(&log);
	error = host_write("vpio", DEVICE "/driver_override", device->address);
	/* from here on no other driver takes it; one may have at the last moment, as at boot */
	host_link(device->driver, sizeof(device->driver), DEVICE "/driver", device->address);
	if (!error && *device->driver)
		error = host_write(device->address, DEVICE "/driver/unbind", device->address);
	if (!error)
		error = host_write(device->address, "/sys/bus/pci/drivers_probe");
	host_link(driver, sizeof(driver), DEVICE "/driver", device->address);
	host_log_end(&log, device->address, said, sizeof(said));
	if (!error && !strcmp(driver, "vpio"))
		return TOOL_OK;
	if (!error && !*said)
		snprintf(said, sizeof(said), "the module did not take it");
	return fail_and_give_back(device, override, error ? error : -EINVAL, said);
}

int host_bind_device(struct host_device *device, bool force)
{
	int status = TOOL_OK;

	if (!device->is_known)
		return refuse_unknown(device);
	if (!force)
		status = refuse_held(device);
	if (!status)
		status = load_modules();
	if (status)
		return status;
	host_begin_change();
	status = hand_over(device);
	host_end_change();
	return status;
}

/* A device that is to be bound at boot and can't be noted is bound all the same: that is said. */
static int run(const struct host_request *request)
{
	struct host_device device;
	int status;

	status = host_device_find(&device, request->words[0]);
	if (status)
		return status;
	if (!device.is_bound) {
		status = host_bind_device(&device, host_has(request, "force"));
		if (status)
			return status;
		printf("%s is bound: %s. Next, a vdev for each VM: vpio add %s --name NAME\n",
		       device.address, device.title, device.address);
	} else if (!host_has(request, "persist")) {
		printf("%s is bound to vpio already\n", device.address);
	}
	if (!host_has(request, "persist"))
		return host_flushed();
	status = host_boot_add(&device);
	if (status)
		return status;
	printf("%s is bound at boot from now on, until `vpio unbind %s`\n", device.address,
	       device.address);
	return host_flushed();
}

const struct host_command host_bind = {
	.name = "bind",
	.arguments = "[--force] [--persist] ADDRESS",
	.what = "takes a PCI device from its driver and gives it to VPIO, to be shared",
	.more = "Modules that are missing are loaded. Refused while the host itself uses the device: a network\n"
		"interface with an address or route, the way of this ssh session, a mounted disk. If it fails,\n"
		"the device is back with the driver that it had. With --persist it is in /etc/vpio/devices from then on,\n"
		"whose devices vpio.service binds at boot.",
	.example = "    vpio bind --persist 03:00.0",
	.options =
		(const struct host_option[]){ { "force", NULL, "even if the host uses it itself" },
					      { "persist", NULL, "now, and at each boot" },
					      { NULL } },
	.least = 1,
	.most = 1,
	.changes = true,
	.run = run,
};
