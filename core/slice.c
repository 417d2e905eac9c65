// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Slice engines: one owner at a time. A vdev asks with START; whose turn it is, is share.c's. An
 * engine changes hands when the model says that it is idle: the owner's state is saved, the next
 * one's restored, either of which may take the hardware some time; then the new owner begins. An
 * owner that is not idle after the engine's timeout loses it by a reset of the engine, whether
 * anybody else waits or not.
 *
 * What a turn costs is the time from when the vdev's state is restored, or it goes on, until the
 * engine is handed on, as far as others wait: nobody pays for what nobody else wants. An owner that
 * asks again while others wait goes on without a hand-off until it has had the engine for a quantum
 * of such time; it pays for it, so that this changes the number of hand-offs, and nobody's share.
 * The engine never waits for a vdev that might ask: one that has nothing to do when the engine is
 * free is not considered.
 *
 * Who is reset goes on paying for what it left at work; who goes away pays for all that this may
 * take. So to begin and to run away is no way to get more than one's share, or to take more from
 * others.
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

/* The vdevs that have asked and have not been served, but for those whose rates keep them back. */
static u64 find_askers(struct vpio_pdev *pdev, u32 engine)
{
	const u64 askers = pdev->slices[engine].askers;

	return pdev->limited ? vpio_share_allowed(pdev, askers) : askers;
}

static u64 bit(const struct vpio_vdev *vdev)
{
	return vdev ? vpio_share_bit(vdev) : 0;
}

/* The one of them that asked first. */
static struct vpio_vdev *first_asker(const struct vpio_pdev *pdev, u32 engine, u64 askers)
{
	struct vpio_vdev *first = NULL;
	u32 i;

	for (i = 0; i < pdev->count; i++) {
		struct vpio_vdev *vdev = pdev->vdevs[i];

		if (askers & bit(vdev) &&
		    (!first || vdev->starts[engine].asked < first->starts[engine].asked))
			first = vdev;
	}
	return first;
}

/*
 * Lets whoever has the engine pay for the time that has passed, if others have waited meanwhile. To
 * be called before anything changes of who waits and who pays, and after it.
 */
static void account(struct vpio_pdev *pdev, u32 engine)
{
	struct vpio_slice *slice = &pdev->slices[engine];
	const u64 now = pdev->ops->now(pdev);

	if (slice->contended) {
		vpio_share_charge(slice->payer, engine, now - slice->paid);
		slice->used += now - slice->paid;
	}
	slice->paid = now;
	slice->contended = slice->payer && find_askers(pdev, engine) & ~bit(slice->payer);
}

static void stop_paying(struct vpio_slice *slice)
{
	slice->payer = NULL;
	slice->contended = false;
}

/* The owner goes on, if it has asked again, before others that wait: its quantum has not passed. */
static bool keeps(const struct vpio_pdev *pdev, u32 engine, u64 askers)
{
	const struct vpio_slice *slice = &pdev->slices[engine];

	return slice->payer == slice->owner && askers & bit(slice->owner) &&
	       slice->used < pdev->quantum;
}

/* Of those that have asked, the vdev whose turn it is. */
static struct vpio_vdev *choose(const struct vpio_pdev *pdev, u32 engine, u64 askers)
{
	if (keeps(pdev, engine, askers))
		return pdev->slices[engine].owner;
	return vpio_share_first(pdev, engine, askers);
}

/* It has its turn, and pays from now on. Time that is too short to be seen costs something, too. */
static void take_turn(struct vpio_pdev *pdev, u32 engine, struct vpio_vdev *vdev, u64 askers)
{
	struct vpio_slice *slice = &pdev->slices[engine];

	if (vdev == slice->payer && askers == bit(vdev)) {
		slice->used = 0; /* it goes on, and nobody else wants to */
	} else if (keeps(pdev, engine, askers)) {
		vpio_share_charge(vdev, engine, 1);
		slice->used++;
	} else {
		/* who had it could not ask again while told of the end: it is not idle yet */
		vpio_share_serve(vdev, engine, askers | bit(slice->payer), 1);
		slice->payer = vdev;
		slice->used = 0;
	}
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

bool vpio_slice_is_busy(struct vpio_pdev *pdev, u32 engine)
{
	const struct vpio_slice *slice = &pdev->slices[engine];

	return slice->askers || slice->phase != VPIO_OWNED ||
	       (slice->owner && !is_idle(pdev, engine));
}

static bool is_late(struct vpio_pdev *pdev, u32 engine)
{
	return pdev->ops->now(pdev) - pdev->slices[engine].since >=
	       pdev->model.engines[engine].timeout_ms * 1000000ull;
}

const char *vpio_slice_life(struct vpio_pdev *pdev, u32 engine)
{
	const struct vpio_slice *slice = &pdev->slices[engine];
	const bool works = pdev->health == VPIO_WORKING && slice->phase != VPIO_GRANTED &&
			   !is_idle(pdev, engine);

	if (works && is_late(pdev, engine) && (slice->owner || slice->askers))
		return "stuck";
	switch ((enum vpio_phase)slice->phase) {
	case VPIO_SAVING:
		return "saving";
	case VPIO_RESTORING:
		return "restoring";
	case VPIO_GRANTED:
		return "granted";
	case VPIO_OWNED:
		break;
	}
	if (works && slice->askers & ~bit(slice->owner))
		return "draining";
	return slice->owner ? "owned" : "free";
}

static void set_pending(struct vpio_vdev *vdev, u32 engine, bool pending)
{
	struct vpio_slice *slice = &vdev->pdev->slices[engine];

	WRITE_ONCE(vdev->starts[engine].pending, pending); /* vpio_vdev_waits() has no lock */
	slice->askers = pending ? slice->askers | bit(vdev) : slice->askers & ~bit(vdev);
}

void vpio_start_refuse(struct vpio_vdev *vdev, u32 engine)
{
	set_pending(vdev, engine, false);
	WRITE_ONCE(vdev->granted, vdev->granted & ~(1u << engine));
	vpio_start_end(vdev, engine, 1);
}

void vpio_start_grant(struct vpio_vdev *vdev, u32 engine)
{
	struct vpio_pdev *pdev = vdev->pdev;

	vpio_share_waited(vdev, pdev->ops->now(pdev) - vdev->starts[engine].asked);
	set_pending(vdev, engine, false);
	WRITE_ONCE(vdev->granted, vdev->granted | 1u << engine);
	pdev->ops->wake_vdev(vdev);
}

static void refuse_first(struct vpio_pdev *pdev, u32 engine, u64 askers)
{
	struct vpio_vdev *first = first_asker(pdev, engine, askers);

	if (pdev->slices[engine].next == first)
		pdev->slices[engine].next = NULL;
	vpio_start_refuse(first, engine);
}

/*
 * The engine takes too long: it is reset, and has no owner until it is idle. The vdev whose work
 * was on it, whose state was on its way in, or which did not begin, is told so: its job ends with
 * status 1. State on its way out is lost: the vdev keeps what was saved of it before, and the next
 * one its turn. If the reset does not help an engine that works for nobody, the one that has waited
 * longest is told so, instead of waiting for ever.
 */
static void recover(struct vpio_pdev *pdev, u32 engine, u64 askers)
{
	struct vpio_slice *slice = &pdev->slices[engine];
	struct vpio_vdev *owner = slice->owner;
	const u8 phase = slice->phase;

	if (phase != VPIO_GRANTED) /* else it is not the device that is slow */
		pdev->failures++;
	run_hardware(pdev, engine, VPB_ON_RECOVER);
	slice->owner = NULL;
	stop_paying(slice);
	enter(pdev, engine, VPIO_OWNED);
	if (phase == VPIO_RESTORING || phase == VPIO_GRANTED)
		vpio_start_refuse(owner, engine);
	else if (phase == VPIO_OWNED && owner)
		vpio_start_end(owner, engine, 1);
	else if (phase == VPIO_OWNED && !is_idle(pdev, engine))
		refuse_first(pdev, engine, askers);
}

/*
 * Whether the owner can begin beside its work that goes on, which is not late: the model says so.
 * The deadline stays that of the work, or an owner that begins often enough would never meet it.
 */
static bool can_overlap(struct vpio_pdev *pdev, u32 engine, u64 askers)
{
	const struct vpio_slice *slice = &pdev->slices[engine];
	const u16 ready = handler(pdev, engine, VPB_ON_READY);
	const struct vpio_start *start;

	if (slice->phase != VPIO_OWNED || ready == VPB_NONE || !(askers & bit(slice->owner)) ||
	    choose(pdev, engine, askers) != slice->owner || is_late(pdev, engine))
		return false;
	start = &slice->owner->starts[engine];
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
	pdev->slices[engine].payer = vdev;
	pdev->slices[engine].next = NULL;
	pdev->stats.hand_offs++;
	enter(pdev, engine, VPIO_RESTORING);
	run_hardware(pdev, engine, VPB_ON_RESTORE);
}

static void count_hand_off(struct vpio_pdev *pdev, u32 engine)
{
	const u64 time = pdev->ops->now(pdev) - pdev->slices[engine].handing;

	if (time > pdev->stats.hand_off_most_ns)
		pdev->stats.hand_off_most_ns = time;
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
	struct vpio_vdev *vdev;
	u64 askers;
	bool idle;

	askers = find_askers(pdev, engine);
	if (!askers && is_left_alone(pdev, engine))
		return false;
	/* from VPIO_GRANTED, only its owner takes it */
	idle = slice->phase != VPIO_GRANTED && is_idle(pdev, engine);
	if (!idle && !can_overlap(pdev, engine, askers)) {
		if (!is_late(pdev, engine) || !vpio_health_may_recover(pdev))
			return false;
		recover(pdev, engine, askers);
		return true;
	}
	switch ((enum vpio_phase)slice->phase) {
	case VPIO_OWNED:
		vdev = slice->next; /* it has had its turn already, but not the engine */
		if (!vdev) {
			vdev = choose(pdev, engine, askers);
			take_turn(pdev, engine, vdev, askers);
			slice->handing = pdev->ops->now(pdev);
		}
		if (vdev == slice->owner) {
			grant(pdev, engine, vdev, !idle);
		} else if (slice->owner) {
			slice->next = vdev;
			stop_paying(slice);
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
		count_hand_off(pdev, engine);
		grant(pdev, engine, slice->owner, false);
		return true;
	case VPIO_GRANTED:
		break;
	}
	return false;
}

/* After account(), and what changed then. */
static void advance(struct vpio_pdev *pdev, u32 engine)
{
	const u8 discipline = pdev->model.engines[engine].discipline;
	unsigned int steps = 0;

	if (discipline == VPB_PARTITIONED)
		vpio_partition_advance(pdev, engine);
	if (discipline != VPB_SLICED)
		return;
	while (step(pdev, engine) && ++steps < 4)
		;
	account(pdev, engine);
}

void vpio_slice_advance(struct vpio_pdev *pdev)
{
	u32 i;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		if (pdev->model.engines[i].discipline == VPB_SLICED)
			account(pdev, i);
		advance(pdev, i);
	}
}

bool vpio_slice_start(struct vpio_vdev *vdev, u32 engine, u64 a, u64 b)
{
	struct vpio_pdev *pdev = vdev->pdev;
	struct vpio_start *start = &vdev->starts[engine];
	bool taken;

	pdev->ops->lock(pdev);
	taken = vdev->attached && !start->pending && !(vdev->granted >> engine & 1);
	if (taken) {
		account(pdev, engine);
		start->asked = pdev->ops->now(pdev);
		start->a = a;
		start->b = b;
	}
	if (taken && pdev->closed) {
		vpio_start_end(vdev, engine, 1);
	} else if (taken) {
		set_pending(vdev, engine, true);
		vpio_pace_stir(pdev);
		advance(pdev, engine);
		if (start->pending && pdev->limited)
			pdev->ops->wake_pdev(pdev); /* which says when it is due */
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
			account(pdev, i);
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
		vdev->urgent = true; /* it can't go on before it has heard of it */
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

bool vpio_slice_waits(const struct vpio_vdev *vdev)
{
	const struct vpio_pdev *pdev = vdev->pdev;
	u32 i;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		if (pdev->model.engines[i].discipline == VPB_SLICED && vdev->starts[i].pending)
			return true;
	}
	return false;
}

static void abort_engine(struct vpio_pdev *pdev, u32 engine)
{
	struct vpio_slice *slice = &pdev->slices[engine];
	u32 i;

	if (slice->owner && slice->phase == VPIO_OWNED && !is_idle(pdev, engine))
		vpio_start_end(slice->owner, engine, 1);
	account(pdev, engine);
	stop_paying(slice);
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

		account(pdev, i);
		slice->askers &= vdev->attached ? ~bit(vdev) : ~0ull;
		memset(&vdev->starts[i], 0, sizeof(vdev->starts[i]));
		if (slice->next == vdev)
			slice->next = NULL;
		if (slice->owner == vdev) {
			/* what it does there ends for nobody; the next owner's state replaces it */
			slice->owner = NULL;
			enter(pdev, i, VPIO_OWNED);
		}
		account(pdev, i);
	}
}

void vpio_slice_leave(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u32 i;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		struct vpio_slice *slice = &pdev->slices[i];

		if (slice->payer != vdev)
			continue;
		/* it can't be asked later: it pays for the most that this may take */
		if (!is_idle(pdev, i))
			vpio_share_charge(vdev, i, pdev->model.engines[i].timeout_ms * 1000000ull);
		stop_paying(slice);
	}
}
