/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's configuration as the loop takes it. */
#ifndef TICKSCOPE_DAEMON_AGENT_CONFIG_H
#define TICKSCOPE_DAEMON_AGENT_CONFIG_H

#include "daemon/daemon.h"

struct agent_config;

/* `config` outlives it. -EINVAL: more targets than there may be, or no such level …; -ENOMEM. */
int agent_config_new(const struct config *config, struct agent_config **ret_agent_config,
		     struct fault *why);
void agent_config_free(struct agent_config *agent_config);
/* The sandbox that the process is in, and which the loop narrows. */
void agent_config_use(struct agent_config *a, struct sandbox *sandbox);

const struct daemon_config *agent_config_get(const struct agent_config *agent_config);

#endif
