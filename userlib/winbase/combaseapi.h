/* SPDX-License-Identifier: MIT */
/*
 * combaseapi.h: what of COM needs no registry. CoCreateInstance and marshalling are
 * not carried.
 */
#ifndef _COMBASEAPI_H_
#define _COMBASEAPI_H_

#include <unknwn.h>

#pragma GCC visibility push(default)

typedef enum tagCOINIT {
	COINIT_MULTITHREADED		= 0,
	COINIT_APARTMENTTHREADED	= 2,
	COINIT_DISABLE_OLE1DDE		= 4,
	COINIT_SPEED_OVER_MEMORY	= 8,
} COINIT;

typedef enum tagCLSCTX {
	CLSCTX_INPROC_SERVER	= 1,
	CLSCTX_INPROC_HANDLER	= 2,
	CLSCTX_LOCAL_SERVER	= 4,
	CLSCTX_REMOTE_SERVER	= 16,
} CLSCTX;
#define CLSCTX_ALL	(CLSCTX_INPROC_SERVER | CLSCTX_INPROC_HANDLER | \
			 CLSCTX_LOCAL_SERVER | CLSCTX_REMOTE_SERVER)

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A count of the calling thread: S_OK the first time, then S_FALSE;
 * RPC_E_CHANGED_MODE if it is in the other apartment.
 */
HRESULT WINAPI CoInitialize(LPVOID pvReserved);
HRESULT WINAPI CoInitializeEx(LPVOID pvReserved, DWORD dwCoInit);
void WINAPI CoUninitialize(void);

LPVOID WINAPI CoTaskMemAlloc(SIZE_T cb);
LPVOID WINAPI CoTaskMemRealloc(LPVOID pv, SIZE_T cb);
void WINAPI CoTaskMemFree(LPVOID pv);

/* A random one. */
HRESULT WINAPI CoCreateGuid(GUID *pguid);
/* {XXXXXXXX-...}: 39 characters with the terminator; 0: no room. */
int WINAPI StringFromGUID2(REFGUID rguid, LPWSTR lpsz, int cchMax);
/* The string goes with CoTaskMemFree(). */
HRESULT WINAPI StringFromCLSID(REFCLSID rclsid, LPWSTR *lplpsz);
HRESULT WINAPI StringFromIID(REFIID rclsid, LPWSTR *lplpsz);
/* NULL is GUID_NULL. CO_E_CLASSSTRING (or CO_E_IIDSTRING); no program's name is known. */
HRESULT WINAPI CLSIDFromString(LPCWSTR lpsz, LPCLSID pclsid);
HRESULT WINAPI IIDFromString(LPCWSTR lpsz, LPIID lpiid);

/* What a module with classes exports. */
HRESULT DllGetClassObject(REFCLSID rclsid, REFIID riid, LPVOID *ppv);
HRESULT DllCanUnloadNow(void);

#ifdef __cplusplus
}

/* What goes in front of the pointer's address: its interface's IID. */
extern "C++" template <typename T> void **IID_PPV_ARGS_Helper(T **pp)
{
	static_cast<void>(static_cast<IUnknown *>(*pp));
	return reinterpret_cast<void **>(pp);
}
#define IID_PPV_ARGS(pp)	__uuidof(**(pp)), IID_PPV_ARGS_Helper(pp)
#endif

#pragma GCC visibility pop

#endif
