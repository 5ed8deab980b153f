/* SPDX-License-Identifier: Apache-2.0 */
/* Where the agent's socket and its history are. */
#ifndef TICKSCOPE_CLI_AGENT_PATH_H
#define TICKSCOPE_CLI_AGENT_PATH_H

#define AGENT_PATH_BYTES 108 /* sun_path of unix(7) */

/* In a state directory; NULL: in the default one. -ENAMETOOLONG. */
int agent_path(const char *state_dir, char path[static AGENT_PATH_BYTES]);
/* Of the history file, likewise; malloc'ed. NULL: out of memory. */
char *agent_path_history(const char *state_dir);

#endif
