/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of windns share. The driver is the embedded one and its clock
 * stands still unless a test steps it: a lost packet is not sent again unseen,
 * and what happens "at once" happens without a clock.
 */
#ifndef WINDNS_TEST_H
#define WINDNS_TEST_H

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <windns.h>
#include <private.h>
#include "server.h"
#include "kselftest_harness.h"

#include "../leak.h"

/* The debug kernel under emulation is slow; a hang is still found. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 240

#define SECOND	1000000000ULL

/* ThreadSanitizer has no threads in a child of a program with threads. */
#ifdef __SANITIZE_THREAD__
#define SKIP_IF_NO_FORK()	SKIP(return, "ThreadSanitizer cannot fork")
#else
#define SKIP_IF_NO_FORK()
#endif

/*
 * AddressSanitizer's allocator has no fork handlers: what another thread holds of
 * it at that moment is held in the child for ever. So this forks when all others
 * sleep where they hold nothing.
 */
static inline bool others_sleep(void)
{
	struct dirent *entry;
	bool sleep = true;
	DIR *tasks;

	tasks = opendir("/proc/self/task");
	while (sleep && (entry = readdir(tasks))) {
		char path[300], text[32] = "";
		pid_t tid = atoi(entry->d_name);
		int fd;

		if (!tid || tid == gettid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", tid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, text, sizeof(text) - 1) < 0)
			text[0] = 0;
		close(fd);
		switch (isdigit(text[0]) ? atoi(text) : -1) {
		case SYS_poll:
		case SYS_epoll_wait:
		case SYS_ioctl:
		case SYS_futex:
			break;
		default:
			sleep = false;
		}
	}
	closedir(tasks);
	return sleep;
}

static inline pid_t fork_when_others_sleep(void)
{
	while (!others_sleep())
		sched_yield();
	return fork();
}

static inline unsigned int rounds(const char *variable, unsigned int otherwise)
{
	const char *value = getenv(variable);

	return value ? (unsigned int)atoi(value) : otherwise;
}

/* ------------------------------------------------------------- servers */

static inline void put_server(DNS_ADDR *out, const struct server *s)
{
	memcpy(out->MaxSa, &s->address, sizeof(out->MaxSa));
}

/* Two at most. */
struct server_list {
	DNS_ADDR_ARRAY array;
	DNS_ADDR second;
};

static inline DNS_ADDR_ARRAY *list_of(struct server_list *list,
				      const struct server *a,
				      const struct server *b)
{
	memset(list, 0, sizeof(*list));
	list->array.MaxCount = sizeof(*list);
	list->array.AddrCount = b ? 2 : 1;
	put_server(&list->array.AddrArray[0], a);
	if (b)
		put_server(&list->second, b);
	return &list->array;
}

/* ------------------------------------------------------------- queries */

struct call {
	DNS_QUERY_RESULT result;
	DNS_QUERY_CANCEL cancel;
	pthread_mutex_t lock;
	pthread_cond_t called;
	/* what the callback saw */
	int count;
	DNS_STATUS status;
	DNS_RECORDW *records;
	PDNS_QUERY_RESULT got;
	pthread_t thread;
};

static inline void call_init(struct call *c)
{
	memset(c, 0, sizeof(*c));
	c->result.Version = DNS_QUERY_RESULTS_VERSION1;
	memset(&c->cancel, 0xcc, sizeof(c->cancel));
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->called, NULL);
}

static inline VOID WINAPI on_call(PVOID context, PDNS_QUERY_RESULT result)
{
	struct call *c = context;

	pthread_mutex_lock(&c->lock);
	c->count++;
	c->status = result->QueryStatus;
	c->records = (DNS_RECORDW *)result->pQueryRecords;
	c->got = result;
	c->thread = pthread_self();
	pthread_cond_broadcast(&c->called);
	pthread_mutex_unlock(&c->lock);
}

/* Waits for the callback and returns the status that it saw. */
static inline DNS_STATUS call_wait(struct call *c)
{
	DNS_STATUS status;

	pthread_mutex_lock(&c->lock);
	while (!c->count)
		pthread_cond_wait(&c->called, &c->lock);
	status = c->status;
	pthread_mutex_unlock(&c->lock);
	return status;
}

static inline int call_count(struct call *c)
{
	int count;

	pthread_mutex_lock(&c->lock);
	count = c->count;
	pthread_mutex_unlock(&c->lock);
	return count;
}

static inline void call_free(struct call *c)
{
	DnsRecordListFree(c->records, DnsFreeRecordList);
	c->records = NULL;
}

static inline DNS_STATUS ask_options(struct call *c, DNS_ADDR_ARRAY *servers,
				     const WCHAR *name, WORD type,
				     ULONG64 options)
{
	DNS_QUERY_REQUEST request = {
		.Version = DNS_QUERY_REQUEST_VERSION1,
		.QueryName = name,
		.QueryType = type,
		.QueryOptions = options,
		.pDnsServerList = servers,
		.pQueryCompletionCallback = on_call,
		.pQueryContext = c,
	};

	call_init(c);
	return DnsQueryEx(&request, &c->result, &c->cancel);
}

static inline DNS_STATUS ask(struct call *c, DNS_ADDR_ARRAY *servers,
			     const WCHAR *name)
{
	return ask_options(c, servers, name, DNS_TYPE_A, DNS_QUERY_STANDARD);
}

/* Blocks; the records are in c. */
static inline DNS_STATUS ask_sync(struct call *c, DNS_ADDR_ARRAY *servers,
				  const WCHAR *name, WORD type, ULONG64 options)
{
	DNS_QUERY_REQUEST request = {
		.Version = DNS_QUERY_REQUEST_VERSION1,
		.QueryName = name,
		.QueryType = type,
		.QueryOptions = options,
		.pDnsServerList = servers,
	};
	DNS_STATUS status;

	call_init(c);
	status = DnsQueryEx(&request, &c->result, NULL);
	c->records = (DNS_RECORDW *)c->result.pQueryRecords;
	return status == c->result.QueryStatus ? status : -1;
}

/* ------------------------------------------------------------- records */

static inline bool text_is(const WCHAR *text, const char *expected)
{
	size_t i = 0;

	while (expected[i] && text[i] == (unsigned char)expected[i])
		i++;
	return !expected[i] && !text[i];
}

static inline bool is_a(const DNS_RECORDW *r, const char *address)
{
	return r && r->wType == DNS_TYPE_A && r->wDataLength == 4 &&
	       r->Data.A.IpAddress == inet_addr(address);
}

static inline bool is_aaaa(const DNS_RECORDW *r, const char *address)
{
	struct in6_addr expected;

	inet_pton(AF_INET6, address, &expected);
	return r && r->wType == DNS_TYPE_AAAA && r->wDataLength == 16 &&
	       !memcmp(&r->Data.AAAA, &expected, 16);
}

static inline bool is_cname(const DNS_RECORDW *r, const char *from,
			    const char *to)
{
	return r && r->wType == DNS_TYPE_CNAME &&
	       r->wDataLength == sizeof(DNS_PTR_DATAW) &&
	       text_is(r->pName, from) && text_is(r->Data.CNAME.pNameHost, to);
}

/* ------------------------------------------------------------- fixture */

FIXTURE(windns) {
	struct server server;
	struct server_list list;
	DNS_ADDR_ARRAY *servers;
};

FIXTURE_SETUP(windns)
{
	struct rlimit files = { 8192, 8192 };

	setenv("IOTARGET_CLOCK", "manual", 1);
	setenv("IOTARGET_DRIVER", "embedded", 1);
	if (setrlimit(RLIMIT_NOFILE, &files)) {
		getrlimit(RLIMIT_NOFILE, &files);
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	ASSERT_TRUE(server_start(&self->server, AF_INET));
	self->servers = list_of(&self->list, &self->server, NULL);
}

FIXTURE_TEARDOWN(windns)
{
	server_stop(&self->server);
	EXPECT_EQ(0, leaks());
}

/*
 * A query from beginning to end: what an earlier one still had to do, on the
 * way to a callback, has been done by then.
 */
#define SENTINEL_QUERY() do {						\
	struct call sentinel_;						\
	ASSERT_EQ(DNS_REQUEST_PENDING,					\
		  ask(&sentinel_, self->servers, u"ok-sentinel.example")); \
	ASSERT_EQ(0, call_wait(&sentinel_));				\
	call_free(&sentinel_);						\
} while (0)

#endif
