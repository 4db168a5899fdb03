// SPDX-License-Identifier: GPL-2.0
/*
 * Payloads: what is copied from and to user memory. Never under a lock. Nothing
 * is copied out that nobody wrote: lengths bound it, or it is zeroed.
 */
#include <linux/capability.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/user_namespace.h>

#include "internal.h"

static unsigned int iotarget_payload_param = 16 << 20;
module_param_named(payload_max, iotarget_payload_param, uint, 0644);
MODULE_PARM_DESC(payload_max, "Bytes that one request may carry each way, at most 1 GiB");

u32 iotarget_payload_max(void)
{
	/* what a target can never have is -EMSGSIZE, not -EAGAIN */
	return min3((unsigned long)READ_ONCE(iotarget_payload_param),
		    READ_ONCE(iotarget_target_bytes), (unsigned long)SZ_1G);
}

/*
 * Payload: in the slot; in memory of its own; or, above a page, in the sender's
 * own pages, so that it is copied once.
 */

/**
 * struct iotarget_pages - pages of a sender's, pinned
 * @mm: whose pinned memory they count as; a reference
 * @count: how many
 * @offset: where the payload begins in the first one
 * @write: they are written
 * @pages: they
 */
struct iotarget_pages {
	struct mm_struct *mm;
	unsigned int count;
	unsigned int offset;
	bool write;
	struct page *pages[];
};

/* Returns NULL where they cannot be pinned: then the kernel copies. */
static struct iotarget_pages *iotarget_pages_pin(u64 address, u32 length,
						 bool write)
{
	unsigned int offset = offset_in_page(address);
	unsigned int count = PFN_UP(offset + length);
	u64 limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	struct iotarget_pages *pages;
	int pinned = 0, i;

	pages = kvmalloc(struct_size(pages, pages, count), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return NULL;
	/* an atomic: unpinning must not wait for the sender's mmap_lock */
	if (atomic64_add_return(count, &current->mm->pinned_vm) > limit &&
	    !ns_capable_noaudit(&init_user_ns, CAP_IPC_LOCK))
		goto uncharge;
	pinned = pin_user_pages_fast(address - offset, count, FOLL_LONGTERM |
				     (write ? FOLL_WRITE : 0), pages->pages);
	if (pinned != count)
		goto unpin;
	/* before 6.5 a file system's pages are pinned for writing, to its harm */
	for (i = 0; write && i < count; i++) {
		if (!folio_test_swapbacked(page_folio(pages->pages[i])))
			goto unpin;
	}
	pages->mm = current->mm;
	mmgrab(pages->mm);
	pages->count = count;
	pages->offset = offset;
	pages->write = write;
	return pages;

unpin:
	if (pinned > 0)
		unpin_user_pages(pages->pages, pinned);
uncharge:
	atomic64_sub(count, &current->mm->pinned_vm);
	kvfree(pages);
	return NULL;
}

static void iotarget_pages_unpin(struct iotarget_pages *pages)
{
	unpin_user_pages_dirty_lock(pages->pages, pages->count, pages->write);
	atomic64_sub(pages->count, &pages->mm->pinned_vm);
	mmdrop(pages->mm);
	kvfree(pages);
}

/* Copies @length bytes at @offset, as @iter goes. Returns how many. */
static size_t iotarget_pages_copy(const struct iotarget_pages *pages, u32 offset,
				  u32 length, struct iov_iter *iter)
{
	size_t done = 0, part, n;

	offset += pages->offset;
	while (done < length) {
		struct page *page = pages->pages[(offset + done) >> PAGE_SHIFT];
		unsigned int start = offset_in_page(offset + done);

		part = min_t(size_t, length - done, PAGE_SIZE - start);
		if (iov_iter_rw(iter) == ITER_SOURCE)
			n = copy_page_from_iter(page, start, part, iter);
		else
			n = copy_page_to_iter(page, start, part, iter);
		done += n;
		if (n < part)
			break;
	}
	return done;
}

static void iotarget_pages_zero(const struct iotarget_pages *pages, u32 from,
				u32 to)
{
	from += pages->offset;
	to += pages->offset;
	while (from < to) {
		u32 part = min_t(u32, to - from, PAGE_SIZE - offset_in_page(from));

		memzero_page(pages->pages[from >> PAGE_SHIFT],
			     offset_in_page(from), part);
		from += part;
	}
}

static u32 iotarget_buffer_size(const struct iotarget_request *req)
{
	return max(req->in_length, req->out_length);
}

/*
 * Gives a request its buffer outside of the slot.
 * -EAGAIN, -EDQUOT: the target or the user has its share of bytes.
 */
static int iotarget_buffer_alloc_large(struct iotarget_request *req,
				       const struct iotarget_send_element *element)
{
	u32 size = iotarget_buffer_size(req);
	gfp_t zero = req->out_length > req->in_length ? __GFP_ZERO : 0;
	int err;

	err = iotarget_target_take_bytes(req->target, size);
	if (err)
		return err;
	/* (what is forgotten leaves the sender its memory) */
	if (element && !req->forgotten && size > PAGE_SIZE &&
	    !(req->in_length && req->out_length)) {
		req->pages = iotarget_pages_pin(req->in_length ? element->in :
						element->out, size,
						req->out_length);
		req->pinned = !!req->pages;
		if (req->pinned)
			return 0;
	}
	req->buffer = kvmalloc(size, GFP_KERNEL_ACCOUNT | zero);
	if (!req->buffer) {
		iotarget_target_put_bytes(req->target, size);
		return -ENOMEM;
	}
	return 0;
}

/*
 * Gives a request its buffer, both directions in one. What nobody writes there
 * is zero.
 *
 * @element is SEND's: one direction alone can be in the sender's pages.
 */
static inline int
iotarget_buffer_alloc(struct iotarget_request *req,
		      const struct iotarget_send_element *element)
{
	if (iotarget_buffer_size(req) > IOTARGET_INLINE)
		return iotarget_buffer_alloc_large(req, element);
	if (req->out_length > req->in_length)
		memset(req->payload, 0, sizeof(req->payload));
	req->buffer = req->payload;
	return 0;
}

/* For a plain call. */
int iotarget_buffer_init(struct iotarget_request *req, struct iov_iter *from)
{
	int err = iotarget_buffer_alloc(req, NULL);

	if (err || !req->in_length)
		return err;
	return copy_from_iter_full(req->buffer, req->in_length, from) ? 0 : -EFAULT;
}

/* For SEND. */
int iotarget_buffer_from_sender(struct iotarget_request *req,
				const struct iotarget_send_element *element)
{
	void __user *in = u64_to_user_ptr(element->in);
	int err = iotarget_buffer_alloc(req, element);

	if (err || req->pinned)
		return err;
	req->out = element->out;
	if (req->out_length) {
		req->mm = current->mm;
		mmgrab(req->mm);
	}
	if (req->in_length <= IOTARGET_INLINE)
		return iotarget_user_get(req->buffer, in, req->in_length);
	return copy_from_user(req->buffer, in, req->in_length) ? -EFAULT : 0;
}

/* Undoes the above, also where they failed or never ran. */
void iotarget_buffer_free(struct iotarget_request *req)
{
	if (req->mm) {
		mmdrop(req->mm);
		req->mm = NULL;
	}
	if (!req->buffer || req->buffer == req->payload)
		return;
	if (req->pinned)
		iotarget_pages_unpin(req->pages);
	else
		kvfree(req->buffer);
	req->pinned = false;
	req->buffer = NULL;
	iotarget_target_put_bytes(req->target, iotarget_buffer_size(req));
}

/*
 * Copies a part of the input to @to, or of the output from it. Returns how much.
 * The caller holds the request. Two threads of a host that write the same part
 * at once write over each other: those are the host's own bytes.
 */
size_t iotarget_buffer_read(const struct iotarget_request *req, u32 offset,
			    u32 length, struct iov_iter *to)
{
	if (req->pinned)
		return iotarget_pages_copy(req->pages, offset, length, to);
	return copy_to_iter(req->buffer + offset, length, to);
}

size_t iotarget_buffer_write(struct iotarget_request *req, u32 offset,
			     u32 length, struct iov_iter *from)
{
	if (req->pinned)
		return iotarget_pages_copy(req->pages, offset, length, from);
	return copy_from_iter(req->buffer + offset, length, from);
}

/* For FETCH: the input's first @length bytes. */
int iotarget_buffer_to_host(const struct iotarget_request *req, void __user *to,
			    u32 length)
{
	struct iov_iter iter;

	if (length <= IOTARGET_INLINE && !req->pinned)
		return iotarget_user_put(to, req->buffer, length);
	iov_iter_ubuf(&iter, ITER_DEST, to, length);
	return iotarget_buffer_read(req, 0, length, &iter) == length ? 0 : -EFAULT;
}

/*
 * For COMPLETE, where the slot does not hold the output. What the host counts
 * and did not write in the sender's own pages, beyond @written and these, is
 * zeroed now: later nothing may touch them.
 */
int iotarget_buffer_from_host(struct iotarget_request *req,
			      const struct iotarget_complete_element *element,
			      u32 written)
{
	u32 length = element->buffer_length;
	struct iov_iter iter;

	iov_iter_ubuf(&iter, ITER_SOURCE, u64_to_user_ptr(element->buffer), length);
	if (iotarget_buffer_write(req, 0, length, &iter) != length)
		return -EFAULT;
	if (req->pinned && req->out_length)
		iotarget_pages_zero(req->pages, max(length, written),
				    element->information);
	return 0;
}

/* The output as far as the host counts it. */
static u32 iotarget_buffer_counted(const struct iotarget_request *req)
{
	return min(req->information, req->out_length);
}

/* That, in the buffer: zero where the host wrote nothing. */
u32 iotarget_buffer_output(struct iotarget_request *req)
{
	u32 counted = iotarget_buffer_counted(req);

	if (counted > req->written)
		memset(req->buffer + req->written, 0, counted - req->written);
	return counted;
}

/*
 * For REAP. The address belongs to the address space that sent it: elsewhere
 * @flags says that nothing was copied.
 */
int iotarget_buffer_to_sender(struct iotarget_request *req, u32 *flags)
{
	void __user *out = u64_to_user_ptr(req->out);
	u32 counted;

	if (req->pinned) {
		if (iotarget_buffer_counted(req) && req->pages->mm != current->mm)
			*flags = IOTARGET_REAP_NOT_COPIED;
		return 0;
	}
	counted = iotarget_buffer_output(req);
	if (counted && req->mm != current->mm) {
		*flags = IOTARGET_REAP_NOT_COPIED;
		return 0;
	}
	if (counted <= IOTARGET_INLINE)
		return iotarget_user_put(out, req->buffer, counted);
	return copy_to_user(out, req->buffer, counted) ? -EFAULT : 0;
}
