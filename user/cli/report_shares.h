/* SPDX-License-Identifier: Apache-2.0 */
/* Where the time of an operation went, in a line below its own. */
#ifndef TICKSCOPE_CLI_REPORT_SHARES_H
#define TICKSCOPE_CLI_REPORT_SHARES_H

#include "cli/report.h"

/* Of the operation with this number, whose shares follow it. Returns the lines written: none where
 * it has no shares, or never ran. */
size_t report_shares_write(const struct report *report, size_t operation, FILE *out);

#endif
