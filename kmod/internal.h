/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects of iotarget.ko, and who protects what.
 *
 * Locks, outermost first:
 *
 *  iotarget_names (mutex, device.c)
 *	the table of names; device.node
 *  device.lock (spinlock)
 *	everything else that changes: the device, its queues, its targets and
 *	its requests. Held for a few instructions; never over a copy from or to
 *	user memory, an allocation or a callback.
 *  the wait queues' own locks, taken by wake-ups under device.lock
 *
 * "(lock)" in a comment is the device's lock, "(const)" is set before others
 * can see the object.
 *
 * Lifetime: a device lives as long as its file or driver, its targets, and who
 * reads debugfs (kref); its name goes with the file or driver. A target lives as
 * long as its file and its last request that has not ended; who comes last, the
 * close or its work, frees it with its slots. A request is a slot of its target:
 * it is found by id, under the lock, and after an unlock it is found again by id,
 * unless a hold keeps it from being published.
 */
#ifndef _IOTARGET_INTERNAL_H
#define _IOTARGET_INTERNAL_H

#include <linux/fault-inject-usercopy.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/instrumented.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include <linux/iotarget.h>

struct dentry;
struct iotarget_node;
struct iotarget_pages;
struct iotarget_account;
struct iotarget_driver;
struct iotarget_driver_cancel;
struct iotarget_driver_queue;

/*
 * Ids: the serial number above the slot's index. The index is looked up in a
 * table of fixed depth: directory, leaf, chunk.
 */
#define IOTARGET_CHUNK_BITS	4
#define IOTARGET_LEAF_BITS	8
#define IOTARGET_CHUNK_SLOTS	BIT(IOTARGET_CHUNK_BITS)
#define IOTARGET_LEAF_CHUNKS	BIT(IOTARGET_LEAF_BITS)
#define IOTARGET_CHUNKS_MAX	BIT(IOTARGET_ID_SLOT_BITS - IOTARGET_CHUNK_BITS)
#define IOTARGET_LEAVES		(IOTARGET_CHUNKS_MAX / IOTARGET_LEAF_CHUNKS)

/* Payload that lies in the slot itself. */
#define IOTARGET_INLINE		64

/* So many requests are looked at, or moved, under one hold of the lock. */
#define IOTARGET_BITE		64

/**
 * struct iotarget_spin - whether to look for news before sleeping
 * @cpu: the processor that the last request or completion came from (lock; read
 *	without it as a hint)
 * @misses: how often there was none, less how often there was (lock)
 * @skip: so many waits sleep at once (lock)
 */
struct iotarget_spin {
	int cpu;
	u16 misses;
	u16 skip;
};

/**
 * struct iotarget_waiter - a task that sleeps in SEND or FETCH, on its stack
 * @node: in a queue's or target's list of sleepers, or empty (lock)
 * @wqe: what default_wake_function() wants: the task
 * @woken: somebody woke it (lock; read without it by who spins)
 * @spinning: it looks at @woken and needs no wake-up (lock)
 * @pending: SEND with WAIT: how many of its requests have not completed (lock)
 * @done: SEND with WAIT: its requests that have completed (lock; the task's own
 *	once @pending is 0)
 */
struct iotarget_waiter {
	struct list_head node;
	struct wait_queue_entry wqe;
	bool woken;
	bool spinning;
	unsigned int pending;
	struct list_head done;
};

/**
 * enum iotarget_state - who has a request; the edges stand in request.c
 * @IOTARGET_FREE: a slot that nobody uses
 * @IOTARGET_PREPARING: SEND fills it in; no id finds it
 * @IOTARGET_PENDED: its target is stopped, owns it and has set its routine
 * @IOTARGET_QUEUED: the queue owns it and has set its routine
 * @IOTARGET_DELIVERING: its record is being copied to the host
 * @IOTARGET_OWNED: the host owns it; marked if the bridge's routine is set
 * @IOTARGET_CLAIMED: the host owns it; a cancel took the routine, and the host
 *	has not fetched that OnCancel yet
 * @IOTARGET_TOLD: the host owns it and has fetched that OnCancel
 * @IOTARGET_COMPLETED: has its status; published when the last hold goes
 * @IOTARGET_READY: its sender can reap it
 */
enum iotarget_state {
	IOTARGET_FREE,
	IOTARGET_PREPARING,
	IOTARGET_PENDED,
	IOTARGET_QUEUED,
	IOTARGET_DELIVERING,
	IOTARGET_OWNED,
	IOTARGET_CLAIMED,
	IOTARGET_TOLD,
	IOTARGET_COMPLETED,
	IOTARGET_READY,
};

struct iotarget_request;
typedef void (*iotarget_cancel_fn)(struct iotarget_request *req);

/**
 * struct iotarget_request - a slot: one request, 256 bytes with its payload
 * @node: in the list that @state says: the target's free slots, stopped requests
 *	or completions, a waiter's completions, the queue's requests or cancels
 *	(lock)
 * @id: serial number and slot; set anew by each SEND (lock)
 * @target: whose slot it is (const)
 * @queue: where it is, or was last (lock)
 * @routine: the cancel routine: set means cancelable; called under the lock
 *	(lock)
 * @driver_cancel: a driver module's own, which its bridge's has called (lock;
 *	constant while marked or told)
 * @waiter: the call that waits for it (lock)
 * @state: enum iotarget_state (lock)
 * @type: enum iotarget_type
 * @cancelled: a cancel came; sticky (lock)
 * @fetched: a host has had it (lock)
 * @forgotten: nobody will reap it (lock)
 * @compat: sent by a 32-bit program
 * @timed_out: the first cancel was the clock's (lock)
 * @on_queue: claimed in the queue, not from the host: CANCELED_ON_QUEUE (lock)
 * @ignore_state: sent with IGNORE_STATE or FORGET
 * @sent: counted in the target's @sent (lock)
 * @pinned: the payload stays in the sender's memory
 * @holds: copies under way that keep it from being published (lock)
 * @status: its status (lock, until READY)
 * @information: bytes transferred (lock, until READY)
 * @written: where the output that the host has written ends (lock, until READY)
 * @code: control code
 * @in_length: bytes for the host
 * @out_length: bytes that the sender takes
 * @uid: who sent it
 * @moves: how often the slot's requests have come to a queue (lock)
 * @user_data: the sender's
 * @offset: offset, or argument by value
 * @out: where the sender wants the output
 * @buffer: the payload: @payload, or memory of its own
 * @pages: with @pinned, instead: the payload in the sender's memory
 * @mm: the address space of @out, if it is used; a reference
 * @pid: the sender's process; a reference, kept while FREE
 * @thread: the thread that sent it; a reference, kept while FREE
 * @deadline: when to cancel it; 0 from then on, or when it has none (lock)
 * @deadline_node: in that tree (lock)
 * @payload: up to IOTARGET_INLINE bytes of payload
 *
 * Fields without a mark are written by SEND while the slot is PREPARING and
 * constant until it is FREE again.
 */
struct iotarget_request {
	struct list_head node;
	u64 id;
	struct iotarget_target *target;
	struct iotarget_queue *queue;
	iotarget_cancel_fn routine;
	struct iotarget_driver_cancel *driver_cancel;
	struct iotarget_waiter *waiter;
	u8 state;
	u8 type;
	bool cancelled;
	u8 fetched:1;
	u8 forgotten:1;
	u8 compat:1;
	u8 timed_out:1;
	u8 on_queue:1;
	u8 ignore_state:1;
	u8 sent:1;
	u8 pinned:1;
	u32 holds;
	s32 status;
	u32 information;
	u32 written;
	u32 code;
	u32 in_length;
	u32 out_length;
	kuid_t uid;
	u32 moves;
	u64 user_data;
	u64 offset;
	u64 out;
	union {
		void *buffer;
		struct iotarget_pages *pages;
	};
	struct mm_struct *mm;
	struct pid *pid;
	struct pid *thread;
	u64 deadline;
	struct rb_node deadline_node;
	u8 payload[IOTARGET_INLINE] __aligned(64);
};

/**
 * struct iotarget_chunk - a page of slots
 * @node: in the target's list (lock)
 * @slots: the page (const)
 * @index: where it stands in the device's table (const)
 */
struct iotarget_chunk {
	struct list_head node;
	struct iotarget_request *slots;
	unsigned int index;
};

/**
 * struct iotarget_leaf - part of the device's table
 * @chunks: (lock)
 */
struct iotarget_leaf {
	struct iotarget_chunk *chunks[IOTARGET_LEAF_CHUNKS];
};

/**
 * enum iotarget_notice - what a QUEUE_CONTROL with NOTIFY waits for
 * @IOTARGET_NOTICE_NONE: there is none
 * @IOTARGET_NOTICE_IDLE: the host is to have nothing
 * @IOTARGET_NOTICE_EMPTY: and nothing is to wait
 * @IOTARGET_NOTICE_READY: it has come about: a record can be fetched
 * @IOTARGET_NOTICE_COPYING: the record is being copied
 */
enum iotarget_notice {
	IOTARGET_NOTICE_NONE,
	IOTARGET_NOTICE_IDLE,
	IOTARGET_NOTICE_EMPTY,
	IOTARGET_NOTICE_READY,
	IOTARGET_NOTICE_COPYING,
};

/**
 * struct iotarget_queue - holds requests and hands them to the host
 * @device: holds a reference, but for its default queue (const)
 * @node: in the device's list (lock)
 * @account: of who made it, but for the default queue; a reference (const)
 * @bridge: a driver module's, or NULL: then a host serves it (lock)
 * @dispatch: enum iotarget_dispatch (const)
 * @limit: parallel: the most requests that the host may have, or 0 (const)
 * @flags: IOTARGET_QUEUE_* (const)
 * @ended: SHUTDOWN or last close, or the device's end (lock)
 * @refusing: completes what comes (lock)
 * @stopped: takes requests, and hands out none (lock)
 * @purging: what the host still has cannot be marked or requeued (lock)
 * @purges: how many calls are purging it now: nothing has come about until they
 *	have been at all that waits (lock)
 * @announced: manual: the host was told that there are requests (lock)
 * @notice: enum iotarget_notice (lock)
 * @queued: requests that are QUEUED here, those held back included (lock)
 * @owned: requests that the host has, those being copied included (lock)
 * @requests: QUEUED, in the order of their arrival (lock)
 * @cancels: CLAIMED, whose OnCancel waits to be fetched, or whose cancel routine
 *	in a module waits to be called (lock)
 * @events: the default queue's: targets whose CLEANUP or CLOSE waits to be fetched
 *	(lock)
 * @waiters: tasks that sleep in FETCH, the last to come first (lock)
 * @spin: of those tasks (lock)
 * @pollers: poll and epoll
 * @skipping: completes unseen what one holder of the lock does not; queued under the
 *	lock, and not after the end
 */
struct iotarget_queue {
	struct iotarget_device *device;
	struct list_head node;
	struct iotarget_account *account;
	struct iotarget_driver_queue *bridge;
	u32 dispatch;
	u32 limit;
	u32 flags;
	bool ended;
	bool refusing;
	bool stopped;
	bool purging;
	bool announced;
	u8 notice;
	u32 purges;
	u32 queued;
	u32 owned;
	struct list_head requests;
	struct list_head cancels;
	struct list_head events;
	struct list_head waiters;
	struct iotarget_spin spin;
	wait_queue_head_t pollers;
	struct work_struct skipping;
};

/* Request types, and 0. */
#define IOTARGET_TYPES (IOTARGET_TYPE_CONTROL + 1)

/**
 * enum iotarget_violation - a rule that a host has broken; the request is unharmed
 * @IOTARGET_NOT_OWNED: what it names is not, or not any more, its own
 * @IOTARGET_IS_MARKED: completes (strict), requeues or forwards what is marked
 * @IOTARGET_MARKED_TWICE: marks what is, or was when a cancel took it
 * @IOTARGET_NOT_MARKED: unmarks what is not
 * @IOTARGET_IS_TOLD: requeues or forwards what it has an OnCancel of
 * @IOTARGET_BAD_QUEUE: forwards to the same queue or another device's, or requeues
 *	where the queue is not manual
 * @IOTARGET_TOO_LONG: completes with more than the sender takes
 */
enum iotarget_violation {
	IOTARGET_NOT_OWNED,
	IOTARGET_IS_MARKED,
	IOTARGET_MARKED_TWICE,
	IOTARGET_NOT_MARKED,
	IOTARGET_IS_TOLD,
	IOTARGET_BAD_QUEUE,
	IOTARGET_TOO_LONG,
	IOTARGET_VIOLATIONS,
};

/**
 * struct iotarget_device - what a driver host creates
 * @lock: see the top of this file
 * @ended: SHUTDOWN or last close (lock)
 * @strict: refuse what WDF's verifier calls a violation (const)
 * @file_events: tell the host of files (const)
 * @queue: the default queue
 * @queues: all of them, the default one first (lock)
 * @routes: where requests of each type go (lock)
 * @violations: of the rules by the host, by kind (lock)
 * @table: slots by index; the leaves are set once (lock)
 * @serial: of the last request (lock)
 * @file_number: of the last target (lock)
 * @targets: all that are open, or have requests or events (lock)
 * @cleanups: targets whose CLEANUP the host has fetched and not answered (lock)
 * @refs: see the top of this file
 * @driver: the driver module's, or NULL: then a host serves it (lock)
 * @number: names it in traces and in debugfs (const)
 * @account: whose it is, or NULL: a driver module's; a reference (const)
 * @chunks: which indexes of chunks are taken (its own lock)
 * @node: its name, or NULL (iotarget_names)
 */
struct iotarget_device {
	spinlock_t lock;	/* everything that changes: see the top */
	bool ended;
	bool strict;
	bool file_events;
	struct iotarget_queue queue;
	struct list_head queues;
	struct iotarget_queue *routes[IOTARGET_TYPES];
	u64 violations[IOTARGET_VIOLATIONS];
	u64 serial;
	struct iotarget_leaf *table[IOTARGET_LEAVES];
	u64 file_number;
	struct list_head targets;
	struct list_head cleanups;
	struct kref refs;
	struct iotarget_driver *driver;
	u32 number;
	struct iotarget_account *account;
	struct ida chunks;
	struct iotarget_node *node;
};

/**
 * enum iotarget_file_event - what the host is still to be told of a file's end
 * @IOTARGET_FILE_NONE: nothing, or nothing any more
 * @IOTARGET_FILE_CLEANUP: CLEANUP waits to be fetched
 * @IOTARGET_FILE_TOLD: CLEANUP was fetched, FILE_DONE is to come
 * @IOTARGET_FILE_ENDING: CLOSE is to come with the end of the last request
 * @IOTARGET_FILE_CLOSE: CLOSE waits to be fetched
 */
enum iotarget_file_event {
	IOTARGET_FILE_NONE,
	IOTARGET_FILE_CLEANUP,
	IOTARGET_FILE_TOLD,
	IOTARGET_FILE_ENDING,
	IOTARGET_FILE_CLOSE,
};

/**
 * struct iotarget_target - a sender's open handle on a device
 * @device: holds a reference (const)
 * @node: in the device's list (lock)
 * @account: of who opened it; a reference (const)
 * @file: the number by which records name it (const)
 * @ended: SHUTDOWN or last close (lock)
 * @state: enum iotarget_target_state (lock)
 * @released: its file is gone (lock)
 * @event: enum iotarget_file_event (lock)
 * @event_node: in the queue's events or the device's cleanups, as @event says
 *	(lock)
 * @pending: requests that are not READY; who uses the target without its file
 *	counts as one (lock)
 * @slots: how many slots it has (lock)
 * @bytes: payload outside the slots (lock)
 * @sent: requests that were sent and are not READY, without and with IGNORE_STATE
 *	(lock)
 * @starts: how often it was started (lock)
 * @waiting: how many requests are PENDED (lock)
 * @stopped: those, in the order of their sending (lock)
 * @held: QUEUED, but held back from the host: @ended, on a device with file
 *	events (lock)
 * @deadlines: requests that have one (lock)
 * @deadline_work: armed for the first of them, or earlier (lock)
 * @free: slots that are FREE, the last used first (lock)
 * @chunks: its slots; only grows (lock)
 * @ready: READY and not for a call that waits (lock)
 * @forgotten: READY, and nobody will reap them (lock)
 * @waiters: tasks that sleep to reap (lock)
 * @senders: tasks that sleep in SEND with WAIT or in a plain call (lock)
 * @stoppers: tasks that wait for @sent in TARGET_CONTROL (lock)
 * @spin: of all those tasks (lock)
 * @pollers: poll and epoll
 * @work: frees what is forgotten, and the target if its close came before its last
 *	request's end; queued under the lock
 */
struct iotarget_target {
	struct iotarget_device *device;
	struct list_head node;
	struct iotarget_account *account;
	u64 file;
	bool ended;
	u8 state;
	bool released;
	u8 event;
	struct list_head event_node;
	u32 pending;
	u32 slots;
	u64 bytes;
	u32 sent[2];
	u32 starts;
	u32 waiting;
	struct list_head stopped;
	struct list_head held;
	struct rb_root_cached deadlines;
	struct delayed_work deadline_work;
	struct list_head free;
	struct list_head chunks;
	struct list_head ready;
	struct list_head forgotten;
	struct list_head waiters;
	struct list_head senders;
	struct list_head stoppers;
	struct iotarget_spin spin;
	wait_queue_head_t pollers;
	struct work_struct work;
};

/* Are the target's queued requests held back from the host? Under the lock. */
static inline bool
iotarget_target_holds_back(const struct iotarget_target *target)
{
	return target->ended && target->device->file_events;
}

/* What a cancel found. */
enum iotarget_verdict {
	IOTARGET_DELIVERED,
	IOTARGET_MARKED,
	IOTARGET_ALREADY_TOLD,
	IOTARGET_WAS_COMPLETED,
};

/* request.c: all under the lock */
void iotarget_request_move(struct iotarget_request *req, enum iotarget_state to,
			   iotarget_cancel_fn routine);
void iotarget_request_prepare(struct iotarget_request *req);
enum iotarget_verdict iotarget_request_cancel(struct iotarget_request *req);
void iotarget_request_complete(struct iotarget_request *req, s32 status,
			       u32 information, bool sync);
void iotarget_request_end(struct iotarget_request *req);
void iotarget_request_hold(struct iotarget_request *req);
bool iotarget_request_release(struct iotarget_request *req);
int iotarget_request_mark(struct iotarget_request *req,
			  iotarget_cancel_fn routine);
int iotarget_request_unmark(struct iotarget_request *req);
int iotarget_request_is_canceled(struct iotarget_request *req);

/* Does the host have it? True also while its record is on the way. */
static inline bool iotarget_request_owned(const struct iotarget_request *req)
{
	return req->state >= IOTARGET_DELIVERING && req->state <= IOTARGET_TOLD;
}

/* Can a cancel find it? */
static inline bool iotarget_request_pending(const struct iotarget_request *req)
{
	return req->state >= IOTARGET_PENDED && req->state <= IOTARGET_TOLD;
}

/* queue.c: what takes a request, a list or settles and wakes, under the lock */
struct iotarget_call;
void iotarget_queue_init(struct iotarget_queue *queue,
			 struct iotarget_device *device,
			 const struct iotarget_queue_create *args);
int iotarget_queue_check(const struct iotarget_queue_create *args);
void iotarget_queue_mark_ended(struct iotarget_queue *queue);
void iotarget_queue_insert(struct iotarget_queue *queue, struct list_head *list);
int iotarget_queue_do(struct iotarget_queue *queue, u32 action, bool notify);
int iotarget_queue_route(struct iotarget_queue *queue, u32 type);
struct iotarget_queue *iotarget_file_queue(const struct file *file);
int iotarget_queue_create(struct iotarget_call *call);
int iotarget_route(struct iotarget_call *call);
int iotarget_forward(struct iotarget_call *call);
int iotarget_queue_control(struct iotarget_call *call);
int iotarget_queue_shutdown(struct iotarget_call *call);
void iotarget_queue_close(void *object);
int iotarget_queue_release(struct inode *inode, struct file *file);
__poll_t iotarget_queue_poll(struct file *file, poll_table *wait);
u32 iotarget_queue_state(const struct iotarget_queue *queue);
void iotarget_queue_settle(struct iotarget_queue *queue);
u32 iotarget_queue_retrieve(struct iotarget_queue *queue,
			    iotarget_cancel_fn routine,
			    struct iotarget_request **reqs, u32 count);
u32 iotarget_queue_retrieve_file(struct iotarget_queue *queue,
				 iotarget_cancel_fn routine, u64 file,
				 struct iotarget_request **reqs);
u32 iotarget_queue_dispatch(struct iotarget_queue *queue,
			    iotarget_cancel_fn routine,
			    struct iotarget_request **reqs, u32 count);
void iotarget_queue_undo(struct iotarget_request *req);
int iotarget_queue_requeue(struct iotarget_request *req);
int iotarget_queue_forward(struct iotarget_request *req,
			   struct iotarget_queue *queue);
void iotarget_queue_cancel(struct iotarget_request *req);
void iotarget_queue_advance(struct iotarget_queue *queue);
void iotarget_queue_post_cancel(struct iotarget_request *req);
bool iotarget_queue_tells(const struct iotarget_queue *queue);
bool iotarget_queue_readable(const struct iotarget_queue *queue);
bool iotarget_queue_skips_first(const struct iotarget_queue *queue);
void iotarget_queue_wake(struct iotarget_queue *queue, bool sync);

/* host.c */
struct iotarget_call;
struct iov_iter;
void iotarget_host_cancel(struct iotarget_request *req);
struct iotarget_request *iotarget_host_find(struct iotarget_queue *queue, u64 id);
void iotarget_host_deliver(struct iotarget_request *req);
int iotarget_host_complete_one(struct iotarget_queue *queue,
			       const struct iotarget_complete_element *e,
			       const void *bytes, bool sync);
ssize_t iotarget_host_transfer(struct iotarget_queue *queue, u64 id, u32 offset,
			       struct iov_iter *iter);
int iotarget_fetch(struct iotarget_call *call);
int iotarget_requeue(struct iotarget_call *call);
int iotarget_mark_cancelable(struct iotarget_call *call);
int iotarget_unmark_cancelable(struct iotarget_call *call);
int iotarget_is_canceled(struct iotarget_call *call);
int iotarget_payload_read(struct iotarget_call *call);
int iotarget_payload_write(struct iotarget_call *call);

/* driver.c */
void iotarget_driver_run_cancels(struct iotarget_device *device);

/* target.c */
struct iotarget_target *iotarget_target_create(struct iotarget_device *device);
void iotarget_target_publish(struct iotarget_request *req, bool sync);
int iotarget_target_take_bytes(struct iotarget_target *target, u32 bytes);
void iotarget_target_put_bytes(struct iotarget_target *target, u32 bytes);
int iotarget_slots_take(struct iotarget_target *target, u32 count,
			struct list_head *list);
void iotarget_slots_put(struct iotarget_target *target, struct list_head *list);
int iotarget_send_fill(struct iotarget_request *req,
		       const struct iotarget_send_element *e, fmode_t mode);
int iotarget_send_publish(struct iotarget_target *target, struct list_head *list,
			  u32 count, struct iotarget_waiter *waiter, bool sync);
void iotarget_target_close(void *object);
int iotarget_file_done(struct iotarget_call *call);
void iotarget_file_told(struct iotarget_target *target);
void iotarget_file_withdraw(struct iotarget_target *target);
void iotarget_target_get(struct iotarget_target *target);
void iotarget_target_settle(struct iotarget_target *target, u32 count);
int iotarget_target_release(struct inode *inode, struct file *file);
__poll_t iotarget_target_poll(struct file *file, poll_table *wait);
int iotarget_send(struct iotarget_call *call);
int iotarget_cancel(struct iotarget_call *call);
int iotarget_target_control(struct iotarget_call *call);
int iotarget_target_shutdown(struct iotarget_call *call);
extern unsigned int iotarget_target_requests;
extern unsigned long iotarget_target_bytes;
extern struct workqueue_struct *iotarget_wq;

/* plain.c */
ssize_t iotarget_plain_read(struct kiocb *iocb, struct iov_iter *to);
ssize_t iotarget_plain_write(struct kiocb *iocb, struct iov_iter *from);
long iotarget_plain_ioctl(struct file *file, unsigned int code,
			  unsigned long arg);

/* device.c */
int iotarget_device_create(struct iotarget_call *call);
struct iotarget_device *
iotarget_device_alloc(const struct iotarget_device_create *args);
int iotarget_device_check(const struct iotarget_device_create *args);
bool iotarget_name_valid(const struct iotarget_name *args);
int iotarget_device_name(struct iotarget_device *device,
			 const struct iotarget_name *args);
void iotarget_device_end(struct iotarget_device *device);
void iotarget_device_close(void *object);
int iotarget_target_open(struct iotarget_call *call);
int iotarget_name(struct iotarget_call *call);
struct iotarget_device *iotarget_device_next(unsigned long number);
void iotarget_device_get(struct iotarget_device *device);
void iotarget_device_put(struct iotarget_device *device);
struct iotarget_request *iotarget_device_find(struct iotarget_device *device,
					      u64 id);
int iotarget_device_add_chunk(struct iotarget_device *device,
			      struct iotarget_target *target);
void iotarget_device_remove_chunk(struct iotarget_device *device,
				  struct iotarget_chunk *chunk);
void iotarget_device_for_each(struct iotarget_device *device,
			      void (*fn)(struct iotarget_request *req,
					 void *context), void *context);
int iotarget_violate(struct iotarget_device *device, u64 id,
		     enum iotarget_violation violation);
int iotarget_install(struct iotarget_call *call, const char *name,
		     const struct file_operations *fops, void *object,
		     void (*close)(void *object), __s32 *answer);
int iotarget_device_release(struct inode *inode, struct file *file);
int iotarget_node_open(struct inode *inode, struct file *file);
int iotarget_names_init(const struct file_operations *fops);
void iotarget_names_exit(void);

/* account.c: what a user may have */
enum iotarget_cap {
	IOTARGET_CAP_REQUESTS,
	IOTARGET_CAP_BYTES,
	IOTARGET_CAP_DEVICES,
	IOTARGET_CAP_QUEUES,
	IOTARGET_CAP_TARGETS,
	IOTARGET_CAPS,
};

extern unsigned long iotarget_user_caps[IOTARGET_CAPS];
struct iotarget_account *iotarget_account_get(void);
void iotarget_account_put(struct iotarget_account *account);
int iotarget_account_charge(struct iotarget_account *account,
			    enum iotarget_cap cap, unsigned long count);
void iotarget_account_uncharge(struct iotarget_account *account,
			       enum iotarget_cap cap, unsigned long count);

/*
 * What is small and has had its bounds checked is copied by these. Where hardened
 * usercopy looks the kernel's side up again, copy_from_user() costs a multiple.
 */
static inline int iotarget_user_get(void *to, const void __user *from, size_t size)
{
	size_t left;

	/* of nothing the address does not matter */
	if (!size)
		return 0;
	might_fault();
	if (should_fail_usercopy() || !access_ok(from, size))
		return -EFAULT;
	barrier_nospec();
	instrument_copy_from_user_before(to, from, size);
	left = raw_copy_from_user(to, from, size);
	instrument_copy_from_user_after(to, from, size, left);
	return left ? -EFAULT : 0;
}

static inline int iotarget_user_put(void __user *to, const void *from, size_t size)
{
	if (!size)
		return 0;
	might_fault();
	if (should_fail_usercopy() || !access_ok(to, size))
		return -EFAULT;
	instrument_copy_to_user(to, from, size);
	return raw_copy_to_user(to, from, size) ? -EFAULT : 0;
}

static inline int iotarget_array_check(const struct iotarget_array *array,
				       size_t min_stride)
{
	if (!array->count)
		return 0;
	if (array->count > IOTARGET_ARRAY_MAX || array->stride < min_stride ||
	    (array->stride | array->ptr) % 8)
		return -EINVAL;
	return array->stride > PAGE_SIZE ? -E2BIG : 0;
}

static inline void __user *iotarget_element(const struct iotarget_array *array,
					    u32 i)
{
	return u64_to_user_ptr(array->ptr + (u64)i * array->stride);
}

static inline int iotarget_element_get(void *element, size_t size,
				       const struct iotarget_array *array, u32 i)
{
	if (likely(array->stride == size))
		return iotarget_user_get(element, iotarget_element(array, i),
					 size);
	return copy_struct_from_user(element, size, iotarget_element(array, i),
				     array->stride);
}

/* For elements that are not read whole: what this kernel does not know is 0. */
static inline int
iotarget_element_check_tail(const struct iotarget_array *array, u32 i, size_t size)
{
	int ret;

	if (likely(array->stride <= size))
		return 0;
	ret = check_zeroed_user(iotarget_element(array, i) + size,
				array->stride - size);
	return ret > 0 ? 0 : ret ?: -E2BIG;
}

/*
 * buffer.c: payloads. (Elements, records and completions are copied where they
 * are made: put together first, each would be copied twice.)
 */
u32 iotarget_payload_max(void);
int iotarget_buffer_init(struct iotarget_request *req, struct iov_iter *from);
int iotarget_buffer_from_sender(struct iotarget_request *req,
				const struct iotarget_send_element *element);
void iotarget_buffer_free(struct iotarget_request *req);
size_t iotarget_buffer_read(const struct iotarget_request *req, u32 offset,
			    u32 length, struct iov_iter *to);
size_t iotarget_buffer_write(struct iotarget_request *req, u32 offset,
			     u32 length, struct iov_iter *from);
int iotarget_buffer_to_host(const struct iotarget_request *req, void __user *to,
			    u32 length);
int iotarget_buffer_from_host(struct iotarget_request *req,
			      const struct iotarget_complete_element *element,
			      u32 written);
u32 iotarget_buffer_output(struct iotarget_request *req);
int iotarget_buffer_to_sender(struct iotarget_request *req, u32 *flags);

/* wait.c: under the lock */
void iotarget_waiter_init(struct iotarget_waiter *waiter);
int iotarget_wait(struct iotarget_device *device, struct iotarget_waiter *waiter,
		  struct iotarget_spin *spin, unsigned int state);
int iotarget_wait_in(struct iotarget_device *device, struct list_head *waiters,
		     struct iotarget_spin *spin);
void iotarget_wake(struct iotarget_waiter *waiter, bool sync);
void iotarget_wake_one(struct list_head *waiters, wait_queue_head_t *pollers,
		       __poll_t mask, bool sync);
void iotarget_wake_all(struct list_head *waiters);

/**
 * struct iotarget_call - an ioctl under way
 * @file: on which
 * @object: its device or target
 * @user: the caller's struct
 * @size: how much of it the caller knows
 * @args: what was copied of it; what the caller does not know is 0
 */
struct iotarget_call {
	struct file *file;
	void *object;
	void __user *user;
	u32 size;
	union {
		struct iotarget_info info;
		struct iotarget_device_create device_create;
		struct iotarget_target_open target_open;
		struct iotarget_name name;
		struct iotarget_send send;
		struct iotarget_cancel cancel;
		struct iotarget_fetch fetch;
		struct iotarget_id id;
		struct iotarget_is_canceled is_canceled;
		struct iotarget_file_done file_done;
		struct iotarget_payload payload;
		struct iotarget_shutdown shutdown;
		struct iotarget_queue_create queue_create;
		struct iotarget_route route;
		struct iotarget_target_control target_control;
		struct iotarget_forward forward;
		struct iotarget_queue_control queue_control;
	} args;
};

/* debugfs.c */
struct dentry *iotarget_debugfs_init(void);
void iotarget_debugfs_exit(void);

/* main.c */
int iotarget_call_respond(struct iotarget_call *call);
extern const struct file_operations iotarget_device_fops;
extern const struct file_operations iotarget_queue_fops;
extern const struct file_operations iotarget_target_fops;

#endif
