// SPDX-License-Identifier: MIT
/* Critical sections, slim locks, condition variables, one-time initialization. */
#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "object.h"

/* Misuse that would go on unlocked, or for ever. */
static void must(int error)
{
	if (error)
		abort();
}

/* True unless it timed out, which is a time on CLOCK_MONOTONIC; NULL: never. */
static bool futex_wait(LONG volatile *word, LONG value, const struct timespec *until)
{
	return !syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, until, NULL,
			FUTEX_BITSET_MATCH_ANY) || errno != ETIMEDOUT;
}

static void futex_wake(LONG volatile *word, int count)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/* ---------------------------------------------------------- critical sections */

VOID WINAPI InitializeCriticalSection(LPCRITICAL_SECTION lpCriticalSection)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	must(pthread_mutex_init(&lpCriticalSection->Mutex, &attr));
	pthread_mutexattr_destroy(&attr);
}

BOOL WINAPI InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION lpCriticalSection,
						  DWORD dwSpinCount)
{
	(void)dwSpinCount;
	InitializeCriticalSection(lpCriticalSection);
	return TRUE;
}

BOOL WINAPI InitializeCriticalSectionEx(LPCRITICAL_SECTION lpCriticalSection,
					DWORD dwSpinCount, DWORD Flags)
{
	(void)dwSpinCount;
	(void)Flags;
	InitializeCriticalSection(lpCriticalSection);
	return TRUE;
}

DWORD WINAPI SetCriticalSectionSpinCount(LPCRITICAL_SECTION lpCriticalSection,
					 DWORD dwSpinCount)
{
	(void)lpCriticalSection;
	(void)dwSpinCount;
	return 0;
}

VOID WINAPI DeleteCriticalSection(LPCRITICAL_SECTION lpCriticalSection)
{
	pthread_mutex_destroy(&lpCriticalSection->Mutex);
}

VOID WINAPI EnterCriticalSection(LPCRITICAL_SECTION lpCriticalSection)
{
	must(pthread_mutex_lock(&lpCriticalSection->Mutex));
}

BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION lpCriticalSection)
{
	return !pthread_mutex_trylock(&lpCriticalSection->Mutex);
}

VOID WINAPI LeaveCriticalSection(LPCRITICAL_SECTION lpCriticalSection)
{
	must(pthread_mutex_unlock(&lpCriticalSection->Mutex));
}

/* ------------------------------------------------------------------ SRW locks */

_Static_assert(sizeof(pthread_rwlock_t) <= sizeof(SRWLOCK), "");

static pthread_rwlock_t *rwlock_of(PSRWLOCK lock)
{
	return (pthread_rwlock_t *)lock->Opaque;
}

VOID WINAPI InitializeSRWLock(PSRWLOCK SRWLock)
{
	*SRWLock = (SRWLOCK)SRWLOCK_INIT;
}

VOID WINAPI AcquireSRWLockExclusive(PSRWLOCK SRWLock)
{
	must(pthread_rwlock_wrlock(rwlock_of(SRWLock)));
}

VOID WINAPI AcquireSRWLockShared(PSRWLOCK SRWLock)
{
	must(pthread_rwlock_rdlock(rwlock_of(SRWLock)));
}

VOID WINAPI ReleaseSRWLockExclusive(PSRWLOCK SRWLock)
{
	must(pthread_rwlock_unlock(rwlock_of(SRWLock)));
}

VOID WINAPI ReleaseSRWLockShared(PSRWLOCK SRWLock)
{
	must(pthread_rwlock_unlock(rwlock_of(SRWLock)));
}

BOOLEAN WINAPI TryAcquireSRWLockExclusive(PSRWLOCK SRWLock)
{
	return !pthread_rwlock_trywrlock(rwlock_of(SRWLock));
}

BOOLEAN WINAPI TryAcquireSRWLockShared(PSRWLOCK SRWLock)
{
	return !pthread_rwlock_tryrdlock(rwlock_of(SRWLock));
}

/* -------------------------------------------------------- condition variables */

VOID WINAPI InitializeConditionVariable(PCONDITION_VARIABLE ConditionVariable)
{
	ConditionVariable->Wakes = 0;
}

static BOOL sleep_on(PCONDITION_VARIABLE variable, LONG wakes, DWORD timeout,
		     const struct timespec *until)
{
	return futex_wait(&variable->Wakes, wakes, timeout == INFINITE ? NULL : until) ||
	       fail(ERROR_TIMEOUT);
}

/* The number of wakes is read before the lock is let go: none is missed. */
BOOL WINAPI SleepConditionVariableCS(PCONDITION_VARIABLE ConditionVariable,
				     PCRITICAL_SECTION CriticalSection,
				     DWORD dwMilliseconds)
{
	struct timespec until = to_timespec(now() + dwMilliseconds * MSEC);
	LONG wakes = InterlockedOr(&ConditionVariable->Wakes, 0);
	BOOL woken;

	LeaveCriticalSection(CriticalSection);
	woken = sleep_on(ConditionVariable, wakes, dwMilliseconds, &until);
	EnterCriticalSection(CriticalSection);
	return woken;
}

BOOL WINAPI SleepConditionVariableSRW(PCONDITION_VARIABLE ConditionVariable,
				      PSRWLOCK SRWLock, DWORD dwMilliseconds,
				      ULONG Flags)
{
	struct timespec until = to_timespec(now() + dwMilliseconds * MSEC);
	LONG wakes = InterlockedOr(&ConditionVariable->Wakes, 0);
	BOOL woken;

	must(pthread_rwlock_unlock(rwlock_of(SRWLock)));
	woken = sleep_on(ConditionVariable, wakes, dwMilliseconds, &until);
	if (Flags & CONDITION_VARIABLE_LOCKMODE_SHARED)
		AcquireSRWLockShared(SRWLock);
	else
		AcquireSRWLockExclusive(SRWLock);
	return woken;
}

VOID WINAPI WakeConditionVariable(PCONDITION_VARIABLE ConditionVariable)
{
	InterlockedIncrement(&ConditionVariable->Wakes);
	futex_wake(&ConditionVariable->Wakes, 1);
}

VOID WINAPI WakeAllConditionVariable(PCONDITION_VARIABLE ConditionVariable)
{
	InterlockedIncrement(&ConditionVariable->Wakes);
	futex_wake(&ConditionVariable->Wakes, INT_MAX);
}

/* ------------------------------------------------------ one-time initialization */

#define ONCE_NEW	0
#define ONCE_RUNNING	1
#define ONCE_DONE	2

VOID WINAPI InitOnceInitialize(PINIT_ONCE InitOnce)
{
	*InitOnce = (INIT_ONCE)INIT_ONCE_STATIC_INIT;
}

BOOL WINAPI InitOnceBeginInitialize(LPINIT_ONCE lpInitOnce, DWORD dwFlags,
				    BOOL *fPending, LPVOID *lpContext)
{
	LONG state;

	if (dwFlags & INIT_ONCE_ASYNC)
		return fail(ERROR_NOT_SUPPORTED);
	if (dwFlags & ~INIT_ONCE_CHECK_ONLY)
		return fail(ERROR_INVALID_PARAMETER);
	if (dwFlags & INIT_ONCE_CHECK_ONLY) {
		state = InterlockedOr(&lpInitOnce->State, 0);
		*fPending = state != ONCE_DONE;
		if (*fPending)
			return fail(ERROR_GEN_FAILURE);
	} else {
		while ((state = InterlockedCompareExchange(&lpInitOnce->State, ONCE_RUNNING,
							   ONCE_NEW)) == ONCE_RUNNING)
			futex_wait(&lpInitOnce->State, ONCE_RUNNING, NULL);
		*fPending = state == ONCE_NEW;
	}
	if (!*fPending && lpContext)
		*lpContext = lpInitOnce->Context;
	return TRUE;
}

BOOL WINAPI InitOnceComplete(LPINIT_ONCE lpInitOnce, DWORD dwFlags, LPVOID lpContext)
{
	bool failed = dwFlags & INIT_ONCE_INIT_FAILED;

	if (dwFlags & INIT_ONCE_ASYNC)
		return fail(ERROR_NOT_SUPPORTED);
	if ((dwFlags & ~INIT_ONCE_INIT_FAILED) || (failed && lpContext))
		return fail(ERROR_INVALID_PARAMETER);
	if (InterlockedOr(&lpInitOnce->State, 0) != ONCE_RUNNING)
		return fail(ERROR_GEN_FAILURE);
	lpInitOnce->Context = lpContext;
	InterlockedExchange(&lpInitOnce->State, failed ? ONCE_NEW : ONCE_DONE);
	futex_wake(&lpInitOnce->State, INT_MAX);
	return TRUE;
}

BOOL WINAPI InitOnceExecuteOnce(PINIT_ONCE InitOnce, PINIT_ONCE_FN InitFn,
				PVOID Parameter, LPVOID *Context)
{
	PVOID context = NULL;
	BOOL pending;

	InitOnceBeginInitialize(InitOnce, 0, &pending, Context);
	if (!pending)
		return TRUE;
	if (!InitFn(InitOnce, Parameter, &context)) {
		InitOnceComplete(InitOnce, INIT_ONCE_INIT_FAILED, NULL);
		return FALSE;
	}
	InitOnceComplete(InitOnce, 0, context);
	if (Context)
		*Context = context;
	return TRUE;
}
