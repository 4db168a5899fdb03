// SPDX-License-Identifier: GPL-2.0
#pragma once

class CMyDevice :
    public CUnknown,
    public IPnpCallback,
    public IPnpCallbackHardware,
    public IPnpCallbackSelfManagedIo
{
public:
    static HRESULT CreateInstance(
        _In_ IWDFDriver *FxDriver,
        _In_ IWDFDeviceInitialize *FxDeviceInit,
        _Out_ CMyDevice **ppDevice
        );

    HRESULT Configure();
    HRESULT SetPeriod(_In_ ULONG Milliseconds);
    void Tick();
    HRESULT CopyLog(_In_ IWDFMemory *FxMemory, _Out_ SIZE_T *pcbCopied);

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

    // IPnpCallback
    virtual HRESULT STDMETHODCALLTYPE OnD0Entry(
        _In_ IWDFDevice *FxDevice,
        _In_ WDF_POWER_DEVICE_STATE PreviousState
        );
    virtual HRESULT STDMETHODCALLTYPE OnD0Exit(
        _In_ IWDFDevice *FxDevice,
        _In_ WDF_POWER_DEVICE_STATE NewState
        );
    virtual VOID STDMETHODCALLTYPE OnSurpriseRemoval(_In_ IWDFDevice *FxDevice);
    virtual HRESULT STDMETHODCALLTYPE OnQueryRemove(_In_ IWDFDevice *FxDevice);
    virtual HRESULT STDMETHODCALLTYPE OnQueryStop(_In_ IWDFDevice *FxDevice);

    // IPnpCallbackHardware
    virtual HRESULT STDMETHODCALLTYPE OnPrepareHardware(_In_ IWDFDevice *FxDevice);
    virtual HRESULT STDMETHODCALLTYPE OnReleaseHardware(_In_ IWDFDevice *FxDevice);

    // IPnpCallbackSelfManagedIo
    virtual VOID STDMETHODCALLTYPE OnSelfManagedIoCleanup(_In_ IWDFDevice *FxDevice);
    virtual VOID STDMETHODCALLTYPE OnSelfManagedIoFlush(_In_ IWDFDevice *FxDevice);
    virtual HRESULT STDMETHODCALLTYPE OnSelfManagedIoInit(_In_ IWDFDevice *FxDevice);
    virtual HRESULT STDMETHODCALLTYPE OnSelfManagedIoSuspend(_In_ IWDFDevice *FxDevice);
    virtual HRESULT STDMETHODCALLTYPE OnSelfManagedIoRestart(_In_ IWDFDevice *FxDevice);
    virtual HRESULT STDMETHODCALLTYPE OnSelfManagedIoStop(_In_ IWDFDevice *FxDevice);

private:
    CMyDevice();
    virtual ~CMyDevice();

    void Log(_In_ PCWSTR Callback);
    HRESULT StartTimer();
    void StopTimer();

    static DWORD WINAPI WorkerThread(_In_ LPVOID Context);
    static VOID CALLBACK TimerRoutine(_In_ PVOID Context, _In_ BOOLEAN TimerOrWaitFired);

    CRITICAL_SECTION m_Lock;    // of the timer and the log
    WCHAR m_Log[512];
    HANDLE m_Timer;
    ULONG m_Period;
    HANDLE m_TickEvent;
    HANDLE m_StopEvent;
    HANDLE m_Worker;
    IWDFDevice *m_FxDevice;     // without a reference: it holds this object
    CMyQueue *m_Queue;
};
