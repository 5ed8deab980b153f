/* SPDX-License-Identifier: Apache-2.0 */
/* Walks a text with an eye on brackets, quotes and the signs of C++ operators. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "config/chain_split.h"

#define NEST_MAX 64 /* names of templates in templates; deeper ones a glob can name */

struct walk {
	const char *text;
	size_t at;
	size_t end;
	bool is_quoted;
	size_t opened_at; /* the quote, or the outermost bracket */
	size_t depth;
	char closing[NEST_MAX];
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* "operator<", "operator()": signs that are part of a name. 0: none stand here. */
static size_t operator_bytes(const struct walk *w)
{
	static const char word[] = "operator";
	size_t at = w->at + sizeof(word) - 1, start = at;

	if (w->end - w->at < sizeof(word) || memcmp(w->text + w->at, word, sizeof(word) - 1) != 0 ||
	    (w->at && is_word_byte(w->text[w->at - 1])))
		return 0;
	if (w->end - at >= 2 &&
	    (memcmp(w->text + at, "()", 2) == 0 || memcmp(w->text + at, "[]", 2) == 0))
		return at + 2 - w->at;
	while (at < w->end && at - start < 3 && strchr("<>=-+*/%&|^!~", w->text[at]))
		at++;
	return at - w->at;
}

/* A closing bracket ends all that was opened behind its own; a '>' of its own is part of a name. */
static void close_bracket(struct walk *w, char c)
{
	size_t depth = w->depth;

	while (depth && w->closing[depth - 1] != c)
		depth--;
	if (depth && (c != '>' || depth == w->depth))
		w->depth = depth - 1;
}

/* Steps over a byte, or the name of an operator. False: brackets are too deep. */
static bool step(struct walk *w)
{
	static const char opening[] = "(<[{", closing[] = ")>]}";
	size_t sign_bytes = w->is_quoted ? 0 : operator_bytes(w);
	char c = w->text[w->at];
	const char *bracket = strchr(opening, c);

	if (sign_bytes) {
		w->at += sign_bytes;
		return true;
	}
	if ((c == '"' || (!w->is_quoted && bracket)) && !w->is_quoted && !w->depth)
		w->opened_at = w->at;
	w->at++;
	if (c == '"') {
		w->is_quoted = !w->is_quoted;
		return true;
	}
	if (w->is_quoted)
		return true;
	if (bracket && w->depth == NEST_MAX)
		return false;
	if (bracket)
		w->closing[w->depth++] = closing[bracket - opening];
	else if (strchr(closing, c) && !(c == '>' && w->at > 1 && w->text[w->at - 2] == '-'))
		close_bracket(w, c);
	return true;
}

struct chain_part chain_split_trim(const char *text, size_t at, size_t end)
{
	while (at < end && is_blank(text[at]))
		at++;
	while (end > at && is_blank(text[end - 1]))
		end--;
	return (struct chain_part){.at = at, .bytes = end - at};
}

static int fail(size_t at, size_t *ret_at, struct fault *why, const char *reason)
{
	*ret_at = at;
	return fault_set(why, -EINVAL, "%s", reason);
}

int chain_split_stages(const char *text, struct chain_parts *ret_parts, size_t *ret_at,
		       struct fault *why)
{
	struct walk w = {.text = text, .end = strlen(text)};
	struct chain_parts parts = {.cnt = 0};
	size_t start = 0;

	while (w.at <= w.end) {
		bool is_end = w.at == w.end;

		if (is_end && (w.is_quoted || w.depth))
			return fail(w.opened_at, ret_at, why,
				    w.is_quoted ? "this quote does not end"
						: "this bracket does not end");
		if (is_end || (text[w.at] == ',' && !w.is_quoted && !w.depth)) {
			if (parts.cnt == TS_CHAIN_STAGE_MAX) {
				*ret_at = start;
				return fault_set(why, -EINVAL, "more than %d stages",
						 TS_CHAIN_STAGE_MAX);
			}
			parts.items[parts.cnt++] = chain_split_trim(text, start, w.at);
			start = ++w.at;
		} else if (!step(&w)) {
			return fail(w.at - 1, ret_at, why, "brackets are nested too deep");
		}
	}
	*ret_parts = parts;
	return 0;
}

struct chain_part chain_split_word(const char *text, struct chain_part part,
				   const char *const *words, size_t word_cnt, size_t *ret_word)
{
	size_t end = part.at + part.bytes;
	struct walk w = {.text = text, .at = part.at, .end = end};

	while (w.at < end) {
		bool begins =
			!w.is_quoted && !w.depth && w.at > part.at && is_blank(text[w.at - 1]);

		for (size_t i = 0; begins && i < word_cnt; i++) {
			size_t bytes = strlen(words[i]);

			if (end - w.at < bytes || memcmp(text + w.at, words[i], bytes) != 0 ||
			    (end - w.at > bytes && !is_blank(text[w.at + bytes])))
				continue;
			*ret_word = i;
			return (struct chain_part){.at = w.at, .bytes = bytes};
		}
		if (!step(&w))
			break;
	}
	return (struct chain_part){.at = end, .bytes = 0};
}
