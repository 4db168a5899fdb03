/* SPDX-License-Identifier: MIT */
/*
 * heapapi.h: HeapAlloc() and its elder sisters; sizes in bytes.
 *
 * Not carried: heaps of one's own, memory that moves (LMEM_MOVEABLE is
 * ERROR_NOT_SUPPORTED), VirtualAlloc.
 */
#ifndef _HEAPAPI_H_
#define _HEAPAPI_H_

#include <winnt.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define HEAP_NO_SERIALIZE		0x00000001
#define HEAP_GENERATE_EXCEPTIONS	0x00000004
#define HEAP_ZERO_MEMORY		0x00000008
#define HEAP_REALLOC_IN_PLACE_ONLY	0x00000010

#define LMEM_FIXED			0x0000
#define LMEM_MOVEABLE			0x0002
#define LMEM_ZEROINIT			0x0040
#define LPTR				(LMEM_FIXED | LMEM_ZEROINIT)
#define GMEM_FIXED			LMEM_FIXED
#define GMEM_MOVEABLE			LMEM_MOVEABLE
#define GMEM_ZEROINIT			LMEM_ZEROINIT
#define GPTR				LPTR

/* The only heap there is. */
HANDLE WINAPI GetProcessHeap(VOID);
/*
 * NULL: no memory (ERROR_NOT_ENOUGH_MEMORY), another heap (ERROR_INVALID_HANDLE), or
 * HEAP_GENERATE_EXCEPTIONS or HEAP_REALLOC_IN_PLACE_ONLY (ERROR_NOT_SUPPORTED).
 */
LPVOID WINAPI HeapAlloc(HANDLE hHeap, DWORD dwFlags, SIZE_T dwBytes);
LPVOID WINAPI HeapReAlloc(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem, SIZE_T dwBytes);
BOOL WINAPI HeapFree(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem);
/* What was asked for; (SIZE_T)-1: another heap */
SIZE_T WINAPI HeapSize(HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem);

HLOCAL WINAPI LocalAlloc(UINT uFlags, SIZE_T uBytes);
HLOCAL WINAPI LocalReAlloc(HLOCAL hMem, SIZE_T uBytes, UINT uFlags);
/* NULL, which is success */
HLOCAL WINAPI LocalFree(HLOCAL hMem);
SIZE_T WINAPI LocalSize(HLOCAL hMem);
HGLOBAL WINAPI GlobalAlloc(UINT uFlags, SIZE_T dwBytes);
HGLOBAL WINAPI GlobalReAlloc(HGLOBAL hMem, SIZE_T dwBytes, UINT uFlags);
HGLOBAL WINAPI GlobalFree(HGLOBAL hMem);
SIZE_T WINAPI GlobalSize(HGLOBAL hMem);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
