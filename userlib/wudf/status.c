// SPDX-License-Identifier: MIT
/*
 * A driver completes with HRESULTs, and a Linux sender expects errnos. What both know
 * is translated, one to one in the first column, so that a driver above gets back what
 * the one below gave. Any other HRESULT goes as it is: who sent with SEND sees it, and
 * so does a driver above; read(), write() and ioctl() answer EIO.
 */
#include <errno.h>

#include "private.h"

static const struct {
	HRESULT hr;
	int error;
} both_ways[] = {
	{ HR_CANCELED, ECANCELED },
	{ HRESULT_FROM_WIN32(ERROR_SEM_TIMEOUT), ETIMEDOUT },
	{ HR_INVALID_REQUEST, EINVAL },
	{ HR_INVALID_STATE, ESHUTDOWN },
	{ HRESULT_FROM_NT(STATUS_WDF_PAUSED), EAGAIN },
	{ HRESULT_FROM_NT(STATUS_WDF_BUSY), EBUSY },
	{ HRESULT_FROM_WIN32(ERROR_NO_MORE_ITEMS), ENODATA },
	{ HRESULT_FROM_WIN32(ERROR_NOT_FOUND), ENOENT },
	{ HRESULT_FROM_WIN32(ERROR_DRIVER_PROCESS_TERMINATED), ENODEV },
	{ HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER), EMSGSIZE },
	{ E_OUTOFMEMORY, ENOMEM },
	{ E_ACCESSDENIED, EACCES },
	{ E_NOTIMPL, EOPNOTSUPP },
	{ HRESULT_FROM_WIN32(ERROR_INVALID_FUNCTION), ENOTTY },
	{ HRESULT_FROM_WIN32(ERROR_IO_DEVICE), EIO },
	{ HRESULT_FROM_WIN32(ERROR_HANDLE_DISK_FULL), ENOSPC },
	{ HRESULT_FROM_WIN32(ERROR_BROKEN_PIPE), EPIPE },
	{ HRESULT_FROM_WIN32(ERROR_INVALID_HANDLE), EBADF },
	{ HRESULT_FROM_WIN32(ERROR_CONNECTION_REFUSED), ECONNREFUSED },
};

/* What else means the same to a sender. */
static const struct {
	HRESULT hr;
	int error;
} one_way[] = {
	{ HRESULT_FROM_NT(STATUS_CANCELLED), ECANCELED },
	{ HRESULT_FROM_WIN32(ERROR_CANCELLED), ECANCELED },
	{ E_ABORT, ECANCELED },
	{ HRESULT_FROM_NT(STATUS_IO_TIMEOUT), ETIMEDOUT },
	{ HRESULT_FROM_WIN32(ERROR_TIMEOUT), ETIMEDOUT },
	{ E_INVALIDARG, EINVAL },
	{ HR_INVALID_OPERATION, EINVAL },
	{ HRESULT_FROM_NT(STATUS_INVALID_PARAMETER), EINVAL },
	{ HRESULT_FROM_WIN32(ERROR_BAD_COMMAND), EINVAL },
	{ HRESULT_FROM_NT(STATUS_BUFFER_TOO_SMALL), EMSGSIZE },
	{ HRESULT_FROM_WIN32(ERROR_MORE_DATA), EMSGSIZE },
	{ HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND), ENOENT },
	{ HRESULT_FROM_NT(STATUS_INSUFFICIENT_RESOURCES), ENOMEM },
	{ HRESULT_FROM_WIN32(ERROR_NOT_ENOUGH_MEMORY), ENOMEM },
	{ HRESULT_FROM_WIN32(ERROR_NOT_SUPPORTED), EOPNOTSUPP },
	{ HRESULT_FROM_NT(STATUS_NOT_SUPPORTED), EOPNOTSUPP },
	{ HRESULT_FROM_NT((NTSTATUS)0xc0200206), ENODEV },	/* REMOVED_NOT_SENT */
	{ HRESULT_FROM_WIN32(ERROR_DEVICE_NOT_CONNECTED), ENODEV },
	{ HRESULT_FROM_WIN32(ERROR_DEVICE_REMOVED), ENODEV },
	{ HRESULT_FROM_WIN32(ERROR_BUSY), EBUSY },
	{ HRESULT_FROM_WIN32(ERROR_DISK_FULL), ENOSPC },
	{ E_FAIL, EIO },
	{ E_UNEXPECTED, EIO },
};

/* An errno that no HRESULT is for, there and back. */
#define ERRNO_BASE	0xa0bb0000

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

int32_t status_from_hresult(HRESULT hr)
{
	size_t i;

	if (SUCCEEDED(hr))
		return hr;
	for (i = 0; i < COUNT(both_ways); i++)
		if (both_ways[i].hr == hr)
			return -both_ways[i].error;
	for (i = 0; i < COUNT(one_way); i++)
		if (one_way[i].hr == hr)
			return -one_way[i].error;
	if (((uint32_t)hr & 0xffff0000) == ERRNO_BASE)
		return -(hr & 0xffff);
	return hr;
}

HRESULT hresult_from_status(int32_t status)
{
	size_t i;

	if (status >= 0 || status < -4095)
		return status;
	for (i = 0; i < COUNT(both_ways); i++)
		if (both_ways[i].error == -status)
			return both_ways[i].hr;
	return (HRESULT)(ERRNO_BASE - status);
}
