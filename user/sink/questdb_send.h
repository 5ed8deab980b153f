/* SPDX-License-Identifier: Apache-2.0 */
/* Rows -> the server: until it has taken all of them, or says why not. */
#ifndef TICKSCOPE_SINK_QUESTDB_SEND_H
#define TICKSCOPE_SINK_QUESTDB_SEND_H

#include "sink/http.h"
#include "sink/ilp.h"
#include "sink/questdb_tables.h"

struct questdb_sent {
	uint64_t taken_cnt;
	uint64_t refused_cnt; /* rows that the server never takes: left out */
	struct fault refusal; /* of the last of them */
};

/*
 * One request, and one more for each row that is refused; adds to *sent. 0: the server has all that
 * are left. -EPROTO: it refuses every row tried, so it is not the rows; nothing was given up.
 * -EAGAIN: the server fails, and may not do so later; -EACCES: user or password; -ENOENT: it is no
 * QuestDB; else as http_request.
 */
int questdb_send(struct http *http, struct ilp *ilp, struct questdb_sent *sent, struct fault *why);

#endif
