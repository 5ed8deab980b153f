/* SPDX-License-Identifier: Apache-2.0 */
/* What a process listens on. */
#ifndef TICKSCOPE_TARGET_LISTENERS_H
#define TICKSCOPE_TARGET_LISTENERS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"

#define LISTENER_MAX 256 /* ports of one process; more are not known as its own */

struct listeners {
	uint32_t netns; /* inode number of its network namespace */
	uint16_t ports[LISTENER_MAX];
	size_t port_cnt;
};

/* TCP ports that the process has a listening socket for. -ESRCH, -EACCES. */
int listeners_read(pid_t pid, struct listeners *ret_listeners, struct fault *why);

#endif
