/* SPDX-License-Identifier: Apache-2.0 */
/* SQL for QuestDB over /exec, and the tables that tickscope keeps there. */
#ifndef TICKSCOPE_SINK_QUESTDB_SQL_H
#define TICKSCOPE_SINK_QUESTDB_SQL_H

#include <jansson.h>

#include "sink/http.h"

/*
 * The answer's {"columns", "dataset"} … as JSON. -EBADMSG: the server refuses the statement, with
 * its reason and position; -EACCES: user or password; else as http_request, and -EPROTO for what is
 * no answer of QuestDB's; -EAGAIN: it cannot now (429, 5xx).
 */
int questdb_sql(struct http *http, const char *statement, json_t **ret_answer, struct fault *why);

/* 'text' as an SQL literal, quotes doubled; heap, of the caller. NULL: no memory. */
char *questdb_sql_literal(const char *text);

/* ILP's newest version that the server and we know: 1 or 2. As questdb_sql. */
int questdb_sql_ilp_version(struct http *http, int *ret_version, struct fault *why);

/*
 * Makes the tables and views that are missing, and looks whether those that are there are as they
 * should be: columns and their types, WAL, deduplication. -EEXIST: one is not, with what it has and
 * should have, and what to do; else as questdb_sql.
 */
int questdb_sql_prepare(struct http *http, struct fault *why);

/* The first table of ours whose writing the server has suspended, as a reason: 1; 0: none is. As
 * questdb_sql. */
int questdb_sql_suspended(struct http *http, struct fault *why);
/* Likewise, the first view of ours that it no longer keeps: rows go on, hours are missing. */
int questdb_sql_invalid(struct http *http, struct fault *why);

#endif
