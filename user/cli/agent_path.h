/* SPDX-License-Identifier: Apache-2.0 */
/* Where the agent's socket is. */
#ifndef TICKSCOPE_CLI_AGENT_PATH_H
#define TICKSCOPE_CLI_AGENT_PATH_H

#define AGENT_PATH_BYTES 108 /* sun_path of unix(7) */

/* In a state directory; NULL: in the default one. -ENAMETOOLONG. */
int agent_path(const char *state_dir, char path[static AGENT_PATH_BYTES]);

#endif
