// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * mdevctl's configuration, one file a vdev: /etc/mdevctl.d/PARENT/UUID. mdevctl makes the vdev from
 * it once its parent is bound (`vpio restore` asks it to), and writes the attributes, which are
 * files of the vdev in /sys, in their order. `mdevctl list -d` and libvirt see the same.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

#define CONFIGURATION "/etc/mdevctl.d"

bool host_is_persistent(const char *parent, const char *uuid)
{
	return host_exists(CONFIGURATION "/%s/%s", parent, uuid);
}

bool host_vdev_is_wanted(const char *parent, const char *uuid)
{
	char *text = host_read_all(CONFIGURATION "/%s/%s", parent, uuid);
	struct json_object *object = text ? json_tokener_parse(text) : NULL, *start = NULL, *type;
	bool wanted = false;

	if (json_object_object_get_ex(object, "start", &start) &&
	    json_object_object_get_ex(object, "mdev_type", &type))
		wanted = start && !strcmp(json_object_get_string(start), "auto");
	json_object_put(object);
	free(text);
	return wanted;
}

int host_persist_possible(void)
{
	if (host_exists(CONFIGURATION))
		return TOOL_OK;
	return host_fail(TOOL_SYSTEM,
			 "there is no " CONFIGURATION ": --persist needs mdevctl, which makes "
			 "vdevs again after a boot; install it: apt install mdevctl");
}

static void add_attribute(struct json_object *attributes, const char *file, const char *value)
{
	struct json_object *attribute = json_object_new_object();
	char path[64];

	snprintf(path, sizeof(path), "vpio/%s", file);
	json_object_object_add(attribute, path, json_object_new_string(value));
	json_object_array_add(attributes, attribute);
}

static void add_number(struct json_object *attributes, const char *file, u64 value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	add_attribute(attributes, file, text);
}

static struct json_object *definition(const struct host_vdev *vdev)
{
	struct json_object *object = json_object_new_object();
	struct json_object *attributes = json_object_new_array();
	char text[sizeof(vdev->params)], *rest = text, *line;

	if (vdev->is_named)
		add_attribute(attributes, "name", vdev->name);
	if (*vdev->mac)
		add_attribute(attributes, "mac", vdev->mac);
	snprintf(text, sizeof(text), "%s", vdev->params);
	while ((line = host_line(&rest)))
		add_attribute(attributes, "params", line);
	add_attribute(attributes, "source_check", vdev->source_check ? "1" : "0");
	add_number(attributes, "weight", vdev->weight);
	add_number(attributes, "rate_bytes", vdev->rate_bytes);
	add_number(attributes, "rate_frames", vdev->rate_frames);
	add_number(attributes, "interrupt_us", vdev->interrupt_us);
	add_number(attributes, "interrupt_events", vdev->interrupt_events);
	if (*vdev->policy)
		add_attribute(attributes, "policy", vdev->policy);
	host_json_text(object, "mdev_type", vdev->type);
	host_json_text(object, "start", "auto");
	json_object_object_add(object, "attrs", attributes);
	return object;
}

/* The file appears as a whole or not at all. */
static int write_definition(const struct host_vdev *vdev)
{
	char directory[PATH_MAX / 2], file[PATH_MAX], temporary[PATH_MAX];
	struct json_object *object = definition(vdev);
	int status = TOOL_OK;

	snprintf(directory, sizeof(directory), "%s" CONFIGURATION "/%s", host_root(), vdev->parent);
	snprintf(file, sizeof(file), "%s/%s", directory, vdev->uuid);
	/* mdevctl takes files for definitions whose names are UUIDs */
	snprintf(temporary, sizeof(temporary), "%s/.%s.new", directory, vdev->uuid);
	if ((mkdir(directory, 0755) && errno != EEXIST) ||
	    json_object_to_file_ext(temporary, object,
				    JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE) ||
	    rename(temporary, file)) {
		status = host_fail_errno(errno, "is there room on its disk?", "write %s", file);
		unlink(temporary);
	}
	json_object_put(object);
	return status;
}

/* A vdev that lasts needs a device that is bound at boot. */
int host_persist(const struct host_vdev *vdev)
{
	const bool was_noted = host_boot_has(vdev->parent);
	struct host_device device;
	int status = TOOL_OK;

	if (!was_noted && host_device_read(&device, vdev->parent))
		status = host_boot_add(&device);
	if (status)
		return status;
	status = write_definition(vdev);
	if (status && !was_noted)
		host_boot_remove(vdev->parent);
	return status;
}

int host_forget(const char *parent, const char *uuid)
{
	char file[PATH_MAX];

	snprintf(file, sizeof(file), "%s" CONFIGURATION "/%s/%s", host_root(), parent, uuid);
	if (!unlink(file))
		return TOOL_OK;
	return host_fail_errno(errno, "is its disk read-only?", "remove %s", file);
}
