/* SPDX-License-Identifier: MIT */
/*
 * What the echo driver and its senders share. Linux senders say the same with
 * _IO(): see the numbers.
 */
#ifndef ECHO_PUBLIC_H
#define ECHO_PUBLIC_H

/* Milliseconds that a read or write takes; the input is a ULONG. 1000 at first. */
#define IOCTL_ECHO_SET_DELAY	0x40047801	/* _IOW('x', 1, int) */

#endif
