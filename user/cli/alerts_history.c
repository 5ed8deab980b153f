/* SPDX-License-Identifier: Apache-2.0 */
/* The alerts of a history file, as tickscope.alerts/1. Silences end with the agent. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/agent_path.h"
#include "cli/alerts_history.h"
#include "store/history.h"
#include "store/store.h"
#include "wire/wire.h"

static int add(void *context, const struct alert *alert)
{
	return json_array_append_new(context, wire_alert(alert)) ? -ENOMEM : 0;
}

static int read_all(const char *path, bool has_ended, json_t *alerts, struct fault *why)
{
	struct history *history;
	int err = history_open(path, &history, why);

	if (err)
		return err;
	err = history_alerts(history, !has_ended, STORE_ALERT_MAX, add, alerts);
	if (err)
		fault_set(why, err, "%s", history_problem(history));
	history_close(history);
	return err;
}

int alerts_history_read(const char *state_dir, bool has_ended, json_t **ret_answer,
			struct fault *why)
{
	json_t *alerts = json_array();
	char *path = agent_path_history(state_dir);
	int err;

	if (!path) {
		json_decref(alerts);
		return fault_set(why, -ENOMEM, "no memory");
	}
	err = read_all(path, has_ended, alerts, why);
	free(path);
	if (err) {
		json_decref(alerts);
		return err;
	}
	*ret_answer = json_pack("{s:s, s:o, s:[]}", "schema", "tickscope.alerts/1", "alerts",
				alerts, "silences");
	return *ret_answer ? 0 : fault_set(why, -ENOMEM, "no memory");
}
