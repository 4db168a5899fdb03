/* SPDX-License-Identifier: MIT */
/*
 * What windns.c and dnsdrv.c say to each other through /dev/iotarget/dns or an
 * anonymous device. Private: both come from one build.
 *
 * Everything is a CONTROL request. A status below 0 is a negative errno.
 *
 * DNSPROTO_QUERY: in is a struct dnsproto_query, its servers, and the name in
 * wire format. Status 0: out is the server's whole answer, unparsed, so that
 * its untrusted bytes are parsed in the client's process. Status above 0: the
 * answer has so many bytes and did not fit; the driver keeps it for a while.
 *
 * DNSPROTO_ANSWER: the request's offset is the id of such a query; out is its
 * answer. -ENOENT: it is not kept any longer.
 */
#ifndef DNSPROTO_H
#define DNSPROTO_H

#include <stdint.h>

#define DNSPROTO_DEVICE	"dns"

enum {
	DNSPROTO_QUERY = 1,
	DNSPROTO_ANSWER = 2,
};

/* struct dnsproto_query.flags */
#define DNSPROTO_TCP		1	/* not over UDP */
#define DNSPROTO_NO_RECURSION	2	/* RD is 0 */
#define DNSPROTO_TRUNCATED	4	/* a truncated answer will do */

#define DNSPROTO_MAX_SERVERS	64
#define DNSPROTO_MAX_NAME	255
#define DNSPROTO_MAX_MESSAGE	65535

struct dnsproto_server {
	uint16_t family;
	uint16_t port;		/* host order, never 0 */
	uint8_t address[16];
};

struct dnsproto_query {
	uint16_t type;
	uint16_t flags;
	uint16_t server_count;	/* 0: those of the driver's system */
	uint16_t name_length;
	struct dnsproto_server servers[];
};

#endif
