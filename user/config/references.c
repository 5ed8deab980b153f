/* SPDX-License-Identifier: Apache-2.0 */
/* What one part of a configuration says of another. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/check.h"
#include "config/load.h"
#include "config/words.h"

/* "target" of "a target". */
static const char *bare(const struct schema_object *kind)
{
	return strchr(kind->name, ' ') + 1;
}

static const struct yaml_node *find_name(const struct loader *l, const struct schema_object *kind,
					 const char *name)
{
	for (size_t i = 0; i < l->names.cnt; i++) {
		if (l->names.items[i].kind == kind &&
		    strcmp(l->names.items[i].node->text, name) == 0)
			return l->names.items[i].node;
	}
	return NULL;
}

static const char *nearest_name(const struct loader *l, const struct schema_object *kind,
				const char *name)
{
	size_t best = words_far(name);
	const char *near = NULL;

	for (size_t i = 0; i < l->names.cnt; i++) {
		const char *other = l->names.items[i].node->text;
		size_t distance =
			l->names.items[i].kind == kind ? words_distance(name, other, best) : best;

		if (distance < best) {
			best = distance;
			near = other;
		}
	}
	return near;
}

void check_missing(struct loader *l, const struct schema_object *kind, const struct yaml_node *use)
{
	const char *near = nearest_name(l, kind, use->text);

	if (near)
		load_report(l, use, "there is no %s \"%s\"; did you mean \"%s\"?", bare(kind),
			    use->text, near);
	else
		load_report(l, use, "there is no %s \"%s\"", bare(kind), use->text);
}

/* Whose contract an item of `contracts` is. */
struct owner {
	const struct schema_object *kind;     /* schema_operation, schema_target; NULL: reported */
	const struct schema_object *contract; /* what it can limit */
	const struct yaml_node *name;
};

static struct owner find_owner(struct loader *l, const struct yaml_node *item)
{
	const struct yaml_node *operation = yaml_find(item, "operation"),
			       *target = yaml_find(item, "target"),
			       *name = operation ? operation : target;
	const struct owner none = {.kind = NULL};

	if (item->kind != YAML_MAP || !operation == !target) {
		load_report(l, item,
			    "a contract needs either \"operation\" or \"target\", and its limits");
		return none;
	}
	if (name->kind != YAML_SCALAR || yaml_is_null(name)) {
		load_report(l, name, "\"%s\" must be a name", operation ? "operation" : "target");
		return none;
	}
	return operation ? (struct owner){&schema_operation, &schema_operation_contract, name}
			 : (struct owner){&schema_target, &schema_target_contract, name};
}

/* The contract that this configuration keeps for an owner; NULL: it has no such owner. */
static struct config_contract *find_contract(struct config *config, const struct owner *owner)
{
	for (size_t i = 0; owner->kind == &schema_operation && i < config->operation_cnt; i++) {
		struct config_operation *o = &config->operations[i];

		if (o->name && strcmp(o->name, owner->name->text) == 0)
			return &o->contract;
	}
	for (size_t i = 0; owner->kind == &schema_operation && i < config->chain_cnt; i++) {
		struct config_chain *c = &config->chains[i];

		if (c->name && strcmp(c->name, owner->name->text) == 0)
			return &c->contract;
	}
	for (size_t i = 0; owner->kind == &schema_target && i < config->target_cnt; i++) {
		struct config_target *t = &config->targets[i];

		if (t->name && strcmp(t->name, owner->name->text) == 0)
			return &t->contract;
	}
	return NULL;
}

/* Rule files that come ready limit more than every configuration has: kept, and shown as such. */
static int keep_unowned(struct loader *l, const struct owner *owner, const struct yaml_node *item,
			struct config_contract **ret_contract)
{
	struct config *config = l->config;
	struct config_unowned *items;
	char *name = strdup(owner->name->text), *file = strdup(item->file->name);

	items = reallocarray(config->unowned, config->unowned_cnt + 1, sizeof(*items));
	if (items)
		config->unowned = items;
	if (!items || !name || !file) {
		free(name);
		free(file);
		return -ENOMEM;
	}
	items += config->unowned_cnt++;
	*items = (struct config_unowned){.file = file, .line = item->line};
	if (owner->kind == &schema_operation)
		items->operation = name;
	else
		items->target = name;
	*ret_contract = &items->contract;
	return 0;
}

/* Calls connect to nothing. */
static void check_limits(struct loader *l, const struct owner *owner, const struct yaml_node *item)
{
	const struct yaml_node *connect = yaml_find(item, "connect_time");

	for (size_t i = 0; connect && i < l->config->operation_cnt; i++) {
		const struct config_operation *o = &l->config->operations[i];

		if (owner->kind == &schema_operation && o->kind == CONFIG_FUNCTION && o->name &&
		    strcmp(o->name, owner->name->text) == 0)
			load_report(l, connect,
				    "\"connect_time\" belongs to contracts of rpc and order");
	}
}

static int load_contract(struct loader *l, const struct yaml_node *item)
{
	struct owner owner = find_owner(l, item);
	struct yaml_node map = *item;
	struct config_contract *contract;
	int err = 0;

	if (!owner.kind)
		return 0;
	contract = find_contract(l->config, &owner);
	if (!contract && item->file == l->files[0])
		check_missing(l, owner.kind, owner.name);
	if (!contract)
		err = keep_unowned(l, &owner, item, &contract);
	if (err)
		return err;
	map.items = calloc(item->cnt, sizeof(struct yaml_node *));
	if (!map.items)
		return -ENOMEM;
	map.cnt = 0;
	for (size_t i = 0; i < item->cnt; i += 2) {
		if (item->items[i + 1] == owner.name)
			continue;
		map.items[map.cnt++] = item->items[i];
		map.items[map.cnt++] = item->items[i + 1];
	}
	err = load_object(l, owner.contract, &map, contract);
	free(map.items);
	check_limits(l, &owner, item);
	return err;
}

int check_contracts(struct loader *l)
{
	int err = 0;

	for (size_t i = 0; !err && i < l->contracts.cnt; i++)
		err = load_contract(l, l->contracts.items[i].node);
	return err;
}

static const struct config_channel *find_channel(const struct config *config, const char *name)
{
	for (size_t i = 0; name && i < config->channel_cnt; i++) {
		if (config->channels[i].name && strcmp(config->channels[i].name, name) == 0)
			return &config->channels[i];
	}
	return NULL;
}

/* A channel that comes back to itself; each cycle is told once, by its first channel. */
static void check_cycle(struct loader *l, const struct config_channel *first)
{
	const struct config_channel *c = find_channel(l->config, first->then), *before = first;

	for (size_t steps = 0; c && c != first && steps < l->config->channel_cnt; steps++) {
		if (c < first)
			return;
		before = c;
		c = find_channel(l->config, c->then);
	}
	if (c != first || !first->name || !find_name(l, &schema_channel, first->name))
		return;
	if (before == first)
		load_report(l, find_name(l, &schema_channel, first->name),
			    "channel \"%s\" escalates to itself", first->name);
	else
		load_report(l, find_name(l, &schema_channel, first->name),
			    "channel \"%s\" escalates to itself, by way of \"%s\"", first->name,
			    before->name);
}

static const struct config_endpoint *find_endpoint(const struct config *config, const char *name)
{
	for (size_t i = 0; name && i < config->endpoint_cnt; i++) {
		if (config->endpoints[i].name && strcmp(config->endpoints[i].name, name) == 0)
			return &config->endpoints[i];
	}
	return NULL;
}

/* Orders and labels are what a parser tells. */
static void check_protocol(struct loader *l, const struct config_operation *o)
{
	const struct config_endpoint *e = find_endpoint(l->config, o->endpoint);
	const struct yaml_node *at = o->name ? find_name(l, &schema_operation, o->name) : NULL;

	if (!e || !at)
		return;
	if (o->kind == CONFIG_ORDER &&
	    (!e->protocol || (strcmp(e->protocol, "fix") != 0 && strcmp(e->protocol, "auto") != 0)))
		load_report(l, at, "orders of \"%s\" need \"protocol: fix\" at endpoint \"%s\"",
			    o->name, e->name);
	else if (o->label_cnt && !e->protocol)
		load_report(l, at, "labels of \"%s\" need a \"protocol\" at endpoint \"%s\"",
			    o->name, e->name);
}

static bool is_same_endpoint(const struct config_endpoint *a, const struct config_endpoint *b)
{
	return a->is_listen == b->is_listen && a->family == b->family && a->port == b->port &&
	       a->prefix_bits == b->prefix_bits &&
	       memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

static void check_endpoints(struct loader *l)
{
	const struct config *config = l->config;

	for (size_t i = 0; i < config->endpoint_cnt; i++) {
		const struct config_endpoint *a = &config->endpoints[i];

		for (size_t j = 0; j < i; j++) {
			const struct config_endpoint *b = &config->endpoints[j];
			const struct yaml_node *at =
				a->name ? find_name(l, &schema_endpoint, a->name) : NULL;

			if (at && b->name && (a->family || a->port) && is_same_endpoint(a, b))
				load_report(l, at, "endpoint \"%s\" is the same as \"%s\"", a->name,
					    b->name);
		}
	}
}

/* Chains look at their endpoints by themselves. */
static bool is_stage(const struct config *config, const struct config_endpoint *e)
{
	for (size_t i = 0; e->name && i < config->chain_cnt; i++) {
		const struct chain *c = &config->chains[i].chain;

		for (size_t s = 0; s < c->stage_cnt; s++) {
			if (!chain_is_function(&c->stages[s]) &&
			    strcmp(c->stages[s].object, e->name) == 0)
				return true;
		}
	}
	return false;
}

/* A target's connections are measured where something that is configured needs them. */
static bool needs_rpc(const struct config *config, const struct config_target *t)
{
	for (size_t e = 0; e < config->endpoint_cnt; e++) {
		bool is_used = is_stage(config, &config->endpoints[e]);

		for (size_t i = 0; i < config->operation_cnt; i++) {
			const struct config_operation *o = &config->operations[i];

			if (!o->endpoint || !config->endpoints[e].name ||
			    strcmp(o->endpoint, config->endpoints[e].name) != 0)
				continue;
			is_used = true;
			if (!o->target || (t->name && strcmp(o->target, t->name) == 0))
				return true;
		}
		if (!is_used)
			return true;
	}
	return false;
}

static void fill_rpc(struct loader *l)
{
	const struct yaml_node *targets = yaml_find(l->files[0]->root, "targets");

	for (size_t i = 0; i < l->config->target_cnt; i++) {
		if (!yaml_find(targets->items[i], "rpc"))
			l->config->targets[i].wants_rpc =
				needs_rpc(l->config, &l->config->targets[i]);
	}
}

void check_references(struct loader *l)
{
	const struct config *config = l->config;
	const struct yaml_node *operations = yaml_find(l->files[0]->root, "operations");

	for (size_t i = 0; i < l->uses.cnt; i++) {
		if (!find_name(l, l->uses.items[i].kind, l->uses.items[i].node->text))
			check_missing(l, l->uses.items[i].kind, l->uses.items[i].node);
	}
	for (size_t i = 0; i < config->channel_cnt; i++)
		check_cycle(l, &config->channels[i]);
	for (size_t i = 0; i < config->operation_cnt; i++)
		check_protocol(l, &config->operations[i]);
	check_endpoints(l);
	check_chains(l);
	if (config->operation_cnt && !config->target_cnt)
		load_report(l, operations, "operations without \"targets\": nothing to look at");
	fill_rpc(l);
}
