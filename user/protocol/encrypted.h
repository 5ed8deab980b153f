/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a stream TLS? Its first bytes tell; of one that was joined midway, or that began as plain
 * text, records that follow each other without a gap. Inside user/protocol.
 */
#ifndef TICKSCOPE_PROTOCOL_ENCRYPTED_H
#define TICKSCOPE_PROTOCOL_ENCRYPTED_H

#include <tickscope/tls_record.h>

#include "protocol/parser.h"

/* Zeroed: nothing has been seen. */
struct encrypted {
	uint8_t header[TS_TLS_HEADER_BYTES]; /* the last bytes seen, where they can be one */
	uint8_t header_bytes;
	uint8_t record_cnt;  /* headers so far, each just behind what the one before announced */
	uint64_t left_bytes; /* of the latest record */
};

/* The next of the first bytes of a stream. MAYBE: it is kept in the header. */
enum beginning encrypted_begins(struct encrypted *e, uint8_t byte);
/* The next byte of a stream that is no message of its protocol; true where it is TLS for sure. */
bool encrypted_take(struct encrypted *e, uint8_t byte);
/* Bytes that are not known. */
void encrypted_skip(struct encrypted *e, uint64_t bytes);

#endif
