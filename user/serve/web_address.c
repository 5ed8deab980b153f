/* SPDX-License-Identifier: Apache-2.0 */
/* "127.0.0.1:9464" -> a socket. Addresses are numbers: no name is looked up. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/web_address.h"

#define BACKLOG 64 /* as many as are served at once */

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool read_port(const char *text, in_port_t *ret_port)
{
	unsigned int port = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (unsigned int)(*text - '0');
		if (port > 65535)
			return false;
	}
	*ret_port = htons((in_port_t)port);
	return true;
}

static int read_address(const char *text, union address *ret_address)
{
	const char *colon = strrchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : 0;
	bool is_v6 = !length || text[0] == '[';
	char host[INET6_ADDRSTRLEN] = "::";
	in_port_t port;

	if (!colon || !read_port(colon + 1, &port))
		return -EINVAL;
	if (length && is_v6) {
		if (length <= 2 || text[length - 1] != ']')
			return -EINVAL;
		text++;
		length -= 2;
	}
	if (length >= sizeof(host))
		return -EINVAL;
	if (length) {
		memcpy(host, text, length);
		host[length] = '\0';
	}
	memset(ret_address, 0, sizeof(*ret_address));
	if (is_v6) {
		ret_address->v6.sin6_family = AF_INET6;
		ret_address->v6.sin6_port = port;
		return inet_pton(AF_INET6, host, &ret_address->v6.sin6_addr) == 1 ? 0 : -EINVAL;
	}
	ret_address->v4.sin_family = AF_INET;
	ret_address->v4.sin_port = port;
	return inet_pton(AF_INET, host, &ret_address->v4.sin_addr) == 1 ? 0 : -EINVAL;
}

static int listen_at(const union address *address, bool is_all)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1, only_v6 = !is_all, err;

	if (fd < 0)
		return -errno;
	/* Connections that were closed a moment ago do not keep the port. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    (address->any.sa_family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6))) ||
	    bind(fd, &address->any,
		 address->any.sa_family == AF_INET6 ? sizeof(address->v6) : sizeof(address->v4)) ||
	    listen(fd, BACKLOG)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int web_address_listen(const char *text, unsigned int *ret_port, struct fault *why)
{
	union address address;
	socklen_t bytes = sizeof(address);
	bool is_all = text[0] == ':';
	int fd = read_address(text, &address);

	if (fd)
		return fault_set(why, fd, "\"%s\" is no address to listen at", text);
	fd = listen_at(&address, is_all);
	if (fd == -EAFNOSUPPORT && is_all) { /* a host without IPv6 */
		in_port_t port = address.v6.sin6_port;

		memset(&address, 0, sizeof(address));
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = port;
		fd = listen_at(&address, is_all);
	}
	if (fd == -EADDRINUSE)
		return fault_set(why, fd,
				 "cannot listen at \"%s\": another program has this port; stop it, "
				 "or choose another one",
				 text);
	if (fd < 0)
		return fault_set(why, fd, "cannot listen at \"%s\": %s", text, strerror(-fd));
	if (getsockname(fd, &address.any, &bytes)) {
		int err = -errno;

		close(fd);
		return fault_set(why, err, "cannot listen at \"%s\": %s", text, strerror(-err));
	}
	*ret_port = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port
							    : address.v4.sin_port);
	return fd;
}
