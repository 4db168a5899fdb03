/* SPDX-License-Identifier: MIT */
/*
 * winbase_crt.h: what Microsoft's C run-time has and this system's has not. On
 * Windows the names are in string.h, stdio.h and so on; here windows.h and
 * windows_compat.h bring them.
 *
 * Text of 8 bits is UTF-8, of 16 UTF-16. Case is that of one code unit, in the
 * program's locale for 16 bits and ASCII for 8.
 *
 * Formats are those of Windows: %s is text of the function's own width and %S of the
 * other, %hs and %S...: h is 8 bits, l and w are 16; l and a number are 32 bits, ll,
 * I64, j, z, t, I 64, I32 32. %n and positions (%1$d) are not carried, nor is %Z.
 *
 * A _s function that has no room, or is given a NULL, leaves an empty string and
 * answers ERANGE or EINVAL (Windows may end the process).
 */
#ifndef WINBASE_CRT_H
#define WINBASE_CRT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <windef.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef int errno_t;
typedef size_t rsize_t;

#define _TRUNCATE	((size_t)-1)
#define STRUNCATE	80

/* -------------------------------------------------------------- 8-bit text */

#define _stricmp	strcasecmp
#define _strnicmp	strncasecmp
#define _strdup		strdup
#define stricmp		strcasecmp
#define strnicmp	strncasecmp
#define strtok_s	strtok_r
#define _strtoui64	strtoull
#define _strtoi64	strtoll
#define _atoi64		atoll

errno_t memcpy_s(void *to, size_t room, const void *from, size_t size);
errno_t memmove_s(void *to, size_t room, const void *from, size_t size);
errno_t strcpy_s(char *to, size_t room, const char *from);
errno_t strcat_s(char *to, size_t room, const char *from);
/* A count of _TRUNCATE takes what there is room for, and answers STRUNCATE. */
errno_t strncpy_s(char *to, size_t room, const char *from, size_t count);
errno_t strncat_s(char *to, size_t room, const char *from, size_t count);

/* Without a terminator where the text has just the room, and -1 where it has less. */
int _snprintf(char *to, size_t room, const char *format, ...);
int _vsnprintf(char *to, size_t room, const char *format, va_list arguments);
/* -1, and an empty string, where there is no room */
int sprintf_s(char *to, size_t room, const char *format, ...);
int vsprintf_s(char *to, size_t room, const char *format, va_list arguments);
/* At most count characters; _TRUNCATE: what there is room for, and -1 */
int _snprintf_s(char *to, size_t room, size_t count, const char *format, ...);
int _vsnprintf_s(char *to, size_t room, size_t count, const char *format,
		 va_list arguments);
/* The length that it would have. */
int _scprintf(const char *format, ...);
int _vscprintf(const char *format, va_list arguments);

/* ------------------------------------------------------------- 16-bit text */

int _wcsicmp(const WCHAR *a, const WCHAR *b);
int _wcsnicmp(const WCHAR *a, const WCHAR *b, size_t count);
WCHAR *_wcsdup(const WCHAR *s);
WCHAR *_wcslwr(WCHAR *s);
WCHAR *_wcsupr(WCHAR *s);
WCHAR *_wcsrev(WCHAR *s);
int _wtoi(const WCHAR *s);
LONG _wtol(const WCHAR *s);
int64_t _wtoi64(const WCHAR *s);
unsigned long long _wcstoui64(const WCHAR *s, WCHAR **end, int base);
int _putws(const WCHAR *s);

errno_t wmemcpy_s(WCHAR *to, size_t room, const WCHAR *from, size_t count);
errno_t wcscpy_s(WCHAR *to, size_t room, const WCHAR *from);
errno_t wcscat_s(WCHAR *to, size_t room, const WCHAR *from);
errno_t wcsncpy_s(WCHAR *to, size_t room, const WCHAR *from, size_t count);
errno_t wcsncat_s(WCHAR *to, size_t room, const WCHAR *from, size_t count);
WCHAR *wcstok_s(WCHAR *s, const WCHAR *separators, WCHAR **context);

int _snwprintf(WCHAR *to, size_t room, const WCHAR *format, ...);
int _vsnwprintf(WCHAR *to, size_t room, const WCHAR *format, va_list arguments);
int swprintf_s(WCHAR *to, size_t room, const WCHAR *format, ...);
int vswprintf_s(WCHAR *to, size_t room, const WCHAR *format, va_list arguments);
int _snwprintf_s(WCHAR *to, size_t room, size_t count, const WCHAR *format, ...);
int _vsnwprintf_s(WCHAR *to, size_t room, size_t count, const WCHAR *format,
		  va_list arguments);
int _scwprintf(const WCHAR *format, ...);
int _vscwprintf(const WCHAR *format, va_list arguments);

/*
 * The standard functions for 16 bits: what windows_compat.h puts behind their own
 * names. wprintf() and its kind write UTF-8; winbase_printf() and its kind are
 * printf() with Windows' formats.
 */
size_t winbase_wcslen(const WCHAR *s);
size_t winbase_wcsnlen(const WCHAR *s, size_t count);
int winbase_wcscmp(const WCHAR *a, const WCHAR *b);
int winbase_wcsncmp(const WCHAR *a, const WCHAR *b, size_t count);
WCHAR *winbase_wcscpy(WCHAR *to, const WCHAR *from);
WCHAR *winbase_wcsncpy(WCHAR *to, const WCHAR *from, size_t count);
WCHAR *winbase_wcscat(WCHAR *to, const WCHAR *from);
WCHAR *winbase_wcsncat(WCHAR *to, const WCHAR *from, size_t count);
WCHAR *winbase_wcschr(const WCHAR *s, WCHAR c);
WCHAR *winbase_wcsrchr(const WCHAR *s, WCHAR c);
WCHAR *winbase_wcsstr(const WCHAR *s, const WCHAR *part);
WCHAR *winbase_wcspbrk(const WCHAR *s, const WCHAR *accept);
size_t winbase_wcsspn(const WCHAR *s, const WCHAR *accept);
size_t winbase_wcscspn(const WCHAR *s, const WCHAR *reject);
WCHAR *winbase_wcstok(WCHAR *s, const WCHAR *separators, WCHAR **context);
/* Of 64 bits, as long is here. */
long winbase_wcstol(const WCHAR *s, WCHAR **end, int base);
unsigned long winbase_wcstoul(const WCHAR *s, WCHAR **end, int base);
long long winbase_wcstoll(const WCHAR *s, WCHAR **end, int base);
unsigned long long winbase_wcstoull(const WCHAR *s, WCHAR **end, int base);
double winbase_wcstod(const WCHAR *s, WCHAR **end);
WCHAR *winbase_wmemcpy(WCHAR *to, const WCHAR *from, size_t count);
WCHAR *winbase_wmemmove(WCHAR *to, const WCHAR *from, size_t count);
WCHAR *winbase_wmemset(WCHAR *to, WCHAR c, size_t count);
int winbase_wmemcmp(const WCHAR *a, const WCHAR *b, size_t count);
WCHAR *winbase_wmemchr(const WCHAR *s, WCHAR c, size_t count);
size_t winbase_mbstowcs(WCHAR *to, const char *from, size_t room);
size_t winbase_wcstombs(char *to, const WCHAR *from, size_t room);
int winbase_fputws(const WCHAR *s, FILE *file);
int winbase_wprintf(const WCHAR *format, ...);
int winbase_vwprintf(const WCHAR *format, va_list arguments);
int winbase_fwprintf(FILE *file, const WCHAR *format, ...);
int winbase_vfwprintf(FILE *file, const WCHAR *format, va_list arguments);
/* -1 where there is no room */
int winbase_swprintf(WCHAR *to, size_t room, const WCHAR *format, ...);
int winbase_vswprintf(WCHAR *to, size_t room, const WCHAR *format, va_list arguments);
int winbase_printf(const char *format, ...);
int winbase_vprintf(const char *format, va_list arguments);
int winbase_fprintf(FILE *file, const char *format, ...);
int winbase_vfprintf(FILE *file, const char *format, va_list arguments);
int winbase_sprintf(char *to, const char *format, ...);
int winbase_vsprintf(char *to, const char *format, va_list arguments);
int winbase_snprintf(char *to, size_t room, const char *format, ...);
int winbase_vsnprintf(char *to, size_t room, const char *format, va_list arguments);

#ifdef __cplusplus
}

/* Where the room is an array's, it need not be said. */
extern "C++" {
template <size_t N> errno_t strcpy_s(char (&to)[N], const char *from)
{
	return strcpy_s(to, N, from);
}

template <size_t N> errno_t strcat_s(char (&to)[N], const char *from)
{
	return strcat_s(to, N, from);
}

template <size_t N> errno_t wcscpy_s(WCHAR (&to)[N], const WCHAR *from)
{
	return wcscpy_s(to, N, from);
}

template <size_t N> errno_t wcscat_s(WCHAR (&to)[N], const WCHAR *from)
{
	return wcscat_s(to, N, from);
}

template <size_t N, typename... T> int sprintf_s(char (&to)[N], const char *format, T... rest)
{
	return sprintf_s(to, N, format, rest...);
}

template <size_t N, typename... T>
int swprintf_s(WCHAR (&to)[N], const WCHAR *format, T... rest)
{
	return swprintf_s(to, N, format, rest...);
}

/* Of older sources, which do not say the room. */
#if __SIZEOF_WCHAR_T__ == 2
inline int vswprintf(WCHAR *to, const WCHAR *format, va_list arguments)
{
	return winbase_vswprintf(to, INT32_MAX, format, arguments);
}

inline int swprintf(WCHAR *to, const WCHAR *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vswprintf(to, format, arguments);
	va_end(arguments);
	return length;
}
#endif
}
#endif
#pragma GCC visibility pop

#endif
