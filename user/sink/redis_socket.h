/* SPDX-License-Identifier: Apache-2.0 */
/* Connections of a thread that another may have to stop: nothing waits beyond an instant, nor after
 * it was told to end. Only the look-up of a name does. */
#ifndef TICKSCOPE_SINK_REDIS_SOCKET_H
#define TICKSCOPE_SINK_REDIS_SOCKET_H

#include <stdint.h>

#include "base/fault.h"
#include "sink/redis_address.h"

struct redis_socket_patience {
	uint64_t until_mono_ns;
	int cancel_fd; /* readable: the end */
};

/* A connection, non-blocking: its descriptor. -ETIMEDOUT, -ECANCELED, -errno with the reason. */
int redis_socket_open(const struct redis_address *address,
		      const struct redis_socket_patience *patience, struct fault *why);

/* Waits for events of poll(2): those that came, also POLLERR and POLLHUP. -ETIMEDOUT, -ECANCELED,
 * -errno. */
int redis_socket_wait(int fd, short events, const struct redis_socket_patience *patience);

#endif
