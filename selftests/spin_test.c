// SPDX-License-Identifier: GPL-2.0
/*
 * Looking for news before sleeping: between two processors by spinning, on one by
 * letting the other side run. It may save sleeps and wake-ups, and changes nothing
 * else: whatever ends a wait ends it here, too.
 */
#include <sched.h>
#include <sys/resource.h>

#include "common.h"

#define PARAMETER	"/sys/module/iotarget/parameters/spin_us"
#define TRIPS		3000

FIXTURE(spin) {
	int device;
	int target;
	unsigned int before;
};

FIXTURE_VARIANT(spin) {
	int cpu;	/* of the sender; the host's is 0 */
};

FIXTURE_VARIANT_ADD(spin, apart) {
	.cpu = 1,
};

FIXTURE_VARIANT_ADD(spin, on_one_processor) {
	.cpu = 0,
};

static bool spin_us_set(unsigned int value)
{
	FILE *file = fopen(PARAMETER, "w");

	return file && fprintf(file, "%u", value) > 0 && !fclose(file);
}

static unsigned int spin_us_get(void)
{
	FILE *file = fopen(PARAMETER, "r");
	unsigned int value;

	if (!file || fscanf(file, "%u", &value) != 1)
		abort();
	fclose(file);
	return value;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		abort();
}

FIXTURE_SETUP(spin)
{
	if (geteuid())
		SKIP(return, "parameters are root's to change");
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one processor");
	self->before = spin_us_get();
	self->device = device_create(IOTARGET_DISPATCH_PARALLEL, 0);
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
	pin(0);
}

FIXTURE_TEARDOWN(spin)
{
	spin_us_set(self->before);
	close(self->target);
	close(self->device);
}

struct sender {
	int target;
	int cpu;
	int trips;
	int reaped;
	long sleeps;
};

/* Sends and waits, until it has as many completions as it wants. */
static int sender_main(void *arg)
{
	struct sender *s = arg;
	struct rusage before, after;
	int ret = 0;

	pin(s->cpu);
	getrusage(RUSAGE_THREAD, &before);
	while (!ret && s->reaped < s->trips) {
		struct iotarget_send_element e = { .type = IOTARGET_TYPE_CONTROL };
		struct iotarget_reap_element r;
		struct iotarget_send send = send_arg(IOTARGET_SEND_WAIT, &e, 1, &r, 1);

		ret = call(s->target, IOTARGET_SEND, &send);
		if (!ret && !send.reaped)
			return -EINTR;
		if (!ret && (r.id != e.id || r.status != s->reaped))
			return -EPROTO;
		s->reaped += !ret;
	}
	getrusage(RUSAGE_THREAD, &after);
	s->sleeps = after.ru_nvcsw - before.ru_nvcsw;
	return ret;
}

/* Completes each request with its number, until so many have come. */
static void host(struct __test_metadata *_metadata, int device, int trips)
{
	struct iotarget_complete_element c = {};
	struct iotarget_fetch_element record = {};
	struct iotarget_fetch fetch = fetch_arg(0, &c, 0, &record, 1);
	int n;

	for (n = 0; n < trips; n++) {
		ASSERT_EQ(0, call(device, IOTARGET_FETCH, &fetch));
		ASSERT_EQ(1, fetch.fetched);
		c.id = record.id;
		c.status = n;
		fetch.complete.count = 1;
	}
	ASSERT_EQ(0, complete(device, c.id, c.status));
}

/* How often the sender sleeps in so many round trips. */
static long sleeps(struct __test_metadata *_metadata, FIXTURE_DATA(spin) *self,
		   int cpu, unsigned int spin_us)
{
	struct sender s = { .target = self->target, .cpu = cpu, .trips = TRIPS };
	struct background sender;

	EXPECT_TRUE(spin_us_set(spin_us));
	background_start(&sender, sender_main, &s);
	host(_metadata, self->device, TRIPS);
	EXPECT_EQ(0, background_join(&sender));
	TH_LOG("%ld sleeps in %d round trips", s.sleeps, TRIPS);
	return s.sleeps;
}

/*
 * Between two processors, who spins as long as it takes does not sleep, but when
 * something else wants its processor.
 */
TEST_F(spin, saves_sleeps)
{
	long count = sleeps(_metadata, self, variant->cpu, 3600 * 1000000U);

	if (variant->cpu)
		EXPECT_GT(TRIPS / 2, count);
}

TEST_F(spin, none)
{
	long count = sleeps(_metadata, self, variant->cpu, 0);

	if (variant->cpu)
		EXPECT_LT(TRIPS / 10, count);
}

/* A host that takes its time: the sender finds that out, and sleeps. */
TEST_F(spin, ends_in_sleep)
{
	struct sender s = { .target = self->target, .cpu = variant->cpu, .trips = 1 };
	struct iotarget_fetch_element record = {};
	struct background sender;

	ASSERT_TRUE(spin_us_set(100));
	background_start(&sender, sender_main, &s);
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	wait_asleep(sender.tid);
	EXPECT_EQ(0, complete(self->device, record.id, 0));
	EXPECT_EQ(0, background_join(&sender));
}

TEST_F(spin, ends_by_a_signal)
{
	struct sender s = { .target = self->target, .cpu = variant->cpu, .trips = 1 };
	struct iotarget_fetch_element record = {};
	struct iotarget_reap_element r;
	struct background sender;

	catch_signal(SIGUSR1, false);
	ASSERT_TRUE(spin_us_set(3600 * 1000000U));
	background_start(&sender, sender_main, &s);
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	signal_thread(sender.tid, SIGUSR1);
	EXPECT_EQ(-EINTR, background_join(&sender));
	/* what it left behind is reaped by who comes */
	EXPECT_EQ(0, complete(self->device, record.id, 7));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(7, r.status);
}

TEST_F(spin, ends_with_the_target)
{
	struct sender s = { .target = self->target, .cpu = variant->cpu, .trips = 1 };
	struct iotarget_fetch_element record = {};
	struct background sender;

	ASSERT_TRUE(spin_us_set(3600 * 1000000U));
	background_start(&sender, sender_main, &s);
	ASSERT_EQ(0, fetch_one(self->device, 0, &record));
	ASSERT_EQ(0, end(self->target));
	EXPECT_EQ(-EINTR, background_join(&sender));
}

static int fetch_main(void *arg)
{
	struct iotarget_fetch_element record = {};

	pin(1);
	return fetch_one(*(int *)arg, 0, &record);
}

TEST_F(spin, of_a_host_ends_with_the_device)
{
	struct background fetcher;

	ASSERT_TRUE(spin_us_set(3600 * 1000000U));
	background_start(&fetcher, fetch_main, &self->device);
	ASSERT_EQ(0, end(self->device));
	EXPECT_EQ(-ENODEV, background_join(&fetcher));
}

TEST_HARNESS_MAIN
