/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts: from the judge to the log, the history and the channels, and back out of the history
 * after a restart. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/agent_internal.h"
#include "store/history.h"

static enum agent_log_level level_of(const struct alert *alert)
{
	if (alert->state == ALERT_RESOLVED || alert->severity == ALERT_INFO)
		return AGENT_LOG_INFO;
	return alert->severity == ALERT_CRITICAL ? AGENT_LOG_ERROR : AGENT_LOG_WARNING;
}

static void on_alert(void *context, const struct alert *alert, enum judge_change change,
		     bool is_told)
{
	struct agent *a = context;

	if (change == JUDGE_PENDING || change == JUDGE_WITHDRAWN)
		return;
	if (a->store)
		store_alert(a->store, alert);
	if (is_told && notify_alert(a->notify, alert))
		agent_log(&a->log, AGENT_LOG_ERROR, "alert",
			  "too many alerts are being told: \"%s\" is not sent", alert->title);
	if (change != JUDGE_ACKNOWLEDGED && change != JUDGE_TOLD)
		agent_log(&a->log, level_of(alert), "alert", "%s %s: %s (%s)",
			  alert_severity_name(alert->severity), alert_state_name(alert->state),
			  alert->message, alert->id);
}

static void tell_silence(void *context, const struct alert *alert)
{
	const struct agent *a = context;

	if (alert->state == ALERT_FIRING)
		notify_silenced(a->notify, alert->id,
				judge_is_silenced(a->judge, alert, a->view.now_wall_ns));
}

void agent_alerts_tell_silences(struct agent *a)
{
	bool had_some = a->has_silences;
	size_t cnt;

	judge_silences(a->judge, &cnt);
	a->has_silences = cnt > 0;
	if (had_some || a->has_silences)
		judge_each_alert(a->judge, tell_silence, a);
}

static void on_notice(void *context, const char *text)
{
	const struct agent *a = context;

	agent_log(&a->log, AGENT_LOG_INFO, "rule", "%s", text);
}

int agent_alerts_start(struct agent *a, struct fault *why)
{
	const struct judge_callbacks callbacks = {
		.on_alert = on_alert, .on_notice = on_notice, .context = a};
	int err = judge_new(a->config, &callbacks, &a->judge);

	return err ? fault_set(why, err, "out of memory") : 0;
}

struct kept {
	struct alert *items;
	size_t cnt;
};

static int keep(void *context, const struct alert *alert)
{
	struct kept *kept = context;

	kept->items[kept->cnt++] = *alert;
	return 0;
}

void agent_alerts_restore(struct agent *a)
{
	struct kept kept = {.items = calloc(STORE_ALERT_MAX, sizeof(*kept.items))};
	struct history *history;
	struct fault why;

	/* No history yet: nothing to restore. */
	if (!kept.items || history_open(a->history_path, &history, &why)) {
		free(kept.items);
		return;
	}
	if (history_alerts(history, false, STORE_ALERT_MAX, keep, &kept))
		agent_log(&a->log, AGENT_LOG_WARNING, "alert",
			  "alerts from before are not known: %s", history_problem(history));
	history_close(history);
	for (size_t i = 0; i < kept.cnt / 2; i++) { /* oldest first */
		struct alert swap = kept.items[i];

		kept.items[i] = kept.items[kept.cnt - 1 - i];
		kept.items[kept.cnt - 1 - i] = swap;
	}
	judge_restore(a->judge, kept.items, kept.cnt);
	for (size_t i = 0; i < kept.cnt; i++) {
		if (kept.items[i].state == ALERT_FIRING)
			notify_restored(a->notify, &kept.items[i]);
	}
	free(kept.items);
}
