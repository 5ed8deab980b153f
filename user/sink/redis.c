/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hiredis formats what is sent and parses what comes back. Connecting and waiting are
 * redis_socket.c's: with hiredis 0.14 a wait is as long for each answer as for all of them, and
 * cannot be told to end. The thread is redis_sender.c's.
 */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sink/redis_error.h"
#include "sink/redis_link.h"

#define ANSWER_LINE_BYTES 65536 /* answers to what is sent are short lines */
#define NAME_BYTES	  64	/* of a key in a message */

struct redis_link {
	struct redis_link_options options;
	redisContext *context; /* NULL: not connected */
};

/* The commands that are under way. */
struct exchange {
	struct redis_link *link;
	const struct redis_socket_patience *patience;
	const struct redis_tick *tick; /* NULL: the handshake */
	size_t cursor;
	struct redis_link_result *result;
};

int redis_link_new(const struct redis_link_options *options, struct redis_link **ret_link)
{
	struct redis_link *link = calloc(1, sizeof(*link));

	if (!link)
		return -ENOMEM;
	link->options = *options;
	*ret_link = link;
	return 0;
}

static void disconnect(struct redis_link *link)
{
	if (link->context)
		redisFree(link->context);
	link->context = NULL;
}

void redis_link_free(struct redis_link *link)
{
	if (link)
		disconnect(link);
	free(link);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* The first error is the reason. What the server says is made fit to be shown: an old one repeats
 * the arguments of what it refuses, and the password may be among them. */
static void set_error(struct exchange *x, const char *what, const char *text)
{
	const char *secret = x->link->options.password;
	char *error = x->result->error;

	if (error[0])
		return;
	snprintf(error, sizeof(x->result->error), "%s: %s", what,
		 secret && strstr(text, secret) ? "refused" : text);
	text_clean(error);
}

/* 0: go on. */
static int on_tick_answer(struct exchange *x, const redisReply *reply)
{
	struct redis_tick_command c = {0};
	char what[NAME_BYTES + 32];

	if (!redis_tick_next(x->tick, &x->cursor, &c))
		return -EPROTO;
	if (reply->type != REDIS_REPLY_ERROR) {
		x->result->accepted_cnt++;
		return 0;
	}
	snprintf(what, sizeof(what), "%.*s \"%.*s\"", (int)c.arg_bytes[0], c.args[0],
		 c.arg_bytes[1] < NAME_BYTES ? (int)c.arg_bytes[1] : NAME_BYTES, c.args[1]);
	set_error(x, what, reply->str);
	switch (redis_error_kind(reply->str)) {
	case REDIS_ERROR_LATER:
		return -EAGAIN;
	case REDIS_ERROR_CREDENTIALS:
		x->result->is_long = true;
		return -EACCES;
	case REDIS_ERROR_PERMISSION:
		x->result->is_long = true;
		break;
	case REDIS_ERROR_REFUSED:
		break;
	}
	x->result->refused_cnt++;
	return 0;
}

/* The cursor counts answers. */
static int on_handshake_answer(struct exchange *x, const redisReply *reply)
{
	const struct redis_link_options *o = &x->link->options;
	size_t idx = x->cursor++;
	bool is_auth = o->password && idx == 0;
	bool is_select = o->address->database && idx == (o->password ? 1 : 0);

	if (reply->type != REDIS_REPLY_ERROR)
		return 0;
	if (redis_error_kind(reply->str) == REDIS_ERROR_LATER) {
		set_error(x, "the server", reply->str);
		return -EAGAIN;
	}
	if (!is_auth && !is_select)
		return 0; /* the name is for people who look at the server's clients */
	if (is_select)
		set_error(x, "SELECT", reply->str);
	else /* of its text the code alone: the rest may name the user */
		snprintf(x->result->error, sizeof(x->result->error),
			 "the server does not take the user or password (%.*s)",
			 (int)strspn(reply->str, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), reply->str);
	x->result->is_long = true;
	return -EACCES;
}

/* hiredis would take arrays and texts of any size; nothing that is sent is answered so. */
static bool is_line(const redisReader *reader)
{
	char first = reader->buf[reader->pos];
	bool is_inside = reader->ridx >= 0; /* of an answer whose first byte was looked at */

	return reader->len - reader->pos <= ANSWER_LINE_BYTES &&
	       (is_inside || first == '+' || first == '-' || first == ':');
}

/* The answers that have come, at most *left_cnt. */
static int take_answers(struct exchange *x, size_t *left_cnt)
{
	redisContext *context = x->link->context;

	/* Asked without a byte, hiredis would begin an answer, and is_line not see how. */
	while (*left_cnt && context->reader->pos < context->reader->len) {
		redisReply *reply = NULL;
		int err;

		if (!is_line(context->reader)) {
			set_error(x, "the server", "answers otherwise than Redis does");
			return -EPROTO;
		}
		if (redisGetReplyFromReader(context, (void **)&reply) != REDIS_OK) {
			set_error(x, "the server", context->errstr);
			return -EPROTO;
		}
		if (!reply)
			return 0;
		err = x->tick ? on_tick_answer(x, reply) : on_handshake_answer(x, reply);
		freeReplyObject(reply);
		if (err)
			return err;
		--*left_cnt;
	}
	return 0;
}

static int break_off(struct exchange *x)
{
	set_error(x, "the connection broke off", x->link->context->errstr);
	return -EIO;
}

/* Sends what was appended, and takes as many answers. */
static int exchange_run(struct exchange *x, size_t answer_cnt)
{
	redisContext *context = x->link->context;
	int is_written = 0, events, err;

	while (answer_cnt) {
		if (!is_written && redisBufferWrite(context, &is_written) != REDIS_OK)
			return break_off(x);
		events = redis_socket_wait(context->fd, is_written ? POLLIN : POLLIN | POLLOUT,
					   x->patience);
		if (events < 0) {
			set_error(x, "no answer", strerror(-events));
			return events;
		}
		if (!(events & ~POLLOUT))
			continue;
		if (redisBufferRead(context) != REDIS_OK)
			return break_off(x);
		err = take_answers(x, &answer_cnt);
		if (err)
			return err;
	}
	if (context->reader->pos < context->reader->len) {
		set_error(x, "the server", "answers more than it was asked");
		return -EPROTO;
	}
	return 0;
}

/* --- what is sent ----------------------------------------------------------------------------- */

static int append(struct redis_link *link, const char *const *args, size_t cnt)
{
	size_t bytes[REDIS_TICK_ARG_MAX];
	const char *copy[REDIS_TICK_ARG_MAX];

	for (size_t i = 0; i < cnt; i++) {
		copy[i] = args[i];
		bytes[i] = strlen(args[i]);
	}
	return redisAppendCommandArgv(link->context, (int)cnt, copy, bytes) ? -ENOMEM : 0;
}

static int shake_hands(struct exchange *x)
{
	const struct redis_link_options *o = &x->link->options;
	char database[16];
	const char *with_user[] = {"AUTH", o->user, o->password};
	const char *without[] = {"AUTH", o->password};
	const char *select[] = {"SELECT", database};
	const char *name[] = {"CLIENT", "SETNAME", "tickscope"};
	size_t cnt = 1;
	int err = 0;

	snprintf(database, sizeof(database), "%u", o->address->database);
	if (o->password) {
		err = o->user ? append(x->link, with_user, 3) : append(x->link, without, 2);
		cnt++;
	}
	if (!err && o->address->database) {
		err = append(x->link, select, 2);
		cnt++;
	}
	if (!err)
		err = append(x->link, name, 3);
	return err ? err : exchange_run(x, cnt);
}

static int connect_link(struct exchange *x)
{
	struct exchange handshake = {.link = x->link, .patience = x->patience, .result = x->result};
	struct fault why;
	int fd = redis_socket_open(x->link->options.address, x->patience, &why);

	if (fd < 0) {
		snprintf(x->result->error, sizeof(x->result->error), "%.*s",
			 (int)sizeof(x->result->error) - 1, why.text);
		return fd;
	}
	x->link->context = redisConnectFd(fd);
	if (!x->link->context) {
		close(fd);
		return -ENOMEM;
	}
	x->link->context->flags &= ~REDIS_BLOCK;
	return shake_hands(&handshake);
}

static int append_tick(struct redis_link *link, const struct redis_tick *tick)
{
	struct redis_tick_command c;
	size_t cursor = 0;

	while (redis_tick_next(tick, &cursor, &c)) {
		if (redisAppendCommandArgv(link->context, (int)c.arg_cnt, c.args, c.arg_bytes))
			return -ENOMEM;
	}
	return 0;
}

/* The server has ended it, or says something that nobody asked for. */
static bool is_stale(const struct redis_link *link)
{
	struct pollfd fd = {.fd = link->context->fd, .events = POLLIN};

	return poll(&fd, 1, 0) != 0;
}

int redis_link_send(struct redis_link *link, const struct redis_tick *tick,
		    const struct redis_socket_patience *patience,
		    struct redis_link_result *ret_result)
{
	struct exchange x = {
		.link = link, .patience = patience, .tick = tick, .result = ret_result};
	int err = 0;

	*ret_result = (struct redis_link_result){0};
	if (link->context && is_stale(link))
		disconnect(link);
	if (!link->context)
		err = connect_link(&x);
	if (!err)
		err = append_tick(link, tick);
	if (!err)
		err = exchange_run(&x, tick->command_cnt);
	if (err) /* answers that still come would be taken for those to the next tick */
		disconnect(link);
	if (err == -ENOMEM)
		set_error(&x, "the sink", "out of memory");
	return err;
}
