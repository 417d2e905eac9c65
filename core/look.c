// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * A look at the engines, for people: who has each, and what waits for it. Nothing depends on it.
 */
#include "state.h"

/* Frames of a vdev that wait for a host engine. */
static u32 queued(const struct vpio_vdev *vdev, u32 engine)
{
	u32 i, count = 0;

	for (i = 0; i < VPIO_TX_SLOTS; i++) {
		if (vdev->slots[i].state == VPIO_SLOT_QUEUED && vdev->slots[i].engine == engine)
			count++;
	}
	return count;
}

static u32 waiting(const struct vpio_pdev *pdev, u32 engine)
{
	const bool is_host = pdev->model.engines[engine].discipline == VPB_HOSTED;
	u32 i, count = 0;

	for (i = 0; i < pdev->count; i++)
		count += is_host ? queued(pdev->vdevs[i], engine)
				 : pdev->vdevs[i]->starts[engine].pending;
	return count;
}

static void look_at_slice(struct vpio_pdev *pdev, u32 engine, struct vpio_engine_look *look)
{
	look->discipline = "slice";
	look->owner = pdev->slices[engine].owner;
	look->running = look->owner != NULL;
	look->depth = 1;
	look->phase = vpio_slice_life(pdev, engine);
}

static void look_at_partition(const struct vpio_pdev *pdev, u32 engine,
			      struct vpio_engine_look *look)
{
	u32 i;

	look->discipline = "partition";
	for (i = 0; i < look->depth; i++)
		look->running += pdev->instances[engine][i].working;
	look->phase = look->running ? "working" : "idle";
}

static void look_at_queue(const struct vpio_queue *queue, struct vpio_engine_look *look)
{
	look->discipline = "host";
	look->running = queue->count;
	if (queue->count)
		look->owner = queue->flights[queue->first].vdev;
	look->phase = look->running ? "working" : "idle";
}

bool vpio_pdev_look(struct vpio_pdev *pdev, u32 engine, struct vpio_engine_look *look)
{
	const struct vpb_engine *model;

	if (engine >= pdev->model.header->engines.count)
		return false;
	model = &pdev->model.engines[engine];
	*look = (struct vpio_engine_look){
		.name = vpio_model_string(&pdev->model, model->name),
		.waiting = waiting(pdev, engine),
		.depth = model->depth,
	};
	if (model->discipline == VPB_SLICED)
		look_at_slice(pdev, engine, look);
	else if (model->discipline == VPB_PARTITIONED)
		look_at_partition(pdev, engine, look);
	else
		look_at_queue(&pdev->queues[engine], look);
	return true;
}
