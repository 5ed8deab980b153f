/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/config: which stages can follow each other, and by which keys. */
#ifndef TICKSCOPE_CONFIG_CHAIN_RULES_H
#define TICKSCOPE_CONFIG_CHAIN_RULES_H

#include "config/chain_key.h"
#include "config/chain_split.h"

/* A chain while it is read. */
struct chain_reader {
	const char *text;
	struct chain_key first_key; /* of the stages before one that says its own */
	struct chain chain;
	size_t *ret_at;
	struct fault *why;
};

/* What a stage says of its keys, in whatever order. */
struct chain_said {
	struct chain_part key; /* bytes 0: nothing */
	struct chain_part then_key;
	size_t at; /* of the stage */
};

/* That this byte (from 0) is wrong, for the reason that r->why has: -EINVAL. */
int chain_rules_fail(struct chain_reader *r, size_t at);
/* Settles the key of a stage that was read, and checks it against those before. 0, -EINVAL,
 * -ENOMEM. */
int chain_rules_check(struct chain_reader *r, size_t idx, const struct chain_said *said);

#endif
