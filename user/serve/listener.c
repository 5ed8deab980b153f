/* SPDX-License-Identifier: Apache-2.0 */
/* A lock beside the socket decides who lives: asking the socket would mistake a busy agent for a
 * dead one, and two that start at once for none. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/listener.h"

#define LOCK_SUFFIX ".lock"
#define SOCKET_MODE 0660
#define BACKLOG	    64	  /* more than clients: who waits is told, not refused */
#define GROUP_MAX   65536 /* NGROUPS_MAX of Linux */

static int hold_lock(const char *path, struct fault *why)
{
	char lock_path[sizeof(((struct listener *)0)->path) + sizeof(LOCK_SUFFIX)];
	int fd, err;

	snprintf(lock_path, sizeof(lock_path), "%s%s", path, LOCK_SUFFIX);
	fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return fault_set(why, -errno, "socket \"%s\": cannot open \"%s\": %s", path,
				 lock_path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	err = errno == EWOULDBLOCK
		      ? fault_set(why, -EADDRINUSE,
				  "another agent has the socket \"%s\": stop it, or give this one "
				  "another directory with --state DIR",
				  path)
		      : fault_set(why, -errno, "socket \"%s\": cannot lock \"%s\": %s", path,
				  lock_path, strerror(errno));
	close(fd);
	return err;
}

/* Only a socket is removed, and only by whoever holds the lock. */
static int remove_stale(const char *path, struct fault *why)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT
			       ? 0
			       : fault_set(why, -errno, "socket \"%s\": %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return fault_set(why, -EEXIST,
				 "socket \"%s\": there is a file of that name that is no socket",
				 path);
	if (unlink(path) && errno != ENOENT)
		return fault_set(why, -errno,
				 "socket \"%s\": the one of a dead agent cannot be "
				 "removed: %s",
				 path, strerror(errno));
	return 0;
}

/* At no time is the mode wider than it will be: bind takes the socket's own, less the umask. */
static int bind_at(int fd, const char *path, gid_t gid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fchmod(fd, gid == (gid_t)-1 ? SOCKET_MODE : 0600) ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	if ((gid != (gid_t)-1 && lchown(path, (uid_t)-1, gid)) || chmod(path, SOCKET_MODE) ||
	    listen(fd, BACKLOG)) {
		int err = -errno;

		unlink(path);
		return err;
	}
	return 0;
}

int listener_open(const char *path, gid_t gid, struct listener *ret_listener, struct fault *why)
{
	struct listener l = {.fd = -1, .gid = gid == (gid_t)-1 ? getegid() : gid};
	int err;

	if (strlen(path) >= sizeof(l.path))
		return fault_set(why, -ENAMETOOLONG,
				 "socket \"%s\": a path has at most %zu bytes; give a shorter "
				 "directory with --state DIR",
				 path, sizeof(l.path) - 1);
	snprintf(l.path, sizeof(l.path), "%s", path);
	l.lock_fd = hold_lock(path, why);
	if (l.lock_fd < 0)
		return l.lock_fd;
	err = remove_stale(path, why);
	if (err)
		goto unlock;
	l.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	err = l.fd < 0 ? -errno : bind_at(l.fd, path, gid);
	if (err) {
		fault_set(why, err, "socket \"%s\": %s", path, strerror(-err));
		goto close_socket;
	}
	*ret_listener = l;
	return 0;
close_socket:
	if (l.fd >= 0)
		close(l.fd);
unlock:
	close(l.lock_fd);
	return err;
}

void listener_close(struct listener *l)
{
	/* Before the lock goes: the next agent's socket has the same name. */
	unlink(l->path);
	close(l->fd);
	close(l->lock_fd);
}

int listener_accept(const struct listener *l, struct serve_peer *ret_peer)
{
	struct ucred cred;
	socklen_t cred_bytes = sizeof(cred);
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_bytes)) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_peer = (struct serve_peer){.pid = cred.pid, .uid = cred.uid, .gid = cred.gid};
	return fd;
}

static bool has_group(int fd, gid_t gid)
{
	gid_t few[64], *groups = few;
	socklen_t bytes = sizeof(few);
	bool is_found = false;
	int err = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, few, &bytes);

	/* Of more than fit, the kernel says how many. */
	if (err && errno == ERANGE && bytes <= GROUP_MAX * sizeof(gid_t)) {
		groups = malloc(bytes);
		err = groups ? getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) : -1;
	}
	for (size_t i = 0; !err && i < bytes / sizeof(gid_t); i++)
		is_found |= groups[i] == gid;
	if (groups != few)
		free(groups);
	return is_found;
}

bool listener_may_change(const struct listener *l, int fd, const struct serve_peer *peer)
{
	return peer->uid == 0 || peer->uid == geteuid() || peer->gid == l->gid ||
	       has_group(fd, l->gid);
}
