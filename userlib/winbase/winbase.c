// SPDX-License-Identifier: MIT
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

/* Decodes one character; returns its bytes, or 0 if they are no UTF-8. */
static size_t decode_utf8(const uint8_t *in, size_t bytes, uint32_t *c)
{
	/* By length: the least character that needs so many bytes. */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t length, i;

	if (in[0] < 0x80)
		length = 1;
	else if (in[0] >> 5 == 6)
		length = 2;
	else if (in[0] >> 4 == 14)
		length = 3;
	else if (in[0] >> 3 == 30)
		length = 4;
	else
		return 0;
	if (length > bytes)
		return 0;

	*c = length == 1 ? in[0] : in[0] & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if (in[i] >> 6 != 2)
			return 0;
		*c = *c << 6 | (in[i] & 0x3f);
	}
	if (*c < least[length] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000))
		return 0;
	return length;
}

size_t winbase_utf16_from_utf8(WCHAR *out, const void *in, size_t bytes)
{
	const uint8_t *p = in, *end = p + bytes;
	size_t units = 0, length;
	WCHAR pair[2];
	uint32_t c;

	for (; p < end; p += length) {
		length = decode_utf8(p, end - p, &c);
		if (!length)
			return WINBASE_INVALID;
		pair[0] = c < 0x10000 ? c : 0xd7c0 + (c >> 10);
		pair[1] = 0xdc00 | (c & 0x3ff);
		for (int i = 0; i < 1 + (c >= 0x10000); i++, units++)
			if (out)
				out[units] = pair[i];
	}
	return units;
}

size_t winbase_utf8_from_utf16(char *out, const WCHAR *in, size_t units)
{
	/* By the number of bytes that follow. */
	static const uint8_t lead[] = { 0, 0xc0, 0xe0, 0xf0 };
	size_t bytes = 0, i;
	uint32_t c;
	int more;

	for (i = 0; i < units; i++) {
		c = in[i];
		if (c >= 0xd800 && c < 0xe000) {
			if (c >= 0xdc00 || i + 1 == units || in[i + 1] >> 10 != 0x37)
				return WINBASE_INVALID;
			c = 0x10000 + ((c & 0x3ff) << 10 | (in[++i] & 0x3ff));
		}
		more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
		if (out)
			out[bytes] = lead[more] | c >> 6 * more;
		bytes++;
		while (more--) {
			if (out)
				out[bytes] = 0x80 | (c >> 6 * more & 0x3f);
			bytes++;
		}
	}
	return bytes;
}

size_t winbase_wcslen(const WCHAR *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}
