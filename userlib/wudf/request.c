// SPDX-License-Identifier: MIT
/*
 * Requests: a sender's, which libiotarget has fetched, or the driver's own.
 *
 * The kernel decides every race between a cancel and whoever else wants a request.
 * What is decided here is what the driver sees of it, by the request's state.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

_Thread_local struct request *stopping_request;

static void run_deliver(struct work *work);
static void run_cancel(struct work *work);
static void run_completion(struct work *work);
static const IWDFIoRequest3Vtbl request_vtbl;
static const struct object_class request_class;

static struct request *to_request(void *request)
{
	return request;
}

/* --------------------------------------------------------------------- life */

static struct request *request_new(struct device *device, struct object *parent,
				   struct queue *queue, IUnknown *callback)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->device = device;
	request->queue = queue;
	if (queue)
		object_get(queue);
	request->deliver.run = run_deliver;
	request->cancel_work.run = run_cancel;
	request->completion.run = run_completion;
	list_init(&request->sent.link);
	pthread_mutex_init(&request->lock, NULL);
	object_init(&request->object, &request_class, &request_vtbl, parent, device,
		    callback);
	return request;
}

struct request *request_create_own(struct device *device, struct object *parent,
				   IUnknown *callback)
{
	struct request *request = request_new(device, parent, NULL, callback);

	if (!request)
		return NULL;
	request->own = true;
	request->state = REQUEST_OWNED;
	return request;
}

struct request *request_create_for_file(struct file *file, struct queue *queue)
{
	struct request *request = request_new(file->device, &file->device->object,
					      queue, NULL);

	if (!request)
		return NULL;
	request->create = true;
	request->type = WdfRequestCreate;
	request->state = REQUEST_OWNED;
	request->file = file;
	object_get(file);
	object_get(request);		/* for the caller */
	return request;
}

/* What a sender asks for. libiotarget's request holds a reference to ours. */
static struct request *request_of_io(struct iotarget_request *io, struct queue *queue)
{
	static const WDF_REQUEST_TYPE types[] = {
		[IOTARGET_TYPE_READ] = WdfRequestRead,
		[IOTARGET_TYPE_WRITE] = WdfRequestWrite,
		[IOTARGET_TYPE_CONTROL] = WdfRequestDeviceIoControl,
	};
	struct request *request = io->context;
	struct queue *old;

	if (request) {
		pthread_mutex_lock(&request->lock);
		old = request->queue;
		if (queue)
			object_get(queue);
		request->queue = queue;
		pthread_mutex_unlock(&request->lock);
		if (old)
			object_put(old);
		return request;
	}
	request = request_new(queue->device, &queue->device->object, queue, NULL);
	if (!request)
		return NULL;
	request->io = io;
	request->type = types[io->type];
	request->code = io->code;
	request->offset = io->offset;
	request->in_length = io->in_length;
	request->out_length = io->out_length;
	request->pid = io->pid;
	request->is_32bit = io->flags & IOTARGET_RECORD_32BIT;
	request->file = file_get(queue->device, io->file, io->pid);
	object_get(request);
	io->context = request;
	return request;
}

static bool request_may_delete(struct object *object)
{
	struct request *request = to_request(object);
	bool may;

	pthread_mutex_lock(&request->lock);
	may = request->own && request->state == REQUEST_OWNED;
	pthread_mutex_unlock(&request->lock);
	return may;
}

void operation_clear(struct operation *operation)
{
	if (operation->file)
		object_put(operation->file);
	if (operation->in_memory)
		object_put(operation->in_memory);
	if (operation->out_memory)
		object_put(operation->out_memory);
	memset(operation, 0, sizeof(*operation));
}

/* What refers to others, which may refer to this one. */
static void request_dispose(struct object *object)
{
	struct request *request = to_request(object);
	void *on_cancel, *on_completion;
	struct operation operation = { };
	struct memory *in, *out;

	pthread_mutex_lock(&request->lock);
	/* (a target may still be at work on it) */
	if (request->state != REQUEST_SENT) {
		operation = request->operation;
		request->operation = (struct operation){ };
	}
	in = request->in_memory;
	out = request->out_memory;
	on_cancel = request->on_cancel;
	on_completion = request->on_completion;
	request->in_memory = NULL;
	request->out_memory = NULL;
	request->on_cancel = NULL;
	request->on_completion = NULL;
	pthread_mutex_unlock(&request->lock);
	operation_clear(&operation);
	if (in)
		object_put(in);
	if (out)
		object_put(out);
	callback_put(on_cancel);
	callback_put(on_completion);
}

static void request_free(struct object *object)
{
	struct request *request = to_request(object);

	request_dispose(object);
	if (request->queue)
		object_put(request->queue);
	if (request->file)
		object_put(request->file);
	if (!request->out_pinned)
		free(request->out);
	pthread_mutex_destroy(&request->lock);
	free(request);
}

/* libiotarget has done with it: it has completed, or ended in a queue. */
void request_released(struct iotarget_request *io)
{
	struct request *request = io->context;

	if (!request)
		return;
	pthread_mutex_lock(&request->lock);
	request->io = NULL;
	request->state = REQUEST_COMPLETED;
	pthread_mutex_unlock(&request->lock);
	object_delete(&request->object);
	object_put(request);
}

/* ----------------------------------------------------------------- delivery */

static void count_waiting(struct queue *queue, int more)
{
	pthread_mutex_lock(&queue->lock);
	queue->waiting += more;
	pthread_mutex_unlock(&queue->lock);
}

/*
 * A request has been fetched. It is marked as cancelable, so a cancel ends it as if it
 * were in the queue, until the driver sees it.
 */
void request_arrived(struct iotarget_request *io)
{
	struct queue *queue = io->host_context;
	struct request *request = request_of_io(io, queue);

	if (!request) {
		iotarget_request_complete(io, -ENOMEM, NULL, 0, 0);
		return;
	}
	count_waiting(queue, 1);
	object_get(request);
	pthread_mutex_lock(&request->lock);
	request->state = REQUEST_WAITING;
	pthread_mutex_unlock(&request->lock);
	pool_queue(&queue->device->callbacks, &request->deliver, false);
}

/* With the lock held. */
static bool is_due(struct request *request)
{
	return request->state == REQUEST_WAITING && !request->queue->stopping;
}

/*
 * The driver's now? If not, it is cancelled, or its device ends. With the device's
 * lock: what waits for that is still in the queue.
 */
static bool take_delivery(struct request *request)
{
	int ret = -ECANCELED;

	pthread_mutex_lock(&request->lock);
	if (is_due(request)) {
		ret = iotarget_request_unmark_cancelable(request->io);
		request->state = ret == -ECANCELED ? REQUEST_DOOMED : REQUEST_OWNED;
	}
	pthread_mutex_unlock(&request->lock);
	if (ret == -ECANCELED)
		return false;
	count_waiting(request->queue, -1);
	/* its queue has ended */
	if (ret)
		request_fail(request, ret);
	return !ret;
}

static void call_canceled_on_queue(struct request *request)
{
	struct queue *queue = request->queue;

	wudf_debug("OnIoCanceledOnQueue of %p", request);
	queue_enter(queue);
	queue->on_canceled->lpVtbl->OnIoCanceledOnQueue(queue->on_canceled,
		(IWDFIoQueue *)queue, (IWDFIoRequest *)request);
	queue_leave(queue);
	queue_work_ends(queue);
}

static void call_handler(struct request *request)
{
	struct queue *queue = request->queue;
	int32_t status;

	queue_enter(queue);
	if (take_delivery(request)) {
		if (request->file && file_is_refused(request->file, &status))
			request_fail(request, status);
		else if (!queue_call(queue, request))
			request_fail(request, -EINVAL);
	}
	queue_leave(queue);
}

static void run_deliver(struct work *work)
{
	struct request *request = container_of(work, struct request, deliver);
	struct file *file = request->file;
	bool due, canceled;

	pthread_mutex_lock(&request->lock);
	due = is_due(request);
	/* without OnIoCanceledOnQueue */
	canceled = request->state == REQUEST_QUEUED;
	pthread_mutex_unlock(&request->lock);
	if (canceled) {
		request_fail(request, -ECANCELED);
	} else if (request->on_queue_cancel) {
		call_canceled_on_queue(request);
	} else if (due) {
		/* again when OnCreateFile is answered */
		if (file && !file_open(file, work))
			return;
		call_handler(request);
	}
	object_put(request);
}

/*
 * Without OnIoCanceledOnQueue it ends here: if the kernel ended it, we would not hear
 * of it, and keep it.
 */
void request_canceled_on_queue(struct iotarget_request *io)
{
	struct queue *queue = io->host_context;
	struct request *request = request_of_io(io, queue);
	struct device *device = queue->device;

	if (!request) {
		iotarget_request_complete(io, -ECANCELED, NULL, 0, 0);
		return;
	}
	pthread_mutex_lock(&request->lock);
	request->on_queue_cancel = queue->on_canceled;
	if (!queue->on_canceled) {
		request->state = REQUEST_QUEUED;
	} else {
		request->state = REQUEST_OWNED;
		request->cancel = CANCEL_TOLD;
		request->told = true;
		request->canceled = true;
	}
	pthread_mutex_unlock(&request->lock);
	object_get(request);
	if (queue->on_canceled)
		queue_work_starts(queue);
	pool_queue(queue->on_canceled ? &device->callbacks : &device->completions,
		   &request->deliver, true);
}

struct request *request_retrieved(struct queue *queue, struct iotarget_request *io)
{
	struct request *request = request_of_io(io, queue);

	if (!request) {
		iotarget_request_complete(io, -ENOMEM, NULL, 0, 0);
		return NULL;
	}
	object_get(request);
	pthread_mutex_lock(&request->lock);
	request->state = REQUEST_OWNED;
	pthread_mutex_unlock(&request->lock);
	if (request->file)
		file_open(request->file, NULL);
	wudf_debug("request %p retrieved", request);
	return request;
}

bool request_end_refused(struct request *request)
{
	int32_t status;

	if (!request->file || !file_is_refused(request->file, &status))
		return false;
	request_fail(request, status);
	object_put(request);
	return true;
}

/* On the device fd: the driver has no queue for it. */
void request_unrouted(struct iotarget_request *io)
{
	struct device *device = io->host_context;
	struct queue *queue;

	if (device->filter && device->target->name &&
	    SUCCEEDED(device_forgotten_queue(device, &queue)) &&
	    iotarget_request_forward(io, queue->host) >= 0)
		device_send_forgotten(device);
	else
		iotarget_request_complete(io, -EINVAL, NULL, 0, 0);
}

/* --------------------------------------------------------------- completion */

/* Zeroed bytes for what goes back to the sender. */
void *request_out_buffer(struct request *request)
{
	if (!request->out)
		request->out = calloc(1, request->out_length ? request->out_length : 1);
	return request->out;
}

static void complete_create(struct request *request, HRESULT hr)
{
	wudf_debug("OnCreateFile answered %#x", (unsigned int)hr);
	file_opened(request->file, hr);
	object_delete(&request->object);
}

static void complete(struct request *request, HRESULT hr, ULONG_PTR information)
{
	uint32_t most = request->out_length ? request->out_length : request->in_length;
	struct iotarget_request *io;
	uint32_t length;
	bool refused;

	/*
	 * Windows looks at it for a success alone, and not without a buffer. Drivers
	 * tell so how much they would need, where no bytes came; without a buffer
	 * the kernel carries no more than came in.
	 */
	if (information > most && (FAILED(hr) ||
	    (request->type == WdfRequestDeviceIoControl && !request->out_length)))
		information = FAILED(hr) ? 0 : most;
	pthread_mutex_lock(&request->lock);
	/*
	 * One that is marked would be the kernel's to refuse. But if a cancel has
	 * taken the mark and the fetcher is about to tell us, it no longer does.
	 */
	refused = request->own || request->state != REQUEST_OWNED ||
		  request->marked || request->cancel == CANCEL_DUE ||
		  (!request->create && information > most);
	if (!refused)
		request->state = REQUEST_COMPLETED;
	io = request->io;
	length = request->out && request->out_length ? information : 0;
	pthread_mutex_unlock(&request->lock);
	if (refused) {
		refuse("Complete", request, HR_INVALID_OPERATION);
		return;
	}
	if (request->create) {
		complete_create(request, hr);
		return;
	}

	/* the cleanup comes before the sender knows */
	object_get(request);
	object_delete(&request->object);
	iotarget_request_complete(io, status_from_hresult(hr), request->out, length,
				  information);
	object_put(request);
}

void request_fail(struct request *request, int32_t status)
{
	struct iotarget_request *io;

	pthread_mutex_lock(&request->lock);
	io = request->io;
	request->state = REQUEST_COMPLETED;
	pthread_mutex_unlock(&request->lock);
	if (io)
		iotarget_request_complete(io, status, NULL, 0, 0);
}

struct request **request_list(struct device *device, unsigned int *count)
{
	return (struct request **)object_list(&device->object, &request_class, count);
}

void request_abandon(struct request *request)
{
	bool abandoned;

	pthread_mutex_lock(&request->lock);
	abandoned = request->io && request->state != REQUEST_COMPLETED &&
		    request->state != REQUEST_QUEUED;
	pthread_mutex_unlock(&request->lock);
	if (abandoned)
		request_fail(request, -ENODEV);
}

static void request_complete_with_information(IWDFIoRequest3 *This, HRESULT hr,
					      SIZE_T information)
{
	complete(to_request(This), hr, information);
}

static void request_set_information(IWDFIoRequest3 *This, ULONG_PTR information)
{
	to_request(This)->information = information;
}

static void request_complete(IWDFIoRequest3 *This, HRESULT hr)
{
	complete(to_request(This), hr, to_request(This)->information);
}

/* ------------------------------------------------------------------- cancel */

/* It was marked, by the driver, by us for a Send, or by its delivery. */
void request_cancel_fetched(struct iotarget_request *io)
{
	struct request *request = io->context;
	bool fail = false, call = false, sent = false;

	if (!request)
		return;
	object_get(request);
	pthread_mutex_lock(&request->lock);
	request->told = true;
	switch (request->state) {
	case REQUEST_WAITING:
	case REQUEST_DOOMED:
		/* (whoever delivers it finds it is not due) */
		request->state = REQUEST_DOOMED;
		fail = true;
		break;
	case REQUEST_SENT:
		request->sent.cancel_seen = true;
		sent = request->sent.waits_for_cancel;
		if (!sent)
			target_cancel(request->sent.target, request, NULL);
		break;
	case REQUEST_OWNED:
		call = request->marked;
		request->marked = false;
		if (call)
			request->cancel = CANCEL_DUE;
		break;
	default:
		break;
	}
	pthread_mutex_unlock(&request->lock);
	wudf_debug("cancel of %p fetched", request);

	if (fail) {
		count_waiting(request->queue, -1);
		request_fail(request, -ECANCELED);
	}
	if (sent)
		request_sent_done(request, false);
	if (call)
		pool_queue(&request->device->callbacks, &request->cancel_work, true);
	else
		object_put(request);
}

static void call_on_cancel(struct request *request)
{
	IRequestCallbackCancel *callback;

	device_enter(request->device);
	pthread_mutex_lock(&request->lock);
	callback = request->on_cancel;
	request->on_cancel = NULL;
	request->cancel = CANCEL_TOLD;
	request->canceled = true;
	pthread_mutex_unlock(&request->lock);
	if (callback) {
		wudf_debug("OnCancel of %p", request);
		callback->lpVtbl->OnCancel(callback, (IWDFIoRequest *)request);
	}
	device_leave(request->device);
	callback_put(callback);
}

static void run_cancel(struct work *work)
{
	struct request *request = container_of(work, struct request, cancel_work);

	call_on_cancel(request);
	object_put(request);
}

/* All marks of a queue have the same callback object. */
static bool is_callback_of_queue(struct queue *queue, IRequestCallbackCancel *callback)
{
	IUnknown *unknown = callback_get((IUnknown *)callback, &IID_IUnknown);
	bool same;

	pthread_mutex_lock(&queue->lock);
	same = !queue->cancel_callback || queue->cancel_callback == unknown;
	if (!queue->cancel_callback) {
		queue->cancel_callback = unknown;
		unknown = NULL;
	}
	pthread_mutex_unlock(&queue->lock);
	callback_put(unknown);
	return same;
}

static void request_mark_cancelable(IWDFIoRequest3 *This,
				    IRequestCallbackCancel *callback)
{
	struct request *request = to_request(This);
	bool call = false;
	int ret = -EINVAL;

	if (!callback || request->own || (request->queue &&
	    !is_callback_of_queue(request->queue, callback))) {
		refuse("MarkCancelable", request, HR_INVALID_OPERATION);
		return;
	}
	/* (a create ends when the file is open, and nobody can cancel it) */
	if (request->create)
		return;

	callback->lpVtbl->AddRef(callback);
	pthread_mutex_lock(&request->lock);
	if (request->state == REQUEST_OWNED && request->cancel == CANCEL_NONE) {
		ret = request->told && !request->marked ? -ECANCELED :
			iotarget_request_mark_cancelable(request->io);
		call = ret == -ECANCELED;
		if (call)
			request->cancel = CANCEL_DUE;
		if (!ret || call) {
			request->marked = !call;
			request->on_cancel = callback;
		}
	}
	if (call)
		object_get(request);
	pthread_mutex_unlock(&request->lock);

	if (call && device_is_entered(request->device)) {
		pool_queue(&request->device->callbacks, &request->cancel_work, true);
	} else if (call) {
		run_cancel(&request->cancel_work);
	} else if (ret < 0) {
		callback_put(callback);
		refuse("MarkCancelable", request, HR_INVALID_OPERATION);
	}
}

static HRESULT request_unmark_cancelable(IWDFIoRequest3 *This)
{
	struct request *request = to_request(This);
	IRequestCallbackCancel *callback = NULL;
	HRESULT hr = HR_INVALID_OPERATION;
	int ret;

	if (request->create)
		return S_OK;
	pthread_mutex_lock(&request->lock);
	if (request->cancel != CANCEL_NONE) {
		hr = HR_CANCELED;
	} else if (request->state == REQUEST_OWNED && request->io) {
		ret = iotarget_request_unmark_cancelable(request->io);
		/* (a device that has ended calls nobody) */
		if (!ret || ret == -ENODEV)
			hr = S_OK;
		else if (ret == -ECANCELED)
			hr = HR_CANCELED;
	}
	if (hr == S_OK) {
		request->marked = false;
		callback = request->on_cancel;
		request->on_cancel = NULL;
	}
	pthread_mutex_unlock(&request->lock);
	callback_put(callback);
	if (hr == HR_INVALID_OPERATION)
		refuse("UnmarkCancelable", request, hr);
	return hr;
}

static BOOL request_is_canceled(IWDFIoRequest3 *This)
{
	struct request *request = to_request(This);
	BOOL canceled = FALSE;

	pthread_mutex_lock(&request->lock);
	if (request->state == REQUEST_OWNED && !request->marked &&
	    request->cancel != CANCEL_DUE)
		canceled = request->told || request->canceled ||
			   (request->io && iotarget_request_is_canceled(request->io) > 0);
	pthread_mutex_unlock(&request->lock);
	return canceled;
}

static BOOL request_cancel_sent_request(IWDFIoRequest3 *This)
{
	return request_cancel_sent(to_request(This));
}

/* ------------------------------------------------------------------- queues */

/*
 * Gives it to a queue, unless a cancel of it came to us while it was sent: then it
 * would end there as cancelled, which the kernel does not do with what it has told.
 */
static HRESULT give_to_queue(struct request *request, struct queue *to)
{
	struct iotarget_request *io;
	bool refused, told;
	int ret;

	pthread_mutex_lock(&request->lock);
	refused = !request->io || request->state != REQUEST_OWNED ||
		  request->cancel != CANCEL_NONE;
	told = request->told && !request->marked;
	io = request->io;
	if (!refused)
		request->state = REQUEST_QUEUED;
	pthread_mutex_unlock(&request->lock);
	if (refused)
		return HR_INVALID_OPERATION;
	if (told) {
		request_fail(request, -ECANCELED);
		return S_OK;
	}

	ret = to ? iotarget_request_forward(io, to->host) : iotarget_request_requeue(io);
	if (ret >= 0)
		return S_OK;
	pthread_mutex_lock(&request->lock);
	request->state = REQUEST_OWNED;
	pthread_mutex_unlock(&request->lock);
	return ret == -EBUSY ? HRESULT_FROM_NT(STATUS_WDF_BUSY) : HR_INVALID_OPERATION;
}

static HRESULT request_forward_to_io_queue(IWDFIoRequest3 *This, IWDFIoQueue *queue)
{
	HRESULT hr = queue ? give_to_queue(to_request(This), (struct queue *)queue) :
			     E_INVALIDARG;

	return FAILED(hr) ? refuse("ForwardToIoQueue", This, hr) : hr;
}

static HRESULT request_requeue(IWDFIoRequest3 *This)
{
	HRESULT hr = give_to_queue(to_request(This), NULL);

	return FAILED(hr) ? refuse("Requeue", This, hr) : hr;
}

static void request_get_io_queue(IWDFIoRequest3 *This, IWDFIoQueue **queue)
{
	struct request *request = to_request(This);

	pthread_mutex_lock(&request->lock);
	*queue = (IWDFIoQueue *)request->queue;
	if (*queue)
		object_get(*queue);
	pthread_mutex_unlock(&request->lock);
}

/* Only in OnIoStop, and devices are only stopped for good: it ends with them. */
static void request_stop_acknowledge(IWDFIoRequest3 *This, BOOL requeue)
{
	struct request *request = to_request(This);

	if (stopping_request != request)
		refuse("StopAcknowledge", request, HR_INVALID_OPERATION);
	else if (requeue)
		request_fail(request, -ECANCELED);
}

bool request_is_held(struct request *request, struct queue *queue, bool *marked)
{
	bool held;

	pthread_mutex_lock(&request->lock);
	held = request->io && request->queue == queue &&
	       (request->state == REQUEST_OWNED || request->state == REQUEST_SENT) &&
	       request->cancel == CANCEL_NONE;
	*marked = request->marked;
	pthread_mutex_unlock(&request->lock);
	return held;
}

/* --------------------------------------------------------------- parameters */

static WDF_REQUEST_TYPE request_get_type(IWDFIoRequest3 *This)
{
	struct request *request = to_request(This);

	return request->own && request->operation.formatted ? request->operation.type :
							      request->type;
}

static void request_get_create_parameters(IWDFIoRequest3 *This, ULONG *options,
					  USHORT *attributes, USHORT *share)
{
	(void)This;
	if (options)
		*options = 0;
	if (attributes)
		*attributes = 0;
	if (share)
		*share = 0;
}

static void request_get_create_parameters_ex(IWDFIoRequest3 *This, ULONG *options,
					     USHORT *attributes, USHORT *share,
					     ACCESS_MASK *access)
{
	request_get_create_parameters(This, options, attributes, share);
	if (access)
		*access = 0;
}

static void get_parameters(struct request *request, SIZE_T length, SIZE_T *size,
			   LONGLONG *offset, ULONG *key)
{
	if (size)
		*size = length;
	if (offset)
		*offset = request->offset;
	if (key)
		*key = 0;
}

static void request_get_read_parameters(IWDFIoRequest3 *This, SIZE_T *size,
					LONGLONG *offset, ULONG *key)
{
	get_parameters(to_request(This), to_request(This)->out_length, size, offset, key);
}

static void request_get_write_parameters(IWDFIoRequest3 *This, SIZE_T *size,
					 LONGLONG *offset, ULONG *key)
{
	get_parameters(to_request(This), to_request(This)->in_length, size, offset, key);
}

static void request_get_ioctl_parameters(IWDFIoRequest3 *This, ULONG *code, SIZE_T *in,
					 SIZE_T *out)
{
	struct request *request = to_request(This);

	if (code)
		*code = request->code;
	if (in)
		*in = request->in_length;
	if (out)
		*out = request->out_length;
}

static void request_get_information_parameters(IWDFIoRequest3 *This,
					       WDF_FILE_INFORMATION_CLASS *class,
					       SIZE_T *size)
{
	(void)This;
	if (class)
		*class = WdfFileInformationMaximum;
	if (size)
		*size = 0;
}

/*
 * The memory object of one direction, made when first asked for. @may_be_empty: of a
 * buffer of no bytes, too.
 */
static HRESULT get_memory(struct request *request, bool out, bool may_be_empty,
			  IWDFMemory **result)
{
	struct memory **memory = out ? &request->out_memory : &request->in_memory;
	SIZE_T length = out ? request->out_length : request->in_length;
	HRESULT hr = S_OK;
	void *data;

	if (!result)
		return E_POINTER;
	*result = NULL;
	pthread_mutex_lock(&request->lock);
	if (!request->io || request->state != REQUEST_OWNED) {
		hr = HR_INVALID_OPERATION;
	} else if (!length && !may_be_empty) {
		hr = HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
	} else if (!*memory) {
		data = !length ? NULL :
		       out ? request_out_buffer(request) : (void *)request->io->in;
		*memory = data || !length ?
			  memory_create(&request->object, NULL, data, length) : NULL;
		/* ours, besides that of the tree */
		if (*memory)
			object_get(*memory);
	}
	if (SUCCEEDED(hr) && !*memory)
		hr = E_OUTOFMEMORY;
	if (SUCCEEDED(hr)) {
		object_get(*memory);
		*result = (IWDFMemory *)*memory;
	}
	pthread_mutex_unlock(&request->lock);
	return hr;
}

/* Drivers release it without a look: there is one, unless the type has none. */
static void request_get_output_memory(IWDFIoRequest3 *This, IWDFMemory **memory)
{
	struct request *request = to_request(This);

	get_memory(request, true, request->type != WdfRequestWrite, memory);
}

static void request_get_input_memory(IWDFIoRequest3 *This, IWDFMemory **memory)
{
	struct request *request = to_request(This);

	get_memory(request, false, request->type != WdfRequestRead, memory);
}

static HRESULT request_retrieve_output_memory(IWDFIoRequest3 *This, IWDFMemory **memory)
{
	return get_memory(to_request(This), true, false, memory);
}

static HRESULT request_retrieve_input_memory(IWDFIoRequest3 *This, IWDFMemory **memory)
{
	return get_memory(to_request(This), false, false, memory);
}

static HRESULT retrieve_buffer(struct request *request, bool out, SIZE_T minimum,
			       PVOID *buffer, SIZE_T *length)
{
	IWDFMemory *memory;
	HRESULT hr;

	if (!buffer)
		return E_POINTER;
	*buffer = NULL;
	if ((out ? request->out_length : request->in_length) < minimum)
		return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
	hr = get_memory(request, out, false, &memory);
	if (FAILED(hr))
		return hr;
	*buffer = IWDFMemory_GetDataBuffer(memory, length);
	IWDFMemory_Release(memory);
	return S_OK;
}

static HRESULT request_retrieve_input_buffer(IWDFIoRequest3 *This, SIZE_T minimum,
					     PVOID *buffer, SIZE_T *length)
{
	return retrieve_buffer(to_request(This), false, minimum, buffer, length);
}

static HRESULT request_retrieve_output_buffer(IWDFIoRequest3 *This, SIZE_T minimum,
					      PVOID *buffer, SIZE_T *length)
{
	return retrieve_buffer(to_request(This), true, minimum, buffer, length);
}

static void request_get_file_object(IWDFIoRequest3 *This, IWDFFile **file)
{
	*file = (IWDFFile *)to_request(This)->file;
	if (*file)
		object_get(*file);
}

static ULONG request_get_requestor_process_id(IWDFIoRequest3 *This)
{
	return to_request(This)->pid;
}

static BOOL request_is_from_32bit_process(IWDFIoRequest3 *This)
{
	return to_request(This)->is_32bit;
}

static WDF_KPROCESSOR_MODE request_get_requestor_mode(IWDFIoRequest3 *This)
{
	(void)This;
	return WdfUserMode;
}

static BOOL request_is_from_user_mode_driver(IWDFIoRequest3 *This)
{
	return to_request(This)->own;
}

static WDF_DEVICE_IO_TYPE request_get_effective_io_type(IWDFIoRequest3 *This)
{
	(void)This;
	return WdfDeviceIoBuffered;
}

/* --------------------------------------------------------------- what is not */

static HRESULT request_impersonate(IWDFIoRequest3 *This,
				   SECURITY_IMPERSONATION_LEVEL level,
				   IImpersonateCallback *callback, void *context)
{
	(void)This;
	(void)level;
	(void)callback;
	(void)context;
	return E_NOTIMPL;
}

static void request_set_initiated(IWDFIoRequest3 *This, BOOL initiated)
{
	(void)This;
	(void)initiated;
}

static BOOL request_get_initiated(IWDFIoRequest3 *This)
{
	(void)This;
	return FALSE;
}

static HRESULT request_retrieve_activity_id(IWDFIoRequest3 *This, LPGUID id)
{
	(void)This;
	(void)id;
	return E_NOTIMPL;
}

static void request_set_activity_id(IWDFIoRequest3 *This, LPGUID id)
{
	(void)This;
	(void)id;
}

/* --------------------------------------------------------------------- send */

static void request_set_completion_callback(IWDFIoRequest3 *This,
				IRequestCallbackRequestCompletion *callback,
				void *context)
{
	struct request *request = to_request(This);
	IRequestCallbackRequestCompletion *old;

	if (callback)
		callback->lpVtbl->AddRef(callback);
	pthread_mutex_lock(&request->lock);
	old = request->on_completion;
	request->on_completion = callback;
	request->on_completion_context = context;
	pthread_mutex_unlock(&request->lock);
	callback_put(old);
}

static void request_format_using_current_type(IWDFIoRequest3 *This)
{
	struct request *request = to_request(This);
	struct operation *operation = &request->operation;

	pthread_mutex_lock(&request->lock);
	if (!request->own && request->state == REQUEST_OWNED) {
		operation_clear(operation);
		operation->type = request->type;
		operation->code = request->code;
		operation->offset = request->offset;
		operation->file = request->file;
		if (operation->file)
			object_get(operation->file);
		if (request->io)
			operation->in = (void *)request->io->in;
		operation->in_length = request->in_length;
		operation->out = request_out_buffer(request);
		operation->out_length = request->out_length;
		operation->current_type = true;
		operation->formatted = operation->out;
	}
	pthread_mutex_unlock(&request->lock);
}

/* The flags alone. */
static HRESULT check_flags(ULONG flags)
{
	const ULONG impersonation = WDF_REQUEST_SEND_OPTION_IMPERSONATE_CLIENT |
				    WDF_REQUEST_SEND_OPTION_IMPERSONATION_IGNORE_FAILURE;
	const ULONG known = WDF_REQUEST_SEND_OPTION_TIMEOUT |
			    WDF_REQUEST_SEND_OPTION_SYNCHRONOUS |
			    WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE |
			    WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET | impersonation;

	if (flags & ~known ||
	    (flags & WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET &&
	     flags & ~(WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET | impersonation)))
		return E_INVALIDARG;
	return S_OK;
}

/* With the lock held. */
static HRESULT check_send(struct request *request, ULONG flags)
{
	bool forget = flags & WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET;

	if (request->state != REQUEST_OWNED || request->marked ||
	    request->cancel == CANCEL_DUE)
		return HR_INVALID_OPERATION;
	if (request->canceled)
		return HR_CANCELED;
	if (forget && request->own)
		return HR_INVALID_STATE;
	if (forget && request->operation.formatted && !request->operation.current_type)
		return HR_INVALID_REQUEST;
	if (!forget && !request->operation.formatted)
		return HRESULT_FROM_NT(STATUS_REQUEST_NOT_ACCEPTED);
	if (!forget && !request->own && !request->on_completion &&
	    !(flags & WDF_REQUEST_SEND_OPTION_SYNCHRONOUS))
		return HR_INVALID_REQUEST;
	return S_OK;
}

/*
 * Through a queue of the framework's own, so that the driver's queue is free of it at
 * once.
 */
static HRESULT send_and_forget(struct request *request, struct target *target)
{
	struct queue *queue;
	HRESULT hr;

	if (request->create) {
		hr = target_open_file(target, request->file);
		if (SUCCEEDED(hr))
			complete(request, hr, 0);
		return hr;
	}
	if (!target->name)
		return HR_INVALID_REQUEST;
	hr = device_forgotten_queue(request->device, &queue);
	if (SUCCEEDED(hr))
		hr = give_to_queue(request, queue);
	if (SUCCEEDED(hr))
		device_send_forgotten(request->device);
	return hr;
}

/*
 * A cancel took the mark of what could not be sent: it can be completed when the
 * fetcher has seen it, if its queue has not ended before. With the lock held.
 */
static void wait_claim(struct request *request)
{
	while (request->claimed && !request->told &&
	       iotarget_request_is_canceled(request->io) != -ENODEV) {
		pthread_mutex_unlock(&request->lock);
		sched_yield();
		pthread_mutex_lock(&request->lock);
	}
	request->claimed = false;
}

void device_send_forgotten(struct device *device)
{
	struct iotarget_request *io;
	struct request *request;
	HRESULT hr;

	/* whichever it is: as many come as are given */
	if (iotarget_host_retrieve(device->forgotten->host, 0, 0, &io) < 0)
		return;
	request = request_retrieved(device->forgotten, io);
	if (!request || request_end_refused(request))
		return;
	request_format_using_current_type((IWDFIoRequest3 *)request);
	pthread_mutex_lock(&request->lock);
	hr = target_send(device->target, request,
			 WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET, 0);
	wait_claim(request);
	pthread_mutex_unlock(&request->lock);
	if (FAILED(hr))
		request_fail(request, status_from_hresult(hr));
	object_put(request);
}

static HRESULT request_send(IWDFIoRequest3 *This, IWDFIoTarget *wdf_target, ULONG flags,
			    LONGLONG timeout)
{
	struct request *request = to_request(This);
	struct target *target = (struct target *)wdf_target;
	bool synchronous = flags & WDF_REQUEST_SEND_OPTION_SYNCHRONOUS;
	HRESULT hr = target ? check_flags(flags) : E_INVALIDARG;

	if (FAILED(hr))
		return refuse("Send", request, hr);
	/* OnCompletion can drop the last one */
	object_get(request);
	pthread_mutex_lock(&request->lock);
	hr = check_send(request, flags);
	if (SUCCEEDED(hr) && !(flags & WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET))
		hr = target_send(target, request, flags, timeout);
	wait_claim(request);
	request->status = hr;
	pthread_mutex_unlock(&request->lock);

	if (SUCCEEDED(hr) && flags & WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET) {
		hr = send_and_forget(request, target);
	} else if (SUCCEEDED(hr) && synchronous) {
		target_wait_done(target, request);
		run_completion(&request->completion);
	}
	object_put(request);
	return FAILED(hr) ? refuse("Send", This, hr) : hr;
}

BOOL request_cancel_sent(struct request *request)
{
	unsigned int holds;
	bool pended = false;
	int ret;

	pthread_mutex_lock(&request->lock);
	request->canceled = true;
	holds = request->state == REQUEST_SENT ? request->sent.holds : 0;
	while (holds && !atomic_compare_exchange_weak(&request->sent.holds, &holds,
						      holds + 1))
		;
	if (!holds) {
		pthread_mutex_unlock(&request->lock);
		return FALSE;
	}
	ret = target_cancel(request->sent.target, request, &pended);
	pthread_mutex_unlock(&request->lock);

	/* then it is complete, and its OnCompletion is to run in this thread */
	if (ret == IOTARGET_CANCEL_DELIVERED && pended)
		target_wait_reaped(request->sent.target, request);
	if (atomic_fetch_sub(&request->sent.holds, 1) == 1)
		request_sent_done(request, true);
	wudf_debug("CancelSentRequest of %p: %d", request, ret);
	return ret == IOTARGET_CANCEL_DELIVERED;
}

/*
 * It has completed below, and nobody cancels it any more. What was marked for the sake
 * of its sender's cancel is unmarked; if a cancel has taken it, that comes first.
 */
void request_sent_done(struct request *request, bool here)
{
	struct sent *sent = &request->sent;
	bool waits = false;

	pthread_mutex_lock(&request->lock);
	if (sent->marked && !sent->cancel_seen) {
		waits = iotarget_request_unmark_cancelable(request->io) == -ECANCELED;
		sent->waits_for_cancel = waits;
	}
	pthread_mutex_unlock(&request->lock);
	if (waits)
		return;
	if (sent->synchronous)
		target_set_done(sent->target, request);
	else if (here)
		run_completion(&request->completion);
	else
		pool_queue(&request->device->completions, &request->completion, false);
}

/* -------------------------------------------------------- completion params */

struct params {
	struct object object;
	HRESULT status;
	ULONG_PTR information;
	struct operation operation;
};

static struct params *to_params(IWDFIoRequestCompletionParams *params)
{
	return (struct params *)params;
}

static HRESULT params_get_status(IWDFIoRequestCompletionParams *This)
{
	return to_params(This)->status;
}

static ULONG_PTR params_get_information(IWDFIoRequestCompletionParams *This)
{
	return to_params(This)->information;
}

static WDF_REQUEST_TYPE params_get_type(IWDFIoRequestCompletionParams *This)
{
	struct params *params = to_params(This);

	return params->operation.current_type ? WdfRequestTypeNoFormat :
						params->operation.type;
}

static void give_memory(struct memory *from, SIZE_T offset, IWDFMemory **memory,
			SIZE_T *memory_offset)
{
	if (memory) {
		*memory = (IWDFMemory *)from;
		if (from)
			object_get(from);
	}
	if (memory_offset)
		*memory_offset = offset;
}

static void params_get_write(IWDFIoRequestCompletionParams *This, IWDFMemory **memory,
			     SIZE_T *bytes, SIZE_T *offset)
{
	struct params *params = to_params(This);

	give_memory(params->operation.in_memory, params->operation.in_offset, memory,
		    offset);
	if (bytes)
		*bytes = params->information;
}

static void params_get_read(IWDFIoRequestCompletionParams *This, IWDFMemory **memory,
			    SIZE_T *bytes, SIZE_T *offset)
{
	struct params *params = to_params(This);

	give_memory(params->operation.out_memory, params->operation.out_offset, memory,
		    offset);
	if (bytes)
		*bytes = params->information;
}

static void params_get_ioctl(IWDFIoRequestCompletionParams *This, ULONG *code,
			     IWDFMemory **in, SIZE_T *in_offset, IWDFMemory **out,
			     SIZE_T *out_offset, SIZE_T *bytes)
{
	struct params *params = to_params(This);

	if (code)
		*code = params->operation.code;
	params_get_write(This, in, NULL, in_offset);
	params_get_read(This, out, bytes, out_offset);
}

static const IWDFIoRequestCompletionParamsVtbl params_vtbl = {
	UNKNOWN_SLOTS,
	.GetCompletionStatus = params_get_status,
	.GetInformation = params_get_information,
	.GetCompletedRequestType = params_get_type,
	.GetWriteParameters = params_get_write,
	.GetReadParameters = params_get_read,
	.GetIoctlParameters = params_get_ioctl,
};

static void params_free(struct object *object)
{
	struct params *params = (struct params *)object;

	operation_clear(&params->operation);
	free(params);
}

static const IID *const params_iids[] = {
	&IID_IUnknown, &IID_IWDFRequestCompletionParams,
	&IID_IWDFIoRequestCompletionParams, NULL
};

static const struct object_class params_class = {
	.name = "completion parameters",
	.iids = params_iids,
	.free = params_free,
};

/* With the request's lock held; with one reference, the caller's. */
static struct params *params_create(struct request *request)
{
	struct params *params = calloc(1, sizeof(*params));

	if (!params)
		return NULL;
	params->status = request->status;
	params->information = request->sent_information;
	params->operation = request->operation;
	if (params->operation.file)
		object_get(params->operation.file);
	if (params->operation.in_memory)
		object_get(params->operation.in_memory);
	if (params->operation.out_memory)
		object_get(params->operation.out_memory);
	object_init(&params->object, &params_class, &params_vtbl, NULL, NULL, NULL);
	return params;
}

static void request_get_completion_params(IWDFIoRequest3 *This,
					  IWDFRequestCompletionParams **result)
{
	struct request *request = to_request(This);

	pthread_mutex_lock(&request->lock);
	*result = (IWDFRequestCompletionParams *)params_create(request);
	pthread_mutex_unlock(&request->lock);
}

/*
 * A request is back: OnCompletion, once, after which its target has done with it. The
 * driver may send it again there.
 */
static void run_completion(struct work *work)
{
	struct request *request = container_of(work, struct request, completion);
	IRequestCallbackRequestCompletion *callback;
	struct target *target = request->sent.target;
	struct lower *lower = request->sent.lower;
	bool counted, forget;
	struct params *params;
	int32_t status;
	void *context;
	bool outer;

	target_unlink(target, request);
	pthread_mutex_lock(&request->lock);
	counted = request->sent.counted;
	forget = request->sent.forget;
	status = request->sent.status;
	request->status = request->sent.never_sent ?
		HRESULT_FROM_NT((NTSTATUS)0xc0200206) : hresult_from_status(status);
	request->sent_information = request->sent.information;
	request->state = REQUEST_OWNED;
	callback = request->on_completion;
	context = request->on_completion_context;
	request->on_completion = NULL;
	params = callback ? params_create(request) : NULL;
	pthread_mutex_unlock(&request->lock);

	wudf_debug("request %p came back: %d, %zu bytes", request, status,
		   (size_t)request->sent_information);
	if (forget) {
		complete(request, request->status, request->sent_information);
	} else if (callback) {
		outer = in_completion;
		in_completion = true;
		callback->lpVtbl->OnCompletion(callback, (IWDFIoRequest *)request,
			(IWDFIoTarget *)target, (IWDFRequestCompletionParams *)params,
			context);
		in_completion = outer;
		callback_put(callback);
	}
	if (params)
		object_put(params);
	target_settle(target, lower, counted);
	/* those of the Send */
	object_put(target);
	object_put(request);
}

static HRESULT request_get_status(IWDFIoRequest3 *This)
{
	return to_request(This)->status;
}

static void request_reuse(IWDFIoRequest3 *This, HRESULT hr)
{
	struct request *request = to_request(This);
	IRequestCallbackRequestCompletion *callback = NULL;
	bool reused;

	pthread_mutex_lock(&request->lock);
	reused = request->state == REQUEST_OWNED && !request->marked &&
		 request->cancel != CANCEL_DUE;
	if (reused) {
		request->canceled = false;
		request->status = hr;
		callback = request->on_completion;
		request->on_completion = NULL;
		operation_clear(&request->operation);
	}
	pthread_mutex_unlock(&request->lock);
	callback_put(callback);
	if (!reused)
		refuse("Reuse", request, HR_INVALID_OPERATION);
}

static const IWDFIoRequest3Vtbl request_vtbl = {
	OBJECT_SLOTS,
	.CompleteWithInformation = request_complete_with_information,
	.SetInformation = request_set_information,
	.Complete = request_complete,
	.SetCompletionCallback = request_set_completion_callback,
	.GetType = request_get_type,
	.GetCreateParameters = request_get_create_parameters,
	.GetReadParameters = request_get_read_parameters,
	.GetWriteParameters = request_get_write_parameters,
	.GetDeviceIoControlParameters = request_get_ioctl_parameters,
	.GetOutputMemory = request_get_output_memory,
	.GetInputMemory = request_get_input_memory,
	.MarkCancelable = request_mark_cancelable,
	.UnmarkCancelable = request_unmark_cancelable,
	.CancelSentRequest = request_cancel_sent_request,
	.ForwardToIoQueue = request_forward_to_io_queue,
	.Send = request_send,
	.GetFileObject = request_get_file_object,
	.FormatUsingCurrentType = request_format_using_current_type,
	.GetRequestorProcessId = request_get_requestor_process_id,
	.GetIoQueue = request_get_io_queue,
	.Impersonate = request_impersonate,
	.IsFrom32BitProcess = request_is_from_32bit_process,
	.GetCompletionParams = request_get_completion_params,
	.Reuse = request_reuse,
	.GetRequestorMode = request_get_requestor_mode,
	.IsFromUserModeDriver = request_is_from_user_mode_driver,
	.RetrieveInputBuffer = request_retrieve_input_buffer,
	.RetrieveOutputBuffer = request_retrieve_output_buffer,
	.RetrieveInputMemory = request_retrieve_input_memory,
	.RetrieveOutputMemory = request_retrieve_output_memory,
	.GetEffectiveIoType = request_get_effective_io_type,
	.GetCreateParametersEx = request_get_create_parameters_ex,
	.GetQueryInformationParameters = request_get_information_parameters,
	.GetSetInformationParameters = request_get_information_parameters,
	.IsCanceled = request_is_canceled,
	.GetStatus = request_get_status,
	.StopAcknowledge = request_stop_acknowledge,
	.Requeue = request_requeue,
	.SetUserModeDriverInitiatedIo = request_set_initiated,
	.GetUserModeDriverInitiatedIo = request_get_initiated,
	.RetrieveActivityId = request_retrieve_activity_id,
	.SetActivityId = request_set_activity_id,
};

static const IID *const request_iids[] = {
	&IID_IUnknown, &IID_IWDFObject, &IID_IWDFIoRequest, &IID_IWDFIoRequest2,
	&IID_IWDFIoRequest3, NULL
};

static const struct object_class request_class = {
	.name = "request",
	.iids = request_iids,
	.may_delete = request_may_delete,
	.dispose = request_dispose,
	.free = request_free,
};
