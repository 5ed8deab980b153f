/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to a Redis server, in a thread of its own: one tick's together in one pipeline. The
 * caller never waits: a tick that comes while the one before it is not yet sent takes its place,
 * and that is counted. Connects again with backoff.
 */
#ifndef TICKSCOPE_SINK_REDIS_H
#define TICKSCOPE_SINK_REDIS_H

#include "base/fault.h"
#include "config/config_sinks.h"
#include "sink/sink.h"

struct redis;

/* -errno with the reason: of the url, the password's file, the thread. */
int redis_start(const struct config_redis *config, struct redis **ret_redis, struct fault *why);
/* Sends what waits for at most max_ns, and ends. */
void redis_stop(struct redis *redis, uint64_t max_ns);

#define REDIS_COMMAND_MAX 4096 /* of one tick */
#define REDIS_TICK_BYTES  (4U << 20)

/* One tick: begin, commands of arg_cnt arguments, end. Arguments are any bytes, and copied; the
 * first key or channel of each command gets the configured prefix. What does not fit is refused and
 * counted. */
void redis_begin(struct redis *redis);
void redis_command(struct redis *redis, const char *const *args, const size_t *arg_bytes,
		   size_t arg_cnt);
void redis_end(struct redis *redis);

void redis_status(struct redis *redis, struct sink_status *ret_status);

#endif
