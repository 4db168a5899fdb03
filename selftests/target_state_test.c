// SPDX-License-Identifier: GPL-2.0
/*
 * The state of a target: started, stopped, removed; what waits in it, and what a
 * send may say about it. U63-U68, U70, U75-U83, U88, U90-U97 as far as they
 * have a meaning without the Windows interface.
 */
#include <limits.h>

#include "plain_common.h"

#define MS 1000000ULL

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 * MS + t.tv_nsec;
}

/* A control request without bytes; a record shows @offset. */
static int send_as(int target, __u32 flags, __u64 deadline, __u64 offset,
		   __u64 *id)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .flags = flags,
		.deadline = deadline, .offset = offset,
	};
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	int ret = call(target, IOTARGET_SEND, &arg);

	*id = e.id;
	return ret ? ret : arg.sent == 1 && !e.result && e.id ? 0 : -EPROTO;
}

/* Sends @count at once, with offsets from @first on. Returns how many went. */
static int send_many(int target, __u64 first, __u32 count)
{
	static struct iotarget_send_element e[IOTARGET_ARRAY_MAX];
	struct iotarget_send arg = send_arg(0, e, count, NULL, 0);
	__u32 i;
	int ret;

	memset(e, 0, count * sizeof(*e));
	for (i = 0; i < count; i++) {
		e[i].type = IOTARGET_TYPE_CONTROL;
		e[i].offset = first + i;
	}
	ret = call(target, IOTARGET_SEND, &arg);
	return ret ? ret : (int)arg.sent;
}

/* A TARGET_CONTROL that waits, and what it saw when it returned. */
struct stopper {
	struct background thread;
	int target;
	__u32 action;
	struct iotarget_target_control arg;
	atomic_int *last;	/* set before the last request completes */
	int seen;
};

static int stopper_main(void *arg)
{
	struct stopper *s = arg;
	int ret = target_control(s->target, s->action, &s->arg);

	s->seen = s->last ? atomic_load(s->last) : 0;
	return ret;
}

/* Returns when it sleeps in its call. */
static void stopper_start(struct stopper *s, int target, __u32 action,
			  atomic_int *last)
{
	s->target = target;
	s->action = action;
	s->last = last;
	background_start(&s->thread, stopper_main, s);
	wait_asleep(s->thread.tid);
}

/* The same by a process, which exits with the error. */
static pid_t stopper_fork(int target, __u32 action)
{
	pid_t child = fork();

	if (!child)
		_exit(-target_do(target, action));
	wait_asleep(child);
	return child;
}

FIXTURE(target) {
	int device;
	int target;
	__u64 file;
};

FIXTURE_SETUP(target)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open_file(self->device, &self->file);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(target)
{
	close(self->target);
	close(self->device);
}

/* With another kind of device. */
#define RENEW(flags, dispatch) do {					\
	close(self->target);						\
	close(self->device);						\
	self->device = device_create_flags(flags, dispatch, 0);		\
	ASSERT_GE(self->device, 0);					\
	self->target = target_open_file(self->device, &self->file);	\
	ASSERT_GE(self->target, 0);					\
} while (0)

#define RENEW_TARGET() do {						\
	close(self->target);						\
	self->target = target_open_file(self->device, &self->file);	\
	ASSERT_GE(self->target, 0);					\
} while (0)

#define DO(action_) \
	ASSERT_EQ(0, target_do(self->target, IOTARGET_TARGET_##action_))

#define EXPECT_STATE(state_, waiting_, sent_) do {			\
	struct iotarget_target_control control_;			\
									\
	EXPECT_EQ(0, target_control(self->target, IOTARGET_TARGET_STATE, \
				    &control_));			\
	EXPECT_EQ(IOTARGET_TARGET_##state_, control_.state);		\
	EXPECT_EQ(waiting_, control_.waiting);				\
	EXPECT_EQ(sent_, control_.sent);				\
} while (0)

/* When others work on it too. */
#define WAIT_STATE(state_, waiting_, sent_) do {			\
	struct iotarget_target_control control_;			\
									\
	do {								\
		sched_yield();						\
		ASSERT_EQ(0, target_control(self->target,		\
					    IOTARGET_TARGET_STATE,	\
					    &control_));		\
	} while (control_.state != IOTARGET_TARGET_##state_ ||		\
		 control_.waiting != (waiting_) || control_.sent != (sent_)); \
} while (0)

#define SEND(id_) ASSERT_EQ(0, send_as(self->target, 0, 0, 0, &(id_)))

#define SEND_AS(flags_, id_) \
	ASSERT_EQ(0, send_as(self->target, IOTARGET_ELEMENT_##flags_, 0, 0, &(id_)))

#define EXPECT_REQUEST(id_, flags_) do {				\
	struct iotarget_fetch_element record_ = {};			\
									\
	ASSERT_EQ(0, fetch_now(self->device, flags_, &record_));	\
	EXPECT_EQ(IOTARGET_EVENT_REQUEST, record_.event);		\
	EXPECT_EQ(id_, record_.id);					\
} while (0)

/* A request that the host has, not marked, or marked. */
#define SEND_OWNED(id_) do {						\
	SEND(id_);							\
	EXPECT_REQUEST(id_, 0);						\
} while (0)

#define SEND_MARKED(id_) do {						\
	SEND(id_);							\
	EXPECT_REQUEST(id_, IOTARGET_FETCH_CANCELABLE);			\
} while (0)

#define EXPECT_REAPED(id_, status_) do {				\
	struct iotarget_reap_element reap_;				\
									\
	EXPECT_TRUE(readable(self->target));				\
	ASSERT_EQ(0, reap_now(self->target, &reap_));			\
	EXPECT_EQ(id_, reap_.id);					\
	EXPECT_EQ(status_, reap_.status);				\
	EXPECT_EQ(0, reap_.information);				\
} while (0)

#define EXPECT_NOT_COMPLETE() do {					\
	struct iotarget_reap_element none_;				\
									\
	EXPECT_FALSE(readable(self->target));				\
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &none_));		\
} while (0)

#define EXPECT_FETCH_EVENT(event_) do {					\
	struct iotarget_fetch_element record_ = {};			\
									\
	ASSERT_EQ(0, fetch_now(self->device, 0, &record_));		\
	EXPECT_EQ(IOTARGET_EVENT_##event_, record_.event);		\
	EXPECT_EQ(self->file, record_.file);				\
	EXPECT_EQ(0, record_.id);					\
} while (0)

static int file_done(int device, __u64 file)
{
	struct iotarget_file_done arg = { .size = sizeof(arg), .file = file };

	return call(device, IOTARGET_FILE_DONE, &arg);
}

/* ------------------------------------------------------ start, stop, counts */

TEST_F(target, a_new_one_is_started)
{
	__u64 id;

	EXPECT_STATE(STARTED, 0, 0);
	DO(START);
	EXPECT_STATE(STARTED, 0, 0);
	SEND_OWNED(id);
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_REAPED(id, 0);
}

TEST_F(target, U75_sent_in_order_by_start)
{
	struct iotarget_target_control arg;
	__u64 id[3];
	int i;

	DO(STOP_LEAVE);
	for (i = 0; i < 3; i++) {
		SEND(id[i]);
		EXPECT_STATE(STOPPED, i + 1, 0);
	}
	EXPECT_NO_RECORD();
	EXPECT_NOT_COMPLETE();
	ASSERT_EQ(0, target_control(self->target, IOTARGET_TARGET_START, &arg));
	EXPECT_EQ(IOTARGET_TARGET_STARTED, arg.state);
	EXPECT_EQ(0, arg.waiting);
	EXPECT_EQ(3, arg.sent);
	for (i = 0; i < 3; i++)
		EXPECT_REQUEST(id[i], 0);
	EXPECT_NO_RECORD();
	for (i = 0; i < 3; i++) {
		EXPECT_STATE(STARTED, 0, 3 - i);
		EXPECT_EQ(0, complete(self->device, id[i], i));
		EXPECT_REAPED(id[i], i);
	}
	EXPECT_STATE(STARTED, 0, 0);
}

/* What is complete is not counted, reaped or not. */
TEST_F(target, counts)
{
	struct iotarget_target_control arg;
	struct iotarget_reap_element r;
	__u64 queued, owned, marked, waiting[2];

	SEND_OWNED(owned);
	SEND_MARKED(marked);
	SEND(queued);
	EXPECT_STATE(STARTED, 0, 3);
	ASSERT_EQ(0, target_control(self->target, IOTARGET_TARGET_STOP_LEAVE,
				    &arg));
	EXPECT_EQ(IOTARGET_TARGET_STOPPED, arg.state);
	EXPECT_EQ(0, arg.waiting);
	EXPECT_EQ(3, arg.sent);
	SEND(waiting[0]);
	SEND(waiting[1]);
	EXPECT_STATE(STOPPED, 2, 3);
	EXPECT_EQ(0, complete(self->device, owned, 0));
	EXPECT_STATE(STOPPED, 2, 2);
	EXPECT_EQ(DELIVERED, cancel(self->target, queued));
	EXPECT_STATE(STOPPED, 2, 1);
	EXPECT_EQ(DELIVERED, cancel(self->target, waiting[1]));
	EXPECT_STATE(STOPPED, 1, 1);
	EXPECT_EQ(DELIVERED, cancel(self->target, marked));
	EXPECT_STATE(STOPPED, 1, 1);
	EXPECT_ON_CANCEL(marked);
	EXPECT_STATE(STOPPED, 1, 1);
	EXPECT_EQ(0, complete(self->device, marked, -ECANCELED));
	EXPECT_STATE(STOPPED, 1, 0);
	DO(START);
	EXPECT_STATE(STARTED, 0, 1);
	while (!reap_now(self->target, &r))
		EXPECT_STATE(STARTED, 0, 1);
}

/* Each target has its own state. */
TEST_F(target, of_two_targets)
{
	int other = target_open(self->device);
	struct iotarget_target_control arg;
	__u64 waiting, id;

	ASSERT_GE(other, 0);
	DO(STOP_LEAVE);
	SEND(waiting);
	ASSERT_EQ(0, send_one(other, 0, &id));
	ASSERT_EQ(0, target_control(other, IOTARGET_TARGET_STATE, &arg));
	EXPECT_EQ(IOTARGET_TARGET_STARTED, arg.state);
	EXPECT_EQ(0, arg.waiting);
	EXPECT_EQ(1, arg.sent);
	EXPECT_REQUEST(id, 0);
	EXPECT_NO_RECORD();
	EXPECT_STATE(STOPPED, 1, 0);
	ASSERT_EQ(0, target_do(other, IOTARGET_TARGET_START));
	EXPECT_NO_RECORD();
	close(other);
	EXPECT_STATE(STOPPED, 1, 0);
}

/* The state is the target's, not the fd's. */
TEST_F(target, of_a_copy_of_the_fd)
{
	int copy = dup(self->target);
	__u64 id;

	DO(STOP_LEAVE);
	SEND(id);
	close(self->target);
	self->target = copy;
	/* (U93: not the last close) */
	EXPECT_STATE(STOPPED, 1, 0);
	DO(START);
	EXPECT_REQUEST(id, 0);
}

TEST_F(target, stop_leave_leaves)
{
	__u64 queued, owned, marked;

	SEND_OWNED(owned);
	SEND_MARKED(marked);
	SEND(queued);
	DO(STOP_LEAVE);
	EXPECT_REQUEST(queued, 0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, is_canceled(self->device, owned));
	EXPECT_EQ(0, is_canceled(self->device, queued));
	EXPECT_EQ(0, unmark(self->device, marked));
	EXPECT_EQ(0, complete(self->device, marked, 1));
	EXPECT_EQ(0, complete(self->device, queued, 2));
	EXPECT_EQ(0, complete(self->device, owned, 3));
	EXPECT_REAPED(marked, 1);
	EXPECT_REAPED(queued, 2);
	EXPECT_REAPED(owned, 3);
}

/* First leave, then cancel: the two steps that the interface's page advises. */
TEST_F(target, stop_leave_then_stop_cancel)
{
	__u64 sent, waiting;

	SEND(sent);
	DO(STOP_LEAVE);
	SEND(waiting);
	EXPECT_NOT_COMPLETE();
	DO(STOP_CANCEL);
	EXPECT_REAPED(sent, -ECANCELED);
	/* STOP_CANCEL does not cancel what waits */
	EXPECT_NOT_COMPLETE();
	EXPECT_STATE(STOPPED, 1, 0);
	DO(START);
	EXPECT_REQUEST(waiting, 0);
	EXPECT_EQ(0, is_canceled(self->device, waiting));
}

/* What the device's queue holds needs no host. */
TEST_F(target, U76_what_is_queued_is_cancelled_at_once)
{
	struct iotarget_target_control arg;
	__u64 id[2];

	SEND(id[0]);
	SEND(id[1]);
	ASSERT_EQ(0, target_control(self->target, IOTARGET_TARGET_STOP_CANCEL,
				    &arg));
	EXPECT_EQ(IOTARGET_TARGET_STOPPED, arg.state);
	EXPECT_EQ(0, arg.waiting);
	EXPECT_EQ(0, arg.sent);
	EXPECT_REAPED(id[0], -ECANCELED);
	EXPECT_REAPED(id[1], -ECANCELED);
	EXPECT_NO_RECORD();
}

TEST_F(target, stop_again)
{
	__u64 id, late;

	DO(STOP_CANCEL);
	DO(STOP_WAIT);
	SEND(id);
	DO(STOP_WAIT);
	DO(STOP_CANCEL);
	DO(STOP_LEAVE);
	EXPECT_STATE(STOPPED, 1, 0);
	DO(START);
	SEND(late);
	EXPECT_REQUEST(id, 0);
	EXPECT_REQUEST(late, 0);
}

/* Several rounds, in batches; what waits goes before what is sent after START. */
TEST_F(target, U75_order_over_rounds)
{
	unsigned int seed = seed_get();
	struct iotarget_fetch_element f;
	__u64 sent = 0, seen = 0;
	int round, batch, each;

	TH_LOG("seed %u", seed);
	/* fetched in each round, or all at the end */
	for (each = 0; each < 2; each++)
		for (round = 0; round < 30; round++) {
			batch = 1 + draw(&seed, 40);
			DO(STOP_LEAVE);
			ASSERT_EQ(batch, send_many(self->target, sent, batch));
			sent += batch;
			if (each || round == 29)
				while (seen < sent - batch) {
					memset(&f, 0, sizeof(f));
					ASSERT_EQ(0, fetch_now(self->device, 0,
							       &f));
					ASSERT_EQ(seen++, f.offset);
				}
			if (each)
				EXPECT_NO_RECORD();
			batch = draw(&seed, 3);
			ASSERT_EQ(batch, send_many(self->target, sent, batch));
			sent += batch;
			DO(START);
			batch = draw(&seed, 40);
			ASSERT_EQ(batch, send_many(self->target, sent, batch));
			sent += batch;
		}
	while (seen < sent) {
		memset(&f, 0, sizeof(f));
		ASSERT_EQ(0, fetch_now(self->device, 0, &f));
		ASSERT_EQ(seen++, f.offset);
	}
	EXPECT_NO_RECORD();
}

/* More than START sends under one hold of the lock. */
TEST_F(target, U75_very_many)
{
	struct iotarget_target_control arg;
	struct iotarget_fetch_element f;
	__u64 i;

	DO(STOP_LEAVE);
	ASSERT_EQ(3000, send_many(self->target, 0, 3000));
	EXPECT_STATE(STOPPED, 3000, 0);
	ASSERT_EQ(0, target_control(self->target, IOTARGET_TARGET_START, &arg));
	EXPECT_EQ(0, arg.waiting);
	EXPECT_EQ(3000, arg.sent);
	ASSERT_EQ(1, send_many(self->target, 3000, 1));
	for (i = 0; i < 3001; i++) {
		memset(&f, 0, sizeof(f));
		ASSERT_EQ(0, fetch_now(self->device, 0, &f));
		ASSERT_EQ(i, f.offset);
	}
	EXPECT_NO_RECORD();
}

/* One at a time is one at a time, whatever START brings. */
TEST_F(target, U75_to_a_sequential_queue)
{
	__u64 id[4];
	int i;

	RENEW(0, IOTARGET_DISPATCH_SEQUENTIAL);
	SEND_OWNED(id[0]);
	DO(STOP_LEAVE);
	for (i = 1; i < 4; i++)
		SEND(id[i]);
	DO(START);
	for (i = 1; i < 4; i++) {
		EXPECT_NO_RECORD();
		EXPECT_EQ(0, complete(self->device, id[i - 1], 0));
		EXPECT_REQUEST(id[i], 0);
	}
}

struct fetcher {
	int device;
	struct iotarget_fetch_element record;
};

static int fetcher_main(void *arg)
{
	struct fetcher *f = arg;

	return fetch_one(f->device, 0, &f->record);
}

/* START wakes a host, and a poller sees it. */
TEST_F(target, a_host_sleeps_until_start)
{
	struct fetcher f = { .device = self->device };
	struct background thread;
	__u64 id;

	DO(STOP_LEAVE);
	background_start(&thread, fetcher_main, &f);
	wait_asleep(thread.tid);
	SEND(id);
	EXPECT_FALSE(readable(self->device));
	wait_asleep(thread.tid);
	DO(START);
	EXPECT_EQ(0, background_join(&thread));
	EXPECT_EQ(id, f.record.id);
	DO(STOP_LEAVE);
	SEND(id);
	EXPECT_FALSE(readable(self->device));
	DO(START);
	EXPECT_TRUE(readable(self->device));
}

/* The bytes are those of SEND's time, and come back to where it said. */
TEST_F(target, bytes_of_what_waited)
{
	static const __u32 lengths[] = { 1, 64, 65, 4096, 4097, 100000 };
	static char in[100000], out[100000], host[100000];
	struct iotarget_reap_element r;
	struct iotarget_fetch_element f;
	unsigned int n;

	for (n = 0; n < 6; n++) {
		struct iotarget_send_element e = {
			.type = IOTARGET_TYPE_CONTROL, .code = 9,
			.in = ADDRESS(in), .in_length = lengths[n],
			.out = ADDRESS(out), .out_length = lengths[n],
		};
		struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);

		DO(STOP_LEAVE);
		memset(in, n + 1, sizeof(in));
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
		DO(START);
		memset(&f, 0, sizeof(f));
		f.buffer = ADDRESS(host);
		f.buffer_length = sizeof(host);
		ASSERT_EQ(0, fetch_now(self->device, 0, &f));
		EXPECT_EQ(lengths[n], f.copied);
		EXPECT_TRUE(has_byte(host, lengths[n], n + 1));
		memset(host, n + 100, sizeof(host));
		EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, lengths[n],
					    host, lengths[n]));
		ASSERT_EQ(0, reap_now(self->target, &r));
		EXPECT_EQ(lengths[n], r.information);
		EXPECT_TRUE(has_byte(out, lengths[n], n + 100));
	}
}

/* ------------------------------------------------------ the end of a wait */

/* The three that wait. */
FIXTURE(wait) {
	int device;
	int target;
	__u64 file;
	struct stopper stopper;
};

FIXTURE_VARIANT(wait) {
	__u32 action;
	__u32 state;
	bool cancels;
};

FIXTURE_VARIANT_ADD(wait, stop_cancel) {
	IOTARGET_TARGET_STOP_CANCEL, IOTARGET_TARGET_STOPPED, true
};

FIXTURE_VARIANT_ADD(wait, stop_wait) {
	IOTARGET_TARGET_STOP_WAIT, IOTARGET_TARGET_STOPPED, false
};

FIXTURE_VARIANT_ADD(wait, remove) {
	IOTARGET_TARGET_REMOVE, IOTARGET_TARGET_REMOVED, true
};

FIXTURE_SETUP(wait)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open_file(self->device, &self->file);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(wait)
{
	close(self->target);
	close(self->device);
}

#define REMOVES (variant->action == IOTARGET_TARGET_REMOVE)

#define STOPPER(last_) \
	stopper_start(&self->stopper, self->target, variant->action, last_)

#define EXPECT_STOPPER(ret_) \
	EXPECT_EQ(ret_, background_join(&self->stopper.thread))

#define EXPECT_STATE_IN(state_, waiting_, sent_) do {			\
	struct iotarget_target_control control_;			\
									\
	EXPECT_EQ(0, target_control(self->target, IOTARGET_TARGET_STATE, \
				    &control_));			\
	EXPECT_EQ(state_, control_.state);				\
	EXPECT_EQ(waiting_, control_.waiting);				\
	EXPECT_EQ(sent_, control_.sent);				\
} while (0)

/* U76 and U77: both have completed when it returns, with the host's status. */
TEST_F(wait, U76_U77_for_what_the_host_has)
{
	struct stopper *s = &self->stopper;
	struct iotarget_reap_element r;
	atomic_int last = 0;
	__u64 id[2];

	SEND_OWNED(id[0]);
	SEND_MARKED(id[1]);
	STOPPER(&last);
	EXPECT_STATE_IN(variant->state, 0, 2);
	EXPECT_EQ(variant->cancels, is_canceled(self->device, id[0]));
	if (variant->cancels)
		EXPECT_ON_CANCEL(id[1]);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id[1], -ECANCELED));
	wait_asleep(s->thread.tid);
	EXPECT_STATE_IN(variant->state, 0, 1);
	atomic_store(&last, 1);
	EXPECT_EQ(0, complete(self->device, id[0], 7));
	EXPECT_STOPPER(0);
	EXPECT_EQ(1, s->seen);
	EXPECT_EQ(variant->state, s->arg.state);
	EXPECT_EQ(0, s->arg.waiting);
	EXPECT_EQ(0, s->arg.sent);
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(id[1], r.id);
	EXPECT_EQ(-ECANCELED, r.status);
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(id[0], r.id);
	EXPECT_EQ(7, r.status);
}

/* Nothing is sent: it does not wait, whatever is unreaped. */
TEST_F(wait, for_nothing)
{
	struct iotarget_target_control arg;
	struct iotarget_reap_element r;
	__u64 id;

	SEND_OWNED(id);
	EXPECT_EQ(0, complete(self->device, id, 5));
	ASSERT_EQ(0, target_control(self->target, variant->action, &arg));
	EXPECT_EQ(variant->state, arg.state);
	EXPECT_EQ(0, arg.sent);
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(id, r.id);
	EXPECT_EQ(5, r.status);
}

/* A request that no host has had: cancelled where it is, or waited for. */
TEST_F(wait, for_what_is_queued)
{
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	atomic_int last = 0;
	__u64 id;

	SEND(id);
	if (variant->cancels) {
		ASSERT_EQ(0, target_do(self->target, variant->action));
		EXPECT_NO_RECORD();
	} else {
		STOPPER(&last);
		EXPECT_EQ(0, fetch_now(self->device, 0, &f));
		EXPECT_EQ(id, f.id);
		wait_asleep(self->stopper.thread.tid);
		atomic_store(&last, 1);
		EXPECT_EQ(0, complete(self->device, id, 3));
		EXPECT_STOPPER(0);
		EXPECT_EQ(1, self->stopper.seen);
	}
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(variant->cancels ? -ECANCELED : 3, r.status);
}

/* A cancel can end it as well as the host. */
TEST_F(wait, until_a_cancel)
{
	struct iotarget_fetch_element f = {};
	atomic_int last = 0;
	__u64 id;

	SEND(id);
	if (variant->cancels)
		ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	STOPPER(&last);
	atomic_store(&last, 1);
	if (variant->cancels) {
		EXPECT_EQ(MARKED, cancel(self->target, id));
		wait_asleep(self->stopper.thread.tid);
		EXPECT_EQ(0, complete(self->device, id, 0));
	} else {
		EXPECT_EQ(DELIVERED, cancel(self->target, id));
	}
	EXPECT_STOPPER(0);
	EXPECT_EQ(1, self->stopper.seen);
}

/* The one that was told already is told no second time. */
TEST_F(wait, for_what_is_cancelled_already)
{
	struct iotarget_reap_element r;
	atomic_int last = 0;
	__u64 claimed, told;

	SEND_MARKED(told);
	EXPECT_EQ(DELIVERED, cancel(self->target, told));
	EXPECT_ON_CANCEL(told);
	SEND_MARKED(claimed);
	EXPECT_EQ(DELIVERED, cancel(self->target, claimed));
	STOPPER(&last);
	EXPECT_ON_CANCEL(claimed);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, told, -ECANCELED));
	wait_asleep(self->stopper.thread.tid);
	atomic_store(&last, 1);
	EXPECT_EQ(0, complete(self->device, claimed, 0));
	EXPECT_STOPPER(0);
	EXPECT_EQ(1, self->stopper.seen);
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(-ECANCELED, r.status);
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(0, r.status);
	EXPECT_NO_RECORD();
}

/* The clock cancels what a stop waits for. */
TEST_F(wait, until_a_deadline)
{
	struct iotarget_reap_element r;
	__u64 id;

	ASSERT_EQ(0, send_as(self->target, 0, now() + 10 * MS, 0, &id));
	ASSERT_EQ(0, target_do(self->target, variant->action));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(id, r.id);
	/* a slow machine may be late to cancel it otherwise */
	EXPECT_TRUE(r.status == -ETIMEDOUT ||
		    (variant->cancels && r.status == -ECANCELED));
}

/* A signal ends the wait, and nothing else: it is stopped, and cancelled. */
TEST_F(wait, until_a_signal)
{
	struct iotarget_reap_element r;
	__u64 owned, marked;
	int restart;

	for (restart = 0; restart < 2; restart++) {
		count_signals(restart);
		SEND_OWNED(owned);
		SEND_MARKED(marked);
		STOPPER(NULL);
		signal_thread(self->stopper.thread.tid, SIGUSR1);
		wait_for(&handled, 1);
		/* stopped is stopped: it is not called again by itself */
		EXPECT_STOPPER(-EINTR);
		EXPECT_STATE_IN(variant->state, 0, 2);
		EXPECT_EQ(variant->cancels, is_canceled(self->device, owned));
		if (variant->cancels)
			EXPECT_ON_CANCEL(marked);
		EXPECT_NO_RECORD();
		/* it can be waited for again */
		STOPPER(NULL);
		EXPECT_NO_RECORD();
		EXPECT_EQ(0, complete(self->device, owned, 0));
		EXPECT_EQ(0, complete(self->device, marked, 0));
		EXPECT_STOPPER(0);
		ASSERT_EQ(0, reap_now(self->target, &r));
		EXPECT_EQ(0, r.status);
		ASSERT_EQ(0, reap_now(self->target, &r));
		RENEW_TARGET();
	}
}

/* So does a signal without a handler: it does not stop once more, after a START. */
TEST_F(wait, until_its_process_is_stopped)
{
	struct iotarget_reap_element r;
	int status;
	pid_t child;
	__u64 id;

	SEND_OWNED(id);
	child = stopper_fork(self->target, variant->action);
	ASSERT_EQ(0, kill(child, SIGSTOP));
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	if (!REMOVES)
		EXPECT_EQ(0, target_do(self->target, IOTARGET_TARGET_START));
	ASSERT_EQ(0, kill(child, SIGCONT));
	EXPECT_EXIT(child, EINTR);
	EXPECT_STATE_IN(REMOVES ? IOTARGET_TARGET_REMOVED :
			IOTARGET_TARGET_STARTED, 0, 1);
	EXPECT_EQ(0, complete(self->device, id, 0));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(id, r.id);
}

TEST_F(wait, U94_who_waits_is_killed)
{
	pid_t child;
	__u64 id;

	SEND_OWNED(id);
	child = stopper_fork(self->target, variant->action);
	EXPECT_KILLED(child);
	EXPECT_STATE_IN(variant->state, 0, 1);
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_STATE_IN(variant->state, 0, 0);
}

/* Many wait at once, in every way; one completion ends all of it. */
TEST_F(wait, many)
{
	struct stopper s[12] = {};
	atomic_int last = 0;
	__u64 id;
	int i;

	SEND_MARKED(id);
	for (i = 0; i < 12; i++)
		stopper_start(&s[i], self->target,
			      i % 3 == 0 ? variant->action :
			      REMOVES ? IOTARGET_TARGET_REMOVE :
			      i % 3 == 1 ? IOTARGET_TARGET_STOP_CANCEL :
			      IOTARGET_TARGET_STOP_WAIT, &last);
	/* told once, however many cancel */
	EXPECT_ON_CANCEL(id);
	EXPECT_NO_RECORD();
	atomic_store(&last, 1);
	EXPECT_EQ(0, complete(self->device, id, 0));
	for (i = 0; i < 12; i++) {
		EXPECT_EQ(0, background_join(&s[i].thread));
		EXPECT_EQ(1, s[i].seen);
		EXPECT_EQ(variant->state, s[i].arg.state);
	}
}

TEST_F(wait, until_start)
{
	struct stopper s[4] = {};
	struct iotarget_reap_element r;
	atomic_int last = 0;
	__u64 id, waiting;
	int i;

	SEND_OWNED(id);
	for (i = 0; i < 4; i++)
		stopper_start(&s[i], self->target, variant->action, &last);
	if (REMOVES) {
		EXPECT_EQ(-ENODEV, target_do(self->target,
					     IOTARGET_TARGET_START));
		for (i = 0; i < 4; i++)
			wait_asleep(s[i].thread.tid);
		atomic_store(&last, 1);
		EXPECT_EQ(0, complete(self->device, id, 0));
	} else {
		SEND(waiting);
		atomic_store(&last, 1);
		EXPECT_EQ(0, target_do(self->target, IOTARGET_TARGET_START));
	}
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, background_join(&s[i].thread));
		EXPECT_EQ(1, s[i].seen);
	}
	if (REMOVES)
		return;
	EXPECT_STATE_IN(IOTARGET_TARGET_STARTED, 0, 2);
	EXPECT_REQUEST(waiting, 0);
	/* what it had cancelled stays so */
	EXPECT_EQ(variant->cancels, is_canceled(self->device, id));
	EXPECT_EQ(0, is_canceled(self->device, waiting));
	EXPECT_EQ(0, complete(self->device, id, 4));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(4, r.status);
}

/* The START that ended a wait has ended it, also if a STOP is quicker. */
TEST_F(wait, until_start_and_stopped_again)
{
	struct iotarget_target_control arg;
	int round;
	__u64 id;

	if (REMOVES)
		return;
	SEND_OWNED(id);
	for (round = 0; round < 100; round++) {
		STOPPER(NULL);
		ASSERT_EQ(0, target_do(self->target, IOTARGET_TARGET_START));
		ASSERT_EQ(0, target_control(self->target,
					    IOTARGET_TARGET_STOP_LEAVE, &arg));
		EXPECT_EQ(1, arg.sent);
		EXPECT_STOPPER(0);
	}
	EXPECT_EQ(0, complete(self->device, id, 0));
}

TEST_F(wait, until_the_device_ends)
{
	struct iotarget_reap_element r;
	__u64 owned, marked, told;

	SEND_OWNED(owned);
	SEND_MARKED(told);
	EXPECT_EQ(DELIVERED, cancel(self->target, told));
	EXPECT_ON_CANCEL(told);
	SEND_MARKED(marked);
	STOPPER(NULL);
	ASSERT_EQ(0, end(self->device));
	EXPECT_STOPPER(0);
	EXPECT_EQ(0, self->stopper.arg.sent);
	while (!reap_one(self->target, &r))
		EXPECT_EQ(r.id == told || (r.id == marked && variant->cancels) ?
			  -ECANCELED : -ENODEV, r.status);
}

TEST_F(wait, until_the_target_ends)
{
	__u64 id;

	SEND_OWNED(id);
	STOPPER(NULL);
	ASSERT_EQ(0, end(self->target));
	EXPECT_STOPPER(-ENODEV);
	EXPECT_EQ(1, is_canceled(self->device, id));
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_EQ(-ENODEV, target_do(self->target, variant->action));
}

/* A host in a process of its own, which has @id and then dies. */
static pid_t host_fork(int *target, struct iotarget_fetch_element *f)
{
	int pair[2], device;
	pid_t child;
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		device = parallel_create();
		*target = target_open(device);
		fd_send(pair[1], *target, "", 1);
		close(*target);
		memset(f, 0, sizeof(*f));
		if (fetch_one(device, 0, f))
			_exit(1);
		if (write(pair[1], "x", 1) != 1)
			_exit(2);
		for (;;)
			pause();
	}
	close(pair[1]);
	*target = fd_receive(pair[0], &byte, 1);
	if (send_one(*target, 0, &f->id) || read(pair[0], &byte, 1) != 1)
		child = -1;
	close(pair[0]);
	return child;
}

TEST_F(wait, until_the_host_dies)
{
	struct iotarget_fetch_element f;
	struct iotarget_reap_element r;
	pid_t child;

	close(self->target);
	child = host_fork(&self->target, &f);
	ASSERT_LT(0, child);
	STOPPER(NULL);
	EXPECT_KILLED(child);
	EXPECT_STOPPER(0);
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(f.id, r.id);
	EXPECT_EQ(-ENODEV, r.status);
}

/* Whoever sends and waits in the call is waited for as any other. */
static int send_wait_main(void *arg)
{
	struct iotarget_send_element e = { .type = IOTARGET_TYPE_CONTROL };
	struct iotarget_reap_element r = {};
	struct iotarget_send send = send_arg(IOTARGET_SEND_WAIT, &e, 1, &r, 1);
	int ret = call(*(int *)arg, IOTARGET_SEND, &send);

	return ret ? ret : send.reaped == 1 ? r.status : -EPROTO;
}

TEST_F(wait, for_what_a_call_waits_for)
{
	struct iotarget_fetch_element f = {};
	struct background thread;
	atomic_int last = 0;

	background_start(&thread, send_wait_main, &self->target);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	STOPPER(&last);
	atomic_store(&last, 1);
	EXPECT_EQ(0, complete(self->device, f.id, 6));
	EXPECT_STOPPER(0);
	EXPECT_EQ(1, self->stopper.seen);
	EXPECT_EQ(6, background_join(&thread));
}

/* ---------------------------------------------------------- what waits in it */

TEST_F(target, U63_cancelled_while_it_waits)
{
	__u64 id[3];

	DO(STOP_LEAVE);
	SEND(id[0]);
	SEND(id[1]);
	SEND(id[2]);
	EXPECT_EQ(DELIVERED, cancel(self->target, id[1]));
	/* before CANCEL returned */
	EXPECT_TRUE(readable(self->target));
	EXPECT_EQ(COMPLETED, cancel(self->target, id[1]));
	EXPECT_REAPED(id[1], -ECANCELED);
	EXPECT_NOT_COMPLETE();
	EXPECT_EQ(-ENOENT, cancel(self->target, id[1]));
	EXPECT_STATE(STOPPED, 2, 0);
	DO(START);
	EXPECT_REQUEST(id[0], 0);
	EXPECT_REQUEST(id[2], 0);
	EXPECT_NO_RECORD();
}

TEST_F(target, U63_all_at_once)
{
	struct iotarget_cancel arg;
	__u64 owned, queued, id[2];

	SEND_OWNED(owned);
	SEND(queued);
	DO(STOP_LEAVE);
	SEND(id[0]);
	SEND(id[1]);
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(3, arg.delivered);
	EXPECT_EQ(1, arg.marked);
	EXPECT_EQ(0, arg.told);
	EXPECT_STATE(STOPPED, 0, 1);
	DO(START);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, owned, 0));
	EXPECT_STATE(STARTED, 0, 0);
	EXPECT_EQ(-ENOENT, cancel_all(self->target, &arg));
}

struct thread_send {
	int target;
	__u64 id;
	atomic_int gate;
};

static int thread_send_main(void *arg)
{
	struct thread_send *t = arg;
	int ret = send_as(t->target, 0, 0, 0, &t->id);

	atomic_store(&t->gate, 1);
	wait_for(&t->gate, 2);
	return ret;
}

TEST_F(target, U96_of_one_thread_while_it_waits)
{
	struct thread_send other = { .target = self->target };
	struct background thread;
	__u64 id;

	DO(STOP_LEAVE);
	EXPECT_EQ(-ENOENT, cancel_by(self->target, IOTARGET_CANCEL_THREAD, 0, 0));
	SEND(id);
	background_start(&thread, thread_send_main, &other);
	wait_for(&other.gate, 1);
	EXPECT_EQ(DELIVERED, cancel_by(self->target, IOTARGET_CANCEL_THREAD,
				       thread.tid, 0));
	EXPECT_REAPED(other.id, -ECANCELED);
	EXPECT_NOT_COMPLETE();
	EXPECT_EQ(DELIVERED, cancel_by(self->target, IOTARGET_CANCEL_THREAD,
				       0, 0));
	EXPECT_REAPED(id, -ECANCELED);
	atomic_store(&other.gate, 2);
	EXPECT_EQ(0, background_join(&thread));
	EXPECT_STATE(STOPPED, 0, 0);
}

TEST_F(target, U95_nothing_matches_while_stopped)
{
	struct iotarget_cancel arg;
	__u64 id, file;
	int other;

	DO(STOP_LEAVE);
	EXPECT_EQ(-ENOENT, cancel_all(self->target, &arg));
	SEND(id);
	EXPECT_EQ(-ENOENT, cancel(self->target, id + (1ULL << 20)));
	other = target_open_file(self->device, &file);
	EXPECT_EQ(-ENOENT, cancel(other, id));
	EXPECT_STATE(STOPPED, 1, 0);
}

TEST_F(target, U88_of_one_of_two_targets)
{
	struct iotarget_cancel arg;
	int other = target_open(self->device);
	__u64 id[2], others[2];

	SEND(id[0]);
	ASSERT_EQ(0, send_one(other, 0, &others[0]));
	DO(STOP_LEAVE);
	ASSERT_EQ(0, target_do(other, IOTARGET_TARGET_STOP_LEAVE));
	SEND(id[1]);
	ASSERT_EQ(0, send_one(other, 0, &others[1]));
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(2, arg.delivered);
	EXPECT_REAPED(id[0], -ECANCELED);
	EXPECT_REAPED(id[1], -ECANCELED);
	ASSERT_EQ(0, target_do(other, IOTARGET_TARGET_START));
	EXPECT_REQUEST(others[0], 0);
	EXPECT_REQUEST(others[1], 0);
}

/* Sends and waits for one whose deadline is later: the clock has passed. */
static int pass(int target, __u64 deadline)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .deadline = deadline + 1,
	};
	struct iotarget_reap_element r;
	struct iotarget_send arg = send_arg(IOTARGET_SEND_WAIT, &e, 1, &r, 1);
	int ret = call(target, IOTARGET_SEND, &arg);

	return ret ? ret : arg.reaped == 1 && r.id == e.id &&
	       r.status == -ETIMEDOUT ? 0 : -EPROTO;
}

TEST_F(target, U71_a_deadline_while_it_waits)
{
	__u64 deadline = now() + 10 * MS, id[3];

	DO(STOP_LEAVE);
	SEND(id[0]);
	ASSERT_EQ(0, send_as(self->target, 0, deadline, 0, &id[1]));
	SEND(id[2]);
	ASSERT_EQ(0, pass(self->target, deadline));
	EXPECT_REAPED(id[1], -ETIMEDOUT);
	EXPECT_NOT_COMPLETE();
	EXPECT_STATE(STOPPED, 2, 0);
	/* that has passed before it is sent */
	ASSERT_EQ(0, send_as(self->target, 0, 1, 0, &id[1]));
	ASSERT_EQ(0, pass(self->target, deadline));
	EXPECT_REAPED(id[1], -ETIMEDOUT);
	DO(START);
	EXPECT_REQUEST(id[0], 0);
	EXPECT_REQUEST(id[2], 0);
	EXPECT_NO_RECORD();
}

/* START keeps the deadline, which the framework loses. */
TEST_F(target, U71_a_deadline_after_start)
{
	__u64 deadline, span = 20 * MS, id;
	int sentinel;

	do {
		span *= 2;
		RENEW(0, IOTARGET_DISPATCH_PARALLEL);
		DO(STOP_LEAVE);
		deadline = now() + span;
		ASSERT_EQ(0, send_as(self->target, 0, deadline, 0, &id));
		DO(START);
		EXPECT_REQUEST(id, IOTARGET_FETCH_CANCELABLE);
	} while (now() >= deadline);
	sentinel = target_open(self->device);
	ASSERT_EQ(0, pass(sentinel, deadline));
	close(sentinel);
	/* each target has its own clock */
	EXPECT_ON_CANCEL(id);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_REAPED(id, -ETIMEDOUT);
}

/* The user was first: the deadline changes nothing. */
TEST_F(target, U71_cancelled_before_its_deadline)
{
	__u64 deadline = now() + 1000000 * MS, id;

	DO(STOP_LEAVE);
	ASSERT_EQ(0, send_as(self->target, 0, deadline, 0, &id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_REAPED(id, -ECANCELED);
}

/* A SEND that waits, waits for START; a signal ends its wait alone. */
TEST_F(target, a_call_waits_for_start)
{
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	struct background thread;

	DO(STOP_LEAVE);
	background_start(&thread, send_wait_main, &self->target);
	wait_asleep(thread.tid);
	EXPECT_STATE(STOPPED, 1, 0);
	EXPECT_NO_RECORD();
	DO(START);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, f.id, 9));
	EXPECT_EQ(9, background_join(&thread));

	catch_signal(SIGUSR1, false);
	DO(STOP_LEAVE);
	background_start(&thread, send_wait_main, &self->target);
	wait_asleep(thread.tid);
	signal_thread(thread.tid, SIGUSR1);
	/* it has sent, and reaped nothing */
	EXPECT_EQ(-EPROTO, background_join(&thread));
	EXPECT_STATE(STOPPED, 1, 0);
	EXPECT_NOT_COMPLETE();
	DO(START);
	memset(&f, 0, sizeof(f));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, f.id, 8));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(8, r.status);
}

TEST_F(target, U93_a_copy_is_closed)
{
	__u64 id;

	DO(STOP_LEAVE);
	SEND(id);
	close(dup(self->target));
	EXPECT_STATE(STOPPED, 1, 0);
	EXPECT_NOT_COMPLETE();
	DO(START);
	EXPECT_REQUEST(id, 0);
}

/* What waits goes with its target, and no host sees it. */
TEST_F(target, closed_while_something_waits)
{
	int sentinel = target_open(self->device), shutdown;
	__u64 owned, id, last;

	for (shutdown = 0; shutdown < 2; shutdown++) {
		SEND_MARKED(owned);
		DO(STOP_LEAVE);
		SEND(id);
		if (shutdown) {
			ASSERT_EQ(0, end(self->target));
			EXPECT_EQ(-ENODEV, target_do(self->target,
						     IOTARGET_TARGET_START));
			EXPECT_EQ(-ENODEV, target_do(self->target,
						     IOTARGET_TARGET_STATE));
		}
		RENEW_TARGET();
		ASSERT_EQ(0, send_one(sentinel, 0, &last));
		EXPECT_ON_CANCEL(owned);
		EXPECT_REQUEST(last, 0);
		EXPECT_NO_RECORD();
		EXPECT_EQ(-ENOENT, complete(self->device, id, 0));
		EXPECT_EQ(0, complete(self->device, owned, 0));
		EXPECT_EQ(0, complete(self->device, last, 0));
	}
}

static int send_wait_reap(void *arg)
{
	return send_wait_main(arg);
}

TEST_F(target, shutdown_while_a_call_waits_for_start)
{
	struct background thread;

	DO(STOP_LEAVE);
	background_start(&thread, send_wait_reap, &self->target);
	wait_asleep(thread.tid);
	ASSERT_EQ(0, end(self->target));
	/* what it had sent was cancelled, or left behind */
	switch (background_join(&thread)) {
	case -ECANCELED:
	case -EPROTO:
		break;
	default:
		EXPECT_EQ(-ECANCELED, thread.ret);
	}
	EXPECT_NO_RECORD();
}

/* CLEANUP comes first; what waits ends at FILE_DONE; then comes CLOSE. */
TEST_F(target, U91_closed_while_something_waits)
{
	int sentinel, shutdown;
	__u64 queued, id[2], others[2];

	for (shutdown = 0; shutdown < 2; shutdown++) {
		RENEW(IOTARGET_DEVICE_FILE_EVENTS, IOTARGET_DISPATCH_PARALLEL);
		sentinel = target_open(self->device);
		SEND(queued);
		ASSERT_EQ(0, send_one(sentinel, 0, &others[0]));
		DO(STOP_LEAVE);
		SEND(id[0]);
		SEND(id[1]);
		ASSERT_EQ(0, shutdown ? end(self->target) : close(self->target));
		EXPECT_FETCH_EVENT(CLEANUP);
		EXPECT_REQUEST(others[0], 0);
		EXPECT_NO_RECORD();
		ASSERT_EQ(0, file_done(self->device, self->file));
		ASSERT_EQ(0, send_one(sentinel, 0, &others[1]));
		EXPECT_FETCH_EVENT(CLOSE);
		EXPECT_REQUEST(others[1], 0);
		EXPECT_NO_RECORD();
		if (!shutdown)
			self->target = sentinel;
		else
			close(sentinel);
	}
}

/* The host ends before FILE_DONE. */
TEST_F(target, U91_the_device_ends_in_the_cleanup)
{
	int shutdown;
	__u64 id;

	for (shutdown = 0; shutdown < 2; shutdown++) {
		RENEW(IOTARGET_DEVICE_FILE_EVENTS, IOTARGET_DISPATCH_PARALLEL);
		DO(STOP_LEAVE);
		SEND(id);
		ASSERT_EQ(0, end(self->target));
		if (shutdown)
			EXPECT_FETCH_EVENT(CLEANUP);
		ASSERT_EQ(0, end(self->device));
	}
}

TEST_F(target, U94_a_sender_is_killed_while_something_waits)
{
	__u64 *id = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct iotarget_fetch_element f = {};
	int status;
	pid_t child;

	ASSERT_NE(MAP_FAILED, id);
	child = fork();
	if (!child) {
		int target = target_open(self->device);

		if (send_one(target, 0, &id[0]) ||
		    fetch_now(self->device, IOTARGET_FETCH_CANCELABLE, &f) ||
		    send_one(target, 0, &id[1]) ||
		    fetch_now(self->device, 0, &f) ||
		    send_one(target, 0, &id[2]) ||
		    target_do(target, IOTARGET_TARGET_STOP_LEAVE) ||
		    send_one(target, 0, &id[3]))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_ON_CANCEL(id[0]);
	EXPECT_NO_RECORD();
	EXPECT_EQ(1, is_canceled(self->device, id[1]));
	EXPECT_EQ(-ENOENT, complete(self->device, id[2], 0));
	EXPECT_EQ(-ENOENT, complete(self->device, id[3], 0));
	EXPECT_EQ(0, complete(self->device, id[0], -ECANCELED));
	EXPECT_EQ(0, complete(self->device, id[1], 0));
}

TEST_F(target, the_device_ends_while_something_waits)
{
	struct iotarget_reap_element r;
	__u64 id[2], cancelled;

	DO(STOP_LEAVE);
	SEND(id[0]);
	SEND(cancelled);
	SEND(id[1]);
	EXPECT_EQ(DELIVERED, cancel(self->target, cancelled));
	ASSERT_EQ(0, end(self->device));
	EXPECT_REAPED(cancelled, -ECANCELED);
	EXPECT_REAPED(id[0], -ENODEV);
	EXPECT_REAPED(id[1], -ENODEV);
	EXPECT_EQ(-ENODEV, reap_one(self->target, &r));
	EXPECT_EQ(-ENODEV, send_as(self->target, 0, 0, 0, &id[0]));
}

TEST_F(target, the_host_dies_while_something_waits)
{
	struct iotarget_fetch_element f;
	struct iotarget_reap_element r;
	struct background thread;
	pid_t child;
	__u64 id;

	close(self->target);
	child = host_fork(&self->target, &f);
	ASSERT_LT(0, child);
	DO(STOP_LEAVE);
	SEND(id);
	background_start(&thread, send_wait_main, &self->target);
	wait_asleep(thread.tid);
	EXPECT_STATE(STOPPED, 2, 1);
	EXPECT_KILLED(child);
	EXPECT_EQ(-ENODEV, background_join(&thread));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(-ENODEV, r.status);
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(-ENODEV, r.status);
	EXPECT_EQ(-ENODEV, reap_one(self->target, &r));
}

TEST_F(target, poll)
{
	__u64 id;

	EXPECT_EQ(POLLOUT, poll_now(self->target));
	DO(STOP_LEAVE);
	EXPECT_EQ(POLLOUT, poll_now(self->target));
	SEND(id);
	EXPECT_EQ(POLLOUT, poll_now(self->target));
	EXPECT_EQ(0, poll_now(self->device) & POLLIN);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(POLLIN | POLLOUT, poll_now(self->target));
	EXPECT_REAPED(id, -ECANCELED);
	SEND(id);
	DO(START);
	EXPECT_EQ(POLLOUT, poll_now(self->target));
	EXPECT_EQ(POLLIN, poll_now(self->device) & POLLIN);
	EXPECT_REQUEST(id, 0);
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_EQ(POLLIN | POLLOUT, poll_now(self->target));
}

/* What waits counts as pending: the cap holds, and START frees nothing. */
TEST_F(target, a_full_target_that_is_stopped)
{
	static struct iotarget_reap_element r[IOTARGET_ARRAY_MAX];
	struct iotarget_send reap = send_arg(0, NULL, 0, r, IOTARGET_ARRAY_MAX);
	struct iotarget_fetch_element f = {};
	struct iotarget_info info;
	struct iotarget_cancel arg;
	__u64 sent = 0, id, left;
	int ret;

	ASSERT_EQ(0, info_get(&info));
	DO(STOP_LEAVE);
	while ((ret = send_many(self->target, sent, IOTARGET_ARRAY_MAX)) > 0)
		sent += ret;
	EXPECT_EQ(-EAGAIN, ret);
	EXPECT_EQ(info.target_requests, sent);
	EXPECT_STATE(STOPPED, sent, 0);
	EXPECT_EQ(0, poll_now(self->target));
	EXPECT_EQ(-EAGAIN, send_as(self->target, IOTARGET_ELEMENT_IGNORE_STATE,
				   0, 0, &id));
	DO(START);
	EXPECT_STATE(STARTED, 0, sent);
	EXPECT_EQ(0, poll_now(self->target));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(0, f.offset);
	memset(&f, 0, sizeof(f));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(1, f.offset);
	EXPECT_EQ(0, complete(self->device, f.id, 0));
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(sent - 2, arg.delivered);
	EXPECT_EQ(1, arg.marked);
	for (left = sent - 1; left; left -= reap.reaped)
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
	EXPECT_STATE(STARTED, 0, 1);
	EXPECT_EQ(POLLOUT, poll_now(self->target));
}

/* ... and are cancelled at once, too. */
TEST_F(target, U63_many)
{
	struct iotarget_cancel arg;
	int n = send_many(self->target, 0, 0), i;

	ASSERT_EQ(0, n);
	DO(STOP_LEAVE);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(1000, send_many(self->target, i * 1000, 1000));
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(4000, arg.delivered);
	EXPECT_STATE(STOPPED, 0, 0);
	DO(START);
	EXPECT_NO_RECORD();
}

/* ---------------------------------------------------------------- remove */

TEST_F(target, U80_sent_to_a_removed_one)
{
	struct iotarget_send_element e = { .type = IOTARGET_TYPE_CONTROL };
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	struct iotarget_cancel cancel;
	__u64 id;

	DO(REMOVE);
	EXPECT_STATE(REMOVED, 0, 0);
	EXPECT_EQ(-ENODEV, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(-ENODEV, send_as(self->target, IOTARGET_ELEMENT_IGNORE_STATE,
				   0, 0, &id));
	EXPECT_EQ(-ENODEV, send_as(self->target, IOTARGET_ELEMENT_FORGET, 0, 0,
				   &id));
	EXPECT_EQ(-ENODEV, send_wait_main(&self->target));
	EXPECT_EQ(-1, write(self->target, "x", 1));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, read(self->target, &id, 1));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-1, ioctl(self->target, ECHO, "senders!"));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(-ENOENT, cancel_all(self->target, &cancel));
	EXPECT_NO_RECORD();
	EXPECT_STATE(REMOVED, 0, 0);
}

TEST_F(target, U80_removed_for_good)
{
	static const __u32 actions[] = {
		IOTARGET_TARGET_START, IOTARGET_TARGET_STOP_CANCEL,
		IOTARGET_TARGET_STOP_WAIT, IOTARGET_TARGET_STOP_LEAVE,
	};
	unsigned int i;

	DO(REMOVE);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(-ENODEV, target_do(self->target, actions[i]));
	DO(REMOVE);
	EXPECT_STATE(REMOVED, 0, 0);
	/* the device lives on */
	RENEW_TARGET();
	EXPECT_STATE(STARTED, 0, 0);
}

TEST_F(target, U81_what_waited_was_not_sent)
{
	__u64 id[3], queued, cancelled;

	SEND(queued);
	DO(STOP_LEAVE);
	SEND(id[0]);
	SEND(cancelled);
	SEND(id[1]);
	SEND(id[2]);
	EXPECT_EQ(DELIVERED, cancel(self->target, cancelled));
	EXPECT_REAPED(cancelled, -ECANCELED);
	DO(REMOVE);
	EXPECT_NO_RECORD();
	{
		struct iotarget_reap_element r;
		int i, waited = 0;

		for (i = 0; i < 4; i++) {
			ASSERT_EQ(0, reap_now(self->target, &r));
			EXPECT_EQ(r.id == queued ? -ECANCELED : -ENODEV,
				  r.status);
			if (r.id != queued)
				EXPECT_EQ(id[waited++], r.id);
		}
		EXPECT_EQ(3, waited);
		/* and nothing ever comes any more */
		EXPECT_EQ(-ENODEV, reap_now(self->target, &r));
	}
}

/* Its deadline does not come any more. */
TEST_F(target, U81_with_deadlines)
{
	__u64 id;

	DO(STOP_LEAVE);
	ASSERT_EQ(0, send_as(self->target, 0, now() + 1000000 * MS, 0, &id));
	DO(REMOVE);
	EXPECT_REAPED(id, -ENODEV);
}

TEST_F(target, removed_and_then_reaped_by_a_call_that_waits)
{
	struct background thread;

	DO(STOP_LEAVE);
	background_start(&thread, send_wait_main, &self->target);
	wait_asleep(thread.tid);
	DO(REMOVE);
	EXPECT_EQ(-ENODEV, background_join(&thread));
}

static int reap_main(void *arg)
{
	struct iotarget_reap_element r;

	return reap_one(*(int *)arg, &r);
}

/* Who waits for completions gets what REMOVE ends, and then hears that it is over. */
TEST_F(target, removed_while_others_reap)
{
	struct background thread;
	__u64 id;

	DO(STOP_LEAVE);
	SEND(id);
	background_start(&thread, reap_main, &self->target);
	wait_asleep(thread.tid);
	DO(REMOVE);
	EXPECT_EQ(0, background_join(&thread));
	EXPECT_STATE(REMOVED, 0, 0);
}

/* Two that sleep to reap: one gets what there is, the other hears of the end. */
TEST_F(target, removed_while_two_reap)
{
	struct background thread[2];
	int i, sum = 0;
	__u64 id;

	DO(STOP_LEAVE);
	SEND(id);
	for (i = 0; i < 2; i++) {
		background_start(&thread[i], reap_main, &self->target);
		wait_asleep(thread[i].tid);
	}
	DO(REMOVE);
	for (i = 0; i < 2; i++)
		sum += background_join(&thread[i]);
	EXPECT_EQ(-ENODEV, sum);
}

/* With nothing sent at all; and who comes later hears of it at once. */
TEST_F(target, removed_with_nothing_to_reap)
{
	struct iotarget_reap_element r;
	struct background thread;

	background_start(&thread, reap_main, &self->target);
	wait_asleep(thread.tid);
	DO(REMOVE);
	EXPECT_EQ(-ENODEV, background_join(&thread));
	EXPECT_EQ(-ENODEV, reap_one(self->target, &r));
}

static int poll_main(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	return ppoll(&p, 1, NULL, NULL) == 1 ? p.revents : -errno;
}

/* A poller of completions is woken, and one that would send hears of it, too. */
TEST_F(target, removed_while_polled)
{
	struct background thread;
	__u64 id;

	background_start(&thread, poll_main, &self->target);
	wait_asleep_in(thread.tid, SYS_ppoll);
	DO(REMOVE);
	EXPECT_EQ(POLLERR | POLLHUP, background_join(&thread));
	EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->target));
	RENEW_TARGET();
	SEND(id);
	EXPECT_EQ(POLLOUT, poll_now(self->target));
	DO(REMOVE);
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP, poll_now(self->target));
	EXPECT_REAPED(id, -ECANCELED);
	EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->target));
}

/* While REAP would still wait nobody hears of an end, and no poller spins. */
TEST_F(target, removed_and_polled_while_the_host_has_one)
{
	struct background thread;
	struct stopper stopper;
	__u64 id;
	int forget;

	for (forget = 0; forget < 2; forget++) {
		ASSERT_EQ(0, send_as(self->target,
				     forget ? IOTARGET_ELEMENT_FORGET : 0, 0, 0,
				     &id));
		EXPECT_REQUEST(id, 0);
		stopper_start(&stopper, self->target, IOTARGET_TARGET_REMOVE,
			      NULL);
		EXPECT_EQ(POLLOUT, poll_now(self->target));
		background_start(&thread, poll_main, &self->target);
		wait_asleep_in(thread.tid, SYS_ppoll);
		EXPECT_EQ(0, complete(self->device, id, 0));
		EXPECT_EQ((forget ? 0 : POLLIN) | POLLERR | POLLHUP,
			  background_join(&thread));
		EXPECT_EQ(0, background_join(&stopper.thread));
		if (!forget)
			EXPECT_REAPED(id, 0);
		EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->target));
		RENEW_TARGET();
	}
}

TEST_F(target, removed_with_file_events)
{
	__u64 id;

	RENEW(IOTARGET_DEVICE_FILE_EVENTS, IOTARGET_DISPATCH_PARALLEL);
	SEND(id);
	DO(REMOVE);
	EXPECT_REAPED(id, -ECANCELED);
	/* it is no close: the file is there until its fd goes */
	EXPECT_NO_RECORD();
	close(self->target);
	EXPECT_FETCH_EVENT(CLEANUP);
	EXPECT_EQ(0, file_done(self->device, self->file));
	EXPECT_FETCH_EVENT(CLOSE);
	self->target = -1;
}

/* --------------------------------------------------------- IGNORE_STATE */

TEST_F(target, U79_sent_although_it_is_stopped)
{
	__u64 waiting, id;

	DO(STOP_LEAVE);
	SEND(waiting);
	SEND_AS(IGNORE_STATE, id);
	EXPECT_STATE(STOPPED, 1, 0);
	EXPECT_REQUEST(id, 0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id, 2));
	EXPECT_REAPED(id, 2);
	DO(START);
	EXPECT_REQUEST(waiting, 0);
}

/* Of one SEND, some wait and some go. */
TEST_F(target, U79_in_an_array)
{
	struct iotarget_send_element e[4] = {};
	struct iotarget_send arg = send_arg(0, e, 4, NULL, 0);
	int i;

	for (i = 0; i < 4; i++) {
		e[i].type = IOTARGET_TYPE_CONTROL;
		e[i].flags = i % 2 ? IOTARGET_ELEMENT_IGNORE_STATE : 0;
	}
	DO(STOP_LEAVE);
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(4, arg.sent);
	EXPECT_STATE(STOPPED, 2, 0);
	EXPECT_REQUEST(e[1].id, 0);
	EXPECT_REQUEST(e[3].id, 0);
	EXPECT_NO_RECORD();
	DO(START);
	EXPECT_REQUEST(e[0].id, 0);
	EXPECT_REQUEST(e[2].id, 0);
	EXPECT_STATE(STARTED, 0, 2);
}

TEST_F(target, U78_stop_does_not_touch_it)
{
	__u64 queued, owned, marked;

	SEND_AS(IGNORE_STATE, owned);
	EXPECT_REQUEST(owned, 0);
	SEND_AS(IGNORE_STATE, marked);
	EXPECT_REQUEST(marked, IOTARGET_FETCH_CANCELABLE);
	SEND_AS(IGNORE_STATE, queued);
	EXPECT_STATE(STARTED, 0, 0);
	DO(STOP_WAIT);
	DO(STOP_CANCEL);
	EXPECT_NOT_COMPLETE();
	EXPECT_REQUEST(queued, 0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, is_canceled(self->device, owned));
	EXPECT_EQ(0, is_canceled(self->device, queued));
	EXPECT_EQ(0, unmark(self->device, marked));
	EXPECT_EQ(0, complete(self->device, marked, 1));
	EXPECT_REAPED(marked, 1);
}

/* Others are waited for as ever. */
TEST_F(target, U78_beside_others)
{
	struct stopper s = {};
	atomic_int last = 0;
	__u64 ignoring, other;

	SEND_AS(IGNORE_STATE, ignoring);
	EXPECT_REQUEST(ignoring, IOTARGET_FETCH_CANCELABLE);
	SEND_MARKED(other);
	stopper_start(&s, self->target, IOTARGET_TARGET_STOP_CANCEL, &last);
	EXPECT_STATE(STOPPED, 0, 1);
	EXPECT_ON_CANCEL(other);
	EXPECT_NO_RECORD();
	atomic_store(&last, 1);
	EXPECT_EQ(0, complete(self->device, other, -ECANCELED));
	EXPECT_EQ(0, background_join(&s.thread));
	EXPECT_EQ(1, s.seen);
	EXPECT_EQ(0, unmark(self->device, ignoring));
}

TEST_F(target, U78_remove_cancels_it_and_waits)
{
	struct stopper s = {};
	atomic_int last = 0;
	__u64 queued, owned, marked;

	SEND_AS(IGNORE_STATE, owned);
	EXPECT_REQUEST(owned, 0);
	SEND_AS(IGNORE_STATE, marked);
	EXPECT_REQUEST(marked, IOTARGET_FETCH_CANCELABLE);
	SEND_AS(IGNORE_STATE, queued);
	DO(STOP_CANCEL);
	stopper_start(&s, self->target, IOTARGET_TARGET_REMOVE, &last);
	EXPECT_REAPED(queued, -ECANCELED);
	EXPECT_ON_CANCEL(marked);
	EXPECT_NO_RECORD();
	EXPECT_EQ(1, is_canceled(self->device, owned));
	EXPECT_EQ(0, complete(self->device, marked, -ECANCELED));
	wait_asleep(s.thread.tid);
	atomic_store(&last, 1);
	EXPECT_EQ(0, complete(self->device, owned, 0));
	EXPECT_EQ(0, background_join(&s.thread));
	EXPECT_EQ(1, s.seen);
	EXPECT_REAPED(marked, -ECANCELED);
	EXPECT_REAPED(owned, 0);
}

/* It is cancelled by all others as any request. */
TEST_F(target, U78_cancelled_by_its_sender_or_the_clock)
{
	__u64 deadline = now() + 10 * MS, id;
	struct iotarget_cancel arg;

	DO(STOP_LEAVE);
	SEND_AS(IGNORE_STATE, id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_REAPED(id, -ECANCELED);
	SEND_AS(IGNORE_STATE, id);
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(1, arg.delivered);
	EXPECT_REAPED(id, -ECANCELED);
	ASSERT_EQ(0, send_as(self->target, IOTARGET_ELEMENT_IGNORE_STATE,
			     deadline, 0, &id));
	ASSERT_EQ(0, pass(self->target, deadline));
	EXPECT_REAPED(id, -ETIMEDOUT);
}

/* --------------------------------------------------------------- FORGET */

TEST_F(target, U82_forget_and_something_else)
{
	struct iotarget_reap_element r;
	struct iotarget_send_element e[2] = {
		{ .type = IOTARGET_TYPE_CONTROL },
		{ .type = IOTARGET_TYPE_CONTROL },
	};
	struct iotarget_send arg = send_arg(0, e, 2, NULL, 0);
	int i;

	for (i = 0; i < 3; i++) {
		e[1].flags = IOTARGET_ELEMENT_FORGET;
		e[1].deadline = i == 1 ? now() + 1000 * MS : 0;
		e[1].result = 1;
		if (i == 0)
			e[1].flags |= IOTARGET_ELEMENT_IGNORE_STATE;
		if (i == 2)
			arg = send_arg(IOTARGET_SEND_WAIT, &e[1], 1, &r, 1);
		EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_SEND, &arg));
		EXPECT_EQ(0, arg.sent);
		EXPECT_EQ(-EINVAL, e[1].result);
	}
	EXPECT_NO_RECORD();
	EXPECT_STATE(STARTED, 0, 0);
}

TEST_F(target, flags_that_are_not_defined)
{
	struct iotarget_send_element e = { .type = IOTARGET_TYPE_CONTROL };
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	unsigned int bit;

	for (bit = 2; bit < 32; bit++) {
		e.flags = 1U << bit;
		EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_SEND, &arg));
		EXPECT_EQ(-EINVAL, e.result);
		e.flags |= IOTARGET_ELEMENT_IGNORE_STATE;
		EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_SEND, &arg));
	}
	EXPECT_NO_RECORD();
	EXPECT_STATE(STARTED, 0, 0);
}

TEST_F(target, U83_nobody_reaps_it)
{
	__u64 forgotten, id;
	int verdict;

	/* for the host it is a request as any */
	SEND_AS(FORGET, forgotten);
	EXPECT_REQUEST(forgotten, 0);
	EXPECT_EQ(0, mark(self->device, forgotten));
	EXPECT_EQ(0, unmark(self->device, forgotten));
	EXPECT_EQ(0, complete(self->device, forgotten, 5));
	EXPECT_NOT_COMPLETE();
	EXPECT_EQ(-ENOENT, complete(self->device, forgotten, 5));
	/* its slot comes back a little later */
	verdict = cancel(self->target, forgotten);
	EXPECT_TRUE(verdict == COMPLETED || verdict == -ENOENT);
	SEND_OWNED(id);
	EXPECT_EQ(0, complete(self->device, id, 6));
	EXPECT_REAPED(id, 6);
	EXPECT_NOT_COMPLETE();
}

TEST_F(target, U83_on_a_sequential_queue)
{
	__u64 forgotten, id;

	RENEW(0, IOTARGET_DISPATCH_SEQUENTIAL);
	SEND_AS(FORGET, forgotten);
	SEND(id);
	EXPECT_REQUEST(forgotten, 0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, forgotten, 0));
	EXPECT_REQUEST(id, 0);
}

/* The sender's memory is its own again when SEND returns. */
TEST_F(target, U83_what_the_host_writes_goes_nowhere)
{
	static const __u32 lengths[] = { 8, 64, 65, 4096, 4097, 100000 };
	static char out[100000], host[100000];
	unsigned int n;
	__u64 id;

	for (n = 0; n < 6; n++) {
		struct iotarget_send_element e = {
			.type = IOTARGET_TYPE_READ,
			.flags = IOTARGET_ELEMENT_FORGET,
			.out = ADDRESS(out), .out_length = lengths[n],
		};
		struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);

		memset(out, 0x77, sizeof(out));
		memset(host, 0xee, sizeof(host));
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
		EXPECT_REQUEST(e.id, 0);
		EXPECT_EQ(0, complete_bytes(self->device, e.id, 0, lengths[n],
					    host, lengths[n]));
		SEND_OWNED(id);
		EXPECT_EQ(0, complete(self->device, id, 0));
		EXPECT_REAPED(id, 0);
		EXPECT_TRUE(has_byte(out, sizeof(out), 0x77));
	}
}

/* What the sender brings is taken at once, however long it is. */
TEST_F(target, U83_bytes_for_the_host)
{
	static const __u32 lengths[] = { 8, 64, 65, 4096, 4097, 100000 };
	static char in[100000], host[100000];
	struct iotarget_fetch_element f;
	unsigned int n;

	for (n = 0; n < 6; n++) {
		struct iotarget_send_element e = {
			.type = IOTARGET_TYPE_WRITE,
			.flags = IOTARGET_ELEMENT_FORGET,
			.in = ADDRESS(in), .in_length = lengths[n],
		};
		struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);

		memset(in, n + 1, sizeof(in));
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
		memset(in, 0x77, sizeof(in));
		memset(&f, 0, sizeof(f));
		f.buffer = ADDRESS(host);
		f.buffer_length = sizeof(host);
		ASSERT_EQ(0, fetch_now(self->device, 0, &f));
		EXPECT_EQ(lengths[n], f.copied);
		EXPECT_TRUE(has_byte(host, lengths[n], n + 1));
		EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, lengths[n],
					    NULL, 0));
	}
}

/* Its slot comes back though nobody reaps: more than the target holds. */
TEST_F(target, U83_more_than_a_target_holds)
{
	static struct iotarget_complete_element c[256];
	static struct iotarget_fetch_element f[256];
	static struct iotarget_send_element e[256];
	struct iotarget_send send = send_arg(0, e, 256, NULL, 0);
	struct iotarget_fetch fetch = fetch_arg(0, NULL, 0, f, 256);
	struct pollfd p = { .fd = self->target, .events = POLLOUT };
	struct iotarget_info info;
	__u32 n, i;
	int ret;

	ASSERT_EQ(0, info_get(&info));
	for (i = 0; i < 256; i++) {
		e[i].type = IOTARGET_TYPE_CONTROL;
		e[i].flags = IOTARGET_ELEMENT_FORGET;
	}
	for (n = 0; n < 3 * info.target_requests; n += send.sent) {
		while ((ret = call(self->target, IOTARGET_SEND, &send)) == -EAGAIN)
			ASSERT_EQ(1, poll(&p, 1, -1));
		ASSERT_EQ(0, ret);
		fetch.fetch.count = send.sent;
		ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
		ASSERT_EQ(send.sent, fetch.fetched);
		for (i = 0; i < fetch.fetched; i++)
			c[i] = (struct iotarget_complete_element) { .id = f[i].id };
		fetch.complete = (struct iotarget_array) {
			fetch.fetched, sizeof(*c), ADDRESS(c),
		};
		fetch.fetch.count = 0;
		ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
		ASSERT_EQ(send.sent, fetch.completed);
		fetch.complete.count = 0;
	}
	EXPECT_NOT_COMPLETE();
}

/* CANCEL of all, the end of its target and the end of its device find it. */
TEST_F(target, U83_cancelled_with_its_target)
{
	struct iotarget_cancel arg;
	__u64 id;

	SEND_AS(FORGET, id);
	EXPECT_REQUEST(id, IOTARGET_FETCH_CANCELABLE);
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(1, arg.delivered);
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(0, complete(self->device, id, 0));
	SEND_AS(FORGET, id);
	EXPECT_REQUEST(id, IOTARGET_FETCH_CANCELABLE);
	RENEW_TARGET();
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(0, complete(self->device, id, 0));
	SEND_AS(FORGET, id);
	ASSERT_EQ(0, end(self->device));
}

/* ------------------------------------------------- plain calls, while stopped */

FIXTURE(plain) {
	int device;
	int target;
	__u64 file;
	struct plain call;
};

FIXTURE_VARIANT(plain) {
	long nr;
};

FIXTURE_VARIANT_ADD(plain, read) { SYS_read };
FIXTURE_VARIANT_ADD(plain, write) { SYS_write };
FIXTURE_VARIANT_ADD(plain, ioctl) { SYS_ioctl };

FIXTURE_SETUP(plain)
{
	OPEN_OBJECTS(false);
	self->call.nr = variant->nr;
	ASSERT_EQ(0, target_do(self->target, IOTARGET_TARGET_STOP_LEAVE));
}

FIXTURE_TEARDOWN(plain)
{
	close(self->target);
	close(self->device);
}

/* Its request waits in the target. */
#define START_CALL() do {						\
	plain_start(&self->call);					\
	wait_asleep_in(self->call.thread.tid, variant->nr);		\
	WAIT_STATE(STOPPED, 1, 0);					\
	EXPECT_NO_RECORD();						\
} while (0)

#define EXPECT_SERVED() do {						\
	struct iotarget_fetch_element record_ = {};			\
									\
	DO(START);							\
	ASSERT_EQ(0, fetch_one(self->device, 0, &record_));		\
	EXPECT_EQ(IOTARGET_EVENT_REQUEST, record_.event);		\
	EXPECT_EQ(0, answer(self->device, &record_,			\
			    variant->nr == SYS_ioctl ? 8 : 0, 8));	\
	EXPECT_EQ(8, background_join(&self->call.thread));		\
} while (0)

TEST_F(plain, waits_for_start)
{
	START_CALL();
	EXPECT_SERVED();
	EXPECT_NOT_COMPLETE();
}

/* O_NONBLOCK is not for plain calls. */
TEST_F(plain, waits_for_start_nonblocking)
{
	set_nonblock(self->target, true);
	START_CALL();
	EXPECT_SERVED();
}

TEST_F(plain, a_signal)
{
	count_signals(false);
	START_CALL();
	signal_thread(self->call.thread.tid, SIGUSR1);
	EXPECT_EQ(-EINTR, background_join(&self->call.thread));
	EXPECT_EQ(1, handled);
	EXPECT_STATE(STOPPED, 0, 0);
	DO(START);
	EXPECT_NO_RECORD();
	EXPECT_NOT_COMPLETE();
}

/* No host had it: the call is made again, and waits again. */
TEST_F(plain, a_signal_that_restarts)
{
	count_signals(true);
	START_CALL();
	signal_thread(self->call.thread.tid, SIGUSR1);
	wait_for(&handled, 1);
	wait_asleep_in(self->call.thread.tid, variant->nr);
	WAIT_STATE(STOPPED, 1, 0);
	EXPECT_SERVED();
	EXPECT_NO_RECORD();
}

/* A signal after START finds it with the host. */
TEST_F(plain, a_signal_after_start)
{
	struct iotarget_fetch_element f = {};

	count_signals(false);
	START_CALL();
	DO(START);
	ASSERT_EQ(0, fetch_one(self->device, IOTARGET_FETCH_CANCELABLE, &f));
	DO(STOP_LEAVE);
	signal_thread(self->call.thread.tid, SIGUSR1);
	EXPECT_ON_CANCEL(f.id);
	EXPECT_EQ(0, answer(self->device, &f, -ECANCELED, 0));
	EXPECT_EQ(-EINTR, background_join(&self->call.thread));
}

TEST_F(plain, killed)
{
	pid_t child = fork_call(&self->call);

	wait_asleep_in(child, variant->nr);
	WAIT_STATE(STOPPED, 1, 0);
	EXPECT_KILLED(child);
	WAIT_STATE(STOPPED, 0, 0);
	DO(START);
	EXPECT_NO_RECORD();
}

TEST_F(plain, cancelled)
{
	struct iotarget_cancel arg;

	START_CALL();
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(1, arg.delivered);
	EXPECT_EQ(-ECANCELED, background_join(&self->call.thread));
	EXPECT_EQ(-ENOENT, cancel_all(self->target, &arg));
	START_CALL();
	EXPECT_EQ(DELIVERED, cancel_by(self->target, IOTARGET_CANCEL_THREAD,
				       self->call.thread.tid, 0));
	EXPECT_EQ(-ECANCELED, background_join(&self->call.thread));
}

TEST_F(plain, removed)
{
	START_CALL();
	DO(REMOVE);
	EXPECT_EQ(-ENODEV, background_join(&self->call.thread));
}

TEST_F(plain, the_target_ends)
{
	START_CALL();
	ASSERT_EQ(0, end(self->target));
	EXPECT_EQ(-ECANCELED, background_join(&self->call.thread));
}

TEST_F(plain, the_device_ends)
{
	START_CALL();
	ASSERT_EQ(0, end(self->device));
	EXPECT_EQ(-ENODEV, background_join(&self->call.thread));
}

/* STOP_WAIT waits for a plain call as for others, STOP_CANCEL cancels it. */
TEST_F(plain, stopped_while_the_host_has_it)
{
	static const __u32 actions[] = {
		IOTARGET_TARGET_STOP_WAIT, IOTARGET_TARGET_STOP_CANCEL,
	};
	struct iotarget_fetch_element f;
	int i;

	for (i = 0; i < 2; i++) {
		struct stopper s = {};
		atomic_int last = 0;

		DO(START);
		plain_start(&self->call);
		ASSERT_EQ(0, host_take(self->device, CANCELABLE, &f));
		stopper_start(&s, self->target, actions[i], &last);
		if (i)
			EXPECT_ON_CANCEL(f.id);
		EXPECT_NO_RECORD();
		atomic_store(&last, 1);
		EXPECT_EQ(0, answer(self->device, &f, -ECANCELED, 0));
		EXPECT_EQ(-ECANCELED, background_join(&self->call.thread));
		EXPECT_EQ(0, background_join(&s.thread));
		EXPECT_EQ(1, s.seen);
	}
}

/* ------------------------------------------------- what CANCEL answers */

TEST_F(target, U64_queued)
{
	__u64 id;

	SEND(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_REAPED(id, -ECANCELED);
	EXPECT_NO_RECORD();
}

TEST_F(target, U65_marked_after_the_cancel)
{
	__u64 id;

	SEND_OWNED(id);
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_NO_RECORD();
	/* whoever makes it cancelable is told at once */
	EXPECT_EQ(-ECANCELED, mark(self->device, id));
	EXPECT_NO_RECORD();
	EXPECT_NOT_COMPLETE();
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_REAPED(id, -ECANCELED);
}

TEST_F(target, U66_marked_U67_and_again)
{
	__u64 id;

	SEND_MARKED(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(TOLD, cancel(self->target, id));
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(TOLD, cancel(self->target, id));
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_REAPED(id, -ECANCELED);
}

TEST_F(target, U68_after_completion)
{
	__u64 id;

	SEND_OWNED(id);
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_EQ(COMPLETED, cancel(self->target, id));
	EXPECT_REAPED(id, 0);
	EXPECT_NOT_COMPLETE();
	EXPECT_EQ(-ENOENT, cancel(self->target, id));
}

TEST_F(target, U70_the_host_completes_with_success)
{
	__u64 id;

	SEND_MARKED(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_REAPED(id, 0);
}

/* The host is slow, and CANCEL and the one after it return all the same. */
TEST_F(target, U97_cancel_waits_for_nobody)
{
	__u64 id, waiting;

	SEND_MARKED(id);
	DO(STOP_LEAVE);
	SEND(waiting);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, waiting));
	EXPECT_REAPED(waiting, -ECANCELED);
	EXPECT_NOT_COMPLETE();
	EXPECT_ON_CANCEL(id);
}

/* ------------------------------------------------------------- bad input */

TEST_F(target, no_such_action)
{
	static const __u32 actions[] = { 0, 7, 8, 0x80000002, UINT_MAX };
	struct iotarget_target_control arg;
	unsigned int i;
	__u64 id;

	DO(STOP_LEAVE);
	SEND(id);
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(-EINVAL, target_do(self->target, actions[i]));
		EXPECT_STATE(STOPPED, 1, 0);
	}
	for (i = 0; i < 32; i++) {
		arg = (struct iotarget_target_control) {
			.size = sizeof(arg), .flags = 1U << i,
			.action = IOTARGET_TARGET_START,
		};
		EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_TARGET_CONTROL,
					&arg));
		EXPECT_STATE(STOPPED, 1, 0);
	}
	EXPECT_EQ(-ENOTTY, target_do(self->device, IOTARGET_TARGET_START));
	/* no such action of a removed one is no such action */
	DO(REMOVE);
	EXPECT_EQ(-EINVAL, target_do(self->target, 7));
}

/* What it tells cannot be written: it is done all the same. */
TEST_F(target, answer_to_bad_memory)
{
	struct iotarget_target_control *arg;
	__u64 id;

	arg = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, arg);
	arg->size = sizeof(*arg);
	arg->action = IOTARGET_TARGET_STOP_LEAVE;
	ASSERT_EQ(0, mprotect(arg, 4096, PROT_READ));
	EXPECT_EQ(-EFAULT, call(self->target, IOTARGET_TARGET_CONTROL, arg));
	EXPECT_STATE(STOPPED, 0, 0);
	EXPECT_EQ(-EFAULT, call(self->target, IOTARGET_TARGET_CONTROL, NULL));
	SEND(id);
	EXPECT_NO_RECORD();
}

/* --------------------------------------------------------- several queues */

/* One more queue, parallel, which gets all requests of this type. */
static int routed_queue(int device, __u32 type)
{
	struct iotarget_queue_create create = {
		.size = sizeof(create), .dispatch = IOTARGET_DISPATCH_PARALLEL,
	};
	struct iotarget_route route = { .size = sizeof(route), .type = type };
	int ret = call(device, IOTARGET_QUEUE_CREATE, &create);

	if (ret)
		return ret;
	route.queue_fd = create.fd;
	ret = call(device, IOTARGET_ROUTE, &route);
	return ret ? ret : create.fd;
}

FIXTURE(queues) {
	int device;
	int reads;	/* the queue that reads are routed to */
	int target;
	__u64 file;
	char out[8];
};

static const __u32 queues_flags[] = { 0, IOTARGET_DEVICE_FILE_EVENTS };

FIXTURE_VARIANT(queues) {
	int events;
};

FIXTURE_VARIANT_ADD(queues, no_events) { 0 };
FIXTURE_VARIANT_ADD(queues, file_events) { 1 };

FIXTURE_SETUP(queues)
{
	self->device = device_create_flags(queues_flags[variant->events],
					   IOTARGET_DISPATCH_PARALLEL, 0);
	ASSERT_GE(self->device, 0);
	self->reads = routed_queue(self->device, IOTARGET_TYPE_READ);
	ASSERT_GE(self->reads, 0);
	self->target = target_open_file(self->device, &self->file);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(queues)
{
	close(self->target);
	close(self->reads);
	close(self->device);
}

#define SEND_READ(id_) \
	ASSERT_EQ(0, send_read(self->target, self->out, 8, &(id_)))

#define EXPECT_RECORD_OF(queue_, event_, id_) do {			\
	struct iotarget_fetch_element record_ = {};			\
									\
	ASSERT_EQ(0, fetch_now(queue_, IOTARGET_FETCH_CANCELABLE, &record_)); \
	EXPECT_EQ(IOTARGET_EVENT_##event_, record_.event);		\
	EXPECT_EQ(id_, record_.id);					\
} while (0)

#define EXPECT_NO_RECORD_OF(queue_) do {				\
	struct iotarget_fetch_element none_ = {};			\
									\
	EXPECT_FALSE(readable(queue_));					\
	EXPECT_EQ(-EAGAIN, fetch_now(queue_, 0, &none_));		\
} while (0)

TEST_F(queues, U75_each_to_its_queue)
{
	__u64 read[3], control[3];
	int i;

	DO(STOP_LEAVE);
	for (i = 0; i < 3; i++) {
		SEND_READ(read[i]);
		SEND(control[i]);
	}
	EXPECT_STATE(STOPPED, 6, 0);
	EXPECT_NO_RECORD_OF(self->reads);
	EXPECT_NO_RECORD_OF(self->device);
	DO(START);
	EXPECT_STATE(STARTED, 0, 6);
	for (i = 0; i < 3; i++) {
		EXPECT_RECORD_OF(self->reads, REQUEST, read[i]);
		EXPECT_RECORD_OF(self->device, REQUEST, control[i]);
	}
	EXPECT_NO_RECORD_OF(self->reads);
	EXPECT_NO_RECORD_OF(self->device);
}

/* Where a request goes is decided when START sends it. */
TEST_F(queues, U75_routed_meanwhile)
{
	char in = 0;
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_WRITE, .in = ADDRESS(&in), .in_length = 1,
	};
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	int writes;
	__u64 read;

	DO(STOP_LEAVE);
	SEND_READ(read);
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	writes = routed_queue(self->device, IOTARGET_TYPE_WRITE);
	ASSERT_GE(writes, 0);
	/* with its queue goes its route */
	ASSERT_EQ(0, end(self->reads));
	DO(START);
	EXPECT_RECORD_OF(writes, REQUEST, e.id);
	EXPECT_RECORD_OF(self->device, REQUEST, read);
	close(writes);
}

/* Each has its own word to say about what START sends. */
TEST_F(queues, started_into_a_purged_queue)
{
	__u64 read, control;

	ASSERT_EQ(0, queue_do(self->reads, IOTARGET_QUEUE_PURGE));
	DO(STOP_LEAVE);
	SEND_READ(read);
	SEND(control);
	EXPECT_NOT_COMPLETE();
	DO(START);
	EXPECT_REAPED(read, -ESHUTDOWN);
	EXPECT_STATE(STARTED, 0, 1);
	EXPECT_RECORD_OF(self->device, REQUEST, control);
	EXPECT_NO_RECORD_OF(self->reads);
}

/* A queue that stands still does not keep STOP_CANCEL waiting. */
TEST_F(queues, U76_from_a_stopped_queue)
{
	__u64 read, control;

	ASSERT_EQ(0, queue_do(self->reads, IOTARGET_QUEUE_STOP));
	SEND_READ(read);
	SEND(control);
	DO(STOP_CANCEL);
	EXPECT_REAPED(read, -ECANCELED);
	EXPECT_REAPED(control, -ECANCELED);
	ASSERT_EQ(0, queue_do(self->reads, IOTARGET_QUEUE_START));
	EXPECT_NO_RECORD_OF(self->reads);
	EXPECT_NO_RECORD_OF(self->device);
}

TEST_F(queues, U76_of_all_queues)
{
	struct stopper s = {};
	atomic_int last = 0;
	__u64 read, control;

	SEND_READ(read);
	EXPECT_RECORD_OF(self->reads, REQUEST, read);
	SEND(control);
	EXPECT_RECORD_OF(self->device, REQUEST, control);
	stopper_start(&s, self->target, IOTARGET_TARGET_STOP_CANCEL, &last);
	EXPECT_RECORD_OF(self->reads, CANCEL, read);
	EXPECT_RECORD_OF(self->device, CANCEL, control);
	EXPECT_EQ(0, complete(self->reads, read, -ECANCELED));
	wait_asleep(s.thread.tid);
	atomic_store(&last, 1);
	EXPECT_EQ(0, complete(self->device, control, -ECANCELED));
	EXPECT_EQ(0, background_join(&s.thread));
	EXPECT_EQ(1, s.seen);
	EXPECT_REAPED(read, -ECANCELED);
	EXPECT_REAPED(control, -ECANCELED);
}

/* The end of a queue ends what a stop waits for. */
TEST_F(queues, U77_until_the_queue_ends)
{
	struct stopper s = {};
	__u64 read, waiting;

	SEND_READ(read);
	EXPECT_RECORD_OF(self->reads, REQUEST, read);
	stopper_start(&s, self->target, IOTARGET_TARGET_STOP_WAIT, NULL);
	SEND_READ(waiting);
	ASSERT_EQ(0, end(self->reads));
	EXPECT_EQ(0, background_join(&s.thread));
	EXPECT_REAPED(read, -ENODEV);
	/* it was in no queue yet */
	EXPECT_NOT_COMPLETE();
	EXPECT_STATE(STOPPED, 1, 0);
	DO(START);
	EXPECT_RECORD_OF(self->device, REQUEST, waiting);
}

/*
 * The end of a file, whose requests lie in two queues and in the target: the
 * file's events come on the device, and each OnCancel where its request is.
 */
TEST_F(queues, U91_U92_the_end_of_a_file)
{
	__u64 read, control, queued[2], waiting, others;
	int other = target_open(self->device);

	ASSERT_GE(other, 0);
	SEND_READ(read);
	EXPECT_RECORD_OF(self->reads, REQUEST, read);
	SEND(control);
	EXPECT_RECORD_OF(self->device, REQUEST, control);
	SEND_READ(queued[0]);
	SEND(queued[1]);
	DO(STOP_LEAVE);
	SEND_READ(waiting);
	ASSERT_EQ(0, send_read(other, self->out, 8, &others));
	close(self->target);
	self->target = other;
	if (variant->events) {
		EXPECT_FETCH_EVENT(CLEANUP);
		EXPECT_NO_RECORD_OF(self->device);
		/* held back in both queues */
		EXPECT_RECORD_OF(self->reads, REQUEST, others);
		EXPECT_NO_RECORD_OF(self->reads);
		ASSERT_EQ(0, file_done(self->device, self->file));
	} else {
		/* cancels go first */
		EXPECT_RECORD_OF(self->reads, CANCEL, read);
		EXPECT_RECORD_OF(self->reads, REQUEST, others);
	}
	EXPECT_RECORD_OF(self->device, CANCEL, control);
	if (variant->events)
		EXPECT_RECORD_OF(self->reads, CANCEL, read);
	EXPECT_NO_RECORD_OF(self->device);
	EXPECT_NO_RECORD_OF(self->reads);
	EXPECT_EQ(-ENOENT, complete(self->reads, queued[0], 0));
	EXPECT_EQ(-ENOENT, complete(self->device, queued[1], 0));
	EXPECT_EQ(-ENOENT, complete(self->reads, waiting, 0));
	EXPECT_EQ(0, complete(self->device, control, -ECANCELED));
	EXPECT_NO_RECORD_OF(self->device);
	EXPECT_EQ(0, complete(self->reads, read, -ECANCELED));
	if (variant->events)
		EXPECT_FETCH_EVENT(CLOSE);
	EXPECT_NO_RECORD_OF(self->device);
	EXPECT_NO_RECORD_OF(self->reads);
}

TEST_F(queues, U94_a_sender_is_killed)
{
	__u64 *id = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct iotarget_fetch_element f = {};
	int status;
	pid_t child;

	ASSERT_NE(MAP_FAILED, id);
	child = fork();
	if (!child) {
		int target = target_open_file(self->device, &id[5]);

		if (send_read(target, self->out, 8, &id[0]) ||
		    fetch_now(self->reads, IOTARGET_FETCH_CANCELABLE, &f) ||
		    send_read(target, self->out, 8, &id[1]) ||
		    fetch_now(self->reads, 0, &f) ||
		    send_read(target, self->out, 8, &id[2]) ||
		    send_one(target, 0, &id[3]) ||
		    target_do(target, IOTARGET_TARGET_STOP_LEAVE) ||
		    send_read(target, self->out, 8, &id[4]))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	self->file = id[5];
	if (variant->events) {
		EXPECT_FETCH_EVENT(CLEANUP);
		EXPECT_NO_RECORD_OF(self->reads);
		ASSERT_EQ(0, file_done(self->device, self->file));
	}
	EXPECT_RECORD_OF(self->reads, CANCEL, id[0]);
	EXPECT_NO_RECORD_OF(self->reads);
	EXPECT_NO_RECORD_OF(self->device);
	EXPECT_EQ(1, is_canceled(self->reads, id[1]));
	EXPECT_EQ(0, complete(self->reads, id[0], -ECANCELED));
	EXPECT_EQ(0, complete(self->reads, id[1], 0));
	if (variant->events)
		EXPECT_FETCH_EVENT(CLOSE);
}

TEST_F(queues, U95_U96_of_one_thread_in_all_queues)
{
	struct thread_send other = { .target = self->target };
	struct iotarget_cancel arg = {
		.size = sizeof(arg), .scope = IOTARGET_CANCEL_THREAD,
	};
	struct background thread;
	__u64 id[3];

	EXPECT_EQ(-ENOENT, call(self->target, IOTARGET_CANCEL, &arg));
	SEND_READ(id[0]);
	SEND(id[1]);
	background_start(&thread, thread_send_main, &other);
	wait_for(&other.gate, 1);
	DO(STOP_LEAVE);
	SEND_READ(id[2]);
	ASSERT_EQ(0, call(self->target, IOTARGET_CANCEL, &arg));
	EXPECT_EQ(3, arg.delivered);
	EXPECT_NO_RECORD_OF(self->reads);
	EXPECT_RECORD_OF(self->device, REQUEST, other.id);
	EXPECT_NO_RECORD_OF(self->device);
	EXPECT_STATE(STOPPED, 0, 1);
	atomic_store(&other.gate, 2);
	EXPECT_EQ(0, background_join(&thread));
}

TEST_F(queues, U97_cancel_waits_for_no_queue)
{
	__u64 id[3];

	SEND_READ(id[0]);
	EXPECT_RECORD_OF(self->reads, REQUEST, id[0]);
	ASSERT_EQ(0, queue_do(self->reads, IOTARGET_QUEUE_STOP));
	SEND_READ(id[1]);
	DO(STOP_LEAVE);
	SEND_READ(id[2]);
	EXPECT_EQ(DELIVERED, cancel(self->target, id[0]));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[1]));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[2]));
	EXPECT_REAPED(id[1], -ECANCELED);
	EXPECT_REAPED(id[2], -ECANCELED);
	/* a stopped queue tells of cancels */
	EXPECT_RECORD_OF(self->reads, CANCEL, id[0]);
	EXPECT_NO_RECORD_OF(self->reads);
}

TEST_F(queues, U98_more_than_the_request_has)
{
	__u64 id;

	SEND_READ(id);
	EXPECT_RECORD_OF(self->reads, REQUEST, id);
	EXPECT_EQ(-EINVAL, complete_bytes(self->reads, id, 0, 9, NULL, 0));
	EXPECT_EQ(-EINVAL, complete_bytes(self->reads, id, 0, 0, self->out, 9));
	EXPECT_EQ(-ENOENT, complete(self->device, id, 0));
	EXPECT_NOT_COMPLETE();
	EXPECT_EQ(0, unmark(self->reads, id));
	EXPECT_EQ(0, complete_bytes(self->reads, id, 0, 8, "12345678", 8));
	EXPECT_EQ(COMPLETED, cancel(self->target, id));
}

/* -------------------------------------------------------- all at once */

#define FLIGHT	256

/* Stops and starts a target until it is told to end, or the target has. */
struct toggler {
	pthread_t thread;
	int target;
	unsigned int seed;
	bool leave;		/* only STOP_LEAVE */
	atomic_int *stop;
	atomic_ulong stops, waits;
	unsigned long failures;
};

static void *toggler_main(void *arg)
{
	struct toggler *t = arg;
	__u32 action;
	int ret;

	while (!atomic_load(t->stop)) {
		action = t->leave ? IOTARGET_TARGET_STOP_LEAVE :
			 IOTARGET_TARGET_STOP_CANCEL + draw(&t->seed, 3);
		ret = target_do(t->target, action);
		atomic_fetch_add(&t->stops, 1);
		if (action != IOTARGET_TARGET_STOP_LEAVE)
			atomic_fetch_add(&t->waits, 1);
		if (ret == -ENODEV)
			break;
		t->failures += ret != 0;
		for (ret = draw(&t->seed, 8); ret; ret--)
			sched_yield();
		ret = target_do(t->target, IOTARGET_TARGET_START);
		if (ret == -ENODEV)
			break;
		t->failures += ret != 0;
		for (ret = draw(&t->seed, 8); ret; ret--)
			sched_yield();
	}
	return NULL;
}

static void toggler_start(struct toggler *t, int target, unsigned int seed,
			  bool leave, atomic_int *stop)
{
	*t = (struct toggler) {
		.target = target, .seed = seed, .leave = leave, .stop = stop,
	};
	pthread_create(&t->thread, NULL, toggler_main, t);
}

/* Sees that what it fetches comes in the order of @offset, and completes it. */
struct order_host {
	int device;
	__u64 next;
	unsigned long failures;
};

static int order_host_main(void *arg)
{
	struct iotarget_fetch_element f[16];
	struct iotarget_complete_element c[16];
	struct iotarget_fetch fetch = fetch_arg(0, c, 0, f, 16);
	struct order_host *h = arg;
	__u32 i;

	for (;;) {
		memset(f, 0, sizeof(f));
		if (call(h->device, IOTARGET_FETCH, &fetch))
			return 0;
		for (i = 0; i < fetch.fetched; i++) {
			h->failures += f[i].offset != h->next++;
			c[i] = (struct iotarget_complete_element) { .id = f[i].id };
		}
		fetch.complete.count = fetch.fetched;
	}
}

/* One thread sends, others stop and start: what it sent first comes first. */
TEST_F_TIMEOUT(target, U75_order_while_others_stop_and_start, HOUR)
{
	struct iotarget_send_element e[8] = {};
	struct iotarget_reap_element r[FLIGHT];
	struct iotarget_send arg;
	struct order_host h = { .device = self->device };
	unsigned long n = rounds_get(20000), sent = 0, reaped = 0;
	unsigned int seed = seed_get();
	struct toggler toggler[2];
	struct background host;
	atomic_int stop = 0;
	__u32 i, count;
	int ret;

	TH_LOG("seed %u", seed);
	background_start(&host, order_host_main, &h);
	for (i = 0; i < 2; i++)
		toggler_start(&toggler[i], self->target, seed + i, true, &stop);
	while (reaped < n) {
		/* before half is sent each has had its turn, on any machine */
		while (sent >= n / 2 && !(atomic_load(&toggler[0].stops) &&
					  atomic_load(&toggler[1].stops)))
			sched_yield();
		count = 1 + draw(&seed, 8);
		if (count > n - sent)
			count = n - sent;
		if (sent + count > reaped + FLIGHT)
			count = 0;
		memset(e, 0, sizeof(e));
		for (i = 0; i < count; i++) {
			e[i].type = IOTARGET_TYPE_CONTROL;
			e[i].offset = sent + i;
		}
		/* waits, but only if it sends nothing */
		arg = send_arg(0, e, count, r, count ? 0 : FLIGHT);
		ret = call(self->target, IOTARGET_SEND, &arg);
		ASSERT_EQ(0, ret);
		sent += arg.sent;
		reaped += arg.reaped;
		for (i = 0; i < arg.reaped; i++)
			ASSERT_EQ(0, r[i].status);
	}
	atomic_store(&stop, 1);
	for (i = 0; i < 2; i++) {
		pthread_join(toggler[i].thread, NULL);
		EXPECT_EQ(0, toggler[i].failures);
	}
	EXPECT_EQ(0, end(self->device));
	background_join(&host);
	TH_LOG("%lu sent, %lu stops", sent, toggler[0].stops + toggler[1].stops);
	EXPECT_EQ(n, h.next);
	EXPECT_EQ(0, h.failures);
}

/*
 * A target with FLIGHT requests under way: one thread sends and reaps, one
 * cancels, one stops and starts, hosts complete.
 */
struct flight {
	int target;
	unsigned int seed;
	unsigned long rounds;
	const atomic_ulong *on_cancel;	/* how often a host was told */
	atomic_ulong id[FLIGHT];
	atomic_int stop;
	pthread_t thread, canceller;
	struct toggler toggler;
	unsigned long sent, reaped, failures, delivered;
	unsigned long completed, cancelled, timed_out, not_sent;
};

static void flight_reaped(struct flight *f, const struct iotarget_reap_element *r)
{
	/* each once, by the id that it was sent with */
	if (r->user_data >= FLIGHT ||
	    atomic_exchange(&f->id[r->user_data], 0) != r->id)
		f->failures++;
	f->reaped++;
	switch (r->status) {
	case 0:
		f->completed++;
		break;
	case -ECANCELED:
		f->cancelled++;
		break;
	case -ETIMEDOUT:
		f->timed_out++;
		break;
	case -ENODEV:
		f->not_sent++;
		break;
	default:
		f->failures++;
	}
}

/* So much longer, if others are slow to start, and no end: then it has shown nothing. */
#define PATIENCE 100

/* Until each end has come about, however slow the others. */
static bool flight_goes_on(const struct flight *f)
{
	return f->sent < f->rounds ||
	       ((!f->completed || !f->cancelled || !f->timed_out ||
		 !atomic_load(f->on_cancel)) && !f->failures &&
		f->sent / PATIENCE < f->rounds);
}

static void *flight_main(void *arg)
{
	struct iotarget_reap_element r[FLIGHT];
	struct flight *f = arg;
	bool removed = false;
	__u32 i, slot = 0;
	int ret;

	while (f->reaped < f->sent || (!removed && flight_goes_on(f))) {
		struct iotarget_send send = send_arg(0, NULL, 0, r, FLIGHT);
		struct iotarget_send_element e = {
			.type = IOTARGET_TYPE_CONTROL,
		};

		/* before half is sent all have had their turn, on any machine */
		while (f->sent >= f->rounds / 2 &&
		       !atomic_load(&f->toggler.waits))
			sched_yield();
		/* full, or at its end, it waits for completions */
		if (!removed && flight_goes_on(f) &&
		    f->sent - f->reaped < FLIGHT) {
			for (slot = draw(&f->seed, FLIGHT);
			     atomic_load(&f->id[slot]);)
				slot = (slot + 1) % FLIGHT;
			e.user_data = slot;
			if (!draw(&f->seed, 8))
				e.flags = IOTARGET_ELEMENT_IGNORE_STATE;
			if (!draw(&f->seed, 4))
				/* most are near: some pass on any machine */
				e.deadline = now() + (draw(&f->seed, 4 * MS) >>
						      draw(&f->seed, 12));
			send = send_arg(0, &e, 1, r, 0);
		}
		ret = call(f->target, IOTARGET_SEND, &send);
		if (ret == -ENODEV && send.send.count) {
			removed = true;
			continue;
		}
		if (ret) {
			f->failures++;
			break;
		}
		if (send.sent) {
			atomic_store(&f->id[slot], e.id);
			f->sent++;
		}
		for (i = 0; i < send.reaped; i++)
			flight_reaped(f, &r[i]);
	}
	atomic_store(&f->stop, 1);
	return NULL;
}

static void *flight_canceller(void *arg)
{
	struct flight *f = arg;
	struct iotarget_cancel all;
	unsigned int seed = f->seed + 3;
	unsigned long id;

	while (!atomic_load(&f->stop)) {
		id = atomic_load(&f->id[draw(&seed, FLIGHT)]);
		if (!draw(&seed, 1024) && !cancel_all(f->target, &all))
			f->delivered += all.delivered;
		else if (id && !draw(&seed, 4))
			f->delivered += cancel(f->target, id) == DELIVERED;
		else
			sched_yield();
	}
	return NULL;
}

static void flight_start(struct flight *f, int target, unsigned int seed,
			 unsigned long rounds, const atomic_ulong *on_cancel)
{
	memset(f, 0, sizeof(*f));
	f->target = target;
	f->on_cancel = on_cancel;
	f->seed = seed;
	f->rounds = rounds;
	pthread_create(&f->thread, NULL, flight_main, f);
	pthread_create(&f->canceller, NULL, flight_canceller, f);
	toggler_start(&f->toggler, target, seed + 5, false, &f->stop);
}

static void flight_join(struct flight *f)
{
	pthread_join(f->thread, NULL);
	pthread_join(f->canceller, NULL);
	pthread_join(f->toggler.thread, NULL);
}

struct server {
	int device;
	unsigned int seed;
	atomic_ulong on_cancel;
};

/* Unless an OnCancel has been, or is on its way. */
static void server_complete(struct server *s, __u64 *id)
{
	if (*id && unmark(s->device, *id) != -ECANCELED)
		complete(s->device, *id, 0);
	*id = 0;
}

/* Completes at once, later, or not before a cancel; that as cancelled. */
static int server_main(void *arg)
{
	struct iotarget_fetch_element f[8];
	struct server *s = arg;
	unsigned int seed = s->seed;
	struct iotarget_fetch fetch;
	__u64 later[64] = {};
	__u32 i, slot;

	for (;;) {
		fetch = fetch_arg(draw(&seed, 2) ? IOTARGET_FETCH_CANCELABLE : 0,
				  NULL, 0, f, 1 + draw(&seed, 8));
		memset(f, 0, sizeof(f));
		/* what is put off is done before this sleeps */
		set_nonblock(s->device, true);
		switch (call(s->device, IOTARGET_FETCH, &fetch)) {
		case 0:
			break;
		case -EAGAIN:
			for (slot = 0; slot < 64; slot++)
				server_complete(s, &later[slot]);
			sched_yield();
			continue;
		default:
			return 0;
		}
		for (i = 0; i < fetch.fetched; i++) {
			slot = draw(&seed, 64);
			if (f[i].event == IOTARGET_EVENT_CANCEL) {
				atomic_fetch_add(&s->on_cancel, 1);
				complete(s->device, f[i].id, -ECANCELED);
			} else if (f[i].flags & IOTARGET_RECORD_CANCELABLE &&
				   !draw(&seed, 16)) {
				continue;
			} else if (draw(&seed, 2)) {
				server_complete(s, &later[slot]);
				later[slot] = f[i].id;
			} else {
				server_complete(s, &f[i].id);
			}
		}
	}
}

/*
 * An OnCancel that is fetched ends as cancelled, and nothing else of what a host
 * has; what is cancelled in a queue or in the target, likewise.
 */
TEST_F_TIMEOUT(target, U90_all_at_once, HOUR)
{
	static struct flight f;
	struct server s = { .device = self->device, .seed = seed_get() };
	struct background host[2];
	unsigned long n = rounds_get(20000);
	int i;

	TH_LOG("seed %u", s.seed);
	for (i = 0; i < 2; i++)
		background_start(&host[i], server_main, &s);
	flight_start(&f, self->target, s.seed, n, &s.on_cancel);
	flight_join(&f);
	EXPECT_STATE(STARTED, 0, 0);
	EXPECT_EQ(0, end(self->device));
	for (i = 0; i < 2; i++)
		background_join(&host[i]);
	TH_LOG("%lu: completed %lu, cancelled %lu, timed out %lu; %lu delivered, %lu OnCancel, %lu stops, %lu of them waited",
	       f.sent, f.completed, f.cancelled, f.timed_out, f.delivered,
	       s.on_cancel, f.toggler.stops, f.toggler.waits);
	EXPECT_EQ(0, f.failures);
	EXPECT_EQ(0, f.toggler.failures);
	EXPECT_LE(n, f.sent);
	EXPECT_EQ(f.sent, f.reaped);
	EXPECT_EQ(f.sent, f.completed + f.cancelled + f.timed_out);
	EXPECT_LE(f.delivered, f.cancelled);
	EXPECT_LE(s.on_cancel, f.cancelled + f.timed_out);
	EXPECT_LT(0, f.completed);
	EXPECT_LT(0, f.cancelled);
	EXPECT_LT(0, f.timed_out);
	EXPECT_LT(0, s.on_cancel);
	EXPECT_LT(0, f.toggler.waits);
}

/* Removed in the middle of all that; when REMOVE returns, all has completed. */
TEST_F_TIMEOUT(target, removed_in_the_middle, HOUR)
{
	unsigned long lives = rounds_get(20000) / 200, sent = 0, not_sent = 0;
	unsigned long cancelled = 0, completed = 0, timed_out = 0, life, after;
	static struct flight f;
	struct server s = { .device = self->device, .seed = seed_get() };
	struct iotarget_target_control arg;
	struct background host;

	TH_LOG("seed %u", s.seed);
	background_start(&host, server_main, &s);
	/* on until each end has come about: less would show nothing */
	for (life = 0; life < lives ||
	     ((!completed || !cancelled || !not_sent) && life / PATIENCE < lives);
	     life++) {
		RENEW_TARGET();
		flight_start(&f, self->target, s.seed + life, ~0UL,
			     &s.on_cancel);
		/* Not by time: when this many ids were seen to change. */
		for (after = draw(&s.seed, 100); after; after--) {
			unsigned long id = atomic_load(&f.id[0]);
			int i;

			for (i = 0; i < 100 && atomic_load(&f.id[0]) == id; i++)
				sched_yield();
		}
		ASSERT_EQ(0, target_control(self->target, IOTARGET_TARGET_REMOVE,
					    &arg));
		EXPECT_EQ(IOTARGET_TARGET_REMOVED, arg.state);
		EXPECT_EQ(0, arg.waiting);
		EXPECT_EQ(0, arg.sent);
		flight_join(&f);
		ASSERT_EQ(0, f.failures);
		ASSERT_EQ(0, f.toggler.failures);
		ASSERT_EQ(f.sent, f.reaped);
		sent += f.sent;
		completed += f.completed;
		cancelled += f.cancelled;
		timed_out += f.timed_out;
		not_sent += f.not_sent;
	}
	EXPECT_EQ(0, end(self->device));
	background_join(&host);
	TH_LOG("%lu: completed %lu, cancelled %lu, timed out %lu, not sent %lu",
	       sent, completed, cancelled, timed_out, not_sent);
	EXPECT_EQ(sent, completed + cancelled + timed_out + not_sent);
	EXPECT_LT(0, completed);
	EXPECT_LT(0, cancelled);
	EXPECT_LT(0, not_sent);
}

TEST_HARNESS_MAIN
