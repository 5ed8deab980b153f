/* SPDX-License-Identifier: Apache-2.0 */
/* Contracts, rules, and whom they tell: the part of the configuration that judge and notify read.
 */
#ifndef TICKSCOPE_CONFIG_CONFIG_RULE_H
#define TICKSCOPE_CONFIG_CONFIG_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/rule_expression.h"

/* A limit of a contract: of an operation, or of a target. */
struct config_limit {
	const char *key;    /* as written: "latency", "p99", "throughput" …; static */
	const char *metric; /* that is judged: "mean", "p99", "rate" …; static */
	double limit;	    /* in the metric's unit: ns, bytes, ratio, 1/s */
	bool is_minimum;    /* else a maximum */
};

#define CONFIG_LIMIT_MAX 16

struct config_contract {
	struct config_limit limits[CONFIG_LIMIT_MAX];
	size_t limit_cnt;
};

/* One annotation or label of a rule. */
struct config_pair {
	char *name;
	char *value;
};

struct config_rule {
	char *name;
	char *expression_text;
	struct rule_expression *expression;
	char **by; /* labels (or "target") of which each value is judged for itself */
	size_t by_cnt;
	uint64_t for_ns;  /* default 0 */
	uint64_t over_ns; /* what metrics are taken over; default judge.over_ns */
	uint64_t
		over_samples; /* instead: the newest windows that hold so many values; 0: by time */
	uint64_t keep_firing_ns; /* the condition must be gone for so long; default
				    judge.keep_firing_ns */
	char *severity;		 /* "info", "warning" (default), "critical" */
	char *group;		 /* default: the rule's name */
	char *channel;		 /* first one to be told; NULL: all that nobody escalates to */
	char *title, *message, *description, *runbook; /* NULL: made from the expression */
	char **suggested_actions;
	size_t suggested_action_cnt;
	struct config_pair *labels;
	size_t label_cnt;
	char *file; /* where it stands, for messages */
	uint32_t line;
};

/* A contract of a rule file for an operation or target that is not configured: it has no
 * data. */
struct config_unowned {
	char *operation, *target; /* one of both */
	struct config_contract contract;
	char *file;
	uint32_t line;
};

enum config_channel_type { CONFIG_ALERTMANAGER = 1, CONFIG_WEBHOOK, CONFIG_COMMAND };

struct config_channel {
	char *name;
	enum config_channel_type type;
	char *url;	/* alertmanager: its root; webhook: whole */
	char **command; /* argv, NULL at its end; command[0] is an absolute path */
	size_t command_cnt;
	char *secret_file;   /* webhook: key of the HMAC-SHA256 signature; NULL: not signed */
	char *min_severity;  /* default "warning" */
	uint64_t timeout_ns; /* default 30 s */
	uint32_t retry_max;  /* default 3; then the next channel */
	uint64_t escalate_after_ns; /* without acknowledgement; 0: never */
	char *then;		    /* name of the next channel; NULL: none */
	uint64_t repeat_ns; /* tell again while it fires; alertmanager 60 s (it forgets else),
			       others 4 h */
};

#endif
