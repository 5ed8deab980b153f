// SPDX-License-Identifier: Apache-2.0
// TCP sockets on the loopback address, as small as the three programs of this trading system need
// them.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace net
{
inline void set_no_delay(int fd)
{
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

inline sockaddr_in loopback(uint16_t port)
{
	sockaddr_in address{};
	address.sin_family = AF_INET;
	address.sin_port = htons(port);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

// Listens; port 0 takes a free one. The port is returned through `port`.
inline int listen_on(uint16_t &port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	sockaddr_in address = loopback(port);
	socklen_t length = sizeof(address);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, reinterpret_cast<sockaddr *>(&address), length) || listen(fd, 16)) {
		perror("listen");
		exit(1);
	}
	getsockname(fd, reinterpret_cast<sockaddr *>(&address), &length);
	port = ntohs(address.sin_port);
	return fd;
}

inline int connect_to(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	sockaddr_in address = loopback(port);

	if (connect(fd, reinterpret_cast<sockaddr *>(&address), sizeof(address))) {
		perror("connect");
		exit(1);
	}
	set_no_delay(fd);
	return fd;
}

inline bool send_all(int fd, const std::string &bytes)
{
	for (size_t sent = 0; sent < bytes.size();) {
		ssize_t cnt = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
		if (cnt <= 0)
			return false;
		sent += static_cast<size_t>(cnt);
	}
	return true;
}

// Appends what has arrived; false once the peer is gone.
inline bool receive_some(int fd, std::string &buffer)
{
	char bytes[16384];
	ssize_t cnt = recv(fd, bytes, sizeof(bytes), 0);
	if (cnt <= 0)
		return false;
	buffer.append(bytes, static_cast<size_t>(cnt));
	return true;
}

inline bool is_readable(int fd, int timeout_ms)
{
	pollfd p{fd, POLLIN, 0};
	return poll(&p, 1, timeout_ms) > 0;
}
} // namespace net
