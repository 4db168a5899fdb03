/* SPDX-License-Identifier: MIT */
/*
 * crtdbg.h: assertions: _ASSERT with _DEBUG, and ASSERT, which drivers bring along or
 * expect, where DBG is not 0. VERIFY evaluates its argument always.
 */
#ifndef _INC_CRTDBG
#define _INC_CRTDBG

#include <stdio.h>
#include <stdlib.h>

#define WINBASE_CHECK(x)	((x) ? (void)0 :				\
	(fprintf(stderr, "%s:%d: assertion failed: %s\n", __FILE__, __LINE__, #x), abort()))

#ifdef _DEBUG
#define _ASSERT(x)		WINBASE_CHECK(x)
#else
#define _ASSERT(x)		((void)0)
#endif
#define _ASSERTE(x)		_ASSERT(x)
#define _ASSERT_EXPR(x, text)	_ASSERT(x)

#ifndef DBG
#define DBG	0
#endif
#ifndef ASSERT
#if DBG
#define ASSERT(x)		WINBASE_CHECK(x)
#else
#define ASSERT(x)		((void)0)
#endif
#endif
#ifndef VERIFY
#if DBG
#define VERIFY(x)		WINBASE_CHECK(x)
#else
#define VERIFY(x)		((void)(x))
#endif
#endif
#define NT_ASSERT(x)		ASSERT(x)
#define NT_VERIFY(x)		VERIFY(x)

#endif
