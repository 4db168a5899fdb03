// SPDX-License-Identifier: MIT
#include <idn2.h>
#include <ldns/ldns.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "dnsrec.h"
#include "winbase.h"

/* ------------------------------------------------------------------ names */

size_t dnsrec_name_to_wire(uint8_t *wire, const WCHAR *name, bool idn)
{
	char buffer[1024], *text = buffer, *encoded = NULL, *label, *dot;
	size_t units = winbase_wcslen(name), bytes, length = 0;
	bool ascii = true;

	/* No name that fits on the wire is longer than this. */
	if (units > 256)
		return 0;
	bytes = winbase_utf8_from_utf16(buffer, name, units);
	if (bytes == WINBASE_INVALID)
		return 0;
	buffer[bytes] = 0;
	for (size_t i = 0; i < bytes; i++)
		ascii &= (uint8_t)buffer[i] < 0x80;
	if (!ascii && idn) {
		if (idn2_lookup_u8((uint8_t *)buffer, (uint8_t **)&encoded,
				   IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL))
			return 0;
		text = encoded;
		bytes = strlen(text);
	}
	if (bytes && text[bytes - 1] == '.')
		text[--bytes] = 0;

	for (label = text; bytes; label = dot + 1) {
		dot = strchrnul(label, '.');
		bytes = dot - label;
		if (bytes == 0 || bytes > 63 || length + 1 + bytes > 254) {
			length = WINBASE_INVALID;
			break;
		}
		wire[length++] = bytes;
		memcpy(wire + length, label, bytes);
		length += bytes;
		if (!*dot)
			break;
	}
	idn2_free(encoded);
	if (length == WINBASE_INVALID)
		return 0;
	wire[length++] = 0;
	return length;
}

/* ---------------------------------------------------------------- records */

/*
 * A record is one block, so that clients can take lists apart: the struct, its
 * data, the arrays behind it, and last the strings. build() runs twice: without
 * memory it only counts.
 */
struct block {
	char *memory;
	size_t used;
};

static void *block_take(struct block *b, size_t size, size_t align)
{
	b->used = (b->used + align - 1) / align * align;
	b->used += size;
	return b->memory ? b->memory + b->used - size : NULL;
}

/* Text that is no UTF-8 is taken for Latin-1. */
static PWSTR block_text(struct block *b, const void *text, size_t bytes)
{
	size_t units = winbase_utf16_from_utf8(NULL, text, bytes);
	bool latin = units == WINBASE_INVALID;
	PWSTR out;

	if (latin)
		units = bytes;
	out = block_take(b, (units + 1) * sizeof(WCHAR), sizeof(WCHAR));
	if (!out)
		return NULL;
	if (latin)
		for (size_t i = 0; i < units; i++)
			out[i] = ((const uint8_t *)text)[i];
	else
		winbase_utf16_from_utf8(out, text, bytes);
	out[units] = 0;
	return out;
}

/* A name without the last dot; the root is ".". */
static PWSTR block_name(struct block *b, const ldns_rdf *name)
{
	const uint8_t *p = ldns_rdf_data(name);
	char text[2 * LDNS_MAX_DOMAINLEN + 2];
	size_t n = 0;

	if (!*p)
		text[n++] = '.';
	for (; *p; p += 1 + *p) {
		if (n)
			text[n++] = '.';
		for (int i = 1; i <= *p; i++) {
			if (p[i] == '.' || p[i] == '\\')
				text[n++] = '\\';
			text[n++] = p[i];
		}
	}
	return block_text(b, text, n);
}

enum kind { END, NAME, BYTES, NUM16, NUM32, STRING, STRINGS };

struct layout {
	WORD type;
	WORD size;
	struct {
		uint8_t kind;
		uint8_t at;
		uint8_t bytes;		/* BYTES: how many */
	} fields[7];
};

#define AT(kind, type, member)	{ kind, offsetof(type, member), 0 }

#define HOST_LAYOUT(t)							\
	{ t, sizeof(DNS_PTR_DATAW), { AT(NAME, DNS_PTR_DATAW, pNameHost) } }

#define TEXT_LAYOUT(t)							\
	{ t, offsetof(DNS_TXT_DATAW, pStringArray),			\
	  { AT(STRINGS, DNS_TXT_DATAW, pStringArray) } }

#define MX_LAYOUT(t)							\
	{ t, sizeof(DNS_MX_DATAW),					\
	  { AT(NUM16, DNS_MX_DATAW, wPreference),			\
	    AT(NAME, DNS_MX_DATAW, pNameExchange) } }

#define MINFO_LAYOUT(t)							\
	{ t, sizeof(DNS_MINFO_DATAW),					\
	  { AT(NAME, DNS_MINFO_DATAW, pNameMailbox),			\
	    AT(NAME, DNS_MINFO_DATAW, pNameErrorsMailbox) } }

/* Where the fields of a type, in the order of the wire, go. */
static const struct layout layouts[] = {
	{ DNS_TYPE_A, 4, { { BYTES, 0, 4 } } },
	{ DNS_TYPE_AAAA, 16, { { BYTES, 0, 16 } } },
	HOST_LAYOUT(DNS_TYPE_NS), HOST_LAYOUT(DNS_TYPE_MD),
	HOST_LAYOUT(DNS_TYPE_MF), HOST_LAYOUT(DNS_TYPE_CNAME),
	HOST_LAYOUT(DNS_TYPE_MB), HOST_LAYOUT(DNS_TYPE_MG),
	HOST_LAYOUT(DNS_TYPE_MR), HOST_LAYOUT(DNS_TYPE_PTR),
	HOST_LAYOUT(DNS_TYPE_DNAME),
	TEXT_LAYOUT(DNS_TYPE_TEXT), TEXT_LAYOUT(DNS_TYPE_HINFO),
	TEXT_LAYOUT(DNS_TYPE_ISDN), TEXT_LAYOUT(DNS_TYPE_X25),
	MX_LAYOUT(DNS_TYPE_MX), MX_LAYOUT(DNS_TYPE_AFSDB),
	MX_LAYOUT(DNS_TYPE_RT),
	MINFO_LAYOUT(DNS_TYPE_MINFO), MINFO_LAYOUT(DNS_TYPE_RP),
	{ DNS_TYPE_SOA, sizeof(DNS_SOA_DATAW),
	  { AT(NAME, DNS_SOA_DATAW, pNamePrimaryServer),
	    AT(NAME, DNS_SOA_DATAW, pNameAdministrator),
	    AT(NUM32, DNS_SOA_DATAW, dwSerialNo),
	    AT(NUM32, DNS_SOA_DATAW, dwRefresh),
	    AT(NUM32, DNS_SOA_DATAW, dwRetry),
	    AT(NUM32, DNS_SOA_DATAW, dwExpire),
	    AT(NUM32, DNS_SOA_DATAW, dwDefaultTtl) } },
	{ DNS_TYPE_SRV, sizeof(DNS_SRV_DATAW),
	  { AT(NUM16, DNS_SRV_DATAW, wPriority),
	    AT(NUM16, DNS_SRV_DATAW, wWeight),
	    AT(NUM16, DNS_SRV_DATAW, wPort),
	    AT(NAME, DNS_SRV_DATAW, pNameTarget) } },
	{ DNS_TYPE_NAPTR, sizeof(DNS_NAPTR_DATAW),
	  { AT(NUM16, DNS_NAPTR_DATAW, wOrder),
	    AT(NUM16, DNS_NAPTR_DATAW, wPreference),
	    AT(STRING, DNS_NAPTR_DATAW, pFlags),
	    AT(STRING, DNS_NAPTR_DATAW, pService),
	    AT(STRING, DNS_NAPTR_DATAW, pRegularExpression),
	    AT(NAME, DNS_NAPTR_DATAW, pReplacement) } },
};

static const struct layout *layout_of(WORD type)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].type == type)
			return &layouts[i];
	return NULL;
}

static void store(char *data, size_t at, const void *value, size_t size)
{
	if (data)
		memcpy(data + at, value, size);
}

/* The character-strings of TXT and its like. Returns the bytes of the array. */
static size_t build_strings(struct block *b, char *data, const ldns_rr *rr)
{
	DWORD count = ldns_rr_rd_count(rr);
	PWSTR text;

	/* The array begins inside the union; what goes beyond it is taken here. */
	if (count * sizeof(PWSTR) > sizeof(((PDNS_RECORDW)0)->Data) - 8)
		block_take(b, count * sizeof(PWSTR), 1);
	for (DWORD i = 0; i < count; i++) {
		const uint8_t *s = ldns_rdf_data(ldns_rr_rdf(rr, i));

		text = block_text(b, s + 1, s[0]);
		store(data, offsetof(DNS_TXT_DATAW, pStringArray) +
		      i * sizeof(PWSTR), &text, sizeof(text));
	}
	store(data, 0, &count, sizeof(count));
	return count * sizeof(PWSTR);
}

static bool build_typed(struct block *b, char *data, const ldns_rr *rr,
			const struct layout *layout, size_t *size)
{
	size_t count = ldns_rr_rd_count(rr), i;
	uint8_t *raw;
	size_t bytes;
	uint16_t n16;
	uint32_t n32;
	PWSTR text;

	*size = layout->size;
	if (layout->fields[0].kind == STRINGS) {
		*size += build_strings(b, data, rr);
		return true;
	}
	for (i = 0; i < 7 && layout->fields[i].kind != END; i++) {
		if (i == count)
			return false;
		raw = ldns_rdf_data(ldns_rr_rdf(rr, i));
		bytes = ldns_rdf_size(ldns_rr_rdf(rr, i));
		switch (layout->fields[i].kind) {
		case NAME:
			text = block_name(b, ldns_rr_rdf(rr, i));
			store(data, layout->fields[i].at, &text, sizeof(text));
			break;
		case STRING:
			text = block_text(b, raw + 1, raw[0]);
			store(data, layout->fields[i].at, &text, sizeof(text));
			break;
		case BYTES:
			if (bytes != layout->fields[i].bytes)
				return false;
			store(data, layout->fields[i].at, raw, bytes);
			break;
		case NUM16:
			if (bytes != 2)
				return false;
			n16 = ldns_read_uint16(raw);
			store(data, layout->fields[i].at, &n16, 2);
			break;
		case NUM32:
			if (bytes != 4)
				return false;
			n32 = ldns_read_uint32(raw);
			store(data, layout->fields[i].at, &n32, 4);
			break;
		}
	}
	return i == count;
}

/*
 * Types that have a struct on Windows and none here yet. Their bytes as they
 * came would be taken for that struct, pointers and all.
 */
bool dnsrec_missing(WORD type)
{
	static const struct { WORD first, last; } missing[] = {
		{ DNS_TYPE_WKS, DNS_TYPE_WKS },
		{ DNS_TYPE_SIG, DNS_TYPE_KEY },
		{ DNS_TYPE_NXT, DNS_TYPE_NXT },
		{ DNS_TYPE_ATMA, DNS_TYPE_ATMA },
		{ DNS_TYPE_OPT, DNS_TYPE_OPT },
		{ DNS_TYPE_DS, DNS_TYPE_DS },
		{ DNS_TYPE_RRSIG, DNS_TYPE_TLSA },
		{ DNS_TYPE_TKEY, DNS_TYPE_TSIG },
		{ DNS_TYPE_WINS, DNS_TYPE_WINSR },
	};

	for (size_t i = 0; i < sizeof(missing) / sizeof(*missing); i++)
		if (type >= missing[i].first && type <= missing[i].last)
			return true;
	return false;
}

/* A type without a layout: its bytes as they came. */
static bool build_flat(struct block *b, char *data, const ldns_rr *rr,
		       size_t *size)
{
	ldns_buffer *raw = ldns_buffer_new(512);
	bool ok;

	ok = raw && !ldns_rr_rdata2buffer_wire(raw, rr);
	if (ok) {
		*size = ldns_buffer_position(raw);
		if (*size > sizeof(((PDNS_RECORDW)0)->Data))
			block_take(b, *size, 1);
		store(data, 0, ldns_buffer_begin(raw), *size);
	}
	ldns_buffer_free(raw);
	return ok;
}

static bool build(struct block *b, const ldns_rr *rr, DNS_SECTION section)
{
	const struct layout *layout = layout_of(ldns_rr_get_type(rr));
	PDNS_RECORDW r = block_take(b, sizeof(*r), _Alignof(DNS_RECORDW));
	char *data = r ? (char *)&r->Data : NULL;
	PWSTR name;
	size_t size;

	if (r)
		memset(r, 0, sizeof(*r));
	if (layout ? !build_typed(b, data, rr, layout, &size)
		   : !build_flat(b, data, rr, &size))
		return false;
	name = block_name(b, ldns_rr_owner(rr));
	if (!r)
		return true;
	r->pName = name;
	r->wType = ldns_rr_get_type(rr);
	/* Of many strings not even the array can be told in 16 bits. */
	r->wDataLength = size < UINT16_MAX ? size : UINT16_MAX;
	r->Flags.S.Section = section;
	r->Flags.S.CharSet = DnsCharSetUnicode;
	r->dwTtl = ldns_rr_ttl(rr);
	return true;
}

static DNS_STATUS record_new(const ldns_rr *rr, DNS_SECTION section,
			     PDNS_RECORDW *out)
{
	struct block b = { 0 };

	if (!build(&b, rr, section))
		return DNS_ERROR_BAD_PACKET;
	b.memory = malloc(b.used);
	if (!b.memory)
		return ERROR_NOT_ENOUGH_MEMORY;
	b.used = 0;
	build(&b, rr, section);
	*out = (PDNS_RECORDW)b.memory;
	return ERROR_SUCCESS;
}

/* ---------------------------------------------------------------- answers */

/* A longer one is as good as a loop. */
#define CHAIN_MAX	64

/*
 * Puts the chain of CNAMEs that begins at name first, in its order; the rest
 * keeps its own. Returns the status.
 */
static DNS_STATUS sort_chain(ldns_rr_list *answer, const ldns_rdf *name)
{
	size_t n = ldns_rr_list_rr_count(answer), done = 0, i;
	ldns_rr *rr;

	for (;;) {
		for (i = 0; i < n; i++) {
			rr = ldns_rr_list_rr(answer, i);
			if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME &&
			    ldns_rr_rd_count(rr) == 1 &&
			    !ldns_dname_compare(ldns_rr_owner(rr), name))
				break;
		}
		if (i == n)
			return ERROR_SUCCESS;
		if (i < done || done == CHAIN_MAX)
			return DNS_ERROR_CNAME_LOOP;
		name = ldns_rr_rdf(rr, 0);
		for (; i > done; i--)
			ldns_rr_list_set_rr(answer,
					    ldns_rr_list_rr(answer, i - 1), i);
		ldns_rr_list_set_rr(answer, rr, done++);
	}
}

static bool has_type(const ldns_rr_list *answer, WORD type)
{
	for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++)
		if (type == DNS_TYPE_ALL ||
		    ldns_rr_get_type(ldns_rr_list_rr(answer, i)) == type)
			return true;
	return false;
}

/* Appends what it can at end, which moves on. */
static DNS_STATUS append(PDNS_RECORDW **end, const ldns_rr_list *from,
			 DNS_SECTION section)
{
	DNS_STATUS status;
	ldns_rr *rr;

	for (size_t i = 0; i < ldns_rr_list_rr_count(from); i++) {
		rr = ldns_rr_list_rr(from, i);
		/* Of the additional section only addresses are told. */
		if (section == DnsSectionAdditional &&
		    ldns_rr_get_type(rr) != LDNS_RR_TYPE_A &&
		    ldns_rr_get_type(rr) != LDNS_RR_TYPE_AAAA)
			continue;
		if (dnsrec_missing(ldns_rr_get_type(rr)))
			continue;
		status = record_new(rr, section, *end);
		if (status)
			return status;
		*end = &(**end)->pNext;
	}
	return ERROR_SUCCESS;
}

static DNS_STATUS parse_answer(ldns_pkt *packet, WORD type, ULONG64 options,
			       PDNS_RECORDW *list)
{
	ldns_rr_list *question = ldns_pkt_question(packet);
	ldns_rr_list *answer = ldns_pkt_answer(packet);
	PDNS_RECORDW r, *end = list;
	DWORD ttl = UINT32_MAX;
	DNS_STATUS status;

	if (ldns_rr_list_rr_count(question) != 1)
		return DNS_ERROR_BAD_PACKET;
	status = sort_chain(answer, ldns_rr_owner(ldns_rr_list_rr(question, 0)));
	if (status)
		return status;
	if (!has_type(answer, type))
		return DNS_INFO_NO_RECORDS;

	status = append(&end, answer, DnsSectionAnswer);
	if (!status && type != DNS_TYPE_A && type != DNS_TYPE_AAAA)
		status = append(&end, ldns_pkt_additional(packet),
				DnsSectionAdditional);
	if (status || options & DNS_QUERY_DONT_RESET_TTL_VALUES)
		return status;

	for (r = *list; r; r = r->pNext)
		ttl = r->dwTtl < ttl ? r->dwTtl : ttl;
	for (r = *list; r; r = r->pNext)
		r->dwTtl = ttl;
	return ERROR_SUCCESS;
}

DNS_STATUS dnsrec_parse(const uint8_t *message, size_t length, WORD type,
			ULONG64 options, PDNS_RECORDW *list)
{
	DNS_STATUS status = DNS_ERROR_BAD_PACKET;
	ldns_pkt *packet;

	*list = NULL;
	if (length < LDNS_HEADER_SIZE)
		return DNS_ERROR_BAD_PACKET;
	if (LDNS_RCODE_WIRE(message))
		return DNS_ERROR_RESPONSE_CODES_BASE + LDNS_RCODE_WIRE(message);
	if (ldns_wire2pkt(&packet, message, length))
		return DNS_ERROR_BAD_PACKET;

	status = parse_answer(packet, type, options, list);
	ldns_pkt_free(packet);
	if (status) {
		dnsrec_free(*list);
		*list = NULL;
	}
	return status;
}

PDNS_RECORDW dnsrec_address(const WCHAR *name, int family, const void *address,
			    DWORD ttl)
{
	size_t units = winbase_wcslen(name) + 1;
	PDNS_RECORDW r = calloc(1, sizeof(*r) + units * sizeof(WCHAR));

	if (!r)
		return NULL;
	r->pName = memcpy(r + 1, name, units * sizeof(WCHAR));
	r->wType = family == AF_INET ? DNS_TYPE_A : DNS_TYPE_AAAA;
	r->wDataLength = family == AF_INET ? 4 : 16;
	r->Flags.S.CharSet = DnsCharSetUnicode;
	r->dwTtl = ttl;
	memcpy(&r->Data, address, r->wDataLength);
	return r;
}

void dnsrec_free(PDNS_RECORDW list)
{
	PDNS_RECORDW next;

	for (; list; list = next) {
		next = list->pNext;
		free(list);
	}
}
