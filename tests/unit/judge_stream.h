/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of seconds for judge, and what it says, as one line: "5 pending r, 10 fired* r warning".
 * A star: it was told. */
#ifndef TICKSCOPE_TESTS_UNIT_JUDGE_STREAM_H
#define TICKSCOPE_TESTS_UNIT_JUDGE_STREAM_H

#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "judge/judge.h"
#include "measure/recorder.h"

#define STREAM_S	1000000000ULL
#define STREAM_MS	1000000ULL
#define STREAM_BEGIN_S	1000 /* mono; the wall clock is far from it */
#define STREAM_WALL_S	1700000000ULL
#define STREAM_RULE_MAX 8

struct stream {
	struct config config;
	struct config_rule rules[STREAM_RULE_MAX];
	struct judge *judge;
	uint64_t s; /* since the beginning */
	int64_t wall_step_s;
	bool shows_all; /* pending, withdrawn, acknowledged too */
	char said[8192];
	char notices[2048];
	struct alert last;
	uint64_t told_cnt;
};

static inline uint64_t stream_mono(const struct stream *s)
{
	return (STREAM_BEGIN_S + s->s) * STREAM_S;
}

static inline uint64_t stream_wall(const struct stream *s)
{
	return (STREAM_WALL_S + s->s + (uint64_t)s->wall_step_s) * STREAM_S;
}

static inline void stream_hear(void *context, const struct alert *alert, enum judge_change change,
			       bool is_told)
{
	static const char *const changes[] = {[JUDGE_PENDING] = "pending",
					      [JUDGE_WITHDRAWN] = "withdrawn",
					      [JUDGE_FIRED] = "fired",
					      [JUDGE_TOLD] = "again",
					      [JUDGE_SEVERITY] = "now",
					      [JUDGE_RESOLVED] = "resolved",
					      [JUDGE_ACKNOWLEDGED] = "acknowledged"};
	struct stream *s = context;
	size_t at = strlen(s->said);

	s->last = *alert;
	s->told_cnt += is_told;
	if (!s->shows_all && (change <= JUDGE_WITHDRAWN || change == JUDGE_ACKNOWLEDGED))
		return;
	format_text(s->said + at, sizeof(s->said) - at, "%s%llu %s%s %s %s", at ? ", " : "",
		    (unsigned long long)s->s, changes[change], is_told ? "*" : "", alert->rule,
		    alert_severity_name(alert->severity));
}

static inline void stream_notice(void *context, const char *text)
{
	struct stream *s = context;
	size_t at = strlen(s->notices);

	format_text(s->notices + at, sizeof(s->notices) - at, "%llu %s\n", (unsigned long long)s->s,
		    text);
}

/* Defaults of the configuration, but metrics are of the last second. */
static inline void stream_init(struct stream *s)
{
	memset(s, 0, sizeof(*s));
	s->config.judge = (struct config_judge){.over_ns = STREAM_S,
						.cooldown_ns = 60 * STREAM_S,
						.keep_firing_ns = 10 * STREAM_S,
						.min_samples = 10,
						.system_check_ns = 10 * STREAM_S};
	s->config.rules = s->rules;
}

static inline struct config_rule *stream_rule(struct stream *s, const char *name, const char *text)
{
	struct config_rule *rule = &s->rules[s->config.rule_cnt++];
	struct fault why;
	size_t column;

	*rule = (struct config_rule){.name = (char *)name,
				     .expression_text = (char *)text,
				     .over_ns = s->config.judge.over_ns,
				     .keep_firing_ns = s->config.judge.keep_firing_ns};
	if (rule_expression_parse(text, &rule->expression, &column, &why) != 0)
		fail_msg("%s: column %zu: %s", text, column, why.text);
	return rule;
}

static inline void stream_start(struct stream *s)
{
	struct judge_callbacks callbacks = {stream_hear, stream_notice, s};

	assert_int_equal(judge_new(&s->config, &callbacks, &s->judge), 0);
}

static inline void stream_fini(struct stream *s)
{
	judge_free(s->judge);
	for (size_t i = 0; i < s->config.rule_cnt; i++)
		rule_expression_free(s->rules[i].expression);
}

/* cnt calls of ns each, some of them errors, that ended within this second. */
static inline void stream_calls(struct stream *s, const struct series_id *id, uint64_t cnt,
				uint64_t ns, uint64_t errors)
{
	struct window *w = calloc(1, sizeof(*w));
	uint32_t bucket = ts_bucket_of(ns);

	window_init(w);
	w->duration_ns = STREAM_S;
	w->entries = w->returns = w->count = cnt;
	w->errors = errors;
	w->sum_ns = cnt * ns;
	if (cnt) {
		w->min_ns = w->max_ns = ns;
		w->octaves = 1ULL << (bucket / 128);
		w->buckets[bucket] = cnt;
	}
	judge_feed(s->judge, id, stream_mono(s), w);
	free(w);
}

static inline void stream_value(struct stream *s, const char *target, const char *name,
				double value)
{
	struct value_id id = {{target, "", "value", ""}, name};

	judge_feed_value(s->judge, &id, stream_mono(s), value);
}

static inline void stream_evaluate(struct stream *s)
{
	judge_evaluate(s->judge, stream_mono(s), stream_wall(s));
}

#endif
