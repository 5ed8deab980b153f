/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's local socket: one JSON object per line in each direction. A request names what it
 * wants in "do"; a table of handlers answers. It has descriptors of its own behind one epoll
 * descriptor. Nothing here blocks: a client that sends garbage, half a line, too much, or does not
 * read, loses its connection and delays nobody.
 *
 * The socket has mode 0660. Whoever may open it may ask; what changes something is for root, the
 * agent's user, and members of the socket's group (SO_PEERCRED, SO_PEERGROUPS).
 *
 * Errors are answered as {"error":"…"}.
 */
#ifndef TICKSCOPE_SERVE_SERVE_H
#define TICKSCOPE_SERVE_SERVE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"

#define SERVE_CLIENT_MAX 32 /* a person has a few; beyond it, who is silent for longest goes */
#define SERVE_SILENT_NS	 60000000000ULL /* without a request, or without reading its answer */

struct serve_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/*
 * Answers a request: an object, which serve takes; NULL with the reason, which the client is told.
 * The answer has to be made from memory: the loop stands still meanwhile.
 */
typedef json_t *(*serve_answer_fn)(const json_t *request, const struct serve_peer *peer,
				   void *context, struct fault *why);

struct serve_handler {
	const char *name; /* "status" */
	bool is_changing;
	serve_answer_fn answer;
};

struct serve_options {
	const char *path;
	gid_t gid;			      /* of the socket; (gid_t)-1: the agent's */
	const struct serve_handler *handlers; /* outlives the object */
	size_t handler_cnt;
	void *context;
	uint64_t silent_ns; /* 0: SERVE_SILENT_NS */
};

struct serve_counts {
	uint64_t request_cnt;
	uint64_t refused_cnt; /* answered with an error */
	uint64_t dropped_cnt; /* connections that were broken off: silent, not reading, too many */
	size_t client_cnt;
};

struct serve;

/*
 * 0, or -errno with the reason: -EADDRINUSE: a living agent has the socket. What a dead one left is
 * replaced. Beside the socket there is a file with ".lock" behind its name, which the agent holds
 * locked.
 */
int serve_open(const struct serve_options *options, struct serve **ret_serve, struct fault *why);
/* Removes the socket. */
void serve_close(struct serve *serve);

/* Readable when serve_run has something to do: for the caller's loop (EPOLLIN). */
int serve_fd(const struct serve *serve);
void serve_run(struct serve *serve);

const struct serve_counts *serve_counts(const struct serve *serve);

#endif
