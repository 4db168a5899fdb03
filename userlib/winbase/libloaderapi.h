/* SPDX-License-Identifier: MIT */
/*
 * libloaderapi.h: modules, over dlopen(). An HMODULE is what that answers, and is not
 * checked. Names are paths or sonames of this system, as UTF-8 or UTF-16; what is
 * not there is ERROR_MOD_NOT_FOUND or ERROR_PROC_NOT_FOUND. Resources, and names of
 * functions by number, are not carried.
 */
#ifndef _LIBLOADERAPI_H_
#define _LIBLOADERAPI_H_

#include <winnt.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define GET_MODULE_HANDLE_EX_FLAG_PIN			1
#define GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT	2
#define GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS		4

HMODULE WINAPI LoadLibraryA(LPCSTR lpLibFileName);
HMODULE WINAPI LoadLibraryW(LPCWSTR lpLibFileName);
BOOL WINAPI FreeLibrary(HMODULE hLibModule);
FARPROC WINAPI GetProcAddress(HMODULE hModule, LPCSTR lpProcName);
/* NULL: the program. No reference is taken. */
HMODULE WINAPI GetModuleHandleA(LPCSTR lpModuleName);
HMODULE WINAPI GetModuleHandleW(LPCWSTR lpModuleName);
/* The name is an address in the module where the flags say so. */
BOOL WINAPI GetModuleHandleExA(DWORD dwFlags, LPCSTR lpModuleName, HMODULE *phModule);
BOOL WINAPI GetModuleHandleExW(DWORD dwFlags, LPCWSTR lpModuleName, HMODULE *phModule);
/*
 * The path's length without its terminator. Where there is no room it is cut,
 * and the answer is nSize with ERROR_INSUFFICIENT_BUFFER.
 */
DWORD WINAPI GetModuleFileNameA(HMODULE hModule, LPSTR lpFilename, DWORD nSize);
DWORD WINAPI GetModuleFileNameW(HMODULE hModule, LPWSTR lpFilename, DWORD nSize);
/* A driver's own: sources for Windows do not give it the linkage of C. */
BOOL WINAPI DllMain(HINSTANCE hinstDLL, DWORD fdwReason, LPVOID lpvReserved);
/* Nothing is called for a thread anyway. */
BOOL WINAPI DisableThreadLibraryCalls(HMODULE hLibModule);

#ifdef UNICODE
#define LoadLibrary		LoadLibraryW
#define GetModuleHandle		GetModuleHandleW
#define GetModuleHandleEx	GetModuleHandleExW
#define GetModuleFileName	GetModuleFileNameW
#else
#define LoadLibrary		LoadLibraryA
#define GetModuleHandle		GetModuleHandleA
#define GetModuleHandleEx	GetModuleHandleExA
#define GetModuleFileName	GetModuleFileNameA
#endif

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
