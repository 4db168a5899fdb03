// SPDX-License-Identifier: GPL-2.0
//
// Included by every file of the hold driver.
//
#pragma once

#include "windows.h"
#include "winioctl.h"

#include <atlbase.h>
#include <atlcom.h>

#include "wudfddi.h"
#include "specstrings.h"

#include "public.h"

#define HOLD_BUFFER_SIZE 256

EXTERN_C const CLSID CLSID_HoldDriver;

class CMyDevice;

#include "Driver.h"
#include "Queue.h"
#include "Device.h"
