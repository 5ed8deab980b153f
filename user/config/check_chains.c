/* SPDX-License-Identifier: Apache-2.0 */
/* Chains: their stages together, and the endpoints that those name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/chain_key.h"
#include "config/chain_split.h"
#include "config/check.h"
#include "config/config_chain.h"
#include "config/endpoint_argument.h"
#include "config/load.h"

static const struct yaml_node *stage_node(const struct yaml_node *map, size_t idx)
{
	return yaml_find(map, "stages")->items[idx];
}

/* Whether each item is one stage: a comma outside of brackets would make it two. */
static bool are_single(struct loader *l, const struct yaml_node *map, const struct config_chain *c)
{
	const struct schema_key *key = schema_find(&schema_chain, "stages");
	struct chain_parts parts;
	struct fault why;
	bool are_right = true;
	size_t at = 0;

	for (size_t i = 0; i < c->stage_cnt; i++) {
		int err = chain_split_stages(c->stages[i], &parts, &at, &why);

		if (!err && parts.cnt > 1) {
			at = parts.items[1].at;
			err = fault_set(&why, -EINVAL, "each stage is an item of its own");
		}
		if (err)
			load_refuse_at(l, key, stage_node(map, i), at + 1, &why);
		are_right &= !err;
	}
	return are_right;
}

/* The stages with commas between. NULL: out of memory. */
static char *join(const struct config_chain *c)
{
	size_t bytes = 1, length = 0;
	char *text;

	for (size_t i = 0; i < c->stage_cnt; i++)
		bytes += strlen(c->stages[i]) + 1;
	text = calloc(1, bytes);
	for (size_t i = 0; text && i < c->stage_cnt; i++) {
		size_t stage_bytes = strlen(c->stages[i]);

		memcpy(text + length, c->stages[i], stage_bytes);
		length += stage_bytes;
		if (i + 1 < c->stage_cnt)
			text[length++] = ',';
	}
	return text;
}

/* A mistake at a column of the joined text, in the stage that has it. */
static void refuse(struct loader *l, const struct yaml_node *map, const struct config_chain *c,
		   size_t column, const struct fault *why)
{
	size_t idx = 0;

	while (idx + 1 < c->stage_cnt && column > strlen(c->stages[idx]) + 1)
		column -= strlen(c->stages[idx++]) + 1;
	load_refuse_at(l, schema_find(&schema_chain, "stages"), stage_node(map, idx), column, why);
}

/* The key of a chain by itself, so that a mistake is told where it stands. */
static int check_key(struct loader *l, const struct yaml_node *map, const struct config_chain *c,
		     bool *ret_is_right)
{
	struct chain_key key;
	struct fault why;
	size_t at = 0;
	int err = c->key ? chain_key_parse(c->key, strlen(c->key), &key, &at, &why) : 0;

	*ret_is_right = !err;
	if (err == -EINVAL)
		load_refuse_at(l, schema_find(&schema_chain, "key"), yaml_find(map, "key"), at + 1,
			       &why);
	else if (!err && c->key)
		free(key.text);
	return err == -ENOMEM ? err : 0;
}

int check_chain(struct loader *l, const struct yaml_node *map, void *object)
{
	const struct yaml_node *stages = yaml_find(map, "stages"),
			       *contract = yaml_find(map, "contract"),
			       *connect = contract ? yaml_find(contract, "connect_time") : NULL;
	struct config_chain *c = object;
	struct fault why;
	size_t column = 1;
	bool is_right;
	char *text;
	int err;

	if (connect)
		load_report(l, connect, "\"connect_time\" belongs to contracts of rpc and order");
	/* What is wrong with the list has been said. */
	if (!stages || stages->kind != YAML_LIST || !c->stage_cnt || stages->cnt != c->stage_cnt)
		return 0;
	err = check_key(l, map, c, &is_right);
	if (err || !is_right || !are_single(l, map, c))
		return err;
	text = join(c);
	if (!text)
		return -ENOMEM;
	err = chain_parse(text, c->key, &c->chain, &column, &why);
	free(text);
	if (err == -EINVAL)
		refuse(l, map, c, column, &why);
	else if (!err)
		c->chain.timeout_ns = c->timeout_ns;
	c->chain.wants_breakdown = c->wants_breakdown;
	return err == -ENOMEM ? err : 0;
}

static const struct config_endpoint *find_endpoint(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->endpoint_cnt; i++) {
		if (config->endpoints[i].name && strcmp(config->endpoints[i].name, name) == 0)
			return &config->endpoints[i];
	}
	return NULL;
}

/* Ids are what a parser tells. */
static void check_protocol(struct loader *l, const struct yaml_node *at,
			   const struct chain_stage *stage, const struct config_endpoint *e)
{
	bool is_fix = strcmp(stage->key.text, "clordid") == 0;
	const char *wanted = is_fix ? "fix" : "jsonrpc";

	if (!e->protocol || (strcmp(e->protocol, wanted) != 0 && strcmp(e->protocol, "auto") != 0))
		load_report(l, at, "\"%s\" needs \"protocol: %s\" at endpoint \"%s\"",
			    stage->key.text, wanted, e->name);
}

/* An endpoint of the configuration, or an address. */
static void check_endpoint_of(struct loader *l, const struct yaml_node *node,
			      const struct chain_stage *stage)
{
	const struct config_endpoint *e = find_endpoint(l->config, stage->object);
	struct yaml_node use = *node;
	struct ts_endpoint_filter ignored;
	struct fault why;

	if (e && stage->key.key.kind == TS_KEY_PROTOCOL)
		check_protocol(l, node, stage, e);
	if (e || endpoint_argument_parse(stage->object, &ignored, &why) == 0)
		return;
	use.text = stage->object;
	if (strchr(stage->object, ':'))
		load_report(l, node, "\"%s\": %s", stage->text, why.text);
	else
		check_missing(l, &schema_endpoint, &use);
}

void check_chains(struct loader *l)
{
	const struct yaml_node *chains = yaml_find(l->files[0]->root, "chains");

	for (size_t i = 0; i < l->config->chain_cnt; i++) {
		const struct chain *c = &l->config->chains[i].chain;

		for (size_t s = 0; s < c->stage_cnt; s++) {
			if (!chain_is_function(&c->stages[s]))
				check_endpoint_of(l, stage_node(chains->items[i], s),
						  &c->stages[s]);
		}
	}
	if (l->config->chain_cnt && !l->config->target_cnt)
		load_report(l, chains, "chains without \"targets\": nothing to look at");
}
