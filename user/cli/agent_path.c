/* SPDX-License-Identifier: Apache-2.0 */
/* The one name that a state directory has for the socket. */
#include <errno.h>
#include <stdio.h>

#include "cli/agent_path.h"
#include "wire/wire.h"

int agent_path(const char *state_dir, char path[static AGENT_PATH_BYTES])
{
	int length = snprintf(path, AGENT_PATH_BYTES, "%s/" WIRE_SOCKET_NAME,
			      state_dir ? state_dir : WIRE_STATE_DIR_DEFAULT);

	return length < AGENT_PATH_BYTES ? 0 : -ENAMETOOLONG;
}
