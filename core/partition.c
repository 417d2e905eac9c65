// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * Partition engines: an engine that exists many times, as queue pairs do. A vdev has one instance
 * of each as long as it is attached, and nobody else reaches it. An instance is reset before it is
 * given to a vdev and when it is taken back, and nobody else gets it before it is idle: what its
 * last vdev let it do may still be on its way.
 */
#include "state.h"

static const struct vpb_engine *engine_at(const struct vpio_pdev *pdev, u32 engine)
{
	return &pdev->model.engines[engine];
}

static bool is_partition(const struct vpio_pdev *pdev, u32 engine)
{
	return engine_at(pdev, engine)->discipline == VPB_PARTITIONED;
}

/* Without VPB_ON_IDLE an instance is idle whenever it does not work on a request. */
static bool is_idle(struct vpio_pdev *pdev, u32 engine, u32 number)
{
	return pdev->closed || vpio_vm_run_instance(pdev, engine, number, VPB_ON_IDLE, 1);
}

static bool is_late(struct vpio_pdev *pdev, u32 engine, const struct vpio_instance *instance)
{
	return pdev->ops->now(pdev) - instance->since >=
	       engine_at(pdev, engine)->timeout_ms * 1000000ull;
}

static void settle(struct vpio_pdev *pdev, u32 engine, u32 number)
{
	struct vpio_instance *instance = &pdev->instances[engine][number];

	instance->working = false;
	instance->settling = !is_idle(pdev, engine, number);
	instance->since = pdev->ops->now(pdev);
}

static void reset(struct vpio_pdev *pdev, u32 engine, u32 number)
{
	vpio_vm_run_instance(pdev, engine, number, VPB_ON_INSTANCE_RESET, 0);
	settle(pdev, engine, number);
}

/* Whether no vdev has an instance that is idle after its reset. */
static bool is_all_stuck(struct vpio_pdev *pdev, u32 engine)
{
	u32 i;

	for (i = 0; i < engine_at(pdev, engine)->depth; i++) {
		if (pdev->instances[engine][i].vdev && !pdev->instances[engine][i].settling)
			return false;
	}
	return true;
}

/* Work, or a reset, takes too long. If this does not help, the vdev that waits is told so. */
static void recover(struct vpio_pdev *pdev, u32 engine, u32 number)
{
	struct vpio_instance *instance = &pdev->instances[engine][number];
	const bool working = instance->working;

	vpio_vm_run_instance(pdev, engine, number, VPB_ON_RECOVER, 0);
	settle(pdev, engine, number);
	if (!instance->vdev)
		return;
	if (is_all_stuck(pdev, engine)) /* else it is the affair of one vdev alone */
		pdev->failures++;
	if (working)
		vpio_start_end(instance->vdev, engine, 1);
	else if (instance->settling && instance->vdev->starts[engine].pending)
		vpio_start_refuse(instance->vdev, engine);
}

static void advance(struct vpio_pdev *pdev, u32 engine, u32 number)
{
	struct vpio_instance *instance = &pdev->instances[engine][number];

	if (instance->settling && is_idle(pdev, engine, number))
		instance->settling = false;
	if ((instance->settling || instance->working) && is_late(pdev, engine, instance) &&
	    vpio_health_may_recover(pdev))
		recover(pdev, engine, number);
	if (instance->vdev && instance->vdev->starts[engine].pending && !instance->settling &&
	    !instance->working && is_idle(pdev, engine, number))
		vpio_start_grant(instance->vdev, engine);
}

bool vpio_partition_is_busy(struct vpio_pdev *pdev, u32 engine)
{
	u32 i;

	if (!is_partition(pdev, engine))
		return false;
	for (i = 0; i < engine_at(pdev, engine)->depth; i++) {
		const struct vpio_instance *instance = &pdev->instances[engine][i];

		if (instance->working || instance->settling ||
		    (instance->vdev && instance->vdev->starts[engine].pending))
			return true;
	}
	return false;
}

void vpio_partition_advance(struct vpio_pdev *pdev, u32 engine)
{
	u32 i;

	for (i = 0; i < engine_at(pdev, engine)->depth; i++) {
		if (pdev->instances[engine][i].vdev || pdev->instances[engine][i].settling)
			advance(pdev, engine, i);
	}
}

/* An instance that is nobody's, its last work over; the engine's depth if there is none. */
static u32 find_free(struct vpio_pdev *pdev, u32 engine)
{
	const u32 depth = engine_at(pdev, engine)->depth;
	u32 i;

	for (i = 0; i < depth; i++) {
		if (pdev->instances[engine][i].vdev)
			continue;
		if (pdev->instances[engine][i].settling)
			advance(pdev, engine, i);
		if (!pdev->instances[engine][i].settling)
			break;
	}
	return i;
}

bool vpio_partition_take(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u32 i, number;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		if (!is_partition(pdev, i))
			continue;
		number = find_free(pdev, i);
		if (number == engine_at(pdev, i)->depth)
			return false;
		vdev->instances[i] = (u16)number;
	}
	for (i = 0; i < pdev->model.header->engines.count; i++) {
		if (!is_partition(pdev, i))
			continue;
		pdev->instances[i][vdev->instances[i]].vdev = vdev;
		reset(pdev, i, vdev->instances[i]);
	}
	return true;
}

void vpio_partition_reset(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u32 i;

	for (i = 0; vdev->attached && i < pdev->model.header->engines.count; i++) {
		if (is_partition(pdev, i))
			reset(pdev, i, vdev->instances[i]);
	}
}

void vpio_partition_release(struct vpio_vdev *vdev)
{
	struct vpio_pdev *pdev = vdev->pdev;
	u32 i;

	for (i = 0; vdev->attached && i < pdev->model.header->engines.count; i++) {
		if (!is_partition(pdev, i))
			continue;
		pdev->instances[i][vdev->instances[i]].vdev = NULL;
		reset(pdev, i, vdev->instances[i]);
	}
}

void vpio_partition_reset_all(struct vpio_pdev *pdev)
{
	u32 i, n;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		for (n = 0; is_partition(pdev, i) && n < engine_at(pdev, i)->depth; n++) {
			struct vpio_instance *instance = &pdev->instances[i][n];

			if (instance->working && instance->vdev)
				vpio_start_end(instance->vdev, i, 1);
			reset(pdev, i, n);
		}
	}
}

void vpio_partition_restore_all(struct vpio_pdev *pdev)
{
	u32 i, n;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		for (n = 0; is_partition(pdev, i) && n < engine_at(pdev, i)->depth; n++) {
			if (!pdev->instances[i][n].vdev)
				continue;
			vpio_vm_run_instance(pdev, i, n, VPB_ON_RECOVER, 0);
			settle(pdev, i, n);
		}
	}
}

bool vpio_partition_interrupt(struct vpio_pdev *pdev)
{
	bool found = false;
	u32 i, n;

	for (i = 0; i < pdev->model.header->engines.count; i++) {
		for (n = 0; is_partition(pdev, i) && n < engine_at(pdev, i)->depth; n++) {
			if (pdev->instances[i][n].vdev || pdev->instances[i][n].settling)
				found |= vpio_vm_run_instance(pdev, i, n, VPB_ON_INSTANCE_INTERRUPT,
							      0) != 0;
		}
	}
	return found;
}

void vpio_partition_begin(struct vpio_vdev *vdev, u32 engine)
{
	struct vpio_pdev *pdev = vdev->pdev;
	struct vpio_instance *instance = &pdev->instances[engine][vdev->instances[engine]];

	instance->working = true;
	instance->since = pdev->ops->now(pdev);
}

void vpio_partition_finish(struct vpio_pdev *pdev, u32 engine, u32 number, u8 status)
{
	struct vpio_instance *instance = &pdev->instances[engine][number];

	if (!instance->working || !instance->vdev)
		return;
	instance->working = false;
	vpio_start_end(instance->vdev, engine, status);
}
