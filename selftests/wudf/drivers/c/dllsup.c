/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The entry points of the DLL, its class factory, and the driver object.
 */
#include "initguid.h"
#include "filter.h"

/* {C94B0C7D-53A4-4E58-8E1B-7D1F2B90A6E3} */
DEFINE_GUID(CLSID_FilterDriver,
    0xc94b0c7d, 0x53a4, 0x4e58, 0x8e, 0x1b, 0x7d, 0x1f, 0x2b, 0x90, 0xa6, 0xe3);

/*
 * Neither the class factory nor the driver object has a state, so there is one
 * of each, and it is never freed. The references only tell DllCanUnloadNow.
 */
static volatile LONG g_References;

static ULONG
ModuleAddRef(void)
{
    return InterlockedIncrement(&g_References);
}

static ULONG
ModuleRelease(void)
{
    return InterlockedDecrement(&g_References);
}

static HRESULT STDMETHODCALLTYPE
DriverQueryInterface(
    IDriverEntry *This,
    REFIID riid,
    void **ppvObject
    )
{
    if (IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IDriverEntry))
    {
        IDriverEntry_AddRef(This);
        *ppvObject = This;
        return S_OK;
    }
    *ppvObject = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
DriverAddRef(
    IDriverEntry *This
    )
{
    UNREFERENCED_PARAMETER(This);

    return ModuleAddRef();
}

static ULONG STDMETHODCALLTYPE
DriverRelease(
    IDriverEntry *This
    )
{
    UNREFERENCED_PARAMETER(This);

    return ModuleRelease();
}

static HRESULT STDMETHODCALLTYPE
DriverOnInitialize(
    IDriverEntry *This,
    IWDFDriver *pWdfDriver
    )
{
    UNREFERENCED_PARAMETER(This);
    UNREFERENCED_PARAMETER(pWdfDriver);

    return S_OK;
}

static HRESULT STDMETHODCALLTYPE
DriverOnDeviceAdd(
    IDriverEntry *This,
    IWDFDriver *pWdfDriver,
    IWDFDeviceInitialize *pWdfDeviceInit
    )
{
    UNREFERENCED_PARAMETER(This);

    return FilterCreate(pWdfDriver, pWdfDeviceInit);
}

static void STDMETHODCALLTYPE
DriverOnDeinitialize(
    IDriverEntry *This,
    IWDFDriver *pWdfDriver
    )
{
    UNREFERENCED_PARAMETER(This);
    UNREFERENCED_PARAMETER(pWdfDriver);
}

static struct IDriverEntryVtbl g_DriverVtbl =
{
    DriverQueryInterface,
    DriverAddRef,
    DriverRelease,
    DriverOnInitialize,
    DriverOnDeviceAdd,
    DriverOnDeinitialize,
};

static IDriverEntry g_Driver = { &g_DriverVtbl };

static HRESULT STDMETHODCALLTYPE
FactoryQueryInterface(
    IClassFactory *This,
    REFIID riid,
    void **ppvObject
    )
{
    if (IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IClassFactory))
    {
        IClassFactory_AddRef(This);
        *ppvObject = This;
        return S_OK;
    }
    *ppvObject = NULL;
    return E_NOINTERFACE;
}

static ULONG STDMETHODCALLTYPE
FactoryAddRef(
    IClassFactory *This
    )
{
    UNREFERENCED_PARAMETER(This);

    return ModuleAddRef();
}

static ULONG STDMETHODCALLTYPE
FactoryRelease(
    IClassFactory *This
    )
{
    UNREFERENCED_PARAMETER(This);

    return ModuleRelease();
}

static HRESULT STDMETHODCALLTYPE
FactoryCreateInstance(
    IClassFactory *This,
    IUnknown *pUnkOuter,
    REFIID riid,
    void **ppvObject
    )
{
    UNREFERENCED_PARAMETER(This);

    *ppvObject = NULL;
    if (pUnkOuter != NULL)
    {
        return CLASS_E_NOAGGREGATION;
    }
    return IDriverEntry_QueryInterface(&g_Driver, riid, ppvObject);
}

static HRESULT STDMETHODCALLTYPE
FactoryLockServer(
    IClassFactory *This,
    BOOL fLock
    )
{
    UNREFERENCED_PARAMETER(This);

    if (fLock)
    {
        ModuleAddRef();
    }
    else
    {
        ModuleRelease();
    }
    return S_OK;
}

static struct IClassFactoryVtbl g_FactoryVtbl =
{
    FactoryQueryInterface,
    FactoryAddRef,
    FactoryRelease,
    FactoryCreateInstance,
    FactoryLockServer,
};

static IClassFactory g_Factory = { &g_FactoryVtbl };

BOOL
WINAPI
DllMain(
    HINSTANCE hInstance,
    DWORD dwReason,
    LPVOID lpReserved
    )
{
    UNREFERENCED_PARAMETER(lpReserved);

    if (dwReason == DLL_PROCESS_ATTACH)
    {
        DisableThreadLibraryCalls(hInstance);
    }
    return TRUE;
}

STDAPI
DllGetClassObject(
    _In_ REFCLSID rclsid,
    _In_ REFIID riid,
    _Outptr_ LPVOID *ppv
    )
{
    *ppv = NULL;
    if (!IsEqualCLSID(rclsid, &CLSID_FilterDriver))
    {
        return CLASS_E_CLASSNOTAVAILABLE;
    }
    return IClassFactory_QueryInterface(&g_Factory, riid, ppv);
}

__control_entrypoint(DllExport)
STDAPI
DllCanUnloadNow(void)
{
    return g_References == 0 ? S_OK : S_FALSE;
}
