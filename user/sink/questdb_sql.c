/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to /exec and /settings. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink/questdb_answer.h"
#include "sink/questdb_sql.h"

int questdb_sql(struct http *http, const char *statement, json_t **ret_answer, struct fault *why)
{
	char *query = http_escape(http, statement), *path = NULL;
	struct http_answer answer;
	int err;

	if (!query || asprintf(&path, "/exec?query=%s", query) < 0)
		path = NULL;
	free(query);
	if (!path)
		return fault_set(why, -ENOMEM, "no memory");
	err = http_request(http, path, NULL, &answer, why);
	free(path);
	if (err)
		return err;
	err = questdb_answer_parse(answer.status, answer.body, answer.body_bytes, ret_answer, why);
	http_answer_fini(&answer);
	return err;
}

/* A backslash is a character like any other there. */
char *questdb_sql_literal(const char *text)
{
	char *literal = malloc(2 * strlen(text) + 3), *to = literal;

	if (!literal)
		return NULL;
	*to++ = '\'';
	for (; *text; text++) {
		if (*text == '\'')
			*to++ = '\'';
		*to++ = *text;
	}
	*to++ = '\'';
	*to = '\0';
	return literal;
}

int questdb_sql_ilp_version(struct http *http, int *ret_version, struct fault *why)
{
	struct http_answer answer;
	int err = http_request(http, "/settings", NULL, &answer, why);

	if (err)
		return err;
	err = questdb_answer_ilp_version(answer.status, answer.body, answer.body_bytes, ret_version,
					 why);
	http_answer_fini(&answer);
	return err;
}
