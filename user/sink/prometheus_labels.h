/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of series and values, as the page has them between its braces. */
#ifndef TICKSCOPE_SINK_PROMETHEUS_LABELS_H
#define TICKSCOPE_SINK_PROMETHEUS_LABELS_H

#include <stdbool.h>

#include "measure/series_id.h"
#include "sink/prometheus_families.h"
#include "sink/prometheus_text.h"

/* Adds a label. What is escaped is escaped; a byte that is not UTF-8 becomes '?'. */
void prometheus_labels_add(struct prometheus_text *text, const char *name, const char *value);

/* Each writes all labels of one series. False: the id's labels are not canonical. A label of its
 * own that has a name of ours, or one that is reserved, gets "exported_" before it. */
bool prometheus_labels_of_operation(const struct series_id *id, struct prometheus_text *ret_text);
bool prometheus_labels_of_value(const struct value_id *id, enum prometheus_scope scope,
				struct prometheus_text *ret_text);
/* All labels of the family; "" where the series does not have one. */
bool prometheus_labels_of_mapped(const struct prometheus_mapped *family, const struct series_id *id,
				 struct prometheus_text *ret_text);

/* With the label name of the value before them, for those that have no family. */
bool prometheus_labels_of_other(const struct value_id *id, struct prometheus_text *ret_text);

#endif
