/* SPDX-License-Identifier: MIT */
/*
 * windows.h in small: the types and error codes that the public headers of this
 * tree need, with the sizes that they have on Windows.
 *
 * LONG, ULONG and DWORD are 32 bits here too, and WCHAR is 16: u"" literals, or
 * L"" ones in a program that is compiled with -fshort-wchar.
 */
#ifndef _WINDOWS_
#define _WINDOWS_

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#if !defined(__cplusplus) && __SIZEOF_WCHAR_T__ != 2
#include <uchar.h>
#endif

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

#define WINAPI
#define CALLBACK
#define VOID	void

#ifndef TRUE
#define TRUE	1
#define FALSE	0
#endif

#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#else
typedef char16_t WCHAR;
#endif

typedef char CHAR;
typedef unsigned char BYTE, UCHAR, BOOLEAN;
typedef int16_t SHORT;
typedef uint16_t WORD, USHORT;
typedef int32_t INT, LONG;
typedef int BOOL;
typedef uint32_t UINT, ULONG, DWORD;
typedef int64_t LONGLONG, LONG64, INT64;
typedef unsigned long long ULONGLONG, ULONG64, DWORD64, UINT64, QWORD;
typedef intptr_t INT_PTR, LONG_PTR;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR;

typedef void *PVOID, *LPVOID, *HANDLE;
typedef const void *LPCVOID;
typedef CHAR *PCHAR, *PSTR, *LPSTR;
typedef const CHAR *PCSTR, *LPCSTR;
typedef WCHAR *PWCHAR, *PWSTR, *LPWSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR;
typedef BYTE *PBYTE, *LPBYTE;
typedef WORD *PWORD;
typedef DWORD *PDWORD, *LPDWORD;
typedef BOOL *PBOOL, *LPBOOL;

typedef struct sockaddr SOCKADDR, *PSOCKADDR;
typedef struct sockaddr_in SOCKADDR_IN, *PSOCKADDR_IN;
typedef struct sockaddr_in6 SOCKADDR_IN6, *PSOCKADDR_IN6;
typedef struct sockaddr_storage SOCKADDR_STORAGE, *PSOCKADDR_STORAGE;
typedef union _SOCKADDR_INET {
	SOCKADDR_IN Ipv4;
	SOCKADDR_IN6 Ipv6;
	sa_family_t si_family;
} SOCKADDR_INET, *PSOCKADDR_INET;

#define NO_ERROR			0
#define ERROR_SUCCESS			0
#define ERROR_INVALID_HANDLE		6
#define ERROR_NOT_ENOUGH_MEMORY		8
#define ERROR_INVALID_DATA		13
#define ERROR_OUTOFMEMORY		14
#define ERROR_NOT_SUPPORTED		50
#define ERROR_INVALID_PARAMETER		87
#define ERROR_INVALID_NAME		123
#define ERROR_MORE_DATA			234
#define ERROR_CANCELLED			1223
#define ERROR_INTERNAL_ERROR		1359
#define ERROR_TIMEOUT			1460
#define WSAENETUNREACH			10051

/* Of the calling thread. */
DWORD WINAPI GetLastError(void);
VOID WINAPI SetLastError(DWORD dwErrCode);

#ifdef __cplusplus
}
#endif

#if defined(__cplusplus)
#define WINBASE_ASSERT(x)	static_assert(x, #x)
#else
#define WINBASE_ASSERT(x)	_Static_assert(x, #x)
#endif
WINBASE_ASSERT(sizeof(WCHAR) == 2);
WINBASE_ASSERT(sizeof(WORD) == 2);
WINBASE_ASSERT(sizeof(DWORD) == 4 && sizeof(ULONG) == 4);
WINBASE_ASSERT(sizeof(LONG) == 4 && sizeof(BOOL) == 4);
WINBASE_ASSERT(sizeof(ULONG64) == 8);
WINBASE_ASSERT(sizeof(ULONG_PTR) == sizeof(void *));

#pragma GCC visibility pop

#endif
