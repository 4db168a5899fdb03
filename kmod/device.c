// SPDX-License-Identifier: GPL-2.0
/*
 * Devices: their slots' table, their names, and their end.
 */
#include <linux/anon_inodes.h>
#include <linux/capability.h>
#include <linux/cdev.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "compat.h"
#include "internal.h"
#include "trace.h"

/*
 * The table of slots
 */

/* Finds a request by id: the slot, if it still has that serial number. */
struct iotarget_request *iotarget_device_find(struct iotarget_device *device,
					      u64 id)
{
	unsigned int slot = id & (BIT(IOTARGET_ID_SLOT_BITS) - 1);
	unsigned int index = slot >> IOTARGET_CHUNK_BITS;
	struct iotarget_request *req;
	struct iotarget_chunk *chunk;
	struct iotarget_leaf *leaf;

	lockdep_assert_held(&device->lock);
	/* masks bound both indexes, also for the processor that guesses ahead */
	leaf = device->table[index >> IOTARGET_LEAF_BITS];
	chunk = leaf ? leaf->chunks[index & (IOTARGET_LEAF_CHUNKS - 1)] : NULL;
	if (!chunk)
		return NULL;
	req = &chunk->slots[slot & (IOTARGET_CHUNK_SLOTS - 1)];
	return req->id == id && req->state > IOTARGET_PREPARING ? req : NULL;
}

/* Gives a target one more page of slots. Charged to who sends. */
int iotarget_device_add_chunk(struct iotarget_device *device,
			      struct iotarget_target *target)
{
	struct iotarget_leaf *leaf = NULL, **where;
	struct iotarget_chunk *chunk;
	unsigned int i;
	int index, err;

	static_assert(sizeof(struct iotarget_request) == 256);

	err = iotarget_account_charge(target->account, IOTARGET_CAP_REQUESTS,
				      IOTARGET_CHUNK_SLOTS);
	if (err)
		return err;
	index = ida_alloc_max(&device->chunks, IOTARGET_CHUNKS_MAX - 1,
			      GFP_KERNEL_ACCOUNT);
	if (index < 0) {
		err = index == -ENOSPC ? -EDQUOT : index;
		goto uncharge;
	}
	err = -ENOMEM;
	where = &device->table[index >> IOTARGET_LEAF_BITS];
	chunk = kzalloc(sizeof(*chunk), GFP_KERNEL_ACCOUNT);
	if (!chunk)
		goto fail;
	if (!READ_ONCE(*where)) {
		leaf = kzalloc(sizeof(*leaf), GFP_KERNEL_ACCOUNT);
		if (!leaf)
			goto fail;
	}
	chunk->slots = kcalloc(IOTARGET_CHUNK_SLOTS, sizeof(*chunk->slots),
			       GFP_KERNEL_ACCOUNT);
	if (!chunk->slots)
		goto fail;
	chunk->index = index;

	spin_lock(&device->lock);
	if (target->slots >= READ_ONCE(iotarget_target_requests)) {
		/* another thread was faster */
		spin_unlock(&device->lock);
		kfree(chunk->slots);
		err = -EAGAIN;
		goto fail;
	}
	if (!*where) {
		WRITE_ONCE(*where, leaf);
		leaf = NULL;
	}
	(*where)->chunks[index & (IOTARGET_LEAF_CHUNKS - 1)] = chunk;
	list_add_tail(&chunk->node, &target->chunks);
	target->slots += IOTARGET_CHUNK_SLOTS;
	for (i = 0; i < IOTARGET_CHUNK_SLOTS; i++) {
		chunk->slots[i].id = index * IOTARGET_CHUNK_SLOTS + i;
		chunk->slots[i].target = target;
		list_add_tail(&chunk->slots[i].node, &target->free);
	}
	spin_unlock(&device->lock);
	kfree(leaf);
	return 0;

fail:
	kfree(leaf);
	kfree(chunk);
	ida_free(&device->chunks, index);
uncharge:
	iotarget_account_uncharge(target->account, IOTARGET_CAP_REQUESTS,
				  IOTARGET_CHUNK_SLOTS);
	return err;
}

void iotarget_device_remove_chunk(struct iotarget_device *device,
				  struct iotarget_chunk *chunk)
{
	struct iotarget_target *target = chunk->slots->target;
	unsigned int index = chunk->index;

	spin_lock(&device->lock);
	device->table[index >> IOTARGET_LEAF_BITS]
		->chunks[index & (IOTARGET_LEAF_CHUNKS - 1)] = NULL;
	spin_unlock(&device->lock);
	kfree(chunk->slots);
	kfree(chunk);
	ida_free(&device->chunks, index);
	iotarget_account_uncharge(target->account, IOTARGET_CAP_REQUESTS,
				  IOTARGET_CHUNK_SLOTS);
}

/*
 * Names. The mutex guards the table and each device's node; it is taken outside
 * of the devices' locks.
 */

#define IOTARGET_NAMES_MAX 1024

/**
 * struct iotarget_node - a device's name
 * @device: what sysfs and devtmpfs see
 * @target: the device behind it
 * @mode: of the node (const)
 * @uid: who owns the node (const)
 * @gid: (const)
 */
struct iotarget_node {
	struct device device;
	struct iotarget_device *target;
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
};

static DEFINE_MUTEX(iotarget_names);
static DEFINE_XARRAY_ALLOC(iotarget_nodes);
static struct class *iotarget_class;
static struct cdev iotarget_cdev;
static dev_t iotarget_devt;

static struct iotarget_node *iotarget_node(const struct device *device)
{
	return container_of(device, struct iotarget_node, device);
}

static char *iotarget_devnode(IOTARGET_DEVNODE_CONST struct device *device,
			      umode_t *mode, kuid_t *uid, kgid_t *gid)
{
	const struct iotarget_node *node = iotarget_node(device);

	/* devtmpfs asks only for the name when it deletes the node */
	if (mode)
		*mode = node->mode;
	if (uid)
		*uid = node->uid;
	if (gid)
		*gid = node->gid;
	return kasprintf(GFP_KERNEL, "iotarget/%s", dev_name(device));
}

static const struct device_type iotarget_node_type = {
	.name = "iotarget",
	.devnode = iotarget_devnode,
};

static void iotarget_node_release(struct device *device)
{
	kfree(iotarget_node(device));
}

bool iotarget_name_valid(const struct iotarget_name *args)
{
	size_t length = strnlen(args->name, IOTARGET_NAME_MAX);
	const char *allowed = "abcdefghijklmnopqrstuvwxyz0123456789._-";

	return !(args->mode & ~0666) && (args->mode & 0600) == 0600 &&
	       length && length < IOTARGET_NAME_MAX &&
	       !memchr_inv(args->name + length, 0, IOTARGET_NAME_MAX - length) &&
	       strspn(args->name, allowed) == length &&
	       !strchr("._-", args->name[0]) && strcmp(args->name, "control");
}

static bool iotarget_name_taken(const char *name)
{
	struct iotarget_node *node;
	unsigned long minor;

	xa_for_each(&iotarget_nodes, minor, node) {
		if (!strcmp(dev_name(&node->device), name))
			return true;
	}
	return false;
}

static int iotarget_node_add(struct iotarget_device *device,
			     const struct iotarget_name *args)
{
	static u32 next;
	struct iotarget_node *node;
	u32 minor;
	int err;

	node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);
	if (!node)
		return -ENOMEM;
	node->target = device;
	node->mode = args->mode;
	current_euid_egid(&node->uid, &node->gid);
	device_initialize(&node->device);
	node->device.class = iotarget_class;
	node->device.type = &iotarget_node_type;
	node->device.release = iotarget_node_release;
	err = dev_set_name(&node->device, "%s", args->name);
	if (err)
		goto put;
	/* not at once again: who kept an old inode would open another device */
	err = xa_alloc_cyclic(&iotarget_nodes, &minor, node,
			      XA_LIMIT(0, IOTARGET_NAMES_MAX - 1), &next,
			      GFP_KERNEL_ACCOUNT);
	if (err == -EBUSY)
		err = -ENOSPC;
	if (err < 0)
		goto put;
	node->device.devt = MKDEV(MAJOR(iotarget_devt), minor);
	err = device_add(&node->device);
	if (err)
		goto erase;
	device->node = node;
	return 0;

erase:
	xa_erase(&iotarget_nodes, minor);
put:
	put_device(&node->device);
	return err;
}

int iotarget_device_name(struct iotarget_device *device,
			 const struct iotarget_name *args)
{
	int err;

	mutex_lock(&iotarget_names);
	if (READ_ONCE(device->ended))
		err = -ENODEV;
	else if (device->node)
		err = -EBUSY;
	else if (iotarget_name_taken(args->name))
		err = -EEXIST;
	else
		err = iotarget_node_add(device, args);
	mutex_unlock(&iotarget_names);
	return err;
}

int iotarget_name(struct iotarget_call *call)
{
	if (!iotarget_name_valid(&call->args.name))
		return -EINVAL;
	/* a name can impersonate: not for a namespace's root */
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return iotarget_device_name(call->object, &call->args.name);
}

/* The device has ended, and so gets no name after this. */
static void iotarget_node_remove(struct iotarget_device *device)
{
	struct iotarget_node *node;

	mutex_lock(&iotarget_names);
	node = device->node;
	if (node) {
		device->node = NULL;
		xa_erase(&iotarget_nodes, MINOR(node->device.devt));
		device_del(&node->device);
		put_device(&node->device);
	}
	mutex_unlock(&iotarget_names);
}

int iotarget_node_open(struct inode *inode, struct file *file)
{
	struct iotarget_target *target = ERR_PTR(-ENODEV);
	struct iotarget_node *node;

	mutex_lock(&iotarget_names);
	node = xa_load(&iotarget_nodes, iminor(inode));
	if (node)
		target = iotarget_target_create(node->target);
	mutex_unlock(&iotarget_names);
	if (IS_ERR(target))
		return PTR_ERR(target);
	file->private_data = target;
	return 0;
}

int iotarget_names_init(const struct file_operations *fops)
{
	int err;

	iotarget_class = iotarget_class_create("iotarget");
	if (IS_ERR(iotarget_class))
		return PTR_ERR(iotarget_class);
	err = alloc_chrdev_region(&iotarget_devt, 0, IOTARGET_NAMES_MAX,
				  "iotarget");
	if (err)
		goto destroy;
	cdev_init(&iotarget_cdev, fops);
	iotarget_cdev.owner = THIS_MODULE;
	err = cdev_add(&iotarget_cdev, iotarget_devt, IOTARGET_NAMES_MAX);
	if (err)
		goto unregister;
	return 0;

unregister:
	unregister_chrdev_region(iotarget_devt, IOTARGET_NAMES_MAX);
destroy:
	class_destroy(iotarget_class);
	return err;
}

void iotarget_names_exit(void)
{
	cdev_del(&iotarget_cdev);
	unregister_chrdev_region(iotarget_devt, IOTARGET_NAMES_MAX);
	class_destroy(iotarget_class);
	xa_destroy(&iotarget_nodes);
}

/*
 * Lifetime
 */

/* All that are not freed, by number, for debugfs. */
static DEFINE_XARRAY_ALLOC1(iotarget_devices);

/* The first from @number on, with a reference. */
struct iotarget_device *iotarget_device_next(unsigned long number)
{
	struct iotarget_device *device;

	xa_lock(&iotarget_devices);
	do {
		device = xa_find(&iotarget_devices, &number, ULONG_MAX,
				 XA_PRESENT);
		number++;
	} while (device && !kref_get_unless_zero(&device->refs));
	xa_unlock(&iotarget_devices);
	return device;
}

void iotarget_device_get(struct iotarget_device *device)
{
	kref_get(&device->refs);
}

static void iotarget_device_free(struct kref *refs)
{
	struct iotarget_device *device =
		container_of(refs, struct iotarget_device, refs);
	unsigned int i;

	xa_erase(&iotarget_devices, device->number);
	for (i = 0; i < IOTARGET_LEAVES; i++)
		kfree(device->table[i]);
	ida_destroy(&device->chunks);
	kvfree(device);
}

void iotarget_device_put(struct iotarget_device *device)
{
	kref_put(&device->refs, iotarget_device_free);
}

/*
 * Calls @fn under the lock for each slot, a chunk at a time: a device may have very
 * many.
 */
void iotarget_device_for_each(struct iotarget_device *device,
			      void (*fn)(struct iotarget_request *req,
					 void *context), void *context)
{
	struct iotarget_chunk *chunk;
	unsigned int index, i;

	spin_lock(&device->lock);
	for (index = 0; index < IOTARGET_CHUNKS_MAX; index++) {
		struct iotarget_leaf *leaf =
			device->table[index >> IOTARGET_LEAF_BITS];

		if (!leaf) {
			index |= IOTARGET_LEAF_CHUNKS - 1;
			continue;
		}
		chunk = leaf->chunks[index & (IOTARGET_LEAF_CHUNKS - 1)];
		for (i = 0; chunk && i < IOTARGET_CHUNK_SLOTS; i++)
			fn(&chunk->slots[i], context);
		iotarget_driver_run_cancels(device);
		spin_unlock(&device->lock);
		cond_resched();
		spin_lock(&device->lock);
	}
	spin_unlock(&device->lock);
}

/* The host has broken a rule, and nothing was changed. Returns what to answer. */
int iotarget_violate(struct iotarget_device *device, u64 id,
		     enum iotarget_violation violation)
{
	lockdep_assert_held(&device->lock);
	device->violations[violation]++;
	trace_iotarget_violation(device, id, violation);
	return violation == IOTARGET_NOT_OWNED ? -ENOENT : -EINVAL;
}

static void iotarget_device_end_one(struct iotarget_request *req, void *context)
{
	iotarget_request_end(req);
}

/* SHUTDOWN or last close. It waits for nobody. */
void iotarget_device_end(struct iotarget_device *device)
{
	struct iotarget_target *target;
	struct iotarget_queue *queue;

	spin_lock(&device->lock);
	if (device->ended) {
		spin_unlock(&device->lock);
		return;
	}
	WRITE_ONCE(device->ended, true);
	list_for_each_entry(queue, &device->queues, node)
		iotarget_queue_mark_ended(queue);
	list_for_each_entry(target, &device->targets, node) {
		iotarget_wake_all(&target->waiters);
		wake_up_interruptible_poll(&target->pollers, EPOLLERR | EPOLLHUP);
		iotarget_file_withdraw(target);
	}
	spin_unlock(&device->lock);
	iotarget_node_remove(device);
	/* new ones are refused already */
	iotarget_device_for_each(device, iotarget_device_end_one, NULL);
}

/*
 * New file descriptors: the file, the answer to the caller, and only then the
 * fd, after which nothing can fail. Whatever fails, @close has the object.
 */
int iotarget_install(struct iotarget_call *call, const char *name,
		     const struct file_operations *fops, void *object,
		     void (*close)(void *object), __s32 *answer)
{
	struct file *file;
	int err;

	*answer = get_unused_fd_flags(O_RDWR | O_CLOEXEC);
	if (*answer < 0) {
		close(object);
		return *answer;
	}
	file = anon_inode_getfile(name, fops, object, O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(*answer);
		close(object);
		return PTR_ERR(file);
	}
	/* a target takes pread() and pwrite(), whichever way it was opened */
	file->f_mode |= FMODE_PREAD | FMODE_PWRITE;
	err = iotarget_call_respond(call);
	if (err) {
		put_unused_fd(*answer);
		/* its release closes the object */
		fput(file);
		return err;
	}
	fd_install(*answer, file);
	return 0;
}

/* Charges a device and its default queue to who makes it. */
static int iotarget_device_charge(struct iotarget_device *device)
{
	struct iotarget_account *account = iotarget_account_get();
	int err;

	if (!account)
		return -ENOMEM;
	err = iotarget_account_charge(account, IOTARGET_CAP_DEVICES, 1);
	if (err)
		goto put;
	err = iotarget_account_charge(account, IOTARGET_CAP_QUEUES, 1);
	if (err)
		goto uncharge;
	device->account = account;
	return 0;

uncharge:
	iotarget_account_uncharge(account, IOTARGET_CAP_DEVICES, 1);
put:
	iotarget_account_put(account);
	return err;
}

void iotarget_device_close(void *object)
{
	struct iotarget_device *device = object;

	iotarget_device_end(device);
	cancel_work_sync(&device->queue.skipping);
	if (device->account) {
		iotarget_account_uncharge(device->account, IOTARGET_CAP_QUEUES, 1);
		iotarget_account_uncharge(device->account, IOTARGET_CAP_DEVICES, 1);
		iotarget_account_put(device->account);
	}
	iotarget_device_put(device);
}

int iotarget_device_release(struct inode *inode, struct file *file)
{
	iotarget_device_close(file->private_data);
	return 0;
}

struct iotarget_device *
iotarget_device_alloc(const struct iotarget_device_create *args)
{
	struct iotarget_queue_create queue = {
		.flags = args->queue_flags,
		.dispatch = args->dispatch,
		.limit = args->limit,
	};
	static u32 next;
	struct iotarget_device *device;
	unsigned int i;

	device = kvzalloc(sizeof(*device), GFP_KERNEL_ACCOUNT);
	if (!device)
		return NULL;
	spin_lock_init(&device->lock);
	device->strict = args->flags & IOTARGET_DEVICE_STRICT;
	device->file_events = args->flags & IOTARGET_DEVICE_FILE_EVENTS;
	iotarget_queue_init(&device->queue, device, &queue);
	INIT_LIST_HEAD(&device->queues);
	list_add(&device->queue.node, &device->queues);
	for (i = 0; i < IOTARGET_TYPES; i++)
		device->routes[i] = &device->queue;
	INIT_LIST_HEAD(&device->targets);
	INIT_LIST_HEAD(&device->cleanups);
	kref_init(&device->refs);
	ida_init(&device->chunks);
	if (xa_alloc_cyclic(&iotarget_devices, &device->number, device,
			    xa_limit_31b, &next, GFP_KERNEL_ACCOUNT) < 0) {
		kvfree(device);
		return NULL;
	}
	return device;
}

int iotarget_device_check(const struct iotarget_device_create *args)
{
	struct iotarget_queue_create queue = {
		.flags = args->queue_flags,
		.dispatch = args->dispatch,
		.limit = args->limit,
	};

	if (args->flags & ~(IOTARGET_DEVICE_STRICT | IOTARGET_DEVICE_FILE_EVENTS))
		return -EINVAL;
	return iotarget_queue_check(&queue);
}

int iotarget_device_create(struct iotarget_call *call)
{
	struct iotarget_device_create *args = &call->args.device_create;
	struct iotarget_device *device;
	int err;

	err = iotarget_device_check(args);
	if (err)
		return err;
	device = iotarget_device_alloc(args);
	if (!device)
		return -ENOMEM;
	err = iotarget_device_charge(device);
	if (err) {
		iotarget_device_put(device);
		return err;
	}
	return iotarget_install(call, "[iotarget-device]", &iotarget_device_fops,
				device, iotarget_device_close, &args->fd);
}

int iotarget_target_open(struct iotarget_call *call)
{
	struct iotarget_target_open *args = &call->args.target_open;
	struct iotarget_target *target;

	if (args->flags || args->pad)
		return -EINVAL;
	target = iotarget_target_create(call->object);
	if (IS_ERR(target))
		return PTR_ERR(target);
	args->file = target->file;
	return iotarget_install(call, "[iotarget-target]", &iotarget_target_fops,
				target, iotarget_target_close, &args->fd);
}
