/* SPDX-License-Identifier: MIT */
/*
 * handleapi.h: a HANDLE is a number of 32 bits that names an entry of a table of
 * the process, with a generation: one that was closed, or never was one, is found
 * out, and the call fails with ERROR_INVALID_HANDLE. After fork() no handle of the
 * parent is one in the child. A process has up to 65,535 at a time; one more is
 * ERROR_NO_SYSTEM_RESOURCES.
 *
 * Not carried: handles of other processes, inheritance, named objects (a name is
 * ERROR_NOT_SUPPORTED).
 */
#ifndef _APISETHANDLE_
#define _APISETHANDLE_

#include <windef.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define DUPLICATE_CLOSE_SOURCE	1
#define DUPLICATE_SAME_ACCESS	2

/* Who waits on the object goes on waiting. */
BOOL WINAPI CloseHandle(HANDLE hObject);

/*
 * Both processes are GetCurrentProcess(), else ERROR_NOT_SUPPORTED. Access and
 * inheritance are ignored. The source may be GetCurrentThread().
 */
BOOL WINAPI DuplicateHandle(HANDLE hSourceProcessHandle, HANDLE hSourceHandle,
			    HANDLE hTargetProcessHandle, LPHANDLE lpTargetHandle,
			    DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwOptions);

/*
 * For programs with a loop; not Windows'. A file descriptor that polls readable
 * while the object is signaled, for what can be waited on; -1 and an error
 * otherwise. It is the object's: never read it, and close the handle, not it. To
 * take what a wait takes, wait with a time-out of 0.
 */
int WinBaseGetFd(HANDLE hObject);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
