// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * What the host itself uses a device for, so that it is not taken away under it: network interfaces
 * with addresses and routes, the way back to who is logged in, mounted disks.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "host.h"

enum { MOST_NAMES = 64 };

/* Names of interfaces, or numbers of disks. */
struct names {
	unsigned int count;
	char list[MOST_NAMES][64];
};

static bool has_name(const struct names *names, const char *name)
{
	unsigned int i;

	for (i = 0; i < names->count; i++) {
		if (!strcmp(names->list[i], name))
			return true;
	}
	return false;
}

static bool add_name(struct names *names, const char *name)
{
	if (names->count == MOST_NAMES || has_name(names, name))
		return false;
	snprintf(names->list[names->count++], sizeof(names->list[0]), "%.63s", name);
	return true;
}

struct holds {
	unsigned int count;
	struct host_hold *list;
};

static void add_hold(struct holds *holds, enum host_hold_kind kind, const char *what)
{
	unsigned int i;

	for (i = 0; i < holds->count; i++) {
		if (holds->list[i].kind == kind && !strcmp(holds->list[i].what, what))
			return;
	}
	if (holds->count == HOST_MOST_HOLDS)
		return;
	holds->list[holds->count].kind = kind;
	snprintf(holds->list[holds->count].what, sizeof(holds->list[0].what), "%.127s", what);
	host_clean(holds->list[holds->count++].what);
}

/* --- Network ----------------------------------------------------------------------------- */

/* An interface and what stands on it: bridges, bonds, VLANs. */
static void add_interface(struct names *names, const char *name)
{
	char **uppers, **upper;

	if (!add_name(names, name))
		return;
	uppers = host_names("/sys/class/net/%s", name);
	for (upper = uppers; *upper; upper++) {
		if (!strncmp(*upper, "upper_", 6))
			add_interface(names, *upper + 6);
	}
	host_names_free(uppers);
}

static void find_interfaces(const char *address, struct names *names)
{
	char **interfaces = host_names("/sys/bus/pci/devices/%s/net", address), **name;
	char **parts, **part;

	for (name = interfaces; *name; name++)
		add_interface(names, *name);
	host_names_free(interfaces);
	/* virtio's are one level below */
	parts = host_names("/sys/bus/pci/devices/%s", address);
	for (part = parts; *part; part++) {
		if (strncmp(*part, "virtio", 6))
			continue;
		interfaces = host_names("/sys/bus/pci/devices/%s/%s/net", address, *part);
		for (name = interfaces; *name; name++)
			add_interface(names, *name);
		host_names_free(interfaces);
	}
	host_names_free(parts);
}

/* The best route to a peer so far. */
struct best {
	int prefix;
	char interface[64];
};

static void consider(struct best *best, int prefix, const char *interface)
{
	if (prefix < best->prefix)
		return;
	best->prefix = prefix;
	snprintf(best->interface, sizeof(best->interface), "%s", interface);
}

static void routes_4(struct holds *holds, const struct names *names, const char *peer,
		     struct best *best)
{
	char *text = host_read_all("/proc/net/route"), *rest = text, *line, interface[64];
	unsigned int target, flags, mask;
	struct in_addr address;
	const bool has_peer = peer && inet_pton(AF_INET, peer, &address) == 1;

	while ((line = host_line(&rest))) {
		/* numbers in network order, as this machine reads them */
		if (sscanf(line, "%63s %x %*x %x %*d %*d %*d %x", interface, &target, &flags,
			   &mask) != 4 ||
		    !(flags & 1))
			continue;
		if (has_peer && (address.s_addr & mask) == target)
			consider(best, __builtin_popcount(mask), interface);
		if (!has_name(names, interface))
			continue;
		add_hold(holds, mask ? HOST_HOLD_ADDRESS : HOST_HOLD_ROUTE, interface);
	}
	free(text);
}

static bool is_within(const u8 *address, const u8 *net, unsigned int prefix)
{
	const u8 mask = (u8)(0xff00 >> (prefix % 8));

	return prefix <= 128 && !memcmp(address, net, prefix / 8) &&
	       (!(prefix % 8) || !((address[prefix / 8] ^ net[prefix / 8]) & mask));
}

static void routes_6(struct holds *holds, const struct names *names, const char *peer,
		     struct best *best)
{
	enum { ROUTE_UP = 1 };
	char *text = host_read_all("/proc/net/ipv6_route"), *rest = text, *line;
	char net[33], interface[64];
	unsigned int prefix, flags, i, byte;
	struct in6_addr address;
	const bool has_peer = peer && inet_pton(AF_INET6, peer, &address) == 1;
	u8 bytes[16];

	while ((line = host_line(&rest))) {
		if (sscanf(line, "%32s %x %*s %*x %*s %*x %*x %*x %x %63s", net, &prefix, &flags,
			   interface) != 4 ||
		    !(flags & ROUTE_UP) || strlen(net) != 32)
			continue;
		for (i = 0; i < 16; i++) {
			sscanf(net + 2 * i, "%2x", &byte);
			bytes[i] = (u8)byte;
		}
		if (has_peer && is_within(address.s6_addr, bytes, prefix))
			consider(best, (int)prefix, interface);
		/* what every interface has that is up: link-local and multicast */
		if (!has_name(names, interface) || bytes[0] >= 0xfe)
			continue;
		add_hold(holds, prefix ? HOST_HOLD_ADDRESS : HOST_HOLD_ROUTE, interface);
	}
	free(text);
}

/*
 * SSH_CONNECTION of this process or, as sudo takes it away, of the ones that it comes from. Fills
 * in the peer's address, or "".
 */
static void find_peer(char *peer, size_t size)
{
	enum { MOST_ANCESTORS = 64 };
	const char *own = getenv("SSH_CONNECTION"), *word;
	unsigned int pid = (unsigned int)getpid(), i;
	char environment[65536], *parent, *status;
	size_t length;
	FILE *file;

	*peer = 0;
	if (own)
		snprintf(peer, size, "%.*s", (int)strcspn(own, " %"), own);
	for (i = 0; i < MOST_ANCESTORS && pid > 1 && !*peer; i++) {
		snprintf(environment, sizeof(environment), "%s/proc/%u/environ", host_root(), pid);
		file = fopen(environment, "re");
		length = file ? fread(environment, 1, sizeof(environment) - 1, file) : 0;
		if (file)
			fclose(file);
		environment[length] = 0;
		for (word = environment; word < environment + length; word += strlen(word) + 1) {
			if (!strncmp(word, "SSH_CONNECTION=", 15))
				snprintf(peer, size, "%.*s", (int)strcspn(word + 15, " %"),
					 word + 15);
		}
		status = host_read_all("/proc/%u/status", pid);
		parent = status ? strstr(status, "\nPPid:") : NULL;
		pid = parent ? (unsigned int)strtoul(parent + 6, NULL, 10) : 0;
		free(status);
	}
}

static void find_network(struct holds *holds, const char *pci)
{
	struct best best = { .prefix = -1 };
	struct names names = { .count = 0 };
	char peer[64] = "";

	find_interfaces(pci, &names);
	if (!names.count)
		return;
	find_peer(peer, sizeof(peer));
	/* IPv4's peers of a socket for both */
	memmove(peer, peer + (strncmp(peer, "::ffff:", 7) ? 0 : 7),
		strlen(peer + (strncmp(peer, "::ffff:", 7) ? 0 : 7)) + 1);
	routes_4(holds, &names, peer, &best);
	routes_6(holds, &names, peer, &best);
	if (best.prefix >= 0 && has_name(&names, best.interface))
		add_hold(holds, HOST_HOLD_SSH, best.interface);
}

/* --- Disks ------------------------------------------------------------------------------- */

/* A disk, its partitions, and what stands on them: LVM, RAID, encryption. As 8:1, and as sda1. */
static void add_disk(struct names *numbers, struct names *names, const char *name)
{
	char number[64], **entries, **entry;

	if (!add_name(names, name))
		return;
	if (!host_read(number, sizeof(number), "/sys/class/block/%s/dev", name))
		add_name(numbers, number);
	entries = host_names("/sys/class/block/%s/holders", name);
	for (entry = entries; *entry; entry++)
		add_disk(numbers, names, *entry);
	host_names_free(entries);
	entries = host_names("/sys/class/block/%s", name);
	for (entry = entries; *entry; entry++) {
		if (!strncmp(*entry, name, strlen(name)))
			add_disk(numbers, names, *entry);
	}
	host_names_free(entries);
}

static void find_mounts(struct holds *holds, const struct names *numbers)
{
	char *text = host_read_all("/proc/self/mountinfo"), *rest = text, *line;
	char number[64], place[256];

	while ((line = host_line(&rest))) {
		if (sscanf(line, "%*d %*d %63s %*s %255s", number, place) == 2 &&
		    has_name(numbers, number))
			add_hold(holds, HOST_HOLD_MOUNT, place);
	}
	free(text);
}

static void find_swap(struct holds *holds, const struct names *names)
{
	char *text = host_read_all("/proc/swaps"), *rest = text, *line;
	char file[256];

	while ((line = host_line(&rest))) {
		if (sscanf(line, "/dev/%255s", file) == 1 && has_name(names, file))
			add_hold(holds, HOST_HOLD_SWAP, file);
	}
	free(text);
}

static void find_disks(struct holds *holds, const char *address)
{
	char path[PATH_MAX], device[PATH_MAX], disk[PATH_MAX], **blocks, **block;
	struct names numbers = { .count = 0 }, names = { .count = 0 };
	size_t length;

	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/%s", host_root(), address);
	if (!realpath(path, device))
		return;
	length = strlen(device);
	blocks = host_names("/sys/class/block");
	for (block = blocks; *block; block++) {
		snprintf(path, sizeof(path), "%s/sys/class/block/%s", host_root(), *block);
		if (realpath(path, disk) && !strncmp(disk, device, length) && disk[length] == '/')
			add_disk(&numbers, &names, *block);
	}
	host_names_free(blocks);
	if (!names.count)
		return;
	find_mounts(holds, &numbers);
	find_swap(holds, &names);
}

unsigned int host_holds(const char *address, struct host_hold list[HOST_MOST_HOLDS])
{
	struct holds holds = { 0, list };

	find_network(&holds, address);
	find_disks(&holds, address);
	return holds.count;
}

void host_hold_text(const struct host_hold *hold, char *text, size_t size)
{
	static const char *const formats[] = {
		[HOST_HOLD_SSH] = "this ssh session comes through %s",
		[HOST_HOLD_ROUTE] = "the default route goes through %s",
		[HOST_HOLD_ADDRESS] = "the interface %s has an address",
		[HOST_HOLD_MOUNT] = "its disk is mounted at %s",
		[HOST_HOLD_SWAP] = "its disk %s is used for swapping",
	};

	snprintf(text, size, formats[hold->kind], hold->what);
}
