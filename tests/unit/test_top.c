/* SPDX-License-Identifier: Apache-2.0 */
/* What `top` makes of windows, alerts and keys, without a terminal or an agent. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/top_view.h"
#include "measure/packed.h"

#define S 1000000000ULL

/* A second in which `cnt` calls of one duration ended. */
static void add(struct top_model *m, struct top_series *s, uint64_t start_ns, uint64_t ns,
		uint64_t cnt)
{
	struct window *w = calloc(1, sizeof(*w));
	uint8_t *bytes = malloc(PACKED_MAX_BYTES);
	struct top_window window = {.start_ns = start_ns, .duration_ns = S, .packed = bytes};
	uint32_t bucket = ts_bucket_of(ns);
	int written;

	assert_non_null(w);
	assert_non_null(bytes);
	window_init(w);
	w->duration_ns = S;
	w->entries = w->returns = w->count = w->buckets[bucket] = cnt;
	w->errors = cnt / 10;
	w->sum_ns = cnt * ns;
	w->max_ns = cnt ? ns : 0;
	w->min_ns = cnt ? ns : UINT64_MAX;
	w->octaves = cnt ? 1ULL << bucket / TS_BUCKET_SUB_CNT : 0;
	written = packed_write(w, bytes, PACKED_MAX_BYTES);
	assert_true(written > 0);
	window.packed_bytes = (size_t)written;
	assert_int_equal(top_model_add(m, s, &window), 0);
	free(bytes);
	free(w);
}

static struct top_series *series(struct top_model *m, const char *operation, const char *kind,
				 const char *labels)
{
	struct series_id id = {"engine", operation, kind, labels};
	struct top_series *s;

	assert_int_equal(top_model_series(m, &id, &s), 0);
	return s;
}

static struct top_model *model_new(void)
{
	struct top_model *m = top_model_new();

	assert_non_null(m);
	return m;
}

static void test_spans(void **state)
{
	struct top_model *m = model_new();
	struct top_series *s = series(m, "f", "function", "");

	(void)state;
	for (uint64_t i = 0; i < 100; i++) /* more than the ring holds */
		add(m, s, (1000 + i) * S, i < 95 ? 1000 : 5000, 200);
	top_model_update(m, S);
	assert_int_equal(s->stats.count, 200);
	assert_true(s->stats.rate_per_s == 200);
	top_model_update(m, 10 * S);
	assert_int_equal(s->stats.count, 2000);
	assert_true(s->stats.rate_per_s == 200);
	assert_int_equal(s->stats.errors, 200);
	/* Merged, not averaged: half of the calls are of one kind, half of the other. */
	assert_int_equal(s->stats.quantile_ns[STATS_P50], 1001);
	assert_int_equal(s->stats.quantile_ns[STATS_P90], 5000);
	top_model_update(m, 60 * S);
	assert_int_equal(s->stats.count, 12000);
	assert_int_equal(s->stats.max_ns, 5000);
	top_model_free(m);
}

/* Windows come again, late, or not at all: each counts once, and silence is time. */
static void test_odd_windows(void **state)
{
	struct top_model *m = model_new();
	struct top_series *busy = series(m, "busy", "function", "");
	struct top_series *idle = series(m, "idle", "function", "");
	uint8_t damaged[8] = {1};
	struct top_window window = {.start_ns = 2000 * S, .packed = damaged, .packed_bytes = 8};

	(void)state;
	add(m, busy, 1000 * S, 1000, 10);
	add(m, busy, 1000 * S, 1000, 10);
	add(m, busy, 999 * S, 1000, 10);
	assert_int_equal(top_model_add(m, busy, &window), -EBADMSG);
	add(m, idle, 1000 * S + S / 3, 1000, 30);
	for (uint64_t i = 1; i < 10; i++)
		add(m, busy, (1000 + i) * S, 1000, 10);
	top_model_update(m, 10 * S);
	assert_int_equal(busy->stats.count, 100);
	assert_int_equal(idle->stats.count, 30);
	assert_true(idle->stats.rate_per_s > 3 && idle->stats.rate_per_s < 3.2);
	top_model_update(m, S);
	assert_int_equal(idle->stats.count, 0);
	assert_true(idle->stats.rate_per_s == 0);
	assert_true(idle->stats.quantile_ns[STATS_P50] == STATS_NULL);
	assert_true(idle->trend_ns[TOP_TREND_CNT - 1] == UINT64_MAX);
	assert_int_equal(busy->trend_ns[TOP_TREND_CNT - 1], 1000);
	top_model_free(m);
}

static void test_parts(void **state)
{
	struct top_model *m = model_new();
	struct top_series *part =
		series(m, "node", "segment", "from=\"sent\",method=\"GET\",to=\"arrived\"");
	struct top_series *all = series(m, "node", "rpc_client", "");
	struct top_series *feed = series(m, "node", "feed", "method=\"GET\"");
	struct top_series *get = series(m, "node", "rpc_client", "method=\"GET\"");
	struct top_series *put = series(m, "node", "rpc_client", "method=\"PUT\"");
	struct top_series *share = series(m, "node", "share", "method=\"PUT\",state=\"on_cpu\"");
	struct top_series *orphan = series(m, "other", "segment", "from=\"a\",to=\"b\"");

	(void)state;
	top_model_update(m, S);
	assert_true(m->series[part->whole_idx] == get);
	assert_true(m->series[share->whole_idx] == put);
	assert_true(orphan->whole_idx == SIZE_MAX && all->whole_idx == SIZE_MAX);
	assert_string_equal(part->name, "sent -> arrived");
	assert_string_equal(share->name, "on_cpu");
	assert_string_equal(get->name, "node GET");
	assert_string_equal(feed->name, "node feed GET");
	/* The same again is the same. */
	assert_true(series(m, "node", "rpc_client", "method=\"PUT\"") == put);
	top_model_free(m);
}

static void set_alert(struct top_model *m, const char *operation, const char *labels,
		      enum alert_severity severity, enum alert_state alert_state)
{
	struct top_alert *a = &m->alerts[m->alert_cnt++];

	*a = (struct top_alert){.target = strdup(""),
				.operation = strdup(operation),
				.rule = strdup("r"),
				.title = strdup(""),
				.metric = strdup(""),
				.labels = strdup(labels),
				.severity = severity,
				.state = alert_state};
}

static void test_alerts(void **state)
{
	struct top_model *m = model_new();
	struct top_series *get = series(m, "node", "rpc_client", "method=\"GET\"");
	struct top_series *put = series(m, "node", "rpc_client", "method=\"PUT\"");
	struct top_series *other = series(m, "other", "function", "");

	(void)state;
	set_alert(m, "node", "method=\"GET\",team=\"desk\"", ALERT_WARNING, ALERT_FIRING);
	set_alert(m, "node", "", ALERT_CRITICAL, ALERT_PENDING);
	set_alert(m, "node", "", ALERT_CRITICAL, ALERT_RESOLVED);
	set_alert(m, "", "", ALERT_CRITICAL, ALERT_FIRING);
	top_model_update(m, S);
	assert_int_equal(get->severity, ALERT_WARNING); /* firing before pending */
	assert_true(get->is_firing);
	assert_int_equal(put->severity, ALERT_CRITICAL);
	assert_false(put->is_firing);
	assert_int_equal(other->severity, 0);
	set_alert(m, "node", "", ALERT_CRITICAL, ALERT_FIRING);
	top_model_update(m, S);
	assert_int_equal(get->severity, ALERT_CRITICAL);
	top_model_clear_alerts(m);
	top_model_update(m, S);
	assert_int_equal(get->severity, 0);
	top_model_free(m);
}

static void test_limits(void **state)
{
	struct top_model *m = model_new();
	struct series_id id = {"engine", "one more", "function", ""};
	struct top_series *s = NULL;
	char name[16];

	(void)state;
	for (int i = 0; i < TOP_SERIES_MAX; i++) {
		snprintf(name, sizeof(name), "op%d", i);
		series(m, name, "function", "");
	}
	assert_int_equal(top_model_series(m, &id, &s), -E2BIG);
	assert_null(s);
	assert_int_equal(m->left_out_cnt, 1);
	top_model_clear(m);
	assert_int_equal(m->left_out_cnt, 0);
	assert_int_equal(top_model_series(m, &id, &s), 0);
	top_model_free(m);
	top_model_free(NULL);
}

/* The names of the rows, with a blank between. */
static const char *rows_of(const struct top_view *v, char text[static 256])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < v->row_cnt; i++)
		length += (size_t)snprintf(text + length, 256 - length, "%s%s", i ? " " : "",
					   v->rows[i]->name);
	return text;
}

/* Slow, fast and rare (which has too few samples for a p99). */
static struct top_model *three(struct top_view *v)
{
	struct top_model *m = model_new();

	add(m, series(m, "slow", "function", ""), 1000 * S, 9000, 200);
	add(m, series(m, "fast", "function", ""), 1000 * S, 100, 900);
	add(m, series(m, "rare", "function", ""), 1000 * S, 5000, 5);
	add(m, series(m, "slow", "segment", "from=\"a\",to=\"b\""), 1000 * S, 4000, 200);
	assert_int_equal(top_view_init(v), 0);
	top_model_update(m, v->span_ns);
	top_view_arrange(v, m);
	return m;
}

static void test_order(void **state)
{
	static const struct {
		const char *keys;
		const char *rows;
	} steps[] = {
		{"", "slow fast rare"},	   /* p99 down; none is last */
		{"I", "fast slow rare"},   /* none is last in this order, too */
		{"I<<", "slow rare fast"}, /* p50 */
		{"<<", "fast slow rare"},  /* rate */
		{"<", "fast rare slow"},   /* name */
		{"I", "slow rare fast"},   /* name, inverted */
		{"<", "fast rare slow"},   /* the last column, inverted: max up */
		{"I", "slow rare fast"},   /* max */
		{"t", "slow a -> b rare fast"}, {"\\RA", "rare"},
	};
	struct top_view v;
	struct top_model *m = three(&v);
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		for (const char *key = steps[i].keys; *key; key++)
			assert_true(top_view_key(&v, m, (uint32_t)(unsigned char)*key));
		if (strcmp(rows_of(&v, text), steps[i].rows) != 0)
			fail_msg("step %zu, \"%s\": %s", i, steps[i].keys, text);
	}
	assert_true(top_view_key(&v, m, TOP_KEY_BACKSPACE));
	assert_true(top_view_key(&v, m, TOP_KEY_BACKSPACE));
	assert_true(top_view_key(&v, m, TOP_KEY_BACKSPACE)); /* one more than there are */
	assert_int_equal(v.row_cnt, 4);
	assert_true(top_view_key(&v, m, 'q')); /* a letter while it is asked for */
	assert_int_equal(v.row_cnt, 0);
	assert_true(top_view_key(&v, m, TOP_KEY_ENTER)); /* no row to open */
	assert_true(top_view_key(&v, m, TOP_KEY_ENTER));
	assert_int_equal(v.page, TOP_PAGE_TABLE);
	assert_true(top_view_key(&v, m, TOP_KEY_ESCAPE));
	assert_int_equal(v.row_cnt, 4);
	assert_false(top_view_key(&v, m, 'q'));
	top_view_fini(&v);
	top_model_free(m);
}

static void test_moves(void **state)
{
	struct top_view v;
	struct top_model *m = model_new();
	char name[16];

	(void)state;
	assert_int_equal(top_view_init(&v), 0);
	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "op%02d", i);
		series(m, name, "function", "");
	}
	v.page_row_cnt = 10;
	top_model_update(m, S);
	top_view_arrange(&v, m);
	top_view_key(&v, m, TOP_KEY_UP);
	assert_int_equal(top_view_selected_idx(&v), 0);
	top_view_key(&v, m, TOP_KEY_PAGE_DOWN);
	assert_int_equal(top_view_selected_idx(&v), 10);
	assert_int_equal(v.first_row_idx, 1);
	top_view_key(&v, m, TOP_KEY_END);
	top_view_key(&v, m, TOP_KEY_DOWN);
	assert_int_equal(top_view_selected_idx(&v), 29);
	assert_int_equal(v.first_row_idx, 20);
	/* The selected one stays selected wherever it goes. */
	top_view_key(&v, m, '<'), top_view_key(&v, m, 'I');
	v.column = TOP_NAME;
	top_view_arrange(&v, m);
	assert_string_equal(v.rows[0]->name, "op29");
	assert_int_equal(top_view_selected_idx(&v), 0);
	assert_int_equal(v.first_row_idx, 0);
	/* Search goes on around the end. */
	top_view_key(&v, m, '/');
	top_view_key(&v, m, '0');
	assert_string_equal(v.selected->name, "op20");
	top_view_key(&v, m, TOP_KEY_ENTER);
	top_view_key(&v, m, 'n');
	assert_string_equal(v.selected->name, "op10");
	for (int i = 0; i < 11; i++)
		top_view_key(&v, m, 'n');
	assert_string_equal(v.selected->name, "op20");
	/* Another agent: nothing of before is pointed to. */
	top_view_key(&v, m, TOP_KEY_ENTER);
	assert_int_equal(v.page, TOP_PAGE_DETAIL);
	top_model_clear(m);
	top_view_arrange(&v, m);
	assert_null(v.selected);
	assert_int_equal(v.page, TOP_PAGE_TABLE);
	assert_int_equal(v.row_cnt, 0);
	top_view_key(&v, m, TOP_KEY_DOWN);
	top_view_key(&v, m, 'n');
	assert_null(v.selected);
	top_view_fini(&v);
	top_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spans),  cmocka_unit_test(test_odd_windows),
		cmocka_unit_test(test_parts),  cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_limits), cmocka_unit_test(test_order),
		cmocka_unit_test(test_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
