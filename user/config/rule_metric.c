/* SPDX-License-Identifier: Apache-2.0 */
/* One metric of a rule: `node_rpc{method="getSlot"}.p99[5m]`. */
#include <string.h>

#include "config/rule_metric.h"
#include "config/rule_unit.h"

static int parse_label(struct rule_scan *scan, struct rule_metric *metric)
{
	struct label label;
	size_t at;
	int err;

	rule_scan_skip_blanks(scan);
	at = scan->at;
	err = rule_scan_word(scan, "the name of a label", LABEL_NAME_BYTES, &label.name);
	if (err)
		return err;
	if (!rule_scan_take(scan, "="))
		return rule_scan_expected(scan, "=");
	err = rule_scan_quoted(scan, LABEL_VALUE_BYTES, &label.value);
	if (err)
		return err;
	if (metric->label_cnt == RULE_LABEL_MAX)
		return rule_scan_fail(scan, at, "at most %d labels", RULE_LABEL_MAX);
	for (size_t i = 0; i < metric->label_cnt; i++) {
		if (!strcmp(metric->labels[i].name, label.name))
			return rule_scan_fail(scan, at, "the label \"%s\" stands here twice",
					      label.name);
	}
	metric->labels[metric->label_cnt++] = label;
	return 0;
}

static int parse_labels(struct rule_scan *scan, struct rule_metric *metric)
{
	int err;

	if (!rule_scan_take(scan, "{"))
		return 0;
	do {
		err = parse_label(scan, metric);
		if (err)
			return err;
	} while (rule_scan_take(scan, ","));
	return rule_scan_take(scan, "}") ? 0 : rule_scan_expected(scan, "\",\" or \"}\"");
}

/* What is behind the name's point; without one the name is a value's. */
static int parse_statistic(struct rule_scan *scan, struct rule_metric *metric)
{
	size_t at = scan->at;
	int err;

	if (!rule_scan_take(scan, ".")) {
		metric->metric = metric->name;
		metric->name = "";
	} else {
		at = scan->at;
		metric->is_connect = rule_scan_take(scan, "connect") && rule_scan_take(scan, ".");
		if (!metric->is_connect)
			scan->at = at;
		err = rule_scan_word(scan,
				     "a metric: count errors rate error_rate mean min "
				     "max sum p50 p99 … or the name of a value",
				     RULE_NAME_BYTES, &metric->metric);
		if (err)
			return err;
	}
	rule_unit_of_metric(metric);
	if (metric->is_connect && metric->statistic == RULE_VALUE)
		return rule_scan_fail(scan, at,
				      "connect has count errors rate error_rate mean min max sum "
				      "p50 p99 …");
	return 0;
}

int rule_metric_scan(struct rule_scan *scan, struct rule_metric *metric)
{
	int err = rule_scan_name(scan, &metric->name);

	if (!err)
		err = parse_labels(scan, metric);
	if (!err)
		err = parse_statistic(scan, metric);
	return err ? err : rule_scan_span(scan, &metric->span_ns);
}
