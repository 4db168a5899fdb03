// SPDX-License-Identifier: MIT
/* Threads and thread-local storage. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include "object.h"
#include "process.h"

/* Of a thread that asked for something that needs it. */
static _Thread_local struct thread *self;
static pthread_key_t self_key;
static pthread_cond_t thread_changed = PTHREAD_COND_INITIALIZER;

static bool thread_signaled(const struct object *object, const struct thread *thread)
{
	(void)thread;
	return ((struct thread *)object)->done;
}

static bool thread_take(struct object *object, struct thread *thread)
{
	(void)object;
	(void)thread;
	return false;
}

static void thread_destroy(struct object *object)
{
	free(object);
}

static const struct object_type thread_type = {
	.signaled = thread_signaled,
	.take = thread_take,
	.destroy = thread_destroy,
	.closable = true,
};

/* The thread's last act, after its C++ destructors. */
static void thread_end(void *data)
{
	struct thread *thread = data;
	struct mutex *mutex;

	self = NULL;
	lock();
	while ((mutex = TAILQ_FIRST(&thread->mutexes)))
		mutex_abandon(mutex);
	thread->done = true;
	object_changed(&thread->object);
	object_put(&thread->object);
	unlock();
}

static void make_key(void)
{
	if (pthread_key_create(&self_key, thread_end))
		abort();
}

static void thread_attach(struct thread *thread)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_key);
	pthread_setspecific(self_key, thread);
	self = thread;
}

static struct thread *thread_new(void)
{
	struct thread *thread = calloc(1, sizeof(*thread));

	if (thread) {
		object_init(&thread->object, &thread_type);
		TAILQ_INIT(&thread->mutexes);
	}
	return thread;
}

struct thread *thread_self(void)
{
	struct thread *thread;

	if (self)
		return self;
	thread = thread_new();
	if (!thread)
		return NULL;
	thread->tid = gettid();
	thread_attach(thread);
	return thread;
}

void thread_forked(void)
{
	pthread_cond_init(&thread_changed, NULL);
	if (!self)
		return;
	/* What waits or is owned in the parent is so there. */
	self->tid = gettid();
	TAILQ_INIT(&self->mutexes);
	TAILQ_INIT(&self->object.waits);
}

static void *thread_main(void *data)
{
	struct thread *thread = data;

	thread_attach(thread);
	lock();
	thread->tid = gettid();
	pthread_cond_broadcast(&thread_changed);
	while (thread->suspended)
		pthread_cond_wait(&thread_changed, &winbase_lock);
	unlock();
	thread->exit_code = thread->start(thread->parameter);
	return NULL;
}

static int thread_create(struct thread *thread, size_t stack_size)
{
	pthread_attr_t attr;
	pthread_t pthread;
	size_t least;
	int error;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_getstacksize(&attr, &least);
	if (stack_size > least)
		pthread_attr_setstacksize(&attr, (stack_size + 0xffff) & ~(size_t)0xffff);
	error = pthread_create(&pthread, &attr, thread_main, thread);
	pthread_attr_destroy(&attr);
	return error;
}

HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES lpThreadAttributes, SIZE_T dwStackSize,
			   LPTHREAD_START_ROUTINE lpStartAddress, LPVOID lpParameter,
			   DWORD dwCreationFlags, LPDWORD lpThreadId)
{
	struct thread *thread;
	HANDLE handle;

	(void)lpThreadAttributes;
	if (!lpStartAddress ||
	    dwCreationFlags & ~(CREATE_SUSPENDED | STACK_SIZE_PARAM_IS_A_RESERVATION)) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	thread = thread_new();
	if (!thread) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	thread->start = lpStartAddress;
	thread->parameter = lpParameter;
	thread->suspended = dwCreationFlags & CREATE_SUSPENDED;

	lock();
	thread->object.refs++;
	handle = handle_open(&thread->object);
	if (!handle) {
		object_put(&thread->object);
	} else if (thread_create(thread, dwStackSize)) {
		object_put(&thread->object);
		handle_close(handle);
		handle = NULL;
		SetLastError(ERROR_MAX_THRDS_REACHED);
	} else {
		/* The handle is nobody else's yet, so the thread stays. */
		while (!thread->tid)
			pthread_cond_wait(&thread_changed, &winbase_lock);
		if (lpThreadId)
			*lpThreadId = thread->tid;
	}
	unlock();
	return handle;
}

int thread_spawn(void *(*run)(void *))
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, &attr, run, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return error;
}

/* With the lock. */
static struct thread *find(HANDLE handle)
{
	if (handle == GetCurrentThread())
		return self;
	return (struct thread *)handle_find(handle, &thread_type);
}

DWORD WINAPI ResumeThread(HANDLE hThread)
{
	struct thread *thread;
	DWORD before = 0;

	if (hThread == GetCurrentThread())
		return 0;
	lock();
	thread = find(hThread);
	if (thread) {
		before = thread->suspended;
		thread->suspended = false;
		pthread_cond_broadcast(&thread_changed);
	}
	unlock();
	if (!thread)
		SetLastError(ERROR_INVALID_HANDLE);
	return thread ? before : (DWORD)-1;
}

VOID WINAPI ExitThread(DWORD dwExitCode)
{
	struct thread *thread = thread_self();

	if (thread)
		thread->exit_code = dwExitCode;
	pthread_exit(NULL);
}

BOOL WINAPI GetExitCodeThread(HANDLE hThread, LPDWORD lpExitCode)
{
	struct thread *thread;

	if (!lpExitCode)
		return fail(ERROR_INVALID_PARAMETER);
	thread_self();
	lock();
	thread = find(hThread);
	if (thread)
		*lpExitCode = thread->done ? thread->exit_code : STILL_ACTIVE;
	unlock();
	return thread || fail(ERROR_INVALID_HANDLE);
}

DWORD WINAPI GetThreadId(HANDLE Thread)
{
	struct thread *thread;
	DWORD tid;

	if (Thread == GetCurrentThread())
		return gettid();
	lock();
	thread = find(Thread);
	tid = thread ? thread->tid : 0;
	unlock();
	if (!thread)
		SetLastError(ERROR_INVALID_HANDLE);
	return tid;
}

HANDLE WINAPI GetCurrentProcess(VOID)
{
	return (HANDLE)(LONG_PTR)-1;
}

HANDLE WINAPI GetCurrentThread(VOID)
{
	return (HANDLE)(LONG_PTR)-2;
}

DWORD WINAPI GetCurrentProcessId(VOID)
{
	return getpid();
}

DWORD WINAPI GetCurrentThreadId(VOID)
{
	return gettid();
}

BOOL WINAPI SwitchToThread(VOID)
{
	sched_yield();
	return TRUE;
}

VOID WINAPI ExitProcess(UINT uExitCode)
{
	exit(uExitCode);
}

/* ------------------------------------------------------------- C run-time */

uintptr_t _beginthreadex(void *security, unsigned int stack_size,
			 unsigned int (*start_address)(void *), void *arglist,
			 unsigned int initflag, unsigned int *thrdaddr)
{
	HANDLE handle = CreateThread(security, stack_size, start_address, arglist, initflag,
				     thrdaddr);

	if (!handle)
		errno = GetLastError() == ERROR_INVALID_PARAMETER ? EINVAL : EAGAIN;
	return (uintptr_t)handle;
}

void _endthreadex(unsigned int retval)
{
	ExitThread(retval);
}

/* -------------------------------------------------------------------- TLS */

/* An index is a key of pthreads; these are ours to free. */
static atomic_bool is_tls[PTHREAD_KEYS_MAX];

static bool tls_is_bad(DWORD index)
{
	if (index < PTHREAD_KEYS_MAX && is_tls[index])
		return false;
	SetLastError(ERROR_INVALID_PARAMETER);
	return true;
}

DWORD WINAPI TlsAlloc(VOID)
{
	pthread_key_t key;

	if (pthread_key_create(&key, NULL)) {
		SetLastError(ERROR_NO_SYSTEM_RESOURCES);
		return TLS_OUT_OF_INDEXES;
	}
	is_tls[key] = true;
	return key;
}

BOOL WINAPI TlsFree(DWORD dwTlsIndex)
{
	if (tls_is_bad(dwTlsIndex) || !atomic_exchange(&is_tls[dwTlsIndex], false))
		return fail(ERROR_INVALID_PARAMETER);
	pthread_key_delete(dwTlsIndex);
	return TRUE;
}

LPVOID WINAPI TlsGetValue(DWORD dwTlsIndex)
{
	if (tls_is_bad(dwTlsIndex))
		return NULL;
	SetLastError(0);
	return pthread_getspecific(dwTlsIndex);
}

BOOL WINAPI TlsSetValue(DWORD dwTlsIndex, LPVOID lpTlsValue)
{
	if (tls_is_bad(dwTlsIndex))
		return FALSE;
	return !pthread_setspecific(dwTlsIndex, lpTlsValue) ||
	       fail(ERROR_NOT_ENOUGH_MEMORY);
}
