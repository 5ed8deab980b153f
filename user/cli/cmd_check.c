/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope check`: whether a configuration is right, and what it would trace on this host. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/checked_print.h"
#include "cli/cli.h"

static const char usage[] =
	"Usage: tickscope check -c FILE [--json]\n"
	"       tickscope check --keys\n"
	"Says all that is wrong with a configuration, or what it would trace on this host now. "
	"Nothing is attached.\n"
	"\n"
	"  -c, --config FILE  the configuration\n"
	"      --json         one object for programs (tickscope.check/1)\n"
	"      --keys         list all keys, what they allow, their defaults and variables\n"
	"  -h, --help         print this text\n"
	"\n"
	"Processes of other users can be looked at by root only; what could not be is said.\n"
	"\n"
	"Exit status: 0 the configuration is right, 1 failed, 2 it is not, or wrong usage.\n";

enum { OPTION_JSON = 256, OPTION_KEYS };

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"json", no_argument, NULL, OPTION_JSON},
	{"keys", no_argument, NULL, OPTION_KEYS},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const char *environment(const char *name)
{
	return getenv(name);
}

static void print_problems(const struct config_problems *problems)
{
	for (size_t i = 0; i < problems->cnt; i++)
		fprintf(stderr, "%s\n", problems->items[i].text);
	if (problems->more_cnt)
		fprintf(stderr, "… and %zu more\n", problems->more_cnt);
}

static int check_file(const char *path, bool wants_json)
{
	struct config_problems *problems = calloc(1, sizeof(*problems));
	struct config *config = NULL;
	struct checked checked;
	int err = -ENOMEM;

	if (problems)
		err = config_load(path, environment, &config, problems);
	if (problems && problems->cnt) {
		print_problems(problems);
		free(problems);
		return CLI_USAGE;
	}
	free(problems);
	if (!err)
		err = checked_init(&checked, config);
	if (!err) {
		if (wants_json)
			err = checked_print_json(&checked, path);
		else
			checked_print(&checked);
		checked_fini(&checked);
	}
	config_free(config);
	if (err == -ENOMEM)
		cli_error("out of memory");
	return err || fflush(stdout) ? CLI_FAILED : CLI_OK;
}

int cmd_check(int argc, char **argv)
{
	const char *path = NULL;
	bool wants_json = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			path = optarg;
			break;
		case OPTION_JSON:
			wants_json = true;
			break;
		case OPTION_KEYS:
			checked_print_keys();
			return fflush(stdout) ? CLI_FAILED : CLI_OK;
		case 'h':
			fputs(usage, stdout);
			return CLI_OK;
		default:
			fputs("Try: tickscope check --help\n", stderr);
			return CLI_USAGE;
		}
	}
	if (optind < argc)
		return cli_usage_error("check", "\"%s\" is not expected here", argv[optind]);
	if (!path)
		return cli_usage_error("check", "which configuration? Give -c FILE");
	return check_file(path, wants_json);
}
