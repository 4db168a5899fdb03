/* SPDX-License-Identifier: GPL-2.0 */
/* For the end of a test, in its fixture's teardown: is all that a library had free? */
#ifndef SELFTESTS_LEAK_H
#define SELFTESTS_LEAK_H

/* With AddressSanitizer; a test's process does not exit in the usual way. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static inline int leaks(void)
{
	return __lsan_do_recoverable_leak_check ?
	       __lsan_do_recoverable_leak_check() : 0;
}

#endif
