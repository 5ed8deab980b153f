/* SPDX-License-Identifier: Apache-2.0 */
/* JSON of /exec and /settings, with nothing in it taken for granted. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "sink/questdb_answer.h"

#define REASON_BYTES 512 /* of the server's words: it repeats statements in them */

static const char *clean(const char *text, char reason[static REASON_BYTES])
{
	size_t length = strnlen(text, REASON_BYTES - 1);

	memcpy(reason, text, length);
	reason[length] = '\0';
	text_clean(reason);
	return reason;
}

static int refuse_access(long status, struct fault *why)
{
	return fault_set(why, -EACCES, "it answers %ld: user or password is wrong or missing",
			 status);
}

/* {"query": …, "error": "…", "position": 12} */
static int refuse_statement(long status, const json_t *answer, struct fault *why)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	const json_t *position = json_object_get(answer, "position");
	char reason[REASON_BYTES];

	if (!error)
		return fault_set(why, -EPROTO, "it answers %ld, and is no QuestDB", status);
	if (json_is_integer(position))
		return fault_set(why, -EBADMSG, "it refuses a statement, at position %lld: %s",
				 (long long)json_integer_value(position), clean(error, reason));
	return fault_set(why, -EBADMSG, "it refuses a statement: %s", clean(error, reason));
}

static json_t *load(const char *body, size_t body_bytes)
{
	json_t *answer = body ? json_loadb(body, body_bytes, 0, NULL) : NULL;

	if (json_is_object(answer))
		return answer;
	json_decref(answer);
	return NULL;
}

int questdb_answer_parse(long status, const char *body, size_t body_bytes, json_t **ret_answer,
			 struct fault *why)
{
	json_t *answer;
	int err;

	if (status == 401 || status == 403)
		return refuse_access(status, why);
	if (status == 429 || status >= 500)
		return fault_set(why, -EAGAIN, "it answers %ld", status);
	answer = load(body, body_bytes);
	if (status == 200 && answer && !json_object_get(answer, "error") &&
	    (json_object_get(answer, "ddl") || json_object_get(answer, "dataset"))) {
		*ret_answer = answer;
		return 0;
	}
	err = refuse_statement(status, answer, why);
	json_decref(answer);
	return err;
}

int questdb_answer_ilp_version(long status, const char *body, size_t body_bytes, int *ret_version,
			       struct fault *why)
{
	json_t *answer, *versions, *version;
	size_t i;

	if (status == 401 || status == 403)
		return refuse_access(status, why);
	if (status == 429 || status >= 500)
		return fault_set(why, -EAGAIN, "it answers %ld", status);
	if (status != 200 && status != 404)
		return fault_set(why, -EPROTO, "it answers %ld, and is no QuestDB", status);
	/* Servers before 9.0 have no such page, or nothing of it there. */
	*ret_version = 1;
	answer = status == 200 ? load(body, body_bytes) : NULL;
	versions =
		json_object_get(json_object_get(answer, "config"), "line.proto.support.versions");
	json_array_foreach(versions, i, version)
	{
		if (json_is_integer(version) && json_integer_value(version) == 2)
			*ret_version = 2;
	}
	json_decref(answer);
	return 0;
}

int questdb_answer_rows(const json_t *answer, size_t column_cnt, json_t **ret_rows,
			struct fault *why)
{
	json_t *rows = json_object_get(answer, "dataset"), *row;
	size_t i;

	if (!json_is_array(rows))
		return fault_set(why, -EPROTO, "its answer has no rows");
	json_array_foreach(rows, i, row)
	{
		if (!json_is_array(row) || json_array_size(row) != column_cnt)
			return fault_set(why, -EPROTO, "its answer has other columns than asked");
	}
	*ret_rows = rows;
	return 0;
}

bool questdb_answer_text(const json_t *row, size_t column_idx, const char **ret_text)
{
	const json_t *cell = json_array_get(row, column_idx);

	if (!json_is_string(cell) && !json_is_null(cell))
		return false;
	*ret_text = json_is_null(cell) ? "" : json_string_value(cell);
	return true;
}

bool questdb_answer_count(const json_t *row, size_t column_idx, uint64_t *ret_number,
			  bool *ret_is_null)
{
	const json_t *cell = json_array_get(row, column_idx);

	if (!json_is_null(cell) && (!json_is_integer(cell) || json_integer_value(cell) < 0))
		return false;
	*ret_is_null = json_is_null(cell);
	*ret_number = *ret_is_null ? 0 : (uint64_t)json_integer_value(cell);
	return true;
}

bool questdb_answer_double(const json_t *row, size_t column_idx, double *ret_number)
{
	const json_t *cell = json_array_get(row, column_idx);

	if (!json_is_number(cell) || !isfinite(json_number_value(cell)))
		return false;
	*ret_number = json_number_value(cell);
	return true;
}
