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
	enum { QUEUED, MARKED, UNMARKED } state;	/* of all that is pending */
	unsigned int pending;
	uint64_t *ids;
	unsigned int random;
	/* cancel_completed_row() only */
	pid_t host;
	volatile uint64_t *fetched;	/* requests, by the host */
	uint64_t sent;
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

/* Fetches so many records of that event. */
static void fetch_records(const struct canceler *c, uint32_t event, unsigned int count)
{
	static struct iotarget_fetch_element records[ARRAY];
	struct iotarget_fetch fetch = {
		.size = sizeof(fetch),
		.flags = c->state == MARKED ? IOTARGET_FETCH_CANCELABLE : 0,
		.fetch = { count, sizeof(records[0]), (uintptr_t)records },
	};

	must(ioctl(c->connection.device, IOTARGET_FETCH, &fetch));
	must_be(fetch.fetched == count && records[count - 1].event == event);
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

static OPERATION struct iotarget_cancel cancel_op(const struct canceler *c, uint64_t id)
{
	struct iotarget_cancel request = {
		.size = sizeof(request),
		.scope = IOTARGET_CANCEL_ID,
		.id = id,
	};

	must(ioctl(c->connection.target, IOTARGET_CANCEL, &request));
	return request;
}

static struct canceler create_canceler(unsigned int pending)
{
	struct canceler c = {
		.connection = connect_device(IOTARGET_DISPATCH_PARALLEL),
		.pending = pending,
		.ids = malloc(pending * sizeof(*c.ids)),
	};

	must_be(c.ids);
	memset(c.ids, 0xff, pending * sizeof(*c.ids));
	return c;
}

static void send_all(struct canceler *c)
{
	unsigned int count;

	for (; c->sent < c->pending; c->sent += count) {
		count = c->pending - c->sent < ARRAY ? c->pending - c->sent : ARRAY;
		send_requests(c, c->ids + c->sent, count);
		if (c->state != QUEUED)
			fetch_records(c, IOTARGET_EVENT_REQUEST, count);
	}
}

static uint64_t *choose_victim(struct canceler *c)
{
	c->random = c->random * 1664525 + 1013904223;
	return &c->ids[(c->random >> 8) % c->pending];
}

/* The cancel alone, of any of the pending. The host is this same process. */
static double cancel_block(void *arg, int ops)
{
	struct canceler *c = arg;
	double sum = 0;

	while (ops--) {
		struct iotarget_cancel request;
		uint64_t *id = choose_victim(c), start;

		start = now();
		request = cancel_op(c, *id);
		sum += passed_since(start);
		must_be(c->state == UNMARKED ? request.marked : request.delivered);
		if (c->state == MARKED)
			fetch_records(c, IOTARGET_EVENT_CANCEL, 1);
		if (c->state != QUEUED)
			complete_request(c, *id);
		reap_canceled(c, *id);
		send_requests(c, id, 1);
		if (c->state != QUEUED)
			fetch_records(c, IOTARGET_EVENT_REQUEST, 1);
	}
	return sum;
}

double cancel_queued_row(long pending)
{
	struct canceler c = create_canceler(pending);

	c.state = QUEUED;
	send_all(&c);
	return measure_blocks(cancel_block, &c, 1);
}

double cancel_marked_row(long pending)
{
	struct canceler c = create_canceler(pending);

	c.state = MARKED;
	send_all(&c);
	return measure_blocks(cancel_block, &c, 1);
}

double cancel_unmarked_row(long pending)
{
	struct canceler c = create_canceler(pending);

	c.state = UNMARKED;
	send_all(&c);
	return measure_blocks(cancel_block, &c, 1);
}

/*
 * From the cancel until the sender has the completion. The host, another process,
 * has all that is pending, marked; it sleeps, and completes what it is told of.
 */
static void marked_host(void *arg)
{
	static struct iotarget_fetch_element records[ARRAY];
	const struct canceler *c = arg;
	struct iotarget_complete_element answer = { .status = -ECANCELED };
	struct iotarget_fetch fetch = {
		.size = sizeof(fetch),
		.flags = IOTARGET_FETCH_CANCELABLE,
		.complete = { 0, sizeof(answer), (uintptr_t)&answer },
		.fetch = { ARRAY, sizeof(records[0]), (uintptr_t)records },
	};

	for (;;) {
		must(ioctl(c->connection.device, IOTARGET_FETCH, &fetch));
		fetch.complete.count = records[0].event == IOTARGET_EVENT_CANCEL;
		answer.id = records[0].id;
		if (!fetch.complete.count)
			*c->fetched += fetch.fetched;
	}
}

static OPERATION void cancel_and_reap_op(const struct canceler *c, uint64_t id)
{
	must_be(cancel_op(c, id).delivered);
	reap_canceled(c, id);
}

static double completed_block(void *arg, int ops)
{
	struct canceler *c = arg;
	double sum = 0;

	while (ops--) {
		uint64_t *id = choose_victim(c), start;

		while (*c->fetched != c->sent)
			sched_yield();
		wait_asleep(c->host);
		start = now();
		cancel_and_reap_op(c, *id);
		sum += passed_since(start);
		send_requests(c, id, 1);
		c->sent++;
	}
	return sum;
}

double cancel_completed_row(long pending)
{
	struct canceler c = create_canceler(pending);

	c.fetched = share(sizeof(*c.fetched));
	c.host = serve(marked_host, &c);
	send_all(&c);
	return measure_blocks(completed_block, &c, 1);
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
	struct canceler warm_up = create_canceler(ARRAY);
	struct canceler c = create_canceler(pending);
	double before;

	send_all(&warm_up);
	before = memory_used();
	send_all(&c);
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
	struct canceler c = create_canceler(CHURN);
	double before;

	come_and_go(&c, 1000 * CHURN);
	before = memory_used();
	come_and_go(&c, requests);
	return memory_used() - before;
}
