// SPDX-License-Identifier: GPL-2.0
//
// The entry points of the DLL.
//
#include <initguid.h>
#include "internal.h"

// {5E0C3D52-9C1B-4F0E-8C39-60D1C3A2B771}
DEFINE_GUID(CLSID_HoldDriver,
    0x5e0c3d52, 0x9c1b, 0x4f0e, 0x8c, 0x39, 0x60, 0xd1, 0xc3, 0xa2, 0xb7, 0x71);

class CMyDriverModule : public CAtlDllModuleT<CMyDriverModule>
{
};

CMyDriverModule _AtlModule;

extern "C"
BOOL
WINAPI
DllMain(
    HINSTANCE hInstance,
    DWORD dwReason,
    LPVOID lpReserved
    )
{
    if (dwReason == DLL_PROCESS_ATTACH)
    {
        DisableThreadLibraryCalls(hInstance);
    }
    return _AtlModule.DllMain(dwReason, lpReserved);
}

STDAPI
DllCanUnloadNow(void)
{
    return _AtlModule.DllCanUnloadNow();
}

_Check_return_
STDAPI
DllGetClassObject(
    _In_ REFCLSID rclsid,
    _In_ REFIID riid,
    _Outptr_ LPVOID FAR *ppv
    )
{
    return _AtlModule.DllGetClassObject(rclsid, riid, ppv);
}
