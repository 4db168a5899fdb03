/* SPDX-License-Identifier: MIT */
/*
 * processthreadsapi.h: threads and thread-local storage.
 *
 * Every thread of the process may call everything, whoever made it. Not carried:
 * TerminateThread, SuspendThread, priorities.
 */
#ifndef _PROCESSTHREADSAPI_H_
#define _PROCESSTHREADSAPI_H_

#include <handleapi.h>
#include <winnt.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define STILL_ACTIVE				259
#define CREATE_SUSPENDED			0x00000004
#define STACK_SIZE_PARAM_IS_A_RESERVATION	0x00010000

typedef DWORD (WINAPI *PTHREAD_START_ROUTINE)(LPVOID lpThreadParameter);
typedef PTHREAD_START_ROUTINE LPTHREAD_START_ROUTINE;

/*
 * dwStackSize in bytes; never less than this system's default. dwCreationFlags:
 * CREATE_SUSPENDED, STACK_SIZE_PARAM_IS_A_RESERVATION. The handle is signaled when
 * the thread has run its last C++ destructor.
 */
HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES lpThreadAttributes, SIZE_T dwStackSize,
			   LPTHREAD_START_ROUTINE lpStartAddress, LPVOID lpParameter,
			   DWORD dwCreationFlags, LPDWORD lpThreadId);
/* Starts one that was created suspended: 1. Of another one 0; (DWORD)-1: no thread. */
DWORD WINAPI ResumeThread(HANDLE hThread);
/* Unwinds, so C++ destructors run. */
DECLSPEC_NORETURN VOID WINAPI ExitThread(DWORD dwExitCode);
BOOL WINAPI GetExitCodeThread(HANDLE hThread, LPDWORD lpExitCode);
/* 0: no thread */
DWORD WINAPI GetThreadId(HANDLE Thread);

/* Not a handle to close or to give away: GetCurrentThread() is who asks. */
HANDLE WINAPI GetCurrentProcess(VOID);
HANDLE WINAPI GetCurrentThread(VOID);
DWORD WINAPI GetCurrentProcessId(VOID);
/* The kernel's number of the thread. */
DWORD WINAPI GetCurrentThreadId(VOID);
BOOL WINAPI SwitchToThread(VOID);
DECLSPEC_NORETURN VOID WINAPI ExitProcess(UINT uExitCode);

#define TLS_MINIMUM_AVAILABLE	64
#define TLS_OUT_OF_INDEXES	0xffffffff

DWORD WINAPI TlsAlloc(VOID);
BOOL WINAPI TlsFree(DWORD dwTlsIndex);
/* Sets the last error to 0 where the value is NULL because none was set. */
LPVOID WINAPI TlsGetValue(DWORD dwTlsIndex);
BOOL WINAPI TlsSetValue(DWORD dwTlsIndex, LPVOID lpTlsValue);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
