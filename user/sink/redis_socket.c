/* SPDX-License-Identifier: Apache-2.0 */
/* From an address to a connection. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "sink/redis_socket.h"

#define ADDRESS_MAX 8 /* of one name that are tried */

int redis_socket_wait(int fd, short events, const struct redis_socket_patience *patience)
{
	struct pollfd fds[] = {{.fd = fd, .events = events},
			       {.fd = patience->cancel_fd, .events = POLLIN}};

	for (;;) {
		uint64_t now_ns = clock_mono_ns();
		uint64_t left_ns =
			patience->until_mono_ns > now_ns ? patience->until_mono_ns - now_ns : 0;
		struct timespec left = {(time_t)(left_ns / NS_PER_S), (long)(left_ns % NS_PER_S)};
		int cnt = ppoll(fds, 2, &left, NULL);

		if (cnt < 0 && errno != EINTR)
			return -errno;
		if (cnt > 0 && fds[1].revents)
			return -ECANCELED;
		if (cnt > 0)
			return fds[0].revents;
		if (cnt == 0)
			return -ETIMEDOUT;
	}
}

/* Until the connection that was begun is there. */
static int wait_connected(int fd, const struct redis_socket_patience *patience)
{
	int events = redis_socket_wait(fd, POLLOUT, patience), err;
	socklen_t bytes = sizeof(err);

	if (events < 0)
		return events;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &bytes))
		return -errno;
	return -err;
}

static int open_one(const struct sockaddr *address, socklen_t address_bytes,
		    const struct redis_socket_patience *patience)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int yes = 1, err = 0;

	if (fd < 0)
		return -errno;
	if (connect(fd, address, address_bytes))
		err = errno == EINPROGRESS ? wait_connected(fd, patience) : -errno;
	if (err) {
		close(fd);
		return err;
	}
	/* A tick is one write, and its end is waited for. Unix sockets have no such option. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	return fd;
}

static int open_local(const struct redis_address *a, const struct redis_socket_patience *patience)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, a->path, sizeof(a->path));
	return open_one((const struct sockaddr *)&address, sizeof(address), patience);
}

/* Each address gets its part of the time that is left: the first may be a black hole. */
static int open_any(const struct addrinfo *list, const struct redis_socket_patience *patience)
{
	size_t left_cnt = 0;
	int fd = -EADDRNOTAVAIL;

	for (const struct addrinfo *i = list; i && left_cnt < ADDRESS_MAX; i = i->ai_next)
		left_cnt++;
	for (; list && left_cnt; list = list->ai_next, left_cnt--) {
		uint64_t now_ns = clock_mono_ns();
		struct redis_socket_patience part = *patience;

		if (part.until_mono_ns > now_ns)
			part.until_mono_ns = now_ns + (part.until_mono_ns - now_ns) / left_cnt;
		fd = open_one(list->ai_addr, list->ai_addrlen, &part);
		if (fd >= 0 || fd == -ECANCELED)
			break;
	}
	return fd;
}

static int open_host(const struct redis_address *a, const struct redis_socket_patience *patience,
		     struct fault *why)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	char port[8];
	int err, fd;

	snprintf(port, sizeof(port), "%u", a->port);
	err = getaddrinfo(a->host, port, &hints, &list);
	if (err)
		return fault_set(why, -EHOSTUNREACH, "the host \"%s\" is not known: %s", a->host,
				 gai_strerror(err));
	fd = open_any(list, patience);
	freeaddrinfo(list);
	if (fd < 0)
		return fault_set(why, fd, "no connection to \"%s\" port %u: %s", a->host, a->port,
				 strerror(-fd));
	return fd;
}

int redis_socket_open(const struct redis_address *address,
		      const struct redis_socket_patience *patience, struct fault *why)
{
	int fd;

	if (address->host[0])
		return open_host(address, patience, why);
	fd = open_local(address, patience);
	if (fd < 0)
		return fault_set(why, fd, "no connection to \"%s\": %s", address->path,
				 strerror(-fd));
	return fd;
}
