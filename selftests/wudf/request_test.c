// SPDX-License-Identifier: GPL-2.0
/*
 * Sections 8.1 and 8.2 behind wudfddi.h: cancels of what is in a queue, and
 * MarkCancelable, UnmarkCancelable and OnCancel. The names tell the cases.
 */
#include "probe.h"

/* A default queue, and a manual one to forward to. */
static HRESULT with_manual(struct probe *p)
{
	HRESULT hr;

	hr = IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->queue), TRUE,
				       p->dispatch, FALSE, TRUE, &p->wdf_queue);
	if (FAILED(hr))
		return hr;
	IWDFIoQueue_Release(p->wdf_queue);
	hr = IWDFDevice2_CreateIoQueue(p->wdf_device,
				       p->manual.has ? unknown_of(&p->manual) : NULL,
				       FALSE, WdfIoQueueDispatchManual, FALSE, TRUE,
				       &p->wdf_manual);
	if (SUCCEEDED(hr))
		IWDFIoQueue_Release(p->wdf_manual);
	return hr;
}

/* The default queue is manual: p->wdf_manual. */
static HRESULT only_manual(struct probe *p)
{
	HRESULT hr = IWDFDevice2_CreateIoQueue(p->wdf_device,
			p->manual.has ? unknown_of(&p->manual) : NULL, TRUE,
			WdfIoQueueDispatchManual, FALSE, TRUE, &p->wdf_manual);

	if (SUCCEEDED(hr))
		IWDFIoQueue_Release(p->wdf_manual);
	return hr;
}

static IWDFIoRequest2 *retrieve(IWDFIoQueue *queue)
{
	IWDFIoRequest *request = NULL;

	return IWDFIoQueue_RetrieveNextRequest(queue, &request) == S_OK ?
	       (IWDFIoRequest2 *)request : NULL;
}

FIXTURE(request) {
	struct probe *p;
};

FIXTURE_SETUP(request)
{
	self->p = calloc(1, sizeof(*self->p));
	self->p->constraint = WdfDeviceLevel;
}

FIXTURE_TEARDOWN(request)
{
	probe_stop(self->p);
	free(self->p);
	self->p = NULL;
	EXPECT_EQ(0, leaks());
}

#define START() ASSERT_LE(0, probe_start(p))

/* Nothing more has come: what was to come would stand before this one's. */
#define EXPECT_QUIET() do {						\
	uint64_t quiet_id = send_read(p);				\
	IWDFIoRequest2 *quiet = NEXT(p, ON_REQUEST);			\
	MARK(p, quiet);							\
	ASSERT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, quiet_id)); \
	ASSERT_EQ(quiet, NEXT(p, ON_CANCEL));				\
	COMPLETE(quiet, ABORTED, 0);					\
	EXPECT_REAP(p->fd, quiet_id, -ECANCELED);			\
} while (0)

/* ------------------------------------------------------------------------ 8.1 */

TEST_F(request, U01_cancel_in_a_manual_queue)
{
	struct probe *p = self->p;
	uint64_t id;

	p->configure = only_manual;
	START();
	id = send_read(p);
	EXPECT_COUNTS(p->wdf_manual, 1, 0);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_REAP(p->fd, id, -ECANCELED);
	EXPECT_COUNTS(p->wdf_manual, 0, 0);
	EXPECT_TRUE(no_event(p));
}

TEST_F(request, U02_never_delivered_is_no_canceled_on_queue)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->manual.has = HAS_CANCELED;
	p->configure = only_manual;
	START();
	id = send_read(p);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_REAP(p->fd, id, -ECANCELED);
	/* the sentinel: one that was delivered */
	id = send_read(p);
	request = retrieve(p->wdf_manual);
	ASSERT_NE(NULL, request);
	EXPECT_EQ(S_OK, IWDFIoRequest2_Requeue(request));
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_EQ(request, NEXT(p, ON_CANCELED_ON_QUEUE));
	COMPLETE(request, ABORTED, 0);
	IWDFIoRequest2_Release(request);
	EXPECT_REAP(p->fd, id, -ECANCELED);
}

TEST_F(request, U03_U08_canceled_on_queue)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->manual.has = HAS_CANCELED;
	p->configure = with_manual;
	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_EQ(request, NEXT(p, ON_CANCELED_ON_QUEUE));
	EXPECT_COUNTS(p->wdf_manual, 0, 1);
	EXPECT_EQ(INVALID, IWDFIoRequest2_Requeue(request));
	EXPECT_EQ(INVALID, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_queue));
	EXPECT_TRUE(IWDFIoRequest2_IsCanceled(request));
	COMPLETE(request, ABORTED, 0);
	IWDFIoRequest2_Release(request);
	EXPECT_REAP(p->fd, id, -ECANCELED);
	EXPECT_QUIET();
}

TEST_F(request, U04_requeued_and_canceled_without_a_callback)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->configure = with_manual;
	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	EXPECT_EQ(request, retrieve(p->wdf_manual));
	IWDFIoRequest2_Release(request);
	EXPECT_EQ(S_OK, IWDFIoRequest2_Requeue(request));
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_REAP(p->fd, id, -ECANCELED);
	EXPECT_COUNTS(p->wdf_manual, 0, 0);
	IWDFIoRequest2_Release(request);
	EXPECT_QUIET();
}

TEST_F(request, U04_the_drivers_context_goes_with_it)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->configure = with_manual;
	p->device.has = HAS_CLEANUP;
	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(S_OK, IWDFIoRequest2_AssignContext(request,
			face_of(&p->device, FACE_CLEANUP, IObjectCleanup), p));
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_REAP(p->fd, id, -ECANCELED);
	/* now, not when its slot has another request */
	EXPECT_EQ(request, NEXT(p, ON_OBJECT_CLEANUP));
	IWDFIoRequest2_Release(request);
}

static HRESULT two_sequential(struct probe *p)
{
	HRESULT hr = with_manual(p);

	if (SUCCEEDED(hr))
		hr = IWDFDevice2_CreateIoQueue(p->wdf_device, unknown_of(&p->other),
				FALSE, WdfIoQueueDispatchSequential, FALSE, TRUE,
				&p->wdf_other);
	if (SUCCEEDED(hr))
		IWDFIoQueue_Release(p->wdf_other);
	return hr;
}

TEST_F(request, U05_canceled_on_a_sequential_queue_that_is_busy)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *a, *b, *c;
	uint64_t ids[3];

	p->other.has = HAS_ALL_IO | HAS_CANCELED;
	p->configure = two_sequential;
	START();
	ids[0] = send_read(p);
	a = NEXT(p, ON_REQUEST);
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(a, p->wdf_other));
	EXPECT_EQ(a, NEXT(p, ON_REQUEST));
	ids[1] = send_read(p);
	b = NEXT(p, ON_REQUEST);
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(b, p->wdf_other));
	ids[2] = send_read(p);
	c = NEXT(p, ON_REQUEST);
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(c, p->wdf_other));
	EXPECT_COUNTS(p->wdf_other, 2, 1);

	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, ids[1]));
	EXPECT_EQ(b, NEXT(p, ON_CANCELED_ON_QUEUE));
	EXPECT_COUNTS(p->wdf_other, 1, 2);
	COMPLETE(b, ABORTED, 0);
	EXPECT_REAP(p->fd, ids[1], -ECANCELED);
	COMPLETE(a, S_OK, 0);
	EXPECT_REAP(p->fd, ids[0], 0);
	EXPECT_EQ(c, NEXT(p, ON_REQUEST));
	COMPLETE(c, S_OK, 0);
	EXPECT_REAP(p->fd, ids[2], 0);
	/* each was handed over twice */
	IWDFIoRequest2_Release(a);
	IWDFIoRequest2_Release(b);
	IWDFIoRequest2_Release(c);
}

TEST_F(request, U07_retrieve_skips_what_was_canceled)
{
	struct probe *p = self->p;
	IWDFIoRequest *none = (void *)1;
	IWDFIoRequest2 *first, *third;
	uint64_t ids[3];
	int i;

	p->configure = only_manual;
	START();
	for (i = 0; i < 3; i++)
		ids[i] = send_read(p);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, ids[1]));
	EXPECT_REAP(p->fd, ids[1], -ECANCELED);
	first = retrieve(p->wdf_manual);
	third = retrieve(p->wdf_manual);
	ASSERT_TRUE(first && third);
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_NO_MORE_ITEMS),
		  IWDFIoQueue_RetrieveNextRequest(p->wdf_manual, &none));
	EXPECT_EQ(NULL, none);
	COMPLETE(first, S_OK, 1);
	EXPECT_REAP(p->fd, ids[0], 0);
	COMPLETE(third, S_OK, 3);
	EXPECT_REAP(p->fd, ids[2], 0);
}

/* ------------------------------------------------------------------------ 8.2 */

static void complete_canceled(struct probe *p, IWDFIoRequest2 *request)
{
	(void)p;
	atomic_fetch_add((atomic_int *)p->data, 1);
	IWDFIoRequest2_CompleteWithInformation(request, ABORTED, 0);
}

TEST_F(request, U12_mark_cancel_complete_inside)
{
	struct probe *p = self->p;
	atomic_int canceled = 0;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->on_cancel = complete_canceled;
	p->data = &canceled;
	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_REAP(p->fd, id, -ECANCELED);
	EXPECT_EQ(1, canceled);
	IWDFIoRequest2_Release(request);
	p->on_cancel = NULL;
	EXPECT_QUIET();
	EXPECT_EQ(1, canceled);
}

TEST_F(request, U13_cancel_of_what_is_not_marked)
{
	struct probe *p = self->p;
	struct iotarget_reap_element done;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_FALSE(IWDFIoRequest2_IsCanceled(request));
	EXPECT_EQ(IOTARGET_CANCEL_MARKED, iotarget_cancel(p->fd, id));
	EXPECT_TRUE(IWDFIoRequest2_IsCanceled(request));
	COMPLETE(request, S_OK, 5);
	done = reap(p->fd);
	EXPECT_EQ(id, done.id);
	EXPECT_EQ(0, done.status);
	EXPECT_EQ(5, done.information);
	EXPECT_QUIET();
}

TEST_F(request, U14_mark_of_a_canceled_one_calls_inline)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	struct event event;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(IOTARGET_CANCEL_MARKED, iotarget_cancel(p->fd, id));
	MARK(p, request);
	EXPECT_FALSE(no_event(p));
	event = next_event(p);
	EXPECT_EQ(ON_CANCEL, event.what);
	EXPECT_TRUE(pthread_equal(pthread_self(), event.thread));
	/* a second mark changes nothing, and calls nobody */
	MARK(p, request);
	EXPECT_TRUE(no_event(p));
	COMPLETE(request, ABORTED, 0);
	EXPECT_REAP(p->fd, id, -ECANCELED);
	EXPECT_QUIET();
}

struct in_handler {
	struct gate in, go;
	uint64_t id;
	atomic_bool returned, called_inside;
};

static void cancel_then_mark(struct probe *p, IWDFIoRequest2 *request)
{
	struct in_handler *h = p->data;

	IWDFIoRequest2_AddRef(request);
	gate_open(&h->in);
	gate_wait(&h->go);
	IWDFIoRequest2_MarkCancelable(request, cancel_of(&p->queue));
	h->called_inside = !no_event(p);
}

TEST_F(request, U15_cancel_in_the_handler_then_mark)
{
	struct in_handler h = { .in = GATE, .go = GATE };
	struct probe *p = self->p;
	IWDFIoRequest2 *request;

	p->handler = cancel_then_mark;
	p->data = &h;
	START();
	h.id = send_read(p);
	gate_wait(&h.in);
	EXPECT_EQ(IOTARGET_CANCEL_MARKED, iotarget_cancel(p->fd, h.id));
	gate_open(&h.go);
	/* the handler owns the device's lock, so it comes when that has returned */
	request = NEXT(p, ON_CANCEL);
	EXPECT_FALSE(h.called_inside);
	EXPECT_EQ(0, p->overlaps);
	p->handler = NULL;
	COMPLETE(request, ABORTED, 0);
	EXPECT_REAP(p->fd, h.id, -ECANCELED);
	EXPECT_QUIET();
}

TEST_F(request, U15_without_a_lock_it_comes_inside)
{
	struct in_handler h = { .in = GATE, .go = GATE };
	struct probe *p = self->p;
	IWDFIoRequest2 *request;

	p->constraint = None;
	p->handler = cancel_then_mark;
	p->data = &h;
	START();
	h.id = send_read(p);
	gate_wait(&h.in);
	EXPECT_EQ(IOTARGET_CANCEL_MARKED, iotarget_cancel(p->fd, h.id));
	gate_open(&h.go);
	request = NEXT(p, ON_CANCEL);
	p->handler = NULL;
	COMPLETE(request, ABORTED, 0);
	EXPECT_REAP(p->fd, h.id, -ECANCELED);
	EXPECT_QUIET();
}

TEST_F(request, U17_unmark_then_cancel)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	EXPECT_EQ(S_OK, UNMARK(request));
	EXPECT_EQ(IOTARGET_CANCEL_MARKED, iotarget_cancel(p->fd, id));
	EXPECT_TRUE(IWDFIoRequest2_IsCanceled(request));
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);
	EXPECT_QUIET();
}

/* OnCancel is held back by the device's lock, which the test has. */
TEST_F(request, U18_U20_U28_unmark_when_the_cancel_has_won)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	EXPECT_FALSE(IWDFIoRequest2_IsCanceled(request));
	IWDFDevice2_AcquireLock(p->wdf_device);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_EQ(ABORTED, UNMARK(request));
	EXPECT_FALSE(IWDFIoRequest2_IsCanceled(request));
	EXPECT_TRUE(no_event(p));
	IWDFDevice2_ReleaseLock(p->wdf_device);
	EXPECT_EQ(request, NEXT(p, ON_CANCEL));
	/* U19 is in the next test; this is after OnCancel has returned, and legal */
	COMPLETE(request, ABORTED, 0);
	EXPECT_REAP(p->fd, id, -ECANCELED);
	EXPECT_QUIET();
}

static void unmark_inside(struct probe *p, IWDFIoRequest2 *request)
{
	atomic_store((_Atomic HRESULT *)p->data, UNMARK(request));
	IWDFIoRequest2_CompleteWithInformation(request, ABORTED, 0);
}

TEST_F(request, U19_unmark_inside_OnCancel)
{
	struct probe *p = self->p;
	_Atomic HRESULT hr = S_OK;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->on_cancel = unmark_inside;
	p->data = &hr;
	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_REAP(p->fd, id, -ECANCELED);
	EXPECT_EQ(ABORTED, hr);
	IWDFIoRequest2_Release(request);
}

/* A marked request whose OnCancel cannot run yet is not completed by anybody. */
TEST_F(request, U20_complete_before_OnCancel_ran)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request, *other;
	uint64_t id, other_id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	other_id = send_read(p);
	other = NEXT(p, ON_REQUEST);
	IWDFDevice2_AcquireLock(p->wdf_device);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	IWDFIoRequest2_CompleteWithInformation(request, S_OK, 1);
	COMPLETE(other, S_OK, 0);
	EXPECT_REAP(p->fd, other_id, 0);
	IWDFDevice2_ReleaseLock(p->wdf_device);
	EXPECT_EQ(request, NEXT(p, ON_CANCEL));
	COMPLETE(request, ABORTED, 0);
	EXPECT_REAP(p->fd, id, -ECANCELED);
}

TEST_F(request, U21_mark_twice)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	MARK(p, request);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_EQ(request, NEXT(p, ON_CANCEL));
	COMPLETE(request, ABORTED, 0);
	EXPECT_REAP(p->fd, id, -ECANCELED);
	EXPECT_QUIET();
}

TEST_F(request, U22_U23_unmark_of_what_is_not_marked)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(INVALID, UNMARK(request));
	MARK(p, request);
	EXPECT_EQ(S_OK, UNMARK(request));
	EXPECT_EQ(INVALID, UNMARK(request));
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);
}

TEST_F(request, U24_complete_while_cancelable)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request, *other;
	uint64_t id, other_id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	IWDFIoRequest2_CompleteWithInformation(request, S_OK, 1);
	other_id = send_read(p);
	other = NEXT(p, ON_REQUEST);
	COMPLETE(other, S_OK, 0);
	/* this one, not that */
	EXPECT_REAP(p->fd, other_id, 0);
	EXPECT_EQ(S_OK, UNMARK(request));
	COMPLETE(request, S_OK, 2);
	EXPECT_REAP(p->fd, id, 0);
}

TEST_F(request, U25_U26_complete_long_after_OnCancel)
{
	struct probe *p = self->p;
	struct iotarget_reap_element done;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	MARK(p, request);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_EQ(request, NEXT(p, ON_CANCEL));
	EXPECT_EQ(IOTARGET_CANCEL_TOLD, iotarget_cancel(p->fd, id));
	EXPECT_QUIET();
	EXPECT_TRUE(IWDFIoRequest2_IsCanceled(request));
	COMPLETE(request, S_OK, 5);
	done = reap(p->fd);
	EXPECT_EQ(id, done.id);
	EXPECT_EQ(0, done.status);
	EXPECT_EQ(5, done.information);
	EXPECT_QUIET();
}

TEST_F(request, U27_complete_twice)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_CompleteWithInformation(request, S_OK, 3);
	IWDFIoRequest2_CompleteWithInformation(request, E_FAIL, 0);
	EXPECT_REAP(p->fd, id, 0);
	/* nor anything else (U29) */
	EXPECT_FALSE(IWDFIoRequest2_IsCanceled(request));
	EXPECT_EQ(INVALID, UNMARK(request));
	MARK(p, request);
	EXPECT_EQ(INVALID, IWDFIoRequest2_Requeue(request));
	EXPECT_FALSE(IWDFIoRequest2_CancelSentRequest(request));
	IWDFIoRequest2_Release(request);
	EXPECT_QUIET();
}

TEST_F(request, U29_is_canceled_in_a_queue)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	p->configure = with_manual;
	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(IOTARGET_CANCEL_MARKED, iotarget_cancel(p->fd, id));
	EXPECT_TRUE(IWDFIoRequest2_IsCanceled(request));
	EXPECT_EQ(S_OK, IWDFIoRequest2_ForwardToIoQueue(request, p->wdf_manual));
	EXPECT_FALSE(IWDFIoRequest2_IsCanceled(request));
	/* U51: it has ended there */
	EXPECT_REAP(p->fd, id, -ECANCELED);
	IWDFIoRequest2_Release(request);
}

TEST_F(request, U30_mark_of_the_drivers_own)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;

	START();
	ASSERT_EQ(S_OK, IWDFDevice2_CreateRequest(p->wdf_device, NULL, NULL,
						  (IWDFIoRequest **)&request));
	MARK(p, request);
	EXPECT_EQ(INVALID, UNMARK(request));
	EXPECT_EQ(S_OK, IWDFIoRequest2_DeleteWdfObject(request));
	EXPECT_EQ(0, IWDFIoRequest2_Release(request));
}

TEST_F(request, U31_another_callback_object)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *a, *b;
	uint64_t id_a, id_b;

	START();
	id_a = send_read(p);
	a = NEXT(p, ON_REQUEST);
	MARK(p, a);
	id_b = send_read(p);
	b = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_MarkCancelable(b, cancel_of(&p->other));
	EXPECT_EQ(IOTARGET_CANCEL_MARKED, iotarget_cancel(p->fd, id_b));
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id_a));
	EXPECT_EQ(a, NEXT(p, ON_CANCEL));
	COMPLETE(a, ABORTED, 0);
	EXPECT_REAP(p->fd, id_a, -ECANCELED);
	COMPLETE(b, S_OK, 0);
	EXPECT_REAP(p->fd, id_b, 0);
}

/* Both sides set a flag; who comes second completes. */
#define BATCH 64

struct last {
	IWDFIoRequest2 *request;
	uint64_t id;
	atomic_int sides, completed;
};

struct race {
	struct last lasts[BATCH];
	atomic_int steps[2];
	pthread_barrier_t together;
	atomic_bool end;
	int target, refused;
};

static void side_done(struct last *last)
{
	if (atomic_fetch_add(&last->sides, 1) == 1) {
		last->completed++;
		IWDFIoRequest2_CompleteWithInformation(last->request, ABORTED, 0);
	}
}

static void last_on_cancel(struct probe *p, IWDFIoRequest2 *request)
{
	struct race *race = p->data;
	int i;

	for (i = 0; race->lasts[i].request != request; i++)
		;
	/* after it, they can be another batch's */
	side_done(&race->lasts[i]);
}

enum { DRIVER, CANCELER };

/* None is long ahead of the other, so that they meet. */
static void take_step(struct race *race, int side, unsigned int *seed)
{
	int mine = ++race->steps[side], ahead = rand_r(seed) % (BATCH / 4);

	while (race->steps[!side] + ahead < mine)
		sched_yield();
}

/* Walks through each batch from its begin; the driver comes from its end. */
static void *cancel_each(void *arg)
{
	struct race *race = arg;
	unsigned int seed = 1;
	int i;

	for (;;) {
		pthread_barrier_wait(&race->together);
		if (race->end)
			return NULL;
		for (i = 0; i < BATCH; i++) {
			race->refused += iotarget_cancel(race->target,
							 race->lasts[i].id) < 0;
			take_step(race, CANCELER, &seed);
		}
		pthread_barrier_wait(&race->together);
	}
}

TEST_F_TIMEOUT(request, U32_U33_races_of_cancel_and_completion, HOUR)
{
	int n = rounds(20000) / BATCH * BATCH, unmarked = 0, canceled = 0, sent, i;
	struct probe *p = self->p;
	struct race race = { .refused = 0 };
	unsigned int seed = 2;
	struct last *last;
	pthread_t thread;

	p->on_cancel = last_on_cancel;
	p->data = &race;
	START();
	race.target = p->fd;
	pthread_barrier_init(&race.together, NULL, 2);
	thread = start(cancel_each, &race);
	for (sent = 0; sent < n; sent += BATCH) {
		for (i = 0; i < BATCH; i++)
			race.lasts[i] = (struct last){ .id = send_read(p) };
		for (i = 0; i < BATCH; i++) {
			last = &race.lasts[i];
			last->request = NEXT(p, ON_REQUEST);
			MARK(p, last->request);
		}
		pthread_barrier_wait(&race.together);
		for (i = BATCH; i--;) {
			last = &race.lasts[i];
			if (UNMARK(last->request) == S_OK) {
				unmarked++;
				last->sides++;
			} else {
				canceled++;
			}
			side_done(last);
			take_step(&race, DRIVER, &seed);
		}
		pthread_barrier_wait(&race.together);
		for (i = 0; i < BATCH; i++)
			EXPECT_EQ(-ECANCELED, reap(p->fd).status);
		for (i = 0; i < BATCH; i++) {
			ASSERT_EQ(1, race.lasts[i].completed);
			IWDFIoRequest2_Release(race.lasts[i].request);
		}
	}
	race.end = true;
	pthread_barrier_wait(&race.together);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&race.together);
	printf("# unmarked %d, canceled %d\n", unmarked, canceled);
	EXPECT_EQ(n, unmarked + canceled);
	EXPECT_EQ(0, race.refused);
	EXPECT_LT(0, unmarked);
	EXPECT_LT(0, canceled);
}

/* U34: the probe counts callbacks that overlap. */
static void slow(struct probe *p, IWDFIoRequest2 *request)
{
	int i;

	for (i = 0; i < 20; i++)
		sched_yield();
	if (p->data == request)
		return;
	IWDFIoRequest2_AddRef(request);
	IWDFIoRequest2_MarkCancelable(request, cancel_of(&p->queue));
}

static void slow_cancel(struct probe *p, IWDFIoRequest2 *request)
{
	int i;

	(void)p;
	for (i = 0; i < 20; i++)
		sched_yield();
	IWDFIoRequest2_CompleteWithInformation(request, ABORTED, 0);
	IWDFIoRequest2_Release(request);
}

TEST_F(request, U34_callbacks_one_at_a_time)
{
	struct probe *p = self->p;
	uint64_t id;
	int i;

	p->handler = slow;
	p->on_cancel = slow_cancel;
	START();
	for (i = 0; i < 300; i++) {
		send_read(p);
		id = send_read(p);
		ASSERT_LT(0, iotarget_cancel(p->fd, id));
		if (i % 3 == 2)
			iotarget_cancel_all(p->fd, NULL);
	}
	iotarget_cancel_all(p->fd, NULL);
	for (i = 0; i < 600; i++)
		EXPECT_EQ(-ECANCELED, reap(p->fd).status);
	EXPECT_EQ(0, p->overlaps);
}

/* U36: no lock of the framework's, so the driver's may be held. */
static pthread_mutex_t driver_lock;

static void lock_and_mark(struct probe *p, IWDFIoRequest2 *request)
{
	IWDFIoRequest2_AddRef(request);
	pthread_mutex_lock(&driver_lock);
	IWDFIoRequest2_MarkCancelable(request, cancel_of(&p->queue));
	pthread_mutex_unlock(&driver_lock);
}

static void lock_and_complete(struct probe *p, IWDFIoRequest2 *request)
{
	(void)p;
	pthread_mutex_lock(&driver_lock);
	IWDFIoRequest2_CompleteWithInformation(request, ABORTED, 0);
	pthread_mutex_unlock(&driver_lock);
	IWDFIoRequest2_Release(request);
}

TEST_F(request, U36_the_drivers_lock_around_mark)
{
	pthread_mutexattr_t recursive;
	struct probe *p = self->p;
	int i;

	pthread_mutexattr_init(&recursive);
	pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&driver_lock, &recursive);
	p->constraint = None;
	p->handler = lock_and_mark;
	p->on_cancel = lock_and_complete;
	START();
	for (i = 0; i < 500; i++) {
		uint64_t id = send_read(p);

		ASSERT_LT(0, iotarget_cancel(p->fd, id));
		EXPECT_REAP(p->fd, id, -ECANCELED);
	}
}

/* Waiting for the handler is waiting in the queue: the driver never sees it. */
TEST_F(request, cancel_of_what_waits_for_the_handler)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	IWDFDevice2_AcquireLock(p->wdf_device);
	id = send_read(p);
	/* it gets to a handler that waits for the lock, or not: either is cancelled */
	while (!counts_of(p->wdf_queue).in_queue && !counts_of(p->wdf_queue).in_driver)
		sched_yield();
	if (iotarget_cancel(p->fd, id) == IOTARGET_CANCEL_DELIVERED) {
		EXPECT_REAP(p->fd, id, -ECANCELED);
		IWDFDevice2_ReleaseLock(p->wdf_device);
	} else {
		IWDFDevice2_ReleaseLock(p->wdf_device);
		request = NEXT(p, ON_REQUEST);
		EXPECT_TRUE(IWDFIoRequest2_IsCanceled(request));
		COMPLETE(request, ABORTED, 0);
		EXPECT_REAP(p->fd, id, -ECANCELED);
	}
	EXPECT_QUIET();
}

TEST_F(request, U98_information_beyond_the_buffer)
{
	struct iotarget_reap_element done;
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_CompleteWithInformation(request, S_OK, 9);
	COMPLETE(request, S_OK, 8);
	EXPECT_REAP(p->fd, id, 0);
	/* of a failure it is what the driver would need */
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	COMPLETE(request, HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER), 100);
	done = reap(p->fd);
	EXPECT_EQ(id, done.id);
	EXPECT_EQ(-EMSGSIZE, done.status);
	EXPECT_EQ(0, done.information);
	/* without output it is not looked at */
	id = send_ioctl(p->fd, 0x1234, "in", 3, NULL, 0);
	request = NEXT(p, ON_REQUEST);
	COMPLETE(request, S_OK, 100);
	EXPECT_REAP(p->fd, id, 0);
}

/* ---------------------------------------------------------------- buffers */

TEST_F(request, data_goes_both_ways)
{
	struct iotarget_reap_element done;
	struct probe *p = self->p;
	char in[100] = "to the driver", out[50] = "";
	IWDFIoRequest2 *request;
	IWDFMemory *memory, *again;
	IWDFFile *file;
	SIZE_T size, in_size, out_size;
	ULONG code;
	void *buffer;
	uint64_t id;

	START();
	id = send_ioctl(p->fd, 0x1234, in, sizeof(in), out, sizeof(out));
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(WdfRequestDeviceIoControl, IWDFIoRequest2_GetType(request));
	IWDFIoRequest2_GetDeviceIoControlParameters(request, &code, &in_size, &out_size);
	EXPECT_EQ(0x1234, code);
	EXPECT_EQ(sizeof(in), in_size);
	EXPECT_EQ(sizeof(out), out_size);
	EXPECT_EQ((ULONG)getpid(), IWDFIoRequest2_GetRequestorProcessId(request));

	IWDFIoRequest2_GetInputMemory(request, &memory);
	IWDFIoRequest2_GetInputMemory(request, &again);
	EXPECT_EQ(memory, again);
	EXPECT_EQ(sizeof(in), IWDFMemory_GetSize(memory));
	EXPECT_STREQ(in, IWDFMemory_GetDataBuffer(memory, &size));
	EXPECT_NE(S_OK, IWDFMemory_CopyToBuffer(memory, 90, out, 11));
	IWDFMemory_Release(memory);
	IWDFMemory_Release(again);
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER),
		  IWDFIoRequest2_RetrieveOutputBuffer(request, 51, &buffer, &size));
	ASSERT_EQ(S_OK, IWDFIoRequest2_RetrieveOutputBuffer(request, 1, &buffer, &size));
	EXPECT_EQ(sizeof(out), size);
	IWDFIoRequest2_GetOutputMemory(request, &memory);
	EXPECT_EQ(S_OK, IWDFMemory_CopyFromBuffer(memory, 0, "from the driver", 16));
	EXPECT_STREQ("from the driver", buffer);
	IWDFMemory_Release(memory);
	IWDFIoRequest2_GetFileObject(request, &file);
	EXPECT_NE(NULL, file);
	IWDFFile_Release(file);
	COMPLETE(request, S_OK, 16);
	done = reap(p->fd);
	EXPECT_EQ(id, done.id);
	EXPECT_EQ(16, done.information);
	EXPECT_STREQ("from the driver", out);
}

/* There is a memory object, of nothing: drivers call it, and release it, without a look. */
static void expect_empty(struct __test_metadata *_metadata, IWDFMemory *memory)
{
	SIZE_T size = 1;
	char byte;

	ASSERT_NE(NULL, memory);
	EXPECT_EQ(NULL, IWDFMemory_GetDataBuffer(memory, &size));
	EXPECT_EQ(0, size);
	EXPECT_EQ(0, IWDFMemory_GetSize(memory));
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER),
		  IWDFMemory_CopyToBuffer(memory, 0, &byte, 1));
	EXPECT_EQ(S_OK, IWDFMemory_CopyFromMemory(memory, memory, NULL));
	IWDFMemory_Release(memory);
}

TEST_F(request, no_data_is_an_empty_memory)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	IWDFMemory *memory;
	void *buffer;
	uint64_t id;

	START();
	id = send_ioctl(p->fd, 0x1234, NULL, 0, NULL, 0);
	request = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_GetInputMemory(request, &memory);
	expect_empty(_metadata, memory);
	IWDFIoRequest2_GetOutputMemory(request, &memory);
	expect_empty(_metadata, memory);
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER),
		  IWDFIoRequest2_RetrieveInputMemory(request, &memory));
	EXPECT_EQ(NULL, memory);
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER),
		  IWDFIoRequest2_RetrieveOutputBuffer(request, 0, &buffer, NULL));
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);

	id = send_write(p->fd, "", 0);
	request = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_GetInputMemory(request, &memory);
	expect_empty(_metadata, memory);
	IWDFIoRequest2_GetOutputMemory(request, &memory);
	EXPECT_EQ(NULL, memory);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);

	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_GetInputMemory(request, &memory);
	EXPECT_EQ(NULL, memory);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);
}

TEST_F(request, objects_and_their_interfaces)
{
	struct probe *p = self->p;
	IWDFPropertyStoreFactory *factory;
	IWDFIoTargetStateManagement *state;
	IWDFIoTarget *target;
	IWDFObject *parent, *child;
	IWDFIoRequest2 *request;
	IUnknown *unknown, *same;
	void *context;
	uint64_t id;

	p->device.has = HAS_CLEANUP;
	START();
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(S_OK, IWDFIoRequest2_QueryInterface(request, &IID_IUnknown,
						      (void **)&unknown));
	EXPECT_EQ(S_OK, IWDFIoRequest2_QueryInterface(request, &IID_IWDFIoRequest3,
						      (void **)&same));
	EXPECT_EQ(unknown, same);
	IUnknown_Release(unknown);
	IUnknown_Release(same);
	EXPECT_EQ(E_NOINTERFACE,
		  IWDFIoRequest2_QueryInterface(request, &IID_IWDFIoQueue,
						(void **)&same));
	EXPECT_EQ(NULL, same);
	EXPECT_EQ(INVALID, IWDFIoRequest2_DeleteWdfObject(request));
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);

	EXPECT_EQ(E_NOINTERFACE, IWDFDevice2_QueryInterface(p->wdf_device, &IID_IWDFIoTarget,
							    (void **)&same));
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND), p->store_of_init);
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND), retrieve_store(p->wdf_device));
	EXPECT_EQ(S_OK, IWDFDevice2_QueryInterface(p->wdf_device,
			&IID_IWDFPropertyStoreFactory, (void **)&factory));
	EXPECT_EQ(S_OK, IWDFPropertyStoreFactory_QueryInterface(factory, &IID_IUnknown,
								(void **)&same));
	EXPECT_EQ((void *)p->wdf_device, (void *)same);
	IUnknown_Release(same);
	IWDFPropertyStoreFactory_Release(factory);
	EXPECT_EQ(INVALID, IWDFDevice2_DeleteWdfObject(p->wdf_device));
	EXPECT_EQ(INVALID, IWDFIoQueue_DeleteWdfObject(p->wdf_queue));
	IWDFDevice2_GetDefaultIoTarget(p->wdf_device, &target);
	EXPECT_EQ(S_OK, IWDFIoTarget_QueryInterface(target,
			&IID_IWDFIoTargetStateManagement, (void **)&state));
	EXPECT_EQ(WdfIoTargetStarted, IWDFIoTargetStateManagement_GetState(state));
	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_QueryInterface(state, &IID_IUnknown,
								   (void **)&same));
	EXPECT_EQ((void *)target, (void *)same);
	IUnknown_Release(same);
	IWDFIoTargetStateManagement_Release(state);
	IWDFIoTarget_Release(target);

	/* children go first; each object has one context */
	ASSERT_EQ(S_OK, IWDFDriver_CreateWdfObject(p->wdf_driver, NULL, NULL, &parent));
	ASSERT_EQ(S_OK, IWDFDriver_CreateWdfObject(p->wdf_driver,
			unknown_of(&p->device), parent, &child));
	EXPECT_EQ(S_OK, IWDFObject_AssignContext(parent,
			face_of(&p->device, FACE_CLEANUP, IObjectCleanup), p));
	EXPECT_NE(S_OK, IWDFObject_AssignContext(parent, NULL, p));
	EXPECT_EQ(S_OK, IWDFObject_RetrieveContext(parent, &context));
	EXPECT_EQ(p, context);
	EXPECT_EQ(S_OK, IWDFObject_DeleteWdfObject(parent));
	EXPECT_EQ(child, NEXT(p, ON_OBJECT_CLEANUP));
	EXPECT_EQ(parent, NEXT(p, ON_OBJECT_CLEANUP));
	EXPECT_EQ(0, IWDFObject_Release(child));
	EXPECT_EQ(0, IWDFObject_Release(parent));
}

/* ------------------------------------------------------------------- threads */

static pthread_barrier_t both;

static void meet(struct work *work)
{
	(void)work;
	pthread_barrier_wait(&both);
}

static void do_nothing(struct work *work)
{
	(void)work;
}

static bool is_idle(struct pool *pool)
{
	bool idle;

	pthread_mutex_lock(&pool->lock);
	idle = pool->idle;
	pthread_mutex_unlock(&pool->lock);
	return idle;
}

/* One thread is idle: two works that wait for each other need one more. */
TEST(works_do_not_share_a_thread)
{
	struct work first = { .run = do_nothing }, works[2] = { { .run = meet },
								{ .run = meet } };
	struct pool pool;

	pthread_barrier_init(&both, NULL, 2);
	pool_init(&pool, POOL_THREADS);
	pool_queue(&pool, &first, false);
	while (!is_idle(&pool))
		sched_yield();
	pool_queue(&pool, &works[0], false);
	pool_queue(&pool, &works[1], false);
	pool_destroy(&pool);
	pthread_barrier_destroy(&both);
}

TEST_HARNESS_MAIN
