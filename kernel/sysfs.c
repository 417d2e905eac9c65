// SPDX-License-Identifier: GPL-2.0
/*
 * Files in /sys: the group "vpio" of each physical device and of each vdev.
 */
#include <linux/ctype.h>
#include <linux/etherdevice.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "vpio.h"

/* --- The physical device ----------------------------------------------------------------- */

static ssize_t model_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	const struct vpio_pci *pci = dev_get_drvdata(dev);

	return sysfs_emit(buffer, "%s %s\n",
			  vpio_model_string(&pci->model, pci->model.header->name),
			  vpio_model_string(&pci->model, pci->model.header->title));
}

static ssize_t pci_stats_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	const struct vpio_pci *pci = dev_get_drvdata(dev);
	const struct vpio_pdev_stats *stats = vpio_pdev_stats(pci->core);
	int at = 0;

#define EMIT(name, what) at += sysfs_emit_at(buffer, at, #name " %llu\n", stats->name);
	VPIO_PDEV_STATS(EMIT)
	return at;
}

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	const struct vpio_pci *pci = dev_get_drvdata(dev);

	return sysfs_emit(buffer, "%s\n", vpio_health_name(vpio_pdev_health(pci->core)));
}

static ssize_t state_store(struct device *dev, struct device_attribute *attr, const char *text,
			   size_t count)
{
	int ret;

	if (!sysfs_streq(text, "revive"))
		return -EINVAL;
	ret = vpio_pci_revive(dev_get_drvdata(dev));
	return ret ? ret : count;
}

/*
 * Files that hold a number, of something that may be changed while it is in use: NUMBER(owner,
 * file, get, set, least, most), where set refuses what is not within these bounds.
 */
#define NUMBER(owner, file, get, set, least, most)                                              \
	static ssize_t file##_show(struct device *dev, struct device_attribute *attr,           \
				   char *buffer)                                                \
	{                                                                                       \
		const struct owner *holder = dev_get_drvdata(dev);                              \
												\
		return sysfs_emit(buffer, "%llu\n", get(holder->core));                         \
	}                                                                                       \
												\
	static ssize_t file##_store(struct device *dev, struct device_attribute *attr,          \
				    const char *text, size_t count)                             \
	{                                                                                       \
		struct owner *holder = dev_get_drvdata(dev);                                    \
		u64 value;                                                                      \
												\
		if (!kstrtou64(text, 0, &value) && !set(holder->core, value))                   \
			return count;                                                           \
		dev_info(dev, "vpio: " #file " takes a number from %u to %u\n", least, most);   \
		return -EINVAL;                                                                 \
	}                                                                                       \
												\
	static DEVICE_ATTR_RW(file)

NUMBER(vpio_pci, quantum_us, vpio_pdev_quantum, vpio_pdev_set_quantum, 0, VPIO_QUANTUM_MOST_US);
NUMBER(vpio_pci, poll_us, vpio_pdev_poll, vpio_pdev_set_poll, 0, VPIO_POLL_MOST_US);

static ssize_t engines_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct vpio_pci *pci = dev_get_drvdata(dev);
	struct vpio_engine_look look;
	int at = 0;
	u32 i;

	if (mutex_lock_interruptible(&pci->lock))
		return -EINTR;
	for (i = 0; vpio_pdev_look(pci->core, i, &look); i++)
		at += sysfs_emit_at(buffer, at,
				    "%s %s phase=%s owner=%s waiting=%u running=%u depth=%u\n",
				    look.name, look.discipline, look.phase,
				    look.owner ? vpio_mdev_name(look.owner) : "-", look.waiting,
				    look.running, look.depth);
	mutex_unlock(&pci->lock);
	return at;
}

static DEVICE_ATTR_RO(model);
static DEVICE_ATTR_RO(engines);
static DEVICE_ATTR_RW(state);
static struct device_attribute dev_attr_pci_stats = __ATTR(stats, 0444, pci_stats_show, NULL);

static struct attribute *pci_attributes[] = {
	&dev_attr_model.attr,
	&dev_attr_state.attr,
	&dev_attr_engines.attr,
	&dev_attr_quantum_us.attr,
	&dev_attr_poll_us.attr,
	&dev_attr_pci_stats.attr,
	NULL,
};

static const struct attribute_group pci_group = { .name = "vpio", .attrs = pci_attributes };
const struct attribute_group *vpio_pci_groups[] = { &pci_group, NULL };

/* --- A vdev ------------------------------------------------------------------------------ */

static ssize_t name_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);
	ssize_t size;

	if (mutex_lock_interruptible(&vdev->lock))
		return -EINTR;
	size = sysfs_emit(buffer, "%s\n", vdev->name);
	mutex_unlock(&vdev->lock);
	return size;
}

/* Empty, or letters, digits, '.', '_' and '-': it goes into tables and file names. */
static ssize_t name_store(struct device *dev, struct device_attribute *attr, const char *text,
			  size_t count)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);
	const size_t length = strcspn(text, "\n");
	size_t i;

	if (length >= sizeof(vdev->name) || length + (text[length] == '\n') != count)
		return -EINVAL;
	for (i = 0; i < length; i++) {
		if (!isascii(text[i]) || (!isalnum(text[i]) && !strchr("._-", text[i])))
			return -EINVAL;
	}
	if (mutex_lock_interruptible(&vdev->lock))
		return -EINTR;
	strscpy(vdev->name, text, length + 1);
	mutex_unlock(&vdev->lock);
	return count;
}

static ssize_t open_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	const struct vpio_mdev *vdev = dev_get_drvdata(dev);

	return sysfs_emit(buffer, "%d\n", READ_ONCE(vdev->open));
}

static ssize_t mac_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);

	return sysfs_emit(buffer, "%pM\n", vpio_vdev_mac(vdev->core));
}

static ssize_t mac_store(struct device *dev, struct device_attribute *attr, const char *text,
			 size_t count)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);
	u8 mac[ETH_ALEN];
	int ret = -EBUSY;

	if (!mac_pton(text, mac))
		return -EINVAL;
	if (mutex_lock_interruptible(&vdev->lock))
		return -EINTR;
	if (!vdev->open)
		ret = vpio_vdev_set_mac(vdev->core, mac) ? -EINVAL : 0;
	mutex_unlock(&vdev->lock);
	return ret ? ret : count;
}

static ssize_t params_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);
	const struct vpio_model *model = &vdev->pci->model;
	int at = 0;
	u32 i;

	for (i = 0; i < model->header->params.count; i++)
		at += sysfs_emit_at(buffer, at, "%s=%#llx\n",
				    vpio_model_string(model, model->params[i].name),
				    vpio_vdev_param(vdev->core, i));
	return at;
}

static void say_allowed(struct device *dev, const struct vpio_model *model)
{
	u32 i, j;

	for (i = 0; i < model->header->params.count; i++) {
		const struct vpb_param *param = &model->params[i];
		char values[128] = "any";
		int at = 0;

		for (j = 0; j < param->count; j++)
			at += scnprintf(values + at, sizeof(values) - at, "%s%#llx", j ? ", " : "",
					model->values[param->value + j]);
		dev_info(dev, "vpio: parameter %s (%s) takes %s\n",
			 vpio_model_string(model, param->name),
			 vpio_model_string(model, param->doc), values);
	}
}

static ssize_t params_store(struct device *dev, struct device_attribute *attr, const char *text,
			    size_t count)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);
	const char *equals = strchr(text, '=');
	int ret = -EBUSY;
	u64 value;

	if (!equals || kstrtou64(equals + 1, 0, &value)) {
		say_allowed(dev, &vdev->pci->model);
		return -EINVAL;
	}
	if (mutex_lock_interruptible(&vdev->lock))
		return -EINTR;
	if (!vdev->open)
		ret = vpio_vdev_set_param(vdev->core, text, equals - text, value) ? -EINVAL : 0;
	mutex_unlock(&vdev->lock);
	if (ret == -EINVAL)
		say_allowed(dev, &vdev->pci->model);
	return ret ? ret : count;
}

static ssize_t source_check_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);

	return sysfs_emit(buffer, "%d\n", vpio_vdev_source_check(vdev->core));
}

static ssize_t source_check_store(struct device *dev, struct device_attribute *attr,
				  const char *text, size_t count)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);
	bool on;
	int ret = kstrtobool(text, &on);

	if (ret)
		return ret;
	if (mutex_lock_interruptible(&vdev->lock))
		return -EINTR;
	vpio_vdev_set_source_check(vdev->core, on);
	mutex_unlock(&vdev->lock);
	return count;
}

NUMBER(vpio_mdev, weight, vpio_vdev_weight, vpio_vdev_set_weight, 1, VPIO_WEIGHT_MOST);
NUMBER(vpio_mdev, rate_bytes, vpio_vdev_rate_bytes, vpio_vdev_set_rate_bytes, 0,
       VPIO_RATE_MOST_BYTES);
NUMBER(vpio_mdev, rate_frames, vpio_vdev_rate_frames, vpio_vdev_set_rate_frames, 0,
       VPIO_RATE_MOST_FRAMES);
NUMBER(vpio_mdev, interrupt_us, vpio_vdev_interrupt_us, vpio_vdev_set_interrupt_us, 0,
       VPIO_INTERRUPT_MOST_US);
NUMBER(vpio_mdev, interrupt_events, vpio_vdev_interrupt_events, vpio_vdev_set_interrupt_events, 1,
       VPIO_INTERRUPT_MOST_EVENTS);

static ssize_t policy_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);

	return sysfs_emit(buffer, "%s\n", vpio_verdict_name(READ_ONCE(vdev->policy.verdict)));
}

static ssize_t policy_store(struct device *dev, struct device_attribute *attr, const char *text,
			    size_t count)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);
	enum vpio_verdict verdict;

	for (verdict = 0; verdict < VPIO_VERDICTS; verdict++) {
		if (sysfs_streq(text, vpio_verdict_name(verdict))) {
			WRITE_ONCE(vdev->policy.verdict, verdict);
			return count;
		}
	}
	dev_info(dev, "vpio: policy takes deny, stop or mce\n");
	return -EINVAL;
}

static ssize_t violations_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);

	return vpio_policy_show(&vdev->policy, buffer);
}

static ssize_t stats_show(struct device *dev, struct device_attribute *attr, char *buffer)
{
	struct vpio_mdev *vdev = dev_get_drvdata(dev);
	const struct vpio_vdev_stats *stats = vpio_vdev_stats(vdev->core);
	unsigned int i;
	int at = 0;

	VPIO_VDEV_STATS(EMIT)
	for (i = 0; i < VPIO_REFUSALS; i++)
		at += sysfs_emit_at(buffer, at, "refused.%s %llu\n", vpio_refusal_name(i),
				    stats->refused[i]);
	return at;
}

static DEVICE_ATTR_RW(name);
static DEVICE_ATTR_RO(open);
static DEVICE_ATTR_RW(mac);
static DEVICE_ATTR_RW(params);
static DEVICE_ATTR_RW(source_check);
static DEVICE_ATTR_RW(policy);
static DEVICE_ATTR_RO(violations);
static DEVICE_ATTR_RO(stats);

static struct attribute *mdev_attributes[] = {
	&dev_attr_name.attr,
	&dev_attr_open.attr,
	&dev_attr_mac.attr,
	&dev_attr_params.attr,
	&dev_attr_source_check.attr,
	&dev_attr_weight.attr,
	&dev_attr_rate_bytes.attr,
	&dev_attr_rate_frames.attr,
	&dev_attr_interrupt_us.attr,
	&dev_attr_interrupt_events.attr,
	&dev_attr_policy.attr,
	&dev_attr_violations.attr,
	&dev_attr_stats.attr,
	NULL,
};

static const struct attribute_group mdev_group = { .name = "vpio", .attrs = mdev_attributes };
const struct attribute_group *vpio_mdev_groups[] = { &mdev_group, NULL };
