// SPDX-License-Identifier: MIT
/* Events, mutexes, semaphores, waitable timers, and waits. */
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>
#include "object.h"

/* -------------------------------------------------------------------- waits */

struct wait {
	pthread_cond_t wake;
	struct thread *thread;
	unsigned int count;
	bool all;
	bool done;
	DWORD result;
	struct wait_block blocks[MAXIMUM_WAIT_OBJECTS];
};

static bool is_signaled(const struct wait *wait, unsigned int i)
{
	struct object *object = wait->blocks[i].object;

	return object->type->signaled(object, wait->thread);
}

static bool take(struct wait *wait, unsigned int i)
{
	struct object *object = wait->blocks[i].object;
	bool abandoned = object->type->take(object, wait->thread);

	object_show(object);
	return abandoned;
}

/* Ends the wait if it can end now. */
static bool wait_try(struct wait *wait)
{
	bool abandoned = false;
	unsigned int i = 0;

	/* To the first one that decides: for "all" one that is not signaled. */
	while (i < wait->count && is_signaled(wait, i) == wait->all)
		i++;
	if (wait->all != (i == wait->count))
		return false;
	if (wait->all) {
		for (i = 0; i < wait->count; i++)
			abandoned |= take(wait, i);
		wait->result = abandoned ? WAIT_ABANDONED_0 : WAIT_OBJECT_0;
	} else {
		wait->result = (take(wait, i) ? WAIT_ABANDONED_0 : WAIT_OBJECT_0) + i;
	}
	wait->done = true;
	return true;
}

void object_changed(struct object *object)
{
	struct wait_block *block;

	/* Who is done takes itself off the list. */
	TAILQ_FOREACH(block, &object->waits, link) {
		if (!block->wait->done && wait_try(block->wait))
			pthread_cond_signal(&block->wait->wake);
	}
	object_show(object);
}

static bool add(struct wait *wait, HANDLE handle)
{
	struct object *object = handle == GetCurrentThread() ? &wait->thread->object :
				handle_find(handle, NULL);

	if (!object || !object->type->signaled)
		return false;
	wait->blocks[wait->count++] = (struct wait_block){ .wait = wait, .object = object };
	return true;
}

static bool has_twins(const struct wait *wait)
{
	for (unsigned int i = 0; i < wait->count; i++)
		for (unsigned int j = 0; j < i; j++)
			if (wait->blocks[i].object == wait->blocks[j].object)
				return true;
	return false;
}

/* Lets the lock go while it sleeps. */
static DWORD wait_run(struct wait *wait, DWORD timeout)
{
	struct timespec deadline = to_timespec(now() + timeout * MSEC);
	unsigned int i;
	int error = 0;

	if (wait_try(wait) || !timeout)
		return wait->done ? wait->result : WAIT_TIMEOUT;

	for (i = 0; i < wait->count; i++) {
		struct object *object = wait->blocks[i].object;

		object->refs++;
		TAILQ_INSERT_TAIL(&object->waits, &wait->blocks[i], link);
	}
	while (!wait->done && !error) {
		if (timeout == INFINITE)
			pthread_cond_wait(&wait->wake, &winbase_lock);
		else
			error = pthread_cond_clockwait(&wait->wake, &winbase_lock,
						       CLOCK_MONOTONIC, &deadline);
	}
	for (i = 0; i < wait->count; i++) {
		struct object *object = wait->blocks[i].object;

		TAILQ_REMOVE(&object->waits, &wait->blocks[i], link);
		object_put(object);
	}
	pthread_cond_destroy(&wait->wake);
	return wait->done ? wait->result : WAIT_TIMEOUT;
}

static DWORD wait_fail(DWORD error)
{
	SetLastError(error);
	return WAIT_FAILED;
}

DWORD WINAPI WaitForMultipleObjects(DWORD nCount, const HANDLE *lpHandles, BOOL bWaitAll,
				    DWORD dwMilliseconds)
{
	struct wait wait;
	DWORD result;

	if (!nCount || nCount > MAXIMUM_WAIT_OBJECTS || !lpHandles)
		return wait_fail(ERROR_INVALID_PARAMETER);
	wait.thread = thread_self();
	if (!wait.thread)
		return wait_fail(ERROR_NOT_ENOUGH_MEMORY);
	wait.wake = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	wait.count = 0;
	wait.all = bWaitAll;
	wait.done = false;

	lock();
	for (DWORD i = 0; i < nCount; i++) {
		if (!add(&wait, lpHandles[i])) {
			unlock();
			return wait_fail(ERROR_INVALID_HANDLE);
		}
	}
	if (wait.all && has_twins(&wait)) {
		unlock();
		return wait_fail(ERROR_INVALID_PARAMETER);
	}
	result = wait_run(&wait, dwMilliseconds);
	unlock();
	return result;
}

DWORD WINAPI WaitForMultipleObjectsEx(DWORD nCount, const HANDLE *lpHandles,
				      BOOL bWaitAll, DWORD dwMilliseconds,
				      BOOL bAlertable)
{
	(void)bAlertable;
	return WaitForMultipleObjects(nCount, lpHandles, bWaitAll, dwMilliseconds);
}

DWORD WINAPI WaitForSingleObject(HANDLE hHandle, DWORD dwMilliseconds)
{
	return WaitForMultipleObjects(1, &hHandle, FALSE, dwMilliseconds);
}

DWORD WINAPI WaitForSingleObjectEx(HANDLE hHandle, DWORD dwMilliseconds, BOOL bAlertable)
{
	(void)bAlertable;
	return WaitForMultipleObjects(1, &hHandle, FALSE, dwMilliseconds);
}

VOID WINAPI Sleep(DWORD dwMilliseconds)
{
	struct timespec until = to_timespec(now() + dwMilliseconds * MSEC);

	if (!dwMilliseconds) {
		sched_yield();
		return;
	}
	while (dwMilliseconds == INFINITE)
		pause();
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL))
		;
}

DWORD WINAPI SleepEx(DWORD dwMilliseconds, BOOL bAlertable)
{
	(void)bAlertable;
	Sleep(dwMilliseconds);
	return 0;
}

/* ------------------------------------------------------------------ objects */

static void free_object(struct object *object)
{
	free(object);
}

/* A name is given by its first character, of whatever width; 0 or none is no name. */
static bool is_refused(uint16_t name, DWORD flags, DWORD known)
{
	if (name)
		SetLastError(ERROR_NOT_SUPPORTED);
	else if (flags & ~known)
		SetLastError(ERROR_INVALID_PARAMETER);
	return name || (flags & ~known);
}

#define FIRST(name)	((name) ? (uint16_t)*(name) : 0)

static void *object_new(size_t size, const struct object_type *type)
{
	struct object *object = calloc(1, size);

	if (object)
		object_init(object, type);
	else
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	return object;
}

static HANDLE open_new(struct object *object)
{
	HANDLE handle;

	lock();
	handle = handle_open(object);
	unlock();
	return handle;
}

/* ------------------------------------------------------------------- events */

struct event {
	struct object object;
	bool manual;
	bool set;
};

static bool event_signaled(const struct object *object, const struct thread *thread)
{
	(void)thread;
	return ((struct event *)object)->set;
}

static bool event_take(struct object *object, struct thread *thread)
{
	struct event *event = (struct event *)object;

	(void)thread;
	event->set = event->manual;
	return false;
}

static const struct object_type event_type = {
	.signaled = event_signaled,
	.take = event_take,
	.destroy = free_object,
	.closable = true,
};

static HANDLE create_event(uint16_t name, DWORD flags)
{
	struct event *event;

	if (is_refused(name, flags, CREATE_EVENT_MANUAL_RESET | CREATE_EVENT_INITIAL_SET))
		return NULL;
	event = object_new(sizeof(*event), &event_type);
	if (!event)
		return NULL;
	event->manual = flags & CREATE_EVENT_MANUAL_RESET;
	event->set = flags & CREATE_EVENT_INITIAL_SET;
	return open_new(&event->object);
}

static DWORD event_flags(BOOL manual, BOOL set)
{
	return (manual ? CREATE_EVENT_MANUAL_RESET : 0) | (set ? CREATE_EVENT_INITIAL_SET : 0);
}

HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset,
			   BOOL bInitialState, LPCSTR lpName)
{
	(void)lpEventAttributes;
	return create_event(FIRST(lpName), event_flags(bManualReset, bInitialState));
}

HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES lpEventAttributes, BOOL bManualReset,
			   BOOL bInitialState, LPCWSTR lpName)
{
	(void)lpEventAttributes;
	return create_event(FIRST(lpName), event_flags(bManualReset, bInitialState));
}

HANDLE WINAPI CreateEventExA(LPSECURITY_ATTRIBUTES lpEventAttributes, LPCSTR lpName,
			     DWORD dwFlags, DWORD dwDesiredAccess)
{
	(void)lpEventAttributes;
	(void)dwDesiredAccess;
	return create_event(FIRST(lpName), dwFlags);
}

HANDLE WINAPI CreateEventExW(LPSECURITY_ATTRIBUTES lpEventAttributes, LPCWSTR lpName,
			     DWORD dwFlags, DWORD dwDesiredAccess)
{
	(void)lpEventAttributes;
	(void)dwDesiredAccess;
	return create_event(FIRST(lpName), dwFlags);
}

static void event_set(struct object *object, bool set)
{
	((struct event *)object)->set = set;
	object_changed(object);
}

BOOL WINAPI SetEvent(HANDLE hEvent)
{
	struct object *object;

	lock();
	object = handle_find(hEvent, &event_type);
	if (object)
		event_set(object, true);
	unlock();
	return object || fail(ERROR_INVALID_HANDLE);
}

BOOL WINAPI ResetEvent(HANDLE hEvent)
{
	struct object *object;

	lock();
	object = handle_find(hEvent, &event_type);
	if (object)
		event_set(object, false);
	unlock();
	return object || fail(ERROR_INVALID_HANDLE);
}

BOOL WINAPI PulseEvent(HANDLE hEvent)
{
	struct object *object;

	lock();
	object = handle_find(hEvent, &event_type);
	if (object) {
		event_set(object, true);
		event_set(object, false);
	}
	unlock();
	return object || fail(ERROR_INVALID_HANDLE);
}

struct object *event_get(HANDLE handle)
{
	struct object *object = handle_find(handle, &event_type);

	if (object)
		object->refs++;
	return object;
}

void event_set_put(struct object *event)
{
	event_set(event, true);
	object_put(event);
}

/* ------------------------------------------------------------------ mutexes */

struct mutex {
	struct object object;
	TAILQ_ENTRY(mutex) link;	/* of its owner's */
	struct thread *owner;
	unsigned int count;
	bool abandoned;
};

static bool mutex_signaled(const struct object *object, const struct thread *thread)
{
	const struct mutex *mutex = (struct mutex *)object;

	return !mutex->owner || mutex->owner == thread;
}

static bool mutex_take(struct object *object, struct thread *thread)
{
	struct mutex *mutex = (struct mutex *)object;
	bool abandoned = mutex->abandoned;

	if (!mutex->count++) {
		mutex->owner = thread;
		TAILQ_INSERT_TAIL(&thread->mutexes, mutex, link);
	}
	mutex->abandoned = false;
	return abandoned;
}

static void mutex_disown(struct mutex *mutex)
{
	TAILQ_REMOVE(&mutex->owner->mutexes, mutex, link);
	mutex->owner = NULL;
	mutex->count = 0;
}

void mutex_abandon(struct mutex *mutex)
{
	mutex_disown(mutex);
	mutex->abandoned = true;
	object_changed(&mutex->object);
}

static void mutex_destroy(struct object *object)
{
	struct mutex *mutex = (struct mutex *)object;

	if (mutex->owner)
		mutex_disown(mutex);
	free(mutex);
}

static const struct object_type mutex_type = {
	.signaled = mutex_signaled,
	.take = mutex_take,
	.destroy = mutex_destroy,
	.closable = true,
};

static HANDLE create_mutex(uint16_t name, DWORD flags)
{
	struct thread *self = thread_self();
	struct mutex *mutex;
	HANDLE handle;

	if (is_refused(name, flags, CREATE_MUTEX_INITIAL_OWNER))
		return NULL;
	mutex = self ? object_new(sizeof(*mutex), &mutex_type) : NULL;
	if (!mutex) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	lock();
	if (flags & CREATE_MUTEX_INITIAL_OWNER)
		mutex_take(&mutex->object, self);
	handle = handle_open(&mutex->object);
	unlock();
	return handle;
}

HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner,
			   LPCSTR lpName)
{
	(void)lpMutexAttributes;
	return create_mutex(FIRST(lpName), bInitialOwner ? CREATE_MUTEX_INITIAL_OWNER : 0);
}

HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES lpMutexAttributes, BOOL bInitialOwner,
			   LPCWSTR lpName)
{
	(void)lpMutexAttributes;
	return create_mutex(FIRST(lpName), bInitialOwner ? CREATE_MUTEX_INITIAL_OWNER : 0);
}

HANDLE WINAPI CreateMutexExA(LPSECURITY_ATTRIBUTES lpMutexAttributes, LPCSTR lpName,
			     DWORD dwFlags, DWORD dwDesiredAccess)
{
	(void)lpMutexAttributes;
	(void)dwDesiredAccess;
	return create_mutex(FIRST(lpName), dwFlags);
}

HANDLE WINAPI CreateMutexExW(LPSECURITY_ATTRIBUTES lpMutexAttributes, LPCWSTR lpName,
			     DWORD dwFlags, DWORD dwDesiredAccess)
{
	(void)lpMutexAttributes;
	(void)dwDesiredAccess;
	return create_mutex(FIRST(lpName), dwFlags);
}

static DWORD mutex_release(struct object *object, const struct thread *self)
{
	struct mutex *mutex = (struct mutex *)object;

	if (!self || mutex->owner != self)
		return ERROR_NOT_OWNER;
	if (!--mutex->count) {
		mutex_disown(mutex);
		object_changed(object);
	}
	return 0;
}

BOOL WINAPI ReleaseMutex(HANDLE hMutex)
{
	struct thread *self = thread_self();
	struct object *object;
	DWORD error;

	lock();
	object = handle_find(hMutex, &mutex_type);
	error = object ? mutex_release(object, self) : ERROR_INVALID_HANDLE;
	unlock();
	return !error || fail(error);
}

/* --------------------------------------------------------------- semaphores */

struct semaphore {
	struct object object;
	LONG count;
	LONG maximum;
};

static bool semaphore_signaled(const struct object *object, const struct thread *thread)
{
	(void)thread;
	return ((struct semaphore *)object)->count;
}

static bool semaphore_take(struct object *object, struct thread *thread)
{
	(void)thread;
	((struct semaphore *)object)->count--;
	return false;
}

static const struct object_type semaphore_type = {
	.signaled = semaphore_signaled,
	.take = semaphore_take,
	.destroy = free_object,
	.closable = true,
};

static HANDLE create_semaphore(LONG count, LONG maximum, uint16_t name, DWORD flags)
{
	struct semaphore *semaphore;

	if (is_refused(name, flags, 0))
		return NULL;
	if (maximum <= 0 || count < 0 || count > maximum) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	semaphore = object_new(sizeof(*semaphore), &semaphore_type);
	if (!semaphore)
		return NULL;
	semaphore->count = count;
	semaphore->maximum = maximum;
	return open_new(&semaphore->object);
}

HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
			       LONG lInitialCount, LONG lMaximumCount, LPCSTR lpName)
{
	(void)lpSemaphoreAttributes;
	return create_semaphore(lInitialCount, lMaximumCount, FIRST(lpName), 0);
}

HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
			       LONG lInitialCount, LONG lMaximumCount, LPCWSTR lpName)
{
	(void)lpSemaphoreAttributes;
	return create_semaphore(lInitialCount, lMaximumCount, FIRST(lpName), 0);
}

HANDLE WINAPI CreateSemaphoreExA(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
				 LONG lInitialCount, LONG lMaximumCount, LPCSTR lpName,
				 DWORD dwFlags, DWORD dwDesiredAccess)
{
	(void)lpSemaphoreAttributes;
	(void)dwDesiredAccess;
	return create_semaphore(lInitialCount, lMaximumCount, FIRST(lpName), dwFlags);
}

HANDLE WINAPI CreateSemaphoreExW(LPSECURITY_ATTRIBUTES lpSemaphoreAttributes,
				 LONG lInitialCount, LONG lMaximumCount, LPCWSTR lpName,
				 DWORD dwFlags, DWORD dwDesiredAccess)
{
	(void)lpSemaphoreAttributes;
	(void)dwDesiredAccess;
	return create_semaphore(lInitialCount, lMaximumCount, FIRST(lpName), dwFlags);
}

static DWORD semaphore_release(struct object *object, LONG count, LPLONG previous)
{
	struct semaphore *semaphore = (struct semaphore *)object;

	if (count <= 0)
		return ERROR_INVALID_PARAMETER;
	if (count > semaphore->maximum - semaphore->count)
		return ERROR_TOO_MANY_POSTS;
	if (previous)
		*previous = semaphore->count;
	semaphore->count += count;
	object_changed(object);
	return 0;
}

BOOL WINAPI ReleaseSemaphore(HANDLE hSemaphore, LONG lReleaseCount,
			     LPLONG lpPreviousCount)
{
	struct object *object;
	DWORD error;

	lock();
	object = handle_find(hSemaphore, &semaphore_type);
	error = object ? semaphore_release(object, lReleaseCount, lpPreviousCount) :
		ERROR_INVALID_HANDLE;
	unlock();
	return !error || fail(error);
}

/* ---------------------------------------------------------- waitable timers */

struct waitable_timer {
	struct object object;
	struct timer timer;
	bool manual;
	bool expired;
};

static bool waitable_timer_signaled(const struct object *object, const struct thread *thread)
{
	(void)thread;
	return ((struct waitable_timer *)object)->expired;
}

static bool waitable_timer_take(struct object *object, struct thread *thread)
{
	struct waitable_timer *timer = (struct waitable_timer *)object;

	(void)thread;
	timer->expired = timer->manual;
	return false;
}

static void waitable_timer_destroy(struct object *object)
{
	struct waitable_timer *timer = (struct waitable_timer *)object;

	timer_cancel(&timer->timer);
	free(timer);
}

static const struct object_type waitable_timer_type = {
	.signaled = waitable_timer_signaled,
	.take = waitable_timer_take,
	.destroy = waitable_timer_destroy,
	.closable = true,
};

static void waitable_timer_expire(struct timer *timer)
{
	struct waitable_timer *waitable = CONTAINING_RECORD(timer, struct waitable_timer,
							    timer);

	waitable->expired = true;
	object_changed(&waitable->object);
}

static HANDLE create_waitable_timer(uint16_t name, DWORD flags)
{
	struct waitable_timer *timer;

	if (is_refused(name, flags, CREATE_WAITABLE_TIMER_MANUAL_RESET |
				    CREATE_WAITABLE_TIMER_HIGH_RESOLUTION))
		return NULL;
	timer = object_new(sizeof(*timer), &waitable_timer_type);
	if (!timer)
		return NULL;
	timer->manual = flags & CREATE_WAITABLE_TIMER_MANUAL_RESET;
	timer->timer.expire = waitable_timer_expire;
	return open_new(&timer->object);
}

HANDLE WINAPI CreateWaitableTimerA(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				   BOOL bManualReset, LPCSTR lpTimerName)
{
	(void)lpTimerAttributes;
	return create_waitable_timer(FIRST(lpTimerName), !!bManualReset);
}

HANDLE WINAPI CreateWaitableTimerW(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				   BOOL bManualReset, LPCWSTR lpTimerName)
{
	(void)lpTimerAttributes;
	return create_waitable_timer(FIRST(lpTimerName), !!bManualReset);
}

HANDLE WINAPI CreateWaitableTimerExA(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				     LPCSTR lpTimerName, DWORD dwFlags,
				     DWORD dwDesiredAccess)
{
	(void)lpTimerAttributes;
	(void)dwDesiredAccess;
	return create_waitable_timer(FIRST(lpTimerName), dwFlags);
}

HANDLE WINAPI CreateWaitableTimerExW(LPSECURITY_ATTRIBUTES lpTimerAttributes,
				     LPCWSTR lpTimerName, DWORD dwFlags,
				     DWORD dwDesiredAccess)
{
	(void)lpTimerAttributes;
	(void)dwDesiredAccess;
	return create_waitable_timer(FIRST(lpTimerName), dwFlags);
}

BOOL WINAPI SetWaitableTimer(HANDLE hTimer, const LARGE_INTEGER *lpDueTime, LONG lPeriod,
			     PTIMERAPCROUTINE pfnCompletionRoutine,
			     LPVOID lpArgToCompletionRoutine, BOOL fResume)
{
	struct waitable_timer *timer;
	DWORD error = 0;

	(void)lpArgToCompletionRoutine;
	(void)fResume;
	if (pfnCompletionRoutine)
		return fail(ERROR_NOT_SUPPORTED);
	if (!lpDueTime || lPeriod < 0)
		return fail(ERROR_INVALID_PARAMETER);
	lock();
	timer = (struct waitable_timer *)handle_find(hTimer, &waitable_timer_type);
	if (!timer) {
		error = ERROR_INVALID_HANDLE;
	} else {
		timer->expired = false;
		object_show(&timer->object);
		if (!timer_set(&timer->timer, due_of(lpDueTime->QuadPart), lPeriod * MSEC))
			error = ERROR_NO_SYSTEM_RESOURCES;
	}
	unlock();
	return !error || fail(error);
}

BOOL WINAPI CancelWaitableTimer(HANDLE hTimer)
{
	struct waitable_timer *timer;

	lock();
	timer = (struct waitable_timer *)handle_find(hTimer, &waitable_timer_type);
	if (timer)
		timer_cancel(&timer->timer);
	unlock();
	return timer || fail(ERROR_INVALID_HANDLE);
}

/* --------------------------------------------------------- signal and wait */

DWORD WINAPI SignalObjectAndWait(HANDLE hObjectToSignal, HANDLE hObjectToWaitOn,
				 DWORD dwMilliseconds, BOOL bAlertable)
{
	struct wait wait = { .wake = PTHREAD_COND_INITIALIZER, .thread = thread_self() };
	struct object *object;
	DWORD error = 0, result = WAIT_FAILED;

	(void)bAlertable;
	if (!wait.thread)
		return wait_fail(ERROR_NOT_ENOUGH_MEMORY);
	lock();
	object = handle_find(hObjectToSignal, NULL);
	if (!object || !add(&wait, hObjectToWaitOn))
		error = ERROR_INVALID_HANDLE;
	else if (object->type == &event_type)
		event_set(object, true);
	else if (object->type == &mutex_type)
		error = mutex_release(object, wait.thread);
	else if (object->type == &semaphore_type)
		error = semaphore_release(object, 1, NULL);
	else
		error = ERROR_INVALID_HANDLE;
	if (!error)
		result = wait_run(&wait, dwMilliseconds);
	unlock();
	return error ? wait_fail(error) : result;
}
