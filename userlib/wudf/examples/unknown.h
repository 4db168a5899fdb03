/* SPDX-License-Identifier: MIT */
/*
 * What each of the two drivers in C++ has: one object that is class factory, driver,
 * device and queue, and lives as long as the DLL.
 */
#ifndef EXAMPLE_UNKNOWN_H
#define EXAMPLE_UNKNOWN_H

#include <windows.h>
#include <wudfddi.h>

/* The end of a list of bases: none of these is the interface that is asked for. */
template <typename... Interfaces> struct Finder;

template <> struct Finder<> {
	template <typename T> static void *find(T *, REFIID)
	{
		return nullptr;
	}
};

template <typename First, typename... Rest> struct Finder<First, Rest...> {
	template <typename T> static void *find(T *object, REFIID riid)
	{
		if (riid == __uuidof(First))
			return static_cast<First *>(object);
		return Finder<Rest...>::find(object, riid);
	}
};

template <typename... Interfaces>
class Driver : public IClassFactory, public IDriverEntry, public Interfaces... {
public:
	HRESULT STDMETHODCALLTYPE QueryInterface(REFIID riid, void **result) override
	{
		if (riid == __uuidof(IUnknown))
			*result = static_cast<IClassFactory *>(this);
		else
			*result = Finder<IClassFactory, IDriverEntry,
					 Interfaces...>::find(this, riid);
		if (!*result)
			return E_NOINTERFACE;
		AddRef();
		return S_OK;
	}

	ULONG STDMETHODCALLTYPE AddRef() override
	{
		return InterlockedIncrement(&references);
	}

	ULONG STDMETHODCALLTYPE Release() override
	{
		return InterlockedDecrement(&references);
	}

	HRESULT STDMETHODCALLTYPE CreateInstance(IUnknown *outer, REFIID riid,
						 void **result) override
	{
		return outer ? CLASS_E_NOAGGREGATION : QueryInterface(riid, result);
	}

	HRESULT STDMETHODCALLTYPE LockServer(BOOL lock) override
	{
		if (lock)
			AddRef();
		else
			Release();
		return S_OK;
	}

	HRESULT STDMETHODCALLTYPE OnInitialize(IWDFDriver *) override
	{
		return S_OK;
	}

	void STDMETHODCALLTYPE OnDeinitialize(IWDFDriver *) override
	{
	}

	IUnknown *unknown()
	{
		return static_cast<IClassFactory *>(this);
	}

	bool isUsed() const
	{
		return references != 0;
	}

private:
	volatile LONG references = 0;
};

#endif
