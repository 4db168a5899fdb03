// SPDX-License-Identifier: GPL-2.0
/*
 * Names, text and records without a query. Needs no module.
 */
#include <dnsrec.h>
#include <winbase.h>
#include <stdlib.h>
#include "kselftest_harness.h"

/* as in common.h, which wants a module: a sanitizer beside other work takes its time */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 240

static size_t round_trip(const char *utf8)
{
	WCHAR wide[64];
	char back[64];
	size_t units = winbase_utf16_from_utf8(wide, utf8, strlen(utf8));

	if (units == WINBASE_INVALID ||
	    units != winbase_utf16_from_utf8(NULL, utf8, strlen(utf8)) ||
	    winbase_utf8_from_utf16(NULL, wide, units) != strlen(utf8) ||
	    winbase_utf8_from_utf16(back, wide, units) != strlen(utf8) ||
	    memcmp(back, utf8, strlen(utf8)))
		return 0;
	return units;
}

TEST(text)
{
	EXPECT_EQ(3, round_trip("abc"));
	EXPECT_EQ(2, round_trip("\303\274\337\277"));
	EXPECT_EQ(3, round_trip("\340\240\200\355\237\277\356\200\200"));
	EXPECT_EQ(4, round_trip("\360\220\200\200\364\217\277\277"));
	/* too long for what they say, half of it, surrogates, too much */
	EXPECT_EQ(0, round_trip("\300\200"));
	EXPECT_EQ(0, round_trip("\340\200\200"));
	EXPECT_EQ(0, round_trip("\360\200\200\200"));
	EXPECT_EQ(0, round_trip("\303"));
	EXPECT_EQ(0, round_trip("\200"));
	EXPECT_EQ(0, round_trip("\355\240\200"));
	EXPECT_EQ(0, round_trip("\364\220\200\200"));
	EXPECT_EQ(0, round_trip("\377"));
}

TEST(D15_names)
{
	uint8_t wire[256];

	ASSERT_EQ(9, dnsrec_name_to_wire(wire, u"ab.cdef", true));
	EXPECT_EQ(0, memcmp(wire, "\2ab\4cdef", 9));
	EXPECT_EQ(9, dnsrec_name_to_wire(wire, u"ab.cdef.", true));
	EXPECT_EQ(1, dnsrec_name_to_wire(wire, u".", true));
	EXPECT_EQ(0, dnsrec_name_to_wire(wire, u"..", true));
	EXPECT_EQ(0, dnsrec_name_to_wire(wire, u"a..", true));
	EXPECT_EQ(0, dnsrec_name_to_wire(wire, u"a..b", true));
	ASSERT_EQ(15, dnsrec_name_to_wire(wire, u"b\u00fccher", true));
	EXPECT_EQ(0, memcmp(wire, "\15xn--bcher-kva", 15));
	ASSERT_EQ(9, dnsrec_name_to_wire(wire, u"b\u00fccher", false));
	EXPECT_EQ(10, dnsrec_name_to_wire(wire, u"_tcp.a.b", true));
}

/* What a name server would say, with a record of each kind of layout. */
static const uint8_t message[] =
	"\0\1\204\0\0\1\0\13\0\0\0\1"
	"\1x\0\0\377\0\1"
	"\300\14\0\1\0\1\0\0\1\0\0\4\300\0\2\1"
	"\300\14\0\34\0\1\0\0\2\0\0\20\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"
	"\300\14\0\5\0\1\0\0\3\0\0\4\1y\300\14"
	"\300\14\0\17\0\1\0\0\4\0\0\6\0\12\1m\300\14"
	"\300\14\0\20\0\1\0\0\5\0\0\4\1a\1b"
	"\300\14\0\41\0\1\0\0\6\0\0\11\0\7\0\13\1\273\1s\0"
	"\300\14\0\6\0\1\0\0\7\0\0\30\300\14\300\14\0\0\0\1\0\0\0\2\0\0\0\3"
	"\0\0\0\4\0\0\0\5"
	"\300\14\0\43\0\1\0\0\10\0\0\15\0\1\0\2\1u\3E2U\1.\0"
	"\300\14\377\0\0\1\0\0\11\0\0\4\336\255\276\357"
	"\300\14\0\2\0\1\0\0\12\0\0\2\300\14"
	"\300\14\0\22\0\1\0\0\13\0\0\4\0\1\300\14"
	"\300\14\0\1\0\1\0\0\14\0\0\4\300\0\2\2";
#define LENGTH (sizeof(message) - 1)

/* An A, and an NSEC, for which there is a struct on Windows and none here. */
static const uint8_t untold[] =
	"\0\1\204\0\0\1\0\2\0\0\0\0"
	"\1x\0\0\1\0\1"
	"\300\14\0\57\0\1\0\0\1\0\0\6\1y\0\0\1\100"
	"\300\14\0\1\0\1\0\0\1\0\0\4\300\0\2\1";

TEST(no_bytes_of_a_server_become_pointers)
{
	PDNS_RECORDW list;

	ASSERT_EQ(0, dnsrec_parse(untold, sizeof(untold) - 1, DNS_TYPE_A, 0,
				  &list));
	EXPECT_EQ(DNS_TYPE_A, list->wType);
	EXPECT_EQ(NULL, list->pNext);
	dnsrec_free(list);
	EXPECT_TRUE(dnsrec_missing(DNS_TYPE_TLSA));
	EXPECT_TRUE(dnsrec_missing(DNS_TYPE_NSEC3));
	EXPECT_FALSE(dnsrec_missing(DNS_TYPE_HTTPS));
	EXPECT_FALSE(dnsrec_missing(65280));
}

static bool is(const WCHAR *text, const char *expected)
{
	size_t i = 0;

	while (expected[i] && text[i] == (unsigned char)expected[i])
		i++;
	return !expected[i] && !text[i];
}

TEST(D24_D25_D27_D29_layouts)
{
	PDNS_RECORDW list, r;

	ASSERT_EQ(0, dnsrec_parse(message, LENGTH, DNS_TYPE_ALL,
				  DNS_QUERY_DONT_RESET_TTL_VALUES, &list));
	/* The CNAME of the question comes first. */
	r = list;
	EXPECT_EQ(DNS_TYPE_CNAME, r->wType);
	EXPECT_TRUE(is(r->pName, "x"));
	EXPECT_TRUE(is(r->Data.CNAME.pNameHost, "y.x"));
	EXPECT_EQ(0x300, r->dwTtl);
	r = r->pNext;
	EXPECT_EQ(DNS_TYPE_A, r->wType);
	r = r->pNext;
	EXPECT_EQ(DNS_TYPE_AAAA, r->wType);
	EXPECT_EQ(16, r->wDataLength);
	EXPECT_EQ(1, r->Data.AAAA.Ip6Address.IP6Byte[15]);
	r = r->pNext;
	EXPECT_EQ(DNS_TYPE_MX, r->wType);
	EXPECT_EQ(16, r->wDataLength);
	EXPECT_EQ(10, r->Data.MX.wPreference);
	EXPECT_TRUE(is(r->Data.MX.pNameExchange, "m.x"));
	r = r->pNext;
	EXPECT_EQ(DNS_TYPE_TEXT, r->wType);
	EXPECT_EQ(24, r->wDataLength);
	EXPECT_EQ(2, r->Data.TXT.dwStringCount);
	EXPECT_TRUE(is(r->Data.TXT.pStringArray[1], "b"));
	r = r->pNext;
	EXPECT_EQ(DNS_TYPE_SRV, r->wType);
	EXPECT_EQ(7, r->Data.SRV.wPriority);
	EXPECT_EQ(11, r->Data.SRV.wWeight);
	EXPECT_EQ(443, r->Data.SRV.wPort);
	EXPECT_TRUE(is(r->Data.SRV.pNameTarget, "s"));
	r = r->pNext;
	EXPECT_EQ(DNS_TYPE_SOA, r->wType);
	EXPECT_TRUE(is(r->Data.SOA.pNamePrimaryServer, "x"));
	EXPECT_EQ(1, r->Data.SOA.dwSerialNo);
	EXPECT_EQ(5, r->Data.SOA.dwDefaultTtl);
	r = r->pNext;
	EXPECT_EQ(DNS_TYPE_NAPTR, r->wType);
	EXPECT_EQ(1, r->Data.NAPTR.wOrder);
	EXPECT_EQ(2, r->Data.NAPTR.wPreference);
	EXPECT_TRUE(is(r->Data.NAPTR.pService, "E2U"));
	EXPECT_TRUE(is(r->Data.NAPTR.pRegularExpression, "."));
	EXPECT_TRUE(is(r->Data.NAPTR.pReplacement, "."));
	r = r->pNext;
	EXPECT_EQ(65280, r->wType);
	EXPECT_EQ(4, r->wDataLength);
	EXPECT_EQ(0, memcmp(&r->Data, "\336\255\276\357", 4));
	r = r->pNext;
	EXPECT_EQ(DNS_TYPE_NS, r->wType);
	EXPECT_TRUE(is(r->Data.NS.pNameHost, "x"));
	r = r->pNext;
	EXPECT_EQ(DNS_TYPE_AFSDB, r->wType);
	EXPECT_EQ(DnsSectionAnswer, (int)r->Flags.S.Section);
	r = r->pNext;
	EXPECT_EQ(DNS_TYPE_A, r->wType);
	EXPECT_EQ(DnsSectionAdditional, (int)r->Flags.S.Section);
	EXPECT_EQ(NULL, r->pNext);
	/* Lists can be taken apart. */
	r = list->pNext;
	list->pNext = NULL;
	DnsRecordListFree(list, DnsFreeRecordList);
	DnsRecordListFree(r, DnsFreeRecordList);
}

/* Each byte of it wrong in many ways, and cut off anywhere. */
TEST(D42_mutations)
{
	uint8_t copy[LENGTH + 16];
	PDNS_RECORDW list;
	DNS_STATUS status;
	const char *rounds = getenv("WINDNS_TEST_ROUNDS");
	unsigned int good = 0, bad = 0;

	for (size_t i = 0; i < LENGTH; i++) {
		/* exactly so long, so that a sanitizer sees the end */
		uint8_t *exact = malloc(i ? i : 1);

		memcpy(exact, message, i);
		status = dnsrec_parse(exact, i, DNS_TYPE_ALL, 0, &list);
		EXPECT_EQ(DNS_ERROR_BAD_PACKET, status);
		EXPECT_EQ(NULL, list);
		free(exact);
	}
	srand(1);
	for (int i = 0; i < (rounds ? atoi(rounds) : 1000) * 20; i++) {
		memcpy(copy, message, LENGTH);
		for (int n = 1 + rand() % 4; n; n--)
			copy[rand() % LENGTH] = rand() >> 8;
		status = dnsrec_parse(copy, LENGTH, DNS_TYPE_ALL, 0, &list);
		if (status)
			ASSERT_EQ(NULL, list);
		status ? bad++ : good++;
		DnsRecordListFree(list, DnsFreeRecordList);
	}
	EXPECT_LT(0, good);
	EXPECT_LT(0, bad);
}

TEST_HARNESS_MAIN
