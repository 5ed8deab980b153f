/* SPDX-License-Identifier: Apache-2.0 */
/* Values in a language of their own: expressions, endpoints. Mistakes are told at their column. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config/endpoint_argument.h"
#include "config/key_types.h"
#include "config/load.h"
#include "config/rule_unit.h"
#include "config/words.h"

static int parse_error(struct loader *l, const struct schema_key *key,
		       const struct yaml_node *value, void *object)
{
	struct config_operation *o = object;
	struct fault why;
	size_t column = 0;

	if (!load_is_text(l, key, value))
		return 0;
	if (error_expression_parse(value->text, &o->error, &column, &why)) {
		load_refuse_at(l, key, value, column, &why);
		return 0;
	}
	free(o->error_text);
	o->error_text = strdup(value->text);
	return o->error_text ? 0 : -ENOMEM;
}

static void release_error(const struct schema_key *key, void *object)
{
	struct config_operation *o = object;

	(void)key;
	free(o->error_text);
	o->error_text = NULL;
}

const struct key_type key_error = {
	.name = "an expression", .is_scalar = true, .parse = parse_error, .release = release_error};

static void release_expression(const struct schema_key *key, void *object)
{
	struct config_rule *rule = object;

	(void)key;
	rule_expression_free(rule->expression);
	free(rule->expression_text);
	rule->expression = NULL;
	rule->expression_text = NULL;
}

static int parse_expression(struct loader *l, const struct schema_key *key,
			    const struct yaml_node *value, void *object)
{
	struct config_rule *rule = object;
	struct rule_expression *expression = NULL;
	struct fault why;
	size_t column = 0;
	int err;

	if (!load_is_text(l, key, value))
		return 0;
	err = rule_expression_parse(value->text, &expression, &column, &why);
	if (err == -EINVAL) {
		load_refuse_at(l, key, value, column, &why);
		return 0;
	}
	if (err)
		return err;
	release_expression(key, object);
	rule->expression = expression;
	rule->expression_text = strdup(value->text);
	return rule->expression_text ? 0 : -ENOMEM;
}

const struct key_type key_expression = {.name = "an expression",
					.is_scalar = true,
					.parse = parse_expression,
					.release = release_expression};

static void release_number(const struct schema_key *key, void *object)
{
	struct config_dashboard_value *value = (void *)((char *)object + key->at);

	rule_expression_free(value->expression);
	free(value->text);
	*value = (struct config_dashboard_value){0};
}

static bool is_unit_wanted(const struct schema_key *key, enum rule_unit unit)
{
	const char *name = rule_unit_name(unit);

	return words_find(key->words, name[0] ? name : "plain");
}

static void refuse_unit(struct loader *l, const struct schema_key *key,
			const struct yaml_node *value, enum rule_unit unit)
{
	char wanted[FAULT_TEXT_BYTES / 4] = "";
	struct fault why;

	for (int i = RULE_UNIT_NONE; i <= RULE_UNIT_PER_S; i++) {
		size_t length = strlen(wanted);

		if (is_unit_wanted(key, (enum rule_unit)i))
			snprintf(wanted + length, sizeof(wanted) - length, "%s%s",
				 length ? " or " : "", rule_unit_words((enum rule_unit)i));
	}
	fault_set(&why, -EINVAL, "\"%s\" is %s, where %s is needed", value->text,
		  rule_unit_words(unit), wanted);
	load_refuse(l, key, value, why.text);
}

static int parse_number(struct loader *l, const struct schema_key *key,
			const struct yaml_node *value, void *object)
{
	struct config_dashboard_value number = {0};
	struct fault why;
	size_t column = 0;
	int err;

	if (!load_is_text(l, key, value))
		return 0;
	err = rule_expression_parse_number(value->text, &number.expression, &column, &why);
	if (err == -EINVAL) {
		load_refuse_at(l, key, value, column, &why);
		return 0;
	}
	if (err)
		return err;
	if (!is_unit_wanted(key, rule_unit_of_expression(number.expression))) {
		refuse_unit(l, key, value, rule_unit_of_expression(number.expression));
		rule_expression_free(number.expression);
		return 0;
	}
	number.text = strdup(value->text);
	release_number(key, object);
	memcpy((char *)object + key->at, &number, sizeof(number));
	return number.text ? 0 : -ENOMEM;
}

const struct key_type key_number = {.name = "a number, as in node_rpc.p99",
				    .is_scalar = true,
				    .parse = parse_number,
				    .release = release_number};

/* Bits of an address behind its prefix: "10.1.2.3/16" is a mistake, or another network than meant.
 */
static bool has_host_bits(const struct ts_endpoint_filter *filter)
{
	for (unsigned int bit = filter->prefix_bits;
	     filter->family && bit < (filter->family == AF_INET ? 32 : 128); bit++) {
		if (filter->address[bit / 8] & (0x80 >> bit % 8))
			return true;
	}
	return false;
}

static bool parse_endpoint(struct loader *l, const struct schema_key *key,
			   const struct yaml_node *value, struct ts_endpoint_filter *ret_filter)
{
	struct fault why;

	if (!load_is_text(l, key, value))
		return false;
	if (endpoint_argument_parse(value->text, ret_filter, &why)) {
		load_refuse(l, key, value, why.text);
		return false;
	}
	if (has_host_bits(ret_filter)) {
		load_report(l, value, "\"%s\": \"%s\" has bits behind its prefix of %u", key->name,
			    value->text, ret_filter->prefix_bits);
		return false;
	}
	return true;
}

static int parse_remote(struct loader *l, const struct schema_key *key,
			const struct yaml_node *value, void *object)
{
	struct config_endpoint *e = object;
	struct ts_endpoint_filter filter;

	if (!parse_endpoint(l, key, value, &filter))
		return 0;
	e->family = filter.family;
	memcpy(e->address, filter.address, sizeof(e->address));
	e->prefix_bits = filter.prefix_bits;
	e->port = filter.port;
	return 0;
}

const struct key_type key_remote = {
	.name = "an endpoint", .is_scalar = true, .parse = parse_remote};

static int parse_listen(struct loader *l, const struct schema_key *key,
			const struct yaml_node *value, void *object)
{
	struct config_endpoint *e = object;
	struct ts_endpoint_filter filter;
	struct fault ignored;

	if (!load_is_text(l, key, value))
		return 0;
	if (endpoint_argument_parse(value->text, &filter, &ignored) || filter.family ||
	    !filter.port) {
		load_report(l, value,
			    "\"%s\": \"%s\" is no port that is served: write it like \":8080\"",
			    key->name, value->text);
		return 0;
	}
	e->is_listen = true;
	e->port = filter.port;
	return 0;
}

const struct key_type key_listen = {.name = "a port", .is_scalar = true, .parse = parse_listen};
