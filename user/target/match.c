/* SPDX-License-Identifier: Apache-2.0 */
/* Compares a pattern with every name that a function goes by. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/match.h"

static bool matches_raw(const struct pattern *p, const struct symbol *s)
{
	char raw[SYMBOL_NAME_BYTES];

	if (s->base_bytes >= sizeof(raw))
		return false;
	memcpy(raw, s->raw, s->base_bytes);
	raw[s->base_bytes] = '\0';
	return pattern_matches(p, raw) || pattern_matches(p, s->raw);
}

/* The name of one instance, where the pattern means it by its hash or its symbol. */
static char *match_instance(const struct pattern *p, const struct symbol *s, const char *full)
{
	char *name = symbol_instance_name(s, full);

	if (name && !pattern_matches(p, name) && !matches_raw(p, s)) {
		free(name);
		name = NULL;
	}
	return name;
}

/* `desk::Sink` of `<desk::Book as desk::Sink>::push`, left out: people write desk::Book::push. */
static char *without_trait(const char *plain)
{
	const char *as = plain[0] == '<' ? strstr(plain, " as ") : NULL;
	const char *end = as ? strstr(as, ">::") : NULL;
	char *name;

	if (!end)
		return NULL;
	return asprintf(&name, "%.*s%s", (int)(as - plain) - 1, plain + 1, end + 1) < 0 ? NULL
											: name;
}

/* The name that all instances of a generic function share, where the pattern means that. */
static char *match_generic(const struct pattern *p, const struct symbol *s, const char *short_name)
{
	char *plain = name_without_generics(short_name, s->flags & SYMBOL_IS_GO);
	char *without = plain ? without_trait(plain) : NULL;
	bool matches =
		plain && (pattern_matches(p, plain) || (without && pattern_matches(p, without)));

	free(without);
	if (matches)
		return plain;
	free(plain);
	return NULL;
}

/* Fills the match and returns true where the pattern means this symbol. */
static bool match_symbol(const struct pattern *p, const struct symbol *s, struct match *m)
{
	char *full = symbol_demangle(s, true), *short_name, *plain;
	bool is_whole;

	*m = (struct match){.symbol = s};
	if (!full)
		return false;
	if (pattern_matches(p, full)) {
		m->name = full;
		return true;
	}
	m->name = match_instance(p, s, full);
	if (m->name) {
		free(full);
		return true;
	}
	short_name = strchr(full, '(') ? symbol_demangle(s, false) : strdup(full);
	is_whole = short_name && (matches_raw(p, s) || pattern_matches(p, short_name));
	plain = short_name && !is_whole ? match_generic(p, s, short_name) : NULL;
	if (is_whole || (plain && p->is_glob)) {
		m->name = full;
		full = NULL;
		free(plain);
	} else {
		m->name = plain;
		m->is_generic = plain != NULL;
	}
	free(full);
	free(short_name);
	return m->name;
}

static int compare_matches(const void *left, const void *right)
{
	const struct match *a = left, *b = right;
	int order = strcmp(a->name, b->name);

	if (order)
		return order;
	return a->symbol->address < b->symbol->address ? -1
						       : a->symbol->address > b->symbol->address;
}

/* Whether a symbol is one that the pattern can mean at all, before the dear demangling. */
static bool is_candidate(const struct pattern *p, const struct symbol *s)
{
	if (s->kind == SYMBOL_COLD || name_is_thunk(s->raw))
		return false;
	return !p->literal[0] || strstr(s->raw, p->literal);
}

int match_find_all(const struct image *image, const struct pattern *pattern,
		   struct matches *ret_matches)
{
	struct matches m = {.items = calloc(image->names->symbol_cnt + 1, sizeof(*m.items))};

	if (!m.items)
		return -ENOMEM;
	/* Symbols are sorted by address: of several names of the same code the first one stays. */
	for (size_t i = 0; i < image->names->symbol_cnt; i++) {
		const struct symbol *s = &image->names->symbols[i];

		if (m.cnt && m.items[m.cnt - 1].symbol->address == s->address)
			continue;
		if (is_candidate(pattern, s) && match_symbol(pattern, s, &m.items[m.cnt]))
			m.cnt++;
	}
	qsort(m.items, m.cnt, sizeof(*m.items), compare_matches);
	for (size_t i = 0; i < m.cnt; i++)
		m.operation_cnt += !i || strcmp(m.items[i].name, m.items[i - 1].name) != 0;
	*ret_matches = m;
	return 0;
}

char *match_name(const struct pattern *pattern, const struct symbol *symbol)
{
	struct match m;

	return is_candidate(pattern, symbol) && match_symbol(pattern, symbol, &m) ? m.name : NULL;
}

void match_free_all(struct matches *matches)
{
	for (size_t i = 0; i < matches->cnt; i++)
		free(matches->items[i].name);
	free(matches->items);
	*matches = (struct matches){0};
}
