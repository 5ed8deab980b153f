/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration to the end: what the agent opens, and in which order. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/agent_event.h"
#include "daemon/agent_internal.h"
#include "wire/wire.h"

/* --- the loop's callbacks --------------------------------------------------------------------- */

static void on_attached(const struct daemon_view *view, void *context)
{
	struct agent *a = context;

	a->view = *view;
	for (size_t i = 0; i < a->config->target_cnt; i++) {
		const struct daemon_target_state *t = &view->targets[i];

		if (!t->live_cnt && !view->is_disabled)
			agent_log(&a->log, AGENT_LOG_WARNING, "target",
				  "\"%s\": no process yet%s%s", a->config->targets[i].name,
				  t->problem[0] ? ": " : "", t->problem);
	}
	if (view->is_disabled)
		agent_switch_done(view, a);
	agent_log(&a->log, AGENT_LOG_INFO, "ready",
		  "ready: %zu operations at %zu sites in %zu processes", view->operation_cnt,
		  view->site_cnt, view->process_cnt);
	agent_health_attached(a);
}

static int on_interval(const struct daemon_view *view, void *context)
{
	struct agent *a = context;

	agent_health_second(a);
	agent_second(a, view);
	if (view->is_last)
		agent_second_close(a);
	return 0;
}

static void on_message(const char *text, void *context)
{
	struct agent *a = context;

	agent_log(&a->log, AGENT_LOG_INFO, "target", "%s", text);
	agent_event(a, "target", "", "%s", text);
}

static void on_detached(const struct operation *o, void *context)
{
	struct agent *a = context;

	agent_log(&a->log, AGENT_LOG_WARNING, "over_budget",
		  "\"%s\" of \"%s\" is %s; it is attached again when the configuration is read "
		  "again",
		  o->name, o->target, o->probe_text);
	agent_event(a, "over_budget", o->target, "%s is %s", o->name, o->probe_text);
}

static void on_busy(void *context)
{
	agent_health_excuse(context);
}

static void on_peers_ready(void *context)
{
	struct agent *a = context;
	struct epoll_event ready[4];

	/* Which of them is no matter: each does what it can, which may be nothing. */
	if (epoll_wait(a->peers_fd, ready, 4, 0) <= 0)
		return;
	notify_run(a->notify);
	serve_run(a->serve);
}

/* Channels get what is pending, for as long as NOTIFY_DRAIN_NS. */
static void drain(struct agent *a)
{
	struct pollfd wait = {.fd = notify_fd(a->notify), .events = POLLIN};

	notify_drain(a->notify);
	while (!notify_is_drained(a->notify)) {
		poll(&wait, 1, 100);
		notify_run(a->notify);
	}
}

static int on_end(const struct daemon_view *view, void *context)
{
	struct agent *a = context;

	agent_watchdog_tell("STOPPING=1");
	agent_health_excuse(a);
	agent_second(a, view);
	agent_second_close(a);
	agent_event(a, "stopped", "", "run %s", a->run_id);
	if (a->store && store_flush(a->store, STORE_CLOSE_NS))
		agent_log(&a->log, AGENT_LOG_ERROR, "history",
			  "the last windows are not written: the disk did not take them in time");
	agent_sinks_stop(a, AGENT_SINKS_END_NS);
	drain(a);
	agent_log(&a->log, AGENT_LOG_INFO, "end", "ended; nothing is attached");
	return 0;
}

/* --- life ------------------------------------------------------------------------------------- */

static void on_channel(const struct notify_change *change, void *context)
{
	const struct agent *a = context;
	bool is_worse = change->to == NOTIFY_DOWN || change->to == NOTIFY_RETRYING;

	agent_log(&a->log, is_worse ? AGENT_LOG_WARNING : AGENT_LOG_INFO, "channel",
		  "\"%s\" is %s%s%s", change->channel, notify_channel_state_name(change->to),
		  change->error[0] ? ": " : "", change->error);
}

int agent_start_notify(struct agent *a, const struct config *config, struct notify **ret_notify,
		       struct fault *why)
{
	const struct notify_options options = {
		.config = config,
		.host = a->host,
		.seed = a->start_wall_ns,
		.on_change = on_channel,
		.context = a,
	};

	return notify_open(&options, ret_notify, why);
}

int agent_watch_peer(struct agent *a, int fd, struct fault *why)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(a->peers_fd, EPOLL_CTL_ADD, fd, &event)
		       ? fault_set(why, -errno, "cannot watch channels: %s", strerror(errno))
		       : 0;
}

static int make_directory(const char *path, struct fault *why)
{
	if (mkdir(path, 0750) && errno != EEXIST)
		return fault_set(why, -errno, "cannot make the directory \"%s\": %s", path,
				 strerror(errno));
	return 0;
}

static int prepare_paths(struct agent *a, struct fault *why)
{
	const char *state = a->options->state_dir;
	const char *history = state ? state : WIRE_HISTORY_DIR_DEFAULT;
	const char *socket = state ? state : WIRE_STATE_DIR_DEFAULT;
	int err = make_directory(history, why);

	if (!err)
		err = make_directory(socket, why);
	if ((size_t)snprintf(a->history_path, sizeof(a->history_path), "%s/%s", history,
			     STORE_FILE) >= sizeof(a->history_path) ||
	    (size_t)snprintf(a->socket_path, sizeof(a->socket_path), "%s/%s", socket,
			     WIRE_SOCKET_NAME) >= sizeof(a->socket_path) ||
	    (size_t)snprintf(a->switches.path, sizeof(a->switches.path), "%s/%s", history,
			     AGENT_SWITCH_FILE) >= sizeof(a->switches.path))
		err = fault_set(why, -ENAMETOOLONG, "the name of the state directory is too long");
	return err;
}

static int start_store(struct agent *a, struct fault *why)
{
	const struct store_options options = {
		.path = a->history_path,
		.run_id = a->run_id,
		.keep = a->config->history,
	};

	int err;

	if (!a->config->history.is_enabled)
		return 0;
	err = store_open(&options, &a->store, why);
	if (!err)
		a->store_state.health = STORE_GOOD;
	return err;
}

static void name_run(struct agent *a)
{
	a->start_wall_ns = clock_wall_ns();
	snprintf(a->run_id, sizeof(a->run_id), "%llx-%x", (unsigned long long)a->start_wall_ns,
		 (unsigned int)getpid());
	/* A pod's own name says nothing of where it runs, and is another after each restart. */
	if (a->config->kubernetes.node)
		snprintf(a->host, sizeof(a->host), "%s", a->config->kubernetes.node);
	else if (gethostname(a->host, sizeof(a->host) - 1))
		snprintf(a->host, sizeof(a->host), "unknown");
}

/* notify_open forks: it comes before threads and descriptors of others. */
static int start(struct agent *a, struct fault *why)
{
	int err = agent_reload_read(a, &a->config, &a->daemon_config, why);

	if (err || !a->config)
		return err;
	a->log.is_json = a->config->log_format && strcmp(a->config->log_format, "json") == 0;
	name_run(a);
	err = agent_sandbox_enter(a, why);
	if (!err)
		err = agent_start_notify(a, a->config, &a->notify, why);
	if (err)
		return err;
	a->peers_fd = epoll_create1(EPOLL_CLOEXEC);
	if (a->peers_fd < 0)
		return fault_set(why, -errno, "cannot start the loop: %s", strerror(errno));
	err = agent_watch_peer(a, notify_fd(a->notify), why);
	if (!err)
		err = prepare_paths(a, why);
	if (!err)
		err = agent_health_start(a, why);
	if (!err)
		err = agent_alerts_start(a, why);
	if (!err)
		err = agent_serve_start(a, why);
	if (!err)
		err = agent_watch_peer(a, serve_fd(a->serve), why);
	if (!err)
		err = start_store(a, why);
	if (!err)
		err = agent_usage_new(a->options->state_dir ? a->options->state_dir
							    : WIRE_HISTORY_DIR_DEFAULT,
				      &a->usage, why);
	if (err)
		return err;
	agent_alerts_restore(a);
	agent_event(a, "started", "", "version %s, run %s", TICKSCOPE_VERSION, a->run_id);
	agent_sinks_start(a);
	return 0;
}

static void stop(struct agent *a)
{
	agent_sinks_stop(a, 0);
	agent_health_stop(a);
	agent_second_forget(a);
	agent_values_fini(&a->values);
	agent_usage_free(a->usage);
	if (a->store)
		store_close(a->store);
	serve_close(a->serve);
	judge_free(a->judge);
	notify_close(a->notify);
	if (a->peers_fd >= 0)
		close(a->peers_fd);
	agent_config_free(a->daemon_config);
	config_free(a->config);
}

int agent_run(const struct agent_options *options, struct fault *why)
{
	struct agent *a = calloc(1, sizeof(*a));
	struct daemon_output output = {
		.on_attached = on_attached,
		.on_interval = on_interval,
		.on_end = on_end,
		.on_message = on_message,
		.on_reload = agent_reload_begin,
		.on_reloaded = agent_reload_end,
		.is_disabled = agent_switch_is_disabled,
		.on_disable = agent_switch_signal,
		.on_switched = agent_switch_done,
		.on_detached = on_detached,
		.on_busy = on_busy,
		.context = a,
	};
	int err;

	if (!a)
		return fault_set(why, -ENOMEM, "out of memory");
	a->options = options;
	a->peers_fd = -1;
	agent_pulse_init(&a->health.pulse);
	err = start(a, why);
	if (!err) {
		output.extras[output.extra_cnt++] =
			(struct daemon_extra){a->peers_fd, on_peers_ready};
		err = daemon_run(agent_config_get(a->daemon_config), &output, why);
	}
	stop(a);
	agent_pulse_fini(&a->health.pulse);
	free(a);
	return err;
}
