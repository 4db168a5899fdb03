// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "private.h"

/* 1.11 */
#define MAJOR	1
#define MINOR	11

static struct driver *to_driver(void *driver)
{
	return driver;
}

static struct device_init *to_init(void *init)
{
	return init;
}

/* ------------------------------------------------------- IWDFDeviceInitialize */

static void init_set_filter(IWDFDeviceInitialize2 *This)
{
	to_init(This)->filter = true;
}

static void init_set_locking_constraint(IWDFDeviceInitialize2 *This,
					WDF_CALLBACK_CONSTRAINT constraint)
{
	if (constraint == None || constraint == WdfDeviceLevel)
		to_init(This)->constraint = constraint;
	else
		refuse("SetLockingConstraint", This, E_INVALIDARG);
}

static HRESULT init_retrieve_property_store(IWDFDeviceInitialize2 *This, PCWSTR service,
					    WDF_PROPERTY_STORE_RETRIEVE_FLAGS flags,
					    IWDFNamedPropertyStore **store,
					    WDF_PROPERTY_STORE_DISPOSITION *disposition)
{
	(void)This;
	(void)service;
	(void)flags;
	(void)disposition;
	if (store)
		*store = NULL;
	return HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND);
}

/* Devices are always on, and nobody else owns their power. */
static void init_set_power_policy_ownership(IWDFDeviceInitialize2 *This, BOOL owner)
{
	(void)This;
	(void)owner;
}

static void init_auto_forward(IWDFDeviceInitialize2 *This, WDF_TRI_STATE state)
{
	to_init(This)->forward_files = state;
}

static HRESULT init_retrieve_instance_id(IWDFDeviceInitialize2 *This, PWSTR buffer,
					 DWORD *length)
{
	struct driver *driver = to_init(This)->driver;

	return copy_text(driver->name ? driver->name : "", buffer, length);
}

static void init_set_pnp_capability(IWDFDeviceInitialize2 *This,
				    WDF_PNP_CAPABILITY capability, WDF_TRI_STATE value)
{
	if (capability > WdfPnpCapInvalid && capability < WdfPnpCapMaximum)
		to_init(This)->capabilities[capability] = value;
}

static WDF_TRI_STATE init_get_pnp_capability(IWDFDeviceInitialize2 *This,
					     WDF_PNP_CAPABILITY capability)
{
	return capability > WdfPnpCapInvalid && capability < WdfPnpCapMaximum ?
	       to_init(This)->capabilities[capability] : WdfUseDefault;
}

static void init_set_io_type(IWDFDeviceInitialize2 *This,
			     WDF_DEVICE_IO_BUFFER_RETRIEVAL mode,
			     WDF_DEVICE_IO_TYPE read_write, WDF_DEVICE_IO_TYPE ioctl)
{
	(void)This;
	(void)mode;
	(void)read_write;
	(void)ioctl;
}

static const IWDFDeviceInitialize2Vtbl init_vtbl = {
	UNKNOWN_SLOTS,
	.SetFilter = init_set_filter,
	.SetLockingConstraint = init_set_locking_constraint,
	.RetrieveDevicePropertyStore = init_retrieve_property_store,
	.SetPowerPolicyOwnership = init_set_power_policy_ownership,
	.AutoForwardCreateCleanupClose = init_auto_forward,
	.RetrieveDeviceInstanceId = init_retrieve_instance_id,
	.SetPnpCapability = init_set_pnp_capability,
	.GetPnpCapability = init_get_pnp_capability,
	.SetIoTypePreference = init_set_io_type,
};

static void *init_query(struct object *object, REFIID riid)
{
	return IsEqualIID(riid, &IID_IWDFPropertyStoreFactory) ?
	       &to_init(object)->store_factory : NULL;
}

static const IID *const init_iids[] = {
	&IID_IUnknown, &IID_IWDFDeviceInitialize, &IID_IWDFDeviceInitialize2, NULL
};

static const struct object_class init_class = {
	.name = "device initialization",
	.iids = init_iids,
	.query = init_query,
};

struct device_init *device_init_create(struct driver *driver)
{
	struct device_init *init = calloc(1, sizeof(*init));

	if (!init)
		return NULL;
	init->driver = driver;
	init->constraint = WdfDeviceLevel;
	store_factory_init(&init->store_factory, &init->object);
	object_init(&init->object, &init_class, &init_vtbl, NULL, NULL, NULL);
	return init;
}

/* ------------------------------------------------------------------ IWDFDriver */

static HRESULT driver_create_device(IWDFDriver *This, IWDFDeviceInitialize *wdf_init,
				    IUnknown *callback, IWDFDevice **result)
{
	struct driver *driver = to_driver(This);
	struct device_init *init = (struct device_init *)wdf_init;
	HRESULT hr;

	if (!result)
		return E_POINTER;
	*result = NULL;
	if (!init || init->driver != driver || init->used || driver->device)
		return refuse("CreateDevice", driver, HR_INVALID_OPERATION);
	init->used = true;
	hr = device_create(driver, init, callback, &driver->device);
	if (FAILED(hr))
		return refuse("CreateDevice", driver, hr);
	object_get(driver->device);
	object_get(driver->device);
	*result = (IWDFDevice *)driver->device;
	return S_OK;
}

static bool may_delete(struct object *object)
{
	(void)object;
	return true;
}

static const IID *const plain_iids[] = { &IID_IUnknown, &IID_IWDFObject, NULL };

static const struct object_class plain_class = {
	.name = "object",
	.iids = plain_iids,
	.may_delete = may_delete,
};

static const IWDFObjectVtbl plain_vtbl = { OBJECT_SLOTS };

static struct object *parent_or(IWDFObject *parent, struct driver *driver)
{
	return parent ? (struct object *)parent : &driver->object;
}

static HRESULT driver_create_object(IWDFDriver *This, IUnknown *callback,
				    IWDFObject *parent, IWDFObject **result)
{
	struct object *above = parent_or(parent, to_driver(This));
	struct object *object;

	if (!result)
		return E_POINTER;
	object = calloc(1, sizeof(*object));
	*result = (IWDFObject *)object;
	if (!object)
		return E_OUTOFMEMORY;
	object_init(object, &plain_class, &plain_vtbl, above, above->device, callback);
	object_get(object);
	return S_OK;
}

static HRESULT driver_create_preallocated_memory(IWDFDriver *This, BYTE *data,
						 SIZE_T size, IUnknown *callback,
						 IWDFObject *parent, IWDFMemory **result)
{
	struct memory *memory;

	if (!result)
		return E_POINTER;
	*result = NULL;
	if (!data || !size)
		return E_INVALIDARG;
	memory = memory_create(parent_or(parent, to_driver(This)), callback, data, size);
	if (!memory)
		return E_OUTOFMEMORY;
	memory->preallocated = true;
	object_get(memory);
	*result = (IWDFMemory *)memory;
	return S_OK;
}

static HRESULT driver_create_memory(IWDFDriver *This, SIZE_T size, IUnknown *callback,
				    IWDFObject *parent, IWDFMemory **result)
{
	struct memory *memory;

	if (!result)
		return E_POINTER;
	*result = NULL;
	if (!size)
		return E_INVALIDARG;
	memory = memory_create(parent_or(parent, to_driver(This)), callback, NULL, size);
	if (!memory)
		return E_OUTOFMEMORY;
	object_get(memory);
	*result = (IWDFMemory *)memory;
	return S_OK;
}

static BOOL driver_is_version_available(IWDFDriver *This, UMDF_VERSION_DATA *minimum)
{
	(void)This;
	return minimum && (minimum->MajorNumber < MAJOR ||
			   (minimum->MajorNumber == MAJOR &&
			    minimum->MinorNumber <= MINOR));
}

static HRESULT driver_retrieve_version(IWDFDriver *This, PWSTR version, DWORD *length)
{
	(void)This;
	return copy_text("1.11", version, length);
}

static const IWDFDriverVtbl driver_vtbl = {
	OBJECT_SLOTS,
	.CreateDevice = driver_create_device,
	.CreateWdfObject = driver_create_object,
	.CreatePreallocatedWdfMemory = driver_create_preallocated_memory,
	.CreateWdfMemory = driver_create_memory,
	.IsVersionAvailable = driver_is_version_available,
	.RetrieveVersionString = driver_retrieve_version,
};

static const IID *const driver_iids[] = {
	&IID_IUnknown, &IID_IWDFObject, &IID_IWDFDriver, NULL
};

static const struct object_class driver_class = {
	.name = "driver",
	.iids = driver_iids,
};

struct driver *driver_create(const char *name, const char *lower)
{
	struct driver *driver = calloc(1, sizeof(*driver));

	if (!driver)
		return NULL;
	driver->name = name;
	driver->lower = lower;
	object_init(&driver->object, &driver_class, &driver_vtbl, NULL, NULL, NULL);
	return driver;
}
