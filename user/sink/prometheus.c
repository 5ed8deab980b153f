/* SPDX-License-Identifier: Apache-2.0 */
/* Seconds of the agent -> counters and values of the page. prometheus_page.c writes it. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/prometheus_registry.h"

/* --- life ------------------------------------------------------------------------------------- */

static void init_rows(struct prometheus *p)
{
	prometheus_bounds_exact(&p->exact);
	prometheus_rows_init(&p->operations, &p->lock, p->exact.cnt + 2 + PROMETHEUS_EXTRA_CNT);
	for (size_t i = 0; i < CONFIG_FAMILY_CNT; i++) {
		const struct prometheus_mapped *family = &prometheus_mapped_families[i];
		size_t number_cnt = 0;

		prometheus_bounds_mapped(family, &p->mapped_bounds[i]);
		if (family->source == PROMETHEUS_FROM_DURATION)
			number_cnt = p->mapped_bounds[i].cnt + 2;
		else if (family->source == PROMETHEUS_FROM_COUNT)
			number_cnt = 1;
		prometheus_rows_init(&p->mapped[i], &p->lock, number_cnt);
	}
	for (size_t i = 0; p->gauges && i <= prometheus_gauge_cnt; i++)
		prometheus_rows_init(&p->gauges[i], &p->lock, 0);
}

static bool copy_config(struct prometheus *p, const struct config_prometheus *config)
{
	p->series_max = config->series_max;
	for (size_t i = 0; i < CONFIG_FAMILY_CNT; i++) {
		if (!config->families[i])
			continue;
		p->patterns[i] = strdup(config->families[i]);
		if (!p->patterns[i])
			return false;
	}
	return true;
}

int prometheus_new(const struct config_prometheus *config, const char *host,
		   struct prometheus **ret_prometheus, struct fault *why)
{
	struct prometheus *p = calloc(1, sizeof(*p));

	if (!p)
		return fault_set(why, -ENOMEM, "out of memory");
	pthread_mutex_init(&p->lock, NULL);
	p->host = strdup(host);
	p->gauges = calloc(prometheus_gauge_cnt + 1, sizeof(*p->gauges));
	init_rows(p);
	if (!p->host || !p->gauges || !copy_config(p, config)) {
		prometheus_free(p);
		return fault_set(why, -ENOMEM, "out of memory");
	}
	*ret_prometheus = p;
	return 0;
}

void prometheus_free(struct prometheus *p)
{
	if (!p)
		return;
	prometheus_origins_free(p);
	prometheus_rows_fini(&p->operations);
	for (size_t i = 0; i < CONFIG_FAMILY_CNT; i++) {
		prometheus_rows_fini(&p->mapped[i]);
		free(p->patterns[i]);
	}
	for (size_t i = 0; p->gauges && i <= prometheus_gauge_cnt; i++)
		prometheus_rows_fini(&p->gauges[i]);
	free(p->gauges);
	free(p->host);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* --- a second --------------------------------------------------------------------------------- */

void prometheus_begin(struct prometheus *p)
{
	p->second++;
	p->hint = 0;
}

/* What was counted as unwound, and was a missed exit (measure/stats.h), is lost. It is counted as
 * missed first: until both are known, unwound stays as it was told, since counters only grow. */
static void settle_losses(struct prometheus_origin *o, const struct window *w, uint64_t *ret_lost,
			  uint64_t *ret_unwound)
{
	uint64_t lost_before = o->missed < o->unwound ? o->missed : o->unwound;
	uint64_t lost;

	o->missed += w->missed_exits;
	o->unwound += w->unwound;
	lost = o->missed < o->unwound ? o->missed : o->unwound;
	*ret_lost = w->lost + lost - lost_before;
	*ret_unwound = 0;
	if (o->unwound - lost > o->told_unwound) {
		*ret_unwound = o->unwound - lost - o->told_unwound;
		o->told_unwound = o->unwound - lost;
	}
}

static void count(struct prometheus *p, const struct prometheus_goal *goal, const struct window *w,
		  const uint64_t extras[PROMETHEUS_EXTRA_CNT])
{
	uint64_t numbers[PROMETHEUS_NUMBER_MAX] = {0};
	size_t at = 0;

	if (!goal->bounds) {
		numbers[0] = w->count;
	} else {
		prometheus_bounds_count(goal->bounds, w, numbers);
		at = goal->bounds->cnt + 1;
		numbers[at++] = w->sum_ns;
	}
	if (goal->rows == &p->operations)
		memcpy(numbers + at, extras, PROMETHEUS_EXTRA_CNT * sizeof(extras[0]));
	prometheus_rows_count(goal->rows, goal->row, numbers);
}

void prometheus_window(struct prometheus *p, const struct series_id *id, const struct window *w)
{
	const struct value_id whole = {.of = *id, .name = ""};
	struct prometheus_origin *o = prometheus_origins_find(p, &whole);
	uint64_t extras[PROMETHEUS_EXTRA_CNT];

	if (!o)
		return;
	settle_losses(o, w, &extras[PROMETHEUS_LOST - 1], &extras[PROMETHEUS_UNWOUND - 1]);
	extras[PROMETHEUS_ERRORS - 1] = w->errors;
	extras[PROMETHEUS_DROPPED - 1] = w->dropped;
	if (!w->count && !w->sum_ns && !extras[0] && !extras[1] && !extras[2] && !extras[3])
		return;
	for (size_t i = 0; i < o->goal_cnt; i++)
		count(p, &o->goals[i], w, extras);
}

void prometheus_value(struct prometheus *p, const struct value_id *id, double value)
{
	struct prometheus_origin *o = isfinite(value) ? prometheus_origins_find(p, id) : NULL;

	for (size_t i = 0; o && i < o->goal_cnt; i++) {
		struct prometheus_row *row = o->goals[i].row;

		row->next =
			(row->next_second == p->second ? row->next : 0) + value * o->goals[i].scale;
		row->next_second = p->second;
	}
}

void prometheus_end(struct prometheus *p)
{
	for (size_t i = 0; i < CONFIG_FAMILY_CNT; i++) {
		if (!p->mapped[i].number_cnt)
			prometheus_rows_publish(&p->mapped[i], p->second);
	}
	for (size_t i = 0; i <= prometheus_gauge_cnt; i++)
		prometheus_rows_publish(&p->gauges[i], p->second);
}

/* --- state ------------------------------------------------------------------------------------ */

void prometheus_status(struct prometheus *p, struct sink_status *ret_status)
{
	struct sink_status s = {.state = SINK_STARTING};

	pthread_mutex_lock(&p->lock);
	if (p->is_failing)
		s.state = SINK_FAILING;
	else if (p->scrape_cnt)
		s.state = SINK_OK;
	s.sent_cnt = p->scrape_cnt;
	s.retry_cnt = p->failed_cnt;
	s.refused_cnt = p->refused_cnt;
	s.last_success_wall_ns = p->last_scrape_wall_ns;
	pthread_mutex_unlock(&p->lock);
	if (s.retry_cnt)
		snprintf(s.last_error, sizeof(s.last_error), "no memory for the page");
	else if (s.refused_cnt)
		snprintf(s.last_error, sizeof(s.last_error),
			 "more than %zu series: %llu operations or values are not on the page "
			 "(sinks.prometheus.max_series)",
			 p->series_max, (unsigned long long)s.refused_cnt);
	*ret_status = s;
}
