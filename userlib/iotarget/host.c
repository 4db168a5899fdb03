// SPDX-License-Identifier: MIT
/*
 * The host's side: a loop that fetches records and calls the driver.
 *
 * The kernel decides every race between a cancel and a completion. What is left
 * to this file is that records are fetched by several threads, so a thread can
 * act on a record long after another thread has acted on a later one:
 *
 *  1. The CANCEL of a request is fetched, and before it is looked at another
 *     thread completes the request, as the kernel allows from then on.
 *  2. The CANCEL of a request is looked at before the thread that fetched the
 *     REQUEST has.
 *
 * One table serves both. It has an entry for each slot of the device (the low
 * bits of an id are a slot's index). A request is in it from before on_request
 * until it can complete in the kernel, so for as long as its slot cannot be
 * given to another request. A CANCEL that finds its request there goes to the
 * driver. One that does not is parked in the entry: in case 2 the request finds
 * it there when it is entered; in case 1 nobody ever asks for it, because ids
 * are never used again.
 *
 * The hosts of one device share the table: a request that one of them gives to
 * another's queue, or back to its own, stays in it, and whoever fetches it next
 * finds it there. One that ends in the queue without the host being told lies there
 * until its slot has another request.
 *
 * A request is freed with its last reference. The driver's own is the first;
 * iotarget_request_complete() gives it up. Each callback holds another.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#define SLOTS		(1UL << IOTARGET_ID_SLOT_BITS)
/* of a thread; what most devices carry fits, and READ gets the rest */
#define BUFFER_SIZE	(64UL << 10)
#define STEP_MAX	64

struct slot {
	/* the newest; others, by @older, are of a queue that has ended */
	struct request *request;
	/* the CANCEL that was looked at and not found in @request */
	uint64_t parked;
	/* what refuse() leaves to whoever looks at its CANCEL */
	uint64_t refused;
};

enum mark {
	UNMARKED,
	BY_DELIVERY,	/* IOTARGET_DRIVER_CANCELABLE */
	BY_DRIVER,	/* iotarget_request_mark_cancelable() */
};

enum place {
	WITH_DRIVER,
	IN_QUEUE,	/* or on its way: forwarded, requeued; not fetched yet */
	COMPLETED,	/* by the driver */
};

/*
 * @lock of the device protects all but @public, @device and @references. Who has
 * the request can read @host: it changes only on the way to another.
 */
struct request {
	struct iotarget_request public;
	struct device *device;
	/* that has it, or had it last */
	struct iotarget_host *host;
	struct request *older;		/* in the slot */
	atomic_uint references;
	enum mark mark;
	enum place place;
	/* so many threads may find that the kernel did not take it */
	unsigned int leaving;
	/* whose on_request runs */
	struct loop *in_on_request;
	/* its CANCEL was looked at */
	bool cancel_seen;
	/* on_cancel comes when on_request has returned */
	bool cancel_due;
	/* COMPLETED, and whoever looks at the CANCEL tells the kernel so */
	bool complete_on_cancel;
	alignas(max_align_t) char in[];
};

/* What a thread needs while it is in the loop. */
struct loop {
	struct iotarget_host *host;
	struct loop *next;		/* in iotarget_host.loops */
	/* in whose callback this one runs */
	struct loop *outer;
	/* the request whose callback runs */
	struct request *current;
	/* its completion, which goes out with the next FETCH */
	bool has_completion;
	struct iotarget_complete_element completion;
	/* for the bytes of @completion, then for those of the next record */
	char *buffer;
};

/* What the hosts of one device share. */
struct device {
	pthread_mutex_t lock;		/* never held across a callback */
	unsigned int hosts;
	struct slot *slots;
	size_t slots_used;		/* no entry from here on was ever used */
};

struct iotarget_host {
	int fd;				/* the queue's */
	struct device *device;
	struct iotarget_driver driver;
	void *context;
	atomic_bool nonblocking;
	struct loop *loops;		/* those that no thread uses */

	/* iotarget_queue_control_wait(); no other lock is taken within */
	pthread_mutex_t notice_lock;
	pthread_cond_t notice;
	bool waiting;
	bool ended;
};

/* The loop that the thread is in; NULL outside of one. */
static _Thread_local struct loop *this_loop;

/* Memory that costs what is touched of it. */
static void *map(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static struct request *to_request(struct iotarget_request *public)
{
	return (struct request *)public;
}

void iotarget_request_get(struct iotarget_request *request)
{
	atomic_fetch_add(&to_request(request)->references, 1);
}

void iotarget_request_put(struct iotarget_request *public)
{
	struct request *request = to_request(public);

	if (atomic_fetch_sub(&request->references, 1) > 1)
		return;
	if (request->host->driver.on_release)
		request->host->driver.on_release(public);
	free(request);
}

/* ------------------------------------------------------------- the table */

static struct slot *slot_of(struct device *device, uint64_t id)
{
	return &device->slots[id % SLOTS];
}

/* These with the lock held. */
static struct request *table_find(struct device *device, uint64_t id)
{
	struct request *request = slot_of(device, id)->request;

	while (request && request->public.id != id)
		request = request->older;
	return request;
}

static void table_enter(struct request *request)
{
	struct device *device = request->device;
	size_t index = request->public.id % SLOTS;

	request->older = device->slots[index].request;
	device->slots[index].request = request;
	if (device->slots_used <= index)
		device->slots_used = index + 1;
}

static void table_leave(struct request *request)
{
	struct slot *slot = slot_of(request->device, request->public.id);
	struct request **at = &slot->request;

	while (*at && *at != request)
		at = &(*at)->older;
	if (*at)
		*at = request->older;
}

/*
 * Takes out of the slot what @left says of its requests, and returns them, to be
 * put without the lock.
 */
static struct request *table_cut(struct slot *slot, const void *key,
				 bool (*left)(const struct request *, const void *))
{
	struct request **at = &slot->request;
	struct request *request, *cut = NULL;

	while ((request = *at)) {
		if (!left(request, key)) {
			at = &request->older;
			continue;
		}
		*at = request->older;
		request->older = cut;
		cut = request;
	}
	return cut;
}

static void put_all(struct request *request)
{
	struct request *older;

	for (; request; request = older) {
		older = request->older;
		iotarget_request_put(&request->public);
	}
}

/* Did it end in a queue, before its slot was given to @newer? */
static bool ended_before(const struct request *request, const void *newer)
{
	const struct request *other = newer;

	return request->place == IN_QUEUE && !request->leaving &&
	       request->public.id < other->public.id;
}

static bool is_of_host(const struct request *request, const void *host)
{
	return request->host == host;
}

/* Was the request's CANCEL looked at while it was not in the table? */
static bool unpark(struct request *request)
{
	struct slot *slot = slot_of(request->device, request->public.id);

	if (slot->parked != request->public.id)
		return false;
	slot->parked = 0;
	request->cancel_seen = true;
	return true;
}

/* ------------------------------------------------------------ completing */

/* Completes at once. */
static int complete_now(struct iotarget_host *host,
			struct iotarget_complete_element *element)
{
	struct iotarget_fetch arg = {
		.size = sizeof(arg),
		.complete = {
			.count = 1,
			.stride = sizeof(*element),
			.ptr = (uintptr_t)element,
		},
	};
	int ret = iotarget__ioctl(host->fd, IOTARGET_FETCH, &arg);

	if (ret >= 0)
		ret = element->result;
	iotarget__debug("complete %#llx with %d: %d",
			(unsigned long long)element->id, element->status, ret);
	return ret;
}

/*
 * Completes what the kernel cannot refuse any more: with the next FETCH if the
 * thread's next step is one, and at once otherwise.
 */
static void complete_finally(struct request *request,
			     struct iotarget_complete_element *element)
{
	struct iotarget_host *host = request->host;
	struct loop *loop = this_loop;

	pthread_mutex_lock(&request->device->lock);
	table_leave(request);
	pthread_mutex_unlock(&request->device->lock);

	/* (the callback can have moved it to another queue) */
	if (loop && loop->current == request && loop->host == host &&
	    !loop->has_completion && element->buffer_length <= BUFFER_SIZE) {
		if (element->buffer_length)
			memcpy(loop->buffer, (void *)(uintptr_t)element->buffer,
			       element->buffer_length);
		loop->completion = *element;
		loop->completion.buffer = (uintptr_t)loop->buffer;
		loop->has_completion = true;
	} else {
		complete_now(host, element);
	}
	iotarget_request_put(&request->public);
}

static void complete_canceled(struct request *request)
{
	struct iotarget_complete_element element = {
		.id = request->public.id,
		.status = -ECANCELED,
	};

	complete_finally(request, &element);
}

static int id_ioctl(struct iotarget_host *host, uint64_t id,
		    unsigned long number)
{
	struct iotarget_id arg = { .size = sizeof(arg), .id = id };

	return iotarget__ioctl(host->fd, number, &arg);
}

/*
 * The request came marked. A COMPLETE alone would not do: once the CANCEL was
 * fetched, by a thread that has not looked at it yet, the kernel takes any
 * status, though the sender was told that the cancel was delivered. UNMARK
 * tells whether it was.
 */
static void complete_delivered(struct request *request,
			       struct iotarget_complete_element *element,
			       bool canceled)
{
	struct device *device = request->device;

	if (!canceled &&
	    id_ioctl(request->host, request->public.id,
		     IOTARGET_UNMARK_CANCELABLE) == -ECANCELED) {
		/* The kernel wants the CANCEL to be fetched first. */
		pthread_mutex_lock(&device->lock);
		canceled = request->cancel_seen;
		request->complete_on_cancel = !canceled;
		pthread_mutex_unlock(&device->lock);
		if (!canceled)
			return;
	}
	if (canceled)
		complete_canceled(request);
	else
		complete_finally(request, element);
}

/*
 * The driver marked the request, so the kernel may refuse, and the driver wants
 * to know. The request leaves the table first, as always. If the kernel refuses
 * and the CANCEL was parked meanwhile, its reason to refuse is gone.
 */
static int complete_marked(struct request *request,
			   struct iotarget_complete_element *element)
{
	struct device *device = request->device;
	bool again;
	int ret;

	pthread_mutex_lock(&device->lock);
	table_leave(request);
	pthread_mutex_unlock(&device->lock);
	do {
		ret = complete_now(request->host, element);
		if (ret != -ECANCELED && ret != -EINVAL) {
			iotarget_request_put(&request->public);
			return 0;
		}
		pthread_mutex_lock(&device->lock);
		again = unpark(request);
		if (!again) {
			table_enter(request);
			request->place = WITH_DRIVER;
		}
		pthread_mutex_unlock(&device->lock);
	} while (again);
	return ret;
}

int iotarget_request_complete(struct iotarget_request *public, int32_t status,
			      const void *data, uint32_t length,
			      uint64_t information)
{
	struct request *request = to_request(public);
	struct iotarget_complete_element element = {
		.id = public->id,
		.information = information,
		.buffer = (uintptr_t)data,
		.buffer_length = length,
		.status = status,
	};
	bool canceled;
	enum mark mark;

	if (length > public->out_length ||
	    information > (public->out_length ? public->out_length :
						public->in_length))
		return -EINVAL;

	pthread_mutex_lock(&request->device->lock);
	if (request->place != WITH_DRIVER) {
		pthread_mutex_unlock(&request->device->lock);
		return -ENOENT;
	}
	request->place = COMPLETED;
	mark = request->mark;
	canceled = request->cancel_seen;
	pthread_mutex_unlock(&request->device->lock);

	if (mark == BY_DELIVERY)
		complete_delivered(request, &element, canceled);
	else if (mark == BY_DRIVER && !canceled)
		return complete_marked(request, &element);
	else
		complete_finally(request, &element);
	return 0;
}

/* --------------------------------------------------------------- marking */

static enum mark set_mark(struct request *request, enum mark mark)
{
	enum mark old;

	pthread_mutex_lock(&request->device->lock);
	old = request->mark;
	request->mark = mark;
	pthread_mutex_unlock(&request->device->lock);
	return old;
}

int iotarget_request_mark_cancelable(struct iotarget_request *public)
{
	struct request *request = to_request(public);
	unsigned long long id = public->id;
	/* before: once it is marked, on_cancel can complete and free it */
	enum mark old = set_mark(request, BY_DRIVER);
	int ret = id_ioctl(request->host, request->public.id,
		     IOTARGET_MARK_CANCELABLE);

	if (ret < 0)
		set_mark(request, old);
	iotarget__debug("mark %#llx: %d", id, ret);
	return ret;
}

int iotarget_request_mark_or_cancel(struct iotarget_request *public)
{
	struct request *request = to_request(public);
	struct iotarget_host *host = request->host;
	int ret;

	/* on_cancel can complete it, here or on another thread */
	iotarget_request_get(public);
	ret = iotarget_request_mark_cancelable(public);
	if (ret == -ECANCELED && host->driver.on_cancel) {
		pthread_mutex_lock(&request->device->lock);
		if (!request->cancel_seen)
			ret = 0;
		request->cancel_seen = true;
		pthread_mutex_unlock(&request->device->lock);
		if (!ret)
			host->driver.on_cancel(public);
	}
	iotarget_request_put(public);
	return ret;
}

int iotarget_request_unmark_cancelable(struct iotarget_request *public)
{
	struct request *request = to_request(public);
	unsigned long long id = public->id;
	int ret = id_ioctl(request->host, request->public.id,
		     IOTARGET_UNMARK_CANCELABLE);

	/* refused: on_cancel can have freed it */
	if (ret >= 0)
		set_mark(request, UNMARKED);
	iotarget__debug("unmark %#llx: %d", id, ret);
	return ret;
}

int iotarget_request_is_canceled(struct iotarget_request *public)
{
	struct iotarget_is_canceled arg = {
		.size = sizeof(arg),
		.id = public->id,
	};
	int ret = iotarget__ioctl(to_request(public)->host->fd,
				  IOTARGET_IS_CANCELED, &arg);

	return ret < 0 ? ret : (int)arg.canceled;
}

/* ------------------------------------------------------ back to a queue */

/*
 * The queue did not take a request that had come marked: it is marked again. A
 * cancel that came in between is not lost: the driver is told as if it had come a
 * moment before.
 */
static int mark_again(struct request *request, int error)
{
	bool call_driver;

	if (id_ioctl(request->host, request->public.id,
		     IOTARGET_MARK_CANCELABLE) != -ECANCELED)
		return error;
	pthread_mutex_lock(&request->device->lock);
	request->mark = UNMARKED;
	request->cancel_seen = true;
	request->cancel_due = request->in_on_request;
	call_driver = !request->cancel_due;
	pthread_mutex_unlock(&request->device->lock);
	if (call_driver)
		request->host->driver.on_cancel(&request->public);
	return -ECANCELED;
}

/*
 * Another thread can have fetched it before the system call is back, so it is all
 * said before, and taken back if the kernel refuses. Until it is fetched no CANCEL
 * comes, because it is not marked.
 */
static int give_to_queue(struct request *request, unsigned long number,
			 void *arg)
{
	struct iotarget_host *host = request->host;
	struct device *device = request->device;
	bool canceled;
	enum mark mark;
	int ret;

	pthread_mutex_lock(&device->lock);
	ret = request->place == WITH_DRIVER ? 0 : -ENOENT;
	mark = request->mark;
	pthread_mutex_unlock(&device->lock);
	if (ret)
		return ret;
	/* (the kernel refuses) */
	if (mark == BY_DRIVER)
		return iotarget__ioctl(host->fd, number, arg);
	if (mark == BY_DELIVERY) {
		ret = id_ioctl(host, request->public.id,
			       IOTARGET_UNMARK_CANCELABLE);
		if (ret < 0)
			return ret;
	}

	iotarget_request_get(&request->public);
	pthread_mutex_lock(&device->lock);
	canceled = request->cancel_seen;
	request->cancel_seen = false;
	request->place = IN_QUEUE;
	request->leaving++;
	pthread_mutex_unlock(&device->lock);

	ret = iotarget__ioctl(host->fd, number, arg);

	pthread_mutex_lock(&device->lock);
	request->leaving--;
	if (ret < 0) {
		request->cancel_seen = canceled;
		request->place = WITH_DRIVER;
	}
	pthread_mutex_unlock(&device->lock);
	if (ret < 0 && mark == BY_DELIVERY)
		ret = mark_again(request, ret);
	iotarget_request_put(&request->public);
	return ret;
}

int iotarget_request_forward(struct iotarget_request *public,
			     struct iotarget_host *to)
{
	struct request *request = to_request(public);
	struct iotarget_forward arg = {
		.size = sizeof(arg),
		.id = public->id,
		.queue_fd = to->fd,
	};
	/* a host that does not share the table cannot find it */
	int ret = to->device != request->device ? -EINVAL :
		  give_to_queue(request, IOTARGET_FORWARD, &arg);

	iotarget__debug("forward %#llx to queue %d: %d",
			(unsigned long long)arg.id, to->fd, ret);
	return ret;
}

int iotarget_request_requeue(struct iotarget_request *public)
{
	struct request *request = to_request(public);
	struct iotarget_id arg = { .size = sizeof(arg), .id = public->id };
	int ret = give_to_queue(request, IOTARGET_REQUEUE, &arg);

	iotarget__debug("requeue %#llx: %d", (unsigned long long)arg.id, ret);
	return ret;
}

/* ---------------------------------------------------------------- parts */

static int copy_part(struct iotarget_request *request, unsigned long number,
		     uint32_t offset, const void *buffer, uint32_t length)
{
	struct iotarget_payload arg = {
		.size = sizeof(arg),
		.id = request->id,
		.buffer = (uintptr_t)buffer,
		.length = length,
		.offset = offset,
	};
	int ret = iotarget__ioctl(to_request(request)->host->fd, number, &arg);

	return ret < 0 ? ret : (int)arg.done;
}

int iotarget_request_read(struct iotarget_request *request, uint32_t offset,
			  void *buffer, uint32_t length)
{
	return copy_part(request, IOTARGET_READ, offset, buffer, length);
}

int iotarget_request_write(struct iotarget_request *request, uint32_t offset,
			   const void *data, uint32_t length)
{
	return copy_part(request, IOTARGET_WRITE, offset, data, length);
}

/* --------------------------------------------------------------- records */

static void call(struct loop *loop, struct request *request,
		 void (*callback)(struct iotarget_request *))
{
	loop->current = request;
	callback(&request->public);
	loop->current = NULL;
}

static void call_on_cancel(struct iotarget_host *host, struct loop *loop,
			   struct request *request)
{
	iotarget__debug("cancel of %#llx: call the driver",
			(unsigned long long)request->public.id);
	if (host->driver.on_cancel)
		call(loop, request, host->driver.on_cancel);
}

/*
 * Completes a record that does not become a request. If it came marked and was
 * cancelled, the kernel wants its CANCEL to be fetched first.
 */
static void refuse(struct iotarget_host *host,
		   const struct iotarget_fetch_element *record, int32_t status)
{
	struct slot *slot = slot_of(host->device, record->id);
	struct iotarget_complete_element element = {
		.id = record->id,
		.status = status,
	};
	bool later;

	if (record->flags & IOTARGET_RECORD_CANCELABLE &&
	    id_ioctl(host, record->id, IOTARGET_UNMARK_CANCELABLE) ==
								-ECANCELED) {
		element.status = -ECANCELED;
		pthread_mutex_lock(&host->device->lock);
		later = slot->parked != record->id;
		if (later)
			slot->refused = record->id;
		pthread_mutex_unlock(&host->device->lock);
		if (later)
			return;
	}
	complete_now(host, &element);
}

static int make_request(struct iotarget_host *host,
			const struct iotarget_fetch_element *record,
			struct request **result)
{
	uint32_t length = host->driver.flags & IOTARGET_DRIVER_PARTS ?
			  record->copied : record->in_length;
	struct request *request = malloc(sizeof(*request) + length);
	int ret = 0;

	if (!request)
		return -ENOMEM;
	*request = (struct request){
		.public = {
			.id = record->id,
			.file = record->file,
			.offset = record->offset,
			.type = record->type,
			.code = record->code,
			.pid = record->pid,
			.uid = record->uid,
			.in_length = record->in_length,
			.out_length = record->out_length,
			.in = request->in,
			.in_copied = length,
		},
		.device = host->device,
		.host = host,
		.references = 1,
	};
	memcpy(request->in, (void *)(uintptr_t)record->buffer, record->copied);
	if (record->copied < length)
		ret = iotarget_request_read(&request->public, record->copied,
					    request->in + record->copied,
					    length - record->copied);
	if (ret < 0)
		free(request);
	else
		*result = request;
	return ret;
}

/*
 * The host has got the request, first or again: from here on the driver has it.
 * With the lock held. The caller has a reference.
 */
static void hand_over(struct request *request, struct iotarget_host *host,
		      const struct iotarget_fetch_element *record)
{
	iotarget_request_get(&request->public);
	request->public.host_context = host->context;
	request->public.flags = record->flags;
	request->host = host;
	request->place = WITH_DRIVER;
	request->mark = record->flags & IOTARGET_RECORD_CANCELABLE ?
				BY_DELIVERY : UNMARKED;
}

/*
 * The request of a record, with a reference for the caller; @loop is that of the
 * on_request to come, if any. Its CANCEL may have been looked at already:
 * @cancel_due.
 */
static int obtain(struct iotarget_host *host, struct loop *loop,
		  const struct iotarget_fetch_element *record,
		  struct request **result)
{
	struct device *device = host->device;
	struct request *request, *ended = NULL;
	bool known;
	int ret;

	pthread_mutex_lock(&device->lock);
	request = table_find(device, record->id);
	known = request;
	if (!known) {
		pthread_mutex_unlock(&device->lock);
		ret = make_request(host, record, &request);
		if (ret < 0) {
			refuse(host, record, ret);
			return ret;
		}
		pthread_mutex_lock(&device->lock);
		ended = table_cut(slot_of(device, record->id), request,
				  ended_before);
		table_enter(request);
		unpark(request);
	}
	hand_over(request, host, record);
	request->cancel_due = request->cancel_seen;
	request->in_on_request = loop;
	pthread_mutex_unlock(&device->lock);

	iotarget__debug("request %#llx%s: type %u, code %#x, %u bytes in, %u out",
			(unsigned long long)record->id, known ? " again" : "",
			record->type, record->code, record->in_length,
			record->out_length);
	put_all(ended);
	*result = request;
	return 0;
}

static void handle_request(struct iotarget_host *host, struct loop *loop,
			   const struct iotarget_fetch_element *record)
{
	struct request *request;
	bool cancel = false;

	if (obtain(host, loop, record, &request) < 0)
		return;
	call(loop, request, host->driver.on_request);

	pthread_mutex_lock(&host->device->lock);
	/* else it is in the on_request of another loop, or was */
	if (request->in_on_request == loop) {
		request->in_on_request = NULL;
		cancel = request->cancel_due && request->place == WITH_DRIVER;
	}
	pthread_mutex_unlock(&host->device->lock);
	if (cancel)
		call_on_cancel(host, loop, request);
	iotarget_request_put(&request->public);
}

static void handle_cancel(struct iotarget_host *host, struct loop *loop,
			  uint64_t id)
{
	struct device *device = host->device;
	struct slot *slot = slot_of(device, id);
	struct iotarget_complete_element refused = {
		.id = id,
		.status = -ECANCELED,
	};
	struct request *request;
	bool call_driver = false;
	bool complete = false;

	pthread_mutex_lock(&device->lock);
	request = table_find(device, id);
	if (slot->refused == id) {
		slot->refused = 0;
		pthread_mutex_unlock(&device->lock);
		complete_now(host, &refused);
		return;
	}
	if (!request) {
		/*
		 * A slot's serial numbers rise, and a thread can be late with
		 * the CANCEL of an earlier request of the slot.
		 */
		if (slot->parked < id)
			slot->parked = id;
		pthread_mutex_unlock(&device->lock);
		return;
	}
	request->cancel_seen = true;
	if (request->place == COMPLETED)
		/* else complete_delivered() goes on, and finds @cancel_seen */
		complete = request->complete_on_cancel;
	else if (request->place == WITH_DRIVER && request->in_on_request &&
		 request->mark == BY_DELIVERY)
		request->cancel_due = true;
	else if (request->place == WITH_DRIVER)
		call_driver = true;
	/* (IN_QUEUE: who has its REQUEST finds @cancel_seen) */
	if (call_driver)
		iotarget_request_get(&request->public);
	pthread_mutex_unlock(&device->lock);

	if (complete)
		complete_canceled(request);
	if (call_driver) {
		call_on_cancel(host, loop, request);
		iotarget_request_put(&request->public);
	}
}

static void complete_as_canceled(struct iotarget_request *request)
{
	iotarget_request_complete(request, -ECANCELED, NULL, 0, 0);
}

static void handle_canceled_on_queue(struct iotarget_host *host,
				     struct loop *loop,
				     const struct iotarget_fetch_element *record)
{
	struct request *request;

	pthread_mutex_lock(&host->device->lock);
	request = table_find(host->device, record->id);
	if (request) {
		hand_over(request, host, record);
		request->cancel_seen = true;
		request->cancel_due = false;
		request->in_on_request = NULL;
	}
	pthread_mutex_unlock(&host->device->lock);
	if (!request) {
		/* of a host that was destroyed */
		refuse(host, record, -ECANCELED);
		return;
	}
	iotarget__debug("%#llx was cancelled in the queue",
			(unsigned long long)record->id);
	call(loop, request, host->driver.on_canceled_on_queue ?:
			    complete_as_canceled);
	iotarget_request_put(&request->public);
}

static void handle_queue_state(struct iotarget_host *host,
			       const struct iotarget_fetch_element *record)
{
	bool notice = record->flags & IOTARGET_RECORD_NOTICE;
	bool waited = false;

	iotarget__debug("state %#x of queue %d%s", record->state, host->fd,
			notice ? ": as asked for" : "");
	if (notice) {
		pthread_mutex_lock(&host->notice_lock);
		waited = host->waiting;
		host->waiting = false;
		pthread_cond_signal(&host->notice);
		pthread_mutex_unlock(&host->notice_lock);
	}
	if (!waited && host->driver.on_queue_state)
		host->driver.on_queue_state(host->context, record->state,
					    notice);
}

static void handle_cleanup(struct iotarget_host *host, uint64_t file)
{
	struct iotarget_file_done arg = { .size = sizeof(arg), .file = file };
	int ret;

	if (host->driver.on_cleanup)
		host->driver.on_cleanup(host->context, file);
	/* also for a driver that does not want to know: the kernel waits */
	ret = iotarget__ioctl(host->fd, IOTARGET_FILE_DONE, &arg);
	iotarget__debug("cleanup of file %llu: %d", (unsigned long long)file,
			ret);
}

static void handle_close(struct iotarget_host *host, uint64_t file)
{
	iotarget__debug("close of file %llu", (unsigned long long)file);
	if (host->driver.on_close)
		host->driver.on_close(host->context, file);
}

static void handle(struct iotarget_host *host, struct loop *loop,
		   const struct iotarget_fetch_element *record)
{
	/* a callback may run the loop of another host */
	loop->outer = this_loop;
	this_loop = loop;
	switch (record->event) {
	case IOTARGET_EVENT_REQUEST:
		handle_request(host, loop, record);
		break;
	case IOTARGET_EVENT_CANCEL:
		handle_cancel(host, loop, record->id);
		break;
	case IOTARGET_EVENT_CANCELED_ON_QUEUE:
		handle_canceled_on_queue(host, loop, record);
		break;
	case IOTARGET_EVENT_CLEANUP:
		handle_cleanup(host, record->file);
		break;
	case IOTARGET_EVENT_CLOSE:
		handle_close(host, record->file);
		break;
	case IOTARGET_EVENT_QUEUE_STATE:
		handle_queue_state(host, record);
		break;
	}
	this_loop = loop->outer;
}

/*
 * Completes what the last callback left and fetches a record, if wanted. Returns
 * how many records came, or an errno.
 *
 * Not more than one at a time: the second would wait for the callback of the
 * first while another thread has nothing to do.
 */
static int fetch(struct loop *loop, uint32_t flags, uint64_t file, bool want,
		 struct iotarget_fetch_element *record)
{
	struct iotarget_fetch arg = {
		.size = sizeof(arg),
		.flags = flags,
		.complete = {
			.count = loop->has_completion,
			.stride = sizeof(loop->completion),
			.ptr = (uintptr_t)&loop->completion,
		},
		.fetch = {
			.count = want,
			.stride = sizeof(*record),
			.ptr = (uintptr_t)record,
		},
		.file = file,
	};
	int ret;

	*record = (struct iotarget_fetch_element){
		.buffer = (uintptr_t)loop->buffer,
		.buffer_length = BUFFER_SIZE,
	};
	ret = iotarget__ioctl(loop->host->fd, IOTARGET_FETCH, &arg);
	if (ret < 0)
		return ret;
	if (arg.completed) {
		loop->has_completion = false;
		iotarget__debug("complete %#llx with %d: %d",
				(unsigned long long)loop->completion.id,
				loop->completion.status,
				loop->completion.result);
	}
	return arg.fetched;
}

/* The queue has ended: whoever waits for a notice waits no longer. */
static void end_wait(struct iotarget_host *host)
{
	pthread_mutex_lock(&host->notice_lock);
	host->ended = true;
	pthread_cond_signal(&host->notice);
	pthread_mutex_unlock(&host->notice_lock);
}

/*
 * One round: completes, fetches and handles. Returns how many records came (a
 * signal or an O_NONBLOCK device: 0), or an errno.
 */
static int turn(struct iotarget_host *host, struct loop *loop, bool want)
{
	uint32_t flags = host->driver.flags & IOTARGET_DRIVER_CANCELABLE ?
				IOTARGET_FETCH_CANCELABLE : 0;
	struct iotarget_fetch_element record;
	int ret = fetch(loop, flags, 0, want, &record);

	if (ret > 0)
		handle(host, loop, &record);
	else if (ret == -ENODEV)
		end_wait(host);
	return ret == -EINTR || ret == -EAGAIN ? 0 : ret;
}

/* ------------------------------------------------------------------ host */

/* A loop that was used before, or a new one. */
static struct loop *take_loop(struct iotarget_host *host)
{
	struct loop *loop;

	pthread_mutex_lock(&host->device->lock);
	loop = host->loops;
	if (loop)
		host->loops = loop->next;
	pthread_mutex_unlock(&host->device->lock);
	if (loop)
		return loop;
	loop = calloc(1, sizeof(*loop));
	if (!loop)
		return NULL;
	loop->buffer = map(BUFFER_SIZE);
	if (!loop->buffer) {
		free(loop);
		return NULL;
	}
	loop->host = host;
	return loop;
}

static void give_loop(struct iotarget_host *host, struct loop *loop)
{
	loop->has_completion = false;
	pthread_mutex_lock(&host->device->lock);
	loop->next = host->loops;
	host->loops = loop;
	pthread_mutex_unlock(&host->device->lock);
}

static struct device *make_device(void)
{
	struct device *device = calloc(1, sizeof(*device));

	if (!device)
		return NULL;
	device->slots = map(SLOTS * sizeof(*device->slots));
	if (!device->slots) {
		free(device);
		return NULL;
	}
	pthread_mutex_init(&device->lock, NULL);
	return device;
}

/* A host fewer; frees the device with the last one. */
static void put_device(struct device *device)
{
	bool last;

	pthread_mutex_lock(&device->lock);
	last = --device->hosts == 0;
	pthread_mutex_unlock(&device->lock);
	if (!last)
		return;
	munmap(device->slots, SLOTS * sizeof(*device->slots));
	pthread_mutex_destroy(&device->lock);
	free(device);
}

/* @device: that of other hosts, or NULL for one of its own. */
static int create_host(struct device *device, int fd,
		       const struct iotarget_driver *driver, void *context,
		       struct iotarget_host **result)
{
	/* a program that was built with the first version has no more */
	const size_t first = offsetof(struct iotarget_driver, on_cleanup);
	struct iotarget_host *host;

	if (driver->size < first || !driver->on_request ||
	    driver->flags & ~(IOTARGET_DRIVER_CANCELABLE |
			      IOTARGET_DRIVER_PARTS) ||
	    (driver->flags & IOTARGET_DRIVER_CANCELABLE && !driver->on_cancel))
		return -EINVAL;
	host = calloc(1, sizeof(*host));
	if (!host)
		return -ENOMEM;
	host->device = device ?: make_device();
	if (!host->device) {
		free(host);
		return -ENOMEM;
	}
	host->fd = fd;
	memcpy(&host->driver, driver, driver->size < sizeof(*driver) ?
				      driver->size : sizeof(*driver));
	host->context = context;
	pthread_mutex_init(&host->notice_lock, NULL);
	pthread_cond_init(&host->notice, NULL);
	pthread_mutex_lock(&host->device->lock);
	host->device->hosts++;
	pthread_mutex_unlock(&host->device->lock);
	*result = host;
	return 0;
}

int iotarget_host_create(int device, const struct iotarget_driver *driver,
			 void *context, struct iotarget_host **host)
{
	return create_host(NULL, device, driver, context, host);
}

int iotarget_host_create_queue(struct iotarget_host *device_host, int queue,
			       const struct iotarget_driver *driver,
			       void *context, struct iotarget_host **host)
{
	return create_host(device_host->device, queue, driver, context, host);
}

int iotarget_host_run(struct iotarget_host *host)
{
	struct pollfd pollfd = { .fd = host->fd, .events = POLLIN };
	struct loop *loop = take_loop(host);
	int ret;

	if (!loop)
		return -ENOMEM;
	do {
		ret = turn(host, loop, true);
		/* a signal, or the device is O_NONBLOCK */
		if (ret == 0)
			poll(&pollfd, 1, -1);
	} while (ret >= 0);
	give_loop(host, loop);
	return ret == -ENODEV ? 0 : ret;
}

int iotarget_host_fd(struct iotarget_host *host)
{
	if (!atomic_exchange(&host->nonblocking, true))
		fcntl(host->fd, F_SETFL,
		      fcntl(host->fd, F_GETFL) | O_NONBLOCK);
	return host->fd;
}

int iotarget_host_step(struct iotarget_host *host)
{
	struct loop *loop = take_loop(host);
	int count = 0;
	int ret;

	if (!loop)
		return -ENOMEM;
	iotarget_host_fd(host);
	do {
		ret = turn(host, loop, count < STEP_MAX);
		count += ret > 0;
	} while (ret > 0);
	give_loop(host, loop);
	return ret < 0 ? ret : count;
}

int iotarget_host_retrieve(struct iotarget_host *host, uint64_t file,
			   uint32_t flags, struct iotarget_request **result)
{
	struct iotarget_fetch_element record;
	struct request *request;
	struct loop *loop;
	bool canceled;
	int ret;

	if (flags & ~IOTARGET_FETCH_CANCELABLE ||
	    (flags && !host->driver.on_cancel))
		return -EINVAL;
	loop = take_loop(host);
	if (!loop)
		return -ENOMEM;
	do {
		canceled = false;
		ret = fetch(loop, IOTARGET_FETCH_RETRIEVE | flags, file, true,
			    &record);
		if (ret >= 0)
			ret = obtain(host, NULL, &record, &request);
		if (ret < 0)
			break;
		/* its CANCEL came first: the driver need not see it */
		canceled = request->cancel_due;
		if (canceled)
			complete_as_canceled(&request->public);
		/* one that is marked can be completed by on_cancel already */
		if (canceled || !flags)
			iotarget_request_put(&request->public);
	} while (canceled);
	give_loop(host, loop);
	iotarget__debug("retrieve from queue %d: %d", host->fd, ret);
	if (ret >= 0)
		*result = &request->public;
	return ret;
}

/* Is this a callback of a host of the same device? */
static bool in_callback(const struct device *device)
{
	struct loop *loop = this_loop;

	while (loop && loop->host->device != device)
		loop = loop->outer;
	return loop;
}

int iotarget_queue_control_wait(struct iotarget_host *host, uint32_t action)
{
	int ret = -EBUSY;

	if (in_callback(host->device))
		return -EDEADLK;
	/* the notice of who is refused is not this one's */
	pthread_mutex_lock(&host->notice_lock);
	if (!host->waiting)
		ret = iotarget_queue_control(host->fd, action,
				IOTARGET_QUEUE_CONTROL_NOTIFY, NULL);
	if (ret >= 0) {
		host->waiting = true;
		while (host->waiting && !host->ended)
			pthread_cond_wait(&host->notice, &host->notice_lock);
		if (host->waiting)
			ret = -ENODEV;
		host->waiting = false;
	}
	pthread_mutex_unlock(&host->notice_lock);
	return ret;
}

int iotarget_host_stop(struct iotarget_host *host)
{
	return iotarget_shutdown(host->fd);
}

void iotarget_host_destroy(struct iotarget_host *host)
{
	struct device *device;
	struct request *left;
	struct loop *loop;
	size_t used, i;

	if (!host)
		return;
	device = host->device;
	pthread_mutex_lock(&device->lock);
	used = device->slots_used;
	pthread_mutex_unlock(&device->lock);
	for (i = 0; i < used; i++) {
		pthread_mutex_lock(&device->lock);
		left = table_cut(&device->slots[i], host, is_of_host);
		pthread_mutex_unlock(&device->lock);
		put_all(left);
	}
	while ((loop = host->loops)) {
		host->loops = loop->next;
		munmap(loop->buffer, BUFFER_SIZE);
		free(loop);
	}
	put_device(device);
	pthread_cond_destroy(&host->notice);
	pthread_mutex_destroy(&host->notice_lock);
	free(host);
}
