/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: filtered, sorted, segments behind their operation. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "cli/top_view.h"

const uint64_t top_view_spans_ns[3] = {NS_PER_S, 10 * NS_PER_S, NS_PER_MINUTE};

static const char *const titles[TOP_COLUMN_CNT] = {"OPERATION", "RATE/s", "ERR%",  "P50",
						   "P90",	"P99",	  "P99.9", "MAX"};

const char *top_view_title(enum top_column column)
{
	return titles[column];
}

int top_view_init(struct top_view *view)
{
	*view = (struct top_view){.column = TOP_P99,
				  .span_ns = top_view_spans_ns[1],
				  .page_row_cnt = 20,
				  .rows = calloc(TOP_SERIES_MAX, sizeof(void *))};
	return view->rows ? 0 : -ENOMEM;
}

void top_view_fini(struct top_view *view)
{
	free(view->rows);
	view->rows = NULL;
}

/* Series of before the model was cleared are no more. */
static void forget(struct top_view *view)
{
	view->row_cnt = 0;
	view->first_row_idx = 0;
	view->selected = NULL;
	if (view->page == TOP_PAGE_DETAIL)
		view->page = TOP_PAGE_TABLE;
}

uint64_t top_view_number(const struct top_series *series, enum top_column column)
{
	const struct stats *s = &series->stats;

	switch (column) {
	case TOP_RATE:
		return (uint64_t)(s->rate_per_s * 1000);
	case TOP_ERRORS:
		return s->count ? s->errors * 1000000 / s->count : UINT64_MAX;
	case TOP_P50:
		return s->quantile_ns[STATS_P50];
	case TOP_P90:
		return s->quantile_ns[STATS_P90];
	case TOP_P99:
		return s->quantile_ns[STATS_P99];
	case TOP_P999:
		return s->quantile_ns[STATS_P999];
	case TOP_MAX:
		return s->max_ns;
	default:
		return UINT64_MAX;
	}
}

struct order {
	enum top_column column;
	bool is_inverted;
};

static int compare_names(const struct top_series *a, const struct top_series *b)
{
	int order = strcmp(a->name, b->name);

	if (!order)
		order = strcmp(a->target, b->target);
	if (!order)
		order = strcmp(a->kind, b->kind);
	return order ? order : strcmp(a->labels, b->labels);
}

/* Names ascend, numbers descend; what has no number is last in either direction. */
static int compare(const void *left, const void *right, void *context)
{
	const struct top_series *a = *(struct top_series *const *)left;
	const struct top_series *b = *(struct top_series *const *)right;
	const struct order *o = context;
	uint64_t x = top_view_number(a, o->column), y = top_view_number(b, o->column);
	int order;

	if (x == y)
		return o->column == TOP_NAME && o->is_inverted ? compare_names(b, a)
							       : compare_names(a, b);
	if (x == UINT64_MAX || y == UINT64_MAX)
		return x == UINT64_MAX ? 1 : -1;
	order = x > y ? -1 : 1;
	return o->is_inverted ? -order : order;
}

static bool has_text(const struct top_series *s, const char *text)
{
	return !*text || strcasestr(s->name, text) || strcasestr(s->target, text) ||
	       strcasestr(s->operation, text) || strcasestr(s->kind, text);
}

/* Opens a gap behind each operation for its parts, from the last row on. */
static void insert_parts(struct top_view *v, const struct top_model *m)
{
	size_t wholes = v->row_cnt, end, parts = 0;

	for (size_t i = 0; i < m->series_cnt; i++)
		parts += m->series[i]->is_part;
	end = wholes + parts;
	for (size_t w = wholes; w-- > 0;) {
		struct top_series *whole = v->rows[w];

		for (size_t i = m->series_cnt; i-- > 0;) {
			size_t idx = m->series[i]->whole_idx;

			if (idx != SIZE_MAX && m->series[idx] == whole)
				v->rows[--end] = m->series[i];
		}
		v->rows[--end] = whole;
	}
	v->row_cnt = wholes + parts - end;
	memmove(v->rows, v->rows + end, v->row_cnt * sizeof(void *));
}

static void keep_in_sight(struct top_view *v)
{
	size_t idx = top_view_selected_idx(v), most;

	if (idx < v->first_row_idx)
		v->first_row_idx = idx;
	if (idx >= v->first_row_idx + v->page_row_cnt)
		v->first_row_idx = idx + 1 - v->page_row_cnt;
	most = v->row_cnt > v->page_row_cnt ? v->row_cnt - v->page_row_cnt : 0;
	if (v->first_row_idx > most)
		v->first_row_idx = most;
}

void top_view_arrange(struct top_view *view, const struct top_model *model)
{
	struct order order = {view->column, view->is_inverted};

	if (view->clear_cnt != model->clear_cnt)
		forget(view);
	view->clear_cnt = model->clear_cnt;
	view->row_cnt = 0;
	for (size_t i = 0; i < model->series_cnt; i++) {
		struct top_series *s = model->series[i];

		if (!s->is_part && has_text(s, view->filter))
			view->rows[view->row_cnt++] = s;
	}
	qsort_r(view->rows, view->row_cnt, sizeof(void *), compare, &order);
	if (view->is_tree)
		insert_parts(view, model);
	keep_in_sight(view);
}

size_t top_view_selected_idx(const struct top_view *view)
{
	for (size_t i = 0; i < view->row_cnt; i++) {
		if (view->rows[i] == view->selected)
			return i;
	}
	return 0;
}

static void select_row(struct top_view *v, size_t idx)
{
	if (!v->row_cnt)
		return;
	v->selected = v->rows[idx < v->row_cnt ? idx : v->row_cnt - 1];
	keep_in_sight(v);
}

/* The next row that has the search text, from the selected one on, around the end. */
static void find_next(struct top_view *v, size_t offset)
{
	size_t start = top_view_selected_idx(v) + offset;

	for (size_t i = 0; i < v->row_cnt && *v->search; i++) {
		size_t idx = (start + i) % v->row_cnt;

		if (has_text(v->rows[idx], v->search)) {
			select_row(v, idx);
			return;
		}
	}
}

static bool move(struct top_view *v, uint32_t key)
{
	size_t idx = top_view_selected_idx(v), page = v->page_row_cnt ? v->page_row_cnt : 1;

	switch (key) {
	case TOP_KEY_UP:
	case 'k':
		select_row(v, idx ? idx - 1 : 0);
		return true;
	case TOP_KEY_DOWN:
	case 'j':
		select_row(v, idx + 1);
		return true;
	case TOP_KEY_PAGE_UP:
		select_row(v, idx > page ? idx - page : 0);
		return true;
	case TOP_KEY_PAGE_DOWN:
		select_row(v, idx + page);
		return true;
	case TOP_KEY_HOME:
		select_row(v, 0);
		return true;
	case TOP_KEY_END:
		select_row(v, v->row_cnt);
		return true;
	default:
		return false;
	}
}

/* Text of ASCII only: that is what can be typed byte by byte, and names mostly are. */
static void edit(struct top_view *v, uint32_t key)
{
	bool is_search = v->prompt == TOP_PROMPT_SEARCH;
	char *text = is_search ? v->search : v->filter;
	size_t length = strlen(text);

	switch (key) {
	case TOP_KEY_ENTER:
		v->prompt = TOP_PROMPT_NONE;
		return;
	case TOP_KEY_ESCAPE:
		v->prompt = TOP_PROMPT_NONE;
		text[0] = '\0';
		return;
	case TOP_KEY_F1 + 2:
		find_next(v, 1);
		return;
	case TOP_KEY_BACKSPACE:
		text[length ? length - 1 : 0] = '\0';
		break;
	default:
		if (key < ' ' || key > '~' || length + 1 >= TOP_TEXT_BYTES)
			return;
		text[length] = (char)key;
		text[length + 1] = '\0';
	}
	if (is_search)
		find_next(v, 0);
}

static void choose_column(struct top_view *v, uint32_t key)
{
	switch (key) {
	case TOP_KEY_UP:
		v->menu_column -= v->menu_column > 0;
		return;
	case TOP_KEY_DOWN:
		v->menu_column += v->menu_column + 1 < TOP_COLUMN_CNT;
		return;
	case TOP_KEY_HOME:
		v->menu_column = TOP_NAME;
		return;
	case TOP_KEY_END:
		v->menu_column = TOP_COLUMN_CNT - 1;
		return;
	case TOP_KEY_ENTER:
		v->column = v->menu_column;
		break;
	default:
		break;
	}
	v->page = TOP_PAGE_TABLE;
}

static void prompt_for(struct top_view *v, enum top_prompt prompt)
{
	v->prompt = prompt;
	if (prompt == TOP_PROMPT_SEARCH)
		v->search[0] = '\0';
}

static void next_span(struct top_view *v)
{
	size_t cnt = sizeof(top_view_spans_ns) / sizeof(top_view_spans_ns[0]), at = 0;

	while (at < cnt && top_view_spans_ns[at] != v->span_ns)
		at++;
	v->span_ns = top_view_spans_ns[(at + 1) % cnt];
}

static void set_column(struct top_view *v, int step)
{
	v->column = (enum top_column)(((int)v->column + step + TOP_COLUMN_CNT) % TOP_COLUMN_CNT);
}

static bool act_on_table(struct top_view *v, uint32_t key)
{
	switch (key) {
	case TOP_KEY_F1 + 2:
	case '/':
		prompt_for(v, TOP_PROMPT_SEARCH);
		break;
	case TOP_KEY_F1 + 3:
	case '\\':
		prompt_for(v, TOP_PROMPT_FILTER);
		break;
	case TOP_KEY_F1 + 4:
	case 't':
		v->is_tree = !v->is_tree;
		break;
	case TOP_KEY_F1 + 5:
		v->page = TOP_PAGE_SORT;
		v->menu_column = v->column;
		break;
	case '<':
		set_column(v, -1);
		break;
	case '>':
		set_column(v, 1);
		break;
	case 'I':
		v->is_inverted = !v->is_inverted;
		break;
	case 'n':
		find_next(v, 1);
		break;
	case TOP_KEY_ENTER:
		select_row(v, top_view_selected_idx(v));
		v->page = v->row_cnt ? TOP_PAGE_DETAIL : TOP_PAGE_TABLE;
		break;
	case TOP_KEY_ESCAPE:
		v->filter[0] = '\0';
		break;
	default:
		return move(v, key);
	}
	return true;
}

/* Keys that mean the same on the table and in one operation's page. */
static void act_anywhere(struct top_view *v, uint32_t key)
{
	if (key == TOP_KEY_F1 || key == 'h' || key == '?')
		v->page = TOP_PAGE_HELP;
	else if (key == ' ')
		v->is_paused = !v->is_paused;
	else if (key == 'w')
		next_span(v);
	else if (key >= '1' && key <= '3')
		v->span_ns = top_view_spans_ns[key - '1'];
}

bool top_view_key(struct top_view *view, const struct top_model *model, uint32_t key)
{
	if (key == TOP_KEY_F10)
		return false;
	if (view->prompt != TOP_PROMPT_NONE) {
		edit(view, key);
		top_view_arrange(view, model);
		return true;
	}
	if (view->page == TOP_PAGE_HELP) {
		view->page = TOP_PAGE_TABLE;
		return true;
	}
	if (view->page == TOP_PAGE_DETAIL && (key == 'q' || key == TOP_KEY_ESCAPE ||
					      key == TOP_KEY_ENTER || key == TOP_KEY_BACKSPACE)) {
		view->page = TOP_PAGE_TABLE;
		return true;
	}
	if (key == 'q')
		return false;
	if (view->page == TOP_PAGE_SORT)
		choose_column(view, key);
	else if (view->page == TOP_PAGE_DETAIL || !act_on_table(view, key))
		act_anywhere(view, key);
	top_view_arrange(view, model);
	return true;
}
