// SPDX-License-Identifier: GPL-2.0
/*
 * DnsCancelQuery.
 */
#include <dirent.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common.h"

TEST_F(windns, D62_D63_cancel_in_flight)
{
	struct call c;

	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"hold.example"));
	server_wait_held(&self->server, 1);
	EXPECT_EQ(0, DnsCancelQuery(&c.cancel));
	EXPECT_EQ(ERROR_CANCELLED, call_wait(&c));
	EXPECT_EQ(NULL, c.records);
	EXPECT_EQ(&c.result, c.got);
	EXPECT_EQ(ERROR_CANCELLED, c.result.QueryStatus);
	EXPECT_FALSE(pthread_equal(c.thread, pthread_self()));
	server_release(&self->server, false);
	SENTINEL_QUERY();
	EXPECT_EQ(1, call_count(&c));
	EXPECT_EQ(ERROR_CANCELLED, c.result.QueryStatus);
}

TEST_F(windns, D64_cancel_at_once)
{
	struct call c;

	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&c, self->servers, u"hold.example"));
		EXPECT_EQ(0, DnsCancelQuery(&c.cancel));
		EXPECT_EQ(ERROR_CANCELLED, call_wait(&c));
		EXPECT_EQ(1, c.count);
	}
}

TEST_F(windns, D65_cancel_twice)
{
	struct call c;

	call_init(&c);
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&c, self->servers, u"hold.example"));
		/* The callback cannot return, and may be entered. */
		pthread_mutex_lock(&c.lock);
		EXPECT_EQ(0, DnsCancelQuery(&c.cancel));
		DnsCancelQuery(&c.cancel);
		pthread_mutex_unlock(&c.lock);
		EXPECT_EQ(ERROR_CANCELLED, call_wait(&c));
		EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&c.cancel));
		EXPECT_EQ(1, call_count(&c));
	}
}

/* In a loop of one's own the callback comes no sooner than one wants. */
TEST_F(windns, D65_cancel_twice_while_pending)
{
	struct call c;

	ASSERT_LE(0, WinDnsGetFd());
	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"hold.example"));
	server_wait_held(&self->server, 1);
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(0, DnsCancelQuery(&c.cancel));
	EXPECT_EQ(0, call_count(&c));
	while (!WinDnsDispatch())
		EXPECT_EQ(0, DnsCancelQuery(&c.cancel));
	EXPECT_EQ(ERROR_CANCELLED, c.status);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&c.cancel));
	EXPECT_EQ(1, call_count(&c));
}

TEST_F(windns, D66_cancel_by_a_copy)
{
	DNS_QUERY_CANCEL copy;
	struct call c;

	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"hold.example"));
	memcpy(&copy, &c.cancel, sizeof(copy));
	memset(&c.cancel, 0, sizeof(c.cancel));
	EXPECT_EQ(0, DnsCancelQuery(&copy));
	EXPECT_EQ(ERROR_CANCELLED, call_wait(&c));
}

TEST_F(windns, D67_cancel_after_completion)
{
	struct call c;

	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"ok.example"));
	EXPECT_EQ(0, call_wait(&c));
	SetLastError(0);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&c.cancel));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(0, c.result.QueryStatus);
	EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
	call_free(&c);
	EXPECT_EQ(1, call_count(&c));
}

TEST_F(windns, D67_lenient)
{
	struct call c;

	setenv("WINDNS_LATE_CANCEL", "success", 1);
	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"ok.example"));
	EXPECT_EQ(0, call_wait(&c));
	EXPECT_EQ(0, DnsCancelQuery(&c.cancel));
	EXPECT_EQ(0, DnsCancelQuery(&c.cancel));
	call_free(&c);
	/* What never was a handle is none now. */
	memset(&c.cancel, 0, sizeof(c.cancel));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&c.cancel));
}

struct own_cancel {
	struct call call;
	DNS_STATUS answer;
};

static VOID WINAPI cancel_own(PVOID context, PDNS_QUERY_RESULT result)
{
	struct own_cancel *o = context;

	o->answer = DnsCancelQuery(&o->call.cancel);
	on_call(&o->call, result);
}

TEST_F(windns, D68_cancel_in_its_own_callback)
{
	struct own_cancel o;
	DNS_QUERY_REQUEST request = {
		.Version = 1, .QueryName = u"ok.example",
		.QueryType = DNS_TYPE_A, .pDnsServerList = self->servers,
		.pQueryCompletionCallback = cancel_own, .pQueryContext = &o,
	};

	call_init(&o.call);
	ASSERT_EQ(DNS_REQUEST_PENDING,
		  DnsQueryEx(&request, &o.call.result, &o.call.cancel));
	EXPECT_EQ(0, call_wait(&o.call));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, o.answer);
	call_free(&o.call);
}

TEST_F(windns, D69_no_handle)
{
	DNS_QUERY_CANCEL cancel;
	struct call c;

	for (int running = 0; running < 2; running++) {
		EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(NULL));
		memset(&cancel, 0xcc, sizeof(cancel));
		EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&cancel));
		memset(&cancel, 0, sizeof(cancel));
		EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&cancel));
		for (int i = 0; i < 1000; i++) {
			for (size_t j = 0; j < sizeof(cancel); j++)
				cancel.Reserved[j] = rand() >> 8;
			EXPECT_EQ(ERROR_INVALID_PARAMETER,
				  DnsCancelQuery(&cancel));
		}
		if (!running)
			ASSERT_EQ(DNS_REQUEST_PENDING,
				  ask(&c, self->servers, u"hold.example"));
	}
	/* A true handle with one bit wrong, where it matters. */
	for (int i = 0; i < 24 * 8; i++) {
		cancel = c.cancel;
		cancel.Reserved[i / 8] ^= 1 << i % 8;
		EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&cancel));
	}
	EXPECT_EQ(0, call_count(&c));
	EXPECT_EQ(0, DnsCancelQuery(&c.cancel));
	EXPECT_EQ(ERROR_CANCELLED, call_wait(&c));
}

TEST_F(windns, D71_stale_copy)
{
	DNS_QUERY_CANCEL stale;
	struct call c;

	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"ok.example"));
	stale = c.cancel;
	EXPECT_EQ(0, call_wait(&c));
	call_free(&c);
	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"hold.example"));
	server_wait_held(&self->server, 1);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&stale));
	server_release(&self->server, false);
	EXPECT_EQ(0, call_wait(&c));
	call_free(&c);
}

struct canceller {
	pthread_t thread;
	pthread_barrier_t *start;
	DNS_QUERY_CANCEL handle;
	DNS_STATUS answer;
};

static void *cancel_thread(void *arg)
{
	struct canceller *c = arg;

	pthread_barrier_wait(c->start);
	c->answer = DnsCancelQuery(&c->handle);
	return NULL;
}

TEST_F(windns, D72_eight_threads_cancel)
{
	struct canceller threads[8];
	pthread_barrier_t start;
	struct call c;
	int won, i;

	pthread_barrier_init(&start, NULL, 9);
	for (int round = 0; round < 50; round++) {
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&c, self->servers, u"hold.example"));
		for (i = 0; i < 8; i++) {
			threads[i].start = &start;
			threads[i].handle = c.cancel;
			pthread_create(&threads[i].thread, NULL, cancel_thread,
				       &threads[i]);
		}
		pthread_barrier_wait(&start);
		for (won = 0, i = 0; i < 8; i++) {
			pthread_join(threads[i].thread, NULL);
			won += threads[i].answer == 0;
			if (threads[i].answer)
				EXPECT_EQ(ERROR_INVALID_PARAMETER,
					  threads[i].answer);
		}
		EXPECT_LE(1, won);
		EXPECT_EQ(ERROR_CANCELLED, call_wait(&c));
		EXPECT_EQ(1, call_count(&c));
	}
}

/*
 * The answer leaves the server, and a moment later comes the cancel. The moment
 * is made longer as often as the cancel wins, and shorter as often as it loses.
 */
TEST_F_TIMEOUT(windns, D73_D74_cancel_races_with_the_answer, 3600)
{
	unsigned int n = rounds("WINDNS_TEST_RACES", 2000), won = 0, lost = 0;
	volatile unsigned int spin;
	int moment = 0;
	struct call c;

	for (unsigned int i = 0; i < n; i++) {
		DNS_STATUS answer, status;

		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&c, self->servers, u"hold.example"));
		server_wait_held(&self->server, 1);
		server_release(&self->server, false);
		for (spin = 0; (int)spin < moment; spin++)
			;
		answer = DnsCancelQuery(&c.cancel);
		status = call_wait(&c);
		if (answer == 0) {
			won++;
			moment += moment / 16 + 64;
			ASSERT_EQ(ERROR_CANCELLED, status);
			ASSERT_EQ(NULL, c.records);
		} else {
			lost++;
			moment -= moment / 16;
			ASSERT_EQ(ERROR_INVALID_PARAMETER, answer);
			ASSERT_EQ(0, status);
			ASSERT_TRUE(is_a(c.records, "192.0.2.1"));
		}
		ASSERT_EQ(1, call_count(&c));
		call_free(&c);
	}
	ksft_print_msg("%u races: the cancel won %u, the answer %u\n", n, won,
		       lost);
	EXPECT_LE(n / 100, won);
	EXPECT_LE(n / 100, lost);
}

TEST_F(windns, D75_one_of_a_pair)
{
	struct call a, aaaa;

	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&a, self->servers, u"hold.example"));
	ASSERT_EQ(DNS_REQUEST_PENDING,
		  ask_options(&aaaa, self->servers, u"hold.example",
			      DNS_TYPE_AAAA, 0));
	server_wait_held(&self->server, 2);
	EXPECT_EQ(0, DnsCancelQuery(&a.cancel));
	EXPECT_EQ(ERROR_CANCELLED, call_wait(&a));
	server_release(&self->server, false);
	EXPECT_EQ(0, call_wait(&aaaa));
	EXPECT_TRUE(is_aaaa(aaaa.records, "2001:db8::1"));
	call_free(&aaaa);
}

/* The driver has 1,000 of them, the others are in the kernel's queue. */
TEST_F(windns, D76_cancel_half_of_many)
{
	int n = geteuid() ? 200 : 2000, left, i, j, t;
	struct call *calls = calloc(n, sizeof(*calls));
	int *order = calloc(n, sizeof(*order));

	for (i = 0; i < n; i++) {
		order[i] = i;
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&calls[i], self->servers, u"hold.example"));
	}
	for (i = n - 1; i > 0; i--) {
		j = rand() % (i + 1);
		t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
	for (i = 0; i < n / 2; i++)
		EXPECT_EQ(0, DnsCancelQuery(&calls[order[i]].cancel));
	pthread_mutex_lock(&self->server.lock);
	self->server.always = "ok";
	pthread_mutex_unlock(&self->server.lock);
	server_release(&self->server, true);
	for (left = 0, i = 0; i < n; i++) {
		if (i < n / 2) {
			EXPECT_EQ(ERROR_CANCELLED, call_wait(&calls[order[i]]));
			continue;
		}
		EXPECT_EQ(0, call_wait(&calls[order[i]]));
		left += is_a(calls[order[i]].records, "192.0.2.1");
		call_free(&calls[order[i]]);
	}
	EXPECT_EQ(n - n / 2, left);
	SENTINEL_QUERY();
	for (i = 0; i < n; i++)
		EXPECT_EQ(1, calls[i].count);
	free(calls);
	free(order);
}

static int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

TEST_F(windns, D77_nothing_is_left_behind)
{
	size_t heap = 0, heap_after;
	int files = 0;
	struct call c;

	/* The first rounds make what stays. */
	for (int i = 0; i < 4 + 36; i++) {
		if (i == 4) {
			files = open_files();
			heap = mallinfo2().uordblks;
		}
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&c, self->servers, u"hold.example"));
		server_wait(&self->server, i + 1);
		EXPECT_EQ(0, DnsCancelQuery(&c.cancel));
		EXPECT_EQ(ERROR_CANCELLED, call_wait(&c));
	}
	EXPECT_GE(files + 4, open_files());
	heap_after = mallinfo2().uordblks;
	EXPECT_GE(heap + (2 << 20), heap_after);
}

/* All that was still to be sent by the driver's clock is not. */
TEST_F(windns, D80_no_packet_after_the_cancel)
{
	struct call c[20];
	int i;

	for (i = 0; i < 20; i++)
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&c[i], self->servers, u"hold.example"));
	server_wait_held(&self->server, 20);
	windns_clock_step(SECOND - 1);
	for (i = 0; i < 20; i++)
		EXPECT_EQ(0, DnsCancelQuery(&c[i].cancel));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(ERROR_CANCELLED, call_wait(&c[i]));
	windns_clock_step(10 * SECOND);
	EXPECT_EQ(20, server_total(&self->server));
}

static void *step_thread(void *arg)
{
	pthread_barrier_wait(arg);
	windns_clock_step(10 * SECOND);
	return NULL;
}

TEST_F(windns, D81_cancel_at_the_deadline)
{
	int won = 0, n = 200;
	pthread_barrier_t start;
	pthread_t thread;
	struct call c;

	pthread_barrier_init(&start, NULL, 2);
	for (int i = 0; i < n; i++) {
		DNS_STATUS answer, status;

		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&c, self->servers, u"hold.example"));
		server_wait_held(&self->server, i + 1);
		pthread_create(&thread, NULL, step_thread, &start);
		pthread_barrier_wait(&start);
		answer = DnsCancelQuery(&c.cancel);
		status = call_wait(&c);
		EXPECT_EQ(answer ? ERROR_TIMEOUT : ERROR_CANCELLED, status);
		won += !answer;
		pthread_join(thread, NULL);
		EXPECT_EQ(1, call_count(&c));
	}
	ksft_print_msg("%d races: the cancel won %d\n", n, won);
}

TEST_F(windns, D85_another_process)
{
	int to_parent[2], to_child[2], status;
	DNS_QUERY_CANCEL handle;
	struct call own;
	pid_t child;
	char go;

	SKIP_IF_NO_FORK();
	ASSERT_EQ(0, pipe(to_parent));
	ASSERT_EQ(0, pipe(to_child));
	child = fork_when_others_sleep();
	if (!child) {
		struct call c;

		if (ask(&c, self->servers, u"hold.example") !=
		    DNS_REQUEST_PENDING)
			_exit(1);
		if (write(to_parent[1], &c.cancel, sizeof(handle)) !=
		    sizeof(handle) || read(to_child[0], &go, 1) != 1)
			_exit(2);
		_exit(call_wait(&c) ? 3 : 42);
	}
	ASSERT_EQ(sizeof(handle), read(to_parent[0], &handle, sizeof(handle)));
	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&own, self->servers, u"hold.example"));
	server_wait_held(&self->server, 2);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&handle));
	EXPECT_EQ(0, call_count(&own));
	ASSERT_EQ(1, write(to_child[1], "", 1));
	server_release(&self->server, false);
	EXPECT_EQ(0, call_wait(&own));
	call_free(&own);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(42, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
