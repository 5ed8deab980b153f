/* SPDX-License-Identifier: Apache-2.0 */
/* The first line of a file, and nothing of it anywhere else. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink/password.h"

/* Not blocked by a pipe that nobody writes to. The number of bytes, or -errno. */
static ssize_t read_file(const char *path, char *text, size_t text_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t total = 0, got = 1;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		got = -errno;
	else if (!S_ISREG(st.st_mode))
		got = -EINVAL;
	while (got > 0 && (size_t)total < text_bytes) {
		got = read(fd, text + total, text_bytes - (size_t)total);
		if (got < 0)
			got = -errno;
		else
			total += got;
	}
	close(fd);
	return got < 0 ? got : total;
}

static int take_line(const char *path, const char *text, size_t bytes, char **ret_password,
		     struct fault *why)
{
	const char *end = memchr(text, '\n', bytes);
	size_t length = end ? (size_t)(end - text) : bytes;

	if (length && text[length - 1] == '\r')
		length--;
	if (!length)
		return fault_set(why, -EINVAL, "the first line of \"%s\" is empty: no password",
				 path);
	if (length > PASSWORD_MAX_BYTES)
		return fault_set(why, -EINVAL, "the first line of \"%s\" has more than %d bytes",
				 path, PASSWORD_MAX_BYTES);
	if (memchr(text, '\0', length))
		return fault_set(why, -EINVAL, "the first line of \"%s\" is no text", path);
	*ret_password = strndup(text, length);
	return *ret_password ? 0 : fault_set(why, -ENOMEM, "out of memory");
}

int password_read(const char *path, char **ret_password, struct fault *why)
{
	char text[PASSWORD_MAX_BYTES + 3];
	ssize_t bytes = read_file(path, text, sizeof(text));
	int err;

	if (bytes < 0)
		return fault_set(why, (int)bytes, "the password's file \"%s\": %s", path,
				 bytes == -EINVAL ? "not a regular file" : strerror((int)-bytes));
	err = take_line(path, text, (size_t)bytes, ret_password, why);
	explicit_bzero(text, sizeof(text));
	return err;
}

void password_free(char *password)
{
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
}
