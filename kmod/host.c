// SPDX-License-Identifier: GPL-2.0
/*
 * The bridge to a driver host in user space: what it fetches, and what it does
 * with the requests that it owns. The bridge's cancel routine posts OnCancel.
 */
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "internal.h"
#include "race.h"

static struct iotarget_queue *iotarget_call_queue(struct iotarget_call *call)
{
	struct iotarget_device *device = call->object;

	return &device->queue;
}

static void iotarget_host_post_cancel(struct iotarget_request *req)
{
	list_add_tail(&req->node, &req->queue->cancels);
	iotarget_queue_wake(req->queue, false);
}

/*
 * The bridge's cancel routine. While the request's own record is being copied
 * its OnCancel waits, so that it cannot overtake it.
 */
void iotarget_host_cancel(struct iotarget_request *req)
{
	bool delivering = req->state == IOTARGET_DELIVERING;

	iotarget_request_move(req, IOTARGET_CLAIMED, NULL);
	if (!delivering)
		iotarget_host_post_cancel(req);
}

/*
 * What a host names by id must be what it has been given: fetched from this
 * queue, and not while its record is still on the way.
 */
struct iotarget_request *iotarget_host_find(struct iotarget_queue *queue, u64 id)
{
	struct iotarget_request *req = iotarget_device_find(queue->device, id);

	if (!req || req->queue != queue || !iotarget_request_owned(req) ||
	    req->state == IOTARGET_DELIVERING)
		return NULL;
	return req;
}

/* Reads the element that a record is to fill: where the host's buffer is. */
static int iotarget_record_get(struct iotarget_fetch_element *record,
			       const struct iotarget_array *array, u32 i)
{
	int err = iotarget_element_get(record, sizeof(*record), array, i);

	return err ?: record->pad ? -EINVAL : 0;
}

static int iotarget_record_put(const struct iotarget_fetch_element *record,
			       const struct iotarget_array *array, u32 i)
{
	return iotarget_element_put(array, i, record, 0,
				    offsetof(struct iotarget_fetch_element, buffer));
}

/* Copies a record and its payload. The caller holds the request, not the lock. */
static int iotarget_host_copy(const struct iotarget_request *req, u32 event,
			      u32 flags, const struct iotarget_array *array, u32 i)
{
	struct iotarget_fetch_element record;
	int err;

	err = iotarget_record_get(&record, array, i);
	if (err)
		return err;

	record.id = req->id;
	record.file = req->target->file;
	record.offset = req->offset;
	record.event = event;
	record.type = req->type;
	record.code = req->code;
	record.flags = flags | (req->compat ? IOTARGET_RECORD_32BIT : 0);
	record.in_length = req->in_length;
	record.out_length = req->out_length;
	record.copied = 0;
	record.state = 0;
	record.pid = pid_nr_ns(req->pid, task_active_pid_ns(current));
	record.uid = from_kuid_munged(current_user_ns(), req->uid);
	if (event == IOTARGET_EVENT_REQUEST) {
		err = iotarget_buffer_to_host(req, &record);
		if (err)
			return err;
	}
	return iotarget_record_put(&record, array, i);
}

/* An event of a file, copied. */
static int iotarget_host_copy_event(const struct iotarget_target *target,
				    u32 event, const struct iotarget_array *array,
				    u32 i)
{
	struct iotarget_fetch_element record;
	int err;

	err = iotarget_record_get(&record, array, i);
	if (err)
		return err;
	memset(&record, 0, offsetof(typeof(record), buffer));
	record.file = target->file;
	record.event = event;
	return iotarget_record_put(&record, array, i);
}

/* The host has been told of the request: from here on it is the host's. */
void iotarget_host_deliver(struct iotarget_request *req)
{
	req->fetched = true;
	if (req->state == IOTARGET_CLAIMED)
		iotarget_host_post_cancel(req);
	else
		iotarget_request_move(req, IOTARGET_OWNED, req->routine);
}

/*
 * Fetches the first event of a file, as iotarget_host_fetch_one() does. Nobody
 * ends the target meanwhile; the device's end withdraws the event.
 */
static int iotarget_host_fetch_event(struct iotarget_queue *queue,
				     const struct iotarget_array *array, u32 i)
	__must_hold(&queue->device->lock)
{
	struct iotarget_device *device = queue->device;
	struct iotarget_target *target;
	u32 event;
	int err;

	target = list_first_entry(&queue->events, struct iotarget_target,
				  event_node);
	event = target->event == IOTARGET_FILE_CLEANUP ?
		IOTARGET_EVENT_CLEANUP : IOTARGET_EVENT_CLOSE;
	list_del_init(&target->event_node);
	iotarget_target_get(target);
	iotarget_queue_wake(queue, false);
	spin_unlock(&device->lock);

	err = iotarget_host_copy_event(target, event, array, i);

	spin_lock(&device->lock);
	if (device->ended)
		err = -ENODEV;
	else if (err)
		list_add(&target->event_node, &queue->events);
	else
		iotarget_file_told(target);
	iotarget_target_settle(target, 1);
	return err;
}

/*
 * Fetches one record. Taken under the lock, copied without it, handed over
 * under it; a hold keeps the request meanwhile. What cannot be copied goes back
 * to the head. -ENODATA: there is none; -ENODEV: the request ended meanwhile.
 */
static int iotarget_host_fetch_one(struct iotarget_queue *queue,
				   const struct iotarget_fetch *args, u32 i)
	__must_hold(&queue->device->lock)
{
	iotarget_cancel_fn routine = args->flags & IOTARGET_FETCH_CANCELABLE ?
				     iotarget_host_cancel : NULL;
	u32 event = IOTARGET_EVENT_REQUEST;
	struct iotarget_request *req;
	u32 flags;
	int err;

	if (args->flags & IOTARGET_FETCH_RETRIEVE) {
		req = iotarget_queue_retrieve(queue, routine);
	} else if (!list_empty(&queue->cancels)) {
		event = IOTARGET_EVENT_CANCEL;
		req = list_first_entry(&queue->cancels, struct iotarget_request,
				       node);
		list_del_init(&req->node);
		iotarget_request_hold(req);
	} else if (list_empty(&queue->events)) {
		req = iotarget_queue_dispatch(queue, routine);
	} else {
		return iotarget_host_fetch_event(queue, &args->fetch, i);
	}
	if (!req)
		return -ENODATA;
	flags = req->routine ? IOTARGET_RECORD_CANCELABLE : 0;
	/* this copy may take long, and others can fetch what is left */
	iotarget_queue_wake(queue, false);
	spin_unlock(&queue->device->lock);

	if (event == IOTARGET_EVENT_REQUEST)
		iotarget_race_point(IOTARGET_RACE_FETCH_COPY);
	else
		iotarget_race_point(IOTARGET_RACE_CANCEL_COPY);
	err = iotarget_host_copy(req, event, flags, &args->fetch, i);
	if (event == IOTARGET_EVENT_REQUEST)
		iotarget_race_point(IOTARGET_RACE_FETCH_COMMIT);

	spin_lock(&queue->device->lock);
	if (!iotarget_request_release(req))
		return -ENODEV;
	if (event == IOTARGET_EVENT_CANCEL) {
		if (err)
			list_add(&req->node, &queue->cancels);
		else
			iotarget_request_move(req, IOTARGET_TOLD, NULL);
	} else {
		if (err)
			iotarget_queue_undo(req);
		else
			iotarget_host_deliver(req);
	}
	return err;
}

/* Returns how many records were fetched, or why there was none. */
static int iotarget_host_fetch(struct iotarget_queue *queue,
			       const struct iotarget_fetch *args, bool wait)
{
	struct iotarget_device *device = queue->device;
	struct iotarget_waiter waiter;
	u32 i = 0;
	int err = 0;

	iotarget_waiter_init(&waiter);
	spin_lock(&device->lock);
	while (i < args->fetch.count) {
		if (device->ended) {
			err = -ENODEV;
			break;
		}
		err = iotarget_host_fetch_one(queue, args, i);
		if (!err) {
			i++;
			continue;
		}
		/* what it was about ended meanwhile, perhaps with the device */
		if (err == -ENODEV)
			continue;
		if (err != -ENODATA || i)
			break;
		if (!wait) {
			if (!(args->flags & IOTARGET_FETCH_RETRIEVE))
				err = -EAGAIN;
			break;
		}
		list_add(&waiter.node, &queue->waiters);
		err = iotarget_wait(device, &waiter, TASK_INTERRUPTIBLE);
		if (err)
			break;
	}
	iotarget_queue_wake(queue, false);
	spin_unlock(&device->lock);
	return i ?: err;
}

/* At most this much can be transferred: what U98 compares @information with. */
static u32 iotarget_host_length(const struct iotarget_request *req)
{
	return req->out_length ?: req->in_length;
}

/*
 * Completes one request. Its bytes are copied before the lock is taken where a
 * slot holds them, and else with a hold on the request: then another thread, a
 * cancel or the device's end may come first. @more: others follow in this call,
 * and whoever sleeps need not wait for them; @sync: the caller is about to sleep.
 */
int iotarget_host_complete_one(struct iotarget_queue *queue,
			       const struct iotarget_complete_element *e,
			       bool more, bool sync)
{
	struct iotarget_device *device = queue->device;
	bool small = e->buffer_length <= IOTARGET_INLINE;
	u8 bytes[IOTARGET_INLINE] __aligned(sizeof(u64));
	struct iotarget_request *req;
	u32 written = 0;
	int err = 0;

	if (e->pad)
		return -EINVAL;
	if (small) {
		err = iotarget_user_get(bytes, u64_to_user_ptr(e->buffer),
					e->buffer_length);
		if (err)
			return err;
	}

	spin_lock(&device->lock);
	req = iotarget_host_find(queue, e->id);
	if (!req)
		err = -ENOENT;
	else if (req->state == IOTARGET_CLAIMED)
		err = -ECANCELED;
	else if (e->buffer_length > req->out_length ||
		 e->information > iotarget_host_length(req) ||
		 (device->strict && req->routine))
		err = -EINVAL;
	if (!err && (!small || (req->pinned && req->out_length))) {
		iotarget_request_hold(req);
		written = req->written;
		spin_unlock(&device->lock);
		err = iotarget_buffer_from_host(req, e, written);
		iotarget_race_point(IOTARGET_RACE_COMPLETE_COPY);
		spin_lock(&device->lock);
		/* it may also have been given back meanwhile */
		if (!iotarget_request_release(req) ||
		    !iotarget_host_find(queue, e->id))
			err = -ENOENT;
		else if (!err && req->state == IOTARGET_CLAIMED)
			err = -ECANCELED;
		else if (!err && device->strict && req->routine)
			err = -EINVAL;
	} else if (!err) {
		memcpy(req->buffer, bytes, e->buffer_length);
	}
	if (!err) {
		req->written = max(req->written, e->buffer_length);
		iotarget_request_complete(req, e->status, e->information, sync);
		if (more)
			iotarget_queue_wake(queue, false);
	}
	spin_unlock(&device->lock);
	return err;
}

/* Returns how many elements were answered, or why none could be. */
static int iotarget_host_complete(struct iotarget_queue *queue,
				  const struct iotarget_array *array, bool sync)
{
	struct iotarget_complete_element e;
	int err = 0;
	u32 i;

	for (i = 0; i < array->count && !err; i++) {
		if (fatal_signal_pending(current))
			break;
		err = iotarget_element_get(&e, sizeof(e), array, i);
		if (err)
			break;
		e.result = iotarget_host_complete_one(queue, &e,
						      i + 1 < array->count,
						      sync);
		err = iotarget_element_put(array, i, &e,
					   offsetof(typeof(e), result),
					   sizeof(e.result));
	}
	return i ?: err;
}

static int iotarget_fetch_respond(struct iotarget_call *call)
{
	struct iotarget_fetch __user *user = call->user;
	struct iotarget_fetch *args = &call->args.fetch;

	return iotarget_user_put(&user->completed, &args->completed,
				 sizeof(args->completed) + sizeof(args->fetched));
}

int iotarget_fetch(struct iotarget_call *call)
{
	struct iotarget_queue *queue = iotarget_call_queue(call);
	struct iotarget_fetch *args = &call->args.fetch;
	bool retrieve = args->flags & IOTARGET_FETCH_RETRIEVE;
	int completed, fetched, err;

	if (args->flags & ~(IOTARGET_FETCH_CANCELABLE | IOTARGET_FETCH_RETRIEVE) ||
	    (args->file && !retrieve))
		return -EINVAL;
	err = iotarget_array_check(&args->complete,
				   sizeof(struct iotarget_complete_element));
	if (err)
		return err;
	err = iotarget_array_check(&args->fetch,
				   sizeof(struct iotarget_fetch_element));
	if (err)
		return err;
	if (retrieve && queue->dispatch == IOTARGET_DISPATCH_PARALLEL)
		return -EPERM;
	if (args->file)
		return -EOPNOTSUPP;
	if (READ_ONCE(queue->device->ended))
		return -ENODEV;

	args->completed = 0;
	args->fetched = 0;
	if (iotarget_fetch_respond(call))
		return -EFAULT;

	completed = iotarget_host_complete(queue, &args->complete,
					   args->fetch.count);
	if (completed != args->complete.count)
		args->fetch.count = 0;
	/*
	 * Whoever was woken by a completion runs before this thread sleeps:
	 * often it sends again, and then this thread need not sleep at all.
	 * (cond_resched() would leave it to wake-up preemption.)
	 */
	if (completed > 0 && args->fetch.count && !single_task_running())
		schedule();
	/* also with no element: what was completed may let others fetch */
	fetched = iotarget_host_fetch(queue, args, !retrieve &&
				      !(call->file->f_flags & O_NONBLOCK));
	if (completed < 0)
		return completed;
	if (!completed && fetched < 0)
		return fetched;
	args->completed = completed;
	args->fetched = max(fetched, 0);
	/* it was writable before, and what was done is done */
	iotarget_fetch_respond(call);
	return 0;
}

/* Calls @fn under the lock on the request that the host names. */
int iotarget_host_do(struct iotarget_queue *queue, u64 id,
		     int (*fn)(struct iotarget_request *req))
{
	struct iotarget_request *req;
	int ret;

	spin_lock(&queue->device->lock);
	req = iotarget_host_find(queue, id);
	if (queue->device->ended)
		ret = -ENODEV;
	else
		ret = req ? fn(req) : -ENOENT;
	spin_unlock(&queue->device->lock);
	return ret;
}

static int iotarget_host_mark(struct iotarget_request *req)
{
	return iotarget_request_mark(req, iotarget_host_cancel);
}

int iotarget_mark_cancelable(struct iotarget_call *call)
{
	if (call->args.id.flags)
		return -EINVAL;
	return iotarget_host_do(iotarget_call_queue(call), call->args.id.id,
				iotarget_host_mark);
}

int iotarget_unmark_cancelable(struct iotarget_call *call)
{
	if (call->args.id.flags)
		return -EINVAL;
	return iotarget_host_do(iotarget_call_queue(call), call->args.id.id,
				iotarget_request_unmark);
}

int iotarget_is_canceled(struct iotarget_call *call)
{
	struct iotarget_is_canceled *args = &call->args.is_canceled;
	int ret;

	if (args->flags || args->pad)
		return -EINVAL;
	ret = iotarget_host_do(iotarget_call_queue(call), args->id,
			       iotarget_request_is_canceled);
	if (ret < 0)
		return ret;
	args->canceled = ret;
	return iotarget_call_respond(call);
}

/*
 * READ and WRITE: copies a part of the input to @iter, or of the output from it:
 * from @offset on, as much as there is. Returns how much.
 */
ssize_t iotarget_host_transfer(struct iotarget_queue *queue, u64 id, u32 offset,
			       struct iov_iter *iter)
{
	bool write = iov_iter_rw(iter) == ITER_SOURCE;
	struct iotarget_device *device = queue->device;
	struct iotarget_request *req;
	u32 limit, length;
	size_t done;
	int err = 0;

	spin_lock(&device->lock);
	req = iotarget_host_find(queue, id);
	limit = !req ? 0 : write ? req->out_length : req->in_length;
	if (device->ended)
		err = -ENODEV;
	else if (!req)
		err = -ENOENT;
	else if (offset > limit)
		err = -EINVAL;
	else
		iotarget_request_hold(req);
	spin_unlock(&device->lock);
	if (err)
		return err;

	length = min_t(size_t, iov_iter_count(iter), limit - offset);
	if (write)
		done = iotarget_buffer_write(req, offset, length, iter);
	else
		done = iotarget_buffer_read(req, offset, length, iter);
	if (done < length)
		err = -EFAULT;

	spin_lock(&device->lock);
	if (!iotarget_request_release(req))
		err = -ENOENT;
	else if (!err && write)
		req->written = max(req->written, offset + length);
	spin_unlock(&device->lock);
	return err ?: length;
}

static int iotarget_payload(struct iotarget_call *call, unsigned int direction)
{
	struct iotarget_payload *args = &call->args.payload;
	struct iov_iter iter;
	ssize_t done;

	if (args->flags || args->pad)
		return -EINVAL;
	iov_iter_ubuf(&iter, direction, u64_to_user_ptr(args->buffer),
		      args->length);
	done = iotarget_host_transfer(iotarget_call_queue(call), args->id,
				      args->offset, &iter);
	if (done < 0)
		return done;
	args->done = done;
	return iotarget_call_respond(call);
}

int iotarget_payload_read(struct iotarget_call *call)
{
	return iotarget_payload(call, ITER_DEST);
}

int iotarget_payload_write(struct iotarget_call *call)
{
	return iotarget_payload(call, ITER_SOURCE);
}
