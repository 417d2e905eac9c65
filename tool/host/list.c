// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio list: the devices of this host that have a model, bound or not; and the models.
 */
#include <stdlib.h>

#include "host.h"

enum { MOST_MODELS = 256 };

struct known {
	u32 vendor, device;
	char model[64], title[160], file[512];
};

static int by_number(const void *a, const void *b)
{
	const struct known *one = a, *other = b;

	return one->vendor != other->vendor
		       ? (one->vendor > other->vendor) * 2 - 1
		       : (one->device > other->device) - (one->device < other->device);
}

/* A model that hides another of the same device is the one that the kernel takes. */
static bool is_there(const struct known *list, size_t count, const struct known *model)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!by_number(&list[i], model))
			return true;
	}
	return false;
}

static size_t find_models(struct known *list)
{
	char places[HOST_FIRMWARE_PLACES][256], **names, **name;
	struct host_model model;
	size_t count = 0;
	unsigned int i;
	int length;

	host_firmware_places(places);
	for (i = 0; *places[i]; i++) {
		names = host_names("%s/vpio", places[i]);
		for (name = names; *name && count < MOST_MODELS; name++) {
			struct known *known = &list[count];

			length = 0;
			if (sscanf(*name, "%4x-%4x.vpb%n", &known->vendor, &known->device,
				   &length) != 2 ||
			    !length || (*name)[length] || is_there(list, count, known))
				continue;
			snprintf(known->file, sizeof(known->file), "%.200s%.255s/vpio/%.16s",
				 host_root(), places[i], *name);
			if (!host_model_load(&model, known->file)) {
				host_note("%s is no compiled model, or one of another version; "
					  "compile it again: vpio model compile",
					  known->file);
				continue;
			}
			snprintf(known->model, sizeof(known->model), "%s",
				 tool_name(&model.model, model.model.header->name));
			snprintf(known->title, sizeof(known->title), "%s",
				 tool_name(&model.model, model.model.header->title));
			host_model_free(&model);
			count++;
		}
		host_names_free(names);
	}
	qsort(list, count, sizeof(*list), by_number);
	return count;
}

static struct json_object *devices_json(const struct host_device *devices, size_t count)
{
	struct json_object *list = json_object_new_array(), *object;
	char text[8];
	size_t i;

	for (i = 0; i < count; i++) {
		const struct host_device *device = &devices[i];

		if (!device->is_known && !device->is_bound)
			continue;
		object = json_object_new_object();
		host_json_text(object, "address", device->address);
		snprintf(text, sizeof(text), "%04x", device->vendor);
		host_json_text(object, "vendor", text);
		snprintf(text, sizeof(text), "%04x", device->device);
		host_json_text(object, "device", text);
		host_json_text(object, "model", device->model);
		host_json_text(object, "title", device->title);
		host_json_text(object, "driver", device->driver);
		json_object_object_add(object, "bound", json_object_new_boolean(device->is_bound));
		json_object_object_add(object, "at_boot",
				       json_object_new_boolean(host_boot_has(device->address)));
		host_json_number(object, "vdevs", host_device_vdevs(device->address));
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *models_json(const struct known *models, size_t count)
{
	struct json_object *list = json_object_new_array(), *object;
	char text[16];
	size_t i;

	for (i = 0; i < count; i++) {
		object = json_object_new_object();
		host_json_text(object, "model", models[i].model);
		host_json_text(object, "title", models[i].title);
		snprintf(text, sizeof(text), "%04x", models[i].vendor);
		host_json_text(object, "vendor", text);
		snprintf(text, sizeof(text), "%04x", models[i].device);
		host_json_text(object, "device", text);
		host_json_text(object, "file", models[i].file);
		json_object_array_add(list, object);
	}
	return list;
}

static void print_devices(const struct host_device *devices, size_t count)
{
	struct tool_table *table = tool_table_new();
	size_t i, shown = 0;

	tool_table_add(table, "address\tid\tdriver\tvdevs\tmodel\tdevice");
	for (i = 0; i < count; i++) {
		const struct host_device *device = &devices[i];

		if (!device->is_known && !device->is_bound)
			continue;
		shown++;
		tool_table_add(table, "%s\t%04x:%04x\t%s\t%u\t%s\t%s", device->address,
			       device->vendor, device->device,
			       *device->driver ? device->driver : "-",
			       host_device_vdevs(device->address), device->model, device->title);
	}
	puts("Devices that can be shared (driver vpio: they are)");
	tool_table_print(table, stdout);
	if (!shown)
		puts("  none: no device here has a model");
}

static void print_models(const struct known *models, size_t count)
{
	struct tool_table *table = tool_table_new();
	size_t i;

	tool_table_add(table, "model\tid\tdevice");
	for (i = 0; i < count; i++)
		tool_table_add(table, "%s\t%04x:%04x\t%s", models[i].model, models[i].vendor,
			       models[i].device, models[i].title);
	puts("\nModels");
	tool_table_print(table, stdout);
	if (!count)
		puts("  none: copy compiled ones to /lib/firmware/vpio");
}

static int run(const struct host_request *request)
{
	struct known *models = calloc(MOST_MODELS, sizeof(*models));
	struct host_device *devices;
	struct json_object *object;
	size_t count, known;

	if (!models)
		return host_fail(TOOL_SYSTEM, "out of memory; end other programs");
	devices = host_devices(&count);
	known = find_models(models);
	if (host_has(request, "json")) {
		object = json_object_new_object();
		json_object_object_add(object, "devices", devices_json(devices, count));
		json_object_object_add(object, "models", models_json(models, known));
		free(devices);
		free(models);
		return host_print_json(object, true);
	}
	print_devices(devices, count);
	print_models(models, known);
	free(devices);
	free(models);
	return host_flushed();
}

const struct host_command host_list = {
	.name = "list",
	.arguments = "[--json]",
	.what = "lists the devices of this host that have a model, and the models",
	.example = "    vpio list",
	.options = (const struct host_option[]){ { "json", NULL, "for a program" }, { NULL } },
	.run = run,
};
