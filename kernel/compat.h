/* SPDX-License-Identifier: GPL-2.0 */
/*
 * compat.h - all that differs between the kernels that the module is built for (which: Kbuild).
 */
#ifndef VPIO_KERNEL_COMPAT_H
#define VPIO_KERNEL_COMPAT_H

#include <linux/eventfd.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/pci.h>
#include <linux/version.h>
#include <linux/vfio.h>

/* mac_pton(): in kernel.h, then in hex.h, then no longer in both. */
#if __has_include(<linux/hex.h>)
#include <linux/hex.h>
#endif

/* 6.2: the VFIO core frees what vfio_alloc_device() made; before, the driver's release does. */
static inline void vpio_vfio_free(struct vfio_device *vfio)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	vfio_free_device(vfio);
#endif
}

/* 6.8: an eventfd is signalled once, always. */
static inline void vpio_eventfd_signal(struct eventfd_ctx *eventfd)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
	eventfd_signal(eventfd, 1);
#else
	eventfd_signal(eventfd);
#endif
}

/* 6.2: a vdev's memory may be an iommufd's; 6.6: it may be detached from it while it is open. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define VPIO_VFIO_IOMMUFD_OPS
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define VPIO_VFIO_IOMMUFD_OPS                           \
	.bind_iommufd = vfio_iommufd_emulated_bind,     \
	.unbind_iommufd = vfio_iommufd_emulated_unbind, \
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
#else
#define VPIO_VFIO_IOMMUFD_OPS                             \
	.bind_iommufd = vfio_iommufd_emulated_bind,       \
	.unbind_iommufd = vfio_iommufd_emulated_unbind,   \
	.attach_ioas = vfio_iommufd_emulated_attach_ioas, \
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
#endif

/* 6.19: VFIO_DEVICE_GET_REGION_INFO is an operation of its own, no longer seen by .ioctl. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define VPIO_VFIO_REGION_INFO_OP(function)
#else
#define VPIO_VFIO_REGION_INFO_OP(function) .get_region_info_caps = function,
#endif

/* 6.14: one that runs at once has a name of its own. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define kthread_run_worker kthread_create_worker
#endif

/* 6.13: the function is given when a timer is set up. */
static inline void vpio_hrtimer_setup(struct hrtimer *timer,
				      enum hrtimer_restart (*function)(struct hrtimer *timer))
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	timer->function = function;
#else
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
#endif
}

/* 6.8: renamed. */
#ifndef PCI_IRQ_INTX
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

#endif /* VPIO_KERNEL_COMPAT_H */
