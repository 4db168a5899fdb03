// SPDX-License-Identifier: MIT
/*
 * The echo driver of echo.c in C++.
 */
#include <initguid.h>

#include "unknown.h"
#include "public.h"

// {3B4E2C62-7A0D-4F5E-9C1B-8D2F60A4E711}
DEFINE_GUID(CLSID_Echo,
	    0x3b4e2c62, 0x7a0d, 0x4f5e, 0x9c, 0x1b, 0x8d, 0x2f, 0x60, 0xa4, 0xe7, 0x11);

class Lock {
public:
	explicit Lock(CRITICAL_SECTION &section) : section(section)
	{
		EnterCriticalSection(&section);
	}

	~Lock()
	{
		LeaveCriticalSection(&section);
	}

	Lock(const Lock &) = delete;
	Lock &operator=(const Lock &) = delete;

private:
	CRITICAL_SECTION &section;
};

class Echo : public Driver<IPnpCallbackSelfManagedIo, IQueueCallbackRead,
			   IQueueCallbackWrite, IQueueCallbackDeviceIoControl,
			   IRequestCallbackCancel> {
public:
	HRESULT STDMETHODCALLTYPE OnInitialize(IWDFDriver *) override
	{
		InitializeCriticalSection(&section);
		return S_OK;
	}

	void STDMETHODCALLTYPE OnDeinitialize(IWDFDriver *) override
	{
		DeleteCriticalSection(&section);
	}

	HRESULT STDMETHODCALLTYPE OnDeviceAdd(IWDFDriver *driver,
					      IWDFDeviceInitialize *init) override
	{
		IWDFDevice *device;
		IWDFIoQueue *queue;

		init->SetLockingConstraint(WdfDeviceLevel);
		HRESULT hr = driver->CreateDevice(init, unknown(), &device);
		if (FAILED(hr))
			return hr;
		hr = device->CreateIoQueue(unknown(), TRUE, WdfIoQueueDispatchSequential,
					   FALSE, FALSE, &queue);
		if (SUCCEEDED(hr))
			queue->Release();
		device->Release();
		return hr;
	}

	// The timer is set when there is a request.
	HRESULT STDMETHODCALLTYPE OnSelfManagedIoInit(IWDFDevice *) override
	{
		timer = CreateThreadpoolTimer(expire, this, nullptr);
		return timer ? S_OK : HRESULT_FROM_WIN32(GetLastError());
	}

	HRESULT STDMETHODCALLTYPE OnSelfManagedIoSuspend(IWDFDevice *) override
	{
		return S_OK;
	}

	HRESULT STDMETHODCALLTYPE OnSelfManagedIoRestart(IWDFDevice *) override
	{
		return S_OK;
	}

	HRESULT STDMETHODCALLTYPE OnSelfManagedIoStop(IWDFDevice *) override
	{
		return S_OK;
	}

	// The queues have been purged, so OnCancel has had what there was.
	void STDMETHODCALLTYPE OnSelfManagedIoFlush(IWDFDevice *) override
	{
		WaitForThreadpoolTimerCallbacks(timer, TRUE);
		CloseThreadpoolTimer(timer);
	}

	void STDMETHODCALLTYPE OnSelfManagedIoCleanup(IWDFDevice *) override
	{
	}

	void STDMETHODCALLTYPE OnRead(IWDFIoQueue *, IWDFIoRequest *request,
				      SIZE_T length) override
	{
		IWDFMemory *memory;

		if (length > used)
			length = used;
		request->GetOutputMemory(&memory);
		HRESULT hr = memory->CopyFromBuffer(0, buffer, length);
		memory->Release();
		if (SUCCEEDED(hr))
			keep(request, length);
		else
			request->Complete(hr);
	}

	void STDMETHODCALLTYPE OnWrite(IWDFIoQueue *, IWDFIoRequest *request,
				       SIZE_T length) override
	{
		IWDFMemory *memory;

		if (length > sizeof(buffer))
			length = sizeof(buffer);
		request->GetInputMemory(&memory);
		HRESULT hr = memory->CopyToBuffer(0, buffer, length);
		memory->Release();
		if (FAILED(hr)) {
			request->Complete(hr);
			return;
		}
		used = length;
		keep(request, length);
	}

	void STDMETHODCALLTYPE OnDeviceIoControl(IWDFIoQueue *, IWDFIoRequest *request,
						 ULONG code, SIZE_T in, SIZE_T) override
	{
		HRESULT hr = HRESULT_FROM_WIN32(ERROR_INVALID_FUNCTION);
		IWDFMemory *memory;

		if (code == IOCTL_ECHO_SET_DELAY && in == sizeof(delay)) {
			request->GetInputMemory(&memory);
			hr = memory->CopyToBuffer(0, &delay, in);
			memory->Release();
		}
		request->Complete(hr);
	}

	void STDMETHODCALLTYPE OnCancel(IWDFIoRequest *request) override
	{
		IWDFIoRequest *kept;
		{
			Lock lock(section);

			kept = current;
			current = nullptr;
		}
		request->CompleteWithInformation(
			HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED), 0);
		if (kept)
			kept->Release();
	}

private:
	// The lock is held across MarkCancelable, lest the timer comes before it.
	void keep(IWDFIoRequest *request, SIZE_T answer)
	{
		LARGE_INTEGER due;
		Lock lock(section);

		due.QuadPart = -10000LL * delay;	// in 100 ns, from now
		FILETIME time = { due.LowPart, (DWORD)due.HighPart };

		request->AddRef();
		current = request;
		information = answer;
		SetThreadpoolTimer(timer, &time, 0, 0);
		request->MarkCancelable(this);
	}

	// The current request, unless OnCancel has it or will: with our reference.
	IWDFIoRequest *take()
	{
		Lock lock(section);
		IWDFIoRequest *request = current;

		if (!request || request->UnmarkCancelable() != S_OK)
			return nullptr;
		current = nullptr;
		return request;
	}

	static void CALLBACK expire(PTP_CALLBACK_INSTANCE, PVOID context, PTP_TIMER)
	{
		Echo *echo = static_cast<Echo *>(context);
		IWDFIoRequest *request = echo->take();

		if (!request)
			return;
		request->CompleteWithInformation(S_OK, echo->information);
		request->Release();
	}

	CRITICAL_SECTION section;		// of the rest
	BYTE buffer[4096];
	SIZE_T used = 0;
	IWDFIoRequest *current = nullptr;	// with a reference
	SIZE_T information = 0;			// its answer
	PTP_TIMER timer = nullptr;		// ends it
	ULONG delay = 1000;
};

static Echo echo;

STDAPI DllGetClassObject(REFCLSID clsid, REFIID riid, LPVOID *result)
{
	return clsid == CLSID_Echo ? echo.QueryInterface(riid, result) :
				     CLASS_E_CLASSNOTAVAILABLE;
}

STDAPI DllCanUnloadNow()
{
	return echo.isUsed() ? S_FALSE : S_OK;
}
