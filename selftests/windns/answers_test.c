// SPDX-License-Identifier: GPL-2.0
/*
 * What servers answer, and what becomes of it.
 */
#include "common.h"

TEST_F(windns, D17_no_such_name)
{
	struct call c;

	EXPECT_EQ(DNS_ERROR_RCODE_NAME_ERROR,
		  ask_sync(&c, self->servers, u"rcode3.example", DNS_TYPE_A, 0));
	EXPECT_EQ(NULL, c.records);
	EXPECT_EQ(DNS_ERROR_RCODE_NAME_ERROR, GetLastError());
	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"rcode3.example"));
	EXPECT_EQ(DNS_ERROR_RCODE_NAME_ERROR, call_wait(&c));
	EXPECT_EQ(NULL, c.records);
	EXPECT_EQ(2, server_total(&self->server));
}

TEST_F(windns, D18_no_data)
{
	struct call c;

	EXPECT_EQ(DNS_INFO_NO_RECORDS,
		  ask_sync(&c, self->servers, u"nodata.example", DNS_TYPE_A, 0));
	EXPECT_EQ(NULL, c.records);
	EXPECT_EQ(DNS_INFO_NO_RECORDS,
		  ask_sync(&c, self->servers, u"dangle.example", DNS_TYPE_A, 0));
	EXPECT_EQ(NULL, c.records);
}

TEST_F(windns, D19_rcodes)
{
	static const WCHAR *names[] = {
		u"rcode1.x", u"rcode2.x", u"rcode4.x", u"rcode5.x", u"rcode6.x",
		u"rcode7.x", u"rcode8.x", u"rcode9.x", u"rcode10.x",
	};
	static const int codes[] = { 1, 2, 4, 5, 6, 7, 8, 9, 10 };
	struct call c;

	for (int i = 0; i < 9; i++) {
		EXPECT_EQ(9000 + codes[i],
			  ask_sync(&c, self->servers, names[i], DNS_TYPE_A, 0));
		EXPECT_EQ(NULL, c.records);
	}
	/* One server, asked once each. */
	EXPECT_EQ(9, server_total(&self->server));
}

TEST_F(windns, D19_server_failure_asks_the_next_server)
{
	static const char *failures[] = { "rcode2", "rcode4", "rcode5" };
	struct server failing;
	struct server_list list;
	struct call c;

	ASSERT_TRUE(server_start(&failing, AF_INET));
	for (int i = 0; i < 3; i++) {
		failing.always = failures[i];
		EXPECT_EQ(0, ask_sync(&c, list_of(&list, &failing, &self->server),
				      u"ok.example", DNS_TYPE_A, 0));
		EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
		call_free(&c);
	}
	EXPECT_EQ(3, server_total(&failing));

	/* If all fail, that is the answer, and each was asked once. */
	self->server.always = "rcode5";
	EXPECT_EQ(DNS_ERROR_RCODE_REFUSED,
		  ask_sync(&c, &list.array, u"ok.example", DNS_TYPE_A, 0));
	EXPECT_EQ(4, server_total(&failing));
	EXPECT_EQ(4, server_total(&self->server));

	/* That there is no such name is no failure. */
	failing.always = "rcode3";
	EXPECT_EQ(DNS_ERROR_RCODE_NAME_ERROR,
		  ask_sync(&c, &list.array, u"ok.example", DNS_TYPE_A, 0));
	EXPECT_EQ(4, server_total(&self->server));
	server_stop(&failing);
}

/* Sends at 0, 1, 2, 4, 8 seconds and gives up at 10, and not a moment sooner. */
TEST_F(windns, D20_silent_server)
{
	static const unsigned int sent_by[] = { 1, 2, 3, 3, 4, 4, 4, 4, 5, 5 };
	struct call c;

	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"drop.example"));
	for (int second = 0; second < 10; second++) {
		server_wait(&self->server, sent_by[second]);
		windns_clock_step(SECOND - 1);
		EXPECT_EQ(sent_by[second], server_total(&self->server));
		EXPECT_EQ(0, call_count(&c));
		windns_clock_step(1);
	}
	EXPECT_EQ(ERROR_TIMEOUT, call_wait(&c));
	EXPECT_EQ(NULL, c.records);
	EXPECT_EQ(5, server_total(&self->server));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&c.cancel));
}

/* The clock stands still, so this is at once. */
TEST_F(windns, D21_closed_port)
{
	struct server_list list;
	struct server closed;
	struct call c;

	ASSERT_TRUE(server_start(&closed, AF_INET));
	server_stop(&closed);
	list_of(&list, &closed, NULL);
	EXPECT_EQ(ERROR_TIMEOUT, ask_sync(&c, &list.array, u"ok.example",
					  DNS_TYPE_A, 0));
	EXPECT_EQ(ERROR_TIMEOUT, ask_sync(&c, &list.array, u"ok.example",
					  DNS_TYPE_A, DNS_QUERY_USE_TCP_ONLY));
	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, &list.array, u"ok.example"));
	EXPECT_EQ(ERROR_TIMEOUT, call_wait(&c));
}

TEST_F(windns, D22_cname_chain)
{
	DNS_RECORDW *r;
	struct call c;

	EXPECT_EQ(0, ask_sync(&c, self->servers, u"chain.example", DNS_TYPE_A, 0));
	r = c.records;
	ASSERT_TRUE(is_cname(r, "chain.example", "one.chain.example"));
	r = r->pNext;
	ASSERT_TRUE(is_cname(r, "one.chain.example", "two.chain.example"));
	r = r->pNext;
	ASSERT_TRUE(is_cname(r, "two.chain.example", "end.chain.example"));
	r = r->pNext;
	ASSERT_TRUE(is_a(r, "192.0.2.1"));
	EXPECT_TRUE(text_is(r->pName, "end.chain.example"));
	EXPECT_EQ(DnsSectionAnswer, (int)r->Flags.S.Section);
	EXPECT_EQ(NULL, r->pNext);
	call_free(&c);
}

TEST_F(windns, D23_cname_loop)
{
	struct call c;

	EXPECT_EQ(DNS_ERROR_CNAME_LOOP,
		  ask_sync(&c, self->servers, u"loop.example", DNS_TYPE_A, 0));
	EXPECT_EQ(NULL, c.records);
}

TEST_F(windns, D26_txt)
{
	DNS_TXT_DATAW *txt;
	struct call c;
	int i;

	EXPECT_EQ(0, ask_sync(&c, self->servers, u"txt.example", DNS_TYPE_TEXT, 0));
	ASSERT_NE(NULL, c.records);
	EXPECT_EQ(DNS_TYPE_TEXT, c.records->wType);
	EXPECT_EQ(8 + 3 * sizeof(PWSTR), c.records->wDataLength);
	txt = &c.records->Data.TXT;
	ASSERT_EQ(3, txt->dwStringCount);
	EXPECT_TRUE(text_is(txt->pStringArray[0], "a"));
	EXPECT_TRUE(text_is(txt->pStringArray[1], ""));
	for (i = 0; txt->pStringArray[2][i] == 'b'; i++)
		;
	EXPECT_EQ(255, i);
	EXPECT_EQ(0, txt->pStringArray[2][i]);
	call_free(&c);

	/* Bytes that are no UTF-8 are characters of Latin-1. */
	EXPECT_EQ(0, ask_sync(&c, self->servers, u"latin.example", DNS_TYPE_TEXT, 0));
	ASSERT_EQ(1, c.records->Data.TXT.dwStringCount);
	EXPECT_TRUE(text_is(c.records->Data.TXT.pStringArray[0],
			    "\344b\374\376"));
	call_free(&c);
}

TEST_F(windns, D32_ttls)
{
	struct call c;

	EXPECT_EQ(0, ask_sync(&c, self->servers, u"ttl.example", DNS_TYPE_A, 0));
	EXPECT_EQ(60, c.records->dwTtl);
	EXPECT_EQ(60, c.records->pNext->dwTtl);
	call_free(&c);
	EXPECT_EQ(0, ask_sync(&c, self->servers, u"ttl.example", DNS_TYPE_A,
			      DNS_QUERY_DONT_RESET_TTL_VALUES));
	EXPECT_EQ(300, c.records->dwTtl);
	EXPECT_EQ(60, c.records->pNext->dwTtl);
	call_free(&c);
}

static int count(const DNS_RECORDW *r)
{
	int n = 0;

	for (; r; r = r->pNext)
		n++;
	return n;
}

/* And the answer is too long for one request. */
TEST_F(windns, D33_truncated)
{
	struct call c;

	EXPECT_EQ(0, ask_sync(&c, self->servers, u"big.example", DNS_TYPE_A, 0));
	EXPECT_EQ(60, count(c.records));
	EXPECT_EQ(1, self->server.udp);
	EXPECT_EQ(1, self->server.tcp);
	call_free(&c);

	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"big.example"));
	EXPECT_EQ(0, call_wait(&c));
	EXPECT_EQ(60, count(c.records));
	EXPECT_EQ(1, call_count(&c));
	EXPECT_EQ(ERROR_INVALID_PARAMETER, DnsCancelQuery(&c.cancel));
	call_free(&c);
}

TEST_F(windns, D34_accept_truncated)
{
	struct call c;

	EXPECT_EQ(DNS_INFO_NO_RECORDS,
		  ask_sync(&c, self->servers, u"big.example", DNS_TYPE_A,
			   DNS_QUERY_ACCEPT_TRUNCATED_RESPONSE));
	EXPECT_EQ(1, server_total(&self->server));
	EXPECT_EQ(0, self->server.tcp);
}

TEST_F(windns, D35_tcp_only)
{
	struct call c;

	EXPECT_EQ(0, ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A,
			      DNS_QUERY_USE_TCP_ONLY));
	EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
	EXPECT_EQ(1, server_total(&self->server));
	EXPECT_EQ(0, self->server.udp);
	call_free(&c);
}

TEST_F(windns, D36_no_recursion)
{
	struct call c;

	EXPECT_EQ(0, ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A, 0));
	EXPECT_EQ(1, server_total(&self->server));
	EXPECT_EQ(1, self->server.last[2]);
	call_free(&c);
	EXPECT_EQ(0, ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A,
			      DNS_QUERY_NO_RECURSION));
	EXPECT_EQ(2, server_total(&self->server));
	EXPECT_EQ(0, self->server.last[2]);
	call_free(&c);
}

TEST_F(windns, D37_no_wire_query)
{
	struct call c;

	EXPECT_EQ(DNS_ERROR_RECORD_DOES_NOT_EXIST,
		  ask_sync(&c, self->servers, u"ok.example", DNS_TYPE_A,
			   DNS_QUERY_NO_WIRE_QUERY));
	EXPECT_EQ(0, server_total(&self->server));
}

TEST_F(windns, D41_names_beyond_ascii)
{
	struct call c;

	/* The server tells what to do by the name, so here it is told. */
	self->server.always = "ok";
	EXPECT_EQ(0, ask_sync(&c, self->servers, u"b\u00fccher.example",
			      DNS_TYPE_A, 0));
	EXPECT_EQ(1, server_total(&self->server));
	EXPECT_EQ(0, memcmp(self->server.last + 12, "\15xn--bcher-kva", 14));
	EXPECT_TRUE(text_is(c.records->pName, "xn--bcher-kva.example"));
	call_free(&c);
	EXPECT_EQ(0, ask_sync(&c, self->servers, u"b\u00fccher.example",
			      DNS_TYPE_A, DNS_QUERY_DISABLE_IDN_ENCODING));
	EXPECT_EQ(2, server_total(&self->server));
	EXPECT_EQ(0, memcmp(self->server.last + 12, "\7b\303\274cher", 8));
	call_free(&c);
}

TEST_F(windns, D42_malformed_answers)
{
	static const WCHAR *names[] = {
		u"badlen.example", u"badptr.example", u"badcount.example",
	};
	struct call c;

	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(DNS_ERROR_BAD_PACKET,
			  ask_sync(&c, self->servers, names[i], DNS_TYPE_A, 0));
		EXPECT_EQ(NULL, c.records);
	}
	/* That one is no answer at all. */
	ASSERT_EQ(DNS_REQUEST_PENDING, ask(&c, self->servers, u"short.example"));
	server_wait(&self->server, 4);
	windns_clock_step(10 * SECOND - 1);
	EXPECT_EQ(0, call_count(&c));
	windns_clock_step(1);
	EXPECT_EQ(ERROR_TIMEOUT, call_wait(&c));
}

TEST_F(windns, D43_answers_to_something_else)
{
	struct call c;

	EXPECT_EQ(0, ask_sync(&c, self->servers, u"stray.example", DNS_TYPE_A, 0));
	EXPECT_TRUE(is_a(c.records, "192.0.2.1"));
	EXPECT_EQ(NULL, c.records->pNext);
	EXPECT_EQ(1, server_total(&self->server));
	call_free(&c);
}

TEST_HARNESS_MAIN
