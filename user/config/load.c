/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a map by the table of its kind. What a value means is its type's to say. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/key_types.h"
#include "config/load.h"

#define VARIABLE_BYTES 512

bool load_is_text(struct loader *l, const struct schema_key *key, const struct yaml_node *value)
{
	if (value->kind != YAML_SCALAR)
		load_report(l, value, "\"%s\" must be %s, not a %s", key->name, key->type->name,
			    value->kind == YAML_LIST ? "list" : "map");
	else if (yaml_is_null(value))
		load_report(l, value, "\"%s\" has no value: it must be %s", key->name,
			    key->type->name);
	return value->kind == YAML_SCALAR && !yaml_is_null(value);
}

/* "a, b, c": the keys of an object, for a word that is near to none of them. */
static void list_keys(const struct schema_object *schema, char *text, size_t text_bytes)
{
	size_t length = 0;

	text[0] = '\0';
	for (const struct schema_key *k = schema->keys; k->name && length < text_bytes; k++)
		length += (size_t)snprintf(text + length, text_bytes - length, "%s%s",
					   length ? ", " : "", k->name);
}

static void report_unknown(struct loader *l, const struct schema_object *schema,
			   const struct yaml_node *key)
{
	const char *near = schema_nearest(schema, key->text);
	char all[FAULT_TEXT_BYTES / 2];

	if (near) {
		load_report(l, key, "\"%s\" is no key of %s; did you mean \"%s\"?", key->text,
			    schema->name, near);
		return;
	}
	list_keys(schema, all, sizeof(all));
	load_report(l, key, "\"%s\" is no key of %s; its keys are %s", key->text, schema->name,
		    all);
}

/* Keys of a whole file that begin so are the user's own, a place for anchors. */
static bool is_own_key(const struct schema_object *schema, const char *key)
{
	return (schema == &schema_config || schema == &schema_rule_file) &&
	       strncmp(key, "x-", 2) == 0;
}

static void check_keys(struct loader *l, const struct schema_object *schema,
		       const struct yaml_node *map)
{
	for (size_t i = 0; i < map->cnt; i += 2) {
		const struct yaml_node *key = map->items[i], *first = NULL;

		for (size_t j = 0; j < i && !first; j += 2) {
			if (strcmp(map->items[j]->text, key->text) == 0)
				first = map->items[j];
		}
		if (first)
			load_report(l, key, "\"%s\" is given twice: first in line %u", key->text,
				    first->line);
		else if (!schema_find(schema, key->text) && !is_own_key(schema, key->text))
			report_unknown(l, schema, key);
	}
}

/* TICKSCOPE_NOTIFY_DESK_URL: letters and digits of the parts, '_' for the rest. */
static void append_variable(char *name, const char *part)
{
	size_t length = strlen(name);

	for (; *part && length + 1 < VARIABLE_BYTES; part++)
		name[length++] =
			isalnum((unsigned char)*part) ? (char)toupper((unsigned char)*part) : '_';
	name[length] = '\0';
}

/* The value that the environment has for a key, as a node; *ret_node stays NULL where it has none.
 */
static int find_variable(struct loader *l, const struct schema_object *schema,
			 const struct yaml_node *map, const struct schema_key *key,
			 const struct yaml_node **ret_node)
{
	const struct yaml_node *owner = yaml_find(map, "name");
	char name[VARIABLE_BYTES] = "TICKSCOPE_";
	struct yaml_file **variables, *file;
	struct yaml_node *node;
	const char *value;

	if (!schema->variables || !key->type->is_scalar || key->type == &key_name ||
	    (owner && owner->kind != YAML_SCALAR))
		return 0;
	append_variable(name, schema->variables);
	if (owner) {
		append_variable(name, owner->text);
		append_variable(name, "_");
	}
	append_variable(name, key->name);
	value = l->env(name);
	if (!value || !value[0])
		return 0;
	variables = reallocarray(l->variables, l->variable_cnt + 1, sizeof(struct yaml_file *));
	if (!variables)
		return -ENOMEM;
	l->variables = variables;
	file = calloc(1, sizeof(*file));
	if (!file)
		return -ENOMEM;
	variables[l->variable_cnt++] = file;
	file->name = strdup(name);
	file->nodes = calloc(1, sizeof(struct yaml_node *));
	node = file->nodes ? calloc(1, sizeof(*node)) : NULL;
	if (!node)
		return -ENOMEM;
	file->nodes[file->node_cnt++] = node;
	*node = (struct yaml_node){.kind = YAML_SCALAR, .file = file, .text = strdup(value)};
	if (!file->name || !node->text)
		return -ENOMEM;
	*ret_node = node;
	return 0;
}

static int parse_default(struct loader *l, const struct schema_key *key, void *object)
{
	struct yaml_file file = {.name = (char *)key->name};
	struct yaml_node node = {.kind = YAML_SCALAR, .file = &file, .text = (char *)key->value};

	return key->type->parse(l, key, &node, object);
}

static int load_key(struct loader *l, const struct schema_object *schema,
		    const struct yaml_node *map, const struct schema_key *key, void *object)
{
	const struct yaml_node *value = yaml_find(map, key->name), *variable = NULL;
	int err = find_variable(l, schema, map, key, &variable);

	if (err)
		return err;
	if (variable)
		value = variable;
	/* Lists and maps with all of their lines commented out are empty. */
	if (value && !key->type->is_scalar && yaml_is_null(value))
		value = NULL;
	if (value)
		return key->type->parse(l, key, value, object);
	if (key->is_required && map)
		load_report(l, map, "%s needs \"%s\"", schema->name, key->name);
	if (key->type->is_scalar)
		return key->value ? parse_default(l, key, object) : 0;
	/* A section that is left out still has defaults and variables. */
	return key->object && key->object->variables && !key->cnt_at
		       ? key->type->parse(l, key, NULL, object)
		       : 0;
}

int load_object(struct loader *l, const struct schema_object *schema, const struct yaml_node *map,
		void *object)
{
	int err = 0;

	if (map && map->kind != YAML_MAP) {
		load_report(l, map, "%s must be a map (key: value), not %s", schema->name,
			    map->kind == YAML_LIST ? "a list" : "text");
		return 0;
	}
	if (map)
		check_keys(l, schema, map);
	for (const struct schema_key *key = schema->keys; !err && key->name; key++)
		err = load_key(l, schema, map, key, object);
	if (!err && schema->check && map)
		err = schema->check(l, map, object);
	return err;
}
