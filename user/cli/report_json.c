/* SPDX-License-Identifier: Apache-2.0 */
/* tickscope.summary/1. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/wall_time.h"
#include "cli/report.h"
#include "config/chain.h"
#include "cli/report_slowest.h"

#define RELATIVE_ERROR 0.0039 /* half a bucket of bucket.h, 1 / 256 */

static json_t *time_json(uint64_t wall_ns)
{
	char text[WALL_TIME_TEXT_BYTES];

	return json_string(wall_time_text(wall_ns, text));
}

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *ns_json(uint64_t ns)
{
	return ns == STATS_NULL ? json_null() : json_integer((json_int_t)ns);
}

static json_t *percentiles_json(const uint64_t *values)
{
	json_t *o = json_object();

	for (int i = 0; i < STATS_QUANTILE_CNT; i++)
		json_object_set_new(o, stats_quantiles[i].name, ns_json(values[i]));
	return o;
}

/* Net percentiles are null as a whole where they cannot be known. */
static json_t *net_json(const struct report_operation *op)
{
	if (!op->probe_inner_ns || op->stats.quality.nested_hits)
		return json_null();
	return percentiles_json(op->stats.quantile_net_ns);
}

/* A member that is there in each answer, without a value. */
static void set_unknown(json_t *o)
{
	static const char *const known[] = {"relative_error", "lost"};
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(o, next, name, value)
	{
		bool is_known = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			is_known |= strcmp(known[i], name) == 0;
		if (!is_known)
			json_object_set_new(o, name, json_null());
	}
}

static json_t *quality_json(const struct report_operation *op)
{
	const struct stats_quality *q = &op->stats.quality;
	json_t *o = json_object();
	const struct {
		const char *name;
		int64_t value;
	} counts[] = {
		{"entries", (int64_t)q->entries},
		{"returns", (int64_t)q->returns},
		{"unwound", (int64_t)q->unwound},
		{"lost", (int64_t)q->lost},
		{"unpaired_entries", (int64_t)q->unpaired_entries},
		{"unpaired_returns", (int64_t)q->unpaired_returns},
		{"dropped", (int64_t)q->dropped},
		{"in_flight", q->in_flight},
		{"clock_clamped", (int64_t)q->clock_clamped},
		{"nested_hits", (int64_t)q->nested_hits},
		{"uncovered_copies", (int64_t)op->uncovered_copies},
	};

	json_object_set_new(o, "relative_error", json_real(RELATIVE_ERROR));
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(o, counts[i].name, json_integer(counts[i].value));
	if (op->is_split) {
		json_object_set_new(o, "migrations", json_integer((json_int_t)q->migrations));
		json_object_set_new(o, "involuntary_switches",
				    json_integer((json_int_t)q->involuntary_switches));
	}
	if (op->is_stored)
		json_object_set_new(o, "uncovered_copies", json_null());
	json_object_set_new(o, "below_noise", json_boolean(q->below_noise));
	json_object_set_new(o, "probe", json_string(op->probe));
	json_object_set_new(o, "probe_cost_ns", json_integer((json_int_t)op->probe_cost_ns));
	json_object_set_new(o, "probe_inner_ns", json_integer((json_int_t)op->probe_inner_ns));
	if (op->is_fleet)
		set_unknown(o);
	return o;
}

static json_t *labels_json(const struct report_operation *op)
{
	json_t *o = json_object();

	for (size_t i = 0; i < op->label_cnt; i++)
		json_object_set_new(o, op->labels[i].name, json_string(op->labels[i].value));
	return o;
}

static json_t *pids_json(const struct report_operation *op)
{
	json_t *a = json_array();

	for (size_t i = 0; i < op->pid_cnt; i++)
		json_array_append_new(a, json_integer(op->pids[i]));
	return a;
}

static void set_latency(json_t *o, const struct stats *s)
{
	json_object_set_new(o, "count", json_integer((json_int_t)s->count));
	json_object_set_new(o, "errors", json_integer((json_int_t)s->errors));
	json_object_set_new(o, "rate_per_s", json_real(s->rate_per_s));
	json_object_set_new(o, "min_ns", ns_json(s->min_ns));
	json_object_set_new(o, "max_ns", ns_json(s->max_ns));
	json_object_set_new(o, "mean_ns", s->count ? json_real(s->mean_ns) : json_null());
	json_object_set_new(o, "sum_ns", json_integer((json_int_t)s->sum_ns));
	json_object_set_new(o, "percentiles_ns", percentiles_json(s->quantile_ns));
}

struct named_count {
	const char *name;
	uint64_t value;
};

static void set_counts(json_t *o, const struct named_count *counts, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		json_object_set_new(o, counts[i].name, json_integer((json_int_t)counts[i].value));
}

static void set_rpc(json_t *o, const struct report_rpc *rpc)
{
	const struct named_count counts[] = {
		{"bytes_sent", rpc->bytes_sent},
		{"bytes_received", rpc->bytes_received},
		{"retransmits", rpc->retransmits},
		{"resets", rpc->resets},
		{"unread_requests", rpc->unread_requests},
		{"datagrams_dropped", rpc->datagrams_dropped},
		{"queue_bytes", rpc->queue_bytes},
		{"queue_max_bytes", rpc->queue_max_bytes},
		{"queue_limit_bytes", rpc->queue_limit_bytes},
	};
	json_t *connect = json_object();

	set_latency(connect, &rpc->connect);
	json_object_set_new(o, "connect", connect);
	set_counts(o, counts, sizeof(counts) / sizeof(counts[0]));
	json_object_set_new(o, "srtt_ns",
			    rpc->srtt_ns ? json_integer((json_int_t)rpc->srtt_ns) : json_null());
}

/* What parsers saw and could not tell, of all connections of an endpoint. */
static json_t *parser_json(const struct report_rpc *rpc)
{
	const struct protocol_counts *p = rpc->parsed;
	const struct named_count counts[] = {
		{"requests", p->requests},
		{"responses", p->responses},
		{"pushes", p->pushes},
		{"unanswered", p->unanswered},
		{"unmatched_responses", p->unmatched_responses},
		{"desynchronised", p->desynchronised},
		{"resynchronised", p->resynchronised},
		{"skipped_bytes", p->skipped_bytes},
		{"unparsed_messages", p->unparsed_messages},
		{"untimed", rpc->untimed},
	};
	json_t *o = json_object();

	set_counts(o, counts, sizeof(counts) / sizeof(counts[0]));
	return o;
}

static void set_rpc_quality(json_t *quality, const struct report_rpc *rpc)
{
	json_object_set_new(quality, "sent_at", json_string(rpc->sent_at));
	json_object_set_new(quality, "paired_by", json_string("direction"));
	json_object_set_new(quality, "arrivals_missed",
			    json_integer((json_int_t)rpc->arrivals_missed));
	json_object_set_new(quality, "parser", parser_json(rpc));
	json_object_set_new(quality, "unsolicited_bytes",
			    json_integer((json_int_t)rpc->unsolicited_bytes));
}

/* begun = completed + overtaken + timed_out + in_flight + lost, the last two with all the others.
 */
static void set_chain_quality(json_t *quality, const struct report_operation *op)
{
	const struct report_chain *c = &op->followed;
	const struct named_count counts[] = {
		{"begun", op->stats.quality.entries},
		{"completed", op->stats.quality.returns},
		{"overtaken", c->overtaken},
		{"timed_out", c->timed_out},
		{"unread_keys", c->unread_keys},
		{"unsplit", c->unsplit},
		{"arrivals_missed", c->arrivals_missed},
		{"unmatched", c->unmatched},
	};
	json_t *stopped_at = json_object();

	set_counts(quality, counts, sizeof(counts) / sizeof(counts[0]));
	for (size_t i = 0; i < op->chain->stage_cnt; i++)
		json_object_set_new(stopped_at, op->chain->stages[i].text,
				    json_integer((json_int_t)c->stopped_at[i]));
	json_object_set_new(quality, "stopped_at", stopped_at);
}

uint64_t report_quantile(const struct report_operation *op, const struct stats_quantile *quantile)
{
	uint64_t ns;

	return window_quantile(op->window, quantile->q, &ns) ? ns : STATS_NULL;
}

/* Those that are asked for stand beside the others. */
static void set_quantiles(json_t *o, const struct report *report, const struct report_operation *op)
{
	json_t *percentiles = json_object_get(o, "percentiles_ns");

	for (size_t i = 0; i < report->quantile_cnt; i++)
		json_object_set_new(percentiles, report->quantiles[i].name,
				    ns_json(report_quantile(op, &report->quantiles[i])));
}

static json_t *operation_json(const struct report *report, const struct report_operation *op)
{
	const struct stats *s = &op->stats;
	json_t *o = json_object(), *quality;

	json_object_set_new(o, "name", json_string(op->name));
	json_object_set_new(o, "kind", json_string(op->kind));
	json_object_set_new(o, "target", json_string(op->target));
	json_object_set_new(o, "pids", pids_json(op));
	json_object_set_new(o, "labels", labels_json(op));
	if (op->also)
		json_object_set_new(o, "also", json_string(op->also));
	set_latency(o, s);
	set_quantiles(o, report, op);
	json_object_set_new(o, "percentiles_net_ns", net_json(op));
	quality = quality_json(op);
	if (op->has_rpc || op->protocol)
		json_object_set_new(o, "protocol",
				    op->protocol ? json_string(op->protocol) : json_null());
	if (op->has_rpc) {
		set_rpc(o, &op->rpc);
		set_rpc_quality(quality, &op->rpc);
	}
	if (op->chain)
		set_chain_quality(quality, op);
	json_object_set_new(o, "quality", quality);
	return o;
}

int report_write_json(const struct report *report, FILE *out)
{
	json_t *operations = json_array();
	json_t *root = json_object();
	int err;

	for (size_t i = 0; i < report->operation_cnt; i++)
		json_array_append_new(operations, operation_json(report, &report->operations[i]));
	json_object_set_new(root, "schema", json_string("tickscope.summary/1"));
	json_object_set_new(root, "host", text_json(report->host));
	json_object_set_new(root, "start", time_json(report->start_wall_ns));
	json_object_set_new(root, "end", time_json(report->end_wall_ns));
	json_object_set_new(root, "kernel", text_json(report->kernel));
	json_object_set_new(root, "interval", json_boolean(report->is_interval));
	if (report->has_slowest) {
		json_object_set_new(root, "slowest", report_slowest_json(report));
		json_object_set_new(root, "slowest_dropped",
				    json_integer((json_int_t)report->slowest_dropped));
	}
	/* Every call above takes NULL where memory ran out; an object that lacks a member would be
	 * a lie. */
	err = json_object_set_new(root, "operations", operations) ? -ENOMEM : 0;
	if (!err && json_dumpf(root, out, JSON_COMPACT | JSON_REAL_PRECISION(12)))
		err = -EIO;
	if (!err && (fputc('\n', out) == EOF || fflush(out)))
		err = -errno;
	json_decref(root);
	return err;
}
