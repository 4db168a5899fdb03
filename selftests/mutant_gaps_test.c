// SPDX-License-Identifier: GPL-2.0
/*
 * What mutants (mutants/table.py) showed that no other test watched.
 */
#include "common.h"

/* Memory that a copy to it finds read-only. */
static void *read_only_page(void)
{
	void *map = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

/* Back in the queue, after its record could not be copied: cancelable again. */
TEST(a_request_that_came_back_can_be_cancelled)
{
	static const __u32 flags[] = { 0, IOTARGET_FETCH_CANCELABLE };
	struct iotarget_fetch_element *bad = read_only_page(), record = {};
	struct iotarget_reap_element r;
	int device = parallel_create();
	int target = target_open(device);
	unsigned int i;
	__u64 id;

	ASSERT_GE(target, 0);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, send_one(target, 0, &id));
		EXPECT_EQ(-EFAULT, fetch_now(device, flags[i], bad));
		EXPECT_EQ(DELIVERED, cancel(target, id));
		ASSERT_EQ(0, reap_now(target, &r));
		EXPECT_EQ(id, r.id);
		EXPECT_EQ(-ECANCELED, r.status);
		EXPECT_EQ(-EAGAIN, fetch_now(device, 0, &record));
	}
}

/* The record of a cancel that cannot be copied stays before the others. */
TEST(a_cancel_record_that_faults_stays_first)
{
	struct iotarget_fetch_element *bad = read_only_page(), record = {};
	int device = parallel_create();
	int target = target_open(device);
	__u64 id[2];
	int i;

	ASSERT_GE(target, 0);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, send_one(target, 0, &id[i]));
		ASSERT_EQ(0, fetch_now(device, IOTARGET_FETCH_CANCELABLE,
				       &record));
	}
	EXPECT_EQ(DELIVERED, cancel(target, id[0]));
	EXPECT_EQ(DELIVERED, cancel(target, id[1]));
	EXPECT_EQ(-EFAULT, fetch_now(device, 0, bad));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, fetch_now(device, 0, &record));
		EXPECT_EQ(IOTARGET_EVENT_CANCEL, record.event);
		EXPECT_EQ(id[i], record.id);
	}
}

/* One fault: what could not be copied is reaped before what came later. */
TEST(a_completion_that_faults_stays_first)
{
	struct iotarget_reap_element *bad = read_only_page(), r;
	struct iotarget_fetch_element record = {};
	int device = parallel_create();
	int target = target_open(device);
	__u64 id[2];
	int i;

	ASSERT_GE(target, 0);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, send_one(target, 0, &id[i]));
		ASSERT_EQ(0, fetch_now(device, 0, &record));
		ASSERT_EQ(0, complete(device, id[i], 0));
	}
	EXPECT_EQ(-EFAULT, reap_now(target, bad));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, reap_now(target, &r));
		EXPECT_EQ(id[i], r.id);
	}
}

/* It is marked still, although the cancel has taken its routine. */
TEST(marked_again_after_its_cancel)
{
	struct iotarget_fetch_element record = {};
	int device = parallel_create();
	int target = target_open(device);
	__u64 id;

	ASSERT_GE(target, 0);
	ASSERT_EQ(0, send_one(target, 0, &id));
	ASSERT_EQ(0, fetch_now(device, IOTARGET_FETCH_CANCELABLE, &record));
	EXPECT_EQ(DELIVERED, cancel(target, id));
	EXPECT_EQ(-EINVAL, mark(device, id));
	ASSERT_EQ(0, fetch_now(device, 0, &record));
	EXPECT_EQ(-EINVAL, mark(device, id));
	EXPECT_EQ(-EAGAIN, fetch_now(device, 0, &record));
	EXPECT_EQ(0, complete(device, id, 0));
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

/* Returns when a thread is parked there; tells its tid. */
static pid_t race_wait(const char *point)
{
	char path[64], tid[16] = {};
	int fd;

	snprintf(path, sizeof(path), RACE "%s", point);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, tid, sizeof(tid) - 1) <= 0)
		abort();
	close(fd);
	return atoi(tid);
}

/* Starts the call, and returns when it is parked at @point. */
static void park(const char *point, struct background *b,
		 int (*function)(void *), void *arg)
{
	race_write(point, "1");
	background_start(b, function, arg);
	race_wait(point);
}

/* Lets it go on, and tells what it answered. */
static int go_on(const char *point, struct background *b)
{
	race_write(point, "0");
	return background_join(b);
}

FIXTURE(window) {
	int device;
	int target;
};

FIXTURE_SETUP(window)
{
	if (access(RACE, F_OK))
		SKIP(return, "the module is built without race windows");
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(window)
{
	static const char *const points[] = {
		"send_publish", "fetch_copy", "cancel_copy", "complete_copy",
		"reap_copy",
	};
	unsigned int i;

	/* Nobody stays parked where a test has failed. */
	for (i = 0; i < sizeof(points) / sizeof(*points); i++)
		race_write(points[i], "0");
	close(self->target);
	close(self->device);
}

struct host {
	int device;
	__u64 id;
	struct iotarget_fetch_element record;
};

static int complete_large(void *arg)
{
	static char bytes[4096];
	struct host *h = arg;

	return complete_bytes(h->device, h->id, 0, sizeof(bytes), bytes,
			      sizeof(bytes));
}

static int fetch_waiting(void *arg)
{
	struct host *h = arg;

	return fetch_one(h->device, 0, &h->record);
}

/*
 * Invariant 9 with two copies at once: a COMPLETE copies its bytes in, a FETCH
 * copies the OnCancel out, and the device ends. The completion comes when the
 * second one lets go.
 */
static void two_copies(struct __test_metadata *_metadata,
		       FIXTURE_DATA(window) *self, bool complete_first)
{
	static char out[4096];
	struct host h = { .device = self->device };
	struct background completer, fetcher;
	struct iotarget_reap_element r;

	ASSERT_EQ(0, send_read(self->target, out, sizeof(out), &h.id));
	ASSERT_EQ(0, fetch_now(self->device, IOTARGET_FETCH_CANCELABLE,
			       &h.record));
	park("complete_copy", &completer, complete_large, &h);
	EXPECT_EQ(DELIVERED, cancel(self->target, h.id));
	park("cancel_copy", &fetcher, fetch_waiting, &h);
	EXPECT_EQ(0, end(self->device));
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	/* (the harness's macros want braces) */
	if (complete_first) {
		EXPECT_EQ(-ENOENT, go_on("complete_copy", &completer));
	} else {
		EXPECT_EQ(-ENODEV, go_on("cancel_copy", &fetcher));
	}
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	if (complete_first) {
		EXPECT_EQ(-ENODEV, go_on("cancel_copy", &fetcher));
	} else {
		EXPECT_EQ(-ENOENT, go_on("complete_copy", &completer));
	}
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(h.id, r.id);
	EXPECT_EQ(-ECANCELED, r.status);
	EXPECT_EQ(0, r.information);
}

TEST_F(window, the_last_copy_publishes_when_it_is_of_a_cancel)
{
	two_copies(_metadata, self, true);
}

TEST_F(window, the_last_copy_publishes_when_it_is_of_a_payload)
{
	two_copies(_metadata, self, false);
}

struct reaper {
	int target;
	struct iotarget_reap_element *reap;
	__u32 count;
};

static int reap_waiting(void *arg)
{
	struct reaper *reaper = arg;
	struct iotarget_send s = send_arg(0, NULL, 0, reaper->reap,
					  reaper->count);
	int ret = call(reaper->target, IOTARGET_SEND, &s);

	return ret ? ret : (int)s.reaped;
}

/*
 * Invariant 10 among reapers: two completions come back because they could not
 * be copied, and both that sleep get one.
 */
TEST_F(window, all_that_came_back_is_reaped)
{
	struct iotarget_reap_element r[2];
	struct reaper bad = { self->target, read_only_page(), 2 };
	struct reaper good[2] = {
		{ self->target, &r[0], 1 }, { self->target, &r[1], 1 },
	};
	struct iotarget_fetch_element record = {};
	struct background b, sleeper[2];
	__u64 id;
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, send_one(self->target, 0, &id));
		ASSERT_EQ(0, fetch_now(self->device, 0, &record));
		ASSERT_EQ(0, complete(self->device, id, 0));
	}
	park("reap_copy", &b, reap_waiting, &bad);
	for (i = 0; i < 2; i++) {
		background_start(&sleeper[i], reap_waiting, &good[i]);
		wait_asleep(sleeper[i].tid);
	}
	EXPECT_EQ(-EFAULT, go_on("reap_copy", &b));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(1, background_join(&sleeper[i]));
}

/*
 * A host whose copy takes long has woken the other one before, for the second
 * of two requests.
 */
TEST_F(window, a_slow_copy_keeps_no_host_asleep)
{
	struct iotarget_send_element e[2] = {
		{ .type = IOTARGET_TYPE_CONTROL }, { .type = IOTARGET_TYPE_CONTROL },
	};
	struct iotarget_send send = send_arg(0, e, 2, NULL, 0);
	struct host h[2] = {
		{ .device = self->device }, { .device = self->device },
	};
	struct background b[2];
	int i, slow;

	for (i = 0; i < 2; i++) {
		background_start(&b[i], fetch_waiting, &h[i]);
		wait_asleep(b[i].tid);
	}
	race_write("fetch_copy", "1");
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	/* (the second may come first to where it parks) */
	slow = race_wait("fetch_copy") == b[1].tid;
	EXPECT_EQ(0, background_join(&b[!slow]));
	EXPECT_EQ(0, go_on("fetch_copy", &b[slow]));
	EXPECT_EQ(e[0].id + e[1].id, h[0].record.id + h[1].record.id);
}

static int complete_two(void *arg)
{
	static char bytes[4096];
	struct host *h = arg;
	struct iotarget_complete_element c[2] = {
		{ .id = h[0].id },
		{ .id = h[1].id, .buffer = ADDRESS(bytes),
		  .buffer_length = sizeof(bytes) },
	};
	struct iotarget_fetch fetch = fetch_arg(0, c, 2, NULL, 0);
	int ret = call(h->device, IOTARGET_FETCH, &fetch);

	return ret ? ret : c[0].result ? c[0].result : c[1].result;
}

/* Likewise a COMPLETE of many: its first makes room under the queue's limit. */
TEST_F(window, a_slow_complete_keeps_no_host_asleep)
{
	int device = device_create(IOTARGET_DISPATCH_PARALLEL, 2);
	int target = target_open(device);
	static char out[4096];
	struct host h[2] = { { .device = device }, { .device = device } };
	struct host other = { .device = device };
	struct background b, sleeper;
	int i;

	ASSERT_GE(target, 0);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, send_read(target, out, sizeof(out), &h[i].id));
		ASSERT_EQ(0, fetch_now(device, 0, &h[i].record));
	}
	ASSERT_EQ(0, send_one(target, 0, &other.id));
	background_start(&sleeper, fetch_waiting, &other);
	wait_asleep(sleeper.tid);
	park("complete_copy", &b, complete_two, h);
	EXPECT_EQ(0, background_join(&sleeper));
	EXPECT_EQ(other.id, other.record.id);
	EXPECT_EQ(0, go_on("complete_copy", &b));
}

struct sender {
	int target;
	struct iotarget_send_element e;
	struct iotarget_reap_element r;
	struct iotarget_send arg;
};

static int send_waiting(void *arg)
{
	static char out[4096];
	struct sender *s = arg;

	s->e.type = IOTARGET_TYPE_READ;
	s->e.out = ADDRESS(out);
	s->e.out_length = sizeof(out);
	s->arg = send_arg(IOTARGET_SEND_WAIT, &s->e, 1, &s->r, 1);
	return call(s->target, IOTARGET_SEND, &s->arg);
}

/*
 * A SEND leaves by a signal while its request is complete and a copy holds it:
 * the completion goes to REAP, and not to the stack of who has left.
 */
TEST_F(window, who_waited_leaves_a_completion_that_is_held)
{
	struct sender s = { .target = self->target };
	struct host h = { .device = self->device };
	struct iotarget_reap_element r;
	struct background sender, completer;

	catch_signal(SIGUSR1, false);
	background_start(&sender, send_waiting, &s);
	ASSERT_EQ(0, fetch_one(self->device, 0, &h.record));
	h.id = h.record.id;
	park("complete_copy", &completer, complete_large, &h);
	EXPECT_EQ(0, complete(self->device, h.id, 7));
	signal_thread(sender.tid, SIGUSR1);
	EXPECT_EQ(0, background_join(&sender));
	EXPECT_EQ(1, s.arg.sent);
	EXPECT_EQ(0, s.arg.reaped);
	EXPECT_EQ(-ENOENT, go_on("complete_copy", &completer));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(h.id, r.id);
	EXPECT_EQ(7, r.status);
}

/*
 * Reapers that sleep on after their device has ended, because a request of
 * theirs has not, return with its end: it completes, or was never sent.
 */
TEST_F(window, reapers_return_with_the_last_completion)
{
	struct iotarget_reap_element r[2];
	struct reaper reaper[2] = {
		{ self->target, &r[0], 1 }, { self->target, &r[1], 1 },
	};
	struct host h = { .device = self->device };
	struct background b, sleeper[2];
	int i, sum = 0;

	ASSERT_EQ(0, send_one(self->target, 0, &h.id));
	park("fetch_copy", &b, fetch_waiting, &h);
	for (i = 0; i < 2; i++)
		background_start(&sleeper[i], reap_waiting, &reaper[i]);
	ASSERT_EQ(0, end(self->device));
	for (i = 0; i < 2; i++)
		wait_asleep(sleeper[i].tid);
	EXPECT_EQ(-ENODEV, go_on("fetch_copy", &b));
	for (i = 0; i < 2; i++)
		sum += background_join(&sleeper[i]);
	EXPECT_EQ(1 - ENODEV, sum);
}

static int send_main(void *arg)
{
	return send_one(*(int *)arg, 0, NULL);
}

TEST_F(window, reapers_return_with_the_last_that_was_not_sent)
{
	struct iotarget_reap_element r;
	struct reaper reaper = { self->target, &r, 1 };
	struct background b, sleeper;

	park("send_publish", &b, send_main, &self->target);
	background_start(&sleeper, reap_waiting, &reaper);
	ASSERT_EQ(0, end(self->device));
	wait_asleep(sleeper.tid);
	EXPECT_EQ(-ENODEV, go_on("send_publish", &b));
	EXPECT_EQ(-ENODEV, background_join(&sleeper));
}

TEST_HARNESS_MAIN
