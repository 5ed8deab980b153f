/* SPDX-License-Identifier: Apache-2.0 */
/* An alert: what judge decides, store keeps, notify sends and the CLI shows. */
#ifndef TICKSCOPE_JUDGE_ALERT_H
#define TICKSCOPE_JUDGE_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/labels.h"

enum alert_severity { ALERT_INFO = 1, ALERT_WARNING, ALERT_CRITICAL };
enum alert_state {
	ALERT_PENDING =
		1, /* the condition holds, but not yet for the rule's duration: told to nobody */
	ALERT_FIRING,
	ALERT_RESOLVED,
};

/* "info", "warning", "critical"; "pending", "firing", "resolved". */
const char *alert_severity_name(enum alert_severity severity);
const char *alert_state_name(enum alert_state state);
/* 0 where the text names none. */
enum alert_severity alert_severity_parse(const char *text);
enum alert_state alert_state_parse(const char *text);

#define ALERT_ID_BYTES	 40 /* "<hex of the identity's hash>-<start in s>" */
#define ALERT_TEXT_BYTES 512
#define ALERT_NAME_BYTES 192

/* Self-contained: copied as a whole, kept in arrays. Times are wall-clock ns since 1970; 0: not
 * yet. */
struct alert {
	char id[ALERT_ID_BYTES]; /* of this occurrence: a later one of the same rule and labels has
				    another */
	char rule[ALERT_NAME_BYTES];
	enum alert_state state;
	enum alert_severity severity;
	char operation[ALERT_NAME_BYTES]; /* empty: of a target or the host */
	char target[ALERT_NAME_BYTES];
	char labels[LABELS_TEXT_BYTES]; /* what tells this alert of its rule from others, and the
					   rule's own labels */
	char metric[ALERT_NAME_BYTES];	/* "trade_execution.p99" */
	double value;			/* in `unit` */
	double threshold;
	char unit[8]; /* "ns", "bytes", "ratio", "percent", "per_s", "s", "" */
	char title[ALERT_TEXT_BYTES];
	char message[ALERT_TEXT_BYTES]; /* with value and threshold in words */
	char description[ALERT_TEXT_BYTES];
	char suggested_actions[ALERT_TEXT_BYTES]; /* one per line */
	char runbook[ALERT_TEXT_BYTES];
	char group[ALERT_NAME_BYTES];	     /* notifications of one group go out together */
	char correlation_id[ALERT_ID_BYTES]; /* the same for alerts that began together on one
						target */
	uint64_t started_ns;		     /* the condition began */
	uint64_t fired_ns;
	uint64_t ended_ns;
	uint64_t acknowledged_ns;
	char acknowledged_by[64];
	uint64_t flap_cnt; /* times that it fired again within its cooldown, without being told
			      again */
};

#endif
