// SPDX-License-Identifier: GPL-2.0
/*
 * The headers in C++, as a driver uses them: interfaces, __uuidof, annotations,
 * std::wstring. No harness, which is C.
 */
#include <initguid.h>
#include <windows.h>
#include <crtdbg.h>
#include <devioctl.h>
#include <driverspecs.h>
#include <cstdio>
#include <string>
#include <vector>

#define TEXT_W(s)	__TEXT(s)

DEFINE_GUID(CLSID_Test, 0x01234567, 0x89ab, 0xcdef, 0, 1, 2, 3, 4, 5, 6, 7);

MIDL_INTERFACE("7d0ac8ee-0001-4c6f-8a1e-000000000001")
ITest : public IUnknown {
public:
	STDMETHOD(Add)(THIS_ _In_ LONG value, __out LONG *sum) PURE;
	STDMETHOD_(ULONG, Count)(THIS) PURE;
};
__CRT_UUID_DECL(ITest, 0x7d0ac8ee, 1, 0x4c6f, 0x8a, 0x1e, 0, 0, 0, 0, 0, 1)

__user_driver;
__prefast_operator_new_null;

struct __declspec(uuid("7d0ac8ee-0002-4c6f-8a1e-000000000001")) __declspec(novtable) Annotated;
class DECLSPEC_UUID("7d0ac8ee-0003-4c6f-8a1e-000000000001") AlsoAnnotated;

class Test : public ITest {
	LONG m_refs = 1;
	LONG m_sum = 0;
	ULONG m_count = 0;

public:
	virtual ~Test() {}
	STDMETHODIMP QueryInterface(__in REFIID riid, __deref_out void **object) override
	{
		if (!object)
			return E_POINTER;
		*object = nullptr;
		if (riid != __uuidof(IUnknown) && !IsEqualIID(riid, __uuidof(ITest)))
			return E_NOINTERFACE;
		*object = static_cast<ITest *>(this);
		AddRef();
		return S_OK;
	}
	STDMETHODIMP_(ULONG) AddRef() override
	{
		return InterlockedIncrement(&m_refs);
	}
	STDMETHODIMP_(ULONG) Release() override
	{
		LONG refs = InterlockedDecrement(&m_refs);

		if (!refs)
			delete this;
		return refs;
	}
	STDMETHODIMP Add(LONG value, LONG *sum) override
	{
		m_sum += value;
		*sum = m_sum;
		return S_OK;
	}
	STDMETHODIMP_(ULONG) Count() override
	{
		return InterlockedIncrement(&m_count);
	}
};

/* In C, over the table of functions. */
extern "C" HRESULT call_from_c(IUnknown *unknown, const IID *iid, LONG value, LONG *sum);

static int number, failed;

static void result(const char *name, bool ok)
{
	printf("%s %d %s\n", ok ? "ok" : "not ok", ++number, name);
	failed += !ok;
}

static int switched(HRESULT hr)
{
	switch (hr) {
	case HRESULT_FROM_WIN32(ERROR_CANCELLED):
		return 1;
	case S_OK:
		return 2;
	}
	return 0;
}

template <typename T> static bool has_iid(T *pointer, REFIID iid)
{
	return __uuidof(pointer) == iid && __uuidof(*pointer) == iid && __uuidof(T) == iid;
}

__declspec(thread) static int per_thread = 1;
__declspec(align(64)) static char aligned[3];

static DWORD WINAPI look_at_thread(LPVOID)
{
	return per_thread++;
}

/* Its destructor runs before the thread's handle is signaled, by ExitThread() too. */
static HANDLE destroyed;
struct Destroyed {
	~Destroyed()
	{
		SetEvent(destroyed);
	}
};

static DWORD WINAPI exit_with_object(LPVOID)
{
	static thread_local Destroyed object;

	(void)&object;
	ExitThread(3);
}

/* In memory that a leak checker sees. */
static PROPVARIANT texts(ULONG count)
{
	PROPVARIANT value;

	PropVariantInit(&value);
	value.vt = VT_VECTOR | VT_LPWSTR;
	value.calpwstr.pElems = (LPWSTR *)CoTaskMemAlloc(count * sizeof(LPWSTR));
	while (value.calpwstr.cElems < count)
		value.calpwstr.pElems[value.calpwstr.cElems++] =
			(LPWSTR)CoTaskMemAlloc(sizeof(WCHAR));
	return value;
}

static bool is_empty(const PROPVARIANT &value)
{
	static const PROPVARIANT empty = {};

	return !memcmp(&value, &empty, sizeof(value));
}

static void test_propvariant()
{
	PROPVARIANT value = texts(2);

	result("PropVariantClear of texts", PropVariantClear(&value) == S_OK && is_empty(value));
	value.vt = VT_BLOB;
	value.blob.cbSize = 3;
	value.blob.pBlobData = (BYTE *)CoTaskMemAlloc(3);
	result("of bytes", PropVariantClear(&value) == S_OK && is_empty(value));
	value.vt = VT_UI4;
	value.ulVal = 7;
	result("of a number", PropVariantClear(&value) == S_OK && is_empty(value));
	value.vt = VT_VECTOR | VT_CLSID;
	value.ulVal = 7;
	result("of what is not carried", PropVariantClear(&value) == STG_E_INVALIDPARAMETER &&
	       value.ulVal == 7);
	result("of nothing", PropVariantClear(nullptr) == S_OK);
}

int main()
{
	ITest *test = new Test, *other = nullptr;
	IClassFactory *factory = nullptr;
	IUnknown *unknown = nullptr;
	LONG sum = 0;
	WCHAR text[8];
	DWORD code;

	puts("TAP version 13");
	result("QueryInterface with __uuidof", test->QueryInterface(&unknown) == S_OK &&
	       unknown->QueryInterface(IID_PPV_ARGS(&other)) == S_OK && other == test);
	result("E_NOINTERFACE", unknown->QueryInterface(&factory) == E_NOINTERFACE && !factory);
	result("__uuidof of types, pointers and objects",
	       has_iid(unknown, IID_IUnknown) && has_iid(factory, IID_IClassFactory) &&
	       __uuidof(test).Data1 == 0x7d0ac8ee && __uuidof(ITest) != GUID_NULL);
	result("_uuidof", _uuidof(ITest) == __uuidof(ITest));
#ifdef WINBASE_HAS_UUIDOF
	result("__declspec(uuid)", __uuidof(Annotated).Data2 == 2 &&
	       __uuidof(AlsoAnnotated).Data2 == 3 && __uuidof(AlsoAnnotated).Data4[7] == 1);
#endif
	result("C calls it", call_from_c(unknown, &__uuidof(ITest), 5, &sum) == S_OK && sum == 5);
	result("a method", test->Add(2, &sum) == S_OK && sum == 7 && test->Count() == 1);
	other->Release();
	result("counts", test->AddRef() == 3 && test->Release() == 2);
	unknown->Release();
	result("the last", !test->Release());
	result("DEFINE_GUID", CLSID_Test.Data1 == 0x01234567 && CLSID_Test.Data4[7] == 7);
	result("HRESULT_FROM_WIN32 as a label", switched(0x800704c7) == 1 && switched(0) == 2);
	result("min, max, _countof", min(1, 2) == 1 && max(2u, 3u) == 3 && _countof(text) == 8);
	result("wcscpy_s of an array", !wcscpy_s(text, TEXT_W("abc")) && wcscpy_s(text, TEXT_W("abcdefgh")));
	std::basic_string<WCHAR> string(TEXT_W("abc"));
	string += TEXT_W("defgh");
	result("strings", string.size() == 8 && string.find(TEXT_W('h')) == 7 &&
	       string == TEXT_W("abcdefgh"));
#if __SIZEOF_WCHAR_T__ == 2
	/* not a literal: those the compiler looks through */
	const wchar_t *searched = string.c_str();
	result("std::wstring", std::wstring(L"12345").length() == 5 && std::stoi(std::wstring(L"12")) == 12 &&
	       std::wcslen(L"abc") == 3 && std::wcschr(searched, L'c') == searched + 2 &&
	       std::to_wstring(17) == L"17" && std::to_string(1.5).substr(0, 3) == "1.5");
	result("swprintf with and without room", swprintf(text, L"%s%i", L"DEV", 7) == 4 &&
	       !wcscmp(text, L"DEV7") && swprintf(text, 3, L"%s", L"DEV") == -1);
#endif
	test_propvariant();
	HANDLE thread = CreateThread(nullptr, 0, look_at_thread, nullptr, 0, nullptr);
	per_thread = 5;
	WaitForSingleObject(thread, INFINITE);
	GetExitCodeThread(thread, &code);
	result("__declspec(thread)", code == 1 && per_thread == 5);
	CloseHandle(thread);
	result("__declspec(align)", !((uintptr_t)aligned % 64));

	destroyed = CreateEvent(nullptr, TRUE, FALSE, nullptr);
	thread = CreateThread(nullptr, 0, exit_with_object, nullptr, 0, nullptr);
	WaitForSingleObject(thread, INFINITE);
	GetExitCodeThread(thread, &code);
	result("ExitThread and destructors", code == 3 && !WaitForSingleObject(destroyed, 0));
	CloseHandle(thread);
	CloseHandle(destroyed);
	printf("1..%d\n", number);
	return failed != 0;
}
