// SPDX-License-Identifier: GPL-2.0
/*
 * Forced race windows, in a module built with IOTARGET_TEST: a thread is parked
 * at a point, another one runs, the first goes on. Both orders of each race.
 * Numbers are those of the race ledger in the design notes. The last fixture
 * stops a copy by a page fault, and needs no such module.
 */
#include <linux/userfaultfd.h>

#include "common.h"

#define RACE_DIR "/sys/kernel/debug/iotarget/race/"

static int race_open(const char *point)
{
	char path[96];

	snprintf(path, sizeof(path), RACE_DIR "%s", point);
	return open(path, O_RDWR | O_CLOEXEC);
}

static void race_write(const char *point, const char *text)
{
	int fd = race_open(point);

	if (write(fd, text, 1) != 1)
		abort();
	close(fd);
}

/* The next thread that comes to the point parks there. */
static void arm(const char *point)
{
	race_write(point, "1");
}

static void release(const char *point)
{
	race_write(point, "0");
}

/* Returns when a thread is parked; tells its tid. */
static pid_t parked(const char *point)
{
	char text[16] = {};
	int fd = race_open(point);

	if (read(fd, text, sizeof(text) - 1) <= 0)
		abort();
	close(fd);
	return atoi(text);
}

static const char *const points[] = {
	"send_publish", "fetch_copy", "fetch_commit", "complete_copy",
	"cancel_lock", "wait_return", "reap_copy", "cancel_copy",
};

/* ------------------------------------------------ calls in the background */

struct op {
	int fd;
	__u32 flags;
	__u64 id;
	__u32 length;
	struct iotarget_fetch_element *record;
	struct iotarget_reap_element *reap;
	struct iotarget_send arg;
	struct iotarget_send_element e;
	struct iotarget_reap_element r;
	struct iotarget_fetch_element f;
	struct background thread;
};

static int op_cancel(void *arg)
{
	struct op *o = arg;

	return cancel(o->fd, o->id);
}

static int op_fetch(void *arg)
{
	struct op *o = arg;
	struct iotarget_fetch fetch = fetch_arg(o->flags, NULL, 0, o->record, 1);
	int ret = call(o->fd, IOTARGET_FETCH, &fetch);

	return ret ? ret : fetch.fetched == 1 ? 0 : -EPROTO;
}

static int op_complete(void *arg)
{
	static char bytes[4096];
	struct op *o = arg;

	memset(bytes, 0x5a, sizeof(bytes));
	return complete_bytes(o->fd, o->id, 0, o->length, bytes, o->length);
}

static int op_send(void *arg)
{
	struct op *o = arg;

	o->e.type = IOTARGET_TYPE_CONTROL;
	o->arg = send_arg(o->flags, &o->e, 1, &o->r,
			  o->flags & IOTARGET_SEND_WAIT);
	return call(o->fd, IOTARGET_SEND, &o->arg);
}

static int op_reap(void *arg)
{
	struct op *o = arg;

	return reap_one(o->fd, o->reap ? o->reap : &o->r);
}

/* FETCH of @length records. */
static int op_fetch_many(void *arg)
{
	struct op *o = arg;
	struct iotarget_fetch fetch = fetch_arg(o->flags, NULL, 0, o->record, o->length);
	int ret = call(o->fd, IOTARGET_FETCH, &fetch);

	return ret ? ret : (int)fetch.fetched;
}

/* Starts the call and returns when it is parked at the point. */
static void park(const char *point, struct op *o, int (*function)(void *))
{
	if (!o->record)
		o->record = &o->f;
	arm(point);
	background_start(&o->thread, function, o);
	if (parked(point) != o->thread.tid)
		abort();
}

/* Lets it go on, and tells what it answered. */
static int go_on(const char *point, struct op *o)
{
	release(point);
	return background_join(&o->thread);
}

FIXTURE(race) {
	int device;
	int target;
	char out[4096];
};

/* Whether FETCH hands requests over marked, and by which CANCEL. */
FIXTURE_VARIANT(race) {
	__u32 fetch;
};

FIXTURE_VARIANT_ADD(race, plain) { 0 };
FIXTURE_VARIANT_ADD(race, cancelable) { IOTARGET_FETCH_CANCELABLE };

FIXTURE_SETUP(race)
{
	unsigned int i;

	if (access(RACE_DIR, F_OK))
		SKIP(return, "the module is built without race windows");
	for (i = 0; i < sizeof(points) / sizeof(*points); i++)
		release(points[i]);
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(race)
{
	unsigned int i;

	for (i = 0; i < sizeof(points) / sizeof(*points); i++)
		release(points[i]);
	close(self->target);
	close(self->device);
}

#define MARKED_ (variant->fetch != 0)

/* A read of @length bytes that the host owns, marked in the variant. */
#define OWNED(id_, length_) do {					\
	struct iotarget_fetch_element f_ = {};				\
									\
	ASSERT_EQ(0, send_read(self->target, self->out, length_, &(id_))); \
	ASSERT_EQ(0, fetch_now(self->device, variant->fetch, &f_));	\
	ASSERT_EQ(id_, f_.id);						\
} while (0)

#define EXPECT_ON_CANCEL(id_) do {					\
	struct iotarget_fetch_element f_ = {};				\
									\
	EXPECT_EQ(0, fetch_now(self->device, 0, &f_));			\
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, f_.event);			\
	EXPECT_EQ(id_, f_.id);						\
	EXPECT_NO_RECORD();						\
} while (0)

#define EXPECT_NO_RECORD() do {						\
	struct iotarget_fetch_element f_ = {};				\
									\
	EXPECT_FALSE(readable(self->device));				\
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &f_));		\
} while (0)

#define EXPECT_NO_COMPLETION() do {					\
	struct iotarget_reap_element r_;				\
									\
	EXPECT_FALSE(readable(self->target));				\
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r_));		\
} while (0)

#define EXPECT_COMPLETION(id_, status_) do {				\
	struct iotarget_reap_element r_;				\
									\
	EXPECT_EQ(0, reap_now(self->target, &r_));			\
	EXPECT_EQ(id_, r_.id);						\
	EXPECT_EQ(status_, r_.status);					\
} while (0)

/* ------------------------------------------------------- a batch of FETCH */

/* More than one batch of FETCH. */
#define MANY	20

#define SEND_MANY(ids_, count_) do {					\
	int n_;								\
									\
	for (n_ = 0; n_ < (count_); n_++)				\
		ASSERT_EQ(0, send_one(self->target, 0, &(ids_)[n_]));	\
} while (0)

TEST_F(race, L2_cancel_of_one_in_the_middle_of_a_batch)
{
	struct iotarget_fetch_element record[3] = {};
	struct op o = { .fd = self->device, .flags = variant->fetch,
			.length = 3, .record = record };
	__u64 id[3];
	int i;

	SEND_MANY(id, 3);
	park("fetch_copy", &o, op_fetch_many);
	EXPECT_EQ(MARKED_ ? DELIVERED : MARKED, cancel(self->target, id[1]));
	EXPECT_EQ(3, go_on("fetch_copy", &o));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(id[i], record[i].id);
	EXPECT_EQ(0, is_canceled(self->device, id[0]));
	EXPECT_EQ(0, is_canceled(self->device, id[2]));
	if (MARKED_)
		EXPECT_ON_CANCEL(id[1]);
	else
		EXPECT_EQ(-ECANCELED, mark(self->device, id[1]));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, complete(self->device, id[i], i));
		EXPECT_COMPLETION(id[i], i);
	}
	EXPECT_NO_RECORD();
}

TEST_F(race, L3_one_of_a_batch_is_cancelled_and_its_copy_fails)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iotarget_fetch_element *record = (void *)(map + page) - 2 * sizeof(*record);
	struct op o = { .fd = self->device, .flags = variant->fetch,
			.length = 4, .record = record };
	struct iotarget_fetch_element f = {};
	__u64 id[4];

	ASSERT_NE(MAP_FAILED, (void *)map);
	ASSERT_EQ(0, mprotect(map + page, page, PROT_NONE));
	SEND_MANY(id, 4);
	park("fetch_copy", &o, op_fetch_many);
	EXPECT_EQ(MARKED_ ? DELIVERED : MARKED, cancel(self->target, id[2]));
	EXPECT_EQ(2, go_on("fetch_copy", &o));
	EXPECT_EQ(id[0], record[0].id);
	EXPECT_EQ(id[1], record[1].id);
	/* back in the queue, which completes what is cancelled */
	EXPECT_COMPLETION(id[2], -ECANCELED);
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(id[3], f.id);
	EXPECT_NO_RECORD();
}

TEST_F(race, L11_the_device_ends_in_the_middle_of_a_batch)
{
	struct iotarget_fetch_element record[3] = {};
	struct op o = { .fd = self->device, .flags = variant->fetch,
			.length = 3, .record = record };
	__u64 id[3];

	SEND_MANY(id, 3);
	park("fetch_commit", &o, op_fetch_many);
	EXPECT_EQ(MARKED_ ? DELIVERED : MARKED, cancel(self->target, id[2]));
	EXPECT_EQ(0, end(self->device));
	EXPECT_EQ(-ENODEV, go_on("fetch_commit", &o));
	EXPECT_COMPLETION(id[0], -ENODEV);
	EXPECT_COMPLETION(id[1], -ENODEV);
	EXPECT_COMPLETION(id[2], MARKED_ ? -ECANCELED : -ENODEV);
}

TEST_F(race, another_host_fetches_what_a_batch_leaves)
{
	struct iotarget_fetch_element record[MANY] = {}, f = {};
	struct op o = { .fd = self->device, .flags = variant->fetch,
			.length = MANY, .record = record };
	__u64 id[MANY];
	int other = -1, i;

	SEND_MANY(id, MANY);
	park("fetch_copy", &o, op_fetch_many);
	EXPECT_TRUE(readable(self->device));
	ASSERT_EQ(0, fetch_now(self->device, variant->fetch, &f));
	for (i = 0; i < MANY; i++)
		if (f.id == id[i])
			other = i;
	EXPECT_LT(0, other);
	EXPECT_EQ(MANY - 1, go_on("fetch_copy", &o));
	for (i = 0; i < MANY - 1; i++)
		EXPECT_EQ(id[i < other ? i : i + 1], record[i].id);
	EXPECT_NO_RECORD();
}

/* ------------------------------------------------- 1, 4-7: before the lock */

TEST_F(race, L1_cancel_then_fetch)
{
	struct op o = { .fd = self->target };

	ASSERT_EQ(0, send_one(self->target, 0, &o.id));
	park("cancel_lock", &o, op_cancel);
	/* FETCH comes first after all. */
	ASSERT_EQ(0, fetch_now(self->device, variant->fetch, &o.f));
	EXPECT_EQ(MARKED_ ? DELIVERED : MARKED, go_on("cancel_lock", &o));
	if (MARKED_)
		EXPECT_ON_CANCEL(o.id);
	else
		EXPECT_EQ(-ECANCELED, mark(self->device, o.id));
	EXPECT_EQ(0, complete(self->device, o.id, -ECANCELED));
	EXPECT_COMPLETION(o.id, -ECANCELED);
	EXPECT_NO_RECORD();
}

TEST_F(race, L6_cancel_then_complete)
{
	struct op o = { .fd = self->target };

	OWNED(o.id, 16);
	park("cancel_lock", &o, op_cancel);
	EXPECT_EQ(0, complete(self->device, o.id, 4));
	EXPECT_EQ(COMPLETED, go_on("cancel_lock", &o));
	EXPECT_NO_RECORD();
	EXPECT_COMPLETION(o.id, 4);
}

TEST_F(race, L14_cancel_then_the_slot_is_another_request)
{
	struct op o = { .fd = self->target };
	__u64 next;

	OWNED(o.id, 16);
	park("cancel_lock", &o, op_cancel);
	EXPECT_EQ(0, complete(self->device, o.id, 4));
	EXPECT_COMPLETION(o.id, 4);
	/* The slot that was used last is taken first. */
	OWNED(next, 16);
	EXPECT_EQ(-ENOENT, go_on("cancel_lock", &o));
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, is_canceled(self->device, next));
	EXPECT_EQ(0, complete(self->device, next, 0));
}

TEST_F(race, L4_cancel_then_mark)
{
	struct op o = { .fd = self->target };

	if (MARKED_)
		return;
	OWNED(o.id, 16);
	park("cancel_lock", &o, op_cancel);
	EXPECT_EQ(0, mark(self->device, o.id));
	EXPECT_EQ(DELIVERED, go_on("cancel_lock", &o));
	EXPECT_ON_CANCEL(o.id);
	EXPECT_EQ(0, complete(self->device, o.id, 0));
	/* and the other order */
	OWNED(o.id, 16);
	EXPECT_EQ(MARKED, cancel(self->target, o.id));
	EXPECT_EQ(-ECANCELED, mark(self->device, o.id));
	EXPECT_NO_RECORD();
}

TEST_F(race, L5_cancel_then_unmark)
{
	struct op o = { .fd = self->target };

	if (!MARKED_)
		return;
	OWNED(o.id, 16);
	park("cancel_lock", &o, op_cancel);
	EXPECT_EQ(0, unmark(self->device, o.id));
	EXPECT_EQ(MARKED, go_on("cancel_lock", &o));
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, o.id, 0));
	/* and the other order */
	OWNED(o.id, 16);
	EXPECT_EQ(DELIVERED, cancel(self->target, o.id));
	EXPECT_EQ(-ECANCELED, unmark(self->device, o.id));
	EXPECT_ON_CANCEL(o.id);
}

TEST_F(race, L7_two_cancels)
{
	struct op o = { .fd = self->target };

	OWNED(o.id, 16);
	park("cancel_lock", &o, op_cancel);
	EXPECT_EQ(MARKED_ ? DELIVERED : MARKED, cancel(self->target, o.id));
	EXPECT_EQ(MARKED_ ? TOLD : MARKED, go_on("cancel_lock", &o));
	if (MARKED_)
		EXPECT_ON_CANCEL(o.id);
	EXPECT_EQ(0, complete(self->device, o.id, 0));
	EXPECT_COMPLETION(o.id, 0);
	EXPECT_NO_RECORD();
}

TEST_F(race, L9_cancel_then_the_target_ends)
{
	struct op o = { .fd = self->target };
	int ret;

	OWNED(o.id, 16);
	park("cancel_lock", &o, op_cancel);
	EXPECT_EQ(0, end(self->target));
	ret = go_on("cancel_lock", &o);
	EXPECT_TRUE(ret == -ENODEV || ret == (MARKED_ ? TOLD : MARKED));
	if (MARKED_)
		EXPECT_ON_CANCEL(o.id);
	EXPECT_EQ(1, is_canceled(self->device, o.id));
	EXPECT_EQ(0, complete(self->device, o.id, 0));
}

TEST_F(race, L9_cancel_then_the_device_ends)
{
	struct op o = { .fd = self->target };
	int ret;

	OWNED(o.id, 16);
	park("cancel_lock", &o, op_cancel);
	EXPECT_EQ(0, end(self->device));
	ret = go_on("cancel_lock", &o);
	EXPECT_TRUE(ret == -ENODEV || ret == COMPLETED);
	EXPECT_COMPLETION(o.id, -ENODEV);
}

/* ---------------------------------- 2, 3, 14: while a record is on the way */

/* By point: before the copy, and between the copy and the handing over. */
static void cancel_while_delivering(struct __test_metadata *_metadata,
				    FIXTURE_DATA(race) *self,
				    const FIXTURE_VARIANT(race) *variant,
				    const char *point, bool all)
{
	struct op o = { .fd = self->device, .flags = variant->fetch };
	struct iotarget_fetch_element f = {};
	struct iotarget_cancel arg;
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	park(point, &o, op_fetch);
	/* 14: it is not the host's yet */
	EXPECT_EQ(-ENOENT, mark(self->device, id));
	EXPECT_EQ(-ENOENT, unmark(self->device, id));
	EXPECT_EQ(-ENOENT, is_canceled(self->device, id));
	EXPECT_EQ(-ENOENT, complete(self->device, id, 0));
	if (all) {
		EXPECT_EQ(0, cancel_all(self->target, &arg));
		EXPECT_EQ(MARKED_, arg.delivered);
		EXPECT_EQ(!MARKED_, arg.marked);
	} else {
		EXPECT_EQ(MARKED_ ? DELIVERED : MARKED,
			  cancel(self->target, id));
	}
	EXPECT_EQ(MARKED_ ? TOLD : MARKED, cancel(self->target, id));
	/* OnCancel does not overtake the request's own record. */
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &f));
	EXPECT_FALSE(readable(self->device));
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(0, go_on(point, &o));
	EXPECT_EQ(IOTARGET_EVENT_REQUEST, o.f.event);
	EXPECT_EQ(id, o.f.id);
	if (MARKED_) {
		EXPECT_EQ(0, is_canceled(self->device, id));
		EXPECT_EQ(-ECANCELED, complete(self->device, id, 0));
		EXPECT_EQ(-ECANCELED, unmark(self->device, id));
		EXPECT_ON_CANCEL(id);
	} else {
		EXPECT_NO_RECORD();
		EXPECT_EQ(1, is_canceled(self->device, id));
		EXPECT_EQ(-ECANCELED, mark(self->device, id));
	}
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_COMPLETION(id, -ECANCELED);
	EXPECT_NO_RECORD();
}

TEST_F(race, L2_cancel_before_the_copy)
{
	cancel_while_delivering(_metadata, self, variant, "fetch_copy", false);
}

TEST_F(race, L2_cancel_after_the_copy)
{
	cancel_while_delivering(_metadata, self, variant, "fetch_commit",
				false);
}

TEST_F(race, L2_cancel_all_before_the_copy)
{
	cancel_while_delivering(_metadata, self, variant, "fetch_copy", true);
}

TEST_F(race, L2_cancel_all_after_the_copy)
{
	cancel_while_delivering(_metadata, self, variant, "fetch_commit", true);
}

static struct iotarget_fetch_element *record_page(void)
{
	void *map = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map == MAP_FAILED ? NULL : map;
}

TEST_F(race, L3_copy_fails)
{
	struct op o = { .fd = self->device, .flags = variant->fetch,
			.record = record_page() };
	struct iotarget_fetch_element f = {};
	__u64 id[2];

	ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
	ASSERT_EQ(0, send_one(self->target, 0, &id[1]));
	park("fetch_copy", &o, op_fetch);
	munmap(o.record, sysconf(_SC_PAGESIZE));
	EXPECT_EQ(-EFAULT, go_on("fetch_copy", &o));
	/* back to the head, and nothing of a mark is left */
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(id[0], f.id);
	EXPECT_EQ(0, mark(self->device, id[0]));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(id[1], f.id);
	EXPECT_NO_RECORD();
}

TEST_F(race, L3_cancelled_and_copy_fails)
{
	struct op o = { .fd = self->device, .flags = variant->fetch,
			.record = record_page() };
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	park("fetch_copy", &o, op_fetch);
	EXPECT_EQ(MARKED_ ? DELIVERED : MARKED, cancel(self->target, id));
	munmap(o.record, sysconf(_SC_PAGESIZE));
	EXPECT_EQ(-EFAULT, go_on("fetch_copy", &o));
	/* The host never had it: the queue's own cancel ends it. */
	EXPECT_COMPLETION(id, -ECANCELED);
	EXPECT_NO_RECORD();
	EXPECT_EQ(-ENOENT, complete(self->device, id, 0));
}

TEST_F(race, L3_copy_fails_while_another_host_sleeps)
{
	struct op o = { .fd = self->device, .flags = variant->fetch,
			.record = record_page() };
	struct op other = { .fd = self->device, .record = &other.f };
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	park("fetch_copy", &o, op_fetch);
	background_start(&other.thread, op_fetch, &other);
	wait_asleep(other.thread.tid);
	munmap(o.record, sysconf(_SC_PAGESIZE));
	EXPECT_EQ(-EFAULT, go_on("fetch_copy", &o));
	/* invariant 10: whoever leaves empty-handed wakes the next */
	EXPECT_EQ(0, background_join(&other.thread));
	EXPECT_EQ(id, other.f.id);
}

/* -------------------------------------- 9-11: ends while a copy is under way */

TEST_F(race, L9_target_ends_while_delivering)
{
	struct op o = { .fd = self->device, .flags = variant->fetch };
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	park("fetch_copy", &o, op_fetch);
	close(self->target);
	self->target = -1;
	EXPECT_EQ(0, go_on("fetch_copy", &o));
	EXPECT_EQ(id, o.f.id);
	if (MARKED_)
		EXPECT_ON_CANCEL(id);
	else
		EXPECT_NO_RECORD();
	EXPECT_EQ(1, is_canceled(self->device, id));
	EXPECT_EQ(0, complete(self->device, id, 0));
}

TEST_F(race, L9_target_ends_and_copy_fails)
{
	struct op o = { .fd = self->device, .flags = variant->fetch,
			.record = record_page() };
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	park("fetch_copy", &o, op_fetch);
	close(self->target);
	self->target = -1;
	munmap(o.record, sysconf(_SC_PAGESIZE));
	EXPECT_EQ(-EFAULT, go_on("fetch_copy", &o));
	EXPECT_NO_RECORD();
	EXPECT_EQ(-ENOENT, complete(self->device, id, 0));
}

static void device_ends_while_delivering(struct __test_metadata *_metadata,
					 FIXTURE_DATA(race) *self,
					 const FIXTURE_VARIANT(race) *variant,
					 const char *point, bool cancelled)
{
	struct op o = { .fd = self->device, .flags = variant->fetch };
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	park(point, &o, op_fetch);
	if (cancelled)
		EXPECT_EQ(MARKED_ ? DELIVERED : MARKED,
			  cancel(self->target, id));
	EXPECT_EQ(0, end(self->device));
	/* invariant 9: not to be reaped while its payload is being read */
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(-ENODEV, go_on(point, &o));
	EXPECT_COMPLETION(id, cancelled && MARKED_ ? -ECANCELED : -ENODEV);
}

TEST_F(race, L10_device_ends_before_the_copy)
{
	device_ends_while_delivering(_metadata, self, variant, "fetch_copy",
				     false);
}

TEST_F(race, L10_device_ends_after_the_copy)
{
	device_ends_while_delivering(_metadata, self, variant, "fetch_commit",
				     false);
}

TEST_F(race, L11_cancelled_device_ends_before_the_copy)
{
	device_ends_while_delivering(_metadata, self, variant, "fetch_copy",
				     true);
}

TEST_F(race, L11_cancelled_device_ends_after_the_copy)
{
	device_ends_while_delivering(_metadata, self, variant, "fetch_commit",
				     true);
}

TEST_F(race, L11_device_ends_before_on_cancel_is_copied)
{
	struct op o = { .fd = self->device };

	if (!MARKED_)
		return;
	OWNED(o.id, 16);
	EXPECT_EQ(DELIVERED, cancel(self->target, o.id));
	park("cancel_copy", &o, op_fetch);
	EXPECT_EQ(0, end(self->device));
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(-ENODEV, go_on("cancel_copy", &o));
	EXPECT_COMPLETION(o.id, -ECANCELED);
}

TEST_F(race, L11_device_ends_before_on_cancel_is_fetched)
{
	__u64 id;

	if (!MARKED_)
		return;
	OWNED(id, 16);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(0, end(self->device));
	EXPECT_COMPLETION(id, -ECANCELED);
}

/* Until its record is the host's, OnCancel has not been fetched; by one only. */
TEST_F(race, L6_complete_while_on_cancel_is_copied)
{
	struct op o = { .fd = self->device };

	if (!MARKED_)
		return;
	OWNED(o.id, 16);
	EXPECT_EQ(DELIVERED, cancel(self->target, o.id));
	park("cancel_copy", &o, op_fetch);
	EXPECT_EQ(-ECANCELED, complete(self->device, o.id, 0));
	EXPECT_EQ(-ECANCELED, unmark(self->device, o.id));
	EXPECT_EQ(TOLD, cancel(self->target, o.id));
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, go_on("cancel_copy", &o));
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, o.f.event);
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, complete(self->device, o.id, 0));
	EXPECT_COMPLETION(o.id, 0);
}

TEST_F(race, L3_copy_of_on_cancel_fails)
{
	struct op o = { .fd = self->device, .record = record_page() };

	if (!MARKED_)
		return;
	OWNED(o.id, 16);
	EXPECT_EQ(DELIVERED, cancel(self->target, o.id));
	park("cancel_copy", &o, op_fetch);
	munmap(o.record, sysconf(_SC_PAGESIZE));
	EXPECT_EQ(-EFAULT, go_on("cancel_copy", &o));
	EXPECT_EQ(-ECANCELED, complete(self->device, o.id, 0));
	EXPECT_ON_CANCEL(o.id);
	EXPECT_EQ(0, complete(self->device, o.id, 0));
}

/* ------------------------------------------- 6, 15: while a payload is copied */

TEST_F(race, L6_cancel_while_completing)
{
	struct op o = { .fd = self->device, .length = 4096 };

	OWNED(o.id, 4096);
	park("complete_copy", &o, op_complete);
	EXPECT_EQ(MARKED_ ? DELIVERED : MARKED, cancel(self->target, o.id));
	/* Who was told "delivered" gets its OnCancel: COMPLETE lost. */
	EXPECT_EQ(MARKED_ ? -ECANCELED : 0, go_on("complete_copy", &o));
	if (MARKED_) {
		EXPECT_NO_COMPLETION();
		EXPECT_ON_CANCEL(o.id);
		EXPECT_EQ(0, complete(self->device, o.id, 0));
	}
	EXPECT_COMPLETION(o.id, 0);
	EXPECT_NO_RECORD();
}

TEST_F(race, L6_unmark_while_completing)
{
	struct op o = { .fd = self->device, .length = 4096 };

	OWNED(o.id, 4096);
	park("complete_copy", &o, op_complete);
	EXPECT_EQ(MARKED_ ? 0 : -EINVAL, unmark(self->device, o.id));
	EXPECT_EQ(MARKED, cancel(self->target, o.id));
	EXPECT_EQ(0, go_on("complete_copy", &o));
	EXPECT_COMPLETION(o.id, 0);
}

TEST_F(race, L15_completed_twice)
{
	struct op o = { .fd = self->device, .length = 4096 };

	OWNED(o.id, 4096);
	park("complete_copy", &o, op_complete);
	EXPECT_EQ(0, complete(self->device, o.id, 7));
	/* The other one's copy is a hold. */
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(-ENOENT, complete(self->device, o.id, 8));
	EXPECT_EQ(-ENOENT, go_on("complete_copy", &o));
	EXPECT_COMPLETION(o.id, 7);
	EXPECT_NO_COMPLETION();
}

TEST_F(race, L15_both_copy)
{
	struct op first = { .fd = self->device, .length = 4096 };
	struct op second = { .fd = self->device, .length = 2048 };
	struct iotarget_reap_element r;

	OWNED(first.id, 4096);
	second.id = first.id;
	park("complete_copy", &first, op_complete);
	background_start(&second.thread, op_complete, &second);
	EXPECT_EQ(0, background_join(&second.thread));
	EXPECT_NO_COMPLETION();
	EXPECT_EQ(-ENOENT, go_on("complete_copy", &first));
	EXPECT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(2048, r.information);
}

TEST_F(race, L9_target_ends_while_completing)
{
	struct op o = { .fd = self->device, .length = 4096 };

	OWNED(o.id, 4096);
	park("complete_copy", &o, op_complete);
	close(self->target);
	self->target = -1;
	EXPECT_EQ(MARKED_ ? -ECANCELED : 0, go_on("complete_copy", &o));
	if (MARKED_) {
		EXPECT_ON_CANCEL(o.id);
		EXPECT_EQ(0, complete(self->device, o.id, 0));
	}
	EXPECT_EQ(-ENOENT, complete(self->device, o.id, 0));
}

TEST_F(race, L10_device_ends_while_completing)
{
	struct op o = { .fd = self->device, .length = 4096 };
	int ret;

	OWNED(o.id, 4096);
	park("complete_copy", &o, op_complete);
	EXPECT_EQ(0, end(self->device));
	EXPECT_NO_COMPLETION();
	ret = go_on("complete_copy", &o);
	EXPECT_TRUE(ret == -ENOENT || ret == -ENODEV);
	EXPECT_COMPLETION(o.id, -ENODEV);
}

/* ------------------------------------------------------- 8: who waits */

TEST_F(race, L8_completed_then_signal)
{
	struct op o = { .fd = self->target, .flags = IOTARGET_SEND_WAIT };
	struct iotarget_fetch_element f = {};

	catch_signal(SIGUSR1, false);
	background_start(&o.thread, op_send, &o);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	wait_asleep(o.thread.tid);
	arm("wait_return");
	EXPECT_EQ(0, complete(self->device, f.id, 4));
	EXPECT_EQ(o.thread.tid, parked("wait_return"));
	signal_thread(o.thread.tid, SIGUSR1);
	EXPECT_EQ(0, go_on("wait_return", &o));
	EXPECT_EQ(1, o.arg.reaped);
	EXPECT_EQ(4, o.r.status);
}

TEST_F(race, L8_signal_then_completed)
{
	struct op o = { .fd = self->target, .flags = IOTARGET_SEND_WAIT };
	struct iotarget_fetch_element f = {};

	catch_signal(SIGUSR1, false);
	background_start(&o.thread, op_send, &o);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	wait_asleep(o.thread.tid);
	arm("wait_return");
	signal_thread(o.thread.tid, SIGUSR1);
	EXPECT_EQ(o.thread.tid, parked("wait_return"));
	/* What completed beats the signal. */
	EXPECT_EQ(0, complete(self->device, f.id, 4));
	EXPECT_EQ(0, go_on("wait_return", &o));
	EXPECT_EQ(1, o.arg.reaped);
	EXPECT_EQ(4, o.r.status);
	EXPECT_NO_COMPLETION();
}

TEST_F(race, L8_signal_then_request_for_a_host)
{
	struct op o = { .fd = self->device, .record = &o.f };
	struct iotarget_fetch_element f = {};
	__u64 id;
	int ret;

	catch_signal(SIGUSR1, false);
	background_start(&o.thread, op_fetch, &o);
	wait_asleep(o.thread.tid);
	arm("wait_return");
	signal_thread(o.thread.tid, SIGUSR1);
	EXPECT_EQ(o.thread.tid, parked("wait_return"));
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	ret = go_on("wait_return", &o);
	EXPECT_TRUE(ret == 0 || ret == -EINTR);
	/* It has it, or left it for the next. */
	if (ret)
		EXPECT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, id, 0));
}

TEST_F(race, L8_woken_and_another_host_was_faster)
{
	struct op o = { .fd = self->device, .record = &o.f };
	struct iotarget_fetch_element f = {};
	__u64 id[2];

	background_start(&o.thread, op_fetch, &o);
	wait_asleep(o.thread.tid);
	arm("wait_return");
	ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
	EXPECT_EQ(o.thread.tid, parked("wait_return"));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(id[0], f.id);
	release("wait_return");
	/* It sleeps again, and is woken again. */
	wait_asleep(o.thread.tid);
	ASSERT_EQ(0, send_one(self->target, 0, &id[1]));
	EXPECT_EQ(0, background_join(&o.thread));
	EXPECT_EQ(id[1], o.f.id);
}

TEST_F(race, L8_woken_and_the_request_was_cancelled)
{
	struct op o = { .fd = self->device, .record = &o.f };
	__u64 id[2];

	background_start(&o.thread, op_fetch, &o);
	wait_asleep(o.thread.tid);
	arm("wait_return");
	ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
	EXPECT_EQ(o.thread.tid, parked("wait_return"));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[0]));
	release("wait_return");
	wait_asleep(o.thread.tid);
	ASSERT_EQ(0, send_one(self->target, 0, &id[1]));
	EXPECT_EQ(0, background_join(&o.thread));
	EXPECT_EQ(id[1], o.f.id);
}

/* ----------------------------------------------------- sending, reaping */

TEST_F(race, send_is_cancelled_before_it_is_published)
{
	struct op o = { .fd = self->target };
	struct iotarget_cancel all;

	park("send_publish", &o, op_send);
	/* The id is told already, and names nothing yet. */
	EXPECT_NE(0, o.e.id);
	EXPECT_EQ(-ENOENT, cancel(self->target, o.e.id));
	EXPECT_EQ(-ENOENT, cancel_all(self->target, &all));
	EXPECT_EQ(-ENOENT, complete(self->device, o.e.id, 0));
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, go_on("send_publish", &o));
	EXPECT_EQ(1, o.arg.sent);
	EXPECT_EQ(0, fetch_now(self->device, 0, &o.f));
	EXPECT_EQ(o.e.id, o.f.id);
	EXPECT_EQ(0, is_canceled(self->device, o.e.id));
}

TEST_F(race, L9_target_ends_before_send_is_published)
{
	struct op o = { .fd = self->target };

	park("send_publish", &o, op_send);
	EXPECT_EQ(0, end(self->target));
	EXPECT_EQ(-ENODEV, go_on("send_publish", &o));
	EXPECT_NO_RECORD();
}

TEST_F(race, L10_device_ends_before_send_is_published)
{
	struct op o = { .fd = self->target };

	park("send_publish", &o, op_send);
	EXPECT_EQ(0, end(self->device));
	EXPECT_EQ(-ENODEV, go_on("send_publish", &o));
	EXPECT_EQ(-ENODEV, reap_one(self->target, &o.r));
}

TEST_F(race, a_completion_is_reaped_by_one)
{
	struct op o = { .fd = self->target };
	struct iotarget_cancel all;
	__u64 id[2];
	int i;

	for (i = 0; i < 2; i++) {
		OWNED(id[i], 16);
		EXPECT_EQ(0, complete(self->device, id[i], i));
		if (i)
			break;
		park("reap_copy", &o, op_reap);
		EXPECT_NO_COMPLETION();
	}
	/* The next reaper gets the next one. */
	EXPECT_COMPLETION(id[1], 1);
	EXPECT_EQ(-ENOENT, cancel_all(self->target, &all));
	EXPECT_EQ(0, go_on("reap_copy", &o));
	EXPECT_EQ(id[0], o.r.id);
	EXPECT_NO_COMPLETION();
}

TEST_F(race, a_completion_that_cannot_be_copied_stays)
{
	struct op o = { .fd = self->target, .reap = (void *)record_page() };
	struct op other = { .fd = self->target };
	__u64 id;

	OWNED(id, 16);
	EXPECT_EQ(0, complete(self->device, id, 5));
	park("reap_copy", &o, op_reap);
	background_start(&other.thread, op_reap, &other);
	wait_asleep(other.thread.tid);
	munmap(o.reap, sysconf(_SC_PAGESIZE));
	EXPECT_EQ(-EFAULT, go_on("reap_copy", &o));
	/* The one that sleeps is woken for it. */
	EXPECT_EQ(0, background_join(&other.thread));
	EXPECT_EQ(id, other.r.id);
	EXPECT_EQ(5, other.r.status);
}

TEST_F(race, L9_target_ends_while_reaping)
{
	struct op o = { .fd = self->target };
	__u64 id;

	OWNED(id, 16);
	EXPECT_EQ(0, complete(self->device, id, 5));
	park("reap_copy", &o, op_reap);
	EXPECT_EQ(0, end(self->target));
	EXPECT_EQ(0, end(self->device));
	EXPECT_EQ(0, go_on("reap_copy", &o));
	EXPECT_EQ(5, o.r.status);
}

/* --------------------------------- 20: a fault that takes as long as it likes */

/*
 * Memory of a partner that answers a page fault when it likes. Whatever waits
 * for it must not keep others from doing theirs.
 */
FIXTURE(fault) {
	int device;
	int target;
	int uffd;
	char *page;
	struct op op;
};

FIXTURE_SETUP(fault)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	size_t size = sysconf(_SC_PAGESIZE);

	self->uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (self->uffd < 0)
		SKIP(return, "this user may not stop faults of the kernel");
	ASSERT_EQ(0, ioctl(self->uffd, UFFDIO_API, &api));
	self->page = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	reg.range.start = ADDRESS(self->page);
	reg.range.len = size;
	ASSERT_EQ(0, ioctl(self->uffd, UFFDIO_REGISTER, &reg));
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(fault)
{
	close(self->uffd);
	close(self->target);
	close(self->device);
}

/* Returns when a thread waits in a fault on the page. */
static void fault_wait(int uffd)
{
	struct uffd_msg msg;

	if (read(uffd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		abort();
}

static void fault_answer(int uffd, void *page)
{
	struct uffdio_zeropage zero = {
		.range = { ADDRESS(page), sysconf(_SC_PAGESIZE) },
	};

	if (ioctl(uffd, UFFDIO_ZEROPAGE, &zero))
		abort();
}

/* Device and target do everything while a copy of theirs stands still. */
#define EXPECT_ALIVE() do {						\
	struct iotarget_fetch_element f_ = {};				\
	struct iotarget_reap_element r_;				\
	__u64 id_;							\
									\
	ASSERT_EQ(0, send_one(self->target, 99, &id_));			\
	EXPECT_EQ(DELIVERED, cancel(self->target, id_));		\
	ASSERT_EQ(0, reap_now(self->target, &r_));			\
	EXPECT_EQ(id_, r_.id);						\
	ASSERT_EQ(0, send_one(self->target, 99, &id_));			\
	ASSERT_EQ(0, fetch_now(self->device, 0, &f_));			\
	EXPECT_EQ(id_, f_.id);						\
	EXPECT_EQ(0, mark(self->device, id_));				\
	EXPECT_EQ(DELIVERED, cancel(self->target, id_));		\
	ASSERT_EQ(0, fetch_now(self->device, 0, &f_));			\
	EXPECT_EQ(0, complete(self->device, id_, 0));			\
	ASSERT_EQ(0, reap_now(self->target, &r_));			\
	EXPECT_EQ(id_, r_.id);						\
} while (0)

TEST_F(fault, L20_record_of_the_host)
{
	struct op *o = &self->op;
	__u64 id;

	o->fd = self->device;
	o->flags = IOTARGET_FETCH_CANCELABLE;
	o->record = (void *)self->page;
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	background_start(&o->thread, op_fetch, o);
	fault_wait(self->uffd);
	EXPECT_ALIVE();
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	fault_answer(self->uffd, self->page);
	EXPECT_EQ(0, background_join(&o->thread));
	EXPECT_EQ(id, o->record->id);
	EXPECT_EQ(0, fetch_now(self->device, 0, &o->f));
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, o->f.event);
}

TEST_F(fault, L20_record_of_the_host_and_the_device_ends)
{
	struct op *o = &self->op;
	struct iotarget_reap_element r;
	__u64 id;

	o->fd = self->device;
	o->record = (void *)self->page;
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	background_start(&o->thread, op_fetch, o);
	fault_wait(self->uffd);
	EXPECT_EQ(0, end(self->device));
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	fault_answer(self->uffd, self->page);
	EXPECT_EQ(-ENODEV, background_join(&o->thread));
	EXPECT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(-ENODEV, r.status);
}

static int op_write(void *arg)
{
	struct op *o = arg;

	o->e.type = IOTARGET_TYPE_WRITE;
	o->e.in = ADDRESS(o->record);
	o->e.in_length = o->length;
	o->arg = send_arg(0, &o->e, 1, NULL, 0);
	return call(o->fd, IOTARGET_SEND, &o->arg);
}

TEST_F(fault, L20_input_of_the_sender)
{
	struct op *o = &self->op;

	o->fd = self->target;
	o->record = (void *)self->page;
	o->length = 4096;
	background_start(&o->thread, op_write, o);
	fault_wait(self->uffd);
	EXPECT_ALIVE();
	fault_answer(self->uffd, self->page);
	EXPECT_EQ(0, background_join(&o->thread));
	EXPECT_EQ(0, fetch_now(self->device, 0, &o->f));
	EXPECT_EQ(o->e.id, o->f.id);
}

static int op_complete_page(void *arg)
{
	struct op *o = arg;

	return complete_bytes(o->fd, o->id, 0, o->length, o->record, o->length);
}

/* Large and small: with and without a hold. */
TEST_F(fault, L20_output_of_the_host)
{
	struct iotarget_reap_element r;
	struct op *o = &self->op;
	char out[2048];

	o->fd = self->device;
	o->record = (void *)self->page;
	o->length = sizeof(out);
	ASSERT_EQ(0, send_read(self->target, out, sizeof(out), &o->id));
	ASSERT_EQ(0, fetch_now(self->device, IOTARGET_FETCH_CANCELABLE, &o->f));
	background_start(&o->thread, op_complete_page, o);
	fault_wait(self->uffd);
	EXPECT_ALIVE();
	EXPECT_EQ(DELIVERED, cancel(self->target, o->id));
	fault_answer(self->uffd, self->page);
	EXPECT_EQ(-ECANCELED, background_join(&o->thread));
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	EXPECT_EQ(0, fetch_now(self->device, 0, &o->f));
	EXPECT_EQ(0, complete(self->device, o->id, 0));
	EXPECT_EQ(0, reap_now(self->target, &r));
}

TEST_F(fault, L20_output_of_the_sender)
{
	struct op *o = &self->op;
	struct iotarget_fetch_element f = {};

	o->fd = self->target;
	ASSERT_EQ(0, send_read(self->target, self->page, 16, &o->id));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(0, complete_bytes(self->device, o->id, 0, 3, "abc", 3));
	background_start(&o->thread, op_reap, o);
	fault_wait(self->uffd);
	EXPECT_ALIVE();
	EXPECT_EQ(0, end(self->device));
	fault_answer(self->uffd, self->page);
	EXPECT_EQ(0, background_join(&o->thread));
	EXPECT_EQ(o->id, o->r.id);
	EXPECT_EQ(0, memcmp(self->page, "abc", 4));
}

/* Who waits for such a fault can still be killed (invariant 8). */
TEST_F(fault, L20_a_stuck_host_can_be_killed)
{
	struct iotarget_reap_element r;
	struct op *o = &self->op;
	int status;
	pid_t child;
	__u64 id;

	o->fd = self->device;
	o->record = (void *)self->page;
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	child = fork();
	if (!child) {
		/* Its own fault, which nobody will answer. */
		struct uffdio_api api = { .api = UFFD_API };
		struct uffdio_register reg = {
			.mode = UFFDIO_REGISTER_MODE_MISSING,
		};
		int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
		char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		reg.range.start = ADDRESS(page);
		reg.range.len = 4096;
		if (ioctl(uffd, UFFDIO_API, &api) ||
		    ioctl(uffd, UFFDIO_REGISTER, &reg))
			_exit(1);
		o->record = (void *)page;
		op_fetch(o);
		_exit(2);
	}
	wait_asleep(child);
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	/* The device is open here too: the record stays first. */
	ASSERT_EQ(0, fetch_now(self->device, 0, &o->f));
	EXPECT_EQ(id, o->f.id);
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_EQ(0, reap_now(self->target, &r));
}

TEST_HARNESS_MAIN
