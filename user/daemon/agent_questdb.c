/* SPDX-License-Identifier: Apache-2.0 */
/* QuestDB as a sink of the agent: it lives on the history, and gets batches that this cannot take.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "daemon/agent_internal.h"
#include "daemon/agent_sinks.h"
#include "sink/questdb.h"

struct questdb_state {
	struct questdb *questdb;
	uint64_t refused_cnt; /* as it was said last */
};

static bool is_wanted(const struct config_sinks *config)
{
	return config->questdb.url != NULL;
}

static bool is_same(const struct config_sinks *before, const struct config_sinks *after)
{
	const struct config_questdb *b = &before->questdb, *n = &after->questdb;

	return text_is_same(b->url, n->url) && text_is_same(b->user, n->user) &&
	       text_is_same(b->password_file, n->password_file) && text_is_same(b->host, n->host) &&
	       b->has_buckets == n->has_buckets && b->timeout_ns == n->timeout_ns;
}

static int start(struct agent *a, const struct config_sinks *config, void **ret_state,
		 struct fault *why)
{
	const struct questdb_options options = {
		.config = &config->questdb,
		.history_path = a->store ? a->history_path : NULL,
		.host = config->questdb.host ? config->questdb.host : a->host,
	};
	struct questdb_state *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return fault_set(why, -ENOMEM, "out of memory");
	err = questdb_start(&options, &s->questdb, why);
	if (err) {
		free(s);
		return err;
	}
	*ret_state = s;
	return 0;
}

static void keep_position(void *context, const char *name, int64_t position)
{
	struct agent *a = context;

	if (a->store)
		store_position(a->store, name, position);
}

static void stop(struct agent *a, void *state, uint64_t max_ns)
{
	struct questdb_state *s = state;

	/* What is not sent by then is in the history, for the next life. */
	questdb_stop(s->questdb, max_ns);
	questdb_positions(s->questdb, keep_position, a);
	questdb_free(s->questdb);
	free(s);
}

/* Said once: the same would be refused again with each batch. */
static void tell_refused(struct agent *a, struct questdb_state *s)
{
	struct sink_status now;

	questdb_status(s->questdb, &now);
	if (!s->refused_cnt && now.refused_cnt)
		agent_log(&a->log, AGENT_LOG_ERROR, "sink",
			  "\"questdb\": %s; others are counted in `status`", now.last_error);
	s->refused_cnt = now.refused_cnt;
}

static void second(struct agent *a, void *state)
{
	struct questdb_state *s = state;

	questdb_positions(s->questdb, keep_position, a);
	tell_refused(a, s);
}

static void send_window(void *questdb, const struct store_window *window)
{
	questdb_batch_window(questdb, window);
}

static void send_value(void *questdb, const struct value_id *id, const struct store_value *value)
{
	questdb_batch_value(questdb, id, value);
}

static void batch(struct agent *a, void *state, bool is_direct)
{
	static const struct agent_batch_taker taker = {send_window, send_value};
	struct questdb_state *s = state;

	if (!is_direct) {
		questdb_wake(s->questdb);
		return;
	}
	questdb_batch_begin(s->questdb, a->run_id, a->batch_start_wall_ns);
	agent_second_batch(a, &taker, s->questdb);
	questdb_batch_end(s->questdb);
}

static void status(void *state, struct sink_status *ret_status)
{
	struct questdb_state *s = state;

	questdb_status(s->questdb, ret_status);
}

const struct agent_sink agent_sink_questdb = {
	.name = "questdb",
	.is_wanted = is_wanted,
	.is_same = is_same,
	.start = start,
	.stop = stop,
	.second = second,
	.batch = batch,
	.status = status,
};
