/* SPDX-License-Identifier: MIT */
/*
 * What handles name, and the pool that runs callbacks. One lock guards it all: a
 * wait for several objects sees them at one instant, and whoever signals hands
 * over to the waiter that is first in line. No callback runs under it.
 *
 * All functions here want the lock held, unless they say otherwise.
 */
#ifndef WINBASE_OBJECT_H
#define WINBASE_OBJECT_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <time.h>
#include <windows.h>

#define MSEC	1000000ULL
#define SECOND	1000000000ULL

extern pthread_mutex_t winbase_lock;

static inline void lock(void)
{
	pthread_mutex_lock(&winbase_lock);
}

static inline void unlock(void)
{
	pthread_mutex_unlock(&winbase_lock);
}

/* Without the lock: for the ends of functions. */
static inline BOOL fail(DWORD error)
{
	SetLastError(error);
	return FALSE;
}

/* ----------------------------------------------------------------- objects */

struct object;
struct thread;

struct object_type {
	/* For this thread; NULL is one that owns nothing. Absent: not to be waited for. */
	bool (*signaled)(const struct object *object, const struct thread *thread);
	/* What a wait does to it that ends. Answers if it was abandoned. */
	bool (*take)(struct object *object, struct thread *thread);
	void (*destroy)(struct object *object);
	bool closable;			/* by CloseHandle() */
};

struct wait_block {
	TAILQ_ENTRY(wait_block) link;
	struct wait *wait;
	struct object *object;
};

struct object {
	const struct object_type *type;
	unsigned int refs;
	int fd;				/* an eventfd, or -1 */
	bool fd_readable;
	TAILQ_HEAD(, wait_block) waits;
};

/* The first reference is the caller's. Needs no lock. */
void object_init(struct object *object, const struct object_type *type);
void object_put(struct object *object);
/* After any change that may have made it signaled or not. */
void object_changed(struct object *object);
/* The same without waking anybody. */
void object_show(struct object *object);

/* Takes over the caller's reference. NULL: it is gone, and the last error says why. */
HANDLE handle_open(struct object *object);
/* NULL: no handle of this type (NULL: any). */
struct object *handle_find(HANDLE handle, const struct object_type *type);
void handle_close(HANDLE handle);

/* ----------------------------------------------------------------- threads */

struct mutex;

struct thread {
	struct object object;
	pid_t tid;
	bool suspended;			/* until ResumeThread() */
	bool done;
	DWORD exit_code;
	PTHREAD_START_ROUTINE start;
	void *parameter;
	TAILQ_HEAD(, mutex) mutexes;	/* owned */
};

/* The calling one; NULL: no memory. Without the lock. */
struct thread *thread_self(void);
/* Without waiting for another thread's lock: in the child of a fork. */
void thread_forked(void);

/* Its owner has ended. */
void mutex_abandon(struct mutex *mutex);

/* NULL: no event. The reference is the caller's, and goes with the set. */
struct object *event_get(HANDLE handle);
void event_set_put(struct object *event);

/* A detached thread that takes no signals. 0 or an error; the lock may be held. */
int thread_spawn(void *(*run)(void *));

/* -------------------------------------------------------------------- pool */

/* What the pool runs, as often as it was submitted. */
struct pool_item {
	TAILQ_ENTRY(pool_item) link;	/* while queued */
	unsigned int queued;
	unsigned int running;
	/* without the lock */
	void (*run)(struct pool_item *item);
	/* when neither queued nor running any more; may free it */
	void (*idle)(struct pool_item *item);
};

/* False: there is no thread to run it, nor can one be made. */
bool pool_submit(struct pool_item *item);
/* Runs it in the calling thread; the lock is let go meanwhile. */
void pool_run(struct pool_item *item);
/* What has not begun does not begin. */
void pool_cancel(struct pool_item *item);
static inline bool pool_busy(const struct pool_item *item)
{
	return item->queued || item->running;
}

/* Waits until it is not busy; the lock is let go meanwhile. */
void pool_wait(struct pool_item *item);
void pool_forked(void);

/* ------------------------------------------------------------------ timers */

struct timer {
	TAILQ_ENTRY(timer) link;	/* while set */
	bool set;
	uint64_t due;			/* CLOCK_MONOTONIC, ns */
	uint64_t period;		/* ns; 0: once */
	void (*expire)(struct timer *timer);	/* may let the lock go */
};

uint64_t now(void);
/* From a due time of Windows: 100 ns, negative is from now, else a FILETIME. */
uint64_t due_of(int64_t time);
/* False: no thread for it. */
bool timer_set(struct timer *timer, uint64_t due, uint64_t period);
void timer_cancel(struct timer *timer);
void timer_forked(void);
void timer_queue_forked(void);

static inline struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){ .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };
}

#endif
