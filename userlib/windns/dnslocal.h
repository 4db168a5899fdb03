/* SPDX-License-Identifier: MIT */
/*
 * Names that are answered without a query: addresses, and those of this machine.
 */
#ifndef DNSLOCAL_H
#define DNSLOCAL_H

#include <stdbool.h>
#include "windns.h"

/* False: not such a name. Otherwise status and list are the answer. */
bool dnslocal_query(const WCHAR *name, WORD type, ULONG64 options,
		    DNS_STATUS *status, PDNS_RECORDW *list);

#endif
