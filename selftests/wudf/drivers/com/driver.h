// SPDX-License-Identifier: GPL-2.0
#pragma once

class CMyDriver : public CUnknown, public IDriverEntry
{
public:
    static HRESULT CreateInstance(_Out_ CMyDriver **ppDriver);

    virtual ULONG STDMETHODCALLTYPE AddRef()
    {
        return CUnknown::AddRef();
    }

    _At_(this, __drv_freesMem(object))
    virtual ULONG STDMETHODCALLTYPE Release()
    {
        return CUnknown::Release();
    }

    virtual HRESULT STDMETHODCALLTYPE QueryInterface(_In_ REFIID riid, _Outptr_ PVOID *ppv);

    // IDriverEntry
    virtual HRESULT STDMETHODCALLTYPE OnInitialize(_In_ IWDFDriver *FxWdfDriver);
    virtual HRESULT STDMETHODCALLTYPE OnDeviceAdd(
        _In_ IWDFDriver *FxWdfDriver,
        _In_ IWDFDeviceInitialize *FxDeviceInit
        );
    virtual VOID STDMETHODCALLTYPE OnDeinitialize(_In_ IWDFDriver *FxWdfDriver);
};
