/* SPDX-License-Identifier: Apache-2.0 */
/* CSV (RFC 4180, with line feeds), and values in every format. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "base/wall_time.h"
#include "cli/query.h"

static void write_field(const char *text, FILE *out)
{
	if (!text[strcspn(text, "\",\r\n")]) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void write_times(const struct report *r, FILE *out)
{
	char start[WALL_TIME_TEXT_BYTES], end[WALL_TIME_TEXT_BYTES];

	fprintf(out, "%s,%s,", wall_time_text(r->start_wall_ns, start),
		wall_time_text(r->end_wall_ns, end));
}

void query_output_csv_head(const struct query *q, FILE *out)
{
	if (q->filter.is_value) {
		fputs("start,end,target,operation,labels,name,count,mean,min,max,last\n", out);
		return;
	}
	fputs("start,end,target,operation,kind,labels,count,errors,rate_per_s,min_ns,max_ns,"
	      "mean_ns,sum_ns",
	      out);
	for (int i = 0; i < STATS_QUANTILE_CNT; i++)
		fprintf(out, ",%s_ns", stats_quantiles[i].name);
	for (size_t i = 0; i < q->quantile_cnt; i++)
		fprintf(out, ",%s_ns", q->quantiles[i].name);
	fputs(",lost,dropped,unwound\n", out);
}

/* An empty field where there is no number. */
static void write_ns(uint64_t ns, FILE *out)
{
	fputc(',', out);
	if (ns != STATS_NULL)
		fprintf(out, "%" PRIu64, ns);
}

/* Names and values as they are in the canonical text, in one field. */
static void write_labels(const struct report_operation *op, FILE *out)
{
	struct label labels[REPORT_LABEL_MAX];
	char text[LABELS_TEXT_BYTES] = "";

	for (size_t i = 0; i < op->label_cnt; i++)
		labels[i] = (struct label){op->labels[i].name, op->labels[i].value};
	labels_write(labels, op->label_cnt, text, sizeof(text));
	write_field(text, out);
}

static void write_csv_row(const struct query *q, const struct report_operation *op, FILE *out)
{
	const struct stats *s = &op->stats;

	write_field(op->target, out);
	fputc(',', out);
	write_field(op->name, out);
	fprintf(out, ",%s,", op->kind);
	write_labels(op, out);
	fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%.12g", s->count, s->errors, s->rate_per_s);
	write_ns(s->min_ns, out);
	write_ns(s->max_ns, out);
	fputc(',', out);
	if (s->count)
		fprintf(out, "%.12g", s->mean_ns);
	write_ns(s->sum_ns, out);
	for (int i = 0; i < STATS_QUANTILE_CNT; i++)
		write_ns(s->quantile_ns[i], out);
	for (size_t i = 0; i < q->quantile_cnt; i++)
		write_ns(report_quantile(op, &q->quantiles[i]), out);
	if (op->is_fleet)
		fprintf(out, ",%" PRIu64 ",,\n", s->quality.lost);
	else
		fprintf(out, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n", s->quality.lost,
			s->quality.dropped, s->quality.unwound);
}

void query_output_csv(const struct query *q, const struct report *report, FILE *out)
{
	for (size_t i = 0; i < report->operation_cnt; i++) {
		write_times(report, out);
		write_csv_row(q, &report->operations[i], out);
	}
}

static json_t *labels_json(const char *labels)
{
	char name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES];
	json_t *o = json_object();

	while (labels_next(&labels, name, value))
		json_object_set_new(o, name, json_string(value));
	return o;
}

static json_t *value_json(const struct query_value *v)
{
	json_t *o = json_object();

	json_object_set_new(o, "name", json_string(v->series->name));
	json_object_set_new(o, "target", json_string(v->series->id.target));
	json_object_set_new(o, "operation", json_string(v->series->id.operation));
	json_object_set_new(o, "labels", labels_json(v->series->id.labels));
	json_object_set_new(o, "count", json_integer((json_int_t)v->part_cnt));
	json_object_set_new(o, "mean", json_real(v->mean));
	json_object_set_new(o, "min", json_real(v->min));
	json_object_set_new(o, "max", json_real(v->max));
	json_object_set_new(o, "last", json_real(v->last));
	return o;
}

int query_output_values_json(const struct report *about, const struct query_value *values,
			     size_t cnt, FILE *out)
{
	char start[WALL_TIME_TEXT_BYTES], end[WALL_TIME_TEXT_BYTES];
	json_t *root = json_object(), *list = json_array();
	int err;

	for (size_t i = 0; i < cnt; i++) {
		if (values[i].part_cnt)
			json_array_append_new(list, value_json(&values[i]));
	}
	json_object_set_new(root, "schema", json_string("tickscope.values/1"));
	json_object_set_new(root, "host", about->host ? json_string(about->host) : json_null());
	json_object_set_new(root, "start",
			    json_string(wall_time_text(about->start_wall_ns, start)));
	json_object_set_new(root, "end", json_string(wall_time_text(about->end_wall_ns, end)));
	json_object_set_new(root, "interval", json_boolean(about->is_interval));
	err = json_object_set_new(root, "values", list) ? -ENOMEM : 0;
	if (!err && (json_dumpf(root, out, JSON_COMPACT | JSON_REAL_PRECISION(17)) ||
		     fputc('\n', out) == EOF))
		err = -EIO;
	json_decref(root);
	return err;
}

void query_output_values_csv(const struct report *about, const struct query_value *values,
			     size_t cnt, FILE *out)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct query_value *v = &values[i];

		if (!v->part_cnt)
			continue;
		write_times(about, out);
		write_field(v->series->id.target, out);
		fputc(',', out);
		write_field(v->series->id.operation, out);
		fputc(',', out);
		write_field(v->series->id.labels, out);
		fputc(',', out);
		write_field(v->series->name, out);
		fprintf(out, ",%" PRIu64 ",%.17g,%.17g,%.17g,%.17g\n", v->part_cnt, v->mean, v->min,
			v->max, v->last);
	}
}

#define NAME_BYTES   1024
#define NAME_COLUMNS 48

static void write_value_row(const struct query_value *v, FILE *out)
{
	const struct series_id *id = &v->series->id;
	char name[NAME_BYTES], cut[NAME_BYTES];

	snprintf(name, sizeof(name), "%s%s%s%s%s %s", id->target, *id->operation ? " " : "",
		 id->operation, *id->labels ? " " : "", id->labels, v->series->name);
	text_clean(name);
	text_cut(name, NAME_COLUMNS, cut, sizeof(cut));
	fprintf(out, "%s%*s %14.6g %14.6g %14.6g %14.6g\n", cut,
		(int)(NAME_COLUMNS - text_columns(cut)), "", v->mean, v->min, v->max, v->last);
}

void query_output_values_table(const struct query_value *values, size_t cnt,
			       const struct report_style *style, FILE *out)
{
	fprintf(out, "%s%-*s %14s %14s %14s %14s%s\n", style->has_colour ? "\033[1m" : "",
		NAME_COLUMNS, "VALUE", "MEAN", "MIN", "MAX", "LAST",
		style->has_colour ? "\033[0m" : "");
	for (size_t i = 0; i < cnt; i++) {
		if (values[i].part_cnt)
			write_value_row(&values[i], out);
	}
}
