/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many rows of 4 symbols, 3 longs and 5 doubles (264 bytes in version 2) one core encodes in a
 * second: "VERSION ROWS_PER_S BYTES_PER_ROW" for versions 1 and 2, each the best of some rounds.
 * With the URL of a QuestDB: how many it takes of us, as "ROWS ROWS_PER_S".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sink/http.h"
#include "sink/ilp.h"

#define ROUNDS	       20
#define ROWS_PER_ROUND 100000
#define SENT_ROWS      1000000
#define TIMEOUT_NS     (30 * 1000000000ULL)
#define BATCH_BYTES    (1U << 20) /* as much as goes into one request */

static uint64_t mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

static int encode_row(struct ilp *ilp, uint64_t i)
{
	double x = (double)i;

	ilp_begin(ilp, "bench_latency_row"); /* a table that the server makes */
	ilp_symbol(ilp, "host", "trading-host-01.desk");
	ilp_symbol(ilp, "target", "engine");
	ilp_symbol(ilp, "operation", "desk::Executor::execute_trade");
	ilp_symbol(ilp, "kind", "function");
	ilp_long(ilp, "count", (int64_t)(19990 + i % 10));
	ilp_long(ilp, "errors", (int64_t)(i % 13));
	ilp_long(ilp, "max_ns", (int64_t)(5500043 + i % 1000));
	ilp_double(ilp, "mean_ns", 29418.8125 + x);
	ilp_double(ilp, "p50_ns", 20210.5 + x);
	ilp_double(ilp, "p95_ns", 69744.25 + x);
	ilp_double(ilp, "p99_ns", 200048.125 + x);
	ilp_double(ilp, "p999_ns", 556049.0625 + x);
	return ilp_end(ilp, 1700000000000000000ULL + i * 1000);
}

/* Rows per second of one round; 0: a row failed. */
static double measure(struct ilp *ilp, double *ret_row_bytes)
{
	uint64_t began_ns = mono_ns(), bytes = 0;

	for (uint64_t i = 0; i < ROWS_PER_ROUND; i++) {
		if (ilp->used > BATCH_BYTES) {
			bytes += ilp->used;
			ilp_clear(ilp);
		}
		if (encode_row(ilp, i))
			return 0;
	}
	*ret_row_bytes = (double)(bytes + ilp->used) / ROWS_PER_ROUND;
	ilp_clear(ilp);
	return ROWS_PER_ROUND * 1e9 / (double)(mono_ns() - began_ns);
}

static int post(struct http *http, struct ilp *ilp)
{
	const struct http_body body = {ilp->bytes, ilp->used};
	struct http_answer answer;
	struct fault why;
	int err = http_request(http, "/write?precision=n", &body, &answer, &why);

	ilp_clear(ilp);
	if (err) {
		fprintf(stderr, "%s\n", why.text);
		return err;
	}
	if (answer.status != 204) {
		fprintf(stderr, "HTTP %ld: %s\n", answer.status, answer.body ? answer.body : "");
		err = -1;
	}
	http_answer_fini(&answer);
	return err;
}

/* Encoded and sent by turns, as the sink does. */
static int send_rows(struct http *http, struct ilp *ilp)
{
	uint64_t began_ns = mono_ns();
	int err = 0;

	for (uint64_t i = 0; !err && i < SENT_ROWS; i++) {
		err = encode_row(ilp, i);
		if (!err && (ilp->used > BATCH_BYTES || i + 1 == SENT_ROWS))
			err = post(http, ilp);
	}
	if (!err)
		printf("%d %.0f\n", SENT_ROWS, SENT_ROWS * 1e9 / (double)(mono_ns() - began_ns));
	return err;
}

static int measure_server(const char *url)
{
	const struct http_options options = {.url = url, .timeout_ns = TIMEOUT_NS};
	struct http *http;
	struct fault why;
	struct ilp ilp;
	int err;

	if (http_open(&options, &http, &why)) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	ilp_init(&ilp, 2, 2 * BATCH_BYTES);
	err = send_rows(http, &ilp);
	ilp_fini(&ilp);
	http_close(http);
	return err != 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return measure_server(argv[1]);
	for (int version = 1; version <= 2; version++) {
		double best = 0, row_bytes = 0;
		struct ilp ilp;

		ilp_init(&ilp, version, 2 * BATCH_BYTES);
		for (int i = 0; i < ROUNDS; i++) {
			double rate = measure(&ilp, &row_bytes);

			best = rate > best ? rate : best;
		}
		ilp_fini(&ilp);
		printf("%d %.0f %.1f\n", version, best, row_bytes);
	}
	return 0;
}
