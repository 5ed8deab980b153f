/* SPDX-License-Identifier: Apache-2.0 */
/* Opens files at paths that others chose, without being made to wait or to touch a device. */
#ifndef TICKSCOPE_TARGET_REGULAR_FILE_H
#define TICKSCOPE_TARGET_REGULAR_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/fault.h"

#define REGULAR_FILE_OWN_ROOT -1

/*
 * Opens a regular file for reading: *ret_fd, and its size. root_fd is a directory that no part of
 * the path can lead out of (Linux 5.6; before, nothing is found there), or REGULAR_FILE_OWN_ROOT.
 * -ENOENT: nothing is there. All else means that something is: -EINVAL no regular file, or another
 * -errno, with words that go after its name.
 */
int regular_file_open(int root_fd, const char *path, int *ret_fd, uint64_t *ret_bytes,
		      struct fault *why);

/* What a path leads to, by the same rules, opened or not; false: nothing that can be looked at. */
bool regular_file_stat(int root_fd, const char *path, struct stat *ret_stat);

/* The CRC-32 of Ethernet and zlib over the first `bytes` of a file. */
int regular_file_checksum(int fd, uint64_t bytes, uint32_t *ret_crc32, struct fault *why);

#endif
