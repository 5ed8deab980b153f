/* SPDX-License-Identifier: Apache-2.0 */
/* A command is the number of its arguments, their lengths, their bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sink/redis.h"
#include "sink/redis_tick.h"

#define FIRST_ROOM 16384 /* the keys of a few targets */

void redis_tick_fini(struct redis_tick *tick)
{
	free(tick->bytes);
	*tick = (struct redis_tick){0};
}

void redis_tick_clear(struct redis_tick *tick)
{
	tick->used = 0;
	tick->command_cnt = 0;
}

static int make_room(struct redis_tick *tick, size_t bytes)
{
	size_t room = tick->room ? tick->room : FIRST_ROOM;
	char *grown;

	if (bytes > REDIS_TICK_BYTES - tick->used)
		return -ENOSPC;
	while (room < tick->used + bytes)
		room *= 2;
	if (room <= tick->room)
		return 0;
	grown = realloc(tick->bytes, room);
	if (!grown)
		return -ENOMEM;
	tick->bytes = grown;
	tick->room = room;
	return 0;
}

static void put(struct redis_tick *tick, const void *bytes, size_t cnt)
{
	if (cnt)
		memcpy(tick->bytes + tick->used, bytes, cnt);
	tick->used += cnt;
}

int redis_tick_add(struct redis_tick *tick, const char *prefix,
		   const struct redis_tick_command *command)
{
	size_t prefix_bytes = command->arg_cnt > 1 ? strlen(prefix) : 0;
	size_t bytes = sizeof(command->arg_cnt) + prefix_bytes;
	int err;

	if (!command->arg_cnt || command->arg_cnt > REDIS_TICK_ARG_MAX)
		return -E2BIG;
	if (tick->command_cnt == REDIS_COMMAND_MAX)
		return -ENOSPC;
	for (size_t i = 0; i < command->arg_cnt; i++) {
		/* Each alone, so that their sum cannot overflow. */
		if (command->arg_bytes[i] > REDIS_TICK_BYTES)
			return -ENOSPC;
		bytes += sizeof(size_t) + command->arg_bytes[i];
	}
	err = make_room(tick, bytes);
	if (err)
		return err;
	put(tick, &command->arg_cnt, sizeof(command->arg_cnt));
	for (size_t i = 0; i < command->arg_cnt; i++) {
		size_t arg_bytes = command->arg_bytes[i] + (i == 1 ? prefix_bytes : 0);

		put(tick, &arg_bytes, sizeof(arg_bytes));
	}
	for (size_t i = 0; i < command->arg_cnt; i++) {
		put(tick, prefix, i == 1 ? prefix_bytes : 0);
		put(tick, command->args[i], command->arg_bytes[i]);
	}
	tick->command_cnt++;
	return 0;
}

bool redis_tick_next(const struct redis_tick *tick, size_t *cursor,
		     struct redis_tick_command *ret_command)
{
	const char *at = tick->bytes + *cursor;

	if (*cursor >= tick->used)
		return false;
	memcpy(&ret_command->arg_cnt, at, sizeof(ret_command->arg_cnt));
	at += sizeof(ret_command->arg_cnt);
	memcpy(ret_command->arg_bytes, at, ret_command->arg_cnt * sizeof(size_t));
	at += ret_command->arg_cnt * sizeof(size_t);
	for (size_t i = 0; i < ret_command->arg_cnt; i++) {
		ret_command->args[i] = at;
		at += ret_command->arg_bytes[i];
	}
	*cursor = (size_t)(at - tick->bytes);
	return true;
}
