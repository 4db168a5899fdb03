// SPDX-License-Identifier: GPL-2.0
#pragma once

//
// What was written to one file and not read yet. It is the context of the
// file object, which holds a reference to it until the file goes.
//
class ATL_NO_VTABLE CFileBuffer :
    public CComObjectRootEx<CComMultiThreadModel>,
    public IObjectCleanup
{
public:
    DECLARE_NOT_AGGREGATABLE(CFileBuffer)

    BEGIN_COM_MAP(CFileBuffer)
        COM_INTERFACE_ENTRY(IObjectCleanup)
    END_COM_MAP()

    CFileBuffer() :
        m_cbData(0)
    {
    }

    // IObjectCleanup
    STDMETHOD_(void, OnCleanup)(_In_ IWDFObject *pWdfObject)
    {
        UNREFERENCED_PARAMETER(pWdfObject);
        m_cbData = 0;
    }

    SIZE_T m_cbData;
    BYTE m_Data[HOLD_BUFFER_SIZE];
};

struct HELD_REQUEST
{
    CComPtr<IWDFIoRequest> Request;
    bool Cancelable;

    bool operator==(const HELD_REQUEST &Other) const
    {
        return Request == Other.Request;
    }
};

class ATL_NO_VTABLE CMyQueue :
    public CComObjectRootEx<CComMultiThreadModel>,
    public IQueueCallbackRead,
    public IQueueCallbackWrite,
    public IQueueCallbackDeviceIoControl,
    public IRequestCallbackCancel
{
public:
    DECLARE_NOT_AGGREGATABLE(CMyQueue)

    BEGIN_COM_MAP(CMyQueue)
        COM_INTERFACE_ENTRY(IQueueCallbackRead)
        COM_INTERFACE_ENTRY(IQueueCallbackWrite)
        COM_INTERFACE_ENTRY(IQueueCallbackDeviceIoControl)
        COM_INTERFACE_ENTRY(IRequestCallbackCancel)
    END_COM_MAP()

    CMyQueue() :
        m_pWaitingReads(NULL)
    {
        ZeroMemory(&m_Statistics, sizeof(m_Statistics));
    }

    HRESULT Configure(_In_ IWDFDevice *pWdfDevice);
    void CleanupFile(_In_ IWDFFile *pWdfFile);
    void CloseFile(_In_ IWDFFile *pWdfFile);

    // IQueueCallbackRead
    STDMETHOD_(void, OnRead)(
        _In_ IWDFIoQueue *pWdfQueue,
        _In_ IWDFIoRequest *pWdfRequest,
        _In_ SIZE_T NumOfBytesToRead
        );

    // IQueueCallbackWrite
    STDMETHOD_(void, OnWrite)(
        _In_ IWDFIoQueue *pWdfQueue,
        _In_ IWDFIoRequest *pWdfRequest,
        _In_ SIZE_T NumOfBytesToWrite
        );

    // IQueueCallbackDeviceIoControl
    STDMETHOD_(void, OnDeviceIoControl)(
        _In_ IWDFIoQueue *pWdfQueue,
        _In_ IWDFIoRequest *pWdfRequest,
        _In_ ULONG ControlCode,
        _In_ SIZE_T InputBufferSizeInBytes,
        _In_ SIZE_T OutputBufferSizeInBytes
        );

    // IRequestCallbackCancel
    STDMETHOD_(void, OnCancel)(_In_ IWDFIoRequest *pWdfRequest);

private:
    typedef CComCritSecLock<CComAutoCriticalSection> CLock;
    typedef CSimpleArray<HELD_REQUEST> CHeldRequests;

    void HoldRequest(_In_ IWDFIoRequest *pWdfRequest, bool Cancelable);
    void MarkAll();
    ULONG CompleteHeld(_In_opt_ IWDFFile *pWdfFile, HRESULT hrStatus);
    void CompleteWithData(
        _In_ IWDFIoRequest *pWdfRequest,
        _In_reads_bytes_(cbData) void *pData,
        SIZE_T cbData
        );
    HRESULT GetFileBuffer(_In_ IWDFFile *pWdfFile, _Outptr_ CFileBuffer **ppBuffer);
    void ServeReads(_In_ IWDFFile *pWdfFile);
    ULONG GetWaitingReads();

    CComAutoCriticalSection m_Lock;
    CHeldRequests m_Held;               // under m_Lock, as the buffers of the files
    HOLD_STATISTICS m_Statistics;       // under m_Lock
    IWDFIoQueue *m_pWaitingReads;       // the device keeps it
};
