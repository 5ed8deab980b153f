/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the agent, and says in words what is wrong where it does not answer. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/agent_client.h"
#include "cli/agent_path.h"
#include "wire/wire.h"

#define FIRST_BYTES 65536

struct agent_client {
	int fd;
	char *data;
	size_t capacity_bytes;
	size_t data_bytes;
	struct sockaddr_un address;
};

/* What a failed connect means to a person. */
static int refused(const char *path, int error, struct fault *why)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return fault_set(why, -ENOTCONN,
				 "no agent answers at \"%s\": is \"tickscope run\" running? Give "
				 "its directory with --state DIR",
				 path);
	case EACCES:
	case EPERM:
		return fault_set(why, -EACCES,
				 "you may not ask the agent at \"%s\": be root, or a member of "
				 "the socket's group",
				 path);
	case EAGAIN:
		return fault_set(why, -ETIMEDOUT, "the agent at \"%s\" does not answer", path);
	default:
		return fault_set(why, -error, "the agent's socket \"%s\": %s", path,
				 strerror(error));
	}
}

/* The kernel keeps the time limit, of connect too: it waits while the agent's backlog is full. */
static int connect_to(struct agent_client *c, struct fault *why)
{
	const struct timeval limit = {AGENT_CLIENT_TIMEOUT_NS / NS_PER_S, 0};

	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)))
		return fault_set(why, -errno, "a socket: %s", strerror(errno));
	if (connect(c->fd, (const struct sockaddr *)&c->address, sizeof(c->address)))
		return refused(c->address.sun_path, errno, why);
	return 0;
}

int agent_client_open(const char *state_dir, struct agent_client **ret_client, struct fault *why)
{
	struct agent_client *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return fault_set(why, -ENOMEM, "no memory");
	c->fd = -1;
	c->address.sun_family = AF_UNIX;
	err = agent_path(state_dir, c->address.sun_path)
		      ? fault_set(why, -ENAMETOOLONG,
				  "the directory \"%s\" is too long for a socket", state_dir)
		      : connect_to(c, why);
	if (err) {
		agent_client_close(c);
		return err;
	}
	*ret_client = c;
	return 0;
}

void agent_client_close(struct agent_client *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c->data);
	free(c);
}

static int send_request(const struct agent_client *c, const json_t *request, struct fault *why)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t bytes = text ? strlen(text) : 0, sent_bytes = 0;
	int err = text ? 0 : fault_set(why, -ENOMEM, "no memory");

	if (text)
		text[bytes++] = '\n'; /* in the place of its end */
	while (!err && sent_bytes < bytes) {
		ssize_t sent = send(c->fd, text + sent_bytes, bytes - sent_bytes, MSG_NOSIGNAL);

		if (sent >= 0)
			sent_bytes += (size_t)sent;
		else if (errno == EPIPE || errno == ECONNRESET)
			break; /* it may have said why */
		else if (errno != EINTR)
			err = refused(c->address.sun_path, errno, why);
	}
	free(text);
	return err;
}

static int make_room(struct agent_client *c)
{
	size_t bytes = c->capacity_bytes ? c->capacity_bytes * 2 : FIRST_BYTES;
	char *larger;

	if (c->data_bytes < c->capacity_bytes)
		return 0;
	if (c->capacity_bytes >= WIRE_ANSWER_BYTES)
		return -EPROTO;
	larger = realloc(c->data, bytes);
	if (!larger)
		return -ENOMEM;
	c->data = larger;
	c->capacity_bytes = bytes;
	return 0;
}

/* One more piece. -errno. */
static int receive(struct agent_client *c, uint64_t until_ns)
{
	struct pollfd wait = {.fd = c->fd, .events = POLLIN};
	uint64_t now_ns = clock_mono_ns();
	int err = make_room(c);
	ssize_t got;

	if (err)
		return err;
	if (now_ns >= until_ns)
		return -ETIMEDOUT;
	if (poll(&wait, 1, (int)((until_ns - now_ns) / NS_PER_MS + 1)) < 1)
		return 0;
	got = recv(c->fd, c->data + c->data_bytes, c->capacity_bytes - c->data_bytes, 0);
	if (got == 0)
		return -ECONNRESET;
	if (got < 0)
		return errno == EINTR ? 0 : -errno;
	c->data_bytes += (size_t)got;
	return 0;
}

/* The first line, parsed; what is behind it stays. */
static int parse_line(struct agent_client *c, const char *end, json_t **ret_answer)
{
	size_t line_bytes = (size_t)(end - c->data);
	json_error_t error;
	json_t *o = json_loadb(c->data, line_bytes, 0, &error);

	c->data_bytes -= line_bytes + 1;
	memmove(c->data, end + 1, c->data_bytes);
	if (!json_is_object(o)) {
		json_decref(o);
		return -EPROTO;
	}
	*ret_answer = o;
	return 0;
}

static int read_answer(struct agent_client *c, json_t **ret_answer)
{
	uint64_t until_ns = clock_mono_ns() + AGENT_CLIENT_TIMEOUT_NS;
	size_t seen_bytes = 0;

	for (;;) {
		const char *end =
			c->data ? memchr(c->data + seen_bytes, '\n', c->data_bytes - seen_bytes)
				: NULL;
		int err;

		if (end)
			return parse_line(c, end, ret_answer);
		seen_bytes = c->data_bytes;
		err = receive(c, until_ns);
		if (err)
			return err;
	}
}

static int explain(const struct agent_client *c, int err, struct fault *why)
{
	const char *path = c->address.sun_path;

	if (err == -ETIMEDOUT)
		return fault_set(why, err, "the agent at \"%s\" does not answer", path);
	if (err == -ECONNRESET)
		return fault_set(why, err, "the agent at \"%s\" has ended", path);
	if (err == -EPROTO)
		return fault_set(why, err,
				 "what answers at \"%s\" is no agent, or one of another version",
				 path);
	return fault_set(why, err, "the agent at \"%s\": %s", path, strerror(-err));
}

int agent_client_ask(struct agent_client *c, const json_t *request, json_t **ret_answer,
		     struct fault *why)
{
	int err = send_request(c, request, why);
	const char *error;
	json_t *answer;

	if (err)
		return err;
	err = read_answer(c, &answer);
	if (err)
		return explain(c, err, why);
	error = json_string_value(json_object_get(answer, "error"));
	if (error) {
		fault_set(why, 0, "the agent refuses: %s", error);
		text_clean(why->text);
		json_decref(answer);
		return -EREMOTEIO;
	}
	*ret_answer = answer;
	return 0;
}
