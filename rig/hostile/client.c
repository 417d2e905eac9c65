// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A vdev opened through VFIO by hand, without a VMM and without a guest's driver: see client.h.
 */
#define _GNU_SOURCE
#include "client.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/kvm.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <net/ethernet.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define VDEVS "/sys/bus/mdev/devices"

/* --- Verdicts ---------------------------------------------------------------------------- */

struct verdict verdict;

bool expect(bool good, const char *format, ...)
{
	char text[sizeof(verdict.first)];
	va_list args;

	if (good)
		return true;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!__atomic_fetch_add(&verdict.failures, 1, __ATOMIC_RELAXED))
		strcpy(verdict.first, text);
	if (verdict.failures <= 5)
		printf("# %s: %s\n", verdict.name, text);
	return false;
}

bool expect_value(const char *what, u64 wanted, u64 found)
{
	return expect(found == wanted, "%s: expected %#llx, found %#llx", what,
		      (unsigned long long)wanted, (unsigned long long)found);
}

void die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("hostile: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000 + (u64)now.tv_nsec / 1000000;
}

void pause_us(unsigned int us)
{
	struct timespec pause = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };

	nanosleep(&pause, NULL);
}

/* --- The VMM's side ---------------------------------------------------------------------- */

/* The guest's memory; @split: mapped in two halves. */
static struct area {
	u64 iova, size;
	u32 flags; /* 0: not mapped by vdev_open() */
	bool split;
	u8 *memory;
} areas[] = {
	{ HOME, HOME_SIZE, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE, true, NULL },
	{ READ_ONLY, AREA, VFIO_DMA_MAP_FLAG_READ, false, NULL },
	{ WRITE_ONLY, AREA, VFIO_DMA_MAP_FLAG_WRITE, false, NULL },
	{ PASSING, AREA, 0, false, NULL },
	{ TOP, PAGE, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE, false, NULL },
	{ ZERO, PAGE, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE, false, NULL },
	{ HIGH, AREA, VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE, false, NULL },
};
#define AREAS (sizeof(areas) / sizeof(areas[0]))

u8 *memory(u64 iova)
{
	u32 i;

	for (i = 0; i < AREAS; i++) {
		struct area *area = &areas[i];

		if (iova - area->iova >= area->size)
			continue;
		if (!area->memory) {
			area->memory = mmap(NULL, area->size, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
			if (area->memory == MAP_FAILED)
				die("mmap: %s", strerror(errno));
		}
		return area->memory + (iova - area->iova);
	}
	die("no memory at %#llx", (unsigned long long)iova);
}

int dma_map(struct vdev *v, u64 iova, u64 size, u32 flags)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = flags ? flags : VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory(iova),
		.iova = iova,
		.size = size,
	};

	return ioctl(v->container, VFIO_IOMMU_MAP_DMA, &map) ? errno : 0;
}

int dma_unmap(struct vdev *v, u64 iova, u64 size)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = iova,
		.size = size,
	};

	return ioctl(v->container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? errno : 0;
}

int vdev_map(struct vdev *v)
{
	int error = 0;
	u32 i;

	for (i = 0; i < AREAS && !error; i++) {
		const struct area *area = &areas[i];
		const u64 size = area->split ? area->size / 2 : area->size;
		u64 done;

		for (done = 0; area->flags && done < area->size && !error; done += size)
			error = dma_map(v, area->iova + done, size, area->flags);
	}
	return error;
}

void vdev_group_path(const char *uuid, char *path, size_t size)
{
	char link[128], target[128];
	ssize_t length;

	snprintf(link, sizeof(link), VDEVS "/%s/iommu_group", uuid);
	length = readlink(link, target, sizeof(target) - 1);
	if (length < 0)
		die("no vdev %s: %s: %s", uuid, link, strerror(errno));
	target[length] = 0;
	snprintf(path, size, "/dev/vfio/%s", strrchr(target, '/') + 1);
}

/* @vm: KVM's VFIO device of the VM that the vdev is for, or -1. */
static int open_group(struct vdev *v, int vm)
{
	struct kvm_device_attr add = {
		.group = KVM_DEV_VFIO_GROUP,
		.attr = KVM_DEV_VFIO_GROUP_ADD,
		.addr = (uintptr_t)&v->group,
	};

	char path[128];

	vdev_group_path(v->uuid, path, sizeof(path));
	v->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (v->container < 0)
		return errno;
	v->group = open(path, O_RDWR | O_CLOEXEC);
	if (v->group < 0)
		return errno;
	if (ioctl(v->group, VFIO_GROUP_SET_CONTAINER, &v->container) ||
	    ioctl(v->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		return errno;
	if (vm >= 0 && ioctl(vm, KVM_SET_DEVICE_ATTR, &add))
		return errno;
	v->device = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, v->uuid);
	return v->device < 0 ? errno : 0;
}

u64 region_size(struct vdev *v, u32 index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	return ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &info) ? 0 : info.size;
}

u64 region_offset(struct vdev *v, u32 index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return (u64)index << 40;
	return info.offset;
}

int vdev_open(struct vdev *v, const char *uuid)
{
	return vdev_open_for(v, uuid, -1);
}

int vdev_open_for(struct vdev *v, const char *uuid, int vm)
{
	struct vdev new = { .container = -1, .group = -1, .device = -1 };
	int error;
	u32 i;

	snprintf(new.uuid, sizeof(new.uuid), "%s", uuid);
	*v = new; /* whose UUID may have been @uuid */
	error = open_group(v, vm);
	if (!error)
		error = vdev_map(v);
	if (error) {
		vdev_close(v);
		return error;
	}
	v->config = region_offset(v, VFIO_PCI_CONFIG_REGION_INDEX);
	if (!region_size(v, VFIO_PCI_BAR1_REGION_INDEX)) { /* edu */
		v->regs = region_offset(v, VFIO_PCI_BAR0_REGION_INDEX);
		return 0;
	}
	v->regs = region_offset(v, VFIO_PCI_BAR1_REGION_INDEX);
	for (i = 0; i < 6; i++)
		v->mac[i] = (u8)reg_read(v, IDR + i, 1);
	return 0;
}

int dma_unmap_all(struct vdev *v)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.flags = VFIO_DMA_UNMAP_FLAG_ALL,
	};

	return ioctl(v->container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? errno : 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vdev_close(struct vdev *v)
{
	close_one(&v->device);
	close_one(&v->group);
	close_one(&v->container);
}

int set_irqs(struct vdev *v, u32 flags, u32 index, u32 start, u32 count, const void *data,
	     size_t size)
{
	u8 buffer[sizeof(struct vfio_irq_set) + 64];
	struct vfio_irq_set *set = (struct vfio_irq_set *)buffer;

	*set = (struct vfio_irq_set){
		.argsz = (u32)(sizeof(*set) + size),
		.flags = flags,
		.index = index,
		.start = start,
		.count = count,
	};
	if (size)
		memcpy(set->data, data, size);
	return ioctl(v->device, VFIO_DEVICE_SET_IRQS, set) ? errno : 0;
}

void vdev_reset(struct vdev *v)
{
	if (ioctl(v->device, VFIO_DEVICE_RESET))
		expect(false, "VFIO_DEVICE_RESET: expected it to work, found: %s", strerror(errno));
}

/* --- The guest's side -------------------------------------------------------------------- */

static void check_moved(ssize_t moved, u32 size, const char *what, u64 offset)
{
	if (moved != (ssize_t)size)
		expect(false, "%s of %u bytes at %#llx: expected it to work, found %zd (%s)", what,
		       size, (unsigned long long)offset, moved, strerror(errno));
}

u64 reg_read(struct vdev *v, u32 offset, u32 size)
{
	u64 value = 0;

	check_moved(pread(v->device, &value, size, (off_t)(v->regs + offset)), size, "read",
		    offset);
	return value;
}

void reg_write(struct vdev *v, u32 offset, u32 size, u64 value)
{
	check_moved(pwrite(v->device, &value, size, (off_t)(v->regs + offset)), size, "write",
		    offset);
}

u32 config_read(struct vdev *v, u32 offset, u32 size)
{
	u32 value = 0;

	check_moved(pread(v->device, &value, size, (off_t)(v->config + offset)), size,
		    "config read", offset);
	return value;
}

void config_write(struct vdev *v, u32 offset, u32 size, u32 value)
{
	check_moved(pwrite(v->device, &value, size, (off_t)(v->config + offset)), size,
		    "config write", offset);
}

static void begin_start(struct vdev *v)
{
	config_write(v, COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
	reg_write(v, CR, 1, CR_RST);
	expect(WAIT(!(reg_read(v, CR, 1) & CR_RST)), "reset: expected it to end, found CR.RST set");
	reg_write(v, IMR, 2, 0);
	reg_write(v, ISR, 2, 0xffff);
	v->tx_next = 0;
	v->rx_next = 0;
}

void start_classic(struct vdev *v)
{
	begin_start(v);
	v->cplus = false;
	reg_write(v, RBSTART, 4, RX_BUFFER);
	reg_write(v, CR, 1, CR_TE | CR_RE);
	reg_write(v, RCR, 4, RCR_APM | RCR_WRAP);
	reg_write(v, TCR, 4, 0x03000600);
}

struct descriptor *tx_descriptor(u32 index)
{
	return (struct descriptor *)memory(TX_RING) + index % DESCRIPTORS;
}

struct descriptor *rx_descriptor(u32 index)
{
	return (struct descriptor *)memory(RX_RING) + index % DESCRIPTORS;
}

static void offer_rx(u32 index)
{
	struct descriptor *descriptor = rx_descriptor(index);

	descriptor->tag = 0;
	descriptor->address = RX_FRAMES + index * 2048;
	__atomic_store_n(&descriptor->flags, D_OWN | (index == DESCRIPTORS - 1 ? D_EOR : 0) | 2044,
			 __ATOMIC_RELEASE);
}

void start_cplus(struct vdev *v)
{
	u32 i;

	begin_start(v);
	v->cplus = true;
	memset(tx_descriptor(0), 0, DESCRIPTORS * sizeof(struct descriptor));
	for (i = 0; i < DESCRIPTORS; i++)
		offer_rx(i);
	reg_write(v, CPCR, 2, CPCR_TXEN | CPCR_RXEN);
	reg_write(v, TSAD, 4, TX_RING);
	reg_write(v, TSAD + 4, 4, 0);
	reg_write(v, RDSAR, 4, RX_RING);
	reg_write(v, RDSAR + 4, 4, 0);
	reg_write(v, CR, 1, CR_TE | CR_RE);
	reg_write(v, RCR, 4, RCR_APM);
	reg_write(v, TCR, 4, 0x03000600);
}

void restart(struct vdev *v)
{
	if (v->cplus)
		start_cplus(v);
	else
		start_classic(v);
}

void begin_classic(struct vdev *v, u64 address, u32 size)
{
	const u32 i = v->tx_next++ % 4;

	reg_write(v, TSAD + 4 * i, 4, address);
	reg_write(v, TSD + 4 * i, 4, size);
}

u32 send_classic(struct vdev *v, u64 address, u32 size)
{
	const u32 i = v->tx_next % 4;
	u32 status = 0;

	begin_classic(v, address, size);
	return WAIT((status = (u32)reg_read(v, TSD + 4 * i, 4)) & TSD_OWN) ? status : 0;
}

u32 put_cplus(struct vdev *v, u32 flags, u64 address, u32 size)
{
	const u32 index = v->tx_next++ % DESCRIPTORS;
	struct descriptor *descriptor = tx_descriptor(index);

	descriptor->tag = 0;
	descriptor->address = address;
	__atomic_store_n(&descriptor->flags, D_OWN | flags | size, __ATOMIC_RELEASE);
	return index;
}

void poll_cplus(struct vdev *v)
{
	reg_write(v, TPPOLL, 1, TPPOLL_NPQ);
}

u32 wait_cplus(u32 index)
{
	const u32 *flags = &tx_descriptor(index)->flags;

	WAIT(!(__atomic_load_n(flags, __ATOMIC_ACQUIRE) & D_OWN));
	return __atomic_load_n(flags, __ATOMIC_ACQUIRE);
}

static u32 receive_classic(struct vdev *v, u8 *frame, u32 size)
{
	u32 at, length;

	if (reg_read(v, CR, 1) & CR_BUFE)
		return 0;
	at = (u32)(reg_read(v, CAPR, 2) + 16) & 0x1fff;
	memcpy(&length, memory(RX_BUFFER) + at, 4);
	length >>= 16;
	if (!expect(length >= 18 && length <= FRAME_MOST + 4,
		    "length of a received frame: expected 18 to 1522, found %u", length))
		return 0;
	memcpy(frame, memory(RX_BUFFER) + at + 4, length < size ? length : size);
	reg_write(v, CAPR, 2, ((at + length + 4 + 3) & 0x1ffc) - 16);
	return length - 4;
}

u32 receive(struct vdev *v, u8 *frame, u32 size)
{
	u32 flags, length;

	if (!v->cplus)
		return receive_classic(v, frame, size);
	flags = __atomic_load_n(&rx_descriptor(v->rx_next)->flags, __ATOMIC_ACQUIRE);
	if (flags & D_OWN)
		return 0;
	length = (flags & 0x1fff) - 4;
	memcpy(frame, memory(RX_FRAMES) + v->rx_next * 2048, length < size ? length : size);
	offer_rx(v->rx_next);
	v->rx_next = (v->rx_next + 1) % DESCRIPTORS;
	return length;
}

/* --- Frames and the wire ------------------------------------------------------------------ */

enum {
	AT_SOURCE = 6,
	AT_TYPE = 12,
	AT_MAGIC = 14,
	AT_KIND = 18,
	AT_NUMBER = 19,
	HEAD = 23,
};
static const u8 magic[4] = "VPIO";
static const u8 broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

u8 wire_mac[6];
static int wire = -1;

static u32 type_of(const u8 *frame)
{
	return (u32)(frame[AT_TYPE] << 8 | frame[AT_TYPE + 1]);
}

static void put_head(u8 *head, const u8 *to, const u8 *from, u32 type)
{
	memcpy(head, to, 6);
	memcpy(head + AT_SOURCE, from, 6);
	head[AT_TYPE] = (u8)(type >> 8);
	head[AT_TYPE + 1] = (u8)type;
}

void make_frame(struct vdev *v, u8 *to, u32 size, enum kind kind)
{
	u8 head[HEAD];
	u32 i;

	v->number++;
	put_head(head, wire_mac, v->mac, FRAME_TYPE);
	memcpy(head + AT_MAGIC, magic, sizeof(magic));
	head[AT_KIND] = (u8)kind;
	memcpy(head + AT_NUMBER, &v->number, 4);
	memcpy(to, head, size < HEAD ? size : HEAD);
	for (i = HEAD; i < size; i++)
		to[i] = (u8)i;
}

static const u8 arp_head[8] = { 0, 1, 8, 0, 6, 4, 0, 1 }; /* Ethernet, IPv4, request (RFC 826) */

void make_arp(struct vdev *v, u8 *to, u8 last)
{
	const u8 addresses[20] = { [6] = 10, 81, 39, last, [16] = 10, 81, 39, 1 };

	memset(to, 0, 60);
	put_head(to, broadcast, v->mac, ETHERTYPE_ARP);
	memcpy(to + 14, arp_head, sizeof(arp_head));
	memcpy(to + 22, addresses, sizeof(addresses));
	memcpy(to + 22, v->mac, 6);
}

bool is_arp_reply(const u8 *frame, u32 length, u8 last)
{
	const u8 from[4] = { 10, 81, 39, 1 }, to[4] = { 10, 81, 39, last };

	return length >= 42 && type_of(frame) == ETHERTYPE_ARP && frame[21] == 2 &&
	       !memcmp(frame + 28, from, 4) && !memcmp(frame + 38, to, 4);
}

/* Lets the peer's NIC hand over TCP frames as they come, and not several as one. */
static int split_frames(int fd)
{
	struct ethtool_value off = { .cmd = ETHTOOL_SGRO };
	struct ifreq request = { .ifr_name = "eth0", .ifr_data = (char *)&off };

	return ioctl(fd, SIOCETHTOOL, &request);
}

void wire_open(void)
{
	const int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	const int there = open("/run/netns/peer", O_RDONLY | O_CLOEXEC);
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct packet_mreq promiscuous = { .mr_type = PACKET_MR_PROMISC };
	struct ifreq request = { .ifr_name = "eth0" };
	const int room = 16 << 20;

	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET))
		die("no network namespace 'peer' (%s): run this by rig/run", strerror(errno));
	wire = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	address.sll_ifindex = promiscuous.mr_ifindex = (int)if_nametoindex("eth0");
	if (wire < 0 || !address.sll_ifindex || ioctl(wire, SIOCGIFHWADDR, &request) ||
	    split_frames(wire) || bind(wire, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(wire, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
		       sizeof(promiscuous)) ||
	    setsockopt(wire, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		die("eth0 of the peer: %s", strerror(errno));
	memcpy(wire_mac, request.ifr_hwaddr.sa_data, 6);
	if (setns(here, CLONE_NEWNET))
		die("cannot get back from the peer's network namespace: %s", strerror(errno));
	close(here);
	close(there);
}

void wire_find(void)
{
	wire_open();
	close(wire);
	wire = -1;
}

void wire_put(const u8 *frame, u32 size)
{
	if (write(wire, frame, size) != (ssize_t)size)
		die("cannot send from the peer: %s", strerror(errno));
}

u64 wire_overrun(void)
{
	static u64 sum;
	u32 stats[2] = { 0 }; /* struct tpacket_stats: packets, drops; both begin again at 0 */
	socklen_t size = sizeof(stats);

	if (getsockopt(wire, SOL_PACKET, PACKET_STATISTICS, stats, &size))
		die("the peer's statistics: %s", strerror(errno));
	sum += stats[1];
	return sum;
}

void wire_send(const u8 to[6], u32 size)
{
	u8 frame[FRAME_MOST] = { 0 };

	put_head(frame, to, wire_mac, FRAME_TYPE);
	memcpy(frame + AT_MAGIC, magic, sizeof(magic));
	frame[AT_KIND] = KIND_WIRE;
	wire_put(frame, size);
}

u32 wire_next(u8 *frame, u32 size, int ms)
{
	struct sockaddr_ll from;
	socklen_t length;
	ssize_t got;
	struct pollfd ready = { .fd = wire, .events = POLLIN };

	while (poll(&ready, 1, ms) > 0) {
		length = sizeof(from);
		got = recvfrom(wire, frame, size, MSG_TRUNC | MSG_DONTWAIT,
			       (struct sockaddr *)&from, &length);
		if (got > 0 && from.sll_pkttype != PACKET_OUTGOING)
			return (u32)got;
	}
	return 0;
}

void wire_forget(void)
{
	u8 frame[64];

	while (wire_next(frame, sizeof(frame), 0))
		;
}

u32 other_macs(const char *uuid, u8 (*macs)[6], u32 most)
{
	DIR *directory = opendir(VDEVS);
	struct dirent *entry;
	char path[512];
	u32 count = 0;
	FILE *file;

	while (directory && count < most && (entry = readdir(directory))) {
		u8 *m = macs[count];

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, uuid))
			continue;
		snprintf(path, sizeof(path), VDEVS "/%s/vpio/mac", entry->d_name);
		file = fopen(path, "r");
		if (file && fscanf(file, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3,
				   m + 4, m + 5) == 6)
			count++;
		if (file)
			fclose(file);
	}
	if (directory)
		closedir(directory);
	return count;
}

static bool is_arp_of(const u8 *frame, const u8 (*macs)[6], u32 count)
{
	u32 i;

	for (i = 0; i < count && memcmp(frame + AT_SOURCE, macs[i], 6); i++)
		;
	return i < count && type_of(frame) == ETHERTYPE_ARP;
}

/* Of a frame of FRAME_TYPE made by @v; else 0. */
static enum kind kind_of(const struct vdev *v, const u8 *frame)
{
	if (type_of(frame) != FRAME_TYPE || memcmp(frame + AT_MAGIC, magic, sizeof(magic)) ||
	    memcmp(frame + AT_SOURCE, v->mac, 6))
		return 0;
	return frame[AT_KIND];
}

static void count_frame(struct wire_count *count, const u8 *frame, u32 length, enum kind kind)
{
	if (!count->total++)
		memcpy(count->first, frame, sizeof(count->first));
	count->cases += kind == KIND_CASE;
	count->poison += kind == KIND_POISON;
	if (length > count->longest)
		count->longest = length;
}

static bool send_marker(struct vdev *v)
{
	make_frame(v, memory(TX_MARKER), 64, KIND_MARKER);
	if (v->cplus) {
		const u32 index = put_cplus(v, D_FS | D_LS, TX_MARKER, 64);

		poll_cplus(v);
		return !(wait_cplus(index) & (D_OWN | D_TES));
	}
	return send_classic(v, TX_MARKER, 64) & TSD_TOK;
}

bool wire_settle(struct vdev *v, struct wire_count *count)
{
	u8 frame[64], macs[8][6];
	const u32 known = other_macs(v->uuid, macs, 7);
	u32 length, number;

	memcpy(macs[known], v->mac, 6);
	*count = (struct wire_count){ 0 };
	if (!expect(send_marker(v), "a well-behaved frame: expected the device to send it, found "
				    "that it did not"))
		return false;
	while ((length = wire_next(frame, sizeof(frame), PATIENCE))) {
		const enum kind kind = kind_of(v, frame);

		memcpy(&number, frame + AT_NUMBER, 4);
		if (kind == KIND_MARKER && number == v->number)
			return true;
		if (kind != KIND_MARKER && !is_arp_of(frame, macs, known + 1))
			count_frame(count, frame, length, kind);
	}
	return expect(false, "a well-behaved frame: expected it at the peer, found none");
}

void check_wire(struct vdev *v, u32 wanted)
{
	struct wire_count count;
	char first[64] = "";
	u32 i;

	if (!wire_settle(v, &count))
		return;
	for (i = 0; count.total && i < sizeof(count.first); i++)
		sprintf(first + 3 * i, " %02x", count.first[i]);
	expect(count.total == wanted, "frames on the wire: expected %u, found %u%s", wanted,
	       count.total, first);
	expect(count.longest <= FRAME_MOST,
	       "longest frame on the wire: expected at most %u bytes, found %u", FRAME_MOST,
	       count.longest);
}

static bool send_arp(struct vdev *v, u8 last)
{
	u32 index;

	make_arp(v, memory(TX_MARKER), last);
	if (!v->cplus)
		return send_classic(v, TX_MARKER, 60) & TSD_TOK;
	index = put_cplus(v, D_FS | D_LS, TX_MARKER, 60);
	poll_cplus(v);
	return !(wait_cplus(index) & (D_OWN | D_TES));
}

/* Empties the receive ring until nothing more comes of what a case has let loose. */
static void calm_down(struct vdev *v)
{
	u8 frame[FRAME_MOST + 4];
	struct stats before;

	do {
		stats_read(v->uuid, &before);
		while (receive(v, frame, sizeof(frame)))
			;
		pause_us(10000);
	} while (stat_since(v, &before, "rx_frames") || stat_since(v, &before, "rx_dropped"));
}

void check_control(struct vdev *v)
{
	const u8 last = (u8)(200 + v->mac[5] % 50);
	u64 end;
	u8 frame[FRAME_MOST + 4];
	u32 length = 0;

	calm_down(v);
	if (!expect(send_arp(v, last), "an ARP request: expected it to be sent, found that it was "
				       "not"))
		return;
	for (end = now_ms() + PATIENCE; now_ms() < end;) {
		length = receive(v, frame, sizeof(frame));
		if (length && is_arp_reply(frame, length, last))
			break;
		if (!length)
			pause_us(100);
	}
	if (!expect(length != 0, "an ARP request: expected the peer's reply, found none"))
		return;
	expect(!memcmp(frame, v->mac, 6), "the peer's reply: expected it for this vdev's address");
	expect(reg_read(v, ISR, 2) & ISR_ROK, "the peer's reply: expected ISR.ROK, found it clear");
}

/* --- Statistics --------------------------------------------------------------------------- */

void stats_read(const char *uuid, struct stats *stats)
{
	char path[128];
	FILE *file;
	unsigned long long value;

	snprintf(path, sizeof(path), VDEVS "/%s/vpio/stats", uuid);
	file = fopen(path, "r");
	if (!file)
		die("%s: %s", path, strerror(errno));
	stats->count = 0;
	while (stats->count < 64 &&
	       fscanf(file, "%31s %llu", stats->row[stats->count].name, &value) == 2)
		stats->row[stats->count++].value = value;
	fclose(file);
}

u64 stats_get(const struct stats *stats, const char *name)
{
	u32 i;

	for (i = 0; i < stats->count; i++) {
		if (!strcmp(stats->row[i].name, name))
			return stats->row[i].value;
	}
	die("the vdev's statistics have no line '%s'", name);
}

u64 stat_now(const struct vdev *v, const char *name)
{
	struct stats now;

	stats_read(v->uuid, &now);
	return stats_get(&now, name);
}

u64 stat_since(const struct vdev *v, const struct stats *before, const char *name)
{
	return stat_now(v, name) - stats_get(before, name);
}

void check_refused(const struct vdev *v, const struct stats *before, const char *reason, u64 wanted)
{
	struct stats now;
	char line[64];
	u32 i;

	stats_read(v->uuid, &now);
	if (reason) {
		snprintf(line, sizeof(line), "refused.%s", reason);
		stats_get(&now, line);
	}
	for (i = 0; i < now.count; i++) {
		const char *name = now.row[i].name;
		const bool all = !strcmp(name, "refusals");

		if (all || !strncmp(name, "refused.", 8))
			expect_value(name, reason && (all || !strcmp(name, line)) ? wanted : 0,
				     now.row[i].value - stats_get(before, name));
	}
}
