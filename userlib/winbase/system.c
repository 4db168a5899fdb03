// SPDX-License-Identifier: MIT
/* Errors and their texts, time, and what a debugger would see. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "object.h"
#include "winbase.h"

static _Thread_local DWORD last_error;

DWORD WINAPI GetLastError(void)
{
	return last_error;
}

VOID WINAPI SetLastError(DWORD dwErrCode)
{
	last_error = dwErrCode;
}

/* ----------------------------------------------------------------- messages */

/* The text is the name in words. */
#define ERRORS(X) \
	X(SUCCESS) X(INVALID_FUNCTION) X(FILE_NOT_FOUND) X(PATH_NOT_FOUND) \
	X(TOO_MANY_OPEN_FILES) X(ACCESS_DENIED) X(INVALID_HANDLE) X(ARENA_TRASHED) \
	X(NOT_ENOUGH_MEMORY) X(INVALID_BLOCK) X(BAD_ENVIRONMENT) X(BAD_FORMAT) \
	X(INVALID_ACCESS) X(INVALID_DATA) X(OUTOFMEMORY) X(INVALID_DRIVE) \
	X(NOT_SAME_DEVICE) X(NO_MORE_FILES) X(WRITE_PROTECT) X(BAD_UNIT) X(NOT_READY) \
	X(BAD_COMMAND) X(CRC) X(BAD_LENGTH) X(SEEK) X(SECTOR_NOT_FOUND) \
	X(WRITE_FAULT) X(READ_FAULT) X(GEN_FAILURE) X(SHARING_VIOLATION) \
	X(LOCK_VIOLATION) X(WRONG_DISK) X(SHARING_BUFFER_EXCEEDED) X(HANDLE_EOF) \
	X(HANDLE_DISK_FULL) X(NOT_SUPPORTED) X(REM_NOT_LIST) X(DUP_NAME) \
	X(BAD_NETPATH) X(NETWORK_BUSY) X(DEV_NOT_EXIST) X(ADAP_HDW_ERR) \
	X(BAD_NET_RESP) X(UNEXP_NET_ERR) X(BAD_DEV_TYPE) X(FILE_EXISTS) \
	X(CANNOT_MAKE) X(OUT_OF_STRUCTURES) X(ALREADY_ASSIGNED) X(INVALID_PASSWORD) \
	X(INVALID_PARAMETER) X(NET_WRITE_FAULT) X(TOO_MANY_SEMAPHORES) X(SEM_IS_SET) \
	X(BROKEN_PIPE) X(OPEN_FAILED) X(BUFFER_OVERFLOW) X(DISK_FULL) \
	X(NO_MORE_SEARCH_HANDLES) X(INVALID_TARGET_HANDLE) X(CALL_NOT_IMPLEMENTED) \
	X(SEM_TIMEOUT) X(INSUFFICIENT_BUFFER) X(INVALID_NAME) X(INVALID_LEVEL) \
	X(MOD_NOT_FOUND) X(PROC_NOT_FOUND) X(WAIT_NO_CHILDREN) X(NEGATIVE_SEEK) \
	X(SEEK_ON_DEVICE) X(DIR_NOT_EMPTY) X(PATH_BUSY) X(BAD_ARGUMENTS) \
	X(BAD_PATHNAME) X(SIGNAL_PENDING) X(MAX_THRDS_REACHED) X(LOCK_FAILED) X(BUSY) \
	X(CANCEL_VIOLATION) X(ALREADY_EXISTS) X(INVALID_FLAG_NUMBER) X(SEM_NOT_FOUND) \
	X(INVALID_EXE_SIGNATURE) X(BAD_EXE_FORMAT) X(FILENAME_EXCED_RANGE) X(LOCKED) \
	X(BAD_PIPE) X(PIPE_BUSY) X(NO_DATA) X(PIPE_NOT_CONNECTED) X(MORE_DATA) \
	X(INVALID_EA_NAME) X(NO_MORE_ITEMS) X(CANNOT_COPY) X(DIRECTORY) X(NOT_OWNER) \
	X(TOO_MANY_POSTS) X(PARTIAL_COPY) X(INVALID_OPLOCK_PROTOCOL) \
	X(DISK_TOO_FRAGMENTED) X(DELETE_PENDING) X(MR_MID_NOT_FOUND) \
	X(INVALID_ADDRESS) X(ARITHMETIC_OVERFLOW) X(PIPE_CONNECTED) X(PIPE_LISTENING) \
	X(WAIT_1) X(ABANDONED_WAIT_0) X(ABANDONED_WAIT_63) X(OPERATION_ABORTED) \
	X(IO_INCOMPLETE) X(IO_PENDING) X(NOACCESS) X(SWAPERROR) X(STACK_OVERFLOW) \
	X(INVALID_MESSAGE) X(CAN_NOT_COMPLETE) X(INVALID_FLAGS) \
	X(UNRECOGNIZED_VOLUME) X(FILE_INVALID) X(NO_TOKEN) X(BADDB) X(BADKEY) \
	X(CANTOPEN) X(CANTREAD) X(CANTWRITE) X(REGISTRY_RECOVERED) \
	X(REGISTRY_CORRUPT) X(KEY_DELETED) X(NO_LOG_SPACE) X(KEY_HAS_CHILDREN) \
	X(SERVICE_ALREADY_RUNNING) X(CIRCULAR_DEPENDENCY) X(SERVICE_DOES_NOT_EXIST) \
	X(SERVICE_NOT_ACTIVE) X(PROCESS_ABORTED) X(DEVICE_NOT_PARTITIONED) \
	X(BUS_RESET) X(NO_UNICODE_TRANSLATION) X(DLL_INIT_FAILED) X(IO_DEVICE) \
	X(POSSIBLE_DEADLOCK) X(NO_MORE_USER_HANDLES) \
	X(DEVICE_REINITIALIZATION_NEEDED) X(DEVICE_REQUIRES_CLEANING) \
	X(DEVICE_DOOR_OPEN) X(DEVICE_NOT_CONNECTED) X(NOT_FOUND) X(NO_MATCH) \
	X(SET_NOT_FOUND) X(BAD_DEVICE) X(CONNECTION_UNAVAIL) \
	X(DEVICE_ALREADY_REMEMBERED) X(CANCELLED) X(CONNECTION_REFUSED) \
	X(GRACEFUL_DISCONNECT) X(ADDRESS_ALREADY_ASSOCIATED) X(CONNECTION_INVALID) \
	X(CONNECTION_ACTIVE) X(NETWORK_UNREACHABLE) X(HOST_UNREACHABLE) \
	X(PORT_UNREACHABLE) X(REQUEST_ABORTED) X(CONNECTION_ABORTED) X(RETRY) \
	X(INCORRECT_ADDRESS) X(ALREADY_REGISTERED) X(SERVICE_NOT_FOUND) \
	X(NOT_AUTHENTICATED) X(NOT_LOGGED_ON) X(CONTINUE) X(ALREADY_INITIALIZED) \
	X(NO_MORE_DEVICES) X(DRIVER_PROCESS_TERMINATED) X(UNKNOWN_REVISION) \
	X(REVISION_MISMATCH) X(INVALID_OWNER) X(PRIVILEGE_NOT_HELD) X(LOGON_FAILURE) \
	X(INVALID_ACL) X(INVALID_SID) X(INVALID_SECURITY_DESCR) X(INTERNAL_ERROR) \
	X(GENERIC_NOT_MAPPED) X(BAD_DESCRIPTOR_FORMAT) X(INVALID_INDEX) \
	X(INVALID_EDIT_HEIGHT) X(INVALID_THREAD_ID) X(NO_SYSTEM_RESOURCES) \
	X(NONPAGED_SYSTEM_RESOURCES) X(PAGED_SYSTEM_RESOURCES) X(COMMITMENT_LIMIT) \
	X(TIMEOUT) X(INSTALL_FAILURE) X(UNKNOWN_PROPERTY) X(BAD_CONFIGURATION) \
	X(DEVICE_REMOVED) X(DATATYPE_MISMATCH) X(UNSUPPORTED_TYPE) X(CREATE_FAILED) \
	X(INVALID_USER_BUFFER) X(UNRECOGNIZED_MEDIA) X(RESOURCE_DATA_NOT_FOUND) \
	X(RESOURCE_TYPE_NOT_FOUND) X(RESOURCE_NAME_NOT_FOUND) X(DEVICE_IN_USE) \
	X(OBJECT_NOT_FOUND) X(INVALID_OPERATION) X(DEVICE_NOT_AVAILABLE) \
	X(RESOURCE_NOT_ONLINE) X(HOST_NODE_NOT_AVAILABLE) X(RESOURCE_NOT_AVAILABLE) \
	X(RESOURCE_NOT_FOUND) X(INVALID_STATE)

static const struct message {
	DWORD code;
	const char *name;
} messages[] = {
#define MESSAGE(name)	{ ERROR_##name, #name },
	ERRORS(MESSAGE)
};

/* Longest name, CR, LF. */
#define MESSAGE_ROOM	64

static size_t find_message(char *text, DWORD code)
{
	size_t length = 0;

	if (HRESULT_FACILITY(code) == FACILITY_WIN32 && HRESULT_SEVERITY(code))
		code = HRESULT_CODE(code);
	for (size_t i = 0; i < _countof(messages); i++) {
		if (messages[i].code != code)
			continue;
		for (const char *p = messages[i].name; *p; p++)
			text[length++] = *p == '_' ? ' ' : *p | 0x20;
		text[0] &= ~0x20;
		memcpy(text + length, ".\r\n", 4);
		return length + 3;
	}
	return 0;
}

/* The length, and an error in "error". */
static DWORD format_message(DWORD flags, DWORD code, void *buffer, DWORD size, bool wide)
{
	size_t unit = wide ? sizeof(WCHAR) : 1;
	char text[MESSAGE_ROOM];
	size_t length;
	void *out = buffer;

	if (!(flags & FORMAT_MESSAGE_FROM_SYSTEM) ||
	    flags & (FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_FROM_HMODULE))
		return fail(ERROR_NOT_SUPPORTED);
	if (!buffer)
		return fail(ERROR_INVALID_PARAMETER);
	length = find_message(text, code);
	if (!length)
		return fail(ERROR_MR_MID_NOT_FOUND);
	if (flags & FORMAT_MESSAGE_MAX_WIDTH_MASK) {
		/* one line: a space in place of its end */
		text[--length - 1] = ' ';
		text[length] = 0;
	}
	if (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) {
		out = LocalAlloc(LMEM_FIXED, max(size, length + 1) * unit);
		if (!out)
			return fail(ERROR_NOT_ENOUGH_MEMORY);
		memcpy(buffer, &out, sizeof(out));
	} else if (size <= length) {
		return fail(ERROR_INSUFFICIENT_BUFFER);
	}
	for (size_t i = 0; i <= length; i++) {
		if (wide)
			((WCHAR *)out)[i] = text[i];
		else
			((char *)out)[i] = text[i];
	}
	return length;
}

DWORD WINAPI FormatMessageA(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId,
			    DWORD dwLanguageId, LPSTR lpBuffer, DWORD nSize,
			    va_list *Arguments)
{
	(void)lpSource;
	(void)dwLanguageId;
	(void)Arguments;
	return format_message(dwFlags, dwMessageId, lpBuffer, nSize, false);
}

DWORD WINAPI FormatMessageW(DWORD dwFlags, LPCVOID lpSource, DWORD dwMessageId,
			    DWORD dwLanguageId, LPWSTR lpBuffer, DWORD nSize,
			    va_list *Arguments)
{
	(void)lpSource;
	(void)dwLanguageId;
	(void)Arguments;
	return format_message(dwFlags, dwMessageId, lpBuffer, nSize, true);
}

/* ---------------------------------------------------------------- debugging */

VOID WINAPI OutputDebugStringA(LPCSTR lpOutputString)
{
	if (lpOutputString)
		fputs(lpOutputString, stderr);
}

VOID WINAPI OutputDebugStringW(LPCWSTR lpOutputString)
{
	char *text = lpOutputString ? winbase_utf8_of(lpOutputString) : NULL;

	OutputDebugStringA(text);
	free(text);
}

BOOL WINAPI IsDebuggerPresent(VOID)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[256];
	int tracer = 0;

	while (status && fgets(line, sizeof(line), status))
		sscanf(line, "TracerPid: %d", &tracer);
	if (status)
		fclose(status);
	return tracer != 0;
}

VOID WINAPI DebugBreak(VOID)
{
	raise(SIGTRAP);
}

/* --------------------------------------------------------------------- time */

/* 100 ns from 1601-01-01 to 1970-01-01 */
#define UNIX_EPOCH	116444736000000000ULL
#define TICKS		10000000ULL	/* of 100 ns, a second */
/* 30828-01-01 */
#define FILETIME_END	0x7fff35f4f06c8000ULL

static uint64_t ticks_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * TICKS + t.tv_nsec / 100;
}

static FILETIME to_filetime(uint64_t ticks)
{
	return (FILETIME){ .dwLowDateTime = ticks, .dwHighDateTime = ticks >> 32 };
}

static uint64_t from_filetime(const FILETIME *time)
{
	return (uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime;
}

ULONGLONG WINAPI GetTickCount64(VOID)
{
	return ticks_of(CLOCK_BOOTTIME) / (TICKS / 1000);
}

DWORD WINAPI GetTickCount(VOID)
{
	return GetTickCount64();
}

BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *lpPerformanceCount)
{
	lpPerformanceCount->QuadPart = ticks_of(CLOCK_BOOTTIME);
	return TRUE;
}

BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *lpFrequency)
{
	lpFrequency->QuadPart = TICKS;
	return TRUE;
}

VOID WINAPI GetSystemTimePreciseAsFileTime(LPFILETIME lpSystemTimeAsFileTime)
{
	*lpSystemTimeAsFileTime = to_filetime(ticks_of(CLOCK_REALTIME) + UNIX_EPOCH);
}

VOID WINAPI GetSystemTimeAsFileTime(LPFILETIME lpSystemTimeAsFileTime)
{
	GetSystemTimePreciseAsFileTime(lpSystemTimeAsFileTime);
}

static SYSTEMTIME to_systemtime(const struct tm *tm, unsigned int milliseconds)
{
	return (SYSTEMTIME){
		.wYear = tm->tm_year + 1900, .wMonth = tm->tm_mon + 1,
		.wDayOfWeek = tm->tm_wday, .wDay = tm->tm_mday, .wHour = tm->tm_hour,
		.wMinute = tm->tm_min, .wSecond = tm->tm_sec,
		.wMilliseconds = milliseconds,
	};
}

VOID WINAPI GetSystemTime(LPSYSTEMTIME lpSystemTime)
{
	struct timespec t;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &t);
	*lpSystemTime = to_systemtime(gmtime_r(&t.tv_sec, &tm), t.tv_nsec / MSEC);
}

VOID WINAPI GetLocalTime(LPSYSTEMTIME lpSystemTime)
{
	struct timespec t;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &t);
	*lpSystemTime = to_systemtime(localtime_r(&t.tv_sec, &tm), t.tv_nsec / MSEC);
}

BOOL WINAPI SystemTimeToFileTime(const SYSTEMTIME *lpSystemTime, LPFILETIME lpFileTime)
{
	struct tm tm = {
		.tm_year = lpSystemTime->wYear - 1900, .tm_mon = lpSystemTime->wMonth - 1,
		.tm_mday = lpSystemTime->wDay, .tm_hour = lpSystemTime->wHour,
		.tm_min = lpSystemTime->wMinute, .tm_sec = lpSystemTime->wSecond,
	};
	time_t seconds = timegm(&tm);

	/* What is out of range, timegm() carries over: then it is another day. */
	if (lpSystemTime->wYear < 1601 || lpSystemTime->wYear > 30827 ||
	    tm.tm_mon != lpSystemTime->wMonth - 1 || tm.tm_mday != lpSystemTime->wDay ||
	    tm.tm_hour != lpSystemTime->wHour || tm.tm_min != lpSystemTime->wMinute ||
	    tm.tm_sec != lpSystemTime->wSecond || lpSystemTime->wMilliseconds > 999)
		return fail(ERROR_INVALID_PARAMETER);
	*lpFileTime = to_filetime(seconds * TICKS + UNIX_EPOCH +
				  lpSystemTime->wMilliseconds * (TICKS / 1000));
	return TRUE;
}

BOOL WINAPI FileTimeToSystemTime(const FILETIME *lpFileTime, LPSYSTEMTIME lpSystemTime)
{
	uint64_t ticks = from_filetime(lpFileTime);
	time_t seconds;
	struct tm tm;

	if (ticks >= FILETIME_END)
		return fail(ERROR_INVALID_PARAMETER);
	seconds = (time_t)(ticks / TICKS) - (time_t)(UNIX_EPOCH / TICKS);
	*lpSystemTime = to_systemtime(gmtime_r(&seconds, &tm),
				      ticks % TICKS / (TICKS / 1000));
	return TRUE;
}

LONG WINAPI CompareFileTime(const FILETIME *lpFileTime1, const FILETIME *lpFileTime2)
{
	uint64_t a = from_filetime(lpFileTime1), b = from_filetime(lpFileTime2);

	return (a > b) - (a < b);
}
