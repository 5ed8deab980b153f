/* SPDX-License-Identifier: Apache-2.0 */
/* What happened, as rows of the history. */
#ifndef TICKSCOPE_DAEMON_AGENT_EVENT_H
#define TICKSCOPE_DAEMON_AGENT_EVENT_H

struct agent;

/* kind: a word for programs. target: "" where it is of none. Without a history it is nowhere. */
void agent_event(struct agent *a, const char *kind, const char *target, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
