// SPDX-License-Identifier: GPL-2.0
/*
 * Section 8.4 behind wudfddi.h: an upper device sends to a lower one, each with a driver
 * of this process. The names tell the cases.
 */
#include <time.h>

#include "probe.h"

#define TIMED_OUT	HRESULT_FROM_WIN32(ERROR_SEM_TIMEOUT)
#define IN_STATE	HRESULT_FROM_NT(STATUS_INVALID_DEVICE_STATE)
#define IN_REQUEST	HRESULT_FROM_NT(STATUS_INVALID_DEVICE_REQUEST)
#define TIMEOUT		WDF_REQUEST_SEND_OPTION_TIMEOUT
#define SYNCHRONOUS	WDF_REQUEST_SEND_OPTION_SYNCHRONOUS
#define IGNORE		WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE
#define FORGET		WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET
#define MS		(-10000LL)

FIXTURE(target) {
	struct probe *p, *lower;
	IWDFIoTarget *target;
	IWDFIoTargetStateManagement *state;
	IWDFDriverCreatedFile *file;
};

FIXTURE_SETUP(target)
{
	self->lower = calloc(1, sizeof(*self->lower));
	self->lower->name = "wudf-lower";
	/* one at a time: then the lower one sees them in their order, too */
	self->lower->constraint = WdfDeviceLevel;
	ASSERT_LE(0, probe_start(self->lower));
	self->p = calloc(1, sizeof(*self->p));
	self->p->lower = "wudf-lower";
	self->p->constraint = WdfDeviceLevel;
	self->p->dispatch = WdfIoQueueDispatchSequential;
	ASSERT_LE(0, probe_start(self->p));
	IWDFDevice2_GetDefaultIoTarget(self->p->wdf_device, &self->target);
	ASSERT_EQ(S_OK, IWDFIoTarget_QueryInterface(self->target,
			&IID_IWDFIoTargetStateManagement, (void **)&self->state));
	ASSERT_EQ(S_OK, IWDFDevice2_CreateWdfFile(self->p->wdf_device, NULL,
						  &self->file));
}

FIXTURE_TEARDOWN(target)
{
	IWDFDriverCreatedFile_Close(self->file);
	IWDFDriverCreatedFile_Release(self->file);
	IWDFIoTargetStateManagement_Release(self->state);
	IWDFIoTarget_Release(self->target);
	probe_stop(self->p);
	probe_stop(self->lower);
	free(self->p);
	free(self->lower);
	*self = (FIXTURE_DATA(target)) { };
	EXPECT_EQ(0, leaks());
}

/* A request of the driver's own: a read of 8 bytes, formatted, with a callback. */
static IWDFIoRequest2 *make_for(FIXTURE_DATA(target) *self, void *file)
{
	IWDFIoRequest2 *request;
	IWDFMemory *memory;

	if (IWDFDevice2_CreateRequest(self->p->wdf_device, NULL, NULL,
				      (IWDFIoRequest **)&request) != S_OK ||
	    IWDFDriver_CreateWdfMemory(self->p->wdf_driver, 8, NULL,
				       (IWDFObject *)request, &memory) != S_OK ||
	    IWDFIoTarget_FormatRequestForRead(self->target, (IWDFIoRequest *)request,
					      file, memory, NULL, NULL) != S_OK)
		abort();
	IWDFMemory_Release(memory);
	IWDFIoRequest2_SetCompletionCallback(request, completion_of(&self->p->queue),
					     request);
	return request;
}

#define MAKE()			make_for(self, self->file)
#define SEND(request, flags, timeout) \
	IWDFIoRequest2_Send(request, self->target, flags, timeout)
#define CANCEL(request)		IWDFIoRequest2_CancelSentRequest(request)
#define DROP(request) do {						\
	EXPECT_EQ(S_OK, IWDFIoRequest2_DeleteWdfObject(request));	\
	IWDFIoRequest2_Release(request);				\
} while (0)
#define LOWER_GETS()		NEXT(self->lower, ON_REQUEST)
#define EXPECT_COMPLETION(is, want) do {				\
	struct event back_ = next_event(self->p);			\
	ASSERT_EQ(ON_COMPLETION, back_.what);				\
	EXPECT_EQ(is, back_.object);					\
	EXPECT_EQ(want, back_.status);					\
} while (0)

TEST_F(target, U63_cancel_of_a_pended_one)
{
	IWDFIoRequest2 *request = MAKE();
	struct event event;

	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Stop(self->state,
						WdfIoTargetLeaveSentIoPending));
	EXPECT_EQ(WdfIoTargetStopped, IWDFIoTargetStateManagement_GetState(self->state));
	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	EXPECT_TRUE(no_event(self->lower));
	EXPECT_TRUE(CANCEL(request));
	ASSERT_FALSE(no_event(self->p));
	event = next_event(self->p);
	EXPECT_EQ(ON_COMPLETION, event.what);
	EXPECT_EQ(ABORTED, event.status);
	EXPECT_TRUE(pthread_equal(pthread_self(), event.thread));
	DROP(request);
}

TEST_F(target, U64_cancel_of_one_in_the_lower_queue)
{
	IWDFIoRequest2 *request = MAKE();

	IWDFIoQueue_Stop(self->lower->wdf_queue, NULL);
	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	EXPECT_COUNTS(self->lower->wdf_queue, 1, 0);
	EXPECT_TRUE(CANCEL(request));
	EXPECT_COMPLETION(request, ABORTED);
	EXPECT_TRUE(no_event(self->lower));
	DROP(request);
}

TEST_F(target, U65_lower_owns_and_marks_later)
{
	IWDFIoRequest2 *request = MAKE(), *below;

	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	below = LOWER_GETS();
	EXPECT_FALSE(CANCEL(request));
	EXPECT_TRUE(no_event(self->p));
	MARK(self->lower, below);
	EXPECT_EQ(below, NEXT(self->lower, ON_CANCEL));
	EXPECT_TRUE(no_event(self->p));
	COMPLETE(below, ABORTED, 0);
	EXPECT_COMPLETION(request, ABORTED);
	DROP(request);
}

TEST_F(target, U66_U67_lower_has_marked)
{
	IWDFIoRequest2 *request = MAKE(), *below;

	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	below = LOWER_GETS();
	MARK(self->lower, below);
	EXPECT_TRUE(CANCEL(request));
	EXPECT_EQ(below, NEXT(self->lower, ON_CANCEL));
	EXPECT_FALSE(CANCEL(request));
	COMPLETE(below, ABORTED, 0);
	EXPECT_COMPLETION(request, ABORTED);
	EXPECT_TRUE(no_event(self->lower));
	DROP(request);
}

TEST_F(target, U68_cancel_after_completion)
{
	IWDFIoRequest2 *request = MAKE(), *below;

	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	below = LOWER_GETS();
	COMPLETE(below, S_OK, 0);
	EXPECT_COMPLETION(request, S_OK);
	EXPECT_FALSE(CANCEL(request));
	EXPECT_TRUE(no_event(self->p));
	DROP(request);
}

TEST_F(target, U69_cancel_before_send)
{
	IWDFIoRequest2 *request = MAKE(), *below;
	IWDFMemory *memory;

	EXPECT_FALSE(CANCEL(request));
	EXPECT_EQ(ABORTED, SEND(request, 0, 0));
	EXPECT_TRUE(no_event(self->p));
	EXPECT_EQ(ABORTED, IWDFIoRequest2_GetStatus(request));
	IWDFIoRequest2_Reuse(request, S_OK);
	EXPECT_EQ(HRESULT_FROM_NT(STATUS_REQUEST_NOT_ACCEPTED), SEND(request, 0, 0));
	ASSERT_EQ(S_OK, IWDFDriver_CreateWdfMemory(self->p->wdf_driver, 8, NULL,
						   (IWDFObject *)request, &memory));
	ASSERT_EQ(S_OK, IWDFIoTarget_FormatRequestForRead(self->target,
			(IWDFIoRequest *)request, (IWDFFile *)self->file, memory, NULL,
			NULL));
	IWDFMemory_Release(memory);
	IWDFIoRequest2_SetCompletionCallback(request, completion_of(&self->p->queue),
					     NULL);
	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	below = LOWER_GETS();
	COMPLETE(below, S_OK, 0);
	EXPECT_COMPLETION(request, S_OK);
	DROP(request);
}

TEST_F(target, U70_lower_completes_with_success)
{
	IWDFIoRequest2 *request = MAKE(), *below;

	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	below = LOWER_GETS();
	MARK(self->lower, below);
	EXPECT_TRUE(CANCEL(request));
	EXPECT_EQ(below, NEXT(self->lower, ON_CANCEL));
	COMPLETE(below, S_OK, 7);
	EXPECT_COMPLETION(request, S_OK);
	DROP(request);
}

static void complete_at_cancel(struct probe *p, IWDFIoRequest2 *request)
{
	IWDFIoRequest2_CompleteWithInformation(request, *(HRESULT *)p->data, 0);
	IWDFIoRequest2_Release(request);
}

TEST_F(target, U71_U72_timeouts)
{
	HRESULT below_says[] = { ABORTED, S_OK };
	HRESULT above_sees[] = { TIMED_OUT, S_OK };
	IWDFIoRequest2 *request, *below;
	int i;

	for (i = 0; i < 2; i++) {
		request = MAKE();
		self->lower->data = &below_says[i];
		self->lower->on_cancel = complete_at_cancel;
		ASSERT_EQ(S_OK, SEND(request, TIMEOUT, 500 * MS));
		below = LOWER_GETS();
		MARK(self->lower, below);
		EXPECT_COMPLETION(request, above_sees[i]);
		DROP(request);
	}
	self->lower->on_cancel = NULL;
}

static void *complete_when_canceled(void *arg)
{
	struct probe *lower = arg;
	IWDFIoRequest2 *below = next_event(lower).object;

	while (!IWDFIoRequest2_IsCanceled(below))
		sched_yield();
	COMPLETE(below, S_OK, 8);
	return NULL;
}

TEST_F(target, U73_synchronous_with_a_timeout_that_is_not_obeyed)
{
	IWDFIoRequest2 *request = MAKE();
	pthread_t thread;

	thread = start(complete_when_canceled, self->lower);
	EXPECT_EQ(S_OK, SEND(request, TIMEOUT | SYNCHRONOUS, 1000 * MS));
	/* OnCompletion comes first */
	EXPECT_FALSE(no_event(self->p));
	EXPECT_COMPLETION(request, S_OK);
	EXPECT_EQ(S_OK, IWDFIoRequest2_GetStatus(request));
	pthread_join(thread, NULL);
	DROP(request);
}

TEST_F(target, U74_a_timeout_of_0)
{
	IWDFIoRequest2 *request = MAKE(), *other = MAKE(), *below, *below_other;

	ASSERT_EQ(S_OK, SEND(request, TIMEOUT, 0));
	below = LOWER_GETS();
	MARK(self->lower, below);
	/* one with a timeout goes first */
	ASSERT_EQ(S_OK, SEND(other, TIMEOUT, 50 * MS));
	below_other = LOWER_GETS();
	MARK(self->lower, below_other);
	EXPECT_EQ(below_other, NEXT(self->lower, ON_CANCEL));
	COMPLETE(below_other, ABORTED, 0);
	EXPECT_COMPLETION(other, TIMED_OUT);
	EXPECT_EQ(S_OK, UNMARK(below));
	COMPLETE(below, S_OK, 0);
	EXPECT_COMPLETION(request, S_OK);
	DROP(request);
	DROP(other);
}

TEST_F(target, U75_stopped_then_started)
{
	IWDFIoRequest2 *requests[3], *below[3];
	int i;

	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Stop(self->state,
						WdfIoTargetLeaveSentIoPending));
	for (i = 0; i < 3; i++) {
		requests[i] = MAKE();
		ASSERT_EQ(S_OK, SEND(requests[i], 0, 0));
	}
	EXPECT_COUNTS(self->lower->wdf_queue, 0, 0);
	EXPECT_TRUE(no_event(self->lower));
	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Start(self->state));
	for (i = 0; i < 3; i++)
		below[i] = LOWER_GETS();
	for (i = 0; i < 3; i++) {
		COMPLETE(below[i], S_OK, i);
		EXPECT_COMPLETION(requests[i], S_OK);
		DROP(requests[i]);
	}
}

static void mark_at_once(struct probe *p, IWDFIoRequest2 *request)
{
	IWDFIoRequest2_AddRef(request);
	IWDFIoRequest2_MarkCancelable(request, cancel_of(&p->queue));
	if (p->data)
		atomic_fetch_add((atomic_int *)p->data, 1);
}

static void cancel_at_once(struct probe *p, IWDFIoRequest2 *request)
{
	(void)p;
	IWDFIoRequest2_CompleteWithInformation(request, ABORTED, 0);
	IWDFIoRequest2_Release(request);
}

TEST_F(target, U76_stop_and_cancel)
{
	IWDFIoRequest2 *requests[2];
	int i;

	self->lower->handler = mark_at_once;
	self->lower->on_cancel = cancel_at_once;
	for (i = 0; i < 2; i++) {
		requests[i] = MAKE();
		ASSERT_EQ(S_OK, SEND(requests[i], 0, 0));
	}
	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Stop(self->state,
							 WdfIoTargetCancelSentIo));
	/* both have run by now */
	for (i = 0; i < 2; i++) {
		struct event event;

		ASSERT_FALSE(no_event(self->p));
		event = next_event(self->p);
		EXPECT_EQ(ON_COMPLETION, event.what);
		EXPECT_EQ(ABORTED, event.status);
	}
	DROP(requests[0]);
	DROP(requests[1]);
}

struct stopper {
	IWDFIoTargetStateManagement *state;
	WDF_IO_TARGET_SENT_IO_ACTION action;
	_Atomic(pid_t) tid;
	atomic_bool remove;
};

static void *stop(void *arg)
{
	struct stopper *stopper = arg;

	stopper->tid = gettid();
	if (stopper->remove)
		IWDFIoTargetStateManagement_Remove(stopper->state, FALSE);
	else
		IWDFIoTargetStateManagement_Stop(stopper->state, stopper->action);
	stopper->tid = 0;
	return NULL;
}

static pid_t started(struct stopper *stopper)
{
	pid_t tid;

	while (!(tid = stopper->tid))
		sched_yield();
	return tid;
}

TEST_F(target, U77_stop_and_wait)
{
	struct stopper stopper = {
		.state = self->state, .action = WdfIoTargetWaitForSentIoToComplete
	};
	IWDFIoRequest2 *request = MAKE(), *below;
	pthread_t thread;

	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	below = LOWER_GETS();
	MARK(self->lower, below);
	thread = start(stop, &stopper);
	wait_asleep(started(&stopper));
	EXPECT_NE(0, stopper.tid);
	EXPECT_TRUE(no_event(self->lower));
	EXPECT_EQ(S_OK, UNMARK(below));
	COMPLETE(below, S_OK, 3);
	pthread_join(thread, NULL);
	EXPECT_FALSE(no_event(self->p));
	EXPECT_COMPLETION(request, S_OK);
	DROP(request);
}

TEST_F(target, U78_ignored_by_stop_but_not_by_remove)
{
	IWDFIoRequest2 *request = MAKE(), *below;
	struct stopper stopper = { .state = self->state, .remove = true };
	pthread_t thread;

	ASSERT_EQ(S_OK, SEND(request, IGNORE, 0));
	below = LOWER_GETS();
	MARK(self->lower, below);
	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Stop(self->state,
							 WdfIoTargetCancelSentIo));
	EXPECT_TRUE(no_event(self->lower));
	EXPECT_TRUE(no_event(self->p));
	thread = start(stop, &stopper);
	EXPECT_EQ(below, NEXT(self->lower, ON_CANCEL));
	EXPECT_TRUE(no_event(self->p));
	COMPLETE(below, ABORTED, 0);
	pthread_join(thread, NULL);
	EXPECT_COMPLETION(request, ABORTED);
	DROP(request);
}

TEST_F(target, U79_ignore_the_state)
{
	IWDFIoRequest2 *request = MAKE(), *below;

	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Stop(self->state,
							 WdfIoTargetCancelSentIo));
	ASSERT_EQ(S_OK, SEND(request, IGNORE, 0));
	below = LOWER_GETS();
	COMPLETE(below, S_OK, 0);
	EXPECT_COMPLETION(request, S_OK);
	DROP(request);
}

TEST_F(target, U80_send_to_a_removed_one)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request = MAKE(), *above;
	uint64_t id;

	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Remove(self->state, FALSE));
	EXPECT_EQ(WdfIoTargetDeleted, IWDFIoTargetStateManagement_GetState(self->state));
	EXPECT_EQ(IN_STATE, SEND(request, 0, 0));
	EXPECT_EQ(IN_STATE, SEND(request, IGNORE, 0));
	EXPECT_EQ(IN_STATE, IWDFIoTargetStateManagement_Start(self->state));
	DROP(request);
	id = send_read(p);
	above = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_FormatUsingCurrentType(above);
	IWDFIoRequest2_SetCompletionCallback(above, completion_of(&p->queue), NULL);
	EXPECT_EQ(IN_STATE, SEND(above, 0, 0));
	COMPLETE(above, IN_STATE, 0);
	EXPECT_REAP(p->fd, id, -ESHUTDOWN);
}

TEST_F(target, U81_remove_with_pended_ones)
{
	IWDFIoRequest2 *requests[2];
	struct event event;
	int i;

	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Stop(self->state,
						WdfIoTargetLeaveSentIoPending));
	for (i = 0; i < 2; i++) {
		requests[i] = MAKE();
		ASSERT_EQ(S_OK, SEND(requests[i], 0, 0));
	}
	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Remove(self->state, FALSE));
	/* in any order */
	for (i = 0; i < 2; i++) {
		event = next_event(self->p);
		EXPECT_EQ(ON_COMPLETION, event.what);
		EXPECT_EQ((HRESULT)0xd0200206, event.status);
		DROP((IWDFIoRequest2 *)event.object);
	}
	EXPECT_TRUE(no_event(self->lower));
}

TEST_F(target, U82_send_and_forget_with_what_it_does_not_take)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *own = MAKE(), *request;
	IWDFMemory *memory;
	IWDFFile *file;
	uint64_t id;

	EXPECT_EQ(IN_STATE, SEND(own, FORGET, 0));
	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	EXPECT_EQ(E_INVALIDARG, SEND(request, FORGET | SYNCHRONOUS, 0));
	EXPECT_EQ(E_INVALIDARG, SEND(request, FORGET | TIMEOUT, 50 * MS));
	EXPECT_EQ(E_INVALIDARG, SEND(request, FORGET | IGNORE, 0));
	EXPECT_EQ(E_INVALIDARG, SEND(request, 0x10, 0));
	IWDFIoRequest2_GetFileObject(request, &file);
	IWDFIoRequest2_GetOutputMemory(request, &memory);
	ASSERT_EQ(S_OK, IWDFIoTarget_FormatRequestForRead(self->target,
			(IWDFIoRequest *)request, file, memory, NULL, NULL));
	IWDFMemory_Release(memory);
	IWDFFile_Release(file);
	EXPECT_EQ(IN_REQUEST, SEND(request, FORGET, 0));
	EXPECT_TRUE(no_event(self->lower));
	COMPLETE(request, S_OK, 1);
	EXPECT_REAP(p->fd, id, 0);
	DROP(own);
}

TEST_F(target, U83_send_and_forget)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *first, *second, *below;
	struct iotarget_reap_element done;
	char answer[8] = "";
	uint64_t ids[2];
	IWDFMemory *memory;

	ids[0] = send_ioctl(p->fd, 0x5678, "down", 5, answer, sizeof(answer));
	ids[1] = send_read(p);
	first = NEXT(p, ON_REQUEST);
	EXPECT_COUNTS(p->wdf_queue, 1, 1);
	IWDFIoRequest2_Release(first);
	ASSERT_EQ(S_OK, SEND(first, FORGET, 0));
	second = NEXT(p, ON_REQUEST);
	EXPECT_COUNTS(p->wdf_queue, 0, 1);
	COMPLETE(second, S_OK, 0);
	EXPECT_REAP(p->fd, ids[1], 0);
	EXPECT_COUNTS(p->wdf_queue, 0, 0);

	below = LOWER_GETS();
	IWDFIoRequest2_GetInputMemory(below, &memory);
	EXPECT_STREQ("down", IWDFMemory_GetDataBuffer(memory, NULL));
	IWDFMemory_Release(memory);
	IWDFIoRequest2_GetOutputMemory(below, &memory);
	EXPECT_EQ(S_OK, IWDFMemory_CopyFromBuffer(memory, 0, "up", 3));
	IWDFMemory_Release(memory);
	COMPLETE(below, S_OK, 3);
	done = reap(p->fd);
	EXPECT_EQ(ids[0], done.id);
	EXPECT_EQ(0, done.status);
	EXPECT_EQ(3, done.information);
	EXPECT_STREQ("up", answer);
	EXPECT_TRUE(no_event(p));
}

TEST_F(target, U83_a_cancel_goes_down)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request, *below;
	uint64_t id;

	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_Release(request);
	ASSERT_EQ(S_OK, SEND(request, FORGET, 0));
	below = LOWER_GETS();
	MARK(self->lower, below);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_EQ(below, NEXT(self->lower, ON_CANCEL));
	COMPLETE(below, ABORTED, 0);
	EXPECT_REAP(p->fd, id, -ECANCELED);
}

TEST_F(target, U84_no_completion_callback)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_FormatUsingCurrentType(request);
	EXPECT_EQ(IN_REQUEST, SEND(request, 0, 0));
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);
}

TEST_F(target, U85_send_while_cancelable)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request;
	uint64_t id;

	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_FormatUsingCurrentType(request);
	IWDFIoRequest2_SetCompletionCallback(request, completion_of(&p->queue), NULL);
	MARK(p, request);
	EXPECT_EQ(INVALID, SEND(request, 0, 0));
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_EQ(request, NEXT(p, ON_CANCEL));
	/* OnCancel has run: it cannot be sent any more */
	EXPECT_EQ(ABORTED, SEND(request, 0, 0));
	COMPLETE(request, ABORTED, 0);
	EXPECT_REAP(p->fd, id, -ECANCELED);
}

TEST_F(target, U86_U89_send_twice_and_complete)
{
	IWDFIoRequest2 *request = MAKE(), *below;

	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	EXPECT_EQ(INVALID, SEND(request, 0, 0));
	EXPECT_EQ(INVALID, IWDFIoRequest2_DeleteWdfObject(request));
	IWDFIoRequest2_CompleteWithInformation(request, S_OK, 0);
	below = LOWER_GETS();
	COMPLETE(below, S_OK, 4);
	EXPECT_COMPLETION(request, S_OK);
	IWDFIoRequest2_CompleteWithInformation(request, S_OK, 0);
	EXPECT_TRUE(no_event(self->lower));
	DROP(request);
}

static void send_again(struct probe *p, IWDFIoRequest2 *request)
{
	IWDFIoTarget *target;

	p->on_completion = NULL;
	IWDFDevice2_GetDefaultIoTarget(p->wdf_device, &target);
	atomic_store((_Atomic HRESULT *)p->data,
		     IWDFIoRequest2_Send(request, target, 0, 0));
	IWDFIoTarget_Release(target);
}

TEST_F(target, U87_send_again_without_a_callback)
{
	IWDFIoRequest2 *request = MAKE(), *other = MAKE(), *below;
	_Atomic HRESULT hr = E_FAIL;

	self->p->on_completion = send_again;
	self->p->data = &hr;
	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	below = LOWER_GETS();
	COMPLETE(below, S_OK, 0);
	EXPECT_COMPLETION(request, S_OK);
	below = LOWER_GETS();
	while (hr == E_FAIL)
		sched_yield();
	EXPECT_EQ(S_OK, hr);
	COMPLETE(below, S_OK, 0);
	/* the sentinel */
	ASSERT_EQ(S_OK, SEND(other, 0, 0));
	below = LOWER_GETS();
	COMPLETE(below, S_OK, 0);
	EXPECT_COMPLETION(other, S_OK);
	DROP(request);
	DROP(other);
}

TEST_F(target, U88_cancel_for_a_file)
{
	IWDFDriverCreatedFile *second;
	IWDFIoRequest2 *a, *b, *below_a, *below_b;

	ASSERT_EQ(S_OK, IWDFDevice2_CreateWdfFile(self->p->wdf_device, NULL, &second));
	a = make_for(self, self->file);
	b = make_for(self, second);
	ASSERT_EQ(S_OK, SEND(a, 0, 0));
	below_a = LOWER_GETS();
	MARK(self->lower, below_a);
	ASSERT_EQ(S_OK, SEND(b, 0, 0));
	below_b = LOWER_GETS();
	MARK(self->lower, below_b);
	IWDFIoTarget_CancelSentRequestsForFile(self->target, (IWDFFile *)self->file);
	EXPECT_EQ(below_a, NEXT(self->lower, ON_CANCEL));
	COMPLETE(below_a, ABORTED, 0);
	EXPECT_COMPLETION(a, ABORTED);
	EXPECT_EQ(S_OK, UNMARK(below_b));
	COMPLETE(below_b, S_OK, 0);
	EXPECT_COMPLETION(b, S_OK);
	DROP(a);
	DROP(b);
	IWDFDriverCreatedFile_Close(second);
	IWDFDriverCreatedFile_Release(second);
}

/*
 * U90: a cancel, the lower driver and a timer, all at once. Who cancels walks through a
 * batch while the lower driver does, somewhat ahead of it or behind.
 */
#define FLIGHT 256

struct flight {
	IWDFIoRequest2 *requests[FLIGHT];
	atomic_int seen;		/* what came to a driver, of this batch */
	pthread_barrier_t together;
	unsigned int seed;
	atomic_bool end;
};

static void *cancel_each(void *arg)
{
	struct flight *flight = arg;
	int i, ahead;

	for (;;) {
		pthread_barrier_wait(&flight->together);
		if (flight->end)
			return NULL;
		for (i = 0; i < FLIGHT; i++) {
			ahead = rand_r(&flight->seed) % 64;
			while (flight->seen + ahead < i)
				sched_yield();
			IWDFIoRequest2_CancelSentRequest(flight->requests[i]);
		}
		pthread_barrier_wait(&flight->together);
	}
}

static int flight_find(struct flight *flight, void *request)
{
	int i;

	for (i = 0; i < FLIGHT && flight->requests[i] != request; i++)
		;
	return i;
}

TEST_F_TIMEOUT(target, U90_cancel_complete_and_timeout, HOUR)
{
	int n = rounds(20000) / FLIGHT * FLIGHT;
	int own = 0, aborted = 0, timed_out = 0, sent, back, i;
	struct flight flight = { .seed = 1 };
	IWDFIoRequest2 *below;
	bool is_back[FLIGHT];
	struct event event;
	pthread_t thread;

	self->lower->on_cancel = cancel_at_once;
	pthread_barrier_init(&flight.together, NULL, 2);
	thread = start(cancel_each, &flight);
	for (sent = 0; sent < n; sent += FLIGHT) {
		flight.seen = 0;
		for (i = 0; i < FLIGHT; i++) {
			flight.requests[i] = MAKE();
			ASSERT_EQ(S_OK, SEND(flight.requests[i], TIMEOUT,
					     (i % 4 ? 1000 : i + 1) * MS));
			is_back[i] = false;
		}
		pthread_barrier_wait(&flight.together);
		for (back = 0; back < FLIGHT;) {
			if (!no_event(self->lower)) {
				below = LOWER_GETS();
				/* OnCancel drops the other reference */
				IWDFIoRequest2_AddRef(below);
				MARK(self->lower, below);
				if (flight.seen++ % 3 && UNMARK(below) == S_OK)
					COMPLETE(below, S_OK, 1);
				IWDFIoRequest2_Release(below);
			}
			if (no_event(self->p)) {
				if (no_event(self->lower))
					sched_yield();
				continue;
			}
			flight.seen++;
			back++;
			event = next_event(self->p);
			ASSERT_EQ(ON_COMPLETION, event.what);
			i = flight_find(&flight, event.object);
			ASSERT_GT(FLIGHT, i);
			ASSERT_FALSE(is_back[i]);
			is_back[i] = true;
			own += event.status == S_OK;
			aborted += event.status == ABORTED;
			timed_out += event.status == TIMED_OUT;
		}
		pthread_barrier_wait(&flight.together);
		for (i = 0; i < FLIGHT; i++)
			DROP(flight.requests[i]);
	}
	flight.end = true;
	pthread_barrier_wait(&flight.together);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&flight.together);
	printf("# lower's %d, canceled %d, timed out %d\n", own, aborted, timed_out);
	EXPECT_EQ(n, own + aborted + timed_out);
	EXPECT_TRUE(no_event(self->p));
	/* each came about, or this has shown nothing */
	EXPECT_LT(0, own);
	EXPECT_LT(0, aborted);
	EXPECT_LT(0, timed_out);
}

/* U35: OnCompletion is not serialized, so it and OnRead can meet. */
static pthread_barrier_t meeting;

static void meet(struct probe *p, IWDFIoRequest2 *request)
{
	(void)p;
	pthread_barrier_wait(&meeting);
	if (IWDFIoRequest2_GetType(request) == WdfRequestDeviceIoControl)
		IWDFIoRequest2_CompleteWithInformation(request, S_OK, 0);
}

TEST_F(target, U35_OnCompletion_meets_a_handler)
{
	IWDFIoRequest2 *request = MAKE(), *below;
	struct probe *p = self->p;
	uint64_t id;

	pthread_barrier_init(&meeting, NULL, 2);
	p->handler = meet;
	p->on_completion = meet;
	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	below = LOWER_GETS();
	COMPLETE(below, S_OK, 0);
	id = send_ioctl(p->fd, 1, NULL, 0, NULL, 0);
	EXPECT_REAP(p->fd, id, 0);
	EXPECT_COMPLETION(request, S_OK);
	DROP(request);
}

/* A layered driver: a sender's request goes down, and so does its cancel. */
TEST_F(target, U66_a_senders_cancel_goes_down_both)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *request, *below;
	uint64_t id;

	id = send_read(p);
	request = NEXT(p, ON_REQUEST);
	IWDFIoRequest2_FormatUsingCurrentType(request);
	IWDFIoRequest2_SetCompletionCallback(request, completion_of(&p->queue), NULL);
	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	below = LOWER_GETS();
	MARK(self->lower, below);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_EQ(below, NEXT(self->lower, ON_CANCEL));
	COMPLETE(below, ABORTED, 0);
	EXPECT_COMPLETION(request, ABORTED);
	EXPECT_TRUE(IWDFIoRequest2_IsCanceled(request));
	/* a mark now would call OnCancel: the sender has cancelled */
	MARK(p, request);
	EXPECT_EQ(request, NEXT(p, ON_CANCEL));
	COMPLETE(request, ABORTED, 0);
	EXPECT_REAP(p->fd, id, -ECANCELED);
}

static void *send_synchronously(void *arg)
{
	IWDFIoRequest2 *request = arg;
	IWDFIoTarget *target;
	IWDFIoQueue *queue;
	IWDFDevice *device;
	HRESULT hr;

	IWDFIoRequest2_GetIoQueue(request, &queue);
	IWDFIoQueue_GetDevice(queue, &device);
	IWDFDevice_GetDefaultIoTarget(device, &target);
	IWDFIoRequest2_FormatUsingCurrentType(request);
	hr = IWDFIoRequest2_Send(request, target, SYNCHRONOUS, 0);
	IWDFIoTarget_Release(target);
	IWDFDevice_Release(device);
	IWDFIoQueue_Release(queue);
	if (SUCCEEDED(hr))
		hr = IWDFIoRequest2_GetStatus(request);
	IWDFIoRequest2_CompleteWithInformation(request, hr, 0);
	return NULL;
}

static void send_in_handler(struct probe *p, IWDFIoRequest2 *request)
{
	(void)p;
	send_synchronously(request);
}

/* The handler waits, under the device's lock, and the cancel gets through. */
TEST_F(target, a_cancel_of_what_a_handler_sent_synchronously)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *below;
	uint64_t id;

	p->handler = send_in_handler;
	id = send_read(p);
	below = LOWER_GETS();
	MARK(self->lower, below);
	EXPECT_EQ(IOTARGET_CANCEL_DELIVERED, iotarget_cancel(p->fd, id));
	EXPECT_EQ(below, NEXT(self->lower, ON_CANCEL));
	COMPLETE(below, ABORTED, 0);
	EXPECT_REAP(p->fd, id, -ECANCELED);
}

TEST_F(target, U63_synchronous_and_pended)
{
	IWDFIoRequest2 *request, *below;
	struct probe *p = self->p;
	pthread_t thread;
	uint64_t ids[2];

	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Stop(self->state,
						WdfIoTargetLeaveSentIoPending));
	ids[0] = send_read(p);
	request = NEXT(p, ON_REQUEST);
	thread = start(send_synchronously, request);
	while (!CANCEL(request) && !IWDFIoRequest2_IsCanceled(request))
		sched_yield();
	EXPECT_REAP(p->fd, ids[0], -ECANCELED);
	pthread_join(thread, NULL);
	IWDFIoRequest2_Release(request);
	EXPECT_EQ(S_OK, IWDFIoTargetStateManagement_Start(self->state));
	ids[1] = send_read(p);
	request = NEXT(p, ON_REQUEST);
	thread = start(send_synchronously, request);
	below = LOWER_GETS();
	COMPLETE(below, S_OK, 0);
	EXPECT_REAP(p->fd, ids[1], 0);
	pthread_join(thread, NULL);
	IWDFIoRequest2_Release(request);
}

TEST_F(target, completion_parameters)
{
	IWDFIoRequestCompletionParams *io_params;
	IWDFRequestCompletionParams *params;
	IWDFIoRequest2 *request = MAKE(), *below;
	SIZE_T bytes, offset;
	IWDFMemory *memory;

	ASSERT_EQ(S_OK, SEND(request, 0, 0));
	below = LOWER_GETS();
	IWDFIoRequest2_GetOutputMemory(below, &memory);
	EXPECT_EQ(S_OK, IWDFMemory_CopyFromBuffer(memory, 0, "data", 5));
	IWDFMemory_Release(memory);
	COMPLETE(below, S_OK, 5);
	EXPECT_COMPLETION(request, S_OK);
	IWDFIoRequest2_GetCompletionParams(request, &params);
	EXPECT_EQ(5, IWDFRequestCompletionParams_GetInformation(params));
	EXPECT_EQ(WdfRequestRead,
		  IWDFRequestCompletionParams_GetCompletedRequestType(params));
	EXPECT_EQ(S_OK, IWDFRequestCompletionParams_QueryInterface(params,
			&IID_IWDFIoRequestCompletionParams, (void **)&io_params));
	IWDFIoRequestCompletionParams_GetReadParameters(io_params, &memory, &bytes,
							&offset);
	EXPECT_EQ(5, bytes);
	EXPECT_EQ(0, offset);
	EXPECT_STREQ("data", IWDFMemory_GetDataBuffer(memory, NULL));
	IWDFMemory_Release(memory);
	IWDFIoRequestCompletionParams_Release(io_params);
	EXPECT_EQ(0, IWDFRequestCompletionParams_Release(params));
	DROP(request);
}

TEST_F(target, a_request_with_its_own_memory_is_freed)
{
	IWDFIoRequest2 *request = MAKE();

	EXPECT_EQ(S_OK, IWDFIoRequest2_DeleteWdfObject(request));
	EXPECT_EQ(0, IWDFIoRequest2_Release(request));
}

TEST_F(target, U55_retrieve_by_a_file_of_the_drivers_own)
{
	struct probe *p = self->p;
	IWDFIoRequest2 *first, *second;
	IWDFIoRequest *none = (void *)1;
	uint64_t ids[2];

	ids[0] = send_read(p);
	first = NEXT(p, ON_REQUEST);
	ids[1] = send_read(p);
	EXPECT_COUNTS(p->wdf_queue, 1, 1);
	EXPECT_EQ(HRESULT_FROM_WIN32(ERROR_NO_MORE_ITEMS),
		  IWDFIoQueue_RetrieveNextRequestByFileObject(p->wdf_queue,
				(IWDFFile *)self->file, &none));
	EXPECT_EQ(NULL, none);
	COMPLETE(first, S_OK, 0);
	EXPECT_REAP(p->fd, ids[0], 0);
	second = NEXT(p, ON_REQUEST);
	COMPLETE(second, S_OK, 0);
	EXPECT_REAP(p->fd, ids[1], 0);
}

TEST(a_create_that_cannot_be_sent_stays_the_drivers)
{
	struct probe *p = calloc(1, sizeof(*p));
	IWDFIoRequest2 *create, *request;
	IWDFIoTarget *target;
	uint64_t id;

	p->lower = "wudf-none";
	p->queue.has = HAS_ALL_IO | HAS_CREATE;
	ASSERT_LE(0, probe_start(p));
	IWDFDevice2_GetDefaultIoTarget(p->wdf_device, &target);
	id = send_read(p);
	create = NEXT(p, ON_CREATE);
	EXPECT_TRUE(FAILED(IWDFIoRequest2_Send(create, target, FORGET, 0)));
	COMPLETE(create, S_OK, 0);
	request = NEXT(p, ON_REQUEST);
	COMPLETE(request, S_OK, 0);
	EXPECT_REAP(p->fd, id, 0);
	IWDFIoTarget_Release(target);
	probe_stop(p);
	free(p);
}

/* It takes 20 seconds: 10 for the upper driver, 10 for the lower one. */
TEST(a_device_ends_although_the_one_below_keeps_a_synchronous_request)
{
	struct probe *p = calloc(1, sizeof(*p)), *lower = calloc(1, sizeof(*lower));
	IWDFIoRequest2 *below;
	uint64_t id;

	lower->name = "wudf-lower";
	ASSERT_LE(0, probe_start(lower));
	p->lower = "wudf-lower";
	p->constraint = WdfDeviceLevel;
	p->handler = send_in_handler;
	ASSERT_LE(0, probe_start(p));
	id = send_read(p);
	below = NEXT(lower, ON_REQUEST);
	EXPECT_TRUE(host_stop(&p->host));
	/* the purge has cancelled it */
	EXPECT_REAP(p->fd, id, -ECANCELED);
	COMPLETE(below, S_OK, 0);
	close(p->fd);
	probe_stop(lower);
	free(p);
	free(lower);
}

TEST_HARNESS_MAIN
