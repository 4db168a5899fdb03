/* SPDX-License-Identifier: MIT */
/*
 * What the files of wudfhost share.
 *
 * Threads. A device has:
 *  - a fetcher for each queue, in iotarget_host_run(). It calls no driver and never
 *    waits, so that a cancel gets through whatever the driver does. What is for
 *    the driver it hands to
 *  - device->callbacks: one thread if the driver wants its callbacks one at a time
 *    (WdfDeviceLevel), otherwise as many as are needed. They call the driver, in
 *    the order in which things were fetched, cancels first
 *  - a reaper for its target, which calls no driver either
 *  - device->completions: as many threads as are needed, for OnCompletion, which
 *    nothing serializes.
 *
 * Locks, the outer ones first: the driver's device lock (device_enter()), a
 * request's, a target's, all others (leaves). None but the first is held across a
 * call of the driver, or across a call of libiotarget that can release a request.
 */
#ifndef WUDF_PRIVATE_H
#define WUDF_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <iotarget.h>
#include <wudfddi.h>
#include <ntstatus.h>

#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

struct device;
struct object;
struct driver;
struct file;
struct queue;
struct request;
struct target;

/* With IOTARGET_DEBUG=1: a line on stderr */
void wudf_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a call that breaks a rule of UMDF, and changes nothing. */
HRESULT refuse(const char *call, const void *object, HRESULT hr);

#define HR_INVALID_OPERATION	HRESULT_FROM_WIN32(ERROR_INVALID_OPERATION)
#define HR_CANCELED		HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED)
#define HR_INVALID_REQUEST	HRESULT_FROM_NT(STATUS_INVALID_DEVICE_REQUEST)
#define HR_INVALID_STATE	HRESULT_FROM_NT(STATUS_INVALID_DEVICE_STATE)

/* status.c: what a request's completion carries, and back */
int32_t status_from_hresult(HRESULT hr);
HRESULT hresult_from_status(int32_t status);

/* ------------------------------------------------------------- lists (list.h) */

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *list)
{
	list->next = list->prev = list;
}

static inline bool list_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_add_tail(struct list *list, struct list *entry)
{
	entry->prev = list->prev;
	entry->next = list;
	list->prev->next = entry;
	list->prev = entry;
}

static inline void list_del(struct list *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	list_init(entry);
}

/* ------------------------------------------------------------------- work.c */

/* One thing to do. It is embedded in what it is about, so it is never missing. */
struct work {
	struct work *next;
	void (*run)(struct work *work);
};

#define POOL_THREADS	64

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct work *first[2], **last[2];	/* urgent, others */
	pthread_t threads[POOL_THREADS];
	unsigned int queued, count, idle, max;
	bool stop;
};

/* A thread more, up to @max, whenever there is more work than idle threads. */
void pool_init(struct pool *pool, unsigned int max);
void pool_queue(struct pool *pool, struct work *work, bool urgent);
/* Does what is queued, and ends the threads. */
void pool_destroy(struct pool *pool);

/* ----------------------------------------------------------------- object.c */

struct object_class {
	const char *name;
	/* what QueryInterface answers with the object's own address; ends in NULL */
	const IID *const *iids;
	/* other interfaces; NULL: none. Answers NULL for what it does not know */
	void *(*query)(struct object *object, REFIID riid);
	/* NULL: the driver may not delete it */
	bool (*may_delete)(struct object *object);
	void (*dispose)(struct object *object);	/* when deleted; NULL: nothing */
	void (*free)(struct object *object);	/* with the last reference; NULL: free() */
};

/* The base of each object; its address is that of the interface. */
struct object {
	const void *vtbl;
	const struct object_class *class;
	atomic_ulong references;
	struct object *parent;		/* with a reference */
	struct device *device;		/* whose lock is AcquireLock's; NULL: none */
	IObjectCleanup *cleanup;	/* of the driver's callback object */
	/* these under one lock for all objects */
	struct list children, sibling;
	bool deleted;
	bool has_context;
	void *context;
	IObjectCleanup *context_cleanup;
};

/* Made with one reference: the framework's, which object_delete() gives up. */
void object_init(struct object *object, const struct object_class *class,
		 const void *vtbl, struct object *parent, struct device *device,
		 IUnknown *callback);
void object_get(void *object);
void object_put(void *object);
/* Deletes what is below it, calls OnCleanup. Again: nothing. */
void object_delete(struct object *object);

/* Those children that are of a class, each with a reference; to be freed. */
struct object **object_list(struct object *parent, const struct object_class *class,
			    unsigned int *count);

HRESULT object_query_interface(struct object *object, REFIID riid, void **result);
ULONG object_add_ref(struct object *object);
ULONG object_release(struct object *object);
HRESULT object_delete_method(struct object *object);
HRESULT object_assign_context(struct object *object, IObjectCleanup *cleanup,
			      void *context);
HRESULT object_retrieve_context(struct object *object, void **context);
void object_acquire_lock(struct object *object);
void object_release_lock(struct object *object);

/* The first slots of each table. */
#define UNKNOWN_SLOTS						\
	.QueryInterface = (void *)object_query_interface,	\
	.AddRef = (void *)object_add_ref,			\
	.Release = (void *)object_release
#define OBJECT_SLOTS						\
	UNKNOWN_SLOTS,						\
	.DeleteWdfObject = (void *)object_delete_method,	\
	.AssignContext = (void *)object_assign_context,		\
	.RetrieveContext = (void *)object_retrieve_context,	\
	.AcquireLock = (void *)object_acquire_lock,		\
	.ReleaseLock = (void *)object_release_lock

/* QueryInterface of a callback object of the driver; NULL: it has none such. */
void *callback_get(IUnknown *unknown, REFIID riid);
void callback_put(void *callback);
/* A text for the Retrieve... methods: *length counts the final 0. */
HRESULT copy_text(const char *text, PWSTR buffer, DWORD *length);

/* ----------------------------------------------------------------- memory.c */

struct memory {
	struct object object;
	BYTE *data;
	SIZE_T size;
	bool owned;		/* @data is freed with it */
	bool preallocated;
};

/* @data NULL: a zeroed buffer of its own, or none of @size 0. NULL: no memory. */
struct memory *memory_create(struct object *parent, IUnknown *callback, void *data,
			     SIZE_T size);

/* ------------------------------------------------------------------- file.c */

enum file_state {
	FILE_NEW,
	FILE_CREATING,		/* OnCreateFile was called, and not answered */
	FILE_OPEN,
	FILE_FAILED,
};

struct file {
	struct object object;
	struct device *device;
	uint64_t number;	/* of the ABI; 0: made by the driver */
	DWORD pid;
	struct list link;	/* in device->files */
	/* these under device->files_lock */
	enum file_state state;
	int32_t failure;		/* FILE_FAILED: the status */
	struct work *held, **held_last;	/* what waits for the end of FILE_CREATING */
	struct work cleanup;		/* perhaps among it */
	bool cleanup_held, close_due;	/* and then the close comes after it */
};

/* The file of a number, with a reference; made if it is not there. */
struct file *file_get(struct device *device, uint64_t number, DWORD pid);
struct file *file_create(struct device *device, uint64_t number);
/*
 * Has the driver let it be opened? The first time it is asked (OnCreateFile). false:
 * @work is run when it has answered.
 */
bool file_open(struct file *file, struct work *work);
void file_opened(struct file *file, HRESULT hr);
/* Has it refused? @status: as what its requests complete. */
bool file_is_refused(struct file *file, int32_t *status);
void file_cleanup(void *device, uint64_t number);	/* for libiotarget */
void file_close(void *device, uint64_t number);

/* ---------------------------------------------------------------- request.c */

enum request_state {
	REQUEST_WAITING,	/* fetched, and the driver has not seen it */
	REQUEST_DOOMED,		/* the same, and a cancel is on its way to us */
	REQUEST_OWNED,		/* the driver's */
	REQUEST_SENT,		/* a target's */
	REQUEST_QUEUED,		/* given back to a queue */
	REQUEST_COMPLETED,	/* or sent and forgotten */
};

enum request_cancel {
	CANCEL_NONE,
	CANCEL_DUE,		/* OnCancel will be called */
	CANCEL_TOLD,		/* it was */
};

/* What is sent to a target. */
struct operation {
	bool formatted;
	bool current_type;	/* FormatUsingCurrentType: that of the request itself */
	WDF_REQUEST_TYPE type;
	uint32_t code;
	uint64_t offset;
	struct file *file;			/* these with references */
	struct memory *in_memory, *out_memory;
	SIZE_T in_offset, out_offset;
	void *in, *out;
	uint32_t in_length, out_length;
};

/* While REQUEST_SENT. */
struct sent {
	struct target *target;
	struct lower *lower;
	struct list link;		/* in target->sent */
	uint64_t id;			/* in the lower device */
	/*
	 * 1 for the completion, 1 for each CancelSentRequest under way. Who lets
	 * the last one go calls OnCompletion.
	 */
	atomic_uint holds;
	bool pended;			/* in a stopped target */
	bool never_sent;		/* ... which was removed */
	bool ignore_state;
	bool counted;			/* a Stop waits for it */
	bool synchronous;
	bool forget;
	bool marked;			/* a cancel of the request gets to us */
	bool cancel_seen;		/* it did */
	bool waits_for_cancel;		/* all is done but this */
	bool reaped, done;
	int32_t status;
	uint64_t information;
};

struct request {
	struct object object;
	struct device *device;
	struct queue *queue;		/* with a reference; NULL: the driver's own */
	struct file *file;		/* with a reference */
	struct work deliver, cancel_work, completion;
	WDF_REQUEST_TYPE type;
	/* what the sender asks for */
	uint32_t code, in_length, out_length;
	uint64_t offset;
	DWORD pid;
	bool is_32bit;

	pthread_mutex_t lock;		/* of all that follows */
	/* valid in the states up to QUEUED; NULL: the driver's own, or a create */
	struct iotarget_request *io;
	enum request_state state;
	bool own;			/* CreateRequest */
	bool create;			/* OnCreateFile */
	bool on_queue_cancel;		/* it comes for OnIoCanceledOnQueue */
	bool marked;			/* by the driver */
	bool told;			/* the kernel told us of a cancel of it */
	bool claimed;			/* it will, of one that failed to be sent */
	bool canceled;			/* WDF's sticky flag */
	enum request_cancel cancel;
	IRequestCallbackCancel *on_cancel;	/* with a reference */
	ULONG_PTR information;
	void *out;			/* out_length bytes, when first needed */
	bool out_pinned;		/* it is never freed */
	struct memory *in_memory, *out_memory;

	HRESULT status;			/* of the last Send */
	ULONG_PTR sent_information;
	struct operation operation;
	IRequestCallbackRequestCompletion *on_completion; /* with a reference */
	void *on_completion_context;
	struct sent sent;
};

struct request *request_create_own(struct device *device, struct object *parent,
				   IUnknown *callback);
struct request *request_create_for_file(struct file *file, struct queue *queue);
/* With a reference for the caller: from RetrieveNextRequest. */
struct request *request_retrieved(struct queue *queue, struct iotarget_request *io);
/* The driver has refused its file: it completes, and the reference goes. */
bool request_end_refused(struct request *request);
/* What a fetcher gets from libiotarget, with the queue as the context. */
void request_arrived(struct iotarget_request *io);
void request_cancel_fetched(struct iotarget_request *io);
void request_canceled_on_queue(struct iotarget_request *io);
void request_released(struct iotarget_request *io);
/* The device has no queue for it. */
void request_unrouted(struct iotarget_request *io);
/* Ends what the driver did not; the device has ended. */
void request_abandon(struct request *request);
/* Completes it for the driver. */
void request_fail(struct request *request, int32_t status);
/* All of a device, each with a reference; to be freed. NULL: none, or no memory. */
struct request **request_list(struct device *device, unsigned int *count);
/* For IoStop: is it the driver's, of that queue? */
bool request_is_held(struct request *request, struct queue *queue, bool *marked);
/* The rest of a Send; @here: OnCompletion in this thread. */
void request_sent_done(struct request *request, bool here);
BOOL request_cancel_sent(struct request *request);
void operation_clear(struct operation *operation);
void *request_out_buffer(struct request *request);
extern _Thread_local struct request *stopping_request;

/* ------------------------------------------------------------------ queue.c */

struct queue {
	struct object object;
	struct device *device;
	struct list link;		/* in device->queues */
	int fd;
	struct iotarget_host *host;
	pthread_t fetcher;
	WDF_IO_QUEUE_DISPATCH_TYPE dispatch;
	bool is_default, power_managed;
	atomic_bool stopping;		/* with the device: the driver gets no more */
	/* the driver's, each with a reference; NULL: not there */
	IQueueCallbackCreate *on_create;
	IQueueCallbackRead *on_read;
	IQueueCallbackWrite *on_write;
	IQueueCallbackDeviceIoControl *on_ioctl;
	IQueueCallbackDefaultIoHandler *on_default;
	IQueueCallbackStateChange *on_state;
	IQueueCallbackIoStop *on_stop;
	IQueueCallbackIoCanceledOnQueue *on_canceled;

	pthread_mutex_t lock;		/* of the rest */
	IUnknown *cancel_callback;	/* all marks of a queue have the same */
	unsigned int waiting;		/* fetched, and the driver has not seen them */
	unsigned int running;		/* handlers */
	unsigned int works;		/* callbacks besides handlers: in the pool */
	pthread_cond_t idle;		/* one of the two has become less */
	IQueueCallbackStateChange *notice;	/* of Stop, Drain or Purge */
	bool notice_due;
	struct work notice_work, state_work;
	bool state_queued;
};

HRESULT queue_create(struct device *device, IUnknown *callback, bool is_default,
		     WDF_IO_QUEUE_DISPATCH_TYPE dispatch, bool power_managed,
		     bool allow_zero_length, struct queue **result);
/* Has it a handler for requests of this type? */
bool queue_handles(const struct queue *queue, WDF_REQUEST_TYPE type);
/* Around the handler of a request. */
void queue_enter(struct queue *queue);
void queue_leave(struct queue *queue);
/* A callback besides handlers, which the queue's end waits for. */
void queue_work_starts(struct queue *queue);
void queue_work_ends(struct queue *queue);
/* Calls the handler; false: there is none. */
bool queue_call(struct queue *queue, struct request *request);
/* Ends it in the kernel; nothing is fetched any more. */
void queue_join(struct queue *queue);

/* ----------------------------------------------------------------- target.c */

/* A file that is open on the device below. */
struct lower {
	struct list link;		/* in target->lowers */
	struct file *file;		/* whose; NULL: nobody's */
	int fd;
	unsigned int in_flight;
	bool closed;			/* goes with the last request */
};

struct target {
	struct object object;
	const IWDFIoTargetStateManagementVtbl *state_vtbl;
	struct device *device;
	char *name;			/* of the device below; NULL: there is none */
	pthread_t reaper;
	int epoll, wake;

	pthread_mutex_t lock;
	pthread_cond_t cond;		/* of what is counted below, and sent.done */
	bool over;			/* the reaper leaves */
	WDF_IO_TARGET_STATE state;
	struct list lowers;
	struct list sent;
	unsigned int counted, all;	/* whose OnCompletion has not returned */
};

HRESULT target_create(struct device *device, const char *name,
		      struct target **result);
void target_join(struct target *target);
/* Sends; the request's lock is held, and all checks are done. */
HRESULT target_send(struct target *target, struct request *request, ULONG flags,
		    LONGLONG timeout);
/* A cancel of what is sent: an answer of iotarget_cancel(), or an errno. */
int target_cancel(struct target *target, struct request *request, bool *pended);
void target_wait_reaped(struct target *target, struct request *request);
void target_wait_done(struct target *target, struct request *request);
void target_set_done(struct target *target, struct request *request);
/* Before and after OnCompletion. */
void target_unlink(struct target *target, struct request *request);
void target_settle(struct target *target, struct lower *lower, bool counted);
HRESULT target_open_file(struct target *target, struct file *file);
void target_cancel_file(struct target *target, struct file *file);
void target_close_file(struct target *target, struct file *file);
/* The thread is in an OnCompletion. */
extern _Thread_local bool in_completion;

/* ------------------------------------------------------------------ store.c */

/* Another interface of the object that it is embedded in. */
struct store_factory {
	const IWDFPropertyStoreFactoryVtbl *vtbl;
	struct object *object;
};

void store_factory_init(struct store_factory *factory, struct object *object);

/* ----------------------------------------------------------------- device.c */

struct device {
	struct object object;
	struct store_factory store_factory;
	struct driver *driver;
	int fd;
	/* on the device fd; takes what no queue of the driver's is for */
	struct iotarget_host *host;
	pthread_t fetcher;
	struct pool callbacks, completions;

	/* the driver's device lock */
	pthread_mutex_t callback_lock;
	_Atomic(pthread_t) callback_owner;
	unsigned int callback_depth;
	bool serialized;		/* WdfDeviceLevel */
	bool filter, forward_files;

	struct target *target;
	pthread_mutex_t lock;		/* of the next lines */
	struct list queues;
	struct queue *default_queue, *create_queue;
	struct queue *forgotten;	/* for what is sent and forgotten */
	struct queue *routes[IOTARGET_TYPE_CONTROL + 1];
	bool disabled[IOTARGET_TYPE_CONTROL + 1];
	bool started;
	bool prepared, in_d0, self_managed_started;	/* what is to be undone */
	WDF_TRI_STATE pnp_states[WdfPnpStateMaximum];

	pthread_mutex_t files_lock;
	struct list files;

	IPnpCallback *pnp;
	IPnpCallbackHardware *hardware;
	IPnpCallbackHardware2 *hardware2;
	IPnpCallbackSelfManagedIo *self_managed;
	IFileCallbackCleanup *on_cleanup;
	IFileCallbackClose *on_close;
};

/* Around each callback that WdfDeviceLevel serializes. */
void device_enter(struct device *device);
void device_leave(struct device *device);
/* Would OnCancel in this thread enter a callback within another one? */
bool device_is_entered(struct device *device);
/* A thread in a request handler must not wait for handlers. */
extern _Thread_local unsigned int in_handler;

HRESULT device_route(struct device *device, struct queue *queue,
		     WDF_REQUEST_TYPE type, BOOL forward);
HRESULT device_forgotten_queue(struct device *device, struct queue **result);
/* Sends one request of that queue down. */
void device_send_forgotten(struct device *device);
HRESULT device_start(struct device *device);	/* without a name */
bool device_query_remove(struct device *device);
void device_stop(struct device *device);

/* ----------------------------------------------------------------- driver.c */

struct device_init {
	struct object object;
	struct store_factory store_factory;
	struct driver *driver;
	bool used;			/* CreateDevice has taken it */
	bool filter;
	WDF_CALLBACK_CONSTRAINT constraint;
	WDF_TRI_STATE forward_files;
	WDF_TRI_STATE capabilities[WdfPnpCapMaximum];
};

struct driver {
	struct object object;
	const char *name;		/* of the device's node; NULL: none */
	const char *lower;		/* of the device below; NULL: none */
	struct device *device;		/* with a reference; NULL: not created */
};

/* Both have one reference, and object_delete() ends them. */
struct driver *driver_create(const char *name, const char *lower);
struct device_init *device_init_create(struct driver *driver);
HRESULT device_create(struct driver *driver, struct device_init *init,
		      IUnknown *callback, struct device **result);

/* ------------------------------------------------------------------- host.c */

struct host {
	IDriverEntry *entry;
	struct driver *driver;
	bool initialized;
};

/*
 * Calls OnInitialize and OnDeviceAdd, starts the device and names it (@name NULL: no
 * name). On failure nothing is left, and @why (256 bytes) says what failed.
 */
HRESULT host_start(struct host *host, IDriverEntry *entry, const char *name,
		   const char *lower, char *why);
/* The driver may refuse (OnQueryRemove): false, and all is as before. */
bool host_stop(struct host *host);

#endif
