// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Shares: whose turn it is on an engine that several vdevs want. Deficit round robin, the same for
 * host engines, where a frame costs its bytes, and for slice engines, where work costs its time.
 *
 * Each vdev has a credit on each engine. Of those that wait, who has a credit of 0 or more may go,
 * in the order of the round from the one that went last. What it got is taken from its credit, when
 * it is known: a frame's bytes at once, the time of a piece of work as it passes. If none of those
 * that wait has credit, a round goes by: each vdev gets its weight in units of 1 / VPIO_WEIGHT_MOST
 * byte or ns. That is far less than a frame, so there are thousands of rounds from one frame to the
 * next; they are not gone through: how many it takes until the first that waits has its credit back
 * is a division. A vdev for which nothing waits gets its rounds, too, but only until its debt is
 * paid: it keeps no credit, so that nobody saves up for a burst.
 *
 * Bounds. A round brings less than any frame costs, so whoever goes is in debt afterwards, and who
 * has no debt goes before any other round: a vdev that has not used up its share waits for one
 * frame (one piece of work) of each of the others at most, whatever their weights, whatever their
 * sizes. One that is in debt by d waits until the others have had d * (their weights) / (its own),
 * and one frame each. No debt is more than what it got last (of a slice engine: in a quantum, and
 * by the piece of work that began in it), so nobody waits for ever; and over any time in which two
 * vdevs wait, what they get by their weights differs by no more than this of each.
 *
 * To choose costs a step for each vdev that waits, whatever the weights and sizes, and however many
 * others there are: what the rounds have brought those for whom nothing waits is reckoned when
 * something does.
 *
 * Rates. A vdev's limit of bytes or frames a second is a token bucket, which is kept as the time at
 * which it is empty: each frame puts that off by what it takes at the rate. Until then the vdev is
 * kept back, as if it had nothing that waits; so a limit holds back nobody else, and what it saves
 * is not got back later. A bucket holds 10 ms, and the frame that empties it may go beyond.
 */
#include "state.h"

enum {
	/* a credit's units in a byte or ns, of which a round brings any weight less than 1 */
	SCALE = VPIO_WEIGHT_MOST,
};

/* A debt is no more than this, which keeps all sums far from overflow: 30 years of an engine. */
#define MOST_DEBT (1ll << 60)

#define SECOND 1000000000ull /* ns */
#define BURST  10000000ull   /* ns of a rate that a bucket holds */

/* Rounds until a credit is 0 or more. */
static u64 rounds_to_go(const struct vpio_vdev *vdev, u32 engine)
{
	const s64 credit = vdev->credits[engine];

	return credit >= 0 ? 0 : ((u64)-credit + vdev->weight - 1) / vdev->weight;
}

/* As far as @most: beyond that they bring nothing. */
static void pass_rounds(struct vpio_vdev *vdev, u32 engine, u64 rounds, s64 most)
{
	s64 *credit = &vdev->credits[engine];

	if (*credit >= most || rounds >= (u64)(most - *credit) / vdev->weight)
		*credit = most;
	else
		*credit += (s64)(rounds * vdev->weight);
}

/* What has passed while nothing of a vdev waited is reckoned when it matters. */
static void settle(struct vpio_vdev *vdev, u32 engine)
{
	const struct vpio_rounds *now = &vdev->pdev->rounds[engine];
	struct vpio_rounds *last = &vdev->settled[engine];

	if (last->turns == now->turns)
		return;
	pass_rounds(vdev, engine, now->rounds - last->rounds, 0);
	*last = *now;
}

void vpio_share_settle(struct vpio_vdev *vdev)
{
	u32 i;

	for (i = 0; i < vdev->pdev->model.header->engines.count; i++)
		settle(vdev, i);
}

void vpio_share_join(struct vpio_vdev *vdev)
{
	memcpy(vdev->settled, vdev->pdev->rounds, sizeof(vdev->settled));
}

struct vpio_vdev *vpio_share_first(const struct vpio_pdev *pdev, u32 engine, u64 waiting)
{
	struct vpio_vdev *vdev, *first = NULL;
	u32 distance, nearest = 0;
	u64 rounds, least = 0;
	s64 credit, most = 0;

	while (waiting) {
		vdev = vpio_share_next(pdev, &waiting);
		settle(vdev, engine);
		rounds = rounds_to_go(vdev, engine);
		distance = (vdev->seat - pdev->turns[engine]) % VPIO_MAX_VDEVS;
		credit = vdev->credits[engine] / SCALE;
		if (first && (rounds != least  ? rounds > least
			      : credit != most ? credit < most
					       : distance > nearest))
			continue;
		first = vdev;
		least = rounds;
		most = credit;
		nearest = distance;
	}
	return first;
}

void vpio_share_serve(struct vpio_vdev *vdev, u32 engine, u64 keeping, u64 cost)
{
	struct vpio_pdev *pdev = vdev->pdev;
	struct vpio_rounds *now = &pdev->rounds[engine];
	const u64 rounds = rounds_to_go(vdev, engine);
	const s64 most = (s64)(pdev->quantum + 1) * SCALE;
	struct vpio_rounds then = *now;

	then.rounds += rounds;
	then.turns++;
	while (keeping) {
		struct vpio_vdev *other = vpio_share_next(pdev, &keeping);

		settle(other, engine);
		pass_rounds(other, engine, rounds, most);
		other->settled[engine] = then;
	}
	*now = then;
	pdev->turns[engine] = vdev->seat + 1;
	vpio_share_charge(vdev, engine, cost);
}

void vpio_share_charge(struct vpio_vdev *vdev, u32 engine, u64 cost)
{
	s64 *credit = &vdev->credits[engine];

	settle(vdev, engine);
	if (cost > (u64)(MOST_DEBT + *credit) / SCALE)
		*credit = -MOST_DEBT;
	else
		*credit -= (s64)(cost * SCALE);
}

void vpio_share_waited(struct vpio_vdev *vdev, u64 time)
{
	vdev->stats.wait_ns += time;
	if (time > vdev->stats.wait_most_ns)
		vdev->stats.wait_most_ns = time;
}

/* --- Rates ------------------------------------------------------------------------------- */

static u64 time_of(const struct vpio_limit *limit, u64 amount)
{
	return (amount * SECOND + limit->rate - 1) / limit->rate;
}

/* When a vdev's limits let it send. */
static u64 allowed_at(const struct vpio_vdev *vdev)
{
	u64 at = 0;
	u32 i;

	for (i = 0; i < VPIO_LIMITS; i++) {
		if (vdev->limits[i].rate && vdev->limits[i].empty > at)
			at = vdev->limits[i].empty;
	}
	return at;
}

u64 vpio_share_allowed(struct vpio_pdev *pdev, u64 set)
{
	u64 now, left = set;

	if (!set || !pdev->limited)
		return set;
	now = pdev->ops->now(pdev);
	while (left) {
		const struct vpio_vdev *vdev = vpio_share_next(pdev, &left);

		if (allowed_at(vdev) > now)
			set &= ~vpio_share_bit(vdev);
	}
	return set;
}

void vpio_share_sent(struct vpio_vdev *vdev, u32 length, u64 now)
{
	const u64 full = now < BURST ? 0 : now - BURST;
	u32 i;

	for (i = 0; i < VPIO_LIMITS; i++) {
		struct vpio_limit *limit = &vdev->limits[i];

		if (!limit->rate)
			continue;
		if (limit->empty < full)
			limit->empty = full;
		limit->empty += time_of(limit, i == VPIO_LIMIT_BYTES ? length : 1);
	}
}

u64 vpio_share_due(struct vpio_pdev *pdev)
{
	u64 now, at, due = 0;
	u32 i;

	if (!pdev->limited)
		return 0;
	now = pdev->ops->now(pdev);
	for (i = 0; i < pdev->count; i++) {
		struct vpio_vdev *vdev = pdev->vdevs[i];

		at = allowed_at(vdev);
		if (at > now && (!due || at < due) &&
		    (vpio_job_waits(vdev) || vpio_slice_waits(vdev)))
			due = at;
	}
	return due;
}

/* --- What the embedder sets -------------------------------------------------------------- */

int vpio_vdev_set_weight(struct vpio_vdev *vdev, u64 weight)
{
	struct vpio_pdev *pdev = vdev->pdev;

	if (!weight || weight > VPIO_WEIGHT_MOST)
		return -1;
	pdev->ops->lock(pdev);
	if (vdev->attached)
		vpio_share_settle(vdev);
	WRITE_ONCE(vdev->weight, (u32)weight);
	pdev->ops->unlock(pdev);
	return 0;
}

u64 vpio_vdev_weight(struct vpio_vdev *vdev)
{
	return READ_ONCE(vdev->weight);
}

int vpio_pdev_set_quantum(struct vpio_pdev *pdev, u64 us)
{
	if (us > VPIO_QUANTUM_MOST_US)
		return -1;
	pdev->ops->lock(pdev);
	WRITE_ONCE(pdev->quantum, us * 1000);
	pdev->ops->unlock(pdev);
	return 0;
}

u64 vpio_pdev_quantum(struct vpio_pdev *pdev)
{
	return READ_ONCE(pdev->quantum) / 1000;
}

static int set_rate(struct vpio_vdev *vdev, u32 which, u64 rate, u64 most)
{
	struct vpio_pdev *pdev = vdev->pdev;

	if (rate > most)
		return -1;
	pdev->ops->lock(pdev);
	WRITE_ONCE(vdev->limits[which].rate, rate);
	vdev->limits[which].empty = 0;
	pdev->limited |= rate != 0;
	pdev->ops->wake_pdev(pdev);
	pdev->ops->unlock(pdev);
	return 0;
}

int vpio_vdev_set_rate_bytes(struct vpio_vdev *vdev, u64 rate)
{
	return set_rate(vdev, VPIO_LIMIT_BYTES, rate, VPIO_RATE_MOST_BYTES);
}

u64 vpio_vdev_rate_bytes(struct vpio_vdev *vdev)
{
	return READ_ONCE(vdev->limits[VPIO_LIMIT_BYTES].rate);
}

int vpio_vdev_set_rate_frames(struct vpio_vdev *vdev, u64 rate)
{
	return set_rate(vdev, VPIO_LIMIT_FRAMES, rate, VPIO_RATE_MOST_FRAMES);
}

u64 vpio_vdev_rate_frames(struct vpio_vdev *vdev)
{
	return READ_ONCE(vdev->limits[VPIO_LIMIT_FRAMES].rate);
}
