/* SPDX-License-Identifier: Apache-2.0 */
/* Rows for QuestDB out of a history: their columns, minutes of buckets, batches in parts. */
#include <errno.h>

#include "history_truth.h"
#include "ilp_decode.h"
#include "sink/questdb_encode.h"
#include "sink/questdb_rows.h"

static const struct questdb_stream *stream_of(enum questdb_table_idx table)
{
	for (size_t i = 0; i < QUESTDB_STREAM_CNT; i++) {
		if (questdb_rows_streams[i].table == table)
			return &questdb_rows_streams[i];
	}
	fail();
	return NULL;
}

/* --- columns ---------------------------------------------------------------------------------- */

static enum questdb_type type_of(enum decoded_kind kind)
{
	switch (kind) {
	case DECODED_SYMBOL:
		return QUESTDB_SYMBOL;
	case DECODED_LONG:
		return QUESTDB_LONG;
	case DECODED_DOUBLE:
		return QUESTDB_DOUBLE;
	case DECODED_ARRAY:
		return QUESTDB_DOUBLES;
	case DECODED_TEXT:
		return QUESTDB_TEXT;
	default:
		return QUESTDB_TIME;
	}
}

/* Every column of the table is in the first row, with its type, and no other. */
static void check_columns(const struct ilp *ilp, enum questdb_table_idx idx)
{
	const struct questdb_table *table = &questdb_tables[idx];
	struct decoder decoder = {ilp->bytes, ilp->bytes + ilp->used, ilp->version, 0};
	struct decoded *d = calloc(1, sizeof(*d));
	size_t cnt = 0;

	decoded_next(&decoder, d);
	assert_string_equal(d->name, table->name);
	for (;;) {
		const struct questdb_column *column;

		decoded_next(&decoder, d);
		if (d->kind == DECODED_ROW_END)
			break;
		column = questdb_table_column(table, d->name);
		if (!column) {
			fail_msg("%s has no column %s", table->name, d->name);
			break;
		}
		if (column->type != type_of(d->kind))
			fail_msg("%s is another type", d->name);
		cnt++;
	}
	assert_int_equal(cnt, table->column_cnt);
	free(d);
}

static void fill_window(struct window *w)
{
	window_clear(w);
	w->duration_ns = 10 * SECOND_NS;
	w->entries = w->returns = w->count = 2000;
	w->buckets[5] = 2000;
	w->octaves = 1;
	w->sum_ns = 10000;
	w->min_ns = w->max_ns = 5;
}

static const char all_labels[] =
	"component=\"a\",endpoint=\"b\",from=\"c\",gc_type=\"d\",message_type=\"e\",method=\"f\","
	"order_type=\"g\",other=\"x\",route=\"h\",side=\"i\",status=\"j\",strategy=\"k\",to=\"l\","
	"trading_pair=\"m\",until=\"n\",update_type=\"o\"";

static void test_columns(void **state)
{
	static const struct questdb_origin origin = {"host", "run", START_NS};
	static const struct series_id id = {"t", "o", "k", all_labels};
	static const struct value_id value_id = {{"t", "o", "value", "a=\"b\""}, "cpu"};
	static const struct store_value value = {1, 2, 3, 4};
	static const struct history_event event = {START_NS, "started", "t", "text"};
	struct alert *a = calloc(1, sizeof(*a));
	struct window *w = window_new();
	struct ilp ilp;

	(void)state;
	fill_window(w);
	*a = (struct alert){.id = "1-2",
			    .rule = "r",
			    .state = ALERT_RESOLVED,
			    .severity = ALERT_INFO,
			    .operation = "o",
			    .target = "t",
			    .labels = "a=\"b\"",
			    .metric = "m",
			    .message = "text",
			    .started_ns = START_NS,
			    .fired_ns = START_NS + 1,
			    .ended_ns = START_NS + 2,
			    .acknowledged_ns = START_NS + 3,
			    .acknowledged_by = "desk"};
	ilp_init(&ilp, 2, 1U << 20);
	assert_int_equal(questdb_encode_latency(&ilp, &origin, &id, w), 0);
	check_columns(&ilp, QUESTDB_LATENCY);
	ilp_clear(&ilp);
	assert_int_equal(questdb_encode_buckets(&ilp, &origin, &id, w), 0);
	check_columns(&ilp, QUESTDB_BUCKET);
	ilp_clear(&ilp);
	assert_int_equal(questdb_encode_value(&ilp, &origin, &value_id, &value), 0);
	check_columns(&ilp, QUESTDB_VALUE);
	ilp_clear(&ilp);
	assert_int_equal(questdb_encode_event(&ilp, "host", 7, &event), 0);
	check_columns(&ilp, QUESTDB_EVENT);
	ilp_clear(&ilp);
	assert_int_equal(questdb_encode_alert(&ilp, "host", a), 0);
	check_columns(&ilp, QUESTDB_ALERT);
	ilp_fini(&ilp);
	free(a);
	free(w);
}

/* --- buckets ---------------------------------------------------------------------------------- */

struct sums {
	double counts;
	int64_t errors;
	int64_t sum_ns;
	int64_t lost;
	int64_t window_ns;
	size_t row_cnt;
	int64_t at_ns; /* of the last row */
};

/* What rows of buckets add up to; bounds and errors are in one row of each window. */
static void add_rows(struct sums *sums, const struct ilp *ilp)
{
	struct decoder decoder = {ilp->bytes, ilp->bytes + ilp->used, ilp->version, 0};
	struct decoded *d = calloc(1, sizeof(*d));
	int64_t window_ns = 0;

	for (decoded_next(&decoder, d); d->kind != DECODED_NOTHING; decoded_next(&decoder, d)) {
		assert_int_not_equal(d->kind, DECODED_BAD);
		for (size_t i = 0; d->kind == DECODED_ARRAY && i < d->array_cnt; i++)
			sums->counts += d->array[i];
		if (d->kind == DECODED_ARRAY)
			assert_true(d->array_cnt == 1 || d->array[d->array_cnt - 1] > 0);
		if (d->kind == DECODED_LONG && !strcmp(d->name, "window_ns"))
			window_ns = d->number;
		if (d->kind == DECODED_LONG && !strcmp(d->name, "errors")) {
			sums->errors += d->number;
			sums->window_ns += window_ns;
		}
		if (d->kind == DECODED_LONG && !strcmp(d->name, "sum_ns"))
			sums->sum_ns += d->number;
		if (d->kind == DECODED_LONG && !strcmp(d->name, "lost"))
			sums->lost += d->number;
		if (d->kind == DECODED_ROW_END) {
			sums->row_cnt++;
			sums->at_ns = d->number;
		}
	}
	free(d);
}

/* The truth about windows that began in [from, until). */
static void check_sums(const struct sums *sums, const struct truth *t, uint64_t from,
		       uint64_t until)
{
	struct window *total = window_new();

	for (size_t i = 0; i < t->cnt; i++) {
		const struct entry *e = &t->entries[i];

		if (e->start_ns >= from && e->start_ns < until)
			assert_int_equal(packed_merge(total, t->packed + e->offset, e->bytes), 0);
	}
	assert_true(sums->counts == (double)total->count);
	assert_int_equal(sums->errors, total->errors);
	assert_int_equal(sums->sum_ns, total->sum_ns);
	assert_int_equal(sums->lost, total->lost);
	assert_int_equal(sums->window_ns, total->duration_ns);
	free(total);
}

static void read_rows(struct questdb_rows *rows, enum questdb_table_idx table,
		      const struct place *p, int64_t position)
{
	struct history *h = open_history(p);

	assert_int_equal(questdb_rows_read(rows, stream_of(table), h, "host", position), 0);
	history_close(h);
}

/* A minute's rows come when it is over; a batch that went directly is in none. */
static void test_minutes(void **state)
{
	struct place p = place_make();
	struct store_options options = options_at(&p);
	struct store *s = open_store(&options);
	struct truth t = {0};
	struct questdb_rows rows;
	struct sums sums = {0};
	int64_t position = 0;

	(void)state;
	questdb_rows_init(&rows, 2);
	for (uint64_t i = 0; i < 6; i++)
		write_batch(s, &t, START_NS + i * 10 * SECOND_NS + 3);
	store_batch_begin(s, START_NS + 59 * SECOND_NS, true);
	store_batch_value(s, &(struct value_id){series_ids[0], "direct"}, &(struct store_value){0});
	store_batch_end(s);
	flush(s);
	read_rows(&rows, QUESTDB_BUCKET, &p, position);
	assert_int_equal(rows.ilp.row_cnt, 0);
	assert_int_equal(rows.position, position);
	write_batch(s, &t, START_NS + MINUTE_NS + 3);
	flush(s);
	read_rows(&rows, QUESTDB_BUCKET, &p, position);
	add_rows(&sums, &rows.ilp);
	assert_int_equal(sums.row_cnt, rows.ilp.row_cnt);
	assert_true(sums.at_ns == START_NS + 3);
	check_sums(&sums, &t, 0, START_NS + MINUTE_NS);
	position = rows.position;
	read_rows(&rows, QUESTDB_BUCKET, &p, position);
	assert_int_equal(rows.ilp.row_cnt, 0);
	store_close(s);
	/* Another life of the agent: its first batch ends the minute, though it is in the same. */
	options.run_id = "second";
	s = open_store(&options);
	write_batch(s, &t, START_NS + MINUTE_NS + 20 * SECOND_NS);
	flush(s);
	read_rows(&rows, QUESTDB_BUCKET, &p, position);
	sums = (struct sums){0};
	add_rows(&sums, &rows.ilp);
	check_sums(&sums, &t, START_NS + MINUTE_NS, START_NS + MINUTE_NS + 20 * SECOND_NS);
	/* All rows but those of the direct batch: its value is none. */
	read_rows(&rows, QUESTDB_VALUE, &p, 0);
	assert_int_equal(rows.ilp.row_cnt, 0);
	assert_true(rows.position > 0);
	read_rows(&rows, QUESTDB_LATENCY, &p, 0);
	assert_int_equal(rows.ilp.row_cnt, 8 * SERIES_CNT);
	questdb_rows_fini(&rows);
	store_close(s);
	truth_free(&t);
	place_remove(&p);
}

/* A batch that does not fit into the buffer goes in parts, which together are it. */
static void test_parts(void **state)
{
	struct place p = place_make();
	struct store_options options = options_at(&p);
	struct store *s = open_store(&options);
	struct window *w = window_new();
	struct questdb_rows rows;
	size_t row_cnt = 0, part_cnt = 0, bytes = 0;
	struct ilp whole;
	char name[32];

	(void)state;
	questdb_rows_init(&rows, 2);
	fill_window(w);
	store_batch_begin(s, START_NS, false);
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		store_batch_window(s, &(struct store_window){.id = {"t", name, "function", ""},
							     .window = w,
							     .probe = ""});
	}
	store_batch_end(s);
	flush(s);
	read_rows(&rows, QUESTDB_LATENCY, &p, 0);
	assert_int_equal(rows.ilp.row_cnt, 200);
	bytes = rows.ilp.used;
	whole = rows.ilp;
	ilp_init(&rows.ilp, 2, 4096);
	do {
		assert_true(part_cnt++ < 1024);
		read_rows(&rows, QUESTDB_LATENCY, &p, 0);
		row_cnt += rows.ilp.row_cnt;
		bytes -= rows.ilp.used;
	} while (!questdb_rows_sent(&rows));
	assert_int_equal(row_cnt, 200);
	assert_int_equal(bytes, 0);
	assert_true(part_cnt > 10);
	assert_true(rows.position > 0);
	assert_int_equal(rows.refused_cnt, 0);
	/* What fits into no part is counted, and holds up nothing. */
	ilp_fini(&rows.ilp);
	ilp_init(&rows.ilp, 2, 64);
	row_cnt = 0;
	questdb_rows_restart(&rows);
	do {
		read_rows(&rows, QUESTDB_LATENCY, &p, 0);
		assert_int_equal(rows.ilp.row_cnt, 0);
		row_cnt += rows.refused_cnt;
	} while (!questdb_rows_sent(&rows));
	assert_int_equal(row_cnt, 200);
	ilp_fini(&whole);
	questdb_rows_fini(&rows);
	free(w);
	store_close(s);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_minutes),
		cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
