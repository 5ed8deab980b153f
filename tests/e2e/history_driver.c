/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a history through the store, as an agent does: history_driver FILE RUN, and on its input
 * tab-separated lines: "B start_ns", "W target operation kind labels errors ns…", "V target
 * operation labels name mean min max last", "E".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store.h"

#define LINE_BYTES (1 << 20)
#define WAIT_NS	   (60 * 1000000000ULL)

static const char *field(char **rest)
{
	char *text = strsep(rest, "\t\n");

	return text ? text : "";
}

static void write_window(struct store *s, char *rest, struct window *w)
{
	struct store_window row = {.window = w,
				   .probe = "as the test says",
				   .probe_cost_ns = 900,
				   .probe_inner_ns = 100};

	row.id.target = field(&rest);
	row.id.operation = field(&rest);
	row.id.kind = field(&rest);
	row.id.labels = field(&rest);
	window_clear(w);
	w->duration_ns = 10000000000ULL;
	w->errors = strtoull(field(&rest), NULL, 10);
	while (rest && *rest) {
		uint64_t ns = strtoull(field(&rest), NULL, 10);
		uint32_t bucket = ts_bucket_of(ns);

		w->buckets[bucket]++;
		w->octaves |= 1ULL << (bucket >> TS_BUCKET_SUB_BITS);
		w->count++;
		w->sum_ns += ns;
		w->min_ns = ns < w->min_ns ? ns : w->min_ns;
		w->max_ns = ns > w->max_ns ? ns : w->max_ns;
	}
	w->entries = w->returns = w->count;
	store_batch_window(s, &row);
}

static void write_value(struct store *s, char *rest)
{
	struct value_id id = {.of = {.kind = "value"}};
	struct store_value value;

	id.of.target = field(&rest);
	id.of.operation = field(&rest);
	id.of.labels = field(&rest);
	id.name = field(&rest);
	value.mean = strtod(field(&rest), NULL);
	value.min = strtod(field(&rest), NULL);
	value.max = strtod(field(&rest), NULL);
	value.last = strtod(field(&rest), NULL);
	store_batch_value(s, &id, &value);
}

static void write_line(struct store *s, char *line, struct window *w)
{
	switch (line[0]) {
	case 'B':
		store_batch_begin(s, strtoull(line + 2, NULL, 10), false);
		break;
	case 'W':
		write_window(s, line + 2, w);
		break;
	case 'V':
		write_value(s, line + 2);
		break;
	default:
		store_batch_end(s);
		store_flush(s, WAIT_NS);
	}
}

int main(int argc, char **argv)
{
	struct store_options options = {
		.path = argc > 1 ? argv[1] : "",
		.run_id = argc > 2 ? argv[2] : "",
		.keep = {.keep_10s_ns = 3600000000000ULL,
			 .keep_1m_ns = 365 * 86400000000000ULL,
			 .keep_1h_ns = 365 * 86400000000000ULL,
			 .max_bytes = 1ULL << 30},
	};
	static char line[LINE_BYTES];
	static struct window w;
	struct store *s;
	struct fault why;

	if (store_open(&options, &s, &why)) {
		fprintf(stderr, "history_driver: %s\n", why.text);
		return 1;
	}
	window_init(&w);
	while (fgets(line, sizeof(line), stdin))
		write_line(s, line, &w);
	return store_close(s) ? 1 : 0;
}
