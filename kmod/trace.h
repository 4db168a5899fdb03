/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iotarget

#if !defined(_IOTARGET_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _IOTARGET_TRACE_H

#include <linux/tracepoint.h>

#include "internal.h"

TRACE_DEFINE_ENUM(IOTARGET_FREE);
TRACE_DEFINE_ENUM(IOTARGET_PREPARING);
TRACE_DEFINE_ENUM(IOTARGET_PENDED);
TRACE_DEFINE_ENUM(IOTARGET_QUEUED);
TRACE_DEFINE_ENUM(IOTARGET_DELIVERING);
TRACE_DEFINE_ENUM(IOTARGET_OWNED);
TRACE_DEFINE_ENUM(IOTARGET_CLAIMED);
TRACE_DEFINE_ENUM(IOTARGET_TOLD);
TRACE_DEFINE_ENUM(IOTARGET_COMPLETED);
TRACE_DEFINE_ENUM(IOTARGET_READY);

#undef iotarget_state_name
#define iotarget_state_name(state) __print_symbolic(state, \
	{ IOTARGET_FREE, "FREE" }, \
	{ IOTARGET_PREPARING, "PREPARING" }, \
	{ IOTARGET_PENDED, "PENDED" }, \
	{ IOTARGET_QUEUED, "QUEUED" }, \
	{ IOTARGET_DELIVERING, "DELIVERING" }, \
	{ IOTARGET_OWNED, "OWNED" }, \
	{ IOTARGET_CLAIMED, "CLAIMED" }, \
	{ IOTARGET_TOLD, "TOLD" }, \
	{ IOTARGET_COMPLETED, "COMPLETED" }, \
	{ IOTARGET_READY, "READY" })

/* One event for each edge of the state machine, when it was taken. */
TRACE_EVENT(iotarget_request_state,
	TP_PROTO(const struct iotarget_request *req, enum iotarget_state from),
	TP_ARGS(req, from),
	TP_STRUCT__entry(
		__field(unsigned int, device)
		__field(u64, id)
		__field(unsigned int, from)
		__field(unsigned int, to)
		__field(bool, cancelable)
		__field(bool, fetched)
		__field(bool, on_queue)
		__field(int, status)
	),
	TP_fast_assign(
		__entry->device = req->target->device->number;
		__entry->id = req->id;
		__entry->from = from;
		__entry->to = req->state;
		__entry->cancelable = req->routine;
		__entry->fetched = req->fetched;
		__entry->on_queue = req->on_queue;
		__entry->status = req->status;
	),
	TP_printk("device=%u id=0x%llx %s -> %s cancelable=%d fetched=%d on_queue=%d status=%d",
		  __entry->device, __entry->id,
		  iotarget_state_name(__entry->from),
		  iotarget_state_name(__entry->to),
		  __entry->cancelable, __entry->fetched, __entry->on_queue,
		  __entry->status)
);

TRACE_DEFINE_ENUM(IOTARGET_NOT_OWNED);
TRACE_DEFINE_ENUM(IOTARGET_IS_MARKED);
TRACE_DEFINE_ENUM(IOTARGET_MARKED_TWICE);
TRACE_DEFINE_ENUM(IOTARGET_NOT_MARKED);
TRACE_DEFINE_ENUM(IOTARGET_IS_TOLD);
TRACE_DEFINE_ENUM(IOTARGET_BAD_QUEUE);
TRACE_DEFINE_ENUM(IOTARGET_TOO_LONG);

/* A host has broken a rule; the request that it names is unharmed. */
TRACE_EVENT(iotarget_violation,
	TP_PROTO(const struct iotarget_device *dev, u64 id,
		 enum iotarget_violation violation),
	TP_ARGS(dev, id, violation),
	TP_STRUCT__entry(
		__field(unsigned int, device)
		__field(u64, id)
		__field(unsigned int, violation)
	),
	TP_fast_assign(
		__entry->device = dev->number;
		__entry->id = id;
		__entry->violation = violation;
	),
	TP_printk("device=%u id=0x%llx %s", __entry->device, __entry->id,
		  __print_symbolic(__entry->violation,
			{ IOTARGET_NOT_OWNED, "not-owned" },
			{ IOTARGET_IS_MARKED, "marked" },
			{ IOTARGET_MARKED_TWICE, "marked-twice" },
			{ IOTARGET_NOT_MARKED, "not-marked" },
			{ IOTARGET_IS_TOLD, "told" },
			{ IOTARGET_BAD_QUEUE, "bad-queue" },
			{ IOTARGET_TOO_LONG, "too-long" }))
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
