// SPDX-License-Identifier: GPL-2.0
/*
 * Measures iotarget and its peers side by side, in guest instructions: in a VM
 * that counts instructions (selftests/vm/run --icount) the raw monotonic clock
 * shows one nanosecond for each.  Anywhere else the figures are nanoseconds of
 * that machine, and noise.
 *
 * bench --count FILE      all rows, as JSON to FILE
 * bench --time FILE       those rows that tell something in plain time, where
 *                         there are two processors
 * bench --loop ROW COUNT  says "looping", then runs that row's operation COUNT
 *                         times, for a profile
 *
 * As root: it raises the module's caps.
 */
#include "bench.h"

#include <fcntl.h>
#include <linux/iotarget.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double getppid_row(long arg);

/*
 * Where a row's processes run: all on one processor, the others on another one
 * than the first, or where the kernel puts them; or the latter only for plain
 * time. What is pinned to one processor is not measured in plain time.
 */
enum place { PINNED, SPLIT, FREE, EITHER };

/* A row of the table, or a heading if it has no name. */
static const struct row {
	const char *name;
	const char *what;
	double (*run)(long arg);
	long arg;
	enum place place;
	const char *unit;		/* if not instructions */
} rows[] = {
	{ NULL, "Round trips, on one processor" },
	{ "getppid", "a system call that does nothing", getppid_row },
	{ "seccomp", "seccomp user notification", seccomp_row },
	{ "eventfd", "eventfd ping-pong", eventfd_row },
	{ "futex", "futex ping-pong", futex_row },
	{ "pipe", "pipe ping-pong", pipe_row },
	{ "seqpacket", "AF_UNIX ping-pong, packets", socket_row, SOCK_SEQPACKET },
	{ "stream", "AF_UNIX ping-pong, stream", socket_row, SOCK_STREAM },
	{ "cuse-read", "CUSE read of 8 bytes", cuse_read_row, 8 },
	{ "fuse-read", "FUSE direct read of 8 bytes", fuse_read_row, 8 },
	{ "cuse-ioctl", "CUSE ioctl of 32 bytes", cuse_ioctl_row },
	{ "ublk", "ublk null target, read of 4 KiB", ublk_row, 1 },
	{ "send-wait", "iotarget: 64 bytes there, 64 back", send_wait_row },
	{ "cancelable", "iotarget: and delivered cancelable",
	  send_wait_row, IOTARGET_FETCH_CANCELABLE },

	{ NULL, "Round trips between two processors" },
	{ "eventfd-split", "eventfd ping-pong", eventfd_row, 0, SPLIT },
	{ "seccomp-split", "seccomp user notification", seccomp_row, 0, SPLIT },
	{ "cuse-ioctl-split", "CUSE ioctl of 32 bytes", cuse_ioctl_row, 0, SPLIT },
	{ "send-wait-split", "iotarget: 64 bytes there, 64 back",
	  send_wait_row, 0, SPLIT },
	{ "cancelable-split", "iotarget: and delivered cancelable",
	  send_wait_row, IOTARGET_FETCH_CANCELABLE, SPLIT },
	{ "no-spin-split", "iotarget: 64 bytes there, 64 back, no spinning",
	  no_spin_row, 0, SPLIT },

	{ NULL, "Round trips, not pinned to a processor" },
	{ "eventfd-free", "eventfd ping-pong", eventfd_row, 0, FREE },
	{ "seccomp-free", "seccomp user notification", seccomp_row, 0, FREE },
	{ "seccomp-sync-free", "seccomp user notification, synchronous wake-up",
	  seccomp_row, 1, FREE },
	{ "cuse-ioctl-free", "CUSE ioctl of 32 bytes", cuse_ioctl_row, 0, FREE },
	{ "send-wait-free", "iotarget: 64 bytes there, 64 back",
	  send_wait_row, 0, FREE },
	{ "cancelable-free", "iotarget: and delivered cancelable",
	  send_wait_row, IOTARGET_FETCH_CANCELABLE, FREE },
	{ "no-spin-free", "iotarget: 64 bytes there, 64 back, no spinning",
	  no_spin_row, 0, FREE },

	{ NULL, "Batches, each request" },
	{ "ublk-64", "ublk null target, 64 reads of 4 KiB", ublk_row, 64, EITHER },
	{ "batch-4k-64", "iotarget: 64 reads of 4 KiB", batch_read_row, 64, EITHER },
	{ "batch-1", "iotarget: 1 of 64 bytes there, 64 back", batch_row, 1 },
	{ "batch-8", "iotarget: 8", batch_row, 8 },
	{ "batch-32", "iotarget: 32", batch_row, 32 },
	{ "batch-64", "iotarget: 64", batch_row, 64, EITHER },
	{ "batch-128", "iotarget: 128", batch_row, 128 },

	{ NULL, "Many senders, each request" },
	{ "seccomp-64", "seccomp user notification, 64 clients",
	  seccomp_clients_row, 64, EITHER },
	{ "fuse-64", "FUSE direct read of 8 bytes, 64 clients", fuse_readers_row, 64, EITHER },
	{ "senders-1-1", "iotarget: 1 sender, 1 host", senders_row, CROWD(1, 1), EITHER },
	{ "senders-2-2", "iotarget: 2 senders, 2 hosts", senders_row, CROWD(2, 2), EITHER },
	{ "senders-16-2", "iotarget: 16 senders, 2 hosts", senders_row, CROWD(16, 2), EITHER },
	{ "senders-64-1", "iotarget: 64 senders, 1 host", senders_row, CROWD(64, 1), EITHER },
	{ "senders-64-4", "iotarget: 64 senders, 4 hosts", senders_row, CROWD(64, 4), EITHER },
	{ "types-63-3", "iotarget: 63 senders of 3 types, no bytes, 3 hosts",
	  types_row, CROWD(63, 3), EITHER },
	{ "queues-63-3", "iotarget: the same, a queue and a host for each type",
	  queues_row, CROWD(63, 3), EITHER },

#define PAYLOAD(kind, what, length)						\
	{ "cuse-" #kind "-" #length, "CUSE " #kind " of " what,			\
	  cuse_##kind##_row, length, EITHER },					\
	{ "fuse-" #kind "-" #length, "FUSE direct " #kind " of " what,		\
	  fuse_##kind##_row, length, EITHER },					\
	{ #kind "-" #length, "iotarget: " #kind " of " what,			\
	  kind##_row, length, EITHER }
	{ NULL, "Payloads" },
	PAYLOAD(write, "4 KiB", 4096),
	PAYLOAD(read, "4 KiB", 4096),
	PAYLOAD(write, "64 KiB", 65536),
	PAYLOAD(read, "64 KiB", 65536),
	{ "process-read-1048576", "process_vm_readv of 1 MiB: one copy, no round trip",
	  process_read_row, 1048576, EITHER },
	PAYLOAD(write, "1 MiB", 1048576),
	PAYLOAD(read, "1 MiB", 1048576),

#define PENDING(name, what, run)						\
	{ name "-1", what ", 1 pending", run, 1 },				\
	{ name "-1000", what ", 1,000 pending", run, 1000 },			\
	{ name "-100000", what ", 100,000 pending", run, 100000 },		\
	{ name "-1000000", what ", 1,000,000 pending", run, 1000000 }
	{ NULL, "Cancel" },
	PENDING("uring-cancel", "io_uring", uring_cancel_row),
	PENDING("cancel-queued", "iotarget: queued", cancel_queued_row),
	PENDING("cancel-marked", "iotarget: marked", cancel_marked_row),
	PENDING("cancel-unmarked", "iotarget: not cancelable", cancel_unmarked_row),

	{ NULL, "Cancel, until the sender has the completion from its host" },
	{ "fuse-interrupt", "FUSE: signal, until the read has returned",
	  fuse_interrupt_row },
	PENDING("cancel-completed", "iotarget: marked", cancel_completed_row),

	{ NULL, "Connect and close" },
	{ "connect", "AF_UNIX stream: connect, and close at both ends",
	  socket_connect_row },
	{ "cuse-open", "CUSE: open and close", cuse_open_row },
	{ "open", "iotarget: open and close a target", open_row, 0 },
	{ "open-send", "iotarget: and one round trip between", open_row, 1 },
	{ "create", "iotarget: create and close a device with a target", create_row },

	{ NULL, "Memory" },
	{ "memory", "iotarget: of a pending request, 1,000,000 pending",
	  memory_row, 1000000, PINNED, "bytes" },
	{ "growth", "iotarget: after 10,000,000 requests by 64",
	  growth_row, 10000000, PINNED, "bytes" },
};

#define ROWS	(sizeof(rows) / sizeof(rows[0]))

/* Of a row, in memory that its process shares. */
static struct result {
	double value;
	double other;		/* the median of those that lie elsewhere, or 0 */
} *results, *result;

static int loop, timing, split;
static long cpus;
static double clock_cost;

uint64_t now(void)
{
	struct timespec t;

	must(clock_gettime(CLOCK_MONOTONIC_RAW, &t));
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

double passed_since(uint64_t start)
{
	return now() - start - clock_cost;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, count, sizeof(*values), by_value);
	return values[count / 2];
}

/* A row may have two modes: a quarter lies more than 2 % from the median. */
static double find_other_mode(const double *blocks, double middle)
{
	double others[BLOCKS];
	int i, count = 0;

	for (i = 0; i < BLOCKS; i++)
		if (blocks[i] < 0.98 * middle || blocks[i] > 1.02 * middle)
			others[count++] = blocks[i];
	return count > BLOCKS / 4 ? median(others, count) : 0;
}

double measure_blocks(double (*block)(void *arg, int ops), void *arg, int requests)
{
	double blocks[BLOCKS], middle;
	int i, ops = BLOCK_OPS, length = timing ? TIME_LENGTH : BLOCK_LENGTH;

	/* Warm up: first use faults pages in and fills caches. */
	block(arg, 1);
	if (block(arg, 10) * ops / 10 > length)
		ops = 1 + length / (block(arg, 10) / 10);
	block(arg, 10 * ops);
	if (loop) {
		puts("looping");
		fflush(stdout);
		block(arg, loop);
	}
	for (i = 0; i < BLOCKS; i++)
		blocks[i] = block(arg, ops) / ops / requests;
	middle = median(blocks, BLOCKS);
	result->other = find_other_mode(blocks, middle);
	return middle;
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

double measure(void (*op)(void *arg), void *arg, int requests)
{
	struct operation o = { op, arg };

	return measure_blocks(operation_block, &o, requests);
}

/* So low that it is what the clock takes, and no tick lies in it. */
static void measure_clock(void)
{
	double cost;
	int i;

	clock_cost = 0;
	cost = passed_since(now());
	for (i = 0; i < BLOCK_OPS; i++) {
		double again = passed_since(now());

		if (again < cost)
			cost = again;
	}
	clock_cost = cost;
}

#define SERVERS_MAX	128

static pid_t servers[SERVERS_MAX];
static int server_count;

static void server_died(int signal)
{
	static const char text[] = "the other side ended\n";

	(void)signal;
	(void)!write(2, text, sizeof(text) - 1);
	_exit(1);
}

/* Runs on so many processors, from the first one on. */
static void pin(int first, int count)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	while (count--)
		CPU_SET(first + count, &set);
	must(sched_setaffinity(0, sizeof(set), &set));
}

pid_t serve(void (*server)(void *arg), void *arg)
{
	pid_t pid;

	must_be(server_count < SERVERS_MAX);
	signal(SIGCHLD, server_died);
	pid = must(fork());
	if (pid == 0) {
		signal(SIGCHLD, SIG_DFL);
		must(prctl(PR_SET_PDEATHSIG, SIGKILL));
		if (split)
			pin(1, 1);
		server(arg);
		exit(1);
	}
	servers[server_count++] = pid;
	return pid;
}

void end_servers(void)
{
	signal(SIGCHLD, SIG_DFL);
	while (server_count) {
		pid_t pid = servers[--server_count];

		must(kill(pid, SIGKILL));
		must(waitpid(pid, NULL, 0));
	}
}

void read_proc(const char *path, char *text, size_t size)
{
	int fd = must(open(path, O_RDONLY));
	ssize_t length = must(read(fd, text, size - 1));

	text[length] = 0;
	close(fd);
}

void *share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	must_be(memory != MAP_FAILED);
	return memory;
}

void wait_asleep(pid_t pid)
{
	char path[32], text[512];

	sprintf(path, "/proc/%d/stat", pid);
	for (;;) {
		read_proc(path, text, sizeof(text));
		/* The state comes after the name in parentheses. */
		if (!strncmp(strrchr(text, ')'), ") S", 3))
			return;
		sched_yield();
	}
}

/* What a row leaves behind, the kernel may free later: until only this runs. */
static void wait_quiet(void)
{
	const struct timespec tick = { .tv_nsec = 4000000 };
	char text[64];
	int running;

	do {
		nanosleep(&tick, NULL);
		read_proc("/proc/loadavg", text, sizeof(text));
		must_be(sscanf(text, "%*f %*f %*f %d/", &running) == 1);
	} while (running > 1);
}

long set_parameter(const char *name, long value)
{
	char path[80], text[32];
	FILE *file;

	sprintf(path, "/sys/module/iotarget/parameters/%s", name);
	if (access(path, F_OK))
		return -1;
	read_proc(path, text, sizeof(text));
	file = fopen(path, "w");
	must_be(file);
	fprintf(file, "%ld", value);
	must(fclose(file));
	return atol(text);
}

static OPERATION void getppid_op(void *arg)
{
	syscall(SYS_getppid);
}

static double getppid_row(long arg)
{
	return measure(getppid_op, NULL, 1);
}

static int wanted(const struct row *row)
{
	if (!row->run)
		return 0;
	if (timing)
		return row->place != PINNED;
	return cpus > 1 || row->place == PINNED || row->place == EITHER;
}

/* Runs a row in a process of its own: 0, or the row failed. */
static int run_row(size_t i)
{
	int status;
	pid_t pid;

	results[i].value = NAN;
	if (!wanted(&rows[i]))
		return 0;
	wait_quiet();
	pid = must(fork());
	if (pid == 0) {
		split = rows[i].place == SPLIT;
		if (rows[i].place == FREE || (timing && !split))
			pin(0, cpus);
		result = &results[i];
		result->value = rows[i].run(rows[i].arg);
		end_servers();
		exit(0);
	}
	must(waitpid(pid, &status, 0));
	if (status)
		fprintf(stderr, "row %s failed\n", rows[i].name);
	return status;
}

static void print_json(FILE *file)
{
	const char *separator = "", *heading = "";
	struct utsname u;
	size_t i;

	must(uname(&u));
	fprintf(file, "{\n  \"kernel\": \"%s\",\n  \"cpus\": %ld,\n  \"time\": %s,\n  \"rows\": [",
		u.release, cpus, timing ? "true" : "false");
	for (i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];

		if (!row->name)
			heading = row->what;
		if (isnan(results[i].value))
			continue;
		fprintf(file, "%s\n    { \"name\": \"%s\", \"value\": %.2f, ",
			separator, row->name, results[i].value);
		if (results[i].other)
			fprintf(file, "\"other\": %.2f, ", results[i].other);
		fprintf(file, "\"unit\": \"%s\", \"heading\": \"%s\", \"what\": \"%s\" }",
			row->unit ? row->unit : timing ? "ns" : "instructions",
			heading, row->what);
		separator = ",";
	}
	fprintf(file, "\n  ]\n}\n");
	must(fclose(file));
}


int main(int argc, char **argv)
{
	FILE *json;
	int failed = 0;
	size_t i;

	pin(0, 1);
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	results = share(ROWS * sizeof(*results));
	set_parameter("target_requests", 1 << IOTARGET_ID_SLOT_BITS);
	set_parameter("user_requests", 1 << IOTARGET_ID_SLOT_BITS);
	measure_clock();

	if (argc == 4 && !strcmp(argv[1], "--loop")) {
		loop = atoi(argv[3]);
		for (i = 0; i < ROWS; i++)
			if (rows[i].name && !strcmp(rows[i].name, argv[2]))
				return run_row(i) != 0;
		fprintf(stderr, "no row %s\n", argv[2]);
		return 2;
	}
	must_be(argc == 3);
	timing = !strcmp(argv[1], "--time");
	must_be(timing || !strcmp(argv[1], "--count"));
	json = fopen(argv[2], "w");
	must_be(json);
	/* At the end: output in between disturbs the next row. */
	for (i = 0; i < ROWS; i++)
		failed |= run_row(i);
	print_json(json);
	return failed != 0;
}
