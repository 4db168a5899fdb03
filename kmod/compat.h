/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only home of LINUX_VERSION_CODE. Each entry says since when it is so.
 */
#ifndef _IOTARGET_COMPAT_H
#define _IOTARGET_COMPAT_H

#include <linux/device.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "iotarget needs Linux 6.1 or later"
#endif

/* 6.2: a device type's devnode() takes a const device */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define IOTARGET_DEVNODE_CONST const
#else
#define IOTARGET_DEVNODE_CONST
#endif

/* 6.4: class_create() lost its owner */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define iotarget_class_create(name) class_create(name)
#else
#define iotarget_class_create(name) class_create(THIS_MODULE, name)
#endif

/*
 * What default_wake_function() takes for "the waker is about to sleep; run the
 * woken task here": WF_SYNC, and from 6.6 WF_CURRENT_CPU. Both are private to
 * the scheduler (kernel/sched/sched.h), and 6.1 warns of the second.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define IOTARGET_WAKE_SYNC (0x10 | 0x40)
#else
#define IOTARGET_WAKE_SYNC 0x10
#endif

/*
 * 6.6: EEVDF. A task that calls schedule() without sleeping lets another one run;
 * before, it is often picked again itself.
 */
#define IOTARGET_YIELDS (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0))

#endif
