// SPDX-License-Identifier: GPL-2.0
/*
 * What a pending request costs: memory, and a cancel by what it finds, among how
 * many.  Each request that ends is replaced by a new one, so their number stays.
 */
#include "bench.h"

#include <errno.h>
#include <linux/iotarget.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>

/* How many are sent by one call. */
#define ARRAY		IOTARGET_ARRAY_MAX
#define CHURN		64

struct canceler {
	struct connection connection;
	unsigned int pending;
	uint64_t *ids;			/* in the order of the queue from @head on */
	unsigned int head;
	unsigned int random;
	pid_t host;			/* what is marked: another process */
	volatile uint64_t *marked;	/* what it has fetched last */
};

static void send_requests(const struct canceler *c, uint64_t *ids, unsigned int count)
{
	static struct iotarget_send_element elements[ARRAY];
	static char payload[64];
	struct iotarget_send send = {
		.size = sizeof(send),
		.send = { count, sizeof(elements[0]), (uintptr_t)elements },
	};
	unsigned int i;

	for (i = 0; i < count; i++) {
		elements[i].type = IOTARGET_TYPE_CONTROL;
		elements[i].in = (uintptr_t)payload;
		elements[i].in_length = sizeof(payload);
	}
	must(ioctl(c->connection.target, IOTARGET_SEND, &send));
	must_be(send.sent == count);
	for (i = 0; i < count; i++)
		ids[i] = elements[i].id;
}

/* Waits for the completion of the one request that completes. */
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

/* Has a frame of its own, for the profile. */
static __attribute__((noipa)) struct iotarget_cancel
cancel_op(const struct canceler *c, uint64_t id)
{
	struct iotarget_cancel request = {
		.size = sizeof(request),
		.scope = IOTARGET_CANCEL_ID,
		.id = id,
	};

	must(ioctl(c->connection.target, IOTARGET_CANCEL, &request));
	return request;
}

static struct canceler create_canceler(uint32_t dispatch, unsigned int pending)
{
	struct canceler c = {
		.connection = connect_device(dispatch),
		.pending = pending,
		.ids = malloc(pending * sizeof(*c.ids)),
	};

	must_be(c.ids);
	memset(c.ids, 0xff, pending * sizeof(*c.ids));
	return c;
}

static void fill_queue(const struct canceler *c)
{
	unsigned int i, count;

	for (i = 0; i < c->pending; i += count) {
		count = c->pending - i < ARRAY ? c->pending - i : ARRAY;
		send_requests(c, c->ids + i, count);
	}
}

static uint64_t *next_of_queue(struct canceler *c)
{
	uint64_t *id = &c->ids[c->head];

	c->head = (c->head + 1) % c->pending;
	return id;
}

/* Queued: any of them; nobody else is involved. */
static double queued_block(void *arg, int ops)
{
	struct canceler *c = arg;
	double sum = 0;

	while (ops--) {
		uint64_t *id, start;

		c->random = c->random * 1664525 + 1013904223;
		id = &c->ids[(c->random >> 8) % c->pending];
		start = now();
		must_be(cancel_op(c, *id).delivered == 1);
		sum += passed_since(start);
		reap_canceled(c, *id);
		send_requests(c, id, 1);
	}
	return sum;
}

double cancel_queued_row(long pending)
{
	struct canceler c = create_canceler(IOTARGET_DISPATCH_PARALLEL, pending);

	fill_queue(&c);
	return measure_blocks(queued_block, &c, 1);
}

/*
 * Marked: the host has one at a time, the first of the queue, and completes it
 * when it is told. Until the sender has the completion.
 */
static void marked_host(void *arg)
{
	const struct canceler *c = arg;
	struct iotarget_fetch_element record = { 0 };
	struct iotarget_complete_element answer = { .status = -ECANCELED };
	struct iotarget_fetch fetch = {
		.size = sizeof(fetch),
		.flags = IOTARGET_FETCH_CANCELABLE,
		.complete = { 0, sizeof(answer), (uintptr_t)&answer },
		.fetch = { 1, sizeof(record), (uintptr_t)&record },
	};

	for (;;) {
		must(ioctl(c->connection.device, IOTARGET_FETCH, &fetch));
		answer.id = record.id;
		fetch.complete.count = record.event == IOTARGET_EVENT_CANCEL;
		if (record.event == IOTARGET_EVENT_REQUEST)
			*c->marked = record.id;
	}
}

static double marked_block(void *arg, int ops)
{
	struct canceler *c = arg;
	double sum = 0;

	while (ops--) {
		uint64_t *id = next_of_queue(c), start;

		while (*c->marked != *id)
			sched_yield();
		wait_asleep(c->host);
		start = now();
		must_be(cancel_op(c, *id).delivered == 1);
		reap_canceled(c, *id);
		sum += passed_since(start);
		send_requests(c, id, 1);
	}
	return sum;
}

double cancel_marked_row(long pending)
{
	struct canceler c = create_canceler(IOTARGET_DISPATCH_SEQUENTIAL, pending);

	fill_queue(&c);
	c.marked = share(sizeof(*c.marked));
	c.host = serve(marked_host, &c);
	return measure_blocks(marked_block, &c, 1);
}

/*
 * With the host and not marked: the mark stays, and the host, which is this same
 * process, completes it as it likes. The cancel alone.
 */
static void fetch_request(const struct canceler *c, uint64_t id)
{
	struct iotarget_fetch_element record = { 0 };
	struct iotarget_fetch fetch = {
		.size = sizeof(fetch),
		.fetch = { 1, sizeof(record), (uintptr_t)&record },
	};

	must(ioctl(c->connection.device, IOTARGET_FETCH, &fetch));
	must_be(record.id == id);
}

static void complete_request(const struct canceler *c, uint64_t id)
{
	struct iotarget_complete_element answer = { .id = id, .status = -ECANCELED };
	struct iotarget_fetch fetch = {
		.size = sizeof(fetch),
		.complete = { 1, sizeof(answer), (uintptr_t)&answer },
	};

	must(ioctl(c->connection.device, IOTARGET_FETCH, &fetch));
	must_be(answer.result == 0);
}

static double unmarked_block(void *arg, int ops)
{
	struct canceler *c = arg;
	double sum = 0;

	while (ops--) {
		uint64_t *id = next_of_queue(c), start;

		fetch_request(c, *id);
		start = now();
		must_be(cancel_op(c, *id).marked == 1);
		sum += passed_since(start);
		complete_request(c, *id);
		reap_canceled(c, *id);
		send_requests(c, id, 1);
	}
	return sum;
}

double cancel_unmarked_row(long pending)
{
	struct canceler c = create_canceler(IOTARGET_DISPATCH_PARALLEL, pending);

	fill_queue(&c);
	return measure_blocks(unmarked_block, &c, 1);
}

/* Memory: bytes that a pending request takes from the kernel. */
static double memory_used(void)
{
	unsigned long total, free;
	char text[80];

	read_proc("/proc/meminfo", text, sizeof(text));
	must_be(sscanf(text, "MemTotal: %lu kB MemFree: %lu kB", &total, &free) == 2);
	return 1024.0 * (total - free);
}

double memory_row(long pending)
{
	struct canceler warm_up = create_canceler(IOTARGET_DISPATCH_PARALLEL, ARRAY);
	struct canceler c = create_canceler(IOTARGET_DISPATCH_PARALLEL, pending);
	double before;

	fill_queue(&warm_up);
	before = memory_used();
	fill_queue(&c);
	return (memory_used() - before) / pending;
}

/* Memory: what so many requests leave behind that came and went, by 64. */
static void come_and_go(const struct canceler *c, long requests)
{
	static struct iotarget_fetch_element records[CHURN];
	static struct iotarget_complete_element answers[CHURN];
	static struct iotarget_reap_element completions[CHURN];
	struct iotarget_fetch fetch = {
		.size = sizeof(fetch),
		.fetch = { CHURN, sizeof(records[0]), (uintptr_t)records },
	};
	struct iotarget_fetch complete = {
		.size = sizeof(complete),
		.complete = { CHURN, sizeof(answers[0]), (uintptr_t)answers },
	};
	struct iotarget_send reap = {
		.size = sizeof(reap),
		.reap = { CHURN, sizeof(completions[0]), (uintptr_t)completions },
	};
	int i;

	for (; requests > 0; requests -= CHURN) {
		send_requests(c, c->ids, CHURN);
		must(ioctl(c->connection.device, IOTARGET_FETCH, &fetch));
		must_be(fetch.fetched == CHURN);
		for (i = 0; i < CHURN; i++)
			answers[i].id = records[i].id;
		must(ioctl(c->connection.device, IOTARGET_FETCH, &complete));
		must_be(complete.completed == CHURN);
		must(ioctl(c->connection.target, IOTARGET_SEND, &reap));
		must_be(reap.reaped == CHURN);
	}
}

double growth_row(long requests)
{
	struct canceler c = create_canceler(IOTARGET_DISPATCH_PARALLEL, CHURN);
	double before;

	come_and_go(&c, 1000 * CHURN);
	before = memory_used();
	come_and_go(&c, requests);
	return memory_used() - before;
}
