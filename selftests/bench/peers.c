// SPDX-License-Identifier: GPL-2.0
/* What a program would use today for a round trip to another process. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/fuse.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* eventfd and pipe: 8 bytes there, 8 bytes back */

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

static void ping_op(void *arg)
{
	struct pair *p = arg;
	uint64_t value = 1;

	must(write(p->there[1], &value, sizeof(value)));
	must(read(p->back[0], &value, sizeof(value)));
}

double eventfd_row(long arg)
{
	struct pair p;

	(void)arg;
	p.there[0] = p.there[1] = must(eventfd(0, 0));
	p.back[0] = p.back[1] = must(eventfd(0, 0));
	serve(pong, &p);
	return measure(ping_op, &p);
}

double pipe_row(long arg)
{
	struct pair p;

	(void)arg;
	must(pipe(p.there));
	must(pipe(p.back));
	serve(pong, &p);
	return measure(ping_op, &p);
}

/* seccomp: a system call of one process is answered by another one */

#define TRAPPED		SYS_getppid
#define ANSWER		42

/*
 * Only the client is to be filtered, so the server was forked before, and
 * fetches the listener that the client then gets.
 */
static void seccomp_server(void *arg)
{
	struct seccomp_notif notif;
	struct seccomp_notif_resp response;
	int *pipe_end = arg, number, listener, client;

	must(read(pipe_end[0], &number, sizeof(number)));
	client = must(syscall(SYS_pidfd_open, getppid(), 0));
	listener = must(syscall(SYS_pidfd_getfd, client, number, 0));
	for (;;) {
		memset(&notif, 0, sizeof(notif));
		must(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notif));
		memset(&response, 0, sizeof(response));
		response.id = notif.id;
		response.val = ANSWER;
		must(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response));
	}
}

static void trapped_op(void *arg)
{
	(void)arg;
	must_be(syscall(TRAPPED) == ANSWER);
}

double seccomp_row(long arg)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TRAPPED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	int ends[2], listener;

	(void)arg;
	must(pipe(ends));
	serve(seccomp_server, ends);
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	listener = must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
	must(write(ends[1], &listener, sizeof(listener)));
	return measure(trapped_op, NULL);
}

/*
 * CUSE, by its protocol and without a library: what a library adds would only
 * make it slower.
 */

#define CUSE_IOCTL	_IOWR('b', 1, char[32])

struct cuse {
	const char *name;
	int fd;
	int ready[2];
};

static void cuse_reply(int fd, uint64_t unique, const void *a, size_t a_length,
		       const void *b, size_t b_length)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + a_length + b_length,
		.unique = unique,
	};
	struct iovec parts[] = {
		{ &header, sizeof(header) },
		{ (void *)a, a_length },
		{ (void *)b, b_length },
	};

	must(writev(fd, parts, 1 + !!a_length + !!b_length));
}

static void cuse_init(struct cuse *c, uint64_t unique, const struct cuse_init_in *in)
{
	char info[64];
	int length = sprintf(info, "DEVNAME=%s", c->name) + 1;
	struct cuse_init_out out = {
		.major = in->major,
		.minor = in->minor,
		.max_read = 4096,
		.max_write = 4096,
	};

	cuse_reply(c->fd, unique, &out, sizeof(out), info, length);
	/* The write returned, so the node is there. */
	must(write(c->ready[1], "", 1));
}

static void cuse_server(void *arg)
{
	static char buffer[FUSE_MIN_READ_BUFFER + 4096];
	static const char data[32];
	struct fuse_in_header *header = (void *)buffer;
	struct cuse *c = arg;

	for (;;) {
		must(read(c->fd, buffer, sizeof(buffer)));
		switch (header->opcode) {
		case CUSE_INIT:
			cuse_init(c, header->unique, (void *)(header + 1));
			break;
		case FUSE_OPEN: {
			struct fuse_open_out out = { 0 };

			cuse_reply(c->fd, header->unique, &out, sizeof(out), NULL, 0);
			break;
		}
		case FUSE_READ:
			cuse_reply(c->fd, header->unique, data, 8, NULL, 0);
			break;
		case FUSE_IOCTL: {
			struct fuse_ioctl_in *in = (void *)(header + 1);
			struct fuse_ioctl_out out = { 0 };

			cuse_reply(c->fd, header->unique, &out, sizeof(out),
				   in + 1, in->out_size);
			break;
		}
		default:
			cuse_reply(c->fd, header->unique, NULL, 0, NULL, 0);
		}
	}
}

/* Starts a server of that name, which no other row uses: a node goes late. */
static int cuse_start(const char *name)
{
	struct cuse c = { .name = name };
	char byte, node[64];

	c.fd = must(open("/dev/cuse", O_RDWR));
	must(pipe(c.ready));
	serve(cuse_server, &c);
	/* So the end of the server ends the connection, and nobody waits for it. */
	close(c.fd);
	must(read(c.ready[0], &byte, 1));
	sprintf(node, "/dev/%s", name);
	return must(open(node, O_RDWR));
}

static void cuse_read_op(void *arg)
{
	char data[8];

	must_be(read(*(int *)arg, data, sizeof(data)) == sizeof(data));
}

double cuse_read_row(long arg)
{
	int fd = cuse_start("bench-cuse-read");

	(void)arg;
	return measure(cuse_read_op, &fd);
}

static void cuse_ioctl_op(void *arg)
{
	char data[32] = "";

	must(ioctl(*(int *)arg, CUSE_IOCTL, data));
}

double cuse_ioctl_row(long arg)
{
	int fd = cuse_start("bench-cuse-ioctl");

	(void)arg;
	return measure(cuse_ioctl_op, &fd);
}
