/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a metric of a rule: the part of the grammar of rule_expression.h that is between operators.
 */
#ifndef TICKSCOPE_CONFIG_RULE_METRIC_H
#define TICKSCOPE_CONFIG_RULE_METRIC_H

#include "config/rule_scan.h"

/* Where a name stands, into a zeroed metric. 0, or -EINVAL as rule_scan_fail. */
int rule_metric_scan(struct rule_scan *scan, struct rule_metric *metric);

#endif
