/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes a target of the configuration means, out of /proc. */
#ifndef TICKSCOPE_TARGET_DISCOVER_H
#define TICKSCOPE_TARGET_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "config/config.h"
#include "target/pods.h"

#define DISCOVER_MATCH_MAX 64 /* bits of a mask */

struct discovered {
	pid_t pid;
	uint64_t match_mask; /* bit i: matches[i] */
};

struct discovery {
	struct discovered *items; /* by ascending pid; malloc'ed */
	size_t cnt;
};

/*
 * The processes that match any of at most DISCOVER_MATCH_MAX now, out of one walk over /proc, which
 * is left out where all are pids alone. None is no failure. -ENOMEM; -errno of reading /proc.
 * pods NULL: conditions on containers never hold.
 */
int discover_all(struct pods *pods, const struct config_match *const *matches, size_t match_cnt,
		 struct discovery *ret_found, struct fault *why);

struct discovered_pids {
	pid_t *items; /* malloc'ed */
	size_t cnt;
};

/*
 * Those of matches[idx], which is `match`, ascending. Pids that were given without another
 * condition come as they are, in their order: whoever opens them says what is wrong with one. None
 * is no failure, but -ENOENT: there is no such executable, and nobody runs one that stood there;
 * -EINVAL: it is no program; -ENOMEM.
 */
int discover_pids(const struct discovery *found, size_t idx, const struct config_match *match,
		  struct discovered_pids *ret_pids, struct fault *why);

/*
 * Whether all conditions hold for a process (not a thread of one). Kernel threads, zombies and the
 * caller never match, nor does anything where there is no condition; false where it ended
 * meanwhile.
 */
bool discover_matches(struct pods *pods, const struct config_match *match, pid_t pid);

/* False: it is in no container, or gone. */
bool discover_container(struct pods *pods, pid_t pid, struct pods_names *ret_names);

/* The same in a /proc that is elsewhere. */
struct discover_place {
	const char *proc;
	struct pods *pods;
};
int discover_all_in(const struct discover_place *place, const struct config_match *const *matches,
		    size_t match_cnt, struct discovery *ret_found, struct fault *why);
bool discover_matches_in(const struct discover_place *place, const struct config_match *match,
			 pid_t pid);

#endif
