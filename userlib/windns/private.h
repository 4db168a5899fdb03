/* SPDX-License-Identifier: MIT */
/*
 * For this tree's tests alone (LIBWINDNS_PRIVATE in libwindns.map).
 */
#ifndef WINDNS_PRIVATE_H
#define WINDNS_PRIVATE_H

#include <stdint.h>

#pragma GCC visibility push(default)

/* dnsdrv_clock_step() of the embedded driver. */
void windns_clock_step(uint64_t ns);

#pragma GCC visibility pop

#endif
