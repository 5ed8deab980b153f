/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope trace`: arguments -> the daemon's configuration, and what is shown while it runs. */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/time_units.h"
#include "base/units.h"
#include "cli/cli.h"
#include "cli/report.h"
#include "cli/report_fill.h"
#include "cli/report_slowest.h"
#include "config/duration.h"
#include "config/quantity.h"
#include "config/endpoint_argument.h"
#include "daemon/daemon.h"

#define PID_MAX_CNT	    256	 /* -p options */
#define FUNCTION_MAX_CNT    1024 /* -f options */
#define MAX_FUNCTIONS	    1000 /* matches, unless --max-functions says otherwise */
#define MAX_FUNCTIONS_LIMIT 1700 /* PROBE_MAP_BYTES of kernel memory hold these */
#define SERIES_SPARE	    16 /* a later process of --exe may be another build, with other functions */
#define INTERVAL_DEFAULT_NS NS_PER_S
#define INTERVAL_MIN_NS	    10000000ULL /* 100 tables a second are more than anyone can read */
#define DURATION_MAX_NS	    (366ULL * 24 * 3600 * NS_PER_S)

static const char usage[] =
	"Usage: tickscope trace -p PID… | --exe PATH  -f FUNC… | --rpc  [OPTION…]\n"
	"Measures how long functions and remote calls of running programs take, without changing "
	"them.\n"
	"\n"
	"What to trace\n"
	"  -p, --pid PID           this process; may be given more than once\n"
	"      --exe PATH          all processes that run this file, those that start later too\n"
	"  -f, --function FUNC     FUNC, a glob with * and ?, LIB:FUNC in a shared library, or "
	"FUNC+0xOFF; the name as in the\n"
	"                          source or as in the symbol table; may be given more than once\n"
	"      --rpc [ENDPOINT…]   the connections of the processes (TCP, UDP, Unix): each remote "
	"service, and "
	"each "
	"port they serve; or\n"
	"                          only HOST:PORT, HOST, :PORT, NETWORK/BITS:PORT; at most 16\n"
	"      --protocol P        fix, http, jsonrpc, websocket, redis or auto: requests by kind, "
	"with "
	"labels\n"
	"      --error EXPR        count returns as errors where EXPR holds: 'ret < 0', '(i32)ret "
	"!= 0', 'ret == 0 || ret > 9'\n"
	"      --debug-dir DIR     look for separate debug files in this directory first\n"
	"      --max-overhead P    detach what costs the processes more than P of a CPU, dearest "
	"first: 1%\n"
	"      --max-functions N   refuse patterns that match more than N functions (1000)\n"
	"\n"
	"How long, and what to show\n"
	"  -d, --duration TIME     stop after TIME (10, 10s, 2m …); without it at Ctrl-C, or when "
	"the last process ends\n"
	"  -i, --interval TIME     show each TIME (1s on a terminal; else only the summary)\n"
	"      --net               percentiles less the probe's own share of the time, as measured "
	"on this machine\n"
	"      --slowest N         the N slowest calls of each function, one by one, with their "
	"callers; at most 32\n"
	"      --histogram         draw the distributions at the end\n"
	"      --json              one object per interval and one for the summary "
	"(tickscope.summary/1)\n"
	"\n"
	"Mechanisms (the best is chosen; these force one)\n"
	"      --hooks HOOKS       fentry, kprobe or raw_tp: how sends and receives are seen\n"
	"      --level LEVEL       session, multi or perf: how probes are attached\n"
	"      --exit POLICY       safe: see returns by probes on exit instructions only; fast: by "
	"replacing the return address\n"
	"                          even where exceptions or coroutines could cross it, which KILLS "
	"the traced program\n"
	"      --no-sandbox        keep all capabilities and system calls, to find out what the "
	"sandbox is in the way of\n"
	"  -h, --help              print this text\n"
	"\n"
	"Exit status: 0 done, 1 failed (nothing is left attached), 2 wrong usage.\n";

enum {
	OPTION_EXE = 256,
	OPTION_ERROR,
	OPTION_NET,
	OPTION_HISTOGRAM,
	OPTION_JSON,
	OPTION_LEVEL,
	OPTION_EXIT,
	OPTION_MAX,
	OPTION_DEBUG_DIR,
	OPTION_RPC,
	OPTION_PROTOCOL,
	OPTION_HOOKS,
	OPTION_NO_SANDBOX,
	OPTION_MAX_OVERHEAD,
	OPTION_SLOWEST
};

static const struct option options[] = {
	{"pid", required_argument, NULL, 'p'},
	{"exe", required_argument, NULL, OPTION_EXE},
	{"function", required_argument, NULL, 'f'},
	{"rpc", no_argument, NULL, OPTION_RPC},
	{"protocol", required_argument, NULL, OPTION_PROTOCOL},
	{"hooks", required_argument, NULL, OPTION_HOOKS},
	{"error", required_argument, NULL, OPTION_ERROR},
	{"max-functions", required_argument, NULL, OPTION_MAX},
	{"debug-dir", required_argument, NULL, OPTION_DEBUG_DIR},
	{"duration", required_argument, NULL, 'd'},
	{"interval", required_argument, NULL, 'i'},
	{"net", no_argument, NULL, OPTION_NET},
	{"histogram", no_argument, NULL, OPTION_HISTOGRAM},
	{"slowest", required_argument, NULL, OPTION_SLOWEST},
	{"json", no_argument, NULL, OPTION_JSON},
	{"level", required_argument, NULL, OPTION_LEVEL},
	{"exit", required_argument, NULL, OPTION_EXIT},
	{"no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX},
	{"max-overhead", required_argument, NULL, OPTION_MAX_OVERHEAD},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct trace {
	struct daemon_config config;
	struct daemon_target target;
	struct config_match match;
	pid_t pids[PID_MAX_CNT];
	struct daemon_function functions[FUNCTION_MAX_CNT];
	struct daemon_endpoint endpoints[TS_FILTER_MAX];
	struct error_expression error;
	const char *error_text; /* NULL: none */
	struct sandbox sandbox;
	bool has_no_sandbox;
	bool wants_json;
	bool wants_histogram;
	bool is_live; /* the table is redrawn in place */
	struct report_style style;
	struct report report;
	size_t live_lines; /* of the table on the screen */
	char host[256];
	char kernel[128];
	int write_err; /* the first failure to write; -EPIPE is a reader that has seen enough */
};

/* --- showing
 * -------------------------------------------------------------------------------------------------------
 */

static int fill_report(struct trace *t, const struct daemon_view *view, bool is_interval)
{
	t->report.host = t->host;
	t->report.kernel = t->kernel;
	return report_fill(&t->report, view, is_interval);
}

/* Flushes stdout; remembers what went wrong first. */
static int finish_output(struct trace *t)
{
	if (!t->write_err && (fflush(stdout) || ferror(stdout)))
		t->write_err = errno ? -errno : -EIO;
	return t->write_err;
}

static void on_attached(const struct daemon_view *view, void *context)
{
	struct trace *t = context;
	char took[UNITS_TEXT_BYTES];
	const char *name = view->operation_cnt ? view->operations[0].target : NULL;

	if (!view->process_cnt)
		cli_message("attached to nothing yet: no process runs \"%s\"; waiting for one",
			    t->match.exe);
	else if (t->target.function_cnt)
		cli_message("attached to %zu function%s at %zu sites in %zu process%s of %s (%s) "
			    "in %s; Ctrl-C ends",
			    view->operation_cnt, view->operation_cnt == 1 ? "" : "s",
			    view->site_cnt, view->process_cnt, view->process_cnt == 1 ? "" : "es",
			    name ? name : "?", probe_level_name(view->level),
			    units_duration(view->attach_ns, took));
	if (view->hooks)
		cli_message("attached to the connections of %zu process%s (%s); Ctrl-C ends",
			    view->process_cnt, view->process_cnt == 1 ? "" : "es",
			    sock_hooks_name(view->hooks));
}

/* Moves the cursor back over the previous table and erases it. */
static void erase_live(struct trace *t)
{
	if (t->live_lines)
		printf("\033[%zuA\033[J", t->live_lines);
	t->live_lines = 0;
}

static void on_message(const char *text, void *context)
{
	struct trace *t = context;

	if (t->live_lines)
		erase_live(t);
	fflush(stdout);
	cli_message("%s", text);
}

static int on_interval(const struct daemon_view *view, void *context)
{
	struct trace *t = context;
	int err = fill_report(t, view, true);
	size_t lines;

	if (err)
		return err;
	if (t->wants_json) {
		err = report_write_json(&t->report, stdout);
		t->write_err = t->write_err ? t->write_err : err;
		return t->write_err;
	}
	if (t->is_live) {
		size_t rows = cli_terminal_rows(STDOUT_FILENO);

		/* A table higher than the screen could not be drawn over: room for the head, a note
		 * and the legend. */
		t->style.row_max = rows > 12 ? rows - 9 : 3;
		t->style.columns = cli_terminal_columns(STDOUT_FILENO);
		erase_live(t);
	}
	lines = report_write_table(&t->report, &t->style, stdout);
	t->live_lines = t->is_live ? lines : 0;
	if (!t->is_live)
		putchar('\n');
	return finish_output(t);
}

static int on_end(const struct daemon_view *view, void *context)
{
	struct trace *t = context;
	char took[UNITS_TEXT_BYTES];
	int err = fill_report(t, view, false);

	if (err)
		return err;
	if (t->write_err)
		return t->write_err;
	if (t->wants_json)
		return report_write_json(&t->report, stdout);
	if (t->is_live)
		erase_live(t);
	t->style.row_max = 0;
	printf("Summary of %s\n", units_duration(view->now_wall_ns - view->start_wall_ns, took));
	report_write_table(&t->report, &t->style, stdout);
	putchar('\n');
	report_write_quality(&t->report, stdout);
	report_slowest_write(&t->report, &t->style, stdout);
	if (t->wants_histogram)
		report_write_histograms(&t->report, &t->style, stdout);
	return finish_output(t);
}

/* --- arguments
 * ------------------------------------------------------------------------------------------------------
 */

static int add_pid(struct trace *t, const char *text)
{
	if (t->match.pid_cnt == PID_MAX_CNT)
		return cli_usage_error("trace",
				       "-p can be given at most %d times; --exe takes any number",
				       PID_MAX_CNT);
	if (!cli_parse_pid("trace", text, &t->pids[t->match.pid_cnt]))
		return CLI_USAGE;
	for (size_t i = 0; i < t->match.pid_cnt; i++) {
		if (t->pids[i] == t->pids[t->match.pid_cnt])
			return CLI_OK;
	}
	t->match.pid_cnt++;
	return CLI_OK;
}

static int add_function(struct trace *t, const char *text)
{
	if (t->target.function_cnt == FUNCTION_MAX_CNT)
		return cli_usage_error("trace",
				       "-f can be given at most %d times; a glob matches many",
				       FUNCTION_MAX_CNT);
	if (!*text)
		return cli_usage_error("trace", "-f takes the name of a function");
	t->functions[t->target.function_cnt++].pattern = text;
	return CLI_OK;
}

static int set_duration(const char *option, const char *text, uint64_t min_ns, uint64_t *ret_ns)
{
	struct fault why;

	if (duration_parse(text, min_ns, DURATION_MAX_NS, ret_ns, &why))
		return cli_usage_error("trace", "%s: %s", option, why.text);
	return CLI_OK;
}

static int set_error(struct trace *t, const char *text)
{
	struct fault why;
	size_t column;

	if (error_expression_parse(text, &t->error, &column, &why))
		return cli_usage_error("trace", "--error \"%s\": column %zu: %s", text, column,
				       why.text);
	t->error_text = text;
	return CLI_OK;
}

static int set_level(struct trace *t, const char *text)
{
	t->config.level = probe_level_parse(text);
	if (t->config.level == PROBE_LEVEL_END)
		return cli_usage_error("trace", "--level takes session, multi or perf, not \"%s\"",
				       text);
	return CLI_OK;
}

static int set_protocol(struct trace *t, const char *text)
{
	t->config.protocol = protocol_parse(text);
	if (t->config.protocol == PROTOCOL_END || t->config.protocol == PROTOCOL_NONE)
		return cli_usage_error(
			"trace",
			"--protocol takes fix, http, jsonrpc, websocket, redis or auto, "
			"not \"%s\"",
			text);
	return CLI_OK;
}

static int set_endpoint(struct trace *t, const char *text)
{
	struct fault why;

	if (t->config.endpoint_cnt == TS_FILTER_MAX)
		return cli_usage_error("trace", "--rpc: more than %d endpoints", TS_FILTER_MAX);
	if (endpoint_argument_parse(text, &t->endpoints[t->config.endpoint_cnt].filter, &why))
		return cli_usage_error("trace", "--rpc: %s", why.text);
	t->config.endpoint_cnt++;
	return CLI_OK;
}

static int set_hooks(struct trace *t, const char *text)
{
	t->config.hooks = sock_hooks_parse(text);
	if (t->config.hooks == SOCK_HOOKS_END)
		return cli_usage_error("trace",
				       "--hooks takes fentry, kprobe or raw_tp, not \"%s\"", text);
	return CLI_OK;
}

static int set_max_overhead(struct trace *t, const char *text)
{
	struct fault why;
	double percent;

	if (quantity_parse(QUANTITY_PERCENT, text, &percent, &why))
		return cli_usage_error("trace", "--max-overhead: %s", why.text);
	if (percent <= 0)
		return cli_usage_error("trace", "--max-overhead: nothing can be kept within \"%s\"",
				       text);
	t->target.max_overhead_ratio = percent / 100;
	return CLI_OK;
}

static int take_option(struct trace *t, int option, char *value)
{
	switch (option) {
	case 'p':
		return add_pid(t, value);
	case 'f':
		return add_function(t, value);
	case 'd':
		return set_duration("-d", value, 1, &t->config.duration_ns);
	case 'i':
		return set_duration("-i", value, INTERVAL_MIN_NS, &t->config.interval_ns);
	case OPTION_EXE:
		t->match.exe = value;
		return CLI_OK;
	case OPTION_RPC:
		t->target.wants_rpc = true;
		return CLI_OK;
	case OPTION_PROTOCOL:
		return set_protocol(t, value);
	case OPTION_SLOWEST:
		return cli_parse_count("trace", "--slowest", value, TS_SLOWEST_MAX,
				       &t->config.slowest_cnt)
			       ? CLI_OK
			       : CLI_USAGE;
	case OPTION_HOOKS:
		return set_hooks(t, value);
	case OPTION_ERROR:
		return set_error(t, value);
	case OPTION_NET:
		t->style.is_net = true;
		return CLI_OK;
	case OPTION_NO_SANDBOX:
		t->has_no_sandbox = true;
		return CLI_OK;
	case OPTION_HISTOGRAM:
		t->wants_histogram = true;
		return CLI_OK;
	case OPTION_JSON:
		t->wants_json = true;
		return CLI_OK;
	case OPTION_LEVEL:
		return set_level(t, value);
	case OPTION_EXIT:
		return cli_parse_exit_policy("trace", value, &t->target.exit_policy) ? CLI_OK
										     : CLI_USAGE;
	case OPTION_MAX_OVERHEAD:
		return set_max_overhead(t, value);
	case OPTION_DEBUG_DIR:
		t->target.debug_dir = value;
		return CLI_OK;
	case OPTION_MAX:
		return cli_parse_count("trace", "--max-functions", value, MAX_FUNCTIONS_LIMIT,
				       &t->config.function_max)
			       ? CLI_OK
			       : CLI_USAGE;
	default:
		fputs("Try: tickscope trace --help\n", stderr);
		return CLI_USAGE;
	}
}

static int check_arguments(const struct trace *t)
{
	if (!t->match.pid_cnt && !t->match.exe)
		return cli_usage_error(
			"trace",
			"which process? Give -p PID, or --exe PATH for all that run a file");
	if (t->match.pid_cnt && t->match.exe)
		return cli_usage_error("trace", "-p and --exe exclude each other");
	if (t->config.protocol && !t->target.wants_rpc)
		return cli_usage_error("trace", "--protocol is for the connections of --rpc");
	if (!t->target.function_cnt && !t->target.wants_rpc)
		return cli_usage_error(
			"trace", "what to trace? Give -f FUNC (`tickscope functions -p PID` lists "
				 "them), or --rpc for connections");
	return CLI_OK;
}

static void prepare_output(struct trace *t)
{
	struct utsname name;
	bool is_terminal = isatty(STDOUT_FILENO);

	snprintf(t->kernel, sizeof(t->kernel), "%s", uname(&name) == 0 ? name.release : "unknown");
	snprintf(t->host, sizeof(t->host), "%s", uname(&name) == 0 ? name.nodename : "unknown");
	t->style.columns = cli_terminal_columns(STDOUT_FILENO);
	t->style.has_colour = cli_wants_colour(STDOUT_FILENO);
	t->style.is_ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	t->is_live = is_terminal && !t->wants_json;
	if (t->is_live && !t->config.interval_ns)
		t->config.interval_ns = INTERVAL_DEFAULT_NS;
	t->match.pids = t->pids;
	t->target.match = &t->match;
	t->target.functions = t->functions;
	for (size_t i = 0; t->error_text && i < t->target.function_cnt; i++) {
		t->functions[i].error = &t->error;
		t->functions[i].error_text = t->error_text;
	}
	t->config.targets = &t->target;
	t->config.target_cnt = 1;
	t->config.endpoints = t->endpoints;
	for (size_t i = 0; i < t->config.endpoint_cnt; i++)
		t->endpoints[i].protocol = t->config.protocol;
	t->config.spare_cnt = SERIES_SPARE;
	if (!t->config.function_max)
		t->config.function_max = MAX_FUNCTIONS;
	signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of write, not the end of
				     this process */
}

/* A trace loads everything at its start, and executes nothing. */
static int enter_sandbox(struct trace *t, struct fault *why)
{
	const char *violation = getenv(SANDBOX_VIOLATION);
	const struct sandbox_options sandbox = {
		.mode = t->has_no_sandbox ? SANDBOX_OFF : SANDBOX_STRICT,
		.kills = violation && strcmp(violation, "kill") == 0,
	};

	t->config.sandbox = &t->sandbox;
	return sandbox_enter(&t->sandbox, &sandbox, why);
}

static int run(struct trace *t)
{
	struct daemon_output output = {
		.on_attached = on_attached,
		.on_interval = on_interval,
		.on_end = on_end,
		.on_message = on_message,
		.context = t,
	};
	struct fault why;
	int err;

	prepare_output(t);
	err = enter_sandbox(t, &why);
	if (!err)
		err = daemon_run(&t->config, &output, &why);
	report_fill_free(&t->report);
	if (!err)
		return CLI_OK;
	if (t->write_err == -EPIPE)
		return CLI_OK;
	cli_error("%s", why.text);
	return err == -EINVAL && t->error_text ? CLI_USAGE : CLI_FAILED;
}

int cmd_trace(int argc, char **argv)
{
	struct trace *t = calloc(1, sizeof(*t));
	int option, code = CLI_OK;

	if (!t) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	while (code == CLI_OK &&
	       (option = getopt_long(argc, argv, "p:f:d:i:h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			goto free_trace;
		}
		code = take_option(t, option, optarg);
	}
	while (code == CLI_OK && optind < argc && t->target.wants_rpc)
		code = set_endpoint(t, argv[optind++]);
	if (code == CLI_OK && optind < argc)
		code = cli_usage_error("trace",
				       "\"%s\" is not expected here; functions are given with -f",
				       argv[optind]);
	if (code == CLI_OK)
		code = check_arguments(t);
	if (code == CLI_OK)
		code = run(t);
free_trace:
	free(t);
	return code;
}
