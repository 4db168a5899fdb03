// SPDX-License-Identifier: GPL-2.0
/*
 * Arguments of DnsQueryEx, what it answers inline, and lists of servers.
 */
#include "common.h"

TEST_F(windns, D01_D02_null_arguments)
{
	DNS_QUERY_RESULT result = { .Version = 1, .QueryStatus = 7 };
	DNS_QUERY_REQUEST request = { .Version = 1, .QueryName = u"10.1.2.3",
				      .QueryType = DNS_TYPE_A };

	SetLastError(0);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsQueryEx(NULL, &result, NULL));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, result.QueryStatus);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, GetLastError());
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsQueryEx(&request, NULL, NULL));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsQueryEx(NULL, NULL, NULL));
}

TEST_F(windns, D03_request_versions)
{
	DNS_QUERY_REQUEST3 request = { .QueryName = u"10.1.2.3",
				       .QueryType = DNS_TYPE_A };
	ULONG refused[] = { 0, 2, 4, 99, 0xcccccccc };
	ULONG accepted[] = { 1, 3 };

	for (int i = 0; i < 5; i++) {
		DNS_QUERY_RESULT result = { .Version = 1 };

		request.Version = refused[i];
		EXPECT_EQ(ERROR_INVALID_PARAMETER,
			  DnsQueryEx((void *)&request, &result, NULL));
		EXPECT_EQ(NULL, result.pQueryRecords);
	}
	for (int i = 0; i < 2; i++) {
		DNS_QUERY_RESULT result = { .Version = 1 };

		request.Version = accepted[i];
		EXPECT_EQ(0, DnsQueryEx((void *)&request, &result, NULL));
		EXPECT_TRUE(is_a((void *)result.pQueryRecords, "10.1.2.3"));
		DnsRecordListFree(result.pQueryRecords, DnsFreeRecordList);
	}
}

TEST_F(windns, D04_result_versions)
{
	DNS_QUERY_REQUEST request = { .Version = 1, .QueryName = u"10.1.2.3",
				      .QueryType = DNS_TYPE_A };
	ULONG refused[] = { 0, 2, 99 };

	for (int i = 0; i < 3; i++) {
		DNS_QUERY_RESULT result, before;

		memset(&result, 0xcc, sizeof(result));
		result.Version = refused[i];
		before = result;
		EXPECT_EQ(ERROR_INVALID_PARAMETER,
			  DnsQueryEx(&request, &result, NULL));
		EXPECT_EQ(0, memcmp(&result, &before, sizeof(result)));
	}
}

TEST_F(windns, D05_callback_without_cancel_handle)
{
	struct call c;
	DNS_QUERY_REQUEST request = {
		.Version = 1, .QueryName = u"ok.example",
		.QueryType = DNS_TYPE_A, .pDnsServerList = self->servers,
		.pQueryCompletionCallback = on_call, .pQueryContext = &c,
	};

	call_init(&c);
	EXPECT_EQ(DNS_REQUEST_PENDING, DnsQueryEx(&request, &c.result, NULL));
	EXPECT_EQ(0, call_wait(&c));
	EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
	call_free(&c);
}

TEST_F(windns, D06_cancel_handle_without_callback)
{
	DNS_QUERY_RESULT result = { .Version = 1 };
	DNS_QUERY_CANCEL cancel;
	DNS_QUERY_REQUEST request = {
		.Version = 1, .QueryName = u"ok.example",
		.QueryType = DNS_TYPE_A, .pDnsServerList = self->servers,
	};

	memset(&cancel, 0xcc, sizeof(cancel));
	EXPECT_EQ(0, DnsQueryEx(&request, &result, &cancel));
	EXPECT_EQ(0, result.QueryStatus);
	EXPECT_TRUE(is_a((void *)result.pQueryRecords, "192.0.2.1"));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&cancel));
	DnsRecordListFree(result.pQueryRecords, DnsFreeRecordList);
}

TEST_F(windns, D07_literal_ipv4)
{
	struct call c;
	DNS_RECORDW *r;

	EXPECT_EQ(0, ask_sync(&c, NULL, u"10.1.2.3", DNS_TYPE_A, 0));
	r = c.records;
	ASSERT_TRUE(is_a(r, "10.1.2.3"));
	EXPECT_TRUE(text_is(r->pName, "10.1.2.3"));
	EXPECT_EQ(604800, r->dwTtl);
	EXPECT_EQ(DnsSectionQuestion, (int)r->Flags.S.Section);
	EXPECT_EQ(DnsCharSetUnicode, (int)r->Flags.S.CharSet);
	EXPECT_EQ(NULL, r->pNext);
	call_free(&c);
}

TEST_F(windns, D08_literal_ipv6)
{
	struct call c;

	EXPECT_EQ(0, ask_sync(&c, NULL, u"::1", DNS_TYPE_AAAA, 0));
	EXPECT_TRUE(is_aaaa(c.records, "::1"));
	call_free(&c);
	EXPECT_EQ(0, ask_sync(&c, NULL, u"2001:db8::1", DNS_TYPE_AAAA, 0));
	EXPECT_TRUE(is_aaaa(c.records, "2001:db8::1"));
	call_free(&c);
}

/* D70 as well: the handle of such a call is good for nothing. */
TEST_F(windns, D09_D70_literal_with_callback)
{
	struct call c;

	EXPECT_EQ(0, ask(&c, self->servers, u"10.1.2.3"));
	EXPECT_EQ(0, c.result.QueryStatus);
	ASSERT_NE(NULL, c.result.pQueryRecords);
	EXPECT_TRUE(is_a((void *)c.result.pQueryRecords, "10.1.2.3"));
	SENTINEL_QUERY();
	EXPECT_EQ(0, call_count(&c));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&c.cancel));
	DnsRecordListFree(c.result.pQueryRecords, DnsFreeRecordList);
	EXPECT_EQ(1, server_total(&self->server));
}

TEST_F(windns, D10_blanks_around_a_literal)
{
	struct call c;

	EXPECT_EQ(DNS_ERROR_INVALID_NAME_CHAR,
		  ask_sync(&c, self->servers, u" 1.2.3.4", DNS_TYPE_A, 0));
	EXPECT_EQ(DNS_ERROR_INVALID_NAME_CHAR,
		  ask_sync(&c, self->servers, u"1.2.3.4 ", DNS_TYPE_A, 0));
	EXPECT_EQ(NULL, c.records);
}

TEST_F(windns, D11_literal_of_the_other_family)
{
	struct call c;

	EXPECT_EQ(DNS_INFO_NO_RECORDS,
		  ask_sync(&c, self->servers, u"1.2.3.4", DNS_TYPE_AAAA, 0));
	EXPECT_EQ(DNS_INFO_NO_RECORDS,
		  ask_sync(&c, self->servers, u"::1", DNS_TYPE_A, 0));
	EXPECT_EQ(0, server_total(&self->server));
}

TEST_F(windns, D12_localhost)
{
	struct call c;

	EXPECT_EQ(0, ask(&c, self->servers, u"localhost"));
	EXPECT_TRUE(is_a((void *)c.result.pQueryRecords, "127.0.0.1"));
	EXPECT_EQ(0, call_count(&c));
	DnsRecordListFree(c.result.pQueryRecords, DnsFreeRecordList);
	EXPECT_EQ(0, ask_sync(&c, NULL, u"LOOPBACK", DNS_TYPE_AAAA, 0));
	EXPECT_TRUE(is_aaaa(c.records, "::1"));
	call_free(&c);
	/* Not so if the caller does not want it. */
	EXPECT_EQ(0, ask_sync(&c, self->servers, u"localhost", DNS_TYPE_A,
			      DNS_QUERY_NO_LOCAL_NAME));
	EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
	call_free(&c);
	EXPECT_EQ(1, server_total(&self->server));
}

/* In a network namespace whose only other interface has these addresses. */
TEST_F(windns, D13_null_name)
{
	struct call c;

	if (unshare(CLONE_NEWNET) ||
	    system("ip link add d13 type dummy 2>/dev/null && ip link set lo up && "
		   "ip addr add 192.0.2.7/24 dev d13 && "
		   "ip addr add 2001:db8::7/64 dev d13 nodad && "
		   "ip link set d13 up"))
		SKIP(return, "no namespace with a dummy interface");
	EXPECT_EQ(0, ask_sync(&c, NULL, NULL, DNS_TYPE_A, 0));
	ASSERT_TRUE(is_a(c.records, "192.0.2.7"));
	EXPECT_EQ(NULL, c.records->pNext);
	call_free(&c);
	EXPECT_EQ(0, ask_sync(&c, NULL, NULL, DNS_TYPE_AAAA, 0));
	ASSERT_TRUE(is_aaaa(c.records, "2001:db8::7"));
	EXPECT_EQ(NULL, c.records->pNext);
	call_free(&c);
}

TEST_F(windns, D14_empty_name)
{
	struct call c;

	EXPECT_EQ(0, ask(&c, self->servers, u""));
	EXPECT_NE(NULL, c.result.pQueryRecords);
	EXPECT_EQ(0, call_count(&c));
	DnsRecordListFree(c.result.pQueryRecords, DnsFreeRecordList);
	EXPECT_EQ(DNS_ERROR_RCODE_NAME_ERROR,
		  ask_sync(&c, self->servers, u"", DNS_TYPE_SRV, 0));
	EXPECT_EQ(0, server_total(&self->server));
}

TEST_F(windns, D15_unusable_names)
{
	WCHAR label[80], name[300];
	struct call c;
	int i;

	for (i = 0; i < 64; i++)
		label[i] = 'a';
	label[64] = 0;
	EXPECT_EQ(ERROR_INVALID_NAME,
		  ask_sync(&c, self->servers, label, DNS_TYPE_A, 0));
	EXPECT_EQ(ERROR_INVALID_NAME, ask(&c, self->servers, label));
	for (i = 0; i < 256; i++)
		name[i] = i % 2 ? '.' : 'a';
	name[256] = 0;
	EXPECT_EQ(ERROR_INVALID_NAME,
		  ask_sync(&c, self->servers, name, DNS_TYPE_A, 0));
	EXPECT_EQ(ERROR_INVALID_NAME,
		  ask_sync(&c, self->servers, u"a..b", DNS_TYPE_A, 0));
	EXPECT_EQ(ERROR_INVALID_NAME,
		  ask_sync(&c, self->servers, u".a", DNS_TYPE_A, 0));
	/* half a surrogate pair */
	name[0] = 0xd800;
	name[1] = 0;
	EXPECT_EQ(ERROR_INVALID_NAME,
		  ask_sync(&c, self->servers, name, DNS_TYPE_A, 0));
	EXPECT_EQ(0, server_total(&self->server));

	/* The longest of both is no error. */
	label[63] = 0;
	label[0] = 'n';
	label[1] = 'x';
	EXPECT_EQ(0, ask_sync(&c, self->servers, label, DNS_TYPE_A, 0));
	call_free(&c);
	for (i = 0; i < 253; i++)
		name[i] = i % 2 ? '.' : 'a';
	name[253] = 0;
	EXPECT_EQ(0, ask_sync(&c, self->servers, name, DNS_TYPE_A, 0));
	call_free(&c);
	EXPECT_EQ(2, server_total(&self->server));
}

TEST_F(windns, D16_unknown_options)
{
	struct call c;

	EXPECT_EQ(0, ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A,
			      DNS_QUERY_RESERVED | 1ULL << 40));
	EXPECT_EQ(DNS_QUERY_RESERVED | 1ULL << 40, c.result.QueryOptions);
	call_free(&c);
	EXPECT_EQ(ERROR_NOT_SUPPORTED,
		  ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A,
			   DNS_QUERY_MULTICAST_ONLY));
	/* a type whose struct is not carried yet */
	EXPECT_EQ(ERROR_NOT_SUPPORTED,
		  ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_NSEC, 0));
}

TEST_F(windns, D44_ports_in_strict_mode)
{
	struct sockaddr_in *in = (void *)self->servers->AddrArray[0].MaxSa;
	struct call c;

	setenv("WINDNS_STRICT", "1", 1);
	EXPECT_EQ(ERROR_INVALID_PARAMETER,
		  ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A, 0));
	in->sin_port = htons(53);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, ask(&c, self->servers, u"ok.example"));
	EXPECT_EQ(0, server_total(&self->server));
}

TEST_F(windns, D45_D46_fields_that_do_not_count)
{
	DWORD counts[] = { 0, 1, sizeof(self->list) };
	WORD families[] = { 0, AF_INET };
	struct call c;

	for (int i = 0; i < 6; i++) {
		self->servers->MaxCount = counts[i % 3];
		self->servers->Family = families[i / 3];
		EXPECT_EQ(0, ask_sync(&c, self->servers, u"ok.example",
				      DNS_TYPE_A, 0));
		EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
		call_free(&c);
	}
}

TEST_F(windns, D47_ipv6_server)
{
	struct server_list list;
	struct server v6;
	struct call c;

	if (!server_start(&v6, AF_INET6))
		SKIP(return, "no IPv6");
	v6.host = 6;
	EXPECT_EQ(0, ask_sync(&c, list_of(&list, &v6, NULL), u"ok.example",
			      DNS_TYPE_AAAA, 0));
	EXPECT_TRUE(is_aaaa(c.records, "2001:db8::6"));
	call_free(&c);
	server_stop(&v6);
}

TEST_F(windns, D47_mixed_families_in_strict_mode)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct server_list list;
	struct call c;

	setenv("WINDNS_STRICT", "1", 1);
	list_of(&list, &self->server, &self->server);
	memcpy(list.array.AddrArray[0].MaxSa, &v4, sizeof(v4));
	memcpy(list.second.MaxSa, &v6, sizeof(v6));
	EXPECT_EQ(ERROR_INVALID_PARAMETER,
		  ask_sync(&c, &list.array, u"ok.example", DNS_TYPE_A, 0));
}

TEST_F(windns, D48_lists_that_are_none)
{
	struct call c;

	self->servers->AddrCount = 0;
	EXPECT_EQ(ERROR_INVALID_PARAMETER,
		  ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A, 0));
	self->servers->AddrCount = 0xcccccccc;
	EXPECT_EQ(ERROR_INVALID_PARAMETER,
		  ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A, 0));
	self->servers->AddrCount = 1;
	memset(self->servers->AddrArray, 0xcc, sizeof(DNS_ADDR));
	EXPECT_EQ(ERROR_INVALID_PARAMETER,
		  ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A, 0));
}

/* A closed port says so at once; a silent server costs a second. */
TEST_F(windns, D49_dead_server_first)
{
	struct server closed, silent;
	struct server_list list;
	struct call c;

	ASSERT_TRUE(server_start(&closed, AF_INET));
	server_stop(&closed);
	EXPECT_EQ(0, ask_sync(&c, list_of(&list, &closed, &self->server),
			      u"ok.example", DNS_TYPE_A, 0));
	EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
	call_free(&c);

	ASSERT_TRUE(server_start(&silent, AF_INET));
	silent.always = "drop";
	ASSERT_EQ(DNS_REQUEST_PENDING,
		  ask(&c, list_of(&list, &silent, &self->server), u"ok.example"));
	server_wait(&silent, 1);
	EXPECT_EQ(1, server_total(&self->server));
	windns_clock_step(SECOND);
	EXPECT_EQ(0, call_wait(&c));
	EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
	EXPECT_EQ(1, server_total(&silent));
	call_free(&c);
	server_stop(&silent);
}

TEST_F(windns, D50_interface_and_list)
{
	struct call c;
	DNS_QUERY_REQUEST request = {
		.Version = 1, .QueryName = u"ok.example",
		.QueryType = DNS_TYPE_A, .pDnsServerList = self->servers,
		.InterfaceIndex = 1,
	};

	call_init(&c);
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsQueryEx(&request, &c.result, NULL));
	EXPECT_EQ(0, server_total(&self->server));
}

TEST_F(windns, D51_custom_servers)
{
	DNS_CUSTOM_SERVER custom = {
		.dwServerType = DNS_CUSTOM_SERVER_TYPE_UDP,
	};
	DNS_QUERY_REQUEST3 request = {
		.Version = 3, .QueryName = u"ok.example",
		.QueryType = DNS_TYPE_A, .cCustomServers = 1,
		.pCustomServers = &custom,
	};
	struct call c;

	memcpy(custom.MaxSa, &self->server.address, sizeof(custom.MaxSa));
	call_init(&c);
	EXPECT_EQ(0, DnsQueryEx((void *)&request, &c.result, NULL));
	EXPECT_TRUE(is_a((void *)c.result.pQueryRecords, "192.0.2.1"));
	DnsRecordListFree(c.result.pQueryRecords, DnsFreeRecordList);

	request.pDnsServerList = self->servers;
	EXPECT_EQ(ERROR_INVALID_PARAMETER,
		  DnsQueryEx((void *)&request, &c.result, NULL));
	request.pDnsServerList = NULL;
	custom.dwServerType = DNS_CUSTOM_SERVER_TYPE_DOH;
	EXPECT_EQ(ERROR_NOT_SUPPORTED,
		  DnsQueryEx((void *)&request, &c.result, NULL));
	custom.dwServerType = 77;
	EXPECT_EQ(ERROR_INVALID_PARAMETER,
		  DnsQueryEx((void *)&request, &c.result, NULL));
	EXPECT_EQ(1, server_total(&self->server));
}

TEST_F(windns, D86_free_nothing)
{
	DnsRecordListFree(NULL, DnsFreeRecordList);
	DnsFree(NULL, DnsFreeFlat);
	DnsFree(NULL, DnsFreeRecordList);
	DnsFree(NULL, DnsFreeParsedMessageFields);
}

TEST_F(windns, D87_ways_to_free)
{
	struct call c;

	ASSERT_EQ(0, ask_sync(&c, NULL, u"10.1.2.3", DNS_TYPE_A, 0));
	(DnsRecordListFree)(c.records, DnsFreeRecordList);
	ASSERT_EQ(0, ask_sync(&c, NULL, u"10.1.2.3", DNS_TYPE_A, 0));
	DnsFree(c.records, DnsFreeFlat);
	ASSERT_EQ(0, ask_sync(&c, self->servers, u"chain.example", DNS_TYPE_A, 0));
	DnsFree(c.records, DnsFreeRecordListDeep);
}

TEST_HARNESS_MAIN
