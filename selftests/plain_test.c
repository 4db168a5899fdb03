// SPDX-License-Identifier: GPL-2.0
/*
 * Plain read, write and ioctl as senders: what the host sees, what the caller is
 * told, signals, death, the end of target and device, and CANCEL. U95-U98. By
 * which ways such calls come: plain_ways_test. What stops and freezes do to
 * them: death_test.
 */
#define _FILE_OFFSET_BITS 64

#include <limits.h>
#include <sys/mman.h>

#include "plain_common.h"

/* -------------------------------------------------------------- transfers */

FIXTURE(transfer) {
	OBJECTS;
};

FIXTURE_VARIANT(transfer) {
	long nr;
	__u32 type;
	__u64 offset;
	bool vector;
	bool named;
};

#define TRANSFER(name, ...) \
	FIXTURE_VARIANT_ADD(transfer, name) { __VA_ARGS__ }

TRANSFER(read, SYS_read, IOTARGET_TYPE_READ);
TRANSFER(pread, SYS_pread64, IOTARGET_TYPE_READ, AT);
TRANSFER(readv, SYS_readv, IOTARGET_TYPE_READ, 0, true);
TRANSFER(preadv, SYS_preadv, IOTARGET_TYPE_READ, AT, true);
TRANSFER(preadv_named, SYS_preadv, IOTARGET_TYPE_READ, AT, true, true);
TRANSFER(write, SYS_write, IOTARGET_TYPE_WRITE);
TRANSFER(pwrite, SYS_pwrite64, IOTARGET_TYPE_WRITE, AT);
TRANSFER(writev, SYS_writev, IOTARGET_TYPE_WRITE, 0, true);
TRANSFER(pwritev, SYS_pwritev, IOTARGET_TYPE_WRITE, AT, true);
TRANSFER(pwritev_named, SYS_pwritev, IOTARGET_TYPE_WRITE, AT, true, true);

FIXTURE_SETUP(transfer)
{
	OPEN_OBJECTS(variant->named);
	self->call.nr = variant->nr;
}

FIXTURE_TEARDOWN(transfer)
{
}

/* A call of @asked bytes is a request of @length. */
static void transfer_once(struct __test_metadata *_metadata,
			  FIXTURE_DATA(transfer) *self,
			  const FIXTURE_VARIANT(transfer) *variant,
			  __u32 asked, __u32 length)
{
	bool read = variant->type == IOTARGET_TYPE_READ;
	char *host = malloc(length + 1);
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(host), .buffer_length = length,
	};
	struct plain *p = &self->call;

	p->bytes = malloc(asked + 1);
	p->length = asked;
	fill_pattern(read ? host : p->bytes, length);
	background_start(&p->thread, plain_main, p);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(IOTARGET_EVENT_REQUEST, f.event);
	EXPECT_EQ(variant->type, f.type);
	EXPECT_EQ(variant->offset, f.offset);
	EXPECT_EQ(0, f.code);
	EXPECT_EQ(RECORD_FLAGS, f.flags);
	EXPECT_EQ(read ? 0 : length, f.in_length);
	EXPECT_EQ(read ? length : 0, f.out_length);
	EXPECT_EQ(read ? 0 : length, f.copied);
	EXPECT_EQ(getpid(), f.pid);
	EXPECT_EQ(geteuid(), f.uid);
	EXPECT_NE(0, f.file);
	if (!variant->named)
		EXPECT_EQ(self->file, f.file);
	EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, length, host,
				    read ? length : 0));
	EXPECT_EQ(length, background_join(&p->thread));
	EXPECT_TRUE(has_pattern(read ? p->bytes : host, length));
	EXPECT_NO_RECORD();
	free(p->bytes);
	free(host);
}

TEST_F(transfer, one_call_is_one_request)
{
	static const __u32 lengths[] = {
		1, 3, 63, 64, 65, 4095, 4096, 4097, 100000,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		transfer_once(_metadata, self, variant, lengths[i], lengths[i]);
}

TEST_F(transfer, no_bytes_are_a_request_too)
{
	struct iotarget_fetch_element f = {};
	struct plain *p = &self->call;

	/* Of vectors without a byte no file ever hears. */
	if (variant->vector)
		return;
	transfer_once(_metadata, self, variant, 0, 0);
	background_start(&p->thread, plain_main, p);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, f.id, -EIO));
	EXPECT_EQ(-EIO, background_join(&p->thread));
}

TEST_F(transfer, longer_than_a_request_may_be)
{
	struct iotarget_info info;

	ASSERT_EQ(0, info_get(&info));
	transfer_once(_metadata, self, variant, info.payload_max + 3,
		      info.payload_max);
}

/*
 * The host transfers half of it, and of that writes half: what it did not write
 * is zero, what it does not count stays as it was. What could leak is 0xa5.
 */
TEST_F(transfer, short_and_half_written)
{
	bool read = variant->type == IOTARGET_TYPE_READ;
	static const __u32 lengths[] = { 8, 64, 68, 4096, 8192, 100000 };
	static char bytes[100000], host[100000];
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	struct plain *p = &self->call;
	__u32 length, i;

	p->bytes = bytes;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		length = p->length = lengths[i];
		/* Slots and pages that have been used before. */
		struct iotarget_send_element dirt = {
			.type = IOTARGET_TYPE_WRITE, .in = ADDRESS(host),
			.in_length = length,
		};
		struct iotarget_send arg = send_arg(0, &dirt, 1, NULL, 0);

		memset(host, 0xa5, sizeof(host));
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
		ASSERT_EQ(0, fetch_one(self->device, 0, &f));
		ASSERT_EQ(0, complete(self->device, f.id, 0));
		ASSERT_EQ(0, reap_one(self->target, &r));

		memset(bytes, 0x77, sizeof(bytes));
		memset(host, 0x11, sizeof(host));
		background_start(&p->thread, plain_main, p);
		ASSERT_EQ(0, fetch_one(self->device, 0, &f));
		EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, length / 2,
					    host, read ? length / 4 : 0));
		EXPECT_EQ(length / 2, background_join(&p->thread));
		if (!read)
			continue;
		EXPECT_TRUE(has_byte(bytes, length / 4, 0x11));
		EXPECT_TRUE(has_byte(bytes + length / 4, length / 4, 0));
		EXPECT_TRUE(has_byte(bytes + length / 2, length / 2, 0x77));
	}
}

TEST_F(transfer, memory_that_is_not_there)
{
	struct iotarget_fetch_element f = {};
	struct plain *p = &self->call;

	p->length = 9;
	p->bytes = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	ASSERT_NE(MAP_FAILED, p->bytes);
	background_start(&p->thread, plain_main, p);
	if (variant->type == IOTARGET_TYPE_READ) {
		ASSERT_EQ(0, fetch_one(self->device, 0, &f));
		EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, 9,
					    "123456789", 9));
	}
	EXPECT_EQ(-EFAULT, background_join(&p->thread));
	EXPECT_NO_RECORD();
}

/* The file keeps no position, and nobody can set one. */
TEST_F(transfer, no_position)
{
	int i;

	for (i = 0; i < 2; i++)
		transfer_once(_metadata, self, variant, 10, 10);
	for (i = SEEK_SET; i <= SEEK_END; i++) {
		EXPECT_EQ(-1, lseek(self->target, 0, i));
		EXPECT_EQ(ESPIPE, errno);
	}
	transfer_once(_metadata, self, variant, 10, 10);
}

/* --------------------------------------------------------- one plain call */

/* A call of 8 bytes, in each of the three forms. */
FIXTURE(plain) {
	OBJECTS;
};

FIXTURE_VARIANT(plain) {
	long nr;
	__u32 type;
};

FIXTURE_VARIANT_ADD(plain, read) { SYS_read, IOTARGET_TYPE_READ };
FIXTURE_VARIANT_ADD(plain, write) { SYS_write, IOTARGET_TYPE_WRITE };
FIXTURE_VARIANT_ADD(plain, ioctl) { SYS_ioctl, IOTARGET_TYPE_CONTROL };

FIXTURE_SETUP(plain)
{
	OPEN_OBJECTS(false);
	self->call.nr = variant->nr;
}

FIXTURE_TEARDOWN(plain)
{
}

/* What a call returns whose host says so; then its bytes are there. */
#define EXPECT_ANSWER(p_, status_, information_) do {			\
	int ret_ = background_join(&(p_)->thread);			\
									\
	EXPECT_EQ(variant->type == IOTARGET_TYPE_CONTROL ? (status_) :	\
		  (information_), ret_);				\
	if (variant->type != IOTARGET_TYPE_WRITE)			\
		EXPECT_EQ(0, memcmp("answered", (p_)->own, information_));	\
} while (0)

/* The host ends self->call: well, or so that it returns @ret. */
#define END_WELL(f_) do {						\
	EXPECT_EQ(0, answer(self->device, &(f_), 2, 8));		\
	EXPECT_ANSWER(&self->call, 2, 8);				\
} while (0)

#define END_WITH(ret_, f_, status_, information_) do {			\
	EXPECT_EQ(0, answer(self->device, &(f_), status_, information_)); \
	EXPECT_EQ(ret_, background_join(&self->call.thread)) {		\
		TH_LOG("status %d", status_);				\
	}								\
} while (0)

#define FETCH_AND_END_WELL(p_) do {					\
	struct iotarget_fetch_element record_ = {};			\
									\
	ASSERT_EQ(0, fetch_one(self->device, 0, &record_));		\
	EXPECT_EQ(IOTARGET_EVENT_REQUEST, record_.event);		\
	EXPECT_EQ(0, answer(self->device, &record_, 4, 4));		\
	EXPECT_ANSWER(p_, 4, 4);					\
} while (0)

/* Something that would take a turn if it could has had it. */
#define EXPECT_OTHERS_COME_AND_GO() do {				\
	struct plain other_ = self->call;				\
									\
	plain_start(&other_);						\
	FETCH_AND_END_WELL(&other_);					\
} while (0)

TEST_F(plain, what_the_caller_is_told)
{
	static const struct {
		__s32 status;
		int error;	/* 0: no error */
	} results[] = {
		{ 0 }, { 1 }, { 42 }, { 512 }, { INT_MAX },
		{ -1, EPERM }, { -5, EIO }, { -EAGAIN, EAGAIN },
		{ -ENODEV, ENODEV }, { -ECANCELED, ECANCELED }, { -511, 511 },
		{ -512, EIO }, { -513, EIO }, { -514, EIO }, { -516, EIO },
		{ -529, EIO }, { -530, EIO }, { -4095, EIO }, { -4096, EIO },
		{ INT_MIN, EIO }, { (__s32)0x800703e3, EIO },
		{ (__s32)0xc0000120, EIO },
	};
	struct iotarget_fetch_element f = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(results); i++) {
		plain_start(&self->call);
		ASSERT_EQ(0, fetch_one(self->device, 0, &f));
		if (results[i].error) {
			END_WITH(-results[i].error, f, results[i].status, i % 9);
			continue;
		}
		EXPECT_EQ(0, answer(self->device, &f, results[i].status, i % 9));
		EXPECT_ANSWER(&self->call, results[i].status, i % 9);
	}
}

TEST_F(plain, U98_more_than_the_request_has)
{
	struct iotarget_fetch_element f = {};

	plain_start(&self->call);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(-EINVAL, complete_bytes(self->device, f.id, 0, 9, NULL, 0));
	EXPECT_EQ(-EINVAL, complete_bytes(self->device, f.id, 0, 0,
					  "123456789", 9));
	wait_asleep_in(self->call.thread.tid, variant->nr);
	END_WELL(f);
}

TEST_F(plain, nonblock_waits_all_the_same)
{
	set_nonblock(self->target, true);
	plain_start(&self->call);
	wait_asleep_in(self->call.thread.tid, variant->nr);
	FETCH_AND_END_WELL(&self->call);
}

TEST_F(plain, nobody_else_reaps_it)
{
	struct iotarget_fetch_element f[2] = {};
	struct iotarget_reap_element r;
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 7, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f[0]));
	plain_start(&self->call);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f[1]));
	EXPECT_EQ(0, answer(self->device, &f[1], 6, 6));
	EXPECT_FALSE(readable(self->target));
	EXPECT_ANSWER(&self->call, 6, 6);
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	/* nor does it reap what was sent */
	EXPECT_EQ(0, complete(self->device, id, 5));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(id, r.id);
	EXPECT_EQ(7, r.user_data);
}

TEST_F(plain, each_of_several_gets_its_own)
{
	struct iotarget_fetch_element f[4] = {};
	struct plain p[4];
	int i;

	for (i = 0; i < 4; i++) {
		p[i] = self->call;
		plain_start(&p[i]);
		ASSERT_EQ(0, fetch_one(self->device, 0, &f[i]));
	}
	for (i = 3; i >= 0; i--)
		EXPECT_EQ(0, answer(self->device, &f[i], 10 + i, 1 + i));
	for (i = 0; i < 4; i++)
		EXPECT_ANSWER(&p[i], 10 + i, 1 + i);
}

/* The call itself keeps the target; so it goes on when all others are gone. */
TEST_F(plain, closed_meanwhile)
{
	struct iotarget_fetch_element f = {};

	plain_start(&self->call);
	ASSERT_EQ(0, fetch_one(self->device, IOTARGET_FETCH_CANCELABLE, &f));
	close(self->target);
	EXPECT_NO_RECORD();
	END_WELL(f);
}

TEST_F(plain, a_full_target)
{
	static struct iotarget_send_element e[IOTARGET_ARRAY_MAX];
	struct iotarget_send arg = send_arg(0, e, IOTARGET_ARRAY_MAX, NULL, 0);
	int i;

	for (i = 0; i < IOTARGET_ARRAY_MAX; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	while (!call(self->target, IOTARGET_SEND, &arg))
		;
	self->call.bytes = self->call.own;
	EXPECT_EQ(-EAGAIN, plain_main(&self->call));
	/* Others are not concerned. */
	ASSERT_EQ(0, end(self->target));
	target_reopen(self->device, &self->target, &self->call);
	EXPECT_OTHERS_COME_AND_GO();
}

TEST_F(plain, a_target_without_room_for_bytes)
{
	struct iotarget_info info;
	struct plain *p = &self->call;
	__u64 id;

	if (variant->type == IOTARGET_TYPE_CONTROL)
		return;
	ASSERT_EQ(0, info_get(&info));
	p->length = info.payload_max;
	p->bytes = mmap(NULL, p->length, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, p->bytes);
	while (!send_read(self->target, p->bytes, p->length, &id))
		;
	EXPECT_EQ(-EAGAIN, plain_main(p));
}

/* ---------------------------------------------------------------- signals */

#define START(state_, f_) do {						\
	plain_start(&self->call);					\
	wait_asleep_in(self->call.thread.tid, variant->nr);		\
	ASSERT_EQ(0, host_take(self->device, state_, &(f_)));		\
	wait_asleep_in(self->call.thread.tid, variant->nr);		\
} while (0)

#define START_AND_SIGNAL(f_) do {					\
	START(CANCELABLE, f_);						\
	signal_thread(self->call.thread.tid, SIGUSR1);			\
	EXPECT_ON_CANCEL((f_).id);					\
} while (0)

/*
 * One OnCancel, and then no signal does anything until the host has answered.
 * What a host has had is never sent again: SA_RESTART makes no difference.
 */
TEST_F(plain, signal_is_one_cancel)
{
	struct iotarget_fetch_element f;
	int restart;

	for (restart = 0; restart < 2; restart++) {
		count_signals(restart);
		START_AND_SIGNAL(f);
		wait_asleep_in(self->call.thread.tid, variant->nr);
		signal_thread(self->call.thread.tid, SIGUSR2);
		EXPECT_OTHERS_COME_AND_GO();
		EXPECT_NO_RECORD();
		wait_asleep_in(self->call.thread.tid, variant->nr);
		EXPECT_EQ(0, handled);
		END_WITH(-EINTR, f, -ECANCELED, 0);
		EXPECT_EQ(2, handled);
		EXPECT_NO_RECORD();
	}
}

TEST_F(plain, what_the_host_answers_after_on_cancel)
{
	struct iotarget_fetch_element f;

	count_signals(true);
	START_AND_SIGNAL(f);
	END_WELL(f);

	START_AND_SIGNAL(f);
	END_WITH(-ENOSPC, f, -ENOSPC, 0);

	/* a status is no count */
	if (variant->type == IOTARGET_TYPE_CONTROL)
		return;
	START_AND_SIGNAL(f);
	EXPECT_EQ(0, answer(self->device, &f, -ECANCELED, 3));
	EXPECT_ANSWER(&self->call, 0, 3);
	EXPECT_EQ(3, handled);
}

/* The mark stays, and whoever makes it cancelable is told at once. */
TEST_F(plain, signal_before_the_mark)
{
	struct iotarget_fetch_element f;

	count_signals(true);
	START(UNMARKED, f);
	EXPECT_EQ(0, is_canceled(self->device, f.id));
	signal_thread(self->call.thread.tid, SIGUSR1);
	while (!is_canceled(self->device, f.id))
		sched_yield();
	EXPECT_NO_RECORD();
	EXPECT_EQ(-ECANCELED, mark(self->device, f.id));
	END_WITH(-EINTR, f, -ECANCELED, 0);
	EXPECT_NO_RECORD();
}

TEST_F(plain, never_fetched_and_interrupted)
{
	struct iotarget_fetch_element f;

	count_signals(false);
	START(QUEUED, f);
	signal_thread(self->call.thread.tid, SIGUSR1);
	EXPECT_EQ(-EINTR, background_join(&self->call.thread));
	EXPECT_EQ(1, handled);
	EXPECT_NO_RECORD();
}

/* The first request was cancelled in the queue: the host sees the last. */
TEST_F(plain, never_fetched_and_restarted)
{
	struct iotarget_fetch_element f;
	int i;

	count_signals(true);
	START(QUEUED, f);
	for (i = 1; i < 4; i++) {
		signal_thread(self->call.thread.tid, SIGUSR1);
		wait_for(&handled, i);
		wait_asleep_in(self->call.thread.tid, variant->nr);
	}
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, is_canceled(self->device, f.id));
	EXPECT_NO_RECORD();
	END_WELL(f);
}

TEST_F(plain, a_blocked_signal_cancels_nothing)
{
	struct iotarget_fetch_element f;
	sigset_t set;

	count_signals(false);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	/* which the thread inherits */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	START(CANCELABLE, f);
	signal_thread(self->call.thread.tid, SIGUSR1);
	EXPECT_OTHERS_COME_AND_GO();
	EXPECT_NO_RECORD();
	END_WELL(f);
	EXPECT_EQ(0, handled);
}

/* On one processor with a host that nobody preempts, the caller sees both. */
static bool set_realtime(bool on)
{
	struct sched_param param = { .sched_priority = on };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	if (on && sched_setaffinity(0, sizeof(set), &set))
		return false;
	return !sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param);
}

TEST_F(plain, completion_beats_a_signal)
{
	struct iotarget_fetch_element f;
	int signal_first, ret;
	pid_t tid;

	if (!set_realtime(true))
		SKIP(return, "a real-time thread needs CAP_SYS_NICE");
	/* now the processor is chosen, for the caller as well */
	set_realtime(false);
	for (signal_first = 0; signal_first < 2; signal_first++) {
		count_signals(false);
		START(CANCELABLE, f);
		tid = self->call.thread.tid;
		set_realtime(true);
		if (signal_first)
			signal_thread(tid, SIGUSR1);
		ret = answer(self->device, &f, 9, 8);
		if (!signal_first)
			signal_thread(tid, SIGUSR1);
		set_realtime(false);
		EXPECT_EQ(0, ret);
		EXPECT_ANSWER(&self->call, 9, 8);
		EXPECT_EQ(1, handled);
		EXPECT_NO_RECORD();
	}
}

/*
 * Signals and completions at random: each call ends as its host was answered.
 * The offset names the call.
 */
FIXTURE(race) {
	OBJECTS;
};

FIXTURE_VARIANT(race) {
	bool restart;
};

FIXTURE_VARIANT_ADD(race, interrupt) { false };
FIXTURE_VARIANT_ADD(race, restart) { true };

FIXTURE_SETUP(race)
{
	OPEN_OBJECTS(false);
}

FIXTURE_TEARDOWN(race)
{
}

enum outcome { UNSEEN, BYTES, CANCELLED, BROKEN };

struct racer {
	int target;
	unsigned long rounds;
	char *outcome;
};

static int race_main(void *arg)
{
	struct racer *r = arg;
	unsigned long i;
	__u64 bytes;
	ssize_t n;

	for (i = 0; i < r->rounds; i++) {
		bytes = 0;
		n = pread(r->target, &bytes, sizeof(bytes), i);
		r->outcome[i] = n == sizeof(bytes) && bytes == ~(__u64)i ? BYTES :
				n < 0 && errno == EINTR && !bytes ? CANCELLED :
				BROKEN;
	}
	while (ioctl(r->target, _IO('x', 1), 0))
		;
	return 0;
}

/* Answers a read, with a signal before, after or instead of it. */
static enum outcome race_answer(int device, pid_t tid, unsigned int *seed,
				const struct iotarget_fetch_element *f)
{
	bool marked = f->flags & IOTARGET_RECORD_CANCELABLE;
	unsigned int way = draw(seed, marked ? 4 : 3);
	__u64 bytes = ~f->offset;
	struct iotarget_fetch_element event = {};
	int ret = -ECANCELED;

	if (way & 1)
		signal_thread(tid, SIGUSR1);
	if (way < 3)
		ret = complete_bytes(device, f->id, 0, sizeof(bytes), &bytes,
				     sizeof(bytes));
	if (way == 2)
		signal_thread(tid, SIGUSR1);
	if (!ret)
		return BYTES;
	if (ret != -ECANCELED || !marked || fetch_one(device, 0, &event) ||
	    event.event != IOTARGET_EVENT_CANCEL || event.id != f->id ||
	    complete(device, f->id, -ECANCELED))
		return BROKEN;
	return CANCELLED;
}

TEST_F_TIMEOUT(race, a_signal_or_the_completion, HOUR)
{
	struct racer r = {
		.target = self->target, .rounds = rounds_get(20000),
	};
	struct iotarget_fetch_element f = {};
	unsigned long count[BROKEN + 1] = {};
	unsigned int seed = seed_get();
	struct background thread;
	char *answered;
	unsigned long i;

	TH_LOG("seed %u", seed);
	count_signals(variant->restart);
	r.outcome = calloc(r.rounds, 1);
	answered = calloc(r.rounds, 1);
	background_start(&thread, race_main, &r);
	for (;;) {
		ASSERT_EQ(0, fetch_one(self->device, draw(&seed, 4) ?
				       IOTARGET_FETCH_CANCELABLE : 0, &f));
		ASSERT_EQ(IOTARGET_EVENT_REQUEST, f.event);
		if (f.type == IOTARGET_TYPE_CONTROL)
			break;
		ASSERT_LT(f.offset, r.rounds);
		ASSERT_EQ(UNSEEN, answered[f.offset]);
		answered[f.offset] = race_answer(self->device, thread.tid,
						 &seed, &f);
		ASSERT_NE(BROKEN, answered[f.offset]);
	}
	/* the last one may be cancelled yet, and come again */
	while (complete(self->device, f.id, 0))
		ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	background_join(&thread);
	for (i = 0; i < r.rounds; i++) {
		count[(int)answered[i]]++;
		if (!answered[i])
			answered[i] = CANCELLED;
		ASSERT_EQ(answered[i], r.outcome[i]) {
			TH_LOG("call %lu", i);
		}
	}
	if (variant->restart)
		EXPECT_EQ(0, count[UNSEEN]);
	TH_LOG("%lu completed, %lu cancelled, %lu never fetched", count[BYTES],
	       count[CANCELLED], count[UNSEEN]);
}

/* ------------------------------------------------------------------ death */

#define START_CHILD(child_, state_, f_) do {				\
	child_ = fork_call(&self->call);				\
	wait_asleep_in(child_, self->call.nr);				\
	ASSERT_EQ(0, host_take(self->device, state_, &(f_)));		\
	wait_asleep_in(child_, self->call.nr);				\
} while (0)

/*
 * Death waits for no host; and what it leaves behind harms none. A signal whose
 * action is death is fatal too.
 */
TEST_F(plain, killed)
{
	static const int fatal[] = { SIGKILL, SIGINT };
	struct iotarget_fetch_element f;
	struct iotarget_reap_element r;
	int i;

	count_signals(false);
	/* after a signal that was not fatal, SIGKILL alone is */
	for (i = 0; i < 2 * STATES + 1; i++) {
		bool signalled = i / 2 == STATES;
		enum state state = signalled ? CANCELABLE : i / 2;
		pid_t child;

		START_CHILD(child, state, f);
		if (signalled) {
			kill(child, SIGUSR1);
			EXPECT_ON_CANCEL(f.id);
		}
		kill(child, fatal[i % 2]);
		EXPECT_ENDED_BY(fatal[i % 2], child);
		if (state == CANCELABLE && !signalled)
			EXPECT_ON_CANCEL(f.id);
		EXPECT_NO_RECORD();
		if (state != QUEUED) {
			EXPECT_EQ(1, is_canceled(self->device, f.id));
			EXPECT_EQ(0, answer(self->device, &f, 0, 8));
			EXPECT_EQ(-ENOENT, answer(self->device, &f, 0, 8));
		}
		/* Nobody reaps it. */
		EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
		EXPECT_FALSE(readable(self->target));
		EXPECT_OTHERS_COME_AND_GO();
	}
}

/* The target is gone when the host answers, or the host never does. */
TEST_F(plain, killed_and_all_closed)
{
	struct iotarget_fetch_element f;
	pid_t child;

	START_CHILD(child, CANCELABLE, f);
	EXPECT_KILLED(child);
	target_reopen(self->device, &self->target, &self->call);
	EXPECT_ON_CANCEL(f.id);
	EXPECT_EQ(0, answer(self->device, &f, 0, 8));
	START_CHILD(child, UNMARKED, f);
	EXPECT_KILLED(child);
}

/* --------------------------------------------------- the end of the objects */

TEST_F(plain, device_ends_meanwhile)
{
	struct iotarget_fetch_element f;
	enum state state;

	for (state = QUEUED; state < STATES; state++) {
		START(state, f);
		ASSERT_EQ(0, end(self->device));
		EXPECT_EQ(-ENODEV, background_join(&self->call.thread));
		EXPECT_EQ(-ENODEV, plain_main(&self->call));
		close(self->device);
		self->device = parallel_create();
		target_reopen(self->device, &self->target, &self->call);
	}
	/* by its last close */
	START(CANCELABLE, f);
	close(self->device);
	EXPECT_EQ(-ENODEV, background_join(&self->call.thread));
	EXPECT_EQ(-ENODEV, plain_main(&self->call));
}

/* A cancel was answered "delivered", and that stays true. */
TEST_F(plain, device_ends_after_a_cancel)
{
	struct iotarget_fetch_element f;
	struct iotarget_cancel arg;
	int by_signal;

	count_signals(true);
	for (by_signal = 0; by_signal < 2; by_signal++) {
		START(CANCELABLE, f);
		if (by_signal)
			signal_thread(self->call.thread.tid, SIGUSR1);
		else
			ASSERT_EQ(0, cancel_all(self->target, &arg));
		EXPECT_ON_CANCEL(f.id);
		ASSERT_EQ(0, end(self->device));
		EXPECT_EQ(by_signal ? -EINTR : -ECANCELED,
			  background_join(&self->call.thread));
		self->device = parallel_create();
		target_reopen(self->device, &self->target, &self->call);
	}
}

/*
 * What was sent through a target is cancelled when it ends, and nobody waits for
 * the host.
 */
TEST_F(plain, target_ends_meanwhile)
{
	struct iotarget_fetch_element f;
	enum state state;

	for (state = QUEUED; state < STATES; state++) {
		START(state, f);
		ASSERT_EQ(0, end(self->target));
		EXPECT_EQ(state == QUEUED ? -ECANCELED : -ENODEV,
			  background_join(&self->call.thread));
		if (state == UNMARKED)
			EXPECT_EQ(-ECANCELED, mark(self->device, f.id));
		if (state == CANCELABLE)
			EXPECT_ON_CANCEL(f.id);
		if (state != QUEUED)
			EXPECT_EQ(0, answer(self->device, &f, -ECANCELED, 0));
		EXPECT_NO_RECORD();
		EXPECT_EQ(-ENODEV, plain_main(&self->call));
		target_reopen(self->device, &self->target, &self->call);
	}
}

/* ----------------------------------------------------------------- CANCEL */

static int cancel_thread(int target, pid_t tid, struct iotarget_cancel *arg)
{
	memset(arg, 0, sizeof(*arg));
	arg->size = sizeof(*arg);
	arg->scope = IOTARGET_CANCEL_THREAD;
	arg->tid = tid;
	return call(target, IOTARGET_CANCEL, arg);
}

#define EXPECT_VERDICT(arg_, delivered_, marked_, told_) do {		\
	EXPECT_EQ(delivered_, (arg_).delivered);			\
	EXPECT_EQ(marked_, (arg_).marked);				\
	EXPECT_EQ(told_, (arg_).told);					\
	EXPECT_EQ(0, (arg_).completed);					\
} while (0)

/* CANCEL with either scope, of a call in each state. */
static void cancel_plain(struct __test_metadata *_metadata,
			 FIXTURE_DATA(plain) *self,
			 const FIXTURE_VARIANT(plain) *variant, bool thread)
{
	struct iotarget_fetch_element f;
	struct iotarget_cancel arg;

#define CANCEL()							\
	(thread ? cancel_thread(self->target, self->call.thread.tid, &arg) :	\
		  cancel_all(self->target, &arg))

	count_signals(true);
	START(QUEUED, f);
	ASSERT_EQ(0, CANCEL());
	EXPECT_VERDICT(arg, 1, 0, 0);
	/* no signal, no restart */
	EXPECT_EQ(-ECANCELED, background_join(&self->call.thread));
	EXPECT_NO_RECORD();

	START(UNMARKED, f);
	ASSERT_EQ(0, CANCEL());
	EXPECT_VERDICT(arg, 0, 1, 0);
	EXPECT_NO_RECORD();
	EXPECT_EQ(1, is_canceled(self->device, f.id));
	END_WELL(f);

	START(CANCELABLE, f);
	ASSERT_EQ(0, CANCEL());
	EXPECT_VERDICT(arg, 1, 0, 0);
	ASSERT_EQ(0, CANCEL());
	EXPECT_VERDICT(arg, 0, 0, 1);
	/* U97: it only hurries */
	wait_asleep_in(self->call.thread.tid, variant->nr);
	EXPECT_ON_CANCEL(f.id);
	EXPECT_NO_RECORD();
	END_WITH(-ECANCELED, f, -ECANCELED, 3);

	START_AND_SIGNAL(f);
	ASSERT_EQ(0, CANCEL());
	EXPECT_VERDICT(arg, 0, 0, 1);
	END_WELL(f);

	/* U95: what has returned is not pending */
	EXPECT_EQ(-ENOENT, CANCEL());
}

TEST_F(plain, cancel_all)
{
	cancel_plain(_metadata, self, variant, false);
}

TEST_F(plain, cancel_thread)
{
	cancel_plain(_metadata, self, variant, true);
}

TEST_F(plain, U95_cancel_that_matches_nothing)
{
	/* own, one that sent nothing, nobody's */
	const pid_t tids[] = { 0, getpid(), getppid(), INT_MAX, -1 };
	int other = target_open(self->device);
	struct iotarget_fetch_element f;
	struct iotarget_cancel arg;
	unsigned int i;

	ASSERT_GE(other, 0);
	EXPECT_EQ(-ENOENT, cancel_all(self->target, &arg));
	START(CANCELABLE, f);
	EXPECT_EQ(-ENOENT, cancel_all(other, &arg));
	EXPECT_EQ(-ENOENT, cancel(other, f.id));
	EXPECT_EQ(-ENOENT, cancel(self->target, f.id + 1));
	EXPECT_EQ(-ENOENT, cancel_thread(other, self->call.thread.tid, &arg));
	for (i = 0; i < ARRAY_SIZE(tids); i++)
		EXPECT_EQ(-ENOENT, cancel_thread(self->target, tids[i], &arg));
	EXPECT_NO_RECORD();
	END_WELL(f);
}

/* A thread sends, and then makes the call. */
struct two {
	struct plain call;
	__u64 id;
};

static int send_and_call(void *arg)
{
	struct two *two = arg;

	if (send_one(two->call.fd, 5, &two->id))
		return -EPROTO;
	two->call.bytes = two->call.own;
	return plain_main(&two->call);
}

TEST_F(plain, U96_all_of_that_thread_and_no_others)
{
	struct two two = { .call = self->call };
	struct iotarget_fetch_element f;
	struct iotarget_reap_element r;
	struct iotarget_cancel arg;
	struct background other;
	__u64 id;

	START(CANCELABLE, f);
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	background_start(&other, send_and_call, &two);
	/* SEND is an ioctl too; but the thread sleeps only in the other one */
	wait_asleep_in(other.tid, variant->nr);
	ASSERT_EQ(0, cancel_thread(self->target, other.tid, &arg));
	EXPECT_VERDICT(arg, 2, 0, 0);
	EXPECT_EQ(-ECANCELED, background_join(&other));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(two.id, r.id);
	EXPECT_EQ(-ECANCELED, r.status);
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));

	/* 0: the caller's own */
	ASSERT_EQ(0, cancel_thread(self->target, 0, &arg));
	EXPECT_VERDICT(arg, 1, 0, 0);
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(id, r.id);
	EXPECT_EQ(-ENOENT, cancel_thread(self->target, 0, &arg));
	EXPECT_NO_RECORD();
	END_WELL(f);
}

/* A tid is one of the caller's namespace. */
static int cancel_in_namespace(int target, struct plain *p, pid_t outside)
{
	struct iotarget_cancel arg;
	pid_t child = fork_call(p);
	int ret, status;

	if (child != 2)
		return 1;
	/* No /proc of this namespace tells when it sleeps. */
	while ((ret = cancel_thread(target, 2, &arg)) == -ENOENT)
		sched_yield();
	if (ret || arg.delivered != 1)
		return 2;
	if (waitpid(child, &status, 0) != child ||
	    WEXITSTATUS(status) != ECANCELED)
		return 3;
	return cancel_thread(target, outside, &arg) == -ENOENT ? 0 : 4;
}

TEST_F(plain, threads_of_a_pid_namespace)
{
	pid_t outside = own_tid();
	struct iotarget_fetch_element f;
	struct iotarget_cancel arg;
	pid_t child;
	__u64 id;

	if (unshare(CLONE_NEWPID))
		SKIP(return, "a pid namespace needs CAP_SYS_ADMIN");
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	child = fork();
	if (!child)
		_exit(cancel_in_namespace(self->target, &self->call, outside));
	EXPECT_EXIT(child, 0);
	/* What its number says here was not touched. */
	ASSERT_EQ(0, host_take(self->device, UNMARKED, &f));
	EXPECT_EQ(id, f.id);
	EXPECT_EQ(0, cancel_thread(self->target, outside, &arg));
	EXPECT_VERDICT(arg, 0, 1, 0);
	EXPECT_EQ(0, complete(self->device, id, 0));
}

/* The clock cancels what SEND gave a deadline, and no plain call beside it. */
TEST_F(plain, has_no_deadline)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .deadline = 1,
	};
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	struct iotarget_fetch_element f;
	struct iotarget_reap_element r;

	START(CANCELABLE, f);
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(-ETIMEDOUT, r.status);
	EXPECT_NO_RECORD();
	END_WELL(f);
}

/* -------------------------------------------------------------- parameters */

#define PARAMETERS "/sys/module/iotarget/parameters/"

FIXTURE(parameter) {
	OBJECTS;
	struct iotarget_info before;
};

static bool parameter_set(const char *path, __u32 value)
{
	FILE *file = fopen(path, "w");

	return file && fprintf(file, "%u", value) > 0 && !fclose(file);
}

FIXTURE_SETUP(parameter)
{
	if (geteuid())
		SKIP(return, "parameters are root's to change");
	OPEN_OBJECTS(false);
	ASSERT_EQ(0, info_get(&self->before));
	ASSERT_TRUE(parameter_set(PARAMETERS "payload_max", 100));
	ASSERT_TRUE(parameter_set(PARAMETERS "target_requests", 16));
}

FIXTURE_TEARDOWN(parameter)
{
	parameter_set(PARAMETERS "payload_max", self->before.payload_max);
	parameter_set(PARAMETERS "target_requests",
		      self->before.target_requests);
}

/* Only an ioctl can be too long: long transfers are short. */
TEST_F(parameter, long_ioctls_fail)
{
	struct plain *p = &self->call;
	char bytes[101] = {};
	int dir;

	p->nr = SYS_ioctl;
	p->bytes = bytes;
	for (dir = 1; dir < 4; dir++) {
		p->code = _IOC(dir, 'x', 1, sizeof(bytes));
		EXPECT_EQ(-EMSGSIZE, plain_main(p));
	}
	EXPECT_NO_RECORD();
}

/* No way out of a call keeps its slot: the target has 16. */
TEST_F(parameter, slots_come_back)
{
	struct iotarget_fetch_element f;
	struct plain *p = &self->call;
	pid_t child;
	int i;

	for (i = 0; i < 40; i++) {
		child = fork_call(p);
		ASSERT_EQ(0, host_take(self->device, UNMARKED, &f));
		EXPECT_KILLED(child);
		EXPECT_EQ(0, complete(self->device, f.id, 0));
		/* nobody waits for who cleans up after the dead */
		while (!(poll_now(self->target) & POLLOUT))
			sched_yield();
	}
	p->bytes = NULL;
	for (i = 0; i < 40; i++) {
		p->nr = SYS_write;
		EXPECT_EQ(-EFAULT, plain_main(p));
		p->nr = SYS_read;
		background_start(&p->thread, plain_main, p);
		ASSERT_EQ(0, host_take(self->device, UNMARKED, &f));
		EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, 8, NULL, 0));
		EXPECT_EQ(-EFAULT, background_join(&p->thread));
	}
}

TEST_HARNESS_MAIN
