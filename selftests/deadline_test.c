// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines: a cancel by the clock. U71-U74, U90, R14. No test waits for a time:
 * that the clock has passed one is shown by a request with a later deadline.
 */
#include <limits.h>

#include "common.h"

#define MS 1000000ULL

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 * MS + t.tv_nsec;
}

static int send_until(int target, __u64 deadline, __u64 *id)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .deadline = deadline,
	};
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	int ret = call(target, IOTARGET_SEND, &arg);

	*id = e.id;
	return ret ? ret : arg.sent == 1 && !e.result ? 0 : -EPROTO;
}

/*
 * Returns when the clock has cancelled all on the target that was due by then.
 * No host may fetch meanwhile.
 */
static int pass(int target, __u64 deadline)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .deadline = deadline + 1,
	};
	struct iotarget_reap_element r;
	struct iotarget_send arg = send_arg(IOTARGET_SEND_WAIT, &e, 1, &r, 1);
	int ret = call(target, IOTARGET_SEND, &arg);

	if (ret)
		return ret;
	return arg.reaped == 1 && r.id == e.id && r.status == -ETIMEDOUT &&
	       now() > deadline ? 0 : -EPROTO;
}

enum state { QUEUED, UNMARKED, MARKABLE, DELIVERED_MARKED };

/* Brings a request of the target into the state. Returns 0 or what failed. */
static int bring(int device, int target, enum state state, __u64 deadline,
		 __u64 *id)
{
	struct iotarget_fetch_element record = {};

	if (send_until(target, deadline, id))
		return 1;
	if (state == QUEUED)
		return 0;
	if (fetch_now(device, state == DELIVERED_MARKED ?
		      IOTARGET_FETCH_CANCELABLE : 0, &record) || record.id != *id)
		return 2;
	return state == MARKABLE && mark(device, *id) ? 3 : 0;
}

FIXTURE(deadline) {
	int device;
	int target;
	__u64 deadline;
	__u64 id;
};

FIXTURE_VARIANT(deadline) {
	enum state state;
};

FIXTURE_VARIANT_ADD(deadline, queued) { QUEUED };
FIXTURE_VARIANT_ADD(deadline, unmarked) { UNMARKED };
FIXTURE_VARIANT_ADD(deadline, marked) { MARKABLE };
FIXTURE_VARIANT_ADD(deadline, delivered_marked) { DELIVERED_MARKED };

static void renew(int *device, int *target)
{
	close(*target);
	close(*device);
	*device = parallel_create();
	*target = target_open(*device);
}

FIXTURE_SETUP(deadline)
{
	self->device = self->target = -1;
}

FIXTURE_TEARDOWN(deadline)
{
	close(self->target);
	close(self->device);
}

/*
 * Has a request in the variant's state, and does what must come before its
 * deadline. A machine that is too slow for that gets more time.
 */
#define BEFORE_THE_DEADLINE(...) do {					\
	__u64 span_ = 10 * MS;						\
	int failed_;							\
									\
	do {								\
		renew(&self->device, &self->target);			\
		ASSERT_GE(self->target, 0);				\
		self->deadline = now() + span_;				\
		failed_ = bring(self->device, self->target,		\
				variant->state, self->deadline,		\
				&self->id);				\
		__VA_ARGS__						\
		span_ *= 2;						\
	} while (now() >= self->deadline);				\
	ASSERT_EQ(0, failed_);						\
} while (0)

#define PASS() ASSERT_EQ(0, pass(self->target, self->deadline))

static bool owned(const FIXTURE_VARIANT(deadline) *variant)
{
	return variant->state != QUEUED;
}

static bool cancelable(const FIXTURE_VARIANT(deadline) *variant)
{
	return variant->state >= MARKABLE;
}

#define EXPECT_NO_RECORD() do {						\
	struct iotarget_fetch_element record_ = {};			\
									\
	EXPECT_FALSE(readable(self->device));				\
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record_));	\
} while (0)

/* The OnCancel that the host of a marked request gets, and nothing else. */
#define EXPECT_TOLD() do {						\
	struct iotarget_fetch_element told_ = {};			\
									\
	if (cancelable(variant)) {					\
		EXPECT_EQ(0, fetch_now(self->device, 0, &told_));	\
		EXPECT_EQ(IOTARGET_EVENT_CANCEL, told_.event);		\
		EXPECT_EQ(self->id, told_.id);				\
	}								\
	EXPECT_NO_RECORD();						\
} while (0)

/* Exactly one completion, with this status. */
#define EXPECT_STATUS(status_) do {					\
	struct iotarget_reap_element reap_;				\
									\
	EXPECT_EQ(0, reap_now(self->target, &reap_));			\
	EXPECT_EQ(self->id, reap_.id);					\
	EXPECT_EQ(status_, reap_.status);				\
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &reap_));		\
} while (0)

/* It only hurries: what a host has is complete when the host says so. */
TEST_F(deadline, U71_the_clock_cancels)
{
	struct iotarget_reap_element r;

	BEFORE_THE_DEADLINE();
	PASS();
	if (owned(variant)) {
		EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
		EXPECT_TOLD();
		EXPECT_EQ(1, is_canceled(self->device, self->id));
		EXPECT_EQ(cancelable(variant) ? -EINVAL : -ECANCELED,
			  mark(self->device, self->id));
		EXPECT_EQ(0, complete(self->device, self->id, -ECANCELED));
	}
	EXPECT_STATUS(-ETIMEDOUT);
	EXPECT_NO_RECORD();
	EXPECT_EQ(-ENOENT, complete(self->device, self->id, 0));
}

/* Between the claim and its OnCancel nobody completes. */
TEST_F(deadline, not_completed_before_on_cancel_ran)
{
	if (!cancelable(variant))
		return;
	BEFORE_THE_DEADLINE();
	PASS();
	EXPECT_EQ(-ECANCELED, complete(self->device, self->id, 0));
	EXPECT_EQ(-ECANCELED, unmark(self->device, self->id));
	EXPECT_TOLD();
	EXPECT_EQ(-ECANCELED, unmark(self->device, self->id));
	EXPECT_EQ(0, complete(self->device, self->id, -ECANCELED));
	EXPECT_STATUS(-ETIMEDOUT);
}

TEST_F(deadline, U72_host_completes_otherwise)
{
	static const int statuses[] = { 0, 7, -EIO, INT_MIN, -ETIMEDOUT };
	unsigned int i;

	for (i = 0; owned(variant) && i < 5; i++) {
		BEFORE_THE_DEADLINE();
		PASS();
		EXPECT_TOLD();
		EXPECT_EQ(0, complete(self->device, self->id, statuses[i]));
		EXPECT_STATUS(statuses[i]);
	}
}

TEST_F(deadline, the_user_cancels_first)
{
	int verdict;

	BEFORE_THE_DEADLINE(verdict = cancel(self->target, self->id););
	EXPECT_EQ(variant->state == UNMARKED ? MARKED : DELIVERED, verdict);
	PASS();
	if (owned(variant)) {
		EXPECT_TOLD();
		EXPECT_EQ(1, is_canceled(self->device, self->id));
		EXPECT_EQ(0, complete(self->device, self->id, -ECANCELED));
	}
	EXPECT_STATUS(-ECANCELED);
	EXPECT_NO_RECORD();
}

TEST_F(deadline, the_user_cancels_second)
{
	int second = !owned(variant) ? COMPLETED :
		     cancelable(variant) ? TOLD : MARKED;

	BEFORE_THE_DEADLINE();
	PASS();
	EXPECT_EQ(second, cancel(self->target, self->id));
	if (owned(variant)) {
		EXPECT_TOLD();
		EXPECT_EQ(second, cancel(self->target, self->id));
		EXPECT_EQ(0, complete(self->device, self->id, -ECANCELED));
	}
	EXPECT_STATUS(-ETIMEDOUT);
}

/* What was complete stays as it is, reaped or not: nobody was too late. */
TEST_F(deadline, completed_in_time)
{
	static const int statuses[] = { 0, -ECANCELED };
	int i, ret;

	for (i = 0; owned(variant) && i < 2; i++) {
		BEFORE_THE_DEADLINE(ret = complete(self->device, self->id,
						   statuses[i]););
		EXPECT_EQ(0, ret);
		PASS();
		EXPECT_NO_RECORD();
		EXPECT_STATUS(statuses[i]);
	}
}

TEST_F(deadline, marked_no_more_when_the_clock_comes)
{
	int ret;

	if (!cancelable(variant))
		return;
	BEFORE_THE_DEADLINE(ret = unmark(self->device, self->id););
	EXPECT_EQ(0, ret);
	PASS();
	EXPECT_NO_RECORD();
	EXPECT_EQ(1, is_canceled(self->device, self->id));
	EXPECT_EQ(-ECANCELED, mark(self->device, self->id));
	EXPECT_EQ(0, complete(self->device, self->id, -ECANCELED));
	EXPECT_STATUS(-ETIMEDOUT);
}

/* A deadline is the request's, not the slot's. */
TEST_F(deadline, gone_with_its_request)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	int failed;
	__u64 again;

	BEFORE_THE_DEADLINE(
		failed = 0;
		if (owned(variant))
			failed |= complete(self->device, self->id, 0);
		else
			failed |= cancel(self->target, self->id) != DELIVERED;
		failed |= reap_now(self->target, &r);
		failed |= send_one(self->target, 0, &again);
	);
	EXPECT_EQ(0, failed);
	EXPECT_EQ(self->id % (1 << IOTARGET_ID_SLOT_BITS),
		  again % (1 << IOTARGET_ID_SLOT_BITS));
	PASS();
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(again, record.id);
	EXPECT_EQ(0, is_canceled(self->device, again));
	EXPECT_EQ(0, complete(self->device, again, -ECANCELED));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(-ECANCELED, r.status);
}

/* A cancel that was answered keeps its word, the clock's too. */
TEST_F(deadline, the_device_ends_after_it)
{
	struct iotarget_reap_element r;

	BEFORE_THE_DEADLINE();
	PASS();
	ASSERT_EQ(0, end(self->device));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(variant->state == UNMARKED ? -ENODEV : -ETIMEDOUT, r.status);
	EXPECT_EQ(-ENODEV, reap_one(self->target, &r));
}

TEST_F(deadline, the_device_ends_before_it)
{
	int other = parallel_create();
	int sentinel = target_open(other);
	struct iotarget_reap_element r;
	int ret;

	ASSERT_GE(sentinel, 0);
	BEFORE_THE_DEADLINE(ret = end(self->device););
	EXPECT_EQ(0, ret);
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(-ENODEV, r.status);
	ASSERT_EQ(0, pass(sentinel, self->deadline));
	EXPECT_EQ(-ENODEV, reap_one(self->target, &r));
	close(sentinel);
	close(other);
}

/* The end of the target is the first cancel; the clock then finds it told. */
TEST_F(deadline, the_target_ends_before_it)
{
	int sentinel;

	BEFORE_THE_DEADLINE(close(self->target); self->target = -1;);
	sentinel = target_open(self->device);
	ASSERT_GE(sentinel, 0);
	ASSERT_EQ(0, pass(sentinel, self->deadline));
	EXPECT_TOLD();
	EXPECT_EQ(owned(variant) ? 0 : -ENOENT,
		  complete(self->device, self->id, 0));
	EXPECT_NO_RECORD();
	close(sentinel);
}

static int fetch_waiting(void *arg)
{
	struct iotarget_fetch_element record = {};
	int ret = fetch_one(*(int *)arg, 0, &record);

	return ret ? ret : (int)record.event;
}

TEST_F(deadline, wakes_a_host_that_sleeps)
{
	struct background host;

	if (!cancelable(variant))
		return;
	BEFORE_THE_DEADLINE();
	background_start(&host, fetch_waiting, &self->device);
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, background_join(&host));
	EXPECT_LE(self->deadline, now());
	EXPECT_EQ(0, complete(self->device, self->id, -ECANCELED));
	EXPECT_STATUS(-ETIMEDOUT);
}

/* ------------------------------------------------------------ one target */

FIXTURE(clock) {
	int device;
	int target;
};

FIXTURE_SETUP(clock)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(clock)
{
	close(self->target);
	close(self->device);
}

/* The one test of real time: late is allowed, early is not. */
TEST_F(clock, U71_fifty_milliseconds)
{
	__u64 deadline = now() + 50 * MS, id;
	struct iotarget_reap_element r;

	ASSERT_EQ(0, send_until(self->target, deadline, &id));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_LE(deadline, now());
	TH_LOG("%llu us late", (now() - deadline) / 1000);
	EXPECT_EQ(id, r.id);
	EXPECT_EQ(-ETIMEDOUT, r.status);
	EXPECT_EQ(0, r.information);
}

TEST_F(clock, in_the_past)
{
	const __u64 past[] = { 1, now() - 1000 * MS, now() };
	struct iotarget_reap_element r;
	unsigned int i;
	__u64 id;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, send_until(self->target, past[i], &id));
		EXPECT_NE(0, id);
		ASSERT_EQ(0, reap_one(self->target, &r));
		EXPECT_EQ(id, r.id);
		EXPECT_EQ(-ETIMEDOUT, r.status);
	}
}

TEST_F(clock, U74_zero_is_never)
{
	struct iotarget_fetch_element record = {};
	__u64 id;

	ASSERT_EQ(0, send_until(self->target, 0, &id));
	ASSERT_EQ(0, pass(self->target, now() + MS));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(id, record.id);
	EXPECT_EQ(0, is_canceled(self->device, id));
}

/* Times that are too long for a timer, and for a sum with the present. */
TEST_F(clock, far_ahead)
{
	const __u64 far[] = {
		now() + (1ULL << 32) * MS, now() + (1ULL << 31) * 1000 * MS,
		LLONG_MAX - 1, LLONG_MAX, LLONG_MAX + 1ULL, ULLONG_MAX - 1,
		ULLONG_MAX,
	};
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	unsigned int i;
	int target;
	__u64 id;

	for (i = 0; i < sizeof(far) / sizeof(*far); i++) {
		target = target_open(self->device);
		ASSERT_GE(target, 0);
		ASSERT_EQ(0, send_until(target, far[i], &id));
		/* once alone, once with a nearer one behind it */
		ASSERT_EQ(0, pass(self->target, now() + MS));
		ASSERT_EQ(0, pass(target, now() + MS));
		EXPECT_EQ(-EAGAIN, reap_now(target, &r));
		ASSERT_EQ(0, fetch_now(self->device, 0, &record));
		EXPECT_EQ(id, record.id);
		EXPECT_EQ(0, is_canceled(self->device, id));
		EXPECT_EQ(0, complete(self->device, id, 3));
		ASSERT_EQ(0, reap_now(target, &r));
		EXPECT_EQ(3, r.status);
		close(target);
	}
}

#define MANY 64

/* In the order of their deadlines, none of them early. */
TEST_F(clock, many_in_any_order)
{
	struct iotarget_send_element e[MANY] = {};
	struct iotarget_reap_element r[MANY] = {};
	struct iotarget_send send = send_arg(0, e, MANY, NULL, 0);
	unsigned int seed = seed_get(), i, j;
	__u64 span = 10 * MS, first, swap;

	TH_LOG("seed %u", seed);
	do {
		renew(&self->device, &self->target);
		ASSERT_GE(self->target, 0);
		first = now() + span;
		for (i = 0; i < MANY; i++) {
			e[i].type = IOTARGET_TYPE_CONTROL;
			e[i].deadline = first + i * MS / 2;
		}
		for (i = MANY - 1; i; i--) {
			j = draw(&seed, i + 1);
			swap = e[i].deadline;
			e[i].deadline = e[j].deadline;
			e[j].deadline = swap;
		}
		for (i = 0; i < MANY; i++)
			e[i].user_data = e[i].deadline;
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
		ASSERT_EQ(MANY, send.sent);
		span *= 2;
	} while (now() >= first);
	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, reap_one(self->target, &r[i]));
		EXPECT_LE(r[i].user_data, now());
		EXPECT_EQ(-ETIMEDOUT, r[i].status);
		EXPECT_EQ(first + i * MS / 2, r[i].user_data);
	}
}

/* Whoever was to come first is gone: the clock is set for the second. */
TEST_F(clock, the_first_is_cancelled)
{
	struct iotarget_reap_element r;
	__u64 first, second, deadline;
	__u64 span = 10 * MS;
	int verdict;

	do {
		renew(&self->device, &self->target);
		deadline = now() + span;
		ASSERT_EQ(0, send_until(self->target, deadline, &first));
		ASSERT_EQ(0, send_until(self->target, deadline + MS, &second));
		verdict = cancel(self->target, first);
		span *= 2;
	} while (now() >= deadline);
	EXPECT_EQ(DELIVERED, verdict);
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(first, r.id);
	EXPECT_EQ(-ECANCELED, r.status);
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_LE(deadline + MS, now());
	EXPECT_EQ(second, r.id);
	EXPECT_EQ(-ETIMEDOUT, r.status);
}

struct sender {
	int target;
	__u64 deadline;
	struct iotarget_send_element e[2];
	struct iotarget_reap_element r[2];
	struct iotarget_send arg;
};

/* Two requests, of which the first has the deadline. */
static int sender_main(void *arg)
{
	struct sender *s = arg;

	s->e[0].type = s->e[1].type = IOTARGET_TYPE_CONTROL;
	s->e[0].deadline = s->deadline;
	s->arg = send_arg(IOTARGET_SEND_WAIT, s->e, 2, s->r, 2);
	return call(s->target, IOTARGET_SEND, &s->arg);
}

TEST_F(clock, who_waits_goes_on_when_the_other_is_complete)
{
	struct iotarget_fetch_element record = {};
	struct background thread;
	struct sender s = { .target = self->target };

	s.deadline = now() + 10 * MS;
	background_start(&thread, sender_main, &s);
	wait_asleep(thread.tid);
	ASSERT_EQ(0, pass(self->target, s.deadline));
	wait_asleep(thread.tid);
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(s.e[1].id, record.id);
	EXPECT_EQ(0, is_canceled(self->device, record.id));
	EXPECT_EQ(0, complete(self->device, record.id, 4));
	EXPECT_EQ(0, background_join(&thread));
	ASSERT_EQ(2, s.arg.reaped);
	EXPECT_EQ(s.e[0].id, s.r[0].id);
	EXPECT_EQ(-ETIMEDOUT, s.r[0].status);
	EXPECT_EQ(s.e[1].id, s.r[1].id);
	EXPECT_EQ(4, s.r[1].status);
}

/* A host that does not react keeps its request, and its sender waiting. */
TEST_F(clock, U73_a_host_that_takes_its_time)
{
	struct iotarget_fetch_element record = {};
	struct background thread;
	struct sender s = { .target = self->target };
	__u64 span = 10 * MS, second;

	for (;; span *= 2) {
		s.deadline = now() + span;
		background_start(&thread, sender_main, &s);
		ASSERT_EQ(0, fetch_one(self->device, 0, &record));
		second = record.id;
		if (!fetch_now(self->device, 0, &record))
			break;
		/* the first one is gone: too slow */
		EXPECT_EQ(0, complete(self->device, second, 0));
		EXPECT_EQ(0, background_join(&thread));
	}
	ASSERT_EQ(0, pass(self->target, s.deadline));
	EXPECT_EQ(1, is_canceled(self->device, s.e[0].id));
	EXPECT_EQ(0, is_canceled(self->device, s.e[1].id));
	wait_asleep(thread.tid);
	EXPECT_EQ(0, complete(self->device, s.e[1].id, 8));
	wait_asleep(thread.tid);
	EXPECT_EQ(0, complete(self->device, s.e[0].id, 9));
	EXPECT_EQ(0, background_join(&thread));
	ASSERT_EQ(2, s.arg.reaped);
	EXPECT_EQ(8, s.r[0].status);
	EXPECT_EQ(9, s.r[1].status);
}

TEST_F(clock, wakes_a_poller)
{
	struct pollfd p = { .fd = self->target, .events = POLLIN };
	__u64 deadline = now() + 10 * MS, id;

	ASSERT_EQ(0, send_until(self->target, deadline, &id));
	ASSERT_EQ(1, poll(&p, 1, -1));
	EXPECT_EQ(POLLIN, p.revents);
	EXPECT_LE(deadline, now());
}

/* Ends of targets and devices with the clock close by: nothing is touched late. */
TEST_F_TIMEOUT(clock, ends_race_with_the_clock, HOUR)
{
	unsigned long n = rounds_get(20000) / 40;
	unsigned int seed = seed_get();
	struct iotarget_fetch_element record;
	int device, target, i;
	__u64 last = 0, id;

	TH_LOG("seed %u", seed);
	while (n--) {
		device = parallel_create();
		target = target_open(device);
		ASSERT_GE(target, 0);
		for (i = 0; i < 4; i++) {
			last = now() + draw(&seed, 8 * MS);
			ASSERT_EQ(0, send_until(target, last, &id));
		}
		/* perhaps the clock was faster */
		for (i = 0; i < 2; i++) {
			memset(&record, 0, sizeof(record));
			fetch_now(device, IOTARGET_FETCH_CANCELABLE, &record);
		}
		close(draw(&seed, 2) ? target : device);
		close(draw(&seed, 2) ? device : target);
		close(target);
		close(device);
	}
	ASSERT_EQ(0, pass(self->target, last + 8 * MS));
}

/* ------------------------------------------------------------------- U90 */

#define BATCH 1024

/*
 * Clock, canceller and host meet in the middle of every batch: its deadlines
 * are spread over the time that the last one took, twice.
 */
struct race {
	int device;
	int target;
	unsigned int seed;
	__u64 id[BATCH];
	int verdict[BATCH];
	atomic_int failures;
	atomic_int stop;
	pthread_barrier_t batch;
};

/* Answers at once, or when it is told. */
static int race_host(void *arg)
{
	struct race *race = arg;
	unsigned int seed = race->seed + 1;
	struct iotarget_fetch_element f;
	int ret;

	for (;;) {
		memset(&f, 0, sizeof(f));
		if (fetch_one(race->device, draw(&seed, 2) ?
			      IOTARGET_FETCH_CANCELABLE : 0, &f))
			return 0;
		if (f.event == IOTARGET_EVENT_CANCEL) {
			if (complete(race->device, f.id, -ECANCELED))
				atomic_fetch_add(&race->failures, 1);
			continue;
		}
		if (!draw(&seed, 8))
			sched_yield();
		if (!(f.flags & IOTARGET_RECORD_CANCELABLE) && draw(&seed, 2) &&
		    mark(race->device, f.id)) {
			if (complete(race->device, f.id, -ECANCELED))
				atomic_fetch_add(&race->failures, 1);
			continue;
		}
		/* -ECANCELED: its OnCancel is on the way */
		ret = complete(race->device, f.id, 0);
		if (ret && ret != -ECANCELED)
			atomic_fetch_add(&race->failures, 1);
	}
}

static int race_canceller(void *arg)
{
	struct race *race = arg;
	unsigned int seed = race->seed + 2, n, i;

	for (;;) {
		pthread_barrier_wait(&race->batch);	/* all are sent */
		if (atomic_load(&race->stop))
			return 0;
		for (n = 0; n < BATCH / 2; n++) {
			i = draw(&seed, BATCH);
			/* each once, or its verdict would say less */
			if (!race->verdict[i])
				race->verdict[i] = cancel(race->target,
							  race->id[i]);
		}
		pthread_barrier_wait(&race->batch);	/* all are reaped */
	}
}

/* May this request have ended so? A host that is told completes as cancelled. */
static bool race_plausible(int verdict, int status)
{
	if (status != 0 && status != -ECANCELED && status != -ETIMEDOUT)
		return false;
	switch (verdict) {
	case DELIVERED:
		return status == -ECANCELED;
	case TOLD:
		return status == -ETIMEDOUT;
	case MARKED:
		return true;
	case 0:
	case COMPLETED:
	case -ENOENT:
		return status != -ECANCELED;
	default:
		return false;
	}
}

TEST_F_TIMEOUT(clock, U90_clock_cancel_and_complete, HOUR)
{
	static struct iotarget_send_element e[BATCH];
	static struct iotarget_reap_element r[BATCH];
	static struct race race;
	unsigned long n = (rounds_get(20000) + BATCH - 1) / BATCH, batches;
	unsigned long timed_out = 0, cancelled = 0, completed = 0;
	struct background host, canceller;
	__u64 start, took = 10 * MS;
	__u32 i, left;

	race.device = self->device;
	race.target = self->target;
	race.seed = seed_get();
	TH_LOG("seed %u", race.seed);
	pthread_barrier_init(&race.batch, NULL, 2);
	background_start(&host, race_host, &race);
	background_start(&canceller, race_canceller, &race);
	/* on until each end has come about: less would show nothing */
	for (batches = 0; batches < n ||
	     ((!timed_out || !cancelled || !completed) && batches / 100 < n);
	     batches++) {
		struct iotarget_send send = send_arg(0, e, BATCH, NULL, 0);
		struct iotarget_send reap = send_arg(0, NULL, 0, r, BATCH);
		int status[BATCH];

		start = now();
		for (i = 0; i < BATCH; i++) {
			e[i] = (struct iotarget_send_element) {
				.type = IOTARGET_TYPE_CONTROL, .user_data = i,
				.deadline = start + 1000ULL *
					draw(&race.seed, took / 500),
			};
			race.verdict[i] = 0;
			status[i] = INT_MAX;
		}
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
		ASSERT_EQ(BATCH, send.sent);
		for (i = 0; i < BATCH; i++)
			race.id[i] = e[i].id;
		pthread_barrier_wait(&race.batch);
		for (left = BATCH; left; left -= reap.reaped) {
			ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
			for (i = 0; i < reap.reaped; i++) {
				__u64 which = r[i].user_data;

				ASSERT_GT(BATCH, which);
				EXPECT_EQ(INT_MAX, status[which]);
				EXPECT_EQ(e[which].id, r[i].id);
				status[which] = r[i].status;
				if (r[i].status == -ETIMEDOUT)
					EXPECT_LE(e[which].deadline, now());
			}
		}
		took = now() - start;
		pthread_barrier_wait(&race.batch);
		for (i = 0; i < BATCH; i++) {
			ASSERT_TRUE(race_plausible(race.verdict[i], status[i])) {
				TH_LOG("cancel answered %d, it ended as %d",
				       race.verdict[i], status[i]);
			}
			timed_out += status[i] == -ETIMEDOUT;
			cancelled += status[i] == -ECANCELED;
			completed += status[i] == 0;
		}
	}
	atomic_store(&race.stop, 1);
	pthread_barrier_wait(&race.batch);
	background_join(&canceller);
	EXPECT_EQ(0, end(self->device));
	background_join(&host);
	TH_LOG("%lu: timed out %lu, cancelled %lu, completed %lu",
	       batches * BATCH, timed_out, cancelled, completed);
	EXPECT_EQ(0, atomic_load(&race.failures));
	EXPECT_LT(0, timed_out);
	EXPECT_LT(0, cancelled);
	EXPECT_LT(0, completed);
}

TEST_HARNESS_MAIN
