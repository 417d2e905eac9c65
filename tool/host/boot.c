// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The devices that are bound at boot: a line each in /etc/vpio/devices, the address and what is to
 * be found there, as a card that is added may move the others.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"

#define DIRECTORY "/etc/vpio"
#define DEVICES	  DIRECTORY "/devices"

static const char heading[] =
	"# The devices that VPIO has from boot on, ADDRESS VENDOR:DEVICE, a line each. `vpio bind --persist` adds\n"
	"# one, `vpio unbind` takes it out; `vpio restore`, which vpio.service runs at boot, binds them.\n";

bool host_boot_entry(struct host_boot_entry *entry, char *line)
{
	unsigned int domain, bus, slot, function;
	int length = 0;

	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return false;
	line[strcspn(line, "\r")] = 0;
	snprintf(entry->text, sizeof(entry->text), "%s", line);
	entry->is_right = sscanf(line, "%4x:%2x:%2x.%1x %4x:%4x %n", &domain, &bus, &slot,
				 &function, &entry->vendor, &entry->device, &length) == 6 &&
			  length && !line[length] && slot < 32 && function < 8;
	*entry->address = 0;
	if (entry->is_right)
		snprintf(entry->address, sizeof(entry->address), "%04x:%02x:%02x.%x",
			 domain & 0xffff, bus & 0xff, slot & 31, function & 7);
	return true;
}

char *host_boot_text(void)
{
	return host_read_all(DEVICES);
}

bool host_boot_has(const char *address)
{
	char *text = host_boot_text(), *rest = text, *line;
	struct host_boot_entry entry;
	bool has = false;

	while (!has && (line = host_line(&rest)))
		has = host_boot_entry(&entry, line) && !strcmp(entry.address, address);
	free(text);
	return has;
}

/* All lines but this device's, as they are. */
static void copy_others(FILE *file, const char *address)
{
	char *text = host_boot_text(), *rest = text, *line;
	struct host_boot_entry entry;
	char copy[512];

	if (!text)
		fputs(heading, file);
	while ((line = host_line(&rest))) {
		snprintf(copy, sizeof(copy), "%s", line);
		if (host_boot_entry(&entry, copy) && !strcmp(entry.address, address))
			continue;
		if (*line || rest)
			fprintf(file, "%s\n", line);
	}
	free(text);
}

/* The file appears as a whole or not at all. @device: NULL, or what is to be there, too. */
static int rewrite(const char *address, const struct host_device *device)
{
	char path[PATH_MAX], temporary[PATH_MAX + 8];
	FILE *file;
	int error;

	snprintf(path, sizeof(path), "%s" DIRECTORY, host_root());
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s" DEVICES, host_root());
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	errno = 0;
	file = fopen(temporary, "we");
	if (file) {
		copy_others(file, address);
		if (device)
			fprintf(file, "%s %04x:%04x\n", device->address, device->vendor,
				device->device);
		error = fflush(file) || fsync(fileno(file));
		if (!fclose(file) && !error && !rename(temporary, path))
			return TOOL_OK;
	}
	error = errno ? errno : EIO;
	unlink(temporary);
	return host_fail_errno(error, "is there room on its disk, and may it be written?",
			       "write %s", path);
}

int host_boot_add(const struct host_device *device)
{
	return host_boot_has(device->address) ? TOOL_OK : rewrite(device->address, device);
}

int host_boot_remove(const char *address)
{
	return host_boot_has(address) ? rewrite(address, NULL) : TOOL_OK;
}
