/* SPDX-License-Identifier: MIT */
/* basetyps.h: how COM interfaces and their methods are written down. */
#ifndef _BASETYPS_H_
#define _BASETYPS_H_

#include <guiddef.h>
#include <winerror.h>

#define interface	struct

#define STDAPI			EXTERN_C HRESULT
#define STDAPI_(type)		EXTERN_C type
#define STDMETHODIMP		HRESULT
#define STDMETHODIMP_(type)	type
#define IFACEMETHODIMP		STDMETHODIMP
#define IFACEMETHODIMP_(type)	STDMETHODIMP_(type)

#if defined(__cplusplus) && !defined(CINTERFACE)
#define STDMETHOD(name)		virtual HRESULT name
#define STDMETHOD_(type, name)	virtual type name
#define IFACEMETHOD(name)	STDMETHOD(name)
#define IFACEMETHOD_(type, name) STDMETHOD_(type, name)
#define PURE			= 0
#define THIS_
#define THIS			void
#define DECLARE_INTERFACE(name)	struct name
#define DECLARE_INTERFACE_(name, base)	struct name : public base
#else
#define STDMETHOD(name)		HRESULT (*name)
#define STDMETHOD_(type, name)	type (*name)
#define PURE
#define THIS_			INTERFACE *This,
#define THIS			INTERFACE *This
#define DECLARE_INTERFACE(name)						\
	typedef struct name { const struct name##Vtbl *lpVtbl; } name;	\
	typedef struct name##Vtbl name##Vtbl;				\
	struct name##Vtbl
#define DECLARE_INTERFACE_(name, base)	DECLARE_INTERFACE(name)
#endif
#define DECLARE_INTERFACE_IID(name, iid)		DECLARE_INTERFACE(name)
#define DECLARE_INTERFACE_IID_(name, base, iid)		DECLARE_INTERFACE_(name, base)
#define BEGIN_INTERFACE
#define END_INTERFACE

#endif
