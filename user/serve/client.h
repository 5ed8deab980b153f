/* SPDX-License-Identifier: Apache-2.0 */
/* The object behind serve.h, and one client of it: a request in, an answer out, never both. */
#ifndef TICKSCOPE_SERVE_CLIENT_H
#define TICKSCOPE_SERVE_CLIENT_H

#include "serve/listener.h"

struct client {
	int fd; /* -1: free */
	struct serve_peer peer;
	uint64_t active_ns; /* when it sent or read something */
	char *input;	    /* WIRE_REQUEST_BYTES + 1, while there is a client */
	size_t input_bytes;
	char *output; /* NULL: nothing waits */
	size_t output_bytes;
	size_t output_sent_bytes;
	bool is_ending; /* after its output */
};

struct serve {
	struct listener listener;
	int epoll_fd;
	int timer_fd;
	const struct serve_handler *handlers;
	size_t handler_cnt;
	void *context;
	uint64_t silent_ns;
	struct serve_counts counts;
	struct client clients[SERVE_CLIENT_MAX];
};

/* Takes the descriptor. -errno: it is not taken. */
int client_add(struct serve *serve, struct client *client, int fd, const struct serve_peer *peer);
void client_drop(struct serve *serve, struct client *client);
/* Its descriptor has something: sends and answers what can be without waiting. */
void client_run(struct serve *serve, struct client *client);

#endif
