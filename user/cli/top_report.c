/* SPDX-License-Identifier: Apache-2.0 */
/* One report operation for each series. */
#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/time_units.h"
#include "cli/cli.h"
#include "cli/top_report.h"

/* Texts that report_label points into. */
struct label_texts {
	char names[LABELS_MAX][LABEL_NAME_BYTES];
	char values[LABELS_MAX][LABEL_VALUE_BYTES];
};

static bool is_end(const char *name)
{
	return strcmp(name, "from") == 0 || strcmp(name, "to") == 0;
}

/* The ends of a segment come first: the table shows those. */
static void add_labels(struct report_operation *r, const char *text, struct label_texts *t,
		       bool wants_ends)
{
	const char *cursor = text;

	while (r->label_cnt < LABELS_MAX &&
	       labels_next(&cursor, t->names[r->label_cnt], t->values[r->label_cnt])) {
		size_t i = r->label_cnt;

		if (r->is_segment && is_end(t->names[i]) != wants_ends)
			continue;
		r->labels[i] = (struct report_label){t->names[i], t->values[i]};
		r->label_cnt++;
	}
}

static void fill(struct report_operation *r, const struct top_series *s, const struct top_model *m,
		 struct label_texts *texts)
{
	*r = (struct report_operation){
		.name = s->operation,
		.kind = s->kind,
		.target = s->target,
		.is_segment = strcmp(s->kind, "segment") == 0,
		.stats = s->stats,
		.uncovered_copies = s->uncovered_copies,
		.probe = s->probe ? s->probe : "",
		.probe_cost_ns = s->probe_cost_ns,
		.probe_inner_ns = s->probe_inner_ns,
	};
	add_labels(r, s->labels, texts, true);
	if (r->is_segment)
		add_labels(r, s->labels, texts, false);
	for (size_t i = 0; i < m->target_cnt; i++) {
		if (strcmp(m->targets[i].name, s->target) == 0) {
			r->pids = m->targets[i].pids;
			r->pid_cnt = m->targets[i].pid_cnt;
		}
	}
}

static int write_report(const struct report *report, bool is_table)
{
	struct report_style style = {
		.columns = cli_terminal_columns(STDOUT_FILENO),
		.has_colour = cli_wants_colour(STDOUT_FILENO),
		.is_ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
	};

	if (!is_table)
		return report_write_json(report, stdout);
	report_write_table(report, &style, stdout);
	return fflush(stdout) ? -errno : 0;
}

int top_report_write(const struct top_view *view, const struct top_model *model, bool is_table)
{
	size_t cnt = is_table ? view->row_cnt : model->series_cnt;
	/* The newest windows are of one second; without any, now. */
	uint64_t end_ns = model->last_ns ? model->last_ns + NS_PER_S : model->now_ns;
	struct report_operation *operations = calloc(cnt + 1, sizeof(*operations));
	struct label_texts *texts = calloc(cnt + 1, sizeof(*texts));
	struct utsname kernel;
	struct report report;
	int err = -ENOMEM;

	if (!operations || !texts || uname(&kernel))
		goto free_lists;
	for (size_t i = 0; i < cnt; i++)
		fill(&operations[i], is_table ? view->rows[i] : model->series[i], model, &texts[i]);
	report = (struct report){
		.host = model->agent.host,
		.kernel = kernel.release,
		.start_wall_ns = end_ns > view->span_ns ? end_ns - view->span_ns : 0,
		.end_wall_ns = end_ns,
		.is_interval = true,
		.operations = operations,
		.operation_cnt = cnt,
	};
	err = write_report(&report, is_table);
free_lists:
	free(operations);
	free(texts);
	return err;
}
