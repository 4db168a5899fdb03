// SPDX-License-Identifier: GPL-2.0
/* the harness is for the file that has the tests */
#define PROBE_C
#include "probe.h"

static struct callbacks *of(void *face)
{
	return ((struct face *)face)->owner;
}

static void write_down(struct probe *probe, struct event event)
{
	pthread_mutex_lock(&probe->lock);
	event.thread = pthread_self();
	probe->events[probe->written++ % EVENTS] = event;
	pthread_cond_broadcast(&probe->cond);
	pthread_mutex_unlock(&probe->lock);
}

struct event next_event(struct probe *probe)
{
	struct event event;

	pthread_mutex_lock(&probe->lock);
	while (probe->read == probe->written)
		pthread_cond_wait(&probe->cond, &probe->lock);
	event = probe->events[probe->read++ % EVENTS];
	pthread_mutex_unlock(&probe->lock);
	return event;
}

bool no_event(struct probe *probe)
{
	bool none;

	pthread_mutex_lock(&probe->lock);
	none = probe->read == probe->written;
	pthread_mutex_unlock(&probe->lock);
	return none;
}

/* Callbacks that the framework says it serializes. */
static void enter(struct probe *probe)
{
	if (atomic_fetch_add(&probe->in_callback, 1))
		probe->overlaps++;
}

static void leave(struct probe *probe)
{
	probe->in_callback--;
}

/* ------------------------------------------------------------------ IUnknown */

static const struct {
	const IID *iid;
	unsigned int face, needs;
} interfaces[] = {
	{ &IID_IUnknown, FACE_READ, 0 },
	{ &IID_IQueueCallbackRead, FACE_READ, HAS_READ },
	{ &IID_IQueueCallbackWrite, FACE_WRITE, HAS_WRITE },
	{ &IID_IQueueCallbackDeviceIoControl, FACE_IOCTL, HAS_IOCTL },
	{ &IID_IQueueCallbackDefaultIoHandler, FACE_DEFAULT, HAS_DEFAULT },
	{ &IID_IQueueCallbackCreate, FACE_CREATE, HAS_CREATE },
	{ &IID_IQueueCallbackIoCanceledOnQueue, FACE_CANCELED, HAS_CANCELED },
	{ &IID_IQueueCallbackStateChange, FACE_STATE, HAS_STATE },
	{ &IID_IQueueCallbackIoStop, FACE_STOP, HAS_STOP },
	{ &IID_IRequestCallbackCancel, FACE_CANCEL, 0 },
	{ &IID_IRequestCallbackRequestCompletion, FACE_COMPLETION, 0 },
	{ &IID_IPnpCallback, FACE_PNP, HAS_PNP },
	{ &IID_IPnpCallbackHardware, FACE_HARDWARE, HAS_PNP },
	{ &IID_IPnpCallbackSelfManagedIo, FACE_SELF, HAS_PNP },
	{ &IID_IFileCallbackCleanup, FACE_FILE_CLEANUP, HAS_FILES },
	{ &IID_IFileCallbackClose, FACE_FILE_CLOSE, HAS_FILES },
	{ &IID_IObjectCleanup, FACE_CLEANUP, HAS_CLEANUP },
	{ &IID_IDriverEntry, FACE_ENTRY, 0 },
};

static HRESULT query_interface(void *This, REFIID riid, void **result)
{
	struct callbacks *callbacks = of(This);
	size_t i;

	for (i = 0; i < sizeof(interfaces) / sizeof(interfaces[0]); i++) {
		if (!IsEqualIID(interfaces[i].iid, riid) ||
		    (interfaces[i].needs & callbacks->has) != interfaces[i].needs)
			continue;
		callbacks->references++;
		*result = &callbacks->faces[interfaces[i].face];
		return S_OK;
	}
	*result = NULL;
	return E_NOINTERFACE;
}

static ULONG add_ref(void *This)
{
	return ++of(This)->references;
}

static ULONG release(void *This)
{
	return --of(This)->references;
}

#define UNKNOWN					\
	.QueryInterface = (void *)query_interface, \
	.AddRef = (void *)add_ref,		\
	.Release = (void *)release

/* ----------------------------------------------------------------- callbacks */

static void on_request(void *This, void *request)
{
	struct probe *probe = of(This)->probe;

	enter(probe);
	if (probe->handler) {
		probe->handler(probe, request);
	} else {
		IWDFIoRequest2_AddRef((IWDFIoRequest2 *)request);
		write_down(probe, (struct event){ .what = ON_REQUEST, .object = request,
			.value = IWDFIoRequest2_GetType((IWDFIoRequest2 *)request) });
	}
	leave(probe);
}

static void on_read(IQueueCallbackRead *This, IWDFIoQueue *queue, IWDFIoRequest *request,
		    SIZE_T length)
{
	(void)queue;
	(void)length;
	on_request(This, request);
}

static void on_write(IQueueCallbackWrite *This, IWDFIoQueue *queue,
		     IWDFIoRequest *request, SIZE_T length)
{
	(void)queue;
	(void)length;
	on_request(This, request);
}

static void on_ioctl(IQueueCallbackDeviceIoControl *This, IWDFIoQueue *queue,
		     IWDFIoRequest *request, ULONG code, SIZE_T in, SIZE_T out)
{
	(void)queue;
	(void)code;
	(void)in;
	(void)out;
	on_request(This, request);
}

static void on_default(IQueueCallbackDefaultIoHandler *This, IWDFIoQueue *queue,
		       IWDFIoRequest *request)
{
	(void)queue;
	on_request(This, request);
}

static void on_create(IQueueCallbackCreate *This, IWDFIoQueue *queue,
		      IWDFIoRequest *request, IWDFFile *file)
{
	(void)queue;
	(void)file;
	IWDFIoRequest_AddRef(request);
	write_down(of(This)->probe,
		   (struct event){ .what = ON_CREATE, .object = request });
}

static void on_canceled_on_queue(IQueueCallbackIoCanceledOnQueue *This,
				 IWDFIoQueue *queue, IWDFIoRequest *request)
{
	(void)queue;
	IWDFIoRequest_AddRef(request);
	write_down(of(This)->probe,
		   (struct event){ .what = ON_CANCELED_ON_QUEUE, .object = request });
}

static void on_state(IQueueCallbackStateChange *This, IWDFIoQueue *queue,
		     WDF_IO_QUEUE_STATE state)
{
	write_down(of(This)->probe, (struct event){ .what = ON_STATE, .object = queue,
						    .value = state });
}

static void on_io_stop(IQueueCallbackIoStop *This, IWDFIoQueue *queue,
		       IWDFIoRequest *request, ULONG flags)
{
	(void)queue;
	write_down(of(This)->probe, (struct event){ .what = ON_IO_STOP,
						    .object = request, .value = flags });
}

static void on_cancel(IRequestCallbackCancel *This, IWDFIoRequest *request)
{
	struct probe *probe = of(This)->probe;

	enter(probe);
	if (probe->on_cancel)
		probe->on_cancel(probe, (IWDFIoRequest2 *)request);
	else
		write_down(probe, (struct event){ .what = ON_CANCEL, .object = request });
	leave(probe);
}

static void on_completion(IRequestCallbackRequestCompletion *This,
			  IWDFIoRequest *request, IWDFIoTarget *target,
			  IWDFRequestCompletionParams *params, void *context)
{
	struct probe *probe = of(This)->probe;

	(void)target;
	write_down(probe, (struct event){
		.what = ON_COMPLETION, .object = request, .context = context,
		.status = IWDFRequestCompletionParams_GetCompletionStatus(params),
		.information = IWDFRequestCompletionParams_GetInformation(params),
		.value = IWDFRequestCompletionParams_GetCompletedRequestType(params),
	});
	if (probe->on_completion)
		probe->on_completion(probe, (IWDFIoRequest2 *)request);
}

static void on_file_cleanup(IFileCallbackCleanup *This, IWDFFile *file)
{
	write_down(of(This)->probe,
		   (struct event){ .what = ON_FILE_CLEANUP, .object = file });
}

static void on_file_close(IFileCallbackClose *This, IWDFFile *file)
{
	write_down(of(This)->probe,
		   (struct event){ .what = ON_FILE_CLOSE, .object = file });
}

static void on_object_cleanup(IObjectCleanup *This, IWDFObject *object)
{
	struct probe *probe = of(This)->probe;

	if (probe->on_object_cleanup)
		probe->on_object_cleanup(probe, object);
	else
		write_down(probe, (struct event){ .what = ON_OBJECT_CLEANUP,
						  .object = object });
}

#define DEVICE_CALLBACK(name, kind)					\
static HRESULT name(void *This, IWDFDevice *device)			\
{									\
	write_down(of(This)->probe,					\
		   (struct event){ .what = kind, .object = device });	\
	return S_OK;							\
}
DEVICE_CALLBACK(on_prepare, ON_PREPARE)
DEVICE_CALLBACK(on_release, ON_RELEASE)
DEVICE_CALLBACK(on_init, ON_INIT)
DEVICE_CALLBACK(on_suspend, ON_SUSPEND)
DEVICE_CALLBACK(on_flush, ON_FLUSH)
DEVICE_CALLBACK(on_cleanup, ON_CLEANUP)
DEVICE_CALLBACK(on_never, NOTHING)

static HRESULT on_d0_entry(IPnpCallback *This, IWDFDevice *device,
			   WDF_POWER_DEVICE_STATE state)
{
	write_down(of(This)->probe, (struct event){ .what = ON_D0_ENTRY,
						    .object = device, .value = state });
	return S_OK;
}

static HRESULT on_d0_exit(IPnpCallback *This, IWDFDevice *device,
			  WDF_POWER_DEVICE_STATE state)
{
	write_down(of(This)->probe, (struct event){ .what = ON_D0_EXIT,
						    .object = device, .value = state });
	return S_OK;
}

static HRESULT on_query_remove(IPnpCallback *This, IWDFDevice *device)
{
	write_down(of(This)->probe,
		   (struct event){ .what = ON_QUERY_REMOVE, .object = device });
	return of(This)->probe->query_remove;
}

static HRESULT on_initialize(IDriverEntry *This, IWDFDriver *driver)
{
	struct probe *probe = of(This)->probe;

	probe->wdf_driver = driver;
	if (probe->device.has & HAS_PNP)
		write_down(probe, (struct event){ .what = ON_INITIALIZE });
	return S_OK;
}

HRESULT retrieve_store(void *object)
{
	WDF_PROPERTY_STORE_ROOT root = {
		.LengthCb = sizeof(root), .RootClass = WdfPropertyStoreRootClassHardwareKey,
	};
	IWDFNamedPropertyStore2 *store = (void *)&root;
	IWDFPropertyStoreFactory *factory;
	HRESULT hr;

	hr = IUnknown_QueryInterface((IUnknown *)object, &IID_IWDFPropertyStoreFactory,
				     (void **)&factory);
	if (FAILED(hr))
		return hr;
	hr = IWDFPropertyStoreFactory_RetrieveDevicePropertyStore(factory, &root,
		WdfPropertyStoreNormal, KEY_QUERY_VALUE, NULL, &store, NULL);
	IWDFPropertyStoreFactory_Release(factory);
	return store ? E_UNEXPECTED : hr;
}

static HRESULT on_device_add(IDriverEntry *This, IWDFDriver *driver,
			     IWDFDeviceInitialize *init)
{
	struct probe *probe = of(This)->probe;
	IWDFDevice *device;
	HRESULT hr;

	if (probe->device.has & HAS_PNP)
		write_down(probe, (struct event){ .what = ON_DEVICE_ADD });
	probe->store_of_init = retrieve_store(init);
	IWDFDeviceInitialize_SetLockingConstraint(init, probe->constraint);
	if (probe->filter)
		IWDFDeviceInitialize_SetFilter(init);
	hr = IWDFDriver_CreateDevice(driver, init, unknown_of(&probe->device), &device);
	if (FAILED(hr))
		return hr;
	IWDFDevice_QueryInterface(device, &IID_IWDFDevice2, (void **)&probe->wdf_device);
	IWDFDevice_Release(device);
	IWDFDevice_Release(device);
	if (probe->configure)
		return probe->configure(probe);
	hr = IWDFDevice2_CreateIoQueue(probe->wdf_device, unknown_of(&probe->queue), TRUE,
				       probe->dispatch, FALSE, TRUE, &probe->wdf_queue);
	if (SUCCEEDED(hr))
		IWDFIoQueue_Release(probe->wdf_queue);
	return hr;
}

static void on_deinitialize(IDriverEntry *This, IWDFDriver *driver)
{
	struct probe *probe = of(This)->probe;

	(void)driver;
	if (probe->device.has & HAS_PNP)
		write_down(probe, (struct event){ .what = ON_DEINITIALIZE });
}

static const IQueueCallbackReadVtbl read_vtbl = { UNKNOWN, .OnRead = on_read };
static const IQueueCallbackWriteVtbl write_vtbl = { UNKNOWN, .OnWrite = on_write };
static const IQueueCallbackDeviceIoControlVtbl ioctl_vtbl = {
	UNKNOWN, .OnDeviceIoControl = on_ioctl
};
static const IQueueCallbackDefaultIoHandlerVtbl default_vtbl = {
	UNKNOWN, .OnDefaultIoHandler = on_default
};
static const IQueueCallbackCreateVtbl create_vtbl = {
	UNKNOWN, .OnCreateFile = on_create
};
static const IQueueCallbackIoCanceledOnQueueVtbl canceled_vtbl = {
	UNKNOWN, .OnIoCanceledOnQueue = on_canceled_on_queue
};
static const IQueueCallbackStateChangeVtbl state_vtbl = {
	UNKNOWN, .OnStateChange = on_state
};
static const IQueueCallbackIoStopVtbl stop_vtbl = { UNKNOWN, .OnIoStop = on_io_stop };
static const IRequestCallbackCancelVtbl cancel_vtbl = { UNKNOWN, .OnCancel = on_cancel };
static const IRequestCallbackRequestCompletionVtbl completion_vtbl = {
	UNKNOWN, .OnCompletion = on_completion
};
static const IPnpCallbackVtbl pnp_vtbl = {
	UNKNOWN,
	.OnD0Entry = on_d0_entry,
	.OnD0Exit = on_d0_exit,
	.OnSurpriseRemoval = (void *)on_never,
	.OnQueryRemove = on_query_remove,
	.OnQueryStop = (void *)on_never,
};
static const IPnpCallbackHardwareVtbl hardware_vtbl = {
	UNKNOWN,
	.OnPrepareHardware = (void *)on_prepare,
	.OnReleaseHardware = (void *)on_release,
};
static const IPnpCallbackSelfManagedIoVtbl self_vtbl = {
	UNKNOWN,
	.OnSelfManagedIoInit = (void *)on_init,
	.OnSelfManagedIoSuspend = (void *)on_suspend,
	.OnSelfManagedIoRestart = (void *)on_never,
	.OnSelfManagedIoStop = (void *)on_never,
	.OnSelfManagedIoFlush = (void *)on_flush,
	.OnSelfManagedIoCleanup = (void *)on_cleanup,
};
static const IFileCallbackCleanupVtbl file_cleanup_vtbl = {
	UNKNOWN, .OnCleanupFile = on_file_cleanup
};
static const IFileCallbackCloseVtbl file_close_vtbl = {
	UNKNOWN, .OnCloseFile = on_file_close
};
static const IObjectCleanupVtbl object_cleanup_vtbl = {
	UNKNOWN, .OnCleanup = on_object_cleanup
};
static const IDriverEntryVtbl entry_vtbl = {
	UNKNOWN,
	.OnInitialize = on_initialize,
	.OnDeviceAdd = on_device_add,
	.OnDeinitialize = on_deinitialize,
};

static const void *const vtbls[FACES] = {
	[FACE_READ] = &read_vtbl, [FACE_WRITE] = &write_vtbl, [FACE_IOCTL] = &ioctl_vtbl,
	[FACE_DEFAULT] = &default_vtbl, [FACE_CREATE] = &create_vtbl,
	[FACE_CANCELED] = &canceled_vtbl, [FACE_STATE] = &state_vtbl,
	[FACE_STOP] = &stop_vtbl, [FACE_CANCEL] = &cancel_vtbl,
	[FACE_COMPLETION] = &completion_vtbl, [FACE_PNP] = &pnp_vtbl,
	[FACE_HARDWARE] = &hardware_vtbl, [FACE_SELF] = &self_vtbl,
	[FACE_FILE_CLEANUP] = &file_cleanup_vtbl, [FACE_FILE_CLOSE] = &file_close_vtbl,
	[FACE_CLEANUP] = &object_cleanup_vtbl, [FACE_ENTRY] = &entry_vtbl,
};

static void init_callbacks(struct callbacks *callbacks, struct probe *probe,
			   unsigned int has)
{
	int i;

	callbacks->probe = probe;
	callbacks->references = 1;
	if (!callbacks->has)
		callbacks->has = has;
	for (i = 0; i < FACES; i++)
		callbacks->faces[i] = (struct face){ vtbls[i], callbacks };
}

int probe_start(struct probe *probe)
{
	char why[256] = "";
	HRESULT hr;

	pthread_mutex_init(&probe->lock, NULL);
	pthread_cond_init(&probe->cond, NULL);
	init_callbacks(&probe->entry, probe, 0);
	init_callbacks(&probe->device, probe, 0);
	init_callbacks(&probe->queue, probe, HAS_ALL_IO);
	init_callbacks(&probe->manual, probe, 0);
	init_callbacks(&probe->other, probe, HAS_ALL_IO);
	if (!probe->dispatch)
		probe->dispatch = WdfIoQueueDispatchParallel;
	hr = host_start(&probe->host, face_of(&probe->entry, FACE_ENTRY, IDriverEntry),
			probe->name, probe->lower, why);
	if (FAILED(hr)) {
		printf("# %s\n", why);
		return -1;
	}
	probe->fd = iotarget_target_open(probe->host.driver->device->fd, &probe->file);
	return probe->fd;
}

void probe_stop(struct probe *probe)
{
	host_stop(&probe->host);
	close(probe->fd);
}

/* -------------------------------------------------------------------- sender */

static uint64_t send_element(int target, struct iotarget_send_element *element)
{
	int ret = iotarget_send(target, element, 1);

	if (ret != 1)
		printf("# send: %d\n", ret);
	return ret == 1 ? element->id : 0;
}

uint64_t send_read_on(int target)
{
	static char buffer[8];
	struct iotarget_send_element element = {
		.type = IOTARGET_TYPE_READ,
		.out = (uintptr_t)buffer,
		.out_length = sizeof(buffer),
	};

	return send_element(target, &element);
}

uint64_t send_write(int target, const void *data, uint32_t length)
{
	struct iotarget_send_element element = {
		.type = IOTARGET_TYPE_WRITE,
		.in = (uintptr_t)data,
		.in_length = length,
	};

	return send_element(target, &element);
}

uint64_t send_ioctl(int target, uint32_t code, const void *in, uint32_t in_length,
		    void *out, uint32_t out_length)
{
	struct iotarget_send_element element = {
		.type = IOTARGET_TYPE_CONTROL,
		.code = code,
		.in = (uintptr_t)in,
		.in_length = in_length,
		.out = (uintptr_t)out,
		.out_length = out_length,
	};

	return send_element(target, &element);
}

struct iotarget_reap_element reap(int target)
{
	struct iotarget_reap_element element = { };
	int ret;

	do
		ret = iotarget_reap(target, &element, 1);
	while (ret == -EINTR);
	if (ret != 1)
		printf("# reap: %d\n", ret);
	return element;
}

struct counts counts_of(IWDFIoQueue *queue)
{
	struct counts counts;

	counts.state = IWDFIoQueue_GetState(queue, &counts.in_queue, &counts.in_driver);
	return counts;
}

/* ------------------------------------------------------------------- threads */

void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->open = true;
	pthread_cond_broadcast(&gate->cond);
	pthread_mutex_unlock(&gate->lock);
}

void gate_wait(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	while (!gate->open)
		pthread_cond_wait(&gate->cond, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

void wait_asleep(pid_t tid)
{
	char path[64], line[256];
	char state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	do {
		file = fopen(path, "r");
		/* it has ended: what the caller looks at next says so */
		if (!file)
			return;
		if (fgets(line, sizeof(line), file) && strrchr(line, ')'))
			state = strrchr(line, ')')[2];
		fclose(file);
		sched_yield();
	} while (state != 'S');
}
