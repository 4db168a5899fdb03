// SPDX-License-Identifier: GPL-2.0
/*
 * Queues: the order of requests, which one the host may have next, and what
 * QUEUE_CONTROL does to them.
 */
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "internal.h"
#include "iotarget.h"

/* Does it take what the queue's maker asks for? */
int iotarget_queue_check(const struct iotarget_queue_create *args)
{
	if (args->flags & ~(IOTARGET_QUEUE_NO_ZERO_LENGTH |
			    IOTARGET_QUEUE_CANCELED_EVENTS) ||
	    !args->dispatch || args->dispatch > IOTARGET_DISPATCH_MANUAL ||
	    (args->limit && args->dispatch != IOTARGET_DISPATCH_PARALLEL))
		return -EINVAL;
	return 0;
}

/* What others left: the next bite. */
static void iotarget_queue_skipping(struct work_struct *work)
{
	struct iotarget_queue *queue =
		container_of(work, struct iotarget_queue, skipping);

	spin_lock(&queue->device->lock);
	iotarget_queue_wake(queue, false);
	spin_unlock(&queue->device->lock);
}

void iotarget_queue_init(struct iotarget_queue *queue,
			 struct iotarget_device *device,
			 const struct iotarget_queue_create *args)
{
	queue->device = device;
	queue->dispatch = args->dispatch;
	queue->limit = args->dispatch == IOTARGET_DISPATCH_SEQUENTIAL ?
		       1 : args->limit;
	queue->flags = args->flags;
	INIT_LIST_HEAD(&queue->requests);
	INIT_LIST_HEAD(&queue->cancels);
	INIT_LIST_HEAD(&queue->events);
	INIT_LIST_HEAD(&queue->waiters);
	init_waitqueue_head(&queue->pollers);
	INIT_WORK(&queue->skipping, iotarget_queue_skipping);
}

/* How many more requests may the host have, by dispatch type and limit? */
static u32 iotarget_queue_room(const struct iotarget_queue *queue)
{
	if (queue->stopped || queue->dispatch == IOTARGET_DISPATCH_MANUAL)
		return 0;
	if (!queue->limit)
		return U32_MAX;
	return queue->limit - min(queue->owned, queue->limit);
}

/* Is there something to say of the queue itself? */
bool iotarget_queue_tells(const struct iotarget_queue *queue)
{
	if (queue->notice == IOTARGET_NOTICE_READY)
		return true;
	return queue->dispatch == IOTARGET_DISPATCH_MANUAL &&
	       !list_empty(&queue->requests) && !queue->announced &&
	       !queue->stopped;
}

/* Does it complete unseen, because it has nothing to transfer? */
static bool iotarget_queue_skips(const struct iotarget_request *req)
{
	return req->queue->flags & IOTARGET_QUEUE_NO_ZERO_LENGTH &&
	       req->type != IOTARGET_TYPE_CONTROL &&
	       !req->in_length && !req->out_length;
}

/* Is there more to complete before the host may have one? */
bool iotarget_queue_skips_first(const struct iotarget_queue *queue)
{
	return queue->flags & IOTARGET_QUEUE_NO_ZERO_LENGTH &&
	       !list_empty(&queue->requests) &&
	       iotarget_queue_skips(list_first_entry(&queue->requests,
						     struct iotarget_request,
						     node));
}

/* Would FETCH return a record? */
bool iotarget_queue_readable(const struct iotarget_queue *queue)
{
	if (queue->ended)
		return false;
	return (!list_empty(&queue->requests) && iotarget_queue_room(queue) &&
		!iotarget_queue_skips_first(queue)) ||
	       !list_empty(&queue->cancels) || !list_empty(&queue->events) ||
	       iotarget_queue_tells(queue);
}

/* A bite of those that stand first in @list. */
static void iotarget_queue_skip(struct list_head *list)
{
	struct iotarget_request *req;
	unsigned int n = 0;

	/* from the head each time: a completion can come back here */
	while (n++ < IOTARGET_BITE &&
	       (req = list_first_entry_or_null(list, struct iotarget_request,
					       node)) &&
	       iotarget_queue_skips(req)) {
		list_del_init(&req->node);
		iotarget_request_complete(req, 0, 0, false);
	}
}

/* The queue's: what is left after a bite waits for no caller. */
static void iotarget_queue_skip_first(struct iotarget_queue *queue)
{
	iotarget_queue_skip(&queue->requests);
	if (iotarget_queue_skips_first(queue) && !queue->ended)
		queue_work(iotarget_wq, &queue->skipping);
}

/* There is something to fetch. */
static void iotarget_queue_rouse(struct iotarget_queue *queue, bool sync)
{
	if (queue->bridge)
		queue_work(iotarget_wq, &queue->bridge->work);
	else
		iotarget_wake_one(&queue->waiters, &queue->pollers,
				  EPOLLIN | EPOLLRDNORM, sync);
}

/*
 * Whoever leaves the queue readable calls this: it wakes one, who passes it on
 * if there is more.
 */
void iotarget_queue_wake(struct iotarget_queue *queue, bool sync)
{
	if (queue->flags & IOTARGET_QUEUE_NO_ZERO_LENGTH &&
	    iotarget_queue_room(queue))
		iotarget_queue_skip_first(queue);
	if (iotarget_queue_readable(queue))
		iotarget_queue_rouse(queue, sync);
}

/* One has left that was not handed out: what stood behind it may not wait. */
void iotarget_queue_advance(struct iotarget_queue *queue)
{
	if (queue->flags & IOTARGET_QUEUE_NO_ZERO_LENGTH)
		iotarget_queue_wake(queue, false);
}

/* The host has the request, and is to hear that it was cancelled. */
void iotarget_queue_post_cancel(struct iotarget_request *req)
{
	list_add_tail(&req->node, &req->queue->cancels);
	iotarget_queue_wake(req->queue, false);
}

/*
 * A request that is on no list was cancelled while the queue had it: the queue
 * completes it, or gives it back to a host that had it before and asked for that.
 */
static void iotarget_queue_cancelled(struct iotarget_request *req)
{
	if (!req->fetched ||
	    !(req->queue->flags & IOTARGET_QUEUE_CANCELED_EVENTS)) {
		iotarget_request_complete(req, -ECANCELED, 0, false);
		return;
	}
	if (req->state == IOTARGET_QUEUED) {
		req->queue->queued--;
		req->queue->owned++;
	}
	req->on_queue = true;
	/* not one that was claimed while its record was copied, in vain */
	if (req->state != IOTARGET_CLAIMED)
		iotarget_request_move(req, IOTARGET_CLAIMED, NULL);
	iotarget_queue_post_cancel(req);
}

/* The queue's cancel routine. */
void iotarget_queue_cancel(struct iotarget_request *req)
{
	struct iotarget_queue *queue = req->queue;

	list_del_init(&req->node);
	iotarget_queue_cancelled(req);
	iotarget_queue_advance(queue);
}

/* A request is the queue's from here on; the caller lists it. */
static void iotarget_queue_own(struct iotarget_queue *queue,
			       struct iotarget_request *req,
			       iotarget_cancel_fn routine)
{
	/* what comes to an empty queue is news */
	if (list_empty(&queue->requests))
		queue->announced = false;
	queue->queued++;
	req->queue = queue;
	req->moves++;
	iotarget_request_move(req, IOTARGET_QUEUED, routine);
}

/* All of @list, in its order. */
void iotarget_queue_insert(struct iotarget_queue *queue, struct list_head *list)
{
	struct iotarget_request *req, *next;

	list_for_each_entry(req, list, node)
		iotarget_queue_own(queue, req, iotarget_queue_cancel);
	if (unlikely(queue->refusing)) {
		list_for_each_entry_safe(req, next, list, node) {
			list_del_init(&req->node);
			iotarget_request_complete(req, -ESHUTDOWN, 0, false);
		}
		return;
	}
	list_splice_tail_init(list, &queue->requests);
	WRITE_ONCE(queue->spin.cpu, raw_smp_processor_id());
}

/* Takes up to @count requests from the head, as below. */
static u32 iotarget_queue_take(struct iotarget_queue *queue,
			       iotarget_cancel_fn routine,
			       struct iotarget_request **reqs, u32 count)
{
	struct iotarget_request *req;
	LIST_HEAD(taken);
	u32 n = 0, i;

	list_for_each_entry(req, &queue->requests, node) {
		if (n == count)
			break;
		iotarget_request_move(req, IOTARGET_DELIVERING, routine);
		iotarget_request_hold(req);
		reqs[n++] = req;
	}
	/* @req is the first that stays, or the head */
	list_cut_before(&taken, &queue->requests, &req->node);
	for (i = 0; i < n; i++)
		INIT_LIST_HEAD(&reqs[i]->node);
	queue->queued -= n;
	queue->owned += n;
	return n;
}

/*
 * By hand, whatever the host has already: up to @count requests, in order, leave
 * the queue and are held until their records are copied. With @routine the host
 * will have them marked, from this instant on. Returns how many: none also where
 * iotarget_queue_skips_first() says that there may be some after the next bite.
 */
u32 iotarget_queue_retrieve(struct iotarget_queue *queue,
			    iotarget_cancel_fn routine,
			    struct iotarget_request **reqs, u32 count)
{
	if (queue->flags & IOTARGET_QUEUE_NO_ZERO_LENGTH) {
		iotarget_queue_skip_first(queue);
		if (iotarget_queue_skips_first(queue))
			return 0;
		/* behind the first there may be more to be skipped */
		count = min(count, 1U);
	}
	return iotarget_queue_take(queue, routine, reqs, count);
}

/*
 * Looks at a bite of requests for one of @file, from *@at on, or from the head. Then
 * *@at is where to go on, held, or NULL: there is no more. Returns how many it took.
 */
static u32 iotarget_queue_look(struct iotarget_queue *queue,
			       iotarget_cancel_fn routine, u64 file,
			       struct iotarget_request **reqs,
			       struct iotarget_request **at)
{
	struct iotarget_request *req, *next;
	u32 looked = 0, n = 0;
	LIST_HEAD(skipped);

	req = *at ?: list_first_entry(&queue->requests, struct iotarget_request,
				      node);
	*at = NULL;
	list_for_each_entry_safe_from(req, next, &queue->requests, node) {
		if (looked++ == IOTARGET_BITE) {
			*at = req;
			iotarget_request_hold(req);
			break;
		}
		if (req->target->file != file)
			continue;
		if (!iotarget_queue_skips(req)) {
			list_move(&req->node, &queue->requests);
			n = iotarget_queue_take(queue, routine, reqs, 1);
			break;
		}
		list_move_tail(&req->node, &skipped);
	}
	iotarget_queue_skip(&skipped);
	return n;
}

/*
 * The same, one of @file. If its record cannot be copied, it stays first. The lock
 * is let go now and then: the queue may have been stopped, or have ended.
 */
u32 iotarget_queue_retrieve_file(struct iotarget_queue *queue,
				 iotarget_cancel_fn routine, u64 file,
				 struct iotarget_request **reqs)
	__must_hold(&queue->device->lock)
{
	struct iotarget_device *device = queue->device;
	struct iotarget_request *at = NULL;
	u32 n, moves;

	do {
		n = iotarget_queue_look(queue, routine, file, reqs, &at);
		if (!at)
			break;
		moves = at->moves;
		spin_unlock(&device->lock);
		cond_resched();
		spin_lock(&device->lock);
		/* if it left meanwhile, from the head again */
		if (!iotarget_request_release(at) || at->moves != moves ||
		    at->state != IOTARGET_QUEUED ||
		    iotarget_target_holds_back(at->target))
			at = NULL;
	} while (!queue->stopped && !queue->ended && !fatal_signal_pending(current));
	return n;
}

/* The same, as the dispatch type and its limit allow. */
u32 iotarget_queue_dispatch(struct iotarget_queue *queue,
			    iotarget_cancel_fn routine,
			    struct iotarget_request **reqs, u32 count)
{
	count = min(count, iotarget_queue_room(queue));
	return count ? iotarget_queue_retrieve(queue, routine, reqs, count) : 0;
}

/* To the head, or to what is held back. */
static void iotarget_queue_put_back(struct iotarget_request *req,
				    iotarget_cancel_fn routine)
{
	struct iotarget_target *target = req->target;
	struct iotarget_queue *queue = req->queue;

	queue->owned--;
	iotarget_queue_own(queue, req, routine);
	list_add(&req->node, iotarget_target_holds_back(target) ?
		 &target->held : &queue->requests);
	iotarget_queue_settle(queue);
}

/*
 * The record could not be copied: back to the head, as if never taken. A cancel
 * that came meanwhile, or a purge, finds it here.
 */
void iotarget_queue_undo(struct iotarget_request *req)
{
	if (req->queue->purging && !req->cancelled)
		iotarget_request_cancel(req);
	if (req->cancelled)
		iotarget_queue_cancelled(req);
	else
		iotarget_queue_put_back(req, iotarget_queue_cancel);
}

/* May the host give the request to a queue? */
static int iotarget_queue_may_return(struct iotarget_request *req)
{
	struct iotarget_device *device = req->target->device;

	if (req->state == IOTARGET_CLAIMED)
		return -ECANCELED;
	if (req->state != IOTARGET_OWNED)
		return iotarget_violate(device, req->id, IOTARGET_IS_TOLD);
	if (req->routine)
		return iotarget_violate(device, req->id, IOTARGET_IS_MARKED);
	return 0;
}

/*
 * By its owner: back to the head, to be handed out again. With the mark of a
 * cancel it does not wait there: it goes out at once, or ends.
 */
int iotarget_queue_requeue(struct iotarget_request *req)
{
	struct iotarget_queue *queue = req->queue;
	int err;

	err = iotarget_queue_may_return(req);
	if (err)
		return err;
	if (queue->purging && !req->cancelled)
		iotarget_request_cancel(req);
	if (queue->purging || (req->cancelled && !iotarget_queue_room(queue)))
		iotarget_queue_cancelled(req);
	else
		iotarget_queue_put_back(req, req->cancelled ? NULL :
					iotarget_queue_cancel);
	iotarget_queue_wake(queue, false);
	return 0;
}

/* By its owner: to the tail of another queue, where a cancel that came finds it. */
int iotarget_queue_forward(struct iotarget_request *req,
			   struct iotarget_queue *queue)
{
	struct iotarget_queue *from = req->queue;
	struct iotarget_target *target = req->target;
	int err;

	err = iotarget_queue_may_return(req);
	if (err)
		return err;
	if (queue == from || queue->device != from->device)
		return iotarget_violate(from->device, req->id,
					IOTARGET_BAD_QUEUE);
	if (queue->ended)
		return -ENODEV;
	if (queue->refusing)
		return -EBUSY;
	from->owned--;
	iotarget_queue_own(queue, req, iotarget_queue_cancel);
	list_add_tail(&req->node, iotarget_target_holds_back(target) ?
		      &target->held : &queue->requests);
	if (req->cancelled)
		iotarget_queue_cancel(req);
	iotarget_queue_wake(queue, false);
	iotarget_queue_settle(from);
	iotarget_queue_wake(from, false);
	return 0;
}

/*
 * What QUEUE_CONTROL does
 */

u32 iotarget_queue_state(const struct iotarget_queue *queue)
{
	return (queue->refusing ? 0 : IOTARGET_QUEUE_STATE_ACCEPT) |
	       (queue->stopped ? 0 : IOTARGET_QUEUE_STATE_DISPATCH) |
	       (queue->queued ? 0 : IOTARGET_QUEUE_STATE_EMPTY) |
	       (queue->owned ? 0 : IOTARGET_QUEUE_STATE_IDLE);
}

/*
 * A request has left: is that what is waited for? After the end nobody hears of it:
 * a driver that unregisters has its work no more.
 */
void iotarget_queue_settle(struct iotarget_queue *queue)
{
	if (queue->ended || queue->owned || queue->purges)
		return;
	queue->purging = false;
	if (queue->notice == IOTARGET_NOTICE_IDLE ||
	    (queue->notice == IOTARGET_NOTICE_EMPTY && !queue->queued)) {
		queue->notice = IOTARGET_NOTICE_READY;
		iotarget_queue_rouse(queue, false);
	}
}

/* Accepts, or not; hands out, or not. Under the lock. */
static void iotarget_queue_set(struct iotarget_queue *queue, u32 action)
{
	struct iotarget_request *req, *next;

	queue->refusing = action == IOTARGET_QUEUE_DRAIN ||
			  action == IOTARGET_QUEUE_PURGE;
	switch (action) {
	case IOTARGET_QUEUE_START:
		queue->stopped = false;
		queue->purging = false;
		queue->announced = false;
		break;
	case IOTARGET_QUEUE_STOP:
	case IOTARGET_QUEUE_STOP_AND_PURGE:
		queue->stopped = true;
		break;
	}
	if (action == IOTARGET_QUEUE_PURGE ||
	    action == IOTARGET_QUEUE_STOP_AND_PURGE)
		queue->purging = true;
	/*
	 * What a driver requeued cancelled stands first, and does not wait for a start.
	 * (Hosts cannot, and may have forwarded very many here.)
	 */
	list_for_each_entry_safe(req, next, &queue->requests, node) {
		if (!queue->stopped || !queue->bridge || !req->fetched)
			break;
		if (req->cancelled)
			iotarget_queue_cancel(req);
	}
	iotarget_queue_wake(queue, false);
}

/**
 * struct iotarget_purge - a purge under way
 * @queue: of which queue
 * @serial: of the last request when it began
 */
struct iotarget_purge {
	struct iotarget_queue *queue;
	u64 serial;
};

/* What waits is cancelled, and what the host has marked. */
static void iotarget_queue_purge_one(struct iotarget_request *req, void *context)
{
	struct iotarget_purge *purge = context;

	if (req->queue == purge->queue && iotarget_request_pending(req) &&
	    req->id >> IOTARGET_ID_SLOT_BITS <= purge->serial && req->routine)
		iotarget_request_cancel(req);
}

/*
 * Does what @action says, and has the host told when that has come about, if it
 * is to be. A purge takes what was there when it began; what comes meanwhile is
 * refused, or stays.
 */
int iotarget_queue_do(struct iotarget_queue *queue, u32 action, bool notify)
{
	bool purge = action == IOTARGET_QUEUE_PURGE ||
		     action == IOTARGET_QUEUE_STOP_AND_PURGE;
	bool stop = action == IOTARGET_QUEUE_STOP ||
		    action == IOTARGET_QUEUE_STOP_AND_PURGE;
	struct iotarget_device *device = queue->device;
	struct iotarget_purge context = { .queue = queue };
	int err = 0;

	spin_lock(&device->lock);
	if (queue->ended) {
		err = -ENODEV;
	} else if (notify && queue->notice) {
		err = -EBUSY;
	} else {
		iotarget_queue_set(queue, action);
		queue->purges += purge;
		context.serial = device->serial;
		if (notify)
			queue->notice = stop ? IOTARGET_NOTICE_IDLE :
					       IOTARGET_NOTICE_EMPTY;
	}
	spin_unlock(&device->lock);
	if (err)
		return err;

	if (purge)
		iotarget_device_for_each(device, iotarget_queue_purge_one,
					 &context);
	spin_lock(&device->lock);
	queue->purges -= purge;
	iotarget_queue_settle(queue);
	spin_unlock(&device->lock);
	return 0;
}

int iotarget_queue_control(struct iotarget_call *call)
{
	struct iotarget_queue_control *args = &call->args.queue_control;
	struct iotarget_queue *queue = iotarget_file_queue(call->file);
	bool notify = args->flags & IOTARGET_QUEUE_CONTROL_NOTIFY;
	struct iotarget_device *device = queue->device;
	u32 action = args->action;
	int err = 0;

	if (args->flags & ~IOTARGET_QUEUE_CONTROL_NOTIFY ||
	    action < IOTARGET_QUEUE_STATE ||
	    action > IOTARGET_QUEUE_STOP_AND_PURGE ||
	    (notify && action <= IOTARGET_QUEUE_START))
		return -EINVAL;
	if (action != IOTARGET_QUEUE_STATE)
		err = iotarget_queue_do(queue, action, notify);
	if (err)
		return err;

	spin_lock(&device->lock);
	if (queue->ended)
		err = -ENODEV;
	args->state = iotarget_queue_state(queue);
	args->in_queue = queue->queued;
	args->in_host = queue->owned;
	spin_unlock(&device->lock);
	return err ?: iotarget_call_respond(call);
}

/*
 * The fds of queues
 */

/* A device's fd is that of its default queue. */
struct iotarget_queue *iotarget_file_queue(const struct file *file)
{
	struct iotarget_device *device = file->private_data;

	return file->f_op == &iotarget_queue_fops ? file->private_data :
						    &device->queue;
}

/* The file of a queue that a host names by fd, with a reference. */
static struct file *iotarget_queue_get_file(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (file->f_op == &iotarget_queue_fops ||
	    file->f_op == &iotarget_device_fops)
		return file;
	fput(file);
	return ERR_PTR(-EINVAL);
}

int iotarget_queue_create(struct iotarget_call *call)
{
	struct iotarget_queue_create *args = &call->args.queue_create;
	struct iotarget_device *device = call->object;
	struct iotarget_queue *queue;
	int err;

	err = args->pad ? -EINVAL : iotarget_queue_check(args);
	if (err)
		return err;
	queue = kzalloc(sizeof(*queue), GFP_KERNEL_ACCOUNT);
	if (!queue)
		return -ENOMEM;
	iotarget_queue_init(queue, device, args);
	err = -ENOMEM;
	queue->account = iotarget_account_get();
	if (!queue->account)
		goto free;
	err = iotarget_account_charge(queue->account, IOTARGET_CAP_QUEUES, 1);
	if (err)
		goto put;
	spin_lock(&device->lock);
	if (device->ended) {
		err = -ENODEV;
	} else {
		list_add_tail(&queue->node, &device->queues);
		iotarget_device_get(device);
	}
	spin_unlock(&device->lock);
	if (err)
		goto uncharge;
	return iotarget_install(call, "[iotarget-queue]", &iotarget_queue_fops,
				queue, iotarget_queue_close, &args->fd);

uncharge:
	iotarget_account_uncharge(queue->account, IOTARGET_CAP_QUEUES, 1);
put:
	iotarget_account_put(queue->account);
free:
	kfree(queue);
	return err;
}

int iotarget_queue_route(struct iotarget_queue *queue, u32 type)
{
	struct iotarget_device *device = queue->device;
	int err = 0;

	if (!type || type >= IOTARGET_TYPES || queue == &device->queue)
		return -EINVAL;
	spin_lock(&device->lock);
	if (queue->ended)
		err = -ENODEV;
	else if (device->routes[type] != &device->queue)
		err = -EBUSY;
	else
		device->routes[type] = queue;
	spin_unlock(&device->lock);
	return err;
}

int iotarget_route(struct iotarget_call *call)
{
	struct iotarget_route *args = &call->args.route;
	struct file *file;
	int err = -EINVAL;

	if (args->flags)
		return -EINVAL;
	file = iotarget_queue_get_file(args->queue_fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (iotarget_file_queue(file)->device == call->object)
		err = iotarget_queue_route(iotarget_file_queue(file),
					   args->type);
	fput(file);
	return err;
}

int iotarget_forward(struct iotarget_call *call)
{
	struct iotarget_forward *args = &call->args.forward;
	struct iotarget_queue *from = iotarget_file_queue(call->file), *to;
	struct iotarget_request *req;
	struct file *file;
	int err;

	if (args->flags || args->pad)
		return -EINVAL;
	file = iotarget_queue_get_file(args->queue_fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	to = iotarget_file_queue(file);
	spin_lock(&from->device->lock);
	if (from->ended) {
		err = -ENODEV;
	} else {
		req = iotarget_host_find(from, args->id);
		err = req ? iotarget_queue_forward(req, to) :
			    iotarget_violate(from->device, args->id,
					     IOTARGET_NOT_OWNED);
	}
	spin_unlock(&from->device->lock);
	fput(file);
	return err;
}

/* Nothing is dispatched or fetched any more. Under the lock. */
void iotarget_queue_mark_ended(struct iotarget_queue *queue)
{
	WRITE_ONCE(queue->ended, true);
	iotarget_wake_all(&queue->waiters);
	wake_up_interruptible_poll(&queue->pollers, EPOLLERR | EPOLLHUP);
}

static void iotarget_queue_end_one(struct iotarget_request *req, void *queue)
{
	if (req->queue == queue)
		iotarget_request_end(req);
}

/* SHUTDOWN or last close: what it holds ends, and its routes. */
static void iotarget_queue_end(struct iotarget_queue *queue)
{
	struct iotarget_device *device = queue->device;
	unsigned int type;

	spin_lock(&device->lock);
	for (type = 0; type < IOTARGET_TYPES; type++) {
		if (device->routes[type] == queue)
			device->routes[type] = &device->queue;
	}
	iotarget_queue_mark_ended(queue);
	spin_unlock(&device->lock);
	iotarget_device_for_each(device, iotarget_queue_end_one, queue);
}

int iotarget_queue_shutdown(struct iotarget_call *call)
{
	struct iotarget_queue *queue = iotarget_file_queue(call->file);

	if (call->args.shutdown.flags)
		return -EINVAL;
	/* a device ends with its default queue */
	if (queue == &queue->device->queue)
		iotarget_device_end(queue->device);
	else
		iotarget_queue_end(queue);
	return 0;
}

void iotarget_queue_close(void *object)
{
	struct iotarget_queue *queue = object;
	struct iotarget_device *device = queue->device;

	iotarget_queue_end(queue);
	cancel_work_sync(&queue->skipping);
	spin_lock(&device->lock);
	list_del(&queue->node);
	spin_unlock(&device->lock);
	iotarget_account_uncharge(queue->account, IOTARGET_CAP_QUEUES, 1);
	iotarget_account_put(queue->account);
	kfree(queue);
	iotarget_device_put(device);
}

int iotarget_queue_release(struct inode *inode, struct file *file)
{
	iotarget_queue_close(file->private_data);
	return 0;
}

__poll_t iotarget_queue_poll(struct file *file, poll_table *wait)
{
	struct iotarget_queue *queue = iotarget_file_queue(file);
	struct iotarget_device *device = queue->device;
	__poll_t mask = 0;

	poll_wait(file, &queue->pollers, wait);
	spin_lock(&device->lock);
	if (queue->ended)
		mask = EPOLLERR | EPOLLHUP;
	else if (iotarget_queue_readable(queue))
		mask = EPOLLIN | EPOLLRDNORM;
	spin_unlock(&device->lock);
	return mask;
}
