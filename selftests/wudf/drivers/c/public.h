/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the filter driver shares with its callers. All other control codes go
 * to the driver below.
 */
#pragma once

#define FILTER_IOCTL(Function) \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0xa00 + (Function), METHOD_BUFFERED, FILE_ANY_ACCESS)

/* Output: FILTER_STATISTICS. */
#define IOCTL_FILTER_GET_STATISTICS FILTER_IOCTL(0)

/* Calls CancelSentRequest for all that is below. Output: a ULONG, how often it said TRUE. */
#define IOCTL_FILTER_CANCEL_SENT    FILTER_IOCTL(1)

typedef struct _FILTER_STATISTICS
{
    ULONG Sent;             /* requests given to the driver below */
    ULONG Completed;        /* calls of OnCompletion */
    ULONG Canceled;         /* calls of OnCancel */
    ULONG CancelDelivered;  /* CancelSentRequest said TRUE */
    ULONG CancelPending;    /* CancelSentRequest said FALSE */
    ULONG Cleanups;         /* calls of OnCleanupFile */
} FILTER_STATISTICS, *PFILTER_STATISTICS;
