/* SPDX-License-Identifier: Apache-2.0 */
/* Options for what is allowed now. */
#include "probe/object.h"

#include "base/capability.h"

struct bpf_object_open_opts object_options(void)
{
	struct bpf_object_open_opts options = {.sz = sizeof(options)};

	if (!(capability_effective() & CAPABILITY_BIT(CAPABILITY_SYS_ADMIN)))
		options.btf_custom_path = "/sys/kernel/btf/vmlinux";
	return options;
}
