// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Runs jobs on an edu device without a driver, and compares what comes of them: in a guest, on the
 * PCI function; or by VFIO, as a VMM would: on the vdev with a UUID, or on a PCI function that
 * vfio-pci has (0000:00:03.0). Needs root.
 *
 *   edu-job jobs ID SECONDS    factorials, and patterns to the buffer and back
 *   edu-job spy ID SECONDS     puts a result and a pattern there once, then only looks: it must
 *                              never see anything else
 *   edu-job bad ID             DMA that the device must never be asked for
 *   edu-job intx ID COUNT      jobs whose ends must interrupt, by uio_pci_generic
 *   edu-job VFIO MODE ...      jobs, spy or bad by VFIO
 *   edu-job VFIO msi ID COUNT  each job's end must be one message
 *   edu-job VFIO compute|transfer ID MS
 *                              one such job after the other, for the benchmarks: says "ready",
 *                              waits for the end of its standard input, works for MS milliseconds,
 *                              says how many jobs ended, in what time, and how long each took from
 *                              asking to its end
 *
 * ID (1 to 255) is in all patterns. EDU_BYTES=N in the environment: the first N bytes of the buffer
 * are used, a multiple of 8. (On the physical device 4088: before version 8.1, QEMU dies of a
 * transfer that touches the buffer's last byte.) Prints one line; exit status 0: nothing was wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../tests/edu.h"

enum {
	BAR = 0x100000,
	MEMORY = 0x200000, /* a huge page: all its addresses follow each other */
	IOVA = 0x1000000,  /* where it is by VFIO */
	BACK = 0x10000,	   /* in it: what comes back from the buffer */
	COMMAND_ON = 6,	   /* memory and bus master */
	PATIENCE = 120,	   /* s: longer than any job takes, whoever else works */
};

#define PCI "/sys/bus/pci/devices/"

static volatile uint8_t *registers; /* NULL: by VFIO */
static int container = -1, group = -1, device = -1;
static uint64_t registers_at, config_at; /* VFIO: in @device */
static uint8_t *memory;
static uint64_t memory_at; /* bus address */
static uint64_t id, seed;
static unsigned int bytes = SIZE; /* of the buffer that are used */
static unsigned int factorials, transfers, wrong;

static void die(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("edu-job: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static bool expect(bool good, const char *format, ...)
{
	va_list args;

	if (good)
		return true;
	if (++wrong <= 5) {
		printf("id %llu: WRONG: ", (unsigned long long)id);
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		putchar('\n');
	}
	return false;
}

static double now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- The device -------------------------------------------------------------------------- */

/*
 * The lower 32 bits are all that there is to read. Of an access of 64 bits vfio-pci makes two, of
 * which the device answers the first only.
 */
static uint32_t in(unsigned int offset)
{
	uint32_t value = 0;

	if (registers)
		return *(volatile uint32_t *)(registers + offset);
	if (pread(device, &value, 4, (off_t)(registers_at + offset)) != 4)
		die("reading register %#x: %s", offset, strerror(errno));
	return value;
}

static void out(unsigned int offset, uint64_t value)
{
	const size_t size = offset < SRC ? 4 : 8;

	if (registers && size == 4)
		*(volatile uint32_t *)(registers + offset) = (uint32_t)value;
	else if (registers)
		*(volatile uint64_t *)(registers + offset) = value;
	else if (pwrite(device, &value, size, (off_t)(registers_at + offset)) != (ssize_t)size)
		die("writing register %#x: %s", offset, strerror(errno));
}

static int open_file(const char *path, int flags)
{
	const int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static void write_file(const char *path, const char *text)
{
	const int fd = open_file(path, O_WRONLY);

	if (write(fd, text, strlen(text)) < 0)
		die("writing \"%s\" to %s: %s", text, path, strerror(errno));
	close(fd);
}

static void read_file(const char *path, char *text, size_t size)
{
	const int fd = open_file(path, O_RDONLY);
	const ssize_t length = read(fd, text, size - 1);

	text[length > 0 ? length : 0] = 0;
	close(fd);
}

/* The directory of the first edu device, in /sys. */
static const char *find_device(void)
{
	static char found[256];
	glob_t files;
	size_t i;

	if (glob(PCI "*", 0, NULL, &files))
		die("no PCI devices");
	for (i = 0; i < files.gl_pathc; i++) {
		char path[300], vendor[16], device_id[16];

		snprintf(path, sizeof(path), "%s/vendor", files.gl_pathv[i]);
		read_file(path, vendor, sizeof(vendor));
		snprintf(path, sizeof(path), "%s/device", files.gl_pathv[i]);
		read_file(path, device_id, sizeof(device_id));
		if (strcmp(vendor, "0x1234\n") || strcmp(device_id, "0x11e8\n"))
			continue;
		snprintf(found, sizeof(found), "%s", files.gl_pathv[i]);
		return found;
	}
	die("no edu device (1234:11e8)");
	return NULL;
}

static void set_command(const char *path, uint16_t command)
{
	char config[300];
	int fd;

	snprintf(config, sizeof(config), "%s/config", path);
	fd = open_file(config, O_RDWR);
	if (pwrite(fd, &command, 2, 4) != 2)
		die("%s: %s", config, strerror(errno));
	close(fd);
}

/* Where a page of this process is in the guest's memory. */
static uint64_t physical(const void *page)
{
	const int fd = open_file("/proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (pread(fd, &entry, 8, (off_t)((uintptr_t)page / 4096 * 8)) != 8 ||
	    !(entry & 1ull << 63) || !(entry << 9))
		die("the page's address is not to be had");
	close(fd);
	return (entry & ((1ull << 55) - 1)) * 4096;
}

static void open_pci(void)
{
	const char *path = find_device();
	char file[300];
	void *map;

	snprintf(file, sizeof(file), "%s/enable", path);
	write_file(file, "1");
	set_command(path, COMMAND_ON);
	snprintf(file, sizeof(file), "%s/resource0", path);
	map = mmap(NULL, BAR, PROT_READ | PROT_WRITE, MAP_SHARED, open_file(file, O_RDWR), 0);
	if (map == MAP_FAILED)
		die("%s: %s", file, strerror(errno));
	registers = map;
	write_file("/proc/sys/vm/nr_hugepages", "4");
	map = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (map == MAP_FAILED)
		die("a huge page: %s", strerror(errno));
	memory = map;
	memory_at = physical(memory);
}

static uint64_t region(unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		die("region %u: %s", index, strerror(errno));
	return info.offset;
}

static void write_config(unsigned int offset, uint16_t value)
{
	if (pwrite(device, &value, 2, (off_t)(config_at + offset)) != 2)
		die("configuration space: %s", strerror(errno));
}

static void open_vfio(const char *name)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map), .flags = 3, .iova = IOVA, .size = MEMORY
	};
	char link[128], path[160] = "";
	ssize_t length;

	snprintf(link, sizeof(link), "%s%s/iommu_group",
		 strchr(name, '.') ? PCI : "/sys/bus/mdev/devices/", name);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		die("no device %s with an IOMMU group", name);
	path[length] = 0;
	snprintf(link, sizeof(link), "/dev/vfio/%s", strrchr(path, '/') + 1);
	container = open_file("/dev/vfio/vfio", O_RDWR);
	group = open_file(link, O_RDWR);
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	memory_at = IOVA;
	map.vaddr = (uintptr_t)memory;
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) ||
	    ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
		die("VFIO group of %s: %s", name, strerror(errno));
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
	if (device < 0)
		die("device %s: %s", name, strerror(errno));
	registers_at = region(VFIO_PCI_BAR0_REGION_INDEX);
	config_at = region(VFIO_PCI_CONFIG_REGION_INDEX);
	write_config(4, COMMAND_ON);
}

/* --- Jobs -------------------------------------------------------------------------------- */

static uint64_t chance(void)
{
	static uint64_t state;

	state += id * 0x9e3779b97f4a7c15u + 1;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state >> 8;
}

/* Waits while a bit of a register is set. */
static void wait_for(unsigned int offset, uint32_t bit)
{
	const double end = now() + PATIENCE;

	while (in(offset)&bit) {
		if (now() > end)
			die("a job takes longer than %d s", PATIENCE);
		usleep(2000);
	}
}

static void compute(uint32_t n)
{
	uint32_t found;

	out(FACT, n);
	wait_for(STATUS, COMPUTING);
	found = in(FACT);
	factorials++;
	expect(found == factorial(n), "%u! is %#x, found %#x", n, factorial(n), found);
}

static void begin_move(uint64_t src, uint64_t dst, uint64_t count, uint64_t command)
{
	out(SRC, src);
	out(DST, dst);
	out(COUNT, count);
	out(CMD, command | RUN);
}

static void move(uint64_t src, uint64_t dst, uint64_t count, uint64_t command)
{
	begin_move(src, dst, count, command);
	wait_for(CMD, RUN);
	transfers++;
}

/* A word of a pattern: whose it is, of which transfer, and its place. */
static uint64_t word(unsigned int at)
{
	return id << 56 | seed << 16 | at;
}

static void write_pattern(void)
{
	unsigned int i;

	seed++;
	for (i = 0; i < bytes / 8; i++)
		((uint64_t *)memory)[i] = word(i);
	move(memory_at, BUFFER, bytes, 0);
}

static void read_pattern(unsigned int from, unsigned int words)
{
	const uint64_t *back = (uint64_t *)(memory + BACK);
	unsigned int i;

	memset(memory + BACK, 0, SIZE);
	move(BUFFER + 8 * from, memory_at + BACK + 8 * from, 8 * words, TO_MEMORY);
	for (i = 0; i < bytes / 8; i++) {
		const uint64_t wanted = i >= from && i < from + words ? word(i) : 0;

		if (!expect(back[i] == wanted, "word %u of the buffer: expected %#llx, found %#llx",
			    i, (unsigned long long)wanted, (unsigned long long)back[i]))
			break;
	}
}

static void jobs(double seconds)
{
	const double end = now() + seconds;
	unsigned int from;

	while (now() < end && !wrong) {
		compute((uint32_t)chance() % 40);
		write_pattern();
		compute((uint32_t)chance() % 40);
		read_pattern(0, bytes / 8);
		from = (unsigned int)chance() % (bytes / 8);
		read_pattern(from, 1 + (unsigned int)chance() % (bytes / 8 - from));
	}
}

static void spy(double seconds)
{
	const double end = now() + seconds;
	const uint32_t n = 5 + (uint32_t)id % 8;
	unsigned int looks = 0, i;

	compute(n);
	write_pattern();
	while (now() < end && !wrong) {
		begin_move(BUFFER, memory_at + BACK, bytes, TO_MEMORY);
		while (in(CMD)&RUN) {
			for (i = 0; i < 4; i++, looks++)
				expect(in(FACT) == factorial(n), "expected %u! only", n);
		}
		read_pattern(0, bytes / 8);
	}
	printf("id %llu: looked %u times at its result\n", (unsigned long long)id, looks);
}

/* The device would break, or reach what is not the guest's: it must not even be asked. */
static void bad(void)
{
	const uint64_t back = memory_at + BACK;
	const struct {
		uint64_t src, dst, count, command;
	} moves[] = {
		{ memory_at, BUFFER, 0, 0 },
		{ memory_at, BUFFER, SIZE + 1, 0 },
		{ memory_at, BUFFER + SIZE, 1, 0 },
		{ memory_at, BUFFER + 1, SIZE, 0 },
		{ memory_at, BUFFER - 8, 16, 0 },
		{ memory_at, BUFFER, ~0ull, 0 },
		{ memory_at, ~0ull - 7, 16, 0 },
		{ BUFFER + SIZE, back, 8, TO_MEMORY },
		{ BUFFER, back, 0, TO_MEMORY },
		{ BUFFER, back, 1ull << 32 | 8, TO_MEMORY },
		{ 0, back, SIZE, TO_MEMORY },
		{ 0x0c000000, BUFFER, SIZE, 0 }, /* no guest here has memory at 192 MiB */
		{ BUFFER, 0x0c000000, SIZE, TO_MEMORY },
		{ 0x0ffffff0, BUFFER, 32, 0 },
		{ 1ull << 32, BUFFER, 16, 0 },
		{ BUFFER, ~0ull - 7, 16, TO_MEMORY },
	};
	unsigned int i;

	write_pattern();
	memset(memory + BACK, 0x5a, SIZE);
	for (i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		move(moves[i].src, moves[i].dst, moves[i].count, moves[i].command);
		expect(memory[BACK] == 0x5a && !memcmp(memory + BACK, memory + BACK + 1, SIZE - 1),
		       "memory has changed by bad transfer %u", i);
	}
	read_pattern(0, bytes / 8);
}

/* --- Interrupts -------------------------------------------------------------------------- */

static int interrupt = -1; /* uio's file, or an eventfd */

/* uio has masked the line in the command register when it interrupted. */
static void acknowledge(uint32_t causes)
{
	out(ACK, causes);
	if (registers)
		set_command(find_device(), COMMAND_ON);
}

/* Jobs whose ends interrupt; @signal: how often an interrupt has come, after waiting for one. */
static void interrupt_jobs(unsigned int count, unsigned int (*signal)(int ms))
{
	unsigned int i, found;

	acknowledge(0xffffffff);
	out(STATUS, IRQ_FACT);
	for (i = 0; i < count; i++) {
		out(FACT, 5);
		found = signal(PATIENCE * 1000);
		expect(found == 1, "a factorial's end: expected 1 interrupt, found %u", found);
		expect(in(CAUSES) == CAUSE_FACT && in(FACT) == 120, "expected a factorial's cause");
		acknowledge(CAUSE_FACT);
		factorials++;
		begin_move(memory_at, BUFFER, bytes, IRQ);
		found = signal(PATIENCE * 1000);
		expect(found == 1, "a transfer's end: expected 1 interrupt, found %u", found);
		expect(in(CAUSES) == CAUSE_DMA && !(in(CMD)&RUN), "expected a transfer's cause");
		acknowledge(CAUSE_DMA);
		transfers++;
	}
	compute(6); /* which interrupts as well */
	expect(signal(PATIENCE * 1000) == 1, "expected 1 interrupt");
	acknowledge(0xffffffff);
	out(STATUS, 0);
	compute(7);
	found = signal(300);
	expect(!found, "expected no interrupt, found %u", found);
}

static unsigned int wait_uio(int ms)
{
	static unsigned int last; /* uio counts since it has the device */
	struct pollfd ready = { .fd = interrupt, .events = POLLIN };
	unsigned int before = last;

	if (poll(&ready, 1, ms) <= 0 || read(interrupt, &last, 4) != 4)
		return 0;
	return last - before;
}

static void intx(unsigned int count)
{
	write_file("/sys/bus/pci/drivers/uio_pci_generic/new_id", "1234 11e8");
	interrupt = open_file("/dev/uio0", O_RDWR);
	interrupt_jobs(count, wait_uio);
}

static unsigned int wait_eventfd(int ms)
{
	struct pollfd ready = { .fd = interrupt, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&ready, 1, ms) <= 0 || read(interrupt, &count, 8) != 8)
		return 0;
	return (unsigned int)count;
}

static void set_eventfd(unsigned int index, int fd)
{
	uint8_t bytes[sizeof(struct vfio_irq_set) + 4];
	struct vfio_irq_set *set = (struct vfio_irq_set *)bytes;

	*set = (struct vfio_irq_set){
		.argsz = sizeof(bytes),
		.flags = VFIO_IRQ_SET_ACTION_TRIGGER |
			 (fd < 0 ? VFIO_IRQ_SET_DATA_NONE : VFIO_IRQ_SET_DATA_EVENTFD),
		.index = index,
		.count = fd < 0 ? 0 : 1,
	};
	memcpy(set->data, &fd, 4);
	if (ioctl(device, VFIO_DEVICE_SET_IRQS, set))
		die("VFIO_DEVICE_SET_IRQS, index %u: %s", index, strerror(errno));
}

/* Messages, then the line, then messages again: nothing of one is left in the other. */
static void msi(unsigned int count)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = VFIO_PCI_MSI_IRQ_INDEX };
	unsigned int round, found;

	if (ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &info) || info.count != 1)
		die("expected 1 MSI vector, found %u", info.count);
	interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (round = 0; round < 2; round++) {
		write_config(0x42, 1);
		set_eventfd(VFIO_PCI_MSI_IRQ_INDEX, interrupt);
		found = wait_eventfd(300);
		expect(!found, "MSI set up: expected no message, found %u", found);
		interrupt_jobs(count, wait_eventfd);
		set_eventfd(VFIO_PCI_MSI_IRQ_INDEX, -1);
		write_config(0x42, 0);
		set_eventfd(VFIO_PCI_INTX_IRQ_INDEX, interrupt);
		found = wait_eventfd(300);
		expect(!found, "INTx set up: expected no interrupt, found %u", found);
		out(RAISE, 1);
		found = wait_eventfd(PATIENCE * 1000);
		expect(found == 1, "INTx: expected 1 interrupt, found %u", found);
		out(ACK, 1);
		set_eventfd(VFIO_PCI_INTX_IRQ_INDEX, -1);
	}
}

/* --- Jobs that are timed ----------------------------------------------------------------- */

enum { MOST_WAITS = 1 << 20 };

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* One job, and its end by its message; when it was asked for. */
static double job_by_message(bool transfer)
{
	const uint32_t n = (uint32_t)chance() % 12;
	const double asked = now();

	if (transfer)
		begin_move(memory_at, BUFFER, bytes, IRQ);
	else
		out(FACT, n);
	if (!expect(wait_eventfd(PATIENCE * 1000), "a job's end: expected a message, found none"))
		die("a job takes longer than %d s", PATIENCE);
	acknowledge(CAUSE_FACT | CAUSE_DMA);
	transfers += transfer;
	factorials += !transfer;
	if (!transfer)
		expect(in(FACT) == factorial(n), "%u!: expected %u", n, factorial(n));
	return asked;
}

static void work(bool transfer, double seconds)
{
	static double waits[MOST_WAITS];
	unsigned int count = 0;
	double start, last, asked;
	char byte;

	interrupt = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	acknowledge(0xffffffff);
	out(STATUS, IRQ_FACT);
	write_config(0x42, 1);
	set_eventfd(VFIO_PCI_MSI_IRQ_INDEX, interrupt);
	printf("ready\n");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	start = last = now();
	while (last < start + seconds && count < MOST_WAITS && !wrong) {
		asked = job_by_message(transfer);
		last = now();
		waits[count++] = last - asked;
	}
	/* the last one ended after the time, most likely, so what counts is when it did */
	qsort(waits, count, sizeof(*waits), compare);
	printf("jobs %u\nns %.0f\nmedian_ns %.0f\np99_ns %.0f\nmost_ns %.0f\n", count,
	       (last - start) * 1e9, waits[count / 2] * 1e9, waits[count * 99 / 100] * 1e9,
	       waits[count - 1] * 1e9);
}

int main(int argc, char **argv)
{
	const char *mode;
	unsigned int amount;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && strlen(argv[1]) >= strlen("0000:00:00.0"))
		open_vfio((argc--, *++argv));
	if (argc < 3 || argc > 4) {
		fputs("usage: edu-job [VFIO] jobs|spy|bad|intx|msi|compute|transfer ID "
		      "[SECONDS|COUNT|MS]\n",
		      stderr);
		return 2;
	}
	mode = argv[1];
	id = strtoul(argv[2], NULL, 0) & 0xff;
	amount = argc > 3 ? (unsigned int)strtoul(argv[3], NULL, 0) : 1;
	if (getenv("EDU_BYTES"))
		bytes = (unsigned int)strtoul(getenv("EDU_BYTES"), NULL, 0);
	if (!bytes || bytes > SIZE || bytes % 8)
		die("EDU_BYTES is %u, expected a multiple of 8 up to %u", bytes, SIZE);
	if (!memory)
		open_pci();
	expect(in(ID) == 0x010000ed, "its identity");
	out(LIVE, (uint32_t)id);
	expect(in(LIVE) == ~(uint32_t)id, "the inverse of what was written");
	if (!strcmp(mode, "jobs"))
		jobs(amount);
	else if (!strcmp(mode, "spy"))
		spy(amount);
	else if (!strcmp(mode, "bad"))
		bad();
	else if (!strcmp(mode, "intx") && registers)
		intx(amount);
	else if (!strcmp(mode, "msi") && !registers)
		msi(amount);
	else if ((!strcmp(mode, "compute") || !strcmp(mode, "transfer")) && !registers)
		work(!strcmp(mode, "transfer"), amount / 1000.0);
	else
		die("no mode %s", mode);
	printf("id %llu: %s: %u factorials, %u transfers, %u wrong\n", (unsigned long long)id, mode,
	       factorials, transfers, wrong);
	return wrong != 0;
}
