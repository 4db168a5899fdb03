// SPDX-License-Identifier: GPL-2.0
/*
 * The sender's side: SEND, WAIT, REAP, caps, payloads of every size, what is
 * copied and what never is, faults, signals and poll. U98.
 */
#include <limits.h>

#include "common.h"

FIXTURE(send) {
	int device;
	int target;
};

FIXTURE_SETUP(send)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(send)
{
	close(self->target);
	close(self->device);
}

#define CONTROL_ELEMENT { .type = IOTARGET_TYPE_CONTROL }

/* ------------------------------------------------------------ WAIT, REAP */

struct sender {
	int target;
	struct iotarget_send arg;
	struct iotarget_send_element send[4];
	struct iotarget_reap_element reap[4];
};

static int sender_main(void *arg)
{
	struct sender *s = arg;

	return call(s->target, IOTARGET_SEND, &s->arg);
}

/* A thread that sends @count control requests and waits for all of them. */
static void sender_start(struct background *b, struct sender *s, int target,
			 __u32 count)
{
	__u32 i;

	memset(s, 0, sizeof(*s));
	s->target = target;
	for (i = 0; i < count; i++) {
		s->send[i].type = IOTARGET_TYPE_CONTROL;
		s->send[i].user_data = 100 + i;
	}
	s->arg = send_arg(IOTARGET_SEND_WAIT, s->send, count, s->reap, count);
	background_start(b, sender_main, s);
}

TEST_F(send, wait_for_one)
{
	struct iotarget_fetch_element record = {};
	struct background thread;
	struct sender s;

	sender_start(&thread, &s, self->target, 1);
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	EXPECT_EQ(0, complete(self->device, record.id, 42));
	EXPECT_EQ(0, background_join(&thread));
	EXPECT_EQ(1, s.arg.sent);
	EXPECT_EQ(1, s.arg.reaped);
	EXPECT_EQ(100, s.reap[0].user_data);
	EXPECT_EQ(s.send[0].id, s.reap[0].id);
	EXPECT_EQ(record.id, s.reap[0].id);
	EXPECT_EQ(42, s.reap[0].status);
}

TEST_F(send, wait_for_all_in_any_order)
{
	struct iotarget_fetch_element record[3] = {};
	struct background thread;
	struct sender s;
	int i;

	sender_start(&thread, &s, self->target, 3);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, fetch_one(self->device, 0, &record[i]));
	for (i = 2; i >= 0; i--) {
		wait_asleep(thread.tid);
		EXPECT_EQ(0, complete(self->device, record[i].id, i));
	}
	EXPECT_EQ(0, background_join(&thread));
	EXPECT_EQ(3, s.arg.sent);
	ASSERT_EQ(3, s.arg.reaped);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(record[2 - i].id, s.reap[i].id);
		EXPECT_EQ(102 - i, s.reap[i].user_data);
		EXPECT_EQ(2 - i, s.reap[i].status);
	}
}

TEST_F(send, nobody_else_reaps_what_a_call_waits_for)
{
	struct iotarget_fetch_element record[2] = {};
	struct iotarget_reap_element r;
	struct background thread;
	struct sender s;

	sender_start(&thread, &s, self->target, 2);
	ASSERT_EQ(0, fetch_one(self->device, 0, &record[0]));
	ASSERT_EQ(0, fetch_one(self->device, 0, &record[1]));
	EXPECT_EQ(0, complete(self->device, record[0].id, 0));
	EXPECT_FALSE(readable(self->target));
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	EXPECT_EQ(0, complete(self->device, record[1].id, 0));
	EXPECT_EQ(0, background_join(&thread));
	EXPECT_EQ(2, s.arg.reaped);
}

TEST_F(send, wait_reaps_nothing_of_others)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	struct background thread;
	struct sender s;
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 7, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	EXPECT_EQ(0, complete(self->device, id, 0));
	sender_start(&thread, &s, self->target, 1);
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	EXPECT_EQ(0, complete(self->device, record.id, 0));
	EXPECT_EQ(0, background_join(&thread));
	EXPECT_EQ(record.id, s.reap[0].id);
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(id, r.id);
}

TEST_F(send, wait_needs_room_for_all)
{
	struct iotarget_send_element e[2] = { CONTROL_ELEMENT, CONTROL_ELEMENT };
	struct iotarget_reap_element r;
	struct iotarget_send arg = send_arg(IOTARGET_SEND_WAIT, e, 2, &r, 1);

	EXPECT_EQ(-EINVAL, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_FALSE(readable(self->device));
}

TEST_F(send, reap_takes_what_is_there)
{
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r[8];
	struct iotarget_send arg = send_arg(0, NULL, 0, r, 8);
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, send_one(self->target, i, NULL));
		ASSERT_EQ(0, fetch_one(self->device, 0, &record));
		EXPECT_EQ(0, complete(self->device, record.id, -i));
	}
	arg.reap.count = 2;
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(0, arg.sent);
	EXPECT_EQ(2, arg.reaped);
	EXPECT_EQ(1, r[1].user_data);
	arg.reap.count = 8;
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(3, arg.reaped);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(2 + i, r[i].user_data);
		EXPECT_EQ(-2 - i, r[i].status);
	}
}

static int reap_waiting(void *arg)
{
	struct iotarget_reap_element r;

	return reap_one(*(int *)arg, &r);
}

TEST_F(send, each_of_several_reapers_gets_one)
{
	struct iotarget_fetch_element record = {};
	struct background thread[4];
	struct iotarget_reap_element r;
	int i;

	for (i = 0; i < 4; i++) {
		background_start(&thread[i], reap_waiting, &self->target);
		wait_asleep(thread[i].tid);
	}
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, send_one(self->target, 0, NULL));
		ASSERT_EQ(0, fetch_one(self->device, 0, &record));
		EXPECT_EQ(0, complete(self->device, record.id, 0));
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, background_join(&thread[i]));
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
}

TEST_F(send, one_call_sends_and_reaps_others)
{
	struct iotarget_send_element e[2] = { CONTROL_ELEMENT, CONTROL_ELEMENT };
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	struct iotarget_send arg = send_arg(0, e, 2, &r, 1);
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 5, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	EXPECT_EQ(0, complete(self->device, id, 0));
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(2, arg.sent);
	EXPECT_EQ(1, arg.reaped);
	EXPECT_EQ(id, r.id);
}

TEST_F(send, status_is_verbatim)
{
	static const __s32 statuses[] = {
		0, 1, -1, INT_MAX, INT_MIN, (__s32)0x800703e3,
		(__s32)0xc0000120, -ECANCELED, -512, -529,
	};
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	unsigned int i;

	for (i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		ASSERT_EQ(0, send_one(self->target, 0, NULL));
		ASSERT_EQ(0, fetch_one(self->device, 0, &record));
		EXPECT_EQ(0, complete(self->device, record.id, statuses[i]));
		ASSERT_EQ(0, reap_one(self->target, &r));
		EXPECT_EQ(statuses[i], r.status);
	}
}

TEST_F(send, a_record_says_what_was_sent)
{
	static char bytes[8];
	struct iotarget_send_element e[3] = {
		{ .type = IOTARGET_TYPE_READ, .out = ADDRESS(bytes),
		  .out_length = 8, .offset = 1ULL << 40 },
		{ .type = IOTARGET_TYPE_WRITE, .in = ADDRESS(bytes),
		  .in_length = 5, .offset = ~0ULL },
		{ .type = IOTARGET_TYPE_CONTROL, .code = 0xdeadbeef,
		  .in = ADDRESS(bytes), .in_length = 3,
		  .out = ADDRESS(bytes), .out_length = 7, .offset = 99 },
	};
	struct iotarget_send arg = send_arg(0, e, 3, NULL, 0);
	struct iotarget_fetch_element f = {};
	int i;

	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, fetch_one(self->device, 0, &f));
		EXPECT_EQ(IOTARGET_EVENT_REQUEST, f.event);
		EXPECT_EQ(e[i].id, f.id);
		EXPECT_EQ(e[i].type, f.type);
		EXPECT_EQ(e[i].code, f.code);
		EXPECT_EQ(e[i].offset, f.offset);
		EXPECT_EQ(e[i].in_length, f.in_length);
		EXPECT_EQ(e[i].out_length, f.out_length);
		EXPECT_EQ(0, f.copied);
		EXPECT_EQ(getpid(), f.pid);
		EXPECT_EQ(geteuid(), f.uid);
	}
}

TEST_F(send, elements_lie_a_stride_apart)
{
	static __u64 words[4][3 * 256 / 8];
	char *send_area = (char *)words[0], *reap_area = (char *)words[1];
	char *fetch_area = (char *)words[2], *complete_area = (char *)words[3];
	struct iotarget_send send = {
		.size = sizeof(send), .send = { 3, 256, ADDRESS(send_area) },
	};
	struct iotarget_fetch fetch = {
		.size = sizeof(fetch), .fetch = { 3, 160, ADDRESS(fetch_area) },
	};
	struct iotarget_send_element *s;
	struct iotarget_fetch_element *f;
	struct iotarget_complete_element *c;
	struct iotarget_reap_element *r;
	int i;

	for (i = 0; i < 3; i++) {
		s = (void *)(send_area + i * 256);
		s->type = IOTARGET_TYPE_CONTROL;
		s->user_data = 10 + i;
	}
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	EXPECT_EQ(3, send.sent);
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	ASSERT_EQ(3, fetch.fetched);
	for (i = 0; i < 3; i++) {
		s = (void *)(send_area + i * 256);
		f = (void *)(fetch_area + i * 160);
		c = (void *)(complete_area + i * 64);
		EXPECT_EQ(s->id, f->id);
		c->id = f->id;
		c->status = i;
		c->result = 1;
	}
	fetch.complete = (struct iotarget_array) {
		3, 64, ADDRESS(complete_area)
	};
	fetch.fetch.count = 0;
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &fetch));
	EXPECT_EQ(3, fetch.completed);
	send.send.count = 0;
	send.reap = (struct iotarget_array) { 3, 48, ADDRESS(reap_area) };
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &send));
	ASSERT_EQ(3, send.reaped);
	for (i = 0; i < 3; i++) {
		c = (void *)(complete_area + i * 64);
		r = (void *)(reap_area + i * 48);
		EXPECT_EQ(0, c->result);
		EXPECT_EQ(10 + i, r->user_data);
		EXPECT_EQ(i, r->status);
	}
}

/* ------------------------------------------------------------------ caps */

TEST_F(send, a_full_target_takes_the_first_n)
{
	static struct iotarget_send_element e[IOTARGET_ARRAY_MAX];
	static struct iotarget_reap_element r[IOTARGET_ARRAY_MAX];
	struct iotarget_send arg = send_arg(0, e, IOTARGET_ARRAY_MAX, NULL, 0);
	struct iotarget_send reap = send_arg(0, NULL, 0, r, IOTARGET_ARRAY_MAX);
	struct iotarget_cancel all;
	struct iotarget_info info;
	__u32 i, total = 0;

	ASSERT_EQ(0, info_get(&info));
	for (i = 0; i < IOTARGET_ARRAY_MAX; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	/* An odd start, so that an array meets the cap in its middle. */
	ASSERT_EQ(0, send_one(self->target, 0, NULL));
	total++;
	while (total < info.target_requests) {
		EXPECT_EQ(POLLOUT, poll_now(self->target) & POLLOUT);
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
		ASSERT_LT(0, arg.sent);
		total += arg.sent;
	}
	EXPECT_EQ(info.target_requests, total);
	EXPECT_LT(arg.sent, IOTARGET_ARRAY_MAX);
	EXPECT_EQ(0, poll_now(self->target) & POLLOUT);
	EXPECT_EQ(-EAGAIN, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(-EAGAIN, send_one(self->target, 0, NULL));

	/* Complete is not reaped: the slots are still taken. */
	ASSERT_EQ(0, cancel_all(self->target, &all));
	EXPECT_EQ(total, all.delivered);
	EXPECT_EQ(-EAGAIN, send_one(self->target, 0, NULL));
	EXPECT_EQ(0, poll_now(self->target) & POLLOUT);
	for (i = 0; i < total; i += reap.reaped) {
		ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &reap));
		EXPECT_EQ(POLLOUT, poll_now(self->target) & POLLOUT);
	}
	EXPECT_EQ(total, i);
	EXPECT_EQ(0, send_one(self->target, 0, NULL));
}

static int poll_out(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLOUT };

	return poll(&p, 1, -1) == 1 ? p.revents : -1;
}

TEST_F(send, room_wakes_the_poller)
{
	static struct iotarget_send_element e[IOTARGET_ARRAY_MAX];
	struct iotarget_send arg = send_arg(0, e, IOTARGET_ARRAY_MAX, NULL, 0);
	struct iotarget_reap_element r;
	struct background poller;
	__u64 id;
	int i;

	for (i = 0; i < IOTARGET_ARRAY_MAX; i++)
		e[i].type = IOTARGET_TYPE_CONTROL;
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	while (!call(self->target, IOTARGET_SEND, &arg))
		;
	background_start(&poller, poll_out, &self->target);
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(POLLOUT, background_join(&poller));
}

TEST_F(send, a_target_has_its_share_of_bytes)
{
	struct iotarget_info info;
	struct iotarget_reap_element r;
	struct iotarget_send_element e[2] = {};
	struct iotarget_send arg = send_arg(0, e, 2, NULL, 0);
	__u64 pending = 0, id = 0;
	void *bytes;

	ASSERT_EQ(0, info_get(&info));
	bytes = mmap(NULL, info.payload_max, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, bytes);
	while (pending + info.payload_max <= info.target_bytes) {
		ASSERT_EQ(0, send_read(self->target, bytes, info.payload_max,
				       &id));
		pending += info.payload_max;
	}
	EXPECT_EQ(-EAGAIN, send_read(self->target, bytes, info.payload_max,
				     &id));
	/* The first n: what fits in the slot goes, the other one does not. */
	e[0].type = IOTARGET_TYPE_CONTROL;
	e[1].type = IOTARGET_TYPE_READ;
	e[1].out = ADDRESS(bytes);
	e[1].out_length = info.payload_max;
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(1, arg.sent);
	EXPECT_EQ(-EAGAIN, e[1].result);
	EXPECT_EQ(DELIVERED, cancel(self->target, e[0].id));
	ASSERT_EQ(0, reap_now(self->target, &r));
}

/* -------------------------------------------------------------- payloads */

FIXTURE(payload) {
	int device;
	int target;
	__u32 length;
	char *in, *out, *host;
};

FIXTURE_VARIANT(payload) {
	__u32 length;	/* 0 with @max: INFO's largest */
	bool max;
};

#define LENGTH(n) FIXTURE_VARIANT_ADD(payload, bytes_##n) { .length = n }

LENGTH(0);
LENGTH(1);
LENGTH(63);
LENGTH(64);
LENGTH(65);
LENGTH(4095);
LENGTH(4096);
LENGTH(4097);
LENGTH(100000);
FIXTURE_VARIANT_ADD(payload, bytes_max) { .max = true };

static char *area(__u32 length)
{
	/* Ends at a page nobody can touch. */
	size_t page = sysconf(_SC_PAGESIZE);
	size_t whole = (length + page - 1) / page * page;
	char *map = mmap(NULL, whole + page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		abort();
	mprotect(map + whole, page, PROT_NONE);
	return map + whole - length;
}

FIXTURE_SETUP(payload)
{
	struct iotarget_info info;
	__u32 i;

	ASSERT_EQ(0, info_get(&info));
	self->length = variant->max ? info.payload_max : variant->length;
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
	self->in = area(self->length);
	self->out = area(self->length);
	self->host = area(self->length);
	for (i = 0; i < self->length; i++)
		self->in[i] = i * 7 + (i >> 8) + 1;
}

FIXTURE_TEARDOWN(payload)
{
	close(self->target);
	close(self->device);
}

static int send_element(int target, struct iotarget_send_element *e)
{
	struct iotarget_send arg = send_arg(0, e, 1, NULL, 0);
	int ret = call(target, IOTARGET_SEND, &arg);

	return ret ? ret : arg.sent == 1 ? 0 : -EPROTO;
}

TEST_F(payload, write)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_WRITE, .in = ADDRESS(self->in),
		.in_length = self->length,
	};
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(self->host), .buffer_length = self->length,
	};
	struct iotarget_reap_element r;

	ASSERT_EQ(0, send_element(self->target, &e));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(self->length, f.in_length);
	EXPECT_EQ(self->length, f.copied);
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	EXPECT_EQ(-EINVAL, complete_bytes(self->device, f.id, 0,
					  self->length + 1, NULL, 0));
	EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, self->length, NULL,
				    0));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(self->length, r.information);
	EXPECT_EQ(0, r.flags);
}

TEST_F(payload, read)
{
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	__u64 id;

	ASSERT_EQ(0, send_read(self->target, self->out, self->length, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(self->length, f.out_length);
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, self->length,
				    self->in, self->length));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(self->length, r.information);
	EXPECT_EQ(0, memcmp(self->in, self->out, self->length));
}

TEST_F(payload, control_both_ways)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .code = 3,
		.in = ADDRESS(self->in), .in_length = self->length,
		.out = ADDRESS(self->out), .out_length = self->length,
	};
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(self->host), .buffer_length = self->length,
	};
	struct iotarget_reap_element r;
	__u32 i;

	ASSERT_EQ(0, send_element(self->target, &e));
	/* What the sender does to its input after SEND is nobody's business. */
	for (i = 0; i < self->length; i++)
		self->in[i] ^= 0x55;
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(self->length, f.copied);
	for (i = 0; i < self->length; i++)
		self->host[i] ^= 0x55;
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, self->length,
				    self->host, self->length));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(0, memcmp(self->in, self->out, self->length));
}

/* A host's buffer that is too short gets what fits, and knows the rest. */
TEST_F(payload, short_buffer_of_the_host)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_WRITE, .in = ADDRESS(self->in),
		.in_length = self->length,
	};
	__u32 half = self->length / 2, i;
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(self->host), .buffer_length = half,
	};

	memset(self->host, 0x77, self->length);
	ASSERT_EQ(0, send_element(self->target, &e));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(half, f.copied);
	EXPECT_EQ(self->length, f.in_length);
	EXPECT_EQ(0, memcmp(self->in, self->host, half));
	for (i = half; i < self->length; i++)
		ASSERT_EQ(0x77, self->host[i]);
}

/*
 * Nothing reaches the sender that the host did not write: what the host counts
 * and did not write is zero, what it does not count stays as it was. The bytes
 * that could leak are all 0xa5: of the requests before, and of this one's input.
 */
TEST_F(payload, nothing_leaks_to_the_sender)
{
	__u32 quarter = self->length / 4, half = self->length / 2, i;
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .in = ADDRESS(self->in),
		.in_length = self->length,
	};
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	int round;

	memset(self->in, 0xa5, self->length);
	for (round = 0; round < 4; round++) {
		/* the last round: this request itself brought 0xa5 */
		e.type = round < 3 ? IOTARGET_TYPE_WRITE : IOTARGET_TYPE_CONTROL;
		e.out = round < 3 ? 0 : ADDRESS(self->out);
		e.out_length = round < 3 ? 0 : self->length;
		memset(self->out, 0x77, self->length);
		ASSERT_EQ(0, send_element(self->target, &e));
		ASSERT_EQ(0, fetch_one(self->device, 0, &f));
		if (round < 3) {
			EXPECT_EQ(0, complete(self->device, f.id, 0));
			ASSERT_EQ(0, reap_one(self->target, &r));
			ASSERT_EQ(0, send_read(self->target, self->out,
					       self->length, (__u64 *)&f.id));
			ASSERT_EQ(0, fetch_one(self->device, 0, &f));
		}
		memset(self->host, 0x11, self->length);
		EXPECT_EQ(0, complete_bytes(self->device, f.id, 0, half,
					    self->host, quarter));
		ASSERT_EQ(0, reap_one(self->target, &r));
		EXPECT_EQ(half, r.information);
		for (i = 0; i < self->length; i++)
			ASSERT_EQ(i < quarter ? 0x11 : i < half ? 0 : 0x77,
				  self->out[i]) {
				TH_LOG("round %d, byte %u", round, i);
			}
	}
}

/* ... nor to the host: its buffer is longer than what the sender brought. */
TEST_F(payload, nothing_leaks_to_the_host)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_WRITE, .in = ADDRESS(self->in),
		.in_length = self->length,
	};
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	__u32 half = self->length / 2, i;

	memset(self->in, 0xa5, self->length);
	ASSERT_EQ(0, send_element(self->target, &e));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, f.id, 0));
	ASSERT_EQ(0, reap_one(self->target, &r));
	/* brings half, takes all: one buffer of the longer length */
	e.type = IOTARGET_TYPE_CONTROL;
	e.in_length = half;
	e.out = ADDRESS(self->out);
	e.out_length = self->length;
	memset(self->host, 0x77, self->length);
	f.buffer = ADDRESS(self->host);
	f.buffer_length = self->length;
	ASSERT_EQ(0, send_element(self->target, &e));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(half, f.copied);
	for (i = half; i < self->length; i++)
		ASSERT_EQ(0x77, self->host[i]);
}

TEST_F(payload, U98_more_than_the_request_has)
{
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	__u64 id;

	ASSERT_EQ(0, send_read(self->target, self->out, self->length, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(-EINVAL, complete_bytes(self->device, id, 0,
					  self->length + 1, NULL, 0));
	EXPECT_EQ(-EINVAL, complete_bytes(self->device, id, 0, ~0ULL, NULL, 0));
	EXPECT_EQ(-EINVAL, complete_bytes(self->device, id, 0, 1ULL << 32,
					  NULL, 0));
	EXPECT_EQ(-EINVAL, complete_bytes(self->device, id, 0, 0,
					  area(self->length + 1),
					  self->length + 1));
	EXPECT_EQ(-EINVAL, complete_bytes(self->device, id, -EIO,
					  self->length + 1, NULL, 0));
	/* unchanged: still the host's, and can be marked */
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	EXPECT_EQ(0, mark(self->device, id));
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, self->length,
				    self->in, self->length));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(0, memcmp(self->in, self->out, self->length));
}

/*
 * Output that the call that reaps copies: with bytes in both directions it is
 * never in the sender's own pages (payload_test has those).
 */
static int send_copied(int target, char *out, __u32 length, __u64 *id)
{
	static const char in = 'x';
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL, .in = ADDRESS(&in),
		.in_length = 1, .out = ADDRESS(out), .out_length = length,
	};
	int ret = send_element(target, &e);

	*id = e.id;
	return ret;
}

/* An address space that did not send it gets the numbers and no bytes. */
TEST_F(payload, reaped_by_another_process)
{
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	int status;
	pid_t child;
	__u32 i;
	__u64 id;

	memset(self->out, 0x77, self->length);
	ASSERT_EQ(0, send_copied(self->target, self->out, self->length, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, complete_bytes(self->device, id, 9, self->length,
				    self->in, self->length));
	child = fork();
	if (!child) {
		if (reap_now(self->target, &r) || r.status != 9 ||
		    r.information != self->length)
			_exit(1);
		if (self->length && r.flags != IOTARGET_REAP_NOT_COPIED)
			_exit(2);
		for (i = 0; i < self->length; i++)
			if (self->out[i] != 0x77)
				_exit(3);
		_exit(0);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, WEXITSTATUS(status));
	for (i = 0; i < self->length; i++)
		ASSERT_EQ(0x77, self->out[i]);
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
}

/* ---------------------------------------------------------------- faults */

TEST_F(payload, sender_input_that_cannot_be_read)
{
	struct iotarget_send_element e[2] = {
		CONTROL_ELEMENT,
		{ .type = IOTARGET_TYPE_WRITE, .in = ADDRESS(self->in + 1),
		  .in_length = self->length },
	};
	struct iotarget_send arg = send_arg(0, e, 2, NULL, 0);

	if (!self->length)
		return;
	EXPECT_EQ(-EFAULT, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(-EFAULT, e[1].result);
	/* Nothing was accepted, the good one neither. */
	EXPECT_FALSE(readable(self->device));
	EXPECT_EQ(-ENOENT, cancel(self->target, e[0].id));
}

TEST_F(payload, sender_output_that_cannot_be_written)
{
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	size_t page = sysconf(_SC_PAGESIZE);
	char *at = (char *)((uintptr_t)self->out / page * page);
	__u64 id[2];
	int i;

	if (!self->length)
		return;
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, send_copied(self->target, self->out,
					 self->length, &id[i]));
		ASSERT_EQ(0, fetch_one(self->device, 0, &f));
		EXPECT_EQ(0, complete_bytes(self->device, id[i], i,
					    self->length, self->in,
					    self->length));
	}
	ASSERT_EQ(0, mprotect(at, page, PROT_READ));
	EXPECT_EQ(-EFAULT, reap_now(self->target, &r));
	EXPECT_EQ(-EFAULT, reap_now(self->target, &r));
	EXPECT_TRUE(readable(self->target));
	ASSERT_EQ(0, mprotect(at, page, PROT_READ | PROT_WRITE));
	/* It stayed first. */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, reap_now(self->target, &r));
		EXPECT_EQ(id[i], r.id);
		EXPECT_EQ(0, memcmp(self->in, self->out, self->length));
	}
}

TEST_F(payload, host_buffer_that_cannot_be_written)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_WRITE, .in = ADDRESS(self->in),
		.in_length = self->length,
	};
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(self->host + 1),
		.buffer_length = self->length,
	};

	if (!self->length)
		return;
	ASSERT_EQ(0, send_element(self->target, &e));
	EXPECT_EQ(-EFAULT, fetch_now(self->device, 0, &f));
	EXPECT_EQ(-EFAULT, fetch_now(self->device, IOTARGET_FETCH_CANCELABLE,
				     &f));
	EXPECT_TRUE(readable(self->device));
	EXPECT_EQ(-ENOENT, complete(self->device, e.id, 0));
	f.buffer = ADDRESS(self->host);
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(e.id, f.id);
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
}

TEST_F(payload, host_output_that_cannot_be_read)
{
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	__u64 id;

	if (!self->length)
		return;
	ASSERT_EQ(0, send_read(self->target, self->out, self->length, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(-EFAULT, complete_bytes(self->device, id, 0, self->length,
					  self->in + 1, self->length));
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, self->length,
				    self->in, self->length));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(0, memcmp(self->in, self->out, self->length));
}

TEST_F(payload, one_byte_more_than_allowed)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_WRITE, .in = ADDRESS(self->in),
		.in_length = self->length + 1,
	};

	if (!variant->max)
		return;
	EXPECT_EQ(-EMSGSIZE, send_element(self->target, &e));
	EXPECT_EQ(-EMSGSIZE, e.result);
	e.type = IOTARGET_TYPE_READ;
	e.out = ADDRESS(self->out);
	e.out_length = self->length + 1;
	e.in_length = 0;
	EXPECT_EQ(-EMSGSIZE, send_element(self->target, &e));
	e.type = IOTARGET_TYPE_CONTROL;
	EXPECT_EQ(-EMSGSIZE, send_element(self->target, &e));
	e.out_length = 0xffffffff;
	EXPECT_EQ(-EMSGSIZE, send_element(self->target, &e));
	EXPECT_FALSE(readable(self->device));
}

TEST_F(send, memory_of_the_call_that_cannot_be_written)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iotarget_send_element good = CONTROL_ELEMENT;
	struct iotarget_send_element *e = (void *)map;
	struct iotarget_send *arg = (void *)(map + 512);
	struct iotarget_reap_element r;
	struct iotarget_fetch_element f = {};
	struct iotarget_send other;
	__u64 id;

	ASSERT_NE(MAP_FAILED, map);
	*e = good;
	*arg = send_arg(0, &good, 1, NULL, 0);
	ASSERT_EQ(0, mprotect(map, page, PROT_READ));
	/* the ids cannot be written */
	other = send_arg(0, e, 1, NULL, 0);
	EXPECT_EQ(-EFAULT, call(self->target, IOTARGET_SEND, &other));
	EXPECT_FALSE(readable(self->device));
	/* the counts cannot be written */
	EXPECT_EQ(-EFAULT, call(self->target, IOTARGET_SEND, arg));
	EXPECT_FALSE(readable(self->device));
	/* the completion cannot be written */
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, id, 4));
	other = send_arg(0, NULL, 0, (void *)map, 1);
	EXPECT_EQ(-EFAULT, call(self->target, IOTARGET_SEND, &other));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(id, r.id);
	EXPECT_EQ(4, r.status);
}

/* A fault at the second completion: one was reaped, one stays. */
TEST_F(send, half_an_array_of_completions)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iotarget_reap_element r, *at;
	struct iotarget_fetch_element f = {};
	struct iotarget_send arg;
	__u64 id[3];
	int i;

	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(0, munmap(map + page, page));
	at = (void *)(map + page - sizeof(*at));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, send_one(self->target, i, &id[i]));
		ASSERT_EQ(0, fetch_one(self->device, 0, &f));
		EXPECT_EQ(0, complete(self->device, id[i], 0));
	}
	arg = send_arg(0, NULL, 0, at, 3);
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(1, arg.reaped);
	EXPECT_EQ(id[0], at->id);
	for (i = 1; i < 3; i++) {
		ASSERT_EQ(0, reap_now(self->target, &r));
		EXPECT_EQ(id[i], r.id);
	}
}

/* --------------------------------------------------------------- signals */

static void signal_during_wait(struct __test_metadata *_metadata,
			       FIXTURE_DATA(send) *self, bool restart)
{
	struct iotarget_fetch_element record[2] = {};
	struct iotarget_reap_element r;
	struct background thread;
	struct sender s;

	catch_signal(SIGUSR1, restart);
	sender_start(&thread, &s, self->target, 2);
	ASSERT_EQ(0, fetch_one(self->device, 0, &record[0]));
	ASSERT_EQ(0, fetch_one(self->device, 0, &record[1]));
	EXPECT_EQ(0, complete(self->device, record[0].id, 1));
	wait_asleep(thread.tid);
	signal_thread(thread.tid, SIGUSR1);
	/* It had an effect: never an errno, never a restart. */
	EXPECT_EQ(0, background_join(&thread));
	EXPECT_EQ(2, s.arg.sent);
	EXPECT_EQ(1, s.arg.reaped);
	EXPECT_EQ(record[0].id, s.reap[0].id);
	/* Nothing was cancelled; what is left behind goes to REAP. */
	EXPECT_EQ(0, is_canceled(self->device, record[1].id));
	EXPECT_EQ(0, complete(self->device, record[1].id, 2));
	EXPECT_TRUE(readable(self->target));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(record[1].id, r.id);
	EXPECT_EQ(101, r.user_data);
	EXPECT_EQ(2, r.status);
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
}

TEST_F(send, a_signal_only_ends_the_wait)
{
	signal_during_wait(_metadata, self, false);
}

TEST_F(send, a_signal_only_ends_the_wait_also_where_calls_restart)
{
	signal_during_wait(_metadata, self, true);
}

TEST_F(send, a_signal_ends_an_idle_reap)
{
	struct background thread;

	catch_signal(SIGUSR1, false);
	background_start(&thread, reap_waiting, &self->target);
	wait_asleep(thread.tid);
	signal_thread(thread.tid, SIGUSR1);
	EXPECT_EQ(-EINTR, background_join(&thread));
}

TEST_F(send, a_signal_restarts_an_idle_reap_where_asked)
{
	struct background thread;
	__u64 id;

	catch_signal(SIGUSR1, true);
	background_start(&thread, reap_waiting, &self->target);
	wait_asleep(thread.tid);
	signal_thread(thread.tid, SIGUSR1);
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	EXPECT_EQ(0, background_join(&thread));
}

/* ------------------------------------------------------ O_NONBLOCK, poll */

TEST_F(send, nonblock_waits_for_nothing)
{
	struct iotarget_send_element e = CONTROL_ELEMENT;
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	struct iotarget_send arg = send_arg(IOTARGET_SEND_WAIT, &e, 1, &r, 1);

	set_nonblock(self->target, true);
	EXPECT_EQ(-EAGAIN, reap_one(self->target, &r));
	ASSERT_EQ(0, call(self->target, IOTARGET_SEND, &arg));
	EXPECT_EQ(1, arg.sent);
	EXPECT_EQ(0, arg.reaped);
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, e.id, 6));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(6, r.status);
}

TEST_F(send, poll_of_the_target)
{
	struct iotarget_fetch_element f = {};
	struct iotarget_reap_element r;
	__u64 id;

	EXPECT_EQ(POLLOUT, poll_now(self->target));
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	EXPECT_EQ(POLLOUT, poll_now(self->target));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_EQ(POLLIN | POLLOUT, poll_now(self->target));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(POLLOUT, poll_now(self->target));
	ASSERT_EQ(0, send_one(self->target, 0, &id));
	ASSERT_EQ(0, end(self->device));
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP, poll_now(self->target));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(POLLERR | POLLHUP, poll_now(self->target));
}

static int poll_in(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	return poll(&p, 1, -1) == 1 ? p.revents : -1;
}

TEST_F(send, a_completion_wakes_the_poller)
{
	struct iotarget_fetch_element f = {};
	struct background poller;
	__u64 id;

	ASSERT_EQ(0, send_one(self->target, 0, &id));
	ASSERT_EQ(0, fetch_one(self->device, 0, &f));
	background_start(&poller, poll_in, &self->target);
	EXPECT_EQ(0, complete(self->device, id, 0));
	EXPECT_EQ(POLLIN, background_join(&poller));
}

TEST_HARNESS_MAIN
