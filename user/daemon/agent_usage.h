/* SPDX-License-Identifier: Apache-2.0 */
/* What targets and the host use, each second, as values. */
#ifndef TICKSCOPE_DAEMON_AGENT_USAGE_H
#define TICKSCOPE_DAEMON_AGENT_USAGE_H

#include "daemon/agent_values.h"
#include "daemon/daemon.h"

struct agent_usage;

/* state_dir: whose file system is watched for room. -errno with the reason. */
int agent_usage_new(const char *state_dir, struct agent_usage **ret_usage, struct fault *why);
void agent_usage_free(struct agent_usage *usage);
/* Targets have other numbers from now on. */
void agent_usage_reset(struct agent_usage *usage);
/* Reads all, and sets the values; -errno: some did not fit. */
int agent_usage_read(struct agent_usage *usage, const struct daemon_config *config,
		     const struct daemon_view *view, struct agent_values *values);

#endif
