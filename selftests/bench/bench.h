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

/* An odd number of blocks: a timer's tick lies in some, and not in the median. */
#define BLOCKS		101
#define BLOCK_OPS	100

uint64_t now(void);

/* What one call of op takes, in instructions: the median over the blocks. */
double measure(void (*op)(void *arg), void *arg);

/* The same for a block that times its operations itself, and returns the sum. */
double measure_blocks(double (*block)(void *arg, int ops), void *arg);

/* Starts the other side: a process that runs until the row ends. */
void serve(void (*server)(void *arg), void *arg);

/* Each measures one row of the table, in a process of its own. */
double eventfd_row(long arg);
double pipe_row(long arg);
double seccomp_row(long arg);
double cuse_read_row(long arg);
double cuse_ioctl_row(long arg);
double send_wait_row(long fetch_flags);
double batch_row(long batch);
double cancel_queued_row(long pending);
double cancel_marked_row(long pending);

#endif
