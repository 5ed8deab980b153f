/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a tree that was read, and frees it. */
#include <stdlib.h>
#include <string.h>

#include "config/yaml.h"

const struct yaml_node *yaml_find(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; map && map->kind == YAML_MAP && i + 1 < map->cnt; i += 2) {
		if (strcmp(map->items[i]->text, key) == 0)
			return map->items[i + 1];
	}
	return NULL;
}

bool yaml_is_null(const struct yaml_node *node)
{
	return node->kind == YAML_SCALAR && node->is_plain &&
	       (!node->text[0] || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

uint32_t yaml_column(const struct yaml_node *scalar, size_t character_idx)
{
	const char *text = scalar->text;
	size_t bytes = 0;

	for (size_t i = 0; i < character_idx && text[bytes]; i++) {
		bytes++;
		while (((unsigned char)text[bytes] & 0xc0) == 0x80)
			bytes++;
	}
	if (!scalar->text_column || memchr(text, '\n', bytes) ||
	    strncmp(scalar->file->source + scalar->text_offset_bytes, text, bytes) != 0)
		return 0;
	return scalar->text_column + (uint32_t)character_idx;
}

void yaml_free(struct yaml_file *file)
{
	if (!file)
		return;
	for (size_t i = 0; i < file->node_cnt; i++) {
		free(file->nodes[i]->text);
		free(file->nodes[i]->items);
		free(file->nodes[i]);
	}
	free(file->nodes);
	free(file->name);
	free(file->source);
	free(file);
}
