/* SPDX-License-Identifier: Apache-2.0 */
/* What stands above every page of `top`: host, health, alerts, and what the agent costs. */
#ifndef TICKSCOPE_CLI_TOP_HEADER_H
#define TICKSCOPE_CLI_TOP_HEADER_H

#include "cli/top_draw.h"
#include "cli/top_view.h"

/* The first row below it: fewer rows are taken of a low terminal. */
int top_header_draw(const struct top_paper *paper, const struct top_view *view,
		    const struct top_model *model);

#endif
