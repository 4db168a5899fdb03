// SPDX-License-Identifier: GPL-2.0
#include "internal.h"

STDMETHODIMP
CMyDriver::OnInitialize(
    _In_ IWDFDriver *pWdfDriver
    )
{
    UNREFERENCED_PARAMETER(pWdfDriver);

    return S_OK;
}

STDMETHODIMP
CMyDriver::OnDeviceAdd(
    _In_ IWDFDriver *pWdfDriver,
    _In_ IWDFDeviceInitialize *pWdfDeviceInit
    )
{
    return CMyDevice::CreateInstanceAndInitialize(pWdfDriver, pWdfDeviceInit);
}

STDMETHODIMP_(void)
CMyDriver::OnDeinitialize(
    _In_ IWDFDriver *pWdfDriver
    )
{
    UNREFERENCED_PARAMETER(pWdfDriver);
}
