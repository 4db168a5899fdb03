/* SPDX-License-Identifier: MIT */
/*
 * wudfddi.h: the interfaces of UMDF 1.x (up to 1.11), for drivers in C and in C++.
 *
 * Each interface is one list of methods, IName_METHODS, in the order of Windows' table of
 * functions. In C++ it is an abstract class with these methods after those of its base. In
 * C (and where CINTERFACE is defined) it is a struct with lpVtbl, and IName_Method(p, ...)
 * calls (wudfddi_c.h). The layout is the same. IID_IName is its GUID, in C++ also
 * __uuidof(IName). Where order, GUIDs and types come from is written in INTERFACES.md; what
 * methods do is Microsoft's documentation of wudfddi.h, and below in short.
 *
 * IWDF... interfaces are the framework's, the others are the driver's callbacks. Text is in
 * 16-bit characters and its lengths count the final 0. An object that a method gives out
 * with "adds a reference" is to be released by the caller. A method that is called against
 * its rules (a request that is not the driver's, marked twice, and so on) changes nothing
 * and returns HRESULT_FROM_WIN32(ERROR_INVALID_OPERATION) if it returns a HRESULT.
 *
 * "not carried" methods keep their slot. QueryInterface for any interface that is not below
 * is E_NOINTERFACE; so are USB and HID targets, remote targets, interrupts and work items.
 */
#ifndef __wudfddi_h__
#define __wudfddi_h__

#include <windows.h>
#include <unknwn.h>
#include "wudfddi_types.h"

#ifndef STATUS_WDF_PAUSED
#define STATUS_WDF_PAUSED	((NTSTATUS)0xc0200203)
#endif
#ifndef STATUS_WDF_BUSY
#define STATUS_WDF_BUSY		((NTSTATUS)0xc0200204)
#endif

#if defined(__cplusplus) && !defined(CINTERFACE)
#define WUDF_METHOD(I, type, name, ...)	virtual type STDMETHODCALLTYPE name(__VA_ARGS__) = 0;
#define WUDF_METHOD0(I, type, name)	virtual type STDMETHODCALLTYPE name() = 0;
#define WUDF_STRUCT(I, base)		struct I : public base { I##_METHODS(I) };
#else
#define WUDF_METHOD(I, type, name, ...)	type (STDMETHODCALLTYPE *name)(I *This, __VA_ARGS__);
#define WUDF_METHOD0(I, type, name)	type (STDMETHODCALLTYPE *name)(I *This);
#define WUDF_STRUCT(I, base)						\
	typedef struct I##Vtbl { base##_SLOTS(I) I##_METHODS(I) } I##Vtbl; \
	struct I { const struct I##Vtbl *lpVtbl; };
#define IUnknown_SLOTS(I)						\
	WUDF_METHOD(I, HRESULT, QueryInterface, REFIID riid, void **ppvObject) \
	WUDF_METHOD0(I, ULONG, AddRef)					\
	WUDF_METHOD0(I, ULONG, Release)
#endif

#define WUDF_INTERFACE(I, base, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
	WUDF_STRUCT(I, base)						\
	static const IID IID_##I = { l, w1, w2, { b1, b2, b3, b4, b5, b6, b7, b8 } }; \
	__CRT_UUID_DECL(I, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)

typedef struct IWDFObject IWDFObject;
typedef struct IWDFDriver IWDFDriver;
typedef struct IWDFDeviceInitialize IWDFDeviceInitialize;
typedef struct IWDFDeviceInitialize2 IWDFDeviceInitialize2;
typedef struct IWDFDevice IWDFDevice;
typedef struct IWDFDevice2 IWDFDevice2;
typedef struct IWDFDevice3 IWDFDevice3;
typedef struct IWDFNamedPropertyStore IWDFNamedPropertyStore;
typedef struct IWDFNamedPropertyStore2 IWDFNamedPropertyStore2;
typedef struct IWDFPropertyStoreFactory IWDFPropertyStoreFactory;
typedef struct IWDFIoQueue IWDFIoQueue;
typedef struct IWDFIoRequest IWDFIoRequest;
typedef struct IWDFIoRequest2 IWDFIoRequest2;
typedef struct IWDFIoRequest3 IWDFIoRequest3;
typedef struct IWDFRequestCompletionParams IWDFRequestCompletionParams;
typedef struct IWDFIoRequestCompletionParams IWDFIoRequestCompletionParams;
typedef struct IWDFFile IWDFFile;
typedef struct IWDFFile2 IWDFFile2;
typedef struct IWDFFile3 IWDFFile3;
typedef struct IWDFDriverCreatedFile IWDFDriverCreatedFile;
typedef struct IWDFIoTarget IWDFIoTarget;
typedef struct IWDFIoTarget2 IWDFIoTarget2;
typedef struct IWDFIoTargetStateManagement IWDFIoTargetStateManagement;
typedef struct IWDFMemory IWDFMemory;
typedef struct IObjectCleanup IObjectCleanup;
typedef struct IDriverEntry IDriverEntry;
typedef struct IPnpCallback IPnpCallback;
typedef struct IPnpCallbackSelfManagedIo IPnpCallbackSelfManagedIo;
typedef struct IPnpCallbackHardware IPnpCallbackHardware;
typedef struct IPnpCallbackHardware2 IPnpCallbackHardware2;
typedef struct IPnpCallbackRemoteInterfaceNotification IPnpCallbackRemoteInterfaceNotification;
typedef struct IQueueCallbackCreate IQueueCallbackCreate;
typedef struct IQueueCallbackRead IQueueCallbackRead;
typedef struct IQueueCallbackWrite IQueueCallbackWrite;
typedef struct IQueueCallbackDeviceIoControl IQueueCallbackDeviceIoControl;
typedef struct IQueueCallbackDefaultIoHandler IQueueCallbackDefaultIoHandler;
typedef struct IQueueCallbackStateChange IQueueCallbackStateChange;
typedef struct IQueueCallbackIoStop IQueueCallbackIoStop;
typedef struct IQueueCallbackIoResume IQueueCallbackIoResume;
typedef struct IQueueCallbackIoCanceledOnQueue IQueueCallbackIoCanceledOnQueue;
typedef struct IRequestCallbackCancel IRequestCallbackCancel;
typedef struct IRequestCallbackRequestCompletion IRequestCallbackRequestCompletion;
typedef struct IFileCallbackCleanup IFileCallbackCleanup;
typedef struct IFileCallbackClose IFileCallbackClose;
typedef struct IImpersonateCallback IImpersonateCallback;
typedef struct IWDFCmResourceList IWDFCmResourceList;
typedef struct IWDFInterrupt IWDFInterrupt;
typedef struct IWDFRemoteInterface IWDFRemoteInterface;
typedef struct IWDFRemoteInterfaceInitialize IWDFRemoteInterfaceInitialize;
typedef struct IWDFRemoteTarget IWDFRemoteTarget;
typedef struct IWDFWorkItem IWDFWorkItem;

/*
 * IWDFObject, of UMDF 1.5
 *
 * The base of every framework object. All objects form a tree: deleting one deletes those
 * below it.
 *
 * DeleteWdfObject: S_OK; fails for objects that only the framework may delete (driver,
 *   device, default queue, a request from a queue)
 * AssignContext: one context for each object; a second call fails. pCleanupCallback may
 *   be NULL
 * RetrieveContext: the context of AssignContext
 * AcquireLock: of a device or a queue: the lock that the framework holds around callbacks
 *   (SetLockingConstraint)
 * ReleaseLock: undoes one AcquireLock
 */
#define IWDFObject_METHODS(I)						\
	WUDF_METHOD0(I, HRESULT, DeleteWdfObject)			\
	WUDF_METHOD(I, HRESULT, AssignContext,				\
		IObjectCleanup *pCleanupCallback, void *pContext)	\
	WUDF_METHOD(I, HRESULT, RetrieveContext, void **ppvContext)	\
	WUDF_METHOD0(I, void, AcquireLock)				\
	WUDF_METHOD0(I, void, ReleaseLock)
#define IWDFObject_SLOTS(I)	IUnknown_SLOTS(I) IWDFObject_METHODS(I)
WUDF_INTERFACE(IWDFObject, IUnknown,
	0x64275c66, 0x2e71, 0x4060, 0xb5, 0xf4, 0x3a, 0x76, 0xdf, 0x96, 0xed, 0x3c)

/*
 * IWDFDriver, of UMDF 1.5
 *
 * The driver, one for each DLL and host process.
 *
 * CreateDevice: in OnDeviceAdd only. pCallbackInterface is asked by QueryInterface for
 *   IPnpCallback*, IFileCallback* and IObjectCleanup
 * CreateWdfObject: an object of the driver's own. NULL as parent: the driver
 * CreatePreallocatedWdfMemory: a memory object around the driver's own buffer of
 *   BufferSize bytes
 * CreateWdfMemory: a memory object with a buffer of BufferSize bytes, which must not be
 *   0. NULL as parent: the driver
 * IsVersionAvailable: TRUE when the framework is of that version or a later one
 * RetrieveVersionString: *pdwVersionLength is in characters, in and out. NULL as pVersion
 *   asks for the length
 */
#define IWDFDriver_METHODS(I)						\
	WUDF_METHOD(I, HRESULT, CreateDevice,				\
		IWDFDeviceInitialize *pDeviceInit,			\
		IUnknown *pCallbackInterface, IWDFDevice **ppDevice)	\
	WUDF_METHOD(I, HRESULT, CreateWdfObject,			\
		IUnknown *pCallbackInterface, IWDFObject *pParentObject, \
		IWDFObject **ppWdfObject)				\
	WUDF_METHOD(I, HRESULT, CreatePreallocatedWdfMemory, BYTE *pBuff, \
		SIZE_T BufferSize, IUnknown *pCallbackInterface,	\
		IWDFObject *pParentObject, IWDFMemory **ppWdfMemory)	\
	WUDF_METHOD(I, HRESULT, CreateWdfMemory, SIZE_T BufferSize,	\
		IUnknown *pCallbackInterface, IWDFObject *pParentObject, \
		IWDFMemory **ppWdfMemory)				\
	WUDF_METHOD(I, BOOL, IsVersionAvailable,			\
		UMDF_VERSION_DATA *pMinimumVersion)			\
	WUDF_METHOD(I, HRESULT, RetrieveVersionString, PWSTR pVersion,	\
		DWORD *pdwVersionLength)
WUDF_INTERFACE(IWDFDriver, IWDFObject,
	0xad368ebe, 0x4139, 0x43e3, 0xa8, 0x75, 0x69, 0xb2, 0x66, 0xa9, 0x13, 0x9c)

/*
 * IWDFDeviceInitialize, of UMDF 1.5
 *
 * The settings of a device that is about to be created. Valid within OnDeviceAdd and
 * until CreateDevice.
 *
 * SetFilter: a request type without a queue is sent on to the default target
 * SetLockingConstraint: None or WdfDeviceLevel; WdfDeviceLevel if it is not called
 * RetrieveDevicePropertyStore: there is no registry:
 *   HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND)
 * SetPowerPolicyOwnership: kept, without an effect
 * AutoForwardCreateCleanupClose: WdfTrue: file events go on to the default target;
 *   WdfUseDefault: as SetFilter says
 * RetrieveDeviceInstanceId: *pdwSizeInChars is in characters, in and out
 * SetPnpCapability: kept
 * GetPnpCapability: what SetPnpCapability said
 */
#define IWDFDeviceInitialize_METHODS(I)					\
	WUDF_METHOD0(I, void, SetFilter)				\
	WUDF_METHOD(I, void, SetLockingConstraint,			\
		WDF_CALLBACK_CONSTRAINT LockType)			\
	WUDF_METHOD(I, HRESULT, RetrieveDevicePropertyStore,		\
		PCWSTR pcwszServiceName,				\
		WDF_PROPERTY_STORE_RETRIEVE_FLAGS Flags,		\
		IWDFNamedPropertyStore **ppPropStore,			\
		WDF_PROPERTY_STORE_DISPOSITION *pDisposition)		\
	WUDF_METHOD(I, void, SetPowerPolicyOwnership, BOOL fTrue)	\
	WUDF_METHOD(I, void, AutoForwardCreateCleanupClose,		\
		WDF_TRI_STATE State)					\
	WUDF_METHOD(I, HRESULT, RetrieveDeviceInstanceId, PWSTR Buffer,	\
		DWORD *pdwSizeInChars)					\
	WUDF_METHOD(I, void, SetPnpCapability,				\
		WDF_PNP_CAPABILITY Capability, WDF_TRI_STATE Value)	\
	WUDF_METHOD(I, WDF_TRI_STATE, GetPnpCapability,			\
		WDF_PNP_CAPABILITY Capability)
#define IWDFDeviceInitialize_SLOTS(I)	IUnknown_SLOTS(I) IWDFDeviceInitialize_METHODS(I)
WUDF_INTERFACE(IWDFDeviceInitialize, IUnknown,
	0x74cc381c, 0x0871, 0x43c1, 0x87, 0x8b, 0x3f, 0x7c, 0x9d, 0x16, 0x93, 0x3d)

/*
 * IWDFDeviceInitialize2, of UMDF 1.9
 *
 * SetIoTypePreference: with deferred retrieval only the Retrieve... methods of
 *   IWDFIoRequest2 give buffers
 */
#define IWDFDeviceInitialize2_METHODS(I)				\
	WUDF_METHOD(I, void, SetIoTypePreference,			\
		WDF_DEVICE_IO_BUFFER_RETRIEVAL RetrievalMode,		\
		WDF_DEVICE_IO_TYPE ReadWritePreference,			\
		WDF_DEVICE_IO_TYPE IoControlPreference)
WUDF_INTERFACE(IWDFDeviceInitialize2, IWDFDeviceInitialize,
	0x424c00ba, 0xfcd0, 0x4c52, 0xbd, 0x4a, 0x6c, 0x5d, 0x3e, 0xc0, 0xdf, 0xd9)

/*
 * IWDFDevice, of UMDF 1.5
 *
 * One layer of a stack of devices. It owns queues, and one target: the next lower device.
 *
 * RetrieveDevicePropertyStore: as in IWDFDeviceInitialize
 * GetDriver: adds a reference
 * RetrieveDeviceInstanceId: *pdwSizeInChars is in characters, in and out
 * GetDefaultIoTarget: adds a reference
 * CreateWdfFile: a file of the driver's own for requests to the default target; Close()
 *   it. pcwszFileName may be NULL
 * GetDefaultIoQueue: adds a reference; NULL if none was created
 * CreateIoQueue: pCallbackInterface is asked for the IQueueCallback* interfaces.
 *   HRESULT_FROM_WIN32(ERROR_BAD_CONFIGURATION) for a manual queue with a request handler
 *   and for another without. The caller owns the reference
 * CreateDeviceInterface: kept; devices are found by name here
 * AssignDeviceInterfaceState: kept
 * RetrieveDeviceName: *pdwDeviceNameLength is in characters, in and out
 * PostEvent: cbDataSize is in bytes
 * ConfigureRequestDispatching: create, read, write and device control only, and not to
 *   the default queue. A type that is taken: HRESULT_FROM_NT(STATUS_WDF_BUSY)
 * SetPnpState: in effect from CommitPnpState
 * GetPnpState: what SetPnpState said
 * CommitPnpState: WdfPnpStateFailed and WdfPnpStateRemoved end the device
 * CreateRequest: a request of the driver's own, to be sent, reused and deleted, never
 *   completed. NULL as parent: the device
 * CreateSymbolicLink: a further name of the device
 */
#define IWDFDevice_METHODS(I)						\
	WUDF_METHOD(I, HRESULT, RetrieveDevicePropertyStore,		\
		PCWSTR pcwszServiceName,				\
		WDF_PROPERTY_STORE_RETRIEVE_FLAGS Flags,		\
		IWDFNamedPropertyStore **ppPropStore,			\
		WDF_PROPERTY_STORE_DISPOSITION *pDisposition)		\
	WUDF_METHOD(I, void, GetDriver, IWDFDriver **ppWdfDriver)	\
	WUDF_METHOD(I, HRESULT, RetrieveDeviceInstanceId, PWSTR Buffer,	\
		DWORD *pdwSizeInChars)					\
	WUDF_METHOD(I, void, GetDefaultIoTarget,			\
		IWDFIoTarget **ppWdfIoTarget)				\
	WUDF_METHOD(I, HRESULT, CreateWdfFile, LPCWSTR pcwszFileName,	\
		IWDFDriverCreatedFile **ppFile)				\
	WUDF_METHOD(I, void, GetDefaultIoQueue, IWDFIoQueue **ppWdfIoQueue) \
	WUDF_METHOD(I, HRESULT, CreateIoQueue, IUnknown *pCallbackInterface, \
		BOOL bDefaultQueue, WDF_IO_QUEUE_DISPATCH_TYPE DispatchType, \
		BOOL bPowerManaged, BOOL bAllowZeroLengthRequests,	\
		IWDFIoQueue **ppIoQueue)				\
	WUDF_METHOD(I, HRESULT, CreateDeviceInterface,			\
		LPCGUID pDeviceInterfaceGuid, PCWSTR pReferenceString)	\
	WUDF_METHOD(I, HRESULT, AssignDeviceInterfaceState,		\
		LPCGUID pDeviceInterfaceGuid, PCWSTR pReferenceString,	\
		BOOL Enable)						\
	WUDF_METHOD(I, HRESULT, RetrieveDeviceName, PWSTR pDeviceName,	\
		DWORD *pdwDeviceNameLength)				\
	WUDF_METHOD(I, HRESULT, PostEvent, REFGUID EventGuid,		\
		WDF_EVENT_TYPE EventType, BYTE *pbData, DWORD cbDataSize) \
	WUDF_METHOD(I, HRESULT, ConfigureRequestDispatching,		\
		IWDFIoQueue *pQueue, WDF_REQUEST_TYPE RequestType,	\
		BOOL Forward)						\
	WUDF_METHOD(I, void, SetPnpState, WDF_PNP_STATE State,		\
		WDF_TRI_STATE Value)					\
	WUDF_METHOD(I, WDF_TRI_STATE, GetPnpState, WDF_PNP_STATE State)	\
	WUDF_METHOD0(I, void, CommitPnpState)				\
	WUDF_METHOD(I, HRESULT, CreateRequest, IUnknown *pCallbackInterface, \
		IWDFObject *pParentObject, IWDFIoRequest **ppRequest)	\
	WUDF_METHOD(I, HRESULT, CreateSymbolicLink, PCWSTR pSymbolicLink)
#define IWDFDevice_SLOTS(I)	IWDFObject_SLOTS(I) IWDFDevice_METHODS(I)
WUDF_INTERFACE(IWDFDevice, IWDFObject,
	0xd657fe45, 0x460a, 0x49c3, 0x82, 0x19, 0x76, 0x6a, 0xe8, 0x03, 0x2a, 0x80)

/*
 * IWDFDevice2, of UMDF 1.9
 *
 * AssignS0IdleSettings: IdleTimeout is in ms. Without an effect: devices are always on
 * StopIdle: S_OK
 * ResumeIdle: without an effect
 * CreateSymbolicLinkWithReferenceString: as CreateSymbolicLink
 * RegisterRemoteInterfaceNotification: not carried: E_NOTIMPL
 * CreateRemoteInterface: not carried: E_NOTIMPL
 * CreateRemoteTarget: not carried: E_NOTIMPL
 * GetDeviceStackIoTypePreference: WdfDeviceIoBuffered for both
 * AssignSxWakeSettings: without an effect
 * GetSystemPowerAction: PowerActionNone
 */
#define IWDFDevice2_METHODS(I)						\
	WUDF_METHOD(I, HRESULT, AssignS0IdleSettings,			\
		WDF_POWER_POLICY_S0_IDLE_CAPABILITIES IdleCaps,		\
		DEVICE_POWER_STATE DxState, ULONG IdleTimeout,		\
		WDF_POWER_POLICY_S0_IDLE_USER_CONTROL UserControlOfIdleSettings, \
		WDF_TRI_STATE Enabled)					\
	WUDF_METHOD(I, HRESULT, StopIdle, BOOL WaitForD0)		\
	WUDF_METHOD0(I, void, ResumeIdle)				\
	WUDF_METHOD(I, HRESULT, CreateSymbolicLinkWithReferenceString,	\
		PCWSTR pSymbolicLink, PCWSTR pReferenceString)		\
	WUDF_METHOD(I, HRESULT, RegisterRemoteInterfaceNotification,	\
		LPCGUID pDeviceInterfaceGuid,				\
		BOOL IncludeExistingInterfaces)				\
	WUDF_METHOD(I, HRESULT, CreateRemoteInterface,			\
		IWDFRemoteInterfaceInitialize *pRemoteInterfaceInit,	\
		IUnknown *pCallbackInterface,				\
		IWDFRemoteInterface **ppRemoteInterface)		\
	WUDF_METHOD(I, HRESULT, CreateRemoteTarget,			\
		IUnknown *pCallbackInterface, IWDFObject *pParentObject, \
		IWDFRemoteTarget **ppRemoteTarget)			\
	WUDF_METHOD(I, void, GetDeviceStackIoTypePreference,		\
		WDF_DEVICE_IO_TYPE *ReadWritePreference,		\
		WDF_DEVICE_IO_TYPE *IoControlPreference)		\
	WUDF_METHOD(I, HRESULT, AssignSxWakeSettings,			\
		DEVICE_POWER_STATE DxState,				\
		WDF_POWER_POLICY_SX_WAKE_USER_CONTROL UserControlOfWakeSettings, \
		WDF_TRI_STATE Enabled)					\
	WUDF_METHOD0(I, POWER_ACTION, GetSystemPowerAction)
#define IWDFDevice2_SLOTS(I)	IWDFDevice_SLOTS(I) IWDFDevice2_METHODS(I)
WUDF_INTERFACE(IWDFDevice2, IWDFDevice,
	0x1b0d07b1, 0xf596, 0x4a76, 0x99, 0xb3, 0xb9, 0x49, 0x2a, 0xd8, 0xdf, 0x9f)

/*
 * IWDFDevice3, of UMDF 1.11
 *
 * Hardware access is not carried: those methods are slots, and return E_NOTIMPL, NULL or
 * 0.
 *
 * CreateWorkItem: not carried: E_NOTIMPL
 * AssignS0IdleSettingsEx: without an effect
 */
#define IWDFDevice3_METHODS(I)						\
	WUDF_METHOD(I, HRESULT, MapIoSpace,				\
		PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,	\
		MEMORY_CACHING_TYPE CacheType, void **pPseudoBaseAddress) \
	WUDF_METHOD(I, void, UnmapIoSpace, void *PseudoBaseAddress,	\
		SIZE_T NumberOfBytes)					\
	WUDF_METHOD(I, void *, GetHardwareRegisterMappedAddress,	\
		void *PseudoBaseAddress)				\
	WUDF_METHOD(I, SIZE_T, ReadFromHardware,			\
		WDF_DEVICE_HWACCESS_TARGET_TYPE Type,			\
		WDF_DEVICE_HWACCESS_TARGET_SIZE Size, void *Address,	\
		void *Buffer, ULONG Count)				\
	WUDF_METHOD(I, void, WriteToHardware,				\
		WDF_DEVICE_HWACCESS_TARGET_TYPE Type,			\
		WDF_DEVICE_HWACCESS_TARGET_SIZE Size, void *Address,	\
		SIZE_T Value, void *Buffer, ULONG Count)		\
	WUDF_METHOD(I, HRESULT, CreateInterrupt,			\
		PWUDF_INTERRUPT_CONFIG Configuration,			\
		IWDFInterrupt **ppInterrupt)				\
	WUDF_METHOD(I, HRESULT, CreateWorkItem,				\
		PWUDF_WORKITEM_CONFIG pConfig, IWDFObject *pParentObject, \
		IWDFWorkItem **ppWorkItem)				\
	WUDF_METHOD(I, HRESULT, AssignS0IdleSettingsEx,			\
		PWUDF_DEVICE_POWER_POLICY_IDLE_SETTINGS IdleSettings)
WUDF_INTERFACE(IWDFDevice3, IWDFDevice2,
	0x863d943a, 0xc9cd, 0x4655, 0xa8, 0xd6, 0xc8, 0x4e, 0xf4, 0x11, 0xcc, 0x0d)

/*
 * IWDFNamedPropertyStore, of UMDF 1.5
 *
 * Values of the registry. Slots: no store is ever handed out.
 */
#define IWDFNamedPropertyStore_METHODS(I)				\
	WUDF_METHOD(I, HRESULT, GetNamedValue, LPCWSTR pszName,		\
		PROPVARIANT *pv)					\
	WUDF_METHOD(I, HRESULT, SetNamedValue, LPCWSTR pszName,		\
		const PROPVARIANT *pv)					\
	WUDF_METHOD(I, HRESULT, GetNameCount, DWORD *pdwCount)		\
	WUDF_METHOD(I, HRESULT, GetNameAt, DWORD iProp, PWSTR *ppwszName)
#define IWDFNamedPropertyStore_SLOTS(I)	IUnknown_SLOTS(I) IWDFNamedPropertyStore_METHODS(I)
WUDF_INTERFACE(IWDFNamedPropertyStore, IUnknown,
	0x394b48c9, 0xbca0, 0x498f, 0x8e, 0x2c, 0x01, 0x22, 0x54, 0x64, 0xa9, 0x32)

/*
 * IWDFNamedPropertyStore2, of UMDF 1.9
 *
 * A slot, as above.
 */
#define IWDFNamedPropertyStore2_METHODS(I)				\
	WUDF_METHOD(I, HRESULT, DeleteNamedValue, LPCWSTR pwszName)
WUDF_INTERFACE(IWDFNamedPropertyStore2, IWDFNamedPropertyStore,
	0x1464ee0e, 0x8e0f, 0x4fda, 0xb1, 0xa0, 0xb3, 0x61, 0x4c, 0x40, 0x5d, 0x56)

/*
 * IWDFPropertyStoreFactory, of UMDF 1.9
 *
 * QueryInterface of a device or of its initialization answers it.
 * RetrieveDevicePropertyStore: there is no registry:
 *   HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND)
 */
#define IWDFPropertyStoreFactory_METHODS(I)				\
	WUDF_METHOD(I, HRESULT, RetrieveDevicePropertyStore,		\
		PWDF_PROPERTY_STORE_ROOT RootSpecifier,			\
		WDF_PROPERTY_STORE_RETRIEVE_FLAGS Flags,		\
		REGSAM DesiredAccess, PCWSTR SubkeyPath,		\
		IWDFNamedPropertyStore2 **PropertyStore,		\
		WDF_PROPERTY_STORE_DISPOSITION *Disposition)
WUDF_INTERFACE(IWDFPropertyStoreFactory, IUnknown,
	0x45be7e06, 0x9b65, 0x434d, 0xa7, 0xd6, 0x95, 0x72, 0xd7, 0xf7, 0x3d, 0x53)

/*
 * IWDFIoQueue, of UMDF 1.5
 *
 * A container of requests that hands them to the driver. Only one of Stop, Drain and
 * Purge may be under way.
 *
 * GetDevice: adds a reference
 * ConfigureRequestDispatching: as in IWDFDevice, to this queue
 * GetState: bits of WDF_IO_QUEUE_STATE. Both counts must be given: requests that wait,
 *   and those that the driver holds
 * RetrieveNextRequest: manual and sequential queues. Empty:
 *   HRESULT_FROM_WIN32(ERROR_NO_MORE_ITEMS), *ppRequest NULL. Stopped:
 *   HRESULT_FROM_NT(STATUS_WDF_PAUSED). Parallel:
 *   HRESULT_FROM_NT(STATUS_INVALID_DEVICE_STATE)
 * RetrieveNextRequestByFileObject: the same, of one file
 * Start: accepts and hands out
 * Stop: accepts, but hands out nothing. pStopComplete, or NULL: called when the driver
 *   holds no request
 * StopSynchronously: Stop, and waits for that. Never from a request handler
 * Drain: accepts nothing, hands out what is there
 * DrainSynchronously: Drain, and waits until the queue is empty and the driver holds no
 *   request
 * Purge: accepts nothing, cancels what waits, calls OnCancel of cancelable requests
 * PurgeSynchronously: Purge, and waits until the driver holds no request
 */
#define IWDFIoQueue_METHODS(I)						\
	WUDF_METHOD(I, void, GetDevice, IWDFDevice **ppWdfDevice)	\
	WUDF_METHOD(I, HRESULT, ConfigureRequestDispatching,		\
		WDF_REQUEST_TYPE RequestType, BOOL Forward)		\
	WUDF_METHOD(I, WDF_IO_QUEUE_STATE, GetState,			\
		ULONG *pulNumOfRequestsInQueue,				\
		ULONG *pulNumOfRequestsInDriver)			\
	WUDF_METHOD(I, HRESULT, RetrieveNextRequest,			\
		IWDFIoRequest **ppRequest)				\
	WUDF_METHOD(I, HRESULT, RetrieveNextRequestByFileObject,	\
		IWDFFile *pFile, IWDFIoRequest **ppRequest)		\
	WUDF_METHOD0(I, void, Start)					\
	WUDF_METHOD(I, void, Stop, IQueueCallbackStateChange *pStopComplete) \
	WUDF_METHOD0(I, void, StopSynchronously)			\
	WUDF_METHOD(I, void, Drain,					\
		IQueueCallbackStateChange *pDrainComplete)		\
	WUDF_METHOD0(I, void, DrainSynchronously)			\
	WUDF_METHOD(I, void, Purge,					\
		IQueueCallbackStateChange *pPurgeComplete)		\
	WUDF_METHOD0(I, void, PurgeSynchronously)
WUDF_INTERFACE(IWDFIoQueue, IWDFObject,
	0xae1162b9, 0x8b11, 0x4714, 0x99, 0x3d, 0x93, 0xdc, 0x48, 0xcc, 0x9e, 0x8a)

/*
 * IWDFIoRequest, of UMDF 1.5
 *
 * One I/O request. Either a sender's, which comes from a queue and must be completed
 * once, or the driver's own (CreateRequest). Information is in bytes everywhere.
 *
 * CompleteWithInformation: completes it. The pointer is invalid afterwards. Information
 *   beyond the buffer is refused with a success, and becomes 0 with a failure
 * SetInformation: the number of bytes that Complete will report
 * Complete: completes it. CompletionStatus: S_OK, HRESULT_FROM_WIN32(x) or
 *   HRESULT_FROM_NT(x). Never while it is cancelable
 * SetCompletionCallback: for one Send; NULL takes it back
 * GetType: WDF_REQUEST_TYPE in UMDF 1.x numbers
 * GetCreateParameters: each pointer may be NULL, here and below
 * GetReadParameters: size in bytes, offset in bytes
 * GetWriteParameters: size in bytes, offset in bytes
 * GetDeviceIoControlParameters: sizes in bytes
 * GetOutputMemory: the buffer for what the driver returns; of size 0, with no data
 *   buffer, if the sender gave none; NULL for a write. Release it before Complete. Not
 *   with deferred retrieval
 * GetInputMemory: the buffer with what the sender wrote; likewise, NULL for a read
 * MarkCancelable: OnCancel will be called once if the sender cancels, possibly before
 *   this returns. The same object for all requests of a queue
 * UnmarkCancelable: S_OK: OnCancel will not be called.
 *   HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED): it was or will be, and completes the
 *   request
 * CancelSentRequest: TRUE: the cancel reached the owner of the request. Says nothing
 *   about how it will be completed
 * ForwardToIoQueue: to the tail of another queue of the device. On failure the driver
 *   still owns it
 * Send: Flags: WDF_REQUEST_SEND_OPTIONS_FLAGS. Timeout in 100 ns, below 0: from now,
 *   above: since 1601, 0: none. The result is that of sending, not of the request
 * GetFileObject: adds a reference; may be NULL
 * FormatUsingCurrentType: to send on a sender's request as it is
 * GetRequestorProcessId: the sender's process
 * GetIoQueue: adds a reference; NULL for the driver's own
 * Impersonate: not carried: E_NOTIMPL
 * IsFrom32BitProcess: TRUE if the sender has 32-bit pointers
 * GetCompletionParams: after a Send was completed; adds a reference
 */
#define IWDFIoRequest_METHODS(I)					\
	WUDF_METHOD(I, void, CompleteWithInformation,			\
		HRESULT CompletionStatus, SIZE_T Information)		\
	WUDF_METHOD(I, void, SetInformation, ULONG_PTR Information)	\
	WUDF_METHOD(I, void, Complete, HRESULT CompletionStatus)	\
	WUDF_METHOD(I, void, SetCompletionCallback,			\
		IRequestCallbackRequestCompletion *pCompletionCallback,	\
		void *pContext)						\
	WUDF_METHOD0(I, WDF_REQUEST_TYPE, GetType)			\
	WUDF_METHOD(I, void, GetCreateParameters, ULONG *pOptions,	\
		USHORT *pFileAttributes, USHORT *pShareAccess)		\
	WUDF_METHOD(I, void, GetReadParameters, SIZE_T *pSizeInBytes,	\
		LONGLONG *pullOffset, ULONG *pulKey)			\
	WUDF_METHOD(I, void, GetWriteParameters, SIZE_T *pSizeInBytes,	\
		LONGLONG *pullOffset, ULONG *pulKey)			\
	WUDF_METHOD(I, void, GetDeviceIoControlParameters,		\
		ULONG *pControlCode, SIZE_T *pInBufferSize,		\
		SIZE_T *pOutBufferSize)					\
	WUDF_METHOD(I, void, GetOutputMemory, IWDFMemory **ppWdfMemory)	\
	WUDF_METHOD(I, void, GetInputMemory, IWDFMemory **ppWdfMemory)	\
	WUDF_METHOD(I, void, MarkCancelable,				\
		IRequestCallbackCancel *pCancelCallback)		\
	WUDF_METHOD0(I, HRESULT, UnmarkCancelable)			\
	WUDF_METHOD0(I, BOOL, CancelSentRequest)			\
	WUDF_METHOD(I, HRESULT, ForwardToIoQueue, IWDFIoQueue *pDestination) \
	WUDF_METHOD(I, HRESULT, Send, IWDFIoTarget *pIoTarget, ULONG Flags, \
		LONGLONG Timeout)					\
	WUDF_METHOD(I, void, GetFileObject, IWDFFile **ppFileObject)	\
	WUDF_METHOD0(I, void, FormatUsingCurrentType)			\
	WUDF_METHOD0(I, ULONG, GetRequestorProcessId)			\
	WUDF_METHOD(I, void, GetIoQueue, IWDFIoQueue **ppWdfIoQueue)	\
	WUDF_METHOD(I, HRESULT, Impersonate,				\
		SECURITY_IMPERSONATION_LEVEL ImpersonationLevel,	\
		IImpersonateCallback *pCallback, void *pvCallbackContext) \
	WUDF_METHOD0(I, BOOL, IsFrom32BitProcess)			\
	WUDF_METHOD(I, void, GetCompletionParams,			\
		IWDFRequestCompletionParams **ppCompletionParams)
#define IWDFIoRequest_SLOTS(I)	IWDFObject_SLOTS(I) IWDFIoRequest_METHODS(I)
WUDF_INTERFACE(IWDFIoRequest, IWDFObject,
	0x896df312, 0x22b4, 0x4a9d, 0x95, 0xdd, 0xa3, 0x64, 0xaa, 0xf5, 0x97, 0x69)

/*
 * IWDFIoRequest2, of UMDF 1.9
 *
 * Reuse: makes the driver's own request fit for another Send. hrNewStatus is what
 *   GetStatus returns until then
 * GetRequestorMode: WdfUserMode, or WdfKernelMode if a driver of the kernel sent it
 * IsFromUserModeDriver: TRUE if another host sent it
 * RetrieveInputBuffer: sizes in bytes. Smaller than MinimumRequiredCb:
 *   HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER). BufferCb may be NULL
 * RetrieveOutputBuffer: likewise
 * RetrieveInputMemory: E_OUTOFMEMORY, or as RetrieveInputBuffer with 1 byte
 * RetrieveOutputMemory: likewise
 * GetEffectiveIoType: WdfDeviceIoBuffered
 * GetCreateParametersEx: as GetCreateParameters
 * GetQueryInformationParameters: such requests do not exist here:
 *   WdfFileInformationMaximum, 0
 * GetSetInformationParameters: likewise
 * IsCanceled: TRUE if the sender cancelled a request that the driver owns and has not
 *   marked
 * GetStatus: of a Send
 * StopAcknowledge: in OnIoStop only. Requeue: the driver gives it back to the head of its
 *   queue
 * Requeue: to the head of its own manual queue. Others:
 *   HRESULT_FROM_WIN32(ERROR_INVALID_OPERATION)
 */
#define IWDFIoRequest2_METHODS(I)					\
	WUDF_METHOD(I, void, Reuse, HRESULT hrNewStatus)		\
	WUDF_METHOD0(I, WDF_KPROCESSOR_MODE, GetRequestorMode)		\
	WUDF_METHOD0(I, BOOL, IsFromUserModeDriver)			\
	WUDF_METHOD(I, HRESULT, RetrieveInputBuffer,			\
		SIZE_T MinimumRequiredCb, PVOID *Buffer, SIZE_T *BufferCb) \
	WUDF_METHOD(I, HRESULT, RetrieveOutputBuffer,			\
		SIZE_T MinimumRequiredCb, PVOID *Buffer, SIZE_T *BufferCb) \
	WUDF_METHOD(I, HRESULT, RetrieveInputMemory, IWDFMemory **Memory) \
	WUDF_METHOD(I, HRESULT, RetrieveOutputMemory, IWDFMemory **Memory) \
	WUDF_METHOD0(I, WDF_DEVICE_IO_TYPE, GetEffectiveIoType)		\
	WUDF_METHOD(I, void, GetCreateParametersEx, ULONG *pOptions,	\
		USHORT *pFileAttributes, USHORT *pShareAccess,		\
		ACCESS_MASK *pDesiredAccess)				\
	WUDF_METHOD(I, void, GetQueryInformationParameters,		\
		WDF_FILE_INFORMATION_CLASS *pInformationClass,		\
		SIZE_T *pSizeInBytes)					\
	WUDF_METHOD(I, void, GetSetInformationParameters,		\
		WDF_FILE_INFORMATION_CLASS *pInformationClass,		\
		SIZE_T *pSizeInBytes)					\
	WUDF_METHOD0(I, BOOL, IsCanceled)				\
	WUDF_METHOD0(I, HRESULT, GetStatus)				\
	WUDF_METHOD(I, void, StopAcknowledge, BOOL Requeue)		\
	WUDF_METHOD0(I, HRESULT, Requeue)
#define IWDFIoRequest2_SLOTS(I)	IWDFIoRequest_SLOTS(I) IWDFIoRequest2_METHODS(I)
WUDF_INTERFACE(IWDFIoRequest2, IWDFIoRequest,
	0x1b67f4cd, 0xb278, 0x4085, 0x93, 0xe7, 0x57, 0x97, 0x0d, 0x98, 0xb9, 0x2b)

/*
 * IWDFIoRequest3, of UMDF 1.11
 *
 * Slots. RetrieveActivityId returns E_NOTIMPL, GetUserModeDriverInitiatedIo FALSE.
 */
#define IWDFIoRequest3_METHODS(I)					\
	WUDF_METHOD(I, void, SetUserModeDriverInitiatedIo,		\
		BOOL IsUserModeDriverInitiated)				\
	WUDF_METHOD0(I, BOOL, GetUserModeDriverInitiatedIo)		\
	WUDF_METHOD(I, HRESULT, RetrieveActivityId, LPGUID ActivityId)	\
	WUDF_METHOD(I, void, SetActivityId, LPGUID ActivityId)
WUDF_INTERFACE(IWDFIoRequest3, IWDFIoRequest2,
	0x92795040, 0xb8aa, 0x487a, 0xb1, 0x10, 0xb8, 0x0e, 0xbb, 0xd4, 0x0b, 0x44)

/*
 * IWDFRequestCompletionParams, of UMDF 1.5
 *
 * How a sent request ended.
 *
 * GetInformation: bytes
 */
#define IWDFRequestCompletionParams_METHODS(I)				\
	WUDF_METHOD0(I, HRESULT, GetCompletionStatus)			\
	WUDF_METHOD0(I, ULONG_PTR, GetInformation)			\
	WUDF_METHOD0(I, WDF_REQUEST_TYPE, GetCompletedRequestType)
#define IWDFRequestCompletionParams_SLOTS(I) \
	IUnknown_SLOTS(I) IWDFRequestCompletionParams_METHODS(I)
WUDF_INTERFACE(IWDFRequestCompletionParams, IUnknown,
	0x707a2b42, 0x69b8, 0x4971, 0xa4, 0x9c, 0x40, 0x31, 0x86, 0x1e, 0x7a, 0xff)

/*
 * IWDFIoRequestCompletionParams, of UMDF 1.5
 *
 * From IWDFRequestCompletionParams by QueryInterface. The parameters of the type that was
 * completed; each pointer may be NULL. Sizes and offsets in bytes; memory objects gain a
 * reference.
 */
#define IWDFIoRequestCompletionParams_METHODS(I)			\
	WUDF_METHOD(I, void, GetWriteParameters, IWDFMemory **ppWriteMemory, \
		SIZE_T *pBytesWritten, SIZE_T *pWriteMemoryOffset)	\
	WUDF_METHOD(I, void, GetReadParameters, IWDFMemory **ppReadMemory, \
		SIZE_T *pBytesRead, SIZE_T *pReadMemoryOffset)		\
	WUDF_METHOD(I, void, GetIoctlParameters, ULONG *pIoControlCode,	\
		IWDFMemory **ppInputMemory, SIZE_T *pInputMemoryOffset,	\
		IWDFMemory **ppOutputMemory, SIZE_T *pOutputMemoryOffset, \
		SIZE_T *pOutBytes)
WUDF_INTERFACE(IWDFIoRequestCompletionParams, IWDFRequestCompletionParams,
	0x723d4f3c, 0x7722, 0x4c49, 0x99, 0xae, 0x19, 0x59, 0x37, 0xbd, 0x95, 0x82)

/*
 * IWDFFile, of UMDF 1.5
 *
 * One open file of a sender.
 *
 * RetrieveFileName: *pdwFileNameLengthInChars is in characters, in and out. NULL and 0
 *   ask for the size. Too small: HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER)
 * GetDevice: adds a reference
 */
#define IWDFFile_METHODS(I)						\
	WUDF_METHOD(I, HRESULT, RetrieveFileName, PWSTR pFileName,	\
		DWORD *pdwFileNameLengthInChars)			\
	WUDF_METHOD(I, void, GetDevice, IWDFDevice **ppWdfDevice)
#define IWDFFile_SLOTS(I)	IWDFObject_SLOTS(I) IWDFFile_METHODS(I)
WUDF_INTERFACE(IWDFFile, IWDFObject,
	0xcc8fe04b, 0xfe8b, 0x4245, 0xaf, 0xd6, 0xc3, 0x1b, 0xc8, 0x30, 0xc7, 0x91)

/*
 * IWDFFile2, of UMDF 1.9
 *
 * RetrieveCountedFileName: as RetrieveFileName; there are no counted names: S_OK and
 *   length 0
 * GetRelatedFileObject: NULL
 */
#define IWDFFile2_METHODS(I)						\
	WUDF_METHOD(I, HRESULT, RetrieveCountedFileName,		\
		WCHAR *pCountedFileName,				\
		DWORD *pdwCountedFileNameLengthInChars)			\
	WUDF_METHOD(I, void, GetRelatedFileObject,			\
		IWDFFile **ppRelatedFileObj)
#define IWDFFile2_SLOTS(I)	IWDFFile_SLOTS(I) IWDFFile2_METHODS(I)
WUDF_INTERFACE(IWDFFile2, IWDFFile,
	0x97893137, 0xce7f, 0x4918, 0xbc, 0x43, 0xa9, 0x1a, 0xef, 0x84, 0xb0, 0x43)

/*
 * IWDFFile3, of UMDF 1.11
 *
 * GetInitiatorProcessId: the process that opened it
 */
#define IWDFFile3_METHODS(I)						\
	WUDF_METHOD(I, void, GetInitiatorProcessId, DWORD *pdwProcessId)
WUDF_INTERFACE(IWDFFile3, IWDFFile2,
	0x7188ca4f, 0x1bd4, 0x4fbc, 0xa3, 0x4a, 0x2d, 0xc7, 0xb5, 0x7f, 0x17, 0xcc)

/*
 * IWDFDriverCreatedFile, of UMDF 1.5
 *
 * Close: once, after the last request that uses it
 */
#define IWDFDriverCreatedFile_METHODS(I)				\
	WUDF_METHOD0(I, void, Close)
WUDF_INTERFACE(IWDFDriverCreatedFile, IWDFFile,
	0xb7615d26, 0x494b, 0x47a6, 0xb4, 0xcf, 0x02, 0x71, 0xbc, 0xc3, 0xda, 0x4b)

/*
 * IWDFIoTarget, of UMDF 1.5
 *
 * Where requests are sent to. DeviceOffset is in bytes. Offsets into a memory may be
 * NULL: all of it.
 *
 * GetTargetFile: NULL for the default target
 * CancelSentRequestsForFile: CancelSentRequest on each request that was sent for that
 *   file; does not wait
 * FormatRequestForRead: pFile must be given for the default target. pOutputMemory NULL: 0
 *   bytes
 * FormatRequestForWrite: likewise, pInputMemory
 * FormatRequestForIoctl: likewise
 */
#define IWDFIoTarget_METHODS(I)						\
	WUDF_METHOD(I, void, GetTargetFile, IWDFFile **ppWdfFile)	\
	WUDF_METHOD(I, void, CancelSentRequestsForFile, IWDFFile *pFile) \
	WUDF_METHOD(I, HRESULT, FormatRequestForRead,			\
		IWDFIoRequest *pRequest, IWDFFile *pFile,		\
		IWDFMemory *pOutputMemory,				\
		PWDFMEMORY_OFFSET pOutputMemoryOffset,			\
		PLONGLONG DeviceOffset)					\
	WUDF_METHOD(I, HRESULT, FormatRequestForWrite,			\
		IWDFIoRequest *pRequest, IWDFFile *pFile,		\
		IWDFMemory *pInputMemory,				\
		PWDFMEMORY_OFFSET pInputMemoryOffset,			\
		PLONGLONG DeviceOffset)					\
	WUDF_METHOD(I, HRESULT, FormatRequestForIoctl,			\
		IWDFIoRequest *pRequest, ULONG IoctlCode, IWDFFile *pFile, \
		IWDFMemory *pInputMemory,				\
		PWDFMEMORY_OFFSET pInputMemoryOffset,			\
		IWDFMemory *pOutputMemory,				\
		PWDFMEMORY_OFFSET pOutputMemoryOffset)
#define IWDFIoTarget_SLOTS(I)	IWDFObject_SLOTS(I) IWDFIoTarget_METHODS(I)
WUDF_INTERFACE(IWDFIoTarget, IWDFObject,
	0xcc060d79, 0xc0c2, 0x407f, 0x8b, 0x10, 0xa5, 0xe9, 0x00, 0xfc, 0x34, 0x74)

/*
 * IWDFIoTarget2, of UMDF 1.9
 *
 * FormatRequestForFlush: E_OUTOFMEMORY is possible
 * FormatRequestForSetInformation: not carried: E_NOTIMPL
 * FormatRequestForQueryInformation: not carried: E_NOTIMPL
 */
#define IWDFIoTarget2_METHODS(I)					\
	WUDF_METHOD(I, HRESULT, FormatRequestForFlush,			\
		IWDFIoRequest *pRequest, IWDFFile *pFile)		\
	WUDF_METHOD(I, HRESULT, FormatRequestForSetInformation,		\
		IWDFIoRequest *pRequest,				\
		WDF_FILE_INFORMATION_CLASS InformationClass,		\
		IWDFFile *pFile, IWDFMemory *pInformationMemory,	\
		PWDFMEMORY_OFFSET pInformationMemoryOffset)		\
	WUDF_METHOD(I, HRESULT, FormatRequestForQueryInformation,	\
		IWDFIoRequest *pRequest,				\
		WDF_FILE_INFORMATION_CLASS InformationClass,		\
		IWDFFile *pFile, IWDFMemory *pInformationMemory,	\
		PWDFMEMORY_OFFSET pInformationMemoryOffset)
WUDF_INTERFACE(IWDFIoTarget2, IWDFIoTarget,
	0xeaebcbbb, 0xdeb5, 0x4849, 0x8a, 0xcf, 0xfb, 0x38, 0x33, 0x6b, 0x94, 0xc7)

/*
 * IWDFIoTargetStateManagement, of UMDF 1.5
 *
 * From an IWDFIoTarget by QueryInterface. Start and Stop must not overlap.
 *
 * Start: sends, in order, what was sent while it was stopped. Removed:
 *   HRESULT_FROM_NT(STATUS_INVALID_DEVICE_STATE)
 * Stop: S_OK. WdfIoTargetCancelSentIo and WdfIoTargetWaitForSentIoToComplete return after
 *   the last OnCompletion; never from a handler or OnCompletion
 * Remove: S_OK. Cancels all, waits, and refuses from then on
 */
#define IWDFIoTargetStateManagement_METHODS(I)				\
	WUDF_METHOD0(I, WDF_IO_TARGET_STATE, GetState)			\
	WUDF_METHOD0(I, HRESULT, Start)					\
	WUDF_METHOD(I, HRESULT, Stop, WDF_IO_TARGET_SENT_IO_ACTION Action) \
	WUDF_METHOD(I, HRESULT, Remove, BOOL bIsSurpriseRemove)
WUDF_INTERFACE(IWDFIoTargetStateManagement, IUnknown,
	0x88b077aa, 0xeff6, 0x4eba, 0x9e, 0x4d, 0x06, 0x4c, 0x70, 0x82, 0x2b, 0x98)

/*
 * IWDFMemory, of UMDF 1.5
 *
 * A buffer. Offsets and sizes are in bytes; what exceeds one of the buffers fails and
 * copies nothing.
 *
 * GetDataBuffer: the buffer itself; BufferSize may be NULL
 * SetBuffer: only for an object of CreatePreallocatedWdfMemory
 */
#define IWDFMemory_METHODS(I)						\
	WUDF_METHOD(I, HRESULT, CopyFromMemory, IWDFMemory *Source,	\
		PWDFMEMORY_OFFSET SourceOffset)				\
	WUDF_METHOD(I, HRESULT, CopyToBuffer, ULONG_PTR SourceOffset,	\
		void *TargetBuffer, SIZE_T NumOfBytesToCopyTo)		\
	WUDF_METHOD(I, HRESULT, CopyFromBuffer, ULONG_PTR DestOffset,	\
		void *SourceBuffer, SIZE_T NumOfBytesToCopyFrom)	\
	WUDF_METHOD0(I, SIZE_T, GetSize)				\
	WUDF_METHOD(I, void *, GetDataBuffer, SIZE_T *BufferSize)	\
	WUDF_METHOD(I, void, SetBuffer, void *Buffer, SIZE_T BufferSize)
WUDF_INTERFACE(IWDFMemory, IWDFObject,
	0xab098f88, 0x8f16, 0x472a, 0xb0, 0xbc, 0xec, 0xa4, 0x64, 0x86, 0xc1, 0x02)

/*
 * IObjectCleanup, of UMDF 1.5
 *
 * OnCleanup: the object is about to be deleted: drop what refers to it
 */
#define IObjectCleanup_METHODS(I)					\
	WUDF_METHOD(I, void, OnCleanup, IWDFObject *pWdfObject)
WUDF_INTERFACE(IObjectCleanup, IUnknown,
	0x244abe3a, 0xabbc, 0x43b1, 0xa8, 0x77, 0xf0, 0x00, 0x77, 0x55, 0x0e, 0x6a)

/*
 * IDriverEntry, of UMDF 1.5
 *
 * What DllGetClassObject's class implements: the entry into the driver.
 *
 * OnInitialize: first
 * OnDeviceAdd: once for each device: IWDFDriver::CreateDevice
 * OnDeinitialize: last
 */
#define IDriverEntry_METHODS(I)						\
	WUDF_METHOD(I, HRESULT, OnInitialize, IWDFDriver *pWdfDriver)	\
	WUDF_METHOD(I, HRESULT, OnDeviceAdd, IWDFDriver *pWdfDriver,	\
		IWDFDeviceInitialize *pWdfDeviceInit)			\
	WUDF_METHOD(I, void, OnDeinitialize, IWDFDriver *pWdfDriver)
WUDF_INTERFACE(IDriverEntry, IUnknown,
	0x1bec7499, 0x8881, 0x4f2b, 0xb0, 0x1c, 0xa1, 0xa9, 0x07, 0x30, 0x4a, 0xfc)

/*
 * IPnpCallback, of UMDF 1.5
 *
 * Start: OnD0Entry after OnPrepareHardware. End: OnD0Exit, or OnSurpriseRemoval and
 * OnD0Exit.
 */
#define IPnpCallback_METHODS(I)						\
	WUDF_METHOD(I, HRESULT, OnD0Entry, IWDFDevice *pWdfDevice,	\
		WDF_POWER_DEVICE_STATE previousState)			\
	WUDF_METHOD(I, HRESULT, OnD0Exit, IWDFDevice *pWdfDevice,	\
		WDF_POWER_DEVICE_STATE newState)			\
	WUDF_METHOD(I, void, OnSurpriseRemoval, IWDFDevice *pWdfDevice)	\
	WUDF_METHOD(I, HRESULT, OnQueryRemove, IWDFDevice *pWdfDevice)	\
	WUDF_METHOD(I, HRESULT, OnQueryStop, IWDFDevice *pWdfDevice)
WUDF_INTERFACE(IPnpCallback, IUnknown,
	0x27c32374, 0xcc45, 0x4840, 0x85, 0x7e, 0x8e, 0x5e, 0xf7, 0xc0, 0xeb, 0xff)

/*
 * IPnpCallbackSelfManagedIo, of UMDF 1.5
 *
 * For a device that does I/O outside of its queues. Init after the first OnD0Entry,
 * Suspend before OnD0Exit, then Flush and Cleanup.
 */
#define IPnpCallbackSelfManagedIo_METHODS(I)				\
	WUDF_METHOD(I, void, OnSelfManagedIoCleanup, IWDFDevice *pWdfDevice) \
	WUDF_METHOD(I, void, OnSelfManagedIoFlush, IWDFDevice *pWdfDevice) \
	WUDF_METHOD(I, HRESULT, OnSelfManagedIoInit, IWDFDevice *pWdfDevice) \
	WUDF_METHOD(I, HRESULT, OnSelfManagedIoSuspend,			\
		IWDFDevice *pWdfDevice)					\
	WUDF_METHOD(I, HRESULT, OnSelfManagedIoRestart,			\
		IWDFDevice *pWdfDevice)					\
	WUDF_METHOD(I, HRESULT, OnSelfManagedIoStop, IWDFDevice *pWdfDevice)
WUDF_INTERFACE(IPnpCallbackSelfManagedIo, IUnknown,
	0xd1c9ca4c, 0x46aa, 0x46f8, 0xbd, 0x8c, 0x6c, 0xa9, 0xde, 0xb1, 0x33, 0x40)

/*
 * IPnpCallbackHardware, of UMDF 1.5
 *
 * OnPrepareHardware is the first callback of a device's life; OnReleaseHardware follows
 * the last OnD0Exit.
 */
#define IPnpCallbackHardware_METHODS(I)					\
	WUDF_METHOD(I, HRESULT, OnPrepareHardware, IWDFDevice *pWdfDevice) \
	WUDF_METHOD(I, HRESULT, OnReleaseHardware, IWDFDevice *pWdfDevice)
WUDF_INTERFACE(IPnpCallbackHardware, IUnknown,
	0x51433bd3, 0xc7c1, 0x4bd8, 0xb4, 0xc1, 0xab, 0x1e, 0x03, 0x46, 0x26, 0xcc)

/*
 * IPnpCallbackHardware2, of UMDF 1.11
 *
 * As IPnpCallbackHardware. The resource lists are NULL.
 */
#define IPnpCallbackHardware2_METHODS(I)				\
	WUDF_METHOD(I, HRESULT, OnPrepareHardware, IWDFDevice3 *pWdfDevice, \
		IWDFCmResourceList *pWdfResourcesRaw,			\
		IWDFCmResourceList *pWdfResourcesTranslated)		\
	WUDF_METHOD(I, HRESULT, OnReleaseHardware, IWDFDevice3 *pWdfDevice, \
		IWDFCmResourceList *pWdfResourcesTranslated)
WUDF_INTERFACE(IPnpCallbackHardware2, IUnknown,
	0x1493cd1b, 0xc546, 0x46bb, 0xbf, 0x47, 0xb2, 0x74, 0x65, 0x09, 0x33, 0x93)

/*
 * IPnpCallbackRemoteInterfaceNotification, of UMDF 1.9
 *
 * Never called.
 */
#define IPnpCallbackRemoteInterfaceNotification_METHODS(I)		\
	WUDF_METHOD(I, void, OnRemoteInterfaceArrival,			\
		IWDFRemoteInterfaceInitialize *pWdfRemoteInterfaceInit)
WUDF_INTERFACE(IPnpCallbackRemoteInterfaceNotification, IUnknown,
	0xf9d48f27, 0xbdbe, 0x4a96, 0xaf, 0x96, 0x0e, 0x53, 0xe2, 0xa4, 0x36, 0xec)

/*
 * IQueueCallbackCreate, of UMDF 1.5
 *
 * Opens. The request is completed with S_OK to let the sender have its file.
 */
#define IQueueCallbackCreate_METHODS(I)					\
	WUDF_METHOD(I, void, OnCreateFile, IWDFIoQueue *pWdfQueue,	\
		IWDFIoRequest *pWDFRequest, IWDFFile *pWdfFileObject)
WUDF_INTERFACE(IQueueCallbackCreate, IUnknown,
	0x7d8899f0, 0x8da9, 0x435f, 0x98, 0x3c, 0x7e, 0x17, 0xd4, 0x35, 0x69, 0x97)

/*
 * IQueueCallbackRead, of UMDF 1.5
 */
#define IQueueCallbackRead_METHODS(I)					\
	WUDF_METHOD(I, void, OnRead, IWDFIoQueue *pWdfQueue,		\
		IWDFIoRequest *pWdfRequest, SIZE_T NumOfBytesToRead)
WUDF_INTERFACE(IQueueCallbackRead, IUnknown,
	0xc3072620, 0x1da6, 0x48fb, 0xb4, 0xfe, 0xed, 0x65, 0x2b, 0x16, 0xae, 0xb2)

/*
 * IQueueCallbackWrite, of UMDF 1.5
 */
#define IQueueCallbackWrite_METHODS(I)					\
	WUDF_METHOD(I, void, OnWrite, IWDFIoQueue *pWdfQueue,		\
		IWDFIoRequest *pWdfRequest, SIZE_T NumOfBytesToWrite)
WUDF_INTERFACE(IQueueCallbackWrite, IUnknown,
	0x4888cbc5, 0x3fa2, 0x4ea3, 0x89, 0xa3, 0xc2, 0x0e, 0xd6, 0xe0, 0x47, 0x78)

/*
 * IQueueCallbackDeviceIoControl, of UMDF 1.5
 */
#define IQueueCallbackDeviceIoControl_METHODS(I)			\
	WUDF_METHOD(I, void, OnDeviceIoControl, IWDFIoQueue *pWdfQueue,	\
		IWDFIoRequest *pWdfRequest, ULONG ControlCode,		\
		SIZE_T InputBufferSizeInBytes,				\
		SIZE_T OutputBufferSizeInBytes)
WUDF_INTERFACE(IQueueCallbackDeviceIoControl, IUnknown,
	0xc5411408, 0x0f1e, 0x4ed6, 0xa4, 0x12, 0x36, 0xdd, 0x15, 0xee, 0xe7, 0x07)

/*
 * IQueueCallbackDefaultIoHandler, of UMDF 1.5
 *
 * What has no handler of its own.
 */
#define IQueueCallbackDefaultIoHandler_METHODS(I)			\
	WUDF_METHOD(I, void, OnDefaultIoHandler, IWDFIoQueue *pWdfQueue, \
		IWDFIoRequest *pWdfRequest)
WUDF_INTERFACE(IQueueCallbackDefaultIoHandler, IUnknown,
	0x15fb6d38, 0xfdd8, 0x4005, 0x8e, 0x55, 0xeb, 0x0b, 0x98, 0x31, 0x34, 0x99)

/*
 * IQueueCallbackStateChange, of UMDF 1.5
 *
 * For manual queues, and the notice of Stop, Drain and Purge.
 */
#define IQueueCallbackStateChange_METHODS(I)				\
	WUDF_METHOD(I, void, OnStateChange, IWDFIoQueue *pWdfQueue,	\
		WDF_IO_QUEUE_STATE QueueState)
WUDF_INTERFACE(IQueueCallbackStateChange, IUnknown,
	0xe7ece381, 0x7cb1, 0x468a, 0xbc, 0x43, 0xab, 0xd5, 0x94, 0x8f, 0xfc, 0x75)

/*
 * IQueueCallbackIoStop, of UMDF 1.5
 *
 * For each request that the driver holds when its device is suspended or removed.
 * ActionFlags: WDF_REQUEST_STOP_ACTION_FLAGS.
 */
#define IQueueCallbackIoStop_METHODS(I)					\
	WUDF_METHOD(I, void, OnIoStop, IWDFIoQueue *pWdfQueue,		\
		IWDFIoRequest *pWdfRequest, ULONG ActionFlags)
WUDF_INTERFACE(IQueueCallbackIoStop, IUnknown,
	0x3de3b961, 0x88fb, 0x435a, 0x9c, 0x14, 0x08, 0x68, 0xfb, 0x4f, 0xc6, 0x23)

/*
 * IQueueCallbackIoResume, of UMDF 1.5
 *
 * Never called here: a device is stopped for good, and never suspended.
 */
#define IQueueCallbackIoResume_METHODS(I)				\
	WUDF_METHOD(I, void, OnIoResume, IWDFIoQueue *pWdfQueue,	\
		IWDFIoRequest *pWdfRequest)
WUDF_INTERFACE(IQueueCallbackIoResume, IUnknown,
	0xbee9fd3c, 0x3dda, 0x4d9d, 0xa8, 0xfc, 0x02, 0xc3, 0x8d, 0x79, 0xf6, 0x63)

/*
 * IQueueCallbackIoCanceledOnQueue, of UMDF 1.9
 *
 * A request that was given back to a queue (requeue, forward) was cancelled there:
 * complete it.
 */
#define IQueueCallbackIoCanceledOnQueue_METHODS(I)			\
	WUDF_METHOD(I, void, OnIoCanceledOnQueue, IWDFIoQueue *pWdfQueue, \
		IWDFIoRequest *pWdfRequest)
WUDF_INTERFACE(IQueueCallbackIoCanceledOnQueue, IUnknown,
	0x746383c4, 0x00a7, 0x4200, 0x80, 0x73, 0xc0, 0x2d, 0x07, 0x69, 0x76, 0xbe)

/*
 * IRequestCallbackCancel, of UMDF 1.5
 *
 * OnCancel: the driver owns the request and completes it, now or later, usually with
 *   HRESULT_FROM_WIN32(ERROR_OPERATION_ABORTED)
 */
#define IRequestCallbackCancel_METHODS(I)				\
	WUDF_METHOD(I, void, OnCancel, IWDFIoRequest *pWdfRequest)
WUDF_INTERFACE(IRequestCallbackCancel, IUnknown,
	0x4e9f1a77, 0x4587, 0x4235, 0x81, 0xc4, 0xe6, 0xd2, 0x45, 0x45, 0xa6, 0x56)

/*
 * IRequestCallbackRequestCompletion, of UMDF 1.5
 *
 * OnCompletion: the driver owns the request again. Any thread, never serialized by the
 *   device's lock
 */
#define IRequestCallbackRequestCompletion_METHODS(I)			\
	WUDF_METHOD(I, void, OnCompletion, IWDFIoRequest *pWdfRequest,	\
		IWDFIoTarget *pIoTarget,				\
		IWDFRequestCompletionParams *pParams, void *pContext)
WUDF_INTERFACE(IRequestCallbackRequestCompletion, IUnknown,
	0x8a7cc8cb, 0xceb2, 0x46f6, 0x98, 0x51, 0x77, 0xbd, 0x34, 0x7a, 0x15, 0xc2)

/*
 * IFileCallbackCleanup, of UMDF 1.5
 *
 * OnCleanupFile: the last handle was closed; requests of the file may still be there
 */
#define IFileCallbackCleanup_METHODS(I)					\
	WUDF_METHOD(I, void, OnCleanupFile, IWDFFile *pWdfFileObject)
WUDF_INTERFACE(IFileCallbackCleanup, IUnknown,
	0x35c5f79c, 0x6d81, 0x4819, 0xaa, 0x64, 0xd6, 0xa8, 0x93, 0x9d, 0x94, 0xd6)

/*
 * IFileCallbackClose, of UMDF 1.5
 *
 * OnCloseFile: no request of the file is left
 */
#define IFileCallbackClose_METHODS(I)					\
	WUDF_METHOD(I, void, OnCloseFile, IWDFFile *pWdfFileObject)
WUDF_INTERFACE(IFileCallbackClose, IUnknown,
	0xc28fd731, 0xf3f1, 0x4573, 0x97, 0xdc, 0x62, 0x0f, 0x72, 0xd0, 0x13, 0xa6)

/*
 * IImpersonateCallback, of UMDF 1.5
 *
 * Never called.
 */
#define IImpersonateCallback_METHODS(I)					\
	WUDF_METHOD(I, void, OnImpersonate, void *Context)
WUDF_INTERFACE(IImpersonateCallback, IUnknown,
	0x99b01d17, 0x9fbd, 0x4aa6, 0xb1, 0x6d, 0x82, 0xda, 0xb6, 0xa4, 0x10, 0x7f)

#undef WUDF_METHOD
#undef WUDF_METHOD0
#undef WUDF_STRUCT
#undef WUDF_INTERFACE

#if !defined(__cplusplus) || defined(CINTERFACE)
#include "wudfddi_c.h"
#endif

#endif
