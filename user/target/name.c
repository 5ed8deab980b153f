/* SPDX-License-Identifier: Apache-2.0 */
/* From a symbol to the name that its programmer knows: clone suffixes off, demangled by libiberty,
 * cleaned. */
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

char *symbol_instance_name(const struct symbol *symbol)
{
	size_t length = symbol->base_bytes;
	const char *end = symbol->raw + length;
	char *base, *name;

	if (symbol->flags & SYMBOL_IS_GO || length <= LEGACY_HASH_BYTES ||
	    length >= SYMBOL_NAME_BYTES || strncmp(symbol->raw, "_ZN", 3) != 0 ||
	    strncmp(end - LEGACY_HASH_BYTES, "17h", 3) != 0 || end[-1] != 'E')
		return NULL;
	base = strndup(symbol->raw, length);
	name = base ? rust_demangle(base, DMGL_VERBOSE) : NULL;
	free(base);
	if (name)
		text_clean(name);
	return name;
}

/* Length of the bracketed group that begins at text[0], brackets included; 0: it does not end. */
static size_t group_length(const char *text)
{
	char open = text[0], close = open == '<' ? '>' : ']';
	size_t depth = 0;

	for (size_t i = 0; text[i]; i++) {
		bool is_arrow = close == '>' && i && (text[i - 1] == '-' || text[i - 1] == '=');

		if (text[i] == open)
			depth++;
		else if (text[i] == close && !is_arrow && --depth == 0)
			return i + 1;
	}
	return 0;
}

static bool ends_in_operator(const char *name, size_t length)
{
	static const char word[] = "operator";

	while (length && strchr("<>=-", name[length - 1]))
		length--;
	return length >= sizeof(word) - 1 &&
	       strncmp(name + length - (sizeof(word) - 1), word, sizeof(word) - 1) == 0;
}

/* Drops the groups of generic arguments of [from, from + length); `to` may be the same memory. */
static size_t drop_groups(const char *from, size_t length, char open, char *to)
{
	size_t written = 0;

	for (size_t i = 0; i < length; i++) {
		size_t group = from[i] == open ? group_length(from + i) : 0;
		bool is_argument = group && i && i + group <= length && from[i - 1] != ' ' &&
				   from[i - 1] != '<' && from[i - 1] != '(' &&
				   !ends_in_operator(from, i);

		if (!is_argument) {
			to[written++] = from[i];
			continue;
		}
		if (open == '<' && written >= 2 && to[written - 1] == ':' && to[written - 2] == ':')
			written -= 2; /* Rust's turbofish */
		i += group - 1;
	}
	return written;
}

char *name_without_generics(const char *name, bool is_go)
{
	char *plain = strdup(name);
	size_t length, group;

	if (!plain)
		return NULL;
	length = drop_groups(name, strlen(name), is_go ? '[' : '<', plain);
	plain[length] = '\0';
	/* Rust writes methods as <Type>::method and <Type as Trait>::method; only the first is
	 * known without brackets. */
	group = !is_go && plain[0] == '<' ? group_length(plain) : 0;
	if (group > 2 && !memmem(plain, group, " as ", 4)) {
		memmove(plain, plain + 1, group - 2);
		memmove(plain + group - 2, plain + group, length - group + 1);
		length = drop_groups(plain, length - 2, '<', plain);
		plain[length] = '\0';
	}
	return plain;
}
