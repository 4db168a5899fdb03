/* SPDX-License-Identifier: MIT */
/*
 * windows_compat.h: for programs from Windows, whose L"" has 16 bits:
 *
 *	gcc -fshort-wchar -include windows_compat.h ... -lwinbase
 *
 * It comes before every other header: it puts the functions of winbase_crt.h behind
 * the names of wchar.h (and Windows' formats behind printf's), by symbol, so that
 * std::wcslen() and std::wstring work as well; %ld and %lu take 32 bits. Without -fshort-wchar it gives only
 * what winbase_crt.h and specstrings.h have.
 *
 * Not carried, and wrong if called: wide streams (std::wcout, fgetwc() and its kind),
 * wscanf() and its kind. What would write 32-bit characters does not link.
 *
 * A program whose main() is wmain() or _tmain() takes winbase_wmain.o along
 * (pkg-config --variable=wmain winbase); in C++ it has to have argc and argv.
 */
#ifndef WINDOWS_COMPAT_H
#define WINDOWS_COMPAT_H

#if __SIZEOF_WCHAR_T__ == 2

/* Its checks would call the 32-bit functions under their own names. */
#undef _FORTIFY_SOURCE
#include <features.h>
#include <stddef.h>
#ifdef __cplusplus
/* The library has std::wstring for 32 bits ready made; let the compiler make it. */
#include <cstddef>
#undef _GLIBCXX_EXTERN_TEMPLATE
#define _GLIBCXX_EXTERN_TEMPLATE 0
extern "C" {
#endif

#define WINBASE_AS(name)	__asm__("winbase_" #name)
#define WINBASE_NOT_CARRIED(name) __asm__(#name "_is_not_carried_by_winbase")
/* C has the symbol before it, the header's declaration adds it there. */
#ifdef __cplusplus
#define WINBASE_NOTHROW		__THROW
#else
#define WINBASE_NOTHROW
#endif

__SIZE_TYPE__ wcslen(const wchar_t *) WINBASE_NOTHROW WINBASE_AS(wcslen);
__SIZE_TYPE__ wcsnlen(const wchar_t *, __SIZE_TYPE__) WINBASE_NOTHROW WINBASE_AS(wcsnlen);
int wcscmp(const wchar_t *, const wchar_t *) WINBASE_NOTHROW WINBASE_AS(wcscmp);
int wcsncmp(const wchar_t *, const wchar_t *, __SIZE_TYPE__)
	WINBASE_NOTHROW WINBASE_AS(wcsncmp);
int wcscasecmp(const wchar_t *, const wchar_t *) WINBASE_NOTHROW __asm__("_wcsicmp");
int wcsncasecmp(const wchar_t *, const wchar_t *, __SIZE_TYPE__)
	WINBASE_NOTHROW __asm__("_wcsnicmp");
wchar_t *wcsdup(const wchar_t *) WINBASE_NOTHROW __asm__("_wcsdup");
wchar_t *wcscpy(wchar_t *, const wchar_t *) WINBASE_NOTHROW WINBASE_AS(wcscpy);
wchar_t *wcsncpy(wchar_t *, const wchar_t *, __SIZE_TYPE__)
	WINBASE_NOTHROW WINBASE_AS(wcsncpy);
wchar_t *wcscat(wchar_t *, const wchar_t *) WINBASE_NOTHROW WINBASE_AS(wcscat);
wchar_t *wcsncat(wchar_t *, const wchar_t *, __SIZE_TYPE__)
	WINBASE_NOTHROW WINBASE_AS(wcsncat);
__SIZE_TYPE__ wcsspn(const wchar_t *, const wchar_t *) WINBASE_NOTHROW WINBASE_AS(wcsspn);
__SIZE_TYPE__ wcscspn(const wchar_t *, const wchar_t *)
	WINBASE_NOTHROW WINBASE_AS(wcscspn);
wchar_t *wcstok(wchar_t *, const wchar_t *, wchar_t **)
	WINBASE_NOTHROW WINBASE_AS(wcstok);
long wcstol(const wchar_t *, wchar_t **, int) WINBASE_NOTHROW WINBASE_AS(wcstol);
unsigned long wcstoul(const wchar_t *, wchar_t **, int)
	WINBASE_NOTHROW WINBASE_AS(wcstoul);
long long wcstoll(const wchar_t *, wchar_t **, int) WINBASE_NOTHROW WINBASE_AS(wcstoll);
unsigned long long wcstoull(const wchar_t *, wchar_t **, int)
	WINBASE_NOTHROW WINBASE_AS(wcstoull);
double wcstod(const wchar_t *, wchar_t **) WINBASE_NOTHROW WINBASE_AS(wcstod);
wchar_t *wmemcpy(wchar_t *, const wchar_t *, __SIZE_TYPE__)
	WINBASE_NOTHROW WINBASE_AS(wmemcpy);
wchar_t *wmemmove(wchar_t *, const wchar_t *, __SIZE_TYPE__)
	WINBASE_NOTHROW WINBASE_AS(wmemmove);
wchar_t *wmemset(wchar_t *, wchar_t, __SIZE_TYPE__) WINBASE_NOTHROW WINBASE_AS(wmemset);
int wmemcmp(const wchar_t *, const wchar_t *, __SIZE_TYPE__)
	WINBASE_NOTHROW WINBASE_AS(wmemcmp);
__SIZE_TYPE__ mbstowcs(wchar_t *, const char *, __SIZE_TYPE__)
	WINBASE_NOTHROW WINBASE_AS(mbstowcs);
__SIZE_TYPE__ wcstombs(char *, const wchar_t *, __SIZE_TYPE__)
	WINBASE_NOTHROW WINBASE_AS(wcstombs);

struct _IO_FILE;
int fputws(const wchar_t *, struct _IO_FILE *) WINBASE_AS(fputws);
int wprintf(const wchar_t *, ...) WINBASE_AS(wprintf);
int fwprintf(struct _IO_FILE *, const wchar_t *, ...) WINBASE_AS(fwprintf);
int swprintf(wchar_t *, __SIZE_TYPE__, const wchar_t *, ...)
	WINBASE_NOTHROW WINBASE_AS(swprintf);
int vwprintf(const wchar_t *, __builtin_va_list) WINBASE_AS(vwprintf);
int vfwprintf(struct _IO_FILE *, const wchar_t *, __builtin_va_list)
	WINBASE_AS(vfwprintf);
int vswprintf(wchar_t *, __SIZE_TYPE__, const wchar_t *, __builtin_va_list)
	WINBASE_NOTHROW WINBASE_AS(vswprintf);

/* The compiler does not know FILE yet. */
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Wbuiltin-requires-header"
#else
#pragma GCC diagnostic ignored "-Wbuiltin-declaration-mismatch"
#endif
int printf(const char *, ...) WINBASE_AS(printf);
int fprintf(struct _IO_FILE *, const char *, ...) WINBASE_AS(fprintf);
int sprintf(char *, const char *, ...) WINBASE_NOTHROW WINBASE_AS(sprintf);
int snprintf(char *, __SIZE_TYPE__, const char *, ...)
	WINBASE_NOTHROW WINBASE_AS(snprintf);
int vprintf(const char *, __builtin_va_list) WINBASE_AS(vprintf);
int vfprintf(struct _IO_FILE *, const char *, __builtin_va_list) WINBASE_AS(vfprintf);
int vsprintf(char *, const char *, __builtin_va_list)
	WINBASE_NOTHROW WINBASE_AS(vsprintf);
int vsnprintf(char *, __SIZE_TYPE__, const char *, __builtin_va_list)
	WINBASE_NOTHROW WINBASE_AS(vsnprintf);

#pragma GCC diagnostic pop

/* Those that do not link. */
int mbtowc(wchar_t *, const char *, __SIZE_TYPE__)
	WINBASE_NOTHROW WINBASE_NOT_CARRIED(mbtowc);
int wctomb(char *, wchar_t) WINBASE_NOTHROW WINBASE_NOT_CARRIED(wctomb);
int wcscoll(const wchar_t *, const wchar_t *)
	WINBASE_NOTHROW WINBASE_NOT_CARRIED(wcscoll);
__SIZE_TYPE__ wcsxfrm(wchar_t *, const wchar_t *, __SIZE_TYPE__)
	WINBASE_NOTHROW WINBASE_NOT_CARRIED(wcsxfrm);
wchar_t *fgetws(wchar_t *, int, struct _IO_FILE *) WINBASE_NOT_CARRIED(fgetws);

#ifdef __cplusplus
}

/* Its definition, with these two arguments, becomes C's by this. */
extern "C" int wmain(int argc, wchar_t **argv);

/* The system's header says for C++ which symbols these are; let them be others. */
__asm__(".set wcschr, winbase_wcschr\n"
	".set wcsrchr, winbase_wcsrchr\n"
	".set wcsstr, winbase_wcsstr\n"
	".set wcspbrk, winbase_wcspbrk\n"
	".set wmemchr, winbase_wmemchr\n");
#else
wchar_t *wcschr(const wchar_t *, wchar_t) WINBASE_AS(wcschr);
wchar_t *wcsrchr(const wchar_t *, wchar_t) WINBASE_AS(wcsrchr);
wchar_t *wcsstr(const wchar_t *, const wchar_t *) WINBASE_AS(wcsstr);
wchar_t *wcspbrk(const wchar_t *, const wchar_t *) WINBASE_AS(wcspbrk);
wchar_t *wmemchr(const wchar_t *, wchar_t, __SIZE_TYPE__) WINBASE_AS(wmemchr);
#endif

#endif

#include <specstrings.h>
#include <winbase_crt.h>

#endif
