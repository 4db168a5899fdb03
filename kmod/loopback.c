// SPDX-License-Identifier: GPL-2.0
/*
 * iotarget_loopback.ko: a driver in a module, for tests and as the example of
 * iotarget.h. It makes five nodes, which differ in when they complete, and a sixth
 * that has several queues:
 *
 *  /dev/iotarget/loopback-now	   at once
 *  /dev/iotarget/loopback-hold	   when told to; cannot be cancelled
 *  /dev/iotarget/loopback-delay   after delay_ms; cannot be cancelled
 *  /dev/iotarget/loopback-cancel  when told to, or as cancelled by the cancel
 *				   routine
 *  /dev/iotarget/loopback-ignore  when told to; the cancel routine does nothing
 *
 *  /dev/iotarget/loopback-pipe	   see struct loopback_pipe
 *
 * A read returns the bytes 0, 1, 2, ... 255, 0, ...; a write takes all; a control
 * request echoes its input. "Told to": LOOPBACK_RELEASE, a control request that
 * completes all that its node holds, and then itself. LOOPBACK_SYNC completes at
 * once, on every node: what was sent before it is the driver's by then, and what
 * is to be marked is marked.
 */
#include <linux/delay.h>
#include <linux/ioctl.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "iotarget.h"

#define LOOPBACK_RELEASE _IO('l', 1)
#define LOOPBACK_SYNC _IO('l', 2)
#define LOOPBACK_PARK _IO('l', 3)
#define LOOPBACK_PURGE _IO('l', 4)

static unsigned int delay_ms = 100;
module_param(delay_ms, uint, 0644);
MODULE_PARM_DESC(delay_ms, "Milliseconds after which loopback-delay completes");

/* When a node completes its requests. */
enum loopback_mode {
	LOOPBACK_NOW,
	LOOPBACK_HOLD,
	LOOPBACK_DELAY,
	LOOPBACK_CANCEL,
	LOOPBACK_IGNORE,
	LOOPBACK_MODES,
};

/**
 * struct loopback - a node
 * @driver: what iotarget knows of it
 * @mode: (const)
 * @lock: guards @held
 * @held: requests that it has
 */
struct loopback {
	struct iotarget_driver driver;
	enum loopback_mode mode;
	spinlock_t lock; /* held */
	struct list_head held;
};

/**
 * struct loopback_held - a request that a node holds; no cgroup is charged for it,
 *	but the sender's cap bounds how many there are
 * @node: in the node's list (the node's lock)
 * @loopback: the node
 * @request: what on_request() was told
 * @cancel: the cancel routine
 * @told: it ran, and did nothing (the node's lock)
 * @due: when the delay is over
 * @work: completes it then
 */
struct loopback_held {
	struct list_head node;
	struct loopback *loopback;
	struct iotarget_driver_request request;
	struct iotarget_driver_cancel cancel;
	bool told;
	ktime_t due;
	struct delayed_work work;
};

static struct loopback loopbacks[LOOPBACK_MODES] = {
	[LOOPBACK_NOW] = { .driver.name = "loopback-now" },
	[LOOPBACK_HOLD] = { .driver.name = "loopback-hold" },
	[LOOPBACK_DELAY] = { .driver.name = "loopback-delay" },
	[LOOPBACK_CANCEL] = { .driver.name = "loopback-cancel" },
	[LOOPBACK_IGNORE] = { .driver.name = "loopback-ignore" },
};

static struct workqueue_struct *loopback_wq;
static u8 loopback_pattern[PAGE_SIZE];

static s32 loopback_read(struct iotarget_driver *driver,
			 const struct iotarget_driver_request *request)
{
	u32 done = 0;
	ssize_t n;

	while (done < request->out_length) {
		n = iotarget_driver_write(driver, request->id, done,
					  loopback_pattern,
					  sizeof(loopback_pattern));
		if (n < 0)
			return n;
		done += n;
		cond_resched();
	}
	return 0;
}

static s32 loopback_echo(struct iotarget_driver *driver,
			 const struct iotarget_driver_request *request,
			 u32 length)
{
	u8 bytes[256];
	u32 done;
	ssize_t n;

	/* both directions share one buffer: in place, piece by piece */
	for (done = 0; done < length; done += n) {
		n = iotarget_driver_read(driver, request->id, done, bytes,
					 min_t(u32, length - done, sizeof(bytes)));
		if (n >= 0)
			n = iotarget_driver_write(driver, request->id, done,
						  bytes, n);
		if (n < 0)
			return n;
		cond_resched();
	}
	return 0;
}

/* Does what the request asks for, and completes it. */
static void loopback_complete(struct loopback *loopback,
			      const struct iotarget_driver_request *request)
{
	struct iotarget_driver *driver = &loopback->driver;
	u32 count = 0;
	s32 status = 0;

	switch (request->type) {
	case IOTARGET_TYPE_READ:
		count = request->out_length;
		status = loopback_read(driver, request);
		break;
	case IOTARGET_TYPE_WRITE:
		count = request->in_length;
		break;
	case IOTARGET_TYPE_CONTROL:
		count = min(request->in_length, request->out_length);
		if (count)
			status = loopback_echo(driver, request, count);
		break;
	}
	iotarget_driver_complete(driver, request->id, status, status ? 0 : count);
}

static void loopback_take(struct loopback_held *held)
{
	spin_lock(&held->loopback->lock);
	list_del(&held->node);
	spin_unlock(&held->loopback->lock);
}

static void loopback_delay_work(struct work_struct *work)
{
	struct loopback_held *held = container_of(to_delayed_work(work),
						  struct loopback_held, work);
	s64 early = ktime_us_delta(held->due, ktime_get());

	/* ticks can lag behind the clock */
	if (early >= 0)
		fsleep(early + 1);
	loopback_take(held);
	loopback_complete(held->loopback, &held->request);
	kfree(held);
}

/* The request is ours, and marked no longer. */
static void loopback_on_cancel(struct iotarget_driver_cancel *cancel)
{
	struct loopback_held *held = container_of(cancel, struct loopback_held,
						  cancel);
	struct loopback *loopback = held->loopback;

	if (loopback->mode == LOOPBACK_IGNORE) {
		spin_lock(&loopback->lock);
		held->told = true;
		spin_unlock(&loopback->lock);
		return;
	}
	loopback_take(held);
	iotarget_driver_complete(&loopback->driver, held->request.id,
				 -ECANCELED, 0);
	kfree(held);
}

static void loopback_hold(struct loopback *loopback,
			  const struct iotarget_driver_request *request)
{
	struct loopback_held *held = kzalloc(sizeof(*held), GFP_KERNEL);
	unsigned int ms = READ_ONCE(delay_ms);
	int err = 0;

	if (!held) {
		iotarget_driver_complete(&loopback->driver, request->id, -ENOMEM,
					 0);
		return;
	}
	held->loopback = loopback;
	held->request = *request;
	held->cancel.fn = loopback_on_cancel;
	held->due = ktime_add_ms(ktime_get(), ms);
	INIT_DELAYED_WORK(&held->work, loopback_delay_work);
	spin_lock(&loopback->lock);
	list_add_tail(&held->node, &loopback->held);
	spin_unlock(&loopback->lock);

	if (loopback->mode == LOOPBACK_DELAY)
		queue_delayed_work(loopback_wq, &held->work,
				   msecs_to_jiffies(ms) + 1);
	else if (loopback->mode != LOOPBACK_HOLD)
		err = iotarget_driver_mark_cancelable(&loopback->driver,
						      request->id,
						      &held->cancel);
	if (!err)
		return;
	/* cancelled before it was marked: the routine is not called */
	loopback_take(held);
	iotarget_driver_complete(&loopback->driver, request->id, err, 0);
	kfree(held);
}

/*
 * Completes what is held, but for what the cancel routine has, or is about to
 * have: also where the device has ended meanwhile, and unmark finds nothing.
 */
static void loopback_release(struct loopback *loopback)
{
	struct loopback_held *held;
	LIST_HEAD(all);
	bool mine;
	int err;

	spin_lock(&loopback->lock);
	list_splice_init(&loopback->held, &all);
	while (!list_empty(&all)) {
		held = list_first_entry(&all, struct loopback_held, node);
		err = iotarget_driver_unmark_cancelable(&loopback->driver,
							held->request.id);
		/* -EINVAL: this node marks nothing */
		mine = !err || err == -EINVAL || held->told;
		if (mine)
			list_del(&held->node);
		else
			list_move_tail(&held->node, &loopback->held);
		spin_unlock(&loopback->lock);
		if (mine) {
			loopback_complete(loopback, &held->request);
			kfree(held);
		}
		cond_resched();
		spin_lock(&loopback->lock);
	}
	spin_unlock(&loopback->lock);
}

static void loopback_on_request(struct iotarget_driver *driver,
				const struct iotarget_driver_request *request)
{
	struct loopback *loopback = container_of(driver, struct loopback, driver);
	u32 code = request->type == IOTARGET_TYPE_CONTROL ? request->code : 0;
	bool release = code == LOOPBACK_RELEASE &&
		       loopback->mode != LOOPBACK_DELAY;

	if (release)
		loopback_release(loopback);
	if (release || code == LOOPBACK_SYNC || loopback->mode == LOOPBACK_NOW)
		loopback_complete(loopback, request);
	else
		loopback_hold(loopback, request);
}

/**
 * struct loopback_pipe - a node of which a write feeds a read
 * @driver: its default queue is sequential, for writes and control requests
 * @reads: manual: reads wait here. A write retrieves the first, and returns how
 *	many bytes that took. LOOPBACK_PURGE cancels them all
 * @parked: manual: LOOPBACK_PARK forwards the first read to here. When it is
 *	cancelled here, it completes with -ESTALE
 * @purger: the LOOPBACK_PURGE that waits for the end of the purge
 */
struct loopback_pipe {
	struct iotarget_driver driver;
	struct iotarget_driver_queue reads;
	struct iotarget_driver_queue parked;
	u64 purger;
};

/* Returns how many bytes of the write the read has taken. */
static ssize_t loopback_pipe_copy(struct iotarget_driver *driver,
				  const struct iotarget_driver_request *write,
				  const struct iotarget_driver_request *read)
{
	u32 length = min(write->in_length, read->out_length), done;
	u8 bytes[256];
	ssize_t n;

	for (done = 0; done < length; done += n) {
		n = iotarget_driver_read(driver, write->id, done, bytes,
					 min_t(u32, length - done, sizeof(bytes)));
		if (n >= 0)
			n = iotarget_driver_write(driver, read->id, done, bytes,
						  n);
		if (n < 0)
			return n;
		cond_resched();
	}
	return length;
}

static void loopback_pipe_write(struct loopback_pipe *pipe,
				const struct iotarget_driver_request *write)
{
	struct iotarget_driver *driver = &pipe->driver;
	struct iotarget_driver_request read;
	ssize_t n = 0;

	if (!iotarget_driver_retrieve(&pipe->reads, 0, &read)) {
		n = loopback_pipe_copy(driver, write, &read);
		iotarget_driver_complete(driver, read.id, min_t(ssize_t, n, 0),
					 max_t(ssize_t, n, 0));
	}
	iotarget_driver_complete(driver, write->id, min_t(ssize_t, n, 0),
				 max_t(ssize_t, n, 0));
}

static int loopback_pipe_park(struct loopback_pipe *pipe)
{
	struct iotarget_driver_request read;

	return iotarget_driver_retrieve(&pipe->reads, 0, &read) ?:
	       iotarget_driver_forward(&pipe->driver, read.id, &pipe->parked);
}

static void loopback_pipe_on_request(struct iotarget_driver *driver,
				     const struct iotarget_driver_request *request)
{
	struct loopback_pipe *pipe = container_of(driver, struct loopback_pipe,
						  driver);
	int err = -ENOTTY;

	if (request->type == IOTARGET_TYPE_WRITE) {
		loopback_pipe_write(pipe, request);
		return;
	}
	if (request->code == LOOPBACK_PARK) {
		err = loopback_pipe_park(pipe);
	} else if (request->code == LOOPBACK_PURGE) {
		/* sequential: until it is completed no other one comes */
		pipe->purger = request->id;
		err = iotarget_driver_control(&pipe->reads, IOTARGET_QUEUE_PURGE,
					      true);
		if (!err)
			return;
	}
	iotarget_driver_complete(driver, request->id, err, 0);
}

static void loopback_pipe_on_state(struct iotarget_driver *driver, u32 state,
				   bool notice)
{
	struct loopback_pipe *pipe = container_of(driver, struct loopback_pipe,
						  driver);

	/* reads wait for a write, and not for this */
	if (!notice)
		return;
	iotarget_driver_control(&pipe->reads, IOTARGET_QUEUE_START, false);
	iotarget_driver_complete(driver, pipe->purger, 0, 0);
}

static void loopback_pipe_on_canceled(struct iotarget_driver *driver, u64 id)
{
	iotarget_driver_complete(driver, id, -ESTALE, 0);
}

static struct loopback_pipe loopback_pipe = {
	.driver = {
		.name = "loopback-pipe",
		.mode = 0666,
		.queue = {
			.dispatch = IOTARGET_DISPATCH_SEQUENTIAL,
			.on_request = loopback_pipe_on_request,
		},
		.queues = (struct iotarget_driver_queue *const []) {
			&loopback_pipe.reads, &loopback_pipe.parked, NULL,
		},
	},
	.reads = {
		.dispatch = IOTARGET_DISPATCH_MANUAL,
		.types = BIT(IOTARGET_TYPE_READ),
		.on_state = loopback_pipe_on_state,
	},
	.parked = {
		.dispatch = IOTARGET_DISPATCH_MANUAL,
		.flags = IOTARGET_QUEUE_CANCELED_EVENTS,
		.on_canceled = loopback_pipe_on_canceled,
	},
};

/* The first @count nodes go. */
static void loopback_unregister(unsigned int count)
{
	struct loopback_held *held, *next;
	struct loopback *loopback;

	for (loopback = loopbacks; loopback < loopbacks + count; loopback++) {
		/* no request comes after this, and no cancel */
		iotarget_driver_unregister(&loopback->driver);
		spin_lock(&loopback->lock);
		/* one that runs already takes itself off the list, and frees */
		list_for_each_entry(held, &loopback->held, node)
			cancel_delayed_work(&held->work);
		spin_unlock(&loopback->lock);
		flush_workqueue(loopback_wq);
		list_for_each_entry_safe(held, next, &loopback->held, node)
			kfree(held);
		iotarget_driver_put(&loopback->driver);
	}
	destroy_workqueue(loopback_wq);
}

static int __init loopback_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < sizeof(loopback_pattern); i++)
		loopback_pattern[i] = i;
	loopback_wq = alloc_workqueue("iotarget_loopback", WQ_UNBOUND, 0);
	if (!loopback_wq)
		return -ENOMEM;
	for (i = 0; i < LOOPBACK_MODES; i++) {
		struct loopback *loopback = &loopbacks[i];

		loopback->mode = i;
		loopback->driver.mode = 0666;
		loopback->driver.queue.dispatch = IOTARGET_DISPATCH_PARALLEL;
		loopback->driver.queue.on_request = loopback_on_request;
		spin_lock_init(&loopback->lock);
		INIT_LIST_HEAD(&loopback->held);
		err = iotarget_driver_register(&loopback->driver);
		if (err) {
			loopback_unregister(i);
			return err;
		}
	}
	err = iotarget_driver_register(&loopback_pipe.driver);
	if (err)
		loopback_unregister(LOOPBACK_MODES);
	return err;
}

static void __exit loopback_exit(void)
{
	iotarget_driver_unregister(&loopback_pipe.driver);
	iotarget_driver_put(&loopback_pipe.driver);
	loopback_unregister(LOOPBACK_MODES);
}

module_init(loopback_init);
module_exit(loopback_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The iotarget authors");
MODULE_DESCRIPTION("A driver for iotarget that answers by itself");
