// SPDX-License-Identifier: MIT
/*
 * The shim: turns a call into a request and a completion into a callback or a
 * return. DNS itself is the driver's (dnsdrv.c).
 *
 * Who wins, a cancel or the answer, is decided in the kernel. Here a query is
 * known by its handle from DnsQueryEx on until its callback is entered.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <iotarget.h>
#include "dnsdrv.h"
#include "dnslocal.h"
#include "dnsproto.h"
#include "dnsrec.h"
#include "private.h"
#include "winbase.h"

/* Room for most answers; a longer one costs a second request. */
#define ANSWER_ROOM	256
/* Threads that wait for something to call back, and threads in all. */
#define WAITING_MAX	2
#define WORKERS_MAX	256

#define NOT_DONE_HERE	(DNS_QUERY_MULTICAST_ONLY | DNS_QUERY_DUAL_ADDR |	\
			 DNS_QUERY_DNSSEC_OK |					\
			 DNS_QUERY_DNSSEC_CHECKING_DISABLED |			\
			 DNS_QUERY_DNSSEC_REQUIRED)

struct query {
	uint64_t generation;
	uint32_t index;			/* in the table */
	bool cancelled;			/* the kernel said so */
	uint64_t id;

	PDNS_QUERY_RESULT result;
	PDNS_QUERY_COMPLETION_ROUTINE callback;
	void *context;
	ULONG64 options;
	WORD type;

	uint8_t *answer;		/* one that does not fit in the buffer */
	uint32_t answer_length;
	uint32_t in_length;
	uint32_t out_length;
	/* the struct dnsproto_query, and in its place later the answer */
	_Alignas(struct dnsproto_query) uint8_t buffer[];
};

/* Clients copy these, and hand in any bytes. */
struct token {
	uint64_t magic;
	uint64_t generation;
	uint32_t index;
	int32_t pid;
	uint64_t zero;
};
_Static_assert(sizeof(struct token) == sizeof(DNS_QUERY_CANCEL), "");

#define TOKEN_MAGIC	0x6c65636e61436e44ULL

struct sync_target {
	struct sync_target *next;
	int fd;
};

/*
 * This process's end of one driver. When the driver ends, or in a child after
 * fork(), the next query makes another. It is never freed, because client_get()
 * may be about to look at it, but its last user closes and frees what it has.
 */
struct client {
	struct client *next;		/* among the old ones */
	pid_t pid;
	atomic_uint users;
	atomic_bool closed;
	int device;			/* embedded: to open targets on */
	int target;
	struct dnsdrv *driver;		/* embedded */

	atomic_int mode;		/* set once, under the lock */
#define UNDECIDED	0
#define WORKERS		1
#define LOOP		2

	pthread_mutex_t lock;		/* what follows, and struct query */
	unsigned int workers;
	unsigned int waiting;		/* of them */
	struct sync_target *sync_targets;
	uint64_t first_generation;
	uint64_t next_generation;
	struct query **table;
	uint32_t *free_indices;		/* a stack of size - used */
	uint32_t size;
	uint32_t used;
};

static struct client *_Atomic current;
static struct client *_Atomic old_clients;

/* --------------------------------------------------------------- settings */

static struct settings {
	bool debug;			/* IOTARGET_DEBUG=1 */
	bool strict;			/* WINDNS_STRICT=1 */
	bool late_success;		/* WINDNS_LATE_CANCEL=success */
} settings;

static bool setting(const char *name, const char *value)
{
	const char *is = secure_getenv(name);

	return is && !strcmp(is, value);
}

static void read_settings(void)
{
	settings.debug = setting("IOTARGET_DEBUG", "1");
	settings.strict = setting("WINDNS_STRICT", "1");
	settings.late_success = setting("WINDNS_LATE_CANCEL", "success");
}

static const struct settings *get_settings(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, read_settings);
	return &settings;
}

/* A line in one piece: stderr is not buffered, and threads share it. */
#define debug(...)							\
	do {								\
		if (get_settings()->debug)				\
			dprintf(STDERR_FILENO, "windns: " __VA_ARGS__);	\
	} while (0)

/* The name to print, from while it was still there. */
struct debug_name {
	char text[3 * DNS_MAX_NAME_BUFFER_LENGTH + 1];
};

static void debug_name(struct debug_name *d, const WCHAR *name)
{
	if (get_settings()->debug)
		d->text[winbase_utf8_from_utf16(d->text, name,
						winbase_wcslen(name))] = 0;
}

static void debug_query(const struct debug_name *d, WORD type, uint64_t id)
{
	debug("query %s type %u -> request 0x%llx\n", d->text, type,
	      (unsigned long long)id);
}

/* ---------------------------------------------------------------- clients */

static void client_keep(struct client *c)
{
	c->next = atomic_load(&old_clients);
	while (!atomic_compare_exchange_weak(&old_clients, &c->next, c))
		;
}

static void client_close(struct client *c)
{
	struct sync_target *t;

	while ((t = c->sync_targets)) {
		c->sync_targets = t->next;
		close(t->fd);
		free(t);
	}
	if (c->target >= 0)
		close(c->target);
	if (c->device >= 0)
		close(c->device);
	free(c->table);
	free(c->free_indices);
}

static void client_put(struct client *c)
{
	if (atomic_fetch_sub(&c->users, 1) == 1 &&
	    !atomic_exchange(&c->closed, true)) {
		client_close(c);
		client_keep(c);
	}
}

/* The driver has ended: the next query starts another. */
static void client_end(struct client *c)
{
	struct client *expected = c;

	if (atomic_compare_exchange_strong(&current, &expected, NULL))
		client_put(c);
}

static void explain(int error, const char *name)
{
	static atomic_bool said;
	char text[256];

	if (!atomic_exchange(&said, true))
		dprintf(STDERR_FILENO, "windns: %s\n",
			iotarget_explain(error, name, text, sizeof(text)));
}

/* A driver of our own, on an anonymous device. 0 or a negative errno. */
static int client_embed(struct client *c)
{
	int device = dnsdrv_device_create(), error;

	if (device < 0) {
		explain(device, NULL);
		return device;
	}
	/* The driver closes the one that it has. */
	c->device = fcntl(device, F_DUPFD_CLOEXEC, 0);
	c->target = iotarget_target_open(device, NULL);
	if (c->device < 0 || c->target < 0) {
		close(device);
		return -EMFILE;
	}
	error = dnsdrv_start(device, &c->driver);
	if (error)
		iotarget_shutdown(c->device);
	return error;
}

static DNS_STATUS client_open(struct client *c)
{
	if (!setting("IOTARGET_DRIVER", "embedded")) {
		c->target = iotarget_node_open(DNSPROTO_DEVICE);
		if (c->target >= 0)
			return ERROR_SUCCESS;
		if (setting("IOTARGET_DRIVER", "node")) {
			explain(c->target, DNSPROTO_DEVICE);
			return DNS_ERROR_NO_DNS_SERVERS;
		}
	}
	return client_embed(c) ? ERROR_INTERNAL_ERROR : ERROR_SUCCESS;
}

/* The process that has called WinDnsGetFd: it calls all callbacks itself. */
static atomic_int loop_pid;

/* False: the target cannot be made to return at once. */
static bool client_loop(struct client *c)
{
	if (fcntl(c->target, F_SETFL, fcntl(c->target, F_GETFL) | O_NONBLOCK))
		return false;
	c->mode = LOOP;
	return true;
}

static struct client *client_new(DNS_STATUS *status)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		*status = ERROR_NOT_ENOUGH_MEMORY;
		return NULL;
	}
	c->pid = getpid();
	c->users = 1;
	c->device = -1;
	c->target = -1;
	pthread_mutex_init(&c->lock, NULL);
	/* Where another client hardly is, and far from the end. */
	if (getrandom(&c->next_generation, sizeof(c->next_generation) - 1, 0) < 0)
		c->next_generation = (uint64_t)c->pid << 32;
	c->first_generation = c->next_generation;

	*status = client_open(c);
	if (!*status && atomic_load(&loop_pid) == c->pid && !client_loop(c))
		*status = ERROR_NOT_ENOUGH_MEMORY;
	if (*status) {
		client_close(c);
		free(c);
		return NULL;
	}
	return c;
}

/* The running client, not in a child that inherited it; NULL if there is none. */
static struct client *client_get_running(void)
{
	struct client *c;

	while ((c = atomic_load(&current)) && c->pid == getpid()) {
		atomic_fetch_add(&c->users, 1);
		if (c == atomic_load(&current))
			return c;
		client_put(c);
	}
	return NULL;
}

static struct client *client_get(DNS_STATUS *status)
{
	struct client *c, *stale, *new;

	while (!(c = client_get_running())) {
		stale = atomic_load(&current);
		if (stale && stale->pid == getpid())
			continue;
		new = client_new(status);
		if (!new)
			return NULL;
		if (!atomic_compare_exchange_strong(&current, &stale, new)) {
			/* Another thread was first. */
			if (new->device >= 0)
				iotarget_shutdown(new->device);
			client_close(new);
			free(new);
		} else if (stale) {
			/*
			 * The parent's fds stay open: by now their numbers may
			 * be other files'.
			 */
			client_keep(stale);
		}
	}
	return c;
}

/* ------------------------------------------------------------------ table */

static bool table_grow(struct client *c)
{
	uint32_t size = c->size ? c->size * 2 : 64;
	struct query **table = realloc(c->table, size * sizeof(*table));
	uint32_t *indices;

	if (!table)
		return false;
	c->table = table;
	indices = realloc(c->free_indices, size * sizeof(*indices));
	if (!indices)
		return false;
	c->free_indices = indices;
	for (uint32_t i = c->size; i < size; i++) {
		c->table[i] = NULL;
		c->free_indices[size - 1 - i] = i;
	}
	c->size = size;
	return true;
}

static bool table_insert(struct client *c, struct query *q)
{
	if (c->used == c->size && !table_grow(c))
		return false;
	c->used++;
	q->index = c->free_indices[c->size - c->used];
	q->generation = c->next_generation++;
	c->table[q->index] = q;
	return true;
}

static void table_remove(struct client *c, struct query *q)
{
	c->table[q->index] = NULL;
	c->free_indices[c->size - c->used] = q->index;
	c->used--;
}

static struct query *table_find(struct client *c, const struct token *token)
{
	struct query *q = token->index < c->size ? c->table[token->index] : NULL;

	return q && q->generation == token->generation ? q : NULL;
}

/* -------------------------------------------------------------- arguments */

static void query_free(struct query *q)
{
	free(q->answer);
	free(q);
}

static DNS_STATUS read_server(struct dnsproto_server *out, const void *address)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	memcpy(&v6, address, sizeof(v6));
	memcpy(&v4, address, sizeof(v4));
	memset(out, 0, sizeof(*out));
	out->family = v4.sin_family;
	/* Both have it in one place. */
	out->port = ntohs(v4.sin_port);
	if (out->family == AF_INET)
		memcpy(out->address, &v4.sin_addr, 4);
	else if (out->family == AF_INET6)
		memcpy(out->address, &v6.sin6_addr, 16);
	else
		return ERROR_INVALID_PARAMETER;
	if (out->port && get_settings()->strict)
		return ERROR_INVALID_PARAMETER;
	if (!out->port)
		out->port = 53;
	return ERROR_SUCCESS;
}

static DNS_STATUS read_custom(struct dnsproto_server *out,
			      const DNS_CUSTOM_SERVER *custom)
{
	if (custom->dwServerType == DNS_CUSTOM_SERVER_TYPE_DOH ||
	    custom->dwServerType == DNS_CUSTOM_SERVER_TYPE_DOT)
		return ERROR_NOT_SUPPORTED;
	if (custom->dwServerType != DNS_CUSTOM_SERVER_TYPE_UDP ||
	    custom->pwszTemplate)
		return ERROR_INVALID_PARAMETER;
	return read_server(out, custom->MaxSa);
}

/* Of the two lists at most one is given. An empty one would be a mistake. */
static DNS_STATUS read_servers(const DNS_QUERY_REQUEST3 *request,
			       struct dnsproto_server *out, uint16_t *count)
{
	const DNS_ADDR_ARRAY *list = request->pDnsServerList;
	const DNS_CUSTOM_SERVER *custom = NULL;
	DNS_STATUS status = ERROR_SUCCESS;
	DWORD n = list ? list->AddrCount : 0;

	*count = 0;
	if (request->Version == DNS_QUERY_REQUEST_VERSION3 &&
	    request->pCustomServers) {
		custom = request->pCustomServers;
		n = request->cCustomServers;
	}
	if (!list && !custom)
		return ERROR_SUCCESS;
	if ((list && (custom || request->InterfaceIndex)) || n == 0 ||
	    n > DNSPROTO_MAX_SERVERS)
		return ERROR_INVALID_PARAMETER;

	for (DWORD i = 0; i < n && !status; i++)
		status = custom ? read_custom(&out[i], &custom[i]) :
				  read_server(&out[i], list->AddrArray[i].MaxSa);
	for (DWORD i = 1; i < n && !status; i++)
		if (out[i].family != out[0].family && get_settings()->strict)
			status = ERROR_INVALID_PARAMETER;
	*count = n;
	return status;
}

/* A copy of all that the request says. */
static DNS_STATUS query_new(const DNS_QUERY_REQUEST3 *request,
			    const struct dnsproto_server *servers,
			    uint16_t server_count, struct query **out)
{
	size_t servers_length = server_count * sizeof(*servers);
	uint8_t name[DNSPROTO_MAX_NAME + 1];
	struct dnsproto_query *in;
	size_t name_length, room;
	struct query *q;

	name_length = dnsrec_name_to_wire(name, request->QueryName,
			!(request->QueryOptions & DNS_QUERY_DISABLE_IDN_ENCODING));
	if (!name_length)
		return ERROR_INVALID_NAME;

	room = sizeof(*in) + servers_length + name_length;
	q = malloc(sizeof(*q) + (room > ANSWER_ROOM ? room : ANSWER_ROOM));
	if (!q)
		return ERROR_NOT_ENOUGH_MEMORY;
	memset(q, 0, sizeof(*q));
	q->callback = request->pQueryCompletionCallback;
	q->context = request->pQueryContext;
	q->options = request->QueryOptions;
	q->type = request->QueryType;
	q->in_length = room;
	q->out_length = room > ANSWER_ROOM ? room : ANSWER_ROOM;

	in = (struct dnsproto_query *)q->buffer;
	in->type = request->QueryType;
	in->flags = 0;
	if (request->QueryOptions & DNS_QUERY_USE_TCP_ONLY)
		in->flags |= DNSPROTO_TCP;
	if (request->QueryOptions & DNS_QUERY_NO_RECURSION)
		in->flags |= DNSPROTO_NO_RECURSION;
	if (request->QueryOptions & DNS_QUERY_ACCEPT_TRUNCATED_RESPONSE)
		in->flags |= DNSPROTO_TRUNCATED;
	in->server_count = server_count;
	in->name_length = name_length;
	memcpy(in->servers, servers, servers_length);
	memcpy(q->buffer + sizeof(*in) + servers_length, name, name_length);
	*out = q;
	return ERROR_SUCCESS;
}

/* ----------------------------------------------------------- requests */

static DNS_STATUS status_of(int error)
{
	switch (error) {
	case -ECANCELED:
		return ERROR_CANCELLED;
	case -ETIMEDOUT:
		return ERROR_TIMEOUT;
	case -ENOMEM:
	case -EAGAIN:			/* the target's queue is full */
	case -EDQUOT:
		return ERROR_NOT_ENOUGH_MEMORY;
	case -ENETUNREACH:
		return WSAENETUNREACH;
	default:
		return ERROR_INTERNAL_ERROR;
	}
}

static struct iotarget_send_element query_element(struct query *q)
{
	return (struct iotarget_send_element){
		.user_data = (uintptr_t)q,
		.type = IOTARGET_TYPE_CONTROL,
		.code = DNSPROTO_QUERY,
		.in = (uintptr_t)q->buffer,
		.in_length = q->in_length,
		.out = (uintptr_t)q->buffer,
		.out_length = q->out_length,
	};
}

/* True if the answer is too long: then element fetches it. */
static bool answer_element(struct query *q,
			   const struct iotarget_reap_element *done,
			   struct iotarget_send_element *element)
{
	if (q->answer || done->status <= 0 || done->status > DNSPROTO_MAX_MESSAGE)
		return false;
	q->answer = malloc(done->status);
	if (!q->answer)
		return false;
	q->answer_length = done->status;
	*element = (struct iotarget_send_element){
		.user_data = (uintptr_t)q,
		.type = IOTARGET_TYPE_CONTROL,
		.code = DNSPROTO_ANSWER,
		.offset = done->id,
		.out = (uintptr_t)q->answer,
		.out_length = q->answer_length,
	};
	return true;
}

static DNS_STATUS outcome(struct query *q,
			  const struct iotarget_reap_element *done,
			  PDNS_RECORDW *records)
{
	*records = NULL;
	/* a longer answer, and no memory for it */
	if (done->status > 0)
		return ERROR_NOT_ENOUGH_MEMORY;
	if (done->status)
		return status_of(done->status);
	return dnsrec_parse(q->answer ? q->answer : q->buffer,
			    done->information, q->type, q->options, records);
}

/* --------------------------------------------------------- synchronous */

/*
 * Each blocked caller has a target of its own, so that a completion that a
 * signal left behind is found by who waits for it.
 */
static struct sync_target *sync_get(struct client *c, int *error)
{
	struct sync_target *t;

	pthread_mutex_lock(&c->lock);
	t = c->sync_targets;
	if (t)
		c->sync_targets = t->next;
	pthread_mutex_unlock(&c->lock);
	if (t)
		return t;

	*error = -ENOMEM;
	t = malloc(sizeof(*t));
	if (!t)
		return NULL;
	t->fd = c->device >= 0 ? iotarget_target_open(c->device, NULL) :
				 iotarget_node_open(DNSPROTO_DEVICE);
	if (t->fd < 0) {
		/* The name goes with the driver. */
		*error = t->fd == -ENOENT ? -ENODEV : t->fd;
		free(t);
		return NULL;
	}
	return t;
}

static void sync_put(struct client *c, struct sync_target *t)
{
	pthread_mutex_lock(&c->lock);
	t->next = c->sync_targets;
	c->sync_targets = t;
	pthread_mutex_unlock(&c->lock);
}

/* 1, or a negative errno. */
static int send_wait(int fd, struct iotarget_send_element *element,
		     struct iotarget_reap_element *done)
{
	int n;

	/* A signal ends a wait, and not the query. */
	do
		n = element->id ? iotarget_reap(fd, done, 1) :
				  iotarget_send_wait(fd, element, done, 1);
	while (n == 0 || n == -EINTR);
	return n;
}

/* 0 or a negative errno: the driver was not there. */
static int query_sync(struct client *c, struct query *q, const WCHAR *name,
		      DNS_STATUS *status, PDNS_RECORDW *records)
{
	struct iotarget_send_element element = query_element(q);
	struct iotarget_reap_element done;
	struct sync_target *t;
	struct debug_name d;
	int n = 0;

	t = sync_get(c, &n);
	if (!t)
		return n;
	debug_name(&d, name);
	do {
		n = send_wait(t->fd, &element, &done);
		if (n == 1)
			debug_query(&d, q->type, element.id);
	} while (n == 1 && answer_element(q, &done, &element));
	if (n < 0) {
		/* Nobody shall find on it what is left of this. */
		close(t->fd);
		free(t);
		return n;
	}
	sync_put(c, t);
	*status = outcome(q, &done, records);
	return 0;
}

/* -------------------------------------------------------- asynchronous */

/* Ends a query: calls back. False if it goes on instead. */
static bool completed(struct client *c, const struct iotarget_reap_element *done)
{
	struct query *q = (struct query *)(uintptr_t)done->user_data;
	PDNS_QUERY_COMPLETION_ROUTINE callback = q->callback;
	PDNS_QUERY_RESULT result = q->result;
	struct iotarget_send_element element;
	void *context = q->context;
	PDNS_RECORDW records = NULL;
	DNS_STATUS status;
	int n;

	if (answer_element(q, done, &element)) {
		pthread_mutex_lock(&c->lock);
		n = iotarget_send(c->target, &element, 1);
		if (n == 1)
			q->id = element.id;
		pthread_mutex_unlock(&c->lock);
		if (n == 1)
			return false;
		status = status_of(n);
	} else {
		status = outcome(q, done, &records);
	}

	/* From here on its handle is an old one. */
	pthread_mutex_lock(&c->lock);
	table_remove(c, q);
	pthread_mutex_unlock(&c->lock);
	query_free(q);

	/* The callback may free the result, or use it again. */
	result->pQueryRecords = (PDNS_RECORD)records;
	result->QueryStatus = status;
	callback(context, result);
	return true;
}

static int worker_start(struct client *c);

/*
 * One completion at a time, and always a thread that waits for the next one: a
 * callback may block for as long as it likes.
 */
static void *worker(void *arg)
{
	struct client *c = arg;
	struct iotarget_reap_element done;
	bool stay = true;
	int n;

	while (stay) {
		n = iotarget_reap(c->target, &done, 1);
		if (n == -EINTR || n == 0)
			continue;
		pthread_mutex_lock(&c->lock);
		c->waiting--;
		if (n == 1 && !c->waiting)
			worker_start(c);
		pthread_mutex_unlock(&c->lock);
		if (n < 0) {
			client_end(c);
			break;
		}
		completed(c, &done);
		/* The callback forked, and this is the child: nothing is its. */
		if (c->pid != getpid())
			return NULL;

		pthread_mutex_lock(&c->lock);
		stay = c->waiting < WAITING_MAX;
		c->waiting += stay;
		pthread_mutex_unlock(&c->lock);
	}
	pthread_mutex_lock(&c->lock);
	c->workers--;
	pthread_mutex_unlock(&c->lock);
	client_put(c);
	return NULL;
}

/* Under the lock. 0 or a negative errno. */
static int worker_start(struct client *c)
{
	sigset_t all, old;
	pthread_t thread;
	int error;

	if (c->workers == WORKERS_MAX)
		return -EAGAIN;
	atomic_fetch_add(&c->users, 1);
	/* The program's signals are not for this thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, NULL, worker, c);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error) {
		/* The caller has a reference of its own. */
		atomic_fetch_sub(&c->users, 1);
		return -error;
	}
	pthread_detach(thread);
	pthread_setname_np(thread, "windns");
	c->workers++;
	c->waiting++;
	return 0;
}

/*
 * DNS_REQUEST_PENDING: nothing of the caller's, nor q, may be touched any more,
 * because the callback may have run. Or 0 or a negative errno: not accepted.
 */
static int query_async(struct client *c, struct query *q, const WCHAR *name,
		       PDNS_QUERY_CANCEL cancel)
{
	struct iotarget_send_element element = query_element(q);
	struct token token = { .magic = TOKEN_MAGIC, .pid = c->pid };
	PDNS_QUERY_RESULT result = q->result;
	struct debug_name d;
	WORD type = q->type;
	int n = 0;

	debug_name(&d, name);
	pthread_mutex_lock(&c->lock);
	if (c->mode == UNDECIDED)
		c->mode = WORKERS;
	if (c->mode == WORKERS && !c->workers)
		n = worker_start(c);
	if (!n && !table_insert(c, q))
		n = -ENOMEM;
	if (!n) {
		result->QueryStatus = DNS_REQUEST_PENDING;
		token.generation = q->generation;
		token.index = q->index;
		if (cancel)
			memcpy(cancel, &token, sizeof(token));
		n = iotarget_send(c->target, &element, 1);
		if (n == 1)
			q->id = element.id;
		else
			table_remove(c, q);
	}
	pthread_mutex_unlock(&c->lock);
	if (n != 1) {
		if (cancel)
			memset(cancel, 0, sizeof(*cancel));
		return n < 0 ? n : -EAGAIN;
	}
	debug_query(&d, type, element.id);
	return DNS_REQUEST_PENDING;
}

/* ---------------------------------------------------------------- the API */

static DNS_STATUS query_wire(const DNS_QUERY_REQUEST3 *request,
			     const struct dnsproto_server *servers,
			     uint16_t server_count, PDNS_QUERY_RESULT result,
			     PDNS_QUERY_CANCEL cancel)
{
	PDNS_RECORDW records = NULL;
	struct client *c;
	DNS_STATUS status;
	struct query *q;
	int n;

	status = query_new(request, servers, server_count, &q);
	if (status)
		return status;
	q->result = result;

	/* A driver that has ended meanwhile is replaced, once. */
	for (int attempt = 0; attempt < 2; attempt++) {
		c = client_get(&status);
		if (!c)
			break;
		n = q->callback ?
		    query_async(c, q, request->QueryName, cancel) :
		    query_sync(c, q, request->QueryName, &status, &records);
		if (n < 0)
			status = status_of(n);
		/* In a loop the caller first dispatches what this one had. */
		if (n == -ENODEV && c->mode != LOOP)
			client_end(c);
		client_put(c);
		if (n == DNS_REQUEST_PENDING)
			return n;
		if (n != -ENODEV)
			break;
	}
	query_free(q);
	result->pQueryRecords = (PDNS_RECORD)records;
	return status;
}

static DNS_STATUS query(const DNS_QUERY_REQUEST *request,
			PDNS_QUERY_RESULT result, PDNS_QUERY_CANCEL cancel)
{
	struct dnsproto_server servers[DNSPROTO_MAX_SERVERS];
	DNS_QUERY_REQUEST3 copy = { 0 };
	PDNS_RECORDW records;
	DNS_STATUS status;
	uint16_t count;

	if (!request || (request->Version != DNS_QUERY_REQUEST_VERSION1 &&
			 request->Version != DNS_QUERY_REQUEST_VERSION3))
		return ERROR_INVALID_PARAMETER;
	memcpy(&copy, request, request->Version == DNS_QUERY_REQUEST_VERSION3 ?
	       sizeof(DNS_QUERY_REQUEST3) : sizeof(DNS_QUERY_REQUEST));
	result->QueryOptions = copy.QueryOptions;

	status = read_servers(&copy, servers, &count);
	if (status)
		return status;
	if (copy.QueryOptions & NOT_DONE_HERE ||
	    dnsrec_missing(copy.QueryType))
		return ERROR_NOT_SUPPORTED;
	if (dnslocal_query(copy.QueryName, copy.QueryType, copy.QueryOptions,
			   &status, &records)) {
		result->pQueryRecords = (PDNS_RECORD)records;
		return status;
	}
	/* There is no cache in which it could be found. */
	if (copy.QueryOptions & DNS_QUERY_NO_WIRE_QUERY)
		return DNS_ERROR_RECORD_DOES_NOT_EXIST;
	return query_wire(&copy, servers, count, result, cancel);
}

DNS_STATUS WINAPI DnsQueryEx(PDNS_QUERY_REQUEST pQueryRequest,
			     PDNS_QUERY_RESULT pQueryResults,
			     PDNS_QUERY_CANCEL pCancelHandle)
{
	DNS_STATUS status;

	if (!pQueryResults || pQueryResults->Version != DNS_QUERY_RESULTS_VERSION1) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return ERROR_INVALID_PARAMETER;
	}
	pQueryResults->QueryOptions = 0;
	pQueryResults->pQueryRecords = NULL;
	pQueryResults->Reserved = NULL;
	if (pCancelHandle)
		memset(pCancelHandle, 0, sizeof(*pCancelHandle));

	status = query(pQueryRequest, pQueryResults, pCancelHandle);
	debug("DnsQueryEx: %d\n", status);
	if (status == DNS_REQUEST_PENDING)
		return status;
	/* Clients read either, whatever came of it. */
	pQueryResults->QueryStatus = status;
	if (status)
		SetLastError(status);
	return status;
}

static DNS_STATUS cancel_query(struct client *c, const struct token *token)
{
	struct query *q = table_find(c, token);
	int answer;

	if (!q) {
		/* Not known any longer, or never issued. */
		if (token->generation - c->first_generation <
		    c->next_generation - c->first_generation &&
		    get_settings()->late_success)
			return ERROR_SUCCESS;
		return ERROR_INVALID_PARAMETER;
	}
	if (q->cancelled)
		return ERROR_SUCCESS;
	answer = iotarget_cancel(c->target, q->id);
	debug("cancel of request 0x%llx: %d\n", (unsigned long long)q->id, answer);
	/* Marked: the driver has just unmarked it to complete it. Too late. */
	q->cancelled = answer == IOTARGET_CANCEL_DELIVERED ||
		       answer == IOTARGET_CANCEL_TOLD;
	if (q->cancelled || get_settings()->late_success)
		return ERROR_SUCCESS;
	return ERROR_INVALID_PARAMETER;
}

DNS_STATUS WINAPI DnsCancelQuery(PDNS_QUERY_CANCEL pCancelHandle)
{
	DNS_STATUS status = ERROR_INVALID_PARAMETER;
	struct token token = { 0 };
	struct client *c = NULL;

	if (pCancelHandle)
		memcpy(&token, pCancelHandle, sizeof(token));
	if (token.magic == TOKEN_MAGIC && token.pid == getpid())
		c = client_get_running();
	if (c) {
		pthread_mutex_lock(&c->lock);
		status = cancel_query(c, &token);
		pthread_mutex_unlock(&c->lock);
		client_put(c);
	}
	debug("DnsCancelQuery: %d\n", status);
	if (status)
		SetLastError(status);
	return status;
}

VOID WINAPI DnsFree(PVOID pData, DNS_FREE_TYPE FreeType)
{
	if (FreeType == DnsFreeRecordList)
		dnsrec_free(pData);
	else if (FreeType == DnsFreeFlat)
		free(pData);
}

VOID WINAPI (DnsRecordListFree)(PVOID pRecordList, DNS_FREE_TYPE FreeType)
{
	(void)FreeType;
	dnsrec_free(pRecordList);
}

int WinDnsGetFd(void)
{
	DNS_STATUS status;
	struct client *c = client_get(&status);
	int fd = -1;

	if (!c) {
		SetLastError(status);
		return -1;
	}
	pthread_mutex_lock(&c->lock);
	if (c->mode == LOOP || (c->mode == UNDECIDED && client_loop(c))) {
		fd = c->target;
		atomic_store(&loop_pid, c->pid);
	} else {
		SetLastError(ERROR_NOT_SUPPORTED);
	}
	pthread_mutex_unlock(&c->lock);
	client_put(c);
	return fd;
}

int WinDnsDispatch(void)
{
	struct client *c = client_get_running();
	struct iotarget_reap_element done;
	int calls = 0, n = 0;

	if (!c)
		return 0;
	if (c->mode == LOOP) {
		/* (a callback may fork, and return in the child) */
		while (c->pid == getpid() &&
		       (n = iotarget_reap(c->target, &done, 1)) == 1)
			calls += completed(c, &done);
		if (n == -ENODEV)
			client_end(c);
	}
	client_put(c);
	return calls;
}

/* --------------------------------------------------------------- for tests */

void windns_clock_step(uint64_t ns)
{
	struct client *c = client_get_running();

	if (!c)
		return;
	if (c->driver)
		dnsdrv_clock_step(c->driver, ns);
	client_put(c);
}
