// SPDX-License-Identifier: MIT
/* Modules, and the registry that nothing is in. */
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <unistd.h>
#include "object.h"
#include "winbase.h"

static HMODULE load(const char *name, int flags)
{
	HMODULE module = dlopen(name, flags);

	if (!module)
		SetLastError(ERROR_MOD_NOT_FOUND);
	return module;
}

HMODULE WINAPI LoadLibraryA(LPCSTR lpLibFileName)
{
	if (!lpLibFileName) {
		SetLastError(ERROR_INVALID_PARAMETER);
		return NULL;
	}
	return load(lpLibFileName, RTLD_NOW);
}

HMODULE WINAPI LoadLibraryW(LPCWSTR lpLibFileName)
{
	char *name = lpLibFileName ? winbase_utf8_of(lpLibFileName) : NULL;
	HMODULE module = LoadLibraryA(name);

	free(name);
	return module;
}

BOOL WINAPI FreeLibrary(HMODULE hLibModule)
{
	return (hLibModule && !dlclose(hLibModule)) || fail(ERROR_MOD_NOT_FOUND);
}

FARPROC WINAPI GetProcAddress(HMODULE hModule, LPCSTR lpProcName)
{
	FARPROC function = NULL;
	void *address;

	/* a number, or no name */
	address = (uintptr_t)lpProcName < 0x10000 ? NULL : dlsym(hModule, lpProcName);
	if (!address)
		SetLastError(ERROR_PROC_NOT_FOUND);
	memcpy(&function, &address, sizeof(function));
	return function;
}

/* With a reference. */
static HMODULE module_at(const void *address)
{
	struct link_map *map;
	Dl_info info;

	if (!dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP)) {
		SetLastError(ERROR_MOD_NOT_FOUND);
		return NULL;
	}
	return load(*map->l_name ? map->l_name : NULL, RTLD_NOW | RTLD_NOLOAD);
}

static BOOL get_module(DWORD flags, const char *name, const void *address, HMODULE *module)
{
	bool by_address = flags & GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;

	*module = by_address ? module_at(address) :
		  load(name, RTLD_NOW | RTLD_NOLOAD |
			     (flags & GET_MODULE_HANDLE_EX_FLAG_PIN ? RTLD_NODELETE : 0));
	if (!*module)
		return FALSE;
	if (flags & GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT)
		dlclose(*module);
	return TRUE;
}

#define KNOWN	(GET_MODULE_HANDLE_EX_FLAG_PIN |		\
		 GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT |	\
		 GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS)

BOOL WINAPI GetModuleHandleExA(DWORD dwFlags, LPCSTR lpModuleName, HMODULE *phModule)
{
	if (!phModule || (dwFlags & ~KNOWN))
		return fail(ERROR_INVALID_PARAMETER);
	return get_module(dwFlags, lpModuleName, lpModuleName, phModule);
}

BOOL WINAPI GetModuleHandleExW(DWORD dwFlags, LPCWSTR lpModuleName, HMODULE *phModule)
{
	bool by_address = dwFlags & GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
	char *name;
	BOOL done;

	if (!phModule || (dwFlags & ~KNOWN))
		return fail(ERROR_INVALID_PARAMETER);
	*phModule = NULL;
	name = lpModuleName && !by_address ? winbase_utf8_of(lpModuleName) : NULL;
	if (lpModuleName && !by_address && !name)
		return fail(ERROR_MOD_NOT_FOUND);
	done = get_module(dwFlags, name, lpModuleName, phModule);
	free(name);
	return done;
}

HMODULE WINAPI GetModuleHandleA(LPCSTR lpModuleName)
{
	HMODULE module;

	GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, lpModuleName, &module);
	return module;
}

HMODULE WINAPI GetModuleHandleW(LPCWSTR lpModuleName)
{
	HMODULE module;

	GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT, lpModuleName, &module);
	return module;
}

/* Into room for PATH_MAX bytes; answers the length, 0 on an error. */
static size_t path_of(HMODULE module, char *path)
{
	struct link_map *map = (struct link_map *)module;
	ssize_t length;

	if (map && *map->l_name) {
		length = strnlen(map->l_name, PATH_MAX - 1);
		memcpy(path, map->l_name, length);
	} else {
		length = readlink("/proc/self/exe", path, PATH_MAX - 1);
	}
	if (length <= 0)
		return fail(ERROR_GEN_FAILURE);
	path[length] = 0;
	return length;
}

static DWORD cut(size_t length, DWORD size)
{
	if (length < size)
		return length;
	SetLastError(ERROR_INSUFFICIENT_BUFFER);
	return size;
}

DWORD WINAPI GetModuleFileNameA(HMODULE hModule, LPSTR lpFilename, DWORD nSize)
{
	char path[PATH_MAX];
	size_t length = path_of(hModule, path);

	if (length && nSize)
		*stpncpy(lpFilename, path, nSize - 1) = 0;
	return cut(length, nSize);
}

DWORD WINAPI GetModuleFileNameW(HMODULE hModule, LPWSTR lpFilename, DWORD nSize)
{
	WCHAR wide[PATH_MAX];
	char path[PATH_MAX];
	size_t length = path_of(hModule, path);

	length = winbase_utf16_from_utf8(wide, path, length);
	if (length == WINBASE_INVALID)
		return fail(ERROR_NO_UNICODE_TRANSLATION);
	wide[length] = 0;
	if (length && nSize) {
		memcpy(lpFilename, wide, min(length + 1, nSize) * sizeof(WCHAR));
		lpFilename[min(length, nSize - 1)] = 0;
	}
	return cut(length, nSize);
}

BOOL WINAPI DisableThreadLibraryCalls(HMODULE hLibModule)
{
	return hLibModule || fail(ERROR_MOD_NOT_FOUND);
}

/* ----------------------------------------------------------------- registry */

static bool is_root(HKEY key)
{
	return (ULONG_PTR)key >= (ULONG_PTR)HKEY_CLASSES_ROOT &&
	       (ULONG_PTR)key <= (ULONG_PTR)HKEY_CURRENT_CONFIG;
}

/* What a key with nothing in it answers. */
static LSTATUS nothing(HKEY key, LSTATUS error)
{
	return is_root(key) ? error : ERROR_INVALID_HANDLE;
}

LSTATUS WINAPI RegOpenKeyExA(HKEY hKey, LPCSTR lpSubKey, DWORD ulOptions,
			     ACCESS_MASK samDesired, PHKEY phkResult)
{
	(void)ulOptions;
	(void)samDesired;
	if (!phkResult)
		return ERROR_INVALID_PARAMETER;
	*phkResult = NULL;
	if (is_root(hKey) && (!lpSubKey || !*lpSubKey)) {
		*phkResult = hKey;
		return ERROR_SUCCESS;
	}
	return nothing(hKey, ERROR_FILE_NOT_FOUND);
}

LSTATUS WINAPI RegOpenKeyExW(HKEY hKey, LPCWSTR lpSubKey, DWORD ulOptions,
			     ACCESS_MASK samDesired, PHKEY phkResult)
{
	return RegOpenKeyExA(hKey, lpSubKey && *lpSubKey ? "key" : NULL, ulOptions, samDesired,
			     phkResult);
}

LSTATUS WINAPI RegCloseKey(HKEY hKey)
{
	return nothing(hKey, ERROR_SUCCESS);
}

LSTATUS WINAPI RegQueryValueExA(HKEY hKey, LPCSTR lpValueName, LPDWORD lpReserved,
				LPDWORD lpType, LPBYTE lpData, LPDWORD lpcbData)
{
	(void)lpValueName;
	(void)lpReserved;
	(void)lpType;
	(void)lpData;
	(void)lpcbData;
	return nothing(hKey, ERROR_FILE_NOT_FOUND);
}

LSTATUS WINAPI RegQueryValueExW(HKEY hKey, LPCWSTR lpValueName, LPDWORD lpReserved,
				LPDWORD lpType, LPBYTE lpData, LPDWORD lpcbData)
{
	(void)lpValueName;
	return RegQueryValueExA(hKey, NULL, lpReserved, lpType, lpData, lpcbData);
}

LSTATUS WINAPI RegGetValueA(HKEY hkey, LPCSTR lpSubKey, LPCSTR lpValue, DWORD dwFlags,
			    LPDWORD pdwType, PVOID pvData, LPDWORD pcbData)
{
	(void)lpSubKey;
	(void)dwFlags;
	return RegQueryValueExA(hkey, lpValue, NULL, pdwType, pvData, pcbData);
}

LSTATUS WINAPI RegGetValueW(HKEY hkey, LPCWSTR lpSubKey, LPCWSTR lpValue, DWORD dwFlags,
			    LPDWORD pdwType, PVOID pvData, LPDWORD pcbData)
{
	(void)lpSubKey;
	(void)dwFlags;
	return RegQueryValueExW(hkey, lpValue, NULL, pdwType, pvData, pcbData);
}

LSTATUS WINAPI RegEnumKeyExW(HKEY hKey, DWORD dwIndex, LPWSTR lpName, LPDWORD lpcchName,
			     LPDWORD lpReserved, LPWSTR lpClass, LPDWORD lpcchClass,
			     PFILETIME lpftLastWriteTime)
{
	(void)dwIndex;
	(void)lpName;
	(void)lpcchName;
	(void)lpReserved;
	(void)lpClass;
	(void)lpcchClass;
	(void)lpftLastWriteTime;
	return nothing(hKey, ERROR_NO_MORE_ITEMS);
}

LSTATUS WINAPI RegEnumValueW(HKEY hKey, DWORD dwIndex, LPWSTR lpValueName,
			     LPDWORD lpcchValueName, LPDWORD lpReserved, LPDWORD lpType,
			     LPBYTE lpData, LPDWORD lpcbData)
{
	(void)dwIndex;
	(void)lpValueName;
	(void)lpcchValueName;
	(void)lpReserved;
	(void)lpType;
	(void)lpData;
	(void)lpcbData;
	return nothing(hKey, ERROR_NO_MORE_ITEMS);
}
