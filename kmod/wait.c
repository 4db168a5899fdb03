// SPDX-License-Identifier: GPL-2.0
/*
 * How callers of SEND, FETCH and plain calls sleep, and how they are woken.
 * Exactly one sleeper is woken for one piece of news, the last to come, whose
 * caches are warm; where nobody sleeps, the pollers are. All of it under the device's
 * lock, which guards the waiter on its owner's stack.
 *
 * Pollers are woken under the lock as well: that keeps their wait queue alive.
 * It is safe: no wait queue's callback comes back into this module, and poll
 * takes the lock only after it has queued itself, so that either it sees the
 * news or waitqueue_active() sees it.
 */
#include <linux/freezer.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "internal.h"
#include "race.h"

void iotarget_waiter_init(struct iotarget_waiter *waiter)
{
	INIT_LIST_HEAD(&waiter->node);
	init_waitqueue_entry(&waiter->wqe, current);
	waiter->woken = false;
	INIT_LIST_HEAD(&waiter->done);
}

/*
 * Sleeps until somebody wakes @waiter: TASK_INTERRUPTIBLE, or TASK_KILLABLE. News
 * beats a signal: who was woken and finds nothing comes back here, and then the
 * signal counts.
 */
int iotarget_wait(struct iotarget_device *device, struct iotarget_waiter *waiter,
		  unsigned int state)
	__must_hold(&device->lock)
{
	int err = 0;

	lockdep_assert_held(&device->lock);
	for (;;) {
		set_current_state(state | TASK_FREEZABLE);
		if (waiter->woken)
			break;
		if (signal_pending_state(state, current)) {
			list_del_init(&waiter->node);
			err = -ERESTARTSYS;
			break;
		}
		spin_unlock(&device->lock);
		schedule();
		iotarget_race_point(IOTARGET_RACE_WAIT_RETURN);
		spin_lock(&device->lock);
	}
	__set_current_state(TASK_RUNNING);
	waiter->woken = false;
	return err;
}

/* @sync: the caller is about to sleep */
void iotarget_wake(struct iotarget_waiter *waiter, bool sync)
{
	list_del_init(&waiter->node);
	waiter->woken = true;
	default_wake_function(&waiter->wqe, TASK_NORMAL,
			      sync ? IOTARGET_WAKE_SYNC : 0, NULL);
}

void iotarget_wake_one(struct list_head *waiters, wait_queue_head_t *pollers,
		       __poll_t mask, bool sync)
{
	struct iotarget_waiter *waiter;

	waiter = list_first_entry_or_null(waiters, struct iotarget_waiter, node);
	if (waiter)
		iotarget_wake(waiter, sync);
	else if (waitqueue_active(pollers)) /* see the top of this file */
		wake_up_interruptible_poll(pollers, mask);
}

/* Everybody is to look again: an object has ended. */
void iotarget_wake_all(struct list_head *waiters)
{
	while (!list_empty(waiters))
		iotarget_wake(list_first_entry(waiters, struct iotarget_waiter,
					       node), false);
}
