/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of `top`: taken, drawn on, read from and given back. */
#ifndef TICKSCOPE_CLI_TOP_SCREEN_H
#define TICKSCOPE_CLI_TOP_SCREEN_H

#include "cli/top_view.h"

struct top_screen;

/* -ENOTTY: this terminal cannot be drawn on; -ENOMEM. */
int top_screen_open(bool has_colour, struct top_screen **ret_screen);
/* Leaves the terminal as it was. */
void top_screen_close(struct top_screen *screen);

/* `notice` is shown in place of the keys; NULL: none. Sets view->page_row_cnt. */
void top_screen_draw(struct top_screen *screen, struct top_view *view,
		     const struct top_model *model, const char *notice);
/* The next key that was pressed, as top_view_key takes it; 0: none. */
uint32_t top_screen_key(struct top_screen *screen);

#endif
