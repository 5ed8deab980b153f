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

char *symbol_demangle(const struct symbol *symbol, bool wants_parameters)
{
	int options = DMGL_ANSI | DMGL_RET_DROP | DMGL_AUTO | (wants_parameters ? DMGL_PARAMS : 0);
	char *base = strndup(symbol->raw, symbol->base_bytes);
	char *name;

	if (!base)
		return NULL;
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
