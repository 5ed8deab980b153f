/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded loop around liblzma. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <lzma.h>

#include "target/xz.h"

#define FIRST_ROOM_BYTES (64UL << 10)

struct output {
	uint8_t *bytes;
	size_t room_cnt;
};

/* Doubles the room; what is in it stays. */
static int grow(struct output *out, lzma_stream *stream, struct fault *why)
{
	size_t room_cnt = out->room_cnt ? 2 * out->room_cnt : FIRST_ROOM_BYTES;
	uint8_t *grown;

	if (room_cnt > XZ_UNPACKED_BYTES)
		return fault_set(why, -E2BIG, "unpacks to more than %lu MiB",
				 XZ_UNPACKED_BYTES >> 20);
	grown = realloc(out->bytes, room_cnt);
	if (!grown)
		return fault_set(why, -ENOMEM, "cannot be unpacked: out of memory");
	stream->next_out = grown + out->room_cnt;
	stream->avail_out = room_cnt - out->room_cnt;
	out->bytes = grown;
	out->room_cnt = room_cnt;
	return 0;
}

static int failure_of(lzma_ret result, struct fault *why)
{
	switch (result) {
	case LZMA_MEM_ERROR:
		return fault_set(why, -ENOMEM, "cannot be unpacked: out of memory");
	case LZMA_MEMLIMIT_ERROR:
		return fault_set(why, -E2BIG, "needs more than %lu MiB to be unpacked",
				 XZ_DECODER_BYTES >> 20);
	case LZMA_BUF_ERROR:
		return fault_set(why, -EBADMSG, "is cut short");
	case LZMA_FORMAT_ERROR:
		return fault_set(why, -EBADMSG, "is not xz data");
	default:
		return fault_set(why, -EBADMSG, "is damaged");
	}
}

int xz_unpack(const void *packed, size_t packed_cnt, void **ret_bytes, size_t *ret_cnt,
	      struct fault *why)
{
	lzma_stream stream = LZMA_STREAM_INIT;
	struct output out = {0};
	lzma_ret result = lzma_stream_decoder(&stream, XZ_DECODER_BYTES, 0);
	int err = 0;

	stream.next_in = packed;
	stream.avail_in = packed_cnt;
	while (!err && result == LZMA_OK) {
		if (!stream.avail_out)
			err = grow(&out, &stream, why);
		if (!err)
			result = lzma_code(&stream, LZMA_FINISH);
	}
	if (!err && result != LZMA_STREAM_END)
		err = failure_of(result, why);
	lzma_end(&stream);
	if (err) {
		free(out.bytes);
		return err;
	}
	*ret_bytes = out.bytes;
	*ret_cnt = (size_t)stream.total_out;
	return 0;
}
