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

/* @lock of the host protects all but @public, @host and @references. */
struct request {
	struct iotarget_request public;
	struct iotarget_host *host;
	atomic_uint references;
	enum mark mark;
	bool in_on_request;
	/* the driver has completed it */
	bool completed;
	/* its CANCEL was looked at */
	bool cancel_seen;
	/* on_cancel comes when on_request has returned */
	bool cancel_due;
	/* @completed, and whoever looks at the CANCEL tells the kernel so */
	bool complete_on_cancel;
	alignas(max_align_t) char in[];
};

/* What a thread needs while it is in the loop. */
struct loop {
	struct loop *next;		/* in iotarget_host.loops */
	/* the request whose callback runs */
	struct request *current;
	/* its completion, which goes out with the next FETCH */
	bool has_completion;
	struct iotarget_complete_element completion;
	/* for the bytes of @completion, then for those of the next record */
	char *buffer;
};

struct iotarget_host {
	int device;
	struct iotarget_driver driver;
	void *context;
	atomic_bool nonblocking;

	pthread_mutex_t lock;		/* never held across a callback */
	struct slot *slots;
	size_t slots_used;		/* no entry from here on was ever used */
	struct loop *loops;		/* those that no thread uses */
};

/* The loop that the thread is in; NULL outside of callbacks. */
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

static struct slot *slot_of(struct iotarget_host *host, uint64_t id)
{
	return &host->slots[id % SLOTS];
}

/* These three with the lock held. */
static void table_enter(struct iotarget_host *host, struct request *request)
{
	size_t index = request->public.id % SLOTS;

	host->slots[index].request = request;
	if (host->slots_used <= index)
		host->slots_used = index + 1;
}

static void table_leave(struct iotarget_host *host, struct request *request)
{
	slot_of(host, request->public.id)->request = NULL;
}

/* Was the request's CANCEL looked at while it was not in the table? */
static bool unpark(struct iotarget_host *host, struct request *request)
{
	struct slot *slot = slot_of(host, request->public.id);

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
	int ret = iotarget__ioctl(host->device, IOTARGET_FETCH, &arg);

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

	pthread_mutex_lock(&host->lock);
	table_leave(host, request);
	pthread_mutex_unlock(&host->lock);

	if (loop && loop->current == request && !loop->has_completion &&
	    element->buffer_length <= BUFFER_SIZE) {
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

	return iotarget__ioctl(host->device, number, &arg);
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
	struct iotarget_host *host = request->host;

	if (!canceled &&
	    id_ioctl(request->host, request->public.id,
		     IOTARGET_UNMARK_CANCELABLE) == -ECANCELED) {
		/* The kernel wants the CANCEL to be fetched first. */
		pthread_mutex_lock(&host->lock);
		canceled = request->cancel_seen;
		request->complete_on_cancel = !canceled;
		pthread_mutex_unlock(&host->lock);
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
	struct iotarget_host *host = request->host;
	bool again;
	int ret;

	pthread_mutex_lock(&host->lock);
	table_leave(host, request);
	pthread_mutex_unlock(&host->lock);
	do {
		ret = complete_now(host, element);
		if (ret != -ECANCELED && ret != -EINVAL) {
			iotarget_request_put(&request->public);
			return 0;
		}
		pthread_mutex_lock(&host->lock);
		again = unpark(host, request);
		if (!again) {
			table_enter(host, request);
			request->completed = false;
		}
		pthread_mutex_unlock(&host->lock);
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

	pthread_mutex_lock(&request->host->lock);
	if (request->completed) {
		pthread_mutex_unlock(&request->host->lock);
		return -ENOENT;
	}
	request->completed = true;
	mark = request->mark;
	canceled = request->cancel_seen;
	pthread_mutex_unlock(&request->host->lock);

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

	pthread_mutex_lock(&request->host->lock);
	old = request->mark;
	request->mark = mark;
	pthread_mutex_unlock(&request->host->lock);
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
		pthread_mutex_lock(&host->lock);
		if (!request->cancel_seen)
			ret = 0;
		request->cancel_seen = true;
		pthread_mutex_unlock(&host->lock);
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
	int ret = iotarget__ioctl(to_request(public)->host->device,
				  IOTARGET_IS_CANCELED, &arg);

	return ret < 0 ? ret : (int)arg.canceled;
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
	int ret = iotarget__ioctl(to_request(request)->host->device, number,
				  &arg);

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
	/* a callback may run the loop of another host */
	struct loop *outer = this_loop;

	this_loop = loop;
	loop->current = request;
	callback(&request->public);
	loop->current = NULL;
	this_loop = outer;
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
static void refuse(struct iotarget_host *host, struct loop *loop,
		   const struct iotarget_fetch_element *record, int32_t status)
{
	struct slot *slot = slot_of(host, record->id);
	uint64_t id = record->id;
	bool later;

	if (record->flags & IOTARGET_RECORD_CANCELABLE &&
	    id_ioctl(host, id, IOTARGET_UNMARK_CANCELABLE) == -ECANCELED) {
		status = -ECANCELED;
		pthread_mutex_lock(&host->lock);
		later = slot->parked != id;
		if (later)
			slot->refused = id;
		pthread_mutex_unlock(&host->lock);
		if (later)
			return;
	}
	loop->completion = (struct iotarget_complete_element){
		.id = id,
		.status = status,
	};
	loop->has_completion = true;
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
			.host_context = host->context,
			.id = record->id,
			.file = record->file,
			.offset = record->offset,
			.type = record->type,
			.code = record->code,
			.flags = record->flags,
			.pid = record->pid,
			.uid = record->uid,
			.in_length = record->in_length,
			.out_length = record->out_length,
			.in = request->in,
			.in_copied = length,
		},
		.host = host,
		.references = 2,	/* the driver's, and on_request's */
		.mark = record->flags & IOTARGET_RECORD_CANCELABLE ?
				BY_DELIVERY : UNMARKED,
		.in_on_request = true,
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

static void handle_request(struct iotarget_host *host, struct loop *loop,
			   const struct iotarget_fetch_element *record)
{
	struct request *request;
	bool cancel;
	int ret;

	iotarget__debug("request %#llx: type %u, code %#x, %u bytes in, %u out",
			(unsigned long long)record->id, record->type,
			record->code, record->in_length, record->out_length);
	ret = make_request(host, record, &request);
	if (ret < 0) {
		refuse(host, loop, record, ret);
		return;
	}

	pthread_mutex_lock(&host->lock);
	table_enter(host, request);
	request->cancel_due = unpark(host, request);
	pthread_mutex_unlock(&host->lock);

	call(loop, request, host->driver.on_request);

	pthread_mutex_lock(&host->lock);
	request->in_on_request = false;
	cancel = request->cancel_due && !request->completed;
	pthread_mutex_unlock(&host->lock);
	if (cancel)
		call_on_cancel(host, loop, request);
	iotarget_request_put(&request->public);
}

static void handle_cancel(struct iotarget_host *host, struct loop *loop,
			  uint64_t id)
{
	struct slot *slot = slot_of(host, id);
	struct iotarget_complete_element refused = {
		.id = id,
		.status = -ECANCELED,
	};
	struct request *request;
	bool call_driver = false;
	bool complete = false;

	pthread_mutex_lock(&host->lock);
	request = slot->request;
	if (slot->refused == id) {
		slot->refused = 0;
		pthread_mutex_unlock(&host->lock);
		complete_now(host, &refused);
		return;
	}
	if (!request || request->public.id != id) {
		/*
		 * A slot's serial numbers rise, and a thread can be late with
		 * the CANCEL of an earlier request of the slot.
		 */
		if (slot->parked < id)
			slot->parked = id;
		pthread_mutex_unlock(&host->lock);
		return;
	}
	request->cancel_seen = true;
	if (request->completed)
		/* else complete_delivered() goes on, and finds @cancel_seen */
		complete = request->complete_on_cancel;
	else if (request->in_on_request && request->mark == BY_DELIVERY)
		request->cancel_due = true;
	else
		call_driver = true;
	if (call_driver)
		iotarget_request_get(&request->public);
	pthread_mutex_unlock(&host->lock);

	if (complete)
		complete_canceled(request);
	if (call_driver) {
		call_on_cancel(host, loop, request);
		iotarget_request_put(&request->public);
	}
}

static void handle_cleanup(struct iotarget_host *host, uint64_t file)
{
	struct iotarget_file_done arg = { .size = sizeof(arg), .file = file };
	int ret;

	if (host->driver.on_cleanup)
		host->driver.on_cleanup(host->context, file);
	/* also for a driver that does not want to know: the kernel waits */
	ret = iotarget__ioctl(host->device, IOTARGET_FILE_DONE, &arg);
	iotarget__debug("cleanup of file %llu: %d", (unsigned long long)file,
			ret);
}

static void handle_close(struct iotarget_host *host, uint64_t file)
{
	iotarget__debug("close of file %llu", (unsigned long long)file);
	if (host->driver.on_close)
		host->driver.on_close(host->context, file);
}

/*
 * Completes what the last callback left and fetches a record, if wanted; then
 * handles it. Returns how many records came (a signal or an O_NONBLOCK device:
 * 0), or an errno.
 *
 * Not more than one at a time: the second would wait for the callback of the
 * first while another thread has nothing to do.
 */
static int turn(struct iotarget_host *host, struct loop *loop, bool want)
{
	struct iotarget_fetch_element record = {
		.buffer = (uintptr_t)loop->buffer,
		.buffer_length = BUFFER_SIZE,
	};
	struct iotarget_fetch arg = {
		.size = sizeof(arg),
		.flags = host->driver.flags & IOTARGET_DRIVER_CANCELABLE ?
				IOTARGET_FETCH_CANCELABLE : 0,
		.complete = {
			.count = loop->has_completion,
			.stride = sizeof(loop->completion),
			.ptr = (uintptr_t)&loop->completion,
		},
		.fetch = {
			.count = want,
			.stride = sizeof(record),
			.ptr = (uintptr_t)&record,
		},
	};
	int ret = iotarget__ioctl(host->device, IOTARGET_FETCH, &arg);

	if (ret == -EINTR || ret == -EAGAIN)
		return 0;
	if (ret < 0)
		return ret;
	if (arg.completed) {
		loop->has_completion = false;
		iotarget__debug("complete %#llx with %d: %d",
				(unsigned long long)loop->completion.id,
				loop->completion.status,
				loop->completion.result);
	}
	if (!arg.fetched)
		return 0;
	switch (record.event) {
	case IOTARGET_EVENT_REQUEST:
		handle_request(host, loop, &record);
		break;
	case IOTARGET_EVENT_CANCEL:
		handle_cancel(host, loop, record.id);
		break;
	case IOTARGET_EVENT_CLEANUP:
		handle_cleanup(host, record.file);
		break;
	case IOTARGET_EVENT_CLOSE:
		handle_close(host, record.file);
		break;
	}
	return 1;
}

/* ------------------------------------------------------------------ host */

/* A loop that was used before, or a new one. */
static struct loop *take_loop(struct iotarget_host *host)
{
	struct loop *loop;

	pthread_mutex_lock(&host->lock);
	loop = host->loops;
	if (loop)
		host->loops = loop->next;
	pthread_mutex_unlock(&host->lock);
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
	return loop;
}

static void give_loop(struct iotarget_host *host, struct loop *loop)
{
	loop->has_completion = false;
	pthread_mutex_lock(&host->lock);
	loop->next = host->loops;
	host->loops = loop;
	pthread_mutex_unlock(&host->lock);
}

int iotarget_host_create(int device, const struct iotarget_driver *driver,
			 void *context, struct iotarget_host **result)
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
	host->slots = map(SLOTS * sizeof(*host->slots));
	if (!host->slots) {
		free(host);
		return -ENOMEM;
	}
	host->device = device;
	memcpy(&host->driver, driver, driver->size < sizeof(*driver) ?
				      driver->size : sizeof(*driver));
	host->context = context;
	pthread_mutex_init(&host->lock, NULL);
	*result = host;
	return 0;
}

int iotarget_host_run(struct iotarget_host *host)
{
	struct pollfd pollfd = { .fd = host->device, .events = POLLIN };
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
		fcntl(host->device, F_SETFL,
		      fcntl(host->device, F_GETFL) | O_NONBLOCK);
	return host->device;
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

int iotarget_host_stop(struct iotarget_host *host)
{
	return iotarget_shutdown(host->device);
}

void iotarget_host_destroy(struct iotarget_host *host)
{
	struct loop *loop;
	size_t i;

	if (!host)
		return;
	for (i = 0; i < host->slots_used; i++)
		if (host->slots[i].request)
			iotarget_request_put(&host->slots[i].request->public);
	while ((loop = host->loops)) {
		host->loops = loop->next;
		munmap(loop->buffer, BUFFER_SIZE);
		free(loop);
	}
	munmap(host->slots, SLOTS * sizeof(*host->slots));
	pthread_mutex_destroy(&host->lock);
	free(host);
}
