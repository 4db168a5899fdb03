// SPDX-License-Identifier: MIT
/* There is no registry: nothing is found in it, whomever a driver asks. */
#include "private.h"

static struct store_factory *to_factory(IWDFPropertyStoreFactory *factory)
{
	return container_of(factory, struct store_factory, vtbl);
}

static HRESULT factory_query_interface(IWDFPropertyStoreFactory *This, REFIID riid,
				       void **result)
{
	return object_query_interface(to_factory(This)->object, riid, result);
}

static ULONG factory_add_ref(IWDFPropertyStoreFactory *This)
{
	return object_add_ref(to_factory(This)->object);
}

static ULONG factory_release(IWDFPropertyStoreFactory *This)
{
	return object_release(to_factory(This)->object);
}

static HRESULT factory_retrieve_store(IWDFPropertyStoreFactory *This,
				      PWDF_PROPERTY_STORE_ROOT root,
				      WDF_PROPERTY_STORE_RETRIEVE_FLAGS flags,
				      REGSAM access, PCWSTR path,
				      IWDFNamedPropertyStore2 **store,
				      WDF_PROPERTY_STORE_DISPOSITION *disposition)
{
	(void)This;
	(void)flags;
	(void)access;
	(void)path;
	(void)disposition;
	if (!root || !store)
		return E_INVALIDARG;
	*store = NULL;
	return HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND);
}

static const IWDFPropertyStoreFactoryVtbl factory_vtbl = {
	.QueryInterface = factory_query_interface,
	.AddRef = factory_add_ref,
	.Release = factory_release,
	.RetrieveDevicePropertyStore = factory_retrieve_store,
};

void store_factory_init(struct store_factory *factory, struct object *object)
{
	factory->vtbl = &factory_vtbl;
	factory->object = object;
}
