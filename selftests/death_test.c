// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that are killed, stopped and bounded. Hosts and senders die by
 * SIGKILL at random moments, and no request is lost or left (U94, U99; races 9,
 * 10, 11 and 16 of the ledger); objects end with everything in flight; waits
 * stop with their process and go on with it; and what an ordinary user can take
 * has an end. What ends with a single request lifetime_test shows, stops of
 * plain calls plain_test, and the caps caps_test.
 *
 * A hundredth of IOTARGET_ROUNDS processes are killed in each of two ways: 200
 * unless told. Some tests need root, for cgroups and more than one user;
 * unload_test runs some, and unloads the module after each.
 */
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common.h"

#define PAYLOAD	(16 << 10)

/* Memory that a test has in common with the processes that it kills. */
static void *shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

/* A child that does not outlive the test, whatever becomes of that. */
static pid_t child_fork(void)
{
	pid_t child = fork();

	if (child < 0)
		abort();
	if (!child)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

static int kill_and_reap(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	       WTERMSIG(status) == SIGKILL ? 0 : -1;
}

/*
 * Returns at a random moment: after so much work of others, or when they have
 * done nothing for a while.
 */
static void pass_time(unsigned int *seed, atomic_ulong *work)
{
	unsigned long now, before = atomic_load(work);
	unsigned long end = before + draw(seed, 30);
	unsigned int patience = draw(seed, 200), left = patience;

	while ((now = atomic_load(work)) < end && left--) {
		if (now != before)
			left = patience;
		before = now;
		sched_yield();
	}
}

/* A number of a file of /proc, /sys or a cgroup: after @key, or the first. */
static long number_in(const char *path, const char *key)
{
	char text[8192];
	char *at = text;
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	if (key) {
		at = strstr(text, key);
		at = at ? at + strlen(key) : NULL;
	}
	return n > 0 && at ? strtol(at, NULL, 10) : -1;
}

static int text_into(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int ret = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return ret;
}

/* A round trip. */
static int trip(int device, int target)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;

	return send_one(target, 0, NULL) ?:
	       fetch_one(device, 0, &record) ?:
	       complete(device, record.id, 0) ?: reap_one(target, &r);
}

/* Open fds are the module's references. */
static long references(void)
{
	return number_in("/sys/module/iotarget/refcnt", NULL);
}

/* Tries to unload the module; only ever called while an fd of it is open. */
static int unload(void)
{
	return syscall(SYS_delete_module, "iotarget", O_NONBLOCK) ? -errno : 0;
}

/* Root tries it; an ordinary user may not. */
#define EXPECT_STAYS() EXPECT_EQ(geteuid() ? -EPERM : -EWOULDBLOCK, unload())

/* ------------------------------------- senders with books, and hosts */

#define SLOTS	32

/*
 * @exact: its hosts complete as cancelled what they were told of, and only that
 * @id: what was sent and is not reaped, by its user_data; 0 for none
 * @delivered: a cancel was answered so
 * @failures: whatever did not agree with the books
 */
struct sender {
	int target;
	unsigned int seed;
	bool exact;
	unsigned int pending;
	__u64 id[SLOTS];
	bool delivered[SLOTS];
	unsigned long status[3];	/* completed, cancelled, host ended */
	atomic_ulong reaped;
	atomic_int stop;
	unsigned long failures;
};

static void sender_reaped(struct sender *s, const struct iotarget_reap_element *r)
{
	bool canceled = r->status == -ECANCELED;
	__u64 slot = r->user_data;

	if (slot >= SLOTS || !r->id || s->id[slot] != r->id ||
	    (!canceled && r->status != 0 && r->status != -ENODEV)) {
		s->failures++;
		return;
	}
	/* whoever has died meanwhile */
	if (canceled != s->delivered[slot] && (canceled || s->exact))
		s->failures++;
	s->id[slot] = 0;
	s->pending--;
	s->status[canceled ? 1 : r->status ? 2 : 0]++;
	atomic_fetch_add(&s->reaped, 1);
}

/* Sends up to @sends of its free slots, and keeps the books. */
static int sender_call(struct sender *s, __u32 flags, __u32 sends, __u32 reaps)
{
	static char bytes[PAYLOAD];
	unsigned int slot = draw(&s->seed, SLOTS);
	struct iotarget_send_element e[4];
	struct iotarget_reap_element r[SLOTS];
	struct iotarget_send arg;
	__u32 i, n = 0;
	int ret;

	for (i = 0; i < SLOTS && n < sends; i++, slot = (slot + 1) % SLOTS)
		if (!s->id[slot])
			e[n++] = (struct iotarget_send_element) {
				.type = IOTARGET_TYPE_WRITE, .user_data = slot,
				.in = ADDRESS(bytes),
				.in_length = draw(&s->seed, 4) ? 8 : PAYLOAD,
			};
	arg = send_arg(flags, e, n, r, reaps);
	ret = call(s->target, IOTARGET_SEND, &arg);
	for (i = 0; !ret && i < arg.sent; i++) {
		s->id[e[i].user_data] = e[i].id;
		s->delivered[e[i].user_data] = false;
		s->pending++;
	}
	for (i = 0; !ret && i < arg.reaped; i++)
		sender_reaped(s, &r[i]);
	return ret;
}

/* What is not reaped is known, whoever has died. */
static int sender_cancel(struct sender *s, unsigned int slot)
{
	int verdict = s->id[slot] ? cancel(s->target, s->id[slot]) : COMPLETED;

	s->failures += verdict < 0;
	s->delivered[slot] |= verdict == DELIVERED;
	return 0;
}

/* One call: mostly sends, without waiting, so that many are under way. */
static int sender_step(struct sender *s)
{
	unsigned int n = 1 + draw(&s->seed, 4);

	if (s->pending > SLOTS - 4)
		return sender_call(s, 0, 0, SLOTS);
	switch (draw(&s->seed, 8)) {
	case 0:
		return sender_call(s, IOTARGET_SEND_WAIT, n, n);
	case 1:
		return sender_call(s, 0, n, SLOTS);
	case 2:
	case 3:
		return sender_cancel(s, draw(&s->seed, SLOTS));
	default:
		return sender_call(s, 0, n, 0);
	}
}

/*
 * Until it is stopped or its device ends. Reaps all that the books say, and finds
 * nothing beyond it.
 */
static int sender_main(void *arg)
{
	struct iotarget_reap_element r;
	struct sender *s = arg;

	while (!atomic_load(&s->stop) && !sender_step(s))
		;
	while (s->pending && !sender_call(s, 0, 0, SLOTS))
		;
	if (s->pending || reap_now(s->target, &r) >= 0)
		s->failures++;
	return 0;
}

/* @hoards: keeps much of what it fetches, and its senders waiting */
struct host {
	int device;
	unsigned int seed;
	bool hoards;
	atomic_ulong *fetched;
};

/*
 * Serves in every way until its device ends. Who lost a request to a cancel hears
 * of it by a record; it fetches one at a time, so as not to have both at once.
 */
static int host_main(void *arg)
{
	static char bytes[PAYLOAD];
	struct host *h = arg;
	int ret;

	for (;;) {
		struct iotarget_fetch_element f = {
			.buffer = ADDRESS(bytes), .buffer_length = PAYLOAD,
		};
		bool keep = h->hoards && draw(&h->seed, 8);

		ret = fetch_one(h->device, draw(&h->seed, 2) ?
				IOTARGET_FETCH_CANCELABLE : 0, &f);
		if (ret)
			return ret;
		atomic_fetch_add(h->fetched, 1);
		if (f.event == IOTARGET_EVENT_CANCEL) {
			complete(h->device, f.id, -ECANCELED);
			continue;
		}
		if (draw(&h->seed, 2))
			mark(h->device, f.id);
		if (draw(&h->seed, 2))
			unmark(h->device, f.id);
		if (!keep)
			complete(h->device, f.id, 0);
	}
}

/* ------------------------------------------- killed at random moments */

/* With so many lives, every way to end has come about. */
#define MANY	100

FIXTURE(death) {
	unsigned int seed;
	unsigned long lives;
	long references;
	atomic_ulong *fetched;
};

FIXTURE_SETUP(death)
{
	self->seed = seed_get();
	self->lives = rounds_get(20000) / 100;
	TH_LOG("seed %u, %lu lives", self->seed, self->lives);
	self->references = references();
	self->fetched = shared(sizeof(*self->fetched));
}

/* Who dies leaves none. */
FIXTURE_TEARDOWN(death)
{
	EXPECT_EQ(self->references, references());
}

struct victims {
	pid_t pid[2];
	int processes, threads;
	unsigned int seed;
	atomic_ulong *fetched;
};

static void victims_start(struct victims *v, int device)
{
	struct background sibling;
	int i;

	for (i = 0; i < v->processes; i++) {
		struct host h = {
			.device = device, .seed = v->seed + i,
			.hoards = draw(&v->seed, 2), .fetched = v->fetched,
		}, second = h;

		v->pid[i] = child_fork();
		if (v->pid[i])
			continue;
		second.seed += 2;
		if (v->threads > 1)
			background_start(&sibling, host_main, &second);
		_exit(host_main(&h) != 0);
	}
}

static int victims_kill(void *arg)
{
	struct victims *v = arg;
	int i, ret = 0;

	/* Some die before they have begun, most when they are at work. */
	if (draw(&v->seed, 4))
		while (!atomic_load(v->fetched))
			sched_yield();
	for (i = 0; i < v->processes; i++) {
		pass_time(&v->seed, v->fetched);
		ret |= kill_and_reap(v->pid[i]);
	}
	return ret;
}

/*
 * A device is served by one or two processes of one or two threads until the
 * last one dies, and its sender sends until it ends. What the first one to die
 * had fetched stays with the device.
 */
TEST_F_TIMEOUT(death, hosts_are_killed, HOUR)
{
	unsigned long life, status[3] = {}, failures = 0;
	int device, i;

	for (life = 0; life < self->lives; life++) {
		struct sender s = { .seed = self->seed + life };
		struct victims v = {
			.seed = self->seed + life, .fetched = self->fetched,
			.processes = 1 + draw(&self->seed, 2),
			.threads = 1 + draw(&self->seed, 2),
		};
		struct background killer;

		device = parallel_create();
		s.target = target_open(device);
		ASSERT_GE(s.target, 0);
		s.exact = v.processes * v.threads == 1;
		atomic_store(self->fetched, 0);
		victims_start(&v, device);
		close(device);
		background_start(&killer, victims_kill, &v);
		sender_main(&s);
		ASSERT_EQ(0, background_join(&killer));
		close(s.target);
		failures += s.failures;
		for (i = 0; i < 3; i++)
			status[i] += s.status[i];
	}
	TH_LOG("completed %lu, cancelled %lu, host ended %lu", status[0],
	       status[1], status[2]);
	EXPECT_EQ(0, failures);
	/* Every end came about, or this test has shown nothing. */
	for (i = 0; i < 3 && self->lives >= MANY; i++)
		EXPECT_LT(0, status[i]);
}

#define LEDGER	256

/*
 * Requests sent through a target that outlives who sent them, each with
 * elements of its own, so that the kernel itself writes here what became of it.
 */
struct ledger {
	struct iotarget_send_element e[LEDGER];
	struct iotarget_reap_element r[LEDGER];
	atomic_ulong sent;
};

/* The child's life: some requests it waits for, others it leaves. */
static void ledger_fill(struct ledger *l, int target, unsigned int seed)
{
	struct iotarget_send send;
	__u32 i;

	for (i = 0; i < LEDGER; i++) {
		l->e[i].type = IOTARGET_TYPE_CONTROL;
		l->e[i].user_data = i;
		send = draw(&seed, 2) ?
		       send_arg(IOTARGET_SEND_WAIT, &l->e[i], 1, &l->r[i], 1) :
		       send_arg(0, &l->e[i], 1, NULL, 0);
		if (call(target, IOTARGET_SEND, &send))
			_exit(1);
		atomic_fetch_add(&l->sent, 1);
	}
	for (;;)
		pause();
}

/* Reaps what the dead one left. Returns how many, or -1: not each one once. */
static int ledger_settle(struct ledger *l, int target)
{
	struct iotarget_reap_element r;
	int i, left = 0;

	for (i = 0; i < LEDGER; i++)
		left += l->e[i].id && !l->r[i].id;
	for (i = 0; i < left; i++) {
		if (reap_one(target, &r) || r.user_data >= LEDGER ||
		    r.id != l->e[r.user_data].id || l->r[r.user_data].id)
			return -1;
		l->r[r.user_data] = r;
	}
	return reap_now(target, &r) == -EAGAIN ? left : -1;
}

/*
 * One process after the other sends and dies, through a target of its own or one
 * that its successors use too. A thread serves, and another one sends and is not
 * to notice.
 */
TEST_F_TIMEOUT(death, senders_are_killed, HOUR)
{
	struct ledger *ledger = shared(sizeof(*ledger));
	struct host host = {
		.device = parallel_create(), .seed = self->seed,
		.fetched = self->fetched,
	};
	int left, settled = 0, common = target_open(host.device);
	struct sender survivor = {
		.seed = self->seed, .exact = true,
		.target = target_open(host.device),
	};
	struct iotarget_fetch_element record = {};
	struct background serving, sending;
	unsigned long life;
	pid_t child;

	ASSERT_GE(survivor.target, 0);
	background_start(&serving, host_main, &host);
	background_start(&sending, sender_main, &survivor);
	for (life = 0; life < self->lives; life++) {
		bool own = draw(&self->seed, 2);

		memset(ledger, 0, sizeof(*ledger));
		child = child_fork();
		if (!child)
			ledger_fill(ledger, own ? target_open(host.device) :
				    common, self->seed);
		/* every other one does not die before it has sent */
		if (draw(&self->seed, 2))
			while (!atomic_load(&ledger->sent))
				sched_yield();
		pass_time(&self->seed, draw(&self->seed, 2) ? &ledger->sent :
			  self->fetched);
		ASSERT_EQ(0, kill_and_reap(child));
		left = own ? 0 : ledger_settle(ledger, common);
		ASSERT_LE(0, left);
		settled += left;
	}
	atomic_store(&survivor.stop, 1);
	background_join(&sending);
	TH_LOG("%lu fetched, %d reaped for the dead, %lu by the survivor",
	       atomic_load(self->fetched), settled,
	       atomic_load(&survivor.reaped));
	EXPECT_EQ(0, survivor.failures);
	if (self->lives >= MANY) {
		EXPECT_LT(0, settled);
		EXPECT_LT(0, survivor.status[0]);
		EXPECT_LT(0, survivor.status[1]);
	}
	EXPECT_EQ(0, survivor.status[2]);
	ASSERT_EQ(0, end(host.device));
	EXPECT_EQ(-ENODEV, background_join(&serving));
	EXPECT_EQ(-ENODEV, fetch_one(host.device, 0, &record));
	close(common);
	close(survivor.target);
	close(host.device);
}

#define LOAD_HOSTS	4
#define LOAD_SENDERS	16
#define LOAD		(LOAD_HOSTS + LOAD_SENDERS)

/* By a node where there are names. Its host may die first. */
static void load_sender(struct sender *s, int device, const char *node)
{
	s->target = node ? open(node, O_RDWR) : target_open(device);
	if (s->target < 0)
		_exit(1);
	close_range(s->target + 1, ~0U, 0);
	close_range(3, s->target - 1, 0);
	sender_main(s);
	for (;;)
		pause();
}

/* Each one has reaped, and some more than when it was asked before. */
static void wait_for_work(struct sender *s)
{
	unsigned long before;
	int i;

	for (i = 0; i < LOAD_SENDERS; i++) {
		before = atomic_load(&s[i].reaped);
		while (atomic_load(&s[i].reaped) <= before)
			sched_yield();
	}
}

/* Unloading under load is refused and harms nothing; then all are killed. */
TEST_F(death, all_at_once)
{
	struct sender *s = shared(LOAD_SENDERS * sizeof(*s));
	char path[LOAD_HOSTS][64];
	pid_t pid[LOAD], swap;
	int device[LOAD_HOSTS], i, j, status;

	for (i = 0; i < LOAD_HOSTS; i++) {
		device[i] = parallel_create();
		ASSERT_GE(device[i], 0);
		j = snprintf(path[i], sizeof(path[i]), IOTARGET_NODE_DIR);
		sprintf(path[i] + j, "death-%d", i);
		if (!geteuid())
			ASSERT_EQ(0, name_device(device[i], path[i] + j, 0666));
	}
	for (i = 0; i < LOAD_SENDERS; i++) {
		s[i].seed = self->seed + i;
		s[i].exact = true;
		j = i % LOAD_HOSTS;
		pid[i] = child_fork();
		if (!pid[i])
			load_sender(&s[i], device[j], !geteuid() && i & LOAD_HOSTS ?
				    path[j] : NULL);
	}
	for (i = 0; i < LOAD_HOSTS; i++) {
		struct host h = {
			.device = device[i], .seed = self->seed,
			.fetched = self->fetched,
		};

		pid[LOAD_SENDERS + i] = child_fork();
		if (!pid[LOAD_SENDERS + i]) {
			for (j = 0; j < LOAD_HOSTS; j++)
				if (j != i)
					close(device[j]);
			_exit(host_main(&h) != 0);
		}
	}
	/* A sender that is to open a device finds it. */
	wait_for_work(s);
	for (i = 0; i < LOAD_HOSTS; i++)
		close(device[i]);
	for (i = 0; i < 100; i++)
		EXPECT_STAYS();
	wait_for_work(s);
	device[0] = parallel_create();
	EXPECT_GE(device[0], 0);
	close(device[0]);

	for (i = LOAD; i-- > 1;) {
		j = draw(&self->seed, i + 1);
		swap = pid[i];
		pid[i] = pid[j];
		pid[j] = swap;
	}
	pass_time(&self->seed, self->fetched);
	for (i = 0; i < LOAD; i++)
		kill(pid[i], SIGKILL);
	for (i = 0; i < LOAD; i++) {
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	for (i = 0; i < LOAD_SENDERS; i++)
		EXPECT_EQ(0, s[i].failures);
}

/* ------------------------------------------------- everything in flight */

/* In the order in which one host can bring them about. */
enum state { DONE, UNMARKED, HURRIED, MARKABLE, TOLD_, CLAIMED, QUEUED, STATES };

/* What the sender reaps when the host ends. */
static const int ended_as[STATES] = {
	[DONE] = 77,
	[UNMARKED] = -ENODEV,
	/* a cancel found no routine: it was not answered "delivered" */
	[HURRIED] = -ENODEV,
	[MARKABLE] = -ENODEV,
	[TOLD_] = -ECANCELED,
	[CLAIMED] = -ECANCELED,
	[QUEUED] = -ENODEV,
};

enum object { DEVICE, TARGET, NODE };

/*
 * KILLED: a child inherits the last fd, sleeps in calls, and is killed. CLOSED:
 * the last fd is on its way in a socket that nobody receives from.
 */
enum way { SHUTDOWN, KILLED, CLOSED };

/* @other: another target, which goes on. @sender, @reader: asleep in calls */
FIXTURE(flight) {
	int device;
	int target;
	int other;
	long references;
	__u64 id[STATES];
	struct background sender, reader;
	struct iotarget_send send;
	struct iotarget_reap_element r;
};

FIXTURE_VARIANT(flight) {
	enum object object;
	enum way way;
};

FIXTURE_VARIANT_ADD(flight, device_shut_down) { DEVICE, SHUTDOWN };
FIXTURE_VARIANT_ADD(flight, device_killed) { DEVICE, KILLED };
FIXTURE_VARIANT_ADD(flight, device_closed) { DEVICE, CLOSED };
FIXTURE_VARIANT_ADD(flight, target_shut_down) { TARGET, SHUTDOWN };
FIXTURE_VARIANT_ADD(flight, target_killed) { TARGET, KILLED };
FIXTURE_VARIANT_ADD(flight, target_closed) { TARGET, CLOSED };
FIXTURE_VARIANT_ADD(flight, node_shut_down) { NODE, SHUTDOWN };
FIXTURE_VARIANT_ADD(flight, node_killed) { NODE, KILLED };
FIXTURE_VARIANT_ADD(flight, node_closed) { NODE, CLOSED };

/* Sends a request that has all there is: a clock, pinned pages. */
static __u64 flight_send(int target, enum state state, __u32 flags,
			 struct iotarget_send *arg,
			 struct iotarget_reap_element *r)
{
	static char bytes[PAYLOAD];
	struct iotarget_send_element e = {
		.user_data = state, .type = IOTARGET_TYPE_WRITE,
		.in = ADDRESS(bytes), .in_length = PAYLOAD,
		/* of no year in which this runs */
		.deadline = 1ULL << 62,
	};

	*arg = send_arg(flags, &e, 1, r, r ? 1 : 0);
	return call(target, IOTARGET_SEND, arg) ? 0 : e.id;
}

/* Brings a request of the target into the state. Returns 0 or what failed. */
static int bring(FIXTURE_DATA(flight) *self, enum state state)
{
	struct iotarget_fetch_element record = {};
	__u64 id = flight_send(self->target, state, 0, &self->send, NULL);

	self->id[state] = id;
	if (!id)
		return 1;
	if (state == QUEUED)
		return 0;
	if (fetch_one(self->device, 0, &record) || record.id != id)
		return 2;
	if (state == DONE && complete(self->device, id, ended_as[DONE]))
		return 3;
	if (state == HURRIED && cancel(self->target, id) != MARKED)
		return 4;
	if (state >= MARKABLE && mark(self->device, id))
		return 5;
	if (state >= TOLD_ && cancel(self->target, id) != DELIVERED)
		return 6;
	if (state == TOLD_ && (fetch_one(self->device, 0, &record) ||
			       record.event != IOTARGET_EVENT_CANCEL))
		return 7;
	return 0;
}

FIXTURE_SETUP(flight)
{
	int i;

	self->references = references();
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	if (variant->object == NODE && geteuid())
		SKIP(return, "a name needs CAP_SYS_ADMIN");
	if (!geteuid())
		ASSERT_EQ(0, name_device(self->device, "death", 0666));
	self->target = variant->object == NODE ?
		       open(IOTARGET_NODE_DIR "death", O_RDWR) :
		       target_open(self->device);
	ASSERT_GE(self->target, 0);
	self->other = target_open(self->device);
	ASSERT_GE(self->other, 0);
	for (i = 0; i < STATES; i++)
		ASSERT_EQ(0, bring(self, i));
}

FIXTURE_TEARDOWN(flight)
{
	EXPECT_STAYS();
	close(self->device);
	close(self->target);
	close(self->other);
	EXPECT_EQ(self->references, references());
}

static int send_waiting(void *arg)
{
	FIXTURE_DATA(flight) *self = arg;

	return flight_send(self->target, STATES, IOTARGET_SEND_WAIT, &self->send,
			   &self->r) ? 0 : -EPROTO;
}

static int read_waiting(void *arg)
{
	FIXTURE_DATA(flight) *self = arg;
	char bytes[8];
	ssize_t n = read(self->target, bytes, sizeof(bytes));

	return n < 0 ? -errno : n;
}

static void sleepers_start(FIXTURE_DATA(flight) *self)
{
	background_start(&self->sender, send_waiting, self);
	wait_asleep_in(self->sender.tid, SYS_ioctl);
	background_start(&self->reader, read_waiting, self);
	wait_asleep_in(self->reader.tid, SYS_read);
}

/* Nothing has ended, though this process has closed its fd. */
#define EXPECT_LIVES() do {						\
	EXPECT_STAYS();							\
	EXPECT_EQ(0, variant->object == DEVICE ?			\
		     poll_now(self->target) & POLLHUP :			\
		     is_canceled(self->device, self->id[UNMARKED]));	\
} while (0)

/* U99: each request ends once, as its state says, and nothing is served. */
static void check_device_ended(struct __test_metadata *_metadata,
			       FIXTURE_DATA(flight) *self, enum way way)
{
	unsigned int seen[STATES + 1] = {}, i;
	struct iotarget_reap_element r;
	int ret;

	EXPECT_EQ(-1, open(IOTARGET_NODE_DIR "death", O_RDWR));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(-ENODEV, send_one(self->target, 0, NULL));
	while (!(ret = reap_one(self->target, &r))) {
		ASSERT_GE(STATES, r.user_data);
		EXPECT_EQ(r.user_data < STATES ? ended_as[r.user_data] : -ENODEV,
			  r.status);
		seen[r.user_data]++;
	}
	EXPECT_EQ(-ENODEV, ret);
	for (i = 0; i < STATES; i++)
		EXPECT_EQ(1, seen[i]);
	/* What a killed one waited for is there for others to reap. */
	EXPECT_EQ(way == KILLED, seen[STATES]);
	EXPECT_EQ(-ENODEV, send_one(self->other, 0, NULL));
	EXPECT_EQ(-ENODEV, reap_one(self->other, &r));
	if (way != SHUTDOWN)
		return;
	EXPECT_EQ(-ENODEV, target_open(self->device));
	EXPECT_EQ(0, background_join(&self->sender));
	EXPECT_EQ(1, self->send.reaped);
	EXPECT_EQ(-ENODEV, self->r.status);
	EXPECT_EQ(-ENODEV, background_join(&self->reader));
}

/* U94: what was queued is gone, the host is told once, and may answer. */
static void check_target_ended(struct __test_metadata *_metadata,
			       FIXTURE_DATA(flight) *self, enum way way)
{
	struct iotarget_fetch_element record = {};
	unsigned int told[STATES] = {}, i;

	while (!fetch_now(self->device, 0, &record)) {
		EXPECT_EQ(IOTARGET_EVENT_CANCEL, record.event);
		for (i = 0; i < STATES && self->id[i] != record.id; i++)
			;
		ASSERT_GT(STATES, i);
		told[i]++;
	}
	for (i = 0; i < STATES; i++) {
		bool owned = i != DONE && i != QUEUED;

		EXPECT_EQ(i == MARKABLE || i == CLAIMED, told[i]);
		EXPECT_EQ(owned ? 1 : -ENOENT,
			  is_canceled(self->device, self->id[i]));
		EXPECT_EQ(owned ? 0 : -ENOENT,
			  complete(self->device, self->id[i], 0));
	}
	EXPECT_EQ(0, trip(self->device, self->other));
	if (way != SHUTDOWN)
		return;
	EXPECT_EQ(-ENODEV, send_one(self->target, 0, NULL));
	EXPECT_EQ(0, background_join(&self->sender));
	/* Either is there when it wakes: the end, or the completion as well. */
	EXPECT_TRUE(!self->send.reaped || self->r.status == -ECANCELED);
	EXPECT_EQ(-ECANCELED, background_join(&self->reader));
}

TEST_F(flight, U94_U99_ends)
{
	int *fd = variant->object == DEVICE ? &self->device : &self->target;
	atomic_int *asleep = shared(sizeof(*asleep));
	int pair[2];
	pid_t child;

	switch (variant->way) {
	case SHUTDOWN:
		sleepers_start(self);
		ASSERT_EQ(0, end(*fd));
		break;
	case KILLED:
		child = child_fork();
		if (!child) {
			sleepers_start(self);
			atomic_store(asleep, 1);
			for (;;)
				pause();
		}
		wait_for(asleep, 1);
		close(*fd);
		*fd = -1;
		EXPECT_LIVES();
		ASSERT_EQ(0, kill_and_reap(child));
		break;
	case CLOSED:
		ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
		fd_send(pair[0], *fd, "", 1);
		close(*fd);
		*fd = -1;
		close(pair[0]);
		EXPECT_LIVES();
		close(pair[1]);
	}
	if (variant->object == DEVICE)
		check_device_ended(_metadata, self, variant->way);
	else
		check_target_ended(_metadata, self, variant->way);
}

/* ------------------------------------------ processes that are frozen */

#define CGROUPS	"/sys/fs/cgroup"
#define CGROUP	CGROUPS "/iotarget-death"

static void cgroup_remove(void)
{
	text_into(CGROUP "/cgroup.kill", "1");
	/* Those that were killed leave it a little later. */
	while (rmdir(CGROUP) && errno == EBUSY)
		sched_yield();
}

static void cgroup_enter(void)
{
	if (text_into(CGROUP "/cgroup.procs", "0"))
		_exit(1);
}

static void cgroup_freeze(bool freeze)
{
	text_into(CGROUP "/cgroup.freeze", freeze ? "1" : "0");
	while (number_in(CGROUP "/cgroup.events", "frozen ") != freeze)
		sched_yield();
}

/* What a child's call answered, in memory that it shares. */
struct outcome {
	int ret;
	struct iotarget_send send;
	struct iotarget_send_element e;
	struct iotarget_reap_element r;
	struct iotarget_fetch_element record;
};

FIXTURE(frozen) {
	int device;
	int target;
	struct outcome *o;
};

FIXTURE_SETUP(frozen)
{
	if (geteuid())
		SKIP(return, "a cgroup needs root");
	ASSERT_EQ(0, mkdir(CGROUP, 0755));
	self->o = shared(sizeof(*self->o));
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(frozen)
{
	cgroup_remove();
}

/* Returns when the child sleeps in its ioctl, and is frozen there. */
#define START_FROZEN(child_) ({						\
	pid_t pid_ = child_fork();					\
									\
	if (!pid_) {							\
		cgroup_enter();						\
		child_(self->o, self->device, self->target);		\
		_exit(0);						\
	}								\
	wait_asleep_in(pid_, SYS_ioctl);				\
	cgroup_freeze(true);						\
	pid_;								\
})

/* Returns 0 when the child has ended well. */
static int child_end(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return status;
}

static void child_fetches(struct outcome *o, int device, int target)
{
	o->ret = fetch_one(device, 0, &o->record);
}

static int fetch_waiting(void *arg)
{
	struct iotarget_fetch_element record = {};

	return fetch_one(*(int *)arg, 0, &record);
}

/*
 * A FETCH that did nothing starts again by itself. The last one to sleep is the
 * first to be woken, unless it is frozen.
 */
TEST_F(frozen, a_fetch_goes_on)
{
	struct background other;
	pid_t child;
	__u64 id;

	background_start(&other, fetch_waiting, &self->device);
	wait_asleep(other.tid);
	child = START_FROZEN(child_fetches);
	ASSERT_EQ(0, send_one(self->target, 0, NULL));
	EXPECT_EQ(0, background_join(&other));
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	/* It is there for everybody who runs. */
	EXPECT_TRUE(readable(self->device));
	EXPECT_EQ(0, self->o->record.id);
	cgroup_freeze(false);
	ASSERT_EQ(0, child_end(child));
	EXPECT_EQ(0, self->o->ret);
	EXPECT_EQ(id, self->o->record.id);
}

static void child_reaps(struct outcome *o, int device, int target)
{
	o->ret = reap_one(target, &o->r);
}

TEST_F(frozen, a_reap_goes_on)
{
	struct iotarget_fetch_element record = {};
	pid_t child = START_FROZEN(child_reaps);
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 5, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_TRUE(readable(self->target));
	EXPECT_EQ(0, self->o->r.id);
	cgroup_freeze(false);
	ASSERT_EQ(0, child_end(child));
	EXPECT_EQ(0, self->o->ret);
	EXPECT_EQ(id, self->o->r.id);
}

/* A plain call has nowhere to come back to: the freezer is a signal to it. */
TEST_F(frozen, a_plain_read_is_cancelled)
{
	struct iotarget_fetch_element record = {};
	pid_t child = child_fork();
	__u64 id;

	if (!child) {
		char byte;

		cgroup_enter();
		self->o->ret = read(self->target, &byte, 1) < 0 ? -errno : 0;
		_exit(0);
	}
	ASSERT_EQ(0, fetch_one(self->device, IOTARGET_FETCH_CANCELABLE, &record));
	id = record.id;
	text_into(CGROUP "/cgroup.freeze", "1");
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, record.event);
	EXPECT_EQ(id, record.id);
	/* until then it is not frozen: its request is the host's */
	EXPECT_EQ(0, number_in(CGROUP "/cgroup.events", "frozen "));
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	cgroup_freeze(true);
	cgroup_freeze(false);
	ASSERT_EQ(0, child_end(child));
	EXPECT_EQ(-EINTR, self->o->ret);
}

static void child_sends(struct outcome *o, int device, int target)
{
	o->e.type = IOTARGET_TYPE_CONTROL;
	o->send = send_arg(IOTARGET_SEND_WAIT, &o->e, 1, &o->r, 1);
	o->ret = call(target, IOTARGET_SEND, &o->send);
}

/* One that sent tells so, and the completion goes to who reaps then. */
TEST_F(frozen, a_send_returns_its_counts)
{
	struct iotarget_fetch_element record = {};
	pid_t child = START_FROZEN(child_sends);

	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	EXPECT_EQ(0, is_canceled(self->device, record.id));
	EXPECT_EQ(0, complete(self->device, record.id, 0));
	cgroup_freeze(false);
	ASSERT_EQ(0, child_end(child));
	EXPECT_EQ(0, self->o->ret);
	EXPECT_EQ(1, self->o->send.sent);
	EXPECT_EQ(0, self->o->send.reaped);
	EXPECT_EQ(0, reap_now(self->target, &self->o->r));
	EXPECT_EQ(record.id, self->o->r.id);
}

static void child_reads(struct outcome *o, int device, int target)
{
	char bytes[8];

	catch_signal(SIGUSR1, false);
	o->ret = read(target, bytes, sizeof(bytes));
}

#define SUSPEND	"/sys/module/suspend/parameters/pm_test_delay"

/*
 * Every wait lets the machine suspend: the kernel's own rehearsal, which ends
 * after its processes are frozen. It interrupts nobody.
 */
TEST(a_suspend_goes_by_unseen)
{
	struct iotarget_fetch_element record[2] = {};
	struct outcome *o = shared(2 * sizeof(*o));
	int device = parallel_create(), target = target_open(device), i;
	pid_t child[2];

	ASSERT_GE(target, 0);
	if (geteuid())
		SKIP(return, "a suspend needs root");
	if (text_into("/sys/power/pm_test", "freezer") || text_into(SUSPEND, "0"))
		SKIP(return, "this kernel rehearses no suspend");
	for (i = 0; i < 2; i++) {
		child[i] = child_fork();
		if (!child[i]) {
			(i ? child_reads : child_sends)(&o[i], device, target);
			_exit(0);
		}
		ASSERT_EQ(0, fetch_one(device, 0, &record[i]));
		wait_asleep_in(child[i], i ? SYS_read : SYS_ioctl);
	}
	/* A plain read after its signal: only death can end this wait. */
	kill(child[1], SIGUSR1);
	while (!is_canceled(device, record[1].id))
		sched_yield();
	EXPECT_EQ(0, text_into("/sys/power/state", "freeze"));
	text_into("/sys/power/pm_test", "none");
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, complete(device, record[i].id, 0));
		EXPECT_EQ(0, child_end(child[i]));
		EXPECT_EQ(0, o[i].ret);
	}
	EXPECT_EQ(1, o[0].send.reaped);
}

/* -------------------------------------------------------- ordinary users */

/* nobody else's, so that what another test leaves does not count here */
#define ALICE	64001
#define BOB	64002

static void become(uid_t uid)
{
	if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(99);
}

/* A sender that sleeps; its target is open nowhere else. */
static pid_t stuck_start(int device, bool plain)
{
	int target = target_open(device);
	struct outcome o = {};
	pid_t child = child_fork();

	if (!child) {
		close(device);
		become(BOB);
		(plain ? child_reads : child_sends)(&o, device, target);
		_exit(1);
	}
	close(target);
	wait_asleep_in(child, plain ? SYS_read : SYS_ioctl);
	return child;
}

/*
 * A host of one user never answers, and a process of another waits for it. It
 * can be killed in each state of its request, also in a plain call that has had
 * its one signal; its end waits for nobody.
 */
TEST(nobody_makes_a_process_of_another_unkillable)
{
	struct iotarget_fetch_element record = {};
	enum { SEND, READ, READ_SIGNALLED, CALLS } how;
	int device, marked;
	pid_t child;

	if (geteuid())
		SKIP(return, "more than one user needs root");
	ASSERT_EQ(0, seteuid(ALICE));
	device = parallel_create();
	ASSERT_EQ(0, seteuid(0));
	ASSERT_GE(device, 0);
	for (how = SEND; how < CALLS; how++) {
		child = stuck_start(device, how != SEND);
		EXPECT_EQ(0, kill_and_reap(child));
		EXPECT_EQ(-EAGAIN, fetch_now(device, 0, &record));
		for (marked = 0; marked < 2; marked++) {
			memset(&record, 0, sizeof(record));
			child = stuck_start(device, how != SEND);
			ASSERT_EQ(0, fetch_one(device, marked ?
					       IOTARGET_FETCH_CANCELABLE : 0,
					       &record));
			EXPECT_EQ(BOB, record.uid);
			if (how == READ_SIGNALLED) {
				kill(child, SIGUSR1);
				while (marked ? !readable(device) :
						!is_canceled(device, record.id))
					sched_yield();
			}
			EXPECT_EQ(0, kill_and_reap(child));
			/* The host is told, and may answer the dead. */
			EXPECT_EQ(marked ? 0 : -EAGAIN,
				  fetch_now(device, 0, &record));
			EXPECT_EQ(1, is_canceled(device, record.id));
			EXPECT_EQ(0, complete(device, record.id, 0));
			EXPECT_EQ(-EAGAIN, fetch_now(device, 0, &record));
		}
	}
}

/* ----------------------------------------------------------- a fork bomb */

#define MIB		(1L << 20)
#define BOMB_MAX	(64 * MIB)
#define PARAMETERS	"/sys/module/iotarget/parameters/"

/* Out of the way, so that the cgroup alone holds the bomb. */
static const char *const bomb_caps[] = {
	PARAMETERS "user_requests", PARAMETERS "user_bytes",
	PARAMETERS "user_targets",
};

#define BOMB_CAPS	3

FIXTURE(bomb) {
	int device;
	long saved[BOMB_CAPS];
};

FIXTURE_SETUP(bomb)
{
	int i;

	if (geteuid())
		SKIP(return, "a cgroup needs root");
	ASSERT_EQ(0, text_into(CGROUPS "/cgroup.subtree_control",
			       "+memory +pids"));
	ASSERT_EQ(0, mkdir(CGROUP, 0755));
	ASSERT_EQ(0, text_into(CGROUP "/memory.max", "64M"));
	/* One report of the kernel's, not one for each process. */
	ASSERT_EQ(0, text_into(CGROUP "/memory.oom.group", "1"));
	ASSERT_EQ(0, text_into(CGROUP "/pids.max", "32"));
	for (i = 0; i < BOMB_CAPS; i++) {
		self->saved[i] = number_in(bomb_caps[i], NULL);
		ASSERT_EQ(0, text_into(bomb_caps[i], "1000000000000"));
	}
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
}

/* Also when the test was ended by its time. */
FIXTURE_TEARDOWN_PARENT(bomb)
{
	char text[32];
	int i;

	if (geteuid())
		return;
	cgroup_remove();
	for (i = 0; i < BOMB_CAPS && self->saved[i]; i++) {
		snprintf(text, sizeof(text), "%ld", self->saved[i]);
		text_into(bomb_caps[i], text);
	}
}

/* One SEND. Returns how many it accepted or a negative errno. */
static int send_many(int target, __u32 count, __u32 bytes)
{
	static struct iotarget_send_element e[128];
	static char payload[256 << 10];
	struct iotarget_send arg = send_arg(0, e, count, NULL, 0);
	__u32 i;

	for (i = 0; i < count; i++)
		e[i] = (struct iotarget_send_element) {
			.type = IOTARGET_TYPE_WRITE,
			.in = ADDRESS(payload), .in_length = bytes,
		};
	return call(target, IOTARGET_SEND, &arg) ?: (int)arg.sent;
}

/*
 * Takes all there is: processes, targets, slots, payload. Who gets no more
 * ends, so that it ends also where nothing holds it.
 */
static void bomb(int device)
{
	static const __u32 bytes[] = { 0, 4096, 256 << 10 };
	int target, i = 0;

	while (fork() >= 0)
		;
	for (;;) {
		target = target_open(device);
		if (target < 0)
			_exit(0);
		while (send_many(target, i % 3 ? 1 : 128, bytes[i % 3]) > 0)
			i++;
	}
}

static long machine_available(void)
{
	return number_in("/proc/meminfo", "MemAvailable:") * 1024;
}

TEST_F(bomb, of_senders_stays_in_its_cgroup)
{
	long before, least, now;
	struct iotarget_fetch_element record = {};
	int device = parallel_create();
	int target = target_open(device);
	unsigned long trips = 0;
	pid_t child;

	ASSERT_GE(target, 0);
	ASSERT_EQ(0, trip(device, target));
	/* All that it leaves behind is reaped here. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	before = least = machine_available();
	child = child_fork();
	if (!child) {
		cgroup_enter();
		become(BOB);
		bomb(self->device);
	}
	while (waitpid(-1, NULL, WNOHANG) >= 0) {
		now = machine_available();
		if (now < least)
			least = now;
		/* Nothing holds it: then this does. */
		if (now < before - 4 * BOMB_MAX)
			text_into(CGROUP "/cgroup.kill", "1");
		/* Meanwhile others are served. */
		ASSERT_EQ(0, trip(device, target));
		trips++;
	}
	TH_LOG("%lu trips; the cgroup had %ld MiB at most, the machine lacked %ld MiB",
	       trips, number_in(CGROUP "/memory.peak", NULL) / MIB,
	       (before - least) / MIB);
	/* It did reach its limit, or this test has shown nothing. */
	EXPECT_LT(0, number_in(CGROUP "/memory.events", "oom_kill "));
	EXPECT_LT(BOMB_MAX - 4 * MIB, number_in(CGROUP "/memory.peak", NULL));
	EXPECT_GE(BOMB_MAX, number_in(CGROUP "/memory.peak", NULL));
	/* What is counted lazily, and what others took meanwhile. */
	EXPECT_GT(2 * BOMB_MAX, before - least);

	/* And all of it comes back, though not all at once. */
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record));
	while (number_in(CGROUP "/memory.current", NULL) > 2 * MIB)
		sched_yield();
	EXPECT_EQ(0, trip(device, target));
}

TEST_HARNESS_MAIN
