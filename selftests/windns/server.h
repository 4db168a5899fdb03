/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A DNS server on loopback that does what it is told, on a thread of the test.
 * What it does with a query is written in the first label of its name, up to a
 * '-' or digit:
 *
 *	ok	answers: A 192.0.2.HOST, AAAA 2001:db8::HOST
 *	hold	so as well, but only when server_release() says so
 *	drop	never answers
 *	rcodeN	that RCODE and nothing else
 *	nodata	no answer, an SOA in the authority section
 *	chain	three CNAMEs out of their order, and A
 *	loop	two CNAMEs that name each other
 *	dangle	a CNAME and no more
 *	txt	the strings "a", "" and 255 times "b"
 *	latin	a string that is no UTF-8
 *	ttl	two A with TTLs 300 and 60
 *	big	60 A over TCP; over UDP none, and truncated
 *	badlen	RDLENGTH beyond the end
 *	badptr	a name that points to itself
 *	badcount 9 answers counted, 1 there
 *	short	5 bytes
 *	stray	first answers with a wrong id, with a wrong question, and from
 *		a wrong port; then right
 */
#ifndef SERVER_H
#define SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct held {
	struct sockaddr_storage to;
	socklen_t to_length;
	uint8_t reply[512];
	int length;
};

struct server {
	struct sockaddr_storage address;
	/* a test sets these while the thread runs */
	const char *_Atomic always;	/* instead of the name's label */
	_Atomic uint8_t host;		/* 1 at first */

	pthread_mutex_t lock;
	pthread_cond_t seen;
	_Atomic unsigned int udp, tcp;	/* queries that came */
	uint8_t last[512];		/* the last one: see server_total() */
	int last_length;
	struct held *held;
	unsigned int held_count, held_room;

	int udp_fd, stray_fd, tcp_fd, stop_fd;
	pthread_t thread;
};

/* AF_INET or AF_INET6; false if there is no such loopback. */
bool server_start(struct server *s, int family);
void server_stop(struct server *s);

/* Waits until so many queries have come, over both. */
void server_wait(struct server *s, unsigned int count);

/* Waits until so many different ones are held. */
void server_wait_held(struct server *s, unsigned int count);

/* Sends what is held, in an order of its own if asked to. */
void server_release(struct server *s, bool shuffle);

/* How many came, after one last packet that the server is seen to read. */
unsigned int server_total(struct server *s);

#endif
