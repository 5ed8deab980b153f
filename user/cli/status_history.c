/* SPDX-License-Identifier: Apache-2.0 */
/* The last state that the history has. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "cli/agent_path.h"
#include "cli/status_history.h"
#include "store/history.h"
#include "store/store.h"
#include "wire/wire.h"

#define CELL_BYTES 512

static int add(void *context, const struct alert *alert)
{
	return json_array_append_new(context, wire_alert(alert)) ? -ENOMEM : 0;
}

static int read_end(const char *path, json_t **ret_history, struct fault *why)
{
	struct history *history;
	struct history_extent extent;
	json_t *alerts;
	int err = history_open(path, &history, why);

	if (err)
		return err;
	alerts = json_array();
	err = history_extent(history, &extent);
	if (!err)
		err = history_alerts(history, true, STORE_ALERT_MAX, add, alerts);
	if (err)
		fault_set(why, err, "%s", history_problem(history));
	history_close(history);
	if (err) {
		json_decref(alerts);
		return err;
	}
	*ret_history = json_pack("{s:o, s:o, s:o}", "oldest", wire_time(extent.oldest_wall_ns),
				 "newest", wire_time(extent.newest_wall_ns), "alerts", alerts);
	return *ret_history ? 0 : fault_set(why, -ENOMEM, "out of memory");
}

int status_history_read(const char *state_dir, json_t **ret_history, struct fault *why)
{
	char *path = agent_path_history(state_dir);
	int err;

	if (!path)
		return fault_set(why, -ENOMEM, "out of memory");
	err = read_end(path, ret_history, why);
	free(path);
	return err;
}

static void write_member(const json_t *object, const char *name, FILE *out)
{
	const char *member = json_string_value(json_object_get(object, name));
	char text[CELL_BYTES];

	snprintf(text, sizeof(text), "%s", member ? member : "-");
	text_clean(text);
	fputs(text, out);
}

void status_history_write(const json_t *history, FILE *out)
{
	const json_t *alerts = json_object_get(history, "alerts"), *alert;
	size_t i;

	fputs("No agent runs. Its history has what was measured from ", out);
	write_member(history, "oldest", out);
	fputs(" to ", out);
	write_member(history, "newest", out);
	fprintf(out, ".\n%zu alerts were pending or firing when it ended%s\n",
		json_array_size(alerts), json_array_size(alerts) ? ":" : ".");
	json_array_foreach(alerts, i, alert)
	{
		fputs("  ", out);
		write_member(alert, "severity", out);
		fputs(" ", out);
		write_member(alert, "state", out);
		fputs(": ", out);
		write_member(alert, "title", out);
		fputs(", since ", out);
		write_member(alert, "started_at", out);
		fputc('\n', out);
	}
}
