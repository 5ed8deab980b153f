/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to a Redis server: opened when something is to be sent, kept, opened again. Of one
 * thread. */
#ifndef TICKSCOPE_SINK_REDIS_LINK_H
#define TICKSCOPE_SINK_REDIS_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "sink/redis_address.h"
#include "sink/redis_socket.h"
#include "sink/redis_tick.h"
#include "sink/sink.h"

struct redis_link;

/* What outlives the object. */
struct redis_link_options {
	const struct redis_address *address;
	const char *user;     /* NULL: the default one */
	const char *password; /* NULL: none */
};

/* Connects nowhere yet. -ENOMEM. */
int redis_link_new(const struct redis_link_options *options, struct redis_link **ret_link);
void redis_link_free(struct redis_link *link);

struct redis_link_result {
	size_t accepted_cnt, refused_cnt; /* commands; what the server refuses it always will */
	bool is_long;			  /* a person has to mend it: no need to hurry */
	char error[SINK_ERROR_BYTES];	  /* the first one; never a secret */
};

/*
 * 0: each command of the tick is answered, which the result counts. Else nothing is known of them,
 * and the connection is closed: -ETIMEDOUT, -ECANCELED, -EAGAIN (the server takes nothing at the
 * moment), -EACCES (it does not take the user), -EPROTO, -EIO, -ENOMEM, -errno of connecting.
 */
int redis_link_send(struct redis_link *link, const struct redis_tick *tick,
		    const struct redis_socket_patience *patience,
		    struct redis_link_result *ret_result);

#endif
