/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of series are merged into rows: percentiles of several series are those of all their
 * calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/query_order.h"
#include "cli/query_source.h"
#include "measure/packed.h"

struct row {
	const struct series_id *id; /* of its first series */
	char *labels;		    /* canonical text */
	char (*pairs)[LABEL_NAME_BYTES + LABEL_VALUE_BYTES];
	size_t pair_cnt;
	struct window *window; /* made when something is added */
	bool is_touched;
	char *probe;
	uint64_t probe_cost_ns;
	uint64_t probe_inner_ns;
};

struct query_rows {
	struct row *rows;
	size_t cnt;
	size_t *row_of; /* of each series */
	struct report_operation *operations;
	bool is_fleet;
};

/* Labels that say what was measured, not of whom: without them rows would add up parts and wholes.
 */
static bool is_kept(const struct query *q, const char *name)
{
	static const char *const own[] = {"from", "to", "state", "until"};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(own[i], name) == 0)
			return true;
	}
	for (size_t i = 0; i < q->by_cnt; i++) {
		if (strcmp(q->by[i], name) == 0)
			return true;
	}
	return !q->by_cnt;
}

int query_rows_labels(const struct query *q, const char *labels, const char *host,
		      char text[static LABELS_TEXT_BYTES])
{
	char names[LABELS_MAX][LABEL_NAME_BYTES], values[LABELS_MAX][LABEL_VALUE_BYTES];
	struct label kept[LABELS_MAX + 1];
	size_t cnt = 0;

	while (cnt < LABELS_MAX && labels_next(&labels, names[cnt], values[cnt])) {
		if (!is_kept(q, names[cnt]) || (host && strcmp(names[cnt], QUERY_HOST) == 0))
			continue;
		kept[cnt] = (struct label){names[cnt], values[cnt]};
		cnt++;
	}
	if (host)
		kept[cnt++] = (struct label){QUERY_HOST, host};
	return labels_write(kept, cnt, text, LABELS_TEXT_BYTES);
}

/* Pairs of name and value, each with its end; those of a segment's ends first, as rows show them.
 */
static int split_labels(struct row *row)
{
	static const char *const first[] = {"from", "to"};
	char name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES];
	const char *at = row->labels;

	row->pairs = calloc(LABELS_MAX, sizeof(*row->pairs));
	if (!row->pairs)
		return -ENOMEM;
	for (size_t i = 0; i < 2; i++) {
		if (!labels_find(row->labels, first[i], value))
			continue;
		memcpy(row->pairs[row->pair_cnt], first[i], strlen(first[i]) + 1);
		memcpy(row->pairs[row->pair_cnt++] + LABEL_NAME_BYTES, value, sizeof(value));
	}
	while (row->pair_cnt < LABELS_MAX && labels_next(&at, name, value)) {
		if (strcmp(name, "from") == 0 || strcmp(name, "to") == 0)
			continue;
		memcpy(row->pairs[row->pair_cnt], name, sizeof(name));
		memcpy(row->pairs[row->pair_cnt++] + LABEL_NAME_BYTES, value, sizeof(value));
	}
	return 0;
}

static bool is_same(const struct row *row, const struct series_id *id, const char *labels)
{
	return strcmp(row->id->target, id->target) == 0 &&
	       strcmp(row->id->operation, id->operation) == 0 &&
	       strcmp(row->id->kind, id->kind) == 0 && strcmp(row->labels, labels) == 0;
}

static int place_series(struct query_rows *rows, const struct query *q, const struct series_id *id,
			size_t *ret_row)
{
	char labels[LABELS_TEXT_BYTES];
	struct row *row;

	/* What was in one text fits into one. */
	if (query_rows_labels(q, id->labels, NULL, labels))
		labels[0] = '\0';
	/* Without --by each series is its own row; with it rows are few. */
	for (size_t i = q->by_cnt ? 0 : rows->cnt; i < rows->cnt; i++) {
		if (is_same(&rows->rows[i], id, labels)) {
			*ret_row = i;
			return 0;
		}
	}
	row = &rows->rows[rows->cnt];
	row->id = id;
	row->labels = strdup(labels);
	if (!row->labels || split_labels(row))
		return -ENOMEM;
	*ret_row = rows->cnt++;
	return 0;
}

int query_rows_new(const struct history_list *list, const struct query *q,
		   struct query_rows **ret_rows)
{
	struct query_rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	rows->rows = calloc(list->cnt + 1, sizeof(*rows->rows));
	rows->row_of = calloc(list->cnt + 1, sizeof(*rows->row_of));
	rows->operations = calloc(list->cnt + 1, sizeof(*rows->operations));
	if (!rows->rows || !rows->row_of || !rows->operations)
		goto free_rows;
	rows->is_fleet = q->source->is_fleet;
	for (size_t i = 0; i < list->cnt; i++) {
		if (place_series(rows, q, &list->items[i].id, &rows->row_of[i]))
			goto free_rows;
	}
	*ret_rows = rows;
	return 0;
free_rows:
	query_rows_free(rows);
	return -ENOMEM;
}

void query_rows_free(struct query_rows *rows)
{
	if (!rows)
		return;
	/* The last may be half made. */
	for (size_t i = 0; rows->rows && (i < rows->cnt || rows->rows[i].labels); i++) {
		free(rows->rows[i].labels);
		free(rows->rows[i].pairs);
		free(rows->rows[i].window);
		free(rows->rows[i].probe);
	}
	free(rows->rows);
	free(rows->row_of);
	free(rows->operations);
	free(rows);
}

int query_rows_add(struct query_rows *rows, const struct history_window *window)
{
	struct row *row = &rows->rows[rows->row_of[window->series_idx]];

	if (!row->window) {
		row->window = calloc(1, sizeof(*row->window));
		if (!row->window)
			return -ENOMEM;
		window_init(row->window);
	}
	if (!row->probe || strcmp(row->probe, window->probe) != 0) {
		char *probe = strdup(window->probe);

		if (!probe)
			return -ENOMEM;
		free(row->probe);
		row->probe = probe;
	}
	row->probe_cost_ns = window->probe_cost_ns;
	row->probe_inner_ns = window->probe_inner_ns;
	if (packed_merge(row->window, window->packed, window->packed_bytes))
		return -EBADMSG;
	row->is_touched = true;
	return 0;
}

static void fill(struct report_operation *op, const struct row *row, bool is_fleet)
{
	*op = (struct report_operation){
		.name = row->id->operation,
		.kind = row->id->kind,
		.target = row->id->target,
		.is_stored = true,
		.is_fleet = is_fleet,
		/* One that has further labels is not under the operation that it is part of. */
		.is_segment = strcmp(row->id->kind, "segment") == 0 && row->pair_cnt == 2,
		.window = row->window,
		.probe = row->probe,
		.probe_cost_ns = row->probe_cost_ns,
		.probe_inner_ns = row->probe_inner_ns,
	};
	for (size_t i = 0; i < row->pair_cnt; i++)
		op->labels[op->label_cnt++] =
			(struct report_label){row->pairs[i], row->pairs[i] + LABEL_NAME_BYTES};
	stats_of(&op->stats, row->window, row->probe_inner_ns);
}

void query_rows_report(struct query_rows *rows, struct report *report)
{
	report->operations = rows->operations;
	report->operation_cnt = 0;
	for (size_t i = 0; i < rows->cnt; i++) {
		if (rows->rows[i].is_touched)
			fill(&rows->operations[report->operation_cnt++], &rows->rows[i],
			     rows->is_fleet);
	}
	query_order_segments(report->operations, report->operation_cnt);
}

void query_rows_clear(struct query_rows *rows)
{
	for (size_t i = 0; i < rows->cnt; i++) {
		if (rows->rows[i].window)
			window_clear(rows->rows[i].window);
		rows->rows[i].is_touched = false;
	}
}
