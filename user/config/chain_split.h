/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/config: where the parts of a chain's text are. Names of functions hold commas, blanks
 * and brackets of their own. */
#ifndef TICKSCOPE_CONFIG_CHAIN_SPLIT_H
#define TICKSCOPE_CONFIG_CHAIN_SPLIT_H

#include <stddef.h>

#include <tickscope/abi_chain.h>
#include "base/fault.h"

/* A piece of a text, without blanks around it. */
struct chain_part {
	size_t at;
	size_t bytes;
};

struct chain_parts {
	struct chain_part items[TS_CHAIN_STAGE_MAX];
	size_t cnt;
};

/*
 * Cuts at the commas that stand outside of brackets and quotes. 0, or -EINVAL with *ret_at: more
 * parts than there can be stages, brackets or quotes that do not end.
 */
int chain_split_stages(const char *text, struct chain_parts *ret_parts, size_t *ret_at,
		       struct fault *why);

/* The first of these words, outside of brackets and quotes, with blanks around it; its number in
 * *ret_word. Without one it is at the end of the part, with no bytes. */
struct chain_part chain_split_word(const char *text, struct chain_part part,
				   const char *const *words, size_t word_cnt, size_t *ret_word);

/* Less its blanks at both ends. */
struct chain_part chain_split_trim(const char *text, size_t at, size_t end);

#endif
