// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The physical device that is recorded: what /sys says of it, and whether vfio-pci has it.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "trace.h"

enum {
	RESOURCE_IO = 0x100, /* linux/ioport.h */
	RESOURCE_MEM = 0x200,
};

bool device_address(const char *text, char address[16])
{
	unsigned int domain = 0, bus, slot, function;
	int length = 0;

	if (sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &length) != 4 ||
	    text[length]) {
		domain = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &function, &length) != 3 ||
		    text[length])
			return false;
	}
	if (slot > 0x1f || function > 7)
		return false;
	snprintf(address, 16, "%04x:%02x:%02x.%x", domain & 0xffff, bus & 0xff, slot, function);
	return true;
}

/* Opens a file of the device; NULL, and a message, if it is not there. */
static FILE *open_file(const char *sys, const char *address, const char *name, FILE *errors)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/%s", sys, address, name);
	file = fopen(path, "r");
	if (!file)
		fprintf(errors, "vpio: %s: cannot open it: %s\n", path, strerror(errno));
	return file;
}

/* The one number that a file has. */
static bool read_number(const char *sys, const char *address, const char *name, u32 *value,
			FILE *errors)
{
	FILE *file = open_file(sys, address, name, errors);
	bool good;

	if (!file)
		return false;
	good = fscanf(file, "%x", value) == 1;
	fclose(file);
	if (!good)
		fprintf(errors, "vpio: %s of %s: expected a number\n", name, address);
	return good;
}

/* The BARs are the first lines of "resource": first address, last address, flags. */
static bool read_bars(const char *sys, const char *address, struct trace_header *header,
		      FILE *errors)
{
	FILE *file = open_file(sys, address, "resource", errors);
	unsigned long long start, end, flags;
	unsigned int i;

	if (!file)
		return false;
	for (i = 0; i < TRACE_MAX_BARS; i++) {
		if (fscanf(file, "%llx %llx %llx", &start, &end, &flags) != 3)
			break;
		if (!(flags & (RESOURCE_IO | RESOURCE_MEM)))
			continue;
		header->bars[i].size = end - start + 1;
		header->bars[i].io = flags & RESOURCE_IO;
	}
	fclose(file);
	return true;
}

bool device_read(const char *sys, const char *address, struct trace_header *header, FILE *errors)
{
	u32 vendor, device, subvendor, subdevice, revision;
	char path[PATH_MAX];

	*header = (struct trace_header){ .vendor = 0 };
	snprintf(header->address, sizeof(header->address), "%s", address);
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s", sys, address);
	if (access(path, F_OK)) {
		fprintf(errors, "vpio: there is no PCI device %s; `lspci -D` lists them\n",
			address);
		return false;
	}
	if (!read_number(sys, address, "vendor", &vendor, errors) ||
	    !read_number(sys, address, "device", &device, errors) ||
	    !read_number(sys, address, "subsystem_vendor", &subvendor, errors) ||
	    !read_number(sys, address, "subsystem_device", &subdevice, errors) ||
	    !read_number(sys, address, "revision", &revision, errors) ||
	    !read_number(sys, address, "class", &header->class_code, errors))
		return false;
	header->vendor = (u16)vendor;
	header->device = (u16)device;
	header->subvendor = (u16)subvendor;
	header->subdevice = (u16)subdevice;
	header->revision = (u8)revision;
	return read_bars(sys, address, header, errors);
}

/* A link of the device, and the last part of what it points to. */
struct link {
	char target[PATH_MAX];
	const char *name; /* NULL: there is no such link */
};

static void read_link(const char *sys, const char *address, const char *name, struct link *link)
{
	char path[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/%s", sys, address, name);
	length = readlink(path, link->target, sizeof(link->target) - 1);
	link->target[length > 0 ? length : 0] = '\0';
	link->name = strrchr(link->target, '/');
	if (link->name)
		link->name++;
}

bool device_is_ready(const char *sys, const char *address, FILE *errors)
{
	struct link group, driver;

	read_link(sys, address, "iommu_group", &group);
	if (!group.name) {
		fprintf(errors,
			"vpio: %s has no IOMMU group, and so cannot be passed through: switch the "
			"IOMMU on in the\n      firmware, and start the kernel with intel_iommu=on "
			"(Intel); or the kernel has no driver for it\n",
			address);
		return false;
	}
	read_link(sys, address, "driver", &driver);
	if (driver.name && !strcmp(driver.name, "vfio-pci"))
		return true;
	fprintf(errors,
		"vpio: %s is bound to %s, expected vfio-pci; as root type\n"
		"    modprobe vfio-pci\n"
		"    echo vfio-pci > /sys/bus/pci/devices/%s/driver_override\n",
		address, driver.name ? driver.name : "no driver", address);
	if (driver.name)
		fprintf(errors, "    echo %s > /sys/bus/pci/devices/%s/driver/unbind\n", address,
			address);
	fprintf(errors, "    echo %s > /sys/bus/pci/drivers_probe\n", address);
	return false;
}
