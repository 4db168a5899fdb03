// SPDX-License-Identifier: MIT
/*
 * The main() of a program that has a wmain(): linked into it as an object. An
 * argument that is no UTF-8 ends the program with 2.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winbase_crt.h>

int wmain(int argc, WCHAR **argv);

int main(int argc, char **argv)
{
	WCHAR **wide = calloc(argc + 1, sizeof(*wide));
	int status;

	for (int i = 0; i < argc; i++) {
		size_t room = strlen(argv[i]) + 1;

		if (wide)
			wide[i] = malloc(room * sizeof(WCHAR));
		if (!wide || !wide[i] || winbase_mbstowcs(wide[i], argv[i], room) >= room) {
			fprintf(stderr, "%s: bad argument %d\n", argv[0], i);
			return 2;
		}
	}
	status = wmain(argc, wide);
	for (int i = 0; i < argc; i++)
		free(wide[i]);
	free(wide);
	return status;
}
