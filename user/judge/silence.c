/* SPDX-License-Identifier: Apache-2.0 */
/* Silences are the user's; inhibition follows from what fires. */
#include <errno.h>
#include <string.h>

#include "judge/silence.h"

static bool is_match(const char *wanted, const char *is)
{
	return !wanted[0] || !strcmp(wanted, is);
}

static bool covers(const struct judge_silence *s, const struct alert *alert)
{
	return is_match(s->rule, alert->rule) && is_match(s->operation, alert->operation) &&
	       is_match(s->target, alert->target) && labels_contain(alert->labels, s->labels);
}

bool silence_covers(const struct judge *judge, const struct alert *alert, uint64_t wall_ns)
{
	for (size_t i = 0; i < judge->silence_cnt; i++) {
		if (wall_ns < judge->silences[i].until_wall_ns &&
		    covers(&judge->silences[i], alert))
			return true;
	}
	return false;
}

static bool inhibits(const struct instance *i, const struct alert *alert)
{
	return i->state == ALERT_FIRING && i->is_told && i->alert->severity == ALERT_CRITICAL &&
	       i->alert != alert && !strcmp(i->alert->group, alert->group) &&
	       !strcmp(i->alert->target, alert->target);
}

bool silence_is_inhibited(const struct judge *judge, const struct alert *alert)
{
	if (alert->severity == ALERT_CRITICAL)
		return false;
	for (size_t r = 0; r < judge->rule_cnt; r++) {
		const struct rule *rule = &judge->rules[r];

		for (size_t i = 0; i < rule->instance_cnt; i++) {
			if (rule->name[0] && strcmp(rule->name, alert->rule) != 0 &&
			    inhibits(rule->instances[i], alert))
				return true;
		}
	}
	return false;
}

static void drop(struct judge *judge, size_t idx)
{
	judge->silence_cnt--;
	memmove(&judge->silences[idx], &judge->silences[idx + 1],
		(judge->silence_cnt - idx) * sizeof(judge->silences[0]));
}

void silence_sweep(struct judge *judge, uint64_t wall_ns)
{
	for (size_t i = judge->silence_cnt; i > 0; i--) {
		if (judge->silences[i - 1].until_wall_ns <= wall_ns)
			drop(judge, i - 1);
	}
}

int judge_silence(struct judge *judge, const struct judge_silence *silence, uint32_t *ret_id)
{
	if (judge->silence_cnt == JUDGE_SILENCE_MAX)
		return -ENOSPC;
	judge->silences[judge->silence_cnt] = *silence;
	judge->silences[judge->silence_cnt++].id = ++judge->silence_id;
	*ret_id = judge->silence_id;
	return 0;
}

int judge_unsilence(struct judge *judge, uint32_t id)
{
	for (size_t i = 0; i < judge->silence_cnt; i++) {
		if (judge->silences[i].id == id) {
			drop(judge, i);
			return 0;
		}
	}
	return -ENOENT;
}

bool judge_is_silenced(const struct judge *judge, const struct alert *alert, uint64_t wall_ns)
{
	return silence_covers(judge, alert, wall_ns);
}

const struct judge_silence *judge_silences(const struct judge *judge, size_t *ret_cnt)
{
	*ret_cnt = judge->silence_cnt;
	return judge->silences;
}
