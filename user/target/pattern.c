/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and matches patterns; measures how near a name is to one. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/glob.h"
#include "base/text.h"
#include "target/pattern.h"

/* Names that a mangled symbol abbreviates instead of spelling them (Itanium C++ ABI 5.1.10), or
 * spells as a code (Rust RFC 2603 has letters for its basic types). */
static const char *const unspelled[] = {"operator",
					"string",
					"basic_string",
					"allocator",
					"iostream",
					"istream",
					"ostream",
					"basic_istream",
					"basic_ostream",
					"basic_iostream",
					"std",
					"bool",
					"char",
					"str",
					"f32",
					"f64",
					"i8",
					"i16",
					"i32",
					"i64",
					"i128",
					"isize",
					"u8",
					"u16",
					"u32",
					"u64",
					"u128",
					"usize"};

/* The first ':' that is not one of a pair, or NULL; behind a bracket it is part of a name:
 * desk::run()::{lambda(auto:1)#1}, desk::name[abi:cxx11]. */
static const char *library_end(const char *text)
{
	const char *end = text + strcspn(text, "([{<");

	for (const char *at = strchr(text, ':'); at && at < end; at = strchr(at, ':')) {
		if (at[1] != ':')
			return at;
		at += 2;
	}
	return NULL;
}

static bool is_identifier(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void keep_literal(struct pattern *p, const char *text, size_t length)
{
	if (length <= strlen(p->literal) || length >= sizeof(p->literal))
		return;
	for (size_t i = 0; i < sizeof(unspelled) / sizeof(unspelled[0]); i++) {
		if (strlen(unspelled[i]) == length && strncmp(text, unspelled[i], length) == 0)
			return;
	}
	memcpy(p->literal, text, length);
	p->literal[length] = '\0';
}

/* Of a name the last component, where it is a whole identifier: "operator int" is a code. */
static void find_literal_of_name(struct pattern *p)
{
	const char *end = p->function + strlen(p->function), *start = end;

	while (start > p->function && is_identifier(start[-1]))
		start--;
	if ((start == p->function || strchr(":.", start[-1])) && !strpbrk(p->function, "(<"))
		keep_literal(p, start, (size_t)(end - start));
}

/* Of a glob the longest one with "::" behind it. */
static void find_literal_of_glob(struct pattern *p)
{
	const char *start = p->function;

	for (const char *end; (end = strstr(start, "::")); start = end + 2) {
		size_t length = 0;

		while (is_identifier(start[length]))
			length++;
		if (start + length == end)
			keep_literal(p, start, length);
	}
}

static int split_offset(struct pattern *p, struct fault *why)
{
	char *plus = strrchr(p->function, '+'), *end;

	p->offset = PATTERN_NO_OFFSET;
	if (!plus || strncmp(plus, "+0x", 3) != 0 || plus == p->function)
		return 0;
	errno = 0;
	p->offset = strtoull(plus + 3, &end, 16);
	if (errno || *end || end == plus + 3 || p->offset == PATTERN_NO_OFFSET)
		return fault_set(why, -EINVAL,
				 "\"%s\" is not an offset into a function: write FUNC+0x1c", plus);
	*plus = '\0';
	return 0;
}

/* The '*' of a Go method with a pointer receiver, main.(*Book).Match, stands for itself; also
 * before arguments, main.(*Book[go.shape.int]).Match. */
static bool is_go_receiver(const char *text, const char *star)
{
	const char *end = star + 1;

	if (*star != '*' || star == text || star[-1] != '(')
		return false;
	while (is_identifier(*end) || (unsigned char)*end >= 0x80)
		end++;
	if (end > star + 1 && *end == '[')
		end = strstr(end, "]).") ? strstr(end, "]).") + 1 : end;
	return end > star + 1 && end[0] == ')' && end[1] == '.';
}

static bool has_wildcard(const char *text)
{
	for (const char *at = strpbrk(text, "*?"); at; at = strpbrk(at + 1, "*?")) {
		if (!is_go_receiver(text, at))
			return true;
	}
	return false;
}

int pattern_parse(const char *text, struct pattern *ret_pattern, struct fault *why)
{
	struct pattern *p = ret_pattern;
	const char *colon = library_end(text);
	int err;

	if (strlen(text) >= PATTERN_BYTES)
		return fault_set(why, -EINVAL, "a name of more than %d bytes", PATTERN_BYTES - 1);
	p->library[0] = '\0';
	if (colon) {
		memcpy(p->library, text, (size_t)(colon - text));
		p->library[colon - text] = '\0';
		text = colon + 1;
	}
	memcpy(p->function, text, strlen(text) + 1);
	err = split_offset(p, why);
	if (err)
		return err;
	if (!p->function[0] || (colon && !p->library[0]))
		return fault_set(why, -EINVAL, "name a function: FUNC, or LIB:FUNC");
	p->is_glob = has_wildcard(p->function);
	p->literal[0] = '\0';
	if (p->is_glob)
		find_literal_of_glob(p);
	else
		find_literal_of_name(p);
	return 0;
}

bool pattern_matches(const struct pattern *pattern, const char *name)
{
	if (strcmp(pattern->function, name) == 0)
		return true;
	return pattern->is_glob && glob_matches(pattern->function, name, is_go_receiver);
}

bool pattern_is_library(const struct pattern *pattern, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t length = strlen(pattern->library);

	if (strchr(pattern->library, '/'))
		return strcmp(pattern->library, path) == 0;
	if (strncmp(base, pattern->library, length) != 0)
		return false;
	/* "libssl" and "libssl.so" both name libssl.so.3; "libs" does not. */
	return !base[length] || base[length] == '.' ||
	       (base[length] == '-' && strstr(base + length, ".so"));
}

/* Behind the last "::" that is not inside generic arguments. */
static const char *last_name(const char *name)
{
	const char *last = name;
	size_t depth = 0;

	for (const char *at = name; *at; at++) {
		if (*at == '<')
			depth++;
		else if (*at == '>' && depth)
			depth--;
		else if (!depth && at[0] == ':' && at[1] == ':' && at[2])
			last = at + 2;
	}
	return last;
}

size_t pattern_distance(const char *wanted, const char *name, size_t limit)
{
	return text_distance(last_name(wanted), last_name(name), limit);
}
