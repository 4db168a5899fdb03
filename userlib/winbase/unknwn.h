/* SPDX-License-Identifier: MIT */
/*
 * unknwn.h: IUnknown and IClassFactory, as abstract classes in C++ and as tables of
 * functions in C (or where CINTERFACE is defined), of one layout. With COBJMACROS
 * defined, C has IUnknown_Release(p) and so on.
 */
#ifndef __unknwn_h__
#define __unknwn_h__

#include <basetyps.h>

#pragma GCC visibility push(default)

EXTERN_C const IID IID_IUnknown;
EXTERN_C const IID IID_IClassFactory;

#if defined(__cplusplus) && !defined(CINTERFACE)

extern "C++" {
struct IUnknown {
	/* S_OK, E_NOINTERFACE and *ppvObject NULL, or E_POINTER */
	virtual HRESULT QueryInterface(REFIID riid, void **ppvObject) = 0;
	/* Both answer the new count, for tests only. */
	virtual ULONG AddRef() = 0;
	virtual ULONG Release() = 0;

	template <typename T> HRESULT QueryInterface(T **pp)
	{
		return QueryInterface(winbase_uuid<T>::value,
				      reinterpret_cast<void **>(pp));
	}
};

struct IClassFactory : public IUnknown {
	/* CLASS_E_NOAGGREGATION where pUnkOuter is given and is not supported */
	virtual HRESULT CreateInstance(IUnknown *pUnkOuter, REFIID riid,
				       void **ppvObject) = 0;
	virtual HRESULT LockServer(BOOL fLock) = 0;
};
}
typedef IUnknown *LPUNKNOWN;
typedef IClassFactory *LPCLASSFACTORY;

#else

typedef struct IUnknown {
	const struct IUnknownVtbl *lpVtbl;
} IUnknown, *LPUNKNOWN;

typedef struct IUnknownVtbl {
	HRESULT (*QueryInterface)(IUnknown *This, REFIID riid, void **ppvObject);
	ULONG (*AddRef)(IUnknown *This);
	ULONG (*Release)(IUnknown *This);
} IUnknownVtbl;

typedef struct IClassFactory {
	const struct IClassFactoryVtbl *lpVtbl;
} IClassFactory, *LPCLASSFACTORY;

typedef struct IClassFactoryVtbl {
	HRESULT (*QueryInterface)(IClassFactory *This, REFIID riid, void **ppvObject);
	ULONG (*AddRef)(IClassFactory *This);
	ULONG (*Release)(IClassFactory *This);
	HRESULT (*CreateInstance)(IClassFactory *This, IUnknown *pUnkOuter,
				  REFIID riid, void **ppvObject);
	HRESULT (*LockServer)(IClassFactory *This, BOOL fLock);
} IClassFactoryVtbl;

#ifdef COBJMACROS
#define IUnknown_QueryInterface(p, riid, ppv)	(p)->lpVtbl->QueryInterface(p, riid, ppv)
#define IUnknown_AddRef(p)			(p)->lpVtbl->AddRef(p)
#define IUnknown_Release(p)			(p)->lpVtbl->Release(p)
#define IClassFactory_QueryInterface(p, riid, ppv) \
	(p)->lpVtbl->QueryInterface(p, riid, ppv)
#define IClassFactory_AddRef(p)			(p)->lpVtbl->AddRef(p)
#define IClassFactory_Release(p)		(p)->lpVtbl->Release(p)
#define IClassFactory_CreateInstance(p, outer, riid, ppv) \
	(p)->lpVtbl->CreateInstance(p, outer, riid, ppv)
#define IClassFactory_LockServer(p, lock)	(p)->lpVtbl->LockServer(p, lock)
#endif

#endif

#ifdef __cplusplus
__CRT_UUID_DECL(IUnknown, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46)
__CRT_UUID_DECL(IClassFactory, 1, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46)
#endif

#pragma GCC visibility pop

#endif
