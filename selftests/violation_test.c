// SPDX-License-Identifier: GPL-2.0
/*
 * What WDF's verifier calls a violation: what it answers, that the request is
 * unharmed, and that it is counted by kind in debugfs and traced. U20-U24, U27,
 * U29, U50, U52 and U98 as the kernel keeps book of them.
 */
#include <sys/mount.h>
#include <sys/stat.h>

#include "common.h"

#define STATE	"/sys/kernel/debug/iotarget/state"
#define TRACING	"/sys/kernel/tracing/"
#define EVENT	"/events/iotarget/iotarget_violation/"

/* Where a request is when the host breaks a rule. */
enum state {
	NEVER,		/* an id that no request ever had */
	QUEUED,
	OWNED,
	IS_MARKED,
	CLAIMED,	/* cancelled; the host has not fetched that OnCancel */
	IS_TOLD,	/* it has */
	READY,		/* completed */
	ELSEWHERE,	/* fetched from another queue */
};

/* What the host then does. */
enum op {
	COMPLETE,
	COMPLETE_INFORMATION,	/* a byte more than the request has */
	COMPLETE_BUFFER,	/* and so many at @buffer */
	MARK,
	UNMARK,
	IS_CANCELED,
	READ,
	WRITE,
	FORWARD,
	FORWARD_SAME,		/* to the queue that it is from */
	FORWARD_STRANGE,	/* to one of another device */
	REQUEUE,
};

/* A device with two queues, the second one manual; requests come to @queue. */
FIXTURE(violation) {
	int device;
	int manual;
	int strange;
	int target;
	int queue;		/* that the request is fetched from */
	unsigned long device_number;
	char trace[64];
	__u64 id;
	char out[8];
};

/*
 * @manual: of the manual queue, otherwise of the default one, which is parallel
 * @answer, @kind: on a device that is not strict; @kind is NULL where nothing is
 *	violated
 * @strict_answer, @strict_kind: on one that is
 */
FIXTURE_VARIANT(violation) {
	bool manual;
	enum state state;
	enum op op;
	int answer;
	const char *kind;
	int strict_answer;
	const char *strict_kind;
};

#define CASE(name, manual, state, op, answer, kind, strict, strict_kind)	\
	FIXTURE_VARIANT_ADD(violation, name) {				\
		manual, state, op, answer, kind, strict, strict_kind	\
	}

/* The same on every device. */
#define BOTH(name, manual, state, op, answer, kind) \
	CASE(name, manual, state, op, answer, kind, answer, kind)

/* Not the host's: on both kinds of queue it is the same lookup. */
#define NOT_OWNED(name, state, op) \
	BOTH(name, false, state, op, -ENOENT, "not-owned")

NOT_OWNED(complete_never, NEVER, COMPLETE);
NOT_OWNED(complete_queued, QUEUED, COMPLETE);
NOT_OWNED(U27_complete_twice, READY, COMPLETE);
NOT_OWNED(complete_elsewhere, ELSEWHERE, COMPLETE);
NOT_OWNED(mark_never, NEVER, MARK);
NOT_OWNED(mark_queued, QUEUED, MARK);
NOT_OWNED(mark_ready, READY, MARK);
NOT_OWNED(mark_elsewhere, ELSEWHERE, MARK);
NOT_OWNED(unmark_never, NEVER, UNMARK);
NOT_OWNED(unmark_queued, QUEUED, UNMARK);
NOT_OWNED(unmark_ready, READY, UNMARK);
NOT_OWNED(U29_is_canceled_queued, QUEUED, IS_CANCELED);
NOT_OWNED(is_canceled_ready, READY, IS_CANCELED);
NOT_OWNED(forward_queued, QUEUED, FORWARD);
NOT_OWNED(forward_ready, READY, FORWARD);
NOT_OWNED(requeue_queued, QUEUED, REQUEUE);
NOT_OWNED(requeue_ready, READY, REQUEUE);

CASE(U24_complete_marked, false, IS_MARKED, COMPLETE, 0, NULL, -EINVAL, "marked");
BOTH(U21_mark_twice, false, IS_MARKED, MARK, -EINVAL, "marked-twice");
BOTH(mark_claimed, false, CLAIMED, MARK, -EINVAL, "marked-twice");
BOTH(mark_told, false, IS_TOLD, MARK, -EINVAL, "marked-twice");
BOTH(U22_unmark_not_marked, false, OWNED, UNMARK, -EINVAL, "not-marked");
BOTH(forward_marked, false, IS_MARKED, FORWARD, -EINVAL, "marked");
BOTH(U50_forward_marked_from_manual, true, IS_MARKED, FORWARD, -EINVAL, "marked");
BOTH(requeue_marked, true, IS_MARKED, REQUEUE, -EINVAL, "marked");
BOTH(forward_told, false, IS_TOLD, FORWARD, -EINVAL, "told");
BOTH(requeue_told, true, IS_TOLD, REQUEUE, -EINVAL, "told");
BOTH(U50_forward_to_the_same, false, OWNED, FORWARD_SAME, -EINVAL, "bad-queue");
BOTH(U50_forward_to_a_stranger, false, OWNED, FORWARD_STRANGE, -EINVAL,
     "bad-queue");
BOTH(U52_requeue_on_a_parallel_queue, false, OWNED, REQUEUE, -EINVAL, "bad-queue");
BOTH(U98_information, false, OWNED, COMPLETE_INFORMATION, -EINVAL, "too-long");
BOTH(U98_buffer, false, OWNED, COMPLETE_BUFFER, -EINVAL, "too-long");
CASE(U98_information_of_a_marked_one, false, IS_MARKED, COMPLETE_INFORMATION,
     -EINVAL, "too-long", -EINVAL, "marked");

/* What a cancel decides is no fault of the host's. */
BOTH(U20_complete_claimed, false, CLAIMED, COMPLETE, -ECANCELED, NULL);
BOTH(U18_unmark_claimed, false, CLAIMED, UNMARK, -ECANCELED, NULL);
BOTH(U19_unmark_told, false, IS_TOLD, UNMARK, -ECANCELED, NULL);
BOTH(forward_claimed, false, CLAIMED, FORWARD, -ECANCELED, NULL);
BOTH(requeue_claimed, true, CLAIMED, REQUEUE, -ECANCELED, NULL);
BOTH(complete_told, false, IS_TOLD, COMPLETE, 0, NULL);
BOTH(complete_owned, false, OWNED, COMPLETE, 0, NULL);
BOTH(mark_owned, false, OWNED, MARK, 0, NULL);
BOTH(U28_is_canceled_marked, false, IS_MARKED, IS_CANCELED, 0, NULL);
BOTH(forward_owned, false, OWNED, FORWARD, 0, NULL);
BOTH(requeue_owned, true, OWNED, REQUEUE, 0, NULL);
/* a payload may be asked for while the request ends: that is a race, no fault */
BOTH(read_ready, false, READY, READ, -ENOENT, NULL);
BOTH(write_ready, false, READY, WRITE, -ENOENT, NULL);

static const char * const kinds[] = {
	"not-owned", "marked", "marked-twice", "not-marked", "told", "bad-queue",
	"too-long",
};

#define KINDS ((int)(sizeof(kinds) / sizeof(*kinds)))

/* ------------------------------------------------------- debugfs, tracefs */

static const char *file_read(const char *path)
{
	static char text[1 << 20];
	int fd = open(path, O_RDONLY);
	size_t length = 0;
	ssize_t n;

	while (fd >= 0 && length < sizeof(text) - 1 &&
	       (n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += n;
	close(fd);
	text[length] = 0;
	return text;
}

static bool file_write(const char *directory, const char *name, const char *value)
{
	char path[256];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%s%s", directory, name);
	fd = open(path, O_WRONLY | O_TRUNC);
	ok = fd >= 0 && write(fd, value, strlen(value)) > 0;
	close(fd);
	return ok;
}

/* The last device that was made; 0 if there is none. */
static unsigned long device_last(void)
{
	const char *at = file_read(STATE);
	unsigned long last = 0, number;

	for (at = strstr(at, "device "); at; at = strstr(at + 1, "\ndevice ")) {
		number = strtoul(at + strcspn(at, "0123456789"), NULL, 10);
		if (number > last)
			last = number;
	}
	return last;
}

/* What the device's line says of one kind, or of all. */
static unsigned long violations(unsigned long device, const char *kind)
{
	char name[32], line[512], *at;
	unsigned long sum = 0;
	const char *text;
	int i;

	snprintf(name, sizeof(name), "device %lu ", device);
	text = strstr(file_read(STATE), name);
	snprintf(line, sizeof(line), "%.*s",
		 text ? (int)strcspn(text, "\n") : 0, text);
	for (i = 0; i < KINDS; i++) {
		if (kind && strcmp(kind, kinds[i]))
			continue;
		/* after a space or "=", so that "marked" is not "not-marked" */
		for (at = line; (at = strstr(at, kinds[i])); at++)
			if (strchr(" =", at[-1]) && at[strlen(kinds[i])] == ':')
				sum += strtoul(at + strlen(kinds[i]) + 1, NULL, 10);
	}
	return sum;
}

/* How many lines of this test's own trace say this. */
static int traced(const char *trace, const char *what)
{
	char path[128];
	const char *at;
	int count = 0;

	snprintf(path, sizeof(path), "%s/trace", trace);
	for (at = file_read(path); (at = strstr(at, what)); at++)
		count++;
	return count;
}

/* -------------------------------------------------------------- the cases */

static int queue_manual(int device)
{
	struct iotarget_queue_create arg = {
		.size = sizeof(arg), .dispatch = IOTARGET_DISPATCH_MANUAL,
	};
	int ret = call(device, IOTARGET_QUEUE_CREATE, &arg);

	return ret ? ret : arg.fd;
}

static int payload(int queue, unsigned int nr, __u64 id, void *buffer)
{
	struct iotarget_payload arg = {
		.size = sizeof(arg), .id = id, .buffer = ADDRESS(buffer),
		.length = 1,
	};

	return call(queue, nr, &arg);
}

FIXTURE_SETUP(violation)
{
	if (geteuid())
		SKIP(return, "debugfs and tracefs are for root");
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	snprintf(self->trace, sizeof(self->trace),
		 TRACING "instances/iotarget-%d", getpid());
	ASSERT_EQ(0, mkdir(self->trace, 0700));
	ASSERT_TRUE(file_write(self->trace, EVENT "enable", "1"));
}

FIXTURE_TEARDOWN(violation)
{
	file_write(self->trace, EVENT "enable", "0");
	rmdir(self->trace);
}

#define SELF FIXTURE_DATA(violation) *self

static int device_make(SELF, const FIXTURE_VARIANT(violation) *variant, bool strict)
{
	struct iotarget_route route = {
		.size = sizeof(route), .type = IOTARGET_TYPE_READ,
	};

	self->strange = parallel_create();
	self->device = device_create_flags(strict ? IOTARGET_DEVICE_STRICT : 0,
					   IOTARGET_DISPATCH_PARALLEL, 0);
	self->device_number = device_last();
	self->manual = queue_manual(self->device);
	self->target = target_open(self->device);
	self->queue = variant->manual ? self->manual : self->device;
	if (self->strange < 0 || self->manual < 0 || self->target < 0)
		return -1;
	route.queue_fd = self->manual;
	return variant->manual ? call(self->device, IOTARGET_ROUTE, &route) : 0;
}

static void device_drop(SELF)
{
	close(self->target);
	close(self->manual);
	close(self->device);
	close(self->strange);
}

/* Has the one request in its state. Returns 0 or what failed. */
static int bring(SELF, const FIXTURE_VARIANT(violation) *variant)
{
	__u32 retrieve = variant->manual ? IOTARGET_FETCH_RETRIEVE : 0;
	struct iotarget_fetch_element f = {};
	enum state state = variant->state;
	struct iotarget_reap_element r;

	if (send_read(self->target, self->out, 8, &self->id))
		return 1;
	if (state == NEVER)
		self->id += 1ULL << 60;
	if (state <= QUEUED)
		return 0;
	if (fetch_now(self->queue, retrieve, &f) || f.id != self->id)
		return 2;
	if (state == ELSEWHERE)
		return forward(self->device, self->id, self->manual) ||
		       fetch_now(self->manual, IOTARGET_FETCH_RETRIEVE, &f) ||
		       f.id != self->id ? 3 : 0;
	if (state == READY)
		return complete(self->queue, self->id, 0) ||
		       reap_now(self->target, &r) ? 4 : 0;
	if (state >= IS_MARKED && mark(self->queue, self->id))
		return 5;
	if (state >= CLAIMED && cancel(self->target, self->id) != DELIVERED)
		return 6;
	return state == IS_TOLD && (fetch_now(self->queue, 0, &f) ||
				    f.event != IOTARGET_EVENT_CANCEL) ? 7 : 0;
}

static int violate(SELF, const FIXTURE_VARIANT(violation) *variant)
{
	char bytes[9] = {};

	switch (variant->op) {
	case COMPLETE:
		return complete(self->queue, self->id, 3);
	case COMPLETE_INFORMATION:
		return complete_bytes(self->queue, self->id, 3, 9, NULL, 0);
	case COMPLETE_BUFFER:
		return complete_bytes(self->queue, self->id, 3, 0, bytes, 9);
	case MARK:
		return mark(self->queue, self->id);
	case UNMARK:
		return unmark(self->queue, self->id);
	case IS_CANCELED:
		return is_canceled(self->queue, self->id);
	case READ:
		return payload(self->queue, IOTARGET_READ, self->id, bytes);
	case WRITE:
		return payload(self->queue, IOTARGET_WRITE, self->id, bytes);
	case FORWARD:
		return forward(self->queue, self->id,
				  variant->manual ? self->device : self->manual);
	case FORWARD_SAME:
		return forward(self->queue, self->id, self->queue);
	case FORWARD_STRANGE:
		return forward(self->queue, self->id, self->strange);
	case REQUEUE:
		return requeue(self->queue, self->id);
	}
	return -EPROTO;
}

/* The request is as it was, by what can be done to it and breaks no rule. */
#define EXPECT_UNHARMED() do {						\
	__u32 retrieve_ = variant->manual ? IOTARGET_FETCH_RETRIEVE : 0; \
	int queue_ = variant->state == ELSEWHERE ? self->manual : self->queue; \
	struct iotarget_fetch_element f_ = {};				\
	struct iotarget_reap_element r_;				\
									\
	if (variant->state != READY)					\
		EXPECT_FALSE(readable(self->target));			\
	switch (variant->state) {					\
	case NEVER:							\
		self->id -= 1ULL << 60;					\
		/* fall through */					\
	case QUEUED:							\
		EXPECT_EQ(0, fetch_now(queue_, retrieve_, &f_));	\
		EXPECT_EQ(self->id, f_.id);				\
		/* fall through */					\
	case OWNED:							\
	case ELSEWHERE:							\
		EXPECT_EQ(0, is_canceled(queue_, self->id));		\
		EXPECT_EQ(0, mark(queue_, self->id));			\
		/* fall through */					\
	case IS_MARKED:							\
		EXPECT_EQ(0, unmark(queue_, self->id));			\
		EXPECT_EQ(0, mark(queue_, self->id));			\
		EXPECT_EQ(DELIVERED, cancel(self->target, self->id));	\
		/* fall through */					\
	case CLAIMED:							\
		EXPECT_EQ(0, fetch_now(queue_, 0, &f_));		\
		EXPECT_EQ(IOTARGET_EVENT_CANCEL, f_.event);		\
		EXPECT_EQ(self->id, f_.id);				\
		/* fall through */					\
	case IS_TOLD:							\
		EXPECT_EQ(TOLD, cancel(self->target, self->id));	\
		EXPECT_EQ(-ECANCELED, unmark(queue_, self->id));	\
		EXPECT_EQ(0, complete_bytes(queue_, self->id, 4, 2, "ok", 2)); \
		EXPECT_EQ(0, reap_now(self->target, &r_));		\
		EXPECT_EQ(self->id, r_.id);				\
		EXPECT_EQ(4, r_.status);				\
		EXPECT_EQ(2, r_.information);				\
		EXPECT_EQ(0, memcmp(self->out, "ok\0\0\0\0\0\0", 8));	\
		break;							\
	case READY:							\
		EXPECT_EQ(-EAGAIN, reap_now(self->target, &r_));	\
	}								\
	EXPECT_FALSE(readable(queue_));					\
} while (0)

#define EXPECT_COUNTED(kind_, n_) do {					\
	char what_[80];							\
									\
	EXPECT_EQ(n_, violations(self->device_number, kind_));		\
	EXPECT_EQ(n_, violations(self->device_number, NULL));		\
	snprintf(what_, sizeof(what_), "device=%lu id=0x%llx %s\n",	\
		 self->device_number, (unsigned long long)self->id, kind_); \
	EXPECT_EQ(n_, traced(self->trace, what_));			\
} while (0)

#define ROUNDS 3

TEST_F(violation, is_answered_counted_and_traced)
{
	int strict, before, i;

	for (strict = 0; strict < 2; strict++) {
		int answer = strict ? variant->strict_answer : variant->answer;
		const char *kind = strict ? variant->strict_kind : variant->kind;

		ASSERT_EQ(0, device_make(self, variant, strict));
		ASSERT_EQ(0, bring(self, variant));
		before = traced(self->trace, " id=");
		/* where it is allowed, it is done once */
		for (i = 0; i < (kind ? ROUNDS : 1); i++)
			EXPECT_EQ(answer, violate(self, variant));
		if (kind) {
			EXPECT_COUNTED(kind, ROUNDS);
			EXPECT_EQ(before + ROUNDS, traced(self->trace, " id="));
		} else {
			EXPECT_EQ(0, violations(self->device_number, NULL));
			EXPECT_EQ(before, traced(self->trace, " id="));
		}
		if (answer < 0)
			EXPECT_UNHARMED();
		/* nothing of that was one */
		EXPECT_EQ(kind ? ROUNDS : 0,
			  violations(self->device_number, NULL));
		device_drop(self);
	}
}

/* Of each element of an array, and of each device its own. */
TEST(counted_by_device_and_element)
{
	struct iotarget_complete_element c[4] = {};
	struct iotarget_fetch arg = fetch_arg(0, c, 4, NULL, 0);
	unsigned long number[2];
	int device[2], i;

	if (geteuid())
		SKIP(return, "debugfs is for root");
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (i = 0; i < 2; i++) {
		device[i] = parallel_create();
		ASSERT_GE(device[i], 0);
		number[i] = device_last();
	}
	ASSERT_NE(number[0], number[1]);
	for (i = 0; i < 4; i++)
		c[i].id = 1000 + i;
	ASSERT_EQ(0, call(device[1], IOTARGET_FETCH, &arg));
	EXPECT_EQ(4, arg.completed);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(-ENOENT, c[i].result);
	EXPECT_EQ(0, violations(number[0], NULL));
	EXPECT_EQ(4, violations(number[1], "not-owned"));
	EXPECT_EQ(-ENOENT, mark(device[0], 1));
	EXPECT_EQ(1, violations(number[0], "not-owned"));
	EXPECT_EQ(4, violations(number[1], NULL));
}

/* What is bad input of a call, and names no request, is none. */
TEST(bad_input_is_no_violation)
{
	int device = parallel_create(), target = target_open(device);
	struct iotarget_id arg = { .size = sizeof(arg), .flags = 1, .id = 1 };
	struct iotarget_cancel cancel_arg;
	unsigned long number;

	if (geteuid())
		SKIP(return, "debugfs is for root");
	ASSERT_GE(target, 0);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	number = device_last();
	EXPECT_EQ(-EINVAL, call(device, IOTARGET_MARK_CANCELABLE, &arg));
	arg.flags = 0;
	arg.size = 8;
	EXPECT_EQ(-EINVAL, call(device, IOTARGET_MARK_CANCELABLE, &arg));
	/* a sender's mistakes are not the host's */
	EXPECT_EQ(-ENOENT, cancel(target, 5));
	EXPECT_EQ(-ENOENT, cancel_all(target, &cancel_arg));
	EXPECT_EQ(-EINVAL, target_do(target, 77));
	EXPECT_EQ(0, violations(number, NULL));
}

TEST_HARNESS_MAIN
