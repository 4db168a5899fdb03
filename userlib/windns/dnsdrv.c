// SPDX-License-Identifier: MIT
/*
 * One c-ares channel for each query: so a query has its own servers and flags,
 * and destroying its channel closes its sockets, which ends its traffic and
 * nobody else's.
 *
 * c-ares retransmits nothing here. Its timers are set to never, and the driver
 * gives it the same packet again when its own clock says so, each time to the
 * next server. The first answer wins.
 *
 * Everything below runs on the driver's thread but for what dnsdrv.h declares.
 */
#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include <iotarget.h>
#include "dnsdrv.h"
#include "dnsproto.h"

#define SECOND		1000000000ULL
#define HEADER		12
#define NEVER_MS	(24 * 3600 * 1000)

/* Queries that have sockets at one time; the rest waits in the kernel's queue. */
#define IN_FLIGHT	1000
/* Answers too long for their request that wait to be asked for. */
#define KEPT_MAX	1000

/*
 * What a query waits for, and how long after its start that comes. All queries
 * go through the same times, so a list for each keeps itself in order. Sends at
 * 0, 1, 2, 4 and 8 seconds, and the end at 10, as Windows has it.
 */
enum stage { SEND1, SEND2, SEND3, SEND4, GIVE_UP, KEPT, STAGES, NONE = STAGES };
static const uint64_t due_after[STAGES] = {
	1 * SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND, 10 * SECOND,
	10 * SECOND,
};

struct query {
	TAILQ_ENTRY(query) link;
	struct dnsdrv *drv;
	struct iotarget_request *request;	/* NULL: the answer is kept */
	uint64_t id;
	uint64_t file;

	enum stage stage;
	uint64_t start;

	ares_channel channel;
	unsigned int servers;
	unsigned int outstanding;	/* copies that c-ares still has */
	unsigned int failures;		/* servers that said they failed */
	bool fail_over;			/* one just did, and there are more */
	bool answered;
	uint8_t *answer;
	int answer_length;

	int packet_length;
	uint8_t packet[HEADER + DNSPROTO_MAX_NAME + 4];
};

struct dnsdrv {
	int device;
	int epoll;
	int wake;
	struct iotarget_host *host;
	TAILQ_HEAD(queries, query) stages[STAGES];
	unsigned int kept;
	struct query **by_fd;
	int by_fd_size;

	bool manual;
	pthread_mutex_t clock_lock;	/* what follows */
	pthread_cond_t clock_done;
	uint64_t clock_now;
	uint64_t clock_seen;
};

/* ------------------------------------------------------------------ clock */

static uint64_t clock_now(struct dnsdrv *drv)
{
	struct timespec ts;
	uint64_t now;

	if (drv->manual) {
		pthread_mutex_lock(&drv->clock_lock);
		now = drv->clock_now;
		pthread_mutex_unlock(&drv->clock_lock);
		return now;
	}
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

void dnsdrv_clock_step(struct dnsdrv *drv, uint64_t ns)
{
	uint64_t one = 1, until;

	pthread_mutex_lock(&drv->clock_lock);
	drv->clock_now += ns;
	until = drv->clock_now;
	if (write(drv->wake, &one, sizeof(one)) == sizeof(one))
		while (drv->clock_seen < until)
			pthread_cond_wait(&drv->clock_done, &drv->clock_lock);
	pthread_mutex_unlock(&drv->clock_lock);
}

static void clock_tell(struct dnsdrv *drv, uint64_t seen)
{
	pthread_mutex_lock(&drv->clock_lock);
	drv->clock_seen = seen;
	pthread_cond_broadcast(&drv->clock_done);
	pthread_mutex_unlock(&drv->clock_lock);
}

/* ---------------------------------------------------------------- queries */

static void enter_stage(struct query *q, enum stage stage)
{
	q->stage = stage;
	TAILQ_INSERT_TAIL(&q->drv->stages[stage], q, link);
	q->drv->kept += stage == KEPT;
}

static void leave_stage(struct query *q)
{
	if (q->stage == NONE)
		return;
	TAILQ_REMOVE(&q->drv->stages[q->stage], q, link);
	q->drv->kept -= q->stage == KEPT;
	q->stage = NONE;
}

/*
 * Without this the kernel goes on for a TCP socket that was closed: it sends
 * again what was not acknowledged. So a close sends one RST, and that is all.
 */
static int on_created(ares_socket_t fd, int type, void *arg)
{
	struct linger none = { .l_onoff = 1 };

	(void)arg;
	if (type != SOCK_STREAM)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

/* After this no packet of the query leaves. */
static void close_sockets(struct query *q)
{
	if (q->channel)
		ares_destroy(q->channel);
	q->channel = NULL;
}

static void query_free(struct query *q)
{
	leave_stage(q);
	close_sockets(q);
	free(q->answer);
	free(q);
}

static void complete(struct iotarget_request *request, int32_t status,
		     const void *data, uint32_t length)
{
	/* It takes whatever stays within the request, and this does. */
	iotarget_request_complete(request, status, data, length, length);
}

static void finish(struct query *q, int32_t status)
{
	struct iotarget_request *request = q->request;

	leave_stage(q);
	close_sockets(q);
	if (status) {
		complete(request, status, NULL, 0);
	} else if (q->answer_length <= (int)request->out_length) {
		complete(request, 0, q->answer, q->answer_length);
	} else {
		q->start = clock_now(q->drv);
		enter_stage(q, KEPT);
		if (q->drv->kept > KEPT_MAX)
			query_free(TAILQ_FIRST(&q->drv->stages[KEPT]));
		q->request = NULL;
		request->context = NULL;
		complete(request, q->answer_length, NULL, 0);
	}
}

/* c-ares calls it for each copy once: within ares_send() too, or at the end. */
static void on_answer(void *arg, int status, int timeouts, unsigned char *data,
		      int length)
{
	struct query *q = arg;
	int rcode;
	bool bad;

	(void)timeouts;
	q->outstanding--;
	if (status != ARES_SUCCESS || q->answered)
		return;

	/* SERVFAIL, NOTIMP, REFUSED: another server may know better. */
	rcode = data[3] & 0xf;
	bad = rcode == 2 || rcode == 4 || rcode == 5;
	q->fail_over = bad && ++q->failures < q->servers;
	/* (kept, for when no other one answers in time) */
	q->answered = !bad || q->servers == 1;

	free(q->answer);
	q->answer = malloc(length);
	q->answer_length = length;
	if (q->answer)
		memcpy(q->answer, data, length);
}

static void send_copy(struct query *q)
{
	q->outstanding++;
	ares_send(q->channel, q->packet, q->packet_length, on_answer, q);
}

/* After each call into c-ares: do what its callbacks found. Ends q perhaps. */
static void advance(struct query *q)
{
	while (q->fail_over && !q->answered) {
		q->fail_over = false;
		send_copy(q);
	}
	if (q->answered && !q->answer)
		finish(q, -ENOMEM);
	else if (q->answered || !q->outstanding)
		finish(q, q->answer ? 0 : -ETIMEDOUT);
}

/* ---------------------------------------------------------------- sockets */

static bool by_fd_grow(struct dnsdrv *drv, int fd)
{
	int size = fd * 2 + 16;
	struct query **grown;

	if (fd < drv->by_fd_size)
		return true;
	grown = realloc(drv->by_fd, size * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + drv->by_fd_size, 0,
	       (size - drv->by_fd_size) * sizeof(*grown));
	drv->by_fd = grown;
	drv->by_fd_size = size;
	return true;
}

/* What c-ares wants of a socket; neither: it is about to close it. */
static void on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct query *q = arg;
	struct dnsdrv *drv = q->drv;
	struct epoll_event event = {
		.events = (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0),
		.data.fd = fd,
	};

	/* Without memory the query hears nothing and ends at its time. */
	if (!by_fd_grow(drv, fd))
		return;
	if (!event.events) {
		epoll_ctl(drv->epoll, EPOLL_CTL_DEL, fd, NULL);
		drv->by_fd[fd] = NULL;
		return;
	}
	epoll_ctl(drv->epoll, drv->by_fd[fd] ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
		  fd, &event);
	drv->by_fd[fd] = q;
}

static void socket_ready(struct dnsdrv *drv, int fd, uint32_t events)
{
	/*
	 * The socket of an event can be closed meanwhile, and another query
	 * have its number: then c-ares finds nothing there.
	 */
	struct query *q = drv->by_fd[fd];
	uint32_t broken = EPOLLERR | EPOLLHUP;

	if (!q)
		return;
	ares_process_fd(q->channel,
			events & (EPOLLIN | broken) ? fd : ARES_SOCKET_BAD,
			events & (EPOLLOUT | broken) ? fd : ARES_SOCKET_BAD);
	advance(q);
}

/* --------------------------------------------------------------- requests */

/* A name on the wire ends where its length says, and its labels fit. */
static bool name_valid(const uint8_t *name, size_t length)
{
	size_t at = 0;

	while (at < length && name[at] && name[at] <= 63)
		at += 1 + name[at];
	return at + 1 == length && !name[at];
}

static int make_packet(struct query *q, const struct dnsproto_query *in,
		       const uint8_t *name)
{
	uint8_t *p = q->packet;

	/* Nobody off the path must be able to guess it. */
	if (getrandom(p, 2, 0) != 2)
		return -EIO;
	p[2] = !(in->flags & DNSPROTO_NO_RECURSION);	/* RD */
	p[5] = 1;					/* one question */
	p += HEADER;
	memcpy(p, name, in->name_length);
	p += in->name_length;
	*p++ = in->type >> 8;
	*p++ = in->type;
	*p++ = 0;
	*p++ = 1;					/* IN */
	q->packet_length = p - q->packet;
	return 0;
}

static int set_servers(struct query *q, const struct dnsproto_query *in)
{
	struct ares_addr_port_node nodes[DNSPROTO_MAX_SERVERS] = { 0 };

	for (int i = 0; i < in->server_count; i++) {
		const struct dnsproto_server *s = &in->servers[i];

		if (s->family != AF_INET && s->family != AF_INET6)
			return -EINVAL;
		nodes[i].next = i + 1 < in->server_count ? &nodes[i + 1] : NULL;
		nodes[i].family = s->family;
		memcpy(&nodes[i].addr, s->address, s->family == AF_INET ? 4 : 16);
		nodes[i].udp_port = s->port;
		nodes[i].tcp_port = s->port;
	}
	q->servers = in->server_count;
	return ares_set_servers_ports(q->channel, nodes) ? -ENOMEM : 0;
}

/* All options are given, so that c-ares reads no file; but see below. */
static int make_channel(struct query *q, const struct dnsproto_query *in)
{
	struct ares_options options = {
		.flags = ARES_FLAG_NOCHECKRESP,
		.timeout = NEVER_MS,
		.tries = 1,
		.ndots = 1,
		.lookups = (char *)"b",
		.sock_state_cb = on_socket,
		.sock_state_cb_data = q,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		   ARES_OPT_NDOTS | ARES_OPT_LOOKUPS | ARES_OPT_DOMAINS |
		   ARES_OPT_SORTLIST | ARES_OPT_SOCK_STATE_CB | ARES_OPT_ROTATE;
	struct ares_addr_port_node *system, *s;

	if (in->flags & DNSPROTO_TCP)
		options.flags |= ARES_FLAG_USEVC;
	if (in->flags & DNSPROTO_TRUNCATED)
		options.flags |= ARES_FLAG_IGNTC;
	if (in->server_count)
		mask |= ARES_OPT_SERVERS;
	if (ares_init_options(&q->channel, &options, mask))
		return -ENOMEM;
	ares_set_socket_configure_callback(q->channel, on_created, NULL);
	if (in->server_count)
		return set_servers(q, in);

	/* Those of resolv.conf, which c-ares has read. */
	if (ares_get_servers_ports(q->channel, &system))
		return -ENOMEM;
	for (s = system; s; s = s->next)
		q->servers++;
	ares_free_data(system);
	return 0;
}

static void on_query(struct dnsdrv *drv, struct iotarget_request *request)
{
	const struct dnsproto_query *in = request->in;
	size_t servers, length = request->in_length;
	const uint8_t *name;
	struct query *q;
	int error;

	servers = length < sizeof(*in) ? 0 :
		  in->server_count * sizeof(in->servers[0]);
	if (length < sizeof(*in) || in->server_count > DNSPROTO_MAX_SERVERS ||
	    in->name_length > DNSPROTO_MAX_NAME ||
	    length != sizeof(*in) + servers + in->name_length)
		return complete(request, -EINVAL, NULL, 0);
	name = (const uint8_t *)in + sizeof(*in) + servers;
	if (!name_valid(name, in->name_length))
		return complete(request, -EINVAL, NULL, 0);

	q = calloc(1, sizeof(*q));
	if (!q)
		return complete(request, -ENOMEM, NULL, 0);
	q->drv = drv;
	q->request = request;
	q->id = request->id;
	q->file = request->file;
	q->start = clock_now(drv);
	enter_stage(q, SEND1);
	request->context = q;

	error = make_packet(q, in, name);
	if (!error)
		error = make_channel(q, in);
	if (error)
		return finish(q, error);
	send_copy(q);
	advance(q);
}

static void on_kept(struct dnsdrv *drv, struct iotarget_request *request)
{
	struct query *q;

	TAILQ_FOREACH(q, &drv->stages[KEPT], link)
		if (q->id == request->offset && q->file == request->file)
			break;
	if (!q)
		return complete(request, -ENOENT, NULL, 0);
	if (q->answer_length > (int)request->out_length)
		return complete(request, -EMSGSIZE, NULL, 0);
	complete(request, 0, q->answer, q->answer_length);
	query_free(q);
}

static void on_request(struct iotarget_request *request)
{
	struct dnsdrv *drv = request->host_context;

	if (request->type == IOTARGET_TYPE_CONTROL &&
	    request->code == DNSPROTO_QUERY)
		on_query(drv, request);
	else if (request->type == IOTARGET_TYPE_CONTROL &&
		 request->code == DNSPROTO_ANSWER)
		on_kept(drv, request);
	else
		complete(request, -EINVAL, NULL, 0);
}

/* The sockets are closed before the sender can hear of the end. */
static void on_cancel(struct iotarget_request *request)
{
	finish(request->context, -ECANCELED);
}

static void on_release(struct iotarget_request *request)
{
	if (request->context)
		query_free(request->context);
}

/* ------------------------------------------------------------------- loop */

static void run_timers(struct dnsdrv *drv, uint64_t now)
{
	struct query *q;

	for (int stage = 0; stage < STAGES; stage++) {
		while ((q = TAILQ_FIRST(&drv->stages[stage])) &&
		       q->start + due_after[stage] <= now) {
			if (stage == KEPT) {
				query_free(q);
			} else if (stage == GIVE_UP) {
				finish(q, q->answer ? 0 : -ETIMEDOUT);
			} else {
				leave_stage(q);
				enter_stage(q, stage + 1);
				send_copy(q);
				advance(q);
			}
		}
	}
}

/* Until the next thing is due, in milliseconds; -1 for never. */
static int timeout(struct dnsdrv *drv)
{
	uint64_t now = clock_now(drv), next = UINT64_MAX, due;
	struct query *q;

	for (int stage = 0; stage < STAGES; stage++) {
		q = TAILQ_FIRST(&drv->stages[stage]);
		due = q ? q->start + due_after[stage] : UINT64_MAX;
		next = due < next ? due : next;
	}
	if (drv->manual || next == UINT64_MAX)
		return -1;
	return next <= now ? 0 : (next - now) / 1000000 + 1;
}

static void drv_free(struct dnsdrv *drv)
{
	iotarget_host_destroy(drv->host);
	for (int stage = 0; stage < STAGES; stage++)
		while (!TAILQ_EMPTY(&drv->stages[stage]))
			query_free(TAILQ_FIRST(&drv->stages[stage]));
	free(drv->by_fd);
	if (drv->epoll >= 0)
		close(drv->epoll);
	if (drv->wake >= 0)
		close(drv->wake);
	close(drv->device);
	free(drv);
	ares_library_cleanup();
}

static void *loop(void *arg)
{
	struct dnsdrv *drv = arg;
	struct epoll_event events[64];
	int host = iotarget_host_fd(drv->host), n, i;
	uint64_t now, count;

	for (;;) {
		n = epoll_wait(drv->epoll, events, 64, timeout(drv));
		for (i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == host) {
				if (iotarget_host_step(drv->host) == -ENODEV) {
					drv_free(drv);
					return NULL;
				}
			} else if (fd == drv->wake) {
				if (read(fd, &count, sizeof(count)) < 0)
					continue;
			} else {
				socket_ready(drv, fd, events[i].events);
			}
		}
		now = clock_now(drv);
		run_timers(drv, now);
		if (drv->manual)
			clock_tell(drv, now);
	}
}

int dnsdrv_device_create(void)
{
	struct iotarget_device_create options = {
		.dispatch = IOTARGET_DISPATCH_PARALLEL,
		.limit = IN_FLIGHT,
	};
	struct rlimit files;

	/*
	 * A query has a socket for each server that it has asked: a few. The
	 * rest of the program needs some as well.
	 */
	if (!getrlimit(RLIMIT_NOFILE, &files) &&
	    files.rlim_cur < 4 * IN_FLIGHT)
		options.limit = files.rlim_cur > 4 ? files.rlim_cur / 4 : 1;
	return iotarget_device_create(&options);
}

static int start_thread(struct dnsdrv *drv)
{
	pthread_t thread;
	sigset_t all, old;
	int error;

	/* The program's signals are not for this thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&thread, NULL, loop, drv);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error)
		return -error;
	pthread_setname_np(thread, "windns-driver");
	pthread_detach(thread);
	return 0;
}

int dnsdrv_start(int device, struct dnsdrv **out)
{
	static const struct iotarget_driver driver = {
		.size = sizeof(driver),
		.flags = IOTARGET_DRIVER_CANCELABLE,
		.on_request = on_request,
		.on_cancel = on_cancel,
		.on_release = on_release,
	};
	const char *clock = secure_getenv("IOTARGET_CLOCK");
	struct dnsdrv *drv = calloc(1, sizeof(*drv));
	struct epoll_event event = { .events = EPOLLIN };
	int error;

	if (!drv || ares_library_init(ARES_LIB_INIT_ALL)) {
		free(drv);
		close(device);
		return -ENOMEM;
	}
	for (int stage = 0; stage < STAGES; stage++)
		TAILQ_INIT(&drv->stages[stage]);
	pthread_mutex_init(&drv->clock_lock, NULL);
	pthread_cond_init(&drv->clock_done, NULL);
	drv->manual = clock && !strcmp(clock, "manual");
	drv->device = device;
	drv->epoll = epoll_create1(EPOLL_CLOEXEC);
	drv->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	error = drv->epoll < 0 || drv->wake < 0 ? -errno : 0;
	if (!error)
		error = iotarget_host_create(device, &driver, drv, &drv->host);
	if (!error) {
		event.data.fd = iotarget_host_fd(drv->host);
		error = epoll_ctl(drv->epoll, EPOLL_CTL_ADD, event.data.fd,
				  &event) ? -errno : 0;
	}
	if (!error) {
		event.data.fd = drv->wake;
		error = epoll_ctl(drv->epoll, EPOLL_CTL_ADD, event.data.fd,
				  &event) ? -errno : 0;
	}
	/* Before the thread: it may free drv. */
	*out = drv;
	if (!error)
		error = start_thread(drv);
	if (error)
		drv_free(drv);
	return error;
}
