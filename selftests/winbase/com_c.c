// SPDX-License-Identifier: GPL-2.0
/* The C side of com_test: the same object, over the table of its functions. */
#define COBJMACROS
#include <windows.h>

typedef struct ITest {
	const struct ITestVtbl *lpVtbl;
} ITest;

struct ITestVtbl {
	HRESULT (*QueryInterface)(ITest *This, REFIID riid, void **object);
	ULONG (*AddRef)(ITest *This);
	ULONG (*Release)(ITest *This);
	HRESULT (*Add)(ITest *This, LONG value, LONG *sum);
	ULONG (*Count)(ITest *This);
};

HRESULT call_from_c(IUnknown *unknown, const IID *iid, LONG value, LONG *sum);

HRESULT call_from_c(IUnknown *unknown, const IID *iid, LONG value, LONG *sum)
{
	ITest *test;
	HRESULT hr = IUnknown_QueryInterface(unknown, iid, (void **)&test);

	if (FAILED(hr))
		return hr;
	hr = test->lpVtbl->Add(test, value, sum);
	test->lpVtbl->Release(test);
	return hr;
}
