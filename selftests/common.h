/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of the ABI share: one short function per ioctl, each answering
 * as the kernel does (0 or more, or a negative errno), and the hand-shakes that
 * stand where other tests sleep.
 */
#ifndef SELFTESTS_COMMON_H
#define SELFTESTS_COMMON_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include <linux/iotarget.h>

#include "kselftest_harness.h"

/* The debug kernel under emulation is slow; a hang is still found. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120
/* for tests that repeat something as often as they are told */
#define HOUR 3600

/* The harness writes to both; in a file or pipe, lines must stay whole. */
static __attribute__((constructor)) void line_buffer(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}

#define ADDRESS(p) ((__u64)(uintptr_t)(p))

static inline int call(int fd, unsigned int nr, void *arg)
{
	return ioctl(fd, nr, arg) < 0 ? -errno : 0;
}

/* ------------------------------------------------------------- objects */

static inline int control_open(void)
{
	int fd = open(IOTARGET_NODE_CONTROL, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int info_get(struct iotarget_info *info)
{
	int control = control_open();
	int ret;

	if (control < 0)
		return control;
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	ret = call(control, IOTARGET_INFO, info);
	close(control);
	return ret;
}

/* @queue_flags: of its default queue */
static inline int device_create_all(__u32 flags, __u32 dispatch, __u32 limit,
				    __u32 queue_flags)
{
	struct iotarget_device_create arg = {
		.size = sizeof(arg), .flags = flags, .dispatch = dispatch,
		.limit = limit, .queue_flags = queue_flags,
	};
	int control = control_open();
	int ret;

	if (control < 0)
		return control;
	ret = call(control, IOTARGET_DEVICE_CREATE, &arg);
	close(control);
	return ret ? ret : arg.fd;
}

static inline int device_create_flags(__u32 flags, __u32 dispatch, __u32 limit)
{
	return device_create_all(flags, dispatch, limit, 0);
}

static inline int device_create(__u32 dispatch, __u32 limit)
{
	return device_create_flags(0, dispatch, limit);
}

static inline int sequential_create(void)
{
	return device_create(IOTARGET_DISPATCH_SEQUENTIAL, 0);
}

static inline int parallel_create(void)
{
	return device_create(IOTARGET_DISPATCH_PARALLEL, 0);
}

static inline int queue_create_flags(int device, __u32 flags, __u32 dispatch,
				     __u32 limit)
{
	struct iotarget_queue_create arg = {
		.size = sizeof(arg), .flags = flags, .dispatch = dispatch,
		.limit = limit,
	};
	int ret = call(device, IOTARGET_QUEUE_CREATE, &arg);

	return ret ? ret : arg.fd;
}

static inline int route(int device, __u32 type, int queue)
{
	struct iotarget_route arg = {
		.size = sizeof(arg), .type = type, .queue_fd = queue,
	};

	return call(device, IOTARGET_ROUTE, &arg);
}

static inline int target_open_file(int device, __u64 *file)
{
	struct iotarget_target_open arg = { .size = sizeof(arg) };
	int ret = call(device, IOTARGET_TARGET_OPEN, &arg);

	*file = arg.file;
	return ret ? ret : arg.fd;
}

static inline int target_open(int device)
{
	__u64 file;

	return target_open_file(device, &file);
}

static inline int end(int fd)
{
	struct iotarget_shutdown arg = { .size = sizeof(arg) };

	return call(fd, IOTARGET_SHUTDOWN, &arg);
}

static inline void set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

static inline short poll_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static inline bool readable(int fd)
{
	return poll_now(fd) & POLLIN;
}

/* -------------------------------------------------------------- sender */

static inline struct iotarget_send
send_arg(__u32 flags, struct iotarget_send_element *send, __u32 sends,
	 struct iotarget_reap_element *reap, __u32 reaps)
{
	return (struct iotarget_send) {
		.size = sizeof(struct iotarget_send),
		.flags = flags,
		.send = { sends, sizeof(*send), ADDRESS(send) },
		.reap = { reaps, sizeof(*reap), ADDRESS(reap) },
	};
}

/* A request of this type without bytes. */
static inline int send_type(int target, __u32 type, __u64 *id)
{
	struct iotarget_send_element e = { .type = type };
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	int ret = call(target, IOTARGET_SEND, &arg);

	*id = e.id;
	return ret ? ret : arg.sent == 1 ? 0 : -EPROTO;
}

/* A control request without bytes. */
static inline int send_one(int target, __u64 user_data, __u64 *id)
{
	struct iotarget_send_element e = {
		.user_data = user_data, .type = IOTARGET_TYPE_CONTROL, .code = 1,
	};
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	int ret = call(target, IOTARGET_SEND, &arg);

	if (id)
		*id = e.id;
	return ret ? ret : arg.sent == 1 && !e.result && e.id ? 0 : -EPROTO;
}

static inline int send_read(int target, void *out, __u32 length, __u64 *id)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_READ,
		.out = ADDRESS(out), .out_length = length,
	};
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	int ret = call(target, IOTARGET_SEND, &arg);

	*id = e.id;
	return ret ? ret : arg.sent == 1 ? 0 : -EPROTO;
}

/* Waits unless the target is O_NONBLOCK. */
static inline int reap_one(int target, struct iotarget_reap_element *reap)
{
	struct iotarget_send arg = send_arg(0, NULL, 0, reap, 1);
	int ret = call(target, IOTARGET_SEND, &arg);

	return ret ? ret : arg.reaped == 1 ? 0 : -EPROTO;
}

/* What lies ready, or -EAGAIN. */
static inline int reap_now(int target, struct iotarget_reap_element *reap)
{
	int ret;

	set_nonblock(target, true);
	ret = reap_one(target, reap);
	set_nonblock(target, false);
	return ret;
}

/* The status of @id, whose completion lies ready before others; or -EAGAIN. */
static inline int reap_status(int target, __u64 id)
{
	struct iotarget_reap_element reap;
	int ret = reap_now(target, &reap);

	return ret ? ret : reap.id == id ? reap.status : -EPROTO;
}

enum verdict { DELIVERED = 1, MARKED, TOLD, COMPLETED };

/* Which of the four answers came for one request, or a negative errno. */
static inline int cancel_by(int target, __u32 scope, __u32 tid, __u64 id)
{
	struct iotarget_cancel arg = {
		.size = sizeof(arg), .scope = scope, .tid = tid, .id = id,
	};
	int ret = call(target, IOTARGET_CANCEL, &arg);

	if (ret)
		return ret;
	if (arg.delivered + arg.marked + arg.told + arg.completed != 1)
		return -EPROTO;
	return arg.delivered ? DELIVERED : arg.marked ? MARKED :
	       arg.told ? TOLD : COMPLETED;
}

static inline int cancel(int target, __u64 id)
{
	return cancel_by(target, IOTARGET_CANCEL_ID, 0, id);
}

static inline int cancel_all(int target, struct iotarget_cancel *arg)
{
	memset(arg, 0, sizeof(*arg));
	arg->size = sizeof(*arg);
	arg->scope = IOTARGET_CANCEL_ALL;
	return call(target, IOTARGET_CANCEL, arg);
}

/* -EPROTO: it answered without one of the three states. */
static inline int target_control(int target, __u32 action,
				 struct iotarget_target_control *arg)
{
	int ret;

	memset(arg, 0, sizeof(*arg));
	arg->size = sizeof(*arg);
	arg->action = action;
	ret = call(target, IOTARGET_TARGET_CONTROL, arg);
	return ret || arg->state == IOTARGET_TARGET_STARTED ||
	       arg->state == IOTARGET_TARGET_STOPPED ||
	       arg->state == IOTARGET_TARGET_REMOVED ? ret : -EPROTO;
}

static inline int target_do(int target, __u32 action)
{
	struct iotarget_target_control arg;

	return target_control(target, action, &arg);
}

/* ---------------------------------------------------------------- host */

static inline struct iotarget_fetch
fetch_arg(__u32 flags, struct iotarget_complete_element *complete,
	  __u32 completes, struct iotarget_fetch_element *fetch, __u32 fetches)
{
	return (struct iotarget_fetch) {
		.size = sizeof(struct iotarget_fetch),
		.flags = flags,
		.complete = { completes, sizeof(*complete), ADDRESS(complete) },
		.fetch = { fetches, sizeof(*fetch), ADDRESS(fetch) },
	};
}

/* Waits unless the queue is O_NONBLOCK. Keeps the record's buffer. */
static inline int fetch_one(int queue, __u32 flags,
			    struct iotarget_fetch_element *record)
{
	struct iotarget_fetch arg = fetch_arg(flags, NULL, 0, record, 1);
	int ret = call(queue, IOTARGET_FETCH, &arg);

	return ret ? ret : arg.fetched == 1 ? 0 : -EPROTO;
}

/* What lies ready, or -EAGAIN. */
static inline int fetch_now(int queue, __u32 flags,
			    struct iotarget_fetch_element *record)
{
	int ret;

	set_nonblock(queue, true);
	ret = fetch_one(queue, flags, record);
	set_nonblock(queue, false);
	return ret;
}

static inline int complete_bytes(int queue, __u64 id, __s32 status,
				 __u64 information, const void *buffer,
				 __u32 length)
{
	struct iotarget_complete_element e = {
		.id = id, .status = status, .information = information,
		.buffer = ADDRESS(buffer), .buffer_length = length,
		.result = -EPROTO,
	};
	struct iotarget_fetch arg = fetch_arg(0, &e, 1, NULL, 0);
	int ret = call(queue, IOTARGET_FETCH, &arg);

	return ret ? ret : arg.completed == 1 ? e.result : -EPROTO;
}

static inline int complete(int queue, __u64 id, __s32 status)
{
	return complete_bytes(queue, id, status, 0, NULL, 0);
}

static inline int mark(int queue, __u64 id)
{
	struct iotarget_id arg = { .size = sizeof(arg), .id = id };

	return call(queue, IOTARGET_MARK_CANCELABLE, &arg);
}

static inline int unmark(int queue, __u64 id)
{
	struct iotarget_id arg = { .size = sizeof(arg), .id = id };

	return call(queue, IOTARGET_UNMARK_CANCELABLE, &arg);
}

static inline int is_canceled(int queue, __u64 id)
{
	struct iotarget_is_canceled arg = { .size = sizeof(arg), .id = id };
	int ret = call(queue, IOTARGET_IS_CANCELED, &arg);

	return ret ? ret : (int)arg.canceled;
}

static inline int forward(int queue, __u64 id, int to)
{
	struct iotarget_forward arg = {
		.size = sizeof(arg), .id = id, .queue_fd = to,
	};

	return call(queue, IOTARGET_FORWARD, &arg);
}

static inline int requeue(int queue, __u64 id)
{
	struct iotarget_id arg = { .size = sizeof(arg), .id = id };

	return call(queue, IOTARGET_REQUEUE, &arg);
}

/* By hand, of a file or of any. */
static inline int retrieve(int queue, __u64 file, __u64 *id)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_fetch arg = fetch_arg(IOTARGET_FETCH_RETRIEVE, NULL, 0,
					      &record, 1);
	int ret;

	arg.file = file;
	ret = call(queue, IOTARGET_FETCH, &arg);
	*id = record.id;
	return ret ? ret : arg.fetched == 1 &&
	       record.event == IOTARGET_EVENT_REQUEST &&
	       (!file || record.file == file) ? 0 : -EPROTO;
}

/*
 * What lies ready, or -EAGAIN; and -EPROTO where poll said something else
 * (invariant 10).
 */
static inline int fetch_polled(int queue, __u32 flags,
			       struct iotarget_fetch_element *record)
{
	bool ready = readable(queue);
	int ret = fetch_now(queue, flags, record);

	return ready == !ret ? ret : -EPROTO;
}

/* The event that lies ready, which is about @id; or -EAGAIN. */
static inline int fetch_event(int queue, __u32 flags, __u64 id)
{
	struct iotarget_fetch_element record = {};
	int ret = fetch_polled(queue, flags, &record);

	return ret ? ret : record.id == id ? (int)record.event : -EPROTO;
}

/*
 * The state that a QUEUE_STATE record says; @flags: RECORD_NOTICE if it answers a
 * NOTIFY, 0 if a manual queue is no longer empty. Or -EAGAIN.
 */
static inline int fetch_queue_state(int queue, __u32 flags)
{
	struct iotarget_fetch_element record = { .state = ~0U };
	int ret = fetch_polled(queue, 0, &record);

	return ret ? ret : record.event == IOTARGET_EVENT_QUEUE_STATE &&
	       record.flags == flags && !record.id && !record.file ?
	       (int)record.state : -EPROTO;
}

static inline int fetch_notice(int queue)
{
	return fetch_queue_state(queue, IOTARGET_RECORD_NOTICE);
}

static inline int queue_control(int queue, __u32 action, __u32 flags,
				struct iotarget_queue_control *arg)
{
	*arg = (struct iotarget_queue_control) {
		.size = sizeof(*arg), .flags = flags, .action = action,
		.state = ~0U, .in_queue = ~0U, .in_host = ~0U,
	};
	return call(queue, IOTARGET_QUEUE_CONTROL, arg);
}

static inline int queue_do(int queue, __u32 action)
{
	struct iotarget_queue_control arg;

	return queue_control(queue, action, 0, &arg);
}

static inline int queue_notify(int queue, __u32 action)
{
	struct iotarget_queue_control arg;

	return queue_control(queue, action, IOTARGET_QUEUE_CONTROL_NOTIFY, &arg);
}

/* IOTARGET_QUEUE_STATE_*; -EPROTO where it disagrees with the counts. */
static inline int queue_state(int queue)
{
	struct iotarget_queue_control arg;
	int ret = queue_control(queue, IOTARGET_QUEUE_STATE, 0, &arg);

	return ret ? ret :
	       !(arg.state & IOTARGET_QUEUE_STATE_EMPTY) == !!arg.in_queue &&
	       !(arg.state & IOTARGET_QUEUE_STATE_IDLE) == !!arg.in_host ?
	       (int)arg.state : -EPROTO;
}

/* cnt of the cases */
#define EXPECT_COUNTS(queue_, in_queue_, in_host_) do {			\
	struct iotarget_queue_control now_;				\
									\
	EXPECT_EQ(0, queue_control(queue_, IOTARGET_QUEUE_STATE, 0, &now_)); \
	EXPECT_EQ(in_queue_, now_.in_queue);				\
	EXPECT_EQ(in_host_, now_.in_host);				\
	EXPECT_LE(0, queue_state(queue_));				\
} while (0)

/* ---------------------------------------------------------- hand-shakes */

/*
 * Returns when a thread of this process sleeps inside its ioctl. That is what
 * /proc says of it; the test's own time limit bounds the loop.
 */
static inline void wait_asleep_in(pid_t tid, long nr)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	for (;;) {
		int fd = open(path, O_RDONLY);
		ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = 0;
		if (text[0] >= '0' && text[0] <= '9' &&
		    strtol(text, NULL, 10) == nr)
			return;
		sched_yield();
	}
}

static inline void wait_asleep(pid_t tid)
{
	wait_asleep_in(tid, SYS_ioctl);
}

static inline pid_t own_tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

/* A word that one thread sets and another one waits for. */
static inline void wait_for(atomic_int *word, int value)
{
	while (atomic_load(word) != value)
		sched_yield();
}

/* A thread that makes one call; call_wait() gives what it answered. */
struct background {
	pthread_t thread;
	atomic_int tid;
	int (*function)(void *arg);
	void *arg;
	int ret;
};

static inline void *background_main(void *arg)
{
	struct background *b = arg;

	atomic_store(&b->tid, own_tid());
	b->ret = b->function(b->arg);
	return NULL;
}

static inline void background_start(struct background *b,
				    int (*function)(void *), void *arg)
{
	atomic_store(&b->tid, 0);
	b->function = function;
	b->arg = arg;
	if (pthread_create(&b->thread, NULL, background_main, b))
		abort();
	while (!atomic_load(&b->tid))
		sched_yield();
}

static inline int background_join(struct background *b)
{
	pthread_join(b->thread, NULL);
	return b->ret;
}

static inline void ignore_signal(int signal)
{
}

/* A signal that interrupts a call and, by @restart, has it restarted or not. */
static inline void catch_signal(int signal, bool restart)
{
	struct sigaction action = {
		.sa_handler = ignore_signal,
		.sa_flags = restart ? SA_RESTART : 0,
	};

	sigaction(signal, &action, NULL);
}

static inline void signal_thread(pid_t tid, int signal)
{
	syscall(SYS_tgkill, getpid(), tid, signal);
}

/* ------------------------------------------------------- random, rounds */

/* Printed, so that a failure can be had again with IOTARGET_SEED. */
static inline unsigned int seed_get(void)
{
	const char *text = getenv("IOTARGET_SEED");
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return text ? strtoul(text, NULL, 0) : (unsigned int)now.tv_nsec | 1;
}

static inline unsigned int draw(unsigned int *seed, unsigned int below)
{
	return rand_r(seed) % below;
}

static inline unsigned long rounds_get(unsigned long usual)
{
	const char *text = getenv("IOTARGET_ROUNDS");

	return text ? strtoul(text, NULL, 0) : usual;
}

/* --------------------------------------------------- names, fds passed on */

static inline int name_device(int device, const char *name, __u32 mode)
{
	struct iotarget_name arg = { .size = sizeof(arg), .mode = mode };

	/* (32 bytes and no end is one of the bad ones) */
	memcpy(arg.name, name, strnlen(name, sizeof(arg.name)));
	return call(device, IOTARGET_NAME, &arg);
}

static inline void fd_send(int socket, int fd, const void *data, size_t size)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { (void *)data, size };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	if (sendmsg(socket, &msg, 0) < 0)
		abort();
}

static inline int fd_receive(int socket, void *data, size_t size)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { data, size };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &msg, MSG_CMSG_CLOEXEC) <= 0 || !CMSG_FIRSTHDR(&msg))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

#endif
