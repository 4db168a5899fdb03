/* SPDX-License-Identifier: MIT */
/*
 * atldef.h: the part of the Active Template Library (ATL) that UMDF 1.x drivers lean on;
 * this file holds its macros. A driver includes atlbase.h and atlcom.h, and atlcoll.h for
 * lists and maps. Classes and macros do what Microsoft's documentation of ATL says, but:
 *
 * - Nothing can be aggregated: DECLARE_AGGREGATABLE is DECLARE_NOT_AGGREGATABLE.
 * - There is no registry: the DECLARE_REGISTRY macros do nothing with their arguments, which
 *   need not even be declared, and (Dll)RegisterServer is E_NOTIMPL.
 * - Nothing throws. Where ATL throws for want of memory, a class here says so in its answer.
 * - Not here: BSTRs, VARIANTs, strings, error info, connection points, tear-offs, windows.
 *
 * What a driver has once is hidden from other libraries: two drivers in one process are two.
 */
#ifndef __ATLDEF_H__
#define __ATLDEF_H__

#ifndef __cplusplus
#error ATL is for C++
#endif

#include <assert.h>
#include <windows.h>
#include <unknwn.h>

#define _ATL_VER	0x0800

#define ATL_NO_VTABLE
#define ATLAPI		HRESULT
#define _ATL_IIDOF(x)	__uuidof(x)

#ifdef _DEBUG
#define ATLASSERT(expr)	assert(expr)
#else
#define ATLASSERT(expr)	((void)0)
#endif
#define ATLTRACE(...)	((void)0)
#define ATLTRACE2(...)	((void)0)
#define ATLTRACENOTIMPL(name)	return E_NOTIMPL

/* There is one of it in a driver, though each file that includes the header defines it. */
#define ATL_ONE		__attribute__((weak, visibility("hidden")))
#define ATL_HIDDEN	__attribute__((visibility("hidden")))

/* Any address but NULL, which a cast does not move. */
#define _ATL_PACKING	0x1000
#define offsetofclass(base, derived) \
	((DWORD_PTR)static_cast<base *>((derived *)_ATL_PACKING) - _ATL_PACKING)

namespace ATL {
}

#ifndef _ATL_NO_AUTOMATIC_NAMESPACE
using namespace ATL;
#endif

#endif
