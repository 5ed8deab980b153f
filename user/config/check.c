/* SPDX-License-Identifier: Apache-2.0 */
/* Combinations of the keys of one object. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/labels.h"
#include "base/time_units.h"
#include "config/check.h"
#include "config/load.h"

#define ALERTMANAGER_REPEAT_NS 60000000000ULL /* it forgets what is not repeated for 5 min */
#define REPEAT_NS	       (4 * 3600 * NS_PER_S)

/* How many of these keys the map has. */
static size_t count_keys(const struct yaml_node *map, const char *const *keys, size_t key_cnt)
{
	size_t cnt = 0;

	for (size_t i = 0; i < key_cnt; i++)
		cnt += yaml_find(map, keys[i]) != NULL;
	return cnt;
}

int check_match(struct loader *l, const struct yaml_node *map, void *object)
{
	(void)object;
	if (!map->cnt)
		load_report(l, map,
			    "a match without a condition would match every process: give "
			    "pid, exe, cmdline, unit, cgroup, namespace, pod, container or "
			    "pod_labels");
	return 0;
}

int check_contract(struct loader *l, const struct yaml_node *map, void *object)
{
	(void)object;
	if (!map->cnt)
		load_report(l, map, "a contract without a limit promises nothing");
	return 0;
}

int check_endpoint(struct loader *l, const struct yaml_node *map, void *object)
{
	static const char *const keys[] = {"remote", "listen"};

	(void)object;
	if (count_keys(map, keys, 2) != 1)
		load_report(l, map,
			    "an endpoint has either \"remote\" (a service that targets "
			    "talk to) or \"listen\" (a port that they serve)");
	return 0;
}

/* A key that this kind of object does not have. */
static void refuse_key(struct loader *l, const struct yaml_node *map, const char *key,
		       const char *reason)
{
	const struct yaml_node *value = yaml_find(map, key);

	if (value)
		load_report(l, value, "\"%s\" %s", key, reason);
}

int check_operation(struct loader *l, const struct yaml_node *map, void *object)
{
	static const char *const keys[] = {"function", "rpc", "order"};
	struct config_operation *o = object;

	if (count_keys(map, keys, 3) != 1) {
		load_report(l, map,
			    "an operation is one of \"function\" (a name in the code), "
			    "\"rpc\" (an endpoint) and \"order\" (an endpoint)");
		return 0;
	}
	o->kind = yaml_find(map, "function") ? CONFIG_FUNCTION
		  : yaml_find(map, "rpc")    ? CONFIG_RPC
					     : CONFIG_ORDER;
	if (o->kind == CONFIG_FUNCTION) {
		refuse_key(l, map, "labels", "belongs to rpc and order: calls have none");
		refuse_key(l, yaml_find(map, "contract"), "connect_time",
			   "belongs to contracts of rpc and order");
	} else {
		refuse_key(l, map, "breakdown", "belongs to functions and chains");
		refuse_key(l, map, "error",
			   "belongs to functions: the protocol says what an error "
			   "is");
	}
	return 0;
}

static void check_by(struct loader *l, const struct yaml_node *map)
{
	const struct yaml_node *by = yaml_find(map, "by");
	const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	for (size_t i = 0; by && by->kind == YAML_LIST && i < by->cnt; i++) {
		const char *name = by->items[i]->text;

		if (name && (name[strspn(name, letters)] || strlen(name) >= LABEL_NAME_BYTES))
			load_report(l, by->items[i], "\"by\": \"%s\" is no name of a label", name);
	}
}

int check_rule(struct loader *l, const struct yaml_node *map, void *object)
{
	struct config_rule *rule = object;

	if (yaml_find(map, "over") && yaml_find(map, "over_samples"))
		load_report(l, yaml_find(map, "over_samples"),
			    "\"over_samples\" stands beside \"over\": one of them");
	check_by(l, map);
	if (!yaml_find(map, "over"))
		rule->over_ns = l->config->judge.over_ns;
	if (!yaml_find(map, "keep_firing"))
		rule->keep_firing_ns = l->config->judge.keep_firing_ns;
	if (rule->name && !rule->group) {
		rule->group = strdup(rule->name);
		if (!rule->group)
			return -ENOMEM;
	}
	rule->line = map->line;
	rule->file = strdup(map->file->name);
	return rule->file ? 0 : -ENOMEM;
}

static void check_command(struct loader *l, const struct yaml_node *map,
			  const struct config_channel *c)
{
	const struct yaml_node *command = yaml_find(map, "command");

	refuse_key(l, map, "url", "belongs to channels that are reached by HTTP");
	if (!command)
		load_report(l, map, "a channel of type command needs \"command\"");
	else if (command->kind == YAML_LIST && !command->cnt)
		load_report(l, command, "\"command\" is empty");
	else if (c->command_cnt && c->command[0] && c->command[0][0] != '/')
		load_report(l, command->items[0],
			    "\"command\": \"%s\" is no absolute path: it is run without a shell",
			    c->command[0]);
}

int check_channel(struct loader *l, const struct yaml_node *map, void *object)
{
	struct config_channel *c = object;

	if (c->type == CONFIG_COMMAND) {
		check_command(l, map, c);
	} else if (c->type) {
		refuse_key(l, map, "command", "belongs to channels of type command");
		if (!c->url && !yaml_find(map, "url"))
			load_report(l, map, "a channel that is reached by HTTP needs \"url\"");
	}
	if (c->type && c->type != CONFIG_WEBHOOK)
		refuse_key(l, map, "secret_file", "belongs to channels of type webhook");
	if (c->escalate_after_ns && !yaml_find(map, "then"))
		load_report(l, map,
			    "\"escalate_after\" needs \"then\": the channel that is told "
			    "next");
	if (!c->repeat_ns)
		c->repeat_ns = c->type == CONFIG_ALERTMANAGER ? ALERTMANAGER_REPEAT_NS : REPEAT_NS;
	return 0;
}
