// SPDX-License-Identifier: GPL-2.0
/*
 * U12, U65 and U91 with drivers/, which were written from Microsoft's documentation
 * alone: one in ATL's style (hold), one with hand-made COM (echo_com), one in plain C
 * (filter_c).
 */
#include <windows.h>
#include <winioctl.h>

#include <iotarget.h>

#include "serve.h"
#include "drivers/atl/public.h"
#include "drivers/com/public.h"
#include "drivers/c/public.h"
#include "kselftest_harness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

#define CLSID_HOLD	"{5E0C3D52-9C1B-4F0E-8C39-60D1C3A2B771}"
#define CLSID_ECHO	"{A1F6B0C4-2C83-4C3F-9C57-0B0F1E6A7D12}"
#define CLSID_FILTER	"{C94B0C7D-53A4-4E58-8E1B-7D1F2B90A6E3}"

FIXTURE(drivers) {
	struct program hold, echo, filter;
	int hold_fd, echo_fd, filter_fd;
};

FIXTURE_SETUP(drivers)
{
	self->hold = serve("hold.so", "wudf-hold", CLSID_HOLD, NULL);
	ASSERT_STREQ("wudfhost: wudf-hold serves", self->hold.said);
	self->echo = serve("echo_com.so", "wudf-echo-com", CLSID_ECHO, NULL);
	ASSERT_STREQ("wudfhost: wudf-echo-com serves", self->echo.said);
	self->hold_fd = iotarget_node_open("wudf-hold");
	self->echo_fd = iotarget_node_open("wudf-echo-com");
	ASSERT_LE(0, self->hold_fd);
	ASSERT_LE(0, self->echo_fd);
}

FIXTURE_TEARDOWN(drivers)
{
	close(self->hold_fd);
	close(self->echo_fd);
	EXPECT_EQ(0, finish(&self->hold, SIGTERM));
	EXPECT_EQ(0, finish(&self->echo, SIGTERM));
}

/* Also for @out that nobody reads. */
static struct iotarget_send_element control(ULONG code, void *out, uint32_t length)
{
	return (struct iotarget_send_element) {
		.type = IOTARGET_TYPE_CONTROL, .code = code,
		.out = (uintptr_t)out, .out_length = length,
	};
}

static uint64_t send_control(int fd, ULONG code)
{
	struct iotarget_send_element element = control(code, NULL, 0);

	return iotarget_send(fd, &element, 1) == 1 ? element.id : 0;
}

static uint64_t send_read(int fd)
{
	static char buffer[64];
	struct iotarget_send_element element = {
		.type = IOTARGET_TYPE_READ,
		.out = (uintptr_t)buffer, .out_length = sizeof(buffer),
	};

	return iotarget_send(fd, &element, 1) == 1 ? element.id : 0;
}

static struct iotarget_reap_element reap(int fd)
{
	struct iotarget_reap_element element = { .status = 1 };

	iotarget_reap(fd, &element, 1);
	return element;
}

/* Waits for it; the status. */
static int do_control(int fd, ULONG code, void *out, uint32_t length)
{
	struct iotarget_send_element element = control(code, out, length);
	struct iotarget_reap_element done = { .status = 1 };

	iotarget_send_wait(fd, &element, &done, 1);
	return done.status;
}

static HOLD_STATISTICS statistics(int fd)
{
	HOLD_STATISTICS all = { };

	do_control(fd, IOCTL_HOLD_GET_STATISTICS, &all, sizeof(all));
	return all;
}

/* A request that the driver holds; its handler may not have run yet. */
static void wait_held(int fd, ULONG count)
{
	while (statistics(fd).Held != count)
		;
}

TEST_F(drivers, U12_in_atl)
{
	struct iotarget_reap_element done;
	uint64_t id;

	id = send_control(self->hold_fd, IOCTL_HOLD_WAIT);
	wait_held(self->hold_fd, 1);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(self->hold_fd, id));
	done = reap(self->hold_fd);
	EXPECT_EQ(id, done.id);
	EXPECT_EQ(-ECANCELED, done.status);
	EXPECT_EQ(1, statistics(self->hold_fd).Canceled);
	EXPECT_EQ(0, statistics(self->hold_fd).Held);
}

TEST_F(drivers, U12_with_hand_made_com)
{
	struct iotarget_reap_element done;
	int ticks[16];
	uint64_t id;

	/* nothing ticks by itself any more */
	ticks[0] = 0;
	{
		struct iotarget_send_element element = {
			.type = IOTARGET_TYPE_CONTROL, .code = IOCTL_ECHO_SET_PERIOD,
			.in = (uintptr_t)ticks, .in_length = 4,
		};

		iotarget_send_wait(self->echo_fd, &element, &done, 1);
		ASSERT_EQ(0, done.status);
	}
	id = send_read(self->echo_fd);
	/* whether it waits for its handler, or the handler has marked it */
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(self->echo_fd, id));
	done = reap(self->echo_fd);
	EXPECT_EQ(id, done.id);
	EXPECT_EQ(-ECANCELED, done.status);
	id = send_control(self->echo_fd, IOCTL_ECHO_WAIT);
	while (do_control(self->echo_fd, IOCTL_ECHO_TICK, NULL, 0) != 0)
		;
	done = reap(self->echo_fd);
	EXPECT_EQ(id, done.id);
	EXPECT_EQ(0, done.status);
}

TEST_F(drivers, U65_filter_in_c_above)
{
	FILTER_STATISTICS all = { };
	struct program filter;
	ULONG delivered = 5;
	uint64_t id;
	int fd;

	filter = serve("filter_c.so", "wudf-filter-c", CLSID_FILTER, NULL);
	/* one without a device below refuses all */
	EXPECT_STREQ("wudfhost: wudf-filter-c serves", filter.said);
	fd = iotarget_node_open("wudf-filter-c");
	EXPECT_EQ(-EINVAL, do_control(fd, IOCTL_HOLD_KEEP, NULL, 0));
	close(fd);
	EXPECT_EQ(0, finish(&filter, SIGTERM));

	filter = serve("filter_c.so", "wudf-filter-c", NULL, "wudf-hold");
	EXPECT_NE(NULL, strstr(filter.said, "no --clsid"));
	EXPECT_EQ(1, WEXITSTATUS(finish(&filter, 0)));
	filter = serve("filter_c.so", "wudf-filter-c", CLSID_FILTER, "wudf-hold");
	ASSERT_STREQ("wudfhost: wudf-filter-c serves", filter.said);
	fd = iotarget_node_open("wudf-filter-c");

	id = send_control(fd, IOCTL_HOLD_KEEP);
	wait_held(self->hold_fd, 1);
	EXPECT_EQ(0, do_control(fd, IOCTL_FILTER_CANCEL_SENT, &delivered,
				sizeof(delivered)));
	EXPECT_EQ(0, delivered);
	EXPECT_EQ(0, do_control(self->hold_fd, IOCTL_HOLD_MARK_ALL, NULL, 0));
	EXPECT_EQ(-ECANCELED, reap(fd).status);
	EXPECT_EQ(1, statistics(self->hold_fd).Canceled);
	EXPECT_EQ(0, do_control(fd, IOCTL_FILTER_GET_STATISTICS, &all, sizeof(all)));
	EXPECT_EQ(1, all.Completed);
	EXPECT_EQ(1, all.CancelPending);

	/* U66: and a sender's cancel goes down both */
	id = send_control(fd, IOCTL_HOLD_WAIT);
	wait_held(self->hold_fd, 1);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(fd, id));
	EXPECT_EQ(-ECANCELED, reap(fd).status);
	EXPECT_EQ(2, statistics(self->hold_fd).Canceled);
	close(fd);
	EXPECT_EQ(0, finish(&filter, SIGTERM));
}

TEST_F(drivers, U91_in_atl)
{
	HOLD_STATISTICS all;
	int other, i;

	other = iotarget_node_open("wudf-hold");
	ASSERT_LE(0, other);
	for (i = 0; i < 3; i++)
		send_read(other);
	for (i = 0; i < 2; i++)
		send_read(self->hold_fd);
	/* the handlers of the reads may still run, each by a thread of its own */
	while (statistics(other).Waiting != 5)
		;
	close(other);
	do
		all = statistics(self->hold_fd);
	while (!all.Closes);
	EXPECT_EQ(1, all.Cleanups);
	EXPECT_EQ(1, all.Closes);
	/* at the cleanup all waited; at the close those of the other file */
	EXPECT_EQ(5, all.WaitingAtCleanup);
	EXPECT_EQ(2, all.WaitingAtClose);
}

TEST_HARNESS_MAIN
