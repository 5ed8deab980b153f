/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration is read, at the start and when SIGHUP comes, and takes the place of the one
 * before. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/agent_event.h"
#include "daemon/agent_internal.h"

static const char *environment(const char *name)
{
	return getenv(name);
}

int agent_reload_read(struct agent *a, struct config **ret_config, struct agent_config **ret_daemon,
		      struct fault *why)
{
	struct config_problems problems;
	struct config *config;
	int err = config_load(a->options->config_path, environment, &config, &problems);

	for (size_t i = 0; err && i < problems.cnt; i++)
		agent_log(&a->log, AGENT_LOG_ERROR, "config", "%s", problems.items[i].text);
	if (err)
		return fault_set(why, err == -ENOMEM ? err : -EINVAL,
				 "the configuration \"%s\" is not right: see above",
				 a->options->config_path);
	err = agent_config_new(config, ret_daemon, why);
	if (err) {
		config_free(config);
		return err;
	}
	*ret_config = config;
	return 0;
}

const struct daemon_config *agent_reload_begin(void *context)
{
	struct agent *a = context;
	struct fault why;

	agent_health_excuse(a);
	a->switches.is_by_signal = false;
	agent_log(&a->log, AGENT_LOG_INFO, "reload", "reading \"%s\" again",
		  a->options->config_path);
	if (agent_reload_read(a, &a->next_config, &a->next_daemon_config, &why)) {
		agent_log(&a->log, AGENT_LOG_ERROR, "reload", "%s; the running one stays",
			  why.text);
		agent_event(a, "reload", "", "refused: %s", why.text);
		return NULL;
	}
	if (agent_sandbox_check(a, a->next_config, &why)) {
		agent_reload_end(NULL, a);
		agent_log(&a->log, AGENT_LOG_ERROR, "reload", "%s; the running one stays",
			  why.text);
		agent_event(a, "reload", "", "refused: %s", why.text);
		return NULL;
	}
	agent_config_use(a->next_daemon_config, &a->sandbox);
	return agent_config_get(a->next_daemon_config);
}

/* Channels and rules of the next configuration; on failure those of the running one stay. */
static int take_judgement(struct agent *a, struct fault *why)
{
	struct notify *notify;
	int err = agent_start_notify(a, a->next_config, &notify, why);

	if (err)
		return err;
	err = judge_replace(a->judge, a->next_config, a->view.now_wall_ns);
	if (err) {
		notify_close(notify);
		return fault_set(why, err, "out of memory");
	}
	notify_adopt(notify, a->notify);
	notify_close(a->notify);
	a->notify = notify;
	return agent_watch_peer(a, notify_fd(notify), why);
}

static bool is_same_history(const struct config_history *a, const struct config_history *b)
{
	return a->is_enabled == b->is_enabled && a->keep_10s_ns == b->keep_10s_ns &&
	       a->keep_1m_ns == b->keep_1m_ns && a->keep_1h_ns == b->keep_1h_ns &&
	       a->max_bytes == b->max_bytes;
}

void agent_reload_end(const struct daemon_view *view, void *context)
{
	struct agent *a = context;
	struct config *old_config = a->config;
	struct agent_config *old_daemon = a->daemon_config;
	struct fault why;

	if (!view) {
		agent_config_free(a->next_daemon_config);
		config_free(a->next_config);
		a->next_config = NULL;
		return;
	}
	a->view = *view;
	/* Operations and targets have other numbers now. */
	agent_second_forget(a);
	agent_usage_reset(a->usage);
	if (take_judgement(a, &why))
		agent_log(&a->log, AGENT_LOG_ERROR, "reload", "%s", why.text);
	if (!is_same_history(&old_config->history, &a->next_config->history))
		agent_log(&a->log, AGENT_LOG_WARNING, "reload",
			  "what \"history\" says takes effect when the agent is started again");
	a->config = a->next_config;
	a->daemon_config = a->next_daemon_config;
	a->next_config = NULL;
	a->log.is_json = a->config->log_format && strcmp(a->config->log_format, "json") == 0;
	agent_config_free(old_daemon);
	agent_health_reload(a, &old_config->health);
	agent_sinks_reload(a, old_config);
	if (!agent_sinks_hold(a, old_config))
		config_free(old_config);
	agent_log(&a->log, AGENT_LOG_INFO, "ready",
		  "reloaded: %zu operations at %zu sites in %zu processes", view->operation_cnt,
		  view->site_cnt, view->process_cnt);
	if (view->is_disabled)
		agent_switch_say(a);
	agent_event(a, "reload", "", "reloaded: %zu operations in %zu processes",
		    view->operation_cnt, view->process_cnt);
}
