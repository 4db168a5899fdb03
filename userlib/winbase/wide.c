// SPDX-License-Identifier: MIT
/* Text of 16 bits: conversion, and the functions of wchar.h for it. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <wctype.h>
#include "winbase.h"
#include "winbase_crt.h"

/* Decodes one character; returns its bytes, or 0 if they are no UTF-8. */
static size_t decode_utf8(const uint8_t *in, size_t bytes, uint32_t *c)
{
	/* By length: the least character that needs so many bytes. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length, i;

	if (in[0] < 0x80)
		length = 1;
	else if (in[0] >> 5 == 6)
		length = 2;
	else if (in[0] >> 4 == 14)
		length = 3;
	else if (in[0] >> 3 == 30)
		length = 4;
	else
		return 0;
	if (length > bytes)
		return 0;

	*c = length == 1 ? in[0] : in[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if (in[i] >> 6 != 2)
			return 0;
		*c = *c << 6 | (in[i] & 0x3f);
	}
	if (*c < least[length] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return length;
}

size_t winbase_utf16_from_utf8(WCHAR *out, const void *in, size_t bytes)
{
	const uint8_t *p = in, *end = p + bytes;
	size_t units = 0, length;
	WCHAR pair[2];
	uint32_t c;

	for (; p < end; p += length) {
		length = decode_utf8(p, end - p, &c);
		if (!length)
			return WINBASE_INVALID;
		pair[0] = c < 0x10000 ? c : 0xd7c0 + (c >> 10);
		pair[1] = 0xdc00 | (c & 0x3ff);
		for (int i = 0; i < 1 + (c >= 0x10000); i++, units++)
			if (out)
				out[units] = pair[i];
	}
	return units;
}

size_t winbase_utf8_from_utf16(char *out, const WCHAR *in, size_t units)
{
	/* By the number of bytes that follow. */
	static const uint8_t lead[] = { 0, 0xc0, 0xe0, 0xf0 };
	size_t bytes = 0, i;
	uint32_t c;
	int more;

	for (i = 0; i < units; i++) {
		c = in[i];
		if (c >= 0xd800 && c < 0xe000) {
			if (c >= 0xdc00 || i + 1 == units || in[i + 1] >> 10 != 0x37)
				return WINBASE_INVALID;
			c = 0x10000 + ((c & 0x3ff) << 10 | (in[++i] & 0x3ff));
		}
		more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
		if (out)
			out[bytes] = lead[more] | c >> 6 * more;
		bytes++;
		while (more--) {
			if (out)
				out[bytes] = 0x80 | (c >> 6 * more & 0x3f);
			bytes++;
		}
	}
	return bytes;
}

char *winbase_utf8_of(const WCHAR *s)
{
	size_t units = winbase_wcslen(s), bytes = winbase_utf8_from_utf16(NULL, s, units);
	char *text = bytes == WINBASE_INVALID ? NULL : malloc(bytes + 1);

	if (text) {
		winbase_utf8_from_utf16(text, s, units);
		text[bytes] = 0;
	}
	return text;
}

/* -------------------------------------------------------------- standard's */

size_t winbase_wcslen(const WCHAR *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

size_t winbase_wcsnlen(const WCHAR *s, size_t count)
{
	size_t n = 0;

	while (n < count && s[n])
		n++;
	return n;
}

int winbase_wcsncmp(const WCHAR *a, const WCHAR *b, size_t count)
{
	for (; count; a++, b++, count--)
		if (*a != *b || !*a)
			return (*a > *b) - (*a < *b);
	return 0;
}

int winbase_wcscmp(const WCHAR *a, const WCHAR *b)
{
	return winbase_wcsncmp(a, b, SIZE_MAX);
}

WCHAR *winbase_wcscpy(WCHAR *to, const WCHAR *from)
{
	return memcpy(to, from, (winbase_wcslen(from) + 1) * sizeof(WCHAR));
}

/* Filled up with zeros, and not terminated where there is no room. */
WCHAR *winbase_wcsncpy(WCHAR *to, const WCHAR *from, size_t count)
{
	size_t length = winbase_wcsnlen(from, count);

	memcpy(to, from, length * sizeof(WCHAR));
	memset(to + length, 0, (count - length) * sizeof(WCHAR));
	return to;
}

WCHAR *winbase_wcscat(WCHAR *to, const WCHAR *from)
{
	winbase_wcscpy(to + winbase_wcslen(to), from);
	return to;
}

WCHAR *winbase_wcsncat(WCHAR *to, const WCHAR *from, size_t count)
{
	WCHAR *end = to + winbase_wcslen(to);
	size_t length = winbase_wcsnlen(from, count);

	memcpy(end, from, length * sizeof(WCHAR));
	end[length] = 0;
	return to;
}

WCHAR *winbase_wcschr(const WCHAR *s, WCHAR c)
{
	for (; *s != c; s++)
		if (!*s)
			return NULL;
	return (WCHAR *)s;
}

WCHAR *winbase_wcsrchr(const WCHAR *s, WCHAR c)
{
	const WCHAR *found = NULL;

	do {
		if (*s == c)
			found = s;
	} while (*s++);
	return (WCHAR *)found;
}

WCHAR *winbase_wcsstr(const WCHAR *s, const WCHAR *part)
{
	size_t length = winbase_wcslen(part);

	for (;; s++) {
		if (!winbase_wcsncmp(s, part, length))
			return (WCHAR *)s;
		if (!*s)
			return NULL;
	}
}

static size_t span(const WCHAR *s, const WCHAR *set, bool in)
{
	size_t n = 0;

	while (s[n] && (winbase_wcschr(set, s[n]) != NULL) == in)
		n++;
	return n;
}

size_t winbase_wcsspn(const WCHAR *s, const WCHAR *accept)
{
	return span(s, accept, true);
}

size_t winbase_wcscspn(const WCHAR *s, const WCHAR *reject)
{
	return span(s, reject, false);
}

WCHAR *winbase_wcspbrk(const WCHAR *s, const WCHAR *accept)
{
	s += span(s, accept, false);
	return *s ? (WCHAR *)s : NULL;
}

WCHAR *winbase_wcstok(WCHAR *s, const WCHAR *separators, WCHAR **context)
{
	if (!s)
		s = *context;
	s += span(s, separators, true);
	*context = s + span(s, separators, false);
	if (*context == s)
		return NULL;
	if (**context)
		*(*context)++ = 0;
	return s;
}

/*
 * The start of a number as text of 8 bits: what is no ASCII ends it. NULL: no memory.
 * The caller adds where the number ends to the wide text.
 */
static char *ascii_of(const WCHAR *s)
{
	size_t n = 0;
	char *text;

	while (s[n] && s[n] < 128)
		n++;
	text = malloc(n + 1);
	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++)
		text[i] = s[i];
	text[n] = 0;
	return text;
}

#define NUMBER(type, call)					\
{									\
	char *text = ascii_of(s), *stop = text;				\
	type value = 0;							\
									\
	if (text)							\
		value = call;						\
	if (end)							\
		*end = (WCHAR *)s + (stop - text);			\
	free(text);							\
	return value;							\
}

long winbase_wcstol(const WCHAR *s, WCHAR **end, int base)
NUMBER(long, strtol(text, &stop, base))

unsigned long winbase_wcstoul(const WCHAR *s, WCHAR **end, int base)
NUMBER(unsigned long, strtoul(text, &stop, base))

long long winbase_wcstoll(const WCHAR *s, WCHAR **end, int base)
NUMBER(long long, strtoll(text, &stop, base))

unsigned long long winbase_wcstoull(const WCHAR *s, WCHAR **end, int base)
NUMBER(unsigned long long, strtoull(text, &stop, base))

double winbase_wcstod(const WCHAR *s, WCHAR **end)
NUMBER(double, strtod(text, &stop))

WCHAR *winbase_wmemcpy(WCHAR *to, const WCHAR *from, size_t count)
{
	return memcpy(to, from, count * sizeof(WCHAR));
}

WCHAR *winbase_wmemmove(WCHAR *to, const WCHAR *from, size_t count)
{
	return memmove(to, from, count * sizeof(WCHAR));
}

WCHAR *winbase_wmemset(WCHAR *to, WCHAR c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = c;
	return to;
}

int winbase_wmemcmp(const WCHAR *a, const WCHAR *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

WCHAR *winbase_wmemchr(const WCHAR *s, WCHAR c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (s[i] == c)
			return (WCHAR *)s + i;
	return NULL;
}

/* Both measure with "to" NULL, and else terminate if there is room. */
size_t winbase_mbstowcs(WCHAR *to, const char *from, size_t room)
{
	size_t bytes = strlen(from), units = winbase_utf16_from_utf8(NULL, from, bytes);
	WCHAR *whole;

	if (units == WINBASE_INVALID) {
		errno = EILSEQ;
		return (size_t)-1;
	}
	if (!to)
		return units;
	if (units < room) {
		winbase_utf16_from_utf8(to, from, bytes);
		to[units] = 0;
		return units;
	}
	whole = malloc(units * sizeof(WCHAR) + 1);
	if (!whole)
		return (size_t)-1;
	winbase_utf16_from_utf8(whole, from, bytes);
	memcpy(to, whole, room * sizeof(WCHAR));
	free(whole);
	return room;
}

/* No part of a character is written. */
size_t winbase_wcstombs(char *to, const WCHAR *from, size_t room)
{
	size_t units = winbase_wcslen(from), bytes = winbase_utf8_from_utf16(NULL, from, units);

	if (bytes == WINBASE_INVALID) {
		errno = EILSEQ;
		return (size_t)-1;
	}
	if (!to)
		return bytes;
	while (bytes > room) {
		units--;
		if (from[units] >> 10 == 0x37)
			units--;
		bytes = winbase_utf8_from_utf16(NULL, from, units);
	}
	winbase_utf8_from_utf16(to, from, units);
	if (bytes < room)
		to[bytes] = 0;
	return bytes;
}

int winbase_fputws(const WCHAR *s, FILE *file)
{
	char *text = winbase_utf8_of(s);
	int result = text ? fputs(text, file) : EOF;

	if (!text)
		errno = EILSEQ;
	free(text);
	return result;
}

/* ------------------------------------------------------------- Microsoft's */

int _putws(const WCHAR *s)
{
	return winbase_fputws(s, stdout) < 0 ? EOF : putchar('\n');
}

int _wcsnicmp(const WCHAR *a, const WCHAR *b, size_t count)
{
	for (; count; a++, b++, count--) {
		wint_t x = towlower(*a), y = towlower(*b);

		if (x != y || !x)
			return (x > y) - (x < y);
	}
	return 0;
}

int _wcsicmp(const WCHAR *a, const WCHAR *b)
{
	return _wcsnicmp(a, b, SIZE_MAX);
}

WCHAR *_wcsdup(const WCHAR *s)
{
	size_t size = (winbase_wcslen(s) + 1) * sizeof(WCHAR);
	WCHAR *copy = malloc(size);

	return copy ? memcpy(copy, s, size) : NULL;
}

WCHAR *_wcslwr(WCHAR *s)
{
	for (WCHAR *p = s; *p; p++)
		*p = towlower(*p);
	return s;
}

WCHAR *_wcsupr(WCHAR *s)
{
	for (WCHAR *p = s; *p; p++)
		*p = towupper(*p);
	return s;
}

WCHAR *_wcsrev(WCHAR *s)
{
	for (WCHAR *a = s, *b = s + winbase_wcslen(s); a < b; a++) {
		WCHAR c = *a;

		*a = *--b;
		*b = c;
	}
	return s;
}

int64_t _wtoi64(const WCHAR *s)
{
	return winbase_wcstoll(s, NULL, 10);
}

int _wtoi(const WCHAR *s)
{
	return _wtoi64(s);
}

LONG _wtol(const WCHAR *s)
{
	return _wtoi64(s);
}

unsigned long long _wcstoui64(const WCHAR *s, WCHAR **end, int base)
{
	return winbase_wcstoull(s, end, base);
}

WCHAR *wcstok_s(WCHAR *s, const WCHAR *separators, WCHAR **context)
{
	return winbase_wcstok(s, separators, context);
}

errno_t memmove_s(void *to, size_t room, const void *from, size_t size)
{
	if (!size)
		return 0;
	if (!to)
		return EINVAL;
	if (!from || size > room) {
		memset(to, 0, room);
		return from ? ERANGE : EINVAL;
	}
	memmove(to, from, size);
	return 0;
}

errno_t memcpy_s(void *to, size_t room, const void *from, size_t size)
{
	return memmove_s(to, room, from, size);
}

errno_t wmemcpy_s(WCHAR *to, size_t room, const WCHAR *from, size_t count)
{
	if (room > SIZE_MAX / sizeof(WCHAR) || count > SIZE_MAX / sizeof(WCHAR))
		return EINVAL;
	return memmove_s(to, room * sizeof(WCHAR), from, count * sizeof(WCHAR));
}

/* All of str/wcs cpy_s, cat_s, ncpy_s, ncat_s: one of 8 bits, one of 16. */
#define APPEND(unit, length_of)							\
(unit *to, size_t room, size_t at, const unit *from, size_t count)		\
{										\
	size_t length;								\
										\
	if (!to || !room)							\
		return EINVAL;							\
	if (!from || at >= room) {						\
		*to = 0;							\
		return EINVAL;							\
	}									\
	length = length_of(from, count < room - at ? count : room - at);	\
	if (length == room - at && count != _TRUNCATE) {			\
		*to = 0;							\
		return ERANGE;							\
	}									\
	if (length == room - at)						\
		length--;							\
	memcpy(to + at, from, length * sizeof(unit));				\
	to[at + length] = 0;							\
	return count == _TRUNCATE && from[length] ? STRUNCATE : 0;		\
}

static errno_t append8 APPEND(char, strnlen)
static errno_t append16 APPEND(WCHAR, winbase_wcsnlen)

/* No count is told apart from _TRUNCATE. */
#define WHOLE	(SIZE_MAX - 1)

errno_t strcpy_s(char *to, size_t room, const char *from)
{
	return append8(to, room, 0, from, WHOLE);
}

errno_t strncpy_s(char *to, size_t room, const char *from, size_t count)
{
	return append8(to, room, 0, from, count);
}

errno_t strcat_s(char *to, size_t room, const char *from)
{
	return append8(to, room, to ? strnlen(to, room) : 0, from, WHOLE);
}

errno_t strncat_s(char *to, size_t room, const char *from, size_t count)
{
	return append8(to, room, to ? strnlen(to, room) : 0, from, count);
}

errno_t wcscpy_s(WCHAR *to, size_t room, const WCHAR *from)
{
	return append16(to, room, 0, from, WHOLE);
}

errno_t wcsncpy_s(WCHAR *to, size_t room, const WCHAR *from, size_t count)
{
	return append16(to, room, 0, from, count);
}

errno_t wcscat_s(WCHAR *to, size_t room, const WCHAR *from)
{
	return append16(to, room, to ? winbase_wcsnlen(to, room) : 0, from, WHOLE);
}

errno_t wcsncat_s(WCHAR *to, size_t room, const WCHAR *from, size_t count)
{
	return append16(to, room, to ? winbase_wcsnlen(to, room) : 0, from, count);
}

/* ----------------------------------------------------------------- Windows' */

int WINAPI lstrlenA(LPCSTR lpString)
{
	return lpString ? strlen(lpString) : 0;
}

int WINAPI lstrlenW(LPCWSTR lpString)
{
	return lpString ? winbase_wcslen(lpString) : 0;
}

/* What both conversions answer of the length that they need. */
static int convert_result(size_t needed, int room)
{
	DWORD error = needed == WINBASE_INVALID ? ERROR_NO_UNICODE_TRANSLATION :
		      needed > INT32_MAX ? ERROR_INVALID_PARAMETER :
		      room && needed > (size_t)room ? ERROR_INSUFFICIENT_BUFFER : 0;

	if (error)
		SetLastError(error);
	return error ? 0 : needed;
}

static bool convert_refuses(UINT code_page, const void *in, int length, const void *out,
			    int room)
{
	if ((code_page == CP_ACP || code_page == CP_UTF8) && in && length && length >= -1 &&
	    room >= 0 && (out || !room))
		return false;
	SetLastError(ERROR_INVALID_PARAMETER);
	return true;
}

int WINAPI MultiByteToWideChar(UINT CodePage, DWORD dwFlags, LPCCH lpMultiByteStr,
			       int cbMultiByte, LPWSTR lpWideCharStr, int cchWideChar)
{
	size_t bytes;
	int units;

	(void)dwFlags;
	if (convert_refuses(CodePage, lpMultiByteStr, cbMultiByte, lpWideCharStr, cchWideChar))
		return 0;
	bytes = cbMultiByte < 0 ? strlen(lpMultiByteStr) + 1 : (size_t)cbMultiByte;
	units = convert_result(winbase_utf16_from_utf8(NULL, lpMultiByteStr, bytes),
			       cchWideChar);
	if (units && cchWideChar)
		winbase_utf16_from_utf8(lpWideCharStr, lpMultiByteStr, bytes);
	return units;
}

int WINAPI WideCharToMultiByte(UINT CodePage, DWORD dwFlags, LPCWCH lpWideCharStr,
			       int cchWideChar, LPSTR lpMultiByteStr, int cbMultiByte,
			       LPCCH lpDefaultChar, BOOL *lpUsedDefaultChar)
{
	size_t units;
	int bytes;

	(void)dwFlags;
	(void)lpDefaultChar;
	if (lpUsedDefaultChar)
		*lpUsedDefaultChar = FALSE;
	if (convert_refuses(CodePage, lpWideCharStr, cchWideChar, lpMultiByteStr, cbMultiByte))
		return 0;
	units = cchWideChar < 0 ? winbase_wcslen(lpWideCharStr) + 1 : (size_t)cchWideChar;
	bytes = convert_result(winbase_utf8_from_utf16(NULL, lpWideCharStr, units), cbMultiByte);
	if (bytes && cbMultiByte)
		winbase_utf8_from_utf16(lpMultiByteStr, lpWideCharStr, units);
	return bytes;
}
