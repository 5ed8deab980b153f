/* SPDX-License-Identifier: Apache-2.0 */
/* /etc/hosts, read each time: it is short, and people change it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/hosts.h"

bool hosts_find(const char *address, char *name, size_t name_bytes)
{
	char *line = NULL, *rest;
	bool is_found = false;
	size_t room = 0;
	FILE *hosts = fopen("/etc/hosts", "re");

	while (hosts && !is_found && getline(&line, &room, hosts) > 0) {
		const char *first, *second;

		line[strcspn(line, "#\n")] = '\0';
		first = strtok_r(line, " \t", &rest);
		second = first ? strtok_r(NULL, " \t", &rest) : NULL;
		if (second && strcmp(first, address) == 0) {
			snprintf(name, name_bytes, "%s", second);
			is_found = true;
		}
	}
	free(line);
	if (hosts)
		fclose(hosts);
	return is_found;
}
