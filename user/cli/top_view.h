/* SPDX-License-Identifier: Apache-2.0 */
/* What of the model is on the page, in which order, and what a key does to that. No terminal. */
#ifndef TICKSCOPE_CLI_TOP_VIEW_H
#define TICKSCOPE_CLI_TOP_VIEW_H

#include "cli/top_model.h"

enum top_column {
	TOP_NAME,
	TOP_RATE,
	TOP_ERRORS,
	TOP_P50,
	TOP_P90,
	TOP_P99,
	TOP_P999,
	TOP_MAX,
	TOP_COLUMN_CNT,
};

/* As people read it over the column: "RATE/s". */
const char *top_view_title(enum top_column column);
/* What a series has in a column of numbers; UINT64_MAX: nothing. Errors are a share of calls in
 * ppm, rates in thousandths. */
uint64_t top_view_number(const struct top_series *series, enum top_column column);

/* Keys that are no characters. */
enum top_key {
	TOP_KEY_UP = 0x110000, /* beyond all characters */
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_BACKSPACE,
	TOP_KEY_F1, /* and nine more behind it */
	TOP_KEY_F10 = TOP_KEY_F1 + 9,
};

enum top_page { TOP_PAGE_TABLE, TOP_PAGE_DETAIL, TOP_PAGE_HELP, TOP_PAGE_SORT };
enum top_prompt { TOP_PROMPT_NONE, TOP_PROMPT_SEARCH, TOP_PROMPT_FILTER };

#define TOP_TEXT_BYTES 128

struct top_view {
	enum top_page page;
	enum top_prompt prompt;
	char search[TOP_TEXT_BYTES];
	char filter[TOP_TEXT_BYTES];
	enum top_column column;
	enum top_column menu_column; /* under the cursor of TOP_PAGE_SORT */
	bool is_inverted;
	bool is_tree; /* segments below their operation */
	bool is_paused;
	uint64_t span_ns;
	struct top_series *selected; /* NULL: the first row */
	size_t first_row_idx;	     /* on the screen */
	size_t page_row_cnt;	     /* that fit there */
	struct top_series **rows;
	size_t row_cnt;
	size_t clear_cnt; /* of the model that the rows are of */
};

extern const uint64_t top_view_spans_ns[3];

/* 0, -ENOMEM. */
int top_view_init(struct top_view *view);
void top_view_fini(struct top_view *view);

/* Rows anew: after the model changed, or the view did. Keeps the selected one in sight. */
void top_view_arrange(struct top_view *view, const struct top_model *model);
size_t top_view_selected_idx(const struct top_view *view);

/* What a key does; a character, or an enum top_key. False: it ends the program. */
bool top_view_key(struct top_view *view, const struct top_model *model, uint32_t key);

#endif
