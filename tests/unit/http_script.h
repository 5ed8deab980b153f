/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP server that answers as it is told, one request after another, and keeps what it got. */
#ifndef TICKSCOPE_TESTS_HTTP_SCRIPT_H
#define TICKSCOPE_TESTS_HTTP_SCRIPT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SCRIPT_MAX    32
#define REQUEST_BYTES 65536

#define ANSWER_204 "HTTP/1.1 204 No Content\r\n\r\n"
#define HANGS	   ""	   /* nothing comes */
#define CLOSES	   "close" /* the connection ends without an answer */

struct http_script {
	const char *const *answers; /* NULL behind the last */
	int listener;
	char url[64];
	pthread_t thread;
	char requests[SCRIPT_MAX][REQUEST_BYTES]; /* heads and bodies */
	size_t body_bytes[SCRIPT_MAX];
	const char *bodies[SCRIPT_MAX];
	size_t cnt;
	size_t connection_cnt;
};

/* One request. False: the client is gone. */
static inline bool script_read(struct http_script *s, int fd)
{
	char *text = s->requests[s->cnt];
	size_t used = 0, wanted = 0;

	for (;;) {
		ssize_t got = read(fd, text + used, REQUEST_BYTES - 1 - used);
		const char *end, *length;

		if (got <= 0)
			return false;
		used += (size_t)got;
		text[used] = 0;
		end = strstr(text, "\r\n\r\n");
		if (!end)
			continue;
		length = strcasestr(text, "content-length:");
		wanted = length && length < end ? strtoul(length + 15, NULL, 10) : 0;
		if (used < (size_t)(end + 4 - text) + wanted)
			continue;
		s->bodies[s->cnt] = end + 4;
		s->body_bytes[s->cnt] = wanted;
		__atomic_store_n(&s->cnt, s->cnt + 1, __ATOMIC_RELEASE);
		return true;
	}
}

static inline void *script_run(void *context)
{
	struct http_script *s = context;
	size_t at = 0;

	for (;;) {
		int fd = accept(s->listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		s->connection_cnt++;
		while (s->answers[at] && script_read(s, fd)) {
			const char *answer = s->answers[at++];

			if (!strcmp(answer, CLOSES))
				break;
			if (write(fd, answer, strlen(answer)) < 0)
				break;
		}
		if (at && !strcmp(s->answers[at - 1], HANGS))
			while (read(fd, &(char){0}, 1) > 0)
				;
		close(fd);
	}
}

static inline void script_start(struct http_script *s, const char *const *answers)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t bytes = sizeof(address);

	memset(s, 0, sizeof(*s));
	s->answers = answers;
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listener, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(listen(s->listener, 8), 0);
	assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &bytes), 0);
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
	assert_int_equal(pthread_create(&s->thread, NULL, script_run, s), 0);
}

/* After the client has closed: what was asked for stays to be read. */
static inline void script_stop(struct http_script *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
}

#endif
