/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent's files share. */
#ifndef TICKSCOPE_DAEMON_AGENT_INTERNAL_H
#define TICKSCOPE_DAEMON_AGENT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sandbox.h"
#include "daemon/agent.h"
#include "daemon/agent_checks.h"
#include "daemon/agent_config.h"
#include "daemon/agent_health.h"
#include "daemon/agent_log.h"
#include "daemon/agent_series.h"
#include "daemon/agent_sinks.h"
#include "daemon/agent_switch.h"
#include "daemon/agent_usage.h"
#include "daemon/agent_values.h"
#include "judge/judge.h"
#include "notify/notify.h"
#include "serve/serve.h"
#include "store/store.h"

#define AGENT_HISTORY_NS 10000000000ULL /* a window of the history */

#define AGENT_LIVE_MAX 60 /* seconds that a live view can show */

/* An interval that ended: its windows are those of this second of the monotonic clock. */
struct agent_moment {
	uint64_t mono_ns;
	uint64_t start_wall_ns;
};

/* What stands beside an operation of the loop; the same index. */
struct agent_operation {
	struct agent_series *total; /* NULL: it could not be kept, which was said */
	struct agent_series *connect;
};

struct agent {
	const struct agent_options *options;
	struct agent_log log;
	struct config *config;
	struct sandbox sandbox;
	struct agent_config *daemon_config;
	struct config *next_config; /* while it takes the place of the one before */
	struct agent_config *next_daemon_config;
	struct judge *judge;
	struct notify *notify;
	struct serve *serve;
	int peers_fd;	     /* epoll: whoever the agent talks to */
	struct store *store; /* NULL: the configuration wants no history */
	struct agent_sinks sinks;
	struct agent_usage *usage;
	struct agent_values values;
	struct agent_health health;
	struct agent_switch switches;
	struct agent_checks checks;
	struct agent_operation *operations;
	size_t operation_cnt;
	uint64_t batch_start_wall_ns;	/* of the open window of the history; 0: nothing is in it */
	struct store_state store_state; /* as it was said last */
	uint64_t dropped_window_cnt;	/* a second ago */
	uint64_t dropped_row_cnt;	/* likewise, of sinks */
	uint64_t start_wall_ns;
	struct agent_moment moments[AGENT_LIVE_MAX]; /* a ring */
	size_t moment_next;
	uint64_t judged_mono_ns; /* when the judge last looked */
	uint64_t system_mono_ns; /* likewise, as a whole */
	bool has_silences;
	bool is_ready;
	char host[256];
	char run_id[64];
	char history_path[4096];
	char socket_path[4096];
	struct daemon_view view; /* the last one */
};

/* agent_second.c: a second has passed. */
void agent_second(struct agent *a, const struct daemon_view *view);
/* The open window of the history: what has counted something, and values that were set. */
struct agent_batch_taker {
	void (*window)(void *context, const struct store_window *window);
	void (*value)(void *context, const struct value_id *id, const struct store_value *value);
};
void agent_second_batch(const struct agent *a, const struct agent_batch_taker *taker,
			void *context);
/* Closes it. */
void agent_second_close(struct agent *a);
/* Operations have other numbers from now on. */
void agent_second_forget(struct agent *a);

/* agent_windows.c: an interval ended about now; the instant that its windows are given to the judge
 * under, so that each has a second of its own. */
uint64_t agent_windows_moment(struct agent *a, uint64_t mono_ns, uint64_t start_wall_ns);

/* agent.c: what the configuration begins, and a reload begins anew. */
int agent_start_notify(struct agent *a, const struct config *config, struct notify **ret_notify,
		       struct fault *why);
int agent_watch_peer(struct agent *a, int fd, struct fault *why);

/* agent_reload.c: loads the configuration and says what is wrong with it. */
int agent_reload_read(struct agent *a, struct config **ret_config, struct agent_config **ret_daemon,
		      struct fault *why);
/* on_reload and on_reloaded of the loop. */
const struct daemon_config *agent_reload_begin(void *context);
void agent_reload_end(const struct daemon_view *view, void *context);

/* agent_sandbox.c: enters it, as the configuration says, and tells what is missing for measuring.
 */
int agent_sandbox_enter(struct agent *a, struct fault *why);
/* Whether the next configuration can take the place of this one. */
int agent_sandbox_check(const struct agent *a, const struct config *next, struct fault *why);

/* agent_serve.c: opens the socket. */
int agent_serve_start(struct agent *a, struct fault *why);

/* agent_alerts.c */
int agent_alerts_start(struct agent *a, struct fault *why);
/* Reminders and escalation pause while an alert is silenced. */
void agent_alerts_tell_silences(struct agent *a);
/* What fired before this agent started. */
void agent_alerts_restore(struct agent *a);

#endif
