/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uptime: a second in which something of a target was fed is a second up; one in which nothing was,
 * or in which its value "up" is 0, is one down. It is counted from the first time on that the
 * target was there, for a day, in hours.
 */
#include <math.h>
#include <string.h>

#include "base/format.h"
#include "base/time_units.h"
#include "judge/system_check.h"

#define FRESH_NS 3000000000ULL /* a feed may come a little late */

static struct uptime *uptime_of(struct judge *judge, const char *target)
{
	struct uptime *u;

	for (size_t i = 0; i < judge->uptime_cnt; i++) {
		if (!strcmp(judge->uptimes[i].target, target))
			return &judge->uptimes[i];
	}
	if (judge->uptime_cnt == UPTIME_TARGET_MAX)
		return NULL;
	u = &judge->uptimes[judge->uptime_cnt++];
	format_text(u->target, sizeof(u->target), "%s", target);
	return u;
}

static bool is_down_value(const struct source *s)
{
	return s->kind == SOURCE_VALUE && !s->id.operation[0] && !strcmp(s->name, "up") &&
	       s->last == 0;
}

static bool is_host(const struct source *s)
{
	return !strcmp(s->id.target, SERIES_HOST);
}

static void note_targets(struct judge *judge, uint64_t mono_ns)
{
	struct uptime *u;

	for (size_t i = 0; i < judge->uptime_cnt; i++)
		judge->uptimes[i].is_up = false;
	for (size_t i = 0; i < judge->sources.cnt; i++) {
		const struct source *s = judge->sources.items[i];

		/* What judge feeds itself is no sign of life. */
		if (is_host(s) || !strcmp(s->name, "uptime_ratio") ||
		    mono_ns - s->newest_ns >= FRESH_NS)
			continue;
		u = uptime_of(judge, s->id.target);
		if (u)
			u->is_up = true;
	}
	for (size_t i = 0; i < judge->sources.cnt; i++) {
		const struct source *s = judge->sources.items[i];

		u = is_down_value(s) && !is_host(s) ? uptime_of(judge, s->id.target) : NULL;
		if (u)
			u->is_up = false;
	}
}

static void count_second(struct judge *judge, uint64_t mono_ns, uint32_t passed_s)
{
	uint64_t hour = mono_ns / NS_PER_HOUR;
	size_t at = hour % UPTIME_HOURS;

	for (size_t i = 0; i < judge->uptime_cnt; i++) {
		struct uptime *u = &judge->uptimes[i];

		if (u->hour[at] != hour) {
			u->hour[at] = hour;
			u->up_s[at] = u->known_s[at] = 0;
		}
		u->known_s[at] += passed_s;
		u->up_s[at] += u->is_up ? passed_s : 0;
	}
}

double system_check_uptime(const struct judge *judge, const char *target, uint64_t mono_ns)
{
	uint64_t hour = mono_ns / NS_PER_HOUR, up_s = 0, known_s = 0;

	for (size_t i = 0; i < judge->uptime_cnt; i++) {
		const struct uptime *u = &judge->uptimes[i];

		if (target && strcmp(u->target, target) != 0)
			continue;
		for (size_t k = 0; k < UPTIME_HOURS; k++) {
			if (hour - u->hour[k] >= UPTIME_HOURS)
				continue;
			up_s += u->up_s[k];
			known_s += u->known_s[k];
		}
	}
	return known_s ? (double)up_s / (double)known_s : NAN;
}

struct rolling_totals system_check_totals(const struct judge *judge, uint64_t mono_ns)
{
	struct rolling_totals total = {.min_ns = UINT64_MAX}, part;

	for (size_t i = 0; i < judge->sources.cnt; i++) {
		const struct source *s = judge->sources.items[i];

		if (s->kind != SOURCE_TOTAL)
			continue;
		rolling_sum(s->rolling, mono_ns, SYSTEM_CHECK_OVER_NS, &part);
		if (part.duration_ns > total.duration_ns)
			total.duration_ns = part.duration_ns;
		total.count += part.count;
		total.errors += part.errors;
		total.sum_ns += part.sum_ns;
	}
	return total;
}

size_t system_check_alerts(const struct judge *judge)
{
	size_t cnt = judge->restored_cnt;

	for (size_t r = 0; r < judge->rule_cnt; r++) {
		for (size_t i = 0; i < judge->rules[r].instance_cnt; i++)
			cnt += judge->rules[r].instances[i]->state == ALERT_FIRING;
	}
	return cnt;
}

uint64_t system_check_violations(const struct judge *judge, uint64_t mono_ns)
{
	uint64_t cnt = 0;

	for (size_t r = 0; r < judge->rule_cnt; r++) {
		if (judge->rules[r].limit)
			cnt += violations_count(&judge->rules[r].violations, mono_ns,
						VIOLATIONS_DAY_NS);
	}
	return cnt;
}

static void feed(struct judge *judge, const char *target, const char *name, uint64_t mono_ns,
		 double value)
{
	struct value_id id = {{target, "", "value", ""}, name};

	if (!isnan(value))
		judge_feed_value(judge, &id, mono_ns, value);
}

static void check(struct judge *judge, uint64_t mono_ns)
{
	struct rolling_totals t = system_check_totals(judge, mono_ns);
	bool is_enough = t.count && t.count >= judge->config->judge.min_samples;

	feed(judge, SERIES_HOST, "system_uptime_ratio", mono_ns,
	     system_check_uptime(judge, NULL, mono_ns));
	feed(judge, SERIES_HOST, "system_requests_per_s", mono_ns,
	     t.duration_ns ? (double)t.count / ((double)t.duration_ns / 1e9) : NAN);
	feed(judge, SERIES_HOST, "system_error_ratio", mono_ns,
	     is_enough ? (double)t.errors / (double)t.count : NAN);
	feed(judge, SERIES_HOST, "system_latency_ns", mono_ns,
	     is_enough ? (double)t.sum_ns / (double)t.count : NAN);
	feed(judge, SERIES_HOST, "system_alerts", mono_ns, (double)system_check_alerts(judge));
	feed(judge, SERIES_HOST, "system_violations", mono_ns,
	     (double)system_check_violations(judge, mono_ns));
	for (size_t i = 0; i < judge->uptime_cnt; i++)
		feed(judge, judge->uptimes[i].target, "uptime_ratio", mono_ns,
		     system_check_uptime(judge, judge->uptimes[i].target, mono_ns));
}

void system_check_step(struct judge *judge, uint64_t mono_ns)
{
	uint64_t passed_ns = judge->evaluated_ns ? mono_ns - judge->evaluated_ns : NS_PER_S;

	note_targets(judge, mono_ns);
	/* Longer: the agent itself slept, and knows nothing of that time. */
	if (passed_ns < 10 * NS_PER_S && !judge->is_uptime_paused)
		count_second(judge, mono_ns, (uint32_t)((passed_ns + NS_PER_S / 2) / NS_PER_S));
	if (judge->checked_ns && mono_ns - judge->checked_ns < judge->config->judge.system_check_ns)
		return;
	judge->checked_ns = mono_ns;
	check(judge, mono_ns);
}
