/* SPDX-License-Identifier: GPL-2.0 */
/* What layout_gen's sources and layout_test.c share. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stddef.h>
#include <string.h>
#include <wudfddi.h>

#ifdef __cplusplus
#include <type_traits>

/* A value for a parameter of type T. */
template <typename T> struct arg {
	static T get()
	{
		return T();
	}
};

template <> struct arg<REFGUID> {
	static REFGUID get()
	{
		static const GUID guid = {};

		return guid;
	}
};

extern "C" {
#else
#define ARG(type)	((type){ 0 })
#endif

/* The slot of the stub that was called last. */
extern int layout_called;

void layout_check(const char *kind, const char *what, long want, long got);

/* Hold each interface of wudfddi.h against INTERFACES.md. */
void layout_c(void);
void layout_cpp(void);

#ifdef __cplusplus
}
#endif

#endif
