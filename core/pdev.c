// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
/*
 * The physical device: bringing it up, its interrupts, and the clock that looks after it. What is
 * done on the hardware is the model's; when it is done is decided here.
 */
#include "state.h"

enum {
	/* handlers of one interrupt, so that a device that never ends does not hold the worker */
	MOST_CAUSES = 16,
	/* rounds of interrupts for nothing, in a row, that are a storm */
	STORM = 64,
	/* looks for ends of what was just started, each of which lets something more start */
	MOST_LOOKS = 64,
	/* starts after which it is tried again whether the hardware is as quick as that */
	PROBE = 32,
};

size_t vpio_pdev_size(const struct vpio_model *model)
{
	return vpio_align(sizeof(struct vpio_pdev)) +
	       vpio_align(model->header->state_size[VPB_HOST]) + vpio_places_size(model) +
	       model->header->code.count * sizeof(struct vpb_insn) +
	       model->header->ports.count * 2 * sizeof(struct vpio_way) + VPB_MAX_FRAME;
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
	pdev->ways = (struct vpio_way *)(pdev->code + header->code.count);
	vpio_decode_ports(model, pdev->ways);
	vpio_places_init(pdev, pdev->ways + 2 * header->ports.count);
	pdev->gather.capacity = VPB_MAX_FRAME;
	for (i = 0; i < header->irqs.count; i++) {
		const struct vpb_irq *irq = &model->irqs[i];

		pdev->irqs[i].cause = &model->vars[model->regs[irq->cause].var];
		if (irq->mask != VPB_NONE)
			pdev->irqs[i].mask = &model->vars[model->regs[irq->mask].var];
	}
	pdev->slot_size = vpio_job_slot_size(model);
	pdev->quantum = VPIO_QUANTUM_US * 1000ull;
	pdev->patience = VPIO_POLL_US * 1000ull;
}

void vpio_pdev_start(struct vpio_pdev *pdev)
{
	pdev->closed = false;
	pdev->suspicious = false;
	pdev->failures = 0;
	pdev->futile = 0;
	pdev->prompt = false;
	reset_variables(pdev);
	vpio_vm_run(pdev, NULL, pdev->model.header->on[VPB_ON_START], NULL, 0, 0, 0);
	vpio_partition_reset_all(pdev);
	pdev->ticked = pdev->ops->now(pdev);
	pdev->started = true;
}

void vpio_pdev_stop(struct vpio_pdev *pdev)
{
	pdev->started = false;
	vpio_pdev_quiesce(pdev);
}

void vpio_pdev_quiesce(struct vpio_pdev *pdev)
{
	u32 i;

	vpio_partition_reset_all(pdev);
	vpio_vm_run(pdev, NULL, pdev->model.header->on[VPB_ON_STOP], NULL, 0, 0, 0);
	for (i = 0; i < pdev->model.header->engines.count; i++) {
		while (pdev->queues[i].count)
			vpio_job_finish(pdev, i, 1);
	}
}

/*
 * Counts rounds that were for nothing: an interrupt without a cause, or causes without end by which
 * hardly anything is done. A storm is over when a round was another, but one that comes back at once
 * is the same storm: so a line that is stuck is tried once in a tick.
 */
static void watch_storm(struct vpio_pdev *pdev, bool is_futile, bool interrupt)
{
	if (is_futile && pdev->futile < STORM)
		pdev->futile++;
	if (is_futile && pdev->futile == STORM && !pdev->storm) {
		pdev->storm = true;
		if (!pdev->trial)
			pdev->stats.storms++;
	} else if (!is_futile && pdev->storm) {
		pdev->storm = false;
		pdev->trial = true;
		pdev->futile = STORM - 1;
	} else if (!is_futile && interrupt) {
		pdev->trial = false;
		pdev->futile = 0;
	}
}

static bool handle_causes(struct vpio_pdev *pdev, bool interrupt)
{
	const u16 handler = pdev->model.header->on[VPB_ON_INTERRUPT];
	unsigned int i, useful = 0;
	u64 progress;
	bool found;

	for (i = 0; i < MOST_CAUSES; i++) {
		progress = pdev->progress;
		found = vpio_vm_run(pdev, NULL, handler, NULL, 0, 0, 0);
		found |= vpio_partition_interrupt(pdev);
		if (!found || !vpio_health_answers(pdev))
			break;
		useful += progress != pdev->progress;
	}
	pdev->again = i == MOST_CAUSES;
	watch_storm(pdev, pdev->again ? useful < MOST_CAUSES / 2 : interrupt && !i, interrupt);
	if (pdev->again && !pdev->storm)
		pdev->ops->wake_pdev(pdev);
	return i > 0;
}

/* Handles causes, if there is a reason to look for them. */
static bool look(struct vpio_pdev *pdev, bool interrupt, bool tick)
{
	const bool again = pdev->again || pdev->storm || pdev->polling;
	bool found;

	if (!tick && (pdev->storm || !(interrupt || pdev->again || pdev->late || pdev->polling)))
		return false;
	pdev->looked = true;
	pdev->late = false;
	found = handle_causes(pdev, interrupt);
	if (interrupt && found)
		pdev->stats.interrupts++;
	else if (interrupt && !pdev->polled_for)
		pdev->stats.spurious++;
	else if (found && !again)
		pdev->stats.lost++;
	vpio_pace_looked(pdev, interrupt, found);
	return found;
}

/*
 * Prompt hardware has ended a job before it has answered the access that started it, as emulated
 * devices do. Then each end is found by looking for it, and need not interrupt. How the hardware is
 * shows by trying now and then.
 */
static void set_prompt(struct vpio_pdev *pdev, bool prompt)
{
	u32 i;

	if (pdev->prompt == prompt)
		return;
	pdev->prompt = prompt;
	for (i = 0; i < pdev->model.header->engines.count; i++)
		vpio_vm_run(pdev, NULL, pdev->model.engines[i].on[VPB_ON_MASK], NULL, prompt, 0, 0);
}

/*
 * Looks for ends of jobs. An interrupt that they have raised finds nothing then, and is excused.
 * False: there is none.
 */
static bool poll_jobs(struct vpio_pdev *pdev)
{
	const struct vpio_model *model = &pdev->model;
	const u64 progress = pdev->progress;
	bool by_cause = false;
	u32 i;

	for (i = 0; i < model->header->engines.count; i++) {
		if (!pdev->queues[i].count)
			continue;
		if (model->engines[i].on[VPB_ON_POLL] == VPB_NONE)
			by_cause = true;
		else
			vpio_vm_run(pdev, NULL, model->engines[i].on[VPB_ON_POLL], NULL, 0, 0, 0);
	}
	if (by_cause)
		vpio_vm_run(pdev, NULL, model->header->on[VPB_ON_INTERRUPT], NULL, 0, 0, 0);
	if (progress == pdev->progress)
		return false;
	pdev->polled_for = true;
	pdev->futile -= pdev->futile > 0;
	return true;
}

/* What is late is recovered if it is so still when causes and ends have been looked for. */
static void meet_deadlines(struct vpio_pdev *pdev, u64 now)
{
	vpio_slice_advance(pdev);
	vpio_job_expire(pdev, now);
	if (!pdev->late || pdev->storm)
		return;
	look(pdev, false, false);
	poll_jobs(pdev);
	vpio_slice_advance(pdev);
	vpio_job_expire(pdev, now);
}

/*
 * Starts what can be started. Where more waits than the hardware takes, or the hardware is prompt,
 * some of it has ended already: to look at once costs less than an interrupt, and its worker's run.
 */
static void start_jobs(struct vpio_pdev *pdev)
{
	bool probe, found;
	unsigned int i;

	/* in a storm nobody looks for ends but by causes, at ticks */
	if (pdev->storm)
		set_prompt(pdev, false);
	vpio_job_start(pdev);
	if (pdev->storm || !vpio_job_is_running(pdev))
		return;
	probe = pdev->prompt || !(++pdev->starts % PROBE);
	for (i = 0; i < MOST_LOOKS && (probe || vpio_job_is_full(pdev)); i++) {
		found = poll_jobs(pdev);
		if (probe)
			set_prompt(pdev, !vpio_job_is_running(pdev));
		if (!found)
			break;
		vpio_job_start(pdev);
		if (!vpio_job_is_running(pdev))
			return;
	}
	/* nobody has looked for the ends of what was started last */
	if (i == MOST_LOOKS)
		set_prompt(pdev, false);
	if (pdev->suspicious)
		pdev->ops->wake_pdev(pdev);
	vpio_pace_started(pdev);
}

void vpio_pdev_start_jobs(struct vpio_pdev *pdev)
{
	if (!pdev->started || pdev->health != VPIO_WORKING || pdev->closed || pdev->suspicious ||
	    pdev->storm) {
		pdev->ops->wake_pdev(pdev);
		return;
	}
	start_jobs(pdev);
	vpio_pace_stir(pdev);
}

bool vpio_pdev_run(struct vpio_pdev *pdev, bool interrupt)
{
	bool found, tick;
	u64 now;

	if (!pdev->started || vpio_health_is_down(pdev))
		return false;
	pdev->stats.runs++;
	now = pdev->ops->now(pdev);
	tick = now - pdev->ticked >= VPIO_TICK_MS * 1000000ull;
	found = look(pdev, interrupt, tick);
	if (tick) {
		pdev->ticked = now;
		pdev->suspicious = true; /* not everywhere does what is gone read as all ones */
		vpio_pace_tick(pdev);
		vpio_vm_run(pdev, NULL, pdev->model.header->on[VPB_ON_TICK], NULL, 0, 0, 0);
	}
	if (!vpio_health_is_down(pdev))
		meet_deadlines(pdev, now);
	if (!vpio_health_is_down(pdev))
		start_jobs(pdev);
	pdev->looked = false;
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
