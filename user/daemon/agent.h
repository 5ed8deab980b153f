/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent: the loop with a configuration, for as long as it runs. Every second what was counted
 * goes to the judge, every ten to the history; alerts go to the channels; the local socket answers
 * the command line.
 */
#ifndef TICKSCOPE_DAEMON_AGENT_H
#define TICKSCOPE_DAEMON_AGENT_H

#include <stdbool.h>

#include "base/fault.h"

struct agent_options {
	const char *config_path;
	const char *state_dir; /* of history and socket; NULL: the defaults of wire.h */
	bool has_no_sandbox;   /* whatever the configuration says */
};

/*
 * Runs until SIGTERM or SIGINT, and logs what happens on stderr. SIGPIPE has to be ignored. 0;
 * -EINVAL: the configuration is not right, which was logged; -errno of a start that failed.
 */
int agent_run(const struct agent_options *options, struct fault *why);

#endif
