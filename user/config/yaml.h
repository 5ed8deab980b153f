/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML 1.2 -> a tree with positions. What the text means is for others to say; here it is only
 * made harmless: bounded in size and depth, aliases too, without cycles, NULs and bytes that are
 * not UTF-8.
 */
#ifndef TICKSCOPE_CONFIG_YAML_H
#define TICKSCOPE_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"

#define YAML_SOURCE_BYTES (1U << 20) /* a thousand operations with all their keys are a fifth */
#define YAML_NODE_MAX	  65536	     /* each use of an alias counts what it stands for */
#define YAML_DEPTH_MAX	  16	     /* the deepest that has a meaning is 5 */

enum yaml_kind { YAML_SCALAR = 1, YAML_LIST, YAML_MAP };

struct yaml_file;

struct yaml_node {
	enum yaml_kind kind;
	uint32_t line; /* from 1, of its first character; 0: it stands in no file */
	uint32_t column;
	const struct yaml_file *file;
	char *text;    /* of a scalar */
	bool is_plain; /* without quotes: `null` is none */
	/* Where the text of a scalar stands in the source. */
	uint32_t text_column;
	size_t text_offset_bytes;
	struct yaml_node **items; /* of a map keys and values by turns; keys are scalars */
	size_t cnt;		  /* of items; of a map twice the number of its keys */
	size_t weight_cnt; /* nodes in it, itself included; of aliases, what they stand for */
};

struct yaml_file {
	char *name;
	char *source;
	struct yaml_node *root;	  /* NULL: the file is empty */
	struct yaml_node **nodes; /* all, in no order that means something */
	size_t node_cnt;
	size_t node_room_cnt;
};

struct yaml_mistake {
	uint32_t line;
	uint32_t column;
	struct fault why;
};

/*
 * name is for messages; both texts are copied. -EINVAL with the first mistake; -ENOMEM. Keys that
 * `<<: *alias` brings stand behind a map's own, those that the map has itself left out.
 */
int yaml_parse(const char *name, const char *source, size_t source_bytes,
	       struct yaml_file **ret_file, struct yaml_mistake *mistake);
void yaml_free(struct yaml_file *file);

/* The value of a key, or NULL. */
const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);
/* Whether it is left empty, or says null or ~. */
bool yaml_is_null(const struct yaml_node *node);
/* The column in the file of the character of that number (from 0) in a scalar's text; 0 where that
 * cannot be told: behind escapes, in further lines, of a value that stands in no file. */
uint32_t yaml_column(const struct yaml_node *scalar, size_t character_idx);

#endif
