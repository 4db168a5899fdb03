/* SPDX-License-Identifier: MIT */
/* devioctl.h: what driver sources include for CTL_CODE (see winioctl.h). */
#ifndef _DEVIOCTL_
#define _DEVIOCTL_
#include <winioctl.h>
#endif
