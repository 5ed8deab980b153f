/* SPDX-License-Identifier: Apache-2.0 */
/* Windows to be counted, and pages to be read back. */
#ifndef TICKSCOPE_TESTS_PROMETHEUS_PARTS_H
#define TICKSCOPE_TESTS_PROMETHEUS_PARTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tickscope/bucket.h>

#include "sink/prometheus.h"

static inline struct window *new_window(void)
{
	struct window *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	window_init(w);
	return w;
}

static inline void add_time(struct window *w, uint64_t ns, uint64_t cnt)
{
	uint32_t idx = ts_bucket_of(ns);

	w->buckets[idx] += cnt;
	w->octaves |= 1ULL << (idx / TS_BUCKET_SUB_CNT);
	w->count += cnt;
	w->sum_ns += cnt * ns;
}

static inline struct prometheus *new_sink(const struct config_prometheus *config)
{
	struct prometheus *p;
	struct fault why;

	assert_int_equal(prometheus_new(config, "desk\"1", &p, &why), 0);
	return p;
}

static inline char *page_of(struct prometheus *p, enum prometheus_format format)
{
	size_t bytes;
	char *page, *text;

	assert_int_equal(prometheus_page(p, format, &page, &bytes), 0);
	text = strndup(page, bytes);
	assert_non_null(text);
	assert_int_equal(strlen(text), bytes);
	free(page);
	return text;
}

/* The number of a sample; fails where it is not on the page exactly once. */
static inline double sample(const char *page, const char *name)
{
	char line[512];
	const char *at;

	snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr(page, line);
	if (!at || strstr(at + 1, line))
		fail_msg("%s is not on the page once:\n%s", name, page);
	return at ? strtod(at + strlen(line), NULL) : 0;
}

#define OF_RISK "{operation=\"risk\",target=\"engine\",kind=\"function\""

#endif
