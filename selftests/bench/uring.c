// SPDX-License-Identifier: GPL-2.0
/* What io_uring brings: ublk, and a cancel of its own. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <linux/ublk_cmd.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/eventfd.h>
#include <sys/poll.h>
#include <unistd.h>

#define DEPTH_MAX	64
#define IO_SIZE		4096

/* Waits for one completion: what it says. */
static int wait_result(struct io_uring *ring, uint64_t *data)
{
	struct io_uring_cqe *cqe;
	int result;

	must_be(io_uring_wait_cqe(ring, &cqe) == 0);
	result = cqe->res;
	if (data)
		*data = cqe->user_data;
	io_uring_cqe_seen(ring, cqe);
	return result;
}

/*
 * ublk with a null target: its server completes every read at once.
 */

static void ublk_control(struct io_uring *ring, int fd, int op,
			 struct ublksrv_ctrl_cmd command)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, NULL, 0, 0);
	sqe->cmd_op = op;
	command.queue_id = -1;
	memcpy(sqe->cmd, &command, sizeof(command));
	must(io_uring_submit(ring));
	must_be(wait_result(ring, NULL) >= 0);
}

static char *alloc_buffers(void)
{
	char *buffers = aligned_alloc(IO_SIZE, DEPTH_MAX * IO_SIZE);

	must_be(buffers);
	memset(buffers, 1, DEPTH_MAX * IO_SIZE);
	return buffers;
}

static void queue_fetch(struct io_uring *ring, int fd, int op, struct ublksrv_io_cmd command)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, NULL, 0, 0);
	sqe->cmd_op = op;
	sqe->user_data = command.tag;
	memcpy(sqe->cmd, &command, sizeof(command));
}

static void ublk_server(void *arg)
{
	char *buffers = alloc_buffers();
	struct ublksrv_io_cmd command = { 0 };
	struct io_uring ring;
	struct io_uring_cqe *cqe;
	int fd, tag;

	fd = must(open(arg, O_RDWR));
	must(io_uring_queue_init(DEPTH_MAX, &ring, 0));
	for (tag = 0; tag < DEPTH_MAX; tag++) {
		command.tag = tag;
		command.addr = (uintptr_t)(buffers + tag * IO_SIZE);
		queue_fetch(&ring, fd, UBLK_IO_FETCH_REQ, command);
	}
	command.result = IO_SIZE;
	for (;;) {
		unsigned int head, seen = 0;

		must(io_uring_submit_and_wait(&ring, 1));
		io_uring_for_each_cqe(&ring, head, cqe) {
			must_be(cqe->res == UBLK_IO_RES_OK);
			command.tag = cqe->user_data;
			command.addr = (uintptr_t)(buffers + command.tag * IO_SIZE);
			queue_fetch(&ring, fd, UBLK_IO_COMMIT_AND_FETCH_REQ, command);
			seen++;
		}
		io_uring_cq_advance(&ring, seen);
	}
}

struct disk {
	int fd;
	int depth;
	char *buffers;
	struct io_uring ring;
};

static OPERATION void read_disk_op(void *arg)
{
	struct disk *d = arg;
	int i;

	for (i = 0; i < d->depth; i++)
		io_uring_prep_read(io_uring_get_sqe(&d->ring), d->fd,
				   d->buffers + i * IO_SIZE, IO_SIZE, i * IO_SIZE);
	must(io_uring_submit_and_wait(&d->ring, d->depth));
	for (i = 0; i < d->depth; i++)
		must_be(wait_result(&d->ring, NULL) == IO_SIZE);
}

double ublk_row(long depth)
{
	static struct ublksrv_ctrl_dev_info info = {
		.nr_hw_queues = 1,
		.queue_depth = DEPTH_MAX,
		.max_io_buf_bytes = IO_SIZE,
		.dev_id = -1,
	};
	static struct ublk_params params = {
		.len = sizeof(params),
		.types = UBLK_PARAM_TYPE_BASIC,
		.basic = {
			.logical_bs_shift = 12,
			.physical_bs_shift = 12,
			.io_opt_shift = 12,
			.io_min_shift = 12,
			.max_sectors = IO_SIZE >> 9,
			.dev_sectors = (DEPTH_MAX * IO_SIZE) >> 9,
		},
	};
	struct disk d = { .depth = depth, .buffers = alloc_buffers() };
	struct io_uring control;
	char path[32];
	double result;
	pid_t server;
	int fd;

	fd = open("/dev/ublk-control", O_RDWR);
	if (fd < 0)
		return NAN;
	must(io_uring_queue_init(4, &control, IORING_SETUP_SQE128));
	ublk_control(&control, fd, UBLK_CMD_ADD_DEV, (struct ublksrv_ctrl_cmd){
		.dev_id = -1, .addr = (uintptr_t)&info, .len = sizeof(info) });
	ublk_control(&control, fd, UBLK_CMD_SET_PARAMS, (struct ublksrv_ctrl_cmd){
		.dev_id = info.dev_id, .addr = (uintptr_t)&params, .len = sizeof(params) });
	sprintf(path, "/dev/ublkc%u", info.dev_id);
	server = serve(ublk_server, path);
	ublk_control(&control, fd, UBLK_CMD_START_DEV, (struct ublksrv_ctrl_cmd){
		.dev_id = info.dev_id, .data = { server } });

	sprintf(path, "/dev/ublkb%u", info.dev_id);
	d.fd = must(open(path, O_RDONLY | O_DIRECT));
	must(io_uring_queue_init(DEPTH_MAX, &d.ring, 0));
	result = measure(read_disk_op, &d, depth);
	close(d.fd);
	end_servers();
	ublk_control(&control, fd, UBLK_CMD_DEL_DEV,
		     (struct ublksrv_ctrl_cmd){ .dev_id = info.dev_id });
	return result;
}

/*
 * A cancel of one of many polls that wait.  The completion is there when the
 * cancel returns.
 */

#define RING_ENTRIES	256

struct polls {
	struct io_uring ring;
	int eventfd;
	unsigned int pending;
	unsigned int random;
};

static void start_poll(struct polls *p, uint64_t data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&p->ring);

	io_uring_prep_poll_add(sqe, p->eventfd, POLLIN);
	sqe->user_data = data;
}

static OPERATION void cancel_poll_op(struct io_uring *ring, uint64_t victim)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_cancel64(sqe, victim, 0);
	sqe->user_data = UINT64_MAX;
	must(io_uring_submit(ring));
}

static double uring_cancel_block(void *arg, int ops)
{
	struct polls *p = arg;
	double sum = 0;

	while (ops--) {
		uint64_t victim, data, start;
		int i, result;

		p->random = p->random * 1664525 + 1013904223;
		victim = (p->random >> 8) % p->pending;
		start = now();
		cancel_poll_op(&p->ring, victim);
		sum += passed_since(start);
		for (i = 0; i < 2; i++) {
			result = wait_result(&p->ring, &data);
			must_be(result == (data == victim ? -ECANCELED : 0));
		}
		start_poll(p, victim);
		must(io_uring_submit(&p->ring));
	}
	return sum;
}

double uring_cancel_row(long pending)
{
	struct polls p = { .pending = pending };
	unsigned int i;

	p.eventfd = must(eventfd(0, 0));
	must(io_uring_queue_init(RING_ENTRIES, &p.ring, 0));
	for (i = 0; i < p.pending; i++) {
		start_poll(&p, i);
		if (i % RING_ENTRIES == RING_ENTRIES - 1 || i + 1 == p.pending)
			must(io_uring_submit(&p.ring));
	}
	return measure_blocks(uring_cancel_block, &p, 1);
}
