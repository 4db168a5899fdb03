// SPDX-License-Identifier: GPL-2.0
/*
 * Queues: the order of requests, and which one the host may have next.
 */
#include <linux/poll.h>

#include "internal.h"
#include "iotarget.h"

void iotarget_queue_init(struct iotarget_queue *queue,
			 struct iotarget_device *device, u32 dispatch, u32 limit)
{
	queue->device = device;
	queue->dispatch = dispatch;
	queue->limit = dispatch == IOTARGET_DISPATCH_SEQUENTIAL ? 1 : limit;
	INIT_LIST_HEAD(&queue->requests);
	INIT_LIST_HEAD(&queue->cancels);
	INIT_LIST_HEAD(&queue->events);
	INIT_LIST_HEAD(&queue->waiters);
	init_waitqueue_head(&queue->pollers);
}

/* The queue's cancel routine: what the queue owns, it completes itself. */
void iotarget_queue_cancel(struct iotarget_request *req)
{
	list_del_init(&req->node);
	iotarget_request_complete(req, -ECANCELED, 0, false);
}

/* All of @list, in its order. */
void iotarget_queue_insert(struct iotarget_queue *queue, struct list_head *list)
{
	struct iotarget_request *req;

	list_for_each_entry(req, list, node) {
		req->queue = queue;
		iotarget_request_move(req, IOTARGET_QUEUED,
				      iotarget_queue_cancel);
	}
	list_splice_tail_init(list, &queue->requests);
	WRITE_ONCE(queue->spin.cpu, raw_smp_processor_id());
}

/* How many more requests may the host have, by dispatch type and limit? */
static u32 iotarget_queue_room(const struct iotarget_queue *queue)
{
	if (queue->stopped)
		return 0;
	if (!queue->limit)
		return U32_MAX;
	return queue->limit - min(queue->owned, queue->limit);
}

/* Would FETCH return a record? */
bool iotarget_queue_readable(const struct iotarget_queue *queue)
{
	return !list_empty(&queue->cancels) || !list_empty(&queue->events) ||
	       (!list_empty(&queue->requests) && iotarget_queue_room(queue));
}

/*
 * Whoever leaves the queue readable calls this: it wakes one, who passes it on
 * if there is more.
 */
void iotarget_queue_wake(struct iotarget_queue *queue, bool sync)
{
	if (!iotarget_queue_readable(queue))
		return;
	if (queue->device->driver)
		queue_work(iotarget_wq, &queue->device->driver->work);
	else
		iotarget_wake_one(&queue->waiters, &queue->pollers,
				  EPOLLIN | EPOLLRDNORM, sync);
}

/*
 * By hand, whatever the host has already: up to @count requests, in order, leave
 * the queue and are held until their records are copied. With @routine the host
 * will have them marked, from this instant on. Returns how many.
 */
u32 iotarget_queue_retrieve(struct iotarget_queue *queue,
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
	queue->owned += n;
	return n;
}

/* The same, as the dispatch type and its limit allow. */
u32 iotarget_queue_dispatch(struct iotarget_queue *queue,
			    iotarget_cancel_fn routine,
			    struct iotarget_request **reqs, u32 count)
{
	return iotarget_queue_retrieve(queue, routine, reqs,
				       min(count, iotarget_queue_room(queue)));
}

/* To the head, or to what is held back. */
static void iotarget_queue_put_back(struct iotarget_request *req,
				    iotarget_cancel_fn routine)
{
	struct iotarget_target *target = req->target;

	req->queue->owned--;
	iotarget_request_move(req, IOTARGET_QUEUED, routine);
	list_add(&req->node, iotarget_target_holds_back(target) ?
		 &target->held : &req->queue->requests);
}

/*
 * The record could not be copied: back to the head, as if never taken. A cancel
 * that came meanwhile finds it here: the mark is set, and the queue makes it
 * cancelable again.
 */
void iotarget_queue_undo(struct iotarget_request *req)
{
	if (req->cancelled)
		iotarget_request_complete(req, -ECANCELED, 0, false);
	else
		iotarget_queue_put_back(req, iotarget_queue_cancel);
}

/*
 * By its owner: back to the head, to be handed out again. With the mark of a
 * cancel it does not wait there: where the queue is stopped, it completes.
 */
int iotarget_queue_requeue(struct iotarget_request *req)
{
	struct iotarget_queue *queue = req->queue;

	if (req->state == IOTARGET_CLAIMED)
		return -ECANCELED;
	if (req->state != IOTARGET_OWNED || req->routine)
		return -EINVAL;
	if (req->cancelled && queue->stopped) {
		iotarget_request_complete(req, -ECANCELED, 0, false);
		return 0;
	}
	iotarget_queue_put_back(req, req->cancelled ? NULL :
				iotarget_queue_cancel);
	iotarget_queue_wake(queue, false);
	return 0;
}
