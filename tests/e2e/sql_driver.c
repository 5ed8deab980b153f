/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tickscope asks of a QuestDB, one call at a time: sql_driver WHAT URL [USER PASSWORD_FILE].
 * WHAT: prepare (tables and views), version (of ILP), suspended, invalid. Prints the result's
 * number and, where there is one, the reason.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sink/questdb_sql.h"

#define TIMEOUT_NS 20000000000ULL

static int act(const char *what, struct http *http, struct fault *why)
{
	int version, err;

	if (strcmp(what, "prepare") == 0)
		return questdb_sql_prepare(http, why);
	if (strcmp(what, "suspended") == 0)
		return questdb_sql_suspended(http, why);
	if (strcmp(what, "invalid") == 0)
		return questdb_sql_invalid(http, why);
	if (strcmp(what, "version") != 0)
		return fault_set(why, -EINVAL, "there is no \"%s\"", what);
	err = questdb_sql_ilp_version(http, &version, why);
	return err ? err : version;
}

int main(int argc, char **argv)
{
	struct http_options options = {.timeout_ns = TIMEOUT_NS};
	struct fault why = {""};
	struct http *http;
	int err;

	if (argc != 3 && argc != 5)
		return 2;
	options.url = argv[2];
	options.user = argc == 5 ? argv[3] : NULL;
	options.password_file = argc == 5 ? argv[4] : NULL;
	err = http_open(&options, &http, &why);
	if (!err) {
		err = act(argv[1], http, &why);
		http_close(http);
	}
	printf("%d %s %s\n", err, err < 0 ? strerrorname_np(-err) : "", why.text);
	return 0;
}
