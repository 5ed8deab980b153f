/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of the history as an outbox, which compare what they read with what was written. */
#ifndef TICKSCOPE_TESTS_HISTORY_OUTBOX_H
#define TICKSCOPE_TESTS_HISTORY_OUTBOX_H

#include "history_truth.h"
#include "store/history_batch.h"

struct seen {
	const struct truth *truth;
	uint64_t start_ns;
	size_t entry; /* the next one of the truth */
	size_t value_cnt;
	struct history_batch_value value; /* the last; its strings are gone */
	char name[64];
};

static inline int check_window(void *context, const struct history_batch_window *w)
{
	struct seen *seen = context;
	const struct entry *e = &seen->truth->entries[seen->entry++];
	const struct series_id *id = &series_ids[e->series];

	assert_true(seen->entry <= seen->truth->cnt);
	assert_true(e->start_ns == seen->start_ns);
	assert_string_equal(w->id.target, id->target);
	assert_string_equal(w->id.operation, id->operation);
	assert_string_equal(w->id.kind, id->kind);
	assert_string_equal(w->id.labels, id->labels);
	assert_string_equal(w->probe, "a probe");
	assert_int_equal(w->probe_cost_ns, 930);
	assert_int_equal(w->probe_inner_ns, 120);
	assert_int_equal(w->packed_bytes, e->bytes);
	assert_memory_equal(w->packed, seen->truth->packed + e->offset, e->bytes);
	return 0;
}

static inline int note_value(void *context, const struct history_batch_value *v)
{
	struct seen *seen = context;

	seen->value = *v;
	seen->value_cnt++;
	snprintf(seen->name, sizeof(seen->name), "%s|%s|%s|%s|%s", v->id.of.target,
		 v->id.of.operation, v->id.of.kind, v->id.of.labels, v->id.name);
	return 0;
}

static inline void check_batch(struct history *h, const struct history_batch *batch,
			       struct seen *seen)
{
	seen->start_ns = batch->start_wall_ns;
	assert_int_equal(history_batch_windows(h, batch, check_window, seen), 0);
	assert_int_equal(history_batch_values(h, batch, note_value, seen), 0);
}

static inline void check_waiting(struct history *h, int64_t id, uint64_t row_cnt,
				 uint64_t oldest_ns)
{
	uint64_t is_cnt = 99, is_oldest_ns = 99;

	assert_int_equal(history_batch_waiting(h, id, &is_cnt, &is_oldest_ns), 0);
	assert_int_equal(is_cnt, row_cnt);
	assert_true(is_oldest_ns == oldest_ns);
}

static inline void check_position(const struct place *p, const char *name, int64_t position)
{
	struct history *h = open_history(p);
	int64_t is = 99;

	assert_int_equal(history_position(h, name, &is), 0);
	assert_true(is == position);
	history_close(h);
}

struct list {
	int64_t seq; /* of the last */
	char text[512];
};

static inline int note_alert(void *context, int64_t seq, const struct alert *alert)
{
	struct list *list = context;
	size_t at = strlen(list->text);

	assert_true(seq > list->seq);
	list->seq = seq;
	snprintf(list->text + at, sizeof(list->text) - at, "%s %s, ", alert->id,
		 alert_state_name(alert->state));
	return 0;
}

static inline int note_event(void *context, int64_t seq, const struct history_event *event)
{
	struct list *list = context;
	size_t at = strlen(list->text);

	assert_true(seq > list->seq);
	list->seq = seq;
	snprintf(list->text + at, sizeof(list->text) - at, "%llu %s %s %s, ",
		 (unsigned long long)(event->wall_ns - START_NS), event->kind, event->target,
		 event->text);
	return 0;
}

/* What came after what the list has. */
static inline const char *read_more(const struct place *p, struct list *list, bool is_of_alerts,
				    size_t max)
{
	struct history *h = open_history(p);

	list->text[0] = '\0';
	if (is_of_alerts)
		assert_int_equal(history_alerts_after(h, list->seq, max, note_alert, list), 0);
	else
		assert_int_equal(history_events_after(h, list->seq, max, note_event, list), 0);
	history_close(h);
	return list->text;
}

#endif
