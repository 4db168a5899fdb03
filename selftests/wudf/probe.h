/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver for tests, in the test's own process. Its callbacks write down that they
 * were called, and hold every request; the test then does with it what a driver does.
 */
#ifndef SELFTESTS_WUDF_PROBE_H
#define SELFTESTS_WUDF_PROBE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"
#ifndef PROBE_C
#include "kselftest_harness.h"

#include "../leak.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120
#define HOUR 3600

static inline int rounds(int unless_told)
{
	const char *told = getenv("IOTARGET_ROUNDS");

	return told ? atoi(told) : unless_told;
}

static __attribute__((constructor, unused)) void line_buffer(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
}
#endif

#define ABORTED		HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED)
#define INVALID		HRESULT_FROM_WIN32(ERROR_INVALID_OPERATION)

enum what {
	NOTHING,
	ON_REQUEST, ON_CREATE, ON_CANCEL, ON_CANCELED_ON_QUEUE, ON_STATE, ON_COMPLETION,
	ON_FILE_CLEANUP, ON_FILE_CLOSE, ON_OBJECT_CLEANUP, ON_IO_STOP,
	/* of the device, in no order */
	ON_INITIALIZE, ON_DEVICE_ADD, ON_DEINITIALIZE, ON_PREPARE, ON_RELEASE, ON_D0_ENTRY,
	ON_D0_EXIT, ON_QUERY_REMOVE, ON_INIT, ON_SUSPEND, ON_FLUSH, ON_CLEANUP,
};

struct event {
	enum what what;
	void *object;		/* the request, file or queue; a request has a reference */
	ULONG value;		/* type of a request, state, flags */
	HRESULT status;		/* of ON_COMPLETION */
	ULONG_PTR information;
	void *context;
	pthread_t thread;
};

/* An interface of the driver: all of them find their way back so. */
struct face {
	const void *vtbl;
	struct callbacks *owner;
};

/* Which interfaces a callback object has, besides IUnknown. */
#define HAS_READ	0x001
#define HAS_WRITE	0x002
#define HAS_IOCTL	0x004
#define HAS_DEFAULT	0x008
#define HAS_CREATE	0x010
#define HAS_CANCELED	0x020
#define HAS_STATE	0x040
#define HAS_STOP	0x080
#define HAS_PNP		0x100
#define HAS_FILES	0x200
#define HAS_CLEANUP	0x400
#define HAS_ALL_IO	(HAS_READ | HAS_WRITE | HAS_IOCTL)

enum { FACES = 18 };

struct callbacks {
	struct face faces[FACES];
	struct probe *probe;
	unsigned int has;
	atomic_int references;
};

#define EVENTS 4096

struct probe {
	struct host host;
	struct callbacks entry, device, queue, manual, other;
	const char *name, *lower;
	/* called in OnDeviceAdd */
	HRESULT (*configure)(struct probe *probe);
	WDF_CALLBACK_CONSTRAINT constraint;
	bool filter;
	IWDFDriver *wdf_driver;		/* these without references */
	IWDFDevice2 *wdf_device;
	IWDFIoQueue *wdf_queue, *wdf_manual, *wdf_other;
	WDF_IO_QUEUE_DISPATCH_TYPE dispatch;
	/* instead of holding the request; NULL: hold it */
	void (*_Atomic handler)(struct probe *probe, IWDFIoRequest2 *request);
	void (*_Atomic on_cancel)(struct probe *probe, IWDFIoRequest2 *request);
	void (*_Atomic on_completion)(struct probe *probe, IWDFIoRequest2 *request);
	void (*on_object_cleanup)(struct probe *probe, void *object);
	HRESULT query_remove;
	HRESULT store_of_init;	/* what retrieve_store() answered in OnDeviceAdd */
	void *_Atomic data;
	atomic_int in_callback, overlaps;
	int fd;				/* a target on the device */
	uint64_t file;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct event events[EVENTS];
	unsigned int read, written;
};

/*
 * Makes the device with its queues as @configure says; NULL: a default queue of
 * @dispatch with handlers for all.
 */
int probe_start(struct probe *probe);
void probe_stop(struct probe *probe);

/* The next event, waited for; and what must not have come. */
struct event next_event(struct probe *probe);
bool no_event(struct probe *probe);
#define NEXT(probe, is) ({						\
	struct event event_ = next_event(probe);			\
	ASSERT_EQ(is, event_.what);					\
	event_.object;							\
})

#define face_of(callbacks, n, type)	((type *)&(callbacks)->faces[n])
enum {
	FACE_READ, FACE_WRITE, FACE_IOCTL, FACE_DEFAULT, FACE_CREATE, FACE_CANCELED,
	FACE_STATE, FACE_STOP, FACE_CANCEL, FACE_COMPLETION, FACE_PNP, FACE_HARDWARE,
	FACE_SELF, FACE_FILE_CLEANUP, FACE_FILE_CLOSE, FACE_CLEANUP, FACE_ENTRY,
};
#define cancel_of(callbacks)	face_of(callbacks, FACE_CANCEL, IRequestCallbackCancel)
#define completion_of(callbacks) \
	face_of(callbacks, FACE_COMPLETION, IRequestCallbackRequestCompletion)
#define state_of(callbacks)	face_of(callbacks, FACE_STATE, IQueueCallbackStateChange)
#define unknown_of(callbacks)	((IUnknown *)&(callbacks)->faces[0])

/* What the IWDFPropertyStoreFactory of a device, or of its initialization, answers. */
HRESULT retrieve_store(void *object);

/* ------------------------------------------------------------------- sender */

/* Sends a read of 8 bytes, and answers its id. */
uint64_t send_read_on(int target);
#define send_read(probe)	send_read_on((probe)->fd)
uint64_t send_write(int target, const void *data, uint32_t length);
uint64_t send_ioctl(int target, uint32_t code, const void *in, uint32_t in_length,
		    void *out, uint32_t out_length);
/* Waits for the next completion. */
struct iotarget_reap_element reap(int target);
#define EXPECT_REAP(target, want_id, want_status) do {			\
	struct iotarget_reap_element reap_ = reap(target);		\
	EXPECT_EQ(want_id, reap_.id);					\
	EXPECT_EQ(want_status, reap_.status);				\
} while (0)

/* Counts of a queue, and its state. */
struct counts { ULONG state, in_queue, in_driver; };
struct counts counts_of(IWDFIoQueue *queue);
#define EXPECT_COUNTS(queue, queued, driven) do {			\
	struct counts counts_ = counts_of(queue);			\
	EXPECT_EQ((ULONG)(queued), counts_.in_queue);			\
	EXPECT_EQ((ULONG)(driven), counts_.in_driver);			\
} while (0)

#define COMPLETE(request, hr, information) do {				\
	IWDFIoRequest2 *request_ = (request);				\
	IWDFIoRequest2_CompleteWithInformation(request_, hr, information); \
	IWDFIoRequest2_Release(request_);				\
} while (0)
#define MARK(probe, request) \
	IWDFIoRequest2_MarkCancelable(request, cancel_of(&(probe)->queue))
#define UNMARK(request)		IWDFIoRequest2_UnmarkCancelable(request)

/* A one-time signal between threads. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool open;
};
#define GATE { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false }
void gate_open(struct gate *gate);
void gate_wait(struct gate *gate);

/* A thread that runs @run(@arg); joined by pthread_join(). */
static inline pthread_t start(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, arg))
		abort();
	return thread;
}

/* Waits until a thread sleeps, so that it has got as far as it can. */
void wait_asleep(pid_t tid);

#endif
