// SPDX-License-Identifier: MIT
/* StringCch... and StringCb..., for 8 and for 16 bits: each is a line of macros. */
#include <stdint.h>
#include "strsafe.h"
#include "winbase.h"
#include "winbase_crt.h"

static size_t length_of(const void *s, bool wide, size_t most)
{
	return wide ? winbase_wcsnlen(s, most) : strnlen(s, most);
}

static void *at(const void *s, bool wide, size_t i)
{
	return (char *)s + (wide ? i * sizeof(WCHAR) : i);
}

static void terminate(void *s, bool wide, size_t i)
{
	memset(at(s, wide, i), 0, wide ? sizeof(WCHAR) : 1);
}

static bool is_bad(const void *to, size_t room)
{
	return !to || !room || room > STRSAFE_MAX_CCH;
}

/* From is put behind the first "length" characters; those that there are then. */
static HRESULT append(void *to, size_t room, bool wide, size_t *length, const void *from,
		      size_t count)
{
	size_t left = room - *length;

	count = length_of(from, wide, count < left ? count : left);
	if (count < left)
		left = count + 1;
	memcpy(at(to, wide, *length), from, (left - 1) * (wide ? sizeof(WCHAR) : 1));
	*length += left - 1;
	terminate(to, wide, *length);
	return count == left ? STRSAFE_E_INSUFFICIENT_BUFFER : S_OK;
}

static HRESULT copy(void *to, size_t room, bool wide, const void *from, size_t count,
		    size_t *length)
{
	*length = 0;
	if (is_bad(to, room) || !from)
		return STRSAFE_E_INVALID_PARAMETER;
	return append(to, room, wide, length, from, count);
}

static HRESULT cat(void *to, size_t room, bool wide, const void *from, size_t count,
		   size_t *length)
{
	*length = 0;
	if (is_bad(to, room) || !from)
		return STRSAFE_E_INVALID_PARAMETER;
	*length = length_of(to, wide, room);
	if (*length == room)
		return STRSAFE_E_INVALID_PARAMETER;
	return append(to, room, wide, length, from, count);
}

static HRESULT print(void *to, size_t room, bool wide, const void *format, va_list arguments,
		     size_t *length)
{
	int needed;

	*length = 0;
	if (is_bad(to, room) || !format)
		return STRSAFE_E_INVALID_PARAMETER;
	needed = winbase_format(to, room, wide, format, arguments);
	if (needed < 0) {
		terminate(to, wide, 0);
		return STRSAFE_E_INVALID_PARAMETER;
	}
	*length = (size_t)needed < room ? (size_t)needed : room - 1;
	terminate(to, wide, *length);
	return (size_t)needed < room ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}

static HRESULT measure(const void *s, size_t room, bool wide, size_t scale, size_t *length)
{
	size_t n = s && room <= STRSAFE_MAX_CCH ? length_of(s, wide, room) : room;

	if (length)
		*length = n < room ? n * scale : 0;
	return n < room ? S_OK : STRSAFE_E_INVALID_PARAMETER;
}

/* scale: bytes by which the caller counts a character */
#define FUNCTIONS(by, letter, unit, wide, scale)					\
HRESULT WINAPI String##by##Copy##letter(unit *to, size_t room, const unit *from)	\
{											\
	size_t length;									\
											\
	return copy(to, room / (scale), wide, from, SIZE_MAX, &length);			\
}											\
HRESULT WINAPI String##by##CopyN##letter(unit *to, size_t room, const unit *from,	\
					 size_t count)					\
{											\
	size_t length;									\
											\
	return copy(to, room / (scale), wide, from, count / (scale), &length);		\
}											\
HRESULT WINAPI String##by##CopyEx##letter(unit *to, size_t room, const unit *from,	\
					  unit **end, size_t *left, DWORD flags)	\
{											\
	size_t length;									\
	HRESULT hr;									\
											\
	if (flags)									\
		return STRSAFE_E_INVALID_PARAMETER;					\
	hr = copy(to, room / (scale), wide, from, SIZE_MAX, &length);			\
	if (end)									\
		*end = to + length;							\
	if (left)									\
		*left = room - length * (scale);					\
	return hr;									\
}											\
HRESULT WINAPI String##by##Cat##letter(unit *to, size_t room, const unit *from)		\
{											\
	size_t length;									\
											\
	return cat(to, room / (scale), wide, from, SIZE_MAX, &length);			\
}											\
HRESULT WINAPI String##by##CatN##letter(unit *to, size_t room, const unit *from,	\
					size_t count)					\
{											\
	size_t length;									\
											\
	return cat(to, room / (scale), wide, from, count / (scale), &length);		\
}											\
HRESULT WINAPI String##by##CatEx##letter(unit *to, size_t room, const unit *from,	\
					 unit **end, size_t *left, DWORD flags)		\
{											\
	size_t length;									\
	HRESULT hr;									\
											\
	if (flags)									\
		return STRSAFE_E_INVALID_PARAMETER;					\
	hr = cat(to, room / (scale), wide, from, SIZE_MAX, &length);			\
	if (end)									\
		*end = to + length;							\
	if (left)									\
		*left = room - length * (scale);					\
	return hr;									\
}											\
HRESULT WINAPI String##by##VPrintf##letter(unit *to, size_t room, const unit *format,	\
					   va_list arguments)				\
{											\
	size_t length;									\
											\
	return print(to, room / (scale), wide, format, arguments, &length);		\
}											\
HRESULT WINAPI String##by##Printf##letter(unit *to, size_t room, const unit *format, ...) \
{											\
	va_list arguments;								\
	HRESULT hr;									\
											\
	va_start(arguments, format);							\
	hr = String##by##VPrintf##letter(to, room, format, arguments);			\
	va_end(arguments);								\
	return hr;									\
}											\
HRESULT WINAPI String##by##PrintfEx##letter(unit *to, size_t room, unit **end,		\
					    size_t *left, DWORD flags,			\
					    const unit *format, ...)			\
{											\
	va_list arguments;								\
	size_t length;									\
	HRESULT hr;									\
											\
	if (flags)									\
		return STRSAFE_E_INVALID_PARAMETER;					\
	va_start(arguments, format);							\
	hr = print(to, room / (scale), wide, format, arguments, &length);		\
	va_end(arguments);								\
	if (end)									\
		*end = to + length;							\
	if (left)									\
		*left = room - length * (scale);					\
	return hr;									\
}											\
HRESULT WINAPI String##by##Length##letter(const unit *s, size_t room, size_t *length)	\
{											\
	return measure(s, room / (scale), wide, scale, length);				\
}

FUNCTIONS(Cch, A, char, false, 1)
FUNCTIONS(Cb, A, char, false, 1)
FUNCTIONS(Cch, W, WCHAR, true, 1)
FUNCTIONS(Cb, W, WCHAR, true, sizeof(WCHAR))
