// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool enabled;

static void look(void)
{
	const char *value = secure_getenv("IOTARGET_DEBUG");

	enabled = value && !strcmp(value, "1");
}

void iotarget__debug(const char *format, ...)
{
	char line[256];
	va_list args;

	pthread_once(&once, look);
	if (!enabled)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* in one piece: stderr is not buffered, and threads share it */
	dprintf(STDERR_FILENO, "libiotarget[%d]: %s\n", gettid(), line);
}
