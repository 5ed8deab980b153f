/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of `top`, drawn: the table of operations, and those it opens. */
#ifndef TICKSCOPE_CLI_TOP_TABLE_H
#define TICKSCOPE_CLI_TOP_TABLE_H

#include "cli/top_draw.h"
#include "cli/top_view.h"

/* The title and its rows, in what is left between two rows of the screen. */
void top_table_draw(const struct top_paper *paper, const struct top_view *view, int first_row,
		    int end_row);
#endif
