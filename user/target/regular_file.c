/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path is looked at first and opened afterwards: even to open a device can do something (a tape
 * rewinds, a watchdog starts), and to open a FIFO can wait for ever.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>
#include <zlib.h>

#include "target/regular_file.h"

#define READ_ONCE_BYTES (64U << 10)
#define RESOLVE_TRIES	16 /* a rename anywhere fails a path with "..": openat2(2), EAGAIN */

/* Holds what the path leads to without opening it. */
static int pin_path(int root_fd, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	int fd = -EAGAIN;

	if (root_fd == REGULAR_FILE_OWN_ROOT) {
		fd = open(path, O_PATH | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	for (int i = 0; i < RESOLVE_TRIES && fd == -EAGAIN; i++) {
		fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
		if (fd < 0)
			fd = -errno;
	}
	return fd;
}

/* The same inode once more, whatever the path leads to by now. */
static int reopen(int pin, int *ret_fd, uint64_t *ret_bytes, struct fault *why)
{
	char path[32];
	struct stat st;
	int fd;

	if (fstat(pin, &st))
		return fault_set(why, -errno, "cannot be looked at: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fault_set(why, -EINVAL, "is not a regular file");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pin);
	/* Not blocking: a lease on the file would hold us up. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fault_set(why, errno == ENOENT ? -EIO : -errno, "cannot be opened: %s",
				 strerror(errno));
	*ret_fd = fd;
	*ret_bytes = (uint64_t)st.st_size;
	return 0;
}

int regular_file_open(int root_fd, const char *path, int *ret_fd, uint64_t *ret_bytes,
		      struct fault *why)
{
	int pin = pin_path(root_fd, path), err;

	switch (pin) {
	case -ENOENT:
	case -ENOTDIR:
	case -ENAMETOOLONG:
	case -ENOSYS:
		return -ENOENT;
	default:
		break;
	}
	if (pin < 0)
		return fault_set(why, pin, "cannot be opened: %s", strerror(-pin));
	err = reopen(pin, ret_fd, ret_bytes, why);
	close(pin);
	return err;
}

bool regular_file_stat(int root_fd, const char *path, struct stat *ret_stat)
{
	int pin = pin_path(root_fd, path);
	bool is_there;

	if (pin < 0)
		return false;
	is_there = !fstat(pin, ret_stat);
	close(pin);
	return is_there;
}

int regular_file_checksum(int fd, uint64_t bytes, uint32_t *ret_crc32, struct fault *why)
{
	unsigned char buffer[READ_ONCE_BYTES];
	uLong crc = crc32(0, NULL, 0);
	uint64_t at = 0;

	while (at < bytes) {
		size_t wanted = bytes - at < sizeof(buffer) ? bytes - at : sizeof(buffer);
		ssize_t cnt = pread(fd, buffer, wanted, (off_t)at);

		if (cnt < 0)
			return fault_set(why, -errno, "cannot be read: %s", strerror(errno));
		if (!cnt)
			return fault_set(why, -EIO, "has become shorter while it was read");
		crc = crc32(crc, buffer, (uInt)cnt);
		at += (uint64_t)cnt;
	}
	*ret_crc32 = (uint32_t)crc;
	return 0;
}
