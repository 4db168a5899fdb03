// SPDX-License-Identifier: GPL-2.0
/*
 * The bridge to a driver in a module: host.c's counterpart. A work calls
 * on_request(); whoever cancels calls the cancel routine, after the unlock.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "internal.h"
#include "iotarget.h"

/*
 * The bridge's cancel routine. Whoever cancels calls iotarget_driver_run_cancels()
 * before letting go of the lock: the list holds nobody else's.
 */
static void iotarget_driver_cancel(struct iotarget_request *req)
{
	iotarget_request_move(req, IOTARGET_CLAIMED, NULL);
	list_add_tail(&req->node, &req->queue->cancels);
}

/*
 * Calls the cancel routines that this holder of the lock has claimed, and tells of
 * what was cancelled in a queue. The device's end may empty the list meanwhile:
 * those are not called. A hold keeps the request, and the count the driver.
 */
void iotarget_driver_run_cancels(struct iotarget_device *device)
	__must_hold(&device->lock)
{
	struct iotarget_driver *driver = device->driver;
	struct iotarget_driver_queue *bridge;
	struct iotarget_request *req;
	struct iotarget_queue *queue;
	LIST_HEAD(claimed);

	if (!driver)
		return;
	list_for_each_entry(queue, &device->queues, node)
		list_splice_tail_init(&queue->cancels, &claimed);
	while (!list_empty(&claimed)) {
		req = list_first_entry(&claimed, struct iotarget_request, node);
		bridge = req->on_queue ? req->queue->bridge : NULL;
		list_del_init(&req->node);
		iotarget_request_move(req, IOTARGET_TOLD, NULL);
		iotarget_request_hold(req);
		driver->running++;
		spin_unlock(&device->lock);

		if (bridge)
			bridge->on_canceled(driver, req->id);
		else
			req->driver_cancel->fn(req->driver_cancel);

		spin_lock(&device->lock);
		iotarget_request_release(req);
		if (!--driver->running)
			wake_up(&driver->idle);
	}
}

static void iotarget_driver_tell(struct iotarget_driver_request *request,
				 const struct iotarget_request *req)
{
	*request = (struct iotarget_driver_request) {
		.id = req->id,
		.file = req->target->file,
		.offset = req->offset,
		.type = req->type,
		.code = req->code,
		.in_length = req->in_length,
		.out_length = req->out_length,
	};
}

/* Tells what there is to say of the queue. */
static void iotarget_driver_tell_state(struct iotarget_driver_queue *bridge)
	__must_hold(&bridge->queue->device->lock)
{
	struct iotarget_queue *queue = bridge->queue;
	bool notice = queue->notice == IOTARGET_NOTICE_READY;
	u32 state = iotarget_queue_state(queue);

	if (notice)
		queue->notice = IOTARGET_NOTICE_NONE;
	else
		queue->announced = true;
	spin_unlock(&queue->device->lock);
	if (bridge->on_state)
		bridge->on_state(bridge->driver, state, notice);
	cond_resched();
	spin_lock(&queue->device->lock);
}

/* Hands over what the queue may dispatch. Runs once at a time. */
static void iotarget_driver_work(struct work_struct *work)
{
	struct iotarget_driver_queue *bridge =
		container_of(work, struct iotarget_driver_queue, work);
	struct iotarget_driver *driver = bridge->driver;
	struct iotarget_queue *queue = bridge->queue;
	struct iotarget_device *device = driver->device;
	struct iotarget_driver_request request;
	struct iotarget_request *req;

	spin_lock(&device->lock);
	for (;;) {
		/* (of what the driver itself had cancelled) */
		iotarget_driver_run_cancels(device);
		if (iotarget_queue_tells(queue)) {
			iotarget_driver_tell_state(bridge);
			continue;
		}
		if (!iotarget_queue_dispatch(queue, NULL, &req, 1))
			break;
		iotarget_host_deliver(req);
		iotarget_driver_tell(&request, req);
		spin_unlock(&device->lock);

		bridge->on_request(driver, &request);
		cond_resched();

		spin_lock(&device->lock);
		iotarget_request_release(req);
	}
	spin_unlock(&device->lock);
}

static void iotarget_driver_bridge(struct iotarget_driver *driver,
				   struct iotarget_driver_queue *bridge,
				   struct iotarget_queue *queue)
{
	bridge->driver = driver;
	bridge->queue = queue;
	INIT_WORK(&bridge->work, iotarget_driver_work);
	queue->bridge = bridge;
}

/* Can the driver be told what such a queue has to tell? */
static int iotarget_driver_check(const struct iotarget_driver_queue *bridge,
				 struct iotarget_queue_create *args)
{
	args->flags = bridge->flags;
	args->dispatch = bridge->dispatch;
	args->limit = bridge->limit;
	if ((bridge->dispatch != IOTARGET_DISPATCH_MANUAL && !bridge->on_request) ||
	    (bridge->flags & IOTARGET_QUEUE_CANCELED_EVENTS &&
	     !bridge->on_canceled))
		return -EINVAL;
	return iotarget_queue_check(args);
}

static int iotarget_driver_add_queue(struct iotarget_driver *driver,
				     struct iotarget_driver_queue *bridge)
{
	struct iotarget_device *device = driver->device;
	struct iotarget_queue_create args = {};
	struct iotarget_queue *queue;
	u32 type;
	int err;

	err = iotarget_driver_check(bridge, &args);
	if (err)
		return err;
	queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	if (!queue)
		return -ENOMEM;
	iotarget_queue_init(queue, device, &args);
	iotarget_driver_bridge(driver, bridge, queue);
	spin_lock(&device->lock);
	list_add_tail(&queue->node, &device->queues);
	spin_unlock(&device->lock);
	for (type = IOTARGET_TYPE_READ; type < IOTARGET_TYPES && !err; type++) {
		if (bridge->types & BIT(type))
			err = iotarget_queue_route(queue, type);
	}
	return err;
}

/* The device, before anybody can see it. */
static int iotarget_driver_create(struct iotarget_driver *driver)
{
	struct iotarget_device_create args = { .flags = IOTARGET_DEVICE_STRICT };
	struct iotarget_driver_queue *const *bridge = driver->queues;
	struct iotarget_queue_create queue;
	int err;

	err = iotarget_driver_check(&driver->queue, &queue);
	if (err)
		return err;
	args.dispatch = queue.dispatch;
	args.limit = queue.limit;
	args.queue_flags = queue.flags;
	driver->device = iotarget_device_alloc(&args);
	if (!driver->device)
		return -ENOMEM;
	iotarget_driver_bridge(driver, &driver->queue, &driver->device->queue);
	driver->running = 0;
	init_waitqueue_head(&driver->idle);
	spin_lock(&driver->device->lock);
	driver->device->driver = driver;
	spin_unlock(&driver->device->lock);
	while (!err && bridge && *bridge)
		err = iotarget_driver_add_queue(driver, *bridge++);
	if (err)
		iotarget_driver_put(driver);
	return err;
}

int iotarget_driver_register(struct iotarget_driver *driver)
{
	struct iotarget_name name = { .mode = driver->mode };
	int err;

	if (strscpy_pad(name.name, driver->name, sizeof(name.name)) < 0 ||
	    !iotarget_name_valid(&name))
		return -EINVAL;
	err = iotarget_driver_create(driver);
	if (err)
		return err;
	err = iotarget_device_name(driver->device, &name);
	if (err)
		iotarget_driver_put(driver);
	return err;
}
EXPORT_SYMBOL_GPL(iotarget_driver_register);

void iotarget_driver_unregister(struct iotarget_driver *driver)
{
	struct iotarget_device *device = driver->device;
	struct iotarget_queue *queue;

	iotarget_device_end(device);
	/* nobody adds a queue any more */
	list_for_each_entry(queue, &device->queues, node)
		cancel_work_sync(&queue->bridge->work);
	wait_event(driver->idle, !READ_ONCE(driver->running));
	/* the lock: whoever counted down has woken us */
	spin_lock(&device->lock);
	device->driver = NULL;
	list_for_each_entry(queue, &device->queues, node)
		queue->bridge = NULL;
	spin_unlock(&device->lock);
}
EXPORT_SYMBOL_GPL(iotarget_driver_unregister);

void iotarget_driver_put(struct iotarget_driver *driver)
{
	struct iotarget_device *device = driver->device;
	struct iotarget_queue *queue, *next;
	LIST_HEAD(queues);

	spin_lock(&device->lock);
	list_splice_init(&device->queues, &queues);
	spin_unlock(&device->lock);
	list_for_each_entry_safe(queue, next, &queues, node) {
		cancel_work_sync(&queue->skipping);
		if (queue != &device->queue)
			kfree(queue);
	}
	iotarget_device_put(device);
}
EXPORT_SYMBOL_GPL(iotarget_driver_put);

/*
 * The request that the driver names, in whichever of its queues; none that only
 * comes. Under the lock.
 */
static struct iotarget_request *
iotarget_driver_find(struct iotarget_driver *driver, u64 id)
{
	struct iotarget_request *req = iotarget_device_find(driver->device, id);

	return req && req->queue ? iotarget_host_find(req->queue, id) : NULL;
}

static int iotarget_driver_do(struct iotarget_driver *driver, u64 id,
			      int (*fn)(struct iotarget_request *req))
{
	struct iotarget_device *device = driver->device;
	struct iotarget_request *req;
	int ret;

	spin_lock(&device->lock);
	req = iotarget_driver_find(driver, id);
	if (device->ended)
		ret = -ENODEV;
	else if (req)
		ret = fn(req);
	else
		ret = iotarget_violate(device, id, IOTARGET_NOT_OWNED);
	spin_unlock(&device->lock);
	return ret;
}

int iotarget_driver_mark_cancelable(struct iotarget_driver *driver, u64 id,
				    struct iotarget_driver_cancel *cancel)
{
	struct iotarget_device *device = driver->device;
	struct iotarget_request *req;
	int err;

	spin_lock(&device->lock);
	req = iotarget_driver_find(driver, id);
	if (!req)
		err = iotarget_violate(device, id, IOTARGET_NOT_OWNED);
	else
		err = iotarget_request_mark(req, iotarget_driver_cancel);
	if (!err)
		req->driver_cancel = cancel;
	spin_unlock(&device->lock);
	return err;
}
EXPORT_SYMBOL_GPL(iotarget_driver_mark_cancelable);

int iotarget_driver_unmark_cancelable(struct iotarget_driver *driver, u64 id)
{
	return iotarget_driver_do(driver, id, iotarget_request_unmark);
}
EXPORT_SYMBOL_GPL(iotarget_driver_unmark_cancelable);

int iotarget_driver_is_canceled(struct iotarget_driver *driver, u64 id)
{
	return iotarget_driver_do(driver, id, iotarget_request_is_canceled);
}
EXPORT_SYMBOL_GPL(iotarget_driver_is_canceled);

int iotarget_driver_complete(struct iotarget_driver *driver, u64 id, s32 status,
			     u32 information)
{
	struct iotarget_device *device = driver->device;
	struct iotarget_complete_element e = {
		.id = id,
		.status = status,
		.information = information,
	};
	struct iotarget_request *req;
	struct iotarget_queue *queue;
	int err;

	spin_lock(&device->lock);
	req = iotarget_driver_find(driver, id);
	queue = req ? req->queue : &device->queue;
	err = iotarget_host_complete_one(queue, &e, NULL, false);
	iotarget_queue_wake(queue, false);
	spin_unlock(&device->lock);
	return err;
}
EXPORT_SYMBOL_GPL(iotarget_driver_complete);

int iotarget_driver_requeue(struct iotarget_driver *driver, u64 id)
{
	return iotarget_driver_do(driver, id, iotarget_queue_requeue);
}
EXPORT_SYMBOL_GPL(iotarget_driver_requeue);

int iotarget_driver_forward(struct iotarget_driver *driver, u64 id,
			    struct iotarget_driver_queue *to)
{
	struct iotarget_device *device = driver->device;
	struct iotarget_request *req;
	int err;

	spin_lock(&device->lock);
	req = iotarget_driver_find(driver, id);
	if (device->ended)
		err = -ENODEV;
	else if (req)
		err = iotarget_queue_forward(req, to->queue);
	else
		err = iotarget_violate(device, id, IOTARGET_NOT_OWNED);
	spin_unlock(&device->lock);
	return err;
}
EXPORT_SYMBOL_GPL(iotarget_driver_forward);

int iotarget_driver_retrieve(struct iotarget_driver_queue *from, u64 file,
			     struct iotarget_driver_request *request)
{
	struct iotarget_queue *queue = from->queue;
	struct iotarget_request *req;
	bool skips;
	u32 count;
	int err;

	if (queue->dispatch == IOTARGET_DISPATCH_PARALLEL)
		return -EPERM;
	do {
		spin_lock(&queue->device->lock);
		count = 0;
		if (!queue->ended && !queue->stopped)
			count = file ? iotarget_queue_retrieve_file(queue, NULL,
								    file, &req) :
				       iotarget_queue_retrieve(queue, NULL, &req,
							       1);
		if (count) {
			iotarget_host_deliver(req);
			iotarget_driver_tell(request, req);
			iotarget_request_release(req);
			err = 0;
		} else {
			/* (the lock may have been let go meanwhile) */
			err = queue->ended ? -ENODEV :
			      queue->stopped ? -EAGAIN : -ENODATA;
		}
		skips = err == -ENODATA && !file &&
			iotarget_queue_skips_first(queue);
		spin_unlock(&queue->device->lock);
		cond_resched();
	} while (skips);
	return err;
}
EXPORT_SYMBOL_GPL(iotarget_driver_retrieve);

int iotarget_driver_control(struct iotarget_driver_queue *bridge, u32 action,
			    bool notify)
{
	if (action < IOTARGET_QUEUE_START ||
	    action > IOTARGET_QUEUE_STOP_AND_PURGE ||
	    (notify && action == IOTARGET_QUEUE_START))
		return -EINVAL;
	return iotarget_queue_do(bridge->queue, action, notify);
}
EXPORT_SYMBOL_GPL(iotarget_driver_control);

/* Copies a part of the request's payload. */
static ssize_t iotarget_driver_transfer(struct iotarget_driver *driver, u64 id,
					u32 offset, struct iov_iter *iter)
{
	struct iotarget_device *device = driver->device;
	struct iotarget_queue *queue = &device->queue;
	struct iotarget_request *req;

	spin_lock(&device->lock);
	req = iotarget_driver_find(driver, id);
	if (req)
		queue = req->queue;
	spin_unlock(&device->lock);
	return iotarget_host_transfer(queue, id, offset, iter);
}

ssize_t iotarget_driver_read(struct iotarget_driver *driver, u64 id, u32 offset,
			     void *to, u32 length)
{
	struct kvec kvec = { .iov_base = to, .iov_len = length };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &kvec, 1, length);
	return iotarget_driver_transfer(driver, id, offset, &iter);
}
EXPORT_SYMBOL_GPL(iotarget_driver_read);

ssize_t iotarget_driver_write(struct iotarget_driver *driver, u64 id, u32 offset,
			      const void *from, u32 length)
{
	struct kvec kvec = { .iov_base = (void *)from, .iov_len = length };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_SOURCE, &kvec, 1, length);
	return iotarget_driver_transfer(driver, id, offset, &iter);
}
EXPORT_SYMBOL_GPL(iotarget_driver_write);
