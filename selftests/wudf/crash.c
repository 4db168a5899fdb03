// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that holds every read, and crashes at the first write.
 */
#define COBJMACROS
#include <initguid.h>
#include <windows.h>
#include <wudfddi.h>

static struct {
	IClassFactory factory;
	IDriverEntry entry;
	IQueueCallbackRead read;
	IQueueCallbackWrite write;
} crash;

static HRESULT query_interface(void *This, REFIID riid, void **result)
{
	(void)This;
	if (IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IClassFactory))
		*result = &crash.factory;
	else if (IsEqualIID(riid, &IID_IDriverEntry))
		*result = &crash.entry;
	else if (IsEqualIID(riid, &IID_IQueueCallbackRead))
		*result = &crash.read;
	else if (IsEqualIID(riid, &IID_IQueueCallbackWrite))
		*result = &crash.write;
	else
		return *result = NULL, E_NOINTERFACE;
	return S_OK;
}

static ULONG count(void *This)
{
	(void)This;
	return 1;
}

#define CRASH_UNKNOWN				\
	.QueryInterface = (void *)query_interface, \
	.AddRef = (void *)count,		\
	.Release = (void *)count

static void on_read(IQueueCallbackRead *This, IWDFIoQueue *queue, IWDFIoRequest *request,
		    SIZE_T length)
{
	(void)This;
	(void)queue;
	(void)request;
	(void)length;
}

static void on_write(IQueueCallbackWrite *This, IWDFIoQueue *queue,
		     IWDFIoRequest *request, SIZE_T length)
{
	(void)This;
	(void)queue;
	(void)length;
	*(volatile int *)0 = 1;
	IWDFIoRequest_Complete(request, S_OK);
}

static HRESULT on_initialize(IDriverEntry *This, IWDFDriver *driver)
{
	(void)This;
	(void)driver;
	return S_OK;
}

static HRESULT on_device_add(IDriverEntry *This, IWDFDriver *driver,
			     IWDFDeviceInitialize *init)
{
	IWDFDevice *device;
	IWDFIoQueue *queue;
	HRESULT hr = IWDFDriver_CreateDevice(driver, init, NULL, &device);

	(void)This;
	if (FAILED(hr))
		return hr;
	return IWDFDevice_CreateIoQueue(device, (IUnknown *)&crash.factory, TRUE,
					WdfIoQueueDispatchParallel, FALSE, TRUE, &queue);
}

static void on_deinitialize(IDriverEntry *This, IWDFDriver *driver)
{
	(void)This;
	(void)driver;
}

static HRESULT create_instance(IClassFactory *This, IUnknown *outer, REFIID riid,
			       void **result)
{
	(void)outer;
	return query_interface(This, riid, result);
}

static HRESULT lock_server(IClassFactory *This, BOOL lock)
{
	(void)This;
	(void)lock;
	return S_OK;
}

static const IClassFactoryVtbl factory_vtbl = {
	CRASH_UNKNOWN, .CreateInstance = create_instance, .LockServer = lock_server
};
static const IDriverEntryVtbl entry_vtbl = {
	CRASH_UNKNOWN, .OnInitialize = on_initialize, .OnDeviceAdd = on_device_add,
	.OnDeinitialize = on_deinitialize,
};
static const IQueueCallbackReadVtbl read_vtbl = { CRASH_UNKNOWN, .OnRead = on_read };
static const IQueueCallbackWriteVtbl write_vtbl = { CRASH_UNKNOWN, .OnWrite = on_write };

STDAPI DllGetClassObject(REFCLSID clsid, REFIID riid, LPVOID *result)
{
	(void)clsid;
	crash.factory.lpVtbl = &factory_vtbl;
	crash.entry.lpVtbl = &entry_vtbl;
	crash.read.lpVtbl = &read_vtbl;
	crash.write.lpVtbl = &write_vtbl;
	return query_interface(NULL, riid, result);
}
