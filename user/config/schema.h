/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a configuration may say: one table for each kind of object, one line for each key. The
 * tables drive reading, freeing, defaults, the environment, what is suggested for a wrong key, and
 * the list of keys.
 */
#ifndef TICKSCOPE_CONFIG_SCHEMA_H
#define TICKSCOPE_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loader;
struct schema_key;
struct schema_object;
struct yaml_node;

/* How a value is read into its object. */
struct key_type {
	const char *name; /* for people: "a duration" */
	bool is_scalar;	  /* text, which the environment can override */
	/* Wrong values are reported, and are no failure: only -ENOMEM is. */
	int (*parse)(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		     void *object);
	void (*release)(const struct schema_key *key, void *object); /* NULL: nothing is held */
	/* A value for people, from key->min and key->max; NULL: they are plain numbers. */
	const char *(*range_text)(uint64_t value, char *text, size_t text_bytes);
};

struct schema_key {
	const char *name;
	const struct key_type *type;
	size_t at;	   /* offset in the object's struct */
	size_t cnt_at;	   /* of lists: offset of the count */
	const char *value; /* default, as one would write it; NULL: zero */
	uint64_t min, max; /* of a number in its unit; of a list max is how many it holds */
	const char *words; /* the only ones allowed, a blank between; NULL: any */
	const struct schema_object *object; /* of a map or list: what is in it; of a name and a
					       reference: whose */
	bool is_required;
	/* Of contracts: what is judged, in which unit, and which side of the limit is good. */
	const char *metric;
	uint8_t unit; /* enum quantity_unit */
	bool is_minimum;
};

struct schema_object {
	const char *name;	       /* "a target" */
	const struct schema_key *keys; /* ends with a name that is NULL */
	size_t bytes;		       /* of its struct */
	/* Between TICKSCOPE_ and the key in names of variables: "HISTORY_", ""; NULL: there are
	 * none. Of objects with a name, that stands behind it. */
	const char *variables;
	/* Looks at the whole of it; NULL: nothing to look at. As parse. */
	int (*check)(struct loader *l, const struct yaml_node *map, void *object);
};

extern const struct schema_object schema_config;    /* a file: struct config */
extern const struct schema_object schema_rule_file; /* likewise */
extern const struct schema_object schema_target;
extern const struct schema_object schema_endpoint;
extern const struct schema_object schema_operation;
extern const struct schema_object schema_chain;
extern const struct schema_object schema_rule;
extern const struct schema_object schema_channel;
extern const struct schema_object schema_health;
extern const struct schema_object schema_kubernetes;
extern const struct schema_object schema_operation_contract; /* struct config_contract */
extern const struct schema_object schema_target_contract;
/* What tells whose contract an item of `contracts` is: struct contract_owner. */
extern const struct schema_object schema_contract_owner;

#define SCHEMA_NAME_BYTES 192 /* with its 0: longer names do not fit an alert */

const struct schema_key *schema_find(const struct schema_object *object, const char *name);

/* `"keep" is no key of the history; did you mean …`: what is said of a wrong word. The nearest of
 * the candidates, or NULL where none is near. */
const char *schema_nearest(const struct schema_object *object, const char *name);

/* Frees what an object holds, not the object. */
void schema_release(const struct schema_object *schema, void *object);

/* Calls back for each key of a file, in the order of the tables. path: "operations[].contract.p99";
 * variable: NULL, or what overrides it. */
struct schema_entry {
	const char *path;
	const struct schema_key *key;
	const char *variable;
};
typedef void (*schema_entry_fn)(const struct schema_entry *entry, void *context);
void schema_each(schema_entry_fn fn, void *context);

#endif
