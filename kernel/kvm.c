// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses of a KVM guest to its vdev's registers, served in the kernel. Each of them leaves the guest,
 * and would go on to the VMM, which would ask for it by read() or write(): several times what the access
 * itself takes. KVM asks the devices on its I/O buses first, and so each BAR that the guest has enabled
 * is one of those, where the guest has put it. What is not served here goes on to the VMM as if nobody
 * had been asked: an access that must wait, one that the vdev does not take, and all of them as long as
 * the VMM must see them (vpio_irq_user_unmasks()). But of a string of words to a port (REP OUTS, REP INS)
 * only the first goes on, with all that follow it: KVM loses a later one that is not served. So a model
 * lets no word wait but the first of a transfer, and a guest whose BAR another vCPU moves meanwhile loses
 * its own words.
 *
 * KVM has no function for this that a module may call. But its buses are read under kvm->srcu and
 * replaced under kvm->slots_lock, and that is all that is needed (Documentation/virt/kvm/locking.rst).
 *
 * Who asks holds kvm->srcu, and takes the vdev's lock. So buses are replaced, and their readers waited
 * for, without that lock; and an access asks again under it where its BAR is. Until KVM hears of a new
 * place, therefore, nothing is served at the wrong one.
 */
#include <linux/kvm_host.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <kvm/iodev.h>

#include "vpio.h"

static bool kvm_bus = true;
module_param(kvm_bus, bool, 0644);
MODULE_PARM_DESC(
	kvm_bus,
	"serve a KVM guest's register accesses in the kernel (default: Y); N: the VMM asks for each; for vdevs that are opened from then on");

/* A BAR, as KVM knows it. */
struct bar {
	struct kvm_io_device device;
	struct vpio_mdev *vdev;
	u32 index;
	enum kvm_bus bus;
	gpa_t address; /* where it is; guarded by the VM's slots_lock and vpio_kvm.gate */
	int size;      /* 0: nowhere */
};

/**
 * struct vpio_kvm - a vdev's BARs in its user's KVM
 * @kvm: the VM, kept by a reference
 * @gate: one caller changes where BARs are at a time
 * @bars: as many as the model has; but for where they are, constant
 */
struct vpio_kvm {
	struct kvm *kvm;
	struct mutex gate;
	struct bar bars[];
};

/* --- Accesses ---------------------------------------------------------------------------- */

static int serve(struct kvm_io_device *device, gpa_t address, int size, void *data, bool write)
{
	const struct bar *bar = container_of(device, struct bar, device);

	/* the VMM cuts what is not aligned, and KVM what crosses a page, into anything */
	if (!is_power_of_2(size) || address & (size - 1) || vpio_irq_user_unmasks(&bar->vdev->irq))
		return -EOPNOTSUPP;
	return vpio_mdev_access(bar->vdev, bar->index, address, data, size, write) ? -EOPNOTSUPP
										   : 0;
}

static int bar_read(struct kvm_vcpu *vcpu, struct kvm_io_device *device, gpa_t address, int size,
		    void *data)
{
	return serve(device, address, size, data, false);
}

static int bar_write(struct kvm_vcpu *vcpu, struct kvm_io_device *device, gpa_t address, int size,
		     const void *data)
{
	return serve(device, address, size, (void *)data, true);
}

static const struct kvm_io_device_ops bar_ops = { .read = bar_read, .write = bar_write };

/* --- Where BARs are ---------------------------------------------------------------------- */

/* The bus with a device in this range, and nowhere else; the others by address, as KVM wants them. */
static struct kvm_io_bus *copy_bus(const struct kvm_io_bus *old, const struct kvm_io_range *range)
{
	bool placed = !range->len;
	struct kvm_io_bus *new;
	int i, count = 0;

	/* who leaves needs no more room than there is, or the user could see to it that there is none */
	new = kmalloc(struct_size(new, range, old->dev_count + !placed),
		      placed ? GFP_KERNEL : GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	*new = *old;
	for (i = 0; i < old->dev_count; i++) {
		if (old->range[i].dev == range->dev)
			continue;
		if (!placed && old->range[i].addr > range->addr) {
			new->range[count++] = *range;
			placed = true;
		}
		new->range[count++] = old->range[i];
	}
	if (!placed)
		new->range[count++] = *range;
	new->dev_count = count;
	return new;
}

/* As KVM does when there is no memory to take a device off a bus: the VM goes on without the bus. */
static void end_bus(const struct kvm_io_bus *bus, const struct bar *bar)
{
	int i;

	pr_err("vpio %s: no memory: KVM has lost the VM's I/O devices: restart the VM\n",
	       dev_name(bar->vdev->vfio.dev));
	for (i = 0; i < bus->dev_count; i++) {
		struct kvm_io_device *device = bus->range[i].dev;

		if (device != &bar->device && device->ops->destructor)
			device->ops->destructor(device);
	}
}

/* Tell KVM; @size 0: the BAR is nowhere, and may be about to be freed. With the VM's slots_lock. */
static void place(struct vpio_kvm *kvm, struct bar *bar, gpa_t address, int size)
{
	const struct kvm_io_range range = { address, size, &bar->device };
	struct kvm_io_bus __rcu **slot = &kvm->kvm->buses[bar->bus];
	struct kvm_io_bus *old, *new;

	if (bar->size == size && bar->address == address)
		return;
	old = rcu_dereference_protected(*slot, lockdep_is_held(&kvm->kvm->slots_lock));
	if (!old)
		return;
	/* one that only moves is among them already */
	if (size && !bar->size && old->dev_count - old->ioeventfd_count >= NR_IOBUS_DEVS)
		return;
	new = copy_bus(old, &range);
	if (size && !new)
		return;
	rcu_assign_pointer(*slot, new);
	synchronize_srcu_expedited(&kvm->kvm->srcu);
	if (!new)
		end_bus(old, bar);
	kfree(old);
	bar->address = address;
	bar->size = size;
}

/**
 * vpio_kvm_update() - a guest has written to configuration space: BARs may be elsewhere
 * @vdev: open
 *
 * This waits for the VM's vCPUs, which may wait for memory that the user stalls. When the user is
 * killed, these give up, and this does.
 *
 * Locking: without the vdev's lock.
 */
void vpio_kvm_update(struct vpio_mdev *vdev)
{
	const struct vpio_model *model = &vdev->pci->model;
	struct vpio_kvm *kvm = vdev->kvm;
	u64 address;
	u32 i;

	if (!kvm || mutex_lock_killable(&kvm->gate))
		return;
	for (i = 0; i < model->header->bars.count; i++) {
		bool enabled;

		if (mutex_lock_killable(&vdev->lock))
			break;
		enabled = vpio_vdev_decodes(vdev->core, model->bars[i].index, &address);
		mutex_unlock(&vdev->lock);
		if (mutex_lock_killable(&kvm->kvm->slots_lock))
			break;
		place(kvm, &kvm->bars[i], enabled ? address : 0, enabled ? model->bars[i].size : 0);
		mutex_unlock(&kvm->kvm->slots_lock);
	}
	mutex_unlock(&kvm->gate);
}

/* --- Life -------------------------------------------------------------------------------- */

/**
 * vpio_kvm_open() - the vdev's user has come: if it is a VM, serve its guest's accesses
 * @vdev: being opened
 *
 * If that can't be done, all accesses come by the user.
 */
void vpio_kvm_open(struct vpio_mdev *vdev)
{
	const struct vpio_model *model = &vdev->pci->model;
	struct kvm *user = vdev->vfio.kvm;
	struct vpio_kvm *kvm;
	u32 i;

	if (!READ_ONCE(kvm_bus) || !user || !kvm_get_kvm_safe(user))
		return;
	kvm = kzalloc(struct_size(kvm, bars, model->header->bars.count), GFP_KERNEL_ACCOUNT);
	if (!kvm) {
		kvm_put_kvm(user);
		return;
	}
	kvm->kvm = user;
	mutex_init(&kvm->gate);
	for (i = 0; i < model->header->bars.count; i++) {
		struct bar *bar = &kvm->bars[i];

		kvm_iodevice_init(&bar->device, &bar_ops);
		bar->vdev = vdev;
		bar->index = model->bars[i].index;
		bar->bus = model->bars[i].io ? KVM_PIO_BUS : KVM_MMIO_BUS;
	}
	vdev->kvm = kvm;
}

/**
 * vpio_kvm_close() - the vdev's user has gone; no access is under way when this returns
 * @vdev: being closed
 *
 * Locking: without the vdev's lock.
 */
void vpio_kvm_close(struct vpio_mdev *vdev)
{
	struct vpio_kvm *kvm = vdev->kvm;
	u32 i;

	if (!kvm)
		return;
	mutex_lock(&kvm->kvm->slots_lock);
	for (i = 0; i < vdev->pci->model.header->bars.count; i++)
		place(kvm, &kvm->bars[i], 0, 0);
	mutex_unlock(&kvm->kvm->slots_lock);
	vdev->kvm = NULL;
	kvm_put_kvm(kvm->kvm);
	kfree(kvm);
}
