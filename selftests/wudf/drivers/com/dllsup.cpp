// SPDX-License-Identifier: GPL-2.0
//
// The entry points of the DLL.
//
#include "internal.h"
#include "dllsup.tmh"

#include "initguid.h"

// {A1F6B0C4-2C83-4C3F-9C57-0B0F1E6A7D12}
DEFINE_GUID(CLSID_EchoDriver,
    0xa1f6b0c4, 0x2c83, 0x4c3f, 0x9c, 0x57, 0x0b, 0x0f, 0x1e, 0x6a, 0x7d, 0x12);

BOOL
WINAPI
DllMain(
    HINSTANCE ModuleHandle,
    DWORD Reason,
    PVOID Reserved
    )
{
    UNREFERENCED_PARAMETER(Reserved);

    if (Reason == DLL_PROCESS_ATTACH)
    {
        DisableThreadLibraryCalls(ModuleHandle);
        WPP_INIT_TRACING(MYDRIVER_TRACING_ID);
    }
    else if (Reason == DLL_PROCESS_DETACH)
    {
        WPP_CLEANUP();
    }
    return TRUE;
}

HRESULT
STDAPICALLTYPE
DllGetClassObject(
    _In_ REFCLSID ClassId,
    _In_ REFIID InterfaceId,
    _Outptr_ LPVOID *Interface
    )
{
    CClassFactory *factory;
    HRESULT hr;

    *Interface = NULL;
    if (!IsEqualCLSID(ClassId, CLSID_EchoDriver))
    {
        Trace(TRACE_LEVEL_ERROR, "%!FUNC! is asked for another class");
        return CLASS_E_CLASSNOTAVAILABLE;
    }

    factory = new CClassFactory();
    if (factory == NULL)
    {
        return E_OUTOFMEMORY;
    }
    hr = factory->QueryInterface(InterfaceId, Interface);
    factory->Release();
    return hr;
}

HRESULT
STDAPICALLTYPE
DllCanUnloadNow(
    VOID
    )
{
    return CUnknown::s_cModule == 0 ? S_OK : S_FALSE;
}
