// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Pace: when the hardware is looked at though nobody asks, and when a guest is interrupted.
 *
 * The clock. While anything is under way, and for a second after that, the worker runs each
 * VPIO_TICK_MS: for deadlines, lost interrupts, the link. Then it stops, and nothing of the monitor
 * runs until an interrupt or a guest asks: a device that idles costs no processor time.
 *
 * Polling. When interrupts come in quick succession the device's interrupt is masked, and the worker
 * looks for causes by itself: at once, as long as it finds some or has just given the hardware work; then
 * after some time, by the clock, and if it finds none interrupts are let in again. So there are at most as
 * many looks by the clock as fit into a second, however many frames come.
 *
 * Moderation. News after some quiet is told at once, but for the end of a job. What comes soon after the
 * last waits until that is over, so that a burst is one interrupt; but not longer than until so many
 * things have happened, a frame was lost for lack of room, or the model says that it is urgent. Causes
 * are in the guest's registers meanwhile: a guest that looks finds them, and is not interrupted for them
 * any more. Three things are known of what waits:
 *
 *  - A guest that streams (from one interrupt to the next it begins more than one job, or has more than
 *    one piece of other news) waits for the gap from when it had dealt with what it knew, or went on.
 *  - Its ends of jobs alone wait until none has come for a gap: whoever goes on to send is not interrupted
 *    for what it has sent, and who stops because it waits for its buffers gets them soon. What the
 *    model raises `later` waits for twice as long, or goes along with other news.
 *  - One that begins a single job waits for its answer, and gets it at once.
 *
 * The gap is the vdev's setting, or longer: a few times what the guest takes to answer an
 * interrupt; for ends alone fewer times, since a sender may have stopped until it hears of them. More
 * times save exits and cost throughput: TCP makes its bursts by the shortest round trip it has seen.
 * Where an exit costs much (the guest is nested, or its processor busy), so does an interrupt.
 */
#include "state.h"

enum {
	QUIET = 10, /* ticks in a row without anything under way, before the clock stops */

	BUSY = 2000000, /* ns: interrupts that come sooner than this one after the other */

	ANSWERS = 3,	/* times that a guest takes to answer an interrupt, from one to the next */
	ENDS = 2,	/* likewise, from the last end of a job to the interrupt for it */
	MOST_GAPS = 20, /* ... but no more than so many times what is set */
	LATER = 10000000, /* ns: what is raised `later` waits no longer */
};

/* --- The clock --------------------------------------------------------------------------- */

static bool is_busy(struct vpio_pdev *pdev)
{
	u32 i;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		if (pdev->queues[i].count || pdev->waiting[i] || vpio_slice_is_busy(pdev, i) ||
		    vpio_partition_is_busy(pdev, i))
			return true;
	}
	return false;
}

void vpio_pace_tick(struct vpio_pdev *pdev)
{
	if (pdev->progress != pdev->seen || is_busy(pdev))
		pdev->quiet = 0;
	else if (pdev->quiet < QUIET)
		pdev->quiet++;
	pdev->seen = pdev->progress;
}

void vpio_pace_stir(struct vpio_pdev *pdev)
{
	if (pdev->quiet < QUIET)
		return;
	pdev->quiet = 0;
	pdev->ops->wake_pdev(pdev);
}

static u64 sooner(u64 a, u64 b)
{
	return !a || (b && b < a) ? b : a;
}

u64 vpio_pdev_due(struct vpio_pdev *pdev)
{
	u64 due;

	if (!pdev->started || pdev->health != VPIO_WORKING)
		return 0;
	due = vpio_share_due(pdev);
	if (pdev->polling && !pdev->storm)
		due = sooner(due, pdev->polled + pdev->patience);
	if (pdev->storm || (pdev->count && pdev->quiet < QUIET))
		due = sooner(due, pdev->ticked + VPIO_TICK_MS * 1000000ull);
	return due;
}

/* --- Polling ----------------------------------------------------------------------------- */

void vpio_pace_looked(struct vpio_pdev *pdev, bool interrupt, bool found)
{
	const u64 now = pdev->ops->now(pdev);

	pdev->polled = now;
	if (interrupt)
		pdev->quiet = 0;
	if (found && !interrupt && pdev->polling)
		pdev->stats.polls++;
	if (found && interrupt && now - pdev->found < BUSY)
		pdev->polling = true;
	else if (!found && now - pdev->found >= pdev->patience)
		pdev->polling = false;
	if (found)
		pdev->found = now;
	if (found && pdev->polling && !pdev->storm)
		pdev->ops->wake_pdev(pdev);
	if (pdev->polling)
		pdev->polled_for = true;
	else if (interrupt)
		pdev->polled_for = false;
}

void vpio_pace_started(struct vpio_pdev *pdev)
{
	if (pdev->polling)
		pdev->ops->wake_pdev(pdev);
}

int vpio_pdev_set_poll(struct vpio_pdev *pdev, u64 us)
{
	if (us > VPIO_POLL_MOST_US)
		return -1;
	pdev->ops->lock(pdev);
	WRITE_ONCE(pdev->patience, us * 1000);
	pdev->ops->wake_pdev(pdev);
	pdev->ops->unlock(pdev);
	return 0;
}

u64 vpio_pdev_poll(struct vpio_pdev *pdev)
{
	return READ_ONCE(pdev->patience) / 1000;
}

bool vpio_pdev_mutes(struct vpio_pdev *pdev)
{
	return pdev->storm || pdev->polling || pdev->health != VPIO_WORKING;
}

/* --- Moderation -------------------------------------------------------------------------- */

/* The guest has dealt with what there was: how long it took, if that was an interrupt. */
static void find_answer(struct vpio_vdev *vdev, u64 gap)
{
	const u64 now = vdev->pdev->ops->now(vdev->pdev), most = gap * MOST_GAPS;
	u64 took = now - vdev->interrupted;

	if (!vdev->line && !(vdev->msi && vdev->rested < vdev->interrupted))
		return; /* there was nothing */
	took = took < most ? took : most;
	vdev->answer = (3 * vdev->answer + took) / 4;
	vdev->rested = now;
}

void vpio_pace_rests(struct vpio_vdev *vdev, bool seen)
{
	const u64 gap = READ_ONCE(vdev->gap);

	WRITE_ONCE(vdev->held, false);
	if (!gap)
		return;
	find_answer(vdev, gap);
	if (!seen)
		return;
	if (vdev->arrived)
		vdev->begun = 0;
	vdev->news = 0;
	vdev->arrived = false;
	vdev->urgent = false;
	vdev->later = false;
}

static bool streams(const struct vpio_vdev *vdev)
{
	return vdev->begun > 1 || vdev->arrivals > 1;
}

/* So many times what the guest takes to answer an interrupt, within bounds. */
static u64 gap_of(const struct vpio_vdev *vdev, u64 gap, u64 answers)
{
	const u64 time = vdev->answer * answers;

	if (time < gap)
		return gap;
	return time < gap * MOST_GAPS ? time : gap * MOST_GAPS;
}

/* When the guest is to be told of what has happened. */
static u64 find_due(const struct vpio_vdev *vdev, u64 gap, u64 now)
{
	const u64 since = vdev->rested > vdev->interrupted ? vdev->rested : vdev->interrupted;
	const u64 last = (vdev->held ? vdev->since : now) + LATER;
	const u64 patience = gap_of(vdev, gap, ANSWERS);
	const u64 ends = gap_of(vdev, gap, ENDS);

	/* ends alone: it goes on to send, or an answer comes; or it has stopped, and waits for just this */
	if (!vdev->arrived)
		return sooner(vdev->ended + (vdev->news ? ends : 2 * ends), last);
	if (!vdev->held && now - since >= patience && now - vdev->before >= patience)
		return now; /* it has been quiet */
	if (streams(vdev) || vdev->streamed)
		return sooner((since > vdev->began ? since : vdev->began) + patience, last);
	return vdev->begun ? now : since + gap;
}

/* Lets the vdev's worker run then, unless it does so earlier in any case. */
static void hold(struct vpio_vdev *vdev, u64 due, u64 now)
{
	if (!vdev->held) {
		vdev->since = now;
		vdev->alarm = 0;
	}
	WRITE_ONCE(vdev->held, true);
	if (vdev->alarm > now && vdev->alarm <= due)
		return;
	vdev->alarm = due;
	vdev->pdev->ops->wake_vdev_at(vdev, due);
}

bool vpio_pace_holds(struct vpio_vdev *vdev)
{
	const u64 gap = READ_ONCE(vdev->gap);
	u64 now = 0, due;
	u32 begun;

	if (gap) {
		now = vdev->pdev->ops->now(vdev->pdev);
		due = find_due(vdev, gap, now);
		if (due > now && !vdev->urgent && vdev->news < READ_ONCE(vdev->burst)) {
			hold(vdev, due, now);
			return true;
		}
	}
	vdev->streamed = streams(vdev);
	vdev->interrupted = now;
	begun = vdev->arrived ? 0 : vdev->begun;
	vpio_pace_forget(vdev);
	vdev->begun = begun;
	return false;
}

bool vpio_vdev_holds(const struct vpio_vdev *vdev)
{
	return READ_ONCE(vdev->held);
}

int vpio_vdev_set_interrupt_us(struct vpio_vdev *vdev, u64 us)
{
	if (us > VPIO_INTERRUPT_MOST_US)
		return -1;
	WRITE_ONCE(vdev->gap, us * 1000);
	return 0;
}

u64 vpio_vdev_interrupt_us(struct vpio_vdev *vdev)
{
	return READ_ONCE(vdev->gap) / 1000;
}

int vpio_vdev_set_interrupt_events(struct vpio_vdev *vdev, u64 events)
{
	if (!events || events > VPIO_INTERRUPT_MOST_EVENTS)
		return -1;
	WRITE_ONCE(vdev->burst, (u32)events);
	return 0;
}

u64 vpio_vdev_interrupt_events(struct vpio_vdev *vdev)
{
	return READ_ONCE(vdev->burst);
}
