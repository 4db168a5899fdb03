/* SPDX-License-Identifier: MIT */
/* driverspecs.h: the annotations of drivers (see specstrings.h). */
#ifndef DRIVERSPECS_H
#define DRIVERSPECS_H
#include <specstrings.h>
#endif
