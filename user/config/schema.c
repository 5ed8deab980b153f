/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the tables. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config/key_types.h"
#include "config/schema.h"
#include "config/words.h"

#define PATH_TEXT_BYTES 256

const struct schema_key *schema_find(const struct schema_object *object, const char *name)
{
	for (const struct schema_key *key = object->keys; key->name; key++) {
		if (strcmp(key->name, name) == 0)
			return key;
	}
	return NULL;
}

const char *schema_nearest(const struct schema_object *object, const char *name)
{
	size_t best = words_far(name);
	const char *near = NULL;

	for (const struct schema_key *key = object->keys; key->name; key++) {
		size_t distance = words_distance(name, key->name, best);

		if (distance < best) {
			best = distance;
			near = key->name;
		}
	}
	return near;
}

void schema_release(const struct schema_object *schema, void *object)
{
	for (const struct schema_key *key = schema->keys; key->name; key++) {
		if (key->type->release)
			key->type->release(key, object);
	}
}

struct walk {
	schema_entry_fn fn;
	void *context;
	char path[PATH_TEXT_BYTES];
};

static const char *variable_name(const struct schema_object *object, const struct schema_key *key,
				 char *text, size_t text_bytes)
{
	if (!object->variables || !key->type->is_scalar || key->type == &key_name)
		return NULL;
	snprintf(text, text_bytes, "TICKSCOPE_%s%s%s", object->variables,
		 schema_find(object, "name") ? "<NAME>_" : "", key->name);
	for (char *at = text; *at; at++)
		*at = (char)toupper((unsigned char)*at);
	return text;
}

static void walk_object(struct walk *w, const struct schema_object *object)
{
	size_t length = strlen(w->path);
	char variable[PATH_TEXT_BYTES];

	for (const struct schema_key *key = object->keys; key->name; key++) {
		struct schema_entry entry = {.path = w->path, .key = key};

		snprintf(w->path + length, sizeof(w->path) - length, "%s%s", length ? "." : "",
			 key->name);
		entry.variable = variable_name(object, key, variable, sizeof(variable));
		w->fn(&entry, w->context);
		/* Of references and names it says whose. */
		if (key->object && !key->type->is_scalar) {
			if (key->type != &key_map)
				strncat(w->path, "[]", sizeof(w->path) - strlen(w->path) - 1);
			walk_object(w, key->object);
		}
	}
	w->path[length] = '\0';
}

void schema_each(schema_entry_fn fn, void *context)
{
	struct walk w = {.fn = fn, .context = context};

	walk_object(&w, &schema_config);
}
