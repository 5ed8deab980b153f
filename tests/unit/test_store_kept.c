/* SPDX-License-Identifier: Apache-2.0 */
/* The history of what is no latency: values, alerts, events. */
#include <math.h>

#include "history_parts.h"

struct value_sum {
	uint64_t rows;
	uint64_t cnt;
	double sum, min, max, last;
};

static int sum_value(void *context, const struct history_value *v)
{
	struct value_sum *s = context;

	s->min = s->rows && s->min < v->min ? s->min : v->min;
	s->max = s->rows && s->max > v->max ? s->max : v->max;
	s->rows++;
	s->cnt += v->part_cnt;
	s->sum += v->sum;
	s->last = v->last;
	return 0;
}

static void test_values(void **state)
{
	const struct value_id id = {{"engine", "", "value", ""}, "memory_bytes"};
	struct place p;
	struct store_options options;
	struct store *s;
	struct history *h;
	struct history_list list;
	struct fault why;

	(void)state;
	p = place_make();
	options = options_at(&p);
	s = open_store(&options);
	for (uint64_t i = 0; i < 800; i++) {
		double mean = (double)(i * 7 % 100);

		store_batch_begin(s, START_NS + i * 10 * SECOND_NS, false);
		store_batch_value(s, &id,
				  &(struct store_value){mean, mean - 1, mean + 1, (double)i});
		store_batch_value(s, &id, &(struct store_value){1, 1, 1, NAN});
		store_batch_end(s);
	}
	flush(s);
	h = open_history(&p);
	assert_int_equal(history_list(h, &(struct history_filter){.is_value = true}, &list, &why),
			 0);
	for (uint64_t from = 0; from < 800; from += 37) {
		struct value_sum got = {0}, expected = {.min = 1e9, .max = -1};
		uint64_t to = from + (from < 300 ? 500 : 800 - from);
		struct history_span span = {START_NS + from * 10 * SECOND_NS,
					    START_NS + to * 10 * SECOND_NS, 0};

		for (uint64_t i = from; i < to; i++) {
			double mean = (double)(i * 7 % 100);

			expected.cnt++;
			expected.sum += mean;
			expected.min = mean - 1 < expected.min ? mean - 1 : expected.min;
			expected.max = mean + 1 > expected.max ? mean + 1 : expected.max;
			expected.last = (double)i;
		}
		assert_int_equal(history_values(h, &list, &span, sum_value, &got), 0);
		assert_int_equal(got.cnt, expected.cnt);
		assert_true(got.rows < got.cnt);
		assert_true(got.sum == expected.sum && got.last == expected.last);
		assert_true(got.min == expected.min && got.max == expected.max);
	}
	history_list_fini(&list);
	history_close(h);
	assert_int_equal(store_close(s), 0);
	place_remove(&p);
}

struct alerts_seen {
	size_t cnt;
	struct alert first;
};

static int see_alert(void *context, const struct alert *alert)
{
	struct alerts_seen *seen = context;

	if (!seen->cnt++)
		seen->first = *alert;
	return 0;
}

static struct alerts_seen read_alerts(const struct place *p, bool active_only)
{
	struct history *h = open_history(p);
	struct alerts_seen seen = {0};

	assert_int_equal(history_alerts(h, active_only, 5000, see_alert, &seen), 0);
	history_close(h);
	return seen;
}

static const struct alert full_alert = {
	.id = "0123456789abcdef-1800000000",
	.rule = "node_slow",
	.state = ALERT_FIRING,
	.severity = ALERT_CRITICAL,
	.operation = "node",
	.target = "engine",
	.labels = "method=\"GET\"",
	.metric = "node.p99",
	.value = 123456.75,
	.threshold = 1e5,
	.unit = "ns",
	.title = "a title with 'quotes' and \"more\"",
	.message = "message\nof two lines",
	.description = "description",
	.suggested_actions = "one\ntwo",
	.runbook = "https://example.org/runbook",
	.group = "nodes",
	.correlation_id = "correlation",
	.started_ns = START_NS,
	.fired_ns = START_NS + 1,
	.ended_ns = 0,
	.acknowledged_ns = START_NS + 2,
	.acknowledged_by = "somebody",
	.flap_cnt = 3,
};

/* Every member comes back, a change of state is the same alert, the last 1000 stay, and active ones
 * for as long as they are. */
static void test_alerts(void **state)
{
	struct alert a = full_alert;
	struct alerts_seen seen;
	struct place p;
	struct store_options options;
	struct store *s;

	(void)state;
	p = place_make();
	options = options_at(&p);
	s = open_store(&options);
	store_alert(s, &a);
	flush(s);
	seen = read_alerts(&p, true);
	assert_int_equal(seen.cnt, 1);
	assert_memory_equal(&seen.first, &a, sizeof(a));

	for (int i = 0; i < 1200; i++) {
		struct alert other = a;

		snprintf(other.id, sizeof(other.id), "other-%d", i);
		other.started_ns += (uint64_t)i + 1;
		other.state = i % 2 ? ALERT_RESOLVED : ALERT_PENDING;
		store_alert(s, &other);
		other.state = ALERT_RESOLVED;
		other.ended_ns = other.started_ns + 1;
		store_alert(s, &other);
		if (i % 100 == 0)
			flush(s);
	}
	flush(s);
	seen = read_alerts(&p, false);
	assert_int_equal(seen.cnt, 1001); /* the last 1000, and the one that fires */
	assert_string_equal(seen.first.id, "other-1199");
	seen = read_alerts(&p, true);
	assert_int_equal(seen.cnt, 1);
	assert_string_equal(seen.first.id, a.id);
	a.state = ALERT_RESOLVED;
	store_alert(s, &a);
	flush(s);
	assert_int_equal(read_alerts(&p, true).cnt, 0);
	assert_int_equal(read_alerts(&p, false).cnt, 1000);
	assert_int_equal(store_close(s), 0);
	place_remove(&p);
}

static int see_event(void *context, const struct history_event *e)
{
	uint64_t *expected = context;
	char text[32];

	snprintf(text, sizeof(text), "event %llu", (unsigned long long)--*expected);
	assert_string_equal(e->text, text);
	assert_string_equal(e->kind, "attached");
	assert_string_equal(e->target, "engine");
	assert_int_equal(e->wall_ns, START_NS + *expected);
	return 0;
}

static void test_events(void **state)
{
	enum { EVENTS = STORE_EVENT_MAX + 50 };
	const struct history_span always = {0, UINT64_MAX, 0};
	struct place p;
	struct store_options options;
	struct store *s;
	struct history *h;
	uint64_t left = EVENTS;

	(void)state;
	p = place_make();
	options = options_at(&p);
	s = open_store(&options);
	for (uint64_t i = 0; i < EVENTS; i++) {
		char text[32];

		snprintf(text, sizeof(text), "event %llu", (unsigned long long)i);
		store_event(s, &(struct store_event){"attached", "engine", text, START_NS + i});
		if (i % 1000 == 0)
			flush(s);
	}
	flush(s);
	h = open_history(&p);
	assert_int_equal(history_events(h, &always, SIZE_MAX >> 1, see_event, &left), 0);
	assert_int_equal(left, EVENTS - STORE_EVENT_MAX);
	left = EVENTS;
	assert_int_equal(history_events(h, &always, 10, see_event, &left), 0);
	assert_int_equal(left, EVENTS - 10);
	history_close(h);
	assert_int_equal(store_close(s), 0);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
