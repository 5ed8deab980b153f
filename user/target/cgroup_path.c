/* SPDX-License-Identifier: Apache-2.0 */
/* Walks the lines, and the components of their paths. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/glob.h"
#include "target/cgroup_path.h"

#define PATH_BYTES 4096
#define UNIT_BYTES 256 /* UNIT_NAME_MAX of systemd */
#define DELETED	   " (deleted)"

struct group {
	bool is_systemd; /* the hierarchy that systemd names units in */
	char path[PATH_BYTES];
};

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Takes the next line, "ID:CONTROLLERS:PATH"; false at the end. Lines that are none are skipped. */
static bool next_group(const char **text, struct group *g)
{
	while (**text) {
		const char *line = *text, *end = line + strcspn(line, "\n");
		const char *first = memchr(line, ':', (size_t)(end - line)), *second;
		size_t length;

		*text = *end ? end + 1 : end;
		second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;
		if (!second || (size_t)(end - second) > sizeof(g->path))
			continue;
		length = (size_t)(end - second - 1);
		memcpy(g->path, second + 1, length);
		g->path[length] = '\0';
		if (ends_with(g->path, DELETED))
			g->path[length - strlen(DELETED)] = '\0';
		g->is_systemd = second == first + 1 || strncmp(first, ":name=systemd:", 14) == 0;
		return true;
	}
	return false;
}

static bool is_unit(const char *name)
{
	static const char *const kinds[] = {".service", ".scope", ".slice",
					    ".socket",	".mount", ".swap"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (ends_with(name, kinds[i]) && name[0] != '.')
			return true;
	}
	return false;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* "a\x2db" becomes "a-b": systemd.unit(5), "String Escaping for Inclusion in Unit Names". */
static void unescape(const char *name, char plain[static UNIT_BYTES])
{
	size_t length = 0;

	while (*name && length + 1 < UNIT_BYTES) {
		int high = name[0] == '\\' && name[1] == 'x' ? hex_value(name[2]) : -1;
		int low = high >= 0 ? hex_value(name[3]) : -1;

		plain[length++] = low >= 0 && high + low > 0 ? (char)(16 * high + low) : *name;
		name += low >= 0 && high + low > 0 ? 4 : 1;
	}
	plain[length] = '\0';
}

static bool matches_unit(const char *name, const char *glob)
{
	char plain[UNIT_BYTES];

	/* A name that the kernel could take for a file of its own has a '_' before it. */
	if (*name == '_')
		name++;
	if (!is_unit(name))
		return false;
	unescape(name, plain);
	return glob_matches(glob, name, NULL) || glob_matches(glob, plain, NULL);
}

bool cgroup_path_has_unit(const char *text, const char *glob)
{
	struct group g;

	while (next_group(&text, &g)) {
		char *rest, *name = g.is_systemd ? strtok_r(g.path, "/", &rest) : NULL;

		for (; name; name = strtok_r(NULL, "/", &rest)) {
			if (matches_unit(name, glob))
				return true;
		}
	}
	return false;
}

/* Tries the path and each beginning of it that is a group. */
static bool is_below(char *path, const char *glob)
{
	for (size_t i = 1;; i++) {
		char end = path[i - 1];
		bool is_match;

		if (end && end != '/')
			continue;
		path[i - 1] = '\0';
		is_match = path[0] && glob_matches(glob, path, NULL);
		path[i - 1] = end;
		if (is_match || !end)
			return is_match;
	}
}

bool cgroup_path_is_below(const char *text, const char *glob)
{
	char wanted[PATH_BYTES];
	struct group g;
	size_t length;

	glob += strspn(glob, "/");
	length = strlen(glob);
	while (length && glob[length - 1] == '/')
		length--;
	if (!length || length >= sizeof(wanted))
		return false;
	memcpy(wanted, glob, length);
	wanted[length] = '\0';
	while (next_group(&text, &g)) {
		if (is_below(g.path + strspn(g.path, "/"), wanted))
			return true;
	}
	return false;
}
