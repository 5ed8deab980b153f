/* SPDX-License-Identifier: Apache-2.0 */
/* One row for each operation. Columns leave in a fixed order where the terminal is narrow, the name
 * never. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/top_table.h"

#define MARK_COLUMNS	 2
#define NUMBER_COLUMNS	 9 /* with a blank before it: "1h02m" to "999.5ms" */
#define NAME_COLUMNS_MIN 14
#define NAME_COLUMNS_MAX 60
#define TREND_COLUMNS	 (TOP_TREND_CNT + 1)

/* How an alert or its absence is shown before a name. */
static enum top_ink mark_of(const struct top_series *series, bool is_ascii, const char **ret_mark)
{
	if (!series->severity) {
		*ret_mark = " ";
		return TOP_INK_GOOD;
	}
	if (!series->is_firing) {
		*ret_mark = is_ascii ? "?" : "\342\227\213"; /* ○ */
		return TOP_INK_WARNING;
	}
	if (series->is_acknowledged)
		*ret_mark = "a";
	else
		*ret_mark = is_ascii ? "!" : "\342\227\217"; /* ● */
	return series->severity == ALERT_CRITICAL  ? TOP_INK_BAD
	       : series->severity == ALERT_WARNING ? TOP_INK_WARNING
						   : TOP_INK_BOLD;
}

/* Which columns fit, and what is left for the name. */
struct layout {
	bool has[TOP_COLUMN_CNT];
	bool has_trend;
	int name_columns;
};

static void lay_out(const struct top_paper *paper, const struct top_view *view, struct layout *l)
{
	/* The most wanted first. */
	static const enum top_column order[] = {TOP_P99, TOP_RATE, TOP_ERRORS, TOP_P50,
						TOP_MAX, TOP_P90,  TOP_P999};
	int left = paper->columns - MARK_COLUMNS - NAME_COLUMNS_MIN;

	*l = (struct layout){.has[TOP_NAME] = true};
	if (view->column != TOP_NAME && left >= NUMBER_COLUMNS) { /* what it is sorted by */
		l->has[view->column] = true;
		left -= NUMBER_COLUMNS;
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (left < NUMBER_COLUMNS || l->has[order[i]])
			continue;
		l->has[order[i]] = true;
		left -= NUMBER_COLUMNS;
	}
	l->has_trend = left >= TREND_COLUMNS;
	left -= l->has_trend ? TREND_COLUMNS : 0;
	l->name_columns = NAME_COLUMNS_MIN + (left > 0 ? left : 0);
	if (l->name_columns > NAME_COLUMNS_MAX)
		l->name_columns = NAME_COLUMNS_MAX;
	if (l->name_columns > paper->columns - MARK_COLUMNS)
		l->name_columns = paper->columns - MARK_COLUMNS;
}

static void draw_title(const struct top_paper *paper, const struct top_view *view,
		       const struct layout *l, int row)
{
	int at = MARK_COLUMNS + l->name_columns;

	top_draw_ink(paper, TOP_INK_TITLE);
	top_draw_text(paper, (struct top_place){row, 0, paper->columns}, "");
	top_draw_text(paper, (struct top_place){row, MARK_COLUMNS, l->name_columns},
		      top_view_title(TOP_NAME));
	for (int c = TOP_NAME; c < TOP_COLUMN_CNT; c++) {
		char title[16];
		bool is_sorted = (enum top_column)c == view->column;

		if (!l->has[c])
			continue;
		snprintf(title, sizeof(title), "%s%s", top_view_title((enum top_column)c),
			 !is_sorted				? ""
			 : view->is_inverted != (c == TOP_NAME) ? "^"
								: "v");
		if (is_sorted)
			top_draw_ink(paper, TOP_INK_SELECTED);
		if (c == TOP_NAME)
			top_draw_text(paper, (struct top_place){row, MARK_COLUMNS, l->name_columns},
				      title);
		else
			top_draw_right(paper, (struct top_place){row, at, NUMBER_COLUMNS}, title);
		top_draw_ink(paper, TOP_INK_TITLE);
		at += c == TOP_NAME ? 0 : NUMBER_COLUMNS;
	}
	if (l->has_trend)
		top_draw_right(paper, (struct top_place){row, at, TREND_COLUMNS}, "P99/1s");
}

/* A bar of eight heights for each second, of the largest; a blank where nothing was counted. */
static void trend_text(const struct top_series *s, bool is_ascii, char *text, size_t bytes)
{
	static const char ascii[] = "_.-~=+*#";
	uint64_t most = 1;
	size_t length = 0;

	for (size_t i = 0; i < TOP_TREND_CNT; i++) {
		if (s->trend_ns[i] != UINT64_MAX && s->trend_ns[i] > most)
			most = s->trend_ns[i];
	}
	for (size_t i = 0; i < TOP_TREND_CNT; i++) {
		uint64_t ns = s->trend_ns[i];
		int height = ns == UINT64_MAX ? 0 : (int)((double)ns / (double)most * 7);

		if (ns == UINT64_MAX || !ns)
			length += (size_t)snprintf(text + length, bytes - length, " ");
		else if (is_ascii)
			length += (size_t)snprintf(text + length, bytes - length, "%c",
						   ascii[height]);
		else /* U+2581 and on */
			length += (size_t)snprintf(text + length, bytes - length, "\342\226%c",
						   0x81 + height);
	}
}

static void number_text(const struct top_series *s, enum top_column column,
			char text[static UNITS_TEXT_BYTES])
{
	uint64_t number = top_view_number(s, column);

	if (column == TOP_RATE)
		units_rate(s->stats.rate_per_s, text);
	else if (number == UINT64_MAX)
		snprintf(text, UNITS_TEXT_BYTES, "-");
	else if (column == TOP_ERRORS && !number)
		snprintf(text, UNITS_TEXT_BYTES, "%s", s->stats.errors ? "<0.01" : "0");
	else if (column == TOP_ERRORS)
		snprintf(text, UNITS_TEXT_BYTES, "%.2f", (double)number / 10000);
	else
		units_duration(number, text);
}

static void draw_name(const struct top_paper *paper, const struct top_series *s,
		      const struct layout *l, int row)
{
	const char *branch = paper->is_ascii ? "`- " : "\342\224\224\342\224\200 "; /* └─ */
	int indent = s->is_part ? 3 : 0;

	if (s->is_part)
		top_draw_text(paper, (struct top_place){row, MARK_COLUMNS, indent}, branch);
	top_draw_text(paper,
		      (struct top_place){row, MARK_COLUMNS + indent, l->name_columns - indent},
		      s->name);
}

static void draw_row(const struct top_paper *paper, const struct top_series *s,
		     const struct layout *l, int row, bool is_selected)
{
	int at = MARK_COLUMNS + l->name_columns;
	char text[64];
	const char *mark;
	enum top_ink ink = mark_of(s, paper->is_ascii, &mark);
	enum top_ink plain = is_selected ? TOP_INK_SELECTED : TOP_INK_PLAIN;

	top_draw_ink(paper, plain);
	top_draw_text(paper, (struct top_place){row, 0, paper->columns}, "");
	top_draw_ink(paper, s->severity ? ink : plain);
	top_draw_text(paper, (struct top_place){row, 0, MARK_COLUMNS}, mark);
	top_draw_ink(paper, s->severity && !is_selected ? ink : plain);
	draw_name(paper, s, l, row);
	for (int c = TOP_NAME + 1; c < TOP_COLUMN_CNT; c++) {
		if (!l->has[c])
			continue;
		number_text(s, (enum top_column)c, text);
		if (c == TOP_ERRORS && s->stats.errors && !is_selected)
			top_draw_ink(paper, TOP_INK_BAD);
		else
			top_draw_ink(paper, plain);
		top_draw_right(paper, (struct top_place){row, at, NUMBER_COLUMNS}, text);
		at += NUMBER_COLUMNS;
	}
	if (!l->has_trend)
		return;
	trend_text(s, paper->is_ascii, text, sizeof(text));
	top_draw_ink(paper, plain);
	top_draw_right(paper, (struct top_place){row, at, TREND_COLUMNS}, text);
}

void top_table_draw(const struct top_paper *paper, const struct top_view *view, int first_row,
		    int end_row)
{
	size_t selected = top_view_selected_idx(view);
	struct layout layout;

	lay_out(paper, view, &layout);
	draw_title(paper, view, &layout, first_row);
	for (int row = first_row + 1; row < end_row; row++) {
		size_t idx = view->first_row_idx + (size_t)(row - first_row - 1);

		if (idx < view->row_cnt)
			draw_row(paper, view->rows[idx], &layout, row, idx == selected);
	}
	top_draw_ink(paper, TOP_INK_PLAIN);
}
