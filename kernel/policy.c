// SPDX-License-Identifier: GPL-2.0
/*
 * What follows a violation, by the vdev's policy; and the record of violations, the vdev's file
 * "violations", which `vpio guard` polls.
 */
#include "vpio.h"

static const char *const names[VPIO_VERDICTS] = {
	[VPIO_VERDICT_DENY] = "deny",
	[VPIO_VERDICT_STOP] = "stop",
	[VPIO_VERDICT_MCE] = "mce",
};

/**
 * vpio_verdict_name() - as the file "policy" has it
 * @verdict: which
 */
const char *vpio_verdict_name(enum vpio_verdict verdict)
{
	return names[verdict];
}

/**
 * vpio_policy_init() - a policy that only refuses
 * @policy: zeroed
 */
void vpio_policy_init(struct vpio_policy *policy)
{
	spin_lock_init(&policy->lock);
	ratelimit_state_init(&policy->reports, HZ, 1);
	ratelimit_set_flags(&policy->reports, RATELIMIT_MSG_ON_RELEASE);
}

/* Tell the user to stop the VM, and the log why. */
static bool stop(struct vpio_mdev *vdev, enum vpio_refusal refusal, u64 address)
{
	const char *name = dev_name(vdev->vfio.dev), *what = vpio_refusal_meaning(refusal);
	const bool told = vpio_irq_tell(&vdev->irq, VFIO_PCI_ERR_IRQ_INDEX);

	if (!__ratelimit(&vdev->policy.reports))
		return told;
	if (told)
		pr_err("vpio %s: policy stop: the VM is stopped for %s, at address %#llx; reset it and let it go on, or end it\n",
		       name, what, address);
	else
		pr_err("vpio %s: policy stop: the VM goes on after %s, at address %#llx: its VMM does not listen to the error interrupt; end it\n",
		       name, what, address);
	return told;
}

/**
 * vpio_policy_violation() - a guest's request was refused, and is a violation; see
 * vpio_ops.violation
 * @core: the vdev
 * @refusal: why
 * @address: guest address or register
 * @size: bytes
 */
void vpio_policy_violation(struct vpio_vdev *core, enum vpio_refusal refusal, u64 address, u64 size)
{
	struct vpio_mdev *vdev = vpio_vdev_priv(core);
	struct vpio_policy *policy = &vdev->policy;
	bool stopped = false;

	if (READ_ONCE(policy->verdict) == VPIO_VERDICT_STOP)
		stopped = stop(vdev, refusal, address);
	spin_lock(&policy->lock);
	policy->count++;
	policy->stops += stopped;
	policy->refusal = refusal;
	policy->address = address;
	policy->size = size;
	spin_unlock(&policy->lock);
	sysfs_notify(&vdev->vfio.dev->kobj, "vpio", "violations");
}

/**
 * vpio_policy_show() - the record of violations: how many, and the last one
 * @policy: of the vdev
 * @buffer: a page
 */
int vpio_policy_show(struct vpio_policy *policy, char *buffer)
{
	struct vpio_policy seen;
	int at;

	spin_lock(&policy->lock);
	seen.count = policy->count;
	seen.stops = policy->stops;
	seen.refusal = policy->refusal;
	seen.address = policy->address;
	seen.size = policy->size;
	spin_unlock(&policy->lock);
	at = sysfs_emit(buffer, "count %llu\nstops %llu\n", seen.count, seen.stops);
	if (seen.count)
		at += sysfs_emit_at(buffer, at, "kind %s\naddress %#llx\nsize %llu\n",
				    vpio_refusal_name(seen.refusal), seen.address, seen.size);
	return at;
}
