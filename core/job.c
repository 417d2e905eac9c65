// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Jobs: frames of vdevs on their way to the hardware, and the news of their end on the way back.
 * Whose frame is next is share.c's.
 *
 * A frame is copied out of guest memory once, when the guest starts it; what is checked is the
 * copy, and the copy is what the hardware gets. A vdev's slots end in the order in which they were
 * taken, as on the device itself.
 */
#include "state.h"

u32 vpio_job_slot_size(const struct vpio_model *model)
{
	u32 largest = VPIO_ETHER_MIN, i;

	for (i = 0; i < model->header->engines.count; i++) {
		if (model->engines[i].max_frame > largest)
			largest = model->engines[i].max_frame;
	}
	return (u32)vpio_align(largest);
}

static struct vpio_slot *slot_at(struct vpio_vdev *vdev, u32 index)
{
	return &vdev->slots[index % VPIO_TX_SLOTS];
}

static u8 *slot_data(struct vpio_vdev *vdev, u32 index)
{
	return vdev->frames + (size_t)(index % VPIO_TX_SLOTS) * vdev->pdev->slot_size;
}

u32 vpio_job_room(const struct vpio_vdev *vdev)
{
	return VPIO_TX_SLOTS - (READ_ONCE(vdev->tail) - READ_ONCE(vdev->head));
}

/* What a filled slot holds. */
static struct vpio_frame slot_frame(struct vpio_vdev *vdev, u32 index)
{
	const u32 length = slot_at(vdev, index)->length;

	return (struct vpio_frame){ slot_data(vdev, index), length, length, false };
}

/* Fills the slot that comes next but leaves it free: the pdev's lock is not held. */
static bool fill_slot(struct vpio_vdev *vdev, const struct vpb_engine *engine, u32 index, u32 mss,
		      u32 segment)
{
	struct vpio_slot *slot = slot_at(vdev, index);
	struct vpio_frame frame = { .data = slot_data(vdev, index), .capacity = engine->max_frame };

	if (mss) {
		if (!vpio_frame_segment(&vdev->gather, mss, segment, &frame))
			return false;
	} else {
		memcpy(frame.data, vdev->gather.data, vdev->gather.length);
		frame.length = vdev->gather.length;
	}
	vpio_frame_pad(&frame);
	slot->length = frame.length;
	return true;
}

/* The checks that a frame must pass before anything of it leaves the vdev. */
static bool is_sendable(struct vpio_vdev *vdev, const struct vpb_engine *engine, u32 mss,
			u32 *count)
{
	const struct vpio_frame *frame = &vdev->gather;
	u32 longest = frame->length;

	*count = 1;
	if (frame->length < VPIO_ETHER_HEADER) {
		vpio_refuse(vdev, VPIO_REFUSE_SHORT, 0, frame->length);
		return false;
	}
	if (mss) {
		*count = vpio_frame_segments(frame, mss);
		longest = frame->length < mss ? frame->length : mss;
	}
	if (longest > engine->max_frame || !*count || *count > VPIO_TX_SLOTS) {
		vpio_refuse(vdev, VPIO_REFUSE_LONG, 0, frame->length);
		return false;
	}
	if (vdev->source_check && memcmp(frame->data + VPIO_ADDRESS, vdev->mac, VPIO_ADDRESS)) {
		vpio_refuse(vdev, VPIO_REFUSE_SOURCE, 0, frame->length);
		return false;
	}
	return true;
}

/* A vdev's next waiting frame, NULL: there is none. */
static struct vpio_slot *next_slot(struct vpio_vdev *vdev)
{
	while (vdev->next != vdev->tail && slot_at(vdev, vdev->next)->state != VPIO_SLOT_QUEUED)
		vdev->next++;
	return vdev->next == vdev->tail ? NULL : slot_at(vdev, vdev->next);
}

/* A vdev's slots have changed: for which engine its next frame waits. */
static void note_waiting(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	const struct vpio_slot *slot;

	if (!vdev->attached)
		return;
	slot = next_slot(vdev);
	pdev->waiting[vdev->awaits] &= ~vpio_share_bit(vdev);
	if (!slot)
		return;
	vdev->awaits = slot->engine;
	pdev->waiting[slot->engine] |= vpio_share_bit(vdev);
}

/* The vdev's own access finds what ended by it; anything else is its worker's. */
static void tell_end(struct vpio_vdev *vdev)
{
	if (vdev == vdev->pdev->caller)
		vdev->run |= VPIO_RUN_ENDS;
	else
		vdev->pdev->ops->wake_vdev(vdev);
}

/* Gives a filled slot to those for whom it is. */
static void queue_slot(struct vpio_vdev *vdev, u32 index, u32 engine, u64 tag, bool last)
{
	struct vpio_pdev *pdev = vdev->pdev;
	struct vpio_slot *slot = slot_at(vdev, index);
	const struct vpio_frame frame = slot_frame(vdev, index);

	slot->engine = (u8)engine;
	slot->tag = tag;
	slot->last = last;
	slot->cancelled = false;
	slot->again = false;
	slot->status = pdev->closed;
	slot->queued = pdev->ops->now(pdev);
	if (!pdev->closed && vpio_switch(pdev, vdev, &frame)) {
		slot->state = VPIO_SLOT_QUEUED;
	} else {
		slot->state = VPIO_SLOT_ENDED;
		tell_end(vdev);
	}
}

bool vpio_job_send(struct vpio_vdev *vdev, u32 engine, u64 tag, u32 mss)
{
	struct vpio_pdev *pdev = vdev->pdev;
	const struct vpb_engine *sender = &pdev->model.engines[engine];
	u32 count, i;

	if (!is_sendable(vdev, sender, mss, &count))
		goto refused;
	if (vpio_job_room(vdev) < count)
		return false;
	for (i = 0; i < count; i++) {
		if (!fill_slot(vdev, sender, vdev->tail + i, mss, i)) {
			vpio_refuse(vdev, VPIO_REFUSE_LONG, 0, vdev->gather.length);
			goto refused;
		}
	}
	pdev->ops->lock(pdev);
	if (!vdev->attached) {
		pdev->ops->unlock(pdev);
		return false;
	}
	for (i = 0; i < count; i++) {
		const struct vpio_slot *slot = slot_at(vdev, vdev->tail);

		vdev->stats.tx_frames++;
		vdev->stats.tx_bytes += slot->length;
		queue_slot(vdev, vdev->tail, engine, tag, i == count - 1);
		WRITE_ONCE(vdev->tail, vdev->tail + 1);
	}
	note_waiting(vdev);
	pdev->caller = vdev;
	vpio_pdev_start_jobs(pdev);
	if (vpio_job_waits(vdev))
		pdev->ops->wake_pdev(pdev);
	pdev->caller = NULL;
	pdev->ops->unlock(pdev);
	vdev->stats.jobs++;
	vdev->begun++;
	vdev->began = slot_at(vdev, vdev->tail - 1)->queued;
	return true;
refused:
	vdev->fault = true;
	return false;
}

bool vpio_job_local(struct vpio_vdev *vdev)
{
	const struct vpb_engine any = { .max_frame = VPIO_ETHER_MOST };
	struct vpio_pdev *pdev = vdev->pdev;
	bool wire;
	u32 count;

	if (!is_sendable(vdev, &any, 0, &count))
		return false;
	vpio_frame_pad(&vdev->gather);
	pdev->ops->lock(pdev);
	/* nothing is handed out whose sending is said to have failed */
	wire = pdev->closed || vpio_switch(pdev, vdev, &vdev->gather);
	if (wire && pdev->limited)
		vpio_share_sent(vdev, vdev->gather.length, pdev->ops->now(pdev));
	pdev->ops->unlock(pdev);
	vdev->stats.tx_frames++;
	vdev->stats.tx_bytes += vdev->gather.length;
	return wire;
}

static void end_slot(struct vpio_vdev *vdev, u32 index, u8 status)
{
	struct vpio_slot *slot = slot_at(vdev, index);

	slot->state = VPIO_SLOT_ENDED;
	slot->status = status;
	tell_end(vdev);
}

void vpio_job_finish(struct vpio_pdev *pdev, u32 engine, u8 status)
{
	struct vpio_queue *queue = &pdev->queues[engine];
	struct vpio_flight *flight = &queue->flights[queue->first];

	if (!queue->count)
		return;
	queue->count--;
	queue->first = (queue->first + 1) % VPB_MAX_DEPTH;
	if (flight->vdev)
		end_slot(flight->vdev, flight->slot, status);
}

bool vpio_job_waits(const struct vpio_vdev *vdev)
{
	return vdev->attached && vdev->pdev->waiting[vdev->awaits] & vpio_share_bit(vdev);
}

bool vpio_job_is_running(struct vpio_pdev *pdev)
{
	u32 i;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		if (pdev->queues[i].count)
			return true;
	}
	return false;
}

bool vpio_job_is_full(struct vpio_pdev *pdev)
{
	u32 i;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		const u32 depth = pdev->model.engines[i].depth;

		if (pdev->model.engines[i].discipline == VPB_HOSTED && depth &&
		    pdev->queues[i].count >= depth && pdev->waiting[i])
			return true;
	}
	return false;
}

/* Offers a vdev's next frame to the hardware. False: it has no room for it. */
static bool start_one(struct vpio_pdev *pdev, struct vpio_vdev *vdev, u64 now)
{
	struct vpio_slot *slot = slot_at(vdev, vdev->next);
	struct vpio_queue *queue = &pdev->queues[slot->engine];
	struct vpio_frame frame = slot_frame(vdev, vdev->next);
	const u16 transmit = pdev->model.engines[slot->engine].on[VPB_ON_TRANSMIT];

	if (!vpio_vm_run(pdev, NULL, transmit, &frame, slot->length, 0, 0))
		return false;
	queue->flights[(queue->first + queue->count++) % VPB_MAX_DEPTH] =
		(struct vpio_flight){ vdev, vdev->next, now };
	slot->state = VPIO_SLOT_HARDWARE;
	vdev->next++;
	note_waiting(vdev);
	if (slot->again)
		return true;
	vpio_share_waited(vdev, now - slot->queued);
	vpio_share_sent(vdev, slot->length, now);
	pdev->stats.tx_frames++;
	pdev->stats.tx_bytes += slot->length;
	return true;
}

/* Starts one frame on an engine: that of the vdev whose turn it is, or which there is room for. */
static bool start_next(struct vpio_pdev *pdev, u32 engine, u64 now)
{
	const struct vpio_slot *slot;
	struct vpio_vdev *vdev;
	u64 waiting;

	if (pdev->queues[engine].count >= pdev->model.engines[engine].depth)
		return false;
	waiting = vpio_share_allowed(pdev, pdev->waiting[engine]);
	while ((vdev = vpio_share_first(pdev, engine, waiting))) {
		slot = slot_at(vdev, vdev->next);
		if (start_one(pdev, vdev, now)) {
			vpio_share_serve(vdev, engine, waiting, slot->again ? 0 : slot->length);
			return true;
		}
		waiting &= ~vpio_share_bit(vdev);
	}
	return false;
}

void vpio_job_start(struct vpio_pdev *pdev)
{
	const u64 now = pdev->ops->now(pdev);
	bool more;
	u32 i;

	/* a vdev's frames go in their order, so that one engine's may wait for another's */
	do {
		more = false;
		for (i = 0; i < pdev->model.header->engines.count; i++) {
			while (start_next(pdev, i, now))
				more = true;
		}
	} while (more);
}

/*
 * What an engine that has been reset had behind its oldest job is to be started again, in the same
 * order: it ends its jobs in order, so it had not come to them.
 */
static void start_again(struct vpio_pdev *pdev, u32 engine)
{
	struct vpio_queue *queue = &pdev->queues[engine];
	struct vpio_flight *flight;
	struct vpio_vdev *vdev;
	struct vpio_slot *slot;

	while (queue->count) {
		flight = &queue->flights[(queue->first + --queue->count) % VPB_MAX_DEPTH];
		vdev = flight->vdev;
		if (!vdev)
			continue;
		slot = slot_at(vdev, flight->slot);
		if (slot->cancelled) {
			end_slot(vdev, flight->slot, 1);
			continue;
		}
		slot->state = VPIO_SLOT_QUEUED;
		slot->again = true;
		if (flight->slot - vdev->head < vdev->next - vdev->head)
			vdev->next = flight->slot;
		note_waiting(vdev);
	}
}

void vpio_job_expire(struct vpio_pdev *pdev, u64 now)
{
	const struct vpb_engine *engine;
	struct vpio_queue *queue;
	u32 i;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		engine = &pdev->model.engines[i];
		queue = &pdev->queues[i];
		if (!queue->count ||
		    now - queue->flights[queue->first].started < engine->timeout_ms * 1000000ull)
			continue;
		if (!vpio_health_may_recover(pdev))
			continue;
		pdev->failures++;
		vpio_vm_run(pdev, NULL, engine->on[VPB_ON_RECOVER], NULL, 0, 0, 0);
		vpio_job_finish(pdev, i, 1);
		start_again(pdev, i);
	}
}

void vpio_job_abort(struct vpio_pdev *pdev)
{
	u32 i, j;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		while (pdev->queues[i].count)
			vpio_job_finish(pdev, i, 1);
	}
	for (i = 0; i < pdev->count; i++) {
		struct vpio_vdev *vdev = pdev->vdevs[i];

		for (j = vdev->head; j != vdev->tail; j++) {
			if (slot_at(vdev, j)->state == VPIO_SLOT_QUEUED)
				end_slot(vdev, j, 1);
		}
		note_waiting(vdev);
	}
}

bool vpio_job_deliver(struct vpio_vdev *vdev, u32 most)
{
	struct vpio_pdev *pdev = vdev->pdev;
	struct vpio_slot slot;

	while (most--) {
		pdev->ops->lock(pdev);
		slot = *slot_at(vdev, vdev->head);
		if (vdev->head == vdev->tail || slot.state != VPIO_SLOT_ENDED) {
			pdev->ops->unlock(pdev);
			return false;
		}
		slot_at(vdev, vdev->head)->state = VPIO_SLOT_FREE;
		if (vdev->next == vdev->head)
			vdev->next++;
		WRITE_ONCE(vdev->head, vdev->head + 1);
		pdev->ops->unlock(pdev);
		if (!slot.last)
			continue;
		if (slot.status)
			vdev->stats.jobs_aborted++;
		else
			vdev->stats.jobs_done++;
		if (slot.cancelled)
			continue;
		vdev->ending = true;
		vpio_vm_run(pdev, vdev, pdev->model.engines[slot.engine].on[VPB_ON_DONE], NULL,
			    slot.tag, slot.status, 0);
		vdev->ending = false;
		vdev->run |= 1u << slot.engine; /* there is room: it may go on */
	}
	return true;
}

void vpio_job_cancel(struct vpio_vdev *vdev, u32 engine)
{
	struct vpio_pdev *pdev = vdev->pdev;
	bool others = false;
	u32 i;

	if (vdev->head == vdev->tail) /* both change only in the course of the vdev's own work */
		return;
	pdev->ops->lock(pdev);
	for (i = vdev->head; i != vdev->tail; i++) {
		struct vpio_slot *slot = slot_at(vdev, i);

		if (slot->engine != engine) {
			others = true;
			continue;
		}
		slot->cancelled = true;
		if (slot->state == VPIO_SLOT_QUEUED) {
			slot->state = VPIO_SLOT_ENDED;
			slot->status = 1;
		}
	}
	if (others)
		note_waiting(vdev);
	else
		pdev->waiting[engine] &= ~vpio_share_bit(vdev);
	pdev->ops->wake_vdev(vdev);
	pdev->ops->unlock(pdev);
}

void vpio_job_forget(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u32 i, j;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		for (j = 0; j < VPB_MAX_DEPTH; j++) {
			if (pdev->queues[i].flights[j].vdev == vdev)
				pdev->queues[i].flights[j].vdev = NULL;
		}
	}
	for (i = 0; i < VPIO_TX_SLOTS; i++)
		vdev->slots[i].state = VPIO_SLOT_FREE;
	vdev->head = 0;
	vdev->next = 0;
	vdev->tail = 0;
	note_waiting(vdev);
}
