/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/config: what no single key can say. All return -ENOMEM or 0; mistakes are reported.
 */
#ifndef TICKSCOPE_CONFIG_CHECK_H
#define TICKSCOPE_CONFIG_CHECK_H

struct loader;
struct schema_object;
struct yaml_node;

/* Of one object, with its map: combinations of keys, and defaults that depend on others. */
int check_match(struct loader *l, const struct yaml_node *map, void *object);
int check_contract(struct loader *l, const struct yaml_node *map, void *object);
int check_endpoint(struct loader *l, const struct yaml_node *map, void *object);
int check_operation(struct loader *l, const struct yaml_node *map, void *object);
int check_rule(struct loader *l, const struct yaml_node *map, void *object);
int check_chain(struct loader *l, const struct yaml_node *map, void *object);
int check_channel(struct loader *l, const struct yaml_node *map, void *object);

/* Of the whole, when all files are read: contracts find their owners, names what they mean. */
int check_contracts(struct loader *l);
void check_references(struct loader *l);
void check_chains(struct loader *l);
int check_sinks(struct loader *l);
void check_kubernetes(struct loader *l);

/* Says that what is used here by name is not there, and the nearest name that is. */
void check_missing(struct loader *l, const struct schema_object *kind, const struct yaml_node *use);

#endif
