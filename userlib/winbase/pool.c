// SPDX-License-Identifier: MIT
/* The threads that run callbacks, the thread that watches the clock, and work. */
#include <errno.h>
#include <stdlib.h>
#include "object.h"

#define THREADS_MAX	500
/* A thread without work goes after so long. */
#define IDLE		(10 * SECOND)

static TAILQ_HEAD(, pool_item) items = TAILQ_HEAD_INITIALIZER(items);
static unsigned int queued;		/* runs that nobody has begun */
static unsigned int threads, idle;
static pthread_cond_t submitted = PTHREAD_COND_INITIALIZER;
static pthread_cond_t finished = PTHREAD_COND_INITIALIZER;

/* Sorted; the next to expire first. */
static TAILQ_HEAD(, timer) timers = TAILQ_HEAD_INITIALIZER(timers);
static bool clock_runs;
static pthread_cond_t timers_changed = PTHREAD_COND_INITIALIZER;

uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

/* False: not before that. */
static bool wait_until(pthread_cond_t *cond, uint64_t until)
{
	struct timespec deadline = to_timespec(until);

	return !pthread_cond_clockwait(cond, &winbase_lock, CLOCK_MONOTONIC, &deadline);
}

/* --------------------------------------------------------------------- pool */

static void item_ended(struct pool_item *item)
{
	if (pool_busy(item))
		return;
	pthread_cond_broadcast(&finished);
	if (item->idle)
		item->idle(item);
}

void pool_run(struct pool_item *item)
{
	item->running++;
	unlock();
	item->run(item);
	lock();
	item->running--;
	item_ended(item);
}

static void *pool_main(void *unused)
{
	struct pool_item *item;
	bool woken = true;

	(void)unused;
	lock();
	for (;;) {
		item = TAILQ_FIRST(&items);
		if (item) {
			queued--;
			if (!--item->queued)
				TAILQ_REMOVE(&items, item, link);
			pool_run(item);
			woken = true;
			continue;
		}
		if (!woken)
			break;
		idle++;
		woken = wait_until(&submitted, now() + IDLE);
		idle--;
	}
	threads--;
	unlock();
	return NULL;
}

bool pool_submit(struct pool_item *item)
{
	if (queued >= idle && threads < THREADS_MAX) {
		if (!thread_spawn(pool_main))
			threads++;
		else if (!threads)
			return false;
	}
	if (!item->queued++)
		TAILQ_INSERT_TAIL(&items, item, link);
	queued++;
	pthread_cond_signal(&submitted);
	return true;
}

void pool_cancel(struct pool_item *item)
{
	if (!item->queued)
		return;
	TAILQ_REMOVE(&items, item, link);
	queued -= item->queued;
	item->queued = 0;
	item_ended(item);
}

void pool_wait(struct pool_item *item)
{
	while (pool_busy(item))
		pthread_cond_wait(&finished, &winbase_lock);
}

void pool_forked(void)
{
	TAILQ_INIT(&items);
	queued = threads = idle = 0;
	pthread_cond_init(&submitted, NULL);
	pthread_cond_init(&finished, NULL);
}

/* ------------------------------------------------------------------- timers */

uint64_t due_of(int64_t time)
{
	FILETIME wall;
	int64_t from_now;

	if (time < 0) {
		from_now = time == INT64_MIN ? INT64_MAX : -time;
	} else {
		GetSystemTimePreciseAsFileTime(&wall);
		from_now = time - (int64_t)((uint64_t)wall.dwHighDateTime << 32 |
					    wall.dwLowDateTime);
	}
	if (from_now < 0)
		from_now = 0;
	/* 200 years are for ever */
	if (from_now > INT64_MAX / 200)
		from_now = INT64_MAX / 200;
	return now() + from_now * 100;
}

static void insert(struct timer *timer)
{
	struct timer *later;

	TAILQ_FOREACH(later, &timers, link)
		if (later->due > timer->due)
			break;
	if (later)
		TAILQ_INSERT_BEFORE(later, timer, link);
	else
		TAILQ_INSERT_TAIL(&timers, timer, link);
	timer->set = true;
}

static void expire(struct timer *timer)
{
	timer_cancel(timer);
	if (timer->period) {
		timer->due += timer->period;
		/* what was missed is not made up for */
		if (timer->due < now())
			timer->due = now() + timer->period;
		insert(timer);
	}
	timer->expire(timer);
}

static void *clock_main(void *unused)
{
	struct timer *timer;
	bool woken = true;

	(void)unused;
	lock();
	for (;;) {
		timer = TAILQ_FIRST(&timers);
		if (!timer && !woken)
			break;
		woken = timer && timer->due <= now();
		if (woken)
			expire(timer);
		else
			woken = wait_until(&timers_changed, timer ? timer->due : now() + IDLE);
	}
	clock_runs = false;
	unlock();
	return NULL;
}

bool timer_set(struct timer *timer, uint64_t due, uint64_t period)
{
	timer_cancel(timer);
	if (!clock_runs && thread_spawn(clock_main))
		return false;
	clock_runs = true;
	timer->due = due;
	timer->period = period;
	insert(timer);
	if (timer == TAILQ_FIRST(&timers))
		pthread_cond_signal(&timers_changed);
	return true;
}

void timer_cancel(struct timer *timer)
{
	if (timer->set)
		TAILQ_REMOVE(&timers, timer, link);
	timer->set = false;
}

void timer_forked(void)
{
	TAILQ_INIT(&timers);
	clock_runs = false;
	pthread_cond_init(&timers_changed, NULL);
}

/* --------------------------------------------------------------------- work */

static bool is_refused(const void *callback, PTP_CALLBACK_ENVIRON environment)
{
	if (!callback)
		SetLastError(ERROR_INVALID_PARAMETER);
	else if (environment)
		SetLastError(ERROR_NOT_SUPPORTED);
	return !callback || environment;
}

static void *pool_new(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	return p;
}

struct _TP_WORK {
	struct pool_item item;
	PTP_WORK_CALLBACK callback;
	void *context;
	bool closed;
};

static void work_run(struct pool_item *item)
{
	PTP_WORK work = CONTAINING_RECORD(item, TP_WORK, item);

	work->callback((PTP_CALLBACK_INSTANCE)item, work->context, work);
}

static void work_idle(struct pool_item *item)
{
	PTP_WORK work = CONTAINING_RECORD(item, TP_WORK, item);

	if (work->closed)
		free(work);
}

PTP_WORK WINAPI CreateThreadpoolWork(PTP_WORK_CALLBACK pfnwk, PVOID pv,
				     PTP_CALLBACK_ENVIRON pcbe)
{
	PTP_WORK work;

	if (is_refused(pfnwk, pcbe))
		return NULL;
	work = pool_new(sizeof(*work));
	if (work)
		*work = (TP_WORK){ .item.run = work_run, .item.idle = work_idle,
				   .callback = pfnwk, .context = pv };
	return work;
}

VOID WINAPI SubmitThreadpoolWork(PTP_WORK pwk)
{
	lock();
	if (!pool_submit(&pwk->item))
		pool_run(&pwk->item);
	unlock();
}

VOID WINAPI WaitForThreadpoolWorkCallbacks(PTP_WORK pwk, BOOL fCancelPendingCallbacks)
{
	lock();
	if (fCancelPendingCallbacks)
		pool_cancel(&pwk->item);
	pool_wait(&pwk->item);
	unlock();
}

VOID WINAPI CloseThreadpoolWork(PTP_WORK pwk)
{
	lock();
	pwk->closed = true;
	if (!pool_busy(&pwk->item))
		work_idle(&pwk->item);
	unlock();
}

struct call {
	struct pool_item item;
	PTP_SIMPLE_CALLBACK callback;
	PTHREAD_START_ROUTINE function;	/* or this */
	void *context;
};

static void call_run(struct pool_item *item)
{
	struct call *call = CONTAINING_RECORD(item, struct call, item);

	if (call->callback)
		call->callback((PTP_CALLBACK_INSTANCE)item, call->context);
	else
		call->function(call->context);
}

static void call_idle(struct pool_item *item)
{
	free(CONTAINING_RECORD(item, struct call, item));
}

static BOOL call_submit(PTP_SIMPLE_CALLBACK callback, PTHREAD_START_ROUTINE function,
			void *context)
{
	struct call *call = pool_new(sizeof(*call));
	bool is_submitted;

	if (!call)
		return FALSE;
	*call = (struct call){ .item.run = call_run, .item.idle = call_idle,
			       .callback = callback, .function = function,
			       .context = context };
	lock();
	is_submitted = pool_submit(&call->item);
	unlock();
	if (!is_submitted)
		free(call);
	return is_submitted || fail(ERROR_NO_SYSTEM_RESOURCES);
}

BOOL WINAPI TrySubmitThreadpoolCallback(PTP_SIMPLE_CALLBACK pfns, PVOID pv,
					PTP_CALLBACK_ENVIRON pcbe)
{
	return !is_refused(pfns, pcbe) && call_submit(pfns, NULL, pv);
}

BOOL WINAPI QueueUserWorkItem(LPTHREAD_START_ROUTINE Function, PVOID Context, ULONG Flags)
{
	(void)Flags;
	return !is_refused(Function, NULL) && call_submit(NULL, Function, Context);
}

/* -------------------------------------------------------- thread-pool timers */

struct _TP_TIMER {
	struct pool_item item;
	struct timer timer;
	PTP_TIMER_CALLBACK callback;
	void *context;
	bool set;			/* by the last SetThreadpoolTimer() */
	bool closed;
};

static void tp_timer_run(struct pool_item *item)
{
	PTP_TIMER timer = CONTAINING_RECORD(item, TP_TIMER, item);

	timer->callback((PTP_CALLBACK_INSTANCE)item, timer->context, timer);
}

static void tp_timer_idle(struct pool_item *item)
{
	PTP_TIMER timer = CONTAINING_RECORD(item, TP_TIMER, item);

	if (timer->closed)
		free(timer);
}

static void tp_timer_expire(struct timer *timer)
{
	pool_submit(&CONTAINING_RECORD(timer, TP_TIMER, timer)->item);
}

PTP_TIMER WINAPI CreateThreadpoolTimer(PTP_TIMER_CALLBACK pfnti, PVOID pv,
				       PTP_CALLBACK_ENVIRON pcbe)
{
	PTP_TIMER timer;

	if (is_refused(pfnti, pcbe))
		return NULL;
	timer = pool_new(sizeof(*timer));
	if (timer)
		*timer = (TP_TIMER){ .item.run = tp_timer_run, .item.idle = tp_timer_idle,
				     .timer.expire = tp_timer_expire, .callback = pfnti,
				     .context = pv };
	return timer;
}

VOID WINAPI SetThreadpoolTimer(PTP_TIMER pti, PFILETIME pftDueTime, DWORD msPeriod,
			       DWORD msWindowLength)
{
	(void)msWindowLength;
	lock();
	pti->set = pftDueTime;
	if (pftDueTime)
		timer_set(&pti->timer, due_of((int64_t)((uint64_t)pftDueTime->dwHighDateTime << 32 |
							pftDueTime->dwLowDateTime)),
			  msPeriod * MSEC);
	else
		timer_cancel(&pti->timer);
	unlock();
}

BOOL WINAPI IsThreadpoolTimerSet(PTP_TIMER pti)
{
	BOOL set;

	lock();
	set = pti->set;
	unlock();
	return set;
}

VOID WINAPI WaitForThreadpoolTimerCallbacks(PTP_TIMER pti, BOOL fCancelPendingCallbacks)
{
	lock();
	if (fCancelPendingCallbacks)
		pool_cancel(&pti->item);
	pool_wait(&pti->item);
	unlock();
}

VOID WINAPI CloseThreadpoolTimer(PTP_TIMER pti)
{
	lock();
	timer_cancel(&pti->timer);
	pti->closed = true;
	if (!pool_busy(&pti->item))
		tp_timer_idle(&pti->item);
	unlock();
}
