/* SPDX-License-Identifier: MIT */
/*
 * The DNS driver: hosts a device whose requests dnsproto.h describes, and does
 * the queries with c-ares, on one thread of its own.
 */
#ifndef DNSDRV_H
#define DNSDRV_H

#include <stdint.h>

#pragma GCC visibility push(default)

struct dnsdrv;

/* A device as the driver wants it: its fd, or a negative errno. */
int dnsdrv_device_create(void);

/*
 * Starts the driver; the device is its own from then on. It ends, and frees
 * itself, with the device. 0 or a negative errno.
 */
int dnsdrv_start(int device, struct dnsdrv **drv);

/*
 * For tests, with IOTARGET_CLOCK=manual in the environment at dnsdrv_start():
 * sets the driver's clock forward, and returns when all that became due by that
 * has been done.
 */
void dnsdrv_clock_step(struct dnsdrv *drv, uint64_t ns);

#pragma GCC visibility pop

#endif
