/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kind of channel is: how it words a notification. Each is one file and one line in
 * channel.c; how words travel (HTTP, a command) is written once, in post.h and runner.h.
 */
#ifndef TICKSCOPE_NOTIFY_CHANNEL_H
#define TICKSCOPE_NOTIFY_CHANNEL_H

#include <jansson.h>

#include "base/fault.h"
#include "config/config_rule.h"
#include "notify/book.h"

#define CHANNEL_HEADER_MAX   6
#define CHANNEL_HEADER_BYTES 192

/* One notification, to be worded. */
struct channel_message {
	const struct config_channel *config;
	const struct book_batch *batch;
	const char *host;
	uint64_t wall_ns;
};

struct channel_post {
	char *url; /* url, body: heap, of whoever asked for them */
	char *body;
	size_t body_bytes;
	char headers[CHANNEL_HEADER_MAX][CHANNEL_HEADER_BYTES];
	size_t header_cnt;
};

struct channel_run {
	char *environment; /* NAME=value, each ended by '\0'; heap, as input */
	size_t environment_bytes;
	char *input;
	size_t input_bytes;
};

/* How a notification ended. */
struct channel_result {
	struct book_result book;
	char error[NOTIFY_ERROR_BYTES]; /* empty: sent. Never an address's path, which may be secret
					 */
};

struct channel_type {
	const char *name;
	enum config_channel_type type;
	size_t batch_max;
	bool forgets; /* as struct book_channel */
	/* What it needs beside its configuration; NULL: nothing. 0, or -errno with the reason. */
	int (*open)(const struct config_channel *config, void **ret_state, struct fault *why);
	void (*close)(void *state);
	/* One of both. 0, or -ENOMEM. */
	int (*post)(const void *state, const struct channel_message *message,
		    struct channel_post *ret_post);
	int (*run)(const struct channel_message *message, struct channel_run *ret_run);
};

/* NULL: there is none. */
const struct channel_type *channel_find(enum config_channel_type type);

extern const struct channel_type channel_alertmanager, channel_webhook, channel_command;

/* Labels and annotations as Alertmanager and what takes its payload know them; severity is what
 * the label says. */
json_t *channel_labels(const struct alert *alert, enum alert_severity severity, const char *host);
json_t *channel_annotations(const struct alert *alert);
/* Names the alert, until there is a page to show. */
json_t *channel_generator(const struct alert *alert, const char *host);

#endif
