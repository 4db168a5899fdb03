/* SPDX-License-Identifier: MIT */
/*
 * windows.h in small: what drivers and the other Windows clients of this tree lean
 * on, with the types, sizes and error codes that it has on Windows, and really done,
 * over pthreads. Each header says what it does not carry; what is nowhere declared
 * is not there. Nor is __try.
 *
 * The headers: windef.h winnt.h winerror.h ntstatus.h guiddef.h sal.h are types and
 * macros; handleapi.h synchapi.h processthreadsapi.h threadpoolapiset.h heapapi.h
 * libloaderapi.h winreg.h objbase.h propidl.h have the functions; winbase_crt.h those of
 * Microsoft's C run-time. Besides: initguid.h unknwn.h intsafe.h strsafe.h tchar.h
 * process.h crtdbg.h specstrings.h driverspecs.h winioctl.h devioctl.h winternl.h, and
 * windows_compat.h, which a program with L"" includes before everything (gcc -include
 * windows_compat.h).
 *
 * WIN32_LEAN_AND_MEAN leaves objbase.h out.
 */
#ifndef _WINDOWS_
#define _WINDOWS_

#include <netinet/in.h>
#include <sys/socket.h>

#include <windef.h>
#include <winnt.h>
#include <winerror.h>
#include <guiddef.h>
#include <handleapi.h>
#include <synchapi.h>
#include <processthreadsapi.h>
#include <threadpoolapiset.h>
#include <heapapi.h>
#include <libloaderapi.h>
#include <winreg.h>
#include <winbase_crt.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct sockaddr SOCKADDR, *PSOCKADDR;
typedef struct sockaddr_in SOCKADDR_IN, *PSOCKADDR_IN;
typedef struct sockaddr_in6 SOCKADDR_IN6, *PSOCKADDR_IN6;
typedef struct sockaddr_storage SOCKADDR_STORAGE, *PSOCKADDR_STORAGE;
typedef union _SOCKADDR_INET {
	SOCKADDR_IN Ipv4;
	SOCKADDR_IN6 Ipv6;
	sa_family_t si_family;
} SOCKADDR_INET, *PSOCKADDR_INET;

/* ------------------------------------------------------------------- errors */

/* Of the calling thread. */
DWORD WINAPI GetLastError(void);
VOID WINAPI SetLastError(DWORD dwErrCode);

#define FORMAT_MESSAGE_ALLOCATE_BUFFER	0x00000100
#define FORMAT_MESSAGE_IGNORE_INSERTS	0x00000200
#define FORMAT_MESSAGE_FROM_STRING	0x00000400
#define FORMAT_MESSAGE_FROM_HMODULE	0x00000800
#define FORMAT_MESSAGE_FROM_SYSTEM	0x00001000
#define FORMAT_MESSAGE_ARGUMENT_ARRAY	0x00002000
#define FORMAT_MESSAGE_MAX_WIDTH_MASK	0x000000ff

/*
 * A short English text, with CR and LF at its end, for the codes of winerror.h and
 * for the HRESULTs made of them; of the sources only FORMAT_MESSAGE_FROM_SYSTEM, else
 * ERROR_NOT_SUPPORTED. The language is ignored. Answers the characters without the
 * terminator; 0 is an error: ERROR_MR_MID_NOT_FOUND (no text),
 * ERROR_INSUFFICIENT_BUFFER. An allocated buffer goes with LocalFree().
 */
DWORD WINAPI FormatMessageA(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId,
			    DWORD dwLanguageId, LPSTR lpBuffer, DWORD nSize,
			    va_list *Arguments);
DWORD WINAPI FormatMessageW(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId,
			    DWORD dwLanguageId, LPWSTR lpBuffer, DWORD nSize,
			    va_list *Arguments);

/* To the standard error output, as UTF-8. */
VOID WINAPI OutputDebugStringA(LPCSTR lpOutputString);
VOID WINAPI OutputDebugStringW(LPCWSTR lpOutputString);
BOOL WINAPI IsDebuggerPresent(VOID);
/* SIGTRAP, which ends a process without a debugger. */
VOID WINAPI DebugBreak(VOID);

/* --------------------------------------------------------------------- time */

/* Milliseconds since the system was started, its sleep included. */
DWORD WINAPI GetTickCount(VOID);
ULONGLONG WINAPI GetTickCount64(VOID);
/* 10 MHz */
BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *lpPerformanceCount);
BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *lpFrequency);

VOID WINAPI GetSystemTimeAsFileTime(LPFILETIME lpSystemTimeAsFileTime);
VOID WINAPI GetSystemTimePreciseAsFileTime(LPFILETIME lpSystemTimeAsFileTime);
VOID WINAPI GetSystemTime(LPSYSTEMTIME lpSystemTime);
VOID WINAPI GetLocalTime(LPSYSTEMTIME lpSystemTime);
/* Years 1601 to 30827, else ERROR_INVALID_PARAMETER. wDayOfWeek is ignored. */
BOOL WINAPI SystemTimeToFileTime(const SYSTEMTIME *lpSystemTime, LPFILETIME lpFileTime);
BOOL WINAPI FileTimeToSystemTime(const FILETIME *lpFileTime, LPSYSTEMTIME lpSystemTime);
/* -1, 0 or 1 */
LONG WINAPI CompareFileTime(const FILETIME *lpFileTime1, const FILETIME *lpFileTime2);

/* --------------------------------------------------------------------- text */

#define CP_ACP			0
#define CP_UTF8			65001
#define MB_PRECOMPOSED		1
#define MB_ERR_INVALID_CHARS	8
#define WC_ERR_INVALID_CHARS	0x80

/*
 * CP_ACP is UTF-8 too. A length of -1 takes the terminator along; room of 0 asks for
 * the length. 0 is an error: ERROR_INSUFFICIENT_BUFFER, ERROR_NO_UNICODE_TRANSLATION
 * (whatever the flags), ERROR_INVALID_PARAMETER (another code page).
 */
int WINAPI MultiByteToWideChar(UINT CodePage, DWORD dwFlags, LPCCH lpMultiByteStr,
			       int cbMultiByte, LPWSTR lpWideCharStr, int cchWideChar);
int WINAPI WideCharToMultiByte(UINT CodePage, DWORD dwFlags, LPCWCH lpWideCharStr,
			       int cchWideChar, LPSTR lpMultiByteStr, int cbMultiByte,
			       LPCCH lpDefaultChar, BOOL *lpUsedDefaultChar);

int WINAPI lstrlenA(LPCSTR lpString);
int WINAPI lstrlenW(LPCWSTR lpString);

#ifdef UNICODE
#define FormatMessage		FormatMessageW
#define OutputDebugString	OutputDebugStringW
#define lstrlen			lstrlenW
#else
#define FormatMessage		FormatMessageA
#define OutputDebugString	OutputDebugStringA
#define lstrlen			lstrlenA
#endif

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#ifndef WIN32_LEAN_AND_MEAN
#include <objbase.h>
#endif

#endif
