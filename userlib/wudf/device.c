// SPDX-License-Identifier: MIT
/*
 * The device: one of the kernel, whose own queue gets only what no queue of the
 * driver's is for, and the events of files.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

_Thread_local unsigned int in_handler;

static struct device *to_device(void *device)
{
	return device;
}

/* ---------------------------------------------------------------- callbacks */

void device_enter(struct device *device)
{
	if (device->serialized)
		object_acquire_lock(&device->object);
	in_handler++;
}

void device_leave(struct device *device)
{
	in_handler--;
	if (device->serialized)
		object_release_lock(&device->object);
}

bool device_is_entered(struct device *device)
{
	return device->serialized && device->callback_owner == pthread_self();
}

/* ------------------------------------------------------------------ routing */

static unsigned int type_of(WDF_REQUEST_TYPE type)
{
	return type == WdfRequestRead ? IOTARGET_TYPE_READ :
	       type == WdfRequestWrite ? IOTARGET_TYPE_WRITE :
	       type == WdfRequestDeviceIoControl ? IOTARGET_TYPE_CONTROL : 0;
}

static HRESULT route_create(struct device *device, struct queue *queue, BOOL forward)
{
	if (forward && !queue->on_create)
		return HR_INVALID_REQUEST;
	if (forward && device->create_queue)
		return HRESULT_FROM_NT(STATUS_WDF_BUSY);
	if (forward)
		device->create_queue = queue;
	else if (device->create_queue == queue)
		device->create_queue = NULL;
	return S_OK;
}

static HRESULT route(struct device *device, struct queue *queue, WDF_REQUEST_TYPE type,
		     BOOL forward)
{
	unsigned int index = type_of(type);
	int ret;

	if (type == WdfRequestCreate)
		return route_create(device, queue, forward);
	if (!index)
		return E_INVALIDARG;
	if (queue->is_default || (forward && queue->dispatch != WdfIoQueueDispatchManual &&
				  !queue_handles(queue, type)))
		return HR_INVALID_REQUEST;
	if (device->routes[index])
		return HRESULT_FROM_NT(STATUS_WDF_BUSY);
	if (!forward) {
		device->disabled[index] = true;
		return S_OK;
	}
	ret = iotarget_queue_route(device->fd, index, queue->fd);
	if (ret < 0)
		return hresult_from_status(ret);
	device->routes[index] = queue;
	device->disabled[index] = false;
	return S_OK;
}

HRESULT device_route(struct device *device, struct queue *queue, WDF_REQUEST_TYPE type,
		     BOOL forward)
{
	HRESULT hr;

	if (!queue || queue->device != device)
		return E_INVALIDARG;
	pthread_mutex_lock(&device->lock);
	hr = route(device, queue, type, forward);
	pthread_mutex_unlock(&device->lock);
	return FAILED(hr) ? refuse("ConfigureRequestDispatching", queue, hr) : hr;
}

/*
 * What has no queue of its own goes to the default queue, from when the device starts.
 * A filter's is passed down instead if the queue has no handler for it.
 */
static void route_defaults(struct device *device)
{
	static const WDF_REQUEST_TYPE types[] = {
		WdfRequestRead, WdfRequestWrite, WdfRequestDeviceIoControl
	};
	struct queue *queue;
	unsigned int i;

	pthread_mutex_lock(&device->lock);
	queue = device->default_queue;
	for (i = 0; device->started && queue && i < 3; i++) {
		if (device->routes[type_of(types[i])] ||
		    device->disabled[type_of(types[i])] ||
		    (device->filter && !queue_handles(queue, types[i]) &&
		     queue->dispatch != WdfIoQueueDispatchManual))
			continue;
		if (iotarget_queue_route(device->fd, type_of(types[i]), queue->fd) >= 0)
			device->routes[type_of(types[i])] = queue;
	}
	pthread_mutex_unlock(&device->lock);
}

HRESULT device_forgotten_queue(struct device *device, struct queue **result)
{
	struct queue *queue = NULL;
	HRESULT hr = S_OK;

	pthread_mutex_lock(&device->lock);
	*result = device->forgotten;
	pthread_mutex_unlock(&device->lock);
	if (*result)
		return S_OK;
	hr = queue_create(device, NULL, false, WdfIoQueueDispatchManual, false, true,
			  &queue);
	if (FAILED(hr))
		return hr;
	pthread_mutex_lock(&device->lock);
	if (!device->forgotten) {
		device->forgotten = queue;
		queue = NULL;
	}
	*result = device->forgotten;
	pthread_mutex_unlock(&device->lock);
	/* another thread was first */
	if (queue)
		object_delete(&queue->object);
	return S_OK;
}

/* ------------------------------------------------------------------ methods */

static HRESULT device_retrieve_property_store(IWDFDevice3 *This, PCWSTR service,
					      WDF_PROPERTY_STORE_RETRIEVE_FLAGS flags,
					      IWDFNamedPropertyStore **store,
					      WDF_PROPERTY_STORE_DISPOSITION *disposition)
{
	(void)This;
	(void)service;
	(void)flags;
	(void)disposition;
	if (store)
		*store = NULL;
	return HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND);
}

static void device_get_driver(IWDFDevice3 *This, IWDFDriver **driver)
{
	*driver = (IWDFDriver *)to_device(This)->driver;
	object_get(*driver);
}

static HRESULT device_retrieve_name(IWDFDevice3 *This, PWSTR name, DWORD *length)
{
	struct driver *driver = to_device(This)->driver;

	return copy_text(driver->name ? driver->name : "", name, length);
}

static void device_get_default_target(IWDFDevice3 *This, IWDFIoTarget **target)
{
	*target = (IWDFIoTarget *)to_device(This)->target;
	object_get(*target);
}

static HRESULT device_create_file(IWDFDevice3 *This, LPCWSTR name,
				  IWDFDriverCreatedFile **result)
{
	struct device *device = to_device(This);
	struct file *file;
	HRESULT hr;

	(void)name;
	if (!result)
		return E_POINTER;
	*result = NULL;
	file = file_create(device, 0);
	if (!file)
		return E_OUTOFMEMORY;
	hr = target_open_file(device->target, file);
	if (FAILED(hr)) {
		object_delete(&file->object);
		return hr;
	}
	object_get(file);
	*result = (IWDFDriverCreatedFile *)file;
	return S_OK;
}

static void device_get_default_queue(IWDFDevice3 *This, IWDFIoQueue **queue)
{
	struct device *device = to_device(This);

	pthread_mutex_lock(&device->lock);
	*queue = (IWDFIoQueue *)device->default_queue;
	if (*queue)
		object_get(*queue);
	pthread_mutex_unlock(&device->lock);
}

static HRESULT device_create_queue(IWDFDevice3 *This, IUnknown *callback,
				   BOOL is_default, WDF_IO_QUEUE_DISPATCH_TYPE dispatch,
				   BOOL power_managed, BOOL allow_zero_length,
				   IWDFIoQueue **result)
{
	struct device *device = to_device(This);
	struct queue *queue;
	HRESULT hr;

	if (!result)
		return E_POINTER;
	*result = NULL;
	if (is_default && device->default_queue)
		return refuse("CreateIoQueue", device, HR_INVALID_OPERATION);
	hr = queue_create(device, callback, is_default, dispatch, power_managed,
			  allow_zero_length, &queue);
	if (FAILED(hr))
		return refuse("CreateIoQueue", device, hr);
	if (is_default) {
		pthread_mutex_lock(&device->lock);
		device->default_queue = queue;
		pthread_mutex_unlock(&device->lock);
		route_defaults(device);
	}
	object_get(queue);
	*result = (IWDFIoQueue *)queue;
	return S_OK;
}

/* Devices are found by name: nothing is done with an interface. */
static HRESULT device_create_interface(IWDFDevice3 *This, LPCGUID guid,
				       PCWSTR reference)
{
	(void)This;
	(void)reference;
	return guid ? S_OK : E_INVALIDARG;
}

static HRESULT device_assign_interface_state(IWDFDevice3 *This, LPCGUID guid,
					     PCWSTR reference, BOOL enable)
{
	(void)enable;
	return device_create_interface(This, guid, reference);
}

static HRESULT device_post_event(IWDFDevice3 *This, REFGUID guid, WDF_EVENT_TYPE type,
				 BYTE *data, DWORD size)
{
	(void)This;
	(void)guid;
	(void)type;
	(void)data;
	(void)size;
	return S_OK;
}

static HRESULT device_configure_dispatching(IWDFDevice3 *This, IWDFIoQueue *queue,
					    WDF_REQUEST_TYPE type, BOOL forward)
{
	return device_route(to_device(This), (struct queue *)queue, type, forward);
}

static void device_set_pnp_state(IWDFDevice3 *This, WDF_PNP_STATE state,
				 WDF_TRI_STATE value)
{
	struct device *device = to_device(This);

	if (state > WdfPnpStateInvalid && state < WdfPnpStateMaximum)
		device->pnp_states[state] = value;
}

static WDF_TRI_STATE device_get_pnp_state(IWDFDevice3 *This, WDF_PNP_STATE state)
{
	struct device *device = to_device(This);

	return state > WdfPnpStateInvalid && state < WdfPnpStateMaximum ?
	       device->pnp_states[state] : WdfUseDefault;
}

/* What has failed takes nothing any more. */
static void device_commit_pnp_state(IWDFDevice3 *This)
{
	struct device *device = to_device(This);

	if (device->pnp_states[WdfPnpStateFailed] == WdfTrue ||
	    device->pnp_states[WdfPnpStateRemoved] == WdfTrue)
		iotarget_shutdown(device->fd);
}

static HRESULT device_create_request(IWDFDevice3 *This, IUnknown *callback,
				     IWDFObject *parent, IWDFIoRequest **result)
{
	struct device *device = to_device(This);
	struct request *request;

	if (!result)
		return E_POINTER;
	request = request_create_own(device, parent ? (struct object *)parent :
					     &device->object, callback);
	*result = (IWDFIoRequest *)request;
	if (!request)
		return E_OUTOFMEMORY;
	object_get(request);
	return S_OK;
}

static HRESULT device_create_link(IWDFDevice3 *This, PCWSTR link)
{
	(void)This;
	return link ? S_OK : E_INVALIDARG;
}

static HRESULT device_create_link_with_reference(IWDFDevice3 *This, PCWSTR link,
						 PCWSTR reference)
{
	(void)reference;
	return device_create_link(This, link);
}

/* Power: a device is always on. */
static HRESULT device_assign_idle(IWDFDevice3 *This,
				  WDF_POWER_POLICY_S0_IDLE_CAPABILITIES caps,
				  DEVICE_POWER_STATE state, ULONG timeout,
				  WDF_POWER_POLICY_S0_IDLE_USER_CONTROL user,
				  WDF_TRI_STATE enabled)
{
	(void)This;
	(void)caps;
	(void)state;
	(void)timeout;
	(void)user;
	(void)enabled;
	return S_OK;
}

static HRESULT device_stop_idle(IWDFDevice3 *This, BOOL wait)
{
	(void)This;
	(void)wait;
	return S_OK;
}

static void device_resume_idle(IWDFDevice3 *This)
{
	(void)This;
}

static HRESULT device_assign_wake(IWDFDevice3 *This, DEVICE_POWER_STATE state,
				  WDF_POWER_POLICY_SX_WAKE_USER_CONTROL user,
				  WDF_TRI_STATE enabled)
{
	(void)This;
	(void)state;
	(void)user;
	(void)enabled;
	return S_OK;
}

static HRESULT device_assign_idle_ex(IWDFDevice3 *This,
				     PWUDF_DEVICE_POWER_POLICY_IDLE_SETTINGS settings)
{
	(void)This;
	return settings ? S_OK : E_INVALIDARG;
}

static POWER_ACTION device_get_power_action(IWDFDevice3 *This)
{
	(void)This;
	return PowerActionNone;
}

static void device_get_io_type(IWDFDevice3 *This, WDF_DEVICE_IO_TYPE *read_write,
			       WDF_DEVICE_IO_TYPE *ioctl)
{
	(void)This;
	if (read_write)
		*read_write = WdfDeviceIoBuffered;
	if (ioctl)
		*ioctl = WdfDeviceIoBuffered;
}

/* Remote targets and hardware are not carried. */
static HRESULT device_register_remote(IWDFDevice3 *This, LPCGUID guid, BOOL existing)
{
	(void)This;
	(void)guid;
	(void)existing;
	return E_NOTIMPL;
}

static HRESULT device_create_remote_interface(IWDFDevice3 *This,
					      IWDFRemoteInterfaceInitialize *init,
					      IUnknown *callback,
					      IWDFRemoteInterface **result)
{
	(void)This;
	(void)init;
	(void)callback;
	if (result)
		*result = NULL;
	return E_NOTIMPL;
}

static HRESULT device_create_remote_target(IWDFDevice3 *This, IUnknown *callback,
					   IWDFObject *parent, IWDFRemoteTarget **result)
{
	(void)This;
	(void)callback;
	(void)parent;
	if (result)
		*result = NULL;
	return E_NOTIMPL;
}

static HRESULT device_map_io_space(IWDFDevice3 *This, PHYSICAL_ADDRESS address,
				   SIZE_T size, MEMORY_CACHING_TYPE type, void **result)
{
	(void)This;
	(void)address;
	(void)size;
	(void)type;
	if (result)
		*result = NULL;
	return E_NOTIMPL;
}

static void device_unmap_io_space(IWDFDevice3 *This, void *address, SIZE_T size)
{
	(void)This;
	(void)address;
	(void)size;
}

static void *device_get_mapped_address(IWDFDevice3 *This, void *address)
{
	(void)This;
	(void)address;
	return NULL;
}

static SIZE_T device_read_hardware(IWDFDevice3 *This, WDF_DEVICE_HWACCESS_TARGET_TYPE type,
				   WDF_DEVICE_HWACCESS_TARGET_SIZE size, void *address,
				   void *buffer, ULONG count)
{
	(void)This;
	(void)type;
	(void)size;
	(void)address;
	(void)buffer;
	(void)count;
	return 0;
}

static void device_write_hardware(IWDFDevice3 *This, WDF_DEVICE_HWACCESS_TARGET_TYPE type,
				  WDF_DEVICE_HWACCESS_TARGET_SIZE size, void *address,
				  SIZE_T value, void *buffer, ULONG count)
{
	(void)This;
	(void)type;
	(void)size;
	(void)address;
	(void)value;
	(void)buffer;
	(void)count;
}

static HRESULT device_create_interrupt(IWDFDevice3 *This, PWUDF_INTERRUPT_CONFIG config,
				       IWDFInterrupt **result)
{
	(void)This;
	(void)config;
	if (result)
		*result = NULL;
	return E_NOTIMPL;
}

static HRESULT device_create_work_item(IWDFDevice3 *This, PWUDF_WORKITEM_CONFIG config,
				       IWDFObject *parent, IWDFWorkItem **result)
{
	(void)This;
	(void)config;
	(void)parent;
	if (result)
		*result = NULL;
	return E_NOTIMPL;
}

static const IWDFDevice3Vtbl device_vtbl = {
	OBJECT_SLOTS,
	.RetrieveDevicePropertyStore = device_retrieve_property_store,
	.GetDriver = device_get_driver,
	.RetrieveDeviceInstanceId = device_retrieve_name,
	.GetDefaultIoTarget = device_get_default_target,
	.CreateWdfFile = device_create_file,
	.GetDefaultIoQueue = device_get_default_queue,
	.CreateIoQueue = device_create_queue,
	.CreateDeviceInterface = device_create_interface,
	.AssignDeviceInterfaceState = device_assign_interface_state,
	.RetrieveDeviceName = device_retrieve_name,
	.PostEvent = device_post_event,
	.ConfigureRequestDispatching = device_configure_dispatching,
	.SetPnpState = device_set_pnp_state,
	.GetPnpState = device_get_pnp_state,
	.CommitPnpState = device_commit_pnp_state,
	.CreateRequest = device_create_request,
	.CreateSymbolicLink = device_create_link,
	.AssignS0IdleSettings = device_assign_idle,
	.StopIdle = device_stop_idle,
	.ResumeIdle = device_resume_idle,
	.CreateSymbolicLinkWithReferenceString = device_create_link_with_reference,
	.RegisterRemoteInterfaceNotification = device_register_remote,
	.CreateRemoteInterface = device_create_remote_interface,
	.CreateRemoteTarget = device_create_remote_target,
	.GetDeviceStackIoTypePreference = device_get_io_type,
	.AssignSxWakeSettings = device_assign_wake,
	.GetSystemPowerAction = device_get_power_action,
	.MapIoSpace = device_map_io_space,
	.UnmapIoSpace = device_unmap_io_space,
	.GetHardwareRegisterMappedAddress = device_get_mapped_address,
	.ReadFromHardware = device_read_hardware,
	.WriteToHardware = device_write_hardware,
	.CreateInterrupt = device_create_interrupt,
	.CreateWorkItem = device_create_work_item,
	.AssignS0IdleSettingsEx = device_assign_idle_ex,
};

/* ------------------------------------------------------------ start and stop */

HRESULT device_start(struct device *device)
{
	IWDFDevice *wdf_device = (IWDFDevice *)device;
	HRESULT hr = S_OK;

	if (device->hardware2)
		hr = device->hardware2->lpVtbl->OnPrepareHardware(device->hardware2,
			(IWDFDevice3 *)device, NULL, NULL);
	else if (device->hardware)
		hr = device->hardware->lpVtbl->OnPrepareHardware(device->hardware,
								 wdf_device);
	device->prepared = true;
	if (SUCCEEDED(hr) && device->pnp) {
		hr = device->pnp->lpVtbl->OnD0Entry(device->pnp, wdf_device,
						    WdfPowerDeviceD3Final);
		device->in_d0 = SUCCEEDED(hr);
	}
	if (SUCCEEDED(hr) && device->self_managed) {
		hr = device->self_managed->lpVtbl->OnSelfManagedIoInit(
			device->self_managed, wdf_device);
		device->self_managed_started = true;
	}
	if (FAILED(hr))
		return hr;
	pthread_mutex_lock(&device->lock);
	device->started = true;
	pthread_mutex_unlock(&device->lock);
	route_defaults(device);
	return S_OK;
}

bool device_query_remove(struct device *device)
{
	return !device->pnp ||
	       SUCCEEDED(device->pnp->lpVtbl->OnQueryRemove(device->pnp,
							    (IWDFDevice *)device));
}

/* A list of the device's queues, each with a reference. */
static struct queue **get_queues(struct device *device, unsigned int *count)
{
	struct queue **queues;
	struct list *at;

	*count = 0;
	pthread_mutex_lock(&device->lock);
	for (at = device->queues.next; at != &device->queues; at = at->next)
		++*count;
	queues = calloc(*count + 1, sizeof(*queues));
	*count = 0;
	for (at = device->queues.next; queues && at != &device->queues; at = at->next) {
		queues[*count] = container_of(at, struct queue, link);
		object_get(queues[(*count)++]);
	}
	pthread_mutex_unlock(&device->lock);
	return queues;
}

static void put_queues(struct queue **queues, unsigned int count)
{
	while (count)
		object_put(queues[--count]);
	free(queues);
}

/* OnIoStop for each request of a power-managed queue that the driver holds. */
static void stop_queue(struct queue *queue)
{
	struct request **requests;
	unsigned int count, i;
	bool marked;

	iotarget_queue_control(queue->fd, IOTARGET_QUEUE_STOP, 0, NULL);
	/* what is fetched and waits for the driver stays so; the purge ends it */
	queue->stopping = true;
	if (!queue->on_stop)
		return;
	requests = request_list(queue->device, &count);
	for (i = 0; i < count; i++) {
		if (request_is_held(requests[i], queue, &marked)) {
			device_enter(queue->device);
			stopping_request = requests[i];
			queue->on_stop->lpVtbl->OnIoStop(queue->on_stop,
				(IWDFIoQueue *)queue, (IWDFIoRequest *)requests[i],
				WdfRequestStopActionPurge |
				(marked ? WdfRequestStopRequestCancelable : 0));
			stopping_request = NULL;
			device_leave(queue->device);
		}
		object_put(requests[i]);
	}
	free(requests);
}

static bool is_idle(struct queue *queue)
{
	struct iotarget_queue_control answer;

	return iotarget_queue_control(queue->fd, IOTARGET_QUEUE_STATE, 0, &answer) < 0 ||
	       !answer.in_host;
}

/*
 * The driver is given 10 seconds to complete what it holds. Then the device ends
 * without it.
 */
static void wait_idle(struct queue **queues, unsigned int count)
{
	const struct timespec pause = { .tv_nsec = 10000000 };
	unsigned int i, rounds = 1000;

	for (i = 0; i < count; i++)
		for (; rounds && !is_idle(queues[i]); rounds--)
			nanosleep(&pause, NULL);
}

void device_stop(struct device *device)
{
	IWDFDevice *wdf_device = (IWDFDevice *)device;
	IPnpCallbackSelfManagedIo *self_managed =
		device->self_managed_started ? device->self_managed : NULL;
	struct request **requests;
	struct queue **queues;
	unsigned int count, requests_count, i;

	queues = get_queues(device, &count);
	if (self_managed)
		self_managed->lpVtbl->OnSelfManagedIoSuspend(self_managed, wdf_device);
	for (i = 0; i < count; i++)
		if (queues[i]->power_managed)
			stop_queue(queues[i]);
	if (device->in_d0)
		device->pnp->lpVtbl->OnD0Exit(device->pnp, wdf_device,
					      WdfPowerDeviceD3Final);
	if (device->prepared && device->hardware2)
		device->hardware2->lpVtbl->OnReleaseHardware(device->hardware2,
			(IWDFDevice3 *)device, NULL);
	else if (device->prepared && device->hardware)
		device->hardware->lpVtbl->OnReleaseHardware(device->hardware,
							    wdf_device);
	for (i = 0; i < count; i++)
		iotarget_queue_control(queues[i]->fd, IOTARGET_QUEUE_PURGE, 0, NULL);
	if (self_managed)
		self_managed->lpVtbl->OnSelfManagedIoFlush(self_managed, wdf_device);
	wait_idle(queues, count);
	if (self_managed)
		self_managed->lpVtbl->OnSelfManagedIoCleanup(self_managed, wdf_device);

	/* nothing comes from above or below any more, then nothing runs any more */
	iotarget_shutdown(device->fd);
	if (device->fetcher)
		pthread_join(device->fetcher, NULL);
	for (i = 0; i < count; i++)
		queue_join(queues[i]);
	if (device->target)
		target_join(device->target);
	/* OnCompletion can still have OnCancel called, handlers cannot send any more */
	pool_destroy(&device->completions);
	pool_destroy(&device->callbacks);

	requests = request_list(device, &requests_count);
	for (i = 0; i < requests_count; i++) {
		request_abandon(requests[i]);
		object_put(requests[i]);
	}
	free(requests);
	for (i = 0; i < count; i++) {
		iotarget_host_destroy(queues[i]->host);
		queues[i]->host = NULL;
	}
	put_queues(queues, count);
	iotarget_host_destroy(device->host);
	device->host = NULL;
	object_delete(&device->object);
}

/* --------------------------------------------------------------------- life */

static void device_dispose(struct object *object)
{
	struct device *device = to_device(object);

	callback_put(device->pnp);
	callback_put(device->hardware);
	callback_put(device->hardware2);
	callback_put(device->self_managed);
	callback_put(device->on_cleanup);
	callback_put(device->on_close);
	device->pnp = NULL;
	device->hardware = NULL;
	device->hardware2 = NULL;
	device->self_managed = NULL;
	device->on_cleanup = NULL;
	device->on_close = NULL;
}

static void *device_query(struct object *object, REFIID riid)
{
	return IsEqualIID(riid, &IID_IWDFPropertyStoreFactory) ?
	       &to_device(object)->store_factory : NULL;
}

static void device_free(struct object *object)
{
	struct device *device = to_device(object);

	close(device->fd);
	pthread_mutex_destroy(&device->callback_lock);
	pthread_mutex_destroy(&device->lock);
	pthread_mutex_destroy(&device->files_lock);
	free(device);
}

static const IID *const device_iids[] = {
	&IID_IUnknown, &IID_IWDFObject, &IID_IWDFDevice, &IID_IWDFDevice2,
	&IID_IWDFDevice3, NULL
};

static const struct object_class device_class = {
	.name = "device",
	.iids = device_iids,
	.query = device_query,
	.dispose = device_dispose,
	.free = device_free,
};

static const struct iotarget_driver fetcher_driver = {
	.size = sizeof(fetcher_driver),
	.on_request = request_unrouted,
	.on_release = request_released,
	.on_cleanup = file_cleanup,
	.on_close = file_close,
};

static void *fetch(void *arg)
{
	struct device *device = arg;

	iotarget_host_run(device->host);
	return NULL;
}

static void init_locks(struct device *device)
{
	pthread_mutexattr_t recursive;

	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&device->callback_lock, &recursive);
	pthread_mutexattr_destroy(&recursive);
	pthread_mutex_init(&device->lock, NULL);
	pthread_mutex_init(&device->files_lock, NULL);
}

static void get_callbacks(struct device *device, IUnknown *callback)
{
	device->pnp = callback_get(callback, &IID_IPnpCallback);
	device->hardware = callback_get(callback, &IID_IPnpCallbackHardware);
	device->hardware2 = callback_get(callback, &IID_IPnpCallbackHardware2);
	device->self_managed = callback_get(callback, &IID_IPnpCallbackSelfManagedIo);
	device->on_cleanup = callback_get(callback, &IID_IFileCallbackCleanup);
	device->on_close = callback_get(callback, &IID_IFileCallbackClose);
}

HRESULT device_create(struct driver *driver, struct device_init *init,
		      IUnknown *callback, struct device **result)
{
	const struct iotarget_device_create options = {
		.flags = IOTARGET_DEVICE_STRICT | IOTARGET_DEVICE_FILE_EVENTS,
		.dispatch = IOTARGET_DISPATCH_PARALLEL,
	};
	struct device *device = calloc(1, sizeof(*device));
	HRESULT hr;
	int ret;

	if (!device)
		return E_OUTOFMEMORY;
	device->fd = iotarget_device_create(&options);
	if (device->fd < 0) {
		hr = hresult_from_status(device->fd);
		free(device);
		return hr;
	}
	device->driver = driver;
	device->serialized = init->constraint == WdfDeviceLevel;
	device->filter = init->filter;
	device->forward_files = init->forward_files == WdfTrue ||
		(init->forward_files == WdfUseDefault && init->filter);
	list_init(&device->queues);
	list_init(&device->files);
	init_locks(device);
	pool_init(&device->callbacks, device->serialized ? 1 : POOL_THREADS);
	pool_init(&device->completions, POOL_THREADS);
	get_callbacks(device, callback);
	store_factory_init(&device->store_factory, &device->object);
	object_init(&device->object, &device_class, &device_vtbl, &driver->object,
		    device, callback);

	ret = iotarget_host_create(device->fd, &fetcher_driver, device, &device->host);
	hr = hresult_from_status(ret);
	if (!ret)
		hr = target_create(device, driver->lower, &device->target);
	if (SUCCEEDED(hr))
		hr = hresult_from_status(-pthread_create(&device->fetcher, NULL, fetch,
							 device));
	if (FAILED(hr)) {
		device_stop(device);
		return hr;
	}
	wudf_debug("device %p: fd %d, callbacks %s", device, device->fd,
		   device->serialized ? "one at a time" : "at the same time");
	*result = device;
	return S_OK;
}
