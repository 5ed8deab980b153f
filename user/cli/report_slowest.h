/* SPDX-License-Identifier: Apache-2.0 */
/* The slowest calls and chains, one by one. */
#ifndef TICKSCOPE_CLI_REPORT_SLOWEST_H
#define TICKSCOPE_CLI_REPORT_SLOWEST_H

#include <jansson.h>

#include "cli/report.h"

/* The list `slowest` of tickscope.summary/1, slowest first within each operation; NULL: out of
 * memory. */
json_t *report_slowest_json(const struct report *report);
/* A block for each operation that has any. */
void report_slowest_write(const struct report *report, const struct report_style *style, FILE *out);

#endif
