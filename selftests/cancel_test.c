// SPDX-License-Identifier: GPL-2.0
/*
 * Cancel, mark and unmark, by the numbers of the specification: U12, U13,
 * U16-U23, U24 (default device), U25-U29, U33; and what CANCEL answers.
 */
#include "common.h"

FIXTURE(cancel) {
	int device;
	int target;
};

/* Both forms of "marked": by MARK_CANCELABLE, or delivered so by FETCH. */
FIXTURE_VARIANT(cancel) {
	bool delivered_marked;
};

FIXTURE_VARIANT_ADD(cancel, marked) {
	.delivered_marked = false,
};

FIXTURE_VARIANT_ADD(cancel, delivered_marked) {
	.delivered_marked = true,
};

FIXTURE_SETUP(cancel)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(cancel)
{
	close(self->target);
	close(self->device);
}

/* Sends a read of 16 bytes and has the host own it, unmarked. */
static char out[16];

#define OWNED(id_) do {							\
	struct iotarget_fetch_element record_ = {};			\
									\
	ASSERT_EQ(0, send_read(self->target, out, sizeof(out), &(id_)));	\
	ASSERT_EQ(0, fetch_now(self->device, 0, &record_));		\
	ASSERT_EQ(id_, record_.id);					\
	ASSERT_EQ(0, record_.flags & ~IOTARGET_RECORD_32BIT);		\
} while (0)

/* ... and marked, in the form of the variant. */
#define OWNED_MARKED(id_) do {						\
	struct iotarget_fetch_element record_ = {};			\
									\
	if (!variant->delivered_marked) {				\
		OWNED(id_);						\
		ASSERT_EQ(0, mark(self->device, id_));			\
		break;							\
	}								\
	ASSERT_EQ(0, send_read(self->target, out, sizeof(out), &(id_)));	\
	ASSERT_EQ(0, fetch_now(self->device, IOTARGET_FETCH_CANCELABLE,	\
			       &record_));				\
	ASSERT_EQ(id_, record_.id);					\
	ASSERT_EQ(IOTARGET_RECORD_CANCELABLE,				\
		  record_.flags & ~IOTARGET_RECORD_32BIT);		\
} while (0)

#define EXPECT_ON_CANCEL(id_) do {					\
	struct iotarget_fetch_element record_ = {};			\
									\
	EXPECT_TRUE(readable(self->device));				\
	EXPECT_EQ(0, fetch_now(self->device, 0, &record_));		\
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, record_.event);		\
	EXPECT_EQ(id_, record_.id);					\
} while (0)

#define EXPECT_NO_RECORD() do {						\
	struct iotarget_fetch_element record_ = {};			\
									\
	EXPECT_FALSE(readable(self->device));				\
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record_));	\
} while (0)

/* Exactly one completion, with this status and these bytes. */
#define EXPECT_COMPLETION(id_, status_, information_) do {		\
	struct iotarget_reap_element reap_;				\
									\
	EXPECT_TRUE(readable(self->target));				\
	EXPECT_EQ(0, reap_now(self->target, &reap_));			\
	EXPECT_EQ(id_, reap_.id);					\
	EXPECT_EQ(status_, reap_.status);				\
	EXPECT_EQ(information_, reap_.information);			\
	EXPECT_NO_COMPLETION();						\
} while (0)

#define EXPECT_NO_COMPLETION() do {					\
	struct iotarget_reap_element none_;				\
									\
	EXPECT_FALSE(readable(self->target));				\
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &none_));		\
} while (0)

TEST_F(cancel, U12_marked_then_cancelled)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	/* It only hurries: nothing is complete before the host says so. */
	EXPECT_NO_COMPLETION();
	EXPECT_ON_CANCEL(id);
	EXPECT_NO_RECORD();
	/* without UNMARK */
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_COMPLETION(id, -ECANCELED, 0);
	EXPECT_NO_RECORD();
}

TEST_F(cancel, U13_not_marked)
{
	__u64 id;

	OWNED(id);
	EXPECT_EQ(0, is_canceled(self->device, id));
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_NO_RECORD();
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(1, is_canceled(self->device, id));
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, 7, "1234567", 7));
	EXPECT_COMPLETION(id, 0, 7);
	EXPECT_NO_RECORD();
}

TEST_F(cancel, U16_mark_after_the_cancel)
{
	__u64 id;

	OWNED(id);
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_EQ(-ECANCELED, mark(self->device, id));
	EXPECT_EQ(-ECANCELED, mark(self->device, id));
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_COMPLETION(id, -ECANCELED, 0);
	EXPECT_NO_RECORD();
}

TEST_F(cancel, U17_unmarked_before_the_cancel)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(0, unmark(self->device, id));
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_NO_RECORD();
	EXPECT_EQ(1, is_canceled(self->device, id));
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_COMPLETION(id, 0, 0);
}

TEST_F(cancel, U18_unmark_before_on_cancel_ran)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(-ECANCELED, unmark(self->device, id));
	EXPECT_EQ(-ECANCELED, unmark(self->device, id));
	EXPECT_ON_CANCEL(id);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_COMPLETION(id, -ECANCELED, 0);
}

TEST_F(cancel, U19_unmark_inside_on_cancel)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(-ECANCELED, unmark(self->device, id));
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_COMPLETION(id, -ECANCELED, 0);
}

TEST_F(cancel, U20_complete_before_on_cancel_ran)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(-ECANCELED, complete(self->device, id, 0));
	EXPECT_EQ(-ECANCELED, complete(self->device, id, 0));
	EXPECT_NO_COMPLETION();
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_COMPLETION(id, -ECANCELED, 0);
}

TEST_F(cancel, U21_marked_twice)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(-EINVAL, mark(self->device, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_ON_CANCEL(id);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_COMPLETION(id, -ECANCELED, 0);
}

TEST_F(cancel, U22_unmark_what_was_never_marked)
{
	__u64 id;

	OWNED(id);
	EXPECT_EQ(-EINVAL, unmark(self->device, id));
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_COMPLETION(id, 0, 0);
}

TEST_F(cancel, U23_unmarked_twice)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(0, unmark(self->device, id));
	EXPECT_EQ(-EINVAL, unmark(self->device, id));
	/* and marked again */
	EXPECT_EQ(0, mark(self->device, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_COMPLETION(id, -ECANCELED, 0);
}

/* On a device that is not strict: unmarks and completes in one step. */
TEST_F(cancel, U24_complete_while_cancelable)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(0, complete(self->device, id, 3));
	EXPECT_EQ(COMPLETED, cancel(self->target, id));
	EXPECT_NO_RECORD();
	EXPECT_COMPLETION(id, 3, 0);
}

TEST_F(cancel, U25_completes_after_on_cancel_with_success)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(1, is_canceled(self->device, id));
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, 5, "12345", 5));
	EXPECT_COMPLETION(id, 0, 5);
	EXPECT_NO_RECORD();
}

TEST_F(cancel, U26_cancelled_again_after_on_cancel)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(TOLD, cancel(self->target, id));
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, 5, "12345", 5));
	EXPECT_COMPLETION(id, 0, 5);
}

TEST_F(cancel, U27_completed_twice)
{
	__u64 id;

	OWNED(id);
	EXPECT_EQ(0, complete(self->device, id, 1));
	EXPECT_EQ(-ENOENT, complete(self->device, id, 2));
	EXPECT_EQ(-ENOENT, mark(self->device, id));
	EXPECT_EQ(-ENOENT, unmark(self->device, id));
	EXPECT_EQ(-ENOENT, is_canceled(self->device, id));
	EXPECT_COMPLETION(id, 1, 0);
	EXPECT_EQ(-ENOENT, complete(self->device, id, 2));
}

TEST_F(cancel, U28_is_canceled_while_cancelable)
{
	__u64 id;

	OWNED_MARKED(id);
	EXPECT_EQ(0, is_canceled(self->device, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(0, is_canceled(self->device, id));
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(1, is_canceled(self->device, id));
}

TEST_F(cancel, U29_is_canceled_while_queued)
{
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	EXPECT_EQ(-ENOENT, is_canceled(self->device, id));
	EXPECT_EQ(-ENOENT, mark(self->device, id));
	EXPECT_EQ(-ENOENT, unmark(self->device, id));
	EXPECT_EQ(-ENOENT, complete(self->device, id, 0));
	EXPECT_NO_COMPLETION();
}

/* ------------------------------------------------- what CANCEL answers */

TEST_F(cancel, verdict_by_state)
{
	struct iotarget_reap_element r;
	__u64 id;

	/* queued */
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(COMPLETED, cancel(self->target, id));
	EXPECT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(-ENOENT, cancel(self->target, id));
	/* with the host, not marked: also the second time */
	OWNED(id);
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_EQ(COMPLETED, cancel(self->target, id));
	EXPECT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(0, r.status);
	EXPECT_EQ(-ENOENT, cancel(self->target, id));
	/* with the host, marked */
	OWNED_MARKED(id);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(TOLD, cancel(self->target, id));
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(TOLD, cancel(self->target, id));
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_EQ(COMPLETED, cancel(self->target, id));
	EXPECT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(-ENOENT, cancel(self->target, id));
}

TEST_F(cancel, all_counts_by_state)
{
	struct iotarget_cancel arg;
	struct iotarget_reap_element r;
	__u64 marked, unmarked, told, completed, queued[3];
	int i, status[2] = {};

	EXPECT_EQ(-ENOENT, cancel_all(self->target, &arg));
	OWNED_MARKED(marked);
	OWNED(unmarked);
	OWNED_MARKED(told);
	EXPECT_EQ(DELIVERED, cancel(self->target, told));
	EXPECT_ON_CANCEL(told);
	OWNED(completed);
	EXPECT_EQ(0, complete(self->device, completed, 0));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_one(self->target, 0, &queued[i]));

	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(4, arg.delivered);
	EXPECT_EQ(1, arg.marked);
	EXPECT_EQ(1, arg.told);
	EXPECT_EQ(0, arg.completed);
	EXPECT_ON_CANCEL(marked);
	EXPECT_NO_RECORD();
	EXPECT_EQ(1, is_canceled(self->device, unmarked));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, reap_now(self->target, &r));
		status[r.status == -ECANCELED]++;
	}
	EXPECT_EQ(1, status[0]);
	EXPECT_EQ(3, status[1]);
	EXPECT_NO_COMPLETION();
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(0, arg.delivered);
	EXPECT_EQ(1, arg.marked);
	EXPECT_EQ(2, arg.told);
	EXPECT_EQ(0, complete(self->device, marked, 0));
	EXPECT_EQ(0, complete(self->device, unmarked, 0));
	EXPECT_EQ(0, complete(self->device, told, 0));
	/* Complete and not reaped is not pending. */
	EXPECT_EQ(-ENOENT, cancel_all(self->target, &arg));
}

TEST_F(cancel, all_leaves_other_targets_alone)
{
	int other = target_open(self->device);
	struct iotarget_fetch_element record = {};
	struct iotarget_cancel arg;
	__u64 mine, theirs;

	ASSERT_GE(other, 0);
	ASSERT_EQ(0, send_one(self->target, 0, &mine));
	ASSERT_EQ(0, send_one(other, 0, &theirs));
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(1, arg.delivered);
	EXPECT_COMPLETION(mine, -ECANCELED, 0);
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(theirs, record.id);
	close(other);
}

TEST_F(cancel, ids_of_others_and_of_nobody)
{
	unsigned int seed = seed_get();
	int other = target_open(self->device);
	int device = parallel_create();
	int far = target_open(device);
	struct iotarget_fetch_element record = {};
	__u64 id, forged;
	int i;

	ASSERT_GE(other, 0);
	ASSERT_GE(far, 0);
	TH_LOG("seed %u", seed);
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	/* another target's, another device's, nobody's */
	EXPECT_EQ(-ENOENT, cancel(other, id));
	EXPECT_EQ(-ENOENT, cancel(far, id));
	EXPECT_EQ(-ENOENT, cancel(self->target, 0));
	EXPECT_EQ(-ENOENT, cancel(self->target, ~0ULL));
	for (i = 0; i < 64; i++)
		EXPECT_EQ(-ENOENT, cancel(self->target, id ^ 1ULL << i)) {
			TH_LOG("bit %d", i);
		}
	for (i = 0; i < 1000; i++) {
		forged = (__u64)rand_r(&seed) << 33 ^
			 (__u64)rand_r(&seed) << 11 ^ rand_r(&seed);
		if (forged != id)
			EXPECT_EQ(-ENOENT, cancel(self->target, forged));
	}
	/* None of that touched it; and an id is worth nothing elsewhere. */
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(id, record.id);
	EXPECT_EQ(0, is_canceled(self->device, id));
	EXPECT_EQ(-ENOENT, complete(device, id, 0));
	EXPECT_EQ(-ENOENT, mark(device, id));
	EXPECT_EQ(-ENOENT, complete(self->device, 0, 0));
	EXPECT_EQ(-ENOENT, complete(self->device, ~0ULL, 0));
	for (i = 0; i < 64; i++)
		EXPECT_EQ(-ENOENT, complete(self->device, id ^ 1ULL << i, 0));
	EXPECT_EQ(0, complete(self->device, id, 0));
	close(far);
	close(device);
	close(other);
}

/* The slot is used again, the id is not. */
TEST_F(cancel, stale_id_of_a_slot_that_was_used_again)
{
	struct iotarget_fetch_element record = {};
	__u64 stale[100], id;
	int i, j;

	for (i = 0; i < 100; i++) {
		OWNED(stale[i]);
		for (j = 0; j < i; j++)
			ASSERT_NE(stale[i], stale[j]);
		EXPECT_EQ(0, complete(self->device, stale[i], 0));
		EXPECT_COMPLETION(stale[i], 0, 0);
	}
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	for (i = 0; i < 100; i++)
		EXPECT_EQ(-ENOENT, cancel(self->target, stale[i]));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(id, record.id);
	for (i = 0; i < 100; i++) {
		EXPECT_EQ(-ENOENT, mark(self->device, stale[i]));
		EXPECT_EQ(-ENOENT, complete(self->device, stale[i], 0));
	}
	EXPECT_EQ(0, is_canceled(self->device, id));
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_COMPLETION(id, 0, 0);
}

TEST_F(cancel, records_of_cancels_come_first)
{
	struct iotarget_fetch_element record[4] = {};
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, record, 4);
	__u64 marked[2], queued[2];

	OWNED_MARKED(marked[0]);
	OWNED_MARKED(marked[1]);
	ASSERT_EQ(0, send_one(self->target, 0, &queued[0]));
	ASSERT_EQ(0, send_one(self->target, 0, &queued[1]));
	EXPECT_EQ(DELIVERED, cancel(self->target, marked[1]));
	EXPECT_EQ(DELIVERED, cancel(self->target, marked[0]));
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
	ASSERT_EQ(4, arg.fetched);
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, record[0].event);
	EXPECT_EQ(marked[1], record[0].id);
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, record[1].event);
	EXPECT_EQ(marked[0], record[1].id);
	EXPECT_EQ(IOTARGET_EVENT_REQUEST, record[2].event);
	EXPECT_EQ(queued[0], record[2].id);
	EXPECT_EQ(queued[1], record[3].id);
}

static int fetch_waiting(void *arg)
{
	struct iotarget_fetch_element record = {};
	int ret = fetch_one(*(int *)arg, 0, &record);

	return ret ? ret : (int)record.event;
}

TEST_F(cancel, a_host_that_sleeps_is_woken)
{
	struct background host;
	__u64 id;

	OWNED_MARKED(id);
	background_start(&host, fetch_waiting, &self->device);
	wait_asleep(host.tid);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, background_join(&host));
}

static int reap_waiting(void *arg)
{
	struct iotarget_reap_element r;
	int ret = reap_one(*(int *)arg, &r);

	return ret ? ret : r.status;
}

TEST_F(cancel, a_sender_that_sleeps_is_woken)
{
	struct background sender;
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	background_start(&sender, reap_waiting, &self->target);
	wait_asleep(sender.tid);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(-ECANCELED, background_join(&sender));
}

/* Any process that has the fd may cancel. */
TEST_F(cancel, from_another_process)
{
	int status;
	pid_t child;
	__u64 id;

	OWNED_MARKED(id);
	child = fork();
	if (!child)
		_exit(cancel(self->target, id) == DELIVERED ? 42 : 1);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(42, WEXITSTATUS(status));
	EXPECT_ON_CANCEL(id);
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_COMPLETION(id, -ECANCELED, 0);
}

/* ------------------------------------------------------------------- U33 */

/*
 * "The last one completes": the worker and OnCancel both use what the request
 * stands for, so whoever is second completes it. A worker that unmarks in time
 * is alone.
 */
struct last {
	int device;
	int target;
	unsigned long rounds;
	atomic_ulong id;
	atomic_int arrived;
	atomic_int completions;
	atomic_int alone;
	atomic_int failures;
	/* In which round each side is about to act: the two take turns to lead. */
	atomic_int worker;
	atomic_int canceller;
	pthread_barrier_t start;
};

static void last_arrive(struct last *l, __u64 id)
{
	if (!atomic_fetch_xor(&l->arrived, 1))
		return;
	if (complete(l->device, id, -ECANCELED))
		atomic_fetch_add(&l->failures, 1);
	atomic_fetch_add(&l->completions, 1);
}

static int last_worker(void *arg)
{
	struct last *l = arg;
	unsigned long i;
	__u64 id;

	for (i = 0; i < l->rounds; i++) {
		pthread_barrier_wait(&l->start);
		id = atomic_load(&l->id);
		if (i & 1)
			wait_for(&l->canceller, i);
		atomic_store(&l->worker, i);
		switch (unmark(l->device, id)) {
		case 0:
			if (complete(l->device, id, 0))
				atomic_fetch_add(&l->failures, 1);
			atomic_fetch_add(&l->completions, 1);
			atomic_fetch_add(&l->alone, 1);
			break;
		case -ECANCELED:
			last_arrive(l, id);
			break;
		default:
			atomic_fetch_add(&l->failures, 1);
		}
	}
	return 0;
}

static int last_on_cancel(void *arg)
{
	struct iotarget_fetch_element record;
	struct last *l = arg;

	for (;;) {
		memset(&record, 0, sizeof(record));
		if (fetch_one(l->device, 0, &record))
			return 0;
		if (record.event == IOTARGET_EVENT_CANCEL) {
			last_arrive(l, record.id);
			continue;
		}
		atomic_store(&l->id, record.id);
		if (mark(l->device, record.id))
			atomic_fetch_add(&l->failures, 1);
		pthread_barrier_wait(&l->start);
	}
}

TEST_F_TIMEOUT(cancel, U33_the_last_one_completes, HOUR)
{
	struct last l = {
		.device = self->device, .target = self->target,
		.rounds = rounds_get(20000) / 20,
		.worker = -1, .canceller = -1,
	};
	struct background worker, host;
	struct iotarget_reap_element r;
	unsigned long i;
	__u64 id;

	if (variant->delivered_marked)
		return;
	pthread_barrier_init(&l.start, NULL, 3);
	background_start(&worker, last_worker, &l);
	background_start(&host, last_on_cancel, &l);
	for (i = 0; i < l.rounds; i++) {
		ASSERT_EQ(0, send_one(self->target, i, &id));
		pthread_barrier_wait(&l.start);
		if (!(i & 1))
			wait_for(&l.worker, i);
		atomic_store(&l.canceller, i);
		cancel(self->target, id);
		ASSERT_EQ(0, reap_one(self->target, &r));
		EXPECT_EQ(id, r.id);
		/* Both sides have finished with it, or one was alone. */
		EXPECT_EQ(0, atomic_load(&l.arrived));
	}
	background_join(&worker);
	end(self->device);
	background_join(&host);
	EXPECT_EQ(0, l.failures);
	EXPECT_EQ(l.rounds, (unsigned long)l.completions);
	/* Both ends came about. */
	TH_LOG("%d of %lu by the worker alone", l.alone, l.rounds);
	EXPECT_LT(0, l.alone);
	EXPECT_GT(l.rounds, (unsigned long)l.alone);
}

TEST_HARNESS_MAIN
