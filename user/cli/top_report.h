/* SPDX-License-Identifier: Apache-2.0 */
/* The model of `top` as a report: what `--json` and `--once` print. */
#ifndef TICKSCOPE_CLI_TOP_REPORT_H
#define TICKSCOPE_CLI_TOP_REPORT_H

#include "cli/report.h"
#include "cli/top_view.h"

/* Of the rows of the view where is_table, else of all series. The model has been updated. 0,
 * -ENOMEM. */
int top_report_write(const struct top_view *view, const struct top_model *model, bool is_table);

#endif
