/* SPDX-License-Identifier: Apache-2.0 */
/* What an alert says to people. Texts of the rule go first; the rest is made from its expression.
 */
#ifndef TICKSCOPE_JUDGE_ALERT_TEXT_H
#define TICKSCOPE_JUDGE_ALERT_TEXT_H

#include "judge/internal.h"

/* Rule, operation, target, labels, metric, unit, group: what does not change while it lasts. */
void alert_text_identity(struct alert *alert, const struct rule *rule,
			 const struct instance *instance, const struct judgement *judgement);
/* Title, message, description, actions, runbook, from the alert's value and threshold. */
void alert_text_fill(struct alert *alert, const struct config *config, const struct rule *rule,
		     const struct judgement *judgement);

#define ALERT_TEXT_NUMBER_BYTES 48
/* "312ms", "5.2%", "1.50GiB", "80%", "12.3/s", "3", "unknown" for NAN. */
const char *alert_text_number(double value, const char *unit,
			      char text[static ALERT_TEXT_NUMBER_BYTES]);

#endif
