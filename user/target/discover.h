/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes a target of the configuration means, out of /proc. */
#ifndef TICKSCOPE_TARGET_DISCOVER_H
#define TICKSCOPE_TARGET_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"
#include "config/config.h"

/*
 * The processes that match now, in ascending order; at most max_cnt. Pids that were given without
 * another condition come as they are, in their order: whoever opens them says what is wrong with
 * one. *ret_pids is malloc'ed. An empty list is no failure. -ENOENT: no such executable, and nobody
 * runs one that stood there; -ENOMEM; -errno of reading /proc.
 */
int discover_all(const struct config_match *match, size_t max_cnt, pid_t **ret_pids,
		 size_t *ret_cnt, struct fault *why);

/*
 * Whether all conditions hold for a process (not a thread of one). Kernel threads, zombies and the
 * caller never match, nor does anything where there is no condition; false where it ended
 * meanwhile.
 */
bool discover_matches(const struct config_match *match, pid_t pid);

struct discovered {
	pid_t *pids; /* ascending; malloc'ed */
	size_t cnt;
};

/* The same in a /proc that is elsewhere, of all that match. */
int discover_all_in(const char *proc, const struct config_match *match,
		    struct discovered *ret_found, struct fault *why);
bool discover_matches_in(const char *proc, const struct config_match *match, pid_t pid);

#endif
