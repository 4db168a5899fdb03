// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "private.h"

static struct memory *to_memory(IWDFMemory *memory)
{
	return (struct memory *)memory;
}

/* The range that an offset names; NULL: all. */
static bool range(const struct memory *memory, const WDFMEMORY_OFFSET *offset,
		  SIZE_T *start, SIZE_T *length)
{
	*start = offset ? offset->BufferOffset : 0;
	if (*start > memory->size)
		return false;
	*length = offset && offset->BufferLength ? offset->BufferLength :
						   memory->size - *start;
	return *length <= memory->size - *start;
}

static HRESULT memory_copy_from_memory(IWDFMemory *This, IWDFMemory *Source,
				       PWDFMEMORY_OFFSET SourceOffset)
{
	struct memory *memory = to_memory(This);
	struct memory *source = to_memory(Source);
	SIZE_T start, length;

	if (!source)
		return E_POINTER;
	if (!range(source, SourceOffset, &start, &length) || length > memory->size)
		return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
	if (length)
		memmove(memory->data, source->data + start, length);
	return S_OK;
}

static HRESULT memory_copy_to_buffer(IWDFMemory *This, ULONG_PTR SourceOffset,
				     void *TargetBuffer, SIZE_T NumOfBytesToCopyTo)
{
	struct memory *memory = to_memory(This);

	if (SourceOffset > memory->size ||
	    NumOfBytesToCopyTo > memory->size - SourceOffset)
		return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
	if (NumOfBytesToCopyTo)
		memmove(TargetBuffer, memory->data + SourceOffset, NumOfBytesToCopyTo);
	return S_OK;
}

static HRESULT memory_copy_from_buffer(IWDFMemory *This, ULONG_PTR DestOffset,
				       void *SourceBuffer, SIZE_T NumOfBytesToCopyFrom)
{
	struct memory *memory = to_memory(This);

	if (DestOffset > memory->size || NumOfBytesToCopyFrom > memory->size - DestOffset)
		return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
	if (NumOfBytesToCopyFrom)
		memmove(memory->data + DestOffset, SourceBuffer, NumOfBytesToCopyFrom);
	return S_OK;
}

static SIZE_T memory_get_size(IWDFMemory *This)
{
	return to_memory(This)->size;
}

static void *memory_get_data_buffer(IWDFMemory *This, SIZE_T *BufferSize)
{
	if (BufferSize)
		*BufferSize = to_memory(This)->size;
	return to_memory(This)->data;
}

static void memory_set_buffer(IWDFMemory *This, void *Buffer, SIZE_T BufferSize)
{
	struct memory *memory = to_memory(This);

	if (!memory->preallocated) {
		refuse("SetBuffer", memory, HR_INVALID_OPERATION);
		return;
	}
	memory->data = Buffer;
	memory->size = BufferSize;
}

static const IWDFMemoryVtbl memory_vtbl = {
	OBJECT_SLOTS,
	.CopyFromMemory = memory_copy_from_memory,
	.CopyToBuffer = memory_copy_to_buffer,
	.CopyFromBuffer = memory_copy_from_buffer,
	.GetSize = memory_get_size,
	.GetDataBuffer = memory_get_data_buffer,
	.SetBuffer = memory_set_buffer,
};

static bool memory_may_delete(struct object *object)
{
	struct memory *memory = (struct memory *)object;

	return memory->owned || memory->preallocated;
}

/* The buffer of a request goes with the request. */
static void memory_dispose(struct object *object)
{
	struct memory *memory = (struct memory *)object;

	if (memory->owned || memory->preallocated)
		return;
	memory->data = NULL;
	memory->size = 0;
}

static void memory_free(struct object *object)
{
	struct memory *memory = (struct memory *)object;

	if (memory->owned)
		free(memory->data);
	free(memory);
}

static const IID *const memory_iids[] = {
	&IID_IUnknown, &IID_IWDFObject, &IID_IWDFMemory, NULL
};

static const struct object_class memory_class = {
	.name = "memory",
	.iids = memory_iids,
	.may_delete = memory_may_delete,
	.dispose = memory_dispose,
	.free = memory_free,
};

struct memory *memory_create(struct object *parent, IUnknown *callback, void *data,
			     SIZE_T size)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return NULL;
	memory->data = data;
	memory->size = size;
	if (!data && size) {
		memory->data = calloc(1, size);
		memory->owned = true;
	}
	if (!memory->data && size) {
		free(memory);
		return NULL;
	}
	object_init(&memory->object, &memory_class, &memory_vtbl, parent,
		    parent->device, callback);
	return memory;
}
