/* SPDX-License-Identifier: Apache-2.0 */
/* For people: what is found first, then what was only read. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/checked_print.h"
#include "cli/plan_report.h"
#include "config/schema.h"

static void print_operation(const struct checked_operation *o)
{
	printf("  %s %s: %s\n", o->stage ? "chain" : "operation", o->name,
	       o->stage ? o->stage->text : o->pattern);
	if (o->plans.cnt)
		plan_report_header();
	for (size_t i = 0; i < o->plans.cnt; i++)
		plan_report_row(&o->plans.items[i]);
	if (o->why.text[0])
		printf("    %s\n", o->why.text);
}

static void print_target(const struct checked_target *t)
{
	printf("target %s%s\n", t->target->name, t->target->wants_rpc ? ", with connections" : "");
	if (t->why.text[0])
		printf("  %s\n", t->why.text);
	else if (!t->process_cnt)
		puts("  no process matches now");
	for (size_t i = 0; i < t->process_cnt; i++) {
		const struct checked_process *p = &t->processes[i];

		printf("  process %d %s\n", p->pid,
		       p->process ? process_name(p->process) : p->why.text);
		for (size_t k = 0; k < p->operation_cnt; k++)
			print_operation(&p->operations[k]);
	}
}

static void print_endpoint(const struct config_endpoint *e)
{
	char address[INET6_ADDRSTRLEN] = "any";

	if (e->family)
		inet_ntop(e->family, e->address, address, sizeof(address));
	printf("endpoint %s: %s ", e->name, e->is_listen ? "listens on" : "remote");
	if (!e->is_listen)
		printf(e->family == AF_INET6 ? "[%s]" : "%s", address);
	if (e->family && e->prefix_bits != (e->family == AF_INET ? 32 : 128))
		printf("/%u", e->prefix_bits);
	if (e->port)
		printf(":%u", e->port);
	printf("%s%s\n", e->protocol ? ", " : "", e->protocol ? e->protocol : "");
}

static const char *type_name(enum config_channel_type type)
{
	return type == CONFIG_ALERTMANAGER ? "alertmanager"
	       : type == CONFIG_WEBHOOK	   ? "webhook"
					   : "command";
}

static void print_chain(const struct config_chain *c)
{
	char timeout[UNITS_TEXT_BYTES];

	printf("chain %s:", c->name);
	for (size_t i = 0; i < c->chain.stage_cnt; i++)
		printf("%s %s (by %s)", i ? "," : "", c->chain.stages[i].text,
		       c->chain.stages[i].key.text);
	printf("; within %s\n", units_duration(c->timeout_ns, timeout));
}

static void print_rest(const struct config *c)
{
	char for_text[UNITS_TEXT_BYTES];

	for (size_t i = 0; i < c->endpoint_cnt; i++)
		print_endpoint(&c->endpoints[i]);
	for (size_t i = 0; i < c->operation_cnt; i++) {
		if (c->operations[i].kind != CONFIG_FUNCTION)
			printf("operation %s: %s at endpoint %s\n", c->operations[i].name,
			       c->operations[i].kind == CONFIG_RPC ? "requests" : "orders",
			       c->operations[i].endpoint);
	}
	for (size_t i = 0; i < c->chain_cnt; i++)
		print_chain(&c->chains[i]);
	for (size_t i = 0; i < c->rule_cnt; i++)
		printf("rule %s: %s when %s for %s\n", c->rules[i].name, c->rules[i].severity,
		       c->rules[i].expression_text, units_duration(c->rules[i].for_ns, for_text));
	for (size_t i = 0; i < c->unowned_cnt; i++)
		printf("contract of %s: no data, since no %s of this name is configured (%s:%u)\n",
		       c->unowned[i].operation ? c->unowned[i].operation : c->unowned[i].target,
		       c->unowned[i].operation ? "operation" : "target", c->unowned[i].file,
		       c->unowned[i].line);
	for (size_t i = 0; i < c->channel_cnt; i++)
		printf("channel %s: %s from %s%s%s\n", c->channels[i].name,
		       type_name(c->channels[i].type), c->channels[i].min_severity,
		       c->channels[i].then ? ", then " : "",
		       c->channels[i].then ? c->channels[i].then : "");
}

void checked_print(const struct checked *checked)
{
	for (size_t i = 0; i < checked->config->target_cnt; i++)
		print_target(&checked->targets[i]);
	print_rest(checked->config);
}

static json_t *operation_object(const struct checked_operation *o)
{
	json_t *functions = json_array();

	for (size_t i = 0; i < o->plans.cnt; i++)
		json_array_append_new(functions, plan_report_json(&o->plans.items[i]));
	return json_pack("{s:s, s:s, s:s?, s:o, s:s?}", "name", o->name, "pattern", o->pattern,
			 "stage", o->stage ? o->stage->text : NULL, "functions", functions,
			 "reason", o->why.text[0] ? o->why.text : NULL);
}

static json_t *process_object(const struct checked_process *p)
{
	json_t *operations = json_array();

	for (size_t i = 0; i < p->operation_cnt; i++)
		json_array_append_new(operations, operation_object(&p->operations[i]));
	return json_pack("{s:i, s:s?, s:o, s:s?}", "pid", p->pid, "name",
			 p->process ? process_name(p->process) : NULL, "operations", operations,
			 "reason", p->why.text[0] ? p->why.text : NULL);
}

static json_t *target_object(const struct checked_target *t)
{
	json_t *processes = json_array();

	for (size_t i = 0; i < t->process_cnt; i++)
		json_array_append_new(processes, process_object(&t->processes[i]));
	return json_pack("{s:s, s:b, s:o, s:s?}", "name", t->target->name, "rpc",
			 t->target->wants_rpc, "processes", processes, "reason",
			 t->why.text[0] ? t->why.text : NULL);
}

static json_t *endpoint_object(const struct config_endpoint *e)
{
	char address[INET6_ADDRSTRLEN];

	return json_pack("{s:s, s:b, s:s?, s:i, s:i, s:s?}", "name", e->name, "listen",
			 e->is_listen, "address",
			 e->family ? inet_ntop(e->family, e->address, address, sizeof(address))
				   : NULL,
			 "prefix_bits", e->prefix_bits, "port", e->port, "protocol", e->protocol);
}

static json_t *chain_object(const struct config_chain *c)
{
	json_t *stages = json_array();

	for (size_t i = 0; i < c->chain.stage_cnt; i++) {
		const struct chain_stage *s = &c->chain.stages[i];

		json_array_append_new(stages, json_pack("{s:s, s:s, s:s?}", "stage", s->text, "key",
							s->key.text, "then_key", s->then_key.text));
	}
	return json_pack("{s:s, s:s?, s:o, s:I}", "name", c->name, "target", c->target, "stages",
			 stages, "timeout_ns", (json_int_t)c->timeout_ns);
}

static json_t *rule_object(const struct config_rule *r)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:I}", "name", r->name, "expr",
			 r->expression_text, "severity", r->severity, "for_ns",
			 (json_int_t)r->for_ns, "file", r->file, "line", (json_int_t)r->line);
}

static json_t *channel_object(const struct config_channel *c)
{
	return json_pack("{s:s, s:s, s:s, s:s?}", "name", c->name, "type", type_name(c->type),
			 "min_severity", c->min_severity, "then", c->then);
}

int checked_print_json(const struct checked *checked, const char *path)
{
	const struct config *c = checked->config;
	json_t *targets = json_array(), *endpoints = json_array(), *chains = json_array(),
	       *rules = json_array(), *channels = json_array(), *root;
	int err;

	for (size_t i = 0; i < c->target_cnt; i++)
		json_array_append_new(targets, target_object(&checked->targets[i]));
	for (size_t i = 0; i < c->endpoint_cnt; i++)
		json_array_append_new(endpoints, endpoint_object(&c->endpoints[i]));
	for (size_t i = 0; i < c->chain_cnt; i++)
		json_array_append_new(chains, chain_object(&c->chains[i]));
	for (size_t i = 0; i < c->rule_cnt; i++)
		json_array_append_new(rules, rule_object(&c->rules[i]));
	for (size_t i = 0; i < c->channel_cnt; i++)
		json_array_append_new(channels, channel_object(&c->channels[i]));
	root = json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:I}", "schema", "tickscope.check/1",
			 "file", path, "targets", targets, "endpoints", endpoints, "chains", chains,
			 "rules", rules, "channels", channels, "contracts_without_data",
			 (json_int_t)c->unowned_cnt);
	if (!root)
		return -ENOMEM;
	err = json_dumpf(root, stdout, JSON_COMPACT) || putchar('\n') == EOF ? -EIO : 0;
	json_decref(root);
	return err;
}

static void print_key(const struct schema_entry *entry, void *context)
{
	const struct schema_key *key = entry->key;
	char low[64], high[64];

	(void)context;
	printf("%-36s %s", entry->path, key->type->name);
	if (key->words)
		printf(": %s", key->words);
	if (key->max && key->type->range_text)
		printf(", %s to %s", key->type->range_text(key->min, low, sizeof(low)),
		       key->type->range_text(key->max, high, sizeof(high)));
	else if (key->max && key->cnt_at)
		printf(", at most %llu", (unsigned long long)key->max);
	else if (key->max)
		printf(", %llu to %llu", (unsigned long long)key->min,
		       (unsigned long long)key->max);
	if (key->is_required)
		printf("; required");
	if (key->value)
		printf("; default %s", key->value);
	if (entry->variable)
		printf("; %s", entry->variable);
	putchar('\n');
}

void checked_print_keys(void)
{
	schema_each(print_key, NULL);
}
