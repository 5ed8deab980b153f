/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows and values of every second -> alerts: rules and contracts of the configuration, with
 * hysteresis, cooldown, silences, acknowledgements. Pure: times are given, results go to callbacks.
 *
 * An alert is pending while its condition holds and the rule's `for` is not over, fires, and is
 * resolved when the condition has been gone for `keep_firing`. One that fires again within the
 * cooldown goes on under its id (flap_cnt), is told again only once the cooldown since it was last
 * told is over, and from then on needs to be quiet for the cooldown. Null (no data, too few
 * samples) changes nothing and stops these clocks.
 */
#ifndef TICKSCOPE_JUDGE_JUDGE_H
#define TICKSCOPE_JUDGE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "judge/alert.h"
#include "measure/series_id.h"
#include "measure/window.h"

#define JUDGE_ENDED_MAX 1000 /* alerts that are over, kept to be shown (S0.9) */
#define JUDGE_INSTANCE_MAX                                                    \
	256 /* of one rule with `by`: beyond, the rest is counted, not judged \
	     */
#define JUDGE_SILENCE_MAX 256

enum judge_change {
	JUDGE_PENDING = 1, /* never told */
	JUDGE_WITHDRAWN,   /* was pending and never fired */
	JUDGE_FIRED,
	JUDGE_TOLD,	/* fires on, and is told now: cooldown, silence or inhibition is over */
	JUDGE_SEVERITY, /* rose (told) or fell (not told) */
	JUDGE_RESOLVED,
	JUDGE_ACKNOWLEDGED,
};

/* is_told: notify is to send it. The alert is valid during the call, which must not call judge. */
typedef void (*judge_alert_fn)(void *context, const struct alert *alert, enum judge_change change,
			       bool is_told);
/* One line for the log: a rule without data, and when data comes; what is beyond limits. */
typedef void (*judge_notice_fn)(void *context, const char *text);
typedef void (*judge_each_fn)(void *context, const struct alert *alert);

struct judge_callbacks {
	judge_alert_fn on_alert;
	judge_notice_fn on_notice;
	void *context;
};

/* All that is given must match; an empty text matches all. */
struct judge_silence {
	uint32_t id; /* given by judge */
	char rule[ALERT_NAME_BYTES];
	char operation[ALERT_NAME_BYTES];
	char target[ALERT_NAME_BYTES];
	char labels[LABELS_TEXT_BYTES]; /* canonical; the alert has them all */
	uint64_t until_wall_ns;
	char by[64];
};

struct judge_counters {
	uint64_t evaluations;
	uint64_t fired, told, resolved; /* alerts: the share that was not told is noise avoided */
	uint64_t refused_windows;	/* of sources beyond the limits */
	uint64_t late_windows;		/* more than a minute */
	uint64_t refused_instances;
	uint64_t memory_failures;
	size_t rules, rules_no_data, sources, instances;
};

struct judge;
struct rolling; /* measure/rolling.h */

/* The configuration must stay until judge_free or the next judge_replace. -ENOMEM. */
int judge_new(const struct config *config, const struct judge_callbacks *callbacks,
	      struct judge **ret_judge);
void judge_free(struct judge *judge);
/* Other rules and contracts: those that are the same keep their state, alerts of the others are
 * resolved. On failure everything stays as it was. -ENOMEM. */
int judge_replace(struct judge *judge, const struct config *config, uint64_t wall_ns);

/* Each second for each series, with empty windows too: a missing one is a gap. What is refused is
 * counted, and NULL; else the series' last hour, which stays until the series was not fed for an
 * hour. */
const struct rolling *judge_feed(struct judge *judge, const struct series_id *id, uint64_t mono_ns,
				 const struct window *window);
/* What is no number says nothing. */
void judge_feed_value(struct judge *judge, const struct value_id *id, uint64_t mono_ns,
		      double value);
/* Nobody looks for processes of targets: seconds of theirs are neither up nor down. */
void judge_pause_uptime(struct judge *judge, bool is_paused);
/* Each second, after the feeds. */
void judge_evaluate(struct judge *judge, uint64_t mono_ns, uint64_t wall_ns);

/* What an expression that is a number is now, of all the series and values that it names, taken
 * over over_ns; rule_unit_of_expression has its unit. NAN: not known, as in rules. */
double judge_number(struct judge *judge, const struct rule_expression *expression, uint64_t mono_ns,
		    uint64_t over_ns);

/* Pending and firing ones, then those that are over, the newest first. */
void judge_each_alert(const struct judge *judge, judge_each_fn fn, void *context);
/* -ENOENT: nothing of this id fires; -EALREADY. */
int judge_acknowledge(struct judge *judge, const char *id, const char *by, uint64_t wall_ns);
/* -ENOSPC. */
int judge_silence(struct judge *judge, const struct judge_silence *silence, uint32_t *ret_id);
int judge_unsilence(struct judge *judge, uint32_t id); /* -ENOENT */
/* A silence that is not over matches. */
bool judge_is_silenced(const struct judge *judge, const struct alert *alert, uint64_t wall_ns);
const struct judge_silence *judge_silences(const struct judge *judge, size_t *ret_cnt);

/*
 * Before the first judge_evaluate: what the history file kept, oldest first. Those without ended_ns
 * fire on, as told, until their condition is known to be gone; the others are shown.
 */
void judge_restore(struct judge *judge, const struct alert *alerts, size_t cnt);

void judge_count(const struct judge *judge, struct judge_counters *ret_counters);

#endif
