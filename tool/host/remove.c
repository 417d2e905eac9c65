// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio remove: removes vdevs.
 */
#include "host.h"

/* The kernel would wait for the VM: so would whoever asked. */
static int refuse_open(const struct host_vdev *vdev)
{
	char user[160];

	if (!vdev->is_open)
		return TOOL_OK;
	host_vdev_user(vdev, user, sizeof(user));
	return host_fail(TOOL_BAD_INPUT, "%s is in use by %s; shut that VM down first", vdev->name,
			 user);
}

static int take_away(const struct host_vdev *vdev, bool keep)
{
	int error = host_write("1", "/sys/bus/mdev/devices/%s/remove", vdev->uuid);

	if (error)
		return host_fail_errno(-error, NULL, "remove %s", vdev->name);
	if (!vdev->is_persistent || keep)
		return TOOL_OK;
	return host_forget(vdev->parent, vdev->uuid);
}

static int run(const struct host_request *request)
{
	const bool keep = host_has(request, "keep");
	struct host_vdev vdevs[HOST_MOST_WORDS];
	int status = TOOL_OK;
	unsigned int i;

	for (i = 0; i < request->count && !status; i++) {
		status = host_vdev_find(&vdevs[i], request->words[i]);
		if (!status)
			status = refuse_open(&vdevs[i]);
	}
	for (i = 0; i < request->count && !status; i++) {
		host_begin_change();
		status = take_away(&vdevs[i], keep);
		host_end_change();
		if (!status)
			printf("%s is removed%s\n", vdevs[i].name,
			       vdevs[i].is_persistent && keep ? "; mdevctl makes it again" : "");
	}
	return status ? status : host_flushed();
}

const struct host_command host_remove = {
	.name = "remove",
	.arguments = "[--keep] NAME...",
	.what = "removes vdevs, by their names or UUIDs",
	.more = "Refused while a VM has one of them. What --persist made goes, too.",
	.example = "    vpio remove web",
	.options =
		(const struct host_option[]){
			{ "keep", NULL, "keep what --persist made: mdevctl makes the vdev again" },
			{ NULL } },
	.least = 1,
	.most = HOST_MOST_WORDS,
	.changes = true,
	.run = run,
};
