/* SPDX-License-Identifier: Apache-2.0 */
/* Options for what is allowed now. */
#include "probe/object.h"

#include "base/capability.h"

/* Static, so that what is between and behind the members is zero, too, which libbpf asks for. */
static const struct bpf_object_open_opts all_types = {.sz = sizeof(all_types)};
static const struct bpf_object_open_opts kernel_types = {
	.sz = sizeof(kernel_types), .btf_custom_path = "/sys/kernel/btf/vmlinux"};

const struct bpf_object_open_opts *object_options(void)
{
	return capability_effective() & CAPABILITY_BIT(CAPABILITY_SYS_ADMIN) ? &all_types
									     : &kernel_types;
}
