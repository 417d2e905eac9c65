// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio restore: after a boot, what was made to last is there again: binds the devices of
 * /etc/vpio/devices and has mdevctl make their vdevs. What one device lacks is no reason not to go
 * on with the next.
 */
#include <stdlib.h>

#include "host.h"

/*
 * mdevctl's udev rule would make them when a device is bound, but Debian 12's names a program that
 * its package has elsewhere. So mdevctl is asked to, for those that are missing only: it would
 * write the settings of the others again, and remove those that a VM has as they take no new ones.
 */
static bool make_vdev(const char *address, const char *uuid, char *said, size_t size)
{
	int ended;

	if (host_exists("/sys/bus/mdev/devices/%s", uuid))
		return true;
	ended = host_program(said, size,
			     (const char *const[]){ "mdevctl", "start", "--uuid", uuid, "--parent",
						    address, NULL });
	if (ended < 0)
		snprintf(said, size, "it cannot be run (apt install mdevctl)");
	else if (!*said)
		snprintf(said, size, "it ended with status %d", ended);
	/* whoever made it: the rule may work, and be faster */
	return host_exists("/sys/bus/mdev/devices/%s", uuid);
}

static int make_vdevs(const char *address)
{
	char **uuids = host_names("/etc/mdevctl.d/%s", address), **uuid, said[512];
	unsigned int made = 0;
	int status = TOOL_OK;

	for (uuid = uuids; *uuid; uuid++) {
		if (!host_vdev_is_wanted(address, *uuid))
			continue;
		if (make_vdev(address, *uuid, said, sizeof(said)))
			made++;
		else
			status = host_fail(
				TOOL_SYSTEM,
				"mdevctl does not make the vdev %s of %s: %s; the kernel's log "
				"(dmesg) may say more, its definition is /etc/mdevctl.d/%s/%s",
				*uuid, address, said, address, *uuid);
	}
	host_names_free(uuids);
	printf("%s is bound, with %u vdev%s\n", address, made, made == 1 ? "" : "s");
	return status ? status : host_flushed();
}

static int restore(const struct host_boot_entry *entry)
{
	struct host_device device;
	int status;

	if (!entry->is_right)
		return host_fail(TOOL_BAD_INPUT,
				 "/etc/vpio/devices has the line '%s', which is not ADDRESS "
				 "VENDOR:DEVICE, as 0000:03:00.0 10ec:8139; correct it",
				 entry->text);
	if (!host_device_read(&device, entry->address))
		return host_fail(
			TOOL_BAD_INPUT,
			"there is no PCI device %s any more, where %04x:%04x was: if the card "
			"is elsewhere now (vpio list), change its line in /etc/vpio/devices",
			entry->address, entry->vendor, entry->device);
	if (device.vendor != entry->vendor || device.device != entry->device)
		return host_fail(
			TOOL_BAD_INPUT,
			"%s is %04x:%04x now, no longer %04x:%04x, so it is left alone: if the "
			"card is elsewhere now (vpio list), change its line in "
			"/etc/vpio/devices",
			entry->address, device.vendor, device.device, entry->vendor, entry->device);
	status = device.is_bound ? TOOL_OK : host_bind_device(&device, false);
	return status ? status : make_vdevs(entry->address);
}

static int run(const struct host_request *request)
{
	char *text = host_boot_text(), *rest = text, *line;
	struct host_boot_entry entry;
	unsigned int count = 0;
	int status = TOOL_OK, one;

	(void)request;
	while ((line = host_line(&rest))) {
		if (!host_boot_entry(&entry, line))
			continue;
		count++;
		one = restore(&entry);
		if (one > status)
			status = one;
	}
	free(text);
	if (!count)
		puts("no device is to be bound at boot; `vpio bind --persist ADDRESS` adds one");
	return status ? status : host_flushed();
}

const struct host_command host_restore = {
	.name = "restore",
	.arguments = "",
	.what = "binds the devices and makes the vdevs that are to last, as at boot",
	.more = "The devices of `vpio bind --persist`, which /etc/vpio/devices lists, and the vdevs of `vpio add\n"
		"--persist`, which are in mdevctl's configuration. vpio.service runs it at boot. What is there already\n"
		"is left as it is. A device that is not what it was (another card is at its address) is left alone.",
	.example = "    vpio restore\n"
		   "    systemctl enable vpio.service",
	.options = (const struct host_option[]){ { NULL } },
	.changes = true,
	.run = run,
};
