// SPDX-License-Identifier: GPL-2.0
#include "internal.h"

//
// The default queue is parallel and brings everything. A read that finds no
// data goes to a manual queue, where the framework cancels it by itself.
//
HRESULT
CMyQueue::Configure(
    _In_ IWDFDevice *pWdfDevice
    )
{
    CComPtr<IWDFIoQueue> spDefaultQueue;
    CComPtr<IWDFIoQueue> spManualQueue;

    HRESULT hr = pWdfDevice->CreateIoQueue(
        NULL,
        FALSE,                          // bDefaultQueue
        WdfIoQueueDispatchManual,
        FALSE,                          // bPowerManaged
        FALSE,                          // bAllowZeroLengthRequests
        &spManualQueue
        );
    if (FAILED(hr))
    {
        return hr;
    }
    m_pWaitingReads = spManualQueue;

    return pWdfDevice->CreateIoQueue(
        GetUnknown(),
        TRUE,
        WdfIoQueueDispatchParallel,
        FALSE,
        FALSE,
        &spDefaultQueue
        );
}

STDMETHODIMP_(void)
CMyQueue::OnDeviceIoControl(
    _In_ IWDFIoQueue *pWdfQueue,
    _In_ IWDFIoRequest *pWdfRequest,
    _In_ ULONG ControlCode,
    _In_ SIZE_T InputBufferSizeInBytes,
    _In_ SIZE_T OutputBufferSizeInBytes
    )
{
    UNREFERENCED_PARAMETER(pWdfQueue);
    UNREFERENCED_PARAMETER(InputBufferSizeInBytes);
    UNREFERENCED_PARAMETER(OutputBufferSizeInBytes);

    switch (ControlCode)
    {
    case IOCTL_HOLD_WAIT:
        HoldRequest(pWdfRequest, true);
        break;

    case IOCTL_HOLD_KEEP:
        HoldRequest(pWdfRequest, false);
        break;

    case IOCTL_HOLD_MARK_ALL:
        MarkAll();
        pWdfRequest->Complete(S_OK);
        break;

    case IOCTL_HOLD_COMPLETE_ALL:
    {
        ULONG Completed = CompleteHeld(NULL, S_OK);

        CompleteWithData(pWdfRequest, &Completed, sizeof(Completed));
        break;
    }

    case IOCTL_HOLD_GET_STATISTICS:
    {
        HOLD_STATISTICS Statistics;
        ULONG Waiting = GetWaitingReads();
        {
            CLock Lock(m_Lock);

            Statistics = m_Statistics;
            Statistics.Held = (ULONG)m_Held.GetSize();
            Statistics.Waiting = Waiting;
        }
        CompleteWithData(pWdfRequest, &Statistics, sizeof(Statistics));
        break;
    }

    default:
        pWdfRequest->Complete(HRESULT_FROM_WIN32(ERROR_INVALID_FUNCTION));
        break;
    }
}

void
CMyQueue::HoldRequest(
    _In_ IWDFIoRequest *pWdfRequest,
    bool Cancelable
    )
{
    HELD_REQUEST Held;

    Held.Request = pWdfRequest;
    Held.Cancelable = Cancelable;

    //
    // The lock is held across MarkCancelable, lest CompleteHeld finds the
    // request in between and unmarks what is not marked. If it was canceled
    // before, OnCancel may run inside that call, on this thread.
    //
    CLock Lock(m_Lock);

    if (!m_Held.Add(Held))
    {
        pWdfRequest->Complete(E_OUTOFMEMORY);
    }
    else if (Cancelable)
    {
        pWdfRequest->MarkCancelable(this);
    }
}

void
CMyQueue::MarkAll()
{
    CLock Lock(m_Lock);

    //
    // OnCancel may run inside MarkCancelable and change the list, so the search
    // begins anew after each.
    //
    for (int i = 0; i < m_Held.GetSize(); i++)
    {
        if (!m_Held[i].Cancelable)
        {
            CComPtr<IWDFIoRequest> spRequest = m_Held[i].Request;

            m_Held[i].Cancelable = true;
            spRequest->MarkCancelable(this);
            i = -1;
        }
    }
}

//
// Completes what is held: for one file, or all. A request that is being
// canceled stays in the list until its OnCancel comes.
//
ULONG
CMyQueue::CompleteHeld(
    _In_opt_ IWDFFile *pWdfFile,
    HRESULT hrStatus
    )
{
    CHeldRequests Mine;
    {
        CLock Lock(m_Lock);

        for (int i = 0; i < m_Held.GetSize(); )
        {
            HELD_REQUEST Held = m_Held[i];
            CComPtr<IWDFFile> spFile;

            Held.Request->GetFileObject(&spFile);
            if ((pWdfFile != NULL && !spFile.IsEqualObject(pWdfFile)) ||
                (Held.Cancelable && Held.Request->UnmarkCancelable() != S_OK))
            {
                i++;
                continue;
            }
            Mine.Add(Held);
            m_Held.RemoveAt(i);
        }
    }

    for (int i = 0; i < Mine.GetSize(); i++)
    {
        Mine[i].Request->CompleteWithInformation(hrStatus, 0);
    }
    return (ULONG)Mine.GetSize();
}

STDMETHODIMP_(void)
CMyQueue::OnCancel(
    _In_ IWDFIoRequest *pWdfRequest
    )
{
    HELD_REQUEST Held;

    Held.Request = pWdfRequest;
    Held.Cancelable = true;
    {
        CLock Lock(m_Lock);

        m_Held.Remove(Held);
        m_Statistics.Canceled++;
    }
    pWdfRequest->CompleteWithInformation(HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED), 0);
}

void
CMyQueue::CompleteWithData(
    _In_ IWDFIoRequest *pWdfRequest,
    _In_reads_bytes_(cbData) void *pData,
    SIZE_T cbData
    )
{
    HRESULT hr = HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
    {
        CComPtr<IWDFMemory> spMemory;

        pWdfRequest->GetOutputMemory(&spMemory);
        if (spMemory != NULL && spMemory->GetSize() >= cbData)
        {
            hr = spMemory->CopyFromBuffer(0, pData, cbData);
        }
    }
    pWdfRequest->CompleteWithInformation(hr, SUCCEEDED(hr) ? cbData : 0);
}

//
// The buffer of a file is made at the file's first read or write. Called with
// m_Lock held.
//
HRESULT
CMyQueue::GetFileBuffer(
    _In_ IWDFFile *pWdfFile,
    _Outptr_ CFileBuffer **ppBuffer
    )
{
    void *pContext = NULL;
    HRESULT hr = pWdfFile->RetrieveContext(&pContext);

    if (SUCCEEDED(hr) && pContext != NULL)
    {
        *ppBuffer = static_cast<CFileBuffer *>(pContext);
        return S_OK;
    }

    CComObject<CFileBuffer> *pBuffer = NULL;

    hr = CComObject<CFileBuffer>::CreateInstance(&pBuffer);
    if (FAILED(hr))
    {
        return hr;
    }

    // The framework takes a reference of its own, if it takes the object.
    CComPtr<IObjectCleanup> spCleanup(pBuffer);

    hr = pWdfFile->AssignContext(spCleanup, static_cast<CFileBuffer *>(pBuffer));
    if (SUCCEEDED(hr))
    {
        *ppBuffer = pBuffer;
    }
    return hr;
}

STDMETHODIMP_(void)
CMyQueue::OnWrite(
    _In_ IWDFIoQueue *pWdfQueue,
    _In_ IWDFIoRequest *pWdfRequest,
    _In_ SIZE_T NumOfBytesToWrite
    )
{
    UNREFERENCED_PARAMETER(pWdfQueue);

    CComPtr<IWDFFile> spFile;
    SIZE_T cbTaken = 0;
    HRESULT hr = E_UNEXPECTED;

    pWdfRequest->GetFileObject(&spFile);
    if (spFile != NULL)
    {
        CLock Lock(m_Lock);
        CFileBuffer *pBuffer = NULL;

        hr = GetFileBuffer(spFile, &pBuffer);
        if (SUCCEEDED(hr))
        {
            CComPtr<IWDFMemory> spMemory;

            cbTaken = min(NumOfBytesToWrite, HOLD_BUFFER_SIZE - pBuffer->m_cbData);
            pWdfRequest->GetInputMemory(&spMemory);
            hr = cbTaken == 0 ? HRESULT_FROM_WIN32(ERROR_DISK_FULL) :
                 spMemory->CopyToBuffer(0, pBuffer->m_Data + pBuffer->m_cbData, cbTaken);
        }
        if (SUCCEEDED(hr))
        {
            pBuffer->m_cbData += cbTaken;
        }
    }
    pWdfRequest->CompleteWithInformation(hr, SUCCEEDED(hr) ? cbTaken : 0);

    if (SUCCEEDED(hr))
    {
        ServeReads(spFile);
    }
}

STDMETHODIMP_(void)
CMyQueue::OnRead(
    _In_ IWDFIoQueue *pWdfQueue,
    _In_ IWDFIoRequest *pWdfRequest,
    _In_ SIZE_T NumOfBytesToRead
    )
{
    UNREFERENCED_PARAMETER(pWdfQueue);
    UNREFERENCED_PARAMETER(NumOfBytesToRead);

    CComPtr<IWDFFile> spFile;

    pWdfRequest->GetFileObject(&spFile);

    HRESULT hr = spFile == NULL ? E_UNEXPECTED :
                 pWdfRequest->ForwardToIoQueue(m_pWaitingReads);
    if (FAILED(hr))
    {
        pWdfRequest->Complete(hr);
        return;
    }
    ServeReads(spFile);
}

//
// Gives the data of a file to its reads, as far as both last.
//
void
CMyQueue::ServeReads(
    _In_ IWDFFile *pWdfFile
    )
{
    for (;;)
    {
        CComPtr<IWDFIoRequest> spRequest;
        CFileBuffer *pBuffer = NULL;
        SIZE_T cbRead = 0;
        HRESULT hr;
        {
            CLock Lock(m_Lock);

            if (FAILED(GetFileBuffer(pWdfFile, &pBuffer)) || pBuffer->m_cbData == 0 ||
                FAILED(m_pWaitingReads->RetrieveNextRequestByFileObject(pWdfFile, &spRequest)) ||
                spRequest == NULL)
            {
                return;
            }

            CComPtr<IWDFMemory> spMemory;

            spRequest->GetOutputMemory(&spMemory);
            cbRead = min(spMemory->GetSize(), pBuffer->m_cbData);
            hr = spMemory->CopyFromBuffer(0, pBuffer->m_Data, cbRead);
            if (SUCCEEDED(hr))
            {
                pBuffer->m_cbData -= cbRead;
                MoveMemory(pBuffer->m_Data, pBuffer->m_Data + cbRead, pBuffer->m_cbData);
            }
        }
        spRequest->CompleteWithInformation(hr, SUCCEEDED(hr) ? cbRead : 0);
    }
}

ULONG
CMyQueue::GetWaitingReads()
{
    ULONG InQueue = 0;
    ULONG InDriver = 0;

    (void)m_pWaitingReads->GetState(&InQueue, &InDriver);
    return InQueue;
}

//
// The application has closed its last handle. What waits in the manual queue
// is the framework's to cancel; what is held is ours.
//
void
CMyQueue::CleanupFile(
    _In_ IWDFFile *pWdfFile
    )
{
    ULONG Waiting = GetWaitingReads();
    {
        CLock Lock(m_Lock);

        m_Statistics.Cleanups++;
        m_Statistics.WaitingAtCleanup = Waiting;
    }
    CompleteHeld(pWdfFile, HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED));
}

void
CMyQueue::CloseFile(
    _In_ IWDFFile *pWdfFile
    )
{
    UNREFERENCED_PARAMETER(pWdfFile);

    ULONG Waiting = GetWaitingReads();
    CLock Lock(m_Lock);

    m_Statistics.Closes++;
    m_Statistics.WaitingAtClose = Waiting;
}
