/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Starts wudfhost, for the tests that have it as a process of its own.
 */
#ifndef SELFTESTS_WUDF_SERVE_H
#define SELFTESTS_WUDF_SERVE_H

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char here[PATH_MAX], libs[2 * PATH_MAX];

static __attribute__((constructor)) void find(void)
{
	char path[PATH_MAX] = "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		abort();
	snprintf(here, sizeof(here), "%s", dirname(path));
	/* with sanitizers: selftests/wudf-asan and userlib-asan */
	snprintf(libs, sizeof(libs), "%s/../../userlib%s", here,
		 strrchr(here, '/') + strlen("/wudf"));
}

struct program {
	pid_t pid;
	char said[1024];
};

static void add_option(char **argv, int *n, const char *option, const char *value)
{
	if (!value)
		return;
	argv[(*n)++] = (char *)option;
	argv[(*n)++] = (char *)value;
}

/*
 * Starts wudfhost, and waits for its first line, on either output. @driver is beside the
 * test, or with a / in it where the libraries are.
 */
static struct program serve(const char *driver, const char *name,
			    const char *clsid, const char *lower)
{
	char host[3 * PATH_MAX], path[3 * PATH_MAX];
	struct program program = { };
	char *argv[9] = { host, path };
	int n = 2;
	size_t length = 0;
	int fds[2];
	char c;

	snprintf(host, sizeof(host), "%s/wudfhost", libs);
	snprintf(path, sizeof(path), "%s/%s", *driver == '/' ? "" :
		 strchr(driver, '/') ? libs : here, driver);
	add_option(argv, &n, "--name", name);
	add_option(argv, &n, "--clsid", clsid);
	add_option(argv, &n, "--lower", lower);
	if (pipe2(fds, O_CLOEXEC))
		abort();
	program.pid = fork();
	if (!program.pid) {
		const struct rlimit none = { };

		/* a crash is wanted; its core is not */
		setrlimit(RLIMIT_CORE, &none);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		execv(host, argv);
		_exit(127);
	}
	close(fds[1]);
	while (length < sizeof(program.said) - 1 && read(fds[0], &c, 1) == 1 && c != '\n')
		program.said[length++] = c;
	/* it may say more: nobody listens, and nothing breaks */
	fcntl(fds[0], F_SETFD, 0);
	return program;
}

static int finish(struct program *program, int signal)
{
	int status;

	if (signal)
		kill(program->pid, signal);
	waitpid(program->pid, &status, 0);
	return status;
}

#endif
