// SPDX-License-Identifier: GPL-2.0
/*
 * The bridge to a driver in a module: host.c's counterpart. A work calls
 * on_request(); whoever cancels calls the cancel routine, after the unlock.
 */
#include <linux/module.h>
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
 * Calls the cancel routines that this holder of the lock has claimed. The
 * device's end may empty the list meanwhile: those are not called. A hold keeps
 * the request, and the count the driver.
 */
void iotarget_driver_run_cancels(struct iotarget_device *device)
	__must_hold(&device->lock)
{
	struct iotarget_driver *driver = device->driver;
	struct iotarget_request *req;
	LIST_HEAD(claimed);

	if (!driver)
		return;
	list_splice_init(&device->queue.cancels, &claimed);
	while (!list_empty(&claimed)) {
		req = list_first_entry(&claimed, struct iotarget_request, node);
		list_del_init(&req->node);
		iotarget_request_move(req, IOTARGET_TOLD, NULL);
		iotarget_request_hold(req);
		driver->running++;
		spin_unlock(&device->lock);

		req->driver_cancel->fn(req->driver_cancel);

		spin_lock(&device->lock);
		iotarget_request_release(req);
		if (!--driver->running)
			wake_up(&driver->idle);
	}
}

/* Hands over what the queue may dispatch. Runs once at a time. */
static void iotarget_driver_work(struct work_struct *work)
{
	struct iotarget_driver *driver =
		container_of(work, struct iotarget_driver, work);
	struct iotarget_device *device = driver->device;
	struct iotarget_driver_request request;
	struct iotarget_request *req;

	spin_lock(&device->lock);
	while (iotarget_queue_dispatch(&device->queue, NULL, &req, 1)) {
		iotarget_host_deliver(req);
		request = (struct iotarget_driver_request) {
			.id = req->id,
			.file = req->target->file,
			.offset = req->offset,
			.type = req->type,
			.code = req->code,
			.in_length = req->in_length,
			.out_length = req->out_length,
		};
		spin_unlock(&device->lock);

		driver->on_request(driver, &request);
		cond_resched();

		spin_lock(&device->lock);
		iotarget_request_release(req);
	}
	spin_unlock(&device->lock);
}

int iotarget_driver_register(struct iotarget_driver *driver)
{
	struct iotarget_device_create args = {
		.flags = IOTARGET_DEVICE_STRICT,
		.dispatch = driver->dispatch,
		.limit = driver->limit,
	};
	struct iotarget_name name = { .mode = driver->mode };
	int err;

	if (strscpy_pad(name.name, driver->name, sizeof(name.name)) < 0 ||
	    !iotarget_name_valid(&name))
		return -EINVAL;
	err = iotarget_device_check(&args);
	if (err)
		return err;
	driver->device = iotarget_device_alloc(&args);
	if (!driver->device)
		return -ENOMEM;
	INIT_WORK(&driver->work, iotarget_driver_work);
	driver->running = 0;
	init_waitqueue_head(&driver->idle);
	spin_lock(&driver->device->lock);
	driver->device->driver = driver;
	spin_unlock(&driver->device->lock);
	err = iotarget_device_name(driver->device, &name);
	if (err)
		iotarget_device_put(driver->device);
	return err;
}
EXPORT_SYMBOL_GPL(iotarget_driver_register);

void iotarget_driver_unregister(struct iotarget_driver *driver)
{
	struct iotarget_device *device = driver->device;

	iotarget_device_end(device);
	cancel_work_sync(&driver->work);
	wait_event(driver->idle, !READ_ONCE(driver->running));
	/* the lock: whoever counted down has woken us */
	spin_lock(&device->lock);
	device->driver = NULL;
	spin_unlock(&device->lock);
}
EXPORT_SYMBOL_GPL(iotarget_driver_unregister);

void iotarget_driver_put(struct iotarget_driver *driver)
{
	iotarget_device_put(driver->device);
}
EXPORT_SYMBOL_GPL(iotarget_driver_put);

int iotarget_driver_mark_cancelable(struct iotarget_driver *driver, u64 id,
				    struct iotarget_driver_cancel *cancel)
{
	struct iotarget_device *device = driver->device;
	struct iotarget_request *req;
	int err = -ENOENT;

	spin_lock(&device->lock);
	req = iotarget_host_find(&device->queue, id);
	if (req)
		err = iotarget_request_mark(req, iotarget_driver_cancel);
	if (!err)
		req->driver_cancel = cancel;
	spin_unlock(&device->lock);
	return err;
}
EXPORT_SYMBOL_GPL(iotarget_driver_mark_cancelable);

int iotarget_driver_unmark_cancelable(struct iotarget_driver *driver, u64 id)
{
	return iotarget_host_do(&driver->device->queue, id,
				iotarget_request_unmark);
}
EXPORT_SYMBOL_GPL(iotarget_driver_unmark_cancelable);

int iotarget_driver_is_canceled(struct iotarget_driver *driver, u64 id)
{
	return iotarget_host_do(&driver->device->queue, id,
				iotarget_request_is_canceled);
}
EXPORT_SYMBOL_GPL(iotarget_driver_is_canceled);

int iotarget_driver_complete(struct iotarget_driver *driver, u64 id, s32 status,
			     u32 information)
{
	struct iotarget_queue *queue = &driver->device->queue;
	struct iotarget_complete_element e = {
		.id = id,
		.status = status,
		.information = information,
	};
	int err;

	spin_lock(&driver->device->lock);
	err = iotarget_host_complete_one(queue, &e, NULL, false);
	iotarget_queue_wake(queue, false);
	spin_unlock(&driver->device->lock);
	return err;
}
EXPORT_SYMBOL_GPL(iotarget_driver_complete);

int iotarget_driver_requeue(struct iotarget_driver *driver, u64 id)
{
	return iotarget_host_do(&driver->device->queue, id,
				iotarget_queue_requeue);
}
EXPORT_SYMBOL_GPL(iotarget_driver_requeue);

static void iotarget_driver_set_stopped(struct iotarget_driver *driver,
					bool stopped)
{
	struct iotarget_device *device = driver->device;
	struct iotarget_request *req, *next;

	spin_lock(&device->lock);
	device->queue.stopped = stopped;
	/* what was requeued cancelled stands first, and does not wait for a start */
	list_for_each_entry_safe(req, next, &device->queue.requests, node) {
		if (!stopped || !req->fetched)
			break;
		if (req->cancelled)
			iotarget_queue_cancel(req);
	}
	iotarget_queue_wake(&device->queue, false);
	spin_unlock(&device->lock);
}

void iotarget_driver_stop(struct iotarget_driver *driver)
{
	iotarget_driver_set_stopped(driver, true);
}
EXPORT_SYMBOL_GPL(iotarget_driver_stop);

void iotarget_driver_start(struct iotarget_driver *driver)
{
	iotarget_driver_set_stopped(driver, false);
}
EXPORT_SYMBOL_GPL(iotarget_driver_start);

ssize_t iotarget_driver_read(struct iotarget_driver *driver, u64 id, u32 offset,
			     void *to, u32 length)
{
	struct kvec kvec = { .iov_base = to, .iov_len = length };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &kvec, 1, length);
	return iotarget_host_transfer(&driver->device->queue, id, offset, &iter);
}
EXPORT_SYMBOL_GPL(iotarget_driver_read);

ssize_t iotarget_driver_write(struct iotarget_driver *driver, u64 id, u32 offset,
			      const void *from, u32 length)
{
	struct kvec kvec = { .iov_base = (void *)from, .iov_len = length };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_SOURCE, &kvec, 1, length);
	return iotarget_host_transfer(&driver->device->queue, id, offset, &iter);
}
EXPORT_SYMBOL_GPL(iotarget_driver_write);
