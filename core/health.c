// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The physical device's health: whether it is still there, whether its recoveries help, and what
 * becomes of everybody's work when it is out of service. Then no register of it is touched any
 * more, what is under way ends with an error, and what is asked for is refused at once.
 */
#include "state.h"

enum {
	MOST_FAILURES = 3, /* recoveries in a row, without an end of any work between them */
};

bool vpio_health_answers(struct vpio_pdev *pdev)
{
	if (!pdev->suspicious || pdev->closed)
		return !pdev->closed;
	pdev->suspicious = false;
	if (!pdev->ops->is_present || pdev->ops->is_present(pdev))
		return true;
	pdev->closed = true;
	pdev->ops->wake_pdev(pdev);
	return false;
}

/* Ends whatever waits for the hardware, or is on it. */
static void end_all(struct vpio_pdev *pdev)
{
	vpio_slice_abort(pdev);
	vpio_pdev_quiesce(pdev);
	vpio_job_abort(pdev);
}

static void go_down(struct vpio_pdev *pdev, enum vpio_health health)
{
	end_all(pdev); /* what is broken is told to be quiet; what is gone can't be told anything */
	pdev->closed = true;
	WRITE_ONCE(pdev->health, (u8)health);
	pdev->again = false;
	pdev->storm = false;
	if (pdev->ops->health)
		pdev->ops->health(pdev, health);
}

bool vpio_health_is_down(struct vpio_pdev *pdev)
{
	if (pdev->health == VPIO_WORKING && !vpio_health_answers(pdev))
		go_down(pdev, VPIO_GONE);
	else if (pdev->health == VPIO_WORKING && pdev->failures >= MOST_FAILURES)
		go_down(pdev, VPIO_BROKEN);
	return pdev->health != VPIO_WORKING;
}

bool vpio_health_may_recover(struct vpio_pdev *pdev)
{
	if (!pdev->looked) { /* the end that is missed may be a cause that nobody has seen */
		pdev->late = true;
		pdev->ops->wake_pdev(pdev);
		return false;
	}
	pdev->suspicious = true;
	if (!vpio_health_answers(pdev))
		return false;
	pdev->stats.recoveries++;
	return true;
}

int vpio_pdev_revive(struct vpio_pdev *pdev)
{
	if (pdev->health == VPIO_WORKING || !pdev->started)
		return 0;
	if (pdev->ops->is_present && !pdev->ops->is_present(pdev))
		return -1;
	WRITE_ONCE(pdev->health, VPIO_WORKING);
	vpio_pdev_start(pdev);
	vpio_partition_restore_all(pdev);
	if (vpio_health_is_down(pdev))
		return -1;
	if (pdev->ops->health)
		pdev->ops->health(pdev, VPIO_WORKING);
	pdev->ops->wake_pdev(pdev); /* its clock goes on, and vpio_pdev_due() says when */
	return 0;
}

enum vpio_health vpio_pdev_health(struct vpio_pdev *pdev)
{
	return READ_ONCE(pdev->health);
}

const char *vpio_health_name(enum vpio_health health)
{
	static const char *const names[] = { "working", "broken", "gone" };

	return names[health];
}
