/* SPDX-License-Identifier: MIT */
#ifndef LIBIOTARGET_INTERNAL_H
#define LIBIOTARGET_INTERNAL_H

#include "iotarget.h"

/* ioctl(), with the error as the value */
int iotarget__ioctl(int fd, unsigned long number, void *argument);

/* With IOTARGET_DEBUG=1: a line on stderr */
void iotarget__debug(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#endif
