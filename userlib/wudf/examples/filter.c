// SPDX-License-Identifier: MIT
/*
 * A filter driver: all that comes goes on to the device below, as it is, and comes back
 * as that has answered. A cancel of what is below gets there by itself.
 */
#define COBJMACROS
#include <initguid.h>
#include <windows.h>
#include <wudfddi.h>

/* {8D0A51F2-6C3E-4B7B-A2E5-0F94C7D31B60} */
DEFINE_GUID(CLSID_Filter,
	    0x8d0a51f2, 0x6c3e, 0x4b7b, 0xa2, 0xe5, 0x0f, 0x94, 0xc7, 0xd3, 0x1b, 0x60);

/* The driver, its device and its queue: all have one life, that of this. */
struct filter {
	IClassFactory factory;
	IDriverEntry entry;
	IQueueCallbackDefaultIoHandler handler;
	IRequestCallbackRequestCompletion completion;
	volatile LONG references;
	IWDFIoTarget *target;		/* lives as long as the device */
};

static struct filter filter;

/* ------------------------------------------------------------------- IUnknown */

static HRESULT filter_query_interface(void *This, REFIID riid, void **result)
{
	(void)This;
	if (IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IClassFactory))
		*result = &filter.factory;
	else if (IsEqualIID(riid, &IID_IDriverEntry))
		*result = &filter.entry;
	else if (IsEqualIID(riid, &IID_IQueueCallbackDefaultIoHandler))
		*result = &filter.handler;
	else if (IsEqualIID(riid, &IID_IRequestCallbackRequestCompletion))
		*result = &filter.completion;
	else
		return *result = NULL, E_NOINTERFACE;
	InterlockedIncrement(&filter.references);
	return S_OK;
}

static ULONG filter_add_ref(void *This)
{
	(void)This;
	return InterlockedIncrement(&filter.references);
}

static ULONG filter_release(void *This)
{
	(void)This;
	return InterlockedDecrement(&filter.references);
}

#define FILTER_UNKNOWN				\
	.QueryInterface = (void *)filter_query_interface, \
	.AddRef = (void *)filter_add_ref,	\
	.Release = (void *)filter_release

/* ------------------------------------------------------------------- requests */

static void on_completion(IRequestCallbackRequestCompletion *This,
			  IWDFIoRequest *request, IWDFIoTarget *target,
			  IWDFRequestCompletionParams *params, void *context)
{
	(void)This;
	(void)target;
	(void)context;
	IWDFIoRequest_CompleteWithInformation(request,
		IWDFRequestCompletionParams_GetCompletionStatus(params),
		IWDFRequestCompletionParams_GetInformation(params));
}

static void on_default(IQueueCallbackDefaultIoHandler *This, IWDFIoQueue *queue,
		       IWDFIoRequest *request)
{
	HRESULT hr;

	(void)This;
	(void)queue;
	IWDFIoRequest_FormatUsingCurrentType(request);
	IWDFIoRequest_SetCompletionCallback(request, &filter.completion, NULL);
	hr = IWDFIoRequest_Send(request, filter.target, 0, 0);
	if (FAILED(hr))
		IWDFIoRequest_Complete(request, hr);
}

static const IQueueCallbackDefaultIoHandlerVtbl handler_vtbl = {
	FILTER_UNKNOWN,
	.OnDefaultIoHandler = on_default,
};

static const IRequestCallbackRequestCompletionVtbl completion_vtbl = {
	FILTER_UNKNOWN,
	.OnCompletion = on_completion,
};

/* --------------------------------------------------------------------- driver */

static HRESULT on_initialize(IDriverEntry *This, IWDFDriver *driver)
{
	(void)This;
	(void)driver;
	return S_OK;
}

static HRESULT on_device_add(IDriverEntry *This, IWDFDriver *driver,
			     IWDFDeviceInitialize *init)
{
	IUnknown *callback = (IUnknown *)&filter.factory;
	IWDFDevice *device;
	IWDFIoQueue *queue;
	HRESULT hr;

	(void)This;
	IWDFDeviceInitialize_SetFilter(init);
	IWDFDeviceInitialize_SetLockingConstraint(init, None);
	hr = IWDFDriver_CreateDevice(driver, init, callback, &device);
	if (FAILED(hr))
		return hr;
	IWDFDevice_GetDefaultIoTarget(device, &filter.target);
	IWDFIoTarget_Release(filter.target);
	hr = IWDFDevice_CreateIoQueue(device, callback, TRUE, WdfIoQueueDispatchParallel,
				      FALSE, TRUE, &queue);
	if (SUCCEEDED(hr))
		IWDFIoQueue_Release(queue);
	IWDFDevice_Release(device);
	return hr;
}

static void on_deinitialize(IDriverEntry *This, IWDFDriver *driver)
{
	(void)This;
	(void)driver;
}

static const IDriverEntryVtbl entry_vtbl = {
	FILTER_UNKNOWN,
	.OnInitialize = on_initialize,
	.OnDeviceAdd = on_device_add,
	.OnDeinitialize = on_deinitialize,
};

static HRESULT create_instance(IClassFactory *This, IUnknown *outer, REFIID riid,
			       void **result)
{
	return outer ? CLASS_E_NOAGGREGATION : filter_query_interface(This, riid, result);
}

static HRESULT lock_server(IClassFactory *This, BOOL lock)
{
	if (lock)
		filter_add_ref(This);
	else
		filter_release(This);
	return S_OK;
}

static const IClassFactoryVtbl factory_vtbl = {
	FILTER_UNKNOWN,
	.CreateInstance = create_instance,
	.LockServer = lock_server,
};

static struct filter filter = {
	.factory = { &factory_vtbl },
	.entry = { &entry_vtbl },
	.handler = { &handler_vtbl },
	.completion = { &completion_vtbl },
};

STDAPI DllGetClassObject(REFCLSID clsid, REFIID riid, LPVOID *result)
{
	if (!IsEqualCLSID(clsid, &CLSID_Filter))
		return CLASS_E_CLASSNOTAVAILABLE;
	return filter_query_interface(NULL, riid, result);
}

STDAPI DllCanUnloadNow(void)
{
	return filter.references ? S_FALSE : S_OK;
}
