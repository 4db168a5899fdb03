// SPDX-License-Identifier: MIT
/*
 * The filter driver of filter.c in C++.
 */
#include <initguid.h>

#include "unknown.h"

// {8D0A51F3-6C3E-4B7B-A2E5-0F94C7D31B60}
DEFINE_GUID(CLSID_Filter,
	    0x8d0a51f3, 0x6c3e, 0x4b7b, 0xa2, 0xe5, 0x0f, 0x94, 0xc7, 0xd3, 0x1b, 0x60);

class Filter : public Driver<IQueueCallbackDefaultIoHandler,
			     IRequestCallbackRequestCompletion> {
public:
	HRESULT STDMETHODCALLTYPE OnDeviceAdd(IWDFDriver *driver,
					      IWDFDeviceInitialize *init) override
	{
		IWDFDevice *device;
		IWDFIoQueue *queue;

		init->SetFilter();
		init->SetLockingConstraint(None);
		HRESULT hr = driver->CreateDevice(init, unknown(), &device);
		if (FAILED(hr))
			return hr;
		device->GetDefaultIoTarget(&target);
		target->Release();	// it lives as long as the device
		hr = device->CreateIoQueue(unknown(), TRUE, WdfIoQueueDispatchParallel,
					   FALSE, TRUE, &queue);
		if (SUCCEEDED(hr))
			queue->Release();
		device->Release();
		return hr;
	}

	void STDMETHODCALLTYPE OnDefaultIoHandler(IWDFIoQueue *,
						  IWDFIoRequest *request) override
	{
		request->FormatUsingCurrentType();
		request->SetCompletionCallback(this, nullptr);
		HRESULT hr = request->Send(target, 0, 0);
		if (FAILED(hr))
			request->Complete(hr);
	}

	void STDMETHODCALLTYPE OnCompletion(IWDFIoRequest *request, IWDFIoTarget *,
					    IWDFRequestCompletionParams *params,
					    void *) override
	{
		request->CompleteWithInformation(params->GetCompletionStatus(),
						 params->GetInformation());
	}

private:
	IWDFIoTarget *target = nullptr;
};

static Filter filter;

STDAPI DllGetClassObject(REFCLSID clsid, REFIID riid, LPVOID *result)
{
	return clsid == CLSID_Filter ? filter.QueryInterface(riid, result) :
				       CLASS_E_CLASSNOTAVAILABLE;
}

STDAPI DllCanUnloadNow()
{
	return filter.isUsed() ? S_FALSE : S_OK;
}
