// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The physical device: bringing it up, its interrupts, and the clock that looks after it. What is
 * done on the hardware is the model's; when it is done is decided here.
 */
#include "state.h"

enum {
	/* handlers of one interrupt, so that a device that never ends does not hold the worker */
	MOST_CAUSES = 16,
};

size_t vpio_pdev_size(const struct vpio_model *model)
{
	return vpio_align(sizeof(struct vpio_pdev)) +
	       vpio_align(model->header->state_size[VPB_HOST]) + vpio_places_size(model) +
	       model->header->code.count * sizeof(struct vpb_insn) + VPB_MAX_FRAME;
}

static void reset_variables(struct vpio_pdev *pdev)
{
	const struct vpio_model *model = &pdev->model;
	u32 i;

	for (i = 0; i < model->header->vars.count; i++) {
		if (model->vars[i].space == VPB_HOST)
			vpio_reset_variable(pdev->state, &model->vars[i]);
	}
}

void vpio_pdev_init(struct vpio_pdev *pdev, const struct vpio_model *model,
		    const struct vpio_ops *ops, const struct vpio_dma *dma, void *priv)
{
	const struct vpb_header *header = model->header;
	u32 i;

	pdev->model = *model;
	pdev->ops = ops;
	pdev->dma = dma;
	pdev->priv = priv;
	pdev->state = (u8 *)pdev + vpio_align(sizeof(*pdev));
	pdev->gather.data = pdev->state + vpio_align(header->state_size[VPB_HOST]);
	pdev->code = (struct vpb_insn *)(pdev->gather.data + VPB_MAX_FRAME);
	vpio_decode(model, pdev->code);
	vpio_places_init(pdev, pdev->code + header->code.count);
	pdev->gather.capacity = VPB_MAX_FRAME;
	for (i = 0; i < header->irqs.count; i++) {
		const struct vpb_irq *irq = &model->irqs[i];

		pdev->irqs[i].cause = &model->vars[model->regs[irq->cause].var];
		if (irq->mask != VPB_NONE)
			pdev->irqs[i].mask = &model->vars[model->regs[irq->mask].var];
	}
	pdev->slot_size = vpio_job_slot_size(model);
	pdev->quantum = VPIO_QUANTUM_US * 1000ull;
}

void vpio_pdev_start(struct vpio_pdev *pdev)
{
	reset_variables(pdev);
	vpio_vm_run(pdev, NULL, pdev->model.header->on[VPB_ON_START], NULL, 0, 0, 0);
	vpio_partition_reset_all(pdev);
	pdev->ticked = pdev->ops->now(pdev);
	pdev->started = true;
}

void vpio_pdev_stop(struct vpio_pdev *pdev)
{
	u32 i;

	pdev->started = false;
	vpio_partition_reset_all(pdev);
	vpio_vm_run(pdev, NULL, pdev->model.header->on[VPB_ON_STOP], NULL, 0, 0, 0);
	for (i = 0; i < pdev->model.header->engines.count; i++) {
		while (pdev->queues[i].count)
			vpio_job_finish(pdev, i, 1);
	}
}

static bool handle_causes(struct vpio_pdev *pdev)
{
	const u16 handler = pdev->model.header->on[VPB_ON_INTERRUPT];
	unsigned int i;
	bool found;

	for (i = 0; i < MOST_CAUSES; i++) {
		found = vpio_vm_run(pdev, NULL, handler, NULL, 0, 0, 0);
		found |= vpio_partition_interrupt(pdev);
		if (!found)
			break;
	}
	pdev->again = i == MOST_CAUSES;
	if (pdev->again)
		pdev->ops->wake_pdev(pdev);
	return i > 0;
}

bool vpio_pdev_run(struct vpio_pdev *pdev, bool interrupt)
{
	const bool again = pdev->again;
	bool found = false, tick;
	u64 now;

	if (!pdev->started)
		return false;
	now = pdev->ops->now(pdev);
	tick = now - pdev->ticked >= VPIO_TICK_MS * 1000000ull;
	if (interrupt || tick || again) {
		found = handle_causes(pdev);
		if (interrupt && found)
			pdev->stats.interrupts++;
		else if (interrupt)
			pdev->stats.spurious++;
		else if (found && !again)
			pdev->stats.lost++;
	}
	if (tick) {
		pdev->ticked = now;
		vpio_vm_run(pdev, NULL, pdev->model.header->on[VPB_ON_TICK], NULL, 0, 0, 0);
	}
	vpio_slice_advance(pdev);
	vpio_job_expire(pdev, now);
	vpio_job_start(pdev);
	return found;
}

unsigned int vpio_model_vdevs(const struct vpio_model *model)
{
	unsigned int most = VPIO_MAX_VDEVS;
	u32 i;

	for (i = 0; i < model->header->engines.count; i++) {
		if (model->engines[i].discipline == VPB_PARTITIONED &&
		    model->engines[i].depth < most)
			most = model->engines[i].depth;
	}
	return most;
}

void *vpio_pdev_priv(struct vpio_pdev *pdev)
{
	return pdev->priv;
}

const struct vpio_model *vpio_pdev_model(struct vpio_pdev *pdev)
{
	return &pdev->model;
}

const struct vpio_pdev_stats *vpio_pdev_stats(struct vpio_pdev *pdev)
{
	return &pdev->stats;
}
