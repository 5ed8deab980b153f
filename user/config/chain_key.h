/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/config: keys of stages as text. */
#ifndef TICKSCOPE_CONFIG_CHAIN_KEY_H
#define TICKSCOPE_CONFIG_CHAIN_KEY_H

#include "config/chain.h"

/* What can be equal: a key is found by another one of its class, or by a protocol's id. */
enum chain_key_class {
	CHAIN_KEY_OF_THREAD,
	CHAIN_KEY_OF_GOROUTINE,
	CHAIN_KEY_OF_NUMBER,
	CHAIN_KEY_OF_TEXT,
	CHAIN_KEY_OF_PROTOCOL,
};

enum chain_key_class chain_key_class(const struct chain_key *key);

/*
 * Reads one from `bytes` bytes of text. 0; -EINVAL, *ret_at being the byte (from 0) where it is
 * wrong; -ENOMEM. Its text is the caller's to free.
 */
int chain_key_parse(const char *text, size_t bytes, struct chain_key *ret_key, size_t *ret_at,
		    struct fault *why);

#endif
