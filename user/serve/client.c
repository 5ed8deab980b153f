/* SPDX-License-Identifier: Apache-2.0 */
/* Reads requests, has them answered, and sends the answers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "serve/client.h"
#include "serve/request.h"
#include "wire/wire.h"

#define REQUESTS_AT_ONCE 4 /* of one client, then the others' turn */

void client_drop(struct serve *s, struct client *c)
{
	close(c->fd);
	free(c->input);
	free(c->output);
	*c = (struct client){.fd = -1};
	s->counts.client_cnt--;
}

/* While an answer waits to be read, no further request is. A whole line that waits for its turn
 * gets it as soon as the client could take an answer. */
static void listen_for(const struct serve *s, const struct client *c)
{
	bool has_line = memchr(c->input, '\n', c->input_bytes) != NULL;
	struct epoll_event event = {.events = c->output || has_line ? EPOLLOUT : EPOLLIN,
				    .data.u64 = (uint64_t)(c - s->clients)};

	epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* False: the client is gone. */
static bool flush(struct serve *s, struct client *c)
{
	while (c->output_sent_bytes < c->output_bytes) {
		ssize_t sent = send(c->fd, c->output + c->output_sent_bytes,
				    c->output_bytes - c->output_sent_bytes, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return true;
		if (sent < 0) {
			client_drop(s, c);
			return false;
		}
		c->output_sent_bytes += (size_t)sent;
		c->active_ns = clock_mono_ns();
	}
	free(c->output);
	c->output = NULL;
	if (c->is_ending) {
		client_drop(s, c);
		return false;
	}
	return true;
}

/* Takes the object. One line, with room for its line feed. */
static char *line_of(json_t *o, size_t *ret_bytes)
{
	size_t bytes = json_dumpb(o, NULL, 0, JSON_COMPACT);
	char *line = bytes && bytes < WIRE_ANSWER_BYTES ? malloc(bytes + 1) : NULL;

	if (line) {
		json_dumpb(o, line, bytes, JSON_COMPACT);
		line[bytes] = '\n';
		*ret_bytes = bytes + 1;
	}
	json_decref(o);
	return line;
}

static json_t *error_json(const char *text)
{
	json_t *o = json_object();

	json_object_set_new(o, "error", wire_text(text));
	return o;
}

/* Takes the object. False: the client is gone. */
static bool send_take(struct serve *s, struct client *c, json_t *o)
{
	c->output = line_of(o, &c->output_bytes);
	if (!c->output)
		c->output = line_of(error_json("the answer is too large: ask for less"),
				    &c->output_bytes);
	c->output_sent_bytes = 0;
	if (!c->output) {
		client_drop(s, c);
		return false;
	}
	return flush(s, c);
}

static const struct serve_handler *find_handler(const struct serve *s, const char *name)
{
	for (size_t i = 0; i < s->handler_cnt; i++) {
		if (strcmp(s->handlers[i].name, name) == 0)
			return &s->handlers[i];
	}
	return NULL;
}

/* The answer; NULL with the reason. */
static json_t *handle(const struct serve *s, const struct client *c, size_t line_bytes,
		      struct fault *why)
{
	const struct serve_handler *h;
	json_t *request, *o = NULL;
	const char *name;

	if (request_parse(c->input, line_bytes, &request, &name, why))
		return NULL;
	h = find_handler(s, name);
	if (!h) {
		fault_set(why, 0, "this agent does not know the request \"%.64s\"", name);
	} else if (h->is_changing && !listener_may_change(&s->listener, c->fd, &c->peer)) {
		fault_set(why, 0,
			  "\"%s\" is for root, the agent's user, and members of the socket's group",
			  h->name);
	} else {
		fault_set(why, 0, "\"%s\" failed", h->name);
		o = h->answer(request, &c->peer, s->context, why);
	}
	json_decref(request);
	return o;
}

/* False: the client is gone. */
static bool answer_line(struct serve *s, struct client *c, size_t line_bytes)
{
	struct fault why = {""};
	json_t *o = handle(s, c, line_bytes, &why);

	s->counts.request_cnt++;
	c->input_bytes -= line_bytes + 1;
	memmove(c->input, c->input + line_bytes + 1, c->input_bytes);
	if (!o) {
		s->counts.refused_cnt++;
		o = error_json(why.text);
	}
	return send_take(s, c, o);
}

/* A line that does not end: it cannot be skipped, since where it ends is not known. */
static void refuse_long(struct serve *s, struct client *c)
{
	s->counts.request_cnt++;
	s->counts.refused_cnt++;
	s->counts.dropped_cnt++;
	c->is_ending = true;
	c->input_bytes = 0;
	if (send_take(s, c, error_json("a request is one line of at most 65536 bytes")))
		listen_for(s, c);
}

/* Reads what is there, and answers whole lines while their answers are taken. */
static void serve_client(struct serve *s, struct client *c)
{
	for (int turn = 0; turn < REQUESTS_AT_ONCE; turn++) {
		char *end = memchr(c->input, '\n', c->input_bytes);
		ssize_t got;

		if (end && !answer_line(s, c, (size_t)(end - c->input)))
			return;
		if (c->output)
			break;
		if (end)
			continue;
		if (c->input_bytes > WIRE_REQUEST_BYTES) {
			refuse_long(s, c);
			return;
		}
		got = recv(c->fd, c->input + c->input_bytes,
			   WIRE_REQUEST_BYTES + 1 - c->input_bytes, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (got <= 0) {
			client_drop(s, c);
			return;
		}
		c->active_ns = clock_mono_ns();
		c->input_bytes += (size_t)got;
	}
	listen_for(s, c);
}

int client_add(struct serve *s, struct client *c, int fd, const struct serve_peer *peer)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)(c - s->clients)};
	char *input = malloc(WIRE_REQUEST_BYTES + 1);

	if (!input)
		return -ENOMEM;
	if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event)) {
		int err = -errno;

		free(input);
		return err;
	}
	*c = (struct client){.fd = fd, .peer = *peer, .active_ns = clock_mono_ns(), .input = input};
	s->counts.client_cnt++;
	return 0;
}

void client_run(struct serve *s, struct client *c)
{
	if (c->output && !flush(s, c))
		return;
	if (!c->output)
		serve_client(s, c);
}
