/* SPDX-License-Identifier: Apache-2.0 */
/* From a symbol to the name that its programmer knows: clone suffixes off, demangled by libiberty,
 * cleaned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libiberty/demangle.h>

#include "base/text.h"
#include "target/internal.h"

/* Words that GCC and Clang append, each with an optional number behind: ".isra.0", ".cold",
 * ".llvm.1234". */
static const struct {
	const char *word;
	enum symbol_kind kind;
} suffixes[] = {
	{"isra", SYMBOL_FUNCTION},	{"constprop", SYMBOL_FUNCTION},
	{"lto_priv", SYMBOL_FUNCTION},	{"llvm", SYMBOL_FUNCTION},
	{"clone", SYMBOL_FUNCTION},	{"localalias", SYMBOL_FUNCTION},
	{"simdclone", SYMBOL_FUNCTION}, {"cold", SYMBOL_COLD},
	{"unlikely", SYMBOL_COLD},	{"part", SYMBOL_PART},
};

/* Index behind the last '.' before `length`, or 0 where there is none. */
static size_t last_component(const char *raw, size_t length)
{
	while (length && raw[length - 1] != '.')
		length--;
	return length;
}

static bool is_number(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return length > 0;
}

/* If raw[0 .. length) ends in a known suffix: its length without it, and what the suffix says. */
static size_t strip_one(const char *raw, size_t length, enum symbol_kind *kind)
{
	size_t at = last_component(raw, length), end = length;

	if (at > 1 && is_number(raw + at, length - at)) {
		end = at - 1;
		at = last_component(raw, end);
	}
	if (at < 2)
		return length;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (strlen(suffixes[i].word) != end - at ||
		    strncmp(raw + at, suffixes[i].word, end - at) != 0)
			continue;
		if (suffixes[i].kind != SYMBOL_FUNCTION && *kind != SYMBOL_COLD)
			*kind = suffixes[i].kind;
		return at - 1;
	}
	return length;
}

void symbol_classify(struct symbol *symbol)
{
	size_t length = strcspn(symbol->raw, "@"), before;
	enum symbol_kind kind = symbol->kind;

	do {
		before = length;
		length = strip_one(symbol->raw, length, &kind);
	} while (length != before);
	symbol->base_bytes = (uint32_t)length;
	if (symbol->kind != SYMBOL_IFUNC)
		symbol->kind = (uint8_t)kind;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Go writes dots and other signs in the last element of an import path as %2e (cmd/internal/objabi
 * PathToPrefix). */
static void unescape_go(char *name)
{
	char *to = name;

	for (const char *from = name; *from; from++) {
		if (*from == '%' && digit_of(from[1]) >= 0 && digit_of(from[2]) >= 0) {
			*to++ = (char)(digit_of(from[1]) << 4 | digit_of(from[2]));
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

char *symbol_demangle(const struct symbol *symbol, bool wants_parameters)
{
	int options = DMGL_ANSI | DMGL_RET_DROP | DMGL_AUTO | (wants_parameters ? DMGL_PARAMS : 0);
	char *base = strndup(symbol->raw, symbol->base_bytes);
	char *name;

	if (!base)
		return NULL;
	if (symbol->flags & SYMBOL_IS_GO) {
		unescape_go(base);
		text_clean(base);
		return base;
	}
	name = symbol->base_bytes < SYMBOL_NAME_BYTES ? cplus_demangle(base, options) : NULL;
	if (name)
		free(base);
	else
		name = base;
	text_clean(name);
	return name;
}

/* Thunks adjust `this` and jump to the function itself, which is counted there (Itanium C++
 * ABI, 5.1.4.2). */
bool name_is_thunk(const char *raw)
{
	return strncmp(raw, "_ZTh", 4) == 0 || strncmp(raw, "_ZTv", 4) == 0 ||
	       strncmp(raw, "_ZTc", 4) == 0;
}

#define LEGACY_HASH_BYTES 20 /* "17h" + 16 hex digits + "E" */

char *symbol_instance_name(const struct symbol *symbol, const char *demangled)
{
	size_t length = symbol->base_bytes;
	const char *hash; /* with its 'h' */
	char *name;

	if (symbol->flags & SYMBOL_IS_GO || length <= LEGACY_HASH_BYTES ||
	    strncmp(symbol->raw, "_ZN", 3) != 0)
		return NULL;
	hash = symbol->raw + length - LEGACY_HASH_BYTES + 2;
	if (strncmp(hash - 2, "17h", 3) != 0 ||
	    strspn(hash + 1, "0123456789abcdef") != LEGACY_HASH_BYTES - 4 || hash[17] != 'E')
		return NULL;
	/* Where it is none after all, the name is C++'s, and has it. */
	if (strncmp(demangled, "_ZN", 3) == 0 || memmem(demangled, strlen(demangled), hash, 17))
		return NULL;
	return asprintf(&name, "%s::%.17s", demangled, hash) < 0 ? NULL : name;
}

/*
 * Length of the bracketed group that begins at text[0], brackets included; 0: it does not end.
 * Parentheses inside hold parameters and expressions, where < and > are other signs. Arrows are
 * -> and =>, and .> in Rust's legacy scheme, which has no sign for '-'.
 */
static size_t group_length(const char *text)
{
	char open = text[0], close = open == '<' ? '>' : ']';
	size_t depth = 0, parenthesis_depth = 0;

	for (size_t i = 0; text[i]; i++) {
		bool is_arrow = close == '>' && i && strchr("-=.", text[i - 1]);

		if (text[i] == '(')
			parenthesis_depth++;
		else if (text[i] == ')' && parenthesis_depth)
			parenthesis_depth--;
		else if (parenthesis_depth)
			continue;
		else if (text[i] == open)
			depth++;
		else if (text[i] == close && !is_arrow && --depth == 0)
			return i + 1;
	}
	return 0;
}

static bool is_identifier(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

static bool ends_in_operator(const char *name, size_t length)
{
	static const char word[] = "operator";
	size_t word_length = sizeof(word) - 1;

	return length >= word_length &&
	       strncmp(name + length - word_length, word, word_length) == 0 &&
	       (length == word_length || !is_identifier(name[length - word_length - 1]));
}

/* Whether a bracket behind this much of a name begins generic arguments. */
static bool takes_arguments(const char *name, size_t length, char open)
{
	size_t sign = length;

	if (!length || open == '[')
		return length && is_identifier(name[length - 1]);
	while (sign && strchr("<>=+-*/%^&|~!, ", name[sign - 1]))
		sign--;
	/* operator<, operator<<; their arguments stand behind a space, those of others do not */
	if (ends_in_operator(name, sign))
		return length > sign && !(length == sign + 1 && name[sign] == '<');
	return is_identifier(name[length - 1]) || strchr(":)]}", name[length - 1]);
}

/* Drops generic arguments, and what [abi:…] says about the types that a C++ function returns. */
static void drop_groups(char *name, char open)
{
	size_t written = 0;

	for (size_t i = 0, group; name[i]; i += group ? group : 1) {
		bool is_argument = name[i] == open && strncmp(name + i, "<impl ", 6) != 0 &&
				   takes_arguments(name, written, open);
		bool is_tag = open == '<' && strncmp(name + i, "[abi:", 5) == 0;

		group = is_argument || is_tag ? group_length(name + i) : 0;
		if (!group)
			name[written++] = name[i];
		else if (written >= 2 && strncmp(name + written - 2, "::", 2) == 0)
			written -= 2; /* Rust's turbofish */
		else if (written && name[written - 1] == ' ')
			written--;
	}
	name[written] = '\0';
}

/*
 * Rust's legacy scheme says where an impl block is that does not stand beside its type:
 * desk::feed::<impl desk::Sink for desk::Book>::push. People mean <desk::Book as desk::Sink>::push,
 * <desk::Book>::push without a trait. Takes the name; NULL: out of memory.
 */
static char *forget_place_of_impl(char *name)
{
	char *impl = strstr(name, "<impl "), *trait, *type, *written;
	size_t group = impl ? group_length(impl) : 0;
	int trait_length;

	if (!group || (impl > name && impl[-1] != ':'))
		return name;
	trait = impl + 6;
	type = memmem(trait, group - 6, " for ", 5);
	trait_length = type ? (int)(type - trait) : 0;
	type = type ? type + 5 : trait;
	if (asprintf(&written, "<%.*s%s%.*s%s", (int)(impl + group - 1 - type), type,
		     trait_length ? " as " : "", trait_length, trait, impl + group - 1) < 0)
		written = NULL;
	free(name);
	return written;
}

char *name_without_generics(const char *name, bool is_go)
{
	char *plain = strdup(name);
	size_t group;

	if (plain)
		drop_groups(plain, is_go ? '[' : '<');
	if (!plain || is_go)
		return plain;
	plain = forget_place_of_impl(plain);
	if (!plain || plain[0] != '<')
		return plain;
	/* Rust writes methods as <Type>::method and <Type as Trait>::method; only the first is
	 * known without brackets. */
	group = group_length(plain);
	if (group > 2 && !memmem(plain, group, " as ", 4)) {
		memmove(plain, plain + 1, group - 2);
		memmove(plain + group - 2, plain + group, strlen(plain + group) + 1);
		drop_groups(plain, '<');
	}
	return plain;
}
