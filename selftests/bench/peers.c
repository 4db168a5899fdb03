// SPDX-License-Identifier: GPL-2.0
/* What a program would use today to talk to another process. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* eventfd, pipe and socket: 8 bytes there, 8 bytes back */

struct pair {
	int there[2];		/* to read, to write */
	int back[2];
};

static void pong(void *arg)
{
	struct pair *p = arg;
	uint64_t value;

	for (;;) {
		must(read(p->there[0], &value, sizeof(value)));
		must(write(p->back[1], &value, sizeof(value)));
	}
}

static OPERATION void ping_op(void *arg)
{
	struct pair *p = arg;
	uint64_t value = 1;

	must(write(p->there[1], &value, sizeof(value)));
	must(read(p->back[0], &value, sizeof(value)));
}

double eventfd_row(long arg)
{
	struct pair p;

	p.there[0] = p.there[1] = must(eventfd(0, 0));
	p.back[0] = p.back[1] = must(eventfd(0, 0));
	serve(pong, &p);
	return measure(ping_op, &p, 1);
}

double pipe_row(long arg)
{
	struct pair p;

	must(pipe(p.there));
	must(pipe(p.back));
	serve(pong, &p);
	return measure(ping_op, &p, 1);
}

double socket_row(long type)
{
	struct pair p;
	int ends[2];

	must(socketpair(AF_UNIX, type, 0, ends));
	p.there[0] = p.back[1] = ends[0];
	p.there[1] = p.back[0] = ends[1];
	serve(pong, &p);
	return measure(ping_op, &p, 1);
}

/* futex: one word there, one back */

struct words {
	int there, back;
};

static void futex_post(int *word)
{
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	must(syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL));
}

static void futex_wait(int *word)
{
	while (!__atomic_exchange_n(word, 0, __ATOMIC_ACQUIRE))
		must_be(!syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL) || errno == EAGAIN);
}

static void futex_server(void *arg)
{
	struct words *w = arg;

	for (;;) {
		futex_wait(&w->there);
		futex_post(&w->back);
	}
}

static OPERATION void futex_op(void *arg)
{
	struct words *w = arg;

	futex_post(&w->there);
	futex_wait(&w->back);
}

double futex_row(long arg)
{
	struct words *w = share(sizeof(*w));

	serve(futex_server, w);
	return measure(futex_op, w, 1);
}

/* seccomp: a system call of one process is answered by another one */

#define TRAPPED		SYS_getppid
#define ANSWER		42

/* Of 6.6 and later. */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS	SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP	1
#endif

/* From here on this process, and whom it forks, can be trapped: the listener. */
static int seccomp_start(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TRAPPED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	return must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

static void answer_call(int listener)
{
	struct seccomp_notif notif = { 0 };
	struct seccomp_notif_resp response = { .val = ANSWER };

	must(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notif));
	response.id = notif.id;
	must(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response));
}

/*
 * Only the client is to be filtered, so the server was forked before, and
 * fetches the listener that the client then gets.
 */
static void seccomp_server(void *arg)
{
	int *pipe_end = arg, number, listener, client;

	must(read(pipe_end[0], &number, sizeof(number)));
	client = must(syscall(SYS_pidfd_open, getppid(), 0));
	listener = must(syscall(SYS_pidfd_getfd, client, number, 0));
	for (;;)
		answer_call(listener);
}

static OPERATION void trapped_op(void *arg)
{
	must_be(syscall(TRAPPED) == ANSWER);
}

double seccomp_row(long flags)
{
	int ends[2], listener;

	must(pipe(ends));
	serve(seccomp_server, ends);
	listener = seccomp_start();
	if (flags && ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, flags))
		return NAN;
	must(write(ends[1], &listener, sizeof(listener)));
	return measure(trapped_op, NULL, 1);
}

/* Many clients; this process, which is never trapped, is their server. */
static void call_forever(void *arg)
{
	for (;;)
		trapped_op(NULL);
}

static double answer_block(void *arg, int ops)
{
	uint64_t start = now();

	while (ops--)
		answer_call(*(int *)arg);
	return passed_since(start);
}

double seccomp_clients_row(long clients)
{
	int listener = seccomp_start();

	while (clients--)
		serve(call_forever, NULL);
	return measure_blocks(answer_block, &listener, 1);
}

/* A socket's connect until the server has closed: one round trip. */
static const struct sockaddr_un address = { AF_UNIX, "\0iotarget-bench" };

static void accept_forever(void *arg)
{
	for (;;)
		close(must(accept(*(int *)arg, NULL, NULL)));
}

static OPERATION void connect_op(void *arg)
{
	int fd = must(socket(AF_UNIX, SOCK_STREAM, 0));
	char byte;

	must(connect(fd, (const struct sockaddr *)&address, sizeof(address)));
	must_be(read(fd, &byte, 1) == 0);
	close(fd);
}

double socket_connect_row(long arg)
{
	int listener = must(socket(AF_UNIX, SOCK_STREAM, 0));

	must(bind(listener, (const struct sockaddr *)&address, sizeof(address)));
	must(listen(listener, 1));
	serve(accept_forever, &listener);
	return measure(connect_op, NULL, 1);
}

/* One copy between two address spaces: the floor of a large payload. */
static char copied[1 << 20], copy[1 << 20];

static void sleep_forever(void *arg)
{
	for (;;)
		pause();
}

struct reader {
	pid_t pid;
	size_t length;
};

static OPERATION void process_read_op(void *arg)
{
	const struct reader *r = arg;
	struct iovec to = { copy, r->length }, from = { copied, r->length };

	must_be(process_vm_readv(r->pid, &to, 1, &from, 1, 0) == (ssize_t)r->length);
}

double process_read_row(long length)
{
	struct reader r = { .length = length };

	memset(copied, 1, sizeof(copied));
	r.pid = serve(sleep_forever, NULL);
	return measure(process_read_op, &r, 1);
}
