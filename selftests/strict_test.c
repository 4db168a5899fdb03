// SPDX-License-Identifier: GPL-2.0
/*
 * A strict device refuses what WDF's verifier calls a violation, and a default
 * one does not: U24 on both.
 */
#include "common.h"

FIXTURE(strict) {
	int device;
	int target;
};

/* By MARK_CANCELABLE, or delivered so; on each kind of device and queue. */
FIXTURE_VARIANT(strict) {
	bool strict;
	bool delivered_marked;
	__u32 dispatch;
};

#define VARIANT(name, ...) FIXTURE_VARIANT_ADD(strict, name) { __VA_ARGS__ }

VARIANT(marked, true, false, IOTARGET_DISPATCH_PARALLEL);
VARIANT(delivered_marked, true, true, IOTARGET_DISPATCH_PARALLEL);
VARIANT(sequential, true, true, IOTARGET_DISPATCH_SEQUENTIAL);
VARIANT(default_marked, false, false, IOTARGET_DISPATCH_PARALLEL);
VARIANT(default_delivered_marked, false, true, IOTARGET_DISPATCH_PARALLEL);

FIXTURE_SETUP(strict)
{
	self->device = device_create_flags(variant->strict ?
					   IOTARGET_DEVICE_STRICT : 0,
					   variant->dispatch, 0);
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(strict)
{
	close(self->target);
	close(self->device);
}

#define LENGTH 65536

static unsigned char out[LENGTH], host[LENGTH];

/* A read that the host has, marked as the variant says. */
#define MARKED_READ(id_, length) do {					\
	struct iotarget_fetch_element record_ = {};			\
									\
	ASSERT_EQ(0, send_read(self->target, out, length, &(id_)));	\
	ASSERT_EQ(0, fetch_now(self->device, variant->delivered_marked ? \
			       IOTARGET_FETCH_CANCELABLE : 0, &record_)); \
	ASSERT_EQ(id_, record_.id);					\
	if (!variant->delivered_marked)					\
		ASSERT_EQ(0, mark(self->device, id_));			\
} while (0)

#define EXPECT_COMPLETION(id_, status_, information_) do {		\
	struct iotarget_reap_element reap_;				\
									\
	EXPECT_EQ(0, reap_now(self->target, &reap_));			\
	EXPECT_EQ(id_, reap_.id);					\
	EXPECT_EQ(status_, reap_.status);				\
	EXPECT_EQ(information_, reap_.information);			\
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &reap_));		\
} while (0)

#define EXPECT_NOT_COMPLETE() do {					\
	struct iotarget_reap_element none_;				\
									\
	EXPECT_FALSE(readable(self->target));				\
	EXPECT_EQ(-EAGAIN, reap_now(self->target, &none_));		\
} while (0)

#define EXPECT_ON_CANCEL(id_) do {					\
	struct iotarget_fetch_element record_ = {};			\
									\
	EXPECT_EQ(0, fetch_now(self->device, 0, &record_));		\
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, record_.event);		\
	EXPECT_EQ(id_, record_.id);					\
	EXPECT_EQ(-EAGAIN, fetch_now(self->device, 0, &record_));	\
} while (0)

TEST_F(strict, U24_complete_while_cancelable)
{
	__u64 id;

	MARKED_READ(id, 16);
	if (!variant->strict) {
		EXPECT_EQ(0, complete(self->device, id, 3));
		EXPECT_EQ(COMPLETED, cancel(self->target, id));
		EXPECT_FALSE(readable(self->device));
		EXPECT_COMPLETION(id, 3, 0);
		return;
	}
	EXPECT_EQ(-EINVAL, complete(self->device, id, 3));
	EXPECT_EQ(-EINVAL, complete(self->device, id, -ECANCELED));
	EXPECT_NOT_COMPLETE();
	EXPECT_EQ(0, unmark(self->device, id));
	EXPECT_EQ(0, complete(self->device, id, 4));
	EXPECT_COMPLETION(id, 4, 0);
}

/* Unharmed: the mark stands, and a cancel finds it. */
TEST_F(strict, U24_refused_and_then_cancelled)
{
	__u64 id;

	if (!variant->strict)
		return;
	MARKED_READ(id, 16);
	EXPECT_EQ(-EINVAL, complete(self->device, id, 3));
	EXPECT_EQ(-EINVAL, mark(self->device, id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	/* the claim's answer comes before the rule's */
	EXPECT_EQ(-ECANCELED, complete(self->device, id, 0));
	EXPECT_ON_CANCEL(id);
	/* without UNMARK: it is not marked any more */
	EXPECT_EQ(0, complete(self->device, id, -ECANCELED));
	EXPECT_COMPLETION(id, -ECANCELED, 0);
}

/* Not marked, and marked no more, it is as on any device. */
TEST_F(strict, what_is_not_marked)
{
	struct iotarget_fetch_element f = {};
	__u64 id;

	ASSERT_EQ(0, send_read(self->target, out, 16, &id));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(0, complete(self->device, id, 5));
	EXPECT_COMPLETION(id, 5, 0);
	MARKED_READ(id, 16);
	EXPECT_EQ(0, unmark(self->device, id));
	EXPECT_EQ(-EINVAL, unmark(self->device, id));
	EXPECT_EQ(MARKED, cancel(self->target, id));
	EXPECT_EQ(-ECANCELED, mark(self->device, id));
	EXPECT_EQ(0, complete(self->device, id, 6));
	EXPECT_COMPLETION(id, 6, 0);
}

/* One element's answer, and no other's. */
TEST_F(strict, one_of_an_array)
{
	struct iotarget_complete_element e[3] = {};
	struct iotarget_fetch arg = fetch_arg(0, e, 3, NULL, 0);
	struct iotarget_fetch_element f = {};
	__u64 id[3];
	int i;

	if (!variant->strict || variant->dispatch != IOTARGET_DISPATCH_PARALLEL)
		return;
	for (i = 0; i < 3; i++) {
		if (i == 1) {
			MARKED_READ(id[i], 16);
		} else {
			ASSERT_EQ(0, send_read(self->target, out, 16, &id[i]));
			ASSERT_EQ(0, fetch_now(self->device, 0, &f));
		}
		e[i].id = id[i];
		e[i].status = 10 + i;
		e[i].result = 1;
	}
	ASSERT_EQ(0, call(self->device, IOTARGET_FETCH, &arg));
	EXPECT_EQ(3, arg.completed);
	EXPECT_EQ(0, e[0].result);
	EXPECT_EQ(-EINVAL, e[1].result);
	EXPECT_EQ(0, e[2].result);
	for (i = 0; i < 3; i += 2) {
		struct iotarget_reap_element r;

		ASSERT_EQ(0, reap_now(self->target, &r));
		EXPECT_EQ(id[i], r.id);
	}
	EXPECT_NOT_COMPLETE();
	EXPECT_EQ(0, unmark(self->device, id[1]));
	EXPECT_EQ(0, complete(self->device, id[1], 1));
	EXPECT_COMPLETION(id[1], 1, 0);
}

/* "Unchanged" is also the output: what was refused is not there later. */
TEST_F(strict, bytes_of_a_refused_completion)
{
	static const __u32 lengths[] = { 16, 64, 65, 4096, 4097, LENGTH };
	unsigned int n;
	__u32 length, i;
	__u64 id;

	for (n = 0; variant->strict && n < 6; n++) {
		length = lengths[n];
		memset(out, 0x77, length);
		memset(host, 0xee, length);
		MARKED_READ(id, length);
		EXPECT_EQ(-EINVAL, complete_bytes(self->device, id, 0, length,
						  host, length));
		EXPECT_EQ(0, unmark(self->device, id));
		EXPECT_EQ(0, complete_bytes(self->device, id, 0, length / 2,
					    NULL, 0));
		EXPECT_COMPLETION(id, 0, length / 2);
		for (i = 0; i < length; i++) {
			ASSERT_EQ(i < length / 2 ? 0 : 0x77, out[i]) {
				TH_LOG("length %u, byte %u", length, i);
			}
		}
	}
}

/* The end of its owner asks no verifier. */
TEST_F(strict, the_device_ends)
{
	struct iotarget_reap_element r;
	__u64 id;

	MARKED_READ(id, 16);
	ASSERT_EQ(0, end(self->device));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(-ENODEV, r.status);
}

TEST_HARNESS_MAIN
