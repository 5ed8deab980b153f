/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of one operation, the most important first: a low terminal cuts the end. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "cli/report_histogram.h"
#include "cli/top_detail.h"

#define BOUND_COLUMNS 9
#define COUNT_COLUMNS 13
#define SHARE_COLUMNS 8
#define PART_COLUMNS  10
#define VALUE_CNT     6 /* of the operation, in a line */

/* Draws line after line until there is no room. */
struct page {
	const struct top_paper *paper;
	int row;
	int end_row;
};

static bool line(struct page *p, enum top_ink ink, const char *text)
{
	if (p->row >= p->end_row)
		return false;
	top_draw_ink(p->paper, ink);
	top_draw_text(p->paper, (struct top_place){p->row++, 0, p->paper->columns}, text);
	top_draw_ink(p->paper, TOP_INK_PLAIN);
	return true;
}

static const char *duration_or_dash(uint64_t ns, char text[static UNITS_TEXT_BYTES])
{
	return ns == STATS_NULL ? "-" : units_duration(ns, text);
}

static void draw_numbers(struct page *p, const struct top_series *s)
{
	char text[512], a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES];
	const struct stats *st = &s->stats;
	size_t length;

	snprintf(text, sizeof(text), "%s calls, %s/s, %s errors (%.2f %%)",
		 units_count(st->count, a), units_rate(st->rate_per_s, b),
		 units_count(st->errors, c),
		 st->count ? 100 * (double)st->errors / (double)st->count : 0);
	line(p, TOP_INK_PLAIN, text);
	length = (size_t)snprintf(text, sizeof(text), "min %s  mean %s",
				  duration_or_dash(st->min_ns, a),
				  st->count ? units_duration((uint64_t)st->mean_ns, b) : "-");
	for (int i = 0; i < STATS_QUANTILE_CNT; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "  %s %s",
					   stats_quantiles[i].title,
					   duration_or_dash(st->quantile_ns[i], a));
	snprintf(text + length, sizeof(text) - length, "  max %s", duration_or_dash(st->max_ns, a));
	line(p, TOP_INK_PLAIN, text);
}

static void draw_quality(struct page *p, const struct top_series *s)
{
	const struct stats_quality *q = &s->stats.quality;
	char text[1024], cost[UNITS_TEXT_BYTES], inner[UNITS_TEXT_BYTES];

	if (s->probe && *s->probe) {
		snprintf(text, sizeof(text), "%s; a call pays %s for it, %s of that in the time",
			 s->probe, units_duration(s->probe_cost_ns, cost),
			 units_duration(s->probe_inner_ns, inner));
		line(p, TOP_INK_PLAIN, text);
	}
	if (q->lost || q->dropped || q->unwound || q->clock_clamped) {
		snprintf(text, sizeof(text),
			 "%llu lost, %llu dropped, %llu left without a return, %llu with a clock "
			 "that stepped back",
			 (unsigned long long)q->lost, (unsigned long long)q->dropped,
			 (unsigned long long)q->unwound, (unsigned long long)q->clock_clamped);
		line(p, TOP_INK_WARNING, text);
	}
	if (q->below_noise)
		line(p, TOP_INK_WARNING,
		     "less than three times the probe's own share: mostly noise");
}

static void draw_alerts(struct page *p, const struct top_series *s, const struct top_model *m)
{
	char text[1024];

	for (size_t i = 0; i < m->alert_cnt; i++) {
		const struct top_alert *a = &m->alerts[i];

		if (strcmp(a->operation, s->operation) != 0 || a->state == ALERT_RESOLVED ||
		    (*a->target && strcmp(a->target, s->target) != 0))
			continue;
		snprintf(text, sizeof(text), "%s %s: %s%s", alert_severity_name(a->severity),
			 alert_state_name(a->state), *a->title ? a->title : a->rule,
			 a->is_acknowledged ? " (acknowledged)" : "");
		line(p, a->severity == ALERT_CRITICAL ? TOP_INK_BAD : TOP_INK_WARNING, text);
	}
}

/* The operation's own values: bytes_sent, connections … */
static void draw_values(struct page *p, const struct top_series *s, const struct top_model *m)
{
	char text[1024];
	size_t length = 0, cnt = 0;

	for (size_t i = 0; i < m->value_cnt && length < sizeof(text); i++) {
		const struct top_value *v = &m->values[i];

		if (strcmp(v->operation, s->operation) != 0 || strcmp(v->target, s->target) != 0 ||
		    strcmp(v->labels, s->labels) != 0 || cnt == VALUE_CNT)
			continue;
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s %.6g",
					   length ? "  " : "", v->name, v->value);
		cnt++;
	}
	if (length)
		line(p, TOP_INK_PLAIN, text);
}

static void draw_part(struct page *p, const struct top_series *part)
{
	static const int quantiles[] = {STATS_P50, STATS_P90, STATS_P99};
	int at = p->paper->columns - 4 * PART_COLUMNS;

	top_draw_text(p->paper, (struct top_place){p->row, 2, at - 2}, part->name);
	for (size_t i = 0; i < 3; i++) {
		top_draw_duration(p->paper, (struct top_place){p->row, at, PART_COLUMNS},
				  part->stats.quantile_ns[quantiles[i]]);
		at += PART_COLUMNS;
	}
	top_draw_duration(p->paper, (struct top_place){p->row++, at, PART_COLUMNS},
			  part->stats.max_ns);
}

static void draw_parts(struct page *p, const struct top_series *s, const struct top_model *m)
{
	static const char *const titles[] = {"P50", "P90", "P99", "MAX"};
	bool has_title = false;

	for (size_t i = 0; i < m->series_cnt; i++) {
		const struct top_series *part = m->series[i];

		if (part->whole_idx == SIZE_MAX || m->series[part->whole_idx] != s ||
		    p->row + 1 >= p->end_row)
			continue;
		if (!has_title) {
			int at = p->paper->columns - 4 * PART_COLUMNS;

			line(p, TOP_INK_TITLE, "SEGMENTS");
			top_draw_ink(p->paper, TOP_INK_TITLE);
			for (int t = 0; t < 4; t++)
				top_draw_right(p->paper,
					       (struct top_place){p->row - 1, at + t * PART_COLUMNS,
								  PART_COLUMNS},
					       titles[t]);
			top_draw_ink(p->paper, TOP_INK_PLAIN);
			has_title = true;
		}
		draw_part(p, part);
	}
}

/* Percentiles whose bucket is in this row, behind the bar. */
static void row_text(const struct stats *s, const struct report_histogram_row *r, char *text,
		     size_t bytes)
{
	size_t length = strlen(text);

	for (int i = 0; i < STATS_QUANTILE_CNT && length < bytes; i++) {
		if (s->quantile_ns[i] != STATS_NULL && s->quantile_ns[i] >= r->low_ns &&
		    s->quantile_ns[i] <= r->high_ns)
			length += (size_t)snprintf(text + length, bytes - length, " %s",
						   stats_quantiles[i].title);
	}
}

static void draw_bar(struct page *p, const struct top_series *s,
		     const struct report_histogram_row *r, uint64_t top)
{
	int at = 2 * BOUND_COLUMNS + COUNT_COLUMNS + SHARE_COLUMNS + 2;
	int room = p->paper->columns - at - 20; /* for the names of percentiles */
	char bar[REPORT_HISTOGRAM_BAR_BYTES], text[UNITS_TEXT_BYTES];
	double share = (double)r->count / (double)top;

	top_draw_duration(p->paper, (struct top_place){p->row, 0, BOUND_COLUMNS}, r->low_ns);
	top_draw_duration(p->paper, (struct top_place){p->row, BOUND_COLUMNS, BOUND_COLUMNS},
			  r->high_ns);
	top_draw_right(p->paper, (struct top_place){p->row, 2 * BOUND_COLUMNS, COUNT_COLUMNS},
		       units_count(r->count, text));
	snprintf(text, sizeof(text), "%.2f%%", 100 * (double)r->count / (double)s->stats.count);
	top_draw_right(p->paper,
		       (struct top_place){p->row, 2 * BOUND_COLUMNS + COUNT_COLUMNS, SHARE_COLUMNS},
		       text);
	report_histogram_bar(room > 0 ? (uint64_t)(share * room * 8 + 0.5) : 0, p->paper->is_ascii,
			     bar);
	row_text(&s->stats, r, bar, sizeof(bar));
	top_draw_text(p->paper, (struct top_place){p->row++, at, p->paper->columns - at}, bar);
}

static void draw_histogram(struct page *p, const struct top_view *v, const struct top_model *m)
{
	struct report_histogram_row rows[REPORT_HISTOGRAM_ROW_MAX];
	const struct top_series *s = v->selected;
	size_t most, cnt;
	uint64_t top = 1;

	if (p->end_row - p->row < 3 || !s->stats.count)
		return;
	line(p, TOP_INK_TITLE, "DISTRIBUTION");
	most = (size_t)(p->end_row - p->row);
	top_model_merge(m, s, v->span_ns, m->scratch);
	cnt = report_histogram_rows(
		m->scratch, most < REPORT_HISTOGRAM_ROW_MAX ? most : REPORT_HISTOGRAM_ROW_MAX,
		rows);
	for (size_t i = 0; i < cnt; i++)
		top = rows[i].count > top ? rows[i].count : top;
	for (size_t i = 0; i < cnt; i++)
		draw_bar(p, s, &rows[i], top);
}

void top_detail_draw(const struct top_paper *paper, const struct top_view *view,
		     const struct top_model *model, int first_row, int end_row)
{
	struct page p = {paper, first_row, end_row};
	const struct top_series *s = view->selected;
	char text[4096];

	snprintf(text, sizeof(text), "%s", s->name);
	line(&p, TOP_INK_BOLD, text);
	snprintf(text, sizeof(text), "%s of %s%s%s", s->kind, s->target, *s->labels ? ", " : "",
		 s->labels);
	text_clean(text);
	line(&p, TOP_INK_PLAIN, text);
	draw_alerts(&p, s, model);
	draw_numbers(&p, s);
	draw_values(&p, s, model);
	draw_quality(&p, s);
	draw_parts(&p, s, model);
	draw_histogram(&p, view, model);
}
