// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "server.h"

#define SENTINEL	"sentinel"	/* shorter than a DNS header */

struct message {
	uint8_t bytes[4096];
	int length;
};

static void put(struct message *m, const void *bytes, int length)
{
	memcpy(m->bytes + m->length, bytes, length);
	m->length += length;
}

static void put8(struct message *m, int value)
{
	m->bytes[m->length++] = value;
}

static void put16(struct message *m, int value)
{
	put8(m, value >> 8);
	put8(m, value);
}

static void put32(struct message *m, uint32_t value)
{
	put16(m, value >> 16);
	put16(m, value & 0xffff);
}

/* One label below the question's own name. */
static void put_name(struct message *m, const char *label)
{
	if (label) {
		put8(m, strlen(label));
		put(m, label, strlen(label));
	}
	put16(m, 0xc00c);
}

/* counts: 6 answers, 8 authorities, 10 additionals */
static void put_rr(struct message *m, int counts, const char *label, int type,
		   uint32_t ttl, const void *data, int length)
{
	m->bytes[counts + 1]++;
	put_name(m, label);
	put16(m, type);
	put16(m, 1);
	put32(m, ttl);
	put16(m, length);
	put(m, data, length);
}

static void put_cname(struct message *m, const char *from, const char *to)
{
	struct message target = { .length = 0 };

	put_name(&target, to);
	put_rr(m, 6, from, 5, 300, target.bytes, target.length);
}

static void put_address(struct server *s, struct message *m, const char *label,
			int type, uint32_t ttl)
{
	uint8_t v4[4] = { 192, 0, 2, s->host };
	uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = s->host };

	if (type == 28)
		put_rr(m, 6, label, 28, ttl, v6, 16);
	else
		put_rr(m, 6, label, 1, ttl, v4, 4);
}

/* The question alone, as the beginning of an answer. */
static int begin(struct message *m, const uint8_t *query, int length)
{
	int end = 12;

	while (end < length && query[end])
		end += 1 + query[end];
	end += 5;
	if (length < 12 || end > length)
		return -1;
	m->length = 0;
	put(m, query, end);
	memset(m->bytes + 6, 0, 6);
	m->bytes[2] |= 0x84;		/* an answer, authoritative */
	m->bytes[3] = 0x80;
	return m->bytes[end - 4] << 8 | m->bytes[end - 3];
}

static void make_reply(struct server *s, struct message *m, const char *how,
		       int number, int type, bool tcp)
{
	static const uint8_t text[] = "\1a\0\xff";
	char long_text[3 + 256];

	if (!strcmp(how, "rcode")) {
		m->bytes[3] |= number;
	} else if (!strcmp(how, "nodata")) {
		uint8_t soa[2 + 2 + 20] = { 0xc0, 12, 0xc0, 12 };

		put_rr(m, 8, NULL, 6, 300, soa, sizeof(soa));
	} else if (!strcmp(how, "chain")) {
		put_address(s, m, "end", type, 300);
		put_cname(m, "two", "end");
		put_cname(m, NULL, "one");
		put_cname(m, "one", "two");
	} else if (!strcmp(how, "loop")) {
		put_cname(m, NULL, "one");
		put_cname(m, "one", NULL);
	} else if (!strcmp(how, "dangle")) {
		put_cname(m, NULL, "one");
	} else if (!strcmp(how, "txt")) {
		memcpy(long_text, text, 4);
		memset(long_text + 4, 'b', 255);
		put_rr(m, 6, NULL, 16, 300, long_text, sizeof(long_text));
	} else if (!strcmp(how, "latin")) {
		put_rr(m, 6, NULL, 16, 300, "\4\344b\374\376", 5);
	} else if (!strcmp(how, "ttl")) {
		put_address(s, m, NULL, type, 300);
		put_address(s, m, NULL, type, 60);
	} else if (!strcmp(how, "big") && !tcp) {
		m->bytes[2] |= 2;
	} else if (!strcmp(how, "big")) {
		for (int i = 0; i < 60; i++)
			put_address(s, m, NULL, type, 300);
	} else {
		put_address(s, m, NULL, type, 300);
	}

	if (!strcmp(how, "badlen"))
		m->bytes[m->length - 5] = 200;
	else if (!strcmp(how, "badptr"))
		m->bytes[m->length - 15] = m->length - 16;
	else if (!strcmp(how, "badcount"))
		m->bytes[7] = 9;
	else if (!strcmp(how, "short"))
		m->length = 5;
}

static void hold(struct server *s, const struct message *m,
		 const struct sockaddr_storage *to, socklen_t to_length)
{
	struct held *h;

	/* What is sent again is held already. */
	for (unsigned int i = 0; i < s->held_count; i++)
		if (!memcmp(s->held[i].reply, m->bytes, 2) &&
		    !memcmp(&s->held[i].to, to, to_length))
			return;
	if (s->held_count == s->held_room) {
		s->held_room = s->held_room * 2 + 64;
		s->held = realloc(s->held, s->held_room * sizeof(*s->held));
	}
	h = &s->held[s->held_count++];
	h->to = *to;
	h->to_length = to_length;
	h->length = m->length;
	memcpy(h->reply, m->bytes, m->length);
}

static void send_stray(struct server *s, struct message *m,
		       const struct sockaddr *to, socklen_t to_length)
{
	m->bytes[0] ^= 1;
	sendto(s->udp_fd, m->bytes, m->length, 0, to, to_length);
	m->bytes[0] ^= 1;
	m->bytes[13] ^= 1;
	sendto(s->udp_fd, m->bytes, m->length, 0, to, to_length);
	m->bytes[13] ^= 1;
	/* From there the address would be wrong, too. */
	m->bytes[m->length - 1] ^= 0x80;
	sendto(s->stray_fd, m->bytes, m->length, 0, to, to_length);
	m->bytes[m->length - 1] ^= 0x80;
}

/* False: nothing is to be sent now. */
static bool answer(struct server *s, const uint8_t *query, int length,
		   const struct sockaddr_storage *from, socklen_t from_length,
		   struct message *m)
{
	bool tcp = !from;
	char how[64] = "";
	int type = begin(m, query, length), number = 0;

	if (type < 0)
		return false;
	if (tcp)
		s->tcp++;
	else
		s->udp++;
	s->last_length = length < (int)sizeof(s->last) ? length :
						(int)sizeof(s->last);
	memcpy(s->last, query, s->last_length);

	memcpy(how, query + 13, query[12]);
	if (s->always)
		strcpy(how, s->always);
	number = atoi(how + strcspn(how, "0123456789"));
	how[strcspn(how, "-0123456789")] = 0;

	make_reply(s, m, how, number, type, tcp);
	if (!strcmp(how, "hold") && !tcp)
		hold(s, m, from, from_length);
	if (!strcmp(how, "stray") && !tcp)
		send_stray(s, m, (const struct sockaddr *)from, from_length);
	return strcmp(how, "hold") && strcmp(how, "drop");
}

static void serve_udp(struct server *s)
{
	struct sockaddr_storage from = { 0 };
	socklen_t from_length = sizeof(from);
	uint8_t query[2048];
	struct message m;
	int length;

	length = recvfrom(s->udp_fd, query, sizeof(query), 0,
			  (struct sockaddr *)&from, &from_length);
	pthread_mutex_lock(&s->lock);
	if (length == sizeof(SENTINEL) && !memcmp(query, SENTINEL, length))
		sendto(s->udp_fd, query, length, 0, (struct sockaddr *)&from,
		       from_length);
	else if (length > 0 &&
		 answer(s, query, length, &from, from_length, &m))
		sendto(s->udp_fd, m.bytes, m.length, 0,
		       (struct sockaddr *)&from, from_length);
	pthread_cond_broadcast(&s->seen);
	pthread_mutex_unlock(&s->lock);
}

/* One connection at a time, one query each. */
static void serve_tcp(struct server *s)
{
	int fd = accept(s->tcp_fd, NULL, NULL), length;
	uint8_t query[2 + 512], prefix[2];
	struct message m;

	if (fd < 0)
		return;
	length = recv(fd, query, sizeof(query), 0);
	while (length >= 0 && (length < 2 || length < 2 + query[1])) {
		int more = recv(fd, query + length, sizeof(query) - length, 0);

		if (more <= 0)
			break;
		length += more;
	}
	pthread_mutex_lock(&s->lock);
	if (length > 2 && answer(s, query + 2, length - 2, NULL, 0, &m)) {
		prefix[0] = m.length >> 8;
		prefix[1] = m.length;
		send(fd, prefix, 2, MSG_MORE | MSG_NOSIGNAL);
		send(fd, m.bytes, m.length, MSG_NOSIGNAL);
	}
	pthread_cond_broadcast(&s->seen);
	pthread_mutex_unlock(&s->lock);
	close(fd);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	struct pollfd fds[] = {
		{ .fd = s->udp_fd, .events = POLLIN },
		{ .fd = s->tcp_fd, .events = POLLIN },
		{ .fd = s->stop_fd, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			abort();
		if (fds[2].revents)
			return NULL;
		if (fds[0].revents)
			serve_udp(s);
		if (fds[1].revents)
			serve_tcp(s);
	}
}

bool server_start(struct server *s, int family)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *any = family == AF_INET ? (void *)&v4 : (void *)&v6;
	socklen_t any_length = family == AF_INET ? sizeof(v4) : sizeof(v6);
	struct sockaddr *own = (struct sockaddr *)&s->address;
	socklen_t length = sizeof(s->address);
	int room = 16 << 20, tries = 0;

	memset(s, 0, sizeof(*s));
	s->host = 1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->seen, NULL);
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	s->stray_fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->stray_fd < 0 || bind(s->stray_fd, any, any_length))
		return false;
	/* The same free port for both. */
	do {
		if (tries++) {
			close(s->udp_fd);
			close(s->tcp_fd);
		}
		s->udp_fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		s->tcp_fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (bind(s->udp_fd, any, any_length) ||
		    getsockname(s->udp_fd, own, &length))
			return false;
	} while (bind(s->tcp_fd, own, length) && tries < 100);
	/* A thousand queries at once must find room; a user has less. */
	if (setsockopt(s->udp_fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(s->udp_fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return !listen(s->tcp_fd, 64) &&
	       !pthread_create(&s->thread, NULL, serve, s);
}

void server_stop(struct server *s)
{
	uint64_t one = 1;

	if (write(s->stop_fd, &one, sizeof(one)) != sizeof(one))
		abort();
	pthread_join(s->thread, NULL);
	close(s->stop_fd);
	close(s->udp_fd);
	close(s->tcp_fd);
	close(s->stray_fd);
	free(s->held);
}

void server_wait(struct server *s, unsigned int count)
{
	pthread_mutex_lock(&s->lock);
	while (s->udp + s->tcp < count)
		pthread_cond_wait(&s->seen, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void server_wait_held(struct server *s, unsigned int count)
{
	pthread_mutex_lock(&s->lock);
	while (s->held_count < count)
		pthread_cond_wait(&s->seen, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void server_release(struct server *s, bool shuffle)
{
	struct held h;
	unsigned int i;

	pthread_mutex_lock(&s->lock);
	while (s->held_count) {
		i = shuffle ? (unsigned int)rand() % s->held_count : 0;
		h = s->held[i];
		s->held[i] = s->held[--s->held_count];
		sendto(s->udp_fd, h.reply, h.length, 0,
		       (struct sockaddr *)&h.to, h.to_length);
	}
	pthread_mutex_unlock(&s->lock);
}

unsigned int server_total(struct server *s)
{
	int fd = socket(s->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char echo[sizeof(SENTINEL)];
	unsigned int total;

	if (connect(fd, (struct sockaddr *)&s->address,
		    s->address.ss_family == AF_INET ?
		    sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) ||
	    send(fd, SENTINEL, sizeof(SENTINEL), 0) != sizeof(SENTINEL) ||
	    recv(fd, echo, sizeof(echo), 0) != sizeof(echo))
		abort();
	close(fd);
	pthread_mutex_lock(&s->lock);
	total = s->udp + s->tcp;
	pthread_mutex_unlock(&s->lock);
	return total;
}
