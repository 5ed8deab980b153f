/* SPDX-License-Identifier: Apache-2.0 */
/* Header, footer and the pages between them. */
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/top_detail.h"
#include "cli/top_draw.h"
#include "cli/top_screen.h"
#include "cli/top_table.h"
#include "cli/top_header.h"

#define KEY_COLUMNS    8  /* of each in the footer */
#define ESCAPE_WAIT_MS 25 /* bytes of one key come together */

struct top_screen {
	SCREEN *terminal;
	struct top_paper paper;
};

int top_screen_open(bool has_colour, struct top_screen **ret_screen)
{
	struct top_screen *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->terminal = newterm(NULL, stdout, stdin); /* initscr would end the process */
	if (!s->terminal) {
		free(s);
		return -ENOTTY;
	}
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_WAIT_MS);
	curs_set(0);
	s->paper.is_ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	s->paper.has_colour = has_colour && has_colors();
	top_draw_init(&s->paper);
	*ret_screen = s;
	return 0;
}

void top_screen_close(struct top_screen *screen)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen->terminal);
	free(screen);
}

static void draw_keys(const struct top_paper *paper, const struct top_view *v, int row)
{
	static const struct {
		const char *key, *does;
	} keys[] = {{"F1", "Help"}, {"F3", "Search"}, {"F4", "Filter"}, {"F5", "Tree"},
		    {"F6", "Sort"}, {"Spc", "Pause"}, {"1-3", "Span"},	{"F10", "Quit"}};
	int at = 0;

	top_draw_ink(paper, TOP_INK_PLAIN);
	top_draw_text(paper, (struct top_place){row, 0, paper->columns}, "");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int columns = (int)strlen(keys[i].key);
		const char *does = keys[i].does;

		if (strcmp(does, "Pause") == 0 && v->is_paused)
			does = "Go on";
		top_draw_ink(paper, TOP_INK_BOLD);
		top_draw_text(paper, (struct top_place){row, at, columns}, keys[i].key);
		top_draw_ink(paper, TOP_INK_TITLE);
		top_draw_text(paper, (struct top_place){row, at + columns, KEY_COLUMNS - 1}, does);
		at += columns + KEY_COLUMNS;
	}
	top_draw_ink(paper, TOP_INK_PLAIN);
}

static void draw_footer(const struct top_paper *paper, const struct top_view *v, const char *notice)
{
	struct top_place place = {paper->rows - 1, 0, paper->columns};
	char text[TOP_TEXT_BYTES + 64];

	if (v->prompt != TOP_PROMPT_NONE) {
		bool is_search = v->prompt == TOP_PROMPT_SEARCH;

		snprintf(text, sizeof(text), "%s: %s_   Enter: done  Esc: none",
			 is_search ? "Search" : "Filter", is_search ? v->search : v->filter);
		top_draw_ink(paper, TOP_INK_BOLD);
		top_draw_text(paper, place, text);
		top_draw_ink(paper, TOP_INK_PLAIN);
	} else if (notice) {
		top_draw_ink(paper, TOP_INK_WARNING);
		top_draw_text(paper, place, notice);
		top_draw_ink(paper, TOP_INK_PLAIN);
	} else {
		draw_keys(paper, v, paper->rows - 1);
	}
}

static void draw_help(const struct top_paper *paper, int first_row, int end_row)
{
	static const char *const lines[] = {
		"Arrows, PgUp, PgDn, Home, End   move",
		"Enter                           one operation: segments, distribution",
		"F3 or /                         search; n: the next one",
		"F4 or \\                         show only what has this text; Esc: all",
		"F5 or t                         segments below their operation",
		"F6, < and >                     column to sort by; I: the other way round",
		"1, 2, 3, or w                   span of 1 s, 10 s, 1 min",
		"Space                           pause",
		"q or F10                        quit",
		"",
		"Before a name: firing alert, pending alert (hollow, or ?), a: acknowledged.",
		"The trend is the p99 of each of the last seconds, of its largest.",
		"",
		"Any key goes back.",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (first_row + (int)i < end_row)
			top_draw_text(paper,
				      (struct top_place){first_row + (int)i, 0, paper->columns},
				      lines[i]);
	}
}

static void draw_sort(const struct top_paper *paper, const struct top_view *v, int first_row,
		      int end_row)
{
	top_draw_ink(paper, TOP_INK_BOLD);
	top_draw_text(paper, (struct top_place){first_row, 0, paper->columns}, "Sort by");
	for (int c = 0; c < TOP_COLUMN_CNT && first_row + 1 + c < end_row; c++) {
		bool is_here = (enum top_column)c == v->menu_column;

		top_draw_ink(paper, is_here ? TOP_INK_SELECTED : TOP_INK_PLAIN);
		top_draw_text(paper, (struct top_place){first_row + 1 + c, 2, 12},
			      top_view_title((enum top_column)c));
	}
	top_draw_ink(paper, TOP_INK_PLAIN);
}

void top_screen_draw(struct top_screen *screen, struct top_view *view,
		     const struct top_model *model, const char *notice)
{
	struct top_paper *p = &screen->paper;
	int first_row, end_row;
	size_t page_rows;

	getmaxyx(stdscr, p->rows, p->columns);
	erase();
	first_row = top_header_draw(p, view, model);
	end_row = p->rows - 1;
	page_rows = end_row - first_row > 1 ? (size_t)(end_row - first_row - 1) : 1;
	if (page_rows != view->page_row_cnt) {
		view->page_row_cnt = page_rows;
		top_view_arrange(view, model);
	}
	if (view->page == TOP_PAGE_HELP)
		draw_help(p, first_row, end_row);
	else if (view->page == TOP_PAGE_SORT)
		draw_sort(p, view, first_row, end_row);
	else if (view->page == TOP_PAGE_DETAIL && view->selected)
		top_detail_draw(p, view, model, first_row, end_row);
	else if (first_row < end_row)
		top_table_draw(p, view, first_row, end_row);
	draw_footer(p, view, notice);
	refresh();
}

uint32_t top_screen_key(struct top_screen *screen)
{
	static const struct {
		int curses;
		uint32_t key;
	} keys[] = {
		{KEY_UP, TOP_KEY_UP},
		{KEY_DOWN, TOP_KEY_DOWN},
		{KEY_PPAGE, TOP_KEY_PAGE_UP},
		{KEY_NPAGE, TOP_KEY_PAGE_DOWN},
		{KEY_HOME, TOP_KEY_HOME},
		{KEY_END, TOP_KEY_END},
		{KEY_ENTER, TOP_KEY_ENTER},
		{'\r', TOP_KEY_ENTER},
		{'\n', TOP_KEY_ENTER},
		{27, TOP_KEY_ESCAPE},
		{KEY_BACKSPACE, TOP_KEY_BACKSPACE},
		{127, TOP_KEY_BACKSPACE},
		{'\b', TOP_KEY_BACKSPACE},
	};
	int key;

	(void)screen;
	for (;;) {
		key = getch();
		if (key == ERR)
			return 0;
		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			if (keys[i].curses == key)
				return keys[i].key;
		}
		if (key >= KEY_F(1) && key <= KEY_F(10))
			return TOP_KEY_F1 + (uint32_t)(key - KEY_F(1));
		if (key >= ' ' && key < 127)
			return (uint32_t)key;
		/* KEY_RESIZE and the rest: what follows draws anew. */
	}
}
