// SPDX-License-Identifier: GPL-2.0
/*
 * Many at once, for IOTARGET_ROUNDS rounds (20,000 unless told). U32: the sums
 * of the ends must come out. Then senders, hosts and cancellers all at once,
 * and hosts that are killed in the middle of it (U94, invariants 1 and 2).
 */
#include <sys/socket.h>

#include "common.h"

#define BATCH	64

/* ------------------------------------------------------------------- U32 */

/*
 * A lane: the host marks a batch; then the canceller walks it from one end and
 * the host unmarks and completes it from the other, so that they meet in the
 * middle of every batch. The host completes one step behind its unmarks, which
 * opens the window in which a cancel finds no routine.
 */
struct lane {
	int device;
	int target;
	unsigned long rounds;
	unsigned int seed;
	pthread_barrier_t start;
	pthread_t sender, host;
	unsigned long steps[2];				/* of HOST and CANCELLER; atomic */
	unsigned long unmarked, on_cancel, completed;	/* the host's */
	unsigned long verdict[COMPLETED + 1];		/* the sender's */
	unsigned long reaped, failures;
};

enum { HOST, CANCELLER };

/*
 * A step of one side. None is long ahead of the other, or a scheduler that has its
 * own ways could let one walk through all batches alone.
 */
static void lane_step(struct lane *l, int side, unsigned int *seed)
{
	unsigned long mine = __atomic_add_fetch(&l->steps[side], 1, __ATOMIC_SEQ_CST);
	unsigned long ahead = draw(seed, BATCH / 4);

	while (__atomic_load_n(&l->steps[!side], __ATOMIC_SEQ_CST) + ahead < mine)
		sched_yield();
}

static void *lane_sender(void *arg)
{
	struct iotarget_send_element e[BATCH] = {};
	struct iotarget_reap_element r[BATCH];
	struct iotarget_send send = send_arg(0, e, BATCH, NULL, 0);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, BATCH);
	struct lane *l = arg;
	bool seen[BATCH];
	unsigned long n;
	__u32 i, left;
	int v;

	for (n = 0; n < l->rounds; n += BATCH) {
		for (i = 0; i < BATCH; i++) {
			e[i].type = IOTARGET_TYPE_CONTROL;
			e[i].user_data = i;
			seen[i] = false;
		}
		if (call(l->target, IOTARGET_SEND, &send) || send.sent != BATCH)
			l->failures++;
		pthread_barrier_wait(&l->start);	/* all are marked */
		for (i = 0; i < BATCH; i++) {
			v = cancel(l->target, e[i].id);
			if (v > 0)
				l->verdict[v]++;
			else
				l->failures++;
			lane_step(l, CANCELLER, &l->seed);
		}
		for (left = BATCH; left; left -= reap.reaped) {
			if (call(l->target, IOTARGET_SEND, &reap)) {
				l->failures++;
				return NULL;
			}
			for (i = 0; i < reap.reaped; i++) {
				l->failures += seen[r[i].user_data] ||
					       r[i].id != e[r[i].user_data].id;
				seen[r[i].user_data] = true;
				l->reaped++;
			}
		}
		pthread_barrier_wait(&l->start);
	}
	return NULL;
}

static void lane_on_cancel(struct lane *l, unsigned long *told)
{
	struct iotarget_fetch_element f[BATCH] = {};
	struct iotarget_fetch fetch = fetch_arg(0, NULL, 0, f, BATCH);
	__u32 i;

	set_nonblock(l->device, true);
	while (!call(l->device, IOTARGET_FETCH, &fetch)) {
		for (i = 0; i < fetch.fetched; i++) {
			if (f[i].event != IOTARGET_EVENT_CANCEL ||
			    complete(l->device, f[i].id, -ECANCELED))
				l->failures++;
			l->on_cancel++;
			l->completed++;
			(*told)--;
		}
	}
	set_nonblock(l->device, false);
}

static void lane_complete(struct lane *l, __u64 id)
{
	if (complete(l->device, id, 0))
		l->failures++;
	else
		l->completed++;
}

static void *lane_host(void *arg)
{
	struct iotarget_fetch_element f[BATCH] = {};
	struct iotarget_fetch fetch = fetch_arg(0, NULL, 0, f, BATCH);
	struct lane *l = arg;
	unsigned int seed = l->seed + 1;
	unsigned long n, claimed;
	__u64 id[BATCH], behind;
	__u32 i;

	for (n = 0; n < l->rounds; n += BATCH) {
		for (i = 0; i < BATCH; i += fetch.fetched) {
			fetch.fetch.count = BATCH - i;
			if (call(l->device, IOTARGET_FETCH, &fetch)) {
				l->failures++;
				return NULL;
			}
			for (__u32 j = 0; j < fetch.fetched; j++) {
				id[i + j] = f[j].id;
				if (mark(l->device, f[j].id))
					l->failures++;
			}
		}
		pthread_barrier_wait(&l->start);
		claimed = 0;
		behind = 0;
		for (i = BATCH; i--;) {
			switch (unmark(l->device, id[i])) {
			case 0:
				l->unmarked++;
				if (behind)
					lane_complete(l, behind);
				behind = id[i];
				break;
			case -ECANCELED:
				claimed++;
				break;
			default:
				l->failures++;
			}
			lane_step(l, HOST, &seed);
		}
		if (behind)
			lane_complete(l, behind);
		/* Each one that UNMARK lost has exactly one OnCancel. */
		lane_on_cancel(l, &claimed);
		l->failures += claimed != 0;
		pthread_barrier_wait(&l->start);
	}
	return NULL;
}

FIXTURE(stress) {
	unsigned int seed;
};

FIXTURE_SETUP(stress)
{
	self->seed = seed_get();
	TH_LOG("seed %u", self->seed);
}

FIXTURE_TEARDOWN(stress)
{
}

#define LANES	2

TEST_F_TIMEOUT(stress, U32_sums_come_out, HOUR)
{
	unsigned long n = (rounds_get(20000) / LANES + BATCH - 1) / BATCH * BATCH;
	unsigned long unmarked = 0, on_cancel = 0, completed = 0, reaped = 0;
	unsigned long verdict[COMPLETED + 1] = {}, failures = 0;
	struct lane lane[LANES] = {};
	int i, v;

	for (i = 0; i < LANES; i++) {
		struct lane *l = &lane[i];

		l->rounds = n;
		l->seed = self->seed + 7 * i;
		l->device = parallel_create();
		ASSERT_GE(l->device, 0);
		l->target = target_open(l->device);
		ASSERT_GE(l->target, 0);
		pthread_barrier_init(&l->start, NULL, 2);
		pthread_create(&l->sender, NULL, lane_sender, l);
		pthread_create(&l->host, NULL, lane_host, l);
	}
	for (i = 0; i < LANES; i++) {
		struct lane *l = &lane[i];

		pthread_join(l->sender, NULL);
		pthread_join(l->host, NULL);
		unmarked += l->unmarked;
		on_cancel += l->on_cancel;
		completed += l->completed;
		reaped += l->reaped;
		failures += l->failures;
		for (v = DELIVERED; v <= COMPLETED; v++)
			verdict[v] += l->verdict[v];
	}
	n *= LANES;
	TH_LOG("%lu: unmarked %lu, OnCancel %lu; cancel found it cancelable %lu, unmarked %lu, completed %lu",
	       n, unmarked, on_cancel, verdict[DELIVERED], verdict[MARKED],
	       verdict[COMPLETED]);
	EXPECT_EQ(0, failures);
	EXPECT_EQ(n, completed);
	EXPECT_EQ(n, reaped);
	EXPECT_EQ(n, unmarked + on_cancel);
	/* "delivered" is one OnCancel, and nothing else is */
	EXPECT_EQ(on_cancel, verdict[DELIVERED]);
	EXPECT_EQ(0, verdict[TOLD]);
	/* Every outcome came about, or this test has shown nothing. */
	EXPECT_LT(0, unmarked);
	EXPECT_LT(0, on_cancel);
	EXPECT_LT(0, verdict[MARKED]);
	EXPECT_LT(0, verdict[COMPLETED]);
}

/* ------------------------------------------------------- all at once */

#define SENDERS	2
#define SLOTS	32

/*
 * One sender with its target: it sends, reaps and checks; another thread
 * cancels ids that it finds in @id.
 */
struct sender {
	int target;
	unsigned int seed;
	unsigned long rounds;
	atomic_ulong id[SLOTS];
	unsigned long sent, reaped, failures;
	unsigned long status[3];	/* completed, cancelled, host ended */
	atomic_int stop;
	pthread_t thread, canceller;
};

static void sender_reaped(struct sender *s, struct iotarget_reap_element *r)
{
	if (r->user_data >= SLOTS ||
	    atomic_exchange(&s->id[r->user_data], 0) != r->id)
		s->failures++;
	s->reaped++;
	if (r->status == 0)
		s->status[0]++;
	else if (r->status == -ECANCELED)
		s->status[1]++;
	else if (r->status == -ENODEV)
		s->status[2]++;
	else
		s->failures++;
}

/* So much longer, if others are slow to start, and no end: then it has shown nothing. */
#define PATIENCE 100

/* Until some have completed and some were cancelled, however slow the others. */
static bool sender_goes_on(const struct sender *s)
{
	return s->sent < s->rounds ||
	       ((!s->status[0] || !s->status[1]) && !s->failures &&
		s->sent / PATIENCE < s->rounds);
}

/*
 * Sends into every free slot of its own, and reaps. Ends when all rounds are
 * reaped, or its device has ended and nothing is left.
 */
static void *sender_main(void *arg)
{
	static const char bytes[4096];
	struct sender *s = arg;
	struct iotarget_send_element e;
	struct iotarget_reap_element r[SLOTS];
	struct iotarget_send send;
	unsigned int slot;
	bool ended = false;
	int ret;

	while (s->reaped < s->sent || (!ended && sender_goes_on(s))) {
		slot = draw(&s->seed, SLOTS);
		memset(&e, 0, sizeof(e));
		send = send_arg(0, NULL, 0, r, SLOTS);
		if (!ended && sender_goes_on(s) &&
		    !atomic_load(&s->id[slot])) {
			e.type = IOTARGET_TYPE_WRITE;
			e.in = ADDRESS(bytes);
			e.in_length = draw(&s->seed, 4) ? 8 : sizeof(bytes);
			e.user_data = slot;
			/* Mostly without waiting, so that many are under way. */
			send = send_arg(0, &e, 1, r,
					draw(&s->seed, 4) ? 0 : SLOTS);
		}
		ret = call(s->target, IOTARGET_SEND, &send);
		if (!ret && send.sent) {
			s->sent++;
			atomic_store(&s->id[slot], e.id);
		}
		for (__u32 i = 0; !ret && i < send.reaped; i++)
			sender_reaped(s, &r[i]);
		if (ret == -ENODEV && send.send.count)
			ended = true;
		else if (ret == -ENODEV)
			break;
		else if (ret)
			s->failures++;
	}
	atomic_store(&s->stop, 1);
	return NULL;
}

static void *canceller_main(void *arg)
{
	struct sender *s = arg;
	struct iotarget_cancel all;
	unsigned int seed = s->seed + 3;
	unsigned long id;

	while (!atomic_load(&s->stop)) {
		id = atomic_load(&s->id[draw(&seed, SLOTS)]);
		if (id)
			cancel(s->target, id);
		else if (!draw(&seed, 64))
			cancel_all(s->target, &all);
		else
			sched_yield();
	}
	return NULL;
}

struct host {
	int device;
	unsigned int seed;
};

/* Serves in every way there is, until its device ends. */
static void *host_main(void *arg)
{
	static __thread char buffer[4096];
	struct host *h = arg;
	struct iotarget_fetch_element f[4];
	struct iotarget_fetch fetch;
	unsigned int i;

	for (;;) {
		memset(f, 0, sizeof(f));
		for (i = 0; i < 4; i++) {
			f[i].buffer = ADDRESS(buffer);
			f[i].buffer_length = sizeof(buffer);
		}
		fetch = fetch_arg(draw(&h->seed, 2) ? IOTARGET_FETCH_CANCELABLE
				  : 0, NULL, 0, f, 1 + draw(&h->seed, 4));
		if (call(h->device, IOTARGET_FETCH, &fetch))
			return NULL;
		for (i = 0; i < fetch.fetched; i++) {
			__u64 id = f[i].id;

			if (f[i].event == IOTARGET_EVENT_CANCEL) {
				complete(h->device, id, -ECANCELED);
				continue;
			}
			if (draw(&h->seed, 2))
				mark(h->device, id);
			if (!draw(&h->seed, 4))
				sched_yield();
			if (draw(&h->seed, 2))
				unmark(h->device, id);
			/* Who lost it to a cancel hears of it by a record. */
			complete_bytes(h->device, id, 0, draw(&h->seed, 8),
				       NULL, 0);
		}
	}
}

static void hosts_start(int device, unsigned int seed, pthread_t *thread,
			struct host *h, int n)
{
	while (n--) {
		h[n].device = device;
		h[n].seed = seed + 11 * n;
		pthread_create(&thread[n], NULL, host_main, &h[n]);
	}
}

static void sender_start(struct sender *s, int target, unsigned int seed,
			 unsigned long rounds)
{
	memset(s, 0, sizeof(*s));
	s->target = target;
	s->seed = seed;
	s->rounds = rounds;
	pthread_create(&s->thread, NULL, sender_main, s);
	pthread_create(&s->canceller, NULL, canceller_main, s);
}

static void sender_join(struct sender *s)
{
	pthread_join(s->thread, NULL);
	pthread_join(s->canceller, NULL);
}

TEST_F_TIMEOUT(stress, senders_hosts_and_cancellers, HOUR)
{
	struct sender sender[SENDERS];
	struct host host[3];
	pthread_t thread[3];
	unsigned long n = rounds_get(20000) / SENDERS;
	int device = parallel_create();
	int i;

	ASSERT_GE(device, 0);
	hosts_start(device, self->seed, thread, host, 3);
	for (i = 0; i < SENDERS; i++)
		sender_start(&sender[i], target_open(device),
			     self->seed + 100 * i, n);
	for (i = 0; i < SENDERS; i++) {
		sender_join(&sender[i]);
		TH_LOG("sent %lu, completed %lu, cancelled %lu",
		       sender[i].sent, sender[i].status[0],
		       sender[i].status[1]);
		EXPECT_EQ(0, sender[i].failures);
		EXPECT_LE(n, sender[i].sent);
		EXPECT_EQ(sender[i].sent, sender[i].reaped);
		EXPECT_LT(0, sender[i].status[0]);
		EXPECT_LT(0, sender[i].status[1]);
		EXPECT_EQ(0, sender[i].status[2]);
		close(sender[i].target);
	}
	EXPECT_EQ(0, end(device));
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	close(device);
}

/* ------------------------------------------------- hosts that are killed */

/* A host process of two threads; its targets come back over the socket. */
static pid_t host_process(int *target, unsigned int seed)
{
	char byte;
	struct host host[2];
	pthread_t thread[2];
	int pair[2], device, i;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		device = parallel_create();
		for (i = 0; i < SENDERS; i++) {
			int fd = target_open(device);

			fd_send(pair[1], fd, "", 1);
			close(fd);
		}
		hosts_start(device, seed, thread, host, 2);
		for (;;)
			pause();
	}
	close(pair[1]);
	for (i = 0; i < SENDERS; i++)
		target[i] = fd_receive(pair[0], &byte, 1);
	close(pair[0]);
	return child;
}

TEST_F_TIMEOUT(stress, hosts_are_killed, HOUR)
{
	unsigned long lives = rounds_get(20000) / 1000, life, sent = 0;
	unsigned long status[3] = {}, failures = 0;
	struct sender sender[SENDERS];
	int target[SENDERS], i, j, wait_status;
	pid_t child;

	/* on until each end has come about: less would show nothing */
	for (life = 0; life < lives ||
	     ((!status[0] || !status[1] || !status[2]) && !failures &&
	      life / PATIENCE < lives); life++) {
		unsigned int after = draw(&self->seed, 100);

		child = host_process(target, self->seed);
		ASSERT_LT(0, child);
		for (i = 0; i < SENDERS; i++) {
			ASSERT_GE(target[i], 0);
			sender_start(&sender[i], target[i],
				     self->seed + 100 * i, ~0UL);
		}
		/* Not by time: when this many ids were seen to change. */
		while (after--) {
			unsigned long id = atomic_load(&sender[0].id[0]);

			for (j = 0; j < 1000 &&
			     atomic_load(&sender[0].id[0]) == id; j++)
				sched_yield();
		}
		kill(child, SIGKILL);
		ASSERT_EQ(child, waitpid(child, &wait_status, 0));
		for (i = 0; i < SENDERS; i++) {
			sender_join(&sender[i]);
			sent += sender[i].sent;
			failures += sender[i].failures;
			failures += sender[i].sent != sender[i].reaped;
			for (j = 0; j < 3; j++)
				status[j] += sender[i].status[j];
			close(target[i]);
		}
	}
	TH_LOG("sent %lu: completed %lu, cancelled %lu, host ended %lu", sent,
	       status[0], status[1], status[2]);
	EXPECT_EQ(0, failures);
	EXPECT_EQ(sent, status[0] + status[1] + status[2]);
	EXPECT_LT(0, status[0]);
	EXPECT_LT(0, status[1]);
	EXPECT_LT(0, status[2]);
}

/* Targets that are closed and killed while hosts serve. */
TEST_F_TIMEOUT(stress, senders_are_killed, HOUR)
{
	unsigned long lives = rounds_get(20000) / 1000;
	int device = parallel_create();
	struct host host[2];
	pthread_t thread[2];
	int i, status;
	pid_t child;

	ASSERT_GE(device, 0);
	hosts_start(device, self->seed, thread, host, 2);
	while (lives--) {
		int pair[2];
		char byte;

		ASSERT_EQ(0, pipe(pair));
		child = fork();
		if (!child) {
			static struct sender s;

			prctl(PR_SET_PDEATHSIG, SIGKILL);
			sender_start(&s, target_open(device), self->seed, ~0UL);
			while (!atomic_load(&s.id[0]))
				sched_yield();
			if (write(pair[1], "x", 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		ASSERT_EQ(1, read(pair[0], &byte, 1));
		for (i = draw(&self->seed, 500); i; i--)
			sched_yield();
		kill(child, SIGKILL);
		ASSERT_EQ(child, waitpid(child, &status, 0));
		close(pair[0]);
		close(pair[1]);
	}
	/* The device serves as ever. */
	{
		struct sender s;

		sender_start(&s, target_open(device), self->seed, 100);
		sender_join(&s);
		EXPECT_EQ(0, s.failures);
		EXPECT_LE(100, s.sent);
		EXPECT_EQ(s.sent, s.reaped);
		close(s.target);
	}
	EXPECT_EQ(0, end(device));
	for (i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
	close(device);
}

TEST_HARNESS_MAIN
