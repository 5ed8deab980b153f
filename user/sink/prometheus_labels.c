/* SPDX-License-Identifier: Apache-2.0 */
/* Ids -> labels of the exposition formats. */
#include <string.h>

#include "base/format.h"
#include "base/text.h"
#include "sink/prometheus_labels.h"

#define PREFIX "exported_" /* what Prometheus itself puts before labels that it has already */
/* A name, and as many prefixes as can meet a name that is there: each makes it longer by nine. */
#define RENAMED_BYTES (LABEL_NAME_BYTES + (LABEL_NAME_BYTES / 9 + 1) * sizeof(PREFIX))

static void add_escaped(struct prometheus_text *text, const char *value, size_t cnt)
{
	for (const char *end = value + cnt; value < end; value++) {
		switch (*value) {
		case '\\':
			prometheus_text_add(text, "\\\\", 2);
			break;
		case '"':
			prometheus_text_add(text, "\\\"", 2);
			break;
		case '\n':
			prometheus_text_add(text, "\\n", 2);
			break;
		default:
			prometheus_text_add(text, value, 1);
		}
	}
}

void prometheus_labels_add(struct prometheus_text *text, const char *name, const char *value)
{
	const char *invalid;

	if (text->cnt)
		prometheus_text_add(text, ",", 1);
	prometheus_text_add_string(text, name);
	prometheus_text_add(text, "=\"", 2);
	while ((invalid = text_find_invalid(value)) != NULL) {
		add_escaped(text, value, (size_t)(invalid - value));
		prometheus_text_add(text, "?", 1);
		value = invalid + 1;
	}
	add_escaped(text, value, strlen(value));
	prometheus_text_add(text, "\"", 1);
}

static bool is_taken(const char *name)
{
	static const char *const taken[] = {"operation", "target", "kind", "name", "le"};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (strcmp(name, taken[i]) == 0)
			return true;
	}
	return strncmp(name, "__", 2) == 0; /* for use by Prometheus alone */
}

/* The labels of the series itself. */
static bool add_own(struct prometheus_text *text, const char *canonical)
{
	char name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES], other[LABEL_VALUE_BYTES];
	const char *cursor = canonical;

	while (labels_next(&cursor, name, value)) {
		char renamed[RENAMED_BYTES], longer[RENAMED_BYTES];

		memcpy(renamed, name, sizeof(name));
		while (is_taken(renamed) ||
		       (strcmp(renamed, name) != 0 && labels_find(canonical, renamed, other))) {
			format_text(longer, sizeof(longer), PREFIX "%s", renamed);
			memcpy(renamed, longer, sizeof(renamed));
		}
		prometheus_labels_add(text, renamed, value);
	}
	return !cursor;
}

bool prometheus_labels_of_operation(const struct series_id *id, struct prometheus_text *ret_text)
{
	prometheus_labels_add(ret_text, "operation", id->operation);
	prometheus_labels_add(ret_text, "target", id->target);
	prometheus_labels_add(ret_text, "kind", id->kind);
	return add_own(ret_text, id->labels);
}

bool prometheus_labels_of_value(const struct value_id *id, enum prometheus_scope scope,
				struct prometheus_text *ret_text)
{
	if (scope == PROMETHEUS_OF_ENDPOINT)
		prometheus_labels_add(ret_text, "operation", id->of.operation);
	if (scope == PROMETHEUS_OF_ENDPOINT || scope == PROMETHEUS_OF_TARGET)
		prometheus_labels_add(ret_text, "target", id->of.target);
	return add_own(ret_text, id->of.labels);
}

bool prometheus_labels_of_other(const struct value_id *id, struct prometheus_text *ret_text)
{
	prometheus_labels_add(ret_text, "name", id->name);
	return prometheus_labels_of_value(id, PROMETHEUS_OF_ENDPOINT, ret_text);
}

bool prometheus_labels_of_mapped(const struct prometheus_mapped *family, const struct series_id *id,
				 struct prometheus_text *ret_text)
{
	bool is_target =
		family->source == PROMETHEUS_FROM_MEMORY || family->source == PROMETHEUS_FROM_CPU;

	for (size_t i = 0; i < PROMETHEUS_MAPPED_LABEL_MAX && family->labels[i]; i++) {
		const char *label = family->labels[i];
		const char *alias = prometheus_families_alias(label);
		char value[LABEL_VALUE_BYTES];

		if (is_target)
			prometheus_labels_add(ret_text, label, id->target);
		else if (labels_find(id->labels, label, value) ||
			 (alias && labels_find(id->labels, alias, value)))
			prometheus_labels_add(ret_text, label, value);
		else
			prometheus_labels_add(ret_text, label, "");
	}
	return true;
}
