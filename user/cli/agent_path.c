/* SPDX-License-Identifier: Apache-2.0 */
/* The names that a state directory has for socket and history. */
#include <errno.h>
#include <stdio.h>

#include "cli/agent_path.h"
#include "store/store.h"
#include "wire/wire.h"

int agent_path(const char *state_dir, char path[static AGENT_PATH_BYTES])
{
	int length = snprintf(path, AGENT_PATH_BYTES, "%s/" WIRE_SOCKET_NAME,
			      state_dir ? state_dir : WIRE_STATE_DIR_DEFAULT);

	return length < AGENT_PATH_BYTES ? 0 : -ENAMETOOLONG;
}

char *agent_path_history(const char *state_dir)
{
	char *path;

	return asprintf(&path, "%s/%s", state_dir ? state_dir : WIRE_HISTORY_DIR_DEFAULT,
			STORE_FILE) < 0
		       ? NULL
		       : path;
}
