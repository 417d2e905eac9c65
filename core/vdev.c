// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A virtual device: its registers, its interrupt line, and what waits for it. A guest's access
 * enters here, whatever its width and place.
 */
#include "state.h"

enum {
	MOST_LETTERS = 64, /* frames, and ends of jobs, of one vpio_vdev_run() */
	MOST_TURNS = 4,	   /* so many ends of jobs, of one access */
	ALL_ONES = 0xff,   /* what a read meets where there is nothing */
	WIDTHS = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 8, /* bytes that an access can have */
};

/* by enum vpio_refusal */
static const struct {
	const char *name, *meaning;
	bool is_violation;
} refusals[VPIO_REFUSALS] = {
	[VPIO_REFUSE_MEMORY] = { "memory", "DMA outside the guest's memory", true },
	[VPIO_REFUSE_MASTER] = { "master", "DMA while bus mastering is off", false },
	[VPIO_REFUSE_SHORT] = { "short", "a frame shorter than an Ethernet header", false },
	[VPIO_REFUSE_LONG] = { "long", "a frame longer than the device sends", false },
	[VPIO_REFUSE_SOURCE] = { "source", "a frame with a source address that is not the vdev's",
				 false },
	[VPIO_REFUSE_DENY] = { "deny", "a register write that the model denies", true },
	[VPIO_REFUSE_BUSY] = { "busy", "a request beyond the vdev's share of a queue", false },
	[VPIO_REFUSE_MODEL] = { "model", "the model's handler went past an array's end", false },
	[VPIO_REFUSE_MODEL_REQUEST] = { "request", "a request that the device does not take",
					true },
};

const char *vpio_refusal_name(enum vpio_refusal refusal)
{
	return refusals[refusal].name;
}

const char *vpio_refusal_meaning(enum vpio_refusal refusal)
{
	return refusals[refusal].meaning;
}

/* --- Guest memory ------------------------------------------------------------------------ */

/*
 * Of a request's refusals the first counts, and the first violation: a guest can't hide it behind a
 * harmless one.
 */
void vpio_refuse(struct vpio_vdev *vdev, enum vpio_refusal refusal, u64 address, u64 size)
{
	const struct vpio_ops *ops = vdev->pdev->ops;
	const bool violates = refusals[refusal].is_violation && !vdev->arriving && !vdev->violated;

	vdev->fault = true;
	if (vdev->refused && !violates)
		return;
	vdev->refused = true;
	vdev->stats.refusals++;
	vdev->stats.refused[refusal]++;
	ops->report(vdev, refusal, address, size);
	if (!violates)
		return;
	vdev->violated = true;
	vdev->stats.violations++;
	if (ops->violation)
		ops->violation(vdev, refusal, address, size);
}

static bool is_reachable(struct vpio_vdev *vdev, u64 address, u32 size)
{
	if (!vpio_is_master(vdev)) {
		vpio_refuse(vdev, VPIO_REFUSE_MASTER, address, size);
		return false;
	}
	if (address + size < address) {
		vpio_refuse(vdev, VPIO_REFUSE_MEMORY, address, size);
		return false;
	}
	return true;
}

bool vpio_guest_read(struct vpio_vdev *vdev, u64 address, void *data, u32 size)
{
	if (!size)
		return true;
	if (!is_reachable(vdev, address, size))
		return false;
	if (!vdev->pdev->ops->guest_read(vdev, address, data, size))
		return true;
	vpio_refuse(vdev, VPIO_REFUSE_MEMORY, address, size);
	return false;
}

bool vpio_guest_write(struct vpio_vdev *vdev, u64 address, const void *data, u32 size)
{
	if (!size)
		return true;
	if (!is_reachable(vdev, address, size))
		return false;
	if (!vdev->pdev->ops->guest_write(vdev, address, data, size))
		return true;
	vpio_refuse(vdev, VPIO_REFUSE_MEMORY, address, size);
	return false;
}

/* --- The interrupt line ------------------------------------------------------------------ */

void vpio_update_line(struct vpio_vdev *vdev)
{
	const struct vpio_pdev *pdev = vdev->pdev;
	const bool msi = pdev->model.header->msi && vpio_config_msi_enabled(vdev);
	bool level = false, rise = false, any = false;
	u32 i;

	vdev->stale &= (u8)~VPB_REG_IRQ;
	for (i = 0; i < VPB_MAX_IRQS && pdev->irqs[i].cause; i++) {
		const struct vpio_irq *irq = &pdev->irqs[i];
		u64 causes = vpio_load(vdev->state, irq->cause, 0);

		any |= causes != 0;
		if (irq->mask)
			causes &= vpio_load(vdev->state, irq->mask, 0);
		level |= causes != 0;
		/* a message for each news, though the guest may not have looked at the last one */
		if (msi)
			rise |= (causes & (~vdev->causes[i] | vdev->raised[i])) != 0;
		vdev->causes[i] = causes;
		vdev->raised[i] = 0;
	}
	if (msi != vdev->msi) { /* nothing is left of the line, or of messages */
		vdev->msi = msi;
		vdev->line = false;
		pdev->ops->irq(vdev, false);
	}
	if (!msi)
		level = level && !vpio_config_intx_disabled(vdev);
	if (!level) {
		/* if one was held: the guest has found it by itself */
		if (READ_ONCE(vdev->gap) || vdev->held)
			vpio_pace_rests(vdev, !any);
		if (!vdev->line)
			return;
	}
	rise = msi ? level && (rise || vdev->held) : level && !vdev->line;
	if (rise && vpio_pace_holds(vdev)) {
		vdev->stale |= VPB_REG_IRQ;
		return;
	}
	if (msi ? !rise : level == vdev->line)
		return;
	vdev->line = level && !msi;
	if (level)
		vdev->stats.interrupts++;
	pdev->ops->irq(vdev, level);
}

bool vpio_vdev_irq_level(struct vpio_vdev *vdev)
{
	return vdev->line;
}

/* --- Registers --------------------------------------------------------------------------- */

/* What is run may start jobs that end at once, whose ends let it go on: some turns of that. */
static noinline void run_engines(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u32 turns = 0, run, i;
	bool more;

	do {
		more = vdev->run & VPIO_RUN_ENDS && vpio_job_deliver(vdev, MOST_LETTERS);
		run = vdev->run & ~VPIO_RUN_ENDS;
		vdev->run = more ? VPIO_RUN_ENDS : 0;
		for (i = 0; run >> i; i++) {
			if (run >> i & 1)
				vpio_vm_run(pdev, vdev, pdev->model.engines[i].on[VPB_ON_RUN], NULL,
					    0, 0, 0);
		}
	} while (vdev->run & VPIO_RUN_ENDS && ++turns < MOST_TURNS);
}

/* Runs what a handler left to be done: engines that asked to run, the receive filter, the line. */
static void settle(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;

	vpio_slice_begin(vdev);
	if (vdev->run)
		run_engines(vdev);
	if (vdev->stale & VPB_REG_FILTER) {
		vdev->stale &= (u8)~VPB_REG_FILTER;
		vpio_vm_run(pdev, vdev, pdev->model.header->on[VPB_ON_FILTER], NULL, 0, 0, 0);
	}
	if (vdev->stale & VPB_REG_IRQ)
		vpio_update_line(vdev);
	if (vdev->run) {
		pdev->ops->lock(pdev);
		if (vdev->attached)
			pdev->ops->wake_vdev(vdev);
		pdev->ops->unlock(pdev);
	}
}

/* Which of a window's maps an access meets now: its bank, and whether it writes. */
static __always_inline u32 current_map(const struct vpio_vdev *vdev,
				       const struct vpb_window *window, bool write)
{
	const struct vpio_model *model = &vdev->pdev->model;
	u32 bank = 0;

	if (window->bank_var != VPB_NONE)
		bank = (u32)(vpio_load(vdev->state, &model->vars[window->bank_var], 0) >>
			     window->bank_shift) &
		       ((1u << window->bank_bits) - 1);
	return 2 * bank + write;
}

static u64 width_mask(unsigned int bytes)
{
	return ~0ull >> (64 - 8 * bytes);
}

/* Where a register of a slice or partition engine lies in the hardware. */
static u32 hardware_offset(const struct vpio_vdev *vdev, const struct vpb_reg *reg, u32 index)
{
	const struct vpb_engine *engine = &vdev->pdev->model.engines[reg->engine];

	return reg->offset + index * reg->stride + vdev->instances[reg->engine] * engine->step;
}

/*
 * Whether the vdev's access reaches the hardware's own register, now that the pdev's lock is held.
 * A partition engine's instance is always its vdev's; a slice engine's owner changes.
 */
static bool reaches_hardware(struct vpio_vdev *vdev, const struct vpb_reg *reg)
{
	if (!vdev->attached || vdev->pdev->closed ||
	    (!vpio_slice_is_owner(vdev, reg->engine) &&
	     vdev->pdev->model.engines[reg->engine].discipline != VPB_PARTITIONED))
		return false;
	vdev->direct = true;
	return true;
}

/* A register's own storage, in whichever space. */
static inline u64 load_element(struct vpio_vdev *vdev, const struct vpb_var *var, u32 index)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u64 value;

	if (var->space == VPB_VDEV)
		return vpio_load(vdev->state, var, index);
	pdev->ops->lock(pdev);
	value = vpio_load(vdev->slice_state, var, index);
	pdev->ops->unlock(pdev);
	return value;
}

static void store_element(struct vpio_vdev *vdev, const struct vpb_var *var, u32 index, u64 value)
{
	struct vpio_pdev *pdev = vdev->pdev;

	if (var->space == VPB_VDEV) {
		vpio_store(vdev->state, var, index, value);
		return;
	}
	pdev->ops->lock(pdev);
	vpio_store(vdev->slice_state, var, index, value);
	pdev->ops->unlock(pdev);
}

static u64 hardware_read(struct vpio_vdev *vdev, const struct vpb_reg *reg, u32 offset, u32 width)
{
	struct vpio_pdev *pdev = vdev->pdev;

	return vpio_hardware_read(pdev, pdev->model.windows[reg->window].hw_bar, offset, width);
}

static void hardware_write(struct vpio_vdev *vdev, const struct vpb_reg *reg, u32 offset, u32 width,
			   u64 value)
{
	struct vpio_pdev *pdev = vdev->pdev;

	vpio_hardware_write(pdev, pdev->model.windows[reg->window].hw_bar, offset, width, value);
}

/* A register of a slice or partition engine: the hardware's, or what was saved of it. */
static u64 read_direct(struct vpio_vdev *vdev, const struct vpb_reg *reg, u32 index)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u64 value = 0;

	pdev->ops->lock(pdev);
	if (reaches_hardware(vdev, reg)) {
		value = hardware_read(vdev, reg, hardware_offset(vdev, reg, index), reg->width);
	} else if (reg->access != VPB_WO && reg->access != VPB_STROBE) {
		value = vpio_load(vdev->slice_state, &pdev->model.vars[reg->var], index);
		if (reg->access == VPB_RC)
			vpio_store(vdev->slice_state, &pdev->model.vars[reg->var], index, 0);
	}
	pdev->ops->unlock(pdev);
	return value;
}

static u64 read_register(struct vpio_vdev *vdev, const struct vpb_reg *reg, u32 index, u32 size)
{
	const struct vpb_var *var = &vdev->pdev->model.vars[reg->var];
	u64 value = 0;

	if (reg->on_read == VPB_NONE && reg->flags & VPB_REG_DIRECT)
		return read_direct(vdev, reg, index);
	if (reg->access != VPB_WO && reg->access != VPB_STROBE)
		value = load_element(vdev, var, index);
	if (reg->on_read != VPB_NONE)
		value = vpio_vm_run(vdev->pdev, vdev, reg->on_read, NULL, value, index, size);
	if (reg->access == VPB_RC) {
		store_element(vdev, var, index, 0);
		vdev->stale |= vpio_stale(reg);
	}
	return value;
}

/* What a register holds after a write of @value to the bits of @mask. */
static u64 written(const struct vpb_reg *reg, u64 old, u64 value, u64 mask)
{
	const u64 kept = mask & reg->writable;

	old = (old & ~kept) | (value & kept);
	old &= ~(value & mask & reg->clear);
	return old | (value & mask & reg->set);
}

/* The vdev's own value is kept in any case: it is what a hand-off restores. */
static void write_direct(struct vpio_vdev *vdev, const struct vpb_reg *reg, u32 index, u64 value)
{
	struct vpio_pdev *pdev = vdev->pdev;

	pdev->ops->lock(pdev);
	vpio_store(vdev->slice_state, &pdev->model.vars[reg->var], index, value);
	if (reg->access != VPB_RO && reaches_hardware(vdev, reg))
		hardware_write(vdev, reg, hardware_offset(vdev, reg, index), reg->width, value);
	pdev->ops->unlock(pdev);
}

/* Whether a write is one for which its handler runs. @ones: bits written as 1. */
static bool is_hooked_write(const struct vpb_reg *reg, u64 old, u64 new, u64 ones)
{
	return !(reg->when | reg->changes) || ones & reg->when || (old ^ new) & reg->changes;
}

/* @value and @mask are in the register's own bit positions. */
static void write_register(struct vpio_vdev *vdev, const struct vpb_reg *reg, u32 index, u32 size,
			   u64 value, u64 mask)
{
	struct vpio_pdev *pdev = vdev->pdev;
	const struct vpb_var *var = &pdev->model.vars[reg->var];
	const u64 old = load_element(vdev, var, index);
	const u64 new = written(reg, old, value, mask);

	if (reg->on_write != VPB_NONE && is_hooked_write(reg, old, new, value & mask)) {
		vpio_vm_run(pdev, vdev, reg->on_write, NULL, new, index, size);
	} else if (reg->access != VPB_STROBE) {
		if (reg->flags & VPB_REG_DIRECT)
			write_direct(vdev, reg, index, new);
		else
			store_element(vdev, var, index, new);
	}
	vdev->stale |= vpio_stale(reg);
}

/* --- Data ports -------------------------------------------------------------------------- */

/* A number of a port's. The pdev's lock is held. */
static __always_inline u64 port_load(const struct vpio_vdev *vdev, const struct vpio_number *number)
{
	return vpio_get_bytes(vdev->state + number->place, sizeof(u64)) & number->mask;
}

/*
 * Changes one. The bytes behind it, which are put back, are the vdev's state or its gathering
 * frame's: nobody else is at either while both locks are held.
 */
static __always_inline void port_store(struct vpio_vdev *vdev, const struct vpio_number *number,
				       u64 value)
{
	u8 *place = vdev->state + number->place;
	u64 around;

	memcpy(&around, place, sizeof(around));
	around = (around & ~number->mask) | (value & number->mask);
	memcpy(place, &around, sizeof(around));
	vdev->stale |= number->stale;
}

/* The same one by one: some are past the memory's end, or the address comes to the top. */
static void move_each(u8 *memory, u32 count, u64 *at, u64 top, u64 bottom, u8 *bytes, u64 size,
		      bool write)
{
	for (; size; size--, bytes++) {
		if (*at < count && write)
			memory[*at] = *bytes;
		else if (*at < count)
			*bytes = memory[*at];
		if (++*at == top)
			*at = bottom;
	}
}

/*
 * Moves bytes between an access and the port's memory, as many as are left; returns how many are
 * left after it.
 */
static __always_inline u64 move_bytes(struct vpio_vdev *vdev, const struct vpio_way *way, u64 left,
				      u8 *bytes, u32 size, bool write)
{
	u8 *memory = vdev->state + way->memory;
	const u64 top = port_load(vdev, &way->top);
	u64 at = port_load(vdev, &way->at);
	const u64 first = at;

	if (size > left)
		size = (u32)left;
	at += size;
	if (at <= way->count && (first >= top || at < top)) {
		if (write)
			vpio_copy_bytes(memory + first, bytes, size);
		else
			vpio_copy_bytes(bytes, memory + first, size);
	} else {
		at = first;
		move_each(memory, way->count, &at, top, port_load(vdev, &way->bottom), bytes, size,
			  write);
	}
	port_store(vdev, &way->at, at);
	port_store(vdev, &way->left, left - size);
	return left - size;
}

/* How many bytes an access moves: as many as it has, in whole units of the port. */
static u32 port_width(const struct vpb_reg *reg, u64 unit, u32 size)
{
	if (size == reg->width || (unit != 2 && unit != 4 && unit != 8) || unit > reg->width)
		return size;
	return (size + (u32)unit - 1) & ~((u32)unit - 1);
}

/* A wide access becomes several of the hardware's, and so does a part of one of an odd size. */
static void port_write(struct vpio_vdev *vdev, const struct vpb_reg *reg, u32 size, u64 value)
{
	u32 done, width;

	for (done = 0; done < size; done += width) {
		width = reg->width;
		while (width > size - done)
			width /= 2;
		hardware_write(vdev, reg, reg->offset, width, value >> 8 * done);
	}
}

static __always_inline void access_port(struct vpio_vdev *vdev, const struct vpb_reg *reg,
					u64 *value, u32 size, bool write)
{
	struct vpio_pdev *pdev = vdev->pdev;
	const struct vpio_way *way = &pdev->ways[2 * reg->port + write];
	bool through, ended;
	u64 left;

	if (!way->count)
		return;
	pdev->ops->lock(pdev);
	left = port_load(vdev, &way->left);
	through = left && way->engine != VPB_NONE && vpio_slice_is_owner(vdev, way->engine) &&
		  (!way->has_when || port_load(vdev, &way->when));
	/* with nothing left, and without the engine it needs: as the device, nothing happens */
	if (!left || (!through && way->engine != VPB_NONE && !way->has_when)) {
		pdev->ops->unlock(pdev);
		return;
	}
	size = port_width(reg, port_load(vdev, &way->unit), size);
	if (through) {
		vdev->direct = true;
		if (size == reg->width)
			hardware_write(vdev, reg, reg->offset, size, *value);
		else
			port_write(vdev, reg, size, *value);
	}
	ended = !move_bytes(vdev, way, left, (u8 *)value, size, write);
	pdev->ops->unlock(pdev);
	if (ended)
		vpio_vm_run(pdev, vdev, way->on_end, NULL, 0, 0, 0);
}

/* A port's number, without the lock. */
static u64 port_number(struct vpio_vdev *vdev, const struct vpio_number *number)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u64 value;

	pdev->ops->lock(pdev);
	value = port_load(vdev, number);
	pdev->ops->unlock(pdev);
	return value;
}

/* Whether the vdev has asked for a slice engine and does not have it yet. */
static bool is_awaited(const struct vpio_vdev *vdev, u32 engine)
{
	return READ_ONCE(vdev->starts[engine].pending) &&
	       vdev->pdev->model.engines[engine].discipline == VPB_SLICED;
}

/* Whether the access touches an engine that the vdev has asked for and does not have yet. */
static __always_inline bool must_wait(struct vpio_vdev *vdev, const struct vpb_reg *reg, bool write)
{
	const struct vpio_way *way = NULL;
	u16 engine = reg->engine;

	if (reg->port != VPB_NONE) {
		way = &vdev->pdev->ways[2 * reg->port + 1];
		engine = write ? way->engine : VPB_NONE;
	}
	if (engine == VPB_NONE)
		return false;
	vpio_slice_begin(vdev);
	if (!is_awaited(vdev, engine))
		return false;
	return !way || !way->has_when || port_number(vdev, &way->when);
}

/* An access of a guest, as it goes over the registers that it touches. */
struct access {
	const struct vpio_bar *bar;
	u32 map, offset, size;
	u32 done;			/* bytes */
	u32 part;			/* bytes of the register at hand */
	const struct vpio_place *place; /* NULL: not looked up yet */
	const struct vpb_reg *reg;	/* the register at hand; NULL: reserved or nothing there */
	u32 at;				/* byte of it with which the part begins */
	struct vpio_place found;	/* the place, if it was searched */
};

static __always_inline bool is_width(size_t size)
{
	return size <= 8 && (WIDTHS >> size & 1);
}

/* What a BAR shows if the access is within it, else NULL. */
static __always_inline const struct vpio_bar *bar_of(const struct vpio_vdev *vdev, unsigned int bar,
						     u64 offset, size_t size)
{
	const struct vpio_bar *shown;

	if (bar >= VPB_MAX_BARS)
		return NULL;
	shown = &vdev->pdev->bars[bar]; /* of size 0 if there is none */
	return offset < shown->size && size <= shown->size - offset ? shown : NULL;
}

/* The register of the place at hand, and which of the access's bytes are its. */
static __always_inline void take_part(const struct vpio_vdev *vdev, struct access *access)
{
	const u32 rest = access->size - access->done;
	const struct vpio_place *place = access->place;

	access->at = place->at;
	access->reg = place->reg == VPB_NONE ? NULL : &vdev->pdev->model.regs[place->reg];
	access->part = place->left < rest ? place->left : rest;
	if (access->reg && (access->reg->flags & VPB_REG_FIXED || access->reg->port != VPB_NONE)) {
		access->part = rest; /* it takes each access whole */
		access->at = 0;
	} else if (!place->left) {
		access->part = 1;
	}
}

/* Goes on to what the access touches next; false if it is at its end. */
static __always_inline bool advance(const struct vpio_vdev *vdev, struct access *access)
{
	access->done += access->part;
	if (access->done >= access->size)
		return false;
	access->place = vpio_place(&vdev->pdev->model, access->bar, access->map,
				   access->offset + access->done, &access->found);
	take_part(vdev, access);
	return true;
}

static __always_inline bool part_must_wait(struct vpio_vdev *vdev, const struct access *access,
					   bool write)
{
	const struct vpb_reg *reg = access->reg;

	return reg && (reg->flags & VPB_REG_DIRECT || reg->port != VPB_NONE) &&
	       must_wait(vdev, reg, write);
}

/* Whether what an access touches behind the register at hand must wait. */
static bool rest_must_wait(struct vpio_vdev *vdev, struct access rest, bool write)
{
	while (advance(vdev, &rest)) {
		if (part_must_wait(vdev, &rest, write))
			return true;
	}
	return false;
}

/* What every access begins with that is more than one of memory; VPIO_WAIT: make it again later. */
static __always_inline int begin_access(struct vpio_vdev *vdev, struct access *access, bool write)
{
	take_part(vdev, access);
	if (part_must_wait(vdev, access, write) ||
	    (access->part < access->size && rest_must_wait(vdev, *access, write)))
		return VPIO_WAIT;
	vdev->hooked = false;
	vdev->direct = false;
	return 0;
}

static void end_access(struct vpio_vdev *vdev)
{
	settle(vdev);
	if (vdev->hooked)
		vdev->stats.hooks++;
	else if (vdev->direct)
		vdev->stats.direct++;
	else
		vdev->stats.answered++;
}

static u64 read_part(struct vpio_vdev *vdev, const struct access *access)
{
	u64 value = 0;

	if (!access->reg)
		return access->place->left ? 0 : ALL_ONES;
	if (access->reg->port == VPB_NONE)
		return read_register(vdev, access->reg, access->place->index, access->part) >>
		       8 * access->at;
	access_port(vdev, access->reg, &value, access->part, false);
	return value;
}

/* Most accesses are of one whole register that is the vdev's own. */
static noinline u64 read_whole(struct vpio_vdev *vdev, const struct vpio_place *place, u32 size)
{
	const struct vpb_reg *reg = &vdev->pdev->model.regs[place->reg];
	u64 value = 0;

	vdev->stats.reads++;
	vdev->hooked = false;
	vdev->direct = false;
	if (reg->access != VPB_WO && reg->access != VPB_STROBE)
		value = vpio_get_bytes(vdev->state + place->state, size);
	if (reg->on_read != VPB_NONE)
		value = vpio_vm_run(vdev->pdev, vdev, reg->on_read, NULL, value, place->index,
				    size);
	if (reg->access == VPB_RC) {
		vpio_put_bytes(vdev->state + place->state, size, 0);
		vdev->stale |= vpio_stale(reg);
	}
	end_access(vdev);
	return value;
}

/* A data port takes each access whole; VPIO_WAIT: make it again later. */
static int use_port(struct vpio_vdev *vdev, const struct vpio_place *place, u32 size, u64 *value,
		    bool write)
{
	const struct vpb_reg *reg = &vdev->pdev->model.regs[place->reg];

	if (write && must_wait(vdev, reg, true))
		return VPIO_WAIT;
	vdev->hooked = false;
	vdev->direct = false;
	access_port(vdev, reg, value, size, write);
	if (vdev->hooked || vdev->stale || READ_ONCE(vdev->granted))
		end_access(vdev);
	else if (vdev->direct)
		vdev->stats.direct++;
	else
		vdev->stats.answered++;
	return 0;
}

static noinline int write_whole(struct vpio_vdev *vdev, const struct vpio_place *place, u32 offset,
				u32 size, u64 value)
{
	const struct vpb_reg *reg = &vdev->pdev->model.regs[place->reg];
	u8 *state = vdev->state + place->state;
	const u64 old = vpio_get_bytes(state, size);
	const u64 new = written(reg, old, value, ~0ull);

	vdev->stats.writes++;
	vdev->written = offset;
	vdev->hooked = false;
	vdev->direct = false;
	if (reg->on_write != VPB_NONE && is_hooked_write(reg, old, new, value))
		vpio_vm_run(vdev->pdev, vdev, reg->on_write, NULL, new, place->index, size);
	else if (reg->access != VPB_STROBE)
		vpio_put_bytes(state, size, new);
	vdev->stale |= vpio_stale(reg);
	end_access(vdev);
	return 0;
}

static __always_inline void begin_parts(struct access *access, const struct vpio_bar *bar, u32 map,
					const struct vpio_place *place, u32 offset, u32 size)
{
	access->place = place;
	access->bar = bar;
	access->map = map;
	access->offset = offset;
	access->size = size;
	access->done = 0;
}

/* Any other: of several registers, of a part of one, of an engine, of a port. */
static noinline int read_parts(struct vpio_vdev *vdev, struct access *access, void *data)
{
	u64 result = 0;

	if (!access->place)
		access->place = vpio_place_search(&vdev->pdev->model, access->bar->window,
						  access->map, access->offset, &access->found);
	if (access->place->port) {
		vdev->stats.reads++;
		use_port(vdev, access->place, access->size, &result, false);
		vpio_put_bytes(data, access->size, result);
		return 0;
	}
	if (begin_access(vdev, access, false))
		return VPIO_WAIT;
	vdev->stats.reads++;
	do
		result |= (read_part(vdev, access) & width_mask(access->part)) << 8 * access->done;
	while (advance(vdev, access));
	vpio_put_bytes(data, access->size, result);
	end_access(vdev);
	return 0;
}

int vpio_vdev_read(struct vpio_vdev *vdev, unsigned int bar, u64 offset, void *data, size_t size)
{
	const struct vpio_bar *shown = bar_of(vdev, bar, offset, size);
	const struct vpio_place *place = NULL;
	struct access access;
	u32 map;

	if (!shown)
		return -1;
	map = current_map(vdev, shown->window, false);
	if (offset < shown->length) {
		place = &shown->places[map * shown->length + (u32)offset];
		if (place->whole == size && place->plain < size) {
			vpio_put_bytes(data, (u32)size, read_whole(vdev, place, (u32)size));
			return 0;
		}
		if (place->plain >= size && is_width(size)) {
			vpio_put_bytes(data, (u32)size,
				       vpio_get_bytes(vdev->state + place->state, (u32)size));
			vdev->stats.reads++;
			vdev->stats.answered++;
			return 0;
		}
	}
	if (!is_width(size))
		return -1;
	begin_parts(&access, shown, map, place, (u32)offset, (u32)size);
	return read_parts(vdev, &access, data);
}

static __always_inline void write_part(struct vpio_vdev *vdev, const struct access *access,
				       u64 value)
{
	const u64 mask = width_mask(access->part);
	const u32 shift = 8 * access->at;

	value &= mask;
	if (!access->reg)
		return;
	if (access->reg->port == VPB_NONE)
		write_register(vdev, access->reg, access->place->index, access->part,
			       value << shift, mask << shift);
	else
		access_port(vdev, access->reg, &value, access->part, true);
}

static noinline int write_parts(struct vpio_vdev *vdev, struct access *access, u64 value)
{
	vdev->written = access->offset;
	if (!access->place)
		access->place = vpio_place_search(&vdev->pdev->model, access->bar->window,
						  access->map, access->offset, &access->found);
	if (access->place->port) {
		if (use_port(vdev, access->place, access->size, &value, true))
			return VPIO_WAIT;
		vdev->stats.writes++;
		return 0;
	}
	if (begin_access(vdev, access, true))
		return VPIO_WAIT;
	vdev->stats.writes++;
	do
		write_part(vdev, access, value >> 8 * access->done);
	while (advance(vdev, access));
	end_access(vdev);
	return 0;
}

int vpio_vdev_write(struct vpio_vdev *vdev, unsigned int bar, u64 offset, const void *data,
		    size_t size)
{
	const struct vpio_bar *shown = bar_of(vdev, bar, offset, size);
	const struct vpio_place *place = NULL;
	struct access access;
	u64 value;
	u32 map;

	if (!shown)
		return -1;
	map = current_map(vdev, shown->window, true);
	value = vpio_get_bytes(data, (u32)size);
	if (offset < shown->length) {
		place = &shown->places[map * shown->length + (u32)offset];
		if (place->whole == size && place->plain < size)
			return write_whole(vdev, place, (u32)offset, (u32)size, value);
		if (place->port && is_width(size)) {
			vdev->written = (u32)offset;
			if (use_port(vdev, place, (u32)size, &value, true))
				return VPIO_WAIT;
			vdev->stats.writes++;
			return 0;
		}
		if (place->plain >= size && is_width(size)) {
			vpio_put_bytes(vdev->state + place->state, (u32)size, value);
			vdev->stats.writes++;
			vdev->stats.answered++;
			return 0;
		}
	}
	if (!is_width(size))
		return -1;
	begin_parts(&access, shown, map, place, (u32)offset, (u32)size);
	return write_parts(vdev, &access, value);
}

bool vpio_vdev_waits(struct vpio_vdev *vdev)
{
	u32 i;

	for (i = 0; i < vdev->pdev->model.header->engines.count; i++) {
		if (is_awaited(vdev, i))
			return true;
	}
	return false;
}

/* --- What waits for a vdev --------------------------------------------------------------- */

static void receive(struct vpio_vdev *vdev, struct vpio_letter *letter)
{
	struct vpio_pdev *pdev = vdev->pdev;
	const u16 engine = pdev->model.header->rx_engine;
	struct vpio_frame frame = { (u8 *)(letter + 1), letter->length, letter->length + VPIO_FCS,
				    letter->fcs };

	if (engine == VPB_NONE)
		return;
	vdev->arriving = true;
	vpio_vm_run(pdev, vdev, pdev->model.engines[engine].on[VPB_ON_FRAME], &frame, frame.length,
		    0, 0);
	vdev->arriving = false;
	if (!frame.length)
		return; /* dropped, and counted so */
	vdev->stats.rx_frames++;
	vdev->stats.rx_bytes += letter->length;
	if (letter->local) {
		vdev->stats.local_frames++;
		vdev->stats.local_bytes += letter->length;
	}
}

static bool receive_all(struct vpio_vdev *vdev, u32 most)
{
	struct vpio_pdev *pdev = vdev->pdev;
	struct vpio_letter *letter;

	pdev->ops->lock(pdev);
	vdev->stats.rx_dropped += vdev->inbox_dropped;
	vdev->urgent |= vdev->inbox_dropped != 0;
	vdev->inbox_dropped = 0;
	while ((letter = vpio_inbox_first(&vdev->inbox)) && most--) {
		pdev->ops->unlock(pdev);
		receive(vdev, letter);
		pdev->ops->lock(pdev);
		vpio_inbox_take(&vdev->inbox);
	}
	pdev->ops->unlock(pdev);
	return letter != NULL;
}

static void notify_all(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u32 events, i;

	pdev->ops->lock(pdev);
	events = vdev->notify;
	vdev->notify = 0;
	pdev->ops->unlock(pdev);
	for (i = 0; i < 32; i++) {
		if (events >> i & 1)
			vpio_vm_run(pdev, vdev, pdev->model.header->on[VPB_ON_NOTIFY], NULL, i, 0,
				    0);
	}
}

bool vpio_vdev_run(struct vpio_vdev *vdev)
{
	bool more;

	if (!vdev->attached)
		return false;
	more = vpio_job_deliver(vdev, MOST_LETTERS);
	more |= receive_all(vdev, MOST_LETTERS);
	vpio_slice_begin(vdev);
	vpio_slice_deliver(vdev);
	notify_all(vdev);
	settle(vdev);
	return more;
}

/* --- Life -------------------------------------------------------------------------------- */

size_t vpio_vdev_size(const struct vpio_model *model)
{
	size_t size = vpio_align(sizeof(struct vpio_vdev)) +
		      vpio_align(model->header->state_size[VPB_VDEV]) +
		      vpio_align(model->header->state_size[VPB_SLICE]) + VPB_MAX_FRAME;

	if (model->header->flags & VPB_NIC)
		size += VPIO_INBOX + (size_t)VPIO_TX_SLOTS * vpio_job_slot_size(model);
	return size;
}

static bool is_param(const struct vpio_model *model, u32 var)
{
	u32 i;

	for (i = 0; i < model->header->params.count; i++) {
		if (model->params[i].var == var)
			return true;
	}
	return false;
}

static void reset_variables(struct vpio_vdev *vdev)
{
	const struct vpio_model *model = &vdev->pdev->model;
	u32 i;

	for (i = 0; i < model->header->vars.count; i++) {
		u8 *state = model->vars[i].space == VPB_SLICE ? vdev->slice_state : vdev->state;

		if (model->vars[i].space == VPB_HOST || is_param(model, i))
			continue;
		vpio_reset_variable(state, &model->vars[i]);
	}
}

void vpio_vdev_init(struct vpio_vdev *vdev, struct vpio_pdev *pdev, const u8 mac[6], void *priv)
{
	const struct vpio_model *model = &pdev->model;
	u8 *place = (u8 *)vdev + vpio_align(sizeof(*vdev));
	u32 i;

	vdev->pdev = pdev;
	vdev->priv = priv;
	vdev->source_check = true;
	vdev->weight = VPIO_WEIGHT;
	vdev->gap = VPIO_INTERRUPT_US * 1000;
	vdev->burst = VPIO_INTERRUPT_EVENTS;
	vdev->state = place;
	place += vpio_align(model->header->state_size[VPB_VDEV]);
	vdev->slice_state = place;
	place += vpio_align(model->header->state_size[VPB_SLICE]);
	vdev->gather.data = place;
	vdev->gather.capacity = VPB_MAX_FRAME;
	if (model->header->flags & VPB_NIC) {
		memcpy(vdev->mac, mac, VPIO_ADDRESS);
		vdev->inbox.data = place + VPB_MAX_FRAME;
		vdev->frames = vdev->inbox.data + VPIO_INBOX;
	}
	for (i = 0; i < model->header->params.count; i++) {
		const struct vpb_param *param = &model->params[i];

		vpio_store(vdev->state, &model->vars[param->var], 0,
			   param->count ? model->values[param->value] : 0);
	}
	reset_variables(vdev);
	vpio_config_init(vdev);
}

void vpio_vdev_reset(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;

	pdev->ops->lock(pdev);
	vpio_job_forget(vdev);
	vpio_slice_forget(vdev);
	vpio_partition_reset(vdev);
	vdev->inbox.head = 0;
	vdev->inbox.tail = 0;
	vdev->notify = 0;
	vdev->filter = 0;
	vpio_switch_listen(vdev);
	reset_variables(vdev);
	pdev->ops->unlock(pdev);
	vpio_config_reset(vdev);
	vdev->run = 0;
	vpio_pace_forget(vdev);
	vpio_vm_run(pdev, vdev, pdev->model.header->on[VPB_ON_RESET], NULL, 0, 0, 0);
	vdev->stale = VPB_REG_FILTER | VPB_REG_IRQ;
	settle(vdev);
}

int vpio_vdev_attach(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	const bool nic = pdev->model.header->flags & VPB_NIC;
	int result = 0;
	u32 i;

	vpio_vdev_reset(vdev);
	pdev->ops->lock(pdev);
	for (i = 0; i < pdev->count; i++) {
		if (nic && !memcmp(pdev->vdevs[i]->mac, vdev->mac, VPIO_ADDRESS))
			result = VPIO_SAME_MAC;
	}
	if (pdev->count == VPIO_MAX_VDEVS)
		result = VPIO_TOO_MANY;
	if (!result && !vpio_partition_take(vdev))
		result = VPIO_NO_INSTANCE;
	if (!result) {
		while (pdev->seats >> vdev->seat & 1)
			vdev->seat = (vdev->seat + 1) % VPIO_MAX_VDEVS;
		pdev->seats |= vpio_share_bit(vdev);
		pdev->seated[vdev->seat] = vdev;
		pdev->vdevs[pdev->count++] = vdev;
		vdev->attached = true;
		vpio_share_join(vdev);
		vpio_switch_learn(pdev);
		pdev->quiet = 0;
		pdev->ops->wake_pdev(pdev);
	}
	pdev->ops->unlock(pdev);
	return result;
}

void vpio_vdev_detach(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u32 i;

	pdev->ops->lock(pdev);
	vpio_share_settle(vdev);
	vpio_job_forget(vdev);
	vpio_slice_forget(vdev);
	vpio_slice_leave(vdev);
	vpio_partition_release(vdev);
	for (i = 0; i < pdev->count; i++) {
		if (pdev->vdevs[i] != vdev)
			continue;
		pdev->vdevs[i] = pdev->vdevs[--pdev->count];
		pdev->seats &= ~vpio_share_bit(vdev);
	}
	vdev->attached = false;
	vpio_switch_learn(pdev);
	pdev->ops->unlock(pdev);
}

int vpio_vdev_set_param(struct vpio_vdev *vdev, const char *name, size_t length, u64 value)
{
	const struct vpio_model *model = &vdev->pdev->model;
	u32 i, j;

	for (i = 0; i < model->header->params.count; i++) {
		const struct vpb_param *param = &model->params[i];
		const char *other = vpio_model_string(model, param->name);

		if (strlen(other) != length || memcmp(other, name, length))
			continue;
		for (j = 0; j < param->count && model->values[param->value + j] != value; j++)
			;
		if (param->count && j == param->count)
			return -2;
		vpio_store(vdev->state, &model->vars[param->var], 0, value);
		vpio_config_reset(vdev);
		return 0;
	}
	return -1;
}

u64 vpio_vdev_param(struct vpio_vdev *vdev, unsigned int param)
{
	const struct vpio_model *model = &vdev->pdev->model;

	return vpio_load(vdev->state, &model->vars[model->params[param].var], 0);
}

int vpio_vdev_set_mac(struct vpio_vdev *vdev, const u8 mac[6])
{
	static const u8 zero[VPIO_ADDRESS];

	if ((mac[0] & 1) || !memcmp(mac, zero, VPIO_ADDRESS))
		return -1;
	memcpy(vdev->mac, mac, VPIO_ADDRESS);
	return 0;
}

const u8 *vpio_vdev_mac(struct vpio_vdev *vdev)
{
	return vdev->mac;
}

void vpio_vdev_set_source_check(struct vpio_vdev *vdev, bool on)
{
	vdev->source_check = on;
}

bool vpio_vdev_source_check(struct vpio_vdev *vdev)
{
	return vdev->source_check;
}

void *vpio_vdev_priv(struct vpio_vdev *vdev)
{
	return vdev->priv;
}

struct vpio_pdev *vpio_vdev_pdev(struct vpio_vdev *vdev)
{
	return vdev->pdev;
}

const struct vpio_vdev_stats *vpio_vdev_stats(struct vpio_vdev *vdev)
{
	return &vdev->stats;
}
