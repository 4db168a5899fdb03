/* SPDX-License-Identifier: MIT */
/*
 * winreg.h: the registry, in which nothing is: the predefined keys have no keys and
 * no values. What asks is answered ERROR_FILE_NOT_FOUND or ERROR_NO_MORE_ITEMS;
 * what writes is not carried.
 */
#ifndef _WINREG_
#define _WINREG_

#include <winnt.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define HKEY_CLASSES_ROOT	((HKEY)(ULONG_PTR)0x80000000)
#define HKEY_CURRENT_USER	((HKEY)(ULONG_PTR)0x80000001)
#define HKEY_LOCAL_MACHINE	((HKEY)(ULONG_PTR)0x80000002)
#define HKEY_USERS		((HKEY)(ULONG_PTR)0x80000003)
#define HKEY_PERFORMANCE_DATA	((HKEY)(ULONG_PTR)0x80000004)
#define HKEY_CURRENT_CONFIG	((HKEY)(ULONG_PTR)0x80000005)

#define REG_NONE		0
#define REG_SZ			1
#define REG_EXPAND_SZ		2
#define REG_BINARY		3
#define REG_DWORD		4
#define REG_MULTI_SZ		7
#define REG_QWORD		11

#define RRF_RT_REG_SZ		0x00000002
#define RRF_RT_REG_BINARY	0x00000008
#define RRF_RT_REG_DWORD	0x00000010
#define RRF_RT_ANY		0x0000ffff

typedef LONG LSTATUS;
typedef ACCESS_MASK REGSAM;

/* Without a name: the predefined key itself. */
LSTATUS WINAPI RegOpenKeyExA(HKEY hKey, LPCSTR lpSubKey, DWORD ulOptions,
			     REGSAM samDesired, PHKEY phkResult);
LSTATUS WINAPI RegOpenKeyExW(HKEY hKey, LPCWSTR lpSubKey, DWORD ulOptions,
			     REGSAM samDesired, PHKEY phkResult);
LSTATUS WINAPI RegCloseKey(HKEY hKey);
LSTATUS WINAPI RegQueryValueExA(HKEY hKey, LPCSTR lpValueName, LPDWORD lpReserved,
				LPDWORD lpType, LPBYTE lpData, LPDWORD lpcbData);
LSTATUS WINAPI RegQueryValueExW(HKEY hKey, LPCWSTR lpValueName, LPDWORD lpReserved,
				LPDWORD lpType, LPBYTE lpData, LPDWORD lpcbData);
LSTATUS WINAPI RegGetValueA(HKEY hkey, LPCSTR lpSubKey, LPCSTR lpValue, DWORD dwFlags,
			    LPDWORD pdwType, PVOID pvData, LPDWORD pcbData);
LSTATUS WINAPI RegGetValueW(HKEY hkey, LPCWSTR lpSubKey, LPCWSTR lpValue, DWORD dwFlags,
			    LPDWORD pdwType, PVOID pvData, LPDWORD pcbData);
LSTATUS WINAPI RegEnumKeyExW(HKEY hKey, DWORD dwIndex, LPWSTR lpName, LPDWORD lpcchName,
			     LPDWORD lpReserved, LPWSTR lpClass, LPDWORD lpcchClass,
			     PFILETIME lpftLastWriteTime);
LSTATUS WINAPI RegEnumValueW(HKEY hKey, DWORD dwIndex, LPWSTR lpValueName,
			     LPDWORD lpcchValueName, LPDWORD lpReserved, LPDWORD lpType,
			     LPBYTE lpData, LPDWORD lpcbData);

#ifdef UNICODE
#define RegOpenKeyEx		RegOpenKeyExW
#define RegQueryValueEx		RegQueryValueExW
#define RegGetValue		RegGetValueW
#define RegEnumKeyEx		RegEnumKeyExW
#define RegEnumValue		RegEnumValueW
#else
#define RegOpenKeyEx		RegOpenKeyExA
#define RegQueryValueEx		RegQueryValueExA
#define RegGetValue		RegGetValueA
#endif

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
