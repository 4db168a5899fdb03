/* SPDX-License-Identifier: MIT */
/*
 * wudfddi_c.h: IName_Method(This, ...) for C, as MIDL writes them under COBJMACROS.
 * Included by wudfddi.h. This is evaluated twice.
 */
#ifndef _WUDFDDI_C_H_
#define _WUDFDDI_C_H_

#define WUDF_CALL(This, name, ...)	((This)->lpVtbl->name(This, __VA_ARGS__))
#define WUDF_CALL0(This, name)		((This)->lpVtbl->name(This))

/* unknwn.h has these only where COBJMACROS was defined before it. */
#ifndef IUnknown_Release
#define IUnknown_QueryInterface(This, ...)	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IUnknown_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IUnknown_Release(This)	WUDF_CALL0(This, Release)
#endif

#define IWDFObject_QueryInterface(This, ...)	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFObject_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFObject_Release(This)	WUDF_CALL0(This, Release)
#define IWDFObject_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFObject_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFObject_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFObject_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFObject_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)

#define IWDFDriver_QueryInterface(This, ...)	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFDriver_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFDriver_Release(This)	WUDF_CALL0(This, Release)
#define IWDFDriver_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFDriver_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFDriver_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFDriver_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFDriver_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFDriver_CreateDevice(This, ...)	WUDF_CALL(This, CreateDevice, __VA_ARGS__)
#define IWDFDriver_CreateWdfObject(This, ...) \
	WUDF_CALL(This, CreateWdfObject, __VA_ARGS__)
#define IWDFDriver_CreatePreallocatedWdfMemory(This, ...) \
	WUDF_CALL(This, CreatePreallocatedWdfMemory, __VA_ARGS__)
#define IWDFDriver_CreateWdfMemory(This, ...) \
	WUDF_CALL(This, CreateWdfMemory, __VA_ARGS__)
#define IWDFDriver_IsVersionAvailable(This, ...) \
	WUDF_CALL(This, IsVersionAvailable, __VA_ARGS__)
#define IWDFDriver_RetrieveVersionString(This, ...) \
	WUDF_CALL(This, RetrieveVersionString, __VA_ARGS__)

#define IWDFDeviceInitialize_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFDeviceInitialize_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFDeviceInitialize_Release(This)	WUDF_CALL0(This, Release)
#define IWDFDeviceInitialize_SetFilter(This)	WUDF_CALL0(This, SetFilter)
#define IWDFDeviceInitialize_SetLockingConstraint(This, ...) \
	WUDF_CALL(This, SetLockingConstraint, __VA_ARGS__)
#define IWDFDeviceInitialize_RetrieveDevicePropertyStore(This, ...) \
	WUDF_CALL(This, RetrieveDevicePropertyStore, __VA_ARGS__)
#define IWDFDeviceInitialize_SetPowerPolicyOwnership(This, ...) \
	WUDF_CALL(This, SetPowerPolicyOwnership, __VA_ARGS__)
#define IWDFDeviceInitialize_AutoForwardCreateCleanupClose(This, ...) \
	WUDF_CALL(This, AutoForwardCreateCleanupClose, __VA_ARGS__)
#define IWDFDeviceInitialize_RetrieveDeviceInstanceId(This, ...) \
	WUDF_CALL(This, RetrieveDeviceInstanceId, __VA_ARGS__)
#define IWDFDeviceInitialize_SetPnpCapability(This, ...) \
	WUDF_CALL(This, SetPnpCapability, __VA_ARGS__)
#define IWDFDeviceInitialize_GetPnpCapability(This, ...) \
	WUDF_CALL(This, GetPnpCapability, __VA_ARGS__)

#define IWDFDeviceInitialize2_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFDeviceInitialize2_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFDeviceInitialize2_Release(This)	WUDF_CALL0(This, Release)
#define IWDFDeviceInitialize2_SetFilter(This)	WUDF_CALL0(This, SetFilter)
#define IWDFDeviceInitialize2_SetLockingConstraint(This, ...) \
	WUDF_CALL(This, SetLockingConstraint, __VA_ARGS__)
#define IWDFDeviceInitialize2_RetrieveDevicePropertyStore(This, ...) \
	WUDF_CALL(This, RetrieveDevicePropertyStore, __VA_ARGS__)
#define IWDFDeviceInitialize2_SetPowerPolicyOwnership(This, ...) \
	WUDF_CALL(This, SetPowerPolicyOwnership, __VA_ARGS__)
#define IWDFDeviceInitialize2_AutoForwardCreateCleanupClose(This, ...) \
	WUDF_CALL(This, AutoForwardCreateCleanupClose, __VA_ARGS__)
#define IWDFDeviceInitialize2_RetrieveDeviceInstanceId(This, ...) \
	WUDF_CALL(This, RetrieveDeviceInstanceId, __VA_ARGS__)
#define IWDFDeviceInitialize2_SetPnpCapability(This, ...) \
	WUDF_CALL(This, SetPnpCapability, __VA_ARGS__)
#define IWDFDeviceInitialize2_GetPnpCapability(This, ...) \
	WUDF_CALL(This, GetPnpCapability, __VA_ARGS__)
#define IWDFDeviceInitialize2_SetIoTypePreference(This, ...) \
	WUDF_CALL(This, SetIoTypePreference, __VA_ARGS__)

#define IWDFDevice_QueryInterface(This, ...)	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFDevice_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFDevice_Release(This)	WUDF_CALL0(This, Release)
#define IWDFDevice_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFDevice_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFDevice_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFDevice_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFDevice_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFDevice_RetrieveDevicePropertyStore(This, ...) \
	WUDF_CALL(This, RetrieveDevicePropertyStore, __VA_ARGS__)
#define IWDFDevice_GetDriver(This, ...)	WUDF_CALL(This, GetDriver, __VA_ARGS__)
#define IWDFDevice_RetrieveDeviceInstanceId(This, ...) \
	WUDF_CALL(This, RetrieveDeviceInstanceId, __VA_ARGS__)
#define IWDFDevice_GetDefaultIoTarget(This, ...) \
	WUDF_CALL(This, GetDefaultIoTarget, __VA_ARGS__)
#define IWDFDevice_CreateWdfFile(This, ...)	WUDF_CALL(This, CreateWdfFile, __VA_ARGS__)
#define IWDFDevice_GetDefaultIoQueue(This, ...) \
	WUDF_CALL(This, GetDefaultIoQueue, __VA_ARGS__)
#define IWDFDevice_CreateIoQueue(This, ...)	WUDF_CALL(This, CreateIoQueue, __VA_ARGS__)
#define IWDFDevice_CreateDeviceInterface(This, ...) \
	WUDF_CALL(This, CreateDeviceInterface, __VA_ARGS__)
#define IWDFDevice_AssignDeviceInterfaceState(This, ...) \
	WUDF_CALL(This, AssignDeviceInterfaceState, __VA_ARGS__)
#define IWDFDevice_RetrieveDeviceName(This, ...) \
	WUDF_CALL(This, RetrieveDeviceName, __VA_ARGS__)
#define IWDFDevice_PostEvent(This, ...)	WUDF_CALL(This, PostEvent, __VA_ARGS__)
#define IWDFDevice_ConfigureRequestDispatching(This, ...) \
	WUDF_CALL(This, ConfigureRequestDispatching, __VA_ARGS__)
#define IWDFDevice_SetPnpState(This, ...)	WUDF_CALL(This, SetPnpState, __VA_ARGS__)
#define IWDFDevice_GetPnpState(This, ...)	WUDF_CALL(This, GetPnpState, __VA_ARGS__)
#define IWDFDevice_CommitPnpState(This)	WUDF_CALL0(This, CommitPnpState)
#define IWDFDevice_CreateRequest(This, ...)	WUDF_CALL(This, CreateRequest, __VA_ARGS__)
#define IWDFDevice_CreateSymbolicLink(This, ...) \
	WUDF_CALL(This, CreateSymbolicLink, __VA_ARGS__)

#define IWDFDevice2_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFDevice2_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFDevice2_Release(This)	WUDF_CALL0(This, Release)
#define IWDFDevice2_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFDevice2_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFDevice2_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFDevice2_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFDevice2_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFDevice2_RetrieveDevicePropertyStore(This, ...) \
	WUDF_CALL(This, RetrieveDevicePropertyStore, __VA_ARGS__)
#define IWDFDevice2_GetDriver(This, ...)	WUDF_CALL(This, GetDriver, __VA_ARGS__)
#define IWDFDevice2_RetrieveDeviceInstanceId(This, ...) \
	WUDF_CALL(This, RetrieveDeviceInstanceId, __VA_ARGS__)
#define IWDFDevice2_GetDefaultIoTarget(This, ...) \
	WUDF_CALL(This, GetDefaultIoTarget, __VA_ARGS__)
#define IWDFDevice2_CreateWdfFile(This, ...)	WUDF_CALL(This, CreateWdfFile, __VA_ARGS__)
#define IWDFDevice2_GetDefaultIoQueue(This, ...) \
	WUDF_CALL(This, GetDefaultIoQueue, __VA_ARGS__)
#define IWDFDevice2_CreateIoQueue(This, ...)	WUDF_CALL(This, CreateIoQueue, __VA_ARGS__)
#define IWDFDevice2_CreateDeviceInterface(This, ...) \
	WUDF_CALL(This, CreateDeviceInterface, __VA_ARGS__)
#define IWDFDevice2_AssignDeviceInterfaceState(This, ...) \
	WUDF_CALL(This, AssignDeviceInterfaceState, __VA_ARGS__)
#define IWDFDevice2_RetrieveDeviceName(This, ...) \
	WUDF_CALL(This, RetrieveDeviceName, __VA_ARGS__)
#define IWDFDevice2_PostEvent(This, ...)	WUDF_CALL(This, PostEvent, __VA_ARGS__)
#define IWDFDevice2_ConfigureRequestDispatching(This, ...) \
	WUDF_CALL(This, ConfigureRequestDispatching, __VA_ARGS__)
#define IWDFDevice2_SetPnpState(This, ...)	WUDF_CALL(This, SetPnpState, __VA_ARGS__)
#define IWDFDevice2_GetPnpState(This, ...)	WUDF_CALL(This, GetPnpState, __VA_ARGS__)
#define IWDFDevice2_CommitPnpState(This)	WUDF_CALL0(This, CommitPnpState)
#define IWDFDevice2_CreateRequest(This, ...)	WUDF_CALL(This, CreateRequest, __VA_ARGS__)
#define IWDFDevice2_CreateSymbolicLink(This, ...) \
	WUDF_CALL(This, CreateSymbolicLink, __VA_ARGS__)
#define IWDFDevice2_AssignS0IdleSettings(This, ...) \
	WUDF_CALL(This, AssignS0IdleSettings, __VA_ARGS__)
#define IWDFDevice2_StopIdle(This, ...)	WUDF_CALL(This, StopIdle, __VA_ARGS__)
#define IWDFDevice2_ResumeIdle(This)	WUDF_CALL0(This, ResumeIdle)
#define IWDFDevice2_CreateSymbolicLinkWithReferenceString(This, ...) \
	WUDF_CALL(This, CreateSymbolicLinkWithReferenceString, __VA_ARGS__)
#define IWDFDevice2_RegisterRemoteInterfaceNotification(This, ...) \
	WUDF_CALL(This, RegisterRemoteInterfaceNotification, __VA_ARGS__)
#define IWDFDevice2_CreateRemoteInterface(This, ...) \
	WUDF_CALL(This, CreateRemoteInterface, __VA_ARGS__)
#define IWDFDevice2_CreateRemoteTarget(This, ...) \
	WUDF_CALL(This, CreateRemoteTarget, __VA_ARGS__)
#define IWDFDevice2_GetDeviceStackIoTypePreference(This, ...) \
	WUDF_CALL(This, GetDeviceStackIoTypePreference, __VA_ARGS__)
#define IWDFDevice2_AssignSxWakeSettings(This, ...) \
	WUDF_CALL(This, AssignSxWakeSettings, __VA_ARGS__)
#define IWDFDevice2_GetSystemPowerAction(This)	WUDF_CALL0(This, GetSystemPowerAction)

#define IWDFDevice3_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFDevice3_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFDevice3_Release(This)	WUDF_CALL0(This, Release)
#define IWDFDevice3_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFDevice3_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFDevice3_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFDevice3_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFDevice3_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFDevice3_RetrieveDevicePropertyStore(This, ...) \
	WUDF_CALL(This, RetrieveDevicePropertyStore, __VA_ARGS__)
#define IWDFDevice3_GetDriver(This, ...)	WUDF_CALL(This, GetDriver, __VA_ARGS__)
#define IWDFDevice3_RetrieveDeviceInstanceId(This, ...) \
	WUDF_CALL(This, RetrieveDeviceInstanceId, __VA_ARGS__)
#define IWDFDevice3_GetDefaultIoTarget(This, ...) \
	WUDF_CALL(This, GetDefaultIoTarget, __VA_ARGS__)
#define IWDFDevice3_CreateWdfFile(This, ...)	WUDF_CALL(This, CreateWdfFile, __VA_ARGS__)
#define IWDFDevice3_GetDefaultIoQueue(This, ...) \
	WUDF_CALL(This, GetDefaultIoQueue, __VA_ARGS__)
#define IWDFDevice3_CreateIoQueue(This, ...)	WUDF_CALL(This, CreateIoQueue, __VA_ARGS__)
#define IWDFDevice3_CreateDeviceInterface(This, ...) \
	WUDF_CALL(This, CreateDeviceInterface, __VA_ARGS__)
#define IWDFDevice3_AssignDeviceInterfaceState(This, ...) \
	WUDF_CALL(This, AssignDeviceInterfaceState, __VA_ARGS__)
#define IWDFDevice3_RetrieveDeviceName(This, ...) \
	WUDF_CALL(This, RetrieveDeviceName, __VA_ARGS__)
#define IWDFDevice3_PostEvent(This, ...)	WUDF_CALL(This, PostEvent, __VA_ARGS__)
#define IWDFDevice3_ConfigureRequestDispatching(This, ...) \
	WUDF_CALL(This, ConfigureRequestDispatching, __VA_ARGS__)
#define IWDFDevice3_SetPnpState(This, ...)	WUDF_CALL(This, SetPnpState, __VA_ARGS__)
#define IWDFDevice3_GetPnpState(This, ...)	WUDF_CALL(This, GetPnpState, __VA_ARGS__)
#define IWDFDevice3_CommitPnpState(This)	WUDF_CALL0(This, CommitPnpState)
#define IWDFDevice3_CreateRequest(This, ...)	WUDF_CALL(This, CreateRequest, __VA_ARGS__)
#define IWDFDevice3_CreateSymbolicLink(This, ...) \
	WUDF_CALL(This, CreateSymbolicLink, __VA_ARGS__)
#define IWDFDevice3_AssignS0IdleSettings(This, ...) \
	WUDF_CALL(This, AssignS0IdleSettings, __VA_ARGS__)
#define IWDFDevice3_StopIdle(This, ...)	WUDF_CALL(This, StopIdle, __VA_ARGS__)
#define IWDFDevice3_ResumeIdle(This)	WUDF_CALL0(This, ResumeIdle)
#define IWDFDevice3_CreateSymbolicLinkWithReferenceString(This, ...) \
	WUDF_CALL(This, CreateSymbolicLinkWithReferenceString, __VA_ARGS__)
#define IWDFDevice3_RegisterRemoteInterfaceNotification(This, ...) \
	WUDF_CALL(This, RegisterRemoteInterfaceNotification, __VA_ARGS__)
#define IWDFDevice3_CreateRemoteInterface(This, ...) \
	WUDF_CALL(This, CreateRemoteInterface, __VA_ARGS__)
#define IWDFDevice3_CreateRemoteTarget(This, ...) \
	WUDF_CALL(This, CreateRemoteTarget, __VA_ARGS__)
#define IWDFDevice3_GetDeviceStackIoTypePreference(This, ...) \
	WUDF_CALL(This, GetDeviceStackIoTypePreference, __VA_ARGS__)
#define IWDFDevice3_AssignSxWakeSettings(This, ...) \
	WUDF_CALL(This, AssignSxWakeSettings, __VA_ARGS__)
#define IWDFDevice3_GetSystemPowerAction(This)	WUDF_CALL0(This, GetSystemPowerAction)
#define IWDFDevice3_MapIoSpace(This, ...)	WUDF_CALL(This, MapIoSpace, __VA_ARGS__)
#define IWDFDevice3_UnmapIoSpace(This, ...)	WUDF_CALL(This, UnmapIoSpace, __VA_ARGS__)
#define IWDFDevice3_GetHardwareRegisterMappedAddress(This, ...) \
	WUDF_CALL(This, GetHardwareRegisterMappedAddress, __VA_ARGS__)
#define IWDFDevice3_ReadFromHardware(This, ...) \
	WUDF_CALL(This, ReadFromHardware, __VA_ARGS__)
#define IWDFDevice3_WriteToHardware(This, ...) \
	WUDF_CALL(This, WriteToHardware, __VA_ARGS__)
#define IWDFDevice3_CreateInterrupt(This, ...) \
	WUDF_CALL(This, CreateInterrupt, __VA_ARGS__)
#define IWDFDevice3_CreateWorkItem(This, ...) \
	WUDF_CALL(This, CreateWorkItem, __VA_ARGS__)
#define IWDFDevice3_AssignS0IdleSettingsEx(This, ...) \
	WUDF_CALL(This, AssignS0IdleSettingsEx, __VA_ARGS__)

#define IWDFNamedPropertyStore_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFNamedPropertyStore_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFNamedPropertyStore_Release(This)	WUDF_CALL0(This, Release)
#define IWDFNamedPropertyStore_GetNamedValue(This, ...) \
	WUDF_CALL(This, GetNamedValue, __VA_ARGS__)
#define IWDFNamedPropertyStore_SetNamedValue(This, ...) \
	WUDF_CALL(This, SetNamedValue, __VA_ARGS__)
#define IWDFNamedPropertyStore_GetNameCount(This, ...) \
	WUDF_CALL(This, GetNameCount, __VA_ARGS__)
#define IWDFNamedPropertyStore_GetNameAt(This, ...) \
	WUDF_CALL(This, GetNameAt, __VA_ARGS__)

#define IWDFNamedPropertyStore2_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFNamedPropertyStore2_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFNamedPropertyStore2_Release(This)	WUDF_CALL0(This, Release)
#define IWDFNamedPropertyStore2_GetNamedValue(This, ...) \
	WUDF_CALL(This, GetNamedValue, __VA_ARGS__)
#define IWDFNamedPropertyStore2_SetNamedValue(This, ...) \
	WUDF_CALL(This, SetNamedValue, __VA_ARGS__)
#define IWDFNamedPropertyStore2_GetNameCount(This, ...) \
	WUDF_CALL(This, GetNameCount, __VA_ARGS__)
#define IWDFNamedPropertyStore2_GetNameAt(This, ...) \
	WUDF_CALL(This, GetNameAt, __VA_ARGS__)
#define IWDFNamedPropertyStore2_DeleteNamedValue(This, ...) \
	WUDF_CALL(This, DeleteNamedValue, __VA_ARGS__)

#define IWDFPropertyStoreFactory_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFPropertyStoreFactory_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFPropertyStoreFactory_Release(This)	WUDF_CALL0(This, Release)
#define IWDFPropertyStoreFactory_RetrieveDevicePropertyStore(This, ...) \
	WUDF_CALL(This, RetrieveDevicePropertyStore, __VA_ARGS__)

#define IWDFIoQueue_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFIoQueue_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFIoQueue_Release(This)	WUDF_CALL0(This, Release)
#define IWDFIoQueue_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFIoQueue_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFIoQueue_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFIoQueue_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFIoQueue_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFIoQueue_GetDevice(This, ...)	WUDF_CALL(This, GetDevice, __VA_ARGS__)
#define IWDFIoQueue_ConfigureRequestDispatching(This, ...) \
	WUDF_CALL(This, ConfigureRequestDispatching, __VA_ARGS__)
#define IWDFIoQueue_GetState(This, ...)	WUDF_CALL(This, GetState, __VA_ARGS__)
#define IWDFIoQueue_RetrieveNextRequest(This, ...) \
	WUDF_CALL(This, RetrieveNextRequest, __VA_ARGS__)
#define IWDFIoQueue_RetrieveNextRequestByFileObject(This, ...) \
	WUDF_CALL(This, RetrieveNextRequestByFileObject, __VA_ARGS__)
#define IWDFIoQueue_Start(This)	WUDF_CALL0(This, Start)
#define IWDFIoQueue_Stop(This, ...)	WUDF_CALL(This, Stop, __VA_ARGS__)
#define IWDFIoQueue_StopSynchronously(This)	WUDF_CALL0(This, StopSynchronously)
#define IWDFIoQueue_Drain(This, ...)	WUDF_CALL(This, Drain, __VA_ARGS__)
#define IWDFIoQueue_DrainSynchronously(This)	WUDF_CALL0(This, DrainSynchronously)
#define IWDFIoQueue_Purge(This, ...)	WUDF_CALL(This, Purge, __VA_ARGS__)
#define IWDFIoQueue_PurgeSynchronously(This)	WUDF_CALL0(This, PurgeSynchronously)

#define IWDFIoRequest_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFIoRequest_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFIoRequest_Release(This)	WUDF_CALL0(This, Release)
#define IWDFIoRequest_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFIoRequest_AssignContext(This, ...) \
	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFIoRequest_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFIoRequest_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFIoRequest_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFIoRequest_CompleteWithInformation(This, ...) \
	WUDF_CALL(This, CompleteWithInformation, __VA_ARGS__)
#define IWDFIoRequest_SetInformation(This, ...) \
	WUDF_CALL(This, SetInformation, __VA_ARGS__)
#define IWDFIoRequest_Complete(This, ...)	WUDF_CALL(This, Complete, __VA_ARGS__)
#define IWDFIoRequest_SetCompletionCallback(This, ...) \
	WUDF_CALL(This, SetCompletionCallback, __VA_ARGS__)
#define IWDFIoRequest_GetType(This)	WUDF_CALL0(This, GetType)
#define IWDFIoRequest_GetCreateParameters(This, ...) \
	WUDF_CALL(This, GetCreateParameters, __VA_ARGS__)
#define IWDFIoRequest_GetReadParameters(This, ...) \
	WUDF_CALL(This, GetReadParameters, __VA_ARGS__)
#define IWDFIoRequest_GetWriteParameters(This, ...) \
	WUDF_CALL(This, GetWriteParameters, __VA_ARGS__)
#define IWDFIoRequest_GetDeviceIoControlParameters(This, ...) \
	WUDF_CALL(This, GetDeviceIoControlParameters, __VA_ARGS__)
#define IWDFIoRequest_GetOutputMemory(This, ...) \
	WUDF_CALL(This, GetOutputMemory, __VA_ARGS__)
#define IWDFIoRequest_GetInputMemory(This, ...) \
	WUDF_CALL(This, GetInputMemory, __VA_ARGS__)
#define IWDFIoRequest_MarkCancelable(This, ...) \
	WUDF_CALL(This, MarkCancelable, __VA_ARGS__)
#define IWDFIoRequest_UnmarkCancelable(This)	WUDF_CALL0(This, UnmarkCancelable)
#define IWDFIoRequest_CancelSentRequest(This)	WUDF_CALL0(This, CancelSentRequest)
#define IWDFIoRequest_ForwardToIoQueue(This, ...) \
	WUDF_CALL(This, ForwardToIoQueue, __VA_ARGS__)
#define IWDFIoRequest_Send(This, ...)	WUDF_CALL(This, Send, __VA_ARGS__)
#define IWDFIoRequest_GetFileObject(This, ...) \
	WUDF_CALL(This, GetFileObject, __VA_ARGS__)
#define IWDFIoRequest_FormatUsingCurrentType(This) \
	WUDF_CALL0(This, FormatUsingCurrentType)
#define IWDFIoRequest_GetRequestorProcessId(This)	WUDF_CALL0(This, GetRequestorProcessId)
#define IWDFIoRequest_GetIoQueue(This, ...)	WUDF_CALL(This, GetIoQueue, __VA_ARGS__)
#define IWDFIoRequest_Impersonate(This, ...)	WUDF_CALL(This, Impersonate, __VA_ARGS__)
#define IWDFIoRequest_IsFrom32BitProcess(This)	WUDF_CALL0(This, IsFrom32BitProcess)
#define IWDFIoRequest_GetCompletionParams(This, ...) \
	WUDF_CALL(This, GetCompletionParams, __VA_ARGS__)

#define IWDFIoRequest2_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFIoRequest2_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFIoRequest2_Release(This)	WUDF_CALL0(This, Release)
#define IWDFIoRequest2_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFIoRequest2_AssignContext(This, ...) \
	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFIoRequest2_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFIoRequest2_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFIoRequest2_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFIoRequest2_CompleteWithInformation(This, ...) \
	WUDF_CALL(This, CompleteWithInformation, __VA_ARGS__)
#define IWDFIoRequest2_SetInformation(This, ...) \
	WUDF_CALL(This, SetInformation, __VA_ARGS__)
#define IWDFIoRequest2_Complete(This, ...)	WUDF_CALL(This, Complete, __VA_ARGS__)
#define IWDFIoRequest2_SetCompletionCallback(This, ...) \
	WUDF_CALL(This, SetCompletionCallback, __VA_ARGS__)
#define IWDFIoRequest2_GetType(This)	WUDF_CALL0(This, GetType)
#define IWDFIoRequest2_GetCreateParameters(This, ...) \
	WUDF_CALL(This, GetCreateParameters, __VA_ARGS__)
#define IWDFIoRequest2_GetReadParameters(This, ...) \
	WUDF_CALL(This, GetReadParameters, __VA_ARGS__)
#define IWDFIoRequest2_GetWriteParameters(This, ...) \
	WUDF_CALL(This, GetWriteParameters, __VA_ARGS__)
#define IWDFIoRequest2_GetDeviceIoControlParameters(This, ...) \
	WUDF_CALL(This, GetDeviceIoControlParameters, __VA_ARGS__)
#define IWDFIoRequest2_GetOutputMemory(This, ...) \
	WUDF_CALL(This, GetOutputMemory, __VA_ARGS__)
#define IWDFIoRequest2_GetInputMemory(This, ...) \
	WUDF_CALL(This, GetInputMemory, __VA_ARGS__)
#define IWDFIoRequest2_MarkCancelable(This, ...) \
	WUDF_CALL(This, MarkCancelable, __VA_ARGS__)
#define IWDFIoRequest2_UnmarkCancelable(This)	WUDF_CALL0(This, UnmarkCancelable)
#define IWDFIoRequest2_CancelSentRequest(This)	WUDF_CALL0(This, CancelSentRequest)
#define IWDFIoRequest2_ForwardToIoQueue(This, ...) \
	WUDF_CALL(This, ForwardToIoQueue, __VA_ARGS__)
#define IWDFIoRequest2_Send(This, ...)	WUDF_CALL(This, Send, __VA_ARGS__)
#define IWDFIoRequest2_GetFileObject(This, ...) \
	WUDF_CALL(This, GetFileObject, __VA_ARGS__)
#define IWDFIoRequest2_FormatUsingCurrentType(This) \
	WUDF_CALL0(This, FormatUsingCurrentType)
#define IWDFIoRequest2_GetRequestorProcessId(This) \
	WUDF_CALL0(This, GetRequestorProcessId)
#define IWDFIoRequest2_GetIoQueue(This, ...)	WUDF_CALL(This, GetIoQueue, __VA_ARGS__)
#define IWDFIoRequest2_Impersonate(This, ...)	WUDF_CALL(This, Impersonate, __VA_ARGS__)
#define IWDFIoRequest2_IsFrom32BitProcess(This)	WUDF_CALL0(This, IsFrom32BitProcess)
#define IWDFIoRequest2_GetCompletionParams(This, ...) \
	WUDF_CALL(This, GetCompletionParams, __VA_ARGS__)
#define IWDFIoRequest2_Reuse(This, ...)	WUDF_CALL(This, Reuse, __VA_ARGS__)
#define IWDFIoRequest2_GetRequestorMode(This)	WUDF_CALL0(This, GetRequestorMode)
#define IWDFIoRequest2_IsFromUserModeDriver(This)	WUDF_CALL0(This, IsFromUserModeDriver)
#define IWDFIoRequest2_RetrieveInputBuffer(This, ...) \
	WUDF_CALL(This, RetrieveInputBuffer, __VA_ARGS__)
#define IWDFIoRequest2_RetrieveOutputBuffer(This, ...) \
	WUDF_CALL(This, RetrieveOutputBuffer, __VA_ARGS__)
#define IWDFIoRequest2_RetrieveInputMemory(This, ...) \
	WUDF_CALL(This, RetrieveInputMemory, __VA_ARGS__)
#define IWDFIoRequest2_RetrieveOutputMemory(This, ...) \
	WUDF_CALL(This, RetrieveOutputMemory, __VA_ARGS__)
#define IWDFIoRequest2_GetEffectiveIoType(This)	WUDF_CALL0(This, GetEffectiveIoType)
#define IWDFIoRequest2_GetCreateParametersEx(This, ...) \
	WUDF_CALL(This, GetCreateParametersEx, __VA_ARGS__)
#define IWDFIoRequest2_GetQueryInformationParameters(This, ...) \
	WUDF_CALL(This, GetQueryInformationParameters, __VA_ARGS__)
#define IWDFIoRequest2_GetSetInformationParameters(This, ...) \
	WUDF_CALL(This, GetSetInformationParameters, __VA_ARGS__)
#define IWDFIoRequest2_IsCanceled(This)	WUDF_CALL0(This, IsCanceled)
#define IWDFIoRequest2_GetStatus(This)	WUDF_CALL0(This, GetStatus)
#define IWDFIoRequest2_StopAcknowledge(This, ...) \
	WUDF_CALL(This, StopAcknowledge, __VA_ARGS__)
#define IWDFIoRequest2_Requeue(This)	WUDF_CALL0(This, Requeue)

#define IWDFIoRequest3_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFIoRequest3_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFIoRequest3_Release(This)	WUDF_CALL0(This, Release)
#define IWDFIoRequest3_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFIoRequest3_AssignContext(This, ...) \
	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFIoRequest3_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFIoRequest3_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFIoRequest3_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFIoRequest3_CompleteWithInformation(This, ...) \
	WUDF_CALL(This, CompleteWithInformation, __VA_ARGS__)
#define IWDFIoRequest3_SetInformation(This, ...) \
	WUDF_CALL(This, SetInformation, __VA_ARGS__)
#define IWDFIoRequest3_Complete(This, ...)	WUDF_CALL(This, Complete, __VA_ARGS__)
#define IWDFIoRequest3_SetCompletionCallback(This, ...) \
	WUDF_CALL(This, SetCompletionCallback, __VA_ARGS__)
#define IWDFIoRequest3_GetType(This)	WUDF_CALL0(This, GetType)
#define IWDFIoRequest3_GetCreateParameters(This, ...) \
	WUDF_CALL(This, GetCreateParameters, __VA_ARGS__)
#define IWDFIoRequest3_GetReadParameters(This, ...) \
	WUDF_CALL(This, GetReadParameters, __VA_ARGS__)
#define IWDFIoRequest3_GetWriteParameters(This, ...) \
	WUDF_CALL(This, GetWriteParameters, __VA_ARGS__)
#define IWDFIoRequest3_GetDeviceIoControlParameters(This, ...) \
	WUDF_CALL(This, GetDeviceIoControlParameters, __VA_ARGS__)
#define IWDFIoRequest3_GetOutputMemory(This, ...) \
	WUDF_CALL(This, GetOutputMemory, __VA_ARGS__)
#define IWDFIoRequest3_GetInputMemory(This, ...) \
	WUDF_CALL(This, GetInputMemory, __VA_ARGS__)
#define IWDFIoRequest3_MarkCancelable(This, ...) \
	WUDF_CALL(This, MarkCancelable, __VA_ARGS__)
#define IWDFIoRequest3_UnmarkCancelable(This)	WUDF_CALL0(This, UnmarkCancelable)
#define IWDFIoRequest3_CancelSentRequest(This)	WUDF_CALL0(This, CancelSentRequest)
#define IWDFIoRequest3_ForwardToIoQueue(This, ...) \
	WUDF_CALL(This, ForwardToIoQueue, __VA_ARGS__)
#define IWDFIoRequest3_Send(This, ...)	WUDF_CALL(This, Send, __VA_ARGS__)
#define IWDFIoRequest3_GetFileObject(This, ...) \
	WUDF_CALL(This, GetFileObject, __VA_ARGS__)
#define IWDFIoRequest3_FormatUsingCurrentType(This) \
	WUDF_CALL0(This, FormatUsingCurrentType)
#define IWDFIoRequest3_GetRequestorProcessId(This) \
	WUDF_CALL0(This, GetRequestorProcessId)
#define IWDFIoRequest3_GetIoQueue(This, ...)	WUDF_CALL(This, GetIoQueue, __VA_ARGS__)
#define IWDFIoRequest3_Impersonate(This, ...)	WUDF_CALL(This, Impersonate, __VA_ARGS__)
#define IWDFIoRequest3_IsFrom32BitProcess(This)	WUDF_CALL0(This, IsFrom32BitProcess)
#define IWDFIoRequest3_GetCompletionParams(This, ...) \
	WUDF_CALL(This, GetCompletionParams, __VA_ARGS__)
#define IWDFIoRequest3_Reuse(This, ...)	WUDF_CALL(This, Reuse, __VA_ARGS__)
#define IWDFIoRequest3_GetRequestorMode(This)	WUDF_CALL0(This, GetRequestorMode)
#define IWDFIoRequest3_IsFromUserModeDriver(This)	WUDF_CALL0(This, IsFromUserModeDriver)
#define IWDFIoRequest3_RetrieveInputBuffer(This, ...) \
	WUDF_CALL(This, RetrieveInputBuffer, __VA_ARGS__)
#define IWDFIoRequest3_RetrieveOutputBuffer(This, ...) \
	WUDF_CALL(This, RetrieveOutputBuffer, __VA_ARGS__)
#define IWDFIoRequest3_RetrieveInputMemory(This, ...) \
	WUDF_CALL(This, RetrieveInputMemory, __VA_ARGS__)
#define IWDFIoRequest3_RetrieveOutputMemory(This, ...) \
	WUDF_CALL(This, RetrieveOutputMemory, __VA_ARGS__)
#define IWDFIoRequest3_GetEffectiveIoType(This)	WUDF_CALL0(This, GetEffectiveIoType)
#define IWDFIoRequest3_GetCreateParametersEx(This, ...) \
	WUDF_CALL(This, GetCreateParametersEx, __VA_ARGS__)
#define IWDFIoRequest3_GetQueryInformationParameters(This, ...) \
	WUDF_CALL(This, GetQueryInformationParameters, __VA_ARGS__)
#define IWDFIoRequest3_GetSetInformationParameters(This, ...) \
	WUDF_CALL(This, GetSetInformationParameters, __VA_ARGS__)
#define IWDFIoRequest3_IsCanceled(This)	WUDF_CALL0(This, IsCanceled)
#define IWDFIoRequest3_GetStatus(This)	WUDF_CALL0(This, GetStatus)
#define IWDFIoRequest3_StopAcknowledge(This, ...) \
	WUDF_CALL(This, StopAcknowledge, __VA_ARGS__)
#define IWDFIoRequest3_Requeue(This)	WUDF_CALL0(This, Requeue)
#define IWDFIoRequest3_SetUserModeDriverInitiatedIo(This, ...) \
	WUDF_CALL(This, SetUserModeDriverInitiatedIo, __VA_ARGS__)
#define IWDFIoRequest3_GetUserModeDriverInitiatedIo(This) \
	WUDF_CALL0(This, GetUserModeDriverInitiatedIo)
#define IWDFIoRequest3_RetrieveActivityId(This, ...) \
	WUDF_CALL(This, RetrieveActivityId, __VA_ARGS__)
#define IWDFIoRequest3_SetActivityId(This, ...) \
	WUDF_CALL(This, SetActivityId, __VA_ARGS__)

#define IWDFRequestCompletionParams_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFRequestCompletionParams_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFRequestCompletionParams_Release(This)	WUDF_CALL0(This, Release)
#define IWDFRequestCompletionParams_GetCompletionStatus(This) \
	WUDF_CALL0(This, GetCompletionStatus)
#define IWDFRequestCompletionParams_GetInformation(This)	WUDF_CALL0(This, GetInformation)
#define IWDFRequestCompletionParams_GetCompletedRequestType(This) \
	WUDF_CALL0(This, GetCompletedRequestType)

#define IWDFIoRequestCompletionParams_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFIoRequestCompletionParams_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFIoRequestCompletionParams_Release(This)	WUDF_CALL0(This, Release)
#define IWDFIoRequestCompletionParams_GetCompletionStatus(This) \
	WUDF_CALL0(This, GetCompletionStatus)
#define IWDFIoRequestCompletionParams_GetInformation(This) \
	WUDF_CALL0(This, GetInformation)
#define IWDFIoRequestCompletionParams_GetCompletedRequestType(This) \
	WUDF_CALL0(This, GetCompletedRequestType)
#define IWDFIoRequestCompletionParams_GetWriteParameters(This, ...) \
	WUDF_CALL(This, GetWriteParameters, __VA_ARGS__)
#define IWDFIoRequestCompletionParams_GetReadParameters(This, ...) \
	WUDF_CALL(This, GetReadParameters, __VA_ARGS__)
#define IWDFIoRequestCompletionParams_GetIoctlParameters(This, ...) \
	WUDF_CALL(This, GetIoctlParameters, __VA_ARGS__)

#define IWDFFile_QueryInterface(This, ...)	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFFile_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFFile_Release(This)	WUDF_CALL0(This, Release)
#define IWDFFile_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFFile_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFFile_RetrieveContext(This, ...)	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFFile_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFFile_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFFile_RetrieveFileName(This, ...) \
	WUDF_CALL(This, RetrieveFileName, __VA_ARGS__)
#define IWDFFile_GetDevice(This, ...)	WUDF_CALL(This, GetDevice, __VA_ARGS__)

#define IWDFFile2_QueryInterface(This, ...)	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFFile2_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFFile2_Release(This)	WUDF_CALL0(This, Release)
#define IWDFFile2_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFFile2_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFFile2_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFFile2_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFFile2_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFFile2_RetrieveFileName(This, ...) \
	WUDF_CALL(This, RetrieveFileName, __VA_ARGS__)
#define IWDFFile2_GetDevice(This, ...)	WUDF_CALL(This, GetDevice, __VA_ARGS__)
#define IWDFFile2_RetrieveCountedFileName(This, ...) \
	WUDF_CALL(This, RetrieveCountedFileName, __VA_ARGS__)
#define IWDFFile2_GetRelatedFileObject(This, ...) \
	WUDF_CALL(This, GetRelatedFileObject, __VA_ARGS__)

#define IWDFFile3_QueryInterface(This, ...)	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFFile3_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFFile3_Release(This)	WUDF_CALL0(This, Release)
#define IWDFFile3_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFFile3_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFFile3_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFFile3_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFFile3_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFFile3_RetrieveFileName(This, ...) \
	WUDF_CALL(This, RetrieveFileName, __VA_ARGS__)
#define IWDFFile3_GetDevice(This, ...)	WUDF_CALL(This, GetDevice, __VA_ARGS__)
#define IWDFFile3_RetrieveCountedFileName(This, ...) \
	WUDF_CALL(This, RetrieveCountedFileName, __VA_ARGS__)
#define IWDFFile3_GetRelatedFileObject(This, ...) \
	WUDF_CALL(This, GetRelatedFileObject, __VA_ARGS__)
#define IWDFFile3_GetInitiatorProcessId(This, ...) \
	WUDF_CALL(This, GetInitiatorProcessId, __VA_ARGS__)

#define IWDFDriverCreatedFile_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFDriverCreatedFile_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFDriverCreatedFile_Release(This)	WUDF_CALL0(This, Release)
#define IWDFDriverCreatedFile_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFDriverCreatedFile_AssignContext(This, ...) \
	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFDriverCreatedFile_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFDriverCreatedFile_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFDriverCreatedFile_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFDriverCreatedFile_RetrieveFileName(This, ...) \
	WUDF_CALL(This, RetrieveFileName, __VA_ARGS__)
#define IWDFDriverCreatedFile_GetDevice(This, ...) \
	WUDF_CALL(This, GetDevice, __VA_ARGS__)
#define IWDFDriverCreatedFile_Close(This)	WUDF_CALL0(This, Close)

#define IWDFIoTarget_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFIoTarget_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFIoTarget_Release(This)	WUDF_CALL0(This, Release)
#define IWDFIoTarget_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFIoTarget_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFIoTarget_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFIoTarget_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFIoTarget_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFIoTarget_GetTargetFile(This, ...)	WUDF_CALL(This, GetTargetFile, __VA_ARGS__)
#define IWDFIoTarget_CancelSentRequestsForFile(This, ...) \
	WUDF_CALL(This, CancelSentRequestsForFile, __VA_ARGS__)
#define IWDFIoTarget_FormatRequestForRead(This, ...) \
	WUDF_CALL(This, FormatRequestForRead, __VA_ARGS__)
#define IWDFIoTarget_FormatRequestForWrite(This, ...) \
	WUDF_CALL(This, FormatRequestForWrite, __VA_ARGS__)
#define IWDFIoTarget_FormatRequestForIoctl(This, ...) \
	WUDF_CALL(This, FormatRequestForIoctl, __VA_ARGS__)

#define IWDFIoTarget2_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFIoTarget2_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFIoTarget2_Release(This)	WUDF_CALL0(This, Release)
#define IWDFIoTarget2_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFIoTarget2_AssignContext(This, ...) \
	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFIoTarget2_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFIoTarget2_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFIoTarget2_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFIoTarget2_GetTargetFile(This, ...) \
	WUDF_CALL(This, GetTargetFile, __VA_ARGS__)
#define IWDFIoTarget2_CancelSentRequestsForFile(This, ...) \
	WUDF_CALL(This, CancelSentRequestsForFile, __VA_ARGS__)
#define IWDFIoTarget2_FormatRequestForRead(This, ...) \
	WUDF_CALL(This, FormatRequestForRead, __VA_ARGS__)
#define IWDFIoTarget2_FormatRequestForWrite(This, ...) \
	WUDF_CALL(This, FormatRequestForWrite, __VA_ARGS__)
#define IWDFIoTarget2_FormatRequestForIoctl(This, ...) \
	WUDF_CALL(This, FormatRequestForIoctl, __VA_ARGS__)
#define IWDFIoTarget2_FormatRequestForFlush(This, ...) \
	WUDF_CALL(This, FormatRequestForFlush, __VA_ARGS__)
#define IWDFIoTarget2_FormatRequestForSetInformation(This, ...) \
	WUDF_CALL(This, FormatRequestForSetInformation, __VA_ARGS__)
#define IWDFIoTarget2_FormatRequestForQueryInformation(This, ...) \
	WUDF_CALL(This, FormatRequestForQueryInformation, __VA_ARGS__)

#define IWDFIoTargetStateManagement_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFIoTargetStateManagement_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFIoTargetStateManagement_Release(This)	WUDF_CALL0(This, Release)
#define IWDFIoTargetStateManagement_GetState(This)	WUDF_CALL0(This, GetState)
#define IWDFIoTargetStateManagement_Start(This)	WUDF_CALL0(This, Start)
#define IWDFIoTargetStateManagement_Stop(This, ...)	WUDF_CALL(This, Stop, __VA_ARGS__)
#define IWDFIoTargetStateManagement_Remove(This, ...) \
	WUDF_CALL(This, Remove, __VA_ARGS__)

#define IWDFMemory_QueryInterface(This, ...)	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IWDFMemory_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IWDFMemory_Release(This)	WUDF_CALL0(This, Release)
#define IWDFMemory_DeleteWdfObject(This)	WUDF_CALL0(This, DeleteWdfObject)
#define IWDFMemory_AssignContext(This, ...)	WUDF_CALL(This, AssignContext, __VA_ARGS__)
#define IWDFMemory_RetrieveContext(This, ...) \
	WUDF_CALL(This, RetrieveContext, __VA_ARGS__)
#define IWDFMemory_AcquireLock(This)	WUDF_CALL0(This, AcquireLock)
#define IWDFMemory_ReleaseLock(This)	WUDF_CALL0(This, ReleaseLock)
#define IWDFMemory_CopyFromMemory(This, ...)	WUDF_CALL(This, CopyFromMemory, __VA_ARGS__)
#define IWDFMemory_CopyToBuffer(This, ...)	WUDF_CALL(This, CopyToBuffer, __VA_ARGS__)
#define IWDFMemory_CopyFromBuffer(This, ...)	WUDF_CALL(This, CopyFromBuffer, __VA_ARGS__)
#define IWDFMemory_GetSize(This)	WUDF_CALL0(This, GetSize)
#define IWDFMemory_GetDataBuffer(This, ...)	WUDF_CALL(This, GetDataBuffer, __VA_ARGS__)
#define IWDFMemory_SetBuffer(This, ...)	WUDF_CALL(This, SetBuffer, __VA_ARGS__)

#define IObjectCleanup_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IObjectCleanup_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IObjectCleanup_Release(This)	WUDF_CALL0(This, Release)
#define IObjectCleanup_OnCleanup(This, ...)	WUDF_CALL(This, OnCleanup, __VA_ARGS__)

#define IDriverEntry_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IDriverEntry_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IDriverEntry_Release(This)	WUDF_CALL0(This, Release)
#define IDriverEntry_OnInitialize(This, ...)	WUDF_CALL(This, OnInitialize, __VA_ARGS__)
#define IDriverEntry_OnDeviceAdd(This, ...)	WUDF_CALL(This, OnDeviceAdd, __VA_ARGS__)
#define IDriverEntry_OnDeinitialize(This, ...) \
	WUDF_CALL(This, OnDeinitialize, __VA_ARGS__)

#define IPnpCallback_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IPnpCallback_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IPnpCallback_Release(This)	WUDF_CALL0(This, Release)
#define IPnpCallback_OnD0Entry(This, ...)	WUDF_CALL(This, OnD0Entry, __VA_ARGS__)
#define IPnpCallback_OnD0Exit(This, ...)	WUDF_CALL(This, OnD0Exit, __VA_ARGS__)
#define IPnpCallback_OnSurpriseRemoval(This, ...) \
	WUDF_CALL(This, OnSurpriseRemoval, __VA_ARGS__)
#define IPnpCallback_OnQueryRemove(This, ...)	WUDF_CALL(This, OnQueryRemove, __VA_ARGS__)
#define IPnpCallback_OnQueryStop(This, ...)	WUDF_CALL(This, OnQueryStop, __VA_ARGS__)

#define IPnpCallbackSelfManagedIo_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IPnpCallbackSelfManagedIo_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IPnpCallbackSelfManagedIo_Release(This)	WUDF_CALL0(This, Release)
#define IPnpCallbackSelfManagedIo_OnSelfManagedIoCleanup(This, ...) \
	WUDF_CALL(This, OnSelfManagedIoCleanup, __VA_ARGS__)
#define IPnpCallbackSelfManagedIo_OnSelfManagedIoFlush(This, ...) \
	WUDF_CALL(This, OnSelfManagedIoFlush, __VA_ARGS__)
#define IPnpCallbackSelfManagedIo_OnSelfManagedIoInit(This, ...) \
	WUDF_CALL(This, OnSelfManagedIoInit, __VA_ARGS__)
#define IPnpCallbackSelfManagedIo_OnSelfManagedIoSuspend(This, ...) \
	WUDF_CALL(This, OnSelfManagedIoSuspend, __VA_ARGS__)
#define IPnpCallbackSelfManagedIo_OnSelfManagedIoRestart(This, ...) \
	WUDF_CALL(This, OnSelfManagedIoRestart, __VA_ARGS__)
#define IPnpCallbackSelfManagedIo_OnSelfManagedIoStop(This, ...) \
	WUDF_CALL(This, OnSelfManagedIoStop, __VA_ARGS__)

#define IPnpCallbackHardware_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IPnpCallbackHardware_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IPnpCallbackHardware_Release(This)	WUDF_CALL0(This, Release)
#define IPnpCallbackHardware_OnPrepareHardware(This, ...) \
	WUDF_CALL(This, OnPrepareHardware, __VA_ARGS__)
#define IPnpCallbackHardware_OnReleaseHardware(This, ...) \
	WUDF_CALL(This, OnReleaseHardware, __VA_ARGS__)

#define IPnpCallbackHardware2_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IPnpCallbackHardware2_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IPnpCallbackHardware2_Release(This)	WUDF_CALL0(This, Release)
#define IPnpCallbackHardware2_OnPrepareHardware(This, ...) \
	WUDF_CALL(This, OnPrepareHardware, __VA_ARGS__)
#define IPnpCallbackHardware2_OnReleaseHardware(This, ...) \
	WUDF_CALL(This, OnReleaseHardware, __VA_ARGS__)

#define IPnpCallbackRemoteInterfaceNotification_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IPnpCallbackRemoteInterfaceNotification_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IPnpCallbackRemoteInterfaceNotification_Release(This)	WUDF_CALL0(This, Release)
#define IPnpCallbackRemoteInterfaceNotification_OnRemoteInterfaceArrival(This, ...) \
	WUDF_CALL(This, OnRemoteInterfaceArrival, __VA_ARGS__)

#define IQueueCallbackCreate_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IQueueCallbackCreate_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IQueueCallbackCreate_Release(This)	WUDF_CALL0(This, Release)
#define IQueueCallbackCreate_OnCreateFile(This, ...) \
	WUDF_CALL(This, OnCreateFile, __VA_ARGS__)

#define IQueueCallbackRead_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IQueueCallbackRead_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IQueueCallbackRead_Release(This)	WUDF_CALL0(This, Release)
#define IQueueCallbackRead_OnRead(This, ...)	WUDF_CALL(This, OnRead, __VA_ARGS__)

#define IQueueCallbackWrite_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IQueueCallbackWrite_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IQueueCallbackWrite_Release(This)	WUDF_CALL0(This, Release)
#define IQueueCallbackWrite_OnWrite(This, ...)	WUDF_CALL(This, OnWrite, __VA_ARGS__)

#define IQueueCallbackDeviceIoControl_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IQueueCallbackDeviceIoControl_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IQueueCallbackDeviceIoControl_Release(This)	WUDF_CALL0(This, Release)
#define IQueueCallbackDeviceIoControl_OnDeviceIoControl(This, ...) \
	WUDF_CALL(This, OnDeviceIoControl, __VA_ARGS__)

#define IQueueCallbackDefaultIoHandler_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IQueueCallbackDefaultIoHandler_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IQueueCallbackDefaultIoHandler_Release(This)	WUDF_CALL0(This, Release)
#define IQueueCallbackDefaultIoHandler_OnDefaultIoHandler(This, ...) \
	WUDF_CALL(This, OnDefaultIoHandler, __VA_ARGS__)

#define IQueueCallbackStateChange_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IQueueCallbackStateChange_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IQueueCallbackStateChange_Release(This)	WUDF_CALL0(This, Release)
#define IQueueCallbackStateChange_OnStateChange(This, ...) \
	WUDF_CALL(This, OnStateChange, __VA_ARGS__)

#define IQueueCallbackIoStop_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IQueueCallbackIoStop_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IQueueCallbackIoStop_Release(This)	WUDF_CALL0(This, Release)
#define IQueueCallbackIoStop_OnIoStop(This, ...)	WUDF_CALL(This, OnIoStop, __VA_ARGS__)

#define IQueueCallbackIoResume_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IQueueCallbackIoResume_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IQueueCallbackIoResume_Release(This)	WUDF_CALL0(This, Release)
#define IQueueCallbackIoResume_OnIoResume(This, ...) \
	WUDF_CALL(This, OnIoResume, __VA_ARGS__)

#define IQueueCallbackIoCanceledOnQueue_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IQueueCallbackIoCanceledOnQueue_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IQueueCallbackIoCanceledOnQueue_Release(This)	WUDF_CALL0(This, Release)
#define IQueueCallbackIoCanceledOnQueue_OnIoCanceledOnQueue(This, ...) \
	WUDF_CALL(This, OnIoCanceledOnQueue, __VA_ARGS__)

#define IRequestCallbackCancel_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IRequestCallbackCancel_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IRequestCallbackCancel_Release(This)	WUDF_CALL0(This, Release)
#define IRequestCallbackCancel_OnCancel(This, ...)	WUDF_CALL(This, OnCancel, __VA_ARGS__)

#define IRequestCallbackRequestCompletion_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IRequestCallbackRequestCompletion_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IRequestCallbackRequestCompletion_Release(This)	WUDF_CALL0(This, Release)
#define IRequestCallbackRequestCompletion_OnCompletion(This, ...) \
	WUDF_CALL(This, OnCompletion, __VA_ARGS__)

#define IFileCallbackCleanup_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IFileCallbackCleanup_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IFileCallbackCleanup_Release(This)	WUDF_CALL0(This, Release)
#define IFileCallbackCleanup_OnCleanupFile(This, ...) \
	WUDF_CALL(This, OnCleanupFile, __VA_ARGS__)

#define IFileCallbackClose_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IFileCallbackClose_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IFileCallbackClose_Release(This)	WUDF_CALL0(This, Release)
#define IFileCallbackClose_OnCloseFile(This, ...) \
	WUDF_CALL(This, OnCloseFile, __VA_ARGS__)

#define IImpersonateCallback_QueryInterface(This, ...) \
	WUDF_CALL(This, QueryInterface, __VA_ARGS__)
#define IImpersonateCallback_AddRef(This)	WUDF_CALL0(This, AddRef)
#define IImpersonateCallback_Release(This)	WUDF_CALL0(This, Release)
#define IImpersonateCallback_OnImpersonate(This, ...) \
	WUDF_CALL(This, OnImpersonate, __VA_ARGS__)
#endif
