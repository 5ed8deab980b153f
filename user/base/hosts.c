/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/hosts, read each time: it is short, and people change it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hosts.h"

#define WORD_MAX 32 /* names of one host that are looked at */

/* Calls back for each line until it returns true: words[0] is the address, the rest are names. */
typedef bool (*line_fn)(char *const *words, size_t word_cnt, void *context);

static bool each_line(line_fn fn, void *context)
{
	char *line = NULL, *rest, *words[WORD_MAX];
	bool is_found = false;
	size_t room = 0;
	FILE *hosts = fopen("/etc/hosts", "re");

	while (hosts && !is_found && getline(&line, &room, hosts) > 0) {
		size_t cnt = 0;

		line[strcspn(line, "#\n")] = '\0';
		for (char *word = strtok_r(line, " \t", &rest); word && cnt < WORD_MAX;
		     word = strtok_r(NULL, " \t", &rest))
			words[cnt++] = word;
		is_found = cnt > 1 && fn(words, cnt, context);
	}
	free(line);
	if (hosts)
		fclose(hosts);
	return is_found;
}

struct wanted {
	const char *given;
	char *found;
	size_t found_bytes;
};

static bool is_address(char *const *words, size_t word_cnt, void *context)
{
	struct wanted *w = context;

	(void)word_cnt;
	if (strcmp(words[0], w->given) != 0)
		return false;
	snprintf(w->found, w->found_bytes, "%s", words[1]);
	return true;
}

static bool has_name(char *const *words, size_t word_cnt, void *context)
{
	struct wanted *w = context;

	for (size_t i = 1; i < word_cnt; i++) {
		if (strcmp(words[i], w->given) != 0)
			continue;
		snprintf(w->found, w->found_bytes, "%s", words[0]);
		return true;
	}
	return false;
}

bool hosts_find(const char *address, char *name, size_t name_bytes)
{
	struct wanted w = {address, name, name_bytes};

	return each_line(is_address, &w);
}

bool hosts_address(const char *name, char *address, size_t address_bytes)
{
	struct wanted w = {name, address, address_bytes};

	return each_line(has_name, &w);
}
