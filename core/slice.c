// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Slice engines: one owner at a time. A vdev asks with START and is served in the order of asking.
 * An engine changes hands when the model says that it is idle: the owner's state is saved, the next
 * one's restored, either of which may take the hardware some time; then the new owner begins. An
 * owner that is not idle after the engine's timeout loses it by a reset of the engine, whether
 * anybody else waits or not.
 *
 * Asking (START), beginning and ending are the same for partition engines, see partition.c.
 */
#include "state.h"

static u16 handler(const struct vpio_pdev *pdev, u32 engine, enum vpb_engine_event event)
{
	return pdev->model.engines[engine].on[event];
}

static void run_hardware(struct vpio_pdev *pdev, u32 engine, enum vpb_engine_event event)
{
	vpio_vm_run(pdev, NULL, handler(pdev, engine, event), NULL, 0, 0, 0);
}

static void enter(struct vpio_pdev *pdev, u32 engine, enum vpio_phase phase)
{
	pdev->slices[engine].phase = (u8)phase;
	pdev->slices[engine].since = pdev->ops->now(pdev);
}

/* The vdev that asked first and has not been served, or NULL. */
static struct vpio_vdev *first_asker(struct vpio_pdev *pdev, u32 engine)
{
	struct vpio_vdev *first = NULL;
	u32 i;

	for (i = 0; i < pdev->count; i++) {
		struct vpio_vdev *vdev = pdev->vdevs[i];

		if (vdev->starts[engine].pending &&
		    (!first || vdev->starts[engine].ticket < first->starts[engine].ticket))
			first = vdev;
	}
	return first;
}

void vpio_start_end(struct vpio_vdev *vdev, u32 engine, u8 status)
{
	vdev->starts[engine].ended = true;
	vdev->starts[engine].status = status;
	vdev->pdev->ops->wake_vdev(vdev);
}

static bool is_idle(struct vpio_pdev *pdev, u32 engine)
{
	return vpio_vm_run(pdev, NULL, handler(pdev, engine, VPB_ON_IDLE), NULL, 1, 0, 0);
}

static bool is_late(struct vpio_pdev *pdev, u32 engine)
{
	return pdev->ops->now(pdev) - pdev->slices[engine].since >=
	       pdev->model.engines[engine].timeout_ms * 1000000ull;
}

void vpio_start_refuse(struct vpio_vdev *vdev, u32 engine)
{
	vdev->starts[engine].pending = false;
	WRITE_ONCE(vdev->granted, vdev->granted & ~(1u << engine));
	vpio_start_end(vdev, engine, 1);
}

void vpio_start_grant(struct vpio_vdev *vdev, u32 engine)
{
	vdev->starts[engine].pending = false;
	WRITE_ONCE(vdev->granted, vdev->granted | 1u << engine);
	vdev->pdev->ops->wake_vdev(vdev);
}

/*
 * The engine takes too long: it is reset, and has no owner until it is idle. The vdev whose work
 * was on it, whose state was on its way in, or which did not begin, is told so: its job ends with
 * status 1. State on its way out is lost: the vdev keeps what was saved of it before. If the reset
 * does not help an engine that works for nobody, the first that waits is told so, instead of
 * waiting for ever.
 */
static void recover(struct vpio_pdev *pdev, u32 engine)
{
	struct vpio_slice *slice = &pdev->slices[engine];
	struct vpio_vdev *owner = slice->owner;
	const u8 phase = slice->phase;

	if (phase != VPIO_GRANTED) /* else it is not the device that is slow */
		pdev->failures++;
	run_hardware(pdev, engine, VPB_ON_RECOVER);
	slice->owner = NULL;
	slice->next = NULL;
	enter(pdev, engine, VPIO_OWNED);
	if (phase == VPIO_RESTORING || phase == VPIO_GRANTED)
		vpio_start_refuse(owner, engine);
	else if (phase == VPIO_OWNED && owner)
		vpio_start_end(owner, engine, 1);
	else if (phase == VPIO_OWNED && !is_idle(pdev, engine))
		vpio_start_refuse(first_asker(pdev, engine), engine);
}

/*
 * Whether the owner can begin beside its work that goes on, which is not late: the model says so.
 * The deadline stays that of the work, or an owner that begins often enough would never meet it.
 */
static bool can_overlap(struct vpio_pdev *pdev, u32 engine, const struct vpio_vdev *asker)
{
	const struct vpio_slice *slice = &pdev->slices[engine];
	const u16 ready = handler(pdev, engine, VPB_ON_READY);
	const struct vpio_start *start;

	if (slice->phase != VPIO_OWNED || !asker || asker != slice->owner || ready == VPB_NONE ||
	    is_late(pdev, engine))
		return false;
	start = &asker->starts[engine];
	return vpio_vm_run(pdev, NULL, ready, NULL, start->a, start->b, 0);
}

static void grant(struct vpio_pdev *pdev, u32 engine, struct vpio_vdev *vdev, bool overlaps)
{
	struct vpio_slice *slice = &pdev->slices[engine];

	slice->overlaps = overlaps;
	if (overlaps)
		slice->phase = VPIO_GRANTED;
	else
		enter(pdev, engine, VPIO_GRANTED);
	vpio_start_grant(vdev, engine);
}

static void restore(struct vpio_pdev *pdev, u32 engine, struct vpio_vdev *vdev)
{
	pdev->slices[engine].owner = vdev;
	pdev->slices[engine].next = NULL;
	pdev->stats.hand_offs++;
	enter(pdev, engine, VPIO_RESTORING);
	run_hardware(pdev, engine, VPB_ON_RESTORE);
}

/* Whether nobody waits for an engine, and there is nothing to be done for its owner either. */
static bool is_left_alone(struct vpio_pdev *pdev, u32 engine)
{
	struct vpio_slice *slice = &pdev->slices[engine];

	if (slice->phase == VPIO_GRANTED)
		return true;
	if (slice->phase != VPIO_OWNED)
		return false;
	if (!slice->owner || !is_late(pdev, engine))
		return true;
	if (!is_idle(pdev, engine))
		return false;
	slice->since =
		pdev->ops->now(pdev); /* he may go on: the time is that of one piece of work */
	return true;
}

/* One step of an engine's life; false if there is nothing to be done now. */
static bool step(struct vpio_pdev *pdev, u32 engine)
{
	struct vpio_slice *slice = &pdev->slices[engine];
	struct vpio_vdev *vdev = first_asker(pdev, engine);
	bool idle;

	if (!vdev && is_left_alone(pdev, engine))
		return false;
	/* from VPIO_GRANTED, only its owner takes it */
	idle = slice->phase != VPIO_GRANTED && is_idle(pdev, engine);
	if (!idle && !can_overlap(pdev, engine, vdev)) {
		if (!is_late(pdev, engine) || !vpio_health_may_recover(pdev))
			return false;
		recover(pdev, engine);
		return true;
	}
	switch ((enum vpio_phase)slice->phase) {
	case VPIO_OWNED:
		if (vdev == slice->owner) {
			grant(pdev, engine, vdev, !idle);
		} else if (slice->owner) {
			slice->next = vdev;
			enter(pdev, engine, VPIO_SAVING);
			run_hardware(pdev, engine, VPB_ON_SAVE);
		} else {
			restore(pdev, engine, vdev);
		}
		return true;
	case VPIO_SAVING:
		run_hardware(pdev, engine, VPB_ON_SAVED);
		if (slice->next) {
			restore(pdev, engine, slice->next);
		} else {
			slice->owner = NULL;
			enter(pdev, engine, VPIO_OWNED);
		}
		return true;
	case VPIO_RESTORING:
		run_hardware(pdev, engine, VPB_ON_RESTORED);
		grant(pdev, engine, slice->owner, false);
		return true;
	case VPIO_GRANTED:
		break;
	}
	return false;
}

static void advance(struct vpio_pdev *pdev, u32 engine)
{
	const u8 discipline = pdev->model.engines[engine].discipline;
	unsigned int steps = 0;

	if (discipline == VPB_PARTITIONED)
		vpio_partition_advance(pdev, engine);
	while (discipline == VPB_SLICED && step(pdev, engine) && ++steps < 4)
		;
}

void vpio_slice_advance(struct vpio_pdev *pdev)
{
	u32 i;

	for (i = 0; i < pdev->model.header->engines.count; i++)
		advance(pdev, i);
}

bool vpio_slice_start(struct vpio_vdev *vdev, u32 engine, u64 a, u64 b)
{
	struct vpio_pdev *pdev = vdev->pdev;
	struct vpio_start *start = &vdev->starts[engine];
	bool taken;

	pdev->ops->lock(pdev);
	taken = vdev->attached && !start->pending && !(vdev->granted >> engine & 1);
	if (taken) {
		start->a = a;
		start->b = b;
	}
	if (taken && pdev->closed) {
		vpio_start_end(vdev, engine, 1);
	} else if (taken) {
		start->pending = true;
		start->ticket = pdev->tickets++;
		advance(pdev, engine);
	}
	pdev->ops->unlock(pdev);
	if (taken)
		vdev->stats.jobs++;
	else
		vpio_refuse(vdev, VPIO_REFUSE_BUSY, engine, 0);
	return taken;
}

/* The owner takes it. */
static void begin(struct vpio_pdev *pdev, u32 engine)
{
	if (pdev->slices[engine].overlaps)
		pdev->slices[engine].phase = VPIO_OWNED;
	else
		enter(pdev, engine, VPIO_OWNED);
}

void vpio_slice_begin_all(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u32 i;

	for (i = 0; READ_ONCE(vdev->granted) >> i; i++) {
		const struct vpio_start *start = &vdev->starts[i];

		if (!(READ_ONCE(vdev->granted) >> i & 1))
			continue;
		vpio_slice_deliver(vdev); /* the end of what was before comes first */
		pdev->ops->lock(pdev);
		if (vdev->granted >> i & 1) {
			WRITE_ONCE(vdev->granted, vdev->granted & ~(1u << i));
			if (pdev->model.engines[i].discipline == VPB_SLICED)
				begin(pdev, i);
			else
				vpio_partition_begin(vdev, i);
			vpio_vm_run(pdev, vdev, handler(pdev, i, VPB_ON_BEGIN), NULL, start->a,
				    start->b, 0);
			advance(pdev, i);
		}
		pdev->ops->unlock(pdev);
	}
}

void vpio_slice_deliver(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	struct vpio_start *start;
	bool ended;
	u8 status;
	u32 i;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		start = &vdev->starts[i];
		pdev->ops->lock(pdev);
		ended = start->ended;
		status = start->status;
		start->ended = false;
		pdev->ops->unlock(pdev);
		if (!ended)
			continue;
		if (status)
			vdev->stats.jobs_aborted++;
		else
			vdev->stats.jobs_done++;
		vpio_vm_run(pdev, vdev, handler(pdev, i, VPB_ON_DONE), NULL, 0, status, 0);
	}
}

void vpio_slice_finish(struct vpio_pdev *pdev, u32 engine, u8 status)
{
	struct vpio_slice *slice = &pdev->slices[engine];

	/* granted: it has asked again while its last work went on */
	if (!slice->owner || (slice->phase != VPIO_OWNED && slice->phase != VPIO_GRANTED))
		return;
	slice->since = pdev->ops->now(pdev);
	vpio_start_end(slice->owner, engine, status);
}

static void abort_engine(struct vpio_pdev *pdev, u32 engine)
{
	struct vpio_slice *slice = &pdev->slices[engine];
	u32 i;

	if (slice->owner && slice->phase == VPIO_OWNED && !is_idle(pdev, engine))
		vpio_start_end(slice->owner, engine, 1);
	slice->owner = NULL;
	slice->next = NULL;
	enter(pdev, engine, VPIO_OWNED);
	for (i = 0; i < pdev->count; i++) {
		struct vpio_vdev *vdev = pdev->vdevs[i];

		if (vdev->starts[engine].pending || vdev->granted >> engine & 1)
			vpio_start_refuse(vdev, engine);
	}
}

void vpio_slice_abort(struct vpio_pdev *pdev)
{
	u32 i;

	for (i = 0; i < pdev->model.header->engines.count; i++)
		abort_engine(pdev, i);
}

void vpio_slice_forget(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u32 i;

	WRITE_ONCE(vdev->granted, 0);
	for (i = 0; i < pdev->model.header->engines.count; i++) {
		struct vpio_slice *slice = &pdev->slices[i];

		memset(&vdev->starts[i], 0, sizeof(vdev->starts[i]));
		if (slice->next == vdev)
			slice->next = NULL;
		if (slice->owner != vdev)
			continue;
		/* whatever it does there, it ends for nobody; the next owner's state replaces it */
		slice->owner = NULL;
		enter(pdev, i, VPIO_OWNED);
	}
}
