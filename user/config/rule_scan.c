/* SPDX-License-Identifier: Apache-2.0 */
/* Words of rule expressions. No locale: digits and points are what they are in the file. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/duration.h"
#include "config/rule_scan.h"

static const struct {
	const char *name;
	double factor;
	enum rule_unit unit;
} units[] = {
	{"ns", 1, RULE_UNIT_NS},	   {"us", 1e3, RULE_UNIT_NS},
	{"\302\265s", 1e3, RULE_UNIT_NS},  {"ms", 1e6, RULE_UNIT_NS},
	{"s", 1e9, RULE_UNIT_NS},	   {"m", 60e9, RULE_UNIT_NS},
	{"h", 3600e9, RULE_UNIT_NS},	   {"d", 86400e9, RULE_UNIT_NS},
	{"B", 1, RULE_UNIT_BYTES},	   {"KiB", 1024, RULE_UNIT_BYTES},
	{"MiB", 1048576, RULE_UNIT_BYTES}, {"GiB", 1073741824, RULE_UNIT_BYTES},
	{"KB", 1e3, RULE_UNIT_BYTES},	   {"MB", 1e6, RULE_UNIT_BYTES},
	{"GB", 1e9, RULE_UNIT_BYTES},	   {"%", 0.01, RULE_UNIT_RATIO},
};

#define NUMBER_TEXT_MAX 40 /* digits that a double can tell apart, and then some */

bool rule_scan_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
	return is_letter(c) || rule_scan_is_digit(c);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int rule_scan_fail(struct rule_scan *scan, size_t at, const char *format, ...)
{
	va_list args;

	*scan->ret_column = 1;
	for (size_t i = 0; i < at; i++)
		/* Bytes inside a character of UTF-8 are no columns. */
		*scan->ret_column += ((unsigned char)scan->text[i] & 0xc0) != 0x80;
	va_start(args, format);
	vsnprintf(scan->why->text, sizeof(scan->why->text), format, args);
	va_end(args);
	return -EINVAL;
}

/* Bytes of what stands at `at`, for a message: a word, or one character. */
static size_t token_bytes(const char *text)
{
	size_t cnt = 0;

	while (is_word(text[cnt]))
		cnt++;
	if (!cnt)
		do
			cnt++;
		while (((unsigned char)text[cnt] & 0xc0) == 0x80);
	return cnt;
}

int rule_scan_expected(struct rule_scan *scan, const char *what)
{
	const char *here;

	rule_scan_skip_blanks(scan);
	here = scan->text + scan->at;
	if (!*here)
		return rule_scan_fail(scan, scan->at, "expected %s, not the end", what);
	return rule_scan_fail(scan, scan->at, "expected %s, not \"%.*s\"", what,
			      (int)token_bytes(here), here);
}

void rule_scan_skip_blanks(struct rule_scan *scan)
{
	while (is_blank(scan->text[scan->at]))
		scan->at++;
}

bool rule_scan_take(struct rule_scan *scan, const char *token)
{
	size_t length = strlen(token);

	rule_scan_skip_blanks(scan);
	if (strncmp(scan->text + scan->at, token, length) != 0)
		return false;
	if (is_word(token[length - 1]) && is_word(scan->text[scan->at + length]))
		return false;
	scan->at += length;
	return true;
}

bool rule_scan_has_name(const struct rule_scan *scan)
{
	return is_letter(scan->text[scan->at]) || scan->text[scan->at] == '"';
}

static const char *copy(struct rule_scan *scan, const char *text, size_t length)
{
	char *string = scan->strings;

	memcpy(string, text, length);
	string[length] = '\0';
	scan->strings += length + 1;
	return string;
}

int rule_scan_word(struct rule_scan *scan, const char *what, size_t room, const char **ret_word)
{
	const char *here;
	size_t length = 0;

	rule_scan_skip_blanks(scan);
	here = scan->text + scan->at;
	if (!is_letter(*here))
		return rule_scan_expected(scan, what);
	while (is_word(here[length]))
		length++;
	if (length >= room)
		return rule_scan_fail(scan, scan->at, "%s has at most %zu bytes", what, room - 1);
	*ret_word = copy(scan, here, length);
	scan->at += length;
	return 0;
}

/* Bytes of the name here: `a::b-c`, but not the minus of `a -b` or `a- b`. */
static size_t name_bytes(const char *text)
{
	size_t cnt = 0;

	for (;;) {
		if (is_word(text[cnt]) || (text[cnt] == '-' && is_word(text[cnt + 1])))
			cnt++;
		else if (text[cnt] == ':' && text[cnt + 1] == ':' && is_letter(text[cnt + 2]))
			cnt += 2;
		else
			return cnt;
	}
}

int rule_scan_name(struct rule_scan *scan, const char **ret_name)
{
	size_t length, at = scan->at;

	if (scan->text[at] == '"') {
		int err = rule_scan_quoted(scan, RULE_NAME_BYTES, ret_name);

		if (!err && !**ret_name)
			return rule_scan_fail(scan, at, "a name in quotes is empty");
		return err;
	}
	length = name_bytes(scan->text + at);
	if (length >= RULE_NAME_BYTES)
		return rule_scan_fail(scan, at, "a name has at most %d bytes", RULE_NAME_BYTES - 1);
	*ret_name = copy(scan, scan->text + at, length);
	scan->at += length;
	return 0;
}

int rule_scan_quoted(struct rule_scan *scan, size_t room, const char **ret_text)
{
	size_t begin, length = 0;
	char *string = scan->strings;

	rule_scan_skip_blanks(scan);
	begin = scan->at;
	if (scan->text[scan->at] != '"')
		return rule_scan_expected(scan, "a text in quotes");
	for (scan->at++; scan->text[scan->at] != '"'; scan->at++) {
		char c = scan->text[scan->at];

		if (c == '\\') {
			c = scan->text[++scan->at];
			if (c != '"' && c != '\\' && c != 'n')
				return rule_scan_fail(scan, scan->at - 1,
						      "\\ stands before \", \\ or n only");
			c = c == 'n' ? '\n' : c;
		}
		if (!c)
			return rule_scan_fail(scan, begin, "this quote is not closed");
		if (length + 1 >= room)
			return rule_scan_fail(scan, begin, "this text has more than %zu bytes",
					      room - 1);
		string[length++] = c;
	}
	scan->at++;
	string[length] = '\0';
	scan->strings += length + 1;
	*ret_text = string;
	return 0;
}

/* Bytes of digits, a fraction, an exponent; an "e" without digits behind it is not one. */
static size_t number_bytes(const char *text)
{
	size_t cnt = 0, exponent;

	while (rule_scan_is_digit(text[cnt]))
		cnt++;
	if (text[cnt] == '.' && rule_scan_is_digit(text[cnt + 1])) {
		cnt++;
		while (rule_scan_is_digit(text[cnt]))
			cnt++;
	}
	if (text[cnt] != 'e' && text[cnt] != 'E')
		return cnt;
	exponent = cnt + 1;
	exponent += text[exponent] == '-' || text[exponent] == '+';
	if (!rule_scan_is_digit(text[exponent]))
		return cnt;
	while (rule_scan_is_digit(text[exponent]))
		exponent++;
	return exponent;
}

/* Letters, and what units have that no name has: the sign of micro, %. */
static size_t unit_bytes(const char *text)
{
	size_t cnt = 0;

	while (is_word(text[cnt]) || text[cnt] == '%' || (unsigned char)text[cnt] >= 0x80)
		cnt++;
	return cnt;
}

int rule_scan_number(struct rule_scan *scan, double *ret_number, enum rule_unit *ret_unit)
{
	const char *here = scan->text + scan->at, *unit;
	size_t digits = number_bytes(here), length;
	char number[NUMBER_TEXT_MAX + 1];

	if (!digits || digits > NUMBER_TEXT_MAX)
		return rule_scan_expected(scan, "a number of at most 40 digits");
	/* strtod: the program never sets a locale, so the point is a point. */
	memcpy(number, here, digits);
	number[digits] = '\0';
	*ret_number = strtod(number, NULL);
	if (!isfinite(*ret_number))
		return rule_scan_fail(scan, scan->at, "\"%s\" is too large", number);
	unit = here + digits;
	length = unit_bytes(unit);
	*ret_unit = RULE_UNIT_NONE;
	for (size_t i = 0; length && i < sizeof(units) / sizeof(units[0]); i++) {
		if (strlen(units[i].name) == length && !memcmp(units[i].name, unit, length)) {
			*ret_unit = units[i].unit;
			*ret_number *= units[i].factor;
		}
	}
	if (length && *ret_unit == RULE_UNIT_NONE)
		return rule_scan_fail(scan, scan->at + digits,
				      "\"%.*s\" is no unit: use ns us ms s m h d, B KiB MiB GiB KB "
				      "MB GB, or %%",
				      (int)length, unit);
	scan->at += digits + length;
	return 0;
}

int rule_scan_span(struct rule_scan *scan, uint64_t *ret_span_ns)
{
	char text[NUMBER_TEXT_MAX + 1];
	size_t begin, length;

	*ret_span_ns = 0;
	if (!rule_scan_take(scan, "["))
		return 0;
	rule_scan_skip_blanks(scan);
	begin = scan->at;
	length = strcspn(scan->text + begin, "] \t");
	if (length > NUMBER_TEXT_MAX)
		return rule_scan_fail(scan, begin, "expected a duration, as in [5m]");
	memcpy(text, scan->text + begin, length);
	text[length] = '\0';
	if (duration_parse(text, RULE_SPAN_MIN_NS, RULE_SPAN_MAX_NS, ret_span_ns, scan->why) != 0) {
		struct fault why = *scan->why;

		return rule_scan_fail(scan, begin, "%s", why.text);
	}
	scan->at += length;
	return rule_scan_take(scan, "]") ? 0 : rule_scan_expected(scan, "\"]\"");
}
