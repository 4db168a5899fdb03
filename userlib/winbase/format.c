// SPDX-License-Identifier: MIT
/*
 * The printf family with the formats of Windows, for text of 8 and of 16 bits. One
 * formatter does both: it reads and writes code units, and leaves numbers to
 * snprintf().
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include "winbase.h"
#include "winbase_crt.h"

struct out {
	void *to;
	size_t room;		/* in units; what is beyond is counted only */
	size_t length;
	bool wide;
};

struct spec {
	char flags[8];
	int width;		/* -1: none */
	int precision;		/* -1: none */
	int size;		/* in bytes, of an integer */
	int text;		/* of a string or character: 1, 2 or, unsaid, 0 */
	char type;
};

static void put(struct out *out, uint16_t unit)
{
	if (out->length < out->room) {
		if (out->wide)
			((WCHAR *)out->to)[out->length] = unit;
		else
			((char *)out->to)[out->length] = unit;
	}
	out->length++;
}

static void put_many(struct out *out, char unit, size_t count)
{
	while (count--)
		put(out, unit);
}

static uint16_t get(const void *text, bool wide, size_t i)
{
	return wide ? ((const WCHAR *)text)[i] : ((const unsigned char *)text)[i];
}

/* ------------------------------------------------------------------ strings */

static size_t text_length(const void *text, bool wide, size_t most)
{
	size_t length = 0;

	while (length < most && get(text, wide, length))
		length++;
	return length;
}

/* Padded to the width, in the units of the output. */
static void put_text(struct out *out, const struct spec *spec, const void *text, bool wide,
		     size_t length)
{
	size_t pad = spec->width > 0 && length < (size_t)spec->width ?
		     spec->width - length : 0;
	bool left = strchr(spec->flags, '-');

	if (!left)
		put_many(out, strchr(spec->flags, '0') ? '0' : ' ', pad);
	for (size_t i = 0; i < length; i++)
		put(out, get(text, wide, i));
	if (left)
		put_many(out, ' ', pad);
}

/*
 * A string of the other width is converted whole, then cut. What is no text comes out
 * as "?".
 */
static void put_converted(struct out *out, const struct spec *spec, const void *text,
			  bool wide, size_t length)
{
	size_t most = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;
	void *converted;
	size_t units;

	units = wide ? winbase_utf8_from_utf16(NULL, text, length) :
		winbase_utf16_from_utf8(NULL, text, length);
	converted = units == WINBASE_INVALID ? NULL : malloc(units * 2 + 1);
	if (!converted) {
		put_text(out, spec, "?", false, most ? 1 : 0);
		return;
	}
	if (wide)
		winbase_utf8_from_utf16(converted, text, length);
	else
		winbase_utf16_from_utf8(converted, text, length);
	put_text(out, spec, converted, out->wide, units < most ? units : most);
	free(converted);
}

static void put_string(struct out *out, const struct spec *spec, const void *text, bool wide)
{
	size_t most = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;

	if (!text) {
		text = "(null)";
		wide = false;
	}
	if (wide == out->wide)
		put_text(out, spec, text, wide, text_length(text, wide, most));
	else
		/* a unit of one kind makes at least a third of one of the other */
		put_converted(out, spec, text, wide,
			      text_length(text, wide, SIZE_MAX));
}

static void put_character(struct out *out, const struct spec *spec, int c, bool wide)
{
	WCHAR unit = c;
	char byte = c;

	if (wide == out->wide)
		put_text(out, spec, wide ? (void *)&unit : &byte, wide, 1);
	else
		put_converted(out, spec, wide ? (void *)&unit : &byte, wide, 1);
}

/* ------------------------------------------------------------------ numbers */

/* "%", flags, "*.*", the length, the type */
static void make_format(char *to, const struct spec *spec, const char *length, char type)
{
	sprintf(to, "%%%s%s%s%s%c", spec->flags, spec->width < 0 ? "" : "*",
		spec->precision < 0 ? "" : ".*", length, type);
}

/* snprintf() with the width and precision that there are, into "text" of "room". */
#define PRINT(text, room, format, spec, value)						\
	((spec)->width < 0 && (spec)->precision < 0 ?					\
		snprintf(text, room, format, value) :					\
	 (spec)->precision < 0 ? snprintf(text, room, format, (spec)->width, value) :	\
	 (spec)->width < 0 ? snprintf(text, room, format, (spec)->precision, value) :	\
	 snprintf(text, room, format, (spec)->width, (spec)->precision, value))

#define PUT_NUMBER(out, spec, length, type, value)				\
do {										\
	char format_[32], small_[128], *text_ = small_;				\
	int length_;								\
										\
	make_format(format_, spec, length, type);				\
	length_ = PRINT(small_, sizeof(small_), format_, spec, value);		\
	if (length_ >= (int)sizeof(small_)) {					\
		text_ = malloc(length_ + 1);					\
		if (text_)							\
			PRINT(text_, length_ + 1, format_, spec, value);	\
	}									\
	for (int i_ = 0; text_ && i_ < length_; i_++)				\
		put(out, text_[i_]);						\
	if (text_ != small_)							\
		free(text_);							\
} while (0)

static long long sign_extend(unsigned long long value, int size)
{
	return size == 1 ? (int8_t)value : size == 2 ? (int16_t)value :
	       size == 4 ? (int32_t)value : (long long)value;
}

static unsigned long long zero_extend(unsigned long long value, int size)
{
	return size >= 8 ? value : value & ((1ULL << 8 * size) - 1);
}

/* --------------------------------------------------------------- conversions */

static bool starts(const void *format, bool wide, size_t i, const char *with)
{
	for (; *with; i++, with++)
		if (get(format, wide, i) != *with)
			return false;
	return true;
}

/* "Size" of Windows; answers where the type stands. */
static size_t parse_size(const void *format, bool wide, size_t i, struct spec *spec)
{
	static const struct {
		char prefix[4];
		int size, text;
	} sizes[] = {
		/* the longer first */
		{ "I64", 8, 0 }, { "I32", 4, 0 }, { "I", sizeof(size_t), 0 },
		{ "hh", 1, 1 }, { "h", 2, 1 }, { "ll", 8, 2 }, { "l", 4, 2 },
		{ "w", 4, 2 }, { "j", 8, 0 }, { "z", sizeof(size_t), 0 },
		{ "t", sizeof(ptrdiff_t), 0 }, { "L", 16, 0 },
	};

	spec->size = 4;
	spec->text = 0;
	for (size_t s = 0; s < _countof(sizes); s++) {
		if (!starts(format, wide, i, sizes[s].prefix))
			continue;
		spec->size = sizes[s].size;
		spec->text = sizes[s].text;
		return i + strlen(sizes[s].prefix);
	}
	return i;
}

static size_t parse_number(const void *format, bool wide, size_t i, int *number)
{
	for (*number = 0; get(format, wide, i) >= '0' && get(format, wide, i) <= '9'; i++)
		if (*number < 100000000)
			*number = *number * 10 + get(format, wide, i) - '0';
	return i;
}

/* -1: a format that nothing here knows. */
static int format_into(struct out *out, const void *format, va_list *arguments)
{
	bool wide = out->wide;

	for (size_t i = 0; get(format, wide, i);) {
		struct spec spec = { .width = -1, .precision = -1 };
		size_t flags = 0;
		bool is_wide;
		uint16_t c;

		if (get(format, wide, i) != '%') {
			put(out, get(format, wide, i++));
			continue;
		}
		i++;
		while ((c = get(format, wide, i)) && c < 128 && strchr("-+ #0", c)) {
			if (flags < sizeof(spec.flags) - 1 && !strchr(spec.flags, c))
				spec.flags[flags++] = c;
			i++;
		}
		if (c == '*') {
			spec.width = va_arg(*arguments, int);
			if (spec.width < 0) {
				if (!strchr(spec.flags, '-'))
					spec.flags[flags] = '-';
				spec.width = spec.width == INT32_MIN ? 0 : -spec.width;
			}
			i++;
		} else if (c >= '0' && c <= '9') {
			i = parse_number(format, wide, i, &spec.width);
		}
		if (get(format, wide, i) == '.') {
			i++;
			if (get(format, wide, i) == '*') {
				spec.precision = va_arg(*arguments, int);
				if (spec.precision < 0)
					spec.precision = -1;
				i++;
			} else {
				i = parse_number(format, wide, i, &spec.precision);
			}
		}
		i = parse_size(format, wide, i, &spec);
		c = get(format, wide, i++);
		switch (c) {
		case '%':
			put(out, '%');
			break;
		case 'd':
		case 'i':
		case 'u':
		case 'o':
		case 'x':
		case 'X': {
			unsigned long long value = spec.size >= 8 ?
				va_arg(*arguments, unsigned long long) :
				va_arg(*arguments, unsigned int);

			if (c == 'd' || c == 'i')
				PUT_NUMBER(out, &spec, "ll", c, sign_extend(value, spec.size));
			else
				PUT_NUMBER(out, &spec, "ll", c, zero_extend(value, spec.size));
			break;
		}
		case 'p':
			/* sixteen digits, as on Windows */
			spec.precision = 2 * sizeof(void *);
			PUT_NUMBER(out, &spec, "ll", 'X',
				   (unsigned long long)(uintptr_t)va_arg(*arguments, void *));
			break;
		case 'a':
		case 'A':
		case 'e':
		case 'E':
		case 'f':
		case 'F':
		case 'g':
		case 'G':
			if (spec.size == 16)
				PUT_NUMBER(out, &spec, "L", c, va_arg(*arguments, long double));
			else
				PUT_NUMBER(out, &spec, "", c, va_arg(*arguments, double));
			break;
		case 's':
		case 'S':
			is_wide = spec.text ? spec.text == 2 : wide == (c == 's');
			put_string(out, &spec, va_arg(*arguments, void *), is_wide);
			break;
		case 'c':
		case 'C':
			is_wide = spec.text ? spec.text == 2 : wide == (c == 'c');
			put_character(out, &spec, va_arg(*arguments, int), is_wide);
			break;
		default:
			errno = EINVAL;
			return -1;
		}
	}
	if (out->length > INT32_MAX) {
		errno = EOVERFLOW;
		return -1;
	}
	return out->length;
}

/* The length that the text has, whatever the room; no terminator. */
int winbase_format(void *to, size_t room, bool wide, const void *format, va_list arguments)
{
	struct out out = { .to = to, .room = room, .wide = wide };
	va_list copy;
	int length;

	va_copy(copy, arguments);
	length = format_into(&out, format, &copy);
	va_end(copy);
	return length;
}

/* ------------------------------------------------------------- the functions */

static void terminate(void *to, bool wide, size_t at)
{
	if (wide)
		((WCHAR *)to)[at] = 0;
	else
		((char *)to)[at] = 0;
}

/* C's: always terminated, answers the whole length. */
static int format_c(void *to, size_t room, bool wide, const void *format, va_list arguments)
{
	int length = winbase_format(to, room, wide, format, arguments);

	if (room)
		terminate(to, wide, length < 0 ? 0 : (size_t)length < room ? (size_t)length :
			  room - 1);
	return length;
}

/* Microsoft's with an underscore: terminated if there is room. */
static int format_ms(void *to, size_t room, bool wide, const void *format, va_list arguments)
{
	int length = winbase_format(to, room, wide, format, arguments);

	if (length < 0 || (size_t)length > room)
		return -1;
	if ((size_t)length < room)
		terminate(to, wide, length);
	return length;
}

/* Those with _s. */
static int format_s(void *to, size_t room, size_t count, bool wide, const void *format,
		    va_list arguments)
{
	int length;

	if (!to || !room || !format) {
		errno = EINVAL;
		return -1;
	}
	length = winbase_format(to, room, wide, format, arguments);
	if (length >= 0 && (size_t)length < room && (size_t)length <= count) {
		terminate(to, wide, length);
		return length;
	}
	if (length >= 0 && count < room) {
		/* cut where the caller said */
		terminate(to, wide, count);
		return -1;
	}
	if (length >= 0 && count == _TRUNCATE) {
		terminate(to, wide, room - 1);
		return -1;
	}
	terminate(to, wide, 0);
	errno = ERANGE;
	return -1;
}

/* Whole, into memory of its own; NULL: an error. */
static void *format_new(bool wide, const void *format, va_list arguments, int *length)
{
	void *text;

	*length = winbase_format(NULL, 0, wide, format, arguments);
	text = *length < 0 ? NULL : malloc(((size_t)*length + 1) * (wide ? 2 : 1));
	if (text) {
		winbase_format(text, *length, wide, format, arguments);
		terminate(text, wide, *length);
	}
	return text;
}

int _vsnprintf(char *to, size_t room, const char *format, va_list arguments)
{
	return format_ms(to, room, false, format, arguments);
}

int _vsnwprintf(WCHAR *to, size_t room, const WCHAR *format, va_list arguments)
{
	return format_ms(to, room, true, format, arguments);
}

int vsprintf_s(char *to, size_t room, const char *format, va_list arguments)
{
	return format_s(to, room, SIZE_MAX - 1, false, format, arguments);
}

int vswprintf_s(WCHAR *to, size_t room, const WCHAR *format, va_list arguments)
{
	return format_s(to, room, SIZE_MAX - 1, true, format, arguments);
}

int _vsnprintf_s(char *to, size_t room, size_t count, const char *format,
		 va_list arguments)
{
	return format_s(to, room, count, false, format, arguments);
}

int _vsnwprintf_s(WCHAR *to, size_t room, size_t count, const WCHAR *format,
		  va_list arguments)
{
	return format_s(to, room, count, true, format, arguments);
}

int _vscprintf(const char *format, va_list arguments)
{
	return winbase_format(NULL, 0, false, format, arguments);
}

int _vscwprintf(const WCHAR *format, va_list arguments)
{
	return winbase_format(NULL, 0, true, format, arguments);
}

int winbase_vsnprintf(char *to, size_t room, const char *format, va_list arguments)
{
	return format_c(to, room, false, format, arguments);
}

int winbase_vsprintf(char *to, const char *format, va_list arguments)
{
	return format_c(to, SIZE_MAX, false, format, arguments);
}

int winbase_vswprintf(WCHAR *to, size_t room, const WCHAR *format, va_list arguments)
{
	int length = format_c(to, room, true, format, arguments);

	return length >= 0 && (size_t)length < room ? length : -1;
}

int winbase_vfprintf(FILE *file, const char *format, va_list arguments)
{
	int length;
	char *text = format_new(false, format, arguments, &length);

	if (!text || fwrite(text, 1, length, file) != (size_t)length)
		length = -1;
	free(text);
	return length;
}

int winbase_vfwprintf(FILE *file, const WCHAR *format, va_list arguments)
{
	int length;
	WCHAR *text = format_new(true, format, arguments, &length);

	if (!text || winbase_fputws(text, file) < 0)
		length = -1;
	free(text);
	return length;
}

int winbase_vprintf(const char *format, va_list arguments)
{
	return winbase_vfprintf(stdout, format, arguments);
}

int winbase_vwprintf(const WCHAR *format, va_list arguments)
{
	return winbase_vfwprintf(stdout, format, arguments);
}

/* One more of each, with its arguments in line. */
#define VARIADIC(declaration, call)	\
declaration				\
{					\
	va_list arguments;		\
	int length;			\
					\
	va_start(arguments, format);	\
	length = call;			\
	va_end(arguments);		\
	return length;			\
}

VARIADIC(int _snprintf(char *to, size_t room, const char *format, ...),
	 _vsnprintf(to, room, format, arguments))
VARIADIC(int _snwprintf(WCHAR *to, size_t room, const WCHAR *format, ...),
	 _vsnwprintf(to, room, format, arguments))
VARIADIC(int sprintf_s(char *to, size_t room, const char *format, ...),
	 vsprintf_s(to, room, format, arguments))
VARIADIC(int swprintf_s(WCHAR *to, size_t room, const WCHAR *format, ...),
	 vswprintf_s(to, room, format, arguments))
VARIADIC(int _snprintf_s(char *to, size_t room, size_t count, const char *format, ...),
	 _vsnprintf_s(to, room, count, format, arguments))
VARIADIC(int _snwprintf_s(WCHAR *to, size_t room, size_t count, const WCHAR *format, ...),
	 _vsnwprintf_s(to, room, count, format, arguments))
VARIADIC(int _scprintf(const char *format, ...), _vscprintf(format, arguments))
VARIADIC(int _scwprintf(const WCHAR *format, ...), _vscwprintf(format, arguments))
VARIADIC(int winbase_snprintf(char *to, size_t room, const char *format, ...),
	 winbase_vsnprintf(to, room, format, arguments))
VARIADIC(int winbase_sprintf(char *to, const char *format, ...),
	 winbase_vsprintf(to, format, arguments))
VARIADIC(int winbase_swprintf(WCHAR *to, size_t room, const WCHAR *format, ...),
	 winbase_vswprintf(to, room, format, arguments))
VARIADIC(int winbase_fprintf(FILE *file, const char *format, ...),
	 winbase_vfprintf(file, format, arguments))
VARIADIC(int winbase_fwprintf(FILE *file, const WCHAR *format, ...),
	 winbase_vfwprintf(file, format, arguments))
VARIADIC(int winbase_printf(const char *format, ...), winbase_vprintf(format, arguments))
VARIADIC(int winbase_wprintf(const WCHAR *format, ...), winbase_vwprintf(format, arguments))
