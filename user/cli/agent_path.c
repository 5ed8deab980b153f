/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "cli/agent_path.h"

#define DIRECTORY_DEFAULT "/run/tickscope"

int agent_path(const char *state_dir, char path[static AGENT_PATH_BYTES])
{
	int length = snprintf(path, AGENT_PATH_BYTES, "%s/agent.sock",
			      state_dir ? state_dir : DIRECTORY_DEFAULT);

	return length < AGENT_PATH_BYTES ? 0 : -ENAMETOOLONG;
}
