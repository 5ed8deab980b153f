/* SPDX-License-Identifier: Apache-2.0 */
/* The tables' columns, and the statements that make tables and views of them. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sink/questdb_tables.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct questdb_column latency[] = {
	{"host", QUESTDB_SYMBOL, true},		 {"target", QUESTDB_SYMBOL, true},
	{"operation", QUESTDB_SYMBOL, true},	 {"kind", QUESTDB_SYMBOL, true},
	{"labels", QUESTDB_SYMBOL, true},	 {"trading_pair", QUESTDB_SYMBOL, false},
	{"order_type", QUESTDB_SYMBOL, false},	 {"side", QUESTDB_SYMBOL, false},
	{"update_type", QUESTDB_SYMBOL, false},	 {"strategy", QUESTDB_SYMBOL, false},
	{"component", QUESTDB_SYMBOL, false},	 {"gc_type", QUESTDB_SYMBOL, false},
	{"endpoint", QUESTDB_SYMBOL, false},	 {"method", QUESTDB_SYMBOL, false},
	{"route", QUESTDB_SYMBOL, false},	 {"status", QUESTDB_SYMBOL, false},
	{"message_type", QUESTDB_SYMBOL, false}, {"until", QUESTDB_SYMBOL, false},
	{"segment_from", QUESTDB_SYMBOL, false}, {"segment_to", QUESTDB_SYMBOL, false},
	{"run_id", QUESTDB_SYMBOL, true},	 {"window_ns", QUESTDB_LONG, true},
	{"count", QUESTDB_LONG, false},		 {"errors", QUESTDB_LONG, false},
	{"sum_ns", QUESTDB_LONG, false},	 {"min_ns", QUESTDB_LONG, false},
	{"max_ns", QUESTDB_LONG, false},	 {"mean_ns", QUESTDB_DOUBLE, false},
	{"p50_ns", QUESTDB_LONG, false},	 {"p90_ns", QUESTDB_LONG, false},
	{"p95_ns", QUESTDB_LONG, false},	 {"p99_ns", QUESTDB_LONG, false},
	{"p999_ns", QUESTDB_LONG, false},	 {"lost", QUESTDB_LONG, false},
};

/* Names that SQL or other columns need are spelled differently. */
const struct questdb_label questdb_labels[QUESTDB_LABEL_CNT] = {
	{"trading_pair", "trading_pair"},
	{"order_type", "order_type"},
	{"side", "side"},
	{"update_type", "update_type"},
	{"strategy", "strategy"},
	{"component", "component"},
	{"gc_type", "gc_type"},
	{"endpoint", "endpoint"},
	{"method", "method"},
	{"route", "route"},
	{"status", "status"},
	{"message_type", "message_type"},
	{"until", "until"},
	{"from", "segment_from"},
	{"to", "segment_to"},
};

/* One row for each octave of a window that has counts. What the window has once (errors to lost) is
 * in the row of its lowest octave only, so that sums and bounds over all rows are right. */
static const struct questdb_column bucket[] = {
	{"host", QUESTDB_SYMBOL, true},	     {"target", QUESTDB_SYMBOL, true},
	{"operation", QUESTDB_SYMBOL, true}, {"kind", QUESTDB_SYMBOL, true},
	{"labels", QUESTDB_SYMBOL, true},    {"run_id", QUESTDB_SYMBOL, true},
	{"window_ns", QUESTDB_LONG, true},   {"octave", QUESTDB_LONG, true},
	{"counts", QUESTDB_DOUBLES, false},  {"errors", QUESTDB_LONG, false},
	{"sum_ns", QUESTDB_LONG, false},     {"min_ns", QUESTDB_LONG, false},
	{"max_ns", QUESTDB_LONG, false},     {"lost", QUESTDB_LONG, false},
};

static const struct questdb_column value[] = {
	{"host", QUESTDB_SYMBOL, true},	     {"target", QUESTDB_SYMBOL, true},
	{"operation", QUESTDB_SYMBOL, true}, {"labels", QUESTDB_SYMBOL, true},
	{"name", QUESTDB_SYMBOL, true},	     {"run_id", QUESTDB_SYMBOL, true},
	{"mean", QUESTDB_DOUBLE, false},     {"min", QUESTDB_DOUBLE, false},
	{"max", QUESTDB_DOUBLE, false},	     {"last", QUESTDB_DOUBLE, false},
};

static const struct questdb_column event[] = {
	{"host", QUESTDB_SYMBOL, true},	  {"kind", QUESTDB_SYMBOL, true},
	{"target", QUESTDB_SYMBOL, true}, {"seq", QUESTDB_LONG, true},
	{"text", QUESTDB_TEXT, false},
};

static const struct questdb_column alert[] = {
	{"host", QUESTDB_SYMBOL, true},
	{"service", QUESTDB_SYMBOL, false},
	{"operation", QUESTDB_SYMBOL, false},
	{"labels", QUESTDB_SYMBOL, false},
	{"severity", QUESTDB_SYMBOL, false},
	{"metric", QUESTDB_SYMBOL, false},
	{"rule", QUESTDB_SYMBOL, false},
	{"status", QUESTDB_SYMBOL, false},
	{"id", QUESTDB_TEXT, true},
	{"threshold", QUESTDB_DOUBLE, false},
	{"actual", QUESTDB_DOUBLE, false},
	{"duration_ns", QUESTDB_LONG, false},
	{"acknowledged_by", QUESTDB_TEXT, false},
	{"notes", QUESTDB_TEXT, false},
	{"fired", QUESTDB_TIME, false},
	{"ended", QUESTDB_TIME, false},
	{"acknowledged", QUESTDB_TIME, false},
};

/* Ten hosts with 50 series make 4 M latency rows a day, and about as many bucket rows. Alerts are
 * few, and kept for three years. */
const struct questdb_table questdb_tables[QUESTDB_TABLE_CNT] = {
	[QUESTDB_LATENCY] = {"tickscope_latency", "MONTH", "12 MONTHS", latency, COUNT_OF(latency)},
	[QUESTDB_BUCKET] = {"tickscope_bucket", "DAY", "7 DAYS", bucket, COUNT_OF(bucket)},
	[QUESTDB_VALUE] = {"tickscope_value", "MONTH", "12 MONTHS", value, COUNT_OF(value)},
	[QUESTDB_EVENT] = {"tickscope_event", "MONTH", "12 MONTHS", event, COUNT_OF(event)},
	[QUESTDB_ALERT] = {"alert_history", "YEAR", "3 YEARS", alert, COUNT_OF(alert)},
};

/* A window's time counts once, in the row that has its errors. */
const struct questdb_view questdb_views[QUESTDB_VIEW_CNT] = {
	[QUESTDB_LATENCY_1H] = {"tickscope_latency_1h", QUESTDB_LATENCY,
				"SELECT timestamp, host, target, operation, kind, labels, "
				"sum(window_ns) window_ns, sum(count) count, sum(errors) errors, "
				"sum(sum_ns) sum_ns, min(min_ns) min_ns, max(max_ns) max_ns, "
				"sum(lost) lost FROM tickscope_latency SAMPLE BY 1h",
				"MONTH", "3 YEARS", "11 MONTHS"},
	[QUESTDB_BUCKET_1H] = {"tickscope_bucket_1h", QUESTDB_BUCKET,
			       "SELECT timestamp, host, target, operation, kind, labels, octave, "
			       "array_elem_sum(counts) counts, "
			       "sum(CASE WHEN errors IS NOT NULL THEN window_ns END) window_ns, "
			       "sum(errors) errors, sum(sum_ns) sum_ns, min(min_ns) min_ns, "
			       "max(max_ns) max_ns, sum(lost) lost FROM tickscope_bucket SAMPLE BY "
			       "1h",
			       "MONTH", "3 YEARS", "6 DAYS"},
};

const char *questdb_type_name(enum questdb_type type)
{
	switch (type) {
	case QUESTDB_SYMBOL:
		return "SYMBOL";
	case QUESTDB_LONG:
		return "LONG";
	case QUESTDB_DOUBLE:
		return "DOUBLE";
	case QUESTDB_DOUBLES:
		return "DOUBLE[]";
	case QUESTDB_TEXT:
		return "VARCHAR";
	default:
		return "TIMESTAMP";
	}
}

const struct questdb_column *questdb_table_column(const struct questdb_table *table,
						  const char *name)
{
	for (size_t i = 0; i < table->column_cnt; i++) {
		if (strcmp(table->columns[i].name, name) == 0)
			return &table->columns[i];
	}
	return NULL;
}

struct statement {
	char *text;
	size_t length;
};

static void __attribute__((format(printf, 2, 3))) add(struct statement *s, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(s->text + s->length, QUESTDB_STATEMENT_BYTES - s->length, format,
			   arguments);
	va_end(arguments);
	/* All of it is constant, and tests write every statement. */
	assert(length >= 0 && s->length + (size_t)length < QUESTDB_STATEMENT_BYTES);
	s->length += (size_t)length;
}

const char *questdb_table_create(const struct questdb_table *table,
				 char text[static QUESTDB_STATEMENT_BYTES])
{
	struct statement s = {text, 0};

	add(&s, "CREATE TABLE IF NOT EXISTS %s (" QUESTDB_TIMESTAMP " TIMESTAMP", table->name);
	for (size_t i = 0; i < table->column_cnt; i++)
		add(&s, ", \"%s\" %s", table->columns[i].name,
		    questdb_type_name(table->columns[i].type));
	add(&s,
	    ") TIMESTAMP(" QUESTDB_TIMESTAMP
	    ") PARTITION BY %s TTL %s WAL DEDUP UPSERT KEYS(" QUESTDB_TIMESTAMP,
	    table->partition, table->ttl);
	for (size_t i = 0; i < table->column_cnt; i++) {
		if (table->columns[i].is_key)
			add(&s, ", \"%s\"", table->columns[i].name);
	}
	add(&s, ")");
	return text;
}

/* Every ten minutes: each commit of each host would sum the hour up again. */
const char *questdb_view_create(const struct questdb_view *view,
				char text[static QUESTDB_STATEMENT_BYTES])
{
	struct statement s = {text, 0};

	add(&s,
	    "CREATE MATERIALIZED VIEW IF NOT EXISTS %s REFRESH EVERY 10m AS (%s) PARTITION BY %s "
	    "TTL %s",
	    view->name, view->query, view->partition, view->ttl);
	return text;
}
