/* SPDX-License-Identifier: Apache-2.0 */
/* A struct image over bytes in memory, as the fuzzers need it: opened through /proc/self/fd like a
 * mapped file. */
#ifndef TICKSCOPE_TESTS_FUZZ_IMAGE_H
#define TICKSCOPE_TESTS_FUZZ_IMAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/internal.h"

struct fuzz_file {
	struct image image;
	int fd;
};

static inline void fuzz_file_open(struct fuzz_file *file, const void *bytes, size_t size_bytes)
{
	struct stat st;
	char path[64];

	memset(file, 0, sizeof(*file));
	file->fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (file->fd < 0 || write(file->fd, bytes, size_bytes) != (ssize_t)size_bytes ||
	    fstat(file->fd, &st))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file->fd);
	file->image.fd = -1;
	file->image.inode = st.st_ino;
	file->image.is_main = true;
	file->image.path = strdup("fuzz");
	file->image.probe_path = strdup(path);
}

static inline void fuzz_file_close(struct fuzz_file *file)
{
	image_fini(&file->image);
	close(file->fd);
}

#endif
