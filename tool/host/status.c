// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio status: the devices that are bound, their engines, their vdevs, as they are now.
 */
#include <stdlib.h>

#include "host.h"

#define DEVICE "/sys/bus/pci/devices/%s"

/* What is looked at. */
struct picture {
	struct host_device *devices;
	size_t device_count;
	struct host_vdev *vdevs;
	size_t vdev_count;
};

static void read_state(const char *address, char *state, size_t size)
{
	if (host_read(state, size, DEVICE "/vpio/state", address))
		snprintf(state, size, "unknown");
}

/* Vdevs that can be made still. */
static u64 read_room(const char *address)
{
	char **types = host_names(DEVICE "/mdev_supported_types", address);
	u64 room = 0;

	if (types[0])
		room = host_read_number(0, DEVICE "/mdev_supported_types/%s/available_instances",
					address, types[0]);
	host_names_free(types);
	return room;
}

/* --- As JSON ----------------------------------------------------------------------------- */

static struct json_object *engines_json(const struct picture *picture, const char *address)
{
	struct json_object *list = json_object_new_array(), *object;
	struct host_engine engines[HOST_MOST_ENGINES];
	const unsigned int count = host_engines(address, engines);
	unsigned int i;

	for (i = 0; i < count; i++) {
		object = json_object_new_object();
		host_json_text(object, "name", engines[i].name);
		host_json_text(object, "discipline", engines[i].discipline);
		host_json_text(object, "phase", engines[i].phase);
		host_json_text(object, "owner", engines[i].owner);
		host_json_text(object, "owner_name",
			       *engines[i].owner
				       ? host_vdev_name(picture->vdevs, picture->vdev_count,
							engines[i].owner)
				       : NULL);
		host_json_number(object, "waiting", engines[i].waiting);
		host_json_number(object, "running", engines[i].running);
		host_json_number(object, "depth", engines[i].depth);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *vdev_json(const struct host_vdev *vdev)
{
	struct json_object *object = host_vdev_json(vdev);
	struct host_counters counters;

	if (host_counters_read(&counters, "/sys/bus/mdev/devices/%s/vpio/stats", vdev->uuid)) {
		json_object_object_add(object, "counters", host_counters_json(&counters));
		host_counters_free(&counters);
	}
	return object;
}

static struct json_object *device_json(const struct picture *picture,
				       const struct host_device *device)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();
	struct host_counters counters;
	char state[32];
	size_t i;

	read_state(device->address, state, sizeof(state));
	host_json_text(object, "address", device->address);
	host_json_text(object, "model", device->model);
	host_json_text(object, "title", device->title);
	host_json_text(object, "state", state);
	host_json_number(object, "room", read_room(device->address));
	json_object_object_add(object, "engines", engines_json(picture, device->address));
	if (host_counters_read(&counters, DEVICE "/vpio/stats", device->address)) {
		json_object_object_add(object, "counters", host_counters_json(&counters));
		host_counters_free(&counters);
	}
	for (i = 0; i < picture->vdev_count; i++) {
		if (!strcmp(picture->vdevs[i].parent, device->address))
			json_object_array_add(list, vdev_json(&picture->vdevs[i]));
	}
	json_object_object_add(object, "vdevs", list);
	return object;
}

static int print_json(const struct picture *picture)
{
	struct json_object *object = json_object_new_object(), *list = json_object_new_array();
	size_t i;

	for (i = 0; i < picture->device_count; i++) {
		if (picture->devices[i].is_bound)
			json_object_array_add(list, device_json(picture, &picture->devices[i]));
	}
	json_object_object_add(object, "devices", list);
	return host_print_json(object, true);
}

/* --- For people -------------------------------------------------------------------------- */

static void print_engines(const struct picture *picture, const char *address)
{
	struct host_engine engines[HOST_MOST_ENGINES];
	const unsigned int count = host_engines(address, engines);
	struct tool_table *table;
	unsigned int i;

	if (!count)
		return;
	table = tool_table_new();
	tool_table_add(table, "engine\tshared as\towner\twaiting\trunning\tphase");
	for (i = 0; i < count; i++) {
		char running[24] = "-"; /* a receiver has no jobs */

		if (engines[i].depth)
			snprintf(running, sizeof(running), "%u of %u", engines[i].running,
				 engines[i].depth);
		tool_table_add(
			table, "%s\t%s\t%s\t%u\t%s\t%s", engines[i].name, engines[i].discipline,
			host_vdev_name(picture->vdevs, picture->vdev_count, engines[i].owner),
			engines[i].waiting, running, engines[i].phase);
	}
	tool_table_print(table, stdout);
}

static void print_vdevs(const struct picture *picture, const char *address)
{
	struct tool_table *table = tool_table_new();
	char rate[64], user[160];
	size_t i;

	tool_table_add(table, "vdev\tuuid\tmac\tweight\trate\tpolicy\tused by");
	for (i = 0; i < picture->vdev_count; i++) {
		const struct host_vdev *vdev = &picture->vdevs[i];

		if (strcmp(vdev->parent, address))
			continue;
		host_rate_text(vdev->rate_bytes, vdev->rate_frames, rate, sizeof(rate));
		host_vdev_user(vdev, user, sizeof(user));
		tool_table_add(table, "%s\t%s\t%s\t%llu\t%s\t%s\t%s", vdev->name, vdev->uuid,
			       *vdev->mac ? vdev->mac : "-", (unsigned long long)vdev->weight, rate,
			       *vdev->policy ? vdev->policy : "-", user);
	}
	tool_table_print(table, stdout);
}

static void print_device(const struct picture *picture, const struct host_device *device)
{
	const unsigned int vdevs = host_device_vdevs(device->address);
	char state[32];

	read_state(device->address, state, sizeof(state));
	printf("%s %s: %s, %u vdev%s, room for %llu\n", device->address, device->title, state,
	       vdevs, vdevs == 1 ? "" : "s", (unsigned long long)read_room(device->address));
	if (!strcmp(state, "broken"))
		printf("  It did not answer to three resets. Try: echo revive > /sys/bus/pci/devices/%s/vpio/state\n",
		       device->address);
	else if (!strcmp(state, "gone"))
		printf("  It does not answer on its bus. Is it in its slot? Then: vpio unbind %s, vpio bind %s\n",
		       device->address, device->address);
	print_engines(picture, device->address);
	if (vdevs)
		print_vdevs(picture, device->address);
}

static void print_counters(const char *uuid)
{
	struct tool_table *table = tool_table_new();
	struct host_counters counters;
	unsigned int i;

	if (!host_counters_read(&counters, "/sys/bus/mdev/devices/%s/vpio/stats", uuid)) {
		tool_table_print(table, stdout);
		return;
	}
	for (i = 0; i < counters.count; i++)
		tool_table_add(table, "%s\t%llu", counters.list[i].name,
			       (unsigned long long)counters.list[i].value);
	host_counters_free(&counters);
	tool_table_print(table, stdout);
}

static int print_one(const struct host_vdev *vdev)
{
	char rate[64], user[160], params[sizeof(vdev->params)], *at;

	host_rate_text(vdev->rate_bytes, vdev->rate_frames, rate, sizeof(rate));
	host_vdev_user(vdev, user, sizeof(user));
	snprintf(params, sizeof(params), "%s", vdev->params);
	for (at = params; (at = strchr(at, '\n'));)
		*at = ' ';
	printf("%s: vdev %s of %s\n", vdev->name, vdev->uuid, vdev->parent);
	printf("  mac %s, params %s, source check %s\n", *vdev->mac ? vdev->mac : "-",
	       *params ? params : "-", vdev->source_check ? "on" : "off");
	printf("  weight %llu, rate %s, policy %s, interrupts %llu us apart or after %llu events\n",
	       (unsigned long long)vdev->weight, rate, *vdev->policy ? vdev->policy : "-",
	       (unsigned long long)vdev->interrupt_us, (unsigned long long)vdev->interrupt_events);
	printf("  used by %s; %s\n", user,
	       vdev->is_persistent ? "made again after a boot" : "gone after a boot");
	print_counters(vdev->uuid);
	return host_flushed();
}

static int print_all(const struct picture *picture)
{
	size_t i, bound = 0;

	for (i = 0; i < picture->device_count; i++) {
		if (!picture->devices[i].is_bound)
			continue;
		if (bound++)
			putchar('\n');
		print_device(picture, &picture->devices[i]);
	}
	if (!bound)
		puts("No device is bound to vpio. `vpio list` shows which can be, vpio bind ADDRESS binds one.");
	return host_flushed();
}

static int run(const struct host_request *request)
{
	struct picture picture;
	struct host_vdev vdev;
	int status;
	size_t i;

	if (request->count) {
		status = host_vdev_find(&vdev, request->words[0]);
		if (status)
			return status;
		return host_has(request, "json") ? host_print_json(vdev_json(&vdev), true)
						 : print_one(&vdev);
	}
	picture.devices = host_devices(&picture.device_count);
	picture.vdevs = host_vdevs(&picture.vdev_count);
	for (i = 0; i < picture.vdev_count; i++)
		host_vdev_find_user(&picture.vdevs[i]);
	status = host_has(request, "json") ? print_json(&picture) : print_all(&picture);
	free(picture.devices);
	free(picture.vdevs);
	return status;
}

const struct host_command host_status = {
	.name = "status",
	.arguments = "[--json] [NAME]",
	.what = "shows the devices that are shared, their engines and vdevs; or all of one vdev",
	.example = "    vpio status\n"
		   "    vpio status web",
	.options = (const struct host_option[]){ { "json", NULL, "for a program" }, { NULL } },
	.most = 1,
	.run = run,
};
