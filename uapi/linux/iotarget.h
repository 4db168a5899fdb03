/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * iotarget: UMDF-style I/O targets for user-space drivers.
 *
 * This is the whole ABI, and the one header that a user program includes.
 */
#ifndef _UAPI_LINUX_IOTARGET_H
#define _UAPI_LINUX_IOTARGET_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: Change log
 *
 * 1  First version. What a later header adds, a module that IOTARGET_INFO does
 *    not list it for answers with -ENOTTY (an ioctl) or -EINVAL (a flag).
 */
#define IOTARGET_VERSION	1

/**
 * DOC: Objects
 *
 * Everything is a file descriptor; the last close of an object's fd, or
 * IOTARGET_SHUTDOWN on any of them, ends the object.
 *
 *  control  /dev/iotarget/control. Tells limits, creates devices.
 *  device   what a driver host creates. Its fd is also the fd of its default
 *           queue, so a simple host needs one fd.
 *  queue    holds requests and dispatches them to the host.
 *  target   a sender's open handle on a device: from IOTARGET_TARGET_OPEN, or
 *           from open() of the device's node.
 *
 * A request is named by a 64-bit id: a serial number that the device never uses
 * again, above the index of a slot. 0 is never an id.
 */
#define IOTARGET_ID_SLOT_BITS	20

/**
 * DOC: General ioctl format
 *
 * Each ioctl takes a pointer to its struct. The struct begins with its size,
 * which the caller sets; the ioctl number encodes no size. A kernel that knows
 * a shorter struct takes a longer one if what it does not know is zero; a
 * kernel that knows a longer one takes the caller's missing tail as zero.
 * Pointers are 64 bits wide, times are absolute CLOCK_MONOTONIC nanoseconds,
 * and the layouts are the same for 32-bit and 64-bit callers. Flags that are
 * not defined and padding that is not zero are refused.
 *
 * An array is struct iotarget_array. Its elements lie stride bytes apart and
 * grow as structs do: by their stride.
 */

/**
 * DOC: Errors
 *
 * EAGAIN      nothing is there and the file is O_NONBLOCK; the target has no
 *             room for a request (EPOLLOUT tells when it has); the queue is
 *             stopped (RETRIEVE).
 * EBADF       READ through a target that is not open for reading, or WRITE
 *             through one that is not open for writing; no such fd.
 * EBUSY       the name, route or notice is taken; the other queue takes none.
 * ECANCELED   the request is cancelled: a mark finds it so, or an OnCancel for
 *             it waits to be fetched. Nothing was changed.
 * EDQUOT      a cap of a user is reached: the caller's for devices, queues and
 *             targets, that of who opened the target for requests and bytes; or
 *             the device has no slot left.
 * E2BIG       the struct or stride is longer than the kernel knows, and what it
 *             does not know is not zero, or it is longer than a page.
 * EFAULT      memory cannot be read or written. See each ioctl for what then
 *             has happened.
 * EINTR       a signal came and nothing had been done (restarted where the
 *             signal's action says so).
 * EINVAL      the size or stride is too short; an undefined flag; padding that
 *             is not zero; a value out of range; the owner of a request breaks
 *             a rule (marks twice, unmarks what is not marked, ...): the
 *             request is unharmed.
 * EMSGSIZE    the payload is longer than IOTARGET_INFO allows.
 * ENODATA     RETRIEVE: the queue is empty.
 * ENODEV      the object, or the device behind it, has ended.
 * ENOENT      no such request: never there, no longer there, or not this
 *             caller's.
 * ENOMEM      no memory; nothing was accepted.
 * ENOTTY      no such ioctl, or not on this kind of fd.
 * ENOSPC      all names are taken.
 * EPERM       not allowed: a name without the capability; RETRIEVE by hand on a
 *             parallel queue.
 *
 * A request's own status is not an errno of a call: it is a 32-bit value that
 * the host chooses and the sender finds in its completion. The kernel itself
 * uses -ECANCELED (cancelled in the queue, or with its target), -ENODEV (the
 * host ended), -ETIMEDOUT (the deadline ended it) and -ESHUTDOWN (its queue
 * accepts nothing).
 */

/**
 * DOC: Plain read, write and ioctl
 *
 * On a target they send one request each and wait for it, whatever O_NONBLOCK
 * says; so cat, dd, a script or any program can be a sender.
 *
 * read and write carry the offset that pread() and pwrite() give; the file keeps
 * no position, and others carry 0. Beyond IOTARGET_INFO's payload_max they are
 * short. An ioctl is a CONTROL with its number as the code: the number's
 * direction and size say how many bytes go in and come out at the argument's
 * address, and pointers inside are not followed; a number without a direction
 * carries its argument as a value, in @offset. Type 'T' is -ENOTTY, because
 * stdio and Python ask TCGETS of every character device; a number of this
 * header's type with neither direction nor size is this header's. Codes that
 * the kernel handles for every file (FIONBIO, FIOCLEX, ...) do not arrive.
 *
 * A status of 0 or more: read and write return the count, ioctl the status. A
 * status of -1 to -511 is the errno. Any other is -EIO.
 *
 * A signal cancels the request, once. The call then waits for the host, until
 * SIGKILL. If no host had fetched the request, the call is interrupted
 * as any other (restarted where the signal's action says so); if the host
 * answers -ECANCELED, it returns the count, or -EINTR if that is 0. What has
 * completed beats the signal. Stops by ptrace and the cgroup freezer count as
 * signals.
 *
 * io_uring makes such a call in a worker only for an entry with IOSQE_ASYNC on a
 * target that is O_NONBLOCK; then a cancel of io_uring's cancels the request.
 * Otherwise a read waits until the target polls readable, which says something
 * else. A notice to the calling thread of work to run (a completion of its
 * io_uring) waits for the call's return.
 *
 * -EAGAIN: the target has no room for the request. -EDQUOT: its user has none.
 * -EMSGSIZE: an ioctl of more than payload_max. -EFAULT: memory cannot be read
 * or written. -ENOMEM: no memory. -ENODEV: the target or its device has ended.
 */

#define IOTARGET_IOC_TYPE	0xBB

#define IOTARGET_NODE_DIR	"/dev/iotarget/"
#define IOTARGET_NODE_CONTROL	IOTARGET_NODE_DIR "control"

/* on the control fd */
#define IOTARGET_INFO			_IO(IOTARGET_IOC_TYPE, 0x00)
#define IOTARGET_DEVICE_CREATE		_IO(IOTARGET_IOC_TYPE, 0x01)
/* on a device fd */
#define IOTARGET_QUEUE_CREATE		_IO(IOTARGET_IOC_TYPE, 0x10)
#define IOTARGET_ROUTE			_IO(IOTARGET_IOC_TYPE, 0x11)
#define IOTARGET_TARGET_OPEN		_IO(IOTARGET_IOC_TYPE, 0x12)
#define IOTARGET_NAME			_IO(IOTARGET_IOC_TYPE, 0x13)
#define IOTARGET_FILE_DONE		_IO(IOTARGET_IOC_TYPE, 0x36)
/* on a target fd */
#define IOTARGET_SEND			_IO(IOTARGET_IOC_TYPE, 0x20)
#define IOTARGET_CANCEL			_IO(IOTARGET_IOC_TYPE, 0x21)
#define IOTARGET_TARGET_CONTROL		_IO(IOTARGET_IOC_TYPE, 0x22)
/* on a queue fd, and on a device fd for its default queue */
#define IOTARGET_FETCH			_IO(IOTARGET_IOC_TYPE, 0x30)
#define IOTARGET_MARK_CANCELABLE	_IO(IOTARGET_IOC_TYPE, 0x31)
#define IOTARGET_UNMARK_CANCELABLE	_IO(IOTARGET_IOC_TYPE, 0x32)
#define IOTARGET_IS_CANCELED		_IO(IOTARGET_IOC_TYPE, 0x33)
#define IOTARGET_FORWARD		_IO(IOTARGET_IOC_TYPE, 0x34)
#define IOTARGET_REQUEUE		_IO(IOTARGET_IOC_TYPE, 0x35)
#define IOTARGET_READ			_IO(IOTARGET_IOC_TYPE, 0x37)
#define IOTARGET_WRITE			_IO(IOTARGET_IOC_TYPE, 0x38)
#define IOTARGET_QUEUE_CONTROL		_IO(IOTARGET_IOC_TYPE, 0x39)
/* on a device, queue or target fd */
#define IOTARGET_SHUTDOWN		_IO(IOTARGET_IOC_TYPE, 0x40)

/**
 * enum iotarget_type - what a request asks for
 * @IOTARGET_TYPE_READ: bytes from the host (ReadFile)
 * @IOTARGET_TYPE_WRITE: bytes to the host (WriteFile)
 * @IOTARGET_TYPE_CONTROL: a code, bytes to the host and bytes back
 *	(DeviceIoControl)
 */
enum iotarget_type {
	IOTARGET_TYPE_READ = 1,
	IOTARGET_TYPE_WRITE = 2,
	IOTARGET_TYPE_CONTROL = 3,
};

/**
 * struct iotarget_array - an array in the caller's memory
 * @count: number of elements, at most IOTARGET_ARRAY_MAX
 * @stride: bytes from one element to the next, at least the size of the
 *	element's first version and a multiple of 8; ignored when @count is 0
 * @ptr: address of the first element, a multiple of 8
 *
 * -EINVAL: a field is out of range. -E2BIG: an element goes beyond what the
 * kernel knows and is not zero there.
 */
struct iotarget_array {
	__u32 count;
	__u32 stride;
	__aligned_u64 ptr;
};

#define IOTARGET_ARRAY_MAX	4096

/* struct iotarget_info.features */
#define IOTARGET_FEATURE_NAME		0x001ULL /* NAME, open() of nodes */
#define IOTARGET_FEATURE_PLAIN		0x002ULL /* read, write, ioctl */
#define IOTARGET_FEATURE_DEADLINE	0x004ULL /* @deadline of SEND */
#define IOTARGET_FEATURE_CANCEL_THREAD	0x008ULL /* CANCEL by thread */
#define IOTARGET_FEATURE_FILE_EVENTS	0x010ULL /* CLEANUP, CLOSE */
#define IOTARGET_FEATURE_PAYLOAD_PARTS	0x020ULL /* READ, WRITE */
#define IOTARGET_FEATURE_STRICT		0x040ULL /* strict devices */
#define IOTARGET_FEATURE_QUEUES		0x080ULL /* several queues, manual */
#define IOTARGET_FEATURE_QUEUE_CONTROL	0x100ULL /* QUEUE_CONTROL */
#define IOTARGET_FEATURE_TARGET_CONTROL	0x200ULL /* TARGET_CONTROL */

/**
 * struct iotarget_info - ioctl(IOTARGET_INFO)
 * @size: sizeof(struct iotarget_info)
 * @version: out: IOTARGET_VERSION of the module
 * @features: out: IOTARGET_FEATURE_*, what this module has built
 * @payload_max: out: bytes that one request may carry each way
 * @target_requests: out: requests that a target may have pending or unreaped
 * @target_bytes: out: bytes of payload that a target may have pending
 * @user_bytes: out: bytes of payload that a user may have pending
 * @user_requests: out: requests that a user may have pending or unreaped
 * @user_devices: out: devices that a user may have
 * @user_queues: out: queues that a user may have
 * @user_targets: out: targets that a user may have
 *
 * Tells version, features and limits. On the control fd.
 */
struct iotarget_info {
	__u32 size;
	__u32 version;
	__aligned_u64 features;
	__u32 payload_max;
	__u32 target_requests;
	__aligned_u64 target_bytes;
	__aligned_u64 user_bytes;
	__u32 user_requests;
	__u32 user_devices;
	__u32 user_queues;
	__u32 user_targets;
};

/**
 * enum iotarget_dispatch - how a queue hands requests to its host
 * @IOTARGET_DISPATCH_SEQUENTIAL: one at a time: the next when the host has none
 *	(WdfIoQueueDispatchSequential)
 * @IOTARGET_DISPATCH_PARALLEL: as they come, at most @limit at a time
 *	(WdfIoQueueDispatchParallel)
 * @IOTARGET_DISPATCH_MANUAL: only by RETRIEVE (WdfIoQueueDispatchManual)
 */
enum iotarget_dispatch {
	IOTARGET_DISPATCH_SEQUENTIAL = 1,
	IOTARGET_DISPATCH_PARALLEL = 2,
	IOTARGET_DISPATCH_MANUAL = 3,
};

/* flags of a queue, for DEVICE_CREATE (its default queue) and QUEUE_CREATE */
/* complete reads and writes of no bytes unseen, with 0, when their turn comes
 * (bAllowZeroLength = FALSE)
 */
#define IOTARGET_QUEUE_NO_ZERO_LENGTH	0x1U
/* tell of requests that were here before and are cancelled in the queue
 * (IQueueCallbackIoCanceledOnQueue)
 */
#define IOTARGET_QUEUE_CANCELED_EVENTS	0x2U

/* flags of a device */
/* refuse what WDF's verifier calls a violation */
#define IOTARGET_DEVICE_STRICT		0x1U
/* tell of files: CLEANUP and CLOSE (IFileCallbackCleanup, IFileCallbackClose) */
#define IOTARGET_DEVICE_FILE_EVENTS	0x2U

/**
 * struct iotarget_device_create - ioctl(IOTARGET_DEVICE_CREATE)
 * @size: sizeof(struct iotarget_device_create)
 * @flags: IOTARGET_DEVICE_*
 * @dispatch: enum iotarget_dispatch of the default queue
 * @limit: parallel: the most requests that the host may have; 0 for no limit.
 *	Otherwise 0
 * @queue_flags: IOTARGET_QUEUE_* of the default queue
 * @fd: out: the device, close-on-exec
 *
 * Creates a device without a name, and its default queue. On the control fd.
 * Mirrors IWDFDriver::CreateDevice with IWDFDevice::CreateIoQueue.
 *
 * -EINVAL: no such dispatch type, or a limit that it does not take (U58).
 * -EDQUOT: the user has too many devices. -EMFILE, -ENFILE: no fd is free.
 */
struct iotarget_device_create {
	__u32 size;
	__u32 flags;
	__u32 dispatch;
	__u32 limit;
	__u32 queue_flags;
	__s32 fd;
};

/**
 * struct iotarget_queue_create - ioctl(IOTARGET_QUEUE_CREATE)
 * @size: sizeof(struct iotarget_queue_create)
 * @flags: IOTARGET_QUEUE_*
 * @dispatch: enum iotarget_dispatch
 * @limit: as in struct iotarget_device_create
 * @fd: out: the queue, close-on-exec
 * @pad: 0
 *
 * Creates one more queue. On a device fd. Mirrors IWDFDevice::CreateIoQueue. The
 * last close of its fd, or SHUTDOWN, ends it: its routes go, and what it holds
 * completes as at the end of a device.
 *
 * -EINVAL: as DEVICE_CREATE. -EDQUOT: the user has too many queues. -ENODEV: the
 * device has ended.
 */
struct iotarget_queue_create {
	__u32 size;
	__u32 flags;
	__u32 dispatch;
	__u32 limit;
	__s32 fd;
	__u32 pad;
};

/**
 * struct iotarget_route - ioctl(IOTARGET_ROUTE)
 * @size: sizeof(struct iotarget_route)
 * @flags: 0
 * @type: enum iotarget_type
 * @queue_fd: a queue of this device, not its default queue
 *
 * Sends all requests of a type to a queue. On a device fd. Mirrors
 * IWDFDevice::ConfigureRequestDispatching.
 *
 * -EBUSY: the type is routed already (U61). -EINVAL: no such type, the default
 * queue, or no queue of this device. -EBADF: not an fd. -ENODEV: the device or the
 * queue has ended.
 */
struct iotarget_route {
	__u32 size;
	__u32 flags;
	__u32 type;
	__s32 queue_fd;
};

/**
 * struct iotarget_target_open - ioctl(IOTARGET_TARGET_OPEN)
 * @size: sizeof(struct iotarget_target_open)
 * @flags: 0
 * @file: out: the number by which records name this target, never used again
 *	on its device
 * @fd: out: the target, close-on-exec
 * @pad: 0
 *
 * Opens a target on the device, to keep or to pass on. On a device fd. What
 * open() of the device's node gives is a target as well. Mirrors CreateFile.
 *
 * -EDQUOT: the user has too many targets. -ENODEV: the device has ended.
 */
struct iotarget_target_open {
	__u32 size;
	__u32 flags;
	__aligned_u64 file;
	__s32 fd;
	__u32 pad;
};

#define IOTARGET_NAME_MAX	32

/**
 * struct iotarget_name - ioctl(IOTARGET_NAME)
 * @size: sizeof(struct iotarget_name)
 * @mode: permissions of the node, 0600 to 0666 and nothing but read and write
 * @name: [a-z0-9][a-z0-9._-]{0,30}, ends in 0 and is 0 from there on; not
 *	"control"
 *
 * Makes the node /dev/iotarget/NAME, owned by the caller. Once for a device;
 * the name goes with the device. On a device fd, with CAP_SYS_ADMIN in the
 * initial user namespace.
 *
 * -EPERM: without the capability. -EINVAL: a bad name or mode. -EBUSY: the
 * device has a name. -EEXIST: another device has this name. -ENOSPC: there are
 * 1,024 names already.
 */
struct iotarget_name {
	__u32 size;
	__u32 mode;
	char name[IOTARGET_NAME_MAX];
};

/* flags of an element that is sent */
/* send it although the target is stopped; STOP_CANCEL does not cancel it, no STOP
 * waits for it (WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE)
 */
#define IOTARGET_ELEMENT_IGNORE_STATE	0x1U
/* nobody reaps it, and what the host writes goes nowhere; also while the target is
 * stopped; with no other flag, deadline or WAIT
 * (WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET)
 */
#define IOTARGET_ELEMENT_FORGET		0x2U

/**
 * struct iotarget_send_element - a request to send
 * @user_data: brought back by the completion
 * @id: out: the request's id, written before the host can see the request
 * @type: enum iotarget_type
 * @code: CONTROL: the code; otherwise 0
 * @flags: IOTARGET_ELEMENT_*
 * @result: out: 0, or why this element was not accepted
 * @in: address of the bytes for the host (WRITE, CONTROL)
 * @out: address for the bytes from the host (READ, CONTROL)
 * @in_length: bytes at @in; 0 for READ
 * @out_length: bytes at @out; 0 for WRITE
 * @offset: READ, WRITE: the offset; CONTROL: an argument by value
 * @deadline: when to cancel it, 0 for never
 *
 * As METHOD_BUFFERED has it, both directions share one buffer of the longer
 * length: what a host writes stands where the input stood.
 *
 * Up to a page, SEND copies @in, and the call that reaps writes @out. Above it,
 * where one direction alone is used and RLIMIT_MEMLOCK has room, the sender's
 * pages are pinned, and the host's calls copy between them and the host. So the
 * memory at @in and @out belongs to the request until its completion can be
 * reaped, also when a signal has ended the wait for it, and nothing touches it
 * afterwards.
 *
 * While the target is stopped its requests wait in it: they are accepted, can be
 * cancelled and have their deadlines, and START sends them in their order.
 */
struct iotarget_send_element {
	__aligned_u64 user_data;
	__aligned_u64 id;
	__u32 type;
	__u32 code;
	__u32 flags;
	__s32 result;
	__aligned_u64 in;
	__aligned_u64 out;
	__u32 in_length;
	__u32 out_length;
	__aligned_u64 offset;
	__aligned_u64 deadline;
};

/* struct iotarget_reap_element.flags */
/* sent from another address space than this one: @out is there, if anywhere */
#define IOTARGET_REAP_NOT_COPIED	0x1U

/**
 * struct iotarget_reap_element - a completion
 * @user_data: out: as it was sent
 * @id: out: the request
 * @information: out: bytes transferred, as the host said
 * @status: out: what the host said; see DOC: Errors for the kernel's own
 * @flags: out: IOTARGET_REAP_*
 */
struct iotarget_reap_element {
	__aligned_u64 user_data;
	__aligned_u64 id;
	__aligned_u64 information;
	__s32 status;
	__u32 flags;
};

/* struct iotarget_send.flags */
/* wait for all that this call sends; nobody else reaps it meanwhile */
#define IOTARGET_SEND_WAIT		0x1U

/**
 * struct iotarget_send - ioctl(IOTARGET_SEND)
 * @size: sizeof(struct iotarget_send)
 * @flags: IOTARGET_SEND_*
 * @send: struct iotarget_send_element: what to send; may be empty
 * @reap: struct iotarget_reap_element: where completions go; may be empty
 * @sent: out: how many were accepted, from the first on
 * @reaped: out: how many completions were written
 *
 * Sends an array, then reaps one. With WAIT the call waits until all that it
 * sent has completed and reaps just these (@reap needs room for all of them).
 * Without, it reaps what is complete, and if @reap is not empty it waits until
 * there is at least one. O_NONBLOCK: it waits for nothing. On a target fd.
 * Mirrors ReadFile, WriteFile and DeviceIoControl with an OVERLAPPED, and
 * GetQueuedCompletionStatusEx.
 *
 * A call that sent or reaped anything returns 0, and @sent and @reaped say what
 * it did; a signal, or the end of the target or device, then only ends its
 * wait. What WAIT left behind goes to a later call that reaps.
 *
 * -EAGAIN: no room for the first request, or nothing to reap and O_NONBLOCK.
 * -EFAULT: memory of @send cannot be read or written: nothing was sent; or of
 * @reap: the completion stays first. -EINVAL, -EBADF, -EMSGSIZE: an
 * element's @result says so; nothing was sent. -ENODEV: the target or its device
 * has ended; completions of a device that ended can still be reaped. -EINTR: a
 * signal, and nothing was sent or reaped.
 */
struct iotarget_send {
	__u32 size;
	__u32 flags;
	struct iotarget_array send;
	struct iotarget_array reap;
	__u32 sent;
	__u32 reaped;
};

/**
 * enum iotarget_cancel_scope - whose requests to cancel
 * @IOTARGET_CANCEL_ID: one, by its id (CancelIoEx with an OVERLAPPED)
 * @IOTARGET_CANCEL_THREAD: those sent by a thread (CancelIo,
 *	CancelSynchronousIo)
 * @IOTARGET_CANCEL_ALL: all (CancelIoEx without one)
 */
enum iotarget_cancel_scope {
	IOTARGET_CANCEL_ID = 1,
	IOTARGET_CANCEL_THREAD = 2,
	IOTARGET_CANCEL_ALL = 3,
};

/**
 * struct iotarget_cancel - ioctl(IOTARGET_CANCEL)
 * @size: sizeof(struct iotarget_cancel)
 * @flags: 0
 * @scope: enum iotarget_cancel_scope
 * @tid: THREAD: the thread, 0 for the caller's own; otherwise 0
 * @id: ID: the request; otherwise 0
 * @delivered: out: how many left their queue, or have an OnCancel on its way
 * @marked: out: how many could not be told: the mark stays, and whoever makes
 *	such a request cancelable is told at once
 * @told: out: how many had been told before
 * @completed: out: ID: 1 if the request had completed and is not reaped yet
 *
 * Cancels requests of this target. It never waits for a host; each request
 * still completes exactly once, perhaps with success. On a target fd. Mirrors
 * IWDFIoRequest::CancelSentRequest, CancelIoEx and CancelIo: TRUE is
 * "delivered".
 *
 * -ENOENT: never sent through this target, or reaped; nothing is pending, or the
 * thread has ended (THREAD); nothing is pending (ALL).
 */
struct iotarget_cancel {
	__u32 size;
	__u32 flags;
	__u32 scope;
	__u32 tid;
	__aligned_u64 id;
	__u32 delivered;
	__u32 marked;
	__u32 told;
	__u32 completed;
};

/**
 * enum iotarget_target_action - what TARGET_CONTROL does
 * @IOTARGET_TARGET_STATE: only tells
 * @IOTARGET_TARGET_START: sends what waits, and goes on
 * @IOTARGET_TARGET_STOP_CANCEL: stops, cancels what is sent, and waits until it
 *	has completed (WdfIoTargetCancelSentIo)
 * @IOTARGET_TARGET_STOP_WAIT: stops, and waits until what is sent has completed
 *	(WdfIoTargetWaitForSentIoToComplete)
 * @IOTARGET_TARGET_STOP_LEAVE: stops (WdfIoTargetLeaveSentIoPending)
 * @IOTARGET_TARGET_REMOVE: what waits completes with -ENODEV, what is sent is
 *	cancelled, with IGNORE_STATE too, and the call waits until all of it has
 *	completed, with FORGET too. Nothing can be sent any more; completions
 *	can be reaped, and when all are, REAP answers -ENODEV. Poll tells EPOLLHUP
 *	when nothing can complete any more (Remove)
 */
enum iotarget_target_action {
	IOTARGET_TARGET_STATE = 1,
	IOTARGET_TARGET_START = 2,
	IOTARGET_TARGET_STOP_CANCEL = 3,
	IOTARGET_TARGET_STOP_WAIT = 4,
	IOTARGET_TARGET_STOP_LEAVE = 5,
	IOTARGET_TARGET_REMOVE = 6,
};

/**
 * enum iotarget_target_state - the state of a target
 * @IOTARGET_TARGET_STARTED: WdfIoTargetStarted
 * @IOTARGET_TARGET_STOPPED: WdfIoTargetStopped
 * @IOTARGET_TARGET_REMOVED: WdfIoTargetDeleted
 */
enum iotarget_target_state {
	IOTARGET_TARGET_STARTED = 1,
	IOTARGET_TARGET_STOPPED = 2,
	IOTARGET_TARGET_REMOVED = 5,
};

/**
 * struct iotarget_target_control - ioctl(IOTARGET_TARGET_CONTROL)
 * @size: sizeof(struct iotarget_target_control)
 * @flags: 0
 * @action: enum iotarget_target_action
 * @state: out: enum iotarget_target_state
 * @waiting: out: requests that wait for START
 * @sent: out: requests that are sent and not complete, but for those with
 *	IGNORE_STATE or FORGET
 *
 * Starts, stops, removes or looks at a target. On a target fd. Mirrors
 * IWDFIoTargetStateManagement.
 *
 * START ends the wait of a STOP. -EINVAL: no such action. -EINTR: a signal ended
 * the wait, whatever its action says; the rest is done. -ENODEV: the target has
 * ended, or START or STOP of one that is removed.
 */
struct iotarget_target_control {
	__u32 size;
	__u32 flags;
	__u32 action;
	__u32 state;
	__u32 waiting;
	__u32 sent;
};

/**
 * enum iotarget_event - what a record is about
 * @IOTARGET_EVENT_REQUEST: a request is the host's now (OnRead, OnWrite,
 *	OnDeviceIoControl)
 * @IOTARGET_EVENT_CANCEL: a marked request was cancelled; the host completes it
 *	(OnCancel)
 * @IOTARGET_EVENT_CANCELED_ON_QUEUE: a request that had been here was cancelled
 *	in the queue and is the host's again (OnIoCanceledOnQueue)
 * @IOTARGET_EVENT_CLEANUP: a file was closed; answer with FILE_DONE
 *	(OnCleanupFile)
 * @IOTARGET_EVENT_CLOSE: the last request of a closed file has ended
 *	(OnCloseFile)
 * @IOTARGET_EVENT_QUEUE_STATE: what QUEUE_CONTROL asked for has come about, or a
 *	manual queue is no longer empty (OnStateChange)
 */
enum iotarget_event {
	IOTARGET_EVENT_REQUEST = 1,
	IOTARGET_EVENT_CANCEL = 2,
	IOTARGET_EVENT_CANCELED_ON_QUEUE = 3,
	IOTARGET_EVENT_CLEANUP = 4,
	IOTARGET_EVENT_CLOSE = 5,
	IOTARGET_EVENT_QUEUE_STATE = 6,
};

/* struct iotarget_fetch_element.flags */
/* the request was handed over marked: a cancel finds the bridge's routine set */
#define IOTARGET_RECORD_CANCELABLE	0x1U
/* the sender is a 32-bit program */
#define IOTARGET_RECORD_32BIT		0x2U
/* QUEUE_STATE: what a QUEUE_CONTROL with NOTIFY asked for has come about; without
 * it: a manual queue is no longer empty
 */
#define IOTARGET_RECORD_NOTICE		0x4U

/**
 * struct iotarget_fetch_element - a record
 * @id: out: the request; 0 for events of a file or of the queue
 * @file: out: the file (target) that it is about
 * @offset: out: READ, WRITE: the offset; CONTROL: the argument by value
 * @event: out: enum iotarget_event
 * @type: out: enum iotarget_type; 0 for events without a request
 * @code: out: CONTROL: the code
 * @flags: out: IOTARGET_RECORD_*
 * @in_length: out: bytes that the sender brought
 * @out_length: out: bytes that the sender takes
 * @copied: out: bytes that were written to @buffer: REQUEST only
 * @state: out: IOTARGET_QUEUE_STATE_* (QUEUE_STATE)
 * @pid: out: the sending process in the reader's namespace, 0 if not seen there
 * @uid: out: the sending user in the reader's namespace
 * @buffer: address for the request's bytes
 * @buffer_length: bytes at @buffer; what does not fit can be had by READ
 * @pad: 0
 */
struct iotarget_fetch_element {
	__aligned_u64 id;
	__aligned_u64 file;
	__aligned_u64 offset;
	__u32 event;
	__u32 type;
	__u32 code;
	__u32 flags;
	__u32 in_length;
	__u32 out_length;
	__u32 copied;
	__u32 state;
	__u32 pid;
	__u32 uid;
	__aligned_u64 buffer;
	__u32 buffer_length;
	__u32 pad;
};

/**
 * struct iotarget_complete_element - a request to complete
 * @id: the request, fetched from this queue
 * @information: bytes transferred: at most the request's @out_length (READ, or
 *	CONTROL with output) or @in_length
 * @buffer: address of the bytes for the sender
 * @buffer_length: bytes at @buffer, at most @out_length; what @information
 *	counts beyond what was written is zero
 * @status: for the sender's completion, verbatim
 * @result: out: 0 or a negative errno: -ENOENT: not the host's. -ECANCELED: an
 *	OnCancel waits to be fetched first. -EINVAL: @information or
 *	@buffer_length is too large; strict device: it is marked. -EFAULT: @buffer
 *	cannot be read. In each case the request stays as it is; bytes at
 *	@buffer may have been copied
 * @pad: 0
 *
 * Mirrors IWDFIoRequest::CompleteWithInformation. A request that is marked and
 * not cancelled is unmarked and completed in one step.
 */
struct iotarget_complete_element {
	__aligned_u64 id;
	__aligned_u64 information;
	__aligned_u64 buffer;
	__u32 buffer_length;
	__s32 status;
	__s32 result;
	__u32 pad;
};

/* struct iotarget_fetch.flags */
/* hand requests over marked, in the same step as the dispatch */
#define IOTARGET_FETCH_CANCELABLE	0x1U
/* take requests by hand, now: manual and sequential queues
 * (IWDFIoQueue::RetrieveNextRequest)
 */
#define IOTARGET_FETCH_RETRIEVE		0x2U

/**
 * struct iotarget_fetch - ioctl(IOTARGET_FETCH)
 * @size: sizeof(struct iotarget_fetch)
 * @flags: IOTARGET_FETCH_*
 * @complete: struct iotarget_complete_element: what to complete; may be empty
 * @fetch: struct iotarget_fetch_element: where records go; may be empty
 * @file: RETRIEVE: only requests of this file; 0 for any
 *	(RetrieveNextRequestByFileObject)
 * @completed: out: how many elements of @complete were answered
 * @fetched: out: how many records were written
 *
 * Completes an array, then fetches one, and if @fetch is not empty waits until
 * there is at least one record (not with O_NONBLOCK or RETRIEVE). Records come
 * in this order: cancels, other events, requests. On a queue or device fd.
 *
 * A call that answered or fetched anything returns 0, and @completed and
 * @fetched say what it did.
 *
 * -EAGAIN: no record and O_NONBLOCK; RETRIEVE: the queue is stopped.
 * -ENODATA: RETRIEVE: no such request. -EPERM: RETRIEVE on a parallel queue.
 * -EFAULT: a record cannot be written: it stays first. -EINTR: a signal, and
 * nothing was done. -ENODEV: the queue or device has ended.
 */
struct iotarget_fetch {
	__u32 size;
	__u32 flags;
	struct iotarget_array complete;
	struct iotarget_array fetch;
	__aligned_u64 file;
	__u32 completed;
	__u32 fetched;
};

/**
 * struct iotarget_id - ioctl(IOTARGET_MARK_CANCELABLE, _UNMARK_CANCELABLE,
 *	_REQUEUE)
 * @size: sizeof(struct iotarget_id)
 * @flags: 0
 * @id: a request that was fetched from this queue
 *
 * MARK_CANCELABLE makes a request cancelable: a cancel posts an OnCancel.
 * Mirrors IWDFIoRequest::MarkCancelable, and WdfRequestMarkCancelableEx in what
 * it answers. -ECANCELED: it is cancelled already; no OnCancel comes, the host
 * completes it. -EINVAL: it is marked, or was when a cancel took it.
 *
 * UNMARK_CANCELABLE takes that back. Mirrors IWDFIoRequest::UnmarkCancelable.
 * After 0 no OnCancel comes. -ECANCELED: an OnCancel is on its way or was
 * fetched. -EINVAL: it is not marked.
 *
 * REQUEUE puts a request back at the head of its manual queue. Mirrors
 * IWDFIoRequest2::Requeue. One that is cancelled, or fetched before a PURGE, ends
 * there as cancelled in the queue. -EINVAL: the queue is not manual, the request
 * is marked, or an OnCancel for it was fetched. -ECANCELED: an OnCancel waits to
 * be fetched.
 *
 * -ENOENT: not the host's, or of another queue.
 */
struct iotarget_id {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
};

/**
 * struct iotarget_is_canceled - ioctl(IOTARGET_IS_CANCELED)
 * @size: sizeof(struct iotarget_is_canceled)
 * @flags: 0
 * @id: a request that was fetched from this queue
 * @canceled: out: 1 if its sender tried to cancel it, and it is not marked
 * @pad: 0
 *
 * Mirrors IWDFIoRequest2::IsCanceled. -ENOENT: not the host's.
 */
struct iotarget_is_canceled {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__u32 canceled;
	__u32 pad;
};

/**
 * struct iotarget_forward - ioctl(IOTARGET_FORWARD)
 * @size: sizeof(struct iotarget_forward)
 * @flags: 0
 * @id: a request that was fetched from this queue
 * @queue_fd: another queue of the same device
 * @pad: 0
 *
 * Hands a request to the tail of another queue. Mirrors
 * IWDFIoRequest::ForwardToIoQueue. One that is cancelled ends there as cancelled in
 * the queue. -EBUSY: that queue accepts nothing. -EINVAL: the same queue, another
 * device's, no queue; the request is marked, or an OnCancel for it was fetched.
 * -ECANCELED: an OnCancel waits to be fetched. -EBADF: no such fd. -ENODEV: that
 * queue has ended. In each case the request stays the host's. -ENOENT: it is not.
 */
struct iotarget_forward {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__s32 queue_fd;
	__u32 pad;
};

/**
 * struct iotarget_file_done - ioctl(IOTARGET_FILE_DONE)
 * @size: sizeof(struct iotarget_file_done)
 * @flags: 0
 * @file: the file of a CLEANUP record
 *
 * The host's OnCleanupFile has returned: what that file sent is cancelled now.
 * On a device fd. -ENOENT: no CLEANUP of this file is outstanding.
 */
struct iotarget_file_done {
	__u32 size;
	__u32 flags;
	__aligned_u64 file;
};

/**
 * struct iotarget_payload - ioctl(IOTARGET_READ, IOTARGET_WRITE)
 * @size: sizeof(struct iotarget_payload)
 * @flags: 0
 * @id: a request that was fetched from this queue
 * @buffer: address in the host
 * @length: bytes
 * @offset: where in the request's payload
 * @done: out: bytes copied
 * @pad: 0
 *
 * Copies a part of a request's input to the host (READ) or of its output from
 * the host (WRITE), as much as there is from @offset on. COMPLETE sends what
 * WRITE wrote; bytes before it that nothing wrote are undefined. Mirrors
 * IWDFMemory::CopyToBuffer and CopyFromBuffer. On a queue or device fd.
 *
 * -EINVAL: @offset is beyond the end. -ENOENT: not the host's, or it completed
 * meanwhile. -EFAULT: @buffer cannot be written or read; a part may have been
 * copied.
 */
struct iotarget_payload {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
	__aligned_u64 buffer;
	__u32 length;
	__u32 offset;
	__u32 done;
	__u32 pad;
};

/* state of a queue: WDF_IO_QUEUE_STATE */
#define IOTARGET_QUEUE_STATE_ACCEPT	0x01U
#define IOTARGET_QUEUE_STATE_DISPATCH	0x02U
#define IOTARGET_QUEUE_STATE_EMPTY	0x04U
#define IOTARGET_QUEUE_STATE_IDLE	0x08U

/**
 * enum iotarget_queue_action - what QUEUE_CONTROL does
 * @IOTARGET_QUEUE_STATE: only tells (IWDFIoQueue::GetState)
 * @IOTARGET_QUEUE_START: accept and dispatch (Start)
 * @IOTARGET_QUEUE_STOP: accept, do not dispatch (Stop)
 * @IOTARGET_QUEUE_DRAIN: do not accept, dispatch (Drain)
 * @IOTARGET_QUEUE_PURGE: do not accept, cancel what is there (Purge)
 * @IOTARGET_QUEUE_STOP_AND_PURGE: stop, and cancel what is there
 *	(WdfIoQueueStopAndPurge)
 */
enum iotarget_queue_action {
	IOTARGET_QUEUE_STATE = 1,
	IOTARGET_QUEUE_START = 2,
	IOTARGET_QUEUE_STOP = 3,
	IOTARGET_QUEUE_DRAIN = 4,
	IOTARGET_QUEUE_PURGE = 5,
	IOTARGET_QUEUE_STOP_AND_PURGE = 6,
};

/* struct iotarget_queue_control.flags */
/* post a QUEUE_STATE record when it has come about */
#define IOTARGET_QUEUE_CONTROL_NOTIFY	0x1U

/**
 * struct iotarget_queue_control - ioctl(IOTARGET_QUEUE_CONTROL)
 * @size: sizeof(struct iotarget_queue_control)
 * @flags: IOTARGET_QUEUE_CONTROL_*
 * @action: enum iotarget_queue_action
 * @state: out: IOTARGET_QUEUE_STATE_*
 * @in_queue: out: requests that wait
 * @in_host: out: requests that the host has
 *
 * Controls a queue. Never waits: NOTIFY tells, by one QUEUE_STATE record, when
 * the host has nothing (STOP, STOP_AND_PURGE), or it has nothing and nothing waits
 * (DRAIN, PURGE). On a queue or device fd.
 *
 * What comes while a queue does not accept completes with -ESHUTDOWN. PURGE and
 * STOP_AND_PURGE cancel what waits, and what the host has marked; until the host
 * has nothing, or START, a mark or REQUEUE of what it still has finds it cancelled.
 *
 * -EINVAL: no such action; NOTIFY with STATE or START. -EBUSY: a notice is
 * outstanding, until its record is fetched (U47). -ENODEV: the queue has ended.
 */
struct iotarget_queue_control {
	__u32 size;
	__u32 flags;
	__u32 action;
	__u32 state;
	__u32 in_queue;
	__u32 in_host;
};

/**
 * struct iotarget_shutdown - ioctl(IOTARGET_SHUTDOWN)
 * @size: sizeof(struct iotarget_shutdown)
 * @flags: 0
 *
 * Ends the object now, as its last close would, whoever else has its fd:
 * waiters return and later calls answer -ENODEV. A device: every request that
 * it has completes with -ENODEV (-ECANCELED where a cancel was answered
 * "delivered"), and its name goes. A target: all that was sent through it is
 * cancelled; on a device with file events its queued requests are held back
 * instead, the host gets CLEANUP, and FILE_DONE cancels. On a device, queue or
 * target fd. Again: 0.
 */
struct iotarget_shutdown {
	__u32 size;
	__u32 flags;
};

/*
 * Layouts are the same on 32 and 64 bits, and never change.
 */
#define __IOTARGET_LAYOUT(s, bytes, last, at)				\
	struct __iotarget_layout_##s {					\
		char check[sizeof(struct iotarget_##s) == (bytes) &&	\
			   __builtin_offsetof(struct iotarget_##s, last) == (at) \
			   ? 1 : -1];					\
	}
__IOTARGET_LAYOUT(array, 16, ptr, 8);
__IOTARGET_LAYOUT(info, 56, user_targets, 52);
__IOTARGET_LAYOUT(device_create, 24, fd, 20);
__IOTARGET_LAYOUT(queue_create, 24, pad, 20);
__IOTARGET_LAYOUT(route, 16, queue_fd, 12);
__IOTARGET_LAYOUT(target_open, 24, pad, 20);
__IOTARGET_LAYOUT(name, 40, name, 8);
__IOTARGET_LAYOUT(send_element, 72, deadline, 64);
__IOTARGET_LAYOUT(reap_element, 32, flags, 28);
__IOTARGET_LAYOUT(send, 48, reaped, 44);
__IOTARGET_LAYOUT(cancel, 40, completed, 36);
__IOTARGET_LAYOUT(target_control, 24, sent, 20);
__IOTARGET_LAYOUT(fetch_element, 80, pad, 76);
__IOTARGET_LAYOUT(complete_element, 40, pad, 36);
__IOTARGET_LAYOUT(fetch, 56, fetched, 52);
__IOTARGET_LAYOUT(id, 16, id, 8);
__IOTARGET_LAYOUT(is_canceled, 24, pad, 20);
__IOTARGET_LAYOUT(forward, 24, pad, 20);
__IOTARGET_LAYOUT(file_done, 16, file, 8);
__IOTARGET_LAYOUT(payload, 40, pad, 36);
__IOTARGET_LAYOUT(queue_control, 24, in_host, 20);
__IOTARGET_LAYOUT(shutdown, 8, flags, 4);

#endif
