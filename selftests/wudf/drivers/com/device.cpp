// SPDX-License-Identifier: GPL-2.0
#include "internal.h"
#include "device.tmh"

CMyDevice::CMyDevice() :
    m_Timer(NULL),
    m_Period(ECHO_DEFAULT_PERIOD),
    m_TickEvent(NULL),
    m_StopEvent(NULL),
    m_Worker(NULL),
    m_FxDevice(NULL),
    m_Queue(NULL)
{
    m_Log[0] = L'\0';
    InitializeCriticalSection(&m_Lock);
}

CMyDevice::~CMyDevice()
{
    if (m_Queue != NULL)
    {
        m_Queue->Release();
    }
    DeleteCriticalSection(&m_Lock);
}

HRESULT
CMyDevice::CreateInstance(
    _In_ IWDFDriver *FxDriver,
    _In_ IWDFDeviceInitialize *FxDeviceInit,
    _Out_ CMyDevice **ppDevice
    )
{
    IWDFDevice *fxDevice = NULL;
    IUnknown *unknown = NULL;
    HRESULT hr;

    CMyDevice *device = new CMyDevice();
    if (device == NULL)
    {
        return E_OUTOFMEMORY;
    }

    FxDeviceInit->SetLockingConstraint(WdfDeviceLevel);

    unknown = device->QueryIUnknown();
    hr = FxDriver->CreateDevice(FxDeviceInit, unknown, &fxDevice);
    unknown->Release();

    if (FAILED(hr))
    {
        device->Release();
        return hr;
    }

    device->m_FxDevice = fxDevice;
    fxDevice->Release();

    *ppDevice = device;
    return S_OK;
}

HRESULT
CMyDevice::Configure()
{
    return CMyQueue::CreateInstance(this, m_FxDevice, &m_Queue);
}

HRESULT STDMETHODCALLTYPE
CMyDevice::QueryInterface(
    _In_ REFIID riid,
    _Outptr_ PVOID *ppv
    )
{
    if (IsEqualIID(riid, __uuidof(IPnpCallback)))
    {
        *ppv = static_cast<IPnpCallback *>(this);
    }
    else if (IsEqualIID(riid, __uuidof(IPnpCallbackHardware)))
    {
        *ppv = static_cast<IPnpCallbackHardware *>(this);
    }
    else if (IsEqualIID(riid, __uuidof(IPnpCallbackSelfManagedIo)))
    {
        *ppv = static_cast<IPnpCallbackSelfManagedIo *>(this);
    }
    else
    {
        return CUnknown::QueryInterface(riid, ppv);
    }
    AddRef();
    return S_OK;
}

void
CMyDevice::Log(
    _In_ PCWSTR Callback
    )
{
    EnterCriticalSection(&m_Lock);
    (void)StringCchCatW(m_Log, ARRAY_SIZE(m_Log), Callback);
    (void)StringCchCatW(m_Log, ARRAY_SIZE(m_Log), L" ");
    LeaveCriticalSection(&m_Lock);
}

HRESULT
CMyDevice::CopyLog(
    _In_ IWDFMemory *FxMemory,
    _Out_ SIZE_T *pcbCopied
    )
{
    HRESULT hr = HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
    SIZE_T cb;

    EnterCriticalSection(&m_Lock);
    cb = (wcslen(m_Log) + 1) * sizeof(WCHAR);
    if (FxMemory->GetSize() >= cb)
    {
        hr = FxMemory->CopyFromBuffer(0, m_Log, cb);
    }
    LeaveCriticalSection(&m_Lock);

    *pcbCopied = SUCCEEDED(hr) ? cb : 0;
    return hr;
}

//
// The timer only wakes the worker, which does the rest.
//
VOID CALLBACK
CMyDevice::TimerRoutine(
    _In_ PVOID Context,
    _In_ BOOLEAN TimerOrWaitFired
    )
{
    UNREFERENCED_PARAMETER(TimerOrWaitFired);

    static_cast<CMyDevice *>(Context)->Tick();
}

void
CMyDevice::Tick()
{
    SetEvent(m_TickEvent);
}

DWORD WINAPI
CMyDevice::WorkerThread(
    _In_ LPVOID Context
    )
{
    CMyDevice *device = static_cast<CMyDevice *>(Context);
    HANDLE events[] = { device->m_StopEvent, device->m_TickEvent };

    while (WaitForMultipleObjects(ARRAY_SIZE(events), events, FALSE, INFINITE) ==
           WAIT_OBJECT_0 + 1)
    {
        device->m_Queue->OnTick();
    }
    return 0;
}

HRESULT
CMyDevice::StartTimer()
{
    HRESULT hr = S_OK;

    EnterCriticalSection(&m_Lock);
    if (m_Timer == NULL && m_Period != 0 &&
        !CreateTimerQueueTimer(&m_Timer, NULL, TimerRoutine, this, m_Period, m_Period,
                               WT_EXECUTEDEFAULT))
    {
        hr = HRESULT_FROM_WIN32(GetLastError());
        m_Timer = NULL;
    }
    LeaveCriticalSection(&m_Lock);
    return hr;
}

void
CMyDevice::StopTimer()
{
    HANDLE timer;

    EnterCriticalSection(&m_Lock);
    timer = m_Timer;
    m_Timer = NULL;
    LeaveCriticalSection(&m_Lock);

    if (timer != NULL)
    {
        // Waits for the routine, if it runs.
        (void)DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE);
    }
}

HRESULT
CMyDevice::SetPeriod(
    _In_ ULONG Milliseconds
    )
{
    StopTimer();

    EnterCriticalSection(&m_Lock);
    m_Period = Milliseconds;
    LeaveCriticalSection(&m_Lock);

    return StartTimer();
}

HRESULT STDMETHODCALLTYPE
CMyDevice::OnPrepareHardware(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"PrepareHardware");

    m_TickEvent = CreateEvent(NULL, FALSE, FALSE, NULL);
    m_StopEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
    if (m_TickEvent == NULL || m_StopEvent == NULL)
    {
        return HRESULT_FROM_WIN32(GetLastError());
    }

    m_Worker = CreateThread(NULL, 0, WorkerThread, this, 0, NULL);
    return m_Worker == NULL ? HRESULT_FROM_WIN32(GetLastError()) : S_OK;
}

HRESULT STDMETHODCALLTYPE
CMyDevice::OnReleaseHardware(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"ReleaseHardware");

    if (m_Worker != NULL)
    {
        SetEvent(m_StopEvent);
        WaitForSingleObject(m_Worker, INFINITE);
        CloseHandle(m_Worker);
        m_Worker = NULL;
    }
    if (m_StopEvent != NULL)
    {
        CloseHandle(m_StopEvent);
        m_StopEvent = NULL;
    }
    if (m_TickEvent != NULL)
    {
        CloseHandle(m_TickEvent);
        m_TickEvent = NULL;
    }
    return S_OK;
}

HRESULT STDMETHODCALLTYPE
CMyDevice::OnD0Entry(
    _In_ IWDFDevice *FxDevice,
    _In_ WDF_POWER_DEVICE_STATE PreviousState
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Trace(TRACE_LEVEL_INFORMATION, "%!FUNC! from %d", PreviousState);
    UNREFERENCED_PARAMETER(PreviousState);
    Log(L"D0Entry");
    return S_OK;
}

HRESULT STDMETHODCALLTYPE
CMyDevice::OnD0Exit(
    _In_ IWDFDevice *FxDevice,
    _In_ WDF_POWER_DEVICE_STATE NewState
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(NewState == WdfPowerDeviceD3Final ? L"D0ExitFinal" : L"D0Exit");
    return S_OK;
}

VOID STDMETHODCALLTYPE
CMyDevice::OnSurpriseRemoval(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"SurpriseRemoval");
}

HRESULT STDMETHODCALLTYPE
CMyDevice::OnQueryRemove(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"QueryRemove");
    return S_OK;
}

HRESULT STDMETHODCALLTYPE
CMyDevice::OnQueryStop(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"QueryStop");
    return S_OK;
}

HRESULT STDMETHODCALLTYPE
CMyDevice::OnSelfManagedIoInit(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"SelfManagedIoInit");
    return StartTimer();
}

HRESULT STDMETHODCALLTYPE
CMyDevice::OnSelfManagedIoSuspend(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"SelfManagedIoSuspend");
    StopTimer();
    return S_OK;
}

HRESULT STDMETHODCALLTYPE
CMyDevice::OnSelfManagedIoRestart(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"SelfManagedIoRestart");
    return StartTimer();
}

HRESULT STDMETHODCALLTYPE
CMyDevice::OnSelfManagedIoStop(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"SelfManagedIoStop");
    return S_OK;
}

VOID STDMETHODCALLTYPE
CMyDevice::OnSelfManagedIoFlush(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"SelfManagedIoFlush");
    m_Queue->AbortCurrent();
}

VOID STDMETHODCALLTYPE
CMyDevice::OnSelfManagedIoCleanup(
    _In_ IWDFDevice *FxDevice
    )
{
    UNREFERENCED_PARAMETER(FxDevice);

    Log(L"SelfManagedIoCleanup");
    Trace(TRACE_LEVEL_INFORMATION, "%!FUNC! %ws", m_Log);
}
