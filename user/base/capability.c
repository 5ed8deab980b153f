/* SPDX-License-Identifier: Apache-2.0 */
/* Names, purposes, and the sets of this thread. */
#include "base/capability.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITY_NUMBER_END 64 /* of the kernel: its sets have so many bits */

static const struct {
	unsigned int number;
	const char *name;
	const char *purpose;
	const char *loss;
} capabilities[CAPABILITY_CNT] = {
	[CAPABILITY_BPF] = {CAP_BPF, "CAP_BPF", "load programs and maps",
			    "nothing can be measured"},
	[CAPABILITY_PERFMON] = {CAP_PERFMON, "CAP_PERFMON",
				"load programs that read registers and memory",
				"nothing can be measured"},
	[CAPABILITY_SYS_PTRACE] = {CAP_SYS_PTRACE, "CAP_SYS_PTRACE",
				   "open another user's executable through /proc",
				   "functions in processes of other users cannot be traced"},
	[CAPABILITY_DAC_READ_SEARCH] =
		{CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH",
		 "list another user's sockets; read an executable that only its owner may",
		 "connections of other users, and executables that only their owner may "
		 "read, cannot be traced"},
	[CAPABILITY_CHECKPOINT_RESTORE] = {CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE",
					   "open mapped libraries that were replaced on disk",
					   "libraries that were replaced on disk cannot be traced"},
	[CAPABILITY_SYS_ADMIN] = {CAP_SYS_ADMIN, "CAP_SYS_ADMIN",
				  "attach on kernels without uprobe_multi (before 6.10); implies "
				  "CAP_BPF and CAP_PERFMON",
				  "functions cannot be traced on kernels before 6.10"},
	[CAPABILITY_NET_BIND_SERVICE] = {CAP_NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE",
					 "listen on a port below 1024",
					 "ports below 1024 cannot be listened on"},
	[CAPABILITY_SETPCAP] = {CAP_SETPCAP, "CAP_SETPCAP", "empty the bounding set",
				"the bounding set stays as it is"},
};

const char *capability_name(enum capability c)
{
	return capabilities[c].name;
}

const char *capability_purpose(enum capability c)
{
	return capabilities[c].purpose;
}

const char *capability_loss(enum capability c)
{
	return capabilities[c].loss;
}

static uint32_t held(capng_type_t type)
{
	uint32_t set = 0;

	if (capng_get_caps_process())
		return 0;
	for (int c = 0; c < CAPABILITY_CNT; c++) {
		if (capng_have_capability(type, capabilities[c].number))
			set |= CAPABILITY_BIT(c);
	}
	return set;
}

uint32_t capability_effective(void)
{
	return held(CAPNG_EFFECTIVE);
}

uint32_t capability_permitted(void)
{
	return held(CAPNG_PERMITTED);
}

uint32_t capability_usable(void)
{
	uint32_t set = capability_permitted();

	return (set & CAPABILITY_BIT(CAPABILITY_SYS_ADMIN))
		       ? set | CAPABILITY_LOADING | CAPABILITY_BIT(CAPABILITY_CHECKPOINT_RESTORE)
		       : set;
}

const char *capability_hint(uint32_t helpful, char text[static CAPABILITY_HINT_BYTES])
{
	uint32_t missing = helpful & ~capability_usable();
	size_t length = 0;

	text[0] = '\0';
	for (int c = 0; c < CAPABILITY_CNT; c++) {
		if (missing & CAPABILITY_BIT(c))
			length += (size_t)snprintf(
				text + length, CAPABILITY_HINT_BYTES - length, "%s%s",
				length ? ", " : " (missing: ", capabilities[c].name);
	}
	if (length)
		snprintf(text + length, CAPABILITY_HINT_BYTES - length, ")");
	return text;
}

int capability_keep(uint32_t permitted, uint32_t effective)
{
	permitted &= capability_permitted();
	/* What programs that are executed could gain: the kernel needs CAP_SETPCAP to forget it,
	 * and without that no_new_privs alone must do. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (unsigned int number = 0; number < CAPABILITY_NUMBER_END; number++) {
		bool is_kept = false;

		for (int c = 0; c < CAPABILITY_CNT; c++)
			is_kept |= capabilities[c].number == number && permitted >> c & 1;
		if (!is_kept)
			prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
	}
	capng_clear(CAPNG_SELECT_CAPS);
	for (int c = 0; c < CAPABILITY_CNT; c++) {
		if (permitted & CAPABILITY_BIT(c))
			capng_update(CAPNG_ADD, CAPNG_PERMITTED, capabilities[c].number);
		if (permitted & effective & CAPABILITY_BIT(c))
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, capabilities[c].number);
	}
	return capng_apply(CAPNG_SELECT_CAPS) ? -EPERM : 0;
}

void capability_drop_all(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	syscall(SYS_capset, &header, none);
}
