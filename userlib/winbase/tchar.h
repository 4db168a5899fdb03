/* SPDX-License-Identifier: MIT */
/*
 * tchar.h: one source for 8-bit and 16-bit text: 16 bits with _UNICODE (and UNICODE
 * for windows.h). With it the program needs windows_compat.h.
 */
#ifndef _INC_TCHAR
#define _INC_TCHAR

#include <winbase_crt.h>

#ifdef _UNICODE
#define _T(s)		__TEXT(s)
#define _TEXT(s)	__TEXT(s)
typedef WCHAR _TCHAR;
#define _tmain		wmain
#define _tcslen		winbase_wcslen
#define _tcsnlen	winbase_wcsnlen
#define _tcscmp		winbase_wcscmp
#define _tcsncmp	winbase_wcsncmp
#define _tcsicmp	_wcsicmp
#define _tcsnicmp	_wcsnicmp
#define _tcscpy		winbase_wcscpy
#define _tcsncpy	winbase_wcsncpy
#define _tcscat		winbase_wcscat
#define _tcscpy_s	wcscpy_s
#define _tcscat_s	wcscat_s
#define _tcsncpy_s	wcsncpy_s
#define _tcschr		winbase_wcschr
#define _tcsrchr	winbase_wcsrchr
#define _tcsstr		winbase_wcsstr
#define _tcstok_s	wcstok_s
#define _tcsdup		_wcsdup
#define _tcstol		winbase_wcstol
#define _tcstoul	winbase_wcstoul
#define _ttoi		_wtoi
#define _tprintf	winbase_wprintf
#define _ftprintf	winbase_fwprintf
#define _stprintf_s	swprintf_s
#define _sntprintf	_snwprintf
#define _vsntprintf	_vsnwprintf
#define _putts		_putws
#define _fputts		winbase_fputws
#else
#define _T(s)		s
#define _TEXT(s)	s
typedef char _TCHAR;
#define _tmain		main
#define _tcslen		strlen
#define _tcsnlen	strnlen
#define _tcscmp		strcmp
#define _tcsncmp	strncmp
#define _tcsicmp	_stricmp
#define _tcsnicmp	_strnicmp
#define _tcscpy		strcpy
#define _tcsncpy	strncpy
#define _tcscat		strcat
#define _tcscpy_s	strcpy_s
#define _tcscat_s	strcat_s
#define _tcsncpy_s	strncpy_s
#define _tcschr		strchr
#define _tcsrchr	strrchr
#define _tcsstr		strstr
#define _tcstok_s	strtok_s
#define _tcsdup		_strdup
#define _tcstol		strtol
#define _tcstoul	strtoul
#define _ttoi		atoi
#define _tprintf	winbase_printf
#define _ftprintf	winbase_fprintf
#define _stprintf_s	sprintf_s
#define _sntprintf	_snprintf
#define _vsntprintf	_vsnprintf
#define _putts		puts
#define _fputts		fputs
#endif

#endif
