/* SPDX-License-Identifier: MIT */
/* initguid.h: after this, DEFINE_GUID defines. */
#ifndef INITGUID
#define INITGUID
#endif
#include <guiddef.h>
