/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libmicrohttpd in one thread, with what it leaves to its users: who has to go when too many come,
 * and how long an answer may take.
 */
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread.h"
#include "serve/web.h"
#include "serve/web_address.h"

#define ROUTE_MAX      8	   /* of one server */
#define PEER_MAX       64	   /* connections: many more than there are scrapers */
#define NEWCOMER_MAX   16	   /* accepted beside them, to be turned away or to replace one */
#define IDLE_S	       90	   /* scrapers keep a connection from one scrape to the next */
#define HEAD_MAX_BYTES 16384	   /* of a request with all its headers */
#define STACK_BYTES    (256 << 10) /* of handlers and library, which keep no texts on it */
#define BODY_MAX       8	   /* answers in memory, whose readers are slow */
#define BLOCK_BYTES    65536	   /* of an answer at once */
#define ANSWER_MAX_NS  (30 * NS_PER_S) /* a reader that is not done then is left */
#define SLOW_NS	       (10 * NS_PER_S) /* then it is, if others ask; what scrapers wait for */
#define GRACE_NS       NS_PER_S	       /* for so long nobody has to go in favour of another */

static const char text_plain[] = "text/plain; charset=utf-8";

enum peer_state { PEER_FREE = 0, PEER_WAITED_FOR, PEER_ANSWERED };

/* A connection. All of it is used in the server's thread alone. */
struct peer {
	int fd;
	enum peer_state state;
	uint64_t since_ns; /* that it is in this state */
};

/* An answer on its way. */
struct body {
	struct web *web;
	struct peer *peer; /* NULL: of none that is known */
	int fd;		   /* the peer's, unless the place has another one by now */
	char *bytes;
	size_t cnt;
	uint64_t end_ns;
};

struct web {
	struct MHD_Daemon *server;
	struct web_route routes[ROUTE_MAX];
	size_t route_cnt;
	struct peer peers[PEER_MAX];
	size_t body_cnt;
	unsigned int port;
};

/* --- connections ------------------------------------------------------------------------------ */

static int fd_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

/* NULL: it had to go, and another one has its place. */
static struct peer *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct peer *peer = info ? info->socket_context : NULL;

	return peer && peer->fd == fd_of(connection) ? peer : NULL;
}

static void set_state(struct peer *peer, enum peer_state state)
{
	peer->state = state;
	peer->since_ns = clock_mono_ns();
}

/* The peer that has been in this state for longest; NULL: none, or none for at least min_ns. */
static struct peer *find_longest(struct web *web, enum peer_state state, uint64_t min_ns)
{
	struct peer *longest = NULL;

	for (size_t i = 0; i < PEER_MAX; i++) {
		struct peer *p = &web->peers[i];

		if (p->state == state && (!longest || p->since_ns < longest->since_ns))
			longest = p;
	}
	return longest && clock_mono_ns() - longest->since_ns >= min_ns ? longest : NULL;
}

/* A free place; else that of whoever has been silent for longest, so that clients that send
 * nothing, or a byte now and then, keep nobody out. NULL: all are busy. */
static struct peer *find_place(struct web *web)
{
	struct peer *longest = find_longest(web, PEER_FREE, 0);

	if (longest)
		return longest;
	longest = find_longest(web, PEER_WAITED_FOR, GRACE_NS);
	if (longest)
		shutdown(longest->fd, SHUT_RDWR); /* the library sees its end, and closes it */
	return longest;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct web *web = context;
	int fd = fd_of(connection);
	struct peer *peer = *socket_context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (peer && peer->fd == fd)
			*peer = (struct peer){.fd = -1};
		return;
	}
	peer = find_place(web);
	if (!peer) {
		shutdown(fd, SHUT_RDWR);
		return;
	}
	peer->fd = fd;
	set_state(peer, PEER_WAITED_FOR);
	*socket_context = peer;
}

/* --- answers ---------------------------------------------------------------------------------- */

static ssize_t read_body(void *context, uint64_t position, char *buffer, size_t max)
{
	const struct body *body = context;
	size_t cnt = body->cnt - (size_t)position;

	if (clock_mono_ns() > body->end_ns)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	cnt = cnt < max ? cnt : max;
	memcpy(buffer, body->bytes + position, cnt);
	return (ssize_t)cnt;
}

static void free_body(void *context)
{
	struct body *body = context;

	if (body->peer && body->peer->fd == body->fd)
		set_state(body->peer, PEER_WAITED_FOR);
	body->web->body_cnt--;
	free(body->bytes);
	free(body);
}

/* Takes the answer's body. NULL: no memory. */
static struct MHD_Response *new_response(struct web *web, struct MHD_Connection *connection,
					 const struct web_answer *answer)
{
	struct body *body = malloc(sizeof(*body));
	struct MHD_Response *response;

	if (!body) {
		free(answer->body);
		return NULL;
	}
	*body = (struct body){.web = web,
			      .peer = peer_of(connection),
			      .fd = fd_of(connection),
			      .bytes = answer->body,
			      .cnt = answer->body ? answer->body_bytes : 0,
			      .end_ns = clock_mono_ns() + ANSWER_MAX_NS};
	web->body_cnt++;
	response = MHD_create_response_from_callback(body->cnt, BLOCK_BYTES, read_body, body,
						     free_body);
	if (!response)
		free_body(body);
	else if (body->peer)
		set_state(body->peer, PEER_ANSWERED);
	return response;
}

static enum MHD_Result send_response(struct MHD_Connection *connection, unsigned int status,
				     const char *content_type, struct MHD_Response *response)
{
	enum MHD_Result result = MHD_NO;

	if (response &&
	    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type) &&
	    (status != MHD_HTTP_METHOD_NOT_ALLOWED ||
	     MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD")))
		result = MHD_queue_response(connection, status, response);
	if (response)
		MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned int status,
				 const char *text)
{
	/* It is copied at once, or never: the text is constant. */
	return send_response(connection, status, text_plain,
			     MHD_create_response_from_buffer(strlen(text), (void *)text,
							     MHD_RESPMEM_PERSISTENT));
}

/* False: too many answers wait for their readers, none of them for long. */
static bool has_room(struct web *web)
{
	struct peer *slowest;

	if (web->body_cnt < BODY_MAX)
		return true;
	slowest = find_longest(web, PEER_ANSWERED, SLOW_NS);
	if (!slowest)
		return false;
	shutdown(slowest->fd, SHUT_RDWR);
	set_state(slowest, PEER_WAITED_FOR);
	return true;
}

static enum MHD_Result answer(struct web *web, struct MHD_Connection *connection,
			      const struct web_route *route)
{
	const struct web_request request = {
		.path = route->path,
		.accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
						      MHD_HTTP_HEADER_ACCEPT),
	};
	struct web_answer answer = {.status = MHD_HTTP_OK, .content_type = text_plain};

	if (!has_room(web))
		return send_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				 "too many answers wait for their readers\n");
	if (route->fn(route->context, &request, &answer))
		return send_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
				 "the agent could not answer\n");
	return send_response(connection, answer.status, answer.content_type,
			     new_response(web, connection, &answer));
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_bytes, void **request_context)
{
	struct web *web = context;

	(void)version;
	(void)upload;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	/* The library calls for the head, for each piece of a body, and at its end. */
	if (!*request_context || *upload_bytes) {
		*request_context = web;
		*upload_bytes = 0;
		return MHD_YES;
	}
	for (size_t i = 0; i < web->route_cnt; i++) {
		if (strcmp(url, web->routes[i].path) == 0)
			return answer(web, connection, &web->routes[i]);
	}
	return send_text(connection, MHD_HTTP_NOT_FOUND, "there is no such page\n");
}

/* --- life ------------------------------------------------------------------------------------- */

struct beginning {
	struct web *web;
	int fd;
	struct MHD_Daemon *server; /* NULL: it could not be started */
};

/* The library's epoll loop overlooks an end that arrives together with the last data (0.9.75), its
 * poll loop does not. */
static void *begin(void *context)
{
	struct beginning *b = context;

	b->server = MHD_start_daemon(
		MHD_USE_POLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, b->web,
		MHD_OPTION_LISTEN_SOCKET, b->fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned int)(PEER_MAX + NEWCOMER_MAX), MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned int)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MAX_BYTES,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, b->web, MHD_OPTION_END);
	return NULL;
}

/* The library makes its thread, which inherits from the one that asks for it: no signals, no
 * capabilities. */
static struct MHD_Daemon *start_server(struct web *web, int fd)
{
	struct beginning b = {.web = web, .fd = fd};
	pthread_t thread;

	if (thread_start(&thread, 0, begin, &b))
		return NULL;
	pthread_join(thread, NULL);
	return b.server;
}

int web_start(const char *listen, const struct web_route *routes, size_t cnt, struct web **ret_web,
	      struct fault *why)
{
	struct web *web;
	int fd;

	if (cnt > ROUTE_MAX)
		return fault_set(why, -EINVAL, "more than %d pages", ROUTE_MAX);
	web = calloc(1, sizeof(*web));
	if (!web)
		return fault_set(why, -ENOMEM, "out of memory");
	for (size_t i = 0; i < PEER_MAX; i++)
		web->peers[i].fd = -1;
	memcpy(web->routes, routes, cnt * sizeof(*routes));
	web->route_cnt = cnt;
	fd = web_address_listen(listen, &web->port, why);
	if (fd < 0) {
		free(web);
		return fd;
	}
	web->server = start_server(web, fd);
	if (!web->server) {
		close(fd);
		free(web);
		return fault_set(why, -EIO, "cannot start the server at \"%s\"", listen);
	}
	*ret_web = web;
	return 0;
}

void web_stop(struct web *web)
{
	if (!web)
		return;
	MHD_stop_daemon(web->server);
	free(web);
}

unsigned int web_port(const struct web *web)
{
	return web->port;
}
