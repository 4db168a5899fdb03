// SPDX-License-Identifier: MIT
/*
 * dnsdemo SERVER [SILENT SERVER COUNT] NAME...
 *
 * Resolves all but the last COUNT names with SERVER (ADDRESS:PORT), all at once,
 * and sends a query for each of the last COUNT to SILENT, which never answers.
 * Cancels the query of each name that it reads from its input, one a line. Prints
 * a line when a callback is entered, and ends after the last one:
 *
 *	NAME STATUS MILLISECONDS SECONDS.NANOSECONDS ADDRESS,...
 *
 * the third since its start, the fourth by the clock of the day, as a packet
 * capture has it. Ends with 0 if no call failed.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <windns.h>

struct query {
	const char *name;
	WCHAR wide[DNS_MAX_NAME_BUFFER_LENGTH];
	struct timespec start;
	DNS_QUERY_RESULT result;
	DNS_QUERY_CANCEL cancel;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static int pending;

static void print_addresses(const DNS_RECORDW *r)
{
	const char *separator = "";
	char text[INET_ADDRSTRLEN];

	for (; r; r = r->pNext) {
		if (r->wType != DNS_TYPE_A)
			continue;
		inet_ntop(AF_INET, &r->Data.A, text, sizeof(text));
		printf("%s%s", separator, text);
		separator = ",";
	}
	if (!*separator)
		printf("-");
}

static VOID WINAPI on_result(PVOID context, PDNS_QUERY_RESULT result)
{
	struct query *q = context;
	struct timespec now, day;

	clock_gettime(CLOCK_REALTIME, &day);
	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&lock);
	printf("%s %d %.3f %lld.%09ld ", q->name, result->QueryStatus,
	       (now.tv_sec - q->start.tv_sec) * 1e3 +
	       (now.tv_nsec - q->start.tv_nsec) / 1e6,
	       (long long)day.tv_sec, day.tv_nsec);
	print_addresses((DNS_RECORDW *)result->pQueryRecords);
	printf("\n");
	DnsRecordListFree(result->pQueryRecords, DnsFreeRecordList);
	pending--;
	pthread_cond_signal(&ended);
	pthread_mutex_unlock(&lock);
}

static int parse_server(const char *text, DNS_ADDR_ARRAY *list)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	char address[INET_ADDRSTRLEN];
	unsigned short port;

	if (sscanf(text, "%15[0-9.]:%hu", address, &port) != 2 ||
	    inet_pton(AF_INET, address, &v4.sin_addr) != 1)
		return -1;
	v4.sin_port = htons(port);
	memset(list, 0, sizeof(*list));
	list->MaxCount = 1;
	list->AddrCount = 1;
	memcpy(list->AddrArray[0].MaxSa, &v4, sizeof(v4));
	return 0;
}

static DNS_STATUS start(struct query *q, DNS_ADDR_ARRAY *servers)
{
	DNS_QUERY_REQUEST request = {
		.Version = DNS_QUERY_REQUEST_VERSION1,
		.QueryName = q->wide,
		.QueryType = DNS_TYPE_A,
		.QueryOptions = DNS_QUERY_BYPASS_CACHE,
		.pDnsServerList = servers,
		.pQueryCompletionCallback = on_result,
		.pQueryContext = q,
	};
	DNS_STATUS status;

	for (size_t i = 0; q->name[i] && i < DNS_MAX_NAME_LENGTH; i++)
		q->wide[i] = q->name[i];
	q->result.Version = DNS_QUERY_RESULTS_VERSION1;
	clock_gettime(CLOCK_MONOTONIC, &q->start);
	pthread_mutex_lock(&lock);
	pending++;
	pthread_mutex_unlock(&lock);
	status = DnsQueryEx(&request, &q->result, &q->cancel);
	if (status == DNS_REQUEST_PENDING)
		return ERROR_SUCCESS;
	fprintf(stderr, "dnsdemo: %s: DnsQueryEx returned %d\n", q->name, status);
	pthread_mutex_lock(&lock);
	pending--;
	pthread_mutex_unlock(&lock);
	return status;
}

static int cancel(struct query *queries, int count, const char *name)
{
	DNS_STATUS status = ERROR_INVALID_NAME;

	for (int i = 0; i < count; i++)
		if (!strcmp(queries[i].name, name))
			status = DnsCancelQuery(&queries[i].cancel);
	if (status)
		fprintf(stderr, "dnsdemo: %s: DnsCancelQuery returned %d\n", name,
			status);
	return status != 0;
}

int main(int argc, char **argv)
{
	DNS_ADDR_ARRAY server, silent;
	int first = 2, cancelled = 0, failed = 0, count, i;
	char line[DNS_MAX_NAME_BUFFER_LENGTH];
	struct query *queries;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 4 && !parse_server(argv[2], &silent)) {
		cancelled = atoi(argv[3]);
		first = 4;
	}
	count = argc - first;
	if (count < 1 || cancelled > count || parse_server(argv[1], &server)) {
		fprintf(stderr, "usage: dnsdemo ADDRESS:PORT "
			"[ADDRESS:PORT COUNT] NAME...\n");
		return 2;
	}
	queries = calloc(count, sizeof(*queries));
	if (!queries)
		return 2;

	for (i = 0; i < count; i++) {
		queries[i].name = argv[first + i];
		if (start(&queries[i], i < count - cancelled ? &server : &silent))
			failed++;
	}
	while (cancelled && !failed && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		failed += cancel(queries + count - cancelled, cancelled, line);
	}
	pthread_mutex_lock(&lock);
	while (pending)
		pthread_cond_wait(&ended, &lock);
	pthread_mutex_unlock(&lock);
	free(queries);
	return failed ? 1 : 0;
}
