/* SPDX-License-Identifier: MIT */
/*
 * synchapi.h: events, mutexes, semaphores and waitable timers, and waits for them;
 * critical sections, slim locks, condition variables, one-time initialization.
 *
 * Time-outs are in milliseconds of a clock that nobody sets. What creates answers
 * NULL, and what else fails FALSE or WAIT_FAILED, and sets the last error. Waiters
 * of one object are served in the order in which they came.
 *
 * Not carried: APCs, so an alertable wait is a wait, and the completion routine of
 * a timer is ERROR_NOT_SUPPORTED; names (ERROR_NOT_SUPPORTED); WaitOnAddress.
 */
#ifndef _SYNCHAPI_H_
#define _SYNCHAPI_H_

#include <pthread.h>
#include <handleapi.h>
#include <winnt.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define INFINITE		0xffffffff
#define WAIT_OBJECT_0		0
#define WAIT_ABANDONED		0x80
#define WAIT_ABANDONED_0	0x80
#define WAIT_IO_COMPLETION	0xc0
#define WAIT_TIMEOUT		258
#define WAIT_FAILED		0xffffffff

/* ------------------------------------------------------------------ objects */

#define CREATE_EVENT_MANUAL_RESET	1
#define CREATE_EVENT_INITIAL_SET	2
#define CREATE_MUTEX_INITIAL_OWNER	1
#define CREATE_WAITABLE_TIMER_MANUAL_RESET	1
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION	2

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset,
			   BOOL bInitialState, LPCSTR lpName);
HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset,
			   BOOL bInitialState, LPCWSTR lpName);
HANDLE WINAPI CreateEventExA(LPSECURITY_ATTRIBUTES lpEventAttributes, LPCSTR lpName,
			     DWORD dwFlags, DWORD dwDesiredAccess);
HANDLE WINAPI CreateEventExW(LPSECURITY_ATTRIBUTES lpEventAttributes, LPCWSTR lpName,
			     DWORD dwFlags, DWORD dwDesiredAccess);
BOOL WINAPI SetEvent(HANDLE hEvent);
BOOL WINAPI ResetEvent(HANDLE hEvent);
/* Lets those pass that wait at this moment (one, if it resets itself). */
BOOL WINAPI PulseEvent(HANDLE hEvent);

HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner,
			   LPCSTR lpName);
HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner,
			   LPCWSTR lpName);
HANDLE WINAPI CreateMutexExA(LPSECURITY_ATTRIBUTES lpMutexAttributes, LPCSTR lpName,
			     DWORD dwFlags, DWORD dwDesiredAccess);
HANDLE WINAPI CreateMutexExW(LPSECURITY_ATTRIBUTES lpMutexAttributes, LPCWSTR lpName,
			     DWORD dwFlags, DWORD dwDesiredAccess);
/* ERROR_NOT_OWNER if it is not the calling thread's */
BOOL WINAPI ReleaseMutex(HANDLE hMutex);

HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
			       LONG lInitialCount, LONG lMaximumCount, LPCSTR lpName);
HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
			       LONG lInitialCount, LONG lMaximumCount, LPCWSTR lpName);
HANDLE WINAPI CreateSemaphoreExA(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
				 LONG lInitialCount, LONG lMaximumCount, LPCSTR lpName,
				 DWORD dwFlags, DWORD dwDesiredAccess);
HANDLE WINAPI CreateSemaphoreExW(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
				 LONG lInitialCount, LONG lMaximumCount, LPCWSTR lpName,
				 DWORD dwFlags, DWORD dwDesiredAccess);
/* ERROR_TOO_MANY_POSTS, and no change, beyond the maximum */
BOOL WINAPI ReleaseSemaphore(HANDLE hSemaphore, LONG lReleaseCount,
			     LPLONG lpPreviousCount);

typedef VOID (CALLBACK *PTIMERAPCROUTINE)(LPVOID lpArgToCompletionRoutine,
					  DWORD dwTimerLowValue, DWORD dwTimerHighValue);

HANDLE WINAPI CreateWaitableTimerA(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				   BOOL bManualReset, LPCSTR lpTimerName);
HANDLE WINAPI CreateWaitableTimerW(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				   BOOL bManualReset, LPCWSTR lpTimerName);
HANDLE WINAPI CreateWaitableTimerExA(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				     LPCSTR lpTimerName, DWORD dwFlags,
				     DWORD dwDesiredAccess);
HANDLE WINAPI CreateWaitableTimerExW(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				     LPCWSTR lpTimerName, DWORD dwFlags,
				     DWORD dwDesiredAccess);
/*
 * lpDueTime: units of 100 ns, negative from now, else as a FILETIME (one that is
 * set back or forth afterwards moves nothing). lPeriod: milliseconds, 0 once.
 * fResume is ignored.
 */
BOOL WINAPI SetWaitableTimer(HANDLE hTimer, const LARGE_INTEGER *lpDueTime, LONG lPeriod,
			     PTIMERAPCROUTINE pfnCompletionRoutine,
			     LPVOID lpArgToCompletionRoutine, BOOL fResume);
BOOL WINAPI CancelWaitableTimer(HANDLE hTimer);

/* -------------------------------------------------------------------- waits */

DWORD WINAPI WaitForSingleObject(HANDLE hHandle, DWORD dwMilliseconds);
DWORD WINAPI WaitForSingleObjectEx(HANDLE hHandle, DWORD dwMilliseconds,
				   BOOL bAlertable);
/*
 * 1 to MAXIMUM_WAIT_OBJECTS handles. With bWaitAll no two are of one object
 * (ERROR_INVALID_PARAMETER), and none is taken before all can be.
 */
DWORD WINAPI WaitForMultipleObjects(DWORD nCount, const HANDLE *lpHandles, BOOL bWaitAll,
				    DWORD dwMilliseconds);
DWORD WINAPI WaitForMultipleObjectsEx(DWORD nCount, const HANDLE *lpHandles,
				      BOOL bWaitAll, DWORD dwMilliseconds,
				      BOOL bAlertable);
/* An event, mutex or semaphore is signaled and the wait begun in one step. */
DWORD WINAPI SignalObjectAndWait(HANDLE hObjectToSignal, HANDLE hObjectToWaitOn,
				 DWORD dwMilliseconds, BOOL bAlertable);

VOID WINAPI Sleep(DWORD dwMilliseconds);
/* 0 */
DWORD WINAPI SleepEx(DWORD dwMilliseconds, BOOL bAlertable);

/* -------------------------------------------------- locks without a handle */

/* The fields are ours. All bytes 0 is no initialized critical section. */
typedef struct _RTL_CRITICAL_SECTION {
	pthread_mutex_t Mutex;
} RTL_CRITICAL_SECTION, *PRTL_CRITICAL_SECTION;
typedef RTL_CRITICAL_SECTION CRITICAL_SECTION, *PCRITICAL_SECTION, *LPCRITICAL_SECTION;

/* Recursive. Spin counts are ignored (0 is answered), and so are the flags. */
VOID WINAPI InitializeCriticalSection(LPCRITICAL_SECTION lpCriticalSection);
BOOL WINAPI InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION lpCriticalSection,
						  DWORD dwSpinCount);
BOOL WINAPI InitializeCriticalSectionEx(LPCRITICAL_SECTION lpCriticalSection,
					DWORD dwSpinCount, DWORD Flags);
DWORD WINAPI SetCriticalSectionSpinCount(LPCRITICAL_SECTION lpCriticalSection,
					 DWORD dwSpinCount);
VOID WINAPI DeleteCriticalSection(LPCRITICAL_SECTION lpCriticalSection);
VOID WINAPI EnterCriticalSection(LPCRITICAL_SECTION lpCriticalSection);
BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION lpCriticalSection);
/* By a thread that has not entered it: ends the process. */
VOID WINAPI LeaveCriticalSection(LPCRITICAL_SECTION lpCriticalSection);

/* All bytes 0 is an initialized one. Not recursive: entering twice ends the process. */
typedef struct _RTL_SRWLOCK {
	ULONG64 Opaque[7];		/* a pthread_rwlock_t, which -std=c11 hides */
} RTL_SRWLOCK, *PRTL_SRWLOCK, SRWLOCK, *PSRWLOCK;
#define RTL_SRWLOCK_INIT	{ { 0 } }
#define SRWLOCK_INIT		RTL_SRWLOCK_INIT

VOID WINAPI InitializeSRWLock(PSRWLOCK SRWLock);
VOID WINAPI AcquireSRWLockExclusive(PSRWLOCK SRWLock);
VOID WINAPI AcquireSRWLockShared(PSRWLOCK SRWLock);
VOID WINAPI ReleaseSRWLockExclusive(PSRWLOCK SRWLock);
VOID WINAPI ReleaseSRWLockShared(PSRWLOCK SRWLock);
BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK SRWLock);
BOOLEAN WINAPI TryAcquireSRWLockShared(PSRWLOCK SRWLock);

/* All bytes 0 is an initialized one. */
typedef struct _RTL_CONDITION_VARIABLE {
	LONG volatile Wakes;
} RTL_CONDITION_VARIABLE, *PRTL_CONDITION_VARIABLE, CONDITION_VARIABLE,
	*PCONDITION_VARIABLE;
#define RTL_CONDITION_VARIABLE_INIT	{ 0 }
#define CONDITION_VARIABLE_INIT		RTL_CONDITION_VARIABLE_INIT
#define CONDITION_VARIABLE_LOCKMODE_SHARED	1

VOID WINAPI InitializeConditionVariable(PCONDITION_VARIABLE ConditionVariable);
/* Both may return for no reason, and time out with ERROR_TIMEOUT. */
BOOL WINAPI SleepConditionVariableCS(PCONDITION_VARIABLE ConditionVariable,
				     PCRITICAL_SECTION CriticalSection,
				     DWORD dwMilliseconds);
BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE ConditionVariable,
				      PSRWLOCK SRWLock, DWORD dwMilliseconds,
				      ULONG Flags);
VOID WINAPI WakeConditionVariable(PCONDITION_VARIABLE ConditionVariable);
VOID WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE ConditionVariable);

/* All bytes 0 is an initialized one. */
typedef struct _RTL_RUN_ONCE {
	LONG volatile State;
	PVOID Context;
} RTL_RUN_ONCE, *PRTL_RUN_ONCE, INIT_ONCE, *PINIT_ONCE, *LPINIT_ONCE;
#define RTL_RUN_ONCE_INIT	{ 0, NULL }
#define INIT_ONCE_STATIC_INIT	RTL_RUN_ONCE_INIT
#define INIT_ONCE_CHECK_ONLY	1
#define INIT_ONCE_ASYNC		2
#define INIT_ONCE_INIT_FAILED	4

typedef BOOL (WINAPI *PINIT_ONCE_FN)(PINIT_ONCE InitOnce, PVOID Parameter,
				     PVOID *Context);

VOID WINAPI InitOnceInitialize(PINIT_ONCE InitOnce);
/* If the function answers FALSE, the next call tries again. */
BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE InitOnce, PINIT_ONCE_FN InitFn,
				PVOID Parameter, LPVOID *Context);
/* INIT_ONCE_ASYNC is not carried: ERROR_NOT_SUPPORTED. */
BOOL WINAPI InitOnceBeginInitialize(LPINIT_ONCE lpInitOnce, DWORD dwFlags,
				    BOOL *fPending, LPVOID *lpContext);
BOOL WINAPI InitOnceComplete(LPINIT_ONCE lpInitOnce, DWORD dwFlags, LPVOID lpContext);

#ifdef UNICODE
#define CreateEvent		CreateEventW
#define CreateEventEx		CreateEventExW
#define CreateMutex		CreateMutexW
#define CreateMutexEx		CreateMutexExW
#define CreateSemaphore		CreateSemaphoreW
#define CreateSemaphoreEx	CreateSemaphoreExW
#define CreateWaitableTimer	CreateWaitableTimerW
#define CreateWaitableTimerEx	CreateWaitableTimerExW
#else
#define CreateEvent		CreateEventA
#define CreateEventEx		CreateEventExA
#define CreateMutex		CreateMutexA
#define CreateMutexEx		CreateMutexExA
#define CreateSemaphore		CreateSemaphoreA
#define CreateSemaphoreEx	CreateSemaphoreExA
#define CreateWaitableTimer	CreateWaitableTimerA
#define CreateWaitableTimerEx	CreateWaitableTimerExA
#endif

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
