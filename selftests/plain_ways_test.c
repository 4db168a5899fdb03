// SPDX-License-Identifier: GPL-2.0
/*
 * The ways on which plain read, write and ioctl come to a target: the ioctl
 * numbers, both kinds of AIO, io_uring, and programs that know nothing of
 * iotarget.
 */
#define _FILE_OFFSET_BITS 64

#include <aio.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <stdarg.h>
#include <sys/mman.h>

#include "plain_common.h"

/* ------------------------------------------------- either kind of a target */

FIXTURE(target) {
	OBJECTS;
};

FIXTURE_VARIANT(target) {
	bool named;
};

FIXTURE_VARIANT_ADD(target, opened) { false };
FIXTURE_VARIANT_ADD(target, named) { true };

FIXTURE_SETUP(target)
{
	OPEN_OBJECTS(variant->named);
}

FIXTURE_TEARDOWN(target)
{
}

/* The number says what goes in and out; all but our own go to the host. */
TEST_F(target, numbers_that_the_host_gets)
{
	enum { MOST = (1 << _IOC_SIZEBITS) - 1 };
	static const struct {
		unsigned int code;
		__u32 in, out;
	} numbers[] = {
		{ _IO('x', 1) }, { 0 }, { 1 }, { 0xff }, { 0xbbbb + 0x10000 },
		{ _IOC(_IOC_NONE, 'x', 1, 8) },
		{ _IOC(_IOC_NONE, IOTARGET_IOC_TYPE, 0x20, 8) },
		{ _IOW('x', 2, char[1]), 1 }, { _IOR('x', 3, char[16]), 0, 16 },
		{ _IOWR('x', 255, char[100]), 100, 100 },
		{ _IOC(_IOC_WRITE, 'x', 4, 0) }, { _IOC(_IOC_READ, 'x', 4, 0) },
		{ _IOW('x', 5, char[MOST]), MOST },
		{ _IOR('x', 5, char[MOST]), 0, MOST },
		{ _IOWR(IOTARGET_IOC_TYPE, 0x20, char[48]), 48, 48 },
		{ _IOC(_IOC_WRITE, IOTARGET_IOC_TYPE, 0x20, 0) },
		{ _IOWR(IOTARGET_IOC_TYPE, 0xff, char[48]), 48, 48 },
	};
	static char bytes[MOST + 1], host[MOST + 1];
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(host), .buffer_length = sizeof(host),
	};
	struct plain *p = &self->call;
	unsigned int i;

	p->nr = SYS_ioctl;
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		bool value = _IOC_DIR(numbers[i].code) == _IOC_NONE;

		fill_pattern(bytes, sizeof(bytes));
		memset(host, 0x77, sizeof(host));
		p->code = numbers[i].code;
		p->bytes = value ? (char *)~0x12345678UL : bytes;
		background_start(&p->thread, plain_main, p);
		ASSERT_EQ(0, fetch_one(self->device, 0, &f));
		EXPECT_EQ(IOTARGET_TYPE_CONTROL, f.type);
		EXPECT_EQ(p->code, f.code);
		EXPECT_EQ(value ? ADDRESS(p->bytes) : 0, f.offset);
		EXPECT_EQ(numbers[i].in, f.in_length);
		EXPECT_EQ(numbers[i].out, f.out_length);
		EXPECT_EQ(numbers[i].in, f.copied);
		EXPECT_EQ(RECORD_FLAGS, f.flags);
		EXPECT_TRUE(has_pattern(host, f.in_length));
		EXPECT_TRUE(has_byte(host + f.in_length,
				     sizeof(host) - f.in_length, 0x77));
		memset(host, 0x11, f.out_length);
		EXPECT_EQ(0, complete_bytes(self->device, f.id, i,
					    f.out_length, host, f.out_length));
		EXPECT_EQ(i, background_join(&p->thread)) {
			TH_LOG("number %x", p->code);
		}
		EXPECT_TRUE(has_byte(bytes, f.out_length, 0x11));
		EXPECT_EQ(pattern(f.out_length), bytes[f.out_length]);
	}
}

/* What the host does not write is zero; what it does not count is untouched. */
TEST_F(target, an_ioctl_half_answered)
{
	struct iotarget_fetch_element f = {};
	struct plain *p = &self->call;
	char bytes[200];

	memset(bytes, 0x77, sizeof(bytes));
	p->nr = SYS_ioctl;
	p->code = _IOWR('x', 1, bytes);
	p->bytes = bytes;
	background_start(&p->thread, plain_main, p);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, 100, "1234", 4));
	EXPECT_EQ(0, background_join(&p->thread));
	EXPECT_EQ(0, memcmp("1234", bytes, 4));
	EXPECT_TRUE(has_byte(bytes + 4, 96, 0));
	EXPECT_TRUE(has_byte(bytes + 100, 100, 0x77));
}

TEST_F(target, numbers_that_the_host_never_gets)
{
	struct iotarget_fetch fetch = { .size = sizeof(fetch) };
	static const unsigned int numbers[] = {
		/* stdio and Python ask every character device */
		TCGETS, TIOCGWINSZ, _IO('T', 0xff), _IOR('T', 1, char[8]),
		_IOWR('T', 0x2a, char[44]),
		/* ours, on other fds or on none */
		IOTARGET_INFO, IOTARGET_DEVICE_CREATE, IOTARGET_FETCH,
		IOTARGET_NAME, _IO(IOTARGET_IOC_TYPE, 0x23),
		_IO(IOTARGET_IOC_TYPE, 0x7f), _IO(IOTARGET_IOC_TYPE, 0xff),
	};
	unsigned int i;
	int on = 1;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		EXPECT_EQ(-ENOTTY, call(self->target, numbers[i], &fetch)) {
			TH_LOG("number %x", numbers[i]);
		}
	}
	/* the VFS's own */
	EXPECT_EQ(0, ioctl(self->target, FIONBIO, &on));
	EXPECT_TRUE(fcntl(self->target, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(0, ioctl(self->target, FIOCLEX));
	EXPECT_NO_RECORD();
}

TEST_F(target, an_ioctl_without_its_memory)
{
	struct iotarget_fetch_element f = {};
	struct plain *p = &self->call;

	p->nr = SYS_ioctl;
	p->bytes = (char *)8;
	p->code = _IOW('x', 1, char[8]);
	EXPECT_EQ(-EFAULT, plain_main(p));
	p->code = _IOWR('x', 1, char[100]);
	EXPECT_EQ(-EFAULT, plain_main(p));
	EXPECT_NO_RECORD();
	p->code = _IOR('x', 1, char[8]);
	background_start(&p->thread, plain_main, p);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, 8, "12345678", 8));
	EXPECT_EQ(-EFAULT, background_join(&p->thread));
}

/* Nobody can ask a plain call not to wait. */
TEST_F(target, RWF_NOWAIT_is_refused)
{
	char bytes[8];
	struct iovec part = { bytes, sizeof(bytes) };

	EXPECT_EQ(-1, preadv2(self->target, &part, 1, 0, RWF_NOWAIT));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_EQ(-1, pwritev2(self->target, &part, 1, 0, RWF_NOWAIT));
	EXPECT_EQ(EOPNOTSUPP, errno);
	EXPECT_NO_RECORD();
}

/* The mode of the open file. */
TEST_F(target, open_for_one_direction)
{
	static const struct {
		int mode;
		long refused;
		long calls[2];
	} modes[] = {
		{ O_RDONLY, SYS_write, { SYS_read, SYS_ioctl } },
		{ O_WRONLY, SYS_read, { SYS_write, SYS_ioctl } },
	};
	struct iotarget_fetch_element f;
	struct plain *p = &self->call;
	unsigned int i;

	if (!variant->named)
		return;
	for (i = 0; i < 4; i++) {
		p->fd = open(NODE, modes[i / 2].mode);
		ASSERT_GE(p->fd, 0);
		p->bytes = p->own;
		p->nr = modes[i / 2].refused;
		EXPECT_EQ(-EBADF, plain_main(p));
		p->nr = modes[i / 2].calls[i % 2];
		plain_start(p);
		ASSERT_EQ(0, host_take(self->device, UNMARKED, &f));
		EXPECT_EQ(0, answer(self->device, &f, 7, 7));
		EXPECT_EQ(7, background_join(&p->thread));
		close(p->fd);
	}
}

/* ------------------------------------------------------ AIO, of both kinds */

struct aio {
	struct background thread;
	struct iocb iocb;
	char bytes[8];
};

/* What the event says. */
static int aio_main(void *arg)
{
	struct aio *aio = arg;
	struct iocb *list[] = { &aio->iocb };
	aio_context_t context = 0;
	struct io_event event = {};

	if (syscall(SYS_io_setup, 1, &context))
		return -errno;
	if (syscall(SYS_io_submit, context, 1, list) != 1 ||
	    syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
		return -EPROTO;
	return event.res;
}

static void aio_start(struct aio *aio, int target, __u16 opcode)
{
	*aio = (struct aio) {
		.bytes = "senders",
		.iocb = {
			.aio_lio_opcode = opcode, .aio_fildes = target,
			.aio_buf = ADDRESS(aio->bytes),
			.aio_nbytes = sizeof(aio->bytes), .aio_offset = AT,
		},
	};
	background_start(&aio->thread, aio_main, aio);
	/* it waits in io_submit() */
	wait_asleep_in(aio->thread.tid, SYS_io_submit);
}

TEST_F(target, io_submit)
{
	char host[8];
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(host), .buffer_length = 8,
	};
	struct aio aio;

	aio_start(&aio, self->target, IOCB_CMD_PWRITE);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(IOTARGET_TYPE_WRITE, f.type);
	EXPECT_EQ(AT, f.offset);
	EXPECT_EQ(0, memcmp("senders", host, 8));
	EXPECT_EQ(0, answer(self->device, &f, -EIO, 0));
	EXPECT_EQ(-EIO, background_join(&aio.thread));

	aio_start(&aio, self->target, IOCB_CMD_PREAD);
	ASSERT_EQ(0, host_take(self->device, UNMARKED, &f));
	EXPECT_EQ(IOTARGET_TYPE_READ, f.type);
	EXPECT_EQ(AT, f.offset);
	EXPECT_EQ(8, f.out_length);
	EXPECT_EQ(0, answer(self->device, &f, 0, 8));
	EXPECT_EQ(8, background_join(&aio.thread));
	EXPECT_EQ(0, memcmp("answered", aio.bytes, 8));

	count_signals(true);
	aio_start(&aio, self->target, IOCB_CMD_PREAD);
	signal_thread(aio.thread.tid, SIGUSR1);
	/* nothing restarts what was submitted */
	EXPECT_EQ(-EINTR, background_join(&aio.thread));
	EXPECT_NO_RECORD();
	aio_start(&aio, self->target, IOCB_CMD_PREAD);
	ASSERT_EQ(0, host_take(self->device, CANCELABLE, &f));
	signal_thread(aio.thread.tid, SIGUSR1);
	EXPECT_ON_CANCEL(f.id);
	EXPECT_EQ(0, answer(self->device, &f, -ECANCELED, 0));
	EXPECT_EQ(-EINTR, background_join(&aio.thread));
	EXPECT_NO_RECORD();
}

/* The C library has a thread make a pread(). */
TEST_F(target, posix_aio)
{
	struct plain *p = &self->call;
	struct aiocb cb = {
		.aio_fildes = self->target, .aio_buf = p->own,
		.aio_nbytes = 8, .aio_offset = AT,
	};
	const struct aiocb *list[] = { &cb };
	struct iotarget_fetch_element f;

	ASSERT_EQ(0, aio_read(&cb));
	ASSERT_EQ(0, host_take(self->device, CANCELABLE, &f));
	EXPECT_EQ(AT, f.offset);
	EXPECT_EQ(AIO_NOTCANCELED, aio_cancel(self->target, &cb));
	EXPECT_NO_RECORD();
	EXPECT_EQ(0, answer(self->device, &f, 0, 8));
	ASSERT_EQ(0, aio_suspend(list, 1, NULL));
	EXPECT_EQ(8, aio_return(&cb));
	EXPECT_EQ(0, memcmp("answered", p->own, 8));
}

/* ---------------------------------------------------------------- io_uring */

struct ring {
	int fd;
	struct io_uring_params p;
	size_t size;
	char *memory;
	struct io_uring_sqe *sqes;
	__u64 tag;		/* of the last call */
};

static unsigned int *ring_word(struct ring *r, __u32 offset)
{
	return (unsigned int *)(r->memory + offset);
}

static int ring_open(struct ring *r)
{
	size_t sq, cq;

	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		return -errno;
	sq = r->p.sq_off.array + r->p.sq_entries * sizeof(__u32);
	cq = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
	/* one mapping is for both, since 5.4 */
	r->size = sq > cq ? sq : cq;
	r->memory = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 r->fd, IORING_OFF_SQ_RING);
	r->sqes = mmap(NULL, r->p.sq_entries * sizeof(*r->sqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		       IORING_OFF_SQES);
	return r->memory == MAP_FAILED || r->sqes == MAP_FAILED ? -errno : 0;
}

/* Its memory keeps a ring as its fd does. */
static void ring_close(struct ring *r)
{
	munmap(r->memory, r->size);
	munmap(r->sqes, r->p.sq_entries * sizeof(*r->sqes));
	close(r->fd);
}

static int ring_submit(struct ring *r, struct io_uring_sqe sqe)
{
	unsigned int *tail = ring_word(r, r->p.sq_off.tail);
	unsigned int i = *tail & (r->p.sq_entries - 1);

	r->sqes[i] = sqe;
	ring_word(r, r->p.sq_off.array)[i] = i;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	return syscall(SYS_io_uring_enter, r->fd, 1, 0, 0, NULL, 0) == 1 ? 0 :
	       -EPROTO;
}

/* The result of what was submitted with this tag, which comes first. */
static int ring_wait(struct ring *r, __u64 tag)
{
	unsigned int *head = ring_word(r, r->p.cq_off.head);
	unsigned int *tail = ring_word(r, r->p.cq_off.tail);
	struct io_uring_cqe *cqe = (void *)ring_word(r, r->p.cq_off.cqes);

	while (__atomic_load_n(tail, __ATOMIC_ACQUIRE) == *head)
		syscall(SYS_io_uring_enter, r->fd, 0, 1,
			IORING_ENTER_GETEVENTS, NULL, 0);
	cqe += *head & (r->p.cq_entries - 1);
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return cqe->user_data == tag ? cqe->res : -EPROTO;
}

#define OTHER_TAG 0

/*
 * By a worker, if the file is O_NONBLOCK: see DOC of the header. Each has a tag of
 * its own: a worker is found by it, and the last one's may still be at its end.
 */
static int ring_transfer(struct ring *r, int target, __u8 opcode, void *bytes)
{
	return ring_submit(r, (struct io_uring_sqe) {
		.opcode = opcode, .flags = IOSQE_ASYNC, .fd = target,
		.addr = ADDRESS(bytes), .len = 8, .off = AT,
		.user_data = ++r->tag,
	});
}

/* What runs is told by a signal; the ring itself answers so. */
#define RING_CANCEL() do {						\
	ASSERT_EQ(0, ring_submit(&self->ring, (struct io_uring_sqe) {	\
		.opcode = IORING_OP_ASYNC_CANCEL, .addr = self->ring.tag,	\
		.user_data = OTHER_TAG,					\
	}));								\
	EXPECT_EQ(-EALREADY, ring_wait(&self->ring, OTHER_TAG));	\
} while (0)

FIXTURE(ring) {
	OBJECTS;
	struct ring ring;
	char bytes[8];
};

FIXTURE_VARIANT(ring) {
	__u8 opcode;
	__u32 type;
};

FIXTURE_VARIANT_ADD(ring, read) { IORING_OP_READ, IOTARGET_TYPE_READ };
FIXTURE_VARIANT_ADD(ring, write) { IORING_OP_WRITE, IOTARGET_TYPE_WRITE };

FIXTURE_SETUP(ring)
{
	if (ring_open(&self->ring))
		SKIP(return, "no io_uring here");
	OPEN_OBJECTS(false);
	set_nonblock(self->target, true);
}

FIXTURE_TEARDOWN(ring)
{
}

#define RING_CALL(state_, f_) do {					\
	ASSERT_EQ(0, ring_transfer(&self->ring, self->target,		\
				   variant->opcode, self->bytes));	\
	ASSERT_EQ(0, host_take(self->device, state_, &(f_)));		\
} while (0)

/* A worker of the ring makes the call: the submitter does not wait. */
TEST_F(ring, call)
{
	bool read = variant->type == IOTARGET_TYPE_READ;
	char host[8] = {};
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(host), .buffer_length = 8,
	};

	memcpy(self->bytes, "senders!", 8);
	ASSERT_EQ(0, ring_transfer(&self->ring, self->target, variant->opcode,
				   self->bytes));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(variant->type, f.type);
	EXPECT_EQ(AT, f.offset);
	EXPECT_EQ(8, read ? f.out_length : f.in_length);
	EXPECT_EQ(getpid(), f.pid);
	EXPECT_EQ(0, answer(self->device, &f, 0, 7));
	EXPECT_EQ(7, ring_wait(&self->ring, self->ring.tag));
	EXPECT_EQ(0, memcmp("senders!", read ? "senders!" : host, 8));
	EXPECT_EQ(0, memcmp(read ? "answere!" : "senders!", self->bytes, 8));
	RING_CALL(UNMARKED, f);
	EXPECT_EQ(0, answer(self->device, &f, -ENOSPC, 0));
	EXPECT_EQ(-ENOSPC, ring_wait(&self->ring, self->ring.tag));
}

/* The ring's own cancel reaches the host, once. */
TEST_F(ring, cancel)
{
	struct iotarget_fetch_element f;
	int i;

	/* the host answers that it is cancelled, and that it is not */
	for (i = 0; i < 2; i++) {
		RING_CALL(CANCELABLE, f);
		RING_CANCEL();
		EXPECT_ON_CANCEL(f.id);
		RING_CANCEL();
		EXPECT_NO_RECORD();
		EXPECT_EQ(0, answer(self->device, &f, i ? 0 : -ECANCELED,
				    i ? 8 : 0));
		EXPECT_EQ(i ? 8 : -EINTR, ring_wait(&self->ring, self->ring.tag));
		EXPECT_NO_RECORD();
	}
	/* and no host has it yet */
	RING_CALL(QUEUED, f);
	while (!readable(self->device))
		sched_yield();
	RING_CANCEL();
	EXPECT_EQ(-EINTR, ring_wait(&self->ring, self->ring.tag));
	EXPECT_NO_RECORD();
}

/* The exit waits for no host. */
TEST_F(ring, exit_meanwhile)
{
	struct iotarget_fetch_element f;
	int wire[2], i;
	pid_t child;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pipe(wire));
		child = fork();
		if (!child) {
			close(wire[1]);
			if (ring_open(&self->ring) ||
			    ring_transfer(&self->ring, self->target,
					  variant->opcode, self->bytes))
				_exit(1);
			_exit(read(wire[0], self->bytes, 1));
		}
		ASSERT_EQ(0, host_take(self->device, CANCELABLE, &f));
		if (i)
			EXPECT_KILLED(child);
		close(wire[1]);
		if (!i)
			EXPECT_EXIT(child, 0);
		EXPECT_ON_CANCEL(f.id);
		EXPECT_EQ(0, answer(self->device, &f, 0, 8));
		EXPECT_NO_RECORD();
	}
}

TEST_F(ring, closed_meanwhile)
{
	struct iotarget_fetch_element f;

	RING_CALL(CANCELABLE, f);
	ring_close(&self->ring);
	EXPECT_ON_CANCEL(f.id);
	EXPECT_EQ(0, answer(self->device, &f, -ECANCELED, 0));
	EXPECT_NO_RECORD();
}

/*
 * A ring that has news for a thread in a plain call wakes it as a signal would;
 * but it is none.
 */
struct noted {
	struct ring *ring;
	int wire;
	struct plain call;
};

static int noted_main(void *arg)
{
	struct noted *n = arg;
	struct io_uring_sqe sqe = {
		.opcode = IORING_OP_POLL_ADD, .fd = n->wire,
		.poll32_events = POLLIN, .user_data = OTHER_TAG,
	};

	if (ring_submit(n->ring, sqe))
		return -EPROTO;
	return plain_main(&n->call);
}

/* How often a thread has gone to sleep. */
static unsigned long sleeps(pid_t tid)
{
	static const char key[] = "\nvoluntary_ctxt_switches:";
	char path[64], text[4096] = {};
	const char *at = NULL;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
		at = strstr(text, key);
	close(fd);
	return at ? strtoul(at + strlen(key), NULL, 10) : 0;
}

TEST_F(ring, news_of_a_ring_cancels_nothing)
{
	struct noted n = { .ring = &self->ring, .call = self->call };
	struct iotarget_fetch_element f;
	struct background thread;
	unsigned long before;
	int wire[2], i;

	n.call.nr = variant->type == IOTARGET_TYPE_READ ? SYS_read : SYS_write;
	n.call.bytes = self->bytes;
	count_signals(false);
	/* the second time a signal comes behind the news */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pipe(wire));
		n.wire = wire[0];
		background_start(&thread, noted_main, &n);
		ASSERT_EQ(0, host_take(self->device, CANCELABLE, &f));
		wait_asleep_in(thread.tid, n.call.nr);
		before = sleeps(thread.tid);
		ASSERT_EQ(1, write(wire[1], "", 1));
		while (sleeps(thread.tid) == before)
			sched_yield();
		wait_asleep_in(thread.tid, n.call.nr);
		EXPECT_NO_RECORD();
		if (i) {
			signal_thread(thread.tid, SIGUSR1);
			EXPECT_ON_CANCEL(f.id);
		}
		EXPECT_EQ(0, answer(self->device, &f, i ? -ECANCELED : 0,
				    i ? 0 : 8));
		EXPECT_EQ(i ? -EINTR : 8, background_join(&thread));
		EXPECT_EQ(i, handled);
		/* and the news is there */
		EXPECT_EQ(POLLIN, ring_wait(&self->ring, OTHER_TAG) & POLLIN);
	}
}

/* ------------------------------------------------ programs that know nothing */

/*
 * A host that serves a text: each read gets what is left of a line, at an offset
 * what stands there. It logs what it is asked. CONTROL: an argument by value
 * comes back as the status, bytes come back reversed.
 */
struct server {
	int device;
	const char *text;
	__u64 position;
	char log[4096];
};

static void server_log(struct server *s, const char *format, ...)
{
	size_t length = strlen(s->log);
	va_list args;

	va_start(args, format);
	vsnprintf(s->log + length, sizeof(s->log) - length, format, args);
	va_end(args);
}

static void server_read(struct server *s, const struct iotarget_fetch_element *f)
{
	const char *from = s->text + (f->offset ? f->offset : s->position);
	__u32 length = strchrnul(from, '\n') - from;

	server_log(s, "r%u@%llu ", f->out_length, f->offset);
	length += from[length] == '\n';
	if (length > f->out_length)
		length = f->out_length;
	if (!f->offset)
		s->position += length;
	complete_bytes(s->device, f->id, 0, length, from, length);
}

static int server_main(void *arg)
{
	struct server *s = arg;
	char bytes[1024], reversed[1024];
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(bytes), .buffer_length = sizeof(bytes),
	};
	__u32 i;
	int ret;

	while (!(ret = fetch_one(s->device, 0, &f))) {
		switch (f.type) {
		case IOTARGET_TYPE_READ:
			server_read(s, &f);
			break;
		case IOTARGET_TYPE_WRITE:
			server_log(s, "w@%llu:%.*s ", f.offset, (int)f.copied,
				   bytes);
			complete_bytes(s->device, f.id, 0, f.in_length, NULL, 0);
			break;
		case IOTARGET_TYPE_CONTROL:
			server_log(s, "c%x ", f.code);
			for (i = 0; i < f.in_length; i++)
				reversed[i] = bytes[f.in_length - 1 - i];
			complete_bytes(s->device, f.id, f.offset, f.out_length,
				       reversed, f.out_length);
			break;
		}
	}
	return ret;
}

/* TCGETS, which Python asks for before all, is not in the log. */
static const char python[] =
	"python3 -c '\n"
	"import fcntl, os\n"
	"fd = os.open(\"" NODE "\", os.O_RDWR)\n"
	"print(os.isatty(fd), os.read(fd, 5), os.pread(fd, 3, 6))\n"
	"print(os.pwrite(fd, b\"abc\", 1 << 40), os.write(fd, b\"\"))\n"
	"print(fcntl.ioctl(fd, 0x7801, 42))\n"
	"print(fcntl.ioctl(fd, 0xc0087807, b\"12345678\"))\n"
	"try:\n"
	"    os.lseek(fd, 0, os.SEEK_CUR)\n"
	"except OSError as e:\n"
	"    print(e.strerror)\n"
	"with open(\"" NODE "\") as f:\n"
	"    print(f.readlines())\n"
	"with open(\"" NODE "\", \"w\") as f:\n"
	"    print(\"text\", file=f)\n"
	"'";

/* @log: what the host was asked, a part of it. */
static const struct {
	const char *command, *text, *output, *log;
} programs[] = {
	{ "cat " NODE, "hello\nworld\n", "hello\nworld\n", "" },
	{ "dd if=" NODE " bs=4 skip=1 count=2 status=none",
	  "aaaabbbbccccdddd\n", "bbbbcccc", "r4@0 r4@0 r4@0 " },
	{ "printf aaaabbbbcc |"
	  "dd of=" NODE " bs=4 iflag=fullblock status=none",
	  "", "", "w@0:aaaa w@0:bbbb w@0:cc " },
	{ "head -c 8 " NODE, "hello\nworld\n", "hello\nwo", "" },
	{ "read -r a <" NODE "; echo \"$a!\" >" NODE ";"
	  "while read -r a; do echo \"<$a>\"; done <" NODE,
	  "hello\nworld\n", "<world>\n", "w@0:hello!\n " },
	{ python, "hello world\nabc\n",
	  "False b'hello' b'wor'\n3 0\n42\nb'87654321'\nIllegal seek\n"
	  "[' world\\n', 'abc\\n']\n",
	  "r5@0 r3@6 w@1099511627776:abc w@0: c7801 cc0087807 r" },
	{ python, "hello world\nabc\n", NULL, "w@0:text\n " },
};

TEST(programs_that_know_nothing)
{
	char output[4096];
	unsigned int i;

	NEED_NAMES();
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		struct server s = {
			.device = parallel_create(), .text = programs[i].text,
		};
		struct background thread;
		FILE *pipe;

		ASSERT_EQ(0, name_device(s.device, "plain", 0600));
		background_start(&thread, server_main, &s);
		pipe = popen(programs[i].command, "r");
		ASSERT_NE(NULL, pipe);
		output[fread(output, 1, sizeof(output) - 1, pipe)] = 0;
		EXPECT_EQ(0, pclose(pipe));
		EXPECT_EQ(0, end(s.device));
		EXPECT_EQ(-ENODEV, background_join(&thread));
		close(s.device);
		if (programs[i].output)
			EXPECT_STREQ(programs[i].output, output);
		EXPECT_NE(NULL, strstr(s.log, programs[i].log)) {
			TH_LOG("%s: %s", programs[i].command, s.log);
		}
	}
}

/* A program on a terminal of its own. */
static pid_t start_in_terminal(char *const argv[], int *terminal)
{
	const char *name;
	pid_t child;
	int fd;

	*terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*terminal < 0 || grantpt(*terminal) || unlockpt(*terminal))
		return -1;
	name = ptsname(*terminal);
	child = fork();
	if (child)
		return child;
	setsid();
	fd = open(name, O_RDWR);
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

/*
 * Ctrl-C: OnCancel. cat is gone before the host has answered; a script with a
 * handler hears of it when the host has.
 */
TEST(interrupted_at_the_terminal)
{
	static char *const argv[2][4] = {
		{ "cat", NODE },
		{ "sh", "-c", "trap 'exit 42' INT; read -r a <" NODE },
	};
	struct { int device; } *self = &(typeof(*self)) { parallel_create() };
	struct iotarget_fetch_element f;
	int terminal, status, trapped;
	pid_t child;

	NEED_NAMES();
	ASSERT_EQ(0, name_device(self->device, "plain", 0600));
	for (trapped = 0; trapped < 2; trapped++) {
		child = start_in_terminal(argv[trapped], &terminal);
		ASSERT_LT(0, child);
		ASSERT_EQ(0, host_take(self->device, CANCELABLE, &f));
		EXPECT_EQ(IOTARGET_TYPE_READ, f.type);
		EXPECT_EQ(child, f.pid);
		ASSERT_EQ(1, write(terminal, "\3", 1));
		EXPECT_ON_CANCEL(f.id);
		if (trapped) {
			EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
		} else {
			EXPECT_ENDED_BY(SIGINT, child);
		}
		EXPECT_EQ(0, complete(self->device, f.id, -ECANCELED));
		if (trapped)
			EXPECT_EXIT(child, 42);
		EXPECT_NO_RECORD();
		close(terminal);
	}
}

TEST_HARNESS_MAIN
