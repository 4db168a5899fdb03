/* SPDX-License-Identifier: MIT */
/*
 * windef.h: the types of Windows, with the sizes that they have there, and what
 * its compiler understands and others do not.
 *
 * LONG, ULONG and DWORD are 32 bits, and WCHAR is 16: u"" literals, or L"" ones in
 * a program that is compiled with -fshort-wchar. TEXT("") is right in both.
 *
 * __declspec takes one word; one that is not below does not compile.
 */
#ifndef _WINDEF_
#define _WINDEF_

#include <stddef.h>
#include <stdint.h>
#if !defined(__cplusplus) && __SIZEOF_WCHAR_T__ != 2
#include <uchar.h>
#endif

/* ---------------------------------------------------------- the compiler's */

#define __cdecl
#define __stdcall
#define __fastcall
#define __thiscall
#define __vectorcall
#define _cdecl
#define _stdcall
#define WINAPI
#define CALLBACK
#define APIENTRY
#define NTAPI
#define WINAPIV
#define APIPRIVATE
#define PASCAL
#define STDAPICALLTYPE
#define STDAPIVCALLTYPE
#define STDMETHODCALLTYPE
#define STDMETHODVCALLTYPE
#define WINBASEAPI
#define WINADVAPI
#define NTSYSAPI
#define FAR
#define NEAR
#define CONST		const
#define VOID		void

#define __int8		char
#define __int16		short
#define __int32		int
#define __int64		long long
#define __forceinline	inline __attribute__((always_inline))
#define FORCEINLINE	static inline __attribute__((always_inline))
#define CFORCEINLINE	FORCEINLINE
#define __unaligned
#define UNALIGNED
#define __ptr64
#define __w64
#define __noop(...)	((void)0)
#define __assume(x)	((x) ? (void)0 : __builtin_unreachable())
#define __debugbreak()	__builtin_trap()

#if defined(__cplusplus) && defined(__is_identifier)
#if !__is_identifier(__uuidof)
#define WINBASE_HAS_UUIDOF
#endif
#endif

#define __declspec(x)	WINBASE_DECLSPEC_##x
#define _declspec(x)	WINBASE_DECLSPEC_##x
#define WINBASE_DECLSPEC_align(n)	__attribute__((aligned(n)))
#define WINBASE_DECLSPEC_allocator
#define WINBASE_DECLSPEC_deprecated	__attribute__((deprecated))
#define WINBASE_DECLSPEC_dllexport	__attribute__((visibility("default")))
#define WINBASE_DECLSPEC_dllimport
#define WINBASE_DECLSPEC_guard(x)
#define WINBASE_DECLSPEC_noalias
#define WINBASE_DECLSPEC_noinline	__attribute__((noinline))
#define WINBASE_DECLSPEC_noreturn	__attribute__((noreturn))
#define WINBASE_DECLSPEC_nothrow
#define WINBASE_DECLSPEC_novtable
#define WINBASE_DECLSPEC_restrict
#define WINBASE_DECLSPEC_selectany	__attribute__((weak))
#define WINBASE_DECLSPEC_thread		WINBASE_THREAD
/* clang -fms-extensions reads it. Else __CRT_UUID_DECL says it (guiddef.h). */
#ifdef WINBASE_HAS_UUIDOF
#define WINBASE_DECLSPEC_uuid(x)	__declspec(uuid(x))
#else
#define WINBASE_DECLSPEC_uuid(x)
#endif

/* Unlike __thread they may stand before "static". */
#ifdef __cplusplus
#define WINBASE_THREAD	thread_local
#else
#define WINBASE_THREAD	_Thread_local
#endif

#define DECLSPEC_ALIGN(n)	__attribute__((aligned(n)))
#define DECLSPEC_DEPRECATED	__attribute__((deprecated))
#define DECLSPEC_EXPORT		__attribute__((visibility("default")))
#define DECLSPEC_IMPORT
#define DECLSPEC_NOINLINE	__attribute__((noinline))
#define DECLSPEC_NORETURN	__attribute__((noreturn))
#define DECLSPEC_NOTHROW
#define DECLSPEC_NOVTABLE
#define DECLSPEC_SELECTANY	__attribute__((weak))
#define DECLSPEC_THREAD		WINBASE_THREAD
#define DECLSPEC_UUID(x)	__declspec(uuid(x))
#define MIDL_INTERFACE(x)	struct __declspec(uuid(x))

#ifdef __cplusplus
#define EXTERN_C	extern "C"
#define EXTERN_C_START	extern "C" {
#define EXTERN_C_END	}
#else
#define EXTERN_C	extern
#define EXTERN_C_START
#define EXTERN_C_END
#endif

/* ------------------------------------------------------------------- types */

#ifndef TRUE
#define TRUE	1
#define FALSE	0
#endif

#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#define __TEXT(s)	L##s
#else
typedef char16_t WCHAR;
#define __TEXT(s)	u##s
#endif

typedef char CHAR, CCHAR;
typedef signed char INT8;
typedef unsigned char BYTE, UCHAR, BOOLEAN, UINT8;
typedef int16_t SHORT, INT16;
typedef uint16_t WORD, USHORT, UINT16, ATOM;
typedef int32_t INT, LONG, INT32, LONG32;
typedef int BOOL;
typedef uint32_t UINT, ULONG, DWORD, UINT32, ULONG32, DWORD32;
typedef int64_t LONGLONG, LONG64, INT64;
typedef unsigned long long ULONGLONG, ULONG64, DWORD64, UINT64, QWORD, DWORDLONG;
typedef float FLOAT;
typedef double DOUBLE;
typedef intptr_t INT_PTR, LONG_PTR, LPARAM, LRESULT;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR, WPARAM;
typedef size_t SIZE_T;
typedef intptr_t SSIZE_T;
typedef uintptr_t KAFFINITY;
typedef DWORD ACCESS_MASK, LCID;
typedef WORD LANGID;

typedef void *PVOID, *LPVOID, *HANDLE;
typedef const void *LPCVOID, *PCVOID;
typedef HANDLE *PHANDLE, *LPHANDLE;
typedef CHAR *PCHAR, *PSTR, *LPSTR, *PCH, *LPCH;
typedef const CHAR *PCSTR, *LPCSTR, *PCCH, *LPCCH;
typedef WCHAR *PWCHAR, *PWSTR, *LPWSTR, *PWCH, *LPWCH;
typedef const WCHAR *PCWSTR, *LPCWSTR, *PCWCH, *LPCWCH;
typedef PWSTR *PZPWSTR;
typedef BYTE *PBYTE, *LPBYTE;
typedef UCHAR *PUCHAR;
typedef BOOLEAN *PBOOLEAN;
typedef SHORT *PSHORT;
typedef WORD *PWORD, *LPWORD;
typedef USHORT *PUSHORT;
typedef INT *PINT, *LPINT;
typedef LONG *PLONG, *LPLONG;
typedef UINT *PUINT;
typedef ULONG *PULONG;
typedef DWORD *PDWORD, *LPDWORD;
typedef BOOL *PBOOL, *LPBOOL;
typedef LONGLONG *PLONGLONG;
typedef LONG64 *PLONG64;
typedef ULONGLONG *PULONGLONG;
typedef ULONG64 *PULONG64;
typedef DWORD64 *PDWORD64;
typedef SIZE_T *PSIZE_T;
typedef LONG_PTR *PLONG_PTR;
typedef ULONG_PTR *PULONG_PTR;
typedef DWORD_PTR *PDWORD_PTR;

#define DECLARE_HANDLE(name)	typedef struct name##__ *name
DECLARE_HANDLE(HINSTANCE);
DECLARE_HANDLE(HKEY);
DECLARE_HANDLE(HWND);
typedef HINSTANCE HMODULE;
typedef HKEY *PHKEY;
typedef HANDLE HGLOBAL, HLOCAL;
#define INVALID_HANDLE_VALUE	((HANDLE)(LONG_PTR)-1)

typedef INT_PTR (WINAPI *FARPROC)(void);

/* 100 ns since 1601-01-01 UTC, or as a time-out, negative: from now */
typedef struct _FILETIME {
	DWORD dwLowDateTime;
	DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

typedef struct _SYSTEMTIME {
	WORD wYear;
	WORD wMonth;			/* from 1 */
	WORD wDayOfWeek;		/* Sunday is 0 */
	WORD wDay;
	WORD wHour;
	WORD wMinute;
	WORD wSecond;
	WORD wMilliseconds;
} SYSTEMTIME, *PSYSTEMTIME, *LPSYSTEMTIME;

typedef struct _SECURITY_ATTRIBUTES {
	DWORD nLength;
	LPVOID lpSecurityDescriptor;
	BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

#define MAX_PATH	260
#define MAXBYTE		0xff
#define MAXSHORT	0x7fff
#define MAXWORD		0xffff
#define MAXLONG		0x7fffffff
#define MAXDWORD	0xffffffff
#define MAXULONG	0xffffffff
#define ANYSIZE_ARRAY	1

#define MAKEWORD(low, high)	((WORD)((BYTE)(low) | (WORD)(BYTE)(high) << 8))
#define MAKELONG(low, high)	((LONG)((WORD)(low) | (DWORD)(WORD)(high) << 16))
#define LOWORD(x)		((WORD)((DWORD_PTR)(x) & 0xffff))
#define HIWORD(x)		((WORD)((DWORD_PTR)(x) >> 16 & 0xffff))
#define LOBYTE(x)		((BYTE)((DWORD_PTR)(x) & 0xff))
#define HIBYTE(x)		((BYTE)((DWORD_PTR)(x) >> 8 & 0xff))

#define HandleToULong(h)	((ULONG)(ULONG_PTR)(h))
#define HandleToLong(h)		((LONG)(LONG_PTR)(h))
#define ULongToHandle(x)	((HANDLE)(ULONG_PTR)(x))
#define LongToHandle(x)		((HANDLE)(LONG_PTR)(x))
#define PtrToUlong(p)		((ULONG)(ULONG_PTR)(p))
#define UlongToPtr(x)		((PVOID)(ULONG_PTR)(x))

/* In C++ as functions: its own headers have functions of these names. */
#ifndef NOMINMAX
#ifdef __cplusplus
extern "C++" {
template <typename A, typename B>
constexpr decltype(true ? A() : B()) min(const A &a, const B &b)
{
	return a < b ? a : b;
}

template <typename A, typename B>
constexpr decltype(true ? A() : B()) max(const A &a, const B &b)
{
	return a > b ? a : b;
}
}
#else
#ifndef min
#define min(a, b)	((a) < (b) ? (a) : (b))
#endif
#ifndef max
#define max(a, b)	((a) > (b) ? (a) : (b))
#endif
#endif
#endif

#define UNREFERENCED_PARAMETER(p)	((void)(p))
#define DBG_UNREFERENCED_PARAMETER(p)	((void)(p))
#define UNREFERENCED_LOCAL_VARIABLE(v)	((void)(v))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(v) ((void)(v))

#if defined(__cplusplus)
extern "C++" template <typename T, size_t N> char (&winbase_countof(T (&)[N]))[N];
#define _countof(array)	sizeof(winbase_countof(array))
#define C_ASSERT(x)	static_assert(x, #x)
#else
#define _countof(array)	(sizeof(array) / sizeof((array)[0]))
#define C_ASSERT(x)	_Static_assert(x, #x)
#endif
#define WINBASE_ASSERT(x)	C_ASSERT(x)
#define ARRAYSIZE(array)	_countof(array)
#define RTL_NUMBER_OF(array)	_countof(array)
#define RTL_FIELD_SIZE(type, field)	sizeof(((type *)0)->field)
#define RTL_SIZEOF_THROUGH_FIELD(type, field) \
	(offsetof(type, field) + RTL_FIELD_SIZE(type, field))
#define FIELD_OFFSET(type, field)	((LONG)offsetof(type, field))
#define UFIELD_OFFSET(type, field)	((DWORD)offsetof(type, field))
#define CONTAINING_RECORD(address, type, field) \
	((type *)((char *)(address) - offsetof(type, field)))

C_ASSERT(sizeof(WCHAR) == 2);
C_ASSERT(sizeof(WORD) == 2);
C_ASSERT(sizeof(DWORD) == 4 && sizeof(ULONG) == 4);
C_ASSERT(sizeof(LONG) == 4 && sizeof(BOOL) == 4);
C_ASSERT(sizeof(ULONG64) == 8);
C_ASSERT(sizeof(ULONG_PTR) == sizeof(void *));

#endif
