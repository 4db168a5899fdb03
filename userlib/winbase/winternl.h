/* SPDX-License-Identifier: MIT */
/* winternl.h: counted strings. */
#ifndef _WINTERNL_
#define _WINTERNL_

#include <winbase_crt.h>
#include <winnt.h>

/* Both lengths are in bytes; Length is without a terminator. */
typedef struct _UNICODE_STRING {
	USHORT Length;
	USHORT MaximumLength;
	PWSTR Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

#define UNICODE_STRING_MAX_BYTES	65534

/* Copies nothing; one too long for the lengths is cut. */
static inline VOID RtlInitUnicodeString(PUNICODE_STRING DestinationString,
					PCWSTR SourceString)
{
	size_t bytes = SourceString ? winbase_wcslen(SourceString) * sizeof(WCHAR) : 0;

	if (bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
		bytes = UNICODE_STRING_MAX_BYTES - sizeof(WCHAR);
	DestinationString->Length = (USHORT)bytes;
	DestinationString->MaximumLength =
		SourceString ? (USHORT)(bytes + sizeof(WCHAR)) : 0;
	DestinationString->Buffer = (PWSTR)SourceString;
}

#endif
