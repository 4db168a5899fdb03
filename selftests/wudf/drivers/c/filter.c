/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The device: one parallel queue, whose requests all go to the driver below.
 *
 * Reads and writes are sent on as they are. While such a request is below, it
 * is not this driver's, and it cannot be marked cancelable: a cancel reaches
 * the driver below by itself.
 *
 * A control is answered through a request of our own, made for it. So the
 * original stays ours, can be marked cancelable, and its OnCancel cancels what
 * was sent.
 */
#include "filter.h"

static ULONG
FilterAddRef(
    _In_ PFILTER Filter
    )
{
    return InterlockedIncrement(&Filter->References);
}

static ULONG
FilterRelease(
    _In_ PFILTER Filter
    )
{
    ULONG References = InterlockedDecrement(&Filter->References);

    if (References == 0)
    {
        DeleteCriticalSection(&Filter->Lock);
        HeapFree(GetProcessHeap(), 0, Filter);
    }
    return References;
}

static HRESULT
FilterQueryInterface(
    _In_ PFILTER Filter,
    _In_ REFIID riid,
    _Outptr_ void **ppvObject
    )
{
    if (IsEqualIID(riid, &IID_IUnknown) ||
        IsEqualIID(riid, &IID_IQueueCallbackDefaultIoHandler))
    {
        *ppvObject = &Filter->IoHandler;
    }
    else if (IsEqualIID(riid, &IID_IRequestCallbackCancel))
    {
        *ppvObject = &Filter->Cancel;
    }
    else if (IsEqualIID(riid, &IID_IRequestCallbackRequestCompletion))
    {
        *ppvObject = &Filter->Completion;
    }
    else if (IsEqualIID(riid, &IID_IFileCallbackCleanup))
    {
        *ppvObject = &Filter->FileCleanup;
    }
    else
    {
        *ppvObject = NULL;
        return E_NOINTERFACE;
    }
    FilterAddRef(Filter);
    return S_OK;
}

/*
 * The three methods of IUnknown, for the interface that is Member of FILTER.
 */
#define DEFINE_UNKNOWN(Interface, Member)                                       \
static HRESULT STDMETHODCALLTYPE                                                \
Member ## QueryInterface(Interface *This, REFIID riid, void **ppvObject)        \
{                                                                               \
    return FilterQueryInterface(CONTAINING_RECORD(This, FILTER, Member),        \
                                riid, ppvObject);                               \
}                                                                               \
                                                                                \
static ULONG STDMETHODCALLTYPE                                                  \
Member ## AddRef(Interface *This)                                               \
{                                                                               \
    return FilterAddRef(CONTAINING_RECORD(This, FILTER, Member));               \
}                                                                               \
                                                                                \
static ULONG STDMETHODCALLTYPE                                                  \
Member ## Release(Interface *This)                                              \
{                                                                               \
    return FilterRelease(CONTAINING_RECORD(This, FILTER, Member));              \
}

DEFINE_UNKNOWN(IQueueCallbackDefaultIoHandler, IoHandler)
DEFINE_UNKNOWN(IRequestCallbackCancel, Cancel)
DEFINE_UNKNOWN(IRequestCallbackRequestCompletion, Completion)
DEFINE_UNKNOWN(IFileCallbackCleanup, FileCleanup)

/*
 * Under the lock.
 */
static void
LinkSent(
    _Inout_ PFILTER Filter,
    _Inout_ PSENT_REQUEST Entry
    )
{
    Entry->Link.Flink = &Filter->SentRequests;
    Entry->Link.Blink = Filter->SentRequests.Blink;
    Filter->SentRequests.Blink->Flink = &Entry->Link;
    Filter->SentRequests.Blink = &Entry->Link;
    Filter->SentCount++;
}

static void
UnlinkSent(
    _Inout_ PFILTER Filter,
    _Inout_ PSENT_REQUEST Entry
    )
{
    Entry->Link.Blink->Flink = Entry->Link.Flink;
    Entry->Link.Flink->Blink = Entry->Link.Blink;
    Filter->SentCount--;
}

/*
 * The last use of an entry, which is in no list any more: the request from
 * above completes as the one below did.
 */
static void
CompleteSent(
    _In_ PSENT_REQUEST Entry
    )
{
    IWDFIoRequest *Request = Entry->Original != NULL ? Entry->Original : Entry->Sent;

    if (Entry->Original != NULL)
    {
        (void)IWDFIoRequest_DeleteWdfObject(Entry->Sent);
        IWDFIoRequest_Release(Entry->Sent);
    }
    IWDFIoRequest_CompleteWithInformation(Request, Entry->Status, Entry->Information);
    IWDFIoRequest_Release(Request);
    HeapFree(GetProcessHeap(), 0, Entry);
}

/*
 * The request below is done, or was never sent. If OnCancel has been called,
 * the request from above waits for nobody else. If OnCancel is on its way,
 * nothing may be done before it comes, and it does the rest.
 */
static void
FinishSent(
    _In_ PFILTER Filter,
    _In_ PSENT_REQUEST Entry,
    _In_ HRESULT Status,
    _In_ ULONG_PTR Information
    )
{
    BOOL Complete = TRUE;

    EnterCriticalSection(&Filter->Lock);
    Entry->Status = Status;
    Entry->Information = Information;
    if (Entry->Original != NULL && !Entry->CancelCalled &&
        IWDFIoRequest_UnmarkCancelable(Entry->Original) != S_OK)
    {
        Entry->Completed = TRUE;
        Complete = FALSE;
    }
    else
    {
        UnlinkSent(Filter, Entry);
    }
    LeaveCriticalSection(&Filter->Lock);

    if (Complete)
    {
        CompleteSent(Entry);
    }
}

/*
 * Called with a reference of the caller's own, so that the request is valid
 * even if it completes meanwhile.
 */
static BOOL
CancelOneSent(
    _In_ PFILTER Filter,
    _In_ IWDFIoRequest *Sent
    )
{
    BOOL Delivered = IWDFIoRequest_CancelSentRequest(Sent);

    EnterCriticalSection(&Filter->Lock);
    if (Delivered)
    {
        Filter->Statistics.CancelDelivered++;
    }
    else
    {
        Filter->Statistics.CancelPending++;
    }
    LeaveCriticalSection(&Filter->Lock);

    return Delivered;
}

static void STDMETHODCALLTYPE
CancelOnCancel(
    IRequestCallbackCancel *This,
    IWDFIoRequest *pWdfRequest
    )
{
    PFILTER Filter = CONTAINING_RECORD(This, FILTER, Cancel);
    PSENT_REQUEST Found = NULL;
    IWDFIoRequest *Sent = NULL;
    PLIST_ENTRY Link;

    EnterCriticalSection(&Filter->Lock);
    Filter->Statistics.Canceled++;
    for (Link = Filter->SentRequests.Flink; Link != &Filter->SentRequests; Link = Link->Flink)
    {
        PSENT_REQUEST Entry = CONTAINING_RECORD(Link, SENT_REQUEST, Link);

        if (Entry->Original == pWdfRequest)
        {
            Found = Entry;
            break;
        }
    }
    if (Found != NULL && Found->Completed)
    {
        UnlinkSent(Filter, Found);
    }
    else if (Found != NULL)
    {
        Found->CancelCalled = TRUE;
        Sent = Found->Sent;
        IWDFIoRequest_AddRef(Sent);
    }
    LeaveCriticalSection(&Filter->Lock);

    if (Sent != NULL)
    {
        CancelOneSent(Filter, Sent);
        IWDFIoRequest_Release(Sent);
    }
    else if (Found != NULL)
    {
        CompleteSent(Found);
    }
}

static void STDMETHODCALLTYPE
CompletionOnCompletion(
    IRequestCallbackRequestCompletion *This,
    IWDFIoRequest *pWdfRequest,
    IWDFIoTarget *pIoTarget,
    IWDFRequestCompletionParams *pParams,
    PVOID pContext
    )
{
    PFILTER Filter = CONTAINING_RECORD(This, FILTER, Completion);

    UNREFERENCED_PARAMETER(pWdfRequest);
    UNREFERENCED_PARAMETER(pIoTarget);

    EnterCriticalSection(&Filter->Lock);
    Filter->Statistics.Completed++;
    LeaveCriticalSection(&Filter->Lock);

    FinishSent(Filter,
               (PSENT_REQUEST)pContext,
               IWDFRequestCompletionParams_GetCompletionStatus(pParams),
               IWDFRequestCompletionParams_GetInformation(pParams));
}

/*
 * Makes the request that asks the driver below what Original asks us.
 */
static HRESULT
CreateControl(
    _In_ PFILTER Filter,
    _In_ IWDFIoRequest *Original,
    _In_ ULONG ControlCode,
    _Outptr_ IWDFIoRequest **ppRequest
    )
{
    IWDFIoRequest *Request = NULL;
    IWDFFile *File = NULL;
    IWDFMemory *Input = NULL;
    IWDFMemory *Output = NULL;
    HRESULT hr;

    hr = IWDFDevice_CreateRequest(Filter->Device, NULL, NULL, &Request);
    if (FAILED(hr))
    {
        return hr;
    }

    IWDFIoRequest_GetFileObject(Original, &File);
    IWDFIoRequest_GetInputMemory(Original, &Input);
    IWDFIoRequest_GetOutputMemory(Original, &Output);

    hr = IWDFIoTarget_FormatRequestForIoctl(Filter->Target, Request, ControlCode, File,
                                            Input, NULL, Output, NULL);
    if (Output != NULL)
    {
        IWDFMemory_Release(Output);
    }
    if (Input != NULL)
    {
        IWDFMemory_Release(Input);
    }
    if (File != NULL)
    {
        IWDFFile_Release(File);
    }

    if (FAILED(hr))
    {
        (void)IWDFIoRequest_DeleteWdfObject(Request);
        IWDFIoRequest_Release(Request);
        return hr;
    }
    *ppRequest = Request;
    return S_OK;
}

/*
 * ControlCode is NULL for what is neither read nor changed on its way down.
 */
static void
SendDown(
    _In_ PFILTER Filter,
    _In_ IWDFIoRequest *Request,
    _In_opt_ const ULONG *ControlCode
    )
{
    HRESULT hr;
    PSENT_REQUEST Entry = (PSENT_REQUEST)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY,
                                                   sizeof(*Entry));
    if (Entry == NULL)
    {
        IWDFIoRequest_Complete(Request, E_OUTOFMEMORY);
        return;
    }

    if (ControlCode == NULL)
    {
        IWDFIoRequest_FormatUsingCurrentType(Request);
        Entry->Sent = Request;
    }
    else
    {
        hr = CreateControl(Filter, Request, *ControlCode, &Entry->Sent);
        if (FAILED(hr))
        {
            HeapFree(GetProcessHeap(), 0, Entry);
            IWDFIoRequest_Complete(Request, hr);
            return;
        }
        Entry->Original = Request;
    }
    IWDFIoRequest_AddRef(Request);
    IWDFIoRequest_SetCompletionCallback(Entry->Sent, &Filter->Completion, Entry);

    EnterCriticalSection(&Filter->Lock);
    LinkSent(Filter, Entry);
    Filter->Statistics.Sent++;
    LeaveCriticalSection(&Filter->Lock);

    /*
     * If it has been canceled already, OnCancel may come at once, and the
     * Send below fails.
     */
    if (Entry->Original != NULL)
    {
        IWDFIoRequest_MarkCancelable(Entry->Original, &Filter->Cancel);
    }

    hr = IWDFIoRequest_Send(Entry->Sent, Filter->Target, 0, 0);
    if (FAILED(hr))
    {
        FinishSent(Filter, Entry, hr, 0);
    }
}

/*
 * Cancels all that is below: takes a reference to each under the lock, and
 * calls down without it.
 */
static ULONG
CancelAllSent(
    _In_ PFILTER Filter
    )
{
    IWDFIoRequest **Requests = NULL;
    ULONG Count = 0;
    ULONG Delivered = 0;
    PLIST_ENTRY Link;
    ULONG i;

    EnterCriticalSection(&Filter->Lock);
    if (Filter->SentCount != 0)
    {
        Requests = (IWDFIoRequest **)HeapAlloc(GetProcessHeap(), 0,
                                               Filter->SentCount * sizeof(*Requests));
    }
    for (Link = Filter->SentRequests.Flink;
         Requests != NULL && Link != &Filter->SentRequests;
         Link = Link->Flink)
    {
        PSENT_REQUEST Entry = CONTAINING_RECORD(Link, SENT_REQUEST, Link);

        if (!Entry->Completed)
        {
            IWDFIoRequest_AddRef(Entry->Sent);
            Requests[Count++] = Entry->Sent;
        }
    }
    LeaveCriticalSection(&Filter->Lock);

    for (i = 0; i < Count; i++)
    {
        if (CancelOneSent(Filter, Requests[i]))
        {
            Delivered++;
        }
        IWDFIoRequest_Release(Requests[i]);
    }
    if (Requests != NULL)
    {
        HeapFree(GetProcessHeap(), 0, Requests);
    }
    return Delivered;
}

static void
CompleteWithData(
    _In_ IWDFIoRequest *Request,
    _In_reads_bytes_(Size) void *Data,
    _In_ SIZE_T Size
    )
{
    IWDFMemory *Memory = NULL;
    HRESULT hr = HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);

    IWDFIoRequest_GetOutputMemory(Request, &Memory);
    if (Memory != NULL)
    {
        if (IWDFMemory_GetSize(Memory) >= Size)
        {
            hr = IWDFMemory_CopyFromBuffer(Memory, 0, Data, Size);
        }
        IWDFMemory_Release(Memory);
    }
    IWDFIoRequest_CompleteWithInformation(Request, hr, SUCCEEDED(hr) ? Size : 0);
}

static void STDMETHODCALLTYPE
IoHandlerOnDefaultIoHandler(
    IQueueCallbackDefaultIoHandler *This,
    IWDFIoQueue *pWdfQueue,
    IWDFIoRequest *pWdfRequest
    )
{
    PFILTER Filter = CONTAINING_RECORD(This, FILTER, IoHandler);
    FILTER_STATISTICS Statistics;
    ULONG ControlCode = 0;
    ULONG Delivered;

    UNREFERENCED_PARAMETER(pWdfQueue);

    if (IWDFIoRequest_GetType(pWdfRequest) != WdfRequestDeviceIoControl)
    {
        SendDown(Filter, pWdfRequest, NULL);
        return;
    }

    IWDFIoRequest_GetDeviceIoControlParameters(pWdfRequest, &ControlCode, NULL, NULL);
    switch (ControlCode)
    {
    case IOCTL_FILTER_GET_STATISTICS:
        EnterCriticalSection(&Filter->Lock);
        Statistics = Filter->Statistics;
        LeaveCriticalSection(&Filter->Lock);
        CompleteWithData(pWdfRequest, &Statistics, sizeof(Statistics));
        break;

    case IOCTL_FILTER_CANCEL_SENT:
        Delivered = CancelAllSent(Filter);
        CompleteWithData(pWdfRequest, &Delivered, sizeof(Delivered));
        break;

    default:
        SendDown(Filter, pWdfRequest, &ControlCode);
        break;
    }
}

static void STDMETHODCALLTYPE
FileCleanupOnCleanupFile(
    IFileCallbackCleanup *This,
    IWDFFile *pWdfFileObject
    )
{
    PFILTER Filter = CONTAINING_RECORD(This, FILTER, FileCleanup);

    EnterCriticalSection(&Filter->Lock);
    Filter->Statistics.Cleanups++;
    LeaveCriticalSection(&Filter->Lock);

    IWDFIoTarget_CancelSentRequestsForFile(Filter->Target, pWdfFileObject);
}

static struct IQueueCallbackDefaultIoHandlerVtbl g_IoHandlerVtbl =
{
    IoHandlerQueryInterface,
    IoHandlerAddRef,
    IoHandlerRelease,
    IoHandlerOnDefaultIoHandler,
};

static struct IRequestCallbackCancelVtbl g_CancelVtbl =
{
    CancelQueryInterface,
    CancelAddRef,
    CancelRelease,
    CancelOnCancel,
};

static struct IRequestCallbackRequestCompletionVtbl g_CompletionVtbl =
{
    CompletionQueryInterface,
    CompletionAddRef,
    CompletionRelease,
    CompletionOnCompletion,
};

static struct IFileCallbackCleanupVtbl g_FileCleanupVtbl =
{
    FileCleanupQueryInterface,
    FileCleanupAddRef,
    FileCleanupRelease,
    FileCleanupOnCleanupFile,
};

HRESULT
FilterCreate(
    _In_ IWDFDriver *Driver,
    _In_ IWDFDeviceInitialize *DeviceInit
    )
{
    IWDFIoQueue *Queue = NULL;
    PFILTER Filter;
    HRESULT hr;

    Filter = (PFILTER)HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*Filter));
    if (Filter == NULL)
    {
        return E_OUTOFMEMORY;
    }
    Filter->IoHandler.lpVtbl = &g_IoHandlerVtbl;
    Filter->Cancel.lpVtbl = &g_CancelVtbl;
    Filter->Completion.lpVtbl = &g_CompletionVtbl;
    Filter->FileCleanup.lpVtbl = &g_FileCleanupVtbl;
    Filter->References = 1;
    Filter->SentRequests.Flink = &Filter->SentRequests;
    Filter->SentRequests.Blink = &Filter->SentRequests;
    InitializeCriticalSection(&Filter->Lock);

    IWDFDeviceInitialize_SetFilter(DeviceInit);
    IWDFDeviceInitialize_SetLockingConstraint(DeviceInit, None);

    hr = IWDFDriver_CreateDevice(Driver, DeviceInit, (IUnknown *)&Filter->FileCleanup,
                                 &Filter->Device);
    if (SUCCEEDED(hr))
    {
        IWDFDevice_GetDefaultIoTarget(Filter->Device, &Filter->Target);
        hr = IWDFDevice_CreateIoQueue(Filter->Device, (IUnknown *)&Filter->IoHandler,
                                      TRUE,                         /* bDefaultQueue */
                                      WdfIoQueueDispatchParallel,
                                      FALSE,                        /* bPowerManaged */
                                      TRUE,                         /* bAllowZeroLengthRequests */
                                      &Queue);
        if (SUCCEEDED(hr))
        {
            IWDFIoQueue_Release(Queue);
        }

        /* The framework keeps both; and the device keeps the filter. */
        IWDFIoTarget_Release(Filter->Target);
        IWDFDevice_Release(Filter->Device);
    }
    FilterRelease(Filter);
    return hr;
}
