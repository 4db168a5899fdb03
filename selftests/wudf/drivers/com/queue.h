// SPDX-License-Identifier: GPL-2.0
#pragma once

//
// The callbacks of two sequential queues: the default one brings the controls,
// the other one the reads and writes. A third queue, a manual one, has none.
//
class CMyQueue :
    public CUnknown,
    public IQueueCallbackCreate,
    public IQueueCallbackRead,
    public IQueueCallbackWrite,
    public IQueueCallbackDeviceIoControl,
    public IRequestCallbackCancel
{
public:
    static HRESULT CreateInstance(
        _In_ CMyDevice *Device,
        _In_ IWDFDevice *FxDevice,
        _Out_ CMyQueue **ppQueue
        );

    void OnTick();
    void AbortCurrent();

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

    // IQueueCallbackCreate
    virtual VOID STDMETHODCALLTYPE OnCreateFile(
        _In_ IWDFIoQueue *FxQueue,
        _In_ IWDFIoRequest *FxRequest,
        _In_ IWDFFile *FxFile
        );

    // IQueueCallbackRead
    virtual VOID STDMETHODCALLTYPE OnRead(
        _In_ IWDFIoQueue *FxQueue,
        _In_ IWDFIoRequest *FxRequest,
        _In_ SIZE_T NumOfBytesToRead
        );

    // IQueueCallbackWrite
    virtual VOID STDMETHODCALLTYPE OnWrite(
        _In_ IWDFIoQueue *FxQueue,
        _In_ IWDFIoRequest *FxRequest,
        _In_ SIZE_T NumOfBytesToWrite
        );

    // IQueueCallbackDeviceIoControl
    virtual VOID STDMETHODCALLTYPE OnDeviceIoControl(
        _In_ IWDFIoQueue *FxQueue,
        _In_ IWDFIoRequest *FxRequest,
        _In_ ULONG ControlCode,
        _In_ SIZE_T InputBufferSizeInBytes,
        _In_ SIZE_T OutputBufferSizeInBytes
        );

    // IRequestCallbackCancel
    virtual VOID STDMETHODCALLTYPE OnCancel(_In_ IWDFIoRequest *FxRequest);

private:
    CMyQueue(_In_ CMyDevice *Device);
    virtual ~CMyQueue();

    HRESULT Configure(_In_ IWDFDevice *FxDevice);
    void KeepCurrent(_In_ IWDFIoRequest *FxRequest, _In_ SIZE_T Information);
    IWDFIoRequest *TakeCurrent(_Out_ SIZE_T *pInformation);

    CMyDevice *m_Device;                // without a reference: it holds this object
    IWDFIoQueue *m_FxWaitQueue;         // without a reference: the device holds it

    BYTE m_Buffer[ECHO_BUFFER_SIZE];    // of the sequential queue's callbacks only
    SIZE_T m_cbBuffer;

    CRITICAL_SECTION m_Lock;            // of what follows
    IWDFIoRequest *m_Current;           // the read or write under way, with a reference
    SIZE_T m_Information;
    ULONG m_Ticks;
};
