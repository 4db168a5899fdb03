// SPDX-License-Identifier: GPL-2.0
/*
 * libiotarget where the module is not loaded: every call that needs a node says
 * so, and the library can say which node is missing and how to load the module.
 */
#include <errno.h>
#include <iotarget.h>
#include <limits.h>

#include "kselftest_harness.h"

TEST(without_module)
{
	struct iotarget_info info;
	char why[256];

	if (!access(IOTARGET_NODE_CONTROL, F_OK))
		SKIP(return, "the module is loaded");
	EXPECT_EQ(iotarget_info(&info), -ENOENT);
	EXPECT_EQ(iotarget_device_create(NULL), -ENOENT);
	EXPECT_EQ(iotarget_node_open("dns"), -ENOENT);

	iotarget_explain(-ENOENT, NULL, why, sizeof(why));
	TH_LOG("%s", why);
	EXPECT_NE(strstr(why, IOTARGET_NODE_CONTROL), NULL);
	EXPECT_NE(strstr(why, "modprobe iotarget"), NULL);
	EXPECT_NE(strstr(why, "insmod iotarget.ko"), NULL);

	/* The reason is the same for a named device. */
	iotarget_explain(-ENOENT, "dns", why, sizeof(why));
	EXPECT_NE(strstr(why, IOTARGET_NODE_CONTROL), NULL);
	EXPECT_NE(strstr(why, "insmod iotarget.ko"), NULL);
}

/* The examples, built beside this test, say it too. */
TEST(examples_without_module)
{
	static const char * const programs[] = { "host echo", "sender echo hi" };
	char self[PATH_MAX], command[PATH_MAX + 64], line[512];
	unsigned int i;

	if (!access(IOTARGET_NODE_CONTROL, F_OK))
		SKIP(return, "the module is loaded");
	memset(self, 0, sizeof(self));
	ASSERT_GT(readlink("/proc/self/exe", self, sizeof(self) - 1), 0);
	*strrchr(self, '/') = 0;
	for (i = 0; i < ARRAY_SIZE(programs); i++) {
		FILE *pipe;
		int status;

		snprintf(command, sizeof(command), "%s/%s 2>&1", self,
			 programs[i]);
		pipe = popen(command, "r");
		ASSERT_NE(pipe, NULL);
		memset(line, 0, sizeof(line));
		fgets(line, sizeof(line), pipe);
		status = pclose(pipe);
		EXPECT_EQ(WEXITSTATUS(status), 1);
		EXPECT_NE(strstr(line, IOTARGET_NODE_CONTROL " is missing"),
			  NULL);
	}
}

TEST_HARNESS_MAIN
