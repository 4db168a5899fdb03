// SPDX-License-Identifier: GPL-2.0
/*
 * What each user may have at a time, counted where it is allocated: a device
 * with its maker, a target and all that is sent through it with who opened it.
 * What a memory cgroup holds is another matter: that is charged to who
 * allocates.
 */
#include <linux/cred.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "internal.h"

/**
 * struct iotarget_account - a user's account
 * @uid: (const)
 * @refs: objects that have it (iotarget_users)
 * @used: how much of each kind it has
 */
struct iotarget_account {
	kuid_t uid;
	unsigned int refs;
	atomic64_t used[IOTARGET_CAPS];
};

unsigned long iotarget_user_caps[IOTARGET_CAPS] = {
	[IOTARGET_CAP_REQUESTS] = 65536,
	[IOTARGET_CAP_BYTES] = 256UL << 20,
	[IOTARGET_CAP_DEVICES] = 1024,
	[IOTARGET_CAP_QUEUES] = 1024,
	[IOTARGET_CAP_TARGETS] = 1024,
};

module_param_named(user_requests, iotarget_user_caps[IOTARGET_CAP_REQUESTS],
		   ulong, 0644);
MODULE_PARM_DESC(user_requests, "Requests that a user may have pending or unreaped");
module_param_named(user_bytes, iotarget_user_caps[IOTARGET_CAP_BYTES], ulong, 0644);
MODULE_PARM_DESC(user_bytes, "Bytes of payload that a user may have pending");
module_param_named(user_devices, iotarget_user_caps[IOTARGET_CAP_DEVICES],
		   ulong, 0644);
MODULE_PARM_DESC(user_devices, "Devices that a user may have");
module_param_named(user_queues, iotarget_user_caps[IOTARGET_CAP_QUEUES],
		   ulong, 0644);
MODULE_PARM_DESC(user_queues, "Queues that a user may have");
module_param_named(user_targets, iotarget_user_caps[IOTARGET_CAP_TARGETS],
		   ulong, 0644);
MODULE_PARM_DESC(user_targets, "Targets that a user may have");

/* By the number of the uid. The xarray's lock is never held elsewhere. */
static DEFINE_XARRAY(iotarget_users);

/* The account of who calls. Returns NULL without memory. */
struct iotarget_account *iotarget_account_get(void)
{
	unsigned long index = __kuid_val(current_euid());
	struct iotarget_account *account, *new;

	new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	if (!new)
		return NULL;
	new->uid = current_euid();
	xa_lock(&iotarget_users);
	account = __xa_cmpxchg(&iotarget_users, index, NULL, new,
			       GFP_KERNEL_ACCOUNT);
	if (!account) {
		account = new;
		new = NULL;
	}
	if (!xa_is_err(account))
		account->refs++;
	xa_unlock(&iotarget_users);
	kfree(new);
	return xa_is_err(account) ? NULL : account;
}

void iotarget_account_put(struct iotarget_account *account)
{
	xa_lock(&iotarget_users);
	if (--account->refs)
		account = NULL;
	else
		__xa_erase(&iotarget_users, __kuid_val(account->uid));
	xa_unlock(&iotarget_users);
	kfree(account);
}

/* -EDQUOT: the user would have more than its share. */
int iotarget_account_charge(struct iotarget_account *account,
			    enum iotarget_cap cap, unsigned long count)
{
	s64 used = atomic64_read(&account->used[cap]);

	/* what does not fit must not take another's place, not even for a moment */
	do {
		if (used + count > READ_ONCE(iotarget_user_caps[cap]))
			return -EDQUOT;
	} while (!atomic64_try_cmpxchg(&account->used[cap], &used, used + count));
	return 0;
}

void iotarget_account_uncharge(struct iotarget_account *account,
			       enum iotarget_cap cap, unsigned long count)
{
	atomic64_sub(count, &account->used[cap]);
}
