/* SPDX-License-Identifier: Apache-2.0 */
/* The page of one operation: its numbers, alerts, segments and distribution. */
#ifndef TICKSCOPE_CLI_TOP_DETAIL_H
#define TICKSCOPE_CLI_TOP_DETAIL_H

#include "cli/top_draw.h"
#include "cli/top_view.h"

/* Of view->selected, from a row of the screen on. */
void top_detail_draw(const struct top_paper *paper, const struct top_view *view,
		     const struct top_model *model, int first_row, int end_row);

#endif
