/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Drivers in a module: what a host does through its device's fd, without leaving
 * the kernel. loopback.c is the example.
 *
 * A driver names a request by its id, as a host does. An id that is not the
 * driver's, or no longer, is -ENOENT, or -ENODEV once the device ends, and does no
 * harm: ids are not used again.
 * A driver's device is always strict: a request that was marked must be unmarked
 * before it is completed.
 *
 * All of it is called in process context, and mark, unmark and is_canceled also
 * under a spinlock. on_request() and cancel routines may call it too, but for
 * unregister. Nothing of it calls back but control, which calls the cancel
 * routines of what it purges.
 */
#ifndef _IOTARGET_H
#define _IOTARGET_H

#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/iotarget.h>

struct iotarget_device;
struct iotarget_driver;
struct iotarget_queue;

/**
 * struct iotarget_driver_request - what the driver is told of a request
 * @id: names it
 * @file: the sender's open handle
 * @offset: READ, WRITE: where; CONTROL without a direction: the argument
 * @type: enum iotarget_type
 * @code: CONTROL: which
 * @in_length: bytes that the sender gives
 * @out_length: bytes that the sender takes
 */
struct iotarget_driver_request {
	u64 id;
	u64 file;
	u64 offset;
	u32 type;
	u32 code;
	u32 in_length;
	u32 out_length;
};

/**
 * struct iotarget_driver_cancel - a cancel routine, embedded in the driver's own
 *	struct for a request
 * @fn: called once, in process context, by whoever cancels, be it by the close
 *	of a file, and who waits for its return. It owns the request: it completes
 *	it, or has somebody complete it later.
 */
struct iotarget_driver_cancel {
	void (*fn)(struct iotarget_driver_cancel *cancel);
};

/**
 * struct iotarget_driver_queue - a queue of a driver
 * @dispatch: enum iotarget_dispatch
 * @limit: parallel: the most requests at a time, or 0
 * @flags: IOTARGET_QUEUE_*
 * @types: BIT() of each enum iotarget_type that comes here
 *	(WdfDeviceConfigureRequestDispatching); all others come to the default queue
 * @on_request: a request is the driver's, and not cancelable until it is marked.
 *	One call at a time for a queue, in the order of arrival; may sleep. The
 *	request's completion is published after the return. Not of a manual queue
 * @on_canceled: with IOTARGET_QUEUE_CANCELED_EVENTS: a request that the driver had
 *	before was cancelled in the queue, and is the driver's again, to be
 *	completed. As a cancel routine is called
 * @on_state: what iotarget_driver_control() asked for has come about (@notice), or a
 *	manual queue has requests. @state: IOTARGET_QUEUE_STATE_*. Or NULL
 * @driver: private
 * @queue: private
 * @work: private: calls @on_request and @on_state
 */
struct iotarget_driver_queue {
	u32 dispatch;
	u32 limit;
	u32 flags;
	u32 types;
	void (*on_request)(struct iotarget_driver *driver,
			   const struct iotarget_driver_request *request);
	void (*on_canceled)(struct iotarget_driver *driver, u64 id);
	void (*on_state)(struct iotarget_driver *driver, u32 state, bool notice);

	struct iotarget_driver *driver;
	struct iotarget_queue *queue;
	struct work_struct work;
};

/**
 * struct iotarget_driver - a driver: a device with a name
 * @name: of the node in /dev/iotarget
 * @mode: of the node: 0600 to 0666
 * @queue: its default queue
 * @queues: further ones, the last followed by NULL; or NULL
 * @device: private
 * @running: private: cancel routines that run (the device's lock)
 * @idle: private: none does
 */
struct iotarget_driver {
	const char *name;
	umode_t mode;
	struct iotarget_driver_queue queue;
	struct iotarget_driver_queue *const *queues;

	struct iotarget_device *device;
	unsigned int running;
	wait_queue_head_t idle;
};

/*
 * Makes the device, its queues and its node; on_request() may be called before this
 * returns. -EINVAL: bad name, mode or queue; -EBUSY: a type goes to two queues;
 * -EEXIST: the name is taken; -ENOSPC: all names are; -ENOMEM.
 */
int iotarget_driver_register(struct iotarget_driver *driver);

/*
 * Ends the device: its node goes, every request that it has completes with
 * -ENODEV (-ECANCELED if a cancel routine was due), and senders' targets answer
 * -ENODEV from now on. Waits for the callbacks that run; after its return none
 * comes. The functions below can still be called, and find nothing.
 */
void iotarget_driver_unregister(struct iotarget_driver *driver);

/* After unregister: nothing of the driver calls any more. */
void iotarget_driver_put(struct iotarget_driver *driver);

/*
 * The request is cancelable from now on (WdfRequestMarkCancelableEx); @cancel may
 * be called before this returns. It stays valid until it was called, or unmark
 * returned 0, or unregister has returned. -ECANCELED: a cancel came before, and
 * @cancel will not be called; -EINVAL: it is marked already.
 */
int iotarget_driver_mark_cancelable(struct iotarget_driver *driver, u64 id,
				    struct iotarget_driver_cancel *cancel);

/*
 * The request is not cancelable any more (WdfRequestUnmarkCancelable).
 * -ECANCELED: the cancel routine was called, or is about to be; -ENOENT, -ENODEV:
 * so it may be, until unregister has returned; -EINVAL: it was not marked.
 */
int iotarget_driver_unmark_cancelable(struct iotarget_driver *driver, u64 id);

/*
 * Did a cancel come (WdfRequestIsCanceled)? 1 or 0; for a request that is not
 * marked.
 */
int iotarget_driver_is_canceled(struct iotarget_driver *driver, u64 id);

/*
 * Completes the request (WdfRequestCompleteWithInformation). What of
 * @information bytes of output was not written is zero for the sender. -EINVAL:
 * it is marked, or @information exceeds its length; -ECANCELED: its cancel
 * routine is about to be called.
 */
int iotarget_driver_complete(struct iotarget_driver *driver, u64 id, s32 status,
			     u32 information);

/*
 * Gives the request back to the head of its queue: on_request() is called with it
 * again, or it can be retrieved. One that was cancelled before does not wait
 * there: it goes out at once, or ends as cancelled in the queue. -EINVAL: it is
 * marked, or its cancel routine was called; -ECANCELED: that is about to be called.
 */
int iotarget_driver_requeue(struct iotarget_driver *driver, u64 id);

/*
 * Gives it to the tail of another queue of the driver
 * (WdfRequestForwardToIoQueue). One that was cancelled ends there. -EBUSY: that one
 * takes none; -EINVAL: the same queue, marked, or its cancel routine was called;
 * -ECANCELED: that is about to be called. Unless 0, it stays the driver's.
 */
int iotarget_driver_forward(struct iotarget_driver *driver, u64 id,
			    struct iotarget_driver_queue *to);

/*
 * Takes the first request, of @file unless that is 0, from a manual or sequential
 * queue (WdfIoQueueRetrieveNextRequest). -ENODATA: there is none; -EAGAIN: the queue
 * is stopped; -EPERM: a parallel queue.
 */
int iotarget_driver_retrieve(struct iotarget_driver_queue *from, u64 file,
			     struct iotarget_driver_request *request);

/*
 * @action: enum iotarget_queue_action but for STATE: WdfIoQueueStart, Stop, Drain,
 * Purge, StopAndPurge. @notify: on_state() tells when it has come about. Waits for
 * nothing but the cancel routines that a purge calls. -EBUSY: a notice is
 * outstanding.
 */
int iotarget_driver_control(struct iotarget_driver_queue *queue, u32 action,
			    bool notify);

/*
 * Copies a part of the request's input to @to, or of its output from @from.
 * Returns how many bytes: fewer at the end. Both share one buffer: read before you
 * write. -EINVAL: @offset is beyond it.
 */
ssize_t iotarget_driver_read(struct iotarget_driver *driver, u64 id, u32 offset,
			     void *to, u32 length);
ssize_t iotarget_driver_write(struct iotarget_driver *driver, u64 id, u32 offset,
			      const void *from, u32 length);

#endif
