/* SPDX-License-Identifier: Apache-2.0 */
/* How a function would be traced: a row for people, an object for programs. */
#ifndef TICKSCOPE_CLI_PLAN_REPORT_H
#define TICKSCOPE_CLI_PLAN_REPORT_H

#include <jansson.h>

#include "target/target.h"

void plan_report_header(void);
void plan_report_row(const struct operation_plan *plan);
/* NULL: out of memory. */
json_t *plan_report_json(const struct operation_plan *plan);

#endif
