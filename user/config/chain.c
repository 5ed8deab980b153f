/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the stages of chains, one after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/labels.h"
#include "base/text.h"
#include "config/chain_rules.h"

/* A label holds what stages are called, with a number where several are called the same. */
#define STAGE_BYTES_MAX (LABEL_VALUE_BYTES - 8)

static const char *const verbs[] = {
	[CHAIN_ARRIVE] = "arrive", [CHAIN_RECV] = "recv", [CHAIN_ENTER] = "enter",
	[CHAIN_RETURN] = "return", [CHAIN_SEND] = "send", [CHAIN_REPLY] = "reply",
};

#define VERB_CNT (sizeof(verbs) / sizeof(verbs[0]))

bool chain_is_function(const struct chain_stage *stage)
{
	return stage->verb == CHAIN_ENTER || stage->verb == CHAIN_RETURN;
}

static bool is_word(const char *text, struct chain_part part, const char *word)
{
	return part.bytes == strlen(word) && memcmp(text + part.at, word, part.bytes) == 0;
}

static int read_verb(struct chain_reader *r, struct chain_stage *stage, struct chain_part part,
		     struct chain_part *ret_object)
{
	size_t bytes = 0;
	struct chain_part word;

	while (bytes < part.bytes && !strchr(" \t\n", r->text[part.at + bytes]))
		bytes++;
	word = (struct chain_part){.at = part.at, .bytes = bytes};
	for (size_t i = CHAIN_ARRIVE; i < VERB_CNT; i++) {
		if (is_word(r->text, word, verbs[i]))
			stage->verb = (enum chain_verb)i;
	}
	*ret_object = chain_split_trim(r->text, part.at + bytes, part.at + part.bytes);
	if (!part.bytes)
		fault_set(r->why, -EINVAL, "a stage is missing here");
	else if (!stage->verb)
		fault_set(r->why, -EINVAL,
			  "a stage is arrive, recv, send or reply ENDPOINT, or enter or return "
			  "FUNC; not \"%.*s\"",
			  (int)(bytes > 64 ? 64 : bytes), r->text + part.at);
	else if (!ret_object->bytes)
		fault_set(r->why, -EINVAL, "\"%s\" needs %s", verbs[stage->verb],
			  chain_is_function(stage) ? "a function" : "an endpoint");
	else
		return 0;
	return chain_rules_fail(r, part.at);
}

/* The name of a function, or an endpoint; quotes around it are not part of it. */
static int read_object(struct chain_reader *r, struct chain_stage *stage, struct chain_part part)
{
	char name[STAGE_BYTES_MAX + 1];
	const char *text = r->text + part.at;

	if (part.bytes >= 2 && text[0] == '"' && text[part.bytes - 1] == '"') {
		part.bytes -= 2;
		text++;
	}
	if (!part.bytes) {
		fault_set(r->why, -EINVAL, "\"%s\" needs %s", verbs[stage->verb],
			  chain_is_function(stage) ? "a function" : "an endpoint");
		return chain_rules_fail(r, part.at);
	}
	if (strlen(verbs[stage->verb]) + 1 + part.bytes > STAGE_BYTES_MAX) {
		fault_set(r->why, -EINVAL,
			  "a stage of more than %d bytes: a glob with * names a function, too",
			  STAGE_BYTES_MAX);
		return chain_rules_fail(r, part.at);
	}
	snprintf(name, sizeof(name), "%s %.*s", verbs[stage->verb], (int)part.bytes, text);
	text_clean(name);
	stage->object = strndup(text, part.bytes);
	stage->text = strdup(name);
	return stage->object && stage->text ? 0 : -ENOMEM;
}

static int read_keys(struct chain_reader *r, struct chain_stage *stage, struct chain_part rest,
		     struct chain_said *said)
{
	static const char *const words[] = {"key", "then_key"};
	size_t word, end = rest.at + rest.bytes, at, next_word;
	struct chain_part found = chain_split_word(r->text, rest, words, 2, &word), next;
	int err;

	for (; found.bytes; found = next, word = next_word) {
		struct chain_key *key = word ? &stage->then_key : &stage->key;
		struct chain_part behind = {found.at + found.bytes, end - found.at - found.bytes};
		struct chain_part *place = word ? &said->then_key : &said->key;

		next_word = word;
		next = chain_split_word(r->text, behind, words, 2, &next_word);
		*place = chain_split_trim(r->text, behind.at, next.at);
		if (key->text) {
			fault_set(r->why, -EINVAL, "\"%s\" is given twice", words[word]);
			return chain_rules_fail(r, found.at);
		}
		if (!place->bytes) {
			fault_set(r->why, -EINVAL, "\"%s\" needs a key behind it", words[word]);
			return chain_rules_fail(r, found.at);
		}
		err = chain_key_parse(r->text + place->at, place->bytes, key, &at, r->why);
		if (err == -EINVAL)
			return chain_rules_fail(r, place->at + at);
		if (err)
			return err;
	}
	return 0;
}

/* Stages that are written the same are told apart in labels. */
static int number_text(struct chain *chain, size_t idx)
{
	struct chain_stage *stage = &chain->stages[idx];
	char name[LABEL_VALUE_BYTES];
	size_t same_cnt = 0;

	for (size_t i = 0; i < idx; i++)
		same_cnt += chain->stages[i].verb == stage->verb &&
			    strcmp(chain->stages[i].object, stage->object) == 0;
	if (!same_cnt)
		return 0;
	snprintf(name, sizeof(name), "%s #%zu", stage->text, same_cnt + 1);
	free(stage->text);
	stage->text = strdup(name);
	return stage->text ? 0 : -ENOMEM;
}

static int read_stage(struct chain_reader *r, struct chain_part part)
{
	static const char *const words[] = {"key", "then_key"};
	size_t idx = r->chain.stage_cnt++, ignored;
	struct chain_stage *stage = &r->chain.stages[idx];
	struct chain_said said = {.at = part.at};
	struct chain_part object, keys;
	int err = read_verb(r, stage, part, &object);

	if (err)
		return err;
	keys = chain_split_word(r->text, object, words, 2, &ignored);
	err = read_object(r, stage, chain_split_trim(r->text, object.at, keys.at));
	/* The word is looked for once more: with the blank before it. */
	keys = (struct chain_part){keys.at - 1, object.at + object.bytes - keys.at + 1};
	if (!err)
		err = read_keys(r, stage, keys, &said);
	if (!err)
		err = chain_rules_check(r, idx, &said);
	return err ? err : number_text(&r->chain, idx);
}

static int read_stages(struct chain_reader *r)
{
	struct chain_parts parts;
	int err = chain_split_stages(r->text, &parts, r->ret_at, r->why);

	for (size_t i = 0; !err && i < parts.cnt; i++)
		err = read_stage(r, parts.items[i]);
	if (err)
		return err;
	if (parts.cnt < 2) {
		fault_set(r->why, -EINVAL, "a chain has at least two stages, with a comma between");
		return chain_rules_fail(r, 0);
	}
	if (r->chain.stages[parts.cnt - 1].then_key.text) {
		fault_set(r->why, -EINVAL, "\"then_key\" at the last stage: nothing follows it");
		return chain_rules_fail(r, parts.items[parts.cnt - 1].at);
	}
	return 0;
}

static int read_first_key(struct chain_reader *r, const char *key)
{
	size_t at = 0;
	int err = chain_key_parse(key, strlen(key), &r->first_key, &at, r->why);
	struct fault reason;

	if (err != -EINVAL)
		return err;
	reason = *r->why;
	fault_set(r->why, err, "the key \"%.128s\": at its character %zu: %.512s", key, at + 1,
		  reason.text);
	return chain_rules_fail(r, 0);
}

int chain_parse(const char *stages, const char *key, struct chain *ret_chain, size_t *ret_column,
		struct fault *why)
{
	size_t at = 0;
	struct chain_reader r = {.text = stages, .ret_at = &at, .why = why};
	int err = read_first_key(&r, key ? key : "thread");

	if (!err)
		err = read_stages(&r);
	free(r.first_key.text);
	if (err) {
		chain_fini(&r.chain);
		*ret_column = at + 1;
		return err;
	}
	r.chain.timeout_ns = CHAIN_TIMEOUT_DEFAULT_NS;
	*ret_chain = r.chain;
	return 0;
}

void chain_fini(struct chain *chain)
{
	for (size_t i = 0; i < chain->stage_cnt; i++) {
		struct chain_stage *stage = &chain->stages[i];

		free(stage->object);
		free(stage->key.text);
		free(stage->then_key.text);
		free(stage->text);
	}
	free(chain->name);
	free(chain->target);
	*chain = (struct chain){.name = NULL};
}
