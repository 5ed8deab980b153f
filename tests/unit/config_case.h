/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration as text and what is said of it: what the tests of user/config share. */
#ifndef TICKSCOPE_TESTS_CONFIG_CASE_H
#define TICKSCOPE_TESTS_CONFIG_CASE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

#define CONFIG_CASES(rows) config_cases_check(rows, sizeof(rows) / sizeof((rows)[0]))

struct config_case {
	const char *yaml;
	const char *said; /* all lines, each with its end; NULL: it is right */
};

static inline const char *config_no_env(const char *name)
{
	(void)name;
	return NULL;
}

/* A directory of its own, so that messages have short names. */
static inline int config_enter(void **state)
{
	char *path = strdup("/tmp/tickscope-config-XXXXXX");

	*state = path;
	return path && mkdtemp(path) && !chdir(path) ? 0 : -1;
}

static inline int config_leave(void **state)
{
	char *path = *state;
	int err = chdir("/") || rmdir(path);

	free(path);
	return err;
}

static inline void config_write(const char *name, const char *text, size_t bytes)
{
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
}

/* All that is said, a line each. */
static inline const char *config_said(const struct config_problems *problems)
{
	static char text[CONFIG_PROBLEM_MAX * (FAULT_TEXT_BYTES + 1) + 64];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < problems->cnt; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s\n",
					   problems->items[i].text);
	if (problems->more_cnt)
		snprintf(text + length, sizeof(text) - length, "%zu more\n", problems->more_cnt);
	return text;
}

static inline struct config *config_of(const char *yaml, config_env_fn env, const char *said)
{
	static struct config_problems problems;
	struct config *config = NULL;
	int err;

	config_write("desk.yaml", yaml, strlen(yaml));
	err = config_load("desk.yaml", env, &config, &problems);
	unlink("desk.yaml");
	if (strcmp(config_said(&problems), said ? said : "") != 0)
		fail_msg("%.600s\nsaid:\n%swanted:\n%s", yaml, config_said(&problems),
			 said ? said : "");
	assert_int_equal(err, said ? -EINVAL : 0);
	return config;
}

static inline void config_cases_check(const struct config_case *cases, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		config_free(config_of(cases[i].yaml, config_no_env, cases[i].said));
}

#endif
