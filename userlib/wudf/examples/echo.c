// SPDX-License-Identifier: MIT
/*
 * An echo driver: a read returns what the last write brought. Each of both takes a
 * second, which a timer ends, and can be cancelled meanwhile.
 *
 * The queue is sequential, so the driver has one request at a time.
 */
#define COBJMACROS
#include <initguid.h>
#include <windows.h>
#include <wudfddi.h>

#include "public.h"

/* {3B4E2C61-7A0D-4F5E-9C1B-8D2F60A4E711} */
DEFINE_GUID(CLSID_Echo,
	    0x3b4e2c61, 0x7a0d, 0x4f5e, 0x9c, 0x1b, 0x8d, 0x2f, 0x60, 0xa4, 0xe7, 0x11);

#define BUFFER_SIZE	4096

/* The driver, its device and its queue: all have one life, that of this. */
static struct echo {
	IClassFactory factory;
	IDriverEntry entry;
	IPnpCallbackSelfManagedIo device;
	IQueueCallbackRead read;
	IQueueCallbackWrite write;
	IQueueCallbackDeviceIoControl control;
	IRequestCallbackCancel cancel;
	volatile LONG references;

	CRITICAL_SECTION lock;		/* of the rest */
	BYTE buffer[BUFFER_SIZE];
	SIZE_T used;
	IWDFIoRequest *current;		/* with a reference; NULL: none */
	SIZE_T information;		/* its answer */
	PTP_TIMER timer;		/* ends it */
	ULONG delay;
} echo;

/* ------------------------------------------------------------------- IUnknown */

static HRESULT echo_query_interface(void *This, REFIID riid, void **result)
{
	(void)This;
	if (IsEqualIID(riid, &IID_IUnknown) || IsEqualIID(riid, &IID_IClassFactory))
		*result = &echo.factory;
	else if (IsEqualIID(riid, &IID_IDriverEntry))
		*result = &echo.entry;
	else if (IsEqualIID(riid, &IID_IPnpCallbackSelfManagedIo))
		*result = &echo.device;
	else if (IsEqualIID(riid, &IID_IQueueCallbackRead))
		*result = &echo.read;
	else if (IsEqualIID(riid, &IID_IQueueCallbackWrite))
		*result = &echo.write;
	else if (IsEqualIID(riid, &IID_IQueueCallbackDeviceIoControl))
		*result = &echo.control;
	else if (IsEqualIID(riid, &IID_IRequestCallbackCancel))
		*result = &echo.cancel;
	else
		return *result = NULL, E_NOINTERFACE;
	InterlockedIncrement(&echo.references);
	return S_OK;
}

static ULONG echo_add_ref(void *This)
{
	(void)This;
	return InterlockedIncrement(&echo.references);
}

static ULONG echo_release(void *This)
{
	(void)This;
	return InterlockedDecrement(&echo.references);
}

#define ECHO_UNKNOWN				\
	.QueryInterface = (void *)echo_query_interface, \
	.AddRef = (void *)echo_add_ref,		\
	.Release = (void *)echo_release

/* ------------------------------------------------------------------- requests */

/* The current request, unless OnCancel has it or will: with our reference. */
static IWDFIoRequest *take_current(void)
{
	IWDFIoRequest *request;

	EnterCriticalSection(&echo.lock);
	request = echo.current;
	if (request && IWDFIoRequest_UnmarkCancelable(request) == S_OK)
		echo.current = NULL;
	else
		request = NULL;
	LeaveCriticalSection(&echo.lock);
	return request;
}

static void CALLBACK timer_expires(PTP_CALLBACK_INSTANCE instance, PVOID context,
				   PTP_TIMER timer)
{
	IWDFIoRequest *request = take_current();

	(void)instance;
	(void)context;
	(void)timer;
	if (!request)
		return;
	IWDFIoRequest_CompleteWithInformation(request, S_OK, echo.information);
	IWDFIoRequest_Release(request);
}

/* The lock is held across MarkCancelable, lest the timer comes before it. */
static void keep_current(IWDFIoRequest *request, SIZE_T information)
{
	/* in 100 ns, from now */
	LARGE_INTEGER due = { .QuadPart = -10000LL * echo.delay };
	FILETIME time = { due.LowPart, due.HighPart };

	EnterCriticalSection(&echo.lock);
	IWDFIoRequest_AddRef(request);
	echo.current = request;
	echo.information = information;
	SetThreadpoolTimer(echo.timer, &time, 0, 0);
	IWDFIoRequest_MarkCancelable(request, &echo.cancel);
	LeaveCriticalSection(&echo.lock);
}

static void on_cancel(IRequestCallbackCancel *This, IWDFIoRequest *request)
{
	IWDFIoRequest *current;

	(void)This;
	EnterCriticalSection(&echo.lock);
	current = echo.current;
	echo.current = NULL;
	LeaveCriticalSection(&echo.lock);
	IWDFIoRequest_CompleteWithInformation(request,
		HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED), 0);
	if (current)
		IWDFIoRequest_Release(current);
}

static void on_read(IQueueCallbackRead *This, IWDFIoQueue *queue,
		    IWDFIoRequest *request, SIZE_T length)
{
	IWDFMemory *memory;
	HRESULT hr;

	(void)This;
	(void)queue;
	if (length > echo.used)
		length = echo.used;
	IWDFIoRequest_GetOutputMemory(request, &memory);
	hr = IWDFMemory_CopyFromBuffer(memory, 0, echo.buffer, length);
	IWDFMemory_Release(memory);
	if (SUCCEEDED(hr))
		keep_current(request, length);
	else
		IWDFIoRequest_Complete(request, hr);
}

static void on_write(IQueueCallbackWrite *This, IWDFIoQueue *queue,
		     IWDFIoRequest *request, SIZE_T length)
{
	IWDFMemory *memory;
	HRESULT hr;

	(void)This;
	(void)queue;
	if (length > BUFFER_SIZE)
		length = BUFFER_SIZE;
	IWDFIoRequest_GetInputMemory(request, &memory);
	hr = IWDFMemory_CopyToBuffer(memory, 0, echo.buffer, length);
	IWDFMemory_Release(memory);
	if (SUCCEEDED(hr)) {
		echo.used = length;
		keep_current(request, length);
	} else {
		IWDFIoRequest_Complete(request, hr);
	}
}

static void on_control(IQueueCallbackDeviceIoControl *This, IWDFIoQueue *queue,
		       IWDFIoRequest *request, ULONG code, SIZE_T in, SIZE_T out)
{
	HRESULT hr = HRESULT_FROM_WIN32(ERROR_INVALID_FUNCTION);
	IWDFMemory *memory;

	(void)This;
	(void)queue;
	(void)out;
	if (code == IOCTL_ECHO_SET_DELAY && in == sizeof(echo.delay)) {
		IWDFIoRequest_GetInputMemory(request, &memory);
		hr = IWDFMemory_CopyToBuffer(memory, 0, &echo.delay, in);
		IWDFMemory_Release(memory);
	}
	IWDFIoRequest_Complete(request, hr);
}

static const IRequestCallbackCancelVtbl cancel_vtbl = {
	ECHO_UNKNOWN,
	.OnCancel = on_cancel,
};

static const IQueueCallbackReadVtbl read_vtbl = {
	ECHO_UNKNOWN,
	.OnRead = on_read,
};

static const IQueueCallbackWriteVtbl write_vtbl = {
	ECHO_UNKNOWN,
	.OnWrite = on_write,
};

static const IQueueCallbackDeviceIoControlVtbl control_vtbl = {
	ECHO_UNKNOWN,
	.OnDeviceIoControl = on_control,
};

/* --------------------------------------------------------------------- device */

static HRESULT on_init(IPnpCallbackSelfManagedIo *This, IWDFDevice *device)
{
	(void)This;
	(void)device;
	/* it is set when there is a request */
	echo.timer = CreateThreadpoolTimer(timer_expires, NULL, NULL);
	return echo.timer ? S_OK : HRESULT_FROM_WIN32(GetLastError());
}

static HRESULT on_nothing(IPnpCallbackSelfManagedIo *This, IWDFDevice *device)
{
	(void)This;
	(void)device;
	return S_OK;
}

/* The queues have been purged, so OnCancel has had what there was. */
static void on_flush(IPnpCallbackSelfManagedIo *This, IWDFDevice *device)
{
	(void)This;
	(void)device;
	WaitForThreadpoolTimerCallbacks(echo.timer, TRUE);
	CloseThreadpoolTimer(echo.timer);
}

static void on_cleanup(IPnpCallbackSelfManagedIo *This, IWDFDevice *device)
{
	(void)This;
	(void)device;
}

static const IPnpCallbackSelfManagedIoVtbl device_vtbl = {
	ECHO_UNKNOWN,
	.OnSelfManagedIoInit = on_init,
	.OnSelfManagedIoSuspend = on_nothing,
	.OnSelfManagedIoRestart = on_nothing,
	.OnSelfManagedIoStop = on_nothing,
	.OnSelfManagedIoFlush = on_flush,
	.OnSelfManagedIoCleanup = on_cleanup,
};

/* --------------------------------------------------------------------- driver */

static HRESULT on_initialize(IDriverEntry *This, IWDFDriver *driver)
{
	(void)This;
	(void)driver;
	InitializeCriticalSection(&echo.lock);
	echo.delay = 1000;
	return S_OK;
}

static HRESULT on_device_add(IDriverEntry *This, IWDFDriver *driver,
			     IWDFDeviceInitialize *init)
{
	IUnknown *callback = (IUnknown *)&echo.factory;
	IWDFDevice *device;
	IWDFIoQueue *queue;
	HRESULT hr;

	(void)This;
	IWDFDeviceInitialize_SetLockingConstraint(init, WdfDeviceLevel);
	hr = IWDFDriver_CreateDevice(driver, init, callback, &device);
	if (FAILED(hr))
		return hr;
	hr = IWDFDevice_CreateIoQueue(device, callback, TRUE, WdfIoQueueDispatchSequential,
				      FALSE, FALSE, &queue);
	if (SUCCEEDED(hr))
		IWDFIoQueue_Release(queue);
	IWDFDevice_Release(device);
	return hr;
}

static void on_deinitialize(IDriverEntry *This, IWDFDriver *driver)
{
	(void)This;
	(void)driver;
	DeleteCriticalSection(&echo.lock);
}

static const IDriverEntryVtbl entry_vtbl = {
	ECHO_UNKNOWN,
	.OnInitialize = on_initialize,
	.OnDeviceAdd = on_device_add,
	.OnDeinitialize = on_deinitialize,
};

static HRESULT create_instance(IClassFactory *This, IUnknown *outer, REFIID riid,
			       void **result)
{
	return outer ? CLASS_E_NOAGGREGATION : echo_query_interface(This, riid, result);
}

static HRESULT lock_server(IClassFactory *This, BOOL lock)
{
	if (lock)
		echo_add_ref(This);
	else
		echo_release(This);
	return S_OK;
}

static const IClassFactoryVtbl factory_vtbl = {
	ECHO_UNKNOWN,
	.CreateInstance = create_instance,
	.LockServer = lock_server,
};

static struct echo echo = {
	.factory = { &factory_vtbl },
	.entry = { &entry_vtbl },
	.device = { &device_vtbl },
	.read = { &read_vtbl },
	.write = { &write_vtbl },
	.control = { &control_vtbl },
	.cancel = { &cancel_vtbl },
};

STDAPI DllGetClassObject(REFCLSID clsid, REFIID riid, LPVOID *result)
{
	if (!IsEqualCLSID(clsid, &CLSID_Echo))
		return CLASS_E_CLASSNOTAVAILABLE;
	return echo_query_interface(NULL, riid, result);
}

STDAPI DllCanUnloadNow(void)
{
	return echo.references ? S_FALSE : S_OK;
}
