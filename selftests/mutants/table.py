# SPDX-License-Identifier: GPL-2.0
"""The breakages, each with the invariant (design: the one mechanism) that it
violates and the test that must notice."""

from collections import namedtuple

Mutant = namedtuple("Mutant", "name claimant file old new program test violates")

MUTANTS = [
    # ------------------------------------------------------------- cancel
    Mutant(
        "cancel_forgets_the_mark", "cancel", "request.c",
        "iotarget_request_set(req, req->state, NULL, true);",
        "iotarget_request_set(req, req->state, NULL, req->cancelled);",
        "cancel_test", "cancel.marked.U16_mark_after_the_cancel",
        "3: the mark sticks, so that a later MARK hears of the cancel"),
    Mutant(
        "cancel_completes_for_the_host", "cancel", "request.c",
        "\t\tif (!routine)\n"
        "\t\t\treturn IOTARGET_MARKED;\n",
        "\t\tif (!routine) {\n"
        "\t\t\tiotarget_request_complete(req, -ECANCELED, 0, false);\n"
        "\t\t\treturn IOTARGET_MARKED;\n"
        "\t\t}\n",
        "cancel_test", "cancel.marked.U13_not_marked",
        "a cancel never completes behind a living owner's back"),
    Mutant(
        "cancel_misses_the_delivering", "cancel", "request.c",
        "\tcase IOTARGET_QUEUED:\n"
        "\tcase IOTARGET_DELIVERING:\n"
        "\tcase IOTARGET_OWNED:\n",
        "\tcase IOTARGET_QUEUED:\n"
        "\tcase IOTARGET_OWNED:\n",
        "race_test", "race.plain.L2_cancel_before_the_copy",
        "3: a cancel is not lost while the record is on its way to the host"),

    # ----------------------------------------------------------- dispatch
    Mutant(
        "dispatch_exceeds_the_limit", "dispatch", "queue.c",
        "queue->limit - min(queue->owned, queue->limit)",
        "queue->limit + 1 - min(queue->owned, queue->limit)",
        "queue_test", "global.U57_limit_of_a_parallel_queue",
        "10: nothing is dispatched beyond the queue's limit"),
    Mutant(
        "undo_leaves_it_uncancelable", "dispatch", "queue.c",
        "\t\tiotarget_queue_put_back(req, iotarget_queue_cancel);\n",
        "\t\tiotarget_queue_put_back(req, NULL);\n",
        "mutant_gaps_test", "global.a_request_that_came_back_can_be_cancelled",
        "in the queue means cancelable: the queue's routine is set"),
    Mutant(
        "undo_ignores_the_mark", "dispatch", "queue.c",
        "\tif (req->cancelled)\n"
        "\t\tiotarget_queue_cancelled(req);\n"
        "\telse\n"
        "\t\tiotarget_queue_put_back(req, iotarget_queue_cancel);\n",
        "\tiotarget_queue_put_back(req, iotarget_queue_cancel);\n",
        "race_test", "race.plain.L3_cancelled_and_copy_fails",
        "3: who makes a request cancelable again tells it of the cancel"),

    # ------------------------------------------------------------- unmark
    Mutant(
        "unmark_leaves_the_routine", "unmark", "request.c",
        "\tiotarget_request_move(req, IOTARGET_OWNED, NULL);\n",
        "\tiotarget_request_move(req, IOTARGET_OWNED, req->routine);\n",
        "cancel_test", "cancel.marked.U17_unmarked_before_the_cancel",
        "4: after UNMARK answered 0 no OnCancel comes"),
    Mutant(
        "unmark_denies_the_cancel", "unmark", "request.c",
        "\tif (req->state != IOTARGET_OWNED)\n"
        "\t\treturn -ECANCELED;\n",
        "\tif (req->state != IOTARGET_OWNED)\n"
        "\t\treturn 0;\n",
        "cancel_test", "cancel.marked.U18_unmark_before_on_cancel_ran",
        "4: UNMARK answers 0 only where no OnCancel is on its way"),
    Mutant(
        "mark_ignores_the_cancel", "unmark", "request.c",
        "\tif (req->cancelled || req->queue->purging)\n",
        "\tif (req->queue->purging)\n",
        "cancel_test", "cancel.marked.U16_mark_after_the_cancel",
        "3: MARK answers that the cancel came before it"),

    # ----------------------------------------------------------- complete
    Mutant(
        "complete_ignores_holds", "complete", "request.c",
        "\tiotarget_request_move(req, IOTARGET_COMPLETED, NULL);\n"
        "\tif (!req->holds)\n",
        "\tiotarget_request_move(req, IOTARGET_COMPLETED, NULL);\n",
        "race_test", "race.plain.L10_device_ends_before_the_copy",
        "9: nothing is reaped while a copy still uses the request"),
    Mutant(
        "complete_prefers_the_cancel", "complete", "request.c",
        "\treq->status = status;\n",
        "\treq->status = req->cancelled ? -ECANCELED : status;\n",
        "cancel_test",
        "cancel.marked.U25_completes_after_on_cancel_with_success",
        "the owner completes with the status that it wants"),

    # ------------------------------------------------------------ release
    Mutant(
        "release_publishes_nothing", "release", "request.c",
        "\tif (!req->holds)\n"
        "\t\tiotarget_request_publish(req, false);\n"
        "\treturn false;\n",
        "\treturn false;\n",
        "race_test", "race.plain.L10_device_ends_after_the_copy",
        "1: a completion during a hold is published when that goes"),
    Mutant(
        "release_ignores_other_holds", "release", "request.c",
        "\tif (!req->holds)\n"
        "\t\tiotarget_request_publish(req, false);\n"
        "\treturn false;\n",
        "\tiotarget_request_publish(req, false);\n"
        "\treturn false;\n",
        "mutant_gaps_test", "window.the_last_copy_publishes_when_it_is_of_a_cancel",
        "9: a completion is published when the last hold goes, not the first"),

    # --------------------------------------------------------- host death
    Mutant(
        "end_counts_any_cancel", "host death", "request.c",
        "\tbool claimed = req->state == IOTARGET_CLAIMED ||\n"
        "\t\t       req->state == IOTARGET_TOLD;\n",
        "\tbool claimed = req->cancelled;\n",
        "lifetime_test", "end.delivered_cancelled.shutdown_of_the_device",
        "-ECANCELED only where a cancel was answered \"delivered\""),
    Mutant(
        "end_spares_the_delivering", "host death", "request.c",
        "\tif (!iotarget_request_pending(req))\n",
        "\tif (!iotarget_request_pending(req) ||\n"
        "\t    req->state == IOTARGET_DELIVERING)\n",
        "race_test", "race.plain.L10_device_ends_before_the_copy",
        "1: what was on its way to the host completes too when that dies"),

    # ------------------------------------------- beyond the state machine
    Mutant(
        "on_cancel_overtakes_its_record", "cancel", "host.c",
        "bool delivering = req->state == IOTARGET_DELIVERING;",
        "bool delivering = false;",
        "race_test", "race.cancelable.L2_cancel_before_the_copy",
        "2: no OnCancel of a request that the host has not been given yet"),
    Mutant(
        "close_cancels_nothing", "release", "target.c",
        "\telse\n"
        "\t\tiotarget_target_for_each(target, iotarget_target_cancel_one,\n"
        "\t\t\t\t\t &cancel);\n",
        "",
        "lifetime_test", "end.queued.last_close_of_the_target",
        "the end of a target cancels all that was sent through it"),
]
