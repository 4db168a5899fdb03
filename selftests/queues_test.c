// SPDX-License-Identifier: GPL-2.0
/*
 * Several queues: what each dispatch type does, routes, forward and requeue,
 * requests that are cancelled in a queue, and the end of a queue. U01-U08,
 * U50-U62. That a queue polls readable exactly when FETCH returns a record is
 * looked at with every record that is fetched here.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include "queue_common.h"

/* Memory that a copy to it finds read-only. */
static void *read_only_page(void)
{
	void *map = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

#define EXPECT_NO_RECORD(queue_) EXPECT_EQ(-EAGAIN, fetch_event(queue_, 0, 0))
#define EXPECT_NO_COMPLETION() EXPECT_EQ(-EAGAIN, reap_status(self->target, 0))
/* (the id of what was retrieved, where it does not matter) */
static __u64 none;

/* ------------------------------------------------- cancelled in the queue */

TEST_F(queue, U01_cancelled_in_a_manual_queue)
{
	__u64 id;
	int told;

	OPEN(MANUAL, 0, 0);
	/* whether the host was told that the queue is not empty, or not */
	for (told = 0; told < 2; told++) {
		SEND(id);
		EXPECT_COUNTS(self->queue, 1, 0);
		EXPECT_TRUE(readable(self->queue));
		if (told)
			EXPECT_EQ(ACCEPT | DISPATCH | IDLE,
				  fetch_queue_state(self->queue, 0));
		EXPECT_EQ(DELIVERED, cancel(self->target, id));
		EXPECT_NO_RECORD(self->queue);
		EXPECT_EQ(-ECANCELED, reap_status(self->target, id));
		EXPECT_NO_COMPLETION();
		EXPECT_COUNTS(self->queue, 0, 0);
		EXPECT_EQ(-ENODATA, retrieve(self->queue, 0, &none));
	}
}

TEST_F(queue, U02_never_delivered)
{
	__u64 id;

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	SEND(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(-ECANCELED, reap_status(self->target, id));
	EXPECT_COUNTS(self->queue, 0, 0);
}

TEST_F(queue, U03_delivered_requeued_and_cancelled)
{
	__u64 id;

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	OWNED(id);
	EXPECT_COUNTS(self->queue, 0, 1);
	EXPECT_EQ(0, requeue(self->queue, id));
	EXPECT_COUNTS(self->queue, 1, 0);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_COUNTS(self->queue, 0, 1);
	EXPECT_EQ(TOLD, cancel(self->target, id));
	/* not before the record was fetched */
	EXPECT_EQ(-ECANCELED, complete(self->queue, id, 0));
	EXPECT_EQ(CANCELED, fetch_event(self->queue, 0, id));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(-ENODATA, retrieve(self->queue, 0, &none));
	EXPECT_EQ(1, is_canceled(self->queue, id));
	EXPECT_EQ(TOLD, cancel(self->target, id));
	EXPECT_COUNTS(self->queue, 0, 1);
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(0, complete(self->queue, id, -ECANCELED));
	EXPECT_COUNTS(self->queue, 0, 0);
	EXPECT_EQ(-ECANCELED, reap_status(self->target, id));
	EXPECT_NO_RECORD(self->queue);
}

/* Any status, as after OnCancel. */
TEST_F(queue, U03_and_completed_with_success)
{
	static char out[8];
	struct iotarget_reap_element r;
	__u64 id;

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	ASSERT_EQ(0, send_read(self->target, out, sizeof(out), &id));
	ASSERT_EQ(0, take(self, 0, id));
	EXPECT_EQ(0, requeue(self->queue, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(CANCELED, fetch_event(self->queue, 0, id));
	EXPECT_EQ(0, complete_bytes(self->queue, id, 0, 5, "12345", 5));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(0, r.status);
	EXPECT_EQ(5, r.information);
	EXPECT_EQ(0, memcmp(out, "12345", 5));
}

/* What the record says of the request. */
TEST_F(queue, U03_record)
{
	static char bytes[16] = "input", buffer[16];
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .code = 77, .in = ADDRESS(bytes),
		.in_length = 5, .out = ADDRESS(bytes), .out_length = 9,
		.offset = 1234,
	};
	struct iotarget_send send = send_arg(0, &e, 1, NULL, 0);
	struct iotarget_fetch_element record = {
		.buffer = ADDRESS(buffer), .buffer_length = sizeof(buffer),
		.state = ~0U, .flags = ~0U,
	};

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	ASSERT_EQ(0, take(self, IOTARGET_FETCH_CANCELABLE, e.id));
	EXPECT_EQ(0, unmark(self->queue, e.id));
	EXPECT_EQ(0, requeue(self->queue, e.id));
	EXPECT_EQ(DELIVERED, cancel(self->target, e.id));
	ASSERT_EQ(0, fetch_now(self->queue, IOTARGET_FETCH_CANCELABLE, &record));
	EXPECT_EQ(CANCELED, record.event);
	EXPECT_EQ(e.id, record.id);
	EXPECT_EQ(IOTARGET_TYPE_CONTROL, record.type);
	EXPECT_EQ(77, record.code);
	EXPECT_EQ(1234, record.offset);
	EXPECT_EQ(5, record.in_length);
	EXPECT_EQ(9, record.out_length);
	EXPECT_EQ(0, record.copied);
	EXPECT_EQ(0, record.state);
	EXPECT_EQ(getpid(), record.pid);
	EXPECT_EQ(0, record.flags & IOTARGET_RECORD_CANCELABLE);
}

/* The clock's cancel is a cancel. */
TEST_F(queue, U03_by_the_deadline)
{
	struct iotarget_send_element e = { .type = IOTARGET_TYPE_CONTROL };
	struct iotarget_send send = send_arg(0, &e, 1, NULL, 0);
	struct iotarget_fetch_element record = {};
	struct timespec now;

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	/* (held in the queue until the deadline: what is requeued may be late) */
	clock_gettime(CLOCK_MONOTONIC, &now);
	e.deadline = now.tv_sec * 1000000000ULL + now.tv_nsec + 500000000;
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	ASSERT_EQ(0, take(self, 0, e.id));
	EXPECT_EQ(0, requeue(self->queue, e.id));
	/* the first record may say that the queue is not empty */
	do {
		ASSERT_EQ(0, fetch_one(self->queue, 0, &record));
	} while (record.event == IOTARGET_EVENT_QUEUE_STATE);
	EXPECT_EQ(CANCELED, record.event);
	EXPECT_EQ(e.id, record.id);
	EXPECT_EQ(0, complete(self->queue, e.id, -ECANCELED));
	EXPECT_EQ(-ETIMEDOUT, reap_status(self->target, e.id));
}

/* The sender's last close is a cancel, too. */
TEST_F(queue, U03_by_the_end_of_the_target)
{
	__u64 id;

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	OWNED(id);
	EXPECT_EQ(0, requeue(self->queue, id));
	close(self->target);
	self->target = -1;
	EXPECT_EQ(CANCELED, fetch_event(self->queue, 0, id));
	EXPECT_EQ(0, complete(self->queue, id, 0));
	EXPECT_COUNTS(self->queue, 0, 0);
}

TEST_F(queue, U03_record_that_faults_stays_first)
{
	__u64 id[2];
	int i;

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	for (i = 0; i < 2; i++)
		OWNED(id[i]);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, requeue(self->queue, id[i]));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(DELIVERED, cancel(self->target, id[i]));
	EXPECT_EQ(-EFAULT, fetch_now(self->queue, 0, read_only_page()));
	EXPECT_EQ(-ECANCELED, complete(self->queue, id[0], 0));
	EXPECT_COUNTS(self->queue, 0, 2);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(CANCELED, fetch_event(self->queue, 0, id[i]));
		EXPECT_EQ(0, complete(self->queue, id[i], 0));
	}
	EXPECT_NO_RECORD(self->queue);
}

TEST_F(queue, U04_without_the_event)
{
	__u64 id;

	OPEN(MANUAL, 0, 0);
	OWNED(id);
	EXPECT_EQ(0, requeue(self->queue, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(-ECANCELED, reap_status(self->target, id));
	EXPECT_COUNTS(self->queue, 0, 0);
	EXPECT_EQ(-ENOENT, complete(self->queue, id, 0));
}

/* A queue that is forwarded to asks for itself. */
TEST_F(queue, U04_forwarded_without_the_event)
{
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	PRESENTED(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_NO_RECORD(self->other);
	EXPECT_EQ(-ECANCELED, reap_status(self->target, id));
	EXPECT_COUNTS(self->queue, 0, 0);
}

/* Although the host has all that it may have; and both must end. */
static void canceled_beyond_the_limit(struct __test_metadata *_metadata,
				      FIXTURE_DATA(queue) *self, bool a_first)
{
	__u64 a, b, c;

	OWNED(a);
	PRESENTED(b);
	EXPECT_COUNTS(self->queue, 1, 1);
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(DELIVERED, cancel(self->target, b));
	EXPECT_COUNTS(self->queue, 0, 2);
	EXPECT_NO_RECORD(self->other);
	EXPECT_EQ(CANCELED, fetch_event(self->queue, 0, b));
	EXPECT_COUNTS(self->queue, 0, 2);
	SEND(c);
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(0, complete(self->queue, a_first ? a : b, 1));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(0, complete(self->queue, a_first ? b : a, 1));
	EXPECT_EQ(REQUEST, fetch_event(self->queue, 0, c));
	EXPECT_EQ(0, complete(self->queue, c, 0));
	EXPECT_COUNTS(self->queue, 0, 0);
}

TEST_F(queue, U05_canceled_on_a_sequential_queue)
{
	OPEN(SEQUENTIAL, 0, CANCELED_EVENTS);
	canceled_beyond_the_limit(_metadata, self, true);
	canceled_beyond_the_limit(_metadata, self, false);
}

TEST_F(queue, U06_canceled_beyond_the_limit)
{
	OPEN(PARALLEL, 1, CANCELED_EVENTS);
	canceled_beyond_the_limit(_metadata, self, true);
	canceled_beyond_the_limit(_metadata, self, false);
}

TEST_F(queue, U07_retrieve_skips_the_cancelled)
{
	__u64 id[3], got;
	int i;

	OPEN(MANUAL, 0, 0);
	for (i = 0; i < 3; i++)
		SEND(id[i]);
	EXPECT_EQ(DELIVERED, cancel(self->target, id[1]));
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[0], got);
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[2], got);
	EXPECT_EQ(-ENODATA, retrieve(self->queue, 0, &got));
	EXPECT_COUNTS(self->queue, 0, 2);
}

TEST_F(queue, U08_put_back_when_canceled_on_the_queue)
{
	__u64 id;

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	OWNED(id);
	EXPECT_EQ(0, requeue(self->queue, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(-ECANCELED, requeue(self->queue, id));
	EXPECT_EQ(-ECANCELED, forward(self->queue, id, self->other));
	EXPECT_EQ(CANCELED, fetch_event(self->queue, 0, id));
	EXPECT_EQ(-EINVAL, requeue(self->queue, id));
	EXPECT_EQ(-EINVAL, forward(self->queue, id, self->other));
	EXPECT_EQ(-EINVAL, mark(self->queue, id));
	EXPECT_COUNTS(self->queue, 0, 1);
	EXPECT_COUNTS(self->other, 0, 0);
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(0, complete(self->queue, id, 4));
	EXPECT_EQ(4, reap_status(self->target, id));
}

/* Cancels come before requests, also those on the queue. */
TEST_F(queue, canceled_on_queue_comes_before_requests)
{
	struct iotarget_fetch_element record[3] = {};
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, record, 3);
	__u64 marked, presented, queued;

	OPEN(PARALLEL, 0, CANCELED_EVENTS);
	OWNED_MARKED(marked);
	SEND(queued);
	PRESENTED(presented);
	EXPECT_EQ(DELIVERED, cancel(self->target, presented));
	EXPECT_EQ(DELIVERED, cancel(self->target, marked));
	ASSERT_EQ(0, call(self->queue, IOTARGET_FETCH, &arg));
	ASSERT_EQ(3, arg.fetched);
	EXPECT_EQ(CANCELED, record[0].event);
	EXPECT_EQ(presented, record[0].id);
	EXPECT_EQ(CANCEL, record[1].event);
	EXPECT_EQ(marked, record[1].id);
	EXPECT_EQ(REQUEST, record[2].event);
	EXPECT_EQ(queued, record[2].id);
}

TEST_F(queue, canceled_on_queue_wakes)
{
	struct background host;
	__u64 id[2];
	int i;

	OPEN(SEQUENTIAL, 0, CANCELED_EVENTS);
	OWNED(id[0]);
	for (i = 0; i < 2; i++) {
		PRESENTED(id[1]);
		background_start(&host, i ? poll_waiting : fetch_waiting,
				 &self->queue);
		wait_asleep_in(host.tid, i ? SYS_poll : SYS_ioctl);
		EXPECT_EQ(DELIVERED, cancel(self->target, id[1]));
		EXPECT_EQ(i ? POLLIN : CANCELED, background_join(&host));
	}
}

/* ------------------------------------------------------- manual, by hand */

TEST_F(queue, not_empty_is_told_once)
{
	const int state = ACCEPT | DISPATCH | IDLE;
	__u64 id[4], got;
	int i;

	OPEN(MANUAL, 0, 0);
	EXPECT_NO_RECORD(self->queue);
	SEND(id[0]);
	SEND(id[1]);
	EXPECT_EQ(state, fetch_queue_state(self->queue, 0));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	SEND(id[2]);
	EXPECT_NO_RECORD(self->queue);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[2], got);
	/* it was empty */
	SEND(id[3]);
	EXPECT_EQ(ACCEPT | DISPATCH, fetch_queue_state(self->queue, 0));
	EXPECT_NO_RECORD(self->queue);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, complete(self->queue, id[i], 0));
	EXPECT_NO_RECORD(self->queue);
}

/* Nobody is told of what is gone by then. */
TEST_F(queue, not_empty_is_withdrawn)
{
	__u64 id[2], got;

	OPEN(MANUAL, 0, 0);
	SEND(id[0]);
	EXPECT_TRUE(readable(self->queue));
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(0, complete(self->queue, id[0], 0));
	SEND(id[0]);
	SEND(id[1]);
	EXPECT_EQ(DELIVERED, cancel(self->target, id[0]));
	EXPECT_TRUE(readable(self->queue));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[1]));
	EXPECT_NO_RECORD(self->queue);
	/* and comes anew */
	SEND(id[0]);
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(self->queue, 0));
	EXPECT_NO_RECORD(self->queue);
}

TEST_F(queue, not_empty_by_requeue_and_forward)
{
	__u64 id[2], got;

	OPEN(MANUAL, 0, 0);
	OWNED(id[0]);
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(0, requeue(self->queue, id[0]));
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(self->queue, 0));
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(0, complete(self->queue, got, 0));
	PRESENTED(id[1]);
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(self->queue, 0));
	EXPECT_NO_RECORD(self->queue);
}

TEST_F(queue, not_empty_by_requeue_wakes)
{
	struct background host;
	__u64 id;
	int i;

	OPEN(MANUAL, 0, 0);
	for (i = 0; i < 2; i++) {
		OWNED(id);
		background_start(&host, i ? poll_waiting : fetch_waiting,
				 &self->queue);
		wait_asleep_in(host.tid, i ? SYS_poll : SYS_ioctl);
		EXPECT_EQ(0, requeue(self->queue, id));
		EXPECT_EQ(i ? POLLIN : IOTARGET_EVENT_QUEUE_STATE,
			  background_join(&host));
		EXPECT_EQ(0, retrieve(self->queue, 0, &id));
		EXPECT_EQ(0, complete(self->queue, id, 0));
	}
}

TEST_F(queue, not_empty_waits_for_START)
{
	__u64 id;

	OPEN(MANUAL, 0, 0);
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_STOP));
	SEND(id);
	EXPECT_NO_RECORD(self->queue);
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_START));
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(self->queue, 0));
	/* on its way, and then stopped */
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	SEND(id);
	EXPECT_TRUE(readable(self->queue));
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_STOP));
	EXPECT_NO_RECORD(self->queue);
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_START));
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(self->queue, 0));
	/* told, and told again after START */
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_STOP));
	EXPECT_NO_RECORD(self->queue);
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_START));
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(self->queue, 0));
	EXPECT_NO_RECORD(self->queue);
	/* not of an empty queue */
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_STOP));
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_START));
	EXPECT_NO_RECORD(self->queue);
}

TEST_F(queue, not_empty_that_faults_stays)
{
	__u64 id;

	OPEN(MANUAL, 0, 0);
	SEND(id);
	EXPECT_EQ(-EFAULT, fetch_now(self->queue, 0, read_only_page()));
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(self->queue, 0));
	EXPECT_NO_RECORD(self->queue);
}

/* Without RETRIEVE it sleeps for events and cancels only. */
TEST_F(queue, fetch_of_a_manual_queue_takes_no_request)
{
	struct background host;
	__u64 id[3];

	OPEN(MANUAL, 0, 0);
	background_start(&host, fetch_waiting, &self->queue);
	wait_asleep(host.tid);
	SEND(id[0]);
	EXPECT_EQ(IOTARGET_EVENT_QUEUE_STATE, background_join(&host));
	SEND(id[1]);
	background_start(&host, fetch_waiting, &self->queue);
	wait_asleep(host.tid);
	/* had it been woken by this one, it would have gone with it */
	SEND(id[2]);
	ASSERT_EQ(0, take(self, IOTARGET_FETCH_CANCELABLE, id[0]));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[0]));
	EXPECT_EQ(CANCEL, background_join(&host));
	EXPECT_COUNTS(self->queue, 2, 1);
}

TEST_F(queue, not_empty_wakes_a_poller)
{
	struct background poller;
	__u64 id;

	OPEN(MANUAL, 0, 0);
	background_start(&poller, poll_waiting, &self->queue);
	wait_asleep_in(poller.tid, SYS_poll);
	SEND(id);
	EXPECT_EQ(POLLIN, background_join(&poller));
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(self->queue, 0));
}

TEST_F(queue, retrieve_many_and_complete_them)
{
	struct iotarget_fetch_element record[4] = {};
	struct iotarget_complete_element c[3] = {};
	struct iotarget_fetch arg =
		fetch_arg(IOTARGET_FETCH_RETRIEVE, NULL, 0, record, 4);
	__u64 id[4];
	int i;

	OPEN(MANUAL, 0, 0);
	for (i = 0; i < 3; i++)
		SEND(id[i]);
	ASSERT_EQ(0, call(self->queue, IOTARGET_FETCH, &arg));
	ASSERT_EQ(3, arg.fetched);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(REQUEST, record[i].event);
		EXPECT_EQ(id[i], record[i].id);
		EXPECT_EQ(0, record[i].flags);
		c[i].id = id[i];
		c[i].status = i;
	}
	SEND(id[3]);
	arg = fetch_arg(IOTARGET_FETCH_RETRIEVE, c, 3, record, 4);
	ASSERT_EQ(0, call(self->queue, IOTARGET_FETCH, &arg));
	EXPECT_EQ(3, arg.completed);
	EXPECT_EQ(1, arg.fetched);
	EXPECT_EQ(id[3], record[0].id);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(i, reap_status(self->target, id[i]));
	/* what had an effect is no error */
	arg = fetch_arg(IOTARGET_FETCH_RETRIEVE, c, 1, record, 4);
	c[0].id = id[3];
	ASSERT_EQ(0, call(self->queue, IOTARGET_FETCH, &arg));
	EXPECT_EQ(1, arg.completed);
	EXPECT_EQ(0, arg.fetched);
}

/* Requests, and nothing else: an OnCancel stays. */
TEST_F(queue, retrieve_leaves_other_records)
{
	__u64 marked, id, got;

	OPEN(MANUAL, 0, 0);
	OWNED_MARKED(marked);
	SEND(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, marked));
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id, got);
	EXPECT_EQ(-ENODATA, retrieve(self->queue, 0, &got));
	EXPECT_EQ(CANCEL, fetch_event(self->queue, 0, marked));
	EXPECT_NO_RECORD(self->queue);
}

TEST_F(queue, retrieve_that_faults_changes_nothing)
{
	__u64 id[2], got;
	int i;

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	for (i = 0; i < 2; i++)
		SEND(id[i]);
	EXPECT_EQ(-EFAULT, fetch_now(self->queue, IOTARGET_FETCH_RETRIEVE,
				     read_only_page()));
	EXPECT_COUNTS(self->queue, 2, 0);
	/* it was never presented */
	EXPECT_EQ(DELIVERED, cancel(self->target, id[0]));
	EXPECT_EQ(-ECANCELED, reap_status(self->target, id[0]));
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[1], got);
}

/* ------------------------------------------------- forward and requeue */

/* A queue of another device. */
static int foreign_queue(void)
{
	return queue_create_flags(parallel_create(), 0, PARALLEL, 0);
}

TEST_F(queue, U50_forward_that_is_refused)
{
	int copy, foreign = foreign_queue(), device = parallel_create();
	int ended, pipes[2], path, i;
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	copy = dup(self->queue);
	ended = queue_create_flags(self->device, 0, PARALLEL, 0);
	path = open("/dev/null", O_PATH);
	ASSERT_EQ(0, pipe(pipes));
	ASSERT_GE(foreign, 0);
	ASSERT_GE(device, 0);
	ASSERT_EQ(0, end(ended));
	OWNED(id);
	/* at first unmarked, then marked: it stays what it is */
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EINVAL, forward(self->queue, id, self->queue));
		EXPECT_EQ(-EINVAL, forward(self->queue, id, copy));
		EXPECT_EQ(-EINVAL, forward(self->queue, id, foreign));
		EXPECT_EQ(-EINVAL, forward(self->queue, id, device));
		EXPECT_EQ(-EINVAL, forward(self->queue, id, self->target));
		EXPECT_EQ(-EINVAL, forward(self->queue, id, pipes[0]));
		EXPECT_EQ(-EBADF, forward(self->queue, id, -1));
		EXPECT_EQ(-EBADF, forward(self->queue, id, 1 << 20));
		EXPECT_EQ(-EBADF, forward(self->queue, id, path));
		if (!i) {
			EXPECT_EQ(-ENODEV, forward(self->queue, id, ended));
			EXPECT_EQ(0, mark(self->queue, id));
		} else {
			EXPECT_EQ(-EINVAL, forward(self->queue, id, self->other));
		}
	}
	EXPECT_COUNTS(self->queue, 0, 1);
	EXPECT_COUNTS(self->other, 0, 0);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(-ECANCELED, forward(self->queue, id, self->other));
	EXPECT_EQ(CANCEL, fetch_event(self->queue, 0, id));
	EXPECT_EQ(-EINVAL, forward(self->queue, id, self->other));
	EXPECT_EQ(0, complete(self->queue, id, 9));
	EXPECT_EQ(9, reap_status(self->target, id));
	EXPECT_EQ(-ENOENT, forward(self->queue, id, self->other));
	/* queued: nobody's to forward */
	SEND(id);
	EXPECT_EQ(-ENOENT, forward(self->queue, id, self->other));
	EXPECT_EQ(-ENOENT, forward(self->queue, 0, self->other));
	EXPECT_EQ(REQUEST, fetch_event(self->queue, 0, id));
	/* the device that ends makes its queues no others' */
	close(copy);
	close(path);
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(queue, U51_forward_of_a_cancelled_one)
{
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	OWNED_OF_OTHER(id);
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_EQ(0, forward(self->other, id, self->queue));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(-ECANCELED, reap_status(self->target, id));
	EXPECT_COUNTS(self->queue, 0, 0);
	EXPECT_COUNTS(self->other, 0, 0);
}

TEST_F(queue, U51_forward_of_a_cancelled_one_with_the_event)
{
	__u64 id;

	OPEN(SEQUENTIAL, 0, CANCELED_EVENTS);
	OWNED_OF_OTHER(id);
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_EQ(0, forward(self->other, id, self->queue));
	EXPECT_NO_RECORD(self->other);
	EXPECT_COUNTS(self->queue, 0, 1);
	EXPECT_COUNTS(self->other, 0, 0);
	EXPECT_EQ(-ENOENT, complete(self->other, id, 0));
	EXPECT_EQ(-ECANCELED, complete(self->queue, id, 0));
	EXPECT_EQ(CANCELED, fetch_event(self->queue, 0, id));
	EXPECT_EQ(0, complete(self->queue, id, 1));
	EXPECT_EQ(1, reap_status(self->target, id));
}

/* To the tail, by whatever dispatch type. */
TEST_F(queue, forward_goes_to_the_tail)
{
	__u64 id[4], got;
	int i;

	OPEN(MANUAL, 0, 0);
	OWNED_OF_OTHER(id[1]);
	OWNED_OF_OTHER(id[3]);
	SEND(id[0]);
	EXPECT_EQ(0, forward(self->other, id[1], self->queue));
	SEND(id[2]);
	EXPECT_EQ(0, forward(self->other, id[3], self->queue));
	EXPECT_COUNTS(self->queue, 4, 0);
	EXPECT_COUNTS(self->other, 0, 0);
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, retrieve(self->queue, 0, &got));
		EXPECT_EQ(id[i], got);
	}
}

/* Its place at a sequential queue is free, as if it had completed. */
TEST_F(queue, forward_lets_the_next_come)
{
	__u64 id[2];

	OPEN(SEQUENTIAL, 0, 0);
	OWNED(id[0]);
	SEND(id[1]);
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(0, forward(self->queue, id[0], self->other));
	EXPECT_EQ(REQUEST, fetch_event(self->queue, 0, id[1]));
	EXPECT_EQ(REQUEST, fetch_event(self->other, 0, id[0]));
	EXPECT_NO_COMPLETION();
}

TEST_F(queue, forward_wakes_both_hosts)
{
	struct background host[2];
	__u64 id[2];

	OPEN(SEQUENTIAL, 0, 0);
	OWNED(id[0]);
	SEND(id[1]);
	background_start(&host[0], fetch_waiting, &self->queue);
	background_start(&host[1], fetch_waiting, &self->other);
	wait_asleep(host[0].tid);
	wait_asleep(host[1].tid);
	EXPECT_EQ(0, forward(self->queue, id[0], self->other));
	EXPECT_EQ(REQUEST, background_join(&host[0]));
	EXPECT_EQ(REQUEST, background_join(&host[1]));
}

/* There and back, with its bytes, and cancelled at each place. */
TEST_F(queue, forward_carries_the_request)
{
	static unsigned char in[3000], out[3000], host[3000];
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .code = 5, .user_data = 9,
		.in = ADDRESS(in), .in_length = sizeof(in),
		.out = ADDRESS(out), .out_length = sizeof(out),
	};
	struct iotarget_send send = send_arg(0, &e, 1, NULL, 0);
	struct iotarget_fetch_element record;
	struct iotarget_payload part;
	struct iotarget_reap_element r;
	int queues[2], i, at;

	OPEN(PARALLEL, 0, 0);
	queues[0] = self->queue;
	queues[1] = self->other;
	memset(in, 0x11, sizeof(in));
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	for (i = 0; i < 5; i++) {
		at = queues[i & 1];
		memset(host, 0, sizeof(host));
		record = (struct iotarget_fetch_element) {
			.buffer = ADDRESS(host), .buffer_length = sizeof(host),
		};
		ASSERT_EQ(0, fetch_now(at, IOTARGET_FETCH_CANCELABLE, &record));
		EXPECT_EQ(e.id, record.id);
		EXPECT_EQ(5, record.code);
		EXPECT_EQ(sizeof(in), record.copied);
		EXPECT_EQ(0, memcmp(in, host, sizeof(in)));
		EXPECT_EQ(IOTARGET_RECORD_CANCELABLE,
			  record.flags & IOTARGET_RECORD_CANCELABLE);
		part = (struct iotarget_payload) {
			.size = sizeof(part), .id = e.id, .offset = 2900,
			.buffer = ADDRESS(host), .length = sizeof(host),
		};
		EXPECT_EQ(-ENOENT, call(queues[!(i & 1)], IOTARGET_READ, &part));
		EXPECT_EQ(-ENOENT, call(queues[!(i & 1)], IOTARGET_WRITE, &part));
		EXPECT_EQ(0, call(at, IOTARGET_READ, &part));
		EXPECT_EQ(100, part.done);
		if (i == 4)
			break;
		EXPECT_EQ(0, unmark(at, e.id));
		EXPECT_EQ(0, forward(at, e.id, queues[!(i & 1)]));
	}
	memset(host, 0x22, sizeof(host));
	EXPECT_EQ(0, complete_bytes(at, e.id, 6, sizeof(host), host,
				    sizeof(host)));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(9, r.user_data);
	EXPECT_EQ(sizeof(out), r.information);
	EXPECT_EQ(0, memcmp(host, out, sizeof(out)));
}

/* An id is valid where it was fetched, and nowhere else. */
TEST_F(queue, ids_of_another_queue)
{
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	OWNED(id);
	EXPECT_EQ(-ENOENT, complete(self->other, id, 0));
	EXPECT_EQ(-ENOENT, mark(self->other, id));
	EXPECT_EQ(-ENOENT, is_canceled(self->other, id));
	EXPECT_EQ(-ENOENT, requeue(self->other, id));
	EXPECT_EQ(-ENOENT, forward(self->other, id, self->queue));
	EXPECT_EQ(0, mark(self->queue, id));
	EXPECT_EQ(-ENOENT, unmark(self->other, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_NO_RECORD(self->other);
	EXPECT_EQ(-ENOENT, complete(self->other, id, 0));
	EXPECT_EQ(CANCEL, fetch_event(self->queue, 0, id));
	EXPECT_EQ(-ENOENT, complete(self->other, id, 0));
	EXPECT_EQ(0, complete(self->queue, id, 3));
	EXPECT_EQ(3, reap_status(self->target, id));
	/* forwarded: of the new queue, when it was fetched there */
	OWNED_OF_OTHER(id);
	EXPECT_EQ(0, forward(self->other, id, self->queue));
	EXPECT_EQ(-ENOENT, complete(self->other, id, 0));
	EXPECT_EQ(-ENOENT, complete(self->queue, id, 0));
	EXPECT_EQ(-ENOENT, mark(self->other, id));
	EXPECT_EQ(-ENOENT, mark(self->queue, id));
	EXPECT_EQ(REQUEST, fetch_event(self->queue, 0, id));
	EXPECT_EQ(-ENOENT, complete(self->other, id, 0));
	EXPECT_EQ(-ENOENT, mark(self->other, id));
	EXPECT_EQ(0, complete(self->queue, id, 4));
	EXPECT_EQ(4, reap_status(self->target, id));
}

/* COMPLETE answers each element of its array by the queue that it is of. */
TEST_F(queue, complete_of_two_queues_ids)
{
	struct iotarget_complete_element c[2] = {};
	struct iotarget_fetch arg = fetch_arg(0, c, 2, NULL, 0);
	__u64 id[2];

	OPEN(PARALLEL, 0, 0);
	OWNED(id[0]);
	OWNED_OF_OTHER(id[1]);
	c[0].id = id[1];
	c[1].id = id[0];
	ASSERT_EQ(0, call(self->queue, IOTARGET_FETCH, &arg));
	EXPECT_EQ(2, arg.completed);
	EXPECT_EQ(-ENOENT, c[0].result);
	EXPECT_EQ(0, c[1].result);
	EXPECT_EQ(0, reap_status(self->target, id[0]));
	EXPECT_EQ(0, complete(self->other, id[1], 0));
}

TEST_F(queue, U52_requeue_on_others_than_manual)
{
	static const __u32 dispatch[] = { SEQUENTIAL, PARALLEL };
	__u64 id;
	int i, queue;

	OPEN(SEQUENTIAL, 0, 0);
	for (i = 0; i < 2; i++) {
		queue = queue_create_flags(self->device, 0, dispatch[i], 0);
		ASSERT_GE(queue, 0);
		OWNED(id);
		EXPECT_EQ(-EINVAL, requeue(self->queue, id));
		EXPECT_EQ(0, forward(self->queue, id, queue));
		EXPECT_EQ(REQUEST, fetch_event(queue, 0, id));
		EXPECT_EQ(-EINVAL, requeue(queue, id));
		EXPECT_COUNTS(queue, 0, 1);
		EXPECT_EQ(0, complete(queue, id, i));
		EXPECT_EQ(i, reap_status(self->target, id));
		close(queue);
	}
}

TEST_F(queue, U53_requeue_goes_to_the_head)
{
	__u64 id[2], got;

	OPEN(MANUAL, 0, 0);
	SEND(id[0]);
	SEND(id[1]);
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[0], got);
	EXPECT_EQ(0, requeue(self->queue, got));
	EXPECT_EQ(-ENOENT, complete(self->queue, got, 0));
	EXPECT_EQ(-ENOENT, requeue(self->queue, got));
	EXPECT_COUNTS(self->queue, 2, 0);
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[0], got);
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[1], got);
	/* the last to be put back is the first */
	EXPECT_EQ(0, requeue(self->queue, id[0]));
	EXPECT_EQ(0, requeue(self->queue, id[1]));
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[1], got);
}

TEST_F(queue, requeue_that_is_refused)
{
	__u64 id;

	OPEN(MANUAL, 0, 0);
	OWNED_MARKED(id);
	EXPECT_EQ(-EINVAL, requeue(self->queue, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(-ECANCELED, requeue(self->queue, id));
	EXPECT_EQ(CANCEL, fetch_event(self->queue, 0, id));
	EXPECT_EQ(-EINVAL, requeue(self->queue, id));
	EXPECT_EQ(0, complete(self->queue, id, 2));
	EXPECT_EQ(2, reap_status(self->target, id));
	EXPECT_EQ(-ENOENT, requeue(self->queue, id));
	EXPECT_EQ(-ENOENT, requeue(self->queue, 0));
	EXPECT_COUNTS(self->queue, 0, 0);
}

TEST_F(queue, requeue_of_a_cancelled_one)
{
	__u64 id;

	OPEN(MANUAL, 0, 0);
	OWNED(id);
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_EQ(0, requeue(self->queue, id));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(-ENODATA, retrieve(self->queue, 0, &none));
	EXPECT_EQ(-ECANCELED, reap_status(self->target, id));
	EXPECT_COUNTS(self->queue, 0, 0);
}

TEST_F(queue, requeue_of_a_cancelled_one_with_the_event)
{
	__u64 id;

	OPEN(MANUAL, 0, CANCELED_EVENTS);
	OWNED(id);
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_EQ(0, requeue(self->queue, id));
	EXPECT_EQ(-ENODATA, retrieve(self->queue, 0, &none));
	EXPECT_COUNTS(self->queue, 0, 1);
	EXPECT_EQ(CANCELED, fetch_event(self->queue, 0, id));
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(0, complete(self->queue, id, 2));
	EXPECT_EQ(2, reap_status(self->target, id));
}

/* ------------------------------------------------------- dispatch types */

TEST_F(queue, U54_retrieve_on_a_parallel_queue)
{
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	EXPECT_EQ(-EPERM, retrieve(self->queue, 0, &none));
	SEND(id);
	EXPECT_EQ(-EPERM, retrieve(self->queue, 0, &none));
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_STOP));
	EXPECT_EQ(-EPERM, retrieve(self->queue, 0, &none));
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_START));
	EXPECT_EQ(REQUEST, fetch_event(self->queue, 0, id));
}

static void retrieve_by_file(struct __test_metadata *_metadata,
			     FIXTURE_DATA(queue) *self)
{
	__u64 file[2], id[3], got;
	int target[2], i;

	for (i = 0; i < 2; i++) {
		target[i] = target_open_file(self->device, &file[i]);
		ASSERT_GE(target[i], 0);
	}
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_one(target[i & 1], 0, &id[i]));
	/* of nobody, and of one who has sent nothing */
	EXPECT_EQ(-ENODATA, retrieve(self->queue, ~0ULL, &got));
	EXPECT_EQ(-ENODATA, retrieve(self->queue, file[1] + 1, &got));
	EXPECT_EQ(0, retrieve(self->queue, file[1], &got));
	EXPECT_EQ(id[1], got);
	EXPECT_EQ(-ENODATA, retrieve(self->queue, file[1], &got));
	EXPECT_COUNTS(self->queue, 2, 1);
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[0], got);
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[2], got);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, complete(self->queue, id[i], 0));
	close(target[0]);
	close(target[1]);
}

TEST_F(queue, U55_retrieve_by_file_from_a_manual_queue)
{
	OPEN(MANUAL, 0, 0);
	retrieve_by_file(_metadata, self);
}

TEST_F(queue, U55_retrieve_by_file_from_a_sequential_queue)
{
	OPEN(SEQUENTIAL, 0, 0);
	retrieve_by_file(_metadata, self);
}

/* Several of a file between others', in one call. */
TEST_F(queue, U55_retrieve_many_by_file)
{
	struct iotarget_fetch_element record[4] = {};
	struct iotarget_fetch arg =
		fetch_arg(IOTARGET_FETCH_RETRIEVE, NULL, 0, record, 4);
	__u64 id[6], got;
	int other, i;

	OPEN(MANUAL, 0, 0);
	other = target_open_file(self->device, &arg.file);
	ASSERT_GE(other, 0);
	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, send_one(i & 1 ? other : self->target, 0, &id[i]));
	ASSERT_EQ(0, call(self->queue, IOTARGET_FETCH, &arg));
	ASSERT_EQ(3, arg.fetched);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(id[2 * i + 1], record[i].id);
	/* a fault: back to the queue */
	for (i = 3; i > 0; i--)
		EXPECT_EQ(0, requeue(self->queue, id[2 * i - 1]));
	arg.fetch.ptr = ADDRESS(read_only_page());
	EXPECT_EQ(-EFAULT, call(self->queue, IOTARGET_FETCH, &arg));
	EXPECT_COUNTS(self->queue, 6, 0);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, retrieve(self->queue, arg.file, &got));
		EXPECT_EQ(id[2 * i + 1], got);
	}
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, retrieve(self->queue, 0, &got));
		EXPECT_EQ(id[2 * i], got);
	}
	/* a file without RETRIEVE */
	arg.flags = 0;
	EXPECT_EQ(-EINVAL, call(self->queue, IOTARGET_FETCH, &arg));
	close(other);
}

/* Behind more than are looked at under one hold of the lock. */
TEST_F(queue, U55_retrieve_by_file_behind_many)
{
	__u64 file, id[2], got;
	int other, i, n;

	OPEN(MANUAL, 0, 0);
	other = target_open_file(self->device, &file);
	ASSERT_GE(other, 0);
	for (n = 0; n < 2; n++) {
		for (i = 0; i < 200; i++)
			SEND(got);
		ASSERT_EQ(0, send_one(other, 0, &id[n]));
	}
	EXPECT_COUNTS(self->queue, 402, 0);
	for (n = 0; n < 2; n++) {
		EXPECT_EQ(0, retrieve(self->queue, file, &got));
		EXPECT_EQ(id[n], got);
	}
	EXPECT_EQ(-ENODATA, retrieve(self->queue, file, &got));
	EXPECT_COUNTS(self->queue, 400, 2);
	close(other);
}

TEST_F(queue, U56_all_retrieved_must_end)
{
	__u64 id[3], got;

	OPEN(SEQUENTIAL, 0, 0);
	OWNED(id[0]);
	SEND(id[1]);
	SEND(id[2]);
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id[1], got);
	EXPECT_COUNTS(self->queue, 1, 2);
	EXPECT_EQ(0, complete(self->queue, id[0], 0));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(0, complete(self->queue, id[1], 0));
	EXPECT_EQ(REQUEST, fetch_event(self->queue, 0, id[2]));
}

TEST_F(queue, U57_limit_of_a_parallel_queue)
{
	struct iotarget_fetch_element record[5] = {};
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, record, 5);
	__u64 id[5];
	int i;

	OPEN(PARALLEL, 2, 0);
	for (i = 0; i < 5; i++)
		SEND(id[i]);
	ASSERT_EQ(0, call(self->queue, IOTARGET_FETCH, &arg));
	ASSERT_EQ(2, arg.fetched);
	EXPECT_EQ(id[0], record[0].id);
	EXPECT_EQ(id[1], record[1].id);
	EXPECT_COUNTS(self->queue, 3, 2);
	for (i = 2; i < 5; i++) {
		EXPECT_NO_RECORD(self->queue);
		/* a forward makes room as well as a completion */
		if (i == 3) {
			EXPECT_EQ(0, forward(self->queue, id[i - 1],
					     self->other));
		} else {
			EXPECT_EQ(0, complete(self->queue, id[i - 1], 0));
		}
		EXPECT_EQ(REQUEST, fetch_event(self->queue, 0, id[i]));
	}
}

TEST(U58_limit_of_other_queues)
{
	int device = parallel_create(), queue;

	ASSERT_GE(device, 0);
	EXPECT_EQ(-EINVAL, queue_create_flags(device, 0, SEQUENTIAL, 1));
	EXPECT_EQ(-EINVAL, queue_create_flags(device, 0, MANUAL, 1));
	EXPECT_EQ(-EINVAL, device_create(SEQUENTIAL, 1));
	EXPECT_EQ(-EINVAL, device_create(MANUAL, 1));
	queue = queue_create_flags(device, 0, PARALLEL, 1);
	EXPECT_GE(queue, 0);
	EXPECT_EQ(FD_CLOEXEC, fcntl(queue, F_GETFD));
	EXPECT_EQ(-EINVAL, queue_create_flags(device, 0, 0, 0));
	EXPECT_EQ(-EINVAL, queue_create_flags(device, 0, 4, 0));
	EXPECT_EQ(-EINVAL, queue_create_flags(device, 4, PARALLEL, 0));
	EXPECT_EQ(-EINVAL, queue_create_flags(device, 1U << 31, PARALLEL, 0));
	ASSERT_EQ(0, end(device));
	EXPECT_EQ(-ENODEV, queue_create_flags(device, 0, PARALLEL, 0));
}

/* Several sequential queues go on beside each other. */
TEST_F(queue, a_blocked_queue_blocks_no_other)
{
	__u64 id[3];

	OPEN(SEQUENTIAL, 0, 0);
	OWNED(id[0]);
	SEND(id[1]);
	EXPECT_NO_RECORD(self->queue);
	OWNED_OF_OTHER(id[2]);
	EXPECT_EQ(0, complete(self->other, id[2], 0));
	EXPECT_EQ(0, reap_status(self->target, id[2]));
}

/* ------------------------------------------------------------ zero length */

TEST_F(queue, U59_completes_when_its_turn_comes)
{
	static char out[4];
	__u64 held, zero, next;

	OPEN(SEQUENTIAL, 0, NO_ZERO_LENGTH);
	OWNED(held);
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &zero));
	ASSERT_EQ(0, send_read(self->target, out, sizeof(out), &next));
	EXPECT_COUNTS(self->queue, 2, 1);
	EXPECT_NO_RECORD(self->queue);
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(0, complete(self->queue, held, 5));
	EXPECT_EQ(5, reap_status(self->target, held));
	EXPECT_EQ(REQUEST, fetch_event(self->queue, 0, next));
	EXPECT_EQ(0, reap_status(self->target, zero));
	EXPECT_COUNTS(self->queue, 0, 1);
	EXPECT_EQ(0, complete(self->queue, next, 0));
}

/* Alone, and last: nobody is told anything. */
TEST_F(queue, U59_nothing_else_is_there)
{
	struct iotarget_reap_element r;
	__u64 zero;

	OPEN(PARALLEL, 0, NO_ZERO_LENGTH);
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &zero));
	EXPECT_NO_RECORD(self->queue);
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(zero, r.id);
	EXPECT_EQ(0, r.status);
	EXPECT_EQ(0, r.information);
	EXPECT_COUNTS(self->queue, 0, 0);
}

/* The last of them, when the one before completes. */
TEST_F(queue, U59_behind_a_held_one)
{
	__u64 held, zero;

	OPEN(SEQUENTIAL, 0, NO_ZERO_LENGTH);
	OWNED(held);
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &zero));
	EXPECT_EQ(0, complete(self->queue, held, 5));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(5, reap_status(self->target, held));
	EXPECT_EQ(0, reap_status(self->target, zero));
	EXPECT_COUNTS(self->queue, 0, 0);
}

/* Of a manual queue: when it would be retrieved. */
TEST_F(queue, U59_of_a_manual_queue)
{
	static char out[4];
	__u64 zero[2], id, got;

	OPEN(MANUAL, 0, NO_ZERO_LENGTH);
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &zero[0]));
	ASSERT_EQ(0, send_read(self->target, out, sizeof(out), &id));
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &zero[1]));
	EXPECT_EQ(0, retrieve(self->queue, 0, &got));
	EXPECT_EQ(id, got);
	EXPECT_EQ(0, reap_status(self->target, zero[0]));
	EXPECT_EQ(-ENODATA, retrieve(self->queue, 0, &got));
	EXPECT_EQ(0, reap_status(self->target, zero[1]));
	EXPECT_COUNTS(self->queue, 0, 1);
}

/* More than complete under one hold of the lock, then one that the host gets. */
static void zero_length_before_one(struct __test_metadata *_metadata,
				   FIXTURE_DATA(queue) *self)
{
	static struct iotarget_reap_element r[300];
	struct iotarget_send reap = send_arg(0, NULL, 0, r, 300);
	struct iotarget_fetch_element record = {};
	static char out[4];
	unsigned int i, n;
	__u64 held, id;

	for (n = 0; n < 2; n++) {
		OWNED(held);
		for (i = 0; i < 300; i++)
			ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ,
					       &none));
		ASSERT_EQ(0, send_read(self->target, out, sizeof(out), &id));
		EXPECT_EQ(0, complete(self->queue, held, 5));
		/* asks once, or sleeps until they are through */
		if (self->dispatch == MANUAL) {
			ASSERT_EQ(0, take(self, 0, id));
		} else {
			ASSERT_EQ(0, fetch_one(self->queue, 0, &record));
			ASSERT_EQ(id, record.id);
		}
		EXPECT_EQ(5, reap_status(self->target, held));
		for (i = 0; i < 300; i += reap.reaped) {
			reap.reap.count = 300 - i;
			ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
		}
		EXPECT_COUNTS(self->queue, 0, 1);
		EXPECT_EQ(0, complete(self->queue, id, 0));
		EXPECT_EQ(0, reap_status(self->target, id));
	}
}

TEST_F(queue, U59_many_before_one)
{
	OPEN(SEQUENTIAL, 0, NO_ZERO_LENGTH);
	zero_length_before_one(_metadata, self);
}

TEST_F(queue, U59_many_before_one_of_a_manual_queue)
{
	OPEN(MANUAL, 0, NO_ZERO_LENGTH);
	zero_length_before_one(_metadata, self);
}

/* Its turn does not come while the queue is stopped. */
TEST_F(queue, U59_of_a_stopped_queue)
{
	__u64 zero[2];

	OPEN(SEQUENTIAL, 0, NO_ZERO_LENGTH);
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_STOP));
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &zero[0]));
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &zero[1]));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_NO_COMPLETION();
	EXPECT_COUNTS(self->queue, 2, 0);
	/* until then it can be cancelled */
	EXPECT_EQ(DELIVERED, cancel(self->target, zero[0]));
	EXPECT_EQ(-ECANCELED, reap_status(self->target, zero[0]));
	ASSERT_EQ(0, queue_do(self->queue, IOTARGET_QUEUE_START));
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(0, reap_status(self->target, zero[1]));
	EXPECT_COUNTS(self->queue, 0, 0);
}

/* Writes, too; but neither a CONTROL nor what goes the other way. */
TEST(U59_which_requests)
{
	static char bytes[4];
	struct iotarget_send_element e[4] = {
		{ .type = IOTARGET_TYPE_WRITE },
		{ .type = IOTARGET_TYPE_WRITE, .in = ADDRESS(bytes),
		  .in_length = 1 },
		{ .type = IOTARGET_TYPE_CONTROL },
		{ .type = IOTARGET_TYPE_READ, .out = ADDRESS(bytes),
		  .out_length = 1 },
	};
	struct iotarget_send send = send_arg(0, e, 4, NULL, 0);
	int device = device_create_all(0, PARALLEL, 0, NO_ZERO_LENGTH);
	int target = target_open(device);
	int i;

	ASSERT_GE(target, 0);
	ASSERT_EQ(0, call(target, IOTARGET_SEND, &send));
	for (i = 1; i < 4; i++)
		EXPECT_EQ(REQUEST, fetch_event(device, 0, e[i].id));
	EXPECT_EQ(-EAGAIN, fetch_event(device, 0, 0));
	EXPECT_EQ(0, reap_status(target, e[0].id));
	EXPECT_EQ(-EAGAIN, reap_status(target, 0));
}

/* A queue that was not made so hands them out. */
TEST_F(queue, U59_is_asked_for_by_queue)
{
	__u64 id;

	OPEN(PARALLEL, 0, 0);
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &id));
	EXPECT_EQ(REQUEST, fetch_event(self->queue, 0, id));
}

/* A plain read of no bytes: its sender need not be there twice. */
static int read_nothing(void *arg)
{
	return read(*(int *)arg, NULL, 0) < 0 ? -errno : 0;
}

TEST_F(queue, U59_of_a_plain_read)
{
	struct background sender;
	__u64 held;

	OPEN(SEQUENTIAL, 0, NO_ZERO_LENGTH);
	EXPECT_EQ(0, read_nothing(&self->target));
	OWNED(held);
	background_start(&sender, read_nothing, &self->target);
	wait_asleep_in(sender.tid, SYS_read);
	EXPECT_NO_RECORD(self->queue);
	EXPECT_EQ(0, complete(self->queue, held, 0));
	EXPECT_EQ(0, background_join(&sender));
}

/* ------------------------------------------------------------------- U60 */

/* Each is completed by the call that fetches the next, 10^5 in all. */
static void complete_inline(struct __test_metadata *_metadata,
			    FIXTURE_DATA(queue) *self, __u32 flags)
{
	static struct iotarget_send_element e[1000];
	static struct iotarget_reap_element r[1000];
	struct iotarget_send send = send_arg(0, e, 1000, NULL, 0);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, 1000);
	struct iotarget_complete_element c = {};
	struct iotarget_fetch_element f = {};
	struct iotarget_fetch arg = fetch_arg(flags, &c, 0, &f, 1);
	int round, i;

	for (i = 0; i < 1000; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	for (round = 0; round < 100; round++) {
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
		ASSERT_EQ(1000, send.sent);
		for (i = 0; i < 1000; i++) {
			ASSERT_EQ(0, call(self->queue, IOTARGET_FETCH, &arg));
			ASSERT_EQ(1, arg.fetched);
			ASSERT_EQ(e[i].id, f.id);
			c.id = f.id;
			arg.complete.count = 1;
		}
		EXPECT_EQ(0, complete(self->queue, c.id, 0));
		arg.complete.count = 0;
		for (i = 0; i < 1000; i += reap.reaped)
			ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
	}
	EXPECT_COUNTS(self->queue, 0, 0);
}

TEST_F(queue, U60_complete_inline_of_a_sequential_queue)
{
	OPEN(SEQUENTIAL, 0, 0);
	complete_inline(_metadata, self, 0);
}

TEST_F(queue, U60_complete_inline_of_a_limited_queue)
{
	OPEN(PARALLEL, 1, 0);
	complete_inline(_metadata, self, 0);
}

TEST_F(queue, U60_complete_inline_of_a_manual_queue)
{
	OPEN(MANUAL, 0, 0);
	complete_inline(_metadata, self, IOTARGET_FETCH_RETRIEVE);
}

/* What completes in the kernel, one after another, 10^5 in all. */
TEST_F(queue, U60_zero_length_behind_a_held_one)
{
	static struct iotarget_send_element e[10000];
	static struct iotarget_reap_element r[4096];
	struct iotarget_send send, reap = send_arg(0, NULL, 0, r, 4096);
	unsigned int round, i, n;
	__u64 held;

	OPEN(SEQUENTIAL, 0, NO_ZERO_LENGTH);
	for (i = 0; i < 10000; i++)
		e[i].type = IOTARGET_TYPE_READ;
	for (round = 0; round < 10; round++) {
		OWNED(held);
		for (i = 0; i < 10000; i += send.sent) {
			n = 10000 - i < IOTARGET_ARRAY_MAX ? 10000 - i :
							     IOTARGET_ARRAY_MAX;
			send = send_arg(0, &e[i], n, NULL, 0);
			ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
		}
		EXPECT_COUNTS(self->queue, 10000, 1);
		EXPECT_EQ(0, complete(self->queue, held, 1));
		EXPECT_NO_RECORD(self->queue);
		EXPECT_EQ(1, reap_status(self->target, held));
		for (i = 0; i < 10000; ) {
			ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
			for (n = 0; n < reap.reaped; n++, i++) {
				ASSERT_EQ(e[i].id, r[n].id);
				ASSERT_EQ(0, r[n].status);
			}
		}
		EXPECT_COUNTS(self->queue, 0, 0);
	}
}

/* ---------------------------------------------------------------- routes */

TEST(U61_routes)
{
	int device = parallel_create(), foreign = foreign_queue();
	int target = target_open(device), queue[3], pipes[2], path, i;
	__u64 id[4];

	ASSERT_GE(target, 0);
	ASSERT_GE(foreign, 0);
	ASSERT_EQ(0, pipe(pipes));
	path = open("/dev/null", O_PATH);
	for (i = 0; i < 3; i++) {
		queue[i] = queue_create_flags(device, 0, PARALLEL, 0);
		ASSERT_GE(queue[i], 0);
	}
	EXPECT_EQ(-EINVAL, route(device, IOTARGET_TYPE_READ, device));
	EXPECT_EQ(-EINVAL, route(device, IOTARGET_TYPE_READ, foreign));
	EXPECT_EQ(-EINVAL, route(device, IOTARGET_TYPE_READ, target));
	EXPECT_EQ(-EINVAL, route(device, IOTARGET_TYPE_READ, pipes[0]));
	EXPECT_EQ(-EBADF, route(device, IOTARGET_TYPE_READ, -1));
	EXPECT_EQ(-EBADF, route(device, IOTARGET_TYPE_READ, 1 << 20));
	EXPECT_EQ(-EBADF, route(device, IOTARGET_TYPE_READ, path));
	EXPECT_EQ(-EINVAL, route(device, 0, queue[0]));
	EXPECT_EQ(-EINVAL, route(device, 4, queue[0]));
	EXPECT_EQ(-EINVAL, route(device, ~0U, queue[0]));
	EXPECT_EQ(0, route(device, IOTARGET_TYPE_READ, queue[0]));
	EXPECT_EQ(-EBUSY, route(device, IOTARGET_TYPE_READ, queue[1]));
	EXPECT_EQ(-EBUSY, route(device, IOTARGET_TYPE_READ, queue[0]));
	EXPECT_EQ(-EINVAL, route(device, IOTARGET_TYPE_READ, device));
	/* two types to one queue */
	EXPECT_EQ(0, route(device, IOTARGET_TYPE_WRITE, queue[1]));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_type(target, IOTARGET_TYPE_READ + i, &id[i]));
	EXPECT_EQ(REQUEST, fetch_event(queue[0], 0, id[0]));
	EXPECT_EQ(REQUEST, fetch_event(queue[1], 0, id[1]));
	EXPECT_EQ(REQUEST, fetch_event(device, 0, id[2]));
	EXPECT_EQ(0, route(device, IOTARGET_TYPE_CONTROL, queue[1]));
	ASSERT_EQ(0, send_type(target, IOTARGET_TYPE_CONTROL, &id[3]));
	EXPECT_EQ(REQUEST, fetch_event(queue[1], 0, id[3]));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EAGAIN, fetch_event(queue[i], 0, 0));
	EXPECT_EQ(-EAGAIN, fetch_event(device, 0, 0));
	/* ended: its routes are gone, and it takes no new one */
	ASSERT_EQ(0, end(queue[0]));
	EXPECT_EQ(-ENODEV, route(device, IOTARGET_TYPE_READ, queue[0]));
	ASSERT_EQ(0, send_type(target, IOTARGET_TYPE_READ, &id[0]));
	EXPECT_EQ(REQUEST, fetch_event(device, 0, id[0]));
	EXPECT_EQ(0, route(device, IOTARGET_TYPE_READ, queue[2]));
	EXPECT_EQ(-EBUSY, route(device, IOTARGET_TYPE_WRITE, queue[2]));
	ASSERT_EQ(0, send_type(target, IOTARGET_TYPE_READ, &id[0]));
	EXPECT_EQ(REQUEST, fetch_event(queue[2], 0, id[0]));
	ASSERT_EQ(0, end(device));
	EXPECT_EQ(-ENODEV, route(device, IOTARGET_TYPE_CONTROL, queue[2]));
	close(path);
	close(foreign);
}

/* One SEND of all types: each to its queue, in order. */
TEST(U61_an_array_of_all_types)
{
	struct iotarget_send_element e[30] = {};
	struct iotarget_send send = send_arg(0, e, 30, NULL, 0);
	int device = parallel_create(), queue[3], target, i;

	for (i = 0; i < 3; i++) {
		queue[i] = queue_create_flags(device, 0, PARALLEL, 0);
		ASSERT_EQ(0, route(device, IOTARGET_TYPE_READ + i, queue[i]));
	}
	target = target_open(device);
	ASSERT_GE(target, 0);
	for (i = 0; i < 30; i++)
		e[i].type = IOTARGET_TYPE_READ + i * 7 % 3;
	ASSERT_EQ(0, call(target, IOTARGET_SEND, &send));
	ASSERT_EQ(30, send.sent);
	for (i = 0; i < 30; i++)
		EXPECT_EQ(REQUEST, fetch_event(queue[i * 7 % 3], 0, e[i].id));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-EAGAIN, fetch_event(queue[i], 0, 0));
	EXPECT_EQ(-EAGAIN, fetch_event(device, 0, 0));
}

/* It also wakes the hosts of all of them. */
TEST(U61_an_array_wakes_each_host)
{
	struct iotarget_send_element e[4] = {};
	struct iotarget_send send = send_arg(0, e, 4, NULL, 0);
	int device = parallel_create(), fd[4], target, i;
	struct background host[4];

	fd[3] = device;
	for (i = 0; i < 2; i++) {
		fd[i] = queue_create_flags(device, 0, PARALLEL, 0);
		ASSERT_EQ(0, route(device, IOTARGET_TYPE_READ + i, fd[i]));
	}
	fd[2] = fd[0];
	target = target_open(device);
	ASSERT_GE(target, 0);
	for (i = 0; i < 4; i++) {
		e[i].type = i == 2 ? IOTARGET_TYPE_READ :
			    i == 3 ? IOTARGET_TYPE_CONTROL :
				     IOTARGET_TYPE_READ + i;
		background_start(&host[i], fetch_waiting, &fd[i]);
		wait_asleep(host[i].tid);
	}
	ASSERT_EQ(0, call(target, IOTARGET_SEND, &send));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(REQUEST, background_join(&host[i]));
}

/* ---------------------------------------------------- the end of a queue */

FIXTURE(ended) {
	int device;
	int queue;
	int target;
};

FIXTURE_VARIANT(ended) {
	bool shutdown;
};

FIXTURE_VARIANT_ADD(ended, last_close) { .shutdown = false };
FIXTURE_VARIANT_ADD(ended, shutdown) { .shutdown = true };

FIXTURE_SETUP(ended)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->queue = queue_create_flags(self->device, CANCELED_EVENTS, PARALLEL,
					 0);
	ASSERT_GE(self->queue, 0);
	ASSERT_EQ(0, route(self->device, IOTARGET_TYPE_CONTROL, self->queue));
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(ended)
{
	close(self->target);
	close(self->queue);
	close(self->device);
}

#define END_QUEUE() do {						\
	if (variant->shutdown) {					\
		ASSERT_EQ(0, end(self->queue));				\
	} else {							\
		close(self->queue);					\
		self->queue = -1;					\
	}								\
} while (0)

#define PRESENTED_ON(queue_, id) do {					\
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &(id))); \
	ASSERT_EQ(REQUEST, fetch_event(self->device, 0, id));		\
	ASSERT_EQ(0, forward(self->device, id, queue_));		\
} while (0)

TEST_F(ended, U62_an_owned_cancelable_one)
{
	__u64 id;

	SEND(id);
	ASSERT_EQ(REQUEST, fetch_event(self->queue, IOTARGET_FETCH_CANCELABLE,
				       id));
	END_QUEUE();
	EXPECT_EQ(-ENODEV, reap_status(self->target, id));
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(-ENOENT, cancel(self->target, id));
	/* the route is gone */
	SEND(id);
	EXPECT_EQ(REQUEST, fetch_event(self->device, 0, id));
	EXPECT_EQ(0, complete(self->device, id, 3));
	EXPECT_EQ(3, reap_status(self->target, id));
}

TEST_F(ended, U62_one_of_each_state)
{
	enum { UNMARKED, MARKED_, CLAIMED, TOLD_, ON_QUEUE, ON_QUEUE_TOLD,
	       PRESENTED_, QUEUED, STATES };
	struct iotarget_reap_element r;
	__u64 id[STATES], elsewhere;
	int seen[STATES] = {}, i, n;

	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &elsewhere));
	ASSERT_EQ(REQUEST, fetch_event(self->device, IOTARGET_FETCH_CANCELABLE,
				       elsewhere));
	for (i = UNMARKED; i <= TOLD_; i++) {
		SEND(id[i]);
		ASSERT_EQ(REQUEST, fetch_event(self->queue, 0, id[i]));
		if (i != UNMARKED)
			EXPECT_EQ(0, mark(self->queue, id[i]));
	}
	EXPECT_EQ(DELIVERED, cancel(self->target, id[TOLD_]));
	EXPECT_EQ(CANCEL, fetch_event(self->queue, 0, id[TOLD_]));
	PRESENTED_ON(self->queue, id[ON_QUEUE_TOLD]);
	EXPECT_EQ(DELIVERED, cancel(self->target, id[ON_QUEUE_TOLD]));
	EXPECT_EQ(CANCELED, fetch_event(self->queue, 0, id[ON_QUEUE_TOLD]));
	PRESENTED_ON(self->queue, id[ON_QUEUE]);
	EXPECT_EQ(DELIVERED, cancel(self->target, id[ON_QUEUE]));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[CLAIMED]));
	PRESENTED_ON(self->queue, id[PRESENTED_]);
	SEND(id[QUEUED]);
	EXPECT_COUNTS(self->queue, 2, 6);
	END_QUEUE();
	for (n = 0; n < STATES; n++) {
		ASSERT_EQ(0, reap_now(self->target, &r));
		for (i = 0; i < STATES && id[i] != r.id; i++)
			;
		ASSERT_LT(i, STATES);
		seen[i]++;
		EXPECT_EQ(i == UNMARKED || i == MARKED_ || i == PRESENTED_ ||
			  i == QUEUED ? -ENODEV : -ECANCELED, r.status) {
			TH_LOG("state %d", i);
		}
		EXPECT_EQ(0, r.information);
	}
	for (i = 0; i < STATES; i++)
		EXPECT_EQ(1, seen[i]);
	EXPECT_NO_COMPLETION();
	/* the other queue's is as it was */
	EXPECT_EQ(DELIVERED, cancel(self->target, elsewhere));
	EXPECT_EQ(CANCEL, fetch_event(self->device, 0, elsewhere));
	EXPECT_EQ(0, complete(self->device, elsewhere, 1));
	EXPECT_EQ(1, reap_status(self->target, elsewhere));
}

TEST_F(ended, its_end_leaves_queues_and_routes_of_others)
{
	int other = queue_create_flags(self->device, 0, PARALLEL, 0);
	__u64 id;

	ASSERT_GE(other, 0);
	ASSERT_EQ(0, route(self->device, IOTARGET_TYPE_READ, other));
	END_QUEUE();
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_READ, &id));
	EXPECT_EQ(REQUEST, fetch_event(other, 0, id));
	EXPECT_EQ(0, route(self->device, IOTARGET_TYPE_CONTROL, other));
	SEND(id);
	EXPECT_EQ(REQUEST, fetch_event(other, 0, id));
	close(other);
}

/* Plain senders get the errno. */
static int control_plain(void *arg)
{
	return ioctl(*(int *)arg, _IO('q', 1)) < 0 ? -errno : 0;
}

TEST_F(ended, plain_senders)
{
	struct background sender;

	background_start(&sender, control_plain, &self->target);
	wait_asleep(sender.tid);
	END_QUEUE();
	EXPECT_EQ(-ENODEV, background_join(&sender));
}

TEST_F(ended, later_calls_answer_ENODEV)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_queue_control control;
	struct iotarget_payload part = { .size = sizeof(part) };
	struct background host, poller;
	__u64 id;
	int i;

	if (!variant->shutdown)
		return;
	SEND(id);
	ASSERT_EQ(REQUEST, fetch_event(self->queue, 0, id));
	background_start(&host, fetch_waiting, &self->queue);
	background_start(&poller, poll_waiting, &self->queue);
	wait_asleep(host.tid);
	wait_asleep_in(poller.tid, SYS_poll);
	ASSERT_EQ(0, end(self->queue));
	EXPECT_EQ(-ENODEV, background_join(&host));
	EXPECT_EQ(POLLERR | POLLHUP, background_join(&poller));
	EXPECT_EQ(-ENODEV, reap_status(self->target, id));
	/* also when the device has ended, and once more */
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-ENODEV, fetch_one(self->queue, 0, &record));
		EXPECT_EQ(-ENODEV, fetch_now(self->queue, 0, &record));
		EXPECT_EQ(-ENODEV, mark(self->queue, id));
		EXPECT_EQ(-ENODEV, unmark(self->queue, id));
		EXPECT_EQ(-ENODEV, is_canceled(self->queue, id));
		EXPECT_EQ(-ENODEV, requeue(self->queue, id));
		EXPECT_EQ(-ENODEV, forward(self->queue, id, self->device));
		EXPECT_EQ(-ENODEV, complete(self->queue, id, 0));
		EXPECT_EQ(-ENODEV, call(self->queue, IOTARGET_READ, &part));
		EXPECT_EQ(-ENODEV, call(self->queue, IOTARGET_WRITE, &part));
		EXPECT_EQ(-ENODEV, queue_control(self->queue,
						 IOTARGET_QUEUE_STATE, 0,
						 &control));
		EXPECT_EQ(-ENODEV, queue_do(self->queue, IOTARGET_QUEUE_START));
		EXPECT_EQ(-ENODEV, queue_notify(self->queue,
						IOTARGET_QUEUE_PURGE));
		EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->queue));
		EXPECT_EQ(0, end(self->queue));
		ASSERT_EQ(0, end(self->device));
	}
}

/* The device ends with all its queues. */
TEST_F(ended, the_device_ends)
{
	int manual = queue_create_flags(self->device, CANCELED_EVENTS, MANUAL, 0);
	struct iotarget_fetch_element record = {};
	struct background host, poller;
	__u64 id[3];

	ASSERT_GE(manual, 0);
	ASSERT_EQ(0, route(self->device, IOTARGET_TYPE_WRITE, manual));
	SEND(id[0]);
	ASSERT_EQ(REQUEST, fetch_event(self->queue, 0, id[0]));
	PRESENTED_ON(manual, id[1]);
	EXPECT_EQ(DELIVERED, cancel(self->target, id[1]));
	ASSERT_EQ(0, send_type(self->target, IOTARGET_TYPE_WRITE, &id[2]));
	background_start(&host, fetch_waiting, &self->queue);
	background_start(&poller, poll_waiting, &self->queue);
	wait_asleep(host.tid);
	wait_asleep_in(poller.tid, SYS_poll);
	if (variant->shutdown) {
		ASSERT_EQ(0, end(self->device));
	} else {
		close(self->device);
		self->device = -1;
	}
	EXPECT_EQ(-ENODEV, background_join(&host));
	EXPECT_EQ(POLLERR | POLLHUP, background_join(&poller));
	EXPECT_EQ(-ENODEV, fetch_now(manual, 0, &record));
	EXPECT_EQ(-ENODEV, retrieve(manual, 0, &none));
	EXPECT_EQ(POLLERR | POLLHUP, poll_now(manual));
	EXPECT_EQ(-ENODEV, complete(self->queue, id[0], 0));
	for (int n = 0; n < 3; n++) {
		struct iotarget_reap_element r;

		ASSERT_EQ(0, reap_now(self->target, &r));
		EXPECT_EQ(r.id == id[1] ? -ECANCELED : -ENODEV, r.status);
	}
	EXPECT_EQ(-ENODEV, send_one(self->target, 0, NULL));
	close(manual);
}

/* The last close, not the first. */
TEST_F(ended, copies_keep_it)
{
	int copy = dup(self->queue);
	__u64 id;

	END_QUEUE();
	if (variant->shutdown) {
		EXPECT_EQ(-ENODEV, mark(copy, 1));
		return;
	}
	SEND(id);
	EXPECT_EQ(REQUEST, fetch_event(copy, 0, id));
	EXPECT_EQ(0, complete(copy, id, 1));
	EXPECT_EQ(1, reap_status(self->target, id));
	SEND(id);
	close(copy);
	EXPECT_EQ(-ENODEV, reap_status(self->target, id));
}

/* A child that serves @queue once, and ends when told. */
static void serve_once(int queue, int told)
{
	struct iotarget_fetch_element record = {};
	char byte;

	if (fetch_one(queue, 0, &record) || record.event != REQUEST ||
	    complete(queue, record.id, 42))
		_exit(1);
	if (read(told, &byte, 1) != 1)
		_exit(2);
	_exit(0);
}

/* With a queue that is the child's alone by now. */
static void child_is_the_host(struct __test_metadata *_metadata,
			      FIXTURE_DATA(ended) *self,
			      const FIXTURE_VARIANT(ended) *variant, pid_t child,
			      int tell)
{
	struct iotarget_reap_element r;
	int status;
	__u64 id;

	SEND(id);
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(id, r.id);
	EXPECT_EQ(42, r.status);
	SEND(id);
	EXPECT_NO_COMPLETION();
	ASSERT_EQ(1, write(tell, "", 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-ENODEV, reap_status(self->target, id));
	SEND(id);
	EXPECT_EQ(REQUEST, fetch_event(self->device, 0, id));
}

TEST_F(ended, U62_inherited)
{
	int tell[2];
	pid_t child;

	if (variant->shutdown)
		return;
	ASSERT_EQ(0, pipe(tell));
	child = fork();
	if (!child)
		serve_once(self->queue, tell[0]);
	ASSERT_LT(0, child);
	close(self->queue);
	self->queue = -1;
	child_is_the_host(_metadata, self, variant, child, tell[1]);
}

TEST_F(ended, U62_passed_on)
{
	int sockets[2], queue;
	pid_t child;
	char byte;

	if (variant->shutdown)
		return;
	close(self->queue);
	self->queue = -1;
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	child = fork();
	if (!child) {
		close(sockets[0]);
		queue = fd_receive(sockets[1], &byte, 1);
		if (queue < 0)
			_exit(3);
		serve_once(queue, sockets[1]);
	}
	ASSERT_LT(0, child);
	close(sockets[1]);
	queue = queue_create_flags(self->device, 0, SEQUENTIAL, 0);
	ASSERT_GE(queue, 0);
	ASSERT_EQ(0, route(self->device, IOTARGET_TYPE_CONTROL, queue));
	fd_send(sockets[0], queue, "", 1);
	close(queue);
	child_is_the_host(_metadata, self, variant, child, sockets[0]);
}

/* SHUTDOWN is for all who have it. */
TEST_F(ended, shutdown_by_another_process)
{
	struct background host;
	int status;
	pid_t child;

	if (!variant->shutdown)
		return;
	background_start(&host, fetch_waiting, &self->queue);
	wait_asleep(host.tid);
	child = fork();
	if (!child)
		_exit(end(self->queue) ? 1 : 0);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(-ENODEV, background_join(&host));
	EXPECT_EQ(-ENODEV, mark(self->queue, 1));
}

/* A queue that nothing was routed to, and one that is forwarded to. */
TEST_F(ended, forwarded_there)
{
	int other = queue_create_flags(self->device, 0, SEQUENTIAL, 0);
	__u64 id[2];

	ASSERT_GE(other, 0);
	SEND(id[0]);
	SEND(id[1]);
	ASSERT_EQ(REQUEST, fetch_event(self->queue, 0, id[0]));
	ASSERT_EQ(REQUEST, fetch_event(self->queue, 0, id[1]));
	EXPECT_EQ(0, forward(self->queue, id[0], other));
	END_QUEUE();
	/* it is not that queue's any more */
	EXPECT_EQ(-ENODEV, reap_status(self->target, id[1]));
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(REQUEST, fetch_event(other, 0, id[0]));
	EXPECT_EQ(0, complete(other, id[0], 8));
	EXPECT_EQ(8, reap_status(self->target, id[0]));
	close(other);
}

/* -------------------------------------------------------------- signals */

TEST_F(ended, signals_during_a_fetch)
{
	struct background host;
	__u64 id;

	catch_signal(SIGUSR1, variant->shutdown);
	background_start(&host, fetch_waiting, &self->queue);
	wait_asleep(host.tid);
	signal_thread(host.tid, SIGUSR1);
	if (!variant->shutdown) {
		EXPECT_EQ(-EINTR, background_join(&host));
		return;
	}
	/* restarted, where the signal's action says so */
	SEND(id);
	EXPECT_EQ(REQUEST, background_join(&host));
}

/* ---------------------------------------------------------- file events */

static int file_done(int device, __u64 file)
{
	struct iotarget_file_done arg = { .size = sizeof(arg), .file = file };

	return call(device, IOTARGET_FILE_DONE, &arg);
}

/* On the device's fd alone, whatever queues the file's requests are in. */
TEST(file_events_of_all_queues)
{
	struct iotarget_fetch_element record = {};
	int device, queue, manual, target;
	__u64 file, marked, queued, presented, held, got;

	device = device_create_flags(IOTARGET_DEVICE_FILE_EVENTS, PARALLEL, 0);
	queue = queue_create_flags(device, 0, PARALLEL, 0);
	manual = queue_create_flags(device, CANCELED_EVENTS, MANUAL, 0);
	ASSERT_EQ(0, route(device, IOTARGET_TYPE_READ, queue));
	ASSERT_EQ(0, route(device, IOTARGET_TYPE_WRITE, manual));
	target = target_open_file(device, &file);
	ASSERT_GE(target, 0);
	ASSERT_EQ(0, send_type(target, IOTARGET_TYPE_READ, &marked));
	ASSERT_EQ(REQUEST, fetch_event(queue, IOTARGET_FETCH_CANCELABLE, marked));
	ASSERT_EQ(0, send_type(target, IOTARGET_TYPE_READ, &queued));
	ASSERT_EQ(0, send_type(target, IOTARGET_TYPE_WRITE, &presented));
	ASSERT_EQ(0, retrieve(manual, 0, &got));
	ASSERT_EQ(0, requeue(manual, presented));
	ASSERT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(manual, 0));
	ASSERT_EQ(0, send_one(target, 0, &held));
	close(target);
	EXPECT_EQ(-EAGAIN, fetch_event(queue, 0, 0));
	EXPECT_EQ(-EAGAIN, fetch_event(manual, 0, 0));
	/* held back in every queue */
	EXPECT_EQ(-ENODATA, retrieve(manual, 0, &got));
	EXPECT_EQ(-ENODATA, retrieve(manual, file, &got));
	ASSERT_EQ(0, fetch_polled(device, 0, &record));
	EXPECT_EQ(IOTARGET_EVENT_CLEANUP, record.event);
	EXPECT_EQ(file, record.file);
	EXPECT_EQ(-EAGAIN, fetch_event(device, 0, 0));
	EXPECT_EQ(-ENOTTY, file_done(queue, file));
	EXPECT_EQ(0, file_done(device, file));
	EXPECT_EQ(CANCEL, fetch_event(queue, 0, marked));
	EXPECT_EQ(CANCELED, fetch_event(manual, 0, presented));
	EXPECT_EQ(-EAGAIN, fetch_event(queue, 0, 0));
	EXPECT_EQ(-EAGAIN, fetch_event(manual, 0, 0));
	/* CLOSE when the last of all queues has ended */
	EXPECT_EQ(0, complete(queue, marked, 0));
	EXPECT_EQ(-EAGAIN, fetch_event(device, 0, 0));
	EXPECT_EQ(0, complete(manual, presented, 0));
	ASSERT_EQ(0, fetch_polled(device, 0, &record));
	EXPECT_EQ(IOTARGET_EVENT_CLOSE, record.event);
	EXPECT_EQ(file, record.file);
	EXPECT_EQ(-EAGAIN, fetch_event(device, 0, 0));
	EXPECT_COUNTS(queue, 0, 0);
	EXPECT_COUNTS(manual, 0, 0);
	EXPECT_COUNTS(device, 0, 0);
}

/* What is forwarded or requeued after the file's end is held back as well. */
TEST(file_events_and_what_comes_to_a_queue_later)
{
	struct iotarget_fetch_element record = {};
	int device, manual, other, target;
	__u64 file, id[3], got;
	int i;

	device = device_create_flags(IOTARGET_DEVICE_FILE_EVENTS, PARALLEL, 0);
	manual = queue_create_flags(device, 0, MANUAL, 0);
	other = target_open(device);
	target = target_open_file(device, &file);
	ASSERT_GE(target, 0);
	ASSERT_EQ(0, route(device, IOTARGET_TYPE_WRITE, manual));
	ASSERT_EQ(0, send_type(target, IOTARGET_TYPE_WRITE, &id[0]));
	ASSERT_EQ(0, retrieve(manual, 0, &got));
	ASSERT_EQ(0, send_one(target, 0, &id[1]));
	ASSERT_EQ(REQUEST, fetch_event(device, 0, id[1]));
	close(target);
	EXPECT_EQ(0, requeue(manual, id[0]));
	EXPECT_EQ(0, forward(device, id[1], manual));
	EXPECT_EQ(-ENODATA, retrieve(manual, 0, &got));
	EXPECT_EQ(-EAGAIN, fetch_event(manual, 0, 0));
	/* another file's is none of that */
	ASSERT_EQ(0, send_type(other, IOTARGET_TYPE_WRITE, &id[2]));
	EXPECT_EQ(ACCEPT | DISPATCH | IDLE, fetch_queue_state(manual, 0));
	EXPECT_EQ(0, retrieve(manual, 0, &got));
	EXPECT_EQ(id[2], got);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, fetch_polled(device, 0, &record));
		EXPECT_EQ(i ? IOTARGET_EVENT_CLOSE : IOTARGET_EVENT_CLEANUP,
			  record.event);
		EXPECT_EQ(file, record.file);
		if (!i)
			EXPECT_EQ(0, file_done(device, file));
	}
	EXPECT_EQ(-EAGAIN, fetch_event(device, 0, 0));
	EXPECT_COUNTS(manual, 0, 1);
}

/* ------------------------------------------------------------------ caps */

#define CAP "/sys/module/iotarget/parameters/user_queues"
/* A user of this file alone, who has nothing yet. */
#define USER 61500

static unsigned long cap_get(void)
{
	FILE *f = fopen(CAP, "r");
	unsigned long value;

	if (!f || fscanf(f, "%lu", &value) != 1)
		abort();
	fclose(f);
	return value;
}

static void cap_set(unsigned long value)
{
	FILE *f = fopen(CAP, "w");

	if (!f || fprintf(f, "%lu", value) < 0 || fclose(f))
		abort();
}

/* The user for whom this process acts; back to root by 0. */
static void act_for(uid_t user)
{
	if (setresuid(-1, 0, -1) || (user && setresuid(-1, user, -1)))
		abort();
}

FIXTURE(caps) {
	unsigned long saved;
};

FIXTURE_SETUP(caps)
{
	if (geteuid())
		SKIP(return, "the caps are root's to set");
	self->saved = cap_get();
}

/* In the parent, which is root whatever became of the test. */
FIXTURE_TEARDOWN_PARENT(caps)
{
	if (self->saved)
		cap_set(self->saved);
}

/* What is freed a little later can be had then; the test's time bounds it. */
static int queue_create_eventually(int device)
{
	int queue;

	while ((queue = queue_create_flags(device, 0, PARALLEL, 0)) == -EDQUOT)
		sched_yield();
	return queue;
}

TEST_F(caps, queues_of_a_user)
{
	int device = parallel_create(), own, queue[3], i;

	ASSERT_GE(device, 0);
	cap_set(4);
	/* who creates it pays, whoever's the device is */
	act_for(USER);
	own = parallel_create();
	ASSERT_GE(own, 0);
	for (i = 0; i < 3; i++) {
		queue[i] = queue_create_flags(i & 1 ? own : device, 0, MANUAL, 0);
		ASSERT_GE(queue[i], 0);
	}
	EXPECT_EQ(-EDQUOT, queue_create_flags(device, 0, PARALLEL, 0));
	EXPECT_EQ(-EDQUOT, queue_create_flags(own, 0, PARALLEL, 0));
	EXPECT_EQ(-EDQUOT, parallel_create());
	/* a refusal costs nothing, and neither does a bad argument */
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(-EDQUOT, queue_create_flags(own, 0, PARALLEL, 0));
		EXPECT_EQ(-EINVAL, queue_create_flags(own, 0, MANUAL, 1));
	}
	act_for(USER + 1);
	i = queue_create_flags(device, 0, PARALLEL, 0);
	EXPECT_GE(i, 0);
	close(i);
	/* given back by who closes it, to who paid */
	act_for(0);
	close(queue[0]);
	act_for(USER);
	queue[0] = queue_create_eventually(device);
	EXPECT_GE(queue[0], 0);
	EXPECT_EQ(-EDQUOT, queue_create_flags(own, 0, PARALLEL, 0));
}

/* How many queues the user may still have. */
static int left(int device)
{
	int queue[16], n = 0;

	while (n < 16 && (queue[n] = queue_create_flags(device, 0, PARALLEL, 0)) >= 0)
		n++;
	for (int i = 0; i < n; i++)
		close(queue[i]);
	return n;
}

/* Once, in whichever order they end. */
TEST_F(caps, queues_are_given_back_once)
{
	int root = parallel_create(), device, queue[2], target, way;
	__u64 id;

	ASSERT_GE(root, 0);
	cap_set(5);
	for (way = 0; way < 5; way++) {
		act_for(USER + 2);
		while (left(root) != 5)
			sched_yield();
		device = parallel_create();
		ASSERT_GE(device, 0);
		queue[0] = queue_create_flags(device, 0, PARALLEL, 0);
		queue[1] = queue_create_flags(device, 0, PARALLEL, 0);
		ASSERT_GE(queue[1], 0);
		ASSERT_EQ(0, route(device, IOTARGET_TYPE_CONTROL, queue[0]));
		target = target_open(device);
		ASSERT_EQ(0, send_one(target, 0, &id));
		EXPECT_EQ(REQUEST, fetch_event(queue[0], 0, id));
		while (left(root) != 2)
			sched_yield();
		switch (way) {
		case 0:
			close(queue[0]);
			close(queue[1]);
			close(device);
			break;
		case 1:
			close(device);
			close(queue[0]);
			close(queue[1]);
			break;
		case 2:
			EXPECT_EQ(0, end(queue[0]));
			EXPECT_EQ(0, end(queue[0]));
			close(queue[1]);
			close(queue[0]);
			close(device);
			break;
		case 3:
			EXPECT_EQ(0, end(device));
			EXPECT_EQ(0, end(queue[1]));
			close(queue[0]);
			close(queue[1]);
			close(device);
			break;
		case 4:
			EXPECT_EQ(0, end(queue[0]));
			EXPECT_EQ(0, end(device));
			close(device);
			close(queue[0]);
			close(queue[1]);
		}
		close(target);
	}
	while (left(root) != 5)
		sched_yield();
}

/* No fd is free: nothing is made, and nothing is charged. */
TEST_F(caps, no_fd_is_free)
{
	int device = parallel_create(), i;
	struct rlimit files, none_left;

	ASSERT_GE(device, 0);
	cap_set(3);
	act_for(USER + 3);
	getrlimit(RLIMIT_NOFILE, &files);
	none_left = files;
	none_left.rlim_cur = 1;
	setrlimit(RLIMIT_NOFILE, &none_left);
	for (i = 0; i < 100; i++)
		EXPECT_EQ(-EMFILE, queue_create_flags(device, 0, PARALLEL, 0));
	setrlimit(RLIMIT_NOFILE, &files);
	while (left(device) != 3)
		sched_yield();
}

/* ---------------------------------------------------------- random walks */

#define QUEUES	4
#define STEPS	64

/* Queues of all kinds of one device, and what was sent and not reaped. */
struct walk {
	int device;
	int queue[QUEUES];
	int target[2];
	__u64 file[2];
	__u64 id[STEPS];
	int sent[2];
	int ids;
	int n;
	unsigned int seed;
};

static int walk_queue(struct walk *w)
{
	return w->queue[draw(&w->seed, QUEUES)];
}

static __u64 walk_id(struct walk *w)
{
	return w->ids ? w->id[draw(&w->seed, w->ids)] : 1;
}

static int walk_send(struct walk *w)
{
	static char bytes[8];
	int i = draw(&w->seed, 2);
	__u32 length = draw(&w->seed, 2) * sizeof(bytes);
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_READ + draw(&w->seed, 3),
	};
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	int ret;

	if (e.type == IOTARGET_TYPE_WRITE) {
		e.in = ADDRESS(bytes);
		e.in_length = length;
	} else {
		e.out = ADDRESS(bytes);
		e.out_length = length;
	}
	ret = call(w->target[i], IOTARGET_SEND, &arg);
	if (!ret) {
		w->id[w->ids++] = e.id;
		w->sent[i]++;
	}
	return ret;
}

static void walk_reap(struct walk *w)
{
	struct iotarget_reap_element r;
	int i;

	for (i = 0; i < 2; i++)
		while (!reap_now(w->target[i], &r))
			w->sent[i]--;
}

/* What waits and what hosts have is all that was sent and has not completed. */
static int walk_count(struct walk *w)
{
	struct iotarget_queue_control control;
	int i, sum = 0;

	walk_reap(w);
	for (i = 0; i < QUEUES; i++) {
		if (queue_state(w->queue[i]) < 0 ||
		    queue_control(w->queue[i], IOTARGET_QUEUE_STATE, 0, &control))
			return -1;
		sum += control.in_queue + control.in_host;
	}
	return sum - w->sent[0] - w->sent[1];
}

static void walk_control(struct walk *w)
{
	struct iotarget_queue_control control;
	__u32 action = IOTARGET_QUEUE_START;

	if (draw(&w->seed, 2))
		action = IOTARGET_QUEUE_STOP + draw(&w->seed, 4);
	queue_control(walk_queue(w), action, draw(&w->seed, 2), &control);
}

static void walk_step(struct __test_metadata *_metadata, struct walk *w)
{
	struct iotarget_fetch_element record = {};
	int from = walk_queue(w), to = walk_queue(w);
	__u64 id = walk_id(w);
	int ret;

	switch (draw(&w->seed, 14)) {
	case 0 ... 3:
		ASSERT_EQ(0, walk_send(w));
		break;
	case 4:
		cancel(w->target[draw(&w->seed, 2)], id);
		break;
	case 5:
		mark(from, id);
		break;
	case 6:
		unmark(from, id);
		break;
	case 7:
		complete(from, id, 0);
		break;
	case 8:
		forward(from, id, to);
		break;
	case 9:
		requeue(from, id);
		break;
	case 10:
		walk_control(w);
		break;
	case 11:
		retrieve(from, draw(&w->seed, 2) ?
			 w->file[draw(&w->seed, 2)] : 0, &id);
		break;
	default:
		ret = fetch_polled(from, draw(&w->seed, 2) ?
				   IOTARGET_FETCH_CANCELABLE : 0, &record);
		ASSERT_TRUE(ret == 0 || ret == -EAGAIN) {
			TH_LOG("step %d: %d", w->n, ret);
		}
	}
	ASSERT_EQ(0, walk_count(w)) {
		TH_LOG("step %d", w->n);
	}
}

/* All that is under way ends, or something is lost. */
static void walk_finish(struct __test_metadata *_metadata, struct walk *w)
{
	struct iotarget_fetch_element record = {};
	int i, n, tries = 0;
	__u64 id;

	for (i = 0; i < QUEUES; i++) {
		ASSERT_EQ(0, queue_do(w->queue[i], IOTARGET_QUEUE_START));
		while (!fetch_polled(w->queue[i], 0, &record))
			if (record.event == REQUEST)
				complete(w->queue[i], record.id, 0);
		for (n = 0; n < w->ids; n++)
			complete(w->queue[i], w->id[n], 0);
	}
	for (walk_reap(w); w->sent[0] + w->sent[1]; walk_reap(w)) {
		ASSERT_LT(tries++, 1000);
		for (i = 0; i < QUEUES; i++) {
			while (!fetch_polled(w->queue[i], 0, &record))
				complete(w->queue[i], record.id, 0);
			while (!retrieve(w->queue[i], 0, &id))
				complete(w->queue[i], id, 0);
		}
	}
	for (i = 0; i < QUEUES; i++) {
		while (!fetch_polled(w->queue[i], 0, &record))
			ASSERT_EQ(IOTARGET_EVENT_QUEUE_STATE, record.event);
		ASSERT_EQ(ACCEPT | DISPATCH | EMPTY | IDLE,
			  queue_state(w->queue[i]));
	}
	w->ids = 0;
}

/* (for its time limit) */
FIXTURE(walks) { };
FIXTURE_SETUP(walks) { }
FIXTURE_TEARDOWN(walks) { }

/* Invariants 1 and 10 and the counts, whatever came before. */
TEST_F_TIMEOUT(walks, poll_and_counts_agree, HOUR)
{
	struct walk w = { .seed = seed_get() };
	int steps = rounds_get(20000);
	int i;

	TH_LOG("seed %u", w.seed);
	w.device = w.queue[0] = device_create_all(0, PARALLEL, 0,
						  CANCELED_EVENTS);
	w.queue[1] = queue_create_flags(w.device, CANCELED_EVENTS, SEQUENTIAL, 0);
	w.queue[2] = queue_create_flags(w.device, CANCELED_EVENTS |
					NO_ZERO_LENGTH, MANUAL, 0);
	w.queue[3] = queue_create_flags(w.device, NO_ZERO_LENGTH, PARALLEL, 2);
	ASSERT_EQ(0, route(w.device, IOTARGET_TYPE_READ, w.queue[1]));
	ASSERT_EQ(0, route(w.device, IOTARGET_TYPE_WRITE, w.queue[2]));
	ASSERT_GE(w.queue[3], 0);
	for (i = 0; i < 2; i++) {
		w.target[i] = target_open_file(w.device, &w.file[i]);
		ASSERT_GE(w.target[i], 0);
	}
	for (w.n = 0; w.n < steps; w.n++) {
		walk_step(_metadata, &w);
		if (w.n % STEPS == STEPS - 1)
			walk_finish(_metadata, &w);
	}
	walk_finish(_metadata, &w);
}

TEST_HARNESS_MAIN
