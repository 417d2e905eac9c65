// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio set: changes a vdev's settings, all that are given or none.
 */
#include "host.h"

static int change(const struct host_vdev *vdev, const struct host_settings *settings, bool persist)
{
	struct host_vdev now;
	int status = host_settings_apply(settings, vdev->uuid);

	if (status || !persist)
		return status;
	if (!host_vdev_read(&now, vdev->uuid))
		return host_fail(TOOL_SYSTEM,
				 "the vdev %s has vanished; vpio status shows those that there are",
				 vdev->name);
	return host_persist(&now);
}

static int run(const struct host_request *request)
{
	struct host_settings settings;
	struct host_vdev vdev;
	bool persist;
	int status;

	status = host_vdev_find(&vdev, request->words[0]);
	if (!status)
		status = host_settings_parse(&settings, request, 1, vdev.parent, vdev.uuid);
	if (status)
		return status;
	persist = host_has(request, "persist") || vdev.is_persistent;
	if (!settings.count && !host_has(request, "persist"))
		return host_fail(
			TOOL_USAGE,
			"there is nothing to set; say what, as in: vpio set %s rate=10Mbit",
			vdev.name);
	if (persist)
		status = host_persist_possible();
	if (status)
		return status;
	host_begin_change();
	status = change(&vdev, &settings, persist);
	host_end_change();
	if (status)
		return status;
	if (!host_vdev_read(&vdev, vdev.uuid))
		return TOOL_OK;
	return host_has(request, "json") ? host_print_json(host_vdev_json(&vdev), true) : TOOL_OK;
}

const struct host_command host_set = {
	.name = "set",
	.arguments = "NAME [KEY=VALUE | OPTION]...",
	.what = "changes a vdev's settings: all that are given, or none",
	.more = "KEY=VALUE is the same as --KEY VALUE; another KEY is a parameter of the model. MAC address and\n"
		"parameters can be changed while no VM has the vdev, the rest at any time. What --persist made\n"
		"follows.",
	.example = "    vpio set web rate=10Mbit weight=200\n"
		   "    vpio set web --rate none",
	.options =
		(const struct host_option[]){
			HOST_SETTING_OPTIONS,
			{ "persist", NULL,
			  "make it again after each boot, and bind the device then" },
			{ "json", NULL, "print the vdev for a program" },
			{ NULL } },
	.least = 1,
	.most = HOST_MOST_WORDS,
	.changes = true,
	.run = run,
};
