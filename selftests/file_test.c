// SPDX-License-Identifier: GPL-2.0
/*
 * The end of files as a host that asked for it sees it: CLEANUP, FILE_DONE,
 * CLOSE. U91-U94. And whose requests a cancel by thread finds: U95, U96.
 */
#include "common.h"

static int events_create(__u32 dispatch, __u32 limit)
{
	return device_create_flags(IOTARGET_DEVICE_FILE_EVENTS, dispatch, limit);
}

static int file_done(int device, __u64 file)
{
	struct iotarget_file_done arg = { .size = sizeof(arg), .file = file };

	return call(device, IOTARGET_FILE_DONE, &arg);
}

FIXTURE(file) {
	int device;
	int target[2];
	__u64 file[2];
};

/* Both ways to end a target. */
FIXTURE_VARIANT(file) {
	bool shutdown;
};

FIXTURE_VARIANT_ADD(file, last_close) { .shutdown = false };
FIXTURE_VARIANT_ADD(file, shutdown) { .shutdown = true };

FIXTURE_SETUP(file)
{
	int i;

	self->device = events_create(IOTARGET_DISPATCH_PARALLEL, 0);
	ASSERT_GE(self->device, 0);
	for (i = 0; i < 2; i++) {
		self->target[i] = target_open_file(self->device,
						   &self->file[i]);
		ASSERT_GE(self->target[i], 0);
	}
}

FIXTURE_TEARDOWN(file)
{
	close(self->target[0]);
	close(self->target[1]);
	close(self->device);
}

/* Has the fixture's other kind of device instead. */
#define RENEW(dispatch, limit) do {					\
	close(self->target[0]);						\
	close(self->target[1]);						\
	close(self->device);						\
	self->device = events_create(dispatch, limit);			\
	ASSERT_GE(self->device, 0);					\
	self->target[0] = target_open_file(self->device, &self->file[0]); \
	self->target[1] = target_open_file(self->device, &self->file[1]); \
	ASSERT_GE(self->target[1], 0);					\
} while (0)

static void target_end(const FIXTURE_VARIANT(file) *variant, int target)
{
	if (variant->shutdown)
		end(target);
	else
		close(target);
}

#define END(i) target_end(variant, self->target[i])

/* What a record says beside event and file is nothing, and not left-overs. */
#define EXPECT_EVENT(event_, file_) do {				\
	struct iotarget_fetch_element record_;				\
									\
	memset(&record_, 0x5a, sizeof(record_));			\
	record_.buffer = 0;						\
	record_.buffer_length = 0;					\
	record_.pad = 0;						\
	EXPECT_TRUE(readable(self->device));				\
	EXPECT_EQ(0, fetch_now(self->device, IOTARGET_FETCH_CANCELABLE,	\
			       &record_));				\
	EXPECT_EQ(event_, record_.event);				\
	EXPECT_EQ(file_, record_.file);					\
	EXPECT_EQ(0, record_.id);					\
	EXPECT_EQ(0, record_.offset);					\
	EXPECT_EQ(0, record_.type);					\
	EXPECT_EQ(0, record_.code);					\
	EXPECT_EQ(0, record_.flags);					\
	EXPECT_EQ(0, record_.in_length);				\
	EXPECT_EQ(0, record_.out_length);				\
	EXPECT_EQ(0, record_.copied);					\
	EXPECT_EQ(0, record_.state);					\
} while (0)

#define EXPECT_RECORD(event_, id_, flags_) do {				\
	struct iotarget_fetch_element record_ = {};			\
									\
	EXPECT_TRUE(readable(self->device));				\
	EXPECT_EQ(0, fetch_now(self->device, flags_, &record_));	\
	EXPECT_EQ(event_, record_.event);				\
	EXPECT_EQ(id_, record_.id);					\
} while (0)

#define EXPECT_NO_RECORD() do {						\
	struct iotarget_fetch_element none_ = {};			\
									\
	EXPECT_FALSE(readable(self->device));				\
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &none_));		\
} while (0)

#define SEND_TO(i, id_) ASSERT_EQ(0, send_one(self->target[i], 0, &(id_)))

/* A request that the host has, marked. */
#define MARKED_OF(i, id_) do {						\
	SEND_TO(i, id_);						\
	EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id_,			\
		      IOTARGET_FETCH_CANCELABLE);			\
} while (0)

/* ... and not marked. */
#define UNMARKED_OF(i, id_) do {					\
	SEND_TO(i, id_);						\
	EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id_, 0);			\
} while (0)

#define EXPECT_CLEANUP(i) EXPECT_EVENT(IOTARGET_EVENT_CLEANUP, self->file[i])
#define EXPECT_CLOSE(i) EXPECT_EVENT(IOTARGET_EVENT_CLOSE, self->file[i])
#define FILE_DONE(i) EXPECT_EQ(0, file_done(self->device, self->file[i]))

TEST_F(file, U91_queued_of_one_of_two)
{
	__u64 id[2][3];
	int i;

	for (i = 0; i < 2; i++) {
		SEND_TO(0, id[0][i]);
		SEND_TO(1, id[1][i]);
	}
	SEND_TO(0, id[0][2]);
	END(0);
	EXPECT_CLEANUP(0);
	/* held back, until the host's OnCleanupFile has returned */
	EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id[1][0], 0);
	EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id[1][1], 0);
	EXPECT_NO_RECORD();
	FILE_DONE(0);
	EXPECT_CLOSE(0);
	EXPECT_NO_RECORD();
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-ENOENT, complete(self->device, id[0][i], 0));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, is_canceled(self->device, id[1][i]));
		EXPECT_EQ(0, complete(self->device, id[1][i], 0));
	}
}

TEST_F(file, U92_owned_and_cancelable)
{
	__u64 id;

	MARKED_OF(0, id);
	END(0);
	EXPECT_CLEANUP(0);
	EXPECT_NO_RECORD();
	FILE_DONE(0);
	EXPECT_RECORD(IOTARGET_EVENT_CANCEL, id, 0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_CLOSE(0);
	EXPECT_NO_RECORD();
}

TEST_F(file, U92_owned_and_not_cancelable)
{
	__u64 id;

	UNMARKED_OF(0, id);
	END(0);
	EXPECT_CLEANUP(0);
	EXPECT_EQ(0, is_canceled(self->device, id));
	FILE_DONE(0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(1, is_canceled(self->device, id));
	EXPECT_EQ(-ECANCELED, mark(self->device, id));
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_CLOSE(0);
	EXPECT_NO_RECORD();
}

/* Its OnCancel was on the way already: it comes first, and once. */
TEST_F(file, cancelled_before_the_cleanup)
{
	__u64 id;

	MARKED_OF(0, id);
	EXPECT_EQ(DELIVERED, cancel(self->target[0], id));
	END(0);
	EXPECT_RECORD(IOTARGET_EVENT_CANCEL, id, 0);
	EXPECT_CLEANUP(0);
	FILE_DONE(0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_CLOSE(0);
}

/* As an OnCleanupFile does it: the host completes what it holds, then returns. */
TEST_F(file, the_host_completes_in_its_cleanup)
{
	__u64 marked, unmarked;

	MARKED_OF(0, marked);
	UNMARKED_OF(0, unmarked);
	END(0);
	EXPECT_CLEANUP(0);
	EXPECT_EQ(0, unmark(self->device, marked));
	EXPECT_EQ(0, mark(self->device, unmarked));
	EXPECT_EQ(0, complete(self->device, marked, 0));
	EXPECT_EQ(0, complete(self->device, unmarked, 0));
	/* Nothing is left, and still CLOSE follows FILE_DONE. */
	EXPECT_NO_RECORD();
	FILE_DONE(0);
	EXPECT_CLOSE(0);
	EXPECT_NO_RECORD();
}

TEST_F(file, nothing_was_sent)
{
	END(1);
	EXPECT_CLEANUP(1);
	EXPECT_NO_RECORD();
	FILE_DONE(1);
	EXPECT_CLOSE(1);
	EXPECT_NO_RECORD();
}

/* Complete is not pending: nobody will reap it. */
TEST_F(file, completions_that_nobody_reaps)
{
	__u64 id;

	UNMARKED_OF(0, id);
	EXPECT_EQ(0, complete(self->device, id, 0));
	SEND_TO(0, id);
	EXPECT_EQ(DELIVERED, cancel(self->target[0], id));
	END(0);
	EXPECT_CLEANUP(0);
	FILE_DONE(0);
	EXPECT_CLOSE(0);
}

/* An end is an end: once by SHUTDOWN, and no second time by the last close. */
TEST_F(file, every_file_has_one_cleanup)
{
	int copy = dup(self->target[0]);

	END(0);
	if (!variant->shutdown) {
		/* U93: the last close, not the first */
		EXPECT_NO_RECORD();
		EXPECT_EQ(-ENOENT, file_done(self->device, self->file[0]));
	} else {
		EXPECT_EQ(0, end(copy));
	}
	close(copy);
	EXPECT_CLEANUP(0);
	close(self->target[0]);
	EXPECT_NO_RECORD();
	FILE_DONE(0);
	EXPECT_CLOSE(0);
	EXPECT_NO_RECORD();
	self->target[0] = -1;
}

TEST_F(file, FILE_DONE_without_its_CLEANUP)
{
	int plain = parallel_create();
	__u64 file, id;
	int target;

	SEND_TO(0, id);
	/* open; never there */
	EXPECT_EQ(-ENOENT, file_done(self->device, self->file[0]));
	EXPECT_EQ(-ENOENT, file_done(self->device, 0));
	EXPECT_EQ(-ENOENT, file_done(self->device, ~0ULL));
	END(0);
	/* not fetched */
	EXPECT_EQ(-ENOENT, file_done(self->device, self->file[0]));
	EXPECT_CLEANUP(0);
	/* another's */
	EXPECT_EQ(-ENOENT, file_done(self->device, self->file[1]));
	FILE_DONE(0);
	/* twice, before and after its CLOSE was fetched */
	EXPECT_EQ(-ENOENT, file_done(self->device, self->file[0]));
	EXPECT_CLOSE(0);
	EXPECT_EQ(-ENOENT, file_done(self->device, self->file[0]));
	EXPECT_NO_RECORD();
	/* a device that did not ask for events */
	target = target_open_file(plain, &file);
	ASSERT_GE(target, 0);
	EXPECT_EQ(-ENOENT, file_done(plain, file));
	close(target);
	EXPECT_EQ(-ENOENT, file_done(plain, file));
	close(plain);
}

/* Twice while the file's requests are not all complete. */
TEST_F(file, FILE_DONE_twice)
{
	__u64 id;

	MARKED_OF(0, id);
	END(0);
	EXPECT_CLEANUP(0);
	FILE_DONE(0);
	EXPECT_EQ(-ENOENT, file_done(self->device, self->file[0]));
	EXPECT_RECORD(IOTARGET_EVENT_CANCEL, id, 0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_CLOSE(0);
}

TEST_F(file, other_files_go_on)
{
	struct iotarget_reap_element r;
	__u64 held, id;
	int i;

	SEND_TO(0, held);
	END(0);
	for (i = 0; i < 100; i++) {
		SEND_TO(1, id);
		if (!i)
			EXPECT_CLEANUP(0);
		EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id, 0);
		EXPECT_EQ(0, complete(self->device, id, i));
		ASSERT_EQ(0, reap_now(self->target[1], &r));
		EXPECT_EQ(i, r.status);
	}
	FILE_DONE(0);
	EXPECT_CLOSE(0);
}

/* One at a time: what is held back stands in nobody's way. */
TEST_F(file, sequential_queue)
{
	struct iotarget_fetch_element record = {};
	__u64 id[4];

	RENEW(IOTARGET_DISPATCH_SEQUENTIAL, 0);
	SEND_TO(0, id[0]);
	SEND_TO(0, id[1]);
	SEND_TO(1, id[2]);
	SEND_TO(1, id[3]);
	EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id[0], IOTARGET_FETCH_CANCELABLE);
	EXPECT_NO_RECORD();
	END(0);
	/* an event, while the host has all the requests that it may have */
	EXPECT_CLEANUP(0);
	EXPECT_NO_RECORD();
	/* by hand: not what is held back */
	EXPECT_EQ(0, fetch_now(self->device, IOTARGET_FETCH_RETRIEVE, &record));
	EXPECT_EQ(id[2], record.id);
	EXPECT_EQ(0, complete(self->device, id[2], 0));
	EXPECT_EQ(0, complete(self->device, id[0], 0));
	EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id[3], 0);
	EXPECT_EQ(0, complete(self->device, id[3], 0));
	EXPECT_NO_RECORD();
	EXPECT_EQ(-ENODATA, fetch_now(self->device, IOTARGET_FETCH_RETRIEVE,
				      &record));
	FILE_DONE(0);
	EXPECT_CLOSE(0);
	SEND_TO(1, id[0]);
	EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id[0], 0);
}

TEST_F(file, limit_of_a_parallel_queue)
{
	__u64 id[3];

	RENEW(IOTARGET_DISPATCH_PARALLEL, 1);
	SEND_TO(0, id[0]);
	SEND_TO(0, id[1]);
	SEND_TO(1, id[2]);
	EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id[0], IOTARGET_FETCH_CANCELABLE);
	END(0);
	EXPECT_CLEANUP(0);
	EXPECT_NO_RECORD();
	FILE_DONE(0);
	EXPECT_RECORD(IOTARGET_EVENT_CANCEL, id[0], 0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, id[0], 0));
	EXPECT_CLOSE(0);
	EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id[2], 0);
}

TEST_F(file, cancels_then_events_then_requests)
{
	struct iotarget_fetch_element record[4] = {};
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, record, 4);
	__u64 marked, queued, file;
	int target = target_open_file(self->device, &file);

	ASSERT_GE(target, 0);
	MARKED_OF(1, marked);
	SEND_TO(1, queued);
	target_end(variant, target);
	END(0);
	EXPECT_EQ(DELIVERED, cancel(self->target[1], marked));
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
	ASSERT_EQ(4, arg.fetched);
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, record[0].event);
	EXPECT_EQ(marked, record[0].id);
	/* in the order of their ends */
	EXPECT_EQ(IOTARGET_EVENT_CLEANUP, record[1].event);
	EXPECT_EQ(file, record[1].file);
	EXPECT_EQ(IOTARGET_EVENT_CLEANUP, record[2].event);
	EXPECT_EQ(self->file[0], record[2].file);
	EXPECT_EQ(IOTARGET_EVENT_REQUEST, record[3].event);
	EXPECT_EQ(queued, record[3].id);
	FILE_DONE(0);
	EXPECT_EQ(0, file_done(self->device, file));
	EXPECT_CLOSE(0);
	EXPECT_EVENT(IOTARGET_EVENT_CLOSE, file);
	if (variant->shutdown)
		close(target);
}

static int fetch_waiting(void *arg)
{
	struct iotarget_fetch_element record = {};
	int ret = fetch_one(*(int *)arg, 0, &record);

	return ret ? ret : (int)record.event;
}

TEST_F(file, wakes_a_host_that_sleeps)
{
	struct background host;
	__u64 id;

	UNMARKED_OF(0, id);
	background_start(&host, fetch_waiting, &self->device);
	wait_asleep(host.tid);
	END(0);
	EXPECT_EQ(IOTARGET_EVENT_CLEANUP, background_join(&host));
	FILE_DONE(0);
	background_start(&host, fetch_waiting, &self->device);
	wait_asleep(host.tid);
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_EQ(IOTARGET_EVENT_CLOSE, background_join(&host));
}

/* FILE_DONE has a CLOSE to tell of at once. */
TEST_F(file, FILE_DONE_wakes_a_host_that_sleeps)
{
	struct background host;
	__u64 id;

	SEND_TO(0, id);
	END(0);
	EXPECT_CLEANUP(0);
	background_start(&host, fetch_waiting, &self->device);
	wait_asleep(host.tid);
	FILE_DONE(0);
	EXPECT_EQ(IOTARGET_EVENT_CLOSE, background_join(&host));
}

static int poll_in(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	return poll(&p, 1, -1) == 1 ? p.revents : -1;
}

TEST_F(file, wakes_a_poller)
{
	struct background poller;

	background_start(&poller, poll_in, &self->device);
	END(0);
	EXPECT_EQ(POLLIN, background_join(&poller));
	EXPECT_CLEANUP(0);
	background_start(&poller, poll_in, &self->device);
	FILE_DONE(0);
	EXPECT_EQ(POLLIN, background_join(&poller));
	EXPECT_CLOSE(0);
	EXPECT_NO_RECORD();
}

/* Out before consumed: a record that faults stays first. */
TEST_F(file, record_that_cannot_be_written)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct iotarget_fetch_element *record =
		mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u64 id;

	ASSERT_NE(MAP_FAILED, record);
	SEND_TO(1, id);
	END(0);
	EXPECT_EQ(-EFAULT, fetch_now(self->device, 0, record));
	EXPECT_EQ(-EFAULT, fetch_now(self->device, 0, record));
	/* it was not fetched */
	EXPECT_EQ(-ENOENT, file_done(self->device, self->file[0]));
	EXPECT_CLEANUP(0);
	FILE_DONE(0);
	EXPECT_EQ(-EFAULT, fetch_now(self->device, 0, record));
	EXPECT_CLOSE(0);
	EXPECT_RECORD(IOTARGET_EVENT_REQUEST, id, 0);
	munmap(record, page);
}

TEST_F(file, half_an_array_of_records)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iotarget_fetch_element *record;
	struct iotarget_fetch arg;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));
	record = (void *)(map + page - sizeof(*record));
	END(0);
	END(1);
	arg = fetch_arg(0, NULL, 0, record, 2);
	EXPECT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
	EXPECT_EQ(1, arg.fetched);
	EXPECT_EQ(self->file[0], record->file);
	EXPECT_EQ(-ENOENT, file_done(self->device, self->file[1]));
	FILE_DONE(0);
	EXPECT_CLEANUP(1);
	EXPECT_CLOSE(0);
	munmap(map, page);
}

/* The device ends with the file at each stage: its events are withdrawn. */
TEST_F(file, the_device_ends)
{
	struct iotarget_fetch_element record = {};
	__u64 id[3];
	int stage;

	for (stage = 0; stage < 8; stage++) {
		RENEW(IOTARGET_DISPATCH_PARALLEL, 0);
		MARKED_OF(0, id[0]);
		UNMARKED_OF(0, id[1]);
		SEND_TO(0, id[2]);
		END(0);
		if (stage > 1)
			EXPECT_CLEANUP(0);
		if (stage > 3)
			FILE_DONE(0);
		if (stage > 5) {
			EXPECT_RECORD(IOTARGET_EVENT_CANCEL, id[0], 0);
			EXPECT_EQ(0, complete(self->device, id[0], 0));
			EXPECT_EQ(0, complete(self->device, id[1], 0));
		}
		if (stage & 1) {
			close(self->device);
			self->device = -1;
		} else {
			ASSERT_EQ(0, end(self->device));
			EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->device));
			EXPECT_EQ(-ENODEV, fetch_one(self->device, 0, &record));
			EXPECT_EQ(-ENODEV, file_done(self->device,
						     self->file[0]));
		}
		/* what the end found is complete: nothing is left behind */
		EXPECT_EQ(-ENODEV, send_one(self->target[1], 0, NULL));
	}
}

TEST_F(file, the_device_ended_before)
{
	ASSERT_EQ(0, end(self->device));
	END(0);
	EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->device));
}

static int send_waiting(void *arg)
{
	struct iotarget_send_element e = { .type = IOTARGET_TYPE_CONTROL };
	struct iotarget_reap_element r;
	struct iotarget_send send = send_arg(IOTARGET_SEND_WAIT, &e, 1, &r, 1);
	int ret = call(*(int *)arg, IOTARGET_SEND, &send);

	return ret ? ret : (int)send.reaped;
}

/* Nobody waits for a host: a sender neither. */
TEST_F(file, who_waits_returns_before_FILE_DONE)
{
	struct background sender;
	__u64 id;

	background_start(&sender, send_waiting, &self->target[0]);
	wait_asleep(sender.tid);
	/* (a close would wait for the call that is blocked in it) */
	ASSERT_EQ(0, end(self->target[0]));
	EXPECT_EQ(0, background_join(&sender));
	EXPECT_EQ(-ENODEV, send_one(self->target[0], 0, &id));
	EXPECT_CLEANUP(0);
	EXPECT_NO_RECORD();
	FILE_DONE(0);
	EXPECT_CLOSE(0);
}

/* What is held back can still come to its deadline. */
TEST_F(file, the_clock_cancels_what_is_held_back)
{
	struct iotarget_send_element e = { .type = IOTARGET_TYPE_CONTROL };
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	struct iotarget_reap_element r;
	struct timespec t;
	int i;

	clock_gettime(CLOCK_MONOTONIC, &t);
	e.deadline = t.tv_sec * 1000000000ULL + t.tv_nsec + 10000000;
	for (i = 0; i < 2; i++, e.deadline++)
		ASSERT_EQ(0, call(self->target[i], IOTARGET_SEND, &arg));
	END(0);
	/* The other one's comes later: then this one's has come. */
	ASSERT_EQ(0, reap_one(self->target[1], &r));
	EXPECT_EQ(-ETIMEDOUT, r.status);
	EXPECT_CLEANUP(0);
	EXPECT_NO_RECORD();
	FILE_DONE(0);
	EXPECT_CLOSE(0);
	EXPECT_NO_RECORD();
}

#define MANY 300

TEST_F(file, many)
{
	struct iotarget_fetch_element record[64] = {};
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, record, 64);
	int target[MANY], event, n;
	__u64 file[MANY], id;
	__u32 i;

	for (n = 0; n < MANY; n++) {
		target[n] = target_open_file(self->device, &file[n]);
		ASSERT_GE(target[n], 0);
		ASSERT_LT(n ? file[n - 1] : 0, file[n]);
		ASSERT_EQ(0, send_one(target[n], 0, &id));
	}
	for (n = 0; n < MANY; n++)
		target_end(variant, target[n]);
	for (event = IOTARGET_EVENT_CLEANUP; event <= IOTARGET_EVENT_CLOSE;
	     event++) {
		for (n = 0; n < MANY; n += arg.fetched) {
			ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
			for (i = 0; i < arg.fetched; i++) {
				ASSERT_EQ(event, record[i].event);
				ASSERT_EQ(file[n + i], record[i].file);
			}
		}
		EXPECT_EQ(MANY, n);
		EXPECT_NO_RECORD();
		if (event == IOTARGET_EVENT_CLOSE)
			break;
		for (n = 0; n < MANY; n++)
			ASSERT_EQ(0, file_done(self->device, file[n]));
	}
	for (n = 0; n < MANY && variant->shutdown; n++)
		close(target[n]);
}

/* A host that never answers keeps nobody from leaving. */
TEST_F(file, a_host_that_never_answers)
{
	struct iotarget_fetch_element f = {};
	int target[20], status, i;
	pid_t child = fork();
	__u64 id;

	if (!child) {
		for (i = 0; i < 20; i++) {
			target[i] = target_open(self->device);
			if (send_one(target[i], 0, &id) ||
			    fetch_now(self->device, IOTARGET_FETCH_CANCELABLE,
				      &f) ||
			    send_one(target[i], 0, &id) ||
			    fetch_now(self->device, 0, &f))
				_exit(1);
		}
		for (i = 0; i < 20; i++) {
			if (send_one(target[i], 0, &id))
				_exit(2);
			target_end(variant, target[i]);
		}
		_exit(42);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(42, WEXITSTATUS(status));
	/* not even what it has fetched */
	EXPECT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(IOTARGET_EVENT_CLEANUP, f.event);
}

/* ------------------------------------------------- processes that die */

static void sender_killed(struct __test_metadata *_metadata, int device)
{
	__u64 *id = mmap(NULL, 3 * sizeof(*id), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct iotarget_fetch_element f = {};
	int status;
	pid_t child;

	ASSERT_NE(MAP_FAILED, id);
	child = fork();
	if (!child) {
		int target = target_open(device);

		if (send_one(target, 0, &id[1]) ||
		    fetch_now(device, IOTARGET_FETCH_CANCELABLE, &f) ||
		    send_one(target, 0, &id[2]) || fetch_now(device, 0, &f) ||
		    send_one(target, 0, &id[0]))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	memset(&f, 0, sizeof(f));
	ASSERT_EQ(0, fetch_now(device, 0, &f));
	if (f.event == IOTARGET_EVENT_CLEANUP) {
		EXPECT_EQ(-EAGAIN, fetch_now(device, 0, &f));
		EXPECT_EQ(0, is_canceled(device, id[2]));
		EXPECT_EQ(0, file_done(device, f.file));
		ASSERT_EQ(0, fetch_now(device, 0, &f));
	}
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, f.event);
	EXPECT_EQ(id[1], f.id);
	EXPECT_EQ(-EAGAIN, fetch_now(device, 0, &f));
	/* the queued one is gone, the others stay until the host is done */
	EXPECT_EQ(-ENOENT, complete(device, id[0], 0));
	EXPECT_EQ(0, complete(device, id[1], -ECANCELED));
	EXPECT_EQ(1, is_canceled(device, id[2]));
	EXPECT_EQ(-EAGAIN, fetch_now(device, 0, &f));
	EXPECT_EQ(0, complete(device, id[2], 0));
	munmap(id, 3 * sizeof(*id));
}

TEST(U94_a_sender_is_killed)
{
	struct iotarget_fetch_element f = {};
	int device = parallel_create();

	ASSERT_GE(device, 0);
	sender_killed(_metadata, device);
	/* It did not ask for events. */
	EXPECT_EQ(-EAGAIN, fetch_now(device, 0, &f));
	close(device);
}

TEST(U94_a_sender_is_killed_and_its_file_has_events)
{
	int device = events_create(IOTARGET_DISPATCH_PARALLEL, 0);
	struct iotarget_fetch_element f = {};

	ASSERT_GE(device, 0);
	sender_killed(_metadata, device);
	EXPECT_EQ(0, fetch_now(device, 0, &f));
	EXPECT_EQ(IOTARGET_EVENT_CLOSE, f.event);
	EXPECT_EQ(-EAGAIN, fetch_now(device, 0, &f));
	close(device);
}

/* --------------------------------------------------- many come and go */

#define SENDERS	2
#define FILES	100000	/* and then no more are opened */
#define SENT	4	/* through each file */
#define KEPT	(SENT - 1) /* by the host for a while: one of a file comes back */

struct life {
	int device;
	unsigned int seed;
	unsigned long rounds;
	unsigned long failures;
	pthread_t thread;
};

/* Opens, sends, cancels, and leaves what is under way behind. */
static void *life_main(void *arg)
{
	struct life *l = arg;
	struct iotarget_reap_element r;
	__u64 id[SENT];
	unsigned int i;
	int target;

	while (l->rounds--) {
		target = target_open(l->device);
		l->failures += target < 0;
		for (i = 0; i < SENT; i++)
			l->failures += !!send_one(target, 0, &id[i]);
		if (draw(&l->seed, 2))
			l->failures += !!reap_one(target, &r);
		for (i = draw(&l->seed, SENT); i; i--)
			cancel(target, id[draw(&l->seed, SENT)]);
		if (draw(&l->seed, 2))
			l->failures += !!end(target);
		close(target);
	}
	return NULL;
}

enum stage { OPEN, CLEANED, CLOSED };

FIXTURE(life) {
	int device;
};

FIXTURE_SETUP(life)
{
	self->device = events_create(IOTARGET_DISPATCH_PARALLEL, 0);
	ASSERT_GE(self->device, 0);
}

FIXTURE_TEARDOWN(life)
{
	close(self->device);
}

/* Each file's records in their order, whatever happens at once. */
TEST_F_TIMEOUT(life, files_come_and_go, HOUR)
{
	static unsigned char stage[FILES];
	unsigned long n = rounds_get(20000) / 10, closed = 0, requests = 0;
	struct life life[SENDERS] = {};
	unsigned int seed = seed_get(), i;
	int device = self->device;
	__u64 kept[KEPT] = {}, *slot;

	n = n < FILES / SENDERS ? n : FILES / SENDERS - 1;
	TH_LOG("seed %u", seed);
	for (i = 0; i < SENDERS; i++) {
		life[i].device = device;
		life[i].seed = seed + i;
		life[i].rounds = n;
		pthread_create(&life[i].thread, NULL, life_main, &life[i]);
	}
	while (closed < SENDERS * n) {
		struct iotarget_fetch_element f = {};

		ASSERT_EQ(0, fetch_one(device, draw(&seed, 2) ?
				       IOTARGET_FETCH_CANCELABLE : 0, &f));
		ASSERT_GT(FILES, f.file);
		switch (f.event) {
		case IOTARGET_EVENT_REQUEST:
			requests++;
			ASSERT_EQ(OPEN, stage[f.file]);
			slot = &kept[draw(&seed, KEPT)];
			if (*slot)
				complete(device, *slot, 0);
			*slot = f.id;
			break;
		case IOTARGET_EVENT_CANCEL:
			ASSERT_NE(CLOSED, stage[f.file]);
			ASSERT_EQ(0, complete(device, f.id, -ECANCELED));
			break;
		case IOTARGET_EVENT_CLEANUP:
			ASSERT_EQ(OPEN, stage[f.file]);
			stage[f.file] = CLEANED;
			for (i = 0; i < KEPT; i++) {
				if (kept[i])
					complete(device, kept[i], 0);
				kept[i] = 0;
			}
			ASSERT_EQ(0, file_done(device, f.file));
			break;
		case IOTARGET_EVENT_CLOSE:
			ASSERT_EQ(CLEANED, stage[f.file]);
			stage[f.file] = CLOSED;
			closed++;
			break;
		default:
			ASSERT_EQ(0, f.event);
		}
	}
	for (i = 0; i < SENDERS; i++) {
		pthread_join(life[i].thread, NULL);
		EXPECT_EQ(0, life[i].failures);
	}
	TH_LOG("%lu files, %lu requests fetched", closed, requests);
	EXPECT_LT(0, requests);
}

/* -------------------------------------------------------- CANCEL THREAD */

static int cancel_thread(int target, __u32 tid, struct iotarget_cancel *arg)
{
	memset(arg, 0, sizeof(*arg));
	arg->size = sizeof(*arg);
	arg->scope = IOTARGET_CANCEL_THREAD;
	arg->tid = tid;
	return call(target, IOTARGET_CANCEL, arg);
}

FIXTURE(thread) {
	int device;
	int target;
};

FIXTURE_SETUP(thread)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(thread)
{
	close(self->target);
	close(self->device);
}

/* A thread that sends, does something more, and stays until it is let go. */
struct other {
	int target;
	__u64 id[3];
	atomic_int sent;
	atomic_int leave;
	struct background thread;
};

static int other_main(void *arg)
{
	struct other *o = arg;
	int i, ret = 0;

	for (i = 0; i < 3; i++)
		ret |= send_one(o->target, 0, &o->id[i]);
	atomic_store(&o->sent, 1);
	wait_for(&o->leave, 1);
	return ret;
}

static void other_start(struct other *o, int target)
{
	memset(o, 0, sizeof(*o));
	o->target = target;
	background_start(&o->thread, other_main, o);
	wait_for(&o->sent, 1);
}

static int other_join(struct other *o)
{
	atomic_store(&o->leave, 1);
	return background_join(&o->thread);
}

/* As many of this thread's requests as expected have been cancelled. */
#define EXPECT_CANCELED(id_, n_) do {					\
	struct iotarget_reap_element reap_;				\
	int i_;								\
									\
	for (i_ = 0; i_ < (n_); i_++) {					\
		EXPECT_EQ(0, reap_now(self->target, &reap_));		\
		EXPECT_EQ((id_)[i_], reap_.id);				\
		EXPECT_EQ(-ECANCELED, reap_.status);			\
	}								\
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &reap_));		\
} while (0)

TEST_F(thread, U95_nothing_matches)
{
	struct iotarget_cancel arg;
	struct other o;

	EXPECT_EQ(-ENOENT, cancel_thread(self->target, 0, &arg));
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, own_tid(), &arg));
	other_start(&o, self->target);
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, 0, &arg));
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, own_tid(), &arg));
	/* no thread: beyond any pid, and not a pid at all */
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, 1 << 30, &arg));
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, -1, &arg));
	EXPECT_EQ(-EAGAIN, reap_now(self->target,
				    &(struct iotarget_reap_element) {}));
	EXPECT_EQ(0, other_join(&o));
}

TEST_F(thread, U96_own)
{
	struct iotarget_cancel arg;
	struct other o;
	__u64 id[2];
	int i;

	for (i = 0; i < 2; i++) {
		other_start(&o, self->target);
		ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
		ASSERT_EQ(0, send_one(self->target, 0, &id[1]));
		ASSERT_EQ(0, cancel_thread(self->target, i ? own_tid() : 0,
					   &arg));
		EXPECT_EQ(2, arg.delivered);
		EXPECT_EQ(0, arg.marked + arg.told + arg.completed);
		EXPECT_CANCELED(id, 2);
		EXPECT_EQ(-ENOENT, cancel_thread(self->target, 0, &arg));
		EXPECT_EQ(0, other_join(&o));
	}
}

TEST_F(thread, U96_of_another)
{
	struct iotarget_cancel arg;
	struct other a, b;
	__u64 id;

	other_start(&a, self->target);
	other_start(&b, self->target);
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	ASSERT_EQ(0, cancel_thread(self->target, a.thread.tid, &arg));
	EXPECT_EQ(3, arg.delivered);
	EXPECT_CANCELED(a.id, 3);
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, a.thread.tid, &arg));
	ASSERT_EQ(0, cancel_thread(self->target, b.thread.tid, &arg));
	EXPECT_EQ(3, arg.delivered);
	EXPECT_CANCELED(b.id, 3);
	EXPECT_EQ(0, other_join(&a));
	EXPECT_EQ(0, other_join(&b));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
}

/* Each counted by the state it was in; and this target's alone. */
TEST_F(thread, counts_by_state)
{
	int second = target_open(self->device);
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	struct iotarget_cancel arg;
	__u64 marked, unmarked, queued, completed, elsewhere;

	ASSERT_GE(second, 0);
	ASSERT_EQ(0, send_one(self->target, 0, &marked));
	ASSERT_EQ(0, fetch_now(self->device, IOTARGET_FETCH_CANCELABLE, &f));
	ASSERT_EQ(0, send_one(self->target, 0, &unmarked));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	ASSERT_EQ(0, send_one(self->target, 0, &completed));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, completed, 0));
	ASSERT_EQ(0, send_one(self->target, 0, &queued));
	ASSERT_EQ(0, send_one(second, 0, &elsewhere));

	ASSERT_EQ(0, cancel_thread(self->target, 0, &arg));
	EXPECT_EQ(2, arg.delivered);
	EXPECT_EQ(1, arg.marked);
	EXPECT_EQ(0, arg.told);
	EXPECT_EQ(0, arg.completed);
	ASSERT_EQ(0, cancel_thread(self->target, 0, &arg));
	EXPECT_EQ(0, arg.delivered);
	EXPECT_EQ(1, arg.marked);
	EXPECT_EQ(1, arg.told);
	EXPECT_EQ(0, arg.completed);
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, f.event);
	EXPECT_EQ(marked, f.id);
	EXPECT_EQ(0, complete(self->device, marked, -ECANCELED));
	EXPECT_EQ(1, is_canceled(self->device, unmarked));
	EXPECT_EQ(0, complete(self->device, unmarked, 0));
	/* complete and not reaped is not pending */
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, 0, &arg));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(elsewhere, f.id);
	EXPECT_EQ(0, is_canceled(self->device, elsewhere));
	EXPECT_EQ(0, complete(self->device, elsewhere, 0));
	ASSERT_EQ(0, reap_now(second, &r));
	close(second);
}

/* The thread's exit alone cancels nothing. */
TEST_F(thread, of_one_that_has_left)
{
	struct iotarget_fetch_element f = {};
	struct iotarget_cancel arg;
	struct other o;

	other_start(&o, self->target);
	EXPECT_EQ(0, other_join(&o));
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, 0, &arg));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(o.id[0], f.id);
	EXPECT_EQ(0, is_canceled(self->device, f.id));
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(2, arg.delivered);
	EXPECT_EQ(1, arg.marked);
}

/* SEND with WAIT, as CancelSynchronousIo has it. */
TEST_F(thread, of_one_that_waits)
{
	struct background sender;
	struct iotarget_cancel arg;

	background_start(&sender, send_waiting, &self->target);
	wait_asleep(sender.tid);
	ASSERT_EQ(0, cancel_thread(self->target, sender.tid, &arg));
	EXPECT_EQ(1, arg.delivered);
	EXPECT_EQ(1, background_join(&sender));
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, sender.tid, &arg));
}

/* Any process that has the fd may cancel, and names what it sees itself. */
TEST_F(thread, of_another_process)
{
	struct iotarget_cancel arg;
	int status;
	pid_t child;
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	child = fork();
	if (!child) {
		if (cancel_thread(self->target, 0, &arg) != -ENOENT)
			_exit(1);
		if (cancel_thread(self->target, getppid(), &arg) ||
		    arg.delivered != 1)
			_exit(2);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_CANCELED(&id, 1);
}

/* A number is worth what it is worth in the caller's pid namespace. */
TEST_F(thread, tid_in_a_pid_namespace)
{
	pid_t child, outside = getpid();
	struct iotarget_cancel arg;
	int up[2], down[2], status;
	__u64 own;
	char byte;

	if (unshare(CLONE_NEWUSER | CLONE_NEWPID))
		SKIP(return, "no user namespaces here");
	ASSERT_EQ(0, pipe(up));
	ASSERT_EQ(0, pipe(down));
	ASSERT_EQ(0, send_one(self->target, 0, &own));
	child = fork();
	if (!child) {
		/* 1 here, something else outside */
		if (getpid() != 1 || send_one(self->target, 0, NULL) ||
		    cancel_thread(self->target, outside, &arg) != -ENOENT ||
		    cancel_thread(self->target, 1, &arg) || arg.delivered != 1)
			_exit(1);
		if (send_one(self->target, 0, NULL) ||
		    write(up[1], "x", 1) != 1 || read(down[0], &byte, 1) != 1)
			_exit(2);
		/* from outside */
		if (cancel_thread(self->target, 1, &arg) != -ENOENT)
			_exit(3);
		_exit(42);
	}
	ASSERT_EQ(1, read(up[0], &byte, 1));
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, 1, &arg));
	EXPECT_EQ(0, cancel_thread(self->target, child, &arg));
	EXPECT_EQ(1, arg.delivered);
	ASSERT_EQ(1, write(down[1], "x", 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(42, WEXITSTATUS(status));
	EXPECT_EQ(DELIVERED, cancel(self->target, own));
}

/* The thread is remembered, not its number: that goes to others later. */
TEST_F(thread, a_number_that_is_used_again)
{
	struct clone_args {
		__u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack,
		      stack_size, tls, set_tid, set_tid_size, cgroup;
	} args = { .exit_signal = SIGCHLD };
	struct iotarget_cancel arg;
	pid_t child, tid[1];
	struct other o;
	int status;

	if (geteuid())
		SKIP(return, "to choose a pid is root's");
	other_start(&o, self->target);
	tid[0] = o.thread.tid;
	EXPECT_EQ(0, other_join(&o));
	args.set_tid = ADDRESS(tid);
	args.set_tid_size = 1;
	/* join does not say that the number is free */
	do {
		child = syscall(SYS_clone3, &args, sizeof(args));
	} while (child < 0 && errno == EEXIST);
	ASSERT_LE(0, child);
	if (!child)
		_exit(own_tid() == tid[0] &&
		      cancel_thread(self->target, 0, &arg) == -ENOENT &&
		      cancel_thread(self->target, tid[0], &arg) == -ENOENT ?
		      42 : 1);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(42, WEXITSTATUS(status));
	ASSERT_EQ(0, cancel_all(self->target, &arg));
	EXPECT_EQ(3, arg.delivered);
}

TEST_HARNESS_MAIN
