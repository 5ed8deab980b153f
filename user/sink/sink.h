/* SPDX-License-Identifier: Apache-2.0 */
/* What every sink says about itself. */
#ifndef TICKSCOPE_SINK_SINK_H
#define TICKSCOPE_SINK_SINK_H

#include <stddef.h>
#include <stdint.h>

#define SINK_ERROR_BYTES 256

enum sink_state {
	SINK_STARTING = 1, /* nothing was sent yet, and nothing failed */
	SINK_OK,
	SINK_FAILING, /* the last attempt failed; tried again */
};

/* "starting", "ok", "failing". */
const char *sink_state_name(enum sink_state state);

struct sink_status {
	enum sink_state state;
	uint64_t sent_cnt;	       /* rows, commands, or scrapes answered */
	uint64_t retry_cnt;	       /* attempts that failed */
	uint64_t refused_cnt;	       /* rows or commands that the server never takes: left out */
	uint64_t dropped_cnt;	       /* given up on this side: no room to wait */
	uint64_t behind_cnt;	       /* rows (of QuestDB: of the history) that wait */
	uint64_t oldest_wall_ns;       /* of what waits; 0: nothing does */
	uint64_t last_success_wall_ns; /* 0: none yet */
	char last_error[SINK_ERROR_BYTES]; /* of the last failure; never a secret; "": none yet */
};

#endif
