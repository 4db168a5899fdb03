// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what each operation of request.c answers in each state, and where it
 * leads. The tables are typed from the design, not from request.c.
 */
#include <kunit/test.h>
#include <linux/completion.h>

#include "internal.h"
#include "iotarget.h"

/**
 * struct iotarget_fixture - a request on a device that no process has
 * @device: with a parallel queue
 * @target: one
 * @req: its first slot
 */
struct iotarget_fixture {
	struct iotarget_device *device;
	struct iotarget_target *target;
	struct iotarget_request *req;
};

static int iotarget_kunit_init(struct kunit *test)
{
	const struct iotarget_device_create args = {
		.dispatch = IOTARGET_DISPATCH_PARALLEL,
	};
	struct iotarget_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->device = iotarget_device_alloc(&args);
	KUNIT_ASSERT_NOT_NULL(test, f->device);
	f->target = iotarget_target_create(f->device);
	KUNIT_ASSERT_FALSE(test, IS_ERR(f->target));
	KUNIT_ASSERT_EQ(test, 0, iotarget_device_add_chunk(f->device, f->target));
	f->req = list_first_entry(&f->target->free, struct iotarget_request, node);
	test->priv = f;
	return 0;
}

static void iotarget_kunit_exit(struct kunit *test)
{
	struct iotarget_fixture *f = test->priv;

	if (!f)
		return;
	iotarget_target_close(f->target);
	iotarget_device_close(f->device);
}

/* Brings the request, under the lock, from FREE to a state; marked or not. */
static void iotarget_kunit_reach(struct kunit *test, enum iotarget_state state,
				 bool marked)
{
	struct iotarget_fixture *f = test->priv;
	struct iotarget_request *req = f->req;
	iotarget_cancel_fn routine = marked ? iotarget_host_cancel : NULL;
	struct iotarget_request *dispatched;

	LIST_HEAD(list);

	list_move(&req->node, &list);
	iotarget_request_prepare(req);
	f->target->pending++;
	req->waiter = NULL;
	iotarget_queue_insert(&f->device->queue, &list);
	if (state == IOTARGET_QUEUED)
		return;
	KUNIT_ASSERT_EQ(test, 1, iotarget_queue_dispatch(&f->device->queue, routine,
							 &dispatched, 1));
	KUNIT_ASSERT_PTR_EQ(test, req, dispatched);
	if (state == IOTARGET_DELIVERING)
		return;
	KUNIT_ASSERT_TRUE(test, iotarget_request_release(req));
	iotarget_request_move(req, IOTARGET_OWNED, routine);
	if (state == IOTARGET_OWNED)
		return;
	if (state == IOTARGET_COMPLETED) {
		iotarget_request_hold(req);
		iotarget_request_complete(req, -EIO, 0, false);
		return;
	}
	if (state == IOTARGET_READY) {
		iotarget_request_complete(req, -EIO, 0, false);
		return;
	}
	KUNIT_ASSERT_TRUE(test, marked);
	iotarget_request_cancel(req);
	if (state == IOTARGET_CLAIMED)
		return;
	list_del_init(&req->node);
	iotarget_request_move(req, IOTARGET_TOLD, NULL);
}

/* Takes it from wherever it is to FREE again. */
static void iotarget_kunit_return(struct kunit *test)
{
	struct iotarget_fixture *f = test->priv;
	struct iotarget_request *req = f->req;

	iotarget_request_end(req);
	if (req->holds)
		iotarget_request_release(req);
	KUNIT_ASSERT_EQ(test, (int)IOTARGET_READY, (int)req->state);
	KUNIT_EXPECT_EQ(test, 0, f->target->pending);
	KUNIT_EXPECT_EQ(test, 0, f->device->queue.owned);
	list_del_init(&req->node);
	iotarget_request_move(req, IOTARGET_FREE, NULL);
	list_add(&req->node, &f->target->free);
}

enum iotarget_operation {
	CANCEL, MARK, UNMARK, IS_CANCELED, END,
};

/**
 * struct iotarget_case - one operation in one state
 * @from: the state
 * @marked: with the bridge's routine
 * @operation: what is done
 * @result: what it answers
 * @to: the state after it
 * @marked_after: is a routine set then
 */
struct iotarget_case {
	enum iotarget_state from;
	bool marked;
	enum iotarget_operation operation;
	int result;
	enum iotarget_state to;
	bool marked_after;
};

static const struct iotarget_case iotarget_cases[] = {
	{ IOTARGET_QUEUED, false, CANCEL, IOTARGET_DELIVERED, IOTARGET_READY },
	{ IOTARGET_DELIVERING, false, CANCEL, IOTARGET_MARKED, IOTARGET_DELIVERING },
	{ IOTARGET_DELIVERING, true, CANCEL, IOTARGET_DELIVERED, IOTARGET_CLAIMED },
	{ IOTARGET_OWNED, false, CANCEL, IOTARGET_MARKED, IOTARGET_OWNED },
	{ IOTARGET_OWNED, true, CANCEL, IOTARGET_DELIVERED, IOTARGET_CLAIMED },
	{ IOTARGET_CLAIMED, true, CANCEL, IOTARGET_ALREADY_TOLD, IOTARGET_CLAIMED },
	{ IOTARGET_TOLD, true, CANCEL, IOTARGET_ALREADY_TOLD, IOTARGET_TOLD },
	{ IOTARGET_COMPLETED, false, CANCEL, IOTARGET_WAS_COMPLETED,
	  IOTARGET_COMPLETED },
	{ IOTARGET_READY, false, CANCEL, IOTARGET_WAS_COMPLETED, IOTARGET_READY },

	{ IOTARGET_OWNED, false, MARK, 0, IOTARGET_OWNED, true },
	{ IOTARGET_OWNED, true, MARK, -EINVAL, IOTARGET_OWNED, true },
	{ IOTARGET_CLAIMED, true, MARK, -EINVAL, IOTARGET_CLAIMED },
	{ IOTARGET_TOLD, true, MARK, -EINVAL, IOTARGET_TOLD },

	{ IOTARGET_OWNED, false, UNMARK, -EINVAL, IOTARGET_OWNED },
	{ IOTARGET_OWNED, true, UNMARK, 0, IOTARGET_OWNED },
	{ IOTARGET_CLAIMED, true, UNMARK, -ECANCELED, IOTARGET_CLAIMED },
	{ IOTARGET_TOLD, true, UNMARK, -ECANCELED, IOTARGET_TOLD },

	{ IOTARGET_OWNED, false, IS_CANCELED, 0, IOTARGET_OWNED },
	{ IOTARGET_OWNED, true, IS_CANCELED, 0, IOTARGET_OWNED, true },
	{ IOTARGET_CLAIMED, true, IS_CANCELED, 0, IOTARGET_CLAIMED },
	{ IOTARGET_TOLD, true, IS_CANCELED, 1, IOTARGET_TOLD },

	{ IOTARGET_QUEUED, false, END, -ENODEV, IOTARGET_READY },
	{ IOTARGET_DELIVERING, false, END, -ENODEV, IOTARGET_COMPLETED },
	{ IOTARGET_DELIVERING, true, END, -ENODEV, IOTARGET_COMPLETED },
	{ IOTARGET_OWNED, false, END, -ENODEV, IOTARGET_READY },
	{ IOTARGET_OWNED, true, END, -ENODEV, IOTARGET_READY },
	{ IOTARGET_CLAIMED, true, END, -ECANCELED, IOTARGET_READY },
	{ IOTARGET_TOLD, true, END, -ECANCELED, IOTARGET_READY },
	{ IOTARGET_COMPLETED, false, END, -EIO, IOTARGET_COMPLETED },
	{ IOTARGET_READY, false, END, -EIO, IOTARGET_READY },
};

static int iotarget_kunit_operate(struct iotarget_request *req,
				  enum iotarget_operation operation)
{
	switch (operation) {
	case CANCEL:
		return iotarget_request_cancel(req);
	case MARK:
		return iotarget_request_mark(req, iotarget_host_cancel);
	case UNMARK:
		return iotarget_request_unmark(req);
	case IS_CANCELED:
		return iotarget_request_is_canceled(req);
	case END:
		iotarget_request_end(req);
		return req->status;
	}
	return -EOPNOTSUPP;
}

static void iotarget_kunit_operations(struct kunit *test)
{
	struct iotarget_fixture *f = test->priv;
	const struct iotarget_case *c;
	unsigned int i;
	int result;

	for (i = 0; i < ARRAY_SIZE(iotarget_cases); i++) {
		c = &iotarget_cases[i];
		spin_lock(&f->device->lock);
		iotarget_kunit_reach(test, c->from, c->marked);
		result = iotarget_kunit_operate(f->req, c->operation);
		KUNIT_EXPECT_EQ_MSG(test, c->result, result, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, (int)c->to, (int)f->req->state, "case %u",
				    i);
		if (c->from != IOTARGET_QUEUED)
			KUNIT_EXPECT_EQ_MSG(test, c->marked_after,
					    !!f->req->routine, "case %u", i);
		iotarget_kunit_return(test);
		spin_unlock(&f->device->lock);
	}
}

/* A mark outlives the cancel that made it, and is gone with the next request. */
static void iotarget_kunit_mark_sticks(struct kunit *test)
{
	struct iotarget_fixture *f = test->priv;

	spin_lock(&f->device->lock);
	iotarget_kunit_reach(test, IOTARGET_OWNED, false);
	KUNIT_EXPECT_EQ(test, IOTARGET_MARKED, iotarget_request_cancel(f->req));
	KUNIT_EXPECT_TRUE(test, iotarget_request_is_canceled(f->req));
	KUNIT_EXPECT_EQ(test, -ECANCELED,
			iotarget_request_mark(f->req, iotarget_host_cancel));
	KUNIT_EXPECT_TRUE(test, !f->req->routine);
	iotarget_kunit_return(test);
	iotarget_kunit_reach(test, IOTARGET_OWNED, false);
	KUNIT_EXPECT_FALSE(test, iotarget_request_is_canceled(f->req));
	iotarget_kunit_return(test);
	spin_unlock(&f->device->lock);
}

/* A completion during a hold is accepted; the last hold publishes it. */
static void iotarget_kunit_holds(struct kunit *test)
{
	struct iotarget_fixture *f = test->priv;

	spin_lock(&f->device->lock);
	iotarget_kunit_reach(test, IOTARGET_OWNED, false);
	iotarget_request_hold(f->req);
	iotarget_request_hold(f->req);
	iotarget_request_complete(f->req, 7, 0, false);
	KUNIT_EXPECT_EQ(test, 1, f->target->pending);
	KUNIT_EXPECT_FALSE(test, iotarget_request_release(f->req));
	KUNIT_EXPECT_EQ(test, (int)IOTARGET_COMPLETED, (int)f->req->state);
	KUNIT_EXPECT_FALSE(test, iotarget_request_release(f->req));
	KUNIT_EXPECT_EQ(test, (int)IOTARGET_READY, (int)f->req->state);
	KUNIT_EXPECT_EQ(test, 7, f->req->status);
	iotarget_kunit_return(test);
	spin_unlock(&f->device->lock);
}

/* What could not be copied is first again; if it was cancelled, it is over. */
static void iotarget_kunit_undo(struct kunit *test)
{
	struct iotarget_fixture *f = test->priv;

	spin_lock(&f->device->lock);
	iotarget_kunit_reach(test, IOTARGET_DELIVERING, true);
	KUNIT_EXPECT_TRUE(test, iotarget_request_release(f->req));
	iotarget_queue_undo(f->req);
	KUNIT_EXPECT_EQ(test, (int)IOTARGET_QUEUED, (int)f->req->state);
	KUNIT_EXPECT_TRUE(test, f->req->routine == iotarget_queue_cancel);
	KUNIT_EXPECT_EQ(test, 0, f->device->queue.owned);
	iotarget_kunit_return(test);

	iotarget_kunit_reach(test, IOTARGET_DELIVERING, true);
	KUNIT_EXPECT_EQ(test, IOTARGET_DELIVERED, iotarget_request_cancel(f->req));
	KUNIT_EXPECT_TRUE(test, iotarget_request_release(f->req));
	iotarget_queue_undo(f->req);
	KUNIT_EXPECT_EQ(test, (int)IOTARGET_READY, (int)f->req->state);
	KUNIT_EXPECT_EQ(test, -ECANCELED, f->req->status);
	iotarget_kunit_return(test);
	spin_unlock(&f->device->lock);
}

/**
 * struct iotarget_kunit_driver - a driver that keeps what it is given
 * @driver: with a parallel queue
 * @calls: of on_request(), or of on_state()
 * @called: it was
 * @go: it waits for this, if @waits
 * @waits: on_request() does not return
 * @cancel: the cancel routine of the request that is marked
 * @canceller: cancels @req
 * @req: it
 * @returned: the cancel routine has
 */
struct iotarget_kunit_driver {
	struct iotarget_driver driver;
	unsigned int calls;
	struct completion called;
	struct completion go;
	bool waits;
	struct iotarget_driver_cancel cancel;
	struct work_struct canceller;
	struct iotarget_request *req;
	bool returned;
};

static void iotarget_kunit_on_request(struct iotarget_driver *driver,
				      const struct iotarget_driver_request *request)
{
	struct iotarget_kunit_driver *d =
		container_of(driver, struct iotarget_kunit_driver, driver);
	/* the test goes on with the completion, and may set it for the next call */
	bool waits = d->waits;

	d->calls++;
	complete(&d->called);
	if (waits)
		wait_for_completion(&d->go);
}

/* A driver that is registered. */
static struct iotarget_kunit_driver *iotarget_kunit_driver_init(struct kunit *test)
{
	struct iotarget_kunit_driver *d = kunit_kzalloc(test, sizeof(*d),
							GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, d);
	d->driver.name = "kunit";
	d->driver.mode = 0600;
	d->driver.queue.dispatch = IOTARGET_DISPATCH_PARALLEL;
	d->driver.queue.on_request = iotarget_kunit_on_request;
	init_completion(&d->called);
	init_completion(&d->go);
	KUNIT_ASSERT_EQ(test, 0, iotarget_driver_register(&d->driver));
	return d;
}

/* Sends a request, and returns when the driver has it. */
static struct iotarget_request *
iotarget_kunit_send(struct kunit *test, struct iotarget_kunit_driver *d,
		    struct iotarget_target *target)
{
	struct iotarget_request *req;
	LIST_HEAD(list);

	KUNIT_EXPECT_EQ(test, 1, iotarget_slots_take(target, 1, &list));
	req = list_first_entry(&list, struct iotarget_request, node);
	spin_lock(&target->device->lock);
	KUNIT_EXPECT_EQ(test, 0,
			iotarget_send_publish(target, &list, 1, NULL, false));
	spin_unlock(&target->device->lock);
	wait_for_completion(&d->called);
	return req;
}

enum iotarget_arrival { AT_STOPPED, AT_IDLE, BEFORE_STOP };

/*
 * A request that was cancelled, while its driver had it unmarked, arrives at the
 * queue again.
 */
static void iotarget_kunit_arrive(struct kunit *test,
				  enum iotarget_arrival arrival)
{
	struct iotarget_kunit_driver *d = iotarget_kunit_driver_init(test);
	struct iotarget_driver *driver = &d->driver;
	struct iotarget_target *target;
	struct iotarget_request *req;
	u64 id;

	target = iotarget_target_create(driver->device);
	if (IS_ERR(target)) {
		KUNIT_FAIL(test, "no target");
		goto unregister;
	}
	req = iotarget_kunit_send(test, d, target);
	id = req->id;
	spin_lock(&driver->device->lock);
	KUNIT_EXPECT_EQ(test, (int)IOTARGET_MARKED,
			(int)iotarget_request_cancel(req));
	spin_unlock(&driver->device->lock);

	switch (arrival) {
	case AT_STOPPED:
		iotarget_driver_control(&driver->queue, IOTARGET_QUEUE_STOP,
					false);
		KUNIT_EXPECT_EQ(test, 0, iotarget_driver_requeue(driver, id));
		break;
	case AT_IDLE:
		KUNIT_EXPECT_EQ(test, 0, iotarget_driver_requeue(driver, id));
		wait_for_completion(&d->called);
		KUNIT_EXPECT_EQ(test, 1, iotarget_driver_is_canceled(driver, id));
		KUNIT_EXPECT_EQ(test, 0, iotarget_driver_complete(driver, id,
								  -ECANCELED, 0));
		break;
	case BEFORE_STOP:
		/* on_request() has another one, and the work waits for it */
		d->waits = true;
		iotarget_kunit_send(test, d, target);
		KUNIT_EXPECT_EQ(test, 0, iotarget_driver_requeue(driver, id));
		iotarget_driver_control(&driver->queue, IOTARGET_QUEUE_STOP,
					false);
		complete(&d->go);
		break;
	}
	flush_work(&driver->queue.work);
	KUNIT_EXPECT_EQ(test, arrival == AT_STOPPED ? 1 : 2, d->calls);
	KUNIT_EXPECT_EQ(test, (int)IOTARGET_READY, (int)req->state);
	KUNIT_EXPECT_EQ(test, -ECANCELED, req->status);
	KUNIT_EXPECT_EQ(test, -ENOENT, iotarget_driver_requeue(driver, id));
	iotarget_target_close(target);
unregister:
	iotarget_driver_unregister(driver);
	iotarget_driver_put(driver);
}

static void iotarget_kunit_u09_arrives_at_a_stopped_queue(struct kunit *test)
{
	iotarget_kunit_arrive(test, AT_STOPPED);
}

static void iotarget_kunit_u10_arrives_at_an_idle_queue(struct kunit *test)
{
	iotarget_kunit_arrive(test, AT_IDLE);
}

static void iotarget_kunit_arrives_before_a_stop(struct kunit *test)
{
	iotarget_kunit_arrive(test, BEFORE_STOP);
}

static void iotarget_kunit_on_state(struct iotarget_driver *driver, u32 state,
				    bool notice)
{
	container_of(driver, struct iotarget_kunit_driver, driver)->calls++;
}

/*
 * Returns when unregistering waits for it. Meanwhile a purge has come to its end: its
 * notice is for nobody.
 */
static void iotarget_kunit_on_cancel(struct iotarget_driver_cancel *cancel)
{
	struct iotarget_kunit_driver *d =
		container_of(cancel, struct iotarget_kunit_driver, cancel);
	struct iotarget_queue *queue = d->driver.queue.queue;

	complete(&d->called);
	while (!wq_has_sleeper(&d->driver.idle))
		cond_resched();
	spin_lock(&queue->device->lock);
	queue->notice = IOTARGET_NOTICE_IDLE;
	iotarget_queue_settle(queue);
	spin_unlock(&queue->device->lock);
	WRITE_ONCE(d->returned, true);
}

static void iotarget_kunit_canceller(struct work_struct *work)
{
	struct iotarget_kunit_driver *d =
		container_of(work, struct iotarget_kunit_driver, canceller);
	struct iotarget_device *device = d->driver.device;

	spin_lock(&device->lock);
	iotarget_request_cancel(d->req);
	iotarget_driver_run_cancels(device);
	spin_unlock(&device->lock);
}

/* A driver is gone only when its cancel routines have returned (decision 13). */
static void iotarget_kunit_unregister_waits(struct kunit *test)
{
	struct iotarget_kunit_driver *d = iotarget_kunit_driver_init(test);
	struct iotarget_driver *driver = &d->driver;
	struct iotarget_target *target;

	target = iotarget_target_create(driver->device);
	if (IS_ERR(target)) {
		KUNIT_FAIL(test, "no target");
		iotarget_driver_unregister(driver);
		iotarget_driver_put(driver);
		return;
	}
	d->req = iotarget_kunit_send(test, d, target);
	d->cancel.fn = iotarget_kunit_on_cancel;
	driver->queue.on_state = iotarget_kunit_on_state;
	KUNIT_EXPECT_EQ(test, 0, iotarget_driver_mark_cancelable(driver, d->req->id,
								 &d->cancel));
	INIT_WORK(&d->canceller, iotarget_kunit_canceller);
	queue_work(system_unbound_wq, &d->canceller);
	wait_for_completion(&d->called);
	iotarget_driver_unregister(driver);
	KUNIT_EXPECT_TRUE(test, READ_ONCE(d->returned));
	flush_work(&d->canceller);
	flush_work(&driver->queue.work);
	KUNIT_EXPECT_EQ(test, 1, d->calls);
	/* what was told of its cancel keeps that word when its driver ends */
	KUNIT_EXPECT_EQ(test, (int)IOTARGET_READY, (int)d->req->state);
	KUNIT_EXPECT_EQ(test, -ECANCELED, d->req->status);
	iotarget_target_close(target);
	iotarget_driver_put(driver);
}

/**
 * struct iotarget_kunit_poller - one that counts how often it is woken
 * @wait: in a queue's or a target's pollers
 * @wakes: how often
 */
struct iotarget_kunit_poller {
	struct wait_queue_entry wait;
	unsigned int wakes;
};

static int iotarget_kunit_woken(struct wait_queue_entry *wait,
				unsigned int mode, int sync, void *key)
{
	container_of(wait, struct iotarget_kunit_poller, wait)->wakes++;
	return 0;
}

static void iotarget_kunit_poll(struct iotarget_kunit_poller *poller,
				wait_queue_head_t *pollers)
{
	init_waitqueue_func_entry(&poller->wait, iotarget_kunit_woken);
	add_wait_queue(pollers, &poller->wait);
}

/*
 * Requests of two types in turn, to two queues, sent and ended under one hold of the
 * lock: the pollers of each queue, and the target's, are woken once.
 */
static void iotarget_kunit_wakes(struct kunit *test)
{
	static const struct iotarget_queue_create args = {
		.dispatch = IOTARGET_DISPATCH_PARALLEL,
	};
	struct iotarget_fixture *f = test->priv;
	struct iotarget_queue *other = kunit_kzalloc(test, sizeof(*other),
						     GFP_KERNEL);
	struct iotarget_kunit_poller poller[3] = {};
	wait_queue_head_t *pollers[3] = {
		&f->device->queue.pollers, NULL, &f->target->pollers,
	};
	struct iotarget_request *req, *reqs[8];
	unsigned int i, n = 0;
	LIST_HEAD(list);

	KUNIT_ASSERT_NOT_NULL(test, other);
	iotarget_queue_init(other, f->device, &args);
	pollers[1] = &other->pollers;
	KUNIT_ASSERT_EQ(test, 8, iotarget_slots_take(f->target, 8, &list));
	for (i = 0; i < 3; i++)
		iotarget_kunit_poll(&poller[i], pollers[i]);
	list_for_each_entry(req, &list, node) {
		req->type = n & 1 ? IOTARGET_TYPE_WRITE : IOTARGET_TYPE_READ;
		reqs[n++] = req;
	}
	spin_lock(&f->device->lock);
	f->device->routes[IOTARGET_TYPE_WRITE] = other;
	KUNIT_EXPECT_EQ(test, 0,
			iotarget_send_publish(f->target, &list, 8, NULL, false));
	for (i = 0; i < 8; i++)
		iotarget_request_end(reqs[i]);
	f->device->routes[IOTARGET_TYPE_WRITE] = &f->device->queue;
	spin_unlock(&f->device->lock);
	for (i = 0; i < 3; i++) {
		remove_wait_queue(pollers[i], &poller[i].wait);
		KUNIT_EXPECT_EQ(test, 1, poller[i].wakes);
	}
}

/* What cannot be registered. The last one is what the others are changed from. */
static void iotarget_kunit_register(struct kunit *test)
{
	static const struct iotarget_refusal {
		const char *name;
		umode_t mode;
		u32 dispatch;
		u32 limit;
		int err;
	} refusals[] = {
		{ "", 0600, IOTARGET_DISPATCH_PARALLEL, 0, -EINVAL },
		{ "KUnit", 0600, IOTARGET_DISPATCH_PARALLEL, 0, -EINVAL },
		{ "control", 0600, IOTARGET_DISPATCH_PARALLEL, 0, -EINVAL },
		{ "a-name-of-thirty-two-characters.", 0600,
		  IOTARGET_DISPATCH_PARALLEL, 0, -EINVAL },
		{ "kunit", 0400, IOTARGET_DISPATCH_PARALLEL, 0, -EINVAL },
		{ "kunit", 0700, IOTARGET_DISPATCH_PARALLEL, 0, -EINVAL },
		{ "kunit", 0600, 0, 0, -EINVAL },
		{ "kunit", 0600, IOTARGET_DISPATCH_SEQUENTIAL, 1, -EINVAL },
		{ "kunit", 0600, IOTARGET_DISPATCH_MANUAL, 1, -EINVAL },
		{ "kunit", 0600, IOTARGET_DISPATCH_PARALLEL, 0, 0 },
	};
	struct iotarget_driver *driver = kunit_kzalloc(test, 2 * sizeof(*driver),
						       GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, driver);
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		driver->name = refusals[i].name;
		driver->mode = refusals[i].mode;
		driver->queue.dispatch = refusals[i].dispatch;
		driver->queue.limit = refusals[i].limit;
		driver->queue.on_request = iotarget_kunit_on_request;
		KUNIT_EXPECT_EQ(test, refusals[i].err,
				iotarget_driver_register(driver));
	}
	driver[1] = driver[0];
	KUNIT_EXPECT_EQ(test, -EEXIST, iotarget_driver_register(&driver[1]));
	iotarget_driver_unregister(driver);
	iotarget_driver_put(driver);
}

static struct kunit_case iotarget_kunit_cases[] = {
	KUNIT_CASE(iotarget_kunit_operations),
	KUNIT_CASE(iotarget_kunit_mark_sticks),
	KUNIT_CASE(iotarget_kunit_holds),
	KUNIT_CASE(iotarget_kunit_undo),
	KUNIT_CASE(iotarget_kunit_u09_arrives_at_a_stopped_queue),
	KUNIT_CASE(iotarget_kunit_u10_arrives_at_an_idle_queue),
	KUNIT_CASE(iotarget_kunit_arrives_before_a_stop),
	KUNIT_CASE(iotarget_kunit_unregister_waits),
	KUNIT_CASE(iotarget_kunit_wakes),
	KUNIT_CASE(iotarget_kunit_register),
	{}
};

static struct kunit_suite iotarget_kunit_suite = {
	.name = "iotarget_request",
	.init = iotarget_kunit_init,
	.exit = iotarget_kunit_exit,
	.test_cases = iotarget_kunit_cases,
};

kunit_test_suite(iotarget_kunit_suite);
