/* SPDX-License-Identifier: MIT */
/* objbase.h: COM (see combaseapi.h). */
#ifndef _OBJBASE_H_
#define _OBJBASE_H_
#include <combaseapi.h>
#endif
