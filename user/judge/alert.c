/* SPDX-License-Identifier: Apache-2.0 */
/* Words for what an alert is. */
#include <stddef.h>
#include <string.h>

#include "judge/alert.h"

static const char *const severities[] = {
	[ALERT_INFO] = "info", [ALERT_WARNING] = "warning", [ALERT_CRITICAL] = "critical"};
static const char *const states[] = {
	[ALERT_PENDING] = "pending", [ALERT_FIRING] = "firing", [ALERT_RESOLVED] = "resolved"};

#define CNT(list) (sizeof(list) / sizeof((list)[0]))

/* Index of the word, 0: none; the first of each table has none. */
static size_t find(const char *const *words, size_t cnt, const char *text)
{
	for (size_t i = 1; i < cnt; i++) {
		if (strcmp(words[i], text) == 0)
			return i;
	}
	return 0;
}

const char *alert_severity_name(enum alert_severity severity)
{
	return severity >= ALERT_INFO && severity <= ALERT_CRITICAL ? severities[severity] : "none";
}

const char *alert_state_name(enum alert_state state)
{
	return state >= ALERT_PENDING && state <= ALERT_RESOLVED ? states[state] : "none";
}

enum alert_severity alert_severity_parse(const char *text)
{
	return (enum alert_severity)find(severities, CNT(severities), text);
}

enum alert_state alert_state_parse(const char *text)
{
	return (enum alert_state)find(states, CNT(states), text);
}
