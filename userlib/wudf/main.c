// SPDX-License-Identifier: MIT
/*
 * wudfhost: loads a driver and serves its device until SIGTERM or SIGINT.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

#define DLL_DETACH	0
#define DLL_ATTACH	1

typedef HRESULT get_class_object(REFCLSID clsid, REFIID iid, void **result);
typedef HRESULT can_unload_now(void);
typedef BOOL dll_main(void *instance, DWORD reason, void *reserved);

static const IID iid_class_factory = {
	0x00000001, 0, 0, { 0xc0, 0, 0, 0, 0, 0, 0, 0x46 }
};

static const char usage[] =
	"Usage: wudfhost DRIVER.so [--name NAME] [--clsid {GUID}] [--lower NAME]\n"
	"\n"
	"Loads a UMDF 1.x driver and serves its device until SIGTERM or SIGINT.\n"
	"\n"
	"  --name NAME    make the node /dev/iotarget/NAME (needs CAP_SYS_ADMIN)\n"
	"  --clsid GUID   the driver's class; else DriverCLSID in DRIVER.inf\n"
	"  --lower NAME   the device below: the default I/O target\n";

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("wudfhost: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* -------------------------------------------------------------------- class */

static bool parse_guid(const char *text, GUID *guid)
{
	unsigned int d[11];
	int end = 0, i;

	sscanf(text, "{%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x}%n", &d[0], &d[1], &d[2],
	       &d[3], &d[4], &d[5], &d[6], &d[7], &d[8], &d[9], &d[10], &end);
	if (end != 38)
		return false;
	guid->Data1 = d[0];
	guid->Data2 = d[1];
	guid->Data3 = d[2];
	for (i = 0; i < 8; i++)
		guid->Data4[i] = d[3 + i];
	return true;
}

/* A file as text: those of Windows may be of 16-bit characters. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t length = 0, size = 0;
	char *text = NULL;
	int c;

	while (file && (c = getc(file)) != EOF) {
		if (!c)
			continue;
		if (length + 1 >= size)
			text = realloc(text, size = size * 2 + 4096);
		if (!text)
			die("no memory");
		text[length++] = c;
		text[length] = 0;
	}
	if (file)
		fclose(file);
	return text;
}

/* The value of a line "DriverCLSID = {...}", or "{...}" in quotes. */
static bool find_class(char *inf, GUID *clsid)
{
	static const char key[] = "DriverCLSID";
	char *line, *next;

	for (line = strtok_r(inf, "\r\n", &next); line;
	     line = strtok_r(NULL, "\r\n", &next)) {
		line += strspn(line, " \t");
		if (strncasecmp(line, key, strlen(key)))
			continue;
		line += strlen(key);
		line += strspn(line, " \t");
		if (*line++ != '=')
			continue;
		line += strspn(line, " \t\"");
		line[strcspn(line, " \t\";")] = 0;
		return parse_guid(line, clsid);
	}
	return false;
}

static void get_class(const char *path, const char *given, GUID *clsid)
{
	size_t stem = strlen(path);
	char inf_path[4096];
	char *inf;

	if (given) {
		if (!parse_guid(given, clsid))
			die("not a GUID: %s", given);
		return;
	}
	if (stem > 3 && !strcmp(path + stem - 3, ".so"))
		stem -= 3;
	snprintf(inf_path, sizeof(inf_path), "%.*s.inf", (int)stem, path);
	inf = read_text(inf_path);
	if (!inf)
		die("no --clsid, and cannot read %s: %s", inf_path, strerror(errno));
	if (!find_class(inf, clsid))
		die("no --clsid, and no DriverCLSID={...} in %s", inf_path);
	free(inf);
}

/* --------------------------------------------------------------------- load */

static IDriverEntry *make_entry(void *dll, REFCLSID clsid)
{
	get_class_object *get = (get_class_object *)dlsym(dll, "DllGetClassObject");
	dll_main *attach = (dll_main *)dlsym(dll, "DllMain");
	IClassFactory *factory;
	void *entry;
	HRESULT hr;

	if (!get)
		die("the driver does not export DllGetClassObject");
	if (attach && !attach(dll, DLL_ATTACH, NULL))
		die("DllMain refused");
	hr = get(clsid, &iid_class_factory, (void **)&factory);
	if (FAILED(hr))
		die("DllGetClassObject failed with %#x", (unsigned int)hr);
	hr = factory->lpVtbl->CreateInstance(factory, NULL, &IID_IDriverEntry, &entry);
	factory->lpVtbl->Release(factory);
	if (FAILED(hr))
		die("the class has no IDriverEntry: %#x", (unsigned int)hr);
	return entry;
}

static void unload(void *dll)
{
	can_unload_now *can = (can_unload_now *)dlsym(dll, "DllCanUnloadNow");
	dll_main *detach = (dll_main *)dlsym(dll, "DllMain");

	/* a driver that still has objects may have threads in its code */
	if (can && can() != S_OK) {
		fputs("wudfhost: the driver has left objects behind\n", stderr);
		return;
	}
	if (detach)
		detach(dll, DLL_DETACH, NULL);
	dlclose(dll);
}

static const struct option options[] = {
	{ "name", required_argument, NULL, 'n' },
	{ "clsid", required_argument, NULL, 'c' },
	{ "lower", required_argument, NULL, 'l' },
	{ "help", no_argument, NULL, 'h' },
	{ }
};

int main(int argc, char **argv)
{
	const char *name = NULL, *given = NULL, *lower = NULL;
	IDriverEntry *entry;
	struct host host;
	sigset_t signals;
	char why[256];
	GUID clsid;
	void *dll;
	int c, signal;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'n':
			name = optarg;
			break;
		case 'c':
			given = optarg;
			break;
		case 'l':
			lower = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return 2;
	}
	get_class(argv[optind], given, &clsid);

	/* all threads, the driver's too, leave them to this one */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);

	dll = dlopen(argv[optind], RTLD_NOW);
	if (!dll)
		die("%s", dlerror());
	entry = make_entry(dll, &clsid);
	if (FAILED(host_start(&host, entry, name, lower, why)))
		die("%s", why);
	printf("wudfhost: %s serves\n", name ? name : "a device without a name");
	fflush(stdout);

	do
		sigwait(&signals, &signal);
	while (!host_stop(&host) &&
	       fputs("wudfhost: the driver refuses to be removed\n", stderr));
	entry->lpVtbl->Release(entry);
	unload(dll);
	return 0;
}
