/* SPDX-License-Identifier: Apache-2.0 */
/* The only place that hands text to curses. */
#include <curses.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "cli/top_draw.h"

#define CUT_BYTES 2048

enum { PAIR_GOOD = 1, PAIR_WARNING, PAIR_BAD, PAIR_TITLE, PAIR_SELECTED };

void top_draw_init(const struct top_paper *paper)
{
	if (!paper->has_colour)
		return;
	start_color();
	use_default_colors();
	init_pair(PAIR_GOOD, COLOR_GREEN, -1);
	init_pair(PAIR_WARNING, COLOR_YELLOW, -1);
	init_pair(PAIR_BAD, COLOR_RED, -1);
	init_pair(PAIR_TITLE, COLOR_BLACK, COLOR_GREEN);
	init_pair(PAIR_SELECTED, COLOR_BLACK, COLOR_CYAN);
}

/* Without colour, marks and words say the same. */
void top_draw_ink(const struct top_paper *paper, enum top_ink ink)
{
	static const struct {
		attr_t plain;
		short pair; /* 0: none */
	} inks[] = {
		[TOP_INK_PLAIN] = {A_NORMAL, 0},
		[TOP_INK_BOLD] = {A_BOLD, 0},
		[TOP_INK_TITLE] = {A_REVERSE, PAIR_TITLE},
		[TOP_INK_SELECTED] = {A_REVERSE, PAIR_SELECTED},
		[TOP_INK_GOOD] = {A_NORMAL, PAIR_GOOD},
		[TOP_INK_WARNING] = {A_BOLD, PAIR_WARNING},
		[TOP_INK_BAD] = {A_BOLD, PAIR_BAD},
	};

	if (paper->has_colour && inks[ink].pair)
		attr_set(inks[ink].plain & ~A_REVERSE, inks[ink].pair, NULL);
	else
		attr_set(inks[ink].plain, 0, NULL);
}

/* One '?' for each character that a terminal without UTF-8 cannot show, '~' for what was cut. */
static void to_ascii(char *text)
{
	size_t out = 0;

	for (size_t i = 0; text[i]; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x80)
			text[out++] = text[i];
		else if (strncmp(text + i, "\342\200\246", 3) == 0)
			text[out++] = '~';
		else if (c >= 0xc0)
			text[out++] = '?';
	}
	text[out] = '\0';
}

/* The part of a place that is on the screen. */
static bool clip(const struct top_paper *paper, struct top_place *place)
{
	if (place->columns > paper->columns - place->column)
		place->columns = paper->columns - place->column;
	return place->columns > 0 && place->row >= 0 && place->row < paper->rows &&
	       place->column >= 0;
}

static int cut_to(const struct top_paper *paper, int columns, const char *text,
		  char cut[static CUT_BYTES])
{
	text_cut(text, (size_t)columns, cut, CUT_BYTES);
	if (paper->is_ascii)
		to_ascii(cut);
	return columns - (int)text_columns(cut);
}

void top_draw_text(const struct top_paper *paper, struct top_place place, const char *text)
{
	char cut[CUT_BYTES];
	int blanks;

	if (!clip(paper, &place))
		return;
	blanks = cut_to(paper, place.columns, text, cut);
	mvaddstr(place.row, place.column, cut);
	printw("%*s", blanks, "");
}

void top_draw_right(const struct top_paper *paper, struct top_place place, const char *text)
{
	char cut[CUT_BYTES];
	int blanks;

	if (!clip(paper, &place))
		return;
	blanks = cut_to(paper, place.columns, text, cut);
	mvprintw(place.row, place.column, "%*s", blanks, "");
	addstr(cut);
}

void top_draw_duration(const struct top_paper *paper, struct top_place place, uint64_t ns)
{
	char text[UNITS_TEXT_BYTES];

	top_draw_right(paper, place, ns == UINT64_MAX ? "-" : units_duration(ns, text));
}
