/* SPDX-License-Identifier: Apache-2.0 */
/* A query's source: the history file of the agent on this host. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/time_units.h"
#include "cli/cli.h"
#include "cli/query_source.h"
#include "store/store.h"
#include "wire/wire.h"

#define PATH_BYTES 4096

struct reader {
	const struct query *query;
	struct history *history;
	struct history_list list;
};

static void close_history(void *state)
{
	struct reader *r = state;

	history_list_fini(&r->list);
	history_close(r->history);
	free(r);
}

static int open_history(struct query *query, void **ret_state)
{
	const char *directory = query->state_dir ? query->state_dir : WIRE_HISTORY_DIR_DEFAULT;
	struct fault why = {""};
	struct reader *r;
	char path[PATH_BYTES];
	int err;

	if ((size_t)snprintf(path, sizeof(path), "%s/" STORE_FILE, directory) >= sizeof(path))
		return cli_usage_error("query", "the path of --state is too long");
	r = calloc(1, sizeof(*r));
	if (!r) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	r->query = query;
	query_commit(query->state_dir);
	err = history_open(path, &r->history, &why);
	if (!err) {
		*ret_state = r;
		return CLI_OK;
	}
	if (err == -ENOENT)
		cli_error(
			"there is no history at \"%s\": `tickscope run -c FILE` writes it; --state "
			"says where",
			path);
	else if (err == -EACCES)
		cli_error("%s: its group may read it, or use sudo", why.text);
	else
		cli_error("%s", why.text);
	free(r);
	return CLI_FAILED;
}

static int list_series(void *state, const struct history_list **ret_list, struct fault *why)
{
	struct reader *r = state;

	*ret_list = &r->list;
	return history_list(r->history, &r->query->filter, &r->list, why);
}

/* What failed in fn is not the history's, and has its words elsewhere. */
static int explain(const struct reader *r, int err, struct fault *why)
{
	if (err && err != -ENOMEM && err != -EIO)
		return fault_set(why, err, "%s", history_problem(r->history));
	return err;
}

static int read_windows(void *state, history_window_fn fn, void *context, struct fault *why)
{
	struct reader *r = state;

	return explain(r, history_windows(r->history, &r->list, &r->query->span, fn, context), why);
}

static int read_values(void *state, history_value_fn fn, void *context, struct fault *why)
{
	struct reader *r = state;

	return explain(r, history_values(r->history, &r->list, &r->query->span, fn, context), why);
}

static void say_finest(void *state)
{
	struct reader *r = state;
	struct history_extent extent;
	uint64_t step_ns = r->query->span.step_ns, since_ns = r->query->span.since_wall_ns;

	if (!step_ns || history_extent(r->history, &extent))
		return;
	if (step_ns < 3600 * NS_PER_S && since_ns < extent.minutes_from_wall_ns)
		cli_message("the oldest part of this time is kept by the hour only: its steps are "
			    "longer");
	else if (step_ns < 60 * NS_PER_S && since_ns < extent.finest_from_wall_ns)
		cli_message(
			"the oldest part of this time is kept by the minute only: its steps are "
			"longer");
}

static void say_nothing_found(void *state)
{
	struct reader *r = state;
	struct history_extent extent;
	char oldest[32], newest[32];
	time_t seconds;
	struct tm local;

	if (!r->list.cnt) {
		cli_error("nothing that was ever recorded matches");
		return;
	}
	if (history_extent(r->history, &extent) || !extent.oldest_wall_ns) {
		cli_error("nothing was recorded yet");
		return;
	}
	seconds = (time_t)(extent.oldest_wall_ns / NS_PER_S);
	localtime_r(&seconds, &local);
	strftime(oldest, sizeof(oldest), "%Y-%m-%d %H:%M", &local);
	seconds = (time_t)(extent.newest_wall_ns / NS_PER_S);
	localtime_r(&seconds, &local);
	strftime(newest, sizeof(newest), "%Y-%m-%d %H:%M:%S", &local);
	cli_error("nothing was recorded in that time; the history has %s to %s: --since and "
		  "--until choose",
		  oldest, newest);
}

const struct query_source query_source_history = {
	.name = "history",
	.open = open_history,
	.list = list_series,
	.windows = read_windows,
	.values = read_values,
	.say_limits = say_finest,
	.say_nothing = say_nothing_found,
	.close = close_history,
};
