// SPDX-License-Identifier: GPL-2.0
/*
 * The default queue: order, dispatch types, retrieving by hand, and invariant
 * 10: it polls readable exactly when FETCH would return a record, and no
 * wake-up is lost. U01, U07, U54, U56, U57, U58, U60.
 */
#include <stddef.h>
#include <sys/epoll.h>

#include "common.h"

FIXTURE(queue) {
	int device;
	int target;
};

FIXTURE_VARIANT(queue) {
	__u32 dispatch;
};

FIXTURE_VARIANT_ADD(queue, sequential) {
	.dispatch = IOTARGET_DISPATCH_SEQUENTIAL,
};

FIXTURE_VARIANT_ADD(queue, parallel) {
	.dispatch = IOTARGET_DISPATCH_PARALLEL,
};

FIXTURE_SETUP(queue)
{
	self->device = device_create(variant->dispatch, 0);
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(queue)
{
	close(self->target);
	close(self->device);
}

TEST_F(queue, fifo)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element completion;
	__u64 id[64];
	int i;

	for (i = 0; i < 64; i++)
		ASSERT_EQ(0, send_one(self->target, i, &id[i]));
	for (i = 0; i < 64; i++) {
		ASSERT_EQ(0, fetch_now(self->device, 0, &record));
		EXPECT_EQ(id[i], record.id);
		EXPECT_EQ(0, complete(self->device, record.id, i));
	}
	/* Completions come in the order in which they were made. */
	for (i = 0; i < 64; i++) {
		ASSERT_EQ(0, reap_now(self->target, &completion));
		EXPECT_EQ(id[i], completion.id);
		EXPECT_EQ(i, completion.user_data);
		EXPECT_EQ(i, completion.status);
	}
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &completion));
}

/* A cancel in the middle leaves the order of the rest. */
TEST_F(queue, fifo_around_cancelled_ones)
{
	struct iotarget_fetch_element record = {};
	__u64 id[9];
	int i;

	for (i = 0; i < 9; i++)
		ASSERT_EQ(0, send_one(self->target, i, &id[i]));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[0]));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[4]));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[8]));
	for (i = 1; i < 8; i++) {
		if (i == 4)
			continue;
		ASSERT_EQ(0, fetch_now(self->device, 0, &record));
		EXPECT_EQ(id[i], record.id);
		EXPECT_EQ(0, complete(self->device, record.id, 0));
	}
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record));
}

TEST_F(queue, two_senders_are_named_by_file)
{
	struct iotarget_fetch_element record = {};
	__u64 file[2];
	int target[2];
	int i;

	for (i = 0; i < 2; i++) {
		target[i] = target_open_file(self->device, &file[i]);
		ASSERT_GE(target[i], 0);
	}
	EXPECT_NE(file[0], file[1]);
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, send_one(target[i & 1], 0, NULL));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, fetch_now(self->device, 0, &record));
		EXPECT_EQ(file[i & 1], record.file);
		EXPECT_EQ(0, complete(self->device, record.id, 0));
	}
	close(target[0]);
	close(target[1]);
}

/* U01, without a manual queue: no host sees it. */
TEST_F(queue, U01_cancelled_in_the_queue)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element completion;
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 5, &id));
	EXPECT_TRUE(readable(self->device));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_FALSE(readable(self->device));
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record));
	ASSERT_EQ(0, reap_now(self->target, &completion));
	EXPECT_EQ(id, completion.id);
	EXPECT_EQ(5, completion.user_data);
	EXPECT_EQ(-ECANCELED, completion.status);
	EXPECT_EQ(0, completion.information);
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &completion));
	EXPECT_EQ(-ENOENT, complete(self->device, id, 0));
	/* cnt (0,0): nothing stands in the next one's way. */
	ASSERT_EQ(0, send_one(self->target, 6, &id));
	EXPECT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(id, record.id);
}

/*
 * Random walks: whatever was done before, the queue polls readable exactly
 * when a FETCH that does not wait returns a record.
 */
TEST_F_TIMEOUT(queue, poll_tells_what_fetch_finds, HOUR)
{
	unsigned int seed = seed_get();
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element completion;
	struct iotarget_cancel all;
	unsigned long n = rounds_get(20000) / 4;
	__u64 id[16] = {}, had[64];
	unsigned int i, found = 0, hads = 0;
	bool ready;
	int ret;

	TH_LOG("seed %u", seed);
	while (n--) {
		i = draw(&seed, 16);
		switch (draw(&seed, 7)) {
		case 0:
		case 1:
			ret = send_one(self->target, 0, &id[i]);
			if (ret == -EAGAIN)
				cancel_all(self->target, &all);
			else
				ASSERT_EQ(0, ret);
			break;
		case 2:
			cancel(self->target, id[i]);
			break;
		case 3:
			mark(self->device, id[i]);
			break;
		case 4:
			complete(self->device, id[i], 0);
			break;
		case 5:
			while (!reap_now(self->target, &completion))
				;
			break;
		case 6:
			ready = readable(self->device);
			ret = fetch_now(self->device, draw(&seed, 2) ?
					IOTARGET_FETCH_CANCELABLE : 0, &record);
			ASSERT_EQ(ready ? 0 : -EAGAIN, ret);
			found += ready;
			if (!ret)
				had[hads++] = id[i] = record.id;
			if (!ret && draw(&seed, 2))
				complete(self->device, record.id, 0);
		}
		/* A forgotten one would block a sequential queue for good. */
		if (n % 64 == 0 || hads == 64)
			while (hads)
				complete(self->device, had[--hads], 0);
	}
	EXPECT_LT(0, found);
}

static int fetch_waiting(void *arg)
{
	struct iotarget_fetch_element record = {};

	return fetch_one(*(int *)arg, 0, &record);
}

/* Each of N sleepers gets one of N requests. */
TEST_F(queue, every_waiter_is_woken_once)
{
	struct background host[4];
	struct iotarget_fetch_element record = {};
	int i;

	if (variant->dispatch == IOTARGET_DISPATCH_SEQUENTIAL)
		return;
	for (i = 0; i < 4; i++) {
		background_start(&host[i], fetch_waiting, &self->device);
		wait_asleep(host[i].tid);
	}
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, send_one(self->target, 0, NULL));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, background_join(&host[i]));
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record));
}

/* The same with one SEND of four. */
TEST_F(queue, every_waiter_is_woken_by_an_array)
{
	struct iotarget_send_element e[4];
	struct iotarget_send arg = send_arg(0, e, 4, NULL, 0);
	struct background host[4];
	int i;

	if (variant->dispatch == IOTARGET_DISPATCH_SEQUENTIAL)
		return;
	memset(e, 0, sizeof(e));
	for (i = 0; i < 4; i++) {
		e[i].type = IOTARGET_TYPE_CONTROL;
		background_start(&host[i], fetch_waiting, &self->device);
		wait_asleep(host[i].tid);
	}
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, background_join(&host[i]));
}

/*
 * A sleeper that a signal takes away just as a request wakes it must hand the
 * wake-up on: one of the two gets the request, in every interleaving.
 */
TEST_F_TIMEOUT(queue, waiter_that_leaves_passes_on, HOUR)
{
	struct background host[2];
	unsigned long n = rounds_get(20000) / 100;
	struct iotarget_reap_element completion;
	int passed = 0;
	int first, second;
	__u64 id[2];

	catch_signal(SIGUSR1, false);
	while (n--) {
		background_start(&host[0], fetch_waiting, &self->device);
		wait_asleep(host[0].tid);
		background_start(&host[1], fetch_waiting, &self->device);
		wait_asleep(host[1].tid);
		/* The last to come is woken first. */
		if (n & 1) {
			ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
			signal_thread(host[1].tid, SIGUSR1);
		} else {
			signal_thread(host[1].tid, SIGUSR1);
			ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
		}
		second = background_join(&host[1]);
		EXPECT_TRUE(second == 0 || second == -EINTR);
		if (second) {
			passed++;
			first = background_join(&host[0]);
		} else {
			/* The first one still sleeps: it gets the next one. */
			EXPECT_EQ(0, complete(self->device, id[0], 0));
			ASSERT_EQ(0, send_one(self->target, 0, &id[1]));
			first = background_join(&host[0]);
			EXPECT_EQ(0, complete(self->device, id[1], 0));
		}
		ASSERT_EQ(0, first);
		if (second)
			EXPECT_EQ(0, complete(self->device, id[0], 0));
		while (!reap_now(self->target, &completion))
			;
	}
	TH_LOG("%d times the other one got it", passed);
}

struct poller {
	int epoll;
	int events;
};

static int epoll_waiting(void *arg)
{
	struct poller *p = arg;
	struct epoll_event event;
	int n = epoll_wait(p->epoll, &event, 1, -1);

	p->events = n > 0 ? (int)event.events : 0;
	return n;
}

/* Where nobody sleeps in FETCH, a poller that sleeps is woken. */
TEST_F(queue, epoll_is_woken_by_a_request_and_by_a_cancel)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct poller p = { .epoll = epoll_create1(0) };
	struct iotarget_fetch_element record = {};
	struct background poller;
	__u64 id;

	ASSERT_EQ(0, epoll_ctl(p.epoll, EPOLL_CTL_ADD, self->device, &event));
	background_start(&poller, epoll_waiting, &p);
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	EXPECT_EQ(1, background_join(&poller));
	EXPECT_EQ(EPOLLIN, p.events & EPOLLIN);
	ASSERT_EQ(0, fetch_now(self->device, IOTARGET_FETCH_CANCELABLE,
			       &record));
	EXPECT_FALSE(readable(self->device));
	background_start(&poller, epoll_waiting, &p);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(1, background_join(&poller));
	close(p.epoll);
}

/* The completion that opens a sequential queue wakes the poller for the next. */
TEST_F(queue, epoll_is_woken_by_the_end_of_the_one_before)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct poller p = { .epoll = epoll_create1(0) };
	struct iotarget_fetch_element record = {};
	struct background poller;
	__u64 id[2];

	if (variant->dispatch != IOTARGET_DISPATCH_SEQUENTIAL)
		return;
	ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
	ASSERT_EQ(0, send_one(self->target, 0, &id[1]));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	ASSERT_EQ(0, epoll_ctl(p.epoll, EPOLL_CTL_ADD, self->device, &event));
	EXPECT_EQ(0, epoll_wait(p.epoll, &event, 1, 0));
	background_start(&poller, epoll_waiting, &p);
	EXPECT_EQ(0, complete(self->device, id[0], 0));
	EXPECT_EQ(1, background_join(&poller));
	close(p.epoll);
}

struct fetch_both {
	int device;
	__u64 id[2];
};

/* Sleeps for the first, completes it, and sleeps for the second. */
static int fetch_two(void *arg)
{
	struct fetch_both *f = arg;
	struct iotarget_fetch_element record = {};
	struct iotarget_complete_element c = {};
	struct iotarget_fetch fetch;
	int ret = fetch_one(f->device, 0, &record);

	if (ret)
		return ret;
	f->id[0] = record.id;
	c.id = record.id;
	fetch = fetch_arg(0, &c, 1, &record, 1);
	ret = call(f->device, IOTARGET_FETCH, &fetch);
	f->id[1] = record.id;
	return ret ? ret : c.result ? c.result :
	       fetch.completed == 1 && fetch.fetched == 1 ? 0 : -EPROTO;
}

TEST_F(queue, one_call_completes_and_fetches)
{
	struct fetch_both f = { .device = self->device };
	struct iotarget_reap_element completion;
	struct background host;
	__u64 id[2];

	background_start(&host, fetch_two, &f);
	ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
	ASSERT_EQ(0, reap_one(self->target, &completion));
	EXPECT_EQ(id[0], completion.id);
	ASSERT_EQ(0, send_one(self->target, 0, &id[1]));
	EXPECT_EQ(0, background_join(&host));
	EXPECT_EQ(id[0], f.id[0]);
	EXPECT_EQ(id[1], f.id[1]);
}

/* A signal during a wait after an effect: the counts, and no errno. */
TEST_F(queue, a_signal_after_completing_is_no_error)
{
	struct fetch_both f = { .device = self->device };
	struct iotarget_reap_element completion;
	struct background host;
	__u64 id;

	catch_signal(SIGUSR1, false);
	background_start(&host, fetch_two, &f);
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	ASSERT_EQ(0, reap_one(self->target, &completion));
	wait_asleep(host.tid);
	signal_thread(host.tid, SIGUSR1);
	/* completed 1, fetched 0: what fetch_two() calls a protocol error */
	EXPECT_EQ(-EPROTO, background_join(&host));
}

TEST_F(queue, a_signal_restarts_an_idle_fetch_where_asked)
{
	struct background host;

	catch_signal(SIGUSR1, true);
	background_start(&host, fetch_waiting, &self->device);
	wait_asleep(host.tid);
	signal_thread(host.tid, SIGUSR1);
	ASSERT_EQ(0, send_one(self->target, 0, NULL));
	EXPECT_EQ(0, background_join(&host));
}

TEST_F(queue, a_signal_ends_an_idle_fetch)
{
	struct background host;

	catch_signal(SIGUSR1, false);
	background_start(&host, fetch_waiting, &self->device);
	wait_asleep(host.tid);
	signal_thread(host.tid, SIGUSR1);
	EXPECT_EQ(-EINTR, background_join(&host));
}

/* COMPLETE answers every element and stops at none. */
TEST_F(queue, complete_answers_each_element)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_complete_element c[4] = {};
	struct iotarget_fetch arg = fetch_arg(0, c, 4, NULL, 0);
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	c[0].id = 1;
	c[1].id = id;
	c[1].information = 1;	/* more than the request has (U98) */
	c[2].id = id;
	c[3].id = id;
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
	EXPECT_EQ(4, arg.completed);
	EXPECT_EQ(-ENOENT, c[0].result);
	EXPECT_EQ(-EINVAL, c[1].result);
	EXPECT_EQ(0, c[2].result);
	EXPECT_EQ(-ENOENT, c[3].result);
}

/* One fault in the middle of what is written back: the record stays first. */
TEST_F(queue, a_record_that_faults_stays_first)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, (void *)map, 1);
	struct iotarget_fetch_element record = {};
	__u64 id[2];

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
	ASSERT_EQ(0, send_one(self->target, 0, &id[1]));
	EXPECT_EQ(-EFAULT, call(self->device, IOTARGET_FETCH, &arg));
	EXPECT_TRUE(readable(self->device));
	/* It was never the host's. */
	EXPECT_EQ(-ENOENT, complete(self->device, id[0], 0));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(id[0], record.id);
	/* A cancel record likewise. */
	ASSERT_EQ(0, mark(self->device, id[0]));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[0]));
	EXPECT_EQ(-EFAULT, call(self->device, IOTARGET_FETCH, &arg));
	EXPECT_EQ(-ECANCELED, complete(self->device, id[0], 0));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, record.event);
	EXPECT_EQ(0, complete(self->device, id[0], 0));
}

/* The counts cannot be written: then nothing is done at all. */
TEST_F(queue, counts_that_cannot_be_written_take_nothing)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct iotarget_fetch *arg = mmap(NULL, page, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iotarget_complete_element c = {};
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	__u64 id;

	ASSERT_NE(MAP_FAILED, (void *)arg);
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	*arg = fetch_arg(0, NULL, 0, &record, 1);
	ASSERT_EQ(0, mprotect(arg, page, PROT_READ));
	EXPECT_EQ(-EFAULT, call(self->device, IOTARGET_FETCH, arg));
	EXPECT_TRUE(readable(self->device));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	c.id = id;
	ASSERT_EQ(0, mprotect(arg, page, PROT_READ | PROT_WRITE));
	*arg = fetch_arg(0, &c, 1, NULL, 0);
	ASSERT_EQ(0, mprotect(arg, page, PROT_READ));
	EXPECT_EQ(-EFAULT, call(self->device, IOTARGET_FETCH, arg));
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	EXPECT_EQ(0, complete(self->device, id, 0));
}

/* No byte is copied, so no address is looked at. */
TEST_F(queue, of_no_bytes_the_address_does_not_matter)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .in = ~0ULL, .out = ~0ULL,
	};
	struct iotarget_send send = send_arg(0, &e, 1, NULL, 0);
	struct iotarget_complete_element c = { .buffer = ~0ULL };
	struct iotarget_fetch_element record = { .buffer = ~0ULL, .buffer_length = 8 };
	struct iotarget_fetch arg = fetch_arg(0, &c, 1, NULL, 0);
	struct iotarget_reap_element r;

	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	ASSERT_EQ(e.id, record.id);
	c.id = e.id;
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
	EXPECT_EQ(0, c.result);
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(e.id, r.id);
}

/* Both counts, also where they lie on two pages. */
TEST_F(queue, counts_on_two_pages)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iotarget_fetch *fetch = (void *)(map + page -
				       offsetof(struct iotarget_fetch, fetched));
	struct iotarget_send *send = (void *)(map + page -
				     offsetof(struct iotarget_send, reaped));
	struct iotarget_send_element e = { .type = IOTARGET_TYPE_CONTROL };
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	struct iotarget_fetch fetch_ = fetch_arg(0, NULL, 0, &record, 1);
	struct iotarget_send send_ = send_arg(0, &e, 1, &r, 1);
	__u64 id;

	ASSERT_NE(MAP_FAILED, (void *)map);
	set_nonblock(self->device, true);
	set_nonblock(self->target, true);
	memcpy(send, &send_, sizeof(*send));
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ));
	EXPECT_EQ(-EFAULT, call(self->target, IOTARGET_SEND, send));
	EXPECT_FALSE(readable(self->device));
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ | PROT_WRITE));
	memcpy(fetch, &fetch_, sizeof(*fetch));
	ASSERT_EQ(0, mprotect(map + page, page, PROT_READ));
	EXPECT_EQ(-EFAULT, call(self->device, IOTARGET_FETCH, fetch));
	EXPECT_TRUE(readable(self->device));
	munmap(map, 2 * page);
}

/* ------------------------------------------------------- parallel alone */

/* More than FETCH and COMPLETE take under one lock, and no multiple of it. */
#define MANY	43

FIXTURE(many) {
	int device;
	int target;
	__u64 id[MANY];
	unsigned char in[MANY][64];
	unsigned char out[MANY][64];
	/* two pages of elements, of which the second can be taken away */
	char *pages;
};

FIXTURE_SETUP(many)
{
	struct iotarget_send_element e[MANY] = {};
	struct iotarget_send send = send_arg(0, e, MANY, NULL, 0);
	int i;

	self->device = device_create(IOTARGET_DISPATCH_PARALLEL, 0);
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
	self->pages = mmap(NULL, 2 * sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->pages);
	for (i = 0; i < MANY; i++) {
		memset(self->in[i], i + 1, 64);
		e[i].type = IOTARGET_TYPE_CONTROL;
		e[i].user_data = i;
		e[i].in = ADDRESS(self->in[i]);
		e[i].out = ADDRESS(self->out[i]);
		e[i].in_length = i;	/* of any length from 0 on */
		e[i].out_length = 64;
	}
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	ASSERT_EQ(MANY, send.sent);
	for (i = 0; i < MANY; i++)
		self->id[i] = e[i].id;
}

FIXTURE_TEARDOWN(many)
{
	munmap(self->pages, 2 * sysconf(_SC_PAGESIZE));
	close(self->target);
	close(self->device);
}

/* The last of @count elements before the second page, which becomes @protection. */
static void *pages_split(char *pages, size_t size, int count, int protection)
{
	size_t page = sysconf(_SC_PAGESIZE);

	if (mprotect(pages + page, page, protection))
		abort();
	return pages + page - count * size;
}

/* Each request's bytes go with it, both ways, whatever batch it is in. */
TEST_F(many, each_has_its_own_bytes)
{
	struct iotarget_fetch_element record[MANY] = {};
	struct iotarget_complete_element c[MANY] = {};
	struct iotarget_reap_element r[MANY];
	struct iotarget_fetch fetch = fetch_arg(0, NULL, 0, record, MANY);
	struct iotarget_fetch complete = fetch_arg(0, c, MANY, NULL, 0);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, MANY);
	unsigned char seen[MANY][64] = {}, expected[64];
	int i;

	for (i = 0; i < MANY; i++) {
		record[i].buffer = ADDRESS(seen[i]);
		record[i].buffer_length = 64;
	}
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	ASSERT_EQ(MANY, fetch.fetched);
	for (i = 0; i < MANY; i++) {
		memset(expected, 0, 64);
		memset(expected, i + 1, i);
		EXPECT_EQ(self->id[i], record[i].id);
		EXPECT_EQ(getpid(), record[i].pid);
		EXPECT_EQ(getuid(), record[i].uid);
		EXPECT_EQ(i, record[i].copied);
		EXPECT_EQ(0, memcmp(expected, seen[i], 64));
		memset(seen[i], 0xff - i, 64);
		/* the other way round, and what is not written is zero */
		c[i].id = self->id[MANY - 1 - i];
		c[i].buffer = ADDRESS(seen[i]);
		c[i].buffer_length = i;
		c[i].information = 64;
	}
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &complete));
	ASSERT_EQ(MANY, complete.completed);
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
	ASSERT_EQ(MANY, reap.reaped);
	for (i = 0; i < MANY; i++) {
		int which = MANY - 1 - i;
		int input = which;

		EXPECT_EQ(0, c[i].result);
		EXPECT_EQ(self->id[which], r[i].id);
		/* one buffer: behind the output stands the input, if it is longer */
		memset(expected, 0, 64);
		memset(expected, 0xff - i, i);
		EXPECT_EQ(0, memcmp(expected, self->out[which], i));
		if (input <= i)
			EXPECT_EQ(0, memcmp(expected, self->out[which], 64));
	}
}

/* From the record on that faults, all stay, in their order. */
TEST_F(many, records_from_a_fault_on_stay_in_order)
{
	struct iotarget_fetch_element *record, rest[MANY] = {};
	struct iotarget_fetch fetch;
	int fetched = 21, i;

	record = pages_split(self->pages, sizeof(*record), fetched, PROT_READ);
	fetch = fetch_arg(0, NULL, 0, record, MANY);
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	ASSERT_EQ(fetched, fetch.fetched);
	for (i = 0; i < fetched; i++)
		EXPECT_EQ(self->id[i], record[i].id);
	/* the others are still the queue's: it completes what is cancelled */
	EXPECT_EQ(-ENOENT, complete(self->device, self->id[fetched], 0));
	EXPECT_EQ(DELIVERED, cancel(self->target, self->id[fetched]));
	fetch = fetch_arg(0, NULL, 0, rest, MANY);
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	ASSERT_EQ(MANY - fetched - 1, fetch.fetched);
	for (i = 0; i < MANY - fetched - 1; i++)
		EXPECT_EQ(self->id[fetched + 1 + i], rest[i].id);
}

/* COMPLETE answers what it can read, and leaves the rest. */
TEST_F(many, elements_from_a_fault_on_are_left)
{
	struct iotarget_fetch_element record[MANY] = {};
	struct iotarget_complete_element *c;
	struct iotarget_reap_element r[MANY];
	struct iotarget_fetch fetch = fetch_arg(0, NULL, 0, record, MANY);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, MANY);
	int readable = 19, i;

	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	ASSERT_EQ(MANY, fetch.fetched);
	c = pages_split(self->pages, sizeof(*c), readable, PROT_NONE);
	for (i = 0; i < readable; i++)
		c[i] = (struct iotarget_complete_element) {
			.id = self->id[i], .status = i, .result = 1,
		};
	fetch = fetch_arg(0, c, MANY, NULL, 0);
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	EXPECT_EQ(readable, fetch.completed);
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
	ASSERT_EQ(readable, reap.reaped);
	for (i = 0; i < readable; i++) {
		EXPECT_EQ(0, c[i].result);
		EXPECT_EQ(self->id[i], r[i].id);
		EXPECT_EQ(i, r[i].status);
	}
	for (i = readable; i < MANY; i++)
		EXPECT_EQ(0, complete(self->device, self->id[i], 0));
}

/* Results that cannot be written: what COMPLETE counts is what it did. */
TEST_F(many, results_that_cannot_be_written_are_counted)
{
	struct iotarget_fetch_element record[MANY] = {};
	struct iotarget_complete_element *c = (void *)self->pages;
	struct iotarget_reap_element r[MANY];
	struct iotarget_fetch fetch = fetch_arg(0, NULL, 0, record, MANY);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, MANY);
	__u32 i;

	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	ASSERT_EQ(MANY, fetch.fetched);
	for (i = 0; i < MANY; i++)
		c[i].id = self->id[i];
	ASSERT_EQ(0, mprotect(self->pages, sysconf(_SC_PAGESIZE), PROT_READ));
	fetch = fetch_arg(0, c, MANY, NULL, 0);
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	EXPECT_GE(fetch.completed, 1);
	EXPECT_LT(fetch.completed, MANY);
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
	EXPECT_EQ(fetch.completed, reap.reaped);
	for (i = fetch.completed; i < MANY; i++)
		EXPECT_EQ(0, complete(self->device, self->id[i], 0));
}

/* ------------------------------------------------------ sequential alone */

FIXTURE(sequential) {
	int device;
	int target;
};

FIXTURE_SETUP(sequential)
{
	self->device = sequential_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(sequential)
{
	close(self->target);
	close(self->device);
}

TEST_F(sequential, one_at_a_time)
{
	struct iotarget_fetch_element record[4] = {};
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, record, 4);
	__u64 id[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_one(self->target, 0, &id[i]));
	for (i = 0; i < 3; i++) {
		EXPECT_TRUE(readable(self->device));
		ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
		EXPECT_EQ(1, arg.fetched);
		EXPECT_EQ(id[i], record[0].id);
		EXPECT_FALSE(readable(self->device));
		EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record[1]));
		EXPECT_EQ(0, complete(self->device, id[i], 0));
	}
}

/* A cancel of the one that the host has comes although the queue is blocked. */
TEST_F(sequential, a_cancel_record_is_not_blocked)
{
	struct iotarget_fetch_element record = {};
	__u64 id[2];

	ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
	ASSERT_EQ(0, send_one(self->target, 0, &id[1]));
	ASSERT_EQ(0, fetch_now(self->device, IOTARGET_FETCH_CANCELABLE,
			       &record));
	EXPECT_FALSE(readable(self->device));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[0]));
	EXPECT_TRUE(readable(self->device));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, record.event);
	EXPECT_EQ(id[0], record.id);
	EXPECT_FALSE(readable(self->device));
	EXPECT_EQ(0, complete(self->device, id[0], -ECANCELED));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(id[1], record.id);
}

TEST_F(sequential, U07_retrieve_skips_the_cancelled)
{
	struct iotarget_fetch_element record = {};
	__u64 id[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_one(self->target, 0, &id[i]));
	EXPECT_EQ(DELIVERED, cancel(self->target, id[1]));
	ASSERT_EQ(0, fetch_one(self->device, IOTARGET_FETCH_RETRIEVE, &record));
	EXPECT_EQ(id[0], record.id);
	ASSERT_EQ(0, fetch_one(self->device, IOTARGET_FETCH_RETRIEVE, &record));
	EXPECT_EQ(id[2], record.id);
	EXPECT_EQ(-ENODATA, fetch_one(self->device, IOTARGET_FETCH_RETRIEVE,
				      &record));
	EXPECT_EQ(0, complete(self->device, id[0], 0));
	EXPECT_EQ(0, complete(self->device, id[2], 0));
}

/*
 * The queue's routine is taken, unlinks and completes in one step: nothing is
 * half cancelled, and the queue is as good as new.
 */
TEST_F(sequential, U11_ready_again_after_its_only_request_was_cancelled)
{
	struct iotarget_fetch_element record = {};
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	EXPECT_TRUE(readable(self->device));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(-ENODATA, fetch_one(self->device, IOTARGET_FETCH_RETRIEVE,
				      &record));
	EXPECT_FALSE(readable(self->device));
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	EXPECT_TRUE(readable(self->device));
	ASSERT_EQ(0, fetch_one(self->device, IOTARGET_FETCH_RETRIEVE, &record));
	EXPECT_EQ(id, record.id);
	EXPECT_EQ(0, complete(self->device, id, 0));
}

TEST_F(sequential, retrieve_by_file)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_fetch arg = fetch_arg(IOTARGET_FETCH_RETRIEVE, NULL, 0,
					      &record, 1);
	__u64 file, id[3];
	int other = target_open_file(self->device, &file);

	ASSERT_GE(other, 0);
	ASSERT_EQ(0, send_one(self->target, 0, &id[0]));
	ASSERT_EQ(0, send_one(other, 0, &id[1]));
	ASSERT_EQ(0, send_one(self->target, 0, &id[2]));
	arg.file = file;
	/* U55 */
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
	EXPECT_EQ(id[1], record.id);
	EXPECT_EQ(-ENODATA, call(self->device, IOTARGET_FETCH, &arg));
	ASSERT_EQ(0, fetch_one(self->device, IOTARGET_FETCH_RETRIEVE, &record));
	EXPECT_EQ(id[0], record.id);
	ASSERT_EQ(0, fetch_one(self->device, IOTARGET_FETCH_RETRIEVE, &record));
	EXPECT_EQ(id[2], record.id);
	close(other);
}

TEST_F(sequential, U56_all_retrieved_must_end)
{
	struct iotarget_fetch_element record = {};
	__u64 id[3];
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, send_one(self->target, 0, &id[i]));
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	ASSERT_EQ(0, fetch_one(self->device, IOTARGET_FETCH_RETRIEVE, &record));
	EXPECT_EQ(id[1], record.id);
	EXPECT_EQ(0, complete(self->device, id[0], 0));
	EXPECT_FALSE(readable(self->device));
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record));
	EXPECT_EQ(0, complete(self->device, id[1], 0));
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(id[2], record.id);
}

/*
 * U60: a host that completes inside its loop: 10^5 requests, each completed by
 * the call that fetches the next.
 */
TEST_F(sequential, U60_complete_inline)
{
	static struct iotarget_send_element e[1024];
	static struct iotarget_reap_element r[1024];
	struct iotarget_send send = send_arg(0, e, 1024, NULL, 0);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, 1024);
	struct iotarget_complete_element c = {};
	struct iotarget_fetch_element f = {};
	struct iotarget_fetch arg = fetch_arg(0, &c, 0, &f, 1);
	int round, i;

	for (i = 0; i < 1024; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	for (round = 0; round < 100; round++) {
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
		ASSERT_EQ(1024, send.sent);
		for (i = 0; i < 1024; i++) {
			ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
			ASSERT_EQ(1, arg.fetched);
			ASSERT_EQ(e[i].id, f.id);
			c.id = f.id;
			arg.complete.count = 1;
		}
		arg.fetch.count = 0;
		ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
		arg.fetch.count = 1;
		arg.complete.count = 0;
		for (i = 0; i < 1024; i += reap.reaped)
			ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
		ASSERT_EQ(1024, i);
	}
}

/* -------------------------------------------------------- parallel alone */

TEST(U57_limit_of_a_parallel_queue)
{
	int device = device_create(IOTARGET_DISPATCH_PARALLEL, 2);
	struct iotarget_fetch_element record[8] = {};
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, record, 8);
	__u64 id[5];
	int target, i;

	ASSERT_GE(device, 0);
	target = target_open(device);
	ASSERT_GE(target, 0);
	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, send_one(target, 0, &id[i]));
	ASSERT_EQ(0, call(device, IOTARGET_FETCH, &arg));
	EXPECT_EQ(2, arg.fetched);
	EXPECT_EQ(id[0], record[0].id);
	EXPECT_EQ(id[1], record[1].id);
	for (i = 2; i < 5; i++) {
		EXPECT_FALSE(readable(device));
		EXPECT_EQ(-EAGAIN, fetch_now(device, 0, record));
		EXPECT_EQ(0, complete(device, id[i - 1], 0));
		EXPECT_TRUE(readable(device));
		ASSERT_EQ(0, call(device, IOTARGET_FETCH, &arg));
		EXPECT_EQ(1, arg.fetched);
		EXPECT_EQ(id[i], record[0].id);
	}
}

TEST(parallel_without_a_limit_takes_all)
{
	struct iotarget_fetch_element record[64] = {};
	struct iotarget_fetch arg = fetch_arg(0, NULL, 0, record, 64);
	int device = parallel_create();
	int target, i;

	ASSERT_GE(device, 0);
	target = target_open(device);
	for (i = 0; i < 50; i++)
		ASSERT_EQ(0, send_one(target, 0, NULL));
	ASSERT_EQ(0, call(device, IOTARGET_FETCH, &arg));
	EXPECT_EQ(50, arg.fetched);
}

TEST(U58_limit_of_a_sequential_queue)
{
	EXPECT_EQ(-EINVAL, device_create(IOTARGET_DISPATCH_SEQUENTIAL, 1));
}

TEST(U54_retrieve_on_a_parallel_queue)
{
	struct iotarget_fetch_element record = {};
	int device = parallel_create();
	int target;

	ASSERT_GE(device, 0);
	EXPECT_EQ(-EPERM, fetch_one(device, IOTARGET_FETCH_RETRIEVE, &record));
	target = target_open(device);
	ASSERT_EQ(0, send_one(target, 0, NULL));
	EXPECT_EQ(-EPERM, fetch_one(device, IOTARGET_FETCH_RETRIEVE, &record));
	EXPECT_EQ(0, fetch_now(device, 0, &record));
}

TEST_HARNESS_MAIN
