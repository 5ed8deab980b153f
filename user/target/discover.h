/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes a target of the configuration means. */
#ifndef TICKSCOPE_TARGET_DISCOVER_H
#define TICKSCOPE_TARGET_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"
#include "config/config.h"

/*
 * The processes that match now, in ascending order (pids that were given: in theirs); at most
 * max_cnt. *ret_pids is malloc'ed. An empty list is no failure. -ENOENT: no such executable.
 */
int discover_all(const struct config_match *match, size_t max_cnt, pid_t **ret_pids,
		 size_t *ret_cnt, struct fault *why);

/* Whether a process does; false where it ended meanwhile. */
bool discover_matches(const struct config_match *match, pid_t pid);

#endif
