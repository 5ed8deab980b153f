/* SPDX-License-Identifier: Apache-2.0 */
/* struct config -> struct daemon_config: which functions and connections each target has. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/time_units.h"
#include "daemon/agent_config.h"

#define INTERVAL_NS  NS_PER_S
#define FUNCTION_MAX 1000 /* of one pattern, as in `trace` */

struct agent_config {
	struct daemon_config daemon;
	struct daemon_target *targets;
	struct daemon_endpoint endpoints[TS_FILTER_MAX];
	struct chain chains[TS_CHAIN_MAX];
};

/* Whether a function is looked for in a target. */
static bool is_for(const struct config_operation *o, const struct config_target *target)
{
	return o->kind == CONFIG_FUNCTION && (!o->target || strcmp(o->target, target->name) == 0);
}

static int fill_functions(struct daemon_target *t, const struct config *config,
			  const struct config_target *target)
{
	struct daemon_function *functions = calloc(config->operation_cnt + 1, sizeof(*functions));

	if (!functions)
		return -ENOMEM;
	for (size_t i = 0; i < config->operation_cnt; i++) {
		const struct config_operation *o = &config->operations[i];

		if (!is_for(o, target))
			continue;
		functions[t->function_cnt++] = (struct daemon_function){
			.pattern = o->function,
			.name = o->name,
			.error = o->error_text ? &o->error : NULL,
			.error_text = o->error_text,
			.wants_breakdown = o->wants_breakdown,
			.is_optional = !o->target && config->target_cnt > 1,
		};
	}
	t->functions = functions;
	return 0;
}

static enum exit_policy exit_policy_of(const struct config_target *target)
{
	if (target->exit_policy && strcmp(target->exit_policy, "safe") == 0)
		return EXIT_POLICY_SAFE;
	if (target->exit_policy && strcmp(target->exit_policy, "fast") == 0)
		return EXIT_POLICY_FAST;
	return EXIT_POLICY_AUTO;
}

static int fill_targets(struct agent_config *a, const struct config *config)
{
	a->targets = calloc(config->target_cnt + 1, sizeof(*a->targets));
	if (!a->targets)
		return -ENOMEM;
	for (size_t i = 0; i < config->target_cnt; i++) {
		const struct config_target *target = &config->targets[i];
		struct daemon_target *t = &a->targets[i];

		*t = (struct daemon_target){
			.name = target->name,
			.match = &target->match,
			.exit_policy = exit_policy_of(target),
			.debug_dir = target->debug_dir,
			.wants_rpc = target->wants_rpc,
			.max_overhead_ratio = target->max_overhead_percent / 100,
		};
		a->daemon.target_cnt = i + 1;
		if (fill_functions(t, config, target))
			return -ENOMEM;
	}
	a->daemon.targets = a->targets;
	return 0;
}

/* The operation that an endpoint's latencies belong to: its own name where no operation gives one.
 */
static const char *name_of(const struct config *config, const struct config_endpoint *e,
			   enum config_operation_kind kind)
{
	for (size_t i = 0; i < config->operation_cnt; i++) {
		const struct config_operation *o = &config->operations[i];

		if (o->kind == kind && strcmp(o->endpoint, e->name) == 0)
			return o->name;
	}
	return e->name;
}

static const struct config_operation *operation_of(const struct config *config,
						   const struct config_endpoint *e)
{
	for (size_t i = 0; i < config->operation_cnt; i++) {
		const struct config_operation *o = &config->operations[i];

		if (o->kind != CONFIG_FUNCTION && o->label_cnt && strcmp(o->endpoint, e->name) == 0)
			return o;
	}
	return NULL;
}

static void fill_endpoint(struct daemon_endpoint *d, const struct config *config,
			  const struct config_endpoint *e)
{
	const struct config_operation *o = operation_of(config, e);
	/* An address is of a remote service, or of a group whose datagrams targets listen to. */
	enum ts_role role = e->is_listen ? TS_ROLE_SERVER
			    : e->family	 ? TS_ROLE_NONE
					 : TS_ROLE_CLIENT;

	*d = (struct daemon_endpoint){
		.given_name = e->name,
		.name = name_of(config, e, CONFIG_RPC),
		.order_name = name_of(config, e, CONFIG_ORDER),
		.protocol = e->protocol ? protocol_parse(e->protocol) : PROTOCOL_NONE,
		.labels = (const char *const *)(o ? o->labels : e->labels),
		.label_cnt = o ? o->label_cnt : e->label_cnt,
		.filter = {.port = e->port,
			   .family = e->family,
			   .prefix_bits = e->prefix_bits,
			   .role = role,
			   .is_one = true},
	};
	memcpy(d->filter.address, e->address, sizeof(d->filter.address));
	d->filter.wants_stream = d->protocol != PROTOCOL_NONE;
}

static int fill_endpoints(struct agent_config *a, const struct config *config, struct fault *why)
{
	size_t cnt = config->endpoint_cnt;

	if (cnt > TS_FILTER_MAX)
		return fault_set(why, -EINVAL, "%zu endpoints are more than the %d that can be",
				 cnt, TS_FILTER_MAX);
	for (size_t i = 0; i < cnt; i++)
		fill_endpoint(&a->endpoints[i], config, &config->endpoints[i]);
	a->daemon.endpoints = a->endpoints;
	a->daemon.endpoint_cnt = cnt;
	return 0;
}

/* Its strings are the configuration's. */
static void fill_chains(struct agent_config *a, const struct config *config)
{
	for (size_t i = 0; i < config->chain_cnt && i < TS_CHAIN_MAX; i++) {
		a->chains[i] = config->chains[i].chain;
		a->chains[i].name = config->chains[i].name;
		a->chains[i].target = config->chains[i].target;
		a->daemon.chain_cnt = i + 1;
	}
	a->daemon.chains = a->chains;
}

int agent_config_new(const struct config *config, struct agent_config **ret_agent_config,
		     struct fault *why)
{
	struct agent_config *a = calloc(1, sizeof(*a));
	int err = -ENOMEM;

	if (!a)
		return fault_set(why, err, "out of memory");
	a->daemon.interval_ns = INTERVAL_NS;
	a->daemon.function_max = FUNCTION_MAX;
	a->daemon.spare_cnt = config->operation_max;
	a->daemon.is_tolerant = true;
	a->daemon.kubernetes = &config->kubernetes;
	a->daemon.level = config->level ? probe_level_parse(config->level) : PROBE_LEVEL_AUTO;
	a->daemon.hooks = config->hooks ? sock_hooks_parse(config->hooks) : SOCK_HOOKS_AUTO;
	if (config->target_cnt > DAEMON_TARGET_MAX) {
		err = fault_set(why, -EINVAL, "%zu targets are more than the %d that can be",
				config->target_cnt, DAEMON_TARGET_MAX);
		goto free_config;
	}
	if (fill_targets(a, config)) {
		fault_set(why, err, "out of memory");
		goto free_config;
	}
	fill_chains(a, config);
	err = fill_endpoints(a, config, why);
	if (err)
		goto free_config;
	*ret_agent_config = a;
	return 0;
free_config:
	agent_config_free(a);
	return err;
}

void agent_config_free(struct agent_config *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->daemon.target_cnt; i++)
		free((void *)a->targets[i].functions);
	free(a->targets);
	free(a);
}

void agent_config_use(struct agent_config *a, struct sandbox *sandbox)
{
	a->daemon.sandbox = sandbox;
}

const struct daemon_config *agent_config_get(const struct agent_config *a)
{
	return &a->daemon;
}
