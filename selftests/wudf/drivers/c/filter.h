/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects of the filter driver. Each interface that an object implements is
 * a member that begins with a pointer to its table; CONTAINING_RECORD leads
 * back to the object.
 */
#pragma once

#define COBJMACROS

#include "windows.h"
#include "winioctl.h"
#include "wudfddi.h"
#include "specstrings.h"

#include "public.h"

EXTERN_C const CLSID CLSID_FilterDriver;

/*
 * A request that is below: the one that came from above, or one made for it.
 */
typedef struct _SENT_REQUEST
{
    LIST_ENTRY Link;

    IWDFIoRequest *Sent;        /* with a reference */
    IWDFIoRequest *Original;    /* with a reference; NULL if it is the one that was sent */

    BOOL CancelCalled;          /* OnCancel came first */
    BOOL Completed;             /* OnCompletion came first, OnCancel is to complete it */
    HRESULT Status;
    ULONG_PTR Information;
} SENT_REQUEST, *PSENT_REQUEST;

typedef struct _FILTER
{
    IQueueCallbackDefaultIoHandler IoHandler;
    IRequestCallbackCancel Cancel;
    IRequestCallbackRequestCompletion Completion;
    IFileCallbackCleanup FileCleanup;
    volatile LONG References;

    IWDFDevice *Device;         /* both live as long as the framework calls us */
    IWDFIoTarget *Target;

    CRITICAL_SECTION Lock;      /* of what follows */
    LIST_ENTRY SentRequests;
    ULONG SentCount;
    FILTER_STATISTICS Statistics;
} FILTER, *PFILTER;

HRESULT
FilterCreate(
    _In_ IWDFDriver *Driver,
    _In_ IWDFDeviceInitialize *DeviceInit
    );
