/* SPDX-License-Identifier: MIT */
/*
 * wudfddi_types.h: the enumerations and structures of UMDF 1.x, with the values of
 * UMDF 1.11. Several differ from those of KMDF and UMDF 2, which reuse the names:
 * WDF_REQUEST_TYPE and WDF_TRI_STATE.
 */
#ifndef _WUDFDDI_TYPES_H_
#define _WUDFDDI_TYPES_H_

#include <windows.h>
#include <guiddef.h>
#include <propidl.h>

/* ------------------------------------------------------- driver and device */

typedef struct UMDF_VERSION_DATA {
	ULONG MajorNumber;
	ULONG MinorNumber;
	ULONG ServiceNumber;
} UMDF_VERSION_DATA, *PUMDF_VERSION_DATA;

/* IWDFDeviceInitialize::SetLockingConstraint */
typedef enum _WDF_CALLBACK_CONSTRAINT {
	None			= 0,	/* callbacks may run at the same time */
	WdfDeviceLevel		= 1,	/* one at a time; the default */
	WdfLevelReserved	= 2,
	WdfLevelMaximum
} WDF_CALLBACK_CONSTRAINT;

typedef enum _WDF_TRI_STATE {
	WdfUseDefault		= 0,
	WdfFalse		= 1,
	WdfTrue			= 2
} WDF_TRI_STATE, *PWDF_TRI_STATE;

typedef enum _WDF_PNP_STATE {
	WdfPnpStateInvalid		= 0,
	WdfPnpStateDisabled		= 1,
	WdfPnpStateFailed		= 2,
	WdfPnpStateRemoved		= 3,
	WdfPnpStateResourcesChanged	= 4,
	WdfPnpStateDontDisplayInUI	= 5,
	WdfPnpStateNotDisableable	= 6,
	WdfPnpStateMaximum
} WDF_PNP_STATE;

typedef enum _WDF_PNP_CAPABILITY {
	WdfPnpCapInvalid		= 0,
	WdfPnpCapLockSupported		= 1,
	WdfPnpCapEjectSupported		= 2,
	WdfPnpCapRemovable		= 3,
	WdfPnpCapDockDevice		= 4,
	WdfPnpCapSurpriseRemovalOk	= 5,
	WdfPnpCapNoDisplayInUI		= 6,
	WdfPnpCapMaximum
} WDF_PNP_CAPABILITY;

/* IWDFDevice::PostEvent */
typedef enum _WDF_EVENT_TYPE {
	WdfEventReserved	= 0,
	WdfEventBroadcast	= 1,
	WdfEventMaximum
} WDF_EVENT_TYPE;

/* IWDFDeviceInitialize2::SetIoTypePreference */
typedef enum _WDF_DEVICE_IO_BUFFER_RETRIEVAL {
	WdfDeviceIoBufferRetrievalInvalid		= 0,
	WdfDeviceIoBufferRetrievalCopyImmediately	= 1,	/* the default */
	WdfDeviceIoBufferRetrievalDeferred		= 2,
	WdfDeviceIoBufferRetrievalMaximum
} WDF_DEVICE_IO_BUFFER_RETRIEVAL, *PWDF_DEVICE_IO_BUFFER_RETRIEVAL;

typedef enum _WDF_DEVICE_IO_TYPE {
	WdfDeviceIoUndefined		= 0,
	WdfDeviceIoNeither		= 1,
	WdfDeviceIoBuffered		= 2,
	WdfDeviceIoDirect		= 3,
	WdfDeviceIoBufferedOrDirect	= 4,
	WdfDeviceIoMaximum
} WDF_DEVICE_IO_TYPE, *PWDF_DEVICE_IO_TYPE;

/* ------------------------------------------------------------------ queues */

typedef enum _WDF_IO_QUEUE_DISPATCH_TYPE {
	WdfIoQueueDispatchSequential	= 1,
	WdfIoQueueDispatchParallel	= 2,
	WdfIoQueueDispatchManual	= 3,
	WdfIoQueueDispatchMaximum
} WDF_IO_QUEUE_DISPATCH_TYPE;

/* Bits. Idle: NoRequests and DriverNoRequests. */
typedef enum _WDF_IO_QUEUE_STATE {
	WdfIoQueueAcceptRequests	= 0x01,
	WdfIoQueueDispatchRequests	= 0x02,
	WdfIoQueueNoRequests		= 0x04,
	WdfIoQueueDriverNoRequests	= 0x08,
	WdfIoQueuePnpHeld		= 0x10
} WDF_IO_QUEUE_STATE, *PWDF_IO_QUEUE_STATE;

/* ---------------------------------------------------------------- requests */

typedef enum _WDF_REQUEST_TYPE {
	WdfRequestUndefined		= 0,
	WdfRequestCreate		= 1,
	WdfRequestCleanup		= 2,
	WdfRequestRead			= 3,
	WdfRequestWrite			= 4,
	WdfRequestDeviceIoControl	= 5,
	WdfRequestClose			= 6,
	WdfRequestUsb			= 7,
	WdfRequestOther			= 8,
	WdfRequestInternalIoctl		= 9,
	WdfRequestTypeNoFormat		= 10,
	WdfRequestFlushBuffers		= 11,
	WdfRequestQueryInformation	= 12,
	WdfRequestSetInformation	= 13,
	WdfRequestMaximum
} WDF_REQUEST_TYPE, *PWDF_REQUEST_TYPE;

/* IQueueCallbackIoStop::OnIoStop: one of the first three, with or without the last */
typedef enum _WDF_REQUEST_STOP_ACTION_FLAGS {
	WdfRequestStopActionInvalid	= 0x00000000,
	WdfRequestStopActionSuspend	= 0x00000001,
	WdfRequestStopActionPurge	= 0x00000002,
	WdfRequestStopRequestCancelable	= 0x10000000
} WDF_REQUEST_STOP_ACTION_FLAGS;

/* Bits, of IWDFIoRequest::Send. With SEND_AND_FORGET only the IMPERSON... ones. */
typedef enum _WDF_REQUEST_SEND_OPTIONS_FLAGS {
	WDF_REQUEST_SEND_OPTION_TIMEOUT				= 0x00000001,
	WDF_REQUEST_SEND_OPTION_SYNCHRONOUS			= 0x00000002,
	WDF_REQUEST_SEND_OPTION_IGNORE_TARGET_STATE		= 0x00000004,
	WDF_REQUEST_SEND_OPTION_SEND_AND_FORGET			= 0x00000008,
	WDF_REQUEST_SEND_OPTION_IMPERSONATE_CLIENT		= 0x00010000,
	WDF_REQUEST_SEND_OPTION_IMPERSONATION_IGNORE_FAILURE	= 0x00020000
} WDF_REQUEST_SEND_OPTIONS_FLAGS;

typedef enum _WDF_KPROCESSOR_MODE {
	WdfKProcessorModeInvalid	= 0,
	WdfKernelMode			= 1,
	WdfUserMode			= 2,
	WdfKProcessorModeMaximum
} WDF_KPROCESSOR_MODE, *PWDF_KPROCESSOR_MODE;

typedef enum _SECURITY_IMPERSONATION_LEVEL {
	SecurityAnonymous	= 0,
	SecurityIdentification	= 1,
	SecurityImpersonation	= 2,
	SecurityDelegation	= 3
} SECURITY_IMPERSONATION_LEVEL, *PSECURITY_IMPERSONATION_LEVEL;

/* ----------------------------------------------------- targets and memory */

typedef enum _WDF_IO_TARGET_STATE {
	WdfIoTargetStateUndefined	= 0,
	WdfIoTargetStarted		= 1,
	WdfIoTargetStopped		= 2,
	WdfIoTargetClosedForQueryRemove	= 3,
	WdfIoTargetClosed		= 4,
	WdfIoTargetDeleted		= 5,
	WdfIoTargetStateMaximum
} WDF_IO_TARGET_STATE, *PWDF_IO_TARGET_STATE;

typedef enum _WDF_IO_TARGET_SENT_IO_ACTION {
	WdfIoTargetSentIoUndefined		= 0,
	WdfIoTargetCancelSentIo			= 1,
	WdfIoTargetWaitForSentIoToComplete	= 2,
	WdfIoTargetLeaveSentIoPending		= 3,
	WdfIoTargetSentIoMaximum
} WDF_IO_TARGET_SENT_IO_ACTION;

/* A part of a memory, in bytes. */
typedef struct _WDFMEMORY_OFFSET {
	ULONG_PTR BufferOffset;
	ULONG_PTR BufferLength;
} WDFMEMORY_OFFSET, *PWDFMEMORY_OFFSET;

/* Requests of this kind do not exist here. */
typedef enum _WDF_FILE_INFORMATION_CLASS {
	WdfFileInformationDirectory		= 1,
	WdfFileInformationFullDirectory		= 2,
	WdfFileInformationBothDirectory		= 3,
	WdfFileInformationBasic			= 4,
	WdfFileInformationStandard		= 5,
	WdfFileInformationInternal		= 6,
	WdfFileInformationEa			= 7,
	WdfFileInformationAccess		= 8,
	WdfFileInformationName			= 9,
	WdfFileInformationRename		= 10,
	WdfFileInformationLink			= 11,
	WdfFileInformationNames			= 12,
	WdfFileInformationDisposition		= 13,
	WdfFileInformationPosition		= 14,
	WdfFileInformationFullEa		= 15,
	WdfFileInformationMode			= 16,
	WdfFileInformationAlignment		= 17,
	WdfFileInformationAll			= 18,
	WdfFileInformationAllocation		= 19,
	WdfFileInformationEndOfFile		= 20,
	WdfFileInformationAlternateName		= 21,
	WdfFileInformationStream		= 22,
	WdfFileInformationPipe			= 23,
	WdfFileInformationPipeLocal		= 24,
	WdfFileInformationPipeRemote		= 25,
	WdfFileInformationMailslotQuery		= 26,
	WdfFileInformationMailslotSet		= 27,
	WdfFileInformationCompression		= 28,
	WdfFileInformationObjectId		= 29,
	WdfFileInformationCompletion		= 30,
	WdfFileInformationMoveCluster		= 31,
	WdfFileInformationQuota			= 32,
	WdfFileInformationReparsePoint		= 33,
	WdfFileInformationNetworkOpen		= 34,
	WdfFileInformationAttributeTag		= 35,
	WdfFileInformationTracking		= 36,
	WdfFileInformationIdBothDirectory	= 37,
	WdfFileInformationIdFullDirectory	= 38,
	WdfFileInformationValidDataLength	= 39,
	WdfFileInformationShortName		= 40,
	WdfFileInformationIoCompletionNotification = 41,
	WdfFileInformationIoStatusBlockRange	= 42,
	WdfFileInformationIoPriorityHint	= 43,
	WdfFileInformationSfioReserve		= 44,
	WdfFileInformationSfioVolume		= 45,
	WdfFileInformationHardLink		= 46,
	WdfFileInformationProcessIdsUsingFile	= 47,
	WdfFileInformationNormalizedName	= 48,
	WdfFileInformationNetworkPhysicalName	= 49,
	WdfFileInformationIdGlobalTxDirectory	= 50,
	WdfFileInformationIsRemoteDevice	= 51,
	WdfFileInformationAttributeCache	= 52,
	WdfFileInformationMaximum
} WDF_FILE_INFORMATION_CLASS, *PWDF_FILE_INFORMATION_CLASS;

/* ------------------------------------------------------------------- power */

typedef enum _WDF_POWER_DEVICE_STATE {
	WdfPowerDeviceInvalid			= 0,
	WdfPowerDeviceD0			= 1,
	WdfPowerDeviceD1			= 2,
	WdfPowerDeviceD2			= 3,
	WdfPowerDeviceD3			= 4,
	WdfPowerDeviceD3Final			= 5,
	WdfPowerDevicePrepareForHibernation	= 6,
	WdfPowerDeviceMaximum
} WDF_POWER_DEVICE_STATE, *PWDF_POWER_DEVICE_STATE;

typedef enum _DEVICE_POWER_STATE {
	PowerDeviceUnspecified	= 0,
	PowerDeviceD0		= 1,
	PowerDeviceD1		= 2,
	PowerDeviceD2		= 3,
	PowerDeviceD3		= 4,
	PowerDeviceMaximum
} DEVICE_POWER_STATE, *PDEVICE_POWER_STATE;

typedef enum {
	PowerActionNone			= 0,
	PowerActionReserved		= 1,
	PowerActionSleep		= 2,
	PowerActionHibernate		= 3,
	PowerActionShutdown		= 4,
	PowerActionShutdownReset	= 5,
	PowerActionShutdownOff		= 6,
	PowerActionWarmEject		= 7
} POWER_ACTION, *PPOWER_ACTION;

typedef enum _WDF_POWER_POLICY_S0_IDLE_CAPABILITIES {
	IdleCapsInvalid		= 0,
	IdleCannotWakeFromS0	= 1,
	IdleCanWakeFromS0	= 2,
	IdleUsbSelectiveSuspend	= 3
} WDF_POWER_POLICY_S0_IDLE_CAPABILITIES;

typedef enum _WDF_POWER_POLICY_S0_IDLE_USER_CONTROL {
	IdleUserControlInvalid		= 0,
	IdleDoNotAllowUserControl	= 1,
	IdleAllowUserControl		= 2
} WDF_POWER_POLICY_S0_IDLE_USER_CONTROL;

typedef enum _WDF_POWER_POLICY_SX_WAKE_USER_CONTROL {
	WakeUserControlInvalid		= 0,
	WakeDoNotAllowUserControl	= 1,
	WakeAllowUserControl		= 2
} WDF_POWER_POLICY_SX_WAKE_USER_CONTROL;

typedef enum _WDF_POWER_POLICY_IDLE_TIMEOUT_CONSTANTS {
	IdleTimeoutDefaultConstant	= 0
} WDF_POWER_POLICY_IDLE_TIMEOUT_CONSTANTS;

#define IdleTimeoutDefaultValue	((ULONG)IdleTimeoutDefaultConstant)

/* IWDFDevice3::AssignS0IdleSettingsEx */
typedef struct _WUDF_DEVICE_POWER_POLICY_IDLE_SETTINGS {
	ULONG Size;					/* of this, in bytes */
	WDF_POWER_POLICY_S0_IDLE_CAPABILITIES IdleCaps;
	DEVICE_POWER_STATE DxState;
	ULONG IdleTimeout;				/* ms */
	WDF_POWER_POLICY_S0_IDLE_USER_CONTROL UserControlOfIdleSettings;
	WDF_TRI_STATE Enabled;
	WDF_TRI_STATE PowerUpIdleDeviceOnSystemWake;
	WDF_TRI_STATE ExcludeD3Cold;
} WUDF_DEVICE_POWER_POLICY_IDLE_SETTINGS, *PWUDF_DEVICE_POWER_POLICY_IDLE_SETTINGS;

static inline void
WUDF_DEVICE_POWER_POLICY_IDLE_SETTINGS_INIT(PWUDF_DEVICE_POWER_POLICY_IDLE_SETTINGS Settings,
					    WDF_POWER_POLICY_S0_IDLE_CAPABILITIES IdleCaps)
{
	Settings->Size = sizeof(*Settings);
	Settings->IdleCaps = IdleCaps;
	Settings->DxState = IdleCaps == IdleCannotWakeFromS0 ? PowerDeviceD3 :
			    IdleCaps == IdleCapsInvalid ? PowerDeviceUnspecified :
			    PowerDeviceMaximum;
	Settings->IdleTimeout = IdleTimeoutDefaultValue;
	Settings->UserControlOfIdleSettings = IdleAllowUserControl;
	Settings->Enabled = WdfUseDefault;
	Settings->PowerUpIdleDeviceOnSystemWake = WdfUseDefault;
	Settings->ExcludeD3Cold = WdfUseDefault;
}

/* ----------------------------------- what has slots here, but no life in it */

typedef DWORD REGSAM;

typedef enum _WDF_PROPERTY_STORE_RETRIEVE_FLAGS {
	WdfPropertyStoreNormal			= 0x00,
	WdfPropertyStoreCreateIfMissing		= 0x01,
	WdfPropertyStoreCreateVolatile		= 0x02,
	WdfPropertyStoreRetrieveFlagsMask	= 0x03
} WDF_PROPERTY_STORE_RETRIEVE_FLAGS;

typedef enum _WDF_PROPERTY_STORE_DISPOSITION {
	CreatedNewStore		= 1,
	OpenedExistingStore	= 2
} WDF_PROPERTY_STORE_DISPOSITION;

typedef enum _WDF_PROPERTY_STORE_ROOT_CLASS {
	WdfPropertyStoreRootClassHardwareKey		= 0,
	WdfPropertyStoreRootClassSoftwareKey		= 1,
	WdfPropertyStoreRootClassDeviceInterfaceKey	= 2,
	WdfPropertyStoreRootClassLegacyHardwareKey	= 3
} WDF_PROPERTY_STORE_ROOT_CLASS;

typedef struct _WDF_PROPERTY_STORE_ROOT {
	ULONG LengthCb;					/* of this, in bytes */
	WDF_PROPERTY_STORE_ROOT_CLASS RootClass;
	union {
		struct {
			PCWSTR ServiceName;
		} HardwareKey;
		struct {
			LPCGUID InterfaceGUID;
			PCWSTR ReferenceString;
		} DeviceInterfaceKey;
		struct {
			PCWSTR LegacyMapName;
		} LegacyHardwareKey;
	} Qualifier;
} WDF_PROPERTY_STORE_ROOT, *PWDF_PROPERTY_STORE_ROOT;

#define WDF_PROPERTY_STORE_HARDWARE_KEY_ROOT	((PCWSTR)__TEXT("\\"))
#define WDF_PROPERTY_STORE_HARDWARE_KEY_DEFAULT	((PCWSTR)NULL)

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;

typedef enum _MEMORY_CACHING_TYPE {
	MmNonCached			= 0,
	MmCached			= 1,
	MmWriteCombined			= 2,
	MmHardwareCoherentCached	= 3,
	MmNonCachedUnordered		= 4,
	MmUSWCCached			= 5,
	MmMaximumCacheType		= 6,
	MmNotMapped			= -1
} MEMORY_CACHING_TYPE;

typedef enum _WDF_DEVICE_HWACCESS_TARGET_TYPE {
	WdfDeviceHwAccessTargetTypeInvalid		= 0,
	WdfDeviceHwAccessTargetTypeRegister		= 1,
	WdfDeviceHwAccessTargetTypeRegisterBuffer	= 2,
	WdfDeviceHwAccessTargetTypePort			= 3,
	WdfDeviceHwAccessTargetTypePortBuffer		= 4,
	WdfDeviceHwAccessTargetTypeMaximum
} WDF_DEVICE_HWACCESS_TARGET_TYPE, *PWDF_DEVICE_HWACCESS_TARGET_TYPE;

typedef enum _WDF_DEVICE_HWACCESS_TARGET_SIZE {
	WdfDeviceHwAccessTargetSizeInvalid	= 0,
	WdfDeviceHwAccessTargetSizeUchar	= 1,
	WdfDeviceHwAccessTargetSizeUshort	= 2,
	WdfDeviceHwAccessTargetSizeUlong	= 3,
	WdfDeviceHwAccessTargetSizeUlong64	= 4,
	WdfDeviceHwAccessTargetSizeMaximum
} WDF_DEVICE_HWACCESS_TARGET_SIZE, *PWDF_DEVICE_HWACCESS_TARGET_SIZE;

typedef struct _WUDF_INTERRUPT_CONFIG *PWUDF_INTERRUPT_CONFIG;
typedef struct _WUDF_WORKITEM_CONFIG *PWUDF_WORKITEM_CONFIG;

#endif
