/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of alerts: what is wrong, since when, by how much, and who takes care of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/time_units.h"
#include "base/units.h"
#include "cli/alerts_table.h"

#define CUT_BYTES	  512
#define RULE_COLUMNS	  28
#define OPERATION_COLUMNS 28
#define NUMBER_COLUMNS	  10
#define BYTES_STEP	  1024.0

/* A text member, fit for a terminal, at most so wide; "-" where there is none. */
static const char *cell(const json_t *o, const char *name, size_t columns,
			char cut[static CUT_BYTES])
{
	const char *text = json_string_value(json_object_get(o, name));
	char *clean = strdup(text && *text ? text : "-");

	cut[0] = '\0';
	if (!clean)
		return cut;
	text_clean(clean);
	text_cut(clean, columns, cut, CUT_BYTES);
	free(clean);
	return cut;
}

/* printf's width counts bytes. */
static void print_cell(const char *text, size_t columns)
{
	size_t used = text_columns(text);

	printf("%s%*s ", text, (int)(used < columns ? columns - used : 0), "");
}

/* An instant of wire_time; 0: none. */
static uint64_t instant_ns(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));
	struct tm utc = {0};
	time_t seconds;

	if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &utc))
		return 0;
	seconds = timegm(&utc);
	return seconds > 0 ? (uint64_t)seconds * NS_PER_S : 0;
}

static const char *span_text(uint64_t from_ns, uint64_t to_ns, char text[static UNITS_TEXT_BYTES])
{
	if (!from_ns)
		return "-";
	/* Whole seconds: instants are read so. */
	return units_duration(to_ns > from_ns ? (to_ns - from_ns) / NS_PER_S * NS_PER_S : 0, text);
}

static void bytes_text(double value, char text[static UNITS_TEXT_BYTES])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;

	for (; fabs(value) >= BYTES_STEP && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		value /= BYTES_STEP;
	snprintf(text, UNITS_TEXT_BYTES, "%.3g%s", value, units[i]);
}

/* A number in the unit that stands beside it. */
static const char *number_text(const json_t *alert, const char *name,
			       char text[static UNITS_TEXT_BYTES])
{
	const json_t *number = json_object_get(alert, name);
	const char *unit = json_string_value(json_object_get(alert, "unit"));
	double value = json_number_value(number);

	if (!json_is_number(number) || !unit)
		return "-";
	if (strcmp(unit, "ns") == 0 && value >= 0 && value < 1e19)
		return units_duration((uint64_t)value, text);
	if (strcmp(unit, "bytes") == 0)
		bytes_text(value, text);
	else if (strcmp(unit, "ratio") == 0)
		snprintf(text, UNITS_TEXT_BYTES, "%.3g%%", value * 100);
	else if (strcmp(unit, "percent") == 0)
		snprintf(text, UNITS_TEXT_BYTES, "%.3g%%", value);
	else if (strcmp(unit, "per_s") == 0)
		snprintf(text, UNITS_TEXT_BYTES, "%.4g/s", value);
	else
		snprintf(text, UNITS_TEXT_BYTES, "%.4g%.7s", value, unit);
	return text;
}

static const char *colour_of(const json_t *alert)
{
	const char *severity = json_string_value(json_object_get(alert, "severity"));
	const char *state = json_string_value(json_object_get(alert, "state"));

	if (!severity || !state || strcmp(state, "firing") != 0)
		return "";
	return strcmp(severity, "critical") == 0  ? "\033[31m"
	       : strcmp(severity, "warning") == 0 ? "\033[33m"
						  : "";
}

static void print_head(const struct alerts_style *style)
{
	printf("%s%-8s %-8s %8s %s%-*s %-*s %*s %*s  %-12s %s%s\n",
	       style->has_colour ? "\033[1m" : "", "SEVERITY", "STATE", "SINCE",
	       style->has_ended ? "  LASTED " : "", RULE_COLUMNS, "RULE", OPERATION_COLUMNS,
	       "OPERATION", NUMBER_COLUMNS, "VALUE", NUMBER_COLUMNS, "THRESHOLD", "ACK", "ID",
	       style->has_colour ? "\033[0m" : "");
}

static void print_row(const json_t *alert, const struct alerts_style *style)
{
	uint64_t started_ns = instant_ns(alert, "started_at");
	uint64_t ended_ns = instant_ns(alert, "ended_at");
	const char *colour = style->has_colour ? colour_of(alert) : "";
	char cut[CUT_BYTES], text[UNITS_TEXT_BYTES];
	/* An alert of a target or the host has no operation. */
	const char *where =
		json_string_value(json_object_get(alert, "operation")) ? "operation" : "target";

	printf("%s", colour);
	print_cell(cell(alert, "severity", 8, cut), 8);
	printf("%s", *colour ? "\033[0m" : "");
	print_cell(cell(alert, "state", 8, cut), 8);
	printf("%8s ", span_text(started_ns, style->now_wall_ns, text));
	if (style->has_ended)
		printf("%8s ", ended_ns ? span_text(started_ns, ended_ns, text) : "-");
	print_cell(cell(alert, "rule", RULE_COLUMNS, cut), RULE_COLUMNS);
	print_cell(cell(alert, where, OPERATION_COLUMNS, cut), OPERATION_COLUMNS);
	printf("%*s ", NUMBER_COLUMNS, number_text(alert, "value", text));
	printf("%*s  ", NUMBER_COLUMNS, number_text(alert, "threshold", text));
	print_cell(cell(alert, "acknowledged_by", 12, cut), 12);
	printf("%s\n", cell(alert, "id", 40, cut));
}

static void print_silence(const json_t *silence, const struct alerts_style *style)
{
	static const char *const matchers[] = {"rule", "operation", "target", "labels"};
	uint64_t until_ns = instant_ns(silence, "until");
	char cut[CUT_BYTES], text[UNITS_TEXT_BYTES];

	printf("silence %lld:", json_integer_value(json_object_get(silence, "id")));
	for (size_t i = 0; i < sizeof(matchers) / sizeof(matchers[0]); i++) {
		const char *value = json_string_value(json_object_get(silence, matchers[i]));

		if (value && *value)
			printf(" %s=%s", matchers[i], cell(silence, matchers[i], 60, cut));
	}
	printf(", for another %s", span_text(style->now_wall_ns, until_ns, text));
	printf(", by %s\n", cell(silence, "by", 40, cut));
}

void alerts_table_print(const json_t *answer, const struct alerts_style *style)
{
	const json_t *alerts = json_object_get(answer, "alerts");
	const json_t *silences = json_object_get(answer, "silences");

	if (json_array_size(alerts))
		print_head(style);
	else
		puts("no alerts");
	for (size_t i = 0; i < json_array_size(alerts); i++)
		print_row(json_array_get(alerts, i), style);
	for (size_t i = 0; i < json_array_size(silences); i++)
		print_silence(json_array_get(silences, i), style);
}
