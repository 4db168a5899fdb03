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
#include <linux/sched.h>
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
		target->bytes + iotarget_payload_max() <=
		READ_ONCE(iotarget_target_bytes));
}

/* There is more room. Under the lock. */
static void iotarget_target_wake_room(struct iotarget_target *target)
{
	lockdep_assert_held(&target->device->lock);
	/* waitqueue_active: see the top of wait.c */
	if (waitqueue_active(&target->pollers) && iotarget_target_room(target))
		wake_up_interruptible_poll(&target->pollers,
					   EPOLLOUT | EPOLLWRNORM);
}

/*
 * For payload outside of the slots. -EAGAIN, -EDQUOT: the target or the user has
 * its share.
 */
int iotarget_target_take_bytes(struct iotarget_target *target, u32 bytes)
{
	int err;

	spin_lock(&target->device->lock);
	if (target->bytes + bytes > READ_ONCE(iotarget_target_bytes))
		err = -EAGAIN;
	else
		err = iotarget_account_charge(target->account,
					      IOTARGET_CAP_BYTES, bytes);
	if (!err)
		target->bytes += bytes;
	spin_unlock(&target->device->lock);
	return err;
}

void iotarget_target_put_bytes(struct iotarget_target *target, u32 bytes)
{
	iotarget_account_uncharge(target->account, IOTARGET_CAP_BYTES, bytes);
	spin_lock(&target->device->lock);
	target->bytes -= bytes;
	iotarget_target_wake_room(target);
	spin_unlock(&target->device->lock);
}

/*
 * Deadlines: a cancel by the clock
 */

static struct iotarget_request *
iotarget_deadline_first(struct iotarget_target *target)
{
	return rb_entry_safe(rb_first_cached(&target->deadlines),
			     struct iotarget_request, deadline_node);
}

/* Has the work run when the first deadline is due. Under the lock. */
static void iotarget_deadline_arm(struct iotarget_target *target)
{
	struct iotarget_request *req = iotarget_deadline_first(target);
	u64 now = ktime_get_ns(), ticks = 0;

	lockdep_assert_held(&target->device->lock);
	if (!req) {
		cancel_delayed_work(&target->deadline_work);
		return;
	}
	/* a tick more: never early */
	if (req->deadline > now)
		ticks = nsecs_to_jiffies64(req->deadline - now) + 1;
	mod_delayed_work(iotarget_wq, &target->deadline_work,
			 min_t(u64, ticks, MAX_JIFFY_OFFSET));
}

static bool iotarget_deadline_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct iotarget_request, deadline_node)->deadline <
	       rb_entry(b, struct iotarget_request, deadline_node)->deadline;
}

static void iotarget_deadline_remove(struct iotarget_request *req)
{
	struct iotarget_target *target = req->target;

	rb_erase_cached(&req->deadline_node, &target->deadlines);
	req->deadline = 0;
	/* otherwise the work finds nothing due, and looks when the next one is */
	if (RB_EMPTY_ROOT(&target->deadlines.rb_root))
		iotarget_deadline_arm(target);
}

/* Cancels what is due by its deadline, never because the work ran. */
static void iotarget_deadline_work(struct work_struct *work)
{
	struct iotarget_target *target =
		container_of(to_delayed_work(work), struct iotarget_target,
			     deadline_work);
	struct iotarget_device *device = target->device;
	struct iotarget_request *req;

	spin_lock(&device->lock);
	while ((req = iotarget_deadline_first(target)) &&
	       req->deadline <= ktime_get_ns()) {
		iotarget_deadline_remove(req);
		req->timed_out = !req->cancelled;
		iotarget_request_cancel(req);
		iotarget_driver_run_cancels(device);
		cond_resched_lock(&device->lock);
	}
	iotarget_deadline_arm(target);
	spin_unlock(&device->lock);
}

/*
 * Lifetime
 */

/* Nobody else can reach it but through the device's list and table. */
static void iotarget_target_free(struct iotarget_target *target)
{
	struct iotarget_device *device = target->device;
	struct iotarget_chunk *chunk, *next;
	unsigned int i;

	cancel_delayed_work_sync(&target->deadline_work);
	spin_lock(&device->lock);
	list_del(&target->node);
	spin_unlock(&device->lock);
	list_for_each_entry_safe(chunk, next, &target->chunks, node) {
		for (i = 0; i < IOTARGET_CHUNK_SLOTS; i++) {
			iotarget_buffer_free(&chunk->slots[i]);
			put_pid(chunk->slots[i].pid);
			put_pid(chunk->slots[i].thread);
		}
		iotarget_device_remove_chunk(device, chunk);
		cond_resched();
	}
	iotarget_account_uncharge(target->account, IOTARGET_CAP_TARGETS, 1);
	iotarget_account_put(target->account);
	kfree(target);
	iotarget_device_put(device);
}

/*
 * Frees what is forgotten; and the target, when its file is gone and its last
 * request has ended.
 */
static void iotarget_target_work(struct work_struct *work)
{
	struct iotarget_target *target =
		container_of(work, struct iotarget_target, work);
	struct iotarget_device *device = target->device;
	LIST_HEAD(forgotten);
	unsigned int n = 0;
	bool gone;

	spin_lock(&device->lock);
	while (n++ < IOTARGET_BITE && !list_empty(&target->forgotten))
		list_move_tail(target->forgotten.next, &forgotten);
	if (!list_empty(&target->forgotten))
		queue_work(iotarget_wq, work);
	/* if it was queued again since it began, that run frees */
	gone = target->released && !target->pending &&
	       target->event == IOTARGET_FILE_NONE && !work_pending(work);
	spin_unlock(&device->lock);
	if (gone)
		iotarget_target_free(target);
	else
		iotarget_slots_put(target, &forgotten);
}

struct iotarget_target *iotarget_target_create(struct iotarget_device *device)
{
	struct iotarget_target *target;
	int err = 0;

	target = kzalloc(sizeof(*target), GFP_KERNEL_ACCOUNT);
	if (!target)
		return ERR_PTR(-ENOMEM);
	target->account = iotarget_account_get();
	if (!target->account) {
		err = -ENOMEM;
		goto free;
	}
	err = iotarget_account_charge(target->account, IOTARGET_CAP_TARGETS, 1);
	if (err)
		goto put;
	target->device = device;
	INIT_LIST_HEAD(&target->event_node);
	INIT_LIST_HEAD(&target->stopped);
	INIT_LIST_HEAD(&target->held);
	target->state = IOTARGET_TARGET_STARTED;
	target->deadlines = RB_ROOT_CACHED;
	INIT_DELAYED_WORK(&target->deadline_work, iotarget_deadline_work);
	INIT_LIST_HEAD(&target->free);
	INIT_LIST_HEAD(&target->chunks);
	INIT_LIST_HEAD(&target->ready);
	INIT_LIST_HEAD(&target->forgotten);
	INIT_LIST_HEAD(&target->waiters);
	INIT_LIST_HEAD(&target->senders);
	INIT_LIST_HEAD(&target->stoppers);
	init_waitqueue_head(&target->pollers);
	INIT_WORK(&target->work, iotarget_target_work);

	spin_lock(&device->lock);
	if (device->ended) {
		err = -ENODEV;
	} else {
		target->file = ++device->file_number;
		list_add_tail(&target->node, &device->targets);
		iotarget_device_get(device);
	}
	spin_unlock(&device->lock);
	if (!err)
		return target;

	iotarget_account_uncharge(target->account, IOTARGET_CAP_TARGETS, 1);
put:
	iotarget_account_put(target->account);
free:
	kfree(target);
	return ERR_PTR(err);
}

/* Without the target's file, this keeps it. Under the lock. */
void iotarget_target_get(struct iotarget_target *target)
{
	lockdep_assert_held(&target->device->lock);
	target->pending++;
}

static void iotarget_file_post(struct iotarget_target *target,
			       enum iotarget_file_event event)
{
	struct iotarget_queue *queue = &target->device->queue;

	target->event = event;
	list_add_tail(&target->event_node, &queue->events);
	iotarget_queue_wake(queue, false);
}

/* Can nothing be sent any more? */
static bool iotarget_target_over(const struct iotarget_target *target)
{
	return target->device->ended ||
	       target->state == IOTARGET_TARGET_REMOVED;
}

/* Can nothing complete any more? REAP answers -ENODEV when it has given out all. */
static bool iotarget_target_done(const struct iotarget_target *target)
{
	return target->ended ||
	       (iotarget_target_over(target) && !target->pending);
}

/* @count requests are not pending any more. Under the lock. */
void iotarget_target_settle(struct iotarget_target *target, u32 count)
{
	lockdep_assert_held(&target->device->lock);
	target->pending -= count;
	if (target->pending)
		return;
	/* those who still wait to reap would wait forever */
	if (iotarget_target_over(target)) {
		iotarget_wake_all(&target->waiters);
		wake_up_interruptible_poll(&target->pollers, EPOLLERR | EPOLLHUP);
	}
	if (target->event == IOTARGET_FILE_ENDING)
		iotarget_file_post(target, IOTARGET_FILE_CLOSE);
	if (target->released && target->event == IOTARGET_FILE_NONE)
		queue_work(iotarget_wq, &target->work);
}

/* The request is READY: whoever waits for it gets it. Under the lock. */
void iotarget_target_publish(struct iotarget_request *req, bool sync)
{
	struct iotarget_target *target = req->target;
	struct iotarget_waiter *waiter = req->waiter;

	target->spin.cpu = raw_smp_processor_id();
	if (req->deadline)
		iotarget_deadline_remove(req);
	if (req->sent) {
		req->sent = false;
		if (!--target->sent[req->ignore_state] &&
		    !list_empty(&target->stoppers))
			iotarget_wake_all(&target->stoppers);
	}
	if (waiter) {
		list_add_tail(&req->node, &waiter->done);
		if (!--waiter->pending)
			iotarget_wake(waiter, sync);
	} else if (req->forgotten || target->released) {
		list_add_tail(&req->node, &target->forgotten);
		queue_work(iotarget_wq, &target->work);
	} else {
		bool news = list_empty(&target->ready);

		list_add_tail(&req->node, &target->ready);
		/* pollers hear of the first: who reaps it tells of what it leaves */
		if (news || !list_empty(&target->waiters))
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
		iotarget_driver_run_cancels(device);
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

	if (!iotarget_request_pending(req))
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

/* The host is to hear of the file's end before its requests are cancelled. */
static void iotarget_target_hold_back(struct iotarget_request *req, void *context)
{
	if (req->state != IOTARGET_QUEUED)
		return;
	list_move_tail(&req->node, &req->target->held);
	iotarget_queue_advance(req->queue);
}

/*
 * SHUTDOWN or last close: waiters return. All that was sent is cancelled, or, if
 * the host wants to hear of files, held back until it has.
 */
static void iotarget_target_end(struct iotarget_target *target)
{
	struct iotarget_device *device = target->device;
	struct iotarget_cancel cancel = {};
	bool tell;

	spin_lock(&device->lock);
	if (target->ended) {
		spin_unlock(&device->lock);
		return;
	}
	WRITE_ONCE(target->ended, true);
	tell = device->file_events && !device->ended;
	spin_unlock(&device->lock);

	if (tell)
		iotarget_target_for_each(target, iotarget_target_hold_back, NULL);
	else
		iotarget_target_for_each(target, iotarget_target_cancel_one,
					 &cancel);

	spin_lock(&device->lock);
	if (tell && !device->ended)
		iotarget_file_post(target, IOTARGET_FILE_CLEANUP);
	/* last, so that a plain call returns what its request came to */
	iotarget_wake_all(&target->waiters);
	iotarget_wake_all(&target->senders);
	iotarget_wake_all(&target->stoppers);
	wake_up_interruptible_poll(&target->pollers, EPOLLERR | EPOLLHUP);
	spin_unlock(&device->lock);
}

/* The host has fetched the event. Under the lock. */
void iotarget_file_told(struct iotarget_target *target)
{
	if (target->event == IOTARGET_FILE_CLEANUP) {
		target->event = IOTARGET_FILE_TOLD;
		list_add(&target->event_node, &target->device->cleanups);
	} else {
		target->event = IOTARGET_FILE_NONE;
	}
}

/* The device has ended: nobody is left to hear of it. Under the lock. */
void iotarget_file_withdraw(struct iotarget_target *target)
{
	if (target->event == IOTARGET_FILE_NONE)
		return;
	list_del_init(&target->event_node);
	target->event = IOTARGET_FILE_NONE;
	iotarget_target_settle(target, 0);
}

/* FILE_DONE: the host has answered CLEANUP. */
int iotarget_file_done(struct iotarget_call *call)
{
	struct iotarget_device *device = call->object;
	struct iotarget_cancel cancel = {};
	struct iotarget_target *target;
	int err = -ENOENT;

	if (call->args.file_done.flags)
		return -EINVAL;
	spin_lock(&device->lock);
	if (device->ended)
		err = -ENODEV;
	list_for_each_entry(target, &device->cleanups, event_node) {
		if (target->file != call->args.file_done.file)
			continue;
		list_del_init(&target->event_node);
		iotarget_target_get(target);
		err = 0;
		break;
	}
	spin_unlock(&device->lock);
	if (err)
		return err;

	iotarget_target_for_each(target, iotarget_target_cancel_one, &cancel);
	spin_lock(&device->lock);
	if (!device->ended)
		target->event = IOTARGET_FILE_ENDING;
	iotarget_target_settle(target, 1);
	spin_unlock(&device->lock);
	return 0;
}

int iotarget_target_shutdown(struct iotarget_call *call)
{
	if (call->args.shutdown.flags)
		return -EINVAL;
	iotarget_target_end(call->object);
	return 0;
}

/* The last close. It waits for no host: the last to use the target frees it. */
void iotarget_target_close(void *object)
{
	struct iotarget_target *target = object;
	struct iotarget_device *device = target->device;
	bool gone;

	/* for the last unlock here: the work may be faster */
	iotarget_device_get(device);
	spin_lock(&device->lock);
	iotarget_target_get(target);
	spin_unlock(&device->lock);
	iotarget_target_end(target);
	spin_lock(&device->lock);
	target->released = true;
	/* nobody reaps these: what they hold does not wait for the last request */
	list_splice_tail_init(&target->ready, &target->forgotten);
	gone = target->pending == 1 && target->event == IOTARGET_FILE_NONE;
	if (!gone) {
		queue_work(iotarget_wq, &target->work);
		iotarget_target_settle(target, 1);
	}
	spin_unlock(&device->lock);
	/* with that one pending still, nobody else frees it */
	if (gone) {
		cancel_work_sync(&target->work);
		iotarget_target_free(target);
	}
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
	if (device->ended || iotarget_target_done(target))
		mask |= EPOLLERR | EPOLLHUP;
	/* SEND does not wait: it answers */
	else if (iotarget_target_over(target) || iotarget_target_room(target))
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
int iotarget_slots_take(struct iotarget_target *target, u32 count,
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
void iotarget_slots_put(struct iotarget_target *target, struct list_head *list)
{
	struct iotarget_device *device = target->device;
	struct iotarget_request *req;
	bool wake, unsent = false;
	u32 count = 0;

	if (list_empty(list))
		return;
	list_for_each_entry(req, list, node)
		iotarget_buffer_free(req);
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
	struct iotarget_reap_element __user *completion = iotarget_element(array, i);
	u32 flags = 0;
	int err;

	iotarget_race_point(IOTARGET_RACE_REAP_COPY);
	err = iotarget_element_check_tail(array, i, sizeof(*completion)) ?:
	      iotarget_buffer_to_sender(req, &flags);
	if (err)
		return err;

	might_fault();
	if (should_fail_usercopy() ||
	    !user_write_access_begin(completion, sizeof(*completion)))
		return -EFAULT;
	unsafe_put_user(req->user_data, &completion->user_data, fault);
	unsafe_put_user(req->id, &completion->id, fault);
	unsafe_put_user(req->information, &completion->information, fault);
	unsafe_put_user(req->status, &completion->status, fault);
	unsafe_put_user(flags, &completion->flags, fault);
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
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
	LIST_HEAD(list);
	u32 i;
	int err = 0;

	spin_lock(&device->lock);
	while (target->ended || list_empty(&target->ready)) {
		if (iotarget_target_done(target))
			err = -ENODEV;
		else if (!wait)
			err = -EAGAIN;
		if (err)
			break;
		err = iotarget_wait_in(device, &target->waiters, &target->spin);
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
	u32 max = iotarget_payload_max();

	if (e->flags & ~(IOTARGET_ELEMENT_IGNORE_STATE | IOTARGET_ELEMENT_FORGET))
		return -EINVAL;
	if (e->flags & IOTARGET_ELEMENT_FORGET &&
	    (e->flags != IOTARGET_ELEMENT_FORGET || e->deadline))
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
	return 0;
}

/* A slot keeps its reference until somebody else sends with it. */
static inline void iotarget_pid_set(struct pid **where, struct pid *pid)
{
	if (*where == pid)
		return;
	put_pid(*where);
	*where = get_pid(pid);
}

/* All but the payload. */
int iotarget_send_fill(struct iotarget_request *req,
		       const struct iotarget_send_element *e, fmode_t mode)
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
	req->forgotten = !!(e->flags & IOTARGET_ELEMENT_FORGET);
	/* what is forgotten goes whether the target is stopped or not */
	req->ignore_state = !!e->flags;
	req->compat = in_compat_syscall();
	req->uid = current_euid();
	iotarget_pid_set(&req->pid, task_tgid(current));
	iotarget_pid_set(&req->thread, task_pid(current));
	req->deadline = e->deadline;
	req->status = 0;
	req->information = 0;
	req->written = 0;
	return 0;
}

/* Tells the sender the id and the result of element @i. */
static int iotarget_send_answer(const struct iotarget_array *array, u32 i,
				u64 id, s32 result)
{
	struct iotarget_send_element __user *user = iotarget_element(array, i);

	return put_user(id, &user->id) ?: put_user(result, &user->result);
}

/*
 * Fills the slots of @list from the array and writes ids and results. Slots
 * beyond what was accepted go back at once. Returns how many were accepted, or
 * why none: a bad element accepts none, a cap those before it.
 */
static int iotarget_send_prepare(struct iotarget_target *target,
				 const struct iotarget_array *array,
				 struct list_head *list, fmode_t mode, bool own)
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
		/* what nobody reaps cannot be waited for */
		if (own && e.flags & IOTARGET_ELEMENT_FORGET)
			err = -EINVAL;
		else
			err = iotarget_send_fill(req, &e, mode) ?:
			      iotarget_buffer_from_sender(req, &e);
		if (iotarget_send_answer(array, i, err ? 0 : req->id, err))
			err = -EFAULT;
		if (err)
			break;
		i++;
	}
	/* @req is the first that was not accepted, or the head */
	list_cut_before(&filled, list, &req->node);
	iotarget_slots_put(target, list);
	list_splice(&filled, list);
	if ((err == -EAGAIN || err == -EDQUOT) && i)
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
	if (req->state >= IOTARGET_PENDED && req->state <= IOTARGET_COMPLETED &&
	    req->waiter == waiter) {
		req->waiter = NULL;
		waiter->pending--;
	}
}

/* The target's cancel routine, of what waits for its start. */
static void iotarget_target_cancel_pended(struct iotarget_request *req)
{
	list_del_init(&req->node);
	iotarget_request_complete(req, -ECANCELED, 0, false);
}

/* The target is stopped: all but what ignores that waits. Under the lock. */
static void iotarget_target_pend(struct iotarget_target *target,
				 struct list_head *list)
{
	struct iotarget_request *req, *next;

	list_for_each_entry_safe(req, next, list, node) {
		if (req->ignore_state)
			continue;
		req->sent = false;
		req->queue = NULL;
		target->sent[0]--;
		target->waiting++;
		iotarget_request_move(req, IOTARGET_PENDED,
				      iotarget_target_cancel_pended);
		list_move_tail(&req->node, &target->stopped);
	}
}

/*
 * To the queues that their types are routed to, in order. Each of them is woken once:
 * a user may have very many pollers. Under the lock.
 */
static void iotarget_target_submit(struct iotarget_target *target,
				   struct list_head *list, bool sync)
{
	struct iotarget_queue *const *routes = target->device->routes;
	struct iotarget_request *req, *next;
	struct iotarget_queue *queue;

	while (!list_empty(list)) {
		LIST_HEAD(part);

		req = list_first_entry(list, struct iotarget_request, node);
		queue = routes[req->type];
		list_for_each_entry(req, list, node) {
			if (routes[req->type] != queue)
				break;
		}
		/* @req is the first for another queue, or the head */
		list_cut_before(&part, list, &req->node);
		list_for_each_entry_safe(req, next, list, node) {
			if (routes[req->type] == queue)
				list_move_tail(&req->node, &part);
		}
		iotarget_queue_insert(queue, &part);
		iotarget_queue_wake(queue, sync);
	}
}

/* Sends the first of what waits, at most @max. Under the lock. */
static void iotarget_target_resume(struct iotarget_target *target, u32 max)
{
	struct iotarget_request *req;
	LIST_HEAD(list);
	u32 n = 0;

	list_for_each_entry(req, &target->stopped, node) {
		if (n == max)
			break;
		req->sent = true;
		n++;
	}
	/* @req is the first that stays, or the head */
	list_cut_before(&list, &target->stopped, &req->node);
	target->sent[0] += n;
	target->waiting -= n;
	iotarget_target_submit(target, &list, false);
}

/*
 * Publishes @list in one step; after it nothing can fail. With @waiter, the
 * requests are its own. Under the lock.
 */
int iotarget_send_publish(struct iotarget_target *target, struct list_head *list,
			  u32 count, struct iotarget_waiter *waiter, bool sync)
{
	struct rb_node *first = rb_first_cached(&target->deadlines);
	struct iotarget_request *req;

	if (target->ended || target->device->ended ||
	    target->state == IOTARGET_TARGET_REMOVED)
		return -ENODEV;
	if (waiter)
		waiter->pending = count;
	list_for_each_entry(req, list, node) {
		req->waiter = waiter;
		req->sent = true;
		target->sent[req->ignore_state]++;
		if (req->deadline)
			rb_add_cached(&req->deadline_node, &target->deadlines,
				      iotarget_deadline_less);
	}
	if (rb_first_cached(&target->deadlines) != first)
		iotarget_deadline_arm(target);
	if (unlikely(target->state == IOTARGET_TARGET_STOPPED ||
		     !list_empty(&target->stopped))) {
		iotarget_target_pend(target, list);
		/* behind what a START sends now, and no work more for it */
		if (target->state == IOTARGET_TARGET_STARTED)
			iotarget_target_resume(target, count);
	}
	iotarget_target_submit(target, list, sync);
	return 0;
}

/* SEND with WAIT: returns how many it leaves behind. Under the lock. */
static u32 iotarget_send_wait(struct iotarget_target *target,
			      struct iotarget_waiter *waiter)
{
	while (waiter->pending && !target->ended) {
		list_add(&waiter->node, &target->senders);
		if (iotarget_wait(target->device, waiter, &target->spin,
				  TASK_INTERRUPTIBLE))
			break;
	}
	return waiter->pending;
}

int iotarget_send(struct iotarget_call *call)
{
	struct iotarget_target *target = call->object;
	struct iotarget_send __user *user = call->user;
	struct iotarget_send *args = &call->args.send;
	bool wait = !(call->file->f_flags & O_NONBLOCK);
	bool own = args->flags & IOTARGET_SEND_WAIT;
	/* its initializing alone costs, in kernels that zero what is on the stack */
	struct iotarget_waiter waiter __uninitialized;
	int sent = 0, reaped = 0;
	LIST_HEAD(list);
	u32 left = 0;
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

	if (!args->send.count) {
		/* nothing is done for who could not be told; (and @reaped) */
		if (put_user(0, (u64 __user *)&user->sent))
			return -EFAULT;
	} else {
		sent = iotarget_slots_take(target, args->send.count, &list);
		if (sent < 0)
			return sent;
		sent = iotarget_send_prepare(target, &args->send, &list,
					     call->file->f_mode, own);
		if (sent < 0)
			return sent;
		if (put_user(sent, &user->sent) || put_user(0, &user->reaped)) {
			iotarget_slots_put(target, &list);
			return -EFAULT;
		}
		iotarget_race_point(IOTARGET_RACE_SEND_PUBLISH);
		iotarget_waiter_init(&waiter);
		spin_lock(&target->device->lock);
		err = iotarget_send_publish(target, &list, sent,
					    own ? &waiter : NULL,
					    wait && args->reap.count);
		if (!err && own)
			left = wait ? iotarget_send_wait(target, &waiter) :
			       waiter.pending;
		spin_unlock(&target->device->lock);
		if (err) {
			iotarget_slots_put(target, &list);
			return err;
		}
		if (left)
			iotarget_target_for_each(target,
						 iotarget_send_detach_one,
						 &waiter);
	}
	if (own && sent)
		reaped = iotarget_reap_list(target, &waiter.done, &args->reap);
	else if (args->reap.count)
		reaped = iotarget_reap_any(target, &args->reap, wait);
	if (!sent && reaped < 0)
		return reaped;
	/* it was writable before, and what was done is done */
	put_user(max(reaped, 0), &user->reaped);
	return 0;
}

/*
 * TARGET_CONTROL
 */

/*
 * STOP_CANCEL: of what waits nothing is cancelled, nor of what a START has sent
 * since.
 */
static void iotarget_target_cancel_sent(struct iotarget_request *req,
					void *context)
{
	const u32 *starts = context;

	if (req->sent && !req->ignore_state && iotarget_request_pending(req) &&
	    req->target->starts == *starts)
		iotarget_request_cancel(req);
}

/* REMOVE: what waits was never sent. */
static void iotarget_target_remove_one(struct iotarget_request *req, void *context)
{
	if (req->state == IOTARGET_PENDED)
		iotarget_request_end(req);
	else if (iotarget_request_pending(req))
		iotarget_request_cancel(req);
}

/* Starts or stops. Under the lock. */
static int iotarget_target_set(struct iotarget_target *target, u32 action)
{
	if (target->ended || target->device->ended)
		return -ENODEV;
	if (action == IOTARGET_TARGET_REMOVE)
		target->state = IOTARGET_TARGET_REMOVED;
	else if (target->state == IOTARGET_TARGET_REMOVED)
		return action == IOTARGET_TARGET_STATE ? 0 : -ENODEV;
	else if (action == IOTARGET_TARGET_START)
		target->state = IOTARGET_TARGET_STARTED;
	else if (action != IOTARGET_TARGET_STATE)
		target->state = IOTARGET_TARGET_STOPPED;

	if (action == IOTARGET_TARGET_START) {
		target->starts++;
		iotarget_wake_all(&target->stoppers);
	}
	return 0;
}

/* START: sends what waits, until the target is stopped, or over. Under the lock. */
static void iotarget_target_start(struct iotarget_target *target)
	__must_hold(&target->device->lock)
{
	struct iotarget_device *device = target->device;

	while (target->state == IOTARGET_TARGET_STARTED && !target->ended &&
	       !device->ended && !list_empty(&target->stopped)) {
		iotarget_target_resume(target, IOTARGET_BITE);
		spin_unlock(&device->lock);
		cond_resched();
		spin_lock(&device->lock);
	}
}

/*
 * Until what was sent has completed, or the target was started since @starts, be
 * it stopped again. Under the lock.
 */
static int iotarget_target_wait_sent(struct iotarget_target *target, u32 action,
				     u32 starts)
	__must_hold(&target->device->lock)
{
	bool all = action == IOTARGET_TARGET_REMOVE;
	int err = 0;

	while (!err && (target->sent[0] || (all && target->sent[1]))) {
		if (target->ended)
			return -ENODEV;
		if (target->starts != starts)
			break;
		/* stopped is stopped: not once more, by itself, after a START */
		if (iotarget_wait_in(target->device, &target->stoppers,
				     &target->spin))
			err = -EINTR;
	}
	return err;
}

int iotarget_target_control(struct iotarget_call *call)
{
	struct iotarget_target_control *args = &call->args.target_control;
	struct iotarget_target *target = call->object;
	struct iotarget_device *device = target->device;
	u32 starts;
	int err;

	if (args->flags || args->action < IOTARGET_TARGET_STATE ||
	    args->action > IOTARGET_TARGET_REMOVE)
		return -EINVAL;
	spin_lock(&device->lock);
	err = iotarget_target_set(target, args->action);
	starts = target->starts;
	spin_unlock(&device->lock);
	if (err)
		return err;

	if (args->action == IOTARGET_TARGET_STOP_CANCEL)
		iotarget_target_for_each(target, iotarget_target_cancel_sent,
					 &starts);
	else if (args->action == IOTARGET_TARGET_REMOVE)
		iotarget_target_for_each(target, iotarget_target_remove_one,
					 NULL);

	spin_lock(&device->lock);
	if (args->action == IOTARGET_TARGET_START)
		iotarget_target_start(target);
	/* who waits to reap, with nothing pending, waits in vain; and to send */
	if (args->action == IOTARGET_TARGET_REMOVE) {
		iotarget_target_settle(target, 0);
		wake_up_interruptible_poll(&target->pollers,
					   EPOLLOUT | EPOLLWRNORM);
	}
	if (args->action == IOTARGET_TARGET_STOP_CANCEL ||
	    args->action == IOTARGET_TARGET_STOP_WAIT ||
	    args->action == IOTARGET_TARGET_REMOVE)
		err = iotarget_target_wait_sent(target, args->action, starts);
	args->state = target->state;
	args->sent = target->sent[0];
	args->waiting = target->waiting;
	spin_unlock(&device->lock);
	return err ?: iotarget_call_respond(call);
}

/*
 * CANCEL
 */

/* CANCEL of a thread: which, and its answer. */
struct iotarget_cancel_thread {
	struct pid *thread;
	struct iotarget_cancel *args;
};

static void iotarget_target_cancel_thread(struct iotarget_request *req,
					  void *context)
{
	struct iotarget_cancel_thread *cancel = context;

	/* (what a slot in another state says is of an earlier request) */
	if (iotarget_request_pending(req) && req->thread == cancel->thread)
		iotarget_target_cancel_one(req, cancel->args);
}

/* Cancels what a thread has sent. One that has ended is found by ALL alone. */
static void iotarget_cancel_thread(struct iotarget_target *target,
				   struct iotarget_cancel *args)
{
	struct iotarget_cancel_thread cancel = { .args = args };

	cancel.thread = args->tid ? find_get_pid(args->tid) :
				    get_pid(task_pid(current));
	if (!cancel.thread)
		return;
	iotarget_target_for_each(target, iotarget_target_cancel_thread, &cancel);
	put_pid(cancel.thread);
}

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
		iotarget_driver_run_cancels(device);
		spin_unlock(&device->lock);
		break;
	case IOTARGET_CANCEL_THREAD:
	case IOTARGET_CANCEL_ALL:
		if (args->scope == IOTARGET_CANCEL_THREAD)
			iotarget_cancel_thread(target, args);
		else
			iotarget_target_for_each(target,
						 iotarget_target_cancel_one,
						 args);
		if (!args->delivered && !args->marked && !args->told)
			err = -ENOENT;
		break;
	default:
		return -EINVAL;
	}
	return err ?: iotarget_call_respond(call);
}
