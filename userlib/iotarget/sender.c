// SPDX-License-Identifier: MIT
/*
 * Nodes, devices and the sender's side.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

int iotarget__ioctl(int fd, unsigned long number, void *argument)
{
	int ret = ioctl(fd, number, argument);

	return ret < 0 ? -errno : ret;
}

static int open_node(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		fd = -errno;
	iotarget__debug("open %s: %d", path, fd);
	return fd;
}

static int control(unsigned long number, void *argument)
{
	int fd = open_node(IOTARGET_NODE_CONTROL);
	int ret;

	if (fd < 0)
		return fd;
	ret = iotarget__ioctl(fd, number, argument);
	close(fd);
	return ret;
}

int iotarget_info(struct iotarget_info *info)
{
	*info = (struct iotarget_info){ .size = sizeof(*info) };
	return control(IOTARGET_INFO, info);
}

const char *iotarget_explain(int error, const char *name, char *buffer,
			     size_t size)
{
	char path[64];
	char text[64];

	if (error == -ENOENT && access(IOTARGET_NODE_CONTROL, F_OK))
		name = NULL;
	snprintf(path, sizeof(path), IOTARGET_NODE_DIR "%s",
		 name ? name : "control");
	switch (error) {
	case -ENOENT:
		snprintf(buffer, size, "%s is missing: %s", path, name ?
			 "no program hosts this device" :
			 "the kernel module iotarget is not loaded; load it "
			 "as root: modprobe iotarget, or insmod iotarget.ko");
		break;
	case -ENODEV:
	case -ENXIO:
		snprintf(buffer, size, "%s: its host has ended", path);
		break;
	case -EACCES:
		snprintf(buffer, size, "%s: this user may not open it", path);
		break;
	case -EDQUOT:
		snprintf(buffer, size, "%s: this user has reached a limit; "
			 "root can raise those of the module iotarget: "
			 "/sys/module/iotarget/parameters/user_*", path);
		break;
	default:
		snprintf(buffer, size, "%s: %s", path,
			 strerror_r(-error, text, sizeof(text)));
	}
	return buffer;
}

int iotarget_device_create(const struct iotarget_device_create *options)
{
	struct iotarget_device_create create = {
		.dispatch = IOTARGET_DISPATCH_PARALLEL,
	};
	int ret;

	if (options)
		create = *options;
	create.size = sizeof(create);
	create.fd = 0;
	ret = control(IOTARGET_DEVICE_CREATE, &create);
	if (ret >= 0)
		ret = create.fd;
	iotarget__debug("create a device: %d", ret);
	return ret;
}

int iotarget_device_name(int device, const char *name, unsigned int mode)
{
	struct iotarget_name arg = { .size = sizeof(arg), .mode = mode };
	size_t length = strlen(name);
	int ret = -EINVAL;

	if (length < sizeof(arg.name)) {
		memcpy(arg.name, name, length);
		ret = iotarget__ioctl(device, IOTARGET_NAME, &arg);
	}
	iotarget__debug("name device %d %s, mode %#o: %d", device, name, mode,
			ret);
	return ret;
}

int iotarget_queue_create(int device,
			  const struct iotarget_queue_create *options)
{
	struct iotarget_queue_create create = {
		.dispatch = IOTARGET_DISPATCH_PARALLEL,
	};
	int ret;

	if (options)
		create = *options;
	create.size = sizeof(create);
	create.fd = 0;
	ret = iotarget__ioctl(device, IOTARGET_QUEUE_CREATE, &create);
	if (ret >= 0)
		ret = create.fd;
	iotarget__debug("create a queue of device %d: %d", device, ret);
	return ret;
}

int iotarget_queue_route(int device, uint32_t type, int queue)
{
	struct iotarget_route arg = {
		.size = sizeof(arg),
		.type = type,
		.queue_fd = queue,
	};
	int ret = iotarget__ioctl(device, IOTARGET_ROUTE, &arg);

	iotarget__debug("route type %u of device %d to queue %d: %d", type,
			device, queue, ret);
	return ret;
}

int iotarget_queue_control(int queue, uint32_t action, uint32_t flags,
			   struct iotarget_queue_control *answer)
{
	struct iotarget_queue_control arg = {
		.size = sizeof(arg),
		.flags = flags,
		.action = action,
	};
	int ret = iotarget__ioctl(queue, IOTARGET_QUEUE_CONTROL, &arg);

	if (ret >= 0 && answer)
		*answer = arg;
	iotarget__debug("control queue %d, action %u: %d", queue, action, ret);
	return ret;
}

int iotarget_target_open(int device, uint64_t *file)
{
	struct iotarget_target_open arg = { .size = sizeof(arg) };
	int ret = iotarget__ioctl(device, IOTARGET_TARGET_OPEN, &arg);

	if (ret >= 0) {
		ret = arg.fd;
		if (file)
			*file = arg.file;
	}
	iotarget__debug("open a target of device %d: %d", device, ret);
	return ret;
}

int iotarget_node_open(const char *name)
{
	char path[sizeof(IOTARGET_NODE_DIR) + IOTARGET_NAME_MAX];

	/* a name, not a way out of the directory */
	if (strlen(name) >= IOTARGET_NAME_MAX || strchr(name, '/'))
		return -EINVAL;
	snprintf(path, sizeof(path), IOTARGET_NODE_DIR "%s", name);
	return open_node(path);
}

int iotarget_shutdown(int fd)
{
	struct iotarget_shutdown arg = { .size = sizeof(arg) };
	int ret = iotarget__ioctl(fd, IOTARGET_SHUTDOWN, &arg);

	iotarget__debug("shut %d down: %d", fd, ret);
	return ret;
}

static struct iotarget_array send_array(struct iotarget_send_element *elements,
					unsigned int n)
{
	return (struct iotarget_array){
		.count = n,
		.stride = sizeof(*elements),
		.ptr = (uintptr_t)elements,
	};
}

static struct iotarget_array
reap_array(struct iotarget_reap_element *completions, unsigned int n)
{
	return (struct iotarget_array){
		.count = n,
		.stride = sizeof(*completions),
		.ptr = (uintptr_t)completions,
	};
}

uint64_t iotarget_deadline(uint64_t nanoseconds)
{
	struct timespec time;
	uint64_t now;

	clock_gettime(CLOCK_MONOTONIC, &time);
	now = time.tv_sec * 1000000000ULL + time.tv_nsec;
	return nanoseconds < UINT64_MAX - now ? now + nanoseconds : UINT64_MAX;
}

int iotarget_send(int target, struct iotarget_send_element *elements,
		  unsigned int n)
{
	struct iotarget_send arg = {
		.size = sizeof(arg),
		.send = send_array(elements, n),
	};
	int ret = iotarget__ioctl(target, IOTARGET_SEND, &arg);

	if (ret >= 0)
		ret = arg.sent;
	iotarget__debug("send %u to target %d: %d", n, target, ret);
	return ret;
}

int iotarget_reap(int target, struct iotarget_reap_element *completions,
		  unsigned int n)
{
	struct iotarget_send arg = {
		.size = sizeof(arg),
		.reap = reap_array(completions, n),
	};
	int ret = iotarget__ioctl(target, IOTARGET_SEND, &arg);

	if (ret >= 0)
		ret = arg.reaped;
	iotarget__debug("reap from target %d: %d", target, ret);
	return ret;
}

int iotarget_send_wait(int target, struct iotarget_send_element *elements,
		       struct iotarget_reap_element *completions,
		       unsigned int n)
{
	struct iotarget_send arg = {
		.size = sizeof(arg),
		.flags = IOTARGET_SEND_WAIT,
		.send = send_array(elements, n),
		.reap = reap_array(completions, n),
	};
	unsigned int i;
	int ret;

	for (i = 0; i < n; i++)
		elements[i].id = 0;
	ret = iotarget__ioctl(target, IOTARGET_SEND, &arg);
	if (ret >= 0)
		ret = arg.reaped;
	iotarget__debug("send %u to target %d and wait: %d of %u", n, target,
			ret, arg.sent);
	return ret;
}

int iotarget_cancel(int target, uint64_t id)
{
	struct iotarget_cancel arg = {
		.size = sizeof(arg),
		.scope = IOTARGET_CANCEL_ID,
		.id = id,
	};
	int ret = iotarget__ioctl(target, IOTARGET_CANCEL, &arg);

	if (ret >= 0)
		ret = arg.delivered ? IOTARGET_CANCEL_DELIVERED :
		      arg.marked ? IOTARGET_CANCEL_MARKED :
		      arg.told ? IOTARGET_CANCEL_TOLD :
				 IOTARGET_CANCEL_COMPLETED;
	iotarget__debug("cancel %#llx of target %d: %d",
			(unsigned long long)id, target, ret);
	return ret;
}

static int cancel_many(int target, uint32_t scope, uint32_t tid,
		       struct iotarget_cancel *answer)
{
	struct iotarget_cancel arg = {
		.size = sizeof(arg),
		.scope = scope,
		.tid = tid,
	};
	int ret = iotarget__ioctl(target, IOTARGET_CANCEL, &arg);

	if (answer)
		*answer = arg;
	return ret;
}

int iotarget_cancel_all(int target, struct iotarget_cancel *answer)
{
	int ret = cancel_many(target, IOTARGET_CANCEL_ALL, 0, answer);

	iotarget__debug("cancel all of target %d: %d", target, ret);
	return ret;
}

int iotarget_cancel_thread(int target, uint32_t tid,
			   struct iotarget_cancel *answer)
{
	int ret = cancel_many(target, IOTARGET_CANCEL_THREAD, tid, answer);

	iotarget__debug("cancel what thread %u sent to target %d: %d", tid,
			target, ret);
	return ret;
}

int iotarget_target_control(int target, uint32_t action,
			    struct iotarget_target_control *answer)
{
	struct iotarget_target_control arg = {
		.size = sizeof(arg),
		.action = action,
	};
	int ret = iotarget__ioctl(target, IOTARGET_TARGET_CONTROL, &arg);

	if (ret >= 0 && answer)
		*answer = arg;
	iotarget__debug("control target %d, action %u: %d", target, action,
			ret);
	return ret;
}
