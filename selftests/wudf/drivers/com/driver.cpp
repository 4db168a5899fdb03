// SPDX-License-Identifier: GPL-2.0
#include "internal.h"
#include "driver.tmh"

HRESULT
CMyDriver::CreateInstance(
    _Out_ CMyDriver **ppDriver
    )
{
    *ppDriver = new CMyDriver();

    return *ppDriver == NULL ? E_OUTOFMEMORY : S_OK;
}

HRESULT STDMETHODCALLTYPE
CMyDriver::QueryInterface(
    _In_ REFIID riid,
    _Outptr_ PVOID *ppv
    )
{
    if (IsEqualIID(riid, __uuidof(IDriverEntry)))
    {
        AddRef();
        *ppv = static_cast<IDriverEntry *>(this);
        return S_OK;
    }
    return CUnknown::QueryInterface(riid, ppv);
}

HRESULT STDMETHODCALLTYPE
CMyDriver::OnInitialize(
    _In_ IWDFDriver *FxWdfDriver
    )
{
    UNREFERENCED_PARAMETER(FxWdfDriver);

    return S_OK;
}

HRESULT STDMETHODCALLTYPE
CMyDriver::OnDeviceAdd(
    _In_ IWDFDriver *FxWdfDriver,
    _In_ IWDFDeviceInitialize *FxDeviceInit
    )
{
    CMyDevice *pDevice = NULL;
    HRESULT hr = CMyDevice::CreateInstance(FxWdfDriver, FxDeviceInit, &pDevice);

    if (SUCCEEDED(hr))
    {
        hr = pDevice->Configure();

        // The framework's device object keeps it.
        pDevice->Release();
    }
    Trace(TRACE_LEVEL_INFORMATION, "%!FUNC! %!HRESULT!", hr);
    return hr;
}

VOID STDMETHODCALLTYPE
CMyDriver::OnDeinitialize(
    _In_ IWDFDriver *FxWdfDriver
    )
{
    UNREFERENCED_PARAMETER(FxWdfDriver);
}
