// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * vpio doctor: what this host can do for VPIO, what is in the way, and the remedy for each.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host.h"

enum severity { FINE, WARNING, IN_THE_WAY };

struct report {
	enum severity worst;
	struct json_object *list; /* NULL: for people */
	const char *device;	  /* that is looked at, or NULL */
};

/* What a check has found: in short, and what to do (NULL: nothing). */
static void found(struct report *report, enum severity severity, const char *check,
		  const char *remedy, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

static void found(struct report *report, enum severity severity, const char *check,
		  const char *remedy, const char *format, ...)
{
	static const char *const marks[] = { "ok", "warning", "PROBLEM" };
	static const char *const words[] = { "fine", "warning", "problem" };
	struct json_object *object;
	char what[512];
	va_list list;

	va_start(list, format);
	vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	if (severity > report->worst)
		report->worst = severity;
	if (!report->list) {
		printf("%-8s %s%s%s\n", marks[severity], report->device ? report->device : "",
		       report->device ? ": " : "", what);
		if (remedy)
			printf("         -> %s\n", remedy);
		return;
	}
	object = json_object_new_object();
	host_json_text(object, "check", check);
	host_json_text(object, "severity", words[severity]);
	host_json_text(object, "device", report->device);
	host_json_text(object, "what", what);
	host_json_text(object, "remedy", remedy);
	json_object_array_add(report->list, object);
}

static bool is_empty(const char *directory)
{
	char **names = host_names("%s", directory);
	const bool empty = !names[0];

	host_names_free(names);
	return empty;
}

static bool file_has(const char *file, const char *word)
{
	char *text = host_read_all("%s", file);
	const bool has = text && strstr(text, word);

	free(text);
	return has;
}

/* --- The machine ------------------------------------------------------------------------- */

static void check_kvm(struct report *report)
{
	if (host_exists("/dev/kvm"))
		found(report, FINE, "kvm", NULL, "KVM is there");
	else
		found(report, WARNING, "kvm",
		      "turn virtualization (VT-x, AMD-V or SVM) on in the firmware's set-up, then: "
		      "modprobe kvm_intel (or kvm_amd)",
		      "there is no /dev/kvm: VMs would be slow, or not start");
}

static void check_iommu(struct report *report)
{
	const bool intel = file_has("/proc/cpuinfo", "GenuineIntel");
	char line[4096];

	host_read(line, sizeof(line), "/proc/cmdline");
	if (!is_empty("/sys/class/iommu")) {
		found(report, FINE, "iommu", NULL, "the IOMMU is on");
		return;
	}
	if (strstr(line, "intel_iommu=off") || strstr(line, "amd_iommu=off") ||
	    strstr(line, "iommu=off"))
		found(report, WARNING, "iommu",
		      "take that out of GRUB_CMDLINE_LINUX in /etc/default/grub, then: update-grub, and "
		      "boot again",
		      "the IOMMU is turned off by the kernel's parameters: the card itself can reach all of "
		      "the host's memory");
	else if (intel)
		found(report, WARNING, "iommu",
		      "turn VT-d on in the firmware's set-up, add intel_iommu=on to GRUB_CMDLINE_LINUX in "
		      "/etc/default/grub, then: update-grub, and boot again",
		      "the IOMMU is off: the card itself can reach all of the host's memory");
	else
		found(report, WARNING, "iommu",
		      "turn IOMMU (AMD-Vi) on in the firmware's set-up, and boot again (the kernel uses it "
		      "unless its parameters say amd_iommu=off)",
		      "the IOMMU is off: the card itself can reach all of the host's memory");
}

/* It matters to whoever passes a device through as a whole; VPIO's interrupts are the host's. */
static void check_remapping(struct report *report)
{
	char value[8] = "";

	host_read(value, sizeof(value),
		  "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts");
	if (*value == 'Y' || *value == '1')
		found(report, WARNING, "interrupt-remapping",
		      "if the machine has interrupt remapping, take allow_unsafe_interrupts out of "
		      "/etc/modprobe.d",
		      "vfio_iommu_type1 allows unsafe interrupts: a guest that has a whole device (not a "
		      "vdev) can raise any interrupt of the host");
}

static void check_lockdown(struct report *report)
{
	char lockdown[64] = "", setup[16] = "";
	char *variable = host_read_all(
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
	const bool secure = variable && variable[4] == 1;

	free(variable);
	host_read(lockdown, sizeof(lockdown), "/sys/kernel/security/lockdown");
	host_read(setup, sizeof(setup), "/sys/module/module/parameters/sig_enforce");
	if (host_exists("/sys/module/vpio"))
		return; /* it has been loaded: nothing is in the way */
	if (strstr(lockdown, "[confidentiality]"))
		found(report, IN_THE_WAY, "lockdown", "boot without lockdown=confidentiality",
		      "the kernel is locked down (confidentiality): no tracing, and only signed modules");
	else if (strstr(lockdown, "[integrity]") || *setup == 'Y' || secure)
		found(report, WARNING, "signing",
		      "sign vpio.ko with a key of yours: DKMS does, after mokutil --import "
		      "/var/lib/dkms/mok.pub and a boot; or turn Secure Boot off in the firmware's set-up",
		      "the kernel loads signed modules only (Secure Boot)");
}

/* --- Modules ----------------------------------------------------------------------------- */

/* Whether modprobe could load it: it is in the list of this kernel's modules. */
static bool is_available(const char *release, const char *module)
{
	static const char *const lists[] = { "modules.dep", "modules.builtin" };
	char path[256], file[64];
	unsigned int i;

	snprintf(file, sizeof(file), "/%s.ko", module);
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s", release, lists[i]);
		if (file_has(path, file))
			return true;
	}
	return false;
}

static void check_module(struct report *report, const char *module, const char *remedy)
{
	struct utsname kernel;

	uname(&kernel);
	if (host_exists("/sys/module/%s", module))
		found(report, FINE, module, NULL, "the kernel's module %s is loaded", module);
	else if (is_available(kernel.release, module))
		found(report, FINE, module, NULL,
		      "the kernel's module %s is there; vpio bind loads it", module);
	else
		found(report, IN_THE_WAY, module, remedy, "the kernel %s has no module %s",
		      kernel.release, module);
}

static bool is_built_for_another(char *others, size_t size)
{
	char **kernels = host_names("/lib/modules"), **kernel;

	*others = 0;
	for (kernel = kernels; *kernel; kernel++) {
		if (is_available(*kernel, "vpio"))
			snprintf(others + strlen(others), size - strlen(others), " %s", *kernel);
	}
	host_names_free(kernels);
	return *others;
}

static void check_vpio(struct report *report)
{
	char others[256], remedy[512];
	struct utsname kernel;

	uname(&kernel);
	if (host_exists("/sys/module/vpio") || is_available(kernel.release, "vpio")) {
		check_module(report, "vpio", NULL);
		return;
	}
	if (is_built_for_another(others, sizeof(others)))
		snprintf(
			remedy, sizeof(remedy),
			"it is there for%s; build it for this one: apt install linux-headers-%s, then "
			"dkms autoinstall (or boot one of those)",
			others, kernel.release);
	else
		snprintf(
			remedy, sizeof(remedy),
			"install it: apt install vpio-dkms linux-headers-%s; or from the source: make "
			"module KDIR=/lib/modules/%s/build, insmod build/kernel/vpio.ko",
			kernel.release, kernel.release);
	found(report, IN_THE_WAY, "vpio", remedy, "the kernel %s has no module vpio",
	      kernel.release);
}

static void check_modules(struct report *report)
{
	check_module(report, "mdev",
		     "take a kernel with CONFIG_VFIO_MDEV, as Debian's and Proxmox's are");
	check_module(report, "vfio_iommu_type1",
		     "take a kernel with CONFIG_VFIO and CONFIG_VFIO_IOMMU_TYPE1, as Debian's and "
		     "Proxmox's are");
	check_vpio(report);
	if (!host_exists("/etc/mdevctl.d"))
		found(report, WARNING, "mdevctl", "apt install mdevctl",
		      "mdevctl is not installed: vdevs are gone after a boot (vpio add --persist needs it)");
}

/* --- Devices ----------------------------------------------------------------------------- */

/* Functions of the same IOMMU group; a bridge is no harm. */
static void check_group(struct report *report, const struct host_device *device)
{
	enum { BRIDGE = 0x06 };
	char **names = host_names("/sys/bus/pci/devices/%s/iommu_group/devices", device->address);
	char others[512] = "", **name;
	struct host_device other;

	for (name = names; *name; name++) {
		if (!strcmp(*name, device->address) || !host_device_read(&other, *name) ||
		    other.class_code >> 16 == BRIDGE)
			continue;
		if (strlen(others) < sizeof(others) - 96)
			snprintf(others + strlen(others), sizeof(others) - strlen(others),
				 " %s (%s)", other.address,
				 *other.driver ? other.driver : "no driver");
	}
	host_names_free(names);
	if (*others)
		found(report, WARNING, "group",
		      "VPIO can share it all the same; for a group of its own put the card into a slot "
		      "directly at the processor, if there is one",
		      "its IOMMU group has other devices, too:%s: what they do by DMA is not kept from "
		      "it, nor from them",
		      others);
}

/* With iommu=pt the host's own devices, and so this one, are passed through to all memory. */
static void check_reach(struct report *report, const struct host_device *device)
{
	char type[32] = "", remedy[256];

	host_read(type, sizeof(type), "/sys/bus/pci/devices/%s/iommu_group/type", device->address);
	if (strcmp(type, "identity"))
		return;
	snprintf(
		remedy, sizeof(remedy),
		"take iommu=pt out of GRUB_CMDLINE_LINUX in /etc/default/grub, then: update-grub, and "
		"boot again; or, while no driver has it: echo DMA > "
		"/sys/bus/pci/devices/%s/iommu_group/type",
		device->address);
	found(report, WARNING, "reach", remedy,
	      "the IOMMU passes it through (its group's type is identity): the card itself can reach "
	      "all of the host's memory");
}

static void check_driver(struct report *report, const struct host_device *device)
{
	struct host_hold holds[HOST_MOST_HOLDS];
	const unsigned int count = host_holds(device->address, holds);
	char text[160];
	unsigned int i;

	for (i = 0; i < count; i++) {
		host_hold_text(&holds[i], text, sizeof(text));
		found(report, WARNING, "in-use",
		      holds[i].kind == HOST_HOLD_SSH
			      ? "don't bind it from here: log in another way first, by the console or "
				"another interface"
		      : holds[i].kind == HOST_HOLD_MOUNT || holds[i].kind == HOST_HOLD_SWAP
			      ? "unmount it (umount, swapoff) before you bind the device"
			      : "give the host another way to its network before you bind the device",
		      "%s; that would break", text);
	}
}

static void check_state(struct report *report, const struct host_device *device)
{
	char state[32] = "", remedy[160];

	host_read(state, sizeof(state), "/sys/bus/pci/devices/%s/vpio/state", device->address);
	if (!strcmp(state, "broken")) {
		snprintf(remedy, sizeof(remedy), "echo revive > /sys/bus/pci/devices/%s/vpio/state",
			 device->address);
		found(report, IN_THE_WAY, "state", remedy,
		      "it is out of service: resets did not help");
	} else if (!strcmp(state, "gone")) {
		snprintf(remedy, sizeof(remedy),
			 "see that it is in its slot; vpio unbind %s, vpio bind %s",
			 device->address, device->address);
		found(report, IN_THE_WAY, "state", remedy, "it does not answer on its bus");
	} else {
		found(report, FINE, "state", NULL, "is shared by vpio, %u vdevs",
		      host_device_vdevs(device->address));
	}
}

static void check_device(struct report *report, const struct host_device *device)
{
	char remedy[128];

	report->device = device->address;
	if (!device->is_known && *device->file) {
		found(report, IN_THE_WAY, "model", "install the models that belong to this version",
		      "its model is not one that this version reads: %s", device->file);
	} else if (!device->is_known) {
		found(report, IN_THE_WAY, "model",
		      "write one (docs/language.md), or take a device of `vpio list`",
		      "there is no model of %04x:%04x", device->vendor, device->device);
	} else if (device->is_bound) {
		check_state(report, device);
	} else {
		check_driver(report, device);
		snprintf(remedy, sizeof(remedy), "to share it: vpio bind %s", device->address);
		found(report, FINE, "driver", remedy, "%s, with %s", device->title,
		      *device->driver ? device->driver : "no driver");
	}
	check_reach(report, device);
	check_group(report, device);
	report->device = NULL;
}

static void check_devices(struct report *report)
{
	struct host_device *devices;
	size_t count, i, known = 0;

	devices = host_devices(&count);
	for (i = 0; i < count; i++) {
		if (!devices[i].is_known && !devices[i].is_bound)
			continue;
		known++;
		check_device(report, &devices[i]);
	}
	free(devices);
	if (!known)
		found(report, IN_THE_WAY, "model",
		      "`vpio list` shows the models that are installed; if it shows none: apt install vpio "
		      "(or copy compiled ones to /lib/firmware/vpio)",
		      "no device here has a model");
}

static int run(const struct host_request *request)
{
	static const int statuses[] = { TOOL_OK, TOOL_BAD_INPUT, TOOL_SYSTEM };
	struct report report = { .worst = FINE };
	struct json_object *object;
	struct host_device device;
	int status = TOOL_OK;

	if (request->count) {
		status = host_device_find(&device, request->words[0]);
		if (status)
			return status;
	}
	if (host_has(request, "json"))
		report.list = json_object_new_array();
	check_kvm(&report);
	check_iommu(&report);
	check_remapping(&report);
	check_lockdown(&report);
	check_modules(&report);
	if (request->count)
		check_device(&report, &device);
	else
		check_devices(&report);
	if (report.list) {
		object = json_object_new_object();
		json_object_object_add(object, "checks", report.list);
		host_json_number(object, "status", (u64)statuses[report.worst]);
		status = host_print_json(object, true);
	} else {
		puts(report.worst == FINE      ? "Nothing is in the way."
		     : report.worst == WARNING ? "VPIO works here; see the warnings."
					       : "Something is in the way; see PROBLEM above.");
		status = host_flushed();
	}
	return status ? status : statuses[report.worst];
}

const struct host_command host_doctor = {
	.name = "doctor",
	.arguments = "[--json] [ADDRESS]",
	.what = "says what this host can do for VPIO, what is in the way, and what to do about it",
	.more = "Of a device it says what would break if it were bound: routes and addresses of its interfaces, this\n"
		"ssh session, mounted disks. Changes nothing.",
	.example = "    vpio doctor\n"
		   "    vpio doctor 03:00.0",
	.options = (const struct host_option[]){ { "json", NULL, "for a program" }, { NULL } },
	.most = 1,
	.run = run,
};
