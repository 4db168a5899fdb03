// SPDX-License-Identifier: GPL-2.0
#include "internal.h"
#include "queue.tmh"

CMyQueue::CMyQueue(
    _In_ CMyDevice *Device
    ) :
    m_Device(Device),
    m_FxWaitQueue(NULL),
    m_cbBuffer(0),
    m_Current(NULL),
    m_Information(0),
    m_Ticks(0)
{
    InitializeCriticalSection(&m_Lock);
}

CMyQueue::~CMyQueue()
{
    DeleteCriticalSection(&m_Lock);
}

HRESULT
CMyQueue::CreateInstance(
    _In_ CMyDevice *Device,
    _In_ IWDFDevice *FxDevice,
    _Out_ CMyQueue **ppQueue
    )
{
    CMyQueue *queue = new CMyQueue(Device);
    HRESULT hr;

    if (queue == NULL)
    {
        return E_OUTOFMEMORY;
    }

    hr = queue->Configure(FxDevice);
    if (FAILED(hr))
    {
        queue->Release();
        return hr;
    }
    *ppQueue = queue;
    return S_OK;
}

HRESULT
CMyQueue::Configure(
    _In_ IWDFDevice *FxDevice
    )
{
    IUnknown *callback = QueryIUnknown();
    IWDFIoQueue *fxQueue = NULL;
    HRESULT hr;

    hr = FxDevice->CreateIoQueue(
        callback,
        TRUE,                           // bDefaultQueue
        WdfIoQueueDispatchSequential,
        FALSE,                          // bPowerManaged
        FALSE,                          // bAllowZeroLengthRequests
        &fxQueue
        );
    if (FAILED(hr))
    {
        goto Exit;
    }
    fxQueue->Release();

    hr = FxDevice->CreateIoQueue(
        callback, FALSE, WdfIoQueueDispatchSequential, FALSE, FALSE, &fxQueue);
    if (FAILED(hr))
    {
        goto Exit;
    }
    hr = FxDevice->ConfigureRequestDispatching(fxQueue, WdfRequestRead, TRUE);
    if (SUCCEEDED(hr))
    {
        hr = FxDevice->ConfigureRequestDispatching(fxQueue, WdfRequestWrite, TRUE);
    }
    fxQueue->Release();
    if (FAILED(hr))
    {
        goto Exit;
    }

    hr = FxDevice->CreateIoQueue(
        NULL, FALSE, WdfIoQueueDispatchManual, FALSE, FALSE, &m_FxWaitQueue);
    if (SUCCEEDED(hr))
    {
        m_FxWaitQueue->Release();
    }

Exit:
    Trace(TRACE_LEVEL_INFORMATION, "%!FUNC! %!HRESULT!", hr);
    callback->Release();
    return hr;
}

HRESULT STDMETHODCALLTYPE
CMyQueue::QueryInterface(
    _In_ REFIID riid,
    _Outptr_ PVOID *ppv
    )
{
    if (IsEqualIID(riid, __uuidof(IQueueCallbackCreate)))
    {
        *ppv = static_cast<IQueueCallbackCreate *>(this);
    }
    else if (IsEqualIID(riid, __uuidof(IQueueCallbackRead)))
    {
        *ppv = static_cast<IQueueCallbackRead *>(this);
    }
    else if (IsEqualIID(riid, __uuidof(IQueueCallbackWrite)))
    {
        *ppv = static_cast<IQueueCallbackWrite *>(this);
    }
    else if (IsEqualIID(riid, __uuidof(IQueueCallbackDeviceIoControl)))
    {
        *ppv = static_cast<IQueueCallbackDeviceIoControl *>(this);
    }
    else if (IsEqualIID(riid, __uuidof(IRequestCallbackCancel)))
    {
        *ppv = static_cast<IRequestCallbackCancel *>(this);
    }
    else
    {
        return CUnknown::QueryInterface(riid, ppv);
    }
    AddRef();
    return S_OK;
}

VOID STDMETHODCALLTYPE
CMyQueue::OnCreateFile(
    _In_ IWDFIoQueue *FxQueue,
    _In_ IWDFIoRequest *FxRequest,
    _In_ IWDFFile *FxFile
    )
{
    UNREFERENCED_PARAMETER(FxQueue);
    UNREFERENCED_PARAMETER(FxFile);

    FxRequest->Complete(S_OK);
}

VOID STDMETHODCALLTYPE
CMyQueue::OnDeviceIoControl(
    _In_ IWDFIoQueue *FxQueue,
    _In_ IWDFIoRequest *FxRequest,
    _In_ ULONG ControlCode,
    _In_ SIZE_T InputBufferSizeInBytes,
    _In_ SIZE_T OutputBufferSizeInBytes
    )
{
    IWDFMemory *memory = NULL;
    HRESULT hr = HRESULT_FROM_WIN32(ERROR_INVALID_FUNCTION);
    SIZE_T information = 0;
    ULONG period = 0;

    UNREFERENCED_PARAMETER(FxQueue);
    UNREFERENCED_PARAMETER(OutputBufferSizeInBytes);

    switch (ControlCode)
    {
    case IOCTL_ECHO_WAIT:
        hr = FxRequest->ForwardToIoQueue(m_FxWaitQueue);
        if (SUCCEEDED(hr))
        {
            return;
        }
        break;

    case IOCTL_ECHO_SET_PERIOD:
        hr = HRESULT_FROM_WIN32(ERROR_INVALID_PARAMETER);
        FxRequest->GetInputMemory(&memory);
        if (memory != NULL && InputBufferSizeInBytes == sizeof(period))
        {
            hr = memory->CopyToBuffer(0, &period, sizeof(period));
        }
        if (SUCCEEDED(hr))
        {
            hr = m_Device->SetPeriod(period);
        }
        break;

    case IOCTL_ECHO_TICK:
        m_Device->Tick();
        hr = S_OK;
        break;

    case IOCTL_ECHO_GET_LOG:
        hr = HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
        FxRequest->GetOutputMemory(&memory);
        if (memory != NULL)
        {
            hr = m_Device->CopyLog(memory, &information);
        }
        break;
    }

    if (memory != NULL)
    {
        memory->Release();
    }
    FxRequest->CompleteWithInformation(hr, information);
}

VOID STDMETHODCALLTYPE
CMyQueue::OnWrite(
    _In_ IWDFIoQueue *FxQueue,
    _In_ IWDFIoRequest *FxRequest,
    _In_ SIZE_T NumOfBytesToWrite
    )
{
    IWDFMemory *memory = NULL;
    HRESULT hr;

    UNREFERENCED_PARAMETER(FxQueue);

    if (NumOfBytesToWrite > sizeof(m_Buffer))
    {
        FxRequest->CompleteWithInformation(HRESULT_FROM_WIN32(ERROR_BUFFER_OVERFLOW), 0);
        return;
    }

    FxRequest->GetInputMemory(&memory);
    hr = memory->CopyToBuffer(0, m_Buffer, NumOfBytesToWrite);
    memory->Release();

    m_cbBuffer = SUCCEEDED(hr) ? NumOfBytesToWrite : 0;
    if (FAILED(hr))
    {
        FxRequest->CompleteWithInformation(hr, 0);
        return;
    }
    KeepCurrent(FxRequest, NumOfBytesToWrite);
}

VOID STDMETHODCALLTYPE
CMyQueue::OnRead(
    _In_ IWDFIoQueue *FxQueue,
    _In_ IWDFIoRequest *FxRequest,
    _In_ SIZE_T NumOfBytesToRead
    )
{
    SIZE_T cb = min(NumOfBytesToRead, m_cbBuffer);
    IWDFMemory *memory = NULL;
    HRESULT hr;

    UNREFERENCED_PARAMETER(FxQueue);

    FxRequest->GetOutputMemory(&memory);
    hr = memory->CopyFromBuffer(0, m_Buffer, cb);
    memory->Release();

    if (FAILED(hr))
    {
        FxRequest->CompleteWithInformation(hr, 0);
        return;
    }
    KeepCurrent(FxRequest, cb);
}

//
// The request waits for the next tick. The lock is held across MarkCancelable,
// lest the tick comes before it.
//
void
CMyQueue::KeepCurrent(
    _In_ IWDFIoRequest *FxRequest,
    _In_ SIZE_T Information
    )
{
    EnterCriticalSection(&m_Lock);
    FxRequest->AddRef();
    m_Current = FxRequest;
    m_Information = Information;
    FxRequest->MarkCancelable(this);
    LeaveCriticalSection(&m_Lock);
}

//
// Takes the current request away from OnCancel: with the caller's reference, or
// NULL if there is none, or OnCancel has it already and completes it.
//
IWDFIoRequest *
CMyQueue::TakeCurrent(
    _Out_ SIZE_T *pInformation
    )
{
    IWDFIoRequest *request = NULL;

    EnterCriticalSection(&m_Lock);
    if (m_Current != NULL && m_Current->UnmarkCancelable() == S_OK)
    {
        request = m_Current;
        m_Current = NULL;
    }
    *pInformation = m_Information;
    LeaveCriticalSection(&m_Lock);

    return request;
}

VOID STDMETHODCALLTYPE
CMyQueue::OnCancel(
    _In_ IWDFIoRequest *FxRequest
    )
{
    IWDFIoRequest *request;

    EnterCriticalSection(&m_Lock);
    request = m_Current;
    m_Current = NULL;
    LeaveCriticalSection(&m_Lock);

    Trace(TRACE_LEVEL_INFORMATION, "%!FUNC! %p", FxRequest);

    // The queue is sequential, so it is the same one.
    FxRequest->CompleteWithInformation(HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED), 0);
    if (request != NULL)
    {
        request->Release();
    }
}

void
CMyQueue::AbortCurrent()
{
    SIZE_T information;
    IWDFIoRequest *request = TakeCurrent(&information);

    if (request != NULL)
    {
        request->CompleteWithInformation(HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED), 0);
        request->Release();
    }
}

//
// On the worker thread: completes the read or write under way, and all that
// waits in the manual queue.
//
void
CMyQueue::OnTick()
{
    SIZE_T information;
    IWDFIoRequest *request = TakeCurrent(&information);
    ULONG ticks;

    if (request != NULL)
    {
        request->CompleteWithInformation(S_OK, information);
        request->Release();
    }

    EnterCriticalSection(&m_Lock);
    ticks = ++m_Ticks;
    LeaveCriticalSection(&m_Lock);

    for (;;)
    {
        IWDFMemory *memory = NULL;
        HRESULT hr;

        request = NULL;
        hr = m_FxWaitQueue->RetrieveNextRequest(&request);
        if (FAILED(hr) || request == NULL)
        {
            break;
        }

        information = 0;
        request->GetOutputMemory(&memory);
        if (memory != NULL)
        {
            if (memory->GetSize() >= sizeof(ticks) &&
                SUCCEEDED(memory->CopyFromBuffer(0, &ticks, sizeof(ticks))))
            {
                information = sizeof(ticks);
            }
            memory->Release();
        }
        request->CompleteWithInformation(S_OK, information);
        request->Release();
    }
}
