// SPDX-License-Identifier: GPL-2.0
/*
 * Every point at which the kernel can run out of memory or fail to copy, one
 * after the other (/proc/thread-self/fail-nth), over whole scenarios. A step
 * that fails has had no effect: the same step, made again, succeeds; and
 * kmemleak finds nothing in the end. The cancel path has no such point for
 * memory (invariant 5).
 */
#include "common.h"

#define DEBUGFS "/sys/kernel/debug/"

static void debugfs_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static int nth_file = -1;

/* The nth failure point that this thread comes to from now on fails. */
static void nth_set(unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	if (pwrite(nth_file, text, strlen(text), 0) < 0)
		abort();
}

/*
 * How many points are still to come: 0 when one has failed. Disarms. Reading
 * and writing the file are copies and so points themselves.
 */
static unsigned int nth_end(void)
{
	char text[16] = {};
	ssize_t n = pread(nth_file, text, sizeof(text) - 1, 0);

	while (pwrite(nth_file, "0", 1, 0) < 0)
		;
	return n < 0 ? 1 : strtoul(text, NULL, 10);
}

FIXTURE(fail) {
	int device;
	int target;
};

FIXTURE_SETUP(fail)
{
	nth_file = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth_file < 0 || access(DEBUGFS "failslab", F_OK))
		SKIP(return, "no fail-nth in this kernel");
	debugfs_write(DEBUGFS "failslab/ignore-gfp-wait", "N");
	debugfs_write(DEBUGFS "failslab/verbose", "0");
	debugfs_write(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N");
	debugfs_write(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N");
	debugfs_write(DEBUGFS "fail_page_alloc/min-order", "0");
	debugfs_write(DEBUGFS "fail_page_alloc/verbose", "0");
	debugfs_write(DEBUGFS "fail_usercopy/verbose", "0");
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(fail)
{
	close(self->target);
	close(self->device);
}

/*
 * Makes @step with its first, second, ... failure point failing, until there is
 * none left; @step_ is an expression that is 0 or an errno. A failure is of
 * memory or of a copy, and @again must then succeed. Points that the kernel
 * gets over by itself count too.
 */
#define SWEEP(step_, again) do {					\
	unsigned int nth_, failed_ = 0;					\
	int ret_;							\
									\
	for (nth_ = 1;; nth_++) {					\
		nth_set(nth_);						\
		ret_ = (step_);						\
		if (nth_end()) {					\
			ASSERT_GE(ret_, 0);				\
			break;						\
		}							\
		if (ret_ < 0) {						\
			EXPECT_TRUE(ret_ == -ENOMEM || ret_ == -EFAULT ||\
				    ret_ == -ENFILE) {			\
				TH_LOG("point %u: %d", nth_, ret_);	\
			}						\
			failed_++;					\
			ASSERT_GE(again, 0) {				\
				TH_LOG("after point %u", nth_);		\
			}						\
		}							\
	}								\
	TH_LOG("%u points, %u failed: %s", nth_ - 1, failed_, #step_);	\
	EXPECT_LT(0, failed_);						\
} while (0)

static int closed(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

TEST_F(fail, control_and_device)
{
	struct iotarget_info info;

	SWEEP(info_get(&info), info_get(&info));
	SWEEP(closed(control_open()), closed(control_open()));
	SWEEP(closed(parallel_create()), closed(parallel_create()));
	SWEEP(closed(sequential_create()), closed(sequential_create()));
}

TEST_F(fail, target)
{
	SWEEP(closed(target_open(self->device)),
	      closed(target_open(self->device)));
}

static int device_name(int *device)
{
	struct iotarget_name arg = {
		.size = sizeof(arg), .mode = 0600, .name = "fail-nth",
	};
	int ret;

	ret = call(*device, IOTARGET_NAME, &arg);
	if (ret)
		return ret;
	/* Done: a fresh one for the next time. Its own failures do not count. */
	nth_end();
	close(*device);
	*device = parallel_create();
	return *device;
}

TEST_F(fail, name)
{
	unsigned int nth, left;
	int ret;

	for (nth = 1, left = 0; !left; nth++) {
		struct iotarget_name arg = {
			.size = sizeof(arg), .mode = 0600, .name = "fail-nth",
		};
		int device = parallel_create();

		nth_set(nth);
		ret = call(device, IOTARGET_NAME, &arg);
		left = nth_end();
		if (left)
			EXPECT_EQ(0, ret);
		/* It has the name, or can still take it. */
		EXPECT_EQ(ret ? 0 : -EBUSY, call(device, IOTARGET_NAME, &arg)) {
			TH_LOG("after point %u: %d", nth, ret);
		}
		close(device);
		EXPECT_EQ(-1, access("/dev/iotarget/fail-nth", F_OK));
	}
	TH_LOG("%u points", nth - 1);
}

static int node_open(void)
{
	int fd = open("/dev/iotarget/fail-nth", O_RDWR);

	return fd < 0 ? -errno : fd;
}

TEST_F(fail, node)
{
	ASSERT_GE(device_name(&self->device), 0);
	{
		struct iotarget_name arg = {
			.size = sizeof(arg), .mode = 0600, .name = "fail-nth",
		};

		ASSERT_EQ(0, call(self->device, IOTARGET_NAME, &arg));
	}
	SWEEP(closed(node_open()), closed(node_open()));
}

/*
 * The whole life of a request of @length bytes each way: every step swept by
 * itself. SEND accepts none or all; FETCH and REAP leave what they could not
 * copy; COMPLETE leaves the request.
 */
struct life {
	int device;
	int target;
	__u32 length;
	char *bytes;
	struct iotarget_fetch_element f;
	struct iotarget_reap_element r;
};

static int life_send(struct life *l)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL,
		.in = ADDRESS(l->bytes), .in_length = l->length,
		.out = ADDRESS(l->bytes), .out_length = l->length,
	};
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);

	return call(l->target, IOTARGET_SEND, &arg);
}

static int life_fetch(struct life *l)
{
	memset(&l->f, 0, sizeof(l->f));
	l->f.buffer = ADDRESS(l->bytes);
	l->f.buffer_length = l->length;
	return fetch_one(l->device, IOTARGET_FETCH_CANCELABLE, &l->f);
}

static int life_complete(struct life *l)
{
	return complete_bytes(l->device, l->f.id, 0, l->length, l->bytes,
			      l->length);
}

static void life(struct __test_metadata *_metadata, FIXTURE_DATA(fail) *self,
		 __u32 length)
{
	struct life l = {
		.device = self->device, .target = self->target,
		.length = length, .bytes = calloc(1, length + 1),
	};
	struct iotarget_fetch_element f;
	unsigned int nth, left = 0, failed = 0;
	bool sent, fetched, completed;
	int ret;

	set_nonblock(self->device, true);
	set_nonblock(self->target, true);
	for (nth = 1; !left; nth++) {
		/* A new target: its first SEND has to grow it. */
		close(self->target);
		self->target = l.target = target_open(self->device);
		ASSERT_GE(l.target, 0);
		set_nonblock(l.target, true);
		/*
		 * All steps under one count: the nth point, wherever it is.
		 * What a step did is seen from outside afterwards.
		 */
		memset(&l.r, 0, sizeof(l.r));
		nth_set(nth);
		ret = life_send(&l);
		/* Published, and then a copy failed: that shows at the host. */
		sent = !ret || readable(self->device);
		ret = life_fetch(&l);
		fetched = !ret;
		ret = fetched ? life_complete(&l) : -ENOENT;
		completed = !ret;
		ret = completed ? reap_one(l.target, &l.r) : -ENOENT;
		left = nth_end();
		if (left) {
			EXPECT_EQ(0, ret);
			continue;
		}
		if (!ret)
			continue;
		failed++;
		/*
		 * From the step that failed on, all goes well. Where its last
		 * copy failed, that of the counts, it has done its work.
		 */
		f = l.f;
		if (!sent) {
			ASSERT_EQ(0, life_send(&l));
		}
		if (!fetched) {
			ret = life_fetch(&l);
			ASSERT_TRUE(!ret || (ret == -EAGAIN && f.id)) {
				TH_LOG("point %u: fetch %d", nth, ret);
			}
			if (ret)
				l.f = f;
		}
		ret = complete(self->device, l.f.id, 0);
		ASSERT_TRUE(ret == -ENOENT || (!ret && !completed)) {
			TH_LOG("point %u: complete %d", nth, ret);
		}
		ret = reap_one(l.target, &l.r);
		ASSERT_TRUE(!ret || (ret == -EAGAIN && l.r.id == l.f.id)) {
			TH_LOG("point %u: reap %d", nth, ret);
		}
		/* Exactly once. */
		EXPECT_EQ(-EAGAIN, reap_one(l.target, &l.r));
		memset(&f, 0, sizeof(f));
		EXPECT_EQ(-EAGAIN, fetch_one(self->device, 0, &f));
	}
	TH_LOG("%u points, %u failed", nth - 2, failed);
	EXPECT_LT(5, failed);
	free(l.bytes);
}

TEST_F(fail, life_of_0_bytes)
{
	life(_metadata, self, 0);
}

TEST_F(fail, life_of_64_bytes)
{
	life(_metadata, self, 64);
}

TEST_F(fail, life_of_65_bytes)
{
	life(_metadata, self, 65);
}

TEST_F(fail, life_of_4096_bytes)
{
	life(_metadata, self, 4096);
}

TEST_F(fail, life_of_100000_bytes)
{
	life(_metadata, self, 100000);
}

/* Copies of the call's own struct are no memory: they may fail, and say so. */
static void usercopy_never(bool never)
{
	debugfs_write(DEBUGFS "fail_usercopy/stacktrace-depth",
		      never ? "32" : "0");
	debugfs_write(DEBUGFS "fail_usercopy/require-start", never ? "1" : "0");
	debugfs_write(DEBUGFS "fail_usercopy/require-end",
		      never ? "2" : "0xffffffffffffffff");
}

TEST_F(fail, cancel_has_no_point)
{
	struct iotarget_fetch_element f = {};
	struct iotarget_cancel all;
	__u64 queued, marked, told[2];

	usercopy_never(true);
	ASSERT_EQ(0, send_one(self->target, 0, &told[0]));
	ASSERT_EQ(0, fetch_one(self->device, IOTARGET_FETCH_CANCELABLE, &f));
	ASSERT_EQ(0, send_one(self->target, 0, &marked));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	ASSERT_EQ(0, send_one(self->target, 0, &told[1]));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	ASSERT_EQ(0, send_one(self->target, 0, &queued));

	nth_set(1);
	EXPECT_EQ(DELIVERED, cancel(self->target, queued));
	EXPECT_EQ(DELIVERED, cancel(self->target, told[0]));
	EXPECT_EQ(TOLD, cancel(self->target, told[0]));
	EXPECT_EQ(MARKED, cancel(self->target, marked));
	EXPECT_EQ(0, mark(self->device, told[1]));
	EXPECT_EQ(0, unmark(self->device, told[1]));
	EXPECT_EQ(0, mark(self->device, told[1]));
	EXPECT_EQ(0, cancel_all(self->target, &all));
	EXPECT_EQ(1, all.delivered);
	EXPECT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, told[0], 0));
	EXPECT_EQ(0, complete(self->device, told[1], 0));
	EXPECT_EQ(0, complete(self->device, marked, 0));
	EXPECT_EQ(0, end(self->target));
	EXPECT_EQ(0, end(self->device));
	/* Not one point on the way. */
	EXPECT_EQ(1, nth_end());
	usercopy_never(false);
}

/* A CANCEL whose arguments cannot be copied: none came, or it says so. */
TEST_F(fail, cancel_and_copies)
{
	unsigned int nth, left = 0;
	__u64 id;
	int ret;

	for (nth = 1; !left; nth++) {
		ASSERT_EQ(0, send_one(self->target, 0, &id));
		nth_set(nth);
		ret = cancel(self->target, id);
		left = nth_end();
		EXPECT_EQ(left ? DELIVERED : -EFAULT, ret);
		ret = cancel(self->target, id);
		EXPECT_TRUE(ret == DELIVERED || ret == COMPLETED);
	}
	EXPECT_LT(2, nth);
}

/* Closing has no answer to give: it does its work. */
TEST_F(fail, close)
{
	struct iotarget_fetch_element f = {};
	unsigned int nth;
	__u64 id;
	int i;

	for (nth = 1; nth < 20; nth++) {
		int device = parallel_create();
		int target = target_open(device);

		for (i = 0; i < 3; i++)
			ASSERT_EQ(0, send_one(target, 0, &id));
		ASSERT_EQ(0, fetch_one(device, IOTARGET_FETCH_CANCELABLE, &f));
		nth_set(nth);
		close(nth & 1 ? target : device);
		close(nth & 1 ? device : target);
		nth_end();
	}
}

TEST_HARNESS_MAIN
