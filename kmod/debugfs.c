// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs/iotarget/state, for root: every device, its targets, and its requests.
 * The lock is held for a chunk of slots, or all targets of a device, at a time:
 * each line is true, and not all of the same instant.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/seq_file.h>

#include "internal.h"

static const char * const iotarget_state_names[] = {
	[IOTARGET_FREE] = "FREE",
	[IOTARGET_PREPARING] = "PREPARING",
	[IOTARGET_PENDED] = "PENDED",
	[IOTARGET_QUEUED] = "QUEUED",
	[IOTARGET_DELIVERING] = "DELIVERING",
	[IOTARGET_OWNED] = "OWNED",
	[IOTARGET_CLAIMED] = "CLAIMED",
	[IOTARGET_TOLD] = "TOLD",
	[IOTARGET_COMPLETED] = "COMPLETED",
	[IOTARGET_READY] = "READY",
};

static const char * const iotarget_type_names[] = {
	[IOTARGET_TYPE_READ] = "read",
	[IOTARGET_TYPE_WRITE] = "write",
	[IOTARGET_TYPE_CONTROL] = "control",
};

static const char * const iotarget_dispatch_names[] = {
	[IOTARGET_DISPATCH_SEQUENTIAL] = "sequential",
	[IOTARGET_DISPATCH_PARALLEL] = "parallel",
	[IOTARGET_DISPATCH_MANUAL] = "manual",
};

static const char * const iotarget_violation_names[] = {
	[IOTARGET_NOT_OWNED] = "not-owned",
	[IOTARGET_IS_MARKED] = "marked",
	[IOTARGET_MARKED_TWICE] = "marked-twice",
	[IOTARGET_NOT_MARKED] = "not-marked",
	[IOTARGET_IS_TOLD] = "told",
	[IOTARGET_BAD_QUEUE] = "bad-queue",
	[IOTARGET_TOO_LONG] = "too-long",
};

/*
 * A position: the device's number, and below it what to show of it: itself with
 * its targets, or 1 and the index of a chunk.
 */
#define IOTARGET_PART_BITS	17
#define IOTARGET_PART_MASK	(BIT(IOTARGET_PART_BITS) - 1)

/* The first chunk from @index on that there is, or IOTARGET_CHUNKS_MAX. */
static unsigned int iotarget_state_chunk(struct iotarget_device *device,
					 unsigned int index)
{
	struct iotarget_leaf *leaf;

	spin_lock(&device->lock);
	for (; index < IOTARGET_CHUNKS_MAX; index++) {
		leaf = device->table[index >> IOTARGET_LEAF_BITS];
		if (!leaf)
			index |= IOTARGET_LEAF_CHUNKS - 1;
		else if (leaf->chunks[index & (IOTARGET_LEAF_CHUNKS - 1)])
			break;
	}
	spin_unlock(&device->lock);
	return index;
}

/* The device of the first position from @pos on that there is; a reference. */
static void *iotarget_state_seek(loff_t *pos)
{
	unsigned long number = *pos >> IOTARGET_PART_BITS;
	unsigned int part = *pos & IOTARGET_PART_MASK;
	struct iotarget_device *device;

	while ((device = iotarget_device_next(number))) {
		if (device->number != number)
			part = 0;
		else if (part)
			part = iotarget_state_chunk(device, part - 1) + 1;
		number = device->number;
		if (part <= IOTARGET_CHUNKS_MAX) {
			*pos = ((loff_t)number << IOTARGET_PART_BITS) + part;
			return device;
		}
		iotarget_device_put(device);
		number++;
		part = 0;
	}
	return NULL;
}

static void *iotarget_state_start(struct seq_file *seq, loff_t *pos)
{
	return iotarget_state_seek(pos);
}

static void *iotarget_state_next(struct seq_file *seq, void *device, loff_t *pos)
{
	iotarget_device_put(device);
	++*pos;
	return iotarget_state_seek(pos);
}

static void iotarget_state_stop(struct seq_file *seq, void *device)
{
	if (device)
		iotarget_device_put(device);
}

static void iotarget_state_show_device(struct seq_file *seq,
				       struct iotarget_device *device)
{
	struct iotarget_target *target;
	struct iotarget_queue *queue;
	unsigned int i;

	lockdep_assert_held(&device->lock);
	seq_printf(seq, "device %u%s%s%s%s", device->number,
		   device->driver ? " driver" : "",
		   device->strict ? " strict" : "",
		   device->file_events ? " file-events" : "",
		   device->ended ? " ended" : "");
	for (i = 0; i < IOTARGET_VIOLATIONS; i++) {
		if (device->violations[i])
			seq_printf(seq, " %s:%llu", iotarget_violation_names[i],
				   device->violations[i]);
	}
	seq_putc(seq, '\n');
	list_for_each_entry(queue, &device->queues, node)
		seq_printf(seq, "  queue %s limit=%u queued=%u owned=%u%s%s%s%s\n",
			   iotarget_dispatch_names[queue->dispatch],
			   queue->limit, queue->queued, queue->owned,
			   queue->refusing ? " refusing" : "",
			   queue->stopped ? " stopped" : "",
			   queue->purging ? " purging" : "",
			   queue->ended ? " ended" : "");
	list_for_each_entry(target, &device->targets, node)
		seq_printf(seq, "  target %llu slots=%u pending=%u bytes=%llu%s%s%s%s\n",
			   target->file, target->slots, target->pending,
			   target->bytes,
			   target->state == IOTARGET_TARGET_STOPPED ?
			   " stopped" : "",
			   target->state == IOTARGET_TARGET_REMOVED ?
			   " removed" : "",
			   target->ended ? " ended" : "",
			   target->released ? " released" : "");
}

static void iotarget_state_show_request(struct seq_file *seq,
					const struct iotarget_request *req)
{
	lockdep_assert_held(&req->target->device->lock);
	if (!iotarget_request_pending(req))
		return;
	seq_printf(seq, "  request %#llx target=%llu pid=%d %s code=%#x in=%u out=%u %s%s%s\n",
		   req->id, req->target->file, pid_nr(req->pid),
		   iotarget_type_names[req->type], req->code, req->in_length,
		   req->out_length, iotarget_state_names[req->state],
		   req->routine ? " cancelable" : "",
		   req->cancelled ? " cancelled" : "");
}

static int iotarget_state_show(struct seq_file *seq, void *v)
{
	unsigned int part = seq->index & IOTARGET_PART_MASK;
	struct iotarget_device *device = v;
	struct iotarget_chunk *chunk;
	struct iotarget_leaf *leaf;
	unsigned int i;

	spin_lock(&device->lock);
	if (!part) {
		iotarget_state_show_device(seq, device);
		goto unlock;
	}
	leaf = device->table[(part - 1) >> IOTARGET_LEAF_BITS];
	chunk = leaf->chunks[(part - 1) & (IOTARGET_LEAF_CHUNKS - 1)];
	for (i = 0; chunk && i < IOTARGET_CHUNK_SLOTS; i++)
		iotarget_state_show_request(seq, &chunk->slots[i]);
unlock:
	spin_unlock(&device->lock);
	return 0;
}

static const struct seq_operations iotarget_state_sops = {
	.start = iotarget_state_start,
	.next = iotarget_state_next,
	.stop = iotarget_state_stop,
	.show = iotarget_state_show,
};
DEFINE_SEQ_ATTRIBUTE(iotarget_state);

static struct dentry *iotarget_debugfs;

/* Returns the directory. */
struct dentry *iotarget_debugfs_init(void)
{
	iotarget_debugfs = debugfs_create_dir("iotarget", NULL);
	debugfs_create_file("state", 0400, iotarget_debugfs, NULL,
			    &iotarget_state_fops);
	return iotarget_debugfs;
}

void iotarget_debugfs_exit(void)
{
	debugfs_remove(iotarget_debugfs);
}
