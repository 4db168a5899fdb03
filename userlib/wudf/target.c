// SPDX-License-Identifier: MIT
/*
 * The device's I/O target: the device below it, if there is one.
 *
 * Each file has its own target of the ABI there, opened when it is first needed, so
 * that the driver below sees the same files. Whether what is sent waits, and whether a
 * cancel reaches its owner, is the kernel's business.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

#define REAP_MAX	64

_Thread_local bool in_completion;

static struct target *to_target(void *target)
{
	return target;
}

/* ------------------------------------------------------------------- lowers */

/* Only the reaper frees one: it may have an event for it. */
static void wake_reaper(struct target *target)
{
	eventfd_write(target->wake, 1);
}

/* These with the lock held. */
static struct lower *lower_find(struct target *target, struct file *file)
{
	struct lower *lower;
	struct list *at;

	for (at = target->lowers.next; at != &target->lowers; at = at->next) {
		lower = container_of(at, struct lower, link);
		if (!lower->closed && lower->file == file)
			return lower;
	}
	return NULL;
}

static int lower_open(struct target *target, struct file *file, struct lower **result)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct lower *lower = calloc(1, sizeof(*lower));
	int ret;

	if (!lower)
		return -ENOMEM;
	lower->file = file;
	lower->fd = iotarget_node_open(target->name);
	ret = lower->fd;
	if (ret >= 0 && fcntl(lower->fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		ret = -errno;
	if (ret >= 0 && target->state == WdfIoTargetStopped)
		ret = iotarget_target_control(lower->fd, IOTARGET_TARGET_STOP_LEAVE,
					      NULL);
	event.data.ptr = lower;
	if (ret >= 0 && epoll_ctl(target->epoll, EPOLL_CTL_ADD, lower->fd, &event) < 0)
		ret = -errno;
	wudf_debug("open %s for file %p: %d", target->name, file, ret);
	if (ret < 0) {
		if (lower->fd >= 0)
			close(lower->fd);
		free(lower);
		return ret;
	}
	list_add_tail(&target->lowers, &lower->link);
	*result = lower;
	return 0;
}

static int lower_get(struct target *target, struct file *file, struct lower **result)
{
	*result = lower_find(target, file);
	return *result ? 0 : lower_open(target, file, result);
}

static void lower_free(struct lower *lower)
{
	list_del(&lower->link);
	iotarget_shutdown(lower->fd);
	close(lower->fd);
	free(lower);
}

HRESULT target_open_file(struct target *target, struct file *file)
{
	struct lower *lower;
	int ret;

	if (!target->name)
		return HR_INVALID_REQUEST;
	pthread_mutex_lock(&target->lock);
	ret = lower_get(target, file, &lower);
	pthread_mutex_unlock(&target->lock);
	return hresult_from_status(ret);
}

void target_cancel_file(struct target *target, struct file *file)
{
	struct lower *lower;

	pthread_mutex_lock(&target->lock);
	lower = lower_find(target, file);
	if (lower)
		iotarget_cancel_all(lower->fd, NULL);
	pthread_mutex_unlock(&target->lock);
}

void target_close_file(struct target *target, struct file *file)
{
	struct lower *lower;

	pthread_mutex_lock(&target->lock);
	lower = lower_find(target, file);
	if (lower) {
		iotarget_cancel_all(lower->fd, NULL);
		lower->closed = true;
		lower->file = NULL;
	}
	pthread_mutex_unlock(&target->lock);
	if (lower)
		wake_reaper(target);
}

/* -------------------------------------------------------------------- reaper */

static void reaped(struct target *target, const struct iotarget_reap_element *element)
{
	struct request *request = (struct request *)(uintptr_t)element->user_data;
	struct sent *sent = &request->sent;
	bool last;

	pthread_mutex_lock(&target->lock);
	sent->status = element->status;
	sent->information = element->information;
	sent->never_sent = sent->pended && element->status == -ENODEV;
	sent->reaped = true;
	/* before a CancelSentRequest that waits goes on: OnCompletion is its business */
	last = atomic_fetch_sub(&sent->holds, 1) == 1;
	pthread_cond_broadcast(&target->cond);
	pthread_mutex_unlock(&target->lock);
	if (last)
		request_sent_done(request, false);
}

static void reap(struct target *target, struct lower *lower)
{
	struct iotarget_reap_element completions[REAP_MAX];
	int n, i;

	do {
		n = iotarget_reap(lower->fd, completions, REAP_MAX);
		for (i = 0; i < n; i++)
			reaped(target, &completions[i]);
	} while (n > 0);
	/* the device below has ended, and all is back */
	if (n != -EAGAIN && n != -EINTR)
		epoll_ctl(target->epoll, EPOLL_CTL_DEL, lower->fd, NULL);
}

/* false: the target ends. */
static bool free_closed(struct target *target)
{
	struct lower *lower;
	struct list *at, *next;
	eventfd_t value;
	bool stay;

	eventfd_read(target->wake, &value);
	pthread_mutex_lock(&target->lock);
	for (at = target->lowers.next; at != &target->lowers; at = next) {
		next = at->next;
		lower = container_of(at, struct lower, link);
		if (lower->closed && !lower->in_flight)
			lower_free(lower);
	}
	stay = !target->over;
	pthread_mutex_unlock(&target->lock);
	return stay;
}

static void *run_reaper(void *arg)
{
	struct epoll_event events[16];
	struct target *target = arg;
	bool woken, stay = true;
	int n, i;

	while (stay) {
		n = epoll_wait(target->epoll, events, 16, -1);
		woken = false;
		for (i = 0; i < n; i++) {
			if (events[i].data.ptr)
				reap(target, events[i].data.ptr);
			else
				woken = true;
		}
		if (woken)
			stay = free_closed(target);
	}
	return NULL;
}

/* ---------------------------------------------------------------------- send */

/* In 100 ns: below 0 from now, above since 1601. */
static uint64_t deadline(LONGLONG timeout)
{
	const LONGLONG unix_epoch = 116444736000000000;
	struct timespec now;

	if (timeout < 0)
		return iotarget_deadline((uint64_t)-timeout * 100);
	clock_gettime(CLOCK_REALTIME, &now);
	timeout -= unix_epoch + now.tv_sec * 10000000LL + now.tv_nsec / 100;
	return iotarget_deadline(timeout > 0 ? (uint64_t)timeout * 100 : 1);
}

static uint32_t type_of(WDF_REQUEST_TYPE type)
{
	return type == WdfRequestRead ? IOTARGET_TYPE_READ :
	       type == WdfRequestWrite ? IOTARGET_TYPE_WRITE : IOTARGET_TYPE_CONTROL;
}

/*
 * From here on its sender's cancel comes to us, to be passed down. One that is
 * cancelled already is sent all the same, as on Windows, and then cancelled.
 */
static int mark(struct request *request, bool *cancel)
{
	int ret;

	*cancel = request->told;
	if (!request->io || request->told)
		return 0;
	ret = iotarget_request_mark_cancelable(request->io);
	request->sent.marked = !ret;
	*cancel = ret == -ECANCELED;
	return *cancel ? 0 : ret;
}

static void unmark(struct request *request)
{
	if (request->sent.marked &&
	    iotarget_request_unmark_cancelable(request->io) == -ECANCELED)
		request->claimed = true;
	request->sent.marked = false;
}

/* With both locks held. */
static int send_down(struct target *target, struct request *request, ULONG flags,
		     LONGLONG timeout)
{
	struct operation *operation = &request->operation;
	struct sent *sent = &request->sent;
	struct iotarget_send_element element = {
		.user_data = (uintptr_t)request,
		.type = type_of(operation->type),
		.code = operation->code,
		.flags = sent->ignore_state ? IOTARGET_ELEMENT_IGNORE_STATE : 0,
		.in = (uintptr_t)operation->in,
		.out = (uintptr_t)operation->out,
		.in_length = operation->in_length,
		.out_length = operation->out_length,
		.offset = operation->offset,
	};
	int ret;

	if (flags & WDF_REQUEST_SEND_OPTION_TIMEOUT && timeout)
		element.deadline = deadline(timeout);
	ret = lower_get(target, operation->file, &sent->lower);
	if (ret < 0)
		return ret;
	ret = iotarget_send(sent->lower->fd, &element, 1);
	if (ret == 1) {
		sent->id = element.id;
		sent->lower->in_flight++;
		return 0;
	}
	/* no room: as when Windows has no memory for it */
	return ret == -EAGAIN || ret == -EDQUOT ? -ENOMEM : ret;
}

HRESULT target_send(struct target *target, struct request *request, ULONG flags,
		    LONGLONG timeout)
{
	struct sent *sent = &request->sent;
	bool create = request->operation.type == WdfRequestCreate;
	bool cancel = false;
	HRESULT hr = S_OK;
	int ret = 0;

	if (!target->name)
		return HR_INVALID_REQUEST;
	pthread_mutex_lock(&target->lock);
	if (target->state != WdfIoTargetStarted && target->state != WdfIoTargetStopped) {
		pthread_mutex_unlock(&target->lock);
		return HR_INVALID_STATE;
	}
	*sent = (struct sent){
		.target = target,
		.holds = 1,
		.forget = flags & WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET,
		.synchronous = flags & WDF_REQUEST_SEND_OPTION_SYNCHRONOUS,
	};
	sent->ignore_state = sent->forget ||
			     flags & WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE;
	sent->pended = target->state == WdfIoTargetStopped && !sent->ignore_state;
	sent->counted = !sent->pended && !sent->ignore_state;
	list_init(&sent->link);

	/* the reaper and the fetcher wait for the locks, whatever comes now */
	request->state = REQUEST_SENT;
	object_get(request);
	object_get(target);
	if (create)
		ret = lower_get(target, request->operation.file, &sent->lower);
	else
		ret = mark(request, &cancel);
	if (ret == -EINVAL)
		hr = HR_INVALID_OPERATION;
	if (create)
		sent->lower = NULL;
	else if (!ret)
		ret = send_down(target, request, flags, timeout);
	if (!ret) {
		list_add_tail(&target->sent, &sent->link);
		target->all++;
		target->counted += sent->counted;
	} else {
		unmark(request);
		request->state = REQUEST_OWNED;
		hr = FAILED(hr) ? hr : hresult_from_status(ret);
	}
	pthread_mutex_unlock(&target->lock);

	wudf_debug("send %p: %d", request, ret);
	if (ret) {
		object_put(target);
		object_put(request);
		return hr;
	}
	if (cancel)
		target_cancel(target, request, NULL);
	/* an open is answered by now */
	if (create && sent->synchronous)
		target_set_done(target, request);
	else if (create)
		pool_queue(&request->device->completions, &request->completion, false);
	return S_OK;
}

int target_cancel(struct target *target, struct request *request, bool *pended)
{
	int ret = -ENOENT;

	pthread_mutex_lock(&target->lock);
	if (pended)
		*pended = request->sent.pended;
	if (request->sent.lower)
		ret = iotarget_cancel(request->sent.lower->fd, request->sent.id);
	pthread_mutex_unlock(&target->lock);
	return ret;
}

void target_wait_reaped(struct target *target, struct request *request)
{
	pthread_mutex_lock(&target->lock);
	while (!request->sent.reaped)
		pthread_cond_wait(&target->cond, &target->lock);
	pthread_mutex_unlock(&target->lock);
}

void target_wait_done(struct target *target, struct request *request)
{
	pthread_mutex_lock(&target->lock);
	while (!request->sent.done)
		pthread_cond_wait(&target->cond, &target->lock);
	pthread_mutex_unlock(&target->lock);
}

void target_set_done(struct target *target, struct request *request)
{
	pthread_mutex_lock(&target->lock);
	request->sent.done = true;
	pthread_cond_broadcast(&target->cond);
	pthread_mutex_unlock(&target->lock);
}

void target_unlink(struct target *target, struct request *request)
{
	pthread_mutex_lock(&target->lock);
	list_del(&request->sent.link);
	pthread_mutex_unlock(&target->lock);
}

void target_settle(struct target *target, struct lower *lower, bool counted)
{
	bool wake = false;

	pthread_mutex_lock(&target->lock);
	target->all--;
	target->counted -= counted;
	if (lower)
		wake = !--lower->in_flight && lower->closed;
	pthread_cond_broadcast(&target->cond);
	pthread_mutex_unlock(&target->lock);
	if (wake)
		wake_reaper(target);
}

/* ------------------------------------------------------------------- methods */

static void target_get_file(IWDFIoTarget2 *This, IWDFFile **file)
{
	(void)This;
	*file = NULL;
}

/* Cancels those that are sent and counted, or all of @file. Does not wait. */
static void cancel_sent(struct target *target, struct file *file)
{
	struct request **requests = NULL;
	struct request *request;
	unsigned int n = 0, i;
	struct list *at;

	pthread_mutex_lock(&target->lock);
	if (target->all)
		requests = malloc(target->all * sizeof(*requests));
	for (at = target->sent.next; requests && at != &target->sent; at = at->next) {
		request = container_of(at, struct request, sent.link);
		if (file ? request->operation.file != file : !request->sent.counted)
			continue;
		object_get(request);
		requests[n++] = request;
	}
	pthread_mutex_unlock(&target->lock);
	for (i = 0; i < n; i++) {
		request_cancel_sent(requests[i]);
		object_put(requests[i]);
	}
	free(requests);
}

static void target_cancel_sent_for_file(IWDFIoTarget2 *This, IWDFFile *file)
{
	if (file)
		cancel_sent(to_target(This), (struct file *)file);
}

/* A part of a memory for an operation; NULL memory: 0 bytes. */
static HRESULT take_memory(struct memory *memory, PWDFMEMORY_OFFSET part,
			   struct memory **kept, SIZE_T *kept_offset, void **data,
			   uint32_t *length)
{
	SIZE_T offset = part ? part->BufferOffset : 0;
	SIZE_T most;

	if (!memory)
		return S_OK;
	if (offset > memory->size)
		return E_INVALIDARG;
	most = memory->size - offset;
	if (part && part->BufferLength > most)
		return E_INVALIDARG;
	*length = part && part->BufferLength ? part->BufferLength : most;
	*data = memory->data + offset;
	*kept = memory;
	*kept_offset = offset;
	object_get(memory);
	return S_OK;
}

static HRESULT format(void *wdf_request, WDF_REQUEST_TYPE type, ULONG code,
		      IWDFFile *file, IWDFMemory *in, PWDFMEMORY_OFFSET in_part,
		      IWDFMemory *out, PWDFMEMORY_OFFSET out_part, PLONGLONG offset)
{
	struct operation operation = { .type = type, .code = code };
	struct request *request = wdf_request;
	HRESULT hr;

	if (!request || !file)
		return E_INVALIDARG;
	hr = take_memory((struct memory *)in, in_part, &operation.in_memory,
			 &operation.in_offset, &operation.in, &operation.in_length);
	if (SUCCEEDED(hr))
		hr = take_memory((struct memory *)out, out_part, &operation.out_memory,
				 &operation.out_offset, &operation.out,
				 &operation.out_length);
	operation.offset = offset ? *offset : 0;
	operation.file = (struct file *)file;
	object_get(file);
	operation.formatted = true;

	pthread_mutex_lock(&request->lock);
	if (SUCCEEDED(hr) && request->state != REQUEST_OWNED)
		hr = HR_INVALID_OPERATION;
	if (SUCCEEDED(hr)) {
		struct operation old = request->operation;

		request->operation = operation;
		operation = old;
	}
	pthread_mutex_unlock(&request->lock);
	operation_clear(&operation);
	return FAILED(hr) ? refuse("FormatRequestFor...", request, hr) : hr;
}

static HRESULT target_format_read(IWDFIoTarget2 *This, IWDFIoRequest *request,
				  IWDFFile *file, IWDFMemory *out,
				  PWDFMEMORY_OFFSET out_part, PLONGLONG offset)
{
	(void)This;
	return format(request, WdfRequestRead, 0, file, NULL, NULL, out, out_part,
		      offset);
}

static HRESULT target_format_write(IWDFIoTarget2 *This, IWDFIoRequest *request,
				   IWDFFile *file, IWDFMemory *in,
				   PWDFMEMORY_OFFSET in_part, PLONGLONG offset)
{
	(void)This;
	return format(request, WdfRequestWrite, 0, file, in, in_part, NULL, NULL,
		      offset);
}

static HRESULT target_format_ioctl(IWDFIoTarget2 *This, IWDFIoRequest *request,
				   ULONG code, IWDFFile *file, IWDFMemory *in,
				   PWDFMEMORY_OFFSET in_part, IWDFMemory *out,
				   PWDFMEMORY_OFFSET out_part)
{
	(void)This;
	return format(request, WdfRequestDeviceIoControl, code, file, in, in_part, out,
		      out_part, NULL);
}

static HRESULT target_format_flush(IWDFIoTarget2 *This, IWDFIoRequest *request,
				   IWDFFile *file)
{
	(void)This;
	(void)request;
	(void)file;
	return E_NOTIMPL;
}

static HRESULT target_format_information(IWDFIoTarget2 *This, IWDFIoRequest *request,
					 WDF_FILE_INFORMATION_CLASS class,
					 IWDFFile *file, IWDFMemory *memory,
					 PWDFMEMORY_OFFSET part)
{
	(void)This;
	(void)request;
	(void)class;
	(void)file;
	(void)memory;
	(void)part;
	return E_NOTIMPL;
}

static const IWDFIoTarget2Vtbl target_vtbl = {
	OBJECT_SLOTS,
	.GetTargetFile = target_get_file,
	.CancelSentRequestsForFile = target_cancel_sent_for_file,
	.FormatRequestForRead = target_format_read,
	.FormatRequestForWrite = target_format_write,
	.FormatRequestForIoctl = target_format_ioctl,
	.FormatRequestForFlush = target_format_flush,
	.FormatRequestForSetInformation = target_format_information,
	.FormatRequestForQueryInformation = target_format_information,
};

/* --------------------------------------------------------------------- state */

static struct target *of_state(IWDFIoTargetStateManagement *state)
{
	return container_of(state, struct target, state_vtbl);
}

static HRESULT state_query_interface(IWDFIoTargetStateManagement *This, REFIID riid,
				     void **result)
{
	return object_query_interface(&of_state(This)->object, riid, result);
}

static ULONG state_add_ref(IWDFIoTargetStateManagement *This)
{
	return object_add_ref(&of_state(This)->object);
}

static ULONG state_release(IWDFIoTargetStateManagement *This)
{
	return object_release(&of_state(This)->object);
}

static WDF_IO_TARGET_STATE state_get(IWDFIoTargetStateManagement *This)
{
	struct target *target = of_state(This);
	WDF_IO_TARGET_STATE state;

	pthread_mutex_lock(&target->lock);
	state = target->state;
	pthread_mutex_unlock(&target->lock);
	return state;
}

/* With the lock held. */
static void control_lowers(struct target *target, uint32_t action)
{
	struct list *at;

	for (at = target->lowers.next; at != &target->lowers; at = at->next)
		iotarget_target_control(container_of(at, struct lower, link)->fd,
					action, NULL);
}

static HRESULT state_start(IWDFIoTargetStateManagement *This)
{
	struct target *target = of_state(This);
	struct request *request;
	HRESULT hr = S_OK;
	struct list *at;

	pthread_mutex_lock(&target->lock);
	if (target->state == WdfIoTargetDeleted) {
		hr = HR_INVALID_STATE;
	} else {
		target->state = WdfIoTargetStarted;
		for (at = target->sent.next; at != &target->sent; at = at->next) {
			request = container_of(at, struct request, sent.link);
			if (!request->sent.pended)
				continue;
			request->sent.pended = false;
			request->sent.counted = true;
			target->counted++;
		}
		control_lowers(target, IOTARGET_TARGET_START);
		/* it ends the wait of a Stop */
		pthread_cond_broadcast(&target->cond);
	}
	pthread_mutex_unlock(&target->lock);
	return hr;
}

static HRESULT state_stop(IWDFIoTargetStateManagement *This,
			  WDF_IO_TARGET_SENT_IO_ACTION action)
{
	struct target *target = of_state(This);

	if (action <= WdfIoTargetSentIoUndefined || action >= WdfIoTargetSentIoMaximum)
		return refuse("Stop", target, E_INVALIDARG);
	pthread_mutex_lock(&target->lock);
	if (target->state != WdfIoTargetDeleted) {
		target->state = WdfIoTargetStopped;
		control_lowers(target, IOTARGET_TARGET_STOP_LEAVE);
	}
	pthread_mutex_unlock(&target->lock);
	if (action == WdfIoTargetCancelSentIo)
		cancel_sent(target, NULL);
	if (action == WdfIoTargetLeaveSentIoPending)
		return S_OK;
	if (in_completion) {
		refuse("the wait of a Stop in OnCompletion", target,
		       HRESULT_FROM_WIN32(ERROR_POSSIBLE_DEADLOCK));
		return S_OK;
	}
	pthread_mutex_lock(&target->lock);
	while (target->counted && target->state == WdfIoTargetStopped)
		pthread_cond_wait(&target->cond, &target->lock);
	pthread_mutex_unlock(&target->lock);
	return S_OK;
}

/* The kernel's REMOVE waits, so not under the lock. */
static void remove_lowers(struct target *target)
{
	struct lower *lower, *last = NULL;
	struct list *at;

	pthread_mutex_lock(&target->lock);
	for (at = target->lowers.next; at != &target->lowers; at = at->next) {
		lower = container_of(at, struct lower, link);
		lower->in_flight++;
		pthread_mutex_unlock(&target->lock);
		if (last)
			wake_reaper(target);
		while (iotarget_target_control(lower->fd, IOTARGET_TARGET_REMOVE,
					       NULL) == -EINTR)
			;
		pthread_mutex_lock(&target->lock);
		lower->in_flight--;
		last = lower;
	}
	pthread_mutex_unlock(&target->lock);
	wake_reaper(target);
}

static HRESULT state_remove(IWDFIoTargetStateManagement *This, BOOL surprise)
{
	struct target *target = of_state(This);

	(void)surprise;
	pthread_mutex_lock(&target->lock);
	target->state = WdfIoTargetDeleted;
	pthread_cond_broadcast(&target->cond);
	pthread_mutex_unlock(&target->lock);
	remove_lowers(target);
	pthread_mutex_lock(&target->lock);
	while (target->all && !in_completion)
		pthread_cond_wait(&target->cond, &target->lock);
	pthread_mutex_unlock(&target->lock);
	return S_OK;
}

static const IWDFIoTargetStateManagementVtbl state_vtbl = {
	.QueryInterface = state_query_interface,
	.AddRef = state_add_ref,
	.Release = state_release,
	.GetState = state_get,
	.Start = state_start,
	.Stop = state_stop,
	.Remove = state_remove,
};

/* ---------------------------------------------------------------------- life */

static void *target_query(struct object *object, REFIID riid)
{
	if (IsEqualIID(riid, &IID_IWDFIoTargetStateManagement))
		return &((struct target *)object)->state_vtbl;
	return NULL;
}

static void target_free(struct object *object)
{
	struct target *target = (struct target *)object;

	while (!list_empty(&target->lowers))
		lower_free(container_of(target->lowers.next, struct lower, link));
	close(target->epoll);
	close(target->wake);
	pthread_cond_destroy(&target->cond);
	pthread_mutex_destroy(&target->lock);
	free(target->name);
	free(target);
}

static const IID *const target_iids[] = {
	&IID_IUnknown, &IID_IWDFObject, &IID_IWDFIoTarget, &IID_IWDFIoTarget2, NULL
};

static const struct object_class target_class = {
	.name = "target",
	.iids = target_iids,
	.query = target_query,
	.free = target_free,
};

HRESULT target_create(struct device *device, const char *name, struct target **result)
{
	struct target *target = calloc(1, sizeof(*target));
	struct epoll_event event = { .events = EPOLLIN };
	int ret = 0;

	if (!target)
		return E_OUTOFMEMORY;
	target->state_vtbl = &state_vtbl;
	target->device = device;
	target->state = WdfIoTargetStarted;
	list_init(&target->lowers);
	list_init(&target->sent);
	pthread_mutex_init(&target->lock, NULL);
	pthread_cond_init(&target->cond, NULL);
	target->epoll = epoll_create1(EPOLL_CLOEXEC);
	target->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	object_init(&target->object, &target_class, &target_vtbl, &device->object,
		    device, NULL);
	if (target->epoll < 0 || target->wake < 0 ||
	    epoll_ctl(target->epoll, EPOLL_CTL_ADD, target->wake, &event) < 0)
		ret = -errno;
	if (!ret && name && !(target->name = strdup(name)))
		ret = -ENOMEM;
	if (!ret)
		ret = -pthread_create(&target->reaper, NULL, run_reaper, target);
	if (ret) {
		object_delete(&target->object);
		return hresult_from_status(ret);
	}
	*result = target;
	return S_OK;
}

/*
 * What has not come back has its output's pages pinned below, if it has more than one:
 * the device there may write to them whenever it completes. They are kept for good.
 */
static void keep_output(struct request *request)
{
	const struct operation *operation = &request->operation;

	if (operation->out_length <= sysconf(_SC_PAGESIZE))
		return;
	if (operation->out_memory)
		object_get(operation->out_memory);
	request->out_pinned = operation->out == request->out;
}

/* Ends what has not come back, and will not: nobody reaps any more. */
static void end_sent(struct target *target)
{
	struct iotarget_reap_element end = { .status = -ENODEV };
	struct request *request;
	struct list *at;

	do {
		request = NULL;
		pthread_mutex_lock(&target->lock);
		for (at = target->sent.next; at != &target->sent && !request;
		     at = at->next) {
			request = container_of(at, struct request, sent.link);
			/* (an open has no lower, and is answered) */
			if (request->sent.reaped || !request->sent.lower)
				request = NULL;
		}
		pthread_mutex_unlock(&target->lock);
		end.user_data = (uintptr_t)request;
		if (request) {
			keep_output(request);
			reaped(target, &end);
		}
	} while (request);
}

/* What is sent comes back first, if those below let go of it. */
void target_join(struct target *target)
{
	struct timespec until;
	struct list *at;
	int ret = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&target->lock);
	target->state = WdfIoTargetDeleted;
	for (at = target->lowers.next; at != &target->lowers; at = at->next)
		iotarget_cancel_all(container_of(at, struct lower, link)->fd, NULL);
	while (target->all && !ret)
		ret = pthread_cond_timedwait(&target->cond, &target->lock, &until);
	for (at = target->lowers.next; at != &target->lowers; at = at->next)
		iotarget_shutdown(container_of(at, struct lower, link)->fd);
	target->over = true;
	pthread_mutex_unlock(&target->lock);
	wake_reaper(target);
	pthread_join(target->reaper, NULL);
	end_sent(target);
}
