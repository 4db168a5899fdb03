// SPDX-License-Identifier: GPL-2.0
#include "internal.h"
#include "comsup.tmh"

volatile LONG CUnknown::s_cModule = 0;

ULONG STDMETHODCALLTYPE
CUnknown::AddRef()
{
    return InterlockedIncrement(&m_cRefs);
}

ULONG STDMETHODCALLTYPE
CUnknown::Release()
{
    ULONG cRefs = InterlockedDecrement(&m_cRefs);

    if (cRefs == 0)
    {
        delete this;
    }
    return cRefs;
}

HRESULT STDMETHODCALLTYPE
CUnknown::QueryInterface(
    _In_ REFIID riid,
    _Outptr_ PVOID *ppv
    )
{
    if (IsEqualIID(riid, __uuidof(IUnknown)))
    {
        *ppv = QueryIUnknown();
        return S_OK;
    }
    *ppv = NULL;
    return E_NOINTERFACE;
}

HRESULT STDMETHODCALLTYPE
CClassFactory::QueryInterface(
    _In_ REFIID riid,
    _Outptr_ PVOID *ppv
    )
{
    if (IsEqualIID(riid, __uuidof(IClassFactory)))
    {
        AddRef();
        *ppv = static_cast<IClassFactory *>(this);
        return S_OK;
    }
    return CUnknown::QueryInterface(riid, ppv);
}

HRESULT STDMETHODCALLTYPE
CClassFactory::CreateInstance(
    _In_opt_ IUnknown *pOuter,
    _In_ REFIID riid,
    _Outptr_ PVOID *ppv
    )
{
    CMyDriver *pDriver = NULL;
    HRESULT hr;

    *ppv = NULL;
    if (pOuter != NULL)
    {
        return CLASS_E_NOAGGREGATION;
    }

    hr = CMyDriver::CreateInstance(&pDriver);
    if (SUCCEEDED(hr))
    {
        hr = pDriver->QueryInterface(riid, ppv);
        pDriver->Release();
    }
    return hr;
}

HRESULT STDMETHODCALLTYPE
CClassFactory::LockServer(
    _In_ BOOL Lock
    )
{
    if (Lock)
    {
        InterlockedIncrement(&s_cModule);
    }
    else
    {
        InterlockedDecrement(&s_cModule);
    }
    return S_OK;
}
