/* SPDX-License-Identifier: MIT */
/*
 * libiotarget: send requests to an iotarget device, or host one.
 *
 * Thin over <linux/iotarget.h>, which describes devices, targets, requests and
 * cancellation, and whose structs are used here.
 *
 * Unless something else is said, a function returns 0 or more, or a negative
 * errno: what the ioctl behind it answers. errno itself means nothing. All
 * functions can be called from any thread. Lengths are in bytes.
 *
 * With IOTARGET_DEBUG=1 in the environment the library says on stderr what it
 * does.
 */
#ifndef IOTARGET_H
#define IOTARGET_H

#include <stddef.h>
#include <stdint.h>
#include <linux/iotarget.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* ------------------------------------------------------------------ nodes */

/*
 * Tells the version, features and limits of the loaded module.
 * -ENOENT: it is not loaded; see iotarget_explain().
 */
int iotarget_info(struct iotarget_info *info);

/*
 * Says in words why a function that opens a node failed with @error (negative,
 * as returned): which node is missing and how to load the module, say. @name is
 * the device's name, NULL for the control node (iotarget_info(),
 * iotarget_device_create()). Writes at most @size bytes and returns @buffer.
 * 256 bytes are enough.
 */
const char *iotarget_explain(int error, const char *name, char *buffer,
			     size_t size);

/* ---------------------------------------------------------------- devices */

/*
 * Creates a device without a name and returns its fd (close-on-exec). NULL for
 * @options: a parallel queue without a limit, neither strict nor with file
 * events (on_cleanup, on_close), which are @flags of @options. @size and @fd of
 * @options are not looked at. The last close of the fd, or iotarget_shutdown(),
 * ends the device.
 */
int iotarget_device_create(const struct iotarget_device_create *options);

/*
 * Makes the node /dev/iotarget/@name with the permissions @mode (0600 to 0666).
 * Needs CAP_SYS_ADMIN.
 */
int iotarget_device_name(int device, const char *name, unsigned int mode);

/*
 * Opens a target on a device of one's own and returns its fd (close-on-exec).
 * @file, if not NULL, receives the number by which the host sees the target.
 */
int iotarget_target_open(int device, uint64_t *file);

/*
 * Opens /dev/iotarget/@name and returns a target's fd (close-on-exec).
 * -ENOENT: nobody hosts such a device, or the module is not loaded; see
 * iotarget_explain().
 */
int iotarget_node_open(const char *name);

/*
 * Ends the device or target behind @fd now, whoever else has the fd. Call it
 * before close(): a close alone ends nothing while another thread is in a call
 * on the fd. Again: 0.
 */
int iotarget_shutdown(int fd);

/* ----------------------------------------------------------------- queues */

/*
 * Creates one more queue of a device and returns its fd (close-on-exec). NULL
 * for @options: a parallel queue without a limit. @size and @fd of @options are
 * not looked at. The last close of the fd, or iotarget_shutdown(), ends the
 * queue. (IWDFDevice::CreateIoQueue)
 * -EINVAL: no such dispatch type, or a limit that it does not take. -EDQUOT: the
 * user has too many queues. -ENODEV: the device has ended.
 */
int iotarget_queue_create(int device,
			  const struct iotarget_queue_create *options);

/*
 * Sends all requests of @type (enum iotarget_type) to @queue from now on, instead
 * of to the device's default queue. Once for a type.
 * (IWDFDevice::ConfigureRequestDispatching)
 * -EBUSY: the type has a queue already. -EINVAL: no such type, the default queue,
 * or no queue of this device. -EBADF: no such fd. -ENODEV: the device or the queue
 * has ended.
 */
int iotarget_queue_route(int device, uint32_t type, int queue);

/*
 * Does @action (enum iotarget_queue_action) to a queue, or to the default queue of
 * a device, and never waits. @flags: 0, or IOTARGET_QUEUE_CONTROL_NOTIFY: one
 * on_queue_state with @notice comes when it has come about: the host has no
 * request (STOP, STOP_AND_PURGE), and none waits (DRAIN, PURGE). @answer, if not
 * NULL, receives the state and how many requests wait (@in_queue) and are the
 * host's (@in_host). (IWDFIoQueue::GetState, Start, Stop, Drain, Purge;
 * WdfIoQueueStopAndPurge)
 * -EINVAL: no such action, or NOTIFY with STATE or START. -EBUSY: an earlier
 * notice is outstanding; nothing was done. -ENODEV: the queue has ended.
 */
int iotarget_queue_control(int queue, uint32_t action, uint32_t flags,
			   struct iotarget_queue_control *answer);

/* ----------------------------------------------------------------- sender */

/*
 * The @deadline of an element that is to be cancelled @nanoseconds from now, if
 * it has not completed by then. If that is what ended it, its status is
 * -ETIMEDOUT.
 */
uint64_t iotarget_deadline(uint64_t nanoseconds);

/*
 * Sends up to @n requests and returns how many were accepted, from the first
 * on; their @id is set. Never waits. The memory that an element points to must
 * stay until the completion was reaped.
 * -EAGAIN: no room (poll: EPOLLOUT). Others: see the @result of each element.
 */
int iotarget_send(int target, struct iotarget_send_element *elements,
		  unsigned int n);

/*
 * Fetches up to @n completions and returns how many. Waits for the first one
 * unless the target is O_NONBLOCK (-EAGAIN; poll: EPOLLIN). -EINTR: a signal.
 * -ENODEV: the device has ended and all completions were reaped.
 */
int iotarget_reap(int target, struct iotarget_reap_element *completions,
		  unsigned int n);

/*
 * Sends up to @n requests, waits for all that were accepted, and returns how
 * many completions were written: in the order in which the requests completed,
 * so tell them by @user_data. A signal ends the wait, and the count is then
 * lower (0, perhaps) than the number of elements accepted, which are those
 * whose @id is not 0; iotarget_reap() fetches the rest.
 */
int iotarget_send_wait(int target, struct iotarget_send_element *elements,
		       struct iotarget_reap_element *completions,
		       unsigned int n);

enum iotarget_cancel_answer {
	/* it left its queue, or its host is told (CancelSentRequest: TRUE) */
	IOTARGET_CANCEL_DELIVERED = 1,
	/* its host cannot be told now, and will be if it ever can */
	IOTARGET_CANCEL_MARKED = 2,
	/* its host had been told before */
	IOTARGET_CANCEL_TOLD = 3,
	/* too late: the completion waits to be reaped */
	IOTARGET_CANCEL_COMPLETED = 4,
};

/*
 * Cancels a request and returns an enum iotarget_cancel_answer at once. The
 * request still completes, exactly once.
 * -ENOENT: never sent through this target, or reaped.
 */
int iotarget_cancel(int target, uint64_t id);

/*
 * Cancels all requests of the target. @answer, if not NULL, receives how many
 * were delivered, marked and told. -ENOENT: none was pending.
 */
int iotarget_cancel_all(int target, struct iotarget_cancel *answer);

/*
 * The same for those that the thread @tid sent (gettid(); 0: the calling one).
 */
int iotarget_cancel_thread(int target, uint32_t tid,
			   struct iotarget_cancel *answer);

/*
 * Does @action (enum iotarget_target_action) to a target. The STOP_CANCEL,
 * STOP_WAIT and REMOVE wait for the hosts of what is sent: not in a callback of
 * such a host, whose requests may be among them. @answer, if not NULL, receives
 * the state and how many requests wait for a START (@waiting) and are sent and
 * not complete (@sent). (IWDFIoTargetStateManagement::GetState, Start, Stop,
 * Remove)
 * -EINVAL: no such action. -EINTR: a signal ended the wait; the rest is done.
 * -ENODEV: the target has ended, or START or STOP of one that is removed.
 */
int iotarget_target_control(int target, uint32_t action,
			    struct iotarget_target_control *answer);

/* ------------------------------------------------------------------- host */

/*
 * A host serves a queue with the callbacks of a driver: the default queue of a
 * device, or one of iotarget_queue_create(). Callbacks run in the
 * threads that are in iotarget_host_run() or iotarget_host_step(), for
 * different requests at the same time if there are several threads. The
 * library holds no lock while one runs, and any function of this header may be
 * called in it, except iotarget_host_run(), _step() and _destroy(), and
 * iotarget_queue_control_wait() of its device.
 */
struct iotarget_host;

/*
 * A request that the host has. All but @context is read-only. It is valid
 * until iotarget_request_complete(), _forward() or _requeue() took it, in each
 * of its callbacks until that returns, and as long as one has a reference by
 * iotarget_request_get(). It stays the same, at the same address and with its
 * @context, when it has been forwarded or requeued and comes again.
 */
struct iotarget_request {
	/* the driver's own; NULL at first */
	void *context;
	/* what the host that has it was given when it was created */
	void *host_context;
	uint64_t id;
	uint64_t file;		/* the target that it was sent through */
	uint64_t offset;	/* READ, WRITE; CONTROL: argument by value */
	uint32_t type;		/* enum iotarget_type */
	uint32_t code;		/* CONTROL: the code */
	uint32_t flags;		/* IOTARGET_RECORD_* */
	uint32_t pid;		/* the sender, as this process sees it */
	uint32_t uid;
	uint32_t in_length;	/* bytes from the sender */
	uint32_t out_length;	/* bytes that the sender takes */
	const void *in;		/* aligned as malloc() does */
	/* bytes at @in: @in_length, or with IOTARGET_DRIVER_PARTS fewer */
	uint32_t in_copied;
};

/*
 * Requests come marked as cancelable: no instant lies between their coming and
 * a mark. What that means for the driver:
 *  - on_cancel comes only after on_request has returned, and only if
 *    iotarget_request_complete() was not called before.
 *  - iotarget_request_complete() always takes the request. If a cancel of it
 *    was answered as delivered, the library completes it with -ECANCELED and
 *    without data, whatever the driver gave. So the sender sees: answered as
 *    delivered if and only if the status is -ECANCELED. (Only a cancel that
 *    comes just within iotarget_request_forward() or _requeue() is answered as
 *    marked, and can end the request so all the same.)
 */
#define IOTARGET_DRIVER_CANCELABLE	(1U << 0)
/*
 * Of an input longer than 64 KiB only the beginning is at @in; the driver gets
 * the rest by iotarget_request_read(), perhaps part by part. Without this the
 * library gets all of it before on_request. What comes again from another queue
 * has at @in what it had the first time.
 */
#define IOTARGET_DRIVER_PARTS		(1U << 1)

struct iotarget_driver {
	/* sizeof(struct iotarget_driver) */
	uint32_t size;
	/* IOTARGET_DRIVER_* */
	uint32_t flags;
	/*
	 * A request has come. Complete it here, or later from any thread.
	 */
	void (*on_request)(struct iotarget_request *request);
	/*
	 * The sender has cancelled a marked request: hurry, and complete it
	 * here or later. Once for a request at most. It can be entered just
	 * when another thread of the driver completes the request, which is
	 * then still valid here; who is second gets -ENOENT. NULL if nothing
	 * is ever marked.
	 */
	void (*on_cancel)(struct iotarget_request *request);
	/*
	 * The last that is heard of a request: it has completed, or its device
	 * has ended, and no callback for it runs or comes. Free @context here.
	 * May be NULL. Of the driver that had it last. Runs in whichever thread
	 * let go last, perhaps within iotarget_request_complete(), _put() or
	 * iotarget_host_retrieve(): hold no lock there that you take here.
	 *
	 * Of a request that ends in the queue that it was forwarded to, or
	 * requeued, the driver hears late: when the kernel has a new request in
	 * its place, or in iotarget_host_destroy(). Where the queue has
	 * IOTARGET_QUEUE_CANCELED_EVENTS it hears of a cancel at once.
	 */
	void (*on_release)(struct iotarget_request *request);
	/*
	 * A target was closed. Only of a device that was created with
	 * IOTARGET_DEVICE_FILE_EVENTS, as is on_close. What it sent and no
	 * host has is held back; all that is not complete is cancelled when
	 * this returns. on_request for what another thread had fetched before
	 * can still come. May be NULL. @context is what iotarget_host_create()
	 * was given.
	 */
	void (*on_cleanup)(void *context, uint64_t file);
	/*
	 * All requests of a closed target have completed: no on_request for
	 * one comes any more (other threads may still be in callbacks of
	 * them, and on_release may come). Once for each on_cleanup, unless the
	 * device ends before. May be NULL.
	 */
	void (*on_close)(void *context, uint64_t file);
	/*
	 * A request that the driver has forwarded or requeued was cancelled in
	 * this queue and is the driver's again: complete it here or later, with
	 * any status. It is not marked and can be given to no queue. Only of a
	 * queue with IOTARGET_QUEUE_CANCELED_EVENTS. NULL: the library completes
	 * it with -ECANCELED. (IQueueCallbackIoCanceledOnQueue)
	 */
	void (*on_canceled_on_queue)(struct iotarget_request *request);
	/*
	 * @notice 1: what iotarget_queue_control() with NOTIFY asked for has
	 * come about. 0: a manual queue is no longer empty; take from it with
	 * iotarget_host_retrieve() until that says -ENODATA. @state is that
	 * of the queue (IOTARGET_QUEUE_STATE_*). May be NULL.
	 * (IQueueCallbackStateChange)
	 */
	void (*on_queue_state)(void *context, uint32_t state, int notice);
};

/*
 * Makes a host of a device, that is, of its default queue. @driver is copied.
 * @device stays the caller's, and must stay open until iotarget_host_destroy().
 * -EINVAL: @driver has no on_request, an unknown flag, or is IOTARGET_DRIVER_CANCELABLE
 * without on_cancel. -ENOMEM.
 */
int iotarget_host_create(int device, const struct iotarget_driver *driver,
			 void *context, struct iotarget_host **host);

/*
 * The same of another queue of a device: @device_host is a host of that device,
 * and @queue what iotarget_queue_create() returned. Each host of a device has
 * its own callbacks, context and threads; requests can be forwarded from one to
 * another.
 */
int iotarget_host_create_queue(struct iotarget_host *device_host, int queue,
			       const struct iotarget_driver *driver,
			       void *context, struct iotarget_host **host);

/*
 * Runs callbacks until the queue or device has ended, then returns 0. Any number of
 * threads can be in it at once; more can come and none can leave. A signal
 * does not end it.
 */
int iotarget_host_run(struct iotarget_host *host);

/*
 * For an event loop of one's own: the fd to poll for EPOLLIN, and a call that
 * runs the callbacks of what is there (64 at most, so that other fds get their
 * turn) and never waits. Makes the queue's or device's fd O_NONBLOCK.
 * iotarget_host_step() returns how many records it handled, -ENODEV when the
 * queue or device has ended (poll: EPOLLHUP).
 */
int iotarget_host_fd(struct iotarget_host *host);
int iotarget_host_step(struct iotarget_host *host);

/*
 * Takes a request by hand from a manual or sequential queue, and never waits:
 * the first, or the first of @file if that is not 0. It is the caller's as if
 * its on_request had returned. @flags: 0, or IOTARGET_FETCH_CANCELABLE: it comes
 * marked, as with IOTARGET_DRIVER_CANCELABLE. Then on_cancel can come, and
 * complete it, before this returns: so the caller has a reference as well
 * (iotarget_request_put()). (IWDFIoQueue::RetrieveNextRequest,
 * RetrieveNextRequestByFileObject)
 * -ENODATA: no such request. -EAGAIN: the queue is stopped. -EPERM: it is
 * parallel. -EINVAL: another flag, or the driver has no on_cancel. -ENODEV: it has
 * ended. -ENOMEM: the request completed so, or there is no memory for the call.
 */
int iotarget_host_retrieve(struct iotarget_host *host, uint64_t file,
			   uint32_t flags, struct iotarget_request **request);

/*
 * Does @action (STOP, DRAIN, PURGE or STOP_AND_PURGE of enum
 * iotarget_queue_action) to the host's queue and waits until it has come about, as
 * on_queue_state of iotarget_queue_control() tells, which is not called for it.
 * Another thread has to run the host. A signal does not end the wait.
 * (IWDFIoQueue::StopSynchronously, DrainSynchronously, PurgeSynchronously)
 * -EDEADLK: called in a callback of a host of the same device; nothing was done
 * (on Windows a deadlock). -EBUSY: a notice is outstanding, or another thread
 * waits; nothing was done. -EINVAL: another action. -ENODEV: the queue has ended,
 * perhaps while it was waited for.
 */
int iotarget_queue_control_wait(struct iotarget_host *host, uint32_t action);

/*
 * Ends the host's queue, or all of the device if it is that of the default
 * queue: the kernel completes all that it has with -ENODEV (with
 * -ECANCELED what a cancel was answered as delivered for), and each
 * iotarget_host_run() returns. What the driver completes afterwards is lost.
 */
int iotarget_host_stop(struct iotarget_host *host);

/*
 * Frees the host, and releases every request that its driver had last and has not
 * completed (on_release). Only after each iotarget_host_run() of it has returned,
 * and when no other thread uses the host or a request that was in its queue any
 * more: in a callback, say, that has forwarded it. In any order with other hosts
 * of the device. NULL is allowed.
 */
void iotarget_host_destroy(struct iotarget_host *host);

/* --------------------------------------------------------------- requests */

/*
 * Completes a request. @status is for the sender, verbatim. @data is copied to
 * it (@length bytes, at most @out_length; 0 after iotarget_request_write()).
 * @information is what it is told was transferred (at most @out_length, or
 * @in_length if that is 0).
 *
 * 0: the library took the request, also if the device has ended meanwhile.
 *	The completion of the request of a running callback goes out when that
 *	callback returns (in the system call that fetches the next record);
 *	any other goes out at once, and so does one with more than 64 KiB.
 * -EINVAL: @length or @information is too large; strict device: it is marked.
 *	Nothing was changed.
 * -ECANCELED: the driver marked it and it is cancelled: on_cancel is on its
 *	way, and the request can be completed from there on. Nothing was
 *	changed.
 * -ENOENT: it was completed before, or is in a queue.
 */
int iotarget_request_complete(struct iotarget_request *request, int32_t status,
			      const void *data, uint32_t length,
			      uint64_t information);

/*
 * Makes a request cancelable: from now on, even before this returns, on_cancel
 * can come. -ECANCELED: it is cancelled already: on_cancel does not come,
 * complete it. -EINVAL: it is marked. -ENOENT: it was completed.
 */
int iotarget_request_mark_cancelable(struct iotarget_request *request);

/*
 * The same, as WdfRequestMarkCancelable has it (the one above is ...Ex): of a
 * request that is cancelled already, on_cancel is called before this returns. 0:
 * it is marked, or that was done. -ECANCELED: it was done before, or the driver
 * has no on_cancel.
 */
int iotarget_request_mark_or_cancel(struct iotarget_request *request);

/*
 * Takes that back. 0: on_cancel does not come. -ECANCELED: it has come or is
 * on its way, and the request is to be completed from there on. -EINVAL: it is
 * not marked.
 */
int iotarget_request_unmark_cancelable(struct iotarget_request *request);

/*
 * 1 if its sender tried to cancel it and the driver cannot be told, because it
 * is not marked; otherwise 0.
 */
int iotarget_request_is_canceled(struct iotarget_request *request);

/*
 * Gives a request to the queue of another host of its device, at the tail
 * (IWDFIoRequest::ForwardToIoQueue), or back to its own, a manual one, at the head
 * (IWDFIoRequest2::Requeue). It comes again when it is fetched or retrieved there,
 * perhaps before this returns. One that is cancelled already ends there as if it
 * had been cancelled in the queue: on_canceled_on_queue. In any callback, or later
 * from any thread.
 *
 * 0: it is not the caller's any more, not even to be read.
 * -ECANCELED: it was marked, and is cancelled: on_cancel has come or is on its way
 *	(perhaps before this returns), and the request is to be completed from
 *	there on.
 * -EINVAL: the driver has marked it (one that came marked is unmarked here), or
 *	was told of a cancel. Forward: its own queue, or a host of another
 *	device. Requeue: the queue is not manual.
 * -EBUSY: the other queue accepts nothing. -ENODEV: it has ended, or the request's.
 * -ENOENT: it was completed, or is in a queue.
 * After all but 0 and -ECANCELED nothing was changed.
 */
int iotarget_request_forward(struct iotarget_request *request,
			     struct iotarget_host *to);
int iotarget_request_requeue(struct iotarget_request *request);

/*
 * Copies a part of the input to @buffer, or of the output from @data: @length
 * bytes at @offset, fewer where the input or output ends. Returns how many. For
 * what is too large to be had in one piece; iotarget_request_complete() sends
 * what was written. Input and output of a CONTROL stand in one buffer: read
 * before you write. -EINVAL: @offset is beyond the end. -ENOENT: it was
 * completed.
 */
int iotarget_request_read(struct iotarget_request *request, uint32_t offset,
			  void *buffer, uint32_t length);
int iotarget_request_write(struct iotarget_request *request, uint32_t offset,
			   const void *data, uint32_t length);

/*
 * Keeps a request valid, also after its completion, until
 * iotarget_request_put(). For a thread of the driver that works on a request
 * while on_cancel completes it.
 */
void iotarget_request_get(struct iotarget_request *request);
void iotarget_request_put(struct iotarget_request *request);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
