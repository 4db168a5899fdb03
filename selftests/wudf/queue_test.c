// SPDX-License-Identifier: GPL-2.0
/*
 * Section 8.3 behind wudfddi.h: the control of queues. The names tell the cases. U06,
 * U57 and U58 are about a limit, which UMDF 1.x has no method for.
 */
#include <sys/resource.h>

#include "probe.h"

static IWDFIoRequest2 *retrieve(IWDFIoQueue *queue)
{
	IWDFIoRequest *request = NULL;

	return IWDFIoQueue_RetrieveNextRequest(queue, &request) == S_OK ?
	       (IWDFIoRequest2 *)request : NULL;
}

static HRESULT only_manual(struct probe *p)
{
	HRESULT hr = IWDFDevice2_CreateIoQueue(p->wdf_device,
			p->manual.has ? unknown_of(&p->manual) : NULL, TRUE,
			WdfIoQueueDispatchManual, FALSE, TRUE, &p->wdf_manual);

	if (SUCCEEDED(hr))
		IWDFIoQueue_Release(p->wdf_manual);
	return hr;
}

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

FIXTURE(queue) {
	struct probe *p;
};

FIXTURE_SETUP(queue)
{
	self->p = calloc(1, sizeof(*self->p));
	self->p->constraint = WdfDeviceLevel;
}

FIXTURE_TEARDOWN(queue)
{
	probe_stop(self->p);
	free(self->p);
	self->p = NULL;
	EXPECT_EQ(0, leaks());
}

#define START() ASSERT_LE(0, probe_start(p))
#define ALL_READY (WdfIoQueueAcceptRequests | WdfIoQueueDispatchRequests | \
		   WdfIoQueueNoRequests | WdfIoQueueDriverNoRequests)

TEST_F(queue, U37_a_fresh_queue)
{
	struct probe *p = self->p;
	struct counts counts;

	START();
	counts = counts_of(p->wdf_queue);
	EXPECT_EQ(ALL_READY, counts.state);
	EXPECT_EQ(0x0f, counts.state);
	EXPECT_COUNTS(p->wdf_queue, 0, 0);
}

TEST_F(queue, U38_stop)
{
	struct probe *p = self->p;
	IWDFIoRequest *none;
	IWDFIoRequest2 *request;
	struct event event;
	uint64_t ids[4];
	int i;

	p->dispatch = WdfIoQueueDispatchSequential;
	START();
	for (i = 0; i < 3; i++)
		ids[i] = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_COUNTS(p->wdf_queue, 2, 1);
	IWDFIoQueue_Stop(p->wdf_queue, state_of(&p->queue));
	ids[3] = send_read(p);
	EXPECT_COUNTS(p->wdf_queue, 3, 1);
	EXPECT_EQ(HRESULT_FROM_NT(STATUS_WDF_PAUSED),
		  IWDFIoQueue_RetrieveNextRequest(p->wdf_queue, &none));
	EXPECT_TRUE(no_event(p));
	COMPLETE(request, S_OK, 0);
	event = next_event(p);
	EXPECT_EQ(ON_STATE, event.what);
	EXPECT_EQ(WdfIoQueueAcceptRequests | WdfIoQueueDriverNoRequests, event.value);
	EXPECT_REAP(p->fd, ids[0], 0);
	EXPECT_COUNTS(p->wdf_queue, 3, 0);
	IWDFIoQueue_Start(p->wdf_queue);
	for (i = 1; i < 4; i++) {
		request = NEXT(p, ON_REQUEST);
		COMPLETE(request, S_OK, 0);
		EXPECT_REAP(p->fd, ids[i], 0);
	}
}

TEST_F(queue, U39_purge_then_stop_accepts_again)
{
	struct probe *p = self->p;
	uint64_t id;

	START();
	IWDFIoQueue_Purge(p->wdf_queue, NULL);
	id = send_read(p);
	EXPECT_REAP(p->fd, id, -ESHUTDOWN);
	IWDFIoQueue_Stop(p->wdf_queue, NULL);
	EXPECT_TRUE(counts_of(p->wdf_queue).state & WdfIoQueueAcceptRequests);
	id = send_read(p);
	EXPECT_COUNTS(p->wdf_queue, 1, 0);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_REAP(p->fd, id, -ECANCELED);
}

TEST_F(queue, U40_drain)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t ids[3], late;
	int i;

	p->dispatch = WdfIoQueueDispatchSequential;
	START();
	for (i = 0; i < 3; i++)
		ids[i] = send_read(p);
	request = NEXT(p, ON_REQUEST);
	IWDFIoQueue_Drain(p->wdf_queue, state_of(&p->queue));
	late = send_read(p);
	EXPECT_REAP(p->fd, late, -ESHUTDOWN);
	for (i = 0; i < 3; i++) {
		if (i)
			request = NEXT(p, ON_REQUEST);
		EXPECT_TRUE(no_event(p));
		COMPLETE(request, S_OK, 0);
		EXPECT_REAP(p->fd, ids[i], 0);
	}
	NEXT(p, ON_STATE);
	EXPECT_COUNTS(p->wdf_queue, 0, 0);
}

TEST_F(queue, U41_stop_then_drain)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->dispatch = WdfIoQueueDispatchSequential;
	START();
	IWDFIoQueue_Stop(p->wdf_queue, NULL);
	id = send_read(p);
	IWDFIoQueue_Drain(p->wdf_queue, state_of(&p->queue));
	EXPECT_COUNTS(p->wdf_queue, 1, 0);
	EXPECT_TRUE(no_event(p));
	IWDFIoQueue_Start(p->wdf_queue);
	request = NEXT(p, ON_REQUEST);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);
	NEXT(p, ON_STATE);
}

TEST_F(queue, U42_U43_U45_U46_purge)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *marked, *plain, *request;
	uint64_t ids[4], id;
	int i;

	p->configure = only_manual;
	START();
	for (i = 0; i < 4; i++)
		ids[i] = send_read(p);
	marked = retrieve(p->wdf_manual);
	plain = retrieve(p->wdf_manual);
	MARK(p, marked);
	/* OnCancel is held back */
	IWDFDevice2_AcquireLock(p->wdf_device);
	IWDFIoQueue_Purge(p->wdf_manual, state_of(&p->queue));
	EXPECT_REAP(p->fd, ids[2], -ECANCELED);
	EXPECT_REAP(p->fd, ids[3], -ECANCELED);
	EXPECT_EQ(ABORTED, UNMARK(marked));
	IWDFDevice2_ReleaseLock(p->wdf_device);
	EXPECT_EQ(marked, NEXT(p, ON_CANCEL));
	COMPLETE(marked, ABORTED, 0);
	EXPECT_REAP(p->fd, ids[0], -ECANCELED);
	EXPECT_TRUE(no_event(p));
	/* U45: the other goes back, and ends there */
	EXPECT_EQ(S_OK, IWDFIoRequest2_Requeue(plain));
	EXPECT_REAP(p->fd, ids[1], -ECANCELED);
	IWDFIoRequest2_Release(plain);
	NEXT(p, ON_STATE);
	/* U46 */
	IWDFIoQueue_Start(p->wdf_manual);
	id = send_read(p);
	request = retrieve(p->wdf_manual);
	ASSERT_NE(NULL, request);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);
}

/* U44 is about MarkCancelableEx; MarkCancelable calls OnCancel. */
TEST_F(queue, U44_mark_during_a_purge)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	IWDFIoQueue_Purge(p->wdf_queue, state_of(&p->queue));
	MARK(p, request);
	EXPECT_EQ(request, NEXT(p, ON_CANCEL));
	COMPLETE(request, ABORTED, 0);
	EXPECT_REAP(p->fd, id, -ECANCELED);
	NEXT(p, ON_STATE);
}

TEST_F(queue, U47_purge_while_a_drain_is_under_way)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	IWDFIoQueue_Drain(p->wdf_queue, state_of(&p->queue));
	IWDFIoQueue_Purge(p->wdf_queue, state_of(&p->queue));
	/* it was not done: nothing is cancelled */
	EXPECT_EQ(S_OK, UNMARK(request));
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);
	NEXT(p, ON_STATE);
	EXPECT_TRUE(no_event(p));
}

static void purge_inside(struct probe *p, IWDFIoRequest2 *request)
{
	IWDFIoQueue_PurgeSynchronously(p->wdf_queue);
	IWDFIoQueue_StopSynchronously(p->wdf_queue);
	IWDFIoQueue_DrainSynchronously(p->wdf_queue);
	IWDFIoRequest2_CompleteWithInformation(request, S_OK, 4);
}

TEST_F(queue, U48_synchronously_in_a_handler)
{
	struct probe *p = self->p;
	uint64_t id;
	int i;

	p->handler = purge_inside;
	START();
	for (i = 0; i < 2; i++) {
		id = send_read(p);
		EXPECT_REAP(p->fd, id, 0);
	}
	EXPECT_EQ(ALL_READY, counts_of(p->wdf_queue).state);
}

static void *purge_synchronously(void *arg)
{
	struct probe *p = arg;

	atomic_store((_Atomic pid_t *)p->data, gettid());
	IWDFIoQueue_PurgeSynchronously(p->wdf_queue);
	atomic_store((_Atomic pid_t *)p->data, 0);
	return NULL;
}

TEST_F(queue, U42_purge_synchronously)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	_Atomic pid_t tid = 0;
	pthread_t thread;
	uint64_t id;

	p->data = &tid;
	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	thread = start(purge_synchronously, p);
	EXPECT_EQ(request, NEXT(p, ON_CANCEL));
	wait_asleep(tid);
	EXPECT_NE(0, tid);
	COMPLETE(request, ABORTED, 0);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, tid);
	EXPECT_REAP(p->fd, id, -ECANCELED);
	EXPECT_COUNTS(p->wdf_queue, 0, 0);
	IWDFIoQueue_Start(p->wdf_queue);
	IWDFIoQueue_StopSynchronously(p->wdf_queue);
	IWDFIoQueue_Start(p->wdf_queue);
	IWDFIoQueue_DrainSynchronously(p->wdf_queue);
}

TEST_F(queue, U49_forward_into_a_purged_queue)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->configure = with_manual;
	START();
	IWDFIoQueue_Purge(p->wdf_manual, NULL);
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(HRESULT_FROM_NT(STATUS_WDF_BUSY),
		  IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	COMPLETE(request, S_OK, 6);
	EXPECT_REAP(p->fd, id, 0);
}

TEST_F(queue, U50_forward_where_it_may_not)
{
	struct probe *p = self->p;
	struct probe *q = calloc(1, sizeof(*q));
	IWDFIoRequest2 *request;
	uint64_t id;

	p->configure = with_manual;
	START();
	ASSERT_LE(0, probe_start(q));
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(INVALID, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_queue));
	EXPECT_EQ(INVALID, IWDFIoRequest2_ForwardToIoQueue(request, q->wdf_queue));
	MARK(p, request);
	EXPECT_EQ(INVALID, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	EXPECT_EQ(S_OK, UNMARK(request));
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	EXPECT_EQ(INVALID, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	IWDFIoRequest2_Release(request);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_REAP(p->fd, id, -ECANCELED);
	probe_stop(q);
	free(q);
}

TEST_F(queue, U51_forward_of_a_canceled_one)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->configure = with_manual;
	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(IOTARGET_CANCEL_MARKED, iotarget_cancel(p->fd, id));
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	IWDFIoRequest2_Release(request);
	EXPECT_REAP(p->fd, id, -ECANCELED);
	EXPECT_COUNTS(p->wdf_manual, 0, 0);
	EXPECT_COUNTS(p->wdf_queue, 0, 0);
}

TEST_F(queue, U52_requeue_on_a_sequential_queue)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->dispatch = WdfIoQueueDispatchSequential;
	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(INVALID, IWDFIoRequest2_Requeue(request));
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);
}

TEST_F(queue, U53_requeue_to_the_head)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *a, *b;
	uint64_t ids[2];

	p->configure = only_manual;
	START();
	ids[0] = send_read(p);
	ids[1] = send_read(p);
	a = retrieve(p->wdf_manual);
	EXPECT_EQ(S_OK, IWDFIoRequest2_Requeue(a));
	EXPECT_COUNTS(p->wdf_manual, 2, 0);
	EXPECT_EQ(a, retrieve(p->wdf_manual));
	IWDFIoRequest2_Release(a);
	b = retrieve(p->wdf_manual);
	COMPLETE(a, S_OK, 0);
	EXPECT_REAP(p->fd, ids[0], 0);
	COMPLETE(b, S_OK, 0);
	EXPECT_REAP(p->fd, ids[1], 0);
}

TEST_F(queue, U54_retrieve_on_a_parallel_queue)
{
	struct probe *p = self->p;
	IWDFIoRequest *request = (void *)1;

	START();
	EXPECT_EQ(HRESULT_FROM_NT(STATUS_INVALID_DEVICE_STATE),
		  IWDFIoQueue_RetrieveNextRequest(p->wdf_queue, &request));
	EXPECT_EQ(NULL, request);
}

TEST_F(queue, U55_retrieve_by_file)
{
	struct probe *p = self->p;
	IWDFIoRequest *request, *second;
	IWDFFile *file;
	uint64_t ids[3];
	int other;

	p->configure = only_manual;
	START();
	other = iotarget_target_open(p->host.driver->device->fd, NULL);
	ASSERT_LE(0, other);
	/* its file object, from a request of it */
	ids[0] = send_read_on(other);
	request = (IWDFIoRequest *)retrieve(p->wdf_manual);
	IWDFIoRequest_GetFileObject(request, &file);
	COMPLETE((IWDFIoRequest2 *)request, S_OK, 0);
	EXPECT_REAP(other, ids[0], 0);

	ids[0] = send_read(p);
	ids[1] = send_read_on(other);
	ids[2] = send_read(p);
	ASSERT_EQ(S_OK, IWDFIoQueue_RetrieveNextRequestByFileObject(p->wdf_manual, file,
								    &request));
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_NO_MORE_ITEMS),
		  IWDFIoQueue_RetrieveNextRequestByFileObject(p->wdf_manual, file,
							      &second));
	COMPLETE((IWDFIoRequest2 *)request, S_OK, 0);
	EXPECT_REAP(other, ids[1], 0);
	COMPLETE(retrieve(p->wdf_manual), S_OK, 0);
	EXPECT_REAP(p->fd, ids[0], 0);
	COMPLETE(retrieve(p->wdf_manual), S_OK, 0);
	EXPECT_REAP(p->fd, ids[2], 0);
	IWDFFile_Release(file);
	close(other);
}

TEST_F(queue, U56_retrieve_on_a_sequential_queue)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *a, *b, *c;
	uint64_t ids[3];
	int i;

	p->dispatch = WdfIoQueueDispatchSequential;
	START();
	for (i = 0; i < 3; i++)
		ids[i] = send_read(p);
	a = NEXT(p, ON_REQUEST);
	b = retrieve(p->wdf_queue);
	ASSERT_NE(NULL, b);
	COMPLETE(a, S_OK, 0);
	EXPECT_REAP(p->fd, ids[0], 0);
	EXPECT_COUNTS(p->wdf_queue, 1, 1);
	EXPECT_TRUE(no_event(p));
	COMPLETE(b, S_OK, 0);
	EXPECT_REAP(p->fd, ids[1], 0);
	c = NEXT(p, ON_REQUEST);
	COMPLETE(c, S_OK, 0);
	EXPECT_REAP(p->fd, ids[2], 0);
}

static HRESULT no_zero_length(struct probe *p)
{
	HRESULT hr = IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->queue), TRUE,
				       WdfIoQueueDispatchSequential, FALSE, FALSE,
				       &p->wdf_queue);

	if (SUCCEEDED(hr))
		IWDFIoQueue_Release(p->wdf_queue);
	return hr;
}

TEST_F(queue, U59_zero_length)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t first, empty;

	p->configure = no_zero_length;
	START();
	first = send_read(p);
	request = NEXT(p, ON_REQUEST);
	empty = send_write(p->fd, NULL, 0);
	EXPECT_COUNTS(p->wdf_queue, 1, 1);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, first, 0);
	EXPECT_REAP(p->fd, empty, 0);
	EXPECT_TRUE(no_event(p));
}

static void complete_at_once(struct probe *p, IWDFIoRequest2 *request)
{
	char here;

	/* how deep is the stack? */
	if (!p->data)
		p->data = &here;
	else if (labs((char *)p->data - &here) > 1024)
		p->overlaps++;
	IWDFIoRequest2_CompleteWithInformation(request, S_OK, 0);
}

/* slow with sanitizers */
TEST_F_TIMEOUT(queue, U60_no_recursion, 1200)
{
	struct probe *p = self->p;
	const int all = 100000, batch = 10000;
	int i, j;

	p->handler = complete_at_once;
	p->dispatch = WdfIoQueueDispatchSequential;
	START();
	for (i = 0; i < all; i += batch) {
		IWDFIoQueue_Stop(p->wdf_queue, NULL);
		for (j = 0; j < batch; j++)
			send_read(p);
		IWDFIoQueue_Start(p->wdf_queue);
		for (j = 0; j < batch; j++)
			EXPECT_EQ(0, reap(p->fd).status);
	}
	EXPECT_EQ(0, p->overlaps);
	EXPECT_COUNTS(p->wdf_queue, 0, 0);
}

static HRESULT three(struct probe *p)
{
	HRESULT hr = with_manual(p);

	if (SUCCEEDED(hr))
		hr = IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->other),
				FALSE, WdfIoQueueDispatchSequential, FALSE, TRUE,
				&p->wdf_other);
	if (FAILED(hr))
		return hr;
	IWDFIoQueue_Release(p->wdf_other);
	return IWDFDevice2_ConfigureRequestDispatching(p->wdf_device, p->wdf_other,
						       WdfRequestRead, TRUE);
}

TEST_F(queue, U61_routes)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *read, *write;
	IWDFIoQueue *queue;
	uint64_t ids[2];

	p->configure = three;
	START();
	EXPECT_EQ(HRESULT_FROM_NT(STATUS_WDF_BUSY),
		  IWDFIoQueue_ConfigureRequestDispatching(p->wdf_manual, WdfRequestRead,
							  TRUE));
	EXPECT_EQ(HRESULT_FROM_NT(STATUS_INVALID_DEVICE_REQUEST),
		  IWDFIoQueue_ConfigureRequestDispatching(p->wdf_queue, WdfRequestWrite,
							  TRUE));
	EXPECT_EQ(E_INVALIDARG,
		  IWDFIoQueue_ConfigureRequestDispatching(p->wdf_manual, WdfRequestUsb,
							  TRUE));
	ids[0] = send_read(p);
	read = NEXT(p, ON_REQUEST);
	ids[1] = send_write(p->fd, "abc", 3);
	write = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_GetIoQueue(read, &queue);
	EXPECT_EQ(p->wdf_other, queue);
	IWDFIoQueue_Release(queue);
	IWDFIoRequest2_GetIoQueue(write, &queue);
	EXPECT_EQ(p->wdf_queue, queue);
	IWDFIoQueue_Release(queue);
	COMPLETE(read, S_OK, 0);
	EXPECT_REAP(p->fd, ids[0], 0);
	COMPLETE(write, S_OK, 3);
	EXPECT_REAP(p->fd, ids[1], 0);
}

static HRESULT with_state(struct probe *p)
{
	p->manual.has = HAS_STATE;
	return only_manual(p);
}

TEST_F(queue, a_manual_queue_tells_that_it_is_not_empty)
{
	struct probe *p = self->p;
	uint64_t ids[2];

	p->configure = with_state;
	START();
	ids[0] = send_read(p);
	NEXT(p, ON_STATE);
	ids[1] = send_read(p);
	COMPLETE(retrieve(p->wdf_manual), S_OK, 0);
	EXPECT_REAP(p->fd, ids[0], 0);
	COMPLETE(retrieve(p->wdf_manual), S_OK, 0);
	EXPECT_REAP(p->fd, ids[1], 0);
	/* once for each time that it is no longer empty */
	ids[0] = send_read(p);
	NEXT(p, ON_STATE);
	EXPECT_TRUE(no_event(p));
	COMPLETE(retrieve(p->wdf_manual), S_OK, 0);
	EXPECT_REAP(p->fd, ids[0], 0);
}

/* A manual queue that the framework alone refers to. */
static HRESULT second_queue(struct probe *p)
{
	IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->manual), FALSE,
				  WdfIoQueueDispatchManual, FALSE, TRUE, &p->wdf_manual);
	IWDFIoQueue_Release(p->wdf_manual);
	return IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->queue), TRUE,
					 p->dispatch, FALSE, TRUE, &p->wdf_queue);
}

static bool tells(struct queue *queue)
{
	bool works;

	pthread_mutex_lock(&queue->lock);
	works = queue->works;
	pthread_mutex_unlock(&queue->lock);
	return works;
}

static void *delete_queue(void *arg)
{
	struct probe *p = arg;

	atomic_store((_Atomic pid_t *)p->data, gettid());
	if (IWDFIoQueue_DeleteWdfObject(p->wdf_manual) != S_OK)
		abort();
	return NULL;
}

/*
 * Deletes the manual queue while a callback of it waits for the device's lock, which
 * this thread has. What is wrong here a sanitizer says.
 */
static void delete_while_it_calls(struct __test_metadata *_metadata, struct probe *p)
{
	_Atomic pid_t tid = 0;
	pthread_t thread;

	while (!tells((struct queue *)p->wdf_manual))
		sched_yield();
	/* it would wait for who waits for this lock */
	EXPECT_EQ(INVALID, IWDFIoQueue_DeleteWdfObject(p->wdf_manual));
	p->data = &tid;
	thread = start(delete_queue, p);
	while (!tid)
		sched_yield();
	wait_asleep(tid);
	IWDFDevice2_ReleaseLock(p->wdf_device);
	pthread_join(thread, NULL);
}

TEST_F(queue, a_queue_is_deleted_after_its_OnStateChange)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->manual.has = HAS_STATE;
	p->configure = second_queue;
	START();
	IWDFIoQueue_Release(p->wdf_queue);
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	IWDFDevice2_AcquireLock(p->wdf_device);
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	delete_while_it_calls(_metadata, p);
	EXPECT_REAP(p->fd, id, -ENODEV);
	IWDFIoRequest2_Release(request);
}

TEST_F(queue, a_queue_is_deleted_after_its_OnIoCanceledOnQueue)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->manual.has = HAS_CANCELED;
	p->configure = second_queue;
	START();
	IWDFIoQueue_Release(p->wdf_queue);
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	IWDFDevice2_AcquireLock(p->wdf_device);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	delete_while_it_calls(_metadata, p);
	EXPECT_EQ(request, NEXT(p, ON_CANCELED_ON_QUEUE));
	EXPECT_REAP(p->fd, id, -ECANCELED);
	IWDFIoRequest2_Release(request);
	IWDFIoRequest2_Release(request);
}

/* Bad ones are made beside a good one; a device has one default queue. */
static HRESULT bad_queues(struct probe *p)
{
	IWDFIoQueue *queue = (void *)1;
	HRESULT *results = p->data;
	HRESULT hr = with_manual(p);

	p->other.has = HAS_CANCELED;
	results[0] = IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->other), FALSE,
			WdfIoQueueDispatchParallel, FALSE, TRUE, &queue);
	results[1] = IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->queue), FALSE,
			WdfIoQueueDispatchManual, FALSE, TRUE, &queue);
	results[2] = IWDFDevice2_CreateIoQueue(p->wdf_device, NULL, FALSE,
			WdfIoQueueDispatchSequential, FALSE, TRUE, &queue);
	results[3] = IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->queue), TRUE,
			WdfIoQueueDispatchSequential, FALSE, TRUE, &queue);
	results[4] = queue ? E_FAIL : S_OK;
	return hr;
}

TEST_F(queue, CreateIoQueue_checks)
{
	struct probe *p = self->p;
	HRESULT results[5];
	int i;

	p->data = results;
	p->configure = bad_queues;
	START();
	for (i = 0; i < 3; i++)
		EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_BAD_CONFIGURATION), results[i]);
	EXPECT_NE(S_OK, results[3]);
	EXPECT_EQ(S_OK, results[4]);
}

static HRESULT read_only(struct probe *p)
{
	HRESULT hr;

	p->queue.has = HAS_READ;
	hr = IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->queue), TRUE,
				       WdfIoQueueDispatchParallel, FALSE, TRUE,
				       &p->wdf_queue);
	if (SUCCEEDED(hr))
		IWDFIoQueue_Release(p->wdf_queue);
	return hr;
}

TEST_F(queue, a_type_without_a_handler)
{
	struct probe *p = self->p;
	uint64_t id;

	p->configure = read_only;
	START();
	id = send_write(p->fd, "x", 1);
	EXPECT_REAP(p->fd, id, -EINVAL);
	EXPECT_TRUE(no_event(p));
}

TEST_HARNESS_MAIN
