/* SPDX-License-Identifier: MIT */
/*
 * winnt.h: what the language itself is on Windows: interlocked operations, memory,
 * access rights.
 *
 * An Interlocked function is a full barrier whatever its suffix (Acquire, Release,
 * NoFence) says: that is never wrong. In C++ they also take unsigned int, which
 * ULONG is, and long, which has 64 bits here.
 */
#ifndef _WINNT_
#define _WINNT_

#include <limits.h>
#include <string.h>
#include <ntstatus.h>
#include <sal.h>
#include <windef.h>

/* Here, because windows_compat.h comes before a source's own UNICODE. */
#ifdef UNICODE
typedef WCHAR TCHAR;
#define TEXT(s)		__TEXT(s)
#else
typedef char TCHAR;
#define TEXT(s)		s
#endif
typedef TCHAR *PTCHAR, *PTSTR, *LPTSTR;
typedef const TCHAR *PCTSTR, *LPCTSTR;

typedef union _LARGE_INTEGER {
	struct {
		DWORD LowPart;
		LONG HighPart;
	} u;
	__extension__ struct {
		DWORD LowPart;
		LONG HighPart;
	};
	LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
	struct {
		DWORD LowPart;
		DWORD HighPart;
	} u;
	__extension__ struct {
		DWORD LowPart;
		DWORD HighPart;
	};
	ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _LIST_ENTRY {
	struct _LIST_ENTRY *Flink;
	struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
	struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef PVOID PSECURITY_DESCRIPTOR, PSID;
typedef BOOLEAN SECURITY_CONTEXT_TRACKING_MODE;

#define MINCHAR		0x80
#define MAXCHAR		0x7f
#define MINSHORT	0x8000
#define MINLONG		0x80000000
#define MAXUCHAR	0xff
#define MAXUSHORT	0xffff
#define MAXIMUM_WAIT_OBJECTS	64

/* Nothing checks access inside a process; these are for the signatures. */
#define DELETE				0x00010000
#define READ_CONTROL			0x00020000
#define WRITE_DAC			0x00040000
#define WRITE_OWNER			0x00080000
#define SYNCHRONIZE			0x00100000
#define STANDARD_RIGHTS_REQUIRED	0x000f0000
#define STANDARD_RIGHTS_ALL		0x001f0000
#define GENERIC_ALL			0x10000000
#define GENERIC_EXECUTE			0x20000000
#define GENERIC_WRITE			0x40000000
#define GENERIC_READ			0x80000000
#define MAXIMUM_ALLOWED			0x02000000
#define EVENT_MODIFY_STATE		0x0002
#define EVENT_ALL_ACCESS		0x001f0003
#define MUTEX_MODIFY_STATE		0x0001
#define MUTEX_ALL_ACCESS		0x001f0001
#define SEMAPHORE_MODIFY_STATE		0x0002
#define SEMAPHORE_ALL_ACCESS		0x001f0003
#define TIMER_MODIFY_STATE		0x0002
#define TIMER_ALL_ACCESS		0x001f0003
#define THREAD_ALL_ACCESS		0x001fffff
#define KEY_QUERY_VALUE			0x0001
#define KEY_SET_VALUE			0x0002
#define KEY_ENUMERATE_SUB_KEYS		0x0008
#define KEY_READ			0x00020019
#define KEY_WRITE			0x00020006
#define KEY_ALL_ACCESS			0x000f003f
#define FILE_SHARE_READ			0x00000001
#define FILE_SHARE_WRITE		0x00000002
#define FILE_SHARE_DELETE		0x00000004
#define FILE_ATTRIBUTE_NORMAL		0x00000080
#define FILE_READ_DATA			0x0001
#define FILE_WRITE_DATA			0x0002

#define DLL_PROCESS_DETACH	0
#define DLL_PROCESS_ATTACH	1
#define DLL_THREAD_ATTACH	2
#define DLL_THREAD_DETACH	3

#define LANG_NEUTRAL		0x00
#define LANG_ENGLISH		0x09
#define SUBLANG_NEUTRAL		0x00
#define SUBLANG_DEFAULT		0x01
#define SUBLANG_ENGLISH_US	0x01
#define MAKELANGID(primary, sub)	((WORD)((WORD)(sub) << 10 | (WORD)(primary)))

/* ------------------------------------------------------------------ memory */

#define RtlMoveMemory(to, from, size)	memmove(to, from, size)
#define RtlCopyMemory(to, from, size)	memcpy(to, from, size)
#define RtlFillMemory(to, size, byte)	memset(to, byte, size)
#define RtlZeroMemory(to, size)		memset(to, 0, size)
#define RtlEqualMemory(a, b, size)	(!memcmp(a, b, size))
#define MoveMemory			RtlMoveMemory
#define CopyMemory			RtlCopyMemory
#define FillMemory			RtlFillMemory
#define ZeroMemory			RtlZeroMemory

/* The compiler keeps it, whoever reads the memory afterwards. */
static inline PVOID RtlSecureZeroMemory(PVOID to, SIZE_T size)
{
	memset(to, 0, size);
	__asm__ volatile("" : : "r"(to) : "memory");
	return to;
}
#define SecureZeroMemory	RtlSecureZeroMemory

/* The number of equal bytes. */
static inline SIZE_T RtlCompareMemory(const VOID *a, const VOID *b, SIZE_T size)
{
	SIZE_T i = 0;

	while (i < size && ((const BYTE *)a)[i] == ((const BYTE *)b)[i])
		i++;
	return i;
}

#define MemoryBarrier()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define _ReadWriteBarrier()	__atomic_signal_fence(__ATOMIC_SEQ_CST)
#define YieldProcessor()	__atomic_signal_fence(__ATOMIC_SEQ_CST)

/* ------------------------------------------------------------- interlocked */

/*
 * Increment, Decrement and Add answer the new value, the others the old one.
 * "bits" is the suffix of the function's name.
 */
#define WINBASE_INTERLOCKED(type, bits)						\
static inline type InterlockedIncrement##bits(type volatile *p)			\
{										\
	return __atomic_add_fetch(p, 1, __ATOMIC_SEQ_CST);			\
}										\
static inline type InterlockedDecrement##bits(type volatile *p)			\
{										\
	return __atomic_sub_fetch(p, 1, __ATOMIC_SEQ_CST);			\
}										\
static inline type InterlockedAdd##bits(type volatile *p, type value)		\
{										\
	return __atomic_add_fetch(p, value, __ATOMIC_SEQ_CST);			\
}										\
static inline type InterlockedExchange##bits(type volatile *p, type value)	\
{										\
	return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);			\
}										\
static inline type InterlockedExchangeAdd##bits(type volatile *p, type value)	\
{										\
	return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);			\
}										\
static inline type InterlockedAnd##bits(type volatile *p, type value)		\
{										\
	return __atomic_fetch_and(p, value, __ATOMIC_SEQ_CST);			\
}										\
static inline type InterlockedOr##bits(type volatile *p, type value)		\
{										\
	return __atomic_fetch_or(p, value, __ATOMIC_SEQ_CST);			\
}										\
static inline type InterlockedXor##bits(type volatile *p, type value)		\
{										\
	return __atomic_fetch_xor(p, value, __ATOMIC_SEQ_CST);			\
}										\
static inline type InterlockedCompareExchange##bits(type volatile *p,		\
						    type value, type comparand)	\
{										\
	__atomic_compare_exchange_n(p, &comparand, value, 0, __ATOMIC_SEQ_CST,	\
				    __ATOMIC_SEQ_CST);				\
	return comparand;							\
}

WINBASE_INTERLOCKED(LONG, )
WINBASE_INTERLOCKED(LONG64, 64)
#ifdef __cplusplus
extern "C++" {
WINBASE_INTERLOCKED(ULONG, )
#if __SIZEOF_LONG__ == 8
WINBASE_INTERLOCKED(long, )
#endif
WINBASE_INTERLOCKED(ULONG64, 64)
}
#endif

static inline PVOID InterlockedExchangePointer(PVOID volatile *p, PVOID value)
{
	return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}

static inline PVOID InterlockedCompareExchangePointer(PVOID volatile *p, PVOID value,
						      PVOID comparand)
{
	__atomic_compare_exchange_n(p, &comparand, value, 0, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return comparand;
}

/* Both answer what the bit was. */
static inline BOOLEAN InterlockedBitTestAndSet(LONG volatile *p, LONG bit)
{
	return (ULONG)__atomic_fetch_or(p, (LONG)(1U << bit), __ATOMIC_SEQ_CST) >> bit & 1;
}

static inline BOOLEAN InterlockedBitTestAndReset(LONG volatile *p, LONG bit)
{
	return (ULONG)__atomic_fetch_and(p, (LONG)~(1U << bit), __ATOMIC_SEQ_CST) >> bit & 1;
}

#define InterlockedIncrementAcquire		InterlockedIncrement
#define InterlockedIncrementRelease		InterlockedIncrement
#define InterlockedIncrementNoFence		InterlockedIncrement
#define InterlockedDecrementAcquire		InterlockedDecrement
#define InterlockedDecrementRelease		InterlockedDecrement
#define InterlockedDecrementNoFence		InterlockedDecrement
#define InterlockedExchangeAcquire		InterlockedExchange
#define InterlockedExchangeNoFence		InterlockedExchange
#define InterlockedCompareExchangeAcquire	InterlockedCompareExchange
#define InterlockedCompareExchangeRelease	InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence	InterlockedCompareExchange
#define _InterlockedIncrement			InterlockedIncrement
#define _InterlockedDecrement			InterlockedDecrement
#define _InterlockedExchange			InterlockedExchange
#define _InterlockedExchangeAdd			InterlockedExchangeAdd
#define _InterlockedCompareExchange		InterlockedCompareExchange
#define _InterlockedAnd				InterlockedAnd
#define _InterlockedOr				InterlockedOr
#define _InterlockedXor				InterlockedXor

#endif
