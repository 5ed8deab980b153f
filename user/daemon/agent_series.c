/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of one second -> the open window of the history, and the last minute, packed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/agent_series.h"
#include "measure/packed.h"

static const char *const kinds[] = {
	[OPERATION_FUNCTION] = "function",     [OPERATION_RPC_CLIENT] = "rpc_client",
	[OPERATION_RPC_SERVER] = "rpc_server", [OPERATION_SEGMENT] = "segment",
	[OPERATION_ORDER] = "order",	       [OPERATION_FEED] = "feed",
};

static int write_labels(struct agent_series *s, const struct operation *o)
{
	struct label labels[OPERATION_LABEL_MAX];

	for (size_t i = 0; i < o->label_cnt; i++)
		labels[i] = (struct label){.name = o->labels[i].name, .value = o->labels[i].value};
	return labels_write(labels, o->label_cnt, s->labels, sizeof(s->labels));
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
		.kind = is_connect ? "connect" : kinds[o->kind],
		.labels = s->labels,
	};
	return 0;
}

void agent_series_fini(struct agent_series *s)
{
	for (size_t i = 0; i < AGENT_LIVE_MAX; i++)
		free(s->live[i].packed);
	free(s->open);
	free(s->target);
	free(s->operation);
}

int agent_series_add(struct agent_series *s, const struct window *w, uint64_t start_wall_ns)
{
	struct agent_live *live = &s->live[s->live_next];
	static const size_t room = PACKED_MAX_BYTES;
	uint8_t *bytes;
	int cnt;

	window_merge(s->open, w);
	s->calls_per_s = w->duration_ns ? (double)w->entries * 1e9 / (double)w->duration_ns : 0;
	s->live_next = (s->live_next + 1) % AGENT_LIVE_MAX;
	free(live->packed);
	*live = (struct agent_live){.start_wall_ns = start_wall_ns, .duration_ns = w->duration_ns};
	if (!w->count && !w->entries && !w->returns)
		return 0;
	bytes = malloc(room);
	if (!bytes)
		return -ENOMEM;
	cnt = packed_write(w, bytes, room);
	live->packed = cnt > 0 ? realloc(bytes, (size_t)cnt) : NULL;
	if (!live->packed) {
		free(bytes);
		return cnt < 0 ? cnt : -ENOMEM;
	}
	live->packed_bytes = (size_t)cnt;
	return 0;
}
