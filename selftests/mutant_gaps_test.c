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
	char path[64], tid[16];
	int fd;

	race_write(point, "1");
	background_start(b, function, arg);
	snprintf(path, sizeof(path), RACE "%s", point);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, tid, sizeof(tid)) <= 0)
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
	/* Nobody stays parked where a test has failed. */
	race_write("complete_copy", "0");
	race_write("cancel_copy", "0");
	race_write("reap_copy", "0");
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

static int fetch_cancel(void *arg)
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
	park("cancel_copy", &fetcher, fetch_cancel, &h);
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

TEST_HARNESS_MAIN
