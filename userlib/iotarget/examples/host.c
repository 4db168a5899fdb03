// SPDX-License-Identifier: MIT
/* host NAME: hosts /dev/iotarget/NAME, which echoes what is sent to it. */
#include <errno.h>
#include <iotarget.h>
#include <stdio.h>
#include <string.h>

/* written, and not read yet */
static char text[4096];
static uint32_t length;

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void on_request(struct iotarget_request *r)
{
	uint32_t n;

	switch (r->type) {
	case IOTARGET_TYPE_WRITE:
		n = min(r->in_length, sizeof(text) - length);
		memcpy(text + length, r->in, n);
		length += n;
		iotarget_request_complete(r, n < r->in_length ? -ENOSPC : 0,
					  NULL, 0, n);
		break;
	case IOTARGET_TYPE_READ:
		n = min(length, r->out_length);
		iotarget_request_complete(r, 0, text, n, n);
		length -= n;
		memmove(text, text + n, length);
		break;
	case IOTARGET_TYPE_CONTROL:
		n = min(r->in_length, r->out_length);
		iotarget_request_complete(r, 0, r->in, n, n);
	}
}

int main(int argc, char **argv)
{
	struct iotarget_driver driver = {
		.size = sizeof(driver), .on_request = on_request,
	};
	const char *name = argc > 1 ? argv[1] : "echo";
	struct iotarget_host *host;
	char why[256];
	int device, ret;

	device = ret = iotarget_device_create(NULL);
	if (ret >= 0)
		ret = iotarget_host_create(device, &driver, NULL, &host);
	if (ret >= 0)
		ret = iotarget_device_name(device, name, 0666);
	if (ret >= 0) {
		printf("hosting " IOTARGET_NODE_DIR "%s\n", name);
		fflush(stdout);
		ret = iotarget_host_run(host);
	}
	if (ret < 0)
		fprintf(stderr, "host: %s\n",
			iotarget_explain(ret, device < 0 ? NULL : name, why,
					 sizeof(why)));
	return ret < 0;
}
