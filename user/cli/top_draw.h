/* SPDX-License-Identifier: Apache-2.0 */
/* Text on the curses screen: cut to its place, in what the terminal can show. */
#ifndef TICKSCOPE_CLI_TOP_DRAW_H
#define TICKSCOPE_CLI_TOP_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct top_paper {
	int rows;
	int columns;
	bool is_ascii; /* the terminal has no UTF-8 */
	bool has_colour;
};

/* Where text goes: nothing is drawn where there is no room. */
struct top_place {
	int row;
	int column;
	int columns;
};

enum top_ink {
	TOP_INK_PLAIN,
	TOP_INK_BOLD,
	TOP_INK_TITLE, /* of tables, and of keys */
	TOP_INK_SELECTED,
	TOP_INK_GOOD,
	TOP_INK_WARNING,
	TOP_INK_BAD,
};

/* Once, after curses has begun. */
void top_draw_init(const struct top_paper *paper);
/* For what is drawn from now on. */
void top_draw_ink(const struct top_paper *paper, enum top_ink ink);
/* Clean text, cut or filled with blanks to its place; _right: with the blanks before it. */
void top_draw_text(const struct top_paper *paper, struct top_place place, const char *text);
void top_draw_right(const struct top_paper *paper, struct top_place place, const char *text);
/* A number of ns, "-" for UINT64_MAX. */
void top_draw_duration(const struct top_paper *paper, struct top_place place, uint64_t ns);

#endif
