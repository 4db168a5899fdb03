// SPDX-License-Identifier: GPL-2.0
/*
 * Text of 16 bits, in a program that is compiled as one from Windows: -fshort-wchar,
 * windows_compat.h before everything, and wmain(). No harness: its main() is taken.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#define UNICODE
#define _UNICODE
#include <windows.h>
#include <strsafe.h>
#include <tchar.h>

static int number, failed;

static void result(const char *name, int ok)
{
	printf("%s %d %s\n", ok ? "ok" : "not ok", ++number, name);
	failed += !ok;
}

#define CHECK(name, x)	result(name, !!(x))

static int printed(const wchar_t *expected, const wchar_t *format, ...)
{
	wchar_t text[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vswprintf(text, 256, format, arguments);
	va_end(arguments);
	return length == (int)wcslen(expected) && !wcscmp(text, expected);
}

static int printed8(const char *expected, const char *format, ...)
{
	char text[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	return length == (int)strlen(expected) && !strcmp(text, expected);
}

static void strings(void)
{
	wchar_t text[16], *rest, *token;

	CHECK("wcslen", wcslen(L"abcdefgh") == 8 && wcsnlen(L"abc", 2) == 2);
	CHECK("wcscpy wcscat", !wcscmp(wcscat(wcscpy(text, L"abc"), L"def"), L"abcdef"));
	CHECK("wcsncpy pads", wcsncpy(text, L"x", 5) == text && !text[1] && !text[4]);
	CHECK("wcscmp", wcscmp(L"a", L"b") < 0 && wcscmp(L"b", L"a") > 0 && !wcsncmp(L"ab", L"ac", 1));
	CHECK("wcschr", *wcschr(L"abc", L'b') == L'b' && !wcschr(L"abc", L'x') &&
	      wcsrchr(L"abab", L'a')[1] == L'b' && !*wcschr(L"abc", 0));
	CHECK("wcsstr", !wcscmp(wcsstr(L"a needle b", L"needle"), L"needle b") && !wcsstr(L"a", L"ab"));
	CHECK("wcsspn", wcsspn(L"aab", L"a") == 2 && wcscspn(L"aab", L"b") == 2 &&
	      *wcspbrk(L"aab", L"xb") == L'b');
	wcscpy(text, L"a,,b");
	token = wcstok_s(text, L",", &rest);
	CHECK("wcstok_s", !wcscmp(token, L"a") && !wcscmp(wcstok_s(NULL, L",", &rest), L"b") &&
	      !wcstok_s(NULL, L",", &rest));
	CHECK("wcstol", wcstol(L" -12x", &rest, 10) == -12 && *rest == L'x');
	CHECK("wcstoul", wcstoul(L"ff\u00e4", &rest, 16) == 255 && *rest == 0xe4);
	CHECK("wcstoull", wcstoull(L"18446744073709551615", NULL, 0) == ~0ULL);
	CHECK("wcstod", wcstod(L"1.5e1", NULL) == 15);
	CHECK("_wtoi", _wtoi(L"42") == 42 && _wtoi64(L"4294967296") == 4294967296LL);
	CHECK("_wcsicmp", !_wcsicmp(L"ABC", L"abc") && _wcsicmp(L"a", L"B") < 0 &&
	      !_wcsnicmp(L"ABx", L"aby", 2) && !_stricmp("A", "a"));
	CHECK("wcscpy_s", !wcscpy_s(text, 4, L"abc") && wcscpy_s(text, 3, L"abc") == ERANGE && !*text);
	CHECK("wcscat_s", !wcscpy_s(text, 6, L"ab") && !wcscat_s(text, 6, L"cde") &&
	      wcscat_s(text, 6, L"f") == ERANGE);
	CHECK("wcsncpy_s", wcsncpy_s(text, 3, L"abc", _TRUNCATE) == STRUNCATE && !wcscmp(text, L"ab") &&
	      !wcsncpy_s(text, 3, L"abc", 2) && !wcsncpy_s(text, 4, L"abc", _TRUNCATE));
	CHECK("memcpy_s", !memcpy_s(text, 4, L"ab", 4) && memcpy_s(text, 2, L"ab", 4) == ERANGE && !text[0]);
	CHECK("wmem", !wmemcmp(wmemset(text, L'x', 3), L"xxx", 3) && wmemchr(L"abc", L'c', 3)[0] == L'c' &&
	      !wmemchr(L"abc", L'c', 2));
	CHECK("_countof", _countof(text) == 16 && ARRAYSIZE(text) == 16);
	CHECK("mbstowcs", mbstowcs(text, "a\360\220\200\200", 16) == 3 && text[1] == 0xd800 &&
	      mbstowcs(text, "\377", 16) == (size_t)-1);
}

static void formats(void)
{
	wchar_t text[8];
	char narrow[8];

	CHECK("%s is wide", printed(L"<abc>", L"<%s>", L"abc"));
	CHECK("%S %hs %ls %ws", printed(L"a b c d", L"%S %hs %ls %ws", "a", "b", L"c", L"d"));
	CHECK("%c", printed(L"ab\u00e4", L"%c%C%c", L'a', 'b', 0xe4));
	CHECK("width", printed(L"[   ab][ab   ][a]", L"[%5s][%-5s][%.1s]", L"ab", L"ab", L"ab"));
	CHECK("*", printed(L"[   ab][ab ][00007]", L"[%*s][%*s][%0*d]", 5, L"ab", -3, L"ab", 5, 7));
	CHECK("NULL", printed(L"(null) (null)", L"%s %S", NULL, NULL));
	CHECK("32 bits", printed(L"4294967295 -1 ffffffff", L"%lu %ld %lx", (DWORD)-1, (LONG)-1, (DWORD)-1));
	CHECK("64 bits", printed(L"1099511627776 -1 10000000000", L"%I64u %I64d %llx", 1ULL << 40, -1LL, 1ULL << 40));
	CHECK("%I %zu %I32d", printed(L"1 2 -3", L"%Iu %zu %I32d", (size_t)1, (size_t)2, -3));
	CHECK("%hu %hhd", printed(L"1 -1", L"%hu %hhd", 0x10001, 255));
	CHECK("%p", printed(L"0000000000001234", L"%p", (void *)0x1234));
	CHECK("%f", printed(L"1.500 1e+10 %", L"%.3f %g %%", 1.5, 1e10));
	CHECK("%#x %+d", printed(L"0xff +5  5", L"%#x %+d % d", 255, 5, 5));
	CHECK("long", printed(L"0000000000000000000000000000000000000000000000000000000000000000000000"
			      L"00000000000000000000000000000000000000000000000000000000000000000000007",
			      L"%0141d", 7));
	CHECK("text beyond 16 bits", printed8("\360\220\200\200|\303\244", "%S|%ls", L"\U00010000", L"\u00e4"));
	CHECK("narrow %s", printed8("abc def", "%s %S", "abc", L"def"));
	CHECK("narrow cut", printed8("[ab][  c]", "[%.2s][%3.1S]", "abc", L"cd"));
	CHECK("bad format", swprintf(text, 8, L"%y") == -1);
	CHECK("swprintf full", swprintf(text, 3, L"abc") == -1 && swprintf(text, 4, L"abc") == 3);
	CHECK("_snwprintf full", _snwprintf(text, 3, L"abc") == 3 && _snwprintf(text, 3, L"abcd") == -1);
	CHECK("swprintf_s", swprintf_s(text, 4, L"%d", 123) == 3 && swprintf_s(text, 3, L"%d", 123) == -1 && !*text);
	CHECK("_snwprintf_s", _snwprintf_s(text, 3, _TRUNCATE, L"abcd") == -1 && !wcscmp(text, L"ab") &&
	      _snwprintf_s(text, 8, 2, L"abcd") == -1 && !wcscmp(text, L"ab"));
	CHECK("_snprintf", _snprintf(narrow, 8, "%I64d", 12345LL) == 5 && _scprintf("%S", L"abc") == 3);
	CHECK("StringCchPrintf", StringCchPrintf(text, 8, TEXT("%s"), _T("abc")) == S_OK && !_tcscmp(text, _T("abc")));
}

static void streams(void)
{
	char text[64] = "";
	FILE *file = tmpfile();
	int length;

	length = fwprintf(file, L"%s %d\n", L"\u00e4\U00010000", 1);
	fputws(L"x\n", file);
	fprintf(file, "%S\n", L"y");
	rewind(file);
	CHECK("fwprintf", fread(text, 1, sizeof(text), file) && length == 6 &&
	      !strcmp(text, "\303\244\360\220\200\200 1\nx\ny\n"));
	fclose(file);
}

static void conversion(void)
{
	wchar_t wide[8];
	char text[8];

	CHECK("MultiByteToWideChar",
	      MultiByteToWideChar(CP_UTF8, 0, "\303\244b", -1, NULL, 0) == 3 &&
	      MultiByteToWideChar(CP_ACP, 0, "\303\244b", -1, wide, 8) == 3 && wide[0] == 0xe4 &&
	      !MultiByteToWideChar(CP_UTF8, 0, "abc", -1, wide, 3) &&
	      GetLastError() == ERROR_INSUFFICIENT_BUFFER);
	CHECK("WideCharToMultiByte",
	      WideCharToMultiByte(CP_UTF8, 0, L"\u00e4b", 2, text, 8, NULL, NULL) == 3 &&
	      !memcmp(text, "\303\244b", 3) &&
	      !WideCharToMultiByte(CP_UTF8, 0, L"\xd800", 1, text, 8, NULL, NULL) &&
	      GetLastError() == ERROR_NO_UNICODE_TRANSLATION);
}

int _tmain(int argc, _TCHAR *argv[])
{
	if (argc == 2)
		return wcscmp(argv[1], L"\u00e4\U00010000") ? 1 : 42;
	puts("TAP version 13");
	strings();
	formats();
	streams();
	conversion();
	fflush(stdout);
	CHECK("wmain's arguments", argc == 1 && !argv[1] && wcsstr(argv[0], L"wide_test"));
	printf("1..%d\n", number);
	return failed != 0;
}
