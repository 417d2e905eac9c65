// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Register accesses by a KVM guest, which the module serves without the VMM (kernel/kvm.c): where the
 * guest has put its BARs and has enabled them, there and nowhere else; guests that move them about,
 * and VMs that end at the wrong moment. The guest is a few instructions of real mode, each access
 * followed by HLT; what isn't served comes out as KVM_EXIT_MMIO or KVM_EXIT_IO.
 */
#define _GNU_SOURCE
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	CODE = 0x1000, /* where the guest's instructions are: it has no other memory */
	STEP = 16,     /* bytes for each of them */
	WORDS = 0x800, /* behind them: for OUT_STRING */
	VCPUS = 2,
	ROUNDS = 200, /* of HAMMER and OUT_STRING */
	NEIGHBOURS = 200,

	PLACE = 0xe0000000, /* for BAR 1 */
	ELSEWHERE = 0xe0123400,
	PORT = 0xc000, /* for BAR 0 */

	FOREIGN = 0xa5, /* what a read gets from the VMM */
};

enum what {
	WRITE_1,
	WRITE_2,
	WRITE_4,
	READ_1,
	READ_2,
	READ_4,
	OUT_1,
	OUT_2,
	OUT_4,
	IN_1,
	IN_2,
	IN_4,
	OUT_STRING,
	HAMMER
};

/* Memory at DS:BX, ports at DX, from or to EAX; then HLT. */
static const u8 instructions[][STEP] = {
	[WRITE_1] = { 0x88, 0x07, 0xf4 },
	[WRITE_2] = { 0x89, 0x07, 0xf4 },
	[WRITE_4] = { 0x66, 0x89, 0x07, 0xf4 },
	[READ_1] = { 0x8a, 0x07, 0xf4 },
	[READ_2] = { 0x8b, 0x07, 0xf4 },
	[READ_4] = { 0x66, 0x8b, 0x07, 0xf4 },
	[OUT_1] = { 0xee, 0xf4 },
	[OUT_2] = { 0xef, 0xf4 },
	[OUT_4] = { 0x66, 0xef, 0xf4 },
	[IN_1] = { 0xec, 0xf4 },
	[IN_2] = { 0xed, 0xf4 },
	[IN_4] = { 0x66, 0xed, 0xf4 },
	/* rep outsl, from WORDS */
	[OUT_STRING] = { 0xf3, 0x66, 0x6f, 0xf4 },
	/* again: movl %eax, (%bx); movl (%bx), %edi; loop again */
	[HAMMER] = { 0x66, 0x89, 0x07, 0x66, 0x8b, 0x3f, 0xe2, 0xf8, 0xf4 },
};

struct vm {
	int kvm, fd, vfio;
	u8 *code;
	size_t run_size;
	int vcpus[VCPUS];
	struct kvm_run *runs[VCPUS];
};

static int check(const char *what, int result)
{
	if (result < 0)
		die("%s: %s", what, strerror(errno));
	return result;
}

static void make_vm(struct vm *vm)
{
	struct kvm_create_device vfio = { .type = KVM_DEV_TYPE_VFIO };
	struct kvm_userspace_memory_region region = { .guest_phys_addr = CODE,
						      .memory_size = PAGE };
	u32 i;

	vm->kvm = check("/dev/kvm", open("/dev/kvm", O_RDWR | O_CLOEXEC));
	vm->fd = check("KVM_CREATE_VM", ioctl(vm->kvm, KVM_CREATE_VM, 0));
	vm->code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (vm->code == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	memcpy(vm->code, instructions, sizeof(instructions));
	region.userspace_addr = (uintptr_t)vm->code;
	check("KVM_SET_USER_MEMORY_REGION", ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &region));
	check("KVM_CREATE_DEVICE", ioctl(vm->fd, KVM_CREATE_DEVICE, &vfio));
	vm->vfio = (int)vfio.fd;
	vm->run_size =
		(size_t)check("KVM_GET_VCPU_MMAP_SIZE", ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
	for (i = 0; i < VCPUS; i++) {
		vm->vcpus[i] = check("KVM_CREATE_VCPU", ioctl(vm->fd, KVM_CREATE_VCPU, i));
		vm->runs[i] = mmap(NULL, vm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
				   vm->vcpus[i], 0);
		if (vm->runs[i] == MAP_FAILED)
			die("mmap of a vCPU: %s", strerror(errno));
	}
}

static void vm_end(struct vm *vm)
{
	u32 i;

	for (i = 0; i < VCPUS; i++) {
		munmap(vm->runs[i], vm->run_size);
		close(vm->vcpus[i]);
	}
	close(vm->vfio);
	close(vm->fd);
	close(vm->kvm);
	munmap(vm->code, PAGE);
}

/* Opens the case's vdev anew, for the VM. */
static void reopen_for(struct vdev *v, const struct vm *vm)
{
	int error;

	vdev_close(v);
	error = vdev_open_for(v, v->uuid, vm->vfio);
	if (error)
		die("opening the vdev for a VM: %s", strerror(error));
	start_classic(v);
}

static void vm_start(struct vm *vm, struct vdev *v)
{
	make_vm(vm);
	reopen_for(v, vm);
}

/* Closes it, while the VM lives on: which lets go of the group, or nobody could open that again. */
static void close_for(struct vdev *v, const struct vm *vm)
{
	struct kvm_device_attr del = {
		.group = KVM_DEV_VFIO_GROUP,
		.attr = KVM_DEV_VFIO_GROUP_DEL,
		.addr = (uintptr_t)&v->group,
	};

	check("KVM_DEV_VFIO_GROUP_DEL", ioctl(vm->vfio, KVM_SET_DEVICE_ATTR, &del));
	vdev_close(v);
}

/* What the VMM does with an access that comes to it. */
static bool answer(struct kvm_run *run)
{
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		if (!run->mmio.is_write)
			memset(run->mmio.data, FOREIGN, sizeof(run->mmio.data));
		return true;
	case KVM_EXIT_IO:
		if (run->io.direction == KVM_EXIT_IO_IN)
			memset((u8 *)run + run->io.data_offset, FOREIGN,
			       run->io.size * run->io.count);
		return true;
	default:
		return false;
	}
}

/* Lets a vCPU make an access, or many; says how many of them came to the VMM. @value: EAX, before and after. */
static u32 guest_does(struct vm *vm, u32 vcpu, enum what what, u64 address, u32 *value)
{
	struct kvm_run *run = vm->runs[vcpu];
	struct kvm_sregs sregs;
	struct kvm_regs regs = {
		.rip = CODE + what * STEP,
		.rax = *value,
		.rcx = ROUNDS,
		.rdx = address,
		.rsi = WORDS,
		.rflags = 2,
	};
	u32 seen = 0;

	check("KVM_GET_SREGS", ioctl(vm->vcpus[vcpu], KVM_GET_SREGS, &sregs));
	sregs.cs.base = sregs.cs.selector = 0;
	sregs.ds.base = what == OUT_STRING ? CODE : address;
	check("KVM_SET_SREGS", ioctl(vm->vcpus[vcpu], KVM_SET_SREGS, &sregs));
	check("KVM_SET_REGS", ioctl(vm->vcpus[vcpu], KVM_SET_REGS, &regs));
	for (;;) {
		check("KVM_RUN", ioctl(vm->vcpus[vcpu], KVM_RUN, 0));
		if (!answer(run))
			break;
		seen++;
	}
	expect_value("the vCPU's exit (KVM_EXIT_...)", KVM_EXIT_HLT, run->exit_reason);
	check("KVM_GET_REGS", ioctl(vm->vcpus[vcpu], KVM_GET_REGS, &regs));
	*value = (u32)regs.rax;
	return seen;
}

static u32 foreign(u32 size)
{
	return 0x01010101u * FOREIGN >> (32 - 8 * size);
}

/* A read of so many bytes is served, and finds this; or it isn't, and comes to the VMM. */
static void expect_read(struct vm *vm, const char *when, enum what what, u64 address, u32 size,
			bool served, u32 wanted)
{
	u32 value = 0;
	const u32 seen = guest_does(vm, 0, what, address, &value);

	expect(!seen == served, "%s: a read of %u bytes at %#llx: expected that %s", when, size,
	       (unsigned long long)address,
	       served ? "the VMM does not see it" : "it comes to the VMM");
	expect(value == (served ? wanted : foreign(size)),
	       "%s: a read of %u bytes at %#llx: found %#x", when, size,
	       (unsigned long long)address, value);
}

static void expect_served(struct vm *vm, struct vdev *v, const char *when, u64 address)
{
	u32 mac;

	memcpy(&mac, v->mac, 4);
	expect_read(vm, when, READ_4, address + IDR, 4, true, mac);
}

static void expect_seen(struct vm *vm, const char *when, u64 address)
{
	expect_read(vm, when, READ_4, address + IDR, 4, false, 0);
}

static void put_bars(struct vdev *v, u32 address)
{
	config_write(v, BAR, 4, PORT);
	config_write(v, BAR + 4, 4, address);
	config_write(v, COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
}

/* All sizes, in memory and I/O space, reach the vdev, once each. */
static void guest_accesses(struct vdev *v, const struct test *t)
{
	struct stats before;
	struct vm vm;
	u32 i, value;

	(void)t;
	vm_start(&vm, v);
	put_bars(v, PLACE);
	stats_read(v->uuid, &before);
	for (i = 0; i < 3; i++) {
		const u32 size = 1u << i, mask = (u32)(0xffffffffull >> (32 - 8 * size));

		value = 0x12345678 + i;
		expect_value("writes that come to the VMM", 0,
			     guest_does(&vm, 0, WRITE_1 + i, PLACE + MAR, &value));
		expect_read(&vm, "written to memory", READ_1 + i, PLACE + MAR, size, true,
			    value & mask);
		value = 0x9abcdef0 + i;
		expect_value("OUTs that come to the VMM", 0,
			     guest_does(&vm, 0, OUT_1 + i, PORT + MAR, &value));
		expect_read(&vm, "written to a port", IN_1 + i, PORT + MAR, size, true,
			    value & mask);
	}
	expect_value("reads counted", 6, stat_since(v, &before, "reads"));
	expect_value("writes counted", 6, stat_since(v, &before, "writes"));
	value = (u32)reg_read(v, MAR, 4);
	expect_value("what the VMM reads there", 0x9abcdef2, value);
	stats_read(v->uuid, &before);
	for (i = 0; i < ROUNDS; i++)
		memcpy(vm.code + WORDS + 4 * i, &i, 4);
	expect_value("a string of OUTs that comes to the VMM", 0,
		     guest_does(&vm, 0, OUT_STRING, PORT + MAR, &value));
	expect_value("OUTs counted", ROUNDS, stat_since(v, &before, "writes"));
	expect_read(&vm, "after a string of OUTs", IN_4, PORT + MAR, 4, true, ROUNDS - 1);
	vdev_close(v);
	vm_end(&vm);
}

/* Where BARs are, and when. */
static void guest_bars(struct vdev *v, const struct test *t)
{
	struct vm vm;

	(void)t;
	vm_start(&vm, v);
	config_write(v, COMMAND, 2, COMMAND_MASTER);
	config_write(v, BAR, 4, PORT);
	config_write(v, BAR + 4, 4, PLACE);
	expect_seen(&vm, "memory is not enabled", PLACE);
	config_write(v, COMMAND, 2, COMMAND_MEMORY | COMMAND_MASTER);
	expect_served(&vm, v, "enabled", PLACE);
	expect_seen(&vm, "before the BAR", PLACE - 8);
	expect_seen(&vm, "after it", PLACE + REGISTERS);
	expect_read(&vm, "not aligned", READ_4, PLACE + 1, 4, false, 0);
	config_write(v, BAR + 4, 4, ELSEWHERE);
	expect_seen(&vm, "moved away", PLACE);
	expect_served(&vm, v, "moved there", ELSEWHERE);
	config_write(v, BAR + 4, 1, 0); /* the rest of it stays */
	config_write(v, BAR + 6, 1, 0x34);
	expect_served(&vm, v, "moved by its third byte", 0xe0343400);
	config_write(v, BAR + 4, 4, PLACE + PAGE - REGISTERS);
	expect_read(&vm, "across a page's end: KVM makes 3 bytes and 1 of it", READ_4,
		    PLACE + PAGE - 3, 4, false, 0);
	config_write(v, BAR + 4, 4, 0xffffffff);
	expect_seen(&vm, "measured", PLACE + PAGE - REGISTERS);
	expect_seen(&vm, "at the top, where it is while it is measured", 0xffffff00);
	config_write(v, BAR + 4, 4, 0);
	expect_seen(&vm, "at 0: nowhere", 0);
	put_bars(v, PLACE);
	expect_served(&vm, v, "back", PLACE);
	vdev_reset(v);
	expect_seen(&vm, "reset", PLACE);
	put_bars(v, PLACE);
	expect_served(&vm, v, "enabled after a reset", PLACE);
	vdev_close(v);
	expect_seen(&vm, "closed", PLACE);
	vm_end(&vm);
}

static u64 neighbour(u32 i)
{
	return PLACE + 2 * REGISTERS * ((u64)i - NEIGHBOURS / 2);
}

/* How many writes of the guest to neighbours of the BAR are signalled to their eventfd. */
static u64 neighbours_alive(struct vm *vm, int fd)
{
	u64 count = 0;
	u32 i, value = 0;

	for (i = 0; i < NEIGHBOURS; i++) {
		if (!guest_does(vm, 0, WRITE_4, neighbour(i), &value))
			count += signals(fd, 0);
	}
	return count;
}

/* KVM's other devices on the bus, as ioeventfds of virtio's are, stay where they were. */
static void guest_neighbours(struct vdev *v, const struct test *t)
{
	struct kvm_ioeventfd ioeventfd = { .len = 4, .fd = new_eventfd() };
	struct vm vm;
	u32 i;

	(void)t;
	vm_start(&vm, v);
	for (i = 0; i < NEIGHBOURS; i++) {
		ioeventfd.addr = neighbour(i);
		check("KVM_IOEVENTFD", ioctl(vm.fd, KVM_IOEVENTFD, &ioeventfd));
		if (i == NEIGHBOURS / 4)
			put_bars(v, PLACE + REGISTERS);
	}
	expect_served(&vm, v, "among them", PLACE + REGISTERS);
	expect_value("neighbours that are signalled", NEIGHBOURS,
		     neighbours_alive(&vm, ioeventfd.fd));
	put_bars(v, ELSEWHERE);
	expect_served(&vm, v, "far from them", ELSEWHERE);
	put_bars(v, PLACE - REGISTERS);
	expect_served(&vm, v, "among them again", PLACE - REGISTERS);
	expect_value("neighbours that are signalled, the BAR moved", NEIGHBOURS,
		     neighbours_alive(&vm, ioeventfd.fd));
	vdev_close(v);
	expect_value("neighbours that are signalled, the vdev closed", NEIGHBOURS,
		     neighbours_alive(&vm, ioeventfd.fd));
	vm_end(&vm);
	close(ioeventfd.fd);
}

/* KVM's bus takes so many devices, and no more; then accesses come to the VMM. */
static void guest_full_bus(struct vdev *v, const struct test *t)
{
	struct kvm_coalesced_mmio_zone zone = { .addr = 0xd0000000, .size = 4 };
	struct vm vm;
	u32 count;

	(void)t;
	vm_start(&vm, v);
	for (count = 0; !ioctl(vm.fd, KVM_REGISTER_COALESCED_MMIO, &zone); count++)
		zone.addr += 2 * zone.size;
	expect(count > 100 && errno == ENOSPC, "filling the bus: %u devices, then: %s", count,
	       strerror(errno));
	put_bars(v, PLACE);
	expect_seen(&vm, "the bus is full", PLACE);
	zone.addr -= 2 * zone.size;
	check("KVM_UNREGISTER_COALESCED_MMIO", ioctl(vm.fd, KVM_UNREGISTER_COALESCED_MMIO, &zone));
	put_bars(v, ELSEWHERE);
	expect_served(&vm, v, "there is room again", ELSEWHERE);
	vdev_close(v);
	vm_end(&vm);
}

/* The module's parameter kvm_bus, for vdevs that are opened from then on. */
static void set_served(bool served)
{
	const int fd = check("kvm_bus", open("/sys/module/vpio/parameters/kvm_bus", O_WRONLY));

	check("kvm_bus", (int)write(fd, served ? "Y" : "N", 1));
	close(fd);
}

static void guest_switched_off(struct vdev *v, const struct test *t)
{
	struct vm vm;

	(void)t;
	set_served(false);
	vm_start(&vm, v);
	set_served(true);
	put_bars(v, PLACE);
	expect_seen(&vm, "opened while this was off", PLACE);
	close_for(v, &vm);
	reopen_for(v, &vm);
	put_bars(v, PLACE);
	expect_served(&vm, v, "opened anew", PLACE);
	vdev_close(v);
	vm_end(&vm);
}

/* A VMM without KVM's resampling takes an access for the acknowledgement, and so gets them all. */
static void guest_intx(struct vdev *v, const struct test *t)
{
	const int trigger = new_eventfd(), resample = new_eventfd(), none = -1;
	struct vm vm;

	(void)t;
	vm_start(&vm, v);
	put_bars(v, PLACE);
	expect_served(&vm, v, "without an interrupt", PLACE);
	connect_eventfd(v, TRIGGER, trigger);
	expect_seen(&vm, "with INTx, which the VMM unmasks", PLACE);
	connect_eventfd(v, UNMASK, resample);
	expect_served(&vm, v, "with INTx, which KVM unmasks", PLACE);
	connect_eventfd(v, UNMASK, none);
	expect_seen(&vm, "unmasked by the VMM again", PLACE);
	vdev_close(v);
	vm_end(&vm);
	close(trigger);
	close(resample);
}

/* --- At the wrong moment ----------------------------------------------------------------- */

struct hammer {
	struct vm *vm;
	u32 vcpu;
	bool stop;
	u64 rounds, seen;
	pthread_t thread;
};

static void *hammer_on(void *argument)
{
	struct hammer *h = argument;

	while (!__atomic_load_n(&h->stop, __ATOMIC_RELAXED)) {
		u32 value = 0x01020304;

		h->seen += guest_does(h->vm, h->vcpu, HAMMER, PLACE + MAR, &value);
		h->rounds++;
	}
	return NULL;
}

static void hammer_start(struct hammer *hammers, struct vm *vm)
{
	u32 i;

	for (i = 0; i < VCPUS; i++) {
		hammers[i] = (struct hammer){ .vm = vm, .vcpu = i };
		hammers[i].thread = start_thread(hammer_on, &hammers[i]);
	}
}

/* Accesses of all vCPUs in that time, and how many of them came to the VMM. */
static u64 hammer_end(struct hammer *hammers, u64 *seen)
{
	u64 count = 0;
	u32 i;

	*seen = 0;
	for (i = 0; i < VCPUS; i++) {
		__atomic_store_n(&hammers[i].stop, true, __ATOMIC_RELAXED);
		pthread_join(hammers[i].thread, NULL);
		count += hammers[i].rounds * ROUNDS * 2;
		*seen += hammers[i].seen;
	}
	return count;
}

/* BARs move, are switched off, the device is reset and closed, while vCPUs access it all the time. */
static void guest_storm(struct vdev *v, const struct test *t)
{
	const u64 end = now_ms() + seconds * 1000;
	struct hammer hammers[VCPUS];
	u64 state = seed, count, seen, moves = 0;
	struct vm vm;

	(void)t;
	vm_start(&vm, v);
	hammer_start(hammers, &vm);
	for (;;) {
		while (now_ms() < end && chance(&state) % 32) {
			switch (chance(&state) % 4) {
			case 0:
				vdev_reset(v);
				break;
			case 1:
				config_write(v, COMMAND, 2, chance(&state) & 7);
				break;
			case 2:
				config_write(v, BAR + 4, 4, PLACE + (chance(&state) & 0x100));
				break;
			default:
				put_bars(v, PLACE);
				pause_us(1000);
			}
			moves++;
		}
		if (now_ms() >= end)
			break;
		close_for(v, &vm);
		reopen_for(v, &vm);
	}
	count = hammer_end(hammers, &seen);
	printf("# guest-storm: --seed %llu: %llu accesses, %llu of them came to the VMM; %llu moves\n",
	       (unsigned long long)seed, (unsigned long long)count, (unsigned long long)seen,
	       (unsigned long long)moves);
	expect(seen && seen < count,
	       "expected that the vdev served some accesses and the VMM others");
	put_bars(v, PLACE);
	expect_served(&vm, v, "in the end", PLACE);
	restart(v);
	wire_forget();
	check_control(v);
	vdev_close(v);
	vm_end(&vm);
}

/* Several VMs one after the other, each ended before its vdev or after it. */
static void guest_ends(struct vdev *v, const struct test *t)
{
	struct hammer hammers[VCPUS];
	struct vm vm;
	u64 seen;
	u32 i;

	(void)t;
	for (i = 0; i < 10; i++) {
		vm_start(&vm, v);
		put_bars(v, PLACE);
		hammer_start(hammers, &vm);
		pause_us(5000);
		if (i & 1) {
			vdev_close(v);
			hammer_end(hammers, &seen);
			vm_end(&vm);
			continue;
		}
		hammer_end(hammers, &seen);
		vm_end(&vm);
		config_write(v, BAR + 4, 4, ELSEWHERE); /* the VM has no files any more */
		expect_value("the vdev's first byte of its address", v->mac[0],
			     reg_read(v, IDR, 1));
		vdev_close(v);
	}
}

static void *send_in_guest(void *vm)
{
	u32 value = PASSING;

	guest_does(vm, 0, WRITE_4, PLACE + TSAD, &value);
	value = 64;
	guest_does(vm, 0, WRITE_4, PLACE + TSD, &value);
	return NULL;
}

static void *move_bars(void *argument)
{
	for (;;) {
		put_bars(argument, ELSEWHERE);
		put_bars(argument, PLACE);
	}
	return NULL;
}

void wait_in_guest(struct vdev *v, int fd)
{
	const int stalled = stall();
	struct vm vm;
	char byte;

	vm_start(&vm, v);
	put_bars(v, PLACE);
	if (dma_map(v, PASSING, AREA, 0))
		_exit(1);
	reg_write(v, RBSTART, 4, PASSING + AREA / 2);
	start_thread(send_in_guest, &vm);
	byte = (char)is_waited_for(stalled);
	wire_send(v->mac, 64);
	pause_us(100000);
	start_thread(move_bars, v);
	pause_us(100000);
	write(fd, &byte, 1);
	for (;;)
		pause();
}

const struct test guest_cases[] = {
	CASE("guest-accesses", "a KVM guest's accesses, of all sizes, in memory and by ports",
	     guest_accesses),
	CASE("guest-bars", "they are served where the BAR is, and as long as it is enabled",
	     guest_bars),
	CASE("guest-neighbours", "what else is on KVM's bus stays there", guest_neighbours),
	CASE("guest-full-bus", "they come to the VMM if KVM's bus is full", guest_full_bus),
	CASE("guest-switched-off", "they come to the VMM if the administrator wants it so",
	     guest_switched_off),
	CASE("guest-intx", "they come to a VMM that needs to see them", guest_intx),
	CASE("guest-storm", "BARs move under them, resets, closing", guest_storm),
	CASE("guest-ends", "VMs that end before their vdev, and after it", guest_ends),
	{ .name = NULL },
};
