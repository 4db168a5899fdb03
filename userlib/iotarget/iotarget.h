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

/* ------------------------------------------------------------------- host */

/*
 * A host serves a device with the callbacks of a driver. Callbacks run in the
 * threads that are in iotarget_host_run() or iotarget_host_step(), for
 * different requests at the same time if there are several threads. The
 * library holds no lock while one runs, and any function of this header may be
 * called in it, except iotarget_host_run(), _step() and _destroy().
 */
struct iotarget_host;

/*
 * A request that the host has. All but @context is read-only. It is valid
 * until iotarget_request_complete() took it, in each of its callbacks until
 * that returns, and as long as one has a reference by iotarget_request_get().
 */
struct iotarget_request {
	/* the driver's own; NULL at first */
	void *context;
	/* what iotarget_host_create() was given */
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
 *    delivered if and only if the status is -ECANCELED.
 */
#define IOTARGET_DRIVER_CANCELABLE	(1U << 0)
/*
 * Of an input longer than 64 KiB only the beginning is at @in; the driver gets
 * the rest by iotarget_request_read(), perhaps part by part. Without this the
 * library gets all of it before on_request.
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
	 * May be NULL. Runs in whichever thread let go last, perhaps within
	 * iotarget_request_complete() or iotarget_request_put(): hold no lock
	 * there that you take here.
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
};

/*
 * Makes a host of a device. @driver is copied. @device stays the caller's, and
 * must stay open until iotarget_host_destroy().
 */
int iotarget_host_create(int device, const struct iotarget_driver *driver,
			 void *context, struct iotarget_host **host);

/*
 * Runs callbacks until the device has ended, then returns 0. Any number of
 * threads can be in it at once; more can come and none can leave. A signal
 * does not end it.
 */
int iotarget_host_run(struct iotarget_host *host);

/*
 * For an event loop of one's own: the fd to poll for EPOLLIN, and a call that
 * runs the callbacks of what is there (64 at most, so that other fds get their
 * turn) and never waits. Makes the device O_NONBLOCK. iotarget_host_step()
 * returns how many records it handled, -ENODEV when the device has ended (poll:
 * EPOLLHUP).
 */
int iotarget_host_fd(struct iotarget_host *host);
int iotarget_host_step(struct iotarget_host *host);

/*
 * Ends the device: the kernel completes all that it has with -ENODEV (with
 * -ECANCELED what a cancel was answered as delivered for), and each
 * iotarget_host_run() returns. What the driver completes afterwards is lost.
 */
int iotarget_host_stop(struct iotarget_host *host);

/*
 * Frees the host, and releases every request that the driver has not completed
 * (on_release). Only after each iotarget_host_run() has returned, and when no
 * other thread uses the host or its requests any more. NULL is allowed.
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
 * -ENOENT: it was completed before.
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
