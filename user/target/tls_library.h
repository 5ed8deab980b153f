/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process has OpenSSL: in a library, or linked into its executable. */
#ifndef TICKSCOPE_TARGET_TLS_LIBRARY_H
#define TICKSCOPE_TARGET_TLS_LIBRARY_H

#include <tickscope/abi_tls.h>
#include "target/target.h"

struct tls_function {
	enum ts_tls_function function;
	const struct image *image; /* the process's */
	struct function_plan plan;
};

struct tls_functions {
	struct tls_function *items;
	size_t cnt;
};

/*
 * The functions by which a process reads and writes plain text, wherever it has them; an empty list
 * is no failure. Valid as long as the process, until tls_library_fini. -ENOTSUP: one of them cannot
 * be probed, for the reason in the message; -ENOMEM, -EBADMSG.
 */
int tls_library_find(struct process *process, enum exit_policy policy,
		     struct tls_functions *ret_functions, struct fault *why);
void tls_library_fini(struct tls_functions *functions);

/* Whether a process has mapped such a library by now, by a look at its memory map only. */
bool tls_library_is_mapped(pid_t pid);

#endif
