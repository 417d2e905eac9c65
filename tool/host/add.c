// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio add: makes a vdev, through the kernel's mdev interface; as it was asked for, or not at all.
 */
#include <errno.h>
#include <stdlib.h>

#include <uuid/uuid.h>

#include "host.h"

#define TYPES "/sys/bus/pci/devices/%s/mdev_supported_types"

/*
 * A name has the same UUID on a host each time, and so the vdev of this name the same MAC address:
 * what a VM's configuration says of it stays right. Other hosts have other ones.
 */
static void make_uuid(const char *name, char text[UUID_STR_LEN])
{
	static const char space[] = "f2c52cc6-66ee-5d80-8bb3-7ad4ad5a34b1"; /* of VPIO's names */
	char machine[64], both[128];
	uuid_t namespace, uuid;

	if (!name) {
		uuid_generate_random(uuid);
	} else {
		host_read(machine, sizeof(machine), "/etc/machine-id");
		snprintf(both, sizeof(both), "%s %.*s", machine, HOST_NAME, name);
		uuid_parse(space, namespace);
		uuid_generate_sha1(uuid, namespace, both, strlen(both));
	}
	uuid_unparse_lower(uuid, text);
}

static int choose_uuid(const struct host_request *request, char text[UUID_STR_LEN])
{
	const char *given = host_value(request, "uuid");
	struct host_vdev other;
	uuid_t uuid;

	if (given && uuid_parse(given, uuid))
		return host_fail(
			TOOL_BAD_INPUT,
			"'%s' is no UUID, which looks like "
			"0b3c7a1e-58d2-4c55-9a9e-d3f1a0c2b6e4; leave --uuid out, and one is made",
			given);
	if (given)
		uuid_unparse_lower(uuid, text);
	else
		make_uuid(host_value(request, "name"), text);
	if (!host_exists("/sys/bus/mdev/devices/%s", text))
		return TOOL_OK;
	if (host_vdev_read(&other, text))
		return host_fail(
			TOOL_BAD_INPUT,
			"the UUID %s is that of the vdev %s of %s; choose another, or remove "
			"that one: vpio remove %s",
			text, other.name, other.parent, other.name);
	return host_fail(TOOL_BAD_INPUT,
			 "the UUID %s is that of another driver's mediated device; choose another",
			 text);
}

static int find_type(const struct host_device *device, char *type, size_t size)
{
	char **types;

	if (!device->is_bound)
		return host_fail(TOOL_BAD_INPUT,
				 "%s is bound to %s, not to vpio; bind it first: vpio bind %s",
				 device->address, *device->driver ? device->driver : "no driver",
				 device->address);
	types = host_names(TYPES, device->address);
	snprintf(type, size, "%s", types[0] ? types[0] : "");
	host_names_free(types);
	if (!*type)
		return host_fail(
			TOOL_SYSTEM,
			"%s is bound to vpio but offers no mediated devices; bind it again: "
			"vpio unbind %s, vpio bind %s",
			device->address, device->address, device->address);
	if (!host_read_number(1, TYPES "/%s/available_instances", device->address, type))
		return host_fail(TOOL_BAD_INPUT,
				 "%s has %u vdevs, which is all that it can have; remove one (vpio "
				 "status shows them), or load vpio with a larger max_vdevs",
				 device->address, host_device_vdevs(device->address));
	return TOOL_OK;
}

static int create(const char *address, const char *type, const char *uuid)
{
	const int error = host_write(uuid, TYPES "/%s/create", address, type);

	if (!error)
		return TOOL_OK;
	if (error == -EEXIST)
		return host_fail(TOOL_BAD_INPUT,
				 "the UUID %s is in use; choose another, or leave it out", uuid);
	if (error == -ENOSPC || error == -EUSERS)
		return host_fail(TOOL_BAD_INPUT,
				 "%s has as many vdevs as it can have; remove one: vpio status",
				 address);
	return host_fail_errno(-error, NULL, "make a vdev of %s", address);
}

static int make(const char *address, const char *type, const char *uuid,
		const struct host_settings *settings, bool persist, struct host_vdev *vdev)
{
	int status = create(address, type, uuid);

	if (status)
		return status;
	status = host_settings_apply(settings, uuid);
	if (!status && !host_vdev_read(vdev, uuid))
		status = host_fail(TOOL_SYSTEM,
				   "the new vdev %s has vanished; see the kernel's log (dmesg)",
				   uuid);
	if (!status && persist)
		status = host_persist(vdev);
	if (status)
		host_write("1", "/sys/bus/mdev/devices/%s/remove", uuid);
	return status;
}

static int print(const struct host_request *request, const struct host_vdev *vdev)
{
	if (host_has(request, "json"))
		return host_print_json(host_vdev_json(vdev), true);
	printf("%s: vdev %s of %s", vdev->name, vdev->uuid, vdev->parent);
	if (*vdev->mac)
		printf(", MAC address %s", vdev->mac);
	printf(". Next, give it to a VM: vpio attach %s --qemu (or --libvirt, --proxmox)\n",
	       vdev->name);
	return host_flushed();
}

static int run(const struct host_request *request)
{
	const bool persist = host_has(request, "persist");
	struct host_settings settings;
	struct host_device device;
	struct host_vdev vdev;
	char uuid[UUID_STR_LEN], type[64];
	int status;

	status = host_device_find(&device, request->words[0]);
	if (!status)
		status = find_type(&device, type, sizeof(type));
	if (!status)
		status = host_settings_parse(&settings, request, request->count, device.address,
					     NULL);
	if (!status)
		status = choose_uuid(request, uuid);
	if (!status && persist)
		status = host_persist_possible();
	if (status)
		return status;
	host_begin_change();
	status = make(device.address, type, uuid, &settings, persist, &vdev);
	host_end_change();
	return status ? status : print(request, &vdev);
}

const struct host_command host_add = {
	.name = "add",
	.arguments = "ADDRESS [--name NAME] [--mac MAC] [OPTION]...",
	.what = "makes a vdev: a VM's own instance of a device that is bound to VPIO",
	.more = "It is a mediated device (mdev), which mdevctl and libvirt see, too. A vdev of the same name has the\n"
		"same UUID and MAC address each time on this host. If anything fails, there is no vdev.",
	.example = "    vpio add 03:00.0 --name web --rate 50Mbit --persist\n"
		   "    vpio attach web --libvirt",
	.options =
		(const struct host_option[]){
			HOST_SETTING_OPTIONS,
			{ "uuid", "UUID", "its UUID, in place of one that is made" },
			{ "persist", NULL,
			  "make it again after each boot, and bind the device then" },
			{ "json", NULL, "print it for a program" },
			{ NULL } },
	.least = 1,
	.most = 1,
	.changes = true,
	.run = run,
};
