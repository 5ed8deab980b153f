/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of one tick, one behind the other in one block of memory. Pure. */
#ifndef TICKSCOPE_SINK_REDIS_TICK_H
#define TICKSCOPE_SINK_REDIS_TICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REDIS_TICK_ARG_MAX 8 /* of one command, its name too: those that are sent have 5 */

/* Starts zeroed. */
struct redis_tick {
	char *bytes;
	size_t used;
	size_t room;
	size_t command_cnt;
	uint64_t wall_ns; /* when it was complete, by both clocks */
	uint64_t mono_ns;
};

struct redis_tick_command {
	const char *args[REDIS_TICK_ARG_MAX];
	size_t arg_bytes[REDIS_TICK_ARG_MAX];
	size_t arg_cnt;
};

void redis_tick_fini(struct redis_tick *tick);
void redis_tick_clear(struct redis_tick *tick);

/* Copies a command, with `prefix` before its second argument. -E2BIG: too many arguments; -ENOSPC:
 * beyond REDIS_COMMAND_MAX or REDIS_TICK_BYTES; -ENOMEM; nothing is added then. */
int redis_tick_add(struct redis_tick *tick, const char *prefix,
		   const struct redis_tick_command *command);

/* The command at the cursor, which starts at 0; valid while the tick is not changed. False: there
 * are no more. */
bool redis_tick_next(const struct redis_tick *tick, size_t *cursor,
		     struct redis_tick_command *ret_command);

#endif
