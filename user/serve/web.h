/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP server for few, trusted clients (a scraper, a probe), with libmicrohttpd in a thread of
 * its own: answers are made there, so that nobody who asks delays measuring. Limits on connections,
 * sizes and times.
 */
#ifndef TICKSCOPE_SERVE_WEB_H
#define TICKSCOPE_SERVE_WEB_H

#include <stddef.h>

#include "base/fault.h"

struct web;

struct web_request {
	const char *path;
	const char *accept; /* NULL: none */
};

struct web_answer {
	unsigned int status;
	const char *content_type; /* static */
	char *body;		  /* heap, taken; NULL: empty */
	size_t body_bytes;
};

/* In the server's thread. A failure is answered with 500. */
typedef int (*web_fn)(void *context, const struct web_request *request,
		      struct web_answer *ret_answer);

struct web_route {
	const char *path; /* whole */
	web_fn fn;
	void *context;
};

/* listen: "127.0.0.1:9464", "[::1]:9464", ":9464" (all addresses; port 0 is any that is free).
 * Routes are copied, their paths are static. -EADDRINUSE, -EINVAL, -errno, with the reason. */
int web_start(const char *listen, const struct web_route *routes, size_t cnt, struct web **ret_web,
	      struct fault *why);
/* Requests that run are broken off. */
void web_stop(struct web *web);
unsigned int web_port(const struct web *web);

#endif
