/* SPDX-License-Identifier: MIT */
/*
 * What the libraries of this tree share beyond windows.h; not for their clients.
 */
#ifndef WINBASE_H
#define WINBASE_H

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

size_t winbase_wcslen(const WCHAR *s);

#pragma GCC visibility pop

#endif
