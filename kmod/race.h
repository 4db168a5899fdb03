/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Forced race windows: a test parks a thread at a point, runs another one, and
 * releases the first. Only in a build with IOTARGET_TEST.
 */
#ifndef _IOTARGET_RACE_H
#define _IOTARGET_RACE_H

struct dentry;

/**
 * enum iotarget_race - where a thread can be parked; no lock is held there
 * @IOTARGET_RACE_SEND_PUBLISH: SEND has filled its slots
 * @IOTARGET_RACE_FETCH_COPY: FETCH has taken a request, and not copied it
 * @IOTARGET_RACE_FETCH_COMMIT: FETCH has copied a request, and not handed it over
 * @IOTARGET_RACE_CANCEL_COPY: FETCH has taken a cancel, and not copied it
 * @IOTARGET_RACE_COMPLETE_COPY: COMPLETE has copied a large payload
 * @IOTARGET_RACE_CANCEL_LOCK: CANCEL is about to take the lock
 * @IOTARGET_RACE_WAIT_RETURN: a waiter runs again, and has not taken the lock
 * @IOTARGET_RACE_REAP_COPY: a completion was taken, and not copied
 * @IOTARGET_RACES: how many there are
 */
enum iotarget_race {
	IOTARGET_RACE_SEND_PUBLISH,
	IOTARGET_RACE_FETCH_COPY,
	IOTARGET_RACE_FETCH_COMMIT,
	IOTARGET_RACE_CANCEL_COPY,
	IOTARGET_RACE_COMPLETE_COPY,
	IOTARGET_RACE_CANCEL_LOCK,
	IOTARGET_RACE_WAIT_RETURN,
	IOTARGET_RACE_REAP_COPY,
	IOTARGET_RACES,
};

#ifdef IOTARGET_TEST
void iotarget_race_point(enum iotarget_race race);
void iotarget_race_init(struct dentry *parent);
#else
static inline void iotarget_race_point(enum iotarget_race race) {}
static inline void iotarget_race_init(struct dentry *parent) {}
#endif

#endif
