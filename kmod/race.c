// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs/iotarget/race/POINT: write 1: the next thread that comes there parks;
 * read: waits until one is parked, and tells its tid; write 0: it goes on.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "race.h"

/**
 * struct iotarget_race_window - a point's state
 * @wait: its lock guards the rest; those who park and those who read wait here
 * @armed: the next thread parks
 * @parked: the thread that did
 */
struct iotarget_race_window {
	wait_queue_head_t wait;
	bool armed;
	pid_t parked;
};

static struct iotarget_race_window iotarget_races[IOTARGET_RACES];

static const char * const iotarget_race_names[IOTARGET_RACES] = {
	[IOTARGET_RACE_SEND_PUBLISH] = "send_publish",
	[IOTARGET_RACE_FETCH_COPY] = "fetch_copy",
	[IOTARGET_RACE_FETCH_COMMIT] = "fetch_commit",
	[IOTARGET_RACE_CANCEL_COPY] = "cancel_copy",
	[IOTARGET_RACE_COMPLETE_COPY] = "complete_copy",
	[IOTARGET_RACE_CANCEL_LOCK] = "cancel_lock",
	[IOTARGET_RACE_WAIT_RETURN] = "wait_return",
	[IOTARGET_RACE_REAP_COPY] = "reap_copy",
};

void iotarget_race_point(enum iotarget_race race)
{
	struct iotarget_race_window *window = &iotarget_races[race];
	bool park;

	spin_lock(&window->wait.lock);
	park = window->armed;
	if (park) {
		window->armed = false;
		WRITE_ONCE(window->parked, task_pid_vnr(current));
		wake_up_locked(&window->wait);
	}
	spin_unlock(&window->wait.lock);
	/* Not to be interrupted: a window must not close by itself. */
	if (park)
		wait_event(window->wait, !READ_ONCE(window->parked));
}

static ssize_t iotarget_race_read(struct file *file, char __user *user,
				  size_t count, loff_t *pos)
{
	struct iotarget_race_window *window = file->private_data;
	char text[16];
	int err;

	err = wait_event_interruptible(window->wait, READ_ONCE(window->parked));
	if (err)
		return err;
	return simple_read_from_buffer(user, count, pos, text,
				       scnprintf(text, sizeof(text), "%d\n",
						 READ_ONCE(window->parked)));
}

static ssize_t iotarget_race_write(struct file *file, const char __user *user,
				   size_t count, loff_t *pos)
{
	struct iotarget_race_window *window = file->private_data;
	bool arm;
	int err;

	err = kstrtobool_from_user(user, count, &arm);
	if (err)
		return err;
	spin_lock(&window->wait.lock);
	window->armed = arm;
	if (!arm) {
		WRITE_ONCE(window->parked, 0);
		wake_up_locked(&window->wait);
	}
	spin_unlock(&window->wait.lock);
	return count;
}

static const struct file_operations iotarget_race_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = iotarget_race_read,
	.write = iotarget_race_write,
};

void iotarget_race_init(struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir("race", parent);
	unsigned int i;

	for (i = 0; i < IOTARGET_RACES; i++) {
		init_waitqueue_head(&iotarget_races[i].wait);
		debugfs_create_file(iotarget_race_names[i], 0600, dir,
				    &iotarget_races[i], &iotarget_race_fops);
	}
}
