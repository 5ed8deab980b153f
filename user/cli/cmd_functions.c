/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope functions`: what can be traced in a process, and how. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/plan_report.h"
#include "target/target.h"

#define FUNCTIONS_MAX 1000000 /* of one file: all there are */

static const char usage[] =
	"Usage: tickscope functions -p PID [PATTERN] [OPTION…]\n"
	"Lists the functions of a running process that can be traced, and how the return of each "
	"would be seen.\n"
	"\n"
	"  PATTERN            FUNC, a glob with * and ?, or LIB:FUNC in a shared library; all of "
	"the executable without it\n"
	"  -p, --pid PID      the process\n"
	"      --exit POLICY  safe or fast, as for trace\n"
	"      --refused      also list functions that cannot be traced, with the reason\n"
	"      --debug-dir D  look for separate debug files in this directory first\n"
	"      --json         one object for programs (tickscope.functions/1)\n"
	"  -h, --help         print this text\n"
	"\n"
	"Columns: COPIES of one function are traced together, +N are inlined or outlined copies "
	"that no probe can see;\n"
	"ENTRY is where its probe goes and what that costs (nop5 < cheap < stepped); SOURCE is "
	"known "
	"from debug\n"
	"information, or from Go's own table; RETURN is how it is seen, and why.\n"
	"\n"
	"Exit status: 0 found, 1 not found or failed, 2 wrong usage.\n";

enum { OPTION_EXIT = 256, OPTION_REFUSED, OPTION_JSON, OPTION_DEBUG_DIR };

static const struct option options[] = {
	{"pid", required_argument, NULL, 'p'},
	{"exit", required_argument, NULL, OPTION_EXIT},
	{"refused", no_argument, NULL, OPTION_REFUSED},
	{"json", no_argument, NULL, OPTION_JSON},
	{"debug-dir", required_argument, NULL, OPTION_DEBUG_DIR},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static void print_table(const struct operation_plans *plans)
{
	plan_report_header();
	for (size_t i = 0; i < plans->cnt; i++)
		plan_report_row(&plans->items[i]);
	if (plans->refused_cnt)
		printf("%zu more cannot be traced: --refused lists them\n", plans->refused_cnt);
}

static int print_json(const struct operation_plans *plans, const struct process *process)
{
	json_t *functions = json_array();
	json_t *root;
	int err;

	for (size_t i = 0; i < plans->cnt; i++)
		json_array_append_new(functions, plan_report_json(&plans->items[i]));
	root = json_pack("{s:s, s:i, s:s, s:o, s:I}", "schema", "tickscope.functions/1", "pid",
			 process_pid(process), "target", process_name(process), "functions",
			 functions, "refused", (json_int_t)plans->refused_cnt);
	if (!root)
		return -ENOMEM;
	err = json_dumpf(root, stdout, JSON_COMPACT) || putchar('\n') == EOF ? -EIO : 0;
	json_decref(root);
	return err;
}

struct functions_arguments {
	pid_t pid;
	struct function_query query;
	struct process_options options;
	bool wants_json;
};

/* CLI_OK, an exit code, or -1 for help. */
static int take_arguments(int argc, char **argv, struct functions_arguments *a)
{
	int c;

	while ((c = getopt_long(argc, argv, "p:h", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			if (!cli_parse_pid("functions", optarg, &a->pid))
				return CLI_USAGE;
			break;
		case OPTION_EXIT:
			if (!cli_parse_exit_policy("functions", optarg, &a->query.policy))
				return CLI_USAGE;
			break;
		case OPTION_REFUSED:
			a->query.list_refused = true;
			break;
		case OPTION_DEBUG_DIR:
			a->options.debug_dir = optarg;
			break;
		case OPTION_JSON:
			a->wants_json = true;
			break;
		case 'h':
			return -1;
		default:
			fputs("Try: tickscope functions --help\n", stderr);
			return CLI_USAGE;
		}
	}
	if (!a->pid)
		return cli_usage_error("functions", "which process? Give -p PID");
	if (optind < argc)
		a->query.pattern = argv[optind++];
	if (optind < argc)
		return cli_usage_error("functions", "\"%s\" is not expected here", argv[optind]);
	return CLI_OK;
}

static int list_functions(const struct functions_arguments *a)
{
	struct operation_plans plans;
	struct process *process;
	struct fault why;
	int err = process_open(a->pid, &a->options, &process, &why);

	if (err) {
		cli_error("%s", why.text);
		return CLI_FAILED;
	}
	err = process_resolve(process, &a->query, &plans, &why);
	if (err) {
		cli_error("%s", why.text);
		process_free(process);
		return err == -EINVAL ? CLI_USAGE : CLI_FAILED;
	}
	if (a->wants_json)
		err = print_json(&plans, process);
	else
		print_table(&plans);
	operation_plans_fini(&plans);
	process_free(process);
	return err || fflush(stdout) ? CLI_FAILED : CLI_OK;
}

int cmd_functions(int argc, char **argv)
{
	struct functions_arguments a = {
		.query = {.pattern = "*", .max_operations = FUNCTIONS_MAX, .is_thorough = true}};
	int code = take_arguments(argc, argv, &a);

	if (code == -1) {
		fputs(usage, stdout);
		return CLI_OK;
	}
	return code == CLI_OK ? list_functions(&a) : code;
}
