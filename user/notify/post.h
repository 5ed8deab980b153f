/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP requests by libcurl's multi interface, on an epoll descriptor. Nothing blocks: names are
 * resolved in threads of libcurl, and one that hangs is left behind.
 */
#ifndef TICKSCOPE_NOTIFY_POST_H
#define TICKSCOPE_NOTIFY_POST_H

#include "notify/channel.h"

struct post;

/* From post_on_event only. */
typedef void (*post_done_fn)(void *context, size_t attempt_idx,
			     const struct channel_result *result);

/* Adds descriptors to the epoll instance, each with itself as data.u64. 0, or -errno. */
int post_new(int epoll_fd, post_done_fn done, void *context, struct post **ret_post);
void post_free(struct post *post);

/* Takes the body. 0: `done` will be called for it; -errno: it will not. */
int post_start_take(struct post *post, struct channel_post *request, uint64_t timeout_ns,
		    size_t attempt_idx);
/* One event of the epoll instance that is of no other. */
void post_on_event(struct post *post, uint64_t fd, uint32_t events);

#endif
