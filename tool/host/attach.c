// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio attach: prints what gives a vdev to a VM, for QEMU, libvirt or Proxmox. Changes nothing.
 *
 * For Proxmox it is "args": with hostpciN: ADDRESS,mdev=TYPE Proxmox makes a vdev of its own for
 * each start, named by the VM's number, and removes it at the end, so that its settings are lost.
 */
#include "host.h"

static const char *const forms[] = { "qemu", "libvirt", "proxmox" };

static void print_form(const struct host_vdev *vdev, const char *form)
{
	if (!strcmp(form, "qemu"))
		printf("-device vfio-pci,sysfsdev=/sys/bus/mdev/devices/%s\n", vdev->uuid);
	else if (!strcmp(form, "libvirt"))
		printf("<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'>\n"
		       "  <source>\n"
		       "    <address uuid='%s'/>\n"
		       "  </source>\n"
		       "</hostdev>\n",
		       vdev->uuid);
	else
		printf("args: -device vfio-pci,sysfsdev=/sys/bus/mdev/devices/%s\n", vdev->uuid);
}

static void warn(const struct host_vdev *vdev)
{
	char user[160];

	if (!vdev->is_open)
		return;
	host_vdev_user(vdev, user, sizeof(user));
	host_note("%s is in use by %s; another VM gets it only after that", vdev->name, user);
}

static int run(const struct host_request *request)
{
	const char *form = NULL;
	struct host_vdev vdev;
	unsigned int i;
	int status;

	for (i = 0; i < ARRAY_SIZE(forms); i++) {
		if (!host_has(request, forms[i]))
			continue;
		if (form)
			return host_fail(TOOL_USAGE, "--%s and --%s exclude each other; give one",
					 form, forms[i]);
		form = forms[i];
	}
	if (!form)
		return host_fail(TOOL_USAGE, "for what? Say --qemu, --libvirt or --proxmox");
	status = host_vdev_find(&vdev, request->words[0]);
	if (status)
		return status;
	print_form(&vdev, form);
	warn(&vdev);
	return host_flushed();
}

const struct host_command host_attach = {
	.name = "attach",
	.arguments = "NAME --qemu|--libvirt|--proxmox",
	.what = "prints what gives a vdev to a VM; changes nothing",
	.more = "--qemu: an argument for QEMU. --libvirt: the device's XML, for `virsh attach-device --config` or\n"
		"<devices>. --proxmox: a line for /etc/pve/qemu-server/VMID.conf. (Not hostpci0: ...,mdev=...: so\n"
		"Proxmox makes a vdev of its own at each start, which has none of the settings of this one.)",
	.example =
		"    vpio attach web --libvirt > web.xml && virsh attach-device web web.xml --config\n"
		"    qemu-system-x86_64 ... $(vpio attach web --qemu)",
	.options = (const struct host_option[]){ { "qemu", NULL, "an argument for QEMU" },
						 { "libvirt", NULL, "XML for libvirt" },
						 { "proxmox", NULL, "a line for Proxmox" },
						 { NULL } },
	.least = 1,
	.most = 1,
	.run = run,
};
