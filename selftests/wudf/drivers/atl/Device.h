// SPDX-License-Identifier: GPL-2.0
#pragma once

class ATL_NO_VTABLE CMyDevice :
    public CComObjectRootEx<CComMultiThreadModel>,
    public IFileCallbackCleanup,
    public IFileCallbackClose
{
public:
    DECLARE_NOT_AGGREGATABLE(CMyDevice)
    DECLARE_PROTECT_FINAL_CONSTRUCT()

    BEGIN_COM_MAP(CMyDevice)
        COM_INTERFACE_ENTRY(IFileCallbackCleanup)
        COM_INTERFACE_ENTRY(IFileCallbackClose)
    END_COM_MAP()

    CMyDevice() :
        m_pQueue(NULL)
    {
    }

    HRESULT FinalConstruct();
    void FinalRelease();

    static HRESULT CreateInstanceAndInitialize(
        _In_ IWDFDriver *pWdfDriver,
        _In_ IWDFDeviceInitialize *pWdfDeviceInit
        );

    // IFileCallbackCleanup
    STDMETHOD_(void, OnCleanupFile)(_In_ IWDFFile *pWdfFile);

    // IFileCallbackClose
    STDMETHOD_(void, OnCloseFile)(_In_ IWDFFile *pWdfFile);

private:
    CComObject<CMyQueue> *m_pQueue;     // one reference
};
