// SPDX-License-Identifier: MIT
/*
 * Files: a sender's open target, or one that the driver has opened below.
 *
 * The kernel tells of a file when something comes from it, not when it is opened. So
 * OnCreateFile comes before the first request, which waits for its answer, or before
 * OnCleanupFile.
 */
#include <stdlib.h>

#include "private.h"

static void run_cleanup(struct work *work);

static struct file *to_file(void *file)
{
	return file;
}

static HRESULT file_retrieve_name(IWDFFile3 *This, PWSTR name, DWORD *length)
{
	(void)This;
	return copy_text("", name, length);
}

static void file_get_device(IWDFFile3 *This, IWDFDevice **device)
{
	*device = (IWDFDevice *)to_file(This)->device;
	object_get(*device);
}

static HRESULT file_retrieve_counted_name(IWDFFile3 *This, WCHAR *name, DWORD *length)
{
	(void)This;
	(void)name;
	if (!length)
		return E_POINTER;
	*length = 0;
	return S_OK;
}

static void file_get_related(IWDFFile3 *This, IWDFFile **file)
{
	(void)This;
	*file = NULL;
}

static void file_get_process(IWDFFile3 *This, DWORD *pid)
{
	*pid = to_file(This)->pid;
}

static void file_driver_close(IWDFDriverCreatedFile *This)
{
	struct file *file = to_file(This);

	target_close_file(file->device->target, file);
	object_delete(&file->object);
}

static const IWDFFile3Vtbl file_vtbl = {
	OBJECT_SLOTS,
	.RetrieveFileName = file_retrieve_name,
	.GetDevice = file_get_device,
	.RetrieveCountedFileName = file_retrieve_counted_name,
	.GetRelatedFileObject = file_get_related,
	.GetInitiatorProcessId = file_get_process,
};

static const IWDFDriverCreatedFileVtbl driver_file_vtbl = {
	OBJECT_SLOTS,
	.RetrieveFileName = (void *)file_retrieve_name,
	.GetDevice = (void *)file_get_device,
	.Close = file_driver_close,
};

static const IID *const file_iids[] = {
	&IID_IUnknown, &IID_IWDFObject, &IID_IWDFFile, &IID_IWDFFile2, &IID_IWDFFile3,
	NULL
};

static const struct object_class file_class = {
	.name = "file",
	.iids = file_iids,
};

static const IID *const driver_file_iids[] = {
	&IID_IUnknown, &IID_IWDFObject, &IID_IWDFFile, &IID_IWDFDriverCreatedFile, NULL
};

static const struct object_class driver_file_class = {
	.name = "driver's file",
	.iids = driver_file_iids,
};

struct file *file_create(struct device *device, uint64_t number)
{
	struct file *file = calloc(1, sizeof(*file));

	if (!file)
		return NULL;
	file->device = device;
	file->number = number;
	file->held_last = &file->held;
	file->cleanup.run = run_cleanup;
	list_init(&file->link);
	if (number)
		object_init(&file->object, &file_class, &file_vtbl, &device->object,
			    device, NULL);
	else
		object_init(&file->object, &driver_file_class, &driver_file_vtbl,
			    &device->object, device, NULL);
	return file;
}

struct file *file_get(struct device *device, uint64_t number, DWORD pid)
{
	struct file *file = NULL;
	struct list *at;

	pthread_mutex_lock(&device->files_lock);
	for (at = device->files.next; at != &device->files; at = at->next) {
		file = container_of(at, struct file, link);
		if (file->number == number)
			break;
	}
	if (at == &device->files) {
		file = file_create(device, number);
		if (file) {
			file->pid = pid;
			list_add_tail(&device->files, &file->link);
		}
	}
	if (file)
		object_get(file);
	pthread_mutex_unlock(&device->files_lock);
	return file;
}

static void hold(struct file *file, struct work *work)
{
	if (!work)
		return;
	work->next = NULL;
	*file->held_last = work;
	file->held_last = &work->next;
}

bool file_open(struct file *file, struct work *work)
{
	struct device *device = file->device;
	struct request *request = NULL;
	struct queue *queue = NULL;
	bool open = false;

	pthread_mutex_lock(&device->lock);
	if (device->create_queue)
		queue = device->create_queue;
	else if (device->default_queue && device->default_queue->on_create)
		queue = device->default_queue;
	pthread_mutex_unlock(&device->lock);

	pthread_mutex_lock(&device->files_lock);
	if (file->state == FILE_NEW && queue)
		request = request_create_for_file(file, queue);
	if (file->state == FILE_NEW)
		file->state = request ? FILE_CREATING : FILE_OPEN;
	open = file->state != FILE_CREATING;
	if (!open)
		hold(file, work);
	pthread_mutex_unlock(&device->files_lock);

	if (request) {
		device_enter(device);
		queue->on_create->lpVtbl->OnCreateFile(queue->on_create,
			(IWDFIoQueue *)queue, (IWDFIoRequest *)request,
			(IWDFFile *)file);
		device_leave(device);
		object_put(request);
	}
	return open;
}

void file_opened(struct file *file, HRESULT hr)
{
	struct work *work, *next;

	pthread_mutex_lock(&file->device->files_lock);
	file->state = SUCCEEDED(hr) ? FILE_OPEN : FILE_FAILED;
	file->failure = status_from_hresult(hr);
	work = file->held;
	file->held = NULL;
	file->held_last = &file->held;
	pthread_mutex_unlock(&file->device->files_lock);
	/* before all that has come since */
	for (; work; work = next) {
		next = work->next;
		pool_queue(&file->device->callbacks, work, true);
	}
}

bool file_is_refused(struct file *file, int32_t *status)
{
	bool refused;

	pthread_mutex_lock(&file->device->files_lock);
	refused = file->state == FILE_FAILED;
	*status = file->failure;
	pthread_mutex_unlock(&file->device->files_lock);
	return refused;
}

static bool is_open(struct file *file)
{
	bool open;

	pthread_mutex_lock(&file->device->files_lock);
	open = file->state == FILE_OPEN;
	pthread_mutex_unlock(&file->device->files_lock);
	return open;
}

static void call_cleanup(struct file *file)
{
	struct device *device = file->device;

	if (device->on_cleanup && is_open(file)) {
		device_enter(device);
		device->on_cleanup->lpVtbl->OnCleanupFile(device->on_cleanup,
							  (IWDFFile *)file);
		device_leave(device);
	}
	/* below, too, it is closed now */
	if (device->forward_files)
		target_cancel_file(device->target, file);
}

static void call_close(struct file *file)
{
	struct device *device = file->device;

	if (device->on_close && is_open(file)) {
		device_enter(device);
		device->on_close->lpVtbl->OnCloseFile(device->on_close,
						      (IWDFFile *)file);
		device_leave(device);
	}
	target_close_file(device->target, file);
	pthread_mutex_lock(&device->files_lock);
	list_del(&file->link);
	pthread_mutex_unlock(&device->files_lock);
	object_delete(&file->object);
}

/* OnCreateFile of a file that was closed meanwhile is answered. */
static void run_cleanup(struct work *work)
{
	struct file *file = container_of(work, struct file, cleanup);
	bool close;

	call_cleanup(file);
	pthread_mutex_lock(&file->device->files_lock);
	file->cleanup_held = false;
	close = file->close_due;
	pthread_mutex_unlock(&file->device->files_lock);
	if (close)
		call_close(file);
}

/*
 * These two run in the fetcher of the device fd, where no cancel comes through, so
 * they may take their time. But they do not wait for the answer of OnCreateFile: it
 * may depend on another file's end.
 */
void file_cleanup(void *context, uint64_t number)
{
	struct device *device = context;
	struct file *file = file_get(device, number, 0);
	bool held;

	if (!file)
		return;
	file_open(file, NULL);
	wudf_debug("cleanup of file %llu", (unsigned long long)number);
	pthread_mutex_lock(&device->files_lock);
	held = file->state == FILE_CREATING;
	if (held)
		hold(file, &file->cleanup);
	file->cleanup_held = held;
	pthread_mutex_unlock(&device->files_lock);
	if (!held)
		call_cleanup(file);
	object_put(file);
}

void file_close(void *context, uint64_t number)
{
	struct device *device = context;
	struct file *file = file_get(device, number, 0);
	bool held;

	if (!file)
		return;
	wudf_debug("close of file %llu", (unsigned long long)number);
	pthread_mutex_lock(&device->files_lock);
	held = file->cleanup_held;
	file->close_due = held;
	pthread_mutex_unlock(&device->files_lock);
	if (!held)
		call_close(file);
	object_put(file);
}
