// SPDX-License-Identifier: GPL-2.0
/* The rows of iotarget, written against its raw ABI. */
#include "bench.h"

#include <fcntl.h>
#include <linux/iotarget.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PAYLOAD		64
#define BATCH		64

struct connection {
	int device;
	int target;
	unsigned int batch;		/* requests in one call */
	unsigned int fetch_flags;
};

static void connect_device(struct connection *c)
{
	struct iotarget_device_create create = {
		.size = sizeof(create),
		.dispatch = IOTARGET_DISPATCH_PARALLEL,
	};
	struct iotarget_target_open target = { .size = sizeof(target) };
	int control;

	control = must(open(IOTARGET_NODE_CONTROL, O_RDWR | O_CLOEXEC));
	must(ioctl(control, IOTARGET_DEVICE_CREATE, &create));
	c->device = create.fd;
	must(ioctl(c->device, IOTARGET_TARGET_OPEN, &target));
	c->target = target.fd;
	close(control);
}

/* Sends every byte back, inverted in its first one to prove that it was here. */
static void host(void *arg)
{
	static unsigned char payload[BATCH][PAYLOAD];
	struct iotarget_fetch_element records[BATCH];
	struct iotarget_complete_element answers[BATCH];
	struct connection *c = arg;
	struct iotarget_fetch fetch = {
		.size = sizeof(fetch),
		.flags = c->fetch_flags,
		.complete = { 0, sizeof(answers[0]), (uintptr_t)answers },
		.fetch = { c->batch, sizeof(records[0]), (uintptr_t)records },
	};
	unsigned int i;

	close(c->target);
	memset(records, 0, sizeof(records));
	memset(answers, 0, sizeof(answers));
	for (i = 0; i < BATCH; i++) {
		records[i].buffer = (uintptr_t)payload[i];
		records[i].buffer_length = PAYLOAD;
		answers[i].information = PAYLOAD;
		answers[i].buffer = (uintptr_t)payload[i];
		answers[i].buffer_length = PAYLOAD;
	}
	for (;;) {
		must(ioctl(c->device, IOTARGET_FETCH, &fetch));
		for (i = 0; i < fetch.fetched; i++) {
			payload[i][0] ^= 0xff;
			answers[i].id = records[i].id;
		}
		fetch.complete.count = fetch.fetched;
	}
}

struct sender {
	int target;
	struct iotarget_send send;
	struct iotarget_send_element elements[BATCH];
	struct iotarget_reap_element completions[BATCH];
	unsigned char in[BATCH][PAYLOAD];
	unsigned char out[BATCH][PAYLOAD];
};

static void send_wait_op(void *arg)
{
	struct sender *s = arg;

	must(ioctl(s->target, IOTARGET_SEND, &s->send));
	must_be(s->send.reaped == s->send.send.count);
	must_be(s->completions[0].status == 0 &&
		s->completions[0].information == PAYLOAD);
}

/* What a request costs of batches of that many, sender and host together. */
static double send_wait(unsigned int batch, unsigned int fetch_flags)
{
	struct connection c = { .batch = batch, .fetch_flags = fetch_flags };
	struct sender s;
	double result;
	unsigned int i;

	connect_device(&c);
	serve(host, &c);
	/* So the end of the host ends the device. */
	close(c.device);

	memset(&s, 0, sizeof(s));
	s.target = c.target;
	s.send.size = sizeof(s.send);
	s.send.flags = IOTARGET_SEND_WAIT;
	s.send.send = (struct iotarget_array){ batch, sizeof(s.elements[0]),
					       (uintptr_t)s.elements };
	s.send.reap = (struct iotarget_array){ batch, sizeof(s.completions[0]),
					       (uintptr_t)s.completions };
	for (i = 0; i < batch; i++) {
		memset(s.in[i], i, PAYLOAD);
		s.elements[i].type = IOTARGET_TYPE_CONTROL;
		s.elements[i].in = (uintptr_t)s.in[i];
		s.elements[i].out = (uintptr_t)s.out[i];
		s.elements[i].in_length = PAYLOAD;
		s.elements[i].out_length = PAYLOAD;
	}
	result = measure(send_wait_op, &s) / batch;
	for (i = 0; i < batch; i++) {
		must_be(s.out[i][0] == (s.in[i][0] ^ 0xff));
		must_be(!memcmp(s.out[i] + 1, s.in[i] + 1, PAYLOAD - 1));
	}
	return result;
}

double send_wait_row(void)
{
	return send_wait(1, 0);
}

double send_wait_cancelable_row(void)
{
	return send_wait(1, IOTARGET_FETCH_CANCELABLE);
}

double batch_row(void)
{
	return send_wait(BATCH, 0);
}

/* Sends one request that stays in its queue: its id. */
static uint64_t send_one(int target)
{
	struct iotarget_send_element element = { .type = IOTARGET_TYPE_CONTROL };
	struct iotarget_send send = {
		.size = sizeof(send),
		.send = { 1, sizeof(element), (uintptr_t)&element },
	};

	must(ioctl(target, IOTARGET_SEND, &send));
	return element.id;
}

static void reap_canceled(int target, uint64_t id)
{
	struct iotarget_reap_element completion;
	struct iotarget_send send = {
		.size = sizeof(send),
		.reap = { 1, sizeof(completion), (uintptr_t)&completion },
	};

	must(ioctl(target, IOTARGET_SEND, &send));
	must_be(completion.id == id && completion.status != 0);
}

struct canceler {
	int target;
	unsigned int pending;
	unsigned int random;
	uint64_t *ids;
};

static void cancel_op(int target, uint64_t id)
{
	struct iotarget_cancel request = {
		.size = sizeof(request),
		.scope = IOTARGET_CANCEL_ID,
		.id = id,
	};

	must(ioctl(target, IOTARGET_CANCEL, &request));
	must_be(request.delivered == 1);
}

/* Cancels any of the pending, and sends another one in its place. */
static double cancel_block(void *arg, int ops)
{
	struct canceler *c = arg;
	uint64_t start, sum = 0;
	unsigned int victim;

	while (ops--) {
		c->random = c->random * 1664525 + 1013904223;
		victim = (c->random >> 8) % c->pending;
		start = now();
		cancel_op(c->target, c->ids[victim]);
		sum += now() - start;
		reap_canceled(c->target, c->ids[victim]);
		c->ids[victim] = send_one(c->target);
	}
	return sum;
}

static double clock_block(void *arg, int ops)
{
	uint64_t start, sum = 0;

	(void)arg;
	while (ops--) {
		start = now();
		sum += now() - start;
	}
	return sum;
}

/* The cancel alone, less what it takes to read the clock. */
static double cancel(unsigned int pending)
{
	struct connection connection;
	struct canceler c = { .pending = pending };
	unsigned int i;

	connect_device(&connection);
	c.target = connection.target;
	c.ids = calloc(pending, sizeof(*c.ids));
	must_be(c.ids);
	for (i = 0; i < pending; i++)
		c.ids[i] = send_one(c.target);
	return measure_blocks(cancel_block, &c) - measure_blocks(clock_block, NULL);
}

double cancel_1_row(void)
{
	return cancel(1);
}

double cancel_10000_row(void)
{
	return cancel(10000);
}
