// SPDX-License-Identifier: GPL-2.0
/*
 * The life of an asynchronous query.
 */
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <iotarget.h>
#include <dnsdrv.h>
#include "common.h"

/*
 * The callback, which overwrites them, waits for a packet that waits for this;
 * ThreadSanitizer sees no order in that.
 */
__attribute__((no_sanitize("thread")))
static bool is_pending(const struct call *c)
{
	return c->result.QueryStatus == DNS_REQUEST_PENDING &&
	       !c->result.pQueryRecords;
}

TEST_F(windns, D52_D53_pending_then_one_callback)
{
	struct call c;

	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"hold.example"));
	EXPECT_TRUE(is_pending(&c));
	server_wait_held(&self->server, 1);
	EXPECT_EQ(0, call_count(&c));
	server_release(&self->server, false);
	EXPECT_EQ(0, call_wait(&c));
	EXPECT_EQ(&c.result, c.got);
	EXPECT_EQ(0, c.result.QueryStatus);
	EXPECT_EQ(c.records, (void *)c.result.pQueryRecords);
	EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
	EXPECT_FALSE(pthread_equal(c.thread, pthread_self()));
	SENTINEL_QUERY();
	EXPECT_EQ(1, call_count(&c));
	call_free(&c);
}

TEST_F(windns, D54_arguments_overwritten_at_once)
{
	WCHAR *name = malloc(sizeof(u"hold.example"));
	DNS_ADDR_ARRAY *servers = malloc(sizeof(*servers));
	DNS_QUERY_REQUEST *request = calloc(1, sizeof(*request));
	struct call c;

	memcpy(name, u"hold.example", sizeof(u"hold.example"));
	*servers = *self->servers;
	request->Version = 1;
	request->QueryName = name;
	request->QueryType = DNS_TYPE_A;
	request->pDnsServerList = servers;
	request->pQueryCompletionCallback = on_call;
	request->pQueryContext = &c;
	call_init(&c);
	ASSERT_EQ(DNS_REQUEST_PENDING, DnsQueryEx(request, &c.result, &c.cancel));
	memset(name, 0xdd, sizeof(u"hold.example"));
	memset(servers, 0xdd, sizeof(*servers));
	memset(request, 0xdd, sizeof(*request));
	free(name);
	free(servers);
	free(request);
	server_wait_held(&self->server, 1);
	server_release(&self->server, false);
	EXPECT_EQ(0, call_wait(&c));
	EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
	EXPECT_TRUE(text_is(c.records->pName, "hold.example"));
	call_free(&c);
}

TEST_F(windns, D55_callback_before_return)
{
	unsigned int n = rounds("WINDNS_TEST_ROUNDS", 1000);
	struct call c;

	for (unsigned int i = 0; i < n; i++) {
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&c, self->servers, u"ok.example"));
		ASSERT_EQ(0, call_wait(&c));
		ASSERT_EQ(1, c.count);
		ASSERT_EQ(0, c.result.QueryStatus);
		ASSERT_TRUE(is_a(c.records, "192.0.2.1"));
		call_free(&c);
	}
}

struct handed_over {
	DNS_QUERY_RESULT result;
	DNS_QUERY_CANCEL cancel;
	sem_t *called;
};

static VOID WINAPI free_all(PVOID context, PDNS_QUERY_RESULT result)
{
	struct handed_over *h = context;
	sem_t *called = h->called;

	DnsRecordListFree(result->pQueryRecords, DnsFreeRecordList);
	memset(h, 0xdd, sizeof(*h));
	free(h);
	sem_post(called);
}

TEST_F(windns, D56_callback_frees_everything)
{
	sem_t called;

	sem_init(&called, 0, 0);
	for (int i = 0; i < 200; i++) {
		struct handed_over *h = calloc(1, sizeof(*h));
		DNS_QUERY_REQUEST request = {
			.Version = 1, .QueryName = u"ok.example",
			.QueryType = DNS_TYPE_A, .pDnsServerList = self->servers,
			.pQueryCompletionCallback = free_all, .pQueryContext = h,
		};

		h->result.Version = 1;
		h->called = &called;
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  DnsQueryEx(&request, &h->result, &h->cancel));
		while (sem_wait(&called))
			;
	}
}

struct chain {
	DNS_QUERY_REQUEST request;
	DNS_QUERY_RESULT result;
	DNS_QUERY_CANCEL cancel;
	int left, failed;
	sem_t done;
};

static VOID WINAPI ask_again(PVOID context, PDNS_QUERY_RESULT result)
{
	struct chain *c = context;

	c->failed += result != &c->result || result->QueryStatus != 0;
	DnsRecordListFree(result->pQueryRecords, DnsFreeRecordList);
	/* After this the structs are the next callback's. */
	if (--c->left)
		c->failed += DnsQueryEx(&c->request, &c->result, &c->cancel) !=
			     DNS_REQUEST_PENDING;
	else
		sem_post(&c->done);
}

TEST_F(windns, D57_callback_starts_the_next_query)
{
	struct chain c = {
		.request = {
			.Version = 1, .QueryName = u"ok.example",
			.QueryType = DNS_TYPE_A, .pDnsServerList = self->servers,
			.pQueryCompletionCallback = ask_again,
			.pQueryContext = &c,
		},
		.result.Version = 1,
		.left = rounds("WINDNS_TEST_ROUNDS", 1000),
	};
	unsigned int n = c.left;

	sem_init(&c.done, 0, 0);
	ASSERT_EQ(DNS_REQUEST_PENDING,
		  DnsQueryEx(&c.request, &c.result, &c.cancel));
	while (sem_wait(&c.done))
		;
	EXPECT_EQ(0, c.failed);
	EXPECT_EQ(n, server_total(&self->server));
}

/* The callback wants a lock that its caller holds in both calls. */
TEST_F(windns, D58_callback_under_the_callers_lock)
{
	struct call c;
	DNS_QUERY_REQUEST request = {
		.Version = 1, .QueryName = u"ok.example",
		.QueryType = DNS_TYPE_A, .pDnsServerList = self->servers,
		.pQueryCompletionCallback = on_call, .pQueryContext = &c,
	};
	DNS_STATUS status;

	for (int i = 0; i < 200; i++) {
		call_init(&c);
		pthread_mutex_lock(&c.lock);
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  DnsQueryEx(&request, &c.result, &c.cancel));
		/* The callback may wait for the lock by now. */
		if (i % 2)
			server_wait(&self->server, i + 1);
		status = DnsCancelQuery(&c.cancel);
		pthread_mutex_unlock(&c.lock);
		EXPECT_EQ(status ? 0 : ERROR_CANCELLED, call_wait(&c));
		call_free(&c);
		/* So that each was sent. */
		if (server_total(&self->server) < (unsigned int)i + 1) {
			EXPECT_EQ(0, ask_sync(&c, self->servers, u"ok.example",
					      DNS_TYPE_A, 0));
			call_free(&c);
		}
	}
}

struct blocker {
	struct server_list *list;
	DNS_STATUS inner;
	sem_t entered, go_on;
	struct call *call;
};

static VOID WINAPI block(PVOID context, PDNS_QUERY_RESULT result)
{
	struct blocker *b = context;
	struct call c;

	DnsRecordListFree(result->pQueryRecords, DnsFreeRecordList);
	b->inner = ask_sync(&c, &b->list->array, u"ok.example", DNS_TYPE_A, 0);
	call_free(&c);
	sem_post(&b->entered);
	while (sem_wait(&b->go_on))
		;
	sem_post(&b->entered);
}

/* Callbacks that block keep no other from coming. */
TEST_F(windns, D58_callbacks_that_block)
{
	struct blocker b = { .list = &self->list };
	DNS_QUERY_RESULT results[8];
	DNS_QUERY_REQUEST request = {
		.Version = 1, .QueryName = u"ok.example",
		.QueryType = DNS_TYPE_A, .pDnsServerList = self->servers,
		.pQueryCompletionCallback = block, .pQueryContext = &b,
	};
	int i;

	sem_init(&b.entered, 0, 0);
	sem_init(&b.go_on, 0, 0);
	for (i = 0; i < 8; i++) {
		results[i].Version = 1;
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  DnsQueryEx(&request, &results[i], NULL));
		while (sem_wait(&b.entered))
			;
		EXPECT_EQ(0, b.inner);
	}
	SENTINEL_QUERY();
	for (i = 0; i < 8; i++)
		sem_post(&b.go_on);
	for (i = 0; i < 8; i++)
		while (sem_wait(&b.entered))
			;
}

TEST_F(windns, D59_a_thousand_in_flight)
{
	int n = geteuid() ? 100 : 1000, i;
	struct call *calls = calloc(n, sizeof(*calls));

	for (i = 0; i < n; i++)
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&calls[i], self->servers, u"hold.example"));
	server_wait_held(&self->server, n);
	server_release(&self->server, true);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, call_wait(&calls[i]));
		EXPECT_EQ(&calls[i].result, calls[i].got);
		EXPECT_TRUE(is_a(calls[i].records, "192.0.2.1"));
		call_free(&calls[i]);
	}
	SENTINEL_QUERY();
	for (i = 0; i < n; i++)
		EXPECT_EQ(1, calls[i].count);
	free(calls);
}

/* More than the driver takes at a time: the rest waits its turn. */
TEST_F(windns, D59_more_than_in_flight)
{
	int n = 1300, seen = 1000, i;
	struct call *calls = calloc(n, sizeof(*calls));

	if (geteuid())
		SKIP(return, "a user's socket has no room for so many packets");
	for (i = 0; i < n; i++)
		ASSERT_EQ(DNS_REQUEST_PENDING,
			  ask(&calls[i], self->servers, u"hold.example"));
	server_wait_held(&self->server, seen);
	EXPECT_EQ(seen, server_total(&self->server));
	/* Those at the end have not been sent, and never will be. */
	for (i = 1100; i < n; i++)
		EXPECT_EQ(0, DnsCancelQuery(&calls[i].cancel));
	for (i = 1100; i < n; i++)
		EXPECT_EQ(ERROR_CANCELLED, call_wait(&calls[i]));
	server_release(&self->server, false);
	server_wait_held(&self->server, 100);
	server_release(&self->server, false);
	for (i = 0; i < 1100; i++) {
		EXPECT_EQ(0, call_wait(&calls[i]));
		call_free(&calls[i]);
	}
	EXPECT_EQ(1100, server_total(&self->server));
	free(calls);
}

TEST_F(windns, D60_exit_with_pending_queries)
{
	int status;
	pid_t child;

	SKIP_IF_NO_FORK();
	child = fork_when_others_sleep();
	if (!child) {
		struct call calls[20];

		for (int i = 0; i < 20; i++)
			if (ask(&calls[i], self->servers, u"hold.example") !=
			    DNS_REQUEST_PENDING)
				_exit(1);
		exit(42);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(42, WEXITSTATUS(status));

	child = fork_when_others_sleep();
	if (!child) {
		struct call c;

		if (ask(&c, self->servers, u"hold.example") !=
		    DNS_REQUEST_PENDING)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
}

TEST_F(windns, D61_fork)
{
	struct call c;
	int status;
	pid_t child;

	SKIP_IF_NO_FORK();
	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"hold.example"));
	server_wait_held(&self->server, 1);
	child = fork_when_others_sleep();
	if (!child) {
		struct call own;

		/* A stale handle; and a start of its own. */
		if (DnsCancelQuery(&c.cancel) != ERROR_INVALID_PARAMETER)
			_exit(1);
		if (ask_sync(&own, self->servers, u"ok.example", DNS_TYPE_A, 0))
			_exit(2);
		if (ask(&own, self->servers, u"ok.example") !=
		    DNS_REQUEST_PENDING || call_wait(&own))
			_exit(3);
		if (DnsCancelQuery(&c.cancel) != ERROR_INVALID_PARAMETER)
			_exit(4);
		_exit(call_count(&c) ? 5 : 42);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(42, WEXITSTATUS(status));
	server_release(&self->server, false);
	EXPECT_EQ(0, call_wait(&c));
	call_free(&c);
}

static void nothing(int signal)
{
	(void)signal;
}

static void *answer_later(void *arg)
{
	server_release(arg, false);
	return NULL;
}

static pthread_t waiter;

static void *interrupt(void *arg)
{
	struct server *s = arg;

	server_wait_held(s, 1);
	for (int i = 0; i < 50; i++)
		pthread_kill(waiter, SIGUSR1);
	return answer_later(s);
}

/* A signal does not end a synchronous query. */
TEST_F(windns, D06_signal_during_a_synchronous_query)
{
	struct sigaction action = { .sa_handler = nothing };
	pthread_t thread;
	struct call c;

	sigaction(SIGUSR1, &action, NULL);
	waiter = pthread_self();
	pthread_create(&thread, NULL, interrupt, &self->server);
	EXPECT_EQ(0, ask_sync(&c, self->servers, u"hold.example", DNS_TYPE_A, 0));
	EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
	call_free(&c);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A, 0));
	call_free(&c);
}

/* Callbacks in the caller's loop, and nowhere else. */
TEST_F(windns, own_loop)
{
	struct pollfd poll_fd = { .events = POLLIN };
	struct call calls[3];
	int n = 0, i;

	poll_fd.fd = WinDnsGetFd();
	ASSERT_LE(0, poll_fd.fd);
	EXPECT_EQ(poll_fd.fd, WinDnsGetFd());
	EXPECT_EQ(0, WinDnsDispatch());
	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&calls[0], self->servers, u"ok.example"));
	ASSERT_EQ(DNS_REQUEST_PENDING,
		  ask(&calls[1], self->servers, u"hold.example"));
	ASSERT_EQ(DNS_REQUEST_PENDING,
		  ask(&calls[2], self->servers, u"rcode3.example"));
	server_wait_held(&self->server, 1);
	EXPECT_EQ(0, DnsCancelQuery(&calls[1].cancel));
	while (n < 3) {
		ASSERT_EQ(1, poll(&poll_fd, 1, -1));
		n += WinDnsDispatch();
	}
	EXPECT_EQ(3, n);
	EXPECT_EQ(0, calls[0].status);
	EXPECT_EQ(ERROR_CANCELLED, calls[1].status);
	EXPECT_EQ(DNS_ERROR_RCODE_NAME_ERROR, calls[2].status);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, calls[i].count);
		EXPECT_TRUE(pthread_equal(calls[i].thread, pthread_self()));
		call_free(&calls[i]);
	}
	EXPECT_EQ(0, poll(&poll_fd, 1, 0));
}

TEST_F(windns, own_loop_too_late)
{
	SENTINEL_QUERY();
	EXPECT_EQ(-1, WinDnsGetFd());
	EXPECT_EQ(ERROR_NOT_SUPPORTED, GetLastError());
}

struct host {
	pid_t pid;
	int go, ready;
};

/* A process that will host the driver under its name. */
static void host_fork(struct host *h)
{
	int go[2], ready[2], device;
	struct dnsdrv *drv;
	char failed;

	if (pipe(go) || pipe(ready))
		abort();
	h->go = go[1];
	h->ready = ready[0];
	h->pid = fork_when_others_sleep();
	if (h->pid) {
		close(go[0]);
		close(ready[1]);
		return;
	}
	if (read(go[0], &failed, 1) != 1)
		_exit(1);
	device = dnsdrv_device_create();
	failed = device < 0 || iotarget_device_name(device, "dns", 0666) ||
		 dnsdrv_start(device, &drv);
	if (write(ready[1], &failed, 1) != 1 || failed)
		_exit(1);
	for (;;)
		pause();
}

static bool host_start(struct host *h)
{
	char failed = 1;

	return write(h->go, "", 1) == 1 && read(h->ready, &failed, 1) == 1 &&
	       !failed;
}

static void host_kill(struct host *h)
{
	kill(h->pid, SIGKILL);
	waitpid(h->pid, NULL, 0);
}

TEST_F(windns, D84_driver_dies)
{
	struct iotarget_info info;
	struct host hosts[2];
	struct call c, sync;

	SKIP_IF_NO_FORK();
	ASSERT_EQ(0, iotarget_info(&info));
	if (!(info.features & IOTARGET_FEATURE_NAME) || geteuid())
		SKIP(return, "no names for devices here");
	setenv("IOTARGET_DRIVER", "node", 1);
	/* Before there are threads that would not be there in the children. */
	host_fork(&hosts[0]);
	host_fork(&hosts[1]);
	ASSERT_TRUE(host_start(&hosts[0]));
	EXPECT_EQ(0, ask_sync(&sync, self->servers, u"ok.example", DNS_TYPE_A, 0));
	call_free(&sync);
	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"hold.example"));
	server_wait_held(&self->server, 1);
	host_kill(&hosts[0]);
	EXPECT_EQ(ERROR_INTERNAL_ERROR, call_wait(&c));
	EXPECT_EQ(NULL, c.records);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&c.cancel));

	/* Nobody there: looked for again, and said. */
	EXPECT_EQ(DNS_ERROR_NO_DNS_SERVERS, ask(&c, self->servers, u"ok.example"));
	ASSERT_TRUE(host_start(&hosts[1]));
	SENTINEL_QUERY();
	EXPECT_EQ(0, ask_sync(&sync, self->servers, u"ok.example", DNS_TYPE_A, 0));
	call_free(&sync);
	host_kill(&hosts[1]);
}

TEST_HARNESS_MAIN
