// SPDX-License-Identifier: GPL-2.0
/*
 * VPIO: several guests share one PCI device, each with the device's own driver. The module: its
 * parameters, its coming and going.
 */
#include <linux/module.h>

#include "vpio.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static unsigned int max_vdevs = 16;
module_param(max_vdevs, uint, 0444);
MODULE_PARM_DESC(max_vdevs, "virtual devices of one physical device, at most (1 to 64; default 16)");

/**
 * vpio_max_vdevs() - how many vdevs a pdev may have
 */
unsigned int vpio_max_vdevs(void)
{
	return max_vdevs;
}

static int __init vpio_init(void)
{
	int ret;

	if (max_vdevs < 1 || max_vdevs > VPIO_MAX_VDEVS) {
		pr_err("vpio: max_vdevs=%u: give a number from 1 to %u\n", max_vdevs,
		       VPIO_MAX_VDEVS);
		return -EINVAL;
	}
	ret = mdev_register_driver(&vpio_mdev_driver);
	if (ret)
		return ret;
	ret = pci_register_driver(&vpio_pci_driver);
	if (ret)
		mdev_unregister_driver(&vpio_mdev_driver);
	return ret;
}

static void __exit vpio_exit(void)
{
	pci_unregister_driver(&vpio_pci_driver);
	mdev_unregister_driver(&vpio_mdev_driver);
}

module_init(vpio_init);
module_exit(vpio_exit);

MODULE_DESCRIPTION("Virtual passthrough I/O: guests share a PCI device, each with its own driver");
MODULE_AUTHOR("VPIO");
MODULE_LICENSE("GPL");
