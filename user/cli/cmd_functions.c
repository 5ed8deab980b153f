/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope functions`: what can be traced in a process, and how. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"
#include "target/target.h"

#define FUNCTIONS_MAX 1000000 /* of one file: all there are */
#define NAME_COLUMNS  60
#define CUT_BYTES     1024

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

static const char *cost_name(enum site_cost cost)
{
	switch (cost) {
	case SITE_COST_NOP5:
		return "nop5";
	case SITE_COST_EMULATED:
		return "cheap";
	case SITE_COST_STEPPED:
		return "stepped";
	default:
		return "unknown";
	}
}

static const char *exit_name(enum exit_mode mode)
{
	switch (mode) {
	case EXIT_SITES:
		return "exit sites";
	case EXIT_HIJACK:
		return "hijack";
	default:
		return "refused";
	}
}

#define SOURCE_BYTES 64

/* "book.cc:42", or "-". */
static const char *source_text(const struct operation_plan *o, char text[static SOURCE_BYTES])
{
	const char *slash = o->source_file ? strrchr(o->source_file, '/') : NULL;

	if (!o->source_file)
		return "-";
	snprintf(text, SOURCE_BYTES, "%.48s:%u", slash ? slash + 1 : o->source_file,
		 o->source_line);
	return text;
}

static void print_row(const struct operation_plan *o)
{
	const struct function_plan *f = &o->copies[0];
	size_t covered_cnt = f->exit_mode == EXIT_REFUSED ? 0 : o->copy_cnt;
	char cut[CUT_BYTES], copies[48], entry[64] = "-", source[SOURCE_BYTES];

	text_cut(o->full_name, NAME_COLUMNS, cut, sizeof(cut));
	if (o->uncovered_copies)
		snprintf(copies, sizeof(copies), "%zu+%zu", covered_cnt, o->uncovered_copies);
	else
		snprintf(copies, sizeof(copies), "%zu", covered_cnt);
	if (f->exit_mode != EXIT_REFUSED)
		snprintf(entry, sizeof(entry), "+%u %s, %s", f->entry_delta, f->entry_insn,
			 cost_name(f->entry_cost));
	printf("%s%*s %-18s %7s  %-18s %-20s %s", cut, (int)(NAME_COLUMNS - text_columns(cut)), "",
	       o->file, copies, entry, source_text(o, source), exit_name(f->exit_mode));
	if (f->exit_mode == EXIT_SITES)
		printf(" (%zu)", f->exit_cnt);
	printf(": %s\n", f->reason);
	if (o->also)
		printf("  also %s: one code for all of them\n", o->also);
}

static void print_table(const struct operation_plans *plans)
{
	printf("%-*s %-18s %7s  %-18s %-20s %s\n", NAME_COLUMNS, "FUNCTION", "FILE", "COPIES",
	       "ENTRY", "SOURCE", "RETURN");
	for (size_t i = 0; i < plans->cnt; i++)
		print_row(&plans->items[i]);
	if (plans->refused_cnt)
		printf("%zu more cannot be traced: --refused lists them\n", plans->refused_cnt);
}

static json_t *exits_json(const struct function_plan *f)
{
	json_t *exits = json_array();

	for (size_t i = 0; i < f->exit_cnt; i++)
		json_array_append_new(exits, json_pack("{s:I, s:s, s:b}", "address",
						       (json_int_t)f->exits[i].address,
						       "instruction", f->exits[i].insn, "tail_jump",
						       f->exits[i].is_tail));
	return exits;
}

static json_t *copy_json(const struct function_plan *f)
{
	if (f->exit_mode == EXIT_REFUSED)
		return json_pack("{s:s, s:I, s:I, s:s, s:s}", "symbol", f->raw_name, "address",
				 (json_int_t)f->address, "size_bytes", (json_int_t)f->size_bytes,
				 "exit", exit_name(f->exit_mode), "reason", f->reason);
	return json_pack("{s:s, s:I, s:I, s:i, s:s, s:s, s:s, s:o, s:b, s:s}", "symbol",
			 f->raw_name, "address", (json_int_t)f->address, "size_bytes",
			 (json_int_t)f->size_bytes, "entry_offset", (int)f->entry_delta,
			 "entry_instruction", f->entry_insn, "entry_cost", cost_name(f->entry_cost),
			 "exit", exit_name(f->exit_mode), "exit_sites", exits_json(f), "forced",
			 f->is_forced, "reason", f->reason);
}

static json_t *operation_json(const struct operation_plan *o)
{
	json_t *copies = json_array();

	for (size_t i = 0; i < o->copy_cnt; i++)
		json_array_append_new(copies, copy_json(&o->copies[i]));
	return json_pack("{s:s, s:s, s:s, s:s?, s:I, s:s?, s:I, s:o}", "name", o->name, "full_name",
			 o->full_name, "file", o->file, "also", o->also, "uncovered_copies",
			 (json_int_t)o->uncovered_copies, "source_file", o->source_file,
			 "source_line", (json_int_t)o->source_line, "copies", copies);
}

static int print_json(const struct operation_plans *plans, const struct process *process)
{
	json_t *functions = json_array();
	json_t *root;
	int err;

	for (size_t i = 0; i < plans->cnt; i++)
		json_array_append_new(functions, operation_json(&plans->items[i]));
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
