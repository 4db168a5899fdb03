// SPDX-License-Identifier: GPL-2.0
/*
 * Init and exit, the control node, and the table of ioctls.
 */
#include <linux/compat.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "internal.h"
#include "race.h"

struct workqueue_struct *iotarget_wq;

static u32 iotarget_info_cap(enum iotarget_cap cap)
{
	return min_t(u64, READ_ONCE(iotarget_user_caps[cap]), U32_MAX);
}

static int iotarget_info(struct iotarget_call *call)
{
	struct iotarget_info *args = &call->args.info;

	args->version = IOTARGET_VERSION;
	args->features = IOTARGET_FEATURE_NAME | IOTARGET_FEATURE_PLAIN |
			 IOTARGET_FEATURE_DEADLINE |
			 IOTARGET_FEATURE_CANCEL_THREAD |
			 IOTARGET_FEATURE_FILE_EVENTS |
			 IOTARGET_FEATURE_PAYLOAD_PARTS |
			 IOTARGET_FEATURE_STRICT | IOTARGET_FEATURE_QUEUES |
			 IOTARGET_FEATURE_QUEUE_CONTROL |
			 IOTARGET_FEATURE_TARGET_CONTROL;
	args->payload_max = iotarget_payload_max();
	args->target_requests = READ_ONCE(iotarget_target_requests);
	args->target_bytes = READ_ONCE(iotarget_target_bytes);
	args->user_bytes = READ_ONCE(iotarget_user_caps[IOTARGET_CAP_BYTES]);
	args->user_requests = iotarget_info_cap(IOTARGET_CAP_REQUESTS);
	args->user_devices = iotarget_info_cap(IOTARGET_CAP_DEVICES);
	args->user_queues = iotarget_info_cap(IOTARGET_CAP_QUEUES);
	args->user_targets = iotarget_info_cap(IOTARGET_CAP_TARGETS);
	return iotarget_call_respond(call);
}

/**
 * struct iotarget_ioctl - an ioctl
 * @fn: what does it; NULL for none
 * @size: of its struct, as this kernel knows it
 * @min_size: of its struct's first version
 * @device: not of a queue's fd
 */
struct iotarget_ioctl {
	int (*fn)(struct iotarget_call *call);
	u32 size;
	u32 min_size;
	bool device;
};

#define __IOTARGET_IOCTL(cmd, func, member, last, of_device)		\
	[_IOC_NR(cmd)] = {						\
		.fn = func,						\
		.size = sizeof_field(struct iotarget_call, args.member),	\
		.min_size = offsetofend(struct iotarget_##member, last),	\
		.device = of_device,					\
	}
#define IOTARGET_IOCTL(cmd, func, member, last)				\
	__IOTARGET_IOCTL(cmd, func, member, last, false)
#define IOTARGET_DEVICE_IOCTL(cmd, func, member, last)			\
	__IOTARGET_IOCTL(cmd, func, member, last, true)

#define IOTARGET_IOCTLS (_IOC_NR(IOTARGET_SHUTDOWN) + 1)

static const struct iotarget_ioctl iotarget_control_ioctls[IOTARGET_IOCTLS] = {
	IOTARGET_IOCTL(IOTARGET_INFO, iotarget_info, info, user_targets),
	IOTARGET_IOCTL(IOTARGET_DEVICE_CREATE, iotarget_device_create,
		       device_create, fd),
};

/* Of devices and queues. */
static const struct iotarget_ioctl iotarget_host_ioctls[IOTARGET_IOCTLS] = {
	IOTARGET_DEVICE_IOCTL(IOTARGET_QUEUE_CREATE, iotarget_queue_create,
			      queue_create, pad),
	IOTARGET_DEVICE_IOCTL(IOTARGET_ROUTE, iotarget_route, route, queue_fd),
	IOTARGET_DEVICE_IOCTL(IOTARGET_TARGET_OPEN, iotarget_target_open,
			      target_open, pad),
	IOTARGET_DEVICE_IOCTL(IOTARGET_NAME, iotarget_name, name, name),
	IOTARGET_DEVICE_IOCTL(IOTARGET_FILE_DONE, iotarget_file_done, file_done,
			      file),
	IOTARGET_IOCTL(IOTARGET_FETCH, iotarget_fetch, fetch, fetched),
	IOTARGET_IOCTL(IOTARGET_MARK_CANCELABLE, iotarget_mark_cancelable, id,
		       id),
	IOTARGET_IOCTL(IOTARGET_UNMARK_CANCELABLE, iotarget_unmark_cancelable,
		       id, id),
	IOTARGET_IOCTL(IOTARGET_IS_CANCELED, iotarget_is_canceled, is_canceled,
		       pad),
	IOTARGET_IOCTL(IOTARGET_FORWARD, iotarget_forward, forward, pad),
	IOTARGET_IOCTL(IOTARGET_REQUEUE, iotarget_requeue, id, id),
	IOTARGET_IOCTL(IOTARGET_READ, iotarget_payload_read, payload, pad),
	IOTARGET_IOCTL(IOTARGET_WRITE, iotarget_payload_write, payload, pad),
	IOTARGET_IOCTL(IOTARGET_QUEUE_CONTROL, iotarget_queue_control,
		       queue_control, in_host),
	IOTARGET_IOCTL(IOTARGET_SHUTDOWN, iotarget_queue_shutdown, shutdown,
		       flags),
};

static const struct iotarget_ioctl iotarget_target_ioctls[IOTARGET_IOCTLS] = {
	IOTARGET_IOCTL(IOTARGET_SEND, iotarget_send, send, reaped),
	IOTARGET_IOCTL(IOTARGET_CANCEL, iotarget_cancel, cancel, completed),
	IOTARGET_IOCTL(IOTARGET_TARGET_CONTROL, iotarget_target_control,
		       target_control, sent),
	IOTARGET_IOCTL(IOTARGET_SHUTDOWN, iotarget_target_shutdown, shutdown,
		       flags),
};

/* Writes the answer, as much of it as the caller knows. */
int iotarget_call_respond(struct iotarget_call *call)
{
	return iotarget_user_put(call->user, &call->args, call->size);
}

/* Numbers of our type without a size are ours, all others the host's. */
static bool iotarget_cmd_own(unsigned int cmd)
{
	return _IOC_TYPE(cmd) == IOTARGET_IOC_TYPE && !_IOC_SIZE(cmd) &&
	       _IOC_DIR(cmd) == _IOC_NONE;
}

static long iotarget_ioctl(const struct iotarget_ioctl *table,
			   struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	struct iotarget_call call __uninitialized;
	const struct iotarget_ioctl *ioctl;
	u32 __user *user = (u32 __user *)arg;
	u32 size;
	int err;

	if (!iotarget_cmd_own(cmd) || _IOC_NR(cmd) >= IOTARGET_IOCTLS)
		return -ENOTTY;
	ioctl = &table[array_index_nospec(_IOC_NR(cmd), IOTARGET_IOCTLS)];
	if (!ioctl->fn || (ioctl->device && file->f_op == &iotarget_queue_fops))
		return -ENOTTY;
	if (get_user(size, user))
		return -EFAULT;
	if (size < ioctl->min_size)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size == ioctl->size)
		err = iotarget_user_get(&call.args, user, size);
	else
		err = copy_struct_from_user(&call.args, ioctl->size, user, size);
	if (err)
		return err;
	call.file = file;
	call.object = file->private_data;
	call.user = user;
	call.size = min(size, ioctl->size);
	return ioctl->fn(&call);
}

static long iotarget_control_ioctl(struct file *file, unsigned int cmd,
				   unsigned long arg)
{
	return iotarget_ioctl(iotarget_control_ioctls, file, cmd, arg);
}

static long iotarget_host_ioctl(struct file *file, unsigned int cmd,
				unsigned long arg)
{
	return iotarget_ioctl(iotarget_host_ioctls, file, cmd, arg);
}

static long iotarget_target_ioctl(struct file *file, unsigned int cmd,
				  unsigned long arg)
{
	if (!iotarget_cmd_own(cmd))
		return iotarget_plain_ioctl(file, cmd, arg);
	return iotarget_ioctl(iotarget_target_ioctls, file, cmd, arg);
}

/* The argument of a plain one may be no pointer. */
static long iotarget_target_compat_ioctl(struct file *file, unsigned int cmd,
					 unsigned long arg)
{
	if (!iotarget_cmd_own(cmd))
		return iotarget_plain_ioctl(file, cmd, arg);
	return compat_ptr_ioctl(file, cmd, arg);
}

static const struct file_operations iotarget_control_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = iotarget_control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

const struct file_operations iotarget_device_fops = {
	.owner = THIS_MODULE,
	.release = iotarget_device_release,
	.poll = iotarget_queue_poll,
	.unlocked_ioctl = iotarget_host_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

const struct file_operations iotarget_queue_fops = {
	.owner = THIS_MODULE,
	.release = iotarget_queue_release,
	.poll = iotarget_queue_poll,
	.unlocked_ioctl = iotarget_host_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/* of targets that TARGET_OPEN makes, and of named nodes */
const struct file_operations iotarget_target_fops = {
	.owner = THIS_MODULE,
	.open = iotarget_node_open,
	.release = iotarget_target_release,
	.read_iter = iotarget_plain_read,
	.write_iter = iotarget_plain_write,
	.poll = iotarget_target_poll,
	.unlocked_ioctl = iotarget_target_ioctl,
	.compat_ioctl = iotarget_target_compat_ioctl,
};

/* For everybody: caps, cgroups and the capability for names carry the weight. */
static struct miscdevice iotarget_control = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iotarget",
	.nodename = "iotarget/control",
	.mode = 0666,
	.fops = &iotarget_control_fops,
};

static int __init iotarget_init(void)
{
	int err;

	iotarget_wq = alloc_workqueue("iotarget", WQ_UNBOUND, 0);
	if (!iotarget_wq)
		return -ENOMEM;
	err = iotarget_names_init(&iotarget_target_fops);
	if (err)
		goto destroy;
	iotarget_race_init(iotarget_debugfs_init());
	err = misc_register(&iotarget_control);
	if (err)
		goto exit;
	return 0;

exit:
	iotarget_debugfs_exit();
	iotarget_names_exit();
destroy:
	destroy_workqueue(iotarget_wq);
	return err;
}

/* No file is open: the workqueue's last works free what is left. */
static void __exit iotarget_exit(void)
{
	misc_deregister(&iotarget_control);
	iotarget_debugfs_exit();
	iotarget_names_exit();
	destroy_workqueue(iotarget_wq);
	rcu_barrier();
}

module_init(iotarget_init);
module_exit(iotarget_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The iotarget authors");
MODULE_DESCRIPTION("UMDF-style I/O targets for user-space drivers");
