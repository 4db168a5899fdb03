/* SPDX-License-Identifier: MIT */
/*
 * threadpoolapiset.h: timers and work that call back, in threads of the library
 * that come when there is work (up to 500) and go when there is none. They take no
 * signals. So do those of threadpoollegacyapiset.h: all of it is here.
 *
 * Not carried: pools of one's own and callback environments (one that is not NULL
 * is ERROR_NOT_SUPPORTED), waits and I/O that call back, and the functions that take
 * a PTP_CALLBACK_INSTANCE. A PTP_TIMER or PTP_WORK is a pointer, and is of no use in
 * the child of a fork.
 */
#ifndef _THREADPOOLAPISET_H_
#define _THREADPOOLAPISET_H_

#include <processthreadsapi.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct _TP_CALLBACK_INSTANCE TP_CALLBACK_INSTANCE, *PTP_CALLBACK_INSTANCE;
typedef struct _TP_CALLBACK_ENVIRON TP_CALLBACK_ENVIRON, *PTP_CALLBACK_ENVIRON;
typedef struct _TP_TIMER TP_TIMER, *PTP_TIMER;
typedef struct _TP_WORK TP_WORK, *PTP_WORK;

typedef VOID (CALLBACK *PTP_SIMPLE_CALLBACK)(PTP_CALLBACK_INSTANCE Instance, PVOID Context);
typedef VOID (CALLBACK *PTP_TIMER_CALLBACK)(PTP_CALLBACK_INSTANCE Instance, PVOID Context,
					    PTP_TIMER Timer);
typedef VOID (CALLBACK *PTP_WORK_CALLBACK)(PTP_CALLBACK_INSTANCE Instance, PVOID Context,
					   PTP_WORK Work);

PTP_TIMER WINAPI CreateThreadpoolTimer(PTP_TIMER_CALLBACK pfnti, PVOID pv,
				       PTP_CALLBACK_ENVIRON pcbe);
/*
 * pftDueTime: 100 ns, negative from now; NULL: no more. msPeriod: 0 once. The window
 * is ignored. Where no thread can be made, it never fires.
 */
VOID WINAPI SetThreadpoolTimer(PTP_TIMER pti, PFILETIME pftDueTime, DWORD msPeriod,
			       DWORD msWindowLength);
BOOL WINAPI IsThreadpoolTimerSet(PTP_TIMER pti);
/* With fCancelPendingCallbacks, what has not begun does not begin. */
VOID WINAPI WaitForThreadpoolTimerCallbacks(PTP_TIMER pti, BOOL fCancelPendingCallbacks);
/* Waits for nothing; freed after its last callback. */
VOID WINAPI CloseThreadpoolTimer(PTP_TIMER pti);

PTP_WORK WINAPI CreateThreadpoolWork(PTP_WORK_CALLBACK pfnwk, PVOID pv,
				     PTP_CALLBACK_ENVIRON pcbe);
/* Runs as often as it was submitted; where there is no thread for it, right here. */
VOID WINAPI SubmitThreadpoolWork(PTP_WORK pwk);
VOID WINAPI WaitForThreadpoolWorkCallbacks(PTP_WORK pwk, BOOL fCancelPendingCallbacks);
VOID WINAPI CloseThreadpoolWork(PTP_WORK pwk);
BOOL WINAPI TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK pfns, PVOID pv,
					PTP_CALLBACK_ENVIRON pcbe);

/* ---------------------------------------------------- threadpoollegacyapiset */

#define WT_EXECUTEDEFAULT		0x00000000
#define WT_EXECUTEINIOTHREAD		0x00000001
#define WT_EXECUTEONLYONCE		0x00000008
#define WT_EXECUTELONGFUNCTION		0x00000010
#define WT_EXECUTEINTIMERTHREAD		0x00000020
#define WT_EXECUTEINPERSISTENTTHREAD	0x00000080
#define WT_TRANSFER_IMPERSONATION	0x00000100

typedef VOID (CALLBACK *WAITORTIMERCALLBACK)(PVOID lpParameter,
					     BOOLEAN TimerOrWaitFired);

/* The flags are ignored: every function may take its time. */
BOOL WINAPI QueueUserWorkItem(LPTHREAD_START_ROUTINE Function, PVOID Context, ULONG Flags);

/* NULL is a queue that is always there. */
HANDLE WINAPI CreateTimerQueue(VOID);
/*
 * Its timers are deleted with it. CompletionEvent as of DeleteTimerQueueTimer.
 */
BOOL WINAPI DeleteTimerQueueEx(HANDLE TimerQueue, HANDLE CompletionEvent);
/*
 * DueTime and Period are milliseconds (INFINITE: never; Period 0: once). Callbacks of
 * one timer may overlap, except with WT_EXECUTEINTIMERTHREAD, where no two callbacks
 * with that flag do.
 */
BOOL WINAPI CreateTimerQueueTimer(PHANDLE phNewTimer, HANDLE TimerQueue,
				  WAITORTIMERCALLBACK Callback, PVOID Parameter,
				  DWORD DueTime, DWORD Period, ULONG Flags);
BOOL WINAPI ChangeTimerQueueTimer(HANDLE TimerQueue, HANDLE Timer, ULONG DueTime,
				  ULONG Period);
/*
 * The handle is none any more, unless an argument was wrong. What has expired calls
 * back, and CompletionEvent says what happens then:
 *  NULL			FALSE and ERROR_IO_PENDING if there are such callbacks
 *  INVALID_HANDLE_VALUE	returns after them; never from the timer's own callback
 *  an event			it is set after them
 */
BOOL WINAPI DeleteTimerQueueTimer(HANDLE TimerQueue, HANDLE Timer, HANDLE CompletionEvent);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
