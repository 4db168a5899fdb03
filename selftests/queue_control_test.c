// SPDX-License-Identifier: GPL-2.0
/*
 * QUEUE_CONTROL: start, stop, drain, purge, stop and purge; counts and states;
 * notices, which come once and never early. U37-U47, U49.
 */
#include "queue_common.h"

#define START		IOTARGET_QUEUE_START
#define STOP		IOTARGET_QUEUE_STOP
#define DRAIN		IOTARGET_QUEUE_DRAIN
#define PURGE		IOTARGET_QUEUE_PURGE
#define STOP_AND_PURGE	IOTARGET_QUEUE_STOP_AND_PURGE

/* All that wait for something, and can tell. */
static const __u32 waits[] = { STOP, DRAIN, PURGE, STOP_AND_PURGE };

/* One that comes while the queue accepts nothing. */
#define EXPECT_REFUSED() do {						\
	__u64 id_;							\
									\
	SEND(id_);							\
	EXPECT_EQ(-ESHUTDOWN, reap_status(self->target, id_));		\
} while (0)

#define DO(action)	EXPECT_EQ(0, queue_do(self->queue, action))
#define NOTIFY(action)	EXPECT_EQ(0, queue_notify(self->queue, action))
#define EXPECT_STATE(bits) EXPECT_EQ(bits, queue_state(self->queue))
#define EXPECT_EVENT(event, id) \
	EXPECT_EQ(event, fetch_event(self->queue, 0, id))
#define EXPECT_NOTICE(bits) EXPECT_EQ(bits, fetch_notice(self->queue))
#define EXPECT_NO_RECORD() EXPECT_EVENT(-EAGAIN, 0)
#define EXPECT_NO_COMPLETION() EXPECT_EQ(-EAGAIN, reap_status(self->target, 0))
#define COMPLETE(id, status) EXPECT_EQ(0, complete(self->queue, id, status))
#define EXPECT_REAP(id, status) EXPECT_EQ(status, reap_status(self->target, id))

/* Two that a purge cancelled, in whichever order. */
#define EXPECT_BOTH_CANCELED(a, b) do {					\
	struct iotarget_reap_element both_[2] = {};			\
	int n_;								\
									\
	for (n_ = 0; n_ < 2; n_++) {					\
		EXPECT_EQ(0, reap_now(self->target, &both_[n_]));	\
		EXPECT_EQ(-ECANCELED, both_[n_].status);		\
		EXPECT_EQ(0, both_[n_].information);			\
	}								\
	EXPECT_TRUE(both_[0].id == (a) || both_[1].id == (a));		\
	EXPECT_TRUE(both_[0].id == (b) || both_[1].id == (b));		\
} while (0)

/* -------------------------------------------------------- state and counts */

TEST_F(queue, U37_fresh_queue)
{
	static const __u32 dispatch[] = { SEQUENTIAL, PARALLEL, MANUAL };
	int queue, i;

	OPEN(SEQUENTIAL, 0, 0);
	EXPECT_STATE(0x0f);
	EXPECT_COUNTS(self->queue, 0, 0);
	for (i = 0; i < 3; i++) {
		queue = queue_create_flags(self->device, 0, dispatch[i], 0);
		EXPECT_EQ(0x0f, queue_state(queue));
		EXPECT_COUNTS(queue, 0, 0);
		close(queue);
	}
}

TEST_F(queue, counts_of_each_queue)
{
	__u64 id[5];

	OPEN(PARALLEL, 0, 0);
	OWNED(id[0]);
	OWNED_MARKED(id[1]);
	SEND(id[2]);
	OWNED_OF_OTHER(id[3]);
	EXPECT_COUNTS(self->queue, 1, 2);
	EXPECT_COUNTS(self->other, 0, 1);
	EXPECT_STATE(ACCEPT | DISPATCH);
	EXPECT_EQ(ACCEPT | DISPATCH | EMPTY, queue_state(self->other));
	/* claimed, told: the host's */
	EXPECT_EQ(DELIVERED, cancel(self->target, id[1]));
	EXPECT_COUNTS(self->queue, 1, 2);
	EXPECT_EVENT(CANCEL, id[1]);
	EXPECT_COUNTS(self->queue, 1, 2);
	COMPLETE(id[1], 0);
	EXPECT_COUNTS(self->queue, 1, 1);
	EXPECT_EQ(0, forward(self->other, id[3], self->queue));
	EXPECT_COUNTS(self->queue, 2, 1);
	EXPECT_COUNTS(self->other, 0, 0);
	EXPECT_EQ(DELIVERED, cancel(self->target, id[2]));
	EXPECT_COUNTS(self->queue, 1, 1);
	COMPLETE(id[0], 0);
	EXPECT_STATE(ACCEPT | DISPATCH | IDLE);
}

/* What a control answers is what it has come to. */
TEST_F(queue, each_action_tells_the_state)
{
	static const struct { __u32 action; int state; } steps[] = {
		{ STOP, ACCEPT }, { STOP, ACCEPT }, { DRAIN, 0 },
		{ START, ACCEPT | DISPATCH }, { DRAIN, DISPATCH },
		{ DRAIN, DISPATCH }, { STOP, ACCEPT }, { START, ACCEPT | DISPATCH },
		{ PURGE, DISPATCH }, { PURGE, DISPATCH }, { DRAIN, DISPATCH },
		{ START, ACCEPT | DISPATCH }, { STOP_AND_PURGE, ACCEPT },
		{ PURGE, 0 }, { STOP_AND_PURGE, ACCEPT },
		{ START, ACCEPT | DISPATCH }, { START, ACCEPT | DISPATCH },
	};
	struct iotarget_queue_control arg;
	unsigned int i;
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	OWNED(id);
	for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		EXPECT_EQ(0, queue_control(self->queue, steps[i].action, 0, &arg));
		EXPECT_EQ(steps[i].state | EMPTY, arg.state) {
			TH_LOG("step %u", i);
		}
		EXPECT_EQ(0, arg.in_queue);
		EXPECT_EQ(1, arg.in_host);
		EXPECT_STATE(steps[i].state | EMPTY);
		/* and of the others nothing changes */
		EXPECT_EQ(0x0f, queue_state(self->other));
	}
	EXPECT_NO_RECORD();
	COMPLETE(id, 0);
	EXPECT_STATE(0x0f);
}

TEST_F(queue, bad_values)
{
	static const __u32 actions[] = { 0, 7, 8, 1U << 31, ~0U };
	struct iotarget_queue_control arg;
	unsigned int i;

	OPEN(PARALLEL, 0, 0);
	for (i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		EXPECT_EQ(-EINVAL, queue_do(self->queue, actions[i]));
		EXPECT_EQ(-EINVAL, queue_notify(self->queue, actions[i]));
	}
	EXPECT_EQ(-EINVAL, queue_notify(self->queue, IOTARGET_QUEUE_STATE));
	EXPECT_EQ(-EINVAL, queue_notify(self->queue, START));
	for (i = 1; i < 32; i++)
		EXPECT_EQ(-EINVAL, queue_control(self->queue, STOP, 1U << i,
						 &arg));
	/* the struct is not of a target */
	EXPECT_EQ(-ENOTTY, queue_do(self->target, STOP));
	EXPECT_STATE(0x0f);
	EXPECT_NO_RECORD();
}

/* ------------------------------------------------------------------ stop */

TEST_F(queue, U38_stop)
{
	__u64 id[4], got;
	int i;

	OPEN(SEQUENTIAL, 0, 0);
	OWNED(id[0]);
	SEND(id[1]);
	SEND(id[2]);
	NOTIFY(STOP);
	EXPECT_STATE(ACCEPT);
	EXPECT_COUNTS(self->queue, 2, 1);
	SEND(id[3]);
	EXPECT_COUNTS(self->queue, 3, 1);
	EXPECT_EQ(-EAGAIN, retrieve(self->queue, 0, &got));
	EXPECT_NO_RECORD();
	EXPECT_NO_COMPLETION();
	COMPLETE(id[0], 0);
	EXPECT_NOTICE(ACCEPT | IDLE);
	EXPECT_NO_RECORD();
	EXPECT_EQ(-EAGAIN, retrieve(self->queue, 0, &got));
	EXPECT_COUNTS(self->queue, 3, 0);
	DO(START);
	for (i = 1; i < 4; i++) {
		EXPECT_EVENT(REQUEST, id[i]);
		EXPECT_NO_RECORD();
		COMPLETE(id[i], 0);
	}
	EXPECT_NO_RECORD();
}

TEST_F(queue, U38_stop_of_a_manual_queue)
{
	__u64 id[2], got;

	OPEN(MANUAL, 0, 0);
	OWNED(id[0]);
	NOTIFY(STOP);
	EXPECT_EQ(-EAGAIN, retrieve(self->queue, 0, &got));
	SEND(id[1]);
	EXPECT_EQ(-EAGAIN, retrieve(self->queue, 0, &got));
	EXPECT_NO_RECORD();
	/* what the host puts back it has not */
	EXPECT_EQ(0, requeue(self->queue, id[0]));
	EXPECT_NOTICE(ACCEPT | IDLE);
	EXPECT_NO_RECORD();
	EXPECT_COUNTS(self->queue, 2, 0);
	DO(START);
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(self->queue, 0));
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[0], got);
}

/* A cancel, and a cancel on the queue, come from a stopped queue too. */
TEST_F(queue, stopped_queues_tell_of_cancels)
{
	__u64 marked, presented, queued;

	OPEN(PARALLEL, 0, CANCELED_EVENTS);
	OWNED_MARKED(marked);
	DO(STOP);
	PRESENTED(presented);
	SEND(queued);
	EXPECT_NO_RECORD();
	EXPECT_EQ(DELIVERED, cancel(self->target, marked));
	EXPECT_EVENT(CANCEL, marked);
	EXPECT_EQ(DELIVERED, cancel(self->target, presented));
	EXPECT_EVENT(CANCELED, presented);
	EXPECT_EQ(DELIVERED, cancel(self->target, queued));
	EXPECT_REAP(queued, -ECANCELED);
	EXPECT_NO_RECORD();
	EXPECT_COUNTS(self->queue, 0, 2);
	COMPLETE(marked, 0);
	COMPLETE(presented, 0);
}

TEST_F(queue, START_wakes)
{
	struct background host;
	__u64 id;
	int i;

	OPEN(PARALLEL, 0, 0);
	for (i = 0; i < 2; i++) {
		DO(STOP);
		SEND(id);
		background_start(&host, i ? poll_waiting : fetch_waiting,
				 &self->queue);
		wait_asleep_in(host.tid, i ? SYS_poll : SYS_ioctl);
		DO(START);
		EXPECT_EQ(i ? POLLIN : REQUEST, background_join(&host));
	}
	EXPECT_EVENT(REQUEST, id);
}

TEST_F(queue, START_wakes_all_hosts)
{
	struct background host[4];
	__u64 id;
	int i;

	OPEN(PARALLEL, 0, 0);
	DO(STOP);
	for (i = 0; i < 4; i++) {
		SEND(id);
		background_start(&host[i], fetch_waiting, &self->queue);
		wait_asleep(host[i].tid);
	}
	DO(START);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(REQUEST, background_join(&host[i]));
}

/* A queue that is stopped stops no other. */
TEST_F(queue, others_go_on)
{
	__u64 id, other;

	OPEN(PARALLEL, 0, 0);
	DO(STOP);
	SEND(id);
	OWNED_OF_OTHER(other);
	EXPECT_EQ(0, complete(self->other, other, 0));
	EXPECT_REAP(other, 0);
	EXPECT_NO_RECORD();
	DO(PURGE);
	EXPECT_REAP(id, -ECANCELED);
	OWNED_OF_OTHER(other);
	EXPECT_EQ(0, mark(self->other, other));
	EXPECT_EQ(0, complete(self->other, other, 0));
}

/* ----------------------------------------------------------------- drain */

TEST_F(queue, U40_drain)
{
	__u64 id[2];

	OPEN(SEQUENTIAL, 0, 0);
	SEND(id[0]);
	SEND(id[1]);
	NOTIFY(DRAIN);
	EXPECT_STATE(DISPATCH | IDLE);
	EXPECT_REFUSED();
	EXPECT_EVENT(REQUEST, id[0]);
	EXPECT_NO_RECORD();
	EXPECT_REFUSED();
	COMPLETE(id[0], 0);
	EXPECT_REAP(id[0], 0);
	EXPECT_EVENT(REQUEST, id[1]);
	/* nothing waits, and still the host has one */
	EXPECT_NO_RECORD();
	COMPLETE(id[1], 0);
	EXPECT_REAP(id[1], 0);
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
	EXPECT_NO_RECORD();
	EXPECT_REFUSED();
	DO(START);
	SEND(id[0]);
	EXPECT_EVENT(REQUEST, id[0]);
	EXPECT_NO_RECORD();
}

TEST_F(queue, U40_drain_of_a_manual_queue)
{
	__u64 id[2], got;

	OPEN(MANUAL, 0, 0);
	SEND(id[0]);
	SEND(id[1]);
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(self->queue, 0));
	NOTIFY(DRAIN);
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	/* put back: it is accepted, as the queue's own */
	EXPECT_EQ(0, requeue(self->queue, got));
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[0], got);
	COMPLETE(id[0], 0);
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_NO_RECORD();
	/* forwarded away, it is neither here nor there */
	EXPECT_EQ(0, forward(self->queue, got, self->other));
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
	EXPECT_NO_RECORD();
}

/* Its last request may also be cancelled. */
TEST_F(queue, drain_ends_with_a_cancel)
{
	__u64 id[2];

	OPEN(PARALLEL, 0, 0);
	DO(STOP);
	SEND(id[0]);
	SEND(id[1]);
	NOTIFY(DRAIN);
	EXPECT_EQ(DELIVERED, cancel(self->target, id[0]));
	EXPECT_NO_RECORD();
	EXPECT_EQ(DELIVERED, cancel(self->target, id[1]));
	EXPECT_NOTICE(EMPTY | IDLE);
	EXPECT_NO_RECORD();
	/* ... by the end of its sender */
	DO(STOP);
	SEND(id[0]);
	NOTIFY(DRAIN);
	EXPECT_NO_RECORD();
	close(self->target);
	self->target = -1;
	EXPECT_NOTICE(EMPTY | IDLE);
	EXPECT_NO_RECORD();
}

TEST_F(queue, drain_ends_with_a_request_of_no_bytes)
{
	__u64 id[2];
	int i;

	OPEN(SEQUENTIAL, 0, IOTARGET_QUEUE_NO_ZERO_LENGTH);
	OWNED(id[0]);
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &id[1]));
	NOTIFY(DRAIN);
	EXPECT_NO_RECORD();
	COMPLETE(id[0], 0);
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
	EXPECT_NO_RECORD();
	EXPECT_REAP(id[0], 0);
	EXPECT_REAP(id[1], 0);
	/* stopped at first */
	DO(STOP);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &id[i]));
	NOTIFY(DRAIN);
	EXPECT_NO_RECORD();
	DO(START);
	EXPECT_NOTICE(ACCEPT | DISPATCH | EMPTY | IDLE);
	EXPECT_NO_RECORD();
	for (i = 0; i < 2; i++)
		EXPECT_REAP(id[i], 0);
}

TEST_F(queue, U41_stop_then_drain)
{
	__u64 id[2], got;
	int i;

	OPEN(SEQUENTIAL, 0, 0);
	SEND(id[0]);
	SEND(id[1]);
	DO(STOP);
	NOTIFY(DRAIN);
	EXPECT_STATE(IDLE);
	EXPECT_NO_RECORD();
	EXPECT_EQ(-EAGAIN, retrieve(self->queue, 0, &got));
	EXPECT_REFUSED();
	EXPECT_COUNTS(self->queue, 2, 0);
	DO(START);
	for (i = 0; i < 2; i++) {
		EXPECT_EVENT(REQUEST, id[i]);
		EXPECT_NO_RECORD();
		COMPLETE(id[i], 0);
	}
	EXPECT_NOTICE(ACCEPT | DISPATCH | EMPTY | IDLE);
	EXPECT_NO_RECORD();
}

/* Plain senders find it out as an errno. */
TEST_F(queue, U40_plain_senders)
{
	char byte;

	OPEN(PARALLEL, 0, 0);
	DO(DRAIN);
	EXPECT_EQ(-1, read(self->target, &byte, 1));
	EXPECT_EQ(ESHUTDOWN, errno);
	EXPECT_EQ(-1, ioctl(self->target, _IO('q', 1)));
	EXPECT_EQ(ESHUTDOWN, errno);
	EXPECT_COUNTS(self->queue, 0, 0);
}

/* Of one SEND, each type meets its own queue. */
TEST_F(queue, arrivals_in_one_array)
{
	struct iotarget_send_element e[6] = {};
	struct iotarget_send send = send_arg(0, e, 6, NULL, 0);
	int i;

	OPEN(PARALLEL, 0, 0);
	DO(DRAIN);
	for (i = 0; i < 6; i++)
		e[i].type = i & 1 ? IOTARGET_TYPE_WRITE : IOTARGET_TYPE_CONTROL;
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	EXPECT_EQ(6, send.sent);
	for (i = 0; i < 6; i += 2)
		EXPECT_REAP(e[i].id, -ESHUTDOWN);
	EXPECT_NO_COMPLETION();
	for (i = 1; i < 6; i += 2)
		EXPECT_EQ(REQUEST, fetch_event(self->other, 0, e[i].id));
}

/* A sender that waits for what is refused returns with it. */
TEST_F(queue, arrival_with_WAIT)
{
	struct iotarget_send_element e = { .type = IOTARGET_TYPE_CONTROL };
	struct iotarget_reap_element r = {};
	struct iotarget_send send = send_arg(IOTARGET_SEND_WAIT, &e, 1, &r, 1);

	OPEN(PARALLEL, 0, 0);
	DO(PURGE);
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	EXPECT_EQ(1, send.sent);
	EXPECT_EQ(1, send.reaped);
	EXPECT_EQ(-ESHUTDOWN, r.status);
	EXPECT_EQ(0, r.information);
}

/* ----------------------------------------------------------------- purge */

TEST_F(queue, U39_purge_then_stop)
{
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	NOTIFY(PURGE);
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
	EXPECT_REFUSED();
	DO(STOP);
	EXPECT_STATE(ACCEPT | EMPTY | IDLE);
	SEND(id);
	EXPECT_NO_RECORD();
	EXPECT_NO_COMPLETION();
	EXPECT_COUNTS(self->queue, 1, 0);
	DO(START);
	EXPECT_EVENT(REQUEST, id);
}

/* Two that wait, one that the host has marked, and one that it has not. */
static void purge(struct __test_metadata *_metadata,
		  FIXTURE_DATA(queue) *self, __u32 action)
{
	int accept = action == STOP_AND_PURGE ? ACCEPT : 0;
	int dispatch = action == PURGE ? DISPATCH : 0;
	__u64 queued[2], marked, unmarked;

	OWNED_MARKED(marked);
	OWNED(unmarked);
	SEND(queued[0]);
	SEND(queued[1]);
	NOTIFY(action);
	EXPECT_COUNTS(self->queue, 0, 2);
	EXPECT_STATE(accept | dispatch | EMPTY);
	EXPECT_BOTH_CANCELED(queued[0], queued[1]);
	EXPECT_NO_COMPLETION();
	/* U43, before and after its OnCancel was fetched */
	EXPECT_EQ(-ECANCELED, unmark(self->queue, marked));
	EXPECT_EQ(-ECANCELED, complete(self->queue, marked, 0));
	EXPECT_EQ(TOLD, cancel(self->target, marked));
	EXPECT_EVENT(CANCEL, marked);
	EXPECT_NO_RECORD();
	EXPECT_EQ(-ECANCELED, unmark(self->queue, marked));
	/* U44; and it is not cancelled for all that */
	EXPECT_EQ(-ECANCELED, mark(self->queue, unmarked));
	EXPECT_EQ(-ECANCELED, mark(self->queue, unmarked));
	EXPECT_EQ(-EINVAL, unmark(self->queue, unmarked));
	COMPLETE(marked, 11);
	EXPECT_REAP(marked, 11);
	EXPECT_NO_RECORD();
	EXPECT_EQ(-ECANCELED, mark(self->queue, unmarked));
	COMPLETE(unmarked, 12);
	EXPECT_REAP(unmarked, 12);
	EXPECT_NOTICE(accept | dispatch | EMPTY | IDLE);
	EXPECT_NO_RECORD();
	EXPECT_NO_COMPLETION();
}

/* U46 */
static void works_again(struct __test_metadata *_metadata,
			FIXTURE_DATA(queue) *self)
{
	__u64 id;

	DO(START);
	EXPECT_STATE(0x0f);
	OWNED(id);
	EXPECT_EQ(0, mark(self->queue, id));
	EXPECT_EQ(0, unmark(self->queue, id));
	EXPECT_EQ(0, mark(self->queue, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EVENT(CANCEL, id);
	COMPLETE(id, 1);
	EXPECT_REAP(id, 1);
}

TEST_F(queue, U42_U43_U44_U46_purge)
{
	int i;

	OPEN(PARALLEL, 2, 0);
	for (i = 0; i < 3; i++) {
		purge(_metadata, self, PURGE);
		EXPECT_REFUSED();
		works_again(_metadata, self);
	}
}

TEST_F(queue, U42_U43_U44_U46_stop_and_purge)
{
	__u64 id;

	OPEN(PARALLEL, 2, 0);
	purge(_metadata, self, STOP_AND_PURGE);
	/* it accepts, and keeps what comes later */
	SEND(id);
	EXPECT_NO_RECORD();
	EXPECT_NO_COMPLETION();
	EXPECT_COUNTS(self->queue, 1, 0);
	DO(START);
	EXPECT_EVENT(REQUEST, id);
	COMPLETE(id, 0);
	EXPECT_REAP(id, 0);
	works_again(_metadata, self);
}

/* ... while the host still has some. */
TEST_F(queue, stop_and_purge_keeps_what_is_newer)
{
	__u64 owned, old, new;

	OPEN(PARALLEL, 0, 0);
	OWNED(owned);
	SEND(old);
	NOTIFY(STOP_AND_PURGE);
	SEND(new);
	EXPECT_REAP(old, -ECANCELED);
	EXPECT_NO_COMPLETION();
	EXPECT_COUNTS(self->queue, 1, 1);
	COMPLETE(owned, 0);
	EXPECT_NOTICE(ACCEPT | IDLE);
	/* (it waits, and that is no matter of this notice) */
	EXPECT_NO_RECORD();
	DO(START);
	EXPECT_EVENT(REQUEST, new);
	EXPECT_EQ(0, mark(self->queue, new));
}

TEST_F(queue, U42_purge_of_a_sequential_queue)
{
	__u64 id[3];

	OPEN(SEQUENTIAL, 0, 0);
	OWNED(id[0]);
	SEND(id[1]);
	SEND(id[2]);
	NOTIFY(PURGE);
	EXPECT_BOTH_CANCELED(id[1], id[2]);
	EXPECT_NO_RECORD();
	COMPLETE(id[0], 0);
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
}

TEST_F(queue, U42_purge_of_a_manual_queue)
{
	__u64 id, got;

	OPEN(MANUAL, 0, 0);
	SEND(id);
	/* (nor does it tell that there is something) */
	NOTIFY(PURGE);
	EXPECT_REAP(id, -ECANCELED);
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
	EXPECT_NO_RECORD();
	EXPECT_EQ(-ENODATA, retrieve(self->queue, 0, &got));
}

/* More than one bite, of all of which the notice waits. */
TEST_F(queue, U42_purge_of_many)
{
	static struct iotarget_send_element e[4000];
	static struct iotarget_reap_element r[4000];
	struct iotarget_send send = send_arg(0, e, 4000, NULL, 0);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, 4000);
	int i;

	OPEN(SEQUENTIAL, 0, 0);
	for (i = 0; i < 4000; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	ASSERT_EQ(4000, send.sent);
	ASSERT_EQ(0, take(self, IOTARGET_FETCH_CANCELABLE, e[0].id));
	NOTIFY(PURGE);
	EXPECT_COUNTS(self->queue, 0, 1);
	EXPECT_EVENT(CANCEL, e[0].id);
	EXPECT_NO_RECORD();
	COMPLETE(e[0].id, 7);
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
	ASSERT_EQ(4000, reap.reaped);
	for (i = 0; i < 4000; i++)
		ASSERT_EQ(r[i].id == e[0].id ? 7 : -ECANCELED, r[i].status);
}

TEST_F(queue, U45_requeue_during_a_purge)
{
	static const __u32 actions[] = { PURGE, STOP_AND_PURGE };
	int bits, i;
	__u64 id;

	OPEN(MANUAL, 0, 0);
	for (i = 0; i < 2; i++) {
		bits = actions[i] == PURGE ? DISPATCH : ACCEPT;
		OWNED(id);
		NOTIFY(actions[i]);
		EXPECT_NO_RECORD();
		EXPECT_EQ(0, requeue(self->queue, id));
		EXPECT_NOTICE(bits | EMPTY | IDLE);
		EXPECT_NO_RECORD();
		EXPECT_REAP(id, -ECANCELED);
		EXPECT_EQ(-ENOENT, complete(self->queue, id, 0));
		DO(START);
	}
}

TEST_F(queue, U45_requeue_during_a_purge_with_the_event)
{
	__u64 id;

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	OWNED(id);
	NOTIFY(PURGE);
	EXPECT_EQ(0, requeue(self->queue, id));
	EXPECT_COUNTS(self->queue, 0, 1);
	EXPECT_EQ(-ECANCELED, complete(self->queue, id, 0));
	EXPECT_EVENT(CANCELED, id);
	EXPECT_NO_RECORD();
	EXPECT_NO_COMPLETION();
	COMPLETE(id, 5);
	EXPECT_REAP(id, 5);
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
	EXPECT_NO_RECORD();
}

/* What was here before is told of: the notice waits for it. */
TEST_F(queue, U42_purge_with_canceled_events)
{
	static const __u32 actions[] = { PURGE, STOP_AND_PURGE };
	__u64 presented, queued;
	int bits, i;

	OPEN(PARALLEL, 0, CANCELED_EVENTS);
	for (i = 0; i < 2; i++) {
		bits = actions[i] == PURGE ? DISPATCH : ACCEPT;
		PRESENTED(presented);
		SEND(queued);
		NOTIFY(actions[i]);
		EXPECT_REAP(queued, -ECANCELED);
		EXPECT_COUNTS(self->queue, 0, 1);
		EXPECT_EVENT(CANCELED, presented);
		EXPECT_NO_RECORD();
		COMPLETE(presented, 3);
		EXPECT_REAP(presented, 3);
		EXPECT_NOTICE(bits | EMPTY | IDLE);
		EXPECT_NO_RECORD();
		DO(START);
	}
}

/* Until START, or until the host has nothing. */
TEST_F(queue, U44_until_START)
{
	__u64 id[2];

	OPEN(PARALLEL, 0, 0);
	OWNED(id[0]);
	OWNED(id[1]);
	DO(PURGE);
	EXPECT_EQ(-ECANCELED, mark(self->queue, id[0]));
	/* a STOP accepts, and is no START */
	DO(STOP);
	EXPECT_EQ(-ECANCELED, mark(self->queue, id[0]));
	DO(START);
	EXPECT_EQ(0, mark(self->queue, id[0]));
	EXPECT_EQ(0, unmark(self->queue, id[0]));
	COMPLETE(id[0], 0);
	COMPLETE(id[1], 0);
}

/* Its own requests, and not those that leave it for another queue. */
TEST_F(queue, forward_during_a_purge)
{
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	OWNED(id);
	NOTIFY(PURGE);
	EXPECT_EQ(0, forward(self->queue, id, self->other));
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
	EXPECT_EQ(REQUEST, fetch_event(self->other, 0, id));
	EXPECT_EQ(0, mark(self->other, id));
	EXPECT_EQ(0, complete(self->other, id, 2));
	EXPECT_REAP(id, 2);
}

/* A cancel had come before the purge, and a mark after it finds that. */
TEST_F(queue, purge_of_what_is_cancelled)
{
	__u64 claimed, told, unmarked;

	OPEN(PARALLEL, 0, 0);
	OWNED_MARKED(claimed);
	OWNED_MARKED(told);
	OWNED(unmarked);
	EXPECT_EQ(DELIVERED, cancel(self->target, told));
	EXPECT_EVENT(CANCEL, told);
	EXPECT_EQ(DELIVERED, cancel(self->target, claimed));
	EXPECT_EQ(MARKED, cancel(self->target, unmarked));
	NOTIFY(PURGE);
	EXPECT_EVENT(CANCEL, claimed);
	EXPECT_NO_RECORD();
	EXPECT_EQ(-ECANCELED, mark(self->queue, unmarked));
	COMPLETE(claimed, 0);
	COMPLETE(told, 0);
	EXPECT_NO_RECORD();
	COMPLETE(unmarked, 0);
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
}

TEST_F(queue, U49_forward_into_a_queue_that_accepts_nothing)
{
	static const __u32 actions[] = { DRAIN, PURGE };
	__u64 id;
	int i;

	OPEN(PARALLEL, 0, 0);
	for (i = 0; i < 2; i++) {
		OWNED_OF_OTHER(id);
		NOTIFY(actions[i]);
		EXPECT_EQ(-EBUSY, forward(self->other, id, self->queue));
		EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
		EXPECT_EQ(-EBUSY, forward(self->other, id, self->queue));
		EXPECT_COUNTS(self->other, 0, 1);
		EXPECT_COUNTS(self->queue, 0, 0);
		/* still the host's, as it was */
		EXPECT_EQ(0, mark(self->other, id));
		EXPECT_EQ(-EINVAL, forward(self->other, id, self->queue));
		EXPECT_EQ(0, unmark(self->other, id));
		EXPECT_EQ(0, complete(self->other, id, 6));
		EXPECT_REAP(id, 6);
		DO(START);
	}
	/* a stopped one accepts */
	OWNED_OF_OTHER(id);
	DO(STOP);
	EXPECT_EQ(0, forward(self->other, id, self->queue));
	EXPECT_NO_RECORD();
	EXPECT_COUNTS(self->queue, 1, 0);
	DO(START);
	EXPECT_EVENT(REQUEST, id);
}

/* --------------------------------------------------------------- notices */

TEST_F(queue, notice_of_an_idle_queue_comes_at_once)
{
	static const int bits[] = { ACCEPT, DISPATCH, DISPATCH, ACCEPT };
	int i, n;

	OPEN(PARALLEL, 0, 0);
	for (i = 0; i < 4; i++) {
		for (n = 0; n < 2; n++) {
			NOTIFY(waits[i]);
			EXPECT_NOTICE(bits[i] | EMPTY | IDLE);
			EXPECT_NO_RECORD();
		}
		DO(START);
		EXPECT_NO_RECORD();
	}
}

/* Who did not ask is not told. */
TEST_F(queue, no_notice_without_NOTIFY)
{
	__u64 id;
	int i;

	OPEN(PARALLEL, 0, 0);
	for (i = 0; i < 4; i++) {
		OWNED(id);
		DO(waits[i]);
		EXPECT_NO_RECORD();
		COMPLETE(id, 0);
		EXPECT_NO_RECORD();
		DO(START);
		EXPECT_NO_RECORD();
	}
}

TEST_F(queue, U47_one_notice_at_a_time)
{
	int first, second, i;
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	for (first = 0; first < 4; first++) {
		OWNED_MARKED(id);
		NOTIFY(waits[first]);
		for (second = 0; second < 4; second++)
			EXPECT_EQ(-EBUSY, queue_notify(self->queue,
						       waits[second]));
		/* (a purge told it) */
		if (first >= 2)
			EXPECT_EVENT(CANCEL, id);
		EXPECT_NO_RECORD();
		COMPLETE(id, 0);
		EXPECT_TRUE(readable(self->queue));
		/* nor before it is fetched, which a fault does not do */
		for (i = 0; i < 2; i++) {
			EXPECT_EQ(-EBUSY, queue_notify(self->queue,
						       waits[first]));
			EXPECT_EQ(-EFAULT, fetch_now(self->queue, 0, (void *)8));
		}
		EXPECT_LE(0, fetch_notice(self->queue));
		EXPECT_NO_RECORD();
		NOTIFY(waits[first]);
		EXPECT_LE(0, fetch_notice(self->queue));
		DO(START);
	}
}

/* What is refused with -EBUSY has done nothing. */
TEST_F(queue, U47_refused_is_not_done)
{
	__u64 id, queued;

	OPEN(PARALLEL, 1, 0);
	OWNED_MARKED(id);
	SEND(queued);
	NOTIFY(DRAIN);
	EXPECT_EQ(-EBUSY, queue_notify(self->queue, STOP));
	EXPECT_STATE(DISPATCH);
	EXPECT_EQ(-EBUSY, queue_notify(self->queue, PURGE));
	EXPECT_EQ(-EBUSY, queue_notify(self->queue, STOP_AND_PURGE));
	EXPECT_COUNTS(self->queue, 1, 1);
	EXPECT_STATE(DISPATCH);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, unmark(self->queue, id));
	EXPECT_EQ(0, mark(self->queue, id));
	/* without NOTIFY they are done */
	DO(PURGE);
	EXPECT_REAP(queued, -ECANCELED);
	EXPECT_EVENT(CANCEL, id);
	EXPECT_NO_RECORD();
	COMPLETE(id, 0);
	/* and the one that is outstanding comes when it is true */
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
	EXPECT_NO_RECORD();
}

/* Another queue's is no matter. */
TEST_F(queue, U47_of_two_queues)
{
	__u64 id[2];

	OPEN(PARALLEL, 0, 0);
	OWNED(id[0]);
	OWNED_OF_OTHER(id[1]);
	NOTIFY(STOP);
	EXPECT_EQ(0, queue_notify(self->other, PURGE));
	EXPECT_EQ(0, complete(self->other, id[1], 0));
	EXPECT_EQ(DISPATCH | EMPTY | IDLE, fetch_notice(self->other));
	EXPECT_NO_RECORD();
	COMPLETE(id[0], 0);
	EXPECT_NOTICE(ACCEPT | EMPTY | IDLE);
	EXPECT_EQ(-EAGAIN, fetch_event(self->other, 0, 0));
}

/* START takes a stop back, and not the promise to tell. */
TEST_F(queue, notice_after_START)
{
	__u64 id[2];

	OPEN(PARALLEL, 0, 0);
	OWNED(id[0]);
	NOTIFY(STOP);
	SEND(id[1]);
	DO(START);
	EXPECT_EVENT(REQUEST, id[1]);
	COMPLETE(id[0], 0);
	EXPECT_NO_RECORD();
	COMPLETE(id[1], 0);
	EXPECT_NOTICE(ACCEPT | DISPATCH | EMPTY | IDLE);
	EXPECT_NO_RECORD();
}

TEST_F(queue, notices_come_between_cancels_and_requests)
{
	struct iotarget_fetch_element record[3] = {};
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, record, 3);
	__u64 presented, queued;

	OPEN(PARALLEL, 0, CANCELED_EVENTS);
	NOTIFY(STOP);
	DO(START);
	PRESENTED(presented);
	SEND(queued);
	EXPECT_EQ(DELIVERED, cancel(self->target, presented));
	ASSERT_EQ(0, call(self->queue, IOTARGET_FETCH, &arg));
	ASSERT_EQ(3, arg.fetched);
	EXPECT_EQ(CANCELED, record[0].event);
	EXPECT_EQ(IOTARGET_EVENT_QUEUE_STATE, record[1].event);
	EXPECT_EQ(IOTARGET_RECORD_NOTICE, record[1].flags);
	/* live: the one that was cancelled on the queue is the host's */
	EXPECT_EQ(ACCEPT | DISPATCH, record[1].state);
	EXPECT_EQ(REQUEST, record[2].event);
	EXPECT_EQ(queued, record[2].id);
}

/* Both things that there are to say of a manual queue. */
TEST_F(queue, notice_and_not_empty)
{
	struct iotarget_fetch_element record[3] = {};
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, record, 3);
	unsigned int i;
	__u64 id;

	OPEN(MANUAL, 0, 0);
	NOTIFY(STOP);
	SEND(id);
	DO(START);
	ASSERT_EQ(0, call(self->queue, IOTARGET_FETCH, &arg));
	ASSERT_EQ(2, arg.fetched);
	EXPECT_EQ(IOTARGET_RECORD_NOTICE, record[0].flags ^ record[1].flags);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(IOTARGET_EVENT_QUEUE_STATE, record[i].event);
		EXPECT_EQ(ACCEPT | DISPATCH | IDLE, (int)record[i].state);
	}
	EXPECT_NO_RECORD();
}

/* Nothing of it is left over from another record. */
TEST_F(queue, notice_record)
{
	struct iotarget_fetch_element record;

	OPEN(PARALLEL, 0, 0);
	memset(&record, 0x5a, sizeof(record));
	record.pad = 0;
	NOTIFY(STOP);
	ASSERT_EQ(0, fetch_now(self->queue, IOTARGET_FETCH_CANCELABLE, &record));
	EXPECT_EQ(IOTARGET_EVENT_QUEUE_STATE, record.event);
	EXPECT_EQ(ACCEPT | EMPTY | IDLE, (int)record.state);
	EXPECT_EQ(IOTARGET_RECORD_NOTICE, record.flags);
	EXPECT_EQ(0, record.id);
	EXPECT_EQ(0, record.file);
	EXPECT_EQ(0, record.offset);
	EXPECT_EQ(0, record.type);
	EXPECT_EQ(0, record.code);
	EXPECT_EQ(0, record.in_length);
	EXPECT_EQ(0, record.out_length);
	EXPECT_EQ(0, record.copied);
	EXPECT_EQ(0, record.pid);
	EXPECT_EQ(0, record.uid);
	/* what the host says stays */
	EXPECT_EQ(0x5a5a5a5a5a5a5a5aULL, record.buffer);
	EXPECT_EQ(0x5a5a5a5a, record.buffer_length);
}

TEST_F(queue, notice_wakes)
{
	struct background host;
	__u64 id;
	int i;

	OPEN(PARALLEL, 0, 0);
	for (i = 0; i < 2; i++) {
		OWNED(id);
		NOTIFY(i ? PURGE : STOP);
		background_start(&host, i ? poll_waiting : fetch_waiting,
				 &self->queue);
		wait_asleep_in(host.tid, i ? SYS_poll : SYS_ioctl);
		COMPLETE(id, 0);
		EXPECT_EQ(i ? POLLIN : IOTARGET_EVENT_QUEUE_STATE,
			  background_join(&host));
		DO(START);
	}
	EXPECT_NOTICE(ACCEPT | DISPATCH | EMPTY | IDLE);
	/* at once, and by the control itself */
	background_start(&host, fetch_waiting, &self->queue);
	wait_asleep(host.tid);
	NOTIFY(DRAIN);
	EXPECT_EQ(IOTARGET_EVENT_QUEUE_STATE, background_join(&host));
}

/* One of two that sleep hears of it. */
TEST_F(queue, notice_is_told_to_one)
{
	struct background host[2];
	int i, notices = 0;
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	OWNED(id);
	NOTIFY(STOP);
	for (i = 0; i < 2; i++) {
		background_start(&host[i], fetch_waiting, &self->queue);
		wait_asleep(host[i].tid);
	}
	COMPLETE(id, 0);
	/* what ends the other's sleep comes after the notice */
	SEND(id);
	DO(START);
	for (i = 0; i < 2; i++)
		notices += background_join(&host[i]) ==
			   IOTARGET_EVENT_QUEUE_STATE;
	EXPECT_EQ(1, notices);
	EXPECT_NO_RECORD();
}

/* Controls never wait; a host that sleeps is interrupted as ever. */
TEST_F(queue, signal_while_a_notice_is_outstanding)
{
	struct background host;
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	catch_signal(SIGUSR1, false);
	OWNED(id);
	NOTIFY(PURGE);
	background_start(&host, fetch_waiting, &self->queue);
	wait_asleep(host.tid);
	signal_thread(host.tid, SIGUSR1);
	EXPECT_EQ(-EINTR, background_join(&host));
	COMPLETE(id, 0);
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
}

/* ------------------------------------------------------- ends in between */

/* The queue or device ends, with a notice asked for, or on its way. */
TEST_F(queue, end_with_a_notice_outstanding)
{
	struct iotarget_fetch_element record = {};
	int i, ready, target;
	__u64 id;

	for (i = 0; i < 4; i++) {
		for (ready = 0; ready < 2; ready++) {
			OPEN(PARALLEL, 0, 0);
			OWNED_MARKED(id);
			NOTIFY(waits[i]);
			if (i >= 2)
				EXPECT_EVENT(CANCEL, id);
			if (ready)
				COMPLETE(id, 0);
			target = self->target;
			ASSERT_EQ(0, end(self->queue));
			EXPECT_EQ(-ENODEV, fetch_now(self->queue, 0, &record));
			EXPECT_EQ(-ENODEV, queue_notify(self->queue, STOP));
			EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->queue));
			EXPECT_EQ(ready ? 0 : i >= 2 ? -ECANCELED : -ENODEV,
				  reap_status(target, id));
			close(target);
			close(variant->created ? self->queue : self->other);
			close(self->device);
		}
	}
	self->device = self->queue = self->other = self->target = -1;
}

/* The last request ends with its sender: the notice comes. */
TEST_F(queue, target_ends_during_a_purge)
{
	__u64 marked, unmarked;

	OPEN(PARALLEL, 0, 0);
	OWNED_MARKED(marked);
	OWNED(unmarked);
	NOTIFY(PURGE);
	close(self->target);
	self->target = -1;
	EXPECT_EVENT(CANCEL, marked);
	EXPECT_NO_RECORD();
	COMPLETE(marked, 0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(1, is_canceled(self->queue, unmarked));
	COMPLETE(unmarked, 0);
	EXPECT_NOTICE(DISPATCH | EMPTY | IDLE);
	EXPECT_NO_RECORD();
}

/* Of a queue that waits for START the sender can leave. */
TEST_F(queue, target_ends_at_a_stopped_queue)
{
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	DO(STOP);
	SEND(id);
	close(self->target);
	self->target = -1;
	EXPECT_COUNTS(self->queue, 0, 0);
	DO(START);
	EXPECT_NO_RECORD();
}

/* Held back by CLEANUP it still waits: neither drained nor forgotten. */
static int send_empty_read(int target, __u64 *id)
{
	return send_read(target, NULL, 0, id);
}

/*
 * What the end of the last request of a file wakes, a notice's coming about wakes as
 * well, one within the other: those of no bytes complete once each.
 */
TEST(a_notice_comes_about_while_empty_ones_complete)
{
	int device = device_create_all(IOTARGET_DEVICE_FILE_EVENTS,
				       IOTARGET_DISPATCH_SEQUENTIAL, 0,
				       IOTARGET_QUEUE_NO_ZERO_LENGTH);
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	int file = target_open(device), other = target_open(device);
	struct iotarget_file_done done = { .size = sizeof(done) };
	char out[4];
	__u64 id, empty[3];
	int i;

	ASSERT_GE(file, 0);
	ASSERT_GE(other, 0);
	ASSERT_EQ(0, send_read(file, out, sizeof(out), &id));
	ASSERT_EQ(0, fetch_now(device, 0, &record));
	ASSERT_EQ(0, queue_notify(device, IOTARGET_QUEUE_STOP));
	ASSERT_EQ(0, queue_do(device, IOTARGET_QUEUE_START));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_empty_read(other, &empty[i]));
	ASSERT_EQ(0, end(file));
	ASSERT_EQ(0, fetch_now(device, 0, &record));
	ASSERT_EQ(IOTARGET_EVENT_CLEANUP, record.event);
	done.file = record.file;
	ASSERT_EQ(0, call(device, IOTARGET_FILE_DONE, &done));
	ASSERT_EQ(0, complete(device, id, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, reap_now(other, &r));
		EXPECT_EQ(empty[i], r.id);
		EXPECT_EQ(0, r.status);
	}
	EXPECT_EQ(-EAGAIN, reap_now(other, &r));
	close(file);
	close(other);
	close(device);
}

/* An empty one's turn also comes when what stood before it is cancelled. */
TEST(an_empty_one_behind_a_cancelled_one)
{
	int device = device_create_all(0, IOTARGET_DISPATCH_PARALLEL, 0,
				       IOTARGET_QUEUE_NO_ZERO_LENGTH);
	struct iotarget_reap_element r;
	int target = target_open(device);
	__u64 id, empty;
	char out[4];

	ASSERT_GE(target, 0);
	ASSERT_EQ(0, send_read(target, out, sizeof(out), &id));
	ASSERT_EQ(0, send_empty_read(target, &empty));
	EXPECT_EQ(-EAGAIN, reap_now(target, &r));
	EXPECT_EQ(DELIVERED, cancel(target, id));
	ASSERT_EQ(0, reap_now(target, &r));
	EXPECT_EQ(id, r.id);
	ASSERT_EQ(0, reap_now(target, &r));
	EXPECT_EQ(empty, r.id);
	EXPECT_EQ(0, r.status);
	EXPECT_FALSE(readable(device));
	close(target);
	close(device);
}

/* A purge's cancel is what ended it, and not the clock that came after. */
TEST(requeued_in_a_purge_is_cancelled)
{
	int device = device_create_all(0, IOTARGET_DISPATCH_MANUAL, 0,
				       IOTARGET_QUEUE_CANCELED_EVENTS);
	int target = target_open(device);
	struct iotarget_fetch_element record = {};
	__u64 id, same;

	ASSERT_GE(target, 0);
	ASSERT_EQ(0, send_one(target, 0, &id));
	ASSERT_EQ(0, retrieve(device, 0, &same));
	EXPECT_EQ(id, same);
	ASSERT_EQ(0, queue_do(device, IOTARGET_QUEUE_PURGE));
	EXPECT_EQ(0, requeue(device, id));
	ASSERT_EQ(0, fetch_now(device, 0, &record));
	EXPECT_EQ(IOTARGET_EVENT_CANCELED_ON_QUEUE, record.event);
	EXPECT_EQ(1, is_canceled(device, id));
	EXPECT_EQ(0, complete(device, id, 0));
	close(target);
	close(device);
}

TEST(drain_and_purge_with_file_events)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_file_done done = { .size = sizeof(done) };
	int device, queue, target, i;
	__u64 id;

	device = device_create_flags(IOTARGET_DEVICE_FILE_EVENTS, PARALLEL, 0);
	queue = queue_create_flags(device, 0, PARALLEL, 0);
	ASSERT_EQ(0, route(device, IOTARGET_TYPE_CONTROL, queue));
	for (i = 0; i < 2; i++) {
		target = target_open_file(device, &done.file);
		ASSERT_GE(target, 0);
		ASSERT_EQ(0, send_one(target, 0, &id));
		close(target);
		ASSERT_EQ(0, fetch_polled(device, 0, &record));
		EXPECT_EQ(IOTARGET_EVENT_CLEANUP, record.event);
		EXPECT_EQ(0, queue_notify(queue, i ? PURGE : DRAIN));
		/* a purge cancels it, a drain waits */
		if (!i) {
			EXPECT_EQ(-EAGAIN, fetch_event(queue, 0, 0));
			EXPECT_COUNTS(queue, 1, 0);
		} else {
			EXPECT_EQ(DISPATCH | EMPTY | IDLE, fetch_notice(queue));
		}
		EXPECT_EQ(0, call(device, IOTARGET_FILE_DONE, &done));
		if (!i)
			EXPECT_EQ(DISPATCH | EMPTY | IDLE, fetch_notice(queue));
		EXPECT_EQ(-EAGAIN, fetch_event(queue, 0, 0));
		ASSERT_EQ(0, fetch_polled(device, 0, &record));
		EXPECT_EQ(IOTARGET_EVENT_CLOSE, record.event);
		EXPECT_EQ(0, queue_do(queue, START));
	}
}

/* ----------------------------------------------------------------- races */

/* In threads: the first line that found something wrong. */
static atomic_int wrong;

#define CHECK(condition) do {						\
	int none_ = 0;							\
									\
	if (!(condition))						\
		atomic_compare_exchange_strong(&wrong, &none_, __LINE__); \
} while (0)

/* What completions say of who made them. */
enum { UNMARKED = 1, ON_CANCEL, MARK_REFUSED, ON_QUEUE, FORWARDED, STATUSES };

/*
 * Hosts mark, unmark and complete, a sender sends and cancels, and this thread
 * stops, drains and purges; all as fast as they can.
 */
struct race {
	int device;
	int queue;
	int other;
	int target;
	unsigned long sends;
	unsigned int seed;
	/* what the hosts did */
	atomic_ulong completed[STATUSES];
	atomic_ulong marked, unmarked, on_cancel, on_queue;
	/* what the sender saw */
	unsigned long reaped[STATUSES], canceled, refused, other_status;
	/* notices fetched, queue started again, completions reaped */
	atomic_ulong notices, starts, progress;
	atomic_bool finished;
};

static void race_complete(struct race *r, int queue, __u64 id, int status)
{
	CHECK(complete(queue, id, status) == 0);
	atomic_fetch_add(&r->completed[status], 1);
}

/* While the queue is stopped or accepts nothing, what the notice said holds. */
static void race_notice(struct race *r, struct iotarget_fetch_element *record)
{
	struct iotarget_queue_control now;

	CHECK(!queue_control(r->queue, IOTARGET_QUEUE_STATE, 0, &now));
	CHECK(record->state & IDLE);
	CHECK(!now.in_host);
	/* neither stopped: drained or purged */
	if (now.state & DISPATCH) {
		CHECK(record->state & EMPTY);
		CHECK(!now.in_queue);
	}
	atomic_fetch_add(&r->notices, 1);
}

/* Lets the others come, often. */
static void race_pause(unsigned int *seed)
{
	unsigned int n = draw(seed, 8);

	while (n--)
		sched_yield();
}

static void race_request(struct race *r, int queue, __u64 id, unsigned int *seed)
{
	int ret;

	race_pause(seed);
	ret = mark(queue, id);
	CHECK(ret == 0 || ret == -ECANCELED);
	if (ret) {
		race_complete(r, queue, id, MARK_REFUSED);
		return;
	}
	atomic_fetch_add(&r->marked, 1);
	race_pause(seed);
	ret = unmark(queue, id);
	/* told, fetched and completed by the other host by now, the last of all */
	CHECK(ret == 0 || ret == -ECANCELED || ret == -ENOENT || ret == -ENODEV);
	if (!ret) {
		atomic_fetch_add(&r->unmarked, 1);
		race_complete(r, queue, id, UNMARKED);
	}
}

static int race_host(void *arg)
{
	struct iotarget_fetch_element record;
	struct race *r = arg;
	unsigned int seed = r->seed + own_tid();
	int ret;

	for (;;) {
		memset(&record, 0, sizeof(record));
		ret = fetch_one(r->queue, 0, &record);
		if (ret) {
			CHECK(ret == -ENODEV);
			return 0;
		}
		switch (record.event) {
		case REQUEST:
			race_request(r, r->queue, record.id, &seed);
			break;
		case CANCEL:
			atomic_fetch_add(&r->on_cancel, 1);
			race_complete(r, r->queue, record.id, ON_CANCEL);
			break;
		case IOTARGET_EVENT_QUEUE_STATE:
			CHECK(record.flags == IOTARGET_RECORD_NOTICE);
			race_notice(r, &record);
			break;
		default:
			CHECK(false);
		}
	}
}

#define WINDOW 32

/* Sends all, and reaps all: each completion once, in a window. */
static int race_sender(void *arg)
{
	struct iotarget_reap_element reap[WINDOW];
	struct iotarget_send_element e[WINDOW] = {};
	struct race *r = arg;
	unsigned int seed = r->seed, i, n;
	unsigned long sent = 0, reaped = 0, starts;
	struct iotarget_send arg_;
	__u64 recent[WINDOW] = {};
	bool refused;

	for (i = 0; i < WINDOW; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	while (reaped < r->sends) {
		n = WINDOW - (sent - reaped);
		if (n > r->sends - sent)
			n = r->sends - sent;
		n = n ? 1 + draw(&seed, n) : 0;
		starts = atomic_load(&r->starts);
		arg_ = send_arg(0, e, n, NULL, 0);
		CHECK(!n || (!call(r->target, IOTARGET_SEND, &arg_) &&
			     arg_.sent == n));
		sent += n;
		/* most of those that come next are the hosts' by now */
		for (i = 0; i < n; i++)
			recent[(sent - n + i) % WINDOW] = e[i].id;
		for (i = 0; i < n; i++)
			if (draw(&seed, 4) == 0)
				cancel(r->target, recent[(reaped + draw(&seed, 4)) %
							 WINDOW]);
		arg_ = send_arg(0, NULL, 0, reap, WINDOW);
		CHECK(!call(r->target, IOTARGET_SEND, &arg_));
		refused = false;
		for (i = 0; i < arg_.reaped; i++, reaped++) {
			refused |= reap[i].status == -ESHUTDOWN;
			if (reap[i].status > 0 && reap[i].status < STATUSES)
				r->reaped[reap[i].status]++;
			else if (reap[i].status == -ECANCELED)
				r->canceled++;
			else if (reap[i].status == -ESHUTDOWN)
				r->refused++;
			else
				r->other_status++;
		}
		atomic_store(&r->progress, reaped);
		/* a queue that accepts nothing is soon seen enough of */
		while (refused && reaped < r->sends &&
		       atomic_load(&r->starts) == starts)
			sched_yield();
	}
	atomic_store(&r->finished, true);
	return 0;
}

static void race_add_up(struct __test_metadata *_metadata, struct race *r)
{
	unsigned long sum = r->canceled + r->refused;
	int i;

	EXPECT_EQ(0, wrong) {
		TH_LOG("line %d", wrong);
	}
	EXPECT_EQ(0, r->other_status);
	for (i = 1; i < STATUSES; i++) {
		EXPECT_EQ(r->completed[i], r->reaped[i]);
		sum += r->reaped[i];
	}
	EXPECT_EQ(r->sends, sum);
	EXPECT_EQ(r->marked, r->unmarked + r->on_cancel);
	EXPECT_EQ(r->on_cancel, r->reaped[ON_CANCEL]);
	EXPECT_EQ(r->on_queue, r->reaped[ON_QUEUE]);
	TH_LOG("%lu sent: %lu unmarked, %lu OnCancel, %lu not marked, %lu on the "
	       "queue, %lu forwarded, %lu cancelled, %lu refused; %lu notices",
	       r->sends, r->reaped[UNMARKED], r->reaped[ON_CANCEL],
	       r->reaped[MARK_REFUSED], r->reaped[ON_QUEUE],
	       r->reaped[FORWARDED], r->canceled, r->refused, r->notices);
}

/* Controls until all is sent and complete; each notice comes, and once. */
static void race_control(struct __test_metadata *_metadata, struct race *r)
{
	unsigned long asked = 0, from;

	while (!atomic_load(&r->finished) && !wrong) {
		ASSERT_EQ(0, queue_notify(r->queue, waits[draw(&r->seed, 4)]));
		asked++;
		while (atomic_load(&r->notices) < asked)
			sched_yield();
		ASSERT_EQ(asked, r->notices);
		ASSERT_EQ(0, queue_do(r->queue, START));
		atomic_fetch_add(&r->starts, 1);
		/* some go through undisturbed */
		from = atomic_load(&r->progress);
		while (atomic_load(&r->progress) == from &&
		       !atomic_load(&r->finished))
			sched_yield();
	}
	EXPECT_LT(0, asked);
}

TEST_F_TIMEOUT(queue, U42_U43_U44_purges_race_with_all, HOUR)
{
	struct background sender, host[2];
	struct race r = {
		.sends = rounds_get(20000), .seed = seed_get(),
	};
	int i;

	TH_LOG("seed %u", r.seed);
	OPEN(PARALLEL, 0, 0);
	r.device = self->device;
	r.queue = self->queue;
	r.target = self->target;
	for (i = 0; i < 2; i++)
		background_start(&host[i], race_host, &r);
	background_start(&sender, race_sender, &r);
	race_control(_metadata, &r);
	background_join(&sender);
	EXPECT_COUNTS(self->queue, 0, 0);
	ASSERT_EQ(0, end(self->device));
	for (i = 0; i < 2; i++)
		background_join(&host[i]);
	race_add_up(_metadata, &r);
}

/*
 * By hand: retrieve, requeue, forward. A host that sleeps until the queue is not
 * empty, and is not told, sleeps for ever.
 */
static void race_retrieved(struct race *r, __u64 id, unsigned int *seed)
{
	int ret;

	switch (draw(seed, 4)) {
	case 0:
		/* (the other host may have it again by then) */
		CHECK(!requeue(r->queue, id));
		break;
	case 1:
		ret = forward(r->queue, id, r->other);
		CHECK(!ret);
		break;
	default:
		race_request(r, r->queue, id, seed);
	}
}

static int race_hand(void *arg)
{
	struct iotarget_fetch_element record;
	struct race *r = arg;
	unsigned int seed = r->seed + own_tid();
	int ret;
	__u64 id;

	for (;;) {
		memset(&record, 0, sizeof(record));
		ret = fetch_one(r->queue, 0, &record);
		if (ret) {
			CHECK(ret == -ENODEV);
			return 0;
		}
		switch (record.event) {
		case CANCEL:
			atomic_fetch_add(&r->on_cancel, 1);
			race_complete(r, r->queue, record.id, ON_CANCEL);
			break;
		case CANCELED:
			atomic_fetch_add(&r->on_queue, 1);
			race_complete(r, r->queue, record.id, ON_QUEUE);
			break;
		case IOTARGET_EVENT_QUEUE_STATE:
			if (record.flags == IOTARGET_RECORD_NOTICE) {
				atomic_fetch_add(&r->notices, 1);
				break;
			}
			while (!(ret = retrieve(r->queue, 0, &id)))
				race_retrieved(r, id, &seed);
			CHECK(ret == -ENODATA || ret == -EAGAIN ||
			      ret == -ENODEV);
			break;
		default:
			CHECK(false);
		}
	}
}

static int race_other(void *arg)
{
	struct iotarget_fetch_element record;
	struct race *r = arg;

	for (;;) {
		memset(&record, 0, sizeof(record));
		if (fetch_one(r->other, 0, &record))
			return 0;
		CHECK(record.event == REQUEST);
		race_complete(r, r->other, record.id, FORWARDED);
	}
}

TEST_F_TIMEOUT(queue, U45_purges_race_with_requeue_and_forward, HOUR)
{
	struct background sender, host[3];
	struct race r = {
		.sends = rounds_get(20000), .seed = seed_get(),
	};
	int i;

	TH_LOG("seed %u", r.seed);
	OPEN(MANUAL, 0, CANCELED_EVENTS);
	r.device = self->device;
	r.queue = self->queue;
	r.other = self->other;
	r.target = self->target;
	for (i = 0; i < 2; i++)
		background_start(&host[i], race_hand, &r);
	background_start(&host[2], race_other, &r);
	background_start(&sender, race_sender, &r);
	race_control(_metadata, &r);
	background_join(&sender);
	EXPECT_COUNTS(self->queue, 0, 0);
	EXPECT_COUNTS(self->other, 0, 0);
	ASSERT_EQ(0, end(self->device));
	for (i = 0; i < 3; i++)
		background_join(&host[i]);
	race_add_up(_metadata, &r);
}

/*
 * What waits when a purge begins is cancelled, or a mark of it refused, whatever
 * the host takes and completes meanwhile: of all that it then has marked an
 * OnCancel comes.
 */
#define MANY 512

struct purger {
	int queue;
	atomic_int ready;
	atomic_int start;
	atomic_bool begun;
};

static int purge_main(void *arg)
{
	struct purger *p = arg;

	atomic_store(&p->ready, 1);
	wait_for(&p->start, 1);
	atomic_store(&p->begun, true);
	return queue_do(p->queue, PURGE);
}

/*
 * Fetches all that there is. Most complete at once, so that for moments the host
 * has nothing. Returns how many it has marked more than it was told of.
 */
static int fetch_and_mark(int queue, struct purger *purger)
{
	struct iotarget_fetch_element f;
	int marked = 0, i, ret;

	for (i = 0; ; i++) {
		memset(&f, 0, sizeof(f));
		ret = fetch_one(queue, 0, &f);
		if (ret) {
			CHECK(ret == -EAGAIN);
			return marked;
		}
		if (f.event == CANCEL) {
			marked--;
		} else if (i % 4 == 0 && atomic_load(&purger->begun)) {
			ret = mark(queue, f.id);
			CHECK(ret == 0 || ret == -ECANCELED);
			if (!ret) {
				marked++;
				continue;
			}
		}
		CHECK(!complete(queue, f.id, 0));
	}
}

TEST_F_TIMEOUT(queue, U42_purge_races_with_fetch_and_mark, HOUR)
{
	static struct iotarget_send_element e[MANY];
	static struct iotarget_reap_element r[MANY];
	struct iotarget_send send = send_arg(0, e, MANY, NULL, 0);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, MANY);
	unsigned long rounds = rounds_get(20000) / 40, round;
	struct background background;
	unsigned int i;
	int marked;

	OPEN(PARALLEL, 0, 0);
	for (i = 0; i < MANY; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	set_nonblock(self->queue, true);
	for (round = 0; round < rounds; round++) {
		struct purger purger = { .queue = self->queue };

		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
		ASSERT_EQ(MANY, send.sent);
		background_start(&background, purge_main, &purger);
		wait_for(&purger.ready, 1);
		atomic_store(&purger.start, 1);
		marked = fetch_and_mark(self->queue, &purger);
		EXPECT_EQ(0, background_join(&background));
		marked += fetch_and_mark(self->queue, &purger);
		ASSERT_EQ(0, marked) {
			TH_LOG("round %lu", round);
		}
		for (i = 0; i < MANY; i += reap.reaped)
			ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
		EXPECT_STATE(DISPATCH | EMPTY | IDLE);
		DO(START);
	}
	EXPECT_EQ(0, wrong) {
		TH_LOG("line %d", wrong);
	}
}

/* ---------------------------------------------------- forced race windows */

#define RACE "/sys/kernel/debug/iotarget/race/"

/* 1: the next thread that comes to @point parks there; 0: it goes on. */
static void race_write(const char *point, const char *value)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), RACE "%s", point);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, 1) != 1)
		abort();
	close(fd);
}

/* Starts the call, and returns when it is parked at @point. */
static void park(const char *point, struct background *b,
		 int (*function)(void *), void *arg)
{
	char path[64], tid[16] = {};
	int fd;

	race_write(point, "1");
	background_start(b, function, arg);
	snprintf(path, sizeof(path), RACE "%s", point);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, tid, sizeof(tid) - 1) <= 0)
		abort();
	close(fd);
}

/* Lets it go on, and tells what it answered. */
static int go_on(const char *point, struct background *b)
{
	race_write(point, "0");
	return background_join(b);
}

FIXTURE(window) {
	int device;
	int other;
	int target;
};

/* How the record that is parked goes on. */
FIXTURE_VARIANT(window) {
	bool faults;
	__u32 flags;
};

FIXTURE_VARIANT_ADD(window, copied) { .faults = false };
FIXTURE_VARIANT_ADD(window, copied_marked) {
	.faults = false, .flags = IOTARGET_FETCH_CANCELABLE,
};
FIXTURE_VARIANT_ADD(window, faults) { .faults = true };
FIXTURE_VARIANT_ADD(window, faults_marked) {
	.faults = true, .flags = IOTARGET_FETCH_CANCELABLE,
};

FIXTURE_SETUP(window)
{
	if (access(RACE, F_OK))
		SKIP(return, "the module is built without race windows");
	self->device = parallel_create();
	self->other = queue_create_flags(self->device, 0, PARALLEL, 0);
	ASSERT_GE(self->other, 0);
	ASSERT_EQ(0, route(self->device, IOTARGET_TYPE_WRITE, self->other));
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(window)
{
	/* Nobody stays parked where a test has failed. */
	race_write("fetch_copy", "0");
	race_write("complete_copy", "0");
	close(self->target);
	close(self->other);
	close(self->device);
}

struct parked {
	int queue;
	__u32 flags;
	__u64 id;
	struct iotarget_fetch_element *record;
};

static int fetch_parked(void *arg)
{
	struct parked *p = arg;

	return fetch_one(p->queue, p->flags, p->record);
}

/* A request whose record is on its way to the host. */
#define DELIVERING(p, b)						\
	struct iotarget_fetch_element record_ = {};			\
	struct parked p = {						\
		.queue = self->device, .flags = variant->flags,		\
		.record = variant->faults ? (void *)8 : &record_,	\
	};								\
	struct background b;						\
									\
	SEND(p.id);							\
	park("fetch_copy", &b, fetch_parked, &p)

TEST_F(window, stopped_while_a_record_is_copied)
{
	DELIVERING(p, host);
	EXPECT_COUNTS(self->device, 0, 1);
	EXPECT_EQ(0, queue_notify(self->device, STOP));
	EXPECT_EQ(-EAGAIN, fetch_event(self->device, 0, 0));
	EXPECT_COUNTS(self->device, 0, 1);
	EXPECT_EQ(variant->faults ? -EFAULT : 0, go_on("fetch_copy", &host));
	if (variant->faults) {
		/* back in the queue, and the host has nothing */
		EXPECT_COUNTS(self->device, 1, 0);
		EXPECT_EQ(ACCEPT | IDLE, fetch_notice(self->device));
		return;
	}
	EXPECT_EQ(-EAGAIN, fetch_event(self->device, 0, 0));
	EXPECT_EQ(0, complete(self->device, p.id, 0));
	EXPECT_EQ(ACCEPT | EMPTY | IDLE, fetch_notice(self->device));
}

TEST_F(window, purged_while_a_record_is_copied)
{
	DELIVERING(p, host);
	EXPECT_EQ(0, queue_notify(self->device, PURGE));
	EXPECT_EQ(-EAGAIN, fetch_event(self->device, 0, 0));
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(variant->faults ? -EFAULT : 0, go_on("fetch_copy", &host));
	if (variant->faults) {
		/* it is not there for the next one */
		EXPECT_EQ(DISPATCH | EMPTY | IDLE, fetch_notice(self->device));
		EXPECT_EQ(-EAGAIN, fetch_event(self->device, 0, 0));
		EXPECT_REAP(p.id, -ECANCELED);
		return;
	}
	if (variant->flags) {
		EXPECT_EQ(-ECANCELED, unmark(self->device, p.id));
		EXPECT_EQ(CANCEL, fetch_event(self->device, 0, p.id));
	} else {
		EXPECT_EQ(-ECANCELED, mark(self->device, p.id));
	}
	EXPECT_EQ(-EAGAIN, fetch_event(self->device, 0, 0));
	EXPECT_EQ(0, complete(self->device, p.id, 4));
	EXPECT_REAP(p.id, 4);
	EXPECT_EQ(DISPATCH | EMPTY | IDLE, fetch_notice(self->device));
}

/* One that was presented before, and is to be told of. */
TEST_F(window, purged_while_it_is_presented_again)
{
	int queue = queue_create_flags(self->device, CANCELED_EVENTS, PARALLEL, 0);
	struct iotarget_fetch_element record = {};
	struct parked p = {
		.queue = queue, .flags = variant->flags,
		.record = variant->faults ? (void *)8 : &record,
	};
	struct background host;

	ASSERT_GE(queue, 0);
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_WRITE, &p.id));
	ASSERT_EQ(REQUEST, fetch_event(self->other, 0, p.id));
	EXPECT_EQ(0, forward(self->other, p.id, queue));
	park("fetch_copy", &host, fetch_parked, &p);
	EXPECT_EQ(0, queue_notify(queue, PURGE));
	EXPECT_EQ(variant->faults ? -EFAULT : 0, go_on("fetch_copy", &host));
	EXPECT_COUNTS(queue, 0, 1);
	EXPECT_NO_COMPLETION();
	/* told as where it was: with the host, or in the queue */
	if (variant->faults) {
		EXPECT_EQ(CANCELED, fetch_event(queue, 0, p.id));
	} else if (variant->flags) {
		EXPECT_EQ(CANCEL, fetch_event(queue, 0, p.id));
	}
	EXPECT_EQ(-EAGAIN, fetch_event(queue, 0, 0));
	EXPECT_EQ(0, complete(queue, p.id, 4));
	EXPECT_REAP(p.id, 4);
	EXPECT_EQ(DISPATCH | EMPTY | IDLE, fetch_notice(queue));
	close(queue);
}

/* The queue ends under its own host. */
TEST_F(window, ended_while_a_record_is_copied)
{
	int queue = queue_create_flags(self->device, 0, PARALLEL, 0);
	struct iotarget_fetch_element record = {};
	struct parked p = {
		.queue = queue, .flags = variant->flags,
		.record = variant->faults ? (void *)8 : &record,
	};
	struct background host;

	ASSERT_EQ(0, route(self->device, IOTARGET_TYPE_CONTROL, queue));
	SEND(p.id);
	park("fetch_copy", &host, fetch_parked, &p);
	EXPECT_EQ(0, queue_notify(queue, DRAIN));
	ASSERT_EQ(0, end(queue));
	/* it cannot be reaped while it is copied */
	EXPECT_NO_COMPLETION();
	/* the call of the host has it still */
	close(queue);
	EXPECT_EQ(-ENODEV, go_on("fetch_copy", &host));
	EXPECT_REAP(p.id, -ENODEV);
	SEND(p.id);
	EXPECT_EQ(REQUEST, fetch_event(self->device, 0, p.id));
}

static int complete_large(void *arg)
{
	static char bytes[4096];
	struct parked *p = arg;

	return complete_bytes(p->queue, p->id, 0, sizeof(bytes), bytes,
			      sizeof(bytes));
}

/*
 * Forwarded while its output is copied: the COMPLETE names what is not this
 * queue's any more, and what it copied is no harm. Completed there meanwhile, or
 * later.
 */
TEST_F(window, forwarded_while_completing)
{
	static char out[4096];
	struct parked p = { .queue = self->device };
	struct background host;

	ASSERT_EQ(0, send_read(self->target, out, sizeof(out), &p.id));
	ASSERT_EQ(REQUEST, fetch_event(self->device, 0, p.id));
	park("complete_copy", &host, complete_large, &p);
	EXPECT_EQ(0, forward(self->device, p.id, self->other));
	EXPECT_EQ(REQUEST, fetch_event(self->other, variant->flags, p.id));
	/* (the variants stand for two orders) */
	if (variant->faults) {
		EXPECT_EQ(0, complete(self->other, p.id, 5));
		EXPECT_NO_COMPLETION();
		EXPECT_EQ(-ENOENT, go_on("complete_copy", &host));
	} else {
		EXPECT_EQ(-ENOENT, go_on("complete_copy", &host));
		EXPECT_NO_COMPLETION();
		EXPECT_EQ(0, complete(self->other, p.id, 5));
	}
	EXPECT_REAP(p.id, 5);
}

TEST_HARNESS_MAIN
