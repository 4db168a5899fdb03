/* SPDX-License-Identifier: MIT */
/*
 * strsafe.h: strings that are always terminated. Room is in characters (Cch) or bytes
 * (Cb), the terminator included. S_OK; STRSAFE_E_INSUFFICIENT_BUFFER, and what there
 * was room for; STRSAFE_E_INVALID_PARAMETER, and nothing written, for no room or for
 * more than STRSAFE_MAX_CCH. Formats are those of winbase_crt.h. Of the Ex functions
 * there are Copy, Cat and Printf with flags of 0, else STRSAFE_E_INVALID_PARAMETER;
 * Gets is not carried.
 */
#ifndef _STRSAFE_H_INCLUDED_
#define _STRSAFE_H_INCLUDED_

#include <stdarg.h>
#include <windef.h>
#include <winerror.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define STRSAFE_MAX_CCH			2147483647
#define STRSAFE_E_INSUFFICIENT_BUFFER	_HRESULT_TYPEDEF_(0x8007007a)
#define STRSAFE_E_INVALID_PARAMETER	_HRESULT_TYPEDEF_(0x80070057)
#define STRSAFE_E_END_OF_FILE		_HRESULT_TYPEDEF_(0x80070026)

typedef char *STRSAFE_LPSTR;
typedef const char *STRSAFE_LPCSTR;
typedef WCHAR *STRSAFE_LPWSTR;
typedef const WCHAR *STRSAFE_LPCWSTR;

#define WINBASE_STRSAFE(by, letter, unit)						\
HRESULT WINAPI String##by##Copy##letter(unit *to, size_t room, const unit *from);	\
HRESULT WINAPI String##by##CopyN##letter(unit *to, size_t room, const unit *from,	\
					 size_t count);					\
HRESULT WINAPI String##by##CopyEx##letter(unit *to, size_t room, const unit *from,	\
					  unit **end, size_t *left, DWORD flags);	\
HRESULT WINAPI String##by##Cat##letter(unit *to, size_t room, const unit *from);	\
HRESULT WINAPI String##by##CatN##letter(unit *to, size_t room, const unit *from,	\
					size_t count);					\
HRESULT WINAPI String##by##CatEx##letter(unit *to, size_t room, const unit *from,	\
					 unit **end, size_t *left, DWORD flags);	\
HRESULT WINAPI String##by##Printf##letter(unit *to, size_t room, const unit *format, ...); \
HRESULT WINAPI String##by##VPrintf##letter(unit *to, size_t room, const unit *format,	\
					   va_list arguments);				\
HRESULT WINAPI String##by##PrintfEx##letter(unit *to, size_t room, unit **end,		\
					    size_t *left, DWORD flags,			\
					    const unit *format, ...);			\
/* STRSAFE_E_INVALID_PARAMETER: no terminator within the room. */			\
HRESULT WINAPI String##by##Length##letter(const unit *s, size_t room, size_t *length);

WINBASE_STRSAFE(Cch, A, char)
WINBASE_STRSAFE(Cb, A, char)
WINBASE_STRSAFE(Cch, W, WCHAR)
WINBASE_STRSAFE(Cb, W, WCHAR)

#ifdef UNICODE
#define StringCchCopy		StringCchCopyW
#define StringCchCopyN		StringCchCopyNW
#define StringCchCopyEx		StringCchCopyExW
#define StringCchCat		StringCchCatW
#define StringCchCatN		StringCchCatNW
#define StringCchCatEx		StringCchCatExW
#define StringCchPrintf		StringCchPrintfW
#define StringCchVPrintf	StringCchVPrintfW
#define StringCchPrintfEx	StringCchPrintfExW
#define StringCchLength		StringCchLengthW
#define StringCbCopy		StringCbCopyW
#define StringCbCopyN		StringCbCopyNW
#define StringCbCopyEx		StringCbCopyExW
#define StringCbCat		StringCbCatW
#define StringCbCatN		StringCbCatNW
#define StringCbCatEx		StringCbCatExW
#define StringCbPrintf		StringCbPrintfW
#define StringCbVPrintf		StringCbVPrintfW
#define StringCbPrintfEx	StringCbPrintfExW
#define StringCbLength		StringCbLengthW
#else
#define StringCchCopy		StringCchCopyA
#define StringCchCopyN		StringCchCopyNA
#define StringCchCopyEx		StringCchCopyExA
#define StringCchCat		StringCchCatA
#define StringCchCatN		StringCchCatNA
#define StringCchCatEx		StringCchCatExA
#define StringCchPrintf		StringCchPrintfA
#define StringCchVPrintf	StringCchVPrintfA
#define StringCchPrintfEx	StringCchPrintfExA
#define StringCchLength		StringCchLengthA
#define StringCbCopy		StringCbCopyA
#define StringCbCopyN		StringCbCopyNA
#define StringCbCopyEx		StringCbCopyExA
#define StringCbCat		StringCbCatA
#define StringCbCatN		StringCbCatNA
#define StringCbCatEx		StringCbCatExA
#define StringCbPrintf		StringCbPrintfA
#define StringCbVPrintf		StringCbVPrintfA
#define StringCbPrintfEx	StringCbPrintfExA
#define StringCbLength		StringCbLengthA
#endif

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
