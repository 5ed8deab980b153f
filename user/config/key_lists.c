/* SPDX-License-Identifier: Apache-2.0 */
/* Values that hold other values. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/labels.h"
#include "config/key_types.h"
#include "config/load.h"
#include "config/quantity.h"
#include "config/words.h"

#define PID_MAX (1U << 22) /* the kernel's own bound */

static void *slot(const struct schema_key *key, void *object)
{
	return (char *)object + key->at;
}

static size_t *slot_cnt(const struct schema_key *key, void *object)
{
	return (size_t *)((char *)object + key->cnt_at);
}

static int parse_map(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		     void *object)
{
	return load_object(l, key->object, value, slot(key, object));
}

static void release_map(const struct schema_key *key, void *object)
{
	schema_release(key->object, slot(key, object));
}

const struct key_type key_map = {.name = "a map", .parse = parse_map, .release = release_map};

/* One more item of an array of `item_bytes`, zeroed; zeros follow the last, as the end of an argv.
 * NULL: out of memory. */
static void *grow(const struct schema_key *key, void *object, size_t item_bytes)
{
	size_t *cnt = slot_cnt(key, object);
	char *items, *before;

	memcpy(&before, slot(key, object), sizeof(before));
	items = reallocarray(before, *cnt + 2, item_bytes);
	if (!items)
		return NULL;
	memcpy(slot(key, object), &items, sizeof(items));
	memset(items + *cnt * item_bytes, 0, 2 * item_bytes);
	return items + (*cnt)++ * item_bytes;
}

/* A list, not too long; else reported. */
static bool is_list(struct loader *l, const struct schema_key *key, const struct yaml_node *value)
{
	if (value->kind != YAML_LIST)
		load_report(l, value, "\"%s\" must be a list (\"- …\" or \"[…]\"), not %s",
			    key->name, value->kind == YAML_MAP ? "a map" : "text");
	else if (key->max && value->cnt > key->max)
		load_report(l, value, "\"%s\" has %zu items: at most %llu", key->name, value->cnt,
			    (unsigned long long)key->max);
	return value->kind == YAML_LIST && (!key->max || value->cnt <= key->max);
}

static int parse_list(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		      void *object)
{
	int err = 0;

	if (!is_list(l, key, value))
		return 0;
	for (size_t i = 0; !err && i < value->cnt; i++) {
		void *item = grow(key, object, key->object->bytes);

		err = item ? load_object(l, key->object, value->items[i], item) : -ENOMEM;
	}
	return err;
}

static void release_list(const struct schema_key *key, void *object)
{
	size_t *cnt = slot_cnt(key, object);
	char *items;

	memcpy(&items, slot(key, object), sizeof(items));
	for (size_t i = 0; i < *cnt; i++)
		schema_release(key->object, items + i * key->object->bytes);
	free(items);
	*cnt = 0;
}

const struct key_type key_list = {.name = "a list", .parse = parse_list, .release = release_list};

static bool check_text_item(struct loader *l, const struct schema_key *key,
			    const struct yaml_node *item)
{
	struct fault why;

	if (item->kind != YAML_SCALAR || yaml_is_null(item) || !item->text[0]) {
		load_report(l, item, "\"%s\" is a list of text", key->name);
		return false;
	}
	if (!key->words || words_find(key->words, item->text))
		return true;
	words_refuse(key->words, item->text, &why);
	load_refuse(l, key, item, why.text);
	return false;
}

static int parse_texts(struct loader *l, const struct schema_key *key,
		       const struct yaml_node *value, void *object)
{
	if (!is_list(l, key, value))
		return 0;
	for (size_t i = 0; i < value->cnt; i++) {
		const struct yaml_node *item = value->items[i];
		struct schema_key one = {.name = key->name, .type = &key_text};
		char **text;

		if (!check_text_item(l, key, item))
			continue;
		text = grow(key, object, sizeof(char *));
		if (!text)
			return -ENOMEM;
		if (key_text.parse(l, &one, item, text))
			return -ENOMEM;
		if (!*text) /* refused, which has been said */
			(*slot_cnt(key, object))--;
	}
	return 0;
}

static void release_texts(const struct schema_key *key, void *object)
{
	size_t *cnt = slot_cnt(key, object);
	char **items = *(char ***)slot(key, object);

	for (size_t i = 0; i < *cnt; i++)
		free(items[i]);
	free(items);
	*cnt = 0;
}

const struct key_type key_texts = {
	.name = "a list of text", .parse = parse_texts, .release = release_texts};

static int add_pid(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		   void *object)
{
	struct fault why;
	uint64_t number;
	pid_t *pid;

	if (!load_is_text(l, key, value))
		return 0;
	if (quantity_parse_count(value->text, 1, PID_MAX, &number, &why)) {
		load_refuse(l, key, value, why.text);
		return 0;
	}
	pid = grow(key, object, sizeof(*pid));
	if (!pid)
		return -ENOMEM;
	*pid = (pid_t)number;
	return 0;
}

/* One, or a list. */
static int parse_pids(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		      void *object)
{
	int err = 0;

	if (value->kind == YAML_SCALAR)
		return add_pid(l, key, value, object);
	if (!is_list(l, key, value))
		return 0;
	if (!value->cnt)
		load_report(l, value, "\"%s\" is empty", key->name);
	for (size_t i = 0; !err && i < value->cnt; i++)
		err = add_pid(l, key, value->items[i], object);
	return err;
}

static void release_pids(const struct schema_key *key, void *object)
{
	free(*(pid_t **)slot(key, object));
	*slot_cnt(key, object) = 0;
}

const struct key_type key_pids = {
	.name = "a process id", .parse = parse_pids, .release = release_pids};

static bool is_label_name(const char *name)
{
	const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return name[0] && !strchr("0123456789", name[0]) && strlen(name) < LABEL_NAME_BYTES &&
	       !name[strspn(name, letters)];
}

/* "app.kubernetes.io/name": at most 253 bytes before the '/', 63 behind it. */
static bool is_tag_name(const char *name)
{
	const char *letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const char *slash = strchr(name, '/'), *last = slash ? slash + 1 : name;

	return last[0] && strlen(last) < 64 && !last[strspn(last, letters)] &&
	       (!slash ||
		(slash != name && slash - name < 254 && name + strspn(name, letters) == slash));
}

static bool check_pair(struct loader *l, const struct schema_key *key, const struct yaml_node *name,
		       const struct yaml_node *value)
{
	if (key->type == &key_tags && !is_tag_name(name->text))
		load_report(l, name, "\"%s\": \"%s\" is no name of a label of Kubernetes",
			    key->name, name->text);
	else if (key->type != &key_tags && !is_label_name(name->text))
		load_report(l, name,
			    "\"%s\": \"%s\" is no name of a label: letters, digits and _, at most "
			    "%d, no digit first",
			    key->name, name->text, LABEL_NAME_BYTES - 1);
	else if (value->kind != YAML_SCALAR || yaml_is_null(value))
		load_report(l, value, "\"%s\": \"%s\" must be text", key->name, name->text);
	else if (strlen(value->text) >= LABEL_VALUE_BYTES)
		load_report(l, value, "\"%s\": \"%s\" is too long: at most %d bytes", key->name,
			    name->text, LABEL_VALUE_BYTES - 1);
	else
		return true;
	return false;
}

static int parse_pairs(struct loader *l, const struct schema_key *key,
		       const struct yaml_node *value, void *object)
{
	if (value->kind != YAML_MAP) {
		load_report(l, value, "\"%s\" must be a map (name: value), not %s", key->name,
			    value->kind == YAML_LIST ? "a list" : "text");
		return 0;
	}
	if (value->cnt / 2 > LABELS_MAX) {
		load_report(l, value, "\"%s\" has %zu items: at most %d", key->name, value->cnt / 2,
			    LABELS_MAX);
		return 0;
	}
	for (size_t i = 0; i < value->cnt; i += 2) {
		const struct yaml_node *name = value->items[i];
		struct schema_key one = {.name = key->name, .type = &key_text};
		struct config_pair *pair;

		if (!check_pair(l, key, name, value->items[i + 1]))
			continue;
		if (yaml_find(value, name->text) != value->items[i + 1]) {
			load_report(l, name, "\"%s\" is given twice", name->text);
			continue;
		}
		pair = grow(key, object, sizeof(*pair));
		if (!pair)
			return -ENOMEM;
		pair->name = strdup(name->text);
		if (!pair->name || key_text.parse(l, &one, value->items[i + 1], &pair->value))
			return -ENOMEM;
	}
	return 0;
}

static void release_pairs(const struct schema_key *key, void *object)
{
	size_t *cnt = slot_cnt(key, object);
	struct config_pair *items = *(struct config_pair **)slot(key, object);

	for (size_t i = 0; i < *cnt; i++) {
		free(items[i].name);
		free(items[i].value);
	}
	free(items);
	*cnt = 0;
}

const struct key_type key_pairs = {
	.name = "a map of text", .parse = parse_pairs, .release = release_pairs};
const struct key_type key_tags = {
	.name = "a map of text", .parse = parse_pairs, .release = release_pairs};

static int remember_items(struct loader *l, const struct schema_key *key,
			  const struct yaml_node *value, struct load_names *names)
{
	int err = 0;

	if (!is_list(l, key, value))
		return 0;
	for (size_t i = 0; !err && i < value->cnt; i++)
		err = load_remember(names, key->object, value->items[i]);
	return err;
}

static int parse_rule_files(struct loader *l, const struct schema_key *key,
			    const struct yaml_node *value, void *object)
{
	(void)object;
	return remember_items(l, key, value, &l->rule_files);
}

/* Read when all rules that the configuration itself has are. */
const struct key_type key_rule_files = {.name = "a list of paths", .parse = parse_rule_files};

static int parse_contracts(struct loader *l, const struct schema_key *key,
			   const struct yaml_node *value, void *object)
{
	(void)object;
	return remember_items(l, key, value, &l->contracts);
}

/* Read when all operations and targets are known. */
const struct key_type key_contracts = {.name = "a list of contracts", .parse = parse_contracts};
