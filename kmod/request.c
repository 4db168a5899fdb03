// SPDX-License-Identifier: GPL-2.0
/*
 * The state machine of a request. Every race is decided here, under the
 * device's lock, and nowhere else.
 *
 * Two facts make up a request's state: who owns it, which decides who may
 * complete it; and whether a cancel routine is set, which decides who can be
 * told of a cancel. Beside them stands the mark that a cancel came, which
 * sticks. All three change in iotarget_request_set() alone.
 *
 *  state        owner     routine         goes to
 *  FREE         nobody    none            PREPARING
 *  PREPARING    SEND      none            QUEUED, PENDED, FREE
 *  PENDED       target    the target's    QUEUED (start), COMPLETED
 *  QUEUED       queue     the queue's     DELIVERING, COMPLETED, CLAIMED (cancel
 *                         or none, if a   of what a host had)
 *                         driver requeued
 *                         it cancelled
 *  DELIVERING   host,     the bridge's    OWNED (copied), QUEUED (not copied),
 *               not yet   or none         CLAIMED (cancel), COMPLETED (end)
 *  OWNED        host      the bridge's    CLAIMED (cancel), QUEUED (requeue,
 *                         or none         forward), COMPLETED
 *  CLAIMED      host      taken           TOLD (OnCancel fetched), COMPLETED
 *                                         (end; not copied)
 *  TOLD         host      taken           COMPLETED
 *  COMPLETED    nobody    none            READY
 *  READY        sender    none            FREE
 *
 * PENDED, QUEUED, DELIVERING and OWNED also go to themselves, when only the routine
 * or the mark changes: mark, unmark, and the first half of a cancel.
 *
 * Cancel sets the mark and takes the routine if one is set. Dispatch, unmark
 * and completion take the routine by the same move; who finds it taken touches
 * nothing. A cancel never completes a request behind its owner's back: the
 * queue completes what it owns, a host is told.
 */
#include <linux/lockdep.h>

#include "internal.h"
#include "trace.h"

static const u16 iotarget_edges[] = {
	[IOTARGET_FREE] = BIT(IOTARGET_PREPARING),
	[IOTARGET_PREPARING] = BIT(IOTARGET_QUEUED) | BIT(IOTARGET_PENDED) |
			       BIT(IOTARGET_FREE),
	[IOTARGET_PENDED] = BIT(IOTARGET_PENDED) | BIT(IOTARGET_QUEUED) |
			    BIT(IOTARGET_COMPLETED),
	[IOTARGET_QUEUED] = BIT(IOTARGET_QUEUED) | BIT(IOTARGET_DELIVERING) |
			    BIT(IOTARGET_CLAIMED) | BIT(IOTARGET_COMPLETED),
	[IOTARGET_DELIVERING] = BIT(IOTARGET_DELIVERING) | BIT(IOTARGET_OWNED) |
				BIT(IOTARGET_QUEUED) | BIT(IOTARGET_CLAIMED) |
				BIT(IOTARGET_COMPLETED),
	[IOTARGET_OWNED] = BIT(IOTARGET_OWNED) | BIT(IOTARGET_CLAIMED) |
			   BIT(IOTARGET_QUEUED) | BIT(IOTARGET_COMPLETED),
	[IOTARGET_CLAIMED] = BIT(IOTARGET_TOLD) | BIT(IOTARGET_COMPLETED),
	[IOTARGET_TOLD] = BIT(IOTARGET_COMPLETED),
	[IOTARGET_COMPLETED] = BIT(IOTARGET_READY),
	[IOTARGET_READY] = BIT(IOTARGET_FREE),
};

/* The states in which a cancel routine may be set. */
#define IOTARGET_CANCELABLE \
	(BIT(IOTARGET_PENDED) | BIT(IOTARGET_QUEUED) | BIT(IOTARGET_DELIVERING) | \
	 BIT(IOTARGET_OWNED))

static inline void iotarget_request_set(struct iotarget_request *req,
					enum iotarget_state to,
					iotarget_cancel_fn routine,
					bool cancelled)
{
	enum iotarget_state from = req->state;

	lockdep_assert_held(&req->target->device->lock);
	WARN_ON_ONCE(!(iotarget_edges[from] & BIT(to)));
	WARN_ON_ONCE(routine && !(IOTARGET_CANCELABLE & BIT(to)));

	req->state = to;
	req->routine = routine;
	req->cancelled = cancelled;
	trace_iotarget_request_state(req, from);
}

void iotarget_request_move(struct iotarget_request *req, enum iotarget_state to,
			   iotarget_cancel_fn routine)
{
	iotarget_request_set(req, to, routine, req->cancelled);
}

/* Takes a free slot for a new request: new id, no mark. */
void iotarget_request_prepare(struct iotarget_request *req)
{
	struct iotarget_device *device = req->target->device;

	req->id = (++device->serial << IOTARGET_ID_SLOT_BITS) |
		  (req->id & (BIT_ULL(IOTARGET_ID_SLOT_BITS) - 1));
	req->fetched = false;
	req->forgotten = false;
	req->timed_out = false;
	req->on_queue = false;
	iotarget_request_set(req, IOTARGET_PREPARING, NULL, false);
}

/*
 * The one cancel. The routine is taken before it runs, so that nobody else can
 * take it; it is a list move and runs under the lock.
 */
enum iotarget_verdict iotarget_request_cancel(struct iotarget_request *req)
{
	iotarget_cancel_fn routine = req->routine;

	switch (req->state) {
	case IOTARGET_PENDED:
	case IOTARGET_QUEUED:
	case IOTARGET_DELIVERING:
	case IOTARGET_OWNED:
		iotarget_request_set(req, req->state, NULL, true);
		if (!routine)
			return IOTARGET_MARKED;
		routine(req);
		return IOTARGET_DELIVERED;
	case IOTARGET_CLAIMED:
	case IOTARGET_TOLD:
		return IOTARGET_ALREADY_TOLD;
	default:
		return IOTARGET_WAS_COMPLETED;
	}
}

static void iotarget_request_publish(struct iotarget_request *req, bool sync)
{
	iotarget_request_move(req, IOTARGET_READY, NULL);
	iotarget_target_publish(req, sync);
}

/*
 * Ends ownership: the request has its status, and its sender hears of it.
 * @sync: the caller is about to sleep.
 */
void iotarget_request_complete(struct iotarget_request *req, s32 status,
			       u32 information, bool sync)
{
	struct iotarget_queue *queue = NULL;

	if (iotarget_request_owned(req)) {
		queue = req->queue;
		queue->owned--;
	} else if (req->state == IOTARGET_QUEUED) {
		queue = req->queue;
		queue->queued--;
	} else if (req->state == IOTARGET_PENDED) {
		req->target->waiting--;
	}
	/* the clock's cancel is what ended it */
	if (status == -ECANCELED && req->timed_out)
		status = -ETIMEDOUT;
	req->status = status;
	req->information = information;
	iotarget_request_move(req, IOTARGET_COMPLETED, NULL);
	if (!req->holds)
		iotarget_request_publish(req, sync);
	if (queue && unlikely(queue->notice || queue->purging))
		iotarget_queue_settle(queue);
}

/*
 * The end of the owner, be it target, queue or host: whatever it has completes. A
 * cancel that was answered "delivered" keeps its word.
 */
void iotarget_request_end(struct iotarget_request *req)
{
	bool claimed = req->state == IOTARGET_CLAIMED ||
		       req->state == IOTARGET_TOLD;

	if (!iotarget_request_pending(req))
		return;
	list_del_init(&req->node);
	iotarget_request_complete(req, claimed ? -ECANCELED : -ENODEV, 0, false);
}

/*
 * A hold keeps a request from being published, and so its id and its memory in
 * place, while a copy runs without the lock.
 */
void iotarget_request_hold(struct iotarget_request *req)
{
	lockdep_assert_held(&req->target->device->lock);
	req->holds++;
}

/* Returns false if the request has completed meanwhile and is gone. */
bool iotarget_request_release(struct iotarget_request *req)
{
	lockdep_assert_held(&req->target->device->lock);
	req->holds--;
	if (req->state != IOTARGET_COMPLETED)
		return true;
	if (!req->holds)
		iotarget_request_publish(req, false);
	return false;
}

/* Makes a request cancelable: a cancel will call @routine. */
int iotarget_request_mark(struct iotarget_request *req,
			  iotarget_cancel_fn routine)
{
	/* marked, or was until a cancel took the routine */
	if (req->routine || req->state != IOTARGET_OWNED)
		return iotarget_violate(req->target->device, req->id,
					IOTARGET_MARKED_TWICE);
	if (req->cancelled || req->queue->purging)
		return -ECANCELED;
	iotarget_request_move(req, IOTARGET_OWNED, routine);
	return 0;
}

/* After 0 nobody is told of a cancel; -ECANCELED: somebody is, or was. */
int iotarget_request_unmark(struct iotarget_request *req)
{
	if (req->state != IOTARGET_OWNED)
		return -ECANCELED;
	if (!req->routine)
		return iotarget_violate(req->target->device, req->id,
					IOTARGET_NOT_MARKED);
	iotarget_request_move(req, IOTARGET_OWNED, NULL);
	return 0;
}

/*
 * For the owner to ask. Not while a routine is set, or its call is on the way:
 * then OnCancel tells.
 */
int iotarget_request_is_canceled(struct iotarget_request *req)
{
	return req->cancelled && req->state != IOTARGET_CLAIMED;
}
