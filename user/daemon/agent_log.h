/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent says: one event a line on stderr, as text or as JSON. */
#ifndef TICKSCOPE_DAEMON_AGENT_LOG_H
#define TICKSCOPE_DAEMON_AGENT_LOG_H

#include <stdbool.h>

enum agent_log_level { AGENT_LOG_INFO = 0, AGENT_LOG_WARNING, AGENT_LOG_ERROR };

struct agent_log {
	bool is_json;
};

/* `event` is a word for programs: "ready", "alert", "target" … Foreign text is cleaned. */
void agent_log(const struct agent_log *log, enum agent_log_level level, const char *event,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
