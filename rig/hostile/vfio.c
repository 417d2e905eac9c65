// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * VFIO's own interface with arguments that make no sense.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static void check_ioctl(int fd, const char *what, unsigned long request, void *argument, int wanted)
{
	const int found = ioctl(fd, request, argument) < 0 ? errno : 0;

	expect(found && (!wanted || found == wanted), "%s: expected %s, found %s", what,
	       wanted ? strerrorname_np(wanted) : "an error",
	       found ? strerrorname_np(found) : "that it worked");
}

static void bad_info(struct vdev *v, const struct test *t)
{
	static const struct {
		const char *what;
		unsigned long request;
		u32 size;
	} requests[] = {
		{ "VFIO_DEVICE_GET_INFO", VFIO_DEVICE_GET_INFO, 16 },
		{ "VFIO_DEVICE_GET_REGION_INFO", VFIO_DEVICE_GET_REGION_INFO, 32 },
		{ "VFIO_DEVICE_GET_IRQ_INFO", VFIO_DEVICE_GET_IRQ_INFO, 16 },
		{ "VFIO_DEVICE_SET_IRQS", VFIO_DEVICE_SET_IRQS, 20 },
	};
	static const u32 indexes[] = { 9, 10, 100, 0x7fffffff, 0x80000000, 0xffffffff };
	u32 words[64], i, size, j;

	(void)t;
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		for (size = 0; size < requests[i].size; size++) {
			memset(words, 0, sizeof(words));
			words[0] = size;
			check_ioctl(v->device, requests[i].what, requests[i].request, words,
				    EINVAL);
		}
		check_ioctl(v->device, requests[i].what, requests[i].request, NULL, EFAULT);
		check_ioctl(v->device, requests[i].what, requests[i].request, (void *)-16L, EFAULT);
		if (i != 1 && i != 2)
			continue;
		for (j = 0; j < ARRAY_SIZE(indexes); j++) {
			memset(words, 0, sizeof(words));
			words[0] = sizeof(words);
			words[2] = indexes[j];
			check_ioctl(v->device, requests[i].what, requests[i].request, words,
				    EINVAL);
		}
	}
	for (i = 0; i < VFIO_PCI_NUM_REGIONS; i++) {
		struct vfio_region_info info = { .argsz = ~0u, .index = i };
		const u32 wanted = i <= 1 || i == VFIO_PCI_CONFIG_REGION_INDEX ? 256 : 0;

		if (ioctl(v->device, VFIO_DEVICE_GET_REGION_INFO, &info)) {
			expect(!wanted, "region %u: expected it, found %s", i, strerror(errno));
			continue;
		}
		expect(info.size == wanted, "size of region %u: expected %u, found %llu", i, wanted,
		       (unsigned long long)info.size);
		expect(!(info.flags & VFIO_REGION_INFO_FLAG_MMAP),
		       "region %u: expected that it can't be mapped", i);
	}
	check_control(v);
}

static void bad_irqs(struct vdev *v, const struct test *t)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct {
		const char *what;
		u32 flags, index, start, count;
		int fd;
		u32 size;   /* bytes of data */
		int wanted; /* 0: any error */
	} bad[] = {
		{ "no data type", TRIGGER, 0, 0, 1, 0, 0, EINVAL },
		{ "no action", NONE, 0, 0, 1, 0, 0, 0 },
		{ "two data types", NONE | BOOL | TRIGGER, 0, 0, 1, 0, 4, EINVAL },
		{ "three data types", NONE | BOOL | EVENTFD | TRIGGER, 0, 0, 1, -1, 4, EINVAL },
		{ "two actions", NONE | MASK | UNMASK, 0, 0, 1, 0, 0, 0 },
		{ "three actions", NONE | MASK | UNMASK | TRIGGER, 0, 0, 1, 0, 0, 0 },
		{ "unknown flag", NONE | TRIGGER | 1 << 6, 0, 0, 1, 0, 0, EINVAL },
		{ "all flags", ~0u, 0, 0, 1, 0, 4, EINVAL },
		{ "index past the last", NONE | TRIGGER, VFIO_PCI_NUM_IRQS, 0, 1, 0, 0, EINVAL },
		{ "index huge", NONE | TRIGGER, 0x80000000, 0, 1, 0, 0, EINVAL },
		{ "index -1", NONE | TRIGGER, ~0u, 0, 1, 0, 0, EINVAL },
		{ "MSI, of which there is none", EVENTFD | TRIGGER, VFIO_PCI_MSI_IRQ_INDEX, 0, 1,
		  -1, 4, EINVAL },
		{ "MSI-X, of which there is none", EVENTFD | TRIGGER, VFIO_PCI_MSIX_IRQ_INDEX, 0, 1,
		  -1, 4, EINVAL },
		{ "start past the last", EVENTFD | TRIGGER, 0, 1, 1, -1, 4, EINVAL },
		{ "count past the last", EVENTFD | TRIGGER, 0, 0, 2, -1, 8, EINVAL },
		{ "start + count wraps", EVENTFD | TRIGGER, 0, ~0u, 2, -1, 8, EINVAL },
		{ "start + count wraps to 1", NONE | TRIGGER, 0, 2, ~0u, 0, 0, EINVAL },
		{ "count huge", BOOL | TRIGGER, 0, 0, 0x7fffffff, 0, 4, EINVAL },
		{ "count -1", EVENTFD | TRIGGER, 0, 0, ~0u, -1, 4, EINVAL },
		{ "no data for one", EVENTFD | TRIGGER, 0, 0, 1, 0, 0, EINVAL },
		{ "half the data for one", EVENTFD | TRIGGER, 0, 0, 1, -1, 2, EINVAL },
		{ "no such descriptor", EVENTFD | TRIGGER, 0, 0, 1, 9999, 4, EBADF },
		{ "a descriptor that is no eventfd", EVENTFD | TRIGGER, 0, 0, 1, null, 4, EINVAL },
		{ "its own descriptor", EVENTFD | TRIGGER, 0, 0, 1, v->device, 4, EINVAL },
		{ "no such descriptor to unmask", EVENTFD | UNMASK, 0, 0, 1, 9999, 4, 0 },
		{ "no eventfd to unmask", EVENTFD | UNMASK, 0, 0, 1, null, 4, 0 },
		{ "eventfd to mask", EVENTFD | MASK, 0, 0, 1, null, 4, 0 },
		{ "trigger with none set", BOOL | TRIGGER, 0, 0, 1, 1, 1, EINVAL },
		{ "mask with none set", NONE | MASK, 0, 0, 1, 0, 0, EINVAL },
		{ "error: no eventfd", EVENTFD | TRIGGER, VFIO_PCI_ERR_IRQ_INDEX, 0, 1, null, 4,
		  EINVAL },
		{ "error: start past the last", EVENTFD | TRIGGER, VFIO_PCI_ERR_IRQ_INDEX, 1, 1, -1,
		  4, EINVAL },
		{ "error: mask", NONE | MASK, VFIO_PCI_ERR_IRQ_INDEX, 0, 1, 0, 0, 0 },
		{ "request: no eventfd", EVENTFD | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, null, 4,
		  EINVAL },
		{ "request: start past the last", EVENTFD | TRIGGER, VFIO_PCI_REQ_IRQ_INDEX, 1, 1,
		  -1, 4, EINVAL },
		{ "request: mask", NONE | MASK, VFIO_PCI_REQ_IRQ_INDEX, 0, 1, 0, 0, 0 },
	};
	u32 i;

	(void)t;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		const int data[2] = { bad[i].fd, bad[i].fd };
		const int found = set_irqs(v, bad[i].flags, bad[i].index, bad[i].start,
					   bad[i].count, data, bad[i].size);

		expect(found && (!bad[i].wanted || found == bad[i].wanted),
		       "VFIO_DEVICE_SET_IRQS, %s: expected %s, found %s", bad[i].what,
		       bad[i].wanted ? strerrorname_np(bad[i].wanted) : "an error",
		       found ? strerrorname_np(found) : "that it worked");
	}
	close(null);
	check_control(v);
}

/* Every number of VFIO's, and what is not VFIO's at all. */
static void unknown_ioctls(struct vdev *v, const struct test *t)
{
	const unsigned long others[] = { 0, ~0ul, 0x5401, 0xc0de0000, 0x4ec0 };
	u32 words[1024], i, j;

	(void)t;
	for (i = 0; i < 64; i++) {
		for (j = 0; j < 3; j++) {
			memset(words, j ? 0xff : 0, sizeof(words));
			words[0] = sizeof(words);
			words[1] = j == 2 ? 0x10000 | 1 << 17 : words[1];
			ioctl(v->device, _IO(VFIO_TYPE, VFIO_BASE + i), words);
		}
	}
	for (i = 0; i < ARRAY_SIZE(others); i++)
		check_ioctl(v->device, "an unknown ioctl", others[i], words, 0);
	vdev_reset(v);
	restart(v);
	check_control(v);
}

static void map_registers(struct vdev *v, const struct test *t)
{
	static const size_t sizes[] = { 1, PAGE, 2 * PAGE, 1 << 20 };
	static const int sharing[] = { MAP_SHARED, MAP_PRIVATE };
	u32 region, i, j;

	(void)t;
	for (region = 0; region < 16; region++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			for (j = 0; j < 4; j++) {
				const off_t at =
					(off_t)(region_offset(v, region) + (j > 1 ? PAGE : 0));
				void *bytes = mmap(NULL, sizes[i], PROT_READ | PROT_WRITE,
						   sharing[j & 1], v->device, at);

				if (!expect(bytes == MAP_FAILED,
					    "mmap of region %u: expected an error, found that it worked",
					    region))
					munmap(bytes, sizes[i]);
			}
		}
	}
	check_control(v);
}

/* Mappings that make no sense to VFIO; they must not confuse the vdev. */
static void bad_mappings(struct vdev *v, const struct test *t)
{
	static const u64 lengths[] = { 0, 1, PAGE - 1, ~0ull, 1ull << 63, 0 - (u64)PAGE };
	u32 i;

	(void)t;
	expect(dma_map(v, HOME, HOME_SIZE / 2, 0) == EEXIST, "a mapping twice: expected EEXIST");
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct vfio_iommu_type1_dma_map map = { sizeof(map), 3, (uintptr_t)memory(PASSING),
							PASSING, lengths[i] };

		check_ioctl(v->container, "VFIO_IOMMU_MAP_DMA of a bad size", VFIO_IOMMU_MAP_DMA,
			    &map, 0);
	}
	dma_unmap(v, HOME + PAGE, PAGE); /* a part of a mapping: does nothing */
	dma_unmap(v, HOLE, AREA);
	ioctl(v->group, VFIO_GROUP_UNSET_CONTAINER);
	check_control(v);
}

static void open_twice(struct vdev *v, const struct test *t)
{
	char path[128];
	struct vdev second;
	int fd;

	(void)t;
	vdev_group_path(v->uuid, path, sizeof(path));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (!expect(fd < 0, "opening the group a second time: expected an error"))
		close(fd);
	expect(vdev_open(&second, v->uuid) != 0,
	       "opening the vdev a second time: expected an error");
	fd = ioctl(v->group, VFIO_GROUP_GET_DEVICE_FD, v->uuid);
	if (fd >= 0) { /* VFIO lets the group's owner do so: it is the same vdev, open once */
		second = *v;
		second.device = fd;
		expect_value("a register by the second descriptor", v->mac[0],
			     reg_read(&second, IDR, 1));
		close(fd);
	}
	check_control(v);
}

const struct test vfio_cases[] = {
	CASE("vfio-info", "VFIO's questions with bad sizes and numbers", bad_info),
	CASE("vfio-irqs", "VFIO_DEVICE_SET_IRQS with bad sizes, numbers and descriptors", bad_irqs),
	CASE("vfio-unknown", "ioctls that there are not", unknown_ioctls),
	CASE("vfio-mmap", "no region can be mapped", map_registers),
	CASE("vfio-map", "mappings that make no sense", bad_mappings),
	CASE("vfio-open", "opening it twice", open_twice),
	{ .name = NULL },
};
