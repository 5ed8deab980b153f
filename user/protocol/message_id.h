/* SPDX-License-Identifier: Apache-2.0 */
/* Ids in messages, as chains know them: by the hash of their text, or by the number in it. */
#ifndef TICKSCOPE_PROTOCOL_MESSAGE_ID_H
#define TICKSCOPE_PROTOCOL_MESSAGE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/protocol.h"

/* Of its first TS_KEY_TEXT_BYTES bytes, as a BPF program hashes a text of the target. */
uint64_t message_id_hash(const char *text, size_t bytes);

/* The decimal number that it is, or that it ends in ("C42" and "2026-42": 42). False: none, or one
 * that has more than 64 bits. */
bool message_id_number(const char *text, size_t bytes, uint64_t *ret_number);

void message_id_set(struct protocol_id *id, const char *text, size_t bytes);

#endif
