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
 * unregister. Nothing of it calls back.
 */
#ifndef _IOTARGET_H
#define _IOTARGET_H

#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/iotarget.h>

struct iotarget_device;
struct iotarget_driver;

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
 * struct iotarget_driver - a driver: a device with one queue and a name
 * @name: of the node in /dev/iotarget
 * @mode: of the node: 0600 to 0666
 * @dispatch: enum iotarget_dispatch: sequential or parallel
 * @limit: parallel: the most requests at a time, or 0
 * @on_request: a request is the driver's, and not cancelable until it is marked.
 *	One call at a time, in the order of arrival; may sleep. The request's
 *	completion is published after the return.
 * @device: private
 * @work: private: calls @on_request
 * @running: private: cancel routines that run (the device's lock)
 * @idle: private: none does
 */
struct iotarget_driver {
	const char *name;
	umode_t mode;
	u32 dispatch;
	u32 limit;
	void (*on_request)(struct iotarget_driver *driver,
			   const struct iotarget_driver_request *request);

	struct iotarget_device *device;
	struct work_struct work;
	unsigned int running;
	wait_queue_head_t idle;
};

/*
 * Makes the device and its node; on_request() may be called before this returns.
 * -EINVAL: bad name, mode or dispatch; -EEXIST: the name is taken; -ENOSPC: all
 * names are; -EOPNOTSUPP: manual dispatch; -ENOMEM.
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
 * Gives the request back to the head of the queue: on_request() is called with it
 * again. One that was cancelled before does not wait there: it completes with
 * -ECANCELED where the queue is stopped. -EINVAL: it is marked, or its cancel
 * routine was called; -ECANCELED: that is about to be called.
 */
int iotarget_driver_requeue(struct iotarget_driver *driver, u64 id);

/*
 * Stop: on_request() is called no more, but may still run (WdfIoQueueStop).
 * Start: it is again, for what came meanwhile, too (WdfIoQueueStart).
 */
void iotarget_driver_stop(struct iotarget_driver *driver);
void iotarget_driver_start(struct iotarget_driver *driver);

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
