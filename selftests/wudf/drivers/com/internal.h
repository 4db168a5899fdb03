// SPDX-License-Identifier: GPL-2.0
//
// Included by every file of the echo driver.
//
#pragma once

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(x) (sizeof(x) / sizeof(x[0]))
#endif

#include "windows.h"
#include "winioctl.h"

#include "wudfddi.h"
#include "specstrings.h"
#include "strsafe.h"

#include "public.h"

#define ECHO_BUFFER_SIZE 4096

//
// Tracing.
//
#define MYDRIVER_TRACING_ID L"Iotarget\\UMDF\\EchoCom"

#define WPP_CONTROL_GUIDS                                                   \
    WPP_DEFINE_CONTROL_GUID(EchoComTraceGuid,                               \
        (3b1d7e1c,5a0e,4d5c,9f0b,2f6de8a10c77),                             \
        WPP_DEFINE_BIT(MYDRIVER_ALL_INFO)                                   \
        )

#define WPP_FLAG_LEVEL_LOGGER(flag, level)                                  \
    WPP_LEVEL_LOGGER(flag)

#define WPP_FLAG_LEVEL_ENABLED(flag, level)                                 \
    (WPP_LEVEL_ENABLED(flag) && WPP_CONTROL(WPP_BIT_ ## flag).Level >= level)

//
// The trace preprocessor reads this:
//
// begin_wpp config
// FUNC Trace{FLAG=MYDRIVER_ALL_INFO}(LEVEL, MSG, ...);
// end_wpp
//

EXTERN_C const CLSID CLSID_EchoDriver;

class CMyDriver;
class CMyDevice;
class CMyQueue;

#include "comsup.h"
#include "queue.h"
#include "device.h"
#include "driver.h"
