// SPDX-License-Identifier: GPL-2.0
/*
 * Plain read, write and ioctl on a target: each sends one request and waits for
 * it, so that any program can be a sender.
 *
 * A signal becomes one cancel; after it only a fatal one ends the wait, and then
 * the request lives on without anybody who would reap it. What has completed
 * beats the signal.
 */
#include <linux/compat.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "internal.h"

/* A task work to run (io_uring's, for example) is no signal. */
static bool iotarget_plain_signalled(void)
{
	/* but so is a worker of io_uring told that its work is cancelled */
	return task_sigpending(current) || current->flags & PF_IO_WORKER;
}

/*
 * Waits until @req is in @waiter's list. Other than 0: a fatal signal came, or the
 * target's end, and the request is no longer the caller's. @signalled: it was
 * cancelled by a signal. Under the lock.
 */
static int iotarget_plain_wait(struct iotarget_request *req,
			       struct iotarget_waiter *waiter, bool *signalled)
	__must_hold(&req->target->device->lock)
{
	struct iotarget_target *target = req->target;
	struct iotarget_device *device = target->device;
	bool notified = false;
	int err = 0;

	while (waiter->pending && !err) {
		/* SHUTDOWN: the request lives on without the caller */
		if (target->ended) {
			err = -ENODEV;
			break;
		}
		list_add(&waiter->node, &target->senders);
		err = iotarget_wait(device, waiter, &target->spin, *signalled ?
				    TASK_KILLABLE : TASK_INTERRUPTIBLE);
		if (!err || *signalled)
			continue;
		err = 0;
		if (iotarget_plain_signalled()) {
			*signalled = true;
			iotarget_request_cancel(req);
			iotarget_driver_run_cancels(device);
		} else {
			/* a module cannot run it: it waits for our return */
			clear_notify_signal();
			notified = true;
		}
	}
	if (err) {
		req->waiter = NULL;
		req->forgotten = true;
	}
	if (notified)
		set_tsk_thread_flag(current, TIF_NOTIFY_SIGNAL);
	return err;
}

/* What the caller is told, when the request is complete. @count: bytes. */
static long iotarget_plain_result(const struct iotarget_request *req,
				  bool signalled, long count)
{
	s32 status = req->status;

	if (signalled && status == -ECANCELED) {
		if (!req->fetched)
			return -ERESTARTSYS;
		return count ?: -EINTR;
	}
	if (status < -511)
		return -EIO;
	if (status < 0)
		return status;
	return req->type == IOTARGET_TYPE_CONTROL ? status : count;
}

/* Takes a slot for the request that @e says, with @from as its input. */
static struct iotarget_request *
iotarget_plain_prepare(struct file *file, const struct iotarget_send_element *e,
		       struct iov_iter *from, struct list_head *list)
{
	struct iotarget_target *target = file->private_data;
	struct iotarget_request *req;
	int err;

	err = iotarget_slots_take(target, 1, list);
	if (err < 0)
		return ERR_PTR(err);
	req = list_first_entry(list, struct iotarget_request, node);
	err = iotarget_send_fill(req, e, file->f_mode) ?:
	      iotarget_buffer_init(req, from);
	if (!err)
		return req;
	iotarget_slots_put(target, list);
	return ERR_PTR(err);
}

/* Sends what @e says, with its bytes in @from, and its output to @to. */
static long iotarget_plain_call(struct file *file,
				const struct iotarget_send_element *e,
				struct iov_iter *from, struct iov_iter *to)
{
	struct iotarget_target *target = file->private_data;
	struct iotarget_device *device = target->device;
	struct iotarget_waiter waiter;
	struct iotarget_request *req;
	bool signalled = false;
	LIST_HEAD(list);
	long ret;
	u32 output;
	int err;

	req = iotarget_plain_prepare(file, e, from, &list);
	if (IS_ERR(req))
		return PTR_ERR(req);

	iotarget_waiter_init(&waiter);
	spin_lock(&device->lock);
	err = iotarget_send_publish(target, &list, 1, &waiter, true);
	if (err) {
		spin_unlock(&device->lock);
		iotarget_slots_put(target, &list);
		return err;
	}
	err = iotarget_plain_wait(req, &waiter, &signalled);
	spin_unlock(&device->lock);
	if (err)
		return err;

	output = iotarget_buffer_output(req);
	ret = iotarget_plain_result(req, signalled, req->information);
	if ((ret >= 0 || req->type == IOTARGET_TYPE_CONTROL) && output &&
	    copy_to_iter(req->buffer, output, to) != output)
		ret = -EFAULT;
	iotarget_slots_put(target, &waiter.done);
	return ret;
}

static u32 iotarget_plain_length(const struct iov_iter *iter)
{
	return min_t(size_t, iov_iter_count(iter), iotarget_payload_max());
}

ssize_t iotarget_plain_read(struct kiocb *iocb, struct iov_iter *to)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_READ,
		.out_length = iotarget_plain_length(to),
		.offset = iocb->ki_pos,
	};

	return iotarget_plain_call(iocb->ki_filp, &e, NULL, to);
}

ssize_t iotarget_plain_write(struct kiocb *iocb, struct iov_iter *from)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_WRITE,
		.in_length = iotarget_plain_length(from),
		.offset = iocb->ki_pos,
	};

	return iotarget_plain_call(iocb->ki_filp, &e, from, NULL);
}

/*
 * The number's direction and size say what is copied; without a direction the
 * argument is a value. Pointers inside are not followed.
 */
long iotarget_plain_ioctl(struct file *file, unsigned int code, unsigned long arg)
{
	struct iotarget_send_element e = {
		.type = IOTARGET_TYPE_CONTROL,
		.code = code,
	};
	unsigned int dir = _IOC_DIR(code);
	struct iov_iter from, to;
	void __user *user;

	/* stdio and Python ask TCGETS of every character device */
	if (_IOC_TYPE(code) == 'T')
		return -ENOTTY;
	user = in_compat_syscall() ? compat_ptr(arg) : (void __user *)arg;
	if (dir & _IOC_WRITE)
		e.in_length = _IOC_SIZE(code);
	if (dir & _IOC_READ)
		e.out_length = _IOC_SIZE(code);
	if (dir == _IOC_NONE)
		e.offset = arg;
	iov_iter_ubuf(&from, ITER_SOURCE, user, e.in_length);
	iov_iter_ubuf(&to, ITER_DEST, user, e.out_length);
	return iotarget_plain_call(file, &e, &from, &to);
}
