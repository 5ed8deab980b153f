/* SPDX-License-Identifier: Apache-2.0 */
/* The socket in the file system, and who is at its other end. */
#ifndef TICKSCOPE_SERVE_LISTENER_H
#define TICKSCOPE_SERVE_LISTENER_H

#include "serve/serve.h"

struct listener {
	int fd;
	int lock_fd;
	gid_t gid;
	char path[108]; /* of struct sockaddr_un */
};

/* As serve_open. On failure nothing is left open. */
int listener_open(const char *path, gid_t gid, struct listener *ret_listener, struct fault *why);
/* Removes the socket. */
void listener_close(struct listener *listener);
/* A connection, not blocking; -EAGAIN: none waits; another -errno. */
int listener_accept(const struct listener *listener, struct serve_peer *ret_peer);
/* May the peer of the connection change something? */
bool listener_may_change(const struct listener *listener, int fd, const struct serve_peer *peer);

#endif
