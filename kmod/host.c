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

/*
 * The bridge's cancel routine. While the request's own record is being copied
 * its OnCancel waits, so that it cannot overtake it.
 */
void iotarget_host_cancel(struct iotarget_request *req)
{
	bool delivering = req->state == IOTARGET_DELIVERING;

	iotarget_request_move(req, IOTARGET_CLAIMED, NULL);
	if (!delivering)
		iotarget_queue_post_cancel(req);
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

/**
 * struct iotarget_sender - a sender as the reader's namespaces name it
 * @pid: whose names these are, or NULL
 * @uid: whose names these are
 * @pid_nr: the process
 * @uid_nr: the user
 */
struct iotarget_sender {
	const struct pid *pid;
	kuid_t uid;
	u32 pid_nr;
	u32 uid_nr;
};

/* Looked up once for requests in a row from the same process. */
static void iotarget_sender_name(struct iotarget_sender *sender,
				 const struct iotarget_request *req)
{
	if (sender->pid == req->pid && uid_eq(sender->uid, req->uid))
		return;
	sender->pid = req->pid;
	sender->uid = req->uid;
	sender->pid_nr = pid_nr_ns(req->pid, task_active_pid_ns(current));
	sender->uid_nr = from_kuid_munged(current_user_ns(), req->uid);
}

/*
 * Copies a record and its payload. The caller holds the request, not the lock.
 * Field by field: the record is never put together in the kernel.
 */
static int iotarget_host_copy(const struct iotarget_request *req,
			      struct iotarget_sender *sender, u32 event,
			      u32 flags, const struct iotarget_array *array, u32 i)
{
	struct iotarget_fetch_element __user *record = iotarget_element(array, i);
	u32 length, pad, copied = 0;
	u64 buffer;
	int err;

	err = iotarget_element_check_tail(array, i, sizeof(*record));
	if (err)
		return err;
	iotarget_sender_name(sender, req);
	if (event == IOTARGET_EVENT_REQUEST)
		copied = req->in_length;
	if (req->compat)
		flags |= IOTARGET_RECORD_32BIT;

	might_fault();
	if (should_fail_usercopy() || !user_access_begin(record, sizeof(*record)))
		return -EFAULT;
	unsafe_get_user(buffer, &record->buffer, fault);
	unsafe_get_user(length, &record->buffer_length, fault);
	unsafe_get_user(pad, &record->pad, fault);
	if (pad) {
		user_access_end();
		return -EINVAL;
	}
	copied = min(copied, length);
	unsafe_put_user(req->id, &record->id, fault);
	unsafe_put_user(req->target->file, &record->file, fault);
	unsafe_put_user(req->offset, &record->offset, fault);
	unsafe_put_user(event, &record->event, fault);
	unsafe_put_user(req->type, &record->type, fault);
	unsafe_put_user(req->code, &record->code, fault);
	unsafe_put_user(flags, &record->flags, fault);
	unsafe_put_user(req->in_length, &record->in_length, fault);
	unsafe_put_user(req->out_length, &record->out_length, fault);
	unsafe_put_user(copied, &record->copied, fault);
	unsafe_put_user(0, &record->state, fault);
	unsafe_put_user(sender->pid_nr, &record->pid, fault);
	unsafe_put_user(sender->uid_nr, &record->uid, fault);
	user_access_end();

	return iotarget_buffer_to_host(req, u64_to_user_ptr(buffer), copied);

fault:
	user_access_end();
	return -EFAULT;
}

/* An event without a request, copied: of @file, or of the queue, in @state. */
static int iotarget_host_copy_event(u32 event, u64 file, u32 flags, u32 state,
				    const struct iotarget_array *array, u32 i)
{
	struct iotarget_fetch_element record;
	int err;

	err = iotarget_element_get(&record, sizeof(record), array, i);
	if (err)
		return err;
	if (record.pad)
		return -EINVAL;
	memset(&record, 0, offsetof(typeof(record), buffer));
	record.event = event;
	record.file = file;
	record.flags = flags;
	record.state = state;
	return iotarget_user_put(iotarget_element(array, i), &record,
				 offsetof(typeof(record), buffer));
}

/* The host has been told of the request: from here on it is the host's. */
void iotarget_host_deliver(struct iotarget_request *req)
{
	req->fetched = true;
	if (req->state == IOTARGET_CLAIMED)
		iotarget_queue_post_cancel(req);
	else
		iotarget_request_move(req, IOTARGET_OWNED, req->routine);
}

/*
 * Fetches the first event of a file, as iotarget_host_fetch_requests() does. Nobody
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

	err = iotarget_host_copy_event(event, target->file, 0, 0, array, i);

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

/* Fetches what there is to say of the queue, as iotarget_host_fetch_event() does. */
static int iotarget_host_fetch_state(struct iotarget_queue *queue,
				     const struct iotarget_array *array, u32 i)
	__must_hold(&queue->device->lock)
{
	bool notice = queue->notice == IOTARGET_NOTICE_READY;
	u32 state = iotarget_queue_state(queue);
	int err;

	if (notice)
		queue->notice = IOTARGET_NOTICE_COPYING;
	else
		queue->announced = true;
	iotarget_queue_wake(queue, false);
	spin_unlock(&queue->device->lock);

	err = iotarget_host_copy_event(IOTARGET_EVENT_QUEUE_STATE, 0,
				       notice ? IOTARGET_RECORD_NOTICE : 0,
				       state, array, i);

	spin_lock(&queue->device->lock);
	if (notice)
		queue->notice = err ? IOTARGET_NOTICE_READY :
				      IOTARGET_NOTICE_NONE;
	else if (err)
		queue->announced = false;
	return queue->ended ? -ENODEV : err;
}

/*
 * Fetches the first cancel, as iotarget_host_fetch_requests() does. -ENODEV: the
 * request ended meanwhile.
 */
static int iotarget_host_fetch_cancel(struct iotarget_queue *queue,
				      const struct iotarget_array *array, u32 i)
	__must_hold(&queue->device->lock)
{
	struct iotarget_sender sender = {};
	struct iotarget_request *req;
	u32 event;
	int err;

	req = list_first_entry(&queue->cancels, struct iotarget_request, node);
	event = req->on_queue ? IOTARGET_EVENT_CANCELED_ON_QUEUE :
				IOTARGET_EVENT_CANCEL;
	list_del_init(&req->node);
	iotarget_request_hold(req);
	iotarget_queue_wake(queue, false);
	spin_unlock(&queue->device->lock);

	iotarget_race_point(IOTARGET_RACE_CANCEL_COPY);
	err = iotarget_host_copy(req, &sender, event, 0, array, i);

	spin_lock(&queue->device->lock);
	if (!iotarget_request_release(req))
		return -ENODEV;
	if (err)
		list_add(&req->node, &queue->cancels);
	else
		iotarget_request_move(req, IOTARGET_TOLD, NULL);
	return err;
}

/*
 * So many requests FETCH takes, and COMPLETE completes, under one lock. What holds
 * them is not initialized: to zero it would cost a call for one request more than
 * the batch gains.
 */
#define IOTARGET_FETCH_BATCH	16
#define IOTARGET_COMPLETE_BATCH	8

/*
 * Fetches requests, up to a batch. Taken under the lock, copied without it,
 * handed over under it; a hold keeps them meanwhile. From the first on that
 * cannot be copied they go back to the head. Returns how many were fetched, 0 if
 * there is none, or why not; -ENODEV: the device ended meanwhile.
 */
static int iotarget_host_fetch_requests(struct iotarget_queue *queue,
					const struct iotarget_fetch *args, u32 i)
	__must_hold(&queue->device->lock)
{
	u32 max = min_t(u32, args->fetch.count - i, IOTARGET_FETCH_BATCH);
	struct iotarget_request *reqs[IOTARGET_FETCH_BATCH] __uninitialized;
	struct iotarget_sender sender = {};
	iotarget_cancel_fn routine = NULL;
	u32 count, done, n, flags = 0;
	int err = 0;

	if (args->flags & IOTARGET_FETCH_CANCELABLE) {
		routine = iotarget_host_cancel;
		flags = IOTARGET_RECORD_CANCELABLE;
	}
	if (!(args->flags & IOTARGET_FETCH_RETRIEVE))
		count = iotarget_queue_dispatch(queue, routine, reqs, max);
	else if (queue->stopped)
		return -EAGAIN;
	else if (args->file)
		count = iotarget_queue_retrieve_file(queue, routine, args->file,
						     reqs);
	else
		count = iotarget_queue_retrieve(queue, routine, reqs, max);
	if (!count && queue->ended)
		return -ENODEV;
	/* (stopped while it was looked for) */
	if (!count)
		return args->file && queue->stopped ? -EAGAIN : 0;
	/* this copy may take long, and others can fetch what is left */
	iotarget_queue_wake(queue, false);
	spin_unlock(&queue->device->lock);

	for (done = 0; done < count; done++) {
		iotarget_race_point(IOTARGET_RACE_FETCH_COPY);
		err = iotarget_host_copy(reqs[done], &sender,
					 IOTARGET_EVENT_REQUEST, flags,
					 &args->fetch, i + done);
		iotarget_race_point(IOTARGET_RACE_FETCH_COMMIT);
		if (err)
			break;
	}

	spin_lock(&queue->device->lock);
	for (n = 0; n < done; n++) {
		if (iotarget_request_release(reqs[n]))
			iotarget_host_deliver(reqs[n]);
	}
	/* the last one first, so that they keep their order */
	for (n = count; n-- > done; ) {
		if (iotarget_request_release(reqs[n]))
			iotarget_queue_undo(reqs[n]);
	}
	/* of what ends with the device nobody is told */
	return queue->ended ? -ENODEV : done ?: err;
}

/* Fetches what stands first: cancels, events, requests. As above. */
static int iotarget_host_fetch_some(struct iotarget_queue *queue,
				    const struct iotarget_fetch *args, u32 i)
	__must_hold(&queue->device->lock)
{
	if (args->flags & IOTARGET_FETCH_RETRIEVE)
		return iotarget_host_fetch_requests(queue, args, i);
	if (!list_empty(&queue->cancels))
		return iotarget_host_fetch_cancel(queue, &args->fetch, i) ?: 1;
	if (!list_empty(&queue->events))
		return iotarget_host_fetch_event(queue, &args->fetch, i) ?: 1;
	if (iotarget_queue_tells(queue))
		return iotarget_host_fetch_state(queue, &args->fetch, i) ?: 1;
	return iotarget_host_fetch_requests(queue, args, i);
}

/* Returns how many records were fetched, or why there was none. */
static int iotarget_host_fetch(struct iotarget_queue *queue,
			       const struct iotarget_fetch *args, bool wait)
{
	struct iotarget_device *device = queue->device;
	int got, err = 0;
	u32 i = 0;

	spin_lock(&device->lock);
	while (i < args->fetch.count) {
		if (queue->ended) {
			err = -ENODEV;
			break;
		}
		got = iotarget_host_fetch_some(queue, args, i);
		/* what it was about ended meanwhile, perhaps with the device */
		if (got == -ENODEV)
			continue;
		if (got > 0) {
			i += got;
			continue;
		}
		err = got;
		if (err || i)
			break;
		/* a bite was completed unseen, and the next one stands first */
		if (args->flags & IOTARGET_FETCH_RETRIEVE && !args->file &&
		    iotarget_queue_skips_first(queue) &&
		    !fatal_signal_pending(current)) {
			spin_unlock(&device->lock);
			cond_resched();
			spin_lock(&device->lock);
			continue;
		}
		if (!wait) {
			err = args->flags & IOTARGET_FETCH_RETRIEVE ? -ENODATA :
								      -EAGAIN;
			break;
		}
		err = iotarget_wait_in(device, &queue->waiters, &queue->spin);
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

/* May the host complete it now? */
static int iotarget_host_may_complete(struct iotarget_request *req)
{
	struct iotarget_device *device = req->target->device;

	if (req->state == IOTARGET_CLAIMED)
		return -ECANCELED;
	if (device->strict && req->routine)
		return iotarget_violate(device, req->id, IOTARGET_IS_MARKED);
	return 0;
}

/*
 * Copies the output with a hold on the request: meanwhile another thread, a
 * cancel or the device's end may come first.
 */
static int iotarget_host_complete_copy(struct iotarget_queue *queue,
				       struct iotarget_request *req,
				       const struct iotarget_complete_element *e)
	__must_hold(&queue->device->lock)
{
	struct iotarget_device *device = queue->device;
	u32 written = req->written;
	int err;

	iotarget_request_hold(req);
	/* this copy may take long, and others can fetch what there is */
	iotarget_queue_wake(queue, false);
	spin_unlock(&device->lock);
	err = iotarget_buffer_from_host(req, e, written);
	iotarget_race_point(IOTARGET_RACE_COMPLETE_COPY);
	spin_lock(&device->lock);
	/* it may also have been given back meanwhile */
	if (!iotarget_request_release(req) || !iotarget_host_find(queue, e->id))
		return -ENOENT;
	if (err)
		return err;
	return iotarget_host_may_complete(req);
}

/* Is it small enough to be copied before the lock is taken? */
static bool iotarget_host_small(const struct iotarget_complete_element *e)
{
	return e->buffer_length <= IOTARGET_INLINE;
}

/*
 * Completes one request: its output is @bytes, or copied here. @sync: the caller
 * is about to sleep. Who calls this wakes the queue: there may be more to
 * dispatch.
 */
int iotarget_host_complete_one(struct iotarget_queue *queue,
			       const struct iotarget_complete_element *e,
			       const void *bytes, bool sync)
	__must_hold(&queue->device->lock)
{
	struct iotarget_request *req = iotarget_host_find(queue, e->id);
	int err = 0;

	if (!req)
		return iotarget_violate(queue->device, e->id,
					IOTARGET_NOT_OWNED);
	err = iotarget_host_may_complete(req);
	if (err)
		return err;
	if (e->buffer_length > req->out_length ||
	    e->information > iotarget_host_length(req))
		return iotarget_violate(queue->device, e->id, IOTARGET_TOO_LONG);
	if (!iotarget_host_small(e) || (req->pinned && req->out_length))
		err = iotarget_host_complete_copy(queue, req, e);
	else
		memcpy(req->buffer, bytes, e->buffer_length);
	if (err)
		return err;
	req->written = max(req->written, e->buffer_length);
	iotarget_request_complete(req, e->status, e->information, sync);
	return 0;
}

/*
 * Completes a batch from element *@next on, and moves *@next behind those that
 * were answered. Returns why no more can be.
 */
static int iotarget_host_complete_batch(struct iotarget_queue *queue,
					const struct iotarget_array *array,
					u32 *next, bool sync)
{
	struct iotarget_complete_element batch[IOTARGET_COMPLETE_BATCH] __uninitialized;
	u8 bytes[IOTARGET_COMPLETE_BATCH][IOTARGET_INLINE]
		__aligned(sizeof(u64)) __uninitialized;
	struct iotarget_complete_element __user *user;
	struct iotarget_complete_element *e;
	u32 first = *next, count, i;
	int err = 0;

	count = min_t(u32, array->count - first, IOTARGET_COMPLETE_BATCH);
	for (i = 0; i < count; i++) {
		e = &batch[i];
		err = iotarget_element_get(e, sizeof(*e), array, first + i);
		if (err)
			break;
		e->result = 0;
		if (e->pad)
			e->result = -EINVAL;
		else if (iotarget_host_small(e))
			e->result = iotarget_user_get(bytes[i],
						      u64_to_user_ptr(e->buffer),
						      e->buffer_length);
	}
	count = i;
	*next += count;

	spin_lock(&queue->device->lock);
	for (i = 0; i < count; i++) {
		e = &batch[i];
		if (!e->result)
			e->result = iotarget_host_complete_one(queue, e, bytes[i],
							       sync);
	}
	/* whoever sleeps need not wait for the others of this call */
	if (*next < array->count)
		iotarget_queue_wake(queue, false);
	spin_unlock(&queue->device->lock);

	for (i = 0; i < count; i++) {
		user = iotarget_element(array, first + i);
		if (put_user(batch[i].result, &user->result))
			return -EFAULT;
	}
	return err;
}

/* Returns how many elements were answered, or why none could be. */
static int iotarget_host_complete(struct iotarget_queue *queue,
				  const struct iotarget_array *array, bool sync)
{
	int err = 0;
	u32 i = 0;

	while (i < array->count && !err && !fatal_signal_pending(current))
		err = iotarget_host_complete_batch(queue, array, &i, sync);
	return i ?: err;
}

int iotarget_fetch(struct iotarget_call *call)
{
	struct iotarget_queue *queue = iotarget_file_queue(call->file);
	struct iotarget_fetch __user *user = call->user;
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
	if (READ_ONCE(queue->ended))
		return -ENODEV;

	/* nothing is done for who could not be told; (and @fetched) */
	if (put_user(0, (u64 __user *)&user->completed))
		return -EFAULT;

	completed = iotarget_host_complete(queue, &args->complete,
					   args->fetch.count);
	if (completed != args->complete.count)
		args->fetch.count = 0;
	/*
	 * Where nothing is left, whoever sends on this processor, and has its
	 * completion now, runs first: often it sends again, and then this thread
	 * need not wait at all. (cond_resched() would leave it to wake-up
	 * preemption.)
	 */
	if (completed > 0 && args->fetch.count && list_empty(&queue->requests) &&
	    READ_ONCE(queue->spin.cpu) == raw_smp_processor_id() &&
	    !single_task_running())
		schedule();
	/* also with no element: what was completed may let others fetch */
	fetched = iotarget_host_fetch(queue, args, !retrieve &&
				      !(call->file->f_flags & O_NONBLOCK));
	if (completed < 0)
		return completed;
	if (!completed && fetched < 0)
		return fetched;
	/* it was writable before, and what was done is done */
	put_user(completed, &user->completed);
	put_user(max(fetched, 0), &user->fetched);
	return 0;
}

/* Calls @fn under the lock on the request that the host names. */
static int iotarget_host_do(struct iotarget_queue *queue, u64 id,
			    int (*fn)(struct iotarget_request *req))
{
	struct iotarget_request *req;
	int ret;

	spin_lock(&queue->device->lock);
	req = iotarget_host_find(queue, id);
	if (queue->ended)
		ret = -ENODEV;
	else if (req)
		ret = fn(req);
	else
		ret = iotarget_violate(queue->device, id, IOTARGET_NOT_OWNED);
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
	return iotarget_host_do(iotarget_file_queue(call->file),
				call->args.id.id, iotarget_host_mark);
}

int iotarget_unmark_cancelable(struct iotarget_call *call)
{
	if (call->args.id.flags)
		return -EINVAL;
	return iotarget_host_do(iotarget_file_queue(call->file),
				call->args.id.id, iotarget_request_unmark);
}

/* For hosts, by hand as they retrieve. */
static int iotarget_host_requeue(struct iotarget_request *req)
{
	if (req->state != IOTARGET_CLAIMED &&
	    req->queue->dispatch != IOTARGET_DISPATCH_MANUAL)
		return iotarget_violate(req->target->device, req->id,
					IOTARGET_BAD_QUEUE);
	return iotarget_queue_requeue(req);
}

int iotarget_requeue(struct iotarget_call *call)
{
	if (call->args.id.flags)
		return -EINVAL;
	return iotarget_host_do(iotarget_file_queue(call->file),
				call->args.id.id, iotarget_host_requeue);
}

int iotarget_is_canceled(struct iotarget_call *call)
{
	struct iotarget_is_canceled *args = &call->args.is_canceled;
	int ret;

	if (args->flags || args->pad)
		return -EINVAL;
	ret = iotarget_host_do(iotarget_file_queue(call->file), args->id,
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
	if (queue->ended)
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
	done = iotarget_host_transfer(iotarget_file_queue(call->file), args->id,
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
