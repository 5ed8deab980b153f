/* SPDX-License-Identifier: Apache-2.0 */
/* One list of members for both ways. */
#include <stdio.h>
#include <string.h>

#include "store/alert_row.h"

enum type { TEXT, NUMBER, REAL, STATE, SEVERITY };

#define MEMBER(type, name)                                                            \
	{                                                                             \
		type, offsetof(struct alert, name), sizeof(((struct alert *)0)->name) \
	}

static const struct member {
	enum type type;
	size_t offset;
	size_t bytes;
} members[] = {
	MEMBER(TEXT, id),
	MEMBER(TEXT, rule),
	MEMBER(STATE, state),
	MEMBER(SEVERITY, severity),
	MEMBER(TEXT, operation),
	MEMBER(TEXT, target),
	MEMBER(TEXT, labels),
	MEMBER(TEXT, metric),
	MEMBER(REAL, value),
	MEMBER(REAL, threshold),
	MEMBER(TEXT, unit),
	MEMBER(TEXT, title),
	MEMBER(TEXT, message),
	MEMBER(TEXT, description),
	MEMBER(TEXT, suggested_actions),
	MEMBER(TEXT, runbook),
	MEMBER(TEXT, group),
	MEMBER(TEXT, correlation_id),
	MEMBER(NUMBER, started_ns),
	MEMBER(NUMBER, fired_ns),
	MEMBER(NUMBER, ended_ns),
	MEMBER(NUMBER, acknowledged_ns),
	MEMBER(TEXT, acknowledged_by),
	MEMBER(NUMBER, flap_cnt),
};
enum { MEMBER_CNT = sizeof(members) / sizeof(members[0]) };

void alert_row_bind(sqlite3_stmt *statement, const struct alert *alert)
{
	for (int i = 0; i < MEMBER_CNT; i++) {
		const char *member = (const char *)alert + members[i].offset;
		const char *text = member;
		uint64_t number;
		double real;

		switch (members[i].type) {
		case NUMBER:
			memcpy(&number, member, sizeof(number));
			sqlite3_bind_int64(statement, i + 1, (int64_t)number);
			continue;
		case REAL:
			memcpy(&real, member, sizeof(real));
			sqlite3_bind_double(statement, i + 1, real);
			continue;
		case STATE:
			text = alert_state_name(alert->state);
			break;
		case SEVERITY:
			text = alert_severity_name(alert->severity);
			break;
		case TEXT:
			break;
		}
		/* People read the file with sqlite3, too: words, not numbers. */
		sqlite3_bind_text(statement, i + 1, text, -1, SQLITE_STATIC);
	}
}

void alert_row_read(sqlite3_stmt *statement, struct alert *ret_alert)
{
	memset(ret_alert, 0, sizeof(*ret_alert));
	for (int i = 0; i < MEMBER_CNT; i++) {
		char *member = (char *)ret_alert + members[i].offset;
		const char *text = (const char *)sqlite3_column_text(statement, i);
		uint64_t number = (uint64_t)sqlite3_column_int64(statement, i);
		double real = sqlite3_column_double(statement, i);

		text = text ? text : "";
		switch (members[i].type) {
		case TEXT:
			snprintf(member, members[i].bytes, "%s", text);
			break;
		case NUMBER:
			memcpy(member, &number, sizeof(number));
			break;
		case REAL:
			memcpy(member, &real, sizeof(real));
			break;
		case STATE:
			ret_alert->state = alert_state_parse(text);
			break;
		case SEVERITY:
			ret_alert->severity = alert_severity_parse(text);
			break;
		}
	}
}
