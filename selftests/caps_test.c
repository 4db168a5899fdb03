// SPDX-License-Identifier: GPL-2.0
/*
 * What a user may have, and what only a capability gives: the caps, by the
 * module's parameters at run time and as INFO tells them; and names.
 */
#include <dirent.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common.h"

#define PARAMETERS "/sys/module/iotarget/parameters/"

enum cap { DEVICES, QUEUES, TARGETS, REQUESTS, BYTES, CAPS };

static const struct {
	const char *name;
	unsigned long usual;
} caps[CAPS] = {
	[DEVICES] = { "user_devices", 1024 },
	[QUEUES] = { "user_queues", 1024 },
	[TARGETS] = { "user_targets", 1024 },
	[REQUESTS] = { "user_requests", 65536 },
	[BYTES] = { "user_bytes", 256UL << 20 },
};

static FILE *cap_open(enum cap cap, const char *mode)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), PARAMETERS "%s", caps[cap].name);
	f = fopen(path, mode);
	if (!f)
		abort();
	return f;
}

static unsigned long cap_get(enum cap cap)
{
	FILE *f = cap_open(cap, "r");
	unsigned long value;

	if (fscanf(f, "%lu", &value) != 1)
		abort();
	fclose(f);
	return value;
}

static void cap_set(enum cap cap, unsigned long value)
{
	FILE *f = cap_open(cap, "w");

	fprintf(f, "%lu", value);
	if (fclose(f))
		abort();
}

static unsigned long cap_told(enum cap cap)
{
	struct iotarget_info info;

	if (info_get(&info))
		abort();
	return cap == DEVICES ? info.user_devices :
	       cap == QUEUES ? info.user_queues :
	       cap == TARGETS ? info.user_targets :
	       cap == REQUESTS ? info.user_requests : info.user_bytes;
}

/* Users of this file alone, who have nothing yet. */
#define USER 61000

/* The user for whom this process acts; back to root by 0. */
static void act_for(uid_t user)
{
	if (setresuid(-1, 0, -1) || (user && setresuid(-1, user, -1)))
		abort();
}

FIXTURE(caps) {
	unsigned long saved[CAPS];
};

FIXTURE_SETUP(caps)
{
	struct rlimit files;
	int i;

	if (geteuid())
		SKIP(return, "the caps are root's to set");
	for (i = 0; i < CAPS; i++)
		self->saved[i] = cap_get(i);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

/* In the parent, which is root whatever became of the test. */
FIXTURE_TEARDOWN_PARENT(caps)
{
	int i;

	for (i = 0; i < CAPS && self->saved[i]; i++)
		cap_set(i, self->saved[i]);
}

static int send_bytes(int target, __u32 length, __u64 *id)
{
	static char bytes[1 << 20];

	return send_read(target, bytes, length, id);
}

/* What is freed a little later can be had then; the test's time bounds it. */
#define EVENTUALLY(answer, call_) ({					\
	int ret_;							\
									\
	while ((ret_ = (call_)) == (answer))				\
		sched_yield();						\
	ret_;								\
})

/* ------------------------------------------------------------------ INFO */

TEST_F(caps, INFO_tells_what_holds_now)
{
	unsigned long value;
	int i;

	for (i = 0; i < CAPS; i++) {
		EXPECT_EQ(caps[i].usual, self->saved[i]);
		EXPECT_EQ(self->saved[i], cap_told(i));
		for (value = 0; value < 100; value += 33) {
			cap_set(i, value);
			EXPECT_EQ(value, cap_told(i));
		}
		/* a field of 32 bits says the most that it can */
		cap_set(i, 1UL << 33);
		EXPECT_EQ(i == BYTES ? 1UL << 33 : UINT32_MAX, cap_told(i));
		cap_set(i, self->saved[i]);
	}
}

/* ------------------------------------------------------------ each cap */

TEST_F(caps, devices)
{
	int device[3], i;

	cap_set(DEVICES, 3);
	act_for(USER);
	for (i = 0; i < 3; i++) {
		device[i] = parallel_create();
		ASSERT_GE(device[i], 0);
	}
	EXPECT_EQ(-EDQUOT, parallel_create());
	EXPECT_EQ(-EDQUOT, sequential_create());
	close(device[1]);
	device[1] = parallel_create();
	EXPECT_GE(device[1], 0);
	EXPECT_EQ(-EDQUOT, parallel_create());
	/* another user's are not counted with them, and root's neither */
	act_for(USER + 1);
	i = parallel_create();
	EXPECT_GE(i, 0);
	close(i);
	act_for(0);
	i = parallel_create();
	EXPECT_GE(i, 0);
	close(i);
	/* who has more than a new cap keeps it, and gets no more */
	cap_set(DEVICES, 1);
	act_for(USER);
	close(device[0]);
	EXPECT_EQ(-EDQUOT, parallel_create());
	i = target_open(device[1]);
	EXPECT_GE(i, 0);
	close(i);
	act_for(0);
	cap_set(DEVICES, 3);
	act_for(USER);
	EXPECT_GE(parallel_create(), 0);
	EXPECT_EQ(-EDQUOT, parallel_create());
	act_for(0);
	cap_set(DEVICES, 0);
	EXPECT_EQ(-EDQUOT, parallel_create());
}

/* A device's default queue is a queue. */
TEST_F(caps, queues)
{
	int device[2];

	cap_set(QUEUES, 2);
	act_for(USER);
	device[0] = parallel_create();
	ASSERT_GE(device[0], 0);
	device[1] = parallel_create();
	ASSERT_GE(device[1], 0);
	EXPECT_EQ(-EDQUOT, parallel_create());
	close(device[1]);
	device[1] = parallel_create();
	EXPECT_GE(device[1], 0);
	EXPECT_EQ(-EDQUOT, parallel_create());
}

TEST_F(caps, targets)
{
	int device, target[3], i;

	device = parallel_create();
	ASSERT_GE(device, 0);
	cap_set(TARGETS, 3);
	act_for(USER);
	for (i = 0; i < 3; i++) {
		target[i] = target_open(device);
		ASSERT_GE(target[i], 0);
	}
	EXPECT_EQ(-EDQUOT, target_open(device));
	close(target[0]);
	target[0] = target_open(device);
	EXPECT_GE(target[0], 0);
	EXPECT_EQ(-EDQUOT, target_open(device));
	/* one with a request that the host is still to complete is there */
	{
		struct iotarget_fetch_element f = {};

		ASSERT_EQ(0, send_one(target[0], 0, NULL));
		ASSERT_EQ(0, fetch_now(device, 0, &f));
		close(target[0]);
		EXPECT_EQ(-EDQUOT, target_open(device));
		EXPECT_EQ(0, complete(device, f.id, 0));
		target[0] = EVENTUALLY(-EDQUOT, target_open(device));
		EXPECT_GE(target[0], 0);
	}
	act_for(USER + 1);
	i = target_open(device);
	EXPECT_GE(i, 0);
	close(i);
	/* root too */
	act_for(0);
	for (i = 0; i < 3; i++)
		EXPECT_GE(target_open(device), 0);
	EXPECT_EQ(-EDQUOT, target_open(device));
	close(device);
}

/* A node that is opened is a target. */
TEST_F(caps, targets_of_a_node)
{
	struct iotarget_name name = {
		.size = sizeof(name), .mode = 0666, .name = "caps",
	};
	int device = parallel_create(), node[2];

	ASSERT_GE(device, 0);
	ASSERT_EQ(0, call(device, IOTARGET_NAME, &name));
	cap_set(TARGETS, 2);
	act_for(USER);
	node[0] = open("/dev/iotarget/caps", O_RDWR);
	EXPECT_GE(node[0], 0);
	node[1] = target_open(device);
	EXPECT_GE(node[1], 0);
	EXPECT_EQ(-1, open("/dev/iotarget/caps", O_RDWR));
	EXPECT_EQ(EDQUOT, errno);
	close(node[0]);
	node[0] = open("/dev/iotarget/caps", O_RDWR);
	EXPECT_GE(node[0], 0);
	act_for(0);
	close(device);
}

/* Counted by the chunk: 16 slots of a target. */
#define CHUNK 16

TEST_F(caps, requests)
{
	struct iotarget_send_element e[4 * CHUNK] = {};
	struct iotarget_reap_element r[4 * CHUNK];
	struct iotarget_send send = send_arg(0, e, 4 * CHUNK, NULL, 0);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, 4 * CHUNK);
	struct iotarget_cancel all;
	int device, target[3], i;

	device = parallel_create();
	ASSERT_GE(device, 0);
	for (i = 0; i < 4 * CHUNK; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	cap_set(REQUESTS, 3 * CHUNK);
	act_for(USER);
	for (i = 0; i < 3; i++) {
		target[i] = target_open(device);
		ASSERT_GE(target[i], 0);
	}
	/* one target's chunk has room that others cannot use */
	ASSERT_EQ(0, send_one(target[0], 0, NULL));
	/* in the middle of an array: the first n */
	ASSERT_EQ(0, call(target[1], IOTARGET_SEND, &send));
	EXPECT_EQ(2 * CHUNK, send.sent);
	EXPECT_EQ(-EDQUOT, call(target[1], IOTARGET_SEND, &send));
	EXPECT_EQ(-EDQUOT, send_one(target[2], 0, NULL));
	for (i = 1; i < CHUNK; i++)
		EXPECT_EQ(0, send_one(target[0], 0, NULL));
	EXPECT_EQ(-EDQUOT, send_one(target[0], 0, NULL));
	/* a slot is taken until it was reaped */
	ASSERT_EQ(0, cancel_all(target[1], &all));
	EXPECT_EQ(-EDQUOT, send_one(target[1], 0, NULL));
	ASSERT_EQ(0, call(target[1], IOTARGET_SEND, &reap));
	EXPECT_EQ(2 * CHUNK, reap.reaped);
	ASSERT_EQ(0, call(target[1], IOTARGET_SEND, &send));
	EXPECT_EQ(2 * CHUNK, send.sent);
	EXPECT_EQ(-EDQUOT, send_one(target[2], 0, NULL));
	/* a chunk stays with its target, and goes with it */
	close(target[1]);
	ASSERT_EQ(0, EVENTUALLY(-EDQUOT, send_one(target[2], 0, NULL)));
	for (i = 1; i < 2 * CHUNK; i++)
		EXPECT_EQ(0, EVENTUALLY(-EDQUOT,
					send_one(target[2], 0, NULL)));
	EXPECT_EQ(-EDQUOT, send_one(target[2], 0, NULL));
	/* another user's, and root's own */
	act_for(USER + 1);
	i = target_open(device);
	EXPECT_EQ(0, send_one(i, 0, NULL));
	close(i);
	act_for(0);
	i = target_open(device);
	ASSERT_EQ(0, call(i, IOTARGET_SEND, &send));
	EXPECT_EQ(3 * CHUNK, send.sent);
	EXPECT_EQ(-EDQUOT, send_one(i, 0, NULL));
	close(device);
}

/* A target's own is told first: against that, reaping helps. */
TEST_F(caps, requests_of_a_target_and_of_its_user)
{
	struct iotarget_send_element e[4 * CHUNK] = {};
	struct iotarget_send send = send_arg(0, e, 4 * CHUNK, NULL, 0);
	struct iotarget_info info;
	int device, target, other;
	__u32 sent;

	ASSERT_EQ(0, info_get(&info));
	device = parallel_create();
	ASSERT_GE(device, 0);
	for (sent = 0; sent < 4 * CHUNK; sent++)
		e[sent].type = IOTARGET_TYPE_CONTROL;
	cap_set(REQUESTS, info.target_requests);
	act_for(USER + 2);
	target = target_open(device);
	other = target_open(device);
	for (sent = 0; sent < info.target_requests; sent += send.sent)
		ASSERT_EQ(0, call(target, IOTARGET_SEND, &send));
	EXPECT_EQ(-EAGAIN, send_one(target, 0, NULL));
	EXPECT_EQ(-EDQUOT, send_one(other, 0, NULL));
	act_for(0);
	close(device);
}

TEST_F(caps, bytes)
{
	const __u32 part = 256 << 10;
	struct iotarget_reap_element r;
	int device, target[2], i;
	__u64 id[4], more;

	device = parallel_create();
	ASSERT_GE(device, 0);
	cap_set(BYTES, 4 * part);
	act_for(USER);
	for (i = 0; i < 2; i++) {
		target[i] = target_open(device);
		ASSERT_GE(target[i], 0);
	}
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, send_bytes(target[i & 1], part, &id[i]));
	EXPECT_EQ(-EDQUOT, send_bytes(target[0], part, &more));
	EXPECT_EQ(-EDQUOT, send_bytes(target[0], 65, &more));
	/* what lies in the slot itself is counted as a slot */
	EXPECT_EQ(0, send_bytes(target[0], 64, &more));
	EXPECT_EQ(DELIVERED, cancel(target[0], id[0]));
	ASSERT_EQ(0, reap_now(target[0], &r));
	EXPECT_EQ(0, send_bytes(target[1], part, &id[0]));
	EXPECT_EQ(-EDQUOT, send_bytes(target[0], part, &more));
	/* an array stops there: the first n */
	EXPECT_EQ(DELIVERED, cancel(target[1], id[0]));
	ASSERT_EQ(0, reap_now(target[1], &r));
	{
		static char bytes[256 << 10];
		struct iotarget_send_element e[2] = {
			{ .type = IOTARGET_TYPE_READ, .out = ADDRESS(bytes),
			  .out_length = part },
			{ .type = IOTARGET_TYPE_READ, .out = ADDRESS(bytes),
			  .out_length = part },
		};
		struct iotarget_send send = send_arg(0, e, 2, NULL, 0);

		ASSERT_EQ(0, call(target[0], IOTARGET_SEND, &send));
		EXPECT_EQ(1, send.sent);
		EXPECT_EQ(-EDQUOT, e[1].result);
	}
	act_for(USER + 1);
	i = target_open(device);
	EXPECT_EQ(0, send_bytes(i, part, &more));
	close(i);
	/* goes with its target */
	act_for(USER);
	EXPECT_EQ(-EDQUOT, send_bytes(target[0], part, &more));
	close(target[1]);
	EXPECT_EQ(0, EVENTUALLY(-EDQUOT, send_bytes(target[0], part, &more)));
	act_for(0);
	i = target_open(device);
	for (int n = 0; n < 4; n++)
		EXPECT_EQ(0, send_bytes(i, part, &more));
	EXPECT_EQ(-EDQUOT, send_bytes(i, part, &more));
	close(device);
}

/* A refusal takes nothing: as often as it likes. */
TEST_F(caps, a_refusal_costs_nothing)
{
	int device = parallel_create(), target, i;
	struct iotarget_reap_element r;
	__u64 id;

	ASSERT_GE(device, 0);
	cap_set(DEVICES, 1);
	cap_set(TARGETS, 1);
	cap_set(REQUESTS, CHUNK);
	cap_set(BYTES, 1000);
	act_for(USER);
	ASSERT_GE(parallel_create(), 0);
	target = target_open(device);
	ASSERT_GE(target, 0);
	ASSERT_EQ(0, send_bytes(target, 1000, &id));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(-EDQUOT, parallel_create());
		ASSERT_EQ(-EDQUOT, target_open(device));
		ASSERT_EQ(-EDQUOT, send_bytes(target, 65, &id));
	}
	for (i = 1; i < CHUNK; i++)
		ASSERT_EQ(0, send_one(target, 0, NULL));
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(-EDQUOT, send_one(target, 0, NULL));
	/* the device may have fewer queues than devices, and gives both back */
	act_for(0);
	cap_set(DEVICES, 10);
	cap_set(QUEUES, 1);
	act_for(USER);
	for (i = 0; i < 1000; i++)
		ASSERT_EQ(-EDQUOT, parallel_create());
	act_for(0);
	cap_set(QUEUES, 10);
	cap_set(DEVICES, 2);
	act_for(USER);
	EXPECT_GE(parallel_create(), 0);
	ASSERT_EQ(0, end(device));
	while (!reap_now(target, &r))
		;
}

/* Two threads at the cap, each for all that is left: never one too many. */
struct taker {
	int fd[64];
	int taken;
	atomic_int *go;
	struct background thread;
};

static int taker_main(void *arg)
{
	struct taker *t = arg;
	int fd;

	/* (credentials are a thread's own in the kernel) */
	if (syscall(SYS_setresuid, -1, USER, -1))
		return -errno;
	wait_for(t->go, 1);
	while ((fd = parallel_create()) >= 0)
		t->fd[t->taken++] = fd;
	return fd;
}

TEST_F(caps, two_at_once)
{
	struct taker taker[2] = {};
	atomic_int go;
	int round, i;

	cap_set(DEVICES, 50);
	for (round = 0; round < 20; round++) {
		atomic_store(&go, 0);
		for (i = 0; i < 2; i++) {
			taker[i].taken = 0;
			taker[i].go = &go;
			background_start(&taker[i].thread, taker_main,
					 &taker[i]);
		}
		atomic_store(&go, 1);
		for (i = 0; i < 2; i++)
			ASSERT_EQ(-EDQUOT, background_join(&taker[i].thread));
		EXPECT_EQ(50, taker[0].taken + taker[1].taken);
		for (i = 0; i < 2; i++)
			while (taker[i].taken)
				close(taker[i].fd[--taker[i].taken]);
	}
	/* nothing is left over of all that */
	act_for(USER);
	for (i = 0; i < 50; i++)
		ASSERT_GE(parallel_create(), 0);
	EXPECT_EQ(-EDQUOT, parallel_create());
}

/* A user's processes share, and what they had comes back when they die. */
TEST_F(caps, processes_of_a_user)
{
	int device = parallel_create(), up[2], status, i;
	pid_t child;
	char byte;
	__u64 id;

	ASSERT_GE(device, 0);
	cap_set(DEVICES, 2);
	cap_set(TARGETS, 2);
	cap_set(REQUESTS, 2 * CHUNK);
	cap_set(BYTES, 4096);
	act_for(USER);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, pipe(up));
		child = fork();
		if (!child) {
			int own = EVENTUALLY(-EDQUOT, parallel_create());
			int a = EVENTUALLY(-EDQUOT, target_open(own));
			int b = EVENTUALLY(-EDQUOT, target_open(device));

			if (own < 0 || parallel_create() < 0 || a < 0 || b < 0 ||
			    EVENTUALLY(-EDQUOT, send_bytes(a, 2048, &id)) ||
			    EVENTUALLY(-EDQUOT, send_bytes(b, 2048, &id)))
				_exit(1);
			if (write(up[1], "x", 1) != 1)
				_exit(2);
			for (;;)
				pause();
		}
		ASSERT_EQ(1, read(up[0], &byte, 1));
		EXPECT_EQ(-EDQUOT, parallel_create());
		EXPECT_EQ(-EDQUOT, target_open(device));
		act_for(0);
		kill(child, SIGKILL);
		ASSERT_EQ(child, waitpid(child, &status, 0));
		act_for(USER);
		close(up[0]);
		close(up[1]);
	}
	EXPECT_GE(EVENTUALLY(-EDQUOT, parallel_create()), 0);
	EXPECT_GE(EVENTUALLY(-EDQUOT, parallel_create()), 0);
	EXPECT_EQ(-EDQUOT, parallel_create());
}

/* Another user namespace makes nobody another user. */
TEST_F(caps, a_namespace_gives_no_more)
{
	int status;
	pid_t child;

	cap_set(DEVICES, 2);
	act_for(USER);
	ASSERT_GE(parallel_create(), 0);
	child = fork();
	if (!child) {
		if (setresuid(USER, USER, USER) || unshare(CLONE_NEWUSER))
			_exit(4);
		if (parallel_create() < 0)
			_exit(1);
		_exit(parallel_create() == -EDQUOT ? 42 : 2);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	if (WEXITSTATUS(status) == 4)
		SKIP(return, "no user namespaces here");
	EXPECT_EQ(42, WEXITSTATUS(status));
}

/* --------------------------------------------------------- ordinary users */

/* Serves, sends, and has every right but a name. */
TEST(an_ordinary_user_serves_and_sends)
{
	struct iotarget_name name = {
		.size = sizeof(name), .mode = 0600, .name = "caps",
	};
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	int device, target;
	char byte = 0;
	__u64 id;

	if (!geteuid())
		ASSERT_EQ(0, setresuid(USER, USER, USER));
	device = parallel_create();
	ASSERT_GE(device, 0);
	target = target_open(device);
	ASSERT_GE(target, 0);
	ASSERT_EQ(0, send_read(target, &byte, 1, &id));
	ASSERT_EQ(0, fetch_now(device, 0, &f));
	EXPECT_EQ(id, f.id);
	EXPECT_EQ(geteuid(), f.uid);
	EXPECT_EQ(0, complete_bytes(device, id, 0, 1, "x", 1));
	ASSERT_EQ(0, reap_now(target, &r));
	EXPECT_EQ('x', byte);
	EXPECT_EQ(-EPERM, call(device, IOTARGET_NAME, &name));
	EXPECT_EQ(-1, access("/dev/iotarget/caps", F_OK));
	/* nor the parameters */
	EXPECT_EQ(-1, open(PARAMETERS "user_devices", O_WRONLY));
	EXPECT_EQ(EACCES, errno);
	/* root of a user namespace is an ordinary user */
	if (!unshare(CLONE_NEWUSER))
		EXPECT_EQ(-EPERM, call(device, IOTARGET_NAME, &name));
	close(target);
	close(device);
}

/* ------------------------------------------------------------------ names */

FIXTURE(name) {
	int device;
	char name[IOTARGET_NAME_MAX];
	char path[64];
};

FIXTURE_SETUP(name)
{
	if (geteuid())
		SKIP(return, "a name needs CAP_SYS_ADMIN");
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	snprintf(self->name, sizeof(self->name), "caps-%d", getpid());
	snprintf(self->path, sizeof(self->path), IOTARGET_NODE_DIR "%s",
		 self->name);
}

FIXTURE_TEARDOWN(name)
{
	close(self->device);
}

static void renew(int *device)
{
	close(*device);
	*device = parallel_create();
}

/* With all of the capabilities but one, or with that one alone. */
static int capability(bool keep)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];
	__u32 bit = 1 << CAP_SYS_ADMIN;

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[0].permitted = keep ? bit : data[0].permitted & ~bit;
	data[0].effective = data[0].permitted;
	data[0].inheritable = 0;
	if (keep)
		data[1].permitted = data[1].effective = 0;
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

TEST_F(name, every_mode)
{
	const __u32 good[] = { 0600, 0620, 0640, 0644, 0660, 0664, 0666 };
	const __u32 bad[] = {
		0, 0066, 0400, 0466, 0200, 0700, 0601, 0677, 01600, 04666,
		010666, 020600, 0100600, 0xffffffff,
	};
	struct stat st;
	unsigned int i;

	/* it is no file that this process makes */
	umask(077);
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ASSERT_EQ(0, name_device(self->device, self->name, good[i]));
		ASSERT_EQ(0, stat(self->path, &st));
		EXPECT_EQ(S_IFCHR | good[i], st.st_mode);
		renew(&self->device);
		EXPECT_EQ(-1, stat(self->path, &st));
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_EQ(-EINVAL, name_device(self->device, self->name,
					       bad[i])) {
			TH_LOG("mode %o", bad[i]);
		}
	}
}

TEST_F(name, every_kind_of_name)
{
	const char *const good[] = {
		"a", "0", "z9", "a.b", "a_b-c", "a..", "9-", "com1",
		"a234567890123456789012345678901", "controls", "contro",
	};
	const char *const bad[] = {
		"", ".", "..", "-a", "_a", ".a", "A", "aB", "a b", "a/b", "/a",
		"a\n", "\xc3\xa4", "a\x7f", "control", "a%s", "a!b",
		"a2345678901234567890123456789012",
	};
	struct iotarget_name arg = { .size = sizeof(arg), .mode = 0600 };
	char path[64];
	unsigned int i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		EXPECT_EQ(0, name_device(self->device, good[i], 0600)) {
			TH_LOG("name %s", good[i]);
		}
		snprintf(path, sizeof(path), IOTARGET_NODE_DIR "%s", good[i]);
		EXPECT_EQ(0, access(path, F_OK));
		renew(&self->device);
		EXPECT_EQ(-1, access(path, F_OK));
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_EQ(-EINVAL, name_device(self->device, bad[i], 0600)) {
			TH_LOG("name %s", bad[i]);
		}
	}
	/* after its end there are zeros, to the last byte */
	memcpy(arg.name, "a\0b", 3);
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg));
	memset(arg.name, 0, sizeof(arg.name));
	arg.name[0] = 'a';
	arg.name[sizeof(arg.name) - 1] = 'a';
	EXPECT_EQ(-EINVAL, call(self->device, IOTARGET_NAME, &arg));
}

/* The capability it is, not the number of the user. */
TEST_F(name, owned_by_its_maker)
{
	struct stat st;

	ASSERT_EQ(0, prctl(PR_SET_KEEPCAPS, 1));
	ASSERT_EQ(0, setresgid(USER + 2, USER + 2, USER + 2));
	ASSERT_EQ(0, setresuid(USER, USER, USER));
	ASSERT_EQ(0, capability(true));
	ASSERT_EQ(0, name_device(self->device, self->name, 0640));
	ASSERT_EQ(0, stat(self->path, &st));
	EXPECT_EQ(USER, st.st_uid);
	EXPECT_EQ(USER + 2, st.st_gid);
	EXPECT_EQ(S_IFCHR | 0640, st.st_mode);
}

TEST_F(name, refused_without_the_capability)
{
	ASSERT_EQ(0, capability(false));
	EXPECT_EQ(0, geteuid());
	EXPECT_EQ(-EPERM, name_device(self->device, self->name, 0600));
	EXPECT_EQ(-1, access(self->path, F_OK));
	/* whoever asks is told first what is wrong with the name */
	EXPECT_EQ(-EINVAL, name_device(self->device, "", 0600));
}

TEST_F(name, refused_in_a_namespace)
{
	if (unshare(CLONE_NEWUSER))
		SKIP(return, "no user namespaces here");
	EXPECT_EQ(-EPERM, name_device(self->device, self->name, 0600));
	EXPECT_EQ(-1, access(self->path, F_OK));
}

/* Who may open it for what, the mode says; who has it open for what, SEND asks. */
TEST_F(name, open_to_read_or_to_write)
{
	struct iotarget_send_element read = {
		.type = IOTARGET_TYPE_READ,
	}, write = {
		.type = IOTARGET_TYPE_WRITE,
	};
	struct iotarget_send arg;
	int status, node;
	pid_t child;

	ASSERT_EQ(0, name_device(self->device, self->name, 0644));
	child = fork();
	if (!child) {
		if (setresgid(USER, USER, USER) ||
		    setresuid(USER, USER, USER))
			_exit(1);
		if (open(self->path, O_RDWR) != -1 || errno != EACCES ||
		    open(self->path, O_WRONLY) != -1 || errno != EACCES)
			_exit(2);
		node = open(self->path, O_RDONLY);
		if (node < 0 || send_one(node, 0, NULL))
			_exit(3);
		arg = send_arg(0, &read, 1, NULL, 0);
		if (call(node, IOTARGET_SEND, &arg))
			_exit(4);
		arg = send_arg(0, &write, 1, NULL, 0);
		if (call(node, IOTARGET_SEND, &arg) != -EBADF ||
		    write.result != -EBADF)
			_exit(5);
		_exit(42);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(42, WEXITSTATUS(status));
	node = open(self->path, O_WRONLY);
	ASSERT_GE(node, 0);
	arg = send_arg(0, &read, 1, NULL, 0);
	EXPECT_EQ(-EBADF, call(node, IOTARGET_SEND, &arg));
	arg = send_arg(0, &write, 1, NULL, 0);
	EXPECT_EQ(0, call(node, IOTARGET_SEND, &arg));
	close(node);
}

#define NAMES 1024

TEST_F(name, there_are_so_many)
{
	struct rlimit files = { 2 * NAMES, 2 * NAMES };
	int device[NAMES], i, extra, names = NAMES;
	DIR *dir = opendir("/dev/iotarget");
	struct dirent *entry;
	char name[32];

	/* others have some, iotarget_loopback for example */
	while ((entry = readdir(dir)))
		names -= entry->d_name[0] != '.' &&
			 strcmp(entry->d_name, "control");
	closedir(dir);
	/* its own, for as many devices as there are names */
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	close(self->device);
	self->device = -1;
	for (i = 0; i < names; i++) {
		/* a user's devices are fewer than that and one */
		act_for(i < names / 2 ? USER : 0);
		device[i] = parallel_create();
		ASSERT_GE(device[i], 0);
		act_for(0);
		snprintf(name, sizeof(name), "many-%d", i);
		ASSERT_EQ(0, name_device(device[i], name, 0600)) {
			TH_LOG("name %d", i);
		}
	}
	extra = parallel_create();
	ASSERT_GE(extra, 0);
	EXPECT_EQ(-ENOSPC, name_device(extra, "more", 0600));
	close(device[7]);
	EXPECT_EQ(0, name_device(extra, "more", 0600));
	EXPECT_EQ(0, access("/dev/iotarget/more", F_OK));
	EXPECT_EQ(-1, access("/dev/iotarget/many-7", F_OK));
}

TEST_HARNESS_MAIN
