/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests one after another from a thread of its own, over one connection that is kept, with
 * libcurl. A request ends early when another thread says so.
 */
#ifndef TICKSCOPE_SINK_HTTP_H
#define TICKSCOPE_SINK_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define HTTP_ANSWER_MAX_BYTES (64U << 20) /* a longer answer fails: -EMSGSIZE */

struct http;

struct http_options {
	const char *url;	   /* scheme, host and port, perhaps a path before ours */
	const char *user;	   /* NULL: none */
	const char *password_file; /* read at http_open; needed where there is a user */
	const char *token_file;	   /* of a bearer, read again for each request; NULL: none */
	const char *ca_file;	   /* certificates to trust instead of the system's; NULL: those */
	const char *accept;	   /* of what is asked for (GET); NULL: anything */
	uint64_t timeout_ns;	   /* of a request; its bytes at 100 KiB/s are added */
};

/* Strings are copied. -EINVAL, -ENOMEM, -errno of the password's file, with the reason. */
int http_open(const struct http_options *options, struct http **ret_http, struct fault *why);
void http_close(struct http *http);

struct http_answer {
	long status; /* 200 … */
	char *body;  /* ends with a 0; heap, of the caller; NULL where it is empty */
	size_t body_bytes;
};

struct http_body {
	const void *bytes;
	size_t cnt;
};

/* path begins with "/" and has its query escaped (http_escape). body NULL: GET, else POST. 0, also
 * for a status that is an error; -ECANCELED: http_cancel; -ETIMEDOUT, -ECONNREFUSED, -EIO … with
 * the reason, which names neither user nor password; -errno of the token's file. */
int http_request(struct http *http, const char *path, const struct http_body *body,
		 struct http_answer *ret_answer, struct fault *why);
void http_answer_fini(struct http_answer *answer);

/* A value for a query string; heap, of the caller. NULL: no memory. */
char *http_escape(const struct http *http, const char *text);

/* From any thread: the request that runs, and all after it, end at once. */
void http_cancel(struct http *http);

#endif
