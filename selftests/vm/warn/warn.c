// SPDX-License-Identifier: GPL-2.0
/* A module that does wrong, to see that selftests/vm/run notices. */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/slab.h>

static char *how = "warn";
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "warn (at load), late (warn at unload), leak, stay (loaded), panic");

static void *lost;

static int __init warn_init(void)
{
	WARN_ON(!strcmp(how, "warn"));
	if (!strcmp(how, "leak")) {
		lost = kmalloc(100, GFP_KERNEL);
		lost = NULL;
	}
	if (!strcmp(how, "stay"))
		__module_get(THIS_MODULE);
	if (!strcmp(how, "panic"))
		panic("asked to");
	return 0;
}

static void __exit warn_exit(void)
{
	WARN_ON(!strcmp(how, "late"));
}

module_init(warn_init);
module_exit(warn_exit);
MODULE_DESCRIPTION("Does wrong on purpose");
MODULE_LICENSE("GPL");
