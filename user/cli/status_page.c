/* SPDX-License-Identifier: Apache-2.0 */
/* Each section is a table whose first column takes what the others leave. */
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "cli/status_page.h"
#include "cli/status_problems.h"
#include "cli/status_sandbox.h"

#define CELL_BYTES	 512
#define NAME_COLUMNS_MIN 12

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static double number_of(const json_t *object, const char *name)
{
	const json_t *number = json_object_get(object, name);

	return json_is_number(number) ? json_number_value(number) : -1;
}

void status_page_write_clean(const char *text, FILE *out)
{
	char clean[CELL_BYTES];

	snprintf(clean, sizeof(clean), "%s", text);
	text_clean(clean);
	fputs(clean, out);
}

/* Cut and filled to a number of columns. */
static void write_cell(const char *text, size_t columns, FILE *out)
{
	char clean[CELL_BYTES], cut[CELL_BYTES];

	snprintf(clean, sizeof(clean), "%s", text);
	text_clean(clean);
	text_cut(clean, columns, cut, sizeof(cut));
	fprintf(out, "%s%*s", cut, (int)(columns - text_columns(cut)), "");
}

void status_page_write_title(const char *title, const struct status_style *style, FILE *out)
{
	fprintf(out, "\n%s%s%s\n", style->has_colour ? "\033[1m" : "", title,
		style->has_colour ? "\033[0m" : "");
}

static const char *percent_text(double percent, char text[static UNITS_TEXT_BYTES])
{
	snprintf(text, UNITS_TEXT_BYTES, percent < 0 ? "-" : "%.2f%%", percent);
	return text;
}

static const char *bytes_text(double bytes, char text[static UNITS_TEXT_BYTES])
{
	if (bytes < 0)
		snprintf(text, UNITS_TEXT_BYTES, "-");
	else if (bytes < 1 << 30)
		snprintf(text, UNITS_TEXT_BYTES, "%.1fMiB", bytes / (1 << 20));
	else
		snprintf(text, UNITS_TEXT_BYTES, "%.2fGiB", bytes / (1 << 30));
	return text;
}

static const char *rate_text(double rate, char text[static UNITS_TEXT_BYTES])
{
	if (rate < 0)
		return "-";
	return units_rate(rate, text);
}

/* At most a thousand years, so that no conversion overflows. */
static const char *seconds_text(double seconds, char text[static UNITS_TEXT_BYTES])
{
	if (seconds < 0 || seconds > 3e10)
		return "-";
	return units_duration((uint64_t)(seconds * 1e9), text);
}

static const char *ns_text(double ns, char text[static UNITS_TEXT_BYTES])
{
	return seconds_text(ns < 0 ? -1 : ns / 1e9, text);
}

static const char *count_text(double count, char text[static UNITS_TEXT_BYTES])
{
	if (count < 0 || count > 1e18)
		return "-";
	return units_count((uint64_t)(count + 0.5), text);
}

static void write_head(const json_t *s, FILE *out)
{
	double score = number_of(json_object_get(s, "health"), "score");
	char text[UNITS_TEXT_BYTES];

	fputs("tickscope ", out);
	status_page_write_clean(text_of(s, "version"), out);
	fputs(" on ", out);
	status_page_write_clean(text_of(s, "host"), out);
	fprintf(out, ": %s, pid %s",
		json_is_true(json_object_get(s, "ready")) ? "ready" : "not ready",
		json_is_integer(json_object_get(s, "pid")) ? "" : "-");
	if (json_is_integer(json_object_get(s, "pid")))
		fprintf(out, "%lld", (long long)json_integer_value(json_object_get(s, "pid")));
	fprintf(out, ", up %s", seconds_text(number_of(s, "uptime_s"), text));
	if (score >= 0)
		fprintf(out, ", health %.0f of 100", score);
	fputc('\n', out);
}

static size_t name_columns(const struct status_style *style, size_t others)
{
	return style->columns > others + NAME_COLUMNS_MIN ? style->columns - others
							  : NAME_COLUMNS_MIN;
}

/* A name takes no more than the longest one of its list needs. */
static size_t fitting(const json_t *list, size_t most)
{
	size_t longest = NAME_COLUMNS_MIN, i;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		size_t columns = text_columns(text_of(item, "name"));

		longest = columns > longest ? columns : longest;
	}
	return longest < most ? longest : most;
}

static void write_targets(const json_t *list, const struct status_style *style, FILE *out)
{
	size_t columns = fitting(list, name_columns(style, 58)), i;
	const json_t *item;

	if (!json_array_size(list))
		return;
	status_page_write_title("TARGETS", style, out);
	fprintf(out, "  %-*s %-8s %9s %8s %10s %7s %7s\n", (int)columns, "NAME", "STATE",
		"PROCESSES", "CPU", "MEMORY", "THREADS", "FILES");
	json_array_foreach(list, i, item)
	{
		const json_t *v = json_object_get(item, "values");
		char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES],
			d[UNITS_TEXT_BYTES];

		fputs("  ", out);
		write_cell(text_of(item, "name"), columns, out);
		fputc(' ', out);
		write_cell(text_of(item, "state"), 8, out);
		fprintf(out, " %9zu %8s %10s %7s %7s",
			json_array_size(json_object_get(item, "processes")),
			percent_text(number_of(v, "cpu_percent"), a),
			bytes_text(number_of(v, "memory_bytes"), b),
			count_text(number_of(v, "threads"), c),
			count_text(number_of(v, "descriptors"), d));
		if (*text_of(item, "reason")) {
			fputs("  ", out);
			status_page_write_clean(text_of(item, "reason"), out);
		}
		fputc('\n', out);
	}
}

static void write_operations(const json_t *list, const struct status_style *style, FILE *out)
{
	size_t columns = fitting(list, name_columns(style, 80)), i;
	const json_t *item;

	if (!json_array_size(list))
		return;
	status_page_write_title("OPERATIONS", style, out);
	fprintf(out, "  %-*s %-16s %10s %10s %9s  %s\n", (int)columns, "NAME", "TARGET", "CALLS/s",
		"COST/CALL", "OF A CORE", "PROBE");
	json_array_foreach(list, i, item)
	{
		char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES];

		fputs("  ", out);
		write_cell(text_of(item, "name"), columns, out);
		fputc(' ', out);
		write_cell(text_of(item, "target"), 16, out);
		fprintf(out, " %10s %10s %9s  ", rate_text(number_of(item, "calls_per_s"), a),
			ns_text(number_of(item, "probe_cost_ns"), b),
			percent_text(number_of(item, "cost_percent"), c));
		status_page_write_clean(text_of(item, "probe"), out);
		fputc('\n', out);
	}
}

static void write_sinks(const json_t *list, const struct status_style *style, FILE *out)
{
	const json_t *item;
	size_t i;

	if (!json_array_size(list))
		return;
	status_page_write_title("SINKS", style, out);
	fprintf(out, "  %-16s %-10s %12s %10s %10s %10s\n", "NAME", "STATE", "ROWS BEHIND",
		"OLDEST", "SENT", "DROPPED");
	json_array_foreach(list, i, item)
	{
		char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES],
			d[UNITS_TEXT_BYTES];

		fputs("  ", out);
		write_cell(text_of(item, "name"), 16, out);
		fputc(' ', out);
		write_cell(text_of(item, "state"), 10, out);
		fprintf(out, " %12s %10s %10s %10s%s\n",
			count_text(number_of(item, "behind_rows"), a),
			seconds_text(number_of(item, "oldest_s"), b),
			count_text(number_of(item, "sent"), c),
			count_text(number_of(item, "dropped"), d),
			json_is_true(json_object_get(item, "bypassed"))
				? "  sinks get windows directly"
				: "");
	}
}

static void write_channels(const json_t *list, const struct status_style *style, FILE *out)
{
	const json_t *item;
	size_t i;

	if (!json_array_size(list))
		return;
	status_page_write_title("CHANNELS", style, out);
	fprintf(out, "  %-16s %-14s %-10s %10s %10s\n", "NAME", "TYPE", "STATE", "SENT", "FAILED");
	json_array_foreach(list, i, item)
	{
		char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];

		fputs("  ", out);
		write_cell(text_of(item, "name"), 16, out);
		fputc(' ', out);
		write_cell(text_of(item, "type"), 14, out);
		fputc(' ', out);
		write_cell(text_of(item, "state"), 10, out);
		fprintf(out, " %10s %10s\n", count_text(number_of(item, "sent"), a),
			count_text(number_of(item, "failed"), b));
	}
}

static void write_health(const json_t *health, const struct status_style *style, FILE *out)
{
	const json_t *list = json_object_get(health, "components"), *item;
	size_t columns = fitting(list, name_columns(style, 30)), i;

	if (!json_array_size(list))
		return;
	status_page_write_title("HEALTH", style, out);
	fprintf(out, "  %-*s %6s %11s\n", (int)columns, "COMPONENT", "SCORE", "VIOLATIONS");
	json_array_foreach(list, i, item)
	{
		char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];

		fputs("  ", out);
		write_cell(text_of(item, "name"), columns, out);
		fprintf(out, " %6s %11s\n", count_text(number_of(item, "score"), a),
			count_text(number_of(item, "violations"), b));
	}
}

/* Those that are well have nothing to say. */
static void write_checks(const json_t *list, const struct status_style *style, FILE *out)
{
	const json_t *item;
	size_t i, columns = fitting(list, name_columns(style, 30));

	if (!json_array_size(list))
		return;
	status_page_write_title("CHECKS", style, out);
	json_array_foreach(list, i, item)
	{
		bool is_well = strcmp(text_of(item, "state"), "healthy") == 0;

		fputs("  ", out);
		write_cell(text_of(item, "name"), columns, out);
		fputc(' ', out);
		write_cell(text_of(item, "state"), 10, out);
		fputs(is_well ? "" : "  ", out);
		status_page_write_clean(is_well ? "" : text_of(item, "reason"), out);
		fputc('\n', out);
	}
}

static void write_self(const json_t *self, const struct status_style *style, FILE *out)
{
	char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES], c[UNITS_TEXT_BYTES];
	json_t *dropped = json_object_get(self, "dropped"), *cnt;
	const json_t *values = json_object_get(self, "values"); /* as those of a target */
	double cpu_percent = number_of(values ? values : self, "cpu_percent");
	double rss_bytes = number_of(values ? values : self, values ? "memory_bytes" : "rss_bytes");
	const char *name;

	status_page_write_title("AGENT", style, out);
	fprintf(out, "  CPU %s of a core, memory %s, kernel maps %s\n",
		percent_text(cpu_percent, a), bytes_text(rss_bytes, b),
		bytes_text(number_of(self, "map_bytes"), c));
	status_sandbox_write(json_object_get(self, "sandbox"), out);
	json_object_foreach(dropped, name, cnt)
	{
		if (json_number_value(cnt) <= 0)
			continue;
		fprintf(out, "  dropped %s: ", count_text(json_number_value(cnt), a));
		status_page_write_clean(name, out);
		fputc('\n', out);
	}
}

void status_page_write(const json_t *status, const struct status_style *style, FILE *out)
{
	write_head(status, out);
	if (!status_problems_are_none(status))
		status_problems_write(status, style, out);
	write_targets(json_object_get(status, "targets"), style, out);
	write_operations(json_object_get(status, "operations"), style, out);
	write_sinks(json_object_get(status, "sinks"), style, out);
	write_channels(json_object_get(status, "channels"), style, out);
	write_health(json_object_get(status, "health"), style, out);
	write_checks(json_object_get(status, "checks"), style, out);
	write_self(json_object_get(status, "self"), style, out);
}
