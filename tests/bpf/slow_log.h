/* SPDX-License-Identifier: Apache-2.0 */
/* A program's own log of its calls (tests/bpf/targets/slow.c). */
#ifndef TICKSCOPE_TESTS_SLOW_LOG_H
#define TICKSCOPE_TESTS_SLOW_LOG_H

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct logged {
	json_int_t tid;
	json_int_t shortest_ns;
	json_int_t longest_ns;
	json_int_t begin_wall_ns; /* at the end of the thread's call before it */
	json_int_t end_wall_ns;
	bool is_told;
};

struct log {
	struct logged *calls;
	size_t cnt;
};

static struct log log_read(const json_t *truth)
{
	const json_t *calls = json_object_get(truth, "calls");
	struct log log = {.cnt = json_array_size(calls)};

	log.calls = calloc(log.cnt + 1, sizeof(*log.calls));
	assert_non_null(log.calls);
	for (size_t i = 0; i < log.cnt; i++) {
		const json_t *call = json_array_get(calls, i);
		struct logged *l = &log.calls[i];

		l->tid = json_integer_value(json_array_get(call, 0));
		l->shortest_ns = json_integer_value(json_array_get(call, 1));
		l->longest_ns = json_integer_value(json_array_get(call, 2));
		l->end_wall_ns = json_integer_value(json_array_get(call, 3));
		if (i && l[-1].tid == l->tid)
			l->begin_wall_ns = l[-1].end_wall_ns;
	}
	return log;
}

#endif
