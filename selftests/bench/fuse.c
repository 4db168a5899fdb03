// SPDX-License-Identifier: GPL-2.0
/*
 * CUSE and FUSE, by their protocol and without libfuse3: what a library adds
 * would only make them slower, and so easier to beat.  One server for both.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define CUSE_IOCTL	_IOWR('b', 1, char[32])

#define TRANSFER_MAX	(1 << 20)
#define FILE_NODE	2
/* A read of so many bytes is answered when it is interrupted. */
#define HELD_READ	1

struct server {
	int fd;
	const char *name;		/* CUSE: the device */
	int ready[2];			/* CUSE: a byte when the node is there */
	volatile uint64_t *held;	/* the read that waits to be interrupted */
};

static char payload[TRANSFER_MAX];

static void reply(const struct server *s, uint64_t unique, int error,
		  const void *a, size_t a_length, const void *b, size_t b_length)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + a_length + b_length,
		.error = error,
		.unique = unique,
	};
	struct iovec parts[] = {
		{ &header, sizeof(header) },
		{ (void *)a, a_length },
		{ (void *)b, b_length },
	};

	must(writev(s->fd, parts, 1 + !!a_length + !!b_length));
}

static void cuse_init(const struct server *s, uint64_t unique, const struct cuse_init_in *in)
{
	char info[64];
	int length = sprintf(info, "DEVNAME=%s", s->name) + 1;
	struct cuse_init_out out = {
		.major = in->major,
		.minor = in->minor,
		.max_read = TRANSFER_MAX,
		.max_write = TRANSFER_MAX,
	};

	reply(s, unique, 0, &out, sizeof(out), info, length);
	/* The write returned, so the node is there. */
	must(write(s->ready[1], "", 1));
}

static void fuse_init(const struct server *s, uint64_t unique, const struct fuse_init_in *in)
{
	struct fuse_init_out out = {
		.major = in->major,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.flags = FUSE_BIG_WRITES | FUSE_MAX_PAGES,
		.max_write = TRANSFER_MAX,
		.max_pages = TRANSFER_MAX / 4096,
	};

	reply(s, unique, 0, &out, sizeof(out), NULL, 0);
}

/* The root, and one file in it. */
static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){
		.ino = node,
		.size = TRANSFER_MAX,
		.mode = node == FUSE_ROOT_ID ? S_IFDIR | 0755 : S_IFREG | 0644,
		.nlink = 1,
	};
}

/* Answers one request: what it was. */
static uint32_t serve_request(struct server *s)
{
	static char buffer[FUSE_MIN_READ_BUFFER + TRANSFER_MAX];
	const struct fuse_in_header *header = (void *)buffer;
	const void *in = header + 1;

	must(read(s->fd, buffer, sizeof(buffer)));
	switch (header->opcode) {
	case CUSE_INIT:
		cuse_init(s, header->unique, in);
		break;
	case FUSE_INIT:
		fuse_init(s, header->unique, in);
		break;
	case FUSE_LOOKUP: {
		struct fuse_entry_out out = {
			.nodeid = FILE_NODE,
			.attr = attributes(FILE_NODE),
		};

		reply(s, header->unique, 0, &out, sizeof(out), NULL, 0);
		break;
	}
	case FUSE_GETATTR: {
		struct fuse_attr_out out = { .attr = attributes(header->nodeid) };

		reply(s, header->unique, 0, &out, sizeof(out), NULL, 0);
		break;
	}
	case FUSE_OPEN: {
		struct fuse_open_out out = { .open_flags = FOPEN_DIRECT_IO };

		reply(s, header->unique, 0, &out, sizeof(out), NULL, 0);
		break;
	}
	case FUSE_READ: {
		const struct fuse_read_in *read_in = in;

		if (read_in->size == HELD_READ)
			*s->held = header->unique;
		else
			reply(s, header->unique, 0, payload, read_in->size, NULL, 0);
		break;
	}
	case FUSE_INTERRUPT:
		reply(s, ((const struct fuse_interrupt_in *)in)->unique, -EINTR,
		      NULL, 0, NULL, 0);
		break;
	case FUSE_WRITE: {
		struct fuse_write_out out = {
			.size = ((const struct fuse_write_in *)in)->size,
		};

		reply(s, header->unique, 0, &out, sizeof(out), NULL, 0);
		break;
	}
	case FUSE_IOCTL: {
		const struct fuse_ioctl_in *ioctl_in = in;
		struct fuse_ioctl_out out = { 0 };

		reply(s, header->unique, 0, &out, sizeof(out), ioctl_in + 1,
		      ioctl_in->out_size);
		break;
	}
	case FUSE_RELEASE:
		reply(s, header->unique, 0, NULL, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
		break;
	default:
		reply(s, header->unique, -ENOSYS, NULL, 0, NULL, 0);
	}
	return header->opcode;
}

static void serve_requests(void *arg)
{
	for (;;)
		serve_request(arg);
}

/* Pages that nobody has written are the zero page, which is slow to look up. */
static void fill_payload(void)
{
	memset(payload, 1, sizeof(payload));
}

/* Starts a server of that name, which no other row uses: a node goes late. */
static int cuse_open(const char *name)
{
	struct server s = { .name = name };
	char byte, node[64];

	fill_payload();
	s.fd = must(open("/dev/cuse", O_RDWR));
	must(pipe(s.ready));
	serve(serve_requests, &s);
	/* So the end of the server ends the connection, and nobody waits for it. */
	close(s.fd);
	must(read(s.ready[0], &byte, 1));
	sprintf(node, "/dev/%s", name);
	return must(open(node, O_RDWR));
}

static char mount_point[] = "/tmp/bench-XXXXXX";

static struct server fuse_mount(void)
{
	struct server s = { .fd = must(open("/dev/fuse", O_RDWR)) };
	char options[80];

	fill_payload();
	must_be(mkdtemp(mount_point));
	sprintf(options, "fd=%d,rootmode=40000,user_id=0,group_id=0", s.fd);
	must(mount("bench", mount_point, "fuse", 0, options));
	return s;
}

static int fuse_open(void)
{
	char path[64];

	sprintf(path, "%s/file", mount_point);
	return must(open(path, O_RDWR));
}

/* Open files stay. */
static void fuse_unmount(void)
{
	must(umount2(mount_point, MNT_DETACH));
	must(rmdir(mount_point));
}

/* Mounts, and opens the file there. */
static int fuse_start(volatile uint64_t *held, pid_t *server)
{
	struct server s = fuse_mount();
	int fd;

	s.held = held;
	*server = serve(serve_requests, &s);
	close(s.fd);
	fd = fuse_open();
	fuse_unmount();
	return fd;
}

struct transfer {
	int fd;
	size_t length;
};

static OPERATION void read_op(void *arg)
{
	const struct transfer *t = arg;

	must_be(pread(t->fd, payload, t->length, 0) == (ssize_t)t->length);
}

static OPERATION void write_op(void *arg)
{
	const struct transfer *t = arg;

	must_be(pwrite(t->fd, payload, t->length, 0) == (ssize_t)t->length);
}

double cuse_read_row(long length)
{
	struct transfer t = { cuse_open("bench-cuse-read"), length };

	return measure(read_op, &t, 1);
}

double cuse_write_row(long length)
{
	struct transfer t = { cuse_open("bench-cuse-write"), length };

	return measure(write_op, &t, 1);
}

double fuse_read_row(long length)
{
	pid_t server;
	struct transfer t = { fuse_start(NULL, &server), length };

	return measure(read_op, &t, 1);
}

double fuse_write_row(long length)
{
	pid_t server;
	struct transfer t = { fuse_start(NULL, &server), length };

	return measure(write_op, &t, 1);
}

static OPERATION void cuse_ioctl_op(void *arg)
{
	char data[32] = "";

	must(ioctl(*(int *)arg, CUSE_IOCTL, data));
}

double cuse_ioctl_row(long arg)
{
	int fd = cuse_open("bench-cuse-ioctl");

	return measure(cuse_ioctl_op, &fd, 1);
}

static OPERATION void open_close_op(void *arg)
{
	close(must(open(arg, O_RDWR)));
}

double cuse_open_row(long arg)
{
	cuse_open("bench-cuse-open");
	return measure(open_close_op, "/dev/bench-cuse-open", 1);
}

/*
 * FUSE's cancel of a request that its server has: a signal to the sender, and
 * from there until its read has returned.
 */
struct interrupter {
	int fd;
	pid_t server, reader;
	volatile uint64_t *held;	/* by the server */
	uint64_t last;
	volatile uint64_t *returned;	/* when the read did; then comes a byte */
	int done[2];
};

static void ignore_signal(int signal)
{
}

static void read_until_interrupted(void *arg)
{
	const struct interrupter *i = arg;
	struct sigaction action = { .sa_handler = ignore_signal };
	char byte;

	must(sigaction(SIGUSR1, &action, NULL));
	for (;;) {
		must_be(read(i->fd, &byte, HELD_READ) < 0 && errno == EINTR);
		*i->returned = now();
		must(write(i->done[1], "", 1));
	}
}

static OPERATION void interrupt_op(const struct interrupter *i)
{
	char byte;

	must(kill(i->reader, SIGUSR1));
	must(read(i->done[0], &byte, 1));
}

static double interrupt_block(void *arg, int ops)
{
	struct interrupter *i = arg;
	double sum = 0;

	while (ops--) {
		uint64_t start;

		while (*i->held == i->last)
			sched_yield();
		i->last = *i->held;
		wait_asleep(i->server);
		wait_asleep(i->reader);
		start = now();
		interrupt_op(i);
		sum += *i->returned - start;
	}
	return sum;
}

double fuse_interrupt_row(long arg)
{
	struct interrupter i = { .held = share(sizeof(*i.held)) };

	i.returned = share(sizeof(*i.returned));
	must(pipe(i.done));
	i.fd = fuse_start(i.held, &i.server);
	i.reader = serve(read_until_interrupted, &i);
	return measure_blocks(interrupt_block, &i, 1);
}

/* Many readers; this process is their server. */
static void read_forever(void *arg)
{
	const struct server *s = arg;
	struct transfer t = { .length = 8 };

	close(s->fd);
	t.fd = fuse_open();
	/* An end before that of the row is seen. */
	while (pread(t.fd, payload, t.length, 0) == (ssize_t)t.length)
		;
	exit(0);
}

static double serve_block(void *arg, int ops)
{
	uint64_t start = now();

	while (ops)
		ops -= serve_request(arg) == FUSE_READ;
	return passed_since(start);
}

double fuse_readers_row(long readers)
{
	struct server s = fuse_mount();
	double result;

	while (readers--)
		serve(read_forever, &s);
	result = measure_blocks(serve_block, &s, 1);
	/* They end, with an error, rather than wait for this process for ever. */
	signal(SIGCHLD, SIG_DFL);
	close(s.fd);
	fuse_unmount();
	return result;
}
