/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever suspects the tracer takes it off at once, and sees whether that was it. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "daemon/agent_event.h"
#include "daemon/agent_internal.h"

static const char *path_of(const struct agent *a)
{
	return a->config->disable_file ? a->config->disable_file : a->switches.path;
}

bool agent_switch_is_disabled(void *context)
{
	struct agent *a = context;
	struct stat ignored;

	/* A name is enough, whatever it stands for; what cannot be looked at is as it was. */
	if (!lstat(path_of(a), &ignored))
		a->switches.is_by_file = true;
	else if (errno == ENOENT || errno == ENOTDIR)
		a->switches.is_by_file = false;
	return a->switches.is_by_file || a->switches.is_by_signal;
}

void agent_switch_signal(void *context)
{
	struct agent *a = context;

	a->switches.is_by_signal = true;
}

/* What brings probes back; under a strict sandbox nothing is ever loaded again. */
static const char *way_back(const struct agent *a)
{
	if (a->sandbox.options.mode == SANDBOX_STRICT)
		return "; the sandbox is strict: start the agent again to attach";
	return a->switches.is_by_signal ? "; SIGHUP attaches again" : "";
}

const char *agent_switch_describe(const struct agent *a, char *text, size_t text_bytes)
{
	if (a->switches.is_by_file)
		snprintf(text, text_bytes,
			 "disabled by the file \"%.800s\"%s: nothing is attached%s", path_of(a),
			 a->switches.is_by_signal ? " and by SIGUSR2" : "", way_back(a));
	else
		snprintf(text, text_bytes, "disabled by SIGUSR2: nothing is attached%s",
			 way_back(a));
	return text;
}

void agent_switch_say(const struct agent *a)
{
	char text[FAULT_TEXT_BYTES];

	agent_log(&a->log, AGENT_LOG_WARNING, "disabled", "%s",
		  agent_switch_describe(a, text, sizeof(text)));
}

void agent_switch_done(const struct daemon_view *view, void *context)
{
	struct agent *a = context;
	char text[FAULT_TEXT_BYTES];

	a->view = *view;
	/* Operations have other numbers now, or there are none. */
	agent_second_forget(a);
	agent_usage_reset(a->usage);
	if (view->is_disabled) {
		agent_switch_say(a);
		agent_event(a, "disabled", "", "%s", agent_switch_describe(a, text, sizeof(text)));
	} else {
		agent_log(&a->log, AGENT_LOG_INFO, "ready",
			  "enabled: %zu operations at %zu sites in %zu processes",
			  view->operation_cnt, view->site_cnt, view->process_cnt);
		agent_event(a, "enabled", "", "%zu operations in %zu processes",
			    view->operation_cnt, view->process_cnt);
	}
	agent_health_second(a);
}
