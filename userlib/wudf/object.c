// SPDX-License-Identifier: MIT
/*
 * What all objects of the framework have: references as in COM, and the tree of WDF,
 * in which deleting an object deletes those below it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

/* Of all lists of children; nothing is called with it held. */
static pthread_mutex_t tree_lock = PTHREAD_MUTEX_INITIALIZER;

static pthread_once_t debug_once = PTHREAD_ONCE_INIT;
static bool debug;

static void debug_look(void)
{
	const char *value = secure_getenv("IOTARGET_DEBUG");

	debug = value && !strcmp(value, "1");
}

void wudf_debug(const char *format, ...)
{
	char line[256];
	va_list args;

	pthread_once(&debug_once, debug_look);
	if (!debug)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "wudf[%d]: %s\n", gettid(), line);
}

HRESULT refuse(const char *call, const void *object, HRESULT hr)
{
	wudf_debug("%s of %p refused: %#x", call, object, (unsigned int)hr);
	return hr;
}

/* --------------------------------------------------------------- references */

void object_init(struct object *object, const struct object_class *class,
		 const void *vtbl, struct object *parent, struct device *device,
		 IUnknown *callback)
{
	object->vtbl = vtbl;
	object->class = class;
	object->references = 1;
	object->parent = parent;
	object->device = device;
	object->cleanup = callback_get(callback, &IID_IObjectCleanup);
	list_init(&object->children);
	list_init(&object->sibling);
	if (!parent)
		return;
	object_get(parent);
	pthread_mutex_lock(&tree_lock);
	list_add_tail(&parent->children, &object->sibling);
	pthread_mutex_unlock(&tree_lock);
}

ULONG object_add_ref(struct object *object)
{
	return atomic_fetch_add(&object->references, 1) + 1;
}

ULONG object_release(struct object *object)
{
	unsigned long left = atomic_fetch_sub(&object->references, 1) - 1;
	struct object *parent;

	/* then it is another thread's to free */
	if (left)
		return left;
	parent = object->parent;
	if (object->class->free)
		object->class->free(object);
	else
		free(object);
	if (parent)
		object_put(parent);
	return 0;
}

void object_get(void *object)
{
	object_add_ref(object);
}

void object_put(void *object)
{
	object_release(object);
}

HRESULT object_query_interface(struct object *object, REFIID riid, void **result)
{
	const IID *const *iid;

	if (!result)
		return E_POINTER;
	*result = NULL;
	for (iid = object->class->iids; *iid && !*result; iid++)
		if (IsEqualIID(*iid, riid))
			*result = object;
	if (!*result && object->class->query)
		*result = object->class->query(object, riid);
	if (!*result)
		return E_NOINTERFACE;
	object_add_ref(object);
	return S_OK;
}

/* --------------------------------------------------------------------- tree */

static void call_cleanup(IObjectCleanup *callback, struct object *object)
{
	if (!callback)
		return;
	callback->lpVtbl->OnCleanup(callback, (IWDFObject *)object);
	callback_put(callback);
}

void object_delete(struct object *object)
{
	IObjectCleanup *context_cleanup;
	struct object *child;
	bool again;

	pthread_mutex_lock(&tree_lock);
	again = object->deleted;
	object->deleted = true;
	list_del(&object->sibling);
	context_cleanup = object->context_cleanup;
	object->context_cleanup = NULL;
	pthread_mutex_unlock(&tree_lock);
	if (again)
		return;

	wudf_debug("delete %s %p", object->class->name, object);
	for (;;) {
		pthread_mutex_lock(&tree_lock);
		child = list_empty(&object->children) ? NULL :
			container_of(object->children.next, struct object, sibling);
		/* another thread may delete it too */
		if (child) {
			object_get(child);
			list_del(&child->sibling);
		}
		pthread_mutex_unlock(&tree_lock);
		if (!child)
			break;
		object_delete(child);
		object_put(child);
	}
	call_cleanup(object->cleanup, object);
	call_cleanup(context_cleanup, object);
	if (object->class->dispose)
		object->class->dispose(object);
	object_put(object);
}

struct object **object_list(struct object *parent, const struct object_class *class,
			    unsigned int *count)
{
	struct object **objects, *child;
	unsigned int most = 0;
	struct list *at;

	*count = 0;
	pthread_mutex_lock(&tree_lock);
	for (at = parent->children.next; at != &parent->children; at = at->next)
		most++;
	objects = calloc(most + 1, sizeof(*objects));
	for (at = parent->children.next; objects && at != &parent->children;
	     at = at->next) {
		child = container_of(at, struct object, sibling);
		if (child->class != class)
			continue;
		object_get(child);
		objects[(*count)++] = child;
	}
	pthread_mutex_unlock(&tree_lock);
	return objects;
}

HRESULT object_delete_method(struct object *object)
{
	if (!object->class->may_delete || !object->class->may_delete(object))
		return refuse("DeleteWdfObject", object, HR_INVALID_OPERATION);
	object_delete(object);
	return S_OK;
}

/* ------------------------------------------------------------------ context */

HRESULT object_assign_context(struct object *object, IObjectCleanup *cleanup,
			      void *context)
{
	HRESULT hr = S_OK;

	if (cleanup)
		cleanup->lpVtbl->AddRef(cleanup);
	pthread_mutex_lock(&tree_lock);
	if (object->deleted) {
		hr = HRESULT_FROM_NT(STATUS_DELETE_PENDING);
	} else if (object->has_context) {
		hr = HRESULT_FROM_WIN32(ERROR_ALREADY_ASSIGNED);
	} else {
		object->has_context = true;
		object->context = context;
		object->context_cleanup = cleanup;
		cleanup = NULL;
	}
	pthread_mutex_unlock(&tree_lock);
	callback_put(cleanup);
	return hr;
}

HRESULT object_retrieve_context(struct object *object, void **context)
{
	HRESULT hr;

	if (!context)
		return E_POINTER;
	pthread_mutex_lock(&tree_lock);
	*context = object->context;
	hr = object->has_context ? S_OK : HRESULT_FROM_WIN32(ERROR_NOT_FOUND);
	pthread_mutex_unlock(&tree_lock);
	return hr;
}

/* -------------------------------------------------------------- device lock */

void object_acquire_lock(struct object *object)
{
	struct device *device = object->device;

	if (!device)
		return;
	pthread_mutex_lock(&device->callback_lock);
	device->callback_owner = pthread_self();
	device->callback_depth++;
}

void object_release_lock(struct object *object)
{
	struct device *device = object->device;

	if (!device || device->callback_owner != pthread_self())
		return;
	if (!--device->callback_depth)
		device->callback_owner = 0;
	pthread_mutex_unlock(&device->callback_lock);
}

/* --------------------------------------------------------- driver's objects */

void *callback_get(IUnknown *unknown, REFIID riid)
{
	void *callback;

	if (!unknown ||
	    FAILED(unknown->lpVtbl->QueryInterface(unknown, riid, &callback)))
		return NULL;
	return callback;
}

void callback_put(void *callback)
{
	IUnknown *unknown = callback;

	if (unknown)
		unknown->lpVtbl->Release(unknown);
}

HRESULT copy_text(const char *text, PWSTR buffer, DWORD *length)
{
	DWORD need = strlen(text) + 1;
	DWORD room;
	DWORD i;

	if (!length)
		return E_POINTER;
	room = *length;
	*length = need;
	if (!buffer && !room)
		return S_OK;
	if (!buffer || room < need)
		return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
	for (i = 0; i < need; i++)
		buffer[i] = text[i];
	return S_OK;
}
