// SPDX-License-Identifier: GPL-2.0
/*
 * Payloads: READ and WRITE of parts; above a page the sender's own memory, where
 * it can be pinned, which a host must not notice. Invariant 9; and no byte that
 * a host did not write ever reaches a sender.
 */
#include <linux/memfd.h>
#include <linux/userfaultfd.h>
#include <sys/resource.h>

#include "common.h"

#define FILL 0x77	/* what memory holds that nobody should touch */

static size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

static int payload_call(int queue, unsigned int nr, __u64 id, __u32 offset,
			const void *buffer, __u32 length)
{
	struct iotarget_payload arg = {
		.size = sizeof(arg), .id = id, .buffer = ADDRESS(buffer),
		.length = length, .offset = offset,
	};
	int ret = call(queue, nr, &arg);

	return ret ? ret : (int)arg.done;
}

/* Both return how many bytes were copied, or a negative errno. */
static int read_part(int queue, __u64 id, __u32 offset, void *buffer,
		     __u32 length)
{
	return payload_call(queue, IOTARGET_READ, id, offset, buffer, length);
}

static int write_part(int queue, __u64 id, __u32 offset, const void *buffer,
		      __u32 length)
{
	return payload_call(queue, IOTARGET_WRITE, id, offset, buffer, length);
}

static int send_element(int target, __u32 type, const void *in, __u32 in_length,
			void *out, __u32 out_length, __u64 *id)
{
	struct iotarget_send_element e = {
		.type = type, .in = ADDRESS(in), .in_length = in_length,
		.out = ADDRESS(out), .out_length = out_length,
	};
	struct iotarget_send arg = send_arg(0, &e, 1, NULL, 0);
	int ret = call(target, IOTARGET_SEND, &arg);

	*id = e.id;
	return ret ? ret : arg.sent == 1 ? 0 : -EPROTO;
}

/* A number of /proc/self/status, in bytes. */
static unsigned long own_status(const char *name)
{
	char line[128], format[32];
	unsigned long kb = 0, value;
	FILE *f = fopen("/proc/self/status", "r");

	if (!f)
		abort();
	snprintf(format, sizeof(format), "%s: %%lu kB", name);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, format, &value) == 1)
			kb = value;
	fclose(f);
	return kb * 1024;
}

/* What this process's memory lock limit is charged with. */
static unsigned long charged(void)
{
	return own_status("VmPin") + own_status("VmLck");
}

/* Memory of which each byte is known, at an offset into its first page. */
static unsigned char *area(__u32 length, __u32 offset)
{
	size_t whole = (length + offset + 2 * page_size()) & -page_size();
	unsigned char *map = mmap(NULL, whole, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		abort();
	memset(map, FILL, whole);
	return map + offset;
}

static bool is_all(const unsigned char *at, unsigned char value, size_t length)
{
	return !length || (*at == value && !memcmp(at, at + 1, length - 1));
}

/* Nothing before and nothing behind the area was touched. */
static bool area_kept(const unsigned char *at, __u32 length, __u32 offset)
{
	return is_all(at - offset, FILL, offset) &&
	       is_all(at + length, FILL, page_size() / 2);
}

static void pattern(unsigned char *at, __u32 length, unsigned int seed)
{
	__u32 i;

	for (i = 0; i < length; i++)
		at[i] = i * 7 + (i >> 8) + seed;
}

FIXTURE(payload) {
	int device;
	int target;
	__u32 length;
	__u32 offset;
	unsigned char *in, *out, *host;
};

FIXTURE_VARIANT(payload) {
	__u32 length;
	__u32 offset;	/* in the first page */
};

#define VARIANT(length_, offset_)					\
	FIXTURE_VARIANT_ADD(payload, bytes_##length_##_at_##offset_) {	\
		.length = length_, .offset = offset_ }

VARIANT(1, 0);
VARIANT(64, 0);
VARIANT(65, 1);
VARIANT(4095, 1);
VARIANT(4096, 0);
VARIANT(4096, 4095);
VARIANT(4097, 0);
VARIANT(4098, 4095);
VARIANT(65536, 0);
VARIANT(65536, 7);
VARIANT(1048576, 0);
VARIANT(1048577, 123);

FIXTURE_SETUP(payload)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
	self->length = variant->length;
	self->offset = variant->offset;
	self->in = area(self->length, self->offset);
	self->out = area(self->length, self->offset);
	self->host = area(self->length, 0);
	pattern(self->in, self->length, 1);
}

FIXTURE_TEARDOWN(payload)
{
	close(self->target);
	close(self->device);
}

/* Above a page, in one direction alone: the sender's memory itself. */
static bool pinned(const FIXTURE_DATA(payload) *self)
{
	return self->length > page_size();
}

/* Sends it and has the host own it. Without a buffer: all by READ and WRITE. */
#define OWNED(id_, type, ...) do {					\
	struct iotarget_fetch_element record_ = {};			\
									\
	ASSERT_EQ(0, send_element(self->target, IOTARGET_TYPE_##type,	\
				  __VA_ARGS__, &(id_)));		\
	ASSERT_EQ(0, fetch_now(self->device, 0, &record_));		\
	ASSERT_EQ(id_, record_.id);					\
} while (0)

#define OWNED_READ(id_) OWNED(id_, READ, NULL, 0, self->out, self->length)
#define OWNED_WRITE(id_) OWNED(id_, WRITE, self->in, self->length, NULL, 0)
#define OWNED_CONTROL(id_) \
	OWNED(id_, CONTROL, self->in, self->length, self->out, self->length)

#define REAP(status_, information_) do {				\
	struct iotarget_reap_element reap_;				\
									\
	ASSERT_EQ(0, reap_now(self->target, &reap_));			\
	EXPECT_EQ(status_, reap_.status);				\
	EXPECT_EQ(information_, reap_.information);			\
	EXPECT_EQ(0, reap_.flags);					\
} while (0)

#define EXPECT_KEPT() do {						\
	EXPECT_TRUE(area_kept(self->in, self->length, self->offset));	\
	EXPECT_TRUE(area_kept(self->out, self->length, self->offset));	\
	EXPECT_TRUE(area_kept(self->host, self->length, 0));		\
} while (0)

/* ------------------------------------------------------------------ parts */

TEST_F(payload, input_in_parts)
{
	unsigned int seed = seed_get();
	__u32 at, n;
	__u64 id;

	TH_LOG("seed %u", seed);
	OWNED_WRITE(id);
	for (at = 0; at < self->length; at += n) {
		n = 1 + draw(&seed, self->length / 3 + 1);
		if (n > self->length - at)
			n = self->length - at;
		ASSERT_EQ(n, read_part(self->device, id, at, self->host + at,
				       n));
	}
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	/* again, and whole: reading takes nothing away */
	memset(self->host, 0, self->length);
	EXPECT_EQ(self->length, read_part(self->device, id, 0, self->host,
					  self->length));
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, self->length, NULL,
				    0));
	REAP(0, self->length);
	EXPECT_KEPT();
}

TEST_F(payload, output_in_parts)
{
	unsigned int seed = seed_get();
	__u32 at, n;
	__u64 id;

	TH_LOG("seed %u", seed);
	pattern(self->host, self->length, 2);
	OWNED_READ(id);
	/* from the end to the beginning */
	for (at = self->length; at; at -= n) {
		n = 1 + draw(&seed, self->length / 3 + 1);
		if (n > at)
			n = at;
		ASSERT_EQ(n, write_part(self->device, id, at - n,
					self->host + at - n, n));
	}
	EXPECT_EQ(0, complete_bytes(self->device, id, 5, self->length, NULL,
				    0));
	REAP(5, self->length);
	EXPECT_EQ(0, memcmp(self->out, self->host, self->length));
	EXPECT_KEPT();
}

/* The rest of what a buffer was too short for, and what came before it. */
TEST_F(payload, READ_and_WRITE_beside_the_buffers)
{
	__u32 half = self->length / 2;
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(self->host), .buffer_length = half,
	};
	__u64 id;

	ASSERT_EQ(0, send_element(self->target, IOTARGET_TYPE_CONTROL, self->in,
				  self->length, self->out, self->length, &id));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(half, f.copied);
	EXPECT_EQ(self->length - half,
		  read_part(self->device, id, half, self->host + half,
			    self->length));
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	/* COMPLETE brings the beginning, the rest was there before */
	pattern(self->host, self->length, 3);
	EXPECT_EQ(self->length - half,
		  write_part(self->device, id, half, self->host + half,
			     self->length - half));
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, self->length,
				    self->host, half));
	REAP(0, self->length);
	EXPECT_EQ(0, memcmp(self->out, self->host, self->length));
	EXPECT_KEPT();
}

TEST_F(payload, beyond_the_end)
{
	__u32 length = self->length;
	__u64 id;

	/* cut */
	OWNED_WRITE(id);
	EXPECT_EQ(1, read_part(self->device, id, length - 1, self->host,
			       length));
	EXPECT_EQ(self->in[length - 1], self->host[0]);
	EXPECT_TRUE(is_all(self->host + 1, FILL, length - 1));
	EXPECT_EQ(0, read_part(self->device, id, length, self->host, 1));
	EXPECT_EQ(length, read_part(self->device, id, 0, self->host,
				    length + 1));
	EXPECT_EQ(length, read_part(self->device, id, 0, self->host,
				    UINT32_MAX));
	EXPECT_EQ(0, read_part(self->device, id, 0, self->host, 0));
	/* nowhere */
	EXPECT_EQ(-EINVAL, read_part(self->device, id, length + 1, self->host,
				     1));
	EXPECT_EQ(-EINVAL, read_part(self->device, id, UINT32_MAX, self->host,
				     1));
	EXPECT_EQ(-EINVAL, read_part(self->device, id, UINT32_MAX, self->host,
				     UINT32_MAX));
	/* it brings input and takes no output */
	EXPECT_EQ(0, write_part(self->device, id, 0, self->host, 1));
	EXPECT_EQ(-EINVAL, write_part(self->device, id, 1, self->host, 1));
	EXPECT_EQ(0, complete(self->device, id, 0));
	REAP(0, 0);

	OWNED_READ(id);
	EXPECT_EQ(1, write_part(self->device, id, length - 1, self->host,
				length));
	EXPECT_EQ(0, write_part(self->device, id, length, self->host, 1));
	EXPECT_EQ(-EINVAL, write_part(self->device, id, length + 1, self->host,
				      1));
	EXPECT_EQ(-EINVAL, write_part(self->device, id, UINT32_MAX, self->host,
				      UINT32_MAX));
	EXPECT_EQ(0, read_part(self->device, id, 0, self->host, 1));
	EXPECT_EQ(-EINVAL, read_part(self->device, id, 1, self->host, 1));
	EXPECT_EQ(0, complete(self->device, id, 0));
	REAP(0, 0);
	EXPECT_KEPT();
}

TEST_F(payload, only_what_the_host_owns)
{
	int other = parallel_create();
	__u64 id;

	ASSERT_GE(other, 0);
#define EXPECT_BOTH(answer, fd, id_) do {				\
	EXPECT_EQ(answer, read_part(fd, id_, 0, self->host, 1));	\
	EXPECT_EQ(answer, write_part(fd, id_, 0, self->host, 1));	\
} while (0)
	/* queued */
	ASSERT_EQ(0, send_element(self->target, IOTARGET_TYPE_CONTROL, self->in,
				  self->length, self->out, self->length, &id));
	EXPECT_BOTH(-ENOENT, self->device, id);
	ASSERT_EQ(0, fetch_now(self->device, 0,
			       &(struct iotarget_fetch_element) {}));
	EXPECT_BOTH(1, self->device, id);
	/* another device's, nobody's */
	EXPECT_BOTH(-ENOENT, other, id);
	EXPECT_BOTH(-ENOENT, self->device, 0);
	EXPECT_BOTH(-ENOENT, self->device, id ^ 1ULL << 40);
	EXPECT_EQ(0, complete(self->device, id, 0));
	/* complete, reaped */
	EXPECT_BOTH(-ENOENT, self->device, id);
	REAP(0, 0);
	EXPECT_BOTH(-ENOENT, self->device, id);
	EXPECT_BOTH(-ENOTTY, self->target, id);
	ASSERT_EQ(0, end(self->device));
	EXPECT_BOTH(-ENODEV, self->device, id);
	close(other);
}

/* A cancel hurries; until the host completes, the bytes are its own to use. */
TEST_F(payload, after_a_cancel)
{
	struct iotarget_fetch_element f = {};
	__u64 id;

	OWNED_CONTROL(id);
	EXPECT_EQ(0, mark(self->device, id));
	EXPECT_EQ(self->length, read_part(self->device, id, 0, self->host,
					  self->length));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	/* claimed, and then told */
	EXPECT_EQ(self->length, read_part(self->device, id, 0, self->host,
					  self->length));
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	memset(self->host, 0x21, self->length);
	EXPECT_EQ(1, write_part(self->device, id, 0, self->host, 1));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(IOTARGET_EVENT_CANCEL, f.event);
	EXPECT_EQ(self->length, write_part(self->device, id, 0, self->host,
					   self->length));
	EXPECT_EQ(0, complete_bytes(self->device, id, -ECANCELED, self->length,
				    NULL, 0));
	REAP(-ECANCELED, self->length);
	EXPECT_TRUE(is_all(self->out, 0x21, self->length));
	EXPECT_KEPT();
}

/* A fault of the host changes nothing for the sender; the host may try again. */
TEST_F(payload, memory_of_the_host_that_cannot_be_used)
{
	unsigned char *hole = area(self->length, 0);
	__u64 id;

	ASSERT_EQ(0, munmap(hole, page_size()));
	OWNED_CONTROL(id);
	EXPECT_EQ(-EFAULT, read_part(self->device, id, 0, hole, self->length));
	EXPECT_EQ(-EFAULT, write_part(self->device, id, 0, hole, self->length));
	EXPECT_EQ(-EFAULT, read_part(self->device, id, 0, NULL, 1));
	EXPECT_EQ(-EFAULT, read_part(self->device, id, 0, (void *)-4096L, 1));
	EXPECT_EQ(-EFAULT, write_part(self->device, id, 0, (void *)-4096L, 1));
	EXPECT_EQ(self->length, read_part(self->device, id, 0, self->host,
					  self->length));
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	memset(self->host, 0x21, self->length);
	EXPECT_EQ(self->length, write_part(self->device, id, 0, self->host,
					   self->length));
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, self->length, NULL,
				    0));
	REAP(0, self->length);
	EXPECT_TRUE(is_all(self->out, 0x21, self->length));
	EXPECT_KEPT();
}

/* As METHOD_BUFFERED has it: what a host writes stands where the input stood. */
TEST_F(payload, control_has_one_buffer)
{
	__u32 half = self->length / 2;
	__u64 id;

	OWNED_CONTROL(id);
	memset(self->host, 0x21, half);
	EXPECT_EQ(half, write_part(self->device, id, 0, self->host, half));
	memset(self->host, 0, self->length);
	EXPECT_EQ(self->length, read_part(self->device, id, 0, self->host,
					  self->length));
	EXPECT_TRUE(is_all(self->host, 0x21, half));
	EXPECT_EQ(0, memcmp(self->in + half, self->host + half,
			    self->length - half));
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, half, NULL, 0));
	REAP(0, half);
	EXPECT_TRUE(is_all(self->out, 0x21, half));
	/* and the sender's input is its own */
	pattern(self->host, self->length, 1);
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	EXPECT_KEPT();
}

/* The same memory in both directions, as many a caller does it. */
TEST_F(payload, control_in_place)
{
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(self->host), .buffer_length = self->length,
	};
	__u32 i;
	__u64 id;

	ASSERT_EQ(0, send_element(self->target, IOTARGET_TYPE_CONTROL, self->in,
				  self->length, self->in, self->length, &id));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	for (i = 0; i < self->length; i++)
		self->host[i] ^= 0xff;
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, self->length,
				    self->host, self->length));
	REAP(0, self->length);
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	EXPECT_KEPT();
}

/* ------------------------------------- bytes that nobody wrote, by a model */

/*
 * Random parts, against what this test remembers of them: one buffer, of the
 * input and then zeros. Behind the last byte that the host wrote all is zero,
 * the input too. Each byte is looked at: nothing of others may be there.
 */
TEST_F(payload, against_a_model)
{
	unsigned char *model = area(self->length, 0);	/* the shared buffer */
	unsigned char *written = area(self->length, 0);	/* by the host? */
	unsigned int seed = seed_get(), round, step;
	__u32 in_length, out_length, at, n, count, i;
	__u32 rounds = self->length > 100000 ? 3 : 12;
	__u64 id;

	TH_LOG("seed %u", seed);
	for (round = 0; round < rounds; round++) {
		bool reads = round & 1;
		__u32 end = 0;	/* of what the host has written */

		in_length = reads ? 0 : 1 + draw(&seed, self->length);
		out_length = 1 + draw(&seed, self->length);
		memset(self->in, 0xa5, self->length);
		memset(self->out, FILL, self->length);
		memset(model, 0, self->length);
		memset(model, 0xa5, in_length);
		memset(written, 0, self->length);
		if (reads) {
			OWNED(id, READ, NULL, 0, self->out, out_length);
		} else {
			OWNED(id, CONTROL, self->in, in_length, self->out,
			      out_length);
		}
		for (step = draw(&seed, 6); step; step--) {
			at = draw(&seed, out_length);
			n = 1 + draw(&seed, out_length - at);
			memset(self->host, 0x10 + step, n);
			memset(model + at, 0x10 + step, n);
			memset(written + at, 1, n);
			end = end > at + n ? end : at + n;
			ASSERT_EQ(n, write_part(self->device, id, at,
						self->host, n));
			if (reads)
				continue;
			ASSERT_EQ(in_length, read_part(self->device, id, 0,
						       self->host, in_length));
			ASSERT_EQ(0, memcmp(model, self->host, in_length)) {
				TH_LOG("round %u, step %u, WRITE %u at %u",
				       round, step, n, at);
			}
		}
		/* COMPLETE brings something, or nothing */
		n = draw(&seed, 2) ? draw(&seed, out_length + 1) : 0;
		memset(self->host, 0x42, n);
		memset(model, 0x42, n);
		memset(written, 1, n);
		end = end > n ? end : n;
		count = draw(&seed, 2) ? out_length :
			draw(&seed, out_length + 1);
		EXPECT_EQ(0, complete_bytes(self->device, id, 0, count,
					    self->host, n));
		REAP(0, count);
		for (i = 0; i < self->length; i++) {
			unsigned char wanted = i >= count ? FILL :
					       i < end ? model[i] : 0;

			/* what it wrote and does not count may be there */
			if (i >= count && written[i] && self->out[i] == model[i])
				continue;
			/* what it left out in the sender's own pages is as it was */
			if (i < end && !written[i] && self->out[i] == FILL &&
			    reads && out_length > page_size())
				continue;
			ASSERT_EQ(wanted, self->out[i]) {
				TH_LOG("round %u: in %u, out %u, count %u, byte %u",
				       round, in_length, out_length, count, i);
			}
		}
		if (!reads)
			EXPECT_TRUE(is_all(self->in, 0xa5, self->length));
		EXPECT_KEPT();
	}
}

/* A host that counts everything and writes nothing. */
TEST_F(payload, what_nobody_wrote_is_zero)
{
	__u64 id;
	int i;

	memset(self->in, 0xa5, self->length);
	for (i = 0; i < 6; i++) {
		memset(self->out, FILL, self->length);
		/* leave 0xa5 behind in whatever memory comes next */
		OWNED_WRITE(id);
		EXPECT_EQ(0, complete(self->device, id, 0));
		REAP(0, 0);
		if (i & 1)
			OWNED_READ(id);
		else
			OWNED_CONTROL(id);
		EXPECT_EQ(0, complete_bytes(self->device, id, 0, self->length,
					    NULL, 0));
		REAP(0, self->length);
		EXPECT_TRUE(is_all(self->out, 0, self->length));
		EXPECT_KEPT();
	}
}

/* ... and who counts nothing, or never had it, leaves all as it was. */
TEST_F(payload, what_is_not_counted_stays)
{
	struct iotarget_reap_element r;
	__u64 id;

	OWNED_READ(id);
	EXPECT_EQ(0, complete(self->device, id, 0));
	REAP(0, 0);
	ASSERT_EQ(0, send_element(self->target, IOTARGET_TYPE_READ, NULL, 0,
				  self->out, self->length, &id));
	EXPECT_EQ(DELIVERED, cancel(self->target, id));
	REAP(-ECANCELED, 0);
	OWNED_READ(id);
	ASSERT_EQ(0, end(self->device));
	ASSERT_EQ(0, reap_one(self->target, &r));
	EXPECT_EQ(-ENODEV, r.status);
	EXPECT_EQ(0, r.information);
	EXPECT_TRUE(is_all(self->out, FILL, self->length));
	EXPECT_KEPT();
}

/* ----------------------------------------------- the sender's own memory */

/* What it does to its input after SEND, a host sees or not; no fault is near. */
TEST_F(payload, the_input_changes_after_SEND)
{
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(self->host), .buffer_length = self->length,
	};
	unsigned char *before = area(self->length, 0);
	__u64 id;
	__u32 i;

	memcpy(before, self->in, self->length);
	ASSERT_EQ(0, send_element(self->target, IOTARGET_TYPE_WRITE, self->in,
				  self->length, NULL, 0, &id));
	pattern(self->in, self->length, 100);
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(self->length, f.copied);
	for (i = 0; i < self->length; i++)
		ASSERT_TRUE(self->host[i] == before[i] ||
			    self->host[i] == self->in[i]);
	pattern(self->in, self->length, 200);
	EXPECT_EQ(self->length, read_part(self->device, id, 0, self->host,
					  self->length));
	for (i = 0; i < self->length; i++)
		ASSERT_TRUE(self->host[i] == before[i] ||
			    self->host[i] == self->in[i]);
	EXPECT_EQ(0, complete(self->device, id, 0));
	REAP(0, 0);
}

/* The host can do its part, and the sender reaps it when it has memory there. */
TEST_F(payload, unmapped_after_SEND)
{
	size_t whole = (self->length + self->offset + 2 * page_size()) &
		       -page_size();
	unsigned char *before = area(self->length, 0);
	struct iotarget_reap_element r;
	__u64 in, out;

	memcpy(before, self->in, self->length);
	OWNED_WRITE(in);
	OWNED_READ(out);
	ASSERT_EQ(0, munmap(self->in - self->offset, whole));
	ASSERT_EQ(0, munmap(self->out - self->offset, whole));
	EXPECT_EQ(self->length, read_part(self->device, in, 0, self->host,
					  self->length));
	EXPECT_EQ(0, memcmp(before, self->host, self->length));
	EXPECT_EQ(0, complete(self->device, in, 0));
	REAP(0, 0);
	memset(self->host, 0x21, self->length);
	EXPECT_EQ(0, complete_bytes(self->device, out, 6, self->length,
				    self->host, self->length));
	if (!pinned(self)) {
		/* it is copied now: where to? */
		EXPECT_EQ(-EFAULT, reap_now(self->target, &r));
		ASSERT_EQ(self->out - self->offset,
			  mmap(self->out - self->offset, whole,
			       PROT_READ | PROT_WRITE, MAP_PRIVATE |
			       MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	}
	REAP(6, self->length);
	if (!pinned(self))
		EXPECT_TRUE(is_all(self->out, 0x21, self->length));
}

/* After fork the bytes still go to who sent, and to nobody else. */
TEST_F(payload, forked_after_SEND)
{
	int up[2], status;
	pid_t child;
	char byte;
	__u64 id;

	ASSERT_EQ(0, pipe(up));
	pattern(self->host, self->length, 5);
	OWNED_READ(id);
	child = fork();
	if (!child) {
		if (read(up[0], &byte, 1) != 1)
			_exit(1);
		_exit(is_all(self->out, FILL, self->length) ? 42 : 2);
	}
	/* where a copy on write is due, it is the child that gets the copy */
	self->out[0] = FILL;
	self->out[self->length - 1] = FILL;
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, self->length,
				    self->host, self->length));
	REAP(0, self->length);
	EXPECT_EQ(0, memcmp(self->out, self->host, self->length));
	ASSERT_EQ(1, write(up[1], "x", 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(42, WEXITSTATUS(status));
	EXPECT_KEPT();
}

/* The limit of locked memory is charged while it is pinned, and then not. */
TEST_F(payload, pages_are_charged)
{
	unsigned long before = charged();
	__u32 least = pinned(self) ? self->length : 0;
	struct iotarget_cancel all;
	struct rlimit limit;
	__u64 id[2];
	int end;

	ASSERT_EQ(0, getrlimit(RLIMIT_MEMLOCK, &limit));
	if (limit.rlim_cur < before + 3 * (self->length + page_size()))
		return;
	for (end = 0; end < 3; end++) {
		OWNED_WRITE(id[0]);
		EXPECT_LE(before + least, charged());
		OWNED_READ(id[1]);
		EXPECT_LE(before + 2 * least, charged());
		EXPECT_TRUE(least || charged() == before);
		if (end == 0) {
			EXPECT_EQ(0, complete(self->device, id[0], 0));
			EXPECT_EQ(0, complete_bytes(self->device, id[1], 0,
						    self->length, self->host,
						    self->length));
			REAP(0, 0);
			REAP(0, self->length);
		} else if (end == 1) {
			ASSERT_EQ(0, send_element(self->target,
						  IOTARGET_TYPE_READ, NULL, 0,
						  self->out, self->length,
						  &id[1]));
			ASSERT_EQ(0, cancel_all(self->target, &all));
			EXPECT_EQ(1, all.delivered);
			REAP(-ECANCELED, 0);
			EXPECT_LE(before + 2 * least, charged());
			close(self->device);
			self->device = parallel_create();
			REAP(-ENODEV, 0);
			REAP(-ENODEV, 0);
		}
		if (end < 2)
			EXPECT_EQ(before, charged());
		close(self->target);
		if (end == 2)
			close(self->device);
		else
			self->target = target_open(self->device);
		/* freed a little later, by nobody whom one could ask */
		while (charged() != before)
			sched_yield();
	}
	self->target = self->device = -1;
}

/* Who may lock nothing sends all the same. */
static void drop_to(struct __test_metadata *_metadata, rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	/* root's capability would lift the limit */
	if (!geteuid())
		ASSERT_EQ(0, setresuid(65534, 65534, 65534));
}

static void both_ways(struct __test_metadata *_metadata,
		      FIXTURE_DATA(payload) *self)
{
	__u64 id;

	OWNED_WRITE(id);
	EXPECT_EQ(self->length, read_part(self->device, id, 0, self->host,
					  self->length));
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	EXPECT_EQ(0, complete(self->device, id, 0));
	REAP(0, 0);
	OWNED_READ(id);
	pattern(self->host, self->length, 9);
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, self->length,
				    self->host, self->length));
	REAP(0, self->length);
	EXPECT_EQ(0, memcmp(self->out, self->host, self->length));
	EXPECT_KEPT();
}

TEST_F(payload, nothing_may_be_locked)
{
	__u64 id;

	drop_to(_metadata, 0);
	both_ways(_metadata, self);
	OWNED_READ(id);
	EXPECT_EQ(0, charged());
}

TEST_F(payload, the_limit_is_kept)
{
	rlim_t limit = 80 * 1024;
	__u64 id[8];
	int i;

	drop_to(_metadata, limit);
	for (i = 0; i < 8; i++) {
		OWNED_READ(id[i]);
		EXPECT_GE(limit, charged());
	}
	pattern(self->host, self->length, 9);
	for (i = 0; i < 8; i++) {
		memset(self->out, FILL, self->length);
		EXPECT_EQ(0, complete_bytes(self->device, id[i], 0,
					    self->length, self->host,
					    self->length));
		REAP(0, self->length);
		EXPECT_EQ(0, memcmp(self->out, self->host, self->length));
	}
	EXPECT_EQ(0, charged());
}

/* A fault of the sender's memory is the sender's own. */
TEST_F(payload, hole_in_the_input)
{
	unsigned long before = charged();
	unsigned char *at = self->in - self->offset;
	__u64 id;

	/* the last page that it needs */
	at += (self->offset + self->length - 1) / page_size() * page_size();
	ASSERT_EQ(0, munmap(at, page_size()));
	EXPECT_EQ(-EFAULT, send_element(self->target, IOTARGET_TYPE_WRITE,
					self->in, self->length, NULL, 0, &id));
	EXPECT_EQ(-EFAULT, send_element(self->target, IOTARGET_TYPE_CONTROL,
					self->in, self->length, self->out,
					self->length, &id));
	EXPECT_FALSE(readable(self->device));
	EXPECT_EQ(before, charged());
}

/*
 * Found by SEND or by the call that reaps; then the completion stays first until
 * there is memory.
 */
static void bad_output(struct __test_metadata *_metadata,
		       FIXTURE_DATA(payload) *self, bool hole)
{
	unsigned char *at = self->out - self->offset;
	unsigned long before = charged();
	struct iotarget_reap_element r;
	struct iotarget_fetch_element f = {};
	__u64 id;
	int ret;

	at += (self->offset + self->length - 1) / page_size() * page_size();
	ASSERT_EQ(0, hole ? munmap(at, page_size()) :
		  mprotect(at, page_size(), PROT_READ));
	ret = send_element(self->target, IOTARGET_TYPE_READ, NULL, 0, self->out,
			   self->length, &id);
	if (ret) {
		EXPECT_EQ(-EFAULT, ret);
		EXPECT_FALSE(readable(self->device));
		EXPECT_EQ(before, charged());
		return;
	}
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	memset(self->host, 0x21, self->length);
	EXPECT_EQ(0, complete_bytes(self->device, id, 3, self->length,
				    self->host, self->length));
	EXPECT_EQ(-EFAULT, reap_now(self->target, &r));
	EXPECT_EQ(-EFAULT, reap_now(self->target, &r));
	EXPECT_TRUE(readable(self->target));
	ASSERT_EQ(at, mmap(at, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE |
			   MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	memset(at, 0x33, page_size());
	REAP(3, self->length);
	EXPECT_TRUE(is_all(self->out, 0x21, self->length));
	EXPECT_EQ(before, charged());
}

TEST_F(payload, hole_in_the_output)
{
	bad_output(_metadata, self, true);
}

TEST_F(payload, output_that_is_read_only)
{
	bad_output(_metadata, self, false);
}

/* ------------------------------------------------------------ invariant 9 */

struct writer {
	int device;
	__u64 id;
	__u32 length;
	unsigned char *bytes;
	atomic_int writes;
	int failures;
	struct background thread;
};

/* Writes the output again and again, until the request is not the host's. */
static int writer_main(void *arg)
{
	struct writer *w = arg;
	int ret;

	do {
		ret = write_part(w->device, w->id, 0, w->bytes, w->length);
		if (ret > 0)
			atomic_fetch_add(&w->writes, 1);
	} while (ret == (int)w->length);
	return ret;
}

/* Once the sender has reaped it, its memory is its own. */
TEST_F_TIMEOUT(payload, nothing_is_touched_after_the_reap, HOUR)
{
	unsigned long rounds = rounds_get(20000) / 200;
	struct writer w = { .device = self->device, .length = self->length };
	struct iotarget_reap_element r;

	if (self->length > 100000)
		rounds /= 10;
	w.bytes = area(self->length, 0);
	memset(w.bytes, 0x21, self->length);
	while (rounds--) {
		atomic_store(&w.writes, 0);
		OWNED_READ(w.id);
		background_start(&w.thread, writer_main, &w);
		while (!atomic_load(&w.writes))
			sched_yield();
		if (rounds & 1) {
			EXPECT_EQ(0, complete_bytes(self->device, w.id, 0,
						    self->length, NULL, 0));
			ASSERT_EQ(0, reap_one(self->target, &r));
			EXPECT_TRUE(is_all(self->out, 0x21, self->length));
		} else {
			/* bytes of COMPLETE and of WRITE: any, but all there */
			EXPECT_EQ(0, complete_bytes(self->device, w.id, 0,
						    self->length, w.bytes,
						    self->length));
			ASSERT_EQ(0, reap_one(self->target, &r));
			EXPECT_TRUE(is_all(self->out, 0x21, self->length));
		}
		memset(self->out, FILL, self->length);
		/* it may have been in the middle of one */
		EXPECT_EQ(-ENOENT, background_join(&w.thread));
		ASSERT_TRUE(is_all(self->out, FILL, self->length));
	}
	EXPECT_KEPT();
}

/*
 * The same with the copy stopped in its middle, by a fault that is answered when
 * this test likes.
 */
struct part {
	int device;
	unsigned int nr;
	__u64 id;
	__u32 length;
	void *buffer;
};

static int part_main(void *arg)
{
	struct part *p = arg;

	return payload_call(p->device, p->nr, p->id, 0, p->buffer, p->length);
}

static int complete_main(void *arg)
{
	struct part *p = arg;

	return complete_bytes(p->device, p->id, 0, p->length, p->buffer,
			      p->length);
}

static int fault_catch(void *at, size_t size)
{
	struct uffdio_register reg = {
		.range = { ADDRESS(at), size },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_api api = { .api = UFFD_API };
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (uffd < 0)
		return -errno;
	return madvise(at, size, MADV_DONTNEED) ||
	       ioctl(uffd, UFFDIO_API, &api) ||
	       ioctl(uffd, UFFDIO_REGISTER, &reg) ? -errno : uffd;
}

/* Returns when a thread waits in a fault. */
static void fault_wait(int uffd)
{
	struct uffd_msg msg;

	if (read(uffd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		abort();
}

/* From now on the range is ordinary memory, and whoever waits goes on. */
static void fault_answer(int uffd, void *at, size_t size)
{
	struct uffdio_range range = { ADDRESS(at), size };

	if (ioctl(uffd, UFFDIO_UNREGISTER, &range))
		abort();
	close(uffd);
}

/*
 * The host's buffer ends in a page that is missing: a copy stands still there.
 * What ends the request meanwhile is accepted, and the sender cannot reap it
 * before the copy has let go.
 */
TEST_F(payload, copies_hold_the_completion)
{
	size_t page = page_size();
	unsigned char *at = area(self->length + page, 0);
	struct part p = { .device = self->device, .length = self->length };
	struct iotarget_reap_element r;
	struct background thread;
	int kind, uffd, ret;

	/* (COMPLETE copies what fits in a slot before it looks at the request) */
	for (kind = 0; kind < (self->length > 64 ? 8 : 6); kind++) {
		bool device_ends = kind & 1;
		unsigned char *last = at + (self->length - 1) / page * page;

		memset(at, 0x21, self->length);
		uffd = fault_catch(last, page);
		if (uffd == -EPERM)
			SKIP(return, "this user may not stop faults of the kernel");
		ASSERT_GE(uffd, 0);
		p.nr = kind < 2 ? IOTARGET_READ : IOTARGET_WRITE;
		p.buffer = at;
		if (kind < 4)
			OWNED_CONTROL(p.id);
		else
			OWNED_READ(p.id);
		background_start(&thread, kind < 6 ? part_main : complete_main,
				 &p);
		fault_wait(uffd);
		EXPECT_EQ(0, device_ends ? end(self->device) :
			  complete_bytes(self->device, p.id, 4, self->length,
					 NULL, 0));
		EXPECT_EQ(-EAGAIN, reap_now(self->target, &r));
		EXPECT_FALSE(readable(self->target));
		fault_answer(uffd, last, page);
		/* it was in time, or it was not: the request is gone by now */
		ret = background_join(&thread);
		EXPECT_TRUE(ret == self->length || ret == -ENOENT ||
			    (device_ends && ret == -ENODEV)) {
			TH_LOG("kind %d answered %d", kind, ret);
		}
		ASSERT_EQ(0, reap_one(self->target, &r));
		EXPECT_EQ(p.id, r.id);
		EXPECT_EQ(device_ends ? -ENODEV : 4, r.status);
		/* it is the sender's again */
		memset(self->out, FILL, self->length);
		if (device_ends) {
			close(self->target);
			close(self->device);
			self->device = p.device = parallel_create();
			self->target = target_open(self->device);
			ASSERT_GE(self->target, 0);
		}
	}
	EXPECT_KEPT();
}

/* --------------------------------------------------- senders that die */

/* Pages that are pinned now, by anybody. */
static long pins(void)
{
	long acquired = -1, released = -1, value;
	char line[128];
	FILE *f;
	int fd;

	/* each processor counts for itself; this adds them up */
	fd = open("/proc/sys/vm/stat_refresh", O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		abort();
	close(fd);
	f = fopen("/proc/vmstat", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "nr_foll_pin_acquired %ld", &value) == 1)
			acquired = value;
		if (sscanf(line, "nr_foll_pin_released %ld", &value) == 1)
			released = value;
	}
	if (!f || acquired < 0 || released < 0)
		abort();
	fclose(f);
	return acquired - released;
}

/* It dies at once, and its pages live until the host lets them go. */
TEST_F(payload, the_sender_is_killed)
{
	long before, pages = self->length / page_size();
	__u64 *id = mmap(NULL, 2 * sizeof(*id), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct iotarget_fetch_element f = {};
	int status;
	pid_t child;

	if (geteuid())
		SKIP(return, "the count of pinned pages is root's");
	ASSERT_NE(MAP_FAILED, id);
	before = pins();
	child = fork();
	if (!child) {
		close(self->target);
		self->target = target_open(self->device);
		if (send_element(self->target, IOTARGET_TYPE_WRITE, self->in,
				 self->length, NULL, 0, &id[0]) ||
		    send_element(self->target, IOTARGET_TYPE_READ, NULL, 0,
				 self->out, self->length, &id[1]) ||
		    fetch_now(self->device, 0, &f) ||
		    fetch_now(self->device, 0, &f))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	if (pinned(self))
		EXPECT_LE(before + 2 * pages, pins());
	/* Nobody will look at it; the host need not know. */
	EXPECT_EQ(self->length, read_part(self->device, id[0], 0, self->host,
					  self->length));
	EXPECT_EQ(0, memcmp(self->in, self->host, self->length));
	EXPECT_EQ(0, complete(self->device, id[0], 0));
	EXPECT_EQ(self->length, write_part(self->device, id[1], 0, self->host,
					   self->length));
	EXPECT_EQ(0, complete_bytes(self->device, id[1], 0, self->length,
				    self->host, self->length));
	/* freed a little later, by nobody whom one could ask */
	while (pins() != before)
		sched_yield();
	EXPECT_TRUE(is_all(self->out, FILL, self->length));
	munmap(id, 2 * sizeof(*id));
}

/* -------------------------------------------------- memory of every kind */

#define BYTES (64 * 1024)

FIXTURE(kind) {
	int device;
	int target;
};

FIXTURE_SETUP(kind)
{
	self->device = parallel_create();
	ASSERT_GE(self->device, 0);
	self->target = target_open(self->device);
	ASSERT_GE(self->target, 0);
}

FIXTURE_TEARDOWN(kind)
{
	close(self->target);
	close(self->device);
}

/* All that a program can hand over, to be pinned or not, serves both ways. */
static void kind_check(struct __test_metadata *_metadata,
		       FIXTURE_DATA(kind) *self, unsigned char *at)
{
	static unsigned char host[BYTES], wanted[BYTES];
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(host), .buffer_length = BYTES,
	};
	struct iotarget_reap_element r;
	__u64 id;

	ASSERT_NE(MAP_FAILED, (void *)at);
	/* output into pages that were never touched */
	ASSERT_EQ(0, send_element(self->target, IOTARGET_TYPE_READ, NULL, 0, at,
				  BYTES, &id));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	pattern(wanted, BYTES, 11);
	EXPECT_EQ(0, complete_bytes(self->device, id, 0, BYTES, wanted, BYTES));
	ASSERT_EQ(0, reap_now(self->target, &r));
	EXPECT_EQ(0, r.status);
	EXPECT_EQ(0, memcmp(at, wanted, BYTES));
	pattern(at, BYTES, 13);
	pattern(wanted, BYTES, 13);
	ASSERT_EQ(0, send_element(self->target, IOTARGET_TYPE_WRITE, at, BYTES,
				  NULL, 0, &id));
	ASSERT_EQ(0, fetch_now(self->device, 0, &f));
	EXPECT_EQ(0, memcmp(host, wanted, BYTES));
	EXPECT_EQ(0, complete(self->device, id, 0));
	ASSERT_EQ(0, reap_now(self->target, &r));
}

static unsigned char *map_fd(int fd, int flags)
{
	unsigned char *at = MAP_FAILED;

	if (fd >= 0 && !ftruncate(fd, BYTES))
		at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, flags, fd, 0);
	return at;
}

TEST_F(kind, anonymous)
{
	kind_check(_metadata, self,
		   mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

TEST_F(kind, anonymous_and_shared)
{
	kind_check(_metadata, self,
		   mmap(NULL, BYTES, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

TEST_F(kind, huge)
{
	size_t huge = 4 << 20;
	unsigned char *at = mmap(NULL, huge, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, (void *)at);
	madvise(at, huge, MADV_HUGEPAGE);
	kind_check(_metadata, self, at + huge / 2 - BYTES / 2 + 5);
}

TEST_F(kind, stack)
{
	unsigned char at[BYTES];

	kind_check(_metadata, self, at);
}

TEST_F(kind, memfd)
{
	kind_check(_metadata, self,
		   map_fd(memfd_create("payload", MFD_CLOEXEC), MAP_SHARED));
	kind_check(_metadata, self,
		   map_fd(memfd_create("payload", MFD_CLOEXEC), MAP_PRIVATE));
}

/* A file of a file system: of tmpfs, and of what /tmp is on. */
TEST_F(kind, file)
{
	char names[2][32] = { "/dev/shm/payloadXXXXXX", "/tmp/payloadXXXXXX" };
	int i, fd;

	for (i = 0; i < 2; i++) {
		fd = mkstemp(names[i]);
		ASSERT_LE(0, fd);
		unlink(names[i]);
		kind_check(_metadata, self, map_fd(fd, MAP_SHARED));
		ASSERT_EQ(0, ftruncate(fd, 0));
		kind_check(_metadata, self, map_fd(fd, MAP_PRIVATE));
		close(fd);
	}
}

/* Memory that a program can use, and nobody can pin. */
TEST_F(kind, secret)
{
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
	int fd = syscall(SYS_memfd_secret, 0);

	if (fd < 0)
		SKIP(return, "this kernel has no secret memory");
	kind_check(_metadata, self, map_fd(fd, MAP_SHARED));
}

/* Only to read: pages of a file, pages that are nobody's, the vDSO. */
TEST_F(kind, input_that_is_read_only)
{
	static unsigned char host[BYTES];
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(host), .buffer_length = BYTES,
	};
	int exe = open("/proc/self/exe", O_RDONLY), i;
	struct iotarget_reap_element r;
	unsigned char *at;
	__u64 id;

	ASSERT_LE(0, exe);
	for (i = 0; i < 3; i++) {
		if (i < 2)
			at = mmap(NULL, BYTES, PROT_READ, i ? MAP_SHARED :
				  MAP_PRIVATE, exe, 0);
		else
			at = mmap(NULL, BYTES, PROT_READ, MAP_PRIVATE |
				  MAP_ANONYMOUS, -1, 0);
		ASSERT_NE(MAP_FAILED, (void *)at);
		ASSERT_EQ(0, send_element(self->target, IOTARGET_TYPE_WRITE, at,
					  BYTES, NULL, 0, &id));
		ASSERT_EQ(0, fetch_now(self->device, 0, &f));
		EXPECT_EQ(0, memcmp(at, host, BYTES));
		EXPECT_EQ(0, complete(self->device, id, 0));
		ASSERT_EQ(0, reap_now(self->target, &r));
	}
}

/* Many at once, until the target has its share, by pins or by copies. */
TEST_F(kind, as_much_as_a_target_may_have)
{
	struct iotarget_info info;
	struct iotarget_cancel all;
	struct iotarget_reap_element r;
	unsigned long before = charged();
	unsigned char *at;
	__u64 pending = 0, id;

	ASSERT_EQ(0, info_get(&info));
	at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	while (pending + (1 << 20) <= info.target_bytes) {
		ASSERT_EQ(0, send_element(self->target, IOTARGET_TYPE_READ,
					  NULL, 0, at, 1 << 20, &id));
		pending += 1 << 20;
	}
	EXPECT_EQ(-EAGAIN, send_element(self->target, IOTARGET_TYPE_READ, NULL,
					0, at, 1 << 20, &id));
	EXPECT_EQ(0, poll_now(self->target) & POLLOUT);
	ASSERT_EQ(0, cancel_all(self->target, &all));
	while (!reap_now(self->target, &r))
		;
	EXPECT_EQ(POLLOUT, poll_now(self->target));
	EXPECT_EQ(before, charged());
	EXPECT_EQ(0, send_element(self->target, IOTARGET_TYPE_READ, NULL, 0, at,
				  1 << 20, &id));
}

/* ------------------------------------------- what was others' bytes */

#define SECRET	"others' bytes"
#define LONGEST	(64 << 10)

static void fill_with_secret(char *at, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		at[i] = SECRET[i % strlen(SECRET)];
}

/* Anything of it: four bytes in a row. */
static bool has_secret(const char *at, size_t length)
{
	size_t i;

	for (i = 0; i + 4 <= strlen(SECRET); i++)
		if (memmem(at, length, SECRET + i, 4))
			return true;
	return false;
}

static int round_trip(int device, int target, __u32 type, char *in,
		      __u32 in_length, char *out, __u32 out_length, char *host,
		      __u32 takes, __u32 gives)
{
	struct iotarget_fetch_element f = {
		.buffer = ADDRESS(host), .buffer_length = takes,
	};
	struct iotarget_reap_element r;
	__u64 id;

	return send_element(target, type, in, in_length, out, out_length, &id) ?:
	       fetch_now(device, 0, &f) ?:
	       complete_bytes(device, id, 0, out_length ?: in_length, host, gives) ?:
	       reap_now(target, &r);
}

/*
 * The kernel's memory is full of what other senders and hosts sent. Neither a
 * sender whose host claims to have written all, nor a host with a buffer longer
 * than the input, finds any of it.
 */
TEST(bytes_of_others_are_searched_for)
{
	static const __u32 sizes[] = {
		1, 8, 63, 64, 65, 100, 512, 1000, 4095, 4096, 4097, 10000, LONGEST,
	};
	char *secret = aligned_alloc(4096, LONGEST);
	char *out = aligned_alloc(4096, LONGEST);
	char *host = aligned_alloc(4096, LONGEST);
	int device = parallel_create(), others, target, i, part;
	__u32 size;

	fill_with_secret(secret, LONGEST);
	for (i = 0; i < 3 * (int)ARRAY_SIZE(sizes); i++) {
		size = sizes[i / 3];
		part = size / 3 * (i % 3);
		others = target_open(device);
		ASSERT_EQ(0, round_trip(device, others, IOTARGET_TYPE_WRITE, secret,
					size, NULL, 0, host, size, 0));
		fill_with_secret(host, LONGEST);
		ASSERT_EQ(0, round_trip(device, others, IOTARGET_TYPE_CONTROL,
					secret, size, out, size, host, 0, size));
		close(others);

		target = target_open(device);
		memset(host, 'h', LONGEST);
		memset(out, 's', LONGEST);
		ASSERT_EQ(0, round_trip(device, target, IOTARGET_TYPE_READ, NULL, 0,
					out, size, host, LONGEST, part));
		EXPECT_FALSE(has_secret(out, LONGEST));
		EXPECT_TRUE(is_all((void *)out, 'h', part));
		EXPECT_TRUE(is_all((void *)out + part, 0, size - part));
		EXPECT_TRUE(is_all((void *)out + size, 's', LONGEST - size));

		memset(out, 's', LONGEST);
		ASSERT_EQ(0, round_trip(device, target, IOTARGET_TYPE_CONTROL, out,
					part, out, size, host, LONGEST, 0));
		EXPECT_FALSE(has_secret(out, LONGEST));
		EXPECT_FALSE(has_secret(host, LONGEST));
		EXPECT_TRUE(is_all((void *)host + part, 'h', LONGEST - part));
		close(target);
	}
	close(device);
}

TEST_HARNESS_MAIN
