/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of plain read, write and ioctl share: callers, and the host that
 * answers them.
 */
#ifndef SELFTESTS_PLAIN_COMMON_H
#define SELFTESTS_PLAIN_COMMON_H

#include <sys/uio.h>
#include <sys/wait.h>

#include "common.h"

#define NODE IOTARGET_NODE_DIR "plain"
#define AT (1LL << 40 | 5)
#define ECHO _IOWR('x', 7, char[8])
#define RECORD_FLAGS (sizeof(long) == 4 ? IOTARGET_RECORD_32BIT : 0)

/* ---------------------------------------------------------------- callers */

/* A plain call, by the number of its system call. */
struct plain {
	struct background thread;
	long nr;
	int fd;
	char *bytes;	/* ioctl: the argument, which may be a value */
	size_t length;
	unsigned int code;
	char own[8];
};

static inline int plain_main(void *arg)
{
	struct plain *p = arg;
	bool vector = p->nr == SYS_readv || p->nr == SYS_preadv ||
		      p->nr == SYS_writev || p->nr == SYS_pwritev;
	size_t third = p->length / 3;
	struct iovec parts[] = {
		{ p->bytes, third }, { NULL, 0 },
		{ p->bytes + third, p->length - third },
	};
	long ret;

	if (p->nr == SYS_ioctl)
		ret = ioctl(p->fd, p->code, p->bytes);
	else	/* a 32-bit program gives the offset in halves */
		ret = syscall(p->nr, p->fd, vector ? (void *)parts : p->bytes,
			      vector ? 3 : p->length, (long)AT,
			      (long)(AT >> 32));
	return ret < 0 ? -errno : ret;
}

/* Of 8 bytes of its own. */
static inline void plain_start(struct plain *p)
{
	p->bytes = p->own;
	memcpy(p->own, "senders!", 8);
	background_start(&p->thread, plain_main, p);
}

/* ---------------------------------------------------------------- objects */

/* Every fixture begins so. They end with their process. */
#define OBJECTS int device; int target; __u64 file; struct plain call

#define NEED_NAMES() do {						\
	if (geteuid())							\
		SKIP(return, "a name needs CAP_SYS_ADMIN");		\
} while (0)

#define OPEN_OBJECTS(named_) do {					\
	bool by_name_ = (named_);					\
									\
	if (by_name_)							\
		NEED_NAMES();						\
	self->device = parallel_create();				\
	ASSERT_GE(self->device, 0);					\
	if (by_name_)							\
		ASSERT_EQ(0, name_device(self->device, "plain", 0600));		\
	self->target = by_name_ ? open(NODE, O_RDWR | O_CLOEXEC) :	\
		target_open_file(self->device, &self->file);		\
	ASSERT_GE(self->target, 0);					\
	self->call = (struct plain) {					\
		.fd = self->target, .length = 8, .code = ECHO,		\
		.nr = SYS_read,						\
	};								\
} while (0)

static inline void target_reopen(int device, int *target, struct plain *p)
{
	close(*target);
	*target = target_open(device);
	p->fd = *target;
}

#define EXPECT_NO_RECORD() do {						\
	struct iotarget_fetch_element record_ = {};			\
									\
	EXPECT_FALSE(readable(self->device));				\
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record_));	\
} while (0)

#define EXPECT_ON_CANCEL(id_) do {					\
	struct iotarget_fetch_element record_ = {};			\
									\
	ASSERT_EQ(0, fetch_one(self->device, 0, &record_));		\
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, record_.event);		\
	EXPECT_EQ(id_, record_.id);					\
} while (0)

static inline char pattern(size_t i)
{
	return i * 7 + (i >> 8) + 1;
}

static inline void fill_pattern(char *bytes, size_t length)
{
	while (length--)
		bytes[length] = pattern(length);
}

static inline bool has_pattern(const char *bytes, size_t length)
{
	while (length--)
		if (bytes[length] != pattern(length))
			return false;
	return true;
}

/* Every one of them. */
static inline bool has_byte(const char *bytes, size_t length, char byte)
{
	while (length--)
		if (bytes[length] != byte)
			return false;
	return true;
}

/* ------------------------------------------------------- signals and hosts */

static atomic_int handled;

static inline void count_signal(int signal)
{
	atomic_fetch_add(&handled, 1);
}

static inline void count_signals(bool restart)
{
	struct sigaction action = {
		.sa_handler = count_signal,
		.sa_flags = restart ? SA_RESTART : 0,
	};

	atomic_store(&handled, 0);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
}

/* The caller sleeps, and the host has its request or has not. */
enum state { QUEUED, UNMARKED, CANCELABLE, STATES };

static inline int host_take(int device, enum state state,
		     struct iotarget_fetch_element *f)
{
	memset(f, 0, sizeof(*f));
	if (state == QUEUED)
		return 0;
	return fetch_one(device, state == CANCELABLE ?
			 IOTARGET_FETCH_CANCELABLE : 0, f);
}

/* @information bytes, also where they go to the caller. */
static inline int answer(int device, const struct iotarget_fetch_element *f,
		  __s32 status, __u32 information)
{
	return complete_bytes(device, f->id, status, information, "answered",
			      f->out_length < information ? f->out_length :
			      information);
}

/* ------------------------------------------------------------- processes */

/* A process that makes the call and exits with its errno, or 0. */
static inline pid_t fork_call(struct plain *p)
{
	pid_t child = fork();
	int ret;

	if (child)
		return child;
	p->bytes = p->own;
	ret = plain_main(p);
	_exit(ret < 0 ? -ret : 0);
}

#define EXPECT_ENDED_BY(signal_, child_) do {				\
	int status_;							\
									\
	ASSERT_EQ(child_, waitpid(child_, &status_, 0));		\
	EXPECT_TRUE(WIFSIGNALED(status_));				\
	EXPECT_EQ(signal_, WTERMSIG(status_));				\
} while (0)

#define EXPECT_KILLED(child_) do {					\
	kill(child_, SIGKILL);						\
	EXPECT_ENDED_BY(SIGKILL, child_);				\
} while (0)

#define EXPECT_EXIT(child_, code_) do {					\
	int status_;							\
									\
	ASSERT_EQ(child_, waitpid(child_, &status_, 0));		\
	EXPECT_TRUE(WIFEXITED(status_));				\
	EXPECT_EQ(code_, WEXITSTATUS(status_));				\
} while (0)

#endif
