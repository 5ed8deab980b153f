/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks what .gnu_debugdata holds: one .xz stream (https://tukaani.org/xz/xz-file-format.txt). */
#ifndef TICKSCOPE_TARGET_XZ_H
#define TICKSCOPE_TARGET_XZ_H

#include <stddef.h>

#include "base/fault.h"

/* 3 million symbols; real ones take 2 MB. Bounded since xz packs zeros 7000:1. */
#define XZ_UNPACKED_BYTES (256UL << 20)
/* For the decoder itself: `xz -9`, the most that a preset takes, needs 65 MiB. */
#define XZ_DECODER_BYTES (80UL << 20)

/*
 * *ret_bytes is malloc'ed. -EBADMSG: damaged or cut short, -E2BIG: beyond one of the limits above,
 * both with words that go after the name of the thing; -ENOMEM. Bytes after the stream are ignored.
 */
int xz_unpack(const void *packed, size_t packed_cnt, void **ret_bytes, size_t *ret_cnt,
	      struct fault *why);

#endif
