// SPDX-License-Identifier: GPL-2.0
/*
 * Arrays and payloads: what is copied from and to user memory. Never under a
 * lock. Nothing is copied out that nobody wrote: lengths bound it, or it is
 * zeroed.
 */
#include <linux/fault-inject-usercopy.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"

unsigned int iotarget_payload_max = 16 << 20;
module_param_named(payload_max, iotarget_payload_max, uint, 0644);
MODULE_PARM_DESC(payload_max, "Bytes that one request may carry each way");

/*
 * Copies what is small and has had its bounds checked: word by word, which is
 * a fraction of what copy_from_user() costs where hardened usercopy looks the
 * kernel's side up again.
 */
int iotarget_user_get(void *to, const void __user *from, size_t size)
{
	if (!size)
		return 0;
	might_fault();
	if (should_fail_usercopy() || !user_read_access_begin(from, size))
		return -EFAULT;
	for (; size >= sizeof(u64); size -= sizeof(u64)) {
		unsafe_get_user(*(u64 *)to, (const u64 __user *)from, fault);
		to += sizeof(u64);
		from += sizeof(u64);
	}
	if (size >= sizeof(u32)) {
		unsafe_get_user(*(u32 *)to, (const u32 __user *)from, fault);
		to += sizeof(u32);
		from += sizeof(u32);
		size -= sizeof(u32);
	}
	for (; size; size--)
		unsafe_get_user(*(u8 *)to++, (const u8 __user *)from++, fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

int iotarget_user_put(void __user *to, const void *from, size_t size)
{
	if (!size)
		return 0;
	might_fault();
	if (should_fail_usercopy() || !user_write_access_begin(to, size))
		return -EFAULT;
	for (; size >= sizeof(u64); size -= sizeof(u64)) {
		unsafe_put_user(*(const u64 *)from, (u64 __user *)to, fault);
		to += sizeof(u64);
		from += sizeof(u64);
	}
	if (size >= sizeof(u32)) {
		unsafe_put_user(*(const u32 *)from, (u32 __user *)to, fault);
		to += sizeof(u32);
		from += sizeof(u32);
		size -= sizeof(u32);
	}
	for (; size; size--)
		unsafe_put_user(*(const u8 *)from++, (u8 __user *)to++, fault);
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
}

int iotarget_array_check(const struct iotarget_array *array, size_t min_stride)
{
	if (!array->count)
		return 0;
	if (array->count > IOTARGET_ARRAY_MAX || array->stride < min_stride ||
	    array->stride % 8 || array->ptr % 8)
		return -EINVAL;
	return array->stride > PAGE_SIZE ? -E2BIG : 0;
}

static void __user *iotarget_element(const struct iotarget_array *array, u32 i)
{
	return u64_to_user_ptr(array->ptr + (u64)i * array->stride);
}

int iotarget_element_get(void *element, size_t size,
			 const struct iotarget_array *array, u32 i)
{
	if (array->stride == size)
		return iotarget_user_get(element, iotarget_element(array, i), size);
	return copy_struct_from_user(element, size, iotarget_element(array, i),
				     array->stride);
}

/* Writes a part of an element: @size bytes from @offset on. */
int iotarget_element_put(const struct iotarget_array *array, u32 i,
			 const void *element, size_t offset, size_t size)
{
	return iotarget_user_put(iotarget_element(array, i) + offset,
				 element + offset, size);
}

/* For elements that are only written: what this kernel does not know is 0. */
int iotarget_element_check_tail(const struct iotarget_array *array, u32 i,
				size_t size)
{
	int ret;

	if (array->stride <= size)
		return 0;
	ret = check_zeroed_user(iotarget_element(array, i) + size,
				array->stride - size);
	return ret > 0 ? 0 : ret ?: -E2BIG;
}

/* Payload: in the slot, or in memory of its own. */
static int iotarget_buffer_get(void *to, u64 from, u32 size)
{
	if (size <= IOTARGET_INLINE)
		return iotarget_user_get(to, u64_to_user_ptr(from), size);
	return copy_from_user(to, u64_to_user_ptr(from), size) ? -EFAULT : 0;
}

static int iotarget_buffer_put(u64 to, const void *from, u32 size)
{
	if (size <= IOTARGET_INLINE)
		return iotarget_user_put(u64_to_user_ptr(to), from, size);
	return copy_to_user(u64_to_user_ptr(to), from, size) ? -EFAULT : 0;
}

static u32 iotarget_buffer_size(const struct iotarget_request *req)
{
	return max(req->in_length, req->out_length);
}

/*
 * Gives a request its buffer, both directions in one, and fills in what the
 * sender brings. -EAGAIN: the target has its share of bytes.
 */
int iotarget_buffer_init(struct iotarget_request *req,
			 const struct iotarget_send_element *element)
{
	u32 size = iotarget_buffer_size(req);
	int err;

	if (size <= IOTARGET_INLINE) {
		req->buffer = req->payload;
	} else {
		err = iotarget_target_take_bytes(req->target, size);
		if (err)
			return err;
		req->buffer = kvmalloc(size, GFP_KERNEL_ACCOUNT);
		if (!req->buffer) {
			iotarget_target_put_bytes(req->target, size);
			return -ENOMEM;
		}
	}
	if (req->out_length) {
		req->mm = current->mm;
		mmgrab(req->mm);
	}
	return iotarget_buffer_get(req->buffer, element->in, req->in_length);
}

/* Undoes iotarget_buffer_init(), also where that failed or never ran. */
void iotarget_buffer_free(struct iotarget_request *req)
{
	if (req->buffer && req->buffer != req->payload) {
		kvfree(req->buffer);
		iotarget_target_put_bytes(req->target, iotarget_buffer_size(req));
	}
	req->buffer = NULL;
	if (req->mm)
		mmdrop(req->mm);
	req->mm = NULL;
}

/* The request's input, as much as the host's buffer takes. */
int iotarget_buffer_to_host(const struct iotarget_request *req,
			    struct iotarget_fetch_element *record)
{
	record->copied = min(req->in_length, record->buffer_length);
	return iotarget_buffer_put(record->buffer, req->buffer, record->copied);
}

/*
 * The host's output, more than a slot holds. Two threads of a host that complete
 * the same request at once write over each other, and one of them wins: those
 * are the host's own bytes.
 */
int iotarget_buffer_from_host(struct iotarget_request *req,
			      const struct iotarget_complete_element *element)
{
	return iotarget_buffer_get(req->buffer, element->buffer,
				   element->buffer_length);
}

/*
 * The request's output, as far as the host counts it; zero where it wrote
 * nothing. The address belongs to the address space that sent it.
 */
int iotarget_buffer_to_sender(const struct iotarget_request *req,
			      struct iotarget_reap_element *completion)
{
	u32 counted = min(req->information, req->out_length);
	u32 written = min(counted, req->written);

	if (!counted)
		return 0;
	if (req->mm != current->mm) {
		completion->flags |= IOTARGET_REAP_NOT_COPIED;
		return 0;
	}
	if (counted > written &&
	    clear_user(u64_to_user_ptr(req->out + written), counted - written))
		return -EFAULT;
	return iotarget_buffer_put(req->out, req->buffer, written);
}
