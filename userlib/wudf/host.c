// SPDX-License-Identifier: MIT
/*
 * The life of a driver and its device, in the order in which Windows calls it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

static HRESULT failed(char *why, HRESULT hr, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static HRESULT failed(char *why, HRESULT hr, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, 256, format, args);
	va_end(args);
	return hr;
}

static HRESULT add_device(struct host *host, char *why)
{
	struct device_init *init = device_init_create(host->driver);
	IDriverEntry *entry = host->entry;
	HRESULT hr;

	if (!init)
		return failed(why, E_OUTOFMEMORY, "no memory");
	hr = entry->lpVtbl->OnDeviceAdd(entry, (IWDFDriver *)host->driver,
					(IWDFDeviceInitialize *)init);
	/* (the driver has no business with it any more) */
	object_delete(&init->object);
	if (FAILED(hr))
		return failed(why, hr, "OnDeviceAdd failed with %#x", (unsigned int)hr);
	if (!host->driver->device)
		return failed(why, E_FAIL, "OnDeviceAdd created no device");
	return S_OK;
}

static HRESULT name_device(struct device *device, const char *name, char *why)
{
	char text[200];
	int ret = name ? iotarget_device_name(device->fd, name, 0666) : 0;

	if (ret >= 0)
		return S_OK;
	return failed(why, hresult_from_status(ret), "cannot name the device %s: %s",
		      name, iotarget_explain(ret, NULL, text, sizeof(text)));
}

static void end(struct host *host)
{
	struct device *device = host->driver->device;
	IDriverEntry *entry = host->entry;

	if (device) {
		host->driver->device = NULL;
		device_stop(device);
		object_put(device);
	}
	if (host->initialized)
		entry->lpVtbl->OnDeinitialize(entry, (IWDFDriver *)host->driver);
	object_delete(&host->driver->object);
	entry->lpVtbl->Release(entry);
}

HRESULT host_start(struct host *host, IDriverEntry *entry, const char *name,
		   const char *lower, char *why)
{
	struct iotarget_info info = { .size = sizeof(info) };
	int ret = iotarget_info(&info);
	HRESULT hr;

	*host = (struct host){ .entry = entry };
	if (ret < 0) {
		iotarget_explain(ret, NULL, why, 256);
		return hresult_from_status(ret);
	}
	host->driver = driver_create(name, lower);
	if (!host->driver)
		return failed(why, E_OUTOFMEMORY, "no memory");
	entry->lpVtbl->AddRef(entry);
	hr = entry->lpVtbl->OnInitialize(entry, (IWDFDriver *)host->driver);
	if (FAILED(hr))
		failed(why, hr, "OnInitialize failed with %#x", (unsigned int)hr);
	host->initialized = SUCCEEDED(hr);
	if (SUCCEEDED(hr))
		hr = add_device(host, why);
	if (SUCCEEDED(hr)) {
		hr = device_start(host->driver->device);
		if (FAILED(hr))
			failed(why, hr, "the device did not start: %#x", (unsigned int)hr);
	}
	if (SUCCEEDED(hr))
		hr = name_device(host->driver->device, name, why);
	if (FAILED(hr))
		end(host);
	return hr;
}

bool host_stop(struct host *host)
{
	if (!device_query_remove(host->driver->device))
		return false;
	end(host);
	return true;
}
