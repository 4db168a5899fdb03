// SPDX-License-Identifier: GPL-2.0
//
// What the hold driver shares with its callers.
//
#pragma once

#define HOLD_IOCTL(Function) \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800 + (Function), METHOD_BUFFERED, FILE_ANY_ACCESS)

// Held, cancelable, until it is canceled or IOCTL_HOLD_COMPLETE_ALL comes.
#define IOCTL_HOLD_WAIT             HOLD_IOCTL(0)

// Held, not cancelable until IOCTL_HOLD_MARK_ALL comes.
#define IOCTL_HOLD_KEEP             HOLD_IOCTL(1)

// No data.
#define IOCTL_HOLD_MARK_ALL         HOLD_IOCTL(2)

// Completes all that is held. Output: a ULONG, how many.
#define IOCTL_HOLD_COMPLETE_ALL     HOLD_IOCTL(3)

// Output: HOLD_STATISTICS.
#define IOCTL_HOLD_GET_STATISTICS   HOLD_IOCTL(4)

typedef struct _HOLD_STATISTICS
{
    ULONG Held;                 // now
    ULONG Waiting;              // now: reads that wait for data
    ULONG Canceled;             // calls of OnCancel
    ULONG Cleanups;             // calls of OnCleanupFile
    ULONG Closes;               // calls of OnCloseFile
    ULONG WaitingAtCleanup;     // reads that waited for data when the last of these came
    ULONG WaitingAtClose;
} HOLD_STATISTICS, *PHOLD_STATISTICS;
