// SPDX-License-Identifier: GPL-2.0
/*
 * A sender's open handle on a device: its slots, what it sends, cancels and
 * reaps, and its end.
 */
#include <linux/cred.h>
#include <linux/compat.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"
#include "race.h"

unsigned int iotarget_target_requests = 16384;
module_param_named(target_requests, iotarget_target_requests, uint, 0644);
MODULE_PARM_DESC(target_requests, "Requests that a target may have pending or unreaped");

unsigned long iotarget_target_bytes = 64UL << 20;
module_param_named(target_bytes, iotarget_target_bytes, ulong, 0644);
MODULE_PARM_DESC(target_bytes, "Bytes of payload that a target may have pending");

/* Can SEND take a slot? */
static bool iotarget_target_has_slot(const struct iotarget_target *target)
{
	return !list_empty(&target->free) ||
	       target->slots < READ_ONCE(iotarget_target_requests);
}

/* EPOLLOUT: and can it take a payload of any length? */
static bool iotarget_target_room(const struct iotarget_target *target)
{
	return iotarget_target_has_slot(target) &&
	       (!target->bytes ||
		target->bytes + READ_ONCE(iotarget_payload_max) <=
		READ_ONCE(iotarget_target_bytes));
}

/* There is more room. Under the lock. */
static void iotarget_target_wake_room(struct iotarget_target *target)
{
	/* waitqueue_active: see the top of wait.c */
	if (waitqueue_active(&target->pollers) && iotarget_target_room(target))
		wake_up_interruptible_poll(&target->pollers,
					   EPOLLOUT | EPOLLWRNORM);
}

/* For payload outside of the slots. -EAGAIN: the target has its share. */
int iotarget_target_take_bytes(struct iotarget_target *target, u32 bytes)
{
	int err = 0;

	spin_lock(&target->device->lock);
	if (target->bytes + bytes > READ_ONCE(iotarget_target_bytes))
		err = -EAGAIN;
	else
		target->bytes += bytes;
	spin_unlock(&target->device->lock);
	return err;
}

void iotarget_target_put_bytes(struct iotarget_target *target, u32 bytes)
{
	spin_lock(&target->device->lock);
	target->bytes -= bytes;
	iotarget_target_wake_room(target);
	spin_unlock(&target->device->lock);
}

/* What a request holds beside its slot. Without the lock. */
static void iotarget_slot_clear(struct iotarget_request *req)
{
	iotarget_buffer_free(req);
	put_pid(req->pid);
	req->pid = NULL;
}

/*
 * Lifetime
 */

/*
 * Frees a target whose file is gone and whose last request has ended. Nobody
 * else can reach it but through the device's list and table.
 */
static void iotarget_target_free(struct work_struct *work)
{
	struct iotarget_target *target =
		container_of(work, struct iotarget_target, free_work);
	struct iotarget_device *device = target->device;
	struct iotarget_chunk *chunk, *next;
	unsigned int i;

	spin_lock(&device->lock);
	list_del(&target->node);
	spin_unlock(&device->lock);
	list_for_each_entry_safe(chunk, next, &target->chunks, node) {
		for (i = 0; i < IOTARGET_CHUNK_SLOTS; i++)
			iotarget_slot_clear(&chunk->slots[i]);
		iotarget_device_remove_chunk(device, chunk);
		cond_resched();
	}
	kfree(target);
	iotarget_device_put(device);
}

struct iotarget_target *iotarget_target_create(struct iotarget_device *device)
{
	struct iotarget_target *target;
	int err = 0;

	target = kzalloc(sizeof(*target), GFP_KERNEL_ACCOUNT);
	if (!target)
		return ERR_PTR(-ENOMEM);
	target->device = device;
	INIT_LIST_HEAD(&target->free);
	INIT_LIST_HEAD(&target->chunks);
	INIT_LIST_HEAD(&target->ready);
	INIT_LIST_HEAD(&target->waiters);
	INIT_LIST_HEAD(&target->senders);
	init_waitqueue_head(&target->pollers);
	INIT_WORK(&target->free_work, iotarget_target_free);

	spin_lock(&device->lock);
	if (device->ended) {
		err = -ENODEV;
	} else {
		target->file = ++device->file_number;
		list_add_tail(&target->node, &device->targets);
		iotarget_device_get(device);
	}
	spin_unlock(&device->lock);
	if (err) {
		kfree(target);
		return ERR_PTR(err);
	}
	return target;
}

/* @count requests are not pending any more. Under the lock. */
static void iotarget_target_settle(struct iotarget_target *target, u32 count)
{
	target->pending -= count;
	if (target->pending)
		return;
	/* those who still wait to reap would wait forever */
	if (target->device->ended)
		iotarget_wake_all(&target->waiters);
	if (target->released)
		queue_work(iotarget_wq, &target->free_work);
}

/* The request is READY: whoever waits for it gets it. Under the lock. */
void iotarget_target_publish(struct iotarget_request *req, bool sync)
{
	struct iotarget_target *target = req->target;
	struct iotarget_waiter *waiter = req->waiter;

	if (waiter) {
		list_add_tail(&req->node, &waiter->done);
		if (!--waiter->pending)
			iotarget_wake(waiter, sync);
	} else {
		list_add_tail(&req->node, &target->ready);
		iotarget_wake_one(&target->waiters, &target->pollers,
				  EPOLLIN | EPOLLRDNORM, sync);
	}
	iotarget_target_settle(target, 1);
}

/*
 * Calls @fn under the lock for each slot, a chunk at a time: a target may have
 * very many. Its file is open, or counts as a pending request: the chunks stay.
 */
static void iotarget_target_for_each(struct iotarget_target *target,
				     void (*fn)(struct iotarget_request *req,
						void *context), void *context)
{
	struct iotarget_device *device = target->device;
	struct iotarget_chunk *chunk;
	unsigned int i;

	spin_lock(&device->lock);
	list_for_each_entry(chunk, &target->chunks, node) {
		for (i = 0; i < IOTARGET_CHUNK_SLOTS; i++)
			fn(&chunk->slots[i], context);
		spin_unlock(&device->lock);
		cond_resched();
		spin_lock(&device->lock);
	}
	spin_unlock(&device->lock);
}

static void iotarget_target_cancel_one(struct iotarget_request *req,
				       void *context)
{
	struct iotarget_cancel *args = context;

	if (req->state < IOTARGET_QUEUED || req->state > IOTARGET_TOLD)
		return;
	switch (iotarget_request_cancel(req)) {
	case IOTARGET_DELIVERED:
		args->delivered++;
		break;
	case IOTARGET_MARKED:
		args->marked++;
		break;
	case IOTARGET_ALREADY_TOLD:
		args->told++;
		break;
	case IOTARGET_WAS_COMPLETED:
		args->completed++;
		break;
	}
}

/* SHUTDOWN or last close: waiters return, and all that was sent is cancelled. */
static void iotarget_target_end(struct iotarget_target *target)
{
	struct iotarget_device *device = target->device;
	struct iotarget_cancel cancel = {};

	spin_lock(&device->lock);
	WRITE_ONCE(target->ended, true);
	iotarget_wake_all(&target->waiters);
	iotarget_wake_all(&target->senders);
	wake_up_interruptible_poll(&target->pollers, EPOLLERR | EPOLLHUP);
	spin_unlock(&device->lock);
	iotarget_target_for_each(target, iotarget_target_cancel_one, &cancel);
}

int iotarget_target_shutdown(struct iotarget_call *call)
{
	if (call->args.shutdown.flags)
		return -EINVAL;
	iotarget_target_end(call->object);
	return 0;
}

/* The last close. It does not wait: the last request to end frees the target. */
void iotarget_target_close(void *object)
{
	struct iotarget_target *target = object;
	struct iotarget_device *device = target->device;

	/* for the last unlock here: the work may be faster */
	iotarget_device_get(device);
	spin_lock(&device->lock);
	target->pending++;
	spin_unlock(&device->lock);
	iotarget_target_end(target);
	spin_lock(&device->lock);
	target->released = true;
	iotarget_target_settle(target, 1);
	spin_unlock(&device->lock);
	iotarget_device_put(device);
}

int iotarget_target_release(struct inode *inode, struct file *file)
{
	iotarget_target_close(file->private_data);
	return 0;
}

__poll_t iotarget_target_poll(struct file *file, poll_table *wait)
{
	struct iotarget_target *target = file->private_data;
	struct iotarget_device *device = target->device;
	__poll_t mask = 0;

	poll_wait(file, &target->pollers, wait);
	spin_lock(&device->lock);
	if (!list_empty(&target->ready) && !target->ended)
		mask |= EPOLLIN | EPOLLRDNORM;
	if (target->ended || device->ended)
		mask |= EPOLLERR | EPOLLHUP;
	else if (iotarget_target_room(target))
		mask |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock(&device->lock);
	return mask;
}

/*
 * Slots
 */

/*
 * Takes up to @count slots, with new ids, to the end of @list. The target grows
 * when it needs more than it ever had. Returns how many, or why none.
 */
static int iotarget_slots_take(struct iotarget_target *target, u32 count,
			       struct list_head *list)
{
	struct iotarget_device *device = target->device;
	struct iotarget_request *req;
	u32 taken = 0;
	int err = 0;

	spin_lock(&device->lock);
	while (taken < count) {
		LIST_HEAD(some);

		list_for_each_entry(req, &target->free, node) {
			if (taken == count)
				break;
			iotarget_request_prepare(req);
			taken++;
		}
		/* @req is the first that stays, or the head */
		list_cut_before(&some, &target->free, &req->node);
		list_splice_tail(&some, list);
		if (taken == count)
			break;
		if (!iotarget_target_has_slot(target)) {
			err = -EAGAIN;
			break;
		}
		spin_unlock(&device->lock);
		err = iotarget_device_add_chunk(device, target);
		spin_lock(&device->lock);
		if (err)
			break;
	}
	target->pending += taken;
	spin_unlock(&device->lock);
	return taken ?: err;
}

/* Gives slots back: PREPARING ones that were not sent, READY ones when reaped. */
static void iotarget_slots_put(struct iotarget_target *target,
			       struct list_head *list)
{
	struct iotarget_device *device = target->device;
	struct iotarget_request *req;
	bool wake, unsent = false;
	u32 count = 0;

	if (list_empty(list))
		return;
	list_for_each_entry(req, list, node)
		iotarget_slot_clear(req);
	spin_lock(&device->lock);
	wake = list_empty(&target->free);
	list_for_each_entry(req, list, node) {
		unsent = req->state == IOTARGET_PREPARING;
		iotarget_request_move(req, IOTARGET_FREE, NULL);
		count++;
	}
	list_splice_init(list, &target->free);
	if (wake)
		iotarget_target_wake_room(target);
	if (unsent)
		iotarget_target_settle(target, count);
	spin_unlock(&device->lock);
}

/*
 * SEND: the completions
 */

static int iotarget_reap_one(struct iotarget_request *req,
			     const struct iotarget_array *array, u32 i)
{
	struct iotarget_reap_element completion = {
		.user_data = req->user_data,
		.id = req->id,
		.information = req->information,
		.status = req->status,
	};
	int err;

	iotarget_race_point(IOTARGET_RACE_REAP_COPY);
	err = iotarget_element_check_tail(array, i, sizeof(completion));
	if (!err)
		err = iotarget_buffer_to_sender(req, &completion);
	if (!err)
		err = iotarget_element_put(array, i, &completion, 0,
					   sizeof(completion));
	return err;
}

/*
 * Copies the completions of @list out and gives their slots back. What cannot
 * be copied stays first for the next who reaps. Returns how many, or why none.
 */
static int iotarget_reap_list(struct iotarget_target *target,
			      struct list_head *list,
			      const struct iotarget_array *array)
{
	struct iotarget_device *device = target->device;
	struct iotarget_request *req;
	LIST_HEAD(reaped);
	u32 i = 0;
	int err = 0;

	list_for_each_entry(req, list, node) {
		err = iotarget_reap_one(req, array, i);
		if (err)
			break;
		i++;
	}
	/* @req is the first that stays, or the head */
	list_cut_before(&reaped, list, &req->node);
	iotarget_slots_put(target, &reaped);
	if (err) {
		spin_lock(&device->lock);
		list_splice_init(list, &target->ready);
		iotarget_wake_one(&target->waiters, &target->pollers,
				  EPOLLIN | EPOLLRDNORM, false);
		spin_unlock(&device->lock);
	}
	return i ?: err;
}

/* Reaps what nobody's SEND waits for; with @wait, waits for one to come. */
static int iotarget_reap_any(struct iotarget_target *target,
			     const struct iotarget_array *array, bool wait)
{
	struct iotarget_device *device = target->device;
	struct iotarget_waiter waiter;
	LIST_HEAD(list);
	u32 i;
	int err = 0;

	iotarget_waiter_init(&waiter);
	spin_lock(&device->lock);
	while (target->ended || list_empty(&target->ready)) {
		if (target->ended || (device->ended && !target->pending))
			err = -ENODEV;
		else if (!wait)
			err = -EAGAIN;
		if (err)
			break;
		list_add(&waiter.node, &target->waiters);
		err = iotarget_wait(device, &waiter);
		if (err)
			break;
	}
	for (i = 0; !err && i < array->count && !list_empty(&target->ready); i++)
		list_move_tail(target->ready.next, &list);
	/* the others were not woken for what is left */
	if (!list_empty(&target->ready))
		iotarget_wake_one(&target->waiters, &target->pollers,
				  EPOLLIN | EPOLLRDNORM, false);
	spin_unlock(&device->lock);
	return list_empty(&list) ? err : iotarget_reap_list(target, &list, array);
}

/*
 * SEND: the requests
 */

static int iotarget_send_check(const struct iotarget_send_element *e,
			       fmode_t mode)
{
	u32 max = READ_ONCE(iotarget_payload_max);

	if (e->flags & ~(IOTARGET_ELEMENT_IGNORE_STATE | IOTARGET_ELEMENT_FORGET))
		return -EINVAL;
	switch (e->type) {
	case IOTARGET_TYPE_READ:
		if (e->code || e->in_length)
			return -EINVAL;
		if (!(mode & FMODE_READ))
			return -EBADF;
		break;
	case IOTARGET_TYPE_WRITE:
		if (e->code || e->out_length)
			return -EINVAL;
		if (!(mode & FMODE_WRITE))
			return -EBADF;
		break;
	case IOTARGET_TYPE_CONTROL:
		break;
	default:
		return -EINVAL;
	}
	if (e->in_length > max || e->out_length > max)
		return -EMSGSIZE;
	if (e->flags || e->deadline)
		return -EOPNOTSUPP;
	return 0;
}

static int iotarget_send_fill(struct iotarget_request *req,
			      const struct iotarget_send_element *e,
			      fmode_t mode)
{
	int err;

	err = iotarget_send_check(e, mode);
	if (err)
		return err;
	req->type = e->type;
	req->code = e->code;
	req->in_length = e->in_length;
	req->out_length = e->out_length;
	req->user_data = e->user_data;
	req->offset = e->offset;
	req->out = e->out;
	req->compat = in_compat_syscall();
	req->uid = current_euid();
	req->pid = get_pid(task_tgid(current));
	req->status = 0;
	req->information = 0;
	req->written = 0;
	return iotarget_buffer_init(req, e);
}

/* Tells the sender the id and the result of element @i. */
static int iotarget_send_answer(const struct iotarget_array *array, u32 i,
				struct iotarget_send_element *e)
{
	return iotarget_element_put(array, i, e, offsetof(typeof(*e), id),
				    sizeof(e->id)) ?:
	       iotarget_element_put(array, i, e, offsetof(typeof(*e), result),
				    sizeof(e->result));
}

/*
 * Fills the slots of @list from the array and writes ids and results. Slots
 * beyond what was accepted go back at once. Returns how many were accepted, or
 * why none: a bad element accepts none, a cap those before it.
 */
static int iotarget_send_prepare(struct iotarget_target *target,
				 const struct iotarget_array *array,
				 struct list_head *list, fmode_t mode)
{
	struct iotarget_send_element e;
	struct iotarget_request *req;
	LIST_HEAD(filled);
	u32 i = 0;
	int err = 0;

	list_for_each_entry(req, list, node) {
		err = iotarget_element_get(&e, sizeof(e), array, i);
		if (err)
			break;
		err = iotarget_send_fill(req, &e, mode);
		e.id = err ? 0 : req->id;
		e.result = err;
		if (iotarget_send_answer(array, i, &e))
			err = -EFAULT;
		if (err)
			break;
		i++;
	}
	/* @req is the first that was not accepted, or the head */
	list_cut_before(&filled, list, &req->node);
	iotarget_slots_put(target, list);
	list_splice(&filled, list);
	if (err == -EAGAIN && i)
		err = 0;
	if (err)
		iotarget_slots_put(target, list);
	return err ?: i;
}

/*
 * The waiter leaves: what has not completed is not its own any more. Under the
 * lock one chunk at a time; meanwhile completions find either.
 */
static void iotarget_send_detach_one(struct iotarget_request *req, void *context)
{
	struct iotarget_waiter *waiter = context;

	/* (what a slot in another state says is of an earlier request) */
	if (req->state >= IOTARGET_QUEUED && req->state <= IOTARGET_COMPLETED &&
	    req->waiter == waiter) {
		req->waiter = NULL;
		waiter->pending--;
	}
}

/*
 * Publishes @list in one step; after it nothing can fail. With @waiter, waits
 * for all of them unless @wait is false.
 */
static int iotarget_send_publish(struct iotarget_target *target,
				 struct list_head *list, u32 count,
				 struct iotarget_waiter *waiter, bool wait,
				 bool sync)
{
	struct iotarget_device *device = target->device;
	struct iotarget_queue *queue = &device->queue;
	struct iotarget_request *req;
	bool left = false;

	spin_lock(&device->lock);
	if (target->ended || device->ended) {
		spin_unlock(&device->lock);
		iotarget_slots_put(target, list);
		return -ENODEV;
	}
	list_for_each_entry(req, list, node)
		req->waiter = waiter;
	iotarget_queue_insert(queue, list);
	iotarget_queue_wake(queue, sync);
	if (waiter) {
		waiter->pending = count;
		while (wait && waiter->pending && !target->ended) {
			list_add(&waiter->node, &target->senders);
			if (iotarget_wait(device, waiter))
				break;
		}
		left = waiter->pending;
	}
	spin_unlock(&device->lock);
	if (left)
		iotarget_target_for_each(target, iotarget_send_detach_one, waiter);
	return 0;
}

static int iotarget_send_respond(struct iotarget_call *call)
{
	struct iotarget_send __user *user = call->user;
	struct iotarget_send *args = &call->args.send;

	return iotarget_user_put(&user->sent, &args->sent,
				 sizeof(args->sent) + sizeof(args->reaped));
}

int iotarget_send(struct iotarget_call *call)
{
	struct iotarget_target *target = call->object;
	struct iotarget_send *args = &call->args.send;
	bool wait = !(call->file->f_flags & O_NONBLOCK);
	bool own = args->flags & IOTARGET_SEND_WAIT;
	struct iotarget_waiter waiter;
	int sent = 0, reaped = 0;
	LIST_HEAD(list);
	int err;

	if (args->flags & ~IOTARGET_SEND_WAIT)
		return -EINVAL;
	err = iotarget_array_check(&args->send,
				   sizeof(struct iotarget_send_element));
	if (err)
		return err;
	err = iotarget_array_check(&args->reap,
				   sizeof(struct iotarget_reap_element));
	if (err)
		return err;
	if (own && args->reap.count < args->send.count)
		return -EINVAL;
	if (READ_ONCE(target->ended))
		return -ENODEV;

	args->sent = 0;
	args->reaped = 0;
	if (!args->send.count && iotarget_send_respond(call))
		return -EFAULT;
	if (args->send.count) {
		sent = iotarget_slots_take(target, args->send.count, &list);
		if (sent < 0)
			return sent;
		sent = iotarget_send_prepare(target, &args->send, &list,
					     call->file->f_mode);
		if (sent < 0)
			return sent;
		args->sent = sent;
		if (iotarget_send_respond(call)) {
			iotarget_slots_put(target, &list);
			return -EFAULT;
		}
		iotarget_race_point(IOTARGET_RACE_SEND_PUBLISH);
		iotarget_waiter_init(&waiter);
		err = iotarget_send_publish(target, &list, sent,
					    own ? &waiter : NULL, wait,
					    wait && args->reap.count);
		if (err)
			return err;
	}
	if (own && sent)
		reaped = iotarget_reap_list(target, &waiter.done, &args->reap);
	else if (args->reap.count)
		reaped = iotarget_reap_any(target, &args->reap, wait);
	if (!sent && reaped < 0)
		return reaped;
	args->reaped = max(reaped, 0);
	/* it was writable before, and what was done is done */
	iotarget_send_respond(call);
	return 0;
}

/*
 * CANCEL
 */

int iotarget_cancel(struct iotarget_call *call)
{
	struct iotarget_target *target = call->object;
	struct iotarget_cancel *args = &call->args.cancel;
	struct iotarget_device *device = target->device;
	struct iotarget_request *req;
	int err = 0;

	if (args->flags || (args->scope != IOTARGET_CANCEL_ID && args->id) ||
	    (args->scope != IOTARGET_CANCEL_THREAD && args->tid))
		return -EINVAL;
	if (READ_ONCE(target->ended))
		return -ENODEV;
	args->delivered = 0;
	args->marked = 0;
	args->told = 0;
	args->completed = 0;

	switch (args->scope) {
	case IOTARGET_CANCEL_ID:
		iotarget_race_point(IOTARGET_RACE_CANCEL_LOCK);
		spin_lock(&device->lock);
		req = iotarget_device_find(device, args->id);
		if (!req || req->target != target)
			err = -ENOENT;
		else if (req->state >= IOTARGET_COMPLETED)
			args->completed = 1;
		else
			iotarget_target_cancel_one(req, args);
		spin_unlock(&device->lock);
		break;
	case IOTARGET_CANCEL_THREAD:
		return -EOPNOTSUPP;
	case IOTARGET_CANCEL_ALL:
		iotarget_target_for_each(target, iotarget_target_cancel_one,
					 args);
		if (!args->delivered && !args->marked && !args->told)
			err = -ENOENT;
		break;
	default:
		return -EINVAL;
	}
	return err ?: iotarget_call_respond(call);
}
