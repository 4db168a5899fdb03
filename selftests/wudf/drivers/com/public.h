// SPDX-License-Identifier: GPL-2.0
//
// What the echo driver shares with its callers.
//
#pragma once

#define ECHO_IOCTL(Function) \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900 + (Function), METHOD_BUFFERED, FILE_ANY_ACCESS)

// Waits for the next tick. Output: a ULONG, its number.
#define IOCTL_ECHO_WAIT         ECHO_IOCTL(0)

// Input: a ULONG, the timer's period in milliseconds; 0 stops the timer.
#define IOCTL_ECHO_SET_PERIOD   ECHO_IOCTL(1)

// A tick by hand. No data.
#define IOCTL_ECHO_TICK         ECHO_IOCTL(2)

// Output: the PnP callbacks so far, a string of WCHARs.
#define IOCTL_ECHO_GET_LOG      ECHO_IOCTL(3)

#define ECHO_DEFAULT_PERIOD     100
