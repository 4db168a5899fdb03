// SPDX-License-Identifier: GPL-2.0
/*
 * Handles, waits, threads, locks, timers and memory of winbase. Needs no module. That
 * nothing happens is shown by a wait with a time-out of 0, or by something later that
 * passes the same place; no test sleeps to wait.
 */
#include <windows.h>
#include <process.h>
#include <strsafe.h>
#include <intsafe.h>
#include <winternl.h>
#include <winioctl.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>
#include "kselftest_harness.h"

/* as in the other tests: a sanitizer beside other work takes its time */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 240

/* ThreadSanitizer has no threads in a child of a program with threads. */
#ifdef __SANITIZE_THREAD__
#define SKIP_IF_NO_FORK()	SKIP(return, "ThreadSanitizer cannot fork")
#else
#define SKIP_IF_NO_FORK()
#endif

#define ROUNDS	1000

static bool is_signaled(HANDLE handle)
{
	return WaitForSingleObject(handle, 0) == WAIT_OBJECT_0;
}

static bool readable(HANDLE handle)
{
	struct pollfd p = { .fd = WinBaseGetFd(handle), .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Until that thread sleeps in a futex, as one that waits does. */
static void wait_asleep(DWORD tid)
{
	char path[64], text[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%u/syscall", tid);
	do {
		fd = open(path, O_RDONLY);
		n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
		text[n > 0 ? n : 0] = 0;
		if (fd >= 0)
			close(fd);
		sched_yield();
	} while (strncmp(text, "202 ", 4));
}

/* ------------------------------------------------------------------ handles */

TEST(handles_are_checked)
{
	HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), other;
	HANDLE mutex = CreateMutexW(NULL, FALSE, NULL);

	ASSERT_NE(NULL, event);
	EXPECT_EQ(0, (uintptr_t)event >> 32);
	EXPECT_EQ(0, (uintptr_t)event >> 31);
	EXPECT_TRUE(SetEvent(event));
	/* of another type */
	EXPECT_FALSE(SetEvent(mutex));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_TRUE(CloseHandle(event));
	/* stale */
	SetLastError(0);
	EXPECT_FALSE(SetEvent(event));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	SetLastError(0);
	EXPECT_EQ(WAIT_FAILED, WaitForSingleObject(event, 0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_FALSE(CloseHandle(event));
	other = CreateEventW(NULL, TRUE, FALSE, NULL);
	EXPECT_NE(event, other);
	EXPECT_FALSE(CloseHandle(event));
	/* forged */
	for (uintptr_t forged = 0; forged < 64; forged++)
		EXPECT_FALSE(CloseHandle((HANDLE)forged));
	EXPECT_FALSE(CloseHandle((HANDLE)((uintptr_t)other ^ 0x10000)));
	EXPECT_FALSE(CloseHandle((HANDLE)((uintptr_t)other ^ 0x80000000)));
	EXPECT_FALSE(CloseHandle((HANDLE)((uintptr_t)other | 1ULL << 32)));
	EXPECT_FALSE(CloseHandle(&other));
	EXPECT_TRUE(CloseHandle(other));
	EXPECT_TRUE(CloseHandle(mutex));
	/* not carried, and says so */
	EXPECT_EQ(NULL, CreateEventW(NULL, TRUE, FALSE, u"name"));
	EXPECT_EQ(ERROR_NOT_SUPPORTED, GetLastError());
}

/* The table is used up, then again from its start: with another generation. */
TEST(handles_many)
{
	HANDLE first = CreateEventA(NULL, FALSE, FALSE, NULL);
	HANDLE *all = calloc(65536, sizeof(HANDLE));
	int n = 0;

	EXPECT_TRUE(CloseHandle(first));
	while ((all[n] = CreateEventA(NULL, FALSE, FALSE, NULL)))
		n++;
	EXPECT_EQ(ERROR_NO_SYSTEM_RESOURCES, GetLastError());
	EXPECT_EQ(65535, n);
	EXPECT_FALSE(SetEvent(first));
	for (int i = 0; i < n; i++) {
		ASSERT_NE(first, all[i]);
		ASSERT_TRUE(CloseHandle(all[i]));
	}
	free(all);
}

TEST(handles_duplicate)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), copy, moved, thread;

	ASSERT_TRUE(DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &copy,
				    0, FALSE, DUPLICATE_SAME_ACCESS));
	EXPECT_NE(event, copy);
	ASSERT_TRUE(DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &moved,
				    0, FALSE, DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE));
	EXPECT_FALSE(SetEvent(event));
	EXPECT_TRUE(SetEvent(copy));
	EXPECT_TRUE(is_signaled(moved));
	EXPECT_TRUE(CloseHandle(copy));
	EXPECT_TRUE(is_signaled(moved));
	EXPECT_TRUE(CloseHandle(moved));
	EXPECT_FALSE(DuplicateHandle(GetCurrentProcess(), moved, GetCurrentProcess(), &copy,
				     0, FALSE, DUPLICATE_SAME_ACCESS));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());

	ASSERT_TRUE(DuplicateHandle(GetCurrentProcess(), GetCurrentThread(),
				    GetCurrentProcess(), &thread, 0, FALSE,
				    DUPLICATE_SAME_ACCESS));
	EXPECT_EQ(GetCurrentThreadId(), GetThreadId(thread));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(thread, 0));
	EXPECT_TRUE(CloseHandle(thread));
}

static DWORD WINAPI wait_and_pass_on(LPVOID events)
{
	HANDLE *event = events;

	return WaitForSingleObject(event[0], INFINITE) == WAIT_OBJECT_0 && SetEvent(event[1]);
}

TEST(handles_after_fork)
{
	HANDLE events[2] = { CreateEventA(NULL, TRUE, TRUE, NULL),
			     CreateEventA(NULL, FALSE, FALSE, NULL) };
	HANDLE mutex = CreateMutexA(NULL, TRUE, NULL), thread;
	int status;
	pid_t pid;

	SKIP_IF_NO_FORK();
	pid = fork();
	if (!pid) {
		HANDLE own[2];
		DWORD code = 0;

		if (SetEvent(events[0]) || GetLastError() != ERROR_INVALID_HANDLE ||
		    is_signaled(events[0]) || ReleaseMutex(mutex) || CloseHandle(events[1]))
			_exit(1);
		/* what it makes is its own, and the threads work */
		own[0] = CreateEventA(NULL, TRUE, FALSE, NULL);
		own[1] = CreateEventA(NULL, FALSE, FALSE, NULL);
		thread = CreateThread(NULL, 0, wait_and_pass_on, own, 0, NULL);
		if (!thread || own[0] == events[0] || !SetEvent(own[0]) ||
		    WaitForSingleObject(own[1], INFINITE) ||
		    WaitForSingleObject(thread, INFINITE) ||
		    !GetExitCodeThread(thread, &code) || code != 1 ||
		    GetCurrentThreadId() != (DWORD)getpid())
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(ReleaseMutex(mutex));
	EXPECT_TRUE(is_signaled(events[0]));
	CloseHandle(events[0]);
	CloseHandle(events[1]);
	CloseHandle(mutex);
}

TEST(handles_poll)
{
	HANDLE event = CreateEventA(NULL, FALSE, TRUE, NULL);
	HANDLE semaphore = CreateSemaphoreA(NULL, 2, 2, NULL);
	HANDLE mutex = CreateMutexA(NULL, FALSE, NULL);

	EXPECT_TRUE(readable(event));
	EXPECT_TRUE(is_signaled(event));
	EXPECT_FALSE(readable(event));
	EXPECT_TRUE(SetEvent(event));
	EXPECT_TRUE(readable(event));
	EXPECT_TRUE(ResetEvent(event));
	EXPECT_FALSE(readable(event));
	EXPECT_EQ(WinBaseGetFd(event), WinBaseGetFd(event));

	EXPECT_TRUE(is_signaled(semaphore));
	EXPECT_TRUE(readable(semaphore));
	EXPECT_TRUE(is_signaled(semaphore));
	EXPECT_FALSE(readable(semaphore));
	EXPECT_TRUE(readable(mutex));
	EXPECT_TRUE(is_signaled(mutex));
	EXPECT_FALSE(readable(mutex));
	EXPECT_TRUE(ReleaseMutex(mutex));
	EXPECT_TRUE(readable(mutex));

	CloseHandle(event);
	CloseHandle(semaphore);
	CloseHandle(mutex);
	EXPECT_EQ(-1, WinBaseGetFd(event));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
}

/* -------------------------------------------------------------------- waits */

TEST(events_reset)
{
	HANDLE manual = CreateEventExW(NULL, NULL, CREATE_EVENT_MANUAL_RESET, EVENT_ALL_ACCESS);
	HANDLE automatic = CreateEventExW(NULL, NULL, CREATE_EVENT_INITIAL_SET, 0);

	EXPECT_FALSE(is_signaled(manual));
	EXPECT_TRUE(SetEvent(manual));
	EXPECT_TRUE(is_signaled(manual));
	EXPECT_TRUE(is_signaled(manual));
	EXPECT_TRUE(ResetEvent(manual));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(manual, 1));
	EXPECT_TRUE(is_signaled(automatic));
	EXPECT_FALSE(is_signaled(automatic));
	/* a pulse that nobody waits for is lost */
	EXPECT_TRUE(PulseEvent(manual));
	EXPECT_FALSE(is_signaled(manual));
	CloseHandle(manual);
	CloseHandle(automatic);
}

TEST(waits_for_any)
{
	HANDLE events[3];

	for (int i = 0; i < 3; i++)
		events[i] = CreateEventA(NULL, FALSE, FALSE, NULL);
	EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjects(3, events, FALSE, 1));
	SetEvent(events[2]);
	SetEvent(events[1]);
	EXPECT_EQ(WAIT_OBJECT_0 + 1, WaitForMultipleObjects(3, events, FALSE, INFINITE));
	EXPECT_EQ(WAIT_OBJECT_0 + 2, WaitForMultipleObjects(3, events, FALSE, INFINITE));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForMultipleObjects(3, events, FALSE, 0));
	EXPECT_EQ(WAIT_FAILED, WaitForMultipleObjects(0, events, FALSE, 0));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(WAIT_FAILED, WaitForMultipleObjects(65, events, FALSE, 0));
	for (int i = 0; i < 3; i++)
		CloseHandle(events[i]);
	EXPECT_EQ(WAIT_FAILED, WaitForMultipleObjects(3, events, FALSE, 0));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
}

struct waiter {
	HANDLE handles[2];
	DWORD result;
};

static DWORD WINAPI wait_for_both(LPVOID data)
{
	struct waiter *waiter = data;

	return WaitForMultipleObjects(2, waiter->handles, TRUE, INFINITE);
}

/* Nothing is taken before everything can be. */
TEST(waits_for_all)
{
	struct waiter waiter = { { CreateEventA(NULL, FALSE, FALSE, NULL),
				   CreateSemaphoreA(NULL, 0, 1, NULL) }, 0 };
	HANDLE twins[2] = { waiter.handles[0], waiter.handles[0] }, thread;
	DWORD tid, code;

	thread = CreateThread(NULL, 0, wait_for_both, &waiter, 0, &tid);
	ASSERT_NE(NULL, thread);
	wait_asleep(tid);
	EXPECT_TRUE(SetEvent(waiter.handles[0]));
	/* it was not taken: this takes it */
	EXPECT_TRUE(is_signaled(waiter.handles[0]));
	EXPECT_TRUE(ReleaseSemaphore(waiter.handles[1], 1, NULL));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(thread, 0));
	EXPECT_TRUE(SetEvent(waiter.handles[0]));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	EXPECT_TRUE(GetExitCodeThread(thread, &code));
	EXPECT_EQ(WAIT_OBJECT_0, code);
	EXPECT_FALSE(is_signaled(waiter.handles[0]));
	EXPECT_FALSE(is_signaled(waiter.handles[1]));
	EXPECT_EQ(WAIT_FAILED, WaitForMultipleObjects(2, twins, TRUE, 0));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	CloseHandle(thread);
	CloseHandle(waiter.handles[0]);
	CloseHandle(waiter.handles[1]);
}

static DWORD WINAPI wait_for_one(LPVOID handle)
{
	return WaitForSingleObject(handle, INFINITE);
}

/* A pulse lets those pass that wait, and no one else. */
TEST(events_pulse)
{
	HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL), threads[3];
	DWORD tid;

	for (int i = 0; i < 3; i++) {
		threads[i] = CreateThread(NULL, 0, wait_for_one, event, 0, &tid);
		wait_asleep(tid);
	}
	EXPECT_TRUE(PulseEvent(event));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(3, threads, TRUE, INFINITE));
	EXPECT_FALSE(is_signaled(event));
	for (int i = 0; i < 3; i++)
		CloseHandle(threads[i]);
	CloseHandle(event);
}

/* The handle is closed under the waiter. */
TEST(waits_hold_the_object)
{
	HANDLE event = CreateEventA(NULL, FALSE, FALSE, NULL), copy, thread;
	DWORD tid;

	DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &copy, 0, FALSE,
			DUPLICATE_SAME_ACCESS);
	thread = CreateThread(NULL, 0, wait_for_one, event, 0, &tid);
	wait_asleep(tid);
	EXPECT_TRUE(CloseHandle(event));
	EXPECT_TRUE(SetEvent(copy));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	CloseHandle(thread);
	CloseHandle(copy);
}

static DWORD WINAPI own_and_end(LPVOID mutex)
{
	return WaitForSingleObject(mutex, INFINITE);
}

TEST(mutexes)
{
	HANDLE mutex = CreateMutexW(NULL, TRUE, NULL), thread;
	DWORD tid;

	/* recursive */
	EXPECT_TRUE(is_signaled(mutex));
	thread = CreateThread(NULL, 0, own_and_end, mutex, 0, &tid);
	wait_asleep(tid);
	EXPECT_TRUE(ReleaseMutex(mutex));
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(thread, 0));
	EXPECT_TRUE(ReleaseMutex(mutex));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	/* it ended as the owner */
	EXPECT_EQ(WAIT_ABANDONED, WaitForSingleObject(mutex, 0));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(mutex, 0));
	EXPECT_TRUE(ReleaseMutex(mutex));
	EXPECT_TRUE(ReleaseMutex(mutex));
	EXPECT_FALSE(ReleaseMutex(mutex));
	EXPECT_EQ(ERROR_NOT_OWNER, GetLastError());
	CloseHandle(thread);
	CloseHandle(mutex);
}

TEST(semaphores)
{
	HANDLE semaphore = CreateSemaphoreW(NULL, 1, 3, NULL);
	LONG previous = -1;

	EXPECT_TRUE(ReleaseSemaphore(semaphore, 2, &previous));
	EXPECT_EQ(1, previous);
	EXPECT_FALSE(ReleaseSemaphore(semaphore, 1, &previous));
	EXPECT_EQ(ERROR_TOO_MANY_POSTS, GetLastError());
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(is_signaled(semaphore));
	EXPECT_FALSE(is_signaled(semaphore));
	EXPECT_EQ(NULL, CreateSemaphoreW(NULL, 2, 1, NULL));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	CloseHandle(semaphore);
}

/* Two threads hand a turn to and fro: no wake-up is lost. */
static DWORD WINAPI play(LPVOID data)
{
	struct waiter *waiter = data;

	for (int i = 0; i < ROUNDS; i++)
		if (WaitForSingleObject(waiter->handles[0], INFINITE) ||
		    !SetEvent(waiter->handles[1]))
			return 1;
	return 0;
}

TEST(waits_ping_pong)
{
	struct waiter other = { { CreateEventA(NULL, FALSE, FALSE, NULL),
				  CreateEventA(NULL, FALSE, FALSE, NULL) }, 0 };
	HANDLE thread = CreateThread(NULL, 0, play, &other, 0, NULL);

	for (int i = 0; i < ROUNDS; i++)
		ASSERT_EQ(WAIT_OBJECT_0, SignalObjectAndWait(other.handles[0], other.handles[1],
							     INFINITE, FALSE));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	CloseHandle(thread);
	CloseHandle(other.handles[0]);
	CloseHandle(other.handles[1]);
}

/* ------------------------------------------------------------------ threads */

static DWORD WINAPI end_with(LPVOID data)
{
	if (data)
		ExitThread((DWORD)(uintptr_t)data);
	return 7;
}

TEST(threads)
{
	DWORD tid, code;
	HANDLE thread = CreateThread(NULL, 0, end_with, NULL, CREATE_SUSPENDED, &tid);

	ASSERT_NE(NULL, thread);
	EXPECT_EQ(tid, GetThreadId(thread));
	wait_asleep(tid);
	EXPECT_TRUE(GetExitCodeThread(thread, &code));
	EXPECT_EQ(STILL_ACTIVE, code);
	EXPECT_FALSE(readable(thread));
	EXPECT_EQ(1, ResumeThread(thread));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	EXPECT_TRUE(readable(thread));
	EXPECT_TRUE(GetExitCodeThread(thread, &code));
	EXPECT_EQ(7, code);
	EXPECT_EQ(0, ResumeThread(thread));
	CloseHandle(thread);
	EXPECT_FALSE(GetExitCodeThread(thread, &code));

	thread = (HANDLE)_beginthreadex(NULL, 1 << 16, end_with, (void *)9, 0, &tid);
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(thread, INFINITE));
	EXPECT_TRUE(GetExitCodeThread(thread, &code));
	EXPECT_EQ(9, code);
	CloseHandle(thread);
	EXPECT_EQ((DWORD)getpid(), GetCurrentProcessId());
}

static DWORD WINAPI look_at_tls(LPVOID index)
{
	DWORD tls = (DWORD)(uintptr_t)index;
	bool was_empty = !TlsGetValue(tls);

	return was_empty && TlsSetValue(tls, &tls) && TlsGetValue(tls) == &tls;
}

TEST(tls)
{
	DWORD tls = TlsAlloc(), code;
	HANDLE thread;

	ASSERT_NE(TLS_OUT_OF_INDEXES, tls);
	EXPECT_TRUE(TlsSetValue(tls, &tls));
	thread = CreateThread(NULL, 0, look_at_tls, (void *)(uintptr_t)tls, 0, NULL);
	WaitForSingleObject(thread, INFINITE);
	EXPECT_TRUE(GetExitCodeThread(thread, &code));
	EXPECT_EQ(1, code);
	EXPECT_EQ(&tls, TlsGetValue(tls));
	EXPECT_TRUE(TlsFree(tls));
	EXPECT_FALSE(TlsFree(tls));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(NULL, TlsGetValue(99999));
	CloseHandle(thread);
}

/* -------------------------------------------------------------------- locks */

static struct {
	CRITICAL_SECTION section;
	SRWLOCK slim;
	CONDITION_VARIABLE changed;
	int turn, count;
} shared = { .slim = SRWLOCK_INIT, .changed = CONDITION_VARIABLE_INIT };

static DWORD WINAPI try_section(LPVOID unused)
{
	(void)unused;
	if (!TryEnterCriticalSection(&shared.section))
		return 0;
	LeaveCriticalSection(&shared.section);
	return 1;
}

static DWORD run(LPTHREAD_START_ROUTINE routine, void *parameter)
{
	HANDLE thread = CreateThread(NULL, 0, routine, parameter, 0, NULL);
	DWORD code;

	WaitForSingleObject(thread, INFINITE);
	GetExitCodeThread(thread, &code);
	CloseHandle(thread);
	return code;
}

TEST(critical_sections)
{
	EXPECT_TRUE(InitializeCriticalSectionAndSpinCount(&shared.section, 4000));
	EnterCriticalSection(&shared.section);
	EXPECT_TRUE(TryEnterCriticalSection(&shared.section));
	LeaveCriticalSection(&shared.section);
	EXPECT_EQ(0, run(try_section, NULL));
	LeaveCriticalSection(&shared.section);
	EXPECT_EQ(1, run(try_section, NULL));
	DeleteCriticalSection(&shared.section);
}

static DWORD WINAPI try_slim(LPVOID unused)
{
	DWORD can = 0;

	(void)unused;
	if (TryAcquireSRWLockShared(&shared.slim)) {
		can |= 1;
		ReleaseSRWLockShared(&shared.slim);
	}
	if (TryAcquireSRWLockExclusive(&shared.slim)) {
		can |= 2;
		ReleaseSRWLockExclusive(&shared.slim);
	}
	return can;
}

TEST(slim_locks)
{
	EXPECT_EQ(3, run(try_slim, NULL));
	AcquireSRWLockShared(&shared.slim);
	EXPECT_EQ(1, run(try_slim, NULL));
	ReleaseSRWLockShared(&shared.slim);
	AcquireSRWLockExclusive(&shared.slim);
	EXPECT_EQ(0, run(try_slim, NULL));
	ReleaseSRWLockExclusive(&shared.slim);
}

static DWORD WINAPI take_turns(LPVOID me)
{
	for (int i = 0; i < ROUNDS; i++) {
		EnterCriticalSection(&shared.section);
		while (shared.turn != (int)(intptr_t)me)
			SleepConditionVariableCS(&shared.changed, &shared.section, INFINITE);
		shared.count++;
		shared.turn = !shared.turn;
		WakeConditionVariable(&shared.changed);
		LeaveCriticalSection(&shared.section);
	}
	return 0;
}

TEST(condition_variables)
{
	HANDLE threads[2];
	LONG wakes = shared.changed.Wakes;

	/* who is between leaving the section and sleeping sees it by this */
	WakeConditionVariable(&shared.changed);
	EXPECT_NE(wakes, shared.changed.Wakes);
	InitializeCriticalSection(&shared.section);
	for (intptr_t i = 0; i < 2; i++)
		threads[i] = CreateThread(NULL, 0, take_turns, (void *)i, 0, NULL);
	EXPECT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(2, threads, TRUE, INFINITE));
	EXPECT_EQ(2 * ROUNDS, shared.count);
	EnterCriticalSection(&shared.section);
	EXPECT_FALSE(SleepConditionVariableCS(&shared.changed, &shared.section, 1));
	EXPECT_EQ(ERROR_TIMEOUT, GetLastError());
	LeaveCriticalSection(&shared.section);
	AcquireSRWLockShared(&shared.slim);
	EXPECT_FALSE(SleepConditionVariableSRW(&shared.changed, &shared.slim, 1,
					       CONDITION_VARIABLE_LOCKMODE_SHARED));
	EXPECT_EQ(ERROR_TIMEOUT, GetLastError());
	ReleaseSRWLockShared(&shared.slim);
	DeleteCriticalSection(&shared.section);
	CloseHandle(threads[0]);
	CloseHandle(threads[1]);
}

static LONG inits;

static BOOL WINAPI init(PINIT_ONCE once, PVOID parameter, PVOID *context)
{
	(void)once;
	if (InterlockedIncrement(&inits) == 1)
		return FALSE;
	*context = parameter;
	return TRUE;
}

static INIT_ONCE once = INIT_ONCE_STATIC_INIT;

static DWORD WINAPI run_once(LPVOID unused)
{
	PVOID context = NULL;

	(void)unused;
	while (!InitOnceExecuteOnce(&once, init, &inits, &context))
		;
	return context == &inits;
}

/* The first attempt fails; then one succeeds, whoever makes it, and no other runs. */
TEST(init_once)
{
	HANDLE threads[4];
	DWORD code;

	for (int i = 0; i < 4; i++)
		threads[i] = CreateThread(NULL, 0, run_once, NULL, 0, NULL);
	EXPECT_EQ(WAIT_OBJECT_0, WaitForMultipleObjects(4, threads, TRUE, INFINITE));
	for (int i = 0; i < 4; i++) {
		EXPECT_TRUE(GetExitCodeThread(threads[i], &code));
		EXPECT_EQ(1, code);
		CloseHandle(threads[i]);
	}
	EXPECT_EQ(2, inits);
}

TEST(interlocked)
{
	LONG value = 5;
	LONG64 wide = 1LL << 40;
	PVOID pointer = &value;

	EXPECT_EQ(6, InterlockedIncrement(&value));
	EXPECT_EQ(5, InterlockedDecrement(&value));
	EXPECT_EQ(5, InterlockedExchangeAdd(&value, 3));
	EXPECT_EQ(8, InterlockedExchange(&value, -1));
	EXPECT_EQ(-1, InterlockedCompareExchange(&value, 4, -1));
	EXPECT_EQ(4, InterlockedCompareExchange(&value, 9, -1));
	EXPECT_EQ(4, InterlockedOr(&value, 3));
	EXPECT_EQ(7, InterlockedAnd(&value, 6));
	EXPECT_EQ(6, value);
	EXPECT_EQ((1LL << 40) + 1, InterlockedIncrement64(&wide));
	EXPECT_EQ(&value, InterlockedCompareExchangePointer(&pointer, &wide, &value));
	EXPECT_EQ(&wide, InterlockedExchangePointer(&pointer, NULL));
	value = 0;
	EXPECT_EQ(0, InterlockedBitTestAndSet(&value, 31));
	EXPECT_EQ(1, InterlockedBitTestAndReset(&value, 31));
	EXPECT_EQ(0, value);
}

/* ------------------------------------------------------------ pool and timers */

struct calls {
	HANDLE entered, leave;		/* semaphore, event */
	LONG count;
};

static struct calls calls_new(void)
{
	return (struct calls){ CreateSemaphoreA(NULL, 0, 10000, NULL),
			       CreateEventA(NULL, TRUE, FALSE, NULL), 0 };
}

static void calls_close(struct calls *calls)
{
	CloseHandle(calls->entered);
	CloseHandle(calls->leave);
}

static void enter(struct calls *calls)
{
	ReleaseSemaphore(calls->entered, 1, NULL);
	WaitForSingleObject(calls->leave, INFINITE);
	InterlockedIncrement(&calls->count);
}

static VOID CALLBACK on_timer(PVOID data, BOOLEAN fired)
{
	if (fired)
		enter(data);
}

static VOID CALLBACK on_tp_timer(PTP_CALLBACK_INSTANCE instance, PVOID data, PTP_TIMER timer)
{
	(void)instance;
	(void)timer;
	enter(data);
}

static VOID CALLBACK on_work(PTP_CALLBACK_INSTANCE instance, PVOID data, PTP_WORK work)
{
	(void)instance;
	(void)work;
	enter(data);
}

static DWORD WINAPI on_item(LPVOID data)
{
	enter(data);
	return 0;
}

/* The callback runs while it is deleted, and what the deleter asked for comes after. */
TEST(timer_queue_completion)
{
	struct calls calls = calls_new();
	HANDLE timer, done = CreateEventA(NULL, FALSE, FALSE, NULL);

	/* an event */
	ASSERT_TRUE(CreateTimerQueueTimer(&timer, NULL, on_timer, &calls, 0, 0, 0));
	EXPECT_FALSE(CloseHandle(timer));
	EXPECT_EQ(0, WaitForSingleObject(calls.entered, INFINITE));
	EXPECT_FALSE(DeleteTimerQueueTimer(NULL, timer, timer));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_TRUE(DeleteTimerQueueTimer(NULL, timer, done));
	EXPECT_FALSE(is_signaled(done));
	SetEvent(calls.leave);
	EXPECT_EQ(0, WaitForSingleObject(done, INFINITE));
	EXPECT_EQ(1, calls.count);
	EXPECT_FALSE(DeleteTimerQueueTimer(NULL, timer, NULL));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());

	/* nothing: pending, and it ends by itself */
	ResetEvent(calls.leave);
	ASSERT_TRUE(CreateTimerQueueTimer(&timer, NULL, on_timer, &calls, 0, 0,
					  WT_EXECUTEINTIMERTHREAD));
	EXPECT_EQ(0, WaitForSingleObject(calls.entered, INFINITE));
	EXPECT_FALSE(DeleteTimerQueueTimer(NULL, timer, NULL));
	EXPECT_EQ(ERROR_IO_PENDING, GetLastError());
	SetEvent(calls.leave);

	/* one that has not fired */
	ASSERT_TRUE(CreateTimerQueueTimer(&timer, NULL, on_timer, &calls, 3600000, 0, 0));
	EXPECT_TRUE(DeleteTimerQueueTimer(NULL, timer, done));
	EXPECT_TRUE(is_signaled(done));

	/* INVALID_HANDLE_VALUE: after it no callback runs */
	for (int i = 0; i < 100; i++) {
		LONG before;

		ASSERT_TRUE(CreateTimerQueueTimer(&timer, NULL, on_timer, &calls, 0, 1, 0));
		EXPECT_EQ(0, WaitForSingleObject(calls.entered, INFINITE));
		ASSERT_TRUE(DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE));
		before = InterlockedOr(&calls.count, 0);
		while (is_signaled(calls.entered))
			;
		EXPECT_EQ(before, InterlockedOr(&calls.count, 0));
	}
	CloseHandle(done);
	calls_close(&calls);
}

TEST(timer_queue_delete)
{
	struct calls calls = calls_new();
	HANDLE queue = CreateTimerQueue(), timers[3];

	for (int i = 0; i < 3; i++)
		ASSERT_TRUE(CreateTimerQueueTimer(&timers[i], queue, on_timer, &calls,
						  i ? INFINITE : 0, 0, 0));
	/* another queue's */
	EXPECT_FALSE(DeleteTimerQueueTimer(NULL, timers[1], NULL));
	EXPECT_EQ(0, WaitForSingleObject(calls.entered, INFINITE));
	EXPECT_TRUE(ChangeTimerQueueTimer(queue, timers[1], 0, 0));
	EXPECT_EQ(0, WaitForSingleObject(calls.entered, INFINITE));
	SetEvent(calls.leave);
	EXPECT_TRUE(DeleteTimerQueueEx(queue, INVALID_HANDLE_VALUE));
	EXPECT_EQ(2, InterlockedOr(&calls.count, 0));
	EXPECT_FALSE(DeleteTimerQueueTimer(queue, timers[2], NULL));
	EXPECT_FALSE(DeleteTimerQueueEx(queue, NULL));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	calls_close(&calls);
}

TEST(threadpool_timers)
{
	struct calls calls = calls_new();
	PTP_TIMER timer = CreateThreadpoolTimer(on_tp_timer, &calls, NULL);
	FILETIME now, soon = { 0, 0 };

	ASSERT_NE(NULL, timer);
	EXPECT_FALSE(IsThreadpoolTimerSet(timer));
	SetThreadpoolTimer(timer, &soon, 0, 0);
	EXPECT_TRUE(IsThreadpoolTimerSet(timer));
	EXPECT_EQ(0, WaitForSingleObject(calls.entered, INFINITE));
	SetEvent(calls.leave);
	WaitForThreadpoolTimerCallbacks(timer, TRUE);
	EXPECT_EQ(1, calls.count);
	/* an absolute time in the past, with a period; then none */
	GetSystemTimeAsFileTime(&now);
	SetThreadpoolTimer(timer, &now, 1, 0);
	for (int i = 0; i < 5; i++)
		EXPECT_EQ(0, WaitForSingleObject(calls.entered, INFINITE));
	SetThreadpoolTimer(timer, NULL, 0, 0);
	EXPECT_FALSE(IsThreadpoolTimerSet(timer));
	WaitForThreadpoolTimerCallbacks(timer, TRUE);
	CloseThreadpoolTimer(timer);
	EXPECT_EQ(NULL, CreateThreadpoolTimer(on_tp_timer, NULL, (void *)&calls));
	EXPECT_EQ(ERROR_NOT_SUPPORTED, GetLastError());
	calls_close(&calls);
}

/* None of these can end before all have begun: each has a thread. */
TEST(threadpool_work)
{
	struct calls calls = calls_new();
	PTP_WORK work = CreateThreadpoolWork(on_work, &calls, NULL);

	for (int i = 0; i < 20; i++)
		SubmitThreadpoolWork(work);
	for (int i = 0; i < 20; i++)
		EXPECT_TRUE(QueueUserWorkItem(on_item, &calls, WT_EXECUTEDEFAULT));
	for (int i = 0; i < 40; i++)
		EXPECT_EQ(0, WaitForSingleObject(calls.entered, INFINITE));
	EXPECT_EQ(0, InterlockedOr(&calls.count, 0));
	SetEvent(calls.leave);
	WaitForThreadpoolWorkCallbacks(work, FALSE);
	EXPECT_LE(20, InterlockedOr(&calls.count, 0));
	CloseThreadpoolWork(work);
	while (InterlockedOr(&calls.count, 0) != 40)
		SwitchToThread();
	calls_close(&calls);
}

static VOID CALLBACK on_apc(LPVOID data, DWORD low, DWORD high)
{
	(void)data;
	(void)low;
	(void)high;
}

TEST(waitable_timers)
{
	HANDLE timer = CreateWaitableTimerW(NULL, FALSE, NULL);
	LARGE_INTEGER due = { .QuadPart = -1 };
	struct pollfd p = { .fd = WinBaseGetFd(timer), .events = POLLIN };

	EXPECT_FALSE(is_signaled(timer));
	EXPECT_TRUE(SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE));
	EXPECT_EQ(1, poll(&p, 1, -1));
	EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(timer, INFINITE));
	EXPECT_FALSE(is_signaled(timer));
	EXPECT_TRUE(SetWaitableTimer(timer, &due, 1, NULL, NULL, FALSE));
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(WAIT_OBJECT_0, WaitForSingleObject(timer, INFINITE));
	EXPECT_TRUE(CancelWaitableTimer(timer));
	EXPECT_FALSE(SetWaitableTimer(timer, &due, 0, on_apc, NULL, FALSE));
	EXPECT_EQ(ERROR_NOT_SUPPORTED, GetLastError());
	CloseHandle(timer);
}

/* -------------------------------------------------------------- all the rest */

TEST(memory)
{
	HANDLE heap = GetProcessHeap();
	char *p = HeapAlloc(heap, HEAP_ZERO_MEMORY, 10);

	EXPECT_EQ(0, p[0] | p[9]);
	EXPECT_EQ(10, HeapSize(heap, 0, p));
	memset(p, 1, 10);
	p = HeapReAlloc(heap, HEAP_ZERO_MEMORY, p, 1000);
	EXPECT_EQ(1, p[9]);
	EXPECT_EQ(0, p[10] | p[999]);
	EXPECT_EQ(NULL, HeapAlloc(heap, 0, SIZE_MAX));
	EXPECT_EQ(ERROR_NOT_ENOUGH_MEMORY, GetLastError());
	EXPECT_EQ(NULL, HeapAlloc(NULL, 0, 1));
	EXPECT_EQ(ERROR_INVALID_HANDLE, GetLastError());
	EXPECT_TRUE(HeapFree(heap, 0, p));
	p = LocalAlloc(LPTR, 3);
	EXPECT_EQ(3, LocalSize(p));
	EXPECT_EQ(NULL, LocalFree(p));
	EXPECT_EQ(NULL, GlobalAlloc(GMEM_MOVEABLE, 3));
	p = CoTaskMemAlloc(0);
	EXPECT_NE(NULL, p);
	CoTaskMemFree(p);
}

TEST(errors)
{
	WCHAR *wide;
	char text[64];

	EXPECT_EQ((HRESULT)0x800703e3, HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED));
	EXPECT_EQ(S_OK, HRESULT_FROM_WIN32(GetLastError() * 0));
	EXPECT_EQ(E_FAIL, HRESULT_FROM_WIN32(E_FAIL));
	EXPECT_EQ((HRESULT)0xd0000120, HRESULT_FROM_NT(STATUS_CANCELLED));
	EXPECT_EQ((HRESULT)0x8007050b, HRESULT_FROM_WIN32(ERROR_DRIVER_PROCESS_TERMINATED));
	EXPECT_EQ((HRESULT)0x800710dd, HRESULT_FROM_WIN32(ERROR_INVALID_OPERATION));
	EXPECT_EQ((HRESULT)0x8007064a, HRESULT_FROM_WIN32(ERROR_BAD_CONFIGURATION));
	EXPECT_EQ(995, HRESULT_CODE(0x800703e3));
	EXPECT_EQ(FACILITY_WIN32, HRESULT_FACILITY(0x800703e3));
	EXPECT_TRUE(FAILED(E_ABORT));
	EXPECT_TRUE(SUCCEEDED(S_FALSE));
	EXPECT_EQ(0x222004, CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED,
				     FILE_ANY_ACCESS));

	EXPECT_EQ(17, FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, ERROR_INVALID_HANDLE, 0,
				     text, sizeof(text), NULL));
	EXPECT_STREQ("Invalid handle.\r\n", text);
	EXPECT_EQ(0, FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 6, 0, text, 17, NULL));
	EXPECT_EQ(ERROR_INSUFFICIENT_BUFFER, GetLastError());
	EXPECT_EQ(0, FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 60000, 0, text, 64, NULL));
	EXPECT_EQ(ERROR_MR_MID_NOT_FOUND, GetLastError());
	EXPECT_LT(0, FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_ALLOCATE_BUFFER,
				    NULL, 0x800703e3, 0, (LPWSTR)&wide, 0, NULL));
	EXPECT_EQ(0, winbase_wcscmp(u"Operation aborted.\r\n", wide));
	LocalFree(wide);
}

TEST(guids)
{
	GUID guid, other;
	WCHAR text[39];

	EXPECT_EQ(S_OK, CLSIDFromString(u"{00000001-0000-0000-C000-000000000046}", &guid));
	EXPECT_TRUE(IsEqualIID(&guid, &IID_IClassFactory));
	EXPECT_FALSE(IsEqualIID(&guid, &IID_IUnknown));
	EXPECT_EQ(CO_E_CLASSSTRING, CLSIDFromString(u"{00000001-0000", &guid));
	EXPECT_EQ(CO_E_IIDSTRING, IIDFromString(u"00000001-0000-0000-C000-000000000046", &guid));
	EXPECT_EQ(S_OK, CoCreateGuid(&guid));
	EXPECT_EQ(0, StringFromGUID2(&guid, text, 38));
	EXPECT_EQ(39, StringFromGUID2(&guid, text, 39));
	EXPECT_EQ('4', text[15]);
	EXPECT_EQ(S_OK, IIDFromString(text, &other));
	EXPECT_TRUE(IsEqualGUID(&guid, &other));

	EXPECT_EQ(S_OK, CoInitializeEx(NULL, COINIT_MULTITHREADED));
	EXPECT_EQ(S_FALSE, CoInitializeEx(NULL, COINIT_MULTITHREADED));
	EXPECT_EQ(RPC_E_CHANGED_MODE, CoInitialize(NULL));
	CoUninitialize();
	CoUninitialize();
	EXPECT_EQ(S_OK, CoInitialize(NULL));
	CoUninitialize();
}

TEST(clocks)
{
	SYSTEMTIME system = { .wYear = 2000, .wMonth = 2, .wDay = 29, .wHour = 1 }, back;
	LARGE_INTEGER a, b, frequency;
	FILETIME file;
	HANDLE event;

	EXPECT_TRUE(SystemTimeToFileTime(&system, &file));
	EXPECT_EQ(0x01bf8250, file.dwHighDateTime);
	EXPECT_TRUE(FileTimeToSystemTime(&file, &back));
	EXPECT_EQ(2, back.wDayOfWeek);
	back.wDayOfWeek = 0;
	EXPECT_EQ(0, memcmp(&system, &back, sizeof(back)));
	system.wDay = 30;
	EXPECT_FALSE(SystemTimeToFileTime(&system, &file));
	EXPECT_TRUE(QueryPerformanceFrequency(&frequency));
	EXPECT_EQ(10000000, frequency.QuadPart);
	QueryPerformanceCounter(&a);
	event = CreateEventA(NULL, FALSE, FALSE, NULL);
	EXPECT_EQ(WAIT_TIMEOUT, WaitForSingleObject(event, 20));
	CloseHandle(event);
	QueryPerformanceCounter(&b);
	EXPECT_LE(200000, b.QuadPart - a.QuadPart);
	EXPECT_LE(a.QuadPart / 10000, (LONGLONG)GetTickCount64());
}

TEST(modules)
{
	HMODULE self = GetModuleHandleW(NULL), libc, here;
	WCHAR path[260];
	HKEY key;

	EXPECT_NE(NULL, self);
	EXPECT_TRUE(DisableThreadLibraryCalls(self));
	libc = LoadLibraryW(u"libc.so.6");
	ASSERT_NE(NULL, libc);
	EXPECT_NE(NULL, GetProcAddress(libc, "getpid"));
	EXPECT_EQ(NULL, GetProcAddress(libc, "no_such_function"));
	EXPECT_EQ(ERROR_PROC_NOT_FOUND, GetLastError());
	EXPECT_TRUE(FreeLibrary(libc));
	EXPECT_EQ(NULL, LoadLibraryA("no_such_library.so"));
	EXPECT_EQ(ERROR_MOD_NOT_FOUND, GetLastError());
	EXPECT_TRUE(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, (LPCWSTR)is_signaled,
				       &here));
	EXPECT_EQ(self, here);
	EXPECT_LT(0, GetModuleFileNameW(NULL, path, 260));
	EXPECT_EQ(3, GetModuleFileNameW(NULL, path, 3));
	EXPECT_EQ(0, path[2]);
	EXPECT_EQ(ERROR_INSUFFICIENT_BUFFER, GetLastError());

	EXPECT_EQ(ERROR_FILE_NOT_FOUND, RegOpenKeyExW(HKEY_LOCAL_MACHINE, u"Software", 0, KEY_READ,
						      &key));
	EXPECT_EQ(ERROR_INVALID_HANDLE, RegCloseKey(key));
}

TEST(safe_strings_and_numbers)
{
	WCHAR wide[8];
	char text[8];
	size_t length;
	ULONG sum;
	SIZE_T product;
	UNICODE_STRING counted;

	EXPECT_EQ(S_OK, StringCchCopyA(text, 8, "abc"));
	EXPECT_EQ(S_OK, StringCchCatA(text, 8, "defg"));
	EXPECT_EQ(STRSAFE_E_INSUFFICIENT_BUFFER, StringCchCatA(text, 8, "h"));
	EXPECT_STREQ("abcdefg", text);
	EXPECT_EQ(STRSAFE_E_INVALID_PARAMETER, StringCchCopyA(text, 0, "abc"));
	EXPECT_EQ(STRSAFE_E_INSUFFICIENT_BUFFER, StringCbPrintfW(wide, 16, u"%s-%d", u"abcd", 1234));
	EXPECT_EQ(0, winbase_wcscmp(u"abcd-12", wide));
	EXPECT_EQ(S_OK, StringCbLengthW(wide, 16, &length));
	EXPECT_EQ(14, length);
	EXPECT_EQ(STRSAFE_E_INVALID_PARAMETER, StringCchLengthW(wide, 7, &length));
	EXPECT_EQ(S_OK, StringCchCopyNA(text, 8, "abcdefghijk", 2));
	EXPECT_STREQ("ab", text);

	EXPECT_EQ(S_OK, ULongAdd(0xfffffffe, 1, &sum));
	EXPECT_EQ(INTSAFE_E_ARITHMETIC_OVERFLOW, ULongAdd(0xffffffff, 1, &sum));
	EXPECT_EQ(INTSAFE_E_ARITHMETIC_OVERFLOW, SizeTMult(1ULL << 33, 1ULL << 33, &product));
	EXPECT_EQ(INTSAFE_E_ARITHMETIC_OVERFLOW, SizeTToULong(1ULL << 32, &sum));

	RtlInitUnicodeString(&counted, u"abc");
	EXPECT_EQ(6, counted.Length);
	EXPECT_EQ(8, counted.MaximumLength);
}

TEST_HARNESS_MAIN
