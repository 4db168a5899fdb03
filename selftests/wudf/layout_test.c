// SPDX-License-Identifier: GPL-2.0
/*
 * wudfddi.h in C and in C++ against userlib/wudf/INTERFACES.md: order of slots, IIDs,
 * bases, signatures. Needs no module. A signature that differs in C++ does not compile.
 */
#include "layout.h"
#include "kselftest_harness.h"

int layout_called;
static int checks, failures;

void layout_check(const char *kind, const char *what, long want, long got)
{
	checks++;
	if (want == got)
		return;
	failures++;
	printf("# %s of %s: %ld, not %ld\n", kind, what, got, want);
}

TEST(layout_in_c)
{
	layout_c();
	printf("# %d checks\n", checks);
	EXPECT_LT(0, checks);
	EXPECT_EQ(0, failures);
}

TEST(layout_in_cpp)
{
	layout_cpp();
	printf("# %d checks\n", checks);
	EXPECT_LT(0, checks);
	EXPECT_EQ(0, failures);
}

/* Those of UMDF 1.x that KMDF and UMDF 2 number otherwise. */
TEST(values_of_1x)
{
	EXPECT_EQ(0, WdfUseDefault);
	EXPECT_EQ(1, WdfFalse);
	EXPECT_EQ(2, WdfTrue);
	EXPECT_EQ(1, WdfRequestCreate);
	EXPECT_EQ(5, WdfRequestDeviceIoControl);
	EXPECT_EQ(13, WdfRequestSetInformation);
	EXPECT_EQ(14, WdfRequestMaximum);
	EXPECT_EQ(1, WdfIoQueueDispatchSequential);
	EXPECT_EQ(53, WdfFileInformationMaximum);
	EXPECT_EQ(16, sizeof(WDFMEMORY_OFFSET));
	EXPECT_EQ(24, sizeof(WDF_PROPERTY_STORE_ROOT));
	EXPECT_EQ(32, sizeof(WUDF_DEVICE_POWER_POLICY_IDLE_SETTINGS));
}

TEST_HARNESS_MAIN
