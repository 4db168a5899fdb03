/* SPDX-License-Identifier: MIT */
/*
 * DNS names and records between their wire format and that of windns.h.
 */
#ifndef DNSREC_H
#define DNSREC_H

#include <stdbool.h>
#include "windns.h"

#pragma GCC visibility push(default)

#define DNSREC_TTL_LITERAL	604800

/*
 * Writes a name in wire format (256 bytes are enough) and returns its length,
 * or 0 if it is none: an empty label, a label above 63 bytes, a name above 255.
 */
size_t dnsrec_name_to_wire(uint8_t *wire, const WCHAR *name, bool idn);

/*
 * Turns a server's answer to a query of this type into a status and, with
 * ERROR_SUCCESS, a list for DnsFree.
 */
DNS_STATUS dnsrec_parse(const uint8_t *message, size_t length, WORD type,
			ULONG64 options, PDNS_RECORDW *list);

/* Has the type a struct on Windows that is not carried yet? */
bool dnsrec_missing(WORD type);

/* One A or AAAA record; NULL without memory. */
PDNS_RECORDW dnsrec_address(const WCHAR *name, int family, const void *address,
			    DWORD ttl);

void dnsrec_free(PDNS_RECORDW list);

#pragma GCC visibility pop

#endif
