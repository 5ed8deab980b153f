/* SPDX-License-Identifier: Apache-2.0 */
/* Writes, reads and compares canonical label sets. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/labels.h"

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Length of the name that text begins with; 0: none. */
static size_t name_length(const char *text)
{
	size_t length = 0;

	if (!is_name_start(*text))
		return 0;
	while (is_name_start(text[length]) || (text[length] >= '0' && text[length] <= '9'))
		length++;
	return length;
}

/* The letter that stands for c after a backslash; 0: c stands for itself. */
static char escape_of(char c)
{
	switch (c) {
	case '\\':
	case '"':
		return c;
	case '\n':
		return 'n';
	default:
		return '\0';
	}
}

static size_t escaped_length(const char *value)
{
	size_t length = 0;

	for (; *value; value++)
		length += escape_of(*value) ? 2 : 1;
	return length;
}

/* Puts the label where its name belongs among those before. 0 or a -errno of labels_write. */
static int insert(const struct label *sorted[], size_t cnt, const struct label *label)
{
	size_t at = 0;

	if (cnt == LABELS_MAX || strlen(label->name) >= LABEL_NAME_BYTES ||
	    strlen(label->value) >= LABEL_VALUE_BYTES)
		return -E2BIG;
	while (at < cnt && strcmp(label->name, sorted[at]->name) > 0)
		at++;
	if (at < cnt && strcmp(label->name, sorted[at]->name) == 0)
		return -EINVAL;
	for (size_t i = cnt; i > at; i--)
		sorted[i] = sorted[i - 1];
	sorted[at] = label;
	return 0;
}

static char *write_one(const struct label *label, char *at)
{
	size_t length = strlen(label->name);

	memcpy(at, label->name, length);
	at += length;
	*at++ = '=';
	*at++ = '"';
	for (const char *v = label->value; *v; v++) {
		char escape = escape_of(*v);

		if (escape)
			*at++ = '\\';
		*at++ = escape ? escape : *v;
	}
	*at++ = '"';
	return at;
}

int labels_write(const struct label *labels, size_t cnt, char *text, size_t text_bytes)
{
	const struct label *sorted[LABELS_MAX];
	size_t kept = 0, needed = 0;
	char *at = text;

	for (size_t i = 0; i < cnt; i++) {
		size_t length = name_length(labels[i].name);
		int err;

		if (!length || labels[i].name[length])
			return -EINVAL;
		if (!*labels[i].value)
			continue;
		err = insert(sorted, kept, &labels[i]);
		if (err)
			return err;
		/* ="" and, before all but the first, a comma. */
		needed += length + 3 + (kept > 0) + escaped_length(labels[i].value);
		kept++;
	}
	if (needed >= text_bytes)
		return -E2BIG;
	for (size_t i = 0; i < kept; i++) {
		if (i)
			*at++ = ',';
		at = write_one(sorted[i], at);
	}
	*at = '\0';
	return 0;
}

/* The character after a backslash, turned back; 0: nothing is written so. */
static char unescape(char c)
{
	switch (c) {
	case '\\':
	case '"':
		return c;
	case 'n':
		return '\n';
	default:
		return '\0';
	}
}

/* Reads a value up to its quote: the place after that, or NULL. */
static const char *read_value(const char *at, char value[static LABEL_VALUE_BYTES])
{
	size_t length = 0;

	for (; *at != '"'; at++) {
		char c = *at;

		if (c == '\\')
			c = unescape(*++at);
		else if (c == '\n')
			return NULL;
		if (!c || length + 1 == LABEL_VALUE_BYTES)
			return NULL;
		value[length++] = c;
	}
	value[length] = '\0';
	return length ? at + 1 : NULL;
}

/* What stands behind a label: the end, or a comma and a name that comes after this one. */
static const char *next_place(const char *at, const char *name)
{
	char follower[LABEL_NAME_BYTES];
	size_t length;

	if (!*at)
		return at;
	if (*at != ',')
		return NULL;
	length = name_length(++at);
	if (!length || length >= sizeof(follower))
		return NULL;
	memcpy(follower, at, length);
	follower[length] = '\0';
	return strcmp(name, follower) < 0 ? at : NULL;
}

bool labels_next(const char **cursor, char name[static LABEL_NAME_BYTES],
		 char value[static LABEL_VALUE_BYTES])
{
	const char *at = *cursor;
	size_t length;

	if (!at || !*at) {
		*cursor = NULL;
		return false;
	}
	length = name_length(at);
	if (!length || length >= LABEL_NAME_BYTES || at[length] != '=' || at[length + 1] != '"')
		return false;
	memcpy(name, at, length);
	name[length] = '\0';
	at = read_value(at + length + 2, value);
	at = at ? next_place(at, name) : NULL;
	if (!at)
		return false;
	*cursor = at;
	return true;
}

bool labels_find(const char *text, const char *name, char value[static LABEL_VALUE_BYTES])
{
	char found_name[LABEL_NAME_BYTES], found[LABEL_VALUE_BYTES];

	while (labels_next(&text, found_name, found)) {
		if (strcmp(found_name, name) != 0)
			continue;
		memcpy(value, found, strlen(found) + 1);
		return true;
	}
	return false;
}

bool labels_contain(const char *text, const char *wanted)
{
	char name[LABEL_NAME_BYTES], value[LABEL_VALUE_BYTES], found[LABEL_VALUE_BYTES];

	while (labels_next(&wanted, name, value)) {
		if (!labels_find(text, name, found) || strcmp(found, value) != 0)
			return false;
	}
	/* Not at its end: the rest of it says nothing that could be compared. */
	return !wanted;
}
