/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope trace`: what is shown while it runs. */
#include <errno.h>
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
#include "cli/trace_arguments.h"

#define INTERVAL_DEFAULT_NS NS_PER_S

static const char usage[] =
	"Usage: tickscope trace -p PID… | --exe PATH  -f FUNC… | --rpc | --chain STAGES  "
	"[OPTION…]\n"
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
	"      --chain STAGES      from stage to stage, NAME=STAGES to name it: 'recv HOST:PORT, "
	"enter FUNC, send HOST:PORT';\n"
	"                          stages are arrive, recv, send, reply ENDPOINT, enter, return "
	"FUNC; may be given more than once\n"
	"      --from STAGE --to STAGE  from one stage to another\n"
	"      --key KEY           by what stages belong together: thread, goroutine, arg2, "
	"*(u64*)(arg1+24), str(arg2) …\n"
	"      --timeout TIME      of what a chain has begun (10s)\n"
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
	"      --breakdown         where the time went: on a CPU, waiting for one, blocked …\n"
	"      --slowest N         the N slowest calls of each function, one by one, with their "
	"callers; at most 32\n"
	"      --net               percentiles less the probe's own share of the time, as measured "
	"on this machine\n"
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

struct trace {
	struct trace_arguments arguments;
	struct sandbox sandbox;
	bool is_live; /* the table is redrawn in place */
	struct report_style style;
	struct report report;
	size_t live_lines; /* of the table on the screen */
	char host[256];
	char kernel[128];
	int write_err; /* the first failure to write; -EPIPE is a reader that has seen enough */
};

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
	size_t function_cnt = 0;

	for (size_t i = 0; i < view->operation_cnt; i++)
		function_cnt += view->operations[i].kind == OPERATION_FUNCTION;

	if (!view->process_cnt)
		cli_message("attached to nothing yet: no process runs \"%s\"; waiting for one",
			    t->arguments.match.exe);
	else if (t->arguments.target.function_cnt)
		cli_message("attached to %zu function%s at %zu sites in %zu process%s of %s (%s) "
			    "in %s; Ctrl-C ends",
			    function_cnt, function_cnt == 1 ? "" : "s", view->site_cnt,
			    view->process_cnt, view->process_cnt == 1 ? "" : "es",
			    name ? name : "?", probe_level_name(view->level),
			    units_duration(view->attach_ns, took));
	else if (t->arguments.config.chain_cnt && view->level)
		cli_message("attached to stages of chains at %zu sites in %zu process%s (%s); "
			    "Ctrl-C ends",
			    view->site_cnt, view->process_cnt, view->process_cnt == 1 ? "" : "es",
			    probe_level_name(view->level));
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
	if (t->arguments.wants_json) {
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
	if (t->arguments.wants_json)
		return report_write_json(&t->report, stdout);
	if (t->is_live)
		erase_live(t);
	t->style.row_max = 0;
	printf("Summary of %s\n", units_duration(view->now_wall_ns - view->start_wall_ns, took));
	report_write_table(&t->report, &t->style, stdout);
	putchar('\n');
	report_write_quality(&t->report, stdout);
	report_slowest_write(&t->report, &t->style, stdout);
	if (t->arguments.wants_histogram)
		report_write_histograms(&t->report, &t->style, stdout);
	return finish_output(t);
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
	t->is_live = is_terminal && !t->arguments.wants_json;
	if (t->is_live && !t->arguments.config.interval_ns)
		t->arguments.config.interval_ns = INTERVAL_DEFAULT_NS;
	t->style.is_net = t->arguments.is_net;
	signal(SIGPIPE, SIG_IGN); /* a reader that went away is an error of write, not the end of
				     this process */
}

/* A trace loads everything at its start, and executes nothing. */
static int enter_sandbox(struct trace *t, struct fault *why)
{
	const char *violation = getenv(SANDBOX_VIOLATION);
	const struct sandbox_options sandbox = {
		.mode = t->arguments.has_no_sandbox ? SANDBOX_OFF : SANDBOX_STRICT,
		.kills = violation && strcmp(violation, "kill") == 0,
	};

	t->arguments.config.sandbox = &t->sandbox;
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
		err = daemon_run(&t->arguments.config, &output, &why);
	report_fill_free(&t->report);
	if (!err)
		return CLI_OK;
	if (t->write_err == -EPIPE)
		return CLI_OK;
	cli_error("%s", why.text);
	return err == -EINVAL && t->arguments.error_text ? CLI_USAGE : CLI_FAILED;
}

int cmd_trace(int argc, char **argv)
{
	struct trace *t = calloc(1, sizeof(*t));
	int code;

	if (!t) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	code = trace_arguments_parse(&t->arguments, argc, argv);
	if (t->arguments.wants_help)
		fputs(usage, stdout);
	else if (code == CLI_OK)
		code = run(t);
	trace_arguments_fini(&t->arguments);
	free(t);
	return code;
}
