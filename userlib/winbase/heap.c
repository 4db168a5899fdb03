// SPDX-License-Identifier: MIT
/* Memory, each block behind its size: HeapSize() is exact, and so is zeroing. */
#include <stdlib.h>
#include "object.h"

/* Neither a handle of the table nor a pseudo handle. */
#define HEAP	((HANDLE)(ULONG_PTR)0x48656170)

struct block {
	size_t size;
	_Alignas(max_align_t) char data[];
};

static struct block *block_of(const void *data)
{
	return CONTAINING_RECORD(data, struct block, data);
}

/* A new block, or one that changes its size. */
static void *resize(void *data, size_t size, bool zero)
{
	struct block *block = data ? block_of(data) : NULL;
	size_t old = block ? block->size : 0;

	block = size > SIZE_MAX - sizeof(*block) ? NULL :
		realloc(block, sizeof(*block) + size);
	if (!block) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	if (zero && size > old)
		memset(block->data + old, 0, size - old);
	block->size = size;
	return block->data;
}

static bool heap_refuses(HANDLE heap, DWORD flags)
{
	if (heap != HEAP)
		return !fail(ERROR_INVALID_HANDLE);
	if (flags & (HEAP_GENERATE_EXCEPTIONS | HEAP_REALLOC_IN_PLACE_ONLY))
		return !fail(ERROR_NOT_SUPPORTED);
	return false;
}

HANDLE WINAPI GetProcessHeap(VOID)
{
	return HEAP;
}

LPVOID WINAPI HeapAlloc(HANDLE hHeap, DWORD dwFlags, SIZE_T dwBytes)
{
	return heap_refuses(hHeap, dwFlags) ? NULL :
	       resize(NULL, dwBytes, dwFlags & HEAP_ZERO_MEMORY);
}

LPVOID WINAPI HeapReAlloc(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem, SIZE_T dwBytes)
{
	if (heap_refuses(hHeap, dwFlags))
		return NULL;
	if (!lpMem) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return resize(lpMem, dwBytes, dwFlags & HEAP_ZERO_MEMORY);
}

BOOL WINAPI HeapFree(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem)
{
	if (heap_refuses(hHeap, dwFlags))
		return FALSE;
	if (lpMem)
		free(block_of(lpMem));
	return TRUE;
}

SIZE_T WINAPI HeapSize(HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem)
{
	return heap_refuses(hHeap, dwFlags) || !lpMem ? (SIZE_T)-1 : block_of(lpMem)->size;
}

HLOCAL WINAPI LocalAlloc(UINT uFlags, SIZE_T uBytes)
{
	if (uFlags & LMEM_MOVEABLE) {
		SetLastError(ERROR_NOT_SUPPORTED);
		return NULL;
	}
	return resize(NULL, uBytes, uFlags & LMEM_ZEROINIT);
}

/* Without LMEM_MOVEABLE the block has to stay where it is. */
HLOCAL WINAPI LocalReAlloc(HLOCAL hMem, SIZE_T uBytes, UINT uFlags)
{
	if (!hMem) {
		SetLastError(ERROR_INVALID_HANDLE);
		return NULL;
	}
	if (!(uFlags & LMEM_MOVEABLE)) {
		if (uBytes > block_of(hMem)->size) {
			SetLastError(ERROR_NOT_ENOUGH_MEMORY);
			return NULL;
		}
		block_of(hMem)->size = uBytes;
		return hMem;
	}
	return resize(hMem, uBytes, uFlags & LMEM_ZEROINIT);
}

HLOCAL WINAPI LocalFree(HLOCAL hMem)
{
	if (hMem)
		free(block_of(hMem));
	return NULL;
}

SIZE_T WINAPI LocalSize(HLOCAL hMem)
{
	return hMem ? block_of(hMem)->size : 0;
}

HGLOBAL WINAPI GlobalAlloc(UINT uFlags, SIZE_T dwBytes)
{
	return LocalAlloc(uFlags, dwBytes);
}

HGLOBAL WINAPI GlobalReAlloc(HGLOBAL hMem, SIZE_T dwBytes, UINT uFlags)
{
	return LocalReAlloc(hMem, dwBytes, uFlags);
}

HGLOBAL WINAPI GlobalFree(HGLOBAL hMem)
{
	return LocalFree(hMem);
}

SIZE_T WINAPI GlobalSize(HGLOBAL hMem)
{
	return LocalSize(hMem);
}
