/* SPDX-License-Identifier: Apache-2.0 */
/* What `tickscope query` was asked, and the parts of its answer. */
#ifndef TICKSCOPE_CLI_QUERY_H
#define TICKSCOPE_CLI_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/labels.h"
#include "cli/report.h"
#include "config/rule_expression.h"
#include "store/history.h"

#define QUERY_ASSERTION_MAX 16

enum query_format { QUERY_TABLE, QUERY_JSON, QUERY_CSV };

#define QUERY_HOST "host" /* label of rows that are of one host of several */

struct query_source;

struct query {
	const struct query_source *source; /* where from */
	const char *state_dir;		   /* of the history; NULL: the default */
	const char *url;		   /* of QuestDB; NULL: as configured … */
	const char *config_path;	   /* … here; NULL: in the environment */
	const char *host;		   /* only of this one; NULL: of all */
	bool is_by_host;
	struct history_filter filter;
	struct history_span span;
	struct label labels[LABELS_MAX]; /* that series must have */
	size_t label_cnt;
	char labels_text[LABELS_TEXT_BYTES];
	const char *by[LABELS_MAX];
	size_t by_cnt;
	struct stats_quantile quantiles[REPORT_QUANTILE_MAX];
	char quantile_names[REPORT_QUANTILE_MAX][16];
	char quantile_titles[REPORT_QUANTILE_MAX][16];
	size_t quantile_cnt;
	struct rule_expression *assertions[QUERY_ASSERTION_MAX];
	const char *assertion_texts[QUERY_ASSERTION_MAX];
	size_t assertion_cnt;
	enum query_format format;
};

/* A row of values. */
struct query_value {
	const struct history_series *series;
	uint64_t part_cnt; /* 0: none in this step */
	double mean;
	double min;
	double max;
	double last;
};

/* --- query_commit.c -------------------------------------------------------------------------- */

/* Has a running agent write what it has, so that the history ends now. Where none runs, or it does
 * not answer, the history is what there is. */
void query_commit(const char *state_dir);

/* --- query_rows.c: series -> rows ------------------------------------------------------------ */

struct query_rows;

/* One row for each series, or, with by_cnt, for all that have the same of these labels. -ENOMEM. */
int query_rows_new(const struct history_list *list, const struct query *q,
		   struct query_rows **ret_rows);
void query_rows_free(struct query_rows *rows);
/* The labels of the row that a series is in; with its host, where that is not NULL. As
 * labels_write.
 */
int query_rows_labels(const struct query *q, const char *labels, const char *host,
		      char text[static LABELS_TEXT_BYTES]);
/* -EBADMSG: it is damaged, and not added. -ENOMEM. */
int query_rows_add(struct query_rows *rows, const struct history_window *window);
/* The rows that have something; they and their windows are good until the next addition. */
void query_rows_report(struct query_rows *rows, struct report *report);
void query_rows_clear(struct query_rows *rows);

/* --- query_assert.c: what must hold ---------------------------------------------------------- */

/* "p99 < 200ms", "cpu_percent < 80". 0, or -EINVAL with the reason. */
int query_assert_parse(const char *text, bool is_value, struct rule_expression **ret_assertion,
		       struct fault *why);
/* True where it holds; else why not, in words. A number that is not known breaks it. */
bool query_assert_operation(const struct rule_expression *assertion,
			    const struct report_operation *op, struct fault *why);
/* Likewise, of the mean; *ret_is_about: the value is the one that it names. */
bool query_assert_value(const struct rule_expression *assertion, const struct query_value *value,
			bool *ret_is_about, struct fault *why);

/* --- query_output.c -------------------------------------------------------------------------- */

void query_output_csv_head(const struct query *q, FILE *out);
void query_output_csv(const struct query *q, const struct report *report, FILE *out);
/* tickscope.values/1. 0 or -errno. */
int query_output_values_json(const struct report *about, const struct query_value *values,
			     size_t cnt, FILE *out);
void query_output_values_csv(const struct report *about, const struct query_value *values,
			     size_t cnt, FILE *out);
void query_output_values_table(const struct query_value *values, size_t cnt,
			       const struct report_style *style, FILE *out);

#endif
