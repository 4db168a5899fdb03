// SPDX-License-Identifier: GPL-2.0
/*
 * wudfhost itself, with the examples as its drivers and ordinary programs as senders.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "serve.h"
#include "kselftest_harness.h"
#include "../../userlib/wudf/examples/public.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 120

static int set_delay(const char *node, int ms)
{
	int fd = open(node, O_RDWR);
	int ret = fd < 0 ? -1 : ioctl(fd, IOCTL_ECHO_SET_DELAY, &ms);

	close(fd);
	return ret;
}

/* The output of a shell command. */
static const char *output(const char *command)
{
	static char text[4096];
	FILE *pipe = popen(command, "r");
	size_t n = pipe ? fread(text, 1, sizeof(text) - 1, pipe) : 0;

	text[n] = 0;
	if (pipe)
		pclose(pipe);
	return text;
}

/* Waits until a process sleeps in a read of the node. */
static void wait_reading(pid_t pid)
{
	char path[64], line[256];
	FILE *file;
	bool reads;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	do {
		file = fopen(path, "r");
		/* read is 0 */
		reads = file && fgets(line, sizeof(line), file) && !strncmp(line, "0 ", 2);
		if (file)
			fclose(file);
		sched_yield();
	} while (!reads);
}

/* cat, or what plays it: a program that reads, and a signal ends. */
static pid_t read_in_child(const char *node)
{
	pid_t pid = fork();
	char buffer[16];
	int fd;

	if (pid)
		return pid;
	fd = open(node, O_RDONLY);
	_exit(fd < 0 || read(fd, buffer, sizeof(buffer)) < 0 ? 1 : 0);
}

#define DELAY_OF_AN_HOUR	3600000

/* -------------------------------------------------------------------- examples */

FIXTURE(examples) {
	struct program echo, filter;
};

FIXTURE_VARIANT(examples) {
	const char *echo, *filter;
};

FIXTURE_VARIANT_ADD(examples, c) {
	.echo = "examples/echo.so",
	.filter = "examples/filter.so",
};

FIXTURE_VARIANT_ADD(examples, cpp) {
	.echo = "examples/echo_cpp.so",
	.filter = "examples/filter_cpp.so",
};

FIXTURE_SETUP(examples)
{
	self->echo = serve(variant->echo, "wudf-echo", NULL, NULL);
	ASSERT_STREQ("wudfhost: wudf-echo serves", self->echo.said);
	self->filter = serve(variant->filter, "wudf-filter", NULL, "wudf-echo");
	ASSERT_STREQ("wudfhost: wudf-filter serves", self->filter.said);
}

FIXTURE_TEARDOWN(examples)
{
	EXPECT_EQ(0, finish(&self->filter, SIGTERM));
	EXPECT_EQ(0, finish(&self->echo, SIGINT));
	EXPECT_NE(0, access("/dev/iotarget/wudf-echo", F_OK));
}

TEST_F(examples, ordinary_programs_are_senders)
{
	const char *nodes[] = { "/dev/iotarget/wudf-echo", "/dev/iotarget/wudf-filter" };
	char command[512];
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, set_delay(nodes[i], 1));
		snprintf(command, sizeof(command),
			 "echo %d bottles > %s; dd if=%s bs=64 count=1 2>/dev/null", i,
			 nodes[i], nodes[i]);
		EXPECT_STREQ(i ? "1 bottles\n" : "0 bottles\n", output(command));
		snprintf(command, sizeof(command), "timeout 20 head -c 20 %s", nodes[i]);
		EXPECT_STREQ(i ? "1 bottles\n1 bottles\n" : "0 bottles\n0 bottles\n",
			     output(command));
		snprintf(command, sizeof(command), "python3 -c '"
			 "f = open(\"%s\", \"r+b\", buffering=0);"
			 "n = f.write(b\"snake\");"
			 "print(n, f.read(100))'", nodes[i]);
		EXPECT_STREQ("5 b'snake'\n", output(command));
		/* a code that the driver does not know */
		snprintf(command, sizeof(command), "python3 -c '"
			 "import fcntl\n"
			 "try: fcntl.ioctl(open(\"%s\"), 0x7899)\n"
			 "except OSError as e: print(e.errno)'", nodes[i]);
		EXPECT_STREQ("25\n", output(command));
	}
}

TEST_F(examples, ctrl_c_calls_OnCancel_through_the_filter_too)
{
	const char *nodes[] = { "/dev/iotarget/wudf-echo", "/dev/iotarget/wudf-filter" };
	struct program reader = { };
	char command[128];
	int i;

	for (i = 0; i < 2; i++) {
		snprintf(command, sizeof(command), "echo x > %s", nodes[i]);
		ASSERT_EQ(0, set_delay(nodes[i], 1));
		ASSERT_EQ(0, system(command));
		ASSERT_EQ(0, set_delay(nodes[i], DELAY_OF_AN_HOUR));
		reader.pid = read_in_child(nodes[i]);
		wait_reading(reader.pid);
		/* it ends, so the driver has completed its request */
		EXPECT_EQ(SIGINT, WTERMSIG(finish(&reader, SIGINT)));
		/* and so the next one's turn comes, in a sequential queue */
		ASSERT_EQ(0, set_delay(nodes[i], 1));
		reader.pid = read_in_child(nodes[i]);
		EXPECT_EQ(0, finish(&reader, 0));
	}
}

TEST_F(examples, a_killed_sender_frees_the_driver)
{
	struct program reader = { };

	ASSERT_EQ(0, set_delay("/dev/iotarget/wudf-echo", DELAY_OF_AN_HOUR));
	reader.pid = read_in_child("/dev/iotarget/wudf-filter");
	wait_reading(reader.pid);
	EXPECT_EQ(SIGKILL, WTERMSIG(finish(&reader, SIGKILL)));
	EXPECT_EQ(0, set_delay("/dev/iotarget/wudf-filter", 1));
}

TEST_F(examples, the_lower_one_ends_first)
{
	struct program reader = { };
	char buffer[8];
	int fd;

	fd = open("/dev/iotarget/wudf-filter", O_RDWR);
	ASSERT_EQ(0, set_delay("/dev/iotarget/wudf-filter", DELAY_OF_AN_HOUR));
	reader.pid = read_in_child("/dev/iotarget/wudf-filter");
	wait_reading(reader.pid);
	EXPECT_EQ(0, finish(&self->echo, SIGTERM));
	EXPECT_EQ(1, WEXITSTATUS(finish(&reader, 0)));
	EXPECT_EQ(-1, read(fd, buffer, sizeof(buffer)));
	close(fd);
	self->echo = serve(variant->echo, "wudf-echo", NULL, NULL);
	ASSERT_STREQ("wudfhost: wudf-echo serves", self->echo.said);
	/* a new file of the filter gets to it */
	EXPECT_EQ(0, set_delay("/dev/iotarget/wudf-filter", 1));
}

/* ------------------------------------------------------------------- the host */

TEST(a_crash_ends_its_host_alone)
{
	struct program crash, echo, reader = { };
	int status, fd;

	echo = serve("examples/echo.so", "wudf-echo", NULL, NULL);
	ASSERT_STREQ("wudfhost: wudf-echo serves", echo.said);
	crash = serve("crash.so", "wudf-crash",
		      "{00000000-1111-2222-3333-444444444444}", NULL);
	ASSERT_STREQ("wudfhost: wudf-crash serves", crash.said);
	reader.pid = fork();
	if (!reader.pid) {
		char buffer[4];

		fd = open("/dev/iotarget/wudf-crash", O_RDWR);
		_exit(read(fd, buffer, 4) == -1 ? errno : 0);
	}
	wait_reading(reader.pid);
	fd = open("/dev/iotarget/wudf-crash", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-1, write(fd, "x", 1));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(ENODEV, WEXITSTATUS(finish(&reader, 0)));
	status = finish(&crash, 0);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_NE(0, access("/dev/iotarget/wudf-crash", F_OK));
	EXPECT_EQ(0, set_delay("/dev/iotarget/wudf-echo", 1));
	EXPECT_EQ(0, finish(&echo, SIGTERM));
}

TEST(why_it_cannot_start)
{
	struct program program;

	program = serve("examples/none.so", NULL, NULL, NULL);
	EXPECT_EQ(1, WEXITSTATUS(finish(&program, 0)));
	EXPECT_NE(NULL, strstr(program.said, "no --clsid, and cannot read"));
	program = serve("crash.so", NULL, "{1}", NULL);
	EXPECT_EQ(1, WEXITSTATUS(finish(&program, 0)));
	EXPECT_STREQ("wudfhost: not a GUID: {1}", program.said);
	program = serve("examples/echo.so", NULL,
			"{00000000-1111-2222-3333-444444444444}", NULL);
	EXPECT_EQ(1, WEXITSTATUS(finish(&program, 0)));
	EXPECT_STREQ("wudfhost: DllGetClassObject failed with 0x80040111", program.said);
	program = serve("libiotarget.so.0/", NULL,
			"{00000000-1111-2222-3333-444444444444}", NULL);
	EXPECT_EQ(1, WEXITSTATUS(finish(&program, 0)));
	EXPECT_NE(NULL, strstr(program.said, "libiotarget"));
	program = serve("examples/echo.so", "Bad Name", NULL, NULL);
	EXPECT_EQ(1, WEXITSTATUS(finish(&program, 0)));
	EXPECT_NE(NULL, strstr(program.said, "cannot name the device Bad Name"));
}

TEST(a_device_without_a_name)
{
	struct program program = serve("examples/echo.so", NULL, NULL, NULL);

	EXPECT_STREQ("wudfhost: a device without a name serves", program.said);
	EXPECT_EQ(0, finish(&program, SIGTERM));
}

TEST_HARNESS_MAIN
