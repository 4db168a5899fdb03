// SPDX-License-Identifier: GPL-2.0
#pragma once

class ATL_NO_VTABLE CMyDriver :
    public CComObjectRootEx<CComMultiThreadModel>,
    public CComCoClass<CMyDriver, &CLSID_HoldDriver>,
    public IDriverEntry
{
public:
    DECLARE_NO_REGISTRY()

    DECLARE_NOT_AGGREGATABLE(CMyDriver)

    BEGIN_COM_MAP(CMyDriver)
        COM_INTERFACE_ENTRY(IDriverEntry)
    END_COM_MAP()

    // IDriverEntry
    STDMETHOD(OnInitialize)(_In_ IWDFDriver *pWdfDriver);
    STDMETHOD(OnDeviceAdd)(_In_ IWDFDriver *pWdfDriver, _In_ IWDFDeviceInitialize *pWdfDeviceInit);
    STDMETHOD_(void, OnDeinitialize)(_In_ IWDFDriver *pWdfDriver);
};

OBJECT_ENTRY_AUTO(CLSID_HoldDriver, CMyDriver)
