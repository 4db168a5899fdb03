// SPDX-License-Identifier: GPL-2.0
/*
 * The end of devices and targets, by SHUTDOWN, last close and death, with a
 * request in each state; copies of fds; names. U62, U93, U94, U99.
 */
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "common.h"

/* --------------------------------------------- a request in each state */

enum state { QUEUED, UNMARKED, HURRIED, MARKABLE, CLAIMED, TOLD_, DONE };

FIXTURE(end) {
	int device;
	int target;
	__u64 id;
};

/*
 * @state: of the request when the end comes
 * @status: what its sender reaps when the host ends
 */
FIXTURE_VARIANT(end) {
	enum state state;
	int status;
};

FIXTURE_VARIANT_ADD(end, queued) { QUEUED, -ENODEV };
FIXTURE_VARIANT_ADD(end, delivered) { UNMARKED, -ENODEV };
/* a cancel found no routine: it was not answered "delivered" */
FIXTURE_VARIANT_ADD(end, delivered_cancelled) { HURRIED, -ENODEV };
FIXTURE_VARIANT_ADD(end, marked) { MARKABLE, -ENODEV };
FIXTURE_VARIANT_ADD(end, claimed) { CLAIMED, -ECANCELED };
FIXTURE_VARIANT_ADD(end, told) { TOLD_, -ECANCELED };
FIXTURE_VARIANT_ADD(end, completed) { DONE, 77 };

/* Brings a request of the target into the state. Returns 0 or what failed. */
static int bring(int device, int target, enum state state, __u64 *id)
{
	struct iotarget_fetch_element record = {};

	if (send_one(target, 1, id))
		return 1;
	if (state == QUEUED)
		return 0;
	if (fetch_one(device, 0, &record) || record.id != *id)
		return 2;
	switch (state) {
	case HURRIED:
		return cancel(target, *id) == MARKED ? 0 : 3;
	case MARKABLE:
		return mark(device, *id) ? 4 : 0;
	case CLAIMED:
	case TOLD_:
		if (mark(device, *id) || cancel(target, *id) != DELIVERED)
			return 5;
		if (state == TOLD_ && (fetch_one(device, 0, &record) ||
				       record.event != IOTARGET_EVENT_CANCEL))
			return 6;
		return 0;
	case DONE:
		return complete(device, *id, 77) ? 7 : 0;
	default:
		return 0;
	}
}

FIXTURE_SETUP(end)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
	ASSERT_EQ(0, bring(self->device, self->target, variant->state,
			   &self->id));
}

FIXTURE_TEARDOWN(end)
{
	close(self->target);
	close(self->device);
}

/* The target after its device has ended: one completion, and no more. */
#define EXPECT_DEVICE_ENDED(target_, status_) do {			\
	struct iotarget_reap_element r_;				\
									\
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP, poll_now(target_));	\
	EXPECT_EQ(-ENODEV, send_one(target_, 0, NULL));			\
	ASSERT_EQ(0, reap_one(target_, &r_));				\
	EXPECT_EQ(self->id, r_.id);					\
	EXPECT_EQ(1, r_.user_data);					\
	EXPECT_EQ(status_, r_.status);					\
	EXPECT_EQ(0, r_.information);					\
	EXPECT_EQ(-ENODEV, reap_one(target_, &r_));			\
	EXPECT_EQ(POLLERR | POLLHUP, poll_now(target_));		\
	EXPECT_EQ(-ENODEV, send_one(target_, 0, NULL));			\
} while (0)

TEST_F(end, shutdown_of_the_device)
{
	struct iotarget_fetch_element record = {};

	ASSERT_EQ(0, end(self->device));
	EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->device));
	EXPECT_EQ(-ENODEV, fetch_one(self->device, 0, &record));
	EXPECT_EQ(-ENODEV, mark(self->device, self->id));
	EXPECT_EQ(-ENODEV, unmark(self->device, self->id));
	EXPECT_EQ(-ENODEV, is_canceled(self->device, self->id));
	EXPECT_EQ(-ENODEV, complete(self->device, self->id, 0));
	EXPECT_EQ(-ENODEV, target_open(self->device));
	EXPECT_DEVICE_ENDED(self->target, variant->status);
	/* again: 0 */
	EXPECT_EQ(0, end(self->device));
}

TEST_F(end, last_close_of_the_device)
{
	close(self->device);
	self->device = -1;
	EXPECT_DEVICE_ENDED(self->target, variant->status);
}

/* U93 */
TEST_F(end, a_duplicate_keeps_the_device)
{
	struct iotarget_fetch_element record = {};
	int copy = dup(self->device);
	__u64 id;

	close(self->device);
	self->device = -1;
	ASSERT_EQ(0, send_one(self->target, 1, &id));
	while (!fetch_now(copy, 0, &record))
		;
	EXPECT_EQ(id, record.id);
	close(copy);
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP, poll_now(self->target));
}

#define STATE "/sys/kernel/debug/iotarget/state"

/* debugfs shows it in its state, after devices that have more and fewer slots. */
TEST_F(end, root_sees_it)
{
	static const char *const shown[] = {
		[QUEUED] = "QUEUED cancelable\n", [UNMARKED] = "OWNED\n",
		[HURRIED] = "OWNED cancelled\n", [MARKABLE] = "OWNED cancelable\n",
		[CLAIMED] = "CLAIMED cancelled\n", [TOLD_] = "TOLD cancelled\n",
	};
	int other = parallel_create(), last = parallel_create();
	int target = target_open(other), i, devices = 0, found = 0;
	char line[256], want[32];
	FILE *file;

	if (geteuid()) {
		EXPECT_EQ(-1, access(STATE, F_OK));
		SKIP(return, "debugfs is for root");
	}
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (i = 0; i < 40; i++)
		ASSERT_EQ(0, send_one(target, 0, NULL));
	snprintf(want, sizeof(want), "  request %#llx ", self->id);
	file = fopen(STATE, "r");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		devices += !strncmp(line, "device ", 7);
		/* (ids are a device's own: of the others this is no proof) */
		if (strncmp(line, want, strlen(want)))
			continue;
		found += variant->state != DONE &&
			 strstr(line, shown[variant->state]) &&
			 strstr(line, " control code=0x1 in=0 out=0 ");
	}
	fclose(file);
	EXPECT_LE(3, devices);
	EXPECT_EQ(variant->state != DONE, !!found);
	close(target);
	close(other);
	close(last);
}

/* SHUTDOWN is for the object, on whichever fd. */
TEST_F(end, shutdown_on_a_duplicate)
{
	int copy = dup(self->device);

	ASSERT_EQ(0, end(copy));
	close(copy);
	EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->device));
	EXPECT_DEVICE_ENDED(self->target, variant->status);
}

/* What the host sees of a request whose sender has ended. */
static void check_host_after_sender(struct __test_metadata *_metadata,
				    FIXTURE_DATA(end) *self,
				    const FIXTURE_VARIANT(end) *variant)
{
	struct iotarget_fetch_element record = {};
	bool on_cancel = variant->state == MARKABLE ||
			 variant->state == CLAIMED;
	bool owned = variant->state != QUEUED && variant->state != DONE;

	/* exactly one OnCancel, for what was cancelable and not told */
	EXPECT_EQ(on_cancel, readable(self->device));
	EXPECT_EQ(on_cancel ? 0 : -EAGAIN,
		  fetch_now(self->device, 0, &record));
	if (on_cancel) {
		EXPECT_EQ(IOTARGET_EVENT_CANCEL, record.event);
		EXPECT_EQ(self->id, record.id);
	}
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record));
	EXPECT_EQ(owned ? 1 : -ENOENT, is_canceled(self->device, self->id));
	EXPECT_EQ(owned ? 0 : -ENOENT,
		  complete(self->device, self->id, -ECANCELED));
	EXPECT_EQ(-ENOENT, complete(self->device, self->id, 0));
}

TEST_F(end, shutdown_of_the_target)
{
	struct iotarget_reap_element r;
	struct iotarget_cancel arg;

	ASSERT_EQ(0, end(self->target));
	EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->target) & ~POLLIN);
	EXPECT_EQ(-ENODEV, send_one(self->target, 0, NULL));
	EXPECT_EQ(-ENODEV, cancel(self->target, self->id));
	EXPECT_EQ(-ENODEV, cancel_all(self->target, &arg));
	EXPECT_EQ(-ENODEV, reap_one(self->target, &r));
	EXPECT_EQ(0, end(self->target));
	check_host_after_sender(_metadata, self, variant);
}

TEST_F(end, last_close_of_the_target)
{
	close(self->target);
	self->target = -1;
	check_host_after_sender(_metadata, self, variant);
}

TEST_F(end, a_duplicate_keeps_the_target)
{
	int copy = dup(self->target);
	struct iotarget_fetch_element record = {};
	__u64 id;

	close(self->target);
	self->target = copy;
	EXPECT_EQ(variant->state == HURRIED || variant->state == TOLD_,
		  is_canceled(self->device, self->id) == 1);
	ASSERT_EQ(0, send_one(copy, 1, &id));
	while (!fetch_now(self->device, 0, &record))
		;
	EXPECT_EQ(id, record.id);
}

TEST_F(end, both_at_once)
{
	close(self->target);
	close(self->device);
	self->target = self->device = -1;
}

TEST_F(end, device_first_then_target)
{
	close(self->device);
	close(self->target);
	self->target = self->device = -1;
}

/* The exit of a process that has both closes them in the order of their fds. */
TEST_F(end, exit_of_a_process_that_has_both)
{
	int status;
	pid_t child = fork();

	if (!child) {
		close(self->device);
		close(self->target);
		self->device = parallel_create();
		self->target = target_open(self->device);
		if (bring(self->device, self->target, variant->state,
			  &self->id))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

/* ------------------------------------------------- processes that die */

/* A host in a process of its own passes a target on, and is killed. */
TEST_F(end, the_host_is_killed)
{
	struct iotarget_fetch_element record = {};
	int pair[2], device, target, status;
	pid_t child;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	child = fork();
	if (!child) {
		device = parallel_create();
		target = target_open(device);
		if (bring(device, target, variant->state, &self->id))
			_exit(1);
		fd_send(pair[1], target, &self->id, sizeof(self->id));
		close(target);
		/* Asleep in FETCH, where nothing may come any more. */
		for (;;)
			if (variant->state == QUEUED || variant->state == CLAIMED)
				pause();
			else
				fetch_one(device, 0, &record);
	}
	close(pair[1]);
	target = fd_receive(pair[0], &self->id, sizeof(self->id));
	ASSERT_GE(target, 0);
	EXPECT_EQ(0, poll_now(target) & POLLHUP);
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_DEVICE_ENDED(target, variant->status);
	close(target);
}

/* U94: the sender is killed; its requests end as their states say. */
TEST_F(end, the_sender_is_killed)
{
	__u64 *id = mmap(NULL, sizeof(*id), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct iotarget_fetch_element record = {};
	int status;
	pid_t child;

	/* First the fixture's own request goes out of the way. */
	if (variant->state == CLAIMED)
		ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	if (variant->state == QUEUED)
		ASSERT_EQ(DELIVERED, cancel(self->target, self->id));
	child = fork();
	if (!child) {
		close(self->target);
		self->target = target_open(self->device);
		if (bring(self->device, self->target, variant->state, id))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	self->id = *id;
	check_host_after_sender(_metadata, self, variant);
}

/* Ledger 16: the fd goes on to another process, and the first one exits. */
TEST(L16_a_passed_target_outlives_its_opener)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	int device = parallel_create();
	int pair[2], target, status;
	__u64 id, file;
	pid_t child;

	ASSERT_GE(device, 0);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	child = fork();
	if (!child) {
		target = target_open_file(device, &file);
		if (send_one(target, 3, &id))
			_exit(1);
		fd_send(pair[1], target, &id, sizeof(id));
		_exit(0);
	}
	target = fd_receive(pair[0], &id, sizeof(id));
	ASSERT_GE(target, 0);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, status);
	/* Its request lives on, also after its sender has died. */
	ASSERT_EQ(0, fetch_one(device, 0, &record));
	EXPECT_EQ(id, record.id);
	EXPECT_EQ(0, is_canceled(device, id));
	EXPECT_EQ(0, complete(device, id, 5));
	ASSERT_EQ(0, reap_now(target, &r));
	EXPECT_EQ(id, r.id);
	EXPECT_EQ(3, r.user_data);
	EXPECT_EQ(5, r.status);
	/* and can be cancelled by who has the fd now */
	ASSERT_EQ(0, send_one(target, 0, &id));
	EXPECT_EQ(DELIVERED, cancel(target, id));
}

/* -------------------------------------------------------------- waiters */

FIXTURE(waiter) {
	int device;
	int target;
};

FIXTURE_SETUP(waiter)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(waiter)
{
	close(self->target);
	close(self->device);
}

static int fetch_waiting(void *arg)
{
	struct iotarget_fetch_element record = {};

	return fetch_one(*(int *)arg, 0, &record);
}

static int reap_waiting(void *arg)
{
	struct iotarget_reap_element r;

	return reap_one(*(int *)arg, &r);
}

struct send_wait {
	int target;
	struct iotarget_send_element e;
	struct iotarget_reap_element r;
	struct iotarget_send arg;
};

static int send_waiting(void *arg)
{
	struct send_wait *s = arg;

	s->e.type = IOTARGET_TYPE_CONTROL;
	s->arg = send_arg(IOTARGET_SEND_WAIT, &s->e, 1, &s->r, 1);
	return call(s->target, IOTARGET_SEND, &s->arg);
}

TEST_F(waiter, all_hosts_return)
{
	struct background host[3];
	int i;

	for (i = 0; i < 3; i++) {
		background_start(&host[i], fetch_waiting, &self->device);
		wait_asleep(host[i].tid);
	}
	ASSERT_EQ(0, end(self->device));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-ENODEV, background_join(&host[i]));
}

TEST_F(waiter, all_reapers_return_when_the_device_ends)
{
	struct background sender[3];
	int i;

	for (i = 0; i < 3; i++) {
		background_start(&sender[i], reap_waiting, &self->target);
		wait_asleep(sender[i].tid);
	}
	/* One has something to reap, the others have not. */
	ASSERT_EQ(0, send_one(self->target, 0, NULL));
	ASSERT_EQ(0, end(self->device));
	for (i = 0; i < 3; i++)
		background_join(&sender[i]);
	EXPECT_EQ(-2 * ENODEV, sender[0].ret + sender[1].ret + sender[2].ret);
}

TEST_F(waiter, all_reapers_return_when_the_target_ends)
{
	struct background sender[3];
	int i;

	for (i = 0; i < 3; i++) {
		background_start(&sender[i], reap_waiting, &self->target);
		wait_asleep(sender[i].tid);
	}
	ASSERT_EQ(0, end(self->target));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-ENODEV, background_join(&sender[i]));
}

TEST_F(waiter, who_waits_for_its_own_reaps_the_end)
{
	struct send_wait s = { .target = self->target };
	struct iotarget_fetch_element record = {};
	struct background sender;

	background_start(&sender, send_waiting, &s);
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	wait_asleep(sender.tid);
	ASSERT_EQ(0, end(self->device));
	EXPECT_EQ(0, background_join(&sender));
	EXPECT_EQ(1, s.arg.sent);
	EXPECT_EQ(1, s.arg.reaped);
	EXPECT_EQ(-ENODEV, s.r.status);
}

/* A host that never answers cannot keep a target from ending. */
TEST_F(waiter, who_waits_returns_when_its_target_ends)
{
	struct send_wait s = { .target = self->target };
	struct iotarget_fetch_element record = {};
	struct background sender;

	background_start(&sender, send_waiting, &s);
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	wait_asleep(sender.tid);
	ASSERT_EQ(0, end(self->target));
	EXPECT_EQ(0, background_join(&sender));
	EXPECT_EQ(1, s.arg.sent);
	EXPECT_EQ(0, s.arg.reaped);
	EXPECT_EQ(1, is_canceled(self->device, record.id));
	EXPECT_EQ(0, complete(self->device, record.id, 0));
}

static int poll_hup(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = 0 };

	return poll(&p, 1, -1) == 1 ? p.revents : -1;
}

TEST_F(waiter, pollers_see_the_end)
{
	struct background of_device, of_target;

	background_start(&of_device, poll_hup, &self->device);
	background_start(&of_target, poll_hup, &self->target);
	ASSERT_EQ(0, end(self->device));
	EXPECT_EQ(POLLERR | POLLHUP, background_join(&of_device));
	EXPECT_EQ(POLLERR | POLLHUP, background_join(&of_target));
}

TEST_F(waiter, a_poller_sees_the_end_of_its_target)
{
	struct background poller;

	background_start(&poller, poll_hup, &self->target);
	ASSERT_EQ(0, end(self->target));
	EXPECT_EQ(POLLERR | POLLHUP, background_join(&poller));
	/* The device and other targets go on. */
	EXPECT_EQ(0, poll_now(self->device) & POLLHUP);
	close(self->target);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
	EXPECT_EQ(0, send_one(self->target, 0, NULL));
}

/*
 * The wait queues die with their files: an epoll set that still has those, and a
 * poller that is just being woken, when all others close them.
 */
TEST_F(waiter, L18_pollers_when_all_is_closed)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int i, epoll, device, target;
	pid_t child;

	for (i = 0; i < 100; i++) {
		epoll = epoll_create1(0);
		device = parallel_create();
		target = target_open(device);
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, device, &event));
		ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, target, &event));
		child = fork();
		if (!child) {
			struct background of_device, of_target;

			background_start(&of_device, poll_hup, &device);
			background_start(&of_target, poll_hup, &target);
			close(i & 1 ? device : target);
			end(i & 1 ? target : device);
			close(i & 1 ? target : device);
			_exit(0);
		}
		send_one(target, 0, NULL);
		close(device);
		close(target);
		ASSERT_EQ(child, waitpid(child, NULL, 0));
		EXPECT_LE(0, epoll_wait(epoll, &event, 1, 0));
		close(epoll);
	}
}

/* A host that sends to itself waits for nobody but itself, and can be killed. */
TEST(L19_a_host_that_is_its_own_sender)
{
	int status, i;
	pid_t child;

	for (i = 0; i < 2; i++) {
		child = fork();
		if (!child) {
			struct send_wait s = { .target = target_open(parallel_create()) };

			if (i == 0)
				send_waiting(&s);
			else
				ioctl(s.target, _IO('x', 1));
			_exit(0);
		}
		wait_asleep(child);
		kill(child, SIGKILL);
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
}

/* Invariant 8: a sleeper can be killed, whatever its partner does. */
TEST_F(waiter, every_sleep_can_be_killed)
{
	struct iotarget_fetch_element record = {};
	int status, i;
	pid_t child;

	for (i = 0; i < 3; i++) {
		struct send_wait s = { .target = self->target };

		child = fork();
		if (!child) {
			if (i == 0)
				fetch_waiting(&self->device);
			else if (i == 1)
				reap_waiting(&self->target);
			else
				send_waiting(&s);
			_exit(0);
		}
		wait_asleep(child);
		kill(child, SIGKILL);
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	/* What the third one sent goes on: the target is open here. */
	ASSERT_EQ(0, fetch_now(self->device, 0, &record));
	EXPECT_EQ(0, is_canceled(self->device, record.id));
	EXPECT_EQ(0, complete(self->device, record.id, 0));
}

/* Many of each, ended at once: nothing is lost, nothing hangs. */
TEST_F(waiter, the_end_of_a_full_target)
{
	static struct iotarget_send_element e[1000];
	static struct iotarget_fetch_element f[300];
	static struct iotarget_reap_element r[1000];
	struct iotarget_send send = send_arg(0, e, 1000, NULL, 0);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, 1000);
	struct iotarget_fetch fetch = fetch_arg(0, NULL, 0, f, 300);
	int i, status[2] = {};

	for (i = 0; i < 1000; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	ASSERT_EQ(1000, send.sent);
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	ASSERT_EQ(300, fetch.fetched);
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, mark(self->device, f[i].id));
	for (i = 0; i < 100; i++)
		ASSERT_EQ(DELIVERED, cancel(self->target, f[i].id));
	ASSERT_EQ(0, end(self->device));
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
	ASSERT_EQ(1000, reap.reaped);
	for (i = 0; i < 1000; i++) {
		ASSERT_TRUE(r[i].status == -ENODEV ||
			    r[i].status == -ECANCELED);
		status[r[i].status == -ECANCELED]++;
	}
	EXPECT_EQ(900, status[0]);
	EXPECT_EQ(100, status[1]);
	EXPECT_EQ(-ENODEV, reap_one(self->target, r));
}

/* ---------------------------------------------------------------- names */

#define NEED_NAMES() do {						\
	if (geteuid())							\
		SKIP(return, "a name needs CAP_SYS_ADMIN");		\
} while (0)

TEST_F(waiter, name_by_an_ordinary_user)
{
	if (!geteuid())
		ASSERT_EQ(0, setresuid(65534, 65534, 65534));
	EXPECT_EQ(-EPERM, name_device(self->device, "lifetime", 0600));
}

TEST_F(waiter, node_of_a_name)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	struct stat st;
	__u64 id;
	int node;

	NEED_NAMES();
	ASSERT_EQ(0, name_device(self->device, "lifetime", 0640));
	ASSERT_EQ(0, stat("/dev/iotarget/lifetime", &st));
	EXPECT_TRUE(S_ISCHR(st.st_mode));
	EXPECT_EQ(0640, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	EXPECT_EQ(0, st.st_gid);
	/* once for a device, once for a name */
	EXPECT_EQ(-EBUSY, name_device(self->device, "lifetime", 0640));
	EXPECT_EQ(-EBUSY, name_device(self->device, "lifetime2", 0640));
	/* What is opened is a target. */
	node = open("/dev/iotarget/lifetime", O_RDWR);
	ASSERT_GE(node, 0);
	ASSERT_EQ(0, send_one(node, 0, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	EXPECT_EQ(id, record.id);
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_EQ(0, reap_one(node, &r));
	EXPECT_EQ(-ENOTTY, fetch_one(node, 0, &record));
	/* The name goes with the device, the open target stays. */
	ASSERT_EQ(0, end(self->device));
	EXPECT_EQ(-1, stat("/dev/iotarget/lifetime", &st));
	EXPECT_EQ(ENOENT, errno);
	EXPECT_EQ(POLLERR | POLLHUP, poll_now(node));
	EXPECT_EQ(-ENODEV, send_one(node, 0, &id));
	close(node);
}

TEST_F(waiter, a_name_is_free_again_after_its_device)
{
	int other = parallel_create();
	int i;

	NEED_NAMES();
	ASSERT_EQ(0, name_device(self->device, "lifetime", 0600));
	EXPECT_EQ(-EEXIST, name_device(other, "lifetime", 0600));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, i & 1 ? close(self->device) : end(self->device));
		if (!(i & 1))
			close(self->device);
		self->device = other;
		ASSERT_EQ(0, name_device(other, "lifetime", 0600));
		other = parallel_create();
	}
	close(other);
}

TEST_F(waiter, an_ended_device_takes_no_name)
{
	NEED_NAMES();
	ASSERT_EQ(0, end(self->device));
	EXPECT_EQ(-ENODEV, name_device(self->device, "lifetime", 0600));
}

TEST_F(waiter, mode_of_a_node_is_obeyed)
{
	int status, i;
	pid_t child;

	NEED_NAMES();
	for (i = 0; i < 2; i++) {
		int device = parallel_create();

		ASSERT_EQ(0, name_device(device, "lifetime", i ? 0666 : 0600));
		child = fork();
		if (!child) {
			if (setresuid(65534, 65534, 65534))
				_exit(99);
			_exit(open("/dev/iotarget/lifetime", O_RDWR) < 0 ?
			      errno : 0);
		}
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_EQ(i ? 0 : EACCES, WEXITSTATUS(status));
		close(device);
	}
}

/* Root of a user namespace is an ordinary user. */
TEST_F(waiter, a_namespace_gives_no_capability)
{
	NEED_NAMES();
	if (unshare(CLONE_NEWUSER))
		SKIP(return, "no user namespaces here");
	EXPECT_EQ(-EPERM, name_device(self->device, "lifetime", 0600));
}

TEST_F(waiter, open_while_the_device_ends)
{
	unsigned long n = rounds_get(20000) / 200;
	int status;
	pid_t child;

	NEED_NAMES();
	child = fork();
	if (!child) {
		for (;;) {
			int fd = open("/dev/iotarget/lifetime", O_RDWR);

			if (fd >= 0) {
				send_one(fd, 0, NULL);
				close(fd);
			}
		}
	}
	while (n--) {
		int device = parallel_create();

		ASSERT_EQ(0, name_device(device, "lifetime", 0666));
		if (n & 1)
			ASSERT_EQ(0, end(device));
		close(device);
	}
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
}

/* ----------------------------------------------------- caps, rmmod (U99) */

static void raise_files(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Each of more requests than a leaf of the device's table has slots for. */
TEST(the_device_ends_a_full_leaf)
{
	static struct iotarget_send_element e[IOTARGET_ARRAY_MAX];
	static struct iotarget_reap_element r[IOTARGET_ARRAY_MAX];
	struct iotarget_send send = send_arg(0, e, IOTARGET_ARRAY_MAX, NULL, 0);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, IOTARGET_ARRAY_MAX);
	int device = parallel_create(), target = target_open(device);
	__u32 i, n;

	ASSERT_GE(target, 0);
	for (i = 0; i < IOTARGET_ARRAY_MAX; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	for (n = 0; n < 2; n++) {
		ASSERT_EQ(0, call(target, IOTARGET_SEND, &send));
		ASSERT_EQ(IOTARGET_ARRAY_MAX, send.sent);
	}
	ASSERT_EQ(0, end(device));
	set_nonblock(target, true);
	for (n = 0; !call(target, IOTARGET_SEND, &reap); n += reap.reaped) {
		for (i = 0; i < reap.reaped; i++)
			EXPECT_EQ(-ENODEV, r[i].status);
	}
	EXPECT_EQ(2 * IOTARGET_ARRAY_MAX, n);
	close(target);
	close(device);
}

TEST(a_user_has_so_many_devices)
{
	struct iotarget_info info;
	int *fd, last = 0;
	__u32 n = 0;

	raise_files();
	ASSERT_EQ(0, info_get(&info));
	fd = calloc(info.user_devices + 1, sizeof(*fd));
	while (n <= info.user_devices && (last = parallel_create()) >= 0)
		fd[n++] = last;
	EXPECT_EQ(-EDQUOT, last);
	EXPECT_EQ(info.user_devices, n);
	/* and again when one has ended */
	close(fd[0]);
	last = parallel_create();
	EXPECT_GE(last, 0);
}

TEST(a_user_has_so_many_targets)
{
	int device = parallel_create();
	struct iotarget_info info;
	int *fd, last = 0;
	__u32 n = 0;

	raise_files();
	ASSERT_GE(device, 0);
	ASSERT_EQ(0, info_get(&info));
	fd = calloc(info.user_targets + 1, sizeof(*fd));
	while (n <= info.user_targets && (last = target_open(device)) >= 0)
		fd[n++] = last;
	EXPECT_EQ(-EDQUOT, last);
	EXPECT_EQ(info.user_targets, n);
	close(fd[0]);
	last = target_open(device);
	EXPECT_GE(last, 0);
}

TEST(L17_the_module_stays_while_an_fd_is_open)
{
	int control, device, target;

	if (geteuid())
		SKIP(return, "unloading needs CAP_SYS_MODULE");
	control = control_open();
	EXPECT_EQ(-1, syscall(SYS_delete_module, "iotarget", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	device = parallel_create();
	close(control);
	EXPECT_EQ(-1, syscall(SYS_delete_module, "iotarget", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
	target = target_open(device);
	ASSERT_GE(target, 0);
	close(device);
	EXPECT_EQ(-1, syscall(SYS_delete_module, "iotarget", O_NONBLOCK));
	EXPECT_EQ(EWOULDBLOCK, errno);
}

TEST_HARNESS_MAIN
