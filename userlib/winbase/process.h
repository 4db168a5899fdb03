/* SPDX-License-Identifier: MIT */
/* process.h: threads as the C run-time makes them. */
#ifndef _INC_PROCESS
#define _INC_PROCESS

#include <processthreadsapi.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* CreateThread(); 0 and errno EAGAIN or EINVAL when it fails. Close the handle. */
uintptr_t _beginthreadex(void *security, unsigned int stack_size,
			 unsigned int (*start_address)(void *), void *arglist,
			 unsigned int initflag, unsigned int *thrdaddr);
DECLSPEC_NORETURN void _endthreadex(unsigned int retval);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
