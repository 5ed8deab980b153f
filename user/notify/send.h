/* SPDX-License-Identifier: Apache-2.0 */
/* The object behind notify.h, and what sends for it. */
#ifndef TICKSCOPE_NOTIFY_SEND_H
#define TICKSCOPE_NOTIFY_SEND_H

#include "notify/channel.h"
#include "notify/post.h"
#include "notify/runner.h"

#define SEND_ATTEMPT_MAX (NOTIFY_CHANNEL_MAX * BOOK_IN_FLIGHT_MAX)

struct channel {
	const struct config_channel *config;
	const struct channel_type *type;
	void *state;
	bool is_first; /* no other escalates to it */
	uint64_t last_success_wall_ns;
	char last_error[NOTIFY_ERROR_BYTES];
};

struct attempt {
	bool is_used;
	bool is_command;
	struct book_batch batch;
};

struct notify {
	const struct config *config;
	const char *host;
	notify_change_fn on_change;
	void *context;
	int epoll_fd;
	int timer_fd;
	uint64_t armed_ns;	 /* BOOK_NEVER: not */
	uint64_t drain_until_ns; /* 0: not draining */
	struct book *book;
	struct post *post;
	struct runner *runner; /* NULL: no command, or the helper is gone */
	size_t channel_cnt;
	struct channel channels[NOTIFY_CHANNEL_MAX];
	struct attempt attempts[SEND_ATTEMPT_MAX];
};

/* The timer at the instant, if it is not already. 0 means at once. */
void send_arm(struct notify *notify, uint64_t at_ns);
/* Begins all that is due. */
void send_due(struct notify *notify);
/* A request has ended. */
void send_on_post_done(void *notify, size_t attempt_idx, const struct channel_result *result);
/* Answers of the helper, or its end. */
void send_on_runner(struct notify *notify);

#endif
