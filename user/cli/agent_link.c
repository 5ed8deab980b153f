/* SPDX-License-Identifier: Apache-2.0 */
/* Requests are short and only one is on its way, so they always fit into the socket; answers are
 * collected until their line feed. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/agent_link.h"
#include "wire/wire.h"

#define ROOM_FIRST_BYTES 65536

struct agent_link {
	int fd;
	char *bytes;
	size_t cnt;
	size_t room;
};

int agent_link_open(const char *path, struct agent_link **ret_link)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct agent_link *link;
	int err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0 || connect(link->fd, (struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		agent_link_close(link);
		return err;
	}
	*ret_link = link;
	return 0;
}

void agent_link_close(struct agent_link *link)
{
	if (!link)
		return;
	if (link->fd >= 0)
		close(link->fd);
	free(link->bytes);
	free(link);
}

int agent_link_fd(const struct agent_link *link)
{
	return link->fd;
}

int agent_link_send(struct agent_link *link, const char *request)
{
	struct iovec parts[] = {{(void *)request, strlen(request)}, {(void *)"\n", 1}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t sent = sendmsg(link->fd, &message, MSG_NOSIGNAL);

	link->cnt = 0;
	if (sent < 0)
		return -errno;
	return (size_t)sent == parts[0].iov_len + 1 ? 0 : -EIO;
}

static int make_room(struct agent_link *link)
{
	size_t room = link->room ? 2 * link->room : ROOM_FIRST_BYTES;
	char *bytes;

	if (link->cnt < link->room)
		return 0;
	if (room > WIRE_ANSWER_BYTES)
		return -EMSGSIZE;
	bytes = realloc(link->bytes, room);
	if (!bytes)
		return -ENOMEM;
	link->bytes = bytes;
	link->room = room;
	return 0;
}

int agent_link_receive(struct agent_link *link, const char **ret_line, size_t *ret_bytes)
{
	for (;;) {
		const char *end;
		ssize_t cnt;
		int err = make_room(link);

		if (err)
			return err;
		cnt = recv(link->fd, link->bytes + link->cnt, link->room - link->cnt, 0);
		if (cnt < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		if (!cnt)
			return -EPIPE;
		end = memchr(link->bytes + link->cnt, '\n', (size_t)cnt);
		link->cnt += (size_t)cnt;
		if (!end)
			continue;
		/* What comes behind an answer was not asked for. */
		if (end != link->bytes + link->cnt - 1)
			return -EPROTO;
		*ret_line = link->bytes;
		*ret_bytes = link->cnt - 1;
		return 1;
	}
}
