/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are text. What is kept is clean, so that whoever shows it has nothing to fear. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/labels.h"
#include "base/text.h"
#include "config/key_types.h"
#include "config/load.h"
#include "config/protocol_names.h"
#include "config/words.h"

#define TEXT_BYTES 4096 /* with its 0: a path, a name out of C++ */

/* What is wrong with a text; NULL: nothing. */
typedef const char *(*complain_fn)(const char *text);

static char **slot(const struct schema_key *key, void *object)
{
	return (char **)((char *)object + key->at);
}

static void release_text(const struct schema_key *key, void *object)
{
	free(*slot(key, object));
	*slot(key, object) = NULL;
}

/* Characters that steer a terminal or are not seen; lines of a description are no such. */
static bool has_hidden(const char *text, bool *ret_is_full)
{
	char *copy = strdup(text);
	bool is_hidden;

	*ret_is_full = !copy;
	if (!copy)
		return false;
	for (char *at = copy; *at; at++) {
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	}
	is_hidden = text_find_invalid(copy);
	if (!is_hidden) {
		char *before = strdup(copy);

		*ret_is_full = !before;
		text_clean(copy);
		is_hidden = before && strcmp(before, copy) != 0;
		free(before);
	}
	free(copy);
	return is_hidden;
}

static int store(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		 void *object)
{
	bool is_full;

	if (strlen(value->text) >= TEXT_BYTES) {
		load_report(l, value, "\"%s\" is too long: at most %d bytes", key->name,
			    TEXT_BYTES - 1);
		return 0;
	}
	if (has_hidden(value->text, &is_full)) {
		load_refuse(l, key, value, "it has characters that cannot be seen");
		return 0;
	}
	if (is_full)
		return -ENOMEM;
	release_text(key, object);
	*slot(key, object) = strdup(value->text);
	return *slot(key, object) ? 0 : -ENOMEM;
}

/* A text that `complain` has nothing against. */
static int parse_checked(struct loader *l, const struct schema_key *key,
			 const struct yaml_node *value, void *object, complain_fn complain)
{
	const char *complaint;

	if (!load_is_text(l, key, value))
		return 0;
	complaint = value->text[0] ? complain(value->text) : "is empty";
	if (!complaint)
		return store(l, key, value, object);
	if (value->line)
		load_report(l, value, "\"%s\": \"%s\" %s", key->name, value->text, complaint);
	else
		load_report(l, value, "\"%s\" %s", value->text, complaint);
	return 0;
}

static const char *nothing(const char *text)
{
	(void)text;
	return NULL;
}

static int parse_text(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		      void *object)
{
	return parse_checked(l, key, value, object, nothing);
}

const struct key_type key_text = {
	.name = "text", .is_scalar = true, .parse = parse_text, .release = release_text};

static const char *complain_name(const char *text)
{
	if (strlen(text) >= SCHEMA_NAME_BYTES)
		return "is too long for a name: at most 191 bytes";
	if (strpbrk(text, "\n\t"))
		return "is no name: it has more than one line";
	if (text[0] == ' ' || text[strlen(text) - 1] == ' ')
		return "is no name: it begins or ends with a blank";
	return NULL;
}

/* Values of the host and of the agent stand beside those of targets and operations. */
static const char *complain_own_name(const char *text)
{
	if (strcmp(text, SERIES_HOST) == 0)
		return "is the name of the values of this host";
	if (strcmp(text, SERIES_AGENT) == 0)
		return "is the name of the agent's own values";
	return complain_name(text);
}

static int parse_name(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		      void *object)
{
	bool is_series = key->object == &schema_target || key->object == &schema_operation;
	int err =
		parse_checked(l, key, value, object, is_series ? complain_own_name : complain_name);

	if (err || !*slot(key, object))
		return err;
	for (size_t i = 0; i < l->names.cnt; i++) {
		const struct load_name *n = &l->names.items[i];

		if (n->kind != key->object || strcmp(n->node->text, value->text) != 0)
			continue;
		load_report(l, value, "\"%s\" is the name of %s already: %s:%u", value->text,
			    key->object->name, n->node->file->name, n->node->line);
		return 0;
	}
	return load_remember(&l->names, key->object, value);
}

const struct key_type key_name = {
	.name = "a name", .is_scalar = true, .parse = parse_name, .release = release_text};

static int parse_reference(struct loader *l, const struct schema_key *key,
			   const struct yaml_node *value, void *object)
{
	int err = parse_checked(l, key, value, object, complain_name);

	return err || !*slot(key, object) ? err : load_remember(&l->uses, key->object, value);
}

const struct key_type key_reference = {
	.name = "a name", .is_scalar = true, .parse = parse_reference, .release = release_text};

static int parse_among(struct loader *l, const struct schema_key *key,
		       const struct yaml_node *value, void *object, const char *words)
{
	struct fault why;

	if (!load_is_text(l, key, value))
		return 0;
	if (words_find(words, value->text))
		return store(l, key, value, object);
	words_refuse(words, value->text, &why);
	load_refuse(l, key, value, why.text);
	return 0;
}

static int parse_word(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		      void *object)
{
	return parse_among(l, key, value, object, key->words);
}

const struct key_type key_word = {
	.name = "a word", .is_scalar = true, .parse = parse_word, .release = release_text};

static int parse_protocol(struct loader *l, const struct schema_key *key,
			  const struct yaml_node *value, void *object)
{
	char words[FAULT_TEXT_BYTES / 4] = "";

	for (int kind = PROTOCOL_NONE + 1; kind < PROTOCOL_END; kind++) {
		if (words[0])
			strncat(words, " ", sizeof(words) - strlen(words) - 1);
		strncat(words, protocol_name((enum protocol_kind)kind),
			sizeof(words) - strlen(words) - 1);
	}
	return parse_among(l, key, value, object, words);
}

const struct key_type key_protocol = {
	.name = "a protocol", .is_scalar = true, .parse = parse_protocol, .release = release_text};

static const char *complain_path(const char *text)
{
	return text[0] == '/' ? NULL : "is no absolute path";
}

static int parse_path(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		      void *object)
{
	return parse_checked(l, key, value, object, complain_path);
}

const struct key_type key_path = {
	.name = "a path", .is_scalar = true, .parse = parse_path, .release = release_text};

static const char *complain_glob(const char *text)
{
	return text[strspn(text, "*/?")] ? NULL : "would match every process";
}

static int parse_glob(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		      void *object)
{
	return parse_checked(l, key, value, object, complain_glob);
}

const struct key_type key_glob = {
	.name = "a glob", .is_scalar = true, .parse = parse_glob, .release = release_text};

static const char *complain_unit(const char *text)
{
	const char *complaint = complain_glob(text);

	if (complaint)
		return complaint;
	if (strchr(text, '/'))
		return "is no unit: a path is matched by \"cgroup\"";
	return strpbrk(text, ".*") ? NULL
				   : "is no unit: write its kind, too, as in \"engine.service\"";
}

static int parse_unit(struct loader *l, const struct schema_key *key, const struct yaml_node *value,
		      void *object)
{
	return parse_checked(l, key, value, object, complain_unit);
}

const struct key_type key_unit = {
	.name = "a unit", .is_scalar = true, .parse = parse_unit, .release = release_text};
