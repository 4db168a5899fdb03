// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "dnslocal.h"
#include "dnsrec.h"
#include "winbase.h"

static DNS_STATUS add(PDNS_RECORDW **end, const WCHAR *name, WORD type,
		      int family, const void *address)
{
	if (type != (family == AF_INET ? DNS_TYPE_A : DNS_TYPE_AAAA) &&
	    type != DNS_TYPE_ALL)
		return ERROR_SUCCESS;
	**end = dnsrec_address(name, family, address, DNSREC_TTL_LITERAL);
	if (!**end)
		return ERROR_NOT_ENOUGH_MEMORY;
	*end = &(**end)->pNext;
	return ERROR_SUCCESS;
}

static DNS_STATUS add_loopback(PDNS_RECORDW **end, const WCHAR *name, WORD type)
{
	struct in_addr v4 = { htonl(INADDR_LOOPBACK) };
	DNS_STATUS status = add(end, name, type, AF_INET, &v4);

	return status ? status : add(end, name, type, AF_INET6, &in6addr_loopback);
}

/* What others can reach this machine by; where there is nothing, the loopback. */
static DNS_STATUS add_interfaces(PDNS_RECORDW *list, const WCHAR *name, WORD type)
{
	PDNS_RECORDW *end = list;
	struct ifaddrs *all, *i;
	DNS_STATUS status = ERROR_SUCCESS;
	bool any = false;

	if (getifaddrs(&all))
		return ERROR_NOT_ENOUGH_MEMORY;
	for (i = all; i && !status; i = i->ifa_next) {
		struct sockaddr_in6 *v6 = (void *)i->ifa_addr;
		struct sockaddr_in *v4 = (void *)i->ifa_addr;

		if (!i->ifa_addr || i->ifa_flags & IFF_LOOPBACK)
			continue;
		if (v4->sin_family == AF_INET)
			status = add(&end, name, type, AF_INET, &v4->sin_addr);
		else if (v6->sin6_family == AF_INET6 &&
			 !IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr))
			status = add(&end, name, type, AF_INET6, &v6->sin6_addr);
		else
			continue;
		any = true;
	}
	freeifaddrs(all);
	if (!any)
		status = add_loopback(&end, name, type);
	return status;
}

static DNS_STATUS literal(const WCHAR *name, const char *text, WORD type,
			  PDNS_RECORDW *list)
{
	const char *begin = text + strspn(text, " \t");
	char bare[INET6_ADDRSTRLEN] = "";
	size_t length = strcspn(begin, " \t");
	uint8_t address[16];
	int family;

	if (length >= sizeof(bare) || begin[length + strspn(begin + length, " \t")])
		return DNS_REQUEST_PENDING;
	memcpy(bare, begin, length);
	if (inet_pton(AF_INET, bare, address) == 1)
		family = AF_INET;
	else if (inet_pton(AF_INET6, bare, address) == 1)
		family = AF_INET6;
	else
		return DNS_REQUEST_PENDING;
	if (strcmp(bare, text))
		return DNS_ERROR_INVALID_NAME_CHAR;
	return add(&list, name, type, family, address);
}

static bool is_name(const char *text, const char *name)
{
	size_t length = strlen(name);

	return !strncasecmp(text, name, length) &&
	       (!text[length] || !strcmp(text + length, "."));
}

/* DNS_REQUEST_PENDING: not such a name. */
static DNS_STATUS query(const WCHAR *name, WORD type, ULONG64 options,
			PDNS_RECORDW *list)
{
	char text[512] = "", host[HOST_NAME_MAX + 1] = "";
	size_t units = name ? winbase_wcslen(name) : 0;
	WCHAR own[HOST_NAME_MAX + 1] = { 0 };
	DNS_STATUS status;

	/* No longer one is meant here. */
	if (units > 128 ||
	    winbase_utf8_from_utf16(text, name, units) == WINBASE_INVALID)
		return DNS_REQUEST_PENDING;
	gethostname(host, sizeof(host) - 1);

	if (!units) {
		if (type != DNS_TYPE_A && type != DNS_TYPE_AAAA)
			return DNS_ERROR_RCODE_NAME_ERROR;
		winbase_utf16_from_utf8(own, host, strlen(host));
		return add_interfaces(list, own, type);
	}
	status = literal(name, text, type, list);
	if (status != DNS_REQUEST_PENDING || 
	    options & (DNS_QUERY_NO_LOCAL_NAME | DNS_QUERY_WIRE_ONLY))
		return status;
	if (is_name(text, "localhost") || is_name(text, "loopback"))
		return add_loopback(&list, name, type);
	/* Of its own name DNS may know more than addresses. */
	if (*host && is_name(text, host) &&
	    (type == DNS_TYPE_A || type == DNS_TYPE_AAAA))
		return add_interfaces(list, name, type);
	return DNS_REQUEST_PENDING;
}

bool dnslocal_query(const WCHAR *name, WORD type, ULONG64 options,
		    DNS_STATUS *status, PDNS_RECORDW *list)
{
	*list = NULL;
	*status = query(name, type, options, list);
	if (*status == DNS_REQUEST_PENDING)
		return false;
	if (*status) {
		dnsrec_free(*list);
		*list = NULL;
	} else if (!*list) {
		*status = DNS_INFO_NO_RECORDS;
	}
	return true;
}
