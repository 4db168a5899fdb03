// SPDX-License-Identifier: MIT
/*
 * The table of handles. A handle is magic, generation and index. An entry is used
 * again only after all others were, so 2^28 handles are made before one that was
 * closed can be taken for another one.
 */
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "object.h"

#define MAGIC		5U		/* bits 28 to 31: neither 0 nor a pseudo handle */
#define GENERATIONS	4096U		/* bits 16 to 27 */
#define ENTRIES		65536U

struct entry {
	struct object *object;		/* if open; in the child of a fork, the parent's */
	uint16_t generation;
	uint16_t next;			/* free one; 0: none */
	bool open;
};

pthread_mutex_t winbase_lock = PTHREAD_MUTEX_INITIALIZER;

static struct entry table[ENTRIES];
static unsigned int entries = 1;	/* that were ever used; 0 never is */
static uint16_t first_free, last_free;

/* ------------------------------------------------------------------- fork */

static void forked(void)
{
	/* Their objects stay: what they say is the parent's. */
	for (unsigned int i = 1; i < entries; i++)
		table[i].open = false;
	first_free = last_free = 0;
	thread_forked();
	pool_forked();
	timer_forked();
	timer_queue_forked();
	unlock();
}

static void watch_fork(void)
{
	pthread_atfork(lock, unlock, forked);
}

/* ------------------------------------------------------------------ objects */

void object_init(struct object *object, const struct object_type *type)
{
	object->type = type;
	object->refs = 1;
	object->fd = -1;
	TAILQ_INIT(&object->waits);
}

void object_put(struct object *object)
{
	if (--object->refs)
		return;
	if (object->fd >= 0)
		close(object->fd);
	object->type->destroy(object);
}

void object_show(struct object *object)
{
	bool signaled;
	eventfd_t value;

	if (object->fd < 0)
		return;
	signaled = object->type->signaled(object, NULL);
	if (signaled == object->fd_readable)
		return;
	if (signaled)
		eventfd_write(object->fd, 1);
	else
		eventfd_read(object->fd, &value);
	object->fd_readable = signaled;
}

/* ------------------------------------------------------------------ handles */

static struct entry *find(HANDLE handle)
{
	uintptr_t value = (uintptr_t)handle;
	struct entry *entry = &table[value % ENTRIES];

	if (value >> 28 != MAGIC || !entry->open ||
	    entry->generation != (value >> 16) % GENERATIONS)
		return NULL;
	return entry;
}

HANDLE handle_open(struct object *object)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct entry *entry;
	unsigned int index;

	pthread_once(&once, watch_fork);
	if (entries < ENTRIES) {
		index = entries++;
	} else {
		index = first_free;
		if (!index) {
			object_put(object);
			SetLastError(ERROR_NO_SYSTEM_RESOURCES);
			return NULL;
		}
		first_free = table[index].next;
		if (!first_free)
			last_free = 0;
	}
	entry = &table[index];
	entry->object = object;
	entry->open = true;
	return (HANDLE)(uintptr_t)(MAGIC << 28 | (uint32_t)entry->generation << 16 | index);
}

struct object *handle_find(HANDLE handle, const struct object_type *type)
{
	struct entry *entry = find(handle);

	if (!entry || (type && entry->object->type != type))
		return NULL;
	return entry->object;
}

void handle_close(HANDLE handle)
{
	struct entry *entry = find(handle);
	struct object *object = entry->object;
	unsigned int index = entry - table;

	entry->open = false;
	entry->object = NULL;
	entry->generation = (entry->generation + 1) % GENERATIONS;
	entry->next = 0;
	if (last_free)
		table[last_free].next = index;
	else
		first_free = index;
	last_free = index;
	object_put(object);
}

static bool is_pseudo(HANDLE handle)
{
	return handle == GetCurrentProcess() || handle == GetCurrentThread();
}

BOOL WINAPI CloseHandle(HANDLE hObject)
{
	struct object *object;

	/* as on Windows */
	if (is_pseudo(hObject))
		return TRUE;
	lock();
	object = handle_find(hObject, NULL);
	if (!object || !object->type->closable) {
		unlock();
		return fail(ERROR_INVALID_HANDLE);
	}
	handle_close(hObject);
	unlock();
	return TRUE;
}

BOOL WINAPI DuplicateHandle(HANDLE hSourceProcessHandle, HANDLE hSourceHandle,
			    HANDLE hTargetProcessHandle, LPHANDLE lpTargetHandle,
			    DWORD dwDesiredAccess, BOOL bInheritHandle, DWORD dwOptions)
{
	struct thread *self = NULL;
	struct object *object;
	HANDLE handle = NULL;

	(void)dwDesiredAccess;
	(void)bInheritHandle;
	if (hSourceProcessHandle != GetCurrentProcess() ||
	    hTargetProcessHandle != GetCurrentProcess())
		return fail(ERROR_NOT_SUPPORTED);
	if (dwOptions & ~(DUPLICATE_CLOSE_SOURCE | DUPLICATE_SAME_ACCESS))
		return fail(ERROR_INVALID_PARAMETER);
	if (hSourceHandle == GetCurrentThread()) {
		self = thread_self();
		if (!self)
			return fail(ERROR_NOT_ENOUGH_MEMORY);
	}

	lock();
	object = self ? &self->object : handle_find(hSourceHandle, NULL);
	if (!object || !object->type->closable) {
		unlock();
		return fail(ERROR_INVALID_HANDLE);
	}
	if (lpTargetHandle) {
		object->refs++;
		handle = handle_open(object);
	}
	if (!self && (dwOptions & DUPLICATE_CLOSE_SOURCE))
		handle_close(hSourceHandle);
	unlock();
	if (!lpTargetHandle)
		return TRUE;
	*lpTargetHandle = handle;
	return handle != NULL;
}

int WinBaseGetFd(HANDLE hObject)
{
	struct object *object;
	int fd = -1;

	lock();
	object = handle_find(hObject, NULL);
	if (!object || !object->type->signaled) {
		unlock();
		SetLastError(ERROR_INVALID_HANDLE);
		return -1;
	}
	if (object->fd < 0) {
		object->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		object_show(object);
	}
	fd = object->fd;
	unlock();
	if (fd < 0)
		SetLastError(ERROR_TOO_MANY_OPEN_FILES);
	return fd;
}
