/* SPDX-License-Identifier: Apache-2.0 */
/* The kill switch: SIGUSR2, until SIGHUP; and a file, for as long as it is there. */
#ifndef TICKSCOPE_DAEMON_AGENT_SWITCH_H
#define TICKSCOPE_DAEMON_AGENT_SWITCH_H

#include <stdbool.h>

#include "daemon/daemon.h"

#define AGENT_SWITCH_FILE "disable" /* in the directory of the history */

/* Starts zeroed. */
struct agent_switch {
	bool is_by_signal;
	bool is_by_file; /* as it was looked at last */
	char path[4096]; /* of the file where the configuration names none */
};

/* is_disabled, on_disable and on_switched of the loop. */
bool agent_switch_is_disabled(void *context);
void agent_switch_signal(void *context);
void agent_switch_done(const struct daemon_view *view, void *context);

struct agent;

/* "disabled by SIGUSR2: nothing is attached, SIGHUP attaches again". Returns text. */
const char *agent_switch_describe(const struct agent *a, char *text, size_t text_bytes);
/* Says it in the log. */
void agent_switch_say(const struct agent *a);

#endif
