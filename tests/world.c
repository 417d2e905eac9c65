// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The monitor's embedder in user space, over a simulated device. It also sees to the rules of
 * monitor.h that a kernel would only break by accident: no guest memory under the pdev's lock, no
 * lock taken twice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "world.h"

/* In a threaded world: what the thread has locked. */
static _Thread_local const struct world *held_world;
static _Thread_local const struct world_guest *held_guest;

void world_require(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "world: %s\n", what);
	abort();
}

static struct world *world_of(struct vpio_pdev *pdev)
{
	return vpio_pdev_priv(pdev);
}

static struct world_guest *guest_of(struct vpio_vdev *vdev)
{
	return vpio_vdev_priv(vdev);
}

static bool is_held(const struct world *world)
{
	return world->threaded ? held_world == world : world->locked;
}

static bool is_guest_held(const struct world_guest *guest)
{
	return guest->world->threaded ? held_guest == guest : guest->locked;
}

void guest_lock(struct world_guest *guest)
{
	if (guest->world->threaded) {
		world_require(!held_guest, "a vdev's lock taken while one is held");
		world_require(!held_world, "a vdev's lock taken under the pdev's");
		pthread_mutex_lock(&guest->mutex);
		held_guest = guest;
	}
	guest->locked = true;
}

void guest_unlock(struct world_guest *guest)
{
	guest->locked = false;
	if (!guest->world->threaded)
		return;
	held_guest = NULL;
	pthread_mutex_unlock(&guest->mutex);
}

void world_lock(struct world *world)
{
	world_require(!is_held(world), "the pdev's lock taken twice");
	if (world->threaded) {
		pthread_mutex_lock(&world->mutex);
		held_world = world;
	}
	world->locked = true;
}

void world_unlock(struct world *world)
{
	world_require(is_held(world), "the pdev's lock given back twice");
	world->locked = false;
	if (!world->threaded)
		return;
	held_world = NULL;
	pthread_mutex_unlock(&world->mutex);
}

static void vanish(struct world *world)
{
	if (world->vanishes && !--world->vanishes)
		sim_fault(world->device, SIM_FAULT_GONE, SIM_FOREVER);
}

static u64 hw_read(struct vpio_pdev *pdev, unsigned int bar, u32 offset, unsigned int width)
{
	world_require(is_held(world_of(pdev)), "hardware without the pdev's lock");
	vanish(world_of(pdev));
	return sim_read(world_of(pdev)->device, bar, offset, width);
}

static void hw_write(struct vpio_pdev *pdev, unsigned int bar, u32 offset, unsigned int width,
		     u64 value)
{
	world_require(is_held(world_of(pdev)), "hardware without the pdev's lock");
	vanish(world_of(pdev));
	sim_write(world_of(pdev)->device, bar, offset, width, value);
}

static void *guest_bytes(struct vpio_vdev *vdev, u64 address, size_t size)
{
	struct world_guest *guest = guest_of(vdev);

	world_require(is_guest_held(guest), "guest memory without the vdev's lock");
	world_require(!is_held(guest->world), "guest memory under the pdev's lock");
	world_require(size && address + size >= address, "an access that should have been refused");
	if (address > guest->world->memory || size > guest->world->memory - address)
		return NULL;
	if (address < guest->hole + guest->hole_size && address + size > guest->hole)
		return NULL;
	return guest->memory + address;
}

static int guest_read(struct vpio_vdev *vdev, u64 address, void *data, size_t size)
{
	void *place = guest_bytes(vdev, address, size);

	if (!place)
		return -1;
	memcpy(data, place, size);
	return 0;
}

static int guest_write(struct vpio_vdev *vdev, u64 address, const void *data, size_t size)
{
	void *place = guest_bytes(vdev, address, size);

	if (!place)
		return -1;
	memcpy(place, data, size);
	if (guest_of(vdev)->world->watch)
		guest_of(vdev)->world->watch(guest_of(vdev), data, size);
	return 0;
}

static void guest_irq(struct vpio_vdev *vdev, bool level)
{
	struct world_guest *guest = guest_of(vdev);

	world_require(is_guest_held(guest), "an interrupt without the vdev's lock");
	if (level)
		guest->edges++;
	guest->line = level;
}

static u64 now(struct vpio_pdev *pdev)
{
	struct timespec time;

	if (!world_of(pdev)->threaded)
		return world_of(pdev)->now;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return ((u64)time.tv_sec * 1000000000 + (u64)time.tv_nsec) * world_of(pdev)->speed;
}

static void wake_pdev(struct vpio_pdev *pdev)
{
	__atomic_store_n(&world_of(pdev)->woken, true, __ATOMIC_RELEASE);
}

static void wake_vdev(struct vpio_vdev *vdev)
{
	world_require(is_held(guest_of(vdev)->world), "a vdev woken without the pdev's lock");
	__atomic_store_n(&guest_of(vdev)->woken, true, __ATOMIC_RELEASE);
}

static void wake_vdev_at(struct vpio_vdev *vdev, u64 time)
{
	struct world_guest *guest = vpio_vdev_priv(vdev);

	world_require(is_guest_held(guest), "wake_vdev_at() without the vdev's lock");
	__atomic_store_n(&guest->due, time, __ATOMIC_RELAXED);
}

static void lock(struct vpio_pdev *pdev)
{
	world_lock(world_of(pdev));
}

static void unlock(struct vpio_pdev *pdev)
{
	world_unlock(world_of(pdev));
}

static void report(struct vpio_vdev *vdev, enum vpio_refusal refusal, u64 address, u64 size)
{
	struct world_guest *guest = guest_of(vdev);

	(void)size;
	guest->reports++;
	guest->refused[refusal]++;
	guest->refusal = refusal;
	guest->address = address;
}

static void violation(struct vpio_vdev *vdev, enum vpio_refusal refusal, u64 address, u64 size)
{
	struct world_guest *guest = guest_of(vdev);

	(void)size;
	guest->violations++;
	world_require(guest->refusal == refusal && guest->address == address,
		      "a violation is a refusal that was just reported");
}

static bool is_present(struct vpio_pdev *pdev)
{
	world_require(is_held(world_of(pdev)), "the bus without the pdev's lock");
	return sim_is_present(world_of(pdev)->device);
}

static void health(struct vpio_pdev *pdev, enum vpio_health health)
{
	world_require(is_held(world_of(pdev)), "health without the pdev's lock");
	world_require(health == vpio_pdev_health(pdev), "health that is not so");
	world_of(pdev)->turns++;
}

static const struct vpio_ops ops = {
	.hw_read = hw_read,
	.hw_write = hw_write,
	.guest_read = guest_read,
	.guest_write = guest_write,
	.irq = guest_irq,
	.now = now,
	.wake_pdev = wake_pdev,
	.wake_vdev = wake_vdev,
	.wake_vdev_at = wake_vdev_at,
	.lock = lock,
	.unlock = unlock,
	.report = report,
	.violation = violation,
	.is_present = is_present,
	.health = health,
};

/* --- What the simulated device reaches --------------------------------------------------- */

static void *dma_bytes(struct world *world, uint64_t address, size_t size)
{
	u64 index = (address - WORLD_DMA) / WORLD_DMA_STEP;
	u64 offset = (address - WORLD_DMA) % WORLD_DMA_STEP;

	if (address >= WORLD_DMA && index < world->model.header->dmas.count &&
	    offset + size <= world->model.dmas[index].size)
		return (u8 *)world->dma[index].memory + offset;
	world->stray++;
	return NULL;
}

static int dma_read(void *priv, uint64_t address, void *data, size_t size)
{
	const void *place = dma_bytes(priv, address, size);

	if (!place)
		return -1;
	memcpy(data, place, size);
	return 0;
}

static int dma_write(void *priv, uint64_t address, const void *data, size_t size)
{
	void *place = dma_bytes(priv, address, size);

	if (!place)
		return -1;
	memcpy(place, data, size);
	return 0;
}

static void device_irq(void *priv, bool level)
{
	struct world *world = priv;

	world->interrupt = level;
	if (level && world->model.header->msi)
		world->message = true;
}

static void device_wire(void *priv, const void *frame, size_t length)
{
	struct world *world = priv;
	struct world_frame *kept = &world->wire[world->frames++ % WORLD_CAPTURE];

	kept->length = (u32)length;
	world->now += length * world->byte_ns;
	memcpy(kept->data, frame, length < WORLD_FRAME ? length : WORLD_FRAME);
	if (world->peer)
		world->peer(world->peer_priv, frame, (u32)length);
}

/* --- The world --------------------------------------------------------------------------- */

const char *world_model_path(void)
{
	const char *path = getenv("VPIO_MODEL");

	return path ? path : "build/models/rtl8139.vpb";
}

void *world_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *data = NULL;
	long length;

	if (!file)
		return NULL;
	if (!fseek(file, 0, SEEK_END) && (length = ftell(file)) >= 0 && !fseek(file, 0, SEEK_SET)) {
		data = malloc((size_t)length + 1);
		if (data && fread(data, 1, (size_t)length, file) != (size_t)length) {
			free(data);
			data = NULL;
		}
		*size = (size_t)length;
	}
	fclose(file);
	return data;
}

/*
 * Memory of worlds that have ended, for tests that make thousands of them: to get it from the system
 * would take most of their time. Each piece has the size that is asked for, and nothing behind it.
 */
static struct {
	void *memory;
	size_t size;
} spare[16];

/* Memory whose first bytes are zero. */
static void *take_memory(size_t size, size_t zeros)
{
	void *memory = NULL;
	unsigned int i;

	for (i = 0; i < sizeof(spare) / sizeof(*spare) && !memory; i++) {
		if (!spare[i].memory || spare[i].size != size)
			continue;
		memory = memset(spare[i].memory, 0, zeros);
		spare[i].memory = NULL;
	}
	if (!memory)
		memory = calloc(1, size);
	world_require(memory != NULL, "out of memory");
	return memory;
}

static void give_memory(void *memory, size_t size)
{
	static unsigned int oldest;
	unsigned int i;

	for (i = 0; i < sizeof(spare) / sizeof(*spare) && spare[i].memory; i++)
		;
	if (i == sizeof(spare) / sizeof(*spare)) {
		i = oldest++ % i;
		free(spare[i].memory);
	}
	spare[i].memory = memory;
	spare[i].size = size;
}

static void add_guest(struct world *world, unsigned int index)
{
	struct world_guest *guest = &world->guests[index];
	const u8 mac[6] = { 0x02, 0x56, 0x50, 0x49, 0x4f, (u8)(0x10 + index) };
	int result;

	guest->world = world;
	pthread_mutex_init(&guest->mutex, NULL);
	guest->memory = take_memory(world->memory, world->memory);
	guest->vdev = take_memory(vpio_vdev_size(&world->model), vpio_vdev_size(&world->model));
	vpio_vdev_init(guest->vdev, world->pdev, mac, guest);
	vpio_vdev_set_interrupt_us(guest->vdev, 0); /* no time passes by itself */
	guest->locked = true;
	result = vpio_vdev_attach(guest->vdev);
	/* a model may have fewer instances of an engine than there are guests */
	world_require(!result || result == VPIO_NO_INSTANCE, "the vdev can't be attached");
	guest->locked = false;
}

struct world *world_create(const void *block, size_t size, unsigned int guests,
			   struct sim_device *(*device)(const struct sim_bus *))
{
	return world_create_small(block, size, guests, device, WORLD_MEMORY);
}

struct world *world_load(const char *path, unsigned int guests,
			 struct sim_device *(*device)(const struct sim_bus *))
{
	size_t size = 0;
	void *block = world_file(path, &size);
	struct world *world;

	if (!block) {
		fprintf(stderr, "%s: no compiled model there: make it first\n", path);
		return NULL;
	}
	world = world_create(block, size, guests, device);
	free(block);
	return world;
}

struct world *world_create_small(const void *block, size_t size, unsigned int guests,
				 struct sim_device *(*device)(const struct sim_bus *),
				 size_t memory)
{
	struct world *world = take_memory(sizeof(*world), offsetof(struct world, wire));
	struct sim_bus bus = { dma_read, dma_write, device_irq, device_wire, world };
	struct vpio_error error = { 0, "" };
	unsigned int i;

	world->block = take_memory(size, 0);
	memcpy(world->block, block, size);
	if (vpio_model_load(&world->model, world->block, size, &error)) {
		give_memory(world->block, size);
		give_memory(world, sizeof(*world));
		return NULL;
	}
	world->device = device(&bus);
	for (i = 0; i < world->model.header->dmas.count; i++) {
		world->dma[i].memory =
			take_memory(world->model.dmas[i].size, world->model.dmas[i].size);
		world->dma[i].bus = WORLD_DMA + i * (u64)WORLD_DMA_STEP;
	}
	world->pdev = take_memory(vpio_pdev_size(&world->model), vpio_pdev_size(&world->model));
	world_require(world->device != NULL, "out of memory");
	vpio_pdev_init(world->pdev, &world->model, &ops, world->dma, world);
	vpio_pdev_set_poll(world->pdev, 0);
	lock(world->pdev);
	vpio_pdev_start(world->pdev);
	unlock(world->pdev);
	pthread_mutex_init(&world->mutex, NULL);
	world->speed = 1;
	world->memory = memory;
	world->count = guests;
	world->rounds = 1000;
	for (i = 0; i < guests; i++)
		add_guest(world, i);
	return world;
}

void world_destroy(struct world *world)
{
	unsigned int i;

	for (i = 0; i < world->count; i++) {
		struct world_guest *guest = &world->guests[i];

		guest->locked = true;
		vpio_vdev_detach(guest->vdev);
		give_memory(guest->vdev, vpio_vdev_size(&world->model));
		give_memory(guest->memory, world->memory);
	}
	lock(world->pdev);
	vpio_pdev_stop(world->pdev);
	unlock(world->pdev);
	for (i = 0; i < world->model.header->dmas.count; i++)
		give_memory(world->dma[i].memory, world->model.dmas[i].size);
	sim_destroy(world->device);
	give_memory(world->pdev, vpio_pdev_size(&world->model));
	give_memory(world->block, world->model.header->size);
	give_memory(world, sizeof(*world));
}

static bool run_guest(struct world_guest *guest)
{
	if (!__atomic_exchange_n(&guest->woken, false, __ATOMIC_ACQUIRE))
		return false;
	guest_lock(guest);
	if (vpio_vdev_run(guest->vdev))
		__atomic_store_n(&guest->woken, true, __ATOMIC_RELEASE);
	guest_unlock(guest);
	return true;
}

bool world_run_guest(struct world_guest *guest)
{
	u64 due = __atomic_load_n(&guest->due, __ATOMIC_RELAXED);

	if (due && due <= now(guest->world->pdev) &&
	    __atomic_compare_exchange_n(&guest->due, &due, 0, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED)) {
		guest_lock(guest); /* its vdev may be on its way out */
		if (vpio_vdev_holds(guest->vdev))
			__atomic_store_n(&guest->woken, true, __ATOMIC_RELEASE);
		guest_unlock(guest);
	}
	return run_guest(guest);
}

static bool run_guests(struct world *world)
{
	bool ran = false;
	unsigned int i;

	for (i = 0; i < world->count; i++)
		ran |= run_guest(&world->guests[i]);
	return ran;
}

/* An embedder masks the interrupt when it is told so. */
static bool is_masked(struct world *world)
{
	return vpio_pdev_mutes(world->pdev);
}

bool world_run_pdev(struct world *world)
{
	const bool woken = __atomic_exchange_n(&world->woken, false, __ATOMIC_ACQUIRE);
	bool interrupt, ran;

	world_lock(world);
	interrupt = (world->interrupt || world->message) && !is_masked(world);
	ran = interrupt || woken || (world->due && world->due <= now(world->pdev));
	if (ran) {
		world->message = false;
		vpio_pdev_run(world->pdev, interrupt);
		world->due = vpio_pdev_due(world->pdev);
	}
	world_unlock(world);
	return ran;
}

void world_run_device(struct world *world)
{
	world_lock(world);
	sim_run(world->device);
	world_unlock(world);
}

void world_run(struct world *world)
{
	unsigned int rounds = 0;
	bool ran, message, line;

	/* a device that never stops interrupting must not hang a test: it is bounded, as a worker is */
	do {
		sim_run(world->device);
		ran = false;
		message = world->message && !is_masked(world);
		line = world->interrupt && !is_masked(world);
		if (line || message || world->woken) {
			world->woken = false;
			world->message = false;
			lock(world->pdev);
			ran = vpio_pdev_run(world->pdev, line || message);
			world->due = vpio_pdev_due(world->pdev);
			unlock(world->pdev);
			ran |= world->woken;
			sim_run(world->device);
			ran |= (world->interrupt || world->message) && !is_masked(world);
		}
		ran |= run_guests(world);
	} while (ran && ++rounds < world->rounds);
}

u64 world_due(const struct world *world)
{
	u64 next = world->due;
	unsigned int i;

	for (i = 0; i < world->count; i++) {
		if (world->guests[i].due && (!next || world->guests[i].due < next))
			next = world->guests[i].due;
	}
	return next;
}

bool world_jump(struct world *world)
{
	const u64 pdev = world->due, next = world_due(world);
	unsigned int i;

	if (!next)
		return false;
	world->now = next > world->now ? next : world->now;
	world->woken |= pdev && pdev <= world->now;
	for (i = 0; i < world->count; i++) {
		if (!world->guests[i].due || world->guests[i].due > world->now)
			continue;
		world->guests[i].due = 0;
		world->guests[i].woken |= vpio_vdev_holds(world->guests[i].vdev);
	}
	world_run(world);
	return true;
}

void world_pass(struct world *world, unsigned int ms)
{
	world_run(world);
	world->now += ms * 1000000ull;
	world->woken = true;
	world_run(world);
}

void world_ticks(struct world *world, unsigned int ms)
{
	for (; ms >= VPIO_TICK_MS; ms -= VPIO_TICK_MS)
		world_pass(world, VPIO_TICK_MS);
}

static unsigned int first_bar(const struct world_guest *guest)
{
	return guest->world->model.bars[guest->world->model.header->bars.count - 1].index;
}

int world_revive(struct world *world)
{
	int result;

	lock(world->pdev);
	result = vpio_pdev_revive(world->pdev);
	unlock(world->pdev);
	return result;
}

u64 guest_in(struct world_guest *guest, u32 offset, unsigned int size)
{
	u64 value = 0;

	guest_lock(guest);
	world_require(!vpio_vdev_read(guest->vdev, first_bar(guest), offset, &value, size),
		      "a read past the BAR's end");
	guest_unlock(guest);
	return value;
}

void guest_out(struct world_guest *guest, u32 offset, unsigned int size, u64 value)
{
	guest_lock(guest);
	world_require(!vpio_vdev_write(guest->vdev, first_bar(guest), offset, &value, size),
		      "a write past the BAR's end");
	guest_unlock(guest);
}

void guest_store(struct world_guest *guest, u64 address, const void *data, size_t size)
{
	world_require(address + size <= guest->world->memory, "not the guest's memory");
	if (guest->world->threaded)
		guest_lock(guest);
	memcpy(guest->memory + address, data, size);
	if (guest->world->threaded)
		guest_unlock(guest);
}

void guest_load(const struct world_guest *guest, u64 address, void *data, size_t size)
{
	struct world_guest *locked = guest->world->threaded ? (struct world_guest *)guest : NULL;

	world_require(address + size <= guest->world->memory, "not the guest's memory");
	if (locked)
		guest_lock(locked);
	memcpy(data, guest->memory + address, size);
	if (locked)
		guest_unlock(locked);
}

void guest_put(struct world_guest *guest, u64 address, unsigned int size, u64 value)
{
	guest_store(guest, address, &value, size);
}

u64 guest_get(const struct world_guest *guest, u64 address, unsigned int size)
{
	u64 value = 0;

	guest_load(guest, address, &value, size);
	return value;
}
