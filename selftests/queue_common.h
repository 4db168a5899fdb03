/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of queues share: a queue of either sort, default or created, and
 * requests that its host has, or had.
 */
#ifndef SELFTESTS_QUEUE_COMMON_H
#define SELFTESTS_QUEUE_COMMON_H

#include "common.h"

#define SEQUENTIAL	IOTARGET_DISPATCH_SEQUENTIAL
#define PARALLEL	IOTARGET_DISPATCH_PARALLEL
#define MANUAL		IOTARGET_DISPATCH_MANUAL
#define NO_ZERO_LENGTH	IOTARGET_QUEUE_NO_ZERO_LENGTH
#define CANCELED_EVENTS	IOTARGET_QUEUE_CANCELED_EVENTS

#define ACCEPT		((int)IOTARGET_QUEUE_STATE_ACCEPT)
#define DISPATCH	((int)IOTARGET_QUEUE_STATE_DISPATCH)
#define EMPTY		((int)IOTARGET_QUEUE_STATE_EMPTY)
#define IDLE		((int)IOTARGET_QUEUE_STATE_IDLE)

#define REQUEST		IOTARGET_EVENT_REQUEST
#define CANCEL		IOTARGET_EVENT_CANCEL
#define CANCELED	IOTARGET_EVENT_CANCELED_ON_QUEUE

/*
 * @queue is what a test looks at, of the kind that it asks for by OPEN(): a
 * device's default queue, or one that was created. READ and CONTROL go there.
 * WRITE goes to @other, which is parallel and is the other sort.
 */
FIXTURE(queue) {
	int device;
	int queue;
	int other;
	__u32 dispatch;
	int target;
};

FIXTURE_VARIANT(queue) {
	bool created;
};

FIXTURE_VARIANT_ADD(queue, default_queue) { .created = false };
FIXTURE_VARIANT_ADD(queue, created) { .created = true };

FIXTURE_SETUP(queue)
{
	self->device = self->queue = self->other = self->target = -1;
}

FIXTURE_TEARDOWN(queue)
{
	close(self->target);
	close(variant->created ? self->queue : self->other);
	close(self->device);
}

static int open_queues(FIXTURE_DATA(queue) *self,
		       const FIXTURE_VARIANT(queue) *variant, __u32 dispatch,
		       __u32 limit, __u32 flags)
{
	self->dispatch = dispatch;
	if (variant->created) {
		self->device = self->other = parallel_create();
		self->queue = queue_create_flags(self->device, flags, dispatch,
						 limit);
		if (self->queue < 0)
			return self->queue;
		if (route(self->device, IOTARGET_TYPE_READ, self->queue) ||
		    route(self->device, IOTARGET_TYPE_CONTROL, self->queue))
			return -EPROTO;
	} else {
		self->device = self->queue = device_create_all(0, dispatch,
							       limit, flags);
		self->other = queue_create_flags(self->device, 0, PARALLEL, 0);
		if (self->other < 0)
			return self->other;
		if (route(self->device, IOTARGET_TYPE_WRITE, self->other))
			return -EPROTO;
	}
	self->target = target_open(self->device);
	return self->target < 0 ? self->target : 0;
}

#define OPEN(dispatch_, limit_, flags_) \
	ASSERT_EQ(0, open_queues(self, variant, dispatch_, limit_, flags_))

/* Fetches @id from the queue, in the way that its dispatch type has. */
static int take(FIXTURE_DATA(queue) *self, __u32 flags, __u64 id)
{
	struct iotarget_fetch_element record = {};
	int ret;

	if (self->dispatch == MANUAL)
		flags |= IOTARGET_FETCH_RETRIEVE;
	ret = fetch_now(self->queue, flags, &record);
	return ret ? ret : record.event == REQUEST && record.id == id &&
	       record.flags == (flags & IOTARGET_FETCH_CANCELABLE ?
				IOTARGET_RECORD_CANCELABLE : 0) ? 0 : -EPROTO;
}

#define SEND(id) ASSERT_EQ(0, send_one(self->target, 0, &(id)))

/* A request that the host has. */
#define OWNED(id) do {							\
	SEND(id);							\
	ASSERT_EQ(0, take(self, 0, id));				\
} while (0)

/* ... and has marked. */
#define OWNED_MARKED(id) do {						\
	SEND(id);							\
	ASSERT_EQ(0, take(self, IOTARGET_FETCH_CANCELABLE, id));	\
} while (0)

/* One that the host has from the other queue. */
#define OWNED_OF_OTHER(id) do {						\
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_WRITE, &(id))); \
	ASSERT_EQ(REQUEST, fetch_event(self->other, 0, id));		\
} while (0)

/* One that the host had before, and that waits at the queue's tail. */
#define PRESENTED(id) do {						\
	OWNED_OF_OTHER(id);						\
	ASSERT_EQ(0, forward(self->other, id, self->queue));		\
} while (0)

/* For a thread: waits, and returns what it is told. @arg: the fd. */
static inline int fetch_waiting(void *arg)
{
	struct iotarget_fetch_element record = {};
	int ret = fetch_one(*(int *)arg, 0, &record);

	return ret ? ret : (int)record.event;
}

static inline int poll_waiting(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	return poll(&p, 1, -1) == 1 ? p.revents : -1;
}

#endif
