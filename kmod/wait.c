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
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>

#include "compat.h"
#include "internal.h"
#include "race.h"

void iotarget_waiter_init(struct iotarget_waiter *waiter)
{
	INIT_LIST_HEAD(&waiter->node);
	init_waitqueue_entry(&waiter->wqe, current);
	waiter->woken = false;
	waiter->spinning = false;
	INIT_LIST_HEAD(&waiter->done);
}

/* Longer than a round trip between two processors, about what two sleeps take. */
static unsigned int iotarget_spin_us = 50;
module_param_named(spin_us, iotarget_spin_us, uint, 0644);
MODULE_PARM_DESC(spin_us, "Microseconds to look for news before sleeping; 0: sleep at once");

/* With that many misses it is tried once in 2^10 waits. */
#define IOTARGET_SPIN_MISSES	10

/*
 * What comes before sleeping. The other side often answers at once, and a wake-up
 * costs more than all else in a round trip. If it runs on another processor, and
 * nobody else wants this one, look for its answer for a while. If it waits to run
 * on this one, let it run. Where that brought no news, it is tried less and less
 * often.
 */
static void iotarget_wait_spin(struct iotarget_device *device,
			       struct iotarget_waiter *waiter,
			       struct iotarget_spin *spin)
	__must_hold(&device->lock)
{
	u64 limit = READ_ONCE(iotarget_spin_us) * NSEC_PER_USEC, start;
	bool here = spin->cpu == raw_smp_processor_id();

	if (single_task_running() == here || (here && !IOTARGET_YIELDS) || !limit)
		return;
	if (spin->skip) {
		spin->skip--;
		return;
	}
	waiter->spinning = true;
	spin_unlock(&device->lock);
	start = local_clock();
	if (here) {
		schedule();
	} else {
		/* pairs with the store in iotarget_wake() */
		while (!READ_ONCE(waiter->woken) && single_task_running() &&
		       !need_resched() && !signal_pending(current) &&
		       local_clock() - start < limit)
			cpu_relax();
	}
	spin_lock(&device->lock);
	waiter->spinning = false;
	/* after longer than that the processor was a stranger's meanwhile */
	if (waiter->woken && (!here || local_clock() - start < limit)) {
		spin->misses -= !!spin->misses;
	} else {
		spin->misses = min(spin->misses + 2, IOTARGET_SPIN_MISSES);
		spin->skip = BIT(spin->misses) - 1;
	}
}

/*
 * Sleeps until somebody wakes @waiter: TASK_INTERRUPTIBLE, or TASK_KILLABLE. News
 * beats a signal: who was woken and finds nothing comes back here, and then the
 * signal counts.
 */
int iotarget_wait(struct iotarget_device *device, struct iotarget_waiter *waiter,
		  struct iotarget_spin *spin, unsigned int state)
	__must_hold(&device->lock)
{
	int err = 0;

	lockdep_assert_held(&device->lock);
	iotarget_wait_spin(device, waiter, spin);
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

/* Sleeps, one of @waiters, until there is news. */
int iotarget_wait_in(struct iotarget_device *device, struct list_head *waiters,
		     struct iotarget_spin *spin)
	__must_hold(&device->lock)
{
	struct iotarget_waiter waiter;

	iotarget_waiter_init(&waiter);
	list_add(&waiter.node, waiters);
	return iotarget_wait(device, &waiter, spin, TASK_INTERRUPTIBLE);
}

/* @sync: the caller is about to sleep */
void iotarget_wake(struct iotarget_waiter *waiter, bool sync)
{
	list_del_init(&waiter->node);
	WRITE_ONCE(waiter->woken, true);
	if (!waiter->spinning)
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
