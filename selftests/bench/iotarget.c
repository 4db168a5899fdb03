// SPDX-License-Identifier: GPL-2.0
/* The rows of iotarget, written against its raw ABI. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/iotarget.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PAYLOAD		64
#define BATCH		64		/* at most */
/* How many of the pending are sent, or fetched, by one call. */
#define ARRAY		1024

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

double send_wait_row(long fetch_flags)
{
	return send_wait(1, fetch_flags);
}

double batch_row(long batch)
{
	return send_wait(batch, 0);
}

/*
 * What a cancel costs among so many pending requests. Each that ends is replaced
 * by a new one, so their number stays.
 */
struct canceler {
	struct connection connection;
	bool marked;			/* with the host; otherwise queued */
	unsigned int pending;
	unsigned int random;
	uint64_t *ids;
};

static void send_requests(const struct canceler *c, uint64_t *ids, unsigned int count)
{
	static struct iotarget_send_element elements[ARRAY];
	struct iotarget_send send = {
		.size = sizeof(send),
		.send = { count, sizeof(elements[0]), (uintptr_t)elements },
	};
	unsigned int i;

	for (i = 0; i < count; i++)
		elements[i].type = IOTARGET_TYPE_CONTROL;
	must(ioctl(c->connection.target, IOTARGET_SEND, &send));
	must_be(send.sent == count);
	for (i = 0; i < count; i++)
		ids[i] = elements[i].id;
}

/* Completes that request, if there is one, and fetches so many of an event. */
static void host_turn(const struct canceler *c, uint64_t completed, uint32_t event,
		      unsigned int count)
{
	static struct iotarget_fetch_element records[ARRAY];
	struct iotarget_complete_element answer = { .id = completed, .status = -ECANCELED };
	struct iotarget_fetch fetch = {
		.size = sizeof(fetch),
		.flags = IOTARGET_FETCH_CANCELABLE,
		.complete = { completed != 0, sizeof(answer), (uintptr_t)&answer },
		.fetch = { count, sizeof(records[0]), (uintptr_t)records },
	};

	must(ioctl(c->connection.device, IOTARGET_FETCH, &fetch));
	must_be(answer.result == 0);
	must_be(fetch.fetched == count && records[count - 1].event == event);
}

static void reap_canceled(const struct canceler *c, uint64_t id)
{
	struct iotarget_reap_element completion;
	struct iotarget_send send = {
		.size = sizeof(send),
		.reap = { 1, sizeof(completion), (uintptr_t)&completion },
	};

	must(ioctl(c->connection.target, IOTARGET_SEND, &send));
	must_be(completion.id == id && completion.status == -ECANCELED);
}

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

/* Times the cancel alone, of any of the pending. */
static double cancel_block(void *arg, int ops)
{
	struct canceler *c = arg;
	uint64_t start, sum = 0;

	while (ops--) {
		uint64_t *victim, id;

		c->random = c->random * 1664525 + 1013904223;
		victim = &c->ids[(c->random >> 8) % c->pending];
		id = *victim;
		start = now();
		cancel_op(c->connection.target, id);
		sum += now() - start;
		send_requests(c, victim, 1);
		if (c->marked) {
			host_turn(c, 0, IOTARGET_EVENT_CANCEL, 1);
			host_turn(c, id, IOTARGET_EVENT_REQUEST, 1);
		}
		reap_canceled(c, id);
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

/* Less what it takes to read the clock. */
static double cancel(unsigned int pending, bool marked)
{
	struct canceler c = { .pending = pending, .marked = marked };
	unsigned int i, count;

	connect_device(&c.connection);
	c.ids = calloc(pending, sizeof(*c.ids));
	must_be(c.ids);
	for (i = 0; i < pending; i += count) {
		count = pending - i < ARRAY ? pending - i : ARRAY;
		send_requests(&c, c.ids + i, count);
		if (marked)
			host_turn(&c, 0, IOTARGET_EVENT_REQUEST, count);
	}
	return measure_blocks(cancel_block, &c) - measure_blocks(clock_block, NULL);
}

double cancel_queued_row(long pending)
{
	return cancel(pending, false);
}

double cancel_marked_row(long pending)
{
	return cancel(pending, true);
}
