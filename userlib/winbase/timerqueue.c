// SPDX-License-Identifier: MIT
/* Timer queues, whose timers have handles. */
#include <stdlib.h>
#include "object.h"

struct queue_timer {
	struct object object;		/* one reference is the handle's, or its deleter's */
	struct pool_item item;
	struct timer timer;
	TAILQ_ENTRY(queue_timer) link;	/* of its queue */
	struct queue *queue;
	WAITORTIMERCALLBACK callback;
	void *parameter;
	HANDLE handle;
	ULONG flags;
	struct queue_end *end;		/* once deleted */
};

/* Tells when all callbacks of some deleted timers have ended. */
struct queue_end {
	unsigned int timers;
	struct object *event;		/* NULL: nobody asked, or the deleter waits */
};

struct queue {
	struct object object;
	TAILQ_HEAD(, queue_timer) timers;
};

static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;

static struct queue the_queue = { .timers = TAILQ_HEAD_INITIALIZER(the_queue.timers) };

void timer_queue_forked(void)
{
	TAILQ_INIT(&the_queue.timers);
	pthread_cond_init(&ended, NULL);
}

static void free_timer(struct object *object)
{
	free(CONTAINING_RECORD(object, struct queue_timer, object));
}

static void free_queue(struct object *object)
{
	free(CONTAINING_RECORD(object, struct queue, object));
}

static const struct object_type timer_type = { .destroy = free_timer };
static const struct object_type queue_type = { .destroy = free_queue };

static struct queue *queue_find(HANDLE handle)
{
	return handle ? (struct queue *)handle_find(handle, &queue_type) : &the_queue;
}

static struct queue_timer *queue_timer_find(HANDLE queue, HANDLE handle)
{
	struct queue_timer *timer = (struct queue_timer *)handle_find(handle, &timer_type);

	return timer && timer->queue == queue_find(queue) ? timer : NULL;
}

static void queue_timer_run(struct pool_item *item)
{
	struct queue_timer *timer = CONTAINING_RECORD(item, struct queue_timer, item);

	timer->callback(timer->parameter, TRUE);
}

static void end_put(struct queue_end *end)
{
	pthread_cond_broadcast(&ended);
	if (--end->timers)
		return;
	if (end->event)
		event_set_put(end->event);
	free(end);
}

static void queue_timer_idle(struct pool_item *item)
{
	struct queue_timer *timer = CONTAINING_RECORD(item, struct queue_timer, item);

	if (!timer->end)
		return;
	end_put(timer->end);
	object_put(&timer->object);
}

static void queue_timer_expire(struct timer *timer)
{
	struct queue_timer *queue_timer = CONTAINING_RECORD(timer, struct queue_timer, timer);

	if (queue_timer->flags & WT_EXECUTEINTIMERTHREAD)
		pool_run(&queue_timer->item);
	else
		pool_submit(&queue_timer->item);
}

static bool queue_timer_set(struct queue_timer *timer, ULONG due, ULONG period)
{
	if (due == INFINITE) {
		timer_cancel(&timer->timer);
		return true;
	}
	if (timer->flags & WT_EXECUTEONLYONCE)
		period = 0;
	return timer_set(&timer->timer, now() + due * MSEC, period * MSEC);
}

/* Its callbacks end by themselves; "end" counts it if there are any. */
static void queue_timer_delete(struct queue_timer *timer, struct queue_end *end)
{
	timer_cancel(&timer->timer);
	TAILQ_REMOVE(&timer->queue->timers, timer, link);
	timer->object.refs++;
	handle_close(timer->handle);
	if (pool_busy(&timer->item)) {
		timer->end = end;
		end->timers++;
	} else {
		object_put(&timer->object);
	}
}

BOOL WINAPI CreateTimerQueueTimer(PHANDLE phNewTimer, HANDLE TimerQueue,
				  WAITORTIMERCALLBACK Callback, PVOID Parameter,
				  DWORD DueTime, DWORD Period, ULONG Flags)
{
	struct queue_timer *timer;
	struct queue *queue;
	DWORD error = 0;

	if (!phNewTimer || !Callback)
		return fail(ERROR_INVALID_PARAMETER);
	timer = calloc(1, sizeof(*timer));
	if (!timer)
		return fail(ERROR_NOT_ENOUGH_MEMORY);
	object_init(&timer->object, &timer_type);
	timer->item.run = queue_timer_run;
	timer->item.idle = queue_timer_idle;
	timer->timer.expire = queue_timer_expire;
	timer->callback = Callback;
	timer->parameter = Parameter;
	timer->flags = Flags;

	lock();
	queue = queue_find(TimerQueue);
	timer->queue = queue;
	timer->handle = queue ? handle_open(&timer->object) : NULL;
	if (!queue) {
		object_put(&timer->object);
		error = ERROR_INVALID_HANDLE;
	} else if (!timer->handle) {
		error = ERROR_NO_SYSTEM_RESOURCES;
	} else if (!queue_timer_set(timer, DueTime, Period)) {
		handle_close(timer->handle);
		error = ERROR_NO_SYSTEM_RESOURCES;
	} else {
		TAILQ_INSERT_TAIL(&queue->timers, timer, link);
		*phNewTimer = timer->handle;
	}
	unlock();
	return !error || fail(error);
}

BOOL WINAPI ChangeTimerQueueTimer(HANDLE TimerQueue, HANDLE Timer, ULONG DueTime,
				  ULONG Period)
{
	struct queue_timer *timer;
	DWORD error = 0;

	lock();
	timer = queue_timer_find(TimerQueue, Timer);
	if (!timer)
		error = ERROR_INVALID_HANDLE;
	else if (!queue_timer_set(timer, DueTime, Period))
		error = ERROR_NO_SYSTEM_RESOURCES;
	unlock();
	return !error || fail(error);
}

/*
 * Deletes one timer, or a queue with all of its timers. With the lock, which it
 * lets go to wait; answers an error.
 */
static DWORD delete_with(struct queue_timer *timer, struct queue *queue, HANDLE queue_handle,
			 HANDLE completion)
{
	struct queue_end *end = calloc(1, sizeof(*end));
	bool wait = completion == INVALID_HANDLE_VALUE, is_pending;

	if (!end)
		return ERROR_NOT_ENOUGH_MEMORY;
	if (completion && !wait) {
		end->event = event_get(completion);
		if (!end->event) {
			free(end);
			return ERROR_INVALID_HANDLE;
		}
	}
	/* One is this function's own: it stays until then. */
	end->timers = 1;
	if (timer) {
		queue_timer_delete(timer, end);
	} else {
		while ((timer = TAILQ_FIRST(&queue->timers)))
			queue_timer_delete(timer, end);
		handle_close(queue_handle);
	}
	is_pending = end->timers > 1;
	if (!wait) {
		end_put(end);
	} else {
		while (end->timers > 1)
			pthread_cond_wait(&ended, &winbase_lock);
		free(end);
	}
	return is_pending && !completion ? ERROR_IO_PENDING : 0;
}

BOOL WINAPI DeleteTimerQueueTimer(HANDLE TimerQueue, HANDLE Timer, HANDLE CompletionEvent)
{
	struct queue_timer *timer;
	DWORD error;

	lock();
	timer = queue_timer_find(TimerQueue, Timer);
	error = timer ? delete_with(timer, NULL, NULL, CompletionEvent) : ERROR_INVALID_HANDLE;
	unlock();
	return !error || fail(error);
}

HANDLE WINAPI CreateTimerQueue(VOID)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	HANDLE handle;

	if (!queue) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	object_init(&queue->object, &queue_type);
	TAILQ_INIT(&queue->timers);
	lock();
	handle = handle_open(&queue->object);
	unlock();
	return handle;
}

BOOL WINAPI DeleteTimerQueueEx(HANDLE TimerQueue, HANDLE CompletionEvent)
{
	struct queue *queue;
	DWORD error;

	lock();
	queue = TimerQueue ? queue_find(TimerQueue) : NULL;
	error = queue ? delete_with(NULL, queue, TimerQueue, CompletionEvent) :
		ERROR_INVALID_HANDLE;
	unlock();
	return !error || fail(error);
}
