// SPDX-License-Identifier: GPL-2.0
/*
 * The physical device: a PCI function bound through driver_override. Its model, its registers, its
 * DMA memories, its interrupt, and the worker that does on the hardware what the core wants done.
 *
 * There is no table of PCI ids: what the driver supports is what there are models for.
 */
#include <linux/dma-mapping.h>
#include <linux/firmware.h>
#include <linux/interrupt.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/module.h>

#include "compat.h"
#include "vpio.h"

/* --- What the core is given -------------------------------------------------------------- */

/*
 * A register, or NULL if there is none. A verified model stays within its windows, whose BARs are
 * checked by map_bars(); this is the second bolt on that door, and keeps off what not every
 * processor can do to a device.
 */
static void __iomem *find_register(struct vpio_pci *pci, unsigned int bar, u32 offset,
				   unsigned int width)
{
	if (bar >= ARRAY_SIZE(pci->bars) || !pci->live)
		return NULL;
	if (offset >= pci->bars[bar].size || width > pci->bars[bar].size - offset)
		return NULL;
	if (offset & (width - 1))
		return NULL;
	return pci->bars[bar].map + offset;
}

static u64 hw_read(struct vpio_pdev *core, unsigned int bar, u32 offset, unsigned int width)
{
	struct vpio_pci *pci = vpio_pdev_priv(core);
	void __iomem *reg = find_register(pci, bar, offset, width);

	lockdep_assert_held(&pci->lock);
	switch (reg ? width : 0) {
	case 1:
		return ioread8(reg);
	case 2:
		return ioread16(reg);
	case 4:
		return ioread32(reg);
	case 8:
		return ioread64(reg);
	default:
		return ~0ull;
	}
}

static void hw_write(struct vpio_pdev *core, unsigned int bar, u32 offset, unsigned int width,
		     u64 value)
{
	struct vpio_pci *pci = vpio_pdev_priv(core);
	void __iomem *reg = find_register(pci, bar, offset, width);

	lockdep_assert_held(&pci->lock);
	switch (reg ? width : 0) {
	case 1:
		iowrite8(value, reg);
		break;
	case 2:
		iowrite16(value, reg);
		break;
	case 4:
		iowrite32(value, reg);
		break;
	case 8:
		iowrite64(value, reg);
		break;
	}
}

static u64 now(struct vpio_pdev *core)
{
	return ktime_get_ns();
}

static void wake_pdev(struct vpio_pdev *core)
{
	struct vpio_pci *pci = vpio_pdev_priv(core);

	queue_work(pci->workers, &pci->run);
}

static void lock(struct vpio_pdev *core)
{
	struct vpio_pci *pci = vpio_pdev_priv(core);

	mutex_lock(&pci->lock);
}

static void unlock(struct vpio_pdev *core)
{
	struct vpio_pci *pci = vpio_pdev_priv(core);

	mutex_unlock(&pci->lock);
}

static void mem_barrier(void)
{
	dma_mb();
}

/* It is there, and decodes its registers: a card that was reset behind our back does not. */
static bool is_present(struct vpio_pdev *core)
{
	struct vpio_pci *pci = vpio_pdev_priv(core);
	u16 command = 0;

	if (!pci_device_is_present(pci->pdev))
		return false;
	pci_read_config_word(pci->pdev, PCI_COMMAND, &command);
	return command & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
}

static void health(struct vpio_pdev *core, enum vpio_health health)
{
	struct vpio_pci *pci = vpio_pdev_priv(core);

	switch (health) {
	case VPIO_WORKING:
		pci_info(pci->pdev, "works again\n");
		break;
	case VPIO_BROKEN:
		pci_clear_master(pci->pdev);
		pci_err(pci->pdev,
			"broken: reset again and again, and no work ends; out of service until 'revive' is written to vpio/state\n");
		break;
	case VPIO_GONE:
		pci_err(pci->pdev, "gone: it does not answer; out of service\n");
		break;
	}
}

static const struct vpio_ops ops = {
	.hw_read = hw_read,
	.hw_write = hw_write,
	.guest_read = vpio_mdev_guest_read,
	.guest_write = vpio_mdev_guest_write,
	.irq = vpio_mdev_set_level,
	.now = now,
	.wake_pdev = wake_pdev,
	.wake_vdev = vpio_mdev_wake,
	.wake_vdev_at = vpio_mdev_wake_at,
	.lock = lock,
	.unlock = unlock,
	.report = vpio_mdev_report,
	.violation = vpio_policy_violation,
	.mem_barrier = mem_barrier,
	.is_present = is_present,
	.health = health,
};

/* --- The interrupt and the worker -------------------------------------------------------- */

/* Whether somebody has let interrupts of a silenced line in, by the command register, say. */
static bool silence_again(struct vpio_pci *pci)
{
	u16 command = PCI_COMMAND_INTX_DISABLE;

	pci_read_config_word(pci->pdev, PCI_COMMAND, &command);
	return !(command & PCI_COMMAND_INTX_DISABLE) && pci_check_and_mask_intx(pci->pdev);
}

static irqreturn_t handle_interrupt(int irq, void *data)
{
	struct vpio_pci *pci = data;

	switch (pci->irq_kind) {
	case VPIO_PCI_IRQ_INTX:
		/* The line may be shared, and while ours is silenced somebody else has called. */
		if (test_bit(VPIO_PCI_SILENCED, &pci->flags))
			return silence_again(pci) ? IRQ_HANDLED : IRQ_NONE;
		if (!pci_check_and_mask_intx(pci->pdev))
			return IRQ_NONE;
		set_bit(VPIO_PCI_SILENCED, &pci->flags);
		break;
	case VPIO_PCI_IRQ_EXCLUSIVE:
		disable_irq_nosync(irq);
		set_bit(VPIO_PCI_SILENCED, &pci->flags);
		break;
	default:
		break;
	}
	set_bit(VPIO_PCI_INTERRUPTED, &pci->flags);
	queue_work(pci->workers, &pci->run);
	return IRQ_HANDLED;
}

/* Let the next interrupt in, after one has been handled. */
static void let_interrupts_in(struct vpio_pci *pci)
{
	if (!test_bit(VPIO_PCI_SILENCED, &pci->flags))
		return;
	clear_bit(VPIO_PCI_SILENCED, &pci->flags);
	if (pci->irq_kind == VPIO_PCI_IRQ_EXCLUSIVE) {
		enable_irq(pci->irq);
	} else if (!pci_check_and_unmask_intx(pci->pdev)) {
		/* Up again, or still: saves an interrupt. */
		set_bit(VPIO_PCI_SILENCED, &pci->flags);
		set_bit(VPIO_PCI_INTERRUPTED, &pci->flags);
		queue_work(pci->workers, &pci->run);
	}
}

/*
 * No more interrupts until the core says so: it polls, or they have no end, or the device is out of
 * service. A line that is silenced is left so; messages are masked. Only the worker calls this.
 */
static void mute(struct vpio_pci *pci, bool on)
{
	if (on == pci->muted)
		return;
	pci->muted = on;
	if (pci->irq_kind == VPIO_PCI_IRQ_MSI && on)
		disable_irq(pci->irq);
	else if (pci->irq_kind == VPIO_PCI_IRQ_MSI)
		enable_irq(pci->irq);
	if (!on)
		let_interrupts_in(pci);
}

static enum hrtimer_restart handle_due(struct hrtimer *timer)
{
	struct vpio_pci *pci = container_of(timer, struct vpio_pci, due);

	queue_work(pci->workers, &pci->run);
	return HRTIMER_NORESTART;
}

/* Lets the worker run when the core says, and not before, unless somebody asks for it. */
static void arm(struct vpio_pci *pci)
{
	u64 due = vpio_pdev_due(pci->core);

	lockdep_assert_held(&pci->lock);
	if (!due && pci->irq_kind == VPIO_PCI_IRQ_NONE)
		due = now(pci->core) + VPIO_TICK_MS * NSEC_PER_MSEC;
	if (due)
		hrtimer_start_range_ns(&pci->due, ns_to_ktime(due), VPIO_PCI_SLACK_NS,
				       HRTIMER_MODE_ABS);
	else
		hrtimer_try_to_cancel(&pci->due);
}

static void run(struct work_struct *work)
{
	struct vpio_pci *pci = container_of(work, struct vpio_pci, run);
	const bool interrupted = test_and_clear_bit(VPIO_PCI_INTERRUPTED, &pci->flags);
	bool mutes = false, live;
	u64 count;

	mutex_lock(&pci->lock);
	live = pci->live;
	if (live) {
		vpio_pdev_run(pci->core, interrupted);
		arm(pci);
		mutes = vpio_pdev_mutes(pci->core);
	}
	count = vpio_pdev_stats(pci->core)->storms;
	mutex_unlock(&pci->lock);
	if (!live)
		return;
	if (pci->storms != count)
		pci_warn(
			pci->pdev,
			"interrupts without end, for nothing: looked at every %u ms until it is quiet\n",
			VPIO_TICK_MS);
	pci->storms = count;
	mute(pci, mutes);
	if (interrupted && !pci->muted)
		let_interrupts_in(pci);
}

/* --- Binding ----------------------------------------------------------------------------- */

static int load_model(struct vpio_pci *pci)
{
	struct pci_dev *pdev = pci->pdev;
	const struct firmware *firmware;
	struct vpio_error error;
	char name[32];
	int ret;

	snprintf(name, sizeof(name), "vpio/%04x-%04x.vpb", pdev->vendor, pdev->device);
	ret = request_firmware(&firmware, name, &pdev->dev);
	if (ret) {
		pci_err(pdev,
			"no model: looked for the firmware file %s (error %d); compile one with 'vpio model compile' and put it there\n",
			name, ret);
		return -ENOENT;
	}
	pci->block = kvmalloc(firmware->size, GFP_KERNEL);
	ret = -ENOMEM;
	if (!pci->block)
		goto out;
	memcpy(pci->block, firmware->data, firmware->size);
	ret = -EINVAL;
	if (vpio_model_load(&pci->model, pci->block, firmware->size, &error)) {
		pci_err(pdev, "model %s refused at byte %u: %s; compile it again from its source\n",
			name, error.offset, error.reason);
	} else if (pci->model.header->vendor != pdev->vendor ||
		   pci->model.header->device != pdev->device) {
		pci_err(pdev, "model %s is for another device, %04x:%04x\n", name,
			pci->model.header->vendor, pci->model.header->device);
	} else {
		ret = 0;
	}
out:
	release_firmware(firmware);
	return ret;
}

/* The BARs through which the model reaches the hardware, whole windows of them. */
static int map_bars(struct vpio_pci *pci)
{
	const struct vpb_header *header = pci->model.header;
	u32 i;

	for (i = 0; i < header->bars.count; i++) {
		const struct vpb_bar *bar = &pci->model.bars[i];
		const struct vpb_window *window = &pci->model.windows[bar->window];
		const bool io = pci_resource_flags(pci->pdev, bar->index) & IORESOURCE_IO;

		if (window->hw_bar != bar->index)
			continue;
		if (io != bar->io || pci_resource_len(pci->pdev, bar->index) < window->size) {
			pci_err(pci->pdev,
				"BAR %u is not what model %s says: expected %u bytes of %s\n",
				bar->index, vpio_model_string(&pci->model, header->name),
				window->size, bar->io ? "I/O ports" : "memory");
			return -ENODEV;
		}
		pci->bars[bar->index].map = pci_iomap(pci->pdev, bar->index, window->size);
		if (!pci->bars[bar->index].map)
			return -ENOMEM;
		pci->bars[bar->index].size = window->size;
	}
	return 0;
}

static void unmap_bars(struct vpio_pci *pci)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pci->bars); i++) {
		if (pci->bars[i].map)
			pci_iounmap(pci->pdev, pci->bars[i].map);
		pci->bars[i].map = NULL;
	}
}

/* dma_alloc_coherent() aligns to the size, rounded up to a power of two, and so to less. */
static size_t dma_bytes(const struct vpio_pci *pci, u32 i)
{
	return max(pci->model.dmas[i].size, pci->model.dmas[i].align);
}

static int alloc_dmas(struct vpio_pci *pci)
{
	dma_addr_t bus;
	u32 i;

	for (i = 0; i < pci->model.header->dmas.count; i++) {
		pci->dmas[i].memory =
			dma_alloc_coherent(&pci->pdev->dev, dma_bytes(pci, i), &bus, GFP_KERNEL);
		if (!pci->dmas[i].memory)
			return -ENOMEM;
		pci->dmas[i].bus = bus;
	}
	return 0;
}

static void free_dmas(struct vpio_pci *pci)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pci->dmas); i++) {
		if (pci->dmas[i].memory)
			dma_free_coherent(&pci->pdev->dev, dma_bytes(pci, i), pci->dmas[i].memory,
					  pci->dmas[i].bus);
		pci->dmas[i].memory = NULL;
	}
}

static int get_irq(struct vpio_pci *pci)
{
	struct pci_dev *pdev = pci->pdev;
	unsigned int kinds = PCI_IRQ_INTX;
	unsigned long flags = 0;
	int ret;

	if (pci->model.header->msi)
		kinds |= PCI_IRQ_MSI;
	if (pci_alloc_irq_vectors(pdev, 1, 1, kinds) < 1) {
		pci_warn(pdev, "no interrupt: looked at every %u ms\n", VPIO_TICK_MS);
		pci->irq_kind = VPIO_PCI_IRQ_NONE;
		return 0;
	}
	pci->irq = pci_irq_vector(pdev, 0);
	if (pci_dev_msi_enabled(pdev)) {
		pci->irq_kind = VPIO_PCI_IRQ_MSI;
	} else if (pci_intx_mask_supported(pdev)) {
		pci->irq_kind = VPIO_PCI_IRQ_INTX;
		flags = IRQF_SHARED;
	} else {
		pci->irq_kind = VPIO_PCI_IRQ_EXCLUSIVE;
	}
	ret = request_irq(pci->irq, handle_interrupt, flags, "vpio", pci);
	if (ret) {
		pci_err(pdev, "interrupt %u is not to be had (error %d)%s\n", pci->irq, ret,
			flags ? "" : "; the device cannot share it: move the card to another slot");
		pci_free_irq_vectors(pdev);
		pci->irq_kind = VPIO_PCI_IRQ_NONE;
	}
	return ret;
}

static void put_irq(struct vpio_pci *pci)
{
	if (pci->irq_kind == VPIO_PCI_IRQ_NONE)
		return;
	free_irq(pci->irq, pci);
	pci_free_irq_vectors(pci->pdev);
}

static int make_core(struct vpio_pci *pci)
{
	pci->core = kvzalloc(vpio_pdev_size(&pci->model), GFP_KERNEL);
	if (!pci->core)
		return -ENOMEM;
	vpio_pdev_init(pci->core, &pci->model, &ops, pci->dmas, pci);
	return 0;
}

static void start(struct vpio_pci *pci)
{
	mutex_lock(&pci->lock);
	pci->live = true;
	vpio_pdev_start(pci->core);
	mutex_unlock(&pci->lock);
}

static void stop(struct vpio_pci *pci)
{
	mutex_lock(&pci->lock);
	vpio_pdev_stop(pci->core);
	pci->live = false;
	mutex_unlock(&pci->lock);
	put_irq(pci);
	hrtimer_cancel(&pci->due);
	cancel_work_sync(&pci->run);
}

/**
 * vpio_pci_revive() - bring a device that is out of service up again
 * @pci: the pdev
 *
 * The PCI function is reset by its bus first, if it can be. Nothing else touches its registers
 * meanwhile.
 *
 * Return: 0 or a negative error.
 */
int vpio_pci_revive(struct vpio_pci *pci)
{
	int ret = 0;

	if (vpio_pdev_health(pci->core) == VPIO_WORKING)
		return 0;
	if (pci_device_is_present(pci->pdev) && pci_try_reset_function(pci->pdev))
		pci_info(pci->pdev, "can't be reset by its bus: its model's reset must do\n");
	mutex_lock(&pci->lock);
	if (pci->live && vpio_pdev_health(pci->core) != VPIO_WORKING) {
		if (pci_reenable_device(pci->pdev))
			pci_warn(pci->pdev, "can't be enabled again\n");
		pci_set_master(pci->pdev);
		ret = vpio_pdev_revive(pci->core) ? -ENODEV : 0;
	}
	mutex_unlock(&pci->lock);
	queue_work(pci->workers, &pci->run);
	return ret;
}

static int register_type(struct vpio_pci *pci)
{
	const struct vpb_header *header = pci->model.header;

	pci->type.sysfs_name = vpio_model_string(&pci->model, header->name);
	pci->type.pretty_name = vpio_model_string(&pci->model, header->title);
	pci->types[0] = &pci->type;
	return mdev_register_parent(&pci->parent, &pci->pdev->dev, &vpio_mdev_driver, pci->types,
				    1);
}

static void release(struct kref *kref)
{
	struct vpio_pci *pci = container_of(kref, struct vpio_pci, kref);

	kvfree(pci->core);
	kvfree(pci->block);
	kfree(pci);
}

/**
 * vpio_pci_vdevs() - how many vdevs a pdev may have
 * @pci: the pdev
 *
 * As many as the module's parameter says, and as the device has instances of its partition engines.
 */
unsigned int vpio_pci_vdevs(const struct vpio_pci *pci)
{
	return min(vpio_max_vdevs(), vpio_model_vdevs(vpio_pdev_model(pci->core)));
}

/**
 * vpio_pci_get() - a vdev is made: count it
 * @pci: its pdev
 *
 * Return: 0, or -ENOSPC if there are as many as there may be.
 */
int vpio_pci_get(struct vpio_pci *pci)
{
	if (!atomic_add_unless(&pci->vdevs, 1, vpio_pci_vdevs(pci)))
		return -ENOSPC;
	kref_get(&pci->kref);
	return 0;
}

/**
 * vpio_pci_put() - a vdev has gone
 * @pci: its pdev
 */
void vpio_pci_put(struct vpio_pci *pci)
{
	atomic_dec(&pci->vdevs);
	kref_put(&pci->kref, release);
}

static struct vpio_pci *alloc(struct pci_dev *pdev)
{
	struct vpio_pci *pci = kzalloc(sizeof(*pci), GFP_KERNEL);

	if (!pci)
		return NULL;
	kref_init(&pci->kref);
	mutex_init(&pci->lock);
	pci->pdev = pdev;
	INIT_WORK(&pci->run, run);
	vpio_hrtimer_setup(&pci->due, handle_due);
	pci->workers = alloc_workqueue("vpio-%s", WQ_HIGHPRI | WQ_UNBOUND, 0, pci_name(pdev));
	return pci;
}

static int probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct vpio_pci *pci = alloc(pdev);
	int ret = -ENOMEM;

	if (!pci)
		return ret;
	if (!pci->workers)
		goto free;
	ret = load_model(pci);
	if (ret)
		goto free;
	ret = pci_enable_device(pdev);
	if (ret)
		goto free;
	ret = pci_request_regions(pdev, "vpio");
	if (ret)
		goto disable;
	ret = map_bars(pci);
	if (ret)
		goto unmap;
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(pci->model.header->dma_bits));
	if (ret)
		goto unmap;
	ret = alloc_dmas(pci);
	if (ret)
		goto free_dma;
	ret = make_core(pci);
	if (ret)
		goto free_dma;
	pci_set_master(pdev);
	ret = get_irq(pci);
	if (ret)
		goto clear;
	pci_set_drvdata(pdev, pci);
	start(pci);
	ret = register_type(pci);
	if (ret)
		goto stop;
	pci_info(pdev, "%s: up to %u virtual devices\n", pci->type.pretty_name,
		 vpio_pci_vdevs(pci));
	return 0;
stop:
	stop(pci);
clear:
	pci_clear_master(pdev);
free_dma:
	free_dmas(pci);
unmap:
	unmap_bars(pci);
	pci_release_regions(pdev);
disable:
	pci_disable_device(pdev);
free:
	if (pci->workers)
		destroy_workqueue(pci->workers);
	kref_put(&pci->kref, release);
	return ret;
}

/* All vdevs go first: mdev_unregister_parent() waits until their users have let go of them. */
static void remove(struct pci_dev *pdev)
{
	struct vpio_pci *pci = pci_get_drvdata(pdev);

	mdev_unregister_parent(&pci->parent);
	stop(pci);
	pci_clear_master(pdev);
	free_dmas(pci);
	unmap_bars(pci);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
	destroy_workqueue(pci->workers);
	kref_put(&pci->kref, release);
}

/* Matches nothing by itself: a device is bound by its driver_override. */
static const struct pci_device_id ids[] = {
	{ PCI_DEVICE_DRIVER_OVERRIDE(PCI_ANY_ID, PCI_ANY_ID, PCI_ID_F_VFIO_DRIVER_OVERRIDE) },
	{}
};

struct pci_driver vpio_pci_driver = {
	.name = "vpio",
	.id_table = ids,
	.probe = probe,
	.remove = remove,
	.dev_groups = vpio_pci_groups,
	.driver_managed_dma = false,
};
