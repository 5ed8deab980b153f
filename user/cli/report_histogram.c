/* SPDX-License-Identifier: Apache-2.0 */
/* A distribution drawn in the terminal: rows of equal ratio, a bar each. */
#include <string.h>

#include "base/units.h"
#include "cli/report.h"
#include "cli/report_histogram.h"

#define BAR_COLUMNS_MIN 10
#define OUTSIDE_BAR	46 /* columns of the bounds, the count and the share */

static void outermost(const struct window *w, uint32_t *first, uint32_t *last)
{
	*first = 0;
	*last = TS_BUCKET_CNT - 1;
	while (*first < *last && !w->buckets[*first])
		(*first)++;
	while (*last > *first && !w->buckets[*last])
		(*last)--;
}

/* `step` buckets to a row, so that rows end where octaves do. */
size_t report_histogram_rows(const struct window *window, size_t row_max,
			     struct report_histogram_row rows[static REPORT_HISTOGRAM_ROW_MAX])
{
	uint32_t first, last, step = 1;
	size_t cnt = 0;

	outermost(window, &first, &last);
	while (last / step - first / step + 1 > row_max)
		step *= 2;
	for (uint32_t at = first / step * step; at <= last; at += step) {
		struct report_histogram_row *r = &rows[cnt++];

		r->count = 0;
		r->low_ns = ts_bucket_low(at);
		r->high_ns = ts_bucket_high(at + step - 1 < TS_BUCKET_CNT ? at + step - 1
									  : TS_BUCKET_CNT - 1);
		for (uint32_t i = at; i < at + step && i < TS_BUCKET_CNT; i++)
			r->count += window->buckets[i];
	}
	return cnt;
}

void report_histogram_bar(uint64_t eighths, bool is_ascii,
			  char bar[static REPORT_HISTOGRAM_BAR_BYTES])
{
	static const char *const parts[] = {"",
					    "\342\226\217",
					    "\342\226\216",
					    "\342\226\215",
					    "\342\226\214",
					    "\342\226\213",
					    "\342\226\212",
					    "\342\226\211"};
	const char *whole = is_ascii ? "#" : "\342\226\210";
	const char *rest = is_ascii ? (eighths % 8 >= 4 ? "#" : "") : parts[eighths % 8];
	size_t length = 0;

	for (uint64_t i = 0; i < eighths / 8 && length + 8 < REPORT_HISTOGRAM_BAR_BYTES; i++)
		length += (size_t)snprintf(bar + length, REPORT_HISTOGRAM_BAR_BYTES - length, "%s",
					   whole);
	snprintf(bar + length, REPORT_HISTOGRAM_BAR_BYTES - length, "%s", rest);
}

/* Names of the shown percentiles whose rank lies in this row. */
static void write_percentiles(const struct stats *s, const struct report_histogram_row *r,
			      FILE *out)
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
	struct report_histogram_row rows[REPORT_HISTOGRAM_ROW_MAX];
	size_t cnt = report_histogram_rows(op->window, REPORT_HISTOGRAM_ROW_MAX, rows);
	size_t columns = style->columns > OUTSIDE_BAR + BAR_COLUMNS_MIN + 30
				 ? style->columns - OUTSIDE_BAR - 30
				 : BAR_COLUMNS_MIN;
	uint64_t top = 1;
	char bar[REPORT_HISTOGRAM_BAR_BYTES];
	char low[UNITS_TEXT_BYTES], high[UNITS_TEXT_BYTES], count[UNITS_TEXT_BYTES];

	for (size_t i = 0; i < cnt; i++)
		top = rows[i].count > top ? rows[i].count : top;
	fprintf(out, "\n%s\n", op->name);
	for (size_t i = 0; i < cnt; i++) {
		double share = (double)rows[i].count / (double)op->stats.count;

		fprintf(out, "%8s - %-8s %12s %6.2f%% |", units_duration(rows[i].low_ns, low),
			units_duration(rows[i].high_ns, high), units_count(rows[i].count, count),
			share * 100);
		report_histogram_bar(
			(uint64_t)((double)rows[i].count / (double)top * (double)columns * 8 + 0.5),
			style->is_ascii, bar);
		fputs(bar, out);
		write_percentiles(&op->stats, &rows[i], out);
		fputc('\n', out);
	}
}

void report_write_histograms(const struct report *report, const struct report_style *style,
			     FILE *out)
{
	for (size_t i = 0; i < report->operation_cnt; i++) {
		if (report->operations[i].stats.count && !report->operations[i].is_share)
			write_histogram(&report->operations[i], style, out);
	}
}
