/* SPDX-License-Identifier: Apache-2.0 */
/* Stages of a chain, an item of a list each. What they mean is known with the chain's key. */
#include "config/config_chain.h"
#include "config/key_types.h"
#include "config/load.h"

static int parse_stages(struct loader *l, const struct schema_key *key,
			const struct yaml_node *value, void *object)
{
	return key_texts.parse(l, key, value, object);
}

static void release_stages(const struct schema_key *key, void *object)
{
	struct config_chain *c = object;

	key_texts.release(key, object);
	chain_fini(&c->chain);
}

const struct key_type key_stages = {
	.name = "a list of stages", .parse = parse_stages, .release = release_stages};
