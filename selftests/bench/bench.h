/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

/* A system call that must not fail; its value. */
#define must(call) ({					\
	__typeof__(call) must_value = (call);		\
							\
	if (must_value < 0) {				\
		perror(#call);				\
		exit(1);				\
	}						\
	must_value;					\
})

/* Something that must be so, or else what is measured is not what it says. */
#define must_be(truth) do {				\
	if (!(truth)) {					\
		fprintf(stderr, "not so: %s\n", #truth);	\
		exit(1);				\
	}						\
} while (0)

/*
 * An odd number of blocks: a timer's tick lies in some, and not in the median.
 * With what it sets off it takes 50,000 instructions, every four million. So
 * blocks of what takes long have fewer operations: less than a quarter of the
 * blocks has a tick, or else it would look like a mode of its own.
 */
#define BLOCKS		101
#define BLOCK_OPS	100
#define BLOCK_LENGTH	600000
/* Plain time wants longer ones. */
#define TIME_LENGTH	5000000

/*
 * A function that is one operation, for the profile: it keeps a frame of its own,
 * and its name ends in _op.
 */
#define OPERATION	__attribute__((noipa))

uint64_t now(void);

/* What passed since @start, less what it takes to read the clock. */
double passed_since(uint64_t start);

/*
 * What one request takes, in instructions, where one call of op does @requests:
 * the median over the blocks.
 */
double measure(void (*op)(void *arg), void *arg, int requests);

/* The same for a block that times its operations itself, and returns the sum. */
double measure_blocks(double (*block)(void *arg, int ops), void *arg, int requests);

/* Starts another side: a process that runs until the row ends. */
pid_t serve(void (*server)(void *arg), void *arg);

/* Ends them all; done anyway when the row ends. */
void end_servers(void);

/* Returns when that process sleeps. */
void wait_asleep(pid_t pid);

/* Memory that the processes of a row share. */
void *share(size_t size);

/* Sets a parameter of the module: what it was, or -1 where it has no such one. */
long set_parameter(const char *name, long value);

/* What a file of /proc says now. */
void read_proc(const char *path, char *text, size_t size);

/*
 * Each measures one row of the table, in a process of its own; NAN where this
 * kernel does not have it.
 */
double eventfd_row(long arg);
double pipe_row(long arg);
double socket_row(long type);
double futex_row(long arg);
double seccomp_row(long flags);
double seccomp_clients_row(long clients);
double socket_connect_row(long arg);
double process_read_row(long length);
double cuse_read_row(long length);
double cuse_write_row(long length);
double cuse_ioctl_row(long arg);
double cuse_open_row(long arg);
double fuse_read_row(long length);
double fuse_write_row(long length);
double fuse_readers_row(long readers);
double fuse_interrupt_row(long arg);
double ublk_row(long depth);
double uring_cancel_row(long pending);
double send_wait_row(long fetch_flags);
double no_spin_row(long arg);
double batch_row(long batch);
double batch_read_row(long batch);
double write_row(long length);
double read_row(long length);
double senders_row(long senders_and_hosts);
double types_row(long senders_and_hosts);
double queues_row(long senders_and_hosts);
/* Their argument; at most 255 hosts. */
#define CROWD(senders, hosts)	((senders) << 8 | (hosts))
double open_row(long send);
double create_row(long arg);
double cancel_queued_row(long pending);
double cancel_marked_row(long pending);
double cancel_unmarked_row(long pending);
double cancel_completed_row(long pending);
double memory_row(long pending);
double growth_row(long requests);

/* What the rows of iotarget share. */
struct connection {
	int device;
	int target;
};

struct connection connect_device(uint32_t dispatch);
int open_target(int device);

#endif
