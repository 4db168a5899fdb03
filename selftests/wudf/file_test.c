// SPDX-License-Identifier: GPL-2.0
/*
 * Section 8.5 behind wudfddi.h: files and their ends, and the life of a device. The
 * names tell the cases; U95 to U97 are the sender's, and have no method.
 */
#include <sys/wait.h>

#include "probe.h"

static HRESULT with_manual(struct probe *p)
{
	HRESULT hr = IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->queue), TRUE,
				       p->dispatch, FALSE, TRUE, &p->wdf_queue);

	if (SUCCEEDED(hr))
		hr = IWDFDevice2_CreateIoQueue(p->wdf_device, NULL, FALSE,
				WdfIoQueueDispatchManual, FALSE, TRUE, &p->wdf_manual);
	if (SUCCEEDED(hr)) {
		IWDFIoQueue_Release(p->wdf_queue);
		IWDFIoQueue_Release(p->wdf_manual);
	}
	return hr;
}

FIXTURE(file) {
	struct probe *p;
	int other;
};

FIXTURE_SETUP(file)
{
	self->p = calloc(1, sizeof(*self->p));
	self->p->constraint = WdfDeviceLevel;
	self->p->device.has = HAS_FILES;
}

FIXTURE_TEARDOWN(file)
{
	probe_stop(self->p);
	free(self->p);
	self->p = NULL;
	EXPECT_EQ(0, leaks());
}

#define START() do {							\
	ASSERT_LE(0, probe_start(p));					\
	self->other = iotarget_target_open(p->host.driver->device->fd, NULL); \
	ASSERT_LE(0, self->other);					\
} while (0)

static IWDFFile *file_of(IWDFIoRequest2 *request)
{
	IWDFFile *file;

	IWDFIoRequest2_GetFileObject(request, &file);
	IWDFFile_Release(file);
	return file;
}

TEST_F(file, U91_close_with_queued_ones)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t ids[2], first;
	IWDFFile *file;
	int i;

	p->configure = with_manual;
	START();
	/* one of each file that the driver holds: then the rest waits */
	p->dispatch = WdfIoQueueDispatchParallel;
	first = send_read_on(self->other);
	request = NEXT(p, ON_REQUEST);
	file = file_of(request);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(self->other, first, 0);
	IWDFIoQueue_Stop(p->wdf_queue, NULL);
	for (i = 0; i < 3; i++)
		send_read_on(self->other);
	for (i = 0; i < 2; i++)
		ids[i] = send_read(p);
	EXPECT_COUNTS(p->wdf_queue, 5, 0);
	/* the cleanup waits for the device's lock: nothing is cancelled before it */
	IWDFDevice2_AcquireLock(p->wdf_device);
	close(self->other);
	EXPECT_COUNTS(p->wdf_queue, 5, 0);
	IWDFDevice2_ReleaseLock(p->wdf_device);
	EXPECT_EQ(file, NEXT(p, ON_FILE_CLEANUP));
	EXPECT_EQ(file, NEXT(p, ON_FILE_CLOSE));
	EXPECT_COUNTS(p->wdf_queue, 2, 0);
	IWDFIoQueue_Start(p->wdf_queue);
	for (i = 0; i < 2; i++) {
		request = NEXT(p, ON_REQUEST);
		COMPLETE(request, S_OK, 0);
		EXPECT_REAP(p->fd, ids[i], 0);
	}
}

TEST_F(file, U92_close_with_a_cancelable_one)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	IWDFFile *file;

	START();
	send_read_on(self->other);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	file = file_of(request);
	close(self->other);
	EXPECT_EQ(file, NEXT(p, ON_FILE_CLEANUP));
	EXPECT_EQ(request, NEXT(p, ON_CANCEL));
	EXPECT_TRUE(no_event(p));
	COMPLETE(request, ABORTED, 0);
	EXPECT_EQ(file, NEXT(p, ON_FILE_CLOSE));
}

TEST_F(file, U93_one_of_two_descriptors)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;
	int copy;

	START();
	copy = dup(self->other);
	id = send_read_on(self->other);
	request = NEXT(p, ON_REQUEST);
	close(self->other);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(copy, id, 0);
	id = send_read_on(copy);
	request = NEXT(p, ON_REQUEST);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(copy, id, 0);
	EXPECT_TRUE(no_event(p));
	close(copy);
	NEXT(p, ON_FILE_CLEANUP);
	NEXT(p, ON_FILE_CLOSE);
}

TEST_F(file, U94_a_killed_sender)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *requests[3];
	pid_t child;
	int i;

	p->configure = with_manual;
	START();
	child = fork();
	if (!child) {
		close(p->fd);
		for (i = 0; i < 3; i++)
			send_read_on(self->other);
		for (;;)
			pause();
	}
	close(self->other);
	for (i = 0; i < 3; i++)
		requests[i] = NEXT(p, ON_REQUEST);
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(requests[0], p->wdf_manual));
	IWDFIoRequest2_Release(requests[0]);
	MARK(p, requests[1]);
	EXPECT_COUNTS(p->wdf_manual, 1, 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	NEXT(p, ON_FILE_CLEANUP);
	EXPECT_EQ(requests[1], NEXT(p, ON_CANCEL));
	while (counts_of(p->wdf_manual).in_driver)
		sched_yield();
	EXPECT_COUNTS(p->wdf_manual, 0, 0);
	EXPECT_TRUE(IWDFIoRequest2_IsCanceled(requests[2]));
	COMPLETE(requests[1], ABORTED, 0);
	EXPECT_TRUE(no_event(p));
	COMPLETE(requests[2], S_OK, 0);
	NEXT(p, ON_FILE_CLOSE);
}

/* -------------------------------------------------------------------- create */

TEST_F(file, OnCreateFile_lets_a_file_be_opened)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *create, *request;
	uint64_t ids[2];
	int i;

	p->queue.has = HAS_ALL_IO | HAS_CREATE;
	START();
	ids[0] = send_read(p);
	ids[1] = send_read(p);
	create = NEXT(p, ON_CREATE);
	EXPECT_EQ(WdfRequestCreate, IWDFIoRequest2_GetType(create));
	EXPECT_TRUE(no_event(p));
	COMPLETE(create, S_OK, 0);
	for (i = 0; i < 2; i++) {
		request = NEXT(p, ON_REQUEST);
		COMPLETE(request, S_OK, 0);
		EXPECT_REAP(p->fd, ids[i], 0);
	}
	ids[0] = send_read(p);
	request = NEXT(p, ON_REQUEST);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, ids[0], 0);
	/* a file that is refused */
	ids[0] = send_read_on(self->other);
	create = NEXT(p, ON_CREATE);
	COMPLETE(create, E_ACCESSDENIED, 0);
	EXPECT_REAP(self->other, ids[0], -EACCES);
	ids[0] = send_read_on(self->other);
	EXPECT_REAP(self->other, ids[0], -EACCES);
	close(self->other);
	/* has neither cleanup nor close: the next is of another one */
	self->other = iotarget_target_open(p->host.driver->device->fd, NULL);
	ids[0] = send_read_on(self->other);
	create = NEXT(p, ON_CREATE);
	COMPLETE(create, S_OK, 0);
	request = NEXT(p, ON_REQUEST);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(self->other, ids[0], 0);
	close(self->other);
	NEXT(p, ON_FILE_CLEANUP);
	NEXT(p, ON_FILE_CLOSE);
}

TEST_F(file, OnCreateFile_that_is_answered_after_the_close)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *create;

	p->queue.has = HAS_ALL_IO | HAS_CREATE;
	START();
	send_read_on(self->other);
	create = NEXT(p, ON_CREATE);
	close(self->other);
	/* it is cancelled when the cleanup has been dealt with */
	while (counts_of(p->wdf_queue).in_queue)
		sched_yield();
	EXPECT_TRUE(no_event(p));
	COMPLETE(create, S_OK, 0);
	NEXT(p, ON_FILE_CLEANUP);
	NEXT(p, ON_FILE_CLOSE);
}

static HRESULT reads_by_hand(struct probe *p)
{
	HRESULT hr = with_manual(p);

	return FAILED(hr) ? hr :
	       IWDFIoQueue_ConfigureRequestDispatching(p->wdf_manual, WdfRequestRead,
						       TRUE);
}

TEST_F(file, nothing_is_retrieved_of_a_file_that_was_refused)
{
	struct probe *p = self->p;
	IWDFIoRequest *request;
	IWDFIoRequest2 *create;
	uint64_t id;

	p->queue.has = HAS_ALL_IO | HAS_CREATE;
	p->configure = reads_by_hand;
	START();
	id = send_read_on(self->other);
	ASSERT_EQ(S_OK, IWDFIoQueue_RetrieveNextRequest(p->wdf_manual, &request));
	create = NEXT(p, ON_CREATE);
	COMPLETE(create, E_ACCESSDENIED, 0);
	COMPLETE((IWDFIoRequest2 *)request, S_OK, 0);
	EXPECT_REAP(self->other, id, 0);
	id = send_read_on(self->other);
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_NO_MORE_ITEMS),
		  IWDFIoQueue_RetrieveNextRequest(p->wdf_manual, &request));
	EXPECT_REAP(self->other, id, -EACCES);
	close(self->other);
}

/* ---------------------------------------------------------------------- life */

TEST(the_life_of_a_device)
{
	struct probe *p = calloc(1, sizeof(*p));
	IWDFIoRequest2 *request;
	struct event event;
	uint64_t id;

	p->device.has = HAS_PNP;
	p->query_remove = E_FAIL;
	ASSERT_LE(0, probe_start(p));
	NEXT(p, ON_INITIALIZE);
	NEXT(p, ON_DEVICE_ADD);
	EXPECT_EQ((void *)p->host.driver->device, NEXT(p, ON_PREPARE));
	event = next_event(p);
	EXPECT_EQ(ON_D0_ENTRY, event.what);
	EXPECT_EQ(WdfPowerDeviceD3Final, event.value);
	NEXT(p, ON_INIT);
	EXPECT_TRUE(no_event(p));

	/* the driver refuses, and goes on */
	EXPECT_FALSE(host_stop(&p->host));
	NEXT(p, ON_QUERY_REMOVE);
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);

	p->query_remove = S_OK;
	EXPECT_TRUE(host_stop(&p->host));
	NEXT(p, ON_QUERY_REMOVE);
	NEXT(p, ON_SUSPEND);
	event = next_event(p);
	EXPECT_EQ(ON_D0_EXIT, event.what);
	EXPECT_EQ(WdfPowerDeviceD3Final, event.value);
	NEXT(p, ON_RELEASE);
	NEXT(p, ON_FLUSH);
	NEXT(p, ON_CLEANUP);
	NEXT(p, ON_DEINITIALIZE);
	EXPECT_TRUE(no_event(p));
	/* nothing of the driver is held any more */
	EXPECT_EQ(1, p->device.references);
	EXPECT_EQ(1, p->queue.references);
	EXPECT_EQ(1, p->entry.references);
	close(p->fd);
	free(p);
}

/* It takes the 10 seconds that a driver is given. */
TEST(a_device_ends_although_two_queues_hold_requests)
{
	struct probe *p = calloc(1, sizeof(*p));
	IWDFIoRequest2 *requests[2];
	IWDFIoRequest *again;
	uint64_t ids[2];
	int i;

	p->configure = with_manual;
	ASSERT_LE(0, probe_start(p));
	for (i = 0; i < 2; i++) {
		ids[i] = send_read(p);
		requests[i] = NEXT(p, ON_REQUEST);
	}
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(requests[1], p->wdf_manual));
	ASSERT_EQ(S_OK, IWDFIoQueue_RetrieveNextRequest(p->wdf_manual, &again));
	EXPECT_TRUE(host_stop(&p->host));
	for (i = 0; i < 2; i++) {
		EXPECT_REAP(p->fd, ids[i], -ENODEV);
		IWDFIoRequest2_Release(requests[i]);
	}
	IWDFIoRequest_Release(again);
	close(p->fd);
	free(p);
}

static HRESULT power_managed(struct probe *p)
{
	HRESULT hr = IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->queue), TRUE,
				       WdfIoQueueDispatchParallel, TRUE, TRUE,
				       &p->wdf_queue);

	if (SUCCEEDED(hr))
		IWDFIoQueue_Release(p->wdf_queue);
	return hr;
}

static void *stop_host(void *arg)
{
	return host_stop(arg) ? arg : NULL;
}

TEST(a_device_that_ends_while_its_driver_holds_requests)
{
	struct probe *p = calloc(1, sizeof(*p));
	IWDFIoRequest2 *marked, *plain;
	struct event event;
	pthread_t thread;
	uint64_t ids[2];
	int i;

	p->queue.has = HAS_ALL_IO | HAS_STOP;
	p->configure = power_managed;
	ASSERT_LE(0, probe_start(p));
	ids[0] = send_read(p);
	marked = NEXT(p, ON_REQUEST);
	MARK(p, marked);
	ids[1] = send_read(p);
	plain = NEXT(p, ON_REQUEST);
	thread = start(stop_host, &p->host);
	for (i = 0; i < 2; i++) {
		event = next_event(p);
		EXPECT_EQ(ON_IO_STOP, event.what);
		EXPECT_EQ(WdfRequestStopActionPurge |
			  (event.object == marked ? WdfRequestStopRequestCancelable : 0),
			  event.value);
	}
	EXPECT_EQ(marked, NEXT(p, ON_CANCEL));
	COMPLETE(marked, ABORTED, 0);
	EXPECT_REAP(p->fd, ids[0], -ECANCELED);
	COMPLETE(plain, S_OK, 2);
	EXPECT_REAP(p->fd, ids[1], 0);
	pthread_join(thread, NULL);
	close(p->fd);
	free(p);
}

static unsigned int waiting_in(struct queue *queue)
{
	unsigned int waiting;

	pthread_mutex_lock(&queue->lock);
	waiting = queue->waiting;
	pthread_mutex_unlock(&queue->lock);
	return waiting;
}

TEST(a_driver_gets_nothing_after_OnD0Exit)
{
	struct probe *p = calloc(1, sizeof(*p));
	pthread_t thread;
	uint64_t ids[2];
	int i;

	p->device.has = HAS_PNP;
	p->constraint = WdfDeviceLevel;
	p->configure = power_managed;
	ASSERT_LE(0, probe_start(p));
	/* OnInitialize to OnSelfManagedIoInit */
	for (i = 0; i < 5; i++)
		next_event(p);
	/* both are fetched, and wait for the device's lock */
	IWDFDevice2_AcquireLock(p->wdf_device);
	for (i = 0; i < 2; i++)
		ids[i] = send_read(p);
	while (waiting_in((struct queue *)p->wdf_queue) < 2)
		sched_yield();
	thread = start(stop_host, &p->host);
	NEXT(p, ON_QUERY_REMOVE);
	NEXT(p, ON_SUSPEND);
	NEXT(p, ON_D0_EXIT);
	IWDFDevice2_ReleaseLock(p->wdf_device);
	NEXT(p, ON_RELEASE);
	NEXT(p, ON_FLUSH);
	for (i = 0; i < 2; i++)
		EXPECT_REAP(p->fd, ids[i], -ECANCELED);
	NEXT(p, ON_CLEANUP);
	NEXT(p, ON_DEINITIALIZE);
	EXPECT_TRUE(no_event(p));
	pthread_join(thread, NULL);
	close(p->fd);
	free(p);
}

TEST_HARNESS_MAIN
