/* SPDX-License-Identifier: Apache-2.0 */
/* A series of the agent: who it is, and the open window of the history. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "daemon/agent_series.h"
#include "measure/rolling.h"

static int write_labels(struct agent_series *s, const struct operation *o)
{
	struct label labels[OPERATION_LABEL_MAX];
	char text[LABELS_TEXT_BYTES];
	int err;

	for (size_t i = 0; i < o->label_cnt; i++)
		labels[i] = (struct label){.name = o->labels[i].name, .value = o->labels[i].value};
	err = labels_write(labels, o->label_cnt, text, sizeof(text));
	if (err)
		return err;
	s->labels = strdup(text);
	return s->labels ? 0 : -ENOMEM;
}

int agent_series_init(struct agent_series *s, const struct operation *o, bool is_connect)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->open = calloc(1, sizeof(*s->open));
	s->target = strdup(o->target);
	s->operation = strdup(is_connect && o->rpc->given_name ? o->rpc->given_name : o->name);
	err = s->open && s->target && s->operation ? write_labels(s, o) : -ENOMEM;
	if (err) {
		agent_series_fini(s);
		return err;
	}
	window_init(s->open);
	s->probe_inner_ns = is_connect ? 0 : o->cost.inner_ns;
	s->id = (struct series_id){
		.target = s->target,
		.operation = s->operation,
		.kind = is_connect ? "connect" : operations_kind_name(o->kind),
		.labels = s->labels,
	};
	return 0;
}

void agent_series_fini(struct agent_series *s)
{
	free(s->open);
	free(s->target);
	free(s->operation);
	free(s->labels);
}

void agent_series_add(struct agent_series *s, const struct window *w)
{
	window_merge(s->open, w);
	s->calls_per_s = w->duration_ns ? (double)w->entries * 1e9 / (double)w->duration_ns : 0;
}

void agent_series_recent(const struct agent_series *s, uint64_t seconds, struct window *w)
{
	window_clear(w);
	if (s->recent)
		rolling_merge(s->recent, rolling_newest_ns(s->recent), seconds * NS_PER_S, w);
}
