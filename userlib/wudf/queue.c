// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "private.h"

static struct queue *to_queue(IWDFIoQueue *queue)
{
	return (struct queue *)queue;
}

/* ----------------------------------------------------------------- handlers */

bool queue_handles(const struct queue *queue, WDF_REQUEST_TYPE type)
{
	return queue->on_default ||
	       (type == WdfRequestCreate && queue->on_create) ||
	       (type == WdfRequestRead && queue->on_read) ||
	       (type == WdfRequestWrite && queue->on_write) ||
	       (type == WdfRequestDeviceIoControl && queue->on_ioctl);
}

void queue_enter(struct queue *queue)
{
	/* what a Stop, Drain or Purge waits for, besides the requests */
	pthread_mutex_lock(&queue->lock);
	queue->running++;
	pthread_mutex_unlock(&queue->lock);
	device_enter(queue->device);
}

void queue_leave(struct queue *queue)
{
	bool notice;

	device_leave(queue->device);
	pthread_mutex_lock(&queue->lock);
	notice = !--queue->running && queue->notice_due;
	queue->works += notice;
	if (notice)
		queue->notice_due = false;
	pthread_cond_broadcast(&queue->idle);
	pthread_mutex_unlock(&queue->lock);
	if (notice)
		pool_queue(&queue->device->callbacks, &queue->notice_work, true);
}

void queue_work_starts(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->works++;
	pthread_mutex_unlock(&queue->lock);
}

void queue_work_ends(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->works--;
	pthread_cond_broadcast(&queue->idle);
	pthread_mutex_unlock(&queue->lock);
}

bool queue_call(struct queue *queue, struct request *request)
{
	IWDFIoQueue *wdf_queue = (IWDFIoQueue *)queue;
	IWDFIoRequest *wdf_request = (IWDFIoRequest *)request;

	if (request->type == WdfRequestRead && queue->on_read)
		queue->on_read->lpVtbl->OnRead(queue->on_read, wdf_queue, wdf_request,
					       request->out_length);
	else if (request->type == WdfRequestWrite && queue->on_write)
		queue->on_write->lpVtbl->OnWrite(queue->on_write, wdf_queue,
						 wdf_request, request->in_length);
	else if (request->type == WdfRequestDeviceIoControl && queue->on_ioctl)
		queue->on_ioctl->lpVtbl->OnDeviceIoControl(queue->on_ioctl, wdf_queue,
			wdf_request, request->code, request->in_length,
			request->out_length);
	else if (queue->on_default)
		queue->on_default->lpVtbl->OnDefaultIoHandler(queue->on_default,
							      wdf_queue, wdf_request);
	else
		return false;
	return true;
}

static void call_state_change(struct queue *queue, IQueueCallbackStateChange *callback)
{
	struct iotarget_queue_control answer;

	if (iotarget_queue_control(queue->fd, IOTARGET_QUEUE_STATE, 0, &answer) < 0)
		return;
	device_enter(queue->device);
	callback->lpVtbl->OnStateChange(callback, (IWDFIoQueue *)queue, answer.state);
	device_leave(queue->device);
}

static void run_notice(struct work *work)
{
	struct queue *queue = container_of(work, struct queue, notice_work);
	IQueueCallbackStateChange *callback = NULL;

	pthread_mutex_lock(&queue->lock);
	if (queue->running) {
		queue->notice_due = true;
	} else {
		callback = queue->notice;
		queue->notice = NULL;
	}
	pthread_mutex_unlock(&queue->lock);
	if (callback)
		call_state_change(queue, callback);
	callback_put(callback);
	queue_work_ends(queue);
}

static void run_state_change(struct work *work)
{
	struct queue *queue = container_of(work, struct queue, state_work);

	pthread_mutex_lock(&queue->lock);
	queue->state_queued = false;
	pthread_mutex_unlock(&queue->lock);
	call_state_change(queue, queue->on_state);
	queue_work_ends(queue);
}

static void state_fetched(void *context, uint32_t state, int notice)
{
	struct queue *queue = context;
	bool tell;

	(void)state;
	pthread_mutex_lock(&queue->lock);
	tell = notice || (queue->on_state && !queue->state_queued);
	queue->state_queued |= tell && !notice;
	queue->works += tell;
	pthread_mutex_unlock(&queue->lock);
	if (tell)
		pool_queue(&queue->device->callbacks, notice ? &queue->notice_work :
							       &queue->state_work, false);
}

/* ------------------------------------------------------------------ methods */

static void queue_get_device(IWDFIoQueue *This, IWDFDevice **device)
{
	*device = (IWDFDevice *)to_queue(This)->device;
	object_get(*device);
}

static HRESULT queue_configure_dispatching(IWDFIoQueue *This, WDF_REQUEST_TYPE type,
					   BOOL forward)
{
	return device_route(to_queue(This)->device, to_queue(This), type, forward);
}

static WDF_IO_QUEUE_STATE queue_get_state(IWDFIoQueue *This, ULONG *in_queue,
					  ULONG *in_driver)
{
	struct queue *queue = to_queue(This);
	struct iotarget_queue_control answer;
	unsigned int waiting;
	ULONG state;

	if (iotarget_queue_control(queue->fd, IOTARGET_QUEUE_STATE, 0, &answer) < 0)
		answer = (struct iotarget_queue_control){
			.state = WdfIoQueueNoRequests | WdfIoQueueDriverNoRequests
		};
	/* what the driver has not seen is in the queue for it */
	pthread_mutex_lock(&queue->lock);
	waiting = queue->waiting;
	pthread_mutex_unlock(&queue->lock);
	if (waiting > answer.in_host)
		waiting = answer.in_host;
	answer.in_queue += waiting;
	answer.in_host -= waiting;
	state = answer.state & ~(WdfIoQueueNoRequests | WdfIoQueueDriverNoRequests);
	if (!answer.in_queue)
		state |= WdfIoQueueNoRequests;
	if (!answer.in_host)
		state |= WdfIoQueueDriverNoRequests;
	if (in_queue)
		*in_queue = answer.in_queue;
	if (in_driver)
		*in_driver = answer.in_host;
	return state;
}

static HRESULT retrieve(struct queue *queue, struct file *file, IWDFIoRequest **result)
{
	struct iotarget_request *io;
	struct request *request;
	int ret;

	if (!result)
		return E_POINTER;
	*result = NULL;
	/* nothing comes from a file of the driver's own; 0 would be any */
	if (file && !file->number)
		return HRESULT_FROM_WIN32(ERROR_NO_MORE_ITEMS);
	do {
		ret = iotarget_host_retrieve(queue->host, file ? file->number : 0, 0,
					     &io);
		switch (ret) {
		case -ENODATA:
		case -ENODEV:
			return HRESULT_FROM_WIN32(ERROR_NO_MORE_ITEMS);
		case -EAGAIN:
			return HRESULT_FROM_NT(STATUS_WDF_PAUSED);
		case -EPERM:
			return HR_INVALID_STATE;
		}
		request = ret < 0 ? NULL : request_retrieved(queue, io);
		if (!request)
			return E_OUTOFMEMORY;
	} while (request_end_refused(request));
	*result = (IWDFIoRequest *)request;
	return S_OK;
}

static HRESULT queue_retrieve_next(IWDFIoQueue *This, IWDFIoRequest **request)
{
	return retrieve(to_queue(This), NULL, request);
}

static HRESULT queue_retrieve_next_by_file(IWDFIoQueue *This, IWDFFile *file,
					   IWDFIoRequest **request)
{
	if (!file)
		return E_INVALIDARG;
	return retrieve(to_queue(This), (struct file *)file, request);
}

static void queue_start_method(IWDFIoQueue *This)
{
	iotarget_queue_control(to_queue(This)->fd, IOTARGET_QUEUE_START, 0, NULL);
}

/* Asks for a notice if there is a callback for it. */
static void control(struct queue *queue, uint32_t action,
		    IQueueCallbackStateChange *callback)
{
	bool first;
	int ret;

	if (!callback) {
		iotarget_queue_control(queue->fd, action, 0, NULL);
		return;
	}
	callback->lpVtbl->AddRef(callback);
	pthread_mutex_lock(&queue->lock);
	first = !queue->notice;
	if (first)
		queue->notice = callback;
	pthread_mutex_unlock(&queue->lock);
	if (first) {
		ret = iotarget_queue_control(queue->fd, action,
					     IOTARGET_QUEUE_CONTROL_NOTIFY, NULL);
		if (ret >= 0)
			return;
		pthread_mutex_lock(&queue->lock);
		queue->notice = NULL;
		pthread_mutex_unlock(&queue->lock);
	}
	callback_put(callback);
	refuse("Stop, Drain or Purge", queue, HR_INVALID_OPERATION);
}

static void control_wait(struct queue *queue, uint32_t action)
{
	if (in_handler) {
		refuse("a synchronous Stop, Drain or Purge in a handler", queue,
		       HRESULT_FROM_WIN32(ERROR_POSSIBLE_DEADLOCK));
		return;
	}
	if (iotarget_queue_control_wait(queue->host, action) < 0) {
		refuse("a synchronous Stop, Drain or Purge", queue,
		       HR_INVALID_OPERATION);
		return;
	}
	pthread_mutex_lock(&queue->lock);
	while (queue->running)
		pthread_cond_wait(&queue->idle, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
}

static void queue_stop(IWDFIoQueue *This, IQueueCallbackStateChange *callback)
{
	control(to_queue(This), IOTARGET_QUEUE_STOP, callback);
}

static void queue_stop_synchronously(IWDFIoQueue *This)
{
	control_wait(to_queue(This), IOTARGET_QUEUE_STOP);
}

static void queue_drain(IWDFIoQueue *This, IQueueCallbackStateChange *callback)
{
	control(to_queue(This), IOTARGET_QUEUE_DRAIN, callback);
}

static void queue_drain_synchronously(IWDFIoQueue *This)
{
	control_wait(to_queue(This), IOTARGET_QUEUE_DRAIN);
}

static void queue_purge(IWDFIoQueue *This, IQueueCallbackStateChange *callback)
{
	control(to_queue(This), IOTARGET_QUEUE_PURGE, callback);
}

static void queue_purge_synchronously(IWDFIoQueue *This)
{
	control_wait(to_queue(This), IOTARGET_QUEUE_PURGE);
}

static const IWDFIoQueueVtbl queue_vtbl = {
	OBJECT_SLOTS,
	.GetDevice = queue_get_device,
	.ConfigureRequestDispatching = queue_configure_dispatching,
	.GetState = queue_get_state,
	.RetrieveNextRequest = queue_retrieve_next,
	.RetrieveNextRequestByFileObject = queue_retrieve_next_by_file,
	.Start = queue_start_method,
	.Stop = queue_stop,
	.StopSynchronously = queue_stop_synchronously,
	.Drain = queue_drain,
	.DrainSynchronously = queue_drain_synchronously,
	.Purge = queue_purge,
	.PurgeSynchronously = queue_purge_synchronously,
};

/* --------------------------------------------------------------------- life */

static void put_callbacks(struct queue *queue)
{
	callback_put(queue->on_create);
	callback_put(queue->on_read);
	callback_put(queue->on_write);
	callback_put(queue->on_ioctl);
	callback_put(queue->on_default);
	callback_put(queue->on_state);
	callback_put(queue->on_stop);
	callback_put(queue->on_canceled);
	callback_put(queue->cancel_callback);
	callback_put(queue->notice);
}

/* The queue ends in the kernel; its fetcher leaves. */
static void queue_dispose(struct object *object)
{
	struct queue *queue = (struct queue *)object;
	struct device *device = queue->device;

	pthread_mutex_lock(&device->lock);
	list_del(&queue->link);
	pthread_mutex_unlock(&device->lock);
	queue_join(queue);
	/* what is on its way to the driver still uses it */
	pthread_mutex_lock(&queue->lock);
	while (queue->running || queue->works)
		pthread_cond_wait(&queue->idle, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
	put_callbacks(queue);
	queue->on_create = NULL;
	queue->on_read = NULL;
	queue->on_write = NULL;
	queue->on_ioctl = NULL;
	queue->on_default = NULL;
	queue->on_state = NULL;
	queue->on_stop = NULL;
	queue->on_canceled = NULL;
	queue->cancel_callback = NULL;
	queue->notice = NULL;
}

static void queue_free(struct object *object)
{
	struct queue *queue = (struct queue *)object;

	iotarget_host_destroy(queue->host);
	close(queue->fd);
	pthread_cond_destroy(&queue->idle);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

static bool queue_may_delete(struct object *object)
{
	struct queue *queue = (struct queue *)object;
	unsigned int i;

	if (queue->is_default || queue == queue->device->create_queue)
		return false;
	for (i = 0; i <= IOTARGET_TYPE_CONTROL; i++)
		if (queue->device->routes[i] == queue)
			return false;
	/* it waits for its threads: this one, perhaps, or those that wait for this one */
	return !in_handler && !device_is_entered(queue->device);
}

static const IID *const queue_iids[] = {
	&IID_IUnknown, &IID_IWDFObject, &IID_IWDFIoQueue, NULL
};

static const struct object_class queue_class = {
	.name = "queue",
	.iids = queue_iids,
	.may_delete = queue_may_delete,
	.dispose = queue_dispose,
	.free = queue_free,
};

static const struct iotarget_driver fetcher_driver = {
	.size = sizeof(fetcher_driver),
	.flags = IOTARGET_DRIVER_CANCELABLE,
	.on_request = request_arrived,
	.on_cancel = request_cancel_fetched,
	.on_release = request_released,
	.on_canceled_on_queue = request_canceled_on_queue,
	.on_queue_state = state_fetched,
};

static void *fetch(void *arg)
{
	struct queue *queue = arg;

	iotarget_host_run(queue->host);
	return NULL;
}

static bool has_handler(const struct queue *queue)
{
	return queue->on_create || queue->on_read || queue->on_write ||
	       queue->on_ioctl || queue->on_default;
}

static void get_callbacks(struct queue *queue, IUnknown *callback)
{
	queue->on_create = callback_get(callback, &IID_IQueueCallbackCreate);
	queue->on_read = callback_get(callback, &IID_IQueueCallbackRead);
	queue->on_write = callback_get(callback, &IID_IQueueCallbackWrite);
	queue->on_ioctl = callback_get(callback, &IID_IQueueCallbackDeviceIoControl);
	queue->on_default = callback_get(callback,
					 &IID_IQueueCallbackDefaultIoHandler);
	queue->on_state = callback_get(callback, &IID_IQueueCallbackStateChange);
	queue->on_stop = callback_get(callback, &IID_IQueueCallbackIoStop);
	queue->on_canceled = callback_get(callback,
					  &IID_IQueueCallbackIoCanceledOnQueue);
}

/* The kernel's queue, and the thread that fetches from it. */
static HRESULT open_queue(struct queue *queue, bool allow_zero_length)
{
	struct iotarget_queue_create options = {
		.flags = (allow_zero_length ? 0 : IOTARGET_QUEUE_NO_ZERO_LENGTH) |
			 IOTARGET_QUEUE_CANCELED_EVENTS,
		.dispatch = queue->dispatch,
	};
	int ret;

	queue->fd = iotarget_queue_create(queue->device->fd, &options);
	if (queue->fd < 0)
		return hresult_from_status(queue->fd);
	ret = iotarget_host_create_queue(queue->device->host, queue->fd,
					 &fetcher_driver, queue, &queue->host);
	if (!ret)
		ret = -pthread_create(&queue->fetcher, NULL, fetch, queue);
	if (!ret)
		return S_OK;
	iotarget_host_destroy(queue->host);
	close(queue->fd);
	return hresult_from_status(ret);
}

HRESULT queue_create(struct device *device, IUnknown *callback, bool is_default,
		     WDF_IO_QUEUE_DISPATCH_TYPE dispatch, bool power_managed,
		     bool allow_zero_length, struct queue **result)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	bool manual = dispatch == WdfIoQueueDispatchManual;
	HRESULT hr = S_OK;

	if (!queue)
		return E_OUTOFMEMORY;
	queue->device = device;
	queue->dispatch = dispatch;
	queue->is_default = is_default;
	queue->power_managed = power_managed;
	queue->notice_work.run = run_notice;
	queue->state_work.run = run_state_change;
	list_init(&queue->link);
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->idle, NULL);
	get_callbacks(queue, callback);

	if (dispatch < WdfIoQueueDispatchSequential ||
	    dispatch >= WdfIoQueueDispatchMaximum)
		hr = E_INVALIDARG;
	else if (manual == has_handler(queue))
		hr = HRESULT_FROM_WIN32(ERROR_BAD_CONFIGURATION);
	if (SUCCEEDED(hr))
		hr = open_queue(queue, allow_zero_length);
	if (FAILED(hr)) {
		put_callbacks(queue);
		pthread_cond_destroy(&queue->idle);
		pthread_mutex_destroy(&queue->lock);
		free(queue);
		return hr;
	}
	object_init(&queue->object, &queue_class, &queue_vtbl, &device->object, device,
		    callback);
	pthread_mutex_lock(&device->lock);
	list_add_tail(&device->queues, &queue->link);
	pthread_mutex_unlock(&device->lock);
	wudf_debug("queue %p: fd %d, dispatch type %d%s", queue, queue->fd, dispatch,
		   is_default ? ", default" : "");
	*result = queue;
	return S_OK;
}

void queue_join(struct queue *queue)
{
	if (!queue->fetcher)
		return;
	iotarget_host_stop(queue->host);
	pthread_join(queue->fetcher, NULL);
	queue->fetcher = 0;
}
