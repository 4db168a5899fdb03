/* SPDX-License-Identifier: MIT */
/*
 * propidl.h: PROPVARIANT, for what a registry could hold: numbers, texts, GUIDs, bytes,
 * and lists of bytes and texts. BSTRs, streams, interfaces, decimals, dates and money are
 * not carried, nor is IPropertyStorage.
 */
#ifndef __propidl_h__
#define __propidl_h__

#include <combaseapi.h>

#pragma GCC visibility push(default)

typedef USHORT VARTYPE;
typedef SHORT VARIANT_BOOL;
typedef LONG SCODE;

#define VARIANT_TRUE	((VARIANT_BOOL)-1)
#define VARIANT_FALSE	((VARIANT_BOOL)0)

enum VARENUM {
	VT_EMPTY	= 0,
	VT_NULL		= 1,
	VT_I2		= 2,
	VT_I4		= 3,
	VT_R4		= 4,
	VT_R8		= 5,
	VT_ERROR	= 10,
	VT_BOOL		= 11,
	VT_I1		= 16,
	VT_UI1		= 17,
	VT_UI2		= 18,
	VT_UI4		= 19,
	VT_I8		= 20,
	VT_UI8		= 21,
	VT_INT		= 22,
	VT_UINT		= 23,
	VT_LPSTR	= 30,
	VT_LPWSTR	= 31,
	VT_FILETIME	= 64,
	VT_BLOB		= 65,
	VT_CLSID	= 72,
	VT_VECTOR	= 0x1000,
	VT_TYPEMASK	= 0xfff
};

typedef struct tagBLOB {
	ULONG cbSize;
	BYTE *pBlobData;
} BLOB;

typedef struct tagCAUB {
	ULONG cElems;
	UCHAR *pElems;
} CAUB;

typedef struct tagCALPWSTR {
	ULONG cElems;
	LPWSTR *pElems;
} CALPWSTR;

/* What a pointer shows to comes from CoTaskMemAlloc(). */
typedef struct tagPROPVARIANT {
	VARTYPE vt;
	WORD wReserved1;
	WORD wReserved2;
	WORD wReserved3;
	union {
		CHAR cVal;		/* VT_I1 */
		UCHAR bVal;		/* VT_UI1 */
		SHORT iVal;		/* VT_I2 */
		USHORT uiVal;		/* VT_UI2 */
		LONG lVal;		/* VT_I4 */
		ULONG ulVal;		/* VT_UI4 */
		INT intVal;		/* VT_INT */
		UINT uintVal;		/* VT_UINT */
		LARGE_INTEGER hVal;	/* VT_I8 */
		ULARGE_INTEGER uhVal;	/* VT_UI8 */
		FLOAT fltVal;		/* VT_R4 */
		DOUBLE dblVal;		/* VT_R8 */
		VARIANT_BOOL boolVal;	/* VT_BOOL */
		SCODE scode;		/* VT_ERROR */
		FILETIME filetime;	/* VT_FILETIME */
		CLSID *puuid;		/* VT_CLSID */
		BLOB blob;		/* VT_BLOB */
		LPSTR pszVal;		/* VT_LPSTR */
		LPWSTR pwszVal;		/* VT_LPWSTR */
		CAUB caub;		/* VT_VECTOR | VT_UI1 */
		CALPWSTR calpwstr;	/* VT_VECTOR | VT_LPWSTR */
	};
} PROPVARIANT, *LPPROPVARIANT;

C_ASSERT(sizeof(PROPVARIANT) == 8 + 2 * sizeof(void *));

#ifdef __cplusplus
#define REFPROPVARIANT	const PROPVARIANT &
extern "C" {
#else
#define REFPROPVARIANT	const PROPVARIANT *
#endif

/* Frees what it holds: VT_EMPTY. STG_E_INVALIDPARAMETER: of a type that is not above. */
HRESULT WINAPI PropVariantClear(PROPVARIANT *pvar);

#ifdef __cplusplus
}
#endif

FORCEINLINE void PropVariantInit(PROPVARIANT *pvar)
{
	memset(pvar, 0, sizeof(*pvar));
}

#pragma GCC visibility pop

#endif
