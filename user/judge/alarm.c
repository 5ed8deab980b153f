/* SPDX-License-Identifier: Apache-2.0 */
/* The life of alerts. All durations are taken on the monotonic clock; the wall clock, which can
 * step, is only written down. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/time_units.h"
#include "judge/alarm.h"
#include "judge/alert_text.h"
#include "judge/silence.h"

/* Nothing was known of it for so long: no window of an hour is left that could. */
#define STALE_NS SOURCE_SILENT_NS

static void call(struct judge *judge, const struct instance *instance, enum judge_change change,
		 bool is_told)
{
	judge->counters.told += is_told;
	judge->callbacks.on_alert(judge->callbacks.context, instance->alert, change, is_told);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * 1099511628211ULL;
	while (*text++);
	return hash;
}

static void set_id(struct alert *alert, const struct instance *instance, const char *former_id)
{
	uint64_t hash = hash_text(14695981039346656037ULL, alert->rule);
	uint64_t started_s = alert->started_ns / NS_PER_S;

	hash = hash_text(hash_text(hash, instance->labels), instance->target);
	/* A clock that stepped back can bring the same second again. */
	do
		format_text(alert->id, sizeof(alert->id), "%016llx-%llu", (unsigned long long)hash,
			    (unsigned long long)started_s++);
	while (!strcmp(alert->id, former_id));
}

/* Which alert it goes on with: the one that ended last, within the cooldown. */
static bool continues(const struct judge *judge, const struct instance *i, uint64_t mono_ns)
{
	return i->ended_ns && i->alert->fired_ns &&
	       mono_ns - i->ended_ns < judge->config->judge.cooldown_ns;
}

/* Whether an alert that was kept is about this instance. */
static bool is_about(const struct alert *alert, const struct rule *rule, const struct instance *i)
{
	return !strcmp(alert->rule, rule->name) && labels_contain(alert->labels, i->labels) &&
	       (!i->target[0] || !strcmp(alert->target, i->target));
}

/* An alert that ended before a restart within the cooldown goes on, too. */
static void recall(const struct judge *judge, const struct rule *rule, struct instance *i,
		   const struct times *now)
{
	for (size_t k = judge->ended_cnt; k > 0; k--) {
		const struct alert *alert =
			&judge->ended[(judge->ended_first + k - 1) % JUDGE_ENDED_MAX];

		if (!is_about(alert, rule, i))
			continue;
		if (now->wall_ns < alert->ended_ns ||
		    now->wall_ns - alert->ended_ns >= judge->config->judge.cooldown_ns)
			return;
		*i->alert = *alert;
		i->ended_ns = now->mono_ns;
		i->told_ns = now->mono_ns;
		return;
	}
}

static int begin(struct judge *judge, const struct rule *rule, struct instance *i,
		 const struct judgement *j, const struct times *now)
{
	char former_id[ALERT_ID_BYTES] = "";

	if (!i->alert) {
		i->alert = calloc(1, sizeof(*i->alert));
		if (!i->alert)
			return -ENOMEM;
		if (judge->has_restored)
			recall(judge, rule, i, now);
	}
	i->begun_ns = now->mono_ns;
	i->state = ALERT_PENDING;
	if (continues(judge, i, now->mono_ns)) {
		i->alert->state = ALERT_PENDING;
		return 0;
	}
	memcpy(former_id, i->alert->id, sizeof(former_id));
	*i->alert = (struct alert){.state = ALERT_PENDING, .started_ns = now->wall_ns};
	i->ended_ns = 0;
	alert_text_identity(i->alert, rule, i, j);
	set_id(i->alert, i, former_id);
	return 0;
}

static void correlate(struct judge *judge, struct alert *alert, uint64_t mono_ns)
{
	struct correlation *c;

	for (size_t i = 0; i < CORRELATION_MAX; i++) {
		c = &judge->correlations[i];
		if (c->mono_ns && !strcmp(c->target, alert->target) &&
		    mono_ns - c->mono_ns < CORRELATION_NS) {
			c->mono_ns = mono_ns;
			memcpy(alert->correlation_id, c->id, sizeof(c->id));
			return;
		}
	}
	c = &judge->correlations[judge->correlation_idx++ % CORRELATION_MAX];
	memcpy(c->target, alert->target, sizeof(c->target));
	memcpy(c->id, alert->id, sizeof(c->id));
	c->mono_ns = mono_ns;
	memcpy(alert->correlation_id, c->id, sizeof(c->id));
}

static void update(const struct judge *judge, const struct rule *rule, struct instance *i,
		   const struct judgement *j)
{
	i->alert->value = j->value;
	i->alert->threshold = j->threshold;
	alert_text_fill(i->alert, judge->config, rule, j);
}

static bool may_tell(const struct judge *judge, const struct instance *i, const struct times *now)
{
	return !silence_covers(judge, i->alert, now->wall_ns) &&
	       !silence_is_inhibited(judge, i->alert);
}

/* What whoever is told believes is brought up to date, where that may be. */
static void tell(struct judge *judge, struct instance *i, const struct times *now, bool is_new)
{
	bool is_rise = i->is_told && i->alert->severity > i->told_severity;
	bool is_due = !i->is_told && (!i->told_ns || now->mono_ns - i->told_ns >=
							     judge->config->judge.cooldown_ns);
	bool is_told = (is_rise || is_due) && may_tell(judge, i, now);

	if (is_told) {
		i->is_told = true;
		i->told_ns = now->mono_ns;
		i->told_severity = i->alert->severity;
	}
	if (is_new)
		call(judge, i, JUDGE_FIRED, is_told);
	else if (is_told)
		call(judge, i, is_rise ? JUDGE_SEVERITY : JUDGE_TOLD, true);
}

static void fire(struct judge *judge, struct instance *i, const struct times *now)
{
	struct alert *alert = i->alert;

	i->state = ALERT_FIRING;
	i->quiet_ns = 0;
	i->lower_ns = 0;
	alert->state = ALERT_FIRING;
	if (alert->fired_ns) {
		alert->flap_cnt++;
		alert->ended_ns = 0;
	} else {
		alert->fired_ns = now->wall_ns;
		/* Another occurrence is told at once. */
		i->told_ns = 0;
		correlate(judge, alert, now->mono_ns);
	}
	judge->counters.fired++;
	tell(judge, i, now, true);
}

static void keep_ended(struct judge *judge, const struct alert *alert)
{
	size_t at = (judge->ended_first + judge->ended_cnt) % JUDGE_ENDED_MAX;

	for (size_t k = 0; alert->flap_cnt && k < judge->ended_cnt; k++) {
		struct alert *former = &judge->ended[(judge->ended_first + k) % JUDGE_ENDED_MAX];

		if (!strcmp(former->id, alert->id)) {
			*former = *alert;
			return;
		}
	}
	judge->ended[at] = *alert;
	if (judge->ended_cnt < JUDGE_ENDED_MAX)
		judge->ended_cnt++;
	else
		judge->ended_first = (judge->ended_first + 1) % JUDGE_ENDED_MAX;
}

static void resolve(struct judge *judge, struct instance *i, const struct times *now)
{
	struct alert *alert = i->alert;
	/* Silenced or not: whoever was told that it fires must not go on believing so. */
	bool is_told = i->is_told;

	alert->state = ALERT_RESOLVED;
	alert->ended_ns = now->wall_ns > alert->fired_ns ? now->wall_ns : alert->fired_ns;
	i->state = 0;
	i->ended_ns = now->mono_ns;
	i->is_told = false;
	judge->counters.resolved++;
	keep_ended(judge, alert);
	call(judge, i, JUDGE_RESOLVED, is_told);
}

static void withdraw(struct judge *judge, struct instance *i)
{
	i->state = 0;
	if (i->alert->fired_ns)
		/* It goes on being the one that ended. */
		i->alert->state = ALERT_RESOLVED;
	call(judge, i, JUDGE_WITHDRAWN, false);
}

static void step_pending(struct judge *judge, const struct rule *rule, struct instance *i,
			 const struct judgement *j, const struct times *now)
{
	if (j->truth == TRUTH_FALSE) {
		withdraw(judge, i);
		return;
	}
	if (j->truth != TRUTH_TRUE)
		return;
	i->alert->severity = j->severity;
	update(judge, rule, i, j);
	if (now->mono_ns - i->begun_ns >= rule->for_ns)
		fire(judge, i, now);
	else if (i->begun_ns == now->mono_ns)
		call(judge, i, JUDGE_PENDING, false);
}

/* Rises at once; falls when it was lower for the cooldown. */
static void follow_severity(struct judge *judge, const struct rule *rule, struct instance *i,
			    const struct judgement *j, const struct times *now)
{
	struct alert *alert = i->alert;

	if (j->severity >= alert->severity) {
		i->lower_ns = 0;
		if (j->severity > alert->severity) {
			alert->severity = j->severity;
			/* Who knew of the milder one has not seen this. */
			alert->acknowledged_ns = 0;
			alert->acknowledged_by[0] = '\0';
		}
		update(judge, rule, i, j);
		return;
	}
	if (!i->lower_ns)
		i->lower_ns = now->mono_ns;
	if (now->mono_ns - i->lower_ns < judge->config->judge.cooldown_ns)
		return;
	alert->severity = j->severity;
	i->told_severity = j->severity;
	i->lower_ns = 0;
	update(judge, rule, i, j);
	call(judge, i, JUDGE_SEVERITY, false);
}

static void step_firing(struct judge *judge, const struct rule *rule, struct instance *i,
			const struct judgement *j, const struct times *now)
{
	uint64_t needed_ns = rule->keep_firing_ns;

	if (i->alert->flap_cnt && needed_ns < judge->config->judge.cooldown_ns)
		needed_ns = judge->config->judge.cooldown_ns;
	if (j->truth == TRUTH_TRUE) {
		i->quiet_ns = 0;
		follow_severity(judge, rule, i, j, now);
	} else if (j->truth == TRUTH_FALSE) {
		if (!i->quiet_ns)
			i->quiet_ns = now->mono_ns;
		if (now->mono_ns - i->quiet_ns >= needed_ns) {
			resolve(judge, i, now);
			return;
		}
	}
	tell(judge, i, now, false);
}

/* While nothing is known, no clock runs. */
static void hold_clocks(struct instance *i, uint64_t mono_ns)
{
	uint64_t passed_ns = mono_ns - i->seen_ns;

	if (!i->seen_ns)
		return;
	if (i->state == ALERT_PENDING)
		i->begun_ns += passed_ns;
	if (i->quiet_ns)
		i->quiet_ns += passed_ns;
	if (i->lower_ns)
		i->lower_ns += passed_ns;
}

int alarm_step(struct judge *judge, struct rule *rule, struct instance *instance,
	       const struct judgement *judgement, const struct times *now)
{
	int err = 0;

	if (judgement->truth == TRUTH_NULL)
		hold_clocks(instance, now->mono_ns);
	else
		instance->known_ns = now->mono_ns;
	instance->seen_ns = now->mono_ns;
	if (!instance->state && judgement->truth == TRUTH_TRUE)
		err = begin(judge, rule, instance, judgement, now);
	if (err)
		return err;
	if (instance->state == ALERT_PENDING)
		step_pending(judge, rule, instance, judgement, now);
	else if (instance->state == ALERT_FIRING)
		step_firing(judge, rule, instance, judgement, now);
	if (instance->state && now->mono_ns - instance->known_ns >= STALE_NS)
		alarm_end(judge, instance, now->mono_ns, now->wall_ns,
			  "Nothing was measured for an hour: this is no longer judged.");
	return 0;
}

void alarm_end(struct judge *judge, struct instance *instance, uint64_t mono_ns, uint64_t wall_ns,
	       const char *reason)
{
	struct times now = {mono_ns, wall_ns};

	if (instance->state == ALERT_PENDING)
		withdraw(judge, instance);
	if (instance->state != ALERT_FIRING)
		return;
	format_text(instance->alert->message, sizeof(instance->alert->message), "%s", reason);
	resolve(judge, instance, &now);
}

static void adopt(struct instance *instance, const struct alert *alert, uint64_t mono_ns)
{
	if (!instance->alert)
		instance->alert = malloc(sizeof(*instance->alert));
	if (!instance->alert)
		return;
	*instance->alert = *alert;
	instance->state = ALERT_FIRING;
	instance->is_told = true;
	instance->told_ns = mono_ns;
	instance->told_severity = alert->severity;
	instance->known_ns = mono_ns;
}

void alarm_keep(struct judge *judge, const struct alert *alert)
{
	keep_ended(judge, alert);
}

void alarm_adopt(struct judge *judge, const struct rule *rule, struct instance *instance,
		 uint64_t mono_ns)
{
	for (size_t i = 0; i < judge->restored_cnt && !instance->alert; i++) {
		if (!is_about(&judge->restored[i], rule, instance))
			continue;
		adopt(instance, &judge->restored[i], mono_ns);
		judge->restored[i] = judge->restored[--judge->restored_cnt];
	}
}
