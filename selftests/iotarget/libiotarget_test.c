// SPDX-License-Identifier: GPL-2.0
/*
 * libiotarget, sender and host, with the module loaded.
 *
 * Most tests run the host by hand, with iotarget_host_step(), and so have one
 * order only. Those of races stop a thread between the kernel and the library:
 * ioctl() is wrapped. None sleeps.
 */
#include <errno.h>
#include <fcntl.h>
#include <iotarget.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

#include "kselftest_harness.h"

#include "../leak.h"

/* The debug kernel under emulation is slow; a hang is still found. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define CONTROL	IOTARGET_TYPE_CONTROL

/* ------------------------------------------------ the library's system calls */

static atomic_int ioctls;

/*
 * The next thread to which the kernel has answered so stops, before the library
 * sees it, until go_on[].
 */
enum event {
	NOTHING,
	GOT_REQUEST,
	GOT_CANCEL,
	COMPLETE_REFUSED,
	UNMARK_REFUSED,
	MARKED,
	EVENTS,
};

static _Atomic enum event stop_event;
static sem_t stopped, go_on[EVENTS];
/* The next READ fails so. */
static atomic_int read_error;
/* Set: each FETCH that wants a record is counted here as it begins. */
static sem_t fetching;

int __real_ioctl(int fd, unsigned long number, void *arg);
int __wrap_ioctl(int fd, unsigned long number, void *arg);

static enum event answered(unsigned long number, void *arg, int ret)
{
	struct iotarget_fetch *fetch = arg;
	struct iotarget_fetch_element *record;
	struct iotarget_complete_element *element;

	switch (number) {
	case IOTARGET_MARK_CANCELABLE:
		return ret ? NOTHING : MARKED;
	case IOTARGET_UNMARK_CANCELABLE:
		return ret ? UNMARK_REFUSED : NOTHING;
	case IOTARGET_FETCH:
		record = (void *)(uintptr_t)fetch->fetch.ptr;
		element = (void *)(uintptr_t)fetch->complete.ptr;
		if (!ret && fetch->fetched)
			return record->event == IOTARGET_EVENT_CANCEL ?
				       GOT_CANCEL :
			       record->event == IOTARGET_EVENT_REQUEST ?
				       GOT_REQUEST : NOTHING;
		if (!ret && fetch->completed && element->result)
			return COMPLETE_REFUSED;
	}
	return NOTHING;
}

int __wrap_ioctl(int fd, unsigned long number, void *arg)
{
	struct iotarget_fetch *fetch = arg;
	enum event event, expected;
	int ret, err;

	atomic_fetch_add(&ioctls, 1);
	if (number == IOTARGET_FETCH && fetch->fetch.count)
		sem_post(&fetching);
	if (number == IOTARGET_READ && read_error) {
		errno = atomic_exchange(&read_error, 0);
		return -1;
	}
	ret = __real_ioctl(fd, number, arg);
	err = errno;
	event = answered(number, arg, ret);
	expected = event;
	if (event != NOTHING &&
	    atomic_compare_exchange_strong(&stop_event, &expected, NOTHING)) {
		sem_post(&stopped);
		while (sem_wait(&go_on[event]))
			;
	}
	errno = err;
	return ret;
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem))
		;
}

/* --------------------------------------------------------------- one device */

#define THREADS 4

/* A test has its own process, and so its own copy of this. */
static struct world {
	int device;
	int target;
	uint64_t file;
	struct iotarget_host *host;
	pthread_t threads[THREADS];
	unsigned int running;
	/* what the callbacks do, after they were counted */
	void (*_Atomic request)(struct iotarget_request *r);
	void (*_Atomic cancel)(struct iotarget_request *r);
	/* the last request that came; it is valid while the driver has it */
	struct iotarget_request *_Atomic last;
	atomic_int requests, cancels, releases;
	sem_t requested, canceled, released;
} w;

static void on_request(struct iotarget_request *r)
{
	w.last = r;
	atomic_fetch_add(&w.requests, 1);
	if (w.request)
		w.request(r);
	sem_post(&w.requested);
}

static void on_cancel(struct iotarget_request *r)
{
	atomic_fetch_add(&w.cancels, 1);
	if (w.cancel)
		w.cancel(r);
	sem_post(&w.canceled);
}

static void on_release(struct iotarget_request *r)
{
	(void)r;
	atomic_fetch_add(&w.releases, 1);
	sem_post(&w.released);
}

static const struct iotarget_driver plain = {
	.size = sizeof(plain),
	.on_request = on_request,
	.on_cancel = on_cancel,
	.on_release = on_release,
};

static const struct iotarget_driver cancelable = {
	.size = sizeof(cancelable),
	.flags = IOTARGET_DRIVER_CANCELABLE,
	.on_request = on_request,
	.on_cancel = on_cancel,
	.on_release = on_release,
};

static void *run(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)iotarget_host_run(w.host);
}

static void start_threads(unsigned int n)
{
	while (n--)
		pthread_create(&w.threads[w.running++], NULL, run, NULL);
}

/* 0 or the first error */
static int set_up_flags(const struct iotarget_driver *driver, uint32_t dispatch,
			uint32_t flags)
{
	struct iotarget_device_create options = {
		.dispatch = dispatch, .flags = flags,
	};
	int ret;

	sem_init(&stopped, 0, 0);
	for (ret = 0; ret < EVENTS; ret++)
		sem_init(&go_on[ret], 0, 0);
	sem_init(&fetching, 0, 0);
	sem_init(&w.requested, 0, 0);
	sem_init(&w.canceled, 0, 0);
	sem_init(&w.released, 0, 0);
	w.device = iotarget_device_create(&options);
	if (w.device < 0)
		return w.device;
	w.target = iotarget_target_open(w.device, &w.file);
	if (w.target < 0)
		return w.target;
	ret = iotarget_host_create(w.device, driver, &w, &w.host);
	return ret;
}

static int set_up(const struct iotarget_driver *driver, uint32_t dispatch)
{
	return set_up_flags(driver, dispatch, 0);
}

/* The number of threads whose loop did not end well. */
static int join_threads(void)
{
	int bad = 0;
	void *ret;

	while (w.running) {
		pthread_join(w.threads[--w.running], &ret);
		bad += ret != NULL;
	}
	return bad;
}

FIXTURE(host) { };
FIXTURE_SETUP(host)
{
	ASSERT_EQ(set_up(&plain, IOTARGET_DISPATCH_PARALLEL), 0);
}
/* Whatever a test did: the loops end, and each request is released once. */
#define TEAR_DOWN()							\
	do {								\
		EXPECT_EQ(iotarget_host_stop(w.host), 0);		\
		EXPECT_EQ(join_threads(), 0);				\
		iotarget_host_destroy(w.host);				\
		EXPECT_EQ(w.releases, w.requests);			\
		EXPECT_LE(w.cancels, w.requests);			\
		w.last = NULL;						\
		EXPECT_EQ(leaks(), 0);					\
		close(w.target);					\
		close(w.device);					\
	} while (0)
FIXTURE_TEARDOWN(host)
{
	TEAR_DOWN();
}

/* The same with requests that come marked. */
FIXTURE(cancelable) { };
FIXTURE_SETUP(cancelable)
{
	ASSERT_EQ(set_up(&cancelable, IOTARGET_DISPATCH_PARALLEL), 0);
}
FIXTURE_TEARDOWN(cancelable)
{
	TEAR_DOWN();
}

/* Sends one CONTROL of no bytes and returns its id, 0 if it was refused. */
static uint64_t send_one(uint32_t code)
{
	struct iotarget_send_element e = { .type = CONTROL, .code = code };

	return iotarget_send(w.target, &e, 1) == 1 ? e.id : 0;
}

/* The status of the next completion, INT_MIN if there is none. */
static int reap_one(uint64_t *id)
{
	struct iotarget_reap_element c;

	if (iotarget_reap(w.target, &c, 1) != 1)
		return INT_MIN;
	if (id)
		*id = c.id;
	return c.status;
}

/* Is a completion there? */
static bool reapable(void)
{
	struct pollfd p = { .fd = w.target, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

static void complete_ok(struct iotarget_request *r)
{
	iotarget_request_complete(r, 0, NULL, 0, 0);
}

static void complete_status_7(struct iotarget_request *r)
{
	iotarget_request_complete(r, 7, NULL, 0, 0);
}

static void mark(struct iotarget_request *r)
{
	iotarget_request_mark_cancelable(r);
}

static void echo(struct iotarget_request *r)
{
	uint32_t n = r->in_length < r->out_length ? r->in_length :
						    r->out_length;

	iotarget_request_complete(r, 5, r->in, n, n);
}

/* --------------------------------------------------------------- round trips */

TEST_F(host, round_trip)
{
	static const uint32_t sizes[] = { 0, 1, 64, 65, 4096, 4097, 100000,
					  1 << 20 };
	unsigned int i;

	w.request = echo;
	start_threads(1);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint32_t n = sizes[i], j;
		unsigned char *in = malloc(n + 1), *out = malloc(n + 1);
		struct iotarget_send_element e = {
			.user_data = 1000 + i,
			.type = CONTROL,
			.code = i,
			.in = (uintptr_t)in,
			.out = (uintptr_t)out,
			.in_length = n,
			.out_length = n,
		};
		struct iotarget_reap_element c;

		for (j = 0; j < n; j++)
			in[j] = j * 7 + i;
		memset(out, 0xee, n + 1);
		ASSERT_EQ(iotarget_send_wait(w.target, &e, &c, 1), 1);
		EXPECT_EQ(e.result, 0);
		EXPECT_EQ(c.id, e.id);
		EXPECT_EQ(c.user_data, 1000 + i);
		EXPECT_EQ(c.status, 5);
		EXPECT_EQ(c.information, n);
		EXPECT_EQ(memcmp(in, out, n), 0);
		EXPECT_EQ(out[n], 0xee);
		free(in);
		free(out);
	}
}

static void note_fields(struct iotarget_request *r)
{
	static const char answer[4] = "abcd";
	uint64_t fields[8] = { r->type, r->code, r->offset, r->in_length,
			       r->out_length, r->pid, r->uid, r->file };

	if (r->type == IOTARGET_TYPE_WRITE)
		iotarget_request_complete(r, 0, NULL, 0, r->in_length);
	else if (r->type == IOTARGET_TYPE_READ)
		iotarget_request_complete(r, 0, answer, 4, 4);
	else
		iotarget_request_complete(r, 0, fields, sizeof(fields),
					  sizeof(fields));
}

TEST_F(host, types_and_fields)
{
	uint64_t fields[8], file;
	char text[8] = "12345678";
	struct iotarget_send_element e[3] = {
		{ .user_data = 0, .type = IOTARGET_TYPE_WRITE,
		  .in = (uintptr_t)text, .in_length = 3 },
		{ .user_data = 1, .type = IOTARGET_TYPE_READ,
		  .out = (uintptr_t)text, .out_length = 8 },
		{ .user_data = 2, .type = CONTROL, .code = 77, .offset = 99,
		  .out = (uintptr_t)fields, .out_length = sizeof(fields) },
	};
	struct iotarget_reap_element c[3];
	int i, target;

	w.request = note_fields;
	start_threads(1);
	target = iotarget_target_open(w.device, &file);
	ASSERT_GE(target, 0);
	ASSERT_EQ(iotarget_send_wait(target, e, c, 3), 3);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(c[i].status, 0);
		EXPECT_EQ(c[i].information, c[i].user_data == 0 ? 3 :
			  c[i].user_data == 1 ? 4 : sizeof(fields));
	}
	EXPECT_EQ(memcmp(text, "abcd", 4), 0);
	EXPECT_EQ(fields[0], CONTROL);
	EXPECT_EQ(fields[1], 77);
	EXPECT_EQ(fields[2], 99);
	EXPECT_EQ(fields[3], 0);
	EXPECT_EQ(fields[4], sizeof(fields));
	EXPECT_EQ(fields[5], (uint64_t)getpid());
	EXPECT_EQ(fields[6], getuid());
	EXPECT_EQ(fields[7], file);
	close(target);
}

/* One system call a round trip: the completion goes with the next FETCH. */
TEST_F(host, one_call_per_round_trip)
{
	struct iotarget_send_element e = { .type = CONTROL };
	struct iotarget_reap_element c;
	int before, i;

	w.request = complete_ok;
	start_threads(1);
	/* until the thread is in its first FETCH */
	wait_for(&fetching);
	before = ioctls;
	for (i = 0; i < 100; i++)
		ASSERT_EQ(iotarget_send_wait(w.target, &e, &c, 1), 1);
	/* each: the SEND and the FETCH that completes */
	EXPECT_EQ(ioctls - before, 200);
}

/* U98, before the kernel is asked */
static void complete_too_much(struct iotarget_request *r)
{
	char bytes[9] = "";
	int ok = iotarget_request_complete(r, 1, bytes, 9, 0) == -EINVAL &&
		 iotarget_request_complete(r, 1, bytes, 8, 9) == -EINVAL;

	iotarget_request_complete(r, ok ? 0 : -1, bytes, 0, 8);
}

TEST_F(host, complete_checks_lengths)
{
	char out[8];
	struct iotarget_send_element e = {
		.type = CONTROL, .out = (uintptr_t)out, .out_length = 8,
	};
	struct iotarget_reap_element c;

	w.request = complete_too_much;
	start_threads(1);
	ASSERT_EQ(iotarget_send_wait(w.target, &e, &c, 1), 1);
	EXPECT_EQ(c.status, 0);
	EXPECT_EQ(c.information, 8);
}

static pthread_barrier_t barrier;

static void meet(struct iotarget_request *r)
{
	pthread_barrier_wait(&barrier);
	complete_ok(r);
}

/* Four threads are in on_request at the same time, and not one after another. */
TEST_F(host, threads_run_together)
{
	int i;

	pthread_barrier_init(&barrier, NULL, THREADS);
	w.request = meet;
	start_threads(THREADS);
	for (i = 0; i < THREADS; i++)
		ASSERT_NE(send_one(0), 0);
	for (i = 0; i < THREADS; i++)
		EXPECT_EQ(reap_one(NULL), 0);
}

#define TRIPS 2000

static void *send_many(void *arg)
{
	int target = iotarget_target_open(w.device, NULL);
	intptr_t good = 0;
	uint32_t i, out;

	(void)arg;
	for (i = 0; i < TRIPS; i++) {
		struct iotarget_send_element e = {
			.type = CONTROL,
			.in = (uintptr_t)&i, .in_length = sizeof(i),
			.out = (uintptr_t)&out, .out_length = sizeof(out),
		};
		struct iotarget_reap_element c;

		out = ~i;
		good += iotarget_send_wait(target, &e, &c, 1) == 1 &&
			c.status == 5 && out == i;
	}
	close(target);
	return (void *)good;
}

TEST_F(host, many_threads)
{
	pthread_t senders[THREADS];
	void *good;
	int i;

	w.request = echo;
	start_threads(THREADS);
	for (i = 0; i < THREADS; i++)
		pthread_create(&senders[i], NULL, send_many, NULL);
	for (i = 0; i < THREADS; i++) {
		pthread_join(senders[i], &good);
		EXPECT_EQ((intptr_t)good, TRIPS);
	}
	EXPECT_EQ(w.requests, THREADS * TRIPS);
}

static sem_t gate;

static void *complete_in_thread(void *request)
{
	complete_ok(request);
	return NULL;
}

static void hand_over_and_wait(struct iotarget_request *r)
{
	pthread_t thread;

	pthread_create(&thread, NULL, complete_in_thread, r);
	/* opened by the sender when it has the completion */
	wait_for(&gate);
	pthread_join(thread, NULL);
}

/* Another thread's completion does not wait for on_request. */
TEST_F(host, complete_from_other_thread_at_once)
{
	sem_init(&gate, 0, 0);
	w.request = hand_over_and_wait;
	start_threads(1);
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(reap_one(NULL), 0);
	sem_post(&gate);
	wait_for(&w.requested);
}

static void complete_the_other(struct iotarget_request *r)
{
	static struct iotarget_request *first;

	if (!first) {
		first = r;
		return;
	}
	/* not this callback's own: it must not wait for the callback's end */
	complete_ok(first);
	wait_for(&gate);
	complete_ok(r);
}

TEST_F(host, complete_another_request_at_once)
{
	uint64_t first, id;

	sem_init(&gate, 0, 0);
	w.request = complete_the_other;
	start_threads(1);
	first = send_one(0);
	ASSERT_NE(first, 0);
	wait_for(&w.requested);
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(reap_one(&id), 0);
	EXPECT_EQ(id, first);
	sem_post(&gate);
	EXPECT_EQ(reap_one(NULL), 0);
}

/* ------------------------------------------------------------ own event loop */

TEST_F(host, own_event_loop)
{
	struct pollfd p = { .fd = iotarget_host_fd(w.host), .events = POLLIN };
	int i;

	w.request = complete_status_7;
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	EXPECT_EQ(poll(&p, 1, 0), 0);
	for (i = 0; i < 3; i++)
		ASSERT_NE(send_one(0), 0);
	ASSERT_EQ(poll(&p, 1, 0), 1);
	EXPECT_EQ(p.revents, POLLIN);
	EXPECT_EQ(iotarget_host_step(w.host), 3);
	EXPECT_EQ(poll(&p, 1, 0), 0);
	/* all three have gone out when step returns */
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(reapable());
		EXPECT_EQ(reap_one(NULL), 7);
	}

	EXPECT_EQ(iotarget_host_stop(w.host), 0);
	ASSERT_EQ(poll(&p, 1, 0), 1);
	EXPECT_NE(p.revents & POLLHUP, 0);
	EXPECT_EQ(iotarget_host_step(w.host), -ENODEV);
}

/* More than a step does at once: the rest is still announced. */
TEST_F(host, step_is_bounded)
{
	struct pollfd p = { .fd = iotarget_host_fd(w.host), .events = POLLIN };
	int i, n, steps = 0, done = 0;

	w.request = complete_ok;
	for (i = 0; i < 150; i++)
		ASSERT_NE(send_one(0), 0);
	while (poll(&p, 1, 0) == 1) {
		n = iotarget_host_step(w.host);
		ASSERT_GT(n, 0);
		EXPECT_LE(n, 64);
		done += n;
		steps++;
		for (i = 0; i < n; i++) {
			ASSERT_TRUE(reapable());
			EXPECT_EQ(reap_one(NULL), 0);
		}
	}
	EXPECT_EQ(done, 150);
	EXPECT_GE(steps, 3);
}

/* A loop's thread and the caller's own steps on one host. */
TEST_F(host, run_and_step_together)
{
	struct iotarget_send_element e = { .type = CONTROL };
	struct iotarget_reap_element c;
	int i;

	w.request = complete_ok;
	start_threads(1);
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(iotarget_send_wait(w.target, &e, &c, 1), 1);
		EXPECT_EQ(c.status, 0);
		EXPECT_GE(iotarget_host_step(w.host), 0);
	}
}

/* ------------------------------------------------------------------- cancel */

TEST(cancel_queued)
{
	uint64_t first, second, id;

	ASSERT_EQ(set_up(&plain, IOTARGET_DISPATCH_SEQUENTIAL), 0);
	first = send_one(1);
	second = send_one(2);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_cancel(w.target, second), IOTARGET_CANCEL_DELIVERED);
	ASSERT_TRUE(reapable());
	EXPECT_EQ(iotarget_cancel(w.target, second), IOTARGET_CANCEL_COMPLETED);
	EXPECT_EQ(reap_one(&id), -ECANCELED);
	EXPECT_EQ(id, second);
	EXPECT_EQ(iotarget_cancel(w.target, second), -ENOENT);

	/* The driver has never seen it, and the first is unharmed. */
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	EXPECT_EQ(w.requests, 1);
	EXPECT_EQ(w.cancels, 0);
	complete_ok(w.last);
	EXPECT_EQ(reap_one(&id), 0);
	EXPECT_EQ(id, first);
	TEAR_DOWN();
}

/* U12, U26 */
TEST_F(host, cancel_marked)
{
	uint64_t id;

	w.request = mark;
	w.cancel = complete_status_7;
	id = send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_TOLD);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(w.releases, 1);
	/* marked by the driver: its status counts */
	EXPECT_EQ(reap_one(NULL), 7);
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	EXPECT_EQ(w.cancels, 1);
}

/* U13, U16 */
TEST_F(host, cancel_unmarked)
{
	uint64_t id = send_one(0);

	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_request_is_canceled(w.last), 0);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_MARKED);
	EXPECT_EQ(iotarget_request_is_canceled(w.last), 1);
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	EXPECT_EQ(iotarget_request_mark_cancelable(w.last), -ECANCELED);
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	EXPECT_EQ(iotarget_request_complete(w.last, 0, NULL, 0, 0), 0);
	EXPECT_EQ(reap_one(NULL), 0);
	EXPECT_EQ(w.cancels, 0);
}

static void *mark_or_cancel_in_thread(void *request)
{
	int ret = iotarget_request_mark_or_cancel(request);

	/* before it returned, once, and on this thread */
	return (void *)(intptr_t)(ret ? ret : atomic_load(&w.cancels));
}

TEST_F(host, U14_marked_after_the_cancel_by_a_thread)
{
	uint64_t id = send_one(0);
	pthread_t marker;
	void *cancels;

	w.cancel = complete_status_7;
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_MARKED);
	EXPECT_EQ(w.cancels, 0);
	pthread_create(&marker, NULL, mark_or_cancel_in_thread, w.last);
	pthread_join(marker, &cancels);
	EXPECT_EQ((intptr_t)cancels, 1);
	EXPECT_EQ(reap_one(NULL), 7);
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(w.releases, 1);
}

/* As a driver that answers later does it. */
TEST_F(host, marked_after_the_cancel_twice)
{
	uint64_t id = send_one(0);

	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_MARKED);
	EXPECT_EQ(iotarget_request_mark_or_cancel(w.last), 0);
	EXPECT_EQ(iotarget_request_mark_or_cancel(w.last), -ECANCELED);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(iotarget_request_complete(w.last, 8, NULL, 0, 0), 0);
	EXPECT_EQ(reap_one(NULL), 8);
}

static void cancelled_then_marked(struct iotarget_request *r)
{
	int before = iotarget_cancel(w.target, r->id) != IOTARGET_CANCEL_MARKED ||
		     w.cancels;

	if (iotarget_request_mark_or_cancel(r) || before)
		abort();
}

TEST_F(host, U15_cancelled_and_marked_in_the_handler)
{
	w.request = cancelled_then_marked;
	w.cancel = complete_status_7;
	send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	EXPECT_EQ(reap_one(NULL), 7);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(w.releases, 1);
}

TEST_F(host, marked_before_the_cancel)
{
	uint64_t id = send_one(0);

	w.cancel = complete_status_7;
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_request_mark_or_cancel(w.last), 0);
	EXPECT_EQ(w.cancels, 0);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(reap_one(NULL), 7);
}

/* U17, U22, U23, U21, U28 */
TEST_F(host, mark_and_unmark)
{
	uint64_t id = send_one(0);

	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_request_unmark_cancelable(w.last), -EINVAL);
	EXPECT_EQ(iotarget_request_mark_cancelable(w.last), 0);
	EXPECT_EQ(iotarget_request_mark_cancelable(w.last), -EINVAL);
	EXPECT_EQ(iotarget_request_unmark_cancelable(w.last), 0);
	EXPECT_EQ(iotarget_request_unmark_cancelable(w.last), -EINVAL);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_MARKED);
	EXPECT_EQ(iotarget_request_is_canceled(w.last), 1);
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	complete_ok(w.last);
	EXPECT_EQ(reap_one(NULL), 0);
	EXPECT_EQ(w.cancels, 0);
}

/* U24, default device: one step */
TEST_F(host, complete_while_marked)
{
	uint64_t id;

	w.request = mark;
	id = send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_request_complete(w.last, 3, NULL, 0, 0), 0);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_COMPLETED);
	EXPECT_EQ(reap_one(NULL), 3);
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	EXPECT_EQ(w.cancels, 0);
}

static void unmark_then_complete(struct iotarget_request *r)
{
	/* U19 */
	int ret = iotarget_request_unmark_cancelable(r);

	iotarget_request_complete(r, ret == -ECANCELED ? 1 : -1, NULL, 0, 0);
}

/* U18, U19, U20 */
TEST_F(host, on_cancel_on_its_way)
{
	uint64_t id;

	w.request = mark;
	w.cancel = unmark_then_complete;
	id = send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_request_unmark_cancelable(w.last), -ECANCELED);
	EXPECT_EQ(iotarget_request_complete(w.last, 9, NULL, 0, 0), -ECANCELED);
	EXPECT_FALSE(reapable());
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(reap_one(NULL), 1);
}

/* U25, U27 */
TEST_F(host, complete_after_on_cancel)
{
	uint64_t id;

	w.request = mark;
	id = send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(w.releases, 0);
	EXPECT_FALSE(reapable());
	iotarget_request_get(w.last);
	EXPECT_EQ(iotarget_request_complete(w.last, 0, NULL, 0, 0), 0);
	EXPECT_EQ(iotarget_request_complete(w.last, 1, NULL, 0, 0), -ENOENT);
	EXPECT_EQ(iotarget_request_mark_cancelable(w.last), -ENOENT);
	EXPECT_EQ(w.releases, 0);
	iotarget_request_put(w.last);
	EXPECT_EQ(w.releases, 1);
	EXPECT_EQ(reap_one(NULL), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 0);
}

static void mark_and_wait(struct iotarget_request *r)
{
	mark(r);
	sem_post(&gate);
	wait_for(&w.canceled);
	complete_status_7(r);
}

/* A driver that marks in on_request can wait there for on_cancel. */
TEST_F(host, on_cancel_while_in_on_request)
{
	uint64_t id;

	sem_init(&gate, 0, 0);
	w.request = mark_and_wait;
	start_threads(2);
	id = send_one(0);
	wait_for(&gate);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(reap_one(NULL), 7);
	EXPECT_EQ(w.cancels, 1);
}

/* Another thread's two requests, which is there until it may go. */
static void *send_two(void *tid)
{
	send_one(0);
	send_one(0);
	*(atomic_uint *)tid = gettid();
	wait_for(&gate);
	return NULL;
}

TEST_F(host, cancel_thread)
{
	struct iotarget_cancel answer;
	uint64_t own = send_one(0), id;
	pthread_t sender;
	atomic_uint tid = 0;

	sem_init(&gate, 0, 0);
	pthread_create(&sender, NULL, send_two, &tid);
	while (!tid)
		sched_yield();
	EXPECT_EQ(iotarget_cancel_thread(w.target, tid, &answer), 0);
	ASSERT_EQ(answer.delivered, 2);
	EXPECT_EQ(iotarget_cancel_thread(w.target, tid, NULL), -ENOENT);
	sem_post(&gate);
	pthread_join(sender, NULL);
	EXPECT_EQ(reap_one(&id), -ECANCELED);
	EXPECT_NE(id, own);
	EXPECT_EQ(reap_one(&id), -ECANCELED);
	EXPECT_NE(id, own);
	EXPECT_FALSE(reapable());

	EXPECT_EQ(iotarget_cancel_thread(w.target, 0, &answer), 0);
	EXPECT_EQ(answer.delivered, 1);
	ASSERT_TRUE(reapable());
	EXPECT_EQ(reap_one(&id), -ECANCELED);
	EXPECT_EQ(id, own);
}

TEST_F(host, cancel_all)
{
	struct iotarget_cancel answer;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 3);
	mark(w.last);
	for (i = 0; i < 2; i++)
		ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_cancel_all(w.target, &answer), 0);
	EXPECT_EQ(answer.delivered, 3);
	EXPECT_EQ(answer.marked, 2);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(reap_one(NULL), -ECANCELED);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
}

/* The end of a target cancels what was sent through it. */
TEST_F(cancelable, target_ends)
{
	w.cancel = complete_ok;
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_shutdown(w.target), 0);
	EXPECT_EQ(iotarget_shutdown(w.target), 0);
	EXPECT_EQ(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(w.releases, 1);
}

/* -------------------------------------------------- requests that come marked */

TEST_F(cancelable, cancel)
{
	uint64_t id;

	w.cancel = complete_status_7;
	id = send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_NE(w.last->flags & IOTARGET_RECORD_CANCELABLE, 0);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.cancels, 1);
	/* answered as delivered, so it is -ECANCELED and not 7 */
	EXPECT_EQ(reap_one(NULL), -ECANCELED);
}

/* Completed, and not cancelled: the driver's status, whoever completes. */
TEST_F(cancelable, complete)
{
	uint64_t id;

	id = send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_request_complete(w.last, 3, NULL, 0, 0), 0);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_COMPLETED);
	EXPECT_EQ(reap_one(NULL), 3);

	w.request = complete_status_7;
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(reap_one(NULL), 7);
	EXPECT_EQ(w.cancels, 0);
}

/*
 * Completed by the driver while its CANCEL waits to be fetched: the library
 * takes it, and completes it as cancelled when the CANCEL comes.
 */
TEST_F(cancelable, complete_when_cancel_waits)
{
	uint64_t id;

	id = send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_request_complete(w.last, 3, NULL, 0, 0), 0);
	EXPECT_EQ(w.releases, 0);
	EXPECT_FALSE(reapable());
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.cancels, 0);
	EXPECT_EQ(w.releases, 1);
	EXPECT_EQ(reap_one(NULL), -ECANCELED);
}

static void cancel_self(struct iotarget_request *r)
{
	iotarget_cancel(w.target, r->id);
	complete_status_7(r);
}

/* The same within on_request. */
TEST_F(cancelable, cancel_and_complete_in_on_request)
{
	w.request = cancel_self;
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 2);
	EXPECT_EQ(w.cancels, 0);
	EXPECT_EQ(w.releases, 1);
	EXPECT_EQ(reap_one(NULL), -ECANCELED);
}

/* ---------------------------------------------------------------- deadlines */

static uint64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

TEST(deadline_is_from_now)
{
	uint64_t before = monotonic();
	uint64_t deadline = iotarget_deadline(1000000000);

	EXPECT_GE(deadline, before + 1000000000);
	EXPECT_LE(deadline, monotonic() + 1000000000);
	/* a very long time is no short one */
	EXPECT_EQ(iotarget_deadline(UINT64_MAX), UINT64_MAX);
	EXPECT_EQ(iotarget_deadline(UINT64_MAX - 1), UINT64_MAX);
}

static uint64_t send_until(uint64_t nanoseconds)
{
	struct iotarget_send_element e = {
		.type = CONTROL, .deadline = iotarget_deadline(nanoseconds),
	};

	return iotarget_send(w.target, &e, 1) == 1 ? e.id : 0;
}

TEST_F(cancelable, deadline)
{
	struct pollfd p = { .fd = iotarget_host_fd(w.host), .events = POLLIN };
	uint64_t time;

	/* in the queue */
	ASSERT_NE(send_until(0), 0);
	EXPECT_EQ(reap_one(NULL), -ETIMEDOUT);
	EXPECT_EQ(iotarget_host_step(w.host), 0);

	/* with the driver, if it came before its time */
	w.cancel = complete_status_7;
	for (time = 50000000; !w.requests; time *= 2) {
		ASSERT_NE(send_until(time), 0);
		iotarget_host_step(w.host);
		if (w.requests && !w.cancels) {
			ASSERT_EQ(poll(&p, 1, -1), 1);
			EXPECT_EQ(iotarget_host_step(w.host), 1);
		}
		EXPECT_EQ(reap_one(NULL), -ETIMEDOUT);
	}
	EXPECT_EQ(w.cancels, 1);

	/* in time */
	w.request = complete_ok;
	ASSERT_NE(send_until(UINT64_MAX), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(reap_one(NULL), 0);
	EXPECT_EQ(w.cancels, 1);
}

/* -------------------------------------------------------------------- parts */

#define LONG	200000

static unsigned char *pattern(void)
{
	unsigned char *bytes = malloc(LONG);
	int i;

	for (i = 0; i < LONG; i++)
		bytes[i] = i * 7 + i / 251;
	return bytes;
}

static const struct iotarget_driver by_parts = {
	.size = sizeof(by_parts),
	.flags = IOTARGET_DRIVER_PARTS,
	.on_request = on_request,
	.on_release = on_release,
};

TEST(parts)
{
	unsigned char *in = pattern(), *part = malloc(LONG), *out = malloc(LONG);
	struct iotarget_send_element e = {
		.type = CONTROL,
		.in = (uintptr_t)in, .in_length = LONG,
		.out = (uintptr_t)out, .out_length = LONG,
	};
	struct iotarget_reap_element c;
	struct iotarget_request *r;
	uint32_t n;

	ASSERT_EQ(set_up(&by_parts, IOTARGET_DISPATCH_PARALLEL), 0);
	ASSERT_EQ(iotarget_send(w.target, &e, 1), 1);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	r = w.last;
	n = r->in_copied;
	EXPECT_EQ(r->in_length, LONG);
	EXPECT_GT(n, 0);
	ASSERT_LT(n, LONG - 50000);
	EXPECT_EQ(memcmp(r->in, in, n), 0);

	/* what is beyond the end is cut */
	EXPECT_EQ(iotarget_request_read(r, n, part, 50000), 50000);
	EXPECT_EQ(iotarget_request_read(r, n + 50000, part + 50000, LONG),
		  LONG - 50000 - (int)n);
	EXPECT_EQ(memcmp(part, in + n, LONG - n), 0);
	EXPECT_EQ(iotarget_request_read(r, LONG, part, 1), 0);
	EXPECT_EQ(iotarget_request_read(r, LONG + 1, part, 1), -EINVAL);

	memset(part, 0xab, LONG);
	EXPECT_EQ(iotarget_request_write(r, 0, part, 100), 100);
	EXPECT_EQ(iotarget_request_write(r, 100, in + 100, LONG), LONG - 100);
	EXPECT_EQ(iotarget_request_write(r, LONG + 1, part, 1), -EINVAL);
	iotarget_request_get(r);
	EXPECT_EQ(iotarget_request_complete(r, 3, NULL, 0, LONG), 0);
	EXPECT_EQ(iotarget_request_read(r, 0, part, 1), -ENOENT);
	EXPECT_EQ(iotarget_request_write(r, 0, part, 1), -ENOENT);
	iotarget_request_put(r);

	ASSERT_EQ(iotarget_reap(w.target, &c, 1), 1);
	EXPECT_EQ(c.status, 3);
	EXPECT_EQ(c.information, LONG);
	EXPECT_EQ(memcmp(out, part, 100), 0);
	EXPECT_EQ(memcmp(out + 100, in + 100, LONG - 100), 0);
	TEAR_DOWN();
	free(in);
	free(part);
	free(out);
}

/* The sender's own pages: one direction. What the driver leaves out is zero. */
TEST(parts_of_one_direction)
{
	unsigned char *in = pattern(), *part = malloc(LONG), *out = malloc(LONG);
	struct iotarget_send_element e[2] = {
		{ .user_data = 0, .type = IOTARGET_TYPE_WRITE,
		  .in = (uintptr_t)in, .in_length = LONG },
		{ .user_data = 1, .type = IOTARGET_TYPE_READ,
		  .out = (uintptr_t)out, .out_length = LONG },
	};
	struct iotarget_reap_element c;
	int i;

	ASSERT_EQ(set_up(&by_parts, IOTARGET_DISPATCH_SEQUENTIAL), 0);
	memset(out, 0xee, LONG);
	ASSERT_EQ(iotarget_send(w.target, e, 2), 2);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_request_read(w.last, 100001, part, LONG), 99999);
	EXPECT_EQ(memcmp(part, in + 100001, 99999), 0);
	EXPECT_EQ(iotarget_request_complete(w.last, 0, NULL, 0, LONG), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.last->in_copied, 0);
	EXPECT_EQ(iotarget_request_write(w.last, 0, in, 100001), 100001);
	EXPECT_EQ(iotarget_request_complete(w.last, 0, NULL, 0, LONG), 0);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(iotarget_reap(w.target, &c, 1), 1);
		EXPECT_EQ(c.information, LONG);
	}
	memset(part, 0, LONG);
	EXPECT_EQ(memcmp(out, in, 100001), 0);
	EXPECT_EQ(memcmp(out + 100001, part, LONG - 100001), 0);
	TEAR_DOWN();
	free(in);
	free(part);
	free(out);
}

/* A driver that does not ask for parts has all at once. */
TEST_F(host, long_input_is_whole)
{
	unsigned char *in = pattern();
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_WRITE,
		.in = (uintptr_t)in, .in_length = LONG,
	};

	ASSERT_EQ(iotarget_send(w.target, &e, 1), 1);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.last->in_copied, LONG);
	EXPECT_EQ(memcmp(w.last->in, in, LONG), 0);
	complete_ok(w.last);
	EXPECT_EQ(reap_one(NULL), 0);
	free(in);
}

/* It cannot be had: the sender hears of it, and the driver does not. */
TEST(long_input_fails)
{
	unsigned char *in = pattern();
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_WRITE,
		.in = (uintptr_t)in, .in_length = LONG,
	};

	ASSERT_EQ(set_up_flags(&cancelable, IOTARGET_DISPATCH_PARALLEL,
			       IOTARGET_DEVICE_STRICT), 0);
	read_error = EFAULT;
	ASSERT_EQ(iotarget_send(w.target, &e, 1), 1);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	ASSERT_TRUE(reapable());
	EXPECT_EQ(reap_one(NULL), -EFAULT);
	EXPECT_EQ(w.requests, 0);
	TEAR_DOWN();
	free(in);
}

/* -------------------------------------------------------------------- files */

static struct {
	uint64_t last;
	atomic_int cleanups, closes;
	/* how iotarget_request_is_canceled() answers in on_cleanup */
	int canceled;
	/* set: on_cleanup completes it */
	struct iotarget_request *complete;
} files;

static void on_cleanup(void *context, uint64_t file)
{
	if (context != &w)
		return;
	files.last = file;
	atomic_fetch_add(&files.cleanups, 1);
	if (w.last)
		files.canceled = iotarget_request_is_canceled(w.last);
	if (files.complete)
		complete_status_7(files.complete);
}

static void on_close(void *context, uint64_t file)
{
	if (context == &w && file == files.last)
		atomic_fetch_add(&files.closes, 1);
}

static const struct iotarget_driver with_files = {
	.size = sizeof(with_files),
	.on_request = on_request,
	.on_cancel = on_cancel,
	.on_release = on_release,
	.on_cleanup = on_cleanup,
	.on_close = on_close,
};

FIXTURE(files) { };
FIXTURE_SETUP(files)
{
	ASSERT_EQ(set_up_flags(&with_files, IOTARGET_DISPATCH_PARALLEL,
			       IOTARGET_DEVICE_FILE_EVENTS), 0);
}
FIXTURE_TEARDOWN(files)
{
	TEAR_DOWN();
}

TEST_F(files, cleanup_and_close)
{
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	files.complete = w.last;
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	/* this one stays in the queue, and is never seen */
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_shutdown(w.target), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(files.cleanups, 1);
	EXPECT_EQ(files.last, w.file);
	/* the cancels came after on_cleanup */
	EXPECT_EQ(files.canceled, 0);
	EXPECT_EQ(iotarget_request_is_canceled(w.last), 1);
	EXPECT_EQ(w.releases, 1);
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	EXPECT_EQ(files.closes, 0);
	complete_ok(w.last);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(files.closes, 1);
	EXPECT_EQ(files.cleanups, 1);
	EXPECT_EQ(w.requests, 2);
}

/* U91, U92, as a driver sees it: on_cleanup, on_cancel, on_close */
TEST_F(files, marked)
{
	w.request = mark;
	w.cancel = complete_ok;
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_shutdown(w.target), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 3);
	EXPECT_EQ(files.cleanups, 1);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(files.closes, 1);
}

/* A driver without these callbacks: what a closed target sent ends all the same. */
TEST(files_without_callbacks)
{
	ASSERT_EQ(set_up_flags(&plain, IOTARGET_DISPATCH_PARALLEL,
			       IOTARGET_DEVICE_FILE_EVENTS), 0);
	w.request = mark;
	w.cancel = complete_ok;
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_shutdown(w.target), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 3);
	EXPECT_EQ(w.cancels, 1);
	EXPECT_EQ(w.releases, 1);
	TEAR_DOWN();
}

/* A device that was made without the flag tells nothing. */
TEST(files_without_flag)
{
	ASSERT_EQ(set_up(&with_files, IOTARGET_DISPATCH_PARALLEL), 0);
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_shutdown(w.target), 0);
	EXPECT_EQ(iotarget_request_is_canceled(w.last), 1);
	complete_ok(w.last);
	EXPECT_EQ(iotarget_host_step(w.host), 0);
	EXPECT_EQ(files.cleanups, 0);
	TEAR_DOWN();
}

/* A program that was built before there were on_cleanup and on_close. */
TEST(first_version_of_driver)
{
	struct iotarget_driver old = with_files;

	old.size = offsetof(struct iotarget_driver, on_cleanup);
	ASSERT_EQ(set_up_flags(&old, IOTARGET_DISPATCH_PARALLEL,
			       IOTARGET_DEVICE_FILE_EVENTS), 0);
	EXPECT_EQ(iotarget_shutdown(w.target), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 2);
	EXPECT_EQ(files.cleanups, 0);
	EXPECT_EQ(files.closes, 0);
	TEAR_DOWN();
}

/* ------------------------------------------------------------------- strict */

/* U24 */
TEST(strict)
{
	ASSERT_EQ(set_up_flags(&plain, IOTARGET_DISPATCH_PARALLEL,
			       IOTARGET_DEVICE_STRICT), 0);
	w.request = mark;
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_request_complete(w.last, 3, NULL, 0, 0), -EINVAL);
	EXPECT_FALSE(reapable());
	EXPECT_EQ(w.releases, 0);
	EXPECT_EQ(iotarget_request_unmark_cancelable(w.last), 0);
	EXPECT_EQ(iotarget_request_complete(w.last, 4, NULL, 0, 0), 0);
	ASSERT_TRUE(reapable());
	EXPECT_EQ(reap_one(NULL), 4);
	TEAR_DOWN();
}

/* Who marked it is the library, so the library takes it back. */
TEST(strict_cancelable)
{
	ASSERT_EQ(set_up_flags(&cancelable, IOTARGET_DISPATCH_PARALLEL,
			       IOTARGET_DEVICE_STRICT), 0);
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	complete_status_7(w.last);
	ASSERT_TRUE(reapable());
	EXPECT_EQ(reap_one(NULL), 7);

	w.request = complete_status_7;
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	ASSERT_TRUE(reapable());
	EXPECT_EQ(reap_one(NULL), 7);
	TEAR_DOWN();
}

/* -------------------------------------------------------------------- races */

/*
 * (a) A thread has fetched the CANCEL and not looked at it when the driver
 * completes the request, which it had marked: the kernel takes that, the
 * request goes, and the late CANCEL finds nothing.
 */
TEST_F(host, race_completed_before_cancel_is_seen)
{
	uint64_t id;

	w.request = mark;
	start_threads(1);
	id = send_one(0);
	wait_for(&w.requested);
	stop_event = GOT_CANCEL;
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	wait_for(&stopped);
	EXPECT_EQ(iotarget_request_complete(w.last, 3, NULL, 0, 0), 0);
	EXPECT_EQ(w.releases, 1);
	EXPECT_EQ(reap_one(NULL), 3);
	sem_post(&go_on[GOT_CANCEL]);

	/* The slot's next request is not taken for it. */
	w.request = complete_ok;
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(reap_one(NULL), 0);
	EXPECT_EQ(w.cancels, 0);
}

/* The same of a request that came marked: it must be as cancelled. */
TEST_F(cancelable, race_completed_before_cancel_is_seen)
{
	uint64_t id;

	start_threads(1);
	id = send_one(0);
	wait_for(&w.requested);
	stop_event = GOT_CANCEL;
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	wait_for(&stopped);
	EXPECT_EQ(iotarget_request_complete(w.last, 3, NULL, 0, 0), 0);
	EXPECT_FALSE(reapable());
	EXPECT_EQ(w.releases, 0);
	sem_post(&go_on[GOT_CANCEL]);
	EXPECT_EQ(reap_one(NULL), -ECANCELED);
	wait_for(&w.released);
	EXPECT_EQ(w.cancels, 0);
}

/*
 * (b) A thread has fetched the REQUEST and not looked at it when another one
 * has done with its CANCEL.
 */
TEST_F(cancelable, race_cancel_overtakes_request)
{
	uint64_t id;
	int i;

	w.cancel = complete_ok;
	start_threads(2);
	wait_for(&fetching);
	wait_for(&fetching);
	stop_event = GOT_REQUEST;
	id = send_one(0);
	wait_for(&stopped);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	/* the other thread is done with the CANCEL when it fetches again */
	wait_for(&fetching);
	EXPECT_EQ(w.requests, 0);
	EXPECT_EQ(w.cancels, 0);
	sem_post(&go_on[GOT_REQUEST]);
	EXPECT_EQ(reap_one(NULL), -ECANCELED);
	wait_for(&w.released);
	EXPECT_EQ(w.requests, 1);
	EXPECT_EQ(w.cancels, 1);

	/* What was parked is gone: the slot's next request is not cancelled. */
	w.request = complete_status_7;
	for (i = 0; i < 3; i++) {
		ASSERT_NE(send_one(0), 0);
		EXPECT_EQ(reap_one(NULL), 7);
	}
	EXPECT_EQ(w.cancels, 1);
}

/* The same, and on_request completes it: on_cancel does not come. */
TEST_F(cancelable, race_overtaken_request_completes)
{
	uint64_t id;

	w.request = complete_status_7;
	start_threads(2);
	wait_for(&fetching);
	wait_for(&fetching);
	stop_event = GOT_REQUEST;
	id = send_one(0);
	wait_for(&stopped);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	wait_for(&fetching);
	sem_post(&go_on[GOT_REQUEST]);
	EXPECT_EQ(reap_one(NULL), -ECANCELED);
	wait_for(&w.released);
	EXPECT_EQ(w.cancels, 0);
}

/*
 * It never gets to the driver, because its input cannot be had, and meanwhile it
 * was cancelled: another thread is done with the CANCEL, or it is still to come.
 */
TEST_F(cancelable, race_cancelled_and_refused)
{
	unsigned char *in = pattern();
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_WRITE,
		.in = (uintptr_t)in, .in_length = LONG,
	};
	int threads;

	for (threads = 1; threads <= 2; threads++) {
		start_threads(1);
		wait_for(&fetching);
		read_error = EFAULT;
		stop_event = GOT_REQUEST;
		ASSERT_EQ(iotarget_send(w.target, &e, 1), 1);
		wait_for(&stopped);
		EXPECT_EQ(iotarget_cancel(w.target, e.id),
			  IOTARGET_CANCEL_DELIVERED);
		if (threads == 2)
			wait_for(&fetching);
		EXPECT_FALSE(reapable());
		sem_post(&go_on[GOT_REQUEST]);
		EXPECT_EQ(reap_one(NULL), -ECANCELED);
		/* each of its threads is back, at the end of the first round */
		wait_for(&fetching);
		if (threads == 1)
			wait_for(&fetching);
	}
	EXPECT_EQ(w.requests, 0);
	EXPECT_EQ(w.cancels, 0);
	free(in);
}

static void mark_anew(struct iotarget_request *r)
{
	iotarget_request_unmark_cancelable(r);
	iotarget_request_mark_cancelable(r);
}

/*
 * Both at once, on one slot: a CANCEL that has not been looked at yet although
 * its request is gone must not push out the parked CANCEL of the slot's next
 * request.
 */
TEST_F(cancelable, race_late_cancel_keeps_parked_one)
{
	uint64_t first, second;

	w.cancel = complete_ok;
	w.request = mark_anew;
	start_threads(1);
	first = send_one(0);
	wait_for(&w.requested);
	stop_event = GOT_CANCEL;
	EXPECT_EQ(iotarget_cancel(w.target, first), IOTARGET_CANCEL_DELIVERED);
	wait_for(&stopped);
	EXPECT_EQ(iotarget_request_complete(w.last, 3, NULL, 0, 0), 0);
	EXPECT_EQ(reap_one(NULL), 3);
	wait_for(&fetching);
	wait_for(&fetching);

	w.request = NULL;
	start_threads(2);
	wait_for(&fetching);
	wait_for(&fetching);
	stop_event = GOT_REQUEST;
	second = send_one(0);
	/* the slot used last is taken first: the low 20 bits are its index */
	ASSERT_EQ((first ^ second) << 44, 0);
	wait_for(&stopped);
	EXPECT_EQ(iotarget_cancel(w.target, second), IOTARGET_CANCEL_DELIVERED);
	wait_for(&fetching);
	sem_post(&go_on[GOT_CANCEL]);
	wait_for(&fetching);
	EXPECT_EQ(w.cancels, 0);
	sem_post(&go_on[GOT_REQUEST]);
	EXPECT_EQ(reap_one(NULL), -ECANCELED);
	wait_for(&w.canceled);
	EXPECT_EQ(w.cancels, 1);
}

static void *complete_with_4(void *request)
{
	return (void *)(intptr_t)iotarget_request_complete(request, 4, NULL, 0,
							   0);
}

/*
 * The kernel has refused the completion of a request that the driver marked,
 * and before the library looks at that another thread is done with the CANCEL:
 * the reason to refuse is gone, and the completion goes through.
 */
TEST_F(host, race_refused_then_cancel_is_seen)
{
	pthread_t completer;
	uint64_t id;
	void *ret;

	w.request = mark;
	id = send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	stop_event = COMPLETE_REFUSED;
	pthread_create(&completer, NULL, complete_with_4, w.last);
	wait_for(&stopped);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(w.cancels, 0);
	sem_post(&go_on[COMPLETE_REFUSED]);
	pthread_join(completer, &ret);
	EXPECT_EQ((intptr_t)ret, 0);
	EXPECT_EQ(reap_one(NULL), 4);
	EXPECT_EQ(w.releases, 1);
	EXPECT_EQ(w.cancels, 0);
}

/*
 * A request that came marked is completed, the kernel has refused to unmark it,
 * and before the library looks at that another thread is done with the CANCEL.
 */
TEST_F(cancelable, race_refused_then_cancel_is_seen)
{
	pthread_t completer;
	uint64_t id;

	id = send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	stop_event = UNMARK_REFUSED;
	pthread_create(&completer, NULL, complete_with_4, w.last);
	wait_for(&stopped);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_FALSE(reapable());
	sem_post(&go_on[UNMARK_REFUSED]);
	pthread_join(completer, NULL);
	ASSERT_TRUE(reapable());
	EXPECT_EQ(reap_one(NULL), -ECANCELED);
	EXPECT_EQ(w.releases, 1);
	EXPECT_EQ(w.cancels, 0);
}

static void *mark_in_thread(void *request)
{
	return (void *)(intptr_t)iotarget_request_mark_cancelable(request);
}

/* on_cancel completes a request, and frees it, before its mark returns. */
TEST_F(host, race_gone_before_mark_returns)
{
	pthread_t marker;
	uint64_t id;
	void *ret;

	w.cancel = complete_status_7;
	id = send_one(0);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	stop_event = MARKED;
	pthread_create(&marker, NULL, mark_in_thread, w.last);
	wait_for(&stopped);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(reap_one(NULL), 7);
	EXPECT_EQ(w.releases, 1);
	sem_post(&go_on[MARKED]);
	pthread_join(marker, &ret);
	EXPECT_EQ((intptr_t)ret, 0);
}

static void wait_at_gate(struct iotarget_request *r)
{
	(void)r;
	wait_for(&gate);
}

/* The CANCEL is looked at while on_request runs: on_cancel waits for its end. */
TEST_F(cancelable, on_cancel_waits_for_on_request)
{
	uint64_t id;
	int i;

	sem_init(&gate, 0, 0);
	w.request = wait_at_gate;
	w.cancel = complete_ok;
	start_threads(2);
	id = send_one(0);
	/* both, and the third is that of the thread which had the CANCEL */
	for (i = 0; i < 2; i++)
		wait_for(&fetching);
	while (!w.requests)
		sched_yield();
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	wait_for(&fetching);
	EXPECT_EQ(w.cancels, 0);
	sem_post(&gate);
	EXPECT_EQ(reap_one(NULL), -ECANCELED);
	wait_for(&w.released);
	EXPECT_EQ(w.cancels, 1);
}

/* ------------------------------------------------------------------- stress */

/* What the driver does with a request is in its code. */
enum behaviour {
	INLINE,		/* completed in on_request */
	WORKER,		/* by a worker, which races with on_cancel */
	UNTIL_CANCEL,	/* by on_cancel only */
	BEHAVIOURS,
};

#define WORKERS 2
#define BATCH 8
#define BATCHES 500

/* Counted by the driver for one request. */
struct job {
	atomic_bool returned;	/* on_request has */
	atomic_int cancels;
	atomic_int completed;	/* iotarget_request_complete() that took it */
};

static atomic_int stress_broken;
#define CHECK(x) do {							\
	if (!(x) && !atomic_fetch_add(&stress_broken, 1))		\
		fprintf(stderr, "# line %d: %s\n", __LINE__, #x);	\
} while (0)

/* What is to be worked on. Cancelled requests stay here too, so it can be full. */
static struct {
	pthread_mutex_t lock;
	sem_t filled, room;
	struct iotarget_request *requests[1024];
	unsigned int head, tail;
} work = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void work_push(struct iotarget_request *r)
{
	wait_for(&work.room);
	pthread_mutex_lock(&work.lock);
	work.requests[work.tail++ % ARRAY_SIZE(work.requests)] = r;
	pthread_mutex_unlock(&work.lock);
	sem_post(&work.filled);
}

/* NULL is the sign to end. */
static struct iotarget_request *work_pop(void)
{
	struct iotarget_request *r;

	wait_for(&work.filled);
	pthread_mutex_lock(&work.lock);
	r = work.requests[work.head++ % ARRAY_SIZE(work.requests)];
	pthread_mutex_unlock(&work.lock);
	sem_post(&work.room);
	return r;
}

static void *work_thread(void *fn)
{
	void (*do_work)(struct iotarget_request *r) = *(void **)fn;
	struct iotarget_request *r;

	while ((r = work_pop())) {
		do_work(r);
		iotarget_request_put(r);
	}
	return NULL;
}

/*
 * Some senders let the driver have the request before they cancel it: its
 * offset then says who waits, and for what.
 */
#define WAITS_FOR_REQUEST	(1 << 8)
#define WAITS_FOR_MARK		(1 << 9)
static sem_t reached[THREADS];

static void reach(struct iotarget_request *r, uint64_t what)
{
	if (r->offset & what)
		sem_post(&reached[r->offset % THREADS]);
}

static int stress_complete(struct iotarget_request *r, int status)
{
	struct job *job = r->context;
	int ret;

	/* in a callback, or with a reference */
	ret = iotarget_request_complete(r, status, NULL, 0, 0);
	if (!ret)
		atomic_fetch_add(&job->completed, 1);
	return ret;
}

static void stress_request(struct iotarget_request *r)
{
	struct job *job = calloc(1, sizeof(*job));

	r->context = job;
	reach(r, WAITS_FOR_REQUEST);
	if (r->code == INLINE) {
		CHECK(stress_complete(r, 0) == 0);
	} else if (r->code == WORKER) {
		iotarget_request_get(r);
		work_push(r);
	}
	job->returned = true;
}

static void stress_work(struct iotarget_request *r)
{
	int ret = stress_complete(r, 0);

	CHECK(ret == 0 || ret == -ENOENT);
}

static void stress_cancel(struct iotarget_request *r)
{
	struct job *job = r->context;
	int ret;

	CHECK(job && job->returned);
	CHECK(atomic_fetch_add(&job->cancels, 1) == 0);
	ret = stress_complete(r, -ECANCELED);
	CHECK(ret == 0 || (ret == -ENOENT && r->code == WORKER));
}

static void stress_release(struct iotarget_request *r)
{
	struct job *job = r->context;

	CHECK(job->completed == 1);
	free(job);
	r->context = NULL;
	atomic_fetch_add(&w.releases, 1);
}

static atomic_int answers[5], statuses[2];

/* Each request completes once, and "delivered" if and only if cancelled. */
static void *stress_sender(void *number)
{
	unsigned int self = (uintptr_t)number, random = self + 1;
	int target = iotarget_target_open(w.device, NULL);
	int batch, i, n;

	for (batch = 0; batch < BATCHES; batch++) {
		struct iotarget_send_element e[BATCH];
		struct iotarget_reap_element c[BATCH];
		bool delivered[BATCH], cancel[BATCH];
		int seen[BATCH] = { 0 };

		memset(e, 0, sizeof(e));
		for (i = 0; i < BATCH; i++) {
			e[i].user_data = i;
			e[i].type = CONTROL;
			e[i].code = rand_r(&random) % BEHAVIOURS;
			cancel[i] = e[i].code == UNTIL_CANCEL ||
				    rand_r(&random) % 2;
			if (rand_r(&random) % 4 == 0)
				e[i].offset = WAITS_FOR_REQUEST | self;
		}
		CHECK(iotarget_send(target, e, BATCH) == BATCH);
		for (i = 0; i < BATCH; i++)
			if (e[i].offset)
				wait_for(&reached[self]);
		for (i = 0; i < BATCH; i++) {
			int answer = 0;

			if (cancel[i])
				answer = iotarget_cancel(target, e[i].id);
			CHECK(answer >= 0 && answer != IOTARGET_CANCEL_TOLD);
			if (answer > 0)
				atomic_fetch_add(&answers[answer], 1);
			delivered[i] = answer == IOTARGET_CANCEL_DELIVERED;
		}
		for (n = 0; n < BATCH; n += i) {
			int j;

			i = iotarget_reap(target, c, BATCH - n);
			CHECK(i > 0);
			if (i <= 0)
				return NULL;
			for (j = 0; j < i; j++) {
				bool canceled = c[j].status == -ECANCELED;

				CHECK(c[j].id == e[c[j].user_data].id);
				CHECK(seen[c[j].user_data]++ == 0);
				CHECK(canceled || c[j].status == 0);
				CHECK(canceled == delivered[c[j].user_data]);
				atomic_fetch_add(&statuses[canceled], 1);
			}
		}
	}
	close(target);
	return NULL;
}

static const struct iotarget_driver stress_driver = {
	.size = sizeof(stress_driver),
	.flags = IOTARGET_DRIVER_CANCELABLE,
	.on_request = on_request,
	.on_cancel = on_cancel,
	.on_release = stress_release,
};

static void stress(void *(*sender)(void *),
		   void (*do_work)(struct iotarget_request *r))
{
	pthread_t senders[THREADS], workers[WORKERS];
	intptr_t i;

	sem_init(&work.filled, 0, 0);
	sem_init(&work.room, 0, ARRAY_SIZE(work.requests));
	for (i = 0; i < WORKERS; i++)
		pthread_create(&workers[i], NULL, work_thread, &do_work);
	start_threads(THREADS);
	for (i = 0; i < THREADS; i++) {
		sem_init(&reached[i], 0, 0);
		pthread_create(&senders[i], NULL, sender, (void *)i);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(senders[i], NULL);
	for (i = 0; i < WORKERS; i++)
		work_push(NULL);
	for (i = 0; i < WORKERS; i++)
		pthread_join(workers[i], NULL);
}

TEST(stress_cancelable)
{
	ASSERT_EQ(set_up(&stress_driver, IOTARGET_DISPATCH_PARALLEL), 0);
	w.request = stress_request;
	w.cancel = stress_cancel;
	stress(stress_sender, stress_work);
	TEAR_DOWN();
	EXPECT_EQ(stress_broken, 0);
	EXPECT_EQ(statuses[0] + statuses[1], THREADS * BATCH * BATCHES);
	EXPECT_EQ(statuses[1], answers[IOTARGET_CANCEL_DELIVERED]);
	TH_LOG("answers: delivered %d, marked %d, completed %d; on_request %d, on_cancel %d",
	       answers[IOTARGET_CANCEL_DELIVERED],
	       answers[IOTARGET_CANCEL_MARKED],
	       answers[IOTARGET_CANCEL_COMPLETED], w.requests, w.cancels);
	/* it was a race, and each side won some */
	EXPECT_GT(answers[IOTARGET_CANCEL_DELIVERED], 0);
	EXPECT_GT(statuses[0], 0);
	EXPECT_GT(w.cancels, 0);
}

/*
 * U32: { mark; [cancel || unmark, complete]; on_cancel, complete }, and the
 * same without unmark. Exactly one side completes.
 */
static atomic_int unmarked, refused;

static void u32_request(struct iotarget_request *r)
{
	r->context = calloc(1, sizeof(struct job));
	reach(r, WAITS_FOR_REQUEST);
	iotarget_request_get(r);
	if (iotarget_request_mark_cancelable(r) == -ECANCELED) {
		atomic_fetch_add(&refused, 1);
		CHECK(stress_complete(r, -ECANCELED) == 0);
		iotarget_request_put(r);
	} else {
		/* (on_cancel may complete it now: the reference is needed) */
		reach(r, WAITS_FOR_MARK);
		work_push(r);
	}
}

static void u32_work(struct iotarget_request *r)
{
	int ret;

	if (r->code == WORKER) {
		ret = iotarget_request_unmark_cancelable(r);
		/* -ENOENT: on_cancel has completed it */
		CHECK(ret == 0 || ret == -ECANCELED || ret == -ENOENT);
		if (ret)
			return;
		atomic_fetch_add(&unmarked, 1);
		CHECK(stress_complete(r, 0) == 0);
	} else {
		ret = stress_complete(r, 0);
		CHECK(ret == 0 || ret == -ECANCELED || ret == -ENOENT);
	}
}

static void u32_cancel(struct iotarget_request *r)
{
	struct job *job = r->context;
	int ret;

	CHECK(atomic_fetch_add(&job->cancels, 1) == 0);
	ret = stress_complete(r, -ECANCELED);
	CHECK(ret == 0 || (ret == -ENOENT && r->code != WORKER));
}

static void *u32_sender(void *number)
{
	static const uint64_t waits[] = { 0, WAITS_FOR_REQUEST, WAITS_FOR_MARK };
	unsigned int self = (uintptr_t)number, random = self + 1;
	int target = iotarget_target_open(w.device, NULL);
	int i, n = BATCH * BATCHES;

	for (i = 0; i < n; i++) {
		struct iotarget_send_element e = {
			.type = CONTROL,
			.code = rand_r(&random) % 2 ? WORKER : INLINE,
			.offset = waits[rand_r(&random) % 3] | self,
		};
		struct iotarget_reap_element c;
		int answer;

		CHECK(iotarget_send(target, &e, 1) == 1);
		if (e.offset != self)
			wait_for(&reached[self]);
		answer = iotarget_cancel(target, e.id);
		CHECK(answer > 0);
		CHECK(iotarget_reap(target, &c, 1) == 1 && c.id == e.id);
		CHECK(c.status == 0 || c.status == -ECANCELED);
		if (answer == IOTARGET_CANCEL_COMPLETED)
			CHECK(c.status == 0);
		atomic_fetch_add(&statuses[c.status == -ECANCELED], 1);
	}
	close(target);
	return NULL;
}

TEST(stress_mark_U32)
{
	struct iotarget_driver driver = stress_driver;

	driver.flags = 0;
	ASSERT_EQ(set_up(&driver, IOTARGET_DISPATCH_PARALLEL), 0);
	w.request = u32_request;
	w.cancel = u32_cancel;
	stress(u32_sender, u32_work);
	TEAR_DOWN();
	EXPECT_EQ(stress_broken, 0);
	EXPECT_EQ(statuses[0] + statuses[1], THREADS * BATCH * BATCHES);
	/* it was a race, and each side won some */
	EXPECT_GT(unmarked, 0);
	TH_LOG("completed %d, cancelled %d; on_request %d, unmarked %d, mark refused %d, on_cancel %d",
	       statuses[0], statuses[1], w.requests, unmarked, refused,
	       w.cancels);
	EXPECT_GT(w.cancels, 0);
}

/*
 * Files that come and go under several threads: each has one on_cleanup, then
 * one on_close, and by then all of its requests have completed.
 */
#define FILES 200

enum { OPEN, CLEANED, CLOSED };
static struct {
	_Atomic uint64_t number;
	atomic_int state, pending;
} stress_file[THREADS * FILES + 2];
static sem_t closed;

#define FILE_OF(number) (&stress_file[(number) % ARRAY_SIZE(stress_file)])

static void file_complete(struct iotarget_request *r)
{
	atomic_fetch_sub(&FILE_OF(r->file)->pending, 1);
	complete_ok(r);
}

static void file_request(struct iotarget_request *r)
{
	CHECK(FILE_OF(r->file)->state != CLOSED);
	atomic_fetch_add(&FILE_OF(r->file)->pending, 1);
	if (r->code == INLINE)
		file_complete(r);
}

static void file_cleanup(void *context, uint64_t file)
{
	(void)context;
	CHECK(atomic_exchange(&FILE_OF(file)->number, file) == 0);
	CHECK(atomic_exchange(&FILE_OF(file)->state, CLEANED) == OPEN);
}

static void file_close(void *context, uint64_t file)
{
	(void)context;
	CHECK(FILE_OF(file)->number == file);
	CHECK(atomic_exchange(&FILE_OF(file)->state, CLOSED) == CLEANED);
	CHECK(FILE_OF(file)->pending == 0);
	sem_post(&closed);
}

static void *file_sender(void *number)
{
	unsigned int random = (uintptr_t)number + 1;
	int i, j;

	for (i = 0; i < FILES; i++) {
		int target = iotarget_target_open(w.device, NULL);
		struct iotarget_send_element e[BATCH];

		memset(e, 0, sizeof(e));
		for (j = 0; j < BATCH; j++) {
			e[j].type = CONTROL;
			e[j].code = rand_r(&random) % 2 ? INLINE : UNTIL_CANCEL;
		}
		CHECK(iotarget_send(target, e, BATCH) == BATCH);
		close(target);
	}
	return NULL;
}

TEST(stress_files)
{
	const struct iotarget_driver driver = {
		.size = sizeof(driver),
		.flags = IOTARGET_DRIVER_CANCELABLE,
		.on_request = on_request,
		.on_cancel = on_cancel,
		.on_release = on_release,
		.on_cleanup = file_cleanup,
		.on_close = file_close,
	};
	pthread_t senders[THREADS];
	intptr_t i;

	ASSERT_EQ(set_up_flags(&driver, IOTARGET_DISPATCH_PARALLEL,
			       IOTARGET_DEVICE_FILE_EVENTS), 0);
	sem_init(&closed, 0, 0);
	w.request = file_request;
	w.cancel = file_complete;
	start_threads(THREADS);
	for (i = 0; i < THREADS; i++)
		pthread_create(&senders[i], NULL, file_sender, (void *)i);
	for (i = 0; i < THREADS; i++)
		pthread_join(senders[i], NULL);
	for (i = 0; i < THREADS * FILES; i++)
		wait_for(&closed);
	TEAR_DOWN();
	EXPECT_EQ(stress_broken, 0);
	TH_LOG("on_request %d, on_cancel %d", w.requests, w.cancels);
	/* both sorts reached the driver */
	EXPECT_GT(w.requests, w.cancels);
	EXPECT_GT(w.cancels, 0);
}

/* ----------------------------------------------------------------- shutdown */

static void *send_and_wait(void *arg)
{
	struct iotarget_send_element e = { .type = CONTROL };
	struct iotarget_reap_element c = { .status = INT_MIN };

	(void)arg;
	iotarget_send_wait(w.target, &e, &c, 1);
	return (void *)(intptr_t)c.status;
}

/* The host ends with calls in flight: each sender hears of it (decision 5). */
TEST_F(host, stop_with_calls_in_flight)
{
	pthread_t senders[THREADS];
	void *status;
	int i;

	start_threads(2);
	for (i = 0; i < THREADS; i++)
		pthread_create(&senders[i], NULL, send_and_wait, NULL);
	for (i = 0; i < THREADS; i++)
		wait_for(&w.requested);
	EXPECT_EQ(iotarget_host_stop(w.host), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(senders[i], &status);
		EXPECT_EQ((intptr_t)status, -ENODEV);
	}
	EXPECT_EQ(join_threads(), 0);
	EXPECT_EQ(w.cancels, 0);
	/* too late, and no harm */
	EXPECT_EQ(iotarget_request_complete(w.last, 0, NULL, 0, 0), 0);
	EXPECT_EQ(w.releases, 1);
	EXPECT_EQ(send_one(0), 0);
	EXPECT_EQ(iotarget_host_run(w.host), 0);
}

/* What was taken and waits for its CANCEL is released as well. */
TEST_F(cancelable, stop_while_cancel_waits)
{
	uint64_t id = send_one(0);

	EXPECT_EQ(iotarget_host_step(w.host), 1);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_request_complete(w.last, 3, NULL, 0, 0), 0);
	EXPECT_EQ(iotarget_host_stop(w.host), 0);
	EXPECT_EQ(reap_one(NULL), -ECANCELED);
	EXPECT_EQ(w.releases, 0);
}

static void stop_from_callback(struct iotarget_request *r)
{
	complete_ok(r);
	iotarget_host_stop(w.host);
}

TEST_F(host, stop_from_callback)
{
	w.request = stop_from_callback;
	start_threads(2);
	ASSERT_NE(send_one(0), 0);
	EXPECT_EQ(join_threads(), 0);
	EXPECT_EQ(w.releases, 1);
}

/* -------------------------------------------------------------------- nodes */

TEST(host_create_checks_driver)
{
	struct iotarget_driver driver = plain;
	struct iotarget_host *host;

	driver.size = 4;
	EXPECT_EQ(iotarget_host_create(-1, &driver, NULL, &host), -EINVAL);
	driver = plain;
	driver.on_request = NULL;
	EXPECT_EQ(iotarget_host_create(-1, &driver, NULL, &host), -EINVAL);
	driver = cancelable;
	driver.on_cancel = NULL;
	EXPECT_EQ(iotarget_host_create(-1, &driver, NULL, &host), -EINVAL);
	driver = plain;
	driver.flags = 1U << 31;
	EXPECT_EQ(iotarget_host_create(-1, &driver, NULL, &host), -EINVAL);
}

TEST(explain)
{
	char why[256];

	EXPECT_EQ(iotarget_node_open("nobody-hosts-this"), -ENOENT);
	iotarget_explain(-ENOENT, "nobody-hosts-this", why, sizeof(why));
	EXPECT_NE(strstr(why, "/dev/iotarget/nobody-hosts-this is missing"),
		  NULL);
	EXPECT_EQ(strstr(why, "insmod"), NULL);
	EXPECT_EQ(iotarget_node_open("../null"), -EINVAL);
	/* not "Disk quota exceeded" */
	iotarget_explain(-EDQUOT, NULL, why, sizeof(why));
	EXPECT_NE(strstr(why, "/sys/module/iotarget/parameters/user_"), NULL);
	/* never beyond the buffer */
	memset(why, 'x', sizeof(why));
	iotarget_explain(-ENOENT, "nobody-hosts-this", why, 8);
	EXPECT_EQ(strlen(why), 7);
	EXPECT_EQ(why[8], 'x');
}

TEST_F(host, name_needs_capability)
{
	if (!geteuid())
		SKIP(return, "for an ordinary user");
	EXPECT_EQ(iotarget_device_name(w.device, "libiotarget-test", 0666),
		  -EPERM);
}

TEST_F(host, named)
{
	struct iotarget_send_element e = { .type = CONTROL };
	struct iotarget_reap_element c;
	int target;

	if (geteuid())
		SKIP(return, "a name needs root");
	w.request = complete_status_7;
	start_threads(1);
	EXPECT_EQ(iotarget_device_name(w.device,
				       "a-name-of-more-than-31-characters",
				       0666), -EINVAL);
	ASSERT_EQ(iotarget_device_name(w.device, "libiotarget-test", 0666), 0);
	target = iotarget_node_open("libiotarget-test");
	ASSERT_GE(target, 0);
	ASSERT_EQ(iotarget_send_wait(target, &e, &c, 1), 1);
	EXPECT_EQ(c.status, 7);
	EXPECT_EQ(iotarget_host_stop(w.host), 0);
	EXPECT_EQ(iotarget_node_open("libiotarget-test"), -ENOENT);
	close(target);
}

/* Starts @command in the directory of this test; its output is in *@pipe. */
static pid_t start_example(const char *command, FILE **pipe_file)
{
	char self[PATH_MAX] = "", line[PATH_MAX + 128];
	int fds[2];
	pid_t pid;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 ||
	    pipe2(fds, O_CLOEXEC))
		return -1;
	*strrchr(self, '/') = 0;
	snprintf(line, sizeof(line), "cd %s && exec %s 2>&1", self, command);
	pid = fork();
	if (!pid) {
		dup2(fds[1], 1);
		execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(127);
	}
	close(fds[1]);
	*pipe_file = fdopen(fds[0], "r");
	return pid;
}

/* Its exit status; @output holds what it said. */
static int run_example(const char *command, char *output, int size)
{
	FILE *out;
	pid_t pid = start_example(command, &out);
	size_t n;
	int status;

	n = fread(output, 1, size - 1, out);
	output[n] = 0;
	fclose(out);
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

TEST(examples)
{
	char text[1024];
	FILE *out;
	pid_t host;

	if (geteuid())
		SKIP(return, "a name needs root");
	host = start_example("./host example-echo", &out);
	ASSERT_GT(host, 0);
	ASSERT_NE(fgets(text, sizeof(text), out), NULL);
	ASSERT_STREQ(text, "hosting /dev/iotarget/example-echo\n");
	EXPECT_EQ(run_example("./sender example-echo 'Hello, host'", text,
			      sizeof(text)), 0);
	EXPECT_STREQ(text, "Hello, host\n");

	/* plain senders: what is written is read, once, and then it is the end */
	EXPECT_EQ(run_example("sh -ec 'echo hello >/dev/iotarget/example-echo;"
			      "echo again >/dev/iotarget/example-echo;"
			      "cat /dev/iotarget/example-echo;"
			      "cat /dev/iotarget/example-echo'", text,
			      sizeof(text)), 0);
	EXPECT_STREQ(text, "hello\nagain\n");
	EXPECT_EQ(run_example("dd if=/dev/zero of=/dev/iotarget/example-echo "
			      "bs=4097 count=1", text, sizeof(text)), 1);
	EXPECT_NE(strstr(text, "No space left"), NULL);

	/* IOTARGET_DEBUG=1 says what the library does */
	setenv("IOTARGET_DEBUG", "1", 1);
	EXPECT_EQ(run_example("./sender example-echo x", text, sizeof(text)), 0);
	unsetenv("IOTARGET_DEBUG");
	EXPECT_NE(strstr(text, "open /dev/iotarget/example-echo"), NULL);
	EXPECT_NE(strstr(text, "send 1 to target"), NULL);

	kill(host, SIGTERM);
	waitpid(host, NULL, 0);
	fclose(out);
	EXPECT_EQ(run_example("./sender example-echo gone", text, sizeof(text)),
		  1);
	EXPECT_NE(strstr(text, "/dev/iotarget/example-echo is missing"), NULL);
}

TEST_HARNESS_MAIN
