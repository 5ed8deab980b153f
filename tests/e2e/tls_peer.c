/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client and a server of Redis' protocol in one process, over OpenSSL, in the ways in which
 * programs use it.
 *
 *   tls_peer CERTIFICATE KEY MODE CNT     waits for a line, then makes CNT requests
 */
#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PING	    "*1\r\n$4\r\nPING\r\n"
#define PONG	    "+PONG\r\n"
#define VALUE_BYTES 200000

/* How a side calls the library. */
struct mode {
	const char *name;
	bool uses_ex;	     /* SSL_read_ex and SSL_write_ex */
	bool peeks;	     /* looks at what it reads next */
	bool is_nonblocking; /* WANT_READ and WANT_WRITE, retried */
	bool is_partial;     /* SSL_write takes a part */
	bool is_large;	     /* a value that no socket buffer holds */
	bool renegotiates;   /* TLS 1.2, before each tenth request */
	bool is_early;	     /* TLS 1.3, the first request with the handshake */
	bool is_refused;     /* … which the server does not take */
	bool is_in_memory;   /* the library never sees the socket */
	size_t read_bytes;   /* at most, at once; 0: 16 KiB */
};

static const struct mode modes[] = {
	{.name = "plain"},
	{.name = "ex", .uses_ex = true},
	{.name = "bytes", .read_bytes = 3},
	{.name = "peek", .peeks = true, .read_bytes = 5},
	{.name = "wait", .is_nonblocking = true, .is_large = true},
	{.name = "partial", .is_nonblocking = true, .is_partial = true, .is_large = true},
	{.name = "renegotiate", .renegotiates = true},
	{.name = "early", .is_early = true},
	{.name = "refused", .is_early = true, .is_refused = true},
	{.name = "memory", .is_in_memory = true},
};

struct side {
	const struct mode *mode;
	SSL *ssl;
	int fd;
	char early[256]; /* read with the handshake, and not asked for yet */
	size_t early_bytes;
};

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

/* In memory, what the library would send and receive is carried by hand. */
static void pump(struct side *s, bool wants_more)
{
	char bytes[16384];
	int cnt;

	while ((cnt = BIO_read(SSL_get_wbio(s->ssl), bytes, sizeof(bytes))) > 0)
		must(write(s->fd, bytes, (size_t)cnt) == cnt, "write");
	if (!wants_more)
		return;
	cnt = (int)read(s->fd, bytes, sizeof(bytes));
	must(cnt > 0, "read");
	must(BIO_write(SSL_get_rbio(s->ssl), bytes, cnt) == cnt, "BIO_write");
}

/* After a call that did not succeed: until it is worth another try. */
static void await(struct side *s, int result)
{
	int error = SSL_get_error(s->ssl, result);
	struct pollfd poll_fd = {.fd = s->fd, .events = POLLIN};

	must(error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE, "OpenSSL");
	if (s->mode->is_in_memory) {
		pump(s, error == SSL_ERROR_WANT_READ);
		return;
	}
	if (error == SSL_ERROR_WANT_WRITE)
		poll_fd.events = POLLOUT;
	must(poll(&poll_fd, 1, 20000) == 1, "poll");
}

static size_t write_some(struct side *s, const char *bytes, size_t cnt)
{
	size_t written = 0;
	int result;

	for (;;) {
		if (s->mode->uses_ex) {
			result = SSL_write_ex(s->ssl, bytes, cnt, &written);
		} else {
			result = SSL_write(s->ssl, bytes, (int)cnt);
			written = result > 0 ? (size_t)result : 0;
		}
		if (result > 0)
			break;
		await(s, result);
	}
	if (s->mode->is_in_memory)
		pump(s, false);
	return written;
}

static void write_all(struct side *s, const char *bytes, size_t cnt)
{
	while (cnt) {
		size_t written = write_some(s, bytes, cnt);

		bytes += written;
		cnt -= written;
	}
}

/* 0: the other side has closed. */
static size_t read_some(struct side *s, char *bytes, size_t room)
{
	size_t cnt = 0;
	int result;

	if (s->mode->read_bytes && room > s->mode->read_bytes)
		room = s->mode->read_bytes;
	for (;;) {
		if (s->mode->peeks && (result = SSL_peek(s->ssl, bytes, (int)room)) <= 0)
			goto retry;
		if (s->mode->uses_ex) {
			result = SSL_read_ex(s->ssl, bytes, room, &cnt);
		} else {
			result = SSL_read(s->ssl, bytes, (int)room);
			cnt = result > 0 ? (size_t)result : 0;
		}
		if (result > 0)
			return cnt;
	retry:
		if (SSL_get_error(s->ssl, result) == SSL_ERROR_ZERO_RETURN)
			return 0;
		await(s, result);
	}
}

/* Reads until a text ends with this. */
static bool read_until(struct side *s, const char *end)
{
	static const size_t room = VALUE_BYTES + 1000;
	char *text = calloc(1, room);
	size_t at = 0, length = strlen(end);
	bool is_there = false;

	memcpy(text, s->early, s->early_bytes);
	at = s->early_bytes;
	s->early_bytes = 0;
	for (;;) {
		size_t cnt;

		is_there = at >= length && memcmp(text + at - length, end, length) == 0;
		if (is_there)
			break;
		cnt = read_some(s, text + at, room - at);
		if (!cnt)
			break;
		at += cnt;
	}
	free(text);
	return is_there;
}

static void handshake(struct side *s, bool is_server)
{
	int result;

	while ((result = is_server ? SSL_accept(s->ssl) : SSL_connect(s->ssl)) <= 0)
		await(s, result);
	if (s->mode->is_in_memory)
		pump(s, false);
}

static void accept_early(struct side *s)
{
	int result;

	for (;;) {
		size_t cnt = 0;

		result = SSL_read_early_data(s->ssl, s->early + s->early_bytes,
					     sizeof(s->early) - s->early_bytes, &cnt);
		s->early_bytes += cnt;
		if (result == SSL_READ_EARLY_DATA_FINISH)
			return;
		must(result == SSL_READ_EARLY_DATA_SUCCESS, "SSL_read_early_data");
	}
}

static void side_init(struct side *s, SSL_CTX *context, const struct mode *mode, int fd)
{
	int yes = 1, small = 4096;

	*s = (struct side){.mode = mode, .fd = fd, .ssl = SSL_new(context)};
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (mode->is_large)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	if (mode->is_nonblocking)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	if (mode->is_partial)
		SSL_set_mode(s->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
	if (mode->is_in_memory)
		SSL_set_bio(s->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	else
		SSL_set_fd(s->ssl, fd);
}

static void side_fini(struct side *s)
{
	SSL_shutdown(s->ssl);
	if (s->mode->is_in_memory)
		pump(s, false);
	SSL_free(s->ssl);
	close(s->fd);
}

struct server {
	SSL_CTX *context;
	const struct mode *mode;
	int listen_fd;
	int connection_cnt;
};

static const char *request_end(const struct mode *mode)
{
	return mode->is_large ? "z\r\n" : "PING\r\n";
}

static void *serve(void *context)
{
	struct server *server = context;

	for (int i = 0; i < server->connection_cnt; i++) {
		int fd = accept(server->listen_fd, NULL, NULL);
		struct side s;

		side_init(&s, server->context, server->mode, fd);
		if (server->mode->is_refused && i)
			SSL_set_max_early_data(s.ssl, 0);
		if (server->mode->is_early)
			accept_early(&s);
		handshake(&s, true);
		while (read_until(&s, request_end(server->mode)))
			write_all(&s, PONG, strlen(PONG));
		side_fini(&s);
	}
	return NULL;
}

static SSL_SESSION *latest_session;

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(latest_session);
	latest_session = session;
	return 1;
}

static void connect_side(struct side *s, SSL_CTX *context, const struct mode *mode, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	must(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0, "connect");
	side_init(s, context, mode, fd);
}

static void ask(struct side *s, const char *request, size_t bytes)
{
	if (request)
		write_all(s, request, bytes);
	must(read_until(s, PONG), "an answer");
}

static void request_many(struct side *s, int cnt)
{
	char *large = malloc(VALUE_BYTES + 100);
	int length = snprintf(large, 100, "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$%d\r\n", VALUE_BYTES);

	memset(large + length, 'z', VALUE_BYTES);
	large[length + VALUE_BYTES] = '\r';
	large[length + VALUE_BYTES + 1] = '\n';
	for (int i = 0; i < cnt; i++) {
		if (s->mode->renegotiates && i % 10 == 5)
			must(SSL_renegotiate(s->ssl) == 1, "SSL_renegotiate");
		if (s->mode->is_large)
			ask(s, large, (size_t)length + VALUE_BYTES + 2);
		else
			ask(s, PING, strlen(PING));
	}
	free(large);
}

/* Two connections: the second one resumes the first one's session. */
static void request_early(SSL_CTX *context, const struct mode *mode, int port, int cnt)
{
	struct side s;
	size_t written;

	connect_side(&s, context, mode, port);
	handshake(&s, false);
	request_many(&s, 1);
	side_fini(&s);
	must(latest_session, "a session");
	connect_side(&s, context, mode, port);
	SSL_set_session(s.ssl, latest_session);
	must(SSL_write_early_data(s.ssl, PING, strlen(PING), &written) == 1, "early data");
	handshake(&s, false);
	if (SSL_get_early_data_status(s.ssl) == SSL_EARLY_DATA_ACCEPTED)
		ask(&s, NULL, 0);
	else
		request_many(&s, 1);
	request_many(&s, cnt - 2);
	side_fini(&s);
}

static void request_plainly(SSL_CTX *context, const struct mode *mode, int port, int cnt)
{
	struct side s;

	connect_side(&s, context, mode, port);
	handshake(&s, false);
	request_many(&s, cnt);
	side_fini(&s);
}

static SSL_CTX *context_new(const SSL_METHOD *method, const struct mode *mode)
{
	SSL_CTX *context = SSL_CTX_new(method);

	must(context, "SSL_CTX_new");
	if (mode->renegotiates) {
		SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
		SSL_CTX_set_options(context, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	}
	if (mode->is_early) {
		SSL_CTX_set_max_early_data(context, 16384);
		SSL_CTX_set_session_cache_mode(context,
					       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_SERVER);
		SSL_CTX_sess_set_new_cb(context, on_session);
	}
	return context;
}

static int listen_anywhere(int *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	must(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 16) == 0, "listen");
	getsockname(fd, (struct sockaddr *)&at, &length);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static void run(const struct mode *mode, const char *certificate, const char *key, int cnt)
{
	SSL_CTX *client = context_new(TLS_client_method(), mode);
	struct server server = {.context = context_new(TLS_server_method(), mode),
				.mode = mode,
				.connection_cnt = mode->is_early ? 2 : 1};
	pthread_t thread;
	char line[16];
	int port;

	SSL_CTX_sess_set_new_cb(server.context, NULL);
	must(SSL_CTX_use_certificate_file(server.context, certificate, SSL_FILETYPE_PEM) == 1 &&
		     SSL_CTX_use_PrivateKey_file(server.context, key, SSL_FILETYPE_PEM) == 1,
	     "certificate");
	server.listen_fd = listen_anywhere(&port);
	printf("%d\n", port);
	fflush(stdout);
	must(fgets(line, sizeof(line), stdin), "a line");
	pthread_create(&thread, NULL, serve, &server);
	if (mode->is_early)
		request_early(client, mode, port, cnt);
	else
		request_plainly(client, mode, port, cnt);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, argv[3]) != 0)
			continue;
		run(&modes[i], argv[1], argv[2], (int)strtol(argv[4], NULL, 10));
		return 0;
	}
	return 2;
}
