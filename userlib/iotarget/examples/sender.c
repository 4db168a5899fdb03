// SPDX-License-Identifier: MIT
/* sender NAME TEXT: sends TEXT to /dev/iotarget/NAME and prints the answer. */
#include <errno.h>
#include <iotarget.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct iotarget_send_element request = { .type = IOTARGET_TYPE_CONTROL };
	/* what it stays if a signal ends the wait */
	struct iotarget_reap_element completion = { .status = -EINTR };
	char answer[4096], why[256];
	int target, ret;

	if (argc != 3)
		return 2;
	request.in = (uintptr_t)argv[2];
	request.in_length = strlen(argv[2]);
	request.out = (uintptr_t)answer;
	request.out_length = sizeof(answer);
	request.deadline = iotarget_deadline(5000000000);	/* 5 seconds */

	target = ret = iotarget_node_open(argv[1]);
	if (ret >= 0)
		ret = iotarget_send_wait(target, &request, &completion, 1);
	if (ret >= 0)
		ret = completion.status;
	if (ret < 0) {
		fprintf(stderr, "sender: %s\n",
			iotarget_explain(ret, argv[1], why, sizeof(why)));
		return 1;
	}
	printf("%.*s\n", (int)completion.information, answer);
	return 0;
}
