/* SPDX-License-Identifier: Apache-2.0 */
/* The secret of a webhook, and what it signs. */
#ifndef TICKSCOPE_NOTIFY_SIGNATURE_H
#define TICKSCOPE_NOTIFY_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define SIGNATURE_TEXT_BYTES 65 /* of a SHA-256 in hexadecimal */
#define SIGNATURE_KEY_BYTES  4096

struct signature_key {
	size_t bytes;
	unsigned char data[SIGNATURE_KEY_BYTES];
};

/* Reads the file's bytes, without a line end that an editor left. An empty or longer file, or one
 * that is not regular, is refused. 0, or -errno with the reason. */
int signature_load(const char *path, struct signature_key **ret_key, struct fault *why);
/* Overwrites the key. */
void signature_free(struct signature_key *key);

/* HMAC-SHA256 (RFC 2104) of "<wall_s>.<body>", in lower-case hexadecimal. 0, or -ENOMEM. */
int signature_make(const struct signature_key *key, uint64_t wall_s, const char *body,
		   size_t body_bytes, char text[static SIGNATURE_TEXT_BYTES]);

#endif
