// SPDX-License-Identifier: GPL-2.0
//
// COM without a library: reference counting, and the class factory.
//
#pragma once

class CUnknown : public IUnknown
{
public:
    //
    // A new object has one reference, its maker's.
    //
    CUnknown() :
        m_cRefs(1)
    {
        InterlockedIncrement(&s_cModule);
    }

    static volatile LONG s_cModule;     // objects, and locks of the server

    virtual ULONG STDMETHODCALLTYPE AddRef();
    virtual ULONG STDMETHODCALLTYPE Release();
    virtual HRESULT STDMETHODCALLTYPE QueryInterface(_In_ REFIID riid, _Outptr_ PVOID *ppv);

    IUnknown *
    QueryIUnknown()
    {
        AddRef();
        return static_cast<IUnknown *>(this);
    }

protected:
    virtual ~CUnknown()
    {
        InterlockedDecrement(&s_cModule);
    }

private:
    volatile LONG m_cRefs;
};

class CClassFactory : public CUnknown, public IClassFactory
{
public:
    virtual ULONG STDMETHODCALLTYPE AddRef()
    {
        return CUnknown::AddRef();
    }

    virtual ULONG STDMETHODCALLTYPE Release()
    {
        return CUnknown::Release();
    }

    virtual HRESULT STDMETHODCALLTYPE QueryInterface(_In_ REFIID riid, _Outptr_ PVOID *ppv);

    // IClassFactory
    virtual HRESULT STDMETHODCALLTYPE CreateInstance(
        _In_opt_ IUnknown *pOuter,
        _In_ REFIID riid,
        _Outptr_ PVOID *ppv
        );
    virtual HRESULT STDMETHODCALLTYPE LockServer(_In_ BOOL Lock);
};
