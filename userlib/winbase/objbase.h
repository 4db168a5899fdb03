/* SPDX-License-Identifier: MIT */
/* objbase.h: COM (see combaseapi.h), and PROPVARIANT. */
#ifndef _OBJBASE_H_
#define _OBJBASE_H_
#include <combaseapi.h>
#include <propidl.h>
#endif
