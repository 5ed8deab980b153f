/* SPDX-License-Identifier: Apache-2.0 */
/* QuestDB as a sink of the agent: it lives on the history, and gets batches that this cannot take.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same(const struct config_sinks *before, const struct config_sinks *after)
{
	const struct config_questdb *b = &before->questdb, *n = &after->questdb;

	return is_same_text(b->url, n->url) && is_same_text(b->user, n->user) &&
	       is_same_text(b->password_file, n->password_file) && is_same_text(b->host, n->host) &&
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

static void send_series(struct questdb *q, const struct agent_series *s, const struct operation *o)
{
	const struct store_window window = {
		.id = s->id,
		.window = s->open,
		.probe = o->probe_text,
		.probe_cost_ns = o->cost.call_ns,
		.probe_inner_ns = s->probe_inner_ns,
	};

	if (s->open->entries || s->open->returns || s->open->count)
		questdb_batch_window(q, &window);
}

static void batch(struct agent *a, void *state, bool is_direct)
{
	struct questdb_state *s = state;

	if (!is_direct) {
		questdb_wake(s->questdb);
		return;
	}
	questdb_batch_begin(s->questdb, a->run_id, a->batch_start_wall_ns);
	for (size_t i = 0; i < a->operation_cnt; i++) {
		const struct operation *o = &a->view.operations[i];

		if (a->operations[i].total)
			send_series(s->questdb, a->operations[i].total, o);
		if (a->operations[i].connect)
			send_series(s->questdb, a->operations[i].connect, o);
	}
	for (size_t i = 0; i < a->values.cnt; i++) {
		const struct agent_value *v = &a->values.items[i];
		const struct store_value value = {.mean = v->sum / (double)(v->cnt ? v->cnt : 1),
						  .min = v->min,
						  .max = v->max,
						  .last = v->now};

		if (v->cnt)
			questdb_batch_value(s->questdb, &v->id, &value);
	}
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
