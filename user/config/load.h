/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/config: a configuration while it is read. */
#ifndef TICKSCOPE_CONFIG_LOAD_H
#define TICKSCOPE_CONFIG_LOAD_H

#include "config/config.h"
#include "config/schema.h"
#include "config/yaml.h"

/* Where something of a kind is called by name. */
struct load_name {
	const struct schema_object *kind;
	const struct yaml_node *node;
};

struct load_names {
	struct load_name *items;
	size_t cnt;
	size_t room_cnt;
};

/* Where a problem stands, to show them in the order of the files. */
struct load_place {
	size_t file_idx;
	uint32_t line;
	uint32_t column;
};

struct loader {
	config_env_fn env;
	struct config *config;
	struct config_problems *problems;
	struct load_place places[CONFIG_PROBLEM_MAX];
	struct yaml_file **files; /* files[0] is the configuration */
	size_t file_cnt;
	struct yaml_file **variables; /* values from the environment, as if they were files */
	size_t variable_cnt;
	struct load_names names;     /* that are given … */
	struct load_names uses;	     /* … and that are used */
	struct load_names contracts; /* items of `contracts`, which wait for those whom they mean */
	struct load_names rule_files; /* their paths */
};

/* One more problem, at this node; of a value from the environment its variable is named. */
void load_report(struct loader *l, const struct yaml_node *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* That the value of a key is wrong: `"for": "10q" has no unit of time …`. */
void load_refuse(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		 const char *reason);
/* Likewise, at a column (from 1) of a text. */
void load_refuse_at(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		    size_t column, const struct fault *why);
/* Puts them into the order of the files. */
void load_sort_problems(struct loader *l);

/* Remembers a node. -ENOMEM. */
int load_remember(struct load_names *names, const struct schema_object *kind,
		  const struct yaml_node *node);

/*
 * Reads a map into a struct: defaults, environment, all keys that are known; the others are
 * reported. map NULL: it is not there. -ENOMEM.
 */
int load_object(struct loader *l, const struct schema_object *schema, const struct yaml_node *map,
		void *object);

/* True for a scalar that has a text; else reported. */
bool load_is_text(struct loader *l, const struct schema_key *key, const struct yaml_node *value);

#endif
