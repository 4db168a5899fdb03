// SPDX-License-Identifier: GPL-2.0
/*
 * Measures iotarget and its peers side by side, in guest instructions: in a VM
 * that counts instructions (selftests/vm/run --icount) the raw monotonic clock
 * shows one nanosecond for each.  Anywhere else the figures are nanoseconds of
 * that machine, and noise.
 *
 * bench [FILE]            the table, and as JSON to FILE
 * bench --loop ROW COUNT  says "looping", then runs that row's operation COUNT
 *                         times, for a profile
 */
#include "bench.h"

#include <errno.h>
#include <linux/iotarget.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double getppid_row(long arg);

/*
 * The references: of the peers what they were measured at before anything was
 * built; of iotarget the aims.
 */
static const struct row {
	const char *name;
	const char *what;
	double (*run)(long arg);
	long arg;
	double reference[2];	/* on 6.1 with one CPU, on 6.12 with two */
} rows[] = {
	{ "getppid", "a system call that does nothing", getppid_row, 0, { 339, 338 } },
	{ "seccomp", "seccomp user notification", seccomp_row, 0, { 8386, 9202 } },
	{ "eventfd", "eventfd ping-pong", eventfd_row, 0, { 8653, 9744 } },
	{ "pipe", "pipe ping-pong", pipe_row, 0, { 10546, 11611 } },
	{ "cuse-read", "CUSE read of 8 bytes", cuse_read_row, 0, { 15233, 16421 } },
	{ "cuse-ioctl", "CUSE ioctl of 32 bytes", cuse_ioctl_row, 0, { 16599, 18415 } },
	{ "send-wait", "iotarget: send-and-wait, 64 bytes in and 64 out",
	  send_wait_row, 0, { 10000, 10000 } },
	{ "cancelable", "iotarget: the same, delivered cancelable",
	  send_wait_row, IOTARGET_FETCH_CANCELABLE, { 10500, 10500 } },
	{ "batch", "iotarget: the same in batches of 64, each",
	  batch_row, 64, { 600, 600 } },
#define CANCEL(name, what, run)							\
	{ name "-1", what ", 1 pending", run, 1, { 1500, 1500 } },		\
	{ name "-10", what ", 10 pending", run, 10, { 1500, 1500 } },		\
	{ name "-1000", what ", 1,000 pending", run, 1000, { 1500, 1500 } },	\
	{ name "-100000", what ", 100,000 pending", run, 100000, { 1500, 1500 } }, \
	{ name "-1000000", what ", 1,000,000 pending", run, 1000000, { 1500, 1500 } }
	CANCEL("cancel-queued", "iotarget: cancel a queued request", cancel_queued_row),
	CANCEL("cancel-marked", "iotarget: cancel a marked request", cancel_marked_row),
};

#define ROWS	(sizeof(rows) / sizeof(rows[0]))

static int loop;

uint64_t now(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC_RAW, &t));
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double measure_blocks(double (*block)(void *arg, int ops), void *arg)
{
	double blocks[BLOCKS];
	int i;

	/* Warm up: first use faults pages in and fills caches. */
	block(arg, 10 * BLOCK_OPS);
	if (loop) {
		puts("looping");
		fflush(stdout);
		block(arg, loop);
	}
	for (i = 0; i < BLOCKS; i++)
		blocks[i] = block(arg, BLOCK_OPS) / BLOCK_OPS;
	qsort(blocks, BLOCKS, sizeof(blocks[0]), by_value);
	return blocks[BLOCKS / 2];
}

struct operation {
	void (*op)(void *arg);
	void *arg;
};

static double operation_block(void *arg, int ops)
{
	const struct operation *o = arg;
	uint64_t start = now();

	while (ops--)
		o->op(o->arg);
	return now() - start;
}

double measure(void (*op)(void *arg), void *arg)
{
	struct operation o = { op, arg };

	return measure_blocks(operation_block, &o);
}

static pid_t server_pid;

static void server_died(int signal)
{
	static const char text[] = "the other side ended\n";

	(void)signal;
	(void)!write(2, text, sizeof(text) - 1);
	_exit(1);
}

void serve(void (*server)(void *arg), void *arg)
{
	signal(SIGCHLD, server_died);
	server_pid = must(fork());
	if (server_pid == 0) {
		signal(SIGCHLD, SIG_DFL);
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		server(arg);
		exit(1);
	}
}

static void getppid_op(void *arg)
{
	(void)arg;
	syscall(SYS_getppid);
}

static double getppid_row(long arg)
{
	(void)arg;
	return measure(getppid_op, NULL);
}

/* Runs a row in a process of its own: 0, or the row failed. */
static int run_row(const struct row *row, double *result)
{
	int status;
	pid_t pid;

	pid = must(fork());
	if (pid == 0) {
		*result = row->run(row->arg);
		signal(SIGCHLD, SIG_DFL);
		if (server_pid)
			kill(server_pid, SIGKILL);
		exit(0);
	}
	must(waitpid(pid, &status, 0));
	return status;
}

static void print_row(const struct row *row, double result, int reference)
{
	printf("%-52s ", row->what);
	if (result > 0)
		printf("%8.0f", result);
	else
		printf("%8s", "failed");
	printf(" %12.0f\n", row->reference[reference]);
}

static void print_json(FILE *file, const struct utsname *u, const double *results,
		       int reference)
{
	size_t i;

	fprintf(file, "{\n  \"kernel\": \"%s\",\n  \"rows\": [\n", u->release);
	for (i = 0; i < ROWS; i++)
		fprintf(file, "    { \"name\": \"%s\", \"instructions\": %.2f, \"reference\": %.0f }%s\n",
			rows[i].name, results[i], rows[i].reference[reference],
			i + 1 < ROWS ? "," : "");
	fprintf(file, "  ]\n}\n");
	must(fclose(file));
}

int main(int argc, char **argv)
{
	struct utsname u;
	cpu_set_t cpu;
	double *results;
	int reference, failed = 0;
	FILE *json = NULL;
	size_t i;

	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	must(sched_setaffinity(0, sizeof(cpu), &cpu));
	must(uname(&u));
	reference = strncmp(u.release, "6.1.", 4) != 0;
	results = mmap(NULL, ROWS * sizeof(*results), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must_be(results != MAP_FAILED);

	if (argc == 4 && !strcmp(argv[1], "--loop")) {
		loop = atoi(argv[3]);
		for (i = 0; i < ROWS; i++)
			if (!strcmp(rows[i].name, argv[2]))
				return run_row(&rows[i], &results[i]) != 0;
		fprintf(stderr, "no row %s\n", argv[2]);
		return 2;
	}
	if (argc > 1) {
		json = fopen(argv[1], "w");
		must_be(json);
	}

	/* Print at the end: output in between disturbs the next row. */
	for (i = 0; i < ROWS; i++)
		failed |= run_row(&rows[i], &results[i]);
	printf("Instructions, both processes on one CPU, Linux %s\n\n", u.release);
	printf("%-52s %8s %12s\n", "", "measured", "reference");
	for (i = 0; i < ROWS; i++)
		print_row(&rows[i], results[i], reference);
	printf("\nThe reference of an iotarget row is its aim.\n");
	if (json)
		print_json(json, &u, results, reference);
	return failed != 0;
}
