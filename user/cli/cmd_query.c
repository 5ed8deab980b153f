/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope query`: reads what was recorded, shows it step by step, and judges it. */
#include <errno.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/query_arguments.h"
#include "cli/query_source.h"

struct answer {
	const struct query *query;
	void *state; /* of the source */
	const struct history_list *list;
	struct query_rows *rows;
	struct query_value *values;
	bool step_has_data;
	uint64_t step_ns; /* the start of the step that is being filled */
	struct report report;
	struct report_style style;
	struct utsname system;
	uint64_t row_cnt;
	uint64_t damaged_cnt;
	bool is_broken; /* an assertion */
};

static void set_broken(struct answer *a, size_t assertion, const char *of, const char *why)
{
	char name[1024];
	char when[32] = "";
	time_t seconds = (time_t)(a->report.start_wall_ns / NS_PER_S);
	struct tm local;

	snprintf(name, sizeof(name), "%s", of);
	text_clean(name);
	if (a->query->span.step_ns && localtime_r(&seconds, &local))
		strftime(when, sizeof(when), " at %Y-%m-%d %H:%M:%S", &local);
	cli_message("\"%s\" does not hold for %s%s: %s", a->query->assertion_texts[assertion], name,
		    when, why);
	a->is_broken = true;
}

static void judge_operations(struct answer *a)
{
	struct fault why;

	for (size_t i = 0; i < a->report.operation_cnt; i++) {
		const struct report_operation *op = &a->report.operations[i];
		char name[1024];
		int length = snprintf(name, sizeof(name), "%s", op->name);

		for (size_t n = 0; n < op->label_cnt && length < (int)sizeof(name); n++)
			length += snprintf(name + length, sizeof(name) - (size_t)length, " %s=%s",
					   op->labels[n].name, op->labels[n].value);
		for (size_t n = 0; n < a->query->assertion_cnt; n++) {
			if (!query_assert_operation(a->query->assertions[n], op, &why))
				set_broken(a, n, name, why.text);
		}
	}
}

static void judge_values(struct answer *a)
{
	for (size_t n = 0; n < a->query->assertion_cnt; n++) {
		size_t about_cnt = 0;
		struct fault why;

		for (size_t i = 0; i < a->list->cnt; i++) {
			const struct query_value *v = &a->values[i];
			bool is_about = false;

			if (v->part_cnt &&
			    !query_assert_value(a->query->assertions[n], v, &is_about, &why))
				set_broken(a, n, v->series->id.target, why.text);
			about_cnt += is_about;
		}
		if (!about_cnt)
			set_broken(a, n, "any target", "no such value was recorded");
	}
}

static void print_title(const struct answer *a)
{
	time_t seconds = (time_t)(a->report.start_wall_ns / NS_PER_S);
	struct tm local;
	char text[64];

	localtime_r(&seconds, &local);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &local);
	printf("%s%s\n", a->row_cnt ? "\n" : "", text);
}

static int show_operations(struct answer *a)
{
	const struct query *q = a->query;

	query_rows_report(a->rows, &a->report);
	switch (q->format) {
	case QUERY_JSON:
		if (report_write_json(&a->report, stdout))
			return -EIO;
		break;
	case QUERY_CSV:
		query_output_csv(q, &a->report, stdout);
		break;
	default:
		if (q->span.step_ns)
			print_title(a);
		report_write_table(&a->report, &a->style, stdout);
	}
	a->row_cnt += a->report.operation_cnt;
	judge_operations(a);
	query_rows_clear(a->rows);
	return ferror(stdout) ? -EIO : 0;
}

static int show_values(struct answer *a)
{
	const struct query *q = a->query;

	for (size_t i = 0; i < a->list->cnt; i++) {
		a->row_cnt += a->values[i].part_cnt > 0;
		if (a->values[i].part_cnt)
			a->values[i].mean /= (double)a->values[i].part_cnt;
	}
	switch (q->format) {
	case QUERY_JSON:
		if (query_output_values_json(&a->report, a->values, a->list->cnt, stdout))
			return -EIO;
		break;
	case QUERY_CSV:
		query_output_values_csv(&a->report, a->values, a->list->cnt, stdout);
		break;
	default:
		if (q->span.step_ns)
			print_title(a);
		query_output_values_table(a->values, a->list->cnt, &a->style, stdout);
	}
	judge_values(a);
	for (size_t i = 0; i < a->list->cnt; i++)
		a->values[i] = (struct query_value){.series = a->values[i].series};
	return ferror(stdout) ? -EIO : 0;
}

/* The step that was filled, or all that was asked for. */
static int show(struct answer *a)
{
	const struct history_span *span = &a->query->span;

	a->report.start_wall_ns = span->step_ns ? a->step_ns : span->since_wall_ns;
	a->report.end_wall_ns = span->until_wall_ns;
	if (span->step_ns && a->step_ns + span->step_ns < span->until_wall_ns)
		a->report.end_wall_ns = a->step_ns + span->step_ns;
	a->step_has_data = false;
	return a->query->filter.is_value ? show_values(a) : show_operations(a);
}

/* Shows the step before this one when it is full. */
static int enter_step(struct answer *a, uint64_t start_wall_ns)
{
	uint64_t length_ns = a->query->span.step_ns;
	uint64_t step_ns = length_ns ? start_wall_ns - start_wall_ns % length_ns : 0;
	int err = a->step_has_data && step_ns != a->step_ns ? show(a) : 0;

	a->step_ns = step_ns;
	a->step_has_data = true;
	return err;
}

static int add_window(void *context, const struct history_window *window)
{
	struct answer *a = context;
	int err = enter_step(a, window->start_wall_ns);

	if (err)
		return err;
	err = query_rows_add(a->rows, window);
	if (err != -EBADMSG)
		return err;
	a->damaged_cnt++;
	return 0;
}

static int add_value(void *context, const struct history_value *value)
{
	struct answer *a = context;
	struct query_value *v = &a->values[value->series_idx];
	int err = enter_step(a, value->start_wall_ns);

	if (err)
		return err;
	v->min = v->part_cnt && v->min < value->min ? v->min : value->min;
	v->max = v->part_cnt && v->max > value->max ? v->max : value->max;
	v->mean += value->sum; /* divided when it is shown */
	v->last = value->last;
	v->part_cnt += value->part_cnt;
	return 0;
}

static int read_operations(struct answer *a, struct fault *why)
{
	int err = query_rows_new(a->list, a->query, &a->rows);

	if (!err)
		err = a->query->source->windows(a->state, add_window, a, why);
	return err;
}

static int read_values(struct answer *a, struct fault *why)
{
	a->values = calloc(a->list->cnt + 1, sizeof(*a->values));
	if (!a->values)
		return -ENOMEM;
	for (size_t i = 0; i < a->list->cnt; i++)
		a->values[i].series = &a->list->items[i];
	return a->query->source->values(a->state, add_value, a, why);
}

static int finish(struct answer *a)
{
	int err = 0;

	/* Whoever reads JSON gets an object, if an empty one. */
	if (a->step_has_data ||
	    (a->query->format == QUERY_JSON && !a->row_cnt && !a->query->span.step_ns))
		err = show(a);
	if (err || fflush(stdout)) {
		cli_error("cannot write: %s", strerror(errno));
		return CLI_FAILED;
	}
	if (a->damaged_cnt)
		cli_error("%llu windows are damaged and left out",
			  (unsigned long long)a->damaged_cnt);
	a->query->source->say_limits(a->state);
	if (a->row_cnt)
		return a->is_broken ? CLI_LIMIT : a->damaged_cnt ? CLI_FAILED : CLI_OK;
	a->query->source->say_nothing(a->state);
	for (size_t i = 0; i < a->query->assertion_cnt; i++)
		cli_message("\"%s\" does not hold: there is no data", a->query->assertion_texts[i]);
	return a->query->assertion_cnt ? CLI_LIMIT : CLI_FAILED;
}

static int read_source(struct answer *a)
{
	struct fault why = {""};
	int err = a->query->source->list(a->state, &a->list, &why);

	if (err) {
		cli_error("%s", why.text);
		return CLI_FAILED;
	}
	if (a->query->format == QUERY_CSV)
		query_output_csv_head(a->query, stdout);
	err = a->query->filter.is_value ? read_values(a, &why) : read_operations(a, &why);
	if (err) {
		/* Of the source, or what became of its windows here. */
		cli_error("%s", why.text[0] ? why.text : strerror(-err));
		return CLI_FAILED;
	}
	return finish(a);
}

static void set_up(struct answer *a)
{
	bool is_known = uname(&a->system) == 0, is_fleet = a->query->source->is_fleet;

	a->report = (struct report){
		.host = is_fleet   ? NULL
			: is_known ? a->system.nodename
				   : "unknown",
		.kernel = is_fleet   ? NULL
			  : is_known ? a->system.release
				     : "unknown",
		.is_interval = a->query->span.step_ns,
		.quantiles = a->query->quantiles,
		.quantile_cnt = a->query->quantile_cnt,
	};
	a->style = (struct report_style){
		.columns = cli_terminal_columns(STDOUT_FILENO),
		.has_colour = cli_wants_colour(STDOUT_FILENO),
		.is_ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
	};
}

static int answer(struct query *query)
{
	struct answer a = {.query = query};
	int code = query->source->open(query, &a.state);

	if (code != CLI_OK)
		return code;
	set_up(&a);
	code = read_source(&a);
	query_rows_free(a.rows);
	free(a.values);
	query->source->close(a.state);
	return code;
}

int cmd_query(int argc, char **argv)
{
	struct query query = {.source = &query_source_history, .format = QUERY_TABLE};
	int code = query_arguments_take(argc, argv, clock_wall_ns(), &query);

	if (code == CLI_OK)
		code = answer(&query);
	query_arguments_fini(&query);
	return code == -1 ? CLI_OK : code;
}
