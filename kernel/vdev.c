// SPDX-License-Identifier: GPL-2.0
/*
 * A virtual device: a mediated device that a VMM opens as a VFIO PCI device. Its regions, its life,
 * and what the core is given of its user's memory.
 *
 * Guest memory is reached by vfio_dma_rw() and nothing else: each access is translated by the
 * user's own mappings, under their lock, when it is made. So nothing stays pinned, and memory that
 * the user unmaps is out of reach from that moment on, also for work that is under way.
 */
#include <linux/jhash.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "trace.h"
#include "vpio.h"

enum {
	REGION_SHIFT = 40, /* of a file offset, as vfio-pci has it */
	CONFIG_SIZE = 256,
	ADDRESS = 6, /* bytes of a MAC address */
};

static struct vpio_mdev *mdev_of(struct vpio_vdev *core)
{
	return vpio_vdev_priv(core);
}

/**
 * vpio_mdev_name() - a vdev's name as a device: its UUID
 * @core: the vdev
 */
const char *vpio_mdev_name(struct vpio_vdev *core)
{
	return dev_name(mdev_of(core)->vfio.dev);
}

/* --- What the core is given -------------------------------------------------------------- */

/**
 * vpio_mdev_guest_read() - copy from guest memory; see vpio_ops.guest_read
 * @core: the vdev
 * @address: guest address
 * @data: filled in
 * @size: bytes
 */
int vpio_mdev_guest_read(struct vpio_vdev *core, u64 address, void *data, size_t size)
{
	struct vpio_mdev *vdev = mdev_of(core);

	lockdep_assert_held(&vdev->lock);
	return vfio_dma_rw(&vdev->vfio, address, data, size, false);
}

/**
 * vpio_mdev_guest_write() - copy to guest memory; see vpio_ops.guest_write
 * @core: the vdev
 * @address: guest address
 * @data: what to write
 * @size: bytes
 */
int vpio_mdev_guest_write(struct vpio_vdev *core, u64 address, const void *data, size_t size)
{
	struct vpio_mdev *vdev = mdev_of(core);

	lockdep_assert_held(&vdev->lock);
	return vfio_dma_rw(&vdev->vfio, address, (void *)data, size, true);
}

/**
 * vpio_mdev_set_level() - the vdev's interrupt line; see vpio_ops.irq
 * @core: the vdev
 * @level: up
 */
void vpio_mdev_set_level(struct vpio_vdev *core, bool level)
{
	struct vpio_mdev *vdev = mdev_of(core);

	trace_vpio_line(dev_name(vdev->vfio.dev), level);
	vpio_irq_set_level(&vdev->irq, level);
}

/**
 * vpio_mdev_wake() - let the vdev's worker run; see vpio_ops.wake_vdev
 * @core: the vdev
 */
void vpio_mdev_wake(struct vpio_vdev *core)
{
	struct vpio_mdev *vdev = mdev_of(core);

	kthread_queue_work(vdev->worker, &vdev->run);
	wake_up(&vdev->waiting);
}

/**
 * vpio_mdev_wake_at() - let the vdev's worker run at a time; see vpio_ops.wake_vdev_at
 * @core: the vdev
 * @time: as ktime_get_ns() has it
 */
void vpio_mdev_wake_at(struct vpio_vdev *core, u64 time)
{
	struct vpio_mdev *vdev = mdev_of(core);

	lockdep_assert_held(&vdev->lock);
	hrtimer_start(&vdev->due, ns_to_ktime(time), HRTIMER_MODE_ABS);
}

static enum hrtimer_restart handle_due(struct hrtimer *timer)
{
	struct vpio_mdev *vdev = container_of(timer, struct vpio_mdev, due);

	if (vpio_vdev_holds(vdev->core))
		kthread_queue_work(vdev->worker, &vdev->run);
	return HRTIMER_NORESTART;
}

/**
 * vpio_mdev_report() - log a refusal, at most one a second; see vpio_ops.report
 * @core: the vdev
 * @refusal: why
 * @address: guest address or register
 * @size: bytes
 */
void vpio_mdev_report(struct vpio_vdev *core, enum vpio_refusal refusal, u64 address, u64 size)
{
	struct vpio_mdev *vdev = mdev_of(core);

	trace_vpio_refusal(dev_name(vdev->vfio.dev), vpio_refusal_name(refusal), address, size);
	if (__ratelimit(&vdev->reports))
		pr_warn("vpio %s: refused %s at address %#llx size %llu: %s\n",
			dev_name(vdev->vfio.dev), vpio_refusal_name(refusal), address, size,
			vpio_refusal_meaning(refusal));
}

static void run(struct kthread_work *work)
{
	struct vpio_mdev *vdev = container_of(work, struct vpio_mdev, run);

	mutex_lock(&vdev->lock);
	if (vdev->open && vpio_vdev_run(vdev->core))
		kthread_queue_work(vdev->worker, &vdev->run);
	mutex_unlock(&vdev->lock);
}

/* --- Regions ----------------------------------------------------------------------------- */

static const struct vpb_bar *find_bar(struct vpio_mdev *vdev, unsigned int region)
{
	const struct vpio_model *model = &vdev->pci->model;
	u32 i;

	for (i = 0; i < model->header->bars.count; i++) {
		if (model->bars[i].index == region)
			return &model->bars[i];
	}
	return NULL;
}

static u64 region_size(struct vpio_mdev *vdev, unsigned int region)
{
	const struct vpb_bar *bar = find_bar(vdev, region);

	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		return CONFIG_SIZE;
	return bar ? bar->size : 0;
}

static int do_access(struct vpio_mdev *vdev, unsigned int region, u64 offset, void *data,
		     size_t size, bool write)
{
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		return write ? vpio_vdev_config_write(vdev->core, offset, data, size)
			     : vpio_vdev_config_read(vdev->core, offset, data, size);
	return write ? vpio_vdev_write(vdev->core, region, offset, data, size)
		     : vpio_vdev_read(vdev->core, region, offset, data, size);
}

/* By which of the counters an access has moved. */
static const char *served_by(const struct vpio_vdev_stats *before,
			     const struct vpio_vdev_stats *now)
{
	if (now->hooks != before->hooks)
		return "hook";
	if (now->direct != before->direct)
		return "direct";
	return now->answered != before->answered ? "state" : "config";
}

static const char *refused_as(const struct vpio_vdev_stats *before,
			      const struct vpio_vdev_stats *now)
{
	unsigned int i;

	for (i = 0; now->refusals != before->refusals && i < VPIO_REFUSALS; i++) {
		if (now->refused[i] != before->refused[i])
			return vpio_refusal_name(i);
	}
	return "-";
}

/* The same, and what it met for the trace. */
static int do_traced(struct vpio_mdev *vdev, unsigned int region, u64 offset, void *data,
		     size_t size, bool write, u64 begun)
{
	const struct vpio_vdev_stats *now = vpio_vdev_stats(vdev->core);
	const struct vpio_vdev_stats before = *now;
	const int ret = do_access(vdev, region, offset, data, size, write);

	if (!ret)
		trace_vpio_access(dev_name(vdev->vfio.dev), region, offset, data, size, write,
				  served_by(&before, now), refused_as(&before, now),
				  begun ? ktime_get_ns() - begun : 0);
	return ret;
}

static int access_locked(struct vpio_mdev *vdev, unsigned int region, u64 offset, void *data,
			 size_t size, bool write, u64 begun)
{
	lockdep_assert_held(&vdev->lock);
	if (trace_vpio_access_enabled())
		return do_traced(vdev, region, offset, data, size, write, begun);
	return do_access(vdev, region, offset, data, size, write);
}

static int try_access(struct vpio_mdev *vdev, unsigned int region, u64 offset, void *data,
		      size_t size, bool write, u64 begun)
{
	int ret;

	if (mutex_lock_killable(&vdev->lock))
		return -EINTR;
	ret = access_locked(vdev, region, offset, data, size, write, begun);
	mutex_unlock(&vdev->lock);
	return ret;
}

/**
 * vpio_mdev_access() - a guest's access to a BAR, from the vCPU, if that can be done at once
 * @vdev: open
 * @bar: its number
 * @address: the guest's, in memory or I/O space
 * @data: read or written, little-endian
 * @size: bytes: 1, 2, 4 or 8
 * @write: into the vdev
 *
 * Return: 0, or something else if nothing was done, and the user is to make the access. Locking: may
 * sleep; without the vdev's lock.
 */
int vpio_mdev_access(struct vpio_mdev *vdev, u32 bar, u64 address, void *data, size_t size,
		     bool write)
{
	const u64 begun = trace_vpio_access_enabled() ? ktime_get_ns() : 0;
	u64 base;
	int ret = -EINVAL;

	if (mutex_lock_killable(&vdev->lock))
		return -EINTR;
	/* what is before the BAR wraps, and so is past its end, which the core refuses */
	if (vpio_vdev_decodes(vdev->core, bar, &base))
		ret = access_locked(vdev, bar, address - base, data, size, write, begun);
	mutex_unlock(&vdev->lock);
	return ret;
}

/* An access that must wait for an engine lets the vCPU wait, not the vdev: its worker goes on. */
static int access_once(struct vpio_mdev *vdev, unsigned int region, u64 offset, void *data,
		       size_t size, bool write)
{
	const u64 begun = trace_vpio_access_enabled() ? ktime_get_ns() : 0;
	int ret;

	while ((ret = try_access(vdev, region, offset, data, size, write, begun)) == VPIO_WAIT) {
		if (wait_event_interruptible(vdev->waiting, !vpio_vdev_waits(vdev->core)))
			return -ERESTARTSYS;
	}
	return ret ? -EINVAL : 0;
}

/* The largest access that the core takes here: 8, 4, 2 or 1 bytes, aligned unless it is all. */
static size_t chunk(u64 offset, size_t count, bool whole)
{
	size_t size;

	if (whole && (count == 1 || count == 2 || count == 4 || count == 8))
		return count;
	for (size = 8; size > count || offset & (size - 1); size /= 2)
		;
	return size;
}

static ssize_t transfer(struct vpio_mdev *vdev, char __user *buffer, size_t count, loff_t *position,
			bool write)
{
	const unsigned int region = *position >> REGION_SHIFT;
	u64 offset = *position & ((1ull << REGION_SHIFT) - 1);
	u64 size = region_size(vdev, region);
	size_t done = 0, step;
	u64 data;
	int ret = 0;

	if (!size || offset >= size || count > size - offset)
		return -EINVAL;
	for (; done < count; done += step) {
		step = chunk(offset + done, count - done, !done);
		data = 0;
		ret = write && copy_from_user(&data, buffer + done, step) ? -EFAULT : 0;
		if (!ret)
			ret = access_once(vdev, region, offset + done, &data, step, write);
		if (!ret && !write && copy_to_user(buffer + done, &data, step))
			ret = -EFAULT;
		if (ret)
			break;
	}
	if (write && region == VFIO_PCI_CONFIG_REGION_INDEX)
		vpio_kvm_update(vdev);
	if (ret && (ret != -ERESTARTSYS || !done)) /* then, what is done must not be done again */
		return ret;
	*position += done;
	return done;
}

static ssize_t vdev_read(struct vfio_device *vfio, char __user *buffer, size_t count,
			 loff_t *position)
{
	return transfer(container_of(vfio, struct vpio_mdev, vfio), buffer, count, position, false);
}

static ssize_t vdev_write(struct vfio_device *vfio, const char __user *buffer, size_t count,
			  loff_t *position)
{
	return transfer(container_of(vfio, struct vpio_mdev, vfio), (char __user *)buffer, count,
			position, true);
}

/* --- ioctls ------------------------------------------------------------------------------ */

static int get_info(void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VFIO_PCI_NUM_REGIONS;
	info.num_irqs = VFIO_PCI_NUM_IRQS;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static int get_region_info(struct vpio_mdev *vdev, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_region_info, offset);
	struct vfio_region_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_PCI_NUM_REGIONS)
		return -EINVAL;
	info.size = region_size(vdev, info.index);
	info.offset = (u64)info.index << REGION_SHIFT;
	info.flags = info.size ? VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE : 0;
	info.cap_offset = 0;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static int get_irq_info(struct vpio_mdev *vdev, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_irq_info, count);
	struct vfio_irq_info info;

	if (copy_from_user(&info, arg, minsz))
		return -EFAULT;
	if (info.argsz < minsz || info.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	info.count = vpio_irq_count(&vdev->pci->model, info.index);
	info.flags = info.count ? vpio_irq_flags(info.index) : 0;
	return copy_to_user(arg, &info, minsz) ? -EFAULT : 0;
}

static int set_irqs(struct vpio_mdev *vdev, void __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_irq_set, count);
	struct vfio_irq_set set;
	size_t size = 0;
	void *data = NULL;
	int ret;

	if (copy_from_user(&set, arg, minsz))
		return -EFAULT;
	if (set.index >= VFIO_PCI_NUM_IRQS)
		return -EINVAL;
	ret = vfio_set_irqs_validate_and_prepare(&set, vpio_irq_count(&vdev->pci->model, set.index),
						 VFIO_PCI_NUM_IRQS, &size);
	if (ret)
		return ret;
	if (size) {
		data = memdup_user(arg + minsz, size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	ret = vpio_irq_set(&vdev->irq, &set, data);
	kfree(data);
	return ret;
}

static long vdev_ioctl(struct vfio_device *vfio, unsigned int command, unsigned long arg)
{
	struct vpio_mdev *vdev = container_of(vfio, struct vpio_mdev, vfio);
	void __user *user = (void __user *)arg;

	switch (command) {
	case VFIO_DEVICE_GET_INFO:
		return get_info(user);
	case VFIO_DEVICE_GET_REGION_INFO:
		return get_region_info(vdev, user);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return get_irq_info(vdev, user);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(vdev, user);
	case VFIO_DEVICE_RESET:
		if (mutex_lock_killable(&vdev->lock))
			return -EINTR;
		vpio_vdev_reset(vdev->core);
		mutex_unlock(&vdev->lock);
		return 0;
	default:
		return -ENOTTY;
	}
}

/* --- Life -------------------------------------------------------------------------------- */

static void be_mortal(struct kthread_work *work)
{
	allow_kernel_signal(SIGKILL);
}

/*
 * A thread of its own, which can be killed: when the user goes while the thread waits for guest
 * memory that the user stalls (userfaultfd, FUSE), nobody else would ever end that wait, and the
 * user's own end would wait for it.
 */
static int start_worker(struct vpio_mdev *vdev)
{
	struct kthread_worker *worker = kthread_run_worker(0, "vpio-%s", dev_name(vdev->vfio.dev));
	struct kthread_work mortal;

	if (IS_ERR(worker))
		return PTR_ERR(worker);
	kthread_init_work(&mortal, be_mortal);
	kthread_queue_work(worker, &mortal);
	kthread_flush_work(&mortal);
	kthread_init_work(&vdev->run, run);
	vdev->worker = worker;
	return 0;
}

static int attach(struct vpio_mdev *vdev)
{
	struct device *dev = vdev->vfio.dev;

	switch (vpio_vdev_attach(vdev->core)) {
	case VPIO_SAME_MAC:
		dev_err(dev,
			"vpio: another vdev of this card has MAC address %pM already: write another to vpio/mac\n",
			vpio_vdev_mac(vdev->core));
		return -EADDRINUSE;
	case VPIO_NO_INSTANCE:
		dev_err(dev,
			"vpio: each instance of an engine of this card is another vdev's, or works still for the last one: close a VM, or try again\n");
		return -EBUSY;
	case VPIO_TOO_MANY:
		dev_err(dev, "vpio: %u vdevs of this card are open already: close a VM\n",
			VPIO_MAX_VDEVS);
		return -EBUSY;
	}
	return 0;
}

static int vdev_open(struct vfio_device *vfio)
{
	struct vpio_mdev *vdev = container_of(vfio, struct vpio_mdev, vfio);
	int ret = start_worker(vdev);

	if (ret)
		return ret;
	mutex_lock(&vdev->lock);
	ret = attach(vdev);
	vdev->open = !ret;
	mutex_unlock(&vdev->lock);
	if (ret) {
		hrtimer_cancel(&vdev->due);
		kthread_destroy_worker(vdev->worker);
		return ret;
	}
	vpio_kvm_open(vdev);
	return 0;
}

static void vdev_close(struct vfio_device *vfio)
{
	struct vpio_mdev *vdev = container_of(vfio, struct vpio_mdev, vfio);

	send_sig(SIGKILL, vdev->worker->task, 1);
	vpio_kvm_close(vdev);
	mutex_lock(&vdev->lock);
	vdev->open = false;
	vpio_vdev_detach(vdev->core);
	mutex_unlock(&vdev->lock);
	hrtimer_cancel(&vdev->due);
	kthread_destroy_worker(vdev->worker);
	vpio_irq_close(&vdev->irq);
}

/* The card or the vdev is to go, and the user holds on to it: ask, and say so in the log. */
static void vdev_request(struct vfio_device *vfio, unsigned int count)
{
	struct vpio_mdev *vdev = container_of(vfio, struct vpio_mdev, vfio);
	bool asked = vpio_irq_tell(&vdev->irq, VFIO_PCI_REQ_IRQ_INDEX);

	if (!(count % 10))
		dev_notice_ratelimited(vfio->dev,
				       "vpio: waiting for the user of this vdev to release it%s\n",
				       asked ? "" : "; it does not listen: end the VM");
}

/* Nothing is ever pinned: there is nothing to let go of. Newer kernels want to be told so. */
static void vdev_dma_unmap(struct vfio_device *vfio, u64 iova, u64 length)
{
}

/*
 * A MAC address that is the vdev's own as long as its UUID is: locally administered, unicast, and
 * 40 bits of a hash of the UUID.
 */
static void make_mac(const guid_t *uuid, u8 *mac)
{
	const u32 high = jhash(uuid, sizeof(*uuid), 0);
	const u32 low = jhash(uuid, sizeof(*uuid), high);

	mac[0] = 0x02;
	mac[1] = high;
	mac[2] = low >> 24;
	mac[3] = low >> 16;
	mac[4] = low >> 8;
	mac[5] = low;
}

static int vdev_init(struct vfio_device *vfio)
{
	struct vpio_mdev *vdev = container_of(vfio, struct vpio_mdev, vfio);
	struct mdev_device *mdev = to_mdev_device(vfio->dev);
	struct vpio_pci *pci = container_of(mdev->type, struct vpio_pci, type);
	u8 mac[ADDRESS];
	int ret;

	ret = vpio_pci_get(pci);
	if (ret)
		return ret;
	vdev->pci = pci;
	vdev->core = kvzalloc(vpio_vdev_size(&pci->model), GFP_KERNEL);
	if (!vdev->core) {
		vpio_pci_put(pci);
		return -ENOMEM;
	}
	mutex_init(&vdev->lock);
	init_waitqueue_head(&vdev->waiting);
	vpio_irq_init(&vdev->irq);
	vpio_hrtimer_setup(&vdev->due, handle_due);
	vpio_policy_init(&vdev->policy);
	ratelimit_state_init(&vdev->reports, HZ, 1);
	ratelimit_set_flags(&vdev->reports, RATELIMIT_MSG_ON_RELEASE);
	make_mac(&mdev->uuid, mac);
	vpio_vdev_init(vdev->core, pci->core, mac, vdev);
	return 0;
}

static void vdev_release(struct vfio_device *vfio)
{
	struct vpio_mdev *vdev = container_of(vfio, struct vpio_mdev, vfio);
	struct vpio_pci *pci = vdev->pci;

	kvfree(vdev->core);
	vpio_vfio_free(vfio);
	vpio_pci_put(pci);
}

static const struct vfio_device_ops vdev_ops = { .name = "vpio",
						 .init = vdev_init,
						 .release = vdev_release,
						 .open_device = vdev_open,
						 .close_device = vdev_close,
						 .read = vdev_read,
						 .write = vdev_write,
						 .ioctl = vdev_ioctl,
						 .request = vdev_request,
						 .dma_unmap = vdev_dma_unmap,
						 VPIO_VFIO_IOMMUFD_OPS };

static int vdev_probe(struct mdev_device *mdev)
{
	struct vpio_mdev *vdev = vfio_alloc_device(vpio_mdev, vfio, &mdev->dev, &vdev_ops);
	int ret;

	if (IS_ERR(vdev))
		return PTR_ERR(vdev);
	dev_set_drvdata(&mdev->dev, vdev);
	ret = vfio_register_emulated_iommu_dev(&vdev->vfio);
	if (ret)
		vfio_put_device(&vdev->vfio);
	return ret;
}

static void vdev_remove(struct mdev_device *mdev)
{
	struct vpio_mdev *vdev = dev_get_drvdata(&mdev->dev);

	vfio_unregister_group_dev(&vdev->vfio);
	vfio_put_device(&vdev->vfio);
}

static unsigned int get_available(struct mdev_type *type)
{
	const struct vpio_pci *pci = container_of(type, struct vpio_pci, type);

	return vpio_pci_vdevs(pci) - atomic_read(&pci->vdevs);
}

static ssize_t show_description(struct mdev_type *type, char *buffer)
{
	return sysfs_emit(buffer, "%s, shared by virtual passthrough\n", type->pretty_name);
}

struct mdev_driver vpio_mdev_driver = {
	.device_api = VFIO_DEVICE_API_PCI_STRING,
	.probe = vdev_probe,
	.remove = vdev_remove,
	.get_available = get_available,
	.show_description = show_description,
	.driver = {
		.name = "vpio_mdev",
		.owner = THIS_MODULE,
		.mod_name = KBUILD_MODNAME,
		.dev_groups = vpio_mdev_groups,
	},
};
