/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request is one transaction: where one of its lines is wrong, nothing of it is stored, and the
 * answer says which (QuestDB, LineHttpProcessorState). That one is taken out, and the rest sent
 * again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "sink/questdb_send.h"

#define WRITE_PATH	 "/write?precision=n"
#define ANSWER_MAX_BYTES 65536 /* of an error: the server cuts it far below */
#define REASON_BYTES	 300
#define ROW_TEXT_BYTES	 200
#define TRIED_MAX	 5 /* all of so many refused: then it is the table, not the row */

struct refusal {
	size_t line; /* from 1; 0: the answer names none */
	char reason[REASON_BYTES];
};

/* The server's words, on one line; text that is no JSON counts as words. */
static void read_refusal(const struct http_answer *a, struct refusal *ret)
{
	json_t *body = NULL, *line;
	const char *message = NULL;

	*ret = (struct refusal){0};
	if (a->body && a->body_bytes <= ANSWER_MAX_BYTES) {
		body = json_loadb(a->body, a->body_bytes, 0, NULL);
		message = body ? json_string_value(json_object_get(body, "message")) : a->body;
	}
	line = json_object_get(body, "line");
	if (json_is_integer(line) && json_integer_value(line) > 0)
		ret->line = (size_t)json_integer_value(line);
	snprintf(ret->reason, sizeof(ret->reason), "%s", message ? message : "no reason given");
	json_decref(body);
	for (char *at = ret->reason; (at = strpbrk(at, "\r\n"));)
		*at = ' ';
	text_clean(ret->reason);
}

static void tell_row(const struct ilp *ilp, size_t row_idx, const struct refusal *refusal,
		     struct fault *why)
{
	char text[ROW_TEXT_BYTES];
	size_t bytes;
	const char *row = ilp_row(ilp, row_idx, &bytes), *end;

	/* The symbols: which row it is, as text in either version. */
	bytes = bytes < sizeof(text) ? bytes : sizeof(text) - 1;
	memcpy(text, row, bytes);
	text[bytes] = 0;
	for (end = text; *end && (*end != ' ' || (end > text && end[-1] == '\\')); end++)
		;
	text[end - text] = 0;
	text_clean(text);
	fault_set(why, -EINVAL, "a row is refused, and left out: \"%s\": %s", text,
		  refusal->reason);
}

/* What a status other than success and refused rows means. */
static int judge_status(const struct http_answer *a, struct fault *why)
{
	struct refusal r;

	switch (a->status) {
	case 401:
	case 403:
		return fault_set(why, -EACCES, "user or password is not accepted: HTTP %ld",
				 a->status);
	case 404:
	case 405:
		return fault_set(why, -ENOENT, "no QuestDB, or one that takes no rows: HTTP %ld",
				 a->status);
	default:
		read_refusal(a, &r);
		return fault_set(why, -EAGAIN, "HTTP %ld: %s", a->status, r.reason);
	}
}

/* All rows there are, once. 1: some are refused. */
static int post(struct http *http, const char *bytes, size_t cnt, struct refusal *ret_refusal,
		struct fault *why)
{
	const struct http_body body = {bytes, cnt};
	struct http_answer answer;
	int err = http_request(http, WRITE_PATH, &body, &answer, why);

	if (err)
		return err;
	if (answer.status == 400 || answer.status == 413) {
		read_refusal(&answer, ret_refusal);
		err = 1;
	} else if (answer.status != 204) {
		err = judge_status(&answer, why);
	}
	http_answer_fini(&answer);
	return err;
}

/* Row by row, where the answer does not say which one it is about: the first that is refused. 1;
 * 0: each alone was taken. */
static int find_refused(struct http *http, const struct ilp *ilp, struct refusal *refusal,
			struct fault *why)
{
	for (size_t i = 0; i < ilp->row_cnt; i++) {
		size_t bytes;
		const char *row = ilp_row(ilp, i, &bytes);
		int err = post(http, row, bytes, refusal, why);

		if (err == 1)
			refusal->line = i + 1;
		if (err)
			return err;
	}
	return 0;
}

/* Whether the table takes any row: the last one is tried alone. 1: it does not. */
static int is_table(struct http *http, const struct ilp *ilp, struct fault *why)
{
	struct refusal ignored;
	size_t bytes;
	const char *row;

	if (!ilp->row_cnt)
		return 1;
	row = ilp_row(ilp, ilp->row_cnt - 1, &bytes);
	return post(http, row, bytes, &ignored, why);
}

struct attempt {
	struct fault refusal;
	uint64_t refused_cnt;
	bool is_taken; /* some row is known to be right */
};

/* After a refusal: 1: one row less, go on; 0: all are taken; -errno. */
static int take_out(struct http *http, struct ilp *ilp, struct refusal *refusal, struct attempt *a,
		    struct fault *why)
{
	int err = 1;

	if (!refusal->line || refusal->line > ilp->row_cnt)
		err = find_refused(http, ilp, refusal, why);
	if (err <= 0)
		return err;
	tell_row(ilp, refusal->line - 1, refusal, &a->refusal);
	/* The lines before the first wrong one are right. */
	a->is_taken |= refusal->line > 1;
	a->refused_cnt++;
	ilp_remove(ilp, refusal->line - 1);
	if (a->is_taken || (a->refused_cnt < TRIED_MAX && ilp->row_cnt))
		return 1;
	err = is_table(http, ilp, why);
	if (err == 1)
		return fault_set(why, -EPROTO, "all rows are refused, so they wait: %s",
				 refusal->reason);
	a->is_taken = true;
	return err ? err : 1;
}

int questdb_send(struct http *http, struct ilp *ilp, struct questdb_sent *sent, struct fault *why)
{
	struct attempt a = {0};
	size_t row_cnt = ilp->row_cnt;
	struct refusal refusal = {0};
	int err = 1;

	while (err == 1 && ilp->row_cnt) {
		err = post(http, ilp->bytes, ilp->used, &refusal, why);
		if (err == 1)
			err = take_out(http, ilp, &refusal, &a, why);
	}
	if (err < 0)
		return err;
	sent->taken_cnt += row_cnt - a.refused_cnt;
	sent->refused_cnt += a.refused_cnt;
	if (a.refused_cnt)
		sent->refusal = a.refusal;
	return 0;
}
