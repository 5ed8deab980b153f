/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/judge: rules while they are judged. */
#ifndef TICKSCOPE_JUDGE_INTERNAL_H
#define TICKSCOPE_JUDGE_INTERNAL_H

#include "judge/evaluate.h"
#include "judge/judge.h"
#include "judge/violations.h"

struct times {
	uint64_t mono_ns;
	uint64_t wall_ns;
};

/* From which value on an alert has which severity. */
struct level {
	enum alert_severity severity;
	double threshold;
};
#define LEVEL_MAX 3

/* A rule for one value of its `by` labels; one that has none has one instance. */
struct instance {
	char *labels; /* canonical, of `by` without target */
	char *target; /* of `by: [target]`; "" */
	struct metric_binding bindings[RULE_METRIC_MAX];
	enum alert_state state; /* 0: nothing */
	struct alert *alert;	/* what it is or was about; NULL: it never was */
	/* Of the monotonic clock; 0: not. */
	uint64_t seen_ns;  /* the last evaluation */
	uint64_t known_ns; /* … that was not null */
	uint64_t begun_ns; /* pending since */
	uint64_t quiet_ns; /* fires, but its condition is gone since */
	uint64_t lower_ns; /* fires at a lower severity since */
	uint64_t told_ns;  /* told as firing */
	uint64_t ended_ns; /* resolved */
	bool is_told;	   /* whoever is told believes that it fires */
	bool is_orphan;	   /* its series are gone */
	enum alert_severity told_severity;
};

struct rule {
	char name[ALERT_NAME_BYTES];
	const struct config_rule *config; /* NULL: of a contract */
	const struct config_limit *limit; /* of a contract */
	const char *component;		  /* of a contract: operation or target */
	bool is_of_target;
	const struct rule_expression *expression;
	struct rule_expression *own_expression; /* of a contract */
	uint64_t for_ns, over_ns, over_samples, keep_firing_ns;
	enum alert_severity severity;
	struct level levels[LEVEL_MAX]; /* of a contract, the mildest first */
	size_t level_cnt;
	struct violations violations; /* of a contract */
	uint64_t violation_ns;	      /* mono: the last that was counted */
	uint64_t signature;	      /* the same: the rule did not change */
	struct instance **instances;
	size_t instance_cnt;
	uint64_t refused_cnt;
	uint64_t generation; /* of the sources that it is bound to; UINT64_MAX: not yet */
	bool is_no_data;     /* and it was said */
	bool has_data;
};

struct judgement {
	enum truth truth;
	enum alert_severity severity;
	double value, threshold;
	bool is_minimum;
	const struct rule_metric *metric; /* NULL: none is named in what decided */
	enum rule_unit unit;
	const struct metric_binding *binding; /* of metric */
};

/* Alerts of one target that begin together have one cause, likely. */
#define CORRELATION_MAX 64
#define CORRELATION_NS	5000000000ULL

struct correlation {
	char target[ALERT_NAME_BYTES];
	char id[ALERT_ID_BYTES];
	uint64_t mono_ns;
};

/* How long a target was there, by hours of the last day. */
#define UPTIME_TARGET_MAX 256
#define UPTIME_HOURS	  24

struct uptime {
	char target[ALERT_NAME_BYTES];
	uint64_t hour[UPTIME_HOURS]; /* whose numbers these are */
	uint32_t up_s[UPTIME_HOURS];
	uint32_t known_s[UPTIME_HOURS];
	bool is_up;
};

struct judge {
	const struct config *config;
	struct judge_callbacks callbacks;
	struct source_table sources;
	struct rule *rules;
	size_t rule_cnt;
	struct alert *ended; /* a ring of JUDGE_ENDED_MAX */
	size_t ended_first, ended_cnt;
	struct alert *restored; /* that fired before the restart, until their rule is judged */
	size_t restored_cnt;
	bool has_restored; /* ended ones are those of before the restart, too */
	struct judge_silence silences[JUDGE_SILENCE_MAX];
	size_t silence_cnt;
	uint32_t silence_id;
	struct correlation correlations[CORRELATION_MAX];
	size_t correlation_idx;
	struct uptime uptimes[UPTIME_TARGET_MAX];
	size_t uptime_cnt;
	bool is_uptime_paused;
	struct judge_counters counters;
	struct window scratch;
	uint64_t begun_ns, swept_ns, checked_ns, evaluated_ns; /* mono; 0: not yet */
};

#endif
