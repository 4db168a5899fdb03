// SPDX-License-Identifier: GPL-2.0
#include "internal.h"

HRESULT
CMyDevice::FinalConstruct()
{
    HRESULT hr = CComObject<CMyQueue>::CreateInstance(&m_pQueue);

    if (SUCCEEDED(hr))
    {
        m_pQueue->AddRef();
    }
    return hr;
}

void
CMyDevice::FinalRelease()
{
    if (m_pQueue != NULL)
    {
        m_pQueue->Release();
        m_pQueue = NULL;
    }
}

HRESULT
CMyDevice::CreateInstanceAndInitialize(
    _In_ IWDFDriver *pWdfDriver,
    _In_ IWDFDeviceInitialize *pWdfDeviceInit
    )
{
    CComObject<CMyDevice> *pDevice = NULL;
    CComPtr<IWDFDevice> spWdfDevice;

    HRESULT hr = CComObject<CMyDevice>::CreateInstance(&pDevice);
    if (FAILED(hr))
    {
        return hr;
    }

    //
    // From here on the object lives as long as somebody holds it: this
    // function, and then the framework.
    //
    CComPtr<IUnknown> spUnknown(pDevice->GetUnknown());

    // The queue has a lock of its own.
    pWdfDeviceInit->SetLockingConstraint(None);

    hr = pWdfDriver->CreateDevice(pWdfDeviceInit, spUnknown, &spWdfDevice);
    if (SUCCEEDED(hr))
    {
        hr = pDevice->m_pQueue->Configure(spWdfDevice);
    }
    return hr;
}

STDMETHODIMP_(void)
CMyDevice::OnCleanupFile(
    _In_ IWDFFile *pWdfFile
    )
{
    m_pQueue->CleanupFile(pWdfFile);
}

STDMETHODIMP_(void)
CMyDevice::OnCloseFile(
    _In_ IWDFFile *pWdfFile
    )
{
    m_pQueue->CloseFile(pWdfFile);
}
