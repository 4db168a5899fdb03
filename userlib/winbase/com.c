// SPDX-License-Identifier: MIT
/* GUIDs, and of COM the counts, the memory and PROPVARIANT. */
#include <stdlib.h>
#include <sys/random.h>
#include "object.h"
#include "winbase.h"

const GUID GUID_NULL;
const IID IID_IUnknown = { 0, 0, 0, { 0xc0, 0, 0, 0, 0, 0, 0, 0x46 } };
const IID IID_IClassFactory = { 1, 0, 0, { 0xc0, 0, 0, 0, 0, 0, 0, 0x46 } };

static _Thread_local struct {
	unsigned int count;
	DWORD apartment;
} com;

HRESULT WINAPI CoInitializeEx(LPVOID pvReserved, DWORD dwCoInit)
{
	DWORD apartment = dwCoInit & COINIT_APARTMENTTHREADED;

	if (pvReserved)
		return E_INVALIDARG;
	if (com.count && com.apartment != apartment)
		return RPC_E_CHANGED_MODE;
	com.apartment = apartment;
	return com.count++ ? S_FALSE : S_OK;
}

HRESULT WINAPI CoInitialize(LPVOID pvReserved)
{
	return CoInitializeEx(pvReserved, COINIT_APARTMENTTHREADED);
}

void WINAPI CoUninitialize(void)
{
	if (com.count)
		com.count--;
}

LPVOID WINAPI CoTaskMemAlloc(SIZE_T cb)
{
	/* not NULL for no bytes either */
	return malloc(cb ? cb : 1);
}

LPVOID WINAPI CoTaskMemRealloc(LPVOID pv, SIZE_T cb)
{
	return realloc(pv, cb);
}

void WINAPI CoTaskMemFree(LPVOID pv)
{
	free(pv);
}

HRESULT WINAPI CoCreateGuid(GUID *pguid)
{
	if (!pguid)
		return E_INVALIDARG;
	if (getrandom(pguid, sizeof(*pguid), 0) != sizeof(*pguid))
		return E_FAIL;
	/* RFC 4122, version 4 */
	pguid->Data3 = (pguid->Data3 & 0x0fff) | 0x4000;
	pguid->Data4[0] = (pguid->Data4[0] & 0x3f) | 0x80;
	return S_OK;
}

/* What stands at each place of {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx} */
#define LENGTH	38
static const char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";

/* The digits in the order in which they are written. */
static void to_bytes(uint8_t bytes[16], const GUID *guid)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = guid->Data1 >> (24 - 8 * i);
	for (int i = 0; i < 2; i++) {
		bytes[4 + i] = guid->Data2 >> (8 - 8 * i);
		bytes[6 + i] = guid->Data3 >> (8 - 8 * i);
	}
	memcpy(bytes + 8, guid->Data4, 8);
}

static void from_bytes(GUID *guid, const uint8_t bytes[16])
{
	guid->Data1 = (ULONG)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
	guid->Data2 = bytes[4] << 8 | bytes[5];
	guid->Data3 = bytes[6] << 8 | bytes[7];
	memcpy(guid->Data4, bytes + 8, 8);
}

int WINAPI StringFromGUID2(REFGUID rguid, LPWSTR lpsz, int cchMax)
{
	uint8_t bytes[16];
	int digit = 0;

	if (cchMax <= LENGTH)
		return 0;
	to_bytes(bytes, rguid);
	for (int i = 0; i <= LENGTH; i++) {
		lpsz[i] = form[i];
		if (form[i] == 'x') {
			lpsz[i] = "0123456789ABCDEF"[bytes[digit / 2] >>
						     (digit % 2 ? 0 : 4) & 15];
			digit++;
		}
	}
	return LENGTH + 1;
}

HRESULT WINAPI StringFromCLSID(REFCLSID rclsid, LPWSTR *lplpsz)
{
	*lplpsz = CoTaskMemAlloc((LENGTH + 1) * sizeof(WCHAR));
	if (!*lplpsz)
		return E_OUTOFMEMORY;
	StringFromGUID2(rclsid, *lplpsz, LENGTH + 1);
	return S_OK;
}

HRESULT WINAPI StringFromIID(REFIID rclsid, LPWSTR *lplpsz)
{
	return StringFromCLSID(rclsid, lplpsz);
}

static int digit_of(WCHAR c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse(const WCHAR *s, GUID *guid)
{
	uint8_t bytes[16] = {};
	int digits = 0;

	memset(guid, 0, sizeof(*guid));
	if (!s)
		return true;
	for (int i = 0; i <= LENGTH; i++) {
		if (form[i] == 'x') {
			int value = digit_of(s[i]);

			if (value < 0)
				return false;
			bytes[digits / 2] |= value << (digits % 2 ? 0 : 4);
			digits++;
		} else if (s[i] != form[i]) {
			return false;
		}
	}
	from_bytes(guid, bytes);
	return true;
}

HRESULT WINAPI CLSIDFromString(LPCWSTR lpsz, LPCLSID pclsid)
{
	if (!pclsid)
		return E_INVALIDARG;
	return parse(lpsz, pclsid) ? S_OK : CO_E_CLASSSTRING;
}

HRESULT WINAPI IIDFromString(LPCWSTR lpsz, LPIID lpiid)
{
	if (!lpiid)
		return E_INVALIDARG;
	return parse(lpsz, lpiid) ? S_OK : CO_E_IIDSTRING;
}

HRESULT WINAPI PropVariantClear(PROPVARIANT *pvar)
{
	if (!pvar)
		return S_OK;
	switch (pvar->vt) {
	case VT_EMPTY:
	case VT_NULL:
	case VT_I1:
	case VT_UI1:
	case VT_I2:
	case VT_UI2:
	case VT_I4:
	case VT_UI4:
	case VT_I8:
	case VT_UI8:
	case VT_INT:
	case VT_UINT:
	case VT_R4:
	case VT_R8:
	case VT_BOOL:
	case VT_ERROR:
	case VT_FILETIME:
		break;
	case VT_LPSTR:
		CoTaskMemFree(pvar->pszVal);
		break;
	case VT_LPWSTR:
		CoTaskMemFree(pvar->pwszVal);
		break;
	case VT_CLSID:
		CoTaskMemFree(pvar->puuid);
		break;
	case VT_BLOB:
		CoTaskMemFree(pvar->blob.pBlobData);
		break;
	case VT_VECTOR | VT_LPWSTR:
		for (ULONG i = 0; i < pvar->calpwstr.cElems; i++)
			CoTaskMemFree(pvar->calpwstr.pElems[i]);
		CoTaskMemFree(pvar->calpwstr.pElems);
		break;
	case VT_VECTOR | VT_UI1:
		CoTaskMemFree(pvar->caub.pElems);
		break;
	default:
		return STG_E_INVALIDPARAMETER;
	}
	PropVariantInit(pvar);
	return S_OK;
}
