/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses stages whose keys cannot be read where they happen, or do not lead from one to the next.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/chain_rules.h"

int chain_rules_fail(struct chain_reader *r, size_t at)
{
	*r->ret_at = at;
	return -EINVAL;
}

static int copy_key(struct chain_key *to, const struct chain_key *from)
{
	*to = *from;
	to->text = strdup(from->text);
	return to->text ? 0 : -ENOMEM;
}

/* "FUNC+0x1f": there, what was passed in registers need not be in them any more. */
static bool is_instruction(const struct chain_stage *stage)
{
	const char *plus = strrchr(stage->object, '+');

	return chain_is_function(stage) && plus && strncmp(plus, "+0x", 3) == 0 && plus[3] &&
	       !plus[3 + strspn(plus + 3, "0123456789abcdefABCDEF")];
}

/* Whether this key can be read where the stage happens. */
static int check_place(struct chain_reader *r, const struct chain_stage *stage,
		       const struct chain_key *key, size_t at)
{
	enum chain_key_class class = chain_key_class(key);

	if (class == CHAIN_KEY_OF_THREAD || class == CHAIN_KEY_OF_GOROUTINE)
		return 0;
	if (class == CHAIN_KEY_OF_PROTOCOL) {
		if (!chain_is_function(stage) && stage->verb != CHAIN_ARRIVE)
			return 0;
		fault_set(r->why, -EINVAL, "\"%s\" is in what is sent and received: not at \"%s\"",
			  key->text, stage->text);
	} else if (!chain_is_function(stage)) {
		fault_set(r->why, -EINVAL,
			  "\"%s\" is of functions: the key at \"%s\" is thread, goroutine, or a "
			  "protocol's clordid or id",
			  key->text, stage->text);
	} else if (stage->verb == CHAIN_RETURN) {
		fault_set(r->why, -EINVAL,
			  "\"%s\" is gone when a function returns: the key at \"%s\" is thread or "
			  "goroutine",
			  key->text, stage->text);
	} else if (is_instruction(stage)) {
		fault_set(r->why, -EINVAL,
			  "\"%s\" is known where a function is entered, not at an instruction",
			  key->text);
	} else {
		return 0;
	}
	return chain_rules_fail(r, at);
}

/* Whether the stage is found by its key, given how the one before it left it. */
static int check_step(struct chain_reader *r, const struct chain_stage *stage,
		      const struct chain_key *left, size_t at)
{
	enum chain_key_class before = chain_key_class(left), now = chain_key_class(&stage->key);

	if (before == CHAIN_KEY_OF_PROTOCOL && strcmp(left->text, stage->key.text) != 0) {
		fault_set(r->why, -EINVAL, "behind a stage by \"%s\" all are by it, not by \"%s\"",
			  left->text, stage->key.text);
		return chain_rules_fail(r, at);
	}
	if (before == now || (now == CHAIN_KEY_OF_PROTOCOL &&
			      (before == CHAIN_KEY_OF_NUMBER || before == CHAIN_KEY_OF_TEXT)))
		return 0;
	if (now == CHAIN_KEY_OF_PROTOCOL)
		fault_set(r->why, -EINVAL,
			  "\"%s\" is compared with the order's own id: a stage before must give it "
			  "by then_key, as in \"then_key str(arg2)\"",
			  stage->key.text);
	else
		fault_set(r->why, -EINVAL,
			  "the stage before is known by \"%s\", not by \"%s\": say \"then_key %s\" "
			  "there",
			  left->text, stage->key.text, stage->key.text);
	return chain_rules_fail(r, at);
}

static int check_then_key(struct chain_reader *r, size_t idx, const struct chain_said *said)
{
	const struct chain_stage *stage = &r->chain.stages[idx];
	enum chain_key_class class = chain_key_class(&stage->then_key);

	if (chain_key_class(&stage->key) == CHAIN_KEY_OF_PROTOCOL)
		fault_set(r->why, -EINVAL, "what is known by \"%s\" gets no other key",
			  stage->key.text);
	else if (class == CHAIN_KEY_OF_PROTOCOL)
		fault_set(r->why, -EINVAL,
			  "\"%s\" is the key of a stage: the one before it gives the same id as "
			  "\"then_key str(arg2)\" does",
			  stage->then_key.text);
	else
		return check_place(r, stage, &stage->then_key, said->then_key.at);
	return chain_rules_fail(r, said->then_key.at);
}

static int check_verb(struct chain_reader *r, size_t idx, const struct chain_said *said)
{
	const struct chain_stage *stage = &r->chain.stages[idx];
	bool has_send = false;

	for (size_t i = 0; i < idx; i++)
		has_send |= r->chain.stages[i].verb == CHAIN_SEND &&
			    strcmp(r->chain.stages[i].object, stage->object) == 0;
	if (stage->verb == CHAIN_ARRIVE && idx)
		fault_set(r->why, -EINVAL,
			  "\"arrive\" can only be first: nobody knows then what it is for");
	else if (stage->verb == CHAIN_REPLY && !has_send)
		fault_set(r->why, -EINVAL, "\"%s\" answers nothing: there is no \"send %s\" before",
			  stage->text, stage->object);
	else if (stage->verb == CHAIN_RETURN && is_instruction(stage))
		fault_set(r->why, -EINVAL, "an instruction does not return");
	else
		return 0;
	return chain_rules_fail(r, said->at);
}

/* Its key is its own, or how the stage before left it. */
static int settle_key(struct chain_reader *r, size_t idx, const struct chain_said *said)
{
	struct chain_stage *stage = &r->chain.stages[idx], *before = idx ? stage - 1 : NULL;
	const struct chain_key *left = !before		       ? &r->first_key
				       : before->then_key.text ? &before->then_key
							       : &before->key;
	size_t at = said->key.bytes ? said->key.at : said->at;
	int err;

	if (!before && stage->key.text && stage->then_key.text) {
		fault_set(r->why, -EINVAL, "the first stage has one key: nothing is to be found");
		return chain_rules_fail(r, said->then_key.at);
	}
	if (!before && stage->then_key.text) {
		stage->key = stage->then_key;
		stage->then_key = (struct chain_key){.text = NULL};
		at = said->then_key.at;
	}
	if (!stage->key.text && copy_key(&stage->key, left))
		return -ENOMEM;
	if (!before && chain_key_class(&stage->key) == CHAIN_KEY_OF_PROTOCOL) {
		fault_set(r->why, -EINVAL, "no chain begins by \"%s\"", stage->key.text);
		return chain_rules_fail(r, at);
	}
	err = check_place(r, stage, &stage->key, at);
	if (!err && before)
		err = check_step(r, stage, left, at);
	return err || !stage->then_key.text ? err : check_then_key(r, idx, said);
}

int chain_rules_check(struct chain_reader *r, size_t idx, const struct chain_said *said)
{
	int err = check_verb(r, idx, said);

	return err ? err : settle_key(r, idx, said);
}
