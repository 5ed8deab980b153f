/* SPDX-License-Identifier: Apache-2.0 */
/* By pid and by executable. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "target/discover.h"
#include "target/target.h"

int discover_all(const struct config_match *match, size_t max_cnt, pid_t **ret_pids,
		 size_t *ret_cnt, struct fault *why)
{
	pid_t *pids;

	if (match->exe)
		return process_find_by_executable(match->exe, max_cnt, ret_pids, ret_cnt, why);
	pids = calloc(match->pid_cnt + 1, sizeof(*pids));
	if (!pids)
		return fault_set(why, -ENOMEM, "out of memory");
	memcpy(pids, match->pids, match->pid_cnt * sizeof(*pids));
	*ret_pids = pids;
	*ret_cnt = match->pid_cnt;
	return 0;
}

bool discover_matches(const struct config_match *match, pid_t pid)
{
	return match->exe && process_runs_executable(pid, match->exe);
}
