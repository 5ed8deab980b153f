/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of TLS records, one after the other. */
#include <string.h>

#include "protocol/encrypted.h"

/* By chance, one header is there in some thousand bytes of ciphertext, and four in a chain never.
 */
#define RECORDS_SURE 4

enum beginning encrypted_begins(struct encrypted *e, uint8_t byte)
{
	/* What is not known yet is as it should be. */
	uint8_t header[TS_TLS_HEADER_BYTES] = {TS_TLS_TYPE_HANDSHAKE, 3, 0, 0, 1};

	memcpy(header, e->header, e->header_bytes);
	header[e->header_bytes] = byte;
	if (e->header_bytes == TS_TLS_HEADER_BYTES - 2 && byte)
		header[TS_TLS_HEADER_BYTES - 1] = 0;
	if (!ts_tls_is_beginning(header))
		return BEGINNING_NO;
	e->header[e->header_bytes++] = byte;
	return e->header_bytes < TS_TLS_HEADER_BYTES ? BEGINNING_MAYBE : BEGINNING_YES;
}

/* No record begins here: one may with the next byte. */
static void slide(struct encrypted *e)
{
	e->record_cnt = 0;
	e->header_bytes--;
	memmove(e->header, e->header + 1, e->header_bytes);
}

bool encrypted_take(struct encrypted *e, uint8_t byte)
{
	if (e->left_bytes) {
		e->left_bytes--;
		return false;
	}
	e->header[e->header_bytes++] = byte;
	if (e->header_bytes < TS_TLS_HEADER_BYTES)
		return false;
	if (!ts_tls_is_header(e->header)) {
		slide(e);
		return false;
	}
	e->left_bytes = ts_tls_length(e->header);
	e->header_bytes = 0;
	return ++e->record_cnt == RECORDS_SURE;
}

void encrypted_skip(struct encrypted *e, uint64_t bytes)
{
	if (bytes <= e->left_bytes && !e->header_bytes)
		e->left_bytes -= bytes;
	else if (bytes)
		*e = (struct encrypted){0};
}
