/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What QuestDB answers, taken apart. Pure. An answer may be of anybody: of a proxy, of another
 * program, or of one that means harm; and names in it are foreign text.
 */
#ifndef TICKSCOPE_SINK_QUESTDB_ANSWER_H
#define TICKSCOPE_SINK_QUESTDB_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/fault.h"

/* Of /exec: 0; -EBADMSG: the statement is refused, with the server's reason and the position;
 * -EACCES: user or password; -EAGAIN: the server cannot now; -EPROTO: no answer of QuestDB's. body
 * ends with a 0, or is NULL. */
int questdb_answer_parse(long status, const char *body, size_t body_bytes, json_t **ret_answer,
			 struct fault *why);
/* Of /settings: the newest version of ILP that it and we know. As questdb_answer_parse. */
int questdb_answer_ilp_version(long status, const char *body, size_t body_bytes, int *ret_version,
			       struct fault *why);

/* The rows of an answer, each an array of column_cnt cells; of the answer. -EPROTO: it has other
 * ones. */
int questdb_answer_rows(const json_t *answer, size_t column_cnt, json_t **ret_rows,
			struct fault *why);
/* Cells. NULL is the empty text; false and untouched results: it is something else. */
bool questdb_answer_text(const json_t *row, size_t column_idx, const char **ret_text);
/* Not below 0; *ret_is_null: there is none, and *ret_number 0. */
bool questdb_answer_count(const json_t *row, size_t column_idx, uint64_t *ret_number,
			  bool *ret_is_null);
/* A finite number. */
bool questdb_answer_double(const json_t *row, size_t column_idx, double *ret_number);

#endif
