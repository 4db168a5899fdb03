// SPDX-License-Identifier: GPL-2.0
/*
 * A driver in a module: what the nodes of iotarget_loopback answer; that
 * whoever cancels has run the cancel routine when it returns; and that the module
 * can go at any time. U15 as a module has it, U99.
 *
 * The last test removes iotarget_loopback. Where it is not loaded, all skip.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "common.h"

/* kmod/loopback.c */
#define LOOPBACK_RELEASE	_IO('l', 1)
#define LOOPBACK_SYNC		_IO('l', 2)
#define LOOPBACK_PARK		_IO('l', 3)
#define LOOPBACK_PURGE		_IO('l', 4)

#define NODE(mode)	IOTARGET_NODE_DIR "loopback-" mode
#define STATE		"/sys/kernel/debug/iotarget/state"
#define DELAY_MS	"/sys/module/iotarget_loopback/parameters/delay_ms"

#define OPEN(fd, node) do {						\
	fd = open(node, O_RDWR | O_CLOEXEC);				\
	if (fd < 0 && errno == ENOENT)					\
		SKIP(return, "no loopback module here");		\
	ASSERT_GE(fd, 0);						\
} while (0)

static __u64 clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* What a file says, after a newline, so that a line can be looked for. */
static const char *file_read(const char *path)
{
	static char text[8192] = "\n";
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text + 1, sizeof(text) - 2);

	close(fd);
	text[n > 0 ? n + 1 : 1] = 0;
	return text;
}

/* Returns when a file of /proc says this of a thread. */
static void wait_proc(pid_t tid, const char *name, const char *line)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	while (!strstr(file_read(path), line))
		sched_yield();
}

/* Whose pages are pinned has them locked. */
static unsigned long pinned_kib(void)
{
	return strtoul(strstr(file_read("/proc/self/status"), "VmPin:") + 6,
		       NULL, 10);
}

static __u64 delay_ns(void)
{
	return strtoul(file_read(DELAY_MS), NULL, 10) * 1000000ULL;
}

static bool delay_set(const char *ms)
{
	int fd = open(DELAY_MS, O_WRONLY);
	bool ok = write(fd, ms, strlen(ms)) > 0;

	close(fd);
	return ok;
}

static int send_element(int target, struct iotarget_send_element e, __u64 *id)
{
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	int ret = call(target, IOTARGET_SEND, &arg);

	*id = e.id;
	return ret ? ret : arg.sent == 1 ? 0 : -EPROTO;
}

/* ----------------------------------------------------------- every mode */

FIXTURE(loopback) {
	int target;
};

FIXTURE_VARIANT(loopback) {
	const char *node;
	bool held;		/* until LOOPBACK_RELEASE */
	enum verdict first;	/* what CANCEL answers */
	enum verdict again;
};

FIXTURE_VARIANT_ADD(loopback, now) { NODE("now"), false, COMPLETED, COMPLETED };
FIXTURE_VARIANT_ADD(loopback, hold) { NODE("hold"), true, MARKED, MARKED };
FIXTURE_VARIANT_ADD(loopback, delay) { NODE("delay"), false, 0, 0 };
FIXTURE_VARIANT_ADD(loopback, cancel) { NODE("cancel"), true, DELIVERED, COMPLETED };
FIXTURE_VARIANT_ADD(loopback, ignore) { NODE("ignore"), true, DELIVERED, TOLD };

/* Does a cancel complete what this node has? */
#define HAS_ROUTINE (variant->held && variant->again == COMPLETED)

FIXTURE_SETUP(loopback)
{
	OPEN(self->target, variant->node);
}

/* What a test left behind is no matter of the next one's. */
FIXTURE_TEARDOWN(loopback)
{
	EXPECT_EQ(0, ioctl(self->target, LOOPBACK_RELEASE));
	close(self->target);
}

/* A room: the input in its first half, the output in the other. */
#define HALF	(32 * 4096)
#define ROOM	(2 * HALF)
#define UNTOUCHED	0xee
#define IN_BYTE(i)	(unsigned char)(7 * (i) + 3)

/* @at: where in a page the sender's buffer begins */
static const struct transfer {
	__u32 type, in, out, at;
} transfers[] = {
	{ IOTARGET_TYPE_READ, 0, 0, 0 },
	{ IOTARGET_TYPE_READ, 0, 1, 0 },
	{ IOTARGET_TYPE_READ, 0, 64, 1 },
	{ IOTARGET_TYPE_READ, 0, 65, 4090 },
	{ IOTARGET_TYPE_READ, 0, 4096, 0 },
	{ IOTARGET_TYPE_READ, 0, 4096, 4095 },
	/* above a page: the sender's own pages */
	{ IOTARGET_TYPE_READ, 0, 4097, 0 },
	{ IOTARGET_TYPE_READ, 0, 4097, 4095 },
	{ IOTARGET_TYPE_READ, 0, 3 * 4096, 1 },
	{ IOTARGET_TYPE_READ, 0, 100003, 77 },
	{ IOTARGET_TYPE_WRITE, 0, 0, 0 },
	{ IOTARGET_TYPE_WRITE, 1, 0, 1 },
	{ IOTARGET_TYPE_WRITE, 64, 0, 0 },
	{ IOTARGET_TYPE_WRITE, 4096, 0, 1 },
	{ IOTARGET_TYPE_WRITE, 100003, 0, 77 },
	{ IOTARGET_TYPE_CONTROL, 0, 0, 0 },
	{ IOTARGET_TYPE_CONTROL, 8, 0, 0 },
	{ IOTARGET_TYPE_CONTROL, 0, 8, 0 },
	{ IOTARGET_TYPE_CONTROL, 8, 8, 3 },
	{ IOTARGET_TYPE_CONTROL, 64, 64, 4090 },
	{ IOTARGET_TYPE_CONTROL, 4097, 4097, 1 },
	{ IOTARGET_TYPE_CONTROL, 16383, 16383, 77 },
	{ IOTARGET_TYPE_CONTROL, 8, 5000, 0 },
	{ IOTARGET_TYPE_CONTROL, 5000, 8, 0 },
};

#define TRANSFERS	(sizeof(transfers) / sizeof(transfers[0]))

static __u32 transfer_count(const struct transfer *t)
{
	if (t->type == IOTARGET_TYPE_CONTROL)
		return t->in < t->out ? t->in : t->out;
	return t->type == IOTARGET_TYPE_READ ? t->out : t->in;
}

/* Page-aligned room for each transfer, as before any. */
static unsigned char *rooms_get(void)
{
	unsigned char *rooms = mmap(NULL, TRANSFERS * ROOM, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (rooms == MAP_FAILED)
		abort();
	memset(rooms, UNTOUCHED, TRANSFERS * ROOM);
	for (__u32 t = 0; t < TRANSFERS; t++)
		for (__u32 i = 0; i < transfers[t].in; i++)
			rooms[t * ROOM + transfers[t].at + i] = IN_BYTE(i);
	return rooms;
}

/* Where the room is not as it must be after the transfer; -1: nowhere. */
static long room_wrong(const struct transfer *t, const unsigned char *room,
		       __u32 out)
{
	unsigned char byte;

	for (long i = 0; i < ROOM; i++) {
		__u32 at = i % HALF - t->at;	/* before it: very large */

		byte = UNTOUCHED;
		if (at < (i < HALF ? t->in : out))
			byte = t->type == IOTARGET_TYPE_READ ? at : IN_BYTE(at);
		if (room[i] != byte)
			return i;
	}
	return -1;
}

TEST_F(loopback, send)
{
	unsigned char *rooms = rooms_get();
	struct iotarget_reap_element r;
	__u64 id[TRANSFERS];
	__u32 t;

	for (t = 0; t < TRANSFERS; t++) {
		const struct transfer *x = &transfers[t];
		__u64 address = ADDRESS(rooms + t * ROOM + x->at);

		ASSERT_EQ(0, send_element(self->target,
			  (struct iotarget_send_element) {
				.type = x->type, .user_data = t, .offset = 5,
				.in = address, .in_length = x->in,
				.out = address + HALF, .out_length = x->out,
			  }, &id[t]));
	}
	ASSERT_EQ(0, ioctl(self->target, LOOPBACK_SYNC));
	if (variant->held) {
		EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
		ASSERT_EQ(0, ioctl(self->target, LOOPBACK_RELEASE));
	}
	for (__u32 n = 0; n < TRANSFERS; n++) {
		/* delay alone is still to come, and not always in this order */
		ASSERT_EQ(0, variant->held || variant->first ?
			  reap_now(self->target, &r) : reap_one(self->target, &r));
		t = r.user_data;
		ASSERT_GT(TRANSFERS, t);
		EXPECT_EQ(id[t], r.id);
		id[t] = 0;
		EXPECT_EQ(0, r.status);
		EXPECT_EQ(transfer_count(&transfers[t]), r.information);
		EXPECT_EQ(-1, room_wrong(&transfers[t], rooms + t * ROOM,
					 transfers[t].out ? r.information : 0));
	}
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
}

/* As /proc/TID/syscall has them. */
static const char *const in_call[] = {
	[IOTARGET_TYPE_READ] = "\n0 0x",
	[IOTARGET_TYPE_WRITE] = "\n1 0x",
	[IOTARGET_TYPE_CONTROL] = "\n16 0x",
};

struct plain {
	const struct transfer *transfer;
	int fd;
	void *bytes;
};

static int plain_main(void *arg)
{
	struct plain *p = arg;
	__u32 in = p->transfer->in, out = p->transfer->out;
	long ret;

	if (p->transfer->type == IOTARGET_TYPE_READ)
		ret = read(p->fd, p->bytes, out);
	else if (p->transfer->type == IOTARGET_TYPE_WRITE)
		ret = write(p->fd, p->bytes, in);
	else
		ret = ioctl(p->fd, _IOC((in ? _IOC_WRITE : 0) |
					(out ? _IOC_READ : 0), 'l', 7,
					in ? in : out), p->bytes);
	return ret < 0 ? -errno : ret;
}

TEST_F(loopback, plain)
{
	unsigned char *rooms = rooms_get();
	struct background b;

	for (__u32 t = 0; t < TRANSFERS; t++) {
		const struct transfer *x = &transfers[t];
		bool read = x->type == IOTARGET_TYPE_READ;
		struct plain p = {
			x, self->target,
			rooms + t * ROOM + x->at + (read ? HALF : 0),
		};

		/* what the number of an ioctl cannot say */
		if (x->in && x->out && x->in != x->out)
			continue;
		background_start(&b, plain_main, &p);
		if (variant->held) {
			wait_proc(b.tid, "syscall", in_call[x->type]);
			ASSERT_EQ(0, ioctl(self->target, LOOPBACK_RELEASE));
		}
		EXPECT_EQ(x->type == IOTARGET_TYPE_CONTROL ? 0 : transfer_count(x),
			  background_join(&b));
		EXPECT_EQ(-1, room_wrong(x, rooms + t * ROOM, read ? x->out : 0));
	}
}

/* ---------------------------------------------------------------- cancel */

#define LENGTH 16

TEST_F(loopback, cancel_and_again)
{
	const struct {
		__u32 scope, tid;
	} ways[] = {
		{ IOTARGET_CANCEL_ID, 0 },
		{ IOTARGET_CANCEL_ALL, 0 },
		{ IOTARGET_CANCEL_THREAD, 0 },
		{ IOTARGET_CANCEL_THREAD, own_tid() },
	};
	struct iotarget_reap_element r;
	unsigned char out[LENGTH];
	__u64 id;

	if (!variant->first)
		return;		/* delay: time decides; delay_is_never_early */
	for (int w = 0; w < 4; w++) {
		bool by_id = ways[w].scope == IOTARGET_CANCEL_ID;

		memset(out, UNTOUCHED, sizeof(out));
		ASSERT_EQ(0, send_read(self->target, out, LENGTH, &id));
		ASSERT_EQ(0, ioctl(self->target, LOOPBACK_SYNC));
		EXPECT_EQ(!by_id && variant->first == COMPLETED ? -ENOENT :
			  (int)variant->first,
			  cancel_by(self->target, ways[w].scope, ways[w].tid,
				    by_id ? id : 0));
		EXPECT_EQ(variant->again, cancel(self->target, id));
		if (variant->held && !HAS_ROUTINE) {
			EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
			ASSERT_EQ(0, ioctl(self->target, LOOPBACK_RELEASE));
		}
		ASSERT_EQ(0, reap_now(self->target, &r));
		EXPECT_EQ(id, r.id);
		EXPECT_EQ(HAS_ROUTINE ? -ECANCELED : 0, r.status);
		EXPECT_EQ(HAS_ROUTINE ? 0 : LENGTH, r.information);
		EXPECT_EQ(HAS_ROUTINE ? UNTOUCHED : LENGTH - 1, out[LENGTH - 1]);
		EXPECT_EQ(-ENOENT, cancel(self->target, id));
		EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	}
}

/* A plain reader, by a signal and by CANCEL of its thread. */
TEST_F(loopback, cancel_of_a_reader)
{
	static const struct transfer x = { IOTARGET_TYPE_READ, 0, LENGTH, 0 };
	unsigned char out[LENGTH];
	struct plain p = { &x, self->target, out };
	struct background b;

	if (!variant->held)
		return;		/* nobody can tell when to cancel it */
	catch_signal(SIGINT, false);
	for (int signal = 0; signal < 2; signal++) {
		background_start(&b, plain_main, &p);
		wait_proc(b.tid, "syscall", in_call[x.type]);
		ASSERT_EQ(0, ioctl(self->target, LOOPBACK_SYNC));
		if (signal)
			signal_thread(b.tid, SIGINT);
		else
			EXPECT_EQ(variant->first,
				  cancel_by(self->target, IOTARGET_CANCEL_THREAD,
					    b.tid, 0));
		if (!HAS_ROUTINE) {
			/* the signal was its one cancel: now only death ends it */
			if (signal)
				wait_proc(b.tid, "status", "\nState:\tD");
			ASSERT_EQ(0, ioctl(self->target, LOOPBACK_RELEASE));
		}
		EXPECT_EQ(!HAS_ROUTINE ? LENGTH : signal ? -EINTR : -ECANCELED,
			  background_join(&b));
	}
}

/* Nobody reaps: that the sender's pages are let go shows when it is over. */
TEST_F(loopback, close)
{
	static unsigned char out[3 * 4096];
	unsigned long before = pinned_kib();
	int target;
	__u64 id;

	OPEN(target, variant->node);
	ASSERT_EQ(0, send_read(target, out, sizeof(out), &id));
	ASSERT_EQ(0, ioctl(self->target, LOOPBACK_SYNC));
	EXPECT_LT(before, pinned_kib());
	EXPECT_EQ(0, close(target));
	if (variant->held && !HAS_ROUTINE) {
		EXPECT_LT(before, pinned_kib());
		ASSERT_EQ(0, ioctl(self->target, LOOPBACK_RELEASE));
	} else if (variant->held) {
		EXPECT_EQ(before, pinned_kib());
	}
	while (pinned_kib() != before)
		sched_yield();
}

TEST(deadline)
{
	__u64 id, deadline, ns = 50000000;
	struct iotarget_reap_element r;
	int target;

	OPEN(target, NODE("cancel"));
	/* until the driver has marked it before it is due */
	for (;; ns *= 2) {
		deadline = clock_ns() + ns;
		ASSERT_EQ(0, send_element(target, (struct iotarget_send_element) {
				.type = IOTARGET_TYPE_CONTROL, .deadline = deadline,
			  }, &id));
		ASSERT_EQ(0, ioctl(target, LOOPBACK_SYNC));
		if (clock_ns() < deadline)
			break;
		ASSERT_EQ(0, reap_one(target, &r));
	}
	ASSERT_EQ(0, reap_one(target, &r));
	EXPECT_LE(deadline, clock_ns());
	EXPECT_EQ(id, r.id);
	EXPECT_EQ(-ETIMEDOUT, r.status);
	EXPECT_EQ(-EAGAIN, reap_now(target, &r));
}

TEST(delay_is_never_early)
{
	struct iotarget_reap_element r;
	unsigned char out[LENGTH];
	__u64 id, due;
	int target;

	OPEN(target, NODE("delay"));
	for (int i = 0; i < 10; i++) {
		due = clock_ns() + delay_ns();
		ASSERT_EQ(0, send_read(target, out, LENGTH, &id));
		ASSERT_EQ(0, ioctl(target, LOOPBACK_SYNC));
		/* (a machine that stands still may be late) */
		EXPECT_TRUE(cancel(target, id) == MARKED || clock_ns() >= due);
		ASSERT_EQ(0, reap_one(target, &r));
		EXPECT_LE(due, clock_ns());
		EXPECT_EQ(id, r.id);
		EXPECT_EQ(0, r.status);
		EXPECT_EQ(LENGTH, r.information);
		due = clock_ns() + delay_ns();
		EXPECT_EQ(LENGTH, read(target, out, LENGTH));
		EXPECT_LE(due, clock_ns());
	}
}

/* ---------------------------------------------------------------- races */

#define BATCH 64

FIXTURE(race) {
	int target;
	int releaser;
	unsigned int seed;
};

FIXTURE_SETUP(race)
{
	OPEN(self->target, NODE("cancel"));
	OPEN(self->releaser, NODE("cancel"));
	self->seed = seed_get();
	TH_LOG("seed %u", self->seed);
}

FIXTURE_TEARDOWN(race)
{
	close(self->target);
}

/* All of a batch, which lie ready: their statuses, each exactly once. */
static int reap_batch(int target, const __u64 *id, int *status)
{
	struct iotarget_reap_element r;
	int i;

	for (i = 0; i < BATCH; i++)
		status[i] = 1;
	for (i = 0; i < BATCH; i++) {
		if (reap_now(target, &r) || r.user_data >= BATCH ||
		    r.id != id[r.user_data] || status[r.user_data] != 1)
			return -EPROTO;
		status[r.user_data] = r.status;
	}
	return reap_now(target, &r) == -EAGAIN ? 0 : -EPROTO;
}

/*
 * MARKED can only say here that the cancel came before the driver's mark, in
 * on_request(). The mark finds it: the routine is not called, nothing is lost.
 * The cancel comes 0 to 7 requests later: that meets the driver on any machine.
 */
TEST_F_TIMEOUT(race, U15_cancel_before_the_mark, HOUR)
{
	unsigned long marked = 0, rounds = rounds_get(20000) / BATCH, n;
	int status[BATCH], i, v, lag;
	__u64 id[BATCH];

	for (n = 0; n < rounds || !marked; n++) {
		lag = n % 8;
		for (i = 0; i < BATCH + lag; i++) {
			if (i < BATCH)
				ASSERT_EQ(0, send_one(self->target, i, &id[i]));
			if (i < lag)
				continue;
			v = cancel(self->target, id[i - lag]);
			ASSERT_TRUE(v == DELIVERED || v == MARKED);
			marked += v == MARKED;
		}
		ASSERT_EQ(0, ioctl(self->target, LOOPBACK_SYNC));
		ASSERT_EQ(0, reap_batch(self->target, id, status));
		for (i = 0; i < BATCH; i++)
			ASSERT_EQ(-ECANCELED, status[i]);
	}
	TH_LOG("%lu rounds: %lu cancels in on_request()", n, marked);
}

/* Two threads that cancel a batch, from either end, while it is released. */
struct canceller {
	int target;
	const __u64 *id;
	unsigned long rounds;
	bool backward;
	unsigned int seed;
	pthread_barrier_t *barrier;
	unsigned char delivered[BATCH];
	unsigned long failures;
	pthread_t thread;
};

static void *canceller_main(void *arg)
{
	struct canceller *c = arg;
	int i, j, v;

	while (c->rounds--) {
		pthread_barrier_wait(c->barrier);
		for (i = 0; i < BATCH; i++) {
			j = c->backward ? BATCH - 1 - i : i;
			v = cancel(c->target, c->id[j]);
			c->delivered[j] = v == DELIVERED;
			c->failures += v < 0;
			if (!draw(&c->seed, 8))
				sched_yield();
		}
		pthread_barrier_wait(c->barrier);
	}
	return NULL;
}

TEST_F_TIMEOUT(race, cancels_and_release, HOUR)
{
	unsigned long delivered = 0, rounds = rounds_get(20000) / BATCH + 1, n;
	struct canceller c[2];
	pthread_barrier_t barrier;
	struct iotarget_reap_element r;
	int status[BATCH], i, told;
	__u64 id[BATCH], release;

	pthread_barrier_init(&barrier, NULL, 3);
	for (i = 0; i < 2; i++) {
		c[i] = (struct canceller) {
			.target = self->target, .id = id, .rounds = rounds,
			.backward = i, .seed = self->seed + i,
			.barrier = &barrier,
		};
		pthread_create(&c[i].thread, NULL, canceller_main, &c[i]);
	}
	for (n = 0; n < rounds; n++) {
		for (i = 0; i < BATCH; i++)
			ASSERT_EQ(0, send_one(self->target, i, &id[i]));
		/* all are marked: only the release makes them uncancelable */
		ASSERT_EQ(0, ioctl(self->target, LOOPBACK_SYNC));
		/* (a worker takes its time to run) */
		ASSERT_EQ(0, send_element(self->releaser,
			  (struct iotarget_send_element) {
				.type = IOTARGET_TYPE_CONTROL,
				.code = LOOPBACK_RELEASE,
			  }, &release));
		for (i = draw(&self->seed, 8); i; i--)
			sched_yield();
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		ASSERT_EQ(0, reap_one(self->releaser, &r));
		ASSERT_EQ(0, reap_batch(self->target, id, status));
		for (i = 0; i < BATCH; i++) {
			told = c[0].delivered[i] + c[1].delivered[i];
			ASSERT_EQ(told ? -ECANCELED : 0, status[i]);
			ASSERT_GE(1, told);
			delivered += told;
		}
	}
	for (i = 0; i < 2; i++) {
		pthread_join(c[i].thread, NULL);
		EXPECT_EQ(0, c[i].failures);
	}
	TH_LOG("%lu: %lu cancelled", n * BATCH, delivered);
	/* Both came about, or this test has shown nothing. */
	EXPECT_LT(0, delivered);
	EXPECT_GT(n * BATCH, delivered);
}

/* ------------------------------------------------------------------- U99 */

enum mode { NOW, HOLD, DELAY, CANCEL, IGNORE, MODES };

static const char *const nodes[MODES] = {
	NODE("now"), NODE("hold"), NODE("delay"), NODE("cancel"), NODE("ignore"),
};

#define PROCESSES 2

/* What loads one node from one process: a sender that cancels, and a reader. */
struct lane {
	enum mode mode;
	int target;
	atomic_ulong sent, reads;
	unsigned long status[3];	/* 0, cancelled, driver gone */
	atomic_int reader;
	pthread_t sender_thread, reader_thread;
	int failures;
};

static void *lane_reader(void *arg)
{
	struct lane *l = arg;
	char out[LENGTH];
	ssize_t n;

	atomic_store(&l->reader, own_tid());
	do {
		l->reads++;
		n = read(l->target, out, LENGTH);
	} while (n == LENGTH || errno == ECANCELED);
	l->failures += errno != ENODEV;
	return NULL;
}

/* One completion; @verdict: of the cancels that were tried. */
static bool lane_reap(struct lane *l, const __u64 *id, int *verdict)
{
	struct iotarget_reap_element r;
	int *v;

	if (reap_one(l->target, &r) || r.user_data >= BATCH ||
	    r.id != id[r.user_data])
		return false;
	v = &verdict[r.user_data];
	l->status[r.status == -ECANCELED ? 1 : r.status == -ENODEV ? 2 : 0]++;
	switch (r.status) {
	case -ECANCELED:	/* somebody was told, or the mark was found */
		return *v == DELIVERED || *v == MARKED;
	case -ENODEV:		/* "delivered" would have kept its word */
		return !*v || *v == MARKED || *v == COMPLETED;
	default:
		return !r.status;
	}
}

/* Batches, every other one cancelled, until the driver has gone: none is lost. */
static void *lane_sender(void *arg)
{
	struct iotarget_reap_element r;
	struct lane *l = arg;
	int verdict[BATCH];
	__u64 id[BATCH];
	int n, ret;

	do {
		for (n = 0; n < BATCH; n++) {
			ret = send_one(l->target, n, &id[n]);
			if (ret)
				break;
			verdict[n] = n % 2 ? cancel(l->target, id[n]) : 0;
			l->sent++;
		}
		if (l->mode == CANCEL)
			ioctl(l->target, LOOPBACK_RELEASE);
		cancel_by(l->target, IOTARGET_CANCEL_THREAD, l->reader, 0);
		while (n--)
			l->failures += !lane_reap(l, id, verdict);
	} while (!ret);
	l->failures += ret != -ENODEV || reap_one(l->target, &r) != -ENODEV;
	return NULL;
}

/* A process: a lane of each mode. */
static void process_main(struct lane *lane)
{
	int m, failures = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (m = 0; m < MODES; m++) {
		struct lane *l = &lane[m];

		l->mode = m;
		l->target = open(nodes[m], O_RDWR);
		pthread_create(&l->reader_thread, NULL, lane_reader, l);
		while (!atomic_load(&l->reader))
			sched_yield();
		pthread_create(&l->sender_thread, NULL, lane_sender, l);
	}
	for (m = 0; m < MODES; m++) {
		pthread_join(lane[m].sender_thread, NULL);
		pthread_join(lane[m].reader_thread, NULL);
		failures += lane[m].failures;
	}
	_exit(failures != 0);
}

/* ------------------------------------------------- several queues: the pipe */

#define READS	3

FIXTURE(pipe) {
	int target;
	char out[READS][16];
	__u64 read[READS];
};

FIXTURE_SETUP(pipe)
{
	int i;

	memset(self->out, 0, sizeof(self->out));
	OPEN(self->target, NODE("pipe"));
	for (i = 0; i < READS; i++)
		ASSERT_EQ(0, send_read(self->target, self->out[i],
				       sizeof(self->out[i]), &self->read[i]));
}

FIXTURE_TEARDOWN(pipe)
{
	close(self->target);
}

#define EXPECT_READ(i, s, n) do {					\
	struct iotarget_reap_element r_;				\
									\
	ASSERT_EQ(0, reap_now(self->target, &r_));			\
	EXPECT_EQ(self->read[i], r_.id);				\
	EXPECT_EQ(s, r_.status);					\
	EXPECT_EQ(n, r_.information);					\
} while (0)

#define EXPECT_NO_READ() do {						\
	struct iotarget_reap_element r_;				\
									\
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r_));		\
} while (0)

/* Manual, and routed by type: U53, U55's order, U07. */
TEST_F(pipe, a_write_feeds_the_read_that_waits_longest)
{
	EXPECT_EQ(3, write(self->target, "abc", 3));
	EXPECT_READ(0, 0, 3);
	EXPECT_EQ(0, memcmp(self->out[0], "abc", 4));
	EXPECT_EQ(DELIVERED, cancel(self->target, self->read[1]));
	EXPECT_READ(1, -ECANCELED, 0);
	/* as much as it takes */
	EXPECT_EQ(16, write(self->target, "0123456789abcdefghij", 20));
	EXPECT_READ(2, 0, 16);
	EXPECT_EQ(0, memcmp(self->out[2], "0123456789abcdef", 16));
	EXPECT_EQ(0, write(self->target, "abc", 3));
	EXPECT_NO_READ();
}

/* What the driver had, and gave to a queue that tells of cancels, it has again. */
TEST_F(pipe, U03_cancelled_after_a_forward)
{
	EXPECT_EQ(0, ioctl(self->target, LOOPBACK_PARK));
	EXPECT_NO_READ();
	EXPECT_EQ(DELIVERED, cancel(self->target, self->read[0]));
	EXPECT_READ(0, -ESTALE, 0);
	/* the next one is the first that waits still, and was not had */
	EXPECT_EQ(DELIVERED, cancel(self->target, self->read[1]));
	EXPECT_READ(1, -ECANCELED, 0);
	EXPECT_EQ(1, write(self->target, "x", 1));
	EXPECT_READ(2, 0, 1);
}

TEST_F(pipe, U42_purge_and_its_notice)
{
	int i;

	EXPECT_EQ(0, ioctl(self->target, LOOPBACK_PARK));
	EXPECT_EQ(0, ioctl(self->target, LOOPBACK_PURGE));
	/* the notice has come: nothing waits there any more */
	for (i = 1; i < READS; i++)
		EXPECT_READ(i, -ECANCELED, 0);
	/* the other queue is none of its business */
	EXPECT_NO_READ();
	EXPECT_EQ(DELIVERED, cancel(self->target, self->read[0]));
	EXPECT_READ(0, -ESTALE, 0);
	/* U46: started again */
	ASSERT_EQ(0, send_read(self->target, self->out[0], 16, &self->read[0]));
	EXPECT_EQ(2, write(self->target, "yz", 2));
	EXPECT_READ(0, 0, 2);
	EXPECT_EQ(0, ioctl(self->target, LOOPBACK_PURGE));
}

TEST_F(pipe, nothing_to_park)
{
	EXPECT_EQ(0, ioctl(self->target, LOOPBACK_PURGE));
	EXPECT_EQ(-1, ioctl(self->target, LOOPBACK_PARK));
	EXPECT_EQ(ENODATA, errno);
	EXPECT_EQ(-1, ioctl(self->target, LOOPBACK_SYNC));
	EXPECT_EQ(ENOTTY, errno);
}

/* Closed with reads in both queues: the driver completes what it is told of. */
TEST_F(pipe, close_with_reads_in_both)
{
	int i;

	EXPECT_EQ(0, ioctl(self->target, LOOPBACK_PARK));
	for (i = 0; i < 100; i++) {
		close(self->target);
		OPEN(self->target, NODE("pipe"));
		ASSERT_EQ(0, send_read(self->target, self->out[0], 16,
				       &self->read[0]));
		ASSERT_EQ(0, send_read(self->target, self->out[1], 16,
				       &self->read[1]));
		EXPECT_EQ(0, ioctl(self->target, LOOPBACK_PARK));
	}
	EXPECT_EQ(DELIVERED, cancel(self->target, self->read[0]));
	EXPECT_READ(0, -ESTALE, 0);
}

/* What nobody releases, and how it ends. */
static const struct {
	enum mode mode;
	int verdict;	/* of a cancel before; 0: none comes */
	int status;
} pending[] = {
	{ NOW, 0, 0 },
	{ HOLD, 0, -ENODEV },
	{ HOLD, MARKED, -ENODEV },
	{ DELAY, 0, -ENODEV },
	{ DELAY, MARKED, -ENODEV },
	{ IGNORE, 0, -ENODEV },
	{ IGNORE, DELIVERED, -ECANCELED },
};

#define PENDING	(sizeof(pending) / sizeof(pending[0]))

FIXTURE(u99) {
	int target[MODES];
	int pipe;
};

FIXTURE_SETUP(u99)
{
	for (int m = 0; m < MODES; m++)
		OPEN(self->target[m], nodes[m]);
	OPEN(self->pipe, NODE("pipe"));
}

FIXTURE_TEARDOWN(u99)
{
}

/* It removes the module: nothing can come after it. */
TEST_F(u99, U99_a_driver_module_goes_under_load)
{
	struct lane (*lane)[MODES] = mmap(NULL, PROCESSES * sizeof(*lane),
					  PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct iotarget_reap_element r;
	int target, status, p, m;
	pid_t child[PROCESSES];
	char out[16];
	__u64 id;

	if (geteuid())
		SKIP(return, "unloading needs CAP_SYS_MODULE");
	ASSERT_NE(MAP_FAILED, lane);
	ASSERT_TRUE(delay_set("3600000"));
	for (p = 0; p < PENDING; p++) {
		target = self->target[pending[p].mode];
		ASSERT_EQ(0, send_one(target, p, &id));
		ASSERT_EQ(0, ioctl(target, LOOPBACK_SYNC));
		if (pending[p].verdict)
			ASSERT_EQ(pending[p].verdict, cancel(target, id));
	}
	/* the pipe: reads in each queue */
	for (p = 0; p < 3; p++) {
		ASSERT_EQ(0, send_read(self->pipe, out, sizeof(out), &id));
		if (p < 2)
			ASSERT_EQ(0, ioctl(self->pipe, LOOPBACK_PARK));
	}
	ASSERT_TRUE(delay_set("1"));
	EXPECT_NE(NULL, strstr(file_read(STATE), " driver"));
	for (p = 0; p < PROCESSES; p++) {
		child[p] = fork();
		ASSERT_LE(0, child[p]);
		if (!child[p])
			process_main(lane[p]);
	}
	for (p = 0; p < PROCESSES; p++)
		for (m = 0; m < MODES; m++)
			while (lane[p][m].sent < BATCH || !lane[p][m].reads)
				sched_yield();

	EXPECT_EQ(0, syscall(SYS_delete_module, "iotarget_loopback", O_NONBLOCK));

	for (p = 0; p < PROCESSES; p++) {
		EXPECT_EQ(child[p], waitpid(child[p], &status, 0));
		EXPECT_EQ(0, status);
		for (m = 0; m < MODES; m++)
			TH_LOG("%s: %lu completed, %lu cancelled, %lu ended; %lu reads; %d failures",
			       nodes[m], lane[p][m].status[0],
			       lane[p][m].status[1], lane[p][m].status[2],
			       lane[p][m].reads, lane[p][m].failures);
	}
	for (p = 0; p < PENDING; p++) {
		ASSERT_EQ(0, reap_now(self->target[pending[p].mode], &r));
		ASSERT_GT(PENDING, r.user_data);
		EXPECT_EQ(pending[r.user_data].status, r.status);
	}
	/* the devices are there yet, for their senders, and name nobody */
	EXPECT_NE(NULL, strstr(file_read(STATE), "\ndevice "));
	EXPECT_EQ(NULL, strstr(file_read(STATE), " driver"));
	for (p = 0; p < 3; p++) {
		ASSERT_EQ(0, reap_now(self->pipe, &r));
		EXPECT_EQ(-ENODEV, r.status);
	}
	for (m = 0; m < MODES; m++) {
		target = self->target[m];
		EXPECT_EQ(-ENODEV, reap_now(target, &r));
		EXPECT_EQ(-ENODEV, send_one(target, 0, NULL));
		EXPECT_EQ(-1, write(target, "", 1));
		EXPECT_EQ(ENODEV, errno);
		EXPECT_EQ(POLLERR | POLLHUP, poll_now(target));
		EXPECT_EQ(-1, open(nodes[m], O_RDWR));
		EXPECT_EQ(ENOENT, errno);
	}
}

TEST_HARNESS_MAIN
