// SPDX-License-Identifier: GPL-2.0
/*
 * The promises of uapi/linux/iotarget.h about every ioctl alike: sizes, flags,
 * padding, pointers, arrays, kinds of fds, and what is not built. Compiled for
 * 64 and for 32 bits.
 */
#include <stddef.h>
#include <sys/resource.h>

#include "common.h"

#define LAYOUT_MAX	64

enum kind { CONTROL = 1, DEVICE = 2, TARGET = 4, QUEUE = 8 };

FIXTURE(ioctl) {
	int control;
	int device;
	int target;
	int other;	/* what prepare() made: closed after the call */
	unsigned int serial;
	__u64 element[512];
};

#define SELF FIXTURE_DATA(ioctl) *self

/*
 * @size: of the struct
 * @on: kinds of fds that take it
 * @flags: the defined bits at offset 4, or NO_FLAGS where no flags stand there
 * @pad: offset of the padding, 0 if there is none
 * @prepare: fills in a call that must succeed, and names the fd for it
 */
FIXTURE_VARIANT(ioctl) {
	unsigned int nr;
	__u32 size;
	unsigned int on;
	__u32 flags;
	__u32 pad;
	int (*prepare)(SELF, void *arg);
};

#define NO_FLAGS 0xffffffffU

/* --------------------------------------------- a good call of each ioctl */

static int prepare_info(SELF, void *arg)
{
	return self->control;
}

static int prepare_device_create(SELF, void *arg)
{
	struct iotarget_device_create *a = arg;

	a->dispatch = IOTARGET_DISPATCH_PARALLEL;
	return self->control;
}

static int prepare_queue_create(SELF, void *arg)
{
	struct iotarget_queue_create *a = arg;

	a->dispatch = IOTARGET_DISPATCH_PARALLEL;
	return self->device;
}

static int queue_create(SELF)
{
	struct iotarget_queue_create a = {
		.size = sizeof(a), .dispatch = IOTARGET_DISPATCH_PARALLEL,
	};

	return call(self->device, IOTARGET_QUEUE_CREATE, &a) ? -1 : a.fd;
}

static int device_with_flags(SELF, __u32 flags, __u32 dispatch)
{
	struct iotarget_device_create a = {
		.size = sizeof(a), .flags = flags, .dispatch = dispatch,
	};

	return call(self->control, IOTARGET_DEVICE_CREATE, &a) ? -1 : a.fd;
}

static int prepare_route(SELF, void *arg)
{
	struct iotarget_route *a = arg;

	close(self->device);
	self->device = parallel_create();
	self->other = queue_create(self);
	a->type = IOTARGET_TYPE_READ;
	a->queue_fd = self->other;
	return self->device;
}

static int prepare_target_open(SELF, void *arg)
{
	return self->device;
}

static int prepare_name(SELF, void *arg)
{
	struct iotarget_name *a = arg;

	a->mode = 0600;
	snprintf(a->name, sizeof(a->name), "abi-%d-%u", getpid(),
		 self->serial++);
	self->other = parallel_create();
	return self->other;
}

static int prepare_send(SELF, void *arg)
{
	struct iotarget_send *a = arg;
	struct iotarget_send_element *e = (void *)self->element;

	memset(e, 0, sizeof(*e));
	e->type = IOTARGET_TYPE_CONTROL;
	a->send = (struct iotarget_array) { 1, sizeof(*e), ADDRESS(e) };
	return self->target;
}

static int prepare_cancel(SELF, void *arg)
{
	struct iotarget_cancel *a = arg;

	a->scope = IOTARGET_CANCEL_ID;
	return send_one(self->target, 0, (__u64 *)&a->id) ? -1 : self->target;
}

static int prepare_target_control(SELF, void *arg)
{
	struct iotarget_target_control *a = arg;

	a->action = IOTARGET_TARGET_STATE;
	return self->target;
}

static int prepare_fetch(SELF, void *arg)
{
	struct iotarget_fetch *a = arg;
	struct iotarget_fetch_element *e = (void *)self->element;

	memset(e, 0, sizeof(*e));
	a->fetch = (struct iotarget_array) { 1, sizeof(*e), ADDRESS(e) };
	return send_one(self->target, 0, NULL) ? -1 : self->device;
}

/* A request that the host has. */
static int fetched_request(SELF, int device, int target, __u64 *id)
{
	struct iotarget_fetch_element record = {};

	if (send_one(target, 0, NULL))
		return -1;
	if (fetch_one(device, 0, &record))
		return -1;
	*id = record.id;
	return device;
}

static int prepare_id(SELF, void *arg)
{
	struct iotarget_id *a = arg;

	return fetched_request(self, self->device, self->target,
			       (__u64 *)&a->id);
}

static int prepare_unmark(SELF, void *arg)
{
	struct iotarget_id *a = arg;
	int queue = prepare_id(self, arg);

	return mark(queue, a->id) ? -1 : queue;
}

static int prepare_is_canceled(SELF, void *arg)
{
	struct iotarget_is_canceled *a = arg;

	return fetched_request(self, self->device, self->target,
			       (__u64 *)&a->id);
}

static int prepare_forward(SELF, void *arg)
{
	struct iotarget_forward *a = arg;

	self->other = queue_create(self);
	a->queue_fd = self->other;
	return fetched_request(self, self->device, self->target,
			       (__u64 *)&a->id);
}

static int prepare_requeue(SELF, void *arg)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_id *a = arg;

	close(self->device);
	self->device = device_with_flags(self, 0, IOTARGET_DISPATCH_MANUAL);
	self->other = target_open(self->device);
	if (send_one(self->other, 0, NULL) ||
	    fetch_one(self->device, IOTARGET_FETCH_RETRIEVE, &record))
		return -1;
	a->id = record.id;
	return self->device;
}

static int prepare_file_done(SELF, void *arg)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_file_done *a = arg;
	int target;

	self->other = device_with_flags(self, IOTARGET_DEVICE_FILE_EVENTS,
					IOTARGET_DISPATCH_PARALLEL);
	target = target_open(self->other);
	if (send_one(target, 0, NULL))
		return -1;
	close(target);
	if (fetch_one(self->other, 0, &record) ||
	    record.event != IOTARGET_EVENT_CLEANUP)
		return -1;
	a->file = record.file;
	return self->other;
}

static int prepare_payload(SELF, void *arg)
{
	struct iotarget_payload *a = arg;

	a->buffer = ADDRESS(self->element);
	return fetched_request(self, self->device, self->target,
			       (__u64 *)&a->id);
}

static int prepare_queue_control(SELF, void *arg)
{
	struct iotarget_queue_control *a = arg;

	a->action = IOTARGET_QUEUE_STATE;
	return self->device;
}

static int prepare_shutdown(SELF, void *arg)
{
	self->other = target_open(self->device);
	return self->other;
}

#define IOCTL(NAME, name_, type, ...)					\
	FIXTURE_VARIANT_ADD(ioctl, name_) {				\
		.nr = IOTARGET_##NAME, .size = sizeof(struct iotarget_##type), \
		.prepare = prepare_##__VA_ARGS__ }
#define PAD(type, field) offsetof(struct iotarget_##type, field)

IOCTL(INFO, info, info, info, .on = CONTROL, .flags = NO_FLAGS);
IOCTL(DEVICE_CREATE, device_create, device_create, device_create,
      .on = CONTROL,
      .flags = IOTARGET_DEVICE_STRICT | IOTARGET_DEVICE_FILE_EVENTS);
IOCTL(QUEUE_CREATE, queue_create, queue_create, queue_create, .on = DEVICE,
      .flags = IOTARGET_QUEUE_NO_ZERO_LENGTH | IOTARGET_QUEUE_CANCELED_EVENTS,
      .pad = PAD(queue_create, pad));
IOCTL(ROUTE, route, route, route, .on = DEVICE);
IOCTL(TARGET_OPEN, target_open, target_open, target_open, .on = DEVICE,
      .pad = PAD(target_open, pad));
IOCTL(NAME, name, name, name, .on = DEVICE, .flags = NO_FLAGS);
IOCTL(SEND, send, send, send, .on = TARGET, .flags = IOTARGET_SEND_WAIT);
IOCTL(CANCEL, cancel, cancel, cancel, .on = TARGET);
IOCTL(TARGET_CONTROL, target_control, target_control, target_control,
      .on = TARGET);
IOCTL(FETCH, fetch, fetch, fetch, .on = QUEUE | DEVICE,
      .flags = IOTARGET_FETCH_CANCELABLE | IOTARGET_FETCH_RETRIEVE);
IOCTL(MARK_CANCELABLE, mark_cancelable, id, id, .on = QUEUE | DEVICE);
IOCTL(UNMARK_CANCELABLE, unmark_cancelable, id, unmark, .on = QUEUE | DEVICE);
IOCTL(IS_CANCELED, is_canceled, is_canceled, is_canceled,
      .on = QUEUE | DEVICE, .pad = PAD(is_canceled, pad));
IOCTL(FORWARD, forward, forward, forward, .on = QUEUE | DEVICE,
      .pad = PAD(forward, pad));
IOCTL(REQUEUE, requeue, id, requeue, .on = QUEUE | DEVICE);
IOCTL(FILE_DONE, file_done, file_done, file_done, .on = DEVICE);
IOCTL(READ, read, payload, payload, .on = QUEUE | DEVICE,
      .pad = PAD(payload, pad));
IOCTL(WRITE, write, payload, payload, .on = QUEUE | DEVICE,
      .pad = PAD(payload, pad));
IOCTL(QUEUE_CONTROL, queue_control, queue_control, queue_control,
      .on = QUEUE | DEVICE, .flags = IOTARGET_QUEUE_CONTROL_NOTIFY);
IOCTL(SHUTDOWN, shutdown, shutdown, shutdown, .on = DEVICE | QUEUE | TARGET);

FIXTURE_SETUP(ioctl)
{
	self->other = -1;
	self->control = control_open();
	ASSERT_GE(self->control, 0);
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(ioctl)
{
	close(self->target);
	close(self->device);
	close(self->control);
}

#define REQUIRE_ALLOWED() do {						\
	if (variant->nr == IOTARGET_NAME && geteuid())			\
		SKIP(return, "a name needs CAP_SYS_ADMIN");		\
} while (0)

/* The good call with @size bytes, of which @poke may spoil some. */
static int try_call(SELF, const FIXTURE_VARIANT(ioctl) *variant, __u32 size,
		    __u32 poke, __u32 value)
{
	/* fd fields of what was made: to be closed again */
	__u32 fd_at = variant->nr == IOTARGET_DEVICE_CREATE ? 20 :
		      variant->nr == IOTARGET_QUEUE_CREATE ||
		      variant->nr == IOTARGET_TARGET_OPEN ? 16 : 0;
	char arg[4096] = {};
	__s32 made;
	int fd, ret;

	fd = variant->prepare(self, arg);
	*(__u32 *)arg = size;
	if (poke)
		*(__u32 *)(arg + poke) |= value;
	ret = fd < 0 ? -EPROTO : call(fd, variant->nr, arg);
	if (self->other >= 0)
		close(self->other);
	self->other = -1;
	if (!ret && fd_at) {
		memcpy(&made, arg + fd_at, sizeof(made));
		close(made);
	}
	return ret;
}

TEST_F(ioctl, exact_size_is_taken)
{
	REQUIRE_ALLOWED();
	EXPECT_EQ(0, try_call(self, variant, variant->size, 0, 0));
}

TEST_F(ioctl, shorter_is_refused)
{
	__u32 size;

	REQUIRE_ALLOWED();
	for (size = 0; size < variant->size; size++)
		EXPECT_EQ(-EINVAL, try_call(self, variant, size, 0, 0)) {
			TH_LOG("size %u", size);
		}
}

TEST_F(ioctl, longer_with_a_zero_tail_is_taken)
{
	REQUIRE_ALLOWED();
	EXPECT_EQ(0, try_call(self, variant, variant->size + 1, 0, 0));
	EXPECT_EQ(0, try_call(self, variant, variant->size + 8, 0, 0));
	EXPECT_EQ(0, try_call(self, variant, 1024, 0, 0));
}

TEST_F(ioctl, longer_with_a_nonzero_tail_is_refused)
{
	REQUIRE_ALLOWED();
	EXPECT_EQ(-E2BIG, try_call(self, variant, variant->size + 8,
				   variant->size, 1));
	EXPECT_EQ(-E2BIG, try_call(self, variant, variant->size + 8,
				   variant->size + 4, 0x80000000));
	EXPECT_EQ(-E2BIG, try_call(self, variant, 1024, 1020, 1));
	/* One byte beyond the size is nobody's. */
	EXPECT_EQ(0, try_call(self, variant, variant->size, variant->size, 1));
}

TEST_F(ioctl, undefined_flags_are_refused)
{
	int bit;

	REQUIRE_ALLOWED();
	if (variant->flags == NO_FLAGS)
		return;
	for (bit = 0; bit < 32; bit++) {
		if (variant->flags & 1U << bit)
			continue;
		EXPECT_EQ(-EINVAL, try_call(self, variant, variant->size, 4,
					    1U << bit)) {
			TH_LOG("flag %#x", 1U << bit);
		}
	}
}

TEST_F(ioctl, padding_must_be_zero)
{
	REQUIRE_ALLOWED();
	if (!variant->pad)
		return;
	EXPECT_EQ(-EINVAL, try_call(self, variant, variant->size, variant->pad,
				    1));
	EXPECT_EQ(-EINVAL, try_call(self, variant, variant->size, variant->pad,
				    0x80000000));
}

TEST_F(ioctl, only_on_its_kind_of_fd)
{
	char arg[LAYOUT_MAX] = {};
	int null = open("/dev/null", O_RDWR);

	*(__u32 *)arg = variant->size;
	if (!(variant->on & CONTROL))
		EXPECT_EQ(-ENOTTY, call(self->control, variant->nr, arg));
	if (!(variant->on & (DEVICE | QUEUE)))
		EXPECT_EQ(-ENOTTY, call(self->device, variant->nr, arg));
	if (!(variant->on & TARGET))
		EXPECT_EQ(-ENOTTY, call(self->target, variant->nr, arg));
	EXPECT_EQ(-ENOTTY, call(null, variant->nr, arg));
}

TEST_F(ioctl, pointer_must_be_readable)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char arg[LAYOUT_MAX] = {};
	int fd;

	REQUIRE_ALLOWED();
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));
	fd = variant->prepare(self, arg);
	ASSERT_GE(fd, 0);
	*(__u32 *)arg = variant->size;
	EXPECT_EQ(-EFAULT, call(fd, variant->nr, NULL));
	EXPECT_EQ(-EFAULT, call(fd, variant->nr, map + page));
	/* The size can be read, the rest cannot. */
	memcpy(map + page - 4, arg, 4);
	EXPECT_EQ(-EFAULT, call(fd, variant->nr, map + page - 4));
	/* Nothing has happened: the good call still succeeds. */
	EXPECT_EQ(0, call(fd, variant->nr, arg));
}

/* ---------------------------------------------------- what ioctl by ioctl */

FIXTURE(abi) {
	int control;
	int device;
	int target;
};

FIXTURE_SETUP(abi)
{
	self->control = control_open();
	ASSERT_GE(self->control, 0);
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(abi)
{
	close(self->target);
	close(self->device);
	close(self->control);
}

TEST_F(abi, info_tells_version_and_limits)
{
	struct iotarget_info info;

	memset(&info, 0xaa, sizeof(info));
	info.size = sizeof(info);
	ASSERT_EQ(0, call(self->control, IOTARGET_INFO, &info));
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(IOTARGET_VERSION, info.version);
	EXPECT_EQ(2 * IOTARGET_FEATURE_TARGET_CONTROL - 1, info.features);
	EXPECT_GE(16 << 20, info.payload_max);
	EXPECT_LT(64, info.payload_max);
	EXPECT_LT(0, info.target_requests);
	EXPECT_GE(info.target_bytes, info.payload_max);
	EXPECT_GE(info.user_bytes, info.target_bytes);
	EXPECT_GE(info.user_requests, info.target_requests);
	EXPECT_LT(0, info.user_devices);
	EXPECT_LT(0, info.user_queues);
	EXPECT_LT(0, info.user_targets);
}

TEST_F(abi, unknown_ioctls_are_enotty)
{
	char arg[LAYOUT_MAX] = { LAYOUT_MAX };
	int fds[] = { self->control, self->device, self->target };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-ENOTTY, call(fds[i], _IO(IOTARGET_IOC_TYPE, 0x7f),
					arg));
		EXPECT_EQ(-ENOTTY, call(fds[i], _IO(IOTARGET_IOC_TYPE, 0xff),
					arg));
		/* Python and stdio ask this of every character device. */
		EXPECT_EQ(-ENOTTY, call(fds[i], 0x5401, arg));
		/* A target sends all others to the host: plain_test. */
		if (fds[i] == self->target)
			continue;
		EXPECT_EQ(-ENOTTY, call(fds[i], _IOWR(IOTARGET_IOC_TYPE, 0x40,
						      struct iotarget_shutdown),
					arg));
		EXPECT_EQ(-ENOTTY, call(fds[i], _IO('X', 1), arg));
	}
}

TEST_F(abi, device_create_values)
{
	struct iotarget_device_create arg = { .size = sizeof(arg) };
	__u32 dispatch;
	int bit;

	/* U58, and dispatch types that are none */
	for (dispatch = 0; dispatch < 6; dispatch++) {
		arg.dispatch = dispatch;
		arg.limit = 1;
		if (dispatch != IOTARGET_DISPATCH_PARALLEL)
			EXPECT_GT(0, call(self->control, IOTARGET_DEVICE_CREATE,
					  &arg));
		if (dispatch == 0 || dispatch > IOTARGET_DISPATCH_MANUAL ||
		    dispatch == IOTARGET_DISPATCH_SEQUENTIAL)
			EXPECT_EQ(-EINVAL, call(self->control,
						IOTARGET_DEVICE_CREATE, &arg));
	}
	arg.limit = 0;
	arg.dispatch = IOTARGET_DISPATCH_MANUAL;
	EXPECT_EQ(0, call(self->control, IOTARGET_DEVICE_CREATE, &arg));
	arg.dispatch = IOTARGET_DISPATCH_PARALLEL;
	arg.flags = IOTARGET_DEVICE_STRICT;
	EXPECT_EQ(0, call(self->control, IOTARGET_DEVICE_CREATE, &arg));
	arg.flags = IOTARGET_DEVICE_FILE_EVENTS;
	EXPECT_EQ(0, call(self->control, IOTARGET_DEVICE_CREATE, &arg));
	arg.flags = 0;
	arg.queue_flags = IOTARGET_QUEUE_NO_ZERO_LENGTH;
	EXPECT_EQ(0, call(self->control, IOTARGET_DEVICE_CREATE, &arg));
	arg.queue_flags = IOTARGET_QUEUE_CANCELED_EVENTS;
	EXPECT_EQ(0, call(self->control, IOTARGET_DEVICE_CREATE, &arg));
	for (bit = 2; bit < 32; bit++) {
		arg.queue_flags = 1U << bit;
		EXPECT_EQ(-EINVAL, call(self->control, IOTARGET_DEVICE_CREATE,
					&arg));
	}
}

TEST_F(abi, fds_are_close_on_exec_and_out_fields_overwritten)
{
	struct iotarget_device_create create = {
		.size = sizeof(create), .dispatch = IOTARGET_DISPATCH_PARALLEL,
		.fd = self->control,
	};
	struct iotarget_target_open open_ = {
		.size = sizeof(open_), .file = ~0ULL, .fd = self->control,
	};
	__u64 first;

	ASSERT_EQ(0, call(self->control, IOTARGET_DEVICE_CREATE, &create));
	EXPECT_NE(self->control, create.fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(create.fd, F_GETFD));
	ASSERT_EQ(0, call(create.fd, IOTARGET_TARGET_OPEN, &open_));
	EXPECT_NE(self->control, open_.fd);
	EXPECT_NE(~0ULL, open_.file);
	EXPECT_EQ(FD_CLOEXEC, fcntl(open_.fd, F_GETFD));
	/* A file's number is never used again. */
	first = open_.file;
	close(open_.fd);
	ASSERT_EQ(0, call(create.fd, IOTARGET_TARGET_OPEN, &open_));
	EXPECT_NE(first, open_.file);
	close(open_.fd);
	close(create.fd);
}

TEST_F(abi, without_a_free_fd_nothing_is_made)
{
	struct iotarget_device_create create = {
		.size = sizeof(create), .dispatch = IOTARGET_DISPATCH_PARALLEL,
	};
	struct iotarget_target_open open_ = { .size = sizeof(open_) };
	struct rlimit limit = { 0, 0 };

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(-EMFILE, call(self->control, IOTARGET_DEVICE_CREATE,
				&create));
	EXPECT_EQ(-EMFILE, call(self->device, IOTARGET_TARGET_OPEN, &open_));
}

TEST_F(abi, cancel_values)
{
	struct iotarget_cancel arg = { .size = sizeof(arg) };
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_CANCEL, &arg));
	arg.scope = 4;
	EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_CANCEL, &arg));
	arg.scope = IOTARGET_CANCEL_ALL;
	arg.id = id;
	EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_CANCEL, &arg));
	arg.id = 0;
	arg.tid = own_tid();
	EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_CANCEL, &arg));
	arg.scope = IOTARGET_CANCEL_ID;
	arg.id = id;
	EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_CANCEL, &arg));
	arg.scope = IOTARGET_CANCEL_THREAD;
	arg.id = 0;
	/* a thread that has sent nothing */
	arg.tid = getppid();
	EXPECT_EQ(-ENOENT, call(self->target, IOTARGET_CANCEL, &arg));
	/* None of these touched the request, and out fields are not read. */
	memset(&arg, 0xaa, sizeof(arg));
	arg.size = sizeof(arg);
	arg.flags = 0;
	arg.scope = IOTARGET_CANCEL_ID;
	arg.tid = 0;
	arg.id = id;
	EXPECT_EQ(0, call(self->target, IOTARGET_CANCEL, &arg));
	EXPECT_EQ(1, arg.delivered);
	EXPECT_EQ(0, arg.marked);
	EXPECT_EQ(0, arg.told);
	EXPECT_EQ(0, arg.completed);
}

TEST_F(abi, name_values)
{
	static const char *const bad[] = {
		"", ".", "..", "-a", "_a", ".a", "A", "aB", "a/b", "a b",
		"\xc3\xa4", "a\n", "control", "a:b", "a\x7f",
	};
	struct iotarget_name arg = { .size = sizeof(arg), .mode = 0600 };
	unsigned int i;

	if (geteuid()) {
		strcpy(arg.name, "abi-user");
		EXPECT_EQ(-EPERM, call(self->device, IOTARGET_NAME, &arg));
		SKIP(return, "a name needs CAP_SYS_ADMIN");
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memset(arg.name, 0, sizeof(arg.name));
		strcpy(arg.name, bad[i]);
		EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg)) {
			TH_LOG("name \"%s\"", bad[i]);
		}
	}
	/* 32 bytes without an end; bytes behind the end */
	memset(arg.name, 'a', sizeof(arg.name));
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg));
	memset(arg.name, 0, sizeof(arg.name));
	strcpy(arg.name, "abi-tail");
	arg.name[20] = 'x';
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg));
	arg.name[20] = 0;
	/* modes: not less than 0600, nothing but read and write */
	arg.mode = 0;
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg));
	arg.mode = 0400;
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg));
	arg.mode = 0066;
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg));
	arg.mode = 0700;
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg));
	arg.mode = 04600;
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg));
	arg.mode = 0100600;
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg));
	arg.mode = 0666;
	memset(arg.name, 0, sizeof(arg.name));
	strcpy(arg.name, "0123456789abc-._-klmnopqrstuvwx");	/* 31 */
	EXPECT_EQ(0, call(self->device, IOTARGET_NAME, &arg));
}

/* --------------------------------------------------- elements of arrays */

static int send_element(int target, struct iotarget_send_element *e)
{
	struct iotarget_send arg = send_arg(0, e, 1, NULL, 0);
	int ret;

	e->result = 1;
	ret = call(target, IOTARGET_SEND, &arg);
	/* The call says what its first refused element says. */
	return e->result == ret ? ret : -EPROTO;
}

TEST_F(abi, send_element_values)
{
	struct iotarget_send_element good = { .type = IOTARGET_TYPE_CONTROL };
	struct iotarget_send_element e;
	char byte = 0;
	int bit;

#define BAD(...) do {							\
	e = good;							\
	__VA_ARGS__;							\
	EXPECT_EQ(-EINVAL, send_element(self->target, &e));		\
} while (0)
	e = good;
	EXPECT_EQ(0, send_element(self->target, &e));
	BAD(e.type = 0);
	BAD(e.type = 4);
	BAD(e.type = 0xffffffff);
	BAD(e.type = IOTARGET_TYPE_READ; e.code = 1);
	BAD(e.type = IOTARGET_TYPE_WRITE; e.code = 1);
	BAD(e.type = IOTARGET_TYPE_READ; e.in = ADDRESS(&byte);
	    e.in_length = 1);
	BAD(e.type = IOTARGET_TYPE_WRITE; e.out = ADDRESS(&byte);
	    e.out_length = 1);
	for (bit = 2; bit < 32; bit++)
		BAD(e.flags = 1U << bit);
#undef BAD
	e = good;
	e.flags = IOTARGET_ELEMENT_IGNORE_STATE;
	EXPECT_EQ(0, send_element(self->target, &e));
	e.flags = IOTARGET_ELEMENT_FORGET;
	EXPECT_EQ(0, send_element(self->target, &e));
	e.flags = 0;
	e.deadline = 1;
	EXPECT_EQ(0, send_element(self->target, &e));
}

TEST_F(abi, a_bad_element_sends_nothing)
{
	struct iotarget_send_element e[3] = {
		{ .type = IOTARGET_TYPE_CONTROL },
		{ .type = IOTARGET_TYPE_CONTROL, .flags = 1U << 31 },
		{ .type = IOTARGET_TYPE_CONTROL },
	};
	struct iotarget_send arg = send_arg(0, e, 3, NULL, 0);
	struct iotarget_fetch_element record = {};

	EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(-EINVAL, e[1].result);
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record));
	e[1].flags = 0;
	EXPECT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(3, arg.sent);
}

TEST_F(abi, fetch_and_complete_element_padding)
{
	struct iotarget_complete_element c = {};
	struct iotarget_fetch_element f = { .pad = 1 };
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, &f, 1);

	ASSERT_EQ(0, send_one(self->target, 0, NULL));
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_FETCH, &arg));
	f.pad = 0;
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
	c.id = f.id;
	c.pad = 1;
	arg = fetch_arg(0, &c, 1, NULL, 0);
	if (!call(self->device, IOTARGET_FETCH, &arg))
		EXPECT_EQ(-EINVAL, c.result);
	c.pad = 0;
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
	EXPECT_EQ(0, c.result);
}

/* Out fields come in with any content. */
TEST_F(abi, out_fields_are_never_read)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .user_data = 77, .id = ~0ULL,
		.result = -1,
	};
	struct iotarget_reap_element r;
	struct iotarget_fetch_element f;
	struct iotarget_complete_element c = { .result = -1 };
	struct iotarget_send send = send_arg(0, &e, 1, NULL, 0);
	struct iotarget_fetch fetch = fetch_arg(0, NULL, 0, &f, 1);

	memset(&r, 0xaa, sizeof(r));
	memset(&f, 0xaa, sizeof(f));
	f.buffer = 0;
	f.buffer_length = 0;
	f.pad = 0;
	send.sent = send.reaped = 99;
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	EXPECT_EQ(1, send.sent);
	EXPECT_EQ(0, send.reaped);
	EXPECT_EQ(0, e.result);
	EXPECT_NE(~0ULL, e.id);
	fetch.completed = fetch.fetched = 99;
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	EXPECT_EQ(0, fetch.completed);
	EXPECT_EQ(1, fetch.fetched);
	EXPECT_EQ(e.id, f.id);
	EXPECT_EQ(IOTARGET_EVENT_REQUEST, f.event);
	EXPECT_EQ(IOTARGET_TYPE_CONTROL, f.type);
	EXPECT_EQ(0, f.code);
	EXPECT_EQ(0, f.offset);
	EXPECT_EQ(0, f.in_length);
	EXPECT_EQ(0, f.out_length);
	EXPECT_EQ(0, f.copied);
	EXPECT_EQ(0, f.state);
	EXPECT_EQ(getpid(), f.pid);
	EXPECT_EQ(getuid(), f.uid);
#if defined(__i386__)
	EXPECT_EQ(IOTARGET_RECORD_32BIT, f.flags);
#else
	EXPECT_EQ(0, f.flags);
#endif
	c.id = f.id;
	c.status = 5;
	fetch = fetch_arg(0, &c, 1, NULL, 0);
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	EXPECT_EQ(0, c.result);
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(77, r.user_data);
	EXPECT_EQ(e.id, r.id);
	EXPECT_EQ(0, r.information);
	EXPECT_EQ(5, r.status);
	EXPECT_EQ(0, r.flags);
}

/* ------------------------------------------------------ the four arrays */

FIXTURE(array) {
	int device;
	int target;
	char *page;	/* readable; what follows it is not */
	__u64 spare[128];
};

FIXTURE_VARIANT(array) {
	bool sender;
	__u32 at;	/* of the array in its struct */
	__u32 stride;
	bool in;	/* the kernel reads its elements */
};

#define ARRAY(name, struct_, field, sender_, in_, element)		\
	FIXTURE_VARIANT_ADD(array, name) {				\
		.sender = sender_, .in = in_,				\
		.at = offsetof(struct iotarget_##struct_, field),	\
		.stride = sizeof(struct iotarget_##element) }

ARRAY(send, send, send, true, true, send_element);
ARRAY(reap, send, reap, true, false, reap_element);
ARRAY(complete, fetch, complete, false, true, complete_element);
ARRAY(fetch, fetch, fetch, false, true, fetch_element);

FIXTURE_SETUP(array)
{
	size_t page = sysconf(_SC_PAGESIZE);

	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
	self->page = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	ASSERT_EQ(0, munmap(self->page + page, page));
}

FIXTURE_TEARDOWN(array)
{
	close(self->target);
	close(self->device);
}

/*
 * One call with the array under test. Two requests lie ready, so that each
 * array has work for two elements.
 */
static int array_call(FIXTURE_DATA(array) *self,
		      const FIXTURE_VARIANT(array) *variant, __u32 count,
		      __u32 stride, const void *ptr)
{
	/* Where no second element fits, none needs to be good. */
	char *elements = stride <= 1024 ? self->page : (char *)self->spare;
	__u32 step = stride <= 1024 ? stride : 128;
	union {
		struct iotarget_send send;
		struct iotarget_fetch fetch;
		char bytes[LAYOUT_MAX];
	} arg = {};
	struct iotarget_array array = { count, stride, ADDRESS(ptr) };
	struct iotarget_fetch_element record[2] = {};
	__u64 ids[2];
	int i, ret;

	for (i = 0; i < 2; i++) {
		if (send_one(self->target, 0, &ids[i]))
			return -EPROTO;
		/* Of the array's elements, only what makes them good. */
		if (variant->stride == sizeof(struct iotarget_send_element)) {
			struct iotarget_send_element *e =
				(void *)(elements + i * step);

			e->type = IOTARGET_TYPE_CONTROL;
		} else if (variant->at ==
			   offsetof(struct iotarget_fetch, complete)) {
			struct iotarget_complete_element *e =
				(void *)(elements + i * step);

			if (fetch_one(self->device, 0, &record[i]))
				return -EPROTO;
			e->id = ids[i];
		}
	}
	if (variant->stride == sizeof(struct iotarget_reap_element) &&
	    variant->sender)
		for (i = 0; i < 2; i++)
			cancel(self->target, ids[i]);
	arg.send.size = variant->sender ? sizeof(arg.send) : sizeof(arg.fetch);
	memcpy(arg.bytes + variant->at, &array, sizeof(array));
	if (variant->sender) {
		ret = call(self->target, IOTARGET_SEND, &arg);
		return ret ? ret : (int)(arg.send.sent + arg.send.reaped);
	}
	ret = call(self->device, IOTARGET_FETCH, &arg);
	return ret ? ret : (int)(arg.fetch.completed + arg.fetch.fetched);
}

/* Strides must leave the second element on the page. */
#define CALL(count, stride, ptr) \
	array_call(self, variant, count, stride, ptr)

TEST_F(array, empty_ignores_stride_and_pointer)
{
	EXPECT_EQ(0, CALL(0, 0, NULL));
	EXPECT_EQ(0, CALL(0, 3, (void *)1));
}

TEST_F(array, stride)
{
	EXPECT_EQ(2, CALL(2, variant->stride, self->page));
	memset(self->page, 0, 1024);
	EXPECT_EQ(2, CALL(2, variant->stride + 8, self->page));
	memset(self->page, 0, 1024);
	EXPECT_EQ(2, CALL(2, variant->stride + 120, self->page));
	memset(self->page, 0, 1024);
	EXPECT_EQ(-EINVAL, CALL(2, 0, self->page));
	EXPECT_EQ(-EINVAL, CALL(2, 8, self->page));
	EXPECT_EQ(-EINVAL, CALL(2, variant->stride - 8, self->page));
	EXPECT_EQ(-EINVAL, CALL(2, variant->stride + 4, self->page));
	EXPECT_EQ(-EINVAL, CALL(2, variant->stride + 1, self->page));
}

TEST_F(array, nonzero_tail)
{
	__u32 stride = variant->stride + 16;
	int ret;

	if (!variant->in)
		return;
	self->page[variant->stride + 8] = 1;
	ret = CALL(1, stride, self->page);
	/* COMPLETE answers element by element, the others the call. */
	if (!ret || ret == 1)
		ret = ((struct iotarget_complete_element *)self->page)->result;
	EXPECT_EQ(-E2BIG, ret);
}

TEST_F(array, count)
{
	EXPECT_EQ(-EINVAL, CALL(IOTARGET_ARRAY_MAX + 1, variant->stride,
				self->page));
	EXPECT_EQ(-EINVAL, CALL(0xffffffff, variant->stride, self->page));
}

TEST_F(array, pointer)
{
	size_t page = sysconf(_SC_PAGESIZE);

	EXPECT_EQ(-EINVAL, CALL(1, variant->stride, self->page + 1));
	EXPECT_EQ(-EINVAL, CALL(1, variant->stride, self->page + 4));
	EXPECT_EQ(-EFAULT, CALL(1, variant->stride, NULL));
	EXPECT_EQ(-EFAULT, CALL(1, variant->stride, self->page + page));
	/* An element that begins on the page and ends off it. */
	EXPECT_EQ(-EFAULT, CALL(1, variant->stride, self->page + page - 8));
	/* Nothing at the end of the address space is the kernel's to read. */
	EXPECT_GT(0, CALL(IOTARGET_ARRAY_MAX, 0x7ffffff8, self->page));
	EXPECT_GT(0, CALL(1, variant->stride, (void *)-8L));
}

TEST_HARNESS_MAIN
