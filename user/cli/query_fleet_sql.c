/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The statements of a query over several hosts. What the user gives is in them as literals, and
 * globs as regular expressions without a character that means anything to SQL. These let through
 * too much rather than too little: bytes that are not ASCII stand for any character, and who reads
 * the rows matches them again.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "cli/query_fleet.h"
#include "sink/questdb_sql.h"
#include "sink/questdb_tables.h"

/* The server's limit of a request's head is 64 KiB, escaped threefold. Names are matched here
 * again, so that these may be left out. */
#define PATTERN_MAX_BYTES 1024

static void write_byte(FILE *out, unsigned char byte)
{
	if (byte >= 0x80)
		fputs(".?", out);
	else if (isalnum(byte))
		fputc(byte, out);
	else
		fprintf(out, "\\x%02X", byte);
}

static void write_glob(FILE *out, const char *column, const char *glob)
{
	if (!glob || strlen(glob) > PATTERN_MAX_BYTES)
		return;
	fprintf(out, " AND (%s IS NULL OR %s ~ '(?s)\\A", column, column);
	for (; *glob; glob++) {
		if (*glob == '*')
			fputs(".*", out);
		else if (*glob == '?')
			fputs(".?", out);
		else
			write_byte(out, (unsigned char)*glob);
	}
	fputs("\\z')", out);
}

static void write_label(FILE *out, const struct label *label)
{
	char text[LABELS_TEXT_BYTES] = "";

	if (labels_write(label, 1, text, sizeof(text)))
		return;
	fputs(" AND labels ~ '(?s)", out);
	for (const char *at = text; *at; at++)
		write_byte(out, (unsigned char)*at);
	fputc('\'', out);
}

static bool write_equal(FILE *out, const char *column, const char *text)
{
	char *literal;

	if (!text)
		return true;
	literal = questdb_sql_literal(text);
	if (!literal)
		return false;
	fprintf(out, " AND %s = %s", column, literal);
	free(literal);
	return true;
}

static bool write_where(FILE *out, const struct query *q, const struct query_fleet_part *part)
{
	const struct history_filter *filter = &q->filter;

	fprintf(out,
		" FROM %s WHERE " QUESTDB_TIMESTAMP " >= cast(%" PRIu64
		" AS TIMESTAMP) AND " QUESTDB_TIMESTAMP " < cast(%" PRIu64 " AS TIMESTAMP)",
		part->table, part->since_wall_ns / NS_PER_US, part->until_wall_ns / NS_PER_US);
	write_glob(out, "target", filter->target);
	write_glob(out, "operation", filter->operation);
	write_glob(out, "name", filter->name);
	for (size_t i = 0; i < q->label_cnt; i++)
		write_label(out, &q->labels[i]);
	return write_equal(out, "host", q->host) &&
	       (filter->is_value || write_equal(out, "kind", filter->kind));
}

static void write_series(FILE *out, const struct query *q)
{
	if (q->filter.is_value)
		fputs("host, target, operation, 'value' kind, labels, name", out);
	else
		fprintf(out, "%s, target, operation, kind, labels, '' name",
			q->is_by_host ? "host" : "'' host");
}

/* Closes the stream: all that was written to it, or NULL. */
static char *finish(FILE *out, char **text, bool is_whole)
{
	bool is_good = !ferror(out) && is_whole;

	if (fclose(out) || !is_good) {
		free(*text);
		*text = NULL;
	}
	return *text;
}

char *query_fleet_sql_extent(const struct query *q)
{
	char *text = NULL;

	return asprintf(&text,
			"SELECT cast(min(" QUESTDB_TIMESTAMP
			") AS LONG), cast(max(" QUESTDB_TIMESTAMP ") AS LONG) FROM %s",
			questdb_tables[q->filter.is_value ? QUESTDB_VALUE : QUESTDB_BUCKET].name) <
			       0
		       ? NULL
		       : text;
}

char *query_fleet_sql_list(const struct query *q, const struct query_fleet_part *part)
{
	size_t bytes;
	char *text = NULL;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	fputs("SELECT DISTINCT ", out);
	write_series(out, q);
	return finish(out, &text, write_where(out, q, part));
}

/* The number of a row's step since 1970; 0 where there is one for all. */
static void write_step(FILE *out, const struct query *q)
{
	uint64_t step_ns = q->span.step_ns;

	fprintf(out, ", cast(" QUESTDB_TIMESTAMP " AS LONG) / %" PRIu64 " step",
		step_ns ? step_ns / NS_PER_US : (uint64_t)INT64_MAX);
}

static char *select_rows(const struct query *q, const struct query_fleet_part *part,
			 const char *columns)
{
	size_t bytes;
	char *text = NULL;
	FILE *out = open_memstream(&text, &bytes);
	bool is_whole;

	if (!out)
		return NULL;
	fputs("SELECT ", out);
	write_series(out, q);
	write_step(out, q);
	fputs(columns, out);
	is_whole = write_where(out, q, part);
	fputs(" ORDER BY step", out);
	return finish(out, &text, is_whole);
}

char *query_fleet_sql_windows(const struct query *q, const struct query_fleet_part *part)
{
	/* The time of a window counts once, in the row that has its errors. */
	return select_rows(q, part,
			   ", octave, array_elem_sum(counts), sum(errors), sum(sum_ns), "
			   "min(min_ns), max(max_ns), sum(lost), "
			   "sum(CASE WHEN errors IS NOT NULL THEN window_ns END)");
}

char *query_fleet_sql_values(const struct query *q, const struct query_fleet_part *part)
{
	return select_rows(q, part, ", count(), sum(mean), min(min), max(max), last(last)");
}
