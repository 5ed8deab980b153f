/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts as rows of the table `alert`. */
#ifndef TICKSCOPE_STORE_ALERT_ROW_H
#define TICKSCOPE_STORE_ALERT_ROW_H

#include <sqlite3.h>

#include "judge/alert.h"

/* Its columns, in the order of both functions. */
#define ALERT_ROW_COLUMNS                                                                        \
	"id, rule, state, severity, operation, target, labels, metric, value, threshold, unit, " \
	"title, message, description, suggested_actions, runbook, alert_group, correlation_id, " \
	"started_ns, fired_ns, ended_ns, acknowledged_ns, acknowledged_by, flap_cnt"
/* A statement that inserts one in the place of that of the same id. */
#define ALERT_ROW_REPLACE                                 \
	"INSERT OR REPLACE INTO alert(" ALERT_ROW_COLUMNS \
	") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

void alert_row_bind(sqlite3_stmt *statement, const struct alert *alert);
/* Columns from the first on. Text that is too long is cut, words that say nothing are 0. */
void alert_row_read(sqlite3_stmt *statement, struct alert *ret_alert);

#endif
