// SPDX-License-Identifier: GPL-2.0
/*
 * libiotarget's queues: several hosts of one device, and requests that go from
 * one to another.
 *
 * Most tests run the hosts by hand, with iotarget_host_step(), and so have one
 * order only. Those of races do what another thread would do in the middle of a
 * system call of the library: ioctl() is wrapped. None sleeps.
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

#define CONTROL		IOTARGET_TYPE_CONTROL
#define SEQUENTIAL	IOTARGET_DISPATCH_SEQUENTIAL
#define PARALLEL	IOTARGET_DISPATCH_PARALLEL

/* ------------------------------------------------ the library's system calls */

/* Done once, by this thread, before or after the library's next ioctl @number. */
struct hook {
	unsigned long number;
	void (*fn)(void);
};

static _Thread_local struct hook before, after;
/* The next ioctl @number fails so, and does nothing. */
static _Thread_local struct { unsigned long number; int error; } fail;
static _Thread_local int calls;

int __real_ioctl(int fd, unsigned long number, void *arg);
int __wrap_ioctl(int fd, unsigned long number, void *arg);

static void run_hook(struct hook *hook, unsigned long number)
{
	void (*fn)(void) = hook->fn;

	if (!fn || hook->number != number)
		return;
	hook->fn = NULL;
	fn();
}

int __wrap_ioctl(int fd, unsigned long number, void *arg)
{
	int ret, err;

	calls++;
	run_hook(&before, number);
	if (fail.error && fail.number == number) {
		errno = fail.error;
		fail.error = 0;
		return -1;
	}
	ret = __real_ioctl(fd, number, arg);
	err = errno;
	run_hook(&after, number);
	errno = err;
	return ret;
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem))
		;
}

/* -------------------------------------------------- one device, three queues */

/* the default queue and OTHER: parallel */
enum { DEFAULT, OTHER, MANUAL, SIDES };

/* A queue, its host and what its driver saw. It is the host's context. */
struct side {
	int fd;
	struct iotarget_host *host;
	/* what the callbacks do, after they were counted */
	void (*_Atomic request)(struct iotarget_request *r);
	void (*_Atomic cancel)(struct iotarget_request *r);
	void (*_Atomic canceled_on_queue)(struct iotarget_request *r);
	void (*_Atomic queue_state)(int notice);
	/* the last one that came; it is valid while the driver has it */
	struct iotarget_request *_Atomic last;
	atomic_int requests, cancels, canceled, releases, news, notices;
	_Atomic uint32_t state;
};

/* The life of a request: its context. */
struct life {
	struct iotarget_request *_Atomic request;
	atomic_int releases;
};

#define THREADS 4

/* A test has its own process, and so its own copy of this. */
static struct world {
	int device, target;
	uint64_t file;
	struct side side[SIDES];
	struct life lives[1 << 17];
	atomic_uint lived;
	/* what should never be, counted */
	atomic_int broken;
	pthread_t threads[SIDES * THREADS];
	unsigned int running;
	sem_t requested, noticed;
} w;

#define D (&w.side[DEFAULT])
#define O (&w.side[OTHER])
#define M (&w.side[MANUAL])

#define CHECK(what)							\
	do {								\
		if (!(what) && !atomic_fetch_add(&w.broken, 1))		\
			printf("# line %d: not " #what "\n", __LINE__);	\
	} while (0)

/* The request has the same address and context whenever it is seen. */
static void see(struct iotarget_request *r)
{
	struct life *life = r->context;

	if (!life) {
		life = &w.lives[atomic_fetch_add(&w.lived, 1)];
		life->request = r;
		r->context = life;
	}
	CHECK(life->request == r);
	CHECK(life->releases == 0);
}

static void on_request(struct iotarget_request *r)
{
	struct side *side = r->host_context;

	see(r);
	side->last = r;
	atomic_fetch_add(&side->requests, 1);
	if (side->request)
		side->request(r);
	sem_post(&w.requested);
}

static void on_cancel(struct iotarget_request *r)
{
	struct side *side = r->host_context;

	see(r);
	atomic_fetch_add(&side->cancels, 1);
	if (side->cancel)
		side->cancel(r);
}

static void on_canceled_on_queue(struct iotarget_request *r)
{
	struct side *side = r->host_context;

	see(r);
	side->last = r;
	atomic_fetch_add(&side->canceled, 1);
	if (side->canceled_on_queue)
		side->canceled_on_queue(r);
}

static void on_release(struct iotarget_request *r)
{
	struct side *side = r->host_context;
	struct life *life = r->context;

	atomic_fetch_add(&side->releases, 1);
	if (life)
		CHECK(atomic_fetch_add(&life->releases, 1) == 0);
}

static void on_queue_state(void *context, uint32_t state, int notice)
{
	struct side *side = context;

	side->state = state;
	atomic_fetch_add(notice ? &side->notices : &side->news, 1);
	if (side->queue_state)
		side->queue_state(notice);
	if (notice)
		sem_post(&w.noticed);
}

static const struct iotarget_driver plain = {
	.size = sizeof(plain),
	.on_request = on_request,
	.on_cancel = on_cancel,
	.on_release = on_release,
	.on_canceled_on_queue = on_canceled_on_queue,
	.on_queue_state = on_queue_state,
};

/* 0 or the first error. @flags: of the drivers. */
static int set_up_as(uint32_t flags, uint32_t device_flags, uint32_t dispatch,
		     const struct iotarget_queue_create *other)
{
	struct iotarget_device_create options = {
		.flags = device_flags, .dispatch = dispatch,
	};
	struct iotarget_queue_create manual = {
		.dispatch = IOTARGET_DISPATCH_MANUAL,
		.flags = IOTARGET_QUEUE_CANCELED_EVENTS,
	};
	struct iotarget_driver driver = plain;
	int ret;

	driver.flags = flags;
	sem_init(&w.requested, 0, 0);
	sem_init(&w.noticed, 0, 0);
	w.device = D->fd = iotarget_device_create(&options);
	if (w.device < 0)
		return w.device;
	w.target = iotarget_target_open(w.device, &w.file);
	O->fd = iotarget_queue_create(w.device, other);
	M->fd = iotarget_queue_create(w.device, &manual);
	if (w.target < 0 || O->fd < 0 || M->fd < 0)
		return -EBADF;
	ret = iotarget_host_create(w.device, &driver, D, &D->host);
	if (!ret)
		ret = iotarget_host_create_queue(D->host, O->fd, &driver, O,
						 &O->host);
	if (!ret)
		ret = iotarget_host_create_queue(O->host, M->fd, &driver, M,
						 &M->host);
	return ret;
}

static int set_up(uint32_t flags)
{
	return set_up_as(flags, 0, PARALLEL, NULL);
}

static void *run(void *host)
{
	return (void *)(intptr_t)iotarget_host_run(host);
}

static void start_threads(struct side *side, unsigned int n)
{
	while (n--)
		pthread_create(&w.threads[w.running++], NULL, run, side->host);
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

/* Those that were not released, or more than once. */
static int unreleased(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < w.lived; i++)
		n += w.lives[i].releases != 1;
	return n;
}

/* Whatever a test did: the loops end, and each request is released once. */
#define TEAR_DOWN()							\
	do {								\
		int i_;							\
									\
		EXPECT_EQ(iotarget_host_stop(D->host), 0);		\
		EXPECT_EQ(join_threads(), 0);				\
		for (i_ = 0; i_ < SIDES; i_++) {			\
			iotarget_host_destroy(w.side[i_].host);		\
			w.side[i_].last = NULL;				\
		}							\
		EXPECT_EQ(unreleased(), 0);				\
		EXPECT_EQ(w.broken, 0);					\
		memset(w.lives, 0, sizeof(w.lives));			\
		EXPECT_EQ(leaks(), 0);					\
		close(w.target);					\
		for (i_ = SIDES; i_-- > 0; )				\
			close(w.side[i_].fd);				\
	} while (0)

FIXTURE(queues) { };
FIXTURE_SETUP(queues)
{
	ASSERT_EQ(set_up(0), 0);
}
FIXTURE_TEARDOWN(queues)
{
	TEAR_DOWN();
}

/* The same with requests that come marked. */
FIXTURE(cancelable) { };
FIXTURE_SETUP(cancelable)
{
	ASSERT_EQ(set_up(IOTARGET_DRIVER_CANCELABLE), 0);
}
FIXTURE_TEARDOWN(cancelable)
{
	TEAR_DOWN();
}

/* Sends one CONTROL of no bytes and returns its id, 0 if it was refused. */
static uint64_t send_to(int target, uint32_t code)
{
	struct iotarget_send_element e = { .type = CONTROL, .code = code };

	return iotarget_send(target, &e, 1) == 1 ? e.id : 0;
}

static uint64_t send_one(void)
{
	return send_to(w.target, 0);
}

/* Is a completion there? */
static bool reapable(void)
{
	struct pollfd p = { .fd = w.target, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

/* The status of the next completion, INT_MIN if there is none. */
static int reap_one(void)
{
	struct iotarget_reap_element c;

	if (!reapable() || iotarget_reap(w.target, &c, 1) != 1)
		return INT_MIN;
	return c.status;
}

static int complete(struct iotarget_request *r, int status)
{
	return iotarget_request_complete(r, status, NULL, 0, 0);
}

static int control(struct side *side, uint32_t action)
{
	return iotarget_queue_control(side->fd, action, 0, NULL);
}

static int notify(struct side *side, uint32_t action)
{
	return iotarget_queue_control(side->fd, action,
				      IOTARGET_QUEUE_CONTROL_NOTIFY, NULL);
}

/* One record, of whatever kind. */
#define STEP(side)	EXPECT_EQ(iotarget_host_step((side)->host), 1)
/* Nothing. */
#define REST(side)	EXPECT_EQ(iotarget_host_step((side)->host), 0)

static struct iotarget_request *retrieve(void)
{
	struct iotarget_request *r;

	if (iotarget_host_retrieve(M->host, 0, 0, &r) < 0)
		return NULL;
	see(r);
	return r;
}

/* What callbacks do */

/* The answer of the last forward() or requeue() of this thread. */
static _Thread_local int answer;

static void complete_5(struct iotarget_request *r)
{
	CHECK(complete(r, 5) == 0);
}

static void complete_canceled(struct iotarget_request *r)
{
	CHECK(complete(r, -ECANCELED) == 0);
}

static void to_other(struct iotarget_request *r)
{
	answer = iotarget_request_forward(r, O->host);
}

static void to_default(struct iotarget_request *r)
{
	answer = iotarget_request_forward(r, D->host);
}

static void to_manual(struct iotarget_request *r)
{
	answer = iotarget_request_forward(r, M->host);
}

/* Sends one that is forwarded to OTHER, or MANUAL, and waits there. */
static uint64_t send_and_forward(void (*forward)(struct iotarget_request *))
{
	uint64_t id;

	D->request = forward;
	id = send_one();
	return iotarget_host_step(D->host) == 1 && answer == 0 ? id : 0;
}

/* ------------------------------------------------------------------- queues */

TEST_F(queues, U61_route)
{
	struct iotarget_send_element e = { .type = IOTARGET_TYPE_READ };

	EXPECT_EQ(iotarget_queue_route(w.device, IOTARGET_TYPE_READ, O->fd), 0);
	EXPECT_EQ(iotarget_queue_route(w.device, IOTARGET_TYPE_READ, M->fd),
		  -EBUSY);
	EXPECT_EQ(iotarget_queue_route(w.device, IOTARGET_TYPE_WRITE,
				       w.device), -EINVAL);
	EXPECT_EQ(iotarget_queue_route(w.device, 77, O->fd), -EINVAL);
	EXPECT_EQ(iotarget_queue_route(w.device, IOTARGET_TYPE_WRITE, -1),
		  -EBADF);
	O->request = D->request = complete_5;
	ASSERT_EQ(iotarget_send(w.target, &e, 1), 1);
	ASSERT_NE(send_one(), 0);
	STEP(O);
	STEP(D);
	EXPECT_EQ(O->requests, 1);
	EXPECT_EQ(D->requests, 1);
	EXPECT_EQ(reap_one(), 5);
	EXPECT_EQ(reap_one(), 5);
}

TEST_F(queues, U58_create_checks)
{
	struct iotarget_queue_create options = {
		.dispatch = SEQUENTIAL, .limit = 1,
	};

	EXPECT_EQ(iotarget_queue_create(w.device, &options), -EINVAL);
	options = (struct iotarget_queue_create){ .dispatch = 9 };
	EXPECT_EQ(iotarget_queue_create(w.device, &options), -EINVAL);
	EXPECT_EQ(iotarget_queue_create(O->fd, NULL), -ENOTTY);
}

TEST_F(queues, host_create_queue_checks_driver)
{
	struct iotarget_driver driver = plain;
	struct iotarget_host *host;

	driver.on_request = NULL;
	EXPECT_EQ(iotarget_host_create_queue(D->host, O->fd, &driver, NULL,
					     &host), -EINVAL);
}

/* A program that was built with 1.1 has no on_canceled_on_queue. */
TEST_F(queues, driver_of_1_1)
{
	struct iotarget_driver driver = plain;
	struct iotarget_host *host;
	uint64_t id;

	driver.size = offsetof(struct iotarget_driver, on_canceled_on_queue);
	ASSERT_EQ(iotarget_host_create_queue(D->host, M->fd, &driver, M, &host),
		  0);
	D->request = to_manual;
	id = send_one();
	STEP(D);
	EXPECT_EQ(iotarget_host_step(host), 1);	/* no longer empty */
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_host_step(host), 1);
	EXPECT_EQ(reap_one(), -ECANCELED);
	EXPECT_EQ(M->canceled, 0);
	EXPECT_EQ(M->news, 0);
	iotarget_host_destroy(host);
}

/* ------------------------------------------------------------------ forward */

TEST_F(queues, forward_keeps_address_and_context)
{
	struct iotarget_request *r;
	struct life *life;

	send_one();
	STEP(D);
	r = D->last;
	life = r->context;
	EXPECT_EQ(r->host_context, D);
	EXPECT_EQ(iotarget_request_forward(r, O->host), 0);
	REST(D);
	STEP(O);
	EXPECT_EQ(O->last, r);
	EXPECT_EQ(r->context, life);
	EXPECT_EQ(r->host_context, O);
	EXPECT_EQ(complete(r, 6), 0);
	EXPECT_EQ(reap_one(), 6);
	EXPECT_EQ(life->releases, 1);
	/* with the driver that had it last */
	EXPECT_EQ(D->releases, 0);
	EXPECT_EQ(O->releases, 1);
}

/* There, back and there again, with what the sender brought. */
static void back_twice(struct iotarget_request *r)
{
	CHECK(r->in_length == 70000 && r->in_copied == 70000);
	CHECK(((char *)r->in)[69999] == 7);
	if (D->requests < 3)
		to_default(r);
	else
		complete_5(r);
}

TEST_F(queues, forward_keeps_input)
{
	char *bytes = calloc(1, 70000);
	struct iotarget_send_element e = {
		.type = CONTROL, .in = (uintptr_t)bytes, .in_length = 70000,
	};
	struct iotarget_reap_element c;

	bytes[69999] = 7;
	D->request = to_other;
	O->request = back_twice;
	start_threads(D, 2);
	start_threads(O, 2);
	ASSERT_EQ(iotarget_send_wait(w.target, &e, &c, 1), 1);
	EXPECT_EQ(c.status, 5);
	EXPECT_EQ(D->requests, 3);
	EXPECT_EQ(O->requests, 3);
	EXPECT_EQ(w.lived, 1);
	free(bytes);
}

TEST_F(queues, forward_from_callback)
{
	ASSERT_NE(send_and_forward(to_other), 0);
	EXPECT_EQ(iotarget_request_forward(D->last, M->host), -ENOENT);
	EXPECT_EQ(iotarget_request_requeue(D->last), -ENOENT);
	EXPECT_EQ(complete(D->last, 0), -ENOENT);
	O->request = complete_5;
	STEP(O);
	EXPECT_EQ(reap_one(), 5);
}

TEST_F(queues, U49_forward_to_a_queue_that_accepts_nothing)
{
	EXPECT_EQ(control(O, IOTARGET_QUEUE_PURGE), 0);
	D->request = to_other;
	send_one();
	STEP(D);
	EXPECT_EQ(answer, -EBUSY);
	EXPECT_EQ(D->last->host_context, D);
	EXPECT_EQ(complete(D->last, 3), 0);
	EXPECT_EQ(reap_one(), 3);
	EXPECT_EQ(D->releases, 1);
}

TEST_F(queues, U50_forward_refused)
{
	int device = iotarget_device_create(NULL);
	struct iotarget_host *foreign, *single;

	ASSERT_EQ(iotarget_host_create(device, &plain, NULL, &foreign), 0);
	/* of this device, and not told so */
	ASSERT_EQ(iotarget_host_create(O->fd, &plain, NULL, &single), 0);
	send_one();
	STEP(D);
	EXPECT_EQ(iotarget_request_forward(D->last, D->host), -EINVAL);
	EXPECT_EQ(iotarget_request_forward(D->last, foreign), -EINVAL);
	EXPECT_EQ(iotarget_request_forward(D->last, single), -EINVAL);
	EXPECT_EQ(iotarget_request_requeue(D->last), -EINVAL);
	EXPECT_EQ(iotarget_request_mark_cancelable(D->last), 0);
	EXPECT_EQ(iotarget_request_forward(D->last, O->host), -EINVAL);
	EXPECT_EQ(iotarget_request_unmark_cancelable(D->last), 0);
	EXPECT_EQ(iotarget_shutdown(O->fd), 0);
	EXPECT_EQ(iotarget_request_forward(D->last, O->host), -ENODEV);
	EXPECT_EQ(complete(D->last, 3), 0);
	EXPECT_EQ(reap_one(), 3);
	iotarget_host_destroy(foreign);
	iotarget_host_destroy(single);
	close(device);
}

/* Marked by the driver: the kernel's answer, and OnCancel comes once. */
TEST_F(queues, forward_while_marked_and_cancelled)
{
	uint64_t id = send_one();

	D->cancel = complete_5;
	STEP(D);
	EXPECT_EQ(iotarget_request_mark_cancelable(D->last), 0);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_request_forward(D->last, O->host), -ECANCELED);
	STEP(D);
	EXPECT_EQ(D->cancels, 1);
	EXPECT_EQ(reap_one(), 5);
}

/* The same when another thread looks at the CANCEL just within the refusal */
static void cancel_and_step_default(void)
{
	CHECK(iotarget_cancel(w.target, D->last->id) ==
	      IOTARGET_CANCEL_DELIVERED);
	CHECK(iotarget_host_step(D->host) == 1);
}

TEST_F(queues, cancelled_within_forward_while_marked)
{
	send_one();
	STEP(D);
	EXPECT_EQ(iotarget_request_mark_cancelable(D->last), 0);
	before = (struct hook){ IOTARGET_FORWARD, cancel_and_step_default };
	EXPECT_EQ(iotarget_request_forward(D->last, O->host), -EINVAL);
	EXPECT_EQ(D->cancels, 1);
	EXPECT_EQ(complete(D->last, 5), 0);
	EXPECT_EQ(reap_one(), 5);
}

TEST_F(queues, U51_forward_after_a_cancel)
{
	uint64_t id = send_one();

	STEP(D);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_MARKED);
	EXPECT_EQ(iotarget_request_forward(D->last, O->host), 0);
	EXPECT_EQ(reap_one(), -ECANCELED);
	REST(O);
	EXPECT_EQ(O->requests, 0);
}

TEST_F(queues, U51_forward_after_a_cancel_to_who_wants_to_know)
{
	uint64_t id = send_one();

	M->canceled_on_queue = complete_5;
	STEP(D);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_MARKED);
	EXPECT_EQ(iotarget_request_forward(D->last, M->host), 0);
	EXPECT_FALSE(reapable());
	STEP(M);
	EXPECT_EQ(M->canceled, 1);
	EXPECT_EQ(reap_one(), 5);
	EXPECT_EQ(M->releases, 1);
}

/* As mark_or_cancel has it: told already, and forwarded all the same. */
TEST_F(queues, forward_after_mark_or_cancel)
{
	uint64_t id = send_one();

	D->cancel = to_manual;
	M->canceled_on_queue = complete_5;
	STEP(D);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_MARKED);
	EXPECT_EQ(iotarget_request_mark_or_cancel(D->last), 0);
	EXPECT_EQ(answer, 0);
	STEP(M);
	EXPECT_EQ(M->canceled, 1);
	EXPECT_EQ(D->cancels, 1);
	EXPECT_EQ(reap_one(), 5);
}

/* A purge is answered as a cancel, but what goes on to another queue lives. */
TEST_F(queues, forward_out_of_a_purge)
{
	D->cancel = to_other;
	send_one();
	STEP(D);
	EXPECT_EQ(control(D, IOTARGET_QUEUE_PURGE), 0);
	EXPECT_EQ(iotarget_request_mark_or_cancel(D->last), 0);
	EXPECT_EQ(D->cancels, 1);
	EXPECT_EQ(answer, 0);
	STEP(O);
	EXPECT_EQ(O->cancels, 0);
	EXPECT_EQ(complete(O->last, 5), 0);
	EXPECT_EQ(reap_one(), 5);
}

/* ---------------------------------------------- forward of what comes marked */

TEST_F(cancelable, forward_then_cancel)
{
	uint64_t id = send_and_forward(to_other);

	O->cancel = complete_5;
	STEP(O);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	STEP(O);
	EXPECT_EQ(D->cancels, 0);
	EXPECT_EQ(O->cancels, 1);
	/* answered as delivered */
	EXPECT_EQ(reap_one(), -ECANCELED);
}

/* Refused: it is marked as before, and not an instant longer than on_request. */
TEST_F(cancelable, forward_refused_then_cancel)
{
	uint64_t id;

	EXPECT_EQ(control(O, IOTARGET_QUEUE_PURGE), 0);
	D->request = to_other;
	D->cancel = complete_canceled;
	id = send_one();
	STEP(D);
	EXPECT_EQ(answer, -EBUSY);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	STEP(D);
	EXPECT_EQ(D->cancels, 1);
	EXPECT_EQ(reap_one(), -ECANCELED);
}

static uint64_t victim;
static int cancel_answer;

static void cancel_victim(void)
{
	cancel_answer = iotarget_cancel(w.target, victim);
}

static void cancel_and_forward(struct iotarget_request *r)
{
	victim = r->id;
	cancel_victim();
	to_other(r);
	/* not within on_request */
	CHECK(D->cancels == 0);
}

TEST_F(cancelable, forward_after_a_cancel)
{
	D->request = cancel_and_forward;
	D->cancel = complete_5;
	send_one();
	/* the request and its CANCEL */
	EXPECT_EQ(iotarget_host_step(D->host), 2);
	EXPECT_EQ(cancel_answer, IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(answer, -ECANCELED);
	EXPECT_EQ(D->cancels, 1);
	EXPECT_EQ(reap_one(), -ECANCELED);
}

/* A cancel between the library's UNMARK and its FORWARD */
static void cancel_before_forward(struct iotarget_request *r)
{
	victim = r->id;
	before = (struct hook){ IOTARGET_FORWARD, cancel_victim };
	to_other(r);
	CHECK(D->cancels == 0);
}

TEST_F(cancelable, cancel_within_forward)
{
	D->request = cancel_before_forward;
	send_one();
	STEP(D);
	EXPECT_EQ(cancel_answer, IOTARGET_CANCEL_MARKED);
	EXPECT_EQ(answer, 0);
	EXPECT_EQ(reap_one(), -ECANCELED);
	REST(O);
	EXPECT_EQ(D->cancels + O->cancels + O->requests, 0);
}

/* The same, and the other queue refuses: told when on_request has returned. */
TEST_F(cancelable, cancel_within_refused_forward)
{
	EXPECT_EQ(control(O, IOTARGET_QUEUE_PURGE), 0);
	D->request = cancel_before_forward;
	D->cancel = complete_5;
	send_one();
	STEP(D);
	EXPECT_EQ(cancel_answer, IOTARGET_CANCEL_MARKED);
	EXPECT_EQ(answer, -ECANCELED);
	EXPECT_EQ(D->cancels, 1);
	/* the cancel was not answered as delivered, so the driver's counts */
	EXPECT_EQ(reap_one(), 5);
}

/* Out of callbacks it is told before forward returns. */
TEST_F(cancelable, cancel_within_refused_forward_later)
{
	EXPECT_EQ(control(O, IOTARGET_QUEUE_PURGE), 0);
	D->cancel = complete_5;
	victim = send_one();
	STEP(D);
	before = (struct hook){ IOTARGET_FORWARD, cancel_victim };
	EXPECT_EQ(iotarget_request_forward(D->last, O->host), -ECANCELED);
	EXPECT_EQ(D->cancels, 1);
	EXPECT_EQ(reap_one(), 5);
	EXPECT_EQ(D->releases, 1);
	REST(D);
}

/* The CANCEL was fetched by a thread that has not looked at it yet. */
TEST_F(cancelable, forward_while_cancel_is_on_its_way)
{
	victim = send_one();
	STEP(D);
	EXPECT_EQ(iotarget_cancel(w.target, victim), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_request_forward(D->last, O->host), -ECANCELED);
	D->cancel = to_other;
	STEP(D);
	/* nor in on_cancel */
	EXPECT_LT(answer, 0);
	EXPECT_EQ(D->cancels, 1);
	EXPECT_EQ(complete(D->last, 5), 0);
	EXPECT_EQ(reap_one(), -ECANCELED);
}

/* ------------------------------------- another thread in the middle of a call */

static void step_other(void)
{
	CHECK(iotarget_host_step(O->host) == 1);
}

/* Fetched, completed and freed there before FORWARD is back */
TEST_F(queues, completed_before_forward_returns)
{
	O->request = complete_5;
	after = (struct hook){ IOTARGET_FORWARD, step_other };
	ASSERT_NE(send_and_forward(to_other), 0);
	EXPECT_EQ(O->requests, 1);
	EXPECT_EQ(O->releases, 1);
	EXPECT_EQ(reap_one(), 5);
}

TEST_F(cancelable, completed_before_forward_returns)
{
	O->request = complete_5;
	after = (struct hook){ IOTARGET_FORWARD, step_other };
	ASSERT_NE(send_and_forward(to_other), 0);
	EXPECT_EQ(O->requests, 1);
	EXPECT_EQ(O->releases, 1);
	EXPECT_EQ(reap_one(), 5);
}

/* Back at the first host, in its on_request, while that is in its first */
static void step_default(void)
{
	CHECK(iotarget_host_step(D->host) == 1);
}

static void forward_first(struct iotarget_request *r)
{
	if (D->requests > 1)
		return;
	after = (struct hook){ IOTARGET_FORWARD, step_other };
	to_other(r);
	/* from here on it is held by the D of the other thread: it is not ours */
}

static void send_back(struct iotarget_request *r)
{
	after = (struct hook){ IOTARGET_FORWARD, step_default };
	to_default(r);
}

TEST_F(cancelable, back_before_forward_returns)
{
	uint64_t id = send_one();

	D->request = forward_first;
	O->request = send_back;
	D->cancel = complete_canceled;
	STEP(D);
	EXPECT_EQ(D->requests, 2);
	EXPECT_EQ(O->requests, 1);
	EXPECT_FALSE(reapable());
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	/* no on_request runs any more: it is told at once */
	STEP(D);
	EXPECT_EQ(D->cancels, 1);
	EXPECT_EQ(reap_one(), -ECANCELED);
}

/* The CANCEL is looked at before the thread that fetched the request does. */
static void cancel_and_step_other(void)
{
	cancel_victim();
	CHECK(cancel_answer == IOTARGET_CANCEL_DELIVERED);
	step_other();
	CHECK(O->cancels == 0);
}

static void not_canceled_yet(struct iotarget_request *r)
{
	(void)r;
	CHECK(O->cancels == 0);
}

TEST_F(cancelable, cancel_overtakes_forwarded_request)
{
	victim = send_and_forward(to_other);
	O->request = not_canceled_yet;
	O->cancel = complete_5;
	after = (struct hook){ IOTARGET_FETCH, cancel_and_step_other };
	STEP(O);
	EXPECT_EQ(O->requests, 1);
	EXPECT_EQ(O->cancels, 1);
	EXPECT_EQ(reap_one(), -ECANCELED);
	EXPECT_EQ(w.lived, 1);
}

/* The first on_request returns while the second runs: on_cancel waits for that. */
static sem_t gate;

static void forward_and_wait(struct iotarget_request *r)
{
	to_other(r);
	wait_for(&w.requested);
}

static void announce_and_wait(struct iotarget_request *r)
{
	(void)r;
	sem_post(&w.requested);
	wait_for(&gate);
	CHECK(O->cancels == 0);
}

static sem_t told;

static void complete_and_tell(struct iotarget_request *r)
{
	complete_canceled(r);
	sem_post(&told);
}

TEST_F(cancelable, cancel_waits_for_the_second_on_request)
{
	uint64_t id = send_one();

	sem_init(&gate, 0, 0);
	sem_init(&told, 0, 0);
	D->request = forward_and_wait;
	O->request = announce_and_wait;
	O->cancel = complete_and_tell;
	start_threads(O, 1);
	STEP(D);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	STEP(O);
	EXPECT_EQ(O->cancels, 0);
	sem_post(&gate);
	wait_for(&told);
	EXPECT_EQ(O->cancels, 1);
	/* (its completion goes out with that thread's next fetch) */
	EXPECT_EQ(iotarget_host_stop(O->host), 0);
	EXPECT_EQ(reap_one(), -ECANCELED);
}

/* The completion of a request goes to the queue where it is. */
static void move_retrieve_complete(struct iotarget_request *r)
{
	struct iotarget_request *again;

	to_manual(r);
	CHECK(answer == 0);
	again = retrieve();
	CHECK(again == r);
	complete_5(r);
}

TEST_F(queues, completed_in_the_callback_of_another_queue)
{
	D->request = move_retrieve_complete;
	send_one();
	STEP(D);
	EXPECT_EQ(reap_one(), 5);
}

/* It goes out with the next FETCH, of whichever queue. */
TEST_F(queues, completes_with_the_next_fetch)
{
	int i, first;

	O->request = complete_5;
	for (i = 0; i < 10; i++)
		ASSERT_NE(send_and_forward(to_other), 0);
	first = calls;
	EXPECT_EQ(iotarget_host_step(O->host), 10);
	/* each fetch completes the one before; the last finds nothing */
	EXPECT_EQ(calls - first, 11);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(reap_one(), 5);
}

/* ----------------------------------------------------------- manual queues */

TEST_F(queues, news_once)
{
	D->request = to_manual;
	send_one();
	STEP(D);
	STEP(M);
	EXPECT_EQ(M->news, 1);
	EXPECT_EQ(M->state & IOTARGET_QUEUE_STATE_EMPTY, 0);
	send_one();
	STEP(D);
	/* not before it was empty */
	REST(M);
	EXPECT_EQ(complete(retrieve(), 1), 0);
	EXPECT_EQ(complete(retrieve(), 2), 0);
	EXPECT_EQ(retrieve(), NULL);
	EXPECT_EQ(reap_one(), 1);
	EXPECT_EQ(reap_one(), 2);
	send_one();
	STEP(D);
	STEP(M);
	EXPECT_EQ(M->news, 2);
	EXPECT_EQ(M->notices, 0);
	EXPECT_EQ(M->requests, 0);
}

TEST_F(queues, retrieve_keeps_address_and_context)
{
	struct iotarget_request *r;

	ASSERT_NE(send_and_forward(to_manual), 0);
	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, 0, &r), 0);
	EXPECT_EQ(r, D->last);
	EXPECT_EQ(r->context, &w.lives[0]);
	EXPECT_EQ(r->host_context, M);
	EXPECT_EQ(complete(r, 5), 0);
	EXPECT_EQ(reap_one(), 5);
}

TEST_F(queues, retrieve_refused)
{
	struct iotarget_request *r;

	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, 0, &r), -ENODATA);
	/* U54 */
	EXPECT_EQ(iotarget_host_retrieve(O->host, 0, 0, &r), -EPERM);
	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, 4, &r), -EINVAL);
	ASSERT_NE(send_and_forward(to_manual), 0);
	EXPECT_EQ(control(M, IOTARGET_QUEUE_STOP), 0);
	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, 0, &r), -EAGAIN);
	EXPECT_EQ(control(M, IOTARGET_QUEUE_START), 0);
	EXPECT_EQ(iotarget_host_retrieve(M->host, 99, 0, &r), -ENODATA);
	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, 0, &r), 0);
	EXPECT_EQ(complete(r, 0), 0);
	EXPECT_EQ(iotarget_shutdown(M->fd), 0);
	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, 0, &r), -ENODEV);
}

TEST_F(queues, U55_retrieve_by_file)
{
	struct iotarget_request *r;
	uint64_t file;
	int second = iotarget_target_open(w.device, &file);

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, M->fd), 0);
	send_to(w.target, 1);
	send_to(second, 2);
	send_to(w.target, 3);
	EXPECT_EQ(iotarget_host_retrieve(M->host, file, 0, &r), 0);
	EXPECT_EQ(r->code, 2);
	EXPECT_EQ(r->file, file);
	EXPECT_EQ(complete(r, 0), 0);
	EXPECT_EQ(iotarget_host_retrieve(M->host, file, 0, &r), -ENODATA);
	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, 0, &r), 0);
	EXPECT_EQ(r->code, 1);
	EXPECT_EQ(complete(r, 0), 0);
	EXPECT_EQ(iotarget_host_retrieve(M->host, w.file, 0, &r), 0);
	EXPECT_EQ(r->code, 3);
	EXPECT_EQ(complete(r, 0), 0);
	close(second);
}

TEST_F(queues, U53_requeue_to_the_head)
{
	struct iotarget_request *a, *b;

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, M->fd), 0);
	send_to(w.target, 1);
	send_to(w.target, 2);
	a = retrieve();
	ASSERT_NE(a, NULL);
	EXPECT_EQ(a->code, 1);
	EXPECT_EQ(iotarget_request_requeue(a), 0);
	EXPECT_EQ(complete(a, 0), -ENOENT);
	EXPECT_EQ(retrieve(), a);
	EXPECT_EQ(a->code, 1);
	b = retrieve();
	EXPECT_EQ(b->code, 2);
	EXPECT_EQ(complete(a, 1), 0);
	EXPECT_EQ(complete(b, 2), 0);
	EXPECT_EQ(w.lived, 2);
}

TEST(U52_U56_sequential)
{
	const struct iotarget_queue_create other = { .dispatch = SEQUENTIAL };
	struct iotarget_request *a, *b;

	ASSERT_EQ(set_up_as(0, 0, PARALLEL, &other), 0);
	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, O->fd), 0);
	send_to(w.target, 1);
	send_to(w.target, 2);
	send_to(w.target, 3);
	STEP(O);
	a = O->last;
	EXPECT_EQ(iotarget_request_requeue(a), -EINVAL);
	EXPECT_EQ(iotarget_host_retrieve(O->host, 0, 0, &b), 0);
	see(b);
	EXPECT_EQ(b->code, 2);
	EXPECT_EQ(complete(a, 0), 0);
	REST(O);
	EXPECT_EQ(complete(b, 0), 0);
	STEP(O);
	EXPECT_EQ(O->last->code, 3);
	TEAR_DOWN();
}

static void take_all(int notice)
{
	struct iotarget_request *r;

	CHECK(!notice);
	while ((r = retrieve()))
		complete_5(r);
}

/* As drivers do it, and several times as much as there are threads */
TEST_F(queues, retrieve_in_on_queue_state)
{
	int i;

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, M->fd), 0);
	M->queue_state = take_all;
	start_threads(M, 2);
	for (i = 0; i < 100; i++) {
		struct iotarget_send_element e = { .type = CONTROL };
		struct iotarget_reap_element c;

		ASSERT_EQ(iotarget_send_wait(w.target, &e, &c, 1), 1);
		EXPECT_EQ(c.status, 5);
	}
}

TEST_F(queues, retrieve_cancelable)
{
	struct iotarget_request *r;
	uint64_t id;

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, M->fd), 0);
	M->cancel = complete_5;
	id = send_one();
	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, IOTARGET_FETCH_CANCELABLE,
					 &r), 0);
	see(r);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_host_step(M->host), 1);
	EXPECT_EQ(M->cancels, 1);
	EXPECT_EQ(reap_one(), -ECANCELED);
	/* the caller's reference */
	EXPECT_EQ(M->releases, 0);
	EXPECT_EQ(complete(r, 0), -ENOENT);
	iotarget_request_put(r);
	EXPECT_EQ(M->releases, 1);
}

static void cancel_and_step_manual(void)
{
	cancel_victim();
	CHECK(cancel_answer == IOTARGET_CANCEL_DELIVERED);
	CHECK(iotarget_host_step(M->host) >= 1);
}

/* Cancelled before the driver could know it: it gets the next one. */
TEST_F(queues, retrieve_cancelable_too_late)
{
	struct iotarget_request *r;

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, M->fd), 0);
	victim = send_to(w.target, 1);
	send_to(w.target, 2);
	after = (struct hook){ IOTARGET_FETCH, cancel_and_step_manual };
	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, IOTARGET_FETCH_CANCELABLE,
					 &r), 0);
	EXPECT_EQ(r->code, 2);
	EXPECT_EQ(M->cancels, 0);
	EXPECT_EQ(reap_one(), -ECANCELED);
	EXPECT_EQ(M->releases, 1);
	EXPECT_EQ(complete(r, 0), 0);
	iotarget_request_put(r);
	EXPECT_EQ(M->releases, 2);
}

/* The same of one that was here before */
TEST_F(queues, retrieve_cancelable_again_too_late)
{
	struct iotarget_request *r;

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, M->fd), 0);
	victim = send_one();
	EXPECT_EQ(iotarget_request_requeue(retrieve()), 0);
	after = (struct hook){ IOTARGET_FETCH, cancel_and_step_manual };
	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, IOTARGET_FETCH_CANCELABLE,
					 &r), -ENODATA);
	EXPECT_EQ(M->cancels, 0);
	EXPECT_EQ(reap_one(), -ECANCELED);
	EXPECT_EQ(M->releases, 1);
}

/* No memory for it, or its bytes cannot be had: it completes, and is not seen. */
TEST_F(queues, retrieve_fails)
{
	char *bytes = calloc(1, 70000);
	struct iotarget_send_element e = {
		.type = CONTROL, .in = (uintptr_t)bytes, .in_length = 70000,
	};
	struct iotarget_request *r;

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, M->fd), 0);
	ASSERT_EQ(iotarget_send(w.target, &e, 1), 1);
	fail.number = IOTARGET_READ;
	fail.error = EFAULT;
	EXPECT_EQ(iotarget_host_retrieve(M->host, 0, 0, &r), -EFAULT);
	EXPECT_EQ(reap_one(), -EFAULT);
	EXPECT_EQ(M->releases, 0);
	free(bytes);
}

/* ------------------------------------------------------ cancelled on the queue */

TEST_F(queues, canceled_on_queue)
{
	uint64_t id = send_and_forward(to_manual);

	M->canceled_on_queue = to_other;
	STEP(M);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_TOLD);
	EXPECT_FALSE(reapable());
	STEP(M);
	EXPECT_EQ(M->canceled, 1);
	EXPECT_EQ(M->last, D->last);
	EXPECT_EQ(M->last->host_context, M);
	/* U08 */
	EXPECT_EQ(answer, -EINVAL);
	EXPECT_EQ(iotarget_request_requeue(M->last), -EINVAL);
	EXPECT_EQ(iotarget_request_mark_cancelable(M->last), -EINVAL);
	EXPECT_EQ(complete(M->last, 9), 0);
	EXPECT_EQ(reap_one(), 9);
	EXPECT_EQ(D->cancels + M->cancels, 0);
	EXPECT_EQ(M->releases, 1);
}

/* Requeued, cancelled and told before REQUEUE is back */
static void cancel_and_step_told(void)
{
	CHECK(iotarget_cancel(w.target, victim) == IOTARGET_CANCEL_DELIVERED);
	CHECK(iotarget_host_step(M->host) >= 1);
	CHECK(M->canceled == 1);
}

TEST_F(queues, canceled_on_queue_before_requeue_returns)
{
	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, M->fd), 0);
	M->canceled_on_queue = complete_5;
	victim = send_one();
	after = (struct hook){ IOTARGET_REQUEUE, cancel_and_step_told };
	EXPECT_EQ(iotarget_request_requeue(retrieve()), 0);
	EXPECT_EQ(M->releases, 1);
	EXPECT_EQ(reap_one(), 5);
}

/* What was never here is not told of. */
TEST_F(queues, never_fetched_and_cancelled)
{
	uint64_t id;

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, M->fd), 0);
	id = send_one();
	STEP(M);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(reap_one(), -ECANCELED);
	REST(M);
	EXPECT_EQ(M->canceled, 0);
}

/*
 * A queue that does not tell: the request is released when the kernel has another
 * one in its place, not before and once.
 */
TEST_F(queues, cancelled_unheard_of)
{
	uint64_t id = send_and_forward(to_other), other;
	struct life *life = D->last->context;

	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(reap_one(), -ECANCELED);
	REST(O);
	EXPECT_EQ(life->releases, 0);
	D->request = complete_5;
	do {
		other = send_one();
		STEP(D);
		EXPECT_EQ(reap_one(), 5);
		EXPECT_EQ(life->releases, (other ^ id) << 44 == 0);
	} while ((other ^ id) << 44);
	/* with the driver that had it last */
	EXPECT_EQ(D->releases - D->requests, 0);
	EXPECT_EQ(O->releases, 0);
}

/* ------------------------------------------------------------- queue control */

static int state_of(struct side *side, unsigned int *in_queue,
		    unsigned int *in_host)
{
	struct iotarget_queue_control c;
	int ret = iotarget_queue_control(side->fd, IOTARGET_QUEUE_STATE, 0, &c);

	*in_queue = c.in_queue;
	*in_host = c.in_host;
	return ret < 0 ? ret : (int)c.state;
}

TEST_F(queues, U37_fresh_state)
{
	unsigned int in_queue, in_host;
	int i;

	for (i = 0; i < SIDES; i++) {
		EXPECT_EQ(state_of(&w.side[i], &in_queue, &in_host), 0xf);
		EXPECT_EQ(in_queue, 0);
		EXPECT_EQ(in_host, 0);
	}
	EXPECT_EQ(iotarget_queue_control(O->fd, 99, 0, NULL), -EINVAL);
	EXPECT_EQ(notify(O, IOTARGET_QUEUE_STATE), -EINVAL);
	EXPECT_EQ(notify(O, IOTARGET_QUEUE_START), -EINVAL);
	EXPECT_EQ(iotarget_queue_control(w.target, IOTARGET_QUEUE_STATE, 0,
					 NULL), -ENOTTY);
}

TEST(U38_stop)
{
	unsigned int in_queue, in_host;

	ASSERT_EQ(set_up_as(0, 0, SEQUENTIAL, NULL), 0);
	send_one();
	send_one();
	send_one();
	STEP(D);
	EXPECT_EQ(notify(D, IOTARGET_QUEUE_STOP), 0);
	/* U47 */
	EXPECT_EQ(notify(D, IOTARGET_QUEUE_DRAIN), -EBUSY);
	send_one();
	EXPECT_EQ(state_of(D, &in_queue, &in_host),
		  IOTARGET_QUEUE_STATE_ACCEPT);
	EXPECT_EQ(in_queue, 3);
	EXPECT_EQ(in_host, 1);
	REST(D);
	EXPECT_EQ(D->notices, 0);
	EXPECT_EQ(complete(D->last, 0), 0);
	STEP(D);
	EXPECT_EQ(D->notices, 1);
	EXPECT_EQ(D->news, 0);
	EXPECT_EQ(D->state, IOTARGET_QUEUE_STATE_ACCEPT |
			    IOTARGET_QUEUE_STATE_IDLE);
	EXPECT_EQ(D->requests, 1);
	TEAR_DOWN();
}

/* U42, U43, U44, U45 */
TEST_F(queues, purge)
{
	struct iotarget_request *marked, *unmarked, *third;
	unsigned int in_queue, in_host;

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, M->fd), 0);
	send_one();
	send_one();
	send_one();
	send_one();
	marked = retrieve();
	unmarked = retrieve();
	third = retrieve();
	EXPECT_EQ(iotarget_request_mark_cancelable(marked), 0);
	EXPECT_EQ(notify(M, IOTARGET_QUEUE_PURGE), 0);
	EXPECT_EQ(reap_one(), -ECANCELED);
	EXPECT_EQ(iotarget_request_unmark_cancelable(marked), -ECANCELED);
	EXPECT_EQ(iotarget_request_mark_cancelable(unmarked), -ECANCELED);
	EXPECT_EQ(iotarget_request_requeue(third), 0);
	M->cancel = complete_5;
	M->canceled_on_queue = complete_5;
	/* the two in the order in which they were cancelled */
	EXPECT_EQ(iotarget_host_step(M->host), 2);
	EXPECT_EQ(M->cancels, 1);
	EXPECT_EQ(M->canceled, 1);
	EXPECT_EQ(M->notices, 0);
	EXPECT_EQ(complete(unmarked, 0), 0);
	STEP(M);
	EXPECT_EQ(M->notices, 1);
	EXPECT_EQ(state_of(M, &in_queue, &in_host), 0xe);
	/* U46 */
	EXPECT_EQ(control(M, IOTARGET_QUEUE_START), 0);
	EXPECT_EQ(state_of(M, &in_queue, &in_host), 0xf);
}

/* -------------------------------------------------- synchronous queue control */

static atomic_int waits;

static void *wait_thread(void *action)
{
	int ret = iotarget_queue_control_wait(O->host, (uintptr_t)action);

	atomic_fetch_sub(&waits, 1);
	return (void *)(intptr_t)ret;
}

static pthread_t start_wait(uint32_t action)
{
	pthread_t thread;

	waits = 1;
	pthread_create(&thread, NULL, wait_thread, (void *)(uintptr_t)action);
	return thread;
}

static intptr_t end_wait(pthread_t thread)
{
	void *ret;

	pthread_join(thread, &ret);
	return (intptr_t)ret;
}

/* Until the waiting thread has had its action done */
static void until_state(struct side *side, uint32_t bit, bool set)
{
	unsigned int in_queue, in_host;

	while (!(state_of(side, &in_queue, &in_host) & bit) == set)
		sched_yield();
}

TEST_F(queues, wait_for_each_action)
{
	static const uint32_t actions[] = {
		IOTARGET_QUEUE_STOP, IOTARGET_QUEUE_DRAIN,
		IOTARGET_QUEUE_PURGE, IOTARGET_QUEUE_STOP_AND_PURGE,
	};
	unsigned int in_queue, in_host, i;
	pthread_t thread;

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, O->fd), 0);
	start_threads(O, 2);
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		/* nothing is there */
		EXPECT_EQ(iotarget_queue_control_wait(O->host, actions[i]), 0);
		EXPECT_EQ(control(O, IOTARGET_QUEUE_START), 0);

		send_one();
		wait_for(&w.requested);
		thread = start_wait(actions[i]);
		until_state(O, actions[i] == IOTARGET_QUEUE_STOP ||
			       actions[i] == IOTARGET_QUEUE_STOP_AND_PURGE ?
			       IOTARGET_QUEUE_STATE_DISPATCH :
			       IOTARGET_QUEUE_STATE_ACCEPT, false);
		EXPECT_EQ(waits, 1);
		EXPECT_EQ(iotarget_queue_control_wait(O->host, actions[i]),
			  -EBUSY);
		EXPECT_EQ(complete(O->last, 5), 0);
		EXPECT_EQ(end_wait(thread), 0);
		EXPECT_EQ(state_of(O, &in_queue, &in_host) &
			  IOTARGET_QUEUE_STATE_IDLE, IOTARGET_QUEUE_STATE_IDLE);
		EXPECT_EQ(control(O, IOTARGET_QUEUE_START), 0);
		EXPECT_EQ(reap_one(), 5);
	}
	/* none of this is the driver's */
	EXPECT_EQ(O->notices, 0);
	EXPECT_EQ(iotarget_queue_control_wait(O->host, IOTARGET_QUEUE_STATE),
		  -EINVAL);
	EXPECT_EQ(iotarget_queue_control_wait(O->host, IOTARGET_QUEUE_START),
		  -EINVAL);
}

/* U47: refused, and the notice that is outstanding is the driver's. */
TEST_F(queues, U47_wait_while_a_notice_is_outstanding)
{
	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, O->fd), 0);
	send_one();
	STEP(O);
	EXPECT_EQ(notify(O, IOTARGET_QUEUE_DRAIN), 0);
	EXPECT_EQ(iotarget_queue_control_wait(O->host, IOTARGET_QUEUE_PURGE),
		  -EBUSY);
	EXPECT_EQ(complete(O->last, 0), 0);
	STEP(O);
	EXPECT_EQ(O->notices, 1);
}

TEST_F(queues, queue_ends_while_it_is_waited_for)
{
	pthread_t thread;

	ASSERT_EQ(iotarget_queue_route(w.device, CONTROL, O->fd), 0);
	start_threads(O, 1);
	send_one();
	wait_for(&w.requested);
	thread = start_wait(IOTARGET_QUEUE_STOP);
	until_state(O, IOTARGET_QUEUE_STATE_DISPATCH, false);
	EXPECT_EQ(iotarget_host_stop(O->host), 0);
	EXPECT_EQ(end_wait(thread), -ENODEV);
	EXPECT_EQ(iotarget_queue_control_wait(O->host, IOTARGET_QUEUE_STOP),
		  -ENODEV);
	/* the device lives */
	D->request = complete_5;
	send_one();
	STEP(D);
	EXPECT_EQ(reap_one(), -ENODEV);
	EXPECT_EQ(reap_one(), 5);
}

/* In every kind of callback, of the same host and of another */
static atomic_int deadlocks;

static void try_both(void)
{
	deadlocks += iotarget_queue_control_wait(D->host, IOTARGET_QUEUE_PURGE)
								== -EDEADLK;
	deadlocks += iotarget_queue_control_wait(M->host, IOTARGET_QUEUE_STOP)
								== -EDEADLK;
}

static void try_and_forward(struct iotarget_request *r)
{
	try_both();
	to_manual(r);
}

static void try_and_complete(struct iotarget_request *r)
{
	try_both();
	complete_canceled(r);
}

static void try_in_state(int notice)
{
	(void)notice;
	try_both();
}

static void try_on_cleanup(void *context, uint64_t file)
{
	(void)context;
	(void)file;
	try_both();
}

static void try_on_release(struct iotarget_request *r)
{
	try_both();
	on_release(r);
}

TEST(U48_wait_in_a_callback)
{
	struct iotarget_driver driver = plain;
	unsigned int in_queue, in_host;
	struct iotarget_request *r;
	uint64_t id;
	int i;

	ASSERT_EQ(set_up_as(0, IOTARGET_DEVICE_FILE_EVENTS, PARALLEL, NULL), 0);
	/* with all callbacks */
	driver.on_release = try_on_release;
	driver.on_cleanup = driver.on_close = try_on_cleanup;
	iotarget_host_destroy(D->host);
	ASSERT_EQ(iotarget_host_create_queue(M->host, D->fd, &driver, D,
					     &D->host), 0);
	D->request = try_and_forward;
	M->queue_state = try_in_state;
	M->canceled_on_queue = try_and_complete;
	id = send_one();
	STEP(D);
	EXPECT_EQ(deadlocks, 2);
	STEP(M);
	EXPECT_EQ(deadlocks, 4);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	STEP(M);
	EXPECT_EQ(deadlocks, 6);
	EXPECT_EQ(reap_one(), -ECANCELED);

	D->request = NULL;
	D->cancel = try_and_complete;
	id = send_one();
	STEP(D);
	r = D->last;
	EXPECT_EQ(iotarget_request_mark_cancelable(r), 0);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	STEP(D);
	/* on_cancel and on_release */
	EXPECT_EQ(deadlocks, 10);
	EXPECT_EQ(iotarget_shutdown(w.target), 0);
	EXPECT_EQ(iotarget_host_step(D->host), 2);
	/* on_cleanup and on_close */
	EXPECT_EQ(deadlocks, 14);
	for (i = 0; i < SIDES; i++)
		EXPECT_EQ(state_of(&w.side[i], &in_queue, &in_host), 0xf);
	TEAR_DOWN();
}

static void wait_for_another_device(struct iotarget_request *r)
{
	struct side *side = r->host_context;

	CHECK(iotarget_queue_control_wait(side[1].host,
					  IOTARGET_QUEUE_STOP) == 0);
	complete_5(r);
}

/* A lower device is another matter. */
TEST_F(queues, wait_for_another_device_in_a_callback)
{
	int device = iotarget_device_create(NULL);
	struct iotarget_host *lower, *kept = O->host;
	pthread_t thread;
	void *ret;

	ASSERT_EQ(iotarget_host_create(device, &plain, O, &lower), 0);
	pthread_create(&thread, NULL, run, lower);
	O->host = lower;
	D->request = wait_for_another_device;
	send_one();
	STEP(D);
	EXPECT_EQ(reap_one(), 5);
	O->host = kept;
	EXPECT_EQ(iotarget_host_stop(lower), 0);
	pthread_join(thread, &ret);
	EXPECT_EQ(ret, NULL);
	iotarget_host_destroy(lower);
	close(device);
}

/* -------------------------------------------------------------- queues that end */

/*
 * A queue ends, and the driver still has its request when the kernel has given its
 * slot to another one: neither harms the other.
 */
TEST_F(queues, completed_after_its_queue_ended)
{
	uint64_t id = send_and_forward(to_other), next;
	struct iotarget_request *old;

	STEP(O);
	old = O->last;
	EXPECT_EQ(iotarget_host_stop(O->host), 0);
	EXPECT_EQ(reap_one(), -ENODEV);
	D->request = NULL;
	do {
		next = send_one();
		STEP(D);
		if ((next ^ id) << 44) {
			EXPECT_EQ(complete(D->last, 1), 0);
			EXPECT_EQ(reap_one(), 1);
		}
	} while ((next ^ id) << 44);
	EXPECT_EQ(O->releases, 0);
	EXPECT_EQ(complete(old, 2), 0);
	EXPECT_EQ(O->releases, 1);
	/* it is still found */
	D->cancel = complete_5;
	EXPECT_EQ(iotarget_request_mark_cancelable(D->last), 0);
	EXPECT_EQ(iotarget_cancel(w.target, next), IOTARGET_CANCEL_DELIVERED);
	STEP(D);
	EXPECT_EQ(reap_one(), 5);
}

/* The same with one that it never completes */
TEST_F(queues, left_when_its_queue_ended)
{
	uint64_t id = send_and_forward(to_other), next;

	STEP(O);
	EXPECT_EQ(iotarget_host_stop(O->host), 0);
	EXPECT_EQ(reap_one(), -ENODEV);
	D->request = complete_5;
	do {
		next = send_one();
		STEP(D);
		EXPECT_EQ(reap_one(), 5);
	} while ((next ^ id) << 44);
	EXPECT_EQ(O->releases, 0);
	iotarget_host_destroy(O->host);
	O->host = NULL;
	EXPECT_EQ(O->releases, 1);
}

/* A host that is destroyed takes nothing from the others. */
TEST_F(queues, others_live_when_a_host_is_destroyed)
{
	ASSERT_NE(send_and_forward(to_other), 0);
	STEP(O);
	EXPECT_EQ(iotarget_host_stop(M->host), 0);
	iotarget_host_destroy(M->host);
	M->host = NULL;
	EXPECT_EQ(O->releases, 0);
	EXPECT_EQ(complete(O->last, 5), 0);
	EXPECT_EQ(O->releases, 1);
	EXPECT_EQ(reap_one(), 5);
}

/* The from queue ends within FORWARD, and its slot is used again. */
static uint64_t moved;

static void end_and_reuse(void)
{
	uint64_t next;

	CHECK(iotarget_host_stop(O->host) == 0);
	CHECK(reap_one() == -ENODEV);
	do {
		next = send_one();
		CHECK(iotarget_host_step(D->host) == 1);
		CHECK(reap_one() == 5);
	} while ((next ^ moved) << 44);
}

TEST_F(queues, queue_ends_within_forward)
{
	struct life *life;

	moved = send_and_forward(to_other);
	STEP(O);
	life = O->last->context;
	D->request = complete_5;
	before = (struct hook){ IOTARGET_FORWARD, end_and_reuse };
	EXPECT_LT(iotarget_request_forward(O->last, M->host), 0);
	/* it is the driver's as before, though it is lost */
	EXPECT_EQ(life->releases, 0);
	EXPECT_EQ(complete(O->last, 3), 0);
	EXPECT_EQ(life->releases, 1);
}

/* The device ends with requests in every place. */
static void leave(struct iotarget_request *r)
{
	if (r->code)
		complete_5(r);
}

TEST_F(cancelable, device_ends)
{
	int i, n = 0;
	uint64_t id;

	/* forwarded and not fetched; fetched there; retrieved; requeued */
	ASSERT_NE(send_and_forward(to_other), 0);
	STEP(O);
	ASSERT_NE(send_and_forward(to_other), 0);
	for (i = 0; i < 3; i++)
		ASSERT_NE(send_and_forward(to_manual), 0);
	ASSERT_NE(retrieve(), NULL);
	EXPECT_EQ(iotarget_request_requeue(retrieve()), 0);
	/* completed, and waits for its CANCEL */
	D->request = leave;
	id = send_one();
	STEP(D);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	EXPECT_EQ(complete(D->last, 0), 0);
	/* cancelled in the queue and not told */
	D->request = to_manual;
	id = send_one();
	EXPECT_EQ(iotarget_host_step(D->host), 2);
	EXPECT_EQ(iotarget_cancel(w.target, id), IOTARGET_CANCEL_DELIVERED);
	/* never fetched */
	send_one();
	EXPECT_EQ(iotarget_host_stop(D->host), 0);
	while (reapable()) {
		int status = reap_one();

		EXPECT_TRUE(status == -ENODEV || status == -ECANCELED);
		n++;
	}
	EXPECT_EQ(n, 8);
	EXPECT_EQ(w.lived, 7);
	for (i = 0; i < SIDES; i++)
		EXPECT_EQ(iotarget_host_run(w.side[i].host), 0);
}

/* ------------------------------------------------------------------- targets */

TEST_F(queues, U75_target_stopped_and_started)
{
	struct iotarget_target_control c;
	int i;

	D->request = complete_5;
	EXPECT_EQ(iotarget_target_control(w.target, IOTARGET_TARGET_STATE, &c),
		  0);
	EXPECT_EQ(c.state, IOTARGET_TARGET_STARTED);
	EXPECT_EQ(iotarget_target_control(w.target,
					  IOTARGET_TARGET_STOP_LEAVE, NULL), 0);
	for (i = 0; i < 3; i++)
		ASSERT_NE(send_one(), 0);
	REST(D);
	EXPECT_EQ(iotarget_target_control(w.target, IOTARGET_TARGET_STATE, &c),
		  0);
	EXPECT_EQ(c.state, IOTARGET_TARGET_STOPPED);
	EXPECT_EQ(c.waiting, 3);
	EXPECT_EQ(c.sent, 0);
	EXPECT_EQ(iotarget_target_control(w.target, IOTARGET_TARGET_START, &c),
		  0);
	EXPECT_EQ(c.state, IOTARGET_TARGET_STARTED);
	EXPECT_EQ(iotarget_host_step(D->host), 3);
	for (i = 0; i < 3; i++)
		EXPECT_EQ(reap_one(), 5);
	EXPECT_EQ(iotarget_target_control(w.target, 99, &c), -EINVAL);
	EXPECT_EQ(iotarget_target_control(w.target, IOTARGET_TARGET_REMOVE, &c),
		  0);
	EXPECT_EQ(c.state, IOTARGET_TARGET_REMOVED);
	EXPECT_EQ(send_one(), 0);
	EXPECT_EQ(iotarget_target_control(w.target, IOTARGET_TARGET_START,
					  NULL), -ENODEV);
}

/* -------------------------------------------------------------------- stress */

/*
 * Requests go round three queues under several threads and are cancelled
 * meanwhile. Each is seen at one address with one context, released once, and
 * completes once; with marks, cancelled if and only if that was answered.
 */
#define SENDERS	3
#define BATCH	16
#define BATCHES	150

static atomic_int statuses[2], answers[5], moves[SIDES], refusals;
static _Thread_local unsigned int seed;

static unsigned int draw(unsigned int n)
{
	if (!seed)
		seed = gettid();
	return rand_r(&seed) % n;
}

/* What has code 1 waits for its cancel, and not where it keeps others waiting. */
static int stress_end(struct iotarget_request *r)
{
	int ret = 0;

	if (r->code && r->host_context == O)
		return iotarget_request_forward(r, D->host);
	if (r->code && !(r->flags & IOTARGET_RECORD_CANCELABLE))
		ret = iotarget_request_mark_cancelable(r);
	if (!r->code || ret)
		ret = complete(r, ret);
	return ret;
}

static void stress_move(struct iotarget_request *r)
{
	int to = draw(SIDES + 1), ret;
	struct side *from = r->host_context;

	/* on_cancel can complete it before forward is back */
	iotarget_request_get(r);
	if (to == SIDES) {
		ret = stress_end(r);
	} else {
		ret = from == &w.side[to] ? iotarget_request_requeue(r) :
		      iotarget_request_forward(r, w.side[to].host);
		atomic_fetch_add(ret ? &refusals : &moves[to], 1);
		if (ret == -EINVAL)
			ret = stress_end(r);
	}
	/* -ENOENT: on_cancel has completed it; -ECANCELED: it does */
	CHECK(ret == 0 || ret == -ENOENT || ret == -ECANCELED);
	iotarget_request_put(r);
}

/* on_cancel and whoever moves it both complete it: the second gets -ENOENT. */
static void stress_canceled(struct iotarget_request *r)
{
	int ret = complete(r, -ECANCELED);

	CHECK(ret == 0 || ret == -ENOENT);
}

static uint32_t stress_flags;

static void stress_news(int notice)
{
	struct iotarget_request *r;
	uint32_t flags = stress_flags & IOTARGET_DRIVER_CANCELABLE ?
			 IOTARGET_FETCH_CANCELABLE : 0;

	CHECK(!notice);
	while (iotarget_host_retrieve(M->host, 0, flags, &r) == 0) {
		if (!flags)
			iotarget_request_get(r);
		see(r);
		stress_move(r);
		iotarget_request_put(r);
	}
}

/* Cancels some of a batch, and reaps it: what is left, and those with @code. */
static void stress_batch(int target, struct iotarget_send_element *e, int *answered,
			 bool *seen, uint32_t code)
{
	struct iotarget_reap_element c;
	int i, left = 0;

	for (i = 0; i < BATCH; i++) {
		left += !seen[i] && e[i].code <= code;
		if (seen[i] || answered[i] || (e[i].code < 1 && draw(2)) ||
		    (e[i].code && !code && draw(4)))
			continue;
		answered[i] = iotarget_cancel(target, e[i].id);
		CHECK(answered[i] > 0);
		atomic_fetch_add(&answers[answered[i] > 0 ? answered[i] : 0], 1);
	}
	while (left) {
		bool canceled;

		CHECK(iotarget_reap(target, &c, 1) == 1);
		i = c.user_data;
		left -= e[i].code <= code;
		canceled = c.status == -ECANCELED;
		CHECK(!seen[i]);
		seen[i] = true;
		CHECK(c.id == e[i].id);
		CHECK(canceled || c.status == 0);
		CHECK(answered[i] || !canceled);
		/* (marked: the cancel came within forward) */
		if (stress_flags && answered[i] != IOTARGET_CANCEL_MARKED)
			CHECK(canceled ==
			      (answered[i] == IOTARGET_CANCEL_DELIVERED));
		atomic_fetch_add(&statuses[canceled], 1);
	}
}

static void *stress_sender(void *arg)
{
	int target = iotarget_target_open(w.device, NULL);
	int batch, i;

	(void)arg;
	for (batch = 0; batch < BATCHES; batch++) {
		struct iotarget_send_element e[BATCH];
		int answered[BATCH] = { 0 };
		bool seen[BATCH] = { false };

		memset(e, 0, sizeof(e));
		for (i = 0; i < BATCH; i++) {
			e[i].user_data = i;
			e[i].type = CONTROL;
			e[i].code = draw(2);
		}
		CHECK(iotarget_send(target, e, BATCH) == BATCH);
		stress_batch(target, e, answered, seen, 0);
		stress_batch(target, e, answered, seen, 1);
	}
	close(target);
	return NULL;
}

static void stress(uint32_t flags)
{
	pthread_t senders[SENDERS];
	int i;

	stress_flags = flags;
	for (i = 0; i < SIDES; i++) {
		w.side[i].request = stress_move;
		w.side[i].cancel = stress_canceled;
		w.side[i].canceled_on_queue = stress_canceled;
	}
	M->queue_state = stress_news;
	start_threads(D, 2);
	start_threads(O, 2);
	start_threads(M, 2);
	for (i = 0; i < SENDERS; i++)
		pthread_create(&senders[i], NULL, stress_sender, NULL);
	for (i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
}

#define STRESS(flags_)							\
	do {								\
		const struct iotarget_queue_create other_ = {		\
			.dispatch = PARALLEL, .limit = 2,		\
		};							\
									\
		ASSERT_EQ(set_up_as(flags_, 0, PARALLEL, &other_), 0);	\
		stress(flags_);						\
		EXPECT_EQ(statuses[0] + statuses[1],			\
			  SENDERS * BATCH * BATCHES);			\
		TH_LOG("completed %d, cancelled %d; delivered %d, marked %d; to D %d, O %d, M %d, refused %d; on_cancel %d, on queue %d", \
		       statuses[0], statuses[1],			\
		       answers[IOTARGET_CANCEL_DELIVERED],		\
		       answers[IOTARGET_CANCEL_MARKED], moves[DEFAULT],	\
		       moves[OTHER], moves[MANUAL], refusals,		\
		       D->cancels + O->cancels + M->cancels,		\
		       M->canceled);					\
		EXPECT_GT(statuses[0], 0);				\
		EXPECT_GT(statuses[1], 0);				\
		EXPECT_GT(D->cancels + O->cancels + M->cancels, 0);	\
		EXPECT_GT(moves[DEFAULT], 0);				\
		EXPECT_GT(moves[OTHER], 0);				\
		EXPECT_GT(moves[MANUAL], 0);				\
		TEAR_DOWN();						\
	} while (0)

TEST(stress_plain)
{
	STRESS(0);
}

TEST(stress_cancelable)
{
	STRESS(IOTARGET_DRIVER_CANCELABLE);
}

TEST_HARNESS_MAIN
