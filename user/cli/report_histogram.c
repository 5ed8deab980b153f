/* SPDX-License-Identifier: Apache-2.0 */
/* A distribution drawn in the terminal: rows of equal ratio, a bar each. */
#include <string.h>

#include "base/units.h"
#include "cli/report.h"

#define ROW_MAX		24
#define BAR_COLUMNS_MIN 10
#define OUTSIDE_BAR	46 /* columns of the bounds, the count and the share */

struct row {
	uint64_t low_ns;
	uint64_t high_ns;
	uint64_t count;
};

static void outermost(const struct window *w, uint32_t *first, uint32_t *last)
{
	*first = 0;
	*last = TS_BUCKET_CNT - 1;
	while (*first < *last && !w->buckets[*first])
		(*first)++;
	while (*last > *first && !w->buckets[*last])
		(*last)--;
}

/* Merges buckets into at most ROW_MAX rows of `step` buckets, a power of two so that rows end where
 * octaves do. */
static size_t fill_rows(const struct window *w, struct row rows[ROW_MAX])
{
	uint32_t first, last, step = 1;
	size_t cnt = 0;

	outermost(w, &first, &last);
	while (last / step - first / step + 1 > ROW_MAX)
		step *= 2;
	for (uint32_t at = first / step * step; at <= last; at += step) {
		struct row *r = &rows[cnt++];

		r->count = 0;
		r->low_ns = ts_bucket_low(at);
		r->high_ns = ts_bucket_high(at + step - 1 < TS_BUCKET_CNT ? at + step - 1
									  : TS_BUCKET_CNT - 1);
		for (uint32_t i = at; i < at + step && i < TS_BUCKET_CNT; i++)
			r->count += w->buckets[i];
	}
	return cnt;
}

/* A bar in eighths of a column, or in whole ones of '#'. */
static void write_bar(uint64_t eighths, bool is_ascii, FILE *out)
{
	static const char *const parts[] = {"",
					    "\342\226\217",
					    "\342\226\216",
					    "\342\226\215",
					    "\342\226\214",
					    "\342\226\213",
					    "\342\226\212",
					    "\342\226\211"};

	for (uint64_t i = 0; i < eighths / 8; i++)
		fputs(is_ascii ? "#" : "\342\226\210", out);
	fputs(is_ascii ? (eighths % 8 >= 4 ? "#" : "") : parts[eighths % 8], out);
}

/* Names of the shown percentiles whose rank lies in this row. */
static void write_percentiles(const struct stats *s, const struct row *r, FILE *out)
{
	for (int i = 0; i < STATS_QUANTILE_CNT; i++) {
		uint64_t ns = s->quantile_ns[i];

		if (ns != STATS_NULL && ns >= r->low_ns && ns <= r->high_ns)
			fprintf(out, " %s", stats_quantiles[i].title);
	}
}

static void write_histogram(const struct report_operation *op, const struct report_style *style,
			    FILE *out)
{
	struct row rows[ROW_MAX];
	size_t cnt = fill_rows(op->window, rows);
	size_t columns = style->columns > OUTSIDE_BAR + BAR_COLUMNS_MIN + 30
				 ? style->columns - OUTSIDE_BAR - 30
				 : BAR_COLUMNS_MIN;
	uint64_t top = 1;
	char low[UNITS_TEXT_BYTES], high[UNITS_TEXT_BYTES], count[UNITS_TEXT_BYTES];

	for (size_t i = 0; i < cnt; i++)
		top = rows[i].count > top ? rows[i].count : top;
	fprintf(out, "\n%s\n", op->name);
	for (size_t i = 0; i < cnt; i++) {
		double share = (double)rows[i].count / (double)op->stats.count;

		fprintf(out, "%8s - %-8s %12s %6.2f%% |", units_duration(rows[i].low_ns, low),
			units_duration(rows[i].high_ns, high), units_count(rows[i].count, count),
			share * 100);
		write_bar(
			(uint64_t)((double)rows[i].count / (double)top * (double)columns * 8 + 0.5),
			style->is_ascii, out);
		write_percentiles(&op->stats, &rows[i], out);
		fputc('\n', out);
	}
}

void report_write_histograms(const struct report *report, const struct report_style *style,
			     FILE *out)
{
	for (size_t i = 0; i < report->operation_cnt; i++) {
		if (report->operations[i].stats.count)
			write_histogram(&report->operations[i], style, out);
	}
}
