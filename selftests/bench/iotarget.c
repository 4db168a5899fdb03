// SPDX-License-Identifier: GPL-2.0
/* Round trips through iotarget, written against its raw ABI. */
#include "bench.h"

#include <fcntl.h>
#include <linux/iotarget.h>
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define BATCH_MAX	128
/* The bytes sent; the host inverts the first to prove that it was here. */
#define BYTE		0x5a

struct connection connect_device(uint32_t dispatch)
{
	struct iotarget_device_create create = {
		.size = sizeof(create),
		.dispatch = dispatch,
	};
	int control;

	control = must(open(IOTARGET_NODE_CONTROL, O_RDWR | O_CLOEXEC));
	must(ioctl(control, IOTARGET_DEVICE_CREATE, &create));
	close(control);
	return (struct connection){
		.device = create.fd,
		.target = open_target(create.fd),
	};
}

int open_target(int device)
{
	struct iotarget_target_open target = { .size = sizeof(target) };

	must(ioctl(device, IOTARGET_TARGET_OPEN, &target));
	return target.fd;
}

/* What is sent, and how. */
struct workload {
	unsigned int batch;		/* requests in one call */
	unsigned int in_length;
	unsigned int out_length;
	unsigned int fetch_flags;
};

static void *alloc_payload(const struct workload *w)
{
	unsigned int length = w->in_length > w->out_length ? w->in_length : w->out_length;
	void *payload = aligned_alloc(4096, (length + !length + 4095) & ~4095);

	must_be(payload);
	memset(payload, BYTE, length);
	return payload;
}

struct host {
	struct connection connection;
	struct workload workload;
	struct iotarget_fetch fetch;
	struct iotarget_fetch_element records[BATCH_MAX];
	struct iotarget_complete_element answers[BATCH_MAX];
	unsigned char *payloads[BATCH_MAX];
};

static void init_host(struct host *h)
{
	const struct workload *w = &h->workload;
	unsigned int i;

	h->fetch = (struct iotarget_fetch){
		.size = sizeof(h->fetch),
		.flags = w->fetch_flags,
		.complete = { 0, sizeof(h->answers[0]), (uintptr_t)h->answers },
		.fetch = { w->batch, sizeof(h->records[0]), (uintptr_t)h->records },
	};
	for (i = 0; i < w->batch; i++) {
		h->payloads[i] = alloc_payload(w);
		h->records[i].buffer = (uintptr_t)h->payloads[i];
		h->records[i].buffer_length = w->in_length;
		h->answers[i].information = w->out_length ? w->out_length : w->in_length;
		h->answers[i].buffer = (uintptr_t)h->payloads[i];
		h->answers[i].buffer_length = w->out_length;
	}
}

/* Completes what it has and fetches more: how many. */
static unsigned int host_turn(struct host *h)
{
	unsigned int i;

	must(ioctl(h->connection.device, IOTARGET_FETCH, &h->fetch));
	for (i = 0; i < h->fetch.fetched; i++) {
		must_be(h->records[i].copied == h->workload.in_length);
		h->payloads[i][0] = ~BYTE;
		h->answers[i].id = h->records[i].id;
	}
	h->fetch.complete.count = h->fetch.fetched;
	return h->fetch.fetched;
}

static void host(void *arg)
{
	struct host *h = arg;

	close(h->connection.target);
	init_host(h);
	for (;;)
		host_turn(h);
}

struct sender {
	int target;
	struct iotarget_send send;
	struct iotarget_send_element elements[BATCH_MAX];
	struct iotarget_reap_element completions[BATCH_MAX];
	unsigned char *outs[BATCH_MAX];
};

static void init_sender(struct sender *s, const struct workload *w)
{
	unsigned int i;

	s->send = (struct iotarget_send){
		.size = sizeof(s->send),
		.flags = IOTARGET_SEND_WAIT,
		.send = { w->batch, sizeof(s->elements[0]), (uintptr_t)s->elements },
		.reap = { w->batch, sizeof(s->completions[0]), (uintptr_t)s->completions },
	};
	for (i = 0; i < w->batch; i++) {
		s->outs[i] = alloc_payload(w);
		s->elements[i] = (struct iotarget_send_element){
			.type = IOTARGET_TYPE_CONTROL,
			.in = (uintptr_t)alloc_payload(w),
			.out = (uintptr_t)s->outs[i],
			.in_length = w->in_length,
			.out_length = w->out_length,
		};
	}
}

static OPERATION void send_wait_op(void *arg)
{
	struct sender *s = arg;

	must(ioctl(s->target, IOTARGET_SEND, &s->send));
	must_be(s->send.reaped == s->send.send.count);
	must_be(s->completions[0].status == 0);
}

static void check_payload(const struct sender *s, const struct workload *w)
{
	unsigned int i;

	for (i = 0; i < w->batch; i++) {
		must_be(s->completions[i].information ==
			(w->out_length ? w->out_length : w->in_length));
		must_be(!w->out_length || (s->outs[i][0] == (unsigned char)~BYTE &&
					   s->outs[i][w->out_length - 1] == BYTE));
	}
}

/* What a request costs, sender and host together. */
static double send_wait(struct workload workload)
{
	static struct host h;
	static struct sender s;
	double result;

	h.connection = connect_device(IOTARGET_DISPATCH_PARALLEL);
	h.workload = workload;
	serve(host, &h);
	/* So the end of the host ends the device. */
	close(h.connection.device);

	s.target = h.connection.target;
	init_sender(&s, &workload);
	result = measure(send_wait_op, &s, workload.batch);
	check_payload(&s, &workload);
	return result;
}

double send_wait_row(long fetch_flags)
{
	return send_wait((struct workload){ 1, 64, 64, fetch_flags });
}

double no_spin_row(long arg)
{
	long spin = set_parameter("spin_us", 0);
	double result;

	if (spin < 0)
		return NAN;
	result = send_wait_row(0);
	set_parameter("spin_us", spin);
	return result;
}

double batch_row(long batch)
{
	return send_wait((struct workload){ batch, 64, 64, 0 });
}

double batch_read_row(long batch)
{
	return send_wait((struct workload){ batch, 0, 4096, 0 });
}

double write_row(long length)
{
	return send_wait((struct workload){ 1, length, 0, 0 });
}

double read_row(long length)
{
	return send_wait((struct workload){ 1, 0, length, 0 });
}

/*
 * Many senders, each with a target of its own, and some hosts that fetch up to
 * 64 requests. This process is one of the hosts.
 */
static const struct workload one = { 1, 64, 64, 0 }, up_to_64 = { 64, 64, 64, 0 };
static const struct workload empty = { 1, 0, 0, 0 }, up_to_64_empty = { 64, 0, 0, 0 };

/* Types of requests, one for each queue where there are several. */
#define TYPES		3
static const uint32_t types[TYPES] = {
	IOTARGET_TYPE_CONTROL, IOTARGET_TYPE_READ, IOTARGET_TYPE_WRITE,
};

struct crowd {
	struct host host;
	int device;
	int queues[TYPES];		/* where the hosts fetch, in turn */
	const struct workload *sent;
	uint32_t type;			/* of this sender's */
	unsigned long *handled;		/* by all hosts */
};

static void send_forever(void *arg)
{
	static struct sender s;
	const struct crowd *c = arg;

	s.target = open_target(c->device);
	close(c->device);
	init_sender(&s, c->sent);
	s.elements[0].type = c->type;
	for (;;)
		send_wait_op(&s);
}

static OPERATION void crowd_op(struct crowd *c)
{
	__atomic_fetch_add(c->handled, host_turn(&c->host), __ATOMIC_RELAXED);
}

static void host_forever(void *arg)
{
	struct crowd *c = arg;

	init_host(&c->host);
	for (;;)
		crowd_op(c);
}

static double crowd_block(void *arg, int ops)
{
	struct crowd *c = arg;
	unsigned long begin = *c->handled;
	uint64_t start = now();

	while (*c->handled - begin < (unsigned long)ops)
		crowd_op(c);
	return passed_since(start) * ops / (*c->handled - begin);
}

static double run_crowd(struct crowd *c, long senders_and_hosts)
{
	int senders = senders_and_hosts >> 8, hosts = senders_and_hosts & 0xff;

	c->handled = share(sizeof(*c->handled));
	while (senders--) {
		c->type = c->sent == &empty ? types[senders % TYPES] : types[0];
		serve(send_forever, c);
	}
	while (hosts--) {
		c->host.connection.device = c->queues[hosts % TYPES];
		if (hosts)
			serve(host_forever, c);
	}
	init_host(&c->host);
	return measure_blocks(crowd_block, c, 1);
}

static void init_crowd(struct crowd *c, const struct workload *sent,
		       const struct workload *fetched)
{
	struct connection connection = connect_device(IOTARGET_DISPATCH_PARALLEL);
	int i;

	close(connection.target);
	c->device = connection.device;
	for (i = 0; i < TYPES; i++)
		c->queues[i] = c->device;
	c->sent = sent;
	c->host.workload = *fetched;
}

double senders_row(long senders_and_hosts)
{
	static struct crowd c;

	init_crowd(&c, &one, &up_to_64);
	return run_crowd(&c, senders_and_hosts);
}

/* Of three types, without payload. */
double types_row(long senders_and_hosts)
{
	static struct crowd c;

	init_crowd(&c, &empty, &up_to_64_empty);
	return run_crowd(&c, senders_and_hosts);
}

/* The same, each type by a queue of its own. */
double queues_row(long senders_and_hosts)
{
	static struct crowd c;
	int i;

	init_crowd(&c, &empty, &up_to_64_empty);
	for (i = 1; i < TYPES; i++) {
		struct iotarget_queue_create create = {
			.size = sizeof(create),
			.dispatch = IOTARGET_DISPATCH_PARALLEL,
		};
		struct iotarget_route route = { .size = sizeof(route), .type = types[i] };

		must(ioctl(c.device, IOTARGET_QUEUE_CREATE, &create));
		route.queue_fd = c.queues[i] = create.fd;
		must(ioctl(c.device, IOTARGET_ROUTE, &route));
	}
	return run_crowd(&c, senders_and_hosts);
}

/* A target is opened and closed; with @send it has carried one request. */
struct opener {
	int device;
	struct sender sender;
	int send;
};

static OPERATION void open_close_op(void *arg)
{
	struct opener *o = arg;

	o->sender.target = open_target(o->device);
	if (o->send)
		send_wait_op(&o->sender);
	close(o->sender.target);
}

double open_row(long send)
{
	static struct host h;
	static struct opener o;

	h.connection = connect_device(IOTARGET_DISPATCH_PARALLEL);
	h.workload = one;
	serve(host, &h);
	o.device = h.connection.device;
	o.send = send;
	init_sender(&o.sender, &one);
	return measure(open_close_op, &o, 1);
}

static OPERATION void create_close_op(void *arg)
{
	struct connection c = connect_device(IOTARGET_DISPATCH_PARALLEL);

	close(c.target);
	close(c.device);
}

double create_row(long arg)
{
	return measure(create_close_op, NULL, 1);
}
