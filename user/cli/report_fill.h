/* SPDX-License-Identifier: Apache-2.0 */
/* From what the daemon counts to what reports show. */
#ifndef TICKSCOPE_CLI_REPORT_FILL_H
#define TICKSCOPE_CLI_REPORT_FILL_H

#include "cli/report.h"
#include "daemon/daemon.h"

/* Fills all but host and kernel, for the running interval or the whole trace. What it points to is
 * the daemon's. -ENOMEM. */
int report_fill(struct report *report, const struct daemon_view *view, bool is_interval);
void report_fill_free(struct report *report);

#endif
