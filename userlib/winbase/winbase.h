/* SPDX-License-Identifier: MIT */
/*
 * What the libraries of this tree share beyond windows.h; not for their clients.
 */
#ifndef WINBASE_H
#define WINBASE_H

#include <stdarg.h>
#include <stdbool.h>
#include "windows.h"

#pragma GCC visibility push(default)

#define WINBASE_INVALID	((size_t)-1)

/*
 * Both return the length of the result without a terminator, which they do not
 * write either, or WINBASE_INVALID where the input is no such text. With out
 * NULL they only measure.
 */
size_t winbase_utf16_from_utf8(WCHAR *out, const void *in, size_t bytes);
size_t winbase_utf8_from_utf16(char *out, const WCHAR *in, size_t units);

/* To be freed; NULL: no text, or no memory. */
char *winbase_utf8_of(const WCHAR *s);

/*
 * The printf of Windows' formats: "wide" are both the format and the result. The
 * length that the text has, whatever the room (in units); it is not terminated. -1:
 * a format that is not known.
 */
int winbase_format(void *to, size_t room, bool wide, const void *format, va_list arguments);

#pragma GCC visibility pop

#endif
